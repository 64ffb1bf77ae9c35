package savedv1_test

import (
	"context"
	"fmt"
	"os"

	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

func ExampleOpen() {
	r, err := savedv1.Open(fsx.FromFS(os.DirFS("testdata")), "saver.ckpt-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for e, err := range r.All() {
		fmt.Println(e.Key, e.DType, e.Shape, len(e.Slices), err)
	}
	step := tensor.New[int64]()
	fmt.Println(r.Read(context.Background(), "global_step", step), step.At())
	// Output:
	// beta1_power float32 [] 0 <nil>
	// beta2_power float32 [] 0 <nil>
	// dense/kernel float32 [7 3] 3 <nil>
	// dense/kernel/Adam float32 [7 3] 3 <nil>
	// dense/kernel/Adam_1 float32 [7 3] 3 <nil>
	// global_step int64 [] 0 <nil>
	// <nil> 1
}
