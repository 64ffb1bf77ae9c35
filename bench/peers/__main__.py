"""The peers of bench/ that are written in Python. With the argument `versions` the program prints the installed
versions. Otherwise the argument is a task in JSON. The program makes the task's model and answers each line of its
input with a line of JSON: the name of an operation with its measurements, and `trim` with nothing.
"""

import importlib
import json
import sys
from importlib import metadata

import measure

# The suffix of a peer's name if the peer does not return freed memory to the system.
KEPT = ", memory kept"

PACKAGES = {"tensorflow": "tensorflow_cpu", "safetensors": "safetensors", "safetensors, memory kept": "safetensors", "torch": "torch", "orbax": "orbax-checkpoint", "numpy": "numpy", "h5py": "h5py"}


def versions():
    """The versions of the installed peers."""
    found = {}
    for peer, package in PACKAGES.items():
        try:
            found[peer] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    return found


def main():
    if sys.argv[1] == "versions":
        print(json.dumps(versions()))
        return
    task = json.loads(sys.argv[1])
    name = task["Peer"].removesuffix(KEPT)
    if name != task["Peer"]:
        measure.keep_memory()
    module = importlib.import_module("peer_" + name)
    if task.get("Once"):
        measure.once(module, task)
        return
    peer = module.Peer(task)
    worker = measure.Worker(peer, task)
    print("{}", flush=True)
    for line in sys.stdin:
        try:
            answer = worker.answer(line.strip())
        except Exception as e:  # the other peers still run
            answer = {"error": f"{type(e).__name__}: {e}"[:300]}
        print(json.dumps(answer), flush=True)


main()
