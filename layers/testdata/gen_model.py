"""Whole models, with operators, masks, several calls of one layer, and models in models."""

import json

import keras
import numpy as np
from keras import ops

L = keras.layers


def description(model):
    """The configuration in model.to_json(), without the options for initial weights and training."""

    def lean(o):
        if isinstance(o, list):
            return [lean(v) for v in o]
        if not isinstance(o, dict):
            return o
        dropped = ("_initializer", "_regularizer", "_constraint")
        passed = ("build_config", "compile_config", "registered_name", "trainable")
        policy = lambda v: isinstance(v, dict) and v.get("class_name") == "DTypePolicy"
        return {k: lean(v) for k, v in o.items() if not k.endswith(dropped) and k not in passed and not policy(v)}

    return lean(json.loads(model.to_json())["config"])


def cases(g):
    def add(name, inputs, outputs, *values):
        model = outputs if isinstance(outputs, keras.Model) else keras.Model(inputs, outputs)
        g.layer(name, model, values[0] if len(values) == 1 else list(values), config=description(model))

    def case(name, f, *values):
        inputs = [keras.Input(v.shape[1:], dtype=str(v.dtype), name=f"in{i}") for i, v in enumerate(values)]
        add(name, inputs, f(*inputs), *values)

    x, y = g.input("x", 3, 5, 7), g.input("y", 3, 5, 7)
    n, k = g.rng("n").integers(-4, 9, (3, 5)).astype("int32"), g.rng("k").integers(1, 6, (3, 5)).astype("int32")
    row = g.input("row", 3, 7)

    case("numbers and tensors", lambda a: [a + 1, 2 - a, a * 0.5, 1 / a, a / 3, -a, abs(a), a**2, 2.0**a, a % 0.7, a // 0.3], x)
    case("two tensors", lambda a, b: [a + b, a - b, a * b, a / b, a % b, a // b, ops.maximum(a, b), ops.minimum(a, b), ops.arctan2(a, b),
        ops.logaddexp(a, b), ops.hypot(a, b), ops.divide_no_nan(a, b * 0), ops.power(ops.abs(a), b)], x, y)
    case("stretched", lambda a, b: [a * b[:, None, :], b[:, None, :] - a, a[:, :1] + b[:, None, :]], x, row)
    case("comparisons", lambda a, b: [a < b, a <= b, a > 0, a >= 0.5, ops.equal(a, b), ops.not_equal(a, b), ops.logical_and(a > 0, b > 0),
        ops.logical_or(a > 0, b > 0), ops.logical_xor(a > 0, b > 0), ops.logical_not(a > 0), ops.where(a > b, a, 0.25), ops.where(a > 0, 1, 2)], x, y)
    case("integers", lambda a, b: [a + b, a * 2, a - 1, a // b, a % b, a / b, -a, abs(a), a * 0.5, ops.maximum(a, 1), a > b, ops.sum(a, axis=1),
        ops.max(a, axis=-1), ops.mean(a, axis=1), ops.cast(a, "float32"), ops.cast(a, "bool"), ops.sign(a), ops.square(a), ops.cumsum(a, axis=1),
        ops.where(a > 0, a, b), ops.clip(a, -1, 3), ops.concatenate([a, b], axis=1), ops.reshape(a, (-1, 1)), ops.cast(a, "int64") + b, ops.sqrt(b),
        ops.one_hot(b, 7), ops.zeros_like(a), ops.ones_like(a, dtype="float32"), ops.full_like(a, 3), b**2], n, k)
    case("functions", lambda a: [f(a) for f in (ops.exp, ops.expm1, ops.log1p, ops.sin, ops.cos, ops.tan, ops.sinh, ops.cosh, ops.tanh,
        ops.arcsinh, ops.arctan, ops.floor, ops.ceil, ops.round, ops.trunc, ops.sign, ops.square, ops.reciprocal, ops.erf, ops.negative)]
        + [ops.round(a, 1), ops.clip(a, -0.5, 0.75), ops.isfinite(a), ops.stop_gradient(a) + 1, ops.nan_to_num(a)], ops.convert_to_numpy(ops.abs(x) * 0.7 + 0.01) - 0.3)
    case("functions of positive numbers", lambda a: [f(a) for f in (ops.log, ops.log2, ops.log10, ops.sqrt, ops.rsqrt, ops.arccosh)]
        + [f(1 / a) for f in (ops.arcsin, ops.arccos)] + [ops.arctanh(0.9 / a)], np.abs(x) + 1)
    case("activations", lambda a: [f(a) for f in (ops.relu, ops.relu6, ops.sigmoid, ops.softplus, ops.softsign, ops.silu, ops.log_sigmoid,
        ops.leaky_relu, ops.hard_sigmoid, ops.hard_silu, ops.elu, ops.selu, ops.gelu, ops.celu, ops.tanh_shrink, ops.hard_tanh, ops.soft_shrink,
        ops.hard_shrink, ops.sparse_plus, ops.sparse_sigmoid, ops.squareplus, ops.softmax, ops.log_softmax, ops.sparsemax)]
        + [ops.gelu(a, approximate=False), ops.leaky_relu(a, 0.3), ops.elu(a, 0.5), ops.celu(a, 2.0), ops.softmax(a, axis=1),
        ops.log_softmax(a, axis=1), ops.glu(a[:, :, :6]), ops.glu(a[:, :4], axis=1), ops.threshold(a, 0.2, -3.0), ops.squareplus(a, b=2)], 2 * x)
    case("reductions", lambda a: [f(a, **o) for f in (ops.sum, ops.mean, ops.prod, ops.max, ops.min, ops.var, ops.std, ops.logsumexp, ops.median)
        for o in ({"axis": -1}, {"axis": 1, "keepdims": True}, {"axis": (1, 2)})]
        + [ops.any(a > 1, axis=-1), ops.all(a > -1, axis=1), ops.argmax(a, axis=1), ops.argmin(a, axis=-1, keepdims=True), ops.count_nonzero(a > 0, axis=1),
        ops.norm(a, axis=-1), ops.norm(a, ord=1, axis=1, keepdims=True), ops.normalize(a), ops.normalize(a, axis=1, order=1), *ops.moments(a, axes=[1]),
        ops.cumsum(a, axis=1), ops.cumprod(a, axis=-1)], x)
    case("shapes", lambda a: [ops.reshape(a, (-1, 5)), ops.reshape(a, (-1, 35)), ops.transpose(a, (0, 2, 1)), ops.swapaxes(a, 1, 2), ops.moveaxis(a, -1, 1),
        ops.expand_dims(a, 1), ops.expand_dims(a, (1, -1)), ops.squeeze(ops.expand_dims(a, 2), 2), ops.concatenate([a, a * 2], axis=1), ops.stack([a, -a], axis=-1),
        ops.hstack([a, a]), ops.append(a, a[:, :2], axis=1), ops.broadcast_to(a[:, None], (3, 2, 5, 7)), ops.transpose(a), ops.ravel(a), *ops.unstack(a, axis=1)], x)
    case("places", lambda a: [a[:, 1], a[:, -1, ::2], a[:, 1:3], a[..., 0], a[:, ::-1], a[:, None, 2:, -3:], a[:, -2:-9:-1], a[:, 9:], ops.flip(a, axis=1), ops.roll(a, 2, axis=1),
        ops.repeat(a, 2, axis=1), ops.tile(a, (1, 2, 1)), ops.pad(a, ((0, 0), (1, 2), (0, 1))), ops.pad(a, ((0, 0), (2, 1), (0, 0)), mode="reflect"), ops.pad(a, ((0, 0), (2, 1), (3, 0)), mode="symmetric"),
        ops.pad(a, [[0, 0], [1, 0], [0, 0]], constant_values=2.5), *ops.split(a, [2, 3], axis=1), *ops.split(a, 7, axis=2), ops.take(a, [1, 0, -1], axis=1), ops.take(a, 3, axis=2),
        ops.tril(a), ops.triu(a, k=1), ops.sort(a, axis=1), ops.argsort(a, axis=-1), *ops.top_k(a, 3), ops.slice(a, (0, 1, 2), (3, 2, 4))], x)
    case("places that are computed", lambda a, i: [ops.take_along_axis(a, i[:, :, None], axis=2), ops.take_along_axis(a, i[:, :, None], axis=1), ops.take(a, i[0] * 0 + 1, axis=1)], x, np.minimum(k, 4))
    case("products", lambda a, b, c: [ops.matmul(a, ops.transpose(b, (0, 2, 1))), ops.matmul(a, c[:, :, None]), ops.dot(a, np.ones((7, 2), "float32") * 0.5), ops.einsum("bij,bkj->bik", a, b),
        ops.einsum("bij,bj->bi", a, c), ops.einsum("bij->bj", a), ops.einsum("...j,...j->...", a, b), ops.einsum("bij,bkj,bk->bi", a, b, a[:, :, 0]), ops.einsum("bij,bkj", a, b), ops.einsum("bi,bj->bij", c, c),
        ops.tensordot(a, np.ones((7, 3), "float32"), axes=1), ops.tensordot(a, np.full((7, 5, 2), 0.25, "float32"), axes=[[2, 1], [0, 1]]), a @ np.full((7, 2), 0.1, "float32"), ops.inner(a, np.ones((2, 7), "float32")), ops.outer(c, c)], x, y, row)
    q = g.input("heads", 3, 5, 4, 2)
    case("attention of its own", lambda a, m: [ops.dot_product_attention(a, a[:, :4], a[:, :4]), ops.dot_product_attention(a, a[:, :, :2], a[:, :, :2], is_causal=True),
        ops.dot_product_attention(a, a, a, mask=ops.not_equal(m, 0), scale=0.3)], q, g.rng("mask").integers(0, 2, (3, 4, 5, 5)).astype("int32"))

    ids = g.rng("ids").integers(0, 4, (3, 6)).astype("int32")
    ids[:, 0] = 1

    def masks(i):
        e = L.Embedding(4, 5, mask_zero=True)(i)
        a, b, c = L.LSTM(4, return_sequences=True, return_state=True)(e)
        h = L.Dense(5, activation="relu")(a)
        s = L.Add()([e, h])
        t = L.MultiHeadAttention(2, 3)(s, s, use_causal_mask=True)
        u = L.LayerNormalization()(L.Add()([s, L.Dropout(0.3)(t)]))
        o = L.Concatenate()([u, e])
        m = L.Maximum()([e, h])
        return [L.GlobalAveragePooling1D()(o), L.GRU(3)(u), c, L.Attention(use_scale=True)([u, e]), L.GlobalAveragePooling1D()(m), L.Bidirectional(L.GRU(2))(L.Multiply()([e, h])),
            L.TimeDistributed(L.Dense(2))(u), L.Activation("softmax")(L.Dense(6)(u)), L.GRU(2)(L.Activation("tanh")(e)), L.GRU(2)(L.EinsumDense("abc,cd->abd", [None, 3])(e)), L.GRU(2)(e * 2), L.GroupQueryAttention(2, 4, 2)(e, u)]

    case("masks from an embedding", masks, ids)
    z = x.copy()
    z[0, 3:] = z[2, 1] = 0.0
    case("masks from a layer", lambda a: [L.LSTM(3)(L.Masking()(a)), L.GlobalAveragePooling1D()(L.Dense(2)(L.Masking()(a))), L.SimpleRNN(2, return_sequences=True)(L.Masking()(a))], z)
    case("a mask that is given", lambda a, i: [L.GRU(3)(a, mask=ops.not_equal(i, 0)), L.GlobalAveragePooling1D()(a, mask=i > 0), L.Softmax()(a, mask=ops.greater(a, 0))], g.input("steps", 3, 6, 5), ids)
    case("states that are given", lambda a, s, t: [L.GRU(7)(a, initial_state=s), L.LSTM(7)(a, initial_state=[s, t]), L.Bidirectional(L.GRU(7))(a, initial_state=[s, t]),
        *L.LSTM(7, return_state=True)(a, initial_state=[t, s])], x, row, row[::-1].copy())
    case("scores that are returned", lambda a, b: [*L.MultiHeadAttention(2, 3)(a, b, return_attention_scores=True), *L.Attention()([a, b], return_attention_scores=True, use_causal_mask=True),
        L.MultiHeadAttention(2, 2)(a, value=b, key=b, attention_mask=np.tril(np.ones((1, 5, 5), bool)))], x, y)

    def shared(a, b):
        d, e = L.Dense(4, name="once"), L.Dense(4, activation="tanh")
        inner_in = keras.Input((4,))
        inner = keras.Model(inner_in, [L.Dense(3)(inner_in), inner_in * 2], name="inner")
        chain = keras.Sequential([L.Dense(4), L.BatchNormalization(), L.ReLU(), keras.Sequential([L.Dense(2), L.Dense(4)])], name="chain")
        p, q = inner(d(a))
        r, s = inner(d(b))
        return [p + r, q - s, d(e(d(a) + d(b))), chain(d(a)), chain(d(b)), inner(chain(q))[0]]

    case("layers and models in several places", shared, x[:, 0, :4].copy(), y[:, 0, :4].copy())

    one, two = keras.Input((7,), name="beta"), keras.Input((5, 7), name="alpha")
    m = keras.Model({"beta": one, "alpha": two}, {"z": L.Dense(2)(one), "a": [L.Flatten()(two), one], "k": L.Dense(3)(two)})
    g.layer("dicts of inputs and outputs", m, {"alpha": x, "beta": row}, config=description(m))
    other = keras.Input((7,), name="gamma")
    wrapped = keras.Model(other, m({"alpha": L.Reshape((5, 7))(L.Dense(35)(other)), "beta": other}))
    g.layer("a model of dicts in a model", wrapped, row, config=description(wrapped))

    def block(a, filters):
        h = L.Conv2D(filters, 3, padding="same", use_bias=False)(a)
        h = L.Activation("relu")(L.BatchNormalization()(h))
        gate = L.Reshape((1, 1, filters))(L.Dense(filters, activation="sigmoid")(L.GlobalAveragePooling2D()(h)))
        return L.Add()([L.Conv2D(filters, 1)(a), h * gate])

    case("a residual network", lambda a: L.Dense(4, activation="softmax")(L.Flatten()(L.MaxPooling2D()(block(block(L.Rescaling(2.0, offset=-1)(a), 3), 5)))), g.input("image", 2, 6, 5, 3))

    s = keras.Sequential([keras.Input((6,), dtype="int32"), L.Embedding(4, 5, mask_zero=True), L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Dropout(0.2), L.GlobalAveragePooling1D(), L.Dense(2)])
    g.layer("a chain with a mask", s, ids, config=description(s))
    s = keras.Sequential([L.Conv1D(4, 3), L.Activation("gelu"), L.GlobalMaxPooling1D(), L.Dense(3)])
    g.layer("a chain without an input", s, x, config=description(s))
    s = keras.Sequential([keras.Sequential([keras.Input((7,)), L.Dense(4, name="d")]), L.Dense(3), L.Dense(2)])
    g.layer("a chain that begins with a chain", s, row, config=description(s))
    case("nothing but its inputs", lambda a, b: [b, a], x, row)
    case("inputs of another rank", lambda a: L.Dense(3)(a), g.input("flat", 5, 1))
