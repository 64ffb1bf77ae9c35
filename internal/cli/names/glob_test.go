package names

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
		require.Equal(t, c.want, matches(c.glob, c.name), "%s %s", c.glob, c.name)
	}
}
