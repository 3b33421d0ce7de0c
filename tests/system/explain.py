#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Why a login is refused, told three times: by sshd's log, by `vouch audit logins`, by `vouch explain`.

One enrolled host and a client, each a machine of its own. Each way to be refused is provoked on the real
sshd; then its log has the line, the CA has the login with the reason, and explain names the same cause as
its first check that fails. What no careful CA signs is signed with its key, behind its back.
"""

import contextlib
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from hosts import DOMAIN, Fleet, config_of_client
from lab import Lab, wait_for
from machines import HOME
from service import find_vouchd
from tap import Failure, Tap, expect, expect_equal

HOST = "web1"
WHERE = f"{HOST}.{DOMAIN}"
KRL = "/etc/ssh/vouch/revoked.krl"
VALID = "-5m:+1h"


class Grid:
    """A host whose agent runs, and certificates of any form."""

    def __init__(self, fleet):
        self.fleet, self.lab = fleet, fleet.lab
        self.host, self.client = fleet.machines[HOST], fleet.machines["client"]
        self.serial = 9000
        with open(fleet.office.join("signer", "unlock"), encoding="ascii") as file:
            self.passphrase = file.read().strip()
        self.stranger = self.lab.key("ed25519")

    def enrol(self):
        found = self.fleet.found("host", "token", "new", "--zone", "lab", "--match", WHERE, "--label", "tier=web")
        self.host.start_sshd()
        config_of_client(self.fleet)
        done = self.fleet.enrol(HOST, found["secret"])
        expect_equal(done.status, 0, str(done))
        self.fleet.start_agent(HOST)

    def forge(self, *options, principals="role:dev", valid=VALID, ca="user_ca"):
        """(key, serial): ssh-keygen signs it with a CA's key; `ca` is the service's, or a file."""
        self.serial += 1
        key = f"{HOME}/forged-{self.serial}"
        self.client.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        names = ["-n", principals] if principals else []
        self.sign(ca, self.client.path(key + ".pub"), *names, "-V", valid, *options)
        return key, str(self.serial)

    def sign(self, ca, public, *options):
        words = ["-s", ca, "-P", ""] if os.path.isabs(ca) else [
            "-s", self.fleet.office.join("signer", ca), "-P", self.passphrase]
        self.lab.must("ssh-keygen", "-q", *words, "-I", "ada", "-z", self.serial, *options, public)

    # What each of them says

    @contextlib.contextmanager
    def logged(self, line):
        """sshd logs a line like this meanwhile."""
        before = len(self.host.log())
        yield
        wait_for(lambda: re.search(line, self.host.log()[before:]), f"{line} in sshd's log:\n{self.host.log()[before:]}")

    def listed(self, serial, reason):
        def found():
            return [item for item in self.fleet.found("audit", "logins", "--serial", serial)["items"]
                    if item["outcome"] == ("refused" if reason else "accepted")]
        wait_for(found, f"serial {serial} in the list of logins", 20)
        expect_equal(found()[0]["reason"] or "", reason, "reason")
        expect_equal(found()[0]["host"], WHERE)

    def explain(self, key, login):
        done = self.lab.vouch("explain", f"{login}@{WHERE}", "--user", "ada", "--cert",
                              self.client.path(key + "-cert.pub"), "--source", self.client.address,
                              "--local", self.fleet.office.folder, "-o", "json")
        try:
            return done, json.loads(done.out)
        except ValueError as error:
            raise Failure(f"not JSON: {done}") from error

    def failing(self, key, login="app"):
        return [row["name"] for row in self.explain(key, login)[1]["checks"] if row["state"] == "fail"]

    def text_of(self, key, check):
        return next(row["text"] for row in self.explain(key, "app")[1]["checks"] if row["name"] == check)

    def refused(self, key, serial, line, reason, check, login="app"):
        """The three of them about one login that sshd refuses."""
        with self.logged(line):
            expect(not self.fleet.lets_in(key, login, HOST), "sshd let it in")
        if reason is not None:
            self.listed(serial, reason)
        done, answer = self.explain(key, login)
        expect_equal((done.status, answer["outcome"], self.failing(key, login)[:1]), (1, "no", [check]), str(done))


def agent_anew(grid):
    """It reports when it starts."""
    process = grid.fleet.daemons[HOST]
    process.terminate()
    process.wait()
    grid.fleet.start_agent(HOST)


def let_in(tap, grid):
    with tap.row("OK: sshd logs it, it is listed, and explain says yes"):
        key, cert = grid.fleet.person(["dev"])
        with grid.logged(rf"Accepted publickey for app .* ID ada \(serial {cert['serial']}\) CA ED25519 SHA256:"):
            wait_for(lambda: grid.fleet.lets_in(key, "app", HOST), "the host to have its logins", 20)
        grid.listed(cert["serial"], "")

        def says_yes():
            return grid.explain(key, "app")[1]["outcome"] == "yes"
        wait_for(says_yes, "explain to say yes", 20)
        expect_equal(grid.explain(key, "app")[0].status, 0)
    with tap.row("no permit-pty: there is no terminal, and explain warns of it"):
        key, serial = grid.forge("-O", "no-pty")
        done = grid.client.run("ssh", "-F", f"{HOME}/ssh_config", "-tt", "-i", key, f"app@{WHERE}", "id -un", timeout=30)
        expect("PTY allocation request failed on channel 0" in done.err, done)
        grid.listed(serial, "")
        done, answer = grid.explain(key, "app")
        states = {row["name"]: row["state"] for row in answer["checks"]}
        expect_equal(states["permit-pty"], "warn", str(done))
        expect("fail" not in states.values(), done)


def refusals(tap, grid):
    mismatch = "Certificate does not contain an authorized principal"
    options = "Authentication tried for app with valid certificate but not from a permitted source address"
    rows = (
        ("expired", {"valid": "-2h:-1h"}, (), "Certificate invalid: expired", "expired", "expired"),
        ("not yet valid", {"valid": "+1h:+2h"}, (), "Certificate invalid: not yet valid", "not-yet-valid",
         "not-yet-valid"),
        ("another principal", {"principals": "role:other"}, (), mismatch, "principal-not-listed", "principal"),
        ("no principals", {"principals": ""}, (), mismatch, "principal-not-listed", "principal"),
        ("a CA that the host does not trust", {"ca": grid.stranger}, (), "Failed publickey for app .* CA ED25519",
         "unknown-ca", "trusts-ca"),
        ("source-address elsewhere", {}, ("-O", "source-address=192.0.2.0/24"), options, "source-address",
         "source-address"),
        ("an unknown critical option", {}, ("-O", "critical:foo@example.com"),
         'Certificate critical option "foo@example.com" is not supported', "unsupported-critical-option",
         "critical-options"),
    )
    for name, fields, words, line, reason, check in rows:
        with tap.row(f"refused: {name}"):
            key, serial = grid.forge(*words, **fields)
            grid.refused(key, serial, line, reason, check)
    with tap.row("refused: no principals file for that login"):
        expect(not os.path.exists(grid.host.path("/etc/ssh/vouch/principals/deploy")), "there is one")
        key, serial = grid.forge()
        grid.refused(key, serial, mismatch, "principal-not-listed", "principal", "deploy")
    with tap.row("refused: revoked by its serial"):
        key, cert = grid.fleet.person(["dev"], "lost")
        expect(grid.fleet.lets_in(key, "app", HOST), "it works first")
        grid.fleet.vouch("cert", "revoke", "--serial", cert["serial"], "--reason", "laptop lost")
        wait_for(lambda: not grid.fleet.lets_in(key, "app", HOST), "the list on the host", 20)
        grid.refused(key, cert["serial"], f"revoked by file {KRL}", "revoked", "not-revoked")


def other_type(tap, grid):
    for ca in ("host_ca", "user_ca"):
        with tap.row(f"a host certificate of the {ca.replace('_', ' ')}: ssh does not offer it"):
            key, serial = grid.forge("-h", ca=ca)
            before = len(grid.host.log())
            expect(not grid.fleet.lets_in(key, "app", HOST), "sshd let it in")
            expect(f"(serial {serial})" not in grid.host.log()[before:], "sshd saw it")
            expect_equal(grid.failing(key)[:1], ["type"], "explain's first failing check")


def lists(tap, grid):
    """On a disk that is only read, so that the agent, which would mend it at once, cannot."""
    folder = os.path.dirname(KRL)
    rows = (
        ("missing", lambda: os.unlink(grid.host.path(KRL)), f"in revoked keys file {KRL}: No such file"),
        ("garbage", lambda: grid.host.write(KRL, "<html>502 Bad Gateway</html>\n" * 3), f"in revoked keys file {KRL}: "),
    )
    for name, spoil, line in rows:
        with tap.row(f"revocation list {name}: everybody is refused, and explain says why"):
            key, serial = grid.forge()
            expect(grid.fleet.lets_in(key, "app", HOST), "it works first")
            spoil()
            grid.host.must("mount", "--bind", folder, folder)
            grid.host.must("mount", "-o", "remount,bind,ro", folder)
            agent_anew(grid)
            wait_for(lambda: "krl-there" in grid.failing(key), "the host to report it", 60)
            grid.refused(key, serial, f"Error checking authentication key .* {line}", "krl-unreadable", "krl-there")
        with tap.row(f"revocation list {name}: the agent puts it back as soon as it can"):
            grid.host.must("umount", folder)
            agent_anew(grid)
            wait_for(lambda: grid.fleet.lets_in(key, "app", HOST), "the list", 60)
            wait_for(lambda: not grid.failing(key), "explain to fall silent", 60)


def host_certificates(tap, grid):
    shown = "/etc/ssh/ssh_host_ed25519_key-cert.pub"
    login = ("ssh", "-F", f"{HOME}/ssh_config", "-o", "HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com")
    key, _ = grid.forge()
    rows = (
        ("expired", WHERE, "-2h:-1h", "Certificate invalid: expired", "expired"),
        ("of another name", f"other.{DOMAIN}", VALID, "Certificate invalid: name is not a listed principal",
         "principal-not-listed"),
    )
    for name, names, valid, line, reason in rows:
        with tap.row(f"host certificate {name}: ssh says so, and so does the host's report"):
            spoilt = grid.lab.write("spoilt.pub", grid.host.read("/etc/ssh/ssh_host_ed25519_key.pub"))
            grid.sign("host_ca", spoilt, "-h", "-n", names, "-V", valid)
            grid.host.must("mount", "--bind", "/etc/ssh", "/etc/ssh")  # else the agent puts it back at once
            grid.host.must("mount", "-o", "remount,bind,ro", "/etc/ssh")
            with open(spoilt.replace(".pub", "-cert.pub"), encoding="ascii") as file:
                grid.host.write(shown, file.read())
            done = grid.client.run(*login, "-i", key, f"app@{WHERE}", "true", timeout=30)
            expect(done.status == 255 and line in done.err, done)
            agent_anew(grid)
            wait_for(lambda: reason in json.dumps(grid.fleet.found("host", "show", WHERE)), "the report", 30)
            expect("not all is well" in grid.text_of(key, "host-reports"), grid.text_of(key, "host-reports"))
        with tap.row(f"host certificate {name}: the agent puts its own back as soon as it can, and all is well"):
            grid.host.must("umount", "/etc/ssh")
            agent_anew(grid)
            wait_for(lambda: grid.client.run(*login, "-i", key, f"app@{WHERE}", "true", timeout=30).status == 0,
                     "a login", 30)
            wait_for(lambda: "well" not in grid.text_of(key, "host-reports"), "explain to have it", 30)


def main():
    tap = Tap()
    with Lab("ssh", "sshd", "ssh-keygen", "ip", "unshare", "nsenter", "mount") as lab:
        grid = Grid(Fleet(lab, find_vouchd()))
        try:
            grid.enrol()
            for part in (let_in, refusals, other_type, host_certificates, lists):
                part(tap, grid)
        except Failure as failure:
            raise Failure(f"{failure}\n{grid.fleet.office.log()[-3000:]}") from failure
    tap.done()


if __name__ == "__main__":
    main()
