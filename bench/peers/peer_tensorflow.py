"""tf.train.Checkpoint, and the functions that read its files."""

import os

import tensorflow as tf

from measure import values


def load(task):
    reader = tf.train.load_checkpoint(os.path.join(task["Dir"], "model"))
    return [reader.get_tensor(f"list/{i}/.ATTRIBUTES/VARIABLE_VALUE") for i in range(task["Tensors"])]


class Peer:
    pattern = "tensorflow*"

    def __init__(self, task):
        self.task, self.stored = task, os.path.join(task["Dir"], "ckpt")
        if task["Kind"] == "model":
            self.checkpoint = tf.train.Checkpoint(list=[tf.Variable(values(task, i)) for i in range(task["Tensors"])])
        elif task["Kind"] == "graph":
            self.root = tf.train.Checkpoint(tree=tree(task["Tensors"]))
            self.stored = self.do_save(task["Dir"])
        elif task["Kind"] == "pick":
            self.reader = tf.train.load_checkpoint(self.stored)

    def do_save(self, directory):
        return (self.checkpoint if self.task["Kind"] == "model" else self.root).write(os.path.join(directory, "tensorflow"))

    def do_restore(self, directory):
        self.checkpoint.read(os.path.join(directory, "tensorflow"))

    def do_open_and_find(self, _):
        for pick in self.task["Picks"]:
            assert tf.train.load_checkpoint(self.stored).has_tensor(pick["Key"])

    def do_open_and_list(self, _):
        assert len(tf.train.list_variables(self.stored)) == self.task["Tensors"]

    def do_read_one(self, _):
        for pick in self.task["Picks"]:
            self.reader.get_tensor(pick["Key"])

    def do_open_and_read_one(self, _):
        for pick in self.task["Picks"]:
            tf.train.load_checkpoint(self.stored).get_tensor(pick["Key"])

    def do_walk(self, _):
        assert len(tf.train.TrackableView(self.root).descendants()) >= self.task["Tensors"]

    def do_open_walk_and_match(self, _):
        assert len(tf.train.CheckpointView(self.stored).match(self.root)) >= self.task["Tensors"]


def tree(n):
    """A binary tree of n objects and one variable, as on ckpt's side."""
    nodes = [tf.__internal__.tracking.AutoTrackable() for _ in range(n)]
    for i, node in enumerate(nodes):
        if 2 * i + 1 < n:
            node.left = nodes[2 * i + 1]
        if 2 * i + 2 < n:
            node.right = nodes[2 * i + 2]
    holder = tf.__internal__.tracking.AutoTrackable()
    holder.root, holder.leaf = nodes[0], tf.Variable(0, dtype=tf.int64)
    return holder
