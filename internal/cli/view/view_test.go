package view

import (
	"fmt"
	"hash/maphash"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/tensor"
)

// save writes tensors to a file in a temporary directory, in the format of the file's extension.
func save(t *testing.T, name string, tensors map[string]tensor.Any) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	saveTo(t, path, tensors)
	return path
}

func saveTo(t *testing.T, path string, tensors map[string]tensor.Any) {
	t.Helper()
	w, err := writers.Create(fsx.OS{}, writers.ByEnding(path), path, writers.Options{})
	require.NoError(t, err)
	for _, key := range slices.Sorted(maps.Keys(tensors)) {
		require.NoError(t, w.Add(0, key, format.SourceOf(tensors[key])))
	}
	require.NoError(t, w.Commit(t.Context()))
}

// values returns a float32 tensor of a shape with the values first, first+1, ….
func values(first float32, shape ...int) tensor.Any {
	v := tensor.New[float32](shape...)
	for i := range v.Data() {
		v.Data()[i] = first + float32(i)
	}
	return v
}

// blocks returns the tensors of a model with n equal blocks.
func blocks(n int) map[string]tensor.Any {
	all := map[string]tensor.Any{"embed.weight": values(0, 5, 2), "head.weight": values(1, 2, 5), "head.bias": values(0, 5)}
	for i := range n {
		all[fmt.Sprintf("h.%d.attn.weight", i)] = values(float32(i), 2, 3)
		all[fmt.Sprintf("h.%d.mlp.weight", i)] = values(-1, 4)
	}
	return all
}

func byPath(path string) (*ckpt.Reader, string, error) {
	r, err := ckpt.Open(path)
	if err != nil {
		return nil, "", err
	}
	return r, r.Prefix(), nil
}

// open opens checkpoints until the end of the test.
func open(t *testing.T, paths ...string) *Set {
	t.Helper()
	s, err := Open(byPath, paths...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// outline returns the lines of a listing, with the contents of its groups indented.
func outline(s *Set, p span) string {
	var b strings.Builder
	var write func(l *listing, depth int, indent string)
	write = func(l *listing, depth int, indent string) {
		for _, row := range l.tensors {
			fmt.Fprintf(&b, "%s%s\n", indent, s.nameText(row, depth))
		}
		for i := range l.groups {
			g := &l.groups[i]
			v := s.group(g)
			fmt.Fprintf(&b, "%s%s", indent, v.Name)
			if v.Times != "" {
				fmt.Fprintf(&b, " ×%s", v.Times)
			}
			fmt.Fprintln(&b)
			write(s.list(g.span), g.depth, indent+"  ")
		}
	}
	write(s.list(p), p.depth, "")
	return b.String()
}

func TestOutline(t *testing.T) {
	different := blocks(4)
	different["h.2.mlp.weight"] = values(0, 7)
	for _, c := range []struct {
		name, file string
		tensors    map[string]tensor.Any
		want       string
	}{
		{"equal blocks become one group", "m.safetensors", blocks(12), `
embed/weight
h
  0 … 11 ×12
    attn/weight
    mlp/weight
head
  bias
  weight
`},
		{"two blocks are not folded", "m.safetensors", blocks(2), `
embed/weight
h
  0
    attn/weight
    mlp/weight
  1
    attn/weight
    mlp/weight
head
  bias
  weight
`},
		{"different blocks stay separate", "m.npz", different, `
embed/weight
h
  0
    attn/weight
    mlp/weight
  1
    attn/weight
    mlp/weight
  2
    attn/weight
    mlp/weight
  3
    attn/weight
    mlp/weight
head
  bias
  weight
`},
		{"numbers are sorted by value", "m.safetensors", map[string]tensor.Any{"w10": values(0, 1), "w9": values(0, 1), "w1": values(0, 1)}, "\nw1\nw9\nw10\n"},
		{"a tensor and tensors below it", "m.safetensors", map[string]tensor.Any{"w": values(0, 1), "w.a": values(0, 1), "w.b": values(0, 1), "w-x": values(0, 1)}, `
w
w-x
w
  a
  b
`},
		{"TensorFlow's keys", "m", map[string]tensor.Any{"model/a.Sb/kernel/.ATTRIBUTES/VARIABLE_VALUE": values(0, 1), "model/a.Sb/bias/.ATTRIBUTES/VARIABLE_VALUE": values(0, 1)}, `
model/a/b
  bias
  kernel
`},
		{"nothing", "m.safetensors", nil, "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, save(t, c.file, c.tensors))
			require.Equal(t, c.want, "\n"+outline(s, s.whole()))
		})
	}
}

// FuzzOutline checks, for any keys, that every tensor is in the tree once, and that the server accepts the
// addresses on the page.
func FuzzOutline(f *testing.F) {
	f.Add("a.b\na.c\na\na-b")
	f.Add("h.0.w\nh.1.w\nh.2.w\nh.10.w\n..\n/\n")
	f.Add("x/.ATTRIBUTES/VARIABLE_VALUE\nx\nx/\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		var list []placed
		for i, path := range strings.Split(text, "\n") {
			list = append(list, placed{path, int32(i)})
		}
		slices.SortFunc(list, func(a, b placed) int { return strings.Compare(a.path, b.path) })
		x := index{n: 1}
		x.merge([][]placed{slices.Clone(list)})
		seen := make([]int, len(list))
		var visit func(p span)
		visit = func(p span) {
			if !x.holds(p) {
				t.Fatalf("the server rejects the span %v of %q", p, x.paths)
			}
			l := x.list(p, func(*maphash.Hash, int) {})
			for _, row := range l.tensors {
				seen[row]++
			}
			for _, g := range l.groups {
				each := g.alike
				if each == nil {
					each = []group{g}
				}
				for _, one := range each {
					if one.depth <= p.depth {
						t.Fatalf("%v holds %v", p, one.span)
					}
					visit(one.span)
				}
			}
		}
		visit(x.whole())
		for row, n := range seen {
			if n != 1 {
				t.Fatalf("%q is %d times in the tree of %q", x.paths[row], n, x.paths)
			}
		}
	})
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		saveTo(t, filepath.Join(dir, fmt.Sprintf("epoch-%d.safetensors", i)), map[string]tensor.Any{"w": values(float32(i), 1)})
	}
	saveTo(t, filepath.Join(dir, "best-3.npz"), map[string]tensor.Any{"w": values(0, 1)})
	s := open(t, dir)
	require.Equal(t, Run, s.Mode())
	require.Equal(t, "epoch-0.safetensors to epoch-11.safetensors", s.Title())
	m, err := s.norms(t.Context())
	require.NoError(t, err)
	require.Equal(t, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, m.Norms)

	t.Run("one path named twice", func(t *testing.T) {
		path := filepath.Join(dir, "epoch-1.safetensors")
		require.Equal(t, Single, open(t, path, path).Mode())
	})
	t.Run("checkpoints of a manager", func(t *testing.T) {
		s := open(t, "../../../testdata/golden/manager-keeps-last/train")
		require.Equal(t, Run, s.Mode())
		require.Equal(t, "ckpt-4 to ckpt-5", s.Title())
	})
	t.Run("many checkpoints are thinned out", func(t *testing.T) {
		paths := make([]string, 1000)
		for i := range paths {
			paths[i] = fmt.Sprint(i)
		}
		kept, skipped := thin(paths, 5)
		require.Equal(t, []string{"0", "249", "499", "749", "999"}, kept)
		require.Equal(t, 995, skipped)
	})
}
