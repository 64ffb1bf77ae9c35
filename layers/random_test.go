package layers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/stretchr/testify/require"
)

// TestRandomConfigurations compares layers with Keras's results for configurations and inputs that testdata/random_layers.py
// drew, including NaN, infinities, subnormal numbers and masks. It logs how many differ in each family.
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

// runOnce calls the case's layer with scratch memory full of NaN, and compares the results with Keras's.
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
		if strings.Contains(c.Class, "MaxPooling") { // TensorFlow's result for a window with a NaN depends on the NaN's position
			for at, v := range got[i].Data() {
				if v != v {
					got[i].Data()[at] = c.tensor(t, g).Data()[at]
				}
			}
		}
		tolerance := tolerance
		if _, ok := layer.(RecurrentLayer); ok || strings.Contains(c.Class, "Bidirectional") || strings.Contains(c.Class, "Normalization") {
			tolerance *= 5 // unbounded functions make errors grow with each step, and deviations near 0 with each value
		}
		if message := differs(c.tensor(t, g), got[i], tolerance, 0.1); message != "" {
			t.Fatalf("%s %s: output %d: %s", c.Class, c.Config, i, message)
		}
	}
}
