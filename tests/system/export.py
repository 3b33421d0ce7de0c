#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Exports of the audit log: a file and its manifest, which nobody can alter without being found out.

A service, events of its own, and `vouch audit search`, `export` and `verify` on them; ssh-keygen and a plain
SHA-256 say the same of a manifest as we do.
"""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab, wait_for
from service import Service, find_vouchd
from tap import Failure, Tap, expect, expect_equal

WRONG = {"manifest": "V-2055", "key": "V-2056", "changed": "V-2057", "ledger": "V-2058"}
PROFILES = ("--type", "profile.*")
EVENTS = 1200  # more than a piece of an answer has


class Desk:
    """A service with events in it, and a folder for files."""

    def __init__(self, lab, service):
        self.lab, self.service = lab, service
        self.vouch = os.environ["VOUCH"]
        self.key = lab.join("checkpoint.pub")

    def run(self, *words):
        return subprocess.run([self.vouch, *words], env=self.service.env, capture_output=True, text=True, timeout=60)

    def must(self, *words):
        done = self.run(*words)
        if done.returncode != 0:
            raise Failure(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def audit(self, verb, *words):
        return self.must("audit", verb, *words, "--local", self.service.folder)

    def search(self, *words):
        return json.loads(self.audit("search", *words, "--limit", "5000", "-o", "json"))["items"]

    def export(self, name, *words):
        """Of what profiles were: exports are events too, with the words that were asked for."""
        path = self.lab.join(name)
        self.audit("export", *words, *PROFILES, "--out", path)
        return path

    def refused(self, code, *words):
        done = self.run("audit", "verify", *words)
        expect(done.returncode != 0, f"{words} was believed")
        expect(f"[{code}]" in done.stderr, f"{words}: {done.stderr}")
        expect_equal(done.stdout, "", "standard output")
        return done.stderr

    def note_key(self):
        ca = self.service.must_local("GET", "/v1/ca").json()
        with open(self.key, "w", encoding="ascii") as file:
            file.write(ca["checkpoint_key"]["public_key"] + "\n")

    def fill(self):
        for i in range(EVENTS // 2):
            name = f"deploy-{i:04}"
            self.service.must_local("PUT", f"/v1/profiles/{name}", {
                "type": "user", "principals": ["deploy"], "ttl_max_s": 3600})
            self.service.must_local("DELETE", f"/v1/profiles/{name}")
        wait_for(lambda: len(self.service.must_local("GET", "/v1/audit?q=deploy-0599").json()["items"]) == 2,
                 "the index")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def lines_of(path):
    with open(path, encoding="ascii") as file:
        return [json.loads(line) for line in file]


def statement_of(path):
    text = read(path + ".manifest").decode()
    head, _, armour = text.partition("\n\n")
    first, *rest = head.split("\n")
    expect_equal(first, "vouch-export/1")
    return dict(line.split(" ", 1) for line in rest), head + "\n", armour


def words(tap, desk):
    with tap.row("words find events in which something begins with each of them"):
        for asked, wanted in (("deploy-0123", 2), ("DEPLOY-0123", 2), ("profile.put deploy-0123", 1),
                              ("deploy-012", 20), ("0123", 2), ("eploy-0123", 0), ("deploy-0123 deploy-0124", 0)):
            found = desk.search(*asked.split())
            expect_equal(len(found), wanted, asked)
        found = desk.search("deploy-0123")
        expect_equal({event["object"] for event in found}, {"deploy-0123"})
    with tap.row("words and filters both have to fit, and a type may be a pattern"):
        expect_equal(len(desk.search("deploy-0123", "--type", "profile.*")), 2)
        expect_equal(len(desk.search("deploy-0123", "--type", "token.*")), 0)
        expect_equal(len(desk.search("deploy", "--type", "profile.remove")), EVENTS // 2)
    with tap.row("more words than a server takes are refused"):
        done = desk.run("audit", "search", *["a" * 100] * 6, "--local", desk.service.folder)
        expect(done.returncode != 0 and "[V-1805]" in done.stderr, done.stderr)


def whole(tap, desk):
    path = desk.export("all.jsonl", "deploy")
    with tap.row("an export has every event that fits, as the search shows it, in its order"):
        expect(lines_of(path) == desk.search("deploy", *PROFILES), "they differ")
        expect_equal(len(lines_of(path)), EVENTS)
    with tap.row("the manifest says what was asked, by whom, how much it is, and of which ledger"):
        said, statement, armour = statement_of(path)
        expect_equal((said["format"], said["words"], said["asker"]), ("jsonl", "deploy", f"local:uid:{os.getuid()}"))
        expect_equal((said["records"], said["length"]), (str(EVENTS), str(os.path.getsize(path))))
        expect_equal(said["sha256"], hashlib.sha256(read(path)).hexdigest())
        expect(EVENTS <= int(said["searched"]) <= int(said["size"]), said)
    with tap.row("ssh-keygen takes the signature for the ledger's, in its own namespace and no other"):
        write(desk.lab.join("sig"), armour.encode())
        with open(desk.key, encoding="ascii") as file:
            write(desk.lab.join("signers"), f"ledger {file.read()}".encode())
        for name_space, good in (("vouch-export", True), ("vouch-krl", False), ("file", False)):
            done = subprocess.run(
                ["ssh-keygen", "-Y", "verify", "-f", desk.lab.join("signers"), "-I", "ledger", "-n", name_space,
                 "-s", desk.lab.join("sig")], input=statement.encode(), capture_output=True, timeout=20)
            expect_equal(done.returncode == 0, good, f"{name_space}: {done}")
    with tap.row("the export is itself an event, found by the hash of the file"):
        wait_for(lambda: desk.search(said["sha256"]), "the event")
        event, = desk.search(said["sha256"])
        expect_equal((event["type"], event["actor"], event["object"]), ("audit.export", said["asker"], said["sha256"]))
        expect_equal((event["details"]["records"], event["details"]["words"]), (str(EVENTS), "deploy"))
        desk.service.verify()
    with tap.row("vouch audit verify proves it, without a server"):
        out = desk.must("audit", "verify", path, "--checkpoint-key", desk.key, "-o", "json")
        expect_equal(json.loads(out)["records"], str(EVENTS))
        expect("V-" not in desk.must("audit", "verify", path, "--checkpoint-key", desk.key, "--ledger", said["ledger"]))
    with tap.row("a table has the same records"):
        table = desk.export("all.csv", "deploy", "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(read(table).decode())))
        again = [{**row, "details": json.loads(row["details"])} for row in rows]
        expect(again == lines_of(path), "they differ")
        desk.must("audit", "verify", table, "--checkpoint-key", desk.key)
    with tap.row("an export of nothing proves that there was nothing"):
        for form in ("jsonl", "csv"):
            none = desk.export(f"none.{form}", "no-such-word", "--format", form)
            expect_equal(statement_of(none)[0]["records"], "0")
            desk.must("audit", "verify", none, "--checkpoint-key", desk.key)


def altered(tap, desk):
    path, key = desk.export("small.jsonl", "deploy-001"), ("--checkpoint-key", desk.key)
    good, manifest = read(path), read(path + ".manifest")
    copy = desk.lab.join("copy.jsonl")

    def put(content, beside=manifest):
        write(copy, content)
        write(copy + ".manifest", beside)

    with tap.row("each byte that is changed is found out"):
        for at in range(0, len(good), max(1, len(good) // 40)):
            put(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            desk.refused(WRONG["changed"], copy, *key)
    with tap.row("a line that is dropped, added, doubled or cut is found out, and how many there were is said"):
        lines = good.splitlines(keepends=True)
        for content in (lines[1:], lines[:-1], lines + lines[-1:], lines[:1] + lines, [], [good[:-1]]):
            put(b"".join(content))
            said = desk.refused(WRONG["changed"], copy, *key)
            expect("records" in said and f"had {len(lines)}" in said, said)
        put(b"".join([lines[1], lines[0], *lines[2:]]))
        expect("SHA-256" in desk.refused(WRONG["changed"], copy, *key), "lines that changed places")
    with tap.row("each byte of the manifest that is changed is found out"):
        for at in range(0, len(manifest), 7):
            put(good, manifest[:at] + bytes([manifest[at] ^ 1]) + manifest[at + 1:])
            done = desk.run("audit", "verify", copy, *key)
            expect(done.returncode != 0 and re.search(r"\[V-205[567]\]", done.stderr), f"byte {at}: {done}")
        put(good, manifest.replace(b"records 20\n", b"records 21\n"))
        desk.refused(WRONG["manifest"], copy, *key)
        put(good, b"")
        desk.refused(WRONG["manifest"], copy, *key)
    with tap.row("a manifest of other records does not fit, and none is none"):
        other = desk.export("other.jsonl", "deploy-002")
        desk.refused(WRONG["changed"], path, "--manifest", other + ".manifest", *key)
        os.unlink(copy + ".manifest")
        done = desk.run("audit", "verify", copy, *key)
        expect(done.returncode != 0 and "copy.jsonl.manifest" in done.stderr, done.stderr)
    with tap.row("another key, another ledger, and nobody's word at all are refused"):
        stranger = desk.lab.key("ed25519")
        desk.refused(WRONG["key"], path, "--checkpoint-key", stranger + ".pub")
        desk.refused(WRONG["ledger"], path, *key, "--ledger", "other.example.com")
        desk.refused(WRONG["manifest"], path)
    with tap.row("what another key signed in the same words is refused"):
        said, statement, _ = statement_of(path)
        write(desk.lab.join("forged"), statement.encode())
        desk.lab.must("ssh-keygen", "-q", "-Y", "sign", "-f", stranger, "-n", "vouch-export", desk.lab.join("forged"))
        put(good, (statement + "\n").encode() + read(desk.lab.join("forged.sig")))
        desk.refused(WRONG["key"], copy, *key)
    with tap.row("a revocation list's envelope is no manifest"):
        envelope = desk.service.local("GET", "/v1/krls/user/envelope").body
        put(good, envelope if isinstance(envelope, bytes) else envelope.encode())
        desk.refused(WRONG["manifest"], copy, *key)


def taken(tap, desk):
    with tap.row("a file that is there stays as it is when an export fails"):
        path = desk.export("kept.jsonl", "deploy-003")
        before = read(path)
        stranger = desk.lab.key("ed25519")
        done = desk.run("audit", "export", "deploy-004", "--out", path, "--checkpoint-key", stranger + ".pub",
                        "--local", desk.service.folder)
        expect(done.returncode != 0 and "[V-2056]" in done.stderr, done.stderr)
        expect_equal(read(path), before)
        expect(not os.path.exists(path + ".part"), "what was written aside is still there")
    with tap.row("the answer has the records, an empty line and the manifest, and says nothing of its length"):
        answer = desk.service.local("GET", "/v1/audit/export?q=deploy-00&type=profile.*")
        expect_equal(answer.status, 200)
        expect(b"\n\nvouch-export/1\n" in answer.body and answer.headers.get("content-length") is None, answer)
        records, _, _ = answer.body.partition(b"\nvouch-export/1\n")
        expect_equal(len(records.splitlines()), 200)
    with tap.row("tokens without the scope get none, and it is not recorded that they asked"):
        desk.service.new_profile()
        poor = desk.service.new_token("poor", scopes=["cert:read"])
        count = len(desk.search("--type", "audit.export"))
        expect_equal(desk.service.ask("GET", "/v1/audit/export", token=poor).status, 403)
        expect_equal(len(desk.search("--type", "audit.export")), count)
        rich = desk.service.new_token("rich", scopes=["audit:read"])
        body = desk.service.ask("GET", "/v1/audit/export?type=token.new", token=rich).body
        expect(b"\nasker token:rich\n" in body, body)


def main():
    tap = Tap()
    vouchd = find_vouchd()
    with Lab("ssh-keygen") as lab, Service(lab.join("service"), vouchd, os.environ["VOUCH"]) as service:
        service.env = dict(service.env, XDG_CONFIG_HOME=lab.join("config"), HOME=lab.join("home"))
        service.init()
        service.start()
        desk = Desk(lab, service)
        try:
            desk.note_key()
            desk.fill()
            for part in (words, whole, altered, taken):
                part(tap, desk)
        except Failure as failure:
            raise Failure(f"{failure}\n{service.log()[-3000:]}") from failure
    tap.done()


if __name__ == "__main__":
    main()
