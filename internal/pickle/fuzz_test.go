package pickle_test

import (
	"errors"
	"testing"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/pickle"
)

// FuzzDecode decodes arbitrary bytes.
func FuzzDecode(f *testing.F) {
	names, err := files.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := files.ReadFile("testdata/" + name.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add("(cos\nsystem\nS'id'\no.")
	f.Add("\x80\x02]q\x00(h\x00h\x00e.")
	f.Fuzz(func(t *testing.T, data string) {
		if _, err := decode(data, pickle.Options{}); err != nil && !errors.Is(err, format.ErrCorrupt) && !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("%v has an unexpected kind", err)
		}
	})
}
