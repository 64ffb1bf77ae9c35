package keras_test

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/tensor"
)

func ExampleLoad() {
	model, err := keras.Load(context.Background(), files+"keras2.keras")
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := model.Call(tensor.New[float32](1, 5, 3))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(model.Name(), y.Shape())
	// Output: keras2 [1 1]
}
