"""Layers that do nothing at inference, and Rescaling."""

import keras

L = keras.layers


def cases(g):
    x = g.input("x", 3, 5, 7)
    for layer in (
        L.Identity(),
        L.Dropout(0.4, noise_shape=(None, 1, None)),
        L.SpatialDropout1D(0.3),
        L.GaussianDropout(0.2),
        L.GaussianNoise(0.5),
        L.AlphaDropout(0.5),
        L.ActivityRegularization(0.1, 0.2),
    ):
        g.layer("as it is", layer, x)
    y = g.input("y", 2, 3, 5, 7)
    g.layer("as it is", L.SpatialDropout2D(0.3), y)
    g.layer("channels first", L.SpatialDropout2D(0.3, data_format="channels_first"), y)
    g.layer("as it is", L.SpatialDropout3D(0.3), y[..., None])

    g.layer("scale", L.Rescaling(1 / 255), 100 * x)
    g.layer("scale and offset", L.Rescaling(2.0, offset=-1.0), x)
    g.layer("a scale and an offset for each channel", L.Rescaling([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], offset=[1, 2, 3, 4, 5, 6, 7]), x)
    g.layer("an offset of two axes", L.Rescaling(3.0, offset=[[1], [2], [3], [4], [5]]), x)
