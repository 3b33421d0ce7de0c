#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Certificates and CA keys in a real ssh-agent: ours log in from it without a file, and our CA signs
with a key that never leaves it."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
import sshwire
from lab import CA_TYPES, KEY_TYPES, Lab
from sshd import USER, Sshd, expect_in, expect_out
from tap import Tap, expect, expect_equal


def certificates(lab, tap):
    """ssh-add takes our certificate with its key; the key alone would not be let in."""
    ca = lab.ca()
    sshd = Sshd(lab, f"TrustedUserCAKeys {ca}/user_ca.pub")
    for kind in KEY_TYPES:
        with tap.row(f"{kind}: key and certificate log in from ssh-agent"):
            env = lab.ssh_agent()
            key = lab.key(kind)
            words = ("--ca", ca, "--id", "agent", "--principals", USER)
            lab.must_vouch("sign", "user", *words, key + ".pub")
            lab.must("ssh-add", "-q", "-t", "1h", key, env=env)
            listed = lab.must("ssh-add", "-L", env=env).out
            blob = sshwire.read_line(key + "-cert.pub")[1]
            expect(base64_of(blob) in listed, "the certificate is not in the agent", listed)
            os.unlink(key)
            os.rename(key + "-cert.pub", key + ".kept")
            login = sshd.login(IdentityAgent=env["SSH_AUTH_SOCK"], IdentitiesOnly="no")
            expect_in(login)
            model.agree(login, model.judge(lab, key + ".kept", ca + "/user_ca.pub"), [])
    with tap.row("a key without its certificate is not let in from ssh-agent"):
        env = lab.ssh_agent()
        lab.must("ssh-add", "-q", lab.key("ed25519"), env=env)
        expect_out(sshd.login(IdentityAgent=env["SSH_AUTH_SOCK"], IdentitiesOnly="no"))
    with tap.row("a certificate goes on to the next host by agent forwarding"):
        env = lab.ssh_agent()
        key = lab.key("ed25519")
        words = ("--ca", ca, "--id", "hop", "--principals", USER, "--permit", "agent-forwarding")
        lab.must_vouch("sign", "user", *words, key + ".pub")
        lab.must("ssh-add", "-q", key, env=env)
        config = sshd.client(name="hop", IdentitiesOnly="no", IdentityAgent="SSH_AUTH_SOCK")
        login = sshd.login(
            f"ssh -F {config} host 'echo $USER-is-in'",
            IdentityAgent=env["SSH_AUTH_SOCK"],
            IdentitiesOnly="no",
            ForwardAgent="yes",
        )
        expect_in(login)


def base64_of(blob):
    import base64

    return base64.b64encode(blob).decode()


def ca_keys(lab, tap):
    """CA keys in the agent: `vouch sign --agent` in a CA folder without private files, and -U."""
    for kind in CA_TYPES:
        env = lab.ssh_agent()
        pair = {}
        for use in ("user", "host"):
            name = {"rsa": "rsa3072"}.get(kind, kind)
            pair[use] = lab.key(name)
            lab.must("ssh-add", "-q", pair[use], env=env)
            os.unlink(pair[use])
        publics = {use: path + ".pub" for use, path in pair.items()}
        folder = lab.fresh("agent-ca-")
        sshd = Sshd(lab, f"TrustedUserCAKeys {publics['user']}")
        key = lab.key("ed25519")
        with tap.row(f"{kind} CA in ssh-agent: `vouch sign --agent` makes a certificate that logs in"):
            words = ("--user-ca", publics["user"], "--host-ca", publics["host"], "--no-passphrase")
            lab.must_vouch("ca", "init", folder, *words, env=env)
            expect(not os.path.exists(folder + "/user_ca"), "a private CA key was written")
            words = ("--ca", folder, "--ca-key", publics["user"], "--agent")
            more = ("--id", "by-agent", "--principals", USER, key + ".pub")
            lab.must_vouch("sign", "user", *words, *more, env=env)
            login = sshd.login(key=key, cert=key + "-cert.pub")
            expect_in(login)
            model.agree(login, model.judge(lab, key + "-cert.pub", publics["user"]), [])
        with tap.row(f"{kind} CA in ssh-agent: it is in the ledger like any other"):
            lab.must_vouch("ledger", "verify", folder, "--cert", key + "-cert.pub")
        with tap.row(f"{kind} CA in ssh-agent: `vouch keygen -Us` makes a certificate that logs in"):
            words = ("-Us", publics["user"], "-I", "by-U", "-n", USER, "-V", "+1h", "-z", "7")
            lab.must_vouch("keygen", "-q", *words, key + ".pub", env=env)
            login = sshd.login(key=key, cert=key + "-cert.pub")
            expect_in(login)
            cert = sshwire.read_cert_file(key + "-cert.pub")
            expect_equal((cert["serial"], cert["key_id"]), (7, b"by-U"))


def refusals(lab, tap):
    ca = lab.fresh("agent-ca-")
    keys = {use: lab.key("ed25519") for use in ("user", "host")}
    words = ("--user-ca", keys["user"] + ".pub", "--host-ca", keys["host"] + ".pub")
    lab.must_vouch("ca", "init", ca, *words, "--no-passphrase")
    key = lab.key("ed25519")
    sign = ("--id", "x", "--principals", USER, key + ".pub")
    by_agent = ("sign", "user", "--ca", ca, "--ca-key", keys["user"] + ".pub", "--agent")
    env = lab.ssh_agent()
    gone = dict(lab.env, SSH_AUTH_SOCK=lab.join("nobody.sock"))
    rows = (("no agent", lab.env), ("an agent that is gone", gone), ("an agent without it", env))
    for name, where in rows:
        with tap.row(f"CA key by {name}: one clear line, no certificate"):
            done = lab.vouch(*by_agent, *sign, env=where)
            expect(done.status != 0 and "[V-1401]" in done.err, done)
            expect(not os.path.exists(key + "-cert.pub"), "a certificate appeared")
    with tap.row("the host CA's key in the agent does not sign for users"):
        lab.must("ssh-add", "-q", keys["host"], env=env)
        words = ("sign", "user", "--ca", ca, "--ca-key", keys["host"] + ".pub", "--agent")
        done = lab.vouch(*words, *sign, env=env)
        expect(done.status != 0 and "[V-1303]" in done.err, done)
        expect(not os.path.exists(key + "-cert.pub"), "a certificate appeared")


def main():
    with Lab("sshd", "ssh", "ssh-keygen", "ssh-agent", "ssh-add") as lab:
        tap = Tap()
        for part in (certificates, ca_keys, refusals):
            part(lab, tap)
        tap.done()


if __name__ == "__main__":
    main()
