package keras

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The layers of a nested model are found by the parts of their weights' names, even if a layer's name
// contains slashes.
func TestWeightsOf(t *testing.T) {
	var model place
	for _, name := range []string{"dense/kernel", "deep/er/rnn/cell/kernel", "deep/er/rnn/cell/bias", "er/kernel", "outer/conv/kernel", "lone_3/kernel"} {
		model.weights = append(model.weights, &weight{steps: strings.Split(name, "/"), key: name})
	}
	for name, want := range map[string][]string{
		"dense":       {"dense/kernel"},
		"deep/er/rnn": {"deep/er/rnn/cell/kernel", "deep/er/rnn/cell/bias"},
		"er":          {"er/kernel"},
		"conv":        {"outer/conv/kernel"},
		"lone":        {"lone_3/kernel"},
		"kernel":      nil,
		"er/deep":     nil,
	} {
		var keys []string
		for _, w := range model.weightsOf(name) {
			keys = append(keys, w.key)
		}
		require.Equal(t, want, keys, name)
	}
}
