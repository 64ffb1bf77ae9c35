package keras_test

import (
	"fmt"
	"log"

	"github.com/gockpt/ckpt/format/keras"
)

func Example() {
	r, err := keras.OpenFile("testdata/model.keras")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for e, err := range r.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Key, e.DType, e.Shape)
		break
	}
	// Output: layers/bidirectional/backward_layer/cell/vars/0 float32 [3 8]
}
