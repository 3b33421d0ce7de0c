#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The verbs of vouch that ask a server, against one in Python that is as good or as bad as a test wants:
what is asked, what is written, every way in which a server can be wrong, and backups.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from fakeapi import FakeApi
from lab import Lab, wait_for
from service import Service, find_vouchd
from tap import Skip, Tap, expect, expect_equal

OK, NO, USAGE, NOT_FOUND, TOKEN, REFUSED, UNREACHABLE, CONFLICT, LOCAL = 0, 1, 2, 3, 4, 5, 7, 8, 9
FAULT = re.compile(r"vouch: [^\n]+\n {7}[^\n]+  \[(V-\d{4})\]\n$")
provoked = set()


def fails(done, status, code, *words):
    """A failure: its exit status, one report with its code, nothing on standard output."""
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


class Bench:
    def __init__(self, lab):
        self.lab, self.api = lab, FakeApi(lab)
        self.token = lab.write("token", self.api.token + "\n")
        os.chmod(self.token, 0o600)
        self.settings = lab.join("home", ".config", "vouch", "server.json")
        self.set()

    def set(self):
        api = self.api
        return self.lab.must_vouch(
            "server", "set", api.url, "--pin", api.pin, "--token-file", self.token
        )

    def vouch(self, *words, **more):
        return self.lab.vouch(*words, **more)

    def pub(self, kind="ed25519"):
        return self.lab.key(kind) + ".pub"

    def issue(self, pub, *more, kind="user", principals="alice"):
        return self.vouch("cert", "issue", kind, pub, "--principals", principals, *more)

    def asked(self, method, path):
        """The bodies and headers of what was asked there, newest last."""
        return [row for row in self.api.seen if row[0] == method and row[1].split("?")[0] == path]

    @contextlib.contextmanager
    def answering(self, path, answer):
        """While it lasts, `answer(handler)` answers at `path`; a list answers once each."""
        self.api.overrides[path] = answer
        try:
            yield
        finally:
            del self.api.overrides[path]


# --- which keys are its own


def test_trust(tap, bench):
    lab, api = bench.lab, bench.api
    kept = os.path.join(os.path.dirname(bench.settings), "trust")
    keys = {name: " ".join(open(bench.pub()).read().split()[:2]) for name in ("next", "old", "revoked")}

    def lines(target, *more):
        return succeeds(bench.vouch("ca", "trust", "--for", target, *more)).out.splitlines()

    def refused(bundle):
        api.trust = bundle
        done = bench.vouch("ca", "trust", "--for", "sshd")
        fails(done, NO, "V-1971", f"127.0.0.1:{api.port}", "trust bundle")

    with tap.row("ca trust has a line for each key that counts, by the bundle of the server"):
        expect_equal(lines("sshd"), [api.line("user_ca") + " ca.example.com user_ca"])
        api.trust = api.make_trust(7, [(use, state, line) for use, state, line in (
            ("user", "next", keys["next"]), ("user", "revoked", keys["revoked"]), ("host", "old", keys["old"]))])
        expect_equal([" ".join(x.split()[:2]) for x in lines("sshd")], [api.line("user_ca"), keys["next"]])
        found = lines("known_hosts", "--pattern", "*.example.com")
        start = "@cert-authority *.example.com "
        expect_equal([" ".join(x.split()[:4]) for x in found], [start + api.line("host_ca"), start + keys["old"]])
    with tap.row("the bundle is kept for this user alone"):
        expect_equal(open(kept).read(), api.trust)
        expect_equal(stat.S_IMODE(os.stat(kept).st_mode), 0o600)
    good = api.trust
    with tap.row("an older bundle than was seen is refused, and so is the server's silence about it"):
        refused(api.make_trust(6))
        with bench.answering("/v1/trust", lambda h: h.problem(404, "V-1804", "no such path") or True):
            fails(bench.vouch("ca", "trust", "--for", "sshd"), NOT_FOUND, "V-1804")
        expect_equal(open(kept).read(), good)
    with tap.row("a bundle that proves nothing is refused, and the kept one stays"):
        refused(api.make_trust(8, signed_by="user_ca"))
        refused(api.make_trust(8, name="ca.example.org"))
        refused(api.make_trust(8, more=[("user", "active", keys["next"])]))
        refused(good.replace("key user next", "key user old"))
        refused(good[:-2])
        refused(good + "\n")
        refused("")
        refused("vouch-trust/1\n")
        expect_equal(open(kept).read(), good)
    with tap.row("a kept file that somebody spoilt is no floor and no fault"):
        with open(kept, "w") as file:
            file.write("nonsense\n")
        api.trust = api.make_trust(5)
        expect_equal(len(lines("sshd")), 1)
        expect_equal(open(kept).read(), api.trust)
    with tap.row("after a rotation a certificate by the new key is good once the bundle has it, and not before"):
        stale = api.make_trust(20)
        with api.rotated(21):
            fresh, api.trust = api.trust, stale
            fails(bench.issue(bench.pub()), NO, "V-1867", "not signed by the CA key")
            fails(bench.vouch("server", "show"), NO, "V-1862")
            api.trust = fresh
            succeeds(bench.issue(bench.pub()))
            noted = json.loads(open(bench.settings).read())
            for use in ("user_ca", "host_ca"):
                expect_equal(noted[use]["public_key"], api.line(use))
            succeeds(bench.vouch("server", "show"))
            count = len(bench.asked("GET", "/v1/trust"))
            succeeds(bench.issue(bench.pub()))
            expect_equal(len(bench.asked("GET", "/v1/trust")), count)
        succeeds(bench.issue(bench.pub()))
    with tap.row("server unset forgets the bundle too"):
        succeeds(bench.vouch("server", "unset"))
        expect(not os.path.exists(kept))
        bench.set()


# --- who the server is


def test_server(tap, bench):
    lab, api = bench.lab, bench.api
    with tap.row("server set notes down address, pin, keys and the token's path, for this user only"):
        expect_equal(stat.S_IMODE(os.stat(bench.settings).st_mode), 0o600)
        with open(bench.settings) as file:
            text = file.read()
        noted = json.loads(text)
        expect_equal((noted["url"], noted["pin"], noted["token_file"]), (api.url, api.pin, bench.token))
        expect_equal(noted["user_ca"]["public_key"], api.line("user_ca"))
        expect(api.token not in text, "the token itself is in it")
    with tap.row("server show says that the keys are still those, and prints them"):
        done = succeeds(bench.vouch("server", "show", "-o", "json"))
        shown = json.loads(done.out)
        expect_equal(shown["schema"], "vouch.server/1")
        expect_equal(shown["host_ca"], api.fingerprint(api.line("host_ca")))
        expect("keys that were noted down" in done.err, done)
    with tap.row("other keys than were noted down are a failure that names the server"):
        other = {"public_key": api.line("host_ca"), "fingerprint": "x"}
        body = {"schema": "vouch.ca/1", "name": "ca.example.com", "user_ca": other, "host_ca": other,
                "checkpoint_key": other}
        with bench.answering("/v1/ca", lambda h: h.reply(200, body) or True):
            fails(bench.vouch("server", "show"), NO, "V-1862", f"127.0.0.1:{api.port}", "server set")
    with tap.row("server set --dry-run and server unset --dry-run change nothing"):
        before = open(bench.settings).read()
        succeeds(bench.vouch("server", "set", api.url, "--pin", api.pin, "-n"))
        succeeds(bench.vouch("server", "unset", "-n"))
        expect_equal(open(bench.settings).read(), before)
    with tap.row("the pin is taken in base64url, base64 and hexadecimal, and nothing else is"):
        plain = api.pin.replace("-", "+").replace("_", "/")
        for pin in (api.pin, plain, plain + "=", api.pin_hex, api.pin_hex.upper().replace("SHA", "sha")):
            succeeds(bench.vouch("server", "show", "--server", api.url, "--pin", pin))
        for pin in ("", "sha256:", api.pin[:-1], api.pin + "AA", "md5:" + "0" * 32, api.pin[7:], "sha256:" + "é" * 43):
            fails(bench.vouch("server", "show", "--pin", pin), USAGE, "V-1901", "--pin")
    with tap.row("another key than the pinned one: nothing is sent, and the token least of all"):
        count = len(api.seen)
        wrong = "sha256:" + "0" * 64
        fails(bench.vouch("cert", "ls", "--pin", wrong), NO, "V-1862", "pinned")
        expect_equal(len(api.seen), count)
    with tap.row("without a pin the certificate has to be by a trusted CA, and for the name"):
        where = ["--server", f"https://localhost:{api.port}", "--token-file", bench.token]
        fails(bench.vouch("cert", "ls", *where), NO, "V-1862", "--ca-file")
        succeeds(bench.vouch("cert", "ls", *where, "--ca-file", api.cert))
        alias = ["--server", f"https://127.0.0.2:{api.port}", "--token-file", bench.token]
        expect(bench.vouch("cert", "ls", *alias, "--ca-file", api.cert).status in (NO, UNREACHABLE))
        done = bench.vouch("cert", "ls", *where, "--ca-file", bench.token)
        expect(done.status != OK and FAULT.search(done.err), done)
    with tap.row("addresses that are none, or not of HTTPS, are refused before anything is sent"):
        for url in ("http://127.0.0.1:1", "127.0.0.1:1", "https://", "https://a/b", "https://a b", "https://u:p@a",
                    "file:///etc/passwd", "https://a?x", "https://a\n.b"):
            fails(bench.vouch("cert", "ls", "--server", url, "--pin", api.pin), USAGE, "V-1901", "--server")
    with tap.row("what was noted down counts for its server only: another gets no token"):
        other = ["--server", f"https://localhost:{api.port}", "--ca-file", api.cert]
        fails(bench.vouch("cert", "ls", *other), TOKEN, "V-1871")
        expect("Authorization" not in api.seen[-1][3], api.seen[-1])
    with tap.row("a server that is not there, and one that never answers, are exit 7"):
        fails(bench.vouch("cert", "ls", "--server", "https://127.0.0.1:1"), UNREACHABLE, "V-1861")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"https://127.0.0.1:{silent.getsockname()[1]}"
            begun = time.monotonic()
            done = bench.vouch("cert", "ls", "--server", url, "--timeout", "1s")
            fails(done, UNREACHABLE, "V-1861", "--timeout")
            expect(time.monotonic() - begun < 5, "it took longer than --timeout")
        fails(bench.vouch("cert", "ls", "--timeout", "soon"), USAGE, "V-1901", "--timeout")
    with tap.row("a token file that is open to others, empty, or no token is refused"):
        for text, code in (("", "V-1863"), ("secret\n", "V-1863"), (api.token + "\r\nX: y", "V-1863"),
                           ("vouch_" + "a" * 300, "V-1105")):
            path = lab.write("odd", text)
            os.chmod(path, 0o600)
            done = bench.vouch("cert", "ls", "--token-file", path)
            expect_equal(FAULT.search(done.err).group(1), code, done)
        os.chmod(lab.write("open", api.token), 0o644)
        fails(bench.vouch("cert", "ls", "--token-file", lab.join("open")), LOCAL, "V-1104")
        succeeds(bench.vouch("cert", "ls", "--token-file", "-", stdin=api.token + "\n"))
    with tap.row("what works without a server needs nothing of libcurl"):
        done = bench.lab.run("ldd", bench.lab.vouch_path)
        expect("libcurl" not in done.out, done)
    with tap.row("no secret is in the arguments that the help offers, nor in what is printed"):
        for option in ("--token ", "--password "):
            expect(option not in succeeds(bench.vouch("cert", "issue", "--help")).out, option)
        done = bench.vouch("cert", "ls", "-v")
        expect(api.token not in done.out + done.err, done)
    with tap.row("the server on this machine is asked over its socket, without a token"):
        for where in (api.folder, api.socket):
            succeeds(bench.vouch("--local", where, "token", "ls"))
            succeeds(bench.vouch("token", "ls", f"--local={where}"))
        expect("Authorization" not in api.seen[-1][3], api.seen[-1])
        fails(bench.vouch("--local", lab.folder("empty"), "token", "ls"), UNREACHABLE, "V-1861", "vouchd run")
        fails(bench.vouch("token", "ls", "--local", api.folder, "--token-file", bench.token), USAGE, "V-1901")
        expect(bench.vouch("--local", api.folder, "nonsense").status == USAGE)
    with tap.row("server unset forgets it, and then no server is known"):
        succeeds(bench.vouch("server", "unset"))
        expect(not os.path.exists(bench.settings))
        fails(bench.vouch("server", "unset"), NOT_FOUND, "V-1860")
        for words in (["cert", "ls"], ["ledger", "verify"], ["krl", "fetch", "user", "--out", "x"]):
            fails(bench.vouch(*words), NOT_FOUND, "V-1860", "vouch server set")
    with tap.row("settings that are broken are named, and nothing is asked"):
        for text in ("", "{", "[]", '{"schema":"vouch.server/2"}', '{"schema":"vouch.server/1","url":"https://a"}'):
            with open(bench.settings, "w") as file:
                file.write(text)
            os.chmod(bench.settings, 0o600)
            fails(bench.vouch("cert", "ls"), NO, "V-1902", "server.json", "unset")
        os.chmod(bench.settings, 0o666)
        fails(bench.vouch("cert", "ls"), LOCAL, "V-1104", "server.json")
        os.unlink(bench.settings)
    bench.set()


# --- certificates


def test_issue(tap, bench):
    lab, api = bench.lab, bench.api
    with tap.row("a certificate comes beside its key, and says what was asked for"):
        pub = bench.pub()
        done = succeeds(bench.issue(pub, "--ttl", "1h", "--id", "alice@example.com"))
        out = pub[:-4] + "-cert.pub"
        expect_equal(done.out, out + "\n")
        shown = lab.must("ssh-keygen", "-L", "-f", out).out
        expect('Key ID: "alice@example.com"' in shown and "alice" in shown, shown)
        succeeds(bench.vouch("cert", "check", "--ca", api.path("user_ca.pub"), out))
        ask = json.loads(bench.asked("POST", "/v1/certs")[-1][2])
        expect_equal(set(ask), {"type", "public_key", "principals", "ttl_s", "key_id"})
    with tap.row("options, hosts, several principals and standard input are asked for as given"):
        words = ["--option", "force-command=echo a,b=c", "--option", "permit-pty", "--option",
                 "source-address=10.0.0.0/8", "--option", "permit-agent-forwarding"]
        succeeds(bench.issue(bench.pub(), *words, principals="a,b"))
        ask = json.loads(bench.asked("POST", "/v1/certs")[-1][2])
        expect_equal(ask["critical_options"],
                     {"force-command": "echo a,b=c", "source-address": "10.0.0.0/8"})
        expect_equal(ask["extensions"], {"permit-pty": "", "permit-agent-forwarding": ""})
        expect_equal(ask["principals"], ["a", "b"])
        succeeds(bench.issue(bench.pub("ecdsa256"), kind="host", principals="web1.example.com"))
        with open(bench.pub()) as file:
            done = bench.vouch("cert", "issue", "user", "-", "--principals", "a", "--out", "-", stdin=file.read())
        expect(succeeds(done).out.startswith("ssh-ed25519-cert-v01@openssh.com "), done)
    with tap.row("JSON of what was written has its path and serial"):
        shown = json.loads(succeeds(bench.issue(bench.pub(), "-o", "json")).out)
        expect_equal(shown["schema"], "vouch.cert/1")
        expect(shown["serial"].isdigit() and os.path.exists(shown["path"]), shown)
    with tap.row("what is there is not replaced without --force, and then nothing is asked"):
        pub = bench.pub()
        succeeds(bench.issue(pub))
        count = len(api.seen)
        fails(bench.issue(pub), CONFLICT, "V-1103", "--force")
        expect_equal(len(api.seen), count)
        succeeds(bench.issue(pub, "--force"))
    with tap.row("--dry-run shows the question and asks nothing"):
        pub, count = bench.pub(), len(api.seen)
        done = succeeds(bench.issue(pub, "-n", "--ttl", "8h"))
        expect_equal(json.loads(done.out)["ttl_s"], 28800)
        expect(len(api.seen) == count and not os.path.exists(pub[:-4] + "-cert.pub"))
    with tap.row("what no server may grant is refused before it is asked"):
        count = len(api.seen)
        weak = lab.join("weak")
        lab.must("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", weak)
        rows = (
            ([weak + ".pub"], {}, NO, "V-1206"),
            ([bench.pub()], {"principals": "a,a"}, NO, "V-1301"),
            ([bench.pub()], {"principals": "a b"}, NO, "V-1301"),
            ([bench.pub(), "--id", "a\nb"], {}, NO, "V-1301"),
            ([bench.pub(), "--option", "source-address=10.0.0.1/8"], {}, NO, "V-1301"),
            ([bench.pub(), "--option", "permit-pty"], {"kind": "host", "principals": "a.b"}, NO, "V-1301"),
            ([bench.pub(), "--option", "permit-ptty"], {}, USAGE, "V-1901"),
            ([bench.pub(), "--option", "force-command"], {}, USAGE, "V-1901"),
            ([bench.pub(), "--option", "permit-pty=1"], {}, USAGE, "V-1901"),
            ([bench.pub(), "--ttl", "0"], {}, USAGE, "V-1901"),
            ([bench.pub()], {"kind": "robot"}, USAGE, "V-1901"),
            ([bench.token], {}, NO, "V-1201"),
        )
        for words, how, status, code in rows:
            fails(bench.issue(*words, **how), status, code)
        expect_equal(len(api.seen), count)


# What a bad server grants in place of what was asked for.
BAD_GRANTS = (
    ("one more principal", {"principals": ["alice", "root"]}),
    ("another principal", {"principals": ["root"]}),
    ("one principal less", {"principals": ["alice"]}),
    ("another key ID", {"key_id": "someone"}),
    ("a longer time", {"ttl_s": 86400}),
    ("a shorter time", {"ttl_s": 60}),
    ("a host certificate", {"type": "host"}),
    ("no force-command", {"critical_options": {}}),
    ("another force-command", {"critical_options": {"force-command": "sh"}}),
    ("one more critical option", {"critical_options": {"force-command": "id", "source-address": "10.0.0.0/8"}}),
    ("one more extension", {"extensions": {"permit-pty": "", "permit-port-forwarding": ""}}),
    ("one extension less", {"extensions": {"permit-user-rc": ""}}),
)


def test_grants(tap, bench):
    lab, api = bench.lab, bench.api
    stranger = api.lab.key("ed25519") + ".pub"
    words = ["--ttl", "1h", "--id", "me", "--option", "force-command=id", "--option", "permit-pty"]

    def granting(make):
        def answer(handler):
            if handler.command != "POST":
                return False
            handler.reply(201, make(json.loads(handler.body)))
            return True

        return bench.answering("/v1/certs", answer)

    def refuses(name, make, principals="alice,bob", hint="something else"):
        with tap.row(f"C12: a certificate is not written if the server grants {name}"):
            pub = bench.pub()
            with granting(make):
                fails(bench.issue(pub, *words, principals=principals), NO, "V-1867", hint)
            expect(not os.path.exists(pub[:-4] + "-cert.pub"))

    with tap.row("the same answers, unchanged, are written"):
        with granting(lambda ask: api.describe(api.sign(ask))):
            succeeds(bench.issue(bench.pub(), *words, principals="alice,bob"))
    for name, changed in BAD_GRANTS:
        plain = {"critical_options": {}, "extensions": {}} if name == "a host certificate" else {}
        names = ["web1"] if plain else None

        def make(ask, changed=changed, plain=plain, names=names):
            ask = {**ask, **plain, **({"principals": names} if names else {})}
            return api.describe(api.sign(ask, **changed))

        refuses(name, make)
    with open(stranger) as file:
        line = " ".join(file.read().split()[:2])
    refuses("it for another key", lambda ask: api.describe(api.sign(ask, public_key=line)))
    refuses("it under another serial", lambda ask: {**api.describe(api.sign(ask)), "serial": "4711"})
    refuses("no certificate", lambda ask: {**api.describe(api.sign(ask)), "certificate": "nonsense"})
    refuses("nothing", lambda ask: {"schema": "vouch.cert/1", "serial": "1"})

    def flip(ask):
        made = api.describe(api.sign(ask))
        kind, text = made["certificate"].split()
        at = len(text) - 20
        return {**made, "certificate": f"{kind} {text[:at]}{'A' if text[at] != 'A' else 'B'}{text[at + 1:]}"}

    refuses("a signature that does not verify", flip)
    with tap.row("C12: a certificate by another CA than was noted down is not written"):
        own, api.ca = api.ca, lab.ca()
        try:
            fails(bench.issue(bench.pub(), principals="alice"), NO, "V-1867", "CA key")
        finally:
            api.ca = own
    with tap.row("an expired certificate is not written"):
        def late(handler):
            if handler.command != "POST":
                return False
            ask = json.loads(handler.body)
            done = lab.must_vouch("sign", "user", "--ca", api.ca, "--id", "x", "--principals", "alice", "--out",
                                  "-", "--valid", "-3h:-1h", "-", stdin=ask["public_key"] + "\n")
            handler.reply(201, api.describe(" ".join(done.out.split()[:2])))
            return True

        with bench.answering("/v1/certs", late):
            fails(bench.issue(bench.pub()), NO, "V-1867", "expired")


def test_answers(tap, bench):
    api = bench.api

    def answer(status, body, kind="application/json", headers=()):
        return lambda h: h.reply(status, body, kind, headers) or True

    with tap.row("a problem is told with the server's own code, words and field"):
        fails(bench.issue(bench.pub(), principals="root"), REFUSED, "V-1864", "principals", "no principal root")
        fails(bench.issue(bench.pub(), "--ttl", "30d"), NO, "V-1301", "ttl_s", "86400")
        fails(bench.vouch("cert", "show", "999"), NOT_FOUND, "V-1864", "999")
    with tap.row("a token that the server does not know is exit 4"):
        path = bench.lab.write("foreign", "vouch_" + "A" * 43)
        os.chmod(path, 0o600)
        fails(bench.vouch("cert", "ls", "--token-file", path), TOKEN, "V-1863", "not known")
        done = bench.vouch("server", "set", api.url, "--pin", api.pin, "--token-file", path)
        fails(done, TOKEN, "V-1863")
    with tap.row("codes of a newer server are shown, under the nearest of ours"):
        problem = {"code": "V-9999", "detail": "new \x1b[31mreason", "status": 403}
        with bench.answering("/v1/certs", answer(403, problem, "application/problem+json")):
            done = bench.vouch("cert", "ls")
        fails(done, REFUSED, "V-1864", "V-9999", "new")
        expect("\x1b" not in done.err, done)
    with tap.row("answers that are none are named as such"):
        rows = ((200, b"<html>"), (200, b""), (200, b"[]"), (200, {"schema": "vouch.other/1"}), (200, b'{"schema":'),
                (200, {"schema": "vouch.certs/1"}), (302, b""), (200, b'{"schema":"vouch.certs/1","schema":"x"}'))
        for status, body in rows:
            with bench.answering("/v1/certs", answer(status, body)):
                done = bench.vouch("cert", "ls", "-o", "json")
            expect_equal((done.status, FAULT.search(done.err).group(1)), (NO, "V-1865"), done)
        provoked.add("V-1865")
        with bench.answering("/v1/certs", answer(502, b"<h1>Bad gateway</h1>", "text/html")):
            fails(bench.vouch("cert", "ls"), LOCAL, "V-1866", "502")
    with tap.row("a busy server is asked again, and what must not be asked twice is not"):
        busy = {"code": "V-1866", "detail": "too much to do", "status": 503}
        later = [("Retry-After", "0")]
        refuse = answer(503, busy, "application/problem+json", later)
        with bench.answering("/v1/certs", [refuse, refuse, lambda h: False]):
            count = len(api.seen)
            succeeds(bench.vouch("cert", "ls"))
            expect_equal(len(api.seen) - count, 3)
        with bench.answering("/v1/revocations", refuse):
            count = len(api.seen)
            done = bench.vouch("cert", "revoke", "--serial", "1", "--reason", "x")
            fails(done, LOCAL, "V-1866", "too much to do")
            expect_equal(len(api.seen) - count, 1)
    with tap.row("a broken connection gives one certificate, not two: the second ask is the first one's"):
        def cut(handler):
            if handler.command == "POST":
                made = api.describe(api.sign(json.loads(handler.body)))
                api.keys[made["fingerprint"]] = json.loads(handler.body)["public_key"]
                api.once[handler.headers["Idempotency-Key"]] = made
                api.certs.append(made)
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
                return True
            return False

        count = len(api.certs)
        with bench.answering("/v1/certs", [cut, lambda h: False]):
            succeeds(bench.issue(bench.pub()))
        expect_equal(len(api.certs), count + 1)
        keys = {row[3]["Idempotency-Key"] for row in bench.asked("POST", "/v1/certs")[-2:]}
        expect_equal(len(keys), 1)
    with tap.row("a page that names itself as the next one does not go on for ever"):
        page = {"schema": "vouch.certs/1", "items": [], "next": "1"}
        with bench.answering("/v1/certs", answer(200, page)):
            done = bench.vouch("cert", "ls", "--limit", "0", "-o", "jsonl")
        expect_equal(FAULT.search(done.err).group(1), "V-1865", done)


def test_certs(tap, bench):
    lab, api = bench.lab, bench.api
    pub = bench.pub()
    succeeds(bench.issue(pub, "--id", "renewed", "--option", "permit-user-rc", "--option", "force-command=id"))
    cert = pub[:-4] + "-cert.pub"
    serial = json.loads(lab.must_vouch("cert", "show", "-o", "json", cert).out)["serial"]
    with tap.row("cert ls sends its conditions and prints every row"):
        done = succeeds(bench.vouch("cert", "ls", "--key-id", "a b&c", "--from", "-1d", "--type", "user",
                                    "--valid-at", "2026-11-22T10:00:00Z"))
        query = bench.asked("GET", "/v1/certs")[-1][1]
        expect("key_id=a%20b%26c" in query and "type=user" in query, query)
        expect("valid_at=2026-11-22T10%3A00%3A00Z" in query and "limit=100" in query, query)
        expect_equal(len(done.out.splitlines()), len(api.certs))
        rows = json.loads(bench.vouch("cert", "ls", "-o", "json").out)
        expect_equal((rows["schema"], rows["items"][0]["serial"]), ("vouch.certs/1", "1"))
        fails(bench.vouch("cert", "ls", "--serial", "x"), USAGE, "V-1901", "--serial")
        fails(bench.vouch("cert", "ls", "--from", "noon"), USAGE, "V-1901", "--from")
    with tap.row("cert show SERIAL shows the certificate and what the server knows of it"):
        done = succeeds(bench.vouch("cert", "show", serial))
        expect('Key ID: "renewed"' in done.out and "Issued to: token:test" in done.out, done)
        line = succeeds(bench.vouch("cert", "show", "--line", serial)).out
        expect_equal(line.split()[1], open(cert).read().split()[1])
        shown = json.loads(succeeds(bench.vouch("cert", "show", "-o", "json", serial)).out)
        expect_equal((shown["serial"], shown["revoked"]), (serial, None))
    with tap.row("renewing replaces the certificate by one that says the same"):
        before = json.loads(lab.must_vouch("cert", "show", "-o", "json", cert).out)
        succeeds(bench.vouch("cert", "renew", cert))
        after = json.loads(lab.must_vouch("cert", "show", "-o", "json", cert).out)
        expect(int(after["serial"]) > int(before["serial"]), after)
        for member in ("key_id", "principals", "critical_options", "extensions", "key_fingerprint"):
            expect_equal(after[member], before[member], member)
        done = succeeds(bench.vouch("cert", "renew", serial, "--out", lab.join("r-cert.pub")))
        expect(os.path.exists(done.out.strip()), done)
        fails(bench.vouch("cert", "renew", serial), USAGE, "V-1901", "--out")
        before = open(cert).read()
        succeeds(bench.vouch("cert", "renew", cert, "-n"))
        expect_equal(open(cert).read(), before)
    with tap.row("C12: a renewed certificate that says anything else leaves the old one"):
        serial = after["serial"]
        old = api.describe(" ".join(before.split()[:2]))
        for changed in ({"principals": ["alice", "root"]}, {"key_id": "other"}, {"critical_options": {}}):
            def widen(handler, changed=changed):
                handler.reply(201, api.renewed(old, **changed))
                return True

            with bench.answering(f"/v1/certs/{serial}/renew", widen):
                fails(bench.vouch("cert", "renew", cert), NO, "V-1867")
            expect_equal(open(cert).read(), before)
    with tap.row("revoking says exactly one thing, with a reason"):
        for words in ([], ["--serial", "1", "--key-id", "x"], ["--serial", "x"]):
            fails(bench.vouch("cert", "revoke", *words, "--reason", "r"), USAGE, "V-1901")
        fails(bench.vouch("cert", "revoke", "--serial", "1"), USAGE, "V-1901", "--reason")
        fails(bench.vouch("cert", "revoke", "--ca", api.path("user_ca.pub"), "--reason", "r"), USAGE, "V-1901",
              "--yes")
        count = len(api.revocations)
        done = succeeds(bench.vouch("cert", "revoke", "--ca", api.path("user_ca.pub"), "--reason", "r", "-n"))
        expect_equal(json.loads(done.out)["ca"], api.fingerprint(api.line("user_ca")))
        expect_equal(len(api.revocations), count)
        shown = json.loads(succeeds(bench.vouch("cert", "revoke", "--serial", "1", "--reason", "lost", "-o",
                                                "json")).out)
        expect_equal((shown["kind"], shown["value"], shown["reason"]), ("serial", "1", "lost"))
        succeeds(bench.vouch("cert", "revoke", "--key", pub, "--reason", "copied"))
        ask = json.loads(bench.asked("POST", "/v1/revocations")[-1][2])
        expect_equal(ask["public_key"].split()[1], open(pub).read().split()[1])
        expect("lost" in succeeds(bench.vouch("krl", "revocations")).out)


# --- revocation lists


def test_krl(tap, bench):
    lab, api = bench.lab, bench.api
    out = lab.join("fetched.krl")

    def fetch(*more, use="user", **how):
        return bench.vouch("krl", "fetch", use, "--out", out, *more, **how)

    with tap.row("a list is fetched, proven, and put in place; again it is the newest already"):
        done = succeeds(fetch("-o", "json"))
        version = api.krls["user"][0]
        shown = json.loads(done.out)
        expect_equal((shown["version"], shown["changed"]), (str(version), True))
        expect_equal(open(out, "rb").read(), api.krls["user"][1])
        expect_equal(stat.S_IMODE(os.stat(out).st_mode), 0o644)
        expect_equal(json.loads(succeeds(fetch("-o", "json")).out)["changed"], False)
    whole = api.krls["user"]
    with tap.row("--dry-run proves it and writes nothing"):
        other = lab.join("dry.krl")
        succeeds(bench.vouch("krl", "fetch", "host", "--out", other, "-n"))
        expect(not os.path.exists(other))

    def kept(name, krl, *hints, code="V-1868"):
        with tap.row(f"the old list stays if {name}"):
            before = open(out, "rb").read()
            api.krls["user"] = krl
            try:
                fails(fetch(), NO, code, *hints)
            finally:
                api.krls["user"] = whole
            expect_equal(open(out, "rb").read(), before)

    version = whole[0] + 1
    new = api.make_krl("user", version)
    stranger = lab.key("ed25519")
    kept("the version falls", api.make_krl("user", version - 2), "never goes back")
    with tap.row("the old list stays if another one has the same version"):
        before = open(out, "rb").read()
        twin = api.make_krl("user", version - 1, more=["--serial", "5"])
        api.krls["user"] = twin
        with bench.answering("/v1/krls/user", lambda h: h.reply(200, twin[1], "application/octet-stream") or True):
            fails(fetch(), NO, "V-1868", "another list of the same number")
        api.krls["user"] = whole
        expect_equal(open(out, "rb").read(), before)
    kept("another key signed the envelope", api.make_krl("user", version, signed_by=stranger), "another key")
    kept("a CA key signed the envelope", api.make_krl("user", version, signed_by="user_ca"), "another key")
    kept("the list is another one", (version, api.krls["host"][1], new[2]), "envelope speaks of")
    kept("the list is cut", (version, new[1][:-1], new[2]), "envelope speaks of")
    kept("the envelope is cut", (version, new[1], new[2][:-60]))
    kept("there is no envelope", (version, new[1], b""))
    kept("the envelope is for the other CA", (version, *api.make_krl("host", version)[1:]), "another list")
    kept("the statement says another use", api.make_krl("user", version, use="host"), "another list")
    kept("the statement says another version", api.make_krl("user", version, version=str(version + 5)), "version")
    kept("the statement has no version", api.make_krl("user", version, version=""), "version")
    kept("the statement has a bad hash", api.make_krl("user", version, sha256="00"), "sha256")
    flipped = new[2].replace(b"length ", b"length 1", 1)
    kept("a byte of the statement was changed", (version, new[1], flipped), "signature")
    with tap.row("every other byte of an envelope matters"):
        before = open(out, "rb").read()
        for at in range(0, new[2].index(b"-----BEGIN"), 7):
            bad = bytearray(new[2])
            bad[at] ^= 1
            api.krls["user"] = (version, new[1], bytes(bad))
            done = fetch()
            expect(done.status == NO and "V-1868" in done.err, at, done)
        api.krls["user"] = whole
        expect_equal(open(out, "rb").read(), before)
    with tap.row("a list that replaces the one of its envelope meanwhile is fetched again"):
        state = {"first": True}

        def race(handler):
            if state.pop("first", False):
                handler.reply(200, whole[2], "text/plain")
                return True
            return False

        api.krls["user"] = new
        with bench.answering("/v1/krls/user/envelope", race):
            succeeds(fetch())
        expect_equal(open(out, "rb").read(), new[1])
    with tap.row("--wait waits for a newer list, and gives up in time"):
        begun = time.monotonic()
        done = succeeds(fetch("--wait", "1s", "-o", "json"))
        expect(not json.loads(done.out)["changed"] and 0.8 < time.monotonic() - begun < 8, done)
        newer = api.make_krl("user", version + 1)

        def publish():
            time.sleep(0.5)
            api.krls["user"] = newer

        thread = threading.Thread(target=publish)
        thread.start()
        done = succeeds(fetch("--wait", "20s", "-o", "json"))
        thread.join()
        expect_equal(json.loads(done.out)["version"], str(version + 1))
    with tap.row("a broken list on the host is replaced, since it locks everybody out"):
        with open(out, "wb") as file:
            file.write(b"garbage\n")
        expect("replaced" in succeeds(fetch()).err)
        expect_equal(open(out, "rb").read(), newer[1])
    with tap.row("without a key that was noted down nothing proves a list"):
        where = ["--server", f"https://localhost:{api.port}", "--ca-file", api.cert]
        fails(fetch(*where), NO, "V-1868", "--checkpoint-key")
        succeeds(fetch(*where, "--checkpoint-key", api.path("checkpoint_key.pub")))
        fails(fetch(*where, "--checkpoint-key", api.path("user_ca.pub")), NO, "V-1868")
        succeeds(fetch("--local", api.folder))
    with tap.row("wrong use is named"):
        fails(fetch(use="robot"), USAGE, "V-1901", "user")
        fails(fetch("--wait", "ever"), USAGE, "V-1901", "--wait")


# --- tokens, profiles, events


def test_administration(tap, bench):
    lab, api = bench.lab, bench.api
    with tap.row("a new token's secret is the one line of standard output, or a file of its owner's"):
        done = succeeds(bench.vouch("token", "new", "ci", "--scope", "cert:issue,cert:read", "--scope", "metrics",
                                    "--profile", "p", "--ttl", "1d"))
        expect_equal(done.out, api.token + "\n")
        ask = json.loads(bench.asked("POST", "/v1/tokens")[-1][2])
        expect_equal(ask, {"name": "ci", "scopes": ["cert:issue", "cert:read", "metrics"], "profile": "p",
                           "ttl_s": 86400})
        path = lab.join("new.token")
        done = succeeds(bench.vouch("token", "new", "two", "--scope", "admin", "--out", path))
        expect(api.token not in done.out + done.err, done)
        expect_equal(open(path).read(), api.token + "\n")
        expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        fails(bench.vouch("token", "new", "three", "--scope", "admin", "--out", path), CONFLICT, "V-1103")
        expect("three" not in api.tokens)
        shown = json.loads(succeeds(bench.vouch("token", "new", "four", "--scope", "admin", "-o", "json")).out)
        expect_equal((shown["name"], shown["secret"]), ("four", api.token))
    with tap.row("tokens are listed without secrets, and disabled"):
        done = succeeds(bench.vouch("token", "ls", "-o", "json"))
        expect_equal([t["name"] for t in json.loads(done.out)["items"]], ["ci", "two", "four"])
        expect(api.token not in done.out)
        succeeds(bench.vouch("token", "disable", "ci", "-n"))
        expect(api.tokens["ci"]["disabled"] is None)
        succeeds(bench.vouch("token", "disable", "ci"))
        expect(api.tokens["ci"]["disabled"])
        fails(bench.vouch("token", "disable", "nobody"), NOT_FOUND, "V-1864", "nobody")
        fails(bench.vouch("token", "new", "two", "--scope", "admin"), CONFLICT, "V-1864", "name")
    with tap.row("names go into the path as one segment, whatever they hold"):
        fails(bench.vouch("token", "disable", "../certs/1?x#y"), NOT_FOUND, "V-1864")
        expect("/v1/tokens/..%2Fcerts%2F1%3Fx%23y" == api.seen[-1][1], api.seen[-1][1])
    with tap.row("profiles are made, shown, listed and removed"):
        words = ["--type", "user", "--principals", "a,b*", "--option", "source-address=10.0.0.0/8,fe80::/10",
                 "--option", "permit-pty", "--ttl-max", "8h"]
        succeeds(bench.vouch("profile", "put", "ops", *words, "-n"))
        expect("ops" not in api.profiles)
        succeeds(bench.vouch("profile", "put", "ops", *words))
        ask = json.loads(bench.asked("PUT", "/v1/profiles/ops")[-1][2])
        expect_equal(ask, {"type": "user", "principals": ["a", "b*"], "ttl_max_s": 28800,
                           "options": ["source-address=10.0.0.0/8,fe80::/10", "permit-pty"]})
        expect("28800" in succeeds(bench.vouch("profile", "show", "ops")).out)
        expect_equal(succeeds(bench.vouch("profile", "ls", "-o", "name")).out, "ops\n")
        succeeds(bench.vouch("profile", "rm", "ops", "-n"))
        succeeds(bench.vouch("profile", "rm", "ops"))
        fails(bench.vouch("profile", "show", "ops"), NOT_FOUND, "V-1864")
        fails(bench.vouch("profile", "put", "x", "--type", "robot", *words[2:]), USAGE, "V-1901", "--type")
    with tap.row("events are listed page by page, as many as asked for"):
        for limit, count in ((None, 100), ("3", 3), ("250", 250), ("0", 450)):
            words = ["--limit", limit] if limit else []
            done = succeeds(bench.vouch("audit", "ls", *words))
            expect_equal(len(done.out.splitlines()), count)
            expect(("there are more" in done.err) == (count < 450), done)
        rows = json.loads(bench.vouch("audit", "ls", "--limit", "2", "-o", "json").out)["items"]
        expect_equal([r["details"] for r in rows], [{"scopes": "admin"}] * 2)
        succeeds(bench.vouch("audit", "ls", "--type", "token.new", "--actor", "a", "--object", "o"))
        expect("type=token.new" in api.seen[-1][1], api.seen[-1][1])


# --- the ledger over the network


def test_ledger(tap, bench):
    lab, api = bench.lab, bench.api
    temp = lab.folder("temp")
    env = dict(lab.env, TMPDIR=temp)

    def verify(*more):
        return bench.vouch("ledger", "verify", *more, env=env)

    with tap.row("the server's ledger is proven over the network, by the key that was noted down"):
        done = succeeds(verify("-o", "json"))
        shown = json.loads(done.out)
        here = json.loads(lab.must_vouch("ledger", "verify", api.ca, "-o", "json").out)
        for member in ("verdict", "size", "root", "certs", "origin"):
            expect_equal(shown[member], here[member], member)
        expect("noted down" in done.err, done)
        expect_equal(os.listdir(temp), [])
    with tap.row("a ledger of several bundles too, and certificates are looked for in it"):
        pubs = [bench.pub() for _ in range(3)]
        many = lab.folder("many")
        for number in range(600):
            shutil.copy(pubs[0], os.path.join(many, f"{number}.pub"))
        names = [os.path.join(many, n) for n in sorted(os.listdir(many))]
        lab.must_vouch("sign", "user", "--ca", api.ca, "--id", "m", "--principals", "m", "-q", *names)
        done = succeeds(verify("--cert", names[5][:-4] + "-cert.pub"))
        expect("proven" in done.err and "1 certificates were looked for" in done.err, done)
        succeeds(bench.issue(pubs[1]))
        stranger = lab.ca()
        lab.must_vouch("sign", "user", "--ca", stranger, "--id", "s", "--principals", "s", pubs[2])
        done = verify("--cert", pubs[2][:-4] + "-cert.pub")
        expect(done.status == NO and "inclusion" in done.out, done)
    entries = "/v1/ledger/tile/entries/000"

    def alter(change):
        def answer(handler):
            original = handler.reply
            handler.reply = lambda status, body, *more: original(status, change(body), *more)
            return False

        return answer

    flip = alter(lambda body: body[:40] + bytes([body[40] ^ 1]) + body[41:])
    for name, path in (("a record", entries), ("a hash tile", "/v1/ledger/tile/0/000"),
                       ("the checkpoint's root", None)):
        with tap.row(f"a server that alters {name} is found out"):
            if path is None:
                text = api.read("ledger", "checkpoint").decode().split("\n")
                text[2] = "A" * 43 + "="
                with bench.answering("/v1/ledger/checkpoint",
                                     lambda h, t=text: h.reply(200, "\n".join(t).encode()) or True):
                    done = verify()
            else:
                with bench.answering(path, flip):
                    done = verify()
            expect(done.status == NO and "not proven" in done.err, done)
            expect_equal(os.listdir(temp), [])
    with tap.row("a part that is gone because the ledger grew is looked for at its new edge"):
        gone = [lambda h: h.problem(404, "V-1864", "gone") or True]
        size = int(api.read("ledger", "checkpoint").decode().split("\n")[1])
        path = f"{entries[:-3]}{size // 256:03}.p/{size % 256}"
        count = len(bench.asked("GET", "/v1/ledger/checkpoint"))
        with bench.answering(path, gone + [lambda h: False]):
            succeeds(verify())
        expect_equal(len(bench.asked("GET", "/v1/ledger/checkpoint")) - count, 2)
    with tap.row("what was cut from the ledger after an older checkpoint is found out"):
        old = lab.write("old", api.read("ledger", "checkpoint"))
        succeeds(verify("--checkpoint", old))
    with tap.row("what cannot be fetched is neither yes nor no"):
        fails(verify("--server", "https://127.0.0.1:1"), UNREACHABLE, "V-1861")
        where = ["--server", f"https://localhost:{api.port}", "--ca-file", api.cert]
        fails(verify(*where), TOKEN, "V-1871")
        with bench.answering("/v1/ledger/checkpoint", lambda h: h.reply(200, b"none") or True):
            fails(verify(), USAGE, "V-1865", "checkpoint")
        fails(verify(api.ca, "--server", api.url), USAGE, "V-1901", "exclude")
        expect_equal(os.listdir(temp), [])


# --- backups

APPLICATION_ID = 0x56636866  # of our databases


def make_server(lab, name):
    """A server's folder, as it lies there when the server has stopped."""
    path = lab.folder(name)
    source = lab.ca()
    for folder in ("signer", "db", "identity", "tls", "run"):
        lab.folder(f"{name}/{folder}")
    with open(os.path.join(path, "identity", "seal.key"), "wb") as file:
        file.write(os.urandom(32))
    os.chmod(os.path.join(path, "identity", "seal.key"), 0o600)
    for key in ("user_ca", "host_ca", "checkpoint_key"):
        shutil.move(os.path.join(source, key), os.path.join(path, "signer", key))
    shutil.move(os.path.join(source, "ledger"), os.path.join(path, "ledger"))
    lab.write(f"{name}/vouchd.yaml", "name: ca.example.com\n")
    lab.write(f"{name}/signer/state", "epoch 1\n")
    lab.write(f"{name}/signer/keys", "vouch-keys/1\n")
    lab.write(f"{name}/signer/user_ca-0123abcd", "the next one")
    lab.write(f"{name}/tls/key.pem", "secret")
    os.chmod(os.path.join(path, "tls", "key.pem"), 0o600)
    database = sqlite3.connect(os.path.join(path, "db", "vouch.db"))
    schemas = os.path.join(lab.source, "src", "store", "schema")
    names = sorted(n for n in os.listdir(schemas) if n.endswith(".sql"))
    for schema in names:
        with open(os.path.join(schemas, schema)) as file:
            database.executescript(file.read())
    database.executescript(f"PRAGMA user_version={len(names)}; PRAGMA application_id={APPLICATION_ID};"
                           "PRAGMA journal_mode=wal;")
    database.commit()
    return path, database


def files_of(path):
    found = {}
    for folder, _, names in os.walk(path):
        for name in names:
            full = os.path.join(folder, name)
            with open(full, "rb") as file:
                found[os.path.relpath(full, path)] = (stat.S_IMODE(os.stat(full).st_mode), file.read())
    return found


def test_backup(tap, bench):
    lab = bench.lab
    server, database = make_server(lab, "service")
    backup = lab.join("backup")
    with tap.row("a backup is made of a folder in use, holds everything, and is closed to others"):
        before = files_of(server)
        succeeds(bench.vouch("backup", "new", server, "--out", backup, "-n"))
        expect(not os.path.exists(backup))
        shown = json.loads(succeeds(bench.vouch("backup", "new", server, "--out", backup, "-o", "json")).out)
        expect_equal((shown["schema"], shown["records"]), ("vouch.backup/1", "3"))
        held = files_of(backup)
        wanted = {n for n in before if not n.endswith(("-wal", "-shm"))} | {"MANIFEST"}
        expect_equal(set(held), wanted)
        expect_equal({mode & 0o077 for mode, _ in held.values()}, {0})
        for name in ("signer/user_ca", "signer/keys", "signer/user_ca-0123abcd", "tls/key.pem", "vouchd.yaml",
                     "ledger/checkpoint", "identity/seal.key"):
            expect_equal(held[name][1], before[name][1], name)
        expect_equal({n: v for n, v in files_of(server).items() if n in wanted},
                     {n: v for n, v in before.items() if n in wanted})
    with tap.row("a backup proves itself, as often as asked"):
        for _ in range(2):
            expect("whole" in succeeds(bench.vouch("backup", "verify", backup)).err)
        expect_equal(set(files_of(backup)), set(held))
        expect_equal(os.listdir(os.path.join(backup, "run")), [])

    def spoiled(name, change, *hints):
        with tap.row(f"a backup is not whole if {name}"):
            copy = lab.fresh("spoiled")
            shutil.copytree(backup, copy)
            change(copy)
            done = bench.vouch("backup", "verify", copy)
            fails(done, NO, "V-1869", *hints)
            target = lab.fresh("target")
            fails(bench.vouch("backup", "restore", copy, target), NO, "V-1869")
            expect(not os.path.exists(target) and not [n for n in os.listdir(lab.path) if "restore-" in n])

    def write(name, text):
        def change(copy):
            with open(os.path.join(copy, name), "ab") as file:
                file.write(text)

        return change

    def manifest(change):
        def alter(copy):
            path = os.path.join(copy, "MANIFEST")
            text = open(path).read()
            with open(path, "w") as file:
                file.write(change(text))

        return alter

    for name in ("signer/user_ca", "ledger/records", "db/vouch.db", "tls/key.pem", "ledger/checkpoint"):
        spoiled(f"{name} was changed", write(name, b"x"), name, "not as it was")
    spoiled("a file is missing", lambda c: os.unlink(os.path.join(c, "signer/host_ca")), "host_ca", "missing")
    spoiled("a file was added", write("signer/extra", b"x"), "extra", "not in the list")
    spoiled("its list is cut", manifest(lambda t: t[: len(t) // 2]), "MANIFEST")
    spoiled("its list lost its end", manifest(lambda t: t.replace("end\n", "")), "MANIFEST")
    spoiled("a line of its list is gone", manifest(lambda t: re.sub(r"file [^\n]* signer/user_ca\n", "", t)))
    spoiled("its list climbs out", manifest(lambda t: t.replace(" vouchd.yaml", " ../vouchd.yaml")), "MANIFEST")
    spoiled("its list has another first line", manifest(lambda t: "x" + t), "MANIFEST:1")
    with tap.row("a backup under which the CA keys changed is none"):
        if shutil.which("strace") is None:
            raise Skip("strace is not installed")
        copy = lab.join("changed")
        # the ledger is copied last: the list of keys, read before, changes as it is opened
        records = os.path.join(server, "ledger", "records")
        slow = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", "-P", records, "-e", "inject=openat:delay_enter=3000000:when=1",
             lab.vouch_path, "backup", "new", server, "--out", copy], stderr=subprocess.PIPE, text=True)
        wait_for(lambda: os.path.exists(os.path.join(copy, "db", "vouch.db")) or slow.poll() is not None,
                 "the copy of the database")
        with open(os.path.join(server, "signer", "keys"), "a") as file:
            file.write("ledger 17\n")
        _, said = slow.communicate(timeout=60)
        expect(slow.returncode != 0 and "V-1869" in said and "signer/keys" in said, said)
        expect(not os.path.exists(copy))
    with tap.row("a ledger that was cut to an older state does not go with the database"):
        database.execute("UPDATE meta SET position = 3")
        database.commit()
        lab.must_vouch("backup", "new", server, "--out", lab.join("b3"))
        database.execute("UPDATE meta SET position = 99")
        database.commit()
        fails(bench.vouch("backup", "new", server, "--out", lab.join("b4")), NOT_FOUND, "V-1502", "checkpoint")
        expect(not os.path.exists(lab.join("b4")))
        database.execute("UPDATE meta SET position = 3")
        database.commit()
    with tap.row("a backup without the key of identity is whole only if nobody has a second factor"):
        key = os.path.join(server, "identity", "seal.key")
        os.rename(key, lab.join("seal.key"))
        lab.must_vouch("backup", "new", server, "--out", lab.join("b7"))
        lab.must_vouch("backup", "verify", lab.join("b7"))
        database.execute("INSERT INTO accounts (name, created_s, signed_in_s) VALUES (x'61', 1, 0)")
        database.execute("INSERT INTO credentials (account, method, stored, step, remaining)"
                         " SELECT id, 3, x'01', 0, 1 FROM accounts")
        database.commit()
        lab.must_vouch("backup", "new", server, "--out", lab.join("b8"))
        fails(bench.vouch("backup", "verify", lab.join("b8")), NO, "V-1869", "identity/seal.key", "second factors")
        os.rename(lab.join("seal.key"), key)
        lab.must_vouch("backup", "new", server, "--out", lab.join("b9"))
        lab.must_vouch("backup", "verify", lab.join("b9"))
        database.execute("DELETE FROM credentials")
        database.execute("DELETE FROM accounts")
        database.commit()
    with tap.row("a backup is restored with every file, mode and owner, and never over anything"):
        target = lab.join("restored")
        succeeds(bench.vouch("backup", "restore", backup, target, "-n"))
        expect(not os.path.exists(target))
        done = succeeds(bench.vouch("backup", "restore", backup, target))
        expect("new epoch" in done.err, done)
        now = files_of(target)
        expect_equal(set(now), set(held) - {"MANIFEST"})
        for name, (mode, content) in now.items():
            expect_equal(mode, before[name][0], name)
            expect_equal(content, held[name][1], name)
        succeeds(bench.vouch("ledger", "verify", target))
        fails(bench.vouch("backup", "restore", backup, target), CONFLICT, "V-1103", "mv ")
        expect_equal(files_of(target), now)
        lab.folder("void")
        succeeds(bench.vouch("backup", "restore", backup, lab.join("void")))
    with tap.row("nothing is restored under a server that runs"):
        busy = lab.folder("busy")
        lab.folder("busy/run")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(busy, "run", "admin.sock"))
            listener.listen()
            fails(bench.vouch("backup", "restore", backup, busy), CONFLICT, "V-1870", "Stop it first")
    with tap.row("what is no server's folder, no backup, or in the way is named"):
        fails(bench.vouch("backup", "new", lab.folder("empty"), "--out", lab.join("b5")), NOT_FOUND, "V-1101",
              "vouchd init")
        fails(bench.vouch("backup", "new", server, "--out", backup), CONFLICT, "V-1103")
        fails(bench.vouch("backup", "verify", lab.folder("empty")), NOT_FOUND, "V-1869", "MANIFEST")
        fails(bench.vouch("backup", "restore", lab.join("nothing"), lab.join("b6")), NOT_FOUND, "V-1869")
    database.close()


# --- against the real service


class Real:
    """A running vouchd, and a home of its own whose settings name it."""

    def __init__(self, lab):
        self.lab, self.vouchd = lab, find_vouchd()
        if self.vouchd is None:
            raise Skip("vouchd was not built")
        self.service = Service(lab.join("real"), self.vouchd, lab.vouch_path, lab.env)
        lab.stack.callback(self.service.kill)
        self.pin = re.search(r"sha256:\S+", self.service.init().stdout).group(0)
        self.service.start()
        self.env = dict(lab.env, HOME=lab.folder("home-real"))
        self.token = lab.join("real.token")

    def vouch(self, *words):
        return self.lab.vouch(*words, env=self.env)

    def must(self, *words):
        return succeeds(self.vouch(*words))

    def local(self, *words):
        return self.must("--local", self.service.folder, *words)

    def serials(self):
        rows = json.loads(self.must("cert", "ls", "--limit", "0", "-o", "json").out)["items"]
        return [row["serial"] for row in rows]


def test_real(tap, lab):
    real = None
    with tap.row("vouchd: a profile and a token are made on its machine, and the server is met by its pin"):
        real = Real(lab)
        real.local("profile", "put", "ops", "--type", "user", "--principals", "app,web-*", "--option", "permit-pty",
                   "--option", "force-command=*", "--ttl-max", "8h")
        real.local("profile", "put", "hosts", "--type", "host", "--principals", "*.example.com", "--ttl-max", "30d")
        real.local("token", "new", "ops", "--scope", "cert:issue,cert:read,cert:revoke,audit:read", "--profile", "ops",
                   "--out", real.token)
        real.local("token", "new", "hosts", "--scope", "cert:issue", "--profile", "hosts", "--out",
                   lab.join("hosts.token"))
        url = f"https://{real.service.address}"
        real.must("server", "set", url, "--pin", real.pin, "--token-file", real.token)
    if real is None or real.service.process is None:
        return
    pub = lab.key("ed25519") + ".pub"
    cert = pub[:-4] + "-cert.pub"
    with tap.row("vouchd: certificates are issued, shown, renewed, and refused beyond the profile"):
        real.must("cert", "issue", "user", pub, "--principals", "app,web-1", "--ttl", "1h", "--id", "me",
                  "--option", "force-command=id", "--option", "permit-pty")
        real.must("cert", "renew", cert)
        serial = json.loads(real.must("cert", "show", "-o", "json", cert).out)["serial"]
        expect('Key ID: "me"' in real.must("cert", "show", serial).out)
        expect(serial in real.serials())
        real.must("cert", "issue", "host", lab.key("ecdsa256") + ".pub", "--principals", "web1.example.com",
                  "--token-file", lab.join("hosts.token"))
        other = lab.key("ed25519") + ".pub"
        expect_equal(real.vouch("cert", "issue", "user", other, "--principals", "root").status, REFUSED)
        expect_equal(real.vouch("cert", "issue", "user", other, "--principals", "app", "--ttl", "9h").status, REFUSED)
        expect_equal(real.vouch("token", "ls").status, REFUSED)
        expect_equal(real.vouch("cert", "show", "4711").status, NOT_FOUND)
    with tap.row("vouchd: what is revoked is in the list that is fetched and proven next"):
        krl = lab.join("real.krl")
        real.must("krl", "fetch", "user", "--out", krl)
        succeeds(real.vouch("krl", "check", krl, cert))
        real.must("cert", "revoke", "--serial", serial, "--reason", "lost")
        real.must("krl", "fetch", "user", "--out", krl, "--wait", "20s")
        expect_equal(real.vouch("krl", "check", krl, cert).status, NO)
        expect("lost" in real.must("krl", "revocations").out)
        expect("cert.revoke" in real.must("audit", "ls", "--type", "cert.revoke").out)
    with tap.row("vouchd: its ledger is proven over the network"):
        expect("proven" in real.must("ledger", "verify").err)
    backup, again = lab.join("real-backup"), lab.join("real-again")
    with tap.row("vouchd: a backup is made and proven while certificates are being issued"):
        pubs = [lab.key("ed25519") + ".pub" for _ in range(12)]
        worker = threading.Thread(target=lambda: [
            real.vouch("cert", "issue", "user", p, "--principals", "app", "-q") for p in pubs])
        worker.start()
        try:
            real.must("backup", "new", real.service.folder, "--out", backup)
        finally:
            worker.join()
        real.must("backup", "verify", backup)
        fails(real.vouch("backup", "restore", backup, real.service.folder), CONFLICT, "V-1870")
    with tap.row("vouchd: a restored server goes on in a new epoch, and gives no serial twice"):
        given = set(real.serials())
        expect_equal(real.service.stop(), 0)
        real.must("backup", "restore", backup, again)
        port, real.service = real.service.port, Service(again, real.vouchd, lab.vouch_path, lab.env)
        real.service.port = port
        lab.stack.callback(real.service.kill)
        real.service.start()
        fresh = [lab.key("ed25519") + ".pub" for _ in range(3)]
        for one in fresh:
            out = real.must("cert", "issue", "user", one, "--principals", "app", "-o", "json").out
            expect(json.loads(out)["serial"] not in given, out)
        epochs = json.loads(real.must("audit", "ls", "--type", "signer.epoch", "-o", "json").out)["items"]
        expect("restored" in [e["details"].get("reason") for e in epochs], epochs)
        expect("proven" in real.must("ledger", "verify").err)
        expect_equal(real.service.stop(), 0)


# --- completions


def test_completions(tap, bench):
    dump = [line.split("\t") for line in bench.lab.must_vouch("help", "--dump").out.splitlines()]
    commands = sorted({row[0] for row in dump if " " in row[0]})
    script = os.path.join(bench.lab.source, "dist", "completions", "vouch.bash")

    def complete(*words):
        """What bash offers for the last of the words."""
        text = " ".join(f"'{w}'" for w in words)
        program = (
            f'PATH="{os.path.dirname(bench.lab.vouch_path)}:$PATH"; compopt() {{ :; }}; source "{script}"; '
            f"COMP_WORDS=({text}); COMP_CWORD={len(words) - 1}; _vouch; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        )
        return set(bench.lab.must("bash", "-c", program).out.split())

    nouns = {c.split()[1] for c in commands}
    with tap.row("bash completes every noun and every verb"):
        expect_equal(nouns - complete("vouch", ""), set())
        for noun in nouns:
            verbs = {c.split()[2] for c in commands if c.split()[1] == noun and len(c.split()) > 2}
            if verbs:
                expect_equal(complete("vouch", noun, ""), verbs, noun)
    with tap.row("bash completes every option of every command"):
        for command in commands:
            words = command.split()
            verbs = [c for c in commands if c.startswith(f"vouch {words[1]} ")]
            if words[1] in ("keygen", "help") or (len(words) < 3 and verbs):
                continue  # there the second word is no option
            wanted = {row[1] for row in dump if row[0] == command and len(row) > 1 and row[1].startswith("--")}
            expect_equal(wanted - complete(*words, "--"), set(), command)
    with tap.row("zsh and fish name every noun with its verbs"):
        for name in ("_vouch", "vouch.fish"):
            with open(os.path.join(bench.lab.source, "dist", "completions", name)) as file:
                text = file.read()
            for noun in nouns - {"keygen", "help", "version"}:
                verbs = [c.split()[2] for c in commands if c.split()[1] == noun and len(c.split()) > 2]
                if not verbs:
                    expect(re.search(rf"\b{noun}\b", text), name, noun)
                    continue
                pattern = rf"\b{noun}'? +(?:-f -a )?'([a-z -]+)'"
                found = [set(match.split()) for match in re.findall(pattern, text)]
                expect(set(verbs) in found, name, noun, found)


def main():
    tap = Tap()
    with Lab("ssh-keygen", "openssl") as lab:
        bench = Bench(lab)
        for test in (
            test_trust, test_server, test_issue, test_grants, test_answers, test_certs, test_krl, test_administration,
            test_ledger, test_backup, test_completions,
        ):
            test(tap, bench)
        test_real(tap, lab)
        with tap.row("every code of the client was provoked"):
            codes = lab.must_vouch("help", "--dump-codes").out.split()
            expect_equal({c for c in codes if "V-1860" <= c <= "V-1870"} - provoked, set())
    tap.done()


if __name__ == "__main__":
    main()
