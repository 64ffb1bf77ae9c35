"""Programs that a test makes up and describes in JSON; see described_test.go for the description's form."""
import base64

import numpy as np
import tensorflow as tf
from tensorflow.python.trackable import data_structures

from .registry import program
from .values import Group, named


@program
def described(v, description):
    made = [shell(v, o) for o in description["objects"]]
    for o, thing in zip(description["objects"], made):
        connect(o["kind"], thing, [(e["name"], made[e["to"]] if e["to"] >= 0 else None) for e in o.get("edges") or []])
    keywords = {e["name"]: made[e["to"]] for e in description.get("attached") or []}
    return (None if description["root"] < 0 else made[description["root"]]), keywords


def shell(v, o):
    """An object without its edges. Lists and dicts are wrapped at once, so that all edges lead to the same
    wrapper."""
    kind = o["kind"]
    if kind == "group":
        return Group()
    if kind == "list":
        return data_structures.wrap_or_unwrap([])
    if kind == "dict":
        return data_structures.wrap_or_unwrap({})
    if kind == "state":
        return v.state(base64.b64decode(o.get("data") or ""))
    return variable(v, o)


def variable(v, o):
    dtype = tf.as_dtype(o["dtype"])
    if dtype == tf.string:
        elements = [base64.b64decode(s) for s in o.get("strings") or []]
        value = np.array(elements + [None], dtype=object)[:-1].reshape(o["shape"])
        return v.var(o["full_name"], value, "string")
    value = np.frombuffer(base64.b64decode(o.get("data") or ""), dtype.as_numpy_dtype).reshape(o["shape"])
    return named(tf.Variable(value if v.fill else np.zeros_like(value), dtype=dtype), o["full_name"])


def connect(kind, thing, edges):
    for name, child in edges:
        if kind == "group":
            setattr(thing, name, child)
        elif kind == "list":
            thing.append(child)
        elif kind == "dict":
            thing[name] = child
