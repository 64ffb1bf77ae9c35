package prefix

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/whatis"
	"github.com/gockpt/ckpt/tensor"
)

// ErrNoObjectGraph is in the error about a name-based checkpoint of TensorFlow 1, which does not have an object graph.
var ErrNoObjectGraph = errors.New("no object graph: the checkpoint is name-based")

// A Checkpoint is an open checkpoint of any format.
type Checkpoint struct {
	Reader format.Reader
	Prefix string // its prefix, or the name of its file
	Format string // "tensorflow", or that of another library: see kinds.go
}

// Graph returns the checkpoint's objects: see [Graph].
func (c *Checkpoint) Graph(ctx context.Context) (*objectgraph.Graph, error) {
	return Graph(ctx, c.Reader, c.Prefix)
}

// Open opens the checkpoint for a user's path: [Place.Find], then [Open].
func (p Place) Open(path string) (*Checkpoint, error) {
	prefix, err := p.Find(path)
	if err != nil {
		return nil, err
	}
	c, err := Open(p.FS, prefix)
	if err != nil {
		return nil, hint(p.FS, path, err)
	}
	return c, nil
}

// Open opens the checkpoint prefix. The error satisfies errors.Is(err, [format.ErrNotFound]) if there is none, [format.ErrFormat]
// if there is a file of another kind, and [format.ErrCorrupt] if the checkpoint is damaged.
func Open(fsys fsx.ReadFS, prefix string) (*Checkpoint, error) {
	r, err := bundle.Open(fsys, prefix)
	if err == nil {
		return &Checkpoint{Reader: r, Prefix: prefix, Format: TensorFlow}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) { // which servers also say where there is nothing
		return nil, notAnIndex(fsys, prefix, err)
	}
	switch kind, e := kindOf(fsys, prefix); {
	case e != nil:
		return nil, e
	case kind == kindDirectory:
		return nil, fmt.Errorf("ckpt: %s is a directory, not a checkpoint: %w", prefix, format.ErrNotFound)
	case kind == kindFile:
		return openFile(fsys, prefix)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	// The names of shards in the V1 format are longer than the checkpoint's name.
	v1, v1err := savedv1.Open(fsys, prefix)
	switch {
	case v1err == nil:
		return &Checkpoint{Reader: v1, Prefix: prefix, Format: TensorFlow}, nil
	case !errors.Is(v1err, fs.ErrNotExist):
		return nil, fmt.Errorf("ckpt: %w", v1err)
	}
	return nil, fmt.Errorf("ckpt: %w: %w", format.ErrNotFound, err)
}

// openFile opens a checkpoint that is one file, in the format of its contents.
func openFile(fsys fsx.ReadFS, name string) (*Checkpoint, error) {
	table, err := isTable(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	if table {
		if whole, ok := strings.CutSuffix(name, ".index"); ok {
			// The reader of the older format would accept an index as a checkpoint without tensors.
			return nil, fmt.Errorf("ckpt: %s is the index of the checkpoint %s, not a checkpoint: %w", name, whole, format.ErrNotFound)
		}
		r, err := savedv1.Open(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("ckpt: %w", err)
		}
		return &Checkpoint{Reader: r, Prefix: name, Format: TensorFlow}, nil
	}
	found, ok, err := whatis.Format(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	if !ok {
		what, todo, known := whatis.Describe(fsys, name)
		if !known {
			what, todo = "not a checkpoint", "its contents have an unknown format"
		}
		return nil, notCheckpoint(name, what, todo)
	}
	r, err := openers[found](fsys, name)
	if err != nil {
		return nil, notAShard(fsys, name, err)
	}
	return &Checkpoint{Reader: r, Prefix: name, Format: formatOf(r, found)}, nil
}

// notAnIndex explains the error of opening an index, if the file with that name has another format.
func notAnIndex(fsys fsx.ReadFS, prefix string, err error) error {
	name := bundle.IndexFile(prefix)
	if what, todo, ok := whatis.StandIn(fsys, name); ok {
		return notCheckpoint(name, what, todo)
	}
	return fmt.Errorf("ckpt: %w", err)
}

// notAShard explains the error of opening the file name if it lists another file that does not contain weights.
func notAShard(fsys fsx.ReadFS, name string, err error) error {
	if e := new(raw.Error); errors.As(err, &e) && e.File != name {
		if what, todo, ok := whatis.StandIn(fsys, e.File); ok {
			return notCheckpoint(e.File, what, todo)
		}
	}
	return fmt.Errorf("ckpt: %w", err)
}

// hint returns TensorFlow's error for a missing checkpoint, and the names of other checkpoints in its
// directory.
func hint(fsys fsx.ReadFS, path string, err error) error {
	switch kind, unknown := kindOf(fsys, path); {
	case !errors.Is(err, format.ErrNotFound):
		return err
	case IsWeights(path) && kind == kindNothing && unknown == nil:
		return noFile(path)
	}
	beside := ""
	if isDir, unknown := IsDir(fsys, path); !isDir && unknown == nil {
		dir, _ := filepath.Split(path)
		if there, unknown := indexed(fsys, dir); unknown == nil && len(there) > 0 {
			beside = "\n" + listed(fsys, dir)
		}
	}
	return fmt.Errorf("ckpt: Error when restoring from checkpoint or SavedModel at %s: %w\nPlease double-check that the path is correct. You may be missing the checkpoint suffix (e.g. the '-1' in 'path/to/ckpt-1')%s", path, err, beside)
}

const (
	maxGraph     = math.MaxInt32 // the largest size of a stored object graph: protobuf's limit
	trustedGraph = 16 << 20      // memory is allocated for at most this size before the checksum is verified
)

// Graph returns the objects of the checkpoint prefix. For a TensorFlow checkpoint they are the stored objects. Otherwise they come
// from the reader's Graph method, or from the tensors' names ([nametree]). The error satisfies errors.Is(err, [ErrNoObjectGraph])
// if a TensorFlow checkpoint stores variables by name only.
func Graph(ctx context.Context, r format.Reader, prefix string) (*objectgraph.Graph, error) {
	switch r := r.(type) {
	case *bundle.Reader, *savedv1.Reader:
	case interface {
		Graph() (*objectgraph.Graph, error)
	}:
		g, err := r.Graph()
		if err != nil {
			return nil, fmt.Errorf("ckpt: %w", err)
		}
		return g, nil
	default:
		return namedGraph(r, prefix)
	}
	e, ok, err := r.Lookup(objectgraph.GraphKey)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("ckpt: %s: %w", prefix, ErrNoObjectGraph)
	}
	if e.DType != tensor.DTString || len(e.Shape) != 0 {
		return nil, fmt.Errorf("ckpt: %s: the object graph is a %v of shape %v, not a scalar string: %w", prefix, e.DType, e.Shape, format.ErrCorrupt)
	}
	if err := r.Check(objectgraph.GraphKey); err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	if e.Bytes > maxGraph {
		return nil, fmt.Errorf("ckpt: %s: the object graph has %d bytes, but a protocol buffer has at most %d: %w", prefix, e.Bytes, math.MaxInt32, format.ErrCorrupt)
	}
	if e.Bytes > trustedGraph { // first the checksum: a sparse file may claim as much
		if err := r.WriteStored(ctx, objectgraph.GraphKey, io.Discard); err != nil {
			return nil, fmt.Errorf("ckpt: %w", err)
		}
	}
	// Bytes avoid the copy that parsing a string would need.
	blob := bytes.NewBuffer(make([]byte, 0, e.Bytes))
	if err := r.WriteStored(ctx, objectgraph.GraphKey, blob); err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	g, err := objectgraph.Parse(onlyString(blob.Bytes()))
	if err != nil {
		return nil, fmt.Errorf("ckpt: %s: %w", prefix, err)
	}
	return g, nil
}

// namedGraph returns the graph of the tensors' names.
func namedGraph(r format.Reader, prefix string) (*objectgraph.Graph, error) {
	var damaged error
	g, err := nametree.Graph(func(yield func(string) bool) {
		for e, err := range r.All() {
			if err != nil {
				damaged = err
				return
			}
			if !yield(e.Key) {
				return
			}
		}
	})
	if err = errors.Join(damaged, err); err != nil {
		return nil, fmt.Errorf("ckpt: %s: %w", prefix, err)
	}
	return g, nil
}

// onlyString returns the string of a scalar tensor as it is stored, which was verified: it follows its length and the checksum
// of that.
func onlyString(stored []byte) []byte {
	length, n := binary.Uvarint(stored)
	return stored[n+4:][:length]
}
