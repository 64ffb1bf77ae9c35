"""Lists the fields of TensorFlow's messages: python descriptors.py > tensorflow.txt

It prints one line per field: message, number, wire type (for enums, the type of integers), name, and
whether the field is a list.
"""
import tensorflow as tf
from google.protobuf.descriptor import FieldDescriptor
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, tensor_slice_pb2, versions_pb2
from tensorflow.core.protobuf import tensor_bundle_pb2, trackable_object_graph_pb2
from tensorflow.core.util import saved_tensor_slice_pb2
from tensorflow.python.training import checkpoint_state_pb2

TYPES = {getattr(FieldDescriptor, n): n[5:].lower() for n in dir(FieldDescriptor) if n.startswith("TYPE_")}


def show(message):
    for field in sorted(message.fields, key=lambda f: f.number):
        kind = TYPES[field.type]
        if kind == "enum":
            kind = "int32"
        if kind == "message":
            kind = field.message_type.full_name
        print(message.full_name, field.number, kind, field.name, "list" if field.is_repeated else "one")
    for nested in message.nested_types:
        show(nested)


print("# TensorFlow", tf.__version__)
for module in (tensor_shape_pb2, tensor_slice_pb2, versions_pb2, tensor_pb2, tensor_bundle_pb2,
               trackable_object_graph_pb2, checkpoint_state_pb2, saved_tensor_slice_pb2):
    for name in sorted(module.DESCRIPTOR.message_types_by_name):
        show(module.DESCRIPTOR.message_types_by_name[name])
