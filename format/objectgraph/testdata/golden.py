"""Writes the object graphs of real checkpoints: python golden.py [DIR]

For each case, NAME.pb has the bytes of the graph's tensor. NAME.json describes the same graph, with TensorFlow's
name of each node ("names") and the keys in the index ("keys").
"""
import json
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2
from tensorflow.python.checkpoint import checkpoint as checkpoint_lib
from tensorflow.python.saved_model import registration
from tensorflow.python.trackable import base, python_state

OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def module(**attributes):
    m = tf.Module()
    for name, value in attributes.items():
        setattr(m, name, value)
    return m


def write(name, checkpoint, save=False):
    prefix = os.path.join(tempfile.mkdtemp(), "ckpt")
    prefix = checkpoint.save(prefix) if save else checkpoint.write(prefix)
    reader = tf.train.load_checkpoint(prefix)
    data = reader.get_tensor(KEY)
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(data)
    assert graph.SerializeToString(deterministic=True) == data
    names = checkpoint_lib.ObjectGraphProtoPrettyPrinter(graph).node_names
    nodes = []
    for i, n in enumerate(graph.nodes):
        node = {"id": i,
                "children": [{"name": c.local_name, "id": c.node_id} for c in n.children],
                "attributes": [{"name": a.name, "full_name": a.full_name, "checkpoint_key": a.checkpoint_key}
                               for a in n.attributes],
                "slot_variables": [{"original_variable_node_id": s.original_variable_node_id, "slot_name": s.slot_name,
                                    "slot_variable_node_id": s.slot_variable_node_id} for s in n.slot_variables],
                "has_checkpoint_values": n.has_checkpoint_values.value if n.HasField("has_checkpoint_values") else None}
        if n.HasField("registered_saver"):
            node["registered_saver"] = {"name": n.registered_saver.name,
                                        "object_name": n.registered_saver.object_name}
        nodes.append(node)
    record = {"graph": {"nodes": nodes}, "names": [names[i] for i in range(len(nodes))],
              "keys": sorted(reader.get_variable_to_shape_map())}
    (OUT / (name + ".pb")).write_bytes(data)
    (OUT / (name + ".json")).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


class Pair(base.Trackable):
    """Several tensors in one object. One of their names is escaped."""

    def _serialize_to_tensors(self):
        return {"left": tf.constant(1.0), "": tf.constant(2.0), "a/b.c": tf.constant([3.0])}


class State(python_state.PythonState):
    def serialize(self):
        return "state"

    def deserialize(self, string_value):
        pass


class Registered(base.Trackable):
    pass


registration.register_checkpoint_saver(
    package="Golden", name="Saver", predicate=lambda x: isinstance(x, Registered),
    save_fn=lambda trackables, file_prefix: [], restore_fn=lambda trackables, merged_prefix: None)

# Nothing has values; there is only a root.
write("empty", tf.train.Checkpoint(group=module(inner=module())))
write("variable_root", tf.train.Checkpoint(tf.Variable(1.0, name="alone")))

# Keyword arguments are sorted; awkward names of every kind; save_counter.
v = tf.Variable([1.0, 2.0], name="scope/v")
write("names", tf.train.Checkpoint(
    d={"": v, ".": tf.Variable(0), "a/x": tf.Variable(1), "d/.S": tf.Variable(2), ".ATTRIBUTES": tf.Variable(3),
       ".OPTIMIZER_SLOT": tf.Variable(4), "naïve ☃": tf.Variable(5), "c/": tf.Variable(6)}, b=module(z=v, a=v)), save=True)

# A root object, cycles, an edge to the root, containers, shared nodes.
root = module(first=tf.Variable(1.0), items=[tf.Variable(2.0), 1, [tf.Variable(3.0)]], t=(1, tf.Variable(4.0)), nothing=[])
root.me = root
root.loop = module(back=root)
root.again = root.items
write("root", tf.train.Checkpoint(root, extra=module(v=root.first)), save=True)

# Slots; several tensors in one object; opaque state; a registered saver.
w, b = tf.Variable([1.0], name="w"), tf.Variable([2.0], name="b")
adam = tf.compat.v1.train.AdamOptimizer()
momentum = tf.compat.v1.train.MomentumOptimizer(0.1, 0.9)
for optimizer in (adam, momentum):
    optimizer.minimize(lambda: tf.reduce_sum(w * b))
write("slots", tf.train.Checkpoint(model=module(w=w, b=b), adam=adam, opt=module(m=momentum)), save=True)
write("state", tf.train.Checkpoint(pair=Pair(), state=State(), registered=Registered(), deep=module(r=Registered())))

# More than 127 children, so that lengths and ids take two bytes.
write("wide", tf.train.Checkpoint(l=[tf.Variable(float(i), name="n%d" % i) for i in range(140)]))
