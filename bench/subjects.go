package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// newSubject returns the peer of a task with its model.
func newSubject(t task) (subject, error) {
	switch {
	case t.Peer == "mapped" || t.Peer == "ckpt" && (t.Kind == "pick" || t.Kind == "index"):
		return newStored(t)
	case t.Peer == "ckpt" && t.Kind == "graph":
		return newGraph(t)
	case t.Peer == "ckpt":
		return newSaved(t)
	case t.Peer == "raw":
		return newRaw(t)
	case t.Peer == "cp":
		return &copied{raw: raw{task: t}}, nil
	}
	return nil, fmt.Errorf("no peer is called %q", t.Peer)
}

var errNoOp = errors.New("no such operation")

// unmeasured is what a subject embeds that has nothing to do around an operation.
type unmeasured struct{}

func (unmeasured) before(string) error { return nil }
func (unmeasured) after(string) error  { return nil }

// model returns the tensors of a workload.
func (t task) model() []*tensor.Tensor[float32] {
	list := make([]*tensor.Tensor[float32], t.Tensors)
	for i := range list {
		list[i] = tensor.New[float32](t.Elements)
		fill(list[i].Data(), i)
	}
	return list
}

// A saved is ckpt with a model of tensors.
type saved struct {
	task
	list []*tensor.Tensor[float32]
	c    *ckpt.Checkpoint
	path string
}

func newSaved(t task) (*saved, error) {
	s := &saved{task: t, list: t.model(), path: filepath.Join(t.Dir, "own")}
	var err error
	s.c, err = ckpt.New(ckpt.Group{"list": s.list})
	return s, err
}

func (s *saved) before(op string) error {
	runtime.GC()
	switch op {
	case "save", "async":
		return ckpt.Remove(s.path)
	case "restore": // what is not restored would be seen
		for i := range s.list {
			clear(s.list[i].Data())
		}
	}
	return nil
}

func (s *saved) do(ctx context.Context, op string) (err error) {
	switch op {
	case "save":
		_, err = s.c.Write(ctx, s.path)
	case "restore":
		_, err = s.c.Read(ctx, s.path)
	case "async":
		_, err = s.c.Write(ctx, s.path, ckpt.Async())
	default:
		err = errNoOp
	}
	return err
}

func (s *saved) after(op string) error {
	switch op {
	case "async":
		return s.c.Sync(context.Background())
	case "restore":
		for i := range s.list {
			for j, got := range s.list[i].Data() {
				if want := valueAt(i, j); got != want {
					return fmt.Errorf("value %d of tensor %d is %v after the restore, want %v", j, i, got, want)
				}
			}
		}
	}
	return nil
}

// A stored is ckpt with a checkpoint to look into, read or mapped.
type stored struct {
	task
	unmeasured
	r    *ckpt.Reader
	opts []ckpt.Option
	dst  *tensor.Tensor[float32]
}

func newStored(t task) (s *stored, err error) {
	s = &stored{task: t, dst: tensor.New[float32](t.Elements)}
	if t.Peer == "mapped" {
		s.opts = append(s.opts, ckpt.Mapped())
	}
	s.r, err = ckpt.Open(s.prefix(), s.opts...)
	return s, err
}

func (s *stored) prefix() string { return filepath.Join(s.Dir, "ckpt") }

func (s *stored) do(ctx context.Context, op string) error {
	switch op {
	case "read one":
		return s.one(ctx, s.r)
	case "list":
		if n := len(s.r.Variables()); n != s.Tensors {
			return fmt.Errorf("%d variables are listed, want %d", n, s.Tensors)
		}
		return nil
	case "open and find", "open and read one":
		r, err := ckpt.Open(s.prefix(), s.opts...)
		if err != nil {
			return err
		}
		if op == "open and find" {
			_, err = r.Lookup(s.Key)
		} else {
			err = s.one(ctx, r)
		}
		return errors.Join(err, r.Close())
	}
	return errNoOp
}

// one reads one tensor, and looks at all of it where it is mapped.
func (s *stored) one(ctx context.Context, r *ckpt.Reader) error {
	if s.Peer != "mapped" {
		return r.ReadInto(ctx, s.Key, s.dst)
	}
	t, err := r.ReadTensor(ctx, s.Key)
	if err != nil {
		return err
	}
	mapped, ok := tensor.As[float32](t)
	if !ok || mapped.Len() != s.Elements {
		return fmt.Errorf("it is %v%v", t.DType(), t.Shape())
	}
	copy(s.dst.Data(), mapped.Data())
	return nil
}

// A graph is ckpt with a model of objects that hold nothing but each other.
type graph struct {
	task
	unmeasured
	c       *ckpt.Checkpoint
	program *ckpt.View
	r       *ckpt.Reader
}

// An object of a graph: TensorFlow's side has an AutoTrackable with the same two edges.
type object struct {
	Left  *object `ckpt:"left"`
	Right *object `ckpt:"right"`
}

// grow returns a binary tree of n objects.
func grow(n int) *object {
	all := make([]object, n)
	for i := range all {
		if 2*i+1 < n {
			all[i].Left = &all[2*i+1]
		}
		if 2*i+2 < n {
			all[i].Right = &all[2*i+2]
		}
	}
	return &all[0]
}

func newGraph(t task) (g *graph, err error) {
	g = &graph{task: t}
	ctx, path := context.Background(), filepath.Join(t.Dir, "graph")
	if g.c, err = ckpt.New(ckpt.Group{"tree": &tree{Root: grow(t.Tensors)}}); err != nil {
		return nil, err
	}
	if _, err = g.c.Write(ctx, path); err != nil {
		return nil, err
	}
	if g.program, err = g.c.View(); err != nil {
		return nil, err
	}
	g.r, err = ckpt.Open(path)
	return g, err
}

type tree struct {
	Root *object `ckpt:"root"`
	Leaf int64   `ckpt:"leaf"`
}

func (g *graph) do(_ context.Context, op string) error {
	switch op {
	case "walk":
		v, err := g.c.View()
		if err == nil && len(v.Nodes) < g.Tensors {
			err = fmt.Errorf("%d objects were found, want %d", len(v.Nodes), g.Tensors)
		}
		return err
	case "match":
		v, err := g.r.View()
		if err == nil && len(ckpt.Match(v, g.program)) < g.Tensors {
			err = errors.New("not all objects match")
		}
		return err
	}
	return errNoOp
}

// A raw is system calls on the same bytes.
type raw struct {
	task
	list []*tensor.Tensor[float32]
	to   []*tensor.Tensor[float32] // what a memcpy copies to
	name string
	f    *os.File // to pick from
}

func newRaw(t task) (*raw, error) {
	r := &raw{task: t, name: filepath.Join(t.Dir, "raw")}
	if t.Kind != "pick" {
		r.list = t.model()
		return r, nil
	}
	r.Tensors = 1
	r.list, r.name = r.model(), filepath.Join(t.Dir, "ckpt.data-00000-of-00001")
	r.Tensors = t.Tensors
	var err error
	r.f, err = os.Open(r.name)
	return r, err
}

func (r *raw) before(op string) error {
	if op == "async" && r.to == nil {
		r.to = r.model()
	}
	if op == "save" {
		return removeOld(r.name)
	}
	return nil
}

func removeOld(name string) error {
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func (r *raw) after(string) error { return nil }

func (r *raw) do(_ context.Context, op string) error {
	switch op {
	case "save":
		return r.write()
	case "restore":
		return r.read()
	case "async":
		for i, t := range r.list {
			copy(r.to[i].Data(), t.Data())
		}
		return nil
	case "read one":
		return r.one(r.f)
	case "open and read one":
		f, err := os.Open(r.name)
		if err != nil {
			return err
		}
		return errors.Join(r.one(f), f.Close())
	}
	return errNoOp
}

// one reads the bytes of the chosen tensor, to where those of the first would be.
func (r *raw) one(f *os.File) error {
	b, _ := tensor.Bytes(r.list[0])
	_, err := f.ReadAt(b, int64(r.Chosen)*int64(len(b)))
	return err
}

// bufferSize is how many bytes of small tensors go into one system call.
const bufferSize = 1 << 20

// write writes the tensors one after another, small ones gathered in a buffer, and syncs the file and its directory.
func (r *raw) write() error {
	f, err := os.Create(r.name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 0, bufferSize)
	for i, t := range r.list {
		b, _ := tensor.Bytes(t)
		if len(b) >= bufferSize {
			if _, err := f.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		for len(b) >= bufferSize { // straight from where it is
			n, err := f.Write(b[:bufferSize])
			if err != nil {
				return err
			}
			b = b[n:]
		}
		if buf = append(buf, b...); len(buf) >= bufferSize-len(b) || i == len(r.list)-1 {
			if _, err := f.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(r.Dir)
}

// read reads the file in the same pieces.
func (r *raw) read() error {
	f, err := os.Open(r.name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, bufferSize)
	have := []byte(nil)
	for _, t := range r.list {
		b, _ := tensor.Bytes(t)
		if len(b) >= bufferSize {
			n := copy(b, have)
			have = have[n:]
			for b = b[n:]; len(b) > 0; {
				n, err := f.Read(b[:min(len(b), bufferSize)])
				if err != nil {
					return err
				}
				b = b[n:]
			}
			continue
		}
		for len(b) > 0 {
			if len(have) == 0 {
				n, err := f.Read(buf)
				if err != nil && (err != io.EOF || n == 0) {
					return err
				}
				have = buf[:n]
			}
			n := copy(b, have)
			b, have = b[n:], have[n:]
		}
	}
	return nil
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// A copied is cp of a file of the same size, which is then synced.
type copied struct {
	raw
	unmeasured
}

func (c *copied) before(string) error {
	source := filepath.Join(c.Dir, "copied-from")
	if _, err := os.Stat(source); err != nil {
		from := raw{task: c.task, name: source, list: c.model()}
		if err := from.write(); err != nil {
			return err
		}
	}
	return removeOld(filepath.Join(c.Dir, "copied-to"))
}

func (c *copied) after(op string) error { return c.unmeasured.after(op) }

func (c *copied) do(_ context.Context, _ string) error {
	to := filepath.Join(c.Dir, "copied-to")
	if out, err := exec.Command("cp", filepath.Join(c.Dir, "copied-from"), to).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(c.Dir)
}

// formatSeconds prints a duration with three digits.
func formatSeconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d >= time.Second:
		return strconv.FormatFloat(s, 'g', 3, 64) + " s"
	case d >= time.Millisecond:
		return strconv.FormatFloat(s*1e3, 'g', 3, 64) + " ms"
	}
	return strconv.FormatFloat(s*1e6, 'g', 3, 64) + " µs"
}
