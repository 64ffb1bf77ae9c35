// Command chicksexer restores a name-based checkpoint of TensorFlow 1.1, that of chicksexer. The model guesses whether a name is
// a man's or a woman's, character by character and word by word. The command compares its answers with those of TensorFlow, which
// runs the graph of the Python package.
//
//	examples/chicksexer/download
//	go run ./examples/chicksexer
//	go run ./examples/chicksexer "Emmy Noether"
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
	"slices"

	"github.com/gockpt/ckpt"
)

// checkpoint is the path of the downloaded weights.
const checkpoint = ".cache/chicksexer/chicksexer/models/model.ckpt"

func main() {
	log.SetFlags(0)
	weights := flag.String("weights", checkpoint, "the package's checkpoint")
	file := flag.String("names", filepath.Join("testdata", "chicksexer", "names.json"), "file with TensorFlow's answers")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *weights, *file, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

// answers is the file that testdata/chicksexer/make.py writes.
type answers struct {
	Characters string
	Names      map[string]float64
}

func run(ctx context.Context, out io.Writer, weights, file string, names []string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var want answers
	if err := json.Unmarshal(data, &want); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var model Sexer
	// The checkpoint also has the optimizer's variables, which LoadWeights skips.
	if err := ckpt.LoadWeights(ctx, weights, &model); err != nil {
		return fmt.Errorf("%w (run examples/chicksexer/download to fetch the package)", err)
	}
	if len(names) == 0 {
		for name := range want.Names {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	for _, name := range names {
		got, err := model.Predict(name, want.Characters)
		if err != nil {
			return err
		}
		w, known := want.Names[name]
		if !known {
			fmt.Fprintf(out, "%-16s a man's name with probability %.6f\n", name, got)
			continue
		}
		fmt.Fprintf(out, "%-16s a man's name with probability %.6f, TensorFlow %.6f\n", name, got, w)
		if math.Abs(got-w) > 1e-5 {
			return fmt.Errorf("%s: got %g, TensorFlow has %g", name, got, w)
		}
	}
	return nil
}
