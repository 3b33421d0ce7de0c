# SPDX-License-Identifier: ISC
"""A running vouchd for tests and measurements: made, started, asked, watched, stopped, killed.

It talks to the service as a stranger does (TLS by the pin, JSON), over the local socket as its owner
does, and looks at its processes and files from outside. The reader of the ledger is written from
doc/ledger.md and shares nothing with the C code.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import time

from sshwire import Reader, read_cert
from tap import Failure

NAME = "ca.example.com"
ROLES = ("web", "authority", "signer", "identity")
ALL_SCOPES = ["cert:issue", "cert:read", "cert:revoke", "audit:read", "metrics", "admin"]
PROFILE = {
    "type": "user",
    "principals": ["*"],
    "options": ["permit-pty", "permit-port-forwarding", "force-command=*", "source-address=*"],
    "ttl_max_s": 3600,
}
TICK = os.sysconf("SC_CLK_TCK")
CERT, EVENT = 1, 2


def find_vouchd():
    """The program: VOUCHD, or beside VOUCH in the build tree; None if there is none."""
    path = os.environ.get("VOUCHD")
    if path is None:
        tree = os.path.dirname(os.path.dirname(os.path.abspath(os.environ["VOUCH"])))
        path = os.path.join(tree, "vouchd", "vouchd")
    return path if os.access(path, os.X_OK) else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    """An HTTP answer; header names in lower case."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Failure(f"not JSON: {self}") from error

    def __str__(self):
        return f"{self.status} {self.headers} {self.body[:600]!r}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(connection, method, path, body=None, headers=None):
    """One request; a dict or list as the body goes as JSON."""
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, found, answer.read())


class Service:
    """`folder` is where the service lives; it must not exist. Use as a context manager: kills what runs."""

    def __init__(self, folder, vouchd, vouch=None, env=None):
        self.folder, self.vouchd, self.vouch = os.path.abspath(folder), vouchd, vouch
        self.env = dict(env or os.environ)
        self.port = free_port()
        self.process = self.pin = None
        self.log_path = self.folder + ".log"
        if os.getuid() == 0:  # the roles' users have to get there
            os.chmod(os.path.dirname(self.folder), 0o711)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.kill()

    def join(self, *parts):
        return os.path.join(self.folder, *parts)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    # Its life

    def init(self, *options):
        done = subprocess.run(
            [self.vouchd, "init", self.folder, "--name", NAME, "--listen", self.address, *options],
            env=self.env, capture_output=True, text=True, timeout=60,
        )
        if done.returncode != 0:
            raise Failure(f"vouchd init: exit {done.returncode}\n{done.stdout}{done.stderr}")
        self.pin = re.search(r"sha256:\S+", done.stdout).group(0)
        return done

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.vouchd, "run", self.folder], env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        end = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.poll() is not None:
                raise Failure(f"vouchd ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > end:
                raise Failure(f"vouchd is not ready after {seconds} s:\n{self.log()}")
            time.sleep(0.005)

    def is_ready(self):
        try:
            return self.get("/readyz", timeout=5).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self, seconds=20):
        """A clean stop; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"vouchd did not stop within {seconds} s:\n{self.log()}") from error
        self.process = None
        return status

    def kill(self):
        """kill -9 of the supervisor; returns when the roles, which go with it, are gone as well."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None
        wait_gone(processes_of(self.folder))

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.log_path, encoding="utf-8", errors="backslashreplace") as file:
                return file.read()
        return ""

    # Its processes

    def roles(self):
        """Role -> pid of those that run. The kernel's list may leave one out while another ends."""
        found = self._roles()
        return found if len(found) == len(ROLES) else {**self._roles(), **found}

    def _roles(self):
        found = {}
        for pid in children(self.process.pid):
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                found[words[words.index(b"--role") + 1].decode()] = pid
        return found

    def pids(self):
        return {"supervisor": self.process.pid, **self.roles()}

    def cpu_s(self):
        """Process -> seconds of processor it has used."""
        used = {}
        for name, pid in self.pids().items():
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
            used[name] = (int(fields[11]) + int(fields[12])) / TICK
        return used

    def memory_kb(self):
        """Process -> its proportional share of memory."""
        held = {}
        for name, pid in self.pids().items():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                held[name] = next(int(x.split()[1]) for x in file if x.startswith("Pss:"))
        return held

    # Its answers

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(self.join("tls", "cert.pem"))
        return context

    def connection(self, timeout=30, source=None):
        """`source` is the address on loopback to come from."""
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=timeout, context=self.context(),
            source_address=source and (source, 0),
        )

    def ask(self, method, path, body=None, token=None, headers=None, timeout=30, source=None):
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        with contextlib.closing(self.connection(timeout, source)) as connection:
            return ask(connection, method, path, body, headers)

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def local(self, method, path, body=None, headers=None):
        """Over the local socket, as the owner."""
        with contextlib.closing(UnixConnection(self.join("run", "admin.sock"))) as connection:
            return ask(connection, method, path, body, headers)

    def must_local(self, method, path, body=None):
        answer = self.local(method, path, body)
        if answer.status not in (200, 201, 204):
            raise Failure(f"{method} {path}: {answer}")
        return answer

    def new_profile(self, name="all", **fields):
        body = {key: value for key, value in {**PROFILE, **fields}.items() if value is not None}
        return self.must_local("PUT", f"/v1/profiles/{name}", body).json()

    def new_token(self, name="test", profile="all", scopes=ALL_SCOPES, **fields):
        body = {"name": name, "scopes": list(scopes), **fields}
        if profile is not None:
            body["profile"] = profile
        return self.must_local("POST", "/v1/tokens", body).json()["secret"]

    # Its files

    def ca_file(self, kind="user"):
        return self.join("signer", kind + "_ca.pub")

    def verify(self):
        """`vouch ledger verify`, as JSON; raises if the proof fails."""
        done = subprocess.run(
            [self.vouch, "ledger", "verify", self.join("ledger"), "-o", "json"],
            env=self.env, capture_output=True, text=True, timeout=3600,
        )
        if done.returncode != 0:
            raise Failure(f"vouch ledger verify: {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def ledger(self):
        return LedgerReader(self.join("ledger"))

    def database(self):
        """A reader of the index while the service runs."""
        path = self.join("db", "vouch.db")
        return contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10))

    def indexed(self):
        """Records that the index has read."""
        with self.database() as db:
            return db.execute("SELECT position FROM meta").fetchone()[0]

    def wait_indexed(self, count, seconds=60):
        end = time.monotonic() + seconds
        while self.indexed() < count:
            if time.monotonic() > end:
                raise Failure(f"{self.indexed()} of {count} records are indexed after {seconds} s")
            time.sleep(0.01)


def children(pid):
    """The processes that `pid` started, from any of its threads."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(FileNotFoundError):
                with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                    found += [int(word) for word in file.read().split()]
    return found


def processes_of(folder):
    """Every vouchd that was started for this folder, whosever child it is by now."""
    found, words = [], os.fsencode(folder)
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit():
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    arguments = file.read().split(b"\0")
                if words in arguments and b"vouchd" in arguments[0]:
                    found.append(int(name))
    return found


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_gone(pids, seconds=20):
    end = time.monotonic() + seconds
    while not all(is_gone(pid) for pid in pids):
        if time.monotonic() > end:
            raise Failure(f"processes {pids} have not ended after {seconds} s")
        time.sleep(0.002)


class LedgerReader:
    """Reads on from where it was: records() and next() give the whole records that have come."""

    CHUNK = 4 * 1024 * 1024

    def __init__(self, folder):
        self.path = os.path.join(folder, "records")
        self.offset = self.count = 0

    def _entries(self):
        with open(self.path, "rb") as file:
            while True:
                file.seek(self.offset)
                data, at = file.read(self.CHUNK), 0
                while at + 2 <= len(data):
                    length = struct.unpack_from(">H", data, at)[0]
                    if length == 0 or at + 2 + length > len(data):
                        break
                    yield data[at + 2 : at + 2 + length]
                    at += 2 + length
                    self.offset += 2 + length
                    self.count += 1
                if at == 0:
                    return

    def records(self):
        for entry in self._entries():
            if not whole(entry):
                return
            record = Record(entry)
            if record.number != self.count:
                raise Failure(f"record {self.count} says that it is {record.number}")
            yield record

    def next(self):
        return list(self.records())

    def skip(self):
        """To the end, without looking at what is passed."""
        for entry in self._entries():
            if not entry:
                return


def whole(entry):
    return hashlib.sha256(entry[:-8]).digest()[:8] == entry[-8:]


class Record:
    """One record: number, time_ms, actor; a certificate's cert, request and so on; an event's type,
    object, details."""

    def __init__(self, entry):
        reader = Reader(entry[:-8])
        version, self.kind = reader.take(2)
        if version != 1 or self.kind not in (CERT, EVENT):
            raise Failure(f"record of version {version} and kind {self.kind}")
        self.number, self.time_ms = reader.u64(), reader.u64()
        self.actor = reader.string()
        if self.kind == CERT:
            self.cert, self.evidence, self.role = (reader.string() for _ in range(3))
            self.request, self.source, self.policy = (reader.string() for _ in range(3))
        else:
            self.type, self.object = reader.string().decode(), reader.string()
            words = Reader(reader.string()).strings()
            self.details = {n.decode(): v for n, v in zip(words[::2], words[1::2], strict=True)}
        self.highest = reader.u64()
        reader.end()

    def serial(self):
        return read_cert(self.cert)["serial"]


def blob_of_line(line):
    return base64.b64decode(line.split()[1], validate=True)
