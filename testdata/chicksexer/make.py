#!/usr/bin/env python3
"""Runs chicksexer 0.2.2 (MIT licence) on some names. TensorFlow 1.1 trained the model to guess a gender from a name.

    pip download --no-deps chicksexer==0.2.2 && unzip chicksexer-0.2.2-*.whl -d package
    python testdata/chicksexer/make.py package

Writes names.json next to itself: {"characters": the characters that the model knows, in the order of their numbers, "names":
{name: TensorFlow's output for the name, from the graph in the package}}. The checkpoint (15 MB) stays in the package.
"""
import json
import os
import pathlib
import pickle
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")     # results that do not depend on the number of threads

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ["John Smith", "Mary Ann Evans", "Ada Lovelace", "Blaise Pascal", "Kim", "Sacha"]


class Stub:
    """Replaces the classes of packages that are not installed."""

    def __setstate__(self, state):
        self.__dict__.update(state)


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        return super().find_class(module, name) if module.startswith("numpy") else type(name, (Stub,), {})


def main():
    models = pathlib.Path(sys.argv[1]) / "chicksexer" / "models"
    with open(models / "instance.pkl", "rb") as f:
        instance = Unpickler(f).load()
    state = instance if isinstance(instance, dict) else instance.__dict__
    characters = [str(c) for c in state["_encoder"]._label_encoder.classes_]
    answers = {}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        saver = tf.compat.v1.train.import_meta_graph(str(models / "model.ckpt.meta"))
        saver.restore(session, str(models / "model.ckpt"))
        for name in NAMES:
            words = [[characters.index(c) for c in "^%s$" % word] for word in name.lower().split(" ")]
            lengths = [len(word) for word in words]
            padded = [word + [0] * (max(lengths) - len(word)) for word in words]
            answers[name] = float(str(np.float32(session.run("softmax_layer/Sigmoid:0", {
                "inputs/X:0": [padded], "inputs/word_lens:0": [len(words)], "inputs/char_lens:0": lengths,
                "inputs/is_train:0": False}))))
    (HERE / "names.json").write_text(json.dumps({"characters": "".join(characters), "names": answers}, indent=1) + "\n")


if __name__ == "__main__":
    main()
