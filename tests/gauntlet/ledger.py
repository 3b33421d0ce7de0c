#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: the ledger by a second implementation, written from doc/ledger.md. Rows C23 S4 S6.

It computes what vouch wrote and compares every byte; and it makes ledgers of its own, right ones
that vouch must prove, and wrong ones with right hashes and signatures around the one thing that is
wrong, as somebody could make who holds the checkpoint key.
"""

import base64
import hashlib
import json
import os
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sshwire
from craft import HOST, USER, craft
from lab import Lab
from signing import Signer, ed25519_public, ed25519_sign
from sshwire import Reader, string, u64
from tap import Tap, expect, expect_equal

CERT, EVENT = 1, 2
NO_CERT = b"no certificate"
CERT_FIELDS = ("cert", "evidence", "role", "request", "source", "policy")
EVENT_FIELDS = ("type", "object", "details")


# --- The format


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(entry):
    return sha256(b"\0" + entry)


def node(left, right):
    return sha256(b"\1" + left + right)


def root(leaves):
    """MTH of RFC 6962."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(root(leaves[:split]), root(leaves[split:]))


def tile_path(level, index, width):
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03d}")
    return f"tile/{level}/" + "/".join(parts) + (f".p/{width}" if width < 256 else "")


def tiles(leaves):
    """Path -> content of each tile."""
    found, level, hashes = {}, 0, leaves
    while hashes:
        for at in range(0, len(hashes), 256):
            part = hashes[at : at + 256]
            found[tile_path(level, at // 256, len(part))] = b"".join(part)
        full = len(hashes) // 256
        hashes = [root(hashes[256 * i : 256 * (i + 1)]) for i in range(full)]
        level += 1
    return found


def encode(record):
    fields = CERT_FIELDS if record["kind"] == CERT else EVENT_FIELDS
    body = bytes([record.get("version", 1), record["kind"]])
    body += u64(record["number"]) + u64(record["time"]) + string(record.get("actor", b"tester"))
    body += b"".join(string(record.get(name, b"")) for name in fields) + u64(record["highest"])
    body += record.get("extra", b"")
    return body + record.get("check", sha256(body)[:8])


def decode(entry):
    expect_equal(entry[-8:], sha256(entry[:-8])[:8], "check")
    reader = Reader(entry[:-8])
    version, kind = reader.take(2)
    expect(version == 1 and kind in (CERT, EVENT), "version or kind", entry[:2])
    record = {"kind": kind, "number": reader.u64(), "time": reader.u64()}
    for name in ("actor", *(CERT_FIELDS if kind == CERT else EVENT_FIELDS)):
        record[name] = reader.string()
    record["highest"] = reader.u64()
    reader.end()
    return record


def split(records):
    """The entries, and the offset of each; only zeros may follow."""
    entries, offsets, at = [], [], 0
    while at + 2 <= len(records) and records[at : at + 2] != b"\0\0":
        length = int.from_bytes(records[at : at + 2], "big")
        expect(at + 2 + length <= len(records), f"record {len(entries)} is cut off")
        offsets.append(at)
        entries.append(records[at + 2 : at + 2 + length])
        at += 2 + length
    expect(not any(records[at:]), "bytes behind the records")
    return entries, offsets


def key_id(origin, public):
    return sha256(origin + b"\n\x01" + public)[:4]


def b64(data):
    return base64.b64encode(data)


def note(origin, size, top, seed):
    text = b"%s\n%d\n%s\n" % (origin, size, b64(top))
    signature = key_id(origin, ed25519_public(seed)) + ed25519_sign(seed, text)
    return text + b"\n\xe2\x80\x94 " + origin + b" " + b64(signature) + b"\n"


def vkey(origin, public):
    return origin + b"+" + key_id(origin, public).hex().encode() + b"+" + b64(b"\1" + public)


def fingerprint(blob):
    return b"SHA256:" + b64(sha256(blob)).rstrip(b"=")


# Event of a rotation -> phases in which it may come: (the state of the key beside the active one, what
# becomes of it, whether the two change places).
ROTATION = {
    b"ca.key.new": ((None, "next", False),),
    b"ca.key.switch": (("next", "old", True),),
    b"ca.key.back": (("old", "next", True),),
    b"ca.key.remove": (("old", "removed", False),),
    b"ca.key.restore": (("removed", "old", False),),
    b"ca.key.destroy": (("next", None, False), ("removed", None, False)),
}


class Use:
    """The keys of a use, by fingerprint: the one that signs, and the one beside it."""

    def __init__(self):
        self.active = self.other = self.state = None

    def new(self, name):
        if self.active is None:
            self.active = name
        elif self.state is not None:
            return "a key in the midst of a rotation"
        else:
            self.other, self.state = name, "next"
        return None

    def step(self, event, told):
        for before, after, turns in ROTATION[event]:
            if self.active is not None and self.state == before:
                break
        else:
            return "a step that cannot come now"
        if told.get(b"fingerprint") != self.other:
            return "a step of another key"
        if turns:
            self.active, self.other = self.other, self.active
        if told.get(b"active") != self.active:
            return "a step to another key"
        self.state = after
        self.other = self.other if after else None
        return None


class Keys:
    """What the events so far say of all CA keys."""

    def __init__(self):
        self.uses = {b"user": Use(), b"host": Use()}
        self.known = set()

    def take(self, record):
        """What is wrong with an event by which CA keys change; None if nothing is."""
        told = pairs_of(record["details"])
        use = self.uses.get(told.get(b"use"))
        if use is None:
            return "no use"
        if record["type"] != b"ca.key.new":
            return use.step(record["type"], told)
        name = fingerprint(base64.b64decode(told[b"key"].split(b" ")[1]))
        if name in self.known:
            return "a key that was there before"
        wrong = use.new(name)
        self.known |= {name} if wrong is None else set()
        return wrong


def pairs_of(data):
    words = Reader(data).strings()
    return dict(zip(words[::2], words[1::2]))


def judge_keys(records):
    """What is wrong with the CA keys of a ledger: wrong steps, certificates by a key that did not sign."""
    keys, wrong = Keys(), []
    for number, record in enumerate(records):
        found = None
        if record["kind"] == CERT:
            cert = sshwire.read_cert(record["cert"])
            use = keys.uses[b"user" if cert["type"] == USER else b"host"]
            if fingerprint(cert["ca"]) != use.active:
                found = "a certificate by a key that was not active"
        elif record["type"] in ROTATION:
            found = keys.take(record)
        wrong += [(number, found)] if found else []
    return wrong


def details(**pairs):
    return b"".join(string(name) + string(value) for name, value in pairs.items())


def derive(entries, origin, seed):
    """Every file but the lock, for these entries."""
    records, index = b"", b""
    for number, entry in enumerate(entries):
        if number % 256 == 0:
            index += u64(len(records))
        records += len(entry).to_bytes(2, "big") + entry
    leaves = [leaf(entry) for entry in entries]
    files = {
        "records": records,
        "index": index,
        "checkpoint": note(origin, len(entries), root(leaves), seed),
        "checkpoint.vkey": vkey(origin, ed25519_public(seed)) + b"\n",
    }
    files.update(tiles(leaves))
    return files


def read_folder(folder):
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def write_folder(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    return folder


# --- What vouch wrote


def seed_of(path):
    return Signer.load(path).fields["seed"]


def compare(ca):
    """Derives all files of a CA's ledger from its records; returns the decoded records."""
    files = read_folder(ca + "/ledger")
    entries, _ = split(files.pop("records"))
    expect_equal(files.pop("lock"), b"", "lock")
    origin = files["checkpoint"].split(b"\n")[0]
    wanted = derive(entries, origin, seed_of(ca + "/checkpoint_key"))
    wanted.pop("records")
    expect_equal(sorted(files), sorted(wanted), "names of files")
    for name, content in files.items():
        expect(content == wanted[name], f"{name} is not what the records give")
    return [decode(entry) for entry in entries]


def check_rules(records, certs):
    highest, before = 0, 0
    for number, record in enumerate(records):
        expect_equal(record["number"], number, "number")
        expect(record["time"] >= before, "time goes back")
        before = record["time"]
        if record["kind"] == CERT:
            highest = max(highest, sshwire.read_cert(record["cert"])["serial"])
        expect_equal(record["highest"], highest, "highest")
    expect_equal([r["cert"] for r in records if r["kind"] == CERT], certs, "certificates")
    expect_equal(records[0]["type"], b"ledger.new")
    uses = [r["details"] for r in records if r.get("type") == b"ca.key.new"]
    expect_equal(len(uses), 2)
    expect_equal(judge_keys(records), [])


def ours(lab, tap):
    ca, key = lab.ca(), lab.key("ed25519")
    certs = []
    with tap.row("S4_a_second_implementation_derives_every_byte_of_our_ledger"):
        check_rules(compare(ca), certs)
        for i in range(5):
            words = ("--ca", ca, "--id", f"user{i}", "--principals", "alice", "--force")
            lab.must_vouch("sign", "user", *words, key + ".pub")
            certs.append(sshwire.read_line(key + "-cert.pub")[1])
            check_rules(compare(ca), certs)
    with tap.row("S4_and_across_the_border_of_a_tile"):
        keys = [f"{key}{i}.pub" for i in range(300)]
        for path in keys:
            shutil.copy(key + ".pub", path)
        words = ("--ca", ca, "--id", "many", "--principals", "alice")
        lab.must_vouch("sign", "user", *words, *keys)
        certs += [sshwire.read_line(path[:-4] + "-cert.pub")[1] for path in keys]
        check_rules(compare(ca), certs)
        lab.must_vouch("ledger", "verify", ca)
    with tap.row("S6_a_tail_cut_off_by_putting_back_an_older_copy_is_found_by_a_kept_checkpoint"):
        older = lab.join("older")
        shutil.copytree(ca, older)
        lab.must_vouch("sign", "user", *words, "--force", keys[0])
        kept = ca + "/ledger/checkpoint"
        expect_equal(lab.vouch("ledger", "verify", older).status, 0, "it cannot know by itself")
        done = lab.vouch("ledger", "verify", older, "--checkpoint", kept)
        expect(done.status == 1, "the cut tail is not found", done)
        lab.must_vouch("ledger", "verify", ca, "--checkpoint", older + "/ledger/checkpoint")


# --- What we make


class Maker:
    """Ledgers of our own. `change` is called with the records before they are hashed."""

    def __init__(self, lab):
        self.lab = lab
        self.seed = bytes(range(1, 33))
        self.origin = b"ca.example.com/made"
        self.user_ca, self.host_ca = Signer.ed25519(b"u" * 32), Signer.ed25519(b"h" * 32)
        self.subject = Signer.ed25519(b"s" * 32).blob
        self.certs = {}

    def cert(self, ca, kind, serial):
        if (ca, kind, serial) not in self.certs:
            blob = craft(self.subject, ca, type=kind, serial=serial, nonce=b"n" * 32, after=1,
                         key_id=f"id-{serial}")
            self.certs[ca, kind, serial] = blob
        return self.certs[ca, kind, serial]

    @staticmethod
    def line(blob):
        return b"ssh-ed25519 " + b64(blob)

    def event(self, kind, **more):
        return {"kind": EVENT, "type": kind, **more}

    def issued(self, ca, kind, serial):
        return {"kind": CERT, "cert": self.cert(ca, kind, serial)}

    def records(self, count):
        own = string("ssh-ed25519") + string(ed25519_public(self.seed))
        rows = [self.event(b"ledger.new", object=self.origin, details=details(key=self.line(own)))]
        for use, ca in ((b"user", self.user_ca), (b"host", self.host_ca)):
            pairs = details(use=use, key=self.line(ca.blob))
            rows.append(self.event(b"ca.key.new", object=use, details=pairs))
        for i in range(count):
            rows.append(self.issued(self.user_ca, USER, i + 1) if i % 3 else self.event(b"a.test"))
        return rows

    def finish(self, rows):
        """Numbers, times and highest serials, where a row does not have its own."""
        now, highest = int(time.time() * 1000) - 10**6, 0
        for number, row in enumerate(rows):
            if row["kind"] == CERT and row["cert"] != NO_CERT:
                highest = max(highest, sshwire.read_cert(row["cert"])["serial"])
            row.setdefault("number", number)
            row.setdefault("time", now + number)
            row.setdefault("highest", highest)
        return [encode(row) for row in rows]

    def make(self, count=4, change=None):
        rows = self.records(count)
        if change is not None:
            change(rows)
        return derive(self.finish(rows), self.origin, self.seed)

    def verify(self, files):
        return self.lab.vouch("ledger", "verify", write_folder(self.lab.join("made"), files))


def right_ones(maker, tap):
    with tap.row("S4_ledgers_that_a_second_implementation_made_are_proven"):
        for count in (0, 1, 4, 252, 253, 254, 510, 600):
            done = maker.verify(maker.make(count))
            expect(done.status == 0, f"{count} records", done)
    with tap.row("S4_with_zeros_behind_the_records_too_and_with_nothing_else"):
        files = maker.make()
        for tail in (b"\0", b"\0\0", bytes(5000)):
            expect_equal(maker.verify({**files, "records": files["records"] + tail}).status, 0)
            done = maker.verify({**files, "records": files["records"] + tail + b"\1"})
            expect_equal(done.status, 1)


def put(at, **fields):
    """A change of one record."""

    def change(rows):
        rows[at].update(fields)

    return change


def wrong_ones(maker, tap):
    """Everything around is right: lengths, checks, tree, tiles, index, signature."""
    user, host, other = maker.user_ca, maker.host_ca, Signer.ed25519(b"o" * 32)
    broken = bytearray(maker.cert(user, USER, 90))
    broken[-1] ^= 1
    again = maker.records(0)[1]
    changes = {
        "S4_a_wrong_number": put(4, number=5),
        "S4_a_time_that_goes_back": put(5, time=1),
        "S4_a_wrong_highest_serial": put(5, highest=77),
        "S4_another_version": put(4, version=2),
        "S4_another_kind": put(3, kind=3, type=b"a"),
        "S4_bytes_left_over_in_a_record": put(4, extra=b"\0"),
        "S4_a_wrong_check": put(4, check=bytes(8)),
        "S4_a_type_that_is_no_name": put(3, type=b"A test"),
        "S4_details_that_are_no_pairs": put(3, details=b"\0\0\0\1"),
        "S4_a_first_record_that_is_not_ledger_new": put(0, type=b"a.test"),
        "S4_a_first_record_of_another_origin": put(0, object=b"ca.example.org"),
        "S4_a_second_beginning": lambda rows: rows.append(dict(maker.records(0)[0])),
        "S4_a_ca_key_that_is_introduced_twice": lambda rows: rows.append(dict(again)),
        "S4_a_ca_key_without_a_use": put(1, details=details(key=maker.line(user.blob))),
        "S4_a_ca_key_of_a_second_use": put(2, details=again["details"].replace(b"user", b"host")),
        "S4_a_certificate_before_its_ca_key": lambda rows: rows.insert(1, rows.pop(4)),
        "S4_a_certificate_of_an_unknown_ca": lambda r: r.append(maker.issued(other, USER, 9)),
        "S4_a_user_certificate_by_the_host_ca": lambda r: r.append(maker.issued(host, USER, 9)),
        "S4_a_host_certificate_by_the_user_ca": lambda r: r.append(maker.issued(user, HOST, 9)),
        "S4_a_certificate_that_is_none": put(4, cert=NO_CERT),
        "S4_a_certificate_with_a_wrong_signature": put(4, cert=bytes(broken)),
        "C23_a_serial_twice": lambda rows: rows.append(maker.issued(user, USER, 2)),
    }
    for name, change in changes.items():
        with tap.row(name + "_is_found_though_all_hashes_and_signatures_are_right"):
            done = maker.verify(maker.make(change=change))
            expect(done.status == 1, "it was not found", done)
    with tap.row("C23_the_same_serial_by_two_cas_and_serial_0_twice_are_no_repeats"):
        wanted = ((host, HOST, 2), (user, USER, 0), (user, USER, 0))
        rows = [maker.issued(*row) for row in wanted]
        done = maker.verify(maker.make(change=lambda r: r.extend(dict(row) for row in rows)))
        expect(done.status == 0, done)


class Rotations:
    """Stories of a user CA whose key changes, told by a word for each record."""

    def __init__(self, maker):
        self.maker = maker
        self.keys = {"a": maker.user_ca, "h": maker.host_ca}
        self.keys.update((name, Signer.ed25519(name.encode() * 32)) for name in "bc")
        self.serial = 0

    def row(self, word):
        """`new b`, `switch b b` (the key beside, and the one that signs then), `cert b`; a use behind."""
        what, key, *more = word.split()
        if what == "cert":
            self.serial += 1
            return self.maker.issued(self.keys[key], USER, self.serial)
        use = (more.pop() if len(more) == (1 if what == "new" else 2) else "user").encode()
        if what == "new":
            pairs = details(use=use, key=Maker.line(self.keys[key].blob))
        else:
            names = (fingerprint(self.keys[name].blob) for name in (key, more[0]))
            pairs = details(use=use, **dict(zip(("fingerprint", "active"), names)))
        return self.maker.event(b"ca.key." + what.encode(), object=use, details=pairs)

    def tell(self, story):
        self.serial = 0
        rows = self.maker.records(0) + [self.row(word) for word in story.split(", ")]
        entries = self.maker.finish(rows)
        files = derive(entries, self.maker.origin, self.maker.seed)
        return judge_keys([decode(entry) for entry in entries]), self.maker.verify(files)


def rotations(maker, tap):
    """What each implementation makes of rotations."""
    round_trip = "new b, cert a, switch b b, cert b, remove a b, cert b, destroy a b"
    right = (
        "cert a",
        round_trip + ", cert b",
        round_trip + ", new c, switch c c, cert c, remove b c, destroy b c, cert c",
        "new b, destroy b a, cert a, new c, cert a",
        "new b, switch b b, cert b, back a a, cert a, switch b b, cert b",
        "new b, switch b b, remove a b, restore a b, back a a, cert a",
    )
    wrong = (
        "new b, cert b",
        "new b, switch b b, cert a",
        "new b, switch b b, back a a, cert b",
        "new b, switch b b, remove a b, cert a",
        round_trip + ", cert a",
        round_trip + ", new a",
        "new b, new c",
        "new b, switch b b, new c",
        "new h",
        "new b nobody",
        "switch b b",
        "new b, switch c c",
        "new b, switch b a",
        "new b, switch b b host",
        "new b, remove b a",
        "new b, destroy a b",
        "new b, switch b b, destroy a b",
        "new b, switch b b, remove a b, back a a",
        round_trip + ", restore a b",
    )
    stories = Rotations(maker)
    with tap.row("S4_rotations_that_keep_to_the_steps_are_proven"):
        for story in right:
            found, done = stories.tell(story)
            expect(found == [] and done.status == 0, story, found, done)
    with tap.row("S4_a_certificate_by_a_key_that_was_not_active_and_each_wrong_step_is_found"):
        for story in wrong:
            found, done = stories.tell(story)
            expect(found != [] and done.status == 1, story, found, done)


def wrong_folders(maker, tap):
    files = maker.make(260)
    check = files["checkpoint"]
    text, signature = check.split(b"\n\n")
    other = derive(maker.finish(maker.records(259)), maker.origin, b"x" * 32)
    longer = maker.make(261)
    partial = next(name for name in files if name.startswith("tile/0/001.p/"))
    changes = {
        "S4_a_checkpoint_with_an_extension_line": {"checkpoint": text + b"\nmore\n\n" + signature},
        "S4_a_checkpoint_with_a_second_signature": {"checkpoint": check + signature},
        "S4_a_checkpoint_by_another_key": {"checkpoint": other["checkpoint"]},
        "S4_a_checkpoint_of_a_longer_ledger": {"checkpoint": longer["checkpoint"]},
        "S4_a_vkey_of_another_key": {"checkpoint.vkey": other["checkpoint.vkey"]},
        "S4_records_of_a_longer_ledger": {"records": longer["records"]},
        "S4_an_index_with_an_entry_too_many": {"index": files["index"] + u64(1)},
        "S4_a_lock_that_is_not_empty": {"lock": b"\0"},
        "S4_a_partial_tile_beside_the_full_one": {"tile/0/000.p/5": files["tile/0/000"][:160]},
        "S4_a_partial_tile_of_the_future": {"tile/0/001.p/200": files["tile/0/000"][: 200 * 32]},
        "S4_a_tile_spelt_in_another_way": {"tile/0/x000/000": files["tile/0/000"]},
        "S4_a_tile_of_another_level": {"tile/2/000.p/1": files[partial][:32]},
    }
    with tap.row("S4_the_folder_before_the_changes_below_is_proven"):
        expect_equal(maker.verify(files).status, 0)
    for name, change in changes.items():
        with tap.row(name + "_is_found"):
            done = maker.verify({**files, **change})
            expect(done.status == 1, "it was not found", done)
    with tap.row("S4_each_missing_file_is_found"):
        for name in files:
            left = {other: content for other, content in files.items() if other != name}
            done = maker.verify(left)
            expect(done.status != 0, f"{name} is gone and it was not found", done)


def anchors(maker, tap):
    with tap.row("S6_every_older_checkpoint_is_found_consistent_and_any_other_is_not"):
        folder = write_folder(maker.lab.join("grown"), maker.make(300))
        leaves = [leaf(entry) for entry in split(read_folder(folder)["records"])[0]]
        for size in (1, 2, 3, 255, 256, 257, len(leaves)):
            path = maker.lab.join("older-checkpoint")
            for top, status in ((root(leaves[:size]), 0), (root(leaves[: size - 1]), 1)):
                with open(path, "wb") as file:
                    file.write(note(maker.origin, size, top, maker.seed))
                done = maker.lab.vouch("ledger", "verify", folder, "--checkpoint", path)
                expect(done.status == status, f"size {size}", done)
    with tap.row("S4_the_report_for_programs_says_what_it_proved"):
        done = maker.lab.must_vouch("ledger", "verify", folder, "-o", "json")
        json.loads(done.out)
        expect(root(leaves).hex() in done.out or b64(root(leaves)).decode() in done.out, done)


def main():
    with Lab("ssh-keygen") as lab:
        tap = Tap()
        ours(lab, tap)
        maker = Maker(lab)
        for part in (right_ones, wrong_ones, rotations, wrong_folders, anchors):
            part(maker, tap)
        tap.done()


if __name__ == "__main__":
    main()
