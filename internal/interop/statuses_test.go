package interop

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A goldenOutcome is what TensorFlow said of a restore: the kind of exception, or the assertions ("ok" or the
// complaint), the warnings when the status went, and the program's values.
type goldenOutcome struct {
	Error                  string
	Consumed               string `json:"assert_consumed"`
	ExistingObjectsMatched string `json:"assert_existing_objects_matched"`
	NontrivialMatch        string `json:"assert_nontrivial_match"`
	Warnings               []string
	Values                 map[string]any
}

// zeros is a variable that a restore may fill.
func zeros[T tensor.Element](shape ...int) *tensor.Tensor[T] { return tensor.New[T](shape...) }

// statusPrograms are the programs of testdata/generate/statuses.py: what a checkpoint of model.w [3 2] and model.n is
// restored into.
func statusPrograms() map[string]ckpt.Group {
	type none struct {
		Apart int `ckpt:"-"` // two structs of no size may have one address
	}
	n := func() *tensor.Tensor[int64] { return zeros[int64]() }
	w := func() *tensor.Tensor[float32] { return zeros[float32](3, 2) }
	extra, _ := tensor.FromSlice([]float32{1, 1}, 2)
	alone, _ := tensor.FromSlice([]float32{1})
	return map[string]ckpt.Group{
		"same":               {"model": &struct{ W, N any }{w(), n()}},
		"other-order":        {"model": &struct{ N, W any }{n(), w()}},
		"other-shape":        {"model": &struct{ W, N any }{zeros[float32](2, 3), n()}},
		"other-rank":         {"model": &struct{ W, N any }{zeros[float32](6), n()}},
		"other-dtype":        {"model": &struct{ W, N any }{zeros[float64](3, 2), n()}},
		"other-int":          {"model": &struct{ W, N any }{w(), zeros[int32]()}},
		"less":               {"model": &struct{ W any }{w()}},
		"more":               {"model": &struct{ W, N, Extra any }{w(), n(), extra}},
		"nothing":            {"model": &struct{ Q any }{w()}},
		"other-root":         {"net": &struct{ W any }{w()}},
		"variable-for-group": {"model": alone},
		"group-for-variable": {"model": &struct {
			W none `ckpt:"w"`
			N any
		}{N: n()}},
		"no-file": {"model": &struct{ W, N any }{w(), n()}},
	}
}

// TestGoldenStatuses restores one checkpoint into programs that differ from it: where TensorFlow's assertions fail, so do
// ours, and where they pass.
func TestGoldenStatuses(t *testing.T) {
	g := goldens(t, "statuses")["statuses"]
	require.Len(t, g.Programs, len(statusPrograms()))
	for name, calls := range g.Programs {
		for call, want := range calls {
			t.Run(name+", "+call, func(t *testing.T) {
				var logged bytes.Buffer
				c, err := ckpt.New(statusPrograms()[name], ckpt.WithLogger(slog.New(slog.NewTextHandler(&logged, nil))))
				require.NoError(t, err)
				restore := c.Read
				if call == "restore" {
					restore = c.Restore
				}
				path := g.path(g.Prefix)
				if name == "no-file" {
					path = g.path("absent")
				}
				status, err := restore(t.Context(), path)
				if want.Error != "" {
					require.Error(t, err)
					require.Equal(t, want.Error == "NotFoundError", errors.Is(err, ckpt.ErrNotFound))
					return
				}
				require.NoError(t, err)
				requireSays(t, want.Consumed, status.AssertConsumed())
				requireSays(t, want.ExistingObjectsMatched, status.AssertExistingObjectsMatched())
				requireSays(t, want.NontrivialMatch, status.AssertNontrivialMatch())
				require.NoError(t, c.Close())
				require.Equal(t, len(want.Warnings) > 0, logged.Len() > 0, "TensorFlow warns %q, we %s", want.Warnings, &logged)
			})
		}
	}
}

// requireSays holds an assertion to TensorFlow's verdict.
func requireSays(t *testing.T, want string, got error) {
	t.Helper()
	if want == "ok" {
		require.NoError(t, got)
		return
	}
	var mismatch *ckpt.MismatchError
	require.ErrorAs(t, got, &mismatch)
}

// TestGoldenStatusesByName is TestGoldenStatuses for a checkpoint that knows variables by their names alone.
func TestGoldenStatusesByName(t *testing.T) {
	type kernel struct {
		K tensor.Tensor[float32] `ckpt:"kernel,fullname=outer/kernel"`
	}
	type bias struct {
		B tensor.Tensor[float32] `ckpt:"bias,fullname=bias"`
	}
	type other struct {
		O tensor.Tensor[float32] `ckpt:"other,fullname=other"`
	}
	k, b, o := kernel{*zeros[float32](2)}, bias{*zeros[float32](1)}, other{*zeros[float32](1)}
	programs := map[string]any{
		"same": &struct {
			kernel
			bias
		}{k, b},
		"less": &struct{ kernel }{k},
		"more": &struct {
			kernel
			other
		}{k, o},
		"other-shape": &struct{ kernel }{kernel{*zeros[float32](1)}},
	}
	g := goldens(t, "statuses-by-name")["statuses-by-name"]
	require.Len(t, g.Programs, len(programs))
	for name, calls := range g.Programs {
		t.Run(name, func(t *testing.T) {
			want := calls["restore"]
			c, err := ckpt.New(ckpt.Group{"any": programs[name]}, ckpt.WithLogger(slog.New(slog.DiscardHandler)))
			require.NoError(t, err)
			status, err := c.Restore(t.Context(), g.path(g.Prefix))
			if want.Error != "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			requireSays(t, want.Consumed, status.AssertConsumed())
			requireSays(t, want.ExistingObjectsMatched, status.AssertExistingObjectsMatched())
			requireSays(t, want.NontrivialMatch, status.AssertNontrivialMatch())
		})
	}
}
