package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrUnknownLayer reports a Keras class that this module does not support.
var ErrUnknownLayer = errors.New("unsupported layer class")

// ErrUnknownOption reports an option of a Keras layer that this module does not support. Ignoring the option could give results
// that differ from Keras's.
var ErrUnknownOption = errors.New("unknown option")

// A Who names a layer or an operator in an error: its kind and, if it has one, its name.
type Who struct{ Kind, Name string }

func (w Who) String() string { return Label(w.Kind, w.Name) }

// Label returns a layer's kind and, if it has one, its name in quotes.
func Label(kind, name string) string {
	if name == "" {
		return kind
	}
	return fmt.Sprintf("%s %q", kind, name)
}

// Errorf returns an error about the layer or operator that owner names.
func Errorf(owner fmt.Stringer, format string, args ...any) error {
	return fmt.Errorf("layers: %v: %w", owner, fmt.Errorf(format, args...))
}

// Pattern returns shape as errors print it, with … for an axis of -1.
func Pattern(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.Itoa(n)
		if n == -1 {
			parts[i] = "…"
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}
