"""Recurrent layers, their cells and their wrappers."""

import keras
import numpy as np
import tf_keras

K, T = keras.layers, tf_keras.layers

# Masks the first step, one in between, the last, or a whole sequence.
MASK = np.array([[0, 1, 1, 0, 1], [1, 1, 1, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], bool)


def cases(g):
    def case(name, make, shape=(3, 5, 4), tf2=True, states=0, **kwargs):
        """make(layers) makes the layer with Keras 3 or tf_keras."""
        x = g.input(name, *shape)
        inputs = [x]
        if states:
            inputs.append([g.input(f"{name}, state {i}", shape[0], 6) for i in range(states)])
        g.layer(name, make(K), *inputs, tf2=make(T) if tf2 else None, **kwargs)

    for cls, states in (("SimpleRNN", 1), ("LSTM", 2), ("GRU", 1)):
        def make(units=6, **options):
            return lambda layers: getattr(layers, cls)(units, name="r", **options)

        case(f"{cls}: the last output", make())
        case(f"{cls}: all outputs", make(return_sequences=True))
        case(f"{cls}: backwards", make(return_sequences=True, go_backwards=True))
        case(f"{cls}: backwards, the last output and states", make(go_backwards=True, return_state=True))
        case(f"{cls}: initial states, all outputs and states", make(return_sequences=True, return_state=True), states=states)
        case(f"{cls}: no bias, other functions", make(use_bias=False, activation="relu", **({} if cls == "SimpleRNN" else {"recurrent_activation": "tanh"})))
        case(f"{cls}: a function of the whole row", make(activation="softmax"), tf2=False)
        case(f"{cls}: one step, one example", make(), shape=(1, 1, 3))
        for name, options in (
            ("the last output", {"return_state": True}),
            ("all outputs", {"return_sequences": True, "return_state": True}),
            ("all outputs backwards", {"return_sequences": True, "go_backwards": True}),
        ):
            case(f"{cls}: masked, {name}", make(**options), shape=(4, 5, 3), mask=MASK)
            case(f"{cls}: masked by zeros, {name}", make(zero_output_for_mask=True, **options), shape=(4, 5, 3), tf2=False, mask=MASK)
        case(f"{cls}: masked from the first step on, initial states", make(return_sequences=True), shape=(4, 5, 3), states=states, mask=MASK)
        case(f"{cls}: larger", make(19, return_sequences=True), shape=(3, 11, 13))
    def before(**options):
        return lambda layers: layers.GRU(6, reset_after=False, name="r", **options)

    case("GRU: reset before", before(return_sequences=True))
    case("GRU: reset before, no bias, hard sigmoid", before(use_bias=False, recurrent_activation="hard_sigmoid"), tf2=False)
    case("GRU: reset before, masked", before(return_sequences=True), shape=(4, 5, 3), mask=MASK)
    case("GRU: reset after, no bias", lambda layers: layers.GRU(6, use_bias=False, return_sequences=True, name="r"))
    case("LSTM: hard sigmoid", lambda layers: layers.LSTM(6, recurrent_activation="hard_sigmoid", name="r"), tf2=False)
    case("RNN over an LSTMCell", lambda layers: layers.RNN(layers.LSTMCell(6), return_sequences=True, return_state=True, name="r"), states=2)
    case("RNN over a GRUCell, masked backwards", lambda layers: layers.RNN(layers.GRUCell(6), go_backwards=True, name="r"), shape=(4, 5, 3), mask=MASK)

    # Keras 3 does not save stacked cells, so the edges are only those of tf_keras.
    def stack(layers, **options):
        return layers.RNN([layers.LSTMCell(6), layers.SimpleRNNCell(3), layers.GRUCell(5)], name="r", **options)

    case("RNN over a stack", lambda layers: stack(layers, return_sequences=True))
    case("RNN over a stack, masked, states", lambda layers: stack(layers, return_state=True, return_sequences=True), shape=(4, 5, 3), mask=MASK)
    case("RNN over a stack of a GRUCell above", lambda layers: layers.RNN(layers.StackedRNNCells([layers.GRUCell(5), layers.LSTMCell(6)]), return_state=True, name="r"))

    def cell(name, layer, *sizes):
        x = g.input(name, 3, 4)
        states = [g.input(f"{name}, state {i}", 3, n) for i, n in enumerate(sizes)]
        g.layer(name, layer, x, states)

    cell("a step of a SimpleRNNCell", K.SimpleRNNCell(6, name="c"), 6)
    cell("a step of an LSTMCell", K.LSTMCell(6, name="c"), 6, 6)
    cell("a step of a GRUCell", K.GRUCell(6, name="c"), 6)
    cell("a step of a GRUCell, reset before", K.GRUCell(6, reset_after=False, name="c"), 6)

    for mode in ("concat", "sum", "mul", "ave", None):
        def both(layers, merge_mode=mode, **options):
            return layers.Bidirectional(layers.LSTM(6, **options), merge_mode=merge_mode, name="b")

        case(f"Bidirectional, {mode}, the last outputs", both)
        case(f"Bidirectional, {mode}, all outputs", lambda layers: both(layers, return_sequences=True))
        case(f"Bidirectional, {mode}, all outputs and states", lambda layers: both(layers, return_sequences=True, return_state=True), states=4)
    def masked(layers, **options):
        return layers.Bidirectional(layers.GRU(6, **options), name="b")

    case("Bidirectional, masked, the last outputs", masked, shape=(4, 5, 3), mask=MASK)
    case("Bidirectional, masked, all outputs", lambda layers: masked(layers, return_sequences=True), shape=(4, 5, 3), mask=MASK)
    case("Bidirectional, the backward layer is another", lambda layers: layers.Bidirectional(
        layers.LSTM(6, return_sequences=True), backward_layer=layers.GRU(3, return_sequences=True, go_backwards=True, activation="relu"), name="b"))
    case("Bidirectional over RNN", lambda layers: layers.Bidirectional(layers.RNN(layers.LSTMCell(6), return_sequences=True), name="b"))
    case("Bidirectional whose forward layer goes backwards", lambda layers: layers.Bidirectional(layers.SimpleRNN(6, go_backwards=True, return_sequences=True),
        backward_layer=layers.SimpleRNN(6, return_sequences=True), name="b"), tf2=False)

    def timed(name, make, shape, **kwargs):
        g.layer(name, K.TimeDistributed(make(K), name="t"), g.input(name, *shape), tf2=T.TimeDistributed(make(T), name="t"), **kwargs)

    timed("TimeDistributed over Dense", lambda layers: layers.Dense(3, activation="relu"), (2, 5, 4))
    timed("TimeDistributed over Dense, masked", lambda layers: layers.Dense(3), (4, 5, 2), mask=MASK)
    timed("TimeDistributed over Conv2D", lambda layers: layers.Conv2D(3, (2, 3)), (2, 3, 5, 7, 2))
    timed("TimeDistributed over LSTM", lambda layers: layers.LSTM(3), (2, 3, 5, 2))
    name = "TimeDistributed over LSTM, masked within"
    mask = np.array([[[1, 1, 0, 0, 0], [0, 1, 1, 0, 1], [1, 1, 1, 1, 1]], [[1, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 0]]], bool)
    g.layer(name, K.TimeDistributed(K.LSTM(3), name="t"), g.input(name, 2, 3, 5, 2), mask=mask)
    timed("TimeDistributed over BatchNormalization", lambda layers: layers.BatchNormalization(), (2, 3, 5))
