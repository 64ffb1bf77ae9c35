#!/usr/bin/env python3
"""Extracts the files for examples/basicpitch from the package basic-pitch 0.4.0 (Spotify, Apache License 2.0:
LICENSE).

    pip download --no-deps basic-pitch==0.4.0 && unzip basic_pitch-0.4.0-*.whl -d package
    python testdata/basic-pitch/make.py package

Writes beside itself: variables/ (the variables of its SavedModel, as they are), constants.* (what the SavedModel's signature
captures that is no variable: "real" and "imag", the kernels of the spectrogram's highest octave, and "lowpass") and
predictions.* (every eighth frame of what TensorFlow predicts for audio()), checkpoints both.
"""
import os
import pathlib
import shutil
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")     # results that do not depend on the number of threads

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES, EVERY = 43844, 8


def audio():
    """Three sawtooth tones that start one after another, with noise. It uses only integers and divisions, so that every
    language gives the same values. Without noise, silent pitches would be as loud as float32's rounding errors."""
    at = np.arange(SAMPLES)
    x = ((at * at * 7919 + at * 104729) % 65536 / 65536 - 0.5) / 4
    for i, frequency in enumerate((220, 277, 330)):
        at = np.arange(SAMPLES) - i * 12000
        x += np.where(at >= 0, (at * frequency % 22050) / 22050 - 0.5, 0)
    return (x / 4).astype("f4").reshape(1, SAMPLES, 1)


def main():
    package = pathlib.Path(sys.argv[1])
    saved = package / "basic_pitch" / "saved_models" / "icassp_2022" / "nmp"
    shutil.rmtree(HERE / "variables", ignore_errors=True)
    shutil.copytree(saved / "variables", HERE / "variables")
    shutil.copy(next(package.glob("*.dist-info/LICENSE")), HERE / "LICENSE")
    model = tf.saved_model.load(str(saved))
    predict = model.signatures["serving_default"]
    real, imag, lowpass = [c for c in predict.captured_inputs if c.dtype == tf.float32]
    save("constants", {"real": real, "imag": imag, "lowpass": lowpass})
    answers = predict(tf.constant(audio()))
    save("predictions", {name: value[:, ::EVERY] for name, value in answers.items()})


def save(name, tensors):
    names = sorted(tensors)
    tf.raw_ops.SaveV2(prefix=str(HERE / name), tensor_names=names, shape_and_slices=[""] * len(names),
                      tensors=[tf.convert_to_tensor(tensors[n]) for n in names])


if __name__ == "__main__":
    main()
