package sstable_test

import (
	"bytes"
	"fmt"

	"github.com/gockpt/ckpt/format/sstable"
)

func Example() {
	var file bytes.Buffer
	w := sstable.NewWriter(&file)
	for _, key := range []string{"layer/bias", "layer/kernel"} {
		if err := w.Add([]byte(key), []byte("value of "+key)); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}

	r, err := sstable.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	value, ok, err := r.Get([]byte("layer/bias"))
	fmt.Printf("%s %v %v\n", value, ok, err)
	for e, err := range r.All() {
		fmt.Printf("%s %v\n", e.Key, err)
	}
	// Output:
	// value of layer/bias true <nil>
	// layer/bias <nil>
	// layer/kernel <nil>
}
