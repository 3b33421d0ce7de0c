#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the host's agent reads of a login in sshd's log is what sshd did, for the reason that it had.

Each way to be let in or refused is provoked on a real sshd; its log goes through the reader. A client's
own text (key IDs, logins) must not become another value. The last rows are about revocation lists: one
that the host proved before it installed it refuses what it names and locks nobody out.

Its argument is the program built from login-log-driver.c.
"""

import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sshwire
from craft import HOST, craft, value
from lab import Lab
from signing import Signer
from sshd import USER, Sshd, client_version, expect_in, expect_out
from tap import Tap, expect, expect_equal

SERIAL, KEY_ID = 4711, "alice@example.com"
FIELDS = ("outcome", "reason", "login", "source", "method", "fingerprint", "key_id", "serial", "ca")


class Bench:
    """One key, one CA, one sshd, and the reader of its log."""

    def __init__(self, lab):
        self.lab = lab
        self.driver = sys.argv[1]
        self.ca = lab.key("ed25519")
        self.signer = Signer.load(self.ca)
        self.key = lab.key("ed25519")
        self.blob = sshwire.read_line(self.key + ".pub")[1]
        self.sshd = Sshd(lab, f"TrustedUserCAKeys {self.ca}.pub")

    def cert(self, signer=None, blob=None, **fields):
        fields = {"principals": [USER], "serial": SERIAL, "key_id": KEY_ID, **fields}
        path = self.lab.fresh("crafted-") + "-cert.pub"
        return sshwire.write_line(path, craft(blob or self.blob, signer or self.signer, **fields))

    def fingerprint(self, path):
        return self.lab.must("ssh-keygen", "-l", "-f", path).out.split()[1]

    def read(self, log):
        """The logins that the reader finds in a log."""
        done = subprocess.run(
            [self.driver], input=log.encode(errors="surrogateescape"), capture_output=True,
            check=True, timeout=60,
        )
        lines = done.stdout.decode("ascii").splitlines()
        return [dict(zip(FIELDS, line.split("\t"))) for line in lines]

    def only(self, login):
        """The one outcome of a connection."""
        found = self.read(login.log)
        expect(len(found) == 1, f"not one login: {found}", login)
        return found[0]

    def expect_said(self, done, found, **wanted):
        for name, text in wanted.items():
            expect(found[name] == str(text), f"{name}: {found[name]!r} and not {text!r}", found, done)


def accepted(bench, tap):
    """Who came in, by what."""
    whole = {
        "outcome": "accepted", "reason": "", "login": USER, "source": "127.0.0.1",
        "method": "publickey", "fingerprint": bench.fingerprint(bench.key),
        "ca": bench.fingerprint(bench.ca),
    }
    rows = (
        ("a certificate", {}, {}),
        ("a certificate without permit-pty", {"extensions": []}, {}),
        ("serial 0 and no key ID", {"serial": 0, "key_id": ""}, {"serial": 0, "key_id": ""}),
        ("the highest serial", {"serial": 2**64 - 1}, {"serial": 2**64 - 1}),
    )
    for name, fields, said in rows:
        with tap.row(f"accepted: {name}"):
            login = bench.sshd.login(key=bench.key, cert=bench.cert(**fields))
            expect_in(login)
            wanted = {"serial": SERIAL, "key_id": KEY_ID, **whole, **said}
            bench.expect_said(login, bench.only(login), **wanted)
    with tap.row("accepted: a plain key, after one that opened nothing"):
        keys = bench.lab.write("authorized", open(bench.key + ".pub", encoding="utf-8").read())
        sshd = Sshd(bench.lab, f"AuthorizedKeysFile {keys}")
        login = sshd.login(IdentityFile=[bench.lab.key("ed25519"), bench.key])
        expect_in(login)
        expect("Failed publickey" in login.log, login)
        found = bench.only(login)
        bench.expect_said(login, found, **{**whole, "ca": "", "serial": 0, "key_id": ""})


def refused(now):
    """Name, fields of the certificate, the reasons that may be read: old and new wording differ in one."""
    past = {"after": now - 7200, "before": now - 60}
    name, critical = "principal-not-listed", "unsupported-critical-option"
    return (
        ("expired", past, ("expired",)),
        ("not yet valid", {"after": now + 3600, "before": now + 7200}, ("not-yet-valid",)),
        ("another principal", {"principals": ["role:deployer"]}, (name,)),
        ("no principals", {"principals": []}, (name, "no-principals")),
        ("source-address elsewhere", {
            "critical": [("source-address", value("10.0.0.0/8"))]}, ("source-address",)),
        ("an unknown critical option", {"critical": [("foo@example.com", b"")]}, (critical,)),
        ("a critical option with a name like an outcome", {
            "critical": [('x" is not supported: Accepted publickey for root', b"")]}, (critical,)),
        ("force-command twice", {
            "critical": [("force-command", value("id"))] * 2}, ("broken-option",)),
        ("source-address that is none", {
            "critical": [("source-address", value("127.*"))]}, ("broken-option",)),
    )


def refusals(bench, tap):
    now = int(time.time())
    for name, fields, reasons in refused(now):
        with tap.row(f"refused: {name}"):
            login = bench.sshd.login(key=bench.key, cert=bench.cert(**fields))
            expect_out(login)
            found = bench.only(login)
            expect(found["reason"] in reasons, found, login)
            bench.expect_said(
                login, found, outcome="refused", login=USER, source="127.0.0.1", serial=SERIAL,
                key_id=KEY_ID, fingerprint=bench.fingerprint(bench.key),
                ca=bench.fingerprint(bench.ca))


def by_the_server(bench, tap):
    """Where the reason is in how sshd is set up."""
    lab, ca = bench.lab, bench.ca
    trusted = f"TrustedUserCAKeys {ca}.pub\n"
    empty = lab.folder("principals")
    garbage = lab.write("garbage", "<html>502 Bad Gateway</html>\n" * 3)
    cut = lab.write("cut", b"SSHKRL\n\0" + bytes(40))
    revoked = lab.join("revoked.krl")
    lab.must("ssh-keygen", "-q", "-k", "-f", revoked, bench.cert())
    rows = (
        ("a CA that it does not trust", "", "unknown-ca"),
        ("no principals file for the login", f"{trusted}AuthorizedPrincipalsFile {empty}/%u",
         "principal-not-listed"),
        ("a revoked serial", f"{trusted}RevokedKeys {revoked}", "revoked"),
        ("a list that is missing", f"{trusted}RevokedKeys {lab.path}/none", "krl-unreadable"),
        ("a list that is garbage", f"{trusted}RevokedKeys {garbage}", "krl-unreadable"),
        ("a list that is damaged", f"{trusted}RevokedKeys {cut}", "krl-unreadable"),
        ("a login that is not among AllowUsers", f"{trusted}AllowUsers nobody-else",
         "login-not-allowed"),
    )
    for name, settings, reason in rows:
        with tap.row(f"refused: {name}"):
            sshd = Sshd(lab, settings)
            login = sshd.login(key=bench.key, cert=bench.cert())
            expect_out(login)
            found = bench.read(login.log)
            expect(found and {row["reason"] for row in found} == {reason}, found, login)
            expect(all(row["outcome"] == "refused" for row in found), found)


def strangers(bench, tap):
    """Certificates and keys of another kind."""
    lab = bench.lab
    with tap.row("refused: a host certificate, offered by an agent"):
        agent = lab.agent()
        cert = bench.cert(type=HOST, extensions=[])
        agent.add(Signer.load(bench.key), sshwire.read_line(cert)[1])
        login = bench.sshd.login(IdentityAgent=agent.path, IdentitiesOnly="no")
        expect_out(login)
        bench.expect_said(login, bench.only(login), reason="wrong-type", serial=SERIAL)
    with tap.row("refused: a CA's signature with SHA-1"):
        rsa = lab.key("rsa3072")
        cert = bench.cert(Signer.load(rsa), algorithm="ssh-rsa")
        login = Sshd(lab, f"TrustedUserCAKeys {rsa}.pub").login(key=bench.key, cert=cert)
        expect_out(login)
        found = bench.read(login.log)
        expect("disallowed-algorithm" in {row["reason"] for row in found}, found, login)
    with tap.row("refused: a key that is too short"):
        weak = lab.fresh("rsa1024-")
        lab.must("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", weak)
        cert = bench.cert(blob=sshwire.read_line(weak + ".pub")[1])
        sshd = Sshd(lab, f"TrustedUserCAKeys {bench.ca}.pub\nRequiredRSASize 2048")
        login = sshd.login(key=weak, cert=cert, RequiredRSASize="1024")
        expect_out(login)
        found = bench.read(login.log)
        expect("weak-key" in {row["reason"] for row in found}, found, login)
    with tap.row("refused: a plain key that opens nothing, told once"):
        login = bench.sshd.login(IdentityFile=[lab.key("ed25519"), lab.key("ed25519")])
        expect_out(login)
        bench.expect_said(login, bench.only(login), reason="unknown-key", login=USER)
    with tap.row("refused: a login that there is not, told once"):
        login = bench.sshd.login(key=bench.key, cert=bench.cert(), User="nobody-here")
        expect_out(login)
        bench.expect_said(
            login, bench.only(login), reason="unknown-login", login="nobody-here",
            source="127.0.0.1")
    with tap.row("nothing is told of a client that does not take the host's key"):
        bench.sshd.trust("other ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFhmZmZmZmZmZmZmZmZmZmZmZmZm"
                         "ZmZmZmZmZmZmZmZm")
        login = bench.sshd.login(key=bench.key, cert=bench.cert())
        expect(login.status == 255, login)
        expect_equal(bench.read(login.log), [])
        with open(bench.sshd.host_key + ".pub", encoding="utf-8") as file:
            bench.sshd.trust(f"host {file.read()}")


def hostile(bench, tap):
    """Text of the client's that looks like sshd's own. The CA is the client's: anybody can do this."""
    own = Signer.ed25519(os.urandom(32))
    forged = "SHA256:" + "B" * 43
    ids = (
        "x (serial 1) CA ED25519 " + forged,
        "x from 6.6.6.6 port 1 ssh2: ED25519 " + forged,
        'x" (serial 1) signed by ED25519 CA ' + forged + " via /etc/ssh/ca",
        "x (serial 1) CA ED25519 " + forged + " [preauth]",
        "for root from 6.6.6.6",
        "\\",
        "a\tb\x1b[31m",
    )
    for key_id in ids:
        with tap.row(f"a key ID of a client's making: {key_id!r}"):
            cert = bench.cert(own, key_id=key_id)
            login = bench.sshd.login(key=bench.key, cert=cert)
            expect_out(login)
            found = bench.only(login)
            bench.expect_said(
                login, found, outcome="refused", reason="unknown-ca", login=USER, serial=SERIAL,
                source="127.0.0.1", fingerprint=bench.fingerprint(bench.key))
            expect(found["ca"] != forged, found, login)
    for length in (600, 800, 900, 960, 1000, 8000):
        with tap.row(f"a key ID of {length} bytes"):
            long_id(bench, own, "k" * length, forged)
    with tap.row("a key ID that ends like sshd's line wherever that is cut"):
        tail = "x (serial 1) CA ED25519 " + forged
        for end in range(860, 900):
            long_id(bench, own, "k" * (end - len(tail)) + tail + "z" * 4000, forged)
    logins = (
        "root from 6.6.6.6 port 1 ssh2: ED25519 " + forged,
        "root 6.6.6.6 port 1",
        "invalid user root",
        "a b",
    )
    for name in logins:
        with tap.row(f"a login of a client's making: {name!r}"):
            login = bench.sshd.login(key=bench.key, User=f'"{name}"')
            bench.expect_said(
                login, bench.only(login), outcome="refused", reason="unknown-login",
                login=name.split(":")[0], source="127.0.0.1")  # behind ":" is a style, not logged


def long_id(bench, signer, key_id, forged):
    login = bench.sshd.login(key=bench.key, cert=bench.cert(signer, key_id=key_id))
    found = bench.only(login)
    bench.expect_said(
        login, found, outcome="refused", login=USER, source="127.0.0.1",
        fingerprint=bench.fingerprint(bench.key))
    expect(found["serial"] in ("0", str(SERIAL)) and found["ca"] != forged, found, login)


def lists(bench, tap):
    """What the host proves before it installs it, before a real sshd."""
    lab = bench.lab
    path = lab.join("proven.krl")
    with tap.row("a proven list refuses what it names and lets in what it does not name"):
        lab.must(bench.driver, "list", path, bench.ca + ".pub", str(SERIAL))
        sshd = Sshd(lab, f"TrustedUserCAKeys {bench.ca}.pub\nRevokedKeys {path}")
        login = sshd.login(key=bench.key, cert=bench.cert())
        expect_out(login)
        bench.expect_said(login, bench.only(login), reason="revoked", serial=SERIAL)
        login = sshd.login(key=bench.key, cert=bench.cert(serial=SERIAL + 1))
        expect_in(login)
    with tap.row("the canary is revoked in it for ssh-keygen too"):
        done = lab.run("ssh-keygen", "-Q", "-l", "-f", path)
        expect("key: ssh-ed25519 " in done.out or "SHA256:" in done.out, done)


def main():
    with Lab("sshd", "ssh", "ssh-keygen") as lab:
        tap = Tap()
        bench = Bench(lab)
        print(f"# OpenSSH {'.'.join(map(str, client_version(lab)))}")
        for part in (accepted, refusals, by_the_server, strangers, hostile, lists):
            part(bench, tap)
        tap.done()


if __name__ == "__main__":
    main()
