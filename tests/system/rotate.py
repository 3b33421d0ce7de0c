#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Both CA keys are replaced while a person logs in again and again, and not one login fails.

A CA, three hosts and a client, each a machine of its own. The client signed in with vouch login, and plain ssh
uses what vouch hook and vouch renew keep up to date. Meanwhile each CA goes all the way round, with a way back
from each phase, a kill -9 of the whole service after each step, and a host that is cut off: it is named by
the gate, left behind, and catches up when it is back.
"""

import json
import os
import re
import signal
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from hosts import DOMAIN, URL, Fleet
from lab import Lab, wait_for
from login import App
from machines import HOME, NET
from service import find_vouchd
from tap import Failure, Tap, expect, expect_equal

HOSTS = ("web1", "web2", "db1")
POLICY = f"""\
zones:
  - {{name: lab, patterns: ['*.{DOMAIN}', '{NET}.*']}}
users:
  - {{name: alice}}
groups:
  - {{name: vouch-admins, members: [alice]}}
roles:
  - {{name: dev, zone: lab, members: ['user:alice'], hosts: [tier=web], logins: [app], max_ttl: 1m}}
"""
PASSWORD = "Grebe-flotsam 27 quince vortex"
EVERY_S = 0.1
AT_ONCE = 3  # logins; a machine that is slow begins fewer in a second


class Person:
    """Alice on the client's machine: signed in, with the files that vouch login made."""

    def __init__(self, fleet):
        self.fleet, self.client = fleet, fleet.machines["client"]
        link = fleet.vouch("setup", "admin", "alice").out.strip()
        self.client.write(f"{HOME}/link", link.replace(link.split("/setup/")[0], URL), 0o600)
        self.client.write(f"{HOME}/password", PASSWORD, 0o600)
        begun = self.vouch("setup", "account", "--link-file", f"{HOME}/link", "--password-file",
                           f"{HOME}/password", "--uri-only")
        app = App(begun.out.strip())
        self.client.write(f"{HOME}/code", app.code(), 0o600)
        self.vouch("setup", "account", "--link-file", f"{HOME}/link", "--finish", "--code-file", f"{HOME}/code")
        version = fleet.office.local("GET", "/v1/policy").headers["etag"].strip('"')
        fleet.apply(POLICY, version)
        self.client.write(f"{HOME}/code", app.code(), 0o600)
        self.vouch("login", "--user", "alice", "--password-file", f"{HOME}/password",
                   "--code-file", f"{HOME}/code")

    def vouch(self, *words):
        return self.client.must(self.fleet.lab.vouch_path, *words)

    def renew(self):
        return self.client.run(self.fleet.lab.vouch_path, "renew")

    def login(self, host):
        return self.client.run("ssh", "-F", f"{HOME}/.ssh/config", "-o", "BatchMode=yes", "-o",
                               "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=20",
                               f"app@{host}.{DOMAIN}", "echo in", timeout=60)

    def host_cas(self):
        path = self.client.path(f"{HOME}/.ssh/vouch")
        found = []
        for top, _, files in os.walk(path):
            for name in files:
                if name == "known_hosts":
                    with open(os.path.join(top, name), encoding="ascii") as file:
                        found += [line.split()[3] for line in file if line.startswith("@cert-authority")]
        return found


class Traffic:
    """Logins without a pause, and a renewal every few seconds, until it is told to stop."""

    def __init__(self, person):
        self.person, self.is_over = person, threading.Event()
        self.took, self.failures, self.renewed, self.refused = [], [], 0, []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._renew, daemon=True)]
        self.threads += [threading.Thread(target=self._log_in, args=(i,), daemon=True) for i in range(AT_ONCE)]
        for thread in self.threads:
            thread.start()

    def _renew(self):
        while not self.is_over.wait(4):
            done = self.person.renew()
            with self.lock:
                self.renewed += done.status == 0
                if done.status != 0:
                    self.refused.append(str(done))

    def _log_in(self, number):
        due, turn = time.monotonic() + number * EVERY_S, 0
        while not self.is_over.wait(max(0, due - time.monotonic())):
            begun, turn = time.monotonic(), turn + 1
            done = self.person.login(("web1", "web2")[turn % 2])
            with self.lock:
                self.took.append(time.monotonic() - begun)
                if done.status != 0 or done.out != "in\n":
                    self.failures.append((time.strftime("%X"), str(done)))
            due = max(due + AT_ONCE * EVERY_S, time.monotonic())

    def check(self, where):
        with self.lock:
            failures = list(self.failures)
        expect(not failures, f"{where}: {len(failures)} logins failed, first: {failures[:1]}")

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(90)


class Rotation:
    """One CA's way round, over the command."""

    def __init__(self, fleet, person, traffic, use):
        self.fleet, self.person, self.traffic, self.use = fleet, person, traffic, use

    def command(self, *words):
        return self.fleet.lab.vouch("ca", "rotate", *words, self.use, "--yes", "--local", self.fleet.office.folder)

    def status(self):
        done = self.fleet.lab.must_vouch("ca", "rotate", "status", self.use, "-o", "json", "--local",
                                         self.fleet.office.folder)
        return json.loads(done.out)["items"][0]

    def phase(self):
        return self.status()["phase"]

    def key(self, state):
        return next((key["fingerprint"] for key in self.status()["keys"] if key["state"] == state), None)

    def blocking(self):
        return [row["host"] for row in self.status()["hosts"]["named"] if row["why"] != "silent"]

    def step(self, word, phase, *options, seconds=180):
        """Makes a step as soon as its gate is open; the CA is killed right after it."""
        last = []

        def made():
            last[:] = [self.command(word, *options)]
            return last[0].status == 0
        try:
            wait_for(made, f"{word} {self.use}", seconds)
        except Failure as failure:
            raise Failure(f"{failure}\n{last[0]}\n{json.dumps(self.status(), indent=1)}") from failure
        self.fleet.office.kill()
        self.fleet.office.start()
        expect_equal(self.phase(), phase)
        self.traffic.check(f"{self.use}: {word}")

    def settle(self):
        """Until the client has the lines of all host keys that count, which no gate waits for."""
        wanted = sum(key["state"] in ("next", "active", "old") for key in self.status()["keys"])
        if self.use == "host":
            wait_for(lambda: len(set(self.person.host_cas())) == wanted, "the client's known_hosts", 60)


def begin(tap, fleet):
    tokens = {}
    with tap.row("three hosts enrol, and their agents run"):
        for pattern, tier, uses in (("web*", "web", 2), ("db1", "db", 1)):
            tokens[tier] = fleet.found("host", "token", "new", "--zone", "lab", "--match", f"{pattern}.{DOMAIN}",
                                       "--label", f"tier={tier}", "--uses", uses)["secret"]
        for name in HOSTS:
            fleet.machines[name].start_sshd()
            done = fleet.enrol(name, tokens["db" if name == "db1" else "web"])
            expect_equal(done.status, 0, str(done))
            fleet.start_agent(name)
    person = None
    with tap.row("alice signs in with vouch login, and plain ssh gets her into a host"):
        person = Person(fleet)
        wait_for(lambda: person.login("web1").status == 0, "a login", 30)
        expect(person.login("web2").status == 0)
    with tap.row("doctor finds lines of known_hosts that speak against a host, and none where there are none"):
        doctoring(person)
    return person


def not_believed(tap, fleet, person):
    """H11: a host whose certificate is none is not one whose key ssh asks about, and goes on."""
    host, place = fleet.machines["web2"], "/etc/ssh/ssh_host_ed25519_key-cert.pub"
    with open(fleet.office.join("signer", "unlock"), encoding="ascii") as file:
        passphrase = file.read().strip()
    agent = fleet.daemons["web2"]
    agent.terminate()
    agent.wait()
    good = {name: host.read(name) for name in (place, place.replace("ed25519", "ecdsa"))}
    strange = fleet.lab.key("ed25519")
    ours = [fleet.office.join("signer", "host_ca"), "-P", passphrase]
    ways = {"over": [*ours, "-n", f"web2.{DOMAIN}", "-V", "-2h:-1h"], "of another host": [*ours, "-n", f"web1.{DOMAIN}"],
            "of another CA": [strange, "-n", f"web2.{DOMAIN}"], "a person's": [*ours, "-n", f"web2.{DOMAIN}"]}
    before = known_of(person)
    for name, words in ways.items():
        with tap.row(f"H11: ssh does not connect to a host whose certificate is {name}, and learns no key"):
            for path in good:
                kind = [] if name == "a person's" else ["-h"]
                fleet.lab.must("ssh-keygen", "-q", "-s", *words, "-I", "x", *kind,
                               host.path(path.replace("-cert.pub", ".pub")))
            hang_up(host)
            done = person.client.run("ssh", "-F", f"{HOME}/.ssh/config", f"app@web2.{DOMAIN}", "echo in", timeout=60)
            expect(done.status == 255 and "in" not in done.out.split() and "erification failed" in done.err, done)
            expect_equal(known_of(person), before, "known hosts")
    with tap.row("and with its own it does"):
        for path, content in good.items():
            host.write(path, content)
        hang_up(host)
        fleet.start_agent("web2")
        wait_for(lambda: person.login("web2").status == 0, "a login", 30)


def hang_up(host):
    os.kill(int(host.read("/run/sshd.pid")), signal.SIGHUP)
    wait_for(host.answers, "sshd")


def known_of(person):
    """What ssh would believe: every known_hosts of the person."""
    found = {}
    for top, _, files in os.walk(person.client.path(f"{HOME}/.ssh")):
        for name in files:
            if name.startswith("known_hosts"):
                with open(os.path.join(top, name), encoding="ascii") as file:
                    found[os.path.join(top, name)] = file.read()
    return found


def doctoring(person):
    name, place = f"web1.{DOMAIN}", f"{HOME}/.ssh/known_hosts"

    def found():
        done = person.client.run(person.fleet.lab.vouch_path, "doctor", f"app@{name}", "-o", "json")
        rows = json.loads(done.out)["checks"]
        return [(row["state"], row["text"]) for row in rows if row["name"] == "known_hosts"]

    expect_equal(found(), [])
    person.client.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{HOME}/other")
    other = " ".join(person.client.read(f"{HOME}/other.pub").split()[:2])
    person.client.write(place, f"{name} {other}\n")
    expect([state for state, _ in found()] == ["warn"], str(found()))
    person.client.must("ssh-keygen", "-q", "-H", "-f", place)
    expect([state for state, _ in found()] == ["warn"], "hashed: " + str(found()))
    with open(person.fleet.office.ca_file("host"), encoding="ascii") as file:
        person.client.write(place, f"@revoked *.{DOMAIN} {file.read()}")
    expect([state for state, _ in found()] == ["fail"], str(found()))
    person.client.must("rm", "-f", place, f"{place}.old")


def nothing_without_a_gate(tap, rotation):
    with tap.row(f"{rotation.use}: plan says what comes, and changes nothing"):
        done = rotation.fleet.lab.must_vouch("ca", "rotate", "plan", rotation.use, "--local",
                                             rotation.fleet.office.folder)
        expect("switch" in done.out and "destroy" in done.out, done)
        expect_equal(rotation.phase(), "steady")


def cut_off(tap, rotation):
    fleet, db1 = rotation.fleet, f"db1.{DOMAIN}"
    with tap.row(f"{rotation.use}: a host that is cut off is named, and holds the switch up"):
        fleet.machines["db1"].cut()
        rotation.step("start", "distribute")
        rotation.settle()
        wait_for(lambda: rotation.blocking() == [db1], "db1 alone to block", 60)
        done = rotation.command("advance")
        expect(done.status != 0 and db1 in done.err, done)
        expect_equal(rotation.phase(), "distribute")
    with tap.row(f"{rotation.use}: it is left behind by name, and the rest goes on"):
        rotation.step("advance", "drain", "--without", db1)


def way_back(tap, rotation):
    with tap.row(f"{rotation.use}: a key that has signed nothing is dropped again, if it is named"):
        rotation.step("start", "distribute")
        done = rotation.command("back")
        expect(done.status != 0 and "SHA256:" in done.err, done)
        rotation.step("back", "steady", "--fingerprint", rotation.key("next"))


def the_rest(tap, rotation, old):
    fleet, db1 = rotation.fleet, f"db1.{DOMAIN}"
    with tap.row(f"{rotation.use}: back from the switch, and forth again"):
        rotation.step("back", "distribute")
        expect_equal(rotation.key("active"), old)
        rotation.step("advance", "drain", "--without", db1)
        expect_equal(rotation.key("old"), old)
    with tap.row(f"{rotation.use}: the old key is removed when nothing by it is valid any more"):
        rotation.step("advance", "removed", "--without", db1)
    with tap.row(f"{rotation.use}: brought back, and removed again"):
        rotation.step("back", "drain")
        rotation.settle()
        rotation.step("advance", "removed", "--without", db1)
    with tap.row(f"{rotation.use}: destroyed by name alone, and the cut-off host in the way until it is back"):
        done = rotation.command("advance")
        expect(done.status != 0 and old in done.err, done)
        fleet.machines["db1"].join()
        rotation.step("advance", "steady", "--fingerprint", old)
        expect([key["fingerprint"] for key in rotation.status()["keys"]] == [rotation.key("active")])
        expect(rotation.key("active") != old)


def caught_up(tap, rotation):
    with tap.row(f"{rotation.use}: the host that was left behind has the bundle, and a certificate that counts"):
        def is_well():
            rows = {row["name"]: row for row in rotation.fleet.found("host", "ls")["items"]}
            return rows[f"db1.{DOMAIN}"]["health"] == "ok"
        wait_for(is_well, "db1 to be well", 120)
        shown = rotation.fleet.machines["db1"].must("ssh-keygen", "-L", "-f",
                                                    "/etc/ssh/ssh_host_ed25519_key-cert.pub").out
        if rotation.use == "host":
            expect(rotation.key("active") in re.search(r"Signing CA: .*", shown).group(0), shown)


def emergency(tap, fleet, person, traffic):
    """The user CA's key is in wrong hands: everything by it is dead, and there is a way on."""
    rotation = Rotation(fleet, person, traffic, "user")
    with tap.row("a CA that is revoked opens nothing any more"):
        person.renew()
        expect(person.login("web1").status == 0, "it works first")
        stolen = rotation.key("active")
        fleet.vouch("cert", "revoke", "--ca", stolen, "--reason", "stolen", "--yes")
        for host in ("web1", "web2"):
            wait_for(lambda h=host: person.login(h).status != 0, f"{host} to refuse", 30)
    with tap.row("a new key, without waiting for certificates by the old one, and people get in again"):
        rotation.step("start", "distribute")
        rotation.step("advance", "drain")
        rotation.step("advance", "removed", "--now")
        expect_equal(person.renew().status, 0)
        for host in ("web1", "web2"):
            wait_for(lambda h=host: person.login(h).status == 0, f"{host} to let in", 30)
        rotation.step("advance", "steady", "--fingerprint", stolen)


def one_person(tap, fleet, person):
    with tap.row("a person who is disabled is refused on every host, by the certificate of a moment ago too"):
        expect_equal(person.renew().status, 0)
        expect(person.login("web1").status == 0, "it works first")
        fleet.vouch("user", "disable", "alice", "--yes")
        for host in ("web1", "web2"):
            wait_for(lambda h=host: person.login(h).status != 0, f"{host} to refuse", 30)


def rotating(tap, fleet):
    person = begin(tap, fleet)
    if person is None:
        return
    not_believed(tap, fleet, person)
    traffic = Traffic(person)
    try:
        for use in ("user", "host"):
            rotation = Rotation(fleet, person, traffic, use)
            old = rotation.key("active")
            for part in (nothing_without_a_gate, way_back, cut_off):
                part(tap, rotation)
            the_rest(tap, rotation, old)
            caught_up(tap, rotation)
    finally:
        traffic.end()
    with tap.row("not one login failed meanwhile"):
        traffic.check("at the end")
        expect(len(traffic.took) > 100 and traffic.renewed > 10, f"{len(traffic.took)} logins, {traffic.renewed}")
    print(f"# {len(traffic.took)} logins, p50 {statistics.median(traffic.took):.2f} s, {traffic.renewed} renewals, "
          f"{len(traffic.refused)} while the CA was down")
    emergency(tap, fleet, person, traffic)
    one_person(tap, fleet, person)
    with tap.row("the ledger is whole, and each certificate was signed by a key whose turn it was"):
        expect_equal(fleet.office.verify()["verdict"], "proven")


def main():
    tap = Tap()
    with Lab("ssh", "sshd", "ssh-keygen", "ip", "unshare", "nsenter") as lab:
        fleet = Fleet(lab, find_vouchd())
        try:
            rotating(tap, fleet)
        except Failure as failure:
            raise Failure(f"{failure}\n{fleet.office.log()[-3000:]}") from failure
    tap.done()


if __name__ == "__main__":
    main()
