package docs_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store/web"
)

func tensorsAt(ctx context.Context, address string) error {
	s, err := web.Open(address, web.Options{}) // or web.HuggingFace("owner/name", "main", web.Options{})
	if err != nil {
		return err
	}
	r, err := ckpt.Open("model.safetensors", ckpt.In(s))
	if err != nil {
		return err
	}
	defer r.Close()
	for _, e := range r.Variables() {
		fmt.Println(e.Key, e.Shape)
	}
	return nil
}

func Example_web() {
	server := httptest.NewServer(http.FileServer(http.Dir(".")))
	defer server.Close()
	if err := tensorsAt(context.Background(), server.URL); err != nil {
		fmt.Println(err)
	}
	// Output:
	// fc1.bias [4]
	// fc1.weight [4 5]
	// fc2.weight [4 4]
}
