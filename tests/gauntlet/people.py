#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: people who sign in, as somebody with a network connection could cheat. Rows L7, F1, F2, F3,
O10, W3 and W10, against a real vouchd.

Tries are counted for each account and each source, so every row takes the account that is left to it, and
every try comes from an address of its own on loopback.
"""

import base64
import concurrent.futures
import itertools
import os
import sys

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# In place of this folder, where http and people are not the modules that are meant.
sys.path[:1] = [os.path.join(TESTS, "system"), os.path.join(TESTS, "lib")]

from api import refused
from lab import Lab
from people import PEOPLE, Person, Town, policy, yaml
from service import find_vouchd
from tap import Tap, expect, expect_equal, skip_all

WRONG = "000000"
TRIES = 5  # wrong ones in five minutes, of an account, from wherever


class Cheat(Town):
    """The town of PEOPLE, and fay, whose account each row may leave unfinished."""

    def __init__(self, lab, vouchd):
        super().__init__(lab, vouchd)
        self.sources = (f"127.0.{high}.{low}" for high, low in itertools.product(range(1, 255), repeat=2))
        self.text = policy().replace("  - {name: eve}\n", "  - {name: eve}\n  - {name: fay}\n", 1)
        self.version = 0
        self.put(self.text)
        for name in PEOPLE:
            self.set_up(self.people[name], self.link(name))

    def put(self, text):
        answer = self.service.local("PUT", "/v1/policy", text.encode(), yaml(self.version))
        expect_equal(answer.status, 200, answer)
        self.version = answer.json()["version"]

    def link(self, name):
        return self.service.must_local("POST", f"/v1/accounts/{name}/link", {}).json()["secret"]

    def begin(self, person, **changes):
        """Tries to sign in, from where nobody did before."""
        wish = {"user": person.name, "password": person.password, "factor": "totp", "code": WRONG, **changes}
        wish = {name: value for name, value in wish.items() if value is not None}
        return self.as_(None, "POST", "/v1/sessions", wish, source=next(self.sources))

    def begun(self, person, **changes):
        answer = self.begin(person, **changes)
        expect_equal(answer.status, 201, answer)
        person.session = answer.json()["secret"]

    def sessions(self, person):
        return len(self.service.must_local("GET", f"/v1/sessions?user={person.name}").json()["items"])

    def crash(self):
        self.service.kill()
        self.service.start()


# --- Passwords


def passwords(tap, town):
    """Uses up four wrong tries of ada's."""
    ada = town.ada
    with town.service.database() as db:
        stored = [bytes(row[0]) for row in db.execute("SELECT stored FROM credentials")]
    hashes = [text.decode() for text in stored if text.startswith(b"$argon2")]
    with tap.row("L7: what is stored is a hash of our own, and no password"):
        expect_equal(len(hashes), len(PEOPLE))
        for text in hashes:
            expect(text.startswith("$argon2id$v=19$m=65536,"), text)
            expect(ada.password not in text)
        refused(town.begin(ada, password=hashes[0], code=ada.app.code()), 401)
    for name, text in (("NUL and more", ada.password + "\0more"),
                       ("a thousand characters", (ada.password + "$1$x$").ljust(1000, "x")),
                       ("the first half", ada.password[: len(ada.password) // 2])):
        with tap.row(f"L7: the right password with {name} is another password"):
            refused(town.begin(ada, password=text), (400, 401))
    with tap.row("L7: what is longer than 1,024 bytes is refused and hashed by nobody"):
        before = town.service.cpu_s()["identity"]
        for number in range(20):
            refused(town.begin(Person(f"nobody-{number}"), password="x" * 1025), (401, 422))
        spent = town.service.cpu_s()["identity"] - before
        expect(spent < 0.3, f"{spent} s of the processor")
    with tap.row("L7: and the right one is right"):
        town.begun(ada, code=ada.app.code())


# --- Codes


def codes(tap, town):
    """Four wrong tries of bob's, four of carl's, four of dan's."""
    def wide(code):
        return "".join(chr(ord("０") + int(digit)) for digit in code)

    forms = {
        town.bob: (("a blank in it", lambda c: c[:3] + " " + c[3:]), ("a blank before it", lambda c: " " + c),
                   ("a newline after it", lambda c: c + "\n"), ("digits of another script", wide)),
        town.carl: (("a digit more", lambda c: c + "0"), ("a digit less", lambda c: c[:5]),
                    ("NUL after it", lambda c: c + "\0"), ("a sign", lambda c: "+" + c[1:])),
    }
    for person, rows in forms.items():
        code = person.app.code()
        for name, form in rows:
            with tap.row(f"F1: a code with {name} is no code"):
                refused(town.begin(person, code=form(code)), (400, 401))
        with tap.row(f"F1: which uses it up for nobody: {person.name} signs in by it, once"):
            town.begun(person, code=code)
            refused(town.begin(person, code=code), (401, 503))
    dan = town.dan
    with tap.row("F1: of four who submit one code at once, one wins"):
        code = dan.app.code()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: town.begin(dan, code=code), range(4)))
        won = [answer.json()["secret"] for answer in answers if answer.status == 201]
        expect_equal(len(won), 1, [str(answer) for answer in answers])
        for answer in answers:
            if answer.status != 201:
                refused(answer, (401, 503))
        expect_equal(town.sessions(dan), 1)
        dan.session = won[0]
    with tap.row("F1: a code that was used stays used when everything is killed"):
        town.crash()
        refused(town.begin(dan, code=code), 401)
        expect_equal(town.sessions(dan), 1)


def tries(tap, town):
    """All that eve has."""
    eve = town.eve
    with tap.row("F2: five wrong codes for an account, each from another address, are looked at"):
        town.begun(eve, code=eve.app.code())
        for _ in range(TRIES):
            refused(town.begin(eve), 401)
    with tap.row("F2: the sixth try is not, from no address, however right"):
        answer = town.begin(eve, code=eve.app.code())
        refused(answer, 503)
        expect_equal(answer.json()["code"], "V-1882")
        expect(int(answer.headers["retry-after"]) > 60, answer)
    with tap.row("F2: nor by a session that is there, by another factor, or after a crash"):
        town.crash()
        for factor, code in (("totp", eve.app.at(eve.app.last)), ("recovery", eve.codes[0])):
            refused(town.begin(eve, factor=factor, code=code), 503)
        refused(town.as_(eve, "POST", "/v1/session/factor", {"factor": "totp", "code": WRONG}), 503)
        town.done(eve, "GET", "/v1/me")  # who was signed in stays so
    with tap.row("F2: another account has its own tries"):
        expect_equal(town.begin(Person("nobody")).status, 401)


def steps(tap, town):
    fay = Person("fay")
    with tap.row("F3: before the link was used there is nothing to sign in with"):
        refused(town.begin(fay), 401)
        link = town.link("fay")
        refused(town.as_(None, "POST", "/v1/setup/finish", {"link": link, "code": WRONG}), (401, 403, 404, 409, 422))
    with tap.row("F3: nor is there after the first step, with the password and code of that step"):
        begun = town.done(None, "POST", "/v1/setup/begin", {"link": link, "password": fay.password})
        app = type(town.ada.app)(begun["uri"])
        refused(town.begin(fay, code=app.at(app.last)), 401)
        expect_equal(town.sessions(fay), 0)
    with tap.row("F3: the second step is for the person of the link, and for what was begun last"):
        other = town.link("fay")
        refused(town.as_(None, "POST", "/v1/setup/finish", {"link": link, "code": app.code()}), (401, 403, 404))
        town.set_up(fay, other)
        town.begun(fay, code=fay.app.code())
    with tap.row("F3: a password alone, or a code alone, is no session"):
        before = town.sessions(fay)
        refused(town.begin(fay, code=None), 422)
        refused(town.begin(fay, code=""), (401, 422))
        refused(town.begin(fay, password=None, code=fay.app.at(fay.app.last)), 422)
        refused(town.begin(fay, factor=None), 422)
        refused(town.begin(fay, factor=""), 422)
        expect_equal(town.sessions(fay), before)
    with tap.row("F3: every session has another secret, and setting up anew ends all of them"):
        first = fay.session
        town.set_up(fay, town.link("fay"))
        refused(town.as_(fay, "GET", "/v1/me"), 401)
        town.begun(fay, code=fay.app.code())
        expect(fay.session != first)


# --- Sessions and rights


def secrets(tap, town):
    good, service = town.bob.session, town.service
    with tap.row("O10: no part of a session's secret is one, nor one with a bit changed"):
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        changed = [good[:i] + letters[letters.index(c) ^ 32] + good[i + 1 :] if c in letters else None
                   for i, c in enumerate(good)]
        cut = [good[:i] for i in range(len(good))] + [good[i:] for i in range(1, len(good))]
        for secret in [*cut, *filter(None, changed), good + "A", good.upper(), good.lower()]:
            refused(service.get("/v1/me", token=secret), 401)
        expect_equal(service.get("/v1/me", token=good).status, 200)
    with tap.row("W3: a session is taken from the one header, and from nowhere a browser sends it by itself"):
        basic = base64.b64encode(f"bob:{good}".encode()).decode()
        refused(service.get("/v1/me", headers={"Cookie": "__Host-vouch=" + good}), 403)
        for headers in ({"Cookie": f"session={good}; vouch={good}; Authorization=Bearer%20{good}"},
                        {"Authorization": "Basic " + basic}, {"X-Api-Key": good},
                        {"Proxy-Authorization": "Bearer " + good}):
            refused(service.get("/v1/me", headers=headers), 401)
        for name in ("access_token", "token", "session"):
            refused(service.get(f"/v1/me?{name}={good}"), (401, 422))
    with tap.row("W3: no answer sets a cookie or lets a page of another origin read it"):
        for method, path, headers in (
                ("GET", "/v1/me", {"Origin": "https://evil.example"}),
                ("OPTIONS", "/v1/me", {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"})):
            answer = service.ask(method, path, token=good, headers=headers)
            found = [name for name in answer.headers if name.startswith("access-control-") or name == "set-cookie"]
            expect_equal(found, [])
    with tap.row("W3: what a page of another origin can send without asking is not taken"):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = service.ask("POST", "/v1/sessions", b'{"user":"bob"}', headers={"Content-Type": kind})
            refused(answer, 415)


def rights(tap, town):
    ada, bob = town.ada, town.bob
    with tap.row("W3: who is no administrator any more has lost it at the next request, with the session they had"):
        town.done(ada, "GET", "/v1/accounts")
        town.put(town.text.replace("vouch-admins, members: [ada]", "vouch-admins, members: [bob]"))
        for method, path, body in (("GET", "/v1/accounts", None), ("POST", "/v1/accounts/bob/link", {}),
                                   ("GET", "/v1/audit", None), ("DELETE", "/v1/sessions?user=carl", None)):
            refused(town.as_(ada, method, path, body), (403, 404))
        town.done(bob, "GET", "/v1/accounts")
    with tap.row("W3: and who lost a role gets no certificate by it"):
        expect_equal(town.access(town.carl).status, 201)
        town.put(town.text.replace("engineering, members: [ada, bob, carl, dan]", "engineering, members: [ada, bob]"))
        refused(town.access(town.carl), 403)
        town.put(town.text)


def sizes(tap, town):
    def lines():
        text = town.service.get("/metrics", token=town.token).body.decode()
        return {line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")}

    with tap.row("W10: names that strangers give make no metric, and nobody's name is in one"):
        before = lines()
        for number in range(8):
            town.begin(Person(f"stranger-{number}"))
        expect_equal(lines() - before, set())
        for label in before:
            expect(not any(name in label for name in (*PEOPLE, "fay", "stranger")), label)
    with tap.row("W10: every text that people give has its bound"):
        for field in ("user", "password", "factor", "code"):
            refused(town.begin(town.bob, **{field: "x" * 20000}), (413, 422))
        for field in ("reason", "zone", "force_command"):
            refused(town.access(town.bob, **{field: "x" * 20000}), (413, 422))
        for field in ("roles", "logins", "extensions", "sources"):
            refused(town.access(town.bob, **{field: ["x"] * 2000}), (413, 422))


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh-keygen") as lab:
        tap, town = Tap(), Cheat(lab, vouchd)
        for part in (passwords, codes, tries, steps, secrets, rights, sizes):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, town)
        with tap.row("the ledger is proven"):
            expect_equal(town.service.verify()["verdict"], "proven")
        tap.done()


if __name__ == "__main__":
    main()
