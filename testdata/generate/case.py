"""The list of cases, and how one is run: in a directory of its own, which is what it is judged by afterwards."""
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
        if "keys" not in more:                      # those that a case gives itself are not looked for
            record |= describe.checkpoint(prefix)
        if others:
            record["others"] = {other: describe.checkpoint(other) for other in others}
        return record | more


def case(name, notes="", source=True, stable=True):
    """Decorates a case function. Its source becomes part of expect.json; stable says that each run gives the same bytes."""
    def add(build):
        if name in CASES:
            raise ValueError("two cases are called " + name)
        CASES[name] = Case(name, notes, build, source, stable)
        return build
    return add


def write_json(path, value):
    pathlib.Path(path).write_text(layout(value) + "\n", encoding="utf-8")


def layout(value, indent=0, width=120):
    """JSON in which what fits a line is on one line: a diff of two versions then shows the records that changed."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= width or not isinstance(value, (dict, list)) or not value or leaf(value):
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        inner = [json.dumps(k, ensure_ascii=False) + ": " + layout(v, indent + 1) for k, v in value.items()]
        return "{\n" + ",\n".join(pad + i for i in inner) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + layout(v, indent + 1) for v in value) + "\n" + " " * indent + "]"


def leaf(value):
    """Whether value is a record that reads best on one line however long: an index entry, a node, a row of numbers."""
    if isinstance(value, dict):
        return "sha256" in value or "children" in value
    return not any(isinstance(v, (dict, list)) for v in value) and not any(isinstance(v, str) for v in value)
