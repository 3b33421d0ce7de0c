# SPDX-License-Identifier: ISC
"""A host as the API sees one: keys, proofs of them that ssh-keygen makes, and the secret it is given."""

import hashlib
import os
import subprocess
import time

from service import blob_of_line
from sshwire import fingerprint
from tap import expect


def utc(time_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_s))


class Guest:
    """`folder` is for its keys, and is made. Its machine is told apart by its name."""

    def __init__(self, service, folder, name, kinds=("ed25519",)):
        self.service, self.folder, self.name = service, folder, name
        self.machine = hashlib.sha256(name.encode()).hexdigest()
        self.secret, self.serials = None, []
        os.makedirs(folder)
        self.keys = [os.path.join(folder, kind) for kind in kinds]
        for kind, path in zip(kinds, self.keys):
            self.run("ssh-keygen", "-q", "-t", kind, "-f", path, "-N", "", "-C", "")

    @staticmethod
    def run(*command, stdin=None):
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=60)
        expect(done.returncode == 0, done)
        return done.stdout

    def public(self, path):
        with open(path + ".pub", encoding="ascii") as file:
            return file.read().strip()

    def fingerprint(self, path):
        return fingerprint(blob_of_line(self.public(path)))

    def fingerprints(self):
        return [self.fingerprint(path) for path in self.keys]

    def proof(self, purpose, path, time_s, other=None):
        """The proof of one key; `other` changes lines of its text."""
        lines = {
            "purpose": purpose, "ca": self.service.get("/v1/ca").json()["name"], "name": self.name,
            "time": str(int(time_s)), "machine": self.machine, "key": self.fingerprint(path), **(other or {}),
        }
        text = "vouch-host-proof/1\n" + "".join(f"{word} {value}\n" for word, value in lines.items())
        text += "".join(f"with {one}\n" for one in self.fingerprints())
        signed = self.run("ssh-keygen", "-q", "-Y", "sign", "-f", path, "-n", "vouch-host", stdin=text.encode())
        return signed.decode()

    def body(self, purpose, other=None):
        now = time.time()
        keys = [{"public_key": self.public(path), "proof": self.proof(purpose, path, now, other)}
                for path in self.keys]
        return {"keys": keys, "time": utc(now), "machine": self.machine, "agent": "a test", "sshd": "OpenSSH"}

    def enrol(self, token=None, **fields):
        """Asks to be enrolled; the answer. What it gives is kept."""
        body = {**self.body("enrol"), "name": self.name, **({"token": token} if token else {}), **fields}
        return self.keep(self.service.ask("POST", "/v1/host/enrol", body))

    def renew(self, **fields):
        body = {**self.body("renew"), **fields}
        for key, serial in zip(body["keys"], self.serials):
            key["serial"] = serial
        return self.keep(self.ask("POST", "/v1/host/renew", body))

    def keep(self, answer):
        if answer.status == 201:
            given = answer.json()
            self.secret = given["secret"]
            self.serials = [self.serial(line) for line in given["certificates"]]
        return answer

    def serial(self, line):
        path = os.path.join(self.folder, "certificate.pub")
        with open(path, "w", encoding="ascii") as file:
            file.write(line + "\n")
        text = self.run("ssh-keygen", "-L", "-f", path).decode()
        return next(row.split()[1] for row in text.splitlines() if row.strip().startswith("Serial:"))

    def ask(self, method, path, body=None, **more):
        return self.service.ask(method, path, body, self.secret, **more)

    def get(self, path, **more):
        return self.ask("GET", path, **more)
