#!/usr/bin/env python3
"""Writes this directory's checkpoints with TensorFlow (2.21.0 wrote the ones that are committed).

    python gen.py [OUTDIR]

golden_test.go writes the same tensors and compares the files byte for byte. Checkpoints that are too large to keep
are compared by the SHA-256 sums in sums.json.
"""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import glob
import hashlib
import json
import sys
import tempfile

import ml_dtypes
import numpy as np
import tensorflow as tf


def save(prefix, tensors):
    """Writes [(key, slice spec, value)] with one SaveV2 op."""
    keys, specs, values = zip(*tensors)
    tf.raw_ops.SaveV2(prefix=prefix, tensor_names=list(keys), shape_and_slices=list(specs),
                      tensors=[tf.convert_to_tensor(v) for v in values])


def dtypes():
    """Every dtype that the op accepts. The values consist of the bytes 0, 1, 2, ...."""
    out = []
    for name, dtype in [("float32", np.float32), ("float64", np.float64), ("int32", np.int32), ("uint8", np.uint8),
                        ("int16", np.int16), ("int8", np.int8), ("complex64", np.complex64), ("int64", np.int64),
                        ("bfloat16", ml_dtypes.bfloat16), ("uint16", np.uint16), ("complex128", np.complex128),
                        ("float16", np.float16), ("uint32", np.uint32), ("uint64", np.uint64),
                        ("float8_e5m2", ml_dtypes.float8_e5m2), ("float8_e4m3fn", ml_dtypes.float8_e4m3fn)]:
        size = np.dtype(dtype).itemsize
        out.append((name, "", np.arange(6 * size, dtype=np.uint8).view(dtype).reshape(2, 3)))
    for name, dtype in [("qint8", tf.qint8), ("quint8", tf.quint8), ("qint32", tf.qint32), ("qint16", tf.qint16), ("quint16", tf.quint16)]:
        raw = tf.constant(np.arange(6 * dtype.size, dtype=np.uint8))
        raw = tf.reshape(raw, [6, dtype.size] if dtype.size > 1 else [6])
        out.append((name, "", tf.reshape(tf.bitcast(raw, dtype), [2, 3])))
    for name, dtype in [("int4", ml_dtypes.int4), ("uint4", ml_dtypes.uint4)]:
        out.append((name, "", np.arange(6).astype(dtype).reshape(2, 3)))
    out.append(("bool", "", np.array([[True, False, True], [False, False, True]])))
    return out


def main(outdir):
    os.chdir(outdir)
    save("dtypes", dtypes())
    save("shapes", [
        ("scalar", "", np.float32(1)),
        ("empty", "", np.zeros([0, 1618], np.float32)),
        ("rank3", "", np.zeros([16, 0, 18], np.int64)),
        ("ones", "", np.zeros([1, 1, 1, 1, 1, 1, 1, 1], np.uint8))])
    save("order", [("foo_003", "", np.float32(3)), ("foo_000", "", np.float32(0)),
                   ("foo_002", "", np.float32(2)), ("foo_001", "", np.float32(1))])
    save("strings", [
        ("scalar", "", "hello"),
        ("vector", "", np.array([b"", b"a", b"\x00\xff", b"x" * 127, b"y" * 128], object)),
        ("empty", "", tf.zeros([0], tf.string)),
        ("matrix", "", np.array([["ab", "c"], ["", "d"]], object))])
    tensor_list = tf.raw_ops.TensorListFromTensor(tensor=tf.constant([[1.0], [2.0]]), element_shape=tf.constant([1]))
    save("variant", [("list", "", tensor_list)])
    whole = np.arange(50, dtype=np.int32).reshape(5, 10)
    save("slices", [
        ("plain", "", np.float32(1)),
        ("cols", "5 10 -:0,1", whole[:, :1]), ("cols", "5 10 -:1,9", whole[:, 1:]),
        ("tiles", "5 10 2,3:0,10", whole[2:]), ("tiles", "5 10 0,2:0,4", whole[:2, :4]), ("tiles", "5 10 0,2:4,6", whole[:2, 4:]),
        ("all", "5 10 -:-", whole), ("explicit", "5 10 0,5:0,10", whole),
        (b"a\x00b\xffc", "9000 0,65", np.arange(65, dtype=np.uint8)), (b"a\x00b\xffc", "9000 65,8900", np.zeros(8900, np.uint8)),
        (b"a\x00b\xffc", "9000 8965,35", np.ones(35, np.uint8))])
    with tempfile.TemporaryDirectory() as tmp:
        save(tmp + "/w0", [("b", "", np.float32(1)), ("part", "4 2 0,2:-", np.arange(4, dtype=np.int16).reshape(2, 2))])
        save(tmp + "/w1", [("a", "", np.float32(2)), ("part", "4 2 2,2:-", np.arange(4, 8, dtype=np.int16).reshape(2, 2)), ("late", "2 1,1", np.int8([1]))])
        tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[tmp + "/w0", tmp + "/w1"], destination_prefix="merged", delete_old_dirs=False)
    net = tf.Module()
    net.a = tf.Variable(np.arange(6, dtype=np.int32).reshape(3, 2))
    net.s = tf.Variable("a long text")
    net.v = tf.Variable(["one", "three", "x"])
    policy = tf.train.experimental.MaxShardSizePolicy(10)
    tf.train.Checkpoint(net=net).write("sharded", options=tf.train.CheckpointOptions(experimental_sharding_callback=policy))

    sums = {}
    with tempfile.TemporaryDirectory() as tmp:
        save(tmp + "/wide", [("layer_%d/kernel/.ATTRIBUTES/VARIABLE_VALUE" % i, "", np.int32(i)) for i in range(9000)])
        save(tmp + "/long", [(c * n, "", np.int32(n)) for c, n in [(b"a", 300000), (b"b", 600000), (b"b", 600001), (b"c", 10), (b"\xff", 20)]])
        save(tmp + "/large", [("t", "", np.arange(9 << 20, dtype=np.uint32)), ("u", "", np.arange(5, dtype=np.uint8)),
                              ("s", "", np.array(["x" * 200000] * 100, object))])
        for name in sorted(glob.glob(tmp + "/*")):
            with open(name, "rb") as f:
                sums[os.path.basename(name)] = hashlib.sha256(f.read()).hexdigest()
    with open("sums.json", "w") as f:
        json.dump(sums, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
