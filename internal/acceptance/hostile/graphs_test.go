package hostile

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// forgeGraph writes a checkpoint with any object graph to a disk in memory (see [ckpttest.ForgeGraph]).
func forgeGraph(t *testing.T, g *objectgraph.Graph) *errfs.FS {
	t.Helper()
	disk := errfs.New()
	ckpttest.ForgeGraph(t, bundle.Create(disk, "ckpt", bundle.Options{}), g)
	return disk
}

var forgedValue = []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: "v", Key: "v"}}

// hostileNodes is the number of objects in a hostile graph. CKPT_NODES sets it: a million takes minutes and gigabytes.
func hostileNodes() int {
	if n, err := strconv.Atoi(os.Getenv("CKPT_NODES")); err == nil {
		return n
	}
	return thorough.Pick(50_000, 800)
}

// hostileGraphs are well-formed graphs of n nodes that are unlike any model.
func hostileGraphs(n int) map[string]*objectgraph.Graph {
	graphs := make(map[string]*objectgraph.Graph)
	wide := &objectgraph.Graph{Nodes: make([]objectgraph.Node, n)}
	for i := 1; i < n; i++ {
		wide.Nodes[0].Children = append(wide.Nodes[0].Children, objectgraph.Child{Name: fmt.Sprint(i - 1), ID: i})
		wide.Nodes[i].Attributes = forgedValue
	}
	graphs["one node with all others as its children"] = wide
	deep := &objectgraph.Graph{Nodes: make([]objectgraph.Node, n)}
	for i := range n - 1 {
		deep.Nodes[i].Children = []objectgraph.Child{{Name: "next", ID: i + 1}}
	}
	deep.Nodes[n-1].Attributes = forgedValue
	graphs["a chain"] = deep
	values := &objectgraph.Graph{Nodes: make([]objectgraph.Node, n)}
	for i := range n - 1 {
		values.Nodes[i] = objectgraph.Node{Children: []objectgraph.Child{{Name: "next", ID: i + 1}}, Attributes: forgedValue}
	}
	graphs["a chain with a value at every link"] = values
	own := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 2*n)}
	for i := range n {
		value := objectgraph.Attribute{Name: objectgraph.VariableValue, Key: fmt.Sprint(i)}
		own.Nodes[2*i] = objectgraph.Node{Children: []objectgraph.Child{{Name: "v", ID: 2*i + 1}, {Name: "next", ID: min(2*i+2, 2*n-2)}}}
		own.Nodes[2*i+1].Attributes = []objectgraph.Attribute{value}
	}
	graphs["a chain with a separate value at every link"] = own
	ring := &objectgraph.Graph{Nodes: make([]objectgraph.Node, n)}
	for i := range n {
		ring.Nodes[i].Children = []objectgraph.Child{{Name: "next", ID: (i + 1) % n}, {Name: "self", ID: i}, {Name: "root", ID: 0}}
	}
	graphs["a ring with edges from each node to itself and to the first"] = ring
	shared := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 2)}
	for i := range n {
		shared.Nodes[0].Children = append(shared.Nodes[0].Children, objectgraph.Child{Name: fmt.Sprint(i), ID: 1})
	}
	shared.Nodes[1].Attributes = forgedValue
	graphs["one object with all names"] = shared
	slots := &objectgraph.Graph{Nodes: make([]objectgraph.Node, n)}
	slots.Nodes[0].Children = []objectgraph.Child{{Name: "v", ID: 1}, {Name: "optimizer", ID: 2}}
	slots.Nodes[1].Attributes = forgedValue
	for i := 3; i < n; i++ {
		slots.Nodes[2].Slots = append(slots.Nodes[2].Slots, objectgraph.Slot{Original: 1, Name: fmt.Sprint(i), Variable: i})
		slots.Nodes[i].Attributes = forgedValue
	}
	graphs["one optimizer with all slots"] = slots
	return graphs
}

// A chainLink can be as deep as a checkpoint says.
type chainLink struct {
	V    tensor.Tensor[float32] `ckpt:"v,optional"`
	Next *chainLink             `ckpt:"next,alloc,optional"`
}

// A lackingLink can be as deep, and has a value at each link that the checkpoint lacks. A wrongLink has a value that does not fit.
type lackingLink struct {
	Lost float64      `ckpt:"lost"`
	Next *lackingLink `ckpt:"next,alloc,optional"`
}

type wrongLink struct {
	V    [3]int64   `ckpt:"v"`
	Next *wrongLink `ckpt:"next,alloc,optional"`
}

// TestHostileGraphs gives forged graphs to every verb that reads a checkpoint. Each verb may succeed or fail, but it must end, in time and
// memory that the size of the files justifies.
func TestHostileGraphs(t *testing.T) {
	nodes := hostileNodes()
	for name, g := range hostileGraphs(nodes) {
		t.Run(name, func(t *testing.T) {
			disk := forgeGraph(t, g)
			size := 0
			for _, b := range disk.Files() {
				size += len(b)
			}
			verbs := map[string]func(){
				"restore into a small program, and check": func() {
					c := ckpttest.New(t, ckpttest.NodeOf("v", ckpttest.Scalar(0)), ckpttest.On(disk))
					s, err := c.Read(ctx, "ckpt")
					require.NoError(t, err)
					for _, err := range []error{s.AssertConsumed(), s.AssertExistingObjectsMatched(), s.AssertNontrivialMatch()} {
						if err != nil {
							_ = err.Error()
						}
					}
					_ = s.Report().String()
					require.NoError(t, c.Close())
				},
				"load into a program that grows": func() {
					var root chainLink
					if err := ckpt.LoadWeights(ctx, "ckpt", &root, ckpttest.On(disk), ckpt.Partial()); err != nil {
						_ = err.Error()
					}
					var list []tensor.Tensor[float32]
					if err := ckpt.LoadWeights(ctx, "ckpt", &list, ckpttest.On(disk)); err != nil {
						_ = err.Error()
					}
				},
				"restore into a program that grows, check, and save again": func() {
					var root chainLink
					c := ckpttest.New(t, &root, ckpttest.On(disk))
					s, err := c.Read(ctx, "ckpt")
					if err != nil {
						_ = err.Error()
						return
					}
					if name == "a chain" || name == "a chain with a separate value at every link" && nodes >= 50_000 {
						if _, err := c.Write(ctx, "again", ckpt.AllowEmpty()); err != nil { // keys are as long as paths
							require.ErrorIs(t, err, errors.ErrUnsupported)
						}
					}
					_ = s.Report().String()
					_ = s.AssertConsumed()
					require.NoError(t, c.Close())
				},
				"restore into a program that grows with missing values, and check": func() {
					var root lackingLink
					c := ckpttest.New(t, &root, ckpttest.On(disk))
					s, err := c.Read(ctx, "ckpt")
					require.NoError(t, err)
					_ = s.Report().String()
					if err := s.AssertExistingObjectsMatched(); err != nil {
						_ = err.Error()
					}
				},
				"load into a program that grows with missing values": func() {
					err := ckpt.LoadWeights(ctx, "ckpt", new(lackingLink), ckpttest.On(disk))
					require.ErrorIs(t, err, ckpt.ErrMismatch)
					_ = err.Error()
				},
				"load into a program that grows with values that do not fit": func() {
					if err := ckpt.LoadWeights(ctx, "ckpt", new(wrongLink), ckpttest.On(disk), ckpt.Partial()); err != nil {
						_ = err.Error()
					}
				},
				"compare views": func() {
					var root chainLink
					_ = ckpt.LoadWeights(ctx, "ckpt", &root, ckpttest.On(disk), ckpt.Partial())
					r := ckpttest.Must(ckpt.Open("ckpt", ckpttest.On(disk)))
					defer r.Close()
					stored, program := ckpttest.Must(r.View()), ckpttest.Must(ckpt.ViewOf(&root))
					_ = ckpt.Diff(stored, program)
					_ = ckpt.Diff(program, stored)
				},
				"all variables": func() {
					r := ckpttest.Must(ckpt.Open("ckpt", ckpttest.On(disk)))
					defer r.Close()
					for _, v := range r.Variables() {
						ckpttest.Must(r.Tensor(v.Key))
					}
				},
				"restore nodes": func() {
					last := len(g.Nodes) - 1
					if err := ckpt.RestoreNodes(ctx, "ckpt", map[int]any{last: ckpttest.Scalar(0)}, ckpttest.On(disk)); err != nil {
						_ = err.Error()
					}
				},
				"verify": func() {
					r, err := ckpt.Open("ckpt", ckpttest.On(disk))
					require.NoError(t, err)
					require.NoError(t, r.Verify(ctx, func(p ckpt.Problem) { _ = p.Err.Error() }))
					require.NoError(t, r.Close())
				},
				"strict": func() {
					var m struct{ V tensor.Tensor[float32] }
					if err := ckpt.LoadWeights(ctx, "ckpt", &m, ckpttest.On(disk), ckpt.Strict(), ckpt.Partial()); err != nil {
						_ = err.Error()
					}
				},
			}
			for _, verb := range ckpttest.SortedKeys(verbs) {
				peak, took := measured(verbs[verb])
				t.Logf("%-44s %6d KiB of files, %7d KiB, %v", verb, size>>10, peak>>10, took.Round(time.Millisecond))
				require.Less(t, peak, uint64(64<<20+100*size+4<<10*nodes), verb) // a program that grows allocates objects for all nodes
				require.Less(t, took, time.Minute+time.Duration(nodes)*2*time.Millisecond, verb)
			}
		})
	}
}

// measured runs f and returns the largest growth of the heap, and the time that f took.
func measured(f func()) (peak uint64, took time.Duration) {
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var done atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !done.Load() {
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc {
				peak = max(peak, now.HeapAlloc-before.HeapAlloc)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	start := time.Now()
	f()
	took = time.Since(start)
	done.Store(true)
	<-ended
	return peak, took
}
