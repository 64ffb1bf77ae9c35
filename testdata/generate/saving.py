"""The effects of saving besides writing tensors: numbers, state files, shards, slices, merging,
managers."""
import itertools
import os
from unittest import mock

import numpy as np
import tensorflow as tf
from tensorflow.python.checkpoint import checkpoint_management
from tensorflow.python.checkpoint.sharding import sharding_policies

from . import describe
from .case import case
from .objects import var
from .values import group


@case("saved-numbered", "save() numbers files, counts in save_counter and rewrites the state file.")
def numbered():
    step = tf.Variable(0, dtype=tf.int64, name="step")
    checkpoint = tf.train.Checkpoint(step=step, w=var([1.0, 2.0], "w"))
    for _ in range(3):
        step.assign_add(10)
        checkpoint.save("train/ckpt")
    return {"prefix": "train/ckpt-3", "others": ["train/ckpt-1", "train/ckpt-2"],
            "latest": tf.train.latest_checkpoint("train")}


@case("saved-written", "write() numbers nothing and leaves no state file; directories are made; a base name may be empty.")
def written():
    checkpoint = tf.train.Checkpoint(w=var([1.0, 2.0], "w"), n=var(7, "n", tf.int64))
    checkpoint.write("deep/er/ckpt")
    checkpoint.write("deep/")
    return {"prefix": "deep/er/ckpt", "others": ["deep/"]}


@case("saved-root", "Checkpoint(root, more=...): the root is node 0, with an edge `root` to itself among the sorted keywords.")
def root():
    model = group(w=var([1.0, 2.0], "w"), b=var([3.0], "b"))
    tf.train.Checkpoint(model).save("plain")
    tf.train.Checkpoint(model, step=var(4, "step", tf.int64), aux=var(5.0, "aux")).save("ckpt")
    tf.train.Checkpoint(model).write("written")
    return {"prefix": "ckpt-1", "others": ["plain-1", "written"]}


@case("saved-async", "The same files as a plain save.")
def saved_async():
    checkpoint = tf.train.Checkpoint(w=var([1.0, 2.0], "w"))
    path = checkpoint.save("ckpt", options=tf.train.CheckpointOptions(enable_async=True))
    checkpoint.sync()
    return {"prefix": path}


@case("saved-shards", "MaxShardSizePolicy: tensors cut to fill shards of 128 bytes, a string too large for one put last.")
def shards():
    checkpoint = tf.train.Checkpoint(
        matrix=var(np.arange(60, dtype="f4").reshape(12, 5), "matrix"), cube=var(np.arange(24.0).reshape(2, 3, 4), "cube"),
        scalar=var(3, "scalar", tf.int64), long=var("x" * 200, "long", tf.string), words=var(["a", "bb", "ccc"], "words", tf.string))
    options = tf.train.CheckpointOptions(experimental_sharding_callback=sharding_policies.MaxShardSizePolicy(128))
    checkpoint.write("ckpt", options=options)
    return {"prefix": "ckpt"}


@case("saved-slices", "A 2-D tensor in tiles of different sizes, one whose only slice is all of it, one with a start of three bytes.")
def slices():
    whole, long = np.arange(70, dtype="i4").reshape(7, 10), np.arange(70000).astype("u1")
    tiles = {"7 10 0,3:0,4": whole[0:3, 0:4], "7 10 0,3:4,6": whole[0:3, 4:10],
             "7 10 3,4:0,9": whole[3:7, 0:9], "7 10 3,4:9,1": whole[3:7, 9:10]}
    rest = {"7 10 -:-": whole, "2 10 -:0,10": whole[:2], "70000 66000,4000": long[66000:], "70000 0,66000": long[:66000]}
    tf.raw_ops.SaveV2(prefix="ckpt", tensor_names=["tiled"] * 4 + ["whole", "rows", "long", "long"],
                      shape_and_slices=[*tiles, *rest], tensors=[*tiles.values(), *rest.values()])
    return {"prefix": "ckpt"}


@case("saved-merged", "Two workers' bundles merged into one: shards renumbered, slices of one tensor put together.")
def merged():
    whole = np.arange(20, dtype="f4").reshape(5, 4)
    for worker, (spec, part) in enumerate([("0,2:-", whole[:2]), ("2,3:-", whole[2:])]):
        own = "worker%d/own" % worker
        tf.raw_ops.SaveV2(prefix="parts/worker%d" % worker, tensor_names=["common", own, "worker%d/text" % worker],
                          shape_and_slices=["5 4 " + spec, "", ""],
                          tensors=[part, np.full([3], worker, "i8"), np.array([b"w%d" % worker, b""])])
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=["parts/worker0", "parts/worker1"], destination_prefix="ckpt",
                                  delete_old_dirs=True)
    return {"prefix": "ckpt"}


def managed(start, interval=10.0):
    """Replaces the checkpoint manager's clock by one that advances interval seconds with each call."""
    ticks = itertools.count(1)
    return mock.patch.object(checkpoint_management.time, "time", lambda: start + interval * next(ticks))


@case("manager-keeps-last", "max_to_keep=2 after five saves: two checkpoints and two lines with their times.")
def keeps_last():
    step = tf.Variable(0, dtype=tf.int64, name="step")
    with managed(1.5e9):
        manager = tf.train.CheckpointManager(tf.train.Checkpoint(step=step), "train", max_to_keep=2)
        for _ in range(5):
            step.assign_add(1)
            manager.save()
    return {"prefix": "train/ckpt-5", "others": ["train/ckpt-4"], "checkpoints": manager.checkpoints,
            "files": sorted(os.listdir("train"))}


@case("manager-keeps-hours", "One checkpoint per hour is preserved: it leaves the state file's list and stays on disk.")
def keeps_hours():
    step = tf.Variable(0, dtype=tf.int64, name="step")
    with managed(1.5e9, 600.25):
        manager = tf.train.CheckpointManager(tf.train.Checkpoint(step=step), "train", max_to_keep=1,
                                             keep_checkpoint_every_n_hours=1)
        for _ in range(9):
            step.assign_add(1)
            manager.save()
    kept = sorted({name.split(".")[0] for name in os.listdir("train")} - {"checkpoint"})
    return {"prefix": "train/ckpt-9", "others": ["train/" + k for k in kept if k != "ckpt-9"],
            "checkpoints": manager.checkpoints, "latest": manager.latest_checkpoint, "files": sorted(os.listdir("train"))}


@case("manager-keeps-all", "max_to_keep=None, numbered by the step, saving at most every third step.")
def keeps_all():
    step, paths = tf.Variable(0, dtype=tf.int64, name="step"), []
    with managed(1.5e9):
        manager = tf.train.CheckpointManager(tf.train.Checkpoint(step=step), "train", max_to_keep=None, step_counter=step,
                                             checkpoint_interval=3, checkpoint_name="model")
        for _ in range(7):
            paths.append(manager.save(checkpoint_number=step))
            step.assign_add(1)
    return {"prefix": "train/model-6", "checkpoints": manager.checkpoints, "returned": paths}


@case("state-files", "What latest_checkpoint makes of the ways in which a state file can be written.")
def state_files():
    tf.train.Checkpoint(w=var(1.0, "w")).write("ckpt")
    files = {
        "plain": b'model_checkpoint_path: "ckpt"\nall_model_checkpoint_paths: "ckpt"\n',
        "one-line": b'model_checkpoint_path:"ckpt" all_model_checkpoint_paths:"ckpt"',
        "indented": b"# by hand\n\t model_checkpoint_path : 'ckpt' ;\n",
        "split": b'model_checkpoint_path: "ck" "pt"\n',
        "escaped": b'model_checkpoint_path: "\\143\\x6bpt"\n',
        "crlf": b'model_checkpoint_path: "ckpt"\r\n',
        "times": b'all_model_checkpoint_timestamps: 1.5e9\nlast_preserved_timestamp: 1500000000.25\n'
                 b'model_checkpoint_path: "ckpt"\nall_model_checkpoint_paths: "ckpt"\n',
        "empty": b"",
        "only-all": b'all_model_checkpoint_paths: "ckpt"\n',
        "gone": b'model_checkpoint_path: "ckpt-9"\nall_model_checkpoint_paths: "ckpt"\n',
        "elsewhere": b'model_checkpoint_path: "/nowhere/at/all/ckpt"\n',
        "outside": b'model_checkpoint_path: "../state-files/ckpt"\n',
        "unclosed": b'model_checkpoint_path: "ckpt\n',
        "unknown-field": b'model_checkpoint_path: "ckpt"\nowner: "me"\n',
        "binary": b"\x08\x01\x12\x04ckpt",
        "not-utf8": b'model_checkpoint_path: "\xff\xfe"\n',
    }
    said = {}
    for name, text in files.items():
        with open(name + ".checkpoint", "wb") as f:
            f.write(text)
        try:
            said[name] = tf.train.latest_checkpoint(".", latest_filename=name + ".checkpoint")
        except Exception as e:  # whatever it is, its kind is what TensorFlow says of this file
            said[name] = "error: " + type(e).__name__
    return {"prefix": "ckpt", "latest": said}


@case("saved-wide", "An index of two blocks, with keys that share little: `keys` is every hundredth, keys_digest is of all: "
                    "sha256 of the lines key, dtype, shape, sha256 with tabs between.")
def wide():
    rng = np.random.RandomState(11)
    names = sorted("".join(rng.choice(list("abcdefghijklmnop"), 180)) for _ in range(1350))
    tf.raw_ops.SaveV2(prefix="ckpt", tensor_names=names, shape_and_slices=[""] * len(names),
                      tensors=[np.uint8(i % 251) for i in range(len(names))])
    every = describe.keys("ckpt")
    lines = ["%s\t%s\t%s\t%s\n" % (k["key"], k["dtype"], k["shape"], k["sha256"]) for k in every]
    return {"prefix": "ckpt", "keys": every[::100], "keys_count": len(every),
            "keys_digest": describe.sha256("".join(lines).encode())}
