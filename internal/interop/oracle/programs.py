"""The programs in the table of programs_test.go, in the same order and with the same values."""
import typing

import numpy as np
import tensorflow as tf

from .registry import program
from .values import Group


@program
def keywords(v):
    return None, dict(w=v.var("w", [[1, 2, 3], [4, 5, 6]]), step=v.var("step", 7, "int64"), name=v.var("name", "a run", "string"))


@program
def root(v):
    model = Group(weights=v.var("weights", [0.5, -0.5]), bias=v.var("bias", 0.25, "float64"))
    return model, {}


@program
def root_with_more(v):
    model = Group(zoo=v.var("zoo", [1]), ant=v.var("ant", [2]))
    return model, dict(step=v.var("step", 3, "int64"), apart=Group(x=v.var("apart/x", 4)))


@program
def nested(v):
    block = Group(second=v.var("model/block/second", [1, 2]), first=v.var("model/block/first", [3]))
    model = Group(block=block, head=Group(kernel=v.var("model/head/kernel", [[1], [2]])))
    return None, dict(model=model)


@program
def shared(v):
    table = v.var("again", [[1, 2]])
    encoder = Group(embedding=table, scale=v.var("encoder/scale", 2))
    return None, dict(encoder=encoder, decoder=Group(output=Group(weights=table)), again=table)


@program
def shared_group(v):
    tower = Group(w=v.var("left/w", [1, 2, 3]))
    return None, dict(left=tower, right=tower)


@program
def cycle(v):
    a, b = Group(), Group()
    a.value, a.next = v.var("value", 1), b
    b.value, b.next, b.me = v.var("next/value", 2), a, b
    return a, {}


@program
def containers(v):
    return Group(
        list=[v.var("list/0", 0), v.var("list/1", 1)],
        nested=[[v.var("nested/0/0", 2)], [], [v.var("nested/2/0", 3), v.var("nested/2/1", 4)]],
        mixed=[1, v.var("mixed/1", 5), "text", None, Group(w=v.var("mixed/4/w", 6))],
        table={"a": v.var("table/a", 7), "b": [v.var("table/b/0", 8)]},
        eleven=[v.var("eleven/%d" % i, i) for i in range(11)],
        empty=[],
        none={},
    ), {}


NAMES = ["", " ", "\"", "'", ",", ".", "..", "./", ".OPTIMIZER_SLOT", ".S", "/", "/.", "\\", "a\nb", "a.Sb", "a.b", "a/b",
         "x/.ATTRIBUTES/VARIABLE_VALUE", "ümlaut", "日本", "🙂"]


@program
def escaped(v):
    flat = {name: v.var("flat/" + name, i) for i, name in enumerate(NAMES)}
    deep = {"p.q": {"r/s": {"": v.var("deep/p.q/r/s/", -1)}}}
    return Group(flat=flat, deep=deep), {}


@program
def reserved(v):
    """TensorFlow saves an edge with this name, but then looks for the wrong key. It cannot restore the checkpoint
    that it wrote."""
    return Group(edges={".ATTRIBUTES": v.var("edges/.ATTRIBUTES", 1)}), {}


@program
def full_names(v):
    layer = Group(kernel=v.var("dense/kernel", [1, 2]), bias=v.var("dense/bias", [3]))
    return None, dict(layer=layer, free=v.var("free", 4))


@program
def strings(v):
    return Group(
        scalar=v.var("scalar", b"one", "string"), empty=v.var("empty", b"", "string"),
        list=v.var("list", [b"", b"\0\xff", "日本".encode(), b"a" * 127, b"b" * 128, b"c" * 16384], "string"),
        matrix=v.var("matrix", [[b"a", b"bb"], [b"ccc", b""]], "string"), none=v.var("none", np.zeros([0], object), "string"),
        none2=v.var("none2", np.zeros([2, 0], object), "string"),
    ), {}


@program
def integers(v):
    children = {"flags": v.var("flags", [True, False], "bool")}
    for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        limits = np.iinfo(dtype)
        children[dtype] = v.var(dtype, np.array([limits.min, 1, limits.max], dtype), dtype)
    return Group(**children), {}


@program
def floats(v):
    return Group(
        half=v.var("half", [0.1, -2, np.inf, 65504], "float16"), brain=v.var("brain", [0.1, -2, np.inf, 3e38], "bfloat16"),
        single=v.var("single", [0.1, -0.0, 1e-45, -np.inf]), double=v.var("double", [0.1, 5e-324, 1.7e308], "float64"),
        complex=v.var("complex", [1 - 2j, 0.1j], "complex64"), complex_double=v.var("complex_double", [[1 - 2j], [0.1j]], "complex128"),
        e5m2=v.var("e5m2", [0.25, -57344], "float8_e5m2"), e4m3=v.var("e4m3", [0.25, -448], "float8_e4m3fn"),
        int4=v.var("int4", [-8, 7], "int4"), uint4=v.var("uint4", [0, 15], "uint4"),
    ), {}


@program
def shapes(v):
    children = {}
    for shape in ([], [1], [0], [0, 3], [2, 0], [2, 3, 4], [1] * 9, [300]):
        name = "s" + "x".join(map(str, shape))
        children[name] = v.var(name, np.arange(int(np.prod(shape))).reshape(shape))
    return Group(**children), {}


@program
def plain(v):
    return Group(
        on=v.var("on", True, "bool"), count=v.var("count", 7, "int64"), small=v.var("small", -3, "int8"), rate=v.var("rate", 0.5, "float64"),
        label=v.var("label", "plain", "string"), phase=v.var("phase", 1 + 2j, "complex128"), row=v.var("row", [1, 2, 3]),
        square=v.var("square", [[1, 2], [3, 4]], "int32"), rows=v.var("rows", [[1, 2, 3], [4, 5, 6]], "float64"),
        words=v.var("words", ["a", "b"], "string"), flat=v.var("flat", [[1, 2], [3, 4], [5, 6]]),
        raw=v.var("raw", [0, 255], "uint8"), unsigned=v.var("unsigned", 1 << 63, "uint64"),
    ), {}


@program
def state(v):
    return Group(before=v.state(b"\0\xff{}"), w=v.var("w", [1, 2]), after=Group(inner=v.state(b"x"))), {}


class Several(Group):
    """An object with two tensors."""

    def __init__(self, mean, count):
        super().__init__()
        self.held = Held(mean, count)

    def _serialize_to_tensors(self):
        return {"mean": self.held.mean, "count": self.held.count}

    def _restore_from_tensors(self, restored):
        self.held = Held(restored["mean"], restored["count"])


class Held(typing.NamedTuple):
    mean: tf.Tensor
    count: tf.Tensor


@program
def several(v):
    return Group(several=Several(tf.constant([1.5, 2.5]) * int(v.fill), tf.constant(3, tf.int64) * int(v.fill)), w=v.var("w", 1)), {}


@program
def nothing(v):
    return None, dict(tree=Group(branch=Group(), leaf=[]))


@program
def large(v):
    return None, dict(big=v.var("big", np.arange(3 << 20).reshape(3, 1 << 20)), small=v.var("small", [1, 2]))


@program
def many(v):
    layers = []
    for i in range(2500):
        name = "weights of a layer with a long name %04d" % i
        layers.append(Group(**{name: v.var("layers/%d/%s" % (i, name), i, "int32")}))
    return Group(layers=layers), {}
