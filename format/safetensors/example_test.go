package safetensors_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/tensor"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")

	weight, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	w := safetensors.CreateFile(path, safetensors.Options{Metadata: map[string]string{"format": "pt"}})
	if err := w.Add(0, "linear.weight", format.SourceOf(weight)); err != nil {
		log.Fatal(err)
	}
	if err := w.Commit(ctx); err != nil {
		log.Fatal(err)
	}

	r, err := safetensors.OpenFile(path)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for e := range r.All() {
		fmt.Println(e.Key, e.DType, e.Shape)
	}
	row := tensor.New[float32](1, 3)
	if err := r.ReadSlice(ctx, "linear.weight", tensor.Slice{{Start: 1, Length: 1}, tensor.Full}, row); err != nil {
		log.Fatal(err)
	}
	fmt.Println(row.Data(), r.Metadata())
	// Output:
	// linear.weight float32 [2 3]
	// [4 5 6] map[format:pt]
}
