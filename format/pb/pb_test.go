package pb_test

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gockpt/ckpt/format/pb"
)

//go:embed testdata/tensorflow.txt
var tensorflowFields string // written by testdata/descriptors.py

// tensorflowName maps the names of this package's messages to TensorFlow's, if they end differently.
var tensorflowName = map[string]string{
	"BundleEntry": "BundleEntryProto", "BundleHeader": "BundleHeaderProto",
	"TensorShape": "TensorShapeProto", "TensorSlice": "TensorSliceProto",
}

var files = []protoreflect.FileDescriptor{
	pb.File_ckpt_format_pb_tensor_proto, pb.File_ckpt_format_pb_bundle_proto, pb.File_ckpt_format_pb_object_graph_proto,
	pb.File_ckpt_format_pb_checkpoint_state_proto, pb.File_ckpt_format_pb_saved_slices_proto,
}

// A program may also link TensorFlow's messages. The registry panics if two messages have the same name.
func TestRegisteredNamesAreOurOwn(t *testing.T) {
	for _, f := range files {
		require.Regexp(t, `^ckpt/format/pb/\w+\.proto$`, f.Path())
		require.EqualValues(t, "ckpt.pb", f.Package())
	}
	registered := 0
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if path := f.Path(); strings.HasPrefix(path, "ckpt/") {
			registered++
		} else {
			require.Regexp(t, `^google/protobuf/`, path)
		}
		return true
	})
	require.Equal(t, len(files), registered)
	protoregistry.GlobalTypes.RangeMessages(func(m protoreflect.MessageType) bool {
		require.Regexp(t, `^(ckpt\.pb|google\.protobuf)\.`, m.Descriptor().FullName())
		return true
	})
}

// The fields of each message equal those of TensorFlow's.
func TestFieldsAreTensorFlows(t *testing.T) {
	want := map[string]bool{}
	for line := range strings.Lines(tensorflowFields) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") && !strings.Contains(line, "Variant") && !strings.Contains(line, "Resource") {
			want[line] = true
		}
	}
	for _, f := range files {
		messages(f.Messages(), func(m protoreflect.MessageDescriptor) {
			for i := range m.Fields().Len() {
				line := describe(m.Fields().Get(i))
				require.True(t, want[line], "TensorFlow has no %q", line)
				delete(want, line)
			}
		})
	}
	require.Empty(t, want, "fields of TensorFlow that are missing in this package")
}

func messages(list protoreflect.MessageDescriptors, yield func(protoreflect.MessageDescriptor)) {
	for i := range list.Len() {
		yield(list.Get(i))
		messages(list.Get(i).Messages(), yield)
	}
}

// describe returns f as a line of testdata/tensorflow.txt.
func describe(f protoreflect.FieldDescriptor) string {
	kind, count := f.Kind().String(), "one"
	switch f.Kind() {
	case protoreflect.MessageKind:
		kind = inTensorFlow(f.Message().FullName())
	case protoreflect.EnumKind:
		kind = "int32"
	}
	if f.IsList() {
		count = "list"
	}
	return fmt.Sprintf("%s %d %s %s %s", inTensorFlow(f.ContainingMessage().FullName()), f.Number(), kind, f.Name(), count)
}

func inTensorFlow(name protoreflect.FullName) string {
	parts := strings.Split(string(name), ".")
	if i := slices.Index(parts, "pb"); i == 1 {
		parts = append([]string{"tensorflow"}, parts[2:]...)
		if to, ok := tensorflowName[parts[1]]; ok {
			parts[1] = to
		}
	}
	return strings.Join(parts, ".")
}

// These are examples of bytes that TensorFlow writes.
func TestBytes(t *testing.T) {
	for _, tt := range []struct {
		name    string
		message proto.Message
		want    string
	}{
		{"B-27 the header of one shard", &pb.BundleHeader{NumShards: 1, Version: &pb.VersionDef{Producer: 1}}, "\x08\x01\x1a\x02\x08\x01"},
		{"B-03 the entry of an empty tensor of shape [0 3]", &pb.BundleEntry{Dtype: 1,
			Shape:  &pb.TensorShape{Dim: []*pb.TensorShape_Dim{{}, {Size: 3}}},
			Crc32C: 0xa282ead8}, "\x08\x01\x12\x06\x12\x00\x12\x02\x08\x03\x35\xd8\xea\x82\xa2"},
		{"B-12 a slice of all rows and of columns 0 to 4", &pb.TensorSlice{Extent: []*pb.TensorSlice_Extent{{}, {Length: proto.Int64(5)}}},
			"\x0a\x00\x0a\x02\x10\x05"},
		{"G-17 an edge to the root", &pb.TrackableObjectGraph_TrackableObject_ObjectReference{LocalName: "root"}, "\x12\x04root"},
		{"G-34 no values here or below", &pb.TrackableObjectGraph_TrackableObject{HasCheckpointValues: &wrapperspb.BoolValue{}}, "\x2a\x00"},
		{"G-34 values", &pb.TrackableObjectGraph_TrackableObject{HasCheckpointValues: wrapperspb.Bool(true)}, "\x2a\x02\x08\x01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := proto.MarshalOptions{Deterministic: true}.Marshal(tt.message)
			require.NoError(t, err)
			require.Equal(t, tt.want, string(got))
		})
	}
}
