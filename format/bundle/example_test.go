package bundle_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ckpt")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	prefix := filepath.Join(dir, "model")

	kernel, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	if err != nil {
		log.Fatal(err)
	}
	w := bundle.Create(fsx.OS{}, prefix, bundle.Options{})
	if err := w.Add(0, "dense/kernel", format.SourceOf(kernel)); err != nil {
		log.Fatal(err)
	}
	if err := w.Commit(ctx); err != nil {
		log.Fatal(err)
	}

	r, err := bundle.Open(fsx.OS{}, prefix)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for e, err := range r.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Key, e.DType, e.Shape, e.Bytes)
	}
	row := tensor.New[float32](1, 2)
	if err := r.ReadSlice(ctx, "dense/kernel", tensor.Slice{{Start: 1, Length: 1}, tensor.Full}, row); err != nil {
		log.Fatal(err)
	}
	fmt.Println(row.Data())
	// Output:
	// dense/kernel float32 [3 2] 24
	// [3 4]
}

// A tensor that is too large for a data file is cut. The cuts are in the order in which to add them.
func ExampleMaxShardSize() {
	cuts, files := bundle.MaxShardSize([]bundle.Sizing{
		{Full: tensor.Shape{20, 6}, Element: 4, Bytes: 480},
		{Full: tensor.Shape{4}, Element: 4, Bytes: 16},
	}, 200)
	for _, c := range cuts {
		fmt.Printf("tensor %d, file %d of %d: %v\n", c.Tensor, c.Shard, files, c.Part)
	}
	// Output:
	// tensor 0, file 0 of 3: 0,7:0,6
	// tensor 0, file 0 of 3: 7,1:0,6
	// tensor 0, file 1 of 3: 8,6:0,6
	// tensor 0, file 1 of 3: 14,2:0,6
	// tensor 0, file 2 of 3: 16,4:0,6
	// tensor 1, file 2 of 3:
}
