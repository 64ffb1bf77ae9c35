"""Convolutions: all kinds and ranks; strides, dilation, groups, paddings, data formats, and several at once.

TensorFlow supports some of them only on accelerators. Those are compiled by XLA here, and are marked xla. With channels
first, the length of the last axis always differs from the number of filters, because otherwise Keras 3.15 with
TensorFlow adds the bias along that axis (keras.src.backend.tensorflow.numpy.add).
"""

import keras
import tensorflow as tf
import tf_keras

SPACE = {1: (11,), 2: (7, 5), 3: (4, 3, 5)}


def compiled(layer):
    """The layer with its call compiled by XLA. It keeps its class name."""
    cls = type(layer)
    twin = type(cls.__name__, (cls,), {"call": tf.function(cls.call, jit_compile=True)})
    return twin.from_config(layer.get_config())


def cases(g):
    def case(name, kind, *args, shape=None, channels=3, batch=2, xla=False, tf2=True, **options):
        rank = int(kind[kind.index("D") - 1] if kind[-1] != "D" else kind[-2])
        shape = shape or SPACE[rank]
        full = (batch, channels, *shape) if options.get("data_format") == "channels_first" else (batch, *shape, channels)
        title = f"{name}, {kind}"
        layer = getattr(keras.layers, kind)(*args, name="c", **options)
        old = getattr(tf_keras.layers, kind)(*args, name="c", **options) if tf2 and not xla else None
        g.layer(name, compiled(layer) if xla else layer, g.input(title, *full), tf2=old)

    size = {1: 4, 2: (3, 2), 3: (2, 3, 1)}
    for rank in (1, 2, 3):
        kind = f"Conv{rank}D"
        case("valid", kind, 5, size[rank])
        case("same", kind, 5, size[rank], padding="same", activation="relu")
        case("strides", kind, 4, 3, strides=2)
        case("strides, same", kind, 4, 3, strides=[(3,), (2, 3), (2, 3, 1)][rank - 1], padding="same", use_bias=False)
        case("strides beyond the window", kind, 4, 1, strides=3, padding="same")
        far = dict(strides=(4, 3, 4)[:rank], padding="same", shape=(11, 3, 4)[:rank])
        case("strides far beyond the window", kind, 4, 1, **far)
        case("strides far beyond the window, groups", kind, 4, 1, channels=4, groups=2, tf2=False, **far)
        case("dilation", kind, 4, 2, dilation_rate=[3, (2, 3), (2, 1, 3)][rank - 1], activation="tanh")
        case("dilation, same", kind, 4, 3, dilation_rate=2, padding="same")
        case("a window of one", kind, 7, 1)
        case("groups", kind, 6, 2, groups=2, channels=4, tf2=False)
        case("a group for each channel", kind, 6, 3, groups=3, padding="same", strides=2, tf2=False)
        case("groups, a window of one", kind, 6, 1, groups=3, channels=6, tf2=False)
        case("channels first", kind, 4, 3, data_format="channels_first", padding="same", xla=True)
        case("channels first, strides, groups, softmax along the last axis", kind, 4, 2, data_format="channels_first", strides=2, groups=2, channels=4,
             activation="softmax", xla=True)
        case("one channel, one filter, one example", kind, 1, 2, channels=1, batch=1)
    case("causal", "Conv1D", 5, 4, padding="causal")
    case("causal, dilation", "Conv1D", 5, 3, padding="causal", dilation_rate=3)
    case("causal, strides", "Conv1D", 5, 4, padding="causal", strides=2)
    case("causal, channels first", "Conv1D", 5, 4, padding="causal", data_format="channels_first", xla=True)
    case("blocks of many positions", "Conv2D", 2, 5, shape=(37, 41), channels=1, padding="same", batch=1)
    case("a window of the whole input", "Conv2D", 5, (7, 5))
    case("softmax over filters", "Conv2D", 5, 2, activation="softmax")

    for rank in (1, 2, 3):
        kind = f"Conv{rank}DTranspose"
        strides = [3, (3, 2), (2, 1, 3)][rank - 1]
        case("valid", kind, 5, size[rank])
        case("same", kind, 5, size[rank], padding="same", activation="relu")
        case("strides", kind, 2, 3, strides=2, channels=2)
        case("strides, same", kind, 3, size[rank], strides=strides, padding="same", use_bias=False)
        case("strides beyond the window", kind, 2, 1, strides=strides)
        case("strides beyond the window, same", kind, 2, 2, strides=(3, 1, 3)[:rank], padding="same", channels=2)
        case("strides divide the window, same", kind, 2, 4, strides=2, padding="same", channels=2)
        case("output padding", kind, 2, 3, strides=(3, 2, 2)[:rank], output_padding=(1, 0, 1)[:rank], batch=1 + (rank < 3))
        case("output padding, same", kind, 2, 3, strides=(2, 3, 1)[:rank], output_padding=(1, 2, 0)[:rank], padding="same", batch=1 + (rank < 3))
        case("output padding of an even window, same", kind, 2, 4, strides=2, output_padding=1, padding="same", channels=2, batch=1 + (rank < 3), tf2=False)
        case("strides far beyond the window, same", kind, 2, 1, strides=(5, 1, 1)[:rank], padding="same")
        case("a window of one", kind, 7, 1)
        if rank < 3:
            case("dilation", kind, 4, 3, dilation_rate=2, xla=True)
            case("dilation, same", kind, 4, 3, dilation_rate=3, padding="same", xla=True)
            case("channels first", kind, 4, 3, data_format="channels_first", strides=2, padding="same", xla=True)

    for rank in (1, 2):
        kind = f"DepthwiseConv{rank}D"
        case("valid", kind, size[rank])
        case("same", kind, size[rank], padding="same", activation="relu", use_bias=False)
        case("multiplier", kind, 3, depth_multiplier=2)
        case("strides", kind, 3, strides=2, padding="same", channels=5)
        case("dilation", kind, 3, dilation_rate=2, padding="same", depth_multiplier=3)
        case("strides, dilation", kind, 3, strides=2, dilation_rate=2, tf2=False)
        case("strides, dilation, same", kind, 3, strides=2, dilation_rate=2, padding="same", tf2=False)
        case("channels first", kind, 3, strides=2, depth_multiplier=3, padding="same", data_format="channels_first", tf2=False)

        kind = f"SeparableConv{rank}D"
        case("valid", kind, 5, size[rank])
        case("same", kind, 5, size[rank], padding="same", activation="relu", use_bias=False)
        case("multiplier", kind, 4, 3, depth_multiplier=2, strides=2)
        case("dilation", kind, 4, 3, dilation_rate=2, padding="same")
        case("strides, dilation, same", kind, 4, 3, strides=2, dilation_rate=2, padding="same", tf2=False)
        case("channels first", kind, 5, 3, strides=2, depth_multiplier=2, padding="same", data_format="channels_first", tf2=False)
