#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""scp and sftp with certificates of ours on both sides: files come over whole and nothing is asked."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab, find_program
from sshd import USER, Sshd
from tap import Skip, Tap, expect

SIZE = 3_000_001


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Bench:
    """A user certificate, a host certificate, and files to send."""

    def __init__(self, lab):
        self.lab = lab
        ca = lab.ca()
        key, host = lab.key("ed25519"), lab.key("ecdsa256")
        words = ("--ca", ca, "--id", "transfer", "--principals")
        lab.must_vouch("sign", "user", *words, USER, key + ".pub")
        lab.must_vouch("sign", "host", *words, "host", host + ".pub")
        lines = f"TrustedUserCAKeys {ca}/user_ca.pub"
        self.sshd = Sshd(lab, lines, host, host + "-cert.pub")
        trust = ("ca", "trust", ca, "--for", "known_hosts", "--pattern", "host")
        self.sshd.trust(lab.must_vouch(*trust).out)
        self.config = self.sshd.client(IdentityFile=key, CertificateFile=key + "-cert.pub")
        self.data = os.urandom(SIZE)
        self.file = lab.write("here", self.data)

    def arrives(self, path):
        expect(os.path.exists(path) and read(path) == self.data, f"{path} is not what was sent")


def scp(bench, tap):
    lab = bench.lab
    for name, option in (("sftp's protocol", "-s"), ("its own protocol", "-O")):
        with tap.row(f"scp by {name}: there and back"):
            there, back = lab.fresh("there-"), lab.fresh("back-")
            lab.must("scp", option, "-q", "-F", bench.config, bench.file, f"host:{there}")
            bench.arrives(there)
            lab.must("scp", option, "-q", "-F", bench.config, f"host:{there}", back)
            bench.arrives(back)
    with tap.row("scp -r: a folder"):
        lab.folder("tree/inner")
        lab.write("tree/inner/file", bench.data)
        lab.must("scp", "-q", "-r", "-F", bench.config, lab.join("tree"), f"host:{lab.join('copy')}")
        bench.arrives(lab.join("copy/inner/file"))


def sftp(bench, tap):
    with tap.row("sftp: put, get and rename"):
        there, back = bench.lab.fresh("there-"), bench.lab.fresh("back-")
        batch = f"put {bench.file} {there}\nrename {there} {there}x\nget {there}x {back}\n"
        bench.lab.must("sftp", "-b", "-", "-F", bench.config, "host", stdin=batch)
        bench.arrives(there + "x")
        bench.arrives(back)


def pipe(bench, tap):
    with tap.row("ssh: a pipe carries every byte"):
        there = bench.lab.fresh("there-")
        command = ("ssh", "-F", bench.config, "host", f"cat > {there}")
        bench.lab.must(*command, stdin=bench.data)
        bench.arrives(there)
    with tap.row("rsync over ssh"):
        if find_program("rsync") is None:
            raise Skip("rsync is not installed")
        there = bench.lab.fresh("there-")
        shell = f"ssh -F {bench.config}"
        bench.lab.must("rsync", "-e", shell, bench.file, f"host:{there}")
        bench.arrives(there)


def main():
    with Lab("sshd", "ssh", "scp", "sftp", "ssh-keygen") as lab:
        tap = Tap()
        bench = Bench(lab)
        for part in (scp, sftp, pipe):
            part(bench, tap)
        tap.done()


if __name__ == "__main__":
    main()
