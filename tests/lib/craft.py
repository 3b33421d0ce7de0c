# SPDX-License-Identifier: ISC
"""Certificates of any kind, also those that no careful CA would sign.

The layout is PROTOCOL.certkeys'. Every field may be given, or left at a value that sshd accepts.
"""

import secrets
import time

from signing import certificate_key
from sshwire import string, u32, u64

USER, HOST = 1, 2
FOREVER = 2**64 - 1
PTY = ("permit-pty", b"")


def value(text):
    """The data of an option that has a value."""
    return string(string(text))[4:]


def options(pairs):
    """Encoded options, in the order given."""
    return b"".join(string(name) + string(data) for name, data in pairs)


def craft(key, ca, **fields):
    """A certificate blob for the plain key blob `key`, signed by `ca`.

    Fields: type serial key_id principals after before critical extensions reserved nonce; and to
    break things: ca_blob (in place of the CA's public key), algorithm, signature (in place of a true
    one), principals_raw, critical_raw, tail (after the signature).
    """
    now = int(time.time())
    name, public = certificate_key(key)
    principals = b"".join(string(p) for p in fields.pop("principals", ["root"]))
    critical = options(fields.pop("critical", []))
    extensions = options(fields.pop("extensions", [PTY]))
    body = b"".join(
        (
            string(fields.pop("name", name)),
            string(fields.pop("nonce", secrets.token_bytes(32))),
            public,
            u64(fields.pop("serial", 1)),
            u32(fields.pop("type", USER)),
            string(fields.pop("key_id", "crafted")),
            string(fields.pop("principals_raw", principals)),
            u64(fields.pop("after", now - 60)),
            u64(fields.pop("before", now + 3600)),
            string(fields.pop("critical_raw", critical)),
            string(extensions),
            string(fields.pop("reserved", b"")),
            string(fields.pop("ca_blob", ca.blob)),
        )
    )
    signature = fields.pop("signature", None) or ca.sign(body, fields.pop("algorithm", None))
    tail = fields.pop("tail", b"")
    if fields:
        raise TypeError("unknown fields: " + " ".join(fields))
    return body + string(signature) + tail
