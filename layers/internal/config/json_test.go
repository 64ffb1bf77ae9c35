package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": -Infinity, "b": [NaN, Infinity]}`:   `{"a": -1e999, "b": ["NaN", 1e999]}`,
		`{"Infinity": "\"NaN and -Infinity\" \\"}`: `{"Infinity": "\"NaN and -Infinity\" \\"}`,
		`{"a": 1}`: `{"a": 1}`,
	} {
		require.Equal(t, want, string(PlainJSON([]byte(in))))
	}
}
