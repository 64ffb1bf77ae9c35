package docs_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/web"
	"github.com/gockpt/ckpt/tensor"
)

// trainIn continues from the latest checkpoint in a store and trains for some steps.
func trainIn(ctx context.Context, s store.Store, steps int64) (string, error) {
	fit := Fit{Weights: *tensor.New[float32](2)}
	c, err := ckpt.New(ckpt.Group{"fit": &fit}, ckpt.In(s))
	if err != nil {
		return "", err
	}
	m, err := ckpt.NewManager(c, "line", ckpt.KeepLast(2))
	if err != nil {
		return "", err
	}
	if _, err := m.RestoreOrInitialize(ctx); err != nil {
		return "", err
	}
	for range steps {
		fit.descend()
		if _, err := m.Save(ctx, ckpt.Async()); err != nil { // waits for the save before it, not for the store
			return "", err
		}
	}
	err = c.Close() // waits for the last save
	return m.Latest(), err
}

// saveTogether saves one checkpoint from two workers. Each writes a half.
func saveTogether(ctx context.Context, s store.Store) error {
	model := map[string]*tensor.Tensor[float32]{"left": tensor.New[float32](4), "right": tensor.New[float32](4)}
	for worker, mine := range []string{"left", "right"} { // in a real run each worker is a process
		c, err := ckpt.New(ckpt.Group{"model": model}, ckpt.In(s))
		if err != nil {
			return err
		}
		own := ckpt.Own(func(path string) bool { return path == "model."+mine })
		if err := c.WriteSection(ctx, "both/ckpt-1", worker, 2, own, ckpt.Attempt("run-1")); err != nil {
			return err
		}
	}
	_, err := ckpt.Merge(ctx, "both/ckpt-1", ckpt.In(s), ckpt.Attempt("run-1"))
	return err
}

func Example_objectStore() {
	ctx := context.Background()
	s := store.Dir("bucket")
	for range 2 {
		latest, err := trainIn(ctx, s, 3)
		if err != nil {
			fmt.Println(err)
		}
		fmt.Println(latest)
	}
	if err := saveTogether(ctx, s); err != nil {
		fmt.Println(err)
	}
	latest, err := ckpt.Latest("both", ckpt.In(s))
	fmt.Println(latest, err)
	// Output:
	// line/ckpt-3
	// line/ckpt-6
	// both/ckpt-1 <nil>
}

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
