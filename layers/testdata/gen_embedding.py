"""Embedding and Masking."""

import keras
import numpy as np
import tf_keras

L, L2 = keras.layers, tf_keras.layers


def cases(g):
    ids = g.rng("ids").integers(0, 11, (3, 5)).astype("int32")
    g.layer("indices", L.Embedding(11, 6), ids, tf2=L2.Embedding(11, 6))
    g.layer("with a mask", L.Embedding(11, 6, mask_zero=True), ids, tf2=L2.Embedding(11, 6, mask_zero=True))
    g.layer("three axes", L.Embedding(11, 3), g.rng("ids").integers(0, 11, (2, 3, 5)).astype("int64"))
    g.layer("one axis", L.Embedding(11, 3), ids[0])
    g.layer("floats are cut off, negative indices count from the end", L.Embedding(7, 3), np.array([[0, 2.9, 6.99], [-0.5, -1, -7]], "float32"))

    x = g.input("masking", 3, 5, 4).round(0)
    x[0, 2] = x[2, 4] = 0
    x[1, 1] = 2
    x[1, 3, 1] = 0
    g.layer("zeros", L.Masking(), x, tf2=L2.Masking())
    g.layer("another value", L.Masking(2.0), x, tf2=L2.Masking(2.0))

    for name, options in {"tied": {}, "not tied": {"tie_weights": False}, "soft cap": {"logit_soft_cap": 2.0}}.items():
        g.layer(f"{name}, scores", L.ReversibleEmbedding(7, 4, **options), g.input("scores", 2, 3, 4), reverse=True)
        g.layer(f"{name}, rows", L.ReversibleEmbedding(7, 4, mask_zero=True, **options), ids % 7)
