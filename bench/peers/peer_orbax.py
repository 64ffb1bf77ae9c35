"""Orbax's PyTreeCheckpointer with arrays of JAX. restore returns new arrays in the given structure. Compression is off,
so that Orbax writes as many bytes as the other peers; that is also faster. TensorStore syncs the arrays' files. The
peer syncs Orbax's other files.
"""

import os

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp

from measure import values


class Peer:
    pattern = "orbax"

    def __init__(self, task):
        self.checkpointer = ocp.PyTreeCheckpointer(use_compression=False)
        self.tree = {"list": [jnp.array(values(task, i)) for i in range(task["Tensors"])]}
        self.structure = jax.tree.map(ocp.utils.to_shape_dtype_struct, self.tree)
        self.args = ocp.checkpoint_utils.construct_restore_args(self.structure)

    def forget(self):
        self.tree = None

    def do_save(self, directory):
        self.checkpointer.save(os.path.join(directory, self.pattern), self.tree)

    def do_restore(self, directory):
        self.tree = self.checkpointer.restore(os.path.join(directory, self.pattern), item=self.structure, restore_args=self.args)
        jax.block_until_ready(self.tree)
