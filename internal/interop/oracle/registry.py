"""What can be asked, and the programs that questions are about."""

ASKED = {}
PROGRAMS = {}


def asked(function):
    ASKED[function.__name__] = function
    return function


def program(function):
    """Decorates a function from Values to (root, keywords): what tf.train.Checkpoint(root, **keywords) is made of."""
    PROGRAMS[function.__name__] = function
    return function
