package s3_test

import (
	"context"
	"testing"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/internal/servertest"
	"github.com/gockpt/ckpt/store/s3"
	"github.com/gockpt/ckpt/tensor"
)

// What docs/object-stores.md shows is part of this file, word by word. CI runs it on a server.

// A Fit learns the slope and the offset of a line.
type Fit struct {
	Weights tensor.Tensor[float32] // [2]: slope and offset
	Step    int64                  `ckpt:"step"`
}

// descend takes one step of gradient descent towards y = 3x + 1.
func (f *Fit) descend() {
	w := f.Weights.Data()
	x := float32(f.Step%5) / 5
	wrong := w[0]*x + w[1] - (3*x + 1)
	w[0] -= 0.2 * wrong * x
	w[1] -= 0.2 * wrong
	f.Step++
}

// train continues from the latest checkpoint in the bucket, trains for some steps, and returns the name of the last checkpoint.
func train(ctx context.Context, address string, steps int64) (string, error) {
	s, err := s3.Open(ctx, address) // "s3://bucket/runs?region=eu-central-1"
	if err != nil {
		return "", err
	}
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

func TestRecipe(t *testing.T) {
	ctx, address := t.Context(), servertest.Fresh(servertest.Address(t, "CKPT_S3"))
	for _, want := range []string{"line/ckpt-3", "line/ckpt-6"} {
		if latest, err := train(ctx, address, 3); err != nil || latest != want {
			t.Errorf("%s is the latest, want %s: %v", latest, want, err)
		}
	}
	s, err := s3.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	if err := saveTogether(ctx, s); err != nil {
		t.Error(err)
	}
	if latest, err := ckpt.Latest("both", ckpt.In(s)); err != nil || latest != "both/ckpt-1" {
		t.Errorf("%q is the latest: %v", latest, err)
	}
}
