package ckpt

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// edgesOf prints the children of a view's node as name:node.
func edgesOf(v *View, id int) string {
	var out []string
	for _, e := range v.Nodes[id].Children {
		out = append(out, fmt.Sprintf("%s:%d", e.Name, e.Node))
	}
	return strings.Join(out, " ")
}

// pathsOf returns the paths of nodes.
func pathsOf(v *View, ids []int) []string {
	paths := []string{}
	for _, id := range ids {
		paths = append(paths, v.Nodes[id].Path)
	}
	return paths
}

func TestViewsOfCheckpoints(t *testing.T) {
	view := func(name string) *View { return must(opened(t, golden(t, name).path()).View()) }
	t.Run("V-01 children are in the order in which they are stored, the root and the counter among them", func(t *testing.T) {
		require.Equal(t, "w:1 b:2 aux:3 root:0 step:4 save_counter:5", edgesOf(view("saved-root"), 0))
	})
	t.Run("V-02 descendants are breadth first, each once, without slot variables", func(t *testing.T) {
		v := view("slots-v1-adam")
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, v.Descendants())
		require.Len(t, v.Nodes, 12, "which are nodes all the same")
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
	t.Run("V-04 a name-based checkpoint has none", func(t *testing.T) {
		_, err := opened(t, golden(t, "saver-v2").path()).View()
		require.ErrorIs(t, err, ErrNoObjectGraph)
	})
	t.Run("a node says what tensors it has", func(t *testing.T) {
		v := view("objects-several-tensors")
		require.Equal(t, []string{"mean", "count", "per..class"}, v.Nodes[1].Tensors)
		require.Equal(t, []string{"VARIABLE_VALUE"}, v.Nodes[2].Tensors)
		require.Empty(t, v.Nodes[0].Tensors)
		require.Nil(t, v.Nodes[1].Object)
	})
}

func TestViewsOfPrograms(t *testing.T) {
	type model struct {
		Blocks []*block
		Scale  variable `ckpt:"scale"`
	}
	m := &model{[]*block{{*f32(1)}}, scalar(2)}
	t.Run("V-05 a program's view has its objects, the root first, by edges and by both paths", func(t *testing.T) {
		v := must(ViewOf(m))
		require.Equal(t, "blocks:1 scale:2 root:0", edgesOf(v, 0))
		require.Equal(t, []int{0, 1, 2, 3, 4}, v.Descendants())
		require.Equal(t, []string{"root", "root.blocks", "root.scale", "root.blocks.0", "root.blocks.0.w"}, pathsOf(v, v.Descendants()))
		var goPaths []string
		for _, n := range v.Nodes {
			goPaths = append(goPaths, n.GoPath)
		}
		require.Equal(t, []string{"ckpt.model", "Blocks", "Scale", "Blocks[0]", "Blocks[0].W"}, goPaths)
		require.Same(t, m, v.Nodes[0].Object)
		require.Equal(t, m.Blocks, v.Nodes[1].Object)
		require.Same(t, m.Scale, v.Nodes[2].Object)
		require.Same(t, m.Blocks[0], v.Nodes[3].Object)
		require.Same(t, &m.Blocks[0].W, v.Nodes[4].Object)
	})
	t.Run("V-05 a Group's view has a root that is no object of the program's", func(t *testing.T) {
		v := must(ViewOf(Group{"model": m, "b": scalar(1)}))
		require.Equal(t, "b:1 model:2", edgesOf(v, 0))
		require.Equal(t, "root.model.blocks.0.w", v.Nodes[len(v.Nodes)-1].Path)
	})
	t.Run("V-08 what is not trackable has no view", func(t *testing.T) {
		_, err := ViewOf(3)
		require.ErrorIs(t, err, ErrNotTrackable)
		_, err = ViewOf(nil)
		require.ErrorIs(t, err, ErrNotTrackable)
	})
}

func TestMatchAndDiff(t *testing.T) {
	shared := scalar(1)
	stored := must(opened(t, written(t, groupOf("a", groupOf("x", shared, "y", scalar(2)), "b", groupOf("x", shared), "gone", scalar(3)))).View())
	t.Run("V-06 nodes belong together that the same chain of names leads to, and nothing is restored", func(t *testing.T) {
		x := scalar(7)
		program := must(ViewOf(groupOf("b", groupOf("new", scalar(0)), "a", groupOf("y", scalar(0), "x", x))))
		require.Equal(t, []string{"root=root", "root.a=root.a", "root.b=root.b", "root.a.x=root.a.x", "root.a.y=root.a.y"}, matched(stored, program, Match(stored, program)))
		require.EqualValues(t, 7, value0(x))
	})
	t.Run("V-06 the roots always do, and of two chains that disagree the first holds", func(t *testing.T) {
		program := must(ViewOf(groupOf("a", groupOf("x", scalar(0)), "b", groupOf("x", scalar(0)))))
		require.Equal(t, []string{"root=root", "root.a=root.a", "root.b=root.b", "root.a.x=root.a.x"}, matched(stored, program, Match(stored, program)))
		other := must(ViewOf(groupOf("q", scalar(0))))
		require.Equal(t, map[int]int{0: 0}, Match(stored, other))
	})
	t.Run("V-06 a program's alias is one of its names", func(t *testing.T) {
		type model struct {
			G variable `ckpt:"g,alias=gone"`
		}
		program := must(ViewOf(&model{scalar(0)}))
		require.Equal(t, []string{"root=root", "root.gone=root.g"}, matched(stored, program, Match(stored, program)))
	})
	t.Run("V-07 a difference is what matches and what either side has alone, breadth first", func(t *testing.T) {
		program := must(ViewOf(groupOf("a", groupOf("x", scalar(0), "z", scalar(0)), "b", groupOf(), "c", groupOf("w", scalar(0)))))
		d := Diff(stored, program)
		require.Equal(t, Match(stored, program), d.Matches)
		require.Equal(t, []string{"root.gone", "root.a.y"}, pathsOf(stored, d.OnlyStored))
		require.Equal(t, []string{"root.c", "root.a.z", "root.c.w"}, pathsOf(program, d.OnlyProgram))
		slots := must(opened(t, golden(t, "slots-v1-adam").path()).View())
		d = Diff(slots, must(ViewOf(Group{"model": groupOf("w", scalar(0))})))
		require.Equal(t, []string{"root.optimizer", "root.save_counter", "root.model.b", "root.optimizer.beta1_power", "root.optimizer.beta2_power"}, pathsOf(slots, d.OnlyStored), "slot variables are no descendants")
		d = Diff(stored, stored)
		require.Empty(t, d.OnlyStored)
		require.Empty(t, d.OnlyProgram)
	})
}

// matched prints a match as pairs of paths, in the order of the first view's nodes.
func matched(stored, program *View, matches map[int]int) []string {
	var out []string
	for _, id := range stored.Descendants() {
		if other, ok := matches[id]; ok {
			out = append(out, stored.Nodes[id].Path+"="+program.Nodes[other].Path)
		}
	}
	return out
}

func TestRestoreNodes(t *testing.T) {
	path := written(t, groupOf("a", scalar(1), "b", f32(2, 3), "o", &several{names: []string{"x", "y"}, got: map[string]tensor.Any{"x": scalar(4), "y": scalar(5)}}, "g", groupOf("v", scalar(6))))
	node := func(name string) int {
		v := must(opened(t, path).View())
		id, ok := v.Nodes[0].childNames()[name]
		require.True(t, ok)
		return id
	}
	t.Run("V-09 the nodes that are asked for are restored, and no others", func(t *testing.T) {
		b := new(tensor.Tensor[float32])
		o := &several{names: []string{"x", "y"}, got: map[string]tensor.Any{"x": scalar(0), "y": scalar(0)}}
		var n float32
		require.NoError(t, RestoreNodes(ctx, path, map[int]any{node("b"): b, node("o"): o, node("a"): &n}))
		require.Equal(t, f32(2, 3), b)
		require.Equal(t, map[string]tensor.Any{"x": scalar(4), "y": scalar(5)}, o.got)
		require.EqualValues(t, 1, n)
	})
	t.Run("V-09 a child is no part of its parent", func(t *testing.T) {
		v := scalar(0)
		require.NoError(t, RestoreNodes(ctx, path, map[int]any{node("g"): groupOf("v", v)}))
		require.Zero(t, value0(v))
	})
	t.Run("V-09 what cannot be is an error, and nothing is assigned", func(t *testing.T) {
		b := f32(8, 9)
		var unmade *tensor.Tensor[float32]
		for name, objects := range map[string]map[int]any{
			"an unknown node":             {99: scalar(0)},
			"a negative node":             {-1: scalar(0)},
			"no object":                   {node("a"): nil},
			"a nil pointer":               {node("a"): (variable)(nil)},
			"a pointer to a nil pointer":  {node("a"): &unmade},
			"a plain value":               {node("a"): 3},
			"more tensors than stored":    {node("a"): &several{names: []string{"x", "y"}, got: map[string]tensor.Any{"x": scalar(0), "y": scalar(0)}}},
			"another tensor than stored":  {node("o"): scalar(0)},
			"fewer tensors than stored":   {node("o"): &several{names: []string{"x"}, got: map[string]tensor.Any{"x": scalar(0)}}},
			"a group for a variable":      {node("a"): groupOf()},
			"a tensor of another name":    {node("a"): &several{names: []string{"x"}, got: map[string]tensor.Any{"x": scalar(0)}}},
			"a tensor of another shape":   {node("a"): f32(0, 0)},
			"one object for two nodes":    {node("a"): b, node("b"): b},
			"one that fits, one that not": {node("a"): f32(0, 0), node("b"): b},
		} {
			if _, ok := objects[node("b")]; !ok {
				objects[node("b")] = b
			}
			require.Error(t, RestoreNodes(ctx, path, objects), name)
			require.Equal(t, f32(8, 9), b, name)
		}
		require.ErrorIs(t, RestoreNodes(ctx, path, map[int]any{99: b}), ErrNotFound)
		require.ErrorIs(t, RestoreNodes(ctx, path, map[int]any{node("o"): b}), ErrMismatch)
		require.ErrorIs(t, RestoreNodes(ctx, path+"-none", map[int]any{1: b}), ErrNotFound)
		require.ErrorIs(t, RestoreNodes(ctx, golden(t, "saver-v2").path(), map[int]any{1: b}), ErrNoObjectGraph)
	})
	t.Run("V-09 G-36 what a saver of its own has saved cannot be restored singly", func(t *testing.T) {
		err := RestoreNodes(ctx, golden(t, "objects-registered-saver").path(), map[int]any{1: groupOf()})
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.ErrorContains(t, err, "node 1 ((root).parts) was saved by golden.Parts")
	})
}
