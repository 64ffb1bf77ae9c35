package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// predictions returns a handler for requests that hold a tensor in JSON, {"dtype": "float32", "shape": [1, 4, 3], "values": […]}. It serves any
// number of requests at a time.
func predictions(model *layers.Model) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var x tensor.Tensor[float32]
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&x); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		y, err := model.Call(&x)
		if err != nil { // the input does not fit the model
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(y)
	})
}

func serve(ctx context.Context) error {
	model, err := keras.Load(ctx, "model.keras")
	if err != nil {
		return err
	}
	server := httptest.NewServer(predictions(model)) // a program has http.ListenAndServe here
	defer server.Close()

	input, err := json.Marshal(tensor.New[float32](1, 4, 3))
	if err != nil {
		return err
	}
	var clients sync.WaitGroup
	statuses := make([]string, 4)
	for i := range statuses {
		clients.Go(func() {
			answer, err := http.Post(server.URL, "application/json", strings.NewReader(string(input)))
			if err != nil {
				statuses[i] = err.Error()
				return
			}
			answer.Body.Close()
			statuses[i] = answer.Status
		})
	}
	clients.Wait()
	fmt.Println(statuses)
	return nil
}

func Example_serving() {
	fmt.Println(serve(context.Background()))
	// Output:
	// [200 OK 200 OK 200 OK 200 OK]
	// <nil>
}
