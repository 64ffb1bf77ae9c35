package cli

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
		"4":       "is outside of it",
		"-5":      "is outside of it",
		"2:2":     "or empty",
		"x":       `"x" is not a number`,
		"0,0,0":   "names 3 axes",
		"1:2:3":   "is not a number",
		"0:99999": "is outside of it",
	} {
		_, err := parseRanges(text, shape)
		require.ErrorContains(t, err, problem, text)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		glob, name string
		want       bool
	}{
		{"*", "a/b", true},
		{"*kernel", "model/dense/kernel", true},
		{"kernel", "model/dense/kernel", false},
		{"model/?/kernel", "model/1/kernel", true},
		{"model/?/kernel", "model/10/kernel", false},
		{"a.b", "axb", false},
		{"[x]", "[x]", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-b-b", false},
		{"*", "", true},
		{"**", "x", true},
		{"?", "é", true},
		{"?", "", false},
		{"a\xff*", "a\xffb", true},
	} {
		require.Equal(t, c.want, matcher(c.glob)(c.name), "%s %s", c.glob, c.name)
	}
}
