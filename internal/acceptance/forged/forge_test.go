package forged

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// A specimen is a checkpoint in parts, so that any part can be forged and every checksum corrected afterwards.
type specimen struct {
	name, prefix string
	open         string            // the argument of Open: the prefix, or the SavedModel's directory
	files        map[string][]byte // all files except the table
	shards       int               // the number of data files to write
	table        string            // the file that is the table: the index, or all of a V1 checkpoint
	entries      []specimenEntry
	graph        *pb.TrackableObjectGraph // nil if there is none
	blob         []byte                   // the stored graph, if its bytes differ from those of graph
	tableLayout  tableLayout
}

// A specimenEntry is an entry of the table. Its value is a message or, without one, any bytes.
type specimenEntry struct {
	key    string
	value  proto.Message
	raw    []byte
	broken bool // keeps the checksum in value, right or wrong
}

// dissect splits the checkpoint with a prefix into its parts.
func dissect(t testing.TB, name string, files map[string][]byte, prefix string) *specimen {
	t.Helper()
	s := &specimen{name: name, prefix: prefix, open: prefix, files: maps.Clone(files), table: bundle.IndexFile(prefix)}
	if _, ok := files[s.table]; !ok {
		s.table = prefix
	}
	if dir := path.Dir(path.Dir(prefix)); path.Base(path.Dir(prefix)) == "variables" && files[dir+"/saved_model.pb"] != nil {
		s.open = dir
	}
	file := files[s.table]
	delete(s.files, s.table)
	table, err := sstable.Open(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err, name)
	for e, err := range table.All() {
		require.NoError(t, err, name)
		entry := specimenEntry{key: string(e.Key)}
		switch {
		case s.v1():
			entry.value = new(pb.SavedTensorSlices)
		case entry.key == "":
			entry.value = new(pb.BundleHeader)
		default:
			entry.value = new(pb.BundleEntry)
		}
		require.NoError(t, proto.Unmarshal(e.Value, entry.value), name)
		if h, ok := entry.value.(*pb.BundleHeader); ok {
			s.shards = int(h.NumShards)
		}
		s.entries = append(s.entries, entry)
		if entry.key == objectgraph.GraphKey {
			e := entry.value.(*pb.BundleEntry)
			b := s.files[s.dataFile(e.ShardId)][e.Offset:][:e.Size]
			n, used := binary.Uvarint(b)
			s.graph = new(pb.TrackableObjectGraph)
			require.NoError(t, proto.Unmarshal(b[used+4:][:n], s.graph), name)
		}
	}
	return s
}

// v1 reports whether the checkpoint has the format that keeps tensors in the table itself.
func (s *specimen) v1() bool { return s.table == s.prefix }

func (s *specimen) header() *pb.BundleHeader {
	if len(s.entries) > 0 {
		if h, ok := s.entries[0].value.(*pb.BundleHeader); ok {
			return h
		}
	}
	return new(pb.BundleHeader)
}

// dataFile returns the original name of a data file, whether or not the file exists.
func (s *specimen) dataFile(shard int32) string {
	return bundle.DataFile(s.prefix, int(shard), s.shards)
}

func (s *specimen) dataFiles() []string {
	return slices.DeleteFunc(ckpttest.SortedKeys(s.files), func(name string) bool { return !strings.HasPrefix(name, s.prefix+".data-") })
}

// clone returns a copy of s that can be forged without changing s.
func (s *specimen) clone() *specimen {
	c := *s
	c.files = make(map[string][]byte)
	for name, b := range s.files {
		c.files[name] = bytes.Clone(b)
	}
	c.entries = slices.Clone(s.entries)
	for i := range c.entries {
		c.entries[i].value = proto.Clone(c.entries[i].value)
	}
	if s.graph != nil {
		c.graph = proto.CloneOf(s.graph)
	}
	return &c
}

// assemble corrects every checksum that is not meant to be wrong, and returns the files.
func (s *specimen) assemble(d *dice) map[string][]byte {
	files := maps.Clone(s.files)
	if s.graph != nil && !s.v1() {
		s.storeGraph(files)
	}
	var raw []tableEntry
	for _, e := range s.entries {
		value := e.raw
		if e.value != nil {
			if b, ok := e.value.(*pb.BundleEntry); ok && !e.broken {
				seal(b, files[s.dataFile(b.ShardId)], s.header().Endianness != 0)
			}
			value, _ = proto.Marshal(e.value)
			value = bytes.ReplaceAll(value, []byte(notUTF8), []byte(invalid))
		}
		raw = append(raw, tableEntry{e.key, value})
	}
	files[s.table] = s.tableLayout.write(raw, d)
	return files
}

// storeGraph appends the graph to its data file if it has changed.
func (s *specimen) storeGraph(files map[string][]byte) {
	for _, e := range s.entries {
		b, ok := e.value.(*pb.BundleEntry)
		if !ok || e.key != objectgraph.GraphKey || e.broken {
			continue
		}
		blob := s.blob
		if blob == nil {
			blob, _ = proto.Marshal(s.graph)
			blob = bytes.ReplaceAll(blob, []byte(notUTF8), []byte(invalid))
		}
		stored := append(binary.AppendUvarint(nil, uint64(len(blob))), 0, 0, 0, 0)
		stored = append(stored, blob...)
		name := s.dataFile(b.ShardId)
		data, ok := files[name]
		if !ok {
			continue
		}
		if b.Offset >= 0 && b.Size >= 0 && b.Offset <= int64(len(data))-b.Size && bytes.HasSuffix(data[b.Offset:][:b.Size], blob) {
			continue
		}
		b.Offset, b.Size = int64(len(data)), int64(len(stored))
		files[name] = append(data[:len(data):len(data)], stored...)
	}
}

// seal corrects the checksums of the tensor that an entry describes, including those within data, as far as data has that form.
func seal(e *pb.BundleEntry, data []byte, bigEndian bool) {
	b, ok := bytesOfEntry(e, data)
	if !ok || len(e.Slices) > 0 {
		return
	}
	switch tensor.DType(e.Dtype) {
	case tensor.DTVariant: // stays as it is: package bundle's FuzzEntry seals them
	case tensor.DTString:
		e.Crc32C = sealStrings(b, elements(e), bigEndian)
	default:
		e.Crc32C = sstable.Mask(crc32.Checksum(b, castagnoli))
	}
}

// bytesOfEntry returns the bytes of data that an entry refers to.
func bytesOfEntry(e *pb.BundleEntry, data []byte) ([]byte, bool) {
	if e.Offset < 0 || e.Size < 0 || e.Offset > int64(len(data))-e.Size {
		return nil, false
	}
	return data[e.Offset:][:e.Size], true
}

// elements returns how many elements a tensor has, or -1 if a dimension is negative or the product overflows.
func elements(e *pb.BundleEntry) int64 {
	n := int64(1)
	for _, dim := range e.Shape.GetDim() {
		switch {
		case dim.Size < 0:
			return -1
		case dim.Size == 0: // the others do not matter
			return 0
		case n > math.MaxInt64/dim.Size:
			n = 0
		}
		n *= dim.Size
	}
	if n == 0 {
		return -1
	}
	return n
}

// sealStrings corrects the checksum of the lengths, and returns the checksum of the whole tensor (WriteStringTensor in tensor_bundle.cc).
func sealStrings(b []byte, n int64, bigEndian bool) uint32 {
	var order binary.AppendByteOrder = binary.LittleEndian
	if bigEndian {
		order = binary.BigEndian
	}
	crc, at := uint32(0), 0
	for range min(n, int64(len(b))) {
		length, used := binary.Uvarint(b[at:])
		if at += max(used, 0); length <= math.MaxUint32 {
			crc = crc32.Update(crc, castagnoli, order.AppendUint32(nil, uint32(length)))
		} else {
			crc = crc32.Update(crc, castagnoli, order.AppendUint64(nil, length))
		}
	}
	if len(b)-at < 4 {
		return 0
	}
	copy(b[at:], order.AppendUint32(nil, sstable.Mask(crc)))
	return sstable.Mask(crc32.Update(crc, castagnoli, b[at:]))
}
