package walk

import (
	"fmt"
	"math"
	"reflect"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
)

// Limits on the memory of objects that a walk allocates. A few bytes in a checkpoint name an element of a list, and the element
// may be a struct of megabytes.
const (
	freeBytes   = 8 << 20 // in any case
	nodeBytes   = 1 << 10 // per object that is stored
	storedTimes = 16      // times the bytes of all tensors and their names
)

// room is the memory that a walk may still use for objects that it allocates.
type room struct {
	left   int64
	stored func() int64 // the memory that the checkpoint's size allows; nil if there is no checkpoint, or if it was already added
}

// A TooLarge is the error of an object that would take more memory than the checkpoint's size allows.
type TooLarge struct {
	Place string // of the object
	Type  reflect.Type
	Bytes int64
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("%s: a value of type %v would take %d bytes, far more than the checkpoint has for it: allocate it before the restore", e.Place, e.Type, e.Bytes)
}

// Restores tells w that it allocates objects for the open checkpoint f, which has the given number of objects.
func (w *Walker) Restores(f format.Reader, objects int) {
	w.restores = true
	w.room.stored = func() int64 {
		total := int64(objects) * nodeBytes
		for e, err := range f.All() {
			if err != nil {
				break
			}
			n := int64(len(e.Key))
			if f.Check(e.Key) == nil { // its bytes are there
				n = addSaturated(n, e.Bytes)
			}
			for range storedTimes {
				total = addSaturated(total, n)
			}
		}
		return total
	}
}

// Makes reports whether w allocates an object for a nil field. The walk of a restore does, if the tag says alloc. Other walks,
// such as those of a save, do not change the program.
func (w *Walker) Makes(alloc bool) bool { return w.restores && (alloc || w.AllocAll) }

// Take records that n values of type t will be allocated for e, an edge of parent. The error is a [*TooLarge].
func (w *Walker) Take(n int, t reflect.Type, parent *object.Node, e *object.Edge) error {
	bytes := int64(math.MaxInt64)
	if size := int64(t.Size()); size == 0 || int64(n) <= bytes/size {
		bytes = int64(n) * size
	}
	if bytes > w.room.left && w.room.stored != nil {
		w.room.left = addSaturated(w.room.left, w.room.stored())
		w.room.stored = nil
	}
	if bytes > w.room.left {
		return &TooLarge{object.PlaceOf(parent, e), t, bytes}
	}
	w.room.left -= bytes
	return nil
}

// addSaturated returns a+b for numbers that are not negative, or the largest number if that overflows.
func addSaturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
