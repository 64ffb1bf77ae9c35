package walk

import (
	"fmt"
	"math"
	"reflect"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
)

// What the objects that a walk makes may take: a few bytes of a checkpoint name an element of a list, and the element may be a
// struct of megabytes.
const (
	freeBytes   = 8 << 20 // in any case
	nodeBytes   = 1 << 10 // per object that is stored
	storedTimes = 16      // times the bytes of all tensors and their names
)

// room is the memory that a walk may still take for objects that it makes.
type room struct {
	left   int64
	stored func() int64 // what the checkpoint accounts for; nil if there is none, or it was added
}

// A TooLarge is the error of an object that would take more memory than the checkpoint accounts for.
type TooLarge struct {
	Place string // of the object
	Type  reflect.Type
	Bytes int64
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("%s: a value of type %v for what is stored takes %d bytes, and the checkpoint is too small to fill it: allocate it before the restore", e.Place, e.Type, e.Bytes)
}

// Restores tells w that it makes objects for the open checkpoint f, which has so many objects.
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

// Makes reports whether w makes an object for a field that holds nil: a walk that restores does, where the tag says alloc. Others, those
// of a save among them, change nothing.
func (w *Walker) Makes(alloc bool) bool { return w.restores && (alloc || w.AllocAll) }

// Take notes that n values of type t are to be made for e, an edge of parent. The error is a [*TooLarge].
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

// addSaturated returns a+b of two numbers that are not negative, or the largest number.
func addSaturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
