#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Enrolled hosts as administrators, auditors and people see them: the verbs of vouch at a real vouchd, with
hosts that enrol, renew, report and leave over the API as their agents do.
"""

import csv
import io
import json
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from admin import NO, NOT_FOUND, OK, REFUSED, USAGE, Office, answer_of, fails, succeeds
from guest import Guest, utc
from lab import Lab, wait_for
from service import NAME, find_vouchd
from sshd import Sshd
from tap import Tap, expect, expect_equal, skip_all

WEB1, WEB2, WEB3, DB1 = (f"{n}.prod.example.com" for n in ("web1", "web2", "web3", "db1"))
POLICY = """\
zones:
  - {name: prod, patterns: ['*.prod.example.com']}
users:
  - {name: ada}
  - {name: bob, login: bobby}
  - {name: eve}
groups:
  - {name: vouch-admins, members: [ada]}
  - {name: vouch-auditors, members: [eve]}
  - {name: eng, members: [bob]}
roles:
  - name: dev
    zone: prod
    members: [group:eng]
    hosts: [tier=web]
    logins: [app]
    max_ttl: 8h
    extensions: [permit-pty]
"""


class Place(Office):
    def guest(self, name, *kinds):
        return Guest(self.service, self.lab.fresh("guest"), name, kinds or ("ed25519",))

    def json(self, schema, *words, status=OK):
        return answer_of(self.own(*words, "-o", "json"), schema, status)

    def host(self, name):
        return self.json("vouch.fleet-host/1", "host", "show", name)

    def token(self, *words):
        done = succeeds(self.own("host", "token", "new", "--zone", "prod", "--format", "token", *words))
        return done.out.strip()

    def who(self, target):
        done = self.own("access", "who-can", target, "-o", "json")
        return [row["user"] for row in json.loads(done.out)["items"]]

    def wait_who(self, target, users):
        """Changes of the inventory count within a second or two: many are taken together."""
        wait_for(lambda: self.who(target) == users, f"{users} to reach {target}", 5)


def told(guest, method, path, body, status=200):
    answer = guest.ask(method, path, body)
    expect_equal(answer.status, status, f"{method} {path}: {answer}")
    return answer.json()


def enrolling(tap, place):
    own = place.own
    path = place.lab.write("policy.yaml", POLICY)
    succeeds(own("policy", "apply", "--yes", path))
    with tap.row("a token that is made by a command enrols a host, and what is printed says how"):
        done = succeeds(own("host", "token", "new", "--zone", "prod", "--name", WEB1, "--label", "tier=web"))
        lines = done.out.splitlines()
        expect(re.fullmatch(rf"sudo vouch-host enrol 'https://[^']+:{place.service.port}' --pin sha256:\S+ "
                            r"--token-file - <<'END'", lines[0]), done)
        place.web1 = place.guest(WEB1, "ed25519", "ecdsa")
        expect_equal(place.web1.enrol(lines[1]).status, 201)
        expect_equal(place.host(WEB1)["state"], "active")
    with tap.row("tokens are listed with what is left of them, and removed"):
        place.token("--match", "db*.prod.example.com", "--uses", "5", "--ttl", "1d", "--network", "127.0.0.0/8")
        rows = place.json("vouch.host-tokens/1", "host", "token", "ls")["items"]
        row = next(r for r in rows if r["match"].startswith("db"))
        expect_equal((row["uses_left"], row["networks"]), (5, ["127.0.0.0/8"]))
        succeeds(own("host", "token", "rm", row["id"]))
        rows = place.json("vouch.host-tokens/1", "host", "token", "ls")["items"]
        expect(row["id"] not in [r["id"] for r in rows], rows)
    with tap.row("a removed token enrols nobody, and a token for one name no other"):
        db1 = place.guest(DB1)
        secret = place.token("--name", DB1)
        rows = place.json("vouch.host-tokens/1", "host", "token", "ls")["items"]
        succeeds(own("host", "token", "rm", next(r for r in rows if r["match"] == DB1)["id"]))
        expect(db1.enrol(secret).status in (202, 401, 403), "a removed token enrolled")
        expect(place.guest(WEB2).enrol(place.token("--name", WEB3)).status in (202, 401, 403), "another name enrolled")
    with tap.row("an enrolled host is a host of the policy: who-can, can and matrix know it"):
        place.wait_who("app@" + WEB1, ["bob"])
        hosts = place.json("vouch.hosts/1", "access", "can", "bob")["items"]
        expect_equal([(h["host"], h["logins"]) for h in hosts], [(WEB1, ["app"])])
        cells = place.json("vouch.matrix-cells/1", "access", "matrix")["items"]
        expect_equal([(c["row"], c["column"], c["standing"]) for c in cells], [("bob", WEB1, ["app"])])
        expect_equal(place.json("vouch.paths/1", "role", "test", "--user", "bob", "--host", WEB1, "--login", "app")
                     ["items"][0]["role"], "dev")


def adopting(tap, place):
    own = place.own
    with tap.row("a host without a token waits, and is adopted by its fingerprint only"):
        web2 = place.web2 = place.guest(WEB2)
        expect_equal(web2.enrol().status, 202)
        waiting = place.json("vouch.fleet/1", "host", "ls", "--state", "waiting")["items"]
        expect(WEB2 in [h["name"] for h in waiting], waiting)
        wrong = place.web1.fingerprints()[0]
        done = own("host", "adopt", WEB2, "--fingerprint", wrong, "--zone", "prod")
        expect(done.status in (REFUSED, USAGE, 8, NO) and place.host(WEB2)["state"] == "waiting", done)
        done = own("host", "adopt", WEB2, "--fingerprint", web2.fingerprints()[0], "--zone", "prod", "--label", "tier=web")
        expect_equal((done.status, place.host(WEB2)["state"]), (OK, "active"), str(done))
        expect_equal(web2.enrol().status, 201)
        place.wait_who("app@" + WEB2, ["bob"])
    with tap.row("many are adopted by a list of ssh-keyscan, and a list is tried without harm"):
        guests = [place.guest(f"rack{n}.prod.example.com") for n in range(3)]
        for guest in guests:
            expect_equal(guest.enrol().status, 202)
        guests[2].keys[0], theirs = place.web1.keys[0], guests[2].keys[0]
        text = "".join(f"{g.name} {g.public(g.keys[0])}\n" for g in guests)
        guests[2].keys[0] = theirs
        words = ("host", "adopt", "--keyscan", "-", "--zone", "prod", "-o", "json")
        found = answer_of(own(*words, "-n", stdin=text), "vouch.adoptions/1", NO)
        expect_equal([h["state"] for h in found["items"]], ["waiting", "waiting", "not adopted"])
        found = answer_of(own(*words, stdin=text), "vouch.adoptions/1", NO)
        expect_equal([h["state"] for h in found["items"]], ["active", "active", "not adopted"])
        expect_equal(guests[0].enrol().status, 201)
        succeeds(own("host", "refuse", guests[2].name))
        done = own("host", "show", guests[2].name)
        expect(done.status == NOT_FOUND or "waiting" not in done.out, done)


def changing(tap, place):
    own = place.own
    with tap.row("labels decide who reaches a host, within seconds of their change"):
        succeeds(own("host", "edit", WEB2, "--label", "tier=db", "-y"))
        expect_equal(place.host(WEB2)["labels"], {"tier": "db"})
        place.wait_who("app@" + WEB2, [])
        succeeds(own("host", "edit", WEB2, "--remove-label", "tier", "-y"))
        expect_equal(place.host(WEB2)["labels"], {})
        fails(own("host", "edit", WEB2, "--zone", "no-such-zone", "-y"), *refusal(own("host", "edit", WEB2, "--zone",
                                                                                   "no-such-zone", "-y")))
    with tap.row("dry runs change nothing"):
        before = place.host(WEB2)
        for words in (("edit", WEB2, "--label", "a=b"), ("lock", WEB2), ("rename", WEB2, WEB3), ("retire", WEB2)):
            expect("nothing was changed" in succeeds(own("host", *words, "-n")).err, words)
        after = place.host(WEB2)
        expect_equal([after[k] for k in ("name", "state", "labels")], [before[k] for k in ("name", "state", "labels")])
    with tap.row("a host that is renamed renews under its new name"):
        succeeds(own("host", "rename", WEB2, WEB3, "-y"))
        place.web2.name = WEB3
        answer = place.web2.renew(aliases=[])
        expect_equal(answer.status, 201, str(answer))
        expect(WEB3 in answer.json()["names"] and WEB2 not in answer.json()["names"], answer.json())
    with tap.row("a host that is locked gets nothing, until it is adopted anew"):
        succeeds(own("host", "lock", WEB3, "-y", "--reason", "a copied disk"))
        expect_equal((place.host(WEB3)["state"], place.host(WEB3)["why"]), ("locked", "a copied disk"))
        expect_equal(place.web2.renew(aliases=[]).status, 403)
    with tap.row("a host that is retired is out of the policy, and its certificates are revoked"):
        serial = place.host("rack0.prod.example.com")["keys"][0]["serial"]
        fails(own("host", "retire", "rack0.prod.example.com", "-y"), USAGE, "V-1901", "--confirm")
        succeeds(own("host", "retire", "rack0.prod.example.com", "--confirm", "rack0.prod.example.com"))
        cert = place.json("vouch.cert/1", "cert", "show", serial)
        expect(cert["revoked"] is not None, cert)
        names = [h["name"] for h in place.json("vouch.fleet/1", "host", "ls")["items"]]
        expect("rack0.prod.example.com" not in names, names)


def refusal(done):
    """Status and code of a failure, whichever the server has for it."""
    expect(done.status not in (OK, USAGE), done)
    return done.status, re.search(r"\[(V-\d{4})\]", done.err).group(1)


def reporting(tap, place):
    web1 = place.web1
    version = place.service.get("/v1/ca").json()["krls"]["user"]["version"]
    report = {"time": utc(time.time()), "health": "ok", "krl_version": "1", "krl_generated": utc(time.time()),
              "state_version": "1", "trust_version": "1", "problems": [], "ca_keys": [], "settings": [],
              "agent": "a test", "sshd": "OpenSSH_9.2"}
    with tap.row("krl status tells who is behind, and waits for those that report"):
        told(web1, "POST", "/v1/host/report", {**report, "krl_version": "1"})
        done = place.own("krl", "status", "--all", "-o", "json")
        rows = {row["host"]: row for row in answer_of(done, "vouch.krl-status/1", NO)["items"]}
        expect(rows[WEB1]["behind"] is (version != "1"), rows)
        told(web1, "POST", "/v1/host/report", {**report, "krl_version": version})
        rows = {row["host"]: row for row in json.loads(place.own("krl", "status", "--all", "-o", "json").out)["items"]}
        expect(not rows[WEB1]["behind"], rows)
    with tap.row("host show has what the host reported"):
        told(web1, "POST", "/v1/host/report",
             {**report, "krl_version": version, "health": "warning", "problems": ["sshd was not reloaded"]})
        found = place.host(WEB1)
        expect_equal((found["health"], found["problems"]), ("warning", ["sshd was not reloaded"]))
        expect("sshd was not reloaded" in place.own("host", "show", WEB1).out)


def watching(tap, place):
    web1 = place.web1
    serial = place.host(WEB1)["keys"][0]["serial"]
    row = {"time": utc(time.time()), "outcome": "accepted", "login": "app", "source": "10.1.2.3", "method": "publickey",
           "key_id": "bob", "fingerprint": web1.fingerprints()[0],
           "ca": place.service.get("/v1/ca").json()["user_ca"]["fingerprint"]}
    told(web1, "POST", "/v1/host/logins", {"first": "1", "logins": [
        {**row, "serial": serial}, {**row, "serial": "77777777"},
        {**row, "outcome": "refused", "reason": "expired", "serial": serial}]})
    with tap.row("audit logins lists what hosts report, narrowed down and with alarms"):
        rows = place.json("vouch.logins/1", "audit", "logins", "--host", WEB1)["items"]
        expect_equal(len(rows), 3)
        rows = place.json("vouch.logins/1", "audit", "logins", "--outcome", "refused")["items"]
        expect_equal([(r["host"], r["reason"]) for r in rows], [(WEB1, "expired")])
        rows = place.json("vouch.logins/1", "audit", "logins", "--alarms")["items"]
        expect("77777777" in [r["serial"] for r in rows], rows)
    with tap.row("audit search --serial tells issue and logins in order"):
        found = place.json("vouch.events/1", "audit", "search", "--serial", serial)["items"]
        expect_equal(found[0]["type"], "cert.issue")
        expect_equal({e["type"] for e in found[1:]}, {"login", "login.refused"})
    with tap.row("a serial that was never given is a failure that says who saw it"):
        fails(place.own("audit", "search", "--serial", "77777777"), NOT_FOUND,
              refusal(place.own("audit", "search", "--serial", "77777777"))[1], "hosts saw one 1 times")


def explaining(tap, place):
    with tap.row("explain names the check that fails, and as whom it would work"):
        done = place.own("explain", "root@" + WEB1, "--user", "bob", "-o", "json")
        found = answer_of(done, "vouch.explain/1", NO)
        expect_equal((found["user"], found["login"], found["outcome"]), ("bob", "root", "no"))
        expect("fail" in [check["state"] for check in found["checks"]], found)
        done = place.own("explain", "root@" + WEB1, "--user", "bob")
        expect_equal((done.status, done.out.splitlines()[0]), (NO, f"root@{WEB1}   NO"), str(done))
    with tap.row("a host that is not known is no yes"):
        expect(place.own("explain", "root@no.such.host", "--user", "bob").status != OK)


def doctoring(tap, place):
    town, env, lab = place.town, place.env("bob"), place.lab
    town.set_up(town.bob, place.service.must_local("POST", "/v1/accounts/bob/link", {}).json()["secret"])
    bin_ = lab.folder("bin")  # ssh reads the configuration of the account's own home, wherever HOME is
    ssh = lab.write("bin/ssh", '#!/bin/sh\nexec /usr/bin/ssh -F "$HOME/.ssh/config" "$@"\n')
    os.chmod(ssh, 0o755)
    env["PATH"] = bin_ + ":" + os.environ["PATH"]

    def doctor(*words, status, **more):
        done = place.as_("bob", "doctor", *words, "-o", "json", **more)
        found = answer_of(done, "vouch.doctor/1", status)
        return {name: [c for c in found["checks"] if c["name"] == name] for name in {c["name"] for c in found["checks"]}}

    def states(found, name):
        return [check["state"] for check in found.get(name, [])]

    with tap.row("doctor finds what is missing on a machine where nothing is set up"):
        found = doctor(status=NO)
        expect_equal((states(found, "ssh"), states(found, "include"), states(found, "certificate"),
                      states(found, "server")), (["ok"], ["fail"], ["fail"], ["fail"]))
        expect_equal(found["include"][0]["next"], "vouch setup ssh")
        expect(all(c["next"] for checks in found.values() for c in checks if c["state"] == "fail"), found)
    with tap.row("without ssh it says which program is missing, and the rest all the same"):
        found = answer_of(lab.vouch("doctor", "-o", "json", env={**env, "PATH": "/nonexistent"}), "vouch.doctor/1", NO)
        expect("[V-1961]" in found["checks"][0]["text"] and len(found["checks"]) > 3, found)
    place.sign_in(town.bob)
    succeeds(place.as_("bob", "setup", "ssh"))
    with tap.row("where all is set up nothing is wrong: session, clock, certificate, configuration"):
        found = doctor(status=OK)
        for name in ("ssh", "include", "session", "clock", "certificate", "agent"):
            expect_equal(states(found, name), ["ok"], name)
        expect("blocks" not in found and "files" not in found and "key" not in found, found)
    with tap.row("an open key, a certificate for another key and a clock that is off are found"):
        zone = os.path.join(env["HOME"], ".ssh", "vouch", "prod")
        os.chmod(os.path.join(zone, "id"), 0o644)
        expect("chmod 600" in doctor(status=NO)["files"][0]["next"])
        os.chmod(os.path.join(zone, "id"), 0o600)
        public = os.path.join(zone, "id.pub")
        with open(public) as file:
            kept = file.read()
        with open(lab.key("ed25519") + ".pub") as other, open(public, "w") as file:
            file.write(other.read())
        expect_equal(states(doctor(status=NO), "key"), ["fail"])
        with open(public, "w") as file:
            file.write(kept)
        expect_equal(states(doctor(status=OK), "key"), [])
    given = place.web1.enrol(place.token("--name", WEB1))
    expect_equal(given.status, 201, str(given))
    cert = lab.write("host-cert.pub", given.json()["certificates"][0] + "\n")
    sshd = Sshd(lab, host_key=place.web1.keys[0], host_cert=cert)
    config = os.path.join(env["HOME"], ".ssh", "config")
    with open(config) as file:
        text = file.read()
    with open(config, "w") as file:
        file.write(text + f"Host *.prod.example.com\n  HostName 127.0.0.1\n  Port {sshd.port}\n")
    with tap.row("of a host it says what ssh would do, what the host shows, and whether the login would work"):
        found = doctor("app@" + WEB1, status=NO if place.own("explain", "app@" + WEB1, "--user", "bob").status == NO else OK)
        expect_equal((states(found, "config"), states(found, "host")), (["ok"], ["ok"]), f"{found}")
        expect(len(found["login"]) > 2, found)
    with tap.row("a host that shows the certificate of another name is found out"):
        found = doctor("app@" + WEB3, status=NO)
        expect_equal(states(found, "host"), ["fail"], f"{found['host']}")
        expect("principal" in found["host"][0]["text"], found["host"])
    with tap.row("the report has what was found, and no name of server, host, person or home"):
        out = lab.fresh("report")
        place.as_("bob", "doctor", "app@" + WEB1, "--report", out)
        with open(out) as file:
            report = file.read()
        expect_equal(json.loads(report)["schema"], "vouch.doctor/1")
        for name in (WEB1, place.url, place.service.address, env["HOME"], "bob", NAME):
            expect(name not in report, name, report)
    with tap.row("with a name that is an option nothing is run by it"):
        done = place.as_("bob", "doctor", "--", "-oProxyCommand=touch " + lab.join("pwned"), "-o", "json")
        expect(not os.path.exists(lab.join("pwned")) and done.status != OK, done)


def looking_back(tap, place):
    with tap.row("access diff tells what changed since a moment, and the matrix of groups is a grid"):
        time.sleep(1.1)
        moment = utc(time.time())
        time.sleep(1.1)
        succeeds(place.own("role", "edit", "dev", "--add", "login=deploy"))
        done = succeeds(place.own("access", "diff", "--at", moment))
        expect("gains" in done.out and "deploy" in done.out, done)
        done = succeeds(place.own("access", "matrix", "--rows", "groups", "--label", "tier", "--grid"))
        rows = list(csv.reader(io.StringIO(done.out)))
        column = rows[0].index("web")
        expect_equal({r[0]: r[column] for r in rows[1:]}["eng"], "app,deploy")
    with tap.row("what was done to hosts is in the record"):
        types = {e["type"] for e in place.json("vouch.events/1", "audit", "search", "--limit", "0")["items"]}
        expect({"host.token", "host.enrol", "host.adopt", "host.edit", "host.lock", "host.rename", "host.retire",
                "host.logins"} <= types, types)


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("openssl", "ssh-keygen") as lab:
        tap = Tap()
        place = Place(lab, vouchd)
        for part in (enrolling, adopting, changing, reporting, watching, explaining, looking_back, doctoring):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, place)
        tap.done()


if __name__ == "__main__":
    main()
