package makers

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// TestPyTorchRefused loads modules that compute something different from the layers. The error names the stored tensor and the reason.
func TestPyTorchRefused(t *testing.T) {
	type stored map[string]*floats
	zeros := tensor.New[float32]
	lstm := func(layers int, suffixes ...string) stored {
		s := make(stored)
		for i := range layers {
			for _, suffix := range append(suffixes, "") {
				end := "_l" + string(rune('0'+i)) + suffix
				s["weight_ih"+end], s["weight_hh"+end] = zeros(8, 2), zeros(8, 2)
				s["bias_ih"+end], s["bias_hh"+end] = zeros(8), zeros(8)
			}
		}
		return s
	}
	with := func(s stored, name string, shape ...int) stored {
		s[name] = zeros(shape...)
		return s
	}
	attention := func() stored {
		return stored{"in_proj_weight": zeros(12, 4), "in_proj_bias": zeros(12), "out_proj/weight": zeros(4, 4), "out_proj/bias": zeros(4)}
	}
	for _, c := range []struct {
		name   string
		stored stored
		model  any
		want   string
	}{
		{"an output that is projected", with(lstm(1), "weight_hr_l0", 2, 2), &struct{ M layers.LSTM }{}, "m.weight_hr_l0: PyTorch's proj_size"},
		{"more layers than one", lstm(2), &struct{ M layers.LSTM }{}, "m.weight_ih_l1: the module has several layers"},
		{"more layers than the array has elements", lstm(3), &struct{ M [2]layers.LSTM }{}, "m.weight_ih_l2: the module has 3 layers, the list has 2 elements"},
		{"a second direction", lstm(1, "_reverse"), &struct{ M layers.LSTM }{}, "m.weight_ih_l0_reverse: the module is bidirectional"},
		{"a second direction in each layer", lstm(2, "_reverse"), &struct{ M []layers.LSTM }{}, "m.weight_ih_l0_reverse: the module is bidirectional"},
		{"no layers in a Bidirectional", lstm(1, "_reverse"), &struct{ M []layers.Bidirectional }{}, "ForwardLayer and BackwardLayer must be set"},
		{"more layers than one, in both directions", lstm(2, "_reverse"),
			&struct{ M layers.Bidirectional }{*layers.NewBidirectional(new(layers.LSTM))}, "m.weight_ih_l1: the module has several layers"},
		{"an unknown number of heads", attention(), &struct{ M layers.MultiHeadAttention }{}, "m.in_proj_weight: NumHeads must be set"},
		{"a learned key", with(attention(), "bias_k", 1, 1, 4), &struct{ M layers.MultiHeadAttention }{layers.MultiHeadAttention{NumHeads: 2}}, "m.bias_k: PyTorch's add_bias_kv"},
		{"GPTQ", stored{"qweight": zeros(1, 3), "scales": zeros(1, 3)}, &struct{ M layers.Dense }{}, "m.qweight: the weights are quantized by GPTQ or AWQ"},
		{"weight_norm", stored{"weight_g": zeros(3, 1), "weight_v": zeros(3, 2)}, &struct{ M layers.Dense }{}, "m.weight_g: PyTorch computes weight from this value"},
		{"spectral_norm", stored{"weight_orig": zeros(3, 2, 1), "weight_u": zeros(3)}, &struct{ M layers.Conv1D }{}, "m.weight_orig: PyTorch computes weight from this value"},
		{"a parametrization", stored{"parametrizations/weight/original0": zeros(3, 1), "parametrizations/weight/original1": zeros(3, 2)},
			&struct{ M layers.Dense }{}, "m.parametrizations.weight.original0: PyTorch computes weight from this value"},
		{"a parametrization of a kernel for inputs", stored{"parametrizations/weight_ih_l0/original0": zeros(8, 1), "parametrizations/weight_ih_l0/original1": zeros(8, 2),
			"weight_hh_l0": zeros(8, 2), "bias_ih_l0": zeros(8), "bias_hh_l0": zeros(8)}, &struct{ M layers.LSTM }{}, "m.parametrizations.weight_ih_l0.original0: PyTorch computes"},
		{"weight_norm in a list", stored{"weight_hh_l0_g": zeros(8, 1), "weight_hh_l0_v": zeros(8, 2), "weight_ih_l0": zeros(8, 2), "weight_hh_l1": zeros(8, 2)},
			&struct{ M []layers.LSTM }{}, "m.weight_hh_l0_g: PyTorch computes"},
		{"a parametrization of the output's kernel", with(with(attention(), "out_proj/parametrizations/weight/original0", 4, 1), "out_proj/parametrizations/weight/original1", 4, 4),
			&struct{ M layers.MultiHeadAttention }{layers.MultiHeadAttention{NumHeads: 2}}, "m.out_proj.parametrizations.weight.original0: PyTorch computes"},
		{"a parametrization of a scale", stored{"parametrizations/weight/original": zeros(4), "bias": zeros(4)}, &struct{ M layers.LayerNormalization }{}, "M (layers.LayerNormalization) does not apply PyTorch's parametrizations"},
		{"a reset gate in another order", stored{"weight_ih": zeros(6, 2), "weight_hh": zeros(6, 2)},
			&struct{ M layers.GRUCell }{layers.GRUCell{ResetBefore: true}}, "m.weight_ih: PyTorch's GRU resets after"},
		{"running statistics of an InstanceNorm", stored{"weight": zeros(2), "bias": zeros(2), "running_mean": zeros(2), "running_var": zeros(2)},
			&struct{ M layers.GroupNormalization }{}, "m.running_mean: an InstanceNorm with running statistics"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "model.npz")
			module := make(map[string]any)
			for path, v := range c.stored {
				at, names := module, strings.Split(path, "/")
				for _, name := range names[:len(names)-1] {
					if at[name] == nil {
						at[name] = make(map[string]any)
					}
					at = at[name].(map[string]any)
				}
				at[names[len(names)-1]] = v
			}
			require.NoError(t, ckpt.SaveWeights(t.Context(), file, ckpt.Group{"m": module}))
			require.ErrorContains(t, ckpt.LoadWeights(t.Context(), file, c.model), c.want)
		})
	}
}
