// Command vad finds speech in a recording with Silero's voice detector, a small convolutional and recurrent network that was trained with
// PyTorch. Its weights (1.2 MB) come with a Python package, which examples/vad/download fetches. Over a minute of speech its outputs are within
// 1e-6 of PyTorch's in float64.
//
//	examples/vad/download
//	go run ./examples/vad
//	go run ./examples/vad recording.wav
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
)

func main() {
	log.SetFlags(0)
	weights := flag.String("weights", filepath.Join(".cache", "silero-vad", "silero_vad", "data", "silero_vad_16k.safetensors"), "the weights")
	data := flag.String("data", filepath.Join("testdata", "vad"), "directory with speech.wav and PyTorch's answers")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *weights, *data, flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
}

// run prints the times of speech in a recording. Without a recording it uses the sample in data and compares the outputs with PyTorch's.
func run(ctx context.Context, out io.Writer, weights, data, recording string) error {
	detector := newDetector()
	if err := ckpt.LoadWeights(ctx, weights, detector); err != nil {
		return fmt.Errorf("%w\nrun examples/vad/download to fetch the weights", err)
	}
	sample := recording == ""
	if sample {
		recording = filepath.Join(data, "speech.wav")
	}
	samples, err := readWAV(recording)
	if err != nil {
		return err
	}
	answers, err := detector.Detect(samples)
	if err != nil {
		return err
	}
	printSpeech(out, answers)
	if !sample {
		return nil
	}
	return compare(out, answers, filepath.Join(data, "answers.json"))
}

// printSpeech prints the times at which the probability of speech is above one half.
func printSpeech(out io.Writer, answers []float32) {
	const seconds = float64(chunk) / sampleRate
	for i := 0; i < len(answers); i++ {
		if answers[i] < 0.5 {
			continue
		}
		start := i
		for i < len(answers) && answers[i] >= 0.5 {
			i++
		}
		fmt.Fprintf(out, "speech from %.2f s to %.2f s\n", float64(start)*seconds, float64(i)*seconds)
	}
}

func compare(out io.Writer, answers []float32, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var want []float64
	if err := json.Unmarshal(raw, &want); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(want) != len(answers) {
		return fmt.Errorf("%s: got %d answers, want %d, one per chunk", file, len(want), len(answers))
	}
	worst := 0.0
	for i, w := range want {
		worst = max(worst, math.Abs(w-float64(answers[i])))
	}
	fmt.Fprintf(out, "%d chunks, largest difference from PyTorch in float64: %.1e\n", len(want), worst)
	if worst > 1e-6 {
		return fmt.Errorf("the outputs differ from PyTorch's by up to %g", worst)
	}
	return nil
}
