"""The peers of bench/ that are written in Python.

`peers.py versions` prints which there are. Otherwise the argument is a task in JSON; the worker makes its model and then
answers each line of its input, the name of an operation, with a line of JSON on what it took.
"""

import gc
import glob
import json
import os
import sys
import time
from importlib import metadata

import numpy as np


def versions():
    """The versions of the peers that are installed."""
    found = {}
    for peer, package in {"tensorflow": "tensorflow_cpu", "safetensors": "safetensors", "torch": "torch"}.items():
        try:
            found[peer] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    return found


def values(task, i):
    """Tensor i of a workload: the values that it has in every peer."""
    return ((np.arange(task["Elements"]) + i) & 0xFFFF).astype(np.float32)


class Tensorflow:
    """tf.train.Checkpoint and what looks into its files."""

    pattern = "tensorflow*"

    def __init__(self, task):
        import tensorflow as tf

        self.tf, self.task, self.model_bytes = tf, task, 0
        self.path = os.path.join(task["Dir"], "tensorflow")
        self.stored = os.path.join(task["Dir"], "ckpt")
        if task["Kind"] == "model":
            self.list = [tf.Variable(values(task, i)) for i in range(task["Tensors"])]
            self.checkpoint = tf.train.Checkpoint(list=self.list)
        elif task["Kind"] == "graph":
            nodes = [tf.__internal__.tracking.AutoTrackable() for _ in range(task["Tensors"])]
            for i, node in enumerate(nodes):
                if 2 * i + 1 < len(nodes):
                    node.left = nodes[2 * i + 1]
                if 2 * i + 2 < len(nodes):
                    node.right = nodes[2 * i + 2]
            tree = tf.__internal__.tracking.AutoTrackable()
            tree.root, tree.leaf = nodes[0], tf.Variable(0, dtype=tf.int64)
            self.root = tf.train.Checkpoint(tree=tree)
            self.root.write(self.path)
        else:
            self.reader = tf.train.load_checkpoint(self.stored)

    def save(self):
        self.checkpoint.write(self.path)

    def restore(self):
        self.checkpoint.read(self.path)

    def open_and_find(self):
        reader = self.tf.train.load_checkpoint(self.stored)
        assert reader.has_tensor(self.task["Key"])

    def list_(self):
        assert len(self.tf.train.list_variables(self.stored)) == self.task["Tensors"]

    def read_one(self):
        self.reader.get_tensor(self.task["Key"])

    def open_and_read_one(self):
        self.tf.train.load_checkpoint(self.stored).get_tensor(self.task["Key"])

    def walk(self):
        assert len(self.tf.train.TrackableView(self.root).descendants()) >= self.task["Tensors"]

    def match(self):
        view = self.tf.train.CheckpointView(self.path)
        assert len(view.match(self.root)) >= self.task["Tensors"]


class Safetensors:
    """safetensors.numpy: load_file returns new arrays."""

    pattern = "safetensors.*"

    def __init__(self, task):
        from safetensors import safe_open
        from safetensors.numpy import load_file, save_file

        self.open, self.load_file, self.save_file, self.task = safe_open, load_file, save_file, task
        self.path = os.path.join(task["Dir"], "safetensors.model")
        self.stored = os.path.join(task["Dir"], "model.safetensors")
        self.model_bytes = 0
        if task["Kind"] == "model":
            self.arrays = {f"list/{i}": values(task, i) for i in range(task["Tensors"])}
        else:
            self.file = safe_open(self.stored, "numpy")

    def before(self, op):
        if op == "restore" and self.arrays:
            self.model_bytes = sum(a.nbytes for a in self.arrays.values())
        if op == "restore":
            self.arrays = None

    def save(self):
        self.save_file(self.arrays, self.path)

    def restore(self):
        self.arrays = self.load_file(self.path)

    def open_and_find(self):
        with self.open(self.stored, "numpy") as f:
            f.get_slice(str(self.task["Chosen"])).get_shape()

    def list_(self):
        assert len(self.file.keys()) == self.task["Tensors"]

    def read_one(self):
        self.file.get_tensor(str(self.task["Chosen"]))

    def open_and_read_one(self):
        with self.open(self.stored, "numpy") as f:
            f.get_tensor(str(self.task["Chosen"]))


class Torch:
    """torch.save and torch.load, which returns new tensors."""

    pattern = "torch.*"

    def __init__(self, task):
        import torch

        self.torch, self.path, self.model_bytes = torch, os.path.join(task["Dir"], "torch.pt"), 0
        self.tensors = {f"list/{i}": torch.from_numpy(values(task, i)) for i in range(task["Tensors"])}

    def before(self, op):
        if op == "restore" and self.tensors:
            self.model_bytes = sum(t.nbytes for t in self.tensors.values())
        if op == "restore":
            self.tensors = None

    def save(self):
        self.torch.save(self.tensors, self.path)

    def restore(self):
        self.tensors = self.torch.load(self.path)


def sync(directory, pattern):
    """Makes the files of a save durable."""
    for name in glob.glob(os.path.join(directory, pattern)) + [directory]:
        f = os.open(name, os.O_RDONLY)
        os.fsync(f)
        os.close(f)


def proc(name, *fields):
    """Numbers that Linux gives of this process, 0 elsewhere."""
    try:
        with open(f"/proc/self/{name}") as f:
            found = dict(line.split(":", 1) for line in f if ":" in line)
    except OSError:
        return [0] * len(fields)
    return [int(found[field].split()[0]) for field in fields]


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


def measure(peer, task, op, base):
    """Does an operation and returns what it took."""
    if op == "save":
        for name in glob.glob(os.path.join(task["Dir"], peer.pattern)):
            os.remove(name)
    if hasattr(peer, "before"):
        peer.before(op)
        if op == "restore":
            base = proc("status", "VmRSS")[0] * 1024 + peer.model_bytes
    gc.collect()
    run = getattr(peer, op.replace(" ", "_") + ("_" if op == "list" else ""))
    reset_peak()
    before = proc("io", "rchar", "wchar")
    start = time.perf_counter()
    run()
    unsynced = time.perf_counter() - start
    if op == "save":
        sync(task["Dir"], peer.pattern)
    seconds = time.perf_counter() - start
    after = proc("io", "rchar", "wchar")
    peak = proc("status", "VmHWM")[0] * 1024
    return {
        "seconds": seconds,
        "unsynced": unsynced,
        "peak": max(0, peak - base),
        "read": after[0] - before[0],
        "written": after[1] - before[1],
    }


def main():
    if sys.argv[1] == "versions":
        print(json.dumps(versions()))
        return
    task = json.loads(sys.argv[1])
    peer = {"tensorflow": Tensorflow, "safetensors": Safetensors, "torch": Torch}[task["Peer"]](task)
    gc.collect()
    base = proc("status", "VmRSS")[0] * 1024
    print("{}", flush=True)
    for line in sys.stdin:
        try:
            answer = measure(peer, task, line.strip(), base)
        except Exception as e:  # the other peers go on
            answer = {"error": f"{type(e).__name__}: {e}"[:300]}
        print(json.dumps(answer), flush=True)


main()
