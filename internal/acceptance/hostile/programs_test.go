package hostile

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// A branch holds others in every way that a struct can.
type branch struct {
	V    *tensor.Tensor[float32] `ckpt:"v,optional"`
	Next *branch                 `ckpt:"next,optional"`
	Kids []*branch               `ckpt:"kids,optional"`
	Map  map[string]*branch      `ckpt:"map,optional"`
}

// hostilePrograms are programs with about n objects that are unlike any model.
func hostilePrograms(n int) map[string]func() *branch {
	return map[string]func() *branch{
		"a chain with a value at its end": func() *branch {
			root := new(branch)
			b := root
			for range n - 2 {
				b.Next = new(branch)
				b = b.Next
			}
			b.V = ckpttest.Scalar(1)
			return root
		},
		"short chains with a value at every link": func() *branch { // keys are as long as paths
			root := new(branch)
			for range n / 400 {
				b := new(branch)
				root.Kids = append(root.Kids, b)
				for i := range 200 {
					b.V, b.Next = ckpttest.Scalar(float32(i)), new(branch)
					b = b.Next
				}
			}
			return root
		},
		"one list": func() *branch {
			root := new(branch)
			for i := range n / 2 {
				root.Kids = append(root.Kids, &branch{V: ckpttest.Scalar(float32(i))})
			}
			return root
		},
		"one map": func() *branch {
			root := &branch{Map: make(map[string]*branch)}
			for i := range n / 2 {
				root.Map[fmt.Sprint("a name/", i)] = &branch{V: ckpttest.Scalar(float32(i))}
			}
			return root
		},
		"lists in lists": func() *branch {
			root := new(branch)
			b := root
			for range n / 2 {
				b.Kids = []*branch{{}}
				b = b.Kids[0]
			}
			b.V = ckpttest.Scalar(1)
			return root
		},
		"a binary tree": func() *branch {
			all := make([]branch, n/3)
			for i := range all {
				all[i].V = ckpttest.Scalar(float32(i))
				if 2*i+2 < len(all) {
					all[i].Kids = []*branch{&all[2*i+1], &all[2*i+2]}
				}
			}
			return &all[0]
		},
		"one shared variable": func() *branch {
			root, v := new(branch), ckpttest.Scalar(1)
			for range n / 2 {
				root.Kids = append(root.Kids, &branch{V: v})
			}
			return root
		},
	}
}

// TestHostilePrograms saves, restores and examines programs of very many objects. Memory and time must grow in proportion to the number of
// objects.
func TestHostilePrograms(t *testing.T) {
	nodes := hostileNodes()
	for name, build := range hostilePrograms(nodes) {
		t.Run(name, func(t *testing.T) {
			disk, program := errfs.New(), build()
			c := ckpttest.New(t, program, ckpttest.On(disk))
			other := build()
			verbs := []struct {
				name string
				run  func()
			}{
				{"save", func() { ckpttest.Must(c.Write(ctx, "ckpt")) }},
				{"save asynchronously, by tasks", func() {
					ckpttest.Must(c.Write(ctx, "sharded", ckpt.Async(), ckpt.MaxShardSize(1<<20)))
					require.NoError(t, c.Sync(ctx))
				}},
				{"restore, and check", func() {
					c := ckpttest.New(t, other, ckpttest.On(disk))
					s := ckpttest.Must(c.Read(ctx, "ckpt"))
					require.NoError(t, s.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
					require.NotEmpty(t, s.Report().String())
					require.NoError(t, c.Close())
				}},
				{"restore with Atomic", func() { ckpttest.Must(ckpttest.New(t, other, ckpttest.On(disk)).Read(ctx, "ckpt", ckpt.Atomic())) }},
				{"restore into a program of two objects", func() {
					c := ckpttest.New(t, &branch{V: ckpttest.Scalar(0), Next: &branch{V: ckpttest.Scalar(0)}}, ckpttest.On(disk))
					s := ckpttest.Must(c.Read(ctx, "ckpt"))
					longest := 0 // a file may have keys of any length
					for _, v := range ckpttest.Must(ckpt.Open("ckpt", ckpttest.On(disk))).Variables() {
						longest = max(longest, len(v.Key))
					}
					if err := s.AssertConsumed(); err != nil {
						require.Less(t, len(err.Error()), 64<<10+200*nodes+4*longest)
					}
					require.Less(t, len(s.Report().String()), 64<<10+200*nodes+4*longest)
				}},
				{"load into an empty program", func() {
					loaded := new(branch)
					require.NoError(t, ckpt.LoadWeights(ctx, "ckpt", loaded, ckpttest.On(disk), ckpt.Strict()))
				}},
				{"load a part", func() {
					_ = ckpt.LoadWeights(ctx, "ckpt", new(branch), ckpttest.On(disk), ckpt.At("kids/0"), ckpt.Partial())
				}},
				{"a view of the checkpoint, and the program's", func() {
					r := ckpttest.Must(ckpt.Open("ckpt", ckpttest.On(disk)))
					defer r.Close()
					stored, mine := ckpttest.Must(r.View()), ckpttest.Must(ckpt.ViewOf(other))
					d := ckpt.Diff(stored, mine)
					require.Len(t, d.Matches, len(stored.Nodes))
					require.Empty(t, d.OnlyStored)
					require.Empty(t, d.OnlyProgram)
					require.Len(t, stored.Descendants(), len(stored.Nodes))
				}},
				{"variables, and verify", func() {
					r := ckpttest.Must(ckpt.Open("ckpt", ckpttest.On(disk)))
					defer r.Close()
					require.NotEmpty(t, r.Variables())
					require.NoError(t, r.Verify(ctx, func(p ckpt.Problem) { t.Error(p) }))
				}},
				{"restore one node", func() {
					require.NoError(t, ckpt.RestoreNodes(ctx, "ckpt", map[int]any{0: new(branch)}, ckpttest.On(disk)))
				}},
			}
			for _, verb := range verbs {
				peak, took := measured(verb.run)
				t.Logf("%-44s %7d KiB, %v", verb.name, peak>>10, took.Round(time.Millisecond))
				require.Less(t, peak, uint64(64<<20+12<<10*nodes), verb.name)
				require.Less(t, took, time.Minute+time.Duration(nodes)*2*time.Millisecond, verb.name)
			}
		})
	}
}

// TestHostileKeys saves a very long chain. Each key is a whole path, so all keys together would not fit into memory.
func TestHostileKeys(t *testing.T) {
	root := &branch{V: ckpttest.Scalar(0)}
	for b, i := root, 0; i < 30_000; b, i = b.Next, i+1 {
		b.Next = &branch{V: ckpttest.Scalar(0)}
	}
	disk := errfs.New()
	c := ckpttest.New(t, root, ckpttest.On(disk))
	_, err := c.Write(ctx, "ckpt")
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorContains(t, err, "….next.next.")
	require.Less(t, len(err.Error()), 1<<10)
	require.Empty(t, disk.Names())
}
