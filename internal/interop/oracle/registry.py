"""The questions, and the programs that they are about."""

ASKED = {}
PROGRAMS = {}


def asked(function):
    ASKED[function.__name__] = function
    return function


def program(function):
    """Decorates a function from Values to (root, keywords), the arguments of tf.train.Checkpoint(root,
    **keywords)."""
    PROGRAMS[function.__name__] = function
    return function
