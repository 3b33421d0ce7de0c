#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What cannot be undone about a CA key, at a real vouchd and by the commands: proposed by one administrator,
confirmed by another, and by nobody else. What the authority makes of it in each case is in test-proposals.c.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from admin import Office, answer_of, fails, succeeds
from api import is_revoked, refused
from lab import Lab
from people import yaml
from service import find_vouchd
from tap import Tap, expect, expect_equal, skip_all

NO, USAGE, NOT_FOUND, REFUSED, CONFLICT = 1, 2, 3, 5, 8
REASON = "the rotation of May"
PROPOSALS = "/v1/ca/proposals"
POLICY = """\
zones:
  - {name: lab, patterns: ['*.lab.example.com']}
users:
  - {name: ada}
  - {name: bob}
  - {name: eve}
groups:
  - {name: vouch-admins, members: [ada, bob]}
  - {name: vouch-auditors, members: [eve]}
"""


def people(tap, office):
    with tap.row("two administrators and an auditor are signed in"):
        answer = office.service.local("PUT", "/v1/policy", POLICY.encode(), yaml(0))
        expect_equal(answer.status, 200, str(answer))
        for name in ("ada", "bob", "eve"):
            person = office.town.people[name]
            link = office.service.must_local("POST", f"/v1/accounts/{name}/link", {}).json()["secret"]
            office.town.set_up(person, link)
            office.sign_in(person)


def status(office):
    return answer_of(office.own("ca", "rotate", "status", "user", "-o", "json"), "vouch.rotation/1")["items"][0]


def key(office, state):
    return next(row["fingerprint"] for row in status(office)["keys"] if row["state"] == state)


def propose(office, name, act, fingerprint, *words):
    return office.as_(name, "ca", "propose", act, "--fingerprint", fingerprint, "--reason", REASON, *words)


def proposed(office, name, act, fingerprint, *words):
    found = answer_of(propose(office, name, act, fingerprint, *words, "-o", "json"), "vouch.ca-proposal/1")
    expect_equal((found["state"], found["act"], found["proposer"], found["fingerprint"], found["record"]),
                 ("open", act, name, fingerprint, None))
    return found["id"]


def confirm(office, name, number, fingerprint):
    return office.as_(name, "ca", "confirm", number, "--fingerprint", fingerprint, "--yes", "-o", "json")


def events(office, kind):
    return office.service.must_local("GET", f"/v1/audit?type={kind}").json()["items"]


def destroying(tap, office):
    own = ("ca", "rotate", "advance", "user", "--yes")
    with tap.row("a rotation goes to its last step with one administrator"):
        succeeds(office.as_("ada", "ca", "rotate", "start", "user", "--yes"))
        for words in ((), ("--now",)):
            succeeds(office.as_("ada", *own, *words))
        expect_equal(status(office)["phase"], "removed")
    old = key(office, "removed")
    with tap.row("the last step is not made by one, whoever it is"):
        fails(office.as_("ada", *own, "--fingerprint", old), REFUSED, "V-2060", "vouch ca propose")
        fails(office.as_("ada", *own, "--fingerprint", old, "--alone"), REFUSED, "V-2064")
        fails(office.own(*own, "--fingerprint", old), REFUSED, "V-2060", "--alone")
    with tap.row("what is no proposal is refused as such"):
        fails(propose(office, "ada", "remove", old), USAGE, "V-1901", "destroy, or revoke")
        fails(office.as_("ada", "ca", "propose", "destroy", "--fingerprint", old), USAGE, "V-1901", "--reason")
        fails(propose(office, "ada", "destroy", key(office, "active")), CONFLICT, "V-1976")
        fails(propose(office, "eve", "destroy", old), REFUSED, "V-1802")
        fails(office.own("ca", "propose", "destroy", "--fingerprint", old, "--reason", REASON), REFUSED, "V-2061")
        expect_equal(events(office, "proposal.make"), [])
    number = proposed(office, "ada", "destroy", old)
    with tap.row("who may read sees who proposed it, and until when"):
        found = answer_of(office.as_("eve", "ca", "proposals", "--state", "open", "-o", "json"), "vouch.ca-proposals/1")
        expect_equal([(row["id"], row["proposer"], row["use"]) for row in found["items"]], [(number, "ada", "user")])
        expect(REASON in succeeds(office.as_("bob", "ca", "proposals")).out)
    with tap.row("it is confirmed by neither who proposed it, nor who may not, nor for another key"):
        fails(confirm(office, "ada", number, old), REFUSED, "V-2061", "another administrator")
        fails(confirm(office, "eve", number, old), REFUSED, "V-1802")
        fails(office.own("ca", "confirm", number, "--fingerprint", old, "--yes"), REFUSED, "V-2061")
        fails(confirm(office, "bob", number, key(office, "active")), CONFLICT, "V-2062")
        fails(confirm(office, "bob", "77", old), NOT_FOUND, "V-1804")
        fails(confirm(office, "bob", "x", old), USAGE, "V-1901")
        fails(office.as_("bob", "ca", "confirm", number, "--fingerprint", old, "--no-input"), USAGE, "V-1901", REASON)
        expect_equal(status(office)["phase"], "removed")
    with tap.row("it outlives a kill, and the other administrator confirms it once"):
        office.service.kill()
        office.service.start()
        done = answer_of(confirm(office, "bob", number, old), "vouch.ca-proposal/1")
        expect_equal((done["state"], done["decider"]), ("done", "bob"))
        expect(done["record"] is not None, done)
        expect_equal((status(office)["phase"], len(status(office)["keys"])), ("steady", 1))
        fails(confirm(office, "bob", number, old), CONFLICT, "V-2063", "already")
    with tap.row("the ledger says who proposed and who confirmed, before the key was destroyed"):
        order = [events(office, kind)[0] for kind in ("proposal.make", "proposal.confirm", "ca.key.destroy")]
        expect_equal([row["actor"] for row in order], ["user:ada", "user:bob", "user:bob"])
        numbers = [int(row["record"]) for row in order]
        expect_equal(numbers, sorted(numbers))


def revoking(tap, office):
    fingerprint = key(office, "active")
    town = office.town
    with tap.row("a whole CA is not revoked by one person, nor by a token"):
        cert = town.issue()["certificate"]
        fails(office.as_("ada", "cert", "revoke", "--ca", fingerprint, "--reason", REASON, "--yes"), REFUSED, "V-2060")
        refused(town.ask("POST", "/v1/revocations", {"ca": fingerprint, "reason": REASON}), 403)
        refused(town.ask("POST", PROPOSALS, {"act": "revoke", "fingerprint": fingerprint, "reason": REASON}), 403)
        expect(not is_revoked(town, cert))
    with tap.row("one no is enough, and another proposal may follow"):
        number = proposed(office, "ada", "revoke", fingerprint)
        fails(propose(office, "bob", "revoke", fingerprint), CONFLICT, "V-2063", "ada")
        succeeds(office.as_("bob", "ca", "withdraw", number), "withdrawn")
        fails(confirm(office, "bob", number, fingerprint), CONFLICT, "V-2063", "withdrawn")
    with tap.row("a proposal about a key that changed is void"):
        number = proposed(office, "ada", "revoke", fingerprint)
        succeeds(office.as_("ada", "ca", "rotate", "start", "user", "--yes"))
        fails(confirm(office, "bob", number, fingerprint), CONFLICT, "V-2063", "void")
    with tap.row("two administrators revoke it, and its certificates are worth nothing"):
        number = proposed(office, "bob", "revoke", fingerprint)
        done = answer_of(confirm(office, "ada", number, fingerprint), "vouch.ca-proposal/1")
        expect_equal((done["state"], done["decider"]), ("done", "ada"))
        expect(is_revoked(town, cert))
    with tap.row("what the server answers is what its document says"):
        for path in (PROPOSALS, f"{PROPOSALS}?state=void", f"{PROPOSALS}/{number}"):
            expect_equal(town.get(path).status, 200)
        expect_equal([row["state"] for row in town.get(PROPOSALS).json()["items"]],
                     ["done", "void", "withdrawn", "done"])


def alone(tap, office):
    with tap.row("whoever is root does it alone, says so, and it is recorded"):
        host = office.service.get("/v1/ca").json()["host_ca"]["fingerprint"]
        words = ("cert", "revoke", "--ca", host, "--reason", REASON, "--yes")
        fails(office.own(*words), REFUSED, "V-2060", "--alone")
        fails(office.as_("ada", *words, "--alone"), REFUSED, "V-2064", "--local")
        expect_equal(events(office, "proposal.alone"), [])
        found = json.loads(succeeds(office.own(*words, "--alone", "-o", "json")).out)
        expect_equal((found["kind"], found["value"]), ("ca", host))
        rows = events(office, "proposal.alone")
        expect_equal([(row["object"], row["actor"].split(":")[0]) for row in rows], [(host, "local")])
        expect(int(rows[0]["record"]) < int(found["record"]), rows, found)
    with tap.row("the ledger is proven"):
        office.service.stop()
        office.service.verify()


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh-keygen", "openssl") as lab:
        tap = Tap()
        office = Office(lab, vouchd)
        for part in (people, destroying, revoking, alone):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, office)
        tap.done()


if __name__ == "__main__":
    main()
