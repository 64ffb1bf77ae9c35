package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/text"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/storefs"
	"github.com/gockpt/ckpt/store"
)

// Stores open object stores by the scheme of an address. Each returns the store of an address and the name in
// it.
type Stores map[string]func(ctx context.Context, address *url.URL) (s store.Store, name string, err error)

// Streams holds the inputs and outputs of one command line. All commands open checkpoints with it, so that all accept the same paths.
// [Streams.Close] must be called at the end.
type Streams struct {
	Stores Stores // in addition to those that every build has
	Stdin  io.Reader
	Stdout io.Writer

	taken  bool   // standard input was read
	copied string // the temporary copy of standard input, if a checkpoint was read from it
}

// Open opens the checkpoint that an argument names: a path, an address in a store, or - for standard input. It also returns the filesystem
// of its files.
func (in *Streams) Open(ctx context.Context, path string, opts ...ckpt.OpenOption) (*ckpt.Reader, fsx.FS, error) {
	s, name, err := in.Locate(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	if s != nil {
		opts = append(slices.Clip(opts), ckpt.In(s))
	}
	r, err := ckpt.Open(name, opts...)
	if err != nil && s == nil && errors.Is(err, ckpt.ErrNotFound) {
		if near, nothing := nothingAt(name); nothing {
			return nil, nil, fmt.Errorf("%s: no file, directory or checkpoint has this name%s: %w", text.Safe(path), near, ckpt.ErrNotFound)
		}
	}
	if err == nil && path == StandardInput && r.Format() == "tensorflow" {
		return nil, nil, errors.Join(errors.New("standard input has the index of a TensorFlow checkpoint, which consists of several files: name it by its path"), r.Close())
	}
	return r, Filesystem(ctx, s), err
}

// Filesystem returns the filesystem of a store, or of this machine if s is nil.
func Filesystem(ctx context.Context, s store.Store) fsx.FS {
	if s == nil {
		return fsx.OS{}
	}
	return storefs.New(s).WithContext(ctx)
}

// Locate returns the store of an address, and the name within it. For a path on this machine, and for standard input, which it copies to a
// file, the store is nil.
func (in *Streams) Locate(ctx context.Context, path string) (store.Store, string, error) {
	if path == StandardInput {
		name, err := in.copyStdin(ctx)
		return nil, name, err
	}
	return in.Stores.locate(ctx, path)
}

// LocateOutput is Locate for a file to write. It returns - unchanged.
func (in *Streams) LocateOutput(ctx context.Context, path string) (store.Store, string, error) {
	return in.Stores.locate(ctx, path)
}

// StandardInput is the path that means standard input.
const StandardInput = "-"

// TakeStdin returns standard input, once.
func (in *Streams) TakeStdin() (io.Reader, error) {
	if in.taken {
		return nil, errors.New("- is named twice, but standard input can be read only once: name one of the files by its path")
	}
	in.taken = true
	if f, ok := in.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return nil, errors.New("- means standard input, which is a terminal: redirect a file to it, as in `ckpt list - <model.safetensors`")
	}
	return in.Stdin, nil
}

// copyStdin copies standard input to a temporary file, because files of weights are not read sequentially. It returns the file's
// name.
func (in *Streams) copyStdin(ctx context.Context) (string, error) {
	stdin, err := in.TakeStdin()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "ckpt-")
	if err != nil {
		return "", err
	}
	in.copied = filepath.Join(dir, "standard input")
	f, err := os.Create(in.copied)
	if err != nil {
		return "", err
	}
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(f, stdin)
		done <- errors.Join(err, f.Close())
	}()
	select {
	case err = <-done:
	case <-ctx.Done(): // a read from a pipe cannot be interrupted
		err = context.Cause(ctx)
	}
	return in.copied, err
}

// Shown returns a path in the form used in messages and reports.
func (in *Streams) Shown(path string) string {
	if in.copied == "" {
		return path
	}
	return strings.ReplaceAll(path, in.copied, "standard input")
}

// IsStdin reports whether a path is that of the copy of standard input.
func (in *Streams) IsStdin(path string) bool { return in.copied != "" && path == in.copied }

// Close removes the copy of standard input.
func (in *Streams) Close() error {
	if in.copied == "" {
		return nil
	}
	return os.RemoveAll(filepath.Dir(in.copied))
}
