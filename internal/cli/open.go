package cli

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
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/storefs"
	"github.com/gockpt/ckpt/store"
)

// Stores open object stores by the scheme of an address. Each returns the store and the name within it that the address means.
type Stores map[string]func(ctx context.Context, address *url.URL) (s store.Store, name string, err error)

// streams holds the inputs and outputs of commands. All commands open checkpoints with it, so that all accept the same paths.
type streams struct {
	stores Stores
	stdin  io.Reader
	stdout io.Writer
	taken  bool   // standard input was read
	copied string // the temporary copy of standard input, if a checkpoint was read from it
}

// open opens the checkpoint that an argument names: a path, an address in a store, or - for standard input. It also returns the filesystem
// of its files.
func (in *streams) open(ctx context.Context, path string, opts ...ckpt.OpenOption) (*ckpt.Reader, fsx.FS, error) {
	s, name, err := in.locate(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	if s != nil {
		opts = append(slices.Clip(opts), ckpt.In(s))
	}
	r, err := ckpt.Open(name, opts...)
	if err != nil && s == nil && errors.Is(err, ckpt.ErrNotFound) {
		if near, nothing := nothingAt(name); nothing {
			return nil, nil, fmt.Errorf("%s: no file, directory or checkpoint has this name%s: %w", safe(path), near, ckpt.ErrNotFound)
		}
	}
	if err == nil && path == standardInput && r.Format() == "tensorflow" {
		return nil, nil, errors.Join(errors.New("standard input has the index of a TensorFlow checkpoint, which consists of several files: name it by its path"), r.Close())
	}
	return r, filesystem(ctx, s), err
}

// filesystem returns the filesystem of a store, or of this machine if s is nil.
func filesystem(ctx context.Context, s store.Store) fsx.FS {
	if s == nil {
		return fsx.OS{}
	}
	return storefs.New(s).WithContext(ctx)
}

// locate returns the store of an address, and the name within it. For a path on this machine the store is nil.
func (in *streams) locate(ctx context.Context, path string) (store.Store, string, error) {
	if path == standardInput {
		name, err := in.copyStdin(ctx)
		return nil, name, err
	}
	return in.stores.locate(ctx, path)
}

// standardInput is the path that means standard input, and standard output if a command writes a file.
const standardInput = "-"

// takeStdin returns standard input, once.
func (in *streams) takeStdin() (io.Reader, error) {
	if in.taken {
		return nil, errors.New("- is named twice, but standard input can be read only once: name one of the files by its path")
	}
	in.taken = true
	if f, ok := in.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return nil, errors.New("- means standard input, which is a terminal: redirect a file to it, as in `ckpt list - <model.safetensors`")
	}
	return in.stdin, nil
}

// copyStdin copies standard input to a temporary file, because files of weights are not read sequentially. It returns the file's
// name.
func (in *streams) copyStdin(ctx context.Context) (string, error) {
	stdin, err := in.takeStdin()
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

// shown returns a path in the form used in messages and reports.
func (in *streams) shown(path string) string {
	if in.copied == "" {
		return path
	}
	return strings.ReplaceAll(path, in.copied, "standard input")
}

// close removes the copy of standard input.
func (in *streams) close() error {
	if in.copied == "" {
		return nil
	}
	return os.RemoveAll(filepath.Dir(in.copied))
}
