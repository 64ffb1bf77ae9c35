package torch

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/weightmap"
)

// A Reader reads the tensors in a PyTorch file, or in several files that an index lists. It implements [format.Reader] and
// [format.Finder]. Several goroutines may use it at once.
type Reader struct {
	*raw.Reader
	same    map[string]string // maps all names of a tensor except the first to the first
	skipped map[string]bool
	files   []string
}

var (
	_ format.Reader = (*Reader)(nil)
	_ format.Finder = (*Reader)(nil)
)

// OpenFile opens the checkpoint at a path of the operating system: a PyTorch file, an index of several files such as
// pytorch_model.bin.index.json, or a directory with either. The caller must close the Reader.
func OpenFile(path string) (*Reader, error) { return Open(fsx.OS{}, path) }

// OpenFS is [OpenFile] for a path in fsys.
func OpenFS(fsys fs.FS, path string) (*Reader, error) { return Open(fsx.FromFS(fsys), path) }

// Open is [OpenFile] for a path in a filesystem of this module. If there is no file at path, Open tries an index at path followed
// by ".index.json". In a directory it opens the only index. If there is no index, it opens "pytorch_model.bin" or the only file
// with an extension of PyTorch. Errors list the files that exist.
func Open(fsys fsx.ReadFS, path string) (*Reader, error) {
	path, err := weightmap.PyTorch.Find(fsys, path)
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(path)
	if err != nil {
		return nil, raw.OpenError("open", path, err)
	}
	c := &checkpoint{name: path, same: make(map[string]string), skipped: make(map[string]bool)}
	if err := c.add(fsys, raw.File(path, f)); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c.reader()
}

// A checkpoint collects the contents of a Reader's files.
type checkpoint struct {
	name    string
	blobs   []*raw.Blob
	tensors []raw.Tensor
	same    map[string]string
	skipped map[string]bool
	files   []string
}

// add adds the file in b or, if b is an index, the files that it lists.
func (c *checkpoint) add(fsys fsx.ReadFS, b *raw.Blob) error {
	var head [16]byte
	n, _ := b.ReadAt(head[:], 0) // other functions report read errors
	if !strings.HasSuffix(b.Name(), weightmap.Ending) && !weightmap.Recognize(head[:n]) {
		return c.addFile(b)
	}
	ix, err := weightmap.Read(b)
	if err := errors.Join(err, b.Close()); err != nil {
		return err
	}
	files, err := ix.Open(fsys)
	if err != nil {
		return err
	}
	keys := make([][]string, len(files))
	for i, b := range files {
		from := len(c.tensors)
		if err := c.addFile(b); err != nil {
			for _, b := range files[i+1:] {
				err = errors.Join(err, b.Close())
			}
			return err
		}
		for _, t := range c.tensors[from:] {
			keys[i] = append(keys[i], t.Key)
		}
	}
	// Writers of total_size differ in whether they count tied weights once or twice.
	return ix.Check(keys, -1)
}

// addFile adds the file in b. From now on c closes b.
func (c *checkpoint) addFile(b *raw.Blob) error {
	from := len(c.blobs)
	c.blobs = append(c.blobs, b)
	c.files = append(c.files, b.Name())
	f, err := readFile(b)
	if err != nil {
		return err
	}
	w, err := f.find()
	if err != nil {
		return err
	}
	tensors, ids, err := f.place(w.tensors)
	if err != nil {
		return err
	}
	c.blobs = append(c.blobs[:from], f.blobs...)
	for _, t := range tensors {
		t.Blob += from
		c.tensors = append(c.tensors, t)
	}
	c.tie(w.tensors, ids)
	maps.Copy(c.skipped, w.skipped)
	return nil
}

// tie records which names lead to one tensor. The first name is the first in byte order.
func (c *checkpoint) tie(tensors []named, ids []string) {
	keysOf := make(map[string][]string)
	for i, id := range ids {
		if id != "" {
			keysOf[id] = append(keysOf[id], tensors[i].key)
		}
	}
	for _, keys := range keysOf {
		slices.Sort(keys)
		for _, key := range keys[1:] {
			c.same[key] = keys[0]
		}
	}
}

// reader returns the Reader. If it fails it closes the files.
func (c *checkpoint) reader() (*Reader, error) {
	r, err := raw.NewReader(c.name, c.blobs, c.tensors, raw.Options{Overlap: true})
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return &Reader{Reader: r, same: c.same, skipped: c.skipped, files: c.files}, nil
}

func (c *checkpoint) close() error {
	var errs []error
	for _, b := range c.blobs {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}

// Files returns the paths of the files that hold the tensors.
func (r *Reader) Files() []string { return slices.Clone(r.files) }

// Skipped returns the class names of skipped instances, which do not hold tensors.
func (r *Reader) Skipped() []string { return slices.Sorted(maps.Keys(r.skipped)) }
