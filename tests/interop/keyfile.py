#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Private key files against the real ssh-keygen: it reads what we write, we read what it writes, both
refuse the same passphrases, and what we accept of a damaged file it reads as the same key.

usage: keyfile.py DRIVER, the program built from keyfile-driver.c
"""

import os
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import KEY_TYPES, Lab
from tap import Skip, Tap, expect, expect_equal, note

TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
)
CIPHERS = (
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "3des-cbc",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
)
PASSPHRASES = ("", "correct horse", "\u00fcber \\ \"x\" $(x)")
DAMAGES = 3000 if os.environ.get("VOUCH_LONG") else 150
SLOWER_MAX = 1.5  # than ssh-keygen, for 24 rounds of bcrypt


class Both:
    """Our driver and ssh-keygen, asked the same things."""

    def __init__(self, lab, driver):
        self.lab = lab
        self.driver = driver

    def file(self, text, prefix="key-"):
        """A private key file, closed to others, as ssh-keygen asks of it."""
        path = self.lab.fresh(prefix)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(text)
        return path

    def we_read(self, path, passphrase=""):
        return self.lab.run(self.driver, "read", path, passphrase)

    def they_read(self, path, passphrase=""):
        return self.lab.run("ssh-keygen", "-y", "-P", passphrase, "-f", path)

    def we_write(self, path, old, new, rounds=2, comment="a comment"):
        done = self.lab.must(self.driver, "write", path, old, new, str(rounds), comment)
        return self.file(done.out.encode())

    def we_make(self, kind, passphrase, comment="a comment"):
        done = self.lab.must(self.driver, "new", kind, passphrase, "2", comment)
        return self.file(done.out.encode())

    def they_change(self, path, old, new, *words):
        done = self.lab.must("ssh-keygen", "-q", "-p", "-P", old, "-N", new, "-f", path, *words)
        return done

    def agree(self, path, passphrase=""):
        """Both read the file, and as the same key with the same comment; its line."""
        ours = self.we_read(path, passphrase)
        theirs = self.they_read(path, passphrase)
        expect(ours.status == 0 and theirs.status == 0, ours, theirs)
        expect_equal(ours.out, theirs.out, "public key")
        return ours.out


def read(path):
    with open(path, "rb") as file:
        return file.read()


def written_by_us(both, tap):
    for kind in TYPES:
        for passphrase in PASSPHRASES:
            with tap.row(f"{kind}, passphrase {passphrase!r}: ssh-keygen reads what we write"):
                path = both.we_make(kind, passphrase)
                line = both.agree(path, passphrase)
                expect(line.startswith(kind + " ") and line.endswith(" a comment\n"), line)
        with tap.row(f"{kind}: ssh-keygen gives our file another passphrase, and we read it"):
            path = both.we_make(kind, "first one")
            line = both.agree(path, "first one")
            both.they_change(path, "first one", "second one", "-a", "2")
            expect_equal(both.agree(path, "second one"), line)
            expect(both.we_read(path, "first one").status == 1)
        with tap.row(f"{kind}: ssh-keygen -l knows our file by its public half"):
            path = both.we_make(kind, "first one")
            shown = both.lab.must("ssh-keygen", "-l", "-f", path).out.split()
            public = both.lab.must(both.driver, "public", path).out
            listed = both.lab.must("ssh-keygen", "-l", "-f", "-", stdin=public).out.split()
            expect_equal(shown[:2], listed[:2])


def written_by_them(both, tap):
    for kind in KEY_TYPES:
        key = both.lab.key(kind)
        with tap.row(f"{kind}: we read what ssh-keygen writes"):
            expect_equal(both.agree(key), read(key + ".pub").decode())
        for form in ("PEM", "PKCS8"):
            if kind == "ed25519":
                continue  # ssh-keygen 9.2 writes that in OpenSSH's format whatever it is told
            for passphrase in ("", "first one"):
                with tap.row(f"{kind} as {form}, passphrase {passphrase!r}: we read it"):
                    path = both.file(read(key))
                    both.they_change(path, "", passphrase, "-m", form)
                    both.agree(path, passphrase)
        with tap.row(f"{kind}: our copy has the key, the comment and nothing else"):
            copy = both.we_write(key, "", "", comment=kind)
            expect_equal(both.agree(copy), read(key + ".pub").decode())
            expect_equal(len(read(copy)), len(read(key)), "length")


def each_cipher(both, tap):
    key = both.lab.key("ed25519")
    for cipher in CIPHERS:
        path = both.file(read(key))
        both.they_change(path, "", "first one", "-Z", cipher, "-a", "3")
        with tap.row(f"{cipher}: we read what ssh-keygen writes"):
            expect_equal(both.agree(path, "first one"), read(key + ".pub").decode())
        for wrong in ("", "first One"):
            with tap.row(f"{cipher}: both refuse the passphrase {wrong!r}"):
                expect(both.they_read(path, wrong).status != 0)
                ours = both.we_read(path, wrong)
                expect(ours.status == 1 and "passphrase" in ours.err, ours)


def damaged(text, source):
    """A copy with one kind of damage."""
    data = bytearray(text)
    at = source.randrange(len(data))
    kind = source.choice(("flip", "drop", "double", "cut", "swap", "set"))
    if kind == "flip":
        data[at] ^= 1 << source.randrange(8)
    elif kind == "drop":
        del data[at]
    elif kind == "double":
        data.insert(at, data[at])
    elif kind == "cut":
        del data[at:]
    elif kind == "swap":
        data[at - 1], data[at] = data[at], data[at - 1]
    else:
        data[at] = source.choice(b"\n\r\t A=+/-\0\xff")
    return kind, bytes(data)


def damages(both, tap):
    """We may refuse more than ssh-keygen, which does not hold an Ed25519 seed to its public half; what
    we accept it must read as the same key."""
    source = random.Random(2026)
    for kind in ("ed25519", "ecdsa256"):
        text = read(both.lab.key(kind))
        accepted = 0
        with tap.row(f"{kind}: of {DAMAGES} damaged files we accept none that ssh-keygen refuses"):
            for number in range(DAMAGES):
                what, bad = damaged(text, source)
                path = both.file(bad, "damaged-")
                ours = both.we_read(path)
                expect(ours.status in (0, 1), f"damage {number}: {what}", ours)
                if ours.status == 0:
                    accepted += 1
                    theirs = both.they_read(path)
                    expect(theirs.status == 0, f"damage {number}: {what}", theirs, bad)
                    expect_equal(ours.out.split()[:2], theirs.out.split()[:2])
                os.unlink(path)
            note(f"{accepted} were accepted")
            expect(accepted < DAMAGES / 4, f"{accepted} were accepted")


def time_of(action):
    """The shortest of five, in seconds."""
    times = []
    for _ in range(5):
        begun = time.monotonic()
        expect(action().status == 0)
        times.append(time.monotonic() - begun)
    return min(times)


def speed(both, tap):
    with tap.row(f"24 rounds of bcrypt take at most {SLOWER_MAX} times as long as in ssh-keygen"):
        if b"__asan_init" in read(both.driver):
            raise Skip("built with sanitizers")
        path = both.we_make("ssh-ed25519", "first one")
        path = both.we_write(path, "first one", "first one", rounds=24)
        ours = time_of(lambda: both.we_read(path, "first one"))
        theirs = time_of(lambda: both.they_read(path, "first one"))
        note(f"ours {ours * 1000:.0f} ms, ssh-keygen {theirs * 1000:.0f} ms")
        expect(ours <= SLOWER_MAX * theirs, f"{ours:.3f} s against {theirs:.3f} s")


def main():
    with Lab("ssh-keygen") as lab:
        tap = Tap()
        both = Both(lab, sys.argv[1])
        written_by_us(both, tap)
        written_by_them(both, tap)
        each_cipher(both, tap)
        damages(both, tap)
        speed(both, tap)
        tap.done()


if __name__ == "__main__":
    main()
