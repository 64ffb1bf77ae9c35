"""Writes protocol0.pkl to protocol5.pkl, the same values in every protocol of Python: python3 make_pickles.py
"""

import collections
import pickle
import types

shared = ["shared"]
loop = []
loop.append(loop)


class Old(dict):
    """A dict with attributes. It is pickled as an instance of a class."""


old = Old(a=1)
old.attribute = True

VALUE = {
    "none": None,
    "bools": [True, False],
    "ints": [0, 255, 256, 65535, 65536, -1, -(1 << 31), 1 << 31, (1 << 63) - 1, -(1 << 63), 1 << 63, -(1 << 63) - 1, 1 << 2100],
    "floats": [0.0, -0.0, 1.5, 1e300, float("inf"), float("-inf")],
    "strings": ["", "plain", "quote ' \" \\ \n\t", "\u00e9 \u20ac \U0001f600", "x" * 300],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "dicts": [{}, {1: {2: {}}}],
    "set": [set(), {7}, frozenset([8])],
    "bytes": [b"", b"\x00\xff"],
    "shared": [shared, shared],
    "loop": loop,
    "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
    "default": collections.defaultdict(list, {"k": [1]}),
    "deque": collections.deque([1, 2], 5),
    "namespace": types.SimpleNamespace(x=1),
    "instance": old,
    "global": collections.Counter,
}

if __name__ == "__main__":
    for protocol in range(6):
        with open(f"protocol{protocol}.pkl", "wb") as f:
            f.write(pickle.dumps(VALUE, protocol))
