"""The Keras models that bench/layers measures, with the shape of each input and the number of threads for each."""
import keras

L = keras.layers


def layer_model(shape, layer):
    x = keras.Input(shape[1:])
    return keras.Model(x, layer(x))


def attend(heads, key_dim):
    layer = L.MultiHeadAttention(heads, key_dim)
    return lambda x: layer(x, x)


def chain(shape, *layers):
    x = y = keras.Input(shape[1:])
    for layer in layers:
        y = layer(y)
    return keras.Model(x, y)


def encoder(shape, blocks, heads, wide):
    """Transformer blocks with the norm last, as in BERT. MiniLM computes these after its embeddings."""
    width = shape[2]
    x = y = keras.Input(shape[1:])
    for _ in range(blocks):
        attended = L.MultiHeadAttention(heads, width // heads)(y, y)
        y = L.LayerNormalization(epsilon=1e-6)(L.Add()([y, attended]))
        inner = L.Dense(width)(L.Dense(wide, "gelu")(y))
        y = L.LayerNormalization(epsilon=1e-6)(L.Add()([y, inner]))
    return keras.Model(x, y)


def sorter(shape):
    """The transformer of the examples after its embeddings. The norms come first."""
    width = shape[2]
    x = y = keras.Input(shape[1:])
    for _ in range(2):
        normed = L.LayerNormalization()(y)
        y = L.Add()([y, L.MultiHeadAttention(4, width // 4)(normed, normed)])
        normed = L.LayerNormalization()(y)
        y = L.Add()([y, L.Dense(width)(L.Dense(4 * width, "gelu")(normed))])
    return keras.Model(x, L.Dense(16)(L.LayerNormalization()(y)))


def pictures(shape):
    """The convolutional network of the examples."""
    return chain(
        shape, L.Conv2D(8, 3, padding="same"), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(), L.SeparableConv2D(16, 3, padding="same"),
        L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(), L.Conv2D(24, 3, strides=2, activation="relu"), L.GlobalAveragePooling2D(),
        L.Dense(4, "softmax"))


def mobilenet(shape):
    return keras.applications.MobileNetV2(input_shape=shape[1:], weights=None)


def minilm(shape):
    return encoder(shape, 6, 12, 1536)


def one(layer):
    return lambda shape: layer_model(shape, layer)


CASES = [  # name, shape of the input, model, threads
    ("Dense 512, batch 1", (1, 512), one(L.Dense(512, "relu")), 2),
    ("Dense 512, batch 32", (32, 512), one(L.Dense(512, "relu")), 2),
    ("Dense 1024, batch 256", (256, 1024), one(L.Dense(1024, "relu")), 2),
    ("Conv2D 3x3 1→32, batch 1", (1, 28, 28, 1), one(L.Conv2D(32, 3, activation="relu")), 2),
    ("Conv2D 3x3 64→64, batch 8", (8, 56, 56, 64), one(L.Conv2D(64, 3, padding="same")), 2),
    ("Conv2D 1x1 128→256, batch 8", (8, 28, 28, 128), one(L.Conv2D(256, 1)), 2),
    ("Conv1D 5 64→64, batch 8", (8, 400, 64), one(L.Conv1D(64, 5)), 2),
    ("Conv2DTranspose 3x3 by 2, batch 8", (8, 28, 28, 64), one(L.Conv2DTranspose(32, 3, strides=2, padding="same")), 2),
    ("DepthwiseConv2D 3x3, batch 8", (8, 56, 56, 64), one(L.DepthwiseConv2D(3, padding="same")), 2),
    ("MaxPooling2D, batch 8", (8, 112, 112, 64), one(L.MaxPooling2D()), 2),
    ("BatchNormalization, batch 8", (8, 56, 56, 64), one(L.BatchNormalization()), 2),
    ("LayerNormalization, batch 8", (8, 128, 256), one(L.LayerNormalization()), 2),
    ("LSTM 128, batch 1", (1, 50, 128), one(L.LSTM(128)), 2),
    ("LSTM 128, batch 32", (32, 50, 128), one(L.LSTM(128)), 2),
    ("GRU 128, batch 32", (32, 50, 128), one(L.GRU(128)), 2),
    ("MultiHeadAttention 4x16, batch 1", (1, 16, 64), one(attend(4, 16)), 2),
    ("MultiHeadAttention 8x32, batch 8", (8, 128, 256), one(attend(8, 32)), 2),
    ("MiniLM, 1×5 tokens", (1, 5, 384), minilm, 2),
    ("MiniLM, 1×11 tokens", (1, 11, 384), minilm, 2),
    ("MiniLM, 1×40 tokens", (1, 40, 384), minilm, 2),
    ("MiniLM, 8×40 tokens", (8, 40, 384), minilm, 2),
    ("MiniLM, 1×128 tokens", (1, 128, 384), minilm, 2),
    ("MiniLM, 1×5 tokens, one thread", (1, 5, 384), minilm, 1),
    ("MiniLM, 1×11 tokens, one thread", (1, 11, 384), minilm, 1),
    ("MiniLM, 1×40 tokens, one thread", (1, 40, 384), minilm, 1),
    ("MiniLM, 8×40 tokens, one thread", (8, 40, 384), minilm, 1),
    ("MiniLM, 1×128 tokens, one thread", (1, 128, 384), minilm, 1),
    ("MobileNetV2, batch 1", (1, 224, 224, 3), mobilenet, 2),
    ("2 LSTM 128, batch 8", (8, 50, 64), lambda s: chain(s, L.LSTM(128, return_sequences=True), L.LSTM(128), L.Dense(10)), 2),
    ("CNN of the examples, batch 1", (1, 18, 22, 1), pictures, 2),
    ("CNN of the examples, batch 32", (32, 18, 22, 1), pictures, 2),
    ("Transformer of the examples, batch 1", (1, 12, 32), sorter, 2),
    ("Transformer of the examples, batch 32", (32, 12, 32), sorter, 2),
]


def work(model, batch):
    """Returns the multiplications and additions of a call, and the bytes of inputs, outputs and weights, layer by layer."""
    flops = moved = 0

    def size(shape):
        n = batch
        for d in shape[1:]:
            n *= d
        return n

    for layer in model.layers:
        if isinstance(layer, L.InputLayer):
            continue
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        out = layer.output.shape
        kind, weights = type(layer).__name__, layer.get_weights()
        moved += 4 * (sum(size(x.shape) for x in inputs) + size(out) + sum(w.size for w in weights))
        rows = size(out) // out[-1]
        if kind == "Dense" or kind in ("Conv1D", "Conv2D"):
            flops += 2 * rows * weights[0].size
        elif kind == "Conv2DTranspose":
            flops += 2 * size(inputs[0].shape) // inputs[0].shape[-1] * weights[0].size
        elif kind in ("DepthwiseConv2D", "SeparableConv2D"):
            flops += 2 * rows * sum(w.size for w in weights if w.ndim == 4)
        elif kind in ("LSTM", "GRU"):
            flops += 2 * batch * inputs[0].shape[1] * (weights[0].size + weights[1].size)
        elif kind == "MultiHeadAttention":
            length, width = inputs[0].shape[1], weights[0].shape[1] * weights[0].shape[2]
            flops += 2 * rows * sum(w.size for w in weights if w.ndim == 3) + 4 * rows * length * width
    return flops, moved
