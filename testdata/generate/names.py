"""Checkpoints of TensorFlow 1's Saver in both of its formats. They have variables by name, but no object
graph."""
import os

import numpy as np
import tensorflow as tf

from .case import case

v1 = tf.compat.v1


def in_graph(build, use):
    """Runs use(session, saver arguments) on the variables that build makes in a new graph."""
    with tf.Graph().as_default(), v1.Session() as session:
        made = build()
        session.run(v1.global_variables_initializer())
        return use(session, made)


def constant(values):
    """An initializer that knows the requested part of a partitioned variable."""
    values = np.asarray(values)

    def initializer(shape, dtype=None, partition_info=None):
        start = partition_info.var_offset if partition_info else [0] * len(shape)
        return tf.constant(values[tuple(slice(s, s + n) for s, n in zip(start, shape))], dtype)
    return initializer


@case("saver-v2", "Partitioned variables as slices under their whole name, Adam's slots likewise; five saves, three kept.")
def saver_v2():
    def build():
        with v1.variable_scope("model", partitioner=v1.fixed_size_partitioner(3, axis=0)):
            weights = v1.get_variable("weights", [7, 2], initializer=constant(np.arange(14.0).reshape(7, 2)))
        with v1.variable_scope("model"):
            bias = v1.get_variable("bias", [2], initializer=constant([0.5, -0.5]))
        step = v1.get_variable("global_step", [], tf.int64, initializer=constant(0), trainable=False)
        loss = tf.reduce_sum(tf.convert_to_tensor(weights)) * 2 + tf.reduce_sum(bias)
        return v1.train.AdamOptimizer(0.1).minimize(loss, global_step=step), step

    def use(session, made):
        train, step = made
        saver = v1.train.Saver(max_to_keep=3)
        for _ in range(5):
            session.run(train)
            saver.save(session, "model.ckpt", global_step=step, write_meta_graph=False)

    in_graph(build, use)
    return {"prefix": "model.ckpt-5", "others": ["model.ckpt-3", "model.ckpt-4"]}


@case("saver-v2-absolute", "The Saver writes the state file's paths as it was given them: here they are absolute and gone.")
def saver_v2_absolute():
    def use(session, _):
        v1.train.Saver().save(session, "model.ckpt", write_meta_graph=False)
    in_graph(lambda: v1.get_variable("v", [2], initializer=constant([1.0, 2.0])), use)
    with open("checkpoint", "w") as f:
        f.write("".join('%s: "/long/gone/model.ckpt"\n' % field for field in ("model_checkpoint_path", "all_model_checkpoint_paths")))
    return {"prefix": "model.ckpt"}


def typed_variables():
    values = {"f32": np.array([[1.5, -2.5]], "f4"), "f64": np.array([0.1]), "i32": np.array([-7, 7], "i4"),
              "i64": np.array(1 << 40), "u8": np.array([0, 255], "u1"), "i8": np.array([-128], "i1"), "i16": np.array([-300], "i2"),
              "u16": np.array([65535], "u2"), "flag": np.array([True, False]), "c64": np.array([1 - 2j], "c8"), "c128": np.array([3 + 4j])}
    made = [v1.get_variable(name, initializer=value, use_resource=True) for name, value in values.items()]
    made.append(v1.get_variable("text", initializer=tf.constant([b"one", b"", b"\0\xff"]), use_resource=True))
    made.append(v1.get_variable("empty", initializer=np.zeros([0, 3], "f4"), use_resource=True))
    with v1.variable_scope("cut", partitioner=v1.fixed_size_partitioner(2, axis=1)):
        made.extend(v1.get_variable("table", [3, 5], initializer=constant(np.arange(15.0).reshape(3, 5)),
                                    use_resource=True))
    return made


@case("saver-v1", "The format before bundles: one table per shard, tensors as TensorProtos inside it.")
def saver_v1():
    def use(session, _):
        for sharded, name in ((False, "one.ckpt"), (True, "shards.ckpt")):
            saver = v1.train.Saver(write_version=v1.train.SaverDef.V1, sharded=sharded)
            saver.save(session, name, write_meta_graph=False)
    in_graph(typed_variables, use)
    os.remove("checkpoint")
    return {"prefix": "one.ckpt", "others": ["shards.ckpt-00000-of-00001"]}


@case("saver-v1-two-shards", "The older format in two files.")
def saver_v1_two_shards():
    def build():
        for device in range(2):
            with tf.device("/cpu:%d" % device):
                v1.get_variable("v%d" % device, initializer=np.arange(3, dtype="f4") + device, use_resource=True)

    def use(session, _):
        v1.train.Saver(write_version=v1.train.SaverDef.V1, sharded=True).save(session, "ckpt", write_meta_graph=False)
        os.remove("checkpoint")
    with tf.Graph().as_default(), v1.Session(config=v1.ConfigProto(device_count={"CPU": 2})) as session:
        build()
        session.run(v1.global_variables_initializer())
        use(session, None)
    return {"prefix": "ckpt-?????-of-00002"}
