package transfer

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/object"
)

// TestMissingFirst checks that the error names a missing data file once, before all other problems.
func TestMissingFirst(t *testing.T) {
	node := new(object.Node)
	gone := func(file string) error { return &fs.PathError{Op: "open", Path: file, Err: fs.ErrNotExist} }
	shape := Problem{Node: node, Key: "a", Text: "another shape"}
	damaged := Problem{Node: node, Key: "b", Err: errors.New("damaged")}
	in := []Problem{shape, {Node: node, Key: "c", Err: gone("2")}, damaged, {Node: node, Key: "d", Err: gone("1")}, {Node: node, Key: "e", Err: gone("2")}}

	out := missingFirst(in)
	require.Len(t, out, 4, "one error per file, and the others")
	require.Equal(t, []string{"c", "d", "a", "b"}, []string{out[0].Key, out[1].Key, out[2].Key, out[3].Key})
	require.ErrorIs(t, out[0].Err, fs.ErrNotExist)
	require.ErrorContains(t, out[0].Err, "2 values of the model lie in this file")
	require.NotContains(t, out[1].Err.Error(), "values of the model")

	require.Equal(t, []Problem{shape, damaged}, missingFirst([]Problem{shape, damaged}), "no file is missing")
}

func TestPlanErrorUnwraps(t *testing.T) {
	read := errors.New("damaged")
	err := error(&PlanError{[]Problem{{Text: "another shape"}, {Err: read}}})
	require.ErrorIs(t, err, read)
}
