package ckpt_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// edgesOf prints the children of a view's node as name:node.
func edgesOf(v *ckpt.View, id int) string {
	var out []string
	for _, e := range v.Nodes[id].Children {
		out = append(out, fmt.Sprintf("%s:%d", e.Name, e.Node))
	}
	return strings.Join(out, " ")
}

// pathsOf returns the paths of nodes.
func pathsOf(v *ckpt.View, ids []int) []string {
	paths := []string{}
	for _, id := range ids {
		paths = append(paths, v.Nodes[id].Path)
	}
	return paths
}

func TestViewsOfCheckpoints(t *testing.T) {
	view := func(name string) *ckpt.View {
		return ckpttest.Must(ckpttest.Open(t, ckpttest.Golden(t, name).Path()).View())
	}
	t.Run("V-01 children are in the order in which they are stored, the root and the counter among them", func(t *testing.T) {
		require.Equal(t, "w:1 b:2 aux:3 root:0 step:4 save_counter:5", edgesOf(view("saved-root"), 0))
	})
	t.Run("V-02 descendants are in breadth-first order, each once, without slot variables", func(t *testing.T) {
		v := view("slots-v1-adam")
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, v.Descendants())
		require.Len(t, v.Nodes, 12, "they are nodes too")
		require.Equal(t, []int{0, 1, 2, 3, 4}, view("objects-cycle").Descendants())
	})
	t.Run("V-03 paths start with root and are joined by dots, not escaped", func(t *testing.T) {
		v := view("objects-containers")
		require.Subset(t, pathsOf(v, v.Descendants()), []string{"root", "root.many.0", "root.table.a.0"})
		v = view("objects-escaped-names")
		require.Subset(t, pathsOf(v, v.Descendants()), []string{"root.flat.a/b", "root.flat..ATTRIBUTES", "root.nested.p.q.r/s."})
		v = view("slots-v1-adam")
		require.Equal(t, "root.optimizer's state 'm' for root.model.w", v.Nodes[8].Path)
	})
	t.Run("V-04 a name-based checkpoint does not have a view", func(t *testing.T) {
		_, err := ckpttest.Open(t, ckpttest.Golden(t, "saver-v2").Path()).View()
		require.ErrorIs(t, err, ckpt.ErrNoObjectGraph)
	})
	t.Run("a node lists its tensors", func(t *testing.T) {
		v := view("objects-several-tensors")
		require.Equal(t, []string{"mean", "count", "per..class"}, v.Nodes[1].Tensors)
		require.Equal(t, []string{"VARIABLE_VALUE"}, v.Nodes[2].Tensors)
		require.Empty(t, v.Nodes[0].Tensors)
		require.Nil(t, v.Nodes[1].Object)
	})
}

func TestViewsOfPrograms(t *testing.T) {
	type model struct {
		Blocks []*ckpttest.Block
		Scale  ckpttest.Variable `ckpt:"scale"`
	}
	m := &model{[]*ckpttest.Block{{W: *ckpttest.Vector(1)}}, ckpttest.Scalar(2)}
	t.Run("V-05 a program's view has its objects, the root first, by edges and by both paths", func(t *testing.T) {
		v := ckpttest.Must(ckpt.ViewOf(m))
		require.Equal(t, "blocks:1 scale:2 root:0", edgesOf(v, 0))
		require.Equal(t, []int{0, 1, 2, 3, 4}, v.Descendants())
		require.Equal(t, []string{"root", "root.blocks", "root.scale", "root.blocks.0", "root.blocks.0.w"}, pathsOf(v, v.Descendants()))
		var goPaths []string
		for _, n := range v.Nodes {
			goPaths = append(goPaths, n.GoPath)
		}
		require.Equal(t, []string{"ckpt_test.model", "Blocks", "Scale", "Blocks[0]", "Blocks[0].W"}, goPaths)
		require.Same(t, m, v.Nodes[0].Object)
		require.Equal(t, m.Blocks, v.Nodes[1].Object)
		require.Same(t, m.Scale, v.Nodes[2].Object)
		require.Same(t, m.Blocks[0], v.Nodes[3].Object)
		require.Same(t, &m.Blocks[0].W, v.Nodes[4].Object)
	})
	t.Run("V-05 a Group's view has a root that is not an object of the program", func(t *testing.T) {
		v := ckpttest.Must(ckpt.ViewOf(ckpt.Group{"model": m, "b": ckpttest.Scalar(1)}))
		require.Equal(t, "b:1 model:2", edgesOf(v, 0))
		require.Equal(t, "root.model.blocks.0.w", v.Nodes[len(v.Nodes)-1].Path)
	})
	t.Run("V-08 an object that is not trackable does not have a view", func(t *testing.T) {
		_, err := ckpt.ViewOf(3)
		require.ErrorIs(t, err, ckpt.ErrNotTrackable)
		_, err = ckpt.ViewOf(nil)
		require.ErrorIs(t, err, ckpt.ErrNotTrackable)
	})
}

func TestMatchAndDiff(t *testing.T) {
	shared := ckpttest.Scalar(1)
	stored := ckpttest.Must(ckpttest.Open(t, ckpttest.Written(t, ckpttest.NodeOf("a", ckpttest.NodeOf("x", shared, "y", ckpttest.Scalar(2)), "b", ckpttest.NodeOf("x", shared), "gone", ckpttest.Scalar(3)))).View())
	t.Run("V-06 nodes match if the same path of names leads to them, and nothing is restored", func(t *testing.T) {
		x := ckpttest.Scalar(7)
		program := ckpttest.Must(ckpt.ViewOf(ckpttest.NodeOf("b", ckpttest.NodeOf("new", ckpttest.Scalar(0)), "a", ckpttest.NodeOf("y", ckpttest.Scalar(0), "x", x))))
		require.Equal(t, []string{"root=root", "root.a=root.a", "root.b=root.b", "root.a.x=root.a.x", "root.a.y=root.a.y"}, matched(stored, program, ckpt.Match(stored, program)))
		require.EqualValues(t, 7, ckpttest.Value(x))
	})
	t.Run("V-06 the roots always match, and the first of two conflicting paths counts", func(t *testing.T) {
		program := ckpttest.Must(ckpt.ViewOf(ckpttest.NodeOf("a", ckpttest.NodeOf("x", ckpttest.Scalar(0)), "b", ckpttest.NodeOf("x", ckpttest.Scalar(0)))))
		require.Equal(t, []string{"root=root", "root.a=root.a", "root.b=root.b", "root.a.x=root.a.x"}, matched(stored, program, ckpt.Match(stored, program)))
		other := ckpttest.Must(ckpt.ViewOf(ckpttest.NodeOf("q", ckpttest.Scalar(0))))
		require.Equal(t, map[int]int{0: 0}, ckpt.Match(stored, other))
	})
	t.Run("V-06 a program's alias is one of its names", func(t *testing.T) {
		type model struct {
			G ckpttest.Variable `ckpt:"g,alias=gone"`
		}
		program := ckpttest.Must(ckpt.ViewOf(&model{ckpttest.Scalar(0)}))
		require.Equal(t, []string{"root=root", "root.gone=root.g"}, matched(stored, program, ckpt.Match(stored, program)))
	})
	t.Run("V-07 a difference lists the matches and the nodes of only one side, breadth first", func(t *testing.T) {
		program := ckpttest.Must(ckpt.ViewOf(ckpttest.NodeOf("a", ckpttest.NodeOf("x", ckpttest.Scalar(0), "z", ckpttest.Scalar(0)), "b", ckpttest.NodeOf(), "c", ckpttest.NodeOf("w", ckpttest.Scalar(0)))))
		d := ckpt.Diff(stored, program)
		require.Equal(t, ckpt.Match(stored, program), d.Matches)
		require.Equal(t, []string{"root.gone", "root.a.y"}, pathsOf(stored, d.OnlyStored))
		require.Equal(t, []string{"root.c", "root.a.z", "root.c.w"}, pathsOf(program, d.OnlyProgram))
		slots := ckpttest.Must(ckpttest.Open(t, ckpttest.Golden(t, "slots-v1-adam").Path()).View())
		d = ckpt.Diff(slots, ckpttest.Must(ckpt.ViewOf(ckpt.Group{"model": ckpttest.NodeOf("w", ckpttest.Scalar(0))})))
		require.Equal(t, []string{"root.optimizer", "root.save_counter", "root.model.b", "root.optimizer.beta1_power", "root.optimizer.beta2_power"}, pathsOf(slots, d.OnlyStored), "slot variables are not descendants")
		d = ckpt.Diff(stored, stored)
		require.Empty(t, d.OnlyStored)
		require.Empty(t, d.OnlyProgram)
	})
}

// matched returns a match as pairs of paths, in the order of the first view's nodes.
func matched(stored, program *ckpt.View, matches map[int]int) []string {
	var out []string
	for _, id := range stored.Descendants() {
		if other, ok := matches[id]; ok {
			out = append(out, stored.Nodes[id].Path+"="+program.Nodes[other].Path)
		}
	}
	return out
}

func TestRestoreNodes(t *testing.T) {
	path := ckpttest.Written(t, ckpttest.NodeOf("a", ckpttest.Scalar(1), "b", ckpttest.Vector(2, 3), "o", &ckpttest.Several{Names: []string{"x", "y"}, Got: map[string]tensor.Any{"x": ckpttest.Scalar(4), "y": ckpttest.Scalar(5)}}, "g", ckpttest.NodeOf("v", ckpttest.Scalar(6))))
	node := func(name string) int {
		v := ckpttest.Must(ckpttest.Open(t, path).View())
		at := slices.IndexFunc(v.Nodes[0].Children, func(c ckpt.ViewEdge) bool { return c.Name == name })
		require.GreaterOrEqual(t, at, 0)
		return v.Nodes[0].Children[at].Node
	}
	t.Run("V-09 only the requested nodes are restored", func(t *testing.T) {
		b := new(tensor.Tensor[float32])
		o := &ckpttest.Several{Names: []string{"x", "y"}, Got: map[string]tensor.Any{"x": ckpttest.Scalar(0), "y": ckpttest.Scalar(0)}}
		var n float32
		require.NoError(t, ckpt.RestoreNodes(ctx, path, map[int]any{node("b"): b, node("o"): o, node("a"): &n}))
		require.Equal(t, ckpttest.Vector(2, 3), b)
		require.Equal(t, map[string]tensor.Any{"x": ckpttest.Scalar(4), "y": ckpttest.Scalar(5)}, o.Got)
		require.EqualValues(t, 1, n)
	})
	t.Run("V-09 a child is not a part of its parent", func(t *testing.T) {
		v := ckpttest.Scalar(0)
		require.NoError(t, ckpt.RestoreNodes(ctx, path, map[int]any{node("g"): ckpttest.NodeOf("v", v)}))
		require.Zero(t, ckpttest.Value(v))
	})
	t.Run("V-09 an impossible request is an error, and nothing is assigned", func(t *testing.T) {
		b := ckpttest.Vector(8, 9)
		var unmade *tensor.Tensor[float32]
		for name, objects := range map[string]map[int]any{
			"an unknown node":                       {99: ckpttest.Scalar(0)},
			"a negative node":                       {-1: ckpttest.Scalar(0)},
			"no object":                             {node("a"): nil},
			"a nil pointer":                         {node("a"): (ckpttest.Variable)(nil)},
			"a pointer to a nil pointer":            {node("a"): &unmade},
			"a plain value":                         {node("a"): 3},
			"more tensors than stored":              {node("a"): &ckpttest.Several{Names: []string{"x", "y"}, Got: map[string]tensor.Any{"x": ckpttest.Scalar(0), "y": ckpttest.Scalar(0)}}},
			"another tensor than stored":            {node("o"): ckpttest.Scalar(0)},
			"fewer tensors than stored":             {node("o"): &ckpttest.Several{Names: []string{"x"}, Got: map[string]tensor.Any{"x": ckpttest.Scalar(0)}}},
			"a group for a variable":                {node("a"): ckpttest.NodeOf()},
			"a tensor of another name":              {node("a"): &ckpttest.Several{Names: []string{"x"}, Got: map[string]tensor.Any{"x": ckpttest.Scalar(0)}}},
			"a tensor of another shape":             {node("a"): ckpttest.Vector(0, 0)},
			"one object for two nodes":              {node("a"): b, node("b"): b},
			"one node that fits, one that does not": {node("a"): ckpttest.Vector(0, 0), node("b"): b},
		} {
			if _, ok := objects[node("b")]; !ok {
				objects[node("b")] = b
			}
			require.Error(t, ckpt.RestoreNodes(ctx, path, objects), name)
			require.Equal(t, ckpttest.Vector(8, 9), b, name)
		}
		require.ErrorIs(t, ckpt.RestoreNodes(ctx, path, map[int]any{99: b}), ckpt.ErrNotFound)
		require.ErrorIs(t, ckpt.RestoreNodes(ctx, path, map[int]any{node("o"): b}), ckpt.ErrMismatch)
		require.ErrorIs(t, ckpt.RestoreNodes(ctx, path+"-none", map[int]any{1: b}), ckpt.ErrNotFound)
		require.ErrorIs(t, ckpt.RestoreNodes(ctx, ckpttest.Golden(t, "saver-v2").Path(), map[int]any{1: b}), ckpt.ErrNoObjectGraph)
	})
	t.Run("V-09 G-36 an object of a custom saver cannot be restored alone", func(t *testing.T) {
		err := ckpt.RestoreNodes(ctx, ckpttest.Golden(t, "objects-registered-saver").Path(), map[int]any{1: ckpttest.NodeOf()})
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.ErrorContains(t, err, "node 1 ((root).parts) was saved by golden.Parts")
	})
}
