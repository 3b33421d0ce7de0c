#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Options of certificates, enforced by a real sshd: what `vouch sign` and `vouch keygen -s` write into
a certificate is what the session may and may not do."""

import os
import re
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
import sshwire
from lab import Issuer, Lab
from sshd import USER, Sshd, expect_in, expect_out
from tap import Skip, Tap, expect, expect_equal


class Options(Issuer):
    def __init__(self, lab):
        super().__init__(lab)
        self.serial = 5000
        self.sshd = Sshd(lab, f"TrustedUserCAKeys {self.public}")

    def sign(self, *options):
        words = ("sign", "user", "--ca", self.ca, "--id", "options", "--principals", USER, "--force")
        self.lab.must_vouch(*words, *options, self.key + ".pub")
        return self.read()

    def keygen(self, *options):
        self.serial += 1000  # `sign` goes on behind the last one
        words = ("-s", self.ca + "/user_ca", "-I", "options", "-n", USER, "-V", "+1h")
        options = ("-z", self.serial, *options)
        self.lab.must_vouch("keygen", "-q", *words, *options, self.key + ".pub")
        return self.read()

    def login(self, command="echo $USER-is-in", **more):
        return self.sshd.login(command, key=self.key, cert=self.cert, **more)

    def judge(self, **asked):
        return model.judge(self.lab, self.cert, self.public, **asked)


def force_command(case, tap):
    command = 'echo forced instead of: "$SSH_ORIGINAL_COMMAND"'
    ways = (
        ("sign", lambda: case.sign("--force-command", command)),
        ("keygen", lambda: case.keygen("-O", "force-command=" + command)),
    )
    for way, make in ways:
        with tap.row(f"force-command by {way}: it runs, what was asked does not"):
            cert = make()
            name, data = cert["critical"][0]
            expect_equal((name, sshwire.option_value(data)), ("force-command", command.encode()))
            login = case.login("echo asked")
            expect_equal(login.out, "forced instead of: echo asked\n")
            model.agree(login, case.judge(), [])
        with tap.row(f"force-command by {way}: it also stands in the way of sftp"):
            config = case.sshd.client(IdentityFile=case.key, CertificateFile=case.cert)
            done = case.lab.run("sftp", "-b", "-", "-F", config, "host", stdin="pwd\n")
            expect(done.status != 0 and "working directory" not in done.out, done)


def source_address(case, tap):
    rows = (
        ("127.0.0.0/8", True),
        ("127.0.0.1", True),
        ("127.0.0.1/32", True),
        ("10.0.0.0/8,127.0.0.0/8", True),
        ("2001:db8::/32,127.0.0.1/32", True),
        ("10.0.0.0/8", False),
        ("127.0.0.2/32", False),
        ("126.0.0.0/8,128.0.0.0/8", False),
        ("::1/128", False),
    )
    for way, make, option in (
        ("sign", case.sign, ("--source-address", "{}")),
        ("keygen", case.keygen, ("-O", "source-address={}")),
    ):
        for addresses, allowed in rows:
            word = "lets in" if allowed else "refuses"
            with tap.row(f"source-address {addresses} by {way}: {word} 127.0.0.1"):
                cert = make(*(part.format(addresses) for part in option))
                value = sshwire.option_value(dict(cert["critical"])["source-address"])
                sshd_reads_the_same(value.decode(), addresses)
                login = case.login()
                (expect_in if allowed else expect_out)(login)
                model.agree(login, case.judge(), [] if allowed else ["source-address"])


def sshd_reads_the_same(got, asked):
    """sign may write an address with its length; it must not drop or add one."""
    full = {a if "/" in a else a + ("/128" if ":" in a else "/32") for a in asked.split(",")}
    found = {a if "/" in a else a + ("/128" if ":" in a else "/32") for a in got.split(",")}
    expect_equal(found, full, "source-address")


def source_address_six(case, tap):
    """The same over IPv6, where the machine has it."""
    with tap.row("source-address ::1/128: lets in ::1 and the model knows"):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError as error:
            raise Skip("no IPv6 on the loopback interface") from error
        case.sign("--source-address", "::1/128")
        sshd = Sshd(case.lab, f"TrustedUserCAKeys {case.public}\nListenAddress ::1")
        login = sshd.login(key=case.key, cert=case.cert, HostName="::1")
        expect_in(login)
        model.agree(login, case.judge(address="::1"), [])
        expect_equal(case.judge(address="127.0.0.1").reasons, ["source-address"])


TTY = "test -t 0 && echo terminal || echo none"


def permissions(case, tap):
    with tap.row("permit-pty by default: a terminal is given"):
        cert = case.sign()
        expect_equal(cert["extensions"], [("permit-pty", b"")], "extensions")
        login = case.login(TTY, arguments=("-tt",))
        expect("terminal" in login.out, login)
    with tap.row("no permit-pty: the login works, the terminal is refused"):
        cert = case.sign("--no-permit", "pty")
        expect_equal(cert["extensions"], [], "extensions")
        expect_equal(case.login(TTY).out, "none\n")
        login = case.login(TTY, arguments=("-tt",))
        expect("PTY allocation request failed" in login.err, login)
        expect("terminal" not in login.out, login)
    agent = case.lab.ssh_agent()["SSH_AUTH_SOCK"]
    show = "echo agent:$SSH_AUTH_SOCK"
    for way, make in (
        ("sign", lambda: case.sign("--permit", "agent-forwarding")),
        ("keygen", lambda: case.keygen("-O", "clear", "-O", "permit-agent-forwarding")),
    ):
        with tap.row(f"permit-agent-forwarding by {way}: given with it"):
            make()
            login = case.login(show, IdentityAgent=agent, ForwardAgent="yes")
            expect(re.search(r"agent:/\S+", login.out), login)
    with tap.row("permit-agent-forwarding: withheld without it"):
        case.sign()
        login = case.login(show, IdentityAgent=agent, ForwardAgent="yes")
        expect_equal(login.out, "agent:\n")


class Echo:
    """A TCP service to be reached through a forwarded port."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"forwarded")

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def forwarding(case, tap):
    echo = Echo()
    case.lab.stack.callback(echo.close)

    def through():
        config = case.sshd.client(IdentityFile=case.key, CertificateFile=case.cert)
        return case.lab.run("ssh", "-F", config, "-W", f"127.0.0.1:{echo.port}", "host")

    with tap.row("permit-port-forwarding: given with it"):
        case.sign("--permit", "port-forwarding")
        done = through()
        expect(done.out == "forwarded", done)
    with tap.row("permit-port-forwarding: withheld without it"):
        case.sign()
        done = through()
        expect(done.out == "" and done.status == 255, done)
        expect("administratively prohibited" in done.err, done)


def rc(case, tap):
    """permit-user-rc is written as asked; running it would need a file in the account's own home."""
    with tap.row("every permission can be asked for, and is written once, in order"):
        names = ("x11-forwarding", "agent-forwarding", "port-forwarding", "pty", "user-rc")
        words = [word for name in names for word in ("--permit", name)]
        cert = case.sign(*words)
        wanted = [
            "permit-X11-forwarding",
            "permit-agent-forwarding",
            "permit-port-forwarding",
            "permit-pty",
            "permit-user-rc",
        ]
        expect_equal([name for name, _ in cert["extensions"]], wanted, "extensions")
        login = case.login()
        expect_in(login)
        model.agree(login, case.judge(), [])
        listed = case.lab.must("ssh-keygen", "-L", "-f", case.cert).out
        expect("UNKNOWN" not in listed, listed)


def main():
    with Lab("sshd", "ssh", "sftp", "ssh-agent") as lab:
        tap = Tap()
        case = Options(lab)
        for part in (
            force_command, source_address, source_address_six, permissions, forwarding, rc
        ):
            part(case, tap)
        tap.done()


if __name__ == "__main__":
    main()
