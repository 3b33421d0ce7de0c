# SPDX-License-Identifier: ISC
"""A place to test in: a temporary folder, the programs under test, keys, CAs, and processes that are
stopped when the test ends.

Environment: VOUCH is the program, VOUCH_SRC the source tree. Nothing outside the folder is written,
except that sshd needs /run/sshd.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import sshwire
from fakeagent import FakeAgent
from tap import Failure, expect, skip_all

# Name -> (ssh-keygen's type, bits): what an account or host may have.
KEY_TYPES = {
    "rsa2048": ("rsa", "2048"),
    "rsa3072": ("rsa", "3072"),
    "ecdsa256": ("ecdsa", "256"),
    "ecdsa384": ("ecdsa", "384"),
    "ecdsa521": ("ecdsa", "521"),
    "ed25519": ("ed25519", ""),
}
# What a CA may have: name -> arguments of `vouch ca init`.
CA_TYPES = {
    "rsa": ("--type", "rsa"),
    "ecdsa256": ("--type", "ecdsa-p256"),
    "ecdsa384": ("--type", "ecdsa-p384"),
    "ecdsa521": ("--type", "ecdsa-p521"),
    "ed25519": ("--type", "ed25519"),
}


class Done:
    """How a program ended."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def __str__(self):
        shown = " ".join(self.command)
        return f"$ {shown}\nexit {self.status}\nstdout: {self.out!r}\nstderr: {self.err!r}"


class Lab:
    """Use as a context manager; leaves nothing behind."""

    def __init__(self, *needs):
        for program in needs:
            if find_program(program) is None:
                skip_all(f"{program} is not installed")
        self.vouch_path = os.environ["VOUCH"]
        self.source = os.environ["VOUCH_SRC"]
        self.stack = contextlib.ExitStack()
        self.path = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="vouch-"))
        self.home = self.folder("home")
        self.env = dict(os.environ, HOME=self.home, LC_ALL="C.UTF-8", TZ="UTC", PYTHONUTF8="1")
        self.env.pop("XDG_CONFIG_HOME", None)
        for name in ("SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "NO_COLOR", "CLICOLOR_FORCE"):
            self.env.pop(name, None)
        self.counter = 0
        with open(self.vouch_path, "rb") as file:
            # Built with sanitizers: no real mlock(), address space without end, and slow.
            self.sanitized = b"__asan_init" in file.read()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.stack.close()

    # Files

    def join(self, *parts):
        return os.path.join(self.path, *parts)

    def folder(self, name):
        os.makedirs(self.join(name), mode=0o700, exist_ok=True)
        return self.join(name)

    def fresh(self, prefix):
        """A path that nothing uses yet."""
        self.counter += 1
        return self.join(f"{prefix}{self.counter}")

    def write(self, name, content):
        path = self.join(name)
        data = content if isinstance(content, bytes) else content.encode()
        with open(path, "wb") as file:
            file.write(data)
        return path

    # Programs

    def run(self, *command, env=None, stdin="", timeout=120, **more):
        """Runs to the end; stdin is text or bytes; never raises for a status."""
        words = [str(word) for word in command]
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run(
            words, input=data, capture_output=True, timeout=timeout, env=env or self.env, **more
        )
        return Done(words, done.returncode, decode(done.stdout), decode(done.stderr))

    def vouch(self, *arguments, **more):
        return self.run(self.vouch_path, *arguments, **more)

    def must(self, *command, **more):
        """Runs a program that has to succeed; returns how it ended."""
        done = self.run(*command, **more)
        expect(done.status == 0, done)
        return done

    def must_vouch(self, *arguments, **more):
        return self.must(self.vouch_path, *arguments, **more)

    def start(self, *command, **more):
        """Starts a program that is stopped at the end, by its own pid. What it prints is not TAP."""
        more.setdefault("stdout", subprocess.DEVNULL)
        process = subprocess.Popen([str(word) for word in command], env=self.env, **more)
        self.stack.callback(stop, process)
        return process

    # Keys and CAs

    def key(self, kind, folder=None):
        """Makes a key pair with ssh-keygen; the path of the private file."""
        name, bits = KEY_TYPES[kind]
        path = os.path.join(folder, kind) if folder else self.fresh(kind + "-")
        arguments = ["-t", name, "-f", path, "-N", "", "-C", kind]
        self.must("ssh-keygen", "-q", *arguments, *(["-b", bits] if bits else []))
        return path

    def ca(self, kind="ed25519"):
        """Makes a CA folder; returns its path."""
        path = self.fresh("ca-" + kind + "-")
        self.must_vouch("ca", "init", path, "--no-passphrase", *CA_TYPES[kind])
        return path

    def agent(self):
        agent = FakeAgent(self.folder(f"agent{self._next()}"))
        self.stack.callback(agent.close)
        return agent

    def ssh_agent(self):
        """Starts a real ssh-agent; returns the environment for its clients."""
        path = os.path.join(self.folder(f"agent{self._next()}"), "agent.sock")
        self.start("ssh-agent", "-D", "-a", path)
        wait_for(lambda: os.path.exists(path), "ssh-agent's socket")
        return dict(self.env, SSH_AUTH_SOCK=path)

    def _next(self):
        self.counter += 1
        return self.counter


class Issuer:
    """A CA, a key, and the certificate that `vouch sign` puts beside it."""

    def __init__(self, lab):
        self.lab = lab
        self.ca = lab.ca()
        self.public = self.ca + "/user_ca.pub"
        self.key = lab.key("ed25519")
        self.cert = self.key + "-cert.pub"

    def read(self):
        """The certificate as it is now, field by field."""
        return sshwire.read_cert_file(self.cert)


def decode(data):
    return data.decode("utf-8", "backslashreplace")


def find_program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def stop(process):
    """Ends a process that we started, and waits for it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def wait_for(condition, what, seconds=10):
    """Polls until `condition` gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failure(f"waited {seconds} s for {what}")
        time.sleep(0.005)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
