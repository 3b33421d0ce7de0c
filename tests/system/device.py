#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""vouch login by browser against a real vouchd: by a code that is approved elsewhere, and by a browser on this
machine, which a program plays here; denial, a wrong verifier, a replay, two that come at once, somebody who is
disabled, taking it back, and Ctrl-C. What real browsers do is in tests/browser.
"""

import base64
import concurrent.futures
import hashlib
import http.client
import json
import os
import pty
import re
import secrets
import select
import signal
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from api import is_revoked, refused
from lab import Lab
from people import Town, policy, yaml
from service import find_vouchd
from tap import Tap, expect, expect_equal, skip_all

OK, USAGE, SIGN_IN, REFUSED = 0, 2, 4, 5
INTERVAL_S = 2
CODE = re.compile(r"Your code: ([A-Z]{4}-[A-Z]{4})")
CLIENT = {"host": "laptop", "os": "Debian GNU/Linux 12", "version": "vouch test"}

# What stands in for a browser: it writes down which address it was told to open.
BROWSER = """#!/bin/sh
printf '%s\\n' "$1" >"{path}.part" && mv "{path}.part" "{path}"
"""


def challenge_of(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Program:
    """A program that asks for itself, without vouch."""

    def __init__(self, town, **more):
        self.town, self.verifier = town, secrets.token_urlsafe(32)
        body = {"client": CLIENT, "challenge": challenge_of(self.verifier), **more}
        self.said = town.done(None, "POST", "/v1/device", body)
        self.code = self.said["user_code"]
        town.keep("device code", self.said["device_code"])

    def come(self, **changes):
        device = {"device_code": self.said["device_code"], "verifier": self.verifier, **changes}
        return self.town.as_(None, "POST", "/v1/sessions", {"device": device})

    def decide(self, person, verb, body=None):
        return self.town.as_(person, "POST", f"/v1/device/{self.code}/{verb}", body or {})

    def approve(self, person):
        answer = self.decide(person, "approve")
        expect_equal(answer.status, 200, str(answer))
        redirect = answer.json()["redirect"]
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(redirect).query)) if redirect else {}


def code_of(answer, status):
    refused(answer, status)
    return answer.json()["code"]


class Terminal:
    """vouch on a terminal of its own."""

    def __init__(self, lab, env, *words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(lab.vouch_path, [lab.vouch_path, *words], env)
        self.heard = ""

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], max(0, seconds))
        if not ready:
            return False
        try:
            more = os.read(self.fd, 4096)
        except OSError:
            return False
        self.heard += more.decode("utf-8", "replace")
        return bool(more)

    def hear(self, pattern, seconds=60):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.heard):
            expect(time.monotonic() < end and self.read(end - time.monotonic()),
                   f"waited for {pattern!r}, heard: {self.heard!r}")
        return re.search(pattern, self.heard)

    def end(self, seconds=60):
        end = time.monotonic() + seconds
        while self.read(end - time.monotonic()):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


class Home:
    """Somebody's own machine: a home without anything, that knows the server."""

    def __init__(self, lab, town, name, **env):
        self.lab, self.town = lab, town
        self.env = dict(lab.env, HOME=lab.folder(f"home-{name}"), **env)
        for gone in ("SSH_CONNECTION", "SSH_TTY", "container", "BROWSER", "WAYLAND_DISPLAY"):
            if gone not in env:
                self.env.pop(gone, None)
        self.session = os.path.join(self.env["HOME"], ".local", "state", "vouch", "session")
        expect_equal(self.vouch("server", "set", f"https://{town.service.address}", "--pin", town.service.pin).status, OK)

    def vouch(self, *words):
        return self.lab.vouch(*words, env=self.env)

    def login(self, *words):
        return Terminal(self.lab, self.env, "login", *words)

    def cert(self):
        with open(os.path.join(self.env["HOME"], ".ssh", "vouch", "lab", "id-cert.pub"), encoding="utf-8") as file:
            return file.read().strip()


def fresh(town, person):
    """A second factor of now, as the page asks for it."""
    town.done(person, "POST", "/v1/session/factor", {"factor": "totp", "code": person.app.code()})


# --- vouch


def by_code(tap, lab, town):
    home = Home(lab, town, "code")
    bob = town.bob
    with tap.row("vouch login without a browser shows a code, waits, and is let in when it is approved"):
        there = home.login()
        code = there.hear(CODE).group(1)
        there.hear("/device")
        shown = town.done(bob, "GET", f"/v1/device/{code}")
        expect_equal((shown["state"], shown["differs"], shown["loopback"]), ("waiting", False, False))
        expect(shown["client"]["version"].startswith("vouch ") and shown["client"]["host"], shown)
        town.done(bob, "POST", f"/v1/device/{code.lower().replace('-', '')}/approve", {})
        expect_equal(there.end(), OK, there.heard)
        expect("signed in to" in there.heard and "as bob" in there.heard and "certificate" in there.heard, there.heard)
        mine = [one for one in town.done(bob, "GET", "/v1/sessions")["items"] if one["client"]]
        expect_equal(len(mine), 1)
        expect(shown["client"]["host"] in mine[0]["client"], mine)
    with tap.row("taking it back ends its session and puts its certificate on the revocation list"):
        cert = home.cert()
        expect(not is_revoked(town, cert), "revoked before")
        undone = town.done(bob, "POST", f"/v1/device/{code}/undo", {})
        expect_equal((undone["state"], undone["revoked"]), ("undone", 1))
        expect(is_revoked(town, cert), "not revoked")
        expect_equal(home.vouch("renew", "lab").status, SIGN_IN)
        town.done(bob, "GET", "/v1/me")  # the browser's own session goes on
    with tap.row("a denied one ends vouch with 5 and V-2022"):
        there = home.login("--device-code")
        code = there.hear(CODE).group(1)
        town.done(bob, "POST", f"/v1/device/{code}/deny", {})
        expect_equal(there.end(), REFUSED, there.heard)
        expect("[V-2022]" in there.heard, there.heard)
    with tap.row("Ctrl-C while it waits ends vouch and leaves nothing behind"):
        with open(home.session, "rb") as file:
            before = file.read()
        there = home.login()
        there.hear(CODE)
        there.hear("waiting")
        os.write(there.fd, b"\x03")
        expect_equal(there.end(), -signal.SIGINT)
        with open(home.session, "rb") as file:
            expect_equal(file.read(), before)
    with tap.row("options of the terminal keep to the terminal, and exclude the browser"):
        done = home.vouch("login", "--device-code", "--user", "bob")
        expect_equal(done.status, USAGE, str(done))
        expect("--user" in done.err and "[V-1901]" in done.err, done)
        done = home.vouch("login", "--browser", "--terminal")
        expect_equal(done.status, USAGE, str(done))
        there = home.login("--terminal")
        there.hear(r"User \[")
        os.write(there.fd, b"\x03")
        there.end()


def by_loopback(tap, lab, town):
    opened = lab.join("opened")
    program = lab.write("browser", BROWSER.format(path=opened))
    os.chmod(program, 0o755)
    home = Home(lab, town, "loopback", BROWSER=program)
    bob = town.bob

    # In a container vouch does not choose a browser by itself.
    inside = os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv")
    choice = ("--browser",) if inside else ()

    def begin(*words):
        if os.path.exists(opened):
            os.remove(opened)
        there = home.login(*words)
        code = there.hear(CODE).group(1)
        end = time.monotonic() + 20
        while not os.path.exists(opened):
            expect(time.monotonic() < end, f"no browser was opened: {there.heard!r}")
            time.sleep(0.05)
        with open(opened, encoding="utf-8") as file:
            address = file.read().strip()
        expect_equal(urllib.parse.parse_qs(urllib.parse.urlsplit(address).query), {"code": [code]})
        return there, code, address

    def visit(redirect):
        where = urllib.parse.urlsplit(redirect)
        expect_equal((where.scheme, where.hostname, where.path), ("http", "127.0.0.1", "/done"))
        connection = http.client.HTTPConnection("127.0.0.1", where.port, timeout=30)
        connection.request("GET", f"{where.path}?{where.query}")
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location"), answer.read()

    with tap.row("with a browser here it is opened, brings a code back, and is sent on to the page"):
        there, code, address = begin(*choice)
        expect(town.done(bob, "GET", f"/v1/device/{code}")["loopback"], "no loopback")
        redirect = town.done(bob, "POST", f"/v1/device/{code}/approve", {})["redirect"]
        expect_equal(visit(redirect)[:2], (303, address))
        expect_equal(there.end(), OK, there.heard)
        expect_equal(town.done(bob, "GET", f"/v1/device/{code}")["state"], "taken")
        expect(home.cert().startswith("ssh-ed25519-cert-v01@openssh.com "), home.cert())
    with tap.row("what comes to the port without the mark is turned away, and a wrong code ends it"):
        there, code, _ = begin("--browser")
        redirect = town.done(bob, "POST", f"/v1/device/{code}/approve", {})["redirect"]
        forged = re.sub(r"state=.{4}", "state=AAAA", redirect)
        expect_equal(visit(forged)[0], 404)
        expect_equal(visit(redirect.replace("/done?code=vouchb_", "/done?code="))[0], 200)
        expect_equal(there.end(), SIGN_IN, there.heard)
        expect("[V-2023]" in there.heard, there.heard)
    with tap.row("over SSH no browser is opened: a code is shown"):
        far = Home(lab, town, "far", BROWSER=program, SSH_CONNECTION="192.0.2.1 1 192.0.2.2 22")
        if os.path.exists(opened):
            os.remove(opened)
        there = far.login()
        there.hear("in any browser")
        expect(not os.path.exists(opened), "a browser was opened")
        os.write(there.fd, b"\x03")
        there.end()
    with tap.row("without a terminal nothing waits for anybody"):
        done = home.lab.vouch("login", "--no-input", env=dict(home.env, USER=""))
        expect("Your code" not in done.err, done)


# --- the server


def the_server(tap, town):
    bob, carl = town.bob, town.carl
    with tap.row("nobody has decided: 409, and asking too soon: 503 with how long to wait"):
        one = Program(town)
        expect_equal(code_of(one.come(), 409), "V-2020")
        answer = one.come()
        expect_equal(code_of(answer, 503), "V-2021")
        expect_equal(answer.headers["retry-after"], str(INTERVAL_S))
    with tap.row("a wrong verifier gets nothing, and leaves the right one its session"):
        fresh(town, bob)
        one = Program(town)
        one.approve(bob)
        expect_equal(code_of(one.come(verifier=secrets.token_urlsafe(32)), 403), "V-2023")
        answer = one.come()
        expect_equal(answer.status, 201, str(answer))
        town.keep("session", answer.json()["secret"])
        time.sleep(INTERVAL_S)
        expect_equal(code_of(one.come(), 403), "V-2023")  # once
    with tap.row("a loopback without what its browser brings gets nothing"):
        one = Program(town, port=40000, state=secrets.token_urlsafe(16))
        brought = one.approve(bob)
        expect_equal(brought["state"] and len(brought["code"]), 50)
        expect_equal(code_of(one.come(), 409), "V-2026")
        expect_equal(code_of(one.come(code="vouchb_" + "A" * 43), 403), "V-2023")
        answer = one.come(code=town.keep("loopback code", brought["code"]))
        expect_equal(answer.status, 201, str(answer))
        town.keep("session", answer.json()["secret"])
    with tap.row("of two that come at once one gets a session"):
        for _ in range(4):
            one = Program(town, port=40000, state=secrets.token_urlsafe(16))
            brought = one.approve(bob)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                both = list(pool.map(lambda _: one.come(code=brought["code"]), range(2)))
            while any(answer.status == 503 for answer in both):
                both = [one.come(code=brought["code"]) if answer.status == 503 else answer for answer in both]
            expect_equal(sorted(answer.status for answer in both), [201, 403])
    with tap.row("what one has decided is not there for another"):
        one = Program(town)
        one.approve(bob)
        for verb in ("approve", "deny", "undo"):
            expect_equal(code_of(one.decide(carl, verb), 404), "V-2024")
    with tap.row("somebody who was disabled after they approved gets no session"):
        fresh(town, town.dan)
        one = Program(town, port=40000, state=secrets.token_urlsafe(16))
        brought = one.approve(town.dan)
        town.apply(town.ada, policy(dan=", state: disabled"))
        expect_equal(code_of(one.come(code=brought["code"]), 403), "V-2023")
        town.apply(town.ada, policy())
        expect_equal(code_of(one.come(code=brought["code"]), 403), "V-2023")
    with tap.row("all of it is in the ledger, and none of its secrets"):
        events = town.done(town.ada, "GET", "/v1/audit?limit=200")["items"]
        types = {event["type"] for event in events}
        expect({"device.ask", "device.approve", "device.deny", "device.undo", "session.begin"} <= types, types)
        text = json.dumps(events)
        expect(not any(secret in text for secret in town.secrets), "a secret is in the ledger")


def set_up(town):
    answer = town.service.local("PUT", "/v1/policy", policy().encode(), yaml(0))
    expect_equal(answer.status, 200, str(answer))
    for name, person in town.people.items():
        made = town.service.must_local("POST", f"/v1/accounts/{name}/link", {}).json()
        town.set_up(person, town.keep("link", made["secret"]))
        town.sign_in(person)


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh-keygen") as lab:
        tap, town = Tap(), Town(lab, vouchd)
        with tap.row("the people are set up"):
            set_up(town)
        for part in (lambda: by_code(tap, lab, town), lambda: by_loopback(tap, lab, town), lambda: the_server(tap, town)):
            with tap.row("to the end of a part"):
                part()
        tap.done()


if __name__ == "__main__":
    main()
