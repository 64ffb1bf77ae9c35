"""Checkpoints by name, of TensorFlow 1's Saver."""
import numpy as np
import tensorflow as tf

from .registry import asked

v1 = tf.compat.v1


@asked
def saver_writes(prefix, version):
    """Variables, one of them partitioned in three. version is "V1" or "V2"."""
    whole = np.arange(14, dtype="f4").reshape(7, 2)

    def rows(shape, dtype=None, partition_info=None):
        start = partition_info.var_offset[0]
        return tf.constant(whole[start:start + shape[0]], dtype)

    with tf.Graph().as_default(), v1.Session() as session:
        with v1.variable_scope("model", partitioner=v1.fixed_size_partitioner(3, axis=0)):
            v1.get_variable("weights", [7, 2], initializer=rows)
        v1.get_variable("model/bias", initializer=tf.constant([0.5, -0.5]))
        v1.get_variable("global_step", initializer=tf.constant(9, tf.int64))
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver(write_version=getattr(v1.train.SaverDef, version))
        return saver.save(session, prefix, write_meta_graph=False)


@asked
def saver_reads(prefix):
    """Restores by name from an object-based checkpoint. TensorFlow allows this if the full names of the variables
    differ."""
    with tf.Graph().as_default(), v1.Session() as session:
        made = {"model/weights": v1.get_variable("model/weights", [7, 2]), "model/bias": v1.get_variable("model/bias", [2]),
                "global_step": v1.get_variable("global_step", [], tf.int64)}
        v1.train.Saver(made).restore(session, prefix)
        return {name: np.asarray(value).reshape(-1).tolist() for name, value in session.run(made).items()}


@asked
def saver_restores(prefix, parts):
    """Restores a Saver's checkpoint. It restores the weights into the given number of parts."""
    with tf.Graph().as_default(), v1.Session() as session:
        with v1.variable_scope("model", partitioner=v1.fixed_size_partitioner(parts, axis=0)):
            weights = v1.get_variable("weights", [7, 2])
        bias = v1.get_variable("model/bias", [2])
        step = v1.get_variable("global_step", [], tf.int64)
        v1.train.Saver().restore(session, prefix)
        made = {"model/weights": tf.convert_to_tensor(weights), "model/bias": bias, "global_step": step}
        return {name: np.asarray(value).reshape(-1).tolist() for name, value in session.run(made).items()}


@asked
def saver_inits(prefix, assignments):
    """The variables own/a, own/b and top after init_from_checkpoint."""
    with tf.Graph().as_default(), v1.Session() as session:
        made = {name: v1.get_variable(name, [2], initializer=v1.zeros_initializer()) for name in ("own/a", "own/b", "top")}
        v1.train.init_from_checkpoint(prefix, assignments)
        session.run(v1.global_variables_initializer())
        return {name: np.asarray(value).tolist() for name, value in session.run(made).items()}


@asked
def saver_continues(directory):
    """The checkpoints that TensorFlow finds in a directory of another Saver, and those in the directory after
    TensorFlow's Saver has saved once more."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("v", [2])
        session.run(v1.global_variables_initializer())
        state = v1.train.get_checkpoint_state(directory)
        saver = v1.train.Saver(max_to_keep=2)
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        found = saver.last_checkpoints
        saver.save(session, directory + "/m", global_step=9, write_meta_graph=False)
        return {"latest": state.model_checkpoint_path, "found": found, "left": saver.last_checkpoints}
