"""Splits a one-shard checkpoint into its parts, and assembles it with one change and right checksums."""
import pathlib
import struct

from tensorflow.core.protobuf import tensor_bundle_pb2

from . import table

STRING = 7
WIDTHS = {1: 4, 2: 8, 3: 4, 9: 8}       # number of bytes to swap, for the dtypes in the base checkpoint


class Forgery:
    """pairs are the index's entries in order, and data is the data file. Change them, then call
    write."""

    def __init__(self, prefix):
        self.data = bytearray(pathlib.Path(prefix + ".data-00000-of-00001").read_bytes())
        self.pairs = [pair for block in table.read(pathlib.Path(prefix + ".index").read_bytes()) for pair in block]
        self.table = {}                                 # arguments of table.write
        self.index = lambda data: data                  # a last change to the index file; None: no file
        self.data_name = ".data-00000-of-00001"         # None: no file

    def write(self, prefix):
        index = self.index(table.write(self.pairs, **self.table))
        if index is not None:
            pathlib.Path(prefix + ".index").write_bytes(index)
        if self.data_name is not None:
            pathlib.Path(prefix + self.data_name).write_bytes(self.data)

    def value(self, key):
        return dict(self.pairs)[key.encode()]

    def put(self, key, value):
        """Replaces the stored value of a key, or removes it if value is None."""
        self.pairs = [(k, value if k == key.encode() else v) for k, v in self.pairs]
        self.pairs = [(k, v) for k, v in self.pairs if v is not None]

    def header(self):
        return tensor_bundle_pb2.BundleHeaderProto.FromString(self.value(""))

    def entry(self, key):
        return tensor_bundle_pb2.BundleEntryProto.FromString(self.value(key))

    def edit(self, key, change):
        """Calls change with the entry of a key, and stores the changed entry."""
        entry = self.entry(key)
        change(entry)
        self.put(key, entry.SerializeToString(deterministic=True))

    def stored(self, key):
        entry = self.entry(key)
        return bytes(self.data[entry.offset:entry.offset + entry.size])

    def store(self, key, raw, checksum=None):
        """Stores other bytes for a key at the end of the data file, with their checksum."""
        def change(entry):
            entry.offset, entry.size = len(self.data), len(raw)
            entry.crc32c = table.mask(table.crc32c(raw) if checksum is None else checksum)
        self.edit(key, change)
        self.data += raw


def string_tensor(elements, lengths=None, order="<"):
    """The bytes of a string tensor and their unmasked checksum. lengths replaces the true lengths."""
    lengths = [len(e) for e in elements] if lengths is None else lengths
    crc = 0
    for n in lengths:
        crc = table.crc32c(struct.pack(order + ("I" if n < 1 << 32 else "Q"), n), crc)
    word = struct.pack(order + "I", table.mask(crc))
    body = b"".join(elements)
    return b"".join(map(table.uvarint, lengths)) + word + body, table.crc32c(word + body, crc)


def split_strings(raw, count):
    """The elements of a string tensor."""
    lengths, at = [], 0
    for _ in range(count):
        n, at = table.read_uvarint(raw, at)
        lengths.append(n)
    at += 4
    elements = []
    for n in lengths:
        elements.append(raw[at:at + n])
        at += n
    return elements


def to_big_endian(forgery):
    """Rewrites a checkpoint as a big-endian machine would have stored it."""
    data, moved = bytearray(), forgery.pairs[1:]
    for key, value in moved:
        entry = tensor_bundle_pb2.BundleEntryProto.FromString(value)
        raw = bytes(forgery.data[entry.offset:entry.offset + entry.size])
        if entry.dtype == STRING:
            count = 1
            for dim in entry.shape.dim:
                count *= dim.size
            raw, crc = string_tensor(split_strings(raw, count), order=">")
        else:
            width = WIDTHS[entry.dtype]
            raw = b"".join(raw[i:i + width][::-1] for i in range(0, len(raw), width))
            crc = table.crc32c(raw)
        entry.offset, entry.crc32c = len(data), table.mask(crc)
        data += raw
        forgery.put(key.decode(), entry.SerializeToString(deterministic=True))
    forgery.data = data
    header = forgery.header()
    header.endianness = tensor_bundle_pb2.BundleHeaderProto.BIG
    forgery.put("", header.SerializeToString(deterministic=True))
