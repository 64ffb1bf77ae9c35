"""ConvLSTM1D, ConvLSTM2D and ConvLSTM3D."""

import keras
import numpy as np
import tf_keras
from gen_conv import compiled

MASK = np.array([[0, 1, 0], [1, 1, 0]], bool)


def cases(g):
    def case(name, rank, shape, filters=3, states=False, tf2=True, channels_first=False, **options):
        call = {"mask": options.pop("mask")} if "mask" in options else {}
        make = [getattr(package.layers, f"ConvLSTM{rank}D")(filters, name="c", recurrent_activation="sigmoid", **options) for package in (keras, tf_keras)]
        inputs = [g.input(name, *shape)]
        if states:
            out = tuple(make[0].compute_output_shape(shape)[0])
            out = out[:1] + out[2:] if options.get("return_sequences") else out
            inputs.append([g.input(f"{name}, state {i}", *out) for i in range(2)])
        g.layer(name, make[0], *inputs, tf2=make[1] if tf2 else None, **call)

    case("lines", 1, (2, 3, 7, 2), kernel_size=3)
    case("lines, same, strided, all outputs", 1, (2, 3, 7, 2), kernel_size=3, strides=2, padding="same", return_sequences=True)
    case("lines, dilated, no bias", 1, (2, 3, 9, 2), kernel_size=2, dilation_rate=2, use_bias=False)
    case("images", 2, (2, 3, 6, 5, 2), kernel_size=(2, 3), return_sequences=True)
    case("images, backwards, same", 2, (2, 3, 5, 4, 2), kernel_size=(2, 3), padding="same", go_backwards=True, activation="relu")
    case("images, initial states", 2, (2, 3, 6, 5, 2), kernel_size=(2, 3), states=True, return_state=True, return_sequences=True, tf2=False)
    case("images, masked", 2, (2, 3, 6, 5, 2), kernel_size=(2, 3), return_sequences=True, mask=MASK)
    case("images, masked by zeros, last", 2, (2, 3, 6, 5, 2), kernel_size=(2, 3), return_state=True, tf2=False, zero_output_for_mask=True, mask=MASK)
    case("images, hard sigmoid", 2, (2, 3, 6, 5, 2), kernel_size=2)
    case("volumes", 3, (2, 3, 4, 3, 5, 2), filters=2, kernel_size=(2, 1, 3), return_sequences=True)

    # TensorFlow does not have these convolutions on a CPU; XLA does.
    name = "images, channels first, initial states"
    layer = keras.layers.ConvLSTM2D(3, (2, 3), strides=2, data_format="channels_first", return_sequences=True, return_state=True, name="c")
    g.layer(name, compiled(layer), g.input(name, 2, 3, 2, 6, 5), [g.input(f"{name}, state {i}", 2, 3, 3, 2) for i in range(2)])
