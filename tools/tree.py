# SPDX-License-Identifier: ISC
"""What every check shares: which files the tree has, and how findings are printed.

A check prints `file:line: problem` for each finding and exits 1; with none it exits 0. It exits 2
when it could not do its work, so that "found nothing" and "did not look" never look alike.
"""

import argparse
import fnmatch
import os
import subprocess
import sys

# Bytes that tests need exactly as they are, and what check-web holds to its sources.
RAW = ("tests/data/*", "fuzz/corpus/*", "src/web/dist/*")


class Tree:
    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.names = sorted(_listed(self.root))

    def match(self, *patterns):
        """The files that fit one of the patterns; * crosses folders, as in fnmatch."""
        return [n for n in self.names if any(fnmatch.fnmatch(n, p) for p in patterns)]

    def path(self, name):
        return os.path.join(self.root, name)

    def has(self, name):
        return os.path.exists(self.path(name))

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace", newline="") as file:
            return file.read()


def _listed(root):
    """Every file that is kept: what git tracks or would add; without git, what lies there."""
    if os.path.exists(os.path.join(root, ".git")):
        command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others",
                   "--exclude-standard"]
        try:
            done = subprocess.run(command, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return _walked(root)
        names = [os.fsdecode(n) for n in done.stdout.split(b"\0") if n]
        return {n for n in names if os.path.isfile(os.path.join(root, n))}
    return _walked(root)


def _walked(root):
    names = set()
    for folder, folders, files in os.walk(root):
        skipped = {".git", "__pycache__", ".cache", "node_modules"} | ({"build"} if folder == root else set())
        folders[:] = [f for f in folders if f not in skipped]
        names.update(os.path.relpath(os.path.join(folder, f), root) for f in files)
    return names


def is_raw(name):
    return any(fnmatch.fnmatch(name, p) for p in RAW)


class Findings:
    def __init__(self):
        self.rows = set()

    def add(self, name, line, text):
        self.rows.add((name, line, text))

    def finish(self, looked_at):
        """Prints the findings; the exit status. `looked_at` says what was checked, and how many."""
        for name, line, text in sorted(self.rows):
            print(f"{name}:{line}: {text}")
        if self.rows:
            print(f"{len(self.rows)} findings in {looked_at}", file=sys.stderr)
            return 1
        print(f"nothing found in {looked_at}", file=sys.stderr)
        return 0


def parser(description):
    """The command line that every check has; a check adds its own options."""
    result = argparse.ArgumentParser(description=description)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    result.add_argument("--root", default=here, help="the tree to check (default: this one)")
    return result


def give_up(text):
    """Ends the check when it cannot look, which is neither "good" nor "bad"."""
    print(text, file=sys.stderr)
    sys.exit(2)


def run(command, **more):
    """A program's (status, output of both channels), or give up if it is not there."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
        )
    except OSError as error:
        give_up(f"{command[0]}: {error.strerror}; install it (./test does that) and run again")
    return done.returncode, done.stdout
