#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: programs that prove something, when things go wrong around them. Rows H1 S4 S5 W5.

A verifier that cannot say no is worse than none: exit status 0 has to mean that all was looked at and
all of it is good, also when the output is closed, memory is short, or the input is half there.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sshwire
from craft import craft
from lab import Issuer, Lab
from signing import Signer
from tap import Skip, Tap, expect, expect_equal


class Bench(Issuer):
    def __init__(self, lab):
        super().__init__(lab)
        words = ("--ca", self.ca, "--id", "alice", "--principals", "alice", self.key + ".pub")
        lab.must_vouch("sign", "user", *words)
        serial = self.read()["serial"]
        self.krl, self.clean = lab.join("revoked"), lab.join("clean")
        ca = ("--ca", self.public)
        lab.must_vouch("krl", "build", "--out", self.krl, *ca, "--serial", serial)
        lab.must_vouch("krl", "build", "--out", self.clean, *ca, "--serial", serial + 1)
        self.other = lab.key("ed25519") + ".pub"
        # Questions whose answer is yes, and whose answer is no.
        check = ("cert", "check", self.cert, "--ca")
        self.good = (
            (*check, self.public, "--principal", "alice"),
            ("krl", "check", self.clean, self.cert),
            ("ledger", "verify", self.ca, "--cert", self.cert),
        )
        self.bad = (
            (*check, self.other, "--principal", "alice"),
            (*check, self.public, "--principal", "bob"),
            (*check, self.public, "--principal", "alice", "--krl", self.krl),
            ("krl", "check", self.krl, self.cert),
            ("ledger", "verify", self.ca, "--cert", self.foreign()),
        )

    def foreign(self):
        """A certificate by the true CA key that no ledger has."""
        blob = sshwire.read_line(self.key + ".pub")[1]
        signer = Signer.load(self.ca + "/user_ca")
        return sshwire.write_line(
            self.lab.join("foreign-cert.pub"), craft(blob, signer, serial=77, principals=["alice"])
        )


def name_of(words):
    return "_".join(words[:2])


def answers(bench, tap):
    with tap.row("S5_yes_is_0_and_no_is_1"):
        for words in bench.good:
            done = bench.lab.vouch(*words)
            expect(done.status == 0, done)
        for words in bench.bad:
            done = bench.lab.vouch(*words)
            expect(done.status == 1, done)
    with tap.row("S5_what_cannot_be_read_is_neither_yes_nor_no"):
        empty = bench.lab.write("empty", "")
        missing = bench.lab.join("missing")
        for path in (empty, missing, bench.lab.path):
            for words in (
                ("cert", "check", path, "--ca", bench.public, "--principal", "alice"),
                ("cert", "check", bench.cert, "--ca", path, "--principal", "alice"),
                ("krl", "check", path, bench.cert),
                ("krl", "check", bench.clean, path),
                ("ledger", "verify", path),
                ("ledger", "verify", bench.ca, "--cert", path),
                ("ledger", "verify", bench.ca, "--checkpoint", path),
            ):
                done = bench.lab.vouch(*words)
                expect(done.status not in (0, 1), "taken for an answer", done)
                expect("[V-" in done.err, "no clear word", done)
    with tap.row("S5_help_asked_for_among_the_words_is_help_and_says_nothing_of_the_question"):
        for words in bench.good:
            done = bench.lab.vouch(*words, "--help")
            expect(done.status == 0 and "accepted" not in done.err, done)
            expect(re.search(r"^usage|^Usage|vouch " + " ".join(words[:2]), done.out, re.M), done)
    with tap.row("S5_words_too_few_or_too_many_are_a_usage_error"):
        for words in (
            ("cert", "check"), ("krl", "check"), ("krl", "check", bench.clean),
            ("cert", "check", bench.cert, bench.cert, "--ca", bench.public),
            ("ledger", "verify", bench.ca, bench.ca), ("cert", "chek", bench.cert),
            ("krl", "check", "--no-such-option", bench.clean, bench.cert), (),
        ):
            done = bench.lab.vouch(*words)
            expect(done.status == 2 or (not words and done.status in (0, 2)), done)
        done = bench.lab.vouch("ledger", "verify")  # asks the server, and none is set here
        expect((done.status, done.out) == (3, "") and "V-1860" in done.err, done)


def outputs(bench, tap):
    """Where the answer goes is gone: the status must not claim that it was told."""
    full = os.open("/dev/full", os.O_WRONLY)
    for words in bench.good:
        for form in ("json", "table"):
            with tap.row(f"S5_{name_of(words)}_{form}_on_a_full_disk_is_not_yes"):
                told = bench.lab.vouch(*words, "-o", form)
                if told.out == "":
                    raise Skip("says nothing on stdout in this form")
                command = [bench.lab.vouch_path, *words, "-o", form]
                done = subprocess.run(
                    command, stdout=full, stderr=subprocess.PIPE, env=bench.lab.env
                )
                expect(done.returncode not in (0, 1), done)
    os.close(full)
    for words in (*bench.good, *bench.bad):
        with tap.row(f"S5_{name_of(words)}_with_a_reader_that_left_does_not_turn_no_into_yes"):
            wanted = bench.lab.vouch(*words).status
            reading, writing = os.pipe()
            os.close(reading)
            command = [bench.lab.vouch_path, *words]
            done = subprocess.run(
                command, stdout=writing, stderr=writing, env=bench.lab.env,
                preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
            )
            os.close(writing)
            expect(wanted == 0 or done.returncode != 0, "no became yes", done)
    with tap.row("S5_with_every_standard_stream_closed_no_stays_no"):
        shell = "exec <&- >&- 2>&-; exec \"$0\" \"$@\""
        for words in bench.bad:
            done = bench.lab.run("sh", "-c", shell, bench.lab.vouch_path, *words)
            expect(done.status != 0, done)


def memory(bench, tap):
    """Memory runs out at one allocation after the other."""
    if bench.lab.sanitized:
        with tap.row("S5_short_of_memory_no_is_never_yes"):
            raise Skip("a sanitizer needs its own terabytes of address space")
        return
    for words in (*bench.bad, *bench.good):
        with tap.row(f"S5_{name_of(words)}_short_of_memory_never_says_yes_to_no"):
            wanted = bench.lab.vouch(*words).status
            statuses = set()
            for limit in range(4 << 20, 40 << 20, 1 << 20):

                def bound(limit=limit):
                    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

                command = [bench.lab.vouch_path, *words]
                done = subprocess.run(
                    command, capture_output=True, env=bench.lab.env, preexec_fn=bound
                )
                statuses.add(done.returncode)
                expect(done.returncode != 0 or wanted == 0, f"{limit} bytes", done)
                expect(done.returncode not in (-11, -6), f"crash with {limit} bytes", done)
            expect(wanted in statuses, f"never got through: {statuses}")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def lists(bench, tap):
    """H1: no half of a revocation list is taken for a list that revokes less."""
    with tap.row("H1_every_proper_prefix_of_a_list_is_refused_or_is_an_empty_list_by_its_format"):
        data = read(bench.krl)
        whole = bench.lab.vouch("krl", "check", bench.krl, bench.cert)
        expect_equal(whole.status, 1)
        header = 8 + 4 + 8 + 8 + 8 + 4 + 4
        for length in range(len(data)):
            path = bench.lab.write("half", data[:length])
            done = bench.lab.vouch("krl", "check", path, bench.cert)
            if length == header:
                # The header alone is a whole list that revokes nothing: only an envelope around it
                # (its length and hash, kept elsewhere) can tell.
                continue
            expect(done.status not in (0, 1), f"{length} of {len(data)} bytes taken", done)
    with tap.row("H1_files_that_sshd_takes_for_nothing_revoked_are_no_list_to_us"):
        for content in (b"", b"\n", b"# nothing\n", bytes(121), b"<html></html>\n"):
            path = bench.lab.write("half", content)
            done = bench.lab.vouch("krl", "check", path, bench.cert)
            expect(done.status not in (0, 1), f"{content[:20]!r} taken", done)


def proofs(bench, tap):
    """S4 from outside; src/ledger has every byte of every file in its own tests."""
    with tap.row("S4_a_byte_changed_anywhere_in_the_ledger_is_found"):
        copy = bench.lab.join("copy")
        tried = 0
        for folder, _, files in os.walk(bench.ca + "/ledger"):
            for name in files:
                path = os.path.join(folder, name)
                data = read(path)
                used = len(data.rstrip(b"\0"))
                for place in sorted({0, used // 3, used // 2, used - 1, len(data) - 1}):
                    if name == "lock" or not 0 <= place < len(data):
                        continue
                    shutil.rmtree(copy, ignore_errors=True)
                    shutil.copytree(bench.ca, copy)
                    changed = bytearray(data)
                    changed[place] ^= 0x20
                    target = os.path.join(copy, os.path.relpath(path, bench.ca))
                    with open(target, "wb") as file:
                        file.write(changed)
                    done = bench.lab.vouch("ledger", "verify", copy)
                    what = f"{os.path.relpath(path, bench.ca)} byte {place}"
                    expect(done.status == 1, f"{what} changed and not found", done)
                    tried += 1
        expect(tried >= 10, f"only {tried} bytes were tried")
    with tap.row("S4_a_file_taken_away_or_put_in_is_found"):
        for folder, _, files in os.walk(bench.ca + "/ledger"):
            for name in files:
                if name == "lock":
                    continue
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(bench.ca, copy)
                inner = os.path.relpath(os.path.join(folder, name), bench.ca)
                os.unlink(os.path.join(copy, inner))
                done = bench.lab.vouch("ledger", "verify", copy)
                expect(done.status != 0, f"{inner} is gone and it was not found", done)
        shutil.rmtree(copy)
        shutil.copytree(bench.ca, copy)
        with open(copy + "/ledger/tile/0/more", "wb") as file:
            file.write(b"x")
        done = bench.lab.vouch("ledger", "verify", copy)
        expect(done.status == 1, "a file too many was not found", done)
    with tap.row("S4_the_certificate_itself_has_to_be_there_not_one_of_its_serial"):
        blob = sshwire.read_line(bench.key + ".pub")[1]
        serial = bench.read()["serial"]
        signer = Signer.load(bench.ca + "/user_ca")
        path = bench.lab.join("twin-cert.pub")
        sshwire.write_line(path, craft(blob, signer, serial=serial, principals=["root"]))
        done = bench.lab.vouch("ledger", "verify", bench.ca, "--cert", path)
        expect(done.status == 1, "another certificate of the same serial passed", done)
    with tap.row("S4_a_login_by_a_serial_that_nobody_recorded_is_named"):
        log = bench.lab.join("sshd.log")
        print_of = sshwire.fingerprint(sshwire.read_line(bench.public)[1])
        line = "Accepted publickey for alice from 192.0.2.1 port 40000 ssh2: ED25519-CERT {} ID {} "
        line += f"(serial {{}}) CA ED25519 {print_of}\n"
        key_print = sshwire.fingerprint(blob)
        rows = (("alice", serial, 0), ("alice", 424242, 1), ("mallory", serial, 1))
        for key_id, number, status in rows:
            bench.lab.write("sshd.log", line.format(key_print, key_id, number))
            done = bench.lab.vouch("ledger", "verify", bench.ca, "--sshd-log", log)
            expect_equal(done.status, status, f"{key_id} {number}: {done}")
            if status:
                expect(str(number) in done.out + done.err, "the login is not named", done)


HARM = "\x1b[31m\x1b]0;owned\x07\r\nAccepted publickey for root \u202e\x9b2J\x7f"


def terminals(bench, tap):
    """W5: no byte of an input reaches the terminal as anything but text."""
    with tap.row("W5_no_control_or_escape_byte_of_a_certificate_reaches_the_terminal"):
        blob = sshwire.read_line(bench.key + ".pub")[1]
        signer = Signer.load(bench.ca + "/user_ca")
        path = bench.lab.join("harm-cert.pub")
        cert = craft(
            blob, signer, key_id=HARM, principals=[HARM, "alice"],
            critical=[(HARM, HARM.encode())], extensions=[(HARM, b"\x1b[2J")],
        )
        sshwire.write_line(path, cert, "comment\x1b[2J\x9b")
        for words in (
            ("cert", "show", path), ("cert", "show", path, "-o", "json"),
            ("cert", "check", path, "--ca", bench.public, "--principal", HARM.replace("\0", "")),
            ("krl", "check", bench.clean, path),
            ("ledger", "verify", bench.ca, "--cert", path),
        ):
            harmless(bench.lab.vouch(*words))
            harmless(bench.lab.vouch(*words, env=dict(bench.lab.env, CLICOLOR_FORCE="")))
    with tap.row("W5_no_control_byte_of_a_file_name_an_option_or_a_list_reaches_the_terminal"):
        name = bench.lab.join("file\x1b[2J\n\x9b")
        for words in (
            ("cert", "show", name), ("key", "show", name), ("krl", "show", name), ("ca", "show", name),
            (HARM,), ("cert", HARM), ("cert", "show", "--" + HARM),
            ("sign", "user", "--ca", bench.ca, "--id", HARM, "--principals", HARM, bench.key + ".pub"),
            ("krl", "build", "--out", name + "/x", "--ca", "none", "--serial", HARM),
        ):
            done = bench.lab.vouch(*words)
            expect(done.status != 0, done)
            harmless(done)
        krl = bench.lab.join("harm-krl")
        spec = bench.lab.write("spec", f"id: {HARM.splitlines()[0]}\n")
        words = ("-k", "-q", "-f", krl, "-s", bench.public, spec)
        bench.lab.must("ssh-keygen", *words)
        harmless(bench.lab.must_vouch("krl", "show", krl))


def harmless(done):
    raw = done.out + done.err
    bad = [c for c in raw if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]
    bad += [c for c in raw if 0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069]
    expect(not bad, f"bytes for a terminal: {bad}", done)
    forged = [line for line in raw.splitlines() if line.startswith("Accepted publickey")]
    expect(not forged, "a forged line", done)


def main():
    with Lab("ssh-keygen") as lab:
        tap = Tap()
        bench = Bench(lab)
        for part in (answers, outputs, memory, lists, proofs, terminals):
            part(bench, tap)
        tap.done()


if __name__ == "__main__":
    main()
