"""Makes the golden checkpoints. TensorFlow writes them, and these modules describe them in JSON.

TensorFlow reads its environment once, when it is imported. The environment asks for no messages, for the CPU, and for
results that do not depend on the number of threads.
"""
import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from . import damage, models, names, objects, optimizers, saving, statuses, values  # noqa: E402  (after the environment)
from .case import CASES as cases  # noqa: E402

__all__ = ["cases", "damage", "models", "names", "objects", "optimizers", "saving", "statuses", "values"]

logging.getLogger("tensorflow").handlers[:] = [logging.NullHandler()]     # statuses.py collects TensorFlow's messages
logging.getLogger("tensorflow").propagate = False
logging.getLogger("absl").setLevel(logging.ERROR)
