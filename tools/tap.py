# SPDX-License-Identifier: ISC
"""Runs the unittest cases of a script and speaks TAP, so that each case is counted as one test."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

TOOLS = os.path.dirname(os.path.abspath(__file__))


def load(script):
    """A script of this folder as a module, for cases that call its functions."""
    name = script.replace("-", "_")
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(TOOLS, script))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


class _Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.count = 0

    def _say(self, verdict, test, note=""):
        self.count += 1
        print(f"{verdict} {self.count} - {test.id().split('.', 1)[1]}{note}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._say("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("ok", test, f" # SKIP {reason}")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._fail(test, self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self._fail(test, self.errors[-1][1])

    def _fail(self, test, trace):
        self._say("not ok", test)
        for line in trace.splitlines():
            print("# " + line, flush=True)


def main():
    """Runs every case of the calling script; exits 1 if one failed or none ran."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    print(f"1..{suite.countTestCases()}", flush=True)
    result = _Result()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() and result.count > 0 else 1)


class CheckCase(unittest.TestCase):
    """A case that runs one of the checks over a small tree made for it."""

    tool = ""  # the script's name
    options = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="house-")
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_tool(self):
        command = [sys.executable, os.path.join(TOOLS, self.tool), "--root", self.root]
        done = subprocess.run([*command, *self.options], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def assert_clean(self):
        status, out, err = self.run_tool()
        self.assertEqual((status, out), (0, ""), err)

    def assert_finds(self, *parts):
        """The check exits 1 and one line of its output holds all `parts`."""
        status, out, err = self.run_tool()
        self.assertEqual(status, 1, out + err)
        lines = out.splitlines()
        self.assertTrue(any(all(p in line for p in parts) for line in lines), out + err)
        return lines
