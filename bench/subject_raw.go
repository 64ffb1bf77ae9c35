package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt/tensor"
)

// A raw makes plain system calls on the same bytes, from one thread.
type raw struct {
	task
	list   []*tensor.Tensor[float32]
	to     []*tensor.Tensor[float32] // the destination of a memcpy
	stored string                    // the file that picks are read from
	f      *os.File
}

// rawName returns the name of the file that r writes.
func (r *raw) rawName() string { return r.Peer }

func newRaw(t task) (*raw, error) {
	if t.Kind != "pick" {
		return &raw{task: t, list: t.model()}, nil
	}
	r := &raw{task: t, list: []*tensor.Tensor[float32]{tensor.New[float32](t.Elements)}, stored: filepath.Join(t.Dir, "ckpt.data-00000-of-00001")}
	fill(r.list[0].Data(), 0)
	var err error
	r.f, err = os.Open(r.stored)
	return r, err
}

func (r *raw) before(op operation) error {
	switch op.name {
	case "save":
		return removeOld(op.path(r.rawName()))
	case "restore":
		return warm(op.path(r.rawName()))
	case "async":
		if r.to == nil {
			r.to = r.model()
		}
	}
	return nil
}

func (r *raw) after(op operation) error {
	if op.inRAM {
		return os.Remove(op.path(r.rawName()))
	}
	return nil
}

func (r *raw) do(_ context.Context, op operation) error {
	switch op.name {
	case "save":
		return writeRaw(op.path(r.rawName()), r.list)
	case "restore":
		return readRaw(op.path(r.rawName()), r.list)
	case "async":
		for i, t := range r.list {
			copy(r.to[i].Data(), t.Data())
		}
		return nil
	case "read one":
		for _, p := range r.Picks {
			if err := r.one(r.f, p); err != nil {
				return err
			}
		}
		return nil
	case "open and read one":
		for _, p := range r.Picks {
			f, err := os.Open(r.stored)
			if err != nil {
				return err
			}
			if err := errors.Join(r.one(f, p), f.Close()); err != nil {
				return err
			}
		}
		return nil
	}
	return errNoOp
}

// one reads the bytes of a tensor.
func (r *raw) one(f *os.File, p pick) error {
	b, _ := tensor.Bytes(r.list[0])
	_, err := f.ReadAt(b, int64(p.Index)*int64(len(b)))
	return err
}

// bufferSize is the number of bytes per system call; small tensors are gathered into a buffer.
const bufferSize = 1 << 20

// writeRaw writes the tensors one after another, and syncs the file and its directory.
func writeRaw(name string, list []*tensor.Tensor[float32]) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 0, bufferSize)
	for _, t := range list {
		b, _ := tensor.Bytes(t)
		if len(buf)+len(b) > bufferSize && len(buf) > 0 {
			if _, err := f.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		for len(b) >= bufferSize { // write without copying into the buffer
			if _, err := f.Write(b[:bufferSize]); err != nil {
				return err
			}
			b = b[bufferSize:]
		}
		buf = append(buf, b...)
	}
	if len(buf) > 0 {
		if _, err := f.Write(buf); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// readRaw reads the file in the same pieces.
func readRaw(name string, list []*tensor.Tensor[float32]) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf, have := make([]byte, bufferSize), []byte(nil)
	for _, t := range list {
		b, _ := tensor.Bytes(t)
		for len(b) > 0 {
			switch {
			case len(have) > 0:
				n := copy(b, have)
				b, have = b[n:], have[n:]
			case len(b) >= bufferSize: // read without copying from the buffer
				n, err := io.ReadFull(f, b[:bufferSize])
				if err != nil {
					return err
				}
				b = b[n:]
			default:
				n, err := f.Read(buf)
				if err != nil {
					return err
				}
				have = buf[:n]
			}
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
