"""Writes checkpoints of the first format with TensorFlow: python golden.py [DIR]

golden.json has, for each checkpoint, the tensors that TensorFlow reads back: dtype, shape, and the elements as
little-endian hexadecimal bytes, or strings as a list.
"""
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
os.chdir(OUT)
golden = {}


def save(name, tensors, specs=None):
    """Writes one file with the op that Saver uses."""
    names = [n for n, _ in tensors]
    tf.raw_ops.SaveSlices(filename=name, tensor_names=names, shapes_and_slices=specs or [""] * len(names),
                          data=[t for _, t in tensors])


def record(name, pattern, tensors):
    """The tensors that TensorFlow reads, compared with the saved ones."""
    entry = {}
    for key, want in tensors:
        want = tf.convert_to_tensor(want)
        got = tf.raw_ops.RestoreSlice(file_pattern=pattern, tensor_name=key, dt=want.dtype, preferred_shard=-1,
                                      shape_and_slice=" ".join(map(str, want.shape)) + " " + ":".join("-" * len(want.shape))
                                      if len(want.shape) else "")
        assert got.shape == want.shape, key
        values = got.numpy()
        if want.dtype == tf.string:
            data = {"strings": [v.hex() for v in np.ravel(values).tolist()]}
            assert np.array_equal(values, want.numpy())
        else:
            data = {"hex": np.ascontiguousarray(values).tobytes().hex()}
            assert data["hex"] == np.ascontiguousarray(want.numpy()).tobytes().hex(), key
        entry[key] = {"dtype": want.dtype.name, "shape": list(want.shape), **data}
    golden[name] = entry


# Every dtype that the format supports, with the ends of its range.
dtypes = []
for dtype in (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16):
    low, high = dtype.limits
    dtypes.append((dtype.name, tf.constant([low, 0, 1, high // 2, high], dtype)))
for dtype in (tf.float16, tf.float32, tf.float64):
    limits = np.finfo(dtype.as_numpy_dtype)
    dtypes.append((dtype.name, tf.constant([limits.min, -0.0, limits.tiny, 1 / 3, np.inf, np.nan], dtype)))
for dtype in (tf.complex64, tf.complex128):
    dtypes.append((dtype.name, tf.constant([[1 + 2j, -0.5j], [np.inf, 3]], dtype)))
dtypes.append(("bool", tf.constant([[True, False, True]])))
dtypes.append(("string", tf.constant([b"", b"a", b"\x00\xff\xfe", b"x" * 200, "naïve ☃".encode()])))
for dtype in (tf.qint8, tf.quint8):
    dtypes.append((dtype.name, tf.bitcast(tf.constant([0, 1, 127, 128, 255], tf.uint8), dtype)))
dtypes.append(("qint32", tf.bitcast(tf.constant([-2**31, -1, 0, 2**31 - 1]), tf.qint32)))
save("dtypes.ckpt", dtypes)
record("dtypes.ckpt", "dtypes.ckpt", dtypes)

# Shapes and names.
shapes = [("scalar", tf.constant(7.0)), ("empty", tf.zeros([0], tf.int32)), ("empty/deep", tf.zeros([3, 0, 2])),
          ("one", tf.ones([1, 1, 1], tf.int64)), ("cube", tf.reshape(tf.range(24), [2, 3, 4])), ("no strings", tf.zeros([0, 2], tf.string)),
          ("text", tf.constant(b"scalar")), ("naïve/☃", tf.constant([1.0])), ("z" * 300, tf.constant([2.0])), ("long", tf.range(1000, dtype=tf.int64))]
save("shapes.ckpt", shapes)
record("shapes.ckpt", "shapes.ckpt", shapes)

# A tensor in regions, with whole axes written in both ways, and large starts. Two shards with one tensor cut
# between them.
big = tf.reshape(tf.range(5 * 130, dtype=tf.float32), [5, 130])
words = tf.constant([[b"a", b"b"], [b"c", b"dd"], [b"", b"f"]])
save("slices.ckpt", [("big", big[:, :65]), ("big", big[:2, 65:]), ("big", big[2:, 65:]), ("words", words[:1]), ("words", words[1:]), ("plain", big[0])],
     ["5 130 -:0,65", "5 130 0,2:65,65", "5 130 2,3:65,65", "3 2 0,1:-", "3 2 1,2:0,2", ""])
record("slices.ckpt", "slices.ckpt", [("big", big), ("words", words), ("plain", big[0])])
save("sharded.ckpt-00000-of-00002", [("first", tf.constant([1, 2])), ("cut", big[:3])], ["", "5 130 0,3:-"])
save("sharded.ckpt-00001-of-00002", [("second", tf.constant([3.5])), ("cut", big[3:])], ["", "5 130 3,2:-"])
record("sharded.ckpt", "sharded.ckpt-?????-of-00002", [("first", tf.constant([1, 2])), ("second", tf.constant([3.5])), ("cut", big)])

# A partitioned variable and its optimizer's variables, as Saver writes them.
with tf.Graph().as_default(), v1.Session() as session:
    v1.set_random_seed(1)
    w = v1.get_variable("dense/kernel", [7, 3], partitioner=v1.fixed_size_partitioner(3), initializer=v1.glorot_uniform_initializer(seed=1))
    step = v1.train.get_or_create_global_step()
    loss = tf.reduce_sum(tf.square(tf.convert_to_tensor(w)))
    train = v1.train.AdamOptimizer().minimize(loss, global_step=step)
    session.run(v1.global_variables_initializer())
    session.run(train)
    v1.train.Saver(write_version=v1.train.SaverDef.V1).save(session, "./saver.ckpt", global_step=1, write_meta_graph=False, write_state=False)
    values = [("dense/kernel", session.run(tf.convert_to_tensor(w))), ("global_step", session.run(step))]
record("saver.ckpt-1", "saver.ckpt-1", values)

(OUT / "golden.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
