#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: a disk that fails and a machine that stops, at each step of signing. Rows C22 S2 S3.

strace makes the n-th system call of a kind fail, or kills the program there, for n = 1, 2, 3 and so on
until the program gets through. After each: whatever certificate lies about is in the ledger, the
ledger proves itself, no partial file is left in the way, and the next request is served with a serial
that nobody had.
"""

import glob
import os
import re
import shutil
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sshwire
from lab import Lab
from tap import Tap, expect, expect_equal

# What signing asks of the system that can fail, and with what.
ERRORS = (
    ("fdatasync", "EIO"),
    ("fsync", "EIO"),
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("rename", "ENOSPC"),
    ("renameat", "EIO"),
    ("renameat2", "EIO"),
    ("fallocate", "ENOSPC"),
    ("ftruncate", "EIO"),
    ("flock", "ENOLCK"),
    ("read", "EIO"),
    ("pread64", "EIO"),
    ("fchmod", "EPERM"),
    ("mkdirat", "ENOSPC"),
    ("unlinkat", "EIO"),
)
KILLS = (
    "write", "pwrite64", "fdatasync", "fsync", "rename", "renameat", "link", "linkat", "unlinkat",
    "ftruncate", "fallocate", "fchmod", "mkdirat", "openat", "close",
)
# Beyond this many steps of one kind every fifth is tried: they are reads and closes.
STEPS_WHOLE = 12
STEPS_MAX = 200
CRASHES = -signal.SIGABRT, -signal.SIGSEGV, 128 + signal.SIGABRT, 128 + signal.SIGSEGV


class Rig:
    """A CA whose folder is put back to the same beginning before each step."""

    def __init__(self, lab):
        self.lab = lab
        self.first = lab.ca()
        self.key = lab.key("ed25519")
        self.cert = self.key + "-cert.pub"
        self.words = ("--id", "x", "--principals", "alice", self.key + ".pub")
        lab.must_vouch("sign", "user", "--ca", self.first, *self.words)
        self.seen = self.serial()
        self.ca = lab.join("live-ca")
        self.env = dict(lab.env, ASAN_OPTIONS="detect_leaks=0")

    def serial(self):
        return sshwire.read_cert_file(self.cert)["serial"]

    def reset(self):
        shutil.rmtree(self.ca, ignore_errors=True)
        shutil.copytree(self.first, self.ca)
        for path in glob.glob(self.key + "-cert*") + glob.glob(self.lab.path + "/.*cert*"):
            os.unlink(path)

    def used(self):
        """The names of the system calls that signing makes at all."""
        self.reset()
        log = self.lab.join("strace.log")
        words = ("sign", "user", "--ca", self.ca, *self.words)
        self.lab.must("strace", "-f", "-qq", "-o", log, self.lab.vouch_path, *words, env=self.env)
        with open(log, encoding="utf-8", errors="replace") as file:
            return set(re.findall(r"^\d+ +(\w+)\(", file.read(), re.M))

    def inject(self, calls, what, step):
        """Signs with the fault at the given step; True if the fault came."""
        log = self.lab.join("strace.log")
        trace = ("strace", "-f", "-qq", "-o", log, "-e", f"trace={calls}")
        hit = f"inject={calls}:{what}:when={step}"
        words = ("sign", "user", "--ca", self.ca, *self.words)
        done = self.lab.run(*trace, "-e", hit, self.lab.vouch_path, *words, env=self.env)
        with open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        self.struck = [line for line in text.splitlines() if "(INJECTED)" in line]
        return done, bool(self.struck) or "killed by SIGKILL" in text

    def spoke(self, done):
        """It said what is wrong, or that very word was what failed, or it was not running yet."""
        lost = any(re.search(r"\bwrite\([12],", line) for line in self.struck)
        others = ("error while loading shared libraries", "LeakSanitizer does not work under ptrace")
        return "[V-" in done.err or lost or any(words in done.err for words in others)

    def check(self, done):
        """What has to hold whatever happened."""
        lab = self.lab
        expect(done.status not in CRASHES, "it crashed", done)
        verify = ["ledger", "verify", self.ca]
        if os.path.exists(self.cert):
            verify += ["--cert", self.cert]
        proof = lab.vouch(*verify)
        # A step before the checkpoint leaves records beyond it; the next opening of the CA heals that.
        again = lab.vouch("sign", "user", "--ca", self.ca, "--out", lab.join("next"), *self.words)
        expect(again.status == 0, "the next request was not served", done, proof, again)
        proof = lab.vouch(*verify, "--cert", lab.join("next"))
        expect(proof.status == 0, "the ledger does not prove itself", done, again, proof)
        serial = sshwire.read_cert_file(lab.join("next"))["serial"]
        expect(serial > self.seen, f"serial {serial} was given before")
        if os.path.exists(self.cert):
            expect(serial > self.serial(), f"serial {serial} was given twice")
        os.unlink(lab.join("next"))
        if done.status != -signal.SIGKILL:  # who is killed cannot clear up
            expect_equal(glob.glob(self.key + "-cert.pub?*"), [], "files left behind")

    def sweep(self, calls, what, may_succeed):
        """Each step in turn, until the fault no longer comes; how many were tried."""
        tried = 0
        for step in range(1, STEPS_MAX):
            if step > STEPS_WHOLE and step % 5:
                continue
            self.reset()
            done, came = self.inject(calls, what, step)
            if not came:
                expect_equal(done.status, 0, f"without a fault: {done}")
                return tried
            tried += 1
            if done.status == 0:
                expect(may_succeed, f"step {step}: success in spite of the fault", done)
                expect(os.path.exists(self.cert), "success without a certificate", done)
            elif what.startswith("error="):
                expect(self.spoke(done), f"step {step}: no clear word", done)
            self.check(done)
        expect(False, "no end of the steps")


def errors(rig, tap):
    total = 0
    used = rig.used()
    for calls, error in [row for row in ERRORS if row[0] in used]:
        with tap.row(f"S2_{error}_at_each_{calls}_never_lets_an_unrecorded_certificate_out"):
            # The talk on stderr and what is put in order on the side may fail; no sync may.
            total += rig.sweep(calls, f"error={error}", calls not in ("fdatasync", "fsync"))
    with tap.row("S2_the_steps_above_were_many"):
        expect(total >= 30, f"only {total} calls were made to fail")


def kills(rig, tap):
    total = 0
    used = rig.used()
    for call in [call for call in KILLS if call in used]:
        with tap.row(f"S2_killed_at_each_{call}_no_unrecorded_certificate_and_no_serial_twice"):
            total += rig.sweep(call, "signal=KILL", True)
    with tap.row("S2_the_kills_above_were_many"):
        expect(total >= 30, f"only {total} kills were tried")


def randomness(rig, tap):
    with tap.row("C22_without_random_bytes_there_is_no_certificate_with_a_poor_nonce"):
        # getrandom() fails for good: either another true source is found, or nothing is signed.
        rig.reset()
        nonces = set()
        for _ in range(3):
            done, came = rig.inject("getrandom", "error=ENOSYS", "1+")
            expect(came, "getrandom was not called")
            if done.status == 0:
                nonce = sshwire.read_cert_file(rig.cert)["nonce"]
                ones = bin(int.from_bytes(nonce, "big")).count("1")
                expect(64 < ones < 192 and nonce not in nonces, nonce.hex())
                nonces.add(nonce)
                os.unlink(rig.cert)
            else:
                expect(not os.path.exists(rig.cert), done)


def backups(rig, tap):
    lab = rig.lab
    with tap.row("S3_a_ledger_put_back_from_a_backup_is_found_by_a_checkpoint_kept_elsewhere"):
        rig.reset()
        for n in range(3):
            out = lab.join(f"backup-{n}")
            lab.must_vouch("sign", "user", "--ca", rig.ca, "--out", out, *rig.words)
        kept = lab.write("checkpoint", read(rig.ca + "/ledger/checkpoint"))
        lab.must_vouch("ledger", "verify", rig.ca, "--checkpoint", kept)
        shutil.rmtree(rig.ca)
        shutil.copytree(rig.first, rig.ca)
        lab.must_vouch("ledger", "verify", rig.ca)
        done = lab.vouch("ledger", "verify", rig.ca, "--checkpoint", kept)
        expect(done.status == 1, "a shorter ledger passed", done)
        done = lab.vouch("ledger", "verify", rig.ca, "--cert", lab.join("backup-2"))
        expect(done.status == 1, "a certificate that it does not have passed", done)
    with tap.row("S3_and_a_ledger_that_went_another_way_since_is_found_as_well"):
        for n in range(5):
            out = lab.join(f"fork-{n}")
            lab.must_vouch("sign", "user", "--ca", rig.ca, "--out", out, *rig.words)
        lab.must_vouch("ledger", "verify", rig.ca)
        done = lab.vouch("ledger", "verify", rig.ca, "--checkpoint", kept)
        expect(done.status == 1, "a fork passed", done)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    with Lab("strace", "ssh-keygen") as lab:
        tap = Tap()
        rig = Rig(lab)
        for part in (errors, kills, randomness, backups):
            part(rig, tap)
        tap.done()


if __name__ == "__main__":
    main()
