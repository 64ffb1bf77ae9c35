"""The layers that merge several tensors."""

import keras
import numpy as np
import tf_keras

L, L2 = keras.layers, tf_keras.layers


def cases(g):
    x, y, z = (g.input(n, 3, 5, 7) for n in "xyz")
    for kind in ("Add", "Multiply", "Average", "Maximum", "Minimum"):
        make, make2 = getattr(L, kind), getattr(L2, kind)
        g.layer("two", make(), [x, y], tf2=make2())
        g.layer("three", make(), [x, y, z], tf2=make2())
        g.layer("stretched", make(), [x[:, :1], y, z[:, :, :1]], tf2=make2())
        g.layer("of lower rank", make(), [x[:, 0], y, z[:, :1, 0]])
    g.layer("one", L.Add(), [x])
    g.layer("two", L.Subtract(), [x, y], tf2=L2.Subtract())
    g.layer("stretched", L.Subtract(), [x[:, :1], y], tf2=L2.Subtract())

    for axis in (-1, 1, 2, 0):
        g.layer(f"axis {axis}", L.Concatenate(axis=axis), [x, y, z], tf2=L2.Concatenate(axis=axis))
    g.layer("of other lengths", L.Concatenate(axis=1), [x, y[:, :2], z[:, :1]], tf2=L2.Concatenate(axis=1))
    g.layer("two axes", L.Concatenate(), [x[0], y[0, :, :2]])

    a, b, c = g.input("a", 3, 5), g.input("b", 3, 4, 5), g.input("c", 3, 6, 2, 5)
    for name, axes, left, right in (
        ("vectors", 1, a, a[::-1].copy()),
        ("a matrix and a vector", [2, 1], b, a),
        ("a vector and a matrix", [1, 2], a, b),
        ("matrices", [2, 2], b, x[:, :, :5]),
        ("matrices, other axes", [1, 1], b, x[:, :4]),
        ("matrices, negative axis", -1, b, x[:, :, :5]),
        ("more axes", [2, 3], b, c),
        ("more axes on both sides", [1, 2], g.input("d", 3, 2, 4, 3), c),
        ("an axis in the middle", [2, 1], c, g.input("e", 3, 2, 4)),
    ):
        for normalize in (False, True):
            tf2 = L2.Dot(axes, normalize=normalize) if left.ndim < 4 and right.ndim < 4 else None
            g.layer(f"{name}, normalize {normalize}", L.Dot(axes, normalize=normalize), [left, right], tf2=tf2)
    g.layer("nothing to normalize", L.Dot(1, normalize=True), [np.zeros_like(a), a])
