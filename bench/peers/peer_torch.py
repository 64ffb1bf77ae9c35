"""torch.save and torch.load, which returns new tensors."""

import os

import torch

from measure import values


class Peer:
    pattern = "torch.pt"

    def __init__(self, task):
        self.tensors = {f"list/{i}": torch.from_numpy(values(task, i)) for i in range(task["Tensors"])}

    def forget(self):
        self.tensors = None

    def do_save(self, directory):
        torch.save(self.tensors, os.path.join(directory, self.pattern))

    def do_restore(self, directory):
        self.tensors = torch.load(os.path.join(directory, self.pattern))
