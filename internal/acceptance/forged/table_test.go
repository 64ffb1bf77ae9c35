package forged

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/snappy"

	"github.com/gockpt/ckpt/format/sstable"
)

// A tableEntry is a key and its value.
type tableEntry struct {
	key   string
	value []byte
}

// A tableLayout determines how a table is written, and how many values in it are wrong. The zero tableLayout is TensorFlow's.
type tableLayout struct {
	perBlock int // entries; 0: as many as TensorFlow's writer puts there
	restart  int // entries from one restart point to the next
	snappy   bool
	edits    int // of the bytes of blocks, before their checksums are made
	lies     int // in the index block and the footer
}

// A blockHandle is an entry of the index block.
type blockHandle struct {
	bound        string
	offset, size uint64
}

// write returns a table of entries. The checksums of its blocks are right, whatever the blocks contain.
func (l tableLayout) write(entries []tableEntry, d *dice) []byte {
	if l.perBlock == 0 {
		var out bytes.Buffer
		w := sstable.NewWriter(&out)
		for _, e := range entries {
			if w.Add([]byte(e.key), e.value) != nil {
				l.perBlock, l.restart = len(entries), 16 // not in order, which the other writer rejects
				return l.write(entries, d)
			}
		}
		_ = w.Close() // writing to a buffer does not fail
		return out.Bytes()
	}
	var file []byte
	block := func(contents []byte, compress bool) (h blockHandle) {
		kind := byte(0)
		if compress {
			contents, kind = snappy.Encode(nil, contents), 1
		}
		if l.edits > 0 && d.n(2) == 0 {
			l.edits--
			contents = d.bytes(contents)
		}
		h.offset, h.size = uint64(len(file)), uint64(len(contents))
		file = append(append(file, contents...), kind)
		crc := crc32.Checksum(file[h.offset:], castagnoli)
		file = binary.LittleEndian.AppendUint32(file, sstable.Mask(crc))
		return h
	}
	var index []blockHandle
	for start := 0; start < len(entries); start += l.perBlock {
		some := entries[start:min(start+l.perBlock, len(entries))]
		h := block(blockOf(some, l.restart), l.snappy)
		h.bound = some[len(some)-1].key
		index = append(index, h)
	}
	meta := block(blockOf(nil, 1), false)
	own := blockHandle{offset: uint64(len(file)), size: 64}
	for range l.lies {
		if len(index) == 0 {
			break
		}
		i, j := d.n(len(index)), d.n(len(index))
		switch h := &index[i]; d.n(8) {
		case 0:
			h.offset = uint64(d.number(int64(h.offset)))
		case 1:
			h.size = uint64(d.number(int64(h.size)))
		case 2: // two entries refer to the same block
			h.offset, h.size = index[j].offset, index[j].size
		case 3: // an entry refers to the index block itself or to the metaindex block
			h.offset, h.size = [...]blockHandle{own, meta}[d.n(2)].offset, own.size
		case 4:
			h.bound = d.text(h.bound)
		case 5:
			index[i], index[j] = index[j], index[i]
		case 6: // blocks overlap
			h.offset += uint64(d.n(16))
		default:
			index = append(index, *h)
		}
	}
	var handles []tableEntry
	for _, h := range index {
		handles = append(handles, tableEntry{h.bound, binary.AppendUvarint(binary.AppendUvarint(nil, h.offset), h.size)})
	}
	at := block(blockOf(handles, 1), l.snappy && l.lies > 0)
	numbers := []*uint64{&meta.offset, &meta.size, &at.offset, &at.size}
	if l.lies > 0 && d.n(3) == 0 {
		p := numbers[d.n(len(numbers))]
		*p = uint64(d.number(int64(*p)))
	}
	var footer []byte
	for _, p := range numbers {
		footer = binary.AppendUvarint(footer, *p)
	}
	footer = append(footer, make([]byte, 40)...)[:40]
	return binary.LittleEndian.AppendUint64(append(file, footer...), 0xdb4775248b80fb57)
}

// blockOf encodes a block. It keeps the order of the entries.
func blockOf(entries []tableEntry, restart int) []byte {
	var b []byte
	restarts := []uint32{}
	last := ""
	for i, e := range entries {
		shared := 0
		if i%max(restart, 1) == 0 {
			restarts = append(restarts, uint32(len(b)))
		} else {
			for shared < min(len(last), len(e.key)) && last[shared] == e.key[shared] {
				shared++
			}
		}
		for _, n := range []int{shared, len(e.key) - shared, len(e.value)} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		b = append(append(b, e.key[shared:]...), e.value...)
		last = e.key
	}
	if len(restarts) == 0 {
		restarts = []uint32{0}
	}
	for _, r := range restarts {
		b = binary.LittleEndian.AppendUint32(b, r)
	}
	return binary.LittleEndian.AppendUint32(b, uint32(len(restarts)))
}
