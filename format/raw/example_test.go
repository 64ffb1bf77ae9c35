package raw_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/tensor"
)

// A format's package describes where its tensors are stored, and gets a reader for them.
func Example() {
	file := raw.Memory("numbers.bin", []byte{'H', 'D', 1, 0, 2, 0, 3, 0})
	r, err := raw.NewReader("numbers.bin", []*raw.Blob{file}, []raw.Tensor{
		{Key: "counts", DType: tensor.DTInt16, Shape: tensor.Shape{3}, Offset: 2},
	}, raw.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	counts := tensor.New[int16](3)
	if err := r.Read(context.Background(), "counts", counts); err != nil {
		log.Fatal(err)
	}
	fmt.Println(counts.Data())
	// Output: [1 2 3]
}
