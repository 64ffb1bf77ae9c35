"""Writes ops.sweep.gz: every operation of keras.ops with every dtype. python layers/testdata/sweep.py

Made with TensorFlow 2.21.0 and Keras 3.15.1. Each line of the file is a case in JSON:

  name                  the operation and the dtype of its inputs
  layers                the description of the layers in model.to_json(); {"$": name} stands for the first tensor of a layer
  input, outputs        names
  inputs, results       {"dtype", "shape", "values"}; values that JSON lacks are strings: "nan", "inf", "-inf"

If Keras rejects an operation for a dtype, there is no case.
"""

import gzip
import json
import os
import pathlib

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import numpy as np
from keras import ops

HERE = pathlib.Path(__file__).resolve().parent

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32"]

# Values at the ends of the small dtypes. Their sums and products overflow.
VALUES = {
    "bool": [[1, 0, 1], [0, 0, 1]],
    "int8": [[100, -128, 127], [-3, 0, 100]],
    "uint8": [[200, 255, 3], [0, 7, 200]],
    "int16": [[30000, -32768, 5], [-3, 0, 1000]],
    "uint16": [[60000, 65535, 3], [0, 7, 200]],
    "int32": [[2, -7, 5], [-3, 0, 46000]],
    "uint32": [[2, 7, 5], [3, 0, 46000]],
    "int64": [[2, -7, 5], [-3, 0, 46000]],
    "float32": [[0.5, -2.5, 3], [1.5, 0, -0.25]],
}


def one(f):
    return lambda a, b: f(a)


UNARY = """abs negative square sign trunc round floor ceil exp exp2 expm1 log log10 log1p log2 sqrt rsqrt cbrt reciprocal sin cos tan sinh cosh tanh
arcsin arccos arctan arcsinh arccosh arctanh erf isnan isinf isfinite logical_not relu relu6 sigmoid softplus softsign silu log_sigmoid leaky_relu
hard_sigmoid hard_silu elu selu gelu celu tanh_shrink hard_tanh soft_shrink hard_shrink sparse_plus sparse_sigmoid squareplus softmax log_softmax
sparsemax zeros_like ones_like stop_gradient nan_to_num ravel transpose flip""".split()

BINARY = """add subtract multiply divide true_divide divide_no_nan floor_divide mod maximum minimum power arctan2 hypot logaddexp equal not_equal less
less_equal greater greater_equal logical_and logical_or logical_xor""".split()

REDUCE = "sum prod mean max min var std any all argmax argmin count_nonzero logsumexp median cumsum cumprod norm sort argsort".split()

CASES = {}
for name in UNARY:
    CASES[name] = one(getattr(ops, name))
for name in BINARY:
    CASES[name] = getattr(ops, name)
    CASES[name + " with a whole number"] = lambda a, b, f=getattr(ops, name): f(a, 2)
    CASES[name + " with a fraction"] = lambda a, b, f=getattr(ops, name): f(a, 2.5)
    CASES["a whole number " + name] = lambda a, b, f=getattr(ops, name): f(3, a)
for name in REDUCE:
    CASES[name] = lambda a, b, f=getattr(ops, name): f(a, axis=1)
    if name not in ("argmax", "argmin", "cumsum", "cumprod", "sort", "argsort"):
        CASES[name + " of all"] = lambda a, b, f=getattr(ops, name): f(a)
        CASES[name + " keeping axes"] = lambda a, b, f=getattr(ops, name): f(a, axis=(0, 1), keepdims=True)
for name in "sum mean max any prod".split():
    CASES[name + " over no axes"] = lambda a, b, f=getattr(ops, name): f(a, axis=())
CASES |= {
    "sum of nothing": lambda a, b: ops.sum(a[:, :0], axis=1),
    "prod of nothing": lambda a, b: ops.prod(a[:, :0], axis=1),
    "mean of nothing": lambda a, b: ops.mean(a[:, :0], axis=1),
    "any of nothing": lambda a, b: ops.any(a[:, :0], axis=1),
    "clip": lambda a, b: ops.clip(a, 1, 100),
    "clip to fractions": lambda a, b: ops.clip(a, 0.5, 1.5),
    "clip the wrong way round": lambda a, b: ops.clip(a, 2, 1),
    "clip to -1": lambda a, b: ops.clip(a, -1, 1),
    "relu of a difference": lambda a, b: ops.relu(a - 1),
    "where": lambda a, b: ops.where(a > b, a, b),
    "where of a number": lambda a, b: ops.where(a > 1, a, 0),
    "where of a fraction": lambda a, b: ops.where(a > 1, a, 0.5),
    "matmul": lambda a, b: ops.matmul(a, ops.transpose(b)),
    "dot": lambda a, b: ops.dot(a, ops.transpose(b)),
    "inner": lambda a, b: ops.inner(a, b),
    "outer": lambda a, b: ops.outer(a, b),
    "tensordot": lambda a, b: ops.tensordot(a, b, axes=[[1], [1]]),
    "einsum of rows": lambda a, b: ops.einsum("ab,ab->a", a, b),
    "einsum of matrices": lambda a, b: ops.einsum("ab,cb->ac", a, b),
    "einsum of one": lambda a, b: ops.einsum("ab->a", a),
    "einsum of three": lambda a, b: ops.einsum("ab,ab,cb->ac", a, a, b),
    "concatenate": lambda a, b: ops.concatenate([a, b], axis=1),
    "stack": lambda a, b: ops.stack([a, b], axis=1),
    "append": lambda a, b: ops.append(a, b, axis=1),
    "take": lambda a, b: ops.take(a, np.array([2, 0], "int32"), axis=1),
    "reshape": lambda a, b: ops.reshape(a, (-1, 1)),
    "expand_dims": lambda a, b: ops.expand_dims(a, 1),
    "pad": lambda a, b: ops.pad(a, [[0, 0], [1, 2]]),
    "repeat": lambda a, b: ops.repeat(a, 2, axis=1),
    "tile": lambda a, b: ops.tile(a, (1, 2)),
    "roll": lambda a, b: ops.roll(a, 1, axis=1),
    "tril": lambda a, b: ops.tril(a),
    "full_like": lambda a, b: ops.full_like(a, 3),
    "one_hot": lambda a, b: ops.one_hot(a, 5),
    "top_k": lambda a, b: ops.top_k(a, 2),
    "normalize": lambda a, b: ops.normalize(a),
    "moments": lambda a, b: ops.moments(a, axes=[1]),
    "glu": lambda a, b: ops.glu(a[:, :2]),
    "index": lambda a, b: a[:, 1:],
    "sum in float32": lambda a, b: ops.cast(ops.sum(a, axis=1), "float32"),
    "cast to uint8": lambda a, b: ops.cast(a, "uint8"),
    "cast to int8": lambda a, b: ops.cast(a, "int8"),
    "cast to bool": lambda a, b: ops.cast(a, "bool"),
    "cast to int64": lambda a, b: ops.cast(a, "int64"),
    "saturate_cast to uint8": lambda a, b: ops.saturate_cast(a, "uint8"),
    "saturate_cast to int8": lambda a, b: ops.saturate_cast(a, "int8"),
    "mixed with int32": lambda a, b: a + ops.cast(b, "int32"),
    "mixed with float32": lambda a, b: a * ops.cast(b, "float32"),
    "mixed with uint8": lambda a, b: a + ops.cast(b, "uint8"),
}


# Keras computes these in float32, although they overflow, or in integers, which truncates
# fractions.
SKIPPED = {"einsum of three": {"int8", "uint8", "int16", "uint16"}, "moments": {"int32", "int64"}}


def plain(value):
    value = np.asarray(value)
    kind = value.dtype.name
    wide = value.astype("float64" if value.dtype.kind == "f" else value.dtype)
    values = [v if not isinstance(v, float) or np.isfinite(v) else str(v) for v in wide.ravel().tolist()]
    return {"dtype": "float32" if kind in ("float16", "bfloat16", "float64") else kind, "shape": list(value.shape), "values": values}


def lean(o):
    if isinstance(o, list):
        return [lean(v) for v in o]
    if not isinstance(o, dict):
        return o
    if o.get("class_name") == "__keras_tensor__":
        name, node, tensor = o["config"]["keras_history"]
        return {"$": name} if (node, tensor) == (0, 0) else o
    return {k: lean(v) for k, v in o.items() if k not in ("build_config", "compile_config", "registered_name", "trainable")}


def case(name, dtype, f):
    keras.backend.clear_session()
    x = np.array(VALUES[dtype], dtype)
    y = x[::-1].copy()
    try:
        a, b = keras.Input((3,), dtype=dtype, name="a"), keras.Input((3,), dtype=dtype, name="b")
        model = keras.Model([a, b], f(a, b), name="m")
        results = [plain(r) for r in keras.tree.flatten(model([x, y]))]
    except Exception:
        return None
    config = json.loads(model.to_json())["config"]
    return {
        "name": f"{name} {dtype}",
        "layers": lean(config["layers"]),
        "outputs": config["output_layers"],
        "inputs": [plain(x) | {"dtype": dtype}, plain(y) | {"dtype": dtype}],
        "results": results,
    }


def main():
    lines = []
    for name, f in CASES.items():
        for dtype in DTYPES:
            if dtype in SKIPPED.get(name, ()):
                continue
            if found := case(name, dtype, f):
                lines.append(json.dumps(found, separators=(",", ":"), sort_keys=True))
    with open(HERE / "ops.sweep.gz", "wb") as file:
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as out:
            out.write("\n".join(lines).encode() + b"\n")
    print(len(lines), "cases", len("\n".join(lines)), "bytes")


if __name__ == "__main__":
    main()
