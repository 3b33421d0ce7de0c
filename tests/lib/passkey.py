# SPDX-License-Identifier: ISC
"""A passkey in software: what a browser and an authenticator bring back from what a server asks.

Written from WebAuthn (Level 3) and RFC 8949; keys and signatures are openssl's. It shares nothing with the
C code, and can be told to say what is not so.
"""

import base64
import hashlib
import json
import os
import re
import struct
import subprocess

ES256, EDDSA, RS256 = -7, -8, -257
PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40
GENERATE = {
    ES256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    EDDSA: ["-algorithm", "ED25519"],
    RS256: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def head(kind, number):
    for size, code, form in ((24, None, None), (1 << 8, 24, ">B"), (1 << 16, 25, ">H"), (1 << 32, 26, ">I")):
        if number < size:
            return bytes([kind << 5 | number]) if code is None else bytes([kind << 5 | code]) + struct.pack(form, number)
    raise ValueError(number)


def cbor(value):
    """Numbers, bytes, texts and maps, in the order that they have."""
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(5, len(value)) + b"".join(cbor(key) + cbor(one) for key, one in value.items())


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, check=True, timeout=60)
    return done.stdout


class Passkey:
    """One credential; `folder` is where its key lies."""

    def __init__(self, folder, algorithm=ES256):
        self.algorithm = algorithm
        self.id = os.urandom(20)
        self.path = os.path.join(folder, b64(self.id) + ".pem")
        self.count = 1
        self.handle = None
        openssl("genpkey", *GENERATE[algorithm], "-out", self.path)

    def cose(self):
        der = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        if self.algorithm == ES256:
            return {1: 2, 3: ES256, -1: 1, -2: der[-64:-32], -3: der[-32:]}
        if self.algorithm == EDDSA:
            return {1: 1, 3: EDDSA, -1: 6, -2: der[-32:]}
        text = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode()
        return {1: 3, 3: RS256, -1: bytes.fromhex(re.search(r"=([0-9A-F]+)", text).group(1)), -2: b"\1\0\1"}

    def sign(self, data):
        if self.algorithm != EDDSA:
            return openssl("dgst", "-sha256", "-sign", self.path, data=data)
        name = self.path + ".data"
        with open(name, "wb") as file:
            file.write(data)
        return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", name)

    def authdata(self, host, flags):
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def credential(self, response):
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                "clientExtensionResults": {}, "authenticatorAttachment": "cross-platform"}

    def make(self, asked, page, **lies):
        """The credential for what begin answered: {"challenge_id", "options"}."""
        options = asked["options"]
        self.handle = self.handle or unb64(options["user"]["id"])
        data = self.authdata(lies.get("host", options["rp"]["id"]), lies.get("flags", PRESENT | VERIFIED) | HAS_KEY)
        data += bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor(self.cose())
        client = client_data("webauthn.create", options["challenge"], page, lies)
        made = {"fmt": lies.get("fmt", "none"), "attStmt": {}, "authData": data}
        return self.credential({"clientDataJSON": b64(client), "attestationObject": b64(cbor(made)), "transports": ["usb"]})

    def answer(self, asked, page, **lies):
        options = asked["options"]
        self.count += 1
        data = self.authdata(lies.get("host", options["rpId"]), lies.get("flags", PRESENT | VERIFIED))
        client = client_data("webauthn.get", options["challenge"], page, lies)
        response = {"clientDataJSON": b64(client), "authenticatorData": b64(data),
                    "signature": b64(self.sign(data + hashlib.sha256(client).digest()))}
        handle = lies.get("handle", self.handle)
        if handle is not None:
            response["userHandle"] = b64(handle)
        return self.credential(response)


def client_data(kind, challenge, page, lies):
    said = {"type": lies.get("type", kind), "challenge": lies.get("challenge", challenge),
            "origin": lies.get("origin", page), "crossOrigin": lies.get("cross", False)}
    return json.dumps(said).encode()
