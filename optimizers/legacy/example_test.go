package legacy_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/optimizers/legacy"
	"github.com/gockpt/ckpt/tensor"
)

// Restore an optimizer's state together with the model that it trained.
func Example() {
	ctx := context.Background()
	model := struct {
		W tensor.Tensor[float32] `ckpt:"w"`
		B tensor.Tensor[float32] `ckpt:"b"`
	}{*tensor.New[float32](2, 3), *tensor.New[float32](3)}
	adam := new(legacy.Adam)
	c, err := ckpt.New(ckpt.Group{"model": &model, "adam": adam})
	if err != nil {
		log.Fatal(err)
	}
	status, err := c.Read(ctx, "../../testdata/golden/optimizers-legacy/ckpt")
	if err != nil {
		log.Fatal(err)
	}
	status.ExpectPartial() // the checkpoint has other optimizers too
	fmt.Println(adam.Iter, adam.SlotNames(), adam.Get("m", &model.W).Shape())
	// Output: 1 [m v vhat] [2 3]
}
