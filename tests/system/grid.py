#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What people run over ssh, by what the certificate and the server are like at that moment: a real vouchd,
real sshds whose host certificates it signed, and a home that `vouch login` wrote. Where the certificate is
fresh or the session is good, every program works, and at most one certificate is issued; where there is
neither, one line says why and ssh does what it would without us.
"""

import concurrent.futures
import contextlib
import os
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab, find_program
from people import Person, Town, yaml
from service import CERT, find_vouchd
from sshd import USER, Sshd
from tap import Skip, Tap, expect, expect_equal, skip_all

DOMAIN = "prod.example.com"
WEB, DB, OLD = (f"{name}.{DOMAIN}" for name in ("web1", "db1", "old1"))
SHORT_S = 2  # how long the certificate is valid that is then found expired
CONNECTIONS = 50
HOOK_RUNS, HOOK_P99_S = 500, 0.010
SIGNED_OUT = "vouch: not signed in to prod.  Run: vouch login  [V-1871]"
AWAY = "vouch: no valid certificate for prod: "

POLICY = f"""\
zones:
  - {{name: prod, patterns: ['*.{DOMAIN}']}}
users:
  - {{name: alice}}
roles:
  - name: dev
    zone: prod
    members: ['user:alice']
    hosts: [all]
    logins: ['{USER}']
    max_ttl: 8h
    extensions: [permit-pty, permit-port-forwarding]  # ssh -J needs the latter
hosts:
  - {{name: {WEB}, zone: prod}}
  - {{name: {DB}, zone: prod}}
"""

OWN_CONFIG = """\
Host *.{domain}
    HostName 127.0.0.1
    User {user}
    BatchMode yes
    StrictHostKeyChecking yes
    UpdateHostKeys no
    GlobalKnownHostsFile none
    IdentityAgent none
    IdentityFile {own}
    PreferredAuthentications publickey
"""


class Grid:
    """Service, hosts and the home of one person who is signed in."""

    def __init__(self, lab, vouchd):
        self.lab, self.town, self.alice = lab, Town(lab, vouchd), Person("alice")
        self.service, self.ssh_folder = self.town.service, os.path.join(lab.home, ".ssh")
        self.config = os.path.join(self.ssh_folder, "config")
        self.own = lab.key("ed25519")
        self.data = os.urandom(100_000)
        self.file = lab.write("here", self.data)
        self.hosts = {}
        self._people()
        self._hosts()
        self._home()
        self.ledger = self.service.ledger()
        self.renewals()

    def _people(self):
        answer = self.service.local("PUT", "/v1/policy", POLICY.encode(), yaml(0))
        expect_equal(answer.status, 200, answer)
        made = self.service.must_local("POST", "/v1/accounts/alice/link", {}).json()
        self.town.set_up(self.alice, made["secret"])

    def _host(self, name, settings):
        key = self.lab.key("ed25519")
        with open(key + ".pub", encoding="ascii") as file:
            wish = {"type": "host", "key_id": name, "principals": [name], "public_key": file.read()}
        found = self.town.must("POST", "/v1/certs", wish, token=self.town.host_token)
        with open(key + "-cert.pub", "w", encoding="ascii") as file:
            file.write(found["certificate"] + "\n")
        settings += f"\nMaxStartups {2 * CONNECTIONS}"
        self.hosts[name] = Sshd(self.lab, settings, host_key=key, host_cert=key + "-cert.pub")

    def _hosts(self):
        """Two that take the role's certificates, and one that only knows the person's own key."""
        os.chmod(self.lab.path, 0o711)
        os.chmod(self.lab.folder("principals"), 0o755)
        self.lab.write(f"principals/{USER}", "role:dev\n")
        by_role = (f"TrustedUserCAKeys {self.service.ca_file()}\n"
                   f"AuthorizedPrincipalsFile {self.lab.join('principals')}/%u")
        self._host(WEB, by_role)
        self._host(DB, by_role)
        self._host(OLD, f"AuthorizedKeysFile {self.own}.pub")

    def _home(self):
        """The person's own configuration, and before it what login adds; an expired certificate aside."""
        os.mkdir(self.ssh_folder, 0o700)
        with open(self.config, "w", encoding="utf-8") as file:
            for name, server in self.hosts.items():
                file.write(f"Host {name}\n    Port {server.port}\n    HostKeyAlias {name}\n")
            file.write(OWN_CONFIG.format(domain=DOMAIN, user=USER, own=self.own))
        password, code = self.private("password", self.alice.password), self.private("code", self.alice.app.code())
        self.lab.must_vouch("server", "set", f"https://{self.service.address}", "--pin",
                            self.service.pin)
        self.lab.must_vouch("login", "--ttl", f"{SHORT_S}s", "--user", "alice", "--password-file", password,
                            "--code-file", code)
        shutil.copy(self.zone("id-cert.pub"), self.lab.join("expired"))
        expired_at = time.time() + SHORT_S
        self.lab.must_vouch("login", "--ttl", "1h")
        shutil.copy(self.zone("id-cert.pub"), self.lab.join("fresh"))
        time.sleep(max(0, expired_at + 1 - time.time()))

    def private(self, name, text):
        path = self.lab.write(name, text + "\n")
        os.chmod(path, 0o600)
        return path

    def zone(self, name):
        return os.path.join(self.ssh_folder, "vouch", "prod", name)

    def place(self, name):
        """Puts the fresh or the expired certificate there, and forgets failures of a moment ago."""
        shutil.copy(self.lab.join(name), self.zone("id-cert.pub"))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.zone("failed"))

    def renewals(self):
        """How many certificates the ledger got since this was last asked."""
        return sum(record.kind == CERT for record in self.ledger.next())

    def arrived(self, path):
        if not os.path.exists(path):
            return False
        with open(path, "rb") as file:
            return file.read() == self.data

    def run(self, *words, **env):
        return self.lab.run(*words, env={**self.lab.env, **env})

    def ssh(self, *words):
        return self.run("ssh", "-F", self.config, *words)

    def shell(self):
        return f"ssh -F {self.config}"


# --- What people run. Each says how it ended, and whether what it was for has happened.


def run_ssh(grid):
    done = grid.ssh(WEB, "echo here")
    return done, done.out == "here\n"


def run_scp(grid):
    there = grid.lab.fresh("scp-")
    return grid.run("scp", "-F", grid.config, grid.file, f"{WEB}:{there}"), grid.arrived(there)


def run_sftp(grid):
    back = grid.lab.fresh("sftp-")
    done = grid.lab.run("sftp", "-b", "-", "-F", grid.config, WEB, stdin=f"get {grid.file} {back}\n")
    return done, grid.arrived(back)


def run_rsync(grid):
    there = grid.lab.fresh("rsync-")
    return grid.run("rsync", "-e", grid.shell(), grid.file, f"{WEB}:{there}"), grid.arrived(there)


def git(grid, *words):
    own = {"GIT_SSH_COMMAND": grid.shell(), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    identity = ("-c", "user.name=alice", "-c", "user.email=alice@example.com", "-c", "init.defaultBranch=main")
    return grid.run("git", *identity, *words, **own)


def bare_repository(grid):
    """A repository with one commit, where the host has it."""
    tree, bare = grid.lab.fresh("tree-"), grid.lab.fresh("bare-")
    for words in (["init", "-q", tree], ["-C", tree, "commit", "-q", "--allow-empty", "-m", "first"],
                  ["clone", "-q", "--bare", tree, bare]):
        done = git(grid, *words)
        expect_equal(done.status, 0, done)
    return tree, bare


def run_git_clone(grid):
    _, bare = bare_repository(grid)
    copy = grid.lab.fresh("clone-")
    done = git(grid, "clone", "-q", f"ssh://{WEB}{bare}", copy)
    return done, git(grid, "-C", copy, "log", "--format=%s").out == "first\n" if os.path.isdir(copy) else False


def run_git_push(grid):
    tree, bare = bare_repository(grid)
    git(grid, "-C", tree, "commit", "-q", "--allow-empty", "-m", "second")
    done = git(grid, "-C", tree, "push", "-q", f"ssh://{WEB}{bare}", "HEAD")
    return done, git(grid, "-C", bare, "log", "-1", "--format=%s").out == "second\n"


def run_ansible(grid):
    if find_program("ansible") is None:
        raise Skip("ansible is not installed")
    own = {"ANSIBLE_SSH_ARGS": f"-F {grid.config}", "ANSIBLE_REMOTE_TEMP": grid.lab.join("ansible"),
           "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3", "ANSIBLE_NOCOLOR": "1"}
    done = grid.run("ansible", "all", "-i", WEB + ",", "-m", "ping", **own)
    return done, '"pong"' in done.out


def run_jump(grid):
    done = grid.ssh("-J", WEB, DB, "echo here")
    return done, done.out == "here\n"


def run_control_master(grid):
    """Two logins over one connection."""
    path = grid.lab.fresh("master-")
    shared = ("-o", f"ControlPath={path}")
    before = grid.hosts[WEB].log().count("Accepted publickey")
    done = grid.ssh(*shared, "-o", "ControlMaster=auto", "-o", "ControlPersist=60", WEB, "echo here")
    if done.status != 0:
        return done, False
    done = grid.ssh(*shared, WEB, "echo again")
    grid.ssh(*shared, "-O", "exit", WEB)
    return done, done.out == "again\n" and grid.hosts[WEB].log().count("Accepted publickey") == before + 1


def run_show_config(grid):
    done = grid.ssh("-G", WEB)
    return done, f"certificatefile {grid.zone('id-cert.pub')}\n" in done.out


PROGRAMS = {
    "ssh": run_ssh, "scp": run_scp, "sftp": run_sftp, "rsync": run_rsync, "git clone": run_git_clone,
    "git push": run_git_push, "ansible ping": run_ansible, "ssh -J": run_jump,
    "ControlMaster": run_control_master, "ssh -G": run_show_config,
}


# --- What the certificate and the server are like


def works(tap, grid, state, cert, renewals):
    for name, run in PROGRAMS.items():
        with tap.row(f"{name}, {state}"):
            grid.place(cert)
            grid.renewals()
            done, happened = run(grid)
            expect(done.status == 0 and happened, done)
            expect("vouch:" not in done.out + done.err, "we said something", done)
            expect_equal(grid.renewals(), renewals, "certificates issued")


def declines(tap, grid, state, line):
    """`line` begins what is said, and ssh goes on without the certificate."""
    for name, run in PROGRAMS.items():
        with tap.row(f"{name}, {state}"):
            grid.place("expired")
            done, happened = run(grid)
            said = done.out + done.err if name == "ansible ping" else done.err
            expect(not happened and line in said, done)
            if name == "ssh -G":  # which logs in nowhere
                expect_equal(done.status, 0, done)
            else:
                expect(done.status != 0 and "Permission denied (publickey)" in said, done)
    with tap.row(f"ssh with a key of one's own, {state}: said, and in all the same"):
        done = grid.ssh(OLD, "echo here")
        expect(done.status == 0 and done.out == "here\n", done)
        expect_equal(done.err.count("vouch:"), 1, done)
        expect(done.err.startswith(line) and done.err.count("\n") == 1, done)
    expect_equal(grid.renewals(), 0, "certificates issued")


def in_parallel(tap, grid):
    with tap.row(f"{CONNECTIONS} ssh at once, expired but renewable: all are in, by one new certificate"):
        grid.place("expired")
        grid.renewals()
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            found = list(pool.map(lambda _: run_ssh(grid), range(CONNECTIONS)))
        failed = [done for done, happened in found if not happened]
        expect(not failed, f"{len(failed)} of {CONNECTIONS} failed; the first:", *failed[:1])
        expect_equal(grid.renewals(), 1, "certificates issued")


def hook(tap, grid):
    grid.place("fresh")
    with tap.row("the hook, fresh: opens no socket, and starts no other program"):
        if find_program("strace") is None:
            raise Skip("strace is not installed")
        trace = grid.lab.fresh("trace-")
        done = grid.run("strace", "-f", "-qq", "-e", "trace=network,process", "-o", trace, grid.lab.vouch_path,
                        "hook", "prod", ASAN_OPTIONS="detect_leaks=0")
        expect_equal((done.status, done.out, done.err), (0, "", ""))
        with open(trace, encoding="utf-8") as file:
            calls = file.read()
        expect_equal(calls.count("execve("), 1, calls)
        for call in ("socket(", "connect(", "fork(", "clone(", "clone3("):
            expect(call not in calls, call, calls)
    with tap.row(f"the hook, fresh: p99 of {HOOK_RUNS} is below {HOOK_P99_S * 1000:.0f} ms"):
        if grid.lab.sanitized:
            raise Skip("built with sanitizers; bench/people measures it")
        p99_s = hook_p99_s(grid.lab, "prod")
        expect(p99_s < HOOK_P99_S, f"{p99_s * 1000:.1f} ms")


def hook_p99_s(lab, zone):
    took = []
    for _ in range(HOOK_RUNS):
        begun = time.monotonic()
        lab.must_vouch("hook", zone)
        took.append(time.monotonic() - begun)
    return sorted(took)[HOOK_RUNS * 99 // 100]


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh", "sshd", "ssh-keygen", "scp", "sftp", "git", "rsync") as lab:
        tap, grid = Tap(), None
        with tap.row("a person who is signed in, and three hosts"):
            grid = Grid(lab, vouchd)
        if grid is None:
            tap.done()
        works(tap, grid, "fresh", "fresh", 0)
        hook(tap, grid)
        works(tap, grid, "expired but renewable", "expired", 1)
        in_parallel(tap, grid)
        with tap.row("the server goes away"):
            expect_equal(grid.service.stop(), 0)
        declines(tap, grid, "expired, the server is away", AWAY)
        works(tap, grid, "fresh, the server is away", "fresh", 0)
        with tap.row("the server is back, and the session ended there"):
            grid.service.start()
            ended = grid.service.must_local("DELETE", "/v1/sessions?user=alice").json()
            expect_equal(ended["count"], 1)
        declines(tap, grid, "expired, no session", SIGNED_OUT)
        with tap.row("the ledger is proven"):
            expect_equal(grid.service.verify()["verdict"], "proven")
        tap.done()


if __name__ == "__main__":
    main()
