# SPDX-License-Identifier: ISC
"""Enrolled hosts at the API's fake: a small inventory, tokens, logins and verdicts. For tests of what a
command does with every answer; the rules of a real server are tested against a real one.
"""

import json
import time
import urllib.parse

from fakeapi import FakeApi, utc
from fakepeople import secret

FAR = 30 * 86400


def fingerprint(letter):
    return "SHA256:" + letter * 43


class FakeFleet(FakeApi):
    def __init__(self, lab):
        self.hosts, self.host_tokens, self.logins = {}, {}, []
        self.verdict = None  # what /v1/explain answers
        self.krl_counts = [{"hosts": 3, "current": 2, "silent": 1}]  # the last one stays
        self.users, self.columns, self.cells, self.policy = [], [], [], 7
        self.moving = False  # the policy changes while it is read
        self.phase, self.in_the_way = "distribute", []  # of a rotation; hosts as it tells them
        for name, state, letter in (("web1", "active", "A"), ("web2", "waiting", "B"), ("web3", "waiting", "C")):
            self.add(name + ".prod.example.com", state, fingerprint(letter))
        super().__init__(lab)

    def add(self, name, state, *keys, needed=1):
        now = time.time()
        self.hosts[name] = {
            "id": str(len(self.hosts) + 1), "name": name, "zone": "prod", "labels": {"tier": "web"}, "aliases": [],
            "state": state, "why": None, "in_policy": False, "token": "1", "source": "127.0.0.1",
            "agent": "vouch-host 0.1", "sshd": "OpenSSH_9.2", "created": utc(now), "seen": utc(now),
            "renewed": utc(now), "generation": 1, "approvals": 0, "needed": needed,
            "approvers": [], "wished": [], "asker": None, "adopt_until": utc(now + FAR) if state == "waiting" else None,
            "keys": [{"fingerprint": k, "type": "ssh-ed25519", "serial": "18446744073709551615",
                      "valid_before": utc(now + FAR)} for k in keys],
            "reported": utc(now), "krl_version": "4", "krl_generated": utc(now), "state_version": "2",
            "trust_version": "1", "health": "warning", "problems": ["the clock\x1b[31m is off"], "clock_ms": -1500}

    # Routes

    def route(self, handler):
        path, command = handler.route, handler.command
        words = [urllib.parse.unquote(w) for w in path.split("/")[2:]]
        answers = {
            ("fleet", 1): self.fleet, ("fleet", 2): self.one_host, ("fleet", 3): self.change,
            ("host-tokens", 1): self.tokens_of_hosts, ("host-tokens", 2): self.drop_token,
            ("logins", 1): self.list_logins, ("explain", 1): self.explain,
        }
        if path == "/v1/ca/rotation":
            return self.allowed(handler) and self.rotation(handler, command)
        if path == "/v1/krls/status":
            return self.allowed(handler) and self.krl_status(handler)
        if path == "/v1/access/matrix":
            return self.allowed(handler) and self.matrix(handler)
        if path == "/v1/access/diff":
            return self.allowed(handler) and self.diff(handler)
        if path == "/v1/access/who":
            return self.allowed(handler) and self.who(handler)
        answer = answers.get((words[0], len(words)))
        if answer is None:
            return super().route(handler)
        return self.allowed(handler) and answer(handler, command, words)

    def tokens_of_hosts(self, handler, command, words):
        if command == "GET":
            return self.page(handler, "vouch.host-tokens/1", list(self.host_tokens.values()))
        ask, now = json.loads(handler.body), time.time()
        made = {"schema": "vouch.host-token/1", "id": str(len(self.host_tokens) + 1), "match": ask["match"],
                "zone": ask["zone"], "labels": ask.get("labels", {}), "networks": ask.get("networks", []),
                "uses": ask.get("uses", 1), "uses_left": ask.get("uses", 1), "created": utc(now),
                "expires": utc(now + ask.get("ttl_s", 3600)), "actor": "user:ada"}
        self.host_tokens[made["id"]] = made
        return handler.reply(201, {**made, "name": "ca.example.com", "address": f"{self.url}#{self.pin}",
                                   "secret": secret("vouchh_")})

    def drop_token(self, handler, command, words):
        if command != "DELETE" or words[1] not in self.host_tokens:
            return handler.problem(404, "V-1864", f"there is no token {words[1]}")
        return handler.reply(200, self.host_tokens.pop(words[1]))

    def fleet(self, handler, command, words):
        wanted = handler.query
        rows = [h for h in self.hosts.values()
                if wanted.get("state", h["state"]) == h["state"] and wanted.get("zone", h["zone"]) == h["zone"]]
        return self.page(handler, "vouch.fleet/1", rows)

    def one_host(self, handler, command, words):
        if words[1] not in self.hosts:
            return handler.problem(404, "V-1864", f"there is no host {words[1]}")
        return handler.reply(200, {"schema": "vouch.fleet-host/1", **self.hosts[words[1]]})

    def change(self, handler, command, words):
        if words[1] not in self.hosts:
            return handler.problem(404, "V-1864", f"there is no host {words[1]}")
        host, ask = self.hosts[words[1]], json.loads(handler.body)
        if words[2] == "adopt":
            if ask["fingerprint"] not in [k["fingerprint"] for k in host["keys"]]:
                return handler.problem(403, "V-1864", "no key of it has this fingerprint", "fingerprint")
            host["approvals"] += 1
            host["approvers"].append(f"user:admin{host['approvals']}")
            host["state"] = "active" if host["approvals"] >= host["needed"] else "waiting"
            by = " and ".join(name[5:] for name in host["approvers"])
            host["why"] = f"{host['approvals']} of {host['needed']} approvals, by {by}"
            host["adopt_until"] = host["adopt_until"] if host["state"] == "waiting" else None
            host["labels"] = ask.get("labels", {})
        elif words[2] == "edit":
            kept = {k: v for k, v in host["labels"].items() if k not in ask.get("without", [])}
            host["labels"] = {**kept, **ask.get("labels", {})}
            if "wildcards" in ask:
                host.update(wished=ask["wildcards"], needed=2, adopt_until=utc(time.time() + FAR),
                            why="0 of 2 approvals: " + " ".join(ask["wildcards"]))
        elif words[2] == "rename":
            host["name"] = ask["name"]
        else:
            host["state"] = {"refuse": "retired", "lock": "locked", "retire": "retired"}[words[2]]
            host["why"] = ask.get("reason")
        return handler.reply(200, {"schema": "vouch.fleet-host/1", **host})

    def list_logins(self, handler, command, words):
        serial = handler.query.get("serial")
        self.page(handler, "vouch.logins/1", [row for row in self.logins if serial in (None, row["serial"])])

    def explain(self, handler, command, words):
        ask = json.loads(handler.body)
        return handler.reply(200, {"schema": "vouch.explain/1", "user": ask.get("user", "alice"),
                                   "login": ask["login"], "host": ask["host"], **self.verdict})

    def use(self, use):
        now, blocking = time.time(), [h for h in self.in_the_way if h["why"] != "silent"]
        keys = [{"fingerprint": fingerprint(letter), "type": "ssh-ed25519", "state": state, "since": utc(now),
                 "certs": 12, "valid": 3, "valid_until": utc(now + 60)}
                for letter, state in (("A", "active"), ("N", "next"))]
        return {"use": use, "phase": self.phase, "next": None if self.phase == "steady" else "switch",
                "ready": not blocking, "keys": keys[:1 if self.phase == "steady" else 2], "needs": "9", "until": None,
                "hosts": {"active": 48, "reporting": 47, "covered": 46, "silent": 1, "blocking": len(blocking),
                          "named": self.in_the_way[:20]}}

    def rotation(self, handler, command):
        if command == "GET":
            uses = [handler.query["use"]] if "use" in handler.query else ["user", "host"]
            return handler.reply(200, {"schema": "vouch.rotation/1", "trust_version": "9", "sessions": 131,
                                       "sessions_current": 128, "items": [self.use(use) for use in uses]})
        ask = json.loads(handler.body)
        left = [h for h in self.in_the_way if h["why"] != "silent" and h["host"] not in ask.get("without", [])]
        if left:
            return handler.problem(409, "V-1977", f"{len(left)} host has not the trust bundle", "without")
        return handler.reply(200, {"schema": "vouch.rotation-step/1", "step": "switch", "number": "7",
                                   "trust_version": "10", **self.use(ask["use"])})

    def krl_status(self, handler):
        counts = self.krl_counts.pop(0) if len(self.krl_counts) > 1 else self.krl_counts[0]
        behind = counts["hosts"] - counts["current"]
        rows = [{"host": f"h{n}", "version": "4", "generated": utc(n), "reported": utc(n), "behind": n < behind}
                for n in range(counts["hosts"])]
        limit, at = int(handler.query.get("limit", 100)), int(handler.query.get("cursor", 0))
        end = at + limit
        handler.reply(200, {"schema": "vouch.krl-status/1", "version": "5", "generated": utc(1), **counts,
                            "items": rows[at:end], "next": str(end) if end < len(rows) else None})

    def matrix(self, handler):
        query = handler.query
        rows, columns = int(query.get("row_from", 0)), int(query.get("column_from", 0))
        last_row, last_column = rows + int(query["row_count"]), columns + int(query["column_count"])
        self.policy += self.moving
        handler.reply(200, {
            "schema": "vouch.matrix/1", "policy": str(self.policy), "rows": self.users[rows:last_row],
            "columns": self.columns[columns:last_column], "rows_in_all": len(self.users),
            "columns_in_all": len(self.columns),
            "cells": [{**c, "row": c["row"] - rows, "column": c["column"] - columns} for c in self.cells
                      if rows <= c["row"] < last_row and columns <= c["column"] < last_column]})

    def diff(self, handler):
        handler.reply(200, {
            "schema": "vouch.policy-diff/1", "edits": [], "edits_in_all": 0, "changes_in_all": 1,
            "changes": [{"login": "root", "before": "none", "after": "standing", "users": ["bob"], "user_count": 1,
                         "hosts": ["db1"], "host_count": 1}]})

    def who(self, handler):
        rows = [{"user": "bob", "role": "dba", "group": "ops", "how": "approval", "ttl_s": 3600}]
        handler.reply(200, {"schema": "vouch.paths/1", "items": rows, "in_all": 5000})
