package torch_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/gockpt/ckpt/format/torch"
)

// Read the model in a training checkpoint. A tensor's key is its path.
func Example() {
	r, err := torch.OpenFile("testdata/training.ckpt")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for e, err := range r.All() {
		if err != nil {
			log.Fatal(err)
		}
		if strings.HasPrefix(e.Key, "model.") {
			fmt.Println(e.Key, e.DType, e.Shape)
		}
	}
	fmt.Println("passed over:", r.Skipped())
	// Output:
	// model.0.bias float32 [4]
	// model.0.weight float32 [4 3]
	// model.1.bias float32 [4]
	// model.1.num_batches_tracked int64 []
	// model.1.running_mean float32 [4]
	// model.1.running_var float32 [4]
	// model.1.weight float32 [4]
	// model.2.bias float32 [3]
	// model.2.weight float32 [3 4]
	// passed over: [__main__.Config]
}
