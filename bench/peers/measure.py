"""The code that all peers share: the values, and the measurement of an operation.

A module has a function `load`, which returns the tensors of a file in order, and a class `Peer`, which is made with a
task. The attribute `pattern` matches the names of the peer's files. The measured method is called `do_` and the
operation's name, with `_` between words; it gets the directory to work in. If restoring returns new tensors, the peer
has a method `forget`, which drops its tensors.
"""

import ctypes
import gc
import glob
import json
import os
import shutil
import time

import numpy as np

TO_MEMORY = " to memory"


def values(task, i):
    """Tensor i of a workload. Every peer has these values."""
    return ((np.arange(task["Elements"]) + i) & 0xFFFF).astype(np.float32)


def keep_memory():
    """Makes malloc keep freed memory. Otherwise it would return large pieces to the system, which clears them before
    their next use."""
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, -1)


M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # from glibc's malloc.h


def once(module, task):
    """Runs one operation in a new process, and reports when it began, when it ended, and the resources that it took."""
    print("{}", flush=True)
    if task["Once"] == "prepare":
        module.prepare(task)
        print("{}\n{}", flush=True)
        return
    weights = module.load(task)
    print("{}", flush=True)
    answer = {"peak": proc("status", "VmHWM")[0] * 1024}
    if len(weights) != task["Tensors"]:
        answer["error"] = f"{len(weights)} tensors were loaded"
    for i, array in enumerate(weights):
        if not np.array_equal(array, values(task, i)):
            answer["error"] = f"tensor {i} is not what was saved"
    print(json.dumps(answer), flush=True)


class Worker:
    """Runs a peer's operations and reports the resources that they took."""

    def __init__(self, peer, task):
        self.peer, self.task, self.base = peer, task, 0

    def answer(self, line):
        if line == "trim":
            self.trim()
            return {}
        return self.measure(line)

    def trim(self):
        """Returns free memory to the system, so that the process keeps only its model."""
        gc.collect()
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except AttributeError:  # not glibc
            pass
        self.base = proc("status", "VmRSS")[0] * 1024

    def measure(self, op):
        saves, in_memory = op.startswith("save"), op.endswith(TO_MEMORY)
        directory = self.task["Memory" if in_memory else "Dir"]
        files = os.path.join(directory, self.peer.pattern)
        run = getattr(self.peer, "do_" + op.removesuffix(TO_MEMORY).replace(",", "").replace(" ", "_"))
        if saves:
            remove(files)
        elif op == "restore":
            getattr(self.peer, "forget", lambda: None)()
            warm(files)
        gc.collect()
        if saves:
            os.sync()  # pending writes of other programs and of the removal do not belong to this save
        reset_peak()
        before = proc("io", "rchar", "wchar")
        start = time.perf_counter()
        run(directory)
        unsynced = time.perf_counter() - start
        if saves:
            sync(files, directory)
        seconds = time.perf_counter() - start
        after = proc("io", "rchar", "wchar")
        peak = proc("status", "VmHWM")[0] * 1024
        if in_memory:
            remove(files)
        return {
            "seconds": seconds,
            "unsynced": unsynced,
            "peak": max(0, peak - self.base),
            "read": after[0] - before[0],
            "written": after[1] - before[1],
        }


def remove(pattern):
    for name in glob.glob(pattern):
        if os.path.isdir(name):
            shutil.rmtree(name)
        else:
            os.remove(name)


def below(pattern):
    """The files and directories that match the pattern, and everything below them."""
    for name in glob.glob(pattern):
        yield name
        for directory, directories, files in os.walk(name):
            for entry in directories + files:
                yield os.path.join(directory, entry)


def sync(pattern, directory):
    """Makes the files of a save durable."""
    for name in [*below(pattern), directory]:
        f = os.open(name, os.O_RDONLY)
        os.fsync(f)
        os.close(f)


def warm(pattern):
    """Reads the files into the page cache."""
    buffer = bytearray(1 << 20)
    for name in filter(os.path.isfile, below(pattern)):
        with open(name, "rb", buffering=0) as f:
            while f.readinto(buffer):
                pass


def proc(name, *fields):
    """Linux's statistics of this process, or 0 on other systems."""
    try:
        with open(f"/proc/self/{name}") as f:
            found = dict(line.split(":", 1) for line in f if ":" in line)
    except OSError:
        return [0] * len(fields)
    return [int(found[field].split()[0]) for field in fields]


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass
