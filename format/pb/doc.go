// Package pb holds the protocol buffer messages of TensorFlow's checkpoint formats: our own definitions, with
// TensorFlow's field numbers and wire types, and the Go code generated from them.
//
// The names under which the messages are registered start with "ckpt", so that a program which also links
// TensorFlow's own messages does not find two of one name and panic as it starts. The wire format knows no names:
// the bytes are the same. Enums are plain integers here: a dtype is a number of package tensor.
//
// To generate the code again after a change, with protoc 3.21 or later:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//	go generate ./format/pb
//
// Reading a checkpoint decodes what there may be a million of (index entries, nodes of the object graph) by hand,
// several times faster; tests show that both ways agree.
package pb

//go:generate protoc -Ickpt/format/pb=. --go_out=. --go_opt=module=github.com/gockpt/ckpt/format/pb ckpt/format/pb/tensor.proto ckpt/format/pb/bundle.proto ckpt/format/pb/object_graph.proto ckpt/format/pb/checkpoint_state.proto ckpt/format/pb/saved_slices.proto
