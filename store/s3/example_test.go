package s3_test

import (
	"context"
	"log"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store/s3"
	"github.com/gockpt/ckpt/tensor"
)

// A model is saved into a bucket and loaded from it. The credentials come from the environment.
func Example() {
	ctx := context.Background()
	bucket, err := s3.Open(ctx, "s3://bucket/runs?region=eu-central-1")
	if err != nil {
		log.Fatal(err)
	}
	var model struct{ Kernel tensor.Tensor[float32] }
	model.Kernel = *tensor.New[float32](2, 2)
	if err := ckpt.SaveWeights(ctx, "mnist/final.safetensors", &model, ckpt.In(bucket)); err != nil {
		log.Fatal(err)
	}
	if err := ckpt.LoadWeights(ctx, "mnist/final.safetensors", &model, ckpt.In(bucket)); err != nil {
		log.Fatal(err)
	}
}
