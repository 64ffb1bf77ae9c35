"""Writes and restores checkpoints of the programs."""
import tensorflow as tf
from tensorflow.python.checkpoint.sharding import sharding_policies

from . import programs, described  # noqa: F401  (they register programs)
from .registry import PROGRAMS, asked
from .values import Values


def checkpoint_of(program, fill, description=None):
    root, keywords = PROGRAMS[program](Values(fill), *([description] if description else []))
    return tf.train.Checkpoint(**keywords) if root is None else tf.train.Checkpoint(root, **keywords)


@asked
def write(program, prefix, saves=0, max_shard=0, description=None):
    """Writes a program's checkpoint once, or saves it the given number of times. Returns the last
    path."""
    return put(checkpoint_of(program, True, description), prefix, saves, max_shard)


@asked
def rewrite(program, source, prefix, saves=0, call="read", max_shard=0, description=None):
    """Restores a checkpoint into the program, with zeros as its values before. The program must take all values. Then
    writes the program."""
    checkpoint = checkpoint_of(program, False, description)
    status = getattr(checkpoint, call)(source)
    status.assert_consumed()
    status.assert_existing_objects_matched()
    return put(checkpoint, prefix, saves, max_shard)


def put(checkpoint, prefix, saves, max_shard):
    options = None
    if max_shard:
        policy = sharding_policies.MaxShardSizePolicy(max_shard)
        options = tf.train.CheckpointOptions(experimental_sharding_callback=policy)
    if not saves:
        return checkpoint.write(prefix, options=options)
    for _ in range(saves):
        path = checkpoint.save(prefix, options=options)
    return path


@asked
def outcome(program, source, call, prefix, description=None):
    """The results of the three assertions after a restore into the program, with zeros before: "", or the first line of the
    message. Then writes the program to prefix."""
    checkpoint = checkpoint_of(program, False, description)
    status, said = getattr(checkpoint, call)(source).expect_partial(), {}
    for assertion in ("assert_consumed", "assert_existing_objects_matched", "assert_nontrivial_match"):
        try:
            getattr(status, assertion)()
            said[assertion] = ""
        except AssertionError as e:
            said[assertion] = str(e).split("\n")[0]
    checkpoint.write(prefix)
    return said


@asked
def latest(directory):
    return tf.train.latest_checkpoint(directory)


@asked
def manage(directory, saves, max_to_keep):
    """A training run. It continues from the directory's latest checkpoint, then saves the given
    number of times."""
    step = tf.Variable(0, dtype=tf.int64)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(step=step), directory, max_to_keep=max_to_keep)
    manager.restore_or_initialize()
    for _ in range(saves):
        step.assign_add(1)
        manager.save()
    return {"step": int(step), "checkpoints": manager.checkpoints, "latest": manager.latest_checkpoint}


@asked
def stored(prefix):
    """All tensors of numbers that TensorFlow's reader finds, flat, by their keys."""
    reader = tf.train.load_checkpoint(prefix)
    dtypes = reader.get_variable_to_dtype_map()
    return {key: reader.get_tensor(key).reshape(-1).tolist() if shape else [reader.get_tensor(key).item()]
            for key, shape in reader.get_variable_to_shape_map().items() if dtypes[key] != tf.string}


@asked
def view(program, prefix):
    """The contents of a checkpoint according to CheckpointView, and the objects that it matches with the
    program's."""
    seen = tf.train.CheckpointView(prefix)
    root, keywords = PROGRAMS[program](Values(False))
    matches, stored, objects = seen.diff(tf.train.Checkpoint(**keywords) if root is None else root)
    nodes = seen.descendants()
    return {"descendants": nodes, "children": [list(map(list, seen.children(node).items())) for node in nodes],
            "matched": sorted(matches), "only_stored": stored, "only_program": len(objects)}
