// Package formattest has functions for the tests of all formats. They read all tensors of a file, compare them with those that
// another implementation read, and bound the resources that a hostile file may take.
package formattest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A Sum is the result that tests expect for a tensor.
type Sum struct {
	DType  string `json:"dtype"`
	Shape  []int  `json:"shape"`
	SHA256 string `json:"sha256"` // of the bytes in little-endian row-major order
}

// ReadSums reads a JSON file of sums. For each name it has an object with a sum for each tensor.
func ReadSums(t testing.TB, path string) map[string]map[string]Sum {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var sums map[string]map[string]Sum
	require.NoError(t, json.Unmarshal(text, &sums))
	return sums
}

// SumsOf returns the sums of all tensors that r can read. It reads each tensor in every way that r offers. The results must agree.
func SumsOf(t testing.TB, r format.Reader) map[string]Sum {
	t.Helper()
	sums := make(map[string]Sum)
	for key, v := range ReadAll(t, r) {
		b, _ := tensor.Bytes(v)
		h := sha256.Sum256(b)
		sums[key] = Sum{v.DType().String(), append([]int{}, v.Shape()...), hex.EncodeToString(h[:])}
	}
	return sums
}

// ReadAll returns the tensors that r can read. If Check accepts a tensor, memory for it can be allocated. Read may still fail, and
// then WriteStored must fail too.
func ReadAll(t testing.TB, r format.Reader) map[string]tensor.Any {
	t.Helper()
	tensors := make(map[string]tensor.Any)
	for e, err := range r.All() {
		if err != nil {
			break
		}
		if r.Check(e.Key) != nil {
			require.Error(t, r.WriteStored(t.Context(), e.Key, io.Discard))
			continue
		}
		dst, err := tensor.NewAny(e.DType, e.Shape...)
		require.NoError(t, err, "what Check accepts can be made")
		h := sha256.New()
		if err := r.Read(t.Context(), e.Key, dst); err != nil {
			require.Error(t, r.WriteStored(t.Context(), e.Key, h))
			continue
		}
		require.NoError(t, r.WriteStored(t.Context(), e.Key, h))
		b, _ := tensor.Bytes(dst)
		want := sha256.Sum256(b)
		require.Equal(t, want[:], h.Sum(nil), "%q: what is read and what is written differ", e.Key)
		require.EqualValues(t, len(b), e.Bytes, e.Key)
		tensors[e.Key] = dst
	}
	return tensors
}

// Expected is the entry of a tensor in expect.json: a sum, which is empty for a tensor without values.
type Expected struct {
	Key string `json:"key"`
	Sum
}

// Real calls check with every file of a kind that other people's programs wrote. The files are in the folder that the environment
// variable CKPT_REAL_FORMATS names: each is in KIND/NAME, next to its expect.json. Without the variable the test is skipped.
func Real(t *testing.T, kind string, check func(t *testing.T, path string, want []Expected)) {
	root := os.Getenv("CKPT_REAL_FORMATS")
	if root == "" {
		t.Skip("CKPT_REAL_FORMATS does not name a folder of files to read")
	}
	dirs, err := filepath.Glob(filepath.Join(root, kind, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dir, "expect.json"))
			require.NoError(t, err)
			var want struct{ Tensors []Expected }
			require.NoError(t, json.Unmarshal(text, &want))
			files, err := filepath.Glob(filepath.Join(dir, "*"))
			require.NoError(t, err)
			files = slices.DeleteFunc(files, func(path string) bool { return filepath.Ext(path) == ".json" })
			if len(files) == 0 {
				t.Skip("the file is too large to be in the folder, which has only its expect.json")
			}
			for _, path := range files {
				check(t, path, want.Tensors)
			}
		})
	}
}

// Compare compares the tensors of r with want. r must refuse tensors without a hash.
func Compare(t testing.TB, r format.Reader, want []Expected) {
	t.Helper()
	got := SumsOf(t, r)
	for _, w := range want {
		if w.SHA256 == "" {
			require.ErrorIs(t, r.Check(w.Key), errors.ErrUnsupported, w.Key)
			continue
		}
		require.Equal(t, w.Sum, got[w.Key], w.Key)
		delete(got, w.Key)
	}
	require.Empty(t, got, "tensors that nobody expects")
}

// SHA256 returns the hash of the bytes that write writes, or the error's text.
func SHA256(write func(io.Writer) error) string {
	h := sha256.New()
	if err := write(h); err != nil {
		return err.Error()
	}
	return hex.EncodeToString(h.Sum(nil))
}
