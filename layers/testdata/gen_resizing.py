"""Layers that change the size of images: Resizing and CenterCrop."""

import keras
import tf_keras

L, L2 = keras.layers, tf_keras.layers


def cases(g):
    small, wide = g.input("small", 2, 5, 4, 2), g.input("wide", 1, 4, 11, 2)
    for how in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic"):
        of3 = how not in ("area", "gaussian", "mitchellcubic")  # Keras 3 does not have them
        for name, size, x in (("larger", (7, 9), small), ("smaller", (3, 2), small), ("one side smaller", (6, 3), wide), ("one pixel", (1, 1), small)):
            if of3:
                g.layer(f"{how}, {name}", L.Resizing(*size, interpolation=how), x, tf2=L2.Resizing(*size, interpolation=how))
                if name != "larger":
                    g.layer(f"{how}, {name}, antialias", L.Resizing(*size, interpolation=how, antialias=True), x)
            else:
                g.layer(f"{how}, {name}", L2.Resizing(*size, interpolation=how), x)
        if of3:
            g.layer(f"{how}, larger, antialias", L.Resizing(6, 5, interpolation=how, antialias=True), small)
    images = {"small": small, "wide": wide, "one image": wide[0]}
    for name, x in images.items():
        for size in ((3, 5), (8, 3), (5, 4)):
            g.layer(f"{name} cropped to {size}", L.Resizing(*size, crop_to_aspect_ratio=True), x, tf2=L2.Resizing(*size, crop_to_aspect_ratio=True))
            g.layer(f"{name} padded to {size}", L.Resizing(*size, pad_to_aspect_ratio=True, fill_value=0.5), x)
            g.layer(f"{name}, middle {size}", L.CenterCrop(*size), x, tf2=L2.CenterCrop(*size))
    first = g.input("first", 2, 3, 5, 4)
    for options in ({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "interpolation": "bicubic", "antialias": True}):
        g.layer(f"channels first, {options}", L.Resizing(3, 6, data_format="channels_first", **options), first)
    g.layer("channels first", L.CenterCrop(3, 2, data_format="channels_first"), first)
    g.layer("channels first, larger", L.CenterCrop(6, 2, data_format="channels_first"), first)
