"""CategoryEncoding, Discretization, IntegerLookup, and in models the layers similar to StringLookup."""

import keras
import numpy as np

L = keras.layers


def cases(g):
    n = g.rng("n").integers(0, 5, (3, 4)).astype("int32")
    for mode in ("one_hot", "multi_hot", "count"):
        g.layer(mode, L.CategoryEncoding(5, output_mode=mode), n)
        g.layer(f"{mode} of one axis", L.CategoryEncoding(5, output_mode=mode), n[0])
        g.layer(f"{mode} of one column", L.CategoryEncoding(5, output_mode=mode), n[:, :1])
        g.layer(f"{mode} of three axes", L.CategoryEncoding(5, output_mode=mode), np.stack([n, 4 - n], -1))
    g.layer("weights", L.CategoryEncoding(5, output_mode="count"), n, count_weights=g.input("weights", 3, 4))

    x = g.input("x", 3, 5)
    x[0, 0] = 0.5  # a boundary
    for mode in ("int", "one_hot", "multi_hot", "count"):
        g.layer(mode, L.Discretization([-1.0, 0.0, 0.5], output_mode=mode), x)

    v = g.rng("v").integers(10, 20, (3, 4)).astype("int64")
    v[0, 0] = 3
    for options in (
        {},
        {"num_oov_indices": 3},
        {"mask_token": 3},
        {"mask_token": 3, "num_oov_indices": 2},
        {"output_mode": "multi_hot"},
        {"output_mode": "count", "mask_token": 3},
        {"output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf", "idf_weights": [0.5, 0.25, 2.0, 1.5]},
    ):
        g.layer(f"{options}", L.IntegerLookup(vocabulary=[11, 14, 12, 19], **options), v)
    g.layer("with the special tokens in front", L.IntegerLookup(vocabulary=[3, -1, 11, 14, 12], mask_token=3), v)
    g.layer("inverse", L.IntegerLookup(vocabulary=[11, 14, 12], invert=True, mask_token=3), g.rng("i").integers(0, 7, (2, 3)).astype("int64"))
    g.layer("all in the vocabulary", L.IntegerLookup(vocabulary=list(range(10, 20)) + [3], num_oov_indices=0), v)
