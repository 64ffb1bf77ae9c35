"""Describes a checkpoint for expect.json. The values are from TensorFlow's reader, and their positions from the index
file.

  keys    [{key, dtype, shape, at | slices, sha256, nbytes, hex | values_b64 | value_sha256}] in the byte order of keys.
          sha256 is the hash of the tensor's bytes in a data file, little-endian and row-major, with the parts of a
          partitioned tensor assembled (for strings: lengths, their checksum, contents). `at` is the index entry:
          shard, offset, size, masked crc32c; `slices` are a partitioned tensor's parts as [start, length] per axis
          (length -1: the whole axis). Short numeric tensors are given as `hex`, strings as `values_b64`, the object
          graph as `value_sha256`.
  graph   the object graph with the field names of TrackableObjectGraph; null if there is none.
"""
import base64
import hashlib
import os

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import tensor_bundle_pb2, trackable_object_graph_pb2
from tensorflow.python.training import py_checkpoint_reader

from . import table

GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
SHORT = 48  # number of bytes of a tensor that are shown


def checkpoint(prefix):
    return {"keys": keys(prefix), "graph": graph(prefix)}


def open_reader(prefix):
    return py_checkpoint_reader.NewCheckpointReader(prefix)     # load_checkpoint would look for a directory's latest


def keys(prefix):
    reader = open_reader(prefix)
    stored = entries(prefix)
    dtypes = reader.get_variable_to_dtype_map()
    shapes = reader.get_variable_to_shape_map()
    if stored and {k for k in stored if k and k[0] != 0} != {k.encode() for k in shapes}:
        raise AssertionError(prefix + ": the index and TensorFlow's reader disagree on the keys")
    return [record(prefix, reader, key, dtypes[key], shapes[key], stored)
            for key in sorted(shapes, key=str.encode)]


def record(prefix, reader, key, dtype, shape, stored):
    rec = {"key": key, "dtype": dtype.name, "shape": list(shape)}
    raw, entry = None, stored.get(key.encode())
    if entry is not None and entry.slices:
        rec["slices"] = [[[e.start, e.length if e.HasField("length") else -1] for e in s.extent] for s in entry.slices]
    elif entry is not None:
        rec["at"] = {"shard": entry.shard_id, "offset": entry.offset, "size": entry.size, "crc32c": "%08x" % entry.crc32c}
        with open(shard_file(prefix, entry.shard_id, stored[b""].num_shards), "rb") as f:
            f.seek(entry.offset)
            raw = f.read(entry.size)
    if dtype == tf.variant:                     # no Python value; TensorFlow's op would need the original type
        return rec | {"sha256": sha256(raw)}
    value = read(prefix, reader, key, dtype)
    if dtype == tf.string:
        elements = [bytes(v) for v in np.asarray(value, dtype=object).reshape(-1)]
        if key == GRAPH_KEY:
            rec["value_sha256"] = sha256(elements[0])
        else:
            rec["values_b64"] = [base64.b64encode(v).decode() for v in elements]
        return rec | ({} if raw is None else {"sha256": sha256(raw)})
    data = np.ascontiguousarray(value).tobytes()
    if raw is not None and raw != data:
        raise AssertionError("%s: %s is not stored as it is in memory" % (prefix, key))
    rec |= {"sha256": sha256(data), "nbytes": len(data)}
    return rec | ({"hex": data.hex()} if len(data) <= SHORT else {})


def read(prefix, reader, key, dtype):
    try:
        return reader.get_tensor(key)
    except (tf.errors.UnimplementedError, TypeError):   # the reader supports fewer types than the op
        return tf.raw_ops.RestoreV2(prefix=prefix, tensor_names=[key], shape_and_slices=[""], dtypes=[dtype])[0].numpy()


def entries(prefix):
    """The index's entries by key, the header under the empty key; empty for the older single-file format."""
    if not os.path.exists(prefix + ".index"):
        return {}
    with open(prefix + ".index", "rb") as f:
        blocks = table.read(f.read())
    out = {}
    for key, value in (pair for block in blocks for pair in block):
        kind = tensor_bundle_pb2.BundleEntryProto if key else tensor_bundle_pb2.BundleHeaderProto
        out[key] = kind.FromString(value)
    return out


def graph(prefix):
    reader = open_reader(prefix)
    if not reader.has_tensor(GRAPH_KEY):
        return None
    return graph_json(reader.get_tensor(GRAPH_KEY))


def graph_json(serialized):
    proto = trackable_object_graph_pb2.TrackableObjectGraph.FromString(serialized)
    return {"nodes": [node_json(i, n) for i, n in enumerate(proto.nodes)]}


def node_json(number, n):
    node = {
        "id": number,
        "children": [{"name": c.local_name, "id": c.node_id} for c in n.children],
        "attributes": [{f: getattr(a, f) for f in ("name", "full_name", "checkpoint_key")} for a in n.attributes],
        "slot_variables": [{f: getattr(s, f) for f in ("original_variable_node_id", "slot_name", "slot_variable_node_id")}
                           for s in n.slot_variables],
        "has_checkpoint_values": n.has_checkpoint_values.value if n.HasField("has_checkpoint_values") else None,
    }
    if n.HasField("registered_saver"):
        node["registered_saver"] = {"name": n.registered_saver.name, "object_name": n.registered_saver.object_name}
    return node


def shard_file(prefix, shard, shards):
    return "%s.data-%05d-of-%05d" % (prefix, shard, shards)


def sha256(data):
    return hashlib.sha256(data).hexdigest()
