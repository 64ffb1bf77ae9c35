// Ckpt looks into files of weights, compares, converts and runs them: TensorFlow's checkpoints, safetensors, Keras's files,
// PyTorch's, NumPy's and GGUF.
//
//	ckpt list model/ckpt-7
//	ckpt graph model/
//	ckpt verify model/ckpt-7.index
//	ckpt diff model/ckpt-7 model/ckpt-8
//	ckpt run --config model.json --weights model/ckpt-7 --at model --input in.json
//	ckpt run --config model.keras --input in.json
//	ckpt convert model.keras model.safetensors
//	ckpt gen model/ckpt-7
//
// A path is that of a file of any of these formats; of TensorFlow's a checkpoint's prefix, one of its files, a SavedModel's
// directory, or a directory with a `checkpoint` file, whose latest is then meant. With --json what is printed is for programs; without it keys and names that could
// disturb a terminal are quoted.
//
// The exit status is 0 where all is well, 1 for a checkpoint that is damaged or not there, with one line on standard error that
// names the file and the fault, or for a difference that diff found, 2 for wrong usage, and 130 after an interrupt.
package main

import (
	"os"

	"github.com/gockpt/ckpt/internal/cli"
)

func main() { os.Exit(cli.Main(nil)) }
