#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet H5: each comparison of what verifies is turned round, and the tests have to see it.

CVE-2025-26465 was one `== -1` where `!= 0` was meant, which no test saw. Here a copy of the sources is built
with one comparison changed at a time; a change that all tests of its file let pass is a row that fails,
unless it is listed below with the reason why it changes nothing.

usage: mutants.py [FILE...]. A long campaign: without VOUCH_LONG=1 it is skipped.
"""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
sys.path.append(os.path.join(ROOT, "tools"))

import csource
from lab import Lab
from tap import Tap, expect, skip_all

# What decides, and what has to notice when it decides wrongly.
SUBJECTS = {
    "src/core/krl-envelope.c": ["core/krl-envelope", "host/krl-proof"],
    "src/core/host-proof.c": ["core/host-proof"],
    "src/core/sshsig.c": ["core/sshsig"],
    "src/core/cert-check.c": ["core/cert"],
    "src/host/krl-proof.c": ["host/krl-proof"],
}
TURNED = {"==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<", "&&": "||", "||": "&&"}
# Changes that change nothing, as "file: the line: what was turned", and why.
SAME = {}
TEST_SECONDS = 120


class Copy:
    """The sources in a folder of their own, with a build of only what is needed."""

    def __init__(self, lab):
        self.source = lab.join("source")
        self.build = lab.join("build")
        shutil.copytree(ROOT, self.source, ignore=shutil.ignore_patterns(".git", "build", "node_modules"))
        subprocess.run(["meson", "setup", self.build, self.source, "--buildtype=debug", "-Dtests=enabled",
                        "-Db_sanitize=address"],
                       check=True, capture_output=True)

    def passes(self, tests):
        """Whether it builds and all these tests pass; None if it does not build."""
        targets = ["test-" + name.replace("/", "-") for name in tests]
        if subprocess.run(["ninja", "-C", self.build, *targets], capture_output=True, check=False).returncode != 0:
            return None
        for target in targets:
            try:
                done = subprocess.run([os.path.join(self.build, target)], cwd=self.build, capture_output=True,
                                      env=dict(os.environ, VOUCH_SRC=self.source), timeout=TEST_SECONDS, check=False)
            except subprocess.TimeoutExpired:
                return False
            if done.returncode != 0:
                return False
        return True


def mutants(text):
    """(line number, its text, operator, the changed source) for each comparison."""
    lines = text.splitlines()
    offset, place = 0, []
    for token in csource.tokens(text):
        start = text.index(token.text, offset)
        offset = start + len(token.text)
        place.append((token, start))
    for token, start in place:
        if token.kind == "punct" and token.text in TURNED:
            changed = text[:start] + TURNED[token.text] + text[start + len(token.text):]
            yield token.line, lines[token.line - 1].strip(), token.text, changed


def judge(tap, copy, name, tests):
    path = os.path.join(copy.source, name)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with tap.row(f"H5: {name}: the tests pass as it is"):
        expect(copy.passes(tests) is True)
    survivors, count = [], 0
    for line, code, operator, changed in mutants(text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        if copy.passes(tests) is True and f"{name}: {code}: {operator}" not in SAME:
            survivors.append(f"{name}:{line}: {operator} turned round: {code}")
            print(f"# {survivors[-1]}", flush=True)
        count += 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    with tap.row(f"H5: {name}: each of {count} comparisons turned round is noticed"):
        expect(count > 0 and not survivors, *survivors)


def main():
    if os.environ.get("VOUCH_LONG") != "1":
        skip_all("a long campaign: VOUCH_LONG=1")
    tap = Tap()
    with Lab("meson", "ninja") as lab:
        copy = Copy(lab)
        for name, tests in SUBJECTS.items():
            if len(sys.argv) < 2 or any(re.search(word, name) for word in sys.argv[1:]):
                judge(tap, copy, name, tests)
    tap.done()


if __name__ == "__main__":
    main()
