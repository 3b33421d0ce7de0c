#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The API of a real vouchd, end to end: every resource as a stranger, a token and the owner meet it; and
what it issues before a real sshd and ssh, until a revocation that is served reaches them.
"""

import base64
import concurrent.futures
import contextlib
import hashlib
import http.client
import json
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sshwire
from guest import Guest, utc
from lab import Lab, wait_for
from schema import Document
from service import ALL_SCOPES, NAME, Service, ask, find_vouchd
from sshd import USER, Sshd, expect_in, expect_out
from tap import Tap, expect, expect_equal, skip_all

PROBLEM = "application/problem+json"
CODE = re.compile(r"V-\d{4}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
PUBLIC = (
    "/v1/ca", "/v1/ca/user.pub", "/v1/ca/host.pub", "/v1/ca/checkpoint.pub", "/v1/trust", "/v1/krls/user",
    "/v1/krls/host", "/v1/krls/user/envelope", "/v1/krls/host/envelope", "/v1/ledger/checkpoint",
    "/v1/openapi.json", "/healthz", "/readyz",
)
CLOSED = (
    ("POST", "/v1/certs"), ("GET", "/v1/certs"), ("GET", "/v1/certs/1"), ("POST", "/v1/certs/1/renew"),
    ("POST", "/v1/revocations"), ("GET", "/v1/revocations"), ("GET", "/v1/ledger/tile/entries/000"),
    ("POST", "/v1/tokens"), ("GET", "/v1/tokens"), ("DELETE", "/v1/tokens/x"),
    ("PUT", "/v1/profiles/x"), ("GET", "/v1/profiles"), ("GET", "/v1/profiles/x"),
    ("DELETE", "/v1/profiles/x"), ("GET", "/v1/audit"), ("GET", "/v1/status"), ("GET", "/metrics"),
    ("POST", "/v1/host-tokens"), ("GET", "/v1/host-tokens"), ("DELETE", "/v1/host-tokens/1"),
    ("GET", "/v1/fleet"), ("GET", "/v1/fleet/x"), ("POST", "/v1/fleet/x/retire"), ("GET", "/v1/logins"),
    ("POST", "/v1/explain"), ("GET", "/v1/krls/status"), ("GET", "/v1/access/matrix"),
    ("GET", "/v1/ca/rotation"), ("POST", "/v1/ca/rotation"),
    ("GET", "/v1/host/state"), ("GET", "/v1/host/news"), ("POST", "/v1/host/report"), ("DELETE", "/v1/host"),
)


# A body that is well-formed for each of them: who may not ask is told so, not what is wrong with it.
BODIES = {
    "/v1/certs": {
        "type": "user", "principals": ["alice"],
        "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtV4xHTeR6UlFR5G36PsDUYQ9p6xnV6XmWWuUv1bR0e",
    },
    "/v1/certs/1/renew": {},
    "/v1/revocations": {"serial": "1", "reason": "a test"},
    "/v1/tokens": {"name": "x", "scopes": ["cert:read"]},
    "/v1/profiles/x": {"type": "user", "principals": ["alice"], "ttl_max_s": 60},
    "/v1/host-tokens": {"match": "*", "zone": "prod"},
    "/v1/fleet/x/retire": {},
    "/v1/explain": {"login": "root", "host": "web1.example.com"},
    "/v1/ca/rotation": {"use": "user", "verb": "advance"},
    "/v1/host/report": {"time": "2026-11-22T10:45:38Z", "health": "ok"},
}
POLICY = """\
zones:
  - name: prod
    patterns: ['*.example.com', 10.20.*]
users:
  - {name: ada}
groups:
  - {name: ops, members: [ada]}
roles:
  - {name: ops, zone: prod, members: [group:ops], hosts: [tier=web], logins: [root, deploy], max_ttl: 8h}
"""
HOST = "web1.example.com"


class Desk:
    """A running service, and tokens for it."""

    def __init__(self, lab, vouchd):
        self.lab = lab
        self.service = Service(lab.fresh("ca-"), vouchd, lab.vouch_path, lab.env)
        lab.stack.callback(self.service.kill)
        self.service.init()
        self.service.start()
        self.service.new_profile("people")
        self.service.new_profile(
            "hosts", type="host", principals=["*.example.com", "127.0.0.1"], options=None,
            ttl_max_s=86400,
        )
        self.token = self.service.new_token("all", "people")
        self.host_token = self.service.new_token("hosts", "hosts")
        self.document = Document(self.service.get("/v1/openapi.json").json())

    def ask(self, method, path, body=None, token=None, **more):
        """As a token; whatever is answered has to be as the document says."""
        answer = self.service.ask(method, path, body, token or self.token, **more)
        self.document.check(method, path, answer)
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def must(self, method, path, body=None, **more):
        answer = self.ask(method, path, body, **more)
        expect(answer.status in (200, 201), f"{method} {path}: {answer}")
        return answer.json()

    def fresh_pub(self, kind="ed25519"):
        with open(self.lab.key(kind) + ".pub", encoding="ascii") as file:
            return file.read().strip()

    def wish(self, **fields):
        """The body of an issuing that is granted, changed by `fields`."""
        wish = {"type": "user", "key_id": "alice@example.com", "principals": ["alice"], "ttl_s": 600}
        wish.update(fields)
        if "public_key" not in wish:
            wish["public_key"] = self.fresh_pub()
        return {name: value for name, value in wish.items() if value is not None}

    def issue(self, **fields):
        token = fields.pop("token", None)
        return self.must("POST", "/v1/certs", self.wish(**fields), token=token)

    def revoke(self, **fields):
        return self.must("POST", "/v1/revocations", {"reason": "a test", **fields})


def refused(answer, status, field=None):
    """A problem as RFC 9457 has it, with a code of ours, and nothing else with it."""
    statuses = status if isinstance(status, tuple) else (status,)
    expect(answer.status in statuses, f"not {status}: {answer}")
    expect_equal(answer.headers.get("content-type", "").split(";")[0], PROBLEM, "content type")
    problem = answer.json()
    expect_equal(problem["status"], answer.status)
    expect(CODE.fullmatch(problem["code"]), problem)
    expect_equal(problem["type"], "urn:vouch:" + problem["code"])
    for name in ("title", "detail", "instance"):
        expect(isinstance(problem[name], str) and problem[name], f"{name} is missing", problem)
    if field is not None:
        expect_equal(problem.get("field"), field, f"field in {problem}")


def cert_of(found):
    return sshwire.read_cert(base64.b64decode(found["certificate"].split()[1], validate=True))


# --- What everybody may have


def public(tap, desk):
    service = desk.service
    for path in PUBLIC:
        with tap.row(f"GET {path} needs no token"):
            answer = service.get(path)
            expect_equal(answer.status, 200, str(answer))
            again = service.ask("HEAD", path)
            expect_equal((again.status, again.body), (200, b""), "HEAD")
    with tap.row("the CA says its name, keys and lists"):
        found = service.get("/v1/ca").json()
        expect_equal((found["schema"], found["name"]), ("vouch.ca/1", NAME))
        for name in ("user_ca", "host_ca", "checkpoint_key"):
            blob = base64.b64decode(found[name]["public_key"].split()[1])
            expect_equal(found[name]["fingerprint"], sshwire.fingerprint(blob))
        for kind in ("user", "host"):
            expect(int(found["krls"][kind]["version"]) >= 1, found["krls"])
            expect(DATE.fullmatch(found["krls"][kind]["generated"]), found["krls"])
    with tap.row("public keys are the files of the server, one line each"):
        names = {"user": "user_ca", "host": "host_ca", "checkpoint": "checkpoint_key"}
        for name, file_name in names.items():
            answer = service.get(f"/v1/ca/{name}.pub")
            expect(answer.headers["content-type"].startswith("text/plain"), answer)
            expect_equal(answer.body.count(b"\n"), 1)
            with open(service.join("signer", file_name + ".pub"), "rb") as file:
                expect_equal(answer.body.split()[:2], file.read().split()[:2])
    with tap.row("what is not there is a problem too"):
        refused(service.get("/v1/nothing"), 404)
        refused(service.ask("DELETE", "/v1/ca"), 405)
        expect("allow" in service.ask("DELETE", "/v1/ca").headers, "no Allow")


def described(tap, desk):
    document = desk.document
    with tap.row("the OpenAPI document has every route"):
        for method, path in [("GET", p) for p in PUBLIC] + list(CLOSED):
            expect(document.operation(method, path) is not None, f"{method} {path} is not described")
    with tap.row("each operation of the document is there, and answers as it says to who has no token"):
        for path, operations in document.document["paths"].items():
            real = re.sub(r"\{[^}]+\}", "1", path)
            for method in operations.keys() & {"get", "post", "put", "delete"}:
                body = {} if method in ("post", "put") else None
                answer = desk.service.ask(method.upper(), real, body)
                document.check(method.upper(), real, answer)
                closed = {} not in operations[method]["security"] and operations[method]["security"]
                what = f"{method} {real}: {answer}"
                expect((answer.status == 401) == bool(closed) or path == "/metrics", what)
                expect(answer.status != 405, what)


def tokens(tap, desk):
    service = desk.service
    for method, path in CLOSED:
        with tap.row(f"{method} {path} needs a token"):
            body = BODIES[path] if method in ("POST", "PUT") else None
            refused(service.ask(method, path, body), 401)
            for wrong in ("vouch_" + "A" * 43, "vouch_", "x", desk.token[:-1], desk.token + "A"):
                refused(service.ask(method, path, body, wrong), 401)
    with tap.row("the secret of a token is shown once and kept nowhere"):
        made = service.must_local("POST", "/v1/tokens", {"name": "once", "scopes": ["cert:read"]}).json()
        secret = made["secret"]
        expect(re.fullmatch(r"vouch_[A-Za-z0-9_-]{43}", secret), made)
        expect_equal(service.get("/v1/certs", token=secret).status, 200)
        listed = service.must_local("GET", "/v1/tokens").body
        expect(secret.encode() not in listed and b'"once"' in listed, listed)
        for folder, _, names in os.walk(service.folder):
            for name in names:
                with contextlib.suppress(OSError), open(os.path.join(folder, name), "rb") as file:
                    expect(secret.encode() not in file.read(), f"the secret is in {folder}/{name}")
        expect(secret not in service.log(), "the secret is in the log")
    with tap.row("a name is given once"):
        refused(service.local("POST", "/v1/tokens", {"name": "once", "scopes": ["cert:read"]}), 409)
    with tap.row("a token that was removed opens nothing"):
        removed = service.local("DELETE", "/v1/tokens/once")
        expect(removed.status in (200, 204), removed)
        refused(service.get("/v1/certs", token=secret), 401)
        refused(service.local("DELETE", "/v1/tokens/nobody"), 404)
    with tap.row("a token ends with its time"):
        short = service.new_token("short", None, ["cert:read"], ttl_s=1)
        wait_for(lambda: service.get("/v1/certs", token=short).status == 401, "the token to expire")
    rights = {
        "cert:issue": ("POST", "/v1/certs"), "cert:read": ("GET", "/v1/certs"),
        "cert:revoke": ("POST", "/v1/revocations"), "audit:read": ("GET", "/v1/audit"),
        "admin": ("GET", "/v1/tokens"), "metrics": ("GET", "/metrics"),
    }
    for scope, (method, path) in rights.items():
        with tap.row(f"{method} {path} needs the scope {scope}"):
            body = BODIES[path] if method == "POST" else None
            others = [other for other in ALL_SCOPES if other != scope]
            name = scope.replace(":", "-")
            without = service.new_token("no-" + name, "people", others)
            refused(service.ask(method, path, body, without), 403)
            only = service.new_token("only-" + name, "people", [scope])
            expect(service.ask(method, path, body, only).status in (200, 201, 404), scope)
    with tap.row("scopes and names of tokens are checked"):
        refused(service.local("POST", "/v1/tokens", {"name": "x", "scopes": ["all"]}), 422, "scopes")
        refused(service.local("POST", "/v1/tokens", {"name": "", "scopes": ["admin"]}), 422, "name")
        absent = {"name": "x", "scopes": ["cert:issue"], "profile": "nobody"}
        refused(service.local("POST", "/v1/tokens", absent), (404, 409, 422))


def profiles(tap, desk):
    service = desk.service
    with tap.row("a profile can be put, shown, listed, changed and removed"):
        service.new_profile("some", principals=["deploy-*"], ttl_max_s=900)
        shown = service.must_local("GET", "/v1/profiles/some").json()
        expect_equal((shown["principals"], shown["ttl_max_s"]), (["deploy-*"], 900))
        service.new_profile("some", principals=["deploy-*"], ttl_max_s=300)
        listed = service.must_local("GET", "/v1/profiles").json()["items"]
        expect_equal([p["ttl_max_s"] for p in listed if p["name"] == "some"], [300])
        expect(service.local("DELETE", "/v1/profiles/some").status in (200, 204))
        refused(service.local("GET", "/v1/profiles/some"), 404)
    with tap.row("a profile that tokens use stays"):
        refused(service.local("DELETE", "/v1/profiles/people"), 409)
    with tap.row("fields of a profile are checked"):
        for field, value in (("type", "root"), ("principals", []), ("ttl_max_s", 0), ("options", 1)):
            wrong = {"type": "user", "principals": ["a"], "ttl_max_s": 60, field: value}
            refused(service.local("PUT", "/v1/profiles/bad", wrong), 422, field)


# --- Issuing


def issuing(tap, desk):
    with tap.row("a user certificate is what was asked for"):
        key = desk.fresh_pub()
        answer = desk.ask("POST", "/v1/certs", desk.wish(public_key=key, principals=["alice", "dev"]))
        expect_equal(answer.status, 201, str(answer))
        found, now = answer.json(), time.time()
        expect_equal(found["schema"], "vouch.cert/1")
        expect_equal(answer.headers["location"], "/v1/certs/" + found["serial"])
        cert = cert_of(found)
        expect_equal(str(cert["serial"]), found["serial"])
        expect_equal(cert["key"], base64.b64decode(key.split()[1]))
        expect_equal((cert["type"], cert["key_id"]), (1, b"alice@example.com"))
        expect_equal(cert["principals"], [b"alice", b"dev"])
        expect(0 < cert["before"] - now <= 601 and cert["after"] <= now, cert)
        expect_equal([name for name, _ in cert["extensions"]],
                     ["permit-port-forwarding", "permit-pty"])
        expect_equal(found["fingerprint"], sshwire.fingerprint(cert["key"]))
        expect_equal(found["ca"], sshwire.fingerprint(cert["ca"]))
        expect_equal((found["actor"], found["role"]), ("token:all", "people"))
        expect_equal((found["source"], found["revoked"]), ("127.0.0.1", None))
        for name in ("issued", "valid_after", "valid_before"):
            expect(DATE.fullmatch(found[name]), found[name])
        expect(isinstance(found["serial"], str) and isinstance(found["record"], str), found)
    with tap.row("each type of key gets a certificate that ssh-keygen reads"):
        for kind in ("rsa2048", "rsa3072", "ecdsa256", "ecdsa384", "ecdsa521", "ed25519"):
            found = desk.issue(public_key=desk.fresh_pub(kind))
            path = desk.lab.write("read-cert.pub", found["certificate"] + "\n")
            expect(found["serial"] in desk.lab.must("ssh-keygen", "-L", "-f", path).out, found)
    with tap.row("a host certificate by a host's profile"):
        found = desk.issue(type="host", principals=["web1.example.com"], token=desk.host_token)
        cert = cert_of(found)
        expect_equal((cert["type"], cert["extensions"], cert["critical"]), (2, [], []))
        expect_equal(cert["ca"], sshwire.read_line(desk.service.ca_file("host"))[1])
    with tap.row("options are given as asked"):
        found = desk.issue(
            critical_options={"force-command": "/bin/true", "source-address": "127.0.0.1/32"},
            extensions={"permit-pty": ""},
        )
        cert = cert_of(found)
        expect_equal([(n, sshwire.option_value(v)) for n, v in cert["critical"]],
                     [("force-command", b"/bin/true"), ("source-address", b"127.0.0.1/32")])
        expect_equal([name for name, _ in cert["extensions"]], ["permit-pty"])
    with tap.row("who gives no key ID gets one that names the token"):
        expect("all" in desk.issue(key_id=None)["key_id"])
    with tap.row("who gives no time gets the longest of the profile"):
        cert = cert_of(desk.issue(ttl_s=None))
        expect(3590 <= cert["before"] - time.time() <= 3601, cert)
    with tap.row("serials rise by one"):
        first, second = desk.issue(), desk.issue()
        expect_equal(int(second["serial"]), int(first["serial"]) + 1)
    bounds(tap, desk)
    malformed(tap, desk)


BOUNDS = (
    ("a principal that the profile has not", {"type": "host", "principals": ["evil.org"]}, True),
    ("a longer time than the profile's", {"ttl_s": 3601}, False),
    ("an extension that the profile has not", {"extensions": {"permit-agent-forwarding": ""}}, False),
    ("another type than the profile's", {"type": "host", "principals": ["a.example.com"]}, False),
)
INVALID = (
    ("an unknown member", {"colour": "red"}, "colour"),
    ("a number as the principal", {"principals": [1]}, "principals"),
    ("no list of principals", {"principals": "alice"}, "principals"),
    ("no principal", {"principals": []}, "principals"),
    ("a principal that is no name", {"principals": ["a b"]}, "principals"),
    ("a principal twice", {"principals": ["a", "a"]}, "principals"),
    ("an unknown type", {"type": "root"}, "type"),
    ("no type", {"type": None}, "type"),
    ("a time of nothing", {"ttl_s": 0}, "ttl_s"),
    ("a time before now", {"ttl_s": -1}, "ttl_s"),
    ("a time as text", {"ttl_s": "1h"}, "ttl_s"),
    ("a fraction of a second", {"ttl_s": 1.5}, "ttl_s"),
    ("a key that is none", {"public_key": "ssh-ed25519 AAAA"}, "public_key"),
    ("a private key's first line", {"public_key": "-----BEGIN OPENSSH PRIVATE KEY-----"}, "public_key"),
    ("a key ID with a line end", {"key_id": "a\nb"}, "key_id"),
    ("a key ID that is too long", {"key_id": "a" * 201}, "key_id"),
    ("an unknown critical option", {"critical_options": {"no-such": "x"}}, "critical_options"),
    ("everybody's address", {"critical_options": {"source-address": "0.0.0.0/0"}}, "critical_options"),
    ("an extension with a value", {"extensions": {"permit-pty": "yes"}}, "extensions"),
)


def bounds(tap, desk):
    for what, fields, by_host in BOUNDS:
        with tap.row(f"{what} is refused, and nothing is recorded"):
            before = desk.issue()["serial"]
            token = desk.host_token if by_host else desk.token
            refused(desk.ask("POST", "/v1/certs", desk.wish(**fields), token), 403)
            expect_equal(int(desk.issue()["serial"]), int(before) + 1)
    for what, fields, field in INVALID:
        with tap.row(f"{what} is refused with the field's name"):
            wish = desk.wish(**fields)
            # Which of 422 and 403 depends on who judges it first: the form, or the profile.
            refused(desk.ask("POST", "/v1/certs", wish), (422, 403), field)
    with tap.row("a weak key is refused"):
        path = desk.lab.fresh("weak-")
        desk.lab.must("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", path)
        with open(path + ".pub", encoding="ascii") as file:
            answer = desk.ask("POST", "/v1/certs", desk.wish(public_key=file.read()))
        refused(answer, (403, 422), "public_key")
    with tap.row("the CA's own keys get no certificate"):
        with open(desk.service.ca_file(), encoding="ascii") as file:
            answer = desk.ask("POST", "/v1/certs", desk.wish(public_key=file.read()))
        refused(answer, (403, 422), "public_key")


def malformed(tap, desk):
    good = json.dumps(desk.wish())
    bodies = {
        "what is not JSON": (b"{", 400), "nothing": (b"", 400), "a list": (b"[]", (400, 422)),
        "JSON and more": (good.encode() + b"x", 400), "bad UTF-8": (b'{"type":"\xff"}', 400),
        "a member twice": (good[:-1].encode() + b',"type":"user"}', (400, 422)),
        "a NUL in a text": (good.replace("alice@", "al\\u0000ice@").encode(), (400, 422)),
        "very deep JSON": (b"[" * 30000 + b"]" * 30000, 400),
    }
    for what, (body, status) in bodies.items():
        with tap.row(f"{what} as the body is refused"):
            headers = {"Content-Type": "application/json"}
            refused(desk.ask("POST", "/v1/certs", body, headers=headers), status)
    with tap.row("a NUL in a text is named, without a word of the JSON library's"):
        answer = desk.ask("POST", "/v1/certs", bodies["a NUL in a text"][0], headers={"Content-Type": "application/json"})
        expect("a text holds a NUL character" in answer.json()["detail"], answer)
    with tap.row("a body over 64 KiB is refused before it is read"):
        wish = json.dumps(desk.wish(key_id="x" * 66000)).encode()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            answer = desk.ask("POST", "/v1/certs", wish, headers={"Content-Type": "application/json"})
            expect_equal(answer.status, 413, str(answer))
    with tap.row("another type of content is refused"):
        answer = desk.ask("POST", "/v1/certs", good.encode(), headers={"Content-Type": "text/plain"})
        refused(answer, 415)


def once(tap, desk):
    def post(key, wish, token=None):
        return desk.ask("POST", "/v1/certs", wish, token, headers={"Idempotency-Key": key})

    with tap.row("asking again with the same key gives the same certificate"):
        wish = desk.wish()
        first = post("one", wish)
        expect_equal(first.status, 201, str(first))
        for _ in range(3):
            again = post("one", wish)
            expect(again.status in (200, 201), again)
            expect_equal(again.json()["certificate"], first.json()["certificate"])
    with tap.row("the same key for something else is a conflict"):
        refused(post("one", desk.wish()), 409)
    with tap.row("the keys of two tokens have nothing to do with each other"):
        other = desk.service.new_token("another", "people")
        found = post("one", wish, other)
        expect_equal(found.status, 201, str(found))
        expect(found.json()["serial"] != first.json()["serial"])
    with tap.row("twenty at once with one key get one certificate"):
        wish = desk.wish()
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: post("many", wish), range(20)))
        for answer in answers:
            expect(answer.status in (200, 201, 409, 503), answer)
        serials = {a.json()["serial"] for a in answers if a.status in (200, 201)}
        expect_equal(len(serials), 1, "certificates")
        expect_equal({post("many", wish).json()["serial"]}, serials)
    with tap.row("a key that is none is refused"):
        refused(post("x" * 129, desk.wish()), (400, 422))


def renewing(tap, desk):
    with tap.row("a renewed certificate says the same of the same key, for as long"):
        old = desk.issue(critical_options={"force-command": "/bin/true"})
        answer = desk.ask("POST", f"/v1/certs/{old['serial']}/renew", {})
        expect_equal(answer.status, 201, str(answer))
        new = answer.json()
        expect(int(new["serial"]) > int(old["serial"]), new)
        a, b = cert_of(old), cert_of(new)
        for name in ("key", "key_id", "principals", "critical", "extensions", "type", "ca"):
            expect_equal(b[name], a[name], name)
        expect(abs((b["before"] - b["after"]) - (a["before"] - a["after"])) <= 60, (a, b))
    with tap.row("what is revoked or not there is not renewed"):
        desk.revoke(serial=old["serial"])
        refused(desk.ask("POST", f"/v1/certs/{old['serial']}/renew", {}), (403, 409))
        refused(desk.ask("POST", "/v1/certs/12345/renew", {}), 404)
    with tap.row("another token's profile bounds the renewal"):
        host = desk.issue(type="host", principals=["a.example.com"], token=desk.host_token)
        refused(desk.ask("POST", f"/v1/certs/{host['serial']}/renew", {}), (403, 404))


def searching(tap, desk):
    marked = [desk.issue(key_id=f"list-{i}@example.com", principals=[f"p{i % 2}"]) for i in range(7)]
    serials = [found["serial"] for found in reversed(marked)]

    def listed(query):
        return [item["serial"] for item in desk.must("GET", "/v1/certs?" + query)["items"]]

    wait_for(lambda: listed("serial=" + serials[0]), "the index")
    with tap.row("a list has pages, newest first, each certificate once"):
        seen, cursor, pages = [], "", 0
        while cursor is not None:
            more = desk.must("GET", "/v1/certs?limit=3" + (f"&cursor={cursor}" if cursor else ""))
            expect_equal(more["schema"], "vouch.certs/1")
            expect(len(more["items"]) <= 3, more)
            seen += [int(item["serial"]) for item in more["items"]]
            cursor, pages = more["next"], pages + 1
        expect_equal(seen, sorted(set(seen), reverse=True), "serials")
        expect(pages > 3 and set(map(int, serials)) <= set(seen), seen)
    one = marked[3]
    filters = {
        "serial": one["serial"], "key_id": one["key_id"],
        "fingerprint": one["fingerprint"].replace("+", "%2B"),
    }
    for name, value in filters.items():
        with tap.row(f"a list can be asked for a {name}"):
            expect_equal(listed(f"{name}={value}"), [one["serial"]])
    with tap.row("filters add up"):
        expect_equal(listed("principal=p1&limit=100"), serials[1::2])
        expect_equal(listed(f"principal=p0&serial={marked[1]['serial']}"), [])
        expect(serials[0] in listed("type=user&actor=token:all"), "actor and type")
        expect(serials[0] not in listed("type=host&limit=200"))
    with tap.row("lists can be asked for a time"):
        at = one["issued"]
        expect(serials[0] in listed(f"from={marked[0]['issued']}&limit=100"))
        expect(not set(serials) & set(listed("until=2020-01-01T00:00:00Z")))
        expect(one["serial"] in listed(f"valid_at={at}&limit=100"))
        expect_equal(listed("valid_at=2020-01-01T00:00:00Z"), [])
    with tap.row("what a list is asked for is checked"):
        for query in ("limit=0", "limit=201", "limit=x", "serial=x", "type=root", "from=now", "what=1",
                      "fingerprint=MD5:x", "serial=18446744073709551616"):
            refused(desk.get("/v1/certs?" + query), (400, 422), query.partition("=")[0])
        refused(desk.get("/v1/certs?cursor=nonsense"), (400, 422), "cursor")
    with tap.row("a certificate can be shown, with itself"):
        shown = desk.must("GET", "/v1/certs/" + one["serial"])
        expect_equal(shown["certificate"], one["certificate"])
        expect_equal(shown, one)
        refused(desk.get("/v1/certs/999999999999"), 404)
        refused(desk.get("/v1/certs/x"), (404, 422))


# --- Revocation


def krl_of(desk, kind="user", **more):
    answer = desk.service.get(f"/v1/krls/{kind}", **more)
    expect_equal(answer.status, 200, str(answer))
    return answer, desk.lab.write(f"served-{kind}.krl", answer.body)


def is_revoked(desk, certificate, kind="user"):
    """As ssh-keygen reads the list that is served now."""
    path = desk.lab.write("judged-cert.pub", certificate + "\n")
    done = desk.lab.run("ssh-keygen", "-Q", "-f", krl_of(desk, kind)[1], path)
    expect(done.status in (0, 1), done)
    return done.status == 1


def revoking(tap, desk):
    ways = {
        "serial": lambda c: {"serial": c["serial"]}, "key ID": lambda c: {"key_id": c["key_id"]},
        "key": lambda c: {"public_key": f"ssh-ed25519 {base64.b64encode(cert_of(c)['key']).decode()}"},
        "fingerprint": lambda c: {"fingerprint": c["fingerprint"]},
    }
    for what, way in ways.items():
        with tap.row(f"revoked by its {what}: in the list when the answer comes, and no other"):
            one, other = (desk.issue(key_id=f"{what.replace(' ', '')}-{i}") for i in range(2))
            expect(not is_revoked(desk, one["certificate"]))
            before = int(desk.service.get("/v1/ca").json()["krls"]["user"]["version"])
            found = desk.revoke(**way(one))
            expect_equal(found["schema"], "vouch.revocation/1")
            expect(int(found["krl"]["user"]) > before, found)
            expect(is_revoked(desk, one["certificate"]), "not in the list that is served")
            expect(not is_revoked(desk, other["certificate"]), "another is revoked too")
            shown = desk.must("GET", "/v1/certs/" + one["serial"])["revoked"]
            expect_equal((shown["by"], shown["reason"]), ("token:all", "a test"))
    with tap.row("revocations are listed"):
        items = desk.must("GET", "/v1/revocations?limit=200")["items"]
        kinds = {item["kind"] for item in items}
        expect(kinds >= {"serial", "key_id", "key"}, kinds)
        expect(all(item["reason"] == "a test" and item["actor"] == "token:all" for item in items))
    with tap.row("exactly one thing, and a reason"):
        for fields in ({}, {"serial": "1", "key_id": "x"}, {"colour": "red"}):
            refused(desk.ask("POST", "/v1/revocations", {"reason": "x", **fields}), 422)
        refused(desk.ask("POST", "/v1/revocations", {"serial": "1"}), 422, "reason")
        refused(desk.ask("POST", "/v1/revocations", {"serial": "1", "reason": ""}), 422, "reason")
        refused(desk.ask("POST", "/v1/revocations", {"serial": 1, "reason": "x"}), 422, "serial")


def krls(tap, desk):
    service = desk.service
    with tap.row("a list has an ETag, and who has it is told so"):
        answer, _ = krl_of(desk)
        etag = answer.headers["etag"]
        again = service.get("/v1/krls/user", headers={"If-None-Match": etag})
        expect_equal((again.status, again.body), (304, b""))
        version = service.get("/v1/ca").json()["krls"]["user"]["version"]
        expect_equal(etag, f'"{version}"')
        expect("application/octet-stream" in answer.headers["content-type"], answer.headers)
    with tap.row("the envelope is signed, and is about this list"):
        envelope = service.get("/v1/krls/user/envelope").body.decode()
        statement, _, signature = envelope.partition("\n\n")
        lines = dict(line.split(" ", 1) for line in statement.splitlines()[1:])
        expect_equal(statement.splitlines()[0], "vouch-krl/1")
        expect_equal(lines["sha256"], hashlib.sha256(answer.body).hexdigest())
        expect_equal((lines["use"], lines["version"]), ("user", version))
        expect_equal(int(lines["length"]), len(answer.body))
        signed_by(desk, statement + "\n", signature, "vouch-krl", ("user", "host"))
    with tap.row("who waits is told within a second, who waits in vain at the end"):
        found = desk.issue()
        headers = {"If-None-Match": etag}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            waits = [
                pool.submit(service.get, "/v1/krls/user?wait=20", headers=headers) for _ in range(8)
            ]
            time.sleep(0.3)
            expect(not any(w.done() for w in waits), "it does not wait")
            begun = time.monotonic()
            desk.revoke(serial=found["serial"])
            for wait in waits:
                answer = wait.result()
                expect_equal(answer.status, 200, str(answer))
                expect(answer.headers["etag"] != etag, "the old list")
            expect(time.monotonic() - begun < 1.5, f"{time.monotonic() - begun:.2f} s")
        begun = time.monotonic()
        headers = {"If-None-Match": answer.headers["etag"]}
        expect_equal(service.get("/v1/krls/user?wait=1", headers=headers).status, 304)
        expect(0.8 < time.monotonic() - begun < 3, "the wait")
        refused(service.get("/v1/krls/user?wait=31"), (400, 422))


def trust(tap, desk):
    service = desk.service
    with tap.row("the trust bundle has every CA key, and is signed with the checkpoint key"):
        answer = service.get("/v1/trust")
        expect(answer.headers["content-type"].startswith("text/plain"), answer.headers)
        statement, _, signature = answer.body.decode().partition("\n\n")
        head, name, version, stamp, canary, *keys = statement.splitlines()
        expect_equal((head, name), ("vouch-trust/1", f"name {NAME}"))
        expect_equal(answer.headers["etag"], f'"{version.removeprefix("version ")}"')
        expect(DATE.fullmatch(stamp.removeprefix("time ")), stamp)
        expect(canary.startswith("canary ssh-ed25519 "), canary)
        known = service.get("/v1/ca").json()
        expect_equal(keys, [f"key {use} active {known[use + '_ca']['public_key']}"
                            for use in ("user", "host")])
        signed_by(desk, statement + "\n", signature, "vouch-trust", ("active", "old"))
    with tap.row("it is in the ledger before anybody has it"):
        rows = desk.ask("GET", "/v1/audit?type=trust.publish").json()["items"]
        details = rows[0]["details"]
        expect_equal(details["sha256"], hashlib.sha256(answer.body).hexdigest())
        expect_equal(details["version"], version.removeprefix("version "))
    with tap.row("who has the bundle is told so, at once or at the end of a wait"):
        headers = {"If-None-Match": answer.headers["etag"]}
        expect_equal(service.get("/v1/trust", headers=headers).status, 304)
        begun = time.monotonic()
        expect_equal(service.get("/v1/trust?wait=1", headers=headers).status, 304)
        expect(0.8 < time.monotonic() - begun < 3, "the wait")
        refused(service.get("/v1/trust?wait=31", headers=headers), (400, 422))


def signed_by(desk, statement, signature, namespace, change):
    lab = desk.lab
    public = desk.service.get("/v1/ca/checkpoint.pub").body.decode()
    allowed = lab.write("allowed", "krl " + " ".join(public.split()[:2]) + "\n")
    path = lab.write("statement.sig", signature)
    words = ("-n", namespace, "-I", "krl", "-f", allowed, "-s", path)
    lab.must("ssh-keygen", "-Y", "verify", *words, stdin=statement)
    wrong = lab.run("ssh-keygen", "-Y", "verify", *words, stdin=statement.replace(*change))
    expect(wrong.status != 0, "a changed statement verifies")


def revoked_authority(tap, lab, vouchd):
    """On a service of its own: afterwards nothing of this CA is good."""
    with tap.row("a CA that is revoked takes all its certificates with it"):
        desk = Desk(lab, vouchd)
        found = desk.issue()
        expect(not is_revoked(desk, found["certificate"]))
        desk.revoke(ca=desk.service.get("/v1/ca").json()["user_ca"]["fingerprint"])
        expect(is_revoked(desk, found["certificate"]))
        expect_equal(desk.service.stop(), 0)


# --- Before a real sshd


def logging_in(tap, desk):
    lab, service = desk.lab, desk.service
    user_ca = lab.write("user_ca.pub", service.get("/v1/ca/user.pub").body)
    host_ca = service.get("/v1/ca/host.pub").body.decode().strip()
    host_key, key = lab.key("ed25519"), lab.key("ed25519")

    def certify(path, **fields):
        with open(path + ".pub", encoding="ascii") as file:
            found = desk.issue(public_key=file.read(), **fields)
        with open(path + "-cert.pub", "w", encoding="ascii") as file:
            file.write(found["certificate"] + "\n")
        return found

    def fetch(kind):
        """As a host does it: by rename."""
        _, path = krl_of(desk, kind)
        os.rename(path, lab.join(f"revoked-{kind}"))
        return lab.join(f"revoked-{kind}")

    host = certify(host_key, type="host", principals=["127.0.0.1"], token=desk.host_token)
    settings = f"TrustedUserCAKeys {user_ca}\nRevokedKeys {fetch('user')}"
    sshd = Sshd(lab, settings, host_key=host_key, host_cert=host_key + "-cert.pub")
    sshd.trust(f"@cert-authority 127.0.0.1 {host_ca}")
    trusting = {"HostKeyAlias": "127.0.0.1", "RevokedHostKeys": fetch("host")}
    with tap.row("ssh logs in, both sides by certificates of the service"):
        found = certify(key, principals=[USER])
        login = sshd.login(key=key, cert=key + "-cert.pub", **trusting)
        expect_in(login)
        expect(f"serial {found['serial']}" in login.log, login)
    with tap.row("another name than the certificate's is refused"):
        other = lab.key("ed25519")
        certify(other, principals=["somebody"])
        expect_out(sshd.login(key=other, cert=other + "-cert.pub", **trusting))
    with tap.row("a user's revocation reaches sshd by the list that is served"):
        desk.revoke(serial=found["serial"])
        fetch("user")
        expect_out(sshd.login(key=key, cert=key + "-cert.pub", **trusting), "revoked")
        again = lab.key("ed25519")
        certify(again, principals=[USER])
        expect_in(sshd.login(key=again, cert=again + "-cert.pub", **trusting))
    with tap.row("a host's revocation reaches ssh by the list that is served"):
        desk.revoke(serial=host["serial"])
        fetch("host")
        login = sshd.login(key=again, cert=again + "-cert.pub", **trusting)
        expect(login.status == 255 and "revoked" in login.err.lower(), login)
    with tap.row("sshd's log agrees with the ledger"):
        time.sleep(1.2)  # the next checkpoint
        lab.must_vouch("ledger", "verify", service.join("ledger"), "--sshd-log", sshd.log_path)


# --- The ledger as it is served


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def tree_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


def bundle(data):
    """The entries of an entry bundle."""
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    expect_equal(at, len(data), "the end of a bundle")
    return found


def ledger(tap, desk):
    service = desk.service
    connection = service.connection()
    headers = {"Authorization": "Bearer " + desk.token}
    wish = desk.wish()
    for _ in range(300):
        expect_equal(ask(connection, "POST", "/v1/certs", wish, headers).status, 201)
    connection.close()

    def checkpoint():
        return service.get("/v1/ledger/checkpoint").body.decode().splitlines()

    with tap.row("the served checkpoint follows the ledger within two seconds"):
        last = int(desk.issue()["record"])
        wait_for(lambda: int(checkpoint()[1]) > last, "the checkpoint", 3)
    with tap.row("entries and tiles give the checkpoint's root"):
        origin, size, root = checkpoint()[:3]
        leaves = []
        for number in range((int(size) + 255) // 256):
            width = min(256, int(size) - 256 * number)
            part = f"{number:03d}" + (f".p/{width}" if width < 256 else "")
            answer = desk.get(f"/v1/ledger/tile/entries/{part}")
            expect_equal(answer.status, 200, str(answer))
            here = [leaf(entry) for entry in bundle(answer.body)]
            expect_equal(len(here), width, f"entries of bundle {part}")
            tile = service.get(f"/v1/ledger/tile/0/{part}")
            expect_equal(tile.status, 200, str(tile))
            expect_equal(tile.body, b"".join(here), f"tile {part}")
            leaves += here
        expect_equal(origin, NAME)
        expect_equal(base64.b64decode(root), tree_root(leaves))
    with tap.row("full tiles may be kept for ever"):
        expect("immutable" in service.get("/v1/ledger/tile/0/000").headers["cache-control"])
    with tap.row("what is no tile is not there"):
        for path in ("0/999", "9/000", "0/00", "0/000.p/256", "0/../../db", "0/%2e%2e/records", "x"):
            answer = service.get("/v1/ledger/tile/" + path)
            expect(answer.status in (400, 404), path, answer)


# --- The owner, and what he sees


def watching(tap, desk):
    service = desk.service
    with tap.row("the owner's name on the local socket is his uid"):
        found = service.must_local("GET", "/v1/audit?type=token.new&limit=1").json()["items"][0]
        expect_equal(found["actor"], f"local:uid:{os.getuid()}")
    with tap.row("revocations and tokens are in the audit log, and can be asked for"):
        desk.revoke(serial=desk.issue()["serial"])
        wait_for(lambda: desk.must("GET", "/v1/audit?type=cert.revoke")["items"], "the index")
        for item in desk.must("GET", "/v1/audit?actor=token:all&limit=50")["items"]:
            expect_equal(item["actor"], "token:all")
        for kind in ("cert.revoke", "krl.publish", "token.new", "profile.put", "signer.start"):
            found = desk.must("GET", f"/v1/audit?limit=5&type={kind}")["items"]
            expect(found and all(item["type"] == kind for item in found), kind, found)
    with tap.row("the status counts"):
        before = desk.must("GET", "/v1/status")
        desk.issue()
        after = desk.must("GET", "/v1/status")
        expect_equal(int(after["issued"]), int(before["issued"]) + 1)
    with tap.row("metrics are Prometheus text"):
        answer = desk.get("/metrics")
        expect(answer.headers["content-type"].startswith("text/plain"), answer)
        for line in answer.body.decode().splitlines():
            expect(line.startswith("#") or re.fullmatch(
                r'[a-z_:][a-z0-9_:]*(\{[^}]*\})? [-+0-9.eE]+(Inf|NaN)?', line), line)
        expect(b"vouch_" in answer.body, answer)
    with tap.row("the local socket is its owner's"):
        for path, mode in (("run", 0o700), ("run/admin.sock", 0o600)):
            expect_equal(os.stat(service.join(path)).st_mode & 0o777, mode, path)


def fleet(tap, desk):
    service, document = desk.service, desk.document

    def owner(method, path, body=None, status=200):
        answer = service.local(method, path, body)
        document.check(method, path, answer)
        expect_equal(answer.status, status, answer)
        return answer.json()

    def told(guest, method, path, body=None, status=200):
        answer = guest.ask(method, path, body)
        document.check(method, path, answer)
        expect_equal(answer.status, status, answer)
        return answer.json()

    def enrolled(guest, status=201, **fields):
        answer = guest.enrol(**fields)
        document.check("POST", "/v1/host/enrol", answer)
        expect_equal(answer.status, status, answer)
        return answer.json()

    headers = {"Content-Type": "application/yaml", "If-Match": '"0"'}
    expect_equal(service.local("PUT", "/v1/policy", POLICY.encode(), headers).status, 200)
    web = Guest(service, desk.lab.fresh("guest-"), HOST, ("ed25519", "ecdsa"))
    other = Guest(service, desk.lab.fresh("guest-"), "web2.example.com")
    with tap.row("a token for hosts is made, listed without its secret, and enrols one host"):
        wish = {"match": "web*.example.com", "zone": "prod", "labels": {"tier": "web"}}
        token = owner("POST", "/v1/host-tokens", wish, 201)
        expect(re.fullmatch(r"vouchh_[A-Za-z0-9_-]{43}", token["secret"]), token)
        given = enrolled(web, token=token["secret"])
        expect_equal((given["state"], given["name"], given["zone"]), ("active", HOST, "prod"))
        expect_equal(len(given["certificates"]), 2)
        expect(HOST in given["names"], given)
        listed = owner("GET", "/v1/host-tokens")["items"]
        expect_equal([(one["id"], one["uses_left"]) for one in listed], [(token["id"], 0)])
        expect(token["secret"] not in str(listed), listed)
    with tap.row("each kind of secret is taken only where it belongs"):
        for secret in (token["secret"], desk.token, "vouchm_" + "A" * 43):
            refused(service.get("/v1/host/state", token=secret), 401)
        for method, path in CLOSED:
            if not path.startswith("/v1/host/") and path != "/v1/host":
                body = BODIES[path] if method in ("POST", "PUT") else None
                refused(service.ask(method, path, body, web.secret), 401)
                refused(service.ask(method, path, body, token["secret"]), 401)
        refused(service.local("GET", "/v1/host/state"), 401)
        for secret in (desk.token, web.secret):
            answer = other.enrol(secret)
            expect(answer.status in (401, 403, 422), answer)
    with tap.row("who has used a token up, or proves a key it does not have, is not enrolled"):
        answer = other.enrol(token["secret"])
        expect(answer.status in (401, 403, 409), answer)
        more = owner("POST", "/v1/host-tokens", wish, 201)["secret"]
        for wrong in ({"purpose": "renew"}, {"ca": "another"}, {"name": "web3.example.com"},
                      {"machine": "0" * 64}, {"time": "1"}):
            body = {**other.body("enrol", wrong), "name": other.name, "token": more}
            answer = service.ask("POST", "/v1/host/enrol", body)
            expect(answer.status in (403, 422), f"{wrong}: {answer}")
    with tap.row("a host learns what to install, and does not get what it has"):
        wait_for(lambda: told(web, "GET", "/v1/host/state")["logins"], "the policy in force to have the host")
        state = told(web, "GET", "/v1/host/state")
        expect_equal((state["name"], state["mode"]), (HOST, "role"))
        expect_equal(sorted(one["login"] for one in state["logins"]), ["deploy", "root"])
        expect("logins" not in told(web, "GET", "/v1/host/state?have=" + state["version"]), state)
    with tap.row("a host that waits is told of a revocation within a second"):
        news = told(web, "GET", "/v1/host/news")
        have = "&".join(f"{name}={news[name]}" for name in ("state", "krl", "trust") if news[name] != "0")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(told, web, "GET", f"/v1/host/news?wait=50&{have}")
            time.sleep(1)
            expect(not answer.done(), "it did not wait")
            begun = time.monotonic()
            desk.revoke(key_id="nobody")
            after = answer.result(20)
            expect(time.monotonic() - begun < 1 + 9 * desk.lab.sanitized, "it took too long")
        expect(int(after["krl"]) > int(news["krl"]), after)
        expect_equal(after["state"], news["state"])
    with tap.row("a host reports, and the inventory shows it"):
        report = {"time": utc(time.time()), "krl_version": after["krl"], "state_version": state["version"],
                  "krl_generated": utc(time.time()), "health": "warning", "problems": ["the clock is off"]}
        told(web, "POST", "/v1/host/report", report)
        shown = owner("GET", "/v1/fleet/" + HOST)
        expect_equal((shown["health"], shown["krl_version"]), ("warning", after["krl"]))
        expect_equal([one["name"] for one in owner("GET", "/v1/fleet?label=tier=web")["items"]], [HOST])
        expect_equal(owner("GET", "/v1/fleet?zone=nowhere")["items"], [])
        expect_equal(owner("GET", "/v1/krls/status")["hosts"], 1)
    with tap.row("logins that a host reports are taken once, whatever strangers typed"):
        rows = [{"time": utc(time.time()), "outcome": "refused", "login": "ro\x1bot\n", "source": "192.0.2.7",
                 "line": "Invalid user ro\\033ot"}] * 2
        next_one = told(web, "POST", "/v1/host/logins", {"first": "1", "logins": rows})["next"]
        expect_equal(next_one, "3")
        told(web, "POST", "/v1/host/logins", {"first": "1", "logins": rows})
        expect_equal(len(owner("GET", "/v1/logins?host=" + HOST)["items"]), 2)
    with tap.row("a login is explained, and access is shown as a table"):
        verdict = owner("POST", "/v1/explain", {"user": "ada", "login": "root", "host": HOST})
        expect(verdict["checks"], verdict)
        table = owner("GET", "/v1/access/matrix")
        expect_equal((table["rows"], table["columns"]), (["ada"], [HOST]))
        owner("GET", "/v1/access/diff?from=2026-01-01T00:00:00Z")
    with tap.row("a renewal gives a new secret, and a copy of the old one locks the host"):
        old = web.secret
        answer = web.renew()
        document.check("POST", "/v1/host/renew", answer)
        expect_equal((answer.status, answer.json()["generation"]), (201, 2), answer)
        told(web, "GET", "/v1/host/state")
        refused(service.get("/v1/host/state", token=old), (401, 403))
        expect_equal(owner("GET", "/v1/fleet/" + HOST)["state"], "locked")
    with tap.row("a host without a token waits until it is adopted, by its fingerprint"):
        expect_equal(enrolled(other, 202)["state"], "waiting")
        waiting = owner("GET", "/v1/fleet?state=waiting")["items"]
        expect_equal([one["name"] for one in waiting], [other.name])
        path = f"/v1/fleet/{other.name}/adopt"
        wrong = {"fingerprint": "SHA256:" + "A" * 43, "zone": "prod"}
        expect(service.local("POST", path, wrong).status in (403, 409, 422), "adopted by any fingerprint")
        owner("POST", path, {**wrong, "fingerprint": other.fingerprints()[0]})
        expect_equal(enrolled(other)["state"], "active")
    with tap.row("a host that is retired, or leaves, is known no more"):
        told(other, "DELETE", "/v1/host")
        refused(other.get("/v1/host/state"), (401, 403))
        owner("POST", f"/v1/fleet/{HOST}/retire", {"reason": "broken"})
        refused(web.get("/v1/host/state"), (401, 403))
        expect_equal(owner("GET", "/v1/fleet")["items"], [])


def restarting(tap, desk):
    with tap.row("after a restart all is as it was, and the epoch goes on"):
        wish, headers = desk.wish(), {"Idempotency-Key": "over a restart"}
        before = desk.must("POST", "/v1/certs", wish, headers=headers)
        expect_equal(desk.service.stop(), 0)
        desk.service.start()
        again = desk.must("POST", "/v1/certs", wish, headers=headers)
        expect_equal(again["serial"], before["serial"])
        expect_equal(int(desk.issue()["serial"]), int(before["serial"]) + 1)
        expect_equal(desk.service.get("/v1/ca").json()["name"], NAME)
    with tap.row("requests under way are finished when it stops"):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wishes = [desk.wish() for _ in range(40)]
            connection_error = (OSError, http.client.HTTPException)

            def post(wish):
                try:
                    return desk.ask("POST", "/v1/certs", wish)
                except connection_error:
                    return None

            futures = [pool.submit(post, wish) for wish in wishes]
            time.sleep(0.05)
            expect_equal(desk.service.stop(), 0)
            answers = [future.result() for future in futures]
        desk.service.start()
        for answer in answers:
            if answer is not None and answer.status == 201:
                serial = answer.json()["serial"]
                expect_equal(desk.get("/v1/certs/" + serial).status, 200, serial)
    with tap.row("the ledger is proven at the end"):
        expect_equal(desk.service.verify()["verdict"], "proven")


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh", "sshd", "ssh-keygen") as lab:
        tap = Tap()
        desk = Desk(lab, vouchd)
        parts = (public, described, tokens, profiles, issuing, once, renewing, searching, revoking,
                 krls, trust, logging_in, ledger, watching, fleet, restarting)
        for part in parts:
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, desk)
        revoked_authority(tap, lab, vouchd)
        tap.done()


if __name__ == "__main__":
    main()
