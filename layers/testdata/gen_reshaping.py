"""Layers that move values: Flatten, Reshape, Permute, RepeatVector, ZeroPadding, Cropping, UpSampling."""

import keras
import tf_keras

SPACE = {1: (7,), 2: (5, 6), 3: (4, 3, 5)}


def cases(g):
    def case(name, kind, shape, *args, tf2=True, **options):
        old = getattr(tf_keras.layers, kind)(*args, name="r", **options) if tf2 else None
        g.layer(name, getattr(keras.layers, kind)(*args, name="r", **options), g.input(f"{name}, {kind}", *shape), tf2=old)

    case("a row each", "Flatten", (2, 3, 5, 2))
    case("of numbers", "Flatten", (3,))
    case("of rows", "Flatten", (3, 4))
    case("channels first", "Flatten", (2, 3, 5, 2), data_format="channels_first")
    case("channels first, of rows", "Flatten", (2, 3), data_format="channels_first")
    case("another shape", "Reshape", (2, 3, 4), (6, 2))
    case("the rest", "Reshape", (2, 3, 4), (2, -1, 3))
    case("to numbers", "Reshape", (3, 1, 1), ())
    case("two axes", "Permute", (2, 3, 5), (2, 1))
    case("four axes", "Permute", (2, 3, 5, 4, 2), (3, 1, 4, 2))
    case("some times", "RepeatVector", (2, 3), 5)

    for rank in (1, 2, 3):
        last, first = (2, *SPACE[rank], 3), (2, 3, *SPACE[rank])
        pairs = [(3, 1), ((2, 0), (1, 3)), ((0, 1), (1, 0), (2, 1))][rank - 1]
        case("usual", f"ZeroPadding{rank}D", last)
        case("one number", f"ZeroPadding{rank}D", last, 2)
        case("pairs", f"ZeroPadding{rank}D", last, pairs)
        case("usual", f"Cropping{rank}D", last)
        case("one number", f"Cropping{rank}D", last, 1)
        case("pairs", f"Cropping{rank}D", last, pairs)
        size = [3, (2, 3), (1, 3, 2)][rank - 1]
        case("usual", f"UpSampling{rank}D", last)
        case("size", f"UpSampling{rank}D", last, size)
        case("channels first", f"ZeroPadding{rank}D", first, pairs, data_format="channels_first", tf2=rank > 1)
        if rank > 1:
            case("numbers", f"ZeroPadding{rank}D", last, (1, 2, 3)[:rank])
            case("numbers", f"Cropping{rank}D", last, (1, 0, 2)[:rank])
            case("channels first", f"Cropping{rank}D", first, pairs, data_format="channels_first")
            case("channels first", f"UpSampling{rank}D", first, size, data_format="channels_first")
    for how in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"):
        case(how, "UpSampling2D", (2, 7, 5, 3), (3, 4), interpolation=how)
        case(f"{how}, channels first", "UpSampling2D", (2, 3, 4, 5), (2, 3), interpolation=how, data_format="channels_first")
        case(f"{how}, fewer pixels than it looks at", "UpSampling2D", (1, 2, 1, 2), (5, 3), interpolation=how)
