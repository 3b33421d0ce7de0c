#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Model = reality: certificates of every kind, good, bad and odd, before a real sshd and before
`vouch cert check`. Both have to say the same, and the model's reason has to be the one in sshd's log.

The certificates are crafted by an encoder of the tests' own, since our signer makes only good ones.
"""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
import sshwire
from craft import FOREVER, HOST, PTY, craft, value
from lab import Lab
from signing import Signer, TokenSigner
from sshd import USER, Sshd, expect_in, expect_out
from tap import Tap, expect, expect_equal


TOKENS = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
NAME, CRITICAL = ["principal-not-listed"], ["unsupported-critical-option"]
BROKEN = ["broken-option"]


def accepted(now):
    """Odd, but sshd takes them."""
    unknown = ("nothing@example.com", b"")
    return (
        ("one without a fault", {}),
        ("one for all time", {"after": 0, "before": FOREVER}),
        ("one that ends in a minute", {"before": now + 60}),
        ("serial 0", {"serial": 0}),
        ("the highest serial", {"serial": 2**64 - 1}),
        ("256 principals", {"principals": [f"p{n}" for n in range(255)] + [USER]}),
        ("the same principal twice", {"principals": [USER, USER]}),
        ("no extension", {"extensions": []}),
        ("an unknown extension", {"extensions": [unknown, PTY]}),
        ("an extension out of order", {"extensions": [PTY, unknown]}),
        ("a flag extension twice", {"extensions": [PTY, PTY]}),
        ("force-command as an extension", {"extensions": [("force-command", value("false"))]}),
        ("an unknown extension with data", {"extensions": [("a@example.com", value("b"))]}),
        ("critical options out of order", {
            "critical": [
                ("source-address", value("127.0.0.0/8")),
                ("force-command", value("echo $USER-is-in")),
            ]}),
        ("verify-required on a key that is no token", {"critical": [("verify-required", b"")]}),
        ("no-touch-required on a key that is no token", {
            "extensions": [("no-touch-required", b"")]}),
        ("source-address without a length", {"critical": [("source-address", value("127.0.0.1"))]}),
        ("source-address in short", {"critical": [("source-address", value("127.1/32"))]}),
        ("source-address in octal", {"critical": [("source-address", value("0177.0.0.1"))]}),
        ("source-address with a zero before its length", {
            "critical": [("source-address", value("127.0.0.0/08"))]}),
        ("source-address in hexadecimal capitals", {
            "critical": [("source-address", value("2001:DB8::/32,127.0.0.1"))]}),
        ("source-address with IPv4 as IPv6 before it", {
            "critical": [("source-address", value("::ffff:10.0.0.1,127.0.0.1"))]}),
        ("source-address of everyone", {"critical": [("source-address", value("0.0.0.0/0"))]}),
        ("something in the reserved field", {"reserved": b"reserved"}),
        ("no nonce", {"nonce": b""}),
        ("a nonce of 1 kB", {"nonce": bytes(1024)}),
        ("no key ID", {"key_id": ""}),
        ("a key ID of 200 bytes", {"key_id": "k" * 200}),
        ("a key ID that is not UTF-8", {"key_id": b"\xff\xfe"}),
    )


def refused(now):
    """Name, fields, the model's reasons."""
    past = {"after": now - 7200, "before": now - 60}
    return (
        ("expired", past, ["expired"]),
        ("not yet valid", {"after": now + 3600, "before": now + 7200}, ["not-yet-valid"]),
        ("ended before it began", {"after": now - 60, "before": now - 120}, ["expired"]),
        ("no principals", {"principals": []}, ["no-principals"]),
        ("another principal", {"principals": ["nobody"]}, NAME),
        ("an empty principal", {"principals": [""]}, NAME),
        ("a principal in capitals", {"principals": [USER.upper()]}, NAME),
        ("a wildcard principal", {"principals": ["*"]}, NAME),
        ("a part of the name", {"principals": [USER[:-1], USER + "x"]}, NAME),
        ("principals joined by a comma", {"principals": [f"{USER},nobody"]}, NAME),
        ("a principal with a blank", {"principals": [USER + " "]}, NAME),
        ("expired, and another principal", dict(past, principals=["x"]), ["expired", *NAME]),
        ("an unknown critical option", {"critical": [("foo@example.com", b"")]}, CRITICAL),
        ("an extension as critical option", {"critical": [PTY]}, CRITICAL),
        ("a flag with data", {"extensions": [("permit-pty", b"x")]}, BROKEN),
        ("verify-required with data", {"critical": [("verify-required", value("x"))]}, BROKEN),
        ("force-command without inner length", {"critical": [("force-command", b"id")]}, BROKEN),
        ("force-command with more behind it", {
            "critical": [("force-command", value("id") + b"x")]}, BROKEN),
        ("force-command twice", {
            "critical": [("force-command", value("id")), ("force-command", value("true"))],
        }, BROKEN),
        ("source-address twice", {
            "critical": [("source-address", value("127.0.0.1/32"))] * 2}, BROKEN),
        ("source-address elsewhere", {
            "critical": [("source-address", value("10.0.0.0/8"))]}, ["source-address"]),
        ("source-address with IPv4 as IPv6", {
            "critical": [("source-address", value("::ffff:127.0.0.1"))]}, ["source-address"]),
        ("source-address with a length over 32", {
            "critical": [("source-address", value("127.0.0.1/33"))]}, BROKEN),
        ("source-address with a comma at its end", {
            "critical": [("source-address", value("127.0.0.1,"))]}, BROKEN),
        ("source-address with host bits", {
            "critical": [("source-address", value("127.0.0.1/8"))]}, BROKEN),
        ("source-address by wildcard", {
            "critical": [("source-address", value("127.*"))]}, BROKEN),
        ("source-address by name", {
            "critical": [("source-address", value("localhost"))]}, BROKEN),
        ("source-address with a blank", {
            "critical": [("source-address", value("10.0.0.0/8, 127.0.0.0/8"))]}, BROKEN),
        ("an empty source-address", {"critical": [("source-address", value(""))]}, BROKEN),
    )


class Bench:
    """One key, one CA, one sshd; certificates come and go."""

    def __init__(self, lab):
        self.lab = lab
        self.ca = lab.key("ed25519")
        self.signer = Signer.load(self.ca)
        self.key = lab.key("ed25519")
        self.blob = sshwire.read_line(self.key + ".pub")[1]
        self.sshd = Sshd(lab, f"TrustedUserCAKeys {self.ca}.pub")

    def cert(self, signer=None, blob=None, **fields):
        fields.setdefault("principals", [USER])
        path = self.lab.fresh("crafted-") + "-cert.pub"
        return sshwire.write_line(path, craft(blob or self.blob, signer or self.signer, **fields))

    def judge(self, cert, ca=None, **asked):
        return model.judge(self.lab, cert, (ca or self.ca) + ".pub", **asked)


def rows(bench, tap):
    now = int(time.time())
    for name, fields in accepted(now):
        with tap.row(f"sshd and the model accept: {name}"):
            cert = bench.cert(**fields)
            login = bench.sshd.login(key=bench.key, cert=cert)
            expect_in(login)
            model.agree(login, bench.judge(cert), [])
    for name, fields, reasons in refused(now):
        with tap.row(f"sshd and the model refuse: {name}"):
            cert = bench.cert(**fields)
            login = bench.sshd.login(key=bench.key, cert=cert)
            # The client learns nothing; who was refused stands in sshd's log at VERBOSE.
            expect_out(login, f"Failed publickey for {USER} .* ID .*\\(serial 1\\) CA ED25519 ")
            model.agree(login, bench.judge(cert), reasons)


def token_cas(bench, tap):
    """CA keys that are FIDO keys: not ours to make, but ours to verify."""
    for kind in TOKENS:
        with tap.row(f"sshd and the model accept: a CA key of type {kind}"):
            signer = TokenSigner(kind, os.urandom(32))
            ca = bench.lab.fresh("token-ca-")
            sshwire.write_line(ca + ".pub", signer.blob)
            sshd = Sshd(bench.lab, f"TrustedUserCAKeys {ca}.pub")
            cert = bench.cert(signer)
            login = sshd.login(key=bench.key, cert=cert)
            expect_in(login)
            model.agree(login, bench.judge(cert, ca), [])


def strangers(bench, tap):
    """Certificates whose fault is in who signed them, or what for."""
    lab = bench.lab
    with tap.row("sshd and the model refuse: a CA that is not trusted"):
        other = Signer.ed25519(os.urandom(32))
        cert = bench.cert(other)
        login = bench.sshd.login(key=bench.key, cert=cert)
        expect_out(login)
        model.agree(login, bench.judge(cert), ["unknown-ca"])
    with tap.row("sshd and the model refuse: a user's own key as CA"):
        cert = bench.cert(Signer.load(bench.key))
        login = bench.sshd.login(key=bench.key, cert=cert)
        expect_out(login)
        model.agree(login, bench.judge(cert), ["unknown-ca"])
    with tap.row("sshd and the model refuse: the CA's signature with SHA-1"):
        rsa = lab.key("rsa3072")
        cert = bench.cert(Signer.load(rsa), algorithm="ssh-rsa")
        sshd = Sshd(lab, f"TrustedUserCAKeys {rsa}.pub")
        login = sshd.login(key=bench.key, cert=cert)
        expect_out(login)
        model.agree(login, bench.judge(cert, rsa), ["disallowed-algorithm"])
    with tap.row("sshd and the model accept: a subject key of RSA 1024; cert show warns"):
        weak = lab.fresh("rsa1024-")
        lab.must("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", weak)
        cert = bench.cert(blob=sshwire.read_line(weak + ".pub")[1])
        login = bench.sshd.login(key=weak, cert=cert)
        expect_in(login)
        model.agree(login, bench.judge(cert), [])
        warns(lab, cert, "2048")
    with tap.row("sshd and the model refuse: a host certificate, offered by an agent"):
        # ssh itself does not offer a host certificate from a file.
        cert = bench.cert(type=HOST, extensions=[])
        agent = lab.agent()
        agent.add(Signer.load(bench.key), sshwire.read_line(cert)[1])
        login = bench.sshd.login(IdentityAgent=agent.path, IdentitiesOnly="no")
        expect_out(login)
        model.agree(login, bench.judge(cert), ["wrong-type"])
    with tap.row("ssh does not even offer a host certificate from a file"):
        login = bench.sshd.login(key=bench.key, cert=cert, PubkeyAcceptedAlgorithms="*-cert-*")
        expect_out(login)
        expect("Failed publickey" not in login.log, login)


def changed_minds(bench, tap):
    """Where sshd's word and ours differ by design, each with the reason beside it."""
    with tap.row("an empty force-command: sshd runs it as nothing, the model agrees to the login"):
        cert = bench.cert(critical=[("force-command", value(""))])
        login = bench.sshd.login(key=bench.key, cert=cert)
        expect(login.status == 0 and login.out == "", login)
        model.agree(login, bench.judge(cert))
    with tap.row("a long key ID hides serial and CA in sshd's log; cert show warns"):
        cert = bench.cert(key_id="k" * 8000)
        login = bench.sshd.login(key=bench.key, cert=cert)
        expect_in(login)
        expect("serial 1" not in login.log, "sshd's log holds the serial", login)
        model.agree(login, bench.judge(cert))
        warns(bench.lab, cert, "key ID")
    with tap.row("force-command among the extensions restricts nothing; cert show warns"):
        cert = bench.cert(extensions=[("force-command", value("false")), PTY])
        expect_in(bench.sshd.login(key=bench.key, cert=cert))
        warns(bench.lab, cert, "force-command")


def warns(lab, cert, word):
    """cert show has a line of warning with this word in it."""
    shown = lab.must_vouch("cert", "show", cert, env=dict(lab.env, LC_ALL="C"))
    lines = [line for line in shown.out.splitlines() if line.lstrip().startswith(("!", "warn"))]
    expect(any(word in line for line in lines), f"no warning of {word}", shown)


def unreadable(bench, tap):
    """What does not parse: the same for ssh-keygen, and never a verdict from us."""
    lab = bench.lab
    nested = craft(sshwire.read_line(bench.ca + ".pub")[1], bench.signer)
    good = craft(bench.blob, bench.signer)
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    other = Signer.ed25519(os.urandom(32))
    forged = craft(bench.blob, other, ca_blob=bench.signer.blob)
    blobs = (
        ("a CA key that is itself a certificate", craft(bench.blob, bench.signer, ca_blob=nested)),
        ("a signature with one bit changed", flipped),
        ("a signature by another key", forged),
        ("neither user nor host", craft(bench.blob, bench.signer, type=3)),
        ("type 0", craft(bench.blob, bench.signer, type=0)),
        ("257 principals", craft(bench.blob, bench.signer, principals=["p"] * 257)),
        ("a NUL in a principal", craft(bench.blob, bench.signer, principals=[b"a\0b"])),
        ("a NUL in the key ID", craft(bench.blob, bench.signer, key_id=b"a\0b")),
        ("principals that are cut", craft(bench.blob, bench.signer, principals_raw=b"\0\0\0\5ab")),
        ("options that are cut", craft(bench.blob, bench.signer, critical_raw=b"\0\0\0\1a")),
        ("a byte behind the signature", craft(bench.blob, bench.signer, tail=b"\0")),
        ("no signature", craft(bench.blob, bench.signer, signature=b"\0\0\0\0")),
        ("another key's type", craft(bench.blob, bench.signer, name=sshwire.cert_name("ssh-rsa"))),
    )
    for name, blob in blobs:
        with tap.row(f"not a certificate: {name}"):
            path = sshwire.write_line(lab.fresh("broken-") + "-cert.pub", blob)
            theirs = lab.run("ssh-keygen", "-L", "-f", path)
            expect_equal(theirs.status, 1, theirs)
            ours = lab.vouch("keygen", "-L", "-f", path)
            expect_equal((ours.status, ours.out, ours.err), (1, theirs.out, theirs.err))
            done = lab.vouch("cert", "check", path, "--ca", bench.ca + ".pub", "--principal", USER)
            expect(done.status > 1 and done.out == "", "a verdict on what cannot be read", done)
            expect("[V-1204]" in done.err, done)
            expect_out(bench.sshd.login(key=bench.key, cert=path))


def main():
    with Lab("sshd", "ssh", "ssh-keygen") as lab:
        tap = Tap()
        bench = Bench(lab)
        for part in (rows, token_cas, strangers, changed_minds, unreadable):
            part(bench, tap)
        tap.done()


if __name__ == "__main__":
    main()
