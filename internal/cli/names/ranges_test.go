package names

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestParseRanges(t *testing.T) {
	shape := tensor.Shape{4, 5}
	for _, c := range []struct {
		text string
		want tensor.Slice
	}{
		{"", tensor.Slice{tensor.Full, tensor.Full}},
		{":", tensor.Slice{{Start: 0, Length: 4}, tensor.Full}},
		{"1", tensor.Slice{{Start: 1, Length: 1}, tensor.Full}},
		{"-1", tensor.Slice{{Start: 3, Length: 1}, tensor.Full}},
		{"1:3, :2", tensor.Slice{{Start: 1, Length: 2}, {Start: 0, Length: 2}}},
		{"-2:, 1:-1", tensor.Slice{{Start: 2, Length: 2}, {Start: 1, Length: 3}}},
	} {
		got, err := parseRanges(c.text, shape)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
	for text, problem := range map[string]string{
		"4":       "is out of range",
		"-5":      "is out of range",
		"2:2":     "or empty",
		"x":       `"x" is not a number`,
		"0,0,0":   "names 3 axes",
		"1:2:3":   "is not a number",
		"0:99999": "is out of range",
	} {
		_, err := parseRanges(text, shape)
		require.ErrorContains(t, err, problem, text)
	}
}
