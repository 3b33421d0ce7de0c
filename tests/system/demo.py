#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""vouchd demo: a small one starts, can be signed in to as each of its visitors, and changes nothing by any
route; its ledger is proven; the same seed gives the same company; and it leaves every other folder alone.
"""

import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab
from service import Service, UnixConnection, ask, find_vouchd, processes_of, wait_gone
from showing import Showing
from tap import Tap, expect, expect_equal, skip_all
from web import SOURCE, path_of

SCALE = ("--scale", "100")
# What is no GET and yet only a question, or the caller's own signing in and out.
QUESTIONS = {"POST /v1/sessions", "DELETE /v1/session", "POST /v1/session/factor", "POST /v1/session/challenge",
             "POST /v1/passkeys/challenge", "POST /v1/explain", "POST /v1/policy/diff", "POST /v1/device",
             "POST /v1/device/{code}/approve", "POST /v1/device/{code}/deny"}
CODE = "V-2030"


def changing():
    """"METHOD /path" of every route of the API that is more than a question."""
    with open(os.path.join(SOURCE, "doc/openapi.json"), encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    names = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods
             if method in ("post", "put", "delete", "patch")}
    expect(QUESTIONS <= names, QUESTIONS - names)
    return sorted(names - QUESTIONS)


def counted(showing, token):
    status = showing.get("/v1/status", token=token).json()
    return status["ledger_size"]


def visits(tap, showing):
    with tap.row("each of its visitors signs in with the password and a code, and sees what is theirs"):
        tokens = {name: showing.sign_in(name) for name in showing.apps}
        me = {name: showing.get("/v1/me", token=token).json() for name, token in tokens.items()}
        expect_equal(sorted(me), ["admin", "approver", "auditor", "person"])
        expect_equal([me[name]["is_admin"] for name in sorted(me)], [True, False, False, False])
        expect_equal([me[name]["is_auditor"] for name in sorted(me)], [False, False, True, False])
        expect(me["person"]["roles"], "the person has no role")
    with tap.row("a wrong code and a wrong password are refused as in any server"):
        for change in ({"code": "000000"}, {"password": "amber-basil-cedar-delta"}):
            wish = {"user": "admin", "password": showing.password, "factor": "totp", "code": "111111", **change}
            expect_equal(showing.ask("POST", "/v1/sessions", wish).status, 401)
    with tap.row("signing out ends the session"):
        expect_equal(showing.ask("DELETE", "/v1/session", token=tokens["auditor"]).status, 200)
        expect_equal(showing.get("/v1/me", token=tokens["auditor"]).status, 401)
    return tokens["admin"]


def nothing_changes(tap, showing, token):
    with tap.row("every route that changes something refuses, whoever asks, and nothing is recorded"):
        before = counted(showing, token)
        for name in changing():
            method, pattern = name.split(" ")
            for who in (token, None):
                answer = showing.ask(method, path_of(pattern), None if method == "DELETE" else {}, token=who)
                expect_equal((answer.status, answer.json()["code"]), (403, CODE), f"{name}: {answer}")
        expect_equal(counted(showing, token), before)
    with tap.row("the socket for administration changes nothing either"):
        connection = UnixConnection(os.path.join(showing.folder, "run/admin.sock"))
        answer = ask(connection, "POST", "/v1/tokens", {"name": "x", "scopes": ["admin"]})
        expect_equal((answer.status, answer.json()["code"]), (403, CODE), str(answer))
    with tap.row("questions are answered"):
        host = showing.get("/v1/fleet?limit=1", token=token).json()["items"][0]["name"]
        answer = showing.ask("POST", "/v1/explain", {"login": "root", "host": host}, token=token)
        expect_equal(answer.status, 200, str(answer))


def is_whole(tap, lab, showing, token):
    with tap.row("it holds what it says: hosts in every state, people, requests to decide, logins, alarms"):
        hosts = showing.every("/v1/fleet?limit=200", token) + showing.every("/v1/fleet?limit=200&state=retired", token)
        expect_equal(len(hosts), 50)
        expect({"active", "waiting"} <= {host["state"] for host in hosts}, hosts)
        expect("ok" in {host["health"] for host in hosts}, "no host is well")
        expect_equal(len(showing.every("/v1/accounts?limit=100", token)), 10)
        states = {one["state"] for one in showing.every("/v1/requests?which=all&limit=100", token)}
        expect({"waiting", "approved", "taken"} <= states, states)
        logins = showing.every("/v1/logins?limit=200", token)
        expect({"accepted", "refused"} <= {one["outcome"] for one in logins}, "outcomes")
        expect(any(one["alarm"] for one in logins), "no login raised an alarm")
        expect(showing.get("/v1/revocations", token=token).json()["items"], "nothing is revoked")
    with tap.row("a login's certificate is in the ledger, for that key and key ID"):
        login = next(one for one in logins if one["outcome"] == "accepted" and not one["alarm"])
        cert = showing.get(f"/v1/certs/{login['serial']}", token=token).json()
        expect_equal(cert["key_id"], login["key_id"])
        expect_equal(cert["fingerprint"], login["fingerprint"])
    with tap.row("its ledger is proven, offline, while it runs"):
        done = lab.must_vouch("ledger", "verify", os.path.join(showing.folder, "ledger"))
        expect("proven" in done.out + done.err, str(done))
        expect(int(re.search(r"(\d+) records", done.out + done.err).group(1)) >= 10_000, str(done))
    with tap.row("its events lie in the past, in order, over ninety days"):
        times = [one["time"] for one in showing.every("/v1/audit?limit=200", token)]
        expect_equal(times, sorted(times, reverse=True))
        expect(len({time[:10] for time in times}) > 85, len(times))


def company(showing, token):
    """What the seed decides, of what the API tells."""
    hosts = showing.every("/v1/fleet?limit=200", token)
    policy = showing.get("/v1/policy", token=token).body
    return [(host["name"], host["zone"], host["labels"], host["state"]) for host in hosts], policy


def seeds(tap, lab, vouchd, first):
    with tap.row("the same seed gives the same company, another seed another one"):
        for seed, same in ((1, True), (2, False)):
            with Showing(vouchd, lab.fresh("demo-log-"), lab.fresh("demo-")) as other:
                other.start(*SCALE, "--seed", seed)
                hosts, policy = company(other, other.sign_in())
                expect_equal((hosts == first[0], policy == first[1]), (same, True), f"seed {seed}")


def folders(tap, lab, vouchd, showing):
    with tap.row("a folder of one's own is kept, and started again with the same visitors"):
        was = (showing.password, showing.folder)
        expect_equal(showing.end(), 0)
        showing.start()
        expect_equal((showing.password, showing.folder), was)
        expect_equal(showing.get("/v1/me", token=showing.sign_in("person")).status, 200)
        expect_equal(showing.end(), 0)
    with tap.row("it fills no folder that holds something else, and no server is made a demonstration"):
        server = Service(lab.fresh("server-"), vouchd)
        server.init()
        other = lab.fresh("other-")
        os.mkdir(other)
        lab.write(os.path.join(os.path.basename(other), "letter"), "dear\n")
        for folder in (server.folder, other):
            before = sorted(os.listdir(folder))
            done = subprocess.run([vouchd, "demo", folder, *SCALE], capture_output=True, text=True, timeout=60)
            expect_equal(done.returncode, 9, done.stderr)
            expect("V-2031" in done.stderr, done.stderr)
            expect_equal(sorted(os.listdir(folder)), before)
    with tap.row("without a folder it takes a temporary one, and removes it when it ends"):
        with Showing(vouchd, lab.fresh("demo-log-"), words=["--demo"]) as passing:
            os.makedirs(lab.join("tmp"), exist_ok=True)
            os.chmod(lab.join("tmp"), 0o711)
            passing.start(*SCALE, env={**os.environ, "TMPDIR": lab.join("tmp")})
            expect(os.path.dirname(passing.folder) == lab.join("tmp"), passing.folder)
            expect_equal(passing.end(), 0)
            expect(not os.path.exists(passing.folder), os.listdir(lab.join("tmp")))
            wait_gone(processes_of(passing.folder))
    with tap.row("an address that is taken is said, and the temporary folder is removed"):
        with Showing(vouchd, lab.fresh("demo-log-"), lab.fresh("demo-")) as one:
            one.start(*SCALE)
            words = [vouchd, "demo", "--listen", f"127.0.0.1:{one.port}", *SCALE]
            done = subprocess.run(words, capture_output=True, text=True, timeout=60,
                                  env={**os.environ, "TMPDIR": lab.join("tmp")})
            expect_equal((done.returncode, "V-2032" in done.stderr), (9, True), done.stderr)
            expect_equal(os.listdir(lab.join("tmp")), [])
    with tap.row("numbers that make no sense are refused before anything is made"):
        for words in (("--scale", "0"), ("--scale", "many"), ("--seed", "0"), ("--scale", "1001")):
            done = subprocess.run([vouchd, "demo", lab.fresh("demo-"), *words], capture_output=True, text=True, timeout=60)
            expect_equal(done.returncode, 2, done.stderr)


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh-keygen") as lab:
        tap = Tap()
        os.chmod(lab.join(), 0o711)
        with Showing(vouchd, lab.fresh("demo-log-"), lab.fresh("demo-")) as showing:
            with tap.row("a hundredth of it is up within a minute"):
                showing.start(*SCALE, seconds=60)
            token = visits(tap, showing)
            nothing_changes(tap, showing, token)
            is_whole(tap, lab, showing, token)
            first = company(showing, token)
            seeds(tap, lab, vouchd, first)
            folders(tap, lab, vouchd, showing)
        tap.done()


if __name__ == "__main__":
    main()
