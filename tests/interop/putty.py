#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""PuTTY's plink with certificates of ours: a user certificate inside the PPK file and beside it, and
a host certificate believed through the record that `vouch ca trust --for putty` prints."""

import os
import re
import sys
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab
from sshd import USER, Sshd
from tap import Tap, expect, expect_equal

CA_KINDS = ("ed25519", "ecdsa256", "rsa")
USER_KINDS = ("ed25519", "ecdsa256", "rsa3072")


class Bench:
    """A PuTTY folder of its own, whose only trust is our record."""

    def __init__(self, lab, kind):
        self.lab, self.ca = lab, lab.ca(kind)
        self.folder = lab.folder(os.path.basename(lab.fresh("putty-")))
        os.makedirs(self.folder + "/sshhostcas")
        self.env = dict(lab.env, PUTTYDIR=self.folder)
        self.host = lab.key("ed25519")
        self.sign_host("localhost,127.0.0.1")
        lines = f"TrustedUserCAKeys {self.ca}/user_ca.pub"
        self.sshd = Sshd(lab, lines, self.host, self.host + "-cert.pub")
        self.trust("localhost || 127.0.0.1")

    def sign_host(self, names, *options):
        words = ("sign", "host", "--ca", self.ca, "--id", "h", "--principals", names, "--force")
        self.lab.must_vouch(*words, *options, self.host + ".pub")

    def trust(self, pattern):
        words = ("ca", "trust", self.ca, "--for", "putty")
        parts = [w for p in pattern.split(" || ") for w in ("--pattern", p)]
        with open(self.folder + "/sshhostcas/ours", "w", encoding="utf-8") as file:
            file.write(self.lab.must_vouch(*words, *parts).out)

    def user(self, kind, principals=USER):
        key = self.lab.key(kind)
        words = ("--ca", self.ca, "--id", "putty", "--principals", principals)
        self.lab.must_vouch("sign", "user", *words, key + ".pub")
        return key

    def ppk(self, key, *options):
        path = self.lab.fresh("ppk-")
        quiet = ("--new-passphrase", "/dev/null")
        self.lab.must("puttygen", key, "-O", "private", "-o", path, *options, *quiet)
        return path

    def plink(self, *words, host="localhost"):
        """Logs in; -batch, so that a question is the end."""
        login = ("-ssh", "-batch", "-v", "-P", self.sshd.port, *words, f"{USER}@{host}")
        return self.lab.run("plink", *login, "echo $USER-is-in", env=self.env)


def expect_in(done):
    expect(done.status == 0 and f"{USER}-is-in" in done.out, done)
    expect("Certification authority matches 'ours'" in done.err, done)
    expect("Accepted certificate" in done.err, done)


def expect_refused(done, pattern):
    expect(done.status != 0 and f"{USER}-is-in" not in done.out, done)
    expect(re.search(pattern, done.err), f"no match for {pattern}", done)


def accepted(lab, tap):
    for kind in CA_KINDS:
        bench = Bench(lab, kind)
        for name in USER_KINDS:
            with tap.row(f"plink, {kind} CA, {name} key: the certificate inside the PPK file"):
                key = bench.user(name)
                ppk = bench.ppk(key, "--certificate", key + "-cert.pub")
                expect_in(bench.plink("-i", ppk))
                expect("ID putty (serial" in bench.sshd.log(), bench.sshd.log())
            with tap.row(f"plink, {kind} CA, {name} key: the certificate beside the PPK file"):
                expect_in(bench.plink("-i", bench.ppk(key), "-cert", key + "-cert.pub"))


def reads(bench, tap):
    with tap.row("puttygen shows the certificate as we wrote it"):
        key = bench.user("ed25519")
        ppk = bench.ppk(key, "--certificate", key + "-cert.pub")
        shown = bench.lab.must("puttygen", ppk, "--cert-info").out
        for line in (
            "Certificate type: user authentication key",
            "Valid user names: " + USER,
            "Certificate ID string: putty",
            "Port forwarding permitted: no",
        ):
            expect(line in shown, f"no line: {line}", shown)
        expect("PTY allocation permitted: no" not in shown, shown)


def refused(bench, tap):
    key = bench.user("ed25519")
    ppk = bench.ppk(key, "--certificate", key + "-cert.pub")
    with tap.row("plink: a plain key without its certificate is refused"):
        expect_refused(bench.plink("-i", bench.ppk(key)), "Server refused our key")
    with tap.row("plink: a certificate for another account is refused"):
        other = bench.user("ed25519", "nobody")
        done = bench.plink("-i", bench.ppk(other, "--certificate", other + "-cert.pub"))
        expect_refused(done, "Server refused our key")
    with tap.row("plink: a host name outside the record is not believed"):
        bench.trust("*.example.com")
        expect_refused(bench.plink("-i", ppk), "host key is not cached")
    with tap.row("plink: another CA's record is not believed"):
        other = Bench.__new__(Bench)
        other.lab, other.folder, other.ca = bench.lab, bench.folder, bench.lab.ca()
        other.trust("localhost")
        expect_refused(bench.plink("-i", ppk), "Rejected host key certificate|not cached")
    with tap.row("plink: the record put back is believed again"):
        bench.trust("localhost || 127.0.0.1")
        expect_in(bench.plink("-i", ppk, host="127.0.0.1"))
    with tap.row("plink: a host certificate for another name is rejected"):
        bench.sign_host("elsewhere")
        lines = f"TrustedUserCAKeys {bench.ca}/user_ca.pub"
        bench.sshd = Sshd(bench.lab, lines, bench.host, bench.host + "-cert.pub")
        expect_refused(bench.plink("-i", ppk), "Rejected host key certificate.*localhost")


def registry(bench, tap):
    with tap.row("the .reg file for Windows holds the same record"):
        words = ("ca", "trust", bench.ca, "--for", "putty", "--pattern", "*.example.com")
        text = bench.lab.must_vouch(*words, "--format", "reg").out
        unix = bench.lab.must_vouch(*words).out
        blob = re.search(r"^PublicKey=(\S+)$", unix, re.M).group(1)
        expect(text.startswith("Windows Registry Editor Version 5.00"), text)
        expect("\\SimonTatham\\PuTTY\\SshHostCAs\\" in text, text)
        expect(f'"PublicKey"="{blob}"' in text, text)
        # Windows keeps the expression percent-encoded as well, like the file.
        validity = re.search(r'^"Validity"="(.*)"$', text.replace("\r", ""), re.M).group(1)
        expect_equal(urllib.parse.unquote(validity), "*.example.com")
        expect_equal(validity, re.search(r"^Validity=(.*)$", unix, re.M).group(1))
        expect('"PermitRSASHA1"=dword:00000000' in text, text)


def main():
    with Lab("sshd", "plink", "puttygen", "ssh-keygen") as lab:
        tap = Tap()
        accepted(lab, tap)
        bench = Bench(lab, "ed25519")
        for part in (reads, refused, registry):
            part(bench, tap)
        tap.done()


if __name__ == "__main__":
    main()
