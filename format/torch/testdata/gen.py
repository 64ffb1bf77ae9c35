"""Writes the files of this directory with PyTorch, and expect.json, which describes their contents.

    python3 gen.py

needs torch and numpy, and was last run with PyTorch 2.15. For a file that must be rejected, expect.json has a part of the
error instead of tensors.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import pickle
import zipfile

import numpy as np
import torch

torch.manual_seed(1)
EXPECT = {}


def values(t):
    """The bytes of a tensor, little-endian and row-major."""
    if isinstance(t, np.ndarray):
        return np.ascontiguousarray(t).astype(t.dtype.newbyteorder("<")).tobytes()
    return t.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""


def dtype(t):
    return t.dtype.name if isinstance(t, np.ndarray) else str(t.dtype).removeprefix("torch.")


def entry(t):
    if t is None:  # listed, but rejected
        return None
    return {"dtype": dtype(t), "shape": list(t.shape), "sha256": hashlib.sha256(values(t)).hexdigest()}


def save(name, obj, tensors, **options):
    torch.save(obj, name, **options)
    EXPECT[name] = tensors if isinstance(tensors, str) else {k: entry(t) for k, t in tensors.items()}


def rezip(source, name, compression, change=lambda name, data: data):
    """Writes an archive again in another form."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(name, "w", compression) as new:
        for info in old.infolist():
            data = change(info.filename, old.read(info))
            new.writestr(zipfile.ZipInfo(info.filename), data, compression)
    EXPECT[name] = EXPECT[source]


class Config:
    """A class that readers do not know."""

    def __init__(self):
        self.rate, self.parts = 0.1, [1, 2]


class Holder:
    def __init__(self):
        self.weight = torch.ones(2)


class Call:
    def __reduce__(self):
        return os.getenv, ("HOME",)


class Sub(torch.Tensor):
    pass


def models():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 3))
    state = model.state_dict()
    save("zip.pt", state, state)
    for protocol in 3, 4, 5:
        save(f"protocol{protocol}.pt", state, state, pickle_protocol=protocol)
    save("legacy.pth", state, state, _use_new_zipfile_serialization=False)
    for protocol in 1, 4:
        save(f"legacy_protocol{protocol}.pth", state, state, _use_new_zipfile_serialization=False, pickle_protocol=protocol)
    rezip("zip.pt", "deflated.pt", zipfile.ZIP_DEFLATED)

    def big(name, data):
        if name.endswith("/byteorder"):
            return b"big"
        if "/data/" in name:
            size = 8 if len(data) == 8 else 4  # only num_batches_tracked has 8
            return b"".join(data[i : i + size][::-1] for i in range(0, len(data), size))
        return data

    rezip("zip.pt", "big_endian.pt", zipfile.ZIP_STORED, big)
    torch.serialization.set_crc32_options(False)
    save("no_checksums.pt", state, state)
    torch.serialization.set_crc32_options(True)

    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.randn(5, 3)).sum().backward()
        optimizer.step()
    expect = {f"model.{k}": t.clone() for k, t in model.state_dict().items()}
    for i, s in optimizer.state_dict()["state"].items():
        expect |= {f"optimizer.state.{i}.{k}": t for k, t in s.items()}
    array = np.arange(6, dtype=">i2").reshape(2, 3)
    expect |= {"rng.1": torch.get_rng_state(), "arrays.c": array, "arrays.f": np.asfortranarray(array)}
    names = collections.defaultdict(list)
    names["list"] += [torch.ones(1), torch.zeros(2)]
    expect |= {"names.list.0": torch.ones(1), "names.list.1": torch.zeros(2), "args.scale": torch.full((1,), 3.0)}
    save(
        "training.ckpt",
        {
            "epoch": 3, "loss": np.float64(0.5), "best": None, "history": [0.1, 0.2], "path": pathlib.PurePosixPath("a/b"),
            "model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": ("torch", torch.get_rng_state()),
            "arrays": {"c": array, "f": np.asfortranarray(array)}, "names": names, "size": torch.Size([2, 3]), "dtype": torch.float16,
            "device": torch.device("cpu"), "set": {1, 2}, "config": Config(), "class": Config,
            "args": argparse.Namespace(rate=0.1, scale=torch.full((1,), 3.0)),
        },
        expect,
    )  # fmt: skip
    save("whole_module.pt", model, "it is a whole module, torch.nn.modules.container.Sequential")
    save("module_within.pt", {"model": model}, "it is a whole module, torch.nn.modules.container.Sequential")
    torch.jit.script(model).save("script.pt")
    EXPECT["script.pt"] = "it is a TorchScript archive"


def kinds():
    names = "float32 float64 float16 bfloat16 uint8 int8 int16 int32 int64 uint16 uint32 uint64 bool complex64 complex128"
    floats8 = "float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz"
    tensors = {n: torch.tensor([[0, 1, 2], [3, 4, 5]]).to(getattr(torch, n)) for n in names.split()}
    tensors |= {n: torch.tensor([0.5, 1, -2]).to(getattr(torch, n)) for n in floats8.split()}
    save("dtypes.pt", tensors, tensors)
    legacy = {n: t for n, t in tensors.items() if n in names and not n.startswith("uint") or n == "uint8"}
    save("legacy_dtypes.pth", legacy, legacy, _use_new_zipfile_serialization=False)

    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    views = {
        "whole": base, "transposed": base.t(), "rows": base[1:3], "columns": base[:, ::2], "expanded": base[:1].expand(5, 6), "scalar": base[2, 3],
        "empty": base[:0], "permuted": base.reshape(2, 3, 4).permute(2, 0, 1), "part": torch.arange(10)[4:7], "none": torch.zeros(0, 3),
    }  # fmt: skip
    save("views.pt", views, views)
    save("legacy_views.pth", views, views, _use_new_zipfile_serialization=False)

    weight = torch.nn.Parameter(torch.randn(3, 2))
    other = torch.nn.Parameter(torch.randn(2))
    other.note = "an attribute"
    tied = {"emb.weight": weight, "head.weight": weight, "head.bias": other, "buffer": torch.nn.Buffer(torch.ones(1)), "rows": weight.data[:1]}
    save("tied.pt", tied, tied)
    with open("plain.pkl", "wb") as f:
        pickle.dump({"weights": tied, "array": np.arange(3.0), "part": base[1:2].clone().half()}, f)
    EXPECT["plain.pkl"] = {f"weights.{k}": entry(t) for k, t in tied.items()}
    EXPECT["plain.pkl"] |= {"array": entry(np.arange(3.0)), "part": entry(base[1:2].half())}
    save("tensor.pt", torch.arange(3), {"": torch.arange(3)})
    save("list.pt", [torch.ones(1), (torch.zeros(1), 5)], {"0": torch.ones(1), "1.0": torch.zeros(1)})
    save("storage.pt", {"s": torch.arange(3).untyped_storage()}, {"s": torch.arange(3).view(torch.uint8)})
    save("nothing.pt", {"epoch": 1, "rates": [0.1]}, {})


def refused():
    save(
        "listed.pt",
        {
            "plain": torch.ones(1),
            "sparse": torch.eye(3).to_sparse(),
            "csr": torch.eye(3).to_sparse_csr(),
            "quantized": torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.qint8),
            "conjugated": torch.tensor([1 + 2j]).conj(),
            "meta": torch.empty(2, 3, device="meta"),
            "subclass": torch.ones(2).as_subclass(Sub),
            "nested": torch.nested.nested_tensor([torch.ones(1), torch.ones(2)]),
            "e8m0": torch.ones(2).to(torch.float8_e8m0fnu),
            "half": torch.tensor([1j]).to(torch.complex32),
            "text": np.array(["a"]),
        },
        {k: None for k in "sparse csr quantized conjugated meta subclass nested e8m0 half text".split()} | {"plain": torch.ones(1)},
    )
    save("call.pt", {"w": torch.ones(1), "evil": Call()}, "the file calls os.getenv, which reading weights does not need; nothing was called")
    save("holder.pt", {"w": Holder()}, "it is an object of __main__.Holder")
    save("in_set.pt", {"w": {torch.ones(1)}}, "tensors are in a set, where they have no names")
    save("legacy_module.pth", torch.nn.Linear(2, 2), "it is a whole module, torch.nn.modules.linear.Linear", _use_new_zipfile_serialization=False)


def sharded():
    os.makedirs("sharded", exist_ok=True)
    parts = [{"a.weight": torch.ones(2, 3), "a.bias": torch.zeros(2)}, {"b.weight": torch.full((4,), 2.0)}]
    weight_map, size = {}, 0
    for i, part in enumerate(parts):
        file = f"pytorch_model-{i + 1:05}-of-{len(parts):05}.bin"
        torch.save(part, os.path.join("sharded", file))
        weight_map |= {k: file for k in part}
        size += sum(t.nbytes for t in part.values())
    with open("sharded/pytorch_model.bin.index.json", "w") as f:
        json.dump({"metadata": {"total_size": size}, "weight_map": weight_map}, f, indent=2)
    EXPECT["sharded"] = {k: entry(t) for part in parts for k, t in part.items()}


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    models()
    kinds()
    refused()
    sharded()
    with open("expect.json", "w") as f:
        json.dump(EXPECT, f, indent=1)
