#!/usr/bin/env python3
"""Writes the golden checkpoints of this directory with TensorFlow. See README.md.

    python testdata/gen.py                  # all of them
    python testdata/gen.py values saved     # the cases with names that start with one of these
    python testdata/gen.py --check          # makes all of them elsewhere and compares
"""
import argparse
import filecmp
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from generate import cases  # noqa: E402  (the path comes first)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prefixes", nargs="*", help="what the names of the wanted cases start with")
    parser.add_argument("--check", action="store_true", help="compare what would be written with what is there")
    options = parser.parse_args()
    chosen = [c for name, c in cases.items() if not options.prefixes or name.startswith(tuple(options.prefixes))]
    if not chosen:
        sys.exit("no case starts with " + " or ".join(options.prefixes))
    if not options.check:
        run(chosen, HERE / "golden")
        return
    chosen = [c for c in chosen if c.stable]
    with tempfile.TemporaryDirectory() as scratch:
        run(chosen, pathlib.Path(scratch))
        different = [d for c in chosen for d in differences(pathlib.Path(scratch) / c.name, HERE / "golden" / c.name)]
    if different:
        sys.exit("\n".join(different))


def run(chosen, into):
    for c in chosen:
        start = time.monotonic()
        c.run(into)
        print("%-40s %5.1f s" % (c.name, time.monotonic() - start), flush=True)


def differences(made, kept):
    """The files that differ between two directories."""
    names = {p.relative_to(d) for d in (made, kept) for p in d.rglob("*") if p.is_file()}
    for name in sorted(names):
        if not (made / name).exists() or not (kept / name).exists():
            yield "%s is only in %s" % (kept.name / name, "the new set" if (made / name).exists() else "the kept set")
        elif not filecmp.cmp(made / name, kept / name, shallow=False):
            yield "%s differs" % (kept.name / name)


if __name__ == "__main__":
    main()
