// Ckpt lists, compares, converts and runs files of weights: TensorFlow checkpoints, safetensors, Keras, PyTorch, NumPy and
// GGUF files.
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
// A path names a file of one of these formats. For TensorFlow it may be a checkpoint's prefix, one of its files, a SavedModel's
// directory, or a directory with a `checkpoint` file, which names the latest checkpoint. With --json the output is for programs.
// Without it, keys and names that could disturb a terminal are quoted.
//
// The exit status is 0 on success, 1 if a checkpoint is damaged or missing or if diff found a difference, 2 for wrong usage, and
// 130 after an interrupt. For a damaged or missing checkpoint, one line on standard error names the file and the fault.
package main

import (
	"os"

	"github.com/gockpt/ckpt/internal/cli"
)

func main() { os.Exit(cli.Main(nil)) }
