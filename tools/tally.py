# SPDX-License-Identifier: ISC
"""Counts tests: reads what Meson's test log and TAP say, and adds it up without mercy.

What is not plainly a success is a failure: a crash, a timeout, a plan that was not kept, a test
that says nothing.
"""

import json
import re

_LINE = re.compile(r"(ok|not ok)\b\s*(\d+)?\s*-?\s*([^#]*)(?:#\s*(\w+)\s*(.*))?$")
_PLAN = re.compile(r"1\.\.(\d+)(?:\s*#\s*skip\S*\s*(.*))?$", re.IGNORECASE)


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []  # (name, reason, path of the log or "")
        self.skipped = []  # (name, reason)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def fail(self, name, reason, log=""):
        self.failed.append((name, reason, log))

    def status(self):
        """0 only if something ran and nothing failed."""
        return 0 if self.passed > 0 and not self.failed else 1

    def report(self):
        """The lines to end with; the last is for programs."""
        lines = []
        if self.skipped:
            lines.append("Skipped:")
            lines += [f"  {name}: {reason}" for name, reason in self.skipped]
        if self.failed:
            lines.append("Failed:")
            lines += self._failures()
        if not self.passed and not self.failed:
            lines.append("Nothing ran." if not self.skipped else "Nothing ran but what was skipped.")
        last = f"{self.passed} passed, {len(self.failed)} failed"
        lines.append(last + (f", {len(self.skipped)} skipped" if self.skipped else ""))
        return "\n".join(lines)

    def _failures(self):
        """A line for each failure, and after those of one program the path of its log."""
        for index, (name, reason, log) in enumerate(self.failed):
            yield f"  {name}: {reason}"
            is_last = index + 1 == len(self.failed) or self.failed[index + 1][2] != log
            if log and is_last:
                yield f"    log: {log}"


def count_tap(name, output):
    """The sub-tests of one program's TAP output."""
    tally, ran, planned = Tally(), 0, None
    for line in output.splitlines():
        plan = _PLAN.match(line)
        if plan is not None:
            planned = (planned or 0) + int(plan.group(1))
            if int(plan.group(1)) == 0:
                tally.skipped.append((name, plan.group(2) or "no reason given"))
            continue
        if line.startswith("Bail out!"):
            tally.fail(name, line)
        match = _LINE.match(line)
        if match is not None:
            ran += 1
            _count_line(tally, name, match)
    if planned is None:
        tally.fail(name, "no TAP plan: it did not get to its tests")
    elif planned != ran:
        tally.fail(name, f"planned {planned} sub-tests, ran {ran}")
    return tally


def _count_line(tally, name, match):
    verdict, number, text, directive, reason = match.groups()
    text = text.strip() or f"number {number}"
    # cmocka writes a skipped test as "not ok 3 # SKIP name".
    if (directive or "").upper() == "SKIP":
        tally.skipped.append((f"{name}: {text}", reason or "no reason given"))
    elif verdict == "ok":
        tally.passed += 1
    else:
        tally.fail(f"{name}: {text}", "failed")


def count_entry(name, entry, is_tap):
    """One test of Meson's log."""
    result, status = entry["result"], entry["returncode"]
    output = entry.get("stdout") or ""
    if is_tap:
        tally = count_tap(name, output)
        if result == "TIMEOUT":
            tally.fail(name, f"timed out after {entry['duration']:.0f} s")
        elif status != 0 and (not tally.failed or status < 0):
            tally.fail(name, how_it_ended(status))
        elif result not in ("OK", "SKIP") and not tally.failed and not tally.skipped:
            tally.fail(name, f"Meson says {result}")
        return tally
    tally = Tally()
    if result == "OK":
        tally.passed = 1
    elif result == "SKIP":
        said = (output + (entry.get("stderr") or "")).strip().splitlines()
        tally.skipped.append((name, said[-1] if said else "no reason given"))
    elif result == "TIMEOUT":
        tally.fail(name, f"timed out after {entry['duration']:.0f} s")
    else:
        tally.fail(name, how_it_ended(status))
    return tally


def how_it_ended(status):
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"


def read_log(text):
    """The entries of a testlog.json: one JSON object on each line."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]
