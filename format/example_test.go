package format_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/tensor"
)

// copyAll copies every tensor of a checkpoint, whatever its format. It holds one of them at a time.
func copyAll(ctx context.Context, to format.Writer, from format.Reader) error {
	for e, err := range from.All() {
		if err != nil {
			return err
		}
		load := func() (tensor.Any, error) {
			t, err := tensor.NewAny(e.DType, e.Shape...)
			if err != nil {
				return nil, err
			}
			return t, from.Read(ctx, e.Key, t)
		}
		if err := to.Add(0, e.Key, format.Source{DType: e.DType, Shape: e.Shape, Load: load}); err != nil {
			return err
		}
	}
	return to.Commit(ctx)
}

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	from, err := safetensors.OpenFile("safetensors/testdata/linear.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer from.Close()
	name := filepath.Join(dir, "copy.npz")
	if err := copyAll(ctx, npz.CreateFile(name, npz.Options{}), from); err != nil {
		log.Fatal(err)
	}
	to, err := npz.OpenFile(name)
	if err != nil {
		log.Fatal(err)
	}
	defer to.Close()
	for e, err := range to.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Key, e.DType, e.Shape)
	}
	// Output:
	// b float32 [3]
	// w float32 [2 3]
}
