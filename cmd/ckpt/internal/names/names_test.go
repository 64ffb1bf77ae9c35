package names_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/cmd/ckpt/internal/names"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, format, key string
		want              []string
	}{
		{"an object's value", "tensorflow", "model/dense/kernel/.ATTRIBUTES/VARIABLE_VALUE", []string{"model", "dense", "kernel"}},
		{"another attribute", "tensorflow", "model/.ATTRIBUTES/OBJECT_CONFIG_JSON", []string{"model", ".ATTRIBUTES", "OBJECT_CONFIG_JSON"}},
		{"escaped names", "tensorflow", "a.Sb/c..d/.ATTRIBUTES/VARIABLE_VALUE", []string{"a/b", "c.d"}},
		{"a variable by name", "tensorflow", "dense/kernel.1", []string{"dense", "kernel.1"}},
		{"dots", "safetensors", "h.0.attn.weight", []string{"h", "0", "attn", "weight"}},
		{"dots and slashes", "hdf5", "/a//b.c", []string{"a", "b", "c"}},
		{"separators only", "npz", "./.", []string{"./."}},
		{"nothing", "npz", "", []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, names.Split(c.format, c.key)) })
	}
}

func TestCompare(t *testing.T) {
	want := []string{"", "a", "a/b", "a.b", "a-b", "a02", "a2", "a10", "a10b", "b/1/w", "b/2/w", "b/10/w", "b/010/x", "c"}
	got := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	slices.SortFunc(got, names.Compare)
	require.Equal(t, want, got)
}

// FuzzCompare holds Compare to what sorting needs.
func FuzzCompare(f *testing.F) {
	f.Add("a1", "a01", "a1b")
	f.Add("a/b", "a", "a-")
	f.Add("1", "", "0")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		sign := func(n int) int { return max(-1, min(1, n)) }
		if sign(names.Compare(a, b)) != -sign(names.Compare(b, a)) {
			t.Fatalf("%q and %q have no order", a, b)
		}
		if (names.Compare(a, b) == 0) != (a == b) {
			t.Fatalf("%q and %q: equal must be what is the same", a, b)
		}
		if names.Compare(a, b) < 0 && names.Compare(b, c) < 0 && names.Compare(a, c) >= 0 {
			t.Fatalf("%q < %q < %q, and yet not the first before the last", a, b, c)
		}
	})
}
