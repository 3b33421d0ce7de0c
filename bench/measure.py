# SPDX-License-Identifier: ISC
"""What the measurements of a running service share: figures beside their targets, the service's load client,
the release build, and the command line.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))

from service import blob_of_line
from tap import Failure

EXPECTED_PER_S = {1: 5000, 8: 12000, 64: 16000}  # how many subjects are made; more than are reached
PRINCIPAL = "alice"


class Report:
    def __init__(self):
        self.rows = []

    def head(self, text):
        print(f"\n{text}", flush=True)

    def add(self, what, value, unit, target=None, below=None, above=None, note=""):
        """One figure; `below` or `above` is its target."""
        met = ""
        if below is not None or above is not None:
            good = value < below if below is not None else value >= above
            met = "met" if good else "MISSED"
            sign, bound = ("<", below) if below is not None else (">=", above)
            target = f"{sign} {show(bound)}"
        row = {"what": what, "value": value, "unit": unit, "target": target or "", "met": met}
        self.rows.append({**row, "note": note})
        print(
            f"  {what:<58} {show(value):>10} {unit:<6} {target or '':<12} {met:<6} {note}".rstrip(),
            flush=True,
        )


def show(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def tool(args, path):
    full = os.path.join(args.build, path)
    if not os.path.exists(full):
        raise Failure(f"{full} is not built")
    return full


class Measured:
    """A service, its load client, and what the machine takes by itself."""

    def __init__(self, args, report, work, service):
        self.args, self.report, self.work, self.service = args, report, work, service
        self.client = tool(args, "bench/load-client")
        self.held = set()  # hashes of the certificates that the client got
        self.runs = 0
        self.floor = self.run_client("floor", work)
        self.lower_floor()

    def run_client(self, *words):
        done = subprocess.run([self.client, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}"
                          f"\nvouchd's log:\n{self.service.log()[-3000:]}")
        return json.loads(done.stdout)

    def common(self):
        return ["--address", self.service.address, "--pin", self.service.join("tls", "cert.pem")]

    def keep(self, name, secret):
        """A file for the load client with what is shown to the service."""
        path = os.path.join(self.work, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(secret)
        return path

    def issue(self, connections, seconds, *more, token=None, principal=PRINCIPAL):
        """One run; its figures, with the processor's time of the service."""
        self.runs += 1
        out = os.path.join(self.work, f"certs-{self.runs}")
        per_s = EXPECTED_PER_S.get(connections, 16000)
        before = sum(self.service.cpu_s().values())
        found = self.run_client(
            "issue", *self.common(), "--token", token or self.token, "--ca", self.service.ca_file(),
            "--principal", principal, "--connections", connections, "--seconds", seconds,
            "--count", per_s * seconds, "--out", out, *more,
        )
        found["cpu_us"] = (sum(self.service.cpu_s().values()) - before) / found["issued"] * 1e6
        with open(out, encoding="ascii") as lines:
            for line in lines:
                self.held.add(hashlib.sha256(blob_of_line(line)).digest())
        os.remove(out)
        return found

    def lower_floor(self):
        """Measures the machine once more; the better figures count: the others met something else."""
        for name, value in self.run_client("floor", self.work).items():
            self.floor[name] = min(self.floor[name], value)

    def memory(self):
        held = self.service.memory_kb()
        parts = ", ".join(f"{name} {kb / 1000:.1f}" for name, kb in held.items())
        self.report.add("memory of all processes (PSS)", sum(held.values()) / 1000, "MB", below=30,
                        note=parts)


def build(args):
    if args.build is None:
        args.build = os.path.join(ROOT, "build", "release")
        if not os.path.exists(os.path.join(args.build, "build.ninja")):
            subprocess.run(["meson", "setup", args.build, ROOT, "--buildtype=release"], check=True,
                           stdout=subprocess.DEVNULL)
        subprocess.run(["ninja", "-C", args.build], check=True, stdout=subprocess.DEVNULL)


def parser_of(text):
    """The options that every measurement has."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short runs, for a smoke test")
    parser.add_argument("--seconds", type=int, help="how long each run is (default 10)")
    parser.add_argument("--folder", help="where the service's folder is made")
    parser.add_argument("--build", help="a build tree to use as it is, in place of build/release")
    parser.add_argument("--json", metavar="FILE", help="write the rows there as well")
    return parser


def run(name, parser, measure):
    """Measures, and ends the program; measure(args, report, work) is nonzero if the counts agree."""
    args, report = parser.parse_args(), Report()
    args.seconds = args.seconds or (2 if args.quick else 10)
    build(args)
    try:
        with tempfile.TemporaryDirectory(prefix="vouch-load-", dir=args.folder) as work:
            good = measure(args, report, work)
    except Failure as failure:
        sys.exit(f"{name}: {failure}")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(report.rows, file, indent=1)
    missed = sum(row["met"] == "MISSED" for row in report.rows)
    print(f"\n{sum(row['met'] == 'met' for row in report.rows)} targets met, {missed} missed")
    sys.exit(0 if good else 1)
