"""Writes the configurations that Keras writes for each class of layer: options.json by Keras 3, options_keras2.json by tf_keras.

    python layers/testdata/options.py

Made with Keras 3.15.1 and tf_keras 2.21.0. TestOptionsAreReadOrNamed checks all keys.
"""

import json
import os
import pathlib

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import keras
import tf_keras

HERE = pathlib.Path(__file__).resolve().parent

def needed(L):
    return {
        "Activation": ["relu"], "AveragePooling1D": [2], "AveragePooling2D": [2], "AveragePooling3D": [2], "AdaptiveAveragePooling1D": [2], "AdaptiveAveragePooling2D": [2], "AdaptiveAveragePooling3D": [2],
        "AdaptiveMaxPooling1D": [2], "AdaptiveMaxPooling2D": [2], "AdaptiveMaxPooling3D": [2],
        "AlphaDropout": [0.5], "Bidirectional": [L.LSTM(2)], "CategoryEncoding": [3],
        "Conv1D": [2, 2], "Conv2D": [2, 2], "Conv3D": [2, 2], "Conv1DTranspose": [2, 2], "Conv2DTranspose": [2, 2], "Conv3DTranspose": [2, 2],
        "ConvLSTM1D": [2, 2], "ConvLSTM2D": [2, 2], "ConvLSTM3D": [2, 2], "Dense": [2], "DepthwiseConv1D": [2], "DepthwiseConv2D": [2],
        "Dot": [1], "Dropout": [0.5], "EinsumDense": ["ab,bc->ac", 3], "Embedding": [3, 2], "GRU": [2], "GRUCell": [2],
        "GaussianDropout": [0.5], "GaussianNoise": [0.5], "GroupQueryAttention": [2, 4, 2], "LSTM": [2], "LSTMCell": [2],
        "MultiHeadAttention": [2, 3], "Permute": [(2, 1)], "RNN": [L.LSTMCell(2)], "RepeatVector": [2], "Rescaling": [2.0], "Reshape": [(2, 1)],
        "SeparableConv1D": [2, 2], "SeparableConv2D": [2, 2], "SimpleRNN": [2], "SimpleRNNCell": [2], "SpatialDropout1D": [0.5],
        "SpatialDropout2D": [0.5], "SpatialDropout3D": [0.5], "SpectralNormalization": [L.Dense(2)], "StackedRNNCells": [[L.LSTMCell(2)]],
        "TimeDistributed": [L.Dense(2)],
    }


NAMED = {"Discretization": {"bin_boundaries": [0.0, 1.0]}, "StringLookup": {"vocabulary": ["a"]}, "IntegerLookup": {"vocabulary": [1]}}


def configurations(library):
    configs = {}
    L = library.layers
    arguments = needed(L)
    for name in sorted(dir(L)):
        layer = getattr(L, name)
        if not (isinstance(layer, type) and issubclass(layer, L.Layer)):
            continue
        try:
            made = layer(*arguments.get(name, []), **NAMED.get(name, {}), name="layer")
            configs[name] = json.loads(json.dumps(library.saving.serialize_keras_object(made)))["config"]
        except Exception:
            continue
    return configs


def main():
    for library, file in ((keras, "options.json"), (tf_keras, "options_keras2.json")):
        configs = configurations(library)
        (HERE / file).write_text(json.dumps(configs, separators=(",", ":"), sort_keys=True) + "\n")
        print(file, len(configs), "classes")


if __name__ == "__main__":
    main()
