"""Attention, AdditiveAttention, MultiHeadAttention and GroupQueryAttention, with masks of every kind."""

import keras
import tf_keras

L, L2 = keras.layers, tf_keras.layers




def masked(g, name, x, keep=0.6, first=True):
    """A mask for the steps of x. Every row has at least one step."""
    mask = g.rng("mask " + name).random(x.shape[:2]) < keep
    mask[:, 0] = first
    return mask


def cases(g):
    q, v, k = g.input("q", 3, 5, 7), g.input("v", 3, 6, 7), g.input("k", 3, 6, 7)
    w = g.input("wide values", 3, 6, 4)
    qm, vm = masked(g, "q", q), masked(g, "v", v)

    for options in ({}, {"use_scale": True}, {"score_mode": "concat"}, {"use_scale": True, "score_mode": "concat", "dropout": 0.4}):
        g.layer(f"query and value {options}", L.Attention(**options), [q, v], tf2=L2.Attention(**options))
    g.layer("query, value and key", L.Attention(use_scale=True), [q, w, k])
    g.layer("causal", L.Attention(), [q, v], use_causal_mask=True)
    g.layer("causal, fewer values than queries", L.Attention(), [v, q], use_causal_mask=True)
    g.layer("scores", L.Attention(use_scale=True), [q, v], return_attention_scores=True)
    g.layer("masks of query and value", L.Attention(), [q, v], mask=[qm, vm])
    g.layer("a mask of the value, causal, with scores", L.Attention(score_mode="concat"), [q, v], mask=[None, vm], use_causal_mask=True, return_attention_scores=True)
    g.layer("a mask of nothing", L.Attention(), [q, v], mask=[qm, vm & False])

    g.layer("additive", L.AdditiveAttention(), [q, v], tf2=L2.AdditiveAttention())
    g.layer("additive without scale", L.AdditiveAttention(use_scale=False), [q, v], tf2=L2.AdditiveAttention(use_scale=False))
    g.layer("additive, all at once", L.AdditiveAttention(dropout=0.2), [q, w, k], mask=[qm, vm], use_causal_mask=True, return_attention_scores=True)

    tall, wide = g.input("query", 3, 5, 6), g.input("value", 3, 7, 11)
    key = g.input("key", 3, 7, 4)
    mask = g.rng("attention mask").random((3, 5, 7)) < 0.7
    mask[1, 2] = False  # a query that sees nothing
    for options in (
        {},
        {"value_dim": 4},
        {"use_bias": False},
        {"output_shape": 9},
        {"output_shape": [2, 5]},
        {"use_gate": True, "value_dim": 3},
        {"value_dim": 5, "output_shape": 3, "use_bias": False, "dropout": 0.1},
    ):
        same = {o: options[o] for o in options if o != "use_gate"}
        tf2 = None if "use_gate" in options else L2.MultiHeadAttention(3, 2, **same)
        g.layer(f"value and key {options}", L.MultiHeadAttention(3, 2, **options), tall, wide, key, tf2=tf2)
    g.layer("self", L.MultiHeadAttention(2, 3), tall, tall)
    g.layer("one head", L.MultiHeadAttention(1, 3), tall, wide)
    for options in ({}, {"dropout": 0.3}):
        g.layer(f"a mask {options}", L.MultiHeadAttention(2, 3, **options), tall, wide, attention_mask=mask)
        g.layer(f"a mask for each head {options}", L.MultiHeadAttention(2, 3, **options), tall, wide, attention_mask=g.rng("heads").random((3, 2, 5, 7)) < 0.7)
        g.layer(f"one mask for the batch {options}", L.MultiHeadAttention(2, 3, **options), tall, wide, attention_mask=mask[:1])
        g.layer(f"one mask for all, causal {options}", L.MultiHeadAttention(2, 3, **options), tall, wide, attention_mask=mask[0], use_causal_mask=True)
        g.layer(f"causal {options}", L.MultiHeadAttention(2, 3, **options), tall, wide, use_causal_mask=True)
        g.layer(f"a mask of the value and one of the key {options}", L.MultiHeadAttention(2, 3, **options), tall, wide, value_mask=masked(g, "v", wide), key_mask=masked(g, "k", wide))
        g.layer(f"a mask of nothing {options}", L.MultiHeadAttention(2, 3, **options), tall, wide, value_mask=masked(g, "v", wide, 0, False))
        g.layer(f"a window {options}", L.MultiHeadAttention(2, 3, sliding_window=2, **options), tall, wide)
    g.layer("causal, more queries than values", L.MultiHeadAttention(2, 3), wide, wide[:, :4], use_causal_mask=True)
    g.layer("causal with scores", L.MultiHeadAttention(2, 3), tall, wide, use_causal_mask=True, return_attention_scores=True)
    g.layer("all masks, a window, a gate and scores", L.MultiHeadAttention(2, 3, use_gate=True, sliding_window=3), tall, wide, attention_mask=mask, value_mask=masked(g, "v", wide), use_causal_mask=True, return_attention_scores=True)

    x, y = g.input("grid", 2, 3, 5, 6), g.input("grid of values", 2, 3, 5, 4)
    g.layer("two axes", L.MultiHeadAttention(2, 3), x, y)
    g.layer("two axes of other lengths, scores", L.MultiHeadAttention(2, 3), x, g.input("more", 2, 4, 3, 4), return_attention_scores=True)
    for axes in ([1], [2], [-2], [2, 1]):
        g.layer(f"along axes {axes}", L.MultiHeadAttention(2, 3, attention_axes=axes), x, y, return_attention_scores=True)
    cube = g.input("cube", 2, 3, 4, 5, 6)
    g.layer("along axes that are apart", L.MultiHeadAttention(2, 3, attention_axes=[1, 3]), cube, g.input("other", 2, 7, 4, 3, 5), return_attention_scores=True)
    g.layer("along an axis with a mask", L.MultiHeadAttention(2, 3, attention_axes=[2]), x, y, attention_mask=g.rng("grid mask").random((2, 3, 5, 5)) < 0.8)
    g.layer("along two axes with a mask", L.MultiHeadAttention(2, 3), x, y, attention_mask=g.rng("grid mask").random((2, 3, 5, 3, 5)) < 0.8)

    for options in ({}, {"use_bias": False}, {"use_gate": True}, {"dropout": 0.2}):
        g.layer(f"groups {options}", L.GroupQueryAttention(3, 6, 2, **options), tall, wide)
        g.layer(f"groups, a mask {options}", L.GroupQueryAttention(3, 6, 2, **options), tall, wide, attention_mask=mask)
    g.layer("groups with a key", L.GroupQueryAttention(3, 4, 4), tall, wide, key)
    g.layer("groups, causal", L.GroupQueryAttention(2, 3, 1), tall, wide, use_causal_mask=True)
    g.layer("groups, causal with scores and a window", L.GroupQueryAttention(2, 6, 3, sliding_window=2), tall, wide, use_causal_mask=True, return_attention_scores=True)
    g.layer("groups, a mask for each head", L.GroupQueryAttention(2, 6, 3), tall, wide, attention_mask=g.rng("heads").random((3, 6, 5, 7)) < 0.7)
