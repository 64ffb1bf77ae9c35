package torch_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/thorough"
)

func TestFaults(t *testing.T) {
	f32 := storage("FloatStorage", "0", 4)
	of := func(tensor string) []byte {
		return archive(t, pickled(dict("w", tensor)), []string{strings.Repeat("x", 16)}, nil)
	}
	with := func(more map[string]string) []byte {
		return archive(t, pickled(dict("w", scalar)), []string{"1234"}, more)
	}
	w := tensorOf(f32, 0, nums(4), nums(1))
	good := legacy(dict("w", w), []string{"0"}, strings.Repeat("x", 16))
	deep := strings.Repeat("](", 5000) + scalar + strings.Repeat("e", 5000)
	doubled := "]q\x01" // 2^60 paths lead to one list
	for range 60 {
		doubled += "0](h\x01h\x01eq\x01"
	}
	keys := str(strings.Repeat("k", 10000)) + "q\x01" + "0" + scalar + "q\x02" + "0](" // repeats long keys
	for range 2000 {
		keys += "}h\x01h\x02s"
	}
	for _, c := range []struct {
		name string
		data []byte
		is   error
		want string
	}{
		{"empty", nil, format.ErrCorrupt, "m.pt: the file is empty"},
		{"text", []byte("hello, world"), errors.ErrUnsupported, `m.pt: torch.save did not write it: it begins with "hello, w"`},
		{"tar", []byte("sys_info" + strings.Repeat("\x00", 249) + "ustar  \x00"), errors.ErrUnsupported, "m.pt: it is a tar archive, from PyTorch before 0.1.10"},
		{"archive of another program", bytes.ReplaceAll(of(w), []byte("data.pkl"), []byte("data.abc")), errors.ErrUnsupported, "without a member DIRECTORY/data.pkl"},
		{"truncated archive", of(w)[:300], format.ErrCorrupt, "m.pt: it is not an intact ZIP archive"},
		{"two pickles", with(map[string]string{"../n/data.pkl": "N."}), nil, ""},
		{"new version", with(map[string]string{"version": "11\n"}), errors.ErrUnsupported, "m.pt: it has version 11 of the archive format, the newest supported version is 10"},
		{"no version", with(map[string]string{"version": "x"}), format.ErrCorrupt, `its version is "x", which is not a number`},
		{"byte order", with(map[string]string{"byteorder": "middle"}), format.ErrCorrupt, `its byte order is "middle", which is neither little nor big`},
		{"TorchScript", with(map[string]string{"constants.pkl": ""}), errors.ErrUnsupported, "m.pt: it is a TorchScript archive, a program and its weights; save the weights alone"},

		{"call", of(call("os.system", str("id"))), errors.ErrUnsupported, "m.pt: m/data.pkl: pickle at offset 30: the file calls os.system, which reading weights does not need; nothing was called"},
		{"call of Python 2", of("(S'id'\nios\nsystem\n"), errors.ErrUnsupported, "the file calls os.system"},
		{"call with an unused result", of(call("builtins.exec", str("1")) + "0" + w), errors.ErrUnsupported, "the file calls builtins.exec"},
		{"call among an unknown object's state", of(global("a.B") + ")\x81" + call("builtins.eval", str("1")) + "b"), errors.ErrUnsupported, "the file calls builtins.eval"},
		{"call with a strange name", of(str("a\nb") + str("\x00") + "\x93)R"), errors.ErrUnsupported, `the file calls "a\nb.\x00", which`},
		{"object with a tensor", of(global("a.B") + ")\x81" + dict("weight", w) + "b"), errors.ErrUnsupported, `m.pt: m/data.pkl: "w": it is an object of a.B, which needs its Python program to be read`},
		{"only an object", archive(t, pickled(global("a.B")+")\x81"), nil, nil), errors.ErrUnsupported, "m.pt: m/data.pkl: it is an object of a.B"},
		{"tensor in a set", of("(" + w + "\x91"), errors.ErrUnsupported, `"w": tensors are in a set, where they have no names`},
		{"tensor under a tuple", archive(t, pickled("}(N\x85"+w+"u"), []string{strings.Repeat("x", 16)}, nil), errors.ErrUnsupported, "tensors are in a value of a dict with a key that is a tuple"},

		{"no storage", archive(t, pickled(dict("w", w)), nil, nil), format.ErrCorrupt, `the archive has no member "m/data/0" for storage "0"`},
		{"short storage", archive(t, pickled(dict("w", w)), []string{"1234"}, nil), format.ErrCorrupt, `storage "0" has 16 bytes, but its member of the archive has 4`},
		{"storage with a size beyond the file", of(tensorOf(storage("FloatStorage", "0", math.MaxInt64), 0, ")", ")")), format.ErrCorrupt, `storage "0" has 9223372036854775807 elements of float32, more than the file`},
		{"storage with a negative size", of(tensorOf(storage("FloatStorage", "0", -1), 0, ")", ")")), format.ErrCorrupt, `storage "0" has a size of -1`},
		{"storage with two sizes", of(tuple(w, tensorOf(storage("FloatStorage", "0", 3), 0, ")", ")"))), format.ErrCorrupt, `storage "0" has 16 bytes, but elsewhere it has 3 elements of float32`},
		{"storage without a type", of(tensorOf(storage("Tensor", "0", 4), 0, ")", ")")), errors.ErrUnsupported, "the type of a storage is the global torch.Tensor, which is unknown"},
		{"persistent id of a number", of("K\x01Q"), format.ErrCorrupt, "a persistent id is an int, expected a tuple"},
		{"persistent id of protocol 0", of("Pstorage\n"), errors.ErrUnsupported, "its pickle has protocol 0, which PyTorch itself cannot load"},
		{"persistent id of another kind", of(tuple(str("file"), "N") + "Q"), format.ErrCorrupt, "a persistent id is neither of a storage nor of a module"},

		{"tensor beyond its storage", of(tensorOf(f32, 1, nums(4), nums(1))), format.ErrCorrupt, `m.pt: m/data/0: "w": its 16 bytes at offset 4 exceed the 16 bytes`},
		{"offset beyond the storage", of(tensorOf(f32, math.MaxInt64, nums(4), nums(1))), format.ErrCorrupt, `"w": it begins at element 9223372036854775807 of its storage, beyond the end`},
		{"negative offset", of(tensorOf(f32, -1, nums(4), nums(1))), format.ErrCorrupt, "a tensor has no offset in its storage"},
		{"negative length", of(tensorOf(f32, 0, nums(-4), nums(1))), format.ErrCorrupt, "a shape or strides have -4, expected a length"},
		{"negative stride", of(tensorOf(f32, 3, nums(4), nums(-1))), format.ErrCorrupt, "a shape or strides have -1, expected a length"},
		{"shape beyond the storage", of(tensorOf(f32, 0, nums(1<<40, 1<<40), nums(0, 0))), format.ErrCorrupt, `"w"`},
		{"repetition", of(tensorOf(f32, 0, nums(1<<40), nums(0))), format.ErrCorrupt, `"w"`},
		{"strides beyond the storage", of(tensorOf(f32, 0, nums(2), nums(math.MaxInt64))), format.ErrCorrupt, `"w"`},
		{"too few strides", of(tensorOf(f32, 0, nums(4), ")")), format.ErrCorrupt, "a tensor of 1 axes has 0 strides"},
		{"shape of a string", of(tensorOf(f32, 0, str("4"), nums(1))), format.ErrCorrupt, "a shape or strides are a str"},
		{"shape of strings", of(tensorOf(f32, 0, tuple(str(strings.Repeat("x", 500))), nums(1))), format.ErrCorrupt, "a shape or strides have a str, expected"},
		{"tensor without a storage", of(tensorOf("N", 0, nums(4), nums(1))), format.ErrCorrupt, "a tensor is made of None, expected a storage"},
		{"tensor without arguments", of(call("torch._utils._rebuild_tensor_v2")), format.ErrCorrupt, "a tensor is made of 0 values"},
		{"parameter without a tensor", of(call("torch._utils._rebuild_parameter")), format.ErrCorrupt, "a parameter has no tensor"},
		{"parameter of parameters", of(strings.Repeat(global("torch._utils._rebuild_parameter"), 20) + w + strings.Repeat("\x85R", 20)), format.ErrCorrupt, "a tensor has more than 8 wrappers"},
		{"storage without a file", of(tensorOf(call("torch.storage._load_from_bytes", "C\x01x"), 0, ")", ")")), format.ErrCorrupt, "a storage is loaded from bytes that torch.save did not write"},
		{"storage in another kind of file", of(tensorOf(call("torch.storage._load_from_bytes", bytesOf(legacy("N", nil))), 0, ")", ")")), format.ErrCorrupt, "a storage is loaded from a file of None"},
		{"array without a state", of(call("numpy.core.multiarray._reconstruct")), format.ErrCorrupt, "the state of a NumPy array is not made of"},
		{"one name twice", of(w + str("w") + w), format.ErrCorrupt, `"w": two tensors have this name`},
		{"name that is not UTF-8", archive(t, pickled(dict("\xff", w)), []string{strings.Repeat("x", 16)}, nil), format.ErrCorrupt, "the name of a tensor is not UTF-8"},

		{"nested", archive(t, pickled(deep), []string{"1234"}, nil), format.ErrCorrupt, "dicts and lists are nested more than 500 deep"},
		{"memo bomb", archive(t, pickled(doubled), []string{"1234"}, nil), format.ErrCorrupt, "its dicts and lists contain each other so often that"},
		{"very long names", archive(t, pickled(keys+"e"), []string{"1234"}, nil), format.ErrCorrupt, "the names of its tensors are far longer than the"},

		{"unsupported legacy version", bytes.Replace(good, []byte("M\xe9\x03"), []byte("M\xea\x03"), 1), errors.ErrUnsupported, "m.pt: it has version 1002, the only supported version is 1001"},
		{"truncated legacy file", good[:len(good)-1], format.ErrCorrupt, "m.pt: 16 bytes at offset"},
		{"legacy file without storages", good[:len(good)-24], format.ErrCorrupt, `m.pt: it ends before storage "0": it was cut off`},
		{"legacy file without keys", legacy(dict("w", w), nil), format.ErrCorrupt, `the bytes of storage "0" are missing`},
		{"legacy file with another key", legacy(dict("w", w), []string{"1"}), format.ErrCorrupt, `no tensor uses storage "1", so its size is unknown`},
		{"legacy file with a key twice", legacy(dict("w", w), []string{"0", "0"}, strings.Repeat("x", 16)), format.ErrCorrupt, `it has storage "0" twice`},
		{"legacy file with another size", legacy(dict("w", w), []string{"0"}, strings.Repeat("x", 20)), format.ErrCorrupt, `storage "0" has 5 elements, but its tensors say 4`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			formattest.RequireAllocates(t, 200*len(c.data)+1<<20, func() {
				r, e := open(c.data)
				if err = e; e == nil {
					require.NoError(t, r.Close())
				}
			})
			if c.is == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Python allows these, so the files must open.
func TestAllowed(t *testing.T) {
	for name, value := range map[string]string{
		"a list that contains itself":      dict("w", scalar, "loop", "]q\x01h\x01a"),
		"an object that contains itself":   dict("w", scalar, "o", global("a.B")+")\x81q\x01}("+str("self")+"h\x01ub"),
		"a dict of Python 2":               call("collections.OrderedDict", "](]("+str("w")+scalar+"ee"),
		"an instance of a dict's subclass": global("a.B") + ")\x81(" + str("w") + scalar + "u" + dict("note", "N") + "b",
		"a range of protocol 2":            dict("w", scalar, "r", call("__builtin__.xrange", "K\x01")),
		"a class among the values":         dict("w", scalar, "class", global("os.system")),
		"a class as the key of None":       "}(" + global("a.B") + "N" + str("w") + scalar + "u",
	} {
		t.Run(name, func(t *testing.T) {
			r, err := open(archive(t, pickled(value), []string{"1234"}, nil))
			require.NoError(t, err)
			defer r.Close()
			require.Equal(t, 1, r.Len())
			require.NoError(t, r.Check("w"))
		})
	}
}

// If data.pkl unpacks to far more than the size of the file, it is rejected before it is read.
func TestZipBomb(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "m/data.pkl", Method: zip.Deflate})
	require.NoError(t, err)
	_, err = f.Write(bytes.Repeat([]byte("]"), 20<<20))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	formattest.RequireAllocates(t, 1<<20, func() { _, err = open(b.Bytes()) })
	require.ErrorContains(t, err, "its members unpack to more than 128 times")
}

func seeds(t testing.TB) map[string][]byte {
	seeds := map[string][]byte{}
	for _, path := range weightFiles("testdata") {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		seeds[filepath.Base(path)] = data
	}
	require.NotEmpty(t, seeds)
	return seeds
}

// use calls everything that reads a file. The file's contents are arbitrary.
func use(t testing.TB, data []byte) (read bool) {
	r, err := open(data)
	if err != nil {
		if !errors.Is(err, format.ErrCorrupt) && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, format.ErrNotFound) {
			t.Fatalf("%v has an unexpected kind", err)
		}
		return false
	}
	defer r.Close()
	g, err := r.Graph()
	if err == nil {
		err = g.Check()
	}
	if err != nil {
		require.ErrorIs(t, err, format.ErrCorrupt)
	}
	formattest.ReadAll(t, r)
	return true
}

// TestMutants changes each byte in the pickles of golden files in several ways, and makes archives of the
// results.
func TestMutants(t *testing.T) {
	total, read := 0, 0
	try := func(data []byte) {
		total++
		if use(t, data) {
			read++
		}
	}
	each := func(data string, with func(string) []byte) {
		for i := range data {
			before, after := data[:i], data[i+1:]
			for k, changed := range []string{before + "\x00" + after, before + "." + after, before + "h" + after, before + string([]byte{data[i] + 1}) + after, before} {
				if thorough.Asked() || k == i%7 { // one change at most places
					try(with(changed))
				}
			}
		}
	}
	for name, data := range seeds(t) {
		switch name {
		case "tied.pt", "views.pt", "storage.pt":
			each(pickleOf(t, data))
		case "legacy_views.pth":
			each(string(data), func(s string) []byte { return []byte(s) })
		case "zip.pt":
			for i := 0; i < len(data); i += thorough.Pick(1, 7) {
				try(data[:i])
			}
		}
	}
	require.Greater(t, total, thorough.Pick(15000, 1500))
	require.Less(t, read, total*2/3)
}

// FuzzFile reads arbitrary files.
func FuzzFile(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { use(t, data) })
}

// FuzzPickle reads archives with arbitrary pickles.
func FuzzPickle(f *testing.F) {
	for name, data := range seeds(f) {
		if filepath.Ext(name) == ".pt" && name != "script.pt" {
			old, _ := pickleOf(f, data)
			f.Add(old)
		}
	}
	f.Fuzz(func(t *testing.T, data string) {
		use(t, archive(t, data, []string{strings.Repeat("x", 100), strings.Repeat("y", 100)}, nil))
	})
}
