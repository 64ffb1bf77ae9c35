"""Pooling of all kinds and ranks: windows, strides, paddings, data formats, masks."""

import keras
import numpy as np
import tf_keras

SPACE = {1: (11,), 2: (7, 5), 3: (4, 3, 5)}


def cases(g):
    def case(name, kind, *args, channels=3, shape=None, tf2=True, mask=None, **options):
        rank = int(kind[-2])
        shape = shape or SPACE[rank]
        full = (2, channels, *shape) if options.get("data_format") == "channels_first" else (2, *shape, channels)
        old = getattr(tf_keras.layers, kind)(*args, name="p", **options) if tf2 else None
        extra = {} if mask is None else {"mask": mask}
        g.layer(name, getattr(keras.layers, kind)(*args, name="p", **options), g.input(f"{name}, {kind}", *full), tf2=old, **extra)

    for rank in (1, 2, 3):
        for kind in (f"MaxPooling{rank}D", f"AveragePooling{rank}D"):
            size = [3, (3, 2), (2, 3, 1)][rank - 1]
            case("usual", kind, 2)
            case("a window", kind, size)
            case("same", kind, size, padding="same")
            case("strides", kind, size, strides=1)
            case("strides, same", kind, 3, strides=2, padding="same")
            case("strides beyond the window, same", kind, 1, strides=4, padding="same")
            case("many channels", kind, 2, channels=37, strides=1, padding="same", shape=(3, 2, 2)[:rank])
            case("channels first", kind, size, strides=2, padding="same", data_format="channels_first", tf2=False)
        for kind in (f"GlobalMaxPooling{rank}D", f"GlobalAveragePooling{rank}D"):
            case("usual", kind)
            case("keepdims", kind, keepdims=True)
            case("channels first", kind, data_format="channels_first")
            case("channels first, keepdims", kind, data_format="channels_first", keepdims=True)
        for kind in (f"AdaptiveMaxPooling{rank}D", f"AdaptiveAveragePooling{rank}D"):
            case("one", kind, 1, tf2=False)
            case("windows that overlap", kind, [4, (4, 3), (3, 2, 4)][rank - 1], tf2=False)
            case("more than the input", kind, [13, (9, 6), (5, 4, 7)][rank - 1], tf2=False)
            case("channels first", kind, 2, data_format="channels_first", tf2=False)
    mask = np.array([[1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0], [0] * 10 + [1]], bool)
    case("mask", "GlobalAveragePooling1D", mask=mask)
    case("mask, keepdims", "GlobalAveragePooling1D", mask=mask, keepdims=True)
    case("mask, channels first", "GlobalAveragePooling1D", mask=mask, data_format="channels_first")
    case("mask of nothing", "GlobalAveragePooling1D", mask=mask & [[True], [False]])
