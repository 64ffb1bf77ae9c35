package gguf_test

import (
	"fmt"
	"log"

	"github.com/gockpt/ckpt/format/gguf"
)

func Example() {
	r, err := gguf.OpenFile("testdata/quants.gguf")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	fmt.Println(r.Metadata()["general.architecture"])
	t, _ := r.Tensor("Q4_K")
	fmt.Println(t.Stored, t.DType, t.Shape, t.Size)
	// Output:
	// llama
	// Q4_K float32 [3 512] 864
}
