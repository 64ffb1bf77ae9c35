"""Makes the HDF5 files of this directory with h5py, and golden.json, which describes their
contents.

    $(.ci/venv) format/hdf5/testdata/gen.py
"""

import hashlib
import json
import pathlib

import h5py
import ml_dtypes
import numpy as np

HERE = pathlib.Path(__file__).parent
golden = {}


def little(a):
    return a.astype(a.dtype.newbyteorder("<"))


def describe(name, dtypes={}):
    """Describes the datasets and attributes of a file. dtypes has the dtypes that NumPy lacks."""
    datasets, attributes = {}, {}

    def visit(path, o):
        for k, v in o.attrs.items():
            if isinstance(v, h5py.Empty):
                continue
            v = np.asarray(v)
            values = [x.decode() if isinstance(x, bytes) else x for x in v.ravel().tolist()]
            attributes[path + "@" + k] = {"shape": list(v.shape), "values": values}

    with h5py.File(HERE / name) as f:
        visit("", f)
        f.visititems(visit)

        def walk(group, prefix):  # visititems skips second names
            for k in group:
                o, path = group[k], prefix + k
                if isinstance(o, h5py.Group):
                    walk(o, path + "/")
                elif o.dtype.kind in "biufV":
                    datasets[path] = {
                        "dtype": dtypes.get(path, o.dtype.newbyteorder("=").name),
                        "shape": list(o.shape),
                        "sha256": hashlib.sha256(little(o[()]).tobytes()).hexdigest(),
                    }

        walk(f, "")
    golden[name] = {"datasets": datasets, "attributes": attributes}


rng = np.random.default_rng(1)

with h5py.File(HERE / "dtypes.h5", "w") as f:
    for d in "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 >i2 >u4 >i8 >f2 >f4 >f8".split():
        f[d.replace(">", "big_")] = rng.integers(0, 2 if d == "bool" else 100, (2, 3)).astype(d)
    f.create_dataset("bfloat16", data=np.arange(6).astype(ml_dtypes.bfloat16)).attrs["dtype"] = "bfloat16"
    f.create_dataset("unmarked", data=np.arange(6).astype(ml_dtypes.bfloat16))
    f.create_dataset("float8", data=np.arange(6).astype(ml_dtypes.float8_e4m3fn)).attrs["dtype"] = "float8_e4m3fn"
    f["scalar"] = np.float32(3)
    f.create_dataset("empty", shape=(0, 3), dtype="float32")
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((5,))
    h5py.h5d.create(f.id, b"compact", h5py.h5t.IEEE_F32LE, space, dcpl=compact).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.arange(5, dtype="float32"))
describe("dtypes.h5", {"bfloat16": "bfloat16", "unmarked": "bfloat16", "float8": "float8_e4m3fn"})

with h5py.File(HERE / "attributes.h5", "w") as f:
    f.attrs["fixed"] = np.array([b"abc", b"d", b""])
    f.attrs["one"] = np.bytes_(b"fixed")
    f.attrs["text"] = "längerer Text"
    f.attrs["texts"] = ["x", "", "yz"]
    f.attrs["none"] = np.asarray([])  # Keras writes this for an empty list of names
    f.attrs["int"] = 3
    f.attrs["floats"] = np.array([[1.5, 2.0]], dtype=">f4")
    f.attrs["yes"] = True
    f.attrs["ü"] = 1
    f.attrs["absent"] = h5py.Empty("float32")
    f.attrs["long"] = "0123456789" * 1000  # longer than a message of a header can be; all of it is in the global heap
    g = f.create_group("a/b\\c/d.e")
    for i in range(50):
        g.attrs["name%d" % i] = "value %d" % i
describe("attributes.h5")

with h5py.File(HERE / "links.h5", "w") as f:  # a B-tree of two levels
    f["w"] = np.arange(3, dtype="int16")
    for i in range(300):
        f["links/%d" % i] = f["w"]

with h5py.File(HERE / "unsupported.h5", "w") as f:
    f.create_dataset("chunked", data=np.zeros((4, 4)), chunks=(2, 2))
    f.create_dataset("gzip", data=np.zeros((4, 4)), compression="gzip")
    f.create_dataset("unwritten", shape=(2, 3), dtype="float32")
    f["strings"] = ["a", "bc"]
    f["fixed"] = np.array([b"a", b"bc"])
    f["complex"] = np.zeros(2, "complex64")
    f["int4"] = np.zeros(2, ml_dtypes.int4)
    f.create_dataset("external", shape=(2,), dtype="float32", external="nowhere.bin")
    f["date"] = np.zeros(2, h5py.opaque_dtype("M8[s]"))

with h5py.File(HERE / "softlink.h5", "w") as f:
    f["link"] = h5py.SoftLink("/w")
with h5py.File(HERE / "latest.h5", "w", libver="latest") as f:
    f["w"] = 1.0
with h5py.File(HERE / "tracked.h5", "w", track_order=True) as f:
    f["w"] = 1.0
with h5py.File(HERE / "committed.h5", "w") as f:
    f["t"] = np.dtype("float32")
with h5py.File(HERE / "userblock.h5", "w", userblock_size=512) as f:
    f["w"] = 1.0
with h5py.File(HERE / "cycle.h5", "w") as f:
    f["g/again"] = f["/"]

(HERE / "golden.json").write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")
