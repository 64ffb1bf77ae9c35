"""`python -m oracle` answers one JSON object per line, in one JSON object per line:

    {"ask": NAME, …arguments}  →  {"answer": …} or {"error": "Kind: message", "trace": …}

NAME is a function of one of the modules below that is decorated with @asked.
"""
import json
import os
import resource
import sys
import traceback

from .registry import ASKED

# TensorFlow's output goes to standard error, because the protocol uses standard output.
PROTOCOL = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

from . import checkpoints, circle, files, models, names, optimizers  # noqa: E402,F401  (they register the questions)


def answer(line):
    request = json.loads(line)
    try:
        return {"answer": ASKED[request.pop("ask")](**request)}
    except Exception as e:  # the tests judge it
        return {"error": "%s: %s" % (type(e).__name__, e), "trace": traceback.format_exc()}


def main():
    # Some of TensorFlow's loops run until memory is exhausted.
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    for line in sys.stdin:
        PROTOCOL.write(json.dumps(answer(line)) + "\n")
        PROTOCOL.flush()


main()
