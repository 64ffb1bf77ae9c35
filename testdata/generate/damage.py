"""A good checkpoint, and copies of it with one fault each.

`tf` has TensorFlow's results. It runs in a separate process, because it may crash. `want` has the results that this library
must have: `open` is "ok", "error", or "either" (a fault in one entry may be found at once or when it is asked for), `bad`
lists the keys for which a read must fail (if TensorFlow reads another key right, this library must too), and `restore` tells,
with the same words, whether all of the base can be restored.
"""
import atexit
import os
import struct

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_shape_pb2
from tensorflow.core.protobuf import trackable_object_graph_pb2

from . import forge, table
from .case import case
from .describe import GRAPH_KEY
from .objects import var
from .probe import BASE, Probe, describe, key_of

W, B, S = key_of("w"), key_of("b"), key_of("s")
ALL = sorted([key_of(name) for name in BASE] + [GRAPH_KEY])
PROBE = Probe()
atexit.register(PROBE.close)


def good(prefix="good"):
    """Writes the base checkpoint."""
    tf.train.Checkpoint(w=var(np.arange(12.0).reshape(4, 3), "w"), b=var(np.linspace(-1, 1, 5), "b", tf.float64),
                        n=var(77, "n", tf.int64), s=var(["one", "", "three"], "s", tf.string)).write(prefix)


@case("damaged-none", "What all damaged-* cases are copies of.")
def undamaged():
    good("ckpt")
    return {"prefix": "ckpt"}


def damaged(name, notes="", opens="ok", bad=(), restore=None):
    """Decorates a function that changes a Forgery of the base. By default, restore is an error if any other result
    is."""
    if restore is None:
        restore = "error" if opens == "error" or bad else "ok"

    def add(change):
        @case("damaged-" + name, notes, source=False)
        def run():
            good()
            forgery = forge.Forgery("good")
            for file in ("good.index", "good.data-00000-of-00001"):
                os.remove(file)
            change(forgery)
            forgery.write("ckpt")
            return {"prefix": "ckpt", "keys": None, "want": {"open": opens, "bad": list(bad), "restore": restore}, "tf": describe(PROBE, "ckpt")}
        return change
    return add


def on_entry(name, change, notes="", key=W, **want):
    """A case with one changed entry."""
    want.setdefault("bad", [key])
    damaged("entry-" + name, notes, **want)(lambda f: f.edit(key, change))


def shape(*dims):
    def change(entry):
        entry.shape.CopyFrom(tensor_shape_pb2.TensorShapeProto(dim=[{"size": d} for d in dims]))
    return change


def field(**values):
    def change(entry):
        for name, value in values.items():
            setattr(entry, name, value)
    return change


# The index file.

def on_index(name, change, notes="", opens="error", **want):
    def keep(forgery):
        forgery.index = change
    damaged("index-" + name, notes, opens=opens, **want)(keep)


def flip(at, bit=0):
    """Flips a bit of the byte at a position. Negative positions count from the end."""
    def change(data):
        data = bytearray(data)
        data[at] ^= 1 << bit
        return bytes(data)
    return change


on_index("missing", lambda data: None)
on_index("empty", lambda data: b"")
on_index("cut-below-footer", lambda data: data[:40])
on_index("cut-half", lambda data: data[:len(data) // 2])
on_index("cut-in-footer", lambda data: data[:-1])
on_index("trailing-byte", lambda data: data + b"\0")
on_index("flip-in-block", flip(20))
on_index("flip-in-block-type", lambda data: flip(data.index(b"\0\0\0\0\1\0\0\0\0\xc0\xf2\xa1\xb0") - 5)(data))
on_index("flip-in-checksum", lambda data: flip(data.index(b"\0\0\0\0\1\0\0\0\0\xc0\xf2\xa1\xb0") - 1)(data))
on_index("flip-in-magic", flip(-1))
on_index("flip-in-padding", flip(-9), "Between the handles and the magic number nothing is looked at.", opens="ok")
on_index("flip-in-metaindex-handle", flip(-48), "The metaindex holds nothing that is wanted.", opens="ok")
on_index("flip-in-index-handle", flip(-45, 6), opens="error")
on_index("handle-of-64-gib", lambda data: data[:-48] + (table.uvarint(0) + table.uvarint(8) + table.uvarint(16) +
         table.uvarint(1 << 36)).ljust(40, b"\0") + table.MAGIC)
on_index("handles-overflow", lambda data: data[:-48] + (table.uvarint(0) + table.uvarint(8) + table.uvarint((1 << 64) - 20) +
         table.uvarint(40)).ljust(40, b"\0") + table.MAGIC)


# The table inside it.

@damaged("table-small-blocks", "No damage: blocks of 64 bytes, a restart every second entry.")
def small_blocks(f):
    f.table = {"block_size": 64, "restart_interval": 2}


@damaged("table-snappy", "No damage: compressed blocks.")
def snappy(f):
    f.table = {"compression": table.SNAPPY}


@damaged("table-snappy-small-blocks", "No damage: compressed blocks of 100 bytes.")
def snappy_small_blocks(f):
    f.table = {"compression": table.SNAPPY, "block_size": 100}


@damaged("table-snappy-bomb", "A compressed block that claims to decode to 4 GiB.", opens="error")
def snappy_bomb(f):
    f.index = lambda data: bomb()


def bomb():
    out = bytearray()
    stored = table.uvarint((1 << 32) - 1) + b"\x00a" + b"\xfe\x01\x00" * 40
    handles = []
    for contents, kind in ((stored, table.SNAPPY), (table.block([], 1), table.PLAIN)):
        handles.append(table.uvarint(len(out)) + table.uvarint(len(contents)))
        trailer = bytes([kind])
        out += contents + trailer + struct.pack("<I", table.mask(table.crc32c(contents + trailer)))
    top = table.append_block(out, table.block([(b"z", handles[0])], 1), table.PLAIN)
    return bytes(out) + (handles[1] + top).ljust(40, b"\0") + table.MAGIC


@damaged("table-unknown-compression", "Block type 7.", opens="error")
def unknown_compression(f):
    f.table = {"compression": 7}


@damaged("table-unsorted", opens="error")
def unsorted(f):
    f.pairs[1:] = reversed(f.pairs[1:])


@damaged("table-key-twice", opens="error")
def key_twice(f):
    _, other = f.pairs[2]
    f.pairs.insert(2, (f.pairs[1][0], other))


@damaged("table-flip-in-second-block", "TensorFlow lists what the other blocks hold and says nothing.", opens="error")
def second_block(f):
    f.table = {"block_size": 64}
    f.index = lambda data: flip(data.index(b"/VARIABLE_VALUE") + 80)(data)


@damaged("table-header-only", bad=ALL)
def header_only(f):
    del f.pairs[1:]


@damaged("table-no-entries", opens="error")
def no_entries(f):
    f.pairs.clear()


# The header.

@damaged("header-missing", opens="error")
def header_missing(f):
    f.put("", None)


@damaged("header-garbage", opens="error")
def header_garbage(f):
    f.put("", b"\xff\xff\xff")


def on_header(name, notes="", opens="error", **want):
    def add(change):
        def rewrite(f):
            header = f.header()
            change(header)
            f.put("", header.SerializeToString(deterministic=True))
        damaged("header-" + name, notes, opens=opens, **want)(rewrite)
    return add


on_header("future-version", "min_consumer is 2.")(lambda h: setattr(h.version, "min_consumer", 2))
on_header("bad-consumer", "bad_consumers has version 1.")(lambda h: h.version.bad_consumers.append(1))
on_header("future-producer", "No damage: a later producer whose files may still be read.", opens="ok")(
    lambda h: setattr(h.version, "producer", 1000))
on_header("no-version", "No damage.", opens="ok")(lambda h: h.ClearField("version"))
on_header("no-shards", opens="either", bad=ALL)(lambda h: setattr(h, "num_shards", 0))
on_header("negative-shards", opens="either", bad=ALL)(lambda h: setattr(h, "num_shards", -1))
on_header("two-shards", "The file of one shard is there under the name for one.", opens="ok", bad=ALL)(
    lambda h: setattr(h, "num_shards", 2))
on_header("wrong-endianness", "Little-endian data that is said to be big-endian: numbers would be read as others, but the object "
          "graph's checksum does not fit.", opens="ok", bad=[GRAPH_KEY, S], restore="error")(lambda h: setattr(h, "endianness", 1))
on_header("unknown-endianness", "TensorFlow takes all that is not big-endian for little.", opens="either", restore="either")(lambda h: setattr(h, "endianness", 7))

damaged("big-endian", "No damage: numbers, lengths of strings and their checksums as a big-endian machine stores them.")(
    forge.to_big_endian)


# Entries.

@damaged("entry-garbage", opens="either", bad=[W])
def entry_garbage(f):
    f.put(W, b"\x08\x01\x12\xff\xff\xff\x01")


on_entry("dtype-0", field(dtype=0))
on_entry("dtype-77", field(dtype=77))
on_entry("dtype-ref", field(dtype=101), "DT_FLOAT_REF")
on_entry("dtype-resource", field(dtype=20))
on_entry("dtype-string", field(dtype=7), "Numbers that are said to be strings.")
on_entry("dtype-variant", field(dtype=21), "Numbers that are said to be variants.")
on_entry("dtype-same-size", field(dtype=3), "int32 instead of float32: it reads, but not into what was saved.", bad=[], restore="error")
on_entry("dim-negative", shape(-4, 3))
on_entry("dims-both-negative", shape(-4, -3), "Their product is right.")
on_entry("dims-overflow", shape(1 << 40, 1 << 40))
on_entry("dims-overflow-to-12", shape(1 << 62, 4, 12), "2^64 times 12 is 0 in 64 bits, so the product says nothing.")
on_entry("dims-zero-and-huge", shape(0, 1 << 62, 1 << 62), "Empty, yet no machine can count the other axes.", opens="either")
on_entry("shape-huge", shape(1 << 40), "The size field says 48 bytes.")
on_entry("shape-too-large", shape(4, 4))
on_entry("shape-too-small", shape(3))
on_entry("rank-300", shape(*[1] * 300))
on_entry("rank-unknown", lambda e: e.shape.CopyFrom(tensor_shape_pb2.TensorShapeProto(unknown_rank=True)))
on_entry("rank-unknown-with-dims", lambda e: setattr(e.shape, "unknown_rank", True), "TensorFlow goes by the dims.",
         bad=[], restore="either")
on_entry("offset-beyond-file", field(offset=1 << 40))
on_entry("offset-overflow", field(offset=(1 << 63) - 8))
on_entry("offset-negative", field(offset=-8))
on_entry("size-huge", field(size=1 << 40))
on_entry("size-negative", field(size=-48))
on_entry("shard-out-of-range", field(shard_id=1))
on_entry("shard-negative", field(shard_id=-1))
on_entry("checksum-wrong", field(crc32c=12345))
on_entry("checksum-zero", field(crc32c=0))
on_entry("both-huge", lambda e: (shape(1 << 40)(e), field(size=1 << 42)(e)), "Shape and size agree, on more than there is.")
on_entry("string-shape-huge", shape(1 << 40), "More strings than bytes.", key=S)


def add_slice(entry, *extents):
    """Adds a slice of (start, length) per axis, or () for the whole axis."""
    part = entry.slices.add()
    for extent in extents:
        part.extent.add(**dict(zip(("start", "length"), extent)))


@damaged("entry-slices-without-parts", bad=[W])
def slices_without_parts(f):
    def change(entry):
        add_slice(entry, (0, 2), ())
        add_slice(entry, (2, 2), ())
    f.edit(W, change)


@damaged("entry-slices-leave-a-gap", "The parts that are there do not cover the tensor.", bad=[W])
def slices_with_gap(f):
    part = f.entry(W)
    part.shape.dim[0].size, part.size = 1, 12
    part.crc32c = table.mask(table.crc32c(f.stored(W)[:12]))
    f.pairs.insert(1, (b"\0" + W.encode() + b"\0\1\1\2\x80\x81\x80\x7f", part.SerializeToString(deterministic=True)))

    def whole(entry):
        add_slice(entry, (0, 1), ())
        for name in ("offset", "size", "crc32c"):
            entry.ClearField(name)
    f.edit(W, whole)


@damaged("entry-slices-of-other-rank", bad=[W])
def slices_of_other_rank(f):
    f.edit(W, lambda entry: add_slice(entry, (0, 2)))


@damaged("entry-slices-outside", bad=[W])
def slices_outside(f):
    f.edit(W, lambda entry: add_slice(entry, (-5, 1 << 62), ()))


# String tensors.

@damaged("string-length-huge", "A first length of 2^40, with the right checksums.", bad=[S])
def string_length_huge(f):
    raw, crc = forge.string_tensor([b"one", b"", b"three"], [1 << 40, 0, 5])
    f.store(S, raw, crc)


@damaged("string-too-short", "The lengths add up to more than there is.", bad=[S])
def string_too_short(f):
    raw, crc = forge.string_tensor([b"one", b"", b"three"], [3, 9, 5])
    f.store(S, raw, crc)


@damaged("string-extra-bytes", "The lengths add up to less than there is; TensorFlow reads no further.", opens="ok", bad=[])
def string_extra_bytes(f):
    raw, crc = forge.string_tensor([b"one", b"", b"three"])
    f.store(S, raw + b"more", crc)


@damaged("string-varint-endless", bad=[S])
def string_varint_endless(f):
    f.store(S, b"\xff" * 24)


@damaged("string-length-checksum", bad=[S])
def string_length_checksum(f):
    raw, _ = forge.string_tensor([b"one", b"", b"three"])
    raw = raw[:3] + b"\1\2\3\4" + raw[7:]
    f.store(S, raw)


# The data file.

def on_data(name, notes="", **want):
    def add(change):
        damaged("data-" + name, notes, **want)(change)
        return change
    return add


@on_data("missing", bad=ALL)
def data_missing(f):
    f.data_name = None


@on_data("empty", bad=ALL)
def data_empty(f):
    f.data.clear()


@on_data("cut", "The last tensor is the object graph.", bad=[GRAPH_KEY], restore="error")
def data_cut(f):
    del f.data[-5:]


@on_data("trailing-bytes", "No damage that matters.")
def data_trailing(f):
    f.data += b"more"


@on_data("other-shard-count", "The one file is called 00000-of-00002.", bad=ALL)
def data_other_count(f):
    f.data_name = ".data-00000-of-00002"


@on_data("flip-in-number", bad=[W])
def flip_in_number(f):
    f.data[f.entry(W).offset + 5] ^= 4


@on_data("flip-in-string", bad=[S])
def flip_in_string(f):
    f.data[f.entry(S).offset + 9] ^= 4


@on_data("flip-in-string-length", bad=[S])
def flip_in_string_length(f):
    f.data[f.entry(S).offset] ^= 64


# The object graph.

def on_graph(name, notes="", **want):
    """A case with an object graph that the function makes from the base's. The tensor with the graph is
    right."""
    want.setdefault("restore", "error")

    def add(change):
        def rewrite(f):
            serialized, = forge.split_strings(f.stored(GRAPH_KEY), 1)
            graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(serialized)
            made = change(graph)
            raw, crc = forge.string_tensor([graph.SerializeToString(deterministic=True) if made is None else made])
            f.store(GRAPH_KEY, raw, crc)
        damaged("graph-" + name, notes, **want)(rewrite)
        return change
    return add


@damaged("graph-missing", "What is left is a checkpoint by names, and the names are not those of variables.", bad=[GRAPH_KEY])
def graph_missing(f):
    f.put(GRAPH_KEY, None)


@on_graph("garbage")
def graph_garbage(_):
    return b"\x0a\xff\xff\xff\xff\x07" + b"x" * 20


@on_graph("empty", "No nodes.")
def graph_empty(_):
    return b""


@on_graph("child-out-of-range")
def child_out_of_range(graph):
    graph.nodes[0].children[0].node_id = 99


@on_graph("child-negative")
def child_negative(graph):
    graph.nodes[0].children[0].node_id = -1


@on_graph("child-twice", "Two edges of one name from one node: TensorFlow takes both.", restore="ok")
def child_twice(graph):
    graph.nodes[0].children.add(local_name="w", node_id=graph.nodes[0].children[0].node_id)


@on_graph("key-not-stored")
def key_not_stored(graph):
    graph.nodes[1].attributes[0].checkpoint_key = "nowhere"


@on_graph("slot-out-of-range", "TensorFlow looks at slots only where there is an optimizer.", restore="either")
def slot_out_of_range(graph):
    graph.nodes[1].slot_variables.add(original_variable_node_id=1, slot_name="m", slot_variable_node_id=99)


@on_graph("name-not-utf8")
def name_not_utf8(graph):
    graph.nodes[0].children[0].local_name = "@@"
    return graph.SerializeToString(deterministic=True).replace(b"@@", b"\xff\xfe")
