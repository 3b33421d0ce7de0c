#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The verbs about enrolled hosts, their logins and who reaches what, against a server in Python that says
what a test wants: what is asked, what is printed, what a person has to confirm, and exit statuses.
"""

import csv
import getpass
import io
import json
import os
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import client
from client import CONFLICT, NO, NOT_FOUND, OK, REFUSED, USAGE, Bench, fails, succeeds
from fakeapi import utc
from fakefleet import FakeFleet, fingerprint
from lab import Lab
from tap import Tap, expect, expect_equal

WAITING = 6
WEB1, WEB2, WEB3 = (f"web{n}.prod.example.com" for n in (1, 2, 3))
CHECKS = [{"name": "signed-in", "state": "ok", "text": "certificate 7 is valid 7h", "next": None},
          {"name": "principal", "state": "fail", "text": "login deploy accepts role:deployer\x1b[2J",
           "next": "vouch request deployer"},
          {"name": "reported", "state": "unknown", "text": "it never reported", "next": None}]


class FleetBench(Bench):
    def __init__(self, lab):
        client.FakeApi = FakeFleet
        super().__init__(lab)

    def host(self, *words, **more):
        return self.vouch("host", *words, **more)

    def bodies(self, path, method="POST"):
        return [json.loads(row[2]) for row in self.asked(method, path)]


def data(done, schema, status=OK):
    expect_equal(done.status, status, f"{done}")
    found = json.loads(done.out)
    expect_equal(found["schema"], schema)
    return found


def test_tokens(tap, bench):
    lab = bench.lab
    new = ("token", "new", "--zone", "prod")
    with tap.row("host token new asks for what its options say, and prints what to run with the secret in it"):
        done = succeeds(bench.host(*new, "--name", WEB1, "--label", "tier=web,rack=2", "--network", "10.0.0.0/8",
                                   "--uses", "3", "--ttl", "2h"))
        expect_equal(bench.bodies("/v1/host-tokens")[-1], {
            "match": WEB1, "zone": "prod", "labels": {"tier": "web", "rack": "2"}, "networks": ["10.0.0.0/8"],
            "uses": 3, "ttl_s": 7200})
        first, secret, end = done.out.splitlines()
        expect_equal(first, f"sudo vouch-host enrol '{bench.api.url}' --pin {bench.api.pin} --token-file - <<'END'")
        expect(secret.startswith("vouchh_") and end == "END", done)
        expect(WEB1 in done.err and secret not in done.err, done)
    with tap.row("what is printed for a shell is read as it stands, and the secret is nobody's argument"):
        fake = lab.write("vouch-host", "#!/bin/sh\necho \"args: $*\"\ncat\n")
        os.chmod(fake, 0o755)
        script = done.out.replace("sudo vouch-host", fake)
        ran = lab.run("sh", "-c", script)
        expect_equal(ran.out, f"args: enrol {bench.api.url} --pin {bench.api.pin} --token-file -\n{secret}\n")
    with tap.row("cloud-init and Ansible get the same, as the YAML that they read"):
        done = succeeds(bench.host(*new, "--match", "web*", "--format", "cloud-init"))
        expect(done.out.startswith("#cloud-config\n") and "permissions: '0600'" in done.out, done)
        done = succeeds(bench.host(*new, "--match", "web*", "--format", "ansible"))
        expect("no_log: true" in done.out and "stdin: 'vouchh_" in done.out, done)
        expect(succeeds(bench.host(*new, "--match", "web*", "--format", "token")).out.startswith("vouchh_"))
    with tap.row("--out writes it for its owner only, and never over a file"):
        out = lab.fresh("out")
        succeeds(bench.host(*new, "--name", WEB1, "--out", out))
        expect_equal(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        count = len(bench.asked("POST", "/v1/host-tokens"))
        fails(bench.host(*new, "--name", WEB1, "--out", out), CONFLICT, "V-1103", "no token was made")
        expect_equal(len(bench.asked("POST", "/v1/host-tokens")), count)
    with tap.row("wrong options and dry runs ask nothing"):
        count = len(bench.api.seen)
        fails(bench.host(*new), USAGE, "V-1901", "--name")
        fails(bench.host(*new, "--name", WEB1, "--match", "*"), USAGE, "V-1901", "exclude")
        fails(bench.host(*new, "--name", "web*"), USAGE, "V-1901", "--match")
        fails(bench.host(*new, "--name", WEB1, "--label", "tier"), USAGE, "V-1901", "KEY=VALUE")
        fails(bench.host(*new, "--name", WEB1, "--label", "a=1", "--label", "a=2"), USAGE, "V-1901", "twice")
        fails(bench.host(*new, "--name", WEB1, "--ttl", "soon"), USAGE, "V-1901", "--ttl")
        fails(bench.host(*new, "--name", WEB1, "--format", "puppet"), USAGE, "V-1901", "--format")
        succeeds(bench.host(*new, "--name", WEB1, "-n"))
        fails(bench.host("token", "rm", "first"), USAGE, "V-1901", "number")
        expect_equal(len(bench.api.seen), count)
    with tap.row("an answer that a shell could obey is not printed"):
        bad = {"schema": "vouch.host-token/1", "id": "9", "match": WEB1, "expires": utc(9), "uses": 1,
               "secret": "vouchh_" + "A" * 43, "address": "https://a'; touch /tmp/x; '"}
        with bench.answering("/v1/host-tokens", lambda h: h.reply(201, bad) or True):
            fails(bench.host(*new, "--name", WEB1), NO, "V-1865")
    with tap.row("tokens are listed, and removed by number"):
        found = data(bench.host("token", "ls", "-o", "json"), "vouch.host-tokens/1")
        expect_equal(found["items"][0]["match"], WEB1)
        expect_equal(data(bench.host("token", "rm", "1", "-o", "json"), "vouch.host-token/1")["id"], "1")
        fails(bench.host("token", "rm", "1"), NOT_FOUND, "V-1864")


def test_inventory(tap, bench):
    with tap.row("host ls narrows down by zone, name, label and state"):
        done = succeeds(bench.host("ls", "--state", "waiting", "-o", "name"))
        expect_equal(done.out.split(), [WEB2, WEB3])
        succeeds(bench.host("ls", "--label", "tier=web,rack=1", "--host", "web*"))
        expect("label=tier%3Dweb%2Crack%3D1" in bench.asked("GET", "/v1/fleet")[-1][1])
    with tap.row("host show prints keys and problems, and nothing that a terminal would obey"):
        done = succeeds(bench.host("show", WEB1))
        expect(f"Key: ssh-ed25519 {fingerprint('A')}  certificate 18446744073709551615 until " in done.out, done)
        expect("the clock" in done.out and "\x1b" not in done.out, done)
        fails(bench.host("show", "no.such"), NOT_FOUND, "V-1864", "no.such")
    with tap.row("host edit asks first, and sets and removes labels"):
        fails(bench.host("edit", WEB1), USAGE, "V-1901", "--label")
        fails(bench.host("edit", WEB1, "--label", "tier=db"), USAGE, "V-1901", "--yes")
        found = data(bench.host("edit", WEB1, "--label", "rack=2", "--remove-label", "tier", "-y", "-o", "json"),
                     "vouch.fleet-host/1")
        expect_equal(found["labels"], {"rack": "2"})
        expect_equal(bench.bodies(f"/v1/fleet/{WEB1}/edit")[-1], {"without": ["tier"], "labels": {"rack": "2"}})
    with tap.row("dry runs of edit, lock, rename and retire show the host and change nothing"):
        count = len([row for row in bench.api.seen if row[0] == "POST"])
        for words in (("edit", WEB1, "--label", "a=b"), ("lock", WEB1), ("rename", WEB1, "x.y"), ("retire", WEB1)):
            done = succeeds(bench.host(*words, "-n"))
            expect("nothing was changed" in done.err and WEB1 in done.out, done)
        expect_equal(len([row for row in bench.api.seen if row[0] == "POST"]), count)
        fails(bench.host("retire", "no.such", "-n"), NOT_FOUND, "V-1864")
    with tap.row("host retire wants the name itself; --yes does not do"):
        fails(bench.host("retire", WEB1, "-y"), USAGE, "V-1901", f"--confirm {WEB1}")
        fails(bench.host("retire", WEB1, "--confirm", WEB2), USAGE, "V-1901", "nothing was changed")
        expect_equal(bench.api.hosts[WEB1]["state"], "active")
        succeeds(bench.host("lock", WEB1, "-y", "--reason", "copied"))
        expect_equal(bench.bodies(f"/v1/fleet/{WEB1}/lock")[-1], {"reason": "copied"})
        succeeds(bench.host("retire", WEB1, "--confirm", WEB1))
        expect_equal(bench.api.hosts[WEB1]["state"], "retired")


def test_adopting(tap, bench):
    lab, api = bench.lab, bench.api
    with tap.row("host adopt wants the fingerprint that was compared"):
        fails(bench.host("adopt", WEB2), USAGE, "V-1901", "fingerprint")
        fails(bench.host("adopt"), USAGE, "V-1901", "--csv")
        fails(bench.host("adopt", WEB2, "--fingerprint", fingerprint("X")), REFUSED, "V-1864", "fingerprint")
        found = bench.host("adopt", WEB2, "--fingerprint", fingerprint("B"), "--label", "tier=db", "-o", "json")
        expect_equal(data(found, "vouch.fleet-host/1")["state"], "active")
    with tap.row("where a second administrator has to agree the status says so"):
        api.add("wild.example.com", "waiting", fingerprint("W"), needed=2)
        done = bench.host("adopt", "wild.example.com", "--fingerprint", fingerprint("W"),
                          "--wildcard", "*.example.com,*.example.org")
        expect_equal(done.status, WAITING, str(done))
        expect("1 of 2 approvals, by admin1; another administrator" in done.err, done)
        expect_equal(bench.bodies("/v1/fleet/wild.example.com/adopt")[-1],
                     {"fingerprint": fingerprint("W"), "wildcards": ["*.example.com", "*.example.org"]})
        done = succeeds(bench.host("ls", "--state", "waiting"))
        expect("1 of 2 approvals, by admin1" in done.out, done)
        fails(bench.host("adopt", "--csv", "-", "--wildcard", "*.example.com", stdin="name,fingerprint\n"),
              USAGE, "V-1901", "--wildcard")
    with tap.row("host edit asks for wildcards, and says who decides"):
        done = succeeds(bench.host("edit", WEB2, "--wildcard", "*.example.com", "-y"))
        expect("0 of 2 approvals: *.example.com" in done.err and "Asks for: *.example.com" in done.out, done)
        succeeds(bench.host("edit", WEB2, "--remove-wildcard", "*.example.com", "-y"))
        expect_equal([body for body in bench.bodies(f"/v1/fleet/{WEB2}/edit")][-2:],
                     [{"wildcards": ["*.example.com"]}, {"without_wildcards": ["*.example.com"]}])
    with tap.row("a list adopts those that it names rightly, and says of the others why not"):
        api.add("web4.prod.example.com", "waiting", fingerprint("D"))
        text = (f"name,fingerprint,labels\n{WEB3},{fingerprint('C')},tier=web rack=7\n"
                f"web4.prod.example.com,{fingerprint('X')},\nno.such,{fingerprint('Y')},\n")
        done = bench.host("adopt", "--csv", "-", "--dry-run", "-o", "json", stdin=text)
        found = data(done, "vouch.adoptions/1", NO)
        expect_equal([h["state"] for h in found["items"]], ["waiting", "not adopted", "not adopted"])
        done = bench.host("adopt", "--csv", "-", "-o", "json", stdin=text)
        found = data(done, "vouch.adoptions/1", NO)
        expect_equal([h["state"] for h in found["items"]], ["active", "not adopted", "not adopted"])
        expect("none of its keys" in found["items"][1]["why"] and "no host" in found["items"][2]["why"], done)
        expect_equal(api.hosts[WEB3]["labels"], {"tier": "web", "rack": "7"})
        expect_equal(bench.asked("POST", "/v1/fleet/web4.prod.example.com/adopt"), [])
    with tap.row("a list of ssh-keyscan adopts by any key of the host, and twice changes nothing"):
        keys = [lab.key("ecdsa256"), lab.key("ed25519")]
        lines = [open(k + ".pub").read() for k in keys]
        shown = lab.must("ssh-keygen", "-lf", keys[1] + ".pub").out.split()[1]
        api.add("web5.prod.example.com", "waiting", shown)
        text = "".join(f"web5.prod.example.com {line}" for line in lines)
        for _ in range(2):
            succeeds(bench.host("adopt", "--keyscan", "-", "--zone", "prod", stdin=text))
        expect_equal(len(bench.asked("POST", "/v1/fleet/web5.prod.example.com/adopt")), 1)
    with tap.row("a list that cannot be read names its line, and nothing is asked"):
        count = len(api.seen)
        fails(bench.host("adopt", "--csv", "-", stdin="name,fingerprint\nweb1\n"), NO, "V-1902", "line 2")
        fails(bench.host("adopt", WEB1, "--csv", "x"), USAGE, "V-1901")
        expect_equal(len(api.seen), count)


def test_explain(tap, bench):
    api = bench.api
    with tap.row("explain says yes with status 0, no with 1, and with 2 that it is not known"):
        for outcome, status, word in (("yes", 0, "YES"), ("no", 1, "NO"), ("unknown", 2, "NOT KNOWN")):
            api.verdict = {"outcome": outcome, "checks": [], "refused": [], "instead": []}
            done = bench.vouch("explain", "deploy@web1")
            expect_equal((done.status, done.out.splitlines()[0]), (status, f"deploy@web1   {word}"), str(done))
    with tap.row("every check is shown, and what can be done, with nothing that a terminal would obey"):
        api.verdict = {"outcome": "no", "checks": CHECKS, "instead": ["app"], "refused": [
            {"time": utc(1000), "source": "10.0.0.9", "reason": "principal", "line": "no authorised principal"}]}
        done = bench.vouch("explain", "deploy@web1", "--user", "alice", "--source", "10.0.0.9")
        lines = [" ".join(line.split()) for line in done.out.splitlines()]
        expect(any(line.endswith("certificate 7 is valid 7h") for line in lines), done)
        expect("? it never reported" in lines and "vouch request deployer" in lines, done)
        expect("ssh app@web1 would work now" in lines and "\x1b" not in done.out, done)
        expect_equal(bench.bodies("/v1/explain")[-1],
                     {"user": "alice", "login": "deploy", "host": "web1", "source": "10.0.0.9"})
    with tap.row("without a login it is one's own, as for ssh; as JSON all is there"):
        found = data(bench.vouch("explain", "web1", "-o", "json"), "vouch.explain/1", NO)
        expect_equal((found["login"], found["checks"][1]["name"]), (getpass.getuser(), "principal"))
    with tap.row("the certificate that is named is sent, and neither yes nor no is no answer"):
        made = bench.issue(bench.pub(), "--out", bench.lab.join("my-cert.pub"))
        expect_equal(made.status, OK, made)
        bench.vouch("explain", "a@b", "--cert", bench.lab.join("my-cert.pub"))
        sent = bench.bodies("/v1/explain")[-1]["certificate"]
        with open(bench.lab.join("my-cert.pub")) as file:
            expect_equal(sent.split()[:2], file.read().split()[:2])
        api.verdict = {"outcome": "perhaps", "checks": [], "refused": [], "instead": []}
        fails(bench.vouch("explain", "a@b"), USAGE, "V-1865")
        fails(bench.vouch("explain", "a@"), USAGE, "V-1901")


def test_krl_status(tap, bench):
    api = bench.api
    with tap.row("krl status lists those that are behind, with status 1"):
        done = bench.vouch("krl", "status", "-o", "json")
        found = data(done, "vouch.krl-status/1", NO)
        expect_equal([h["host"] for h in found["items"]], ["h0"])
        expect("2 of 3 hosts" in done.err, done)
        expect_equal(len(data(bench.vouch("krl", "status", "--all", "-o", "json"), "vouch.krl-status/1", NO)["items"]), 3)
    with tap.row("it waits until all have it, and no longer than it is told"):
        api.krl_counts = [{"hosts": 3, "current": 2, "silent": 0}, {"hosts": 3, "current": 3, "silent": 0}]
        succeeds(bench.vouch("krl", "status", "--wait", "30s"))
        api.krl_counts = [{"hosts": 3, "current": 0, "silent": 3}]
        expect_equal(bench.vouch("krl", "status", "--wait", "1s").status, NO)
        fails(bench.vouch("krl", "status", "--wait", "ever"), USAGE, "V-1901", "--wait")
    with tap.row("a failure is none of both answers"):
        expect(bench.vouch("krl", "status", "--server", "https://127.0.0.1:9", "--pin", api.pin).status > 1)


def test_rotation(tap, bench):
    api = bench.api
    cut_off = {"host": "web9.example.com", "why": "behind", "agent": "vouch-host 0.1", "trust_version": "8",
               "reported": utc(1700000000), "valid_until": None}
    rotate = ("ca", "rotate")
    with tap.row("ca rotate status says keys, hosts and clients, and what is in the way"):
        api.in_the_way = [cut_off, {**cut_off, "host": "db4\x1b[2J", "why": "silent", "reported": None}]
        done = succeeds(bench.vouch(*rotate, "status", "--utc"))
        for words in ("User CA: distribute", "Host CA: distribute", fingerprint("N"), "12 signed, 3 valid",
                      "48 enrolled; of 47 that report, 46 are ready; 1 silent", "128 of 131 sessions",
                      "web9.example.com: has not the keys that this needs; last report 2023-11-14",
                      "not waited for; last report never", "has to wait for the hosts above"):
            expect(words in done.out, words, done)
        expect("\x1b" not in done.out, done)
        expect_equal([item["use"] for item in data(bench.vouch(*rotate, "status", "-o", "json"),
                                                   "vouch.rotation/1")["items"]], ["user", "host"])
    with tap.row("a step says where it stands before it asks, and names its phase to the server"):
        fails(bench.vouch(*rotate, "advance", "user", "--no-input"), USAGE, "V-1901", "Go on?")
        expect_equal(bench.bodies("/v1/ca/rotation"), [])
        done = bench.vouch(*rotate, "advance", "user", "--yes")
        fails(done, CONFLICT, "V-1977", "web9.example.com", "vouch ca rotate status")
        done = succeeds(bench.vouch(*rotate, "advance", "user", "--yes", "--now", "--without",
                                    "web9.example.com,web8.example.com", "--without", "web7.example.com"))
        expect("the new key signs" in done.err and "User CA" in done.out, done)
        expect_equal(bench.bodies("/v1/ca/rotation")[-1], {
            "use": "user", "verb": "advance", "phase": "distribute", "now": True,
            "without": ["web9.example.com", "web8.example.com", "web7.example.com"]})
    with tap.row("what destroys a key wants its name; what begins one may name a key of an agent"):
        fails(bench.vouch(*rotate, "back", "host", "--yes"), NO, "V-1979", fingerprint("N"))
        api.in_the_way = []
        succeeds(bench.vouch(*rotate, "back", "host", "--yes", "--fingerprint", fingerprint("N"), "--now"))
        expect_equal(bench.bodies("/v1/ca/rotation")[-1]["fingerprint"], fingerprint("N"))
        api.phase = "steady"
        pub = bench.pub()
        succeeds(bench.vouch(*rotate, "start", "host", "--yes", "--key", pub))
        with open(pub) as file:
            expect_equal(bench.bodies("/v1/ca/rotation")[-1], {
                "use": "host", "verb": "start", "phase": "steady", "public_key": " ".join(file.read().split()[:2])})
    with tap.row("plan changes nothing"):
        before = len(bench.bodies("/v1/ca/rotation"))
        done = succeeds(bench.vouch(*rotate, "plan", "user"))
        expect(all(f"{n}. {step}" in done.out for n, step in
                   enumerate(("create", "switch", "remove", "destroy"), 1)), done)
        expect_equal(len(bench.bodies("/v1/ca/rotation")), before)


def test_access(tap, bench):
    api = bench.api
    with tap.row("access who-can says why, and role test never a no of a list that was cut"):
        found = data(bench.vouch("access", "who-can", "root@db1", "-o", "json"), "vouch.paths/1")
        expect_equal(found["items"][0]["why"], "group ops, role dba, on approval")
        test = ("role", "test", "--host", "db1", "--login", "root", "--user")
        succeeds(bench.vouch(*test, "bob"))
        fails(bench.vouch(*test, "carl"), USAGE, "V-1902", "access can carl")
    api.users = [f"user{n:03}" for n in range(230)]
    api.columns = [f"h{n}" for n in range(120)]
    api.cells = [{"row": 0, "column": 0, "standing": ["root", "app"], "approval": []},
                 {"row": 229, "column": 119, "standing": [], "approval": ["root"]},
                 {"row": 150, "column": 101, "standing": ["app"], "approval": ["root"]}]
    with tap.row("access matrix reads all windows of what is larger than one"):
        found = data(bench.vouch("access", "matrix", "-o", "json"), "vouch.matrix-cells/1")
        expect_equal([(c["row"], c["column"]) for c in found["items"]],
                     [("user000", "h0"), ("user150", "h101"), ("user229", "h119")])
        succeeds(bench.vouch("access", "matrix", "--rows", "groups", "--label", "tier", "--zone", "prod", "--at", "-1d"))
        asked = bench.asked("GET", "/v1/access/matrix")[-1][1]
        for word in ("rows=groups", "label=tier", "zone=prod", "&at=20"):
            expect(word in asked, asked)
    with tap.row("--grid is CSV with a line for each and a column for each"):
        rows = list(csv.reader(io.StringIO(succeeds(bench.vouch("access", "matrix", "--grid")).out)))
        expect_equal((len(rows), {len(r) for r in rows}), (231, {121}))
        expect_equal((rows[0][0], rows[1][1], rows[151][102], rows[230][120]),
                     ("users", "root,app", "app,(root)", "(root)"))
        fails(bench.vouch("access", "matrix", "--grid", "-o", "csv"), USAGE, "V-1901", "--grid")
        fails(bench.vouch("access", "matrix", "--rows", "hosts"), USAGE, "V-1901", "--rows")
    with tap.row("a policy that changes while it is read is no matrix"):
        api.moving = True
        fails(bench.vouch("access", "matrix", "--grid"), CONFLICT, "V-1813", "run it again")
        api.moving = False
    with tap.row("a cell outside of its window, and a window larger than it says, are no answer"):
        cell = {"row": 100, "column": 0, "standing": ["x"], "approval": []}
        base = {"schema": "vouch.matrix/1", "policy": "1", "rows": ["a"], "columns": ["b"], "rows_in_all": 1,
                "columns_in_all": 1, "cells": []}
        for bad in ({**base, "cells": [cell]}, {**base, "rows": ["a", "b"]}, {**base, "rows": []},
                    {**base, "rows_in_all": -1}, {**base, "cells": [{**cell, "row": -1}]}):
            with bench.answering("/v1/access/matrix", lambda h, bad=bad: h.reply(200, bad) or True):
                fails(bench.vouch("access", "matrix", "--grid"), NO, "V-1865")
    with tap.row("access diff shows who gained what"):
        done = succeeds(bench.vouch("access", "diff", "--at", "2026-08-01T00:00:00Z"))
        expect("gains    bob: root on db1 (standing)" in done.out, done)
        expect("from=2026-08-01T00%3A00%3A00Z" in bench.asked("GET", "/v1/access/diff")[-1][1])
        fails(bench.vouch("access", "diff"), USAGE, "V-1901", "--at")


def test_audit(tap, bench):
    api = bench.api
    made = bench.issue(bench.pub(), "--out", bench.lab.join("story-cert.pub"))
    expect_equal(made.status, OK, made)
    cert = api.certs[-1]
    day = cert["issued"][:10]
    row = {"id": "1", "host": "web1", "time": cert["issued"].replace("Z", ".750Z"), "outcome": "accepted",
           "login": "app", "source": "10.0.0.9", "method": "publickey", "key_id": "k", "serial": cert["serial"],
           "fingerprint": fingerprint("A"), "ca": fingerprint("B"), "reason": None, "line": "a\x1b[2J", "alarm": None,
           "user": "alice"}
    api.logins = [row] + [{**row, "id": str(n), "time": f"2099-01-01T00:00:{n:02}Z", "outcome": "refused",
                           "reason": "revoked"} for n in range(2, 5)]
    cert["revoked"] = {"at": "2098-01-01T00:00:00Z", "by": "user:bob", "reason": "laptop lost"}
    with tap.row("audit logins sends its filters, and prints nothing that a terminal would obey"):
        done = succeeds(bench.vouch("audit", "logins", "--host", "web1", "--user", "alice", "--outcome", "refused",
                                    "--alarms", "--since", "-1d", "-o", "wide"))
        asked = bench.asked("GET", "/v1/logins")[-1][1]
        for word in ("host=web1", "user=alice", "outcome=refused", "alarms=true", "from=20"):
            expect(word in asked, asked)
        expect("\x1b" not in done.out and "LINE" in done.out, done)
        fails(bench.vouch("audit", "logins", "--outcome", "maybe"), USAGE, "V-1901", "--outcome")
    with tap.row("audit search --serial tells a certificate's story in the order of time"):
        found = data(bench.vouch("audit", "search", "--serial", cert["serial"], "-o", "json"), "vouch.events/1")
        expect_equal([e["type"] for e in found["items"]],
                     ["cert.issue", "login", "cert.revoke"] + 3 * ["login.refused"])
        expect_equal((found["items"][0]["time"][:10], found["items"][1]["object"]), (day, "app@web1"))
        expect_equal(found["items"][2]["details"], {"reason": "laptop lost"})
        fails(bench.vouch("audit", "search", "--serial", "7", "--user", "x"), USAGE, "V-1901", "--serial")
    with tap.row("a serial that hosts saw and nobody gave is said as what it is"):
        api.logins.append({**row, "serial": "666", "alarm": "unknown-serial"})
        fails(bench.vouch("audit", "search", "--serial", "666"), NOT_FOUND, "V-1864", "hosts saw one 1 times")
        fails(bench.vouch("audit", "search", "--serial", "667"), NOT_FOUND, "V-1864")


def main():
    tap = Tap()
    with Lab("ssh-keygen", "openssl") as lab:
        bench = FleetBench(lab)
        for test in (test_tokens, test_inventory, test_adopting, test_explain, test_krl_status, test_rotation, test_access, test_audit):
            test(tap, bench)
    tap.done()


if __name__ == "__main__":
    main()
