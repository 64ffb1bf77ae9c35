"""Tensors of every kind: every dtype with its edge values, every kind of shape, strings."""
import ml_dtypes
import numpy as np
import tensorflow as tf

from .case import case

INTS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
SMALL_INTS = ("int4", "uint4", "int2", "uint2")
FLOATS = ("float16", "bfloat16", "float32", "float64")
SMALL_FLOATS = ("float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz", "float4_e2m1fn")
BITS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def group(**children):
    """A module with its children tracked in the given order."""
    module = tf.Module()
    for name, child in children.items():
        setattr(module, name, child)
    return module


def write(root, prefix="ckpt"):
    tf.train.Checkpoint(root).write(prefix)
    return {"prefix": prefix}


@case("values-integers", "Types of fewer than eight bits take a whole byte per element.")
def integers():
    children = {}
    for name in INTS:
        limits = np.iinfo(name)
        children[name] = tf.Variable(np.array([limits.min, limits.min + 1, 0, 1, limits.max], name), name=name)
    for name in SMALL_INTS:
        limits = ml_dtypes.iinfo(name)
        values = np.array([limits.min, 0, 1, limits.max], tf.as_dtype(name).as_numpy_dtype)
        children[name] = tf.Variable(values, name=name)
    children["bool"] = tf.Variable([True, False, True], name="bool")
    return write(group(**children))


@case("values-floats", "Signed zeros, infinities, quiet and signalling NaNs with payloads, denormals, the largest and the smallest.")
def floats():
    children = {}
    for name in FLOATS:
        dtype = tf.as_dtype(name).as_numpy_dtype
        info, bits = ml_dtypes.finfo(dtype), BITS[np.dtype(dtype).itemsize]
        quiet = np.array(np.nan, dtype).view(bits)
        exponent = np.array(np.inf, dtype).view(bits)
        patterns = [quiet, quiet | bits(5), exponent | bits(1), exponent]        # a NaN, two with payloads, infinity
        plain = np.array([0.0, -0.0, 1.5, -2.5, info.max, info.min, info.tiny, info.smallest_subnormal, -np.inf], dtype)
        values = np.concatenate([plain, np.array(patterns, bits).view(dtype)])
        children[name] = tf.Variable(tf.zeros(values.shape, name), name=name)
        children[name].assign(values)
    return write(group(**children))


@case("values-float8", "Every bit pattern of the eight-bit floats, and of the four-bit one.")
def float8():
    tensors = [np.arange(256 if name.startswith("float8") else 16, dtype="u1").view(tf.as_dtype(name).as_numpy_dtype)
               for name in SMALL_FLOATS]
    tf.raw_ops.SaveV2(prefix="ckpt", tensor_names=SMALL_FLOATS, shape_and_slices=[""] * len(tensors), tensors=tensors)
    return {"prefix": "ckpt"}


@case("values-complex")
def complex_numbers():
    values = [0, 1 - 2j, complex(-0.0, float("inf")), complex(float("nan"), 3)]
    return write(group(complex64=tf.Variable(np.array(values, "c8"), name="complex64"),
                       complex128=tf.Variable(np.array(values, "c16"), name="complex128")))


@case("values-quantized", "Written by the SaveV2 op, since variables cannot hold all of these: no object graph.")
def quantized():
    names = ["qint8", "quint8", "qint16", "quint16", "qint32"]
    raw = [np.array([-128, 0, 127], "i1"), np.array([0, 255], "u1"), np.array([-32768, 0, 32767], "i2"),
           np.array([0, 65535], "u2"), np.array([-2 ** 31, 0, 2 ** 31 - 1], "i4")]
    tensors = [tf.bitcast(values, tf.as_dtype(name)) for name, values in zip(names, raw)]
    tf.raw_ops.SaveV2(prefix="ckpt", tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors)
    return {"prefix": "ckpt"}


@case("values-shapes", "A scalar has an empty shape message, an empty tensor no size in the index.")
def shapes():
    children = {"scalar": tf.Variable(0.25, name="scalar")}
    for shape in ([1], [5], [2, 3], [2, 1, 3], [1, 1, 1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2], [300], [0], [0, 7], [3, 0, 2]):
        name = "x".join(map(str, shape))
        size = int(np.prod(shape))
        children["s" + name] = tf.Variable(np.arange(size, dtype="f4").reshape(shape), name="s" + name)
    return write(group(**children))


@case("values-strings", "Stored as varint lengths, the masked checksum of the lengths, then the bytes.")
def strings():
    arrays = {
        "empty": b"",
        "none": np.zeros([0], object),
        "none2d": np.zeros([2, 0], object),
        "text": ["checkpoint", "Zürich", "日本語", ""],
        "binary": [b"\0", b"\xff\xfe\0tail", bytes(range(256))],
        "varints": [b"a" * 127, b"b" * 128, b"c" * 16383, b"d" * 16384],
        "matrix": [["a", "bb"], ["ccc", "dddd"], ["eeeee", ""]],
    }
    return write(group(**{name: tf.Variable(value, dtype=tf.string, name=name) for name, value in arrays.items()}))


class Opaque(tf.train.experimental.PythonState):
    """State in Python that is stored as one string."""

    def __init__(self, state):
        self.state = state

    def serialize(self):
        return self.state

    def deserialize(self, state):
        self.state = state


@case("values-python-state", "A string under py_state with no full_name; laid out after all variables.")
def python_state():
    root = group(rng=Opaque(b'{"seed": 3}'), v=tf.Variable([1.0, 2.0], name="v"), empty=Opaque(b""), raw=Opaque(b"\0\xff\xfe"),
                 last=tf.Variable(np.int32(9), name="last"))
    return write(root)


@case("values-variant", "A dataset iterator's state is a DT_VARIANT; its attribute's checkpoint_key is not in the index.")
def variant():
    iterator = iter(tf.data.Dataset.range(5))
    next(iterator)
    return write(group(it=iterator, v=tf.Variable(1, name="v")))
