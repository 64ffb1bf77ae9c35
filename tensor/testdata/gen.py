"""Writes ml_dtypes.json next to itself: the conversions of small floats and integers by NumPy (float16) and
ml_dtypes (the rest). golden_test.go compares them with this package's.

    pip install numpy==2.4.6 ml_dtypes==0.6.0 && python gen.py

For millions of values, it stores SHA-256 digests over little-endian words. The Go test makes the same inputs.
"""

import hashlib
import json
import pathlib

import ml_dtypes
import numpy as np

FLOATS = ["float16", "bfloat16", "float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz",
          "float8_e5m2fnuz", "float4_e2m1fn"]
INTEGERS = ["int4", "uint4", "int2", "uint2"]

# float32 patterns that the test compares one by one, before the digests.
EXAMPLES = [0x00000000, 0x80000000, 0x3f800000, 0xbf800000,  # 0, -0, 1, -1
            0x00000001, 0x007fffff, 0x00800000,  # subnormal float32 values and the smallest normal one
            0x33000000, 0x33000001, 0x33800000, 0x387fc000, 0x38800000,  # near the smallest float16 and the smallest normal one
            0x3f880000, 0x3f880001, 0x3f980000, 0x3f100000, 0x3f300000,  # ties to even, and a value just above a tie
            0x3dcccccd, 0x40490fdb,  # 0.1 and pi
            0x477fe000, 0x477fefff, 0x477ff000,  # float16's largest, and the tie to infinity
            0x476fffff, 0x47700000, 0x7f7f7fff, 0x7f7f8000,  # the same for e5m2 and bfloat16
            0x43e00000, 0x43e80000, 0x43e80001, 0x43700000, 0x43780000, 0x41f00000, 0x41f80000, 0x40e00000,  # the same for the others
            0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,  # float32's largest and the infinities
            0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fc12345, 0x7fffffff]  # NaNs with payloads


def dtype(name):
    return np.dtype(getattr(ml_dtypes, name, None) or name)


def codes(values, d):
    """The bits of values of small floats, as uint16."""
    return values.view(np.uint16 if d.itemsize == 2 else np.uint8).astype("<u2")


def digest(words):
    return hashlib.sha256(np.ascontiguousarray(words).tobytes()).hexdigest()


def grid32():
    """Every upper half of a float32 with the lower halves near each multiple of 2**12. These include all values of
    small floats, all midpoints between two neighbours, and the values one unit in the last place next to them."""
    upper = np.arange(1 << 16, dtype=np.uint32)[:, None] << 16
    lower = [(k << 12) + d & 0xffff for k in range(16) for d in (-1, 0, 1)]
    return (upper | np.array(lower, np.uint32)).reshape(-1)


def random64(n):
    """splitmix64 from seed 0."""
    z = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return z ^ (z >> np.uint64(31))


def grid64():
    """The float64s one unit next to the values of a coarser grid32. They show whether a conversion
    rounds twice."""
    upper = np.arange(1 << 16, dtype=np.uint32)[:, None] << 16
    lower = np.array([k << 13 for k in range(8)], np.uint32)
    exact = (upper | lower).reshape(-1).view(np.float32)
    exact = exact[~np.isnan(exact)].astype(np.float64).view(np.uint64)
    one = np.uint64(1)
    return np.stack([exact - one, exact, exact + one], axis=1).reshape(-1)


def near64(n):
    """Random float64s from 2**-160 to 2**96 with both signs: the range of small floats, and some values beyond
    it."""
    r = random64(n)
    exponent = np.uint64(1023 - 160) + (r >> np.uint64(52) & np.uint64(0xff))
    return r & np.uint64(0x800fffffffffffff) | exponent << np.uint64(52)


def once(x, d):
    """x rounded once to d. NumPy does that itself. ml_dtypes rounds to float32 first. That is harmless after
    rounding to odd, because an inexact odd float32 is never a tie of a narrower type."""
    if d == np.float16:
        return x.astype(d)
    f = x.astype(np.float32)
    away = np.abs(f.astype(np.float64)) > np.abs(x)  # infinities where x is finite
    f = np.where(away, np.nextafter(f, np.float32(0)), f)
    inexact = (f.astype(np.float64) != x) & ~np.isnan(x)
    return (f.view(np.uint32) | inexact.astype(np.uint32)).view(np.float32).astype(d)


def floats(name):
    d = dtype(name)
    n = {"float4_e2m1fn": 16}.get(name, 1 << 8 * d.itemsize)
    every = np.arange(n).astype(np.uint16 if d.itemsize == 2 else np.uint8).view(d)
    examples = np.array(EXAMPLES, np.uint32)
    r32 = (random64(1 << 19) & np.uint64(0xffffffff)).astype(np.uint32)
    return {
        "to_float32": digest(every.astype(np.float32).view("<u4")),
        "from_float32_grid": digest(codes(grid32().view(np.float32).astype(d), d)),
        "from_float32_random": digest(codes(r32.view(np.float32).astype(d), d)),
        "from_float64_grid": digest(codes(once(grid64().view(np.float64), d), d)),
        "from_float64_random": digest(codes(once(near64(1 << 19).view(np.float64), d), d)),
        "examples": {f"{x:08x}": f"{c:04x}" for x, c in zip(EXAMPLES, codes(examples.view(np.float32).astype(d), d))},
    }


def integers(name):
    d = dtype(name)
    every = np.arange(256).astype(np.uint8)
    return {
        "to_int": every.view(d).astype(np.int32).tolist(),
        "from_int": every.astype(d).view(np.uint8).tolist(),
    }


with np.errstate(all="ignore"):
    out = {
        "versions": {"numpy": np.__version__, "ml_dtypes": ml_dtypes.__version__},
        "floats": {name: floats(name) for name in FLOATS},
        "integers": {name: integers(name) for name in INTEGERS},
    }

# One line per type.
groups = [f' "{group}": ' + "{\n" + ",\n".join(f'  "{k}": {json.dumps(v)}' for k, v in out[group].items()) + "\n }"
          for group in out]
pathlib.Path(__file__).with_name("ml_dtypes.json").write_text("{\n" + ",\n".join(groups) + "\n}\n")
