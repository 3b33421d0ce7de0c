#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""User certificates on a real sshd: every key type under every CA type, made by `vouch sign` and by
`vouch keygen -s`. FIDO keys log in through an agent that plays the token.

Each row: `vouch cert check` foretells the login, ssh-keygen -L shows the certificate, sshd lets it in
and logs its key ID, serial and CA.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
import sshwire
from lab import CA_TYPES, KEY_TYPES, Lab
from signing import TokenSigner
from sshd import USER, Sshd, expect_in, expect_out
from tap import Tap, expect, expect_equal

TOKENS = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")


def sign(lab, ca, keys, key_id):
    """One command, one batch."""
    publics = [key + ".pub" for key in keys]
    lab.must_vouch("sign", "user", "--ca", ca, "--id", key_id, "--principals", USER, *publics)


def keygen(lab, ca, keys, key_id, *more):
    publics = [key + ".pub" for key in keys]
    words = ["-s", ca + "/user_ca", "-I", key_id, "-n", USER, "-V", "+1h"]
    # A CA's serial is given once, so each batch begins at a number of its own.
    serial = "+2000" if more else "+1000"
    lab.must_vouch("keygen", "-q", *words, "-z", serial, *more, *publics)


def algorithm_of(cert):
    return sshwire.Reader(sshwire.read_cert_file(cert)["signature"]).string()


def check_listing(lab, cert, key_id):
    """The system's ssh-keygen reads it and shows the same words as ours."""
    theirs = lab.must("ssh-keygen", "-L", "-f", cert)
    expect(f'Key ID: "{key_id}"' in theirs.out, theirs)
    ours = lab.must_vouch("keygen", "-L", "-f", cert)
    expect_equal(ours.out, theirs.out, "keygen -L")


def check_login(lab, sshd, ca, key, key_id):
    cert = key + "-cert.pub"
    check_listing(lab, cert, key_id)
    verdict = model.judge(lab, cert, ca)
    login = sshd.login(key=key, cert=cert)
    expect_in(login)
    model.agree(login, verdict, [])
    serial = sshwire.read_cert_file(cert)["serial"]
    expect(f"ID {key_id} (serial {serial}) CA" in login.log, login)


def grid(lab, tap, kind, keys, tokens):
    """One CA type, all key types."""
    ca = lab.ca(kind)
    sshd = Sshd(lab, f"TrustedUserCAKeys {ca}/user_ca.pub")
    ways = [("sign", sign, ()), ("keygen", keygen, ())]
    if kind == "rsa":
        ways += [("keygen -t rsa-sha2-256", keygen, ("-t", "rsa-sha2-256"))]
    for way, make, more in ways:
        key_id = f"{kind}-by-{way.split()[0]}"
        make(lab, ca, [*keys.values(), *tokens.paths.values()], key_id, *more)
        for name, key in keys.items():
            with tap.row(f"user {name} under {kind} by {way}: logs in"):
                check_login(lab, sshd, ca + "/user_ca.pub", key, key_id)
                if kind == "rsa":
                    wanted = b"rsa-sha2-256" if more else b"rsa-sha2-512"
                    expect_equal(algorithm_of(key + "-cert.pub"), wanted)
        for name in tokens.paths:
            with tap.row(f"user {name} under {kind} by {way}: logs in"):
                cert = tokens.paths[name] + "-cert.pub"
                check_listing(lab, cert, key_id)
                verdict = model.judge(lab, cert, ca + "/user_ca.pub")
                login = tokens.login(sshd, name)
                expect_in(login)
                model.agree(login, verdict, [])
        clear([*keys.values(), *tokens.paths.values()])


def clear(keys):
    for key in keys:
        os.unlink(key + "-cert.pub")


class Tokens:
    """FIDO keys of both types, in an agent that plays the token."""

    def __init__(self, lab):
        self.lab, self.agent = lab, lab.agent()
        self.signers, self.paths = {}, {}
        for kind in TOKENS:
            self.signers[kind] = TokenSigner(kind, os.urandom(32), "ssh:test")
            self.paths[kind] = lab.fresh("token-")
            sshwire.write_line(self.paths[kind] + ".pub", self.signers[kind].blob, "token")

    def login(self, sshd, kind, flags=1):
        """Logs in with the certificate beside the key; flags: touched 1, PIN given 4."""
        signer = self.signers[kind]
        signer.flags = flags
        blob = sshwire.read_line(self.paths[kind] + "-cert.pub")[1]
        self.agent.identities = [(blob, signer, "token")]
        return sshd.login(IdentityAgent=self.agent.path, IdentitiesOnly="no")


def presence(lab, tap, tokens, ca, sshd, kind):
    """What a token has to report with a certificate that asks for more, or for less."""

    def attempt(flags, *options):
        words = ("sign", "user", "--ca", ca, "--id", "token", "--principals", USER, "--force")
        lab.must_vouch(*words, *options, tokens.paths[kind] + ".pub")
        cert = tokens.paths[kind] + "-cert.pub"
        check_listing(lab, cert, "token")
        verdict = model.judge(lab, cert, ca + "/user_ca.pub")
        expect(verdict.accepted, verdict)
        return tokens.login(sshd, kind, flags)

    with tap.row(f"user {kind}: refused when not touched"):
        expect_out(attempt(0), "user presence .* requirement not met")
    with tap.row(f"user {kind}: not touched, but no-touch-required: logs in"):
        expect_in(attempt(0, "--permit", "no-touch-required"))
    with tap.row(f"user {kind}: verify-required refused without the PIN"):
        expect_out(attempt(1, "--verify-required"), "user verification requirement not met")
    with tap.row(f"user {kind}: verify-required logs in with the PIN"):
        expect_in(attempt(5, "--verify-required"))


def main():
    with Lab("sshd", "ssh", "ssh-keygen") as lab:
        tap = Tap()
        keys = {name: lab.key(name, lab.folder("keys")) for name in KEY_TYPES}
        tokens = Tokens(lab)
        for kind in CA_TYPES:
            grid(lab, tap, kind, keys, tokens)
        ca = lab.ca()
        sshd = Sshd(lab, f"TrustedUserCAKeys {ca}/user_ca.pub")
        for kind in TOKENS:
            presence(lab, tap, tokens, ca, sshd, kind)
        tap.done()


if __name__ == "__main__":
    main()
