package torch_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/torch"
	"github.com/gockpt/ckpt/internal/formattest"
)

// TestGolden reads files that PyTorch wrote: see testdata/gen.py.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/expect.json")
	require.NoError(t, err)
	var files map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &files))
	for name, raw := range files {
		t.Run(name, func(t *testing.T) {
			r, err := torch.OpenFile(filepath.Join("testdata", name))
			if raw[0] == '"' {
				var fault string
				require.NoError(t, json.Unmarshal(raw, &fault))
				require.ErrorContains(t, err, fault)
				require.ErrorIs(t, err, errors.ErrUnsupported)
				return
			}
			require.NoError(t, err)
			defer func() { require.NoError(t, r.Close()) }()
			var all map[string]*formattest.Sum
			require.NoError(t, json.Unmarshal(raw, &all))
			want := map[string]formattest.Sum{}
			for key, sum := range all {
				if sum != nil {
					want[key] = *sum
					continue
				}
				_, ok := r.Tensor(key)
				require.True(t, ok, "%q is not listed", key)
				require.ErrorIs(t, r.Check(key), errors.ErrUnsupported)
				t.Log(r.Check(key))
			}
			require.Equal(t, len(all), r.Len())
			require.Equal(t, want, formattest.SumsOf(t, r))
		})
	}
}
