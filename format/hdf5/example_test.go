package hdf5_test

import (
	"fmt"

	"github.com/gockpt/ckpt/format/hdf5"
)

func ExampleOpenFile() {
	r, err := hdf5.OpenFile("testdata/attributes.h5")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	text, _ := r.File().Root.Attribute("text").Text()
	fmt.Println(text, r.File().Root.Groups[0].Path)
	// Output: längerer Text a
}
