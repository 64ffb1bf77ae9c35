"""Reads and writes the table format of index files, which TensorFlow does not offer in Python. Parameters that
TensorFlow fixes (block size, restart interval, compression, the checksums) can be chosen. So it can write tables that
are unusual but right, or that have a single error.
"""
import struct

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
FOOTER = 48
PLAIN, SNAPPY = 0, 1


def _table():
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        rows.append(byte)
    return tuple(rows)


_CRC = _table()


def crc32c(data, start=0):
    crc = start ^ 0xFFFFFFFF
    for byte in data:
        crc = _CRC[crc & 0xFF ^ byte] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def mask(crc):
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def uvarint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def read_uvarint(data, at):
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def read(data):
    """The data blocks of a table, each a list of (key, value). The table must be right and not compressed."""
    if data[-8:] != MAGIC:
        raise ValueError("not a table")
    footer = data[-FOOTER:]
    _, at = read_uvarint(footer, 0)
    _, at = read_uvarint(footer, at)
    offset, at = read_uvarint(footer, at)
    size, _ = read_uvarint(footer, at)
    blocks = []
    for _, handle in read_block(data, offset, size):
        offset, at = read_uvarint(handle, 0)
        size, _ = read_uvarint(handle, at)
        blocks.append(read_block(data, offset, size))
    return blocks


def read_block(data, offset, size):
    block = data[offset:offset + size]
    if data[offset + size] != PLAIN:
        raise ValueError("a compressed block")
    if struct.unpack_from("<I", data, offset + size + 1)[0] != mask(crc32c(data[offset:offset + size + 1])):
        raise ValueError("wrong checksum")
    end = size - 4 - 4 * struct.unpack_from("<I", block, size - 4)[0]
    pairs, key, at = [], b"", 0
    while at < end:
        shared, at = read_uvarint(block, at)
        unshared, at = read_uvarint(block, at)
        length, at = read_uvarint(block, at)
        key = key[:shared] + block[at:at + unshared]
        at += unshared
        pairs.append((key, block[at:at + length]))
        at += length
    return pairs


def write(pairs, block_size=262144, restart_interval=16, compression=PLAIN):
    """A table of (key, value) pairs in the given order. A compression other than PLAIN and SNAPPY is written as the type of
    a block with plain contents."""
    out, index, open_block = bytearray(), [], []

    def flush():
        handle = append_block(out, block(open_block, restart_interval), compression)
        index.append((open_block[-1][0], handle))
        open_block.clear()

    for pair in pairs:
        open_block.append(pair)
        if len(block(open_block, restart_interval)) >= block_size:
            flush()
    if open_block:
        flush()
    meta = append_block(out, block([], 1), PLAIN)
    top = append_block(out, block(index, 1), compression)
    return bytes(out) + (meta + top).ljust(FOOTER - 8, b"\0") + MAGIC


def block(pairs, restart_interval):
    out, restarts, last = bytearray(), [0], b""
    for i, (key, value) in enumerate(pairs):
        shared = 0
        if i % restart_interval:
            while shared < min(len(last), len(key)) and last[shared] == key[shared]:
                shared += 1
        elif i:
            restarts.append(len(out))
        out += uvarint(shared) + uvarint(len(key) - shared) + uvarint(len(value)) + key[shared:] + value
        last = key
    return bytes(out) + b"".join(struct.pack("<I", r) for r in restarts + [len(restarts)])


def append_block(out, contents, compression):
    """Appends a block with its trailer, and returns its handle."""
    stored = snappy(contents) if compression == SNAPPY else contents
    handle = uvarint(len(out)) + uvarint(len(stored))
    kind = bytes([compression])
    out += stored + kind + struct.pack("<I", mask(crc32c(stored + kind)))
    return handle


def snappy(data):
    """data in Snappy's block format: literals, and copies of the last 32 KiB."""
    out, seen, at, literal = bytearray(uvarint(len(data))), {}, 0, 0

    def put_literals(end):
        for start in range(literal, end, 60):
            piece = data[start:min(start + 60, end)]
            out.append(len(piece) - 1 << 2)
            out.extend(piece)

    while at + 4 <= len(data):
        before = seen.get(data[at:at + 4])
        seen[data[at:at + 4]] = at
        if before is None or at - before > 32767:
            at += 1
            continue
        length = 4
        while length < 64 and at + length < len(data) and data[before + length] == data[at + length]:
            length += 1
        put_literals(at)
        out += bytes([length - 1 << 2 | 2]) + struct.pack("<H", at - before)
        at += length
        literal = at
    put_literals(len(data))
    return bytes(out)
