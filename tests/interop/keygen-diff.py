#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`vouch keygen` beside the system's ssh-keygen: the same command in two folders that are alike, and
then the same exit status, the same words, the same files.

Cases are made by a seeded generator (VOUCH_SEED; VOUCH_LONG=1 for ten times as many). What may differ
is in KNOWN, each row with its reason; a row that no case needs any more fails the test.
"""

import os
import pty
import random
import re
import resource
import select
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import keygencases as cases
from lab import Lab
from sshwire import Reader, read_cert
from tap import Failure, Skip, Tap, expect, note

SEED = os.environ.get("VOUCH_SEED", "2026")
TIMES = 10 if os.environ.get("VOUCH_LONG") else 1
WORKERS = 2
FAILED = 255


class Known:
    """A difference that is meant: `ours` and `theirs` become `same` before they are compared."""

    def __init__(self, reason, ours, theirs, same):
        self.reason, self.same = reason, same
        self.ours, self.theirs = (re.compile(p, re.M | re.S) if p else None for p in (ours, theirs))
        self.used = 0

    def apply(self, ours, theirs):
        count = 0
        if self.ours is not None:
            ours, count = self.ours.subn(self.same, ours)
        if self.theirs is not None:
            theirs, more = self.theirs.subn(self.same, theirs)
            count += more
        self.used += count
        return ours, theirs


KNOWN = (
    Known(
        "OpenSSH 10.3 warns where -n is missing, 9.2 does not",
        rb"Warning: certificate will contain no principals \(-n\)\r\n",
        None,
        b"",
    ),
    Known(
        "newer versions name the file when they ask for a passphrase",
        rb'Enter passphrase for "[^"\n]*"( \(empty for no passphrase\))?: ',
        None,
        rb"Enter passphrase\1: ",
    ),
    Known("ours has no debug lines for -v", None, rb"^debug[123]: [^\r\n]*\r\n", b""),
    Known("the program's own name", rb"^vouch keygen: ", rb"^ssh-keygen: ", b"program: "),
    Known("the usage lines are ours", rb"^usage: .*\Z", rb"^usage: .*\Z", b"usage"),
    Known(
        "ssh-keygen does not name the certificate that it cannot write",
        rb"Unable to save public key to [^\r\n]*: ",
        rb"Unable to save public key to : ",
        b"Unable to save public key: ",
    ),
    Known(
        "9.2 takes a wrong RSA signature for a fault of libcrypto, newer versions for what it is",
        None,
        rb"invalid key: error in libcrypto",
        b"invalid key: incorrect signature",
    ),
    Known(
        "the default type is that of OpenSSH since 9.5",
        rb"\.ssh/id_ed25519\)",
        rb"\.ssh/id_(?:rsa|ed25519)\)",
        b".ssh/id)",
    ),
    Known(
        "ssh-keygen -k counts each CA's section where it was first used, ours sorts them",
        None,
        None,
        b"",
    ),
)
ORDER_OF_CAS = KNOWN[-1]


def normalise(ours, theirs):
    for known in KNOWN:
        if known is not ORDER_OF_CAS:
            ours, theirs = known.apply(ours, theirs)
    return ours, theirs


class Ran:
    def __init__(self, command, done):
        self.command = command
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __str__(self):
        return f"{self.command!r}\nexit {self.status}\nout {self.out!r}\nerr {self.err!r}"


class Pair:
    """Two folders that are alike, in which the same command is run by both programs."""

    def __init__(self, lab, number, template):
        self.lab = lab
        self.reference = [os.environ.get("VOUCH_SSH_KEYGEN") or "ssh-keygen"]
        self.program = [lab.vouch_path, "keygen"]
        self.template = template
        self.theirs = lab.join(f"theirs{number}")
        self.ours = lab.join(f"ours{number}")
        self.later_s = 0
        self.reset()

    def reset(self):
        for folder in (self.ours, self.theirs):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self.template, folder)

    def write(self, name, content, mode=0o644):
        data = content if isinstance(content, bytes) else content.encode()
        for folder in (self.ours, self.theirs):
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, mode)

    def one(self, program, folder, words, env=None, stdin=b""):
        command = program + [os.fspath(w) for w in words]
        # start_new_session: no terminal to ask on, so that both read answers from standard input.
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            cwd=folder,
            env=dict(self.lab.env, **(env or {})),
            timeout=120,
            start_new_session=True,
            check=False,
        )
        return Ran(command, done)

    def run(self, words, env=None, stdin=b""):
        begun = int(time.time())
        theirs = self.one(self.reference, self.theirs, words, env, stdin)
        ours = self.one(self.program, self.ours, words, env, stdin)
        # By so much ours may be later, where "now" is meant: it ran after theirs.
        self.later_s = int(time.time()) - begun if cases.mentions_now(words) else 0
        return ours, theirs

    def same(self, words, env=None, stdin=b""):
        """Both end alike; returns how ours ended. Again once if the clock ticked in between."""
        for attempt in range(3):
            ours, theirs = self.run(words, env, stdin)
            problem = differ(ours, theirs)
            if problem is None:
                return ours
            if attempt == 2 or not cases.mentions_now(words):
                raise Failure(f"{problem}\nours: {ours}\ntheirs: {theirs}")
        return None

    def files(self, pattern):
        """The names of both folders' files, which have to be the same."""
        found = [
            sorted(n for n in os.listdir(folder) if re.search(pattern, n))
            for folder in (self.ours, self.theirs)
        ]
        expect(found[0] == found[1], "other files", *found)
        return found[0]

    def both(self, name):
        return os.path.join(self.ours, name), os.path.join(self.theirs, name)


def differ(ours, theirs):
    """What is not alike, or None."""
    if ours.status != theirs.status:
        return f"exit {ours.status}, expected {theirs.status}"
    mine, other = normalise(ours.err, theirs.err)
    if mine != other:
        return f"stderr {mine!r}\nexpected {other!r}"
    mine, other = normalise(ours.out, theirs.out)
    # A fatal error of ssh-keygen loses what it had printed so far; ours does not.
    if mine != other and not (theirs.status == FAILED and mine.startswith(other)):
        return f"stdout {mine!r}\nexpected {other!r}"
    return None


class Runner:
    """Runs the cases of a family on a few workers, each with its own pair of folders."""

    def __init__(self, lab, template, tap):
        self.lab, self.template, self.tap = lab, template, tap
        self.local = threading.local()
        self.lock = threading.Lock()
        self.pairs = 0
        self.pool = ThreadPoolExecutor(WORKERS)

    def pair(self):
        if not hasattr(self.local, "pair"):
            with self.lock:
                self.pairs += 1
                number = self.pairs
            self.local.pair = Pair(self.lab, number, self.template)
        return self.local.pair

    def one(self, name, case, number):
        rng = random.Random(f"{SEED} {name} {number}")
        try:
            case(rng, self.pair())
        except Exception as error:  # a surprise in one case is that case's failure
            self.local.pair.reset()
            return f"case {number} (VOUCH_SEED={SEED}): {type(error).__name__}: {error}"
        return None

    def family(self, name, count, case):
        """A row for `count` cases; the first few that differ are shown."""
        with self.tap.row(f"{name}: {count} cases"):
            results = self.pool.map(lambda n: self.one(name, case, n), range(count))
            bad = [r for r in results if r is not None]
            expect(not bad, f"{len(bad)} of {count} differ", *bad[:5])


# --- What is compared


def compare_cert(pair, name, later_s=0):
    """All but nonce and signature are the same bytes; times from "now" on may be so much later."""
    blobs = []
    modes = []
    for path in pair.both(name):
        with open(path, "rb") as file:
            kind, base64, comment = file.read().split(b" ", 2)
        blobs.append(cases.unbase64(base64))
        modes.append((kind, comment, stat.S_IMODE(os.stat(path).st_mode)))
    expect(modes[0] == modes[1], "type, comment or mode", *modes)
    mine, other = (read_cert(blob) for blob in blobs)
    expect(len(mine["nonce"]) == len(other["nonce"]) == 32, "nonce")
    expect(mine["nonce"] != other["nonce"], "the nonce is not random")
    for field in mine:
        if field in ("after", "before"):
            expect(0 <= mine[field] - other[field] <= later_s, field, mine[field], other[field])
        elif field not in ("nonce", "signature", "tbs"):
            expect(mine[field] == other[field], field, mine[field], other[field])
    algorithms = [Reader(cert["signature"]).string() for cert in (mine, other)]
    expect(algorithms[0] == algorithms[1], "signature algorithm", *algorithms)


def sign(rng, pair):
    words, env, stdin = cases.signing(rng)
    pair.same(words, env, stdin)
    later_s = pair.later_s
    for name in pair.files(r"-cert\.pub$"):
        if name in cases.KEPT:
            continue
        compare_cert(pair, name, later_s)
        # Their reader takes our certificate (and checks its signature), and both print it alike.
        shutil.copy(*pair.both(name))
        ours = pair.same(["-L", "-f", name], env)
        expect(b"invalid key" not in ours.err, "-L", ours)
        for path in pair.both(name):
            os.unlink(path)


def validity(rng, pair):
    words, env = cases.validity(rng)
    pair.same(words, env)
    for path in pair.both("u_ed-cert.pub"):
        if os.path.exists(path):
            os.unlink(path)


def show(rng, pair):
    pair.write("shown", cases.cert_file(rng, pair.ours))
    pair.same(cases.showing(rng), cases.zone(rng))


def fingerprint(rng, pair):
    name = "printed"
    if rng.random() < 0.8:
        pair.write(name, cases.key_file(rng, pair.ours))
    else:
        name = rng.choice(cases.PRIVATE_FILES + cases.SUBJECTS + ["missing", "."])
    words = [rng.choice(["-l", "-lv"]), "-f", name, *cases.hash_words(rng)]
    if name == "printed" and rng.random() < 0.1:
        with open(os.path.join(pair.ours, name), "rb") as file:
            pair.same([words[0], "-f", "-"], stdin=file.read())
    else:
        pair.same(words)


def public(rng, pair):
    words, content, mode, stdin = cases.publishing(rng, pair.ours)
    if content is not None:
        pair.write("private", content, mode)
    pair.same(words, stdin=stdin)


def dump_in_order(dump):
    """A dump of a list with the sections of its CAs sorted, and the verdicts behind it."""
    verdicts = re.findall(rb"^.*: (?:ok|REVOKED)$", dump, re.M)
    dump = re.sub(rb"^.*: (?:ok|REVOKED)\n", b"", dump, flags=re.M)
    head, *sections = re.split(rb"\n(?=# (?:CA key|Wildcard CA))", dump)
    return b"\n".join([head, *sorted(sections), *verdicts])


def revoke(rng, pair):
    for folder in (pair.ours, pair.theirs):
        for name in ("list", "list2"):
            if os.path.exists(os.path.join(folder, name)):
                os.unlink(os.path.join(folder, name))
    for _ in range(rng.choice([1, 1, 2])):
        spec, words, stdin = cases.revoking(rng, pair.ours)
        pair.write("spec", spec)
        pair.same(words, cases.zone(rng), stdin)
    expect(os.path.exists(os.path.join(pair.ours, "list")) ==
           os.path.exists(os.path.join(pair.theirs, "list")), "the list")
    if os.path.exists(os.path.join(pair.ours, "list")):
        compare_lists(rng, pair)


def compare_lists(rng, pair):
    """Each program reads both lists: the same dump, the same verdicts."""
    shutil.copy(os.path.join(pair.theirs, "list"), os.path.join(pair.ours, "list2"))
    shutil.copy(os.path.join(pair.ours, "list"), os.path.join(pair.theirs, "list2"))
    files = rng.sample(cases.CHECKED, 6)
    for name in ("list", "list2"):
        ours, theirs = pair.run(["-Q", "-l", "-f", name, *files])
        mine, other = dump_in_order(ours.out), dump_in_order(theirs.out)
        ORDER_OF_CAS.used += ours.out != theirs.out
        # The two lists were made a moment apart.
        mine, other = (re.sub(rb"# Generated at \S+", b"", text) for text in (mine, other))
        expect(ours.status == theirs.status, "status of -Q", ours, theirs)
        expect(mine == other, "dump and verdicts", ours, theirs)


def usage(pair, words, stdin=b""):
    pair.same(words, stdin=stdin)


# --- Rows that are one case each


def fixed_rows(tap, runner):
    pair = runner.pair()
    with tap.row(f"complaints about the command line: {len(cases.COMPLAINTS)} cases"):
        for words in cases.COMPLAINTS:
            pair.same(words)
    with tap.row(f"what is handed to the system's ssh-keygen: {len(cases.HANDED_OVER)} cases"):
        for words, stdin in cases.HANDED_OVER:
            pair.same(words, stdin=stdin)
            pair.reset()
    with tap.row("keys of a type that only the system's ssh-keygen knows are handed to it"):
        if not os.path.exists(os.path.join(pair.template, "u_dsa")):
            raise Skip("this ssh-keygen makes no DSA keys")
        for words in cases.FOREIGN:
            pair.same(words)
        pair.reset()
    with tap.row("names a way out when the system's ssh-keygen is missing or leads back"):
        for env in ({"PATH": "/nonexistent"}, {"VOUCH_SSH_KEYGEN": pair.lab.vouch_path}):
            done = pair.one(pair.program, pair.ours, ["-F", "host", "-f", "u_ed.pub"], env)
            expect(done.status == FAILED and b"VOUCH_SSH_KEYGEN" in done.err, done)
    with tap.row("a time that no calendar has is UNKNOWN-TIME"):
        done = pair.one(pair.program, pair.ours, ["-s", "ca_ed", "-I", "x", "-n", "a", "-V",
                                                  "0x1:0xfffffffffffffffe", "u_ed.pub"])
        expect(done.err.endswith(b"to UNKNOWN-TIME\r\n") and done.status == 0, done)
        pair.reset()


def generation_rows(tap, runner):
    pair = runner.pair()
    for words, mode in cases.GENERATIONS:
        shown = " ".join(words)
        with tap.row(f"makes a key pair: {shown}"):
            pair.reset()
            ours, theirs = pair.run([*words, "-f", "new"], stdin=b"")
            check_generation(pair, words, mode, ours, theirs)
    with tap.row("asks before it overwrites, and keeps the file on a no"):
        pair.reset()
        for answer in (b"n\n", b"", b"x\n", b"no\n"):
            pair.same(["-t", "ed25519", "-N", "", "-f", "u_ed"], stdin=answer)
        with open(os.path.join(pair.ours, "u_ed"), "rb") as mine:
            with open(os.path.join(pair.template, "u_ed"), "rb") as before:
                expect(mine.read() == before.read(), "the file was touched")
        for answer in (b"y\n", b"Yes\n"):
            ours, theirs = pair.run(["-t", "ed25519", "-N", "", "-f", "u_ed"], stdin=answer)
            check_generation(pair, ["-t", "ed25519"], 0o600, ours, theirs, "u_ed")
    with tap.row("asks for a passphrase twice, again when the two differ"):
        pair.reset()
        ours, theirs = pair.run(["-t", "ed25519", "-f", "new"], stdin=b"a\nb\nsecret\nsecret\n")
        check_generation(pair, ["-t", "ed25519"], 0o600, ours, theirs)
        opened = pair.one(pair.reference, pair.ours, ["-y", "-P", "secret", "-f", "new"])
        expect(opened.status == 0, "ssh-keygen opens it with that passphrase", opened)
    pair.reset()


def check_generation(pair, words, mode, ours, theirs, name="new"):
    """Everything but the key itself is the same; the picture is the one ssh-keygen draws of our key."""
    expect(ours.status == theirs.status, "status", ours, theirs)
    if theirs.status != 0:
        expect(differ(ours, theirs) is None, differ(ours, theirs))
        return
    expect(normalise(ours.err, theirs.err)[0] == normalise(ours.err, theirs.err)[1], ours, theirs)
    drawn = pair.one(pair.reference, pair.ours, ["-lv", "-f", name + ".pub", *cases.hash_of(words)])
    fingerprint_of, _, picture = drawn.out.decode().partition("\n")
    said = ours.out.decode().split("The key's randomart image is:\n")
    if "-q" in words:
        expect(ours.out == theirs.out == b"", "quiet", ours)
    else:
        expect(said[1] == picture, "picture", ours, drawn)
        expect(fingerprint_of.split(" ")[1] in said[0], "fingerprint", ours, drawn)
    plain = [re.sub(rb"(SHA|MD)\S+ |\n[|+].*|(?<=private )\w+", b"", r.out) for r in (ours, theirs)]
    expect(plain[0] == plain[1], "stdout", *plain)
    for suffix, wanted in (("", mode), (".pub", 0o644)):
        got = [stat.S_IMODE(os.stat(path).st_mode) for path in pair.both(name + suffix)]
        expect(got[0] == wanted, f"mode of {name}{suffix}", *map(oct, got))
    comments = []
    for path in pair.both(name + ".pub"):
        with open(path, "rb") as file:
            comments.append(file.read().split(b" ", 2)[2])
    expect(comments[0] == comments[1], "comment", *comments)


def folder_rows(tap, lab):
    """A CA folder signs through its ledger, whatever way its key is named."""
    ca = lab.ca()
    key = lab.key("ed25519")
    name = os.path.basename(ca)

    def keygen(*words, **more):
        return lab.vouch("keygen", *words, cwd=lab.path, **more)

    def recorded():
        done = lab.must_vouch("ledger", "show", ca, "-o", "jsonl")
        return done.out.count('"cert"')

    with tap.row("a CA folder records what vouch keygen -s signs with its key"):
        os.symlink(os.path.join(ca, "user_ca"), lab.join("linked"))
        before = recorded()
        for number, path in enumerate((f"{name}/user_ca", ca + "/user_ca", "linked"), 1):
            done = keygen("-s", path, "-I", f"id{number}", "-n", "a", "-z", str(number), key + ".pub")
            expect(done.status == 0 and f"serial {number} for a" in done.err, done)
            expect(recorded() == before + number, "not in the ledger", done)
        lab.must_vouch("ledger", "verify", ca, "--cert", key + "-cert.pub")
    with tap.row("a serial that the ledger has seen is refused, and no file appears"):
        os.unlink(key + "-cert.pub")
        done = keygen("-s", ca + "/user_ca", "-I", "again", "-n", "a", "-z", "2", key + ".pub")
        expect(done.status == FAILED and "serial" in done.err, done)
        expect(not os.path.exists(key + "-cert.pub"), "a certificate without a record")
    with tap.row("a CA folder's key for people signs no host, and the reverse"):
        for words, right in ((("-h",), "host_ca"), ((), "user_ca")):
            wrong = ca + ("/user_ca" if right == "host_ca" else "/host_ca")
            done = keygen("-s", wrong, "-I", "x", "-n", "a", *words, key + ".pub")
            expect(done.status == FAILED and f"/{right}" in done.err, done)
    with tap.row("a CA key of the folder in ssh-agent (-U) signs through the ledger too"):
        env = lab.ssh_agent()
        lab.must("ssh-add", "-q", ca + "/user_ca", env=env)
        before = recorded()
        done = keygen("-Us", ca + "/user_ca.pub", "-I", "agent", "-n", "a", key + ".pub", env=env)
        expect(done.status == 0 and recorded() == before + 1, done)
    with tap.row("a CA folder hands no signing to the system's ssh-keygen, which would leave no record"):
        with open(key + ".pub", encoding="utf-8") as file:
            line = file.read()
        path = lab.write("foreign.pub", line.replace("ssh-ed25519 ", "ssh-dss ", 1))
        done = keygen("-s", ca + "/user_ca", "-I", "x", "-n", "a", path)
        expect(done.status == FAILED and "load pubkey" in done.err, done)
    with tap.row("a PKCS#11 token is refused for a CA folder: nothing would record it"):
        done = keygen("-D", "/nonexistent.so", "-s", ca + "/user_ca.pub", "-I", "x", key + ".pub")
        expect(done.status == FAILED and "ledger" in done.err, done)


def agent_rows(tap, lab, runner):
    with tap.row("-U: found, not found, no agent, agent gone"):
        env = lab.ssh_agent()
        pair = runner.pair()
        for name in ("ca_ed", "ca_rsa", "ca_ec384"):
            lab.must("ssh-add", "-q", name, env=env, cwd=pair.ours)
        base = ["-I", "x", "-n", "a", "-V", "20260101:20270101", "u_ed.pub"]
        socket = {"SSH_AUTH_SOCK": env["SSH_AUTH_SOCK"]}
        for ca in ("ca_ed", "ca_rsa.pub", "ca_ec384", "ca_ec521", "missing", "u_ed-ready-cert.pub"):
            for more in ([], ["-t", "rsa-sha2-256"], ["-t", "ssh-rsa"], ["-t", "rsa"]):
                done = pair.same(["-U", "-s", ca, *more, *base], socket)
                if done.status == 0:
                    compare_cert(pair, "u_ed-cert.pub")
        for env in ({}, {"SSH_AUTH_SOCK": "/nonexistent"}, {"SSH_AUTH_SOCK": ""}):
            pair.same(["-Us", "ca_ed", *base], env)
        pair.reset()


def fill_disk():
    """In the child: every write to a file fails, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def failure_rows(tap, runner):
    pair = runner.pair()
    pair.reset()
    with tap.row("a full disk: says so, and leaves neither a file nor a part of one"):
        before = sorted(os.listdir(pair.ours))
        for words in cases.WRITES:
            done = subprocess.run(
                pair.program + words,
                capture_output=True,
                cwd=pair.ours,
                env=pair.lab.env,
                preexec_fn=fill_disk,
                check=False,
            )
            expect(done.returncode in (1, FAILED), words, done)
            expect(b"File too large" in done.stderr, words, done)
            expect(sorted(os.listdir(pair.ours)) == before, words, os.listdir(pair.ours))
        for name in ("u_ed", "list0"):
            mine, other = (cases.read(folder, name) for folder in (pair.ours, pair.template))
            expect(mine == other, "what was there is gone", name)
    with tap.row("standard output that takes nothing is a failure"):
        for words in (["-L", "-f", cases.READY_CERTS[0]], ["-l", "-f", "u_ed"], ["-y", "-f", "u_ed"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(
                    pair.program + words,
                    stdout=full,
                    stderr=subprocess.PIPE,
                    cwd=pair.ours,
                    env=pair.lab.env,
                    check=False,
                )
            expect(done.returncode == FAILED and b"No space left" in done.stderr, words, done)


def read_terminal(program, folder, words, env, answers):
    """Runs on a terminal of its own, typing an answer whenever it waits; (what it showed, status)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(program[0], program + words, env)
    shown = b""
    answers = list(answers)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        ready = select.select([terminal], [], [], 0.1)[0]
        try:
            part = os.read(terminal, 4096) if ready else None
        except OSError:  # the program has ended
            break
        if part == b"":
            break
        shown += part or b""
        # Only once the question stands there, for what is typed before it is thrown away.
        if not ready and answers and shown.rstrip(b" ").endswith((b":", b"?")):
            os.write(terminal, answers.pop(0))
    os.close(terminal)
    return shown, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def question_rows(tap, runner):
    pair = runner.pair()
    with tap.row(f"SSH_ASKPASS: {len(cases.ASKED)} environments"):
        pair.write("askpass", cases.ASKPASS, 0o755)
        for env in cases.ASKED:
            env = {"SSH_ASKPASS": "./askpass", "ANSWER": "open sesame", **env}
            pair.same(["-y", "-f", "ca_locked"], env, stdin=b"open sesame\n")
            if pair.files("^asked$"):
                texts = []
                for path in pair.both("asked"):
                    with open(path, "rb") as file:
                        texts.append(file.read())
                    os.unlink(path)
                mine, other = normalise(*texts)
                expect(mine == other, env, mine, other)
    with tap.row("on a terminal: the same questions, and nothing of an answer is shown"):
        for words, answers in cases.TYPED:
            pair.reset()
            ends = [
                read_terminal(program, folder, words, pair.lab.env, answers)
                for program, folder in ((pair.program, pair.ours), (pair.reference, pair.theirs))
            ]
            expect(ends[0][1] == ends[1][1], "status", words, *ends)
            mine, other = normalise(ends[0][0], ends[1][0])
            expect(mine.split(b"\r\n") == other.split(b"\r\n"), words, mine, other)
            expect(b"sesame" not in mine, "the passphrase is shown", mine)
        pair.reset()


def terminal_row(tap, lab, runner):
    with tap.row("what a certificate says reaches a pipe as it stands, and no terminal's control codes"):
        pair = runner.pair()
        pair.reset()
        pair.same(["-s", "ca_ed", "-I", "esc\x1b[2J\rx", "-n", "a", "u_ed.pub"])
        piped = pair.same(["-L", "-f", "u_ed-cert.pub"])
        expect(b'"esc\x1b[2J\rx"' in piped.out, piped)
        shown, status = read_terminal(
            pair.program, pair.ours, ["-L", "-f", "u_ed-cert.pub"], lab.env, []
        )
        expect(status == 0 and b'"esc\\033[2J\\015x"' in shown and b"\x1b" not in shown, shown)
        pair.reset()


def known_row(tap):
    with tap.row("every known difference is still one"):
        for known in KNOWN:
            note(f"{known.used} times: {known.reason}")
        stale = [k.reason for k in KNOWN if k.used == 0]
        expect(not stale, "no case needs these any more:", *stale)


FAMILIES = (
    ("signing: options, names, serials, algorithms, files", 500, sign),
    ("-V by its grammar, in several time zones", 500, validity),
    ("-L of certificates, whole, altered and made up", 450, show),
    ("-l of files of keys", 300, fingerprint),
    ("-y of private keys", 150, public),
    ("-k and -Q on lists of every kind of line", 350, revoke),
)


def main():
    tap = Tap()
    with Lab("ssh-keygen") as lab:
        template = cases.make_template(lab)
        runner = Runner(lab, template, tap)
        only = os.environ.get("VOUCH_ONLY", "")
        for name, count, case in FAMILIES:
            if only in name:
                runner.family(name, count * TIMES, case)
        if only in ("", "rows"):
            fixed_rows(tap, runner)
            generation_rows(tap, runner)
            question_rows(tap, runner)
            failure_rows(tap, runner)
            terminal_row(tap, lab, runner)
            agent_rows(tap, lab, runner)
            folder_rows(tap, lab)
        if not only:
            known_row(tap)
        runner.pool.shutdown()
    tap.done()


if __name__ == "__main__":
    main()
