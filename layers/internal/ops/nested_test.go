package ops

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLeaves(t *testing.T) {
	args := []any{1, []any{2, []any{}, map[string]any{"b": 4, "a": []any{3}}}, nil}
	require.Equal(t, []any{1, 2, 3, 4, nil}, slices.Collect(Leaves(args...)), "a dict's by name")
	for stop := range 5 {
		var seen []any
		for leaf := range Leaves(args, map[string]any{"x": 5}) {
			if seen = append(seen, leaf); len(seen) > stop {
				break
			}
		}
		require.Len(t, seen, stop+1)
	}
}

func TestMapArgs(t *testing.T) {
	args := []any{1, []any{2, map[string]any{"a": 3}}}
	double := func(leaf any) (any, error) { return 2 * leaf.(int), nil }
	got, err := MapArgs(args, double)
	require.NoError(t, err)
	require.Equal(t, []any{2, []any{4, map[string]any{"a": 6}}}, got)
	require.Equal(t, []any{1, []any{2, map[string]any{"a": 3}}}, args, "the arguments stay")
	none, err := MapKwargs(map[string]any{}, double)
	require.NoError(t, err)
	require.Nil(t, none)
	wrong := errors.New("wrong")
	calls := 0
	_, err = MapArgs(args, func(any) (any, error) { calls++; return nil, wrong })
	require.ErrorIs(t, err, wrong)
	require.Equal(t, 1, calls)
}
