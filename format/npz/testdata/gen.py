"""Makes the files of this directory with NumPy: pip install numpy==2.4.6 ml_dtypes.

sums.json has, for each file and array, dtype, shape and the SHA-256 of the bytes, little-endian and in row-major order.
"""
import hashlib
import json
import os
import warnings
import zipfile

import ml_dtypes
import numpy as np
from numpy.lib import format

warnings.simplefilter("ignore")
os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(13)
sums = {}


def note(name, arrays):
    sums[name] = {}
    for key, a in arrays.items():
        b = np.ascontiguousarray(a, dtype=a.dtype.newbyteorder("<")).tobytes()
        sums[name][key] = {"dtype": a.dtype.name, "shape": list(a.shape), "sha256": hashlib.sha256(b).hexdigest()}


def values(dtype, *shape):
    return np.frombuffer(rng.bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize), dtype).reshape(shape)


numbers = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
plain = {n: values("<" + n, 2, 3) for n in numbers} | {
    "b1": values("u1", 7) % 2 == 1, "scalar": values("<f4")[()], "empty": values("<f4", 3, 0), "vector": values("<f8", 5),
    "sub/dir.w": values("<f4", 2, 1, 3), "é": values("<f4", 2), "deep": values("|i1", *[1] * 12, 3),
}
np.savez("plain.npz", **plain)
note("plain.npz", plain)

orders = {f"{o}{n}": a for n in ["i2", "i8", "f2", "f4", "f8", "c8", "c16"] for o, a in {
    "f": np.asfortranarray(values("<" + n, 3, 4)), "b": values(">" + n, 3, 4), "fb": np.asfortranarray(values(">" + n, 2, 3, 4)),
}.items()}
np.savez("orders.npz", **orders)
note("orders.npz", orders)
np.savez_compressed("compressed.npz", **orders, zeros=np.zeros((100, 100), "<f4"), zerosf=np.zeros((3, 100), "<f4", order="F"))
note("compressed.npz", orders | {"zeros": np.zeros((100, 100), "<f4"), "zerosf": np.zeros((3, 100), "<f4")})

refused = {
    "object": np.array([{"a": 1}, None], dtype=object), "text": np.array(["a", "bc"]), "bytes": np.array([b"a", b"bc"]),
    "date": np.array(["2020-01-01"], "M8[D]"), "span": np.array([1], "m8[s]"), "record": np.zeros(2, [("x", "<f4"), ("y", "<i4", (2,))]),
    "long": np.zeros(2, np.longdouble), "void": np.zeros(2, "V3"), "bfloat16": np.zeros(2, ml_dtypes.bfloat16),
    "float8": np.zeros(2, ml_dtypes.float8_e4m3fn), "w": np.arange(3, dtype="<f4"),
}
np.savez("refused.npz", **refused)
with zipfile.ZipFile("refused.npz", "a") as z:
    z.writestr("notes.txt", "not an array")
    z.writestr("folder/", "")
note("refused.npz", {"w": refused["w"]})

np.save("array.npy", values("<f4", 2, 3))
note("array.npy", {"array": np.load("array.npy")})
np.save("fortran.npy", np.asfortranarray(values(">f8", 2, 3)))
note("fortran.npy", {"fortran": np.load("fortran.npy")})
for version in [(2, 0), (3, 0)]:
    name = f"version{version[0]}.npy"
    with open(name, "wb") as f:
        format.write_array(f, values("<f4", 2), version=version)
    note(name, {name[:-4]: np.load(name)})
# Python 2 wrote numbers and strings like these.
header = b"{'descr': u'<f4', 'fortran_order': False, 'shape': (2L,), }"
header += b" " * (64 - (10 + len(header) + 1) % 64) + b"\n"
with open("python2.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + np.array([1, 2], "<f4").tobytes())
note("python2.npy", {"python2": np.array([1, 2], "<f4")})

with open("sums.json", "w") as f:
    json.dump(sums, f, indent=1)
