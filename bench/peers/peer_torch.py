"""torch.save and torch.load, which returns new tensors. For measurements of PyTorch's own format, it uses
torch.load(mmap=True) and copies into the existing tensors."""

import os

import torch

from measure import values


def prepare(task):
    torch.save({f"list.{i}": torch.from_numpy(values(task, i)) for i in range(task["Tensors"])}, os.path.join(task["Dir"], "model.pt"))


def load(task):
    tensors = torch.load(os.path.join(task["Dir"], "model.pt"), mmap=True)
    return [tensors[f"list.{i}"].clone() for i in range(task["Tensors"])]  # so that the values are in memory


class Peer:
    pattern = "torch.pt"

    def __init__(self, task):
        self.mapped = task["Format"] == "pt"
        self.tensors = {f"list/{i}": torch.from_numpy(values(task, i)) for i in range(task["Tensors"])}

    def forget(self):
        if not self.mapped:
            self.tensors = None
            return
        for tensor in self.tensors.values():
            tensor.zero_()

    def do_save(self, directory):
        torch.save(self.tensors, os.path.join(directory, self.pattern))

    def do_restore(self, directory):
        path = os.path.join(directory, self.pattern)
        if not self.mapped:
            self.tensors = torch.load(path)
            return
        for name, tensor in torch.load(path, mmap=True).items():
            self.tensors[name].copy_(tensor)
