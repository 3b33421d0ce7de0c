#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Revocation lists made by `vouch krl build` before a real sshd: each form refuses what it names, and
only that; the list is replaced under a running sshd; a missing or broken list locks everybody out.

Four judges have to agree on every row: sshd, `vouch cert check`, `vouch krl check`, `ssh-keygen -Q`.
"""

import base64
import hashlib
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
import sshwire
from craft import craft
from lab import Lab
from signing import Signer
from sshd import USER, Sshd, expect_in, expect_out
from tap import Tap, expect, expect_equal

SERIAL, KEY_ID = 4711, "alice@example.com"
LIST, RANGE, BITMAP, KEY_IDS = 0x20, 0x21, 0x22, 0x23


class Bench:
    """One certificate, one sshd whose RevokedKeys file is replaced for each row."""

    def __init__(self, lab):
        self.lab = lab
        self.ca = lab.key("ed25519")
        self.other = lab.key("ed25519")
        self.key = lab.key("ed25519")
        self.blob = sshwire.read_line(self.key + ".pub")[1]
        self.cert = self.key + "-cert.pub"
        self.write(SERIAL, KEY_ID)
        self.installed = lab.join("revoked")
        self.install(self.build())
        lines = f"TrustedUserCAKeys {self.ca}.pub\nRevokedKeys {self.installed}"
        self.sshd = Sshd(lab, lines)

    def write(self, serial, key_id):
        fields = {"serial": serial, "key_id": key_id, "principals": [USER]}
        sshwire.write_line(self.cert, craft(self.blob, Signer.load(self.ca), **fields))

    def build(self, *options):
        """A list by our own command, put together from command-line options."""
        path = self.lab.fresh("krl-")
        self.lab.must_vouch("krl", "build", "--out", path, *options)
        return path

    def install(self, path):
        """As an administrator should: by rename, since sshd reads the file at every login."""
        with open(path, "rb") as file:
            copy = self.lab.write("revoked.new", file.read())
        os.rename(copy, self.installed)

    def judges(self, krl):
        """What the three that need no login say: True if not revoked."""
        check = self.lab.vouch("krl", "check", krl, self.cert)
        theirs = self.lab.run("ssh-keygen", "-Q", "-f", krl, self.cert)
        expect(check.status in (0, 1) and theirs.status in (0, 1), check, theirs)
        expect_equal(check.status, theirs.status, "krl check beside ssh-keygen -Q")
        verdict = model.judge(self.lab, self.cert, self.ca + ".pub", krl=krl)
        expect_equal(verdict.accepted, check.status == 0, "cert check beside krl check")
        return verdict, check

    def attempt(self, krl, revoked):
        """All four judges on one list."""
        self.install(krl)
        verdict, check = self.judges(krl)
        login = self.sshd.login(key=self.key, cert=self.cert)
        (expect_out if revoked else expect_in)(login)
        model.agree(login, verdict, ["revoked"] if revoked else [])
        return verdict, check


def subsections(path):
    """The types of the subsections of every certificates section of a list."""
    with open(path, "rb") as file:
        reader = sshwire.Reader(file.read())
    reader.take(8 + 4 + 8 + 8 + 8)
    reader.string()
    reader.string()
    found = []
    while reader.left():
        if reader.take(1)[0] == 1:
            body = sshwire.Reader(reader.string())
            body.string()
            body.string()
            while body.left():
                found.append(body.take(1)[0])
                body.string()
        else:
            reader.string()
    return found


def scattered(*extra):
    """Serials close together without a run: the bitmap is their smallest form."""
    return sorted({*range(4001, 5600, 3), *extra})


def serials(bench, tap):
    ca = ("--ca", bench.ca + ".pub")
    rows = (
        ("a serial", ["4711"], LIST, True),
        ("a range", ["4000-5000"], RANGE, True),
        ("the first of a range", ["4711-9000"], RANGE, True),
        ("the last of a range", ["1-4711"], RANGE, True),
        ("the whole range", ["1-18446744073709551615"], RANGE, True),
        ("a bitmap", [str(s) for s in scattered(SERIAL)], BITMAP, True),
        ("another serial", ["4710"], LIST, False),
        ("the range below", ["4000-4710"], RANGE, False),
        ("the range above", ["4712-5000"], RANGE, False),
        ("a bitmap without it", [str(s) for s in scattered() if s != SERIAL], BITMAP, False),
    )
    for name, values, form, revoked in rows:
        word = "revokes" if revoked else "leaves alone"
        with tap.row(f"serials: {name} {word}"):
            krl = bench.build(*ca, *(w for v in values for w in ("--serial", v)))
            expect(form in subsections(krl), f"no subsection {form:#x}", subsections(krl))
            bench.attempt(krl, revoked)
    with tap.row("serials: those of another CA leave this one alone"):
        bench.attempt(bench.build("--ca", bench.other + ".pub", "--serial", "4711"), False)
    with tap.row("serials: any CA's, by --ca none, revoke"):
        bench.attempt(bench.build("--ca", "none", "--serial", "4711"), True)
    with tap.row("serials: 100,000 from a binary list revoke"):
        data = b"".join(sshwire.u64(7 * n + 1) for n in range(100_000))
        binary = bench.lab.write("serials.bin", data)
        krl = bench.build(*ca, "--binary-serials", binary)
        expect_equal((SERIAL - 1) % 7, 6, "the certificate's own serial is not among them")
        bench.attempt(krl, False)
        krl = bench.build(*ca, "--binary-serials", binary, "--serial", str(SERIAL))
        bench.attempt(krl, True)


def serial_zero(bench, tap):
    with tap.row("serial 0 cannot be revoked by serial: refused with the reason"):
        path = bench.lab.fresh("krl-")
        words = ("krl", "build", "--out", path, "--ca", bench.ca + ".pub", "--serial", "0")
        done = bench.lab.vouch(*words)
        expect(done.status != 0 and not os.path.exists(path), done)
        expect("0" in done.err and "[V-" in done.err, done)
    with tap.row("a certificate with serial 0 is revoked by its key ID, as --cert does"):
        bench.write(0, "unnumbered")
        try:
            krl = bench.build("--cert", bench.cert)
            expect_equal(subsections(krl), [KEY_IDS])
            bench.attempt(krl, True)
        finally:
            bench.write(SERIAL, KEY_ID)


def names_and_keys(bench, tap):
    ca = ("--ca", bench.ca + ".pub")
    lab = bench.lab
    digest = base64.b64encode(hashlib.sha256(bench.blob).digest()).decode().rstrip("=")
    ca_blob = sshwire.read_line(bench.ca + ".pub")[1]
    ca_digest = base64.b64encode(hashlib.sha256(ca_blob).digest()).decode().rstrip("=")
    rows = (
        ("the key ID", (*ca, "--key-id", KEY_ID), True),
        ("the key ID under any CA", ("--ca", "none", "--key-id", KEY_ID), True),
        ("the key ID under another CA", ("--ca", bench.other + ".pub", "--key-id", KEY_ID), False),
        ("a key ID that begins the same", (*ca, "--key-id", KEY_ID[:-1]), False),
        ("a key ID in capitals", (*ca, "--key-id", KEY_ID.upper()), False),
        ("the key", ("--key", bench.key + ".pub"), True),
        ("another key", ("--key", bench.other + ".pub"), False),
        ("the key's SHA-256", ("--sha256", "SHA256:" + digest), True),
        ("another SHA-256", ("--sha256", sshwire.fingerprint(b"another")), False),
        ("the certificate", ("--cert", bench.cert), True),
        ("the CA's key", ("--key", bench.ca + ".pub"), True),
        ("the CA key's SHA-256", ("--sha256", "SHA256:" + ca_digest), True),
        ("nothing", (), False),
    )
    for name, options, revoked in rows:
        word = "revokes" if revoked else "leaves alone"
        with tap.row(f"{name} {word}"):
            bench.attempt(bench.build(*options), revoked)
    with tap.row("the key's SHA-1, which only ssh-keygen writes, revokes"):
        spec = lab.write("spec", "sha1: " + open_text(bench.key + ".pub"))
        krl = lab.fresh("krl-")
        lab.must("ssh-keygen", "-q", "-k", "-f", krl, spec)
        bench.attempt(krl, True)


def open_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def life(bench, tap):
    """Lists that grow, that others wrote, and that hold everything at once."""
    lab = bench.lab
    ca = ("--ca", bench.ca + ".pub")
    with tap.row("an updated list keeps what it had"):
        old = bench.build(*ca, "--serial", str(SERIAL))
        new = bench.build("--update", old, *ca, "--key-id", "somebody")
        bench.attempt(new, True)
        expect_equal(subsections(new), [LIST, KEY_IDS])
    with tap.row("a list of ssh-keygen's, updated by us, keeps what it had"):
        old = lab.fresh("krl-")
        spec = lab.write("spec", f"serial: 1-9\nid: {KEY_ID}\n")
        lab.must("ssh-keygen", "-q", "-k", "-f", old, "-s", bench.ca + ".pub", spec)
        bench.attempt(bench.build("--update", old, *ca, "--serial", "77"), True)
    with tap.row("a list of ours, updated by ssh-keygen, keeps what it had"):
        krl = bench.build(*ca, "--serial", str(SERIAL), "--key", bench.other + ".pub")
        spec = lab.write("spec", "serial: 1-9\n")
        lab.must("ssh-keygen", "-q", "-k", "-u", "-f", krl, "-s", bench.ca + ".pub", spec)
        bench.attempt(krl, True)
    with tap.row("the text that ssh-keygen -k takes builds the same list"):
        spec = lab.write("spec", f"# who left\nserial: 1-9\nSERIAL: 0x{SERIAL:x}\nid: nobody\n")
        bench.attempt(bench.build(*ca, "--from", spec), True)
    with tap.row("krl check names the section that hit"):
        for options, word in (
            ((*ca, "--serial", str(SERIAL)), "serial"),
            ((*ca, "--key-id", KEY_ID), "key ID"),
            (("--key", bench.ca + ".pub"), "CA"),
            (("--key", bench.key + ".pub"), "key"),
        ):
            _, check = bench.judges(bench.build(*options))
            expect(word in check.out, f"{word} is not named", check)


def lock_out(bench, tap):
    """sshd fails closed. That is why a list is checked before it is put in place."""
    lab = bench.lab
    good = bench.build()
    with open(good, "rb") as file:
        data = file.read()
    broken = (
        ("a web page", b"<html><body>404 Not Found</body></html>\n"),
        ("a list that is cut", data[:30]),
        ("a list with a byte too many", data + b"\0"),
        ("a list of another format version", data[:11] + b"\2" + data[12:]),
        ("an unknown section", data + b"\x63" + sshwire.string(b"x")),
    )
    for name, content in broken:
        with tap.row(f"{name} locks everybody out, and no command of ours takes it"):
            path = lab.write("broken", content)
            bench.install(path)
            expect_out(bench.sshd.login(key=bench.key, cert=bench.cert), "Error checking")
            out = lab.fresh("krl-")
            for words, least in (
                (("krl", "show", path), 1),
                (("krl", "build", "--update", path, "--out", out), 1),
                # These answer a question, and 1 would be the answer "no".
                (("krl", "check", path, bench.cert), 2),
                (("cert", "check", bench.cert, "--ca", bench.ca + ".pub", "--krl", path), 2),
            ):
                done = lab.vouch(*words)
                expect(done.status >= least and "[V-1205]" in done.err, "it was taken", done)
            expect(not os.path.exists(out), "a list was built on it")
    with tap.row("a missing list locks everybody out; cert check says that it is missing"):
        os.unlink(bench.installed)
        expect_out(bench.sshd.login(key=bench.key, cert=bench.cert), "Error checking")
        words = ("--ca", bench.ca + ".pub", "--principal", USER, "--krl", bench.installed)
        done = lab.vouch("cert", "check", bench.cert, *words)
        expect(done.status > 1 and bench.installed in done.err, done)
    with tap.row("the list put back lets in again, without a word to sshd"):
        bench.attempt(good, False)


def main():
    with Lab("sshd", "ssh", "ssh-keygen") as lab:
        tap = Tap()
        bench = Bench(lab)
        for part in (serials, serial_zero, names_and_keys, life, lock_out):
            part(bench, tap)
        tap.done()


if __name__ == "__main__":
    main()
