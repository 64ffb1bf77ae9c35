"""The other side of the interoperability tests: TensorFlow, which answers questions on standard
input.

TensorFlow reads its environment once, when it is imported.
"""
import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

logging.getLogger("tensorflow").setLevel(logging.ERROR)
