# SPDX-License-Identifier: ISC
"""Test Anything Protocol for the test scripts: one row, one line.

A row is a `with` block. It is good if the block ends; anything raised inside makes it `not ok`, with
what was raised as diagnostics. The plan is printed by done(), so a script that dies half-way prints
none and counts as failed.
"""

import contextlib
import sys
import time
import traceback


class Failure(Exception):
    """What a row found wrong; its lines are printed as diagnostics."""


class Skip(Exception):
    """A row that cannot be judged here, and why."""


def expect(condition, *notes):
    """Ends the row as failed unless `condition` holds."""
    if not condition:
        raise Failure("\n".join(str(n) for n in notes) or "the condition does not hold")


def expect_equal(got, wanted, what="value"):
    if got != wanted:
        raise Failure(f"{what}: got {got!r}\n{what}: expected {wanted!r}")


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0
        self.begun = time.monotonic()

    def _say(self, verdict, name, note=""):
        self.count += 1
        text = name.replace("#", " ").replace("\n", " ")
        print(f"{verdict} {self.count} - {text}{note}", flush=True)

    @contextlib.contextmanager
    def row(self, name):
        try:
            yield
        except Skip as reason:
            self._say("ok", name, f" # SKIP {reason}")
        except Exception as error:  # any surprise in a row is a failed row, not the end of the script
            self._say("not ok", name)
            self.failed += 1
            text = str(error) if isinstance(error, Failure) else traceback.format_exc()
            note(text)
        else:
            self._say("ok", name)

    def done(self):
        """Prints the plan and ends the program; a script without rows has failed."""
        note(f"{time.monotonic() - self.begun:.1f} s")
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed or self.count == 0 else 0)


def note(text):
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}", flush=True)
    sys.exit(0)
