# SPDX-License-Identifier: ISC
"""The encodings of RFC 4251 and OpenSSH's key files, written a second time.

Nothing here shares a line with the C code: the tests use it to make what that code must read and to
read what that code made. It raises ValueError on anything malformed.
"""

import base64
import hashlib
import struct


def u32(value):
    return struct.pack(">I", value)


def u64(value):
    return struct.pack(">Q", value)


def string(value):
    data = value.encode() if isinstance(value, str) else bytes(value)
    return u32(len(data)) + data


def mpint(value):
    """A non-negative mpint."""
    return string(value.to_bytes((value.bit_length() + 8) // 8, "big") if value else b"")


class Reader:
    def __init__(self, data):
        self.data = bytes(data)
        self.pos = 0

    def take(self, count):
        if count > len(self.data) - self.pos:
            raise ValueError("truncated")
        self.pos += count
        return self.data[self.pos - count : self.pos]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def string(self):
        return self.take(self.u32())

    def mpint(self):
        return int.from_bytes(self.string(), "big")

    def left(self):
        return len(self.data) - self.pos

    def strings(self):
        """All that is left, as strings."""
        found = []
        while self.left():
            found.append(self.string())
        return found

    def end(self):
        if self.left():
            raise ValueError(f"{self.left()} bytes left over")


# Fields of a public key after its type: s for a string, m for an mpint.
PUBLIC = {
    "ssh-rsa": "mm",
    "ecdsa-sha2-nistp256": "ss",
    "ecdsa-sha2-nistp384": "ss",
    "ecdsa-sha2-nistp521": "ss",
    "ssh-ed25519": "s",
    "sk-ssh-ed25519@openssh.com": "ss",
    "sk-ecdsa-sha2-nistp256@openssh.com": "sss",
}
CERT_SUFFIX = "-cert-v01@openssh.com"


def cert_name(plain):
    return plain.removesuffix("@openssh.com") + CERT_SUFFIX


PLAIN_OF = {cert_name(plain): plain for plain in PUBLIC}


def read_line(path):
    """(type, blob, comment) of a one-line public key or certificate file."""
    with open(path, encoding="utf-8") as file:
        parts = file.read().strip().split(" ", 2)
    return parts[0], base64.b64decode(parts[1], validate=True), parts[2] if len(parts) > 2 else ""


def write_line(path, blob, comment=""):
    kind = Reader(blob).string().decode()
    text = f"{kind} {base64.b64encode(blob).decode()}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{text} {comment}\n" if comment else text + "\n")
    return path


def fingerprint(blob):
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return "SHA256:" + digest


def key_fields(blob):
    """(type, the encoded fields that follow it) of a plain public key."""
    reader = Reader(blob)
    kind = reader.string().decode()
    if kind not in PUBLIC:
        raise ValueError("not a plain key: " + kind)
    return kind, reader.data[reader.pos :]


def _options(data):
    reader = Reader(data)
    found = []
    while reader.left():
        found.append((reader.string().decode(), reader.string()))
    return found


def read_cert(blob):
    """Every field of a certificate, by name, and `tbs`, the bytes that are signed."""
    reader = Reader(blob)
    kind = reader.string().decode()
    cert = {"name": kind, "plain": PLAIN_OF[kind], "nonce": reader.string()}
    start = reader.pos
    for _ in PUBLIC[cert["plain"]]:
        reader.string()
    cert["key"] = string(cert["plain"]) + blob[start : reader.pos]
    cert["serial"] = reader.u64()
    cert["type"] = reader.u32()
    cert["key_id"] = reader.string()
    cert["principals"] = Reader(reader.string()).strings()
    cert["after"] = reader.u64()
    cert["before"] = reader.u64()
    cert["critical"] = _options(reader.string())
    cert["extensions"] = _options(reader.string())
    cert["reserved"] = reader.string()
    cert["ca"] = reader.string()
    cert["tbs"] = blob[: reader.pos]
    cert["signature"] = reader.string()
    reader.end()
    return cert


def read_cert_file(path):
    """read_cert() of a certificate file of one line."""
    return read_cert(read_line(path)[1])


def option_value(data):
    """The value of an option: data is one string, whole."""
    reader = Reader(data)
    value = reader.string()
    reader.end()
    return value


def read_private(path):
    """(type, fields by name) of an unencrypted key in OpenSSH's own format."""
    with open(path, encoding="ascii") as file:
        lines = file.read().split("\n")
    body = base64.b64decode("".join(lines[1 : lines.index("-----END OPENSSH PRIVATE KEY-----")]))
    reader = Reader(body)
    if reader.take(15) != b"openssh-key-v1\0" or reader.string() != b"none":
        raise ValueError("not an unencrypted OpenSSH key")
    reader.string()
    reader.string()
    reader.u32()
    reader.string()
    inner = Reader(reader.string())
    inner.take(8)
    kind = inner.string().decode()
    return kind, _private_fields(kind, inner)


def _private_fields(kind, inner):
    if kind == "ssh-ed25519":
        inner.string()
        return {"seed": inner.string()[:32]}
    if kind == "ssh-rsa":
        names = ("n", "e", "d", "iqmp", "p", "q")
        return {name: inner.mpint() for name in names}
    if kind.startswith("ecdsa-sha2-"):
        return {"curve": inner.string().decode(), "point": inner.string(), "d": inner.mpint()}
    raise ValueError("no private fields known for " + kind)
