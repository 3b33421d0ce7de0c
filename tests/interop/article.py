#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The walk-through of a well-known article on SSH certificates, its commands unchanged but for the
program's name, on a real sshd and ssh: no question on the first login, no password, no key copied.

    ssh-keygen -t rsa -f ca_key
    ssh-keygen -s ca_key -I Host -V +52w -h ssh_host_rsa_key.pub
    @cert-authority * ssh-rsa <content of the public key>
    ssh-keygen -s ca_key -I Client -n root,host -V +52w id_rsa.pub
"""

import os
import stat
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
import sshwire
from lab import Lab
from sshd import USER, Sshd, client_version, expect_in, expect_out
from tap import Skip, Tap, expect, expect_equal

WEEKS = 52 * 7 * 86400


class Article:
    """The folders of the article: the CA's, the server's, and the person's ~/.ssh."""

    def __init__(self, lab):
        self.lab = lab
        self.ca, self.etc, self.home = lab.folder("ca"), lab.folder("etc-ssh"), lab.folder("dot-ssh")
        self.host = self.etc + "/ssh_host_rsa_key"
        self.key = self.home + "/id_rsa"

    def keygen(self, *words, cwd=None, stdin=""):
        return self.lab.must_vouch("keygen", *words, cwd=cwd or self.ca, stdin=stdin)


def make(article, tap):
    with tap.row("vouch keygen -t rsa -f ca_key: asks twice for a passphrase, writes both files"):
        done = article.keygen("-t", "rsa", "-f", "ca_key", stdin="\n\n")
        expect("Your public key has been saved in ca_key.pub" in done.out, done)
        mode = stat.S_IMODE(os.stat(article.ca + "/ca_key").st_mode)
        expect_equal(oct(mode), "0o600", "mode of ca_key")
        words = ("-t", "rsa", "-N", "", "-q", "-f")
        article.keygen(*words, article.host)
        article.keygen(*words, article.key)
    with tap.row("vouch keygen -s ca_key -I Host -V +52w -h: a host certificate for 52 weeks"):
        done = article.keygen("-s", "ca_key", "-I", "Host", "-V", "+52w", "-h", article.host + ".pub")
        expect("Warning: certificate will contain no principals (-n)" in done.err, done)
        cert = sshwire.read_cert_file(article.host + "-cert.pub")
        expect_equal((cert["type"], cert["key_id"], cert["principals"]), (2, b"Host", []))
        expect(abs(cert["before"] - time.time() - WEEKS) < 60, cert["before"])
    with tap.row("vouch keygen -s ca_key -I Client -n root,host -V +52w: a user certificate"):
        words = ("-s", "ca_key", "-I", "Client", "-n", f"{USER},host", "-V", "+52w")
        article.keygen(*words, article.key + ".pub")
        cert = sshwire.read_cert_file(article.key + "-cert.pub")
        expect_equal(cert["principals"], [USER.encode(), b"host"])
        names = [name for name, _ in cert["extensions"]]
        expect_equal(len(names), 5, names)


def walk(article, tap):
    """The server trusts ca_key for people, the client trusts it for `*`."""
    lab = article.lab
    settings = f"TrustedUserCAKeys {article.ca}/ca_key.pub"
    sshd = Sshd(lab, settings, article.host, article.host + "-cert.pub")
    with open(article.ca + "/ca_key.pub", encoding="utf-8") as file:
        sshd.trust("@cert-authority * " + file.read())
    with tap.row("ssh user@remote_host: the certificate lets in"):
        if client_version(lab) >= (10, 3):
            raise Skip("a host certificate without principals is refused since OpenSSH 10.3")
        # Only IdentityFile is named: ssh finds the certificate beside it, as in the article.
        login = sshd.login(key=article.key)
        expect_in(login)
        expect("ID Client (serial 0) CA RSA" in login.log, login)
        model.agree(login, model.judge(lab, article.key + "-cert.pub", article.ca + "/ca_key.pub"))
    with tap.row("with names in the host certificate every OpenSSH believes it"):
        words = ("-s", "ca_key", "-I", "Host", "-V", "+52w", "-h", "-n", "host,example")
        article.keygen(*words, article.host + ".pub")
        sshd.stop()
        again = Sshd(lab, settings, article.host, article.host + "-cert.pub")
        with open(article.ca + "/ca_key.pub", encoding="utf-8") as file:
            again.trust("@cert-authority * " + file.read())
        expect_in(again.login(key=article.key))
        os.rename(article.key + "-cert.pub", article.key + "-cert.away")
        expect_out(again.login(key=article.key))


def main():
    with Lab("sshd", "ssh") as lab:
        tap = Tap()
        article = Article(lab)
        make(article, tap)
        walk(article, tap)
        tap.done()


if __name__ == "__main__":
    main()
