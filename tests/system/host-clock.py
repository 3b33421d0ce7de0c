#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A host whose clock is wrong: hours ahead, hours behind, weeks ahead, and right again.

A host, a client and the CA, each a machine of its own. On the host, sshd and both parts of the agent go by a
clock that the test sets while they run. Check, status, the inventory and explain say that the clock is wrong;
revocations arrive all the same; nothing is signed for a wrong time; what sshd has stays as it is, so that
nobody is locked out but by the dates of a certificate; and when the clock is right again all is well.

usage: host-clock.py MODULE, the library built from lib/fake-clock.c
"""

import json
import os
import re
import signal
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from hosts import DOMAIN, URL, Fleet, config_of_client
from lab import Lab, wait_for
from machines import HOME, tree_of
from service import find_vouchd
from station import Station
from tap import Failure, Tap, expect, expect_equal

HOST = "web1"
WHERE = f"{HOST}.{DOMAIN}"
HOUR, DAY = 3600, 86400
CLOCK_LOG = "/var/log/vouch-host.log"


class Clocked:
    """The host, and its clock."""

    def __init__(self, fleet, module):
        self.fleet, self.lab = fleet, fleet.lab
        self.host, self.client = fleet.machines[HOST], fleet.machines["client"]
        self.file = self.lab.write("clock", struct.pack("=q", 0))
        os.chmod(self.file, 0o644)
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.by_it = [f"LD_PRELOAD={module}", f"FAKE_CLOCK_FILE={self.file}", f"ASAN_OPTIONS={options}"]
        self.station = Station(self.lab, fleet.agent, "export " + " ".join(self.by_it))
        self.daemon, self.serial = None, 9000
        with open(fleet.office.join("signer", "unlock"), encoding="ascii") as file:
            self.passphrase = file.read().strip()

    def set(self, ahead_s):
        with open(self.file, "r+b") as file:
            file.write(struct.pack("=q", ahead_s))

    def start_sshd(self):
        self.host.sshd = self.host.start("env", *self.by_it, "/usr/sbin/sshd", "-D", "-E", "/var/log/auth.log")
        self.lab.stack.callback(self.host.stop_sshd)
        wait_for(self.host.answers, "sshd")

    def run(self, *words, **more):
        return self.host.run("env", *self.by_it, self.station.program, *words, **more)

    def enrol(self):
        token = self.fleet.found("host", "token", "new", "--zone", "lab", "--match", WHERE, "--label",
                                 "tier=web")["secret"]
        return self.run("enrol", URL, "--pin", self.fleet.office.pin, "--token-file", "-", "--name", WHERE,
                        stdin=token + "\n")

    def start_agent(self):
        self.daemon = self.host.start("env", *self.by_it, self.station.program, "run", log=CLOCK_LOG)
        # Whoever asks earlier ends it: it does not listen to signals yet.
        wait_for(self.is_walled_in, "the agent to be at work", 30)

    def is_walled_in(self):
        with open(f"/proc/{self.daemon.pid}/status", encoding="ascii") as file:
            return "Seccomp:\t2" in file.read()

    def look(self):
        """What check says, once the daemon has asked the server anew."""
        self.daemon.send_signal(signal.SIGHUP)
        return self.run("check")

    def checked(self, pattern, status):
        def found():
            done = self.look()
            return done if re.search(pattern, done.out) and done.status == status else None
        return wait_for(found, f"check to exit {status} and say {pattern}:\n{self.look()}", 30)

    def status(self):
        return json.loads(self.run("status", "-o", "json").out)

    def shown(self):
        return self.fleet.found("host", "show", WHERE)

    def forge(self, valid):
        """A key whose certificate holds so long that no wrong clock matters: no careful CA makes one."""
        self.serial += 1
        key = f"{HOME}/long-{self.serial}"
        self.client.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        self.lab.must("ssh-keygen", "-q", "-s", self.fleet.office.join("signer", "user_ca"), "-P", self.passphrase,
                      "-I", "ada", "-z", self.serial, "-n", "role:dev", "-V", valid, self.client.path(key + ".pub"))
        return key

    def revoke(self, key):
        found = self.client.must("ssh-keygen", "-l", "-f", key + ".pub").out.split()[1]
        self.fleet.vouch("cert", "revoke", "--fingerprint", found, "--reason", "a test")

    def failing(self, key):
        done = self.lab.vouch("explain", f"app@{WHERE}", "--user", "ada", "--cert", self.client.path(key + "-cert.pub"),
                              "--source", self.client.address, "--local", self.fleet.office.folder, "-o", "json")
        try:
            rows = json.loads(done.out)["checks"]
        except ValueError as error:
            raise Failure(f"not JSON: {done}") from error
        return {row["name"]: row["state"] for row in rows if row["state"] in ("fail", "warn")}

    def files(self):
        return {name: what for name, what in tree_of(self.host.path("/etc/ssh")).items() if "principals" not in name}


def begin(tap, clocked):
    tree = tree_of(clocked.host.path("/etc/ssh"))
    with tap.row("a host whose clock is a quarter of an hour off does not enrol, and nothing is changed"):
        clocked.start_sshd()
        config_of_client(clocked.fleet)
        for ahead_s in (900, -900):
            clocked.set(ahead_s)
            done = clocked.enrol()
            expect(done.status != 0 and "clock is more than 10 minutes" in done.err, done)
            expect_equal(tree_of(clocked.host.path("/etc/ssh")), tree, "files")
    with tap.row("with the clock right it enrols, and all is well"):
        clocked.set(0)
        done = clocked.enrol()
        expect_equal(done.status, 0, str(done))
        clocked.start_agent()
        clocked.checked("OK", 0)


def told(clocked, ahead_s):
    """Check, status and the server say by how much it is off."""
    side = "ahead of" if ahead_s > 0 else "behind"
    done = clocked.checked(rf"the clock is \d+\.\d s {side}", 2)
    off_s = int(re.search(r"the clock is (\d+)\.", done.out).group(1))
    expect(abs(off_s - abs(ahead_s)) <= 20, done)
    if ahead_s > DAY:
        expect(re.search(r"WARNING +the revocation list was signed \d+", clocked.run("status").out), "H2: nothing of its age")
    expect(re.search(rf"CRITICAL +the clock is \d+\.\d s {side}", clocked.run("status").out), "status says nothing")


def told_at_the_server(clocked, key, ahead_s):
    """What is installed is reported, and with it the clock."""
    def reported():
        return abs(int(clocked.shown()["clock_ms"]) - ahead_s * 1000) <= 20000
    wait_for(reported, f"the report at the server: {clocked.shown()}", 30)
    expect_equal(clocked.failing(key).get("clock"), "warn", "the clock in explain")


def refused(clocked, key):
    wait_for(lambda: not clocked.fleet.lets_in(key, "app", HOST), "it to be refused", 20)


def revoked_all_the_same(clocked, key, stays):
    expect(clocked.fleet.lets_in(key, "app", HOST), "it works first", clocked.host.log()[-2000:])
    clocked.revoke(key)
    refused(clocked, key)
    expect(clocked.fleet.lets_in(stays, "app", HOST), "a bystander", clocked.host.log()[-2000:])


def nothing_by_a_wrong_clock(clocked):
    """Asked to renew and to apply, neither part does what the clock speaks against."""
    before = clocked.files()
    clocked.run("renew")
    wait_for(lambda: "10 minutes" in clocked.status().get("failure", ""), f"the refusal: {clocked.status()}", 30)
    clocked.run("apply")
    now = clocked.files()
    expect_equal([name for name in sorted({*before, *now}) if before.get(name) != now.get(name)], [], "changed")
    expect_equal((clocked.shown()["state"], clocked.status()["state"]), ("active", "active"), "states")


def wrong(tap, clocked, name, ahead_s, long):
    """`long`: keys with certificates that hold by this clock too."""
    with tap.row(f"{name}: check and status say by how much"):
        clocked.set(ahead_s)
        told(clocked, ahead_s)
    with tap.row(f"{name}: who is revoked is refused, and others get in"):
        revoked_all_the_same(clocked, *long)
    with tap.row(f"{name}: the server knows of it, and explain says so"):
        told_at_the_server(clocked, long[1], ahead_s)
    with tap.row(f"{name}: nothing is renewed, what sshd has stays, and the host is not locked"):
        nothing_by_a_wrong_clock(clocked)
        expect(clocked.daemon.poll() is None, "the agent ended", clocked.host.read(CLOCK_LOG))
        expect(clocked.fleet.lets_in(long[1], "app", HOST), clocked.host.log()[-2000:])


def dates(tap, clocked):
    """What sshd refuses by its clock, explain tells by the host's clock."""
    key, _ = clocked.fleet.person(["dev"])
    for name, ahead_s, check in (("ahead", 2 * HOUR, "expired"), ("behind", -2 * HOUR, "not-yet-valid")):
        with tap.row(f"a clock that is two hours {name}: sshd goes by it, and explain names {check} and the clock"):
            clocked.set(ahead_s)
            refused(clocked, key)
            told(clocked, ahead_s)
            clocked.daemon.terminate()
            clocked.daemon.wait()
            clocked.start_agent()
            told_at_the_server(clocked, key, ahead_s)
            expect(clocked.failing(key).get(check) == "fail", clocked.failing(key))


def right_again(tap, clocked):
    with tap.row("a clock that is right again: all is well, by itself"):
        clocked.set(0)
        clocked.checked("OK", 0)
    with tap.row("and it renews, and people get in"):
        before = clocked.host.read("/etc/ssh/ssh_host_ed25519_key-cert.pub")
        clocked.run("renew")
        wait_for(lambda: clocked.host.read("/etc/ssh/ssh_host_ed25519_key-cert.pub") != before, "another certificate", 30)
        key, _ = clocked.fleet.person(["dev"])
        expect(clocked.fleet.lets_in(key, "app", HOST), clocked.host.log()[-2000:])
        clocked.checked("OK", 0)
        expect_equal(clocked.shown()["state"], "active")


def main():
    tap = Tap()
    with Lab("ssh", "sshd", "ssh-keygen", "ip", "unshare", "nsenter") as lab:
        clocked = Clocked(Fleet(lab, find_vouchd(), {HOST: "web"}), os.path.abspath(sys.argv[1]))
        try:
            begin(tap, clocked)
            for name, ahead_s in (("a day and a half behind", -DAY - 12 * HOUR), ("six weeks ahead", 42 * DAY)):
                if tap.failed == 0:
                    wrong(tap, clocked, name, ahead_s, [clocked.forge("-9w:+9w") for _ in range(2)])
            if tap.failed == 0:
                dates(tap, clocked)
                right_again(tap, clocked)
        except Failure as failure:
            raise Failure(f"{failure}\n{clocked.fleet.office.log()[-3000:]}") from failure
    tap.done()


if __name__ == "__main__":
    main()
