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

// A fault is what is wrong with a file, before it is said which file.
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

// in returns err, of a file's bytes, with the name of the file and the path in it.
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

// quote returns a global's name for a message.
func quote(g *pickle.Global) string {
	const most = 100
	name := g.String()
	if len(name) > most {
		return fmt.Sprintf("%+q…", name[:most])
	}
	if q := fmt.Sprintf("%+q", name); q[1:len(q)-1] != name {
		return q
	}
	return name
}

// kind says in Python's words what a value is.
func kind(v pickle.Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return "a str"
	case pickle.Bytes:
		return "bytes"
	case pickle.Tuple:
		return "a tuple"
	case *pickle.List:
		return "a list"
	case *pickle.Dict:
		return "a dict"
	case *pickle.Global:
		return quote(v)
	case *pickle.Object:
		return "an object of " + quote(v.Class)
	case *window:
		return "a storage"
	}
	return "a number"
}
