#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Passkeys at a real vouchd: registered, asked and removed over its API, by an authenticator in software.
Whatever of an answer is not as it must be is refused (gauntlet F4), whoever may not change a way in cannot
(F5), and every answer is held to the API's description.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from api import refused
from lab import Lab, wait_for
from passkey import EDDSA, ES256, PRESENT, RS256, VERIFIED, Passkey, b64
from people import Person, Town, policy, yaml
from service import find_vouchd
from tap import Tap, expect, expect_equal, skip_all

SIGN_IN = "/v1/passkeys/challenge"
MINE = "/v1/account/passkeys"


class Port(Town):
    """A town whose server goes by a host name."""

    def __init__(self, lab, vouchd):
        super().__init__(lab, vouchd)
        self.origin = f"https://localhost:{self.service.port}"
        self.folder = lab.fresh("passkeys-")
        os.mkdir(self.folder)
        self.go_by(self.origin)

    def go_by(self, url):
        self.service.stop()
        path = self.service.join("vouchd.yaml")
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file.read().splitlines() if not line.startswith("url:")]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join([*lines, *([f"url: {url}"] if url else [])]) + "\n")
        self.service.start()

    def link(self, name):
        return self.service.must_local("POST", f"/v1/accounts/{name}/link", {}).json()["secret"]

    def question(self, person, path, body=None):
        return self.done(person, "POST", path, body or {})

    def sign_in_by(self, passkey, question=None, **lies):
        """Signs in; what is lied about is signed all the same."""
        question = question or self.question(None, SIGN_IN)
        credential = passkey.answer(question, self.origin, **lies)
        wish = {"passkey": {"challenge_id": question["challenge_id"], "credential": credential}}
        return self.as_(None, "POST", "/v1/sessions", wish)

    def enter_by(self, person, passkey):
        answer = self.sign_in_by(passkey)
        expect_equal(answer.status, 201, str(answer))
        person.session = answer.json()["secret"]
        return answer.json()

    def register(self, person, passkey, name="a key", question=None, **lies):
        question = question or self.question(person, MINE + "/begin")
        wish = {"challenge_id": question["challenge_id"], "name": name,
                "credential": passkey.make(question, self.origin, **lies)}
        return self.as_(person, "POST", MINE, wish)

    def events(self, kind):
        """Whom the events of a kind are about."""
        items = self.service.local("GET", f"/v1/audit?type={kind}").json()["items"]
        return sorted(item["object"] for item in items)

    def give_factor(self, person, passkey, **about):
        question = self.question(person, "/v1/session/challenge", about)
        wish = {"factor": "passkey", "challenge_id": question["challenge_id"],
                "credential": passkey.answer(question, self.origin)}
        return self.as_(person, "POST", "/v1/session/factor", wish)


def coded(answer, status, code, field=None):
    refused(answer, status, field)
    expect_equal(answer.json()["code"], code, str(answer))


def setting_up(tap, port):
    service = port.service
    service.local("PUT", "/v1/policy", policy().encode(), yaml(0))
    with tap.row("an account is set up with a passkey in place of an app"):
        ada, link = port.ada, port.link("ada")
        begun = port.done(None, "POST", "/v1/setup/begin", {"link": link, "password": ada.password})
        options = begun["passkey"]["options"]
        expect_equal((options["rp"]["id"], options["user"]["name"]), ("localhost", "ada"))
        expect_equal(options["authenticatorSelection"]["userVerification"], "required")
        ada.key = Passkey(port.folder, ES256)
        wish = {"link": link, "passkey": {"challenge_id": begun["passkey"]["challenge_id"], "name": "first",
                                          "credential": ada.key.make(begun["passkey"], port.origin)}}
        found = port.done(None, "POST", "/v1/setup/finish", wish)
        expect_equal(len(found["codes"]), 10)
    with tap.row("it signs in alone, and its session administers"):
        found = port.enter_by(ada, ada.key)
        expect_equal((found["user"], found["methods"]), ("ada", "passkey"))
        item = port.done(ada, "GET", "/v1/accounts?user=ada")["items"][0]
        expect_equal((item["totp"], item["passkeys"], item["recovery_left"]), (False, 1, 10))
        port.done(ada, "POST", "/v1/accounts/dan/link", {})
    with tap.row("the password alone, with no app, does not"):
        wish = {"user": "ada", "password": ada.password, "factor": "totp", "code": "000000"}
        refused(port.as_(None, "POST", "/v1/sessions", wish), 401)
    with tap.row("others are set up with an app, and register passkeys of every kind"):
        for name in ("bob", "carl"):
            person = port.people[name]
            port.set_up(person, port.link(name))
            port.sign_in(person)
        port.bob.key, port.carl.key = Passkey(port.folder, EDDSA), Passkey(port.folder, RS256)
        for person in (port.bob, port.carl):
            answer = port.register(person, person.key, name=f"{person.name}'s key")
            expect_equal(answer.status, 201, str(answer))
            expect_equal(answer.json()["credential_id"], b64(person.key.id))
            expect_equal(port.enter_by(person, person.key)["methods"], "passkey")
        wait_for(lambda: port.events("account.passkey") == ["ada", "bob", "carl"], "their events")


def lying(tap, port):
    """F4, over the wire."""
    ada, bob = port.ada, port.bob
    lies = [
        ("another origin", {"origin": "https://evil.example"}), ("another port", {"origin": "https://localhost"}),
        ("another host", {"host": "example.com"}), ("nobody present", {"flags": VERIFIED}),
        ("nobody verified", {"flags": PRESENT}), ("a registration", {"type": "webauthn.create"}),
        ("another question", {"challenge": b64(bytes(32))}), ("a page within another", {"cross": True}),
        ("another's handle", {"handle": b"u999"}), ("no handle", {"handle": None}),
        ("a turned backup flag", {"flags": PRESENT | VERIFIED | 0x08}),
    ]
    for what, lie in lies:
        with tap.row(f"F4: refuses {what}"):
            coded(port.sign_in_by(ada.key, **lie), 401, "V-2001", "credential")
    with tap.row("F4: a question is answered once"):
        question = port.question(None, SIGN_IN)
        expect_equal(port.sign_in_by(ada.key, question).status, 201)
        coded(port.sign_in_by(ada.key, question), 409, "V-2002", "challenge_id")
    with tap.row("F4: a question for somebody is for nobody else, and says nothing of who there is"):
        asked = [port.question(None, SIGN_IN, {"user": name}) for name in ("bob", "nobody-at-all")]
        for question in asked:
            expect_equal((question["options"]["allowCredentials"], len(question["challenge_id"])),
                         ([], len(asked[0]["challenge_id"])))
            coded(port.sign_in_by(ada.key, question), 409, "V-2002")
        expect_equal(port.sign_in_by(bob.key, asked[0]).status, 201)
    with tap.row("F4: a passkey that nobody registered"):
        stranger = Passkey(port.folder)
        stranger.handle = ada.key.handle
        coded(port.sign_in_by(stranger), 401, "V-2001")
        stranger.id = ada.key.id
        coded(port.sign_in_by(stranger), 401, "V-2001")
    with tap.row("F4: a copy is refused and recorded"):
        ada.key.count, kept = 1, ada.key.count
        coded(port.sign_in_by(ada.key), 401, "V-2003")
        ada.key.count = kept
        wait_for(lambda: port.events("account.passkey_clone") == ["ada"], "its event")
        expect_equal(port.sign_in_by(ada.key).status, 201)
    with tap.row("F4: what a server that was started anew did not ask"):
        question = port.question(None, SIGN_IN)
        port.go_by(port.origin)
        coded(port.sign_in_by(ada.key, question), 409, "V-2002")
        expect_equal(port.sign_in_by(ada.key).status, 201)
    for what, lie in (("another origin", {"origin": "https://evil.example"}), ("no verification", {"flags": PRESENT}),
                      ("an attestation", {"fmt": "packed"}), ("an answer", {"type": "webauthn.get"})):
        with tap.row(f"F4: registers nothing with {what}"):
            coded(port.register(bob, Passkey(port.folder), **lie), 422, "V-2006", "credential")
    with tap.row("F4: registers nothing that is registered"):
        coded(port.register(bob, ada.key), 409, "V-2006")


def stepping_up(tap, port):
    ada, bob, carl = port.ada, port.bob, port.carl
    with tap.row("an answer about a request approves that one"):
        first, second = (port.request(carl)["id"] for _ in range(2))
        answer = port.give_factor(bob, bob.key, request=first)
        expect_equal(answer.status, 200, str(answer))
        port.done(bob, "POST", f"/v1/requests/{first}/approve", {})
        expect(second != first, second)
    with tap.row("a request that is not there to be seen has no question"):
        refused(port.as_(carl, "POST", "/v1/session/challenge", {"request": "999"}), 404)
    with tap.row("a passkey changes the password in place of a code"):
        question = port.question(ada, "/v1/session/challenge")
        fresh = "ada took quite another one"
        wish = {"current": ada.password, "new": fresh,
                "passkey": {"challenge_id": question["challenge_id"], "credential": ada.key.answer(question, port.origin)}}
        port.done(ada, "POST", "/v1/account/password", wish)
        coded(port.as_(ada, "POST", "/v1/account/password", {**wish, "current": fresh}), 409, "V-2002")


def removing(tap, port):
    ada, bob = port.ada, port.bob
    with tap.row("F5: one's last second factor stays"):
        port.enter_by(ada, ada.key)
        only = port.done(ada, "GET", MINE)["items"]
        expect_equal([item["name"] for item in only], ["first"])
        coded(port.as_(ada, "DELETE", f"{MINE}/{only[0]['id']}"), 409, "V-2005")
    with tap.row("F5: another's passkey is nobody's to see or remove but an administrator's"):
        item = port.done(ada, "GET", MINE + "?user=bob")["items"][0]
        refused(port.as_(port.carl, "GET", MINE + "?user=bob"), 404)
        refused(port.as_(port.carl, "DELETE", f"{MINE}/{item['id']}?user=bob"), 404)
        refused(port.as_(port.carl, "DELETE", f"{MINE}/{item['id']}"), 404)
        port.done(ada, "DELETE", f"{MINE}/{item['id']}?user=bob")
        coded(port.sign_in_by(bob.key), 401, "V-2001")
    with tap.row("the command lists and removes them"):
        listed = port.lab.vouch("passkey", "ls", "--local", port.service.folder, "--user", "carl", "-o", "json")
        expect("carl's key" in listed.out, listed)
        identity = port.done(port.carl, "GET", MINE)["items"][0]["id"]
        words = ("passkey", "rm", identity, "--user", "carl", "--local", port.service.folder)
        done = port.lab.vouch(*words, "--dry-run")
        expect("would remove" in done.err, done)
        done = port.lab.vouch(*words)
        expect_equal(done.status, 0, done)
        expect_equal(port.done(port.carl, "GET", MINE)["items"], [])
    with tap.row("F5: nobody without a session registers, or is asked for a second factor"):
        for path in (MINE + "/begin", "/v1/session/challenge"):
            refused(port.as_(None, "POST", path, {}), 401)
            refused(port.as_(Person("nobody"), "POST", path, {}), 401)


def elsewhere(tap, port):
    with tap.row("under an IP address there are no passkeys, and the API says so"):
        port.go_by(None)
        coded(port.as_(None, "POST", SIGN_IN, {}), 409, "V-2004")
        begun = port.done(None, "POST", "/v1/setup/begin", {"link": port.link("eve"), "password": port.eve.password})
        expect_equal(begun["passkey"], None)
    with tap.row("under another name those of the first do not count"):
        port.go_by(f"https://other.test:{port.service.port}")
        coded(port.sign_in_by(port.ada.key, host="other.test"), 401, "V-2001")
        port.go_by(port.origin)
        expect_equal(port.sign_in_by(port.ada.key).status, 201)
    with tap.row("nothing failed inside, and the ledger is whole"):
        expect("V-1999" not in port.service.log(), port.service.log())
        done = port.lab.vouch("ledger", "verify", port.service.folder)
        expect_equal(done.status, 0, done)


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("there is no vouchd")
    tap = Tap()
    with Lab("openssl", "ssh-keygen") as lab:
        port = Port(lab, vouchd)
        for part in (setting_up, lying, stepping_up, removing, elsewhere):
            part(tap, port)
        tap.done()


if __name__ == "__main__":
    main()
