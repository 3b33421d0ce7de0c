#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Hosts from end to end: a CA, four hosts and a client, each a machine of its own, with real sshd and ssh.

vouch-host enrols each host by one command. Then roles and labels decide who logs in where as whom; what is
revoked is refused within seconds; a host that was cut off catches up; an agent that is killed starts again;
logins are traced to certificates, also one that was never issued; and leaving restores every byte.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab, wait_for
from machines import HOME, NET, Machines, inside, tree_of
from service import NAME, Service, find_vouchd
from tap import Failure, Tap, expect, expect_equal

DOMAIN = "lab.example.com"
HOSTS = {"web1": "web", "web2": "web", "db1": "db", "build1": "build"}
PORT = 8443
URL = f"https://ca.{DOMAIN}:{PORT}"

POLICY = f"""\
zones:
  - {{name: lab, patterns: ['*.{DOMAIN}', '{NET}.*']}}
users:
  - {{name: ada}}
groups:
  - {{name: engineering, members: [ada]}}
roles:
  - {{name: dev, zone: lab, members: [group:engineering], hosts: [tier=web], logins: [app], max_ttl: 8h}}
  - {{name: dba, zone: lab, members: [group:engineering], hosts: [tier=db], logins: [deploy], max_ttl: 1h}}
"""


class Office(Service):
    """A service that runs in the machine `ca`, and is managed over its local socket."""

    def __init__(self, lab, vouchd, machine):
        super().__init__(lab.fresh("ca-"), vouchd, lab.vouch_path, lab.env)
        self.machine, self.port = machine, PORT
        lab.stack.callback(self.kill)
        self.init()

    @property
    def address(self):
        return f"{self.machine.address}:{self.port}"

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                inside(self.machine.holder.pid, self.vouchd, "run", self.folder), env=self.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.is_ready, "vouchd to be ready", 60)
        return self

    def is_ready(self):
        try:
            return self.local("GET", "/readyz").status == 200
        except OSError:
            return False


class Fleet:
    def __init__(self, lab, vouchd, hosts=HOSTS):
        self.lab = lab
        self.machines = Machines(lab, ["ca", *hosts, "client"], DOMAIN)
        self.office = Office(lab, vouchd, self.machines["ca"])
        self.office.start()
        self.agent = os.environ["VOUCH_HOST"]
        self.daemons, self.trees = {}, {}
        self.apply(POLICY, 0)
        self.office.new_profile("roles", principals=["role:*"], options=["permit-pty"], ttl_max_s=28800)
        self.token = self.office.new_token("roles", "roles")
        self.keys = 0

    def vouch(self, *words):
        """As the owner of the CA's machine."""
        return self.lab.must_vouch(*words, "--local", self.office.folder)

    def found(self, *words):
        return json.loads(self.vouch(*words, "-o", "json").out)

    def apply(self, text, version):
        answer = self.office.local("PUT", "/v1/policy", text.encode(),
                                   {"Content-Type": "application/yaml", "If-Match": f'"{version}"'})
        expect_equal(answer.status, 200, str(answer))

    # Hosts

    def enrol(self, name, token, *options, called=None):
        return self.machines[name].run(self.agent, "enrol", URL, "--pin", self.office.pin, "--token-file", "-",
                                       "--name", f"{called or name}.{DOMAIN}", *options, stdin=token + "\n")

    def start_agent(self, name):
        self.daemons[name] = self.machines[name].start(self.agent, "run", log="/var/log/vouch-host.log")
        return self.daemons[name]

    # A person with a certificate

    def person(self, roles, key_id="ada", ttl_s=3600):
        """(key, certificate's row): a fresh key in the client's machine."""
        client = self.machines["client"]
        self.keys += 1
        key = f"{HOME}/key-{self.keys}"
        client.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        body = {"type": "user", "public_key": client.read(key + ".pub").strip(), "key_id": key_id,
                "principals": [f"role:{role}" for role in roles], "ttl_s": ttl_s}
        answer = self.office_ask("POST", "/v1/certs", body)
        expect_equal(answer.status, 201, str(answer))
        client.write(key + "-cert.pub", answer.json()["certificate"] + "\n")
        return key, answer.json()

    def office_ask(self, method, path, body=None):
        return self.office.local(method, path, body, {"Authorization": "Bearer " + self.token})

    def login(self, key, login, host, command="id -un"):
        return self.machines["client"].run("ssh", "-F", f"{HOME}/ssh_config", "-i", key, f"{login}@{host}.{DOMAIN}",
                                           command, timeout=30)

    def lets_in(self, key, login, host):
        done = self.login(key, login, host)
        expect(done.status in (0, 255), done)
        return done.status == 0


def config_of_client(fleet):
    client = fleet.machines["client"]
    with open(fleet.office.ca_file("host"), encoding="ascii") as file:
        client.write(f"{HOME}/known_hosts", f"@cert-authority *.{DOMAIN} {file.read()}")
    client.write(f"{HOME}/ssh_config", "BatchMode yes\nStrictHostKeyChecking yes\nIdentitiesOnly yes\n"
                 f"UserKnownHostsFile {HOME}/known_hosts\nGlobalKnownHostsFile none\nConnectTimeout 10\n"
                 "UpdateHostKeys no\nLogLevel ERROR\n")


def used_up(tap, fleet, token):
    """By a machine that is no host yet: one that is keeps its own secret, whatever token it is given."""
    with tap.row("a token that is used up enrols nothing more"):
        done = fleet.enrol("build1", token, "--no-wait", called="web3")
        expect(done.status != 0 and "used" in done.err, done)
        expect_equal(tree_of(fleet.machines["build1"].path("/etc/ssh")), fleet.trees["build1"])


def enrolling(tap, fleet):
    for name in HOSTS:
        fleet.machines[name].start_sshd()
        fleet.trees[name] = tree_of(fleet.machines[name].path("/etc/ssh"))
    config_of_client(fleet)
    tokens = {}
    with tap.row("the administrator makes tokens, each for the hosts of one pattern"):
        for pattern, tier, uses in (("web*", "web", 2), ("db1", "db", 1), ("build*", "build", 1)):
            found = fleet.found("host", "token", "new", "--zone", "lab", "--match", f"{pattern}.{DOMAIN}",
                                "--label", f"tier={tier}", "--uses", uses)
            tokens[tier] = found["secret"]
    with tap.row("a token for other names enrols nothing"):
        done = fleet.enrol("db1", tokens["build"], "--no-wait")
        expect(done.status != 0, done)
        expect_equal(tree_of(fleet.machines["db1"].path("/etc/ssh")), fleet.trees["db1"])
    for name, tier in HOSTS.items():
        with tap.row(f"{name} enrols by one command"):
            done = fleet.enrol(name, tokens[tier])
            expect_equal(done.status, 0, str(done))
            expect("leave" in done.out + done.err, done)
        if name == "web2":
            used_up(tap, fleet, tokens["web"])
        fleet.start_agent(name)
    with tap.row("all are in the inventory"):
        items = {item["name"]: item for item in fleet.found("host", "ls")["items"]}
        expect_equal(sorted(items), sorted(f"{name}.{DOMAIN}" for name in HOSTS))
        expect_equal(items[f"db1.{DOMAIN}"]["labels"], {"tier": "db"})


def logging_in(tap, fleet):
    dev, _ = fleet.person(["dev"])
    dba, _ = fleet.person(["dba"])
    grid = {(key, login, host): (key == dev and login == "app" and tier == "web")
            or (key == dba and login == "deploy" and tier == "db")
            for key in (dev, dba) for login in ("app", "deploy", "root") for host, tier in HOSTS.items()}
    for (key, login, host), wanted in grid.items():
        role = "dev" if key == dev else "dba"
        with tap.row(f"role {role}: {login}@{host} is {'let in' if wanted else 'refused'}"):
            wait_for(lambda: fleet.lets_in(key, login, host) == wanted, "it", 20)
    with tap.row("the client never saw a host key, and asked nothing"):
        done = fleet.login(dev, "app", "web1")
        expect_equal((done.status, done.out, done.err), (0, "app\n", ""), str(done))
    with tap.row("a change of the policy reaches the hosts, and sshd was not asked to start again"):
        more = POLICY.replace("logins: [app]", "logins: [app, deploy]")
        fleet.apply(more, 1)
        wait_for(lambda: fleet.lets_in(dev, "deploy", "web1"), "the change on web1", 20)
        fleet.apply(POLICY, 2)
        wait_for(lambda: not fleet.lets_in(dev, "deploy", "web1"), "the change back", 20)
        expect(fleet.lets_in(dev, "app", "web1"), "and the rest stays as it was")
    with tap.row("a host of another label is another host"):
        fleet.vouch("host", "edit", f"build1.{DOMAIN}", "--label", "tier=web", "--yes")
        wait_for(lambda: fleet.lets_in(dev, "app", "build1"), "the label", 20)
        fleet.vouch("host", "edit", f"build1.{DOMAIN}", "--label", "tier=build", "--yes")
        wait_for(lambda: not fleet.lets_in(dev, "app", "build1"), "the label to go", 20)


def refused_after(fleet, key, login, host, limit=15):
    begun = time.monotonic()
    wait_for(lambda: not fleet.lets_in(key, login, host), f"{login}@{host} to be refused", limit)
    return time.monotonic() - begun


def revoking(tap, fleet):
    ways = {
        "serial": lambda key, cert: ["--serial", cert["serial"]],
        "key": lambda key, cert: ["--fingerprint", cert["fingerprint"]],
        "key ID": lambda key, cert: ["--key-id", cert["key_id"]],
    }
    for name, way in ways.items():
        with tap.row(f"revoked by its {name}, it is refused on every host, and others are not"):
            other, _ = fleet.person(["dev"], "bystander")
            key, cert = fleet.person(["dev"], f"to-revoke-{name.replace(' ', '-')}")
            expect(fleet.lets_in(key, "app", "web1") and fleet.lets_in(key, "app", "web2"), "it works first")
            fleet.vouch("cert", "revoke", *way(key, cert), "--reason", "a test")
            took = max(refused_after(fleet, key, "app", host) for host in ("web1", "web2"))
            expect(took < 5, f"{took:.1f} s")
            expect(fleet.lets_in(other, "app", "web1"), "a bystander")
    with tap.row("from the command to the refusal: p50 under 1 s"):
        took = []
        for number in range(10):
            key, cert = fleet.person(["dev"], f"timed-{number}")
            expect(fleet.lets_in(key, "app", "web1"))
            begun = time.monotonic()
            fleet.vouch("cert", "revoke", "--serial", cert["serial"], "--reason", "a test")
            wait_for(lambda: not fleet.lets_in(key, "app", "web1"), "the refusal", 15)
            took.append(time.monotonic() - begun)
        expect(statistics.median(took) < 1 or fleet.lab.sanitized, f"{sorted(took)}")
    with tap.row("a host that is cut off keeps what it has, and catches up when it is back"):
        key, cert = fleet.person(["dev"], "while-cut-off")
        expect(fleet.lets_in(key, "app", "web2"))
        fleet.machines["ca"].cut()
        expect(fleet.lets_in(key, "app", "web2"), "logins survive an outage of the CA")
        fleet.vouch("cert", "revoke", "--serial", cert["serial"], "--reason", "a test")
        expect(fleet.lets_in(key, "app", "web2"), "the list cannot have come")
        fleet.machines["ca"].join()
        refused_after(fleet, key, "app", "web2", 60)


def trouble(tap, fleet):
    with tap.row("an agent that is killed starts again and goes on"):
        for name in ("web1", "db1"):
            process = fleet.daemons[name]
            process.send_signal(signal.SIGKILL)
            process.wait()
            fleet.start_agent(name)
        key, cert = fleet.person(["dev"], "after-kill")
        wait_for(lambda: fleet.lets_in(key, "app", "web1"), "web1", 20)
        fleet.vouch("cert", "revoke", "--serial", cert["serial"], "--reason", "a test")
        refused_after(fleet, key, "app", "web1", 20)
    with tap.row("the CA starts again, and agents find it"):
        fleet.office.stop()
        fleet.office.start()
        key, cert = fleet.person(["dev"], "after-restart")
        fleet.vouch("cert", "revoke", "--serial", cert["serial"], "--reason", "a test")
        refused_after(fleet, key, "app", "web1", 60)


def full_disk(tap, fleet):
    web2 = fleet.machines["web2"]
    key, _ = fleet.person(["dev"], "on-a-full-disk")
    other, cert = fleet.person(["dev"], "revoked-meanwhile")
    with tap.row("a disk that is full leaves whole files, lets people in as before, and check says so"):
        expect(fleet.lets_in(other, "app", "web2"), "it works first")
        web2.must("sh", "-ec", "cp -a /etc/ssh/vouch /run/vouch-before\n"
                  "mount -t tmpfs -o size=256k,mode=755 tmpfs /etc/ssh/vouch\n"
                  "cp -a /run/vouch-before/. /etc/ssh/vouch/\n"
                  "dd if=/dev/zero of=/etc/ssh/vouch/filler bs=512 2>/dev/null || true")
        before = web2.must("sha256sum", "/etc/ssh/vouch/revoked.krl", "/etc/ssh/vouch/user_ca.pub").out
        fleet.vouch("cert", "revoke", "--serial", cert["serial"], "--reason", "a test")
        refused_after(fleet, other, "app", "web1", 20)

        def is_told():
            done = web2.run(fleet.agent, "check")
            return done.status in (1, 2) and "No space left" in done.out
        wait_for(is_told, "check to say it", 60)
        expect(fleet.lets_in(key, "app", "web2"), "a bystander")
        expect_equal(web2.must("sha256sum", "/etc/ssh/vouch/revoked.krl", "/etc/ssh/vouch/user_ca.pub").out, before)
    with tap.row("with room again it catches up by itself"):
        web2.must("rm", "/etc/ssh/vouch/filler")
        refused_after(fleet, other, "app", "web2", 90)
        wait_for(lambda: web2.run(fleet.agent, "check").status in (0, 1), "check to be well", 60)
    with tap.row("files of before that come back in their place are not left there"):
        web2.must("umount", "/etc/ssh/vouch")
        refused_after(fleet, other, "app", "web2", 20)
        expect(fleet.lets_in(key, "app", "web2"), "a bystander")


def forge(fleet, principal):
    """A certificate that the CA's key signed behind the CA's back."""
    client = fleet.machines["client"]
    client.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{HOME}/forged")
    with open(fleet.office.join("signer", "unlock"), encoding="ascii") as file:
        passphrase = file.read().strip()
    fleet.lab.must("ssh-keygen", "-q", "-P", passphrase, "-s", fleet.office.join("signer", "user_ca"), "-I", "ada",
                   "-z", "123456789", "-n", principal, "-V", "-5m:+1h", client.path(f"{HOME}/forged.pub"))
    return f"{HOME}/forged"


def tracing(tap, fleet):
    key, cert = fleet.person(["dev"], "traced")

    def seen(outcome):
        items = fleet.found("audit", "logins", "--serial", cert["serial"])["items"]
        return [item for item in items if item["outcome"] == outcome]

    with tap.row("each login is found by the certificate's serial, and refusals with their reason"):
        expect(fleet.lets_in(key, "app", "web1") and not fleet.lets_in(key, "app", "db1"))
        wait_for(lambda: seen("accepted") and seen("refused"), "both in the log", 20)
        accepted, refused = seen("accepted")[0], seen("refused")[0]
        expect_equal((accepted["host"], accepted["login"], accepted["key_id"]),
                     (f"web1.{DOMAIN}", "app", "traced"))
        expect_equal(accepted["source"], fleet.machines["client"].address)
        expect_equal(refused["host"], f"db1.{DOMAIN}")
        expect("principal" in refused["reason"], refused)
    with tap.row("a certificate that was never issued raises the alarm"):
        forged = forge(fleet, "role:dev")
        expect(fleet.lets_in(forged, "app", "web1"), "sshd cannot know")

        def alarms():
            items = fleet.found("audit", "logins", "--alarms")["items"]
            return [item for item in items if item["serial"] == "123456789"]
        wait_for(alarms, "the alarm", 30)
        expect_equal(alarms()[0]["alarm"], "unknown-serial")


def leaving(tap, fleet):
    with tap.row("leave restores every byte of /etc/ssh, and the host still answers"):
        process = fleet.daemons["build1"]
        process.terminate()
        process.wait()
        done = fleet.machines["build1"].run(fleet.agent, "leave", "--yes")
        expect_equal(done.status, 0, str(done))
        now, before = tree_of(fleet.machines["build1"].path("/etc/ssh")), fleet.trees["build1"]
        expect_equal(sorted(now), sorted(before), "files")
        expect(now == before, [path for path in now if now[path] != before[path]])
        wait_for(fleet.machines["build1"].answers, "sshd")
    with tap.row("and the inventory says that it left"):
        items = fleet.found("host", "ls", "--state", "retired")["items"]
        expect_equal([item["name"] for item in items], [f"build1.{DOMAIN}"])


def main():
    tap = Tap()
    with Lab("ssh", "sshd", "ssh-keygen", "ip", "unshare", "nsenter") as lab:
        fleet = Fleet(lab, find_vouchd())
        try:
            for part in (enrolling, logging_in, revoking, trouble, full_disk, tracing, leaving):
                part(tap, fleet)
            with tap.row("the ledger is whole"):
                expect_equal(fleet.office.verify()["verdict"], "proven")
        except Failure as failure:
            raise Failure(f"{failure}\n{fleet.office.log()[-3000:]}") from failure
    tap.done()


if __name__ == "__main__":
    main()
