package fault

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrorf(t *testing.T) {
	for _, tt := range []struct {
		who  Who
		want string
	}{
		{Who{Kind: "dense"}, "layers: dense: unknown option: scale"},
		{Who{Kind: "dense", Name: `a "b"`}, `layers: dense "a \"b\"": unknown option: scale`},
	} {
		err := Errorf(tt.who, "%w: %s", ErrUnknownOption, "scale")
		require.EqualError(t, err, tt.want)
		require.ErrorIs(t, err, ErrUnknownOption)
		require.NotErrorIs(t, err, ErrUnknownLayer)
	}
}

func TestPattern(t *testing.T) {
	require.Equal(t, "[]", Pattern(nil))
	require.Equal(t, "[… 3 0 -2]", Pattern([]int{-1, 3, 0, -2}), "only -1 stands for any length")
}
