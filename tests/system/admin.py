#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What administrators and approvers type, at a real vouchd: the policy and its parts, users and their
links, what the policy means, requests and approvals, and what was recorded.
"""

import base64
import concurrent.futures
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import types

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab
from login import Terminal
from people import App, Person, Town
from service import find_vouchd
from sshwire import read_cert_file
from tap import Tap, expect, expect_equal, skip_all

OK, NO, USAGE, NOT_FOUND, SIGN_IN, REFUSED, WAITING, CONFLICT = 0, 1, 2, 3, 4, 5, 6, 8
FAULT = re.compile(r"vouch: [^\n]+\n {7}[^\n]+  \[(V-\d{4})\]\n$")
HOSTS = """\
hosts:
  - {name: db1.prod.example.com, zone: prod, labels: {tier: db}}
  - {name: web1.prod.example.com, zone: prod, labels: {tier: web}}
"""


def fails(done, status, code, *words):
    match = FAULT.search(done.err)
    expect(match is not None, "no report of a failure", done)
    expect_equal((done.status, match.group(1)), (status, code), f"{done}")
    for word in words:
        expect(word in done.err, f"{word!r} is missing", done)
    expect_equal(done.out, "", "a failure printed data")


def succeeds(done, *words):
    expect_equal(done.status, OK, f"{done}")
    for word in words:
        expect(word in done.err or word in done.out, f"{word!r} is missing", done)
    return done


def answer_of(done, schema, status=OK):
    expect_equal(done.status, status, f"{done}")
    found = json.loads(done.out)
    expect_equal(found["schema"], schema)
    return found


class Office:
    """The service as its owner has it, and homes for people."""

    def __init__(self, lab, vouchd):
        self.lab, self.town = lab, Town(lab, vouchd)
        self.service = self.town.service
        self.url = f"https://{self.service.address}"
        self.homes = {}

    def own(self, *words, **more):
        """As the owner of the machine, over the socket."""
        return self.lab.vouch(*words, "--local", self.service.folder, **more)

    def env(self, name):
        if name not in self.homes:
            self.homes[name] = dict(self.lab.env, HOME=self.lab.folder("home-" + name))
        return self.homes[name]

    def as_(self, name, *words, **more):
        return self.lab.vouch(*words, env=self.env(name), **more)

    def terminal(self, name, *words):
        place = types.SimpleNamespace(vouch_path=self.lab.vouch_path, env=self.env(name))
        return Terminal(types.SimpleNamespace(lab=place), *words)

    def private(self, name, text):
        path = self.lab.write(name, text + "\n")
        os.chmod(path, 0o600)
        return path

    def pin(self):
        der = self.lab.run("sh", "-c", f"openssl x509 -in {self.service.join('tls', 'cert.pem')} -noout -pubkey"
                           " | openssl pkey -pubin -outform DER | openssl sha256 -r")
        return "sha256:" + der.out.split()[0]

    def sign_in(self, person):
        """Over the command, with a code of the app."""
        succeeds(self.as_(person.name, "server", "set", self.url, "--pin", self.pin()))
        done = self.as_(
            person.name, "login", "--user", person.name, "--password-file",
            self.private("pw", person.password), "--code-file", self.private("code", person.app.code()))
        expect("signed in to" in done.err, done)
        return done

    def text(self):
        return self.own("policy", "export").out

    def version(self):
        return self.service.local("GET", "/v1/policy").headers["etag"].strip('"')


def building(tap, office):
    """From nothing to a policy, by words."""
    own = office.own
    with tap.row("without a policy export says so"):
        fails(own("policy", "export"), NOT_FOUND, "V-1812")
    steps = [
        ("zone", "add", "prod", "--pattern", "*.prod.example.com"),
        ("group", "add", "vouch-admins"), ("group", "add", "vouch-auditors"),
        ("group", "add", "eng"), ("group", "add", "leads"),
        ("user", "add", "ada", "--group", "vouch-admins"),
        ("user", "add", "bob", "--group", "eng,leads"),
        ("user", "add", "carl", "--group", "eng", "--login", "carlo"),
        ("user", "add", "dan", "--group", "eng"), ("user", "add", "eve", "--group", "vouch-auditors"),
        ("role", "add", "dev", "--zone", "prod", "--member", "group:eng", "--host", "tier=web", "--login", "app",
         "--ttl", "8h"),
        ("role", "add", "dba", "--zone", "prod", "--member", "group:eng", "--host", "tier=db", "--login", "postgres",
         "--ttl", "1h", "--reason-required", "--approve-by", "group:leads,user:ada"),
    ]
    for i, words in enumerate(steps):
        with tap.row("as the owner: vouch " + " ".join(words)):
            done = succeeds(own(*words), f"version {i + 1} of the policy holds")
            expect_equal(done.out, "")
            expect(words[0] != "role" or "permit-pty" in done.err, done)
    with tap.row("what --out is for is said"):
        fails(own("user", "add", "zoe", "--out", office.lab.join("link")), USAGE, "V-1901", "--link")


def dry_running(tap, office):
    before = office.text()
    for words in (("user", "add", "zoe", "--group", "eng", "--link"), ("user", "rm", "bob"), ("group", "rm", "eng"),
                  ("user", "disable", "bob"), ("role", "edit", "dev", "--add", "login=root"), ("role", "rm", "dev"),
                  ("zone", "edit", "prod", "--add", "pattern=10.20.*")):
        with tap.row("changes nothing: vouch " + " ".join(words) + " --dry-run"):
            done = succeeds(office.own(*words, "-n"), "nothing was changed")
            expect(re.search(r"^(added|removed|changed) ", done.out), done)
            found = answer_of(office.own(*words, "--dry-run", "-o", "json"), "vouch.policy-diff/1")
            expect(found["edits"], found)
            expect_equal(office.text(), before)
    with tap.row("no link is made, nobody signed out in a dry run"):
        succeeds(office.own("user", "link", "bob", "-n"), "nothing was asked")
        succeeds(office.own("user", "sign-out", "bob", "-n"), "nothing was asked")
        found = office.service.must_local("GET", "/v1/audit?type=account.link").json()
        expect_equal(found["items"], [])


def refusing(tap, office):
    own, before = office.own, office.text()
    rows = [
        (("user", "add", "bob"), CONFLICT, "V-1103", "user edit bob"),
        (("user", "add", "Bob"), NO, "V-1902", "users.Bob"),
        (("user", "add", "zoe", "--group", "none"), NOT_FOUND, "V-1804", "group add none"),
        (("user", "add", "zoe", "--until", "soon"), USAGE, "V-1901", "--until"),
        (("user", "edit", "zoe", "--login", "z"), NOT_FOUND, "V-1804", "user ls"),
        (("user", "show", "zoe"), NOT_FOUND, "V-1804", "zoe"),
        (("user", "rm", "zoe"), NOT_FOUND, "V-1804", "zoe"),
        (("user", "rm", "bob", "--yes"), USAGE, "V-1901", "--confirm bob"),
        (("user", "rm", "bob", "--confirm", "carl"), USAGE, "V-1901", "is not \"bob\""),
        (("user", "disable", "bob"), USAGE, "V-1901", "--yes"),
        (("user", "link", "zoe"), NOT_FOUND, "V-1890", "zoe"),
        (("user", "link", "bob", "--ttl", "long"), USAGE, "V-1901", "--ttl"),
        (("user", "sign-out", "bob"), USAGE, "V-1901", "--yes"),
        (("group", "edit", "eng", "--remove", "ada"), NOT_FOUND, "V-1804", "group show eng"),
        (("group", "edit", "eng", "--add", "nobody"), NO, "V-1902", "groups.eng.members"),
        (("group", "show", "none"), NOT_FOUND, "V-1804", "none"),
        (("role", "add", "x", "--zone", "prod", "--host", "tier=web", "--login", "app", "--ttl", "8x"), USAGE, "V-1901",
         "--ttl"),
        (("role", "add", "x", "--zone", "none", "--host", "tier=web", "--login", "app", "--ttl", "8h"), NO, "V-1902",
         "roles.x.zone"),
        (("role", "add", "x", "--zone", "prod"), USAGE, "V-1901", "--host"),
        (("role", "edit", "dev", "--add", "root"), USAGE, "V-1901", "OPTION=VALUE"),
        (("role", "edit", "dev", "--unset", "name"), USAGE, "V-1901", "one of"),
        (("zone", "rm", "prod", "--confirm", "prod"), NO, "V-1902", "policy export"),
        (("zone", "add", "x", "--pattern", "*"), NO, "V-1902", "zones.x.patterns"),
        (("policy", "export", "--version", "999"), NOT_FOUND, "V-1804", "999"),
        (("policy", "export", "--version", "x"), USAGE, "V-1901", "--version"),
        (("access", "who-can", "root"), USAGE, "V-1901", "LOGIN@HOST"),
        (("request", "show", "x"), USAGE, "V-1901", "request ls"),
        (("request", "show", "99"), NOT_FOUND, "V-1804", "99"),
        (("request", "ls", "--for-me", "--all"), USAGE, "V-1901", "exclude"),
        (("request", "ls", "--state", "open"), USAGE, "V-1901", "waiting"),
        (("request", "dba", "--reason", "x"), SIGN_IN, "V-1871", "not signed in"),
        (("audit", "search", "--user", "a", "--actor", "b"), USAGE, "V-1901", "exclude"),
        (("audit", "search", "--since", "soon"), USAGE, "V-1901", "--since"),
        (("deny", "1"), USAGE, "V-1901", "--comment"),
    ]
    for words, status, code, hint in rows:
        with tap.row("is refused with a next step: vouch " + " ".join(words)):
            fails(own(*words), status, code, hint)
    with tap.row("what was refused changed nothing"):
        expect_equal(office.text(), before)


def files(tap, office):
    own, lab = office.own, office.lab
    whole = office.text() + HOSTS
    good = lab.write("policy.yaml", whole)
    with tap.row("policy check asks no server, and names file, line and key"):
        done = lab.vouch("policy", "check", good)
        succeeds(done, "users 5, groups 4, roles 2, hosts 2")
        bad = lab.write("bad.yaml", whole.replace("max_ttl: 8h", "max_ttl: 8x"))
        line = whole[:whole.index("max_ttl: 8h")].count("\n") + 1
        fails(lab.vouch("policy", "check", bad), NO, "V-1902", f"bad.yaml:{line}: roles.dev.max_ttl")
        bad = lab.write("bad.yaml", whole.replace("zone: prod", "zone: lab", 1))
        fails(lab.vouch("policy", "check", bad), NO, "V-1902", "bad.yaml:", "lab")
        fails(lab.vouch("policy", "check", lab.join("none.yaml")), NOT_FOUND, "V-1101", "none.yaml")
    with tap.row("several files, or a folder of them, are one policy"):
        folder = lab.folder("policy.d")
        lab.write("policy.d/10-hosts.yaml", HOSTS)
        lab.write("policy.d/20-rest.yaml", office.text())
        lab.write("policy.d/notes.txt", "not: [a policy")
        lab.write("policy.d/.hidden.yaml", "not: [a policy")
        succeeds(lab.vouch("policy", "check", folder), "hosts 2")
        succeeds(lab.vouch("policy", "check", lab.join("policy.d/20-rest.yaml"), lab.join("policy.d/10-hosts.yaml")))
        succeeds(lab.vouch("policy", "check", "-", stdin=whole), "hosts 2")
        fails(lab.vouch("policy", "check", lab.folder("empty")), NOT_FOUND, "V-1101", "*.yaml")
    with tap.row("policy diff says who gains what, and 1 where something is different"):
        done = own("policy", "diff", good)
        expect_equal(done.status, NO, f"{done}")
        expect("gains    bob, carl, dan: app on web1.prod.example.com (standing)" in done.out, done)
        expect("postgres on db1.prod.example.com (on approval)" in done.out, done)
        found = answer_of(own("policy", "diff", folder, "-o", "json"), "vouch.policy-diff/1", NO)
        expect_equal((found["changes_in_all"], found["edits_in_all"]), (2, 2))
        same = lab.write("same.yaml", office.text())
        succeeds(own("policy", "diff", same), "there is no difference")
        fails(own("policy", "diff", bad), USAGE, "V-1902")
    with tap.row("policy apply asks, and does nothing without an answer or after a no"):
        before = office.version()
        fails(own("policy", "apply", good), USAGE, "V-1901", "--yes")
        fails(own("policy", "apply", good, "--no-input"), USAGE, "V-1901", "--yes")
        there = office.terminal("owner", "policy", "apply", good, "--local", office.service.folder)
        there.hear("Apply this policy? (y/N)")
        there.say("n")
        expect_equal(there.end()[0], NO)
        succeeds(own("policy", "apply", good, "--dry-run"), "nothing was changed")
        expect_equal(office.version(), before)
    with tap.row("an expected version that does not hold is a conflict"):
        fails(own("policy", "apply", good, "--expect", "3", "--yes"), CONFLICT, "V-1813", f"--expect {before}")
        expect_equal(office.version(), before)
    with tap.row("policy apply applies, and once more there is no difference"):
        there = office.terminal("owner", "policy", "apply", good, "--local", office.service.folder)
        there.hear("Apply this policy? (y/N)")
        there.say("y")
        expect_equal(there.end()[0], OK)
        succeeds(own("policy", "apply", folder), "there is no difference")
        expect_equal(office.version(), str(int(before) + 1))
    with tap.row("any version can be had again, and the log has them all"):
        out = lab.join("old.yaml")
        succeeds(own("policy", "export", "--version", "1", "--out", out))
        fails(own("policy", "export", "--out", out), CONFLICT, "V-1103", "old.yaml")
        succeeds(own("policy", "export", "--out", out, "--force"))
        with open(out, encoding="utf-8") as file:
            expect_equal(file.read(), office.text())
        found = answer_of(own("policy", "log", "-o", "json"), "vouch.policies/1")
        expect_equal([row["version"] for row in found["items"]],
                     [str(n) for n in range(int(office.version()), 0, -1)])
        text = office.text().encode()
        expect_equal(found["items"][0]["hash"], "SHA256:" + base64.b64encode(hashlib.sha256(text).digest()).decode().rstrip("="), found["items"][0])


def showing(tap, office):
    own = office.own
    with tap.row("users are listed with groups and accounts, and one is shown"):
        found = answer_of(own("user", "ls", "-o", "json"), "vouch.users/1")
        expect_equal([(u["name"], u["groups"], u["totp"]) for u in found["items"]], [
            ("ada", ["vouch-admins"], False), ("bob", ["eng", "leads"], False), ("carl", ["eng"], False),
            ("dan", ["eng"], False), ("eve", ["vouch-auditors"], False)])
        expect_equal(own("user", "ls", "-o", "name").out, "ada\nbob\ncarl\ndan\neve\n")
        found = answer_of(own("user", "show", "carl", "-o", "json"), "vouch.user/1")
        expect_equal((found["login"], found["state"], found["password"]), ("carlo", "enabled", False))
        expect("Login: carlo" in own("user", "show", "carl").out)
    with tap.row("groups, roles and zones are listed and shown"):
        found = answer_of(own("group", "show", "leads", "-o", "json"), "vouch.group/1")
        expect_equal(found["members"], ["bob"])
        found = answer_of(own("role", "ls", "-o", "json"), "vouch.roles/1")
        expect_equal([(r["name"], r["approvals"], r["reason_required"], r["max_ttl_s"]) for r in found["items"]],
                     [("dba", 1, True, 3600), ("dev", 0, False, 28800)])
        found = answer_of(own("role", "show", "dba", "-o", "json"), "vouch.role/1")
        expect_equal((found["approve_by"], found["extensions"]), (["group:leads", "user:ada"], ["permit-pty"]))
        found = answer_of(own("zone", "ls", "-o", "json"), "vouch.zones/1")
        expect_equal(found["items"][0]["patterns"], ["*.prod.example.com"])
        expect_equal(own("zone", "show", "prod").out, "Name: prod\nPatterns: *.prod.example.com\nPrincipals: role\n"
                     "Longest (s): 0\n")
        expect_equal(own("group", "ls", "-o", "name").out.split(), ["eng", "leads", "vouch-admins", "vouch-auditors"])
    with tap.row("access who-can and can, role test: what it means"):
        found = answer_of(own("access", "who-can", "app@web1.prod.example.com", "-o", "json"), "vouch.paths/1")
        expect_equal([(p["user"], p["role"], p["group"], p["how"], p["ttl_s"]) for p in found["items"]],
                     [(name, "dev", "eng", "standing", 28800) for name in ("bob", "carl", "dan")])
        expect_equal(own("access", "who-can", "root@web1.prod.example.com").status, NO)
        found = answer_of(own("access", "can", "bob", "-o", "json"), "vouch.hosts/1")
        expect_equal([(h["host"], h["logins"], h["requests"]) for h in found["items"]],
                     [("db1.prod.example.com", [], ["dba"]), ("web1.prod.example.com", ["app"], [])])
        test = ("role", "test", "--user", "bob", "--host", "db1.prod.example.com", "--login")
        found = answer_of(own(*test, "postgres", "-o", "json"), "vouch.paths/1")
        expect_equal([(p["role"], p["how"]) for p in found["items"]], [("dba", "approval")])
        expect_equal(own(*test, "root").status, NO)


def changing(tap, office):
    own = office.own
    with tap.row("lists of a role are changed by name, and unset gives the default back"):
        succeeds(own("role", "edit", "dev", "--add", "login=deploy", "--ttl", "4h"),
                 "deploy on web1.prod.example.com (standing)")
        succeeds(own("role", "edit", "dev", "--remove", "login=deploy", "--ttl", "8h"), "loses")
        succeeds(own("role", "edit", "dev", "--ttl", "8h"), "is like that already")
        succeeds(own("user", "edit", "dan", "--until", "+30d"))
        expect("until" in answer_of(own("user", "show", "dan", "-o", "json"), "vouch.user/1"))
        succeeds(own("user", "edit", "dan", "--unset", "until"))
        expect("until" not in answer_of(own("user", "show", "dan", "-o", "json"), "vouch.user/1"))
    with tap.row("two changes at once are both made"):
        for i in range(4):
            names = [f"team{i}a", f"team{i}b"]
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                for done in pool.map(lambda name: own("group", "add", name), names):
                    succeeds(done)
            expect(set(names) <= set(own("group", "ls", "-o", "name").out.split()), office.text())
            for name in names:
                succeeds(own("group", "rm", name, "--yes"), f"groups.{name}")
    with tap.row("a group is removed out of the roles that name it, after a yes"):
        succeeds(own("group", "add", "temps", "--member", "eve"))
        succeeds(own("role", "edit", "dev", "--add", "member=group:temps"), "gains    eve: app")
        there = office.terminal("owner", "group", "rm", "temps", "--local", office.service.folder)
        there.hear("Remove the group temps? (y/N)")
        there.say("y")
        expect_equal(there.end()[0], OK)
        expect("temps" not in office.text(), office.text())


def secret_of(link):
    return re.search(r"vouchl_[\w-]{43}", link).group(0)


def moving_in(tap, office):
    """Links, as people get them; then sessions of the command."""
    town, own = office.town, office.own
    with tap.row("user add --link prints the link alone, which sets the account up"):
        done = succeeds(own("user", "add", "zoe", "--link"))
        link = r"https://127\.0\.0\.1:\d+/setup/vouchl_[\w-]{43}#sha256:[\w-]{43}"
        expect(re.fullmatch(link + "\n", done.out), done)
        expect("vouch setup account" in done.err, done)
        zoe = town.people["zoe"] = Person("zoe")
        town.set_up(zoe, secret_of(done.out))
    with tap.row("user link writes a link into a file of its owner's, and never over one"):
        path = office.lab.join("ada.link")
        done = succeeds(own("user", "link", "ada", "--ttl", "10m", "--out", path))
        expect_equal((done.out, os.stat(path).st_mode & 0o777), ("", 0o600))
        fails(own("user", "link", "ada", "--out", path), CONFLICT, "V-1103", "ada.link")
        with open(path, encoding="ascii") as file:
            town.set_up(town.ada, secret_of(file.read()))
        office.sign_in(town.ada)
    with tap.row("an administrator's link names the server and its pin"):
        found = answer_of(office.as_("ada", "user", "link", "bob", "-o", "json"), "vouch.link/1")
        expect_equal(found["link"], f"{office.url}/setup/{found['secret']}#{office.pin()}")
        link = office.private("link", found["link"])
        bob = town.bob
        password = office.private("pw", bob.password)
        uri = succeeds(office.as_("bob", "setup", "account", "--link-file", link, "--password-file", password,
                                  "--uri-only")).out.strip()
        bob.app = App(uri)
        succeeds(office.as_("bob", "setup", "account", "--link-file", link, "--finish", "--code-file",
                            office.private("code", bob.app.code()), "--codes-file", office.lab.join("bob.codes")))
        office.sign_in(bob)
    for name in ("carl", "eve"):
        with tap.row(f"{name} is given a link and signs in"):
            done = succeeds(office.as_("ada", "user", "link", name))
            town.set_up(town.people[name], secret_of(done.out))
            office.sign_in(town.people[name])
    with tap.row("who is no administrator is refused, and told"):
        for words in (("user", "add", "x"), ("policy", "export"), ("user", "link", "carl"), ("group", "rm", "eng", "-y"),
                      ("access", "who-can", "app@web1.prod.example.com"), ("access", "can", "bob")):
            done = office.as_("carl", *words)
            expect_equal((done.status, done.out), (REFUSED, ""), f"{done}")
    with tap.row("an auditor reads the policy, and changes nothing"):
        found = answer_of(office.as_("eve", "user", "ls", "-o", "json"), "vouch.users/1")
        expect("totp" not in found["items"][0], found)
        expect_equal(succeeds(office.as_("eve", "policy", "export")).out, office.text())
        done = office.as_("eve", "group", "add", "x")
        expect_equal(done.status, REFUSED, f"{done}")
    with tap.row("sessions are listed, and ended after a yes"):
        found = answer_of(office.as_("ada", "user", "sessions", "eve", "-o", "json"), "vouch.sessions/1")
        expect_equal([s["methods"] for s in found["items"]], ["password+totp"])
        succeeds(office.as_("ada", "user", "sign-out", "eve", "--yes"), "Sessions ended: 1")
        fails(office.as_("eve", "policy", "export"), SIGN_IN, "V-1871")


def new_request(office, name="carl", *words):
    done = office.as_(name, "request", "dba", "--reason", "an incident", "--no-wait", *words)
    expect_equal(done.status, WAITING, f"{done}")
    return done.out.strip()


def asking(tap, office):
    as_ = office.as_
    cert = os.path.join(office.env("carl")["HOME"], ".ssh", "vouch", "prod", "request-cert.pub")
    with tap.row("request -n shows what would be asked for, and asks nothing"):
        done = succeeds(as_("carl", "request", "dba", "--reason", "x", "-n"))
        expect_equal(json.loads(done.out)["roles"], ["dba"])
        expect_equal(as_("carl", "request", "ls", "-o", "name").out, "")
    with tap.row("a role that one does not have is refused, with those that one has"):
        fails(as_("carl", "request", "root", "--reason", "x"), REFUSED, "V-1872", "dba, dev")
        fails(as_("carl", "request", "dba"), USAGE, "V-1901", "--reason")
        fails(as_("carl", "request", "dba", "--reason", "x", "--ttl", "9d"), REFUSED, "V-1814", "1h")
    with tap.row("a request waits with exit status 6, and is seen by who may decide"):
        number = new_request(office)
        expect_equal(as_("carl", "request", "wait", number, "--within", "1s").status, WAITING)
        found = answer_of(as_("bob", "request", "ls", "--for-me", "-o", "json"), "vouch.requests/1")
        expect_equal([(r["id"], r["user"], r["reason"], r["state"]) for r in found["items"]],
                     [(number, "carl", "an incident", "waiting")])
        found = answer_of(as_("carl", "request", "show", number, "-o", "json"), "vouch.request/1")
        expect_equal((found["principals"], found["missing"]), (["role:dba"], 1))
        done = as_("carl", "approve", number, "--yes")
        expect_equal(done.status, REFUSED, f"{done}")
    with tap.row("an approval is asked about with what it is for"):
        there = office.terminal("bob", "approve", number)
        there.hear("Approve role dba for carl (an incident)? (y/N)")
        there.say("n")
        expect_equal(there.end()[0], NO)
        expect("State: waiting" in as_("bob", "request", "show", number).out)
    with tap.row("request wait takes the certificate once it is approved"):
        waiting = subprocess.Popen(
            [office.lab.vouch_path, "request", "wait", number], env=office.env("carl"), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        succeeds(as_("bob", "approve", number, "--yes", "--comment", "go on"), "you approved it")
        out, err = waiting.communicate(timeout=60)
        expect_equal((waiting.returncode, out), (OK, ""), err)
        expect("certificate" in err and "role dba" in err, err)
        found = read_cert_file(cert)
        expect_equal((found["principals"], found["key_id"]), ([b"role:dba"], b"carl"))
    with tap.row("it is good for one certificate"):
        fails(as_("carl", "request", "wait", number), REFUSED, "V-1816", "taken")
        expect_equal(as_("carl", "request", "ls", "--state", "taken", "-o", "name").out, number + "\n")
    with tap.row("what was denied or cancelled says by whom and why"):
        number = new_request(office)
        succeeds(as_("bob", "deny", number, "--comment", "use the replica"), "you denied it")
        fails(as_("carl", "request", "wait", number), REFUSED, "V-1816", "denied by bob", "use the replica")
        number = new_request(office)
        succeeds(as_("carl", "request", "cancel", number), "cancelled")
        fails(as_("carl", "request", "wait", number), REFUSED, "V-1816", "cancelled")
        done = as_("bob", "approve", number, "--yes")
        expect(done.status in (REFUSED, CONFLICT, NOT_FOUND), done)
        found = answer_of(office.own("request", "ls", "--all", "-o", "json"), "vouch.requests/1")
        expect_equal([r["state"] for r in found["items"]], ["cancelled", "denied", "taken"])
    with tap.row("without a missing approval it comes at once, and the zone's files with it"):
        ssh = os.path.join(office.env("carl")["HOME"], ".ssh")
        shutil.rmtree(ssh)
        done = succeeds(as_("carl", "request", "dev", "--reason", "x"), "role dev", "vouch setup ssh")
        expect_equal(done.out, "")
        expect_equal(read_cert_file(cert)["principals"], [b"role:dev"])
        zone = os.path.dirname(cert)
        expect_equal(sorted(os.listdir(zone)),
                     ["hosts", "id", "id.pub", "known_hosts", "login.json", "request-cert.pub"])
        with open(os.path.join(ssh, "vouch", "config"), encoding="utf-8") as file:
            expect("Match host *.prod.example.com" in file.read())


def proving(tap, office):
    """A second factor that is older than five minutes does for nothing that is hard to undo."""
    town = office.town

    def age():
        with contextlib.closing(sqlite3.connect(office.service.join("db", "vouch.db"), timeout=10)) as db:
            db.execute("UPDATE sessions SET factor_s = factor_s - 400")
            db.commit()

    with tap.row("an old second factor: a change is refused, reading is not"):
        age()
        before = office.version()
        for words in (("group", "add", "late"), ("user", "link", "eve"), ("user", "sign-out", "bob", "-y")):
            fails(office.as_("ada", *words), REFUSED, "V-1886")
        succeeds(office.as_("ada", "group", "add", "late", "--dry-run"))
        succeeds(office.as_("ada", "user", "ls"))
        expect_equal(office.version(), before)
    with tap.row("a wrong code does not do, and a right one does"):
        wrong, right = office.private("wrong", "000000"), office.private("right", town.ada.app.code())
        done = office.as_("ada", "group", "add", "late", "--code-file", wrong)
        expect(done.status in (REFUSED, SIGN_IN) and "late" not in office.text(), done)
        succeeds(office.as_("ada", "group", "add", "late", "--code-file", right), "added the group late")
        succeeds(office.as_("ada", "group", "rm", "late", "--yes"))
    with tap.row("on a terminal the code is asked for in between"):
        number = new_request(office)
        there = office.terminal("bob", "approve", number)
        there.hear("(y/N)")
        there.say("y")
        there.hear("Code: ")
        there.say(town.bob.app.code())
        expect_equal(there.end()[0], OK)
        found = answer_of(office.as_("carl", "request", "show", number, "-o", "json"), "vouch.request/1")
        expect_equal((found["state"], found["approvers"]), ("approved", ["bob"]))


def leaving(tap, office):
    with tap.row("who is disabled is out at once, and enabled again may sign in"):
        succeeds(office.as_("ada", "user", "disable", "carl", "--yes"), "loses    carl: app")
        fails(office.as_("carl", "request", "ls"), SIGN_IN, "V-1871")
        found = answer_of(office.own("user", "show", "carl", "-o", "json"), "vouch.user/1")
        expect_equal((found["state"], found["sessions"]), ("disabled", 0))
        succeeds(office.as_("ada", "user", "enable", "carl"), "gains    carl: app")
    with tap.row("a user is removed by the name, typed"):
        there = office.terminal("ada", "user", "rm", "zoe")
        there.hear("Type zoe to continue")
        there.say("yes")
        expect_equal(there.end()[0], NO)
        there = office.terminal("ada", "user", "rm", "zoe")
        there.hear("Type zoe to continue")
        there.say("zoe")
        expect_equal(there.end()[0], OK)
        succeeds(office.as_("ada", "user", "rm", "dan", "--confirm", "dan"))
        expect_equal(office.own("user", "ls", "-o", "name").out.split(), ["ada", "bob", "carl", "eve"])
    with tap.row("the last administrator cannot leave, but over the socket"):
        fails(office.as_("ada", "group", "edit", "vouch-admins", "--remove", "ada"), REFUSED, "V-1819")
        succeeds(office.own("group", "edit", "vouch-admins", "--remove", "ada", "-n"))


def looking_back(tap, office):
    with tap.row("audit search finds what somebody did, and since when"):
        found = answer_of(office.own("audit", "search", "--user", "bob", "-o", "json"), "vouch.events/1")
        types_seen = [event["type"] for event in found["items"]]
        expect({"request.approve", "request.deny", "session.begin"} <= set(types_seen), types_seen)
        expect(all(event["actor"] == "user:bob" for event in found["items"]), found)
        found = answer_of(office.own("audit", "search", "--since", "+1h", "-o", "json"), "vouch.events/1")
        expect_equal(found["items"], [])
    with tap.row("audit tail shows each event as it comes, until it is interrupted"):
        tail = subprocess.Popen(
            [office.lab.vouch_path, "audit", "tail", "-o", "jsonl", "--type", "policy.apply", "--local",
             office.service.folder], env=office.lab.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            before = [json.loads(tail.stdout.readline()) for _ in range(10)]
            numbers = [int(event["object"]) for event in before]
            expect_equal(numbers, list(range(numbers[0], numbers[0] + 10)))
            for name in ("late1", "late2"):
                succeeds(office.own("group", "add", name))
                event = json.loads(tail.stdout.readline())
                expect_equal((event["schema"], event["type"], event["object"]),
                             ("vouch.event/1", "policy.apply", office.version()))
        finally:
            tail.send_signal(signal.SIGINT)
            _, err = tail.communicate(timeout=20)
        expect_equal((tail.returncode, err), (-signal.SIGINT, ""))


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("openssl", "ssh-keygen") as lab:
        tap = Tap()
        office = Office(lab, vouchd)
        for part in (building, dry_running, refusing, files, showing, changing, moving_in, asking, proving, leaving,
                     looking_back):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, office)
        tap.done()


if __name__ == "__main__":
    main()
