package ckpt_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// requireAgain restores a checkpoint into root, which holds zeros. It then writes root and compares the files with the original ones.
func requireAgain(t *testing.T, root any, path string) {
	t.Helper()
	require.NoError(t, ckpttest.Read(t, ckpttest.New(t, root), path).Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
	ckpttest.RequireSameFiles(t, ckpttest.Written(t, root), path)
}

// TestValuesAsTensorFlow restores each dtype and shape of TensorFlow's variables into a Go struct, and writes the same files as TensorFlow.
func TestValuesAsTensorFlow(t *testing.T) {
	t.Run("integers", func(t *testing.T) {
		type model struct {
			I8   []int8                       `ckpt:"int8,alloc,fullname=int8"`
			I16  []int16                      `ckpt:"int16,alloc,fullname=int16"`
			I32  []int32                      `ckpt:"int32,alloc,fullname=int32"`
			I64  []int64                      `ckpt:"int64,alloc,fullname=int64"`
			U8   []uint8                      `ckpt:"uint8,alloc,fullname=uint8"`
			U16  []uint16                     `ckpt:"uint16,alloc,fullname=uint16"`
			U32  []uint32                     `ckpt:"uint32,alloc,fullname=uint32"`
			U64  []uint64                     `ckpt:"uint64,alloc,fullname=uint64"`
			Int4 tensor.Tensor[tensor.Int4]   `ckpt:"int4,fullname=int4"`
			U4   tensor.Tensor[tensor.UInt4]  `ckpt:"uint4,fullname=uint4"`
			Int2 [4]tensor.Int2               `ckpt:"int2,fullname=int2"`
			U2   *tensor.Tensor[tensor.UInt2] `ckpt:"uint2,fullname=uint2"`
			Bool []bool                       `ckpt:"bool,alloc,fullname=bool"`
		}
		m := &model{U2: new(tensor.Tensor[tensor.UInt2])}
		requireAgain(t, m, ckpttest.Golden(t, "values-integers").Path())
		require.Equal(t, []int8{math.MinInt8, math.MinInt8 + 1, 0, 1, math.MaxInt8}, m.I8)
		require.Equal(t, []int64{math.MinInt64, math.MinInt64 + 1, 0, 1, math.MaxInt64}, m.I64)
		require.Equal(t, []uint64{0, 1, 0, 1, math.MaxUint64}, m.U64)
		require.Equal(t, []bool{true, false, true}, m.Bool)
		require.EqualValues(t, -8, m.Int4.Data()[0].Int8())
	})
	t.Run("floats keep their bits", func(t *testing.T) {
		type model struct {
			F16  []tensor.Float16  `ckpt:"float16,alloc,fullname=float16"`
			BF16 []tensor.BFloat16 `ckpt:"bfloat16,alloc,fullname=bfloat16"`
			F32  []float32         `ckpt:"float32,alloc,fullname=float32"`
			F64  [13]float64       `ckpt:"float64,fullname=float64"`
		}
		m := new(model)
		requireAgain(t, m, ckpttest.Golden(t, "values-floats").Path())
		require.Equal(t, uint32(0x7fc00005), math.Float32bits(m.F32[10]), "a NaN's payload")
		require.Equal(t, uint32(0x7f800001), math.Float32bits(m.F32[11]), "a signalling NaN")
		require.Equal(t, math.SmallestNonzeroFloat64, m.F64[7])
	})
	t.Run("complex numbers", func(t *testing.T) {
		type model struct {
			C64  []complex64   `ckpt:"complex64,alloc,fullname=complex64"`
			C128 [4]complex128 `ckpt:"complex128,fullname=complex128"`
		}
		m := new(model)
		requireAgain(t, m, ckpttest.Golden(t, "values-complex").Path())
		require.Equal(t, []complex64{0, 1 - 2i}, m.C64[:2])
	})
	t.Run("shapes, empty ones among them", func(t *testing.T) {
		type model struct {
			Scalar float32                 `ckpt:"scalar,fullname=scalar"`
			S1     [1]float32              `ckpt:"s1,fullname=s1"`
			S5     []float32               `ckpt:"s5,alloc,fullname=s5"`
			S23    [][]float32             `ckpt:"s2x3,alloc,fullname=s2x3"`
			S213   [2][1][3]float32        `ckpt:"s2x1x3,fullname=s2x1x3"`
			Ones   [][][][][][][][]float32 `ckpt:"s1x1x1x1x1x1x1x1,alloc,fullname=s1x1x1x1x1x1x1x1"`
			Twos   []float32               `ckpt:"s2x2x2x2x2x2,alloc,shape=2x2x2x2x2x2,fullname=s2x2x2x2x2x2"`
			S300   tensor.Tensor[float32]  `ckpt:"s300,fullname=s300"`
			S0     []float32               `ckpt:"s0,alloc,fullname=s0"`
			S07    [][7]float32            `ckpt:"s0x7,alloc,fullname=s0x7"`
			Empty  tensor.Tensor[float32]  `ckpt:"s3x0x2,fullname=s3x0x2"`
		}
		m := new(model)
		requireAgain(t, m, ckpttest.Golden(t, "values-shapes").Path())
		require.Equal(t, [][]float32{{0, 1, 2}, {3, 4, 5}}, m.S23)
		require.Equal(t, [2][1][3]float32{{{0, 1, 2}}, {{3, 4, 5}}}, m.S213)
		require.EqualValues(t, 63, m.Twos[63])
		require.NotNil(t, m.S0, "an empty tensor becomes a slice that is not nil")
	})
	t.Run("P-06 strings are bytes", func(t *testing.T) {
		type model struct {
			Empty   string                `ckpt:"empty,fullname=empty"`
			None    []string              `ckpt:"none,alloc,fullname=none"`
			None2D  tensor.Tensor[string] `ckpt:"none2d,fullname=none2d"`
			Text    []string              `ckpt:"text,alloc,fullname=text"`
			Binary  [3]string             `ckpt:"binary,fullname=binary"`
			Varints []string              `ckpt:"varints,alloc,fullname=varints"`
			Matrix  [3][2]string          `ckpt:"matrix,fullname=matrix"`
		}
		m := new(model)
		requireAgain(t, m, ckpttest.Golden(t, "values-strings").Path())
		require.Equal(t, []string{"checkpoint", "Zürich", "日本語", ""}, m.Text)
		require.Equal(t, "\xff\xfe\x00tail", m.Binary[1])
		require.Equal(t, [3][2]string{{"a", "bb"}, {"ccc", "dddd"}, {"eeeee", ""}}, m.Matrix)
	})
	t.Run("P-01 P-02 P-06 state in one string does not have a global name and is stored after all variables", func(t *testing.T) {
		type model struct {
			RNG   ckpttest.StateBytes    `ckpt:"rng"`
			V     [2]float32             `ckpt:"v,fullname=v"`
			Empty *ckpttest.StateBytes   `ckpt:"empty"`
			Raw   ckpttest.StateBytes    `ckpt:"raw"`
			Last  *int32                 `ckpt:"last,fullname=last"`
			Loose []*ckpttest.StateBytes // no tag, so it is not tracked
		}
		m := &model{Empty: &ckpttest.StateBytes{Data: "before"}, Last: new(int32)}
		g := ckpttest.Golden(t, "values-python-state")
		requireAgain(t, m, g.Path())
		require.Equal(t, []string{`{"seed": 3}`, "", "\x00\xff\xfe"}, []string{m.RNG.Data, m.Empty.Data, m.Raw.Data})
		require.Contains(t, ckpttest.GraphOf(t, g.Path())[1], `[py_state "" rng/.ATTRIBUTES/py_state]`)
	})
}

// kelvin is a temperature, like another library's type. It holds a float64 and is stored as float32.
type kelvin struct {
	degrees float64
	fail    error
}

func (k *kelvin) CheckpointTensor() (tensor.Any, error) {
	return tensor.Scalar(float32(k.degrees)), k.fail
}

func (k *kelvin) SetCheckpointTensor(t tensor.Any) error {
	v, ok := tensor.As[float32](t)
	if !ok || k.fail != nil {
		return errors.Join(k.fail, fmt.Errorf("%v is not a temperature", t.DType()))
	}
	k.degrees = float64(v.At())
	return nil
}

func TestObjectsOfOtherLibraries(t *testing.T) {
	t.Run("a Variable is stored as the tensor that its methods return and receive", func(t *testing.T) {
		type model struct {
			T kelvin // no tag: its methods make it a leaf
		}
		path := ckpttest.Written(t, &model{kelvin{degrees: 273.5}})
		require.Equal(t, ckpttest.Scalar(273.5), ckpttest.Must(ckpttest.Open(t, path).Tensor("t/.ATTRIBUTES/VARIABLE_VALUE")))
		var got model
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, &got), path).AssertConsumed())
		require.Equal(t, 273.5, got.T.degrees)
	})
	t.Run("its errors are returned", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"t": ckpttest.Scalar(1)})
		broken := &kelvin{fail: errors.New("sensor gone")}
		_, err := ckpt.New(ckpt.Group{"t": broken})
		require.ErrorContains(t, err, "t (t): sensor gone")
		broken.fail = nil
		c := ckpttest.New(t, ckpt.Group{"t": &late{kelvin: broken}})
		_, err = c.Read(ctx, path)
		var failed *ckpt.RestoreError
		require.ErrorAs(t, err, &failed)
		require.ErrorContains(t, err, "t (t): sensor gone")
		require.Equal(t, []string{"t"}, failed.Torn, "it may have taken some of the values")
	})
	t.Run("its dtype and shape are compared with the checkpoint's", func(t *testing.T) {
		_, err := ckpttest.New(t, ckpt.Group{"t": new(kelvin)}).Read(ctx, ckpttest.Written(t, ckpt.Group{"t": ckpttest.Vector(1, 2)}))
		require.ErrorContains(t, err, "shape [2] in the checkpoint, [] in the model")
	})
	t.Run("nil for a tensor is an error", func(t *testing.T) {
		_, err := ckpt.New(ckpt.Group{"t": new(nothing)})
		require.ErrorContains(t, err, "CheckpointTensor of *ckpt_test.nothing returned nil")
	})
}

// late fails when it receives its values.
type late struct{ *kelvin }

func (l *late) SetCheckpointTensor(tensor.Any) error { return errors.New("sensor gone") }

type nothing struct{ _ int }

func (*nothing) CheckpointTensor() (tensor.Any, error) { return nil, nil }

func (*nothing) SetCheckpointTensor(tensor.Any) error { return nil }

// counted is state that counts how often the library reads it.
type counted struct {
	state       string
	saves, sets int
	refuse      bool
}

func (c *counted) MarshalBinary() ([]byte, error) {
	c.saves++
	return []byte(c.state), nil
}

func (c *counted) UnmarshalBinary(b []byte) error {
	c.sets++
	if c.refuse {
		return errors.New("not my state")
	}
	c.state = string(b)
	return nil
}

// GetConfig is a method that Keras's layers have in addition to their state.
func (c *counted) GetConfig() map[string]any { panic("unexpected call") }

func TestOpaqueState(t *testing.T) {
	type model struct {
		State counted `ckpt:"state"`
		V     ckpttest.Variable
	}
	t.Run("P-03 a restore passes the exact bytes, once", func(t *testing.T) {
		path := ckpttest.Written(t, &model{counted{state: "\x00\x01\xff"}, ckpttest.Scalar(1)})
		got := &model{V: ckpttest.Scalar(0)}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, got), path).AssertConsumed())
		require.Equal(t, "\x00\x01\xff", got.State.state)
		require.Equal(t, 1, got.State.sets)
	})
	t.Run("P-03 if the object rejects the bytes, the restore fails, and the error lists the other changes", func(t *testing.T) {
		path := ckpttest.Written(t, &model{counted{state: "x"}, ckpttest.Scalar(1)})
		got := &model{counted{refuse: true}, ckpttest.Scalar(0)}
		_, err := ckpttest.New(t, got).Read(ctx, path)
		var failed *ckpt.RestoreError
		require.ErrorAs(t, err, &failed)
		require.ErrorContains(t, err, "state (State): not my state")
		require.EqualValues(t, 1, ckpttest.Value(got.V))
		require.Equal(t, []string{"v"}, failed.Restored)
	})
	t.Run("P-04 each of several saves restores its own state", func(t *testing.T) {
		m := &model{counted{state: "first"}, ckpttest.Scalar(1)}
		c, dir := ckpttest.New(t, m), t.TempDir()
		first := ckpttest.Must(c.Save(ctx, dir+"/ckpt"))
		m.State.state = "second"
		second := ckpttest.Must(c.Save(ctx, dir+"/ckpt"))
		for path, want := range map[string]string{first: "first", second: "second"} {
			m.State.state = ""
			_, err := c.Restore(ctx, path)
			require.NoError(t, err)
			require.Equal(t, want, m.State.state)
		}
	})
	t.Run("P-05 state that is attached later takes the waiting bytes", func(t *testing.T) {
		g := ckpttest.NodeOf()
		s := ckpttest.Read(t, ckpttest.New(t, g), ckpttest.Written(t, ckpttest.NodeOf("state", &counted{state: "waiting"})))
		state := new(counted)
		require.NoError(t, g.Track("state", state))
		require.Equal(t, "waiting", state.state)
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("P-07 stored state for a variable of the program, or the reverse, is an unused attribute", func(t *testing.T) {
		v, state := ckpttest.Scalar(5), &counted{state: "own"}
		for path, program := range map[string]ckpt.Group{
			ckpttest.Written(t, ckpt.Group{"x": &counted{state: "s"}, "y": ckpttest.Scalar(1)}): {"x": v, "y": ckpttest.Scalar(0)},
			ckpttest.Written(t, ckpt.Group{"x": ckpttest.Scalar(1), "y": ckpttest.Scalar(1)}):   {"x": state, "y": ckpttest.Scalar(0)},
		} {
			s := ckpttest.Read(t, ckpttest.New(t, program), path)
			var m *ckpt.MismatchError
			require.ErrorAs(t, s.AssertConsumed(), &m)
			require.Contains(t, m.Problem, "Unused attributes in these objects")
			require.Equal(t, []string{"x"}, m.Unused)
		}
		require.EqualValues(t, 5, ckpttest.Value(v))
		require.Equal(t, "own", state.state)
	})
	t.Run("P-09 other methods are not called, and their results are not saved", func(t *testing.T) {
		path := ckpttest.Written(t, &model{counted{state: "s"}, ckpttest.Scalar(1)})
		require.Equal(t, []string{"state/.ATTRIBUTES/py_state", "v/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
		ckpttest.Read(t, ckpttest.New(t, &model{V: ckpttest.Scalar(0)}), path)
	})
	t.Run("the state is requested only for a save", func(t *testing.T) {
		m := &model{counted{state: "s"}, ckpttest.Scalar(1)}
		c := ckpttest.New(t, m)
		require.Zero(t, m.State.saves)
		ckpttest.Must(c.Write(ctx, t.TempDir()+"/ckpt"))
		require.Equal(t, 1, m.State.saves)
	})
}

func TestValuesInInterfacesAndMaps(t *testing.T) {
	type unit struct{ W tensor.Tensor[float32] }
	t.Run("a struct in an interface or a map is restored and put back", func(t *testing.T) {
		type model struct {
			Any   any
			Map   map[string]unit
			Deep  map[string]any
			Array map[string][2]unit
		}
		build := func(v float32) *model {
			return &model{unit{*ckpttest.Vector(v)}, map[string]unit{"k": {*ckpttest.Vector(v + 1)}}, map[string]any{"x": map[string]unit{"y": {*ckpttest.Vector(v + 2)}}}, map[string][2]unit{"z": {{*ckpttest.Vector(v + 3)}, {*ckpttest.Vector(v + 4)}}}}
		}
		want, got := build(1), build(10)
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, got), ckpttest.Written(t, want)).AssertConsumed())
		require.Equal(t, want, got)
	})
	t.Run("its position identifies it: a later restore finds it again", func(t *testing.T) {
		type model struct{ Map map[string]unit }
		m := &model{map[string]unit{"k": {*ckpttest.Vector(0)}}}
		c := ckpttest.New(t, m)
		for _, v := range []float32{1, 2} {
			s := ckpttest.Read(t, c, ckpttest.Written(t, &model{map[string]unit{"k": {*ckpttest.Vector(v)}}}))
			require.NoError(t, s.AssertConsumed())
			require.Equal(t, unit{*ckpttest.Vector(v)}, m.Map["k"])
		}
		m.Map["k"] = unit{*ckpttest.Vector(7)}
		ckpttest.RequireSameFiles(t, ckpttest.Must(c.Write(ctx, t.TempDir()+"/ckpt")), ckpttest.Written(t, m))
	})
}

func TestUnbuiltTensors(t *testing.T) {
	type model struct{ A, B tensor.Tensor[float32] }
	t.Run("a struct without values is omitted, with its edges", func(t *testing.T) {
		path := ckpttest.Written(t, &model{A: *ckpttest.Vector(1)})
		require.Equal(t, []string{"0 a:1 root:0", `1 [VARIABLE_VALUE "a" a/.ATTRIBUTES/VARIABLE_VALUE]`}, ckpttest.GraphOf(t, path))
	})
	t.Run("a struct that a restore did not reach does not change", func(t *testing.T) {
		var m model
		s := ckpttest.Read(t, ckpttest.New(t, &m), ckpttest.Written(t, &model{A: *ckpttest.Vector(1)}))
		require.Equal(t, model{A: *ckpttest.Vector(1)}, m)
		require.ErrorContains(t, s.AssertExistingObjectsMatched(), "b")
	})
}
