#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""libvouch as a stranger meets it: installed, found by pkg-config, compiled against from outside the
tree, shared and static; what it issues is read by ssh-keygen.

    libvouch.py MESON BUILD-FOLDER
"""

import glob
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab, find_program
from tap import Tap, expect, expect_equal, skip_all

# What a program with libvouch in it needs at run time, and nothing else.
NEEDED = {"libcrypto", "libsodium", "libc", "ld-linux-x86-64", "ld-linux-aarch64"}
SANITIZERS = {"libasan", "libubsan", "libm", "libdl", "libpthread", "librt", "libgcc_s", "libstdc++"}


class Installed:
    """The tree that `meson install` made, and a compiler that looks nowhere else."""

    def __init__(self, lab, meson, build):
        self.lab = lab
        self.root = lab.folder("root")
        words = ("install", "-C", build, "--no-rebuild", "--quiet", "--destdir", self.root)
        lab.must(*meson.split(), *words)
        self.pc = self.find("vouch.pc")
        self.env = dict(
            lab.env,
            PKG_CONFIG_PATH=os.path.dirname(self.pc),
            PKG_CONFIG_SYSROOT_DIR=self.root,
        )
        with open(os.path.realpath(self.find("libvouch.so")), "rb") as file:
            self.sanitized = b"__asan_init" in file.read()

    def find(self, name):
        found = glob.glob(f"{self.root}/**/{name}", recursive=True)
        expect(len(found) == 1, f"{name}: found {found}")
        return found[0]

    def flags(self, *words):
        return self.lab.must("pkg-config", *words, "vouch", env=self.env).out.split()

    def compile(self, source, *flags):
        program = self.lab.fresh("program-")
        extra = ["-fsanitize=address,undefined"] if self.sanitized else []
        words = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-D_DEFAULT_SOURCE")
        self.lab.must("cc", *words, *extra, source, "-o", program, *flags, env=self.env)
        return program

    def run(self, program, *words, **more):
        folder = os.path.dirname(self.find("libvouch.so"))
        return self.lab.must(program, *words, env=dict(self.env, LD_LIBRARY_PATH=folder), **more)

    def needed(self, path):
        listed = self.lab.must("readelf", "-d", path).out
        return {re.split(r"\.so", name)[0] for name in re.findall(r"\(NEEDED\).*\[(.*)\]", listed)}


def install(case, tap):
    with tap.row("installed: every public header, both libraries, the pkg-config file"):
        names = {os.path.basename(p) for p in glob.glob(case.lab.source + "/include/vouch/*.h")}
        there = {os.path.basename(p) for p in glob.glob(case.root + "/**/vouch/*.h", recursive=True)}
        expect(len(names) >= 6, names)
        expect_equal(there, names, "installed headers")
        for name in ("libvouch.so", "libvouch.a", "libvouch.so.0", "vouch.pc"):
            case.find(name)
    with tap.row("the shared library needs libcrypto and libsodium, and no more"):
        needed = case.needed(case.find("libvouch.so.0"))
        allowed = NEEDED | (SANITIZERS if case.sanitized else set())
        expect(needed <= allowed and {"libcrypto", "libsodium"} <= needed, needed)
    with tap.row("the shared library exports vouch_ names only, and each of the headers'"):
        listed = case.lab.must("nm", "-D", "--defined-only", case.find("libvouch.so.0")).out
        kinds = [line.split()[-2:] for line in listed.splitlines()]
        names = {name.split("@")[0] for kind, name in kinds if kind in "TDBRW"}
        names -= {name for name in names if name.startswith("__")}
        expect(all(name.startswith("vouch_") for name in names), names)
        declared = set()
        for path in glob.glob(case.root + "/**/vouch/*.h", recursive=True):
            with open(path, encoding="utf-8") as file:
                text = re.sub(r"//[^\n]*", "", file.read())
            for part in re.findall(r"\bVOUCH_API\b[^;{]*;", text):
                declared.add(re.search(r"(vouch_\w+)\s*\(", part)[1])
        expect(len(declared) > 40, declared)
        expect_equal(declared - names, set(), "declared but not exported")


def programs(case, tap):
    example = case.lab.source + "/doc/example.c"
    with open(example, encoding="utf-8") as file:
        lines = [line for line in file if line.strip() and not line.startswith("//")]
    with tap.row("the example is short, and compiled from outside the tree without a warning"):
        expect(len(lines) <= 60, f"{len(lines)} lines")
        program = case.compile(example, *case.flags("--cflags", "--libs"))
        expect("libvouch" in case.needed(program), case.needed(program))
    with tap.row("the example's certificate is read by ssh-keygen -L and by vouch cert show"):
        check_certificate(case, case.run(program).out)
    with tap.row("the same with the static library"):
        archive = os.path.dirname(case.find("libvouch.a"))
        flags = [f for f in case.flags("--cflags", "--static", "--libs") if f != "-lvouch"]
        program = case.compile(example, archive + "/libvouch.a", *flags)
        expect("libvouch" not in case.needed(program), case.needed(program))
        check_certificate(case, case.run(program).out)
    with tap.row("each header compiles alone"):
        for path in sorted(glob.glob(case.root + "/**/vouch/*.h", recursive=True)):
            name = os.path.basename(path)
            source = case.lab.write("alone.c", f"#include <vouch/{name}>\nint main(void) {{}}\n")
            case.compile(source, *case.flags("--cflags", "--libs"))


def check_certificate(case, line):
    path = case.lab.write("example-cert.pub", line)
    theirs = case.lab.must("ssh-keygen", "-L", "-f", path).out
    expect("user certificate" in theirs and "alice" in theirs, theirs)
    ours = case.lab.must_vouch("cert", "show", path).out
    expect("alice" in ours, ours)


def main():
    for program in ("cc", "pkg-config", "readelf", "nm"):
        if find_program(program) is None:
            skip_all(f"{program} is not installed")
    with Lab("ssh-keygen") as lab:
        tap = Tap()
        case = Installed(lab, sys.argv[1], sys.argv[2])
        install(case, tap)
        programs(case, tap)
        tap.done()


if __name__ == "__main__":
    main()
