# SPDX-License-Identifier: ISC
"""An ssh-agent of our own, for what the real one does not do: FIDO keys without a token, faulty
signatures, and a record of all that it was asked to sign.

Protocol: RFC 9987. It serves one connection after another on a thread of this process.
"""

import contextlib
import os
import socket
import threading

from sshwire import Reader, string, u32

FAILURE, LIST, IDENTITIES, SIGN, SIGNATURE = 5, 11, 12, 13, 14
RSA_FLAGS = {0: "ssh-rsa", 2: "rsa-sha2-256", 4: "rsa-sha2-512"}


class FakeAgent:
    def __init__(self, folder):
        self.path = os.path.join(folder, "fake-agent.sock")
        self.identities = []  # (blob as listed, signer, comment)
        self.requests = []  # (blob, data) of each sign request
        self.alter = None  # changes a signature blob before it is sent
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def add(self, signer, cert=None, comment="fake"):
        self.identities.append((cert or signer.blob, signer, comment))

    def close(self):
        # shutdown() wakes the accept(); close() alone would leave the thread in it.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            # A client may go away whenever it likes.
            with connection, contextlib.suppress(OSError, EOFError, ValueError):
                while True:
                    self._answer(connection)

    def _answer(self, connection):
        length = int.from_bytes(_receive(connection, 4), "big")
        reader = Reader(_receive(connection, length))
        kind = reader.take(1)[0]
        reply = bytes([FAILURE])
        if kind == LIST:
            reply = bytes([IDENTITIES]) + u32(len(self.identities))
            reply += b"".join(string(b) + string(c) for b, _, c in self.identities)
        elif kind == SIGN:
            reply = self._sign(reader.string(), reader.string(), reader.u32())
        connection.sendall(string(reply))

    def _sign(self, blob, data, flags):
        self.requests.append((blob, data))
        for known, signer, _ in self.identities:
            if known == blob:
                algorithm = RSA_FLAGS[flags & 6] if signer.kind == "ssh-rsa" else None
                signature = signer.sign(data, algorithm)
                if self.alter is not None:
                    signature = self.alter(signature)
                return bytes([SIGNATURE]) + string(signature)
        return bytes([FAILURE])


def _receive(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data
