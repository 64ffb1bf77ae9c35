package cli

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// draw returns the tree of a graph. Its attributes refer to the checkpoint damaged-none.
func draw(t *testing.T, g *ckpt.StoredGraph) string {
	t.Helper()
	require.NoError(t, g.Check())
	r, err := ckpt.Open(filepath.Join(golden, "damaged-none", "ckpt"))
	require.NoError(t, err)
	defer r.Close()
	var out bytes.Buffer
	require.NoError(t, printTree(t.Context(), &out, r, g))
	return out.String()
}

func node(children ...objectgraph.Child) objectgraph.Node {
	return objectgraph.Node{Children: children}
}

func to(name string, id int) objectgraph.Child { return objectgraph.Child{Name: name, ID: id} }

func TestTree(t *testing.T) {
	for name, test := range map[string]struct {
		graph []objectgraph.Node
		want  string
	}{
		"only a root": {[]objectgraph.Node{node()}, "(root) #0\n"},
		"an object is shown on its shortest path, not on the first": {
			[]objectgraph.Node{node(to("long", 1), to("short", 2)), node(to("to", 2)), node(to("leaf", 3)), node()}, `
(root) #0
├── long #1
│   └── to -> #2
└── short #2
    └── leaf #3
`},
		"two edges from one object to another": {[]objectgraph.Node{node(to("a", 1), to("b", 1)), node()}, `
(root) #0
├── a #1
└── b -> #1
`},
		"edges that lead back": {[]objectgraph.Node{node(to("a", 1), to("me", 0)), node(to("b", 2)), node(to("up", 1), to("top", 0), to("me", 2))}, `
(root) #0
├── a #1
│   └── b #2
│       ├── up -> #1, cycle
│       ├── top -> #0, cycle
│       └── me -> #2, cycle
└── me -> #0, cycle
`},
		"a sideways edge is not a cycle": {[]objectgraph.Node{node(to("a", 1), to("b", 2)), node(to("c", 3)), node(to("d", 3)), node()}, `
(root) #0
├── a #1
│   └── c #3
└── b #2
    └── d -> #3
`},
		"unreachable objects": {[]objectgraph.Node{node(), node(to("a", 2)), node(to("back", 1)), node()}, `
(root) #0
(no edge leads here) #1
└── a #2
    └── back -> #1, cycle
(no edge leads here) #3
`},
		"slots are shown below their optimizer, except those that are also children": {[]objectgraph.Node{
			node(to("opt", 1), to("w", 2), to("m", 3)),
			{Slots: []objectgraph.Slot{{Original: 2, Name: "m", Variable: 3}, {Original: 2, Name: "v\n", Variable: 4}}},
			node(), node(), node(to("more", 5)), node(),
		}, `
(root) #0
├── opt #1
│   ├── [slot m of #2] -> #3
│   └── [slot "v\n" of #2] #4
│       └── more #5
├── w #2
└── m #3
`},
		"the values of objects": {[]objectgraph.Node{
			node(to("w", 1), to("both", 2), to("table", 3), to("own", 4)),
			{Attributes: []objectgraph.Attribute{{Name: "VARIABLE_VALUE", Key: "w/.ATTRIBUTES/VARIABLE_VALUE"}}},
			{Attributes: []objectgraph.Attribute{{Name: "b", Key: "b/.ATTRIBUTES/VARIABLE_VALUE"}, {Name: "\x1b", Key: "n/.ATTRIBUTES/VARIABLE_VALUE"}}},
			{Attributes: []objectgraph.Attribute{{Name: "table", Key: "t"}}},
			{Saver: &objectgraph.RegisteredSaver{Name: "a.Saver", ObjectName: "own"}},
		}, `
(root) #0
├── w #1 float32 [4 3]
├── both #2 b float64 [5]; "\x1b" int64 []
├── table #3 table (stored under other keys)
└── own #4 saved by a.Saver
`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, strings.TrimPrefix(test.want, "\n"), draw(t, &ckpt.StoredGraph{Nodes: test.graph}))
		})
	}
}

func TestTreeIsNotMuchLongerThanTheGraph(t *testing.T) {
	const n = 20_000
	chain := &ckpt.StoredGraph{}
	for i := range n {
		chain.Nodes = append(chain.Nodes, node(to("up", i/2)))
		if i > 0 {
			chain.Nodes[i-1].Children = append(chain.Nodes[i-1].Children, to("next", i))
		}
	}
	star := &ckpt.StoredGraph{Nodes: make([]objectgraph.Node, n)}
	for i := 1; i < n; i++ {
		star.Nodes[0].Children = append(star.Nodes[0].Children, to(strconv.Itoa(i), i))
	}
	ladder := &ckpt.StoredGraph{} // it has 2^40 paths
	for i := range 80 {
		next := (i/2 + 1) * 2
		if next >= 80 {
			ladder.Nodes = append(ladder.Nodes, node())
		} else {
			ladder.Nodes = append(ladder.Nodes, node(to("a", next), to("b", next+1)))
		}
	}
	number := regexp.MustCompile(`(?m) (-> )?#(\d+)`)
	for name, g := range map[string]*ckpt.StoredGraph{"a chain": chain, "a star": star, "a ladder": ladder} {
		t.Run(name, func(t *testing.T) {
			text := draw(t, g)
			edges, depth := 0, 0
			for _, n := range g.Nodes {
				edges += len(n.Children)
			}
			shown := make(map[string]int)
			for line := range strings.Lines(text) {
				m := number.FindStringSubmatch(line)
				require.NotNil(t, m, line)
				if m[1] == "" && !strings.HasPrefix(line, "(continued)") {
					shown[m[2]]++
				}
				depth = max(depth, strings.Count(line, "│")+strings.Count(line, "    ")+1)
			}
			require.Len(t, shown, len(g.Nodes), "every object")
			for id, times := range shown {
				require.Equal(t, 1, times, "object %s is shown with its contents once", id)
			}
			require.LessOrEqual(t, depth, maxDepth+1)
			lines := strings.Count(text, "\n")
			require.LessOrEqual(t, lines, edges+1+int(math.Ceil(float64(len(g.Nodes))/maxDepth))+1, fmt.Sprintf("%d edges", edges))
		})
	}
}

// TestTreeOfAnyGraph draws random graphs. Every object is shown with its contents once, and every edge is
// shown once. An edge is marked as a cycle if it leads back to an object above it in the tree.
func TestTreeOfAnyGraph(t *testing.T) {
	line := regexp.MustCompile(`^((?:│   |    )*)(?:[├└]── \S+(?: \S+ of #\d+\])? |\((root|no edge leads here|continued)\) )(-> )?#(\d+)(, cycle)?`)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, maxDepth-1).Draw(t, "nodes") // too few for the tree to be cut
		id := rapid.IntRange(0, n-1)
		g := &ckpt.StoredGraph{Nodes: make([]objectgraph.Node, n)}
		edges := 0
		for i := range g.Nodes {
			for _, child := range rapid.SliceOfN(id, 0, 3).Draw(t, "children") {
				g.Nodes[i].Children = append(g.Nodes[i].Children, to("e", child))
				edges++
			}
			for _, slot := range rapid.SliceOfN(id, 0, 1).Draw(t, "slots") {
				g.Nodes[i].Slots = append(g.Nodes[i].Slots, objectgraph.Slot{Original: id.Draw(t, "original"), Name: "s", Variable: slot})
				edges++
			}
		}
		var out bytes.Buffer
		if err := printTree(context.Background(), &out, nil, g); err != nil {
			t.Fatal(err)
		}
		shown, drawn := make(map[int]bool), 0
		var above []int // the objects from the top to the previous line
		for text := range strings.Lines(out.String()) {
			m := line.FindStringSubmatch(text)
			if m == nil {
				t.Fatalf("an unexpected line: %s", text)
			}
			at, _ := strconv.Atoi(m[4])
			depth := utf8.RuneCountInString(m[1])/4 + 1
			if m[2] != "" {
				depth = 0
			} else {
				drawn++
			}
			above = above[:depth]
			switch {
			case m[3] != "":
				if slices.Contains(above, at) != (m[5] != "") {
					t.Fatalf("above are %v: %s", above, text)
				}
				continue
			case shown[at]:
				t.Fatalf("#%d is shown twice", at)
			}
			shown[at] = true
			above = append(above, at)
		}
		if len(shown) != n || drawn != edges {
			t.Fatalf("%d of %d objects and %d of %d edges:\n%s", len(shown), n, drawn, edges, out.String())
		}
	})
}
