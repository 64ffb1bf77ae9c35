package walk

import (
	"reflect"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// plainNames tracks exported fields under their Go names and ignores tags.
var plainNames = NewTypes(Language{
	Field: func(types *Types, _ reflect.Type, f reflect.StructField) (Tag, Action, error) {
		action := map[Trait]Action{Leaf: Track, Trackable: Track, Dynamic: Maybe}[types.Trait(f.Type)]
		return Tag{Name: f.Name}, action, nil
	},
})

// A link of a chain may hold any value.
type link struct{ Next any }

// chainOf returns n links that end in last.
func chainOf(n int, last any) *link {
	c := &link{last}
	for range n - 1 {
		c = &link{c}
	}
	return c
}

func TestInterfacesAreLookedThroughOnce(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(1 << 20))
	loop := chainOf(3, nil)
	loop.Next.(*link).Next.(*link).Next = loop
	late := &struct{ Back, W any }{W: tensor.Scalar(float32(1))}
	late.Back = &link{late} // is examined before W, and leads to W only by the cycle
	for _, test := range []struct {
		name string
		v    any
		want bool
	}{
		{"nothing", chainOf(1000, nil), false},
		{"a number at the end", chainOf(1000, 3), false},
		{"a tensor at the end", chainOf(1000, tensor.Scalar(float32(1))), true},
		{"a cycle", loop, false},
		{"a cycle with a tensor", late, true},
		{"a slice", []any{1, "a", []any{tensor.Scalar(float32(1))}}, true},
		{"a map", map[string]any{"a": 1, "b": link{link{tensor.Scalar(float32(1))}}}, true},
		{"a chain that would overflow a stack", chainOf(10_000, nil), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := New(plainNames, new(StandIns), nil)
			require.Equal(t, test.want, w.Holds(reflect.ValueOf(test.v)))
			decided := len(w.held)
			if l, ok := test.v.(*link); ok {
				for ; ok && l != nil; l, ok = l.Next.(*link) { // its contents are known now, and need not be examined again
					if got, decided := w.held[object.Identity{Addr: reflect.ValueOf(l).Pointer(), Type: reflect.TypeOf(l)}]; !decided || got != test.want {
						t.Fatalf("%v, decided %v", got, decided)
					}
					if l.Next == any(test.v) {
						break
					}
				}
				require.Len(t, w.held, decided)
			}
		})
	}
	w := New(plainNames, new(StandIns), nil)
	require.True(t, w.Holds(reflect.ValueOf(late.Back)))
	require.True(t, w.Holds(reflect.ValueOf(late)))
}

// twice leads to T in two ways. Thirty-two nested twices lead to T in 2³² ways.
type twice[T any] struct{ A, B *T }

type (
	twice4[T any]  = twice[twice[twice[twice[T]]]]
	twice16[T any] = twice4[twice4[twice4[twice4[T]]]]
)

func TestTypesThatShareTypesAreSeenOnce(t *testing.T) {
	types := NewTypes(Language{})
	require.Equal(t, Plain, types.Trait(reflect.TypeFor[twice16[twice16[int]]]()))
	require.Equal(t, Dynamic, types.Trait(reflect.TypeFor[twice16[twice16[any]]]()))
	require.Equal(t, Trackable, types.Trait(reflect.TypeFor[twice16[twice16[tensor.Tensor[float32]]]]()))
}
