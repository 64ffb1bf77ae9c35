"""EinsumDense with equations of every form."""

import keras
import tf_keras

L, L2 = keras.layers, tf_keras.layers


def cases(g):
    x = g.input("x", 3, 5, 7)
    y = g.input("y", 3, 2, 5, 7)
    for equation, shape, options, at in (
        ("abc,cd->abd", [None, 4], {"bias_axes": "d"}, x),
        ("abc,cd->abd", [5, 4], {"activation": "softmax"}, x),
        ("abc,cde->abde", [None, 2, 4], {"bias_axes": "de", "activation": "tanh"}, x),
        ("abc,cde->abed", [None, 4, 2], {"bias_axes": "e"}, x),
        ("abc,bcd->ad", [4], {"bias_axes": "d"}, x),
        ("abc,bd->adc", [4, 7], {"bias_axes": "dc"}, x),
        ("abc,bcd->abd", [5, 4], {"bias_axes": "bd"}, x),
        ("abc,bd->abcd", [5, 7, 4], {"bias_axes": "b"}, x),
        ("abc,dc->abd", [None, 4], {}, x),
        ("abc,bc->abc", [5, 7], {"bias_axes": "c"}, x),
        ("...x,xy->...y", 4, {"bias_axes": "y", "activation": "relu"}, y),
        ("...x,xy->...y", 4, {}, x[0]),
        ("...bc,cd->...bd", [5, 4], {"bias_axes": "bd"}, y),
        ("ab...,bc->ac...", [4], {"bias_axes": "c"}, y),
        ("ab...,bc->ac...", [4], {"bias_axes": "c"}, x[0]),
        ("abcd,bde->ace", [5, 4], {"bias_axes": "ce"}, y),
    ):
        g.layer(f"{equation} {options} on {at.ndim} axes", L.EinsumDense(equation, shape, **options), at, tf2=L2.EinsumDense(equation, shape, **options))
