package wording_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/wording"
)

// numbered returns n names: a prefix and a number from 0.
func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(prefix, i)
	}
	return names
}

func TestFirst(t *testing.T) {
	for _, c := range []struct {
		name  string
		names []string
		n     int
		want  []string
	}{
		{"none", nil, 2, nil},
		{"fewer", []string{"a"}, 2, []string{"a"}},
		{"as many", []string{"a", "b"}, 2, []string{"a", "b"}},
		{"more", []string{"a", "b", "c"}, 2, []string{"a", "b", "…"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := append([]string{}, c.names...)
			require.Equal(t, c.want, wording.First(c.names, c.n))
			require.Equal(t, before, append([]string{}, c.names...), "the argument is unchanged")
		})
	}
}

func TestQuote(t *testing.T) {
	require.Empty(t, wording.Quote(nil))
	require.Equal(t, `"a"`, wording.Quote([]string{"a"}))
	require.Equal(t, `"a, b", "c\n\"", ""`, wording.Quote([]string{"a, b", "c\n\"", ""}))
}

func TestRootChildren(t *testing.T) {
	require.Equal(t, "the checkpoint's root has no children", wording.RootChildren(nil))
	require.Equal(t, "the checkpoint's root has children: a, b", wording.RootChildren([]string{"a", "b"}))
	require.Regexp(t, "c0, .*, c19, …$", wording.RootChildren(numbered("c", 21)))
}

func TestNear(t *testing.T) {
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		name, to string
		names    []string
		want     []string
	}{
		{"nothing", "kernel", nil, nil},
		{"itself", "kernel", []string{"kernel"}, nil},
		{"another case", "Kernel", []string{"kernel", "KERNEL"}, []string{"kernel", "KERNEL"}},
		{"underscores", "_kernel", []string{"kernel", "ker_nel"}, []string{"kernel", "ker_nel"}},
		{"a number at the end", "dense", []string{"dense_1", "dense12", "1dense"}, []string{"dense_1", "dense12", "1dense"}},
		{"a letter too many", "kernell", []string{"kernel"}, []string{"kernel"}},
		{"a letter too few", "kernl", []string{"kernel"}, []string{"kernel"}},
		{"another letter", "kornel", []string{"kernel"}, []string{"kernel"}},
		{"letters that changed places", "kenrel", []string{"kernel"}, []string{"kernel"}},
		{"two letters", "kornol", []string{"kernel"}, []string{"kernel"}},
		{"three letters", "kornox", []string{"kernel"}, nil},
		{"one letter of a short name", "bia", []string{"bias"}, []string{"bias"}},
		{"two letters of a short name", "bi", []string{"bias"}, nil},
		{"a part of it", "kernel", []string{"dense_kernel"}, nil},
		{"indices of a list", "1", []string{"2", "10"}, nil},
		{"a letter of two bytes counts twice", "größe", []string{"grabe", "GRÖSSE"}, []string{"GRÖSSE"}},
		{"the longest that is compared", long, []string{long[1:]}, []string{long[1:]}},
		{"one that is longer", long + "x", []string{long}, nil},
		{"others that are longer", long, []string{long + "x"}, nil},
		{"at most ten", "w", numbered("w", 12), numbered("w", 10)},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, wording.Near(c.to, c.names)) })
	}
}

func TestGroup(t *testing.T) {
	for _, c := range []struct {
		name    string
		paths   []string
		group   string
		grouped []string
	}{
		{"none", nil, "", nil},
		{"few", numbered("a.w", 2), "\n  a.w0: gone\n  a.w1: gone", numbered("a.w", 2)},
		{"at the root", numbered("w", 9), lines("\n  w%d: gone", 9), numbered("w", 9)},
		{"below several objects", append(numbered("b.w", 8), "a.x.y", "c"), "\n  a.*: 1 value gone\n  b.*: 8 values gone\n  c: gone", []string{"a.*", "b.* (8 values)", "c"}},
		{"below one object", append(numbered("m.b.w", 8), "m.a.x", "m.c"), "\n  m.a.*: 1 value gone\n  m.b.*: 8 values gone\n  m.c: gone", []string{"m.a.*", "m.b.* (8 values)", "m.c"}},
		{"the same path", strings.Fields(strings.Repeat("w ", 9)), "\n  w: 9 values gone", []string{"w (9 values)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			wording.Group(&b, "gone", c.paths)
			require.Equal(t, c.group, b.String())
			require.Equal(t, c.grouped, wording.Grouped(c.paths))
		})
	}
}

// lines returns the text of format for the numbers below n.
func lines(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
