"""The list of cases, and the code that runs one. Each case has its own directory. The files in it are described
afterwards."""
import inspect
import json
import os
import pathlib
import shutil
import textwrap

import keras
import tensorflow as tf

from . import describe

CASES = {}


class Case:
    """A function that writes checkpoints into the current directory and returns what expect.json shall say of them:
    `prefix` (the checkpoint that the case is about), `others` (more prefixes), and anything else the case is about."""

    def __init__(self, name, notes, build, source, stable):
        self.name, self.notes, self.build, self.source, self.stable = name, notes, build, source, stable

    def run(self, into):
        into = pathlib.Path(into) / self.name
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        before = os.getcwd()
        os.chdir(into)
        try:
            tf.random.set_seed(7)
            keras.backend.clear_session()
            said = self.build()
            write_json("expect.json", self.expect(**said))
        finally:
            os.chdir(before)

    def expect(self, prefix, others=(), **more):
        record = {
            "case": self.name,
            "producer": "tensorflow " + tf.__version__,
            "keras": keras.__version__,
            "notes": self.notes,
        }
        if self.source:
            record["python"] = textwrap.dedent(inspect.getsource(self.build))
        record["prefix"] = prefix
        if "keys" not in more:                      # the values that a case provides are not computed
            record |= describe.checkpoint(prefix)
        if others:
            record["others"] = {other: describe.checkpoint(other) for other in others}
        return record | more


def case(name, notes="", source=True, stable=True):
    """Decorates a case function. Its source becomes part of expect.json. stable tells whether each run gives the same
    bytes."""
    def add(build):
        if name in CASES:
            raise ValueError("two cases are called " + name)
        CASES[name] = Case(name, notes, build, source, stable)
        return build
    return add


def write_json(path, value):
    pathlib.Path(path).write_text(layout(value) + "\n", encoding="utf-8")


def layout(value, indent=0, width=120):
    """JSON with everything on one line that fits on one. So a diff of two versions shows the changed records."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= width or not isinstance(value, (dict, list)) or not value or leaf(value):
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        inner = [json.dumps(k, ensure_ascii=False) + ": " + layout(v, indent + 1) for k, v in value.items()]
        return "{\n" + ",\n".join(pad + i for i in inner) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + layout(v, indent + 1) for v in value) + "\n" + " " * indent + "]"


def leaf(value):
    """Whether value is a record that is best on one line of any length: an index entry, a node, a row of numbers."""
    if isinstance(value, dict):
        return "sha256" in value or "children" in value
    return not any(isinstance(v, (dict, list)) for v in value) and not any(isinstance(v, str) for v in value)
