#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""SSHSIG against the real ssh-keygen -Y: what we sign it verifies, what it signs we verify, and what
one refuses the other does not accept.

SSHSIG_DRIVER is the program built from sshsig-driver.c.
"""

import base64
import hashlib
import os
import random
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import signing
import sshwire
from lab import KEY_TYPES, Lab
from tap import Tap, expect, expect_equal

HASHES = ("sha512", "sha256")
MESSAGE = b"a message\nof two lines and a NUL \0\n"
CASES = 2000 if os.environ.get("VOUCH_LONG") else 200
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


class Both:
    """Our driver and ssh-keygen, asked the same things."""

    def __init__(self, lab):
        self.lab = lab
        self.driver = os.environ["SSHSIG_DRIVER"]

    def we_sign(self, key, name_space, hash_name, *cert):
        words = ("sign", key, name_space, hash_name, *cert)
        return self.lab.must(self.driver, *words, stdin=MESSAGE).out

    def they_sign(self, key, name_space, hash_name, env=None, *more):
        words = ("-f", key, "-n", name_space, "-O", f"hashalg={hash_name}", *more)
        return self.lab.must("ssh-keygen", "-Y", "sign", *words, stdin=MESSAGE, env=env).out

    def we_verify(self, signature, name_space="file", message=MESSAGE):
        path = self.lab.write("ours.sig", signature)
        return self.lab.run(self.driver, "verify", name_space, path, stdin=message)

    def they_verify(self, signature, name_space="file", message=MESSAGE):
        """Whether the signature is good, whoever made it."""
        path = self.lab.write("theirs.sig", signature)
        words = ("check-novalidate", "-n", name_space, "-s", path)
        return self.lab.run("ssh-keygen", "-Y", *words, stdin=message)

    def they_know(self, signature, allowed, name_space="file"):
        """Whether the signer is the alice of an allowed_signers line."""
        path = self.lab.write("theirs.sig", signature)
        signers = self.lab.write("allowed", allowed + "\n")
        words = ("verify", "-f", signers, "-I", "alice", "-n", name_space, "-s", path)
        return self.lab.run("ssh-keygen", "-Y", *words, stdin=MESSAGE)


def fingerprint(lab, key):
    return lab.must("ssh-keygen", "-lf", key + ".pub").out.split()[1]


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def plain_keys(lab, both, tap):
    for kind in KEY_TYPES:
        key = lab.key(kind)
        for hash_name in HASHES:
            with tap.row(f"{kind} {hash_name}: ssh-keygen verifies what we sign"):
                made = both.we_sign(key, "file", hash_name)
                done = both.they_know(made, "alice " + read_text(key + ".pub"))
                expect(done.status == 0 and "Good" in done.out, done)
            with tap.row(f"{kind} {hash_name}: we verify what ssh-keygen signs"):
                made = both.they_sign(key, "file", hash_name)
                done = both.we_verify(made)
                expect_equal(done.out, f"key {hash_name} {fingerprint(lab, key)}\n", str(done))
            if "ecdsa" not in kind:  # ECDSA signatures have a random part
                with tap.row(f"{kind} {hash_name}: the same bytes as ssh-keygen"):
                    expect_equal(both.we_sign(key, "file", hash_name), made)
    with tap.row("ed25519 by ssh-agent: we verify what ssh-keygen -U signs"):
        env = lab.ssh_agent()
        key = lab.key("ed25519")
        lab.must("ssh-add", "-q", key, env=env)
        os.rename(key, key + ".away")
        made = both.they_sign(key + ".pub", "file", "sha512", env, "-U")
        expect(both.we_verify(made).status == 0, made)


def certificates(lab, both, tap):
    for kind in KEY_TYPES:
        ca, key = lab.key("ed25519"), lab.key(kind)
        words = ("-s", ca, "-I", "id", "-n", "alice", "-V", "-1h:+1h", key + ".pub")
        lab.must("ssh-keygen", "-q", *words)
        cert = key + "-cert.pub"
        allowed = "alice cert-authority " + read_text(ca + ".pub")
        with tap.row(f"{kind} certificate: ssh-keygen verifies what we sign"):
            done = both.they_know(both.we_sign(key, "file", "sha512", cert), allowed)
            expect(done.status == 0 and "Good" in done.out, done)
        with tap.row(f"{kind} certificate: we verify what ssh-keygen signs"):
            done = both.we_verify(both.they_sign(cert, "file", "sha512"))
            expect_equal(done.out, f"cert sha512 {fingerprint(lab, key)}\n", str(done))
    with tap.row("we sign nothing by a certificate that its CA did not sign"):
        name, blob = sshwire.read_line(cert)[:2]
        text = base64.b64encode(flip(blob, len(blob) * 8 - 1)).decode()
        forged = lab.write("forged.pub", f"{name} {text}\n")
        done = lab.run(both.driver, "sign", key, "file", "sha512", forged, stdin=MESSAGE)
        expect(done.status == 2 and done.out == "", done)


def flip(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def armour(blob, columns=70):
    text = base64.b64encode(blob).decode()
    lines = [text[i : i + columns] for i in range(0, len(text), columns)]
    return "\n".join((BEGIN, *lines, END, ""))


def unarmour(text):
    return base64.b64decode("".join(text.split("\n")[1:-2]))


def refusals(lab, both, tap):
    key = lab.key("ed25519")
    made = both.we_sign(key, "file", "sha512")
    with tap.row("another message is refused by both, with status 1 by us"):
        expect_equal(both.we_verify(made, message=MESSAGE + b"\n").status, 1)
        expect(both.they_verify(made, message=MESSAGE + b"\n").status != 0)
    with tap.row("another namespace is refused by both, with status 1 by us"):
        expect_equal(both.we_verify(made, "git").status, 1)
        expect(both.they_verify(made, "git").status != 0)
    with tap.row("an empty namespace is refused by both"):
        expect_equal(both.we_verify(made, "").status, 2)
        done = lab.run(both.driver, "sign", key, "", "sha512", stdin=MESSAGE)
        expect(done.status == 2 and done.out == "", done)
        expect(both.they_verify(made, "").status != 0)
    with tap.row("RSA with SHA-1 is refused by both"):
        signer = signing.Signer.load(lab.key("rsa3072"))
        for algorithm, good in (("rsa-sha2-512", True), ("rsa-sha2-256", True), ("ssh-rsa", False)):
            text = armour(craft(signer, algorithm=algorithm))
            expect_equal(both.we_verify(text).status == 0, good, algorithm)
            expect_equal(both.they_verify(text).status == 0, good, algorithm)


def craft(signer, algorithm=None, reserved=b"", signed_reserved=b"", version=1, hash_name="sha512"):
    """A signature blob over MESSAGE by code that shares nothing with ours."""
    digest = hashlib.new("sha512" if hash_name == "sha512" else "sha256", MESSAGE).digest()
    string = sshwire.string
    signed = string("file") + string(signed_reserved) + string(hash_name) + string(digest)
    head = b"SSHSIG" + sshwire.u32(version) + string(signer.blob) + string("file")
    signature = signer.sign(b"SSHSIG" + signed, algorithm)
    return head + string(reserved) + string(hash_name) + string(signature)


def crafted(lab, both, tap):
    """Blobs that neither program writes. Where we are stricter than OpenSSH, that is said."""
    signer = signing.Signer.ed25519(bytes(range(32)))
    token = signing.TokenSigner("sk-ssh-ed25519@openssh.com", bytes(range(32)))
    rows = [
        ("as it should be", craft(signer), True, True),
        ("by a FIDO key", craft(token), True, True),
        ("of version 2", craft(signer, version=2), False, False),
        # OpenSSH refuses only versions above 1.
        ("of version 0", craft(signer, version=0), False, True),
        ("with hash sha1", craft(signer, hash_name="sha1"), False, False),
        ("with a byte after its end", craft(signer) + b"\0", False, False),
        ("with another magic", b"SSHSIh" + craft(signer)[6:], False, False),
        # OpenSSH takes the reserved field for empty; the format says that it is signed as it stands.
        ("with an unsigned reserved field", craft(signer, reserved=b"r"), False, True),
    ]
    for name, blob, ours, theirs in rows:
        with tap.row(f"a blob {name}: we {'take' if ours else 'refuse'} it"):
            done = both.we_verify(armour(blob))
            expect((done.status == 0) == ours, done)
            done = both.they_verify(armour(blob))
            expect((done.status == 0) == theirs, done)


def is_stricter(blob):
    """Nonzero where we refuse on purpose what ssh-keygen takes: version 0, unsigned reserved field."""
    reader = sshwire.Reader(blob[10:])
    reader.string()
    reader.string()
    return blob[6:10] == bytes(4) or reader.string() != b""


def damage(blob, case, picked):
    """A bit flipped, a piece cut off, or a byte put in."""
    at = picked.randrange(len(blob))
    if case % 4 == 1:
        return blob[:at]
    if case % 4 == 2:
        return blob[:at] + picked.randbytes(1) + blob[at:]
    return flip(blob, at * 8 + picked.randrange(8))


def altered(both, tap, kind, made):
    picked = random.Random(kind)
    blob = unarmour(made)
    with tap.row(f"{kind}: {CASES} altered signatures are refused by us as by ssh-keygen"):
        for case in range(CASES):
            damaged = damage(blob, case, picked)
            ours, theirs = both.we_verify(armour(damaged)), both.they_verify(armour(damaged))
            note = f"case {case}: {damaged.hex()}\n{ours}\n{theirs}"
            expect(ours.status in (1, 2) or damaged == blob, note)
            expect((ours.status == 0) == (theirs.status == 0) or is_stricter(damaged), note)


def armours(lab, both, tap):
    made = both.we_sign(lab.key("ed25519"), "file", "sha512")
    body = re.sub(r"\s", "", made.replace(BEGIN, "").replace(END, ""))
    # text, whether we take it, whether ssh-keygen does
    rows = [
        ("lines of 76 columns", armour(unarmour(made), 76), True, True),
        ("one long line", armour(unarmour(made), 10000), True, True),
        ("CR LF line ends", made.replace("\n", "\r\n"), True, None),
        ("no line end after the footer", made.rstrip("\n"), True, True),
        ("text before the header", "x\n" + made, False, False),
        ("no footer", f"{BEGIN}\n{body}\n", False, False),
        ("the header of another format", made.replace("SSH SIG", "PGP SIG"), False, False),
        ("text after the footer", made + "x\n", False, None),
        ("a high bit in its base64", raise_bit(made), False, None),
    ]
    for name, text, ours, theirs in rows:
        with tap.row(f"armour with {name}: we {'take' if ours else 'refuse'} it"):
            done = both.we_verify(text)
            expect((done.status == 0) == ours, done)
            done = both.they_verify(text)
            expect(theirs is None or (done.status == 0) == theirs, done)


def raise_bit(text):
    at = text.index("A", len(BEGIN))
    data = bytearray(text.encode())
    data[at] |= 0x80
    return bytes(data)


def main():
    with Lab("ssh-keygen", "ssh-agent", "ssh-add") as lab:
        tap, both = Tap(), Both(lab)
        for part in (plain_keys, certificates, refusals, crafted, armours):
            part(lab, both, tap)
        for kind in ("ed25519", "ecdsa256", "rsa2048"):
            altered(both, tap, kind, both.we_sign(lab.key(kind), "file", "sha512"))
        tap.done()


if __name__ == "__main__":
    main()
