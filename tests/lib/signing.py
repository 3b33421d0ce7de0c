# SPDX-License-Identifier: ISC
"""Signatures in plain Python integers: Ed25519 (RFC 8032), ECDSA on the NIST curves, RSA PKCS#1 v1.5.

For test keys only: nothing here is constant in time. It exists so that the tests can sign what our own
signer refuses to sign, with code that shares nothing with it.
"""

import hashlib
import secrets

from sshwire import Reader, cert_name, key_fields, mpint, read_line, read_private, string, u32

# --- Ed25519: -x^2 + y^2 = 1 + d x^2 y^2 over 2^255 - 19, points as (X, Y, Z, T) with T = XY/Z

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def _ed_add(a, b):
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    z = 2 * a[2] * b[2] % P
    e, f, g, h = n - m, z - c, z + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _ed_multiply(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _ed_add(total, point)
        point = _ed_add(point, point)
        scalar >>= 1
    return total


def _ed_base():
    y = 4 * pow(5, -1, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 else x
    return (x, y, 1, x * y % P)


ED_BASE = _ed_base()


def _ed_encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _hash_int(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _ed_secret(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return (scalar & ~7 & (2**254 - 1)) | 2**254, digest[32:]


def ed25519_public(seed):
    return _ed_encode(_ed_multiply(_ed_secret(seed)[0], ED_BASE))


def ed25519_sign(seed, message):
    scalar, prefix = _ed_secret(seed)
    public = _ed_encode(_ed_multiply(scalar, ED_BASE))
    nonce = _hash_int(prefix, message) % ORDER
    first = _ed_encode(_ed_multiply(nonce, ED_BASE))
    second = (nonce + _hash_int(first, public, message) * scalar) % ORDER
    return first + second.to_bytes(32, "little")


# --- ECDSA: name -> (p, a, n, base point, hash)

CURVES = {
    "nistp256": (
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        hashlib.sha256,
    ),
}


# The orders of the other curves, for looking at signatures that others made.
ORDERS = {
    "nistp256": CURVES["nistp256"][1],
    "nistp384": 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "nistp521": 2**521
    - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}


def _ec_add(a, b, p):
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % p == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, p)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, p)
    x = (slope * slope - a[0] - b[0]) % p
    return (x, (slope * (a[0] - x) - a[1]) % p)


def _ec_multiply(scalar, point, p):
    total = None
    while scalar:
        if scalar & 1:
            total = _ec_add(total, point, p)
        point = _ec_add(point, point, p)
        scalar >>= 1
    return total


def ec_point(curve, d):
    """The public point of a private number, uncompressed."""
    p, _, x, y, _ = CURVES[curve]
    point = _ec_multiply(d, (x, y), p)
    size = (p.bit_length() + 7) // 8
    return b"\x04" + point[0].to_bytes(size, "big") + point[1].to_bytes(size, "big")


def ecdsa_sign(curve, d, message):
    p, n, x, y, hashing = CURVES[curve]
    digest = int.from_bytes(hashing(message).digest(), "big")
    k = secrets.randbelow(n - 1) + 1
    r = _ec_multiply(k, (x, y), p)[0] % n
    return r, pow(k, -1, n) * (digest + r * d) % n


# --- RSA

RSA_HASHES = {
    "ssh-rsa": ("sha1", bytes.fromhex("3021300906052b0e03021a05000414")),
    "rsa-sha2-256": ("sha256", bytes.fromhex("3031300d060960864801650304020105000420")),
    "rsa-sha2-512": ("sha512", bytes.fromhex("3051300d060960864801650304020305000440")),
}


def rsa_sign(n, d, algorithm, message):
    name, prefix = RSA_HASHES[algorithm]
    size = (n.bit_length() + 7) // 8
    info = prefix + hashlib.new(name, message).digest()
    padded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    return pow(int.from_bytes(padded, "big"), d, n).to_bytes(size, "big")


# --- Keys with the SSH encodings around them


class Signer:
    """A private key: `blob` is its public half; sign() gives an SSH signature blob."""

    def __init__(self, kind, fields, blob):
        self.kind, self.fields, self.blob = kind, fields, blob

    @classmethod
    def load(cls, path):
        """From an unencrypted OpenSSH key file with its .pub beside it."""
        kind, fields = read_private(path)
        return cls(kind, fields, read_line(path + ".pub")[1])

    @classmethod
    def ed25519(cls, seed):
        public = string("ssh-ed25519") + string(ed25519_public(seed))
        return cls("ssh-ed25519", {"seed": seed}, public)

    def sign(self, message, algorithm=None):
        if self.kind == "ssh-ed25519":
            return string(self.kind) + string(ed25519_sign(self.fields["seed"], message))
        if self.kind == "ssh-rsa":
            name = algorithm or "rsa-sha2-512"
            return string(name) + string(
                rsa_sign(self.fields["n"], self.fields["d"], name, message)
            )
        r, s = ecdsa_sign(self.fields["curve"], self.fields["d"], message)
        return string(self.kind) + string(mpint(r) + mpint(s))


class TokenSigner:
    """A FIDO key without the token: we choose what it says of touch (UP=1) and PIN (UV=4)."""

    def __init__(self, kind, secret, application="ssh:"):
        self.kind, self.application, self.flags, self.counter = kind, application, 1, 0
        self.secret = secret
        if kind == "sk-ssh-ed25519@openssh.com":
            public = string(ed25519_public(secret))
        else:
            d = int.from_bytes(secret, "big") % (ORDERS["nistp256"] - 1) + 1
            self.secret = d
            public = string("nistp256") + string(ec_point("nistp256", d))
        self.blob = string(kind) + public + string(application)

    def sign(self, message, algorithm=None):
        del algorithm
        self.counter += 1
        tail = bytes([self.flags]) + u32(self.counter)
        signed = (
            hashlib.sha256(self.application.encode()).digest()
            + tail
            + hashlib.sha256(message).digest()
        )
        if self.kind == "sk-ssh-ed25519@openssh.com":
            body = ed25519_sign(self.secret, signed)
        else:
            r, s = ecdsa_sign("nistp256", self.secret, signed)
            body = mpint(r) + mpint(s)
        return string(self.kind) + string(body) + tail


def certificate_key(blob):
    """The name and fields that a certificate for the plain key `blob` carries."""
    kind, fields = key_fields(blob)
    return cert_name(kind), fields


def signature_parts(signature):
    """(r, s) of an ECDSA signature blob."""
    reader = Reader(signature)
    reader.string()
    inner = Reader(reader.string())
    r, s = inner.mpint(), inner.mpint()
    inner.end()
    reader.end()
    return r, s
