package ckpt

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// group is an object whose children are tracked while the program runs.
type group struct{ Module }

// groupOf returns a group of children given as name, object, name, object, …
func groupOf(children ...any) *group {
	g := new(group)
	for i := 0; i < len(children); i += 2 {
		if err := g.Track(children[i].(string), children[i+1]); err != nil {
			panic(err)
		}
	}
	return g
}

func scalar(v float32) *tensor.Tensor[float32] { return tensor.Scalar(v) }

func value0(t *tensor.Tensor[float32]) float32 { return t.Data()[0] }

// mustNew, save and read are the verbs for tests that are not about their errors.
func mustNew(t *testing.T, root any, opts ...Option) *Checkpoint {
	t.Helper()
	c, err := New(root, opts...)
	require.NoError(t, err)
	return c
}

func written(t *testing.T, root any, opts ...Option) string {
	t.Helper()
	path, err := mustNew(t, root, opts...).Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
	require.NoError(t, err)
	return path
}

func saved(t *testing.T, root any, opts ...Option) string {
	t.Helper()
	path, err := mustNew(t, root, opts...).Save(ctx, filepath.Join(t.TempDir(), "ckpt"))
	require.NoError(t, err)
	return path
}

func mustRead(t *testing.T, c *Checkpoint, path string, opts ...RestoreOption) *Status {
	t.Helper()
	s, err := c.Read(ctx, path, opts...)
	require.NoError(t, err)
	return s
}

// logged returns a logger and what it has written, a line per record without time and level.
func logged() (*slog.Logger, func() []string) {
	var b bytes.Buffer
	h := slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key != slog.MessageKey {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(h), func() []string {
		text := strings.TrimSpace(b.String())
		if text == "" {
			return nil
		}
		return strings.Split(text, "\n")
	}
}

// TestAssertionsAsTensorFlow restores one of TensorFlow's checkpoints into programs that differ from it and holds values and
// assertions to what TensorFlow did with the same programs.
func TestAssertionsAsTensorFlow(t *testing.T) {
	w := func(shape ...int) any { return tensor.New[float32](shape...) }
	n := func() any { return new(int64) }
	programs := map[string]func() Group{
		"same":               func() Group { return Group{"model": groupOf("w", w(3, 2), "n", n())} },
		"other-order":        func() Group { return Group{"model": groupOf("n", n(), "w", w(3, 2))} },
		"other-shape":        func() Group { return Group{"model": groupOf("w", w(2, 3), "n", n())} },
		"other-rank":         func() Group { return Group{"model": groupOf("w", w(6), "n", n())} },
		"other-dtype":        func() Group { return Group{"model": groupOf("w", tensor.New[float64](3, 2), "n", n())} },
		"other-int":          func() Group { return Group{"model": groupOf("w", w(3, 2), "n", new(int32))} },
		"less":               func() Group { return Group{"model": groupOf("w", w(3, 2))} },
		"more":               func() Group { return Group{"model": groupOf("w", w(3, 2), "n", n(), "extra", f32(1, 1))} },
		"nothing":            func() Group { return Group{"model": groupOf("q", w(3, 2))} },
		"other-root":         func() Group { return Group{"net": groupOf("w", w(3, 2))} },
		"variable-for-group": func() Group { return Group{"model": scalar(1)} },
		"group-for-variable": func() Group { return Group{"model": groupOf("w", groupOf(), "n", n())} },
		"no-file":            func() Group { return Group{"model": groupOf("w", w(3, 2), "n", n())} },
	}
	g := golden(t, "statuses")
	require.Len(t, g.Programs, len(programs))
	for name, calls := range g.Programs {
		for call, want := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				logger, lines := logged()
				root := programs[name]()
				c := mustNew(t, root, WithLogger(logger))
				path := g.path()
				if name == "no-file" {
					path = filepath.Join(g.dir, "absent")
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
				if len(want.Warnings) > 0 { // TensorFlow leaves some warnings to a collection that did not come
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
	var mismatch *MismatchError
	require.ErrorAs(t, err, &mismatch)
	require.ErrorIs(t, err, ErrMismatch)
	require.Contains(t, mismatch.Problem, strings.Replace(want, "Python", "Go", 2))
}

func tensorsOf(t *testing.T, root any) map[string]tensor.Any {
	t.Helper()
	g, err := mustNew(t, root).walk()
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
		require.True(t, tensor.Equal(got, must(tensor.NewAny(got.DType(), got.Shape()...))), path)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAssertions(t *testing.T) {
	t.Run("A-01 AssertConsumed wants existing objects matched, every node with values bound and no attribute unused", func(t *testing.T) {
		path := written(t, Group{"a": scalar(1), "b": scalar(2)})
		s := mustRead(t, mustNew(t, Group{"a": scalar(0), "c": scalar(0)}), path)
		var m *MismatchError
		require.ErrorAs(t, s.AssertConsumed(), &m)
		require.Contains(t, m.Problem, "Found 1 Go objects")
		require.Equal(t, []string{"c"}, m.Missing)
		require.Equal(t, []string{"b"}, m.Unused)
		s = mustRead(t, mustNew(t, Group{"a": scalar(0), "b": scalar(0)}), path)
		require.NoError(t, s.Assert(Consumed, ExistingObjectsMatched, NontrivialMatch))
	})
	t.Run("A-02 an unresolved object is named with its dotted path and what it stores", func(t *testing.T) {
		s := mustRead(t, mustNew(t, Group{"a": groupOf("x", scalar(0))}), written(t, Group{"a": groupOf("x", scalar(1), "y", scalar(2))}))
		var m *MismatchError
		require.ErrorAs(t, s.AssertConsumed(), &m)
		require.Regexp(t, `^Unresolved object in checkpoint \(root\)\.a\.y: attributes \{ name: "VARIABLE_VALUE"`, m.Problem)
		require.Equal(t, []string{"a.y"}, m.Unused)
	})
	t.Run("A-03 nodes without values that were never matched are ignored", func(t *testing.T) {
		s := mustRead(t, mustNew(t, Group{"a": scalar(0)}), written(t, Group{"a": scalar(1), "empty": groupOf("more", groupOf())}))
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("A-04 A-22 a group where the checkpoint has a variable leaves an attribute unused", func(t *testing.T) {
		s := mustRead(t, mustNew(t, Group{"v": groupOf(), "w": scalar(0)}), written(t, Group{"v": scalar(1), "w": scalar(2)}))
		var m *MismatchError
		require.ErrorAs(t, s.AssertConsumed(), &m)
		require.Contains(t, m.Problem, "Unused attributes in these objects (the attributes exist in the checkpoint but were not restored):\n(root).v")
		require.Contains(t, m.Problem, `["VARIABLE_VALUE"]`)
		require.Equal(t, []string{"v"}, m.Unused)
		require.NoError(t, s.Assert(ExistingObjectsMatched, NontrivialMatch))
	})
	t.Run("A-05 objects without state and containers without children are never required", func(t *testing.T) {
		s := mustRead(t, mustNew(t, Group{"a": scalar(0), "g": groupOf("h", groupOf()), "l": []*block{}}), written(t, Group{"a": scalar(1)}))
		require.NoError(t, s.AssertExistingObjectsMatched())
	})
	t.Run("A-06 at most ten of the unmatched objects are shown", func(t *testing.T) {
		g := groupOf()
		for i := range 12 {
			require.NoError(t, g.Track(fmt.Sprintf("v%02d", i), scalar(0)))
		}
		s := mustRead(t, mustNew(t, Group{"g": g}), written(t, Group{"g": groupOf("x", scalar(1))}))
		var m *MismatchError
		require.ErrorAs(t, s.AssertExistingObjectsMatched(), &m)
		require.Contains(t, m.Problem, "Found 12 Go objects that were not bound to checkpointed values")
		require.Contains(t, m.Problem, "Showing 10 of 12 unmatched objects: g.v00, ")
		require.NotContains(t, m.Problem, "g.v10")
		require.Len(t, m.Missing, 12)
	})
	t.Run("A-07 values only in the checkpoint are no matter of AssertExistingObjectsMatched", func(t *testing.T) {
		s := mustRead(t, mustNew(t, Group{"a": scalar(0)}), written(t, Group{"a": scalar(1), "b": scalar(2)}))
		require.NoError(t, s.AssertExistingObjectsMatched())
		require.Error(t, s.AssertConsumed())
	})
	t.Run("A-08 a match of nothing but the root is trivial", func(t *testing.T) {
		path := written(t, Group{"model": scalar(1)})
		err := mustRead(t, mustNew(t, Group{"net": scalar(0)}), path).AssertNontrivialMatch()
		require.ErrorContains(t, err, "Nothing except the root object matched a checkpointed value")
		require.ErrorContains(t, err, "the checkpoint's root has children: model")
		require.ErrorContains(t, err, "net: missing")
		err = mustRead(t, mustNew(t, Group{}), path).AssertNontrivialMatch()
		require.ErrorContains(t, err, "Nothing to load. No dependencies have been added to")
	})
	t.Run("A-09 both assertions fail where one stored object became two", func(t *testing.T) {
		shared := scalar(1)
		logger, _ := logged()
		s := mustRead(t, mustNew(t, Group{"a": scalar(0), "b": scalar(0)}, WithLogger(logger)), written(t, Group{"a": shared, "b": shared}))
		require.Error(t, s.AssertConsumed())
		require.Error(t, s.AssertExistingObjectsMatched())
	})
	t.Run("A-10 assertions look at the program as it is when they are called", func(t *testing.T) {
		g := groupOf("x", scalar(0))
		s := mustRead(t, mustNew(t, Group{"g": g}), written(t, Group{"g": groupOf("x", scalar(1))}))
		require.NoError(t, s.AssertConsumed())
		require.NoError(t, g.Track("y", scalar(0)))
		require.Error(t, s.AssertConsumed())
		g.Untrack("y")
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("A-11 a status outlives its Checkpoint", func(t *testing.T) {
		s := mustRead(t, mustNew(t, Group{"a": scalar(0)}), written(t, Group{"a": scalar(1)}))
		runtime.GC()
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("A-20 a variable bound to a group keeps its value and satisfies all but Consumed", func(t *testing.T) {
		v := scalar(5)
		path := written(t, Group{"v": groupOf("inner", scalar(1)), "w": scalar(2)})
		s := mustRead(t, mustNew(t, Group{"v": v, "w": scalar(0)}), path)
		require.NoError(t, s.Assert(ExistingObjectsMatched, NontrivialMatch))
		require.ErrorContains(t, s.AssertConsumed(), "(root).v.inner")
		require.EqualValues(t, 5, value0(v))
		require.Equal(t, []Item{{Path: "v", GoPath: "v"}}, s.Report().Mismatched, "the report tells")
		s = mustRead(t, mustNew(t, Group{"v": scalar(5), "w": scalar(0)}), written(t, Group{"v": groupOf(), "w": scalar(2)}))
		require.NoError(t, s.AssertConsumed())
		var m struct{ V, W *tensor.Tensor[float32] }
		m.V, m.W = v, scalar(0)
		require.ErrorContains(t, LoadWeights(ctx, path, &m), "v: missing", "LoadWeights is stricter")
	})
	t.Run("A-21 an object that wants fewer tensors than are stored takes them, one that wants more is an error", func(t *testing.T) {
		path := written(t, Group{"p": &several{names: []string{"x", "y"}, got: map[string]tensor.Any{"x": scalar(1), "y": scalar(2)}}})
		less := &several{names: []string{"y"}, got: map[string]tensor.Any{"y": scalar(0)}}
		s := mustRead(t, mustNew(t, Group{"p": less}), path)
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, map[string]tensor.Any{"y": scalar(2)}, less.got)
		more := &several{names: []string{"x", "z"}, got: map[string]tensor.Any{"x": scalar(0), "z": scalar(0)}}
		_, err := mustNew(t, Group{"p": more}).Read(ctx, path)
		require.ErrorContains(t, err, `no tensor "z"`)
		require.Equal(t, scalar(0), more.got["x"])
	})
}

// several saves tensors under names of its own.
type several struct {
	names []string
	got   map[string]tensor.Any
	calls int
}

func (s *several) CheckpointTensors() ([]NamedTensor, error) {
	var out []NamedTensor
	for _, n := range s.names {
		out = append(out, NamedTensor{Name: n, Tensor: s.got[n]})
	}
	return out, nil
}

func (s *several) SetCheckpointTensors(values map[string]tensor.Any) error {
	s.got = values
	s.calls++
	return nil
}

func TestWarnings(t *testing.T) {
	path := written(t, Group{"a": scalar(1), "g": groupOf("x", scalar(2), "y", scalar(3)), "v": scalar(4), "empty": groupOf()})
	program := func() Group { return Group{"a": scalar(0), "g": groupOf("x", scalar(0)), "v": groupOf()} }
	t.Run("A-12 A-13 A-14 A-19 a Checkpoint that is closed logs once what a restore left over", func(t *testing.T) {
		logger, lines := logged()
		c := mustNew(t, program(), WithLogger(logger))
		mustRead(t, c, path)
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
		many := new(group)
		for i := range 300 {
			require.NoError(t, many.Track(fmt.Sprintf("m%d", i), scalar(1)))
		}
		logger, lines := logged()
		c := mustNew(t, Group{"a": scalar(0)}, WithLogger(logger))
		mustRead(t, c, written(t, Group{"a": scalar(1), "optimizer": many, "step": scalar(2)}))
		require.NoError(t, c.Close())
		require.Len(t, lines(), 3)
		require.Contains(t, lines()[1], "restored object: (root).optimizer.* (300 values)")
		require.Contains(t, lines()[2], "restored object: (root).step")
	})
	t.Run("A-12 so does one that is collected", func(t *testing.T) {
		records := make(chan string, 8)
		func() {
			c := mustNew(t, Group{"a": scalar(0)}, WithLogger(slog.New(slog.NewTextHandler(chanWriter(records), nil))))
			mustRead(t, c, path)
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
		logger, lines := logged()
		c := mustNew(t, program(), WithLogger(logger))
		s := mustRead(t, c, path)
		require.Same(t, s, s.ExpectPartial())
		require.NoError(t, c.Close())
		require.Empty(t, lines())
	})
	t.Run("A-18 nothing is logged where nothing is missing", func(t *testing.T) {
		logger, lines := logged()
		c := mustNew(t, Group{"a": scalar(0), "g": groupOf("x", scalar(0), "y", scalar(0)), "v": scalar(0)}, WithLogger(logger))
		mustRead(t, c, path)
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
	many := groupOf()
	for i := range 20 {
		require.NoError(t, many.Track(fmt.Sprint("slot", i), scalar(1)))
	}
	path := written(t, Group{"model": groupOf("kernel", scalar(1), "bias", scalar(2)), "optimizer": many})
	var m struct {
		Model struct {
			Kernel0 tensor.Tensor[float32]
			Bias    tensor.Tensor[float32]
		}
	}
	c := mustNew(t, &m)
	s := mustRead(t, c, path)
	r := s.Report()
	require.Equal(t, []Item{{Path: "model.bias", GoPath: "Model.Bias", Key: "model/bias/.ATTRIBUTES/VARIABLE_VALUE"}}, r.Restored)
	require.Equal(t, []Item{{Path: "model.kernel0", GoPath: "Model.Kernel0"}}, r.Missing)
	require.Len(t, r.Waiting, 21)
	require.Equal(t, []string{"model", "optimizer"}, r.RootChildren)
	require.Contains(t, r.String(), "optimizer.*: 20 values waiting for an object")

	err := s.AssertExistingObjectsMatched()
	require.ErrorContains(t, err, `for model.kernel0 (Model.Kernel0) the checkpoint has "kernel": an alias in the tag would match it`)

	t.Run("nothing but the root", func(t *testing.T) {
		r := mustRead(t, mustNew(t, Group{"net": scalar(0)}), path).Report()
		require.Contains(t, r.String(), "nothing matched but the root; the checkpoint's root has children: model, optimizer")
	})
}

func TestNothingRestored(t *testing.T) {
	t.Run("I-01 I-02 an empty path gives a status whose assertions fail", func(t *testing.T) {
		c := mustNew(t, Group{"v": scalar(1)})
		s, err := c.Restore(ctx, "")
		require.NoError(t, err)
		for _, err := range []error{s.AssertConsumed(), s.AssertExistingObjectsMatched(), s.AssertNontrivialMatch(), s.RunRestoreOps(ctx)} {
			require.ErrorIs(t, err, ErrNoCheckpoint)
		}
		require.NoError(t, s.InitializeOrRestore(ctx))
		require.Same(t, s, s.ExpectPartial())
		require.Nil(t, s.Report())
		require.NotNil(t, c.counter, "the counter has come to be")
		require.Zero(t, *c.counter)
	})
}

// initialized counts how often it was asked to initialize itself.
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
	path := written(t, Group{"a": &initialized{W: scalar(7)}})
	t.Run("I-03 without Planned there is nothing left to run", func(t *testing.T) {
		m := &initialized{W: scalar(0)}
		s := mustRead(t, mustNew(t, Group{"a": m}), path)
		require.EqualValues(t, 7, value0(m.W))
		m.W.Data()[0] = 8
		require.NoError(t, s.RunRestoreOps(ctx))
		require.NoError(t, s.InitializeOrRestore(ctx))
		require.EqualValues(t, 8, value0(m.W))
	})
	t.Run("I-04 a planned restore moves no bytes until it is run", func(t *testing.T) {
		m := &initialized{W: scalar(0)}
		s := mustRead(t, mustNew(t, Group{"a": m}), path, Planned())
		require.Zero(t, value0(m.W))
		require.NoError(t, s.RunRestoreOps(ctx))
		require.EqualValues(t, 7, value0(m.W))
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("I-05 what no restore reached is initialized, what one reached is not", func(t *testing.T) {
		a, b := &initialized{W: scalar(0)}, &initialized{W: scalar(0)}
		s := mustRead(t, mustNew(t, Group{"a": a, "b": b}), path, Planned())
		require.NoError(t, s.InitializeOrRestore(ctx))
		require.Equal(t, []int{0, 1}, []int{a.Times, b.Times})
		require.EqualValues(t, 7, value0(a.W))
		b.Err = errors.New("no memory")
		require.ErrorContains(t, s.InitializeOrRestore(ctx), "initialize b (b): no memory")
	})
}
