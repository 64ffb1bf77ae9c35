package ops

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// operatorClasses are the operators that this package has.
var operatorClasses = []string{
	"Absolute", "Add", "All", "Amax", "Amin", "Any", "Append", "Arccos", "Arccosh", "Arcsin", "Arcsinh", "Arctan", "Arctan2", "Arctanh",
	"Argmax", "Argmin", "Argsort", "BroadcastTo", "Cast", "Cbrt", "Ceil", "Celu", "Clip", "Concatenate", "ConvertToTensor", "Cos", "Cosh",
	"CountNonzero", "Cumprod", "Cumsum", "Divide", "DivideNoNan", "Dot", "DotProductAttention", "Einsum", "Elu", "Equal", "Erf", "Exp", "Exp2",
	"ExpandDims", "Expm1", "Flip", "Floor", "FloorDivide", "FullLike", "Gelu", "GetItem", "Glu", "Greater", "GreaterEqual", "HardShrink",
	"HardSigmoid", "HardSilu", "HardTanh", "Hstack", "Hypot", "Inner", "Isfinite", "Isinf", "Isnan", "LeakyRelu", "Less", "LessEqual", "Log",
	"Log10", "Log1p", "Log2", "LogSigmoid", "LogSoftmax", "Logaddexp", "LogicalAnd", "LogicalNot", "LogicalOr", "LogicalXor", "Logsumexp",
	"Matmul", "Max", "Maximum", "Mean", "Median", "Min", "Minimum", "Mod", "Moments", "Moveaxis", "Multiply", "NanToNum", "Ndim", "Negative",
	"Norm", "Normalize", "NotEqual", "OneHot", "OnesLike", "Outer", "Pad", "Power", "Prod", "Ravel", "Reciprocal", "Relu", "Relu6", "Repeat",
	"Reshape", "Roll", "Round", "Rsqrt", "SaturateCast", "Selu", "Sigmoid", "Sign", "Silu", "Sin", "Sinh", "Size", "Slice", "SoftShrink",
	"Softmax", "Softplus", "Softsign", "Sort", "SparsePlus", "SparseSigmoid", "Sparsemax", "Split", "Sqrt", "Square", "Squareplus", "Squeeze",
	"Stack", "Std", "StopGradient", "Subtract", "Sum", "Swapaxes", "Take", "TakeAlongAxis", "Tan", "Tanh", "TanhShrink", "Tensordot",
	"Threshold", "Tile", "TopK", "Transpose", "Tril", "Triu", "TrueDivide", "Trunc", "Unstack", "Var", "Vstack", "Where", "ZerosLike",
}

// call returns the arguments of an operator.
func callWith(args ...any) *Arguments {
	return &Arguments{Args: args, Kw: make(map[string]any), Used: make(map[string]bool)}
}

// TestOperatorsRefuseNonsense calls every operator with options and arguments that do not fit. The call must
// end with a result or an error.
func TestOperatorsRefuseNonsense(t *testing.T) {
	options := []string{`{}`}
	for _, key := range []string{"axis", "axes", "axis1", "newshape", "shape", "shift", "repeats", "pad_width", "indices_or_sections", "k", "num_classes", "subscripts",
		"source", "x_min", "dtype", "ord", "decimals"} {
		for _, v := range []string{`[]`, `7`, `-9`, `[3, -1]`, `1.5`, `"relu"`, `[[1, 2], [3, 4]]`, `9007199254740993`} {
			options = append(options, fmt.Sprintf(`{%q: %s}`, key, v))
		}
	}
	none, word := 0, "word"
	one, two := -1, 5
	empty := FloatValue(tensor.New[float32](0, 3))
	values := []any{
		nil, true, word, Scalar{F: 2, Whole: true}, Scalar{F: -0.5}, Ellipsis{}, []any{}, []any{Scalar{F: 1, Whole: true}, nil}, map[string]any{},
		[]any{PySlice{&one, &two, &none}}, []any{PySlice{}, PySlice{Step: &one}, Scalar{F: 40, Whole: true}},
		empty, FloatValue(filled(1, 2, 3)), FloatValue(tensor.Scalar(float32(math.NaN()))), FloatValue(filled(2, 2, 3, 4, 2)),
		IntValue(tensor.New[int64](3, 1), tensor.DTInt32), boolValue(tensor.New[bool](2, 3)), &Value{X: tensor.New[string](2), As: tensor.DTString},
		[]any{empty, FloatValue(filled(1, 2, 3))},
	}
	for _, class := range operatorClasses {
		t.Run(class, func(t *testing.T) {
			m := MakerOf(class)
			require.NotNil(t, m)
			ran := 0
			for _, raw := range options {
				c, err := config.New(class, json.RawMessage(raw), nil)
				require.NoError(t, err)
				o := m(c)
				if c.Err != nil {
					continue
				}
				for i, v := range values {
					for _, args := range [][]any{{v}, {values[12], v}, {v, v, v}, {values[(i+5)%len(values)], v, values[15]}} {
						if ran++; ran%thorough.Pick(1, 7) > 0 {
							continue
						}
						out, err := o(callWith(args...))
						if err == nil {
							for _, y := range out {
								require.NotNil(t, y)
								require.NotNil(t, y.X)
							}
						}
					}
				}
			}
			require.NotZero(t, ran)
		})
	}
}

func TestGetItemIsPythons(t *testing.T) {
	x := tensor.New[int64](2, 5)
	for i := range x.Data() {
		x.Data()[i] = int64(i)
	}
	at := func(n int) *int { return &n }
	whole := func(n int) Scalar { return Scalar{F: float64(n), Whole: true} }
	for _, tt := range []struct {
		name  string
		key   any
		shape tensor.Shape
		want  []int64
	}{
		{"x[1]", whole(1), tensor.Shape{5}, []int64{5, 6, 7, 8, 9}},
		{"x[-2, -1]", []any{whole(-2), whole(-1)}, tensor.Shape{}, []int64{4}},
		{"x[:, 1:3]", []any{PySlice{}, PySlice{Start: at(1), Stop: at(3)}}, tensor.Shape{2, 2}, []int64{1, 2, 6, 7}},
		{"x[..., ::-2]", []any{Ellipsis{}, PySlice{Step: at(-2)}}, tensor.Shape{2, 3}, []int64{4, 2, 0, 9, 7, 5}},
		{"x[0, None, -100:2]", []any{whole(0), nil, PySlice{Start: at(-100), Stop: at(2)}}, tensor.Shape{1, 2}, []int64{0, 1}},
		{"x[:, 3:1]", []any{PySlice{}, PySlice{Start: at(3), Stop: at(1)}}, tensor.Shape{2, 0}, []int64{}},
		{"x[:, 1::-1]", []any{PySlice{}, PySlice{Start: at(1), Step: at(-1)}}, tensor.Shape{2, 2}, []int64{1, 0, 6, 5}},
		{"x[:, ::9223372036854775807]", []any{PySlice{}, PySlice{Step: at(math.MaxInt)}}, tensor.Shape{2, 1}, []int64{0, 5}},
		{"x[[1, 0, -1]]", IntValue(vectorOf(t, 1, 0, -1), tensor.DTInt32), tensor.Shape{3, 5}, []int64{5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			y, err := getItem(IntValue(x, tensor.DTInt32), tt.key)
			require.NoError(t, err)
			require.Equal(t, tt.shape, y.Shape())
			require.Equal(t, tt.want, y.X.Values())
		})
	}
}

func vectorOf(t testing.TB, values ...int64) *tensor.Tensor[int64] {
	t.Helper()
	x, err := tensor.FromSlice(values, len(values))
	require.NoError(t, err)
	return x
}

// resultTypes has the results of keras.backend.result_type for two dtypes.
const resultTypes = `
int8 int16 int16
int8 int32 int32
int8 int64 int64
int8 uint8 int16
int8 uint16 int32
int8 uint32 int64
int8 bool int8
int16 int32 int32
int16 int64 int64
int16 uint8 int16
int16 uint16 int32
int16 uint32 int64
int16 bool int16
int32 int64 int64
int32 uint8 int32
int32 uint16 int32
int32 uint32 int64
int32 bool int32
int64 uint8 int64
int64 uint16 int64
int64 uint32 int64
int64 bool int64
uint8 uint16 uint16
uint8 uint32 uint32
uint8 bool uint8
uint16 uint32 uint32
uint16 bool uint16
uint32 bool uint32
`

func TestPromote(t *testing.T) {
	parse := func(name string) tensor.DType {
		d, err := tensor.ParseDType(name)
		require.NoError(t, err)
		return d
	}
	for row := range strings.SplitSeq(strings.TrimSpace(resultTypes), "\n") {
		t.Run(row, func(t *testing.T) {
			d := strings.Fields(row)
			a, b, want := parse(d[0]), parse(d[1]), parse(d[2])
			require.Equal(t, want, promote(a, b, false, false))
			require.Equal(t, want, promote(b, a, false, false))
		})
	}
	t.Run("a number takes the tensor's integers", func(t *testing.T) {
		require.Equal(t, tensor.DTInt8, promote(tensor.DTInt8, tensor.DTInt32, false, true))
		require.Equal(t, tensor.DTUInt8, promote(tensor.DTInt32, tensor.DTUInt8, true, false))
	})
	t.Run("a fraction makes fractions", func(t *testing.T) {
		require.Equal(t, tensor.DTFloat32, promote(tensor.DTInt64, tensor.DTFloat32, false, true))
	})
}

// filled returns a tensor of small numbers that depend on seed.
func filled(seed uint64, shape ...int) *kernel.Tensor {
	x := tensor.New[float32](shape...)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range x.Data() {
		x.Data()[i] = 2*r.Float32() - 1
	}
	return x
}
