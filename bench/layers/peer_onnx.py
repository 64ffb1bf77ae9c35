"""ONNX Runtime's side of bench/layers. It builds graphs of the Keras models that peer_tensorflow.py wrote, with the
same weights, in ONNX's layout (channels first), and answers like peer_tensorflow.py. It ends with an error if a graph's
output differs from TensorFlow's.
"""
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import timing


class Graph:
    def __init__(self, weights):
        self.weights, self.nodes, self.constants, self.last = weights, [], [], 0

    def constant(self, value, dtype="f4"):
        self.last += 1
        name = f"c{self.last}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name

    def node(self, op, *inputs, outputs=1, **attributes):
        self.last += 1
        names = [f"t{self.last}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[-1]

    def weight(self, layer, i):
        return self.weights.get(f"{layer['name']}:{i}")

    def activate(self, x, name):
        if name == "softmax":
            return self.node("Softmax", x, axis=-1)
        op = {"relu": "Relu", "gelu": "Gelu", "linear": None}[name]
        return self.node(op, x) if op else x

    def convolve(self, x, kernel, bias, config, group=1):
        kernel = np.moveaxis(kernel, [-1, -2], [0, 1])
        inputs = [x, self.constant(kernel)] + ([self.constant(bias)] if bias is not None else [])
        y = self.node("Conv", *inputs, strides=config["strides"], group=group, auto_pad="SAME_UPPER" if config["padding"] == "same" else "VALID")
        return self.activate(y, config["activation"])

    # One method for each class of Keras. It gets the layer's entry in the JSON and the names of its
    # inputs.

    def Dense(self, layer, x):
        y = self.node("MatMul", x, self.constant(self.weight(layer, 0)))
        return self.activate(self.node("Add", y, self.constant(self.weight(layer, 1))), layer["config"]["activation"])

    def Conv2D(self, layer, x):
        return self.convolve(x, self.weight(layer, 0), self.weight(layer, 1), layer["config"])

    Conv1D = Conv2D

    def DepthwiseConv2D(self, layer, x):
        kernel = self.weight(layer, 0)
        return self.convolve(x, np.swapaxes(kernel, 2, 3), self.weight(layer, 1), layer["config"], group=kernel.shape[2])

    def SeparableConv2D(self, layer, x):
        kernel = self.weight(layer, 0)
        x = self.convolve(x, np.swapaxes(kernel, 2, 3), None, dict(layer["config"], activation="linear"), group=kernel.shape[2])
        return self.convolve(x, self.weight(layer, 1), self.weight(layer, 2), dict(layer["config"], strides=[1, 1]))

    def Conv2DTranspose(self, layer, x):
        kernel = np.transpose(self.weight(layer, 0), [3, 2, 0, 1])
        return self.node("ConvTranspose", x, self.constant(kernel), self.constant(self.weight(layer, 1)), strides=layer["config"]["strides"],
                         auto_pad="SAME_UPPER")

    def MaxPooling2D(self, layer, x):
        return self.node("MaxPool", x, kernel_shape=layer["config"]["pool_size"], strides=layer["config"]["strides"])

    def GlobalAveragePooling2D(self, layer, x):
        return self.node("ReduceMean", x, self.constant([2, 3], "i8"), keepdims=0)

    def ZeroPadding2D(self, layer, x):
        (top, bottom), (left, right) = layer["config"]["padding"]
        return self.node("Pad", x, self.constant([0, 0, top, left, 0, 0, bottom, right], "i8"))

    def BatchNormalization(self, layer, x):
        return self.node("BatchNormalization", x, *(self.constant(self.weight(layer, i)) for i in range(4)), epsilon=layer["config"]["epsilon"])

    def LayerNormalization(self, layer, x):
        return self.node("LayerNormalization", x, self.constant(self.weight(layer, 0)), self.constant(self.weight(layer, 1)), axis=-1,
                         epsilon=layer["config"]["epsilon"])

    def ReLU(self, layer, x):
        top = layer["config"].get("max_value")
        return self.node("Relu", x) if top is None else self.node("Clip", x, self.constant(0.0), self.constant(top))

    def Add(self, layer, *xs):
        return self.node("Add", *xs)

    def LSTM(self, layer, x):
        order = [0, 3, 1, 2]  # the positions of ONNX's gates in Keras's order
        return self.recur("LSTM", layer, x, order, self.weight(layer, 2), np.zeros_like(self.weight(layer, 2)))

    def GRU(self, layer, x):
        bias = self.weight(layer, 2)
        return self.recur("GRU", layer, x, [0, 1, 2], bias[0], bias[1], linear_before_reset=1)

    def recur(self, op, layer, x, order, bias, state_bias, **attributes):
        units = layer["config"]["units"]

        def gates(w):
            return np.concatenate([w[..., g * units:(g + 1) * units] for g in order], -1)

        x = self.node("Transpose", x, perm=[1, 0, 2])
        outputs = 1 if layer["config"]["return_sequences"] else 2  # the last output is the state after the last step
        y = self.node(op, x, self.constant(gates(self.weight(layer, 0)).T[None]), self.constant(gates(self.weight(layer, 1)).T[None]),
                      self.constant(np.concatenate([gates(bias), gates(state_bias)])[None]), outputs=outputs, hidden_size=units, **attributes)
        if outputs == 2:
            return self.node("Squeeze", y, self.constant([0], "i8"))
        return self.node("Transpose", self.node("Squeeze", y, self.constant([1], "i8")), perm=[1, 0, 2])

    def MultiHeadAttention(self, layer, x, *_):
        flat = [self.weight(layer, i).reshape(self.weight(layer, i).shape[0], -1) for i in (0, 2, 4)]
        biases = [self.weight(layer, i).reshape(-1) for i in (1, 3, 5)]
        y = self.node("Attention", x, self.constant(np.concatenate(flat, 1)), self.constant(np.concatenate(biases)),
                      num_heads=layer["config"]["num_heads"], domain="com.microsoft")
        out = self.weight(layer, 6)
        y = self.node("MatMul", y, self.constant(out.reshape(-1, out.shape[-1])))
        return self.node("Add", y, self.constant(self.weight(layer, 7)))


def histories(value):
    """Returns the names of the layers that computed a layer's arguments."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value["config"]["keras_history"][0]]
        value = list(value.values())
    if isinstance(value, list):
        return [name for v in value for name in histories(v)]
    return []


def build(listed):
    """Returns a session for a model, its input, and a function that converts its output."""
    base = pathlib.Path(listed["file"])
    config = json.loads(base.with_suffix(".json").read_text())["config"]
    x = np.fromfile(base.with_suffix(".input"), "<f4").reshape(listed["shape"])
    first = any("Conv" in l["class_name"] or "Pool" in l["class_name"] or l["class_name"] == "BatchNormalization" for l in config["layers"])
    if first:
        x = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    graph, values = Graph(dict(np.load(base.with_suffix(".npz")))), {}
    for layer in config["layers"]:
        if layer["class_name"] == "InputLayer":
            values[layer["name"]] = "x"
        else:
            inputs = [values[name] for name in histories(layer["inbound_nodes"][0]["args"])]
            values[layer["name"]] = getattr(graph, layer["class_name"])(layer, *inputs)
    y = values[config["layers"][-1]["name"]]
    made = helper.make_graph(graph.nodes, "model", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                             [helper.make_tensor_value_info(y, TensorProto.FLOAT, None)], graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = listed["threads"], 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]), x, first


def main(directory):
    calls = {}
    listed = json.loads((pathlib.Path(directory) / "models.json").read_text())
    for entry in listed:
        session, x, first = build(entry)
        got = session.run(None, {"x": x})[0]
        if first and got.ndim > 2:
            got = np.moveaxis(got, 1, -1)
        want = np.fromfile(entry["file"] + ".output", "<f4").reshape(got.shape)
        if np.abs(got - want).max() > 1e-3 * np.abs(want).max():
            sys.exit(f"{entry['name']}: {np.abs(got - want).max()} away from TensorFlow's output, the largest is {np.abs(want).max()}")
        calls[entry["name"]] = lambda session=session, x=x: session.run(None, {"x": x})
    timing.answer(listed, calls)


if __name__ == "__main__":
    main(sys.argv[1])
