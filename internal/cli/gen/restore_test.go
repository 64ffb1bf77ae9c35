package gen

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/archive"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/bothways"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/cnn"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/containers"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/cycle"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/encoder"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/escaped"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/mixed"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/operations"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/registered"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/root"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/saver"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/several"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/shared"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/slots"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/state"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/table"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/transformer"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/unnamed"
	"github.com/gockpt/ckpt/internal/cli/gen/testdata/wide"
)

var update = flag.Bool("update", false, "write generated source into testdata/*/model.go")

// A checkpoint is a checkpoint for which source is generated.
type checkpoint struct {
	name, path, at string
	partly         bool // gen omits a part of it
}

// options returns options that require that the whole checkpoint is restored into generated types.
func (c checkpoint) options() []ckpt.LoadOption {
	if c.partly {
		return []ckpt.LoadOption{ckpt.At(c.at), ckpt.IgnoreUnknown()}
	}
	return []ckpt.LoadOption{ckpt.At(c.at), ckpt.Strict()}
}

// source returns the source for a checkpoint.
func (c checkpoint) source(t testing.TB, pkg string) string {
	t.Helper()
	source, leftOut := generate(t, c.path, Options{Package: pkg, At: c.at})
	require.Equal(t, c.partly, len(leftOut) > 0, "%s: %s", c.path, leftOut)
	return source
}

// generate returns the source for the checkpoint at a path, and the omitted values.
func generate(t testing.TB, path string, opts Options) (source string, leftOut []string) {
	t.Helper()
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	defer r.Close()
	b, leftOut, err := Source(r, opts)
	require.NoError(t, err, path)
	return string(b), leftOut
}

// compiled has checkpoints of each kind, and the results of the constructors in testdata/NAME.
var compiled = []struct {
	checkpoint
	model any
}{
	{checkpoint{name: "cnn", path: "../../../testdata/cnn/train"}, cnn.NewTraining()},
	{checkpoint{name: "operations", path: "../../../testdata/cnn/train", at: "model/_operations"}, operations.NewModel()},
	{checkpoint{name: "transformer", path: "../../../testdata/transformer/train"}, transformer.NewTraining()},
	{checkpoint{name: "mixed", path: "../testdata/mixed/model"}, mixed.NewTraining()},
	{checkpoint{name: "unnamed", path: "../testdata/unnamed/model"}, unnamed.NewTraining()},
	{checkpoint{name: "wide", path: "../testdata/wide/model"}, wide.NewTraining()},
	{checkpoint{name: "archive", path: "../../../format/keras/testdata/model.keras"}, archive.NewModel()},
	{checkpoint{name: "encoder", path: "../../../testdata/pytorch/encoder/model.pt"}, encoder.NewModel()},
	{checkpoint{name: "bothways", path: "../../../testdata/pytorch/lstm_bidirectional/model.safetensors"}, bothways.NewModel()},
	{checkpoint{name: "containers", path: "../../../testdata/golden/objects-containers/ckpt"}, containers.NewModel()},
	{checkpoint{name: "cycle", path: "../../../testdata/golden/objects-cycle/ckpt"}, cycle.NewModel()},
	{checkpoint{name: "escaped", path: "../../../testdata/golden/objects-escaped-names/ckpt"}, escaped.NewModel()},
	{checkpoint{name: "registered", path: "../../../testdata/golden/objects-registered-saver/ckpt", partly: true}, registered.NewModel()},
	{checkpoint{name: "root", path: "../../../testdata/golden/objects-variable-root/ckpt"}, root.NewModel()},
	{checkpoint{name: "saver", path: "../../../testdata/golden/saver-v2/model.ckpt-3"}, saver.NewTraining()},
	{checkpoint{name: "several", path: "../../../testdata/golden/objects-several-tensors/ckpt"}, several.NewModel()},
	{checkpoint{name: "shared", path: "../../../testdata/golden/objects-shared/ckpt"}, shared.NewModel()},
	{checkpoint{name: "slots", path: "../../../testdata/golden/slots-v1-adam/ckpt-1"}, slots.NewTraining()},
	{checkpoint{name: "state", path: "../../../testdata/golden/values-python-state/ckpt"}, state.NewModel()},
	{checkpoint{name: "table", path: "../../../testdata/golden/objects-lookup-table/ckpt"}, table.NewModel()},
}

// TestRestores compares generated source with the packages below testdata, and restores each checkpoint into
// their types. No value may be missing or unused. After a change, run it twice with -update: the first run
// writes the packages, the second compiles them.
func TestRestores(t *testing.T) {
	for _, c := range compiled {
		t.Run(c.name, func(t *testing.T) {
			source, file := c.source(t, c.name), filepath.Join("testdata", c.name, "model.go")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(source), 0o666))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), source)
			require.NoError(t, ckpt.LoadWeights(t.Context(), c.path, c.model, c.options()...))
		})
	}
}
