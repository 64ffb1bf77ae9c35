package names_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/cli/names"
)

func TestPath(t *testing.T) {
	for _, c := range []struct{ name, format, key, path, text string }{
		{"an object's value", "tensorflow", "model/dense/kernel/.ATTRIBUTES/VARIABLE_VALUE", "model/dense/kernel", "model/dense/kernel"},
		{"another attribute", "tensorflow", "model/.ATTRIBUTES/OBJECT_CONFIG_JSON", "model/.ATTRIBUTES/OBJECT_CONFIG_JSON", "model/.ATTRIBUTES/OBJECT_CONFIG_JSON"},
		{"escaped names", "tensorflow", "a.Sb/c..d/.ATTRIBUTES/VARIABLE_VALUE", "a.Sb/c..d", "a/b/c.d"},
		{"a variable by name", "tensorflow", "dense/kernel.1", "dense/kernel.1", "dense/kernel.1"},
		{"dots", "safetensors", "h.0.attn.weight", "h/0/attn/weight", "h/0/attn/weight"},
		{"dots and slashes", "hdf5", "/a//b.c", "a/b/c", "a/b/c"},
		{"slashes", "npz", "a/b", "a/b", "a/b"},
		{"separators only", "npz", "./.", "./.", "./."},
		{"nothing", "npz", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := (&names.Paths{Format: c.format}).Of(c.key)
			require.Equal(t, c.path, path)
			require.Equal(t, c.text, names.Text(path))
		})
	}
	require.Equal(t, 63, strings.Count(new(names.Paths).Of(strings.Repeat("a.", 1000)), "/"), "a long key has a limited depth")
}

func TestCompare(t *testing.T) {
	want := []string{"", "a", "a/b", "a.b", "a-b", "a02", "a2", "a10", "a10b", "b/1/w", "b/2/w", "b/10/w", "b/010/x", "c"}
	got := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	slices.SortFunc(got, names.Compare)
	require.Equal(t, want, got)
}

// FuzzCompare checks that Compare is an order.
func FuzzCompare(f *testing.F) {
	f.Add("a1", "a01", "a1b")
	f.Add("a/b", "a", "a-")
	f.Add("1", "", "0")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		sign := func(n int) int { return max(-1, min(1, n)) }
		if sign(names.Compare(a, b)) != -sign(names.Compare(b, a)) {
			t.Fatalf("%q and %q are not ordered", a, b)
		}
		if (names.Compare(a, b) == 0) != (a == b) {
			t.Fatalf("%q and %q: only identical keys may be equal", a, b)
		}
		if names.Compare(a, b) < 0 && names.Compare(b, c) < 0 && names.Compare(a, c) >= 0 {
			t.Fatalf("%q < %q < %q, but the first is not before the last", a, b, c)
		}
	})
}
