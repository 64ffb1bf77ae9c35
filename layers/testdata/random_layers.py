"""Calls random layers of Keras, for TestRandomConfigurations: python layers/testdata/random_layers.py DIRECTORY [COUNT [FAMILY ...]]

    python layers/testdata/random_layers.py /tmp/random 500
    CKPT_RANDOM_KERAS=/tmp/random go test ./layers -run TestRandomConfigurations

It writes DIRECTORY/FAMILY.golden for each family, in the form of gen.py's golden files, with COUNT configurations that
Keras accepts. Every third input has some values that are NaN, infinite, very large or subnormal. Masks are random too.
Each run gives the same configurations.

5 of these 5,500 differ, with TensorFlow 2.21 and Keras 3.15 on a processor with AVX2:

- normalization 315, 321 and 403, GroupNormalization with one value in each group: the result is beta. Keras's result is off by 5e-5 to 2e-4,
  because Keras subtracts two numbers of up to 7,000 in float32 (deviations are 1e-3).
- merging 420, Dot of infinity and 1e-40: TensorFlow treats 1e-40 as 0 and returns NaN. With 1e-37 it also returns infinity.
- attention 359: a score is a sum of products of both signs that overflow float32, so its value depends on the order. For the same weights and
  inputs, TensorFlow returns NaN after the configurations before it. In a process that runs only this one, it returns -inf, like this module's
  layer.
"""

import pathlib
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != HERE] + [str(HERE)]  # this file's name is that of a Python module

import gen  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

L = keras.layers
ACTIVATIONS = """linear relu relu6 gelu sigmoid tanh softmax elu selu celu silu mish softplus softsign exponential hard_sigmoid hard_silu hard_tanh
leaky_relu log_sigmoid log_softmax tanh_shrink soft_shrink hard_shrink sparse_plus sparse_sigmoid squareplus""".split()
SPECIAL = np.array([np.nan, np.inf, -np.inf, 1e-40, -1e-40, 1e30, -1e30, 0.0, -0.0, 88.0, -104.0], "f4")


class Draw:
    """Returns random numbers, options and inputs."""

    def __init__(self, seed):
        self.r = np.random.default_rng(seed)

    def n(self, low, high):
        return int(self.r.integers(low, high + 1))

    def of(self, *values):
        return values[self.n(0, len(values) - 1)]

    def flip(self, chance=0.5):
        return bool(self.r.random() < chance)

    def activation(self):
        return self.of(None, None, *ACTIVATIONS)

    def input(self, *shape):
        x = self.r.normal(0, self.of(0.3, 1, 3), shape).astype("f4")
        if self.flip(1 / 3) and x.size:
            for _ in range(self.n(1, 3)):
                x.flat[self.n(0, x.size - 1)] = SPECIAL[self.n(0, len(SPECIAL) - 1)]
        return x

    def mask(self, *shape):
        return self.r.random(shape) < 0.7

    def space(self, rank, low, high):
        return [self.n(low, high) for _ in range(rank)]

    def window(self, rank, low, high):
        return self.n(low, high) if self.flip(0.3) else tuple(self.space(rank, low, high))

    def image(self, rank, first, channels=None, low=3, high=9):
        """An input with rank spatial axes, channels first or last."""
        space, channels = self.space(rank, low, high), channels or self.n(1, 9)
        return self.input(self.n(1, 3), *([channels] + space if first else space + [channels]))


def layout(d):
    first = d.flip(0.15)
    return first, {"data_format": "channels_first"} if first else {}


def dense(d):
    if d.flip(0.4):
        equation, rank, out = d.of(("ab,bc->ac", 2, [0]), ("abc,cd->abd", 3, [None, 0]), ("abc,cde->abde", 3, [None, 0, 0]), ("abcd,cde->abe", 4, [None, 0]),
                                   ("abc,bcd->abd", 3, [None, 0]), ("...x,xy->...y", 3, [0]), ("abc,cd->adb", 3, [0, None]), ("abcd,cde->aeb", 4, [0, None]))
        x = d.input(*[d.n(1, 7) for _ in range(rank)])
        out = [d.n(1, 20) if o == 0 else o for o in out]
        if equation == "abc,bcd->abd":
            out[0] = x.shape[1]
        axes = d.of(None, equation.split("->")[1].replace("...", "")[-1])
        return L.EinsumDense(equation, out, activation=d.activation(), bias_axes=axes), [x], {}
    x = d.input(*[d.n(1, 6) for _ in range(d.n(1, 3))], d.n(1, 70))
    return L.Dense(d.n(1, 70), activation=d.activation(), use_bias=d.flip(0.8)), [x], {}


def conv(d):
    kind, rank = d.of("Conv", "Conv", "Transpose", "Depthwise", "Separable"), d.n(1, 3)
    first, o = layout(d)
    o.update(padding=d.of("valid", "same"), activation=d.activation(), use_bias=d.flip(0.8))
    if d.flip(0.3):
        o["dilation_rate"] = d.window(rank, 1, 3)
    else:
        o["strides"] = d.window(rank, 1, 3)
    size = d.window(rank, 1, 4)
    if kind in ("Depthwise", "Separable"):
        rank = min(rank, 2)
        if isinstance(size, tuple):
            size = size[:rank]
        o = {k: v[:rank] if isinstance(v, tuple) else v for k, v in o.items()}
        if not isinstance(o.get("strides", 1), int):
            o["strides"] = o["strides"][0]
        o["depth_multiplier"] = d.n(1, 3)
        args = [size] if kind == "Depthwise" else [d.n(1, 20), size]
        return getattr(L, f"{kind}Conv{rank}D")(*args, **o), [d.image(rank, first, d.of(1, 3, 8, 16, 19), low=4)], {}
    if kind == "Transpose":
        return getattr(L, f"Conv{rank}DTranspose")(d.n(1, 20), size, **o), [d.image(rank, first, low=1, high=5)], {}
    groups = d.of(1, 1, 1, 2, 3)
    if rank == 1 and not first and d.flip(0.2):
        o["padding"] = "causal"
    return getattr(L, f"Conv{rank}D")(groups * d.n(1, 12), size, groups=groups, **o), [d.image(rank, first, groups * d.n(1, 6), low=4)], {}


def pooling(d):
    rank, kind = d.n(1, 3), d.of("Max", "Average")
    first, o = layout(d)
    x = d.image(rank, first, d.of(1, 3, 8, 16, 21), low=4)
    form = d.of("", "", "Global", "Adaptive")
    if form == "Global":
        if kind == "Average" and rank == 1 and d.flip(0.3) and not first:
            return L.GlobalAveragePooling1D(keepdims=d.flip()), [x], {"mask": d.mask(*x.shape[:2])}
        return getattr(L, f"Global{kind}Pooling{rank}D")(keepdims=d.flip(), **o), [x], {}
    if form == "Adaptive":
        return getattr(L, f"Adaptive{kind}Pooling{rank}D")(d.window(rank, 1, 4), **o), [x], {}
    return getattr(L, f"{kind}Pooling{rank}D")(d.window(rank, 1, 3), strides=d.of(None, d.window(rank, 1, 3)), padding=d.of("valid", "same"), **o), [x], {}


def recurrent(d):
    def one(state):
        name = d.of("SimpleRNN", "LSTM", "GRU")
        o = {"activation": d.of("tanh", "tanh", "relu", "gelu", "linear"), "use_bias": d.flip(0.8), "return_sequences": sequences, "return_state": state}
        if name != "SimpleRNN":
            o["recurrent_activation"] = d.of("sigmoid", "sigmoid", "hard_sigmoid", "tanh")
        if name == "GRU":
            o["reset_after"] = d.flip()
        return getattr(L, name)(units, go_backwards=d.flip(0.3) and not wrapped, **o)

    units, sequences, wrapped = d.n(1, 20), d.flip(), d.flip(0.3)
    x = d.input(d.n(1, 4), d.n(1, 6), d.n(1, 20))
    x = np.clip(x, -1e30, 1e30)
    kwargs = {"mask": d.mask(*x.shape[:2])} if d.flip(0.4) else {}
    if wrapped:
        return L.Bidirectional(one(False), merge_mode=d.of("concat", "sum", "mul", "ave")), [x], kwargs
    return one(d.flip(0.3)), [x], kwargs


def attention(d):
    q, v, width = d.n(1, 9), d.n(1, 9), d.n(1, 12)
    batch = d.n(1, 3)
    query, value = d.input(batch, q, width), d.input(batch, v, width)
    kwargs = {"use_causal_mask": True} if d.flip(0.3) else {}
    if d.flip(0.3):
        kwargs["return_attention_scores"] = True
    kind = d.of("MultiHead", "MultiHead", "GroupQuery", "Attention", "Additive")
    if kind in ("MultiHead", "GroupQuery"):
        if d.flip(0.3):
            mask = d.mask(batch, q, v)
            mask[..., 0] = True
            kwargs["attention_mask"] = mask
        inputs = [query, value] + ([d.input(batch, v, width)] if d.flip(0.3) else [])
        if kind == "GroupQuery":
            shared = d.n(1, 3)
            return L.GroupQueryAttention(d.n(1, 8), shared * d.n(1, 3), shared, use_bias=d.flip(0.8)), inputs, kwargs
        return L.MultiHeadAttention(d.n(1, 4), d.n(1, 20), value_dim=d.of(None, d.n(1, 9)), use_bias=d.flip(0.8), output_shape=d.of(None, d.n(1, 9))), inputs, kwargs
    if kind == "Attention":
        return L.Attention(use_scale=d.flip(), score_mode=d.of("dot", "dot", "concat")), [[query, value]], kwargs
    return L.AdditiveAttention(use_scale=d.flip()), [[query, value]], kwargs


def normalization(d):
    x = d.input(*[d.n(1, 6) for _ in range(d.n(1, 3))], d.of(1, 4, 6, 16, 40))
    axes = d.of(-1, -1, tuple(range(1, x.ndim)))
    epsilon = d.of(1e-3, 1e-6, 0.1)
    kind = d.of("Batch", "Layer", "Group", "RMS", "Unit", "Normalization")
    if kind == "Batch":
        return L.BatchNormalization(axis=d.n(1, x.ndim - 1), epsilon=epsilon, center=d.flip(0.8), scale=d.flip(0.8)), [x], {}
    if kind == "Layer":
        return L.LayerNormalization(axis=axes, epsilon=epsilon, center=d.flip(0.8), scale=d.flip(0.8), rms_scaling=d.flip(0.2)), [x], {}
    if kind == "Group":
        return L.GroupNormalization(d.of(1, 2, -1), epsilon=epsilon, center=d.flip(0.8), scale=d.flip(0.8)), [x], {}
    if kind == "RMS":
        return L.RMSNormalization(epsilon=epsilon), [x], {}
    if kind == "Unit":
        return L.UnitNormalization(axis=axes), [x], {}
    return L.Normalization(axis=-1, mean=d.r.normal(0, 1, x.shape[-1]).tolist(), variance=d.r.uniform(0.1, 2, x.shape[-1]).tolist(), invert=d.flip(0.3)), [x], {}


def activations(d):
    x = d.input(*[d.n(1, 7) for _ in range(d.n(1, 3))], d.of(1, 5, 16, 37, 70))
    kind = d.of("Activation", "Activation", "Activation", "ReLU", "Leaky", "ELU", "PReLU", "Softmax")
    if kind == "ReLU":
        return L.ReLU(max_value=d.of(None, 6.0, 1.5), negative_slope=d.of(0.0, 0.1), threshold=d.of(0.0, 0.5)), [x], {}
    if kind == "Leaky":
        return L.LeakyReLU(negative_slope=d.of(0.3, 0.01)), [x], {}
    if kind == "ELU":
        return L.ELU(alpha=d.of(1.0, 0.3)), [x], {}
    if kind == "PReLU":
        return L.PReLU(shared_axes=d.of(None, [1])), [x], {}
    if kind == "Softmax":
        return L.Softmax(axis=d.of(-1, x.ndim - 1, 1)), [x], {"mask": d.mask(*x.shape)} if d.flip() else {}
    return L.Activation(d.of(*ACTIVATIONS)), [x], {}


def merging(d):
    shape = [d.n(1, 6) for _ in range(d.n(2, 4))]

    def stretched():
        return [shape[0]] + [1 if d.flip(0.2) else n for n in shape[1:]]

    name = d.of("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
    count = 2 if name in ("Subtract", "Dot") else d.n(2, 4)
    if name == "Concatenate":
        axis = d.n(1, len(shape) - 1)
        return L.Concatenate(axis=axis), [[d.input(*shape[:axis], d.n(1, 6), *shape[axis + 1:]) for _ in range(count)]], {}
    if name == "Dot":
        width = d.n(1, 9)
        a, b = d.input(shape[0], d.n(1, 5), width), d.input(shape[0], d.n(1, 5), width)
        return L.Dot(axes=(2, 2), normalize=d.flip(0.3)), [[a, b]], {}
    return getattr(L, name)(), [[d.input(*(stretched() if i else shape)) for i in range(count)]], {}


def reshaping(d):
    rank = d.n(1, 3)
    first, o = layout(d)
    x = d.image(rank, first, low=5)
    kind = d.of("Reshape", "Flatten", "Permute", "Repeat", "Cropping", "ZeroPadding", "UpSampling")
    pairs = [tuple(d.space(2, 0, 2)) for _ in range(rank)]
    if kind == "Reshape":
        return L.Reshape(d.of((-1,), (x.shape[-1], -1), (-1, x.shape[1]), (1, -1, 1))), [x], {}
    if kind == "Flatten":
        return L.Flatten(**o), [x], {}
    if kind == "Permute":
        return L.Permute(tuple(int(i) + 1 for i in d.r.permutation(rank + 1))), [x], {}
    if kind == "Repeat":
        return L.RepeatVector(d.n(1, 5)), [d.input(d.n(1, 3), d.n(1, 9))], {}
    if kind == "UpSampling":
        if rank == 2:
            o["interpolation"] = d.of("nearest", "bilinear")
        elif rank == 1:
            o = {}
        return getattr(L, f"UpSampling{rank}D")(d.n(1, 3) if rank == 1 else tuple(d.space(rank, 1, 3)), **o), [x], {}
    return getattr(L, f"{kind}{rank}D")(pairs[0] if rank == 1 else tuple(pairs), **o), [x], {}


def embedding(d):
    rows = d.n(1, 30)
    ids = d.r.integers(0, rows, [d.n(1, 5) for _ in range(d.n(1, 3))]).astype(d.of("int32", "int64", "float32"))
    return L.Embedding(rows, d.n(1, 40), mask_zero=d.flip(0.3)), [ids], {}


def preprocessing(d):
    kind = d.of("Rescaling", "Category", "Discretization", "Discretization", "Normalization")
    if kind == "Rescaling":
        return L.Rescaling(float(d.r.normal()), offset=float(d.r.normal())), [d.image(2, False)], {}
    if kind == "Category":
        return L.CategoryEncoding(9, output_mode=d.of("one_hot", "multi_hot", "count")), [d.r.integers(0, 9, (d.n(1, 5), d.n(1, 6))).astype("int32")], {}
    x = d.input(d.n(1, 5), d.n(1, 9))
    if kind == "Discretization":
        x = np.where(np.isnan(x), 0, x).astype("f4")
        return L.Discretization(sorted(d.r.normal(0, 1, d.n(1, 7)).tolist()), output_mode=d.of("int", "one_hot", "multi_hot", "count")), [x], {}
    return L.Normalization(axis=None, mean=float(d.r.normal()), variance=float(d.r.uniform(0.1, 2))), [x], {}


def taken_for_bias(layer, inputs):
    """Whether keras.ops.add uses a summand as a bias along the wrong axis. It does if only one axis of the summand is
    longer than 1, and as long as the second axis or the last axis of the other summand."""
    if getattr(layer, "data_format", "") == "channels_first" and getattr(layer, "use_bias", False):
        shape = layer.compute_output_shape(inputs[0].shape)
        return shape[-1] == shape[1]
    if isinstance(layer, (L.Add, L.Average)):
        first, *others = [x.shape for x in inputs[0]]
        return any(s != first and [n for n in s if n > 1] in ([first[1]], [first[-1]]) and s[-1] != first[-1] for s in others)
    if isinstance(layer, (L.GroupQueryAttention, L.MultiHeadAttention)):
        heads = getattr(layer, "num_query_heads", None) or layer.num_heads
        return 1 in (getattr(layer, "head_dim", 0), getattr(layer, "key_dim", 0), getattr(layer, "value_dim", 0)) and heads > 1
    return False


FAMILIES = [dense, conv, pooling, recurrent, attention, normalization, activations, merging, reshaping, embedding, preprocessing]


def main(directory, count=500, *families):
    warnings.simplefilter("ignore")
    for family in FAMILIES:
        name = family.__name__
        if families and name not in families:
            continue
        g, seed, refused = gen.Golden(), 0, 0
        while len(g.cases) < int(count):
            seed += 1
            layer = None
            try:
                layer, inputs, kwargs = family(Draw(seed))
                if taken_for_bias(layer, inputs):
                    continue
                g.layer(f"{seed}", layer, *inputs, **kwargs)
            except Exception as error:  # Keras does not accept every combination
                refused += 1
                if refused > 10 * int(count):
                    raise error
        print(f"{name}: {len(g.cases)} accepted, {refused} refused", file=sys.stderr)
        pathlib.Path(directory).mkdir(exist_ok=True)
        g.write(pathlib.Path(directory) / f"{name}.golden")


if __name__ == "__main__":
    main(*sys.argv[1:])
