package bundle

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
)

func TestErrorText(t *testing.T) {
	tests := []struct {
		name string
		err  *Error
		want string
	}{
		{"all fields", &Error{File: "c.data-00000-of-00001", Key: "w", Part: "0,2:-", Offset: 16, Reason: "checksum", Err: format.ErrCorrupt}, `c.data-00000-of-00001: "w" part 0,2:- at offset 16: checksum`},
		{"without a position", &Error{File: "c.index", Key: "w", Offset: -1, Reason: "not found", Err: format.ErrNotFound}, `c.index: "w": not found`},
		{"a cause with a text", &Error{File: "c.index", Offset: -1, Reason: "header", Err: errors.New("too new")}, "c.index: header: too new"},
		{"only a cause", &Error{File: "c.index", Offset: -1, Err: fs.ErrNotExist}, "c.index: file does not exist"},
		{"a key that is not text", &Error{File: "c", Key: "\x00\n", Offset: -1, Reason: "odd"}, `c: "\x00\n": odd`},
		{"a long key is truncated", &Error{File: "c", Key: strings.Repeat("k", 1000), Offset: -1, Reason: "long"}, `c: "` + strings.Repeat("k", 200) + `"… (1000 bytes): long`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, test.err.Error())
		})
	}
	t.Run("the file is named once", func(t *testing.T) {
		err := openError("dir/c.index", &fs.PathError{Op: "open", Path: "dir/c.index", Err: fs.ErrNotExist})
		require.EqualError(t, err, "dir/c.index: open: file does not exist")
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}
