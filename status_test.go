package ckpt_test

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// TestAssertionsAsTensorFlow restores one of TensorFlow's checkpoints into programs that differ from it. It compares values and
// assertions with the results of TensorFlow for the same programs.
func TestAssertionsAsTensorFlow(t *testing.T) {
	w := func(shape ...int) any { return tensor.New[float32](shape...) }
	n := func() any { return new(int64) }
	programs := map[string]func() ckpt.Group{
		"same":        func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("w", w(3, 2), "n", n())} },
		"other-order": func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("n", n(), "w", w(3, 2))} },
		"other-shape": func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("w", w(2, 3), "n", n())} },
		"other-rank":  func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("w", w(6), "n", n())} },
		"other-dtype": func() ckpt.Group {
			return ckpt.Group{"model": ckpttest.NodeOf("w", tensor.New[float64](3, 2), "n", n())}
		},
		"other-int": func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("w", w(3, 2), "n", new(int32))} },
		"less":      func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("w", w(3, 2))} },
		"more": func() ckpt.Group {
			return ckpt.Group{"model": ckpttest.NodeOf("w", w(3, 2), "n", n(), "extra", ckpttest.Vector(1, 1))}
		},
		"nothing":            func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("q", w(3, 2))} },
		"other-root":         func() ckpt.Group { return ckpt.Group{"net": ckpttest.NodeOf("w", w(3, 2))} },
		"variable-for-group": func() ckpt.Group { return ckpt.Group{"model": ckpttest.Scalar(1)} },
		"group-for-variable": func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("w", ckpttest.NodeOf(), "n", n())} },
		"no-file":            func() ckpt.Group { return ckpt.Group{"model": ckpttest.NodeOf("w", w(3, 2), "n", n())} },
	}
	g := ckpttest.Golden(t, "statuses")
	require.Len(t, g.Programs, len(programs))
	for name, calls := range g.Programs {
		for call, want := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				logger, lines := ckpttest.Logged()
				root := programs[name]()
				c := ckpttest.New(t, root, ckpt.WithLogger(logger))
				path := g.Path()
				if name == "no-file" {
					path = filepath.Join(g.Dir, "absent")
				}
				restore := c.Read
				if call == "restore" {
					restore = c.Restore
				}
				s, err := restore(ctx, path)
				if want.Error != "" {
					require.Error(t, err)
					checkAllZero(t, root)
					return
				}
				require.NoError(t, err)
				checkValues(t, root, want.Values)
				checkAssertion(t, want.Consumed, s.AssertConsumed())
				checkAssertion(t, want.Existing, s.AssertExistingObjectsMatched())
				checkAssertion(t, want.Nontrivial, s.AssertNontrivialMatch())
				require.NoError(t, c.Close())
				if len(want.Warnings) > 0 { // TensorFlow logs some warnings at a garbage collection, which did not run
					require.Len(t, lines(), len(want.Warnings))
				}
			})
		}
	}
}

func checkAssertion(t *testing.T, want string, err error) {
	t.Helper()
	if want == "ok" {
		require.NoError(t, err)
		return
	}
	var mismatch *ckpt.MismatchError
	require.ErrorAs(t, err, &mismatch)
	require.ErrorIs(t, err, ckpt.ErrMismatch)
	require.Contains(t, mismatch.Problem, strings.Replace(want, "Python", "Go", 2))
}

func tensorsOf(t *testing.T, root any) map[string]tensor.Any {
	t.Helper()
	g, err := ckpttest.New(t, root).Walk()
	require.NoError(t, err)
	out := make(map[string]tensor.Any)
	for _, n := range g.Nodes {
		for _, v := range n.Values {
			got, err := v.Load()
			require.NoError(t, err)
			out[n.Path()] = got
		}
	}
	return out
}

func checkValues(t *testing.T, root any, want map[string]any) {
	t.Helper()
	got := tensorsOf(t, root)
	for path, w := range want {
		var flat []string
		var walk func(any)
		walk = func(v any) {
			if list, ok := v.([]any); ok {
				for _, e := range list {
					walk(e)
				}
				return
			}
			flat = append(flat, fmt.Sprint(v))
		}
		walk(w)
		require.Contains(t, got, path)
		require.Equal(t, "["+strings.Join(flat, " ")+"]", fmt.Sprint(got[path].Values()), path)
	}
}

func checkAllZero(t *testing.T, root any) {
	t.Helper()
	for path, got := range tensorsOf(t, root) {
		require.True(t, tensor.Equal(got, ckpttest.Must(tensor.NewAny(got.DType(), got.Shape()...))), path)
	}
}

func TestAssertions(t *testing.T) {
	t.Run("A-01 AssertConsumed wants existing objects matched, every node with values bound and no attribute unused", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1), "b": ckpttest.Scalar(2)})
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0), "c": ckpttest.Scalar(0)}), path)
		var m *ckpt.MismatchError
		require.ErrorAs(t, s.AssertConsumed(), &m)
		require.Contains(t, m.Problem, "Found 1 Go objects")
		require.Equal(t, []string{"c"}, m.Missing)
		require.Equal(t, []string{"b"}, m.Unused)
		s = ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0), "b": ckpttest.Scalar(0)}), path)
		require.NoError(t, s.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
	})
	t.Run("A-02 an unresolved object is named with its dotted path and what it stores", func(t *testing.T) {
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.NodeOf("x", ckpttest.Scalar(0))}), ckpttest.Written(t, ckpt.Group{"a": ckpttest.NodeOf("x", ckpttest.Scalar(1), "y", ckpttest.Scalar(2))}))
		var m *ckpt.MismatchError
		require.ErrorAs(t, s.AssertConsumed(), &m)
		require.Regexp(t, `^Unresolved object in checkpoint \(root\)\.a\.y: attributes \{ name: "VARIABLE_VALUE"`, m.Problem)
		require.Equal(t, []string{"a.y"}, m.Unused)
	})
	t.Run("A-03 nodes without values that were never matched are ignored", func(t *testing.T) {
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0)}), ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1), "empty": ckpttest.NodeOf("more", ckpttest.NodeOf())}))
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("A-04 A-22 if the program has a group and the checkpoint a variable, an attribute is unused", func(t *testing.T) {
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"v": ckpttest.NodeOf(), "w": ckpttest.Scalar(0)}), ckpttest.Written(t, ckpt.Group{"v": ckpttest.Scalar(1), "w": ckpttest.Scalar(2)}))
		var m *ckpt.MismatchError
		require.ErrorAs(t, s.AssertConsumed(), &m)
		require.Contains(t, m.Problem, "Unused attributes in these objects (the attributes exist in the checkpoint but were not restored):\n(root).v")
		require.Contains(t, m.Problem, `["VARIABLE_VALUE"]`)
		require.Equal(t, []string{"v"}, m.Unused)
		require.NoError(t, s.Assert(ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
	})
	t.Run("A-05 objects without state and containers without children are never required", func(t *testing.T) {
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0), "g": ckpttest.NodeOf("h", ckpttest.NodeOf()), "l": []*ckpttest.Block{}}), ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1)}))
		require.NoError(t, s.AssertExistingObjectsMatched())
	})
	t.Run("A-06 at most ten of the unmatched objects are shown", func(t *testing.T) {
		g := ckpttest.NodeOf()
		for i := range 12 {
			require.NoError(t, g.Track(fmt.Sprintf("v%02d", i), ckpttest.Scalar(0)))
		}
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"g": g}), ckpttest.Written(t, ckpt.Group{"g": ckpttest.NodeOf("x", ckpttest.Scalar(1))}))
		var m *ckpt.MismatchError
		require.ErrorAs(t, s.AssertExistingObjectsMatched(), &m)
		require.Contains(t, m.Problem, "Found 12 Go objects that were not bound to checkpointed values")
		require.Contains(t, m.Problem, "Showing 10 of 12 unmatched objects: g.v00, ")
		require.NotContains(t, m.Problem, "g.v10")
		require.Len(t, m.Missing, 12)
	})
	t.Run("A-07 AssertExistingObjectsMatched ignores values that only the checkpoint has", func(t *testing.T) {
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0)}), ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1), "b": ckpttest.Scalar(2)}))
		require.NoError(t, s.AssertExistingObjectsMatched())
		require.Error(t, s.AssertConsumed())
	})
	t.Run("A-08 a match of only the root is trivial", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"model": ckpttest.Scalar(1)})
		err := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"net": ckpttest.Scalar(0)}), path).AssertNontrivialMatch()
		require.ErrorContains(t, err, "Nothing except the root object matched a checkpointed value")
		require.ErrorContains(t, err, "the checkpoint's root has children: model")
		require.ErrorContains(t, err, "net: missing")
		err = ckpttest.Read(t, ckpttest.New(t, ckpt.Group{}), path).AssertNontrivialMatch()
		require.ErrorContains(t, err, "Nothing to load. No dependencies have been added to")
	})
	t.Run("A-09 both assertions fail if one stored object matches two", func(t *testing.T) {
		shared := ckpttest.Scalar(1)
		logger, _ := ckpttest.Logged()
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0), "b": ckpttest.Scalar(0)}, ckpt.WithLogger(logger)), ckpttest.Written(t, ckpt.Group{"a": shared, "b": shared}))
		require.Error(t, s.AssertConsumed())
		require.Error(t, s.AssertExistingObjectsMatched())
	})
	t.Run("A-10 assertions check the program at the time of the call", func(t *testing.T) {
		g := ckpttest.NodeOf("x", ckpttest.Scalar(0))
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"g": g}), ckpttest.Written(t, ckpt.Group{"g": ckpttest.NodeOf("x", ckpttest.Scalar(1))}))
		require.NoError(t, s.AssertConsumed())
		require.NoError(t, g.Track("y", ckpttest.Scalar(0)))
		require.Error(t, s.AssertConsumed())
		g.Untrack("y")
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("A-11 a status outlives its Checkpoint", func(t *testing.T) {
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0)}), ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1)}))
		runtime.GC()
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("A-20 a variable that matches a group keeps its value and satisfies all assertions except Consumed", func(t *testing.T) {
		v := ckpttest.Scalar(5)
		path := ckpttest.Written(t, ckpt.Group{"v": ckpttest.NodeOf("inner", ckpttest.Scalar(1)), "w": ckpttest.Scalar(2)})
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"v": v, "w": ckpttest.Scalar(0)}), path)
		require.NoError(t, s.Assert(ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
		require.ErrorContains(t, s.AssertConsumed(), "(root).v.inner")
		require.EqualValues(t, 5, ckpttest.Value(v))
		require.Equal(t, []ckpt.Item{{Path: "v", GoPath: "v"}}, s.Report().Mismatched, "the report lists it")
		s = ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(5), "w": ckpttest.Scalar(0)}), ckpttest.Written(t, ckpt.Group{"v": ckpttest.NodeOf(), "w": ckpttest.Scalar(2)}))
		require.NoError(t, s.AssertConsumed())
		var m struct{ V, W *tensor.Tensor[float32] }
		m.V, m.W = v, ckpttest.Scalar(0)
		require.ErrorContains(t, ckpt.LoadWeights(ctx, path, &m), "v: missing", "LoadWeights is stricter")
	})
	t.Run("A-21 an object with fewer tensors than are stored takes them, and one with more is an error", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"p": &ckpttest.Several{Names: []string{"x", "y"}, Got: map[string]tensor.Any{"x": ckpttest.Scalar(1), "y": ckpttest.Scalar(2)}}})
		less := &ckpttest.Several{Names: []string{"y"}, Got: map[string]tensor.Any{"y": ckpttest.Scalar(0)}}
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"p": less}), path)
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, map[string]tensor.Any{"y": ckpttest.Scalar(2)}, less.Got)
		more := &ckpttest.Several{Names: []string{"x", "z"}, Got: map[string]tensor.Any{"x": ckpttest.Scalar(0), "z": ckpttest.Scalar(0)}}
		_, err := ckpttest.New(t, ckpt.Group{"p": more}).Read(ctx, path)
		require.ErrorContains(t, err, `no tensor "z"`)
		require.Equal(t, ckpttest.Scalar(0), more.Got["x"])
	})
}

func TestWarnings(t *testing.T) {
	path := ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1), "g": ckpttest.NodeOf("x", ckpttest.Scalar(2), "y", ckpttest.Scalar(3)), "v": ckpttest.Scalar(4), "empty": ckpttest.NodeOf()})
	program := func() ckpt.Group {
		return ckpt.Group{"a": ckpttest.Scalar(0), "g": ckpttest.NodeOf("x", ckpttest.Scalar(0)), "v": ckpttest.NodeOf()}
	}
	t.Run("A-12 A-13 A-14 A-19 a closed Checkpoint logs once the values that a restore did not use", func(t *testing.T) {
		logger, lines := ckpttest.Logged()
		c := ckpttest.New(t, program(), ckpt.WithLogger(logger))
		ckpttest.Read(t, c, path)
		require.Empty(t, lines())
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
		require.Len(t, lines(), 3)
		require.Contains(t, lines()[0], "unrestored values")
		require.Contains(t, lines()[0], "expect_partial()")
		require.Contains(t, lines()[1], "Value in checkpoint could not be found in the restored object: (root).g.y")
		require.Contains(t, lines()[2], "An attribute in the restored object could not be found in the checkpoint. Object: (root).v, attribute: ")
	})
	t.Run("many values are grouped as in a report", func(t *testing.T) {
		many := new(ckpttest.Node)
		for i := range 300 {
			require.NoError(t, many.Track(fmt.Sprintf("m%d", i), ckpttest.Scalar(1)))
		}
		logger, lines := ckpttest.Logged()
		c := ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0)}, ckpt.WithLogger(logger))
		ckpttest.Read(t, c, ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1), "optimizer": many, "step": ckpttest.Scalar(2)}))
		require.NoError(t, c.Close())
		require.Len(t, lines(), 3)
		require.Contains(t, lines()[1], "restored object: (root).optimizer.* (300 values)")
		require.Contains(t, lines()[2], "restored object: (root).step")
	})
	t.Run("A-12 so does a garbage-collected Checkpoint", func(t *testing.T) {
		records := make(chan string, 8)
		func() {
			c := ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0)}, ckpt.WithLogger(slog.New(slog.NewTextHandler(chanWriter(records), nil))))
			ckpttest.Read(t, c, path)
		}()
		deadline := time.After(20 * time.Second)
		for {
			runtime.GC()
			select {
			case line := <-records:
				require.Contains(t, line, "unrestored values")
				return
			case <-deadline:
				t.Fatal("nothing was logged")
			case <-time.After(time.Millisecond):
			}
		}
	})
	t.Run("A-16 ExpectPartial silences it", func(t *testing.T) {
		logger, lines := ckpttest.Logged()
		c := ckpttest.New(t, program(), ckpt.WithLogger(logger))
		s := ckpttest.Read(t, c, path)
		require.Same(t, s, s.ExpectPartial())
		require.NoError(t, c.Close())
		require.Empty(t, lines())
	})
	t.Run("A-18 nothing is logged if nothing is missing", func(t *testing.T) {
		logger, lines := ckpttest.Logged()
		c := ckpttest.New(t, ckpt.Group{"a": ckpttest.Scalar(0), "g": ckpttest.NodeOf("x", ckpttest.Scalar(0), "y", ckpttest.Scalar(0)), "v": ckpttest.Scalar(0)}, ckpt.WithLogger(logger))
		ckpttest.Read(t, c, path)
		require.NoError(t, c.Close())
		require.Empty(t, lines())
	})
}

type chanWriter chan string

func (w chanWriter) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

func TestReport(t *testing.T) {
	many := ckpttest.NodeOf()
	for i := range 20 {
		require.NoError(t, many.Track(fmt.Sprint("slot", i), ckpttest.Scalar(1)))
	}
	path := ckpttest.Written(t, ckpt.Group{"model": ckpttest.NodeOf("kernel", ckpttest.Scalar(1), "bias", ckpttest.Scalar(2)), "optimizer": many})
	var m struct {
		Model struct {
			Kernel0 tensor.Tensor[float32]
			Bias    tensor.Tensor[float32]
		}
	}
	c := ckpttest.New(t, &m)
	s := ckpttest.Read(t, c, path)
	r := s.Report()
	require.Equal(t, []ckpt.Item{{Path: "model.bias", GoPath: "Model.Bias", Key: "model/bias/.ATTRIBUTES/VARIABLE_VALUE"}}, r.Restored)
	require.Equal(t, []ckpt.Item{{Path: "model.kernel0", GoPath: "Model.Kernel0"}}, r.Missing)
	require.Len(t, r.Waiting, 21)
	require.Equal(t, []string{"model", "optimizer"}, r.RootChildren)
	require.Contains(t, r.String(), "optimizer.*: 20 values waiting for an object")

	err := s.AssertExistingObjectsMatched()
	require.ErrorContains(t, err, `for model.kernel0 (Model.Kernel0) the checkpoint has "kernel": an alias in the tag would match it`)

	t.Run("only the root", func(t *testing.T) {
		r := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"net": ckpttest.Scalar(0)}), path).Report()
		require.Contains(t, r.String(), "only the root matched; the checkpoint's root has children: model, optimizer")
	})
}

func TestNothingRestored(t *testing.T) {
	t.Run("I-01 I-02 an empty path gives a status with assertions that fail", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		s, err := c.Restore(ctx, "")
		require.NoError(t, err)
		for _, err := range []error{s.AssertConsumed(), s.AssertExistingObjectsMatched(), s.AssertNontrivialMatch(), s.RunRestoreOps(ctx)} {
			require.ErrorIs(t, err, ckpt.ErrNoCheckpoint)
		}
		require.NoError(t, s.InitializeOrRestore(ctx))
		require.Same(t, s, s.ExpectPartial())
		require.Nil(t, s.Report())
		require.NotNil(t, c.Counter(), "the counter was created")
		require.Zero(t, *c.Counter())
	})
}

// initialized counts the calls of its initializer.
type initialized struct {
	W     *tensor.Tensor[float32]
	Times int
	Err   error
}

func (i *initialized) Initialize() error {
	i.Times++
	return i.Err
}

func TestPlanned(t *testing.T) {
	path := ckpttest.Written(t, ckpt.Group{"a": &initialized{W: ckpttest.Scalar(7)}})
	t.Run("I-03 without Planned, Run has nothing to do", func(t *testing.T) {
		m := &initialized{W: ckpttest.Scalar(0)}
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": m}), path)
		require.EqualValues(t, 7, ckpttest.Value(m.W))
		m.W.Data()[0] = 8
		require.NoError(t, s.RunRestoreOps(ctx))
		require.NoError(t, s.InitializeOrRestore(ctx))
		require.EqualValues(t, 8, ckpttest.Value(m.W))
	})
	t.Run("I-04 a planned restore does not read values until it runs", func(t *testing.T) {
		m := &initialized{W: ckpttest.Scalar(0)}
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": m}), path, ckpt.Planned())
		require.Zero(t, ckpttest.Value(m.W))
		require.NoError(t, s.RunRestoreOps(ctx))
		require.EqualValues(t, 7, ckpttest.Value(m.W))
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("I-05 objects that no restore reached are initialized, others are not", func(t *testing.T) {
		a, b := &initialized{W: ckpttest.Scalar(0)}, &initialized{W: ckpttest.Scalar(0)}
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": a, "b": b}), path, ckpt.Planned())
		require.NoError(t, s.InitializeOrRestore(ctx))
		require.Equal(t, []int{0, 1}, []int{a.Times, b.Times})
		require.EqualValues(t, 7, ckpttest.Value(a.W))
		b.Err = errors.New("no memory")
		require.ErrorContains(t, s.InitializeOrRestore(ctx), "initialize b (b): no memory")
	})
}
