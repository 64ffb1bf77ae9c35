"""Object graphs: the edges between objects, their names, and the keys that follow from them."""
import collections

import tensorflow as tf
from tensorflow.python.saved_model import registration

from .case import case
from .values import group, write


def var(value, name, dtype=tf.float32):
    return tf.Variable(value, dtype=dtype, name=name)


@case("objects-nested", "Modules in modules; children in the order of assignment, nodes numbered breadth-first.")
def nested():
    inner = group(zeta=var([1.0, 2.0], "zeta"), alpha=var([3.0], "alpha"))
    model = group(second=inner, first=group(w=var([[1.0, 2.0], [3.0, 4.0]], "w"), plain=7), bias=var(0.5, "bias"))
    tf.train.Checkpoint(model=model, head=var([9.0], "head")).write("ckpt")
    return {"prefix": "ckpt"}


@case("objects-shared", "One node and one key for a variable that several edges reach: a shortest path, the first in breadth-first order.")
def shared():
    table = var([[1.0, 2.0]], "table")
    encoder, decoder = group(embedding=table, scale=var(2.0, "scale")), group(output=group(weights=table))
    tf.train.Checkpoint(decoder=decoder, encoder=encoder, twice=[table, table]).write("ckpt")
    return {"prefix": "ckpt"}


@case("objects-cycle", "Edges back to a parent, to itself and to the root.")
def cycle():
    a, b = group(v=var(1.0, "a")), group(v=var(2.0, "b"))
    a.next, b.next, b.me = b, a, b
    root = group(a=a, b=b)
    a.owner = root
    return write(root)


@case("objects-containers", "Lists, tuples, dicts and named tuples; what cannot be saved keeps its index but has no edge.")
def containers():
    Pair = collections.namedtuple("Pair", "left right")
    root = group(
        many=[var(float(i), "many%d" % i) for i in range(11)],
        mixed=[1, var(1.0, "mixed"), "text", None, [var(2.0, "inner"), []]],
        fixed=(var(3.0, "fixed"), 5),
        nothing=(),
        pair=Pair(var(4.0, "left"), var(5.0, "right")),
        table={"b": var(6.0, "b"), "a": [var(7.0, "a")], "hyper": 0.1},
        empty_list=[], empty_dict={}, plain=[1, 2],
    )
    return write(root)


@case("objects-escaped-names", "'.' is doubled before '/' becomes '.S'; edges are stored as they are, keys are escaped.")
def escaped_names():
    names = ["a/b", "a.b", "a.Sb", "/", ".", "..", "./", "/.", ".S", "", " ", "ümlaut", "日本", "a\nb", '"', "\\",
             ".ATTRIBUTES", "VARIABLE_VALUE", ".OPTIMIZER_SLOT", "x/.ATTRIBUTES/VARIABLE_VALUE"]
    values = {name: var(float(i), "v%d" % i) for i, name in enumerate(names)}
    nested_values = {"p.q": {"r/s": {"": var(-1.0, "deep")}}}
    return write(group(flat=values, nested=nested_values))


@case("objects-full-names", "Name scopes are part of full_name, ':0' is not, and several variables may share one.")
def full_names():
    with tf.name_scope("outer"):
        scoped = tf.Variable(1.0, name="kernel")
        with tf.name_scope("inner"):
            deeper = tf.Variable(2.0, name="kernel")
    return write(group(scoped=scoped, deeper=deeper, unnamed=tf.Variable(3.0), same=tf.Variable(4.0)))


@case("objects-no-values", "Groups without a variable below them say so; a checkpoint without any tensor but its graph.")
def no_values():
    tf.train.Checkpoint(tree=group(branch=group(), leaf=[])).write("bare")
    tf.train.Checkpoint(tree=group(branch=group(), leaf=[var(1.0, "leaf")])).write("ckpt")
    return {"prefix": "ckpt", "others": ["bare"]}


@case("objects-variable-root", "The root itself is a variable: its key begins with a slash.")
def variable_root():
    return write(var(3.0, "alone"))


@case("objects-several-tensors", "An object of two tensors; a dot or slash in a tensor's name is escaped twice in the key.")
def several_tensors():
    class Stats(tf.__internal__.tracking.AutoTrackable):
        def _serialize_to_tensors(self):
            return {"mean": tf.constant([1.0, 2.0]), "count": tf.constant(3, tf.int64), "per.class": tf.constant([4])}

        def _restore_from_tensors(self, restored):
            self.restored = restored

    root = group(stats=Stats(), v=var(0.0, "v"))
    tf.train.Checkpoint(root).write("ckpt")
    return {"prefix": "ckpt"}


@case("objects-lookup-table", "The attribute's checkpoint_key is not in the index; it is the start of two keys that are.")
def lookup_table():
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(tf.constant(["one"]), tf.constant([1], tf.int64))
    return write(group(table=table, v=var(1.0, "v")))


class Parts(tf.Module):
    """What the saver below takes care of."""


@case("objects-registered-saver", "A node whose tensors another saver wrote, under keys of its own and in a data file of its own.")
def registered_saver():
    def save(trackables, file_prefix):
        tensors = [tf.constant([1, 2, 3])] * len(trackables)
        tf.raw_ops.SaveV2(prefix=file_prefix, tensor_names=[name + "/parts" for name in trackables],
                          shape_and_slices=[""] * len(tensors), tensors=tensors)
        return file_prefix

    registration.register_checkpoint_saver(package="golden", name="Parts", predicate=lambda x: isinstance(x, Parts),
                                           save_fn=save, restore_fn=lambda trackables, prefix: None)
    return write(group(parts=Parts(), v=var(5.0, "v")))
