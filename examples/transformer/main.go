// Command transformer restores a small transformer that Keras trained to sort digits (testdata/transformer/train.py) into
// hand-written structs, sorts digits with it, and compares its logits with Keras's.
//
//	go run ./examples/transformer
//	go run ./examples/transformer 31415926
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("data", filepath.Join("testdata", "transformer"), "directory with the checkpoint and Keras's predictions")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *dir, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

// run sorts the rows of digits. Without rows it sorts the rows that Keras sorted, and compares the logits.
func run(ctx context.Context, out io.Writer, dir string, rows []string) error {
	model := newSorter()
	// The checkpoint also has an optimizer, which LoadWeights skips.
	if err := ckpt.LoadWeights(ctx, filepath.Join(dir, "train"), model, ckpt.At("model")); err != nil {
		return err
	}
	if len(rows) > 0 {
		ids, err := encode(rows, model.Length())
		if err != nil {
			return err
		}
		_, err = answer(out, model, ids)
		return err
	}

	file := filepath.Join(dir, "predictions.json")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var want struct {
		Inputs, Outputs []struct {
			Shape  []int
			Values []float32
		}
	}
	if err := json.Unmarshal(data, &want); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(want.Inputs) != 1 || len(want.Outputs) != 1 {
		return fmt.Errorf("%s: got %d inputs and %d outputs, want one of each", file, len(want.Inputs), len(want.Outputs))
	}
	ids, err := tensor.FromSlice(want.Inputs[0].Values, want.Inputs[0].Shape...)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	logits, err := answer(out, model, ids)
	if err != nil {
		return err
	}
	if !logits.Shape().Equal(want.Outputs[0].Shape) {
		return fmt.Errorf("%s: Keras's logits have shape %v, the model's %v", file, want.Outputs[0].Shape, logits.Shape())
	}
	var difference, largest float64
	for i, w := range want.Outputs[0].Values {
		difference = max(difference, math.Abs(float64(logits.Data()[i]-w)))
		largest = max(largest, math.Abs(float64(w)))
	}
	fmt.Fprintf(out, "largest difference from Keras: %.1e\n", difference/largest)
	if difference > 1e-5*largest {
		return fmt.Errorf("logits differ from Keras's by up to %g", difference)
	}
	return nil
}

// answer prints the model's output for rows of tokens, and returns the logits.
func answer(out io.Writer, model *Sorter, ids *tensor.Tensor[float32]) (*tensor.Tensor[float32], error) {
	logits, err := model.Logits(ids)
	if err != nil {
		return nil, err
	}
	length, tokens := logits.Shape()[1], logits.Shape()[2]
	for i := range ids.Shape()[0] {
		row := ids.Data()[i*length:][:length]
		sorted := make([]float32, length)
		for place := range sorted {
			if row[place] != 0 {
				sorted[place] = float32(largest(logits.Data()[(i*length+place)*tokens:][:tokens]))
			}
		}
		fmt.Fprintf(out, "%*s -> %s\n", length, decode(row), decode(sorted))
	}
	return logits, nil
}

// largest returns the index of the largest value.
func largest(values []float32) int {
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return best
}

// encode returns the tokens of rows of digits: d+1 for the digit d, 0 after the end of a row.
func encode(rows []string, length int) (*tensor.Tensor[float32], error) {
	ids := tensor.New[float32](len(rows), length)
	for i, row := range rows {
		if len(row) == 0 || len(row) > length {
			return nil, fmt.Errorf("%q: want 1 to %d digits", row, length)
		}
		for j, c := range []byte(row) {
			if c < '0' || c > '9' {
				return nil, fmt.Errorf("%q: %q is not a digit", row, c)
			}
			ids.Set(float32(c-'0')+1, i, j)
		}
	}
	return ids, nil
}

// decode is the inverse of encode for one row.
func decode(ids []float32) string {
	var digits []byte
	for _, id := range ids {
		if id > 0 {
			digits = append(digits, '0'+byte(id)-1)
		}
	}
	return string(digits)
}
