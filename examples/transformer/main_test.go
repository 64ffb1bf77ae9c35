package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const dir = "../../testdata/transformer"

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, dir, nil))
	require.Contains(t, out.String(), "largest difference from Keras")
}

func TestRunSorts(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, dir, []string{"9081726354", "7"}))
	require.Equal(t, "  9081726354 -> 0123456789\n           7 -> 7\n", out.String())
}

func TestRunRefuses(t *testing.T) {
	for _, tt := range []struct{ name, row, want string }{
		{"nothing", "", "want 1 to 12 digits"},
		{"more digits than the model has positions for", "1234567890123", "want 1 to 12 digits"},
		{"a character that is not a digit", "12a", "not a digit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.ErrorContains(t, run(t.Context(), new(strings.Builder), dir, []string{tt.row}), tt.want)
		})
	}
}
