package prefix

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/gguf"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/format/torch"
	"github.com/gockpt/ckpt/internal/fsx"
)

// TensorFlow is [Checkpoint.Format] for TensorFlow's formats.
const TensorFlow = "tensorflow"

// openers open the files of other libraries, by the names of their formats in package whatis.
var openers = map[string]func(fsys fsx.ReadFS, name string) (format.Reader, error){
	"gguf":        opener(gguf.Open),
	"hdf5":        opener(keras.Open),
	"keras":       opener(keras.Open),
	"npz":         opener(npz.Open),
	"pytorch":     opener(torch.Open),
	"safetensors": opener(safetensors.Open),
}

// opener returns an open function for [openers].
func opener[R format.Reader](open func(fsx.ReadFS, string) (R, error)) func(fsx.ReadFS, string) (format.Reader, error) {
	return func(fsys fsx.ReadFS, name string) (format.Reader, error) {
		r, err := open(fsys, name)
		if err != nil {
			return nil, err // not a non-nil interface with a nil R
		}
		return r, nil
	}
}

// formatOf names the format of an open file. A reader for several formats with a common container knows which it is.
func formatOf(r format.Reader, found string) string {
	if f, ok := r.(interface{ Format() string }); ok {
		return f.Format()
	}
	return found
}

// notCheckpoint returns the error for a file or directory without a checkpoint. It says what the file is, and
// what to do.
func notCheckpoint(name, what, todo string) error {
	return fmt.Errorf("ckpt: %s is %s: %s: %w", name, what, todo, format.ErrFormat)
}

// tableMagic ends every table: TensorFlow's indexes, and checkpoints of the V1 format (kTableMagicNumber).
const tableMagic = 0xdb4775248b80fb57

// isTable reports whether a file is a table, even if its beginning or its end is damaged: it ends with the magic number, or begins
// with the entry of the empty key, as all of TensorFlow's tables do.
func isTable(fsys fsx.ReadFS, name string) (ok bool, err error) {
	r, err := fsys.Open(name)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var head [3]byte
	var tail [8]byte
	for _, part := range []struct {
		b   []byte
		off int64
	}{{head[:], 0}, {tail[:], r.Size() - int64(len(tail))}} {
		if part.off < 0 || r.Size() < int64(len(part.b)) {
			return false, nil
		}
		if n, err := r.ReadAt(part.b, part.off); n < len(part.b) && err != io.EOF {
			return false, err
		}
	}
	return binary.LittleEndian.Uint64(tail[:]) == tableMagic || head[0] == 0 && head[1] == 0 && head[2] != 0, nil
}
