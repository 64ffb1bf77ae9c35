// Command basicpitch runs a third-party model: Spotify's basic-pitch, which recognizes notes in audio. It restores the variables
// of the Python package's SavedModel into structs (testdata/basic-pitch/make.py), and compares the notes that it finds in three
// tones with TensorFlow's, from the samples to the notes.
//
//	go run ./examples/basicpitch
package main

import (
	"context"
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
	dir := flag.String("data", filepath.Join("testdata", "basic-pitch"), "directory with the model and TensorFlow's predictions")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *dir); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, dir string) error {
	var spectrogram Spectrogram
	if err := ckpt.LoadWeights(ctx, filepath.Join(dir, "constants"), &spectrogram, ckpt.Strict()); err != nil {
		return err
	}
	model := newPitch()
	// The SavedModel also has the optimizer of its training, which LoadWeights skips.
	if err := ckpt.LoadWeights(ctx, filepath.Join(dir, "variables", "variables"), model); err != nil {
		return err
	}
	x, err := spectrogram.Call(audio())
	if err != nil {
		return err
	}
	p, err := model.Predict(x)
	if err != nil {
		return err
	}
	for frame := 0; frame < p.Note.Shape()[1]; frame += 8 {
		fmt.Fprintf(out, "%.2f s:%s\n", float64(frame*hop)/sampleRate, notes(p, frame))
	}
	return compare(out, filepath.Join(dir, "predictions"), p)
}

// audio returns the samples that make.py gives to TensorFlow.
func audio() []float32 {
	x := make([]float32, 43844)
	for n := range x {
		i := int64(n)
		sum := (float64((i*i*7919+i*104729)%65536)/65536 - 0.5) / 4 // noise
		for tone, frequency := range []int64{220, 277, 330} {
			if at := i - int64(tone)*12000; at >= 0 {
				sum += float64(at*frequency%sampleRate)/sampleRate - 0.5
			}
		}
		x[n] = float32(sum / 4)
	}
	return x
}

// notes returns the names of the notes in a frame, with a star where they begin.
func notes(p *Prediction, frame int) string {
	names := []string{"A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"}
	text := ""
	for key := range p.Note.Shape()[2] {
		if p.Note.At(0, frame, key, 0) < 0.5 {
			continue
		}
		text += fmt.Sprintf(" %s%d", names[key%12], (key+9)/12)
		if p.Onset.At(0, frame, key, 0) >= 0.5 {
			text += "*"
		}
	}
	return text
}

// compare compares predictions with TensorFlow's. The file has every eighth frame.
func compare(out io.Writer, path string, p *Prediction) error {
	r, err := ckpt.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, o := range []struct {
		name string
		got  *tensor.Tensor[float32]
	}{{"contour", p.Contour}, {"note", p.Note}, {"onset", p.Onset}} {
		stored, err := r.Tensor(o.name)
		if err != nil {
			return err
		}
		want, ok := tensor.As[float32](stored)
		if !ok || len(want.Shape()) != 3 || want.Shape()[2] != o.got.Shape()[2] || (want.Shape()[1]-1)*8 >= o.got.Shape()[1] {
			return fmt.Errorf("%s: TensorFlow's output is %v %v, but the model's has shape %v", o.name, stored.DType(), stored.Shape(), o.got.Shape())
		}
		var difference, largest float64
		for frame := range want.Shape()[1] {
			for pitch := range want.Shape()[2] {
				w := float64(want.At(0, frame, pitch))
				difference = max(difference, math.Abs(w-float64(o.got.At(0, frame*8, pitch, 0))))
				largest = max(largest, math.Abs(w))
			}
		}
		fmt.Fprintf(out, "%s: largest difference from TensorFlow %.1e\n", o.name, difference/largest)
		if difference > tolerance*largest {
			return fmt.Errorf("%s differs from TensorFlow's by up to %g", o.name, difference)
		}
	}
	return nil
}

// tolerance is relative to the largest output. The model measures loudness from its quietest pitch, and float32 has few digits for the
// logarithm of that pitch: TensorFlow's own outputs change by 3e-4 if the last bit of the samples changes.
const tolerance = 5e-4
