#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: the CA key and who holds it. Rows K1 K4 K5 K7 K8.

The holder is an agent of the tests' own: it errs on purpose, and it remembers all that it was asked to
sign.
"""

import contextlib
import os
import re
import signal
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sshwire
from lab import Lab, find_program, wait_for
from signing import Signer
from tap import Skip, Tap, expect, expect_equal


class Custody:
    """A CA folder without private CA keys, and the agent that has them."""

    def __init__(self, lab, kind="ed25519"):
        self.lab, self.agent = lab, lab.agent()
        self.env = dict(lab.env, SSH_AUTH_SOCK=self.agent.path)
        self.publics = {}
        for use in ("user", "host"):
            path = lab.key(kind)
            self.agent.add(Signer.load(path))
            self.publics[use] = path + ".pub"
        self.ca = lab.fresh("held-ca-")
        words = ("--user-ca", self.publics["user"], "--host-ca", self.publics["host"])
        lab.must_vouch("ca", "init", self.ca, *words, "--no-passphrase", env=self.env)
        self.key = lab.key("ed25519")
        self.cert = self.key + "-cert.pub"

    def sign(self, use="user"):
        if os.path.exists(self.cert):
            os.unlink(self.cert)
        words = ("--ca", self.ca, "--ca-key", self.publics[use], "--agent", "--id", "held")
        more = ("--principals", "alice" if use == "user" else "host", self.key + ".pub")
        return self.lab.vouch("sign", use, *words, *more, env=self.env)

    def records(self):
        with open(self.ca + "/ledger/records", "rb") as file:
            return file.read().rstrip(b"\0")


def flip(bit):
    def alter(signature):
        changed = bytearray(signature)
        changed[bit // 8 % len(changed)] ^= 1 << bit % 8
        return bytes(changed)

    return alter


def faults(lab, tap):
    for kind in ("ed25519", "rsa3072"):
        custody = Custody(lab, kind)
        with tap.row(f"K1_{kind}_a_faulty_signature_is_never_released_nor_recorded"):
            expect_equal(custody.sign().status, 0)
            before = custody.records()
            size = len(Signer.load(custody.publics["user"][:-4]).sign(b"")) * 8
            for bit in (0, 39, 40, 200, size // 2, size - 8, size - 1):
                custody.agent.alter = flip(bit)
                done = custody.sign()
                expect(done.status != 0 and "[V-1" in done.err, f"bit {bit}", done)
                expect(not os.path.exists(custody.cert), f"bit {bit}: a certificate appeared")
            expect_equal(custody.records(), before, "the ledger")
        with tap.row(f"K1_{kind}_a_signature_of_something_else_is_never_released"):
            old = Signer.load(custody.publics["user"][:-4]).sign(b"something else")
            for answer in (old, b"", old[:-1], old + b"\0", sshwire.string("ssh-ed25519")):
                custody.agent.alter = lambda _, answer=answer: answer
                done = custody.sign()
                expect(done.status != 0 and not os.path.exists(custody.cert), done)
            expect_equal(custody.records(), before, "the ledger")
            custody.agent.alter = None
            expect_equal(custody.sign().status, 0, "signing afterwards")
            lab.must_vouch("ledger", "verify", custody.ca)


def oracle(lab, tap):
    """K5: everything that a CA key is asked to sign is a certificate, whole."""
    custody = Custody(lab)
    with tap.row("K5_a_ca_key_signs_nothing_but_certificates_that_we_made_up_ourselves"):
        custody.agent.requests.clear()
        tbs = []
        for use in ("user", "host", "user"):
            expect_equal(custody.sign(use).status, 0)
            cert = sshwire.read_cert_file(custody.cert)
            tbs.append((sshwire.read_line(custody.publics[use])[1], cert["tbs"]))
        expect_equal(custody.agent.requests, tbs, "what the agent was asked to sign")
    with tap.row("K5_ledger_checkpoint_and_revocation_list_ask_nothing_of_a_ca_key"):
        custody.agent.requests.clear()
        lab.must_vouch("ledger", "verify", custody.ca, env=custody.env)
        lab.must_vouch("ca", "show", custody.ca, env=custody.env)
        krl = lab.fresh("krl-")
        words = ("--out", krl, "--ca", custody.publics["user"], "--serial", "1-9")
        lab.must_vouch("krl", "build", *words, env=custody.env)
        expect_equal(custody.agent.requests, [], "what the agent was asked to sign")
    with tap.row("K5_a_refused_request_reaches_no_key"):
        words = ("--ca", custody.ca, "--ca-key", custody.publics["user"], "--agent", "--id", "x")
        done = lab.vouch(
            "sign", "user", *words, "--principals", "a b", custody.key + ".pub", env=custody.env
        )
        expect(done.status != 0, done)
        expect_equal(custody.agent.requests, [], "what the agent was asked to sign")
    with tap.row("K5_the_checkpoint_key_is_none_of_the_ca_keys"):
        ca = lab.ca()
        names = ("user_ca", "host_ca", "checkpoint_key")
        blobs = {sshwire.read_line(f"{ca}/{name}.pub")[1] for name in names}
        expect_equal(len(blobs), 3, "different keys")


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


SECRET = ("user_ca", "host_ca", "checkpoint_key")


def modes(lab, tap):
    for mask in (0o000, 0o022, 0o077, 0o777):
        with tap.row(f"K7_umask_{mask:03o}_private_files_are_closed_and_nothing_is_open_to_writers"):
            ca, key = lab.fresh("ca-"), lab.fresh("new-")
            old = os.umask(mask)
            try:
                lab.must_vouch("ca", "init", ca, "--no-passphrase")
                lab.must_vouch("key", "new", key, "--no-passphrase")
                words = ("-t", "ed25519", "-N", "", "-q", "-f", key + "-k")
                lab.must_vouch("keygen", *words)
                words = ("--ca", ca, "--id", "x", "--principals", "alice", key + ".pub")
                lab.must_vouch("sign", "user", *words)
            finally:
                os.umask(old)
            for path in [key, *(f"{ca}/{name}" for name in SECRET)]:
                expect_equal(oct(mode_of(path)), "0o600", path)
            # As ssh-keygen makes it: closed, and closed further by the mask.
            expect_equal(oct(mode_of(key + "-k")), oct(0o600 & ~mask), key + "-k")
            expect(mode_of(ca) & 0o077 == 0, f"{ca} is open: {mode_of(ca):o}")
            for folder, _, files in os.walk(ca):
                for path in (os.path.join(folder, name) for name in files):
                    expect(mode_of(path) & 0o022 == 0, f"{path} is open: {mode_of(path):o}")
    for mode in (0o644, 0o640, 0o604, 0o660, 0o666, 0o601, 0o620):
        with tap.row(f"K7_a_ca_key_of_mode_{mode:o}_is_not_used"):
            os.chmod(ca + "/user_ca", mode)
            cert = key + "-cert.pub"
            if os.path.exists(cert):
                os.unlink(cert)
            words = ("--ca", ca, "--id", "x", "--principals", "alice", key + ".pub")
            done = lab.vouch("sign", "user", *words)
            expect(done.status != 0 and "[V-1104]" in done.err, done)
            expect("chmod 600" in done.err, "no next step", done)
            expect(not os.path.exists(cert), "a certificate appeared")
            words = ("-s", ca + "/user_ca", "-I", "x", "-n", "alice", key + ".pub")
            done = lab.vouch("keygen", *words)
            expect(done.status == 255 and "UNPROTECTED PRIVATE KEY FILE" in done.err, done)
            os.chmod(ca + "/user_ca", 0o600)


class Paused:
    """`vouch sign` held at its fdatasync(): the CA key is in memory, the certificate not yet out."""

    def __init__(self, lab, words, stdin=None):
        tracer = ("strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync")
        hold = ("-e", "inject=fdatasync:delay_enter=20000000:when=1")
        self.process = subprocess.Popen(
            [*tracer, *hold, lab.vouch_path, *words],
            env=dict(lab.env, ASAN_OPTIONS="detect_leaks=0"),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.process.stdin.write(stdin or b"")
        self.process.stdin.close()
        self.pid = wait_for(self._child, "vouch at its fdatasync", 30)

    def _child(self):
        """The traced program, once it waits in the system call."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
            with open(path, encoding="ascii") as file:
                pid = int(file.read().split()[0])
            with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
                # 75 is fdatasync on x86-64, 83 on the others that Debian has.
                return pid if file.read().split()[0] in ("75", "83") else None
        return None

    def stop(self):
        # strace first: it would sit out the delay before it let the other one die.
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def read(self, name):
        with open(f"/proc/{self.pid}/{name}", encoding="ascii", errors="replace") as file:
            return file.read()

    def areas(self):
        """(first, last, flags, name) of each mapping."""
        text = self.read("smaps")
        pattern = r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$"
        found = []
        for line in text.splitlines():
            head = re.match(pattern, line)
            if head:
                found.append([int(head[1], 16), int(head[2], 16), "", head[4], head[3]])
            elif line.startswith("VmFlags:"):
                found[-1][2] = line.split(":")[1].split()
        return found

    def hits(self, secret):
        """Where a secret lies in memory: (address, flags of the mapping, its name)."""
        found = []
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            for first, last, flags, name, access in self.areas():
                if not access.startswith("r") or name in ("[vvar]", "[vsyscall]"):
                    continue
                if last - first > 1 << 32:  # a sanitizer's shadow: reserved, not filled
                    continue
                with contextlib.suppress(OSError, OverflowError):
                    memory.seek(first)
                    data = memory.read(last - first)
                    found += [
                        (hex(first + m.start()), flags, name)
                        for m in re.finditer(re.escape(secret), data)
                    ]
        return found


def can_pause():
    if find_program("strace") is None:
        raise Skip("strace is not installed")
    if os.uname().machine != "x86_64":
        raise Skip("the numbers of the system calls are known here for x86-64 only")


def check_memory(lab, ca, words, secrets, stdin=None):
    key = lab.key("ed25519")
    words = ("sign", "user", "--ca", ca, "--id", "x", "--principals", "alice", *words, key + ".pub")
    paused = Paused(lab, words, stdin)
    try:
        for name, secret, needed in secrets:
            hits = paused.hits(secret)
            expect(hits or not needed, f"{name}: not in memory, so nothing was looked at")
            for address, flags, where in hits:
                # AddressSanitizer turns mlock() into nothing.
                locked = "lo" in flags or lab.sanitized
                expect(locked, f"{name} at {address} ({where}): not locked: {flags}")
                expect("dd" in flags, f"{name} at {address} ({where}): goes into a core dump: {flags}")
        locked = int(re.search(r"^VmLck:\s+(\d+) kB", paused.read("status"), re.M)[1])
        expect(locked > 0 or lab.sanitized, "nothing is locked")
        with open(f"/proc/{paused.pid}/limits", encoding="ascii") as file:
            limit = re.search(r"^Max core file size\s+(\S+)", file.read(), re.M)[1]
        expect_equal(limit, "0", "core file limit")
    finally:
        paused.stop()


def memory(lab, tap):
    with tap.row("K8_the_ca_key_lies_only_in_locked_memory_that_no_core_dump_holds"):
        can_pause()
        ca = lab.ca()
        seed = sshwire.read_private(ca + "/user_ca")[1]["seed"]
        check_memory(lab, ca, (), [("the CA key", seed, True)])
    with tap.row("K8_neither_the_passphrase_nor_the_key_file_is_left_in_other_memory"):
        can_pause()
        phrase = "correct-horse-battery-staple"
        path = lab.write("phrase", phrase + "\n")
        os.chmod(path, 0o600)
        ca = lab.fresh("locked-ca-")
        lab.must_vouch("ca", "init", ca, "--passphrase-file", path)
        plain = lab.join("plain")
        with open(ca + "/user_ca", "rb") as file:
            lab.write("plain", file.read())
        os.chmod(plain, 0o600)
        lab.must("ssh-keygen", "-q", "-p", "-P", phrase, "-N", "", "-f", plain)
        seed = sshwire.read_private(plain)[1]["seed"]
        secrets = [("the CA key", seed, True), ("the passphrase", phrase.encode(), False)]
        check_memory(lab, ca, ("--passphrase-file", path), secrets)
        check_memory(lab, ca, ("--passphrase-file", "-"), secrets, stdin=phrase.encode() + b"\n")
    with tap.row("K8_the_key_file_in_base64_is_not_left_in_memory_either"):
        can_pause()
        ca = lab.ca()
        with open(ca + "/user_ca", "rb") as file:
            lines = file.read().split(b"\n")
        # The line that holds the secret's own bytes is one of the last.
        check_memory(lab, ca, (), [("the key file", lines[-4], False)])


def trace_signing(lab, **settings):
    """What the program opens and runs while it signs, as strace tells it."""
    ca, key, log = lab.ca(), lab.key("ed25519"), lab.join("strace.log")
    words = ("--ca", ca, "--id", "x", "--principals", "alice", key + ".pub")
    env = dict(lab.env, ASAN_OPTIONS="detect_leaks=0", **settings)
    trace = ("strace", "-f", "-o", log, "-e", "trace=open,openat,execve")
    done = lab.run(*trace, lab.vouch_path, "sign", "user", *words, env=env)
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    expect_equal(len(re.findall(r"execve\(", text)), 1, "programs run")
    expect("evil" not in text, "a library was looked for", text)
    expect(done.status == 0, done)


def modules(lab, tap):
    """K4: no library is loaded by a path that the environment gives."""
    with tap.row("K4_no_token_library_of_the_environment_is_loaded_while_signing"):
        can_pause()
        evil = lab.join("evil.so")
        trace_signing(lab, SSH_PKCS11_PROVIDER=evil, SSH_SK_PROVIDER=evil, PKCS11_MODULE=evil)
    with tap.row("K4_no_openssl_module_of_the_environment_is_loaded_while_signing"):
        can_pause()
        path = lab.write("openssl.cnf", EVIL.format(folder=lab.path))
        trace_signing(
            lab, OPENSSL_CONF=path, OPENSSL_MODULES=lab.path, OPENSSL_ENGINES=lab.path
        )


EVIL = """\
openssl_conf = all
[all]
providers = list
[list]
evil = evil
[evil]
module = {folder}/evil.so
activate = 1
"""


def main():
    with Lab("ssh-keygen") as lab:
        tap = Tap()
        for part in (faults, oracle, modes, memory, modules):
            part(lab, tap)
        tap.done()


if __name__ == "__main__":
    main()
