// Package pb has the protocol buffer messages of TensorFlow's checkpoint formats, and the Go code generated
// from them. The definitions are this project's, with TensorFlow's field numbers and wire types.
//
// The registered names of the messages start with "ckpt". Otherwise a program that also links TensorFlow's
// messages would panic at startup, because two messages would have the same name. The wire format does not
// contain names, so the bytes are the same. Enums are plain integers here: a dtype is a tensor.DType's
// number.
//
// To generate the code again after a change, with protoc 3.21 or later:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//	go generate ./format/pb
//
// A checkpoint may have a million index entries and graph nodes. The packages that read them decode them by
// hand, which is several times faster. Tests check that both ways agree.
package pb

//go:generate protoc -Ickpt/format/pb=. --go_out=. --go_opt=module=github.com/gockpt/ckpt/format/pb ckpt/format/pb/tensor.proto ckpt/format/pb/bundle.proto ckpt/format/pb/object_graph.proto ckpt/format/pb/checkpoint_state.proto ckpt/format/pb/saved_slices.proto
