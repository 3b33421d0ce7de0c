#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How an account gets its principals: the login name, AuthorizedPrincipalsFile,
AuthorizedPrincipalsCommand, and a CA in authorized_keys. Where a host names principals of its own,
the account's name no longer counts, and `vouch cert check --principal` foretells each login."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
from lab import Lab
from sshd import USER, Sshd, expect_in, expect_out
from tap import Tap, expect, expect_equal

NONE = "Certificate does not contain an authorized principal"


class Bench:
    def __init__(self, lab):
        self.lab = lab
        self.ca = lab.ca()
        self.public = self.ca + "/user_ca.pub"
        self.trust = f"TrustedUserCAKeys {self.public}"
        self.keys = {}

    def user(self, principals, *options):
        """A key whose certificate of ours names these principals."""
        key = self.lab.key("ed25519")
        words = ("--ca", self.ca, "--id", "user-" + principals.replace(",", "."))
        more = ("--principals", principals, *options, key + ".pub")
        self.lab.must_vouch("sign", "user", *words, *more)
        return key

    def login(self, sshd, key, command="echo $USER-is-in", **more):
        return sshd.login(command, key=key, cert=key + "-cert.pub", **more)

    def judge(self, key, name):
        return model.judge(self.lab, key + "-cert.pub", self.public, name=name)


def login_name(bench, tap):
    sshd = Sshd(bench.lab, bench.trust)
    with tap.row("no principals file: the login name has to be listed"):
        key = bench.user(f"role:deployer,{USER}")
        login = bench.login(sshd, key)
        expect_in(login)
        model.agree(login, bench.judge(key, USER), [])
    with tap.row("no principals file: a role alone is refused"):
        key = bench.user("role:deployer")
        login = bench.login(sshd, key)
        expect_out(login, "name is not a listed principal")
        model.agree(login, bench.judge(key, USER), ["principal-not-listed"])


def principals_file(bench, tap):
    lab = bench.lab
    path = lab.write(f"principals-{USER}", "# who may log in\n\nrole:deployer\nrole:oncall # now\n")
    sshd = Sshd(lab, f"{bench.trust}\nAuthorizedPrincipalsFile {lab.path}/principals-%u")
    deployer, oncall = bench.user("role:deployer,x"), bench.user("role:oncall")
    for key, name in ((deployer, "role:deployer"), (oncall, "role:oncall")):
        with tap.row(f"AuthorizedPrincipalsFile: {name} logs in"):
            login = bench.login(sshd, key)
            expect_in(login)
            model.agree(login, bench.judge(key, name), [])
    with tap.row("AuthorizedPrincipalsFile: the login name no longer counts"):
        key = bench.user(USER)
        login = bench.login(sshd, key)
        expect_out(login, NONE)
        for name in ("role:deployer", "role:oncall"):
            model.agree(login, bench.judge(key, name), ["principal-not-listed"])
    with tap.row("AuthorizedPrincipalsFile: a certificate of the same CA without principals is out"):
        key = lab.key("ed25519")
        words = ("-s", bench.ca + "/user_ca", "-I", "nobody", "-V", "+1h", "-z", "+5000")
        done = lab.must_vouch("keygen", *words, key + ".pub")
        expect("Warning: certificate will contain no principals (-n)" in done.err, done)
        login = bench.login(sshd, key)
        expect_out(login, NONE)
        model.agree(login, bench.judge(key, "role:deployer"), ["no-principals"])
    with tap.row("AuthorizedPrincipalsFile: options of the line hold, our option too"):
        lab.write(f"principals-{USER}", 'command="echo forced" role:deployer\n')
        expect_equal(bench.login(sshd, deployer).out, "forced\n")
    with tap.row("AuthorizedPrincipalsFile: a force-command of ours that differs is refused"):
        key = bench.user("role:deployer", "--force-command", "echo ours")
        expect_out(bench.login(sshd, key), "forced command options do not match")
    with tap.row("AuthorizedPrincipalsFile: a missing file refuses everybody"):
        os.unlink(path)
        expect_out(bench.login(sshd, deployer), NONE)


def principals_command(bench, tap):
    account = "nobody"
    lines = f"AuthorizedPrincipalsCommand /bin/echo role:%u\nAuthorizedPrincipalsCommandUser {account}"
    with tap.row("AuthorizedPrincipalsCommand: what it prints is who may log in"):
        sshd = Sshd(bench.lab, f"{bench.trust}\n{lines}")
        key = bench.user(f"role:{USER}")
        login = bench.login(sshd, key)
        expect_in(login)
        model.agree(login, bench.judge(key, f"role:{USER}"), [])
        other = bench.user("role:other")
        expect_out(bench.login(sshd, other), NONE)
    with tap.row("AuthorizedPrincipalsCommand: key ID and serial reach it as we wrote them"):
        lines = "AuthorizedPrincipalsCommand /bin/echo id:%i:%s"
        more = f"AuthorizedPrincipalsCommandUser {account}"
        sshd = Sshd(bench.lab, f"{bench.trust}\n{lines}\n{more}")
        # A serial that nobody gave yet is not known beforehand, so the key comes twice.
        key = bench.lab.key("ed25519")
        words = ("-s", bench.ca + "/user_ca", "-I", "tok@en", "-n", "id:tok@en:987654", "-V", "+1h")
        bench.lab.must_vouch("keygen", "-q", *words, "-z", "987654", key + ".pub")
        expect_in(bench.login(sshd, key))


def authorized_keys(bench, tap):
    lab = bench.lab
    with open(bench.public, encoding="utf-8") as file:
        line = file.read()
    user, role = bench.user(USER), bench.user("role:deployer")
    path = lab.write("authorized_keys", "cert-authority " + line)
    sshd = Sshd(lab, f"AuthorizedKeysFile {path}")
    with tap.row("a CA in authorized_keys: the login name"):
        expect_in(bench.login(sshd, user))
        expect_out(bench.login(sshd, role), "name is not a listed principal")
    with tap.row("a CA in authorized_keys with principals=: those and not the login name"):
        lab.write("authorized_keys", 'cert-authority,principals="role:deployer,role:x" ' + line)
        login = bench.login(sshd, role)
        expect_in(login)
        model.agree(login, bench.judge(role, "role:deployer"), [])
        expect_out(bench.login(sshd, user), NONE)
    with tap.row("a CA's line without cert-authority lets in no certificate"):
        lab.write("authorized_keys", line)
        expect_out(bench.login(sshd, user))
    with tap.row("the host CA's key in its place lets in no user certificate"):
        with open(bench.ca + "/host_ca.pub", encoding="utf-8") as file:
            lab.write("authorized_keys", "cert-authority " + file.read())
        expect_out(bench.login(sshd, user))


def main():
    with Lab("sshd", "ssh", "ssh-keygen") as lab:
        tap = Tap()
        bench = Bench(lab)
        for part in (login_name, principals_file, principals_command, authorized_keys):
            part(bench, tap)
        tap.done()


if __name__ == "__main__":
    main()
