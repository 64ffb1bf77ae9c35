// Package interop holds the library against TensorFlow. It has no code that anything imports.
//
// golden_test.go and models_test.go compare checkpoints under testdata/golden, all written by TensorFlow, with what was
// recorded of them. They need nothing but Go and are part of `go test ./...`.
//
// The other tests have TensorFlow itself as the other side and run only under the build tag interop:
//
//	CKPT_PYTHON=/path/to/python go test -tags interop ./internal/interop
//
// The Python needs tensorflow-cpu 2.21.0, tf_keras 2.21.0 and dm-sonnet 2.0.2. Without CKPT_PYTHON it is .cache/venv's, which .ci/venv makes. Where
// there is none the tests fail. One process of it, `python -m oracle`, answers all tests; what it can be asked and the
// programs it knows are in the directory oracle.
//
// A program is an object graph that both sides build: programs_test.go and oracle/programs.py have the same ones by name.
// Either side builds it with its values, or with zeros in their place for a restore to fill. What is compared is files:
// both sides write the same bytes, and write them again after a restore from the other.
package interop
