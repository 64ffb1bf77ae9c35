package npz_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/tensor"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "weights.npz")

	w := npz.CreateFile(path, npz.Options{})
	if err := w.Add(0, "bias", format.SourceOf(tensor.Scalar[float32](0.5))); err != nil {
		log.Fatal(err)
	}
	if err := w.Commit(ctx); err != nil {
		log.Fatal(err)
	}

	r, err := npz.OpenFile(path) // like numpy.load(path)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	bias := tensor.New[float32]()
	if err := r.Read(ctx, "bias", bias); err != nil {
		log.Fatal(err)
	}
	fmt.Println(bias.At())
	// Output: 0.5
}
