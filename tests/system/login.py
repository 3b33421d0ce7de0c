#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""vouch login and what follows from it: files, plain ssh, the hook, renewal, agent, git, undoing, and
every failure that a person can meet. Against a server in Python that answers as a test wants; the last
part is against the real one.
"""

import base64
import concurrent.futures
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import stat
import struct
import subprocess
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from fakepeople import CODE, PASSWORD, USER, FakePeople, role
from lab import Lab, find_program
from service import Service, find_vouchd
from sshd import Sshd
from tap import Skip, Tap, expect, expect_equal

OK, NO, USAGE, NOT_FOUND, SIGN_IN, REFUSED, UNREACHABLE, CONFLICT, LOCAL = 0, 1, 2, 3, 4, 5, 7, 8, 9
FAULT = re.compile(r"vouch: [^\n]+\n {7}[^\n]+  \[(V-\d{4})\]\n$")
HOST = "web1.prod.example.com"
provoked = set()


def fails(done, status, code, *words):
    match = FAULT.search(done.err)
    expect(match is not None, "no report of a failure", done)
    expect_equal(done.status, status, f"status of {done}")
    expect_equal(match.group(1), code, f"code of {done}")
    for word in words:
        expect(word in done.err, f"{word!r} is missing", done)
    expect(done.out == "", "a failure printed data", done)
    provoked.add(code)


def succeeds(done):
    expect(done.status == OK, done)
    return done


def content(folder):
    """Path -> mode and SHA-256 of everything below, the folder itself included; None where there is none."""
    found = {}
    if not os.path.lexists(folder):
        return None
    for path, names, files in os.walk(folder):
        for name in [".", *names, *files]:
            full = os.path.normpath(os.path.join(path, name))
            status = os.lstat(full)
            body = b""
            if stat.S_ISLNK(status.st_mode):
                body = os.readlink(full).encode()
            elif stat.S_ISREG(status.st_mode):
                with open(full, "rb") as file:
                    body = file.read()
            found[os.path.relpath(full, folder)] = (status.st_mode, hashlib.sha256(body).hexdigest())
    return found


class Bench:
    def __init__(self, lab):
        self.lab, self.api = lab, FakePeople(lab)
        self.ssh = os.path.join(lab.home, ".ssh")
        self.password, self.code = self.private("pw", PASSWORD), self.private("code", CODE)
        self.by = ("--user", USER, "--password-file", self.password, "--code-file", self.code)

    def private(self, name, text):
        path = self.lab.write(name, text + "\n")
        os.chmod(path, 0o600)
        return path

    def vouch(self, *words, **more):
        return self.lab.vouch(*words, **more)

    def login(self, *words, **more):
        return self.vouch("login", *words, *self.by, **more)

    def zone(self, *names, zone="prod"):
        return os.path.join(self.ssh, "vouch", zone, *names)

    def read(self, *names):
        with open(os.path.join(self.ssh, *names)) as file:
            return file.read()

    def serial(self, path=None):
        shown = self.lab.must_vouch("cert", "show", "-o", "json", path or self.zone("id-cert.pub")).out
        return json.loads(shown)["serial"]

    def forget(self):
        """A person who has never used the program."""
        for name in (".ssh", ".config", ".local"):
            shutil.rmtree(os.path.join(self.lab.home, name), ignore_errors=True)

    def age(self, zone="prod", ttl_s=600, left_s=0):
        """Puts a certificate of that length there, of which so much is left."""
        pub = self.zone("id.pub", zone=zone)
        with open(pub) as file:
            line = file.read()
        words = ["sign", "user", "--ca", self.api.ca, "--id", USER, "--principals", "role:dev,root", "--out", "-",
                 "-q", "--valid", f"-{ttl_s - left_s}s:+{left_s}s" if left_s else f"-{ttl_s + 60}s:-60s"]
        done = self.lab.must_vouch(*words, "-", stdin=line)
        with open(self.zone("id-cert.pub", zone=zone), "w") as file:
            file.write(done.out)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.zone("failed", zone=zone))

    @contextlib.contextmanager
    def away(self):
        """The server does not answer: settings name a port where nobody listens."""
        path = os.path.join(self.lab.home, ".config", "vouch", "server.json")
        session = os.path.join(self.lab.home, ".local", "state", "vouch", "session")
        kept = {name: open(name).read() for name in (path, session)}
        try:
            for name, text in kept.items():
                with open(name, "w") as file:
                    file.write(text.replace(f":{self.api.port}", ":9"))
            yield
        finally:
            for name, text in kept.items():
                with open(name, "w") as file:
                    file.write(text)

    def settings(self):
        return ("--pin", self.api.pin)


# --- signing in


def test_login(tap, bench):
    lab, api = bench.lab, bench.api
    with tap.row("login meets the server, signs in, and writes what ssh reads, for this user alone"):
        done = succeeds(bench.login(api.url, *bench.settings()))
        expect(done.out == "", "talk on standard output", done)
        for words in ("signed in to 127.0.0.1", "for prod: role dev, until ", "for stage: role test", "setup ssh --undo",
                      f"ssh root@{HOST}"):
            expect(words in done.err, words, done)
        files = {"id", "id.pub", "id-cert.pub", "known_hosts", "hosts", "login.json"}
        for zone in ("prod", "stage"):
            expect_equal(set(os.listdir(bench.zone(zone=zone))), files)
            expect_equal(stat.S_IMODE(os.stat(bench.zone("id", zone=zone)).st_mode), 0o600)
            expect_equal(stat.S_IMODE(os.stat(bench.zone(zone=zone)).st_mode), 0o700)
        expect_equal(sorted(os.listdir(bench.ssh)), ["config", "vouch"])
    with tap.row("the session's secret is in one file with mode 0600, and password and code in none"):
        path = os.path.join(lab.home, ".local", "state", "vouch", "session")
        expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        kept = json.load(open(path))
        expect_equal((kept["url"], kept["user"]), (api.url, USER))
        expect(kept["secret"] in api.sessions)
        for folder, _, names in os.walk(lab.home):
            for name in names:
                text = open(os.path.join(folder, name)).read()
                expect(PASSWORD not in text and CODE not in text, name)
                expect(name == "session" or kept["secret"] not in text, name)
    with tap.row("the key is of this zone's own, without passphrase, and the certificate is for it"):
        shown = json.loads(succeeds(bench.vouch("cert", "show", "-o", "json", bench.zone("id-cert.pub"))).out)
        line = lab.must("ssh-keygen", "-y", "-P", "", "-f", bench.zone("id")).out
        expect_equal(shown["key_fingerprint"], api.fingerprint(line))
        expect_equal((shown["type"], shown["key_id"], shown["principals"]), ("user", USER, ["role:dev", "root"]))
        other = lab.must("ssh-keygen", "-y", "-P", "", "-f", bench.zone("id", zone="stage")).out
        expect(line.split()[1] != other.split()[1], "two zones share a key")
    with tap.row("known_hosts trusts the host CA for the zone's patterns and no others"):
        words = bench.read("vouch", "stage", "known_hosts").split()
        expect_equal(words[:4], ["@cert-authority", "*.stage.example.com,10.1.*", *api.line("host_ca").split()])
    with tap.row("ssh -G has the zone's files for its hosts, and nothing of them for others"):
        config = os.path.join(bench.ssh, "config")
        inside = lab.must("ssh", "-F", config, "-G", HOST).out
        for word in (f"identityfile {bench.zone('id')}", f"certificatefile {bench.zone('id-cert.pub')}",
                     f"certificatefile {bench.zone('request-cert.pub')}", "identitiesonly yes",
                     f"userknownhostsfile {bench.zone('known_hosts')}"):
            expect(word in inside, word, inside)
        outside = lab.must("ssh", "-F", config, "-G", "github.com").out
        expect("vouch" not in outside, outside)
    with tap.row("hosts has the names of those that are reached, each on a line"):
        lines = [x for x in bench.read("vouch", "prod", "hosts").splitlines() if not x.startswith("#")]
        expect_equal(lines, [f"Host {HOST}", "Host web2.prod.example.com"])
    with tap.row("login again goes on with the session that is there, and with the same key"):
        key, sessions = bench.read("vouch", "prod", "id"), len(api.sessions)
        config = bench.read("config")
        done = succeeds(bench.vouch("login", "--no-input"))
        expect_equal((bench.read("vouch", "prod", "id"), len(api.sessions)), (key, sessions))
        expect_equal(bench.read("config"), config)
        expect("Include" not in done.err, done)
    with tap.row("what was asked for is sent: zone, role, time, reason; and noted for the renewal"):
        succeeds(bench.vouch("login", "--zone", "stage", "--role", "probe", "--ttl", "30m", "--reason", "ticket 7"))
        ask = api.asked[-1]
        expect_equal((ask["zone"], ask["roles"], ask["ttl_s"], ask["reason"]), ("stage", ["probe"], 1800, "ticket 7"))
        succeeds(bench.vouch("renew", "stage"))
        expect_equal(api.asked[-1], ask)
    with tap.row("login --dry-run shows what would be asked for, and gets nothing"):
        count, before = len(api.asked), content(bench.ssh)
        done = succeeds(bench.vouch("login", "--zone", "prod", "-n"))
        expect_equal([x["zone"] for x in json.loads(done.out)], ["prod"])
        expect_equal((len(api.asked), content(bench.ssh)), (count, before))
    with tap.row("a public half that is lost or another's does no harm: the private one counts"):
        for text in (None, open(lab.key("ed25519") + ".pub").read()):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(bench.zone("id.pub"))
            if text is not None:
                with open(bench.zone("id.pub"), "w") as file:
                    file.write(text)
            succeeds(bench.vouch("renew", "prod"))
            shown = json.loads(succeeds(bench.vouch("cert", "show", "-o", "json", bench.zone("id-cert.pub"))).out)
            line = lab.must("ssh-keygen", "-y", "-P", "", "-f", bench.zone("id")).out
            expect_equal(shown["key_fingerprint"], api.fingerprint(line))
        with open(bench.zone("id.pub"), "w") as file:
            file.write(line)
    with tap.row("a key of one's own gets its certificate beside it, and ssh uses both"):
        own = lab.key("ecdsa256")
        succeeds(bench.vouch("login", "--zone", "prod", "--key", own + ".pub"))
        expect_equal(bench.serial(own + "-cert.pub"), bench.serial())
        config = lab.must("ssh", "-F", os.path.join(bench.ssh, "config"), "-G", HOST).out
        expect(f"identityfile {own}\n" in config, config)
        succeeds(bench.vouch("renew", "prod"))
        expect_equal(bench.serial(own + "-cert.pub"), bench.serial())
        foreign = lab.key("ed25519")
        ca = lab.ca()
        lab.must_vouch("sign", "user", "--ca", ca, "--id", "x", "--principals", "x", foreign + ".pub")
        before = open(foreign + "-cert.pub").read()
        fails(bench.vouch("login", "--zone", "prod", "--key", foreign + ".pub"), CONFLICT, "V-1103", "not of this CA")
        expect_equal(open(foreign + "-cert.pub").read(), before)
        succeeds(bench.vouch("login", "--zone", "prod"))
    with tap.row("renew writes a line for each key of the host CA, as the server's bundle proves them"):
        other = " ".join(open(lab.key("ed25519") + ".pub").read().split()[:2])
        api.trust = api.make_trust(2, [("host", "next", other)])
        succeeds(bench.vouch("renew", "prod"))
        lines = bench.read("vouch", "prod", "known_hosts").splitlines()
        expect_equal([" ".join(x.split()[2:4]) for x in lines], [api.line("host_ca"), other])
        api.trust = api.make_trust(3, signed_by="user_ca")
        fails(bench.vouch("renew", "prod"), 1, "V-1971", "another key")
        expect_equal(bench.read("vouch", "prod", "known_hosts").splitlines(), lines)
    with tap.row("the hook renews the lines too, and the certificate also where the bundle is a bad one"):
        serial = bench.serial()
        bench.age()
        succeeds(bench.vouch("hook", "prod"))
        expect(bench.serial() != serial, "not renewed")
        expect_equal(bench.read("vouch", "prod", "known_hosts").splitlines(), lines)
        api.trust = api.make_trust(4)
        bench.age()
        succeeds(bench.vouch("hook", "prod"))
        expect_equal(bench.read("vouch", "prod", "known_hosts").splitlines(), lines[:1])
    with tap.row("after a rotation certificates by the new key take the place of those by the old one"):
        succeeds(bench.vouch("login", "--zone", "prod", "--key", own + ".pub"))
        with api.rotated(10):
            succeeds(bench.vouch("renew", "prod"))
            expect_equal(bench.serial(own + "-cert.pub"), bench.serial())
            lines = bench.read("vouch", "prod", "known_hosts").splitlines()
            expect_equal(len(lines), 2)
            expect(api.line("host_ca") in lines[0] + lines[1], lines)
        succeeds(bench.vouch("login", "--zone", "prod"))


def test_refusals(tap, bench):
    lab, api = bench.lab, bench.api
    wrong = bench.private("wrong", "not the password")
    with tap.row("a wrong password, code or name is one failure, and the session that was there stays"):
        for user, password, code in ((USER, wrong, bench.code), (USER, bench.password, wrong), ("mallory", wrong, wrong)):
            fails(bench.vouch("login", "--user", user, "--password-file", password, "--code-file", code), SIGN_IN,
                  "V-1880", "wrong")
        succeeds(bench.vouch("renew", "prod"))
    with tap.row("nobody is asked where nobody can be: --no-input, and without a terminal"):
        bench.forget()
        succeeds(bench.vouch("server", "set", api.url, *bench.settings()))
        fails(bench.vouch("login", "--user", USER, "--no-input"), USAGE, "V-1901", "the password is missing",
              "--password-file FILE")
        fails(bench.vouch("login", "--user", USER, "--password-file", bench.password, start_new_session=True), USAGE,
              "V-1901", "the code is missing", "no terminal", "--code-file FILE")
        env = {k: v for k, v in lab.env.items() if k != "USER"}
        fails(bench.vouch("login", "--no-input", env=env), USAGE, "V-1901", "--user NAME")
    with tap.row("without a server that is set, login says how one is named"):
        bench.forget()
        fails(bench.login(), NOT_FOUND, "V-1860", "no server is set")
    with tap.row("another server than the pinned one gets no password"):
        other = "sha256:" + "A" * 43
        fails(bench.login(api.url, "--pin", other), NO, "V-1862", "pinned")
        expect(not [row for row in api.seen if row[1] == "/v1/sessions" and b"mallory-2" in row[2]])
    succeeds(bench.login(api.url, *bench.settings()))
    with tap.row("no role, an unknown zone, and a role that is not one's own are told apart"):
        roles, api.roles = api.roles, []
        fails(bench.vouch("login"), REFUSED, "V-1872", "has no role", "ask an administrator")
        api.roles = [role("prod", "dba", approvals=2)]
        fails(bench.vouch("login"), REFUSED, "V-1872", "vouch request dba")
        api.roles = [role("prod", "probe", needs_reason=True)]
        fails(bench.vouch("login"), REFUSED, "V-1872", "--role probe --reason")
        api.roles = roles
        fails(bench.vouch("login", "--zone", "nowhere"), REFUSED, "V-1872", "in zone nowhere")
        fails(bench.vouch("login", "--role", "root-all"), REFUSED, "V-1872", 'no role "root-all"', "vouch status")
    with tap.row("what the policy refuses is said with the server's words"):
        done = bench.vouch("login", "--role", "dba")
        expect_equal(done.status, REFUSED, done)
        expect("dba needs 1 approval" in done.err, done)
    with tap.row("one zone that refuses does not keep the others from working"):
        api.roles = [r for r in api.roles if r["role"] != "test"] + [role("stage", "dba", approvals=0)]
        api.roles[-1]["approvals"] = 0
        succeeds(bench.vouch("login"))
        api.roles = roles
    with tap.row("a hostile pattern of a zone is not written"):
        before, zones = content(bench.zone()), api.zones
        for pattern in ("*", "*.*", "a b", 'x" exec "id', "a\nHost *", "-x", ""):
            api.zones = [{"name": "prod", "patterns": [pattern]}]
            fails(bench.vouch("login", "--zone", "prod"), NO, "V-1865", "pattern")
        api.zones = zones
        expect_equal(content(bench.zone()), before)
    with tap.row("a zone whose name leads elsewhere is not made"):
        zones = api.zones
        for name in ("../x", "a/b", ".", "..", "A", "-n"):
            api.zones, api.roles = [{"name": name, "patterns": ["*.x.example.com"]}], [role(name, "dev")]
            expect_equal(bench.vouch("login").status, USAGE, name)
        api.zones, api.roles = zones, roles
        expect_equal(sorted(os.listdir(os.path.join(bench.ssh, "vouch"))), ["config", "prod", "stage"])
    with tap.row("a certificate for another key, person, CA or time than was asked for is not written"):
        before = bench.read("vouch", "prod", "id-cert.pub")
        pub = lab.key("ed25519") + ".pub"
        line = " ".join(open(pub).read().split()[:2])
        for changed in ({"public_key": line}, {"key_id": "root"}, {"type": "host", "principals": ["a.example.com"]},
                        {"ttl_s": 86400}):
            def answer(handler, changed=changed):
                ask = json.loads(handler.body)
                made = api.describe(api.sign({"type": "user", "public_key": ask["public_key"], "key_id": USER,
                                              "principals": ["root"], "ttl_s": 600, **changed}))
                return handler.reply(201, made) or True
            api.overrides["/v1/access"] = answer
            fails(bench.vouch("login", "--zone", "prod", "--ttl", "10m"), NO, "V-1867", "something else")
        del api.overrides["/v1/access"]
        expect_equal(bench.read("vouch", "prod", "id-cert.pub"), before)


# --- on a terminal


class Terminal:
    """The program on a terminal of its own; says and hears."""

    def __init__(self, bench, *words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(bench.lab.vouch_path, [bench.lab.vouch_path, *words], bench.lab.env)
        self.heard = ""

    def hear(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.heard:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            expect(ready, f"waited for {text!r}, heard: {self.heard!r}")
            try:
                self.heard += os.read(self.fd, 4096).decode("utf-8", "replace")
            except OSError:
                expect(text in self.heard, f"ended before {text!r}: {self.heard!r}")
        before, _, self.heard = self.heard.partition(text)
        return before

    def say(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def end(self):
        rest = self.heard
        with contextlib.suppress(OSError):
            while True:
                more = os.read(self.fd, 4096)
                if not more:
                    break
                rest += more.decode("utf-8", "replace")
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status), rest


def test_terminal(tap, bench):
    api = bench.api
    with tap.row("on a terminal login asks for name, password without echo, and code"):
        bench.forget()
        bench.lab.env["USER"] = USER
        there = Terminal(bench, "login", api.url, "--pin", api.pin)
        there.hear(f"User [{USER}]: ")
        there.say("")
        there.hear("Password: ")
        there.say(PASSWORD)
        between = there.hear("Code: ")
        expect(PASSWORD not in between, "the password was shown", between)
        there.say(CODE[:3] + " " + CODE[3:])
        status, rest = there.end()
        expect_equal(status, OK, rest)
        expect("certificate" in rest, rest)
    with tap.row("a code that is too old is asked for again, and the question repeated once"):
        api.stale = True
        there = Terminal(bench, "renew", "prod")
        there.hear("Code: ")
        there.say(CODE)
        status, rest = there.end()
        expect_equal(status, OK, rest)
        expect(not api.stale)
        factors = [row for row in api.seen if row[1] == "/v1/session/factor"]
        expect_equal(len(factors), 1)
    with tap.row("a wrong code is a failure, and is asked for once only"):
        api.stale = True
        there = Terminal(bench, "renew", "prod")
        there.hear("Code: ")
        there.say("000000")
        status, rest = there.end()
        expect_equal(status, SIGN_IN, rest)
        api.stale = False
    with tap.row("without a terminal the code is wanted, and the way to give it said"):
        api.stale = True
        done = bench.vouch("renew", "prod", start_new_session=True)
        expect_equal(done.status, REFUSED, done)
        expect("too old" in done.err, done)
        api.stale = False
    with tap.row("the hook never asks, on a terminal either: it says what to run"):
        bench.age()
        api.stale = True
        there = Terminal(bench, "hook", "prod")
        status, rest = there.end()
        expect_equal((status, rest), (NO, "vouch: prod wants a code.  Run: vouch renew prod  [V-1886]\r\n"))
        api.stale = False
        succeeds(bench.vouch("renew", "prod"))
    with tap.row("Ctrl-C while the password is asked for ends the program and gives the echo back"):
        there = Terminal(bench, "login", "--user", "carol")
        there.hear("Password: ")
        os.write(there.fd, b"\x03")
        status, _ = there.end()
        expect_equal(status, -signal.SIGINT)


# --- plain ssh


PROXY = """
import os, socket, sys, threading
there = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def copy(read, write, end):
    while data := read(65536):
        write(data)
    end()
up = threading.Thread(target=copy, args=(lambda n: os.read(0, n), there.sendall,
                                         lambda: there.shutdown(socket.SHUT_WR)), daemon=True)
up.start()
copy(there.recv, lambda data: os.write(1, data), lambda: None)
"""


def test_ssh(tap, bench):
    lab, api = bench.lab, bench.api
    if find_program("sshd") is None:
        with tap.row("plain ssh logs in"):
            raise Skip("no sshd")
        return
    host_key = lab.key("ed25519")
    lab.must_vouch("sign", "host", "--ca", api.ca, "--id", HOST, "--principals", HOST, host_key + ".pub")
    server = Sshd(lab, f"TrustedUserCAKeys {api.path('user_ca.pub')}", host_key=host_key,
                  host_cert=host_key + "-cert.pub")
    config = os.path.join(bench.ssh, "config")
    # The name stays the zone's, for which the blocks of the configuration count.
    proxy = f"{sys.executable} {lab.write('proxy.py', PROXY)} {server.port}"

    def ssh(*words, **more):
        return lab.run("ssh", "-F", config, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
                       "-o", f"ProxyCommand={proxy}", f"root@{HOST}", *words, **more)

    with tap.row("plain ssh logs in, and trusts the host by its certificate"):
        done = succeeds(ssh("echo here"))
        expect_equal(done.out, "here\n")
        expect(f"ID {USER} (serial {bench.serial()})" in server.log(), server.log())
    with tap.row("a certificate that has ended is renewed by the connection that needs it"):
        bench.age()
        succeeds(ssh("true"))
        expect(int(bench.serial()) > 0)
    with tap.row("fifty connections at once make one renewal"):
        bench.age()
        count = len(api.asked)
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            statuses = list(pool.map(lambda _: bench.vouch("hook", "prod").status, range(50)))
        expect_equal(set(statuses), {OK})
        expect_equal(len(api.asked) - count, 1)
    with tap.row("without a session ssh says one line of ours, and goes on without the certificate"):
        succeeds(bench.vouch("logout"))
        succeeds(bench.vouch("setup", "ssh"))
        done = bench.vouch("hook", "prod")
        expect_equal((done.status, done.out), (NO, ""))
        expect_equal(done.err, "vouch: not signed in to prod.  Run: vouch login  [V-1871]\n")
        expect("no such" not in ssh("true").err.lower())
        succeeds(bench.login())


# --- the hook


def test_hook(tap, bench):
    lab, api = bench.lab, bench.api
    with tap.row("while the certificate is fresh the hook asks nobody, loads no libcurl, and says nothing"):
        seen = len(api.seen)
        done = bench.vouch("hook", "prod")
        expect_equal((done.status, done.out, done.err), (OK, "", ""))
        expect_equal(len(api.seen), seen)
        if shutil.which("strace"):
            trace = lab.join("trace")
            if lab.run("strace", "-f", "-e", "trace=openat,socket,connect", "-o", trace, lab.vouch_path, "hook",
                       "prod").status == 0:
                text = open(trace).read()
                expect("libcurl" not in text and "socket(" not in text, text)
    with tap.row("the hook takes less than 10 ms of the processor while the certificate is fresh"):
        if lab.sanitized:
            raise Skip("built with sanitizers")
        used = []
        for _ in range(200):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([lab.vouch_path, "hook", "prod"], env=lab.env, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        used.sort()
        expect(used[197] < 0.010, f"p50 {used[100] * 1000:.1f} ms, p99 {used[197] * 1000:.1f} ms")
    with tap.row("a certificate of which a third is left is not renewed by the hook, but by renew --if-needed"):
        bench.age(ttl_s=7200, left_s=2000)
        seen = len(api.asked)
        succeeds(bench.vouch("hook", "prod"))
        expect_equal(len(api.asked), seen)
        succeeds(bench.vouch("renew", "--if-needed"))
        expect_equal(len(api.asked), seen + 1)
        succeeds(bench.vouch("renew", "--if-needed"))
        expect_equal(len(api.asked), seen + 1)
    with tap.row("one of which less than ten minutes are left is renewed by the hook"):
        bench.age(ttl_s=7200, left_s=300)
        seen = len(api.asked)
        succeeds(bench.vouch("hook", "prod"))
        expect_equal(len(api.asked), seen + 1)
        expect(not os.path.exists(bench.zone("failed")))
    with tap.row("server away: yes while the certificate is valid, within three seconds"):
        bench.age(ttl_s=7200, left_s=300)
        with bench.away():
            done = bench.vouch("hook", "prod")
        expect_equal((done.status, done.err), (OK, ""))
    with tap.row("server away and no valid certificate: one line, exit 1, and no other try for half a minute"):
        bench.age()
        with bench.away():
            begun = time.monotonic()
            done = bench.vouch("hook", "prod")
            expect(time.monotonic() - begun < (6 if lab.sanitized else 4), "too slow")
            expect_equal((done.status, done.out), (NO, ""))
            expect(re.fullmatch(r"vouch: no valid certificate for prod: [^\n]+  \[V-1861\]\n", done.err), done)
        again = bench.vouch("hook", "prod")
        expect_equal((again.status, again.err), (NO, done.err), "the server is there again, but it is too soon")
        past = open(bench.zone("failed")).read().splitlines()
        with open(bench.zone("failed"), "w") as file:
            file.write("\n".join([str(int(past[0]) - 31), *past[1:]]) + "\n")
        succeeds(bench.vouch("hook", "prod"))
    with tap.row("a server that does not answer costs three seconds at most"):
        bench.age()
        api.delay_s = 10
        begun = time.monotonic()
        done = bench.vouch("hook", "prod")
        took = time.monotonic() - begun
        api.delay_s = 0
        expect_equal(done.status, NO)
        expect(took < 5, f"{took:.1f} s")
        expect("V-1861" in done.err, done)
    with tap.row("a renewal that others wait for, and that does not end, is said to be one"):
        bench.age()
        with open(bench.zone("lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            done = bench.vouch("hook", "prod")
        expect_equal(done.status, NO)
        expect("another renewal" in done.err and "[V-1876]" in done.err, done)
        provoked.add("V-1876")
    with tap.row("a session that the server has ended is forgotten, and not asked with again"):
        bench.age()
        api.sessions.clear()
        done = bench.vouch("hook", "prod")
        expect("[V-1871]" in done.err and "vouch login" in done.err, done)
        seen = len(api.seen)
        bench.vouch("hook", "prod")
        expect_equal(len(api.seen), seen)
        provoked.add("V-1871")
        fails(bench.vouch("renew", "prod"), SIGN_IN, "V-1871", "vouch login")
        succeeds(bench.login())
    with tap.row("a zone that is none is a wrong use; one that was never signed in to says so"):
        fails(bench.vouch("hook", "../x"), USAGE, "V-1901", "not the name of a zone")
        done = bench.vouch("hook", "other")
        expect_equal((done.status, done.err), (NO, "vouch: not signed in to other.  Run: vouch login  [V-1871]\n"))
        expect(not os.path.exists(bench.zone(zone="other")))
    with tap.row("hook is not in the list of commands, but has its help"):
        expect("vouch hook" not in bench.vouch("help").out)
        expect("vouch hook" in succeeds(bench.vouch("hook", "--help")).out)


# --- status, ls, agent, logout


def test_rest(tap, bench):
    lab, api = bench.lab, bench.api
    with tap.row("status says who, where, until when, with which roles; --short is for prompts"):
        done = succeeds(bench.vouch("status", "-o", "json"))
        shown = json.loads(done.out)
        expect_equal((shown["schema"], shown["signed_in"], shown["user"]), ("vouch.status/1", True, USER))
        expect_equal([(z["zone"], z["state"]) for z in shown["zones"]], [("prod", "valid"), ("stage", "valid")])
        expect("role dba in prod, on 1 approval" in done.err, done)
        expect(re.fullmatch(r"prod \d+[hm], stage \d+[hm]\n", succeeds(bench.vouch("status", "--short")).out))
        seen = len(api.seen)
        bench.vouch("status", "--short")
        expect_equal(len(api.seen), seen)
    with tap.row("status with the server away shows what is there"):
        with bench.away():
            done = succeeds(bench.vouch("status"))
        expect("V-1861" in done.err and "prod\tvalid" in done.out, done)
    with tap.row("ls has hosts and logins; a pattern narrows it; --all has those on approval too"):
        rows = [line.split("\t") for line in succeeds(bench.vouch("ls")).out.splitlines()]
        expect_equal([r[0] for r in rows], [f"web{n}.{z}.example.com" for z in ("prod", "stage") for n in (1, 2)])
        expect_equal(rows[0][1], "root,alice")
        rows = json.loads(succeeds(bench.vouch("ls", "db", "--all", "-o", "json")).out)["items"]
        expect_equal([(r["host"], r["requests"]) for r in rows],
                     [("db1.prod.example.com", ["dba"]), ("db1.stage.example.com", ["dba"])])
        expect_equal(succeeds(bench.vouch("ls", "db")).out, "")
    with tap.row("--agent puts key and certificate into ssh-agent, for as long as they are valid"):
        env = lab.ssh_agent()
        succeeds(bench.vouch("login", "--zone", "prod", "--agent", env=env))
        listed = lab.must("ssh-add", "-L", env=env).out
        expect_equal(len(listed.splitlines()), 2)
        expect(bench.read("vouch", "prod", "id-cert.pub").split()[1] in listed, listed)
        fails(bench.vouch("login", "--zone", "prod", "--agent"), NOT_FOUND, "V-1401", "SSH_AUTH_SOCK")
        succeeds(bench.vouch("logout", env=env))
        expect_equal(lab.run("ssh-add", "-L", env=env).status, 1, "the agent still has something")
    with tap.row("logout ends the session and leaves no key and no certificate"):
        succeeds(bench.login())
        sessions = len(api.sessions)
        done = succeeds(bench.vouch("logout"))
        expect_equal(len(api.sessions), sessions - 1)
        expect("2 zones" in done.err, done)
        expect_equal(os.listdir(os.path.join(bench.ssh, "vouch")), ["config"])
        expect("vouchs_" not in open(os.path.join(lab.home, ".local/state/vouch/session")).read())
        expect_equal(bench.vouch("status", "--short").status, SIGN_IN)
        succeeds(bench.vouch("logout"))
    with tap.row("logout --all ends all sessions; with the server away everything here goes all the same"):
        succeeds(bench.login())
        succeeds(bench.vouch("logout", "--all"))
        expect_equal(len(api.sessions), 0)
        succeeds(bench.login())
        with bench.away():
            done = succeeds(bench.vouch("logout"))
            expect("V-1861" in done.err and "until it ends" in done.err, done)
        expect_equal(os.listdir(os.path.join(bench.ssh, "vouch")), ["config"])
    with tap.row("a token file that is named wins over the session"):
        succeeds(bench.login())
        path = bench.private("token", api.token)
        succeeds(bench.vouch("cert", "ls", "--token-file", path))
        expect_equal(api.seen[-1][3].get("Authorization"), "Bearer " + api.token)
        bench.vouch("cert", "ls")
        expect(api.seen[-1][3].get("Authorization", "").startswith("Bearer vouchs_"))


# --- accounts


def test_account(tap, bench):
    lab, api = bench.lab, bench.api
    link = f"{api.url}/setup/{api.link}#{api.pin}"
    with tap.row("setup account: password, QR code and key, first code, recovery codes"):
        bench.forget()
        done = succeeds(bench.vouch("setup", "account", link, "--password-file", bench.password, "--code-file",
                                    bench.code))
        expect_equal(len(done.out.splitlines()), 10)
        for words in ("account alice at ca.example.com", "JBSW Y3DP", "vouch login"):
            expect(words in done.err, words, done)
        expect("█" in done.err or "##" in done.err, "no QR code", done)
        succeeds(bench.login())  # the server was noted down
    with tap.row("setup account in two steps, for scripts; codes into a file of one's own"):
        done = succeeds(bench.vouch("setup", "account", link, "--password-file", bench.password, "--uri-only"))
        expect(done.out.startswith("otpauth://totp/"), done)
        path = lab.join("codes")
        finish = ["setup", "account", "--link-file", bench.private("link", link), "--finish", "--code-file", bench.code]
        succeeds(bench.vouch(*finish, "--codes-file", path))
        expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        fails(bench.vouch(*finish, "--codes-file", path), CONFLICT, "V-1103", "exists")
    with tap.row("setup account on a terminal asks twice, and again for a password that is too easy"):
        there = Terminal(bench, "setup", "account", link)
        for one, two in (("short", "short"), (PASSWORD, PASSWORD)):
            there.hear("New password")
            there.say(one)
            there.hear("The same again: ")
            there.say(two)
        there.hear("Code: ")
        there.say("999999")
        there.hear("Code: ")
        there.say(CODE)
        status, rest = there.end()
        expect_equal(status, OK, rest)
    with tap.row("what is no link, a link that is not known, and passwords that differ are named"):
        for text in ("x", "vouchl_short", link.replace("https", "http"), link + "x" * 90, api.url + "/setup/" + api.token):
            fails(bench.vouch("setup", "account", text), NO, "V-1874", "not a link")
        fails(bench.vouch("setup", "account", link.replace(api.link, "vouchl_" + "A" * 43)), SIGN_IN, "V-1880")
        there = Terminal(bench, "setup", "account", link)
        there.hear("New password")
        there.say(PASSWORD)
        there.hear("The same again: ")
        there.say(PASSWORD + "!")
        status, rest = there.end()
        expect("V-1203" in rest and "differ" in rest, rest)
    with tap.row("passwd and recovery new: by the session, with a code"):
        fresh = bench.private("fresh", "another long password")
        words = ["passwd", "--password-file", bench.password, "--new-password-file", fresh, "--code-file", bench.code]
        succeeds(bench.vouch(*words))
        words[2] = fresh
        fails(bench.vouch(*words), SIGN_IN, "V-1880")
        expect_equal(len(succeeds(bench.vouch("recovery", "new", "--code-file", bench.code)).out.split()), 10)
    with tap.row("a recovery code signs in, and says how many are left"):
        code = bench.private("recovery", "abcd-efgh-ijkl-mnop")
        done = succeeds(bench.vouch("login", "--user", USER, "--password-file", bench.password, "--code-file", code,
                                    "--recovery"))
        expect("7 recovery codes are left" in done.err, done)
        succeeds(bench.vouch("logout"))
        fails(bench.vouch("passwd", "--no-input"), SIGN_IN, "V-1871")


# --- setup


FORMS = {
    "no folder": None,
    "no file": {},
    "an empty file": {"config": b""},
    "a file without a final newline": {"config": b"Host a\n    User b"},
    "CRLF, NUL and bytes that are no UTF-8": {"config": b"Host a\r\n\tUser b\r\n\x00\xff\xfe"},
    "other files beside it": {"config": b"Host *\n", "known_hosts": b"x", "id_ed25519": b"secret"},
}


def test_undo(tap, bench):
    lab = bench.lab
    for name, files in FORMS.items():
        with tap.row(f"setup ssh --undo restores every byte: {name}"):
            bench.forget()
            if files is not None:
                os.mkdir(bench.ssh, 0o700)
            for path, body in (files or {}).items():
                with open(os.path.join(bench.ssh, path), "wb") as file:
                    file.write(body)
                os.chmod(os.path.join(bench.ssh, path), 0o640)
            before = content(bench.ssh)
            done = succeeds(bench.vouch("setup", "ssh", "-n"))
            expect(done.out.startswith("Include "), done)
            expect_equal(content(bench.ssh), before)
            succeeds(bench.vouch("setup", "ssh"))
            first = bench.read("config").splitlines()[0] if files is None or "NUL" not in name else "Include "
            expect(first.startswith("Include "), first)
            now = content(bench.ssh)
            succeeds(bench.vouch("setup", "ssh"))
            expect_equal(content(bench.ssh), now, "a second time")
            succeeds(bench.login(bench.api.url, *bench.settings()))
            succeeds(bench.vouch("setup", "ssh", "--undo", "-n"))
            expect(os.path.exists(bench.zone("id")))
            succeeds(bench.vouch("setup", "ssh", "--undo"))
            expect_equal(content(bench.ssh), before)
            succeeds(bench.vouch("setup", "ssh", "--undo"))
            expect_equal(content(bench.ssh), before, "a second time")
    with tap.row("what was changed around our line stays; only the line goes"):
        bench.forget()
        succeeds(bench.vouch("setup", "ssh"))
        path = os.path.join(bench.ssh, "config")
        line = bench.read("config")
        with open(path, "w") as file:
            file.write("# mine\n" + line + "Host a\n  User b")
        succeeds(bench.vouch("setup", "ssh", "--undo"))
        expect_equal(bench.read("config"), "# mine\nHost a\n  User b")
    with tap.row("a line that is in a block of its own does not count, and one in front is added"):
        with open(path, "w") as file:
            file.write("Host a\n" + line)
        succeeds(bench.vouch("setup", "ssh"))
        expect_equal(bench.read("config"), line + "Host a\n" + line)
        succeeds(bench.vouch("setup", "ssh", "--undo"))
        expect_equal(bench.read("config"), "Host a\n" + line)
    with tap.row("who keeps the file elsewhere and links to it keeps the link"):
        bench.forget()
        os.mkdir(bench.ssh, 0o700)
        target = lab.write("dotfile", "Host a\n")
        os.symlink(target, path)
        before = content(bench.ssh)
        succeeds(bench.vouch("setup", "ssh"))
        expect(os.path.islink(path) and open(target).read().startswith("Include "))
        succeeds(bench.vouch("setup", "ssh", "--undo"))
        expect_equal((content(bench.ssh), open(target).read()), (before, "Host a\n"))
    with tap.row("a folder where the file belongs is named, and nothing is changed"):
        os.unlink(path)
        os.mkdir(path)
        fails(bench.vouch("setup", "ssh"), NO, "V-1873", "not a plain file")
        os.rmdir(path)
    with tap.row("a home with blanks in its name works; one that ssh could misread is refused"):
        api, kept = bench.api, lab.env["HOME"]
        for name, good in (("a home", True), ('x"y', False), ("100%", False)):
            env = dict(lab.env, HOME=lab.folder(name))
            done = bench.login(api.url, *bench.settings(), env=env)
            if good:
                succeeds(done)
                config = os.path.join(env["HOME"], ".ssh", "config")
                shown = lab.must("ssh", "-F", config, "-G", HOST, env=env).out
                expect("a home/.ssh/vouch/prod/id" in shown, shown)
            else:
                fails(done, NO, "V-1873", "cannot stand in ssh's files")
        lab.env["HOME"] = kept


def test_git(tap, bench):
    lab, api = bench.lab, bench.api
    if find_program("git") is None:
        with tap.row("setup git"):
            raise Skip("no git")
        return
    bench.forget()
    succeeds(bench.login(api.url, *bench.settings()))
    settings, tree = os.path.join(lab.home, ".gitconfig"), lab.folder("tree")
    before = "[user]\n\tname = Alice\n\temail = alice@example.com\n[gpg]\n\tformat = openpgp\n"
    with open(settings, "w") as file:
        file.write(before)

    def git(*words, **more):
        return lab.run("git", "-C", tree, *words, **more)

    with tap.row("setup git wants one zone, and --dry-run changes nothing"):
        fails(bench.vouch("setup", "git"), USAGE, "V-1901", "--zone")
        done = succeeds(bench.vouch("setup", "git", "--zone", "prod", "-n"))
        expect("format = ssh" in done.out, done)
        expect_equal(open(settings).read(), before)
    with tap.row("setup git: a commit is signed by the certificate, and verified by the CA"):
        succeeds(bench.vouch("setup", "git", "--zone", "prod"))
        succeeds(bench.vouch("setup", "git", "--zone", "prod"))
        expect_equal(open(settings).read().count("path ="), 1)
        succeeds(git("init", "-q"))
        succeeds(git("commit", "-q", "--allow-empty", "-m", "signed"))
        done = succeeds(git("verify-commit", "-v", "HEAD"))
        expect('Good "git" signature for role:dev' in done.err, done)
    with tap.row("a commit that is signed by another CA's certificate does not verify"):
        key = lab.key("ed25519")
        lab.must_vouch("sign", "user", "--ca", lab.ca(), "--id", "x", "--principals", "role:dev", key + ".pub")
        succeeds(git("-c", f"user.signingKey={key}-cert.pub", "commit", "-q", "--allow-empty", "-m", "forged"))
        expect(git("verify-commit", "HEAD").status != 0)
    with tap.row("nor does one whose certificate was not valid at the commit's date"):
        env = dict(lab.env, GIT_COMMITTER_DATE="2020-01-01T00:00:00Z")
        succeeds(git("commit", "-q", "--allow-empty", "-m", "old", env=env))
        expect(git("verify-commit", "HEAD").status != 0)
    with tap.row("setup git --undo leaves git's settings as they were, byte for byte"):
        succeeds(bench.vouch("setup", "git", "--undo"))
        expect_equal(open(settings).read(), before)
        expect(not os.path.exists(os.path.join(lab.home, ".config", "vouch", "git")))
        succeeds(bench.vouch("setup", "git", "--undo"))
    with tap.row("without git, and with settings that git cannot read, the failure says so"):
        env = dict(lab.env, PATH=lab.folder("nothing"))
        fails(bench.vouch("setup", "git", "--zone", "prod", env=env), NOT_FOUND, "V-1875", "install git")
        with open(settings, "w") as file:
            file.write("[broken\n")
        done = bench.vouch("setup", "git", "--zone", "prod")
        expect_equal(done.status, NOT_FOUND, done)
        expect("[V-1875]" in done.err, done)
        os.unlink(settings)


def test_completion(tap, bench):
    lab = bench.lab
    with tap.row("setup completion writes what the package would, for the shell that is named or used"):
        for shell, name, place in (("bash", "vouch.bash", ".local/share/bash-completion/completions/vouch"),
                                   ("zsh", "_vouch", ".local/share/zsh/site-functions/_vouch"),
                                   ("fish", "vouch.fish", ".config/fish/completions/vouch.fish")):
            path = os.path.join(lab.home, place)
            succeeds(bench.vouch("setup", "completion", shell, "-n"))
            expect(not os.path.exists(path))
            succeeds(bench.vouch("setup", "completion", env=dict(lab.env, SHELL="/bin/" + shell)))
            with open(path) as file, open(os.path.join(lab.source, "dist", "completions", name)) as wanted:
                expect_equal(file.read(), wanted.read())
            succeeds(bench.vouch("setup", "completion", shell, "--undo"))
            expect(not os.path.exists(path))
        fails(bench.vouch("setup", "completion", "tcsh"), USAGE, "V-1901", "bash, zsh, fish")


# --- against the real service

POLICY = """
zones:
  - name: prod
    patterns: ["*.prod.example.com"]
users:
  - name: alice
groups:
  - name: vouch-admins
    members: [alice]
roles:
  - name: dev
    zone: prod
    members: ["user:alice"]
    hosts: [all]
    logins: [root]
    max_ttl: 8h
    extensions: [permit-pty]
  - name: dba
    zone: prod
    members: ["user:alice"]
    hosts: [all]
    logins: [root]
    max_ttl: 1h
    reason: required
hosts:
  - name: web1.prod.example.com
    zone: prod
"""


class App:
    """An authenticator; gives each code once, as the server takes it once."""

    def __init__(self, uri):
        words = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(uri).query))
        self.key = base64.b32decode(words["secret"] + "=" * (-len(words["secret"]) % 8))
        self.last = 0

    def code(self):
        step = max(int(time.time()) // 30 - 1, self.last + 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(0.5)
        self.last = step
        digest = hmac.digest(self.key, struct.pack(">Q", step), "sha1")
        at = digest[-1] & 15
        return f"{(struct.unpack_from('>I', digest, at)[0] & 0x7FFFFFFF) % 1000000:06}"


class Real(Bench):
    """A running vouchd, and a home of its own."""

    PASSWORD = "Grebe-flotsam 27 quince vortex"

    def __init__(self, lab):
        vouchd = find_vouchd()
        if vouchd is None:
            raise Skip("vouchd was not built")
        self.lab, self.service = lab, Service(lab.join("real"), vouchd, lab.vouch_path, lab.env)
        lab.stack.callback(self.service.kill)
        self.pin = re.search(r"sha256:\S+", self.service.init().stdout).group(0)
        self.service.start()
        self.url = f"https://{self.service.address}"
        self.env = dict(lab.env, HOME=lab.folder("home-real"))
        self.ssh = os.path.join(self.env["HOME"], ".ssh")
        self.password = self.private("real-pw", self.PASSWORD)
        self.app, self.codes = None, []

    def vouch(self, *words, **more):
        """Waits, as the server asks, where there were too many wrong tries before."""
        while True:
            done = self.lab.vouch(*words, env=self.env, **more)
            wait = re.search(r"too many tries: wait (\d+)s", done.err)
            if wait is None:
                return done
            expect_equal(done.status, SIGN_IN, done)
            expect("[V-1882]" in done.err, done)
            time.sleep(int(wait.group(1)) + 0.5)

    def code_file(self):
        return self.private("real-code", self.app.code())

    def recovery_file(self):
        return self.private("real-code", self.codes.pop())

    def login(self, *words):
        return self.vouch("login", *words, "--user", "alice", "--password-file", self.password, "--code-file",
                          self.recovery_file(), "--recovery")

    def apply(self, text):
        now = self.service.local("GET", "/v1/policy").headers["etag"]
        answer = self.service.local("PUT", "/v1/policy", text.encode(),
                                    {"Content-Type": "application/yaml", "If-Match": now})
        expect_equal(answer.status, 200, answer)


def test_real(tap, lab):
    real = None
    with tap.row("vouchd: the first administrator is made on its machine, and sets up the account by the link"):
        real = Real(lab)
        made = succeeds(real.vouch("setup", "admin", "alice", "--local", real.service.folder))
        expect(made.out.startswith(real.url + "/setup/vouchl_") and made.out.strip().endswith("#" + real.pin),
               "the link is not whole", made)
        link = real.private("real-link", made.out.strip())
        easy = real.private("easy", "password1234")
        fails(real.vouch("setup", "account", "--link-file", link, "--password-file", easy), NO, "V-1881", "easy")
        begun = succeeds(real.vouch("setup", "account", "--link-file", link, "--password-file", real.password,
                                    "--uri-only"))
        real.app = App(begun.out.strip())
        done = succeeds(real.vouch("setup", "account", "--link-file", link, "--finish", "--code-file", real.code_file()))
        real.codes = done.out.split()
        expect_equal(len(real.codes), 10)
        again = real.vouch("setup", "account", "--link-file", link, "--password-file", real.password)
        expect(again.status != OK, "a link works twice", again)
    if not real or not real.codes:
        return
    with tap.row("vouchd: login without a role signs in, and says that there is none"):
        done = real.vouch("login", "--user", "alice", "--password-file", real.password, "--code-file", real.code_file())
        expect("no certificate: alice has no role" in succeeds(done).err, done)
    with tap.row("vouchd: an administrator without the role that login names is refused"):
        fails(real.vouch("login", "--role", "dba"), REFUSED, "V-1872", 'alice has no role "dba"')
    with tap.row("vouchd: login gets a certificate by the policy, and ssh -G uses it"):
        real.apply(POLICY)
        done = succeeds(real.vouch("login"))
        expect("for prod: role dev" in done.err and "ssh root@web1.prod.example.com" in done.err, done)
        shown = json.loads(succeeds(real.vouch("cert", "show", "-o", "json", real.zone("id-cert.pub"))).out)
        expect_equal((shown["key_id"], shown["principals"]), ("alice", ["role:dev"]))
        config = lab.must("ssh", "-F", os.path.join(real.ssh, "config"), "-G", HOST, env=real.env).out
        expect(f"certificatefile {real.zone('id-cert.pub')}" in config, config)
    with tap.row("vouchd: status, ls, renew and the hook"):
        shown = json.loads(succeeds(real.vouch("status", "-o", "json")).out)
        expect_equal([(z["zone"], z["state"]) for z in shown["zones"]], [("prod", "valid")])
        rows = json.loads(succeeds(real.vouch("ls", "-o", "json")).out)["items"]
        expect_equal([(r["host"], r["logins"]) for r in rows], [(HOST, ["root"])])
        before = real.serial()
        succeeds(real.vouch("renew"))
        expect(real.serial() != before)
        os.unlink(real.zone("id-cert.pub"))
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(lambda _: real.vouch("hook", "prod").status, range(20)))
        expect_equal(set(statuses), {OK})
        last = real.serial()
        succeeds(real.vouch("renew"))
        expect_equal(int(real.serial()), int(last) + 1, "more than one renewal")
    with tap.row("vouchd: a role that wants a reason gets it, and is refused without"):
        fails(real.vouch("login", "--role", "dba", "--ttl", "10m"), REFUSED, "V-1814", "reason")
        succeeds(real.vouch("login", "--role", "dba", "--ttl", "10m", "--reason", "ticket 4711"))
        expect_equal(json.load(open(real.zone("login.json")))["reason"], "ticket 4711")
        succeeds(real.vouch("login"))
    with tap.row("vouchd: plain ssh logs in, and the ledger has who, with what evidence, by which policy"):
        if find_program("sshd") is None:
            raise Skip("no sshd")
        folder = lab.folder("principals")
        for path, mode in ((folder, 0o755), (lab.path, 0o711)):
            os.chmod(path, mode)
        with open(os.path.join(folder, "root"), "w") as file:
            file.write("role:dev\n")
        host_key = lab.key("ed25519")
        server = Sshd(lab, f"TrustedUserCAKeys {real.service.ca_file()}\nAuthorizedPrincipalsFile {folder}/%u",
                      host_key=host_key)
        with open(real.zone("known_hosts"), "a") as file:  # its certificate is the host helper's to come
            file.write(f"{HOST} {open(host_key + '.pub').read()}")
        proxy = f"{sys.executable} {lab.write('proxy.py', PROXY)} {server.port}"
        done = lab.run("ssh", "-F", os.path.join(real.ssh, "config"), "-o", "BatchMode=yes", "-o",
                       "StrictHostKeyChecking=yes", "-o", f"ProxyCommand={proxy}", f"root@{HOST}", "echo here",
                       env=real.env)
        expect_equal(done.out, "here\n", done)
        expect(f"ID alice (serial {real.serial()})" in server.log(), server.log())
        record = [r for r in real.service.ledger().records() if r.kind == 1][-1]
        expect_equal((record.actor, record.evidence, record.role),
                     (b"user:alice", b"session:password+totp", b"dev"))
    with tap.row("vouchd: a wrong password and an unknown name get the same words"):
        wrong, texts = real.private("wrong", "not the password at all"), []
        for name in ("alice", "nobody"):
            done = real.vouch("login", "--user", name, "--password-file", wrong, "--code-file", wrong)
            fails(done, SIGN_IN, "V-1880")
            texts.append(done.err)
        expect_equal(texts[0], texts[1])
    with tap.row("vouchd: who tries too often has to wait, and is told for how long"):
        for _ in range(8):
            done = lab.vouch("login", "--user", "mallory", "--password-file", wrong, "--code-file", wrong, env=real.env)
            if "V-1882" in done.err:
                break
        fails(done, SIGN_IN, "V-1882", "too many tries: wait ")
    with tap.row("vouchd: passwd, with a code; recovery new; the old password is none any more"):
        fresh = real.private("real-fresh", "Another-flotsam 31 teasel qualm")
        succeeds(real.vouch("passwd", "--password-file", real.password, "--new-password-file", fresh, "--code-file",
                            real.code_file()))
        fails(real.login(), SIGN_IN, "V-1880")
        real.password = fresh
        done = succeeds(real.vouch("recovery", "new", "--code-file", real.code_file()))
        old, real.codes = real.recovery_file(), done.out.split()
        fails(real.vouch("login", "--user", "alice", "--password-file", fresh, "--code-file", old, "--recovery"), SIGN_IN,
              "V-1880")
        done = succeeds(real.login())
        expect("9 recovery codes are left" in done.err, done)
    with tap.row("vouchd: who is disabled is signed out, and gets no certificate"):
        real.apply(POLICY.replace("- name: alice\n", "- name: alice\n    state: disabled\n"))
        fails(real.vouch("renew"), SIGN_IN, "V-1871", "has ended")
        os.unlink(real.zone("id-cert.pub"))
        done = real.vouch("hook", "prod")
        expect_equal((done.status, done.err), (NO, "vouch: not signed in to prod.  Run: vouch login  [V-1871]\n"))
        real.apply(POLICY)
    with tap.row("vouchd: logout ends the session at the server"):
        succeeds(real.login())
        count = len(json.loads(real.service.local("GET", "/v1/sessions?user=alice").body)["items"])
        succeeds(real.vouch("logout"))
        now = json.loads(real.service.local("GET", "/v1/sessions?user=alice").body)["items"]
        expect_equal(len(now), count - 1)
    with tap.row("vouchd: setup ssh --undo leaves nothing"):
        succeeds(real.vouch("setup", "ssh", "--undo"))
        expect(not os.path.exists(real.ssh))
    with tap.row("vouchd: its ledger is whole"):
        real.service.verify()
    with tap.row("vouchd: no secret is in its log"):
        text = real.service.log()
        for word in ("vouchs_", "vouchl_", real.PASSWORD, *real.codes):
            found = [line for line in text.splitlines() if word in line and word + "*" not in line]
            expect(not found, found[:1])


def main():
    tap = Tap()
    with Lab("ssh-keygen", "openssl", "ssh") as lab:
        lab.env.pop("XDG_STATE_HOME", None)
        lab.env.pop("XDG_DATA_HOME", None)
        bench = Bench(lab)
        for test in (test_login, test_refusals, test_terminal, test_ssh, test_hook, test_rest, test_account,
                     test_undo, test_git, test_completion):
            test(tap, bench)
        test_real(tap, lab)
        with tap.row("every code of signing in was provoked"):
            codes = lab.must_vouch("help", "--dump-codes").out.split()
            expect_equal({c for c in codes if "V-1871" <= c <= "V-1879"} - provoked, set())
    tap.done()


if __name__ == "__main__":
    main()
