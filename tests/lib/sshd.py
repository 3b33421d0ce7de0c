# SPDX-License-Identifier: ISC
"""A real sshd on loopback, and a real ssh that logs in to it.

sshd: the system's, on a free port, without PAM, with a configuration, host key and log of its own.
ssh: with a configuration and known_hosts of its own, BatchMode and StrictHostKeyChecking, so anything
that would be asked is a failure. Accounts: the one that runs the tests.
"""

import contextlib
import os
import pwd
import re
import subprocess

from lab import find_program, free_port, stop, wait_for
from tap import Failure, expect

USER = pwd.getpwuid(os.getuid()).pw_name

BASE = """\
ListenAddress 127.0.0.1
PidFile none
LogLevel VERBOSE
UsePAM no
UseDNS no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
AuthorizedKeysFile none
MaxAuthTries 20
PrintMotd no
PrintLastLog no
KexAlgorithms curve25519-sha256
Subsystem sftp internal-sftp
"""

CLIENT = """\
User {user}
BatchMode yes
StrictHostKeyChecking yes
UpdateHostKeys no
GlobalKnownHostsFile none
UserKnownHostsFile {known_hosts}
IdentitiesOnly yes
IdentityAgent none
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
ConnectTimeout 20
KexAlgorithms curve25519-sha256
LogLevel INFO
"""


class Login:
    """How one attempt ended: ssh's status and words, and what sshd wrote to its log."""

    def __init__(self, done, log):
        self.status, self.out, self.err, self.log = done.status, done.out, done.err, log
        self.done = done

    def __str__(self):
        return f"{self.done}\nsshd's log:\n{self.log}"


class Sshd:
    """A running server. `settings` is added to the configuration; a host key is made if none is given.

    The client trusts the plain host key by name "host" unless the test writes its own known_hosts.
    """

    def __init__(self, lab, settings="", host_key=None, host_cert=None):
        self.lab = lab
        self.folder = lab.folder(os.path.basename(lab.fresh("sshd-")))
        self.host_key = host_key or shared_host_key(lab)
        keys = self.host_key if isinstance(self.host_key, list) else [self.host_key]
        certs = host_cert if isinstance(host_cert, list) else [host_cert] if host_cert else []
        lines = [f"HostKey {key}" for key in keys] + [f"HostCertificate {cert}" for cert in certs]
        # sshd takes the first value of a word, so what the test sets comes before the base.
        self.settings = "\n".join([settings, BASE, *lines]) + "\n"
        self.log_path = os.path.join(self.folder, "log")
        self.config = os.path.join(self.folder, "sshd_config")
        self.known_hosts = os.path.join(self.folder, "known_hosts")
        self.process = None
        self._start()
        lab.stack.callback(self.stop)
        with open(keys[0].removesuffix(".pub") + ".pub", encoding="utf-8") as file:
            self.trust(f"[127.0.0.1]:{self.port},host {file.read()}")

    def _start(self):
        make_run_folder()
        for _ in range(5):
            self.port = free_port()
            with open(self.config, "w", encoding="utf-8") as file:
                file.write(f"Port {self.port}\n{self.settings}")
            if self._launch():
                return
        raise Failure("sshd did not start:\n" + self.log())

    def _launch(self):
        program = find_program("sshd")
        command = [program, "-D", "-f", self.config, "-E", self.log_path]
        self.process = subprocess.Popen(
            command, env=self.lab.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        marks = (f"Server listening on 127.0.0.1 port {self.port}", "Cannot bind any address")
        wait_for(
            lambda: self.process.poll() is not None or any(m in self.log() for m in marks),
            "sshd to listen",
        )
        if self.process.poll() is None and marks[0] in self.log():
            return True
        stop(self.process)
        return False

    def stop(self):
        if self.process is not None:
            stop(self.process)

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="backslashreplace") as file:
                return file.read().replace("\r", "")
        except FileNotFoundError:
            return ""

    def trust(self, text):
        """Replaces the client's known_hosts."""
        with open(self.known_hosts, "w", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else text + "\n")

    def client(self, name="client", **options):
        """Writes an ssh_config; the path. Options: each a word of ssh_config, a value or a list."""
        path = os.path.join(self.folder, name)
        options.setdefault("Port", self.port)
        options.setdefault("HostName", "127.0.0.1")
        options.setdefault("HostKeyAlias", "host")
        lines = []
        for word, setting in options.items():
            values = setting if isinstance(setting, (list, tuple)) else [setting]
            lines += [f"{word} {v}" for v in values if v is not None]
        base = CLIENT.format(user=USER, known_hosts=self.known_hosts)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n" + base)
        return path

    def login(self, command="echo $USER-is-in", key=None, cert=None, arguments=(), **options):
        """Logs in and runs a command. key and cert are files."""
        if key is not None:
            options["IdentityFile"] = key
        if cert is not None:
            options["CertificateFile"] = cert
        config = self.client(**options)
        before = len(self.log())
        env = options_env(self.lab.env, options)
        words = ["ssh", "-F", config, *arguments, "host", command]
        done = self.lab.run(*words, env=env, timeout=60)
        return Login(done, self._settled(before))

    def _settled(self, before):
        """The log since `before`, once sshd has written of the connection's end."""
        ended = re.compile(
            r"^(Connection (closed|reset)|Disconnected|Received disconnect|Close session"
            r"|Unable to negotiate|ssh_dispatch_run_fatal|kex_exchange)",
            re.M,
        )
        # A client that gives up before it connects leaves nothing to wait for.
        with contextlib.suppress(Failure):
            wait_for(lambda: ended.search(self.log()[before:]), "the end of the connection", 3)
        return self.log()[before:]


def options_env(env, options):
    agent = options.get("IdentityAgent")
    return dict(env, SSH_AUTH_SOCK=agent) if agent else env


def shared_host_key(lab):
    path = lab.join("host-key")
    if not os.path.exists(path):
        lab.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "host", "-f", path)
    return path


def client_version(lab):
    """ssh's (major, minor)."""
    words = lab.run("ssh", "-V").err
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", words)
    expect(found, words)
    return int(found.group(1)), int(found.group(2))


def make_run_folder():
    """sshd, as root, wants its empty folder; packages make it when the service first starts."""
    if os.getuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)


def expect_in(login):
    expect(login.status == 0 and login.out.strip() == f"{USER}-is-in", login)


def expect_out(login, *patterns):
    """Refused; the client learns no more than that; sshd's log has a line for each pattern."""
    expect(login.status == 255 and USER + "-is-in" not in login.out, login)
    expect("Permission denied (publickey)." in login.err, login)
    for pattern in patterns:
        expect(re.search(pattern, login.log), f"no line of the log matches: {pattern}", login)
