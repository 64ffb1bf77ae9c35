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

# What TensorFlow prints goes to standard error: standard output is the protocol's.
PROTOCOL = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

from . import checkpoints, circle, files, models, names, optimizers  # noqa: E402,F401  (they register what can be asked)


def answer(line):
    request = json.loads(line)
    try:
        return {"answer": ASKED[request.pop("ask")](**request)}
    except Exception as e:  # the tests judge it
        return {"error": "%s: %s" % (type(e).__name__, e), "trace": traceback.format_exc()}


def main():
    # TensorFlow has loops that end when memory does.
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    for line in sys.stdin:
        PROTOCOL.write(json.dumps(answer(line)) + "\n")
        PROTOCOL.flush()


main()
