"""TensorFlow's messages for differences between a checkpoint and a program: one checkpoint and many
programs."""
import contextlib
import gc
import logging
import re

import numpy as np
import tensorflow as tf

from .case import case
from .objects import var
from .values import group

ASSERTIONS = ("assert_consumed", "assert_existing_objects_matched", "assert_nontrivial_match")


def outcome(build, path, call):
    """The results of call ("restore" or "read") of path into a new program, the values after it, and the warnings when the
    program is deleted. Unmatched values wait in the program's objects, and TensorFlow warns about them when the objects are
    deleted."""
    program, said = build(), {}
    with logged() as lines:
        try:
            status = getattr(tf.train.Checkpoint(**program), call)(path)
            for assertion in ASSERTIONS:
                said[assertion] = judged(getattr(status, assertion))
        except (ValueError, tf.errors.OpError) as e:
            return {"error": type(e).__name__, "values": values(program)}
        left = values(program)
        del status, program
        gc.collect()
    return said | {"warnings": lines, "values": left}


def judged(assertion):
    """The first sentence of an assertion's message. The rest names Python objects."""
    try:
        assertion()
    except AssertionError as e:
        return str(e).split("\n")[0].split(". ")[0].split(": ")[0]
    return "ok"


@contextlib.contextmanager
def logged():
    """The warnings that TensorFlow logs meanwhile, without the source positions at the beginning of deprecations."""
    lines, logger, handler = [], tf.get_logger(), logging.Handler()
    place = re.compile(r"^From \S*/(\w+\.py):\d+: ")
    handler.emit = lambda record: lines.append(place.sub(r"From \1: ", record.getMessage()))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel("WARNING")
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def values(program):
    found = {}
    for name, child in program.items():
        for inner, v in ([("", child)] if isinstance(child, tf.Variable) else sorted(vars(child).items())):
            if isinstance(v, tf.Variable):
                found[(name + "." + inner).strip(".")] = v.numpy().tolist()
    return found


@case("statuses", "program: what each program says on restore() and on read(); restore() creates save_counter, which the file lacks.")
def statuses():
    def program(**children):
        return lambda: {"model": group(**{name: var(*args) for name, args in children.items()})}

    w, n = (np.zeros([3, 2]), "w"), (0, "n", tf.int64)
    tf.train.Checkpoint(model=group(w=var(np.arange(6.0).reshape(3, 2), "w"), n=var(5, "n", tf.int64))).write("ckpt")
    programs = {
        "same": program(w=w, n=n),
        "other-order": program(n=n, w=w),
        "other-shape": program(w=(np.zeros([2, 3]), "w"), n=n),
        "other-rank": program(w=(np.zeros([6]), "w"), n=n),
        "other-dtype": program(w=(np.zeros([3, 2]), "w", tf.float64), n=n),
        "other-int": program(w=w, n=(0, "n", tf.int32)),
        "less": program(w=w),
        "more": program(w=w, n=n, extra=([1.0, 1.0], "extra")),
        "nothing": program(q=w),
        "other-root": lambda: {"net": group(w=var(*w))},
        "variable-for-group": lambda: {"model": var(1.0, "model")},
        "group-for-variable": lambda: {"model": group(w=group(), n=var(*n))},
    }
    said = {name: {call: outcome(build, "ckpt", call) for call in ("restore", "read")} for name, build in programs.items()}
    said["no-file"] = {call: outcome(programs["same"], "absent", call) for call in ("restore", "read")}
    return {"prefix": "ckpt", "programs": said}


@case("statuses-by-name", "A Saver's checkpoint restored into objects: matched by the variables' names.")
def by_name():
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name, value in (("outer/kernel", [1.0, 2.0]), ("bias", [3.0])):
            tf.compat.v1.get_variable(name, initializer=np.array(value, "f4"))
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, "model", write_meta_graph=False)
    zeros = {"kernel": ([0.0, 0.0], "outer/kernel"), "bias": ([0.0], "bias")}
    programs = {
        "same": lambda: {"any": group(**{k: var(*v) for k, v in zeros.items()})},
        "less": lambda: {"any": group(k=var(*zeros["kernel"]))},
        "more": lambda: {"any": group(k=var(*zeros["kernel"]), other=var([7.0], "other"))},
        "other-shape": lambda: {"any": group(k=var([0.0], "outer/kernel"))},
    }
    return {"prefix": "model", "programs": {name: {"restore": outcome(build, "model", "restore")} for name, build in programs.items()}}
