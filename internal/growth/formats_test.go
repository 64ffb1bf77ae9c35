package growth

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

func init() { maps.Copy(cases, formatCases) }

// formatCases has the cases for the formats of other libraries.
var formatCases = map[string]func(t *testing.T, dir string, n int){
	"n tensors of one safetensors file": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "m.safetensors")
		write(t, safetensors.Create(fsx.OS{}, path, safetensors.Options{}), n, func(i int) string { return "w" + strconv.Itoa(i) })
		verbs(t, path, func() any { return ckpt.Group{"w": new(map[string]*tensor.Tensor[float32])} })
		verbs(t, path, func() any { return new(variable) })
	},
	"n layers of a safetensors file": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "m.safetensors")
		write(t, safetensors.Create(fsx.OS{}, path, safetensors.Options{}), n, func(i int) string { return fmt.Sprintf("layers.%d.dense.weight", n-1-i) })
		verbs(t, path, func() any {
			return new(struct {
				Layers []struct{ Dense layers.Dense } `ckpt:"layers,alloc"`
			})
		})
		for _, option := range []ckpt.LoadOption{ckpt.Rename(`^layers\.(\d+)\.dense\.weight$`, "w.$1"), ckpt.Rename("layers", "w"), ckpt.At("layers." + strconv.Itoa(n/2))} {
			words(ckpt.LoadWeights(t.Context(), path, new(struct{ W []*tensor.Tensor[float32] }), option, silent()))
		}
	},
	"names of n parts": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "m.safetensors")
		write(t, safetensors.Create(fsx.OS{}, path, safetensors.Options{}), 3, func(i int) string { return strings.Repeat("a.", n) + strconv.Itoa(i) })
		verbs(t, path, func() any { return new(link) })
	},
	"n names, each a prefix of the next": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "m.safetensors")
		write(t, safetensors.Create(fsx.OS{}, path, safetensors.Options{}), n, func(i int) string { return "a" + strings.Repeat(".a", i%50) + strconv.Itoa(i/50) })
		verbs(t, path, func() any { return new(link) })
	},
	"one name n times in a header": func(t *testing.T, dir string, n int) {
		header := "{" + strings.TrimSuffix(strings.Repeat(`"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`, n), ",") + "}"
		path := filepath.Join(dir, "m.safetensors")
		require.NoError(t, os.WriteFile(path, append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), 0o666))
		look(t, path)
	},
	"n keys of metadata, and n spaces": func(t *testing.T, dir string, n int) {
		var b strings.Builder
		b.WriteString(`{"__metadata__":{`)
		for i := range n {
			fmt.Fprintf(&b, `"k%d":"v" , `, i)
		}
		b.WriteString(`"":""}` + strings.Repeat(" ", n) + "}")
		path := filepath.Join(dir, "m.safetensors")
		require.NoError(t, os.WriteFile(path, append(binary.LittleEndian.AppendUint64(nil, uint64(b.Len())), b.String()...), 0o666))
		look(t, path)
	},
	"an index of n names": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "model.safetensors")
		write(t, safetensors.Create(fsx.OS{}, path, safetensors.Options{MaxShardSize: 200}), n, func(i int) string { return "w" + strconv.Itoa(i) })
		look(t, filepath.Join(dir, "model.safetensors.index.json"))
	},
	"an index of n names in one file": func(t *testing.T, dir string, n int) {
		var b strings.Builder
		b.WriteString(`{"weight_map":{`)
		for i := range n {
			fmt.Fprintf(&b, `"w%d":"a.safetensors",`, i)
		}
		b.WriteString(`"w":"a.safetensors"}}`)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), []byte(b.String()), 0o666))
		write(t, safetensors.Create(fsx.OS{}, filepath.Join(dir, "a.safetensors"), safetensors.Options{}), 1, strconv.Itoa)
		look(t, filepath.Join(dir, "model.safetensors.index.json"))
	},
	"n arrays of an archive": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "m.npz")
		write(t, npz.Create(fsx.OS{}, path, npz.Options{}), n, func(i int) string { return "w" + strconv.Itoa(i) })
		verbs(t, path, func() any { return new(variable) })
	},
	"n members with one name": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "m.npz")
		f, err := os.Create(path)
		require.NoError(t, err)
		w := zip.NewWriter(f)
		for range n {
			_, err := w.CreateHeader(&zip.FileHeader{Name: "w.npy"})
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		require.NoError(t, f.Close())
		look(t, path)
	},
	"n layers of Keras's weights": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "m.weights.h5")
		write(t, keras.CreateFile(path, nil), n, func(i int) string { return fmt.Sprintf("layers/dense_%d/vars/0", i) })
		verbs(t, path, func() any { return new(struct{ Dense layers.Dense }) })
	},
	"n variables of one layer of Keras's weights": func(t *testing.T, dir string, n int) {
		path := filepath.Join(dir, "m.weights.h5")
		write(t, keras.CreateFile(path, nil), n, func(i int) string { return fmt.Sprintf("layers/dense/vars/%d", i) })
		verbs(t, path, func() any { return new(struct{ Dense layers.Dense }) })
	},
	"n pairs of GGUF's metadata, and n tensors": func(t *testing.T, dir string, n int) {
		b := binary.LittleEndian.AppendUint64([]byte("GGUF\x03\x00\x00\x00"), uint64(n))
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
		name := func(i int) {
			s := fmt.Sprintf("blk.%d.w", i)
			b = append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
		}
		for i := range n {
			name(i)
			b = binary.LittleEndian.AppendUint32(append(b, 4, 0, 0, 0), 7)
		}
		for i := range n {
			name(i)
			b = append(b, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
			b = binary.LittleEndian.AppendUint64(b, uint64(32*i))
		}
		path := filepath.Join(dir, "m.gguf")
		require.NoError(t, os.WriteFile(path, append(b, make([]byte, 32*n+64)...), 0o666))
		verbs(t, path, func() any { return new(variable) })
	},
	"a pickle with one list n times": func(t *testing.T, dir string, n int) {
		var b strings.Builder
		b.WriteString("\x80\x02}(U\x01a](" + strings.Repeat("K\x01", n) + "eq\x01U\x01b](" + strings.Repeat("h\x01", n) + "eu.")
		path := filepath.Join(dir, "m.pt")
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o666))
		look(t, path)
	},
	"a pickle of n values with one key, and n memos": func(t *testing.T, dir string, n int) {
		var b strings.Builder
		b.WriteString("\x80\x02}(" + strings.Repeat("U\x01aK\x01", n) + strings.Repeat("U\x01bq\x01]q\x02", n) + "u.")
		path := filepath.Join(dir, "m.pt")
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o666))
		look(t, path)
	},
	"Keras's description of n layers": func(t *testing.T, _ string, n int) {
		var b strings.Builder
		b.WriteString(`{"module":"keras","class_name":"Sequential","config":{"name":"s","layers":[{"module":"keras.layers","class_name":"InputLayer","config":{"batch_shape":[null,3],"dtype":"float32","name":"in"}}`)
		for i := range n {
			fmt.Fprintf(&b, `,{"module":"keras.layers","class_name":"Activation","config":{"name":"a%d","activation":"relu"}}`, i)
		}
		b.WriteString("]}}")
		m, err := layers.FromKeras(strings.NewReader(b.String()))
		require.NoError(t, err)
		_, err = m.Run(nil, tensor.New[float32](1, 3))
		require.NoError(t, err)
	},
	"Keras's description of one layer that is called n times": func(t *testing.T, _ string, n int) {
		var b strings.Builder
		tensorOf := func(layer string, call int) string {
			return fmt.Sprintf(`{"class_name":"__keras_tensor__","config":{"shape":[null,3],"dtype":"float32","keras_history":[%q,%d,0]}}`, layer, call)
		}
		b.WriteString(`{"module":"keras.src.models.functional","class_name":"Functional","config":{"name":"f","layers":[{"module":"keras.layers","class_name":"InputLayer","name":"in","config":{"batch_shape":[null,3],"dtype":"float32","name":"in"},"inbound_nodes":[]},` +
			`{"module":"keras.layers","class_name":"Activation","name":"a","config":{"name":"a","activation":"relu"},"inbound_nodes":[{"args":[` + tensorOf("in", 0) + `],"kwargs":{}}`)
		for i := range n {
			b.WriteString(`,{"args":[` + tensorOf("a", i) + `],"kwargs":{}}`)
		}
		fmt.Fprintf(&b, `]}],"input_layers":[["in",0,0]],"output_layers":[["a",%d,0]]}}`, n)
		m, err := layers.FromKeras(strings.NewReader(b.String()))
		words(err)
		if err == nil {
			_, err = m.Run(nil, tensor.New[float32](1, 3))
			words(err)
		}
	},
}

// write writes a file of n scalars.
func write(t testing.TB, w format.Writer, n int, key func(i int) string) {
	t.Helper()
	for i := range n {
		require.NoError(t, w.Add(0, key(i), format.SourceOf(tensor.New[float32](1))))
	}
	require.NoError(t, w.Commit(t.Context()))
}
