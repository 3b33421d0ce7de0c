#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Host certificates before a real ssh: every key type under every CA type, made by `vouch sign` and
by `vouch keygen -s`; @cert-authority from `vouch ca trust`; nothing asked; and each way to be refused.

ssh runs with BatchMode and StrictHostKeyChecking, and known_hosts holds nothing but the CA, so a login
means that the certificate was believed.
"""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
import sshwire
from craft import HOST, craft
from lab import CA_TYPES, KEY_TYPES, Lab
from signing import Signer, TokenSigner
from sshd import Sshd, client_version, expect_in
from tap import Tap, expect, expect_equal

TOKENS = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
# One sshd takes one key of each type, so the RSA keys stand on two.
SERVERS = (
    ("rsa3072", "ecdsa256", "ecdsa384", "ecdsa521", "ed25519"),
    ("rsa2048",),
)
NAME, CRITICAL = ["principal-not-listed"], ["unsupported-critical-option"]
STRICT = "Host key verification failed"


def algorithm(public):
    """The name by which ssh asks for a certificate of this key and for nothing else."""
    plain = sshwire.Reader(sshwire.read_line(public)[1]).string().decode()
    return sshwire.cert_name("rsa-sha2-512" if plain == "ssh-rsa" else plain)


def sign(lab, ca, keys, key_id, *more):
    publics = [key + ".pub" for key in keys]
    names = ("--id", key_id, "--principals", "host,host.example.com")
    lab.must_vouch("sign", "host", "--ca", ca, *names, *more, *publics)


def keygen(lab, ca, keys, key_id, *more):
    publics = [key + ".pub" for key in keys]
    words = ["-s", ca + "/host_ca", "-I", key_id, "-h", "-n", "host", "-V", "+52w"]
    # A CA's serial is given once, so each batch begins at a number of its own.
    serial = "+2000" if more else "+1000"
    lab.must_vouch("keygen", "-q", *words, "-z", serial, *more, *publics)


def trust(lab, ca, pattern="host"):
    """The known_hosts line that our own command prints, and nothing else."""
    words = ("ca", "trust", ca, "--for", "known_hosts", "--pattern", pattern)
    return lab.must_vouch(*words).out


class HostLab:
    """Host keys, and an account that a plain key lets in."""

    def __init__(self, lab):
        self.lab = lab
        self.keys = {name: lab.key(name, lab.folder("hosts")) for name in KEY_TYPES}
        self.user = lab.key("ed25519")
        self.settings = f"AuthorizedKeysFile {self.user}.pub"

    def serve(self, keys, certs, settings=""):
        return Sshd(self.lab, self.settings + "\n" + settings, keys, certs)

    def login(self, sshd, key, **options):
        options.setdefault("HostKeyAlgorithms", algorithm(key + ".pub"))
        return sshd.login(key=self.user, **options)


def grid(hosts, tap, kind):
    """One CA type, all key types."""
    lab = hosts.lab
    ca = lab.ca(kind)
    ways = [("sign", sign, ()), ("keygen", keygen, ())]
    if kind == "rsa":
        ways.append(("keygen -t rsa-sha2-256", keygen, ("-t", "rsa-sha2-256")))
    for way, make, more in ways:
        make(lab, ca, hosts.keys.values(), f"{kind}-by-{way.split()[0]}", *more)
        for names in SERVERS:
            keys = [hosts.keys[name] for name in names]
            sshd = hosts.serve(keys, [key + "-cert.pub" for key in keys])
            sshd.trust(trust(lab, ca))
            for name, key in zip(names, keys):
                with tap.row(f"host {name} under {kind} by {way}: believed, nothing asked"):
                    check_believed(hosts, sshd, ca, key)
        for key in hosts.keys.values():
            os.unlink(key + "-cert.pub")


def check_believed(hosts, sshd, ca, key):
    cert = key + "-cert.pub"
    theirs = hosts.lab.must("ssh-keygen", "-L", "-f", cert)
    expect_equal(hosts.lab.must_vouch("keygen", "-L", "-f", cert).out, theirs.out, "keygen -L")
    verdict = model.judge(hosts.lab, cert, ca + "/host_ca.pub", kind="host")
    login = hosts.login(sshd, key)
    expect_in(login)
    model.agree_host(login, verdict, [])


def token_hosts(hosts, tap, ca_kind):
    """Host keys in FIDO tokens that an agent plays for sshd; both stand on one sshd."""
    lab, ca, agent = hosts.lab, hosts.lab.ca(ca_kind), hosts.lab.agent()
    paths = {}
    for kind in TOKENS:
        signer = TokenSigner(kind, os.urandom(32))
        paths[kind] = lab.fresh("token-host-")
        sshwire.write_line(paths[kind] + ".pub", signer.blob, "token")
        agent.add(signer)
    sign(lab, ca, paths.values(), "token-host")
    keys = [path + ".pub" for path in paths.values()]
    certs = [path + "-cert.pub" for path in paths.values()]
    sshd = hosts.serve(keys, certs, f"HostKeyAgent {agent.path}")
    sshd.trust(trust(lab, ca))
    for kind, path in paths.items():
        with tap.row(f"host {kind} under {ca_kind} by sign: believed, nothing asked"):
            verdict = model.judge(lab, path + "-cert.pub", ca + "/host_ca.pub", kind="host")
            login = hosts.login(sshd, path)
            expect_in(login)
            model.agree_host(login, verdict, [])


# Certificates that ssh refuses: name, fields to craft, the model's reasons.
def refusals(now):
    return (
        ("another host name", {"principals": ["other"]}, NAME),
        ("a name that differs in case", {"principals": ["HOST"]}, NAME),
        ("a name with a port", {"principals": ["host:22"]}, NAME),
        ("names joined by a comma", {"principals": ["host,other"]}, NAME),
        ("an expired certificate", {"after": now - 7200, "before": now - 60}, ["expired"]),
        ("one not yet valid", {"after": now + 3600, "before": now + 7200}, ["not-yet-valid"]),
        ("a user's certificate", {"type": 1}, ["wrong-type"]),
        ("a critical option", {"critical": [("nothing@example.com", b"")]}, CRITICAL),
        ("force-command", {"critical": [("force-command", b"\0\0\0\2id")]}, CRITICAL),
        (
            "two faults",
            {"principals": ["other"], "after": now - 7200, "before": now - 60},
            ["expired", *NAME],
        ),
    )


class Refusal:
    """A crafted host certificate before ssh."""

    def __init__(self, hosts, ca):
        self.hosts, self.ca = hosts, ca
        self.key = hosts.keys["ed25519"]
        self.blob = sshwire.read_line(self.key + ".pub")[1]
        self.signer = Signer.load(ca + "/host_ca")

    def attempt(self, signer=None, model_ca=None, known=None, client=(), **fields):
        """(login, verdict) for a certificate with these fields."""
        lab = self.hosts.lab
        fields = {"type": HOST, "principals": ["host"], "extensions": [], **fields}
        cert = lab.fresh("host-") + "-cert.pub"
        sshwire.write_line(cert, craft(self.blob, signer or self.signer, **fields))
        sshd = self.hosts.serve(self.key, cert)
        sshd.trust(known or trust(lab, self.ca))
        verdict = model.judge(lab, cert, model_ca or self.ca + "/host_ca.pub", kind="host")
        return self.hosts.login(sshd, self.key, **dict(client)), verdict


def refuse(hosts, tap, ca):
    case = Refusal(hosts, ca)
    with tap.row("a crafted host certificate without a fault is believed"):
        login, verdict = case.attempt()
        expect_in(login)
        model.agree_host(login, verdict, [])
    for name, fields, reasons in refusals(int(time.time())):
        with tap.row(f"host certificate refused: {name}"):
            login, verdict = case.attempt(**fields)
            expect(STRICT in login.err and login.status == 255, login)
            model.agree_host(login, verdict, reasons)
    with tap.row("host certificate refused: a CA that known_hosts does not name"):
        other = Signer.ed25519(os.urandom(32))
        login, verdict = case.attempt(signer=other)
        expect(STRICT in login.err, login)
        model.agree_host(login, verdict, ["unknown-ca"])
    with tap.row("host certificate refused: signed with SHA-1"):
        rsa = hosts.lab.ca("rsa")
        signer = Signer.load(rsa + "/host_ca")
        login, verdict = case.attempt(
            signer, rsa + "/host_ca.pub", trust(hosts.lab, rsa), algorithm="ssh-rsa"
        )
        model.agree_host(login, verdict, ["disallowed-algorithm"])


def versions(hosts, tap, ca):
    """Where OpenSSH changed its mind in 10.3: what we say holds for the newest."""
    case = Refusal(hosts, ca)
    new = client_version(hosts.lab) >= (10, 3)
    with tap.row("host certificate for nobody: we refuse; ssh believes it before 10.3"):
        login, verdict = case.attempt(principals=[])
        expect_equal(verdict.reasons, ["no-principals"])
        expect_equal(login.status == 0, not new, "ssh")
    with tap.row("wildcard host principal: exact unless asked; ssh honours it from 10.3"):
        login, verdict = case.attempt(principals=["h*t"])
        expect_equal(verdict.reasons, NAME)
        expect_equal(login.status == 0, new, "ssh")
    with tap.row("a plain name beside a wildcard is good for every ssh"):
        login, verdict = case.attempt(principals=["*.web.example.com", "host"])
        expect_equal((verdict.reasons, login.status), ([], 0), str(login))


def known_hosts(hosts, tap, ca):
    """What `vouch ca trust` prints, and what stands against it."""
    lab = hosts.lab
    key = hosts.keys["ed25519"]
    sign(lab, ca, [key], "known", "--force")
    sshd = hosts.serve(key, key + "-cert.pub")
    line = trust(lab, ca, "*.example.com,host")
    with tap.row("known_hosts: the line is one @cert-authority line"):
        words = line.split()
        expect(line.count("\n") == 1 and words[0] == "@cert-authority", line)
        expect_equal(words[1], "*.example.com,host")
    with tap.row("known_hosts: a wildcard pattern holds for a name of the certificate"):
        sshd.trust(line)
        expect_in(hosts.login(sshd, key, HostKeyAlias="host.example.com"))
    with tap.row("known_hosts: the CA is not believed for a host outside the pattern"):
        login = hosts.login(sshd, key, HostKeyAlias="host.example.org")
        expect(login.status == 255 and STRICT in login.err, login)
    with tap.row("known_hosts: a revoked CA is not believed"):
        mark = line.replace("@cert-authority *.example.com,host", "@revoked *")
        sshd.trust(line + mark)
        login = hosts.login(sshd, key)
        expect(login.status == 255 and "revoked" in login.err.lower(), login)
    with tap.row("RevokedHostKeys: the serial in a KRL of ours is refused, and the model knows"):
        cert = key + "-cert.pub"
        krl = lab.fresh("krl-")
        lab.must_vouch("krl", "build", "--out", krl, "--cert", cert)
        sshd.trust(line)
        verdict = model.judge(lab, cert, ca + "/host_ca.pub", kind="host", krl=krl)
        login = hosts.login(sshd, key, RevokedHostKeys=krl)
        model.agree_host(login, verdict, ["revoked"])


def main():
    with Lab("sshd", "ssh", "ssh-keygen") as lab:
        tap = Tap()
        hosts = HostLab(lab)
        for kind in CA_TYPES:
            grid(hosts, tap, kind)
            token_hosts(hosts, tap, kind)
        ca = lab.ca()
        refuse(hosts, tap, ca)
        versions(hosts, tap, ca)
        known_hosts(hosts, tap, ca)
        tap.done()


if __name__ == "__main__":
    main()
