#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The web application's side of a real vouchd, without a browser: its files and how they are protected,
sessions by cookie, and that no route does anything for a page of another site, for a page without its
proof, or for somebody who may not.
"""

import base64
import gzip
import hashlib
import json
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from api import refused
from lab import Lab
from people import Town, policy, yaml
from service import find_vouchd
from tap import Tap, expect, expect_equal, skip_all

SOURCE = os.environ.get("VOUCH_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
COOKIE = "__Host-vouch"
OWN = {"Sec-Fetch-Site": "same-origin"}

PROTECTION = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

# Every route that a browser's session can ask, and whom it answers: "own" every user, about what is their
# own; "reader" auditors and administrators; "admin" administrators; "token" tokens alone. A route that is not here fails the test.
ROUTES = {
    "POST /v1/certs": "token",
    "GET /v1/certs": "own",
    "GET /v1/certs/{serial}": "own",
    "POST /v1/certs/{serial}/renew": "token",
    "POST /v1/revocations": "own",
    "GET /v1/revocations": "reader",
    "GET /v1/ca/rotation": "reader",
    "POST /v1/ca/rotation": "admin",
    "GET /v1/ledger/tile/entries/{n1}": "reader",
    "GET /v1/ledger/tile/entries/{n1}/{n2}": "reader",
    "GET /v1/ledger/tile/entries/{n1}/{n2}/{n3}": "reader",
    "GET /v1/ledger/tile/entries/{n1}/{n2}/{n3}/{n4}": "reader",
    "GET /v1/ledger/tile/entries/{n1}/{n2}/{n3}/{n4}/{n5}": "reader",
    "POST /v1/tokens": "admin",
    "GET /v1/tokens": "admin",
    "DELETE /v1/tokens/{name}": "admin",
    "GET /v1/profiles": "admin",
    "GET /v1/profiles/{name}": "admin",
    "PUT /v1/profiles/{name}": "admin",
    "DELETE /v1/profiles/{name}": "admin",
    "GET /v1/audit": "reader",
    "GET /v1/status": "reader",
    "GET /v1/live": "own",
    "GET /v1/summary": "reader",
    "GET /v1/account/preferences": "own",
    "PUT /v1/account/preferences": "own",
    "GET /metrics": "reader",
    "GET /v1/sessions": "own",
    "DELETE /v1/sessions": "own",
    "DELETE /v1/sessions/{id}": "own",
    "GET /v1/session": "own",
    "DELETE /v1/session": "own",
    "POST /v1/session/factor": "own",
    "GET /v1/accounts": "admin",
    "POST /v1/accounts/{user}/link": "admin",
    "POST /v1/account/password": "own",
    "POST /v1/account/recovery": "own",
    "POST /v1/session/challenge": "own",
    "GET /v1/device/{code}": "own",
    "POST /v1/device/{code}/approve": "own",
    "POST /v1/device/{code}/deny": "own",
    "POST /v1/device/{code}/undo": "own",
    "GET /v1/account/passkeys": "own",
    "POST /v1/account/passkeys/begin": "own",
    "POST /v1/account/passkeys": "own",
    "DELETE /v1/account/passkeys/{id}": "own",
    "GET /v1/me": "own",
    "GET /v1/hosts": "own",
    "POST /v1/host-tokens": "admin",
    "GET /v1/host-tokens": "admin",
    "DELETE /v1/host-tokens/{id}": "admin",
    "GET /v1/fleet": "reader",
    "GET /v1/fleet/{name}": "reader",
    "POST /v1/fleet/{name}/edit": "admin",
    "POST /v1/fleet/{name}/adopt": "admin",
    "POST /v1/fleet/{name}/refuse": "admin",
    "POST /v1/fleet/{name}/lock": "admin",
    "POST /v1/fleet/{name}/rename": "admin",
    "POST /v1/fleet/{name}/retire": "admin",
    "GET /v1/logins": "own",
    "POST /v1/explain": "own",
    "GET /v1/krls/status": "reader",
    "GET /v1/access/matrix": "reader",
    "GET /v1/access/diff": "reader",
    "GET /v1/access/who": "reader",
    "POST /v1/access": "own",
    "GET /v1/policy": "reader",
    "PUT /v1/policy": "admin",
    "POST /v1/policy/diff": "reader",
    "GET /v1/policies": "reader",
    "GET /v1/requests": "own",
    "GET /v1/requests/{id}": "own",
    "GET /v1/requests/{id}/impact": "own",
    "POST /v1/requests/{id}/approve": "own",
    "POST /v1/requests/{id}/deny": "own",
    "POST /v1/requests/{id}/cancel": "own",
    "POST /v1/requests/{id}/cert": "own",
    "GET /v1/reviews": "reader",
    "GET /v1/reviews/{id}": "reader",
    "POST /v1/reviews/{id}/done": "admin",
    "POST /v1/seals": "admin",
    "GET /v1/recovery-sheet": "reader",
}

SAMPLES = {"serial": "17592186044417", "code": "BCDF-GHJK", "name": "ci", "id": "21", "user": "bob", "n1": "000"}
QUERIES = {
    "/v1/access/diff": "?from=2026-11-22T10:45:38Z",
    "/v1/access/who": "?login=root&host=web1.lab.example.com",
    "/v1/live": "?for=0",
}
PRINT = "SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def bodies(town):
    """What the routes take that take anything."""
    key = town.fresh_pub()
    return {
        "POST /v1/certs": {"type": "user", "public_key": key, "principals": ["alice"]},
        "POST /v1/revocations": {"serial": "17592186044417", "reason": "lost"},
        "POST /v1/ca/rotation": {"use": "user", "verb": "advance"},
        "POST /v1/tokens": {"name": "x", "scopes": ["admin"]},
        "PUT /v1/profiles/{name}": {"type": "user", "principals": ["deploy"], "ttl_max_s": 3600},
        "POST /v1/session/factor": {"factor": "totp", "code": "123456"},
        "POST /v1/account/password": {"current": "one of old", "new": "four other words", "code": "123456"},
        "POST /v1/account/recovery": {"code": "123456"},
        "POST /v1/host-tokens": {"match": "web*", "zone": "lab"},
        "POST /v1/fleet/{name}/edit": {"zone": "lab"},
        "POST /v1/fleet/{name}/adopt": {"fingerprint": PRINT},
        "POST /v1/fleet/{name}/lock": {"reason": "odd"},
        "POST /v1/fleet/{name}/rename": {"name": "web9.lab.example.com"},
        "POST /v1/explain": {"login": "root", "host": "web1"},
        "POST /v1/access": {"zone": "lab", "public_key": key},
        "PUT /v1/account/preferences": {"theme": "dark"},
        "POST /v1/reviews/{id}/done": {"note": "looked at it"},
        "POST /v1/seals": {"user": "bob", "role": "emergency", "public_key": key, "ttl_s": 86400, "reason": "the safe"},
        "PUT /v1/policy": policy().encode(),
        "POST /v1/policy/diff": policy().encode(),
    }


def proof_of(secret):
    digest = hashlib.sha256(b"vouch-csrf/1\n" + secret.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Browser:
    """Somebody's browser: it keeps the cookie that it is given, and sends it."""

    def __init__(self, town, person):
        self.town, self.person = town, person
        self.secret = self.csrf = None

    def sign_in(self):
        person = self.person
        wish = {"user": person.name, "password": person.password, "factor": "totp", "code": person.app.code(),
                "cookie": True}
        answer = self.town.as_(None, "POST", "/v1/sessions", wish, headers=OWN)
        expect_equal(answer.status, 201, str(answer))
        found = re.fullmatch(COOKIE + r"=(vouchs_[\w-]{43}); Path=/; Secure; HttpOnly; SameSite=Strict",
                             answer.headers["set-cookie"])
        expect(found is not None, answer.headers["set-cookie"])
        self.secret = self.town.keep("session", found.group(1))
        self.csrf = answer.json()["csrf"]
        return answer

    def own(self):
        """What a page of the server's own sends."""
        return {**OWN, "Cookie": f"{COOKIE}={self.secret}", "X-Vouch-CSRF": self.csrf}

    def ask(self, method, path, body=None, **changes):
        """As a page of ours; a change of None leaves the header out."""
        headers = {**self.own(), **{name.replace("_", "-"): value for name, value in changes.items()}}
        if isinstance(body, bytes):
            headers.update(yaml(1))
        headers = {name: value for name, value in headers.items() if value is not None}
        answer = self.town.service.ask(method, path, body, headers=headers)
        self.town.document.check(method, path, answer)
        return answer


def code_of(answer, status):
    refused(answer, status)
    return answer.json()["code"]


# --- files


def files(tap, town):
    service = town.service
    with open(os.path.join(SOURCE, "src/web/pages.json"), encoding="utf-8") as file:
        pages = json.load(file)
    with open(os.path.join(SOURCE, "src/web/dist/index.html"), "rb") as file:
        document = file.read()
    with tap.row("every page is the one document, for everybody, kept only as long as it is new"):
        for page in pages:
            answer = service.get(re.sub(r"\{\w+\}", "a%20b", page) + "?q=1")
            expect_equal((answer.status, answer.body), (200, document), page)
            expect_equal(answer.headers["cache-control"], "no-cache")
            again = service.get(re.sub(r"\{\w+\}", "x", page), headers={"If-None-Match": answer.headers["etag"]})
            expect_equal((again.status, again.body), (304, b""), page)
    assets = re.findall(rb'"(/assets/[^"]+)"', document)
    with tap.row("what the document names is there, may be kept for ever, and comes compressed to who takes it"):
        expect(len(assets) >= 3, assets)
        for path in [name.decode() for name in assets]:
            plain = service.get(path)
            packed = service.get(path, headers={"Accept-Encoding": "gzip, deflate, br"})
            expect_equal(plain.headers["cache-control"], "public, max-age=31536000, immutable")
            expect_equal(packed.headers.get("content-encoding"), "gzip")
            expect("content-encoding" not in plain.headers, path)
            expect_equal(gzip.decompress(packed.body), plain.body, path)
            expect(packed.headers["etag"] != plain.headers["etag"], path)
            expect_equal(plain.headers["vary"], "Accept-Encoding")
    with tap.row("a page has its own scripts fetched with it, and its first load stays below 80 kB"):
        for page in ("/sign-in", "/access", "/overview"):
            answer = service.get(page, headers={"Accept-Encoding": "gzip"})
            named = re.findall(r"<(/assets/[^>]+)>; rel=modulepreload", answer.headers["link"])
            expect(len(named) >= 1, answer.headers["link"])
            loads = [service.get(path, headers={"Accept-Encoding": "gzip"}) for path in {*named, *(name.decode() for name in assets)}]
            expect_equal({load.status for load in loads}, {200})
            expect(len(answer.body) + sum(len(load.body) for load in loads) < 80_000, page)
    with tap.row("all of it is protected: no other origin, no frame, nothing inline, no sniffing, no referrer"):
        for path in ["/", "/sign-in", "/nothing-here", "/assets/LICENSES.txt", *(name.decode() for name in assets)]:
            headers = service.get(path).headers
            for name, value in PROTECTION.items():
                if path != "/nothing-here":
                    expect_equal(headers.get(name), value, f"{path}: {name}")
            expect("strict-transport-security" in headers, path)
            expect("'unsafe" not in headers["content-security-policy"], path)
            expect("set-cookie" not in headers, path)
    with tap.row("no page or file takes anything"):
        for path in ("/", "/sign-in", "/assets/LICENSES.txt"):
            for method in ("POST", "PUT", "DELETE", "OPTIONS"):
                answer = service.ask(method, path)
                expect_equal(code_of(answer, 405), "V-1823")
    with tap.row("no other path is a page"):
        for path in ("/index.html", "/Sign-In", "/sign-in/x", "/assets/", "/assets/index.html", "/assets/app.js"):
            expect(service.get(path).status in (400, 404), path)
    with tap.row("there are no pages on the administrator's socket"):
        for path in ("/", "/sign-in", "/assets/LICENSES.txt"):
            refused(service.local("GET", path), 404)


# --- sessions


def sessions(tap, town, bob):
    service = town.service
    with tap.row("signing in for a page sets a cookie that no script reads, and the secret stands nowhere else"):
        answer = bob.sign_in()
        expect(bob.secret.encode() not in answer.body, "in the body")
        expect("secret" not in answer.json(), answer)
        expect_equal(bob.csrf, proof_of(bob.secret))
        expect(bob.secret not in service.log(), "in the log")
    with tap.row("a page that was loaded again learns who it is for, and its proof"):
        answer = bob.ask("GET", "/v1/session", X_Vouch_CSRF=None)
        expect_equal(answer.status, 200, str(answer))
        found = answer.json()
        expect_equal((found["user"], found["methods"], found["csrf"]), ("bob", "password+totp", bob.csrf))
        expect("secret" not in found, found)
    with tap.row("who shows the secret as a program gets no proof, and a token has no session"):
        expect("csrf" not in service.get("/v1/session", token=bob.secret).json())
        expect_equal(code_of(service.get("/v1/session", token=town.token), 403), "V-1802")
    with tap.row("no page of another site signs anybody in"):
        wish = {"user": "bob", "password": "x", "factor": "totp", "code": "123456", "cookie": True}
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            answer = service.ask("POST", "/v1/sessions", wish, headers=headers)
            expect_equal(code_of(answer, 403), "V-2010")
            expect("set-cookie" not in answer.headers, answer)
    with tap.row("a browser that does not say where a request comes from is known by its origin"):
        origin = f"https://127.0.0.1:{service.port}"
        expect_equal(bob.ask("GET", "/v1/me", Sec_Fetch_Site=None, Origin=origin).status, 200)
        for other in (None, "null", f"http://127.0.0.1:{service.port}", origin + "1", "https://127.0.0.1",
                      origin + ".evil.example"):
            expect_equal(code_of(bob.ask("GET", "/v1/me", Sec_Fetch_Site=None, Origin=other), 403), "V-2010")
    with tap.row("a cookie that is none, stands twice, or is another secret is no session"):
        for cookie, status in ((f"{COOKIE}={bob.secret}; {COOKIE}={bob.secret}", 400), (f"{COOKIE}={town.token}", 401),
                               (f"{COOKIE}=", 401), (f"vouch={bob.secret}", 401), (f"{COOKIE}={bob.secret}x", 401),
                               (f'{COOKIE}="{bob.secret}"', 400)):
            refused(bob.ask("GET", "/v1/me", Cookie=cookie), status)
    with tap.row("the administrator's socket knows no cookies, and lets nobody in who shows one"):
        refused(service.local("GET", "/v1/me", headers=bob.own()), 401)
        refused(service.local("GET", "/v1/accounts", headers=bob.own()), 401)
        expect_equal(service.local("GET", "/v1/accounts").status, 200)
    with tap.row("hosts' routes take no cookie"):
        for method, path in (("GET", "/v1/host/state"), ("DELETE", "/v1/host")):
            refused(bob.ask(method, path), 401)


def ending(tap, town, bob):
    with tap.row("signing out takes the cookie back, and the session is over"):
        answer = bob.ask("DELETE", "/v1/session")
        expect_equal(answer.status, 200, str(answer))
        gone = f"{COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
        expect_equal(answer.headers["set-cookie"], gone)
        answer = bob.ask("GET", "/v1/me")
        refused(answer, 401)
        expect_equal(answer.headers["set-cookie"], gone)
    with tap.row("no secret of a session is in the log"):
        expect("vouchs_" not in re.sub(r"vouchs_\*+", "", town.service.log()), "in the log")


# --- the table of all routes


def path_of(pattern):
    return re.sub(r"\{(\w+)\}", lambda m: SAMPLES.get(m.group(1), "000"), pattern) + QUERIES.get(pattern, "")


def operations(town):
    """"METHOD /path" of each route that takes a cookie."""
    found = []
    for path, methods in town.document.document["paths"].items():
        for method, operation in methods.items():
            if {"cookie": []} in operation.get("security", ()):
                found.append(f"{method.upper()} {path}")
    return found


def forgeries(tap, town, ada):
    """Requests of an administrator's browser that the administrator did not mean."""
    service, takes = town.service, bodies(town)
    recorded = len(service.ledger().next())
    for route in operations(town):
        method, pattern = route.split(" ")
        path, body = path_of(pattern), takes.get(route, {} if method in ("POST", "PUT") else None)
        with tap.row(f"{route}: not for a page of another site"):
            for site in ("cross-site", "same-site", "none", ""):
                expect_equal(code_of(ada.ask(method, path, body, Sec_Fetch_Site=site), 403), "V-2010")
            answer = ada.ask(method, path, body, Sec_Fetch_Site=None, Origin="https://evil.example")
            expect_equal(code_of(answer, 403), "V-2010")
            expect_equal(code_of(ada.ask(method, path, body, Sec_Fetch_Site=None), 403), "V-2010")
        if method != "GET":
            with tap.row(f"{route}: not without the page's proof, nor with another's"):
                for proof in (None, "", "A" * 43, proof_of(ada.secret + "x"), ada.secret):
                    expect_equal(code_of(ada.ask(method, path, body, X_Vouch_CSRF=proof), 403), "V-2011")
        with tap.row(f"{route}: not with two credentials"):
            answer = ada.ask(method, path, body, Authorization="Bearer " + town.token)
            expect_equal(code_of(answer, 400), "V-2012")
    with tap.row("nothing of all that was recorded, or ended the session"):
        expect_equal(len(service.ledger().next()), recorded)
        expect_equal(ada.ask("GET", "/v1/me").status, 200)


def roles(tap, town, bob, eve):
    takes = bodies(town)
    with tap.row("each route says whom it answers"):
        expect_equal(sorted(set(operations(town)) ^ set(ROUTES)), [])
    for route, whom in ROUTES.items():
        method, pattern = route.split(" ")
        path, body = path_of(pattern), takes.get(route, {} if method in ("POST", "PUT") else None)
        if whom in ("reader", "admin", "token"):
            with tap.row(f"{route}: not for every user"):
                refused(bob.ask(method, path, body), (403, 404))
        if whom in ("admin", "token") and method != "GET":
            with tap.row(f"{route}: not for auditors"):
                refused(eve.ask(method, path, body), (403, 404))


def others(tap, town, bob, carl):
    """What is carl's, asked for by bob's browser."""
    session = carl.ask("GET", "/v1/session").json()["id"]
    got = carl.ask("POST", "/v1/access", {"zone": "lab", "public_key": town.fresh_pub()})
    expect_equal(got.status, 201, str(got))
    serial = got.json()["serial"]
    wish = {"zone": "lab", "public_key": town.fresh_pub(), "roles": ["dba"], "reason": "an incident", "request": True}
    request = carl.ask("POST", "/v1/access", wish).json()["id"]
    asked = [
        ("DELETE", f"/v1/sessions/{session}", None), ("GET", f"/v1/certs/{serial}", None),
        ("POST", "/v1/revocations", {"serial": serial, "reason": "not mine"}),
        ("DELETE", "/v1/sessions?user=carl", None), ("GET", "/v1/sessions?user=carl", None),
        ("GET", "/v1/me?user=carl", None), ("POST", f"/v1/requests/{request}/cancel", {}),
        ("POST", f"/v1/requests/{request}/cert", {}),
    ]
    for method, path, body in asked:
        with tap.row(f"{method} {re.sub('[0-9]{3,}', 'N', path)}: another's is not there"):
            refused(bob.ask(method, path, body), (403, 404))
    with tap.row("and it is all as it was"):
        expect_equal(carl.ask("GET", f"/v1/certs/{serial}").status, 200)
        expect_equal(carl.ask("GET", f"/v1/requests/{request}").json()["state"], "waiting")


# --- following the ledger


class Stream:
    """A stream of events that somebody's browser follows."""

    def __init__(self, browser, query=""):
        self.connection = browser.town.service.connection()
        self.connection.request("GET", "/v1/live" + query, headers=browser.own())
        self.response = self.connection.getresponse()

    def event(self):
        """The next event's data, past what is none."""
        while True:
            line = self.response.readline()
            expect(line != b"", "the stream ended")
            if line.startswith(b"data: "):
                return json.loads(line[6:])

    def close(self):
        self.response.close()
        self.connection.close()


def live(tap, town, bob, carl):
    service = town.service
    with tap.row("a page is told at once how long the ledger is, and when it grows"):
        stream = Stream(carl)
        expect_equal((stream.response.status, stream.response.getheader("content-type")), (200, "text/event-stream"))
        size = stream.event()["size"]
        expect(size > 0, size)
        service.new_profile("grows")
        expect(stream.event()["size"] > size, "not longer")
        stream.close()
    with tap.row("a ledger that grows fast is told of once a second at most"):
        stream = Stream(carl, "?for=4")
        told = [stream.event()["size"]]
        for number in range(20):
            service.new_profile(f"fast{number}")
        told += [int(found) for found in re.findall(rb'"size":(\d+)', stream.response.read())]
        expect(told == sorted(told), told)
        expect(2 <= len(told) <= 6, told)
        stream.close()
    with tap.row("one session has eight streams and no more, and gets their places back"):
        streams = [Stream(carl) for _ in range(8)]
        expect_equal({stream.response.status for stream in streams}, {200})
        expect_equal(code_of(carl.ask("GET", "/v1/live?for=0"), 429), "V-2015")
        expect_equal(bob.ask("GET", "/v1/live?for=0").status, 200)
        for stream in streams:
            stream.close()
        again = time.monotonic() + 10
        while carl.ask("GET", "/v1/live?for=0").status != 200:
            expect(time.monotonic() < again, "the places are not given back")
    with tap.row("the summary counts what there is, for who may see it"):
        pages = town.service.get("/v1/certs?limit=200", token=town.token).json()["items"]
        counts = town.service.get("/v1/summary", token=town.token).json()
        expect_equal(counts["certs"]["valid"], len(pages))
        expect_equal(sum(row["count"] for row in counts["issued"]), len(pages))
        expect_equal(sorted(row["valid_before"] for row in counts["ending"]), [row["valid_before"] for row in counts["ending"]])
        refused(bob.ask("GET", "/v1/summary"), 403)
    with tap.row("a dry run tells what would be signed, and signs nothing"):
        key = town.fresh_pub()
        wish = {"zone": "lab", "public_key": key, "ttl_s": 600}
        before = town.service.get("/v1/summary", token=town.token).json()["certs"]["valid"]
        shown = bob.ask("POST", "/v1/access", {**wish, "dry_run": True})
        expect_equal(shown.status, 200, str(shown))
        expect_equal(town.service.get("/v1/summary", token=town.token).json()["certs"]["valid"], before)
        got = bob.ask("POST", "/v1/access", wish).json()
        for name in ("key_id", "fingerprint", "principals"):
            expect_equal(got[name], shown.json()[name], name)
    with tap.row("preferences are each one's own, and are there in another browser"):
        expect_equal(bob.ask("PUT", "/v1/account/preferences", {"theme": "dark", "language": "de"}).status, 200)
        expect_equal(carl.ask("GET", "/v1/account/preferences").json()["theme"], None)
        other = Browser(town, town.bob)
        other.sign_in()
        found = other.ask("GET", "/v1/account/preferences").json()
        expect_equal((found["theme"], found["language"]), ("dark", "de"))


def set_up(town):
    answer = town.service.local("PUT", "/v1/policy", policy().encode(), yaml(0))
    expect_equal(answer.status, 200, str(answer))
    for name, person in town.people.items():
        made = town.service.must_local("POST", f"/v1/accounts/{name}/link", {}).json()
        town.set_up(person, town.keep("link", made["secret"]))


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh-keygen") as lab:
        tap, town = Tap(), Town(lab, vouchd)
        with tap.row("to the end of files"):
            files(tap, town)
        with tap.row("the people are set up"):
            set_up(town)
        ada, bob, carl, eve = (Browser(town, getattr(town, name)) for name in ("ada", "bob", "carl", "eve"))
        with tap.row("to the end of sessions"):
            sessions(tap, town, bob)
        for one in (ada, carl, eve):
            one.sign_in()
        for part, people in ((forgeries, (ada,)), (roles, (bob, eve)), (others, (bob, carl)), (live, (bob, carl)),
                             (ending, (bob,))):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, town, *people)
        tap.done()


if __name__ == "__main__":
    main()
