package docs_test

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

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

func train(ctx context.Context, steps int64) error {
	fit := Fit{Weights: *tensor.New[float32](2)}
	c, err := ckpt.New(ckpt.Group{"fit": &fit})
	if err != nil {
		return err
	}
	m, err := ckpt.NewManager(c, "training", ckpt.KeepLast(3))
	if err != nil {
		return err
	}
	if _, err := m.RestoreOrInitialize(ctx); err != nil { // continues where the last run stopped
		return err
	}
	for start := fit.Step; fit.Step < start+steps; {
		fit.descend()
		if fit.Step%500 == 0 {
			if _, err := m.Save(ctx); err != nil {
				return err
			}
		}
	}
	if err := c.Close(); err != nil {
		return err
	}

	fmt.Printf("step %d: %.2f, latest %s of %d\n", fit.Step, fit.Weights.Data(), filepath.Base(m.Latest()), len(m.Checkpoints()))
	return nil
}

func Example_training() {
	ctx := context.Background()
	fmt.Println(train(ctx, 1000))
	fmt.Println(train(ctx, 1000)) // the program again
	// Output:
	// step 1000: [3.00 1.00], latest ckpt-2 of 2
	// <nil>
	// step 2000: [3.00 1.00], latest ckpt-4 of 3
	// <nil>
}
