"""Makes the files of this directory with the reference implementations: pip install safetensors==0.8.0 huggingface_hub numpy
ml_dtypes.

sums.json has, for each file and tensor, dtype, shape and the SHA-256 of the bytes.
"""
import hashlib
import json
import os

import ml_dtypes
import numpy as np
from huggingface_hub.serialization._base import split_state_dict_into_shards_factory
from safetensors import TensorSpec, serialize
from safetensors.numpy import save_file

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(13)
sums = {}


def note(name, tensors):
    sums[name] = {
        k: {"dtype": t.dtype.name, "shape": list(t.shape), "sha256": hashlib.sha256(t.tobytes()).hexdigest()}
        for k, t in tensors.items()
    }


def write(name, tensors, metadata=None):
    """save_file for more dtypes: it supports fewer than the function that it calls."""
    specs = {
        k: TensorSpec(dtype=t.dtype.name, shape=t.shape, data_ptr=t.ctypes.data, data_len=t.nbytes) for k, t in tensors.items()
    }
    with open(name, "wb") as f:
        f.write(serialize(specs, metadata=metadata))
    note(name, tensors)


def values(dtype, *shape):
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(bool)
    if np.dtype(dtype).kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    if np.dtype(dtype).kind == "c":
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


dtypes = [
    np.bool_, np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64, np.float16, np.float32, np.float64,
    np.complex64, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fnuz, ml_dtypes.float8_e5m2fnuz,
]
write("dtypes.safetensors", {np.dtype(d).name: values(d, 2, 3) for d in dtypes}, {"format": "pt"})
write("shapes.safetensors", {
    "scalar": values(np.float32), "one": values(np.float32, 1), "empty": values(np.float32, 3, 0), "deep": values(np.int8, *[1] * 20, 3),
    "": values(np.uint8, 3), 'é \u2028 \U0001f600 "\\/\b\f\n\r\t\x01\x7f<>&': values(np.float64, 2), "z": values(np.int8, 5),
    "a": values(np.int8, 2), "a.b": values(np.float32, 2), "a/b": values(np.float32, 2),
}, {"key": 'é \u2028 "\\/\n\x01\x7f<>&'})
write("none.safetensors", {})
write("nometadata.safetensors", {"w": values(np.float32, 2, 2)}, {})
save_file({"b": values(np.float32, 3), "w": values(np.float32, 2, 3)}, "linear.safetensors")

# Dtypes without values in Go. NumPy also lacks F6.
buffer = rng.integers(0, 256, 64, dtype=np.uint8)
header = json.dumps({
    "f4": {"dtype": "F4", "shape": [2, 4], "data_offsets": [0, 4]}, "f6": {"dtype": "F6_E2M3", "shape": [4], "data_offsets": [4, 7]},
    "f6b": {"dtype": "F6_E3M2", "shape": [8], "data_offsets": [7, 13]}, "e8": {"dtype": "F8_E8M0", "shape": [3], "data_offsets": [13, 16]},
    "w": {"dtype": "F32", "shape": [2], "data_offsets": [16, 24]},
}).encode()
with open("refused.safetensors", "wb") as f:
    f.write(len(header).to_bytes(8, "little") + header + buffer[:24].tobytes())

os.makedirs("sharded", exist_ok=True)
state = {f"layers.{i}.w": values(np.float32, 4, 4) for i in range(5)} | {"large": values(np.float32, 10, 10), "é": values(np.float32, 3)}
split = split_state_dict_into_shards_factory(
    state, get_storage_size=lambda t: t.nbytes, get_storage_id=lambda t: None, filename_pattern="model{suffix}.safetensors", max_shard_size=150)
for name, keys in split.filename_to_tensors.items():
    save_file({k: state[k] for k in keys}, f"sharded/{name}", metadata={"format": "pt"})
with open("sharded/model.safetensors.index.json", "w") as f:
    f.write(json.dumps({"metadata": split.metadata, "weight_map": split.tensor_to_filename}, indent=2, sort_keys=True) + "\n")
note("sharded", state)

with open("sums.json", "w") as f:
    json.dump(sums, f, indent=1)
