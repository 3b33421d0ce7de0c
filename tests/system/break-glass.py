#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Emergencies, as people type them, at a real vouchd with a real sshd: a role that is had at once, told to
everybody and reviewed by somebody else; certificates that are put away; the sheet for when the server is gone.
"""

import base64
import contextlib
import json
import os
import re
import sqlite3
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from admin import NOT_FOUND, OK, REFUSED, USAGE, CONFLICT, Office, answer_of, fails, secret_of, succeeds
from guest import Guest, utc
from lab import Lab, wait_for
from people import Person
from service import find_vouchd
from sshd import USER, Sshd
from tap import Tap, expect, expect_equal, skip_all

ROLE = "emergency"
WEB1 = "web1.prod.example.com"
PEOPLE = ("ada", "bob", "carl", "eve")


class Place(Office):
    """The service with its people, each signed in by the command; and a host that reports logins."""

    def __init__(self, lab, vouchd):
        super().__init__(lab, vouchd)
        self.people = {name: Person(name) for name in PEOPLE}
        self.sshd = self.guest = None
        self.reported = 0

    def old(self):
        """Everybody's second factor was given a while ago."""
        with contextlib.closing(sqlite3.connect(self.service.join("db", "vouch.db"), timeout=10)) as db:
            db.execute("UPDATE sessions SET factor_s = factor_s - 400")
            db.commit()

    def fresh(self):
        with contextlib.closing(sqlite3.connect(self.service.join("db", "vouch.db"), timeout=10)) as db:
            db.execute("UPDATE sessions SET factor_s = ?", (int(time.time()),))
            db.commit()

    def reviews(self, *words, who="eve"):
        return answer_of(self.as_(who, "review", "ls", "-o", "json", *words), "vouch.reviews/1")["items"]

    def newest(self):
        return self.reviews()[0]

    def cert(self, who):
        return os.path.join(self.env(who)["HOME"], ".ssh", "vouch", "prod", "request-cert.pub")

    def key(self, who):
        return os.path.join(self.env(who)["HOME"], ".ssh", "vouch", "prod", "id")

    def serial(self, who):
        return json.loads(self.lab.must_vouch("cert", "show", "-o", "json", self.cert(who)).out)["serial"]

    def report(self, serial, fingerprint):
        """What a host's agent sends of a login with that certificate."""
        self.reported += 1
        row = {"time": utc(time.time()), "outcome": "accepted", "login": "root", "source": "10.1.2.3",
               "method": "publickey", "key_id": "x", "fingerprint": fingerprint, "serial": serial,
               "ca": self.service.get("/v1/ca").json()["user_ca"]["fingerprint"]}
        answer = self.guest.ask("POST", "/v1/host/logins", {"first": str(self.reported), "logins": [row]})
        expect_equal(answer.status, 200, str(answer))

    def metric(self):
        text = self.service.ask("GET", "/metrics", None, self.town.token).body.decode()
        return re.search(r"^vouch_breakglass_unreviewed (\d+)$", text, re.M).group(1)


def building(tap, place):
    own = place.own
    for words in (("zone", "add", "prod", "--pattern", "*.prod.example.com"),
                  ("group", "add", "vouch-admins"), ("group", "add", "vouch-auditors"), ("group", "add", "eng"),
                  ("user", "add", "ada", "--group", "vouch-admins"),
                  ("user", "add", "bob", "--group", "vouch-admins,eng"), ("user", "add", "carl", "--group", "eng"),
                  ("user", "add", "eve", "--group", "vouch-auditors"),
                  ("role", "add", "dev", "--zone", "prod", "--member", "group:eng", "--host", "tier=web",
                   "--login", "app", "--ttl", "8h")):
        succeeds(own(*words))
    add = ("role", "add", ROLE, "--zone", "prod", "--member", "group:eng", "--host", "all", "--login", "root",
           "--break-glass")
    for words, key in ((("--ttl", "2h"), "max_ttl"), (("--ttl", "1h", "--second-factor", "15m"), "second_factor"),
                       (("--ttl", "1h", "--approve-by", "user:ada"), "approval")):
        with tap.row("no role for emergencies with " + " ".join(words)):
            done = own(*add, *words)
            expect(done.status != OK and f"roles.{ROLE}.{key}" in done.err, done)
    with tap.row("role add --break-glass brings the reason and the fresh factor along"):
        succeeds(own(*add, "--ttl", "1h"))
        role = json.loads(own("role", "show", ROLE, "-o", "json").out)
        expect_equal((role["break_glass"], role["reason_required"], role["second_factor_s"]), (True, True, 300))
        expect("break_glass: 'yes'" in place.text(), place.text())
    with tap.row("without its reason it is none"):
        done = own("role", "edit", ROLE, "--unset", "reason-required")
        expect(done.status != OK and f"roles.{ROLE}.reason" in done.err, done)
    with tap.row("the matrix and who-can mark it"):
        place.guest = Guest(place.service, place.lab.join("web1"), WEB1)
        token = succeeds(own("host", "token", "new", "--zone", "prod", "--name", WEB1, "--label", "tier=web",
                             "--format", "token")).out.strip()
        expect_equal(place.guest.enrol(token).status, 201)
        wait_for(lambda: WEB1 in own("access", "matrix").out, "the host to be in the matrix")
        shown = own("access", "matrix", "-o", "json")
        cells = json.loads(shown.out)["items"]
        expect_equal({tuple(cell["break_glass"]) for cell in cells if cell["row"] == "carl"}, {("root",)}, f"{shown}")
        grid = own("access", "matrix", "--grid")
        expect("!root" in grid.out, grid)
        paths = json.loads(own("access", "who-can", f"root@{WEB1}", "-o", "json").out)["items"]
        expect_equal({(path["user"], path["how"]) for path in paths}, {("bob", "break-glass"), ("carl", "break-glass")})


def moving_in(tap, place):
    with tap.row("everybody sets their account up and signs in"):
        for name, person in place.people.items():
            link = place.town.keep("link", secret_of(succeeds(place.own("user", "link", name)).out))
            place.town.set_up(person, link)
            place.sign_in(person)
    place.sshd = Sshd(place.lab, settings=f"TrustedUserCAKeys {place.lab.join('ca.pub')}\n"
                      f"AuthorizedPrincipalsFile {place.lab.join('principals')}")
    place.lab.write("ca.pub", place.service.get("/v1/ca/user.pub").body.decode())
    place.lab.write("principals", f"role:{ROLE}\n")
    os.chmod(place.lab.join("ca.pub"), 0o644)
    os.chmod(place.lab.join("principals"), 0o644)


def loud(tap, place):
    ask = ("request", ROLE, "--reason")
    with tap.row("nobody has it without a reason, for longer than it says, or by an old second factor"):
        expect_equal(place.as_("carl", "request", ROLE).status, USAGE)
        fails(place.as_("carl", *ask, "db down", "--ttl", "2h"), REFUSED, "V-1814")
        place.old()
        fails(place.as_("carl", *ask, "db down"), REFUSED, "V-1886")
        place.fresh()
        fails(place.as_("ada", *ask, "db down"), REFUSED, "V-1872")  # who has not the role
        expect_equal(place.reviews(), [])
    with tap.row("the API refuses an empty reason, and the role together with another"):
        carl = place.people["carl"]
        place.town.sign_in(carl)
        wish = {"zone": "prod", "public_key": place.town.fresh_pub(), "roles": [ROLE]}
        answer = place.town.as_(carl, "POST", "/v1/access", wish)
        expect_equal((answer.status, answer.json()["code"], answer.json()["field"]), (403, "V-1814", "reason"))
        answer = place.town.as_(carl, "POST", "/v1/access", {**wish, "roles": [ROLE, "dev"], "reason": "x"})
        expect_equal((answer.status, answer.json()["code"]), (403, "V-2040"))
        expect_equal(place.reviews(), [])
    with tap.row("with one it is had at once, and plain ssh logs in"):
        succeeds(place.as_("carl", *ask, "the database is down"))
        login = place.sshd.login(key=place.key("carl"), cert=place.cert("carl"))
        expect_equal(login.out.strip(), f"{USER}-is-in", str(login))
    with tap.row("it stands in reviews, in the record, in the log and among the figures"):
        row = place.newest()
        expect_equal((row["state"], row["kind"], row["drill"], row["user"], row["reason"], row["serial"]),
                     ("open", "loud", False, "carl", "the database is down", place.serial("carl")))
        types = [event["type"] for event in place.service.local("GET", "/v1/audit?object=carl").json()["items"]]
        expect("breakglass.open" in types and "breakglass.issue" in types, types)
        expect("V-2046" in place.service.log(), place.service.log()[-2000:])
        expect_equal(place.metric(), "1")
    with tap.row("an ordinary role is no emergency, and no drill"):
        done = place.as_("carl", "request", "dev", "--reason", "x", "--drill")
        expect(done.status != OK and "drill" in done.err, done)
        succeeds(place.as_("carl", "request", "dev", "--reason", "x"))
        expect_equal(len(place.reviews()), 1)


def reviewing(tap, place):
    first = place.newest()["id"]
    with tap.row("reviews are for administrators and auditors to see, and for administrators to do"):
        fails(place.as_("carl", "review", "ls"), REFUSED, "V-1802")
        fails(place.as_("carl", "review", "done", first, "--note", "x"), REFUSED, "V-1802")
        fails(place.as_("eve", "review", "done", first, "--note", "x"), REFUSED, "V-1802")
        fails(place.own("review", "done", first, "--note", "x"), REFUSED, "V-2041")
        fails(place.as_("ada", "review", "done", "99", "--note", "x"), NOT_FOUND, "V-1804")
        expect_equal(place.as_("ada", "review", "done", first).status, USAGE)
        expect_equal(place.as_("ada", "review", "show", "x").status, USAGE)
    with tap.row("a dry run says nothing"):
        expect("looked" in succeeds(place.as_("ada", "review", "done", first, "--note", "looked", "-n")).out)
        expect_equal(place.newest()["state"], "open")
    with tap.row("an administrator who had no part in it does it, once"):
        done = succeeds(place.as_("ada", "review", "done", first, "--note", "the failover, nothing else"))
        expect("the failover" in done.out, done)
        row = place.newest()
        expect_equal((row["state"], row["done_by"], row["note"]), ("done", "ada", "the failover, nothing else"))
        fails(place.as_("bob", "review", "done", first, "--note", "me too"), CONFLICT, "V-2042")
        expect_equal(place.metric(), "0")
    with tap.row("nobody reviews their own"):
        succeeds(place.as_("bob", "request", ROLE, "--reason", "the monthly one", "--drill"))
        own = place.newest()
        expect_equal((own["drill"], own["user"]), (True, "bob"))
        fails(place.as_("bob", "review", "done", own["id"], "--note", "fine"), REFUSED, "V-2041")
        answer = answer_of(place.as_("eve", "review", "ls", "-o", "json"), "vouch.reviews/1")
        expect_equal([row["id"] for row in place.reviews("--state", "open")], [own["id"]])
        expect(place.service.local("GET", "/v1/reviews").json()["last_drill"] is not None, answer)
        succeeds(place.as_("ada", "review", "done", own["id"], "--note", "a drill"))
    with tap.row("a login that a host reports is an alarm, and opens the review again with it"):
        place.report(place.serial_of_first, place.print_of_first)
        row = answer_of(place.as_("eve", "review", "show", first, "-o", "json"), "vouch.review/1")
        expect_equal((row["state"], row["logins"], row["done_by"], row["note"]), ("open", 1, None, None))
        shown = succeeds(place.as_("eve", "review", "show", first)).out
        expect(WEB1 in shown and "10.1.2.3" in shown and "break-glass" in shown, shown)
        alarms = answer_of(place.as_("eve", "audit", "logins", "--alarms", "-o", "json"), "vouch.logins/1")["items"]
        expect_equal([(one["alarm"], one["user"]) for one in alarms], [("break-glass", "carl")])
        succeeds(place.as_("ada", "review", "done", first, "--note", "seen the login too"))


def sk_key(place, name):
    """A public key as a security key gives it; nobody has the key."""
    def text(value):
        return struct.pack(">I", len(value)) + value
    point = base64.b64decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    blob = text(b"sk-ssh-ed25519@openssh.com") + text(point) + text(b"ssh:")
    return place.lab.write(name, f"sk-ssh-ed25519@openssh.com {base64.b64encode(blob).decode()} safe\n")


def sealing(tap, place):
    key = sk_key(place, "safe.pub")
    words = ("breakglass", "seal", "--user", "carl", "--role", ROLE, "--reason", "the safe in Bonn")
    place.fresh()
    with tap.row("the signer's ceiling is named where it is too low"):
        fails(place.as_("ada", *words, "--ttl", "90d", key), REFUSED, "V-2045", "user.ttl_max", "ceiling.yaml")
    path = place.service.join("ceiling.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    expect("ttl_max: 24h" in text, text)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("ttl_max: 24h", "ttl_max: 91d", 1))
    place.service.stop()
    place.service.start()
    with tap.row("only for a role for emergencies, a key of a security key, and 90 days"):
        plain = place.lab.write("plain.pub", place.town.fresh_pub() + "\n")
        fails(place.as_("ada", *words, "--ttl", "90d", plain), REFUSED, "V-2043")
        other = ("breakglass", "seal", "--user", "carl", "--role", "dev", "--reason", "x", "--ttl", "90d", key)
        fails(place.as_("ada", *other), REFUSED, "V-2044")
        expect_equal(place.as_("ada", *words, "--ttl", "91d", key).status != OK, True)
        fails(place.as_("carl", *words, "--ttl", "90d", key), REFUSED, "V-1802")
        place.old()
        fails(place.as_("ada", *words, "--ttl", "90d", key), REFUSED, "V-1886")
        place.fresh()
        expect("safe" in succeeds(place.as_("ada", *words, "--ttl", "90d", "-n", key)).out)
        expect_equal(place.reviews("--kind", "sealed"), [])
    with tap.row("it is for the user's role, for 90 days, and reviewed by another administrator"):
        succeeds(place.as_("ada", *words, "--ttl", "90d", key))
        shown = json.loads(place.lab.must_vouch("cert", "show", "-o", "json", place.lab.join("safe-cert.pub")).out)
        expect_equal((shown["key_id"], shown["principals"]), ("carl", [f"role:{ROLE}"]))
        row = place.reviews("--kind", "sealed")[0]
        expect_equal((row["state"], row["user"], row["holder"], row["serial"]),
                     ("open", "ada", "carl", shown["serial"]))
        fails(place.as_("ada", "review", "done", row["id"], "--note", "x"), REFUSED, "V-2041")
        succeeds(place.as_("bob", "review", "done", row["id"], "--note", "it lies in the safe"))
    with tap.row("its use is the holder's, and opens the review again"):
        place.report(row["serial"], row["fingerprint"])
        again = answer_of(place.as_("eve", "review", "show", row["id"], "-o", "json"), "vouch.review/1")
        expect_equal((again["state"], again["logins"]), ("open", 1))
    with tap.row("when the holder leaves it is revoked"):
        succeeds(place.own("user", "disable", "carl", "-y"))
        found = place.service.local("GET", f"/v1/certs/{row['serial']}").json()
        expect(found["revoked"] is not None, found)


def sheet(tap, place):
    with tap.row("the sheet has the keys, and is for administrators and auditors"):
        text = succeeds(place.own("breakglass", "sheet")).out
        ca = place.service.get("/v1/ca").json()
        for part in (ca["name"], ca["user_ca"]["fingerprint"], ca["host_ca"]["fingerprint"]):
            expect(part in text, text)
        expect_equal(succeeds(place.as_("eve", "breakglass", "sheet")).out.split("FINGERPRINTS")[1],
                     text.split("FINGERPRINTS")[1])
        answer_of(place.own("breakglass", "sheet", "-o", "json"), "vouch.recovery-sheet/1")
    with tap.row("every command on it is one that there is"):
        found = [line.split() for line in text.splitlines() if line.strip().startswith("vouch ")]
        expect(len(found) >= 9, text)
        for words in found:
            words = words[3:] if words[1] == "--local" else words[1:]
            shown = place.lab.vouch("help", *words[:2])
            if shown.status != OK:  # a noun without a verb
                shown = place.lab.vouch("help", words[0])
            expect_equal(shown.status, OK, f"{words}: {shown}")
    with tap.row("what it says for a server nobody can sign in to works on its machine"):
        key = place.lab.write("late.pub", place.town.fresh_pub() + "\n")
        succeeds(place.lab.vouch("--local", place.service.folder, "policy", "export"))
        succeeds(place.lab.vouch("--local", place.service.folder, "user", "link", "eve", "-o", "json"))
        succeeds(place.lab.vouch("--local", place.service.folder, "cert", "issue", "--principals", f"role:{ROLE}",
                                 "--ttl", "1h", "user", key))
        serial = json.loads(place.lab.must_vouch("cert", "show", "-o", "json", place.lab.join("late-cert.pub")).out)
        succeeds(place.lab.vouch("--local", place.service.folder, "cert", "revoke", "--serial", serial["serial"],
                                 "--reason", "over"))
    with tap.row("and for one that does not start"):
        backup = place.lab.join("backup")
        succeeds(place.lab.vouch("backup", "new", "--out", backup, place.service.folder))
        place.service.stop()
        succeeds(place.lab.vouch("ledger", "verify", place.service.join("ledger")))
        succeeds(place.lab.vouch("backup", "verify", backup))
        succeeds(place.lab.vouch("backup", "restore", backup, place.lab.join("restored")))


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("openssl", "ssh-keygen", "ssh", "sshd") as lab:
        tap, place = Tap(), Place(lab, vouchd)
        for part in (building, moving_in, loud):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, place)
        first = place.reviews()[0]
        place.serial_of_first, place.print_of_first = first["serial"], first["fingerprint"]
        for part in (reviewing, sealing, sheet):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, place)
        tap.done()


if __name__ == "__main__":
    main()
