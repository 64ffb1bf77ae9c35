package torch

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
)

// saveInstead says what to do with a file that needs Python.
const saveInstead = `if you trust the file, save the tensors alone in Python: torch.save(model.state_dict(), "weights.pt")`

// A fault describes what is wrong with a file. It does not name the file.
type fault struct {
	reason string
	err    error // format.ErrCorrupt or errors.ErrUnsupported
}

func (f *fault) Error() string { return f.reason }
func (f *fault) Unwrap() error { return f.err }

func corrupt(reason string, args ...any) error {
	return &fault{fmt.Sprintf(reason, args...), format.ErrCorrupt}
}

func unsupported(reason string, args ...any) error {
	return &fault{fmt.Sprintf(reason, args...), errors.ErrUnsupported}
}

// in adds the name of the file and the path in it to err.
func in(file, key string, err error) error {
	if err == nil || errors.As(err, new(*raw.Error)) {
		return err
	}
	e := &raw.Error{File: file, Key: key, Offset: -1, Err: err}
	if f := new(fault); errors.As(err, &f) && error(f) == err {
		e.Reason, e.Err = f.reason, f.err
	}
	return e
}

// kind describes a value in Python's terms.
func kind(v pickle.Value) string {
	if _, ok := v.(*window); ok {
		return "a storage"
	}
	return pickle.Kind(v)
}
