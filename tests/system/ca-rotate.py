#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Both CA keys of a real vouchd replaced by the commands, from steady to steady: what each step does to
certificates, bundle and lists, what it waits for, how it is undone, and that it is where it was after the
service was killed. How hosts take part is in rotate.py.
"""

import base64
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from api import Desk, cert_of, is_revoked, refused
from lab import Lab
from service import find_vouchd
from tap import Tap, expect, expect_equal, skip_all

OK, FAILED, USAGE, CONFLICT = 0, 1, 2, 8
PATH = "/v1/ca/rotation"


class Bench(Desk):
    """A service, and its owner at the command line."""

    def vouch(self, *words, **more):
        return self.lab.vouch(*words, "--local", self.service.folder, "--no-input", **more)

    def rotate(self, verb, *words):
        return self.vouch("ca", "rotate", verb, *words)

    def steps(self, verb, *words):
        """A step that is made: its answer."""
        done = self.rotate(verb, *words, "--yes", "-o", "json")
        expect_equal(done.status, OK, str(done))
        return json.loads(done.out)

    def fails(self, status, code, verb, *words):
        done = self.rotate(verb, *words)
        expect_equal(done.status, status, str(done))
        expect(f"[{code}]" in done.err and done.out == "", done)
        return done

    def status(self, use):
        done = self.rotate("status", use, "-o", "json")
        expect_equal(done.status, OK, str(done))
        found = json.loads(done.out)
        expect_equal(found["schema"], "vouch.rotation/1")
        self.document.check("GET", PATH, self.service.local("GET", f"{PATH}?use={use}"))
        return found["items"][0]

    def key(self, use, state):
        return next(key for key in self.status(use)["keys"] if key["state"] == state)["fingerprint"]

    def public(self):
        return self.service.get("/v1/ca").json()

    def bundle(self, use):
        """State -> keys of the bundle that everybody gets."""
        lines = self.service.get("/v1/trust").body.decode().split("\n\n")[0].splitlines()
        rows = [line.split() for line in lines if line.startswith(f"key {use} ")]
        return {state: [row[4] for row in rows if row[2] == state] for state in ("next", "active", "old")}

    def envelope_cas(self, use):
        lines = self.service.get(f"/v1/krls/{use}/envelope").body.decode().splitlines()
        return [line.split()[1] for line in lines if line.startswith("ca ")]

    def certificate(self, use):
        if use == "host":
            return self.issue(type="host", principals=["web1.example.com"], key_id=None, token=self.host_token)
        return self.issue()

    def signer(self, use):
        """The key that signs now, as a new certificate has it."""
        return fingerprint(self.lab, cert_of(self.certificate(use)))

    def crash(self):
        self.service.kill()
        self.service.start()


def fingerprint(lab, cert):
    return lab.must("ssh-keygen", "-lf", lab.write("ca.pub", line_of(cert["ca"]))).out.split()[1]


def line_of(blob):
    length = int.from_bytes(blob[:4], "big")
    return f"{blob[4:4 + length].decode()} {base64.b64encode(blob).decode()}\n"


def looking(tap, bench):
    with tap.row("plan and status change nothing, and name the steps"):
        before = bench.service.get("/v1/trust").headers["etag"]
        for use in ("user", "host"):
            done = bench.rotate("plan", use)
            expect_equal(done.status, OK, str(done))
            for word in ("steady", "create", "switch", "remove", "destroy", bench.key(use, "active")):
                expect(word in done.out, word, done)
        done = bench.rotate("status")
        expect("User CA: steady" in done.out and "Host CA: steady" in done.out, done)
        expect_equal(bench.service.get("/v1/trust").headers["etag"], before)
    with tap.row("what is no step, no CA and no answer is refused as such"):
        bench.fails(USAGE, "V-1901", "status", "both")
        bench.fails(USAGE, "V-1901", "start", "user")  # nobody to ask, and no --yes
        bench.fails(CONFLICT, "V-1976", "advance", "user", "--yes")
        bench.fails(CONFLICT, "V-1976", "back", "host", "--yes")
        expect_equal(bench.status("user")["phase"], "steady")
    with tap.row("no token rotates, whatever it may else"):
        refused(bench.ask("POST", PATH, {"use": "user", "verb": "start"}), 403)
        expect_equal(bench.get(PATH).status, 200)


def distribute(tap, bench, use):
    first = bench.key(use, "active")
    with tap.row(f"{use}: start makes a key that is trusted and signs nothing"):
        step = bench.steps("start", use)
        expect_equal((step["schema"], step["step"], step["phase"]), ("vouch.rotation-step/1", "create", "distribute"))
        expect_equal((step["next"], step["ready"]), ("switch", True))
        states = bench.bundle(use)
        expect_equal([len(states[state]) for state in ("next", "active", "old")], [1, 1, 0])
        expect_equal(bench.signer(use), first)
    with tap.row(f"{use}: the revocation list speaks of both keys"):
        expect_equal(sorted(bench.envelope_cas(use)), sorted([first, bench.key(use, "next")]))
    with tap.row(f"{use}: another start is refused"):
        bench.fails(CONFLICT, "V-1976", "start", use, "--yes")
    with tap.row(f"{use}: back destroys the new key, which has to be named"):
        done = bench.fails(FAILED, "V-1979", "back", use, "--yes")
        key = bench.key(use, "next")
        expect(key in done.err, done)
        bench.fails(FAILED, "V-1979", "back", use, "--yes", "--fingerprint", first)
        expect_equal(bench.steps("back", use, "--fingerprint", key)["step"], "drop")
        expect_equal((bench.status(use)["phase"], bench.envelope_cas(use)), ("steady", [first]))
    bench.steps("start", use)
    return first


def switch(tap, bench, use, first):
    with tap.row(f"{use}: after a kill the rotation is where it was"):
        bench.crash()
        expect_equal(bench.status(use)["phase"], "distribute")
    with tap.row(f"{use}: advance lets the new key sign, and everybody can see it"):
        early = bench.certificate(use)
        etag = bench.service.get("/v1/ca").headers["etag"]
        key = bench.key(use, "next")
        expect_equal(bench.steps("advance", use)["step"], "switch")
        expect_equal(bench.signer(use), key)
        expect_equal(bench.public()[f"{use}_ca"]["fingerprint"], key)
        expect(bench.service.get("/v1/ca").headers["etag"] != etag, "the same etag for another key")
        expect_equal([len(bench.bundle(use)[state]) for state in ("next", "active", "old")], [0, 1, 1])
    with tap.row(f"{use}: what the old key signed can be revoked"):
        expect(not is_revoked(bench, early["certificate"], use))
        bench.revoke(serial=early["serial"])
        expect(is_revoked(bench, early["certificate"], use))
    with tap.row(f"{use}: back lets the old key sign again, and forward once more"):
        expect_equal(bench.steps("back", use)["step"], "back")
        expect_equal(bench.signer(use), first)
        expect_equal(bench.status(use)["phase"], "distribute")
        expect_equal(bench.steps("advance", use)["step"], "switch")
        bench.crash()
        expect_equal((bench.status(use)["phase"], bench.signer(use)), ("drain", key))
    return early


def remove(tap, bench, use, early):
    if use == "user":
        with tap.row("user: certificates by the old key are waited for, and counted"):
            done = bench.fails(CONFLICT, "V-1978", "advance", use, "--yes")
            row = bench.status(use)
            old = next(key for key in row["keys"] if key["state"] == "old")
            expect(old["valid"] > 0 and f"{old['valid']} certificates" in done.err, row, done)
            expect_equal(row["ready"], False)
            expect(row["until"] is not None and row["until"] == old["valid_until"], row)
    with tap.row(f"{use}: with --now they are not"):
        expect_equal(bench.steps("advance", use, "--now")["step"], "remove")
        expect_equal([len(bench.bundle(use)[state]) for state in ("next", "active", "old")], [0, 1, 0])
        expect(is_revoked(bench, early["certificate"], use), "a removed key may come back")
    with tap.row(f"{use}: back restores it, and after a kill it is still there"):
        expect_equal(bench.steps("back", use)["step"], "restore")
        bench.crash()
        expect_equal(bench.status(use)["phase"], "drain")
        bench.steps("advance", use, "--now")


def destroy(tap, bench, use):
    key = bench.key(use, "removed")
    with tap.row(f"{use}: destroying wants the key's name, and leaves no file"):
        bench.fails(FAILED, "V-1979", "advance", use, "--yes")
        bench.fails(FAILED, "V-1979", "advance", use, "--yes", "--fingerprint", bench.key(use, "active"))
        before = set(os.listdir(bench.service.join("signer")))
        expect_equal(bench.steps("advance", use, "--fingerprint", key)["step"], "destroy")
        gone = before - set(os.listdir(bench.service.join("signer")))
        expect(gone, "no file is gone", before)
        expect_equal((bench.status(use)["phase"], len(bench.status(use)["keys"])), ("steady", 1))
        expect_equal(bench.envelope_cas(use), [bench.key(use, "active")])
    with tap.row(f"{use}: there is no way back"):
        bench.fails(CONFLICT, "V-1976", "back", use, "--yes")
        bench.crash()
        expect_equal(bench.signer(use), bench.key(use, "active"))


def afterwards(tap, bench, settings):
    with tap.row("who noted the keys down before fetches lists and trust as ever"):
        out = bench.lab.fresh("krl")
        bench.lab.must_vouch("krl", "fetch", "user", "--out", out, env=settings)
        done = bench.lab.must_vouch("server", "show", "-o", "json", env=settings)
        expect(bench.key("user", "active") in done.out, done)
    with tap.row("the ledger is proven, step for step"):
        bench.service.stop()
        bench.service.verify()


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh-keygen") as lab:
        tap = Tap()
        bench = Bench(lab, vouchd)
        settings = {**lab.env, "HOME": lab.folder("client")}
        settings.pop("XDG_CONFIG_HOME", None)
        lab.must_vouch("server", "set", f"https://{bench.service.address}", "--pin", bench.service.pin, env=settings)
        looking(tap, bench)
        for use in ("user", "host"):
            with tap.row(f"to the end of the rotation of the {use} CA"):
                first = distribute(tap, bench, use)
                early = switch(tap, bench, use, first)
                remove(tap, bench, use, early)
                destroy(tap, bench, use)
        with tap.row("to the end of what comes afterwards"):
            afterwards(tap, bench, settings)
        tap.done()


if __name__ == "__main__":
    main()
