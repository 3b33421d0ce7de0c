#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Revocation lists against the real ssh-keygen: what we write it reads as the same, what it writes
we read as the same, both judge certificates and keys alike, and what one refuses to read the other
refuses too.

Its argument is the program built from krl-driver.c.
"""

import base64
import hashlib
import os
import random
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sshwire
from craft import craft
from lab import Lab
from signing import Signer
from sshwire import Reader, fingerprint, string, u32, u64
from tap import Failure, Tap, expect, expect_equal, note

LONG = bool(os.environ.get("VOUCH_LONG"))
DAMAGED = 8000 if LONG else 300
ROUNDS = 40 if LONG else 8
CERTS = 400 if LONG else 120
SEED = 20221122

CERTIFICATES, EXPLICIT, SHA1, SIGNATURE, SHA256, EXTENSION = 1, 2, 3, 4, 5, 255
LIST, RANGE, BITMAP, KEY_ID, CERT_EXTENSION = 0x20, 0x21, 0x22, 0x23, 0x39
LAST = 2**64 - 1
ANY = b""
GOOD = "not revoked"


class Entries:
    """What a list says: CA blob -> serials and key IDs; keys; hashes."""

    def __init__(self):
        self.serials, self.ids = {}, {}
        self.keys, self.sha1, self.sha256 = set(), set(), set()

    def add_run(self, ca, first, last):
        self.serials.setdefault(ca, []).append((first, last))

    def add_id(self, ca, key_id):
        self.ids.setdefault(ca, set()).add(key_id)

    def runs(self, ca):
        """The serials under a CA as the fewest runs, sorted."""
        joined = []
        for first, last in sorted(self.serials.get(ca, ())):
            if joined and first <= joined[-1][1] + 1:
                joined[-1][1] = max(joined[-1][1], last)
            else:
                joined.append([first, last])
        return [tuple(run) for run in joined]

    def plain(self):
        """All of it in a form that compares."""
        serials = {ca: self.runs(ca) for ca in self.serials if self.serials[ca]}
        ids = {ca: sorted(self.ids[ca]) for ca in self.ids if self.ids[ca]}
        return serials, ids, sorted(self.keys), sorted(self.sha1), sorted(self.sha256)

    def _revokes_key(self, blob):
        return (
            blob in self.keys
            or hashlib.sha1(blob).digest() in self.sha1
            or hashlib.sha256(blob).digest() in self.sha256
        )

    def revokes(self, blob):
        """The rules of PROTOCOL.krl, for a plain key or a certificate."""
        if Reader(blob).string().decode() not in sshwire.PLAIN_OF:
            return self._revokes_key(blob)
        cert = sshwire.read_cert(blob)
        for ca in (cert["ca"], ANY):
            if cert["key_id"] in self.ids.get(ca, ()):
                return True
            serials = self.serials.get(ca, ())
            if cert["serial"] and any(a <= cert["serial"] <= b for a, b in serials):
                return True
        return self._revokes_key(cert["key"]) or self._revokes_key(cert["ca"])


def word(ca):
    return base64.b64encode(ca).decode() if ca else "*"


def unhex(text):
    return b"" if text == "-" else bytes.fromhex(text)


class Ours:
    """The driver: a script of commands, their answers."""

    def __init__(self, lab):
        self.lab, self.path = lab, sys.argv[1]

    def run(self, commands):
        done = self.lab.must(self.path, stdin="\n".join(commands) + "\n")
        return done.out.splitlines()

    def must(self, commands):
        lines = self.run(commands)
        for line in lines:
            expect(not line.startswith("error"), line)
        return lines

    @staticmethod
    def commands(entries, rng):
        """The commands that add all entries, in a random order."""
        lines = []
        for ca, runs in entries.serials.items():
            lines += [f"serials {word(ca)} {first} {last}" for first, last in runs]
        for ca, ids in entries.ids.items():
            lines += [f"id {word(ca)} {key_id.hex()}" for key_id in ids]
        lines += [f"key {word(key)}" for key in entries.keys]
        lines += [f"sha1 {digest.hex()}" for digest in entries.sha1]
        lines += [f"sha256 {digest.hex()}" for digest in entries.sha256]
        lines.sort()
        rng.shuffle(lines)
        return lines

    def build(self, entries, rng):
        path = self.lab.fresh("ours-")
        commands = ["new", "header 5 1600000000 636f6d6d656e74", *self.commands(entries, rng)]
        self.must([*commands, f"write {path}"])
        return path

    def read(self, path):
        """The entries of a list, or the error line."""
        lines = self.run([f"load {path}", "walk"])
        if lines[0].startswith("error"):
            return lines[0]
        expect_equal(lines[-1], "ok", "walk")
        entries = Entries()
        for line in lines[1:-1]:
            kind, ca, *rest = line.split(" ")
            if kind == "serials":
                entries.add_run(unhex(ca), int(rest[0]), int(rest[1]))
            elif kind == "id":
                entries.add_id(unhex(ca), unhex(rest[0]))
            else:
                {"key": entries.keys, "sha1": entries.sha1, "sha256": entries.sha256}[kind].add(
                    unhex(rest[0])
                )
        return entries

    def check(self, path, blobs):
        """For each blob whether it is revoked: by the list as read, and after adding to it."""
        asks = [f"check {word(blob)}" for blob in blobs]
        add = f"serials * {2**60} {2**60}"
        lines = self.must([f"load {path}", *asks, add, *asks])
        first = [line != "ok " + GOOD for line in lines[1 : len(blobs) + 1]]
        second = [line != "ok " + GOOD for line in lines[len(blobs) + 2 :]]
        expect_equal(second, first, "our verdicts after adding")
        return first


class Theirs:
    """The system's ssh-keygen."""

    def __init__(self, lab):
        self.lab = lab

    def build(self, entries):
        """A list by ssh-keygen -k, one CA after the other."""
        path = self.lab.fresh("theirs-")
        lines = [key_line(key) for key in sorted(entries.keys)]
        lines += ["hash: SHA256:" + unpadded(digest) for digest in sorted(entries.sha256)]
        self._write(path, "none", lines, [])
        for ca in sorted(set(entries.serials) | set(entries.ids)):
            lines = [f"serial: {a}-{b}" if b > a else f"serial: {a}" for a, b in entries.runs(ca)]
            lines += ["id: " + key_id.decode() for key_id in sorted(entries.ids.get(ca, ()))]
            name = sshwire.write_line(self.lab.fresh("ca-"), ca) if ca else "none"
            self._write(path, name, lines, ["-u"])
        return path

    def _write(self, path, ca, lines, more):
        spec = self.lab.write("spec", "\n".join(lines) + "\n")
        words = ("-q", "-k", *more, "-f", path, "-z", "5", "-s", ca, spec)
        self.lab.must("ssh-keygen", *words)

    def load(self, path):
        return self.lab.run("ssh-keygen", "-Q", "-f", path)

    def check(self, path, files):
        done = self.lab.run("ssh-keygen", "-Q", "-f", path, *files)
        expect(done.status in (0, 1), done)
        words = [line.rsplit(": ", 1)[1] for line in done.out.splitlines()]
        expect_equal(len(words), len(files), "answers")
        return [{"REVOKED": True, "ok": False}[w] for w in words]

    def read(self, path, cas):
        """What -Q -l prints of a list, as entries; explicit keys by fingerprint."""
        done = self.lab.run("ssh-keygen", "-Q", "-l", "-f", path)
        expect(done.status == 0, done)
        names = {fingerprint(ca): ca for ca in cas}
        entries, ca = Entries(), ANY
        for line in done.out.splitlines():
            self._read_line(entries, line, ca)
            if line.startswith("# CA key "):
                ca = names[line.split(" ")[4]]
            elif line == "# Wildcard CA":
                ca = ANY
        return entries

    @staticmethod
    def _read_line(entries, line, ca):
        if line.startswith("serial: "):
            first, _, last = line[8:].partition("-")
            entries.add_run(ca, int(first), int(last or first))
        elif line.startswith("id: "):
            entries.add_id(ca, line[4:].encode())
        elif match := re.fullmatch(r"hash: (SHA256:\S+) # \S+", line):
            entries.keys.add(match[1])
        elif match := re.fullmatch(r"hash: SHA256:([0-9A-Fa-f]{64})", line):
            entries.sha256.add(bytes.fromhex(match[1]))
        elif match := re.fullmatch(r"# hash SHA1:([0-9A-Fa-f]{40})", line):
            entries.sha1.add(bytes.fromhex(match[1]))


def unpadded(digest):
    return base64.b64encode(digest).decode().rstrip("=")


def key_line(blob):
    return f"{Reader(blob).string().decode()} {base64.b64encode(blob).decode()}"


def expect_same(got, wanted, what):
    """Compares entries; explicit keys by fingerprint where one side has nothing else."""
    one, other = got.plain(), wanted.plain()
    names = ("serials", "key IDs", "keys", "SHA1 hashes", "SHA256 hashes")
    for name, a, b in zip(names, one, other):
        if name == "keys":
            a, b = (sorted(k if isinstance(k, str) else fingerprint(k) for k in s) for s in (a, b))
        if a != b:
            raise Failure(f"{what}: {name} differ: {str(a)[:300]} and {str(b)[:300]}")


# How serials lie: the largest gap and the longest run.
SHAPES = ((1, 1), (2, 2), (3, 30), (40, 1), (100, 100), (9000, 3), (16100, 1), (5, 17000))


class Bench:
    def __init__(self, lab):
        self.lab, self.rng = lab, random.Random(SEED)
        self.ours, self.theirs = Ours(lab), Theirs(lab)
        self.signers = [Signer.load(lab.key(kind)) for kind in ("ed25519", "ecdsa256", "rsa2048")]
        self.cas = [signer.blob for signer in self.signers]
        self.keys = [self.random_key() for _ in range(12)]
        self.ids = [f"user{number}@example.com".encode() for number in range(0, 4000, 7)]
        self.blobs, self.files = [], []
        for key in self.keys:
            self._add_file(key)
        for _ in range(CERTS):
            fields = {"serial": self.random_serial(), "key_id": self.rng.choice(self.ids)}
            key, ca = self.rng.choice(self.keys), self.rng.choice(self.signers)
            self._add_file(craft(key, ca, **fields))

    def random_key(self):
        """A public key of which nobody has the private half."""
        return Signer.ed25519(self.rng.randbytes(32)).blob

    def random_serial(self):
        near = self.rng.randrange(1, 3000)
        return self.rng.choice((0, 1, LAST, near, near, near))

    def _add_file(self, blob):
        self.blobs.append(blob)
        self.files.append(sshwire.write_line(self.lab.fresh("subject-"), blob))

    def random_runs(self, shape, count, start=1):
        runs, at = [], start
        for _ in range(count):
            first = at + self.rng.randrange(shape[0])
            last = min(first + self.rng.randrange(shape[1]), LAST)
            runs.append((first, last))
            at = last + 2
        return runs

    def random_entries(self, size):
        """Some of each kind, so that about a third of the subjects are revoked."""
        entries = Entries()
        for ca in (ANY, *self.cas):
            shape = self.rng.choice(SHAPES)
            for first, last in self.random_runs(shape, self.rng.randrange(1, size)):
                entries.add_run(ca, first, last)
            for key_id in self.rng.sample(self.ids, self.rng.randrange(1, len(self.ids) // 8)):
                entries.add_id(ca, key_id)
        for key in self.rng.sample(self.keys, 2):
            entries.keys.add(key)
        entries.sha256.add(hashlib.sha256(self.rng.choice(self.keys)).digest())
        entries.sha256.update(self.rng.randbytes(32) for _ in range(size))
        return entries

    def agree(self, path, entries):
        """Both programs and the rules give the same verdicts on all subjects."""
        wanted = [entries.revokes(blob) for blob in self.blobs]
        expect(any(wanted) and not all(wanted), "the subjects are all alike")
        expect_equal(self.theirs.check(path, self.files), wanted, "ssh-keygen's verdicts")
        expect_equal(self.ours.check(path, self.blobs), wanted, "our verdicts")


def size_of(path):
    return os.stat(path).st_size


def rows_built_by_us(tap, bench):
    for number in range(ROUNDS):
        with tap.row(f"a random list of ours is read by ssh-keygen as the same ({number})"):
            entries = bench.random_entries(600)
            entries.sha1.update(bench.rng.randbytes(20) for _ in range(100))
            path = bench.ours.build(entries, bench.rng)
            expect_same(bench.theirs.read(path, bench.cas), entries, "ssh-keygen -Q -l")
            expect_same(bench.ours.read(path), entries, "our walk")
            bench.agree(path, entries)


def rows_built_by_them(tap, bench):
    for number in range(ROUNDS):
        with tap.row(f"a random list of ssh-keygen's is read by us as the same ({number})"):
            entries = bench.random_entries(600)
            path = bench.theirs.build(entries)
            if bench.theirs.load(path).status != 0:
                expect(isinstance(bench.ours.read(path), str), "we read what ssh-keygen refuses")
                note("ssh-keygen cannot read what it wrote; neither can we")
                continue
            expect_same(bench.ours.read(path), entries, "our walk")
            bench.agree(path, entries)
            ours = bench.ours.build(entries, bench.rng)
            expect(size_of(ours) <= size_of(path) + len("comment"), "ours is the larger list")


def rows_of_updates(tap, bench):
    with tap.row("a list of ssh-keygen's that we add to keeps all it had"):
        entries = bench.random_entries(100)
        path = bench.theirs.build(entries)
        commands = [f"load {path}", f"serials {word(bench.cas[0])} 5000000 5000009"]
        bench.ours.must([*commands, f"id * {b'new'.hex()}", f"write {path}"])
        entries.add_run(bench.cas[0], 5000000, 5000009)
        entries.add_id(ANY, b"new")
        expect_same(bench.theirs.read(path, bench.cas), entries, "ssh-keygen -Q -l")
        bench.agree(path, entries)
    with tap.row("a list of ours that ssh-keygen adds to keeps all it had"):
        entries = bench.random_entries(100)
        path = bench.ours.build(entries, bench.rng)
        spec = bench.lab.write("spec", "serial: 5000000-5000009\n")
        bench.lab.must("ssh-keygen", "-q", "-k", "-u", "-f", path, "-s", "none", spec)
        entries.add_run(ANY, 5000000, 5000009)
        expect_same(bench.ours.read(path), entries, "our walk")
        bench.agree(path, entries)
    with tap.row("a certificate is revoked as ssh-keygen -k does it"):
        for serial, key_id in ((77, b"alice"), (0, b"alice")):
            blob = craft(bench.keys[0], bench.signers[0], serial=serial, key_id=key_id)
            name = sshwire.write_line(bench.lab.fresh("cert-"), blob)
            path = bench.lab.fresh("theirs-")
            bench.lab.must("ssh-keygen", "-q", "-k", "-f", path, name)
            mine = bench.lab.fresh("ours-")
            bench.ours.must(["new", f"cert {word(blob)}", f"write {mine}"])
            expect_same(bench.ours.read(mine), bench.ours.read(path), "revoked")
            expect_equal(size_of(mine), size_of(path), "bytes")


def rows_of_packing(tap, bench):
    for gap, length in SHAPES:
        with tap.row(f"ssh-keygen reads every packing: gaps to {gap}, runs to {length}"):
            for count in (1, 2, 9, 200, 3000):
                entries = Entries()
                start = bench.rng.choice((1, 2**40, 2**63))
                for first, last in bench.random_runs((gap, length), count, start):
                    entries.add_run(bench.cas[0], first, last)
                path = bench.ours.build(entries, bench.rng)
                expect_same(bench.theirs.read(path, bench.cas), entries, "ssh-keygen -Q -l")
    with tap.row("every second serial, of which ssh-keygen makes a bitmap that no reader takes"):
        entries = Entries()
        for serial in range(2, 40002, 2):
            entries.add_run(bench.cas[0], serial, serial)
        path = bench.ours.build(entries, bench.rng)
        expect_same(bench.theirs.read(path, bench.cas), entries, "ssh-keygen -Q -l")
        expect(size_of(path) < 5400, "the list is not packed")
        theirs = bench.theirs.build(entries)
        note(f"ssh-keygen's own list: status {bench.theirs.load(theirs).status}")
    with tap.row("the ends of the range of serials"):
        for first, last in ((1, 1), (1, LAST), (LAST, LAST), (LAST - 1, LAST), (LAST - 99, LAST)):
            entries = Entries()
            entries.add_run(ANY, first, last)
            path = bench.ours.build(entries, bench.rng)
            expect_same(bench.theirs.read(path, bench.cas), entries, "ssh-keygen -Q -l")


# Lists by hand: what is allowed, what is not, and who differs.


def header(comment=b"", version=1, flags=0, reserved=b""):
    fixed = u32(version) + u64(1) + u64(1600000000) + u64(flags)
    return b"SSHKRL\n\0" + fixed + string(reserved) + string(comment)


def section(kind, data):
    return bytes([kind]) + string(data)


def certificates(ca, *pieces, reserved=b""):
    return section(CERTIFICATES, string(ca) + string(reserved) + b"".join(pieces))


def bitmap(offset, bits):
    return section(BITMAP, u64(offset) + string(bits))


def hand_made(bench):
    """name -> (list, whether it is read by all)."""
    ca, one = bench.cas[0], section(LIST, u64(1))
    cert = craft(bench.keys[0], bench.signers[0])
    h = header()

    def under(*pieces):
        """A list with one section, under one CA."""
        return h + certificates(ca, *pieces)

    return {
        "nothing": (h, True),
        "flags and reserved": (header(flags=99, reserved=b"x") + certificates(ca, one), True),
        "reserved in a section": (h + certificates(ca, one, reserved=b"abc"), True),
        "format version 2": (header(version=2), False),
        "a NUL at the end of the comment": (header(b"c\0"), True),
        "a NUL inside the comment": (header(b"c\0d"), False),
        "a byte too many": (h + b"\0", False),
        "an empty file": (b"", False),
        "sections of one CA apart": (
            under(one) + certificates(ANY, one) + certificates(ca, section(LIST, u64(3))),
            True,
        ),
        "a section without pieces": (under(), True),
        "an empty serial list": (under(section(LIST, b"")), True),
        "an empty piece of key IDs": (under(section(KEY_ID, b"")), True),
        "an empty key ID": (under(section(KEY_ID, string(b""))), True),
        "a NUL at the end of a key ID": (under(section(KEY_ID, string(b"a\0"))), True),
        "a NUL inside a key ID": (under(section(KEY_ID, string(b"a\0b"))), False),
        "serial 0 in a list": (under(section(LIST, u64(0))), False),
        "seven bytes of a serial": (under(section(LIST, bytes(7))), False),
        "a range from 0": (under(section(RANGE, u64(0) + u64(5))), False),
        "a range backwards": (under(section(RANGE, u64(6) + u64(5))), False),
        "a range of all": (under(section(RANGE, u64(1) + u64(LAST))), True),
        "two ranges in one": (under(section(RANGE, u64(1) + u64(2) + u64(3) + u64(4))), False),
        "a bitmap with serial 0": (under(bitmap(0, b"\x01")), False),
        "a bitmap from 0 without it": (under(bitmap(0, b"\x02")), True),
        "a bitmap of nothing": (under(bitmap(5, b"")), True),
        "a bitmap of zeros": (under(bitmap(5, b"\0\0\0")), True),
        "a padded bitmap": (under(bitmap(5, b"\0\0\0\x01")), True),
        "a negative bitmap": (under(bitmap(5, b"\x80")), False),
        "a bitmap of 16,384 bits": (under(bitmap(5, b"\0\x80" + bytes(2047))), True),
        "a bitmap of 16,385 bits": (under(bitmap(5, b"\x01" + bytes(2048))), False),
        "a bitmap padded to 2,050 bytes": (under(bitmap(5, bytes(2049) + b"\x01")), False),
        "a bitmap past the last serial": (under(bitmap(LAST, b"\x02")), False),
        "a bitmap to the last serial": (under(bitmap(LAST - 1, b"\x03")), True),
        "a bitmap and a byte": (under(section(BITMAP, u64(5) + string(b"\x01") + b"x")), False),
        "a certificate as CA": (h + certificates(cert, one), True),
        "half a CA key": (h + certificates(ca[:-1], one), False),
        "a CA key and a byte": (h + certificates(ca + b"x", one), False),
        "a CA key of no known type": (h + certificates(string("ssh-new"), one), False),
        "an unknown piece": (under(section(0x24, b"")), False),
        "an unknown section": (h + section(6, b""), False),
        "an explicit key that is none": (h + section(EXPLICIT, string(b"x")), True),
        "an empty explicit key": (h + section(EXPLICIT, string(b"")), True),
        "an explicit key that is a certificate": (h + section(EXPLICIT, string(cert)), True),
        "hashes twice and unsorted": (
            h + section(SHA256, b"".join(string(letter * 32) for letter in (b"b", b"a", b"b"))),
            True,
        ),
        "a short SHA256 hash": (h + section(SHA256, string(b"b" * 31)), False),
        "a long SHA1 hash": (h + section(SHA1, string(b"b" * 32)), False),
        "empty sections": (
            h + section(EXPLICIT, b"") + section(SHA1, b"") + section(SHA256, b""),
            True,
        ),
        "half a string in a section": (h + section(EXPLICIT, b"\0\0"), False),
    }


# Of these ssh-keygen -Q -l names only a fingerprint of something within, or nothing.
UNLISTED = (
    "a certificate as CA",
    "an explicit key that is none",
    "an empty explicit key",
    "an explicit key that is a certificate",
)

EXT = string(b"x@y")


def newer(bench):
    """Read by OpenSSH 10.x, and by us; not by 9.2."""
    ca, one = bench.cas[0], section(LIST, u64(1))
    ext = EXT + b"\0" + string(b"data")
    within = certificates(ca, section(CERT_EXTENSION, ext), one)
    signature = section(SIGNATURE, ca) + string(b"none")
    return {
        "an extension": header() + certificates(ca, one) + section(EXTENSION, ext),
        "an extension in a section": header() + within,
        "a signature that is none": header() + certificates(ca, one) + signature,
    }


def rows_by_hand(tap, bench):
    for name, (content, good) in hand_made(bench).items():
        with tap.row(f"{name}: {'read' if good else 'refused'} by both"):
            path = bench.lab.write("by-hand", content)
            expect_equal(bench.theirs.load(path).status == 0, good, "read by ssh-keygen")
            got = bench.ours.read(path)
            expect_equal(not isinstance(got, str), good, f"read by us: {got}")
            if good and name not in UNLISTED:
                expect_same(got, bench.theirs.read(path, bench.cas), "ssh-keygen -Q -l")
    for name, content in newer(bench).items():
        with tap.row(f"{name}: read by us, as OpenSSH 10 does"):
            path = bench.lab.write("by-hand", content)
            got = bench.ours.read(path)
            expect(not isinstance(got, str), got)
            expect_equal(got.runs(bench.cas[0]), [(1, 1)], "serials")
    with tap.row("a critical extension is refused by both"):
        for kind in (EXTENSION, CERT_EXTENSION):
            body = section(kind, EXT + b"\1" + string(b""))
            content = header() + (body if kind == EXTENSION else certificates(ANY, body))
            path = bench.lab.write("by-hand", content)
            expect(bench.theirs.load(path).status != 0, "read by ssh-keygen")
            expect(isinstance(bench.ours.read(path), str), "read by us")


def damage(rng, data):
    """A list with a little wrong: a byte changed, cut out, put in, or a length off by a few."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(data))
        how = rng.randrange(5)
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.choice(b"\0\1\2\3\4\5\x20\x21\x22\x23\x39\x7f\x80\xff")
        elif how == 2:
            del data[at : at + rng.choice((1, 1, 8))]
        elif how == 3:
            data[at:at] = rng.choice((b"\0", b"\xff", rng.randbytes(8), bytes(data[at : at + 30])))
        else:
            data[at] = (data[at] + rng.choice((-1, 1, 4, -4))) % 256
    return bytes(data)


# Why 9.2 may refuse what 10.x, and we, read.
NEWER = re.compile(
    r"Unsupported KRL section 255|Unsupported KRL certificate section 57|signature|KRL contains "
    r"non-signature section",
    re.I,
)


def compare_damaged(bench, whole):
    """Damages a list many times; returns how many copies both read, and how many both refused."""
    read, refused, names, theirs = 0, 0, [], []
    for number in range(DAMAGED):
        names.append(bench.lab.write(f"damaged-{number}", damage(bench.rng, whole)))
        theirs.append(bench.theirs.load(names[-1]))
    answers = bench.ours.run([f"load {name}" for name in names])
    for name, answer, done in zip(names, answers, theirs):
        ours = not answer.startswith("error")
        if ours and done.status != 0 and NEWER.search(done.err):
            continue
        expect_equal(ours, done.status == 0, f"read by us ({answer}), by them: {done}")
        read, refused = read + ours, refused + (not ours)
        if ours:
            compare_dumps(bench, name)
    return read, refused


def rows_of_damage(tap, bench):
    entries = bench.random_entries(12)
    entries.sha256 = set(sorted(entries.sha256)[:3])
    entries.ids = {ca: set(sorted(ids)[:3]) for ca, ids in entries.ids.items()}
    paths = {"ours": bench.ours.build(entries, bench.rng), "theirs": bench.theirs.build(entries)}
    for maker, path in paths.items():
        with tap.row(f"{DAMAGED} damaged lists, {maker} once: both read the same or neither"):
            with open(path, "rb") as file:
                read, refused = compare_damaged(bench, file.read())
            note(f"{read} read, {refused} refused")
            expect(read > 10 and refused > 10, "the damage is all of one kind")


def compare_dumps(bench, path):
    """Serials and hashes as both programs list them, under whatever CA the damage made."""
    done = bench.lab.run("ssh-keygen", "-Q", "-l", "-f", path)
    ours = bench.ours.read(path)
    theirs = sorted(line[8:] for line in done.out.splitlines() if line.startswith("serial: "))
    wanted = []
    for ca in ours.serials:
        wanted += [f"{a}-{b}" if b > a else str(a) for a, b in ours.runs(ca)]
    expect_equal(theirs, sorted(wanted), "serials")
    pattern = re.compile("^(# )?hash:? SHA(1|256):[0-9A-Fa-f]+$", re.M)
    expect_equal(
        len(pattern.findall(done.out)), len(ours.sha1) + len(ours.sha256), "number of hashes"
    )


def main():
    tap = Tap()
    with Lab("ssh-keygen") as lab:
        bench = Bench(lab)
        rows_by_hand(tap, bench)
        rows_built_by_us(tap, bench)
        rows_built_by_them(tap, bench)
        rows_of_updates(tap, bench)
        rows_of_packing(tap, bench)
        rows_of_damage(tap, bench)
    tap.done()


if __name__ == "__main__":
    main()
