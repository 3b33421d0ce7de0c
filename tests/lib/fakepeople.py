# SPDX-License-Identifier: ISC
"""People at the API's fake: one user with a password and a code, sessions, roles in two zones, and
certificates by them. For tests of what a command does with every answer; the rules of a real server are
tested against a real one.
"""

import base64
import json
import os
import time

from fakeapi import FakeApi, utc

PASSWORD, CODE, USER = "a long but fake password", "123456", "alice"
SESSION_S = 7 * 86400


def secret(prefix):
    return prefix + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")


def role(zone, name, **more):
    return {"zone": zone, "role": name, "group": "engineering", "logins": ["root", "alice"], "ttl_s": 28800,
            "approvals": 0, "needs_reason": False, "factor_age_s": 0, **more}


class FakePeople(FakeApi):
    def __init__(self, lab):
        self.sessions, self.asked, self.link = {}, [], secret("vouchl_")
        self.ttl_s, self.stale, self.delay_s = 28800, False, 0
        self.zones = [{"name": "prod", "patterns": ["*.prod.example.com"]},
                      {"name": "stage", "patterns": ["*.stage.example.com", "10.1.*"]}]
        self.roles = [role("prod", "dev"), role("prod", "dba", approvals=1), role("stage", "test"),
                      role("stage", "probe", needs_reason=True)]
        super().__init__(lab)

    def session(self, handler):
        given = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        if given not in self.sessions:
            handler.problem(401, "V-1801", "this session has ended")
            return None
        return given

    def row(self, given, **more):
        now = time.time()
        return {"schema": "vouch.session/1", "id": "1", "user": USER, "methods": "password+totp",
                "source": "127.0.0.1", "created": utc(now), "used": utc(now), "factor": utc(now),
                "idle_ends": utc(now + 43200), "ends": utc(now + SESSION_S), **more}

    def sign_in(self, handler):
        ask = json.loads(handler.body)
        wanted = {"user": USER, "password": PASSWORD, "factor": "totp", "code": CODE}
        if ask.get("factor") == "recovery" and ask.get("code") == "abcd-efgh-ijkl-mnop":
            ask.update(factor="totp", code=CODE)
        if ask != wanted:
            return handler.problem(401, "V-1880", "name, password or code is wrong")
        given = secret("vouchs_")
        self.sessions[given] = time.time()
        return handler.reply(201, self.row(given, secret=given, recovery_left=7))

    def access(self, handler):
        ask = json.loads(handler.body)
        with self.lock:
            self.asked.append(ask)
        time.sleep(self.delay_s)
        if self.stale:
            return handler.problem(403, "V-1886", "the second factor is too old")
        mine = [r for r in self.roles if r["zone"] == ask["zone"]]
        names = ask.get("roles") or [r["role"] for r in mine if not r["approvals"] and not r["needs_reason"]]
        if any(r["role"] in names and r["approvals"] for r in mine):
            return handler.problem(403, "V-1812", "role dba needs 1 approval")
        made = self.describe(self.sign({
            "type": "user", "public_key": ask["public_key"], "key_id": USER,
            "principals": ["role:" + n for n in names] + ["root"],
            "ttl_s": min(ask.get("ttl_s", self.ttl_s), self.ttl_s)}))
        return handler.reply(201, {**made, "role": ",".join(names), "policy": "policy 3"})

    def hosts(self, handler):
        zone = handler.query.get("zone")
        rows = [{"host": f"{n}.{z['name']}.example.com", "zone": z["name"],
                 "logins": [] if n == "db1" else ["root", "alice"], "roles": ["dev"],
                 "requests": ["dba"] if n == "db1" else []}
                for z in self.zones for n in ("db1", "web1", "web2") if zone in (None, z["name"])]
        wanted = handler.query.get("host", "*").strip("*")
        self.page(handler, "vouch.hosts/1", [r for r in rows if wanted in r["host"]])

    def setup(self, handler):
        ask = json.loads(handler.body)
        if ask["link"] != self.link:
            return handler.problem(401, "V-1880", "this link is not known")
        if handler.route == "/v1/setup":
            return handler.reply(200, {"schema": "vouch.link/1", "user": USER, "name": "ca.example.com",
                                       "expires": utc(time.time() + 3600)})
        if handler.route == "/v1/setup/begin":
            if len(ask["password"]) < 12:
                return handler.problem(422, "V-1881", "the password has fewer than 12 characters", "password")
            uri = "otpauth://totp/ca.example.com:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=ca.example.com"
            return handler.reply(200, {"schema": "vouch.setup/1", "user": USER, "uri": uri})
        if ask["code"] != CODE:
            return handler.problem(401, "V-1880", "the code is wrong")
        return handler.reply(200, self.codes())

    def codes(self):
        return {"schema": "vouch.codes/1", "user": USER,
                "codes": [f"abcd-efgh-ijkl-mno{c}" for c in "abcdefghij"]}

    def route(self, handler):
        path, command = handler.route, handler.command
        if path == "/v1/sessions" and command == "POST":
            return self.sign_in(handler)
        if path.startswith("/v1/setup"):
            return self.setup(handler)
        if path == "/v1/device":  # a server from before there was signing in by browser
            return handler.problem(404, "V-1822", "nothing is at this path")
        mine = {
            ("/v1/me", "GET"): lambda: handler.reply(200, {
                "schema": "vouch.me/1", "user": USER, "name": "ca.example.com", "is_admin": False,
                "is_auditor": False, "policy": "3", "zones": self.zones, "roles": self.roles}),
            ("/v1/hosts", "GET"): lambda: self.hosts(handler),
            ("/v1/access", "POST"): lambda: self.access(handler),
            ("/v1/session/factor", "POST"): lambda: self.factor(handler),
            ("/v1/account/password", "POST"): lambda: self.password(handler),
            ("/v1/account/recovery", "POST"): lambda: handler.reply(200, self.codes()),
            ("/v1/session", "DELETE"): lambda: self.end(handler, [self.session(handler)]),
            ("/v1/sessions", "DELETE"): lambda: self.end(handler, list(self.sessions)),
        }
        if (path, command) not in mine:
            return super().route(handler)
        return mine[path, command]() if self.session(handler) else None

    def factor(self, handler):
        if json.loads(handler.body) != {"factor": "totp", "code": CODE}:
            return handler.problem(401, "V-1880", "the code is wrong")
        self.stale = False
        return handler.reply(200, self.row(""))

    def password(self, handler):
        ask = json.loads(handler.body)
        if (ask["current"], ask["code"]) != (PASSWORD, CODE):
            return handler.problem(401, "V-1880", "password or code is wrong")
        return handler.reply(200, {"schema": "vouch.done/1"})

    def end(self, handler, secrets):
        for one in secrets:
            self.sessions.pop(one, None)
        handler.reply(200, {"schema": "vouch.ended/1", "count": len(secrets)})
