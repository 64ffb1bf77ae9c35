package optimizers_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/optimizers"
	"github.com/gockpt/ckpt/tensor"
)

// Momentum is a program's optimizer. Its slots are saved like those of TensorFlow's optimizers.
type Momentum struct {
	optimizers.Slots
	Rate float32 `ckpt:"rate"`
}

func ExampleSlots() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	weights, optimizer := tensor.New[float32](3), &Momentum{Rate: 0.5}
	velocity, err := tensor.FromSlice([]float32{1, 2, 3}, 3)
	if err != nil {
		log.Fatal(err)
	}
	optimizer.Set("velocity", weights, velocity)
	c, err := ckpt.New(ckpt.Group{"weights": weights, "optimizer": optimizer})
	if err != nil {
		log.Fatal(err)
	}
	path, err := c.Write(context.Background(), filepath.Join(dir, "ckpt"))
	if err != nil {
		log.Fatal(err)
	}
	r, err := ckpt.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for _, v := range r.Variables() {
		fmt.Println(v.Key)
	}
	// Output:
	// _CHECKPOINTABLE_OBJECT_GRAPH
	// optimizer/rate/.ATTRIBUTES/VARIABLE_VALUE
	// weights/.ATTRIBUTES/VARIABLE_VALUE
	// weights/.OPTIMIZER_SLOT/optimizer/velocity/.ATTRIBUTES/VARIABLE_VALUE
}
