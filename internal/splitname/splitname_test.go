package splitname

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, path, stem string
		n, count         int64
		ok               bool
	}{
		{"the first", "d/m-00001-of-00003.gguf", "d/m", 1, 3, true},
		{"the last", "d/m-00003-of-00003.gguf", "d/m", 3, 3, true},
		{"the only one", "m-00001-of-00001.gguf", "m", 1, 1, true},
		{"without a stem", "-00002-of-00003.gguf", "", 2, 3, true},
		{"twice", "m-00001-of-00002-00002-of-00003.gguf", "m-00001-of-00002", 2, 3, true},
		{"one file", "m.gguf", "", 0, 0, false},
		{"another format", "m-00001-of-00003.safetensors", "", 0, 0, false},
		{"four digits", "m-0001-of-00003.gguf", "", 0, 0, false},
		{"six digits", "m-00001-of-000003.gguf", "", 0, 0, false},
		{"number 0", "m-00000-of-00003.gguf", "m", 0, 3, false},
		{"beyond the last", "m-00004-of-00003.gguf", "m", 4, 3, false},
		{"a name of several lines", "a\nm-00001-of-00003.gguf", "a\nm", 1, 3, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			stem, n, count, ok := Parse(c.path)
			require.Equal(t, c.ok, ok)
			if !ok {
				return
			}
			require.Equal(t, []any{c.stem, c.n, c.count}, []any{stem, n, count})
			require.Equal(t, c.path, Make(stem, n, count))
		})
	}
}
