// Package interop tests the library against TensorFlow. It has no code to import.
//
// golden_test.go and models_test.go compare checkpoints under testdata/golden, which TensorFlow wrote, with recorded contents.
// They need only Go and are part of `go test ./...`.
//
// The other tests run TensorFlow itself. They need the build tag interop:
//
//	CKPT_PYTHON=/path/to/python go test -tags interop ./internal/interop
//
// Python needs tensorflow-cpu 2.21.0, tf_keras 2.21.0 and dm-sonnet 2.0.2. Without CKPT_PYTHON the tests use the Python in
// .cache/venv, which .ci/venv makes. Without any Python they fail. One process, `python -m oracle`, answers all tests. Its requests
// and programs are in the directory oracle.
//
// A program is an object graph that both sides build. programs_test.go and oracle/programs.py have the same programs by name.
// Each side builds a program with its values, or with zeros for a restore to fill. The tests compare files: both sides must write
// the same bytes, and write them again after a restore from the other side.
package interop
