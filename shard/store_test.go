package shard_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
	"github.com/gockpt/ckpt/tensor"
)

// everyCut returns the ways to distribute a matrix over workers.
func everyCut(workers int) map[string]shard.Cut {
	a := 1
	for i := 2; i*i <= workers; i++ {
		if workers%i == 0 {
			a = i
		}
	}
	mesh := shard.Mesh{{Name: "a", Size: a}, {Name: "b", Size: workers / a}}
	return map[string]shard.Cut{
		"rows":     must(shard.Rows(workers)),
		"columns":  must(shard.Columns(workers)),
		"blocks":   must(mesh.Cut("a", "b")),
		"replicas": must(mesh.Cut("b")), // rows, each replicated a times
		"whole":    must(mesh.Cut()),
	}
}

// N workers write to a store, and M others read from it, for all N and M up to 8 and any distributions. The
// readers get exactly the requested elements, and at most 1.1 times their bytes are transferred. The test
// tries some numbers and some distributions for each, or all if CKPT_THOROUGH is set.
func TestAnyToAnyInStore(t *testing.T) {
	numbers := thorough.Pick([]int{1, 2, 3, 4, 5, 6, 7, 8}, []int{1, 2, 3, 8})
	random := rand.New(rand.NewPCG(16, 4))
	const key = "model/t/.ATTRIBUTES/VARIABLE_VALUE"
	full := tensor.Shape{70, 64}
	for _, n := range numbers {
		stored := everyCut(n)
		for i, name := range slices.Sorted(maps.Keys(stored)) {
			cut, stored := stored[name], name
			if (i+n)%2 > 0 && !thorough.Asked() {
				continue
			}
			s := storetest.NewFaulty(store.Memory())
			for number := range n {
				region := must(cut.Region(number, full))
				_, shape, err := region.Resolve(full)
				require.NoError(t, err)
				values := tensor.New[float32](shape...)
				for i, e := range elements(full, region) {
					values.Data()[i] = float32(e)
				}
				w := shard.Worker{Number: number, Cut: func(string) shard.Cut { return cut }, Full: func(string, tensor.Shape) tensor.Shape { return full }}
				c, err := ckpt.New(ckpt.Group{"model": map[string]any{"t": values}}, ckpt.In(s))
				require.NoError(t, err)
				require.NoError(t, c.WriteSection(ctx, "run/ckpt", number, n, ckpt.Parts(w.Part), ckpt.Own(w.Saves)))
			}
			_, err := ckpt.Merge(ctx, "run/ckpt", ckpt.In(s))
			require.NoError(t, err)
			r, err := ckpt.Open("run/ckpt", ckpt.In(s))
			require.NoError(t, err)
			for _, m := range numbers {
				parts := map[string]shard.Part{}
				for number := range m {
					cuts := everyCut(m)
					for i, name := range slices.Sorted(maps.Keys(cuts)) {
						if to := cuts[name]; i == (n+m+number)%len(cuts) || thorough.Asked() {
							parts[fmt.Sprint(name, " of ", number)] = must(shard.Box(full, must(to.Region(number, full))))
						}
					}
					start, end := shard.FlatRange(full.Len(), number, m)
					parts[fmt.Sprint("flat range of ", number)] = must(shard.Flat(full, start, end))
				}
				region := make(tensor.Slice, len(full))
				for i, n := range full {
					start := random.IntN(n)
					region[i] = tensor.Extent{Start: start, Length: random.IntN(n - start + 1)}
				}
				parts[fmt.Sprint("the region ", region)] = must(shard.Box(full, region))
				for name, part := range parts {
					what := fmt.Sprintf("%d workers' %s, read by %d: %s", n, stored, m, name)
					got := tensor.New[float32](part.Len())
					s.Inject(nil)
					require.NoError(t, shard.Read(ctx, r, key, part, got), what)
					moved := 0
					for _, c := range s.Calls() {
						if strings.Contains(c.Name, ".data-") {
							moved += c.Size
						}
					}
					for i, e := range elementsOf(part) {
						if got.Data()[i] != float32(e) {
							t.Fatalf("%s: element %d is %g, want %d", what, i, got.Data()[i], e)
						}
					}
					require.LessOrEqual(t, moved*10, 11*4*part.Len(), what)
				}
			}
			require.NoError(t, r.Close())
		}
	}
}
