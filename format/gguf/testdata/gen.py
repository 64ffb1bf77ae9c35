"""Makes the files of this directory with the reference implementation: pip install gguf==0.19.0 numpy
ml_dtypes.

sums.json has, for each file and tensor, dtype, shape and the SHA-256 of the little-endian values. For quantized tensors these are the
package's dequantized values. The package does not dequantize Q8_K: this script computes those values from the definition in ggml.
"""
import hashlib
import json
import os

import ml_dtypes
import numpy as np
from gguf import GGMLQuantizationType as T, GGUFEndian, GGUFWriter, GGUFValueType as V
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(13)
sums = {}


def note(name, key, a):
    a = np.ascontiguousarray(a, dtype=a.dtype.newbyteorder("<"))
    sums.setdefault(name, {})[key] = {"dtype": a.dtype.name, "shape": list(a.shape), "sha256": hashlib.sha256(a.tobytes()).hexdigest()}


# The positions of the float16 scales in a block.
scales = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2],
          T.Q5_K: [0, 2], T.Q6_K: [208]}


def blocks(kind, rows, n):
    """Rows of n random blocks each. The scales are finite."""
    b = np.frombuffer(rng.bytes(rows * n * GGML_QUANT_SIZES[kind][1]), np.uint8).reshape(rows, n, -1).copy()
    for at in scales.get(kind, []):
        b[:, :, at:at + 2] = (rng.standard_normal((rows, n)) * 10.0 ** rng.integers(-6, 4, (rows, n))).astype("<f2").view(np.uint8).reshape(rows, n, 2)
    b[0, 0, [at + i for at in scales.get(kind, []) for i in (0, 1)]] = 0
    return b.reshape(rows, -1)


def q8_k(b):
    b = b.reshape(-1, 292)
    b[:, :4] = rng.standard_normal(len(b)).astype("<f4").view(np.uint8).reshape(-1, 4)
    return (b[:, :4].copy().view("<f4") * b[:, 4:260].view(np.int8).astype("<f4"))


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


w = GGUFWriter("quants.gguf", "llama")
for kind in [*scales, T.Q8_K]:
    b = blocks(kind, 3, 2)
    values = dequantize(b, kind) if kind != T.Q8_K else q8_k(b).reshape(3, -1)
    w.add_tensor(kind.name, b, raw_dtype=kind)
    note("quants.gguf", kind.name, values)
for kind in GGML_QUANT_SIZES:
    if GGML_QUANT_SIZES[kind][0] > 1 and kind not in scales and kind != T.Q8_K:
        w.add_tensor("refused." + kind.name, blocks(kind, 2, 1), raw_dtype=kind)
finish(w)


def plain(name, endianness):
    w = GGUFWriter(name, "test", endianess=endianness)
    w.add_custom_alignment(64)
    for i, v in enumerate([1, -2, 300, -300, 70000, -70000, 1.5, True, "text é", None, 1 << 40, -1 << 40, 0.1]):
        if v is not None:
            w.add_key_value(f"test.{V(i).name.lower()}", v, V(i))
    w.add_array("test.tokens", ["a", "", "é"])
    w.add_array("test.numbers", [1, 2, 3])
    w.add_array("test.floats", [0.5, -1.5])
    w.add_array("test.flags", [True, False])
    for dtype in ["f2", "f4", "f8", "i1", "i2", "i4", "i8"]:
        a = np.frombuffer(rng.bytes(6 * np.dtype(dtype).itemsize), dtype).reshape(2, 1, 3)
        w.add_tensor(f"blk.0.{dtype}", a.copy())
        note(name, f"blk.0.{dtype}", a)
    a = rng.standard_normal((2, 3)).astype(ml_dtypes.bfloat16)
    b = a.view(np.uint8) if endianness == GGUFEndian.LITTLE else a.view(np.uint16).byteswap().view(np.uint8)
    w.add_tensor("blk.0.bf16", b, raw_dtype=T.BF16)
    sums[name]["blk.0.bf16"] = {"dtype": "bfloat16", "shape": [2, 3], "sha256": hashlib.sha256(a.tobytes()).hexdigest()}
    if endianness == GGUFEndian.BIG:
        w.add_tensor("refused", blocks(T.Q8_0, 1, 1), raw_dtype=T.Q8_0)
    finish(w)


plain("plain.gguf", GGUFEndian.LITTLE)
plain("bigendian.gguf", GGUFEndian.BIG)
w = GGUFWriter("vocabulary.gguf", "test")
finish(w)

with open("sums.json", "w") as f:
    json.dump(sums, f, indent=1)
