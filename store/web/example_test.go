package web_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store/web"
	"github.com/gockpt/ckpt/tensor"
)

// Only the requested parts of the file are fetched.
func Example() {
	server := httptest.NewServer(http.FileServer(http.Dir("../../testdata/pytorch/linear"))) // any file server
	defer server.Close()
	s, err := web.Open(server.URL, web.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var net struct {
		Fc1 struct{ Weight tensor.Tensor[float32] }
	}
	if err := ckpt.LoadWeights(context.Background(), "model.safetensors", &net, ckpt.In(s), ckpt.IgnoreUnknown()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(net.Fc1.Weight.Shape())
	// Output: [4 5]
}
