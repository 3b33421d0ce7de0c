#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The vouch command as people and scripts meet it: every verb, what it prints where, its exit status,
its JSON, every failure that can be provoked with its code and next step, and that a failure leaves
nothing half-made behind.
"""

import base64
import csv
import fcntl
import io
import json
import os
import pty
import re
import resource
import select
import signal
import stat
import subprocess
import sys
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import craft
from lab import Lab
from signing import Signer
from tap import Tap, expect, expect_equal

OK, NO, USAGE, NOT_FOUND, CONFLICT, LOCAL = 0, 1, 2, 3, 8, 9
FAULT = re.compile(r"vouch: [^\n]+\n {7}[^\n]+  \[(V-\d{4})\]\n$")
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

# Codes that this script cannot provoke: no memory; a clock that goes back; a serial given twice (only
# vouch keygen lets one ask for a serial, and it says so in ssh-keygen's words); a bug.
# Those of V-16 to V-18 and most of V-19 are the service's, its clients' and its hosts', whose own tests
# provoke them.
NOT_PROVOKED = {"V-1001", "V-1304", "V-1306", "V-1999"}
SERVICE = ("V-16", "V-17", "V-18", "V-1903", "V-1904", "V-1905", "V-1906", "V-1907", "V-1908", "V-1909", "V-191",
           "V-192", "V-193", "V-1940", "V-1941", "V-1942", "V-1943", "V-196", "V-197", "V-20")
provoked = set()


def fails(done, status, code, *words):
    """A failure: its exit status, one report with its code, nothing on standard output."""
    match = FAULT.search(done.err)
    expect(match is not None, "no report of a failure", done)
    expect_equal(done.status, status, f"status of {done}")
    expect_equal(match.group(1), code, f"code of {done}")
    expect(done.err.count("[V-") == 1, "more than one report", done)
    for word in words:
        expect(word in done.err, f"{word!r} is missing", done)
    expect(done.out == "", "a failure printed data", done)
    provoked.add(code)


def succeeds(done):
    expect(done.status == 0, done)
    return done


def tree(path):
    """Every file below a folder with its content: to see that nothing changed."""
    found = {}
    for folder, _, names in os.walk(path):
        for name in names:
            full = os.path.join(folder, name)
            if os.path.islink(full):
                found[full] = os.readlink(full)
            elif os.path.isfile(full):
                with open(full, "rb") as file:
                    found[full] = file.read()
    return found


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Bench:
    """What most rows need: a CA, keys, a certificate of each type, a list."""

    def __init__(self, lab):
        self.lab = lab
        self.ca = lab.ca()
        self.key = lab.key("ed25519")
        self.pub = self.key + ".pub"
        self.cert = self.key + "-cert.pub"
        self.sign("--principals", "alice,deploy", self.pub)
        self.host = lab.key("ecdsa256")
        self.host_cert = self.host + "-cert.pub"
        lab.must_vouch(
            "sign", "host", "--ca", self.ca, "--id", "web1", "--principals", "web1.example.com",
            self.host + ".pub",
        )
        self.user_ca = os.path.join(self.ca, "user_ca.pub")
        self.host_ca = os.path.join(self.ca, "host_ca.pub")
        self.krl = lab.join("one.krl")
        lab.must_vouch("krl", "build", "--out", self.krl, "--cert", self.cert)
        self.garbage = lab.write("garbage", b"\xff" + os.urandom(299) + b"\n")
        self.missing = lab.join("no", "such")

    def sign(self, *more, kind="user"):
        return self.lab.must_vouch("sign", kind, "--ca", self.ca, "--id", "alice", *more)

    def try_sign(self, *more, kind="user", **how):
        words = ["sign", kind, "--ca", self.ca, "--id", "x", "--principals", "alice", *more]
        return self.lab.vouch(*words, **how)

    def fresh_pub(self, kind="ed25519"):
        return self.lab.key(kind) + ".pub"

    def crafted(self, **fields):
        """A certificate by this CA's user key that our own signer would refuse to make."""
        signer = Signer.load(os.path.join(self.ca, "user_ca"))
        with open(self.pub) as file:
            blob = base64.b64decode(file.read().split()[1])
        made = craft.craft(blob, signer, **fields)
        text = "ssh-ed25519-cert-v01@openssh.com " + base64.b64encode(made).decode()
        return self.lab.write(f"crafted{self.lab._next()}-cert.pub", text + "\n")


def records(bench):
    done = bench.lab.must_vouch("ledger", "show", bench.ca, "-o", "name")
    return len(done.out.splitlines())


# --- help and usage


def test_help(tap, bench):
    lab = bench.lab
    dump = lab.must_vouch("help", "--dump").out.splitlines()
    commands = sorted({line.split("\t")[0] for line in dump} - {"vouch"})
    with tap.row("help alone lists every command on standard output"):
        for words in ([], ["help"], ["--help"], ["-h"]):
            done = succeeds(lab.vouch(*words))
            expect(done.err == "", done)
            for command in commands:
                inner = command == "vouch hook"  # ssh runs it, and no person
                expect((f"  {command} " in done.out) != inner, f"{command}: wrong about it", done)
    for command in commands:
        words = command.split()[1:]
        if words == ["keygen"]:
            continue
        with tap.row(f"{command} --help shows its options and an example, wherever it stands"):
            done = succeeds(lab.vouch(*words, "--help"))
            expect("Examples:\n  vouch " in done.out and done.err == "", done)
            for line in dump:
                if line.startswith(command + "\t--"):
                    expect(line.split("\t")[1] in done.out, f"{line} is missing", done)
            again = succeeds(lab.vouch(*words, "-h", "-q"))
            expect_equal(again.out, done.out)
            expect_equal(succeeds(lab.vouch("help", *words)).out, done.out)
    codes = lab.must_vouch("help", "--dump-codes").out.split()
    with tap.row("every code has its help, in either case"):
        for code in codes:
            done = succeeds(lab.vouch("help", code.lower()))
            expect(done.out.startswith(code + "  ") and "What to do:" in done.out, done)
    with tap.row("help errors shows all codes in order"):
        shown = re.findall(r"^(V-\d{4})", lab.must_vouch("help", "errors").out, re.M)
        expect_equal(shown, codes)
        expect_equal(sorted(set(codes)), codes)
    with tap.row("version is one line"):
        for words in (["version"], ["--version"]):
            expect(re.fullmatch(r"vouch \d+\.\d+\.\d+\n", succeeds(lab.vouch(*words)).out) is not None)
    return codes


USAGE_ROWS = (
    (["sing", "user"], "did you mean: vouch sign"),
    (["sign", "usr"], "did you mean: vouch sign user"),
    (["ca"], "init, show, trust"),
    (["nonsense"], "vouch help"),
    (["help", "sgin"], "did you mean"),
    (["help", "V-0000"], "vouch help errors"),
    (["version", "extra"], "too much"),
    (["cert", "show"], "FILE|SERIAL is missing"),
    (["cert", "show", "a", "b"], '"b" is too much'),
    (["cert", "show", "--ot", "json", "a"], "no option --ot"),
    (["cert", "show", "--outptu", "json", "a"], "--output"),
    (["cert", "show", "-z", "a"], "-z"),
    (["cert", "show", "-o"], "needs a value"),
    (["cert", "show", "--utc=yes", "a"], "takes no value"),
    (["cert", "show", "-o", "jsn", "a"], "--output json"),
    (["cert", "show", "--color", "sometimes", "a"], "auto, always, never"),
    (["cert", "show", "-o", "csv", "a"], "table, json, jsonl"),
    (["cert", "check", "a"], "--ca FILE is missing"),
    (["krl", "build"], "--out FILE is missing"),
    (["sign", "user", "--id", "a", "--principals", "b", "k"], "--ca DIR is missing"),
    (["sign", "user", "--ca", "c", "--principals", "b", "k"], "--id KEYID is missing"),
    (["sign", "user", "--ca", "c", "--id", "a", "k"], "--principals"),
    (["sign", "user", "--ca", "c", "--id", "a", "--principals", "b"], "KEY.pub... is missing"),
    (["sign", "user", "--id", "a", "--id", "b"], "twice"),
    (["sign", "host", "--permit", "pty"], "no option --permit"),
    (["ca", "trust", "d"], "--for WHAT is missing"),
    (["ca", "trust", "d", "--for", "ssh"], "sshd"),
    (["ca", "trust", "d", "--for", "known_hosts"], "--pattern"),
    (["ca", "trust", "d", "--for", "putty", "--format", "rge"], "reg"),
    (["ca", "trust", "d", "--for", "sshd", "--format", "reg"], "putty only"),
    (["ca", "trust", "d", "--for", "sshd", "--pattern", "x"], "not for sshd"),
    (["ca", "init", "d", "--no-passphrase", "--passphrase-file", "f"], "exclude"),
    (["ca", "init", "d", "--no-passphrase", "--type", "dsa"], "ed25519"),
    (["ca", "init", "d", "--no-passphrase", "--bits", "4096"], "only RSA"),
    (["ca", "init", "d", "--no-passphrase", "--type", "rsa", "--bits", "2048"], "3072"),
    (["ca", "init", "d", "--no-passphrase", "--type", "rsa", "--bits", "x"], "decimal"),
    (["ca", "init", "d", "--no-passphrase", "--name", "a b"], "--name"),
    (["ca", "init", "d"], "--no-passphrase"),
    (["ca", "init", "d", "--no-input"], "--no-passphrase"),
    (["key", "new", "k"], "--no-passphrase"),
    (["key", "new", "k", "--no-passphrase", "--comment", "a\nb"], "--comment"),
    (["ledger", "show", "d", "--from", "-1"], "--from"),
)


def test_usage(tap, bench):
    for words, hint in USAGE_ROWS:
        with tap.row("wrong use: vouch " + " ".join(words).replace("\n", "\\n")):
            fails(bench.lab.vouch(*words, cwd=bench.lab.folder("empty")), USAGE, "V-1901", hint)
    with tap.row("wrong use leaves nothing behind"):
        expect_equal(os.listdir(bench.lab.folder("empty")), [])
    with tap.row("an escape sequence in an argument does not reach the terminal"):
        for words in (["\x1b[31mx"], ["cert", "show", "--\x1b]0;x"], ["cert", "show", "\x1b[2J"]):
            done = bench.lab.vouch(*words)
            expect(done.status != 0 and "\x1b" not in done.err + done.out, done)


# --- ca


def test_ca_init(tap, bench):
    lab = bench.lab
    with tap.row("ca init makes keys with the right modes, a ledger, and says what to type next"):
        path = lab.fresh("new-ca")
        done = lab.must_vouch("ca", "init", path, "--no-passphrase", "--name", "ca.example.com")
        expect_equal(len(re.findall(r"SHA256:\S{43}", done.out)), 2)
        expect("vouch sign user --ca" in done.err and "vouch ca trust" in done.err, done)
        for name in ("user_ca", "host_ca", "checkpoint_key"):
            expect_equal(mode(os.path.join(path, name)), 0o600, name)
            expect_equal(mode(os.path.join(path, name + ".pub")), 0o644, name + ".pub")
        shown = json.loads(lab.must_vouch("ca", "show", path, "-o", "json").out)
        expect_equal(shown["schema"], "vouch.ca/1")
        expect_equal(shown["name"], "ca.example.com")
        expect_equal([k["use"] for k in shown["keys"]], ["user", "host"])
        expect_equal(shown["last_serial"], "0")
        expect(int(shown["records"]) == int(shown["checkpoint_size"]) >= 3, shown)
    with tap.row("ca init refuses a folder that holds a CA, and does not touch it"):
        before = tree(path)
        done = lab.vouch("ca", "init", path, "--no-passphrase")
        fails(done, CONFLICT, "V-1103", "holds a CA already", "vouch ca show")
        expect_equal(tree(path), before)
    with tap.row("ca init refuses a folder that holds anything"):
        full = os.path.dirname(lab.write(os.path.join(lab.folder("full"), "file"), "x"))
        fails(lab.vouch("ca", "init", full, "--no-passphrase"), CONFLICT, "V-1103")
        expect_equal(os.listdir(full), ["file"])
    with tap.row("ca init takes an empty folder"):
        succeeds(lab.vouch("ca", "init", lab.folder("void"), "--no-passphrase"))
    with tap.row("ca init --dry-run makes nothing"):
        done = succeeds(lab.vouch("ca", "init", lab.join("dry"), "-n"))
        expect("user_ca" in done.out and not os.path.exists(lab.join("dry")), done)
    with tap.row("ca init leaves nothing where it cannot write"):
        done = lab.vouch("ca", "init", "/proc/ca", "--no-passphrase")
        expect(done.status in (NOT_FOUND, LOCAL) and not os.path.exists("/proc/ca"), done)
        for limit in (0, 90, 200, 350):
            target = lab.fresh("limited")
            done = lab.vouch("ca", "init", target, "--no-passphrase", **limited(limit))
            expect(done.status == LOCAL, f"with files of {limit} bytes", done)
            expect(not os.path.exists(target), f"with files of {limit} bytes", os.listdir(lab.path))
    with tap.row("ca init encrypts with the first line of a file that is closed to others"):
        secret = lab.write("pass", "correct horse\nsecond line\n")
        os.chmod(secret, 0o644)
        done = lab.vouch("ca", "init", lab.join("enc"), "--passphrase-file", secret)
        fails(done, LOCAL, "V-1104", "chmod 600")
        os.chmod(secret, 0o600)
        lab.must_vouch("ca", "init", lab.join("enc"), "--passphrase-file", secret)
        lab.must("ssh-keygen", "-y", "-P", "correct horse", "-f", lab.join("enc", "user_ca"))
        expect(lab.run("ssh-keygen", "-y", "-P", "", "-f", lab.join("enc", "user_ca")).status != 0)
    with tap.row("a passphrase file that is no such file is refused by its size"):
        large = lab.write("large", "x" * 5000)
        os.chmod(large, 0o600)
        fails(lab.vouch("ca", "init", lab.join("enc2"), "--passphrase-file", large), NO, "V-1105")
    with tap.row("an empty passphrase file is no passphrase"):
        empty = lab.write("nopass", "\n")
        os.chmod(empty, 0o600)
        done = lab.vouch("ca", "init", lab.join("enc2"), "--passphrase-file", empty)
        fails(done, NO, "V-1203", "empty")
        expect(not os.path.exists(lab.join("enc2")))
    with tap.row("the passphrase can come from standard input, and signs"):
        pub = bench.fresh_pub()
        words = ["sign", "user", "--ca", lab.join("enc"), "--id", "a", "--principals", "a", pub]
        fails(lab.vouch(*words), NO, "V-1203", "--passphrase-file")
        fails(lab.vouch(*words, "--no-input"), NO, "V-1203", "--no-input")
        fails(lab.vouch(*words, "--passphrase-file", "-", stdin="wrong\n"), NO, "V-1203")
        expect(not os.path.exists(pub[:-4] + "-cert.pub"))
        succeeds(lab.vouch(*words, "--passphrase-file", "-", stdin="correct horse\n"))
    with tap.row("one key for both CAs is refused"):
        both = bench.fresh_pub()
        done = lab.vouch("ca", "init", lab.join("b"), "--user-ca", both, "--host-ca", both)
        fails(done, NO, "V-1303")
        expect(not os.path.exists(lab.join("b")))
    with tap.row("a weak key is refused as a CA"):
        weak = bench.fresh_pub("rsa2048")
        done = lab.vouch("ca", "init", lab.join("b"), "--user-ca", weak, "--no-passphrase")
        fails(done, NO, "V-1206")


def limited(size):
    """Arguments for a child that may not write files beyond `size` bytes."""

    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return {"preexec_fn": prepare, "restore_signals": False}


def test_ca_trust(tap, bench):
    lab = bench.lab

    def trust(*words):
        return succeeds(lab.vouch("ca", "trust", bench.ca, *words))

    def line(path):
        with open(path) as file:
            return file.read()

    with tap.row("trust for sshd prints the user CA's line and nothing else"):
        done = trust("--for", "sshd")
        expect_equal(done.out, line(bench.user_ca))
        expect("TrustedUserCAKeys" in done.err, done)
        expect_equal(trust("--for", "sshd", "-q").err, "")
    with tap.row("trust for known_hosts prints the host CA's line for the patterns"):
        done = trust("--for", "known_hosts", "--pattern", "*.example.com,web?", "--pattern", "db1")
        wanted = "@cert-authority *.example.com,web?,db1 " + line(bench.host_ca)
        expect_equal(done.out, wanted)
    with tap.row("a pattern for every host is warned of"):
        expect("every host" in trust("--for", "known_hosts", "--pattern", "*").err)
    with tap.row("patterns cannot carry anything else into the file"):
        for pattern in ("", "a b", "a\nb", "a,,b", "#x", "a\tb", '"x"', "é", "|1|x"):
            for target in ("known_hosts", "putty"):
                done = lab.vouch("ca", "trust", bench.ca, "--for", target, "--pattern", pattern)
                fails(done, USAGE, "V-1901", "--pattern")
    with tap.row("trust for PuTTY prints a record, and one for Windows"):
        blob = line(bench.host_ca).split()[1]
        done = trust("--for", "putty", "--pattern", "*.example.com,web1")
        fields = dict(row.split("=", 1) for row in done.out.splitlines())
        expect_equal(fields["PublicKey"], blob)
        expect_equal(fields["Validity"], "%2A.example.com%20%7C%7C%20web1")
        expect_equal(fields["PermitRSASHA1"], "0")
        done = trust("--for", "putty", "--pattern", "web1", "--format", "reg")
        expect(done.out.startswith("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\"))
        expect(f'"PublicKey"="{blob}"' in done.out, done)
    with tap.row("trust and show need a CA"):
        for path in (lab.folder("empty"), bench.missing):
            fails(lab.vouch("ca", "trust", path, "--for", "sshd"), NOT_FOUND, "V-1302")
            fails(lab.vouch("ca", "show", path), NOT_FOUND, "V-1302", "vouch ca init")


# --- sign


def test_sign(tap, bench):
    lab = bench.lab
    with tap.row("a certificate appears beside its key, its path on standard output"):
        pub = bench.fresh_pub()
        done = bench.sign("--principals", "alice", pub)
        out = pub[:-4] + "-cert.pub"
        expect_equal(done.out, out + "\n")
        expect_equal(mode(out), 0o644)
        expect("serial" in done.err and "alice" in done.err, done)
        expect_equal(bench.try_sign("-q", "--force", pub).err, "")
    with tap.row("JSON has everything, serials as strings"):
        done = bench.sign("--principals", "a,b", "-o", "json", "--valid", "1h", bench.fresh_pub())
        shown = json.loads(done.out)
        expect_equal(shown["schema"], "vouch.sign/1")
        cert = shown["certs"][0]
        expect_equal(cert["principals"], ["a", "b"])
        expect_equal(cert["type"], "user")
        expect(cert["serial"].isdigit() and isinstance(cert["serial"], str), cert)
        expect(DATE.match(cert["valid_after"]) and DATE.match(cert["valid_before"]), cert)
        expect_equal([o["name"] for o in cert["extensions"]], ["permit-pty"])
        expect_equal(cert["warnings"], [])
    with tap.row("several keys are one batch with one serial each"):
        pubs = [bench.fresh_pub() for _ in range(5)]
        done = bench.sign("--principals", "alice", "-o", "jsonl", *pubs)
        rows = [json.loads(row) for row in done.out.splitlines()]
        serials = [int(row["serial"]) for row in rows]
        expect_equal(serials, list(range(serials[0], serials[0] + 5)))
        expect(all(os.path.exists(row["path"]) for row in rows))
        expect_equal({row["schema"] for row in rows}, {"vouch.sign/1"})
    with tap.row("one bad key in a batch, and nothing is signed or recorded"):
        pubs = [bench.fresh_pub(), bench.fresh_pub("rsa2048"), bench.garbage]
        before = records(bench)
        fails(bench.try_sign(*pubs), NO, "V-1201", "garbage")
        expect_equal(records(bench), before)
        expect(not os.path.exists(pubs[0][:-4] + "-cert.pub"))
    with tap.row("--dry-run shows the certificate; nothing is signed or recorded"):
        pub, before = bench.fresh_pub(), tree(bench.ca)
        done = succeeds(bench.try_sign("-n", pub))
        expect("Key ID: \"x\"" in done.out and "the ledger gives" in done.out, done)
        shown = json.loads(bench.try_sign("-n", "-o", "json", pub).out)["certs"][0]
        expect_equal((shown["dry_run"], shown["serial"]), (True, "0"))
        expect_equal(tree(bench.ca), before)
        expect(not os.path.exists(pub[:-4] + "-cert.pub"))
    with tap.row("the key can come from standard input and the certificate go to standard output"):
        with open(bench.pub) as file:
            line = file.read()
        done = succeeds(bench.try_sign("--out", "-", "-", stdin=line))
        expect(done.out.startswith("ssh-ed25519-cert-v01@openssh.com "), done)
        lab.must_vouch("cert", "show", "-", stdin=done.out)
        fails(bench.try_sign("-", stdin=line), USAGE, "V-1901", "--out")
    with tap.row("what is there already is not replaced without --force"):
        before = tree(os.path.dirname(bench.cert))[bench.cert]
        fails(bench.try_sign(bench.pub), CONFLICT, "V-1103", "--force")
        expect_equal(tree(os.path.dirname(bench.cert))[bench.cert], before)
        os.symlink(lab.join("nowhere"), lab.join("link-cert.pub"))
        done = bench.try_sign("--out", lab.join("link-cert.pub"), bench.pub)
        fails(done, CONFLICT, "V-1103")
    with tap.row("two certificates never go to one file"):
        fails(bench.try_sign("--out", lab.join("o"), bench.pub, bench.host + ".pub"), USAGE, "V-1901")
        pub = bench.fresh_pub()
        fails(bench.try_sign(pub, pub), USAGE, "V-1901", "both")
        fails(bench.try_sign("--force", "--out", pub, pub), USAGE, "V-1901", "itself")


SIGN_ROWS = (
    ("a private key", "key", [], NO, "V-1201", "never hand out"),
    ("a certificate", "cert", [], NO, "V-1201", "without -cert"),
    ("garbage", "garbage", [], NO, "V-1201", "garbage:"),
    ("a missing file", "missing", [], NOT_FOUND, "V-1101", "No such file"),
    ("an empty principal", "pub", ["--principals", ""], NO, "V-1301", "--principals"),
    ("a principal with a blank", "pub", ["--principals", "a b"], NO, "V-1301", "--principals"),
    ("a principal that is a wildcard", "pub", ["--principals", "*"], NO, "V-1301", "--principals"),
    ("a principal named twice", "pub", ["--principals", "a,a"], NO, "V-1301", "--principals"),
    ("an empty command", "pub", ["--force-command", ""], NO, "V-1301", "--force-command"),
    ("an address with host bits", "pub", ["--source-address", "10.0.0.1/8"], NO, "V-1301", "source"),
    ("everyone's address", "pub", ["--source-address", "0.0.0.0/0"], NO, "V-1301", "source"),
    ("verify-required for a plain key", "pub", ["--verify-required"], NO, "V-1301", "security key"),
    ("an unknown permission", "pub", ["--permit", "pyt"], USAGE, "V-1901", "--permit pty"),
    ("contrary permissions", "pub", ["--permit", "pty", "--no-permit", "pty"], USAGE, "V-1901", "both"),
    ("for ever", "pub", ["--valid", "forever"], USAGE, "V-1901", "without an end"),
    ("no unit", "pub", ["--valid", "8"], USAGE, "V-1901", "--valid 8h"),
    ("an end before its beginning", "pub", ["--valid", "+2h:+1h"], USAGE, "V-1901", "ends before"),
    ("an agent without a socket", "pub", ["--agent"], LOCAL, "V-1401", "SSH_AUTH_SOCK"),
    ("a CA key without --agent", "pub", ["--ca-key", "x"], USAGE, "V-1901", "--agent"),
)


def test_sign_refusals(tap, bench):
    lab = bench.lab
    before, count = tree(bench.lab.path), records(bench)
    for name, attribute, words, status, code, hint in SIGN_ROWS:
        with tap.row(f"sign refuses {name}"):
            done = bench.try_sign("--force", *words, getattr(bench, attribute))
            fails(done, status, code, hint)
    with tap.row("sign refuses a key ID that hides or forges lines in a log"):
        for key_id in ("", "a\nb", 'a"b', "a\\b", "é", "x" * 201):
            done = lab.vouch(
                "sign", "user", "--ca", bench.ca, "--id", key_id, "--principals", "a", "--force",
                bench.pub,
            )
            fails(done, NO, "V-1301", "--id")
    with tap.row("sign refuses upper case, wildcards and options for hosts"):
        for name in ("Web1", "*.example.com", "web1.", "a b", "-web"):
            done = bench.try_sign("--force", "--principals", name, bench.pub, kind="host")
            fails(done, NO, "V-1301", "--principals")
    with tap.row("none of that changed a file or made a record"):
        expect_equal(tree(bench.lab.path), before)
        expect_equal(records(bench), count)
    with tap.row("sign refuses weak keys"):
        lab.must("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", lab.join("weak"))
        fails(bench.try_sign(lab.join("weak.pub")), NO, "V-1206", "weak.pub", "vouch key new")
    with tap.row("sign refuses the CA's own keys"):
        for path in (bench.user_ca, bench.host_ca):
            done = bench.try_sign("--out", lab.join("own-cert.pub"), path)
            expect(done.status == NO and not os.path.exists(lab.join("own-cert.pub")), done)
    with tap.row("sign needs a CA folder"):
        for path in (lab.folder("empty"), bench.missing):
            done = lab.vouch("sign", "user", "--ca", path, "--id", "a", "--principals", "a", "--force",
                             bench.pub)
            fails(done, NOT_FOUND, "V-1302", "vouch ca init")


def test_sign_machine(tap, bench):
    lab = bench.lab
    with tap.row("a CA key that others can read is refused"):
        key = os.path.join(bench.ca, "user_ca")
        os.chmod(key, 0o640)
        try:
            fails(bench.try_sign(bench.fresh_pub()), LOCAL, "V-1104", "chmod 600")
        finally:
            os.chmod(key, 0o600)
    with tap.row("a CA key that is no key is refused"):
        other = lab.ca()
        with open(os.path.join(other, "user_ca"), "w") as file:
            file.write("nonsense\n")
        words = ["sign", "user", "--ca", other, "--id", "a", "--principals", "a"]
        fails(lab.vouch(*words, bench.fresh_pub()), NO, "V-1202", "user_ca")
    with tap.row("a CA key in the place of another is refused"):
        other = lab.ca()
        for suffix in ("", ".pub"):
            os.replace(os.path.join(other, "host_ca" + suffix), os.path.join(other, "user_ca" + suffix))
        done = lab.vouch("sign", "user", "--ca", other, "--id", "a", "--principals", "a", bench.fresh_pub())
        expect(done.status == NO or done.status == NOT_FOUND, done)
        expect(FAULT.search(done.err) is not None, done)
    with tap.row("--ca-key must be the CA's key for this type; its folder is the CA's"):
        env = lab.ssh_agent()
        os.chmod(os.path.join(bench.ca, "user_ca"), 0o600)
        lab.must("ssh-add", "-q", os.path.join(bench.ca, "user_ca"), env=env)
        words = ["sign", "user", "--agent", "--id", "a", "--principals", "a", bench.fresh_pub()]
        fails(lab.vouch(*words, "--ca-key", bench.host_ca, env=env), NO, "V-1303", "user CA")
        succeeds(lab.vouch(*words, "--ca-key", bench.user_ca, env=env))
    with tap.row("an agent that does not hold the key does not sign"):
        env = lab.ssh_agent()
        done = bench.try_sign("--agent", bench.fresh_pub(), env=env)
        expect(done.status != 0, done)
        provoked.update(FAULT.findall(done.err))
    with tap.row("an agent that signs wrongly is found out, and nothing is recorded"):
        agent, before = lab.agent(), records(bench)
        agent.add(Signer.load(os.path.join(bench.ca, "user_ca")))
        agent.alter = lambda blob: blob[:-1] + bytes([blob[-1] ^ 1])
        pub = bench.fresh_pub()
        done = bench.try_sign("--agent", pub, env=dict(lab.env, SSH_AUTH_SOCK=agent.path))
        expect(done.status != 0 and not os.path.exists(pub[:-4] + "-cert.pub"), done)
        provoked.update(FAULT.findall(done.err))
        expect_equal(records(bench), before)
    with tap.row("where the certificate cannot be written, it can be fetched from the ledger"):
        pub, folder = bench.fresh_pub(), lab.folder("closed")
        out = os.path.join(folder, "gone", "x-cert.pub")
        done = bench.try_sign("--out", out, pub)
        fails(done, NOT_FOUND, "V-1102", "vouch ledger show", "--certs")
        serial = re.search(r"--serial (\d+)", done.err).group(1)
        fetched = lab.must_vouch("ledger", "show", bench.ca, "--serial", serial, "--certs")
        lab.must_vouch("cert", "check", "--ca", bench.user_ca, "-", stdin=fetched.out)
        expect_equal(os.listdir(folder), [])
    with tap.row("a full disk leaves no file, and no certificate without a record"):
        for size in (0, 100, 1000, 3000):
            pub = bench.fresh_pub()
            folder, before = os.path.dirname(pub), records(bench)
            names = set(os.listdir(folder))
            done = bench.try_sign(pub, **limited(size))
            expect(done.status == LOCAL, f"with files of {size} bytes", done)
            provoked.update(FAULT.findall(done.err))
            expect_equal(set(os.listdir(folder)), names)
            expect(records(bench) in (before, before + 1))
        succeeds(bench.try_sign(bench.fresh_pub()))
        succeeds(lab.vouch("ledger", "verify", bench.ca))
    with tap.row("a ledger in use by another is waited for, then named"):
        lock = os.open(os.path.join(bench.ca, "ledger", "lock"), os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            done = bench.try_sign(bench.fresh_pub())
        finally:
            os.close(lock)
        fails(done, LOCAL, "V-1501", "ledger")
    with tap.row("signing one key takes less than 30 ms"):
        best = 9.0
        for _ in range(10):
            pub = bench.fresh_pub()
            begun = time.monotonic()
            succeeds(bench.try_sign("-q", pub))
            best = min(best, time.monotonic() - begun)
        # A sanitized build and a busy machine are slower; the release build is measured by bench/.
        limit = 0.030 if "VOUCH_STRICT_TIME" in os.environ else 0.5
        expect(best < limit, f"{best * 1000:.1f} ms")


# --- cert


def test_cert_show(tap, bench):
    lab = bench.lab
    with tap.row("cert show says what ssh-keygen -L says, in its order"):
        for path in (bench.cert, bench.host_cert):
            ours = [row.strip() for row in lab.must_vouch("cert", "show", path).out.splitlines()]
            theirs = lab.must("ssh-keygen", "-L", "-f", path).out.splitlines()[1:]
            at = 0
            for row in (r.strip() for r in theirs):
                while at < len(ours) and not ours[at].startswith(row):
                    at += 1
                expect(at < len(ours), f"{row!r} is missing or out of order", ours)
    with tap.row("cert show says how much time is left"):
        expect(re.search(r"\(7h \d+m left\)|\(8h left\)", lab.must_vouch("cert", "show", bench.cert).out))
        old = bench.crafted(after=1, before=2)
        expect("ago)" in lab.must_vouch("cert", "show", old).out)
        early = bench.crafted(after=int(time.time()) + 7290, before=int(time.time()) + 9000)
        expect("(begins in 2h 1m)" in lab.must_vouch("cert", "show", early).out)
    with tap.row("cert show warns of what looks wrong"):
        rows = (
            ({"principals": []}, "no-principals"),
            ({"principals": ["a,b"]}, "comma"),
            ({"before": craft.FOREVER}, "forever"),
            ({"after": 1, "before": 2}, "expired"),
            ({"extensions": []}, "no-pty"),
            ({"serial": 0}, "no-serial"),
            ({"critical": [("new@example.com", b"")]}, "unknown-critical"),
            ({"extensions": [("force-command", craft.value("x"))]}, "not-a-restriction"),
            ({"key_id": "a\nb"}, "control-characters"),
        )
        for fields, code in rows:
            path = bench.crafted(**fields)
            shown = json.loads(lab.must_vouch("cert", "show", "-o", "json", path).out)
            expect(code in [w["code"] for w in shown["warnings"]], code, shown)
            expect("\n! " in lab.must_vouch("cert", "show", path).out.replace("warn ", "! "))
    with tap.row("JSON of one certificate is one object; of several, one a line"):
        shown = json.loads(lab.must_vouch("cert", "show", bench.cert, "-o", "json").out)
        expect_equal(shown["schema"], "vouch.cert/1")
        expect_equal((shown["valid_now"], shown["forever"]), (True, False))
        with open(bench.cert) as a, open(bench.host_cert) as b:
            both = lab.write("both", "# two\n\n" + a.read() + b.read())
        fails(lab.vouch("cert", "show", both, "-o", "json"), USAGE, "V-1901", "jsonl")
        lines = lab.must_vouch("cert", "show", both, "-o", "jsonl").out.splitlines()
        expect_equal([json.loads(row)["type"] for row in lines], ["user", "host"])
        expect("both:3:\n" in lab.must_vouch("cert", "show", both).out)
    with tap.row("every cut and every flipped bit of a certificate is refused as no certificate"):
        with open(bench.cert) as file:
            kind, text, *_ = file.read().split()
        for cut in range(0, len(text), 37):
            path = lab.write("cut", f"{kind} {text[:cut]}\n")
            fails(lab.vouch("cert", "show", path), NO, "V-1204")
        for at in range(60, len(text) - 4, 41):
            other = "B" if text[at] != "B" else "C"
            path = lab.write("flip", f"{kind} {text[:at]}{other}{text[at + 1:]}\n")
            fails(lab.vouch("cert", "show", path), NO, "V-1204")
    with tap.row("cert show names what else it was given"):
        fails(lab.vouch("cert", "show", bench.pub), NO, "V-1204", "-cert.pub")
        fails(lab.vouch("cert", "show", bench.key), NO, "V-1201", "private key")
        fails(lab.vouch("cert", "show", bench.garbage), NO, "V-1204")
        fails(lab.vouch("cert", "show", lab.write("nil", "")), NO, "V-1204")
        fails(lab.vouch("cert", "show", bench.missing), NOT_FOUND, "V-1101")
        expect(lab.vouch("cert", "show", lab.path).status == LOCAL)


def test_cert_check(tap, bench):
    lab = bench.lab

    def check(*words, **how):
        return lab.vouch("cert", "check", *words, **how)

    def reasons(done):
        expect(done.status == NO, done)
        return [row.split("\t")[0] for row in done.out.splitlines()]

    good = ("--ca", bench.user_ca, bench.cert)
    with tap.row("a good certificate is accepted: status 0, no reason"):
        for words in ([], ["--principal", "alice"], ["--type", "user"], ["--principal", "deploy"]):
            done = succeeds(check(*good, *words))
            expect(done.out == "" and "accepted" in done.err, done)
        succeeds(check("--ca", bench.host_ca, "--host", "web1.example.com", bench.host_cert))
    with tap.row("every reason is a line with field and value: status 1"):
        expect_equal(reasons(check(*good, "--principal", "bob")), ["principal-not-listed"])
        expect_equal(reasons(check(*good, "--at", "+9h")), ["expired"])
        expect_equal(reasons(check(*good, "--at", "-1h")), ["not-yet-valid"])
        expect_equal(reasons(check("--ca", bench.host_ca, bench.cert)), ["unknown-ca"])
        expect_equal(reasons(check(*good, "--host", "alice")), ["wrong-type"])
        expect_equal(reasons(check(*good, "--krl", bench.krl)), ["revoked"])
        done = check("--ca", bench.host_ca, bench.cert, "--principal", "bob", "--at", "+9h")
        expect_equal(reasons(done), ["unknown-ca", "expired", "principal-not-listed"])
        for row in done.out.splitlines():
            expect_equal(len(row.split("\t")), 3, row)
        expect(DATE.match(done.out.splitlines()[1].split("\t")[2].rstrip("Z") + "Z"), done)
    with tap.row("source addresses are judged when one is given"):
        pub = bench.fresh_pub()
        bench.sign("--principals", "a", "--source-address", "10.0.0.0/8", pub)
        cert = pub[:-4] + "-cert.pub"
        succeeds(check("--ca", bench.user_ca, "--address", "10.1.2.3", cert))
        done = check("--ca", bench.user_ca, "--address", "192.0.2.1", cert)
        expect_equal(reasons(done), ["source-address"])
    with tap.row("JSON says the verdict and the reasons"):
        shown = json.loads(check(*good, "-o", "json").out)
        expect_equal((shown["schema"], shown["verdict"], shown["reasons"]),
                     ("vouch.check/1", "accepted", []))
        shown = json.loads(check(*good, "--principal", "bob", "-o", "json").out)
        expect_equal(shown["verdict"], "refused")
        expect_equal(set(shown["reasons"][0]), {"reason", "field", "value"})
    with tap.row("what cannot be judged is neither yes nor no"):
        for words in (
            [bench.garbage], [bench.pub], [bench.key], [lab.write("nil", "")], [bench.missing],
            [bench.cert, "--krl", bench.garbage], [bench.cert, "--krl", bench.missing],
            [bench.cert, "--krl", lab.write("nil", "")], [bench.cert, "--at", "noon"],
            [bench.cert, "--type", "robot"], [bench.cert, "--principal", "a", "--host", "b"],
        ):
            done = check("--ca", bench.user_ca, *words)
            expect(done.status > NO and done.out == "", words, done)
        for ca in (bench.garbage, bench.missing, bench.cert, lab.write("nil", "")):
            expect(check("--ca", ca, bench.cert).status > NO, ca)
    with tap.row("a cut list is no list"):
        with open(bench.krl, "rb") as file:
            whole = file.read()
        for cut in range(44, len(whole)):
            done = check(*good, "--krl", lab.write("cut.krl", whole[:cut]))
            if cut == 44:  # the header alone is an empty list by its format
                continue
            fails(done, USAGE, "V-1205", "cut.krl")
    with tap.row("--expires-in asks for renewal: 0 due, 1 not yet, 2 no file, 255 failed"):
        for span, status in (("1h", 1), ("9h", 0), ("10%", 1), ("100%", 0), ("34%", 1)):
            expect_equal(check("--expires-in", span, bench.cert).status, status, span)
        expect_equal(check("--expires-in", "1h", "--at", "+7h30m", bench.cert).status, 0)
        expect_equal(check("--expires-in", "1h", bench.missing).status, 2)
        expect_equal(check("--expires-in", "1h", bench.garbage).status, 255)
        expect_equal(check("--expires-in", "soon", bench.cert).status, 255)
        expect_equal(check("--expires-in", "1h", "--ca", bench.user_ca, bench.cert).status, 255)


# --- krl


def test_krl_build(tap, bench):
    lab = bench.lab
    out = lab.join("k.krl")

    def build(*words, **how):
        return lab.vouch("krl", "build", "--out", out, *words, **how)

    def shown(path=out):
        return json.loads(lab.must_vouch("krl", "show", path, "-o", "json").out)

    with tap.row("an empty list is built and read by ssh-keygen"):
        done = succeeds(build())
        expect_equal(done.out, out + "\n")
        expect("nothing yet" in done.err and mode(out) == 0o644, done)
        lab.must("ssh-keygen", "-Q", "-f", out, bench.pub)
        expect_equal((shown()["entries"], shown()["version"]), ([], "1"))
    with tap.row("what is there already is kept, unless --force or --update says so"):
        fails(build(), CONFLICT, "V-1103", "--update")
        succeeds(build("--update", out, "--ca", bench.user_ca, "--serial", "7", "--serial", "9-12"))
        expect_equal((shown()["version"], [e["value"] for e in shown()["entries"]]), ("2", ["7", "9-12"]))
        succeeds(build("--update", out, "--ca", "none", "--key-id", "bob", "--comment", "c"))
        expect_equal(shown()["comment"], "c")
        expect_equal(len(shown()["entries"]), 3)
        succeeds(build("--force", "--version", "77"))
        expect_equal((shown()["version"], shown()["entries"]), ("77", []))
    with tap.row("every kind of revocation hits what it names"):
        spec = lab.write("spec", "# list\nserial: 5-6 # two\nid: carol\n")
        with open(bench.pub) as file:
            line = file.read()
        digest = lab.must("ssh-keygen", "-lf", bench.pub).out.split()[1]
        cases = (
            ["--key", bench.pub], ["--cert", bench.cert], ["--sha256", digest],
            ["--sha256", bench.pub], ["--ca", bench.user_ca, "--key-id", "alice"],
            ["--ca", bench.user_ca, "--serial", "1-99999"], ["--key", bench.user_ca],
            ["--ca", "none", "--key-ids", lab.write("ids", "zed\nalice\n")],
            ["--from", lab.write("keys", line)],
        )
        for words in cases:
            succeeds(build("--force", *words, "--ca" if "--ca" not in words else "--from",
                           bench.user_ca if "--ca" not in words else spec))
            done = lab.vouch("krl", "check", out, bench.cert)
            expect(done.status == NO and "\trevoked\t" in done.out, words, done)
            expect(lab.run("ssh-keygen", "-Q", "-f", out, bench.cert).status == 1, words)
            expect(lab.vouch("krl", "check", out, bench.host_cert).status == 0, words)
    with tap.row("binary lists"):
        numbers = lab.write("n.bin", b"".join(n.to_bytes(8, "big") for n in (2**40, 1, 7)))
        hashes = lab.write("h.bin", os.urandom(64))
        succeeds(build("--force", "--ca", bench.user_ca, "--binary-serials", numbers))
        expect_equal([e["value"] for e in shown()["entries"]], ["1", "7", str(2**40)])
        succeeds(build("--force", "--binary-hashes", hashes))
        expect_equal([e["kind"] for e in shown()["entries"]], ["sha256", "sha256"])
    before = tree(lab.path)
    rows = (
        (["--serial", "5"], USAGE, "V-1901", "--ca none"),
        (["--key-id", "x"], USAGE, "V-1901", "--ca none"),
        (["--ca", "none", "--serial", "0"], USAGE, "V-1901", "cannot be revoked"),
        (["--ca", "none", "--serial", "9-5"], USAGE, "V-1901", "ends before"),
        (["--ca", "none", "--serial", "x"], USAGE, "V-1901", "--serial 4711"),
        (["--ca", "none", "--serial", "18446744073709551616"], USAGE, "V-1901", "number"),
        (["--ca", "none", "--key-id", "a\nb"], USAGE, "V-1901", "control"),
        (["--sha256", "SHA256:short"], USAGE, "V-1901", "fingerprint"),
        (["--version", "-1"], USAGE, "V-1901", "--version"),
        (["--comment", "x" * 2000], USAGE, "V-1901", "--comment"),
        (["--ca", "GARBAGE"], NO, "V-1201", "garbage"),
        (["--key", "KEY"], NO, "V-1201", "private key"),
        (["--cert", "PUB"], NO, "V-1204", "-cert.pub"),
        (["--key", "MISSING"], NOT_FOUND, "V-1101", "such"),
        (["--update", "MISSING"], NOT_FOUND, "V-1101", "such"),
        (["--update", "GARBAGE"], NO, "V-1205", "garbage"),
        (["--from", "MISSING"], NOT_FOUND, "V-1101", "such"),
        (["--from", "GARBAGE"], NO, "V-1902", "garbage:"),
        (["--ca", "none", "--binary-serials", "ODD"], NO, "V-1902", "multiple of 8"),
        (["--ca", "none", "--binary-serials", "ZERO"], NO, "V-1902", "serial 0"),
        (["--binary-hashes", "ODD"], NO, "V-1902", "multiple of 32"),
        (["--ca", "none", "--key-ids", "CRLF"], NO, "V-1902", "CRLF:1"),
        (["--ca", "none", "--from", "SPEC"], NO, "V-1902", "SPEC:2"),
        (["--from", "SPEC"], NO, "V-1902", "--ca none"),
    )
    places = {
        "GARBAGE": bench.garbage, "KEY": bench.key, "PUB": bench.pub, "MISSING": bench.missing,
        "ODD": lab.write("ODD", b"123"), "ZERO": lab.write("ZERO", bytes(8)),
        "CRLF": lab.write("CRLF", "alice\r\n"), "SPEC": lab.write("SPEC", "serial: 1\nserial: 2-x\n"),
    }
    before = tree(lab.path)
    for words, status, code, hint in rows:
        with tap.row("krl build refuses " + " ".join(words)[:60].replace("\n", "\\n")):
            fails(build("--force", *[places.get(w, w) for w in words]), status, code, hint)
    with tap.row("a list that failed left the old one as it was, and so did --dry-run"):
        succeeds(build("--force", "--dry-run", "--ca", "none", "--serial", "3"))
        expect(build("--force", "--ca", "none", "--serial", "3", **limited(40)).status == LOCAL)
        expect_equal(tree(lab.path), before)
    with tap.row("the list can go to standard output"):
        done = subprocess.run([lab.vouch_path, "krl", "build", "--out", "-", "--cert", bench.cert],
                              capture_output=True, env=lab.env, check=True)
        expect(done.stdout.startswith(b"SSHKRL\n\0"), done.stdout[:20])


def test_krl_look(tap, bench):
    lab = bench.lab
    with tap.row("krl check says which part hit, one row a key: status 1 if any is revoked"):
        done = lab.vouch("krl", "check", bench.krl, bench.cert, bench.host_cert, bench.pub)
        expect_equal(done.status, NO)
        rows = [row.split("\t") for row in done.out.splitlines()]
        expect_equal([r[1] for r in rows], ["revoked", "good", "good"])
        expect("serial" in rows[0][2], rows)
        expect("1 of 3" in done.err, done)
    with tap.row("krl check takes a list of keys as sshd does"):
        done = lab.vouch("krl", "check", bench.pub, bench.cert)
        expect(done.status == NO and "\trevoked\t" in done.out, done)
    with tap.row("krl check never answers about what it cannot read"):
        for words in (
            [bench.garbage, bench.cert], [bench.missing, bench.cert], [bench.krl, bench.garbage],
            [bench.krl, bench.missing], [bench.krl, bench.host_cert, bench.garbage],
            [lab.write("nil", ""), bench.cert],
        ):
            done = lab.vouch("krl", "check", *words)
            expect(done.status > NO and "good" not in done.out, words, done)
    with tap.row("krl show takes KRLs only"):
        fails(lab.vouch("krl", "show", bench.pub), NO, "V-1205", "vouch krl build")
        fails(lab.vouch("krl", "show", lab.write("nil", "")), NO, "V-1205")


# --- key


def test_key(tap, bench):
    lab = bench.lab
    with tap.row("key show agrees with ssh-keygen -l, in every form"):
        for kind in ("rsa2048", "ecdsa384", "ed25519"):
            pub = bench.fresh_pub(kind)
            for word, key in (("sha256", "sha256"), ("md5", "md5")):
                bits, digest, _ = lab.must("ssh-keygen", "-l", "-E", word, "-f", pub).out.split(" ", 2)
                row = json.loads(lab.must_vouch("key", "show", "-o", "json", pub).out)["keys"][0]
                expect_equal((str(row["bits"]), row[key]), (bits, digest))
        done = lab.must_vouch("key", "show", bench.pub, bench.cert)
        expect_equal([r.split("\t")[0] for r in done.out.splitlines()],
                     ["ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"])
    with tap.row("key show names weaknesses, private keys, and prints nothing when one file fails"):
        lab.must("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", lab.join("w"))
        row = json.loads(lab.must_vouch("key", "show", "-o", "json", lab.join("w.pub")).out)["keys"][0]
        expect("weakness" in row, row)
        fails(lab.vouch("key", "show", bench.pub, bench.key), NO, "V-1201", "private key")
        fails(lab.vouch("key", "show", "-o", "json", bench.pub, bench.garbage), NO, "V-1201")
    with tap.row("key new makes pairs that ssh-keygen reads"):
        for words in ([], ["--type", "ecdsa-p521"], ["--type", "rsa", "--bits", "2048"]):
            path = lab.fresh("made")
            done = lab.must_vouch("key", "new", path, "--no-passphrase", "--comment", "hi", *words)
            expect_equal((done.out, mode(path), mode(path + ".pub")), (path + "\n", 0o600, 0o644))
            public = lab.must("ssh-keygen", "-y", "-P", "", "-f", path).out.split()
            with open(path + ".pub") as file:
                expect_equal(file.read().split(), public[:2] + ["hi"])
    with tap.row("key new overwrites neither half, and leaves no half of a pair"):
        fails(lab.vouch("key", "new", path, "--no-passphrase"), CONFLICT, "V-1103", "never")
        os.unlink(path)
        fails(lab.vouch("key", "new", path, "--no-passphrase"), CONFLICT, "V-1103", ".pub")
        expect(not os.path.exists(path))
        fails(lab.vouch("key", "new", bench.missing, "--no-passphrase"), NOT_FOUND, "V-1102")
        target = os.path.join(lab.folder("pair"), "k")
        for size in (0, 50, 200):
            expect(lab.vouch("key", "new", target, "--no-passphrase", **limited(size)).status == LOCAL)
            expect_equal(os.listdir(lab.folder("pair")), [])
    with tap.row("key new reports in JSON"):
        path = lab.fresh("made")
        shown = json.loads(lab.must_vouch("key", "new", path, "--no-passphrase", "-o", "json").out)
        expect_equal((shown["schema"], shown["encrypted"]), ("vouch.key-new/1", False))


# --- ledger


def test_ledger(tap, bench):
    lab = bench.lab
    with tap.row("ledger show has every record; from, count, serial and key ID choose"):
        rows = json.loads(lab.must_vouch("ledger", "show", bench.ca, "-o", "json").out)
        expect_equal(rows["schema"], "vouch.ledger/1")
        events = [r["event"] for r in rows["records"]]
        expect_equal(events[:3], ["ledger.new", "ca.key.new", "ca.key.new"])
        expect_equal([r["number"] for r in rows["records"]], [str(i) for i in range(len(events))])
        some = lab.must_vouch("ledger", "show", bench.ca, "--from", "1", "--count", "2", "-o", "name")
        expect_equal(some.out, "1\n2\n")
        web = lab.must_vouch("ledger", "show", bench.ca, "--key-id", "web1", "-o", "jsonl").out
        expect_equal([json.loads(r)["type"] for r in web.splitlines()], ["host"])
        own = os.path.join(bench.ca, "ledger")
        expect_equal(lab.must_vouch("ledger", "show", own, "-o", "name", "--count", "1").out, "0\n")
    with tap.row("ledger show gives certificates back byte for byte"):
        shown = json.loads(lab.must_vouch("cert", "show", bench.cert, "-o", "json").out)
        done = lab.must_vouch("ledger", "show", bench.ca, "--serial", shown["serial"], "--certs")
        with open(bench.cert) as file:
            expect_equal(done.out.split()[:2], file.read().split()[:2])
        fails(lab.vouch("ledger", "show", bench.ca, "--serial", "99999999"), NOT_FOUND, "V-1902")
    with tap.row("ledger verify proves, and says what it proved"):
        done = succeeds(lab.vouch("ledger", "verify", bench.ca, "--cert", bench.cert))
        expect(done.out == "" and "proven" in done.err, done)
        shown = json.loads(lab.must_vouch("ledger", "verify", bench.ca, "-o", "json").out)
        expect_equal((shown["schema"], shown["verdict"], shown["findings"]),
                     ("vouch.ledger-verify/1", "proven", []))
        vkey = os.path.join(bench.ca, "ledger", "checkpoint.vkey")
        succeeds(lab.vouch("ledger", "verify", bench.ca, "--key", vkey))
        with open(vkey) as file:
            succeeds(lab.vouch("ledger", "verify", bench.ca, "--key", file.read().strip()))
    with tap.row("ledger verify finds a certificate and a login of nobody's"):
        stranger = bench.crafted(serial=4711)
        done = lab.vouch("ledger", "verify", bench.ca, "--cert", stranger)
        expect(done.status == NO and "crafted" in done.out, done)
        digest = lab.must("ssh-keygen", "-lf", bench.user_ca).out.split()[1]
        log = (
            "Accepted publickey for root from 127.0.0.1 port 1 ssh2: ED25519-CERT SHA256:x "
            f"ID crafted (serial 4711) CA ED25519 {digest}\n"
        )
        done = lab.vouch("ledger", "verify", bench.ca, "--sshd-log", "-", stdin=log)
        expect(done.status == NO and "4711" in done.out, done)
    with tap.row("ledger verify finds an altered record, and nothing is signed on top of it"):
        other = lab.ca()
        lab.must_vouch("sign", "user", "--ca", other, "--id", "a", "--principals", "a", bench.fresh_pub())
        path = os.path.join(other, "ledger", "records")
        with open(path, "r+b") as file:
            file.seek(30)
            byte = file.read(1)
            file.seek(30)
            file.write(bytes([byte[0] ^ 1]))
        done = lab.vouch("ledger", "verify", other)
        expect(done.status == NO and done.out.count("\n") >= 1, done)
        done = lab.vouch("sign", "user", "--ca", other, "--id", "a", "--principals", "a", bench.fresh_pub())
        fails(done, NO, "V-1502")
    with tap.row("ledger verify never answers about what it cannot read"):
        for words in (
            [bench.missing], [lab.folder("empty")], [bench.ca, "--cert", bench.garbage],
            [bench.ca, "--checkpoint", lab.write("nil", "")], [bench.ca, "--key", bench.missing],
            [bench.ca, "--sshd-log", bench.missing],
        ):
            expect(lab.vouch("ledger", "verify", *words).status > NO, words)
        fails(lab.vouch("ledger", "show", bench.missing), NOT_FOUND, "V-1302")
    with tap.row("a serial is never given twice, whoever asks for it"):
        key, pub = os.path.join(bench.ca, "user_ca"), bench.fresh_pub()
        done = lab.vouch("keygen", "-s", key, "-I", "a", "-n", "a", "-z", "1", pub)
        expect(done.status != 0 and not os.path.exists(pub[:-4] + "-cert.pub"), done)


# --- forms of output


def test_output(tap, bench):
    lab = bench.lab
    words = ("ledger", "show", bench.ca)
    with tap.row("CSV is read by a CSV reader and has a header unless told otherwise"):
        rows = list(csv.reader(io.StringIO(lab.must_vouch(*words, "-o", "csv").out)))
        expect_equal(rows[0][:3], ["NUMBER", "TIME", "EVENT"])
        expect_equal({len(r) for r in rows}, {len(rows[0])})
        bare = list(csv.reader(io.StringIO(lab.must_vouch(*words, "-o", "csv", "--no-header").out)))
        expect_equal(bare, rows[1:])
    with tap.row("columns are chosen in any case and order, and near misses named"):
        done = lab.must_vouch(*words, "--columns", "event,NUMBER", "--count", "1")
        expect_equal(done.out, "ledger.new\t0\n")
        fails(lab.vouch(*words, "--columns", "NUMBRE"), USAGE, "V-1901", "NUMBER")
    with tap.row("a full device behind standard output is a failure"):
        with open("/dev/full", "wb") as full:
            for command in (words, ("cert", "show", bench.cert), ("help",), ("version",)):
                done = subprocess.run([lab.vouch_path, *command], stdout=full, stderr=subprocess.PIPE,
                                      env=lab.env, check=False)
                expect_equal(done.returncode, LOCAL, command)
                expect(b"[V-1102]" in done.stderr, done.stderr)
    with tap.row("closed standard streams do not let output into the files that are written"):
        for closed in ((0,), (1,), (2,), (0, 1, 2)):
            done = bench.try_sign(bench.fresh_pub(), preexec_fn=lambda c=closed: [os.close(f) for f in c])
            expect(done.status == OK, done)
        succeeds(lab.vouch("ledger", "verify", bench.ca))
    with tap.row("nothing from a hostile certificate reaches the terminal raw, in any form"):
        evil = "\x1b]0;owned\x07\r\nAccepted publickey\x7f\u202e"
        path = bench.crafted(key_id=evil, principals=[evil], critical=[(evil, b"\x1b")])
        for more in ([], ["-o", "json"], ["-o", "jsonl"]):
            done = lab.must_vouch("cert", "show", path, *more)
            expect(re.search(r"[^\n\x20-\x7e]", done.out + done.err) is None, done)
        done = lab.vouch("cert", "check", "--ca", bench.user_ca, path)
        expect(re.search(r"[^\n\t\x20-\x7e]", done.out) is None, done)
    with tap.row("colour only where it was asked for, and marks only in UTF-8"):
        plain = dict(lab.env, LC_ALL="C")
        check = ("cert", "check", "--ca", bench.user_ca, bench.cert)
        expect(lab.vouch(*check, env=plain).err.startswith("ok "), "mark")
        expect(lab.vouch(*check).err.startswith("✓ "), "mark")
        expect("\x1b" not in lab.vouch(*check).err)
        expect("\x1b[32m" in lab.vouch(*check, "--color", "always").err)
        expect("\x1b[32m" in lab.vouch(*check, env=dict(plain, CLICOLOR_FORCE="1")).err)
        both = dict(plain, CLICOLOR_FORCE="1", NO_COLOR="1")
        expect("\x1b" not in lab.vouch(*check, env=both).err)
        expect("\x1b" not in lab.vouch(*check, "--color", "never", env=dict(plain, CLICOLOR_FORCE="1")).err)
    with tap.row("times are local, or in UTC when asked for"):
        zone = dict(lab.env, TZ="XST-5")
        local = re.search(r"from (\S+)", lab.vouch("cert", "show", bench.cert, env=zone).out).group(1)
        utc = re.search(r"from (\S+)", lab.vouch("cert", "show", "--utc", bench.cert, env=zone).out).group(1)
        expect(utc.endswith("Z") and not local.endswith("Z") and utc[:-1] != local, (local, utc))
    with tap.row("quiet says nothing, verbose says what a failure means"):
        done = lab.vouch("cert", "show", bench.garbage, "-v")
        expect(done.err.count("\n") == 3 and "its signature does not verify" in done.err, done)
        expect_equal(lab.must_vouch("krl", "show", "-q", bench.krl).err, "")


# --- on a terminal


class Terminal:
    """A program on a terminal of its own; says what it showed and how it ended."""

    def __init__(self, lab, *words, cwd=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd or "/")
            os.execve(lab.vouch_path, ["vouch", *words], dict(lab.env, TERM="xterm"))
        self.seen = ""

    def read_until(self, word, seconds=20):
        end = time.monotonic() + seconds
        while word not in self.seen and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        expect(word in self.seen, f"{word!r} was not shown", self.seen)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b""
                self.seen += data.decode("utf-8", "replace")
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.echo_at_end = self.echoes_or_gone()
                os.close(self.fd)
                return status
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        raise AssertionError("did not end: " + self.seen)

    def echoes_or_gone(self):
        try:
            return self.echoes()
        except termios.error:
            return True


def test_terminal(tap, bench):
    lab = bench.lab

    def init(name, *answers):
        terminal = Terminal(lab, "ca", "init", lab.join(name))
        for question, answer in answers:
            terminal.read_until(question)
            expect(not terminal.echoes() or "(y/N)" in question, "echo is on")
            terminal.type(answer)
            terminal.seen = terminal.seen.replace(question, "")
        return terminal, terminal.end()

    with tap.row("the passphrase is asked for twice, unseen, and encrypts"):
        terminal, status = init("t1", ("New passphrase", "tell no one\n"), ("again", "tell no one\n"))
        expect_equal(os.waitstatus_to_exitcode(status), 0)
        expect("tell no one" not in terminal.seen, terminal.seen)
        lab.must("ssh-keygen", "-y", "-P", "tell no one", "-f", lab.join("t1", "user_ca"))
    with tap.row("two passphrases that differ make nothing"):
        terminal, status = init("t2", ("New passphrase", "one\n"), ("again", "two\n"))
        expect_equal(os.waitstatus_to_exitcode(status), NO)
        expect("differ" in terminal.seen and not os.path.exists(lab.join("t2")), terminal.seen)
    with tap.row("an empty passphrase has to be confirmed"):
        terminal, status = init("t3", ("New passphrase", "\n"), ("(y/N)", "n\n"))
        expect_equal(os.waitstatus_to_exitcode(status), NO)
        expect(not os.path.exists(lab.join("t3")))
        terminal, status = init("t3", ("New passphrase", "\n"), ("(y/N)", "y\n"))
        expect_equal(os.waitstatus_to_exitcode(status), 0)
    with tap.row("Ctrl-C at the question ends it like any program, with echo back on"):
        terminal, status = init("t4", ("New passphrase", "half\x03"))
        expect(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status)
        expect(terminal.echo_at_end and not os.path.exists(lab.join("t4")))
    with tap.row("sign asks for the passphrase of the CA key once, for a whole batch"):
        pubs = [bench.fresh_pub(), bench.fresh_pub()]
        words = ["sign", "user", "--ca", lab.join("t1"), "--id", "a", "--principals", "a", *pubs]
        terminal = Terminal(lab, *words)
        terminal.read_until("Passphrase of")
        terminal.type("tell no one\n")
        expect_equal(os.waitstatus_to_exitcode(terminal.end()), 0)
        expect_equal(terminal.seen.count("Passphrase of"), 1)
        expect(all(os.path.exists(p[:-4] + "-cert.pub") for p in pubs))
    with tap.row("a wrong passphrase signs nothing"):
        pub = bench.fresh_pub()
        terminal = Terminal(lab, *words[:-2], pub)
        terminal.read_until("Passphrase of")
        terminal.type("tell everyone\n")
        expect_equal(os.waitstatus_to_exitcode(terminal.end()), NO)
        expect("[V-1203]" in terminal.seen and not os.path.exists(pub[:-4] + "-cert.pub"))
    with tap.row("on a terminal a list is a table with a header, in colour, within its width"):
        terminal = Terminal(lab, "ledger", "show", bench.ca)
        terminal.end()
        lines = re.sub(r"\x1b\[\d*m", "", terminal.seen).splitlines()
        expect(lines[0].startswith("NUMBER") and max(map(len, lines)) <= 80, lines[:3])
        expect("\x1b[1m" in terminal.seen)


def main():
    tap = Tap()
    with Lab("ssh-keygen", "ssh-add") as lab:
        bench = Bench(lab)
        codes = test_help(tap, bench)
        for test in (
            test_usage, test_ca_init, test_ca_trust, test_sign, test_sign_refusals, test_sign_machine,
            test_cert_show, test_cert_check, test_krl_build, test_krl_look, test_key, test_ledger,
            test_output, test_terminal,
        ):
            test(tap, bench)
        with tap.row("every code of the catalogue was provoked, but for those that cannot be"):
            wanted = {code for code in codes if not code.startswith(SERVICE)}
            expect_equal(wanted - provoked - NOT_PROVOKED, set())
    tap.done()


if __name__ == "__main__":
    main()
