#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""People at a real vouchd, end to end over its API: the first administrator, set-up by links, sign-in with
two factors, the policy, certificates by roles before a real sshd and ssh, requests and approvals, and what
becomes of whoever is disabled. Every answer is held to the API's description.
"""

import base64
import concurrent.futures
import contextlib
import hashlib
import hmac
import os
import re
import struct
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from api import Desk, cert_of, is_revoked, krl_of, refused
from lab import Lab, wait_for
from service import NAME, find_vouchd
from sshd import USER, Sshd, expect_in, expect_out
from tap import Tap, expect, expect_equal, skip_all

STEP_S = 30
POLICY_MAX = 8 * 1024 * 1024
WRONG = "no such password was ever set"
PEOPLE = ("ada", "bob", "carl", "dan", "eve")

POLICY = """\
zones:
  - {name: lab, patterns: ['*.lab.example.com']}
users:
  - {name: ada}
  - {name: bob}
  - {name: carl}
  - {name: dan%s}
  - {name: eve}
groups:
  - {name: engineering, members: [ada, bob, carl, dan]}
  - {name: leads, members: [ada, bob, dan]}
  - {name: vouch-admins, members: [ada]}
  - {name: vouch-auditors, members: [eve]}
roles:
  - name: dba
    zone: lab
    members: [group:engineering]
    hosts: [tier=db]
    logins: [postgres]
    max_ttl: %s
    reason: required
    approval: {by: [group:leads], count: 1}
  - name: dev
    zone: lab
    members: [group:engineering]
    hosts: [tier=web]
    logins: ['%s']
    max_ttl: 8h
    extensions: [permit-pty]
hosts:
  - {name: db1.lab.example.com, zone: lab, labels: {tier: db}}
  - {name: web1.lab.example.com, zone: lab, labels: {tier: web}}
  - {name: web2.lab.example.com, zone: lab, labels: {tier: web}}
"""


def policy(dan="", dba_ttl="1h"):
    return POLICY % (dan, dba_ttl, USER)


class App:
    """An authenticator app: RFC 6238, and no code twice."""

    def __init__(self, uri):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)
        self.key = base64.b32decode(query["secret"][0])
        self.last = 0

    def code(self):
        """The code of the earliest step that is good and was not used; waits for one if it must."""
        while True:
            now = time.time()
            step = max(self.last + 1, int(now) // STEP_S - (now % STEP_S < STEP_S - 8))
            if step <= int(now) // STEP_S + 1:
                self.last = step
                return self.at(step)
            time.sleep(1)

    def at(self, step):
        digest = hmac.new(self.key, struct.pack(">Q", step), hashlib.sha1).digest()
        place = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[place:place + 4])[0] & 0x7fffffff) % 1000000:06d}"


class Person:
    def __init__(self, name):
        self.name = name
        self.password = f"{name} and four words more"
        self.app, self.codes, self.session = None, [], None


class Town(Desk):
    """A service with the people of PEOPLE, by name, once they are set up."""

    def __init__(self, lab, vouchd):
        super().__init__(lab, vouchd)
        self.people = {name: Person(name) for name in PEOPLE}
        self.secrets = {}  # every secret that was seen, and what it is

    def keep(self, what, secret):
        self.secrets[secret] = what
        return secret

    def __getattr__(self, name):
        if name in PEOPLE:
            return self.people[name]
        raise AttributeError(name)

    def as_(self, person, method, path, body=None, **more):
        """Asks with a person's session; None: with nothing."""
        answer = self.service.ask(method, path, body, person and person.session, **more)
        self.document.check(method, path, answer)
        return answer

    def done(self, person, method, path, body=None, **more):
        answer = self.as_(person, method, path, body, **more)
        expect(answer.status in (200, 201, 202), f"{method} {path}: {answer}")
        return answer.json()

    def put_policy(self, person, text, version):
        return self.as_(person, "PUT", "/v1/policy", text.encode(), headers=yaml(version))

    def apply(self, person, text):
        """Applies it to what holds now."""
        version = self.as_(person, "GET", "/v1/policy").headers["etag"].strip('"')
        answer = self.put_policy(person, text, version)
        expect_equal(answer.status, 200, str(answer))
        return answer.json()

    def set_up(self, person, link):
        begun = self.done(None, "POST", "/v1/setup/begin", {"link": link, "password": person.password})
        expect_equal(begun["user"], person.name)
        person.app = App(begun["uri"])
        self.keep("TOTP secret", base64.b32encode(person.app.key).decode())
        self.keep("password", person.password)
        found = self.done(None, "POST", "/v1/setup/finish", {"link": link, "code": person.app.code()})
        person.codes = found["codes"]
        for code in person.codes:
            self.keep("recovery code", code)

    def try_sign_in(self, person, **changes):
        wish = {"user": person.name, "password": person.password, "factor": "totp", **changes}
        if "code" not in wish:
            wish["code"] = person.app.code()
        return self.as_(None, "POST", "/v1/sessions", wish)

    def sign_in(self, person, **changes):
        """As a person does: one address makes all the wrong tries here, and waits when it is told to."""
        if "code" not in changes:
            changes["code"] = person.app.code()
        answer = self.try_sign_in(person, **changes)
        if answer.status == 503:
            time.sleep(int(answer.headers["retry-after"]))
            answer = self.try_sign_in(person, **changes)
        expect_equal(answer.status, 201, str(answer))
        person.session = self.keep("session", answer.json()["secret"])
        return answer.json()

    def access(self, person, **fields):
        headers = fields.pop("headers", None)
        wish = {"zone": "lab", **fields}
        if "public_key" not in wish:
            wish["public_key"] = self.fresh_pub()
        return self.as_(person, "POST", "/v1/access", wish, headers=headers)

    def request(self, person, **fields):
        answer = self.access(person, roles=["dba"], reason="an incident", request=True, **fields)
        expect_equal(answer.status, 202, str(answer))
        return answer.json()


def yaml(version):
    return {"Content-Type": "application/yaml", "If-Match": f'"{version}"'}


def first_administrator(tap, town):
    service = town.service
    with tap.row("at first there is no policy, and nobody who could sign in"):
        answer = service.local("GET", "/v1/policy")
        expect_equal((answer.status, answer.headers["etag"], answer.body), (200, '"0"', b""))
        refused(town.try_sign_in(town.ada, code="123456"), 401)
    with tap.row("the owner of the machine applies the first policy"):
        text = policy().encode()
        headers = {"Content-Type": "application/yaml"}
        refused(service.local("PUT", "/v1/policy", text, headers), 422, "If-Match")
        answer = service.local("PUT", "/v1/policy", text, yaml(0))
        expect_equal((answer.status, answer.headers.get("etag")), (200, '"1"'), str(answer))
        refused(service.local("PUT", "/v1/policy", text, yaml(0)), 409)
    with tap.row("and makes the first administrator a link, which is good once"):
        made = service.must_local("POST", "/v1/accounts/ada/link", {}).json()
        link = town.keep("link", made["secret"])
        void = service.must_local("POST", "/v1/accounts/ada/link", {}).json()["secret"]
        link, void = town.keep("link", void), link
        refused(town.as_(None, "POST", "/v1/setup", {"link": void}), (401, 403, 404, 422))
        seen = town.done(None, "POST", "/v1/setup", {"link": link})
        expect_equal((seen["user"], seen["name"]), ("ada", NAME))
        for easy in ("short", "passwordpassword", "ada ada ada ada", " " * 20):
            wish = {"link": link, "password": easy}
            refused(town.as_(None, "POST", "/v1/setup/begin", wish), 422)
        town.set_up(town.ada, link)
        expect_equal(len(town.ada.codes), 10)
        for path, body in (("/v1/setup", {}), ("/v1/setup/begin", {"password": town.ada.password}),
                           ("/v1/setup/finish", {"code": "123456"})):
            refused(town.as_(None, "POST", path, {"link": link, **body}), (401, 403, 404, 422))
    with tap.row("nobody has an account whom the policy does not name"):
        refused(service.local("POST", "/v1/accounts/nobody/link", {}), 404)
    with tap.row("the administrator signs in and gives the others links"):
        found = town.sign_in(town.ada)
        expect_equal((found["user"], found["methods"]), ("ada", "password+totp"))
        for person in list(town.people.values())[1:]:
            made = town.done(town.ada, "POST", f"/v1/accounts/{person.name}/link", {"ttl_s": 600})
            town.set_up(person, town.keep("link", made["secret"]))
            town.sign_in(person)
    with tap.row("accounts are listed"):
        items = town.done(town.ada, "GET", "/v1/accounts?limit=200")["items"]
        expect_equal([item["user"] for item in items], list(PEOPLE))
        expect(all(item["password"] and item["totp"] and item["sessions"] == 1 for item in items), items)
        one = town.done(town.ada, "GET", "/v1/accounts?user=bob")["items"]
        expect_equal([(item["user"], item["recovery_left"]) for item in one], [("bob", 10)])


def plain(answer, name="nothing"):
    """What can be told of an answer, without what differs from request to request, and without a name that
    the request gave."""
    changing = ("date", "x-request-id", "content-length")
    told = {field: value for field, value in answer.headers.items() if field not in changing}
    body = answer.json()
    detail = re.sub(rf"\b{name}\b", "*", body["detail"])
    return answer.status, told, {**body, "detail": detail, "instance": ""}


def signing_in(tap, town):
    with tap.row("whatever is wrong, the answer is the same"):
        carl, nobody = town.carl, Person("nobody")
        answers = [
            town.try_sign_in(carl, password=WRONG), town.try_sign_in(carl, code="000000"),
            town.try_sign_in(nobody, code="000000"), town.try_sign_in(Person("no such name"), code="1"),
        ]
        refused(answers[0], 401)
        for answer in answers[1:]:
            expect_equal(plain(answer), plain(answers[0]))
    with tap.row("a code is good once"):
        code = town.bob.app.code()
        first = town.try_sign_in(town.bob, code=code)
        expect_equal(first.status, 201, str(first))
        town.keep("session", first.json()["secret"])
        refused(town.try_sign_in(town.bob, code=code), 401)
        for person, path in ((town.bob, "/v1/sessions"), (town.ada, "/v1/sessions?user=bob")):
            expect_equal(len(town.done(person, "GET", path)["items"]), 2, path)
        ended = town.done(town.bob, "DELETE", f"/v1/sessions/{first.json()['id']}")
        expect_equal(ended["count"], 1)
        refused(town.service.get("/v1/me", token=first.json()["secret"]), 401)
    with tap.row("a recovery code is good once, and for no administration"):
        found = town.sign_in(town.ada, factor="recovery", code=town.ada.codes[0])
        expect_equal((found["methods"], found["recovery_left"]), ("password+recovery", 9))
        refused(town.as_(town.ada, "POST", "/v1/accounts/dan/link", {}), 403)
        refused(town.try_sign_in(town.ada, factor="recovery", code=town.ada.codes[0]), 401)
        expect_equal(town.done(town.ada, "DELETE", "/v1/session")["count"], 1)
        refused(town.as_(town.ada, "GET", "/v1/me"), 401)
        town.sign_in(town.ada)
    with tap.row("who is signed in sees who they are, by the policy"):
        me = town.done(town.carl, "GET", "/v1/me")
        shown = [me[name] for name in ("user", "is_admin", "is_auditor", "policy")]
        expect_equal(shown, ["carl", False, False, "1"])
        roles = {role["role"]: (role["approvals"], role["needs_reason"]) for role in me["roles"]}
        expect_equal(roles, {"dev": (0, False), "dba": (1, True)})
        hosts = town.done(town.carl, "GET", "/v1/hosts")["items"]
        expect_equal([(h["host"], h["logins"], h["requests"]) for h in hosts], [
            ("db1.lab.example.com", [], ["dba"]), ("web1.lab.example.com", [USER], []),
            ("web2.lab.example.com", [USER], [])])
        some = town.done(town.carl, "GET", "/v1/hosts?host=web*&limit=1")
        expect_equal([h["host"] for h in some["items"]], ["web1.lab.example.com"])
        rest = town.done(town.carl, "GET", f"/v1/hosts?host=web*&cursor={some['next']}")
        expect_equal([h["host"] for h in rest["items"]], ["web2.lab.example.com"])
        who = town.done(town.eve, "GET", "/v1/access/who?login=postgres&host=db1.lab.example.com")
        expect_equal({(p["user"], p["how"]) for p in who["items"]},
                     {(name, "approval") for name in PEOPLE[:4]})
    with tap.row("one's password is changed with the old one and a code"):
        eve = town.eve
        fresh = "eve took quite another one"
        wish = {"current": WRONG, "new": fresh, "code": "000000"}
        refused(town.as_(eve, "POST", "/v1/account/password", wish), 403, "code")
        wish = {"factor": "totp", "code": "000000"}
        refused(town.as_(eve, "POST", "/v1/session/factor", wish), 403, "code")
        town.done(eve, "GET", "/v1/me")  # which ends nothing
        wish = {"current": eve.password, "new": fresh, "code": eve.app.code()}
        town.done(eve, "POST", "/v1/account/password", wish)
        eve.password = town.keep("password", fresh)
        town.done(eve, "GET", "/v1/me")


def keeping_apart(tap, town):
    """Gauntlet W8: what is another's is not there."""
    service, carl = town.service, town.carl
    session = town.done(town.bob, "GET", "/v1/sessions")["items"][0]["id"]
    answer = town.access(town.bob)
    expect_equal(answer.status, 201, str(answer))
    serial = answer.json()["serial"]
    request = town.request(town.bob)["id"]
    hidden = [
        ("DELETE", f"/v1/sessions/{session}", None), ("GET", f"/v1/certs/{serial}", None),
        ("GET", f"/v1/requests/{request}", None), ("POST", f"/v1/requests/{request}/approve", {}),
        ("POST", f"/v1/requests/{request}/deny", {}), ("POST", f"/v1/requests/{request}/cancel", {}),
        ("POST", f"/v1/requests/{request}/cert", {}),
    ]
    for method, path, body in hidden:
        with tap.row(f"W8: {method} {path}: another's is not there, nor what nobody has"):
            name = path.split("/")[3]
            absent = path.replace("/" + name, "/" + "9" * len(name))
            answers = [town.as_(carl, method, path, body), town.as_(carl, method, absent, body)]
            refused(answers[0], 404)
            expect_equal(plain(answers[0], name), plain(answers[1], "9" * len(name)))
    closed = [
        ("GET", "/v1/sessions?user=bob"), ("DELETE", "/v1/sessions?user=bob"), ("GET", "/v1/accounts"),
        ("POST", "/v1/accounts/bob/link"), ("GET", "/v1/me?user=bob"), ("GET", "/v1/hosts?user=bob"),
        ("GET", "/v1/access/who?login=root&host=web1.lab.example.com"), ("GET", "/v1/policy"),
        ("GET", "/v1/policies"), ("GET", "/v1/requests?which=all"), ("GET", "/v1/audit"),
        ("GET", "/v1/tokens"), ("POST", "/v1/tokens"), ("GET", "/v1/status"), ("GET", "/metrics"), ("POST", "/v1/revocations"),
    ]
    bodies = {
        "/v1/tokens": {"name": "x", "scopes": ["admin"]}, "/v1/accounts/bob/link": {},
        "/v1/revocations": {"serial": serial, "reason": "x"},
    }
    for method, path in closed:
        with tap.row(f"{method} {path} is not for every user"):
            body = bodies.get(path) if method == "POST" else None
            refused(town.as_(carl, method, path, body), (403, 404))
    with tap.row("a policy is read by auditors and applied by administrators"):
        expect_equal(town.as_(town.eve, "GET", "/v1/policy").status, 200)
        for person in (carl, town.eve):
            refused(town.put_policy(person, policy(), 1), 403)
        diff = town.as_(town.eve, "POST", "/v1/policy/diff", policy(dba_ttl="2h").encode(), headers=yaml(1))
        expect_equal([edit["key"] for edit in diff.json()["edits"]], ["max_ttl"])
        refused(town.as_(carl, "POST", "/v1/policy/diff", policy().encode(), headers=yaml(1)), 403)
    with tap.row("one's own is listed, and nobody else's"):
        own = [item["serial"] for item in town.done(town.bob, "GET", "/v1/certs")["items"]]
        expect(serial in own, own)
        expect(serial not in [item["serial"] for item in town.done(carl, "GET", "/v1/certs")["items"]])
        expect_equal([item["id"] for item in town.done(town.bob, "GET", "/v1/requests")["items"]], [request])
        expect_equal(town.done(carl, "GET", "/v1/requests")["items"], [])
        expect_equal(town.done(town.eve, "GET", f"/v1/requests/{request}")["id"], request)
    with tap.row("a user takes back their own certificate"):
        refused(town.as_(carl, "POST", "/v1/revocations", {"serial": serial, "reason": "mine?"}), (403, 404))
        town.done(town.bob, "POST", "/v1/revocations", {"serial": serial, "reason": "lost"})
        expect(is_revoked(town, answer.json()["certificate"]), "not in the list that is served")
    town.done(town.bob, "POST", f"/v1/requests/{request}/cancel", {"comment": "not needed"})
    expect_equal(service.get("/readyz").status, 200)


def getting_in(tap, town):
    lab, carl = town.lab, town.carl
    with tap.row("a certificate by roles says who, for what, and by which evidence"):
        key = lab.key("ed25519")
        with open(key + ".pub", encoding="ascii") as file:
            answer = town.access(carl, public_key=file.read())
        expect_equal(answer.status, 201, str(answer))
        found = answer.json()
        expect_equal((found["key_id"], found["principals"], found["role"], found["actor"]),
                     ("carl", ["role:dev"], "dev", "user:carl"))
        expect_equal(cert_of(found)["extensions"], [("permit-pty", b"")])
        lab.write(os.path.basename(key) + "-cert.pub", found["certificate"] + "\n")
    settings = f"TrustedUserCAKeys {lab.write('user_ca.pub', town.service.get('/v1/ca/user.pub').body)}\n"
    settings += f"AuthorizedPrincipalsFile {lab.path}/principals-%u\nRevokedKeys {lab.join('revoked')}"
    lab.write(f"principals-{USER}", "role:dev\n")
    lab.write("revoked", krl_of(town)[0].body)
    sshd = Sshd(lab, settings)
    with tap.row("ssh logs in where a host maps the role to the account"):
        expect_in(sshd.login(key=key, cert=key + "-cert.pub"))
    with tap.row("and nowhere else"):
        lab.write(f"principals-{USER}", "role:dba\n")
        expect_out(sshd.login(key=key, cert=key + "-cert.pub"))
        lab.write(f"principals-{USER}", "role:dev\n")
    with tap.row("what the policy does not grant is refused with a reason"):
        for fields in ({"roles": ["nosuch"]}, {"roles": ["dba"]}, {"roles": ["dba"], "reason": "x"},
                       {"ttl_s": 9 * 3600}, {"extensions": ["permit-X11-forwarding"]}, {"logins": ["root"]}):
            answer = town.access(carl, **fields)
            refused(answer, (403, 422))
        refused(town.access(carl, zone="nosuch"), (403, 404, 422))
        refused(town.access(town.eve), 403)
    with tap.row("less than what is granted can be asked for"):
        less = {"extensions": [], "sources": ["127.0.0.0/8"], "force_command": "/bin/true"}
        found = town.access(carl, ttl_s=600, **less).json()
        cert = cert_of(found)
        expect_equal(cert["extensions"], [])
        expect_equal([name for name, _ in cert["critical"]], ["force-command", "source-address"])
    with tap.row("by profiles a session gets nothing"):
        refused(town.as_(carl, "POST", "/v1/certs", town.wish()), 403)
        refused(town.as_(carl, "POST", f"/v1/certs/{found['serial']}/renew", {}), 403)
    with tap.row("neither token nor owner is a person"):
        wish = {"zone": "lab", "public_key": town.fresh_pub()}
        refused(town.ask("POST", "/v1/access", wish), 403)
        refused(town.service.local("POST", "/v1/access", wish), 403)
    with tap.row("the same wish with the same key is granted once"):
        wish = {"public_key": town.fresh_pub(), "headers": {"Idempotency-Key": "carl-1"}}
        serials = {town.access(carl, **dict(wish)).json()["serial"] for _ in range(3)}
        expect_equal(len(serials), 1)
        refused(town.access(carl, ttl_s=60, **dict(wish)), 409)
    return sshd


def asking_others(tap, town):
    carl, bob, ada, dan, eve = (town.people[name] for name in ("carl", "bob", "ada", "dan", "eve"))
    pub = town.fresh_pub()
    with tap.row("without an approval there is a request in place of a certificate"):
        refused(town.access(carl, roles=["dba"], request=True), 403)  # no reason was given
        made = town.request(carl, public_key=pub)
        expect_equal((made["state"], made["missing"], made["principals"]), ("waiting", 1, ["role:dba"]))
        listed = town.done(bob, "GET", "/v1/requests?which=to-decide&state=waiting")["items"]
        expect_equal([item["id"] for item in listed], [made["id"]])
        expect_equal(town.done(carl, "GET", "/v1/requests?which=to-decide")["items"], [])
        refused(town.as_(carl, "POST", f"/v1/requests/{made['id']}/cert", {}), (403, 409))
    path = f"/v1/requests/{made['id']}"
    with tap.row("nobody approves their own, nor who is not named"):
        own = town.request(bob)
        refused(town.as_(bob, "POST", f"/v1/requests/{own['id']}/approve", {}), 403)
        refused(town.as_(eve, "POST", path + "/approve", {}), 403)
        refused(town.as_(None, "POST", path + "/approve", {}), 401)
        refused(town.service.local("POST", path + "/approve", {}), 403)
    with tap.row("another's yes gives one certificate, for the key and the principals that were approved"):
        said = town.done(bob, "POST", path + "/approve", {"comment": "fine"})
        expect_equal((said["state"], said["missing"], said["approvers"]), ("approved", 0, ["bob"]))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(lambda _: town.as_(carl, "POST", path + "/cert", {}), range(4)))
        good = [answer.json() for answer in taken if answer.status == 201]
        expect_equal(len(good), 1, [str(answer) for answer in taken])
        expect_equal((good[0]["principals"], good[0]["role"]), (["role:dba"], "dba"))
        expect_equal(cert_of(good[0])["key"], base64.b64decode(pub.split()[1]))
        refused(town.as_(carl, "POST", path + "/cert", {}), 409)
        expect_equal(town.done(carl, "GET", path)["serial"], good[0]["serial"])
        refused(town.as_(dan, "POST", path + "/deny", {}), 409)
    with tap.row("one no is enough"):
        said = town.done(dan, "POST", f"/v1/requests/{own['id']}/deny", {"comment": "not now"})
        expect_equal((said["state"], said["decided_by"], said["comment"]), ("denied", "dan", "not now"))
        refused(town.as_(ada, "POST", f"/v1/requests/{own['id']}/approve", {}), 409)
        refused(town.as_(bob, "POST", f"/v1/requests/{own['id']}/cert", {}), (403, 409))
    with tap.row("the policy is asked again when a certificate is taken"):
        late = town.request(carl)
        town.done(bob, "POST", f"/v1/requests/{late['id']}/approve", {})
        town.apply(ada, policy(dba_ttl="30m"))
        refused(town.as_(carl, "POST", f"/v1/requests/{late['id']}/cert", {}), (403, 409))
        town.apply(ada, policy())


def letting_go(tap, town, sshd):
    """Gauntlet W14: who is disabled is out at once, with every session and every certificate."""
    dan, lab = town.dan, town.lab
    key = lab.key("ed25519")
    with open(key + ".pub", encoding="ascii") as file:
        found = town.access(dan, public_key=file.read()).json()
    lab.write(os.path.basename(key) + "-cert.pub", found["certificate"] + "\n")
    carls = town.access(town.carl).json()
    with tap.row("W14: before, the session is good and the certificate opens"):
        town.done(dan, "GET", "/v1/me")
        expect_in(sshd.login(key=key, cert=key + "-cert.pub"))
    with tap.row("W14: disabled, the session is dead at once and the certificate soon in the list"):
        diff = town.apply(town.ada, policy(dan=", state: disabled"))
        lost = [c for c in diff["changes"] if c["login"] == USER]
        expect_equal([(c["before"], c["after"], c["users"]) for c in lost], [("standing", "none", ["dan"])])
        refused(town.as_(dan, "GET", "/v1/me"), 401)
        wait_for(lambda: is_revoked(town, found["certificate"]), "the certificate in the list", 5)
        expect(not is_revoked(town, carls["certificate"]), "another's is revoked too")
        shown = town.done(town.eve, "GET", f"/v1/certs/{found['serial']}")
        expect_equal(shown["revoked"]["reason"], "user disabled")
        lab.write("revoked.new", krl_of(town)[0].body)
        os.rename(lab.join("revoked.new"), lab.join("revoked"))
        expect_out(sshd.login(key=key, cert=key + "-cert.pub"), "revoked")
        refused(town.try_sign_in(dan), 401)
    with tap.row("W14: enabled again, old sessions and certificates stay dead"):
        town.apply(town.ada, policy())
        refused(town.as_(dan, "GET", "/v1/me"), 401)
        expect(is_revoked(town, found["certificate"]), "it came back")
        town.sign_in(dan)
    with tap.row("versions of the policy are kept, with who applied them"):
        items = town.done(town.eve, "GET", "/v1/policies")["items"]
        expect_equal([int(item["version"]) for item in items], list(range(len(items), 0, -1)))
        expect_equal({item["actor"] for item in items[:-1]}, {"user:ada"})
        first = town.as_(town.eve, "GET", "/v1/policy?version=1")
        expect_equal(items[-1]["hash"].rstrip("="), "SHA256:" + base64.b64encode(
            hashlib.sha256(first.body).digest()).decode().rstrip("="))
        refused(town.as_(town.eve, "GET", "/v1/policy?version=99"), 404)
    with tap.row("an administrator ends all of somebody's sessions"):
        expect_equal(town.done(town.ada, "DELETE", "/v1/sessions?user=dan")["count"], 1)
        refused(town.as_(dan, "GET", "/v1/me"), 401)


def malformed(tap, town):
    person, pub = town.ada, town.fresh_pub()
    cases = [
        ("POST", "/v1/sessions", {"user": "ada"}, "password"),
        ("POST", "/v1/sessions", {"user": "ada", "password": "x", "factor": "sms", "code": "1"}, "factor"),
        ("POST", "/v1/session/factor", {"factor": "totp"}, "code"),
        ("POST", "/v1/accounts/bob/link", {"ttl_s": 604801}, "ttl_s"),
        ("POST", "/v1/setup", {"link": ""}, "link"),
        ("POST", "/v1/setup/begin", {"link": "x", "password": "x" * 2049}, "password"),
        ("POST", "/v1/account/recovery", {"code": 123456}, "code"),
        ("POST", "/v1/access", {"zone": "lab"}, "public_key"),
        ("POST", "/v1/access", {"zone": "lab", "public_key": pub, "request": 1}, "request"),
        ("POST", "/v1/access", {"zone": "lab", "public_key": pub, "reason": "x" * 1025}, "reason"),
        ("POST", "/v1/requests/1/approve", {"comment": "a\nb"}, "comment"),
        ("GET", "/v1/requests?which=everything", None, "which"),
        ("GET", "/v1/requests?state=new", None, "state"),
        ("GET", "/v1/access/who?login=root", None, "host"),
        ("GET", "/v1/policy?version=0", None, "version"),
        ("GET", "/v1/accounts?cursor=nonsense", None, "cursor"),
        ("GET", "/v1/requests?cursor=nonsense", None, "cursor"),
    ]
    for method, path, body, field in cases:
        with tap.row(f"{method} {path}: {field} is wrong, and named"):
            refused(town.as_(person, method, path, body), 422, field)
    with tap.row("a text that is no policy is refused with its line, and changes nothing"):
        before = town.as_(person, "GET", "/v1/policy")
        version = before.headers["etag"].strip('"')
        for text in ("zones: [", "nonsense: 1\n", "roles:\n  - {name: a}\n", "\x00", "- 1\n"):
            refused(town.put_policy(person, text, version), 422)
        expect_equal(town.as_(person, "GET", "/v1/policy").body, before.body)
        answer = town.as_(person, "PUT", "/v1/policy", {"zones": []}, headers={"If-Match": f'"{version}"'})
        refused(answer, 415)
    with tap.row("a policy may have 8 MiB, and not a byte more"):
        text = policy().encode()
        text += b"#" * (POLICY_MAX - len(text))
        answer = town.as_(person, "POST", "/v1/policy/diff", text, headers=yaml(1))
        expect_equal((answer.status, answer.json()["edits"]), (200, []), str(answer))
        # Refused before the body is sent, which is why this one is not.
        more = {**yaml(1), "Content-Length": str(POLICY_MAX + 1)}
        refused(town.as_(person, "POST", "/v1/policy/diff", headers=more), 413)


def restarting(tap, town):
    with tap.row("sessions outlive a restart, and what was ended stays ended"):
        ended = town.sign_in(town.bob)["secret"]
        town.done(town.bob, "DELETE", "/v1/session")
        expect_equal(town.service.stop(), 0)
        town.service.start()
        town.done(town.carl, "GET", "/v1/me")
        refused(town.service.get("/v1/me", token=ended), 401)
        expect_equal(town.access(town.carl).status, 201)
    with tap.row("the ledger is proven, with what people did in it"):
        events = set()
        cursor = ""
        while cursor is not None:
            page = town.done(town.eve, "GET", "/v1/audit?limit=200" + cursor)
            events |= {item["type"] for item in page["items"]}
            cursor = page["next"] and "&cursor=" + page["next"]
        wanted = {"session.begin", "session.refuse", "session.end", "account.link", "account.setup",
                  "account.password", "policy.apply", "request.new", "request.approve", "request.deny",
                  "request.cancel"}
        expect(wanted <= events, wanted - events)
        expect_equal(town.service.verify()["verdict"], "proven")
    with tap.row("W11: no secret is in the log or in any file"):
        for folder, _, names in os.walk(town.service.folder):
            for name in names:
                with contextlib.suppress(OSError), open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
                    for secret, what in town.secrets.items():
                        expect(secret.encode() not in data, f"a {what} is in {folder}/{name}")
        log = town.service.log()
        for secret, what in town.secrets.items():
            expect(secret not in log, f"a {what} is in the log")


def crowd(tap, town):
    """Last, since it uses up the tries that this address has."""
    with tap.row("a crowd of wrong passwords is answered, and who is signed in is served"):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            wrong = [pool.submit(town.try_sign_in, Person(f"user{i}"), code="000000") for i in range(80)]
            served = [town.access(town.carl).status for _ in range(10)]
            answers = [future.result() for future in wrong]
        expect_equal(served, [201] * 10)
        for answer in answers:
            refused(answer, (401, 503))
            expect(answer.status == 401 or int(answer.headers["retry-after"]) >= 1, answer)
        expect(any(answer.status == 503 for answer in answers), "nobody was put off")
    with tap.row("it has no bearing on who is signed in"):
        town.done(town.carl, "GET", "/v1/me")


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh", "sshd", "ssh-keygen") as lab:
        tap = Tap()
        town = Town(lab, vouchd)
        for part in (first_administrator, signing_in, keeping_apart):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, town)
        with tap.row("to the end of getting_in and letting_go"):
            sshd = getting_in(tap, town)
            asking_others(tap, town)
            letting_go(tap, town, sshd)
        for part in (malformed, restarting, crowd):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, town)
        tap.done()


if __name__ == "__main__":
    main()
