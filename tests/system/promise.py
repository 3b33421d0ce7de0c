#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The one promise under fire: no certificate without a durable record, no serial twice.

A real vouchd issues under load while its processes are killed at random and at each durable step, its
writes and syncs fail or fall short, its disk is full. After each blow it is started again, and judged
from outside: every certificate that a client got is in the ledger; no serial came twice; within an epoch
no serial is missing, and an event explains each new epoch; the index is what the ledger says; `vouch
ledger verify` proves it.

usage: promise.py LOAD-CLIENT [FAIL-CALL]. Some twenty kills; with VOUCH_LONG=1 as many as fit into VOUCH_PROMISE_SECONDS
(default 1800). VOUCH_PROMISE_SEED repeats a run's choices. What needs root, strace or mount is skipped
without.
"""

import contextlib
import errno
import hashlib
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab, stop, wait_for
from service import (
    CERT, ROLES, Service, blob_of_line, find_vouchd, is_gone, processes_of, wait_gone,
)
from sshwire import read_cert
from tap import Failure, Skip, Tap, expect, expect_equal, note, skip_all

LONG = os.environ.get("VOUCH_LONG") == "1"
BUDGET_S = int(os.environ.get("VOUCH_PROMISE_SECONDS", "1800"))
SEED = int(os.environ.get("VOUCH_PROMISE_SEED", str(time.time_ns() % 10**9)))
RAND = random.Random(SEED)
COUNTER_BITS = 44
ROUNDS_OF_ONE_LEDGER = 100  # then a fresh one, since each round proves the whole of it
SUBJECTS = 6000
FIRST_SECONDS = 3.2  # a role that dies sooner after the first start ends the service
# What a process does that a crash can come between, once it serves. Each kill is at the entry of a call, so
# all before it has happened and the call has not.
STEPS = {
    "signer": ("pwrite64", "fdatasync", "renameat,rename", "openat", "sendto,sendmsg,write,writev",
               "recvfrom,recvmsg,read"),
    "authority": ("pwrite64", "fdatasync,fsync", "sendto,sendmsg,write,writev", "recvfrom,recvmsg,read"),
    "web": ("sendto,sendmsg,write,writev", "recvfrom,recvmsg,read"),
}
START_STEPS = ("pwrite64", "fdatasync,fsync", "rename,renameat,renameat2", "openat", "write",
               "unlink,unlinkat", "ftruncate,fallocate")
FAILURES = (
    ("fdatasync", "EIO"), ("fdatasync", "ENOSPC"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"),
    ("pwrite64", "half"), ("renameat", "EIO"), ("openat", "EMFILE"),
)


class Book:
    """What is known of one ledger from outside, and what must hold of it after each blow."""

    def __init__(self, service):
        self.service, self.reader = service, service.ledger()
        self.recorded = set()  # hashes of certificates
        self.serials = {}  # serial -> its record
        self.epoch = self.counter = 0
        self.epochs = []
        self.stopped = False  # the last record says that the signer stopped cleanly
        self.held = set()

    def _certificate(self, record):
        self.recorded.add(hashlib.sha256(record.cert).digest())
        serial = read_cert(record.cert)["serial"]
        expect(serial not in self.serials,
               f"serial {serial} is in record {self.serials.get(serial)} and in {record.number}")
        self.serials[serial] = record.number
        epoch, counter = serial >> COUNTER_BITS, serial & ((1 << COUNTER_BITS) - 1)
        expect_equal(epoch, self.epoch, f"epoch of the serial in record {record.number}")
        expect_equal(counter, self.counter + 1, f"counter of the serial in record {record.number}")
        self.counter = counter

    def _skip(self, record):
        """A serial that no certificate got, and the ledger says why."""
        serial = (self.epoch << COUNTER_BITS) + self.counter + 1
        expect_equal(int(record.details["serial"]), serial, "a serial that was skipped")
        expect(record.details["reason"], "skipped for no reason")
        self.counter += 1

    def _epoch(self, record):
        epoch, reason = int(record.details["epoch"]), record.details["reason"].decode()
        # One that a crash ended before it gave a serial may begin again.
        again = epoch == self.epoch and self.counter == 0
        expect(epoch > self.epoch or again, f"epoch {epoch} after {self.epoch}")
        expect(reason in ("start", "unclean", "restored"), f"an epoch for no reason: {reason}")
        if not self.epochs:
            expect_equal(reason, "start", "reason of the first epoch")
        # A clean stop that is long ago begins an epoch as well.
        expect(reason != "start" or not self.epochs or self.stopped, f"why epoch {epoch}?")
        self.epochs.append((epoch, reason))
        self.epoch, self.counter = epoch, 0

    def read(self):
        for record in self.reader.records():
            if record.kind == CERT:
                self._certificate(record)
            elif record.type == "signer.epoch":
                self._epoch(record)
            elif record.type == "signer.skip":
                self._skip(record)
            self.stopped = record.kind != CERT and record.type == "signer.stop"

    def check_held(self, lines):
        held = {hashlib.sha256(blob_of_line(line)).digest() for line in lines}
        lost = held - self.recorded
        expect(not lost, f"{len(lost)} of {len(held)} certificates that were given out are not recorded")
        self.held |= held

    def check_index(self):
        self.service.wait_indexed(self.reader.count)
        with self.service.database() as db:
            rows = db.execute("SELECT number, serial FROM certs").fetchall()
        # A serial is kept with its highest bit flipped.
        index = {(serial + (1 << 63)) % (1 << 64): number for number, serial in rows}
        expect_equal(len(rows), len(self.serials), "rows of the index")
        expect(index == self.serials, "the index does not say what the ledger says")

    def judge(self, lines):
        self.read()
        self.check_held(lines)
        self.check_index()
        expect_equal(self.service.verify()["verdict"], "proven")


class Fire:
    """A service, its load, and how often it was hit."""

    def __init__(self, lab, vouchd, client, fail_call=None):
        self.lab, self.vouchd, self.client, self.fail_call = lab, vouchd, client, fail_call
        self.service = self.book = None
        self.kills = self.rounds = self.certificates = 0
        lab.stack.callback(self.end)

    def end(self):
        if self.service is not None:
            self.service.kill()
            shutil.rmtree(self.service.folder, ignore_errors=True)
        self.service = None

    def fresh(self, parent=None):
        """A new service, running; its folder, but not its log, is in `parent`."""
        self.end()
        name = os.path.basename(self.lab.fresh("ca-"))
        self.service = Service(os.path.join(parent or self.lab.path, name), self.vouchd,
                               self.lab.vouch_path, self.lab.env)
        self.service.log_path = self.lab.join(name + ".log")
        self.service.init()
        self.service.start()
        self.service.new_profile()
        self.token = self.lab.write("token", self.service.new_token())
        self.book = Book(self.service)
        self.rounds = 0

    def ready(self):
        """The service runs, whatever was before."""
        if self.service is None or self.rounds >= ROUNDS_OF_ONE_LEDGER:
            self.fresh()
        elif self.service.process is None:
            self.service.start()
        self.rounds += 1

    def load_any(self, count=SUBJECTS):
        """Starts the client; the service may be hit before it gets anything."""
        out = self.lab.fresh("certs-")
        command = [
            self.client, "issue", "--address", self.service.address, "--pin",
            self.service.join("tls", "cert.pem"), "--token", self.token, "--ca",
            self.service.ca_file(), "--principal", "alice", "--connections",
            str(RAND.randint(2, 24)), "--seconds", "60", "--count", str(count), "--out", out,
            "--endure",
        ]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, text=True, **pipes)
        self.lab.stack.callback(stop, process)
        return process, out

    def load(self):
        """Starts the client; returns when certificates of it are recorded."""
        reader = self.service.ledger()
        reader.skip()
        start = reader.count
        load = self.load_any()

        def grows():
            reader.skip()
            return reader.count > start + 2 or load[0].poll() is not None

        wait_for(grows, "the first certificate of the load", 30)
        if reader.count <= start + 2:
            raise Failure(f"no load: {self.gather(load)}\n{self.service.log()[-3000:]}")
        return load

    def gather_some(self, count):
        """So many certificates of a service that nothing happens to."""
        lines = self.gather(self.load_any(count))
        expect_equal(len(lines), count, "certificates")
        return lines

    def gather(self, load):
        """Waits for the client's end; the certificates it got, which it has verified."""
        process, out = load
        try:
            said, words = process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            stop(process)
            raise Failure("the load does not end, though the service did") from None
        expect_equal(process.returncode, 0, f"the load's status: {words}")
        found = json.loads(said)
        with open(out, encoding="ascii") as file:
            lines = file.read().splitlines()
        os.remove(out)
        expect_equal((len(lines), found["bad"], found["twice"]), (found["issued"], 0, 0), said)
        self.certificates += len(lines)
        return lines

    def clear(self, process):
        """Kills strace and whatever it started."""
        process.kill()
        process.wait()
        while left := [p for p in processes_of(self.service.folder) if not is_gone(p)]:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def settle(self):
        """After a role has gone: all others go too; then the supervisor is ended, cleanly."""
        pids = list(self.service.roles().values())
        wait_gone(pids, 30)
        self.service.stop(30)

    def again(self, load):
        """The judgement that follows each blow."""
        lines = self.gather(load)
        self.service.start()
        self.book.judge(lines)


# --- Blows


def kill_role(fire, role):
    fire.ready()
    load = fire.load()
    time.sleep(RAND.uniform(0, 0.25))
    pids = fire.service.pids()
    os.kill(pids[role], signal.SIGKILL)
    fire.kills += 1
    if role == "supervisor":
        fire.service.process.wait()
        fire.service.process = None
        wait_gone([pid for name, pid in pids.items() if name != role])
    else:
        wait_gone([pid for name, pid in pids.items() if name != "supervisor"], 30)
        fire.service.stop(30)
    fire.again(load)


def kill_all(fire):
    fire.ready()
    load = fire.load()
    time.sleep(RAND.uniform(0, 0.25))
    pids = list(fire.service.pids().values())
    RAND.shuffle(pids)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    fire.kills += 1
    fire.service.process.wait()
    fire.service.process = None
    wait_gone(pids)
    fire.again(load)


def stop_cleanly(fire):
    """SIGTERM under load: what was given out counts, and the epoch goes on."""
    fire.ready()
    load = fire.load()
    time.sleep(RAND.uniform(0, 0.2))
    fire.book.read()
    epochs = len(fire.book.epochs)
    expect_equal(fire.service.stop(30), 0, "exit status of a clean stop")
    fire.again(load)
    expect_equal(len(fire.book.epochs), epochs, "epochs after a clean stop")


class Strace:
    """strace on one process, with something injected; ended by pid."""

    def __init__(self, lab, pid, calls, inject):
        self.process = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", "-e", "trace=" + calls, "-e",
             f"inject={calls}:{inject}", "-p", str(pid)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        lab.stack.callback(stop, self.process)
        words = b""
        end = time.monotonic() + 10
        while b"attached" not in words:
            if self.process.poll() is not None or time.monotonic() > end:
                raise Skip("strace cannot attach: " + words.decode(errors="replace").strip()[:100])
            if select.select([self.process.stderr], [], [], 0.1)[0]:
                words += os.read(self.process.stderr.fileno(), 4096)

    def end(self):
        stop(self.process)


class Failing:
    """fail-call on one process: a call that fails, or does half of what it should."""

    def __init__(self, lab, program, pid, call, result, when):
        number = result if result == "half" else str(getattr(errno, result))
        self.process = subprocess.Popen(
            [program, str(pid), call, str(when), number], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        lab.stack.callback(stop, self.process)
        if self.process.stdout.readline() != "attached\n":
            raise Skip("cannot attach: " + self.process.stderr.read().strip())

    def end(self):
        """Whether the call came."""
        self.process.terminate()
        hit = "hit" in self.process.stdout.read()
        stop(self.process)
        return hit


def needs_root(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed")
    if os.getuid() != 0:
        raise Skip("needs root")


def gone_within(pids, seconds):
    try:
        wait_gone(pids, seconds)
        return True
    except Failure:
        return False


def is_hit(pid, load, seconds):
    """Whether the role has ended, once it has or nothing is asked of it any more."""
    end = time.monotonic() + seconds
    while not is_gone(pid) and load.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    return gone_within([pid], 0.3)


def kill_at_step(fire, role, calls, when):
    """kill -9 as one of the role's threads enters its when-th such call."""
    needs_root("strace")
    fire.ready()
    pid = fire.service.roles()[role]
    strace = Strace(fire.lab, pid, calls, f"signal=KILL:when={when}")
    try:
        load = fire.load_any()
        hit = is_hit(pid, load[0], 8)
    finally:
        strace.end()
    if hit:
        fire.kills += 1
        fire.settle()
    else:
        fire.service.kill()
    fire.again(load)
    return hit


def fail_call(fire, role, call, result, when):
    """One call fails; the role goes on or ends, as it should; what it gave out is recorded. Whether it
    ended, and what the log says."""
    needs_root()
    if fire.fail_call is None:
        raise Skip("fail-call is not built for this machine")
    fire.ready()
    pid = fire.service.roles()[role]
    log = len(fire.service.log())
    failing = Failing(fire.lab, fire.fail_call, pid, call, result, when)
    try:
        load = fire.load_any()
        ended = is_hit(pid, load[0], 8)
    finally:
        hit = failing.end()
    fire.kills += hit
    if ended:
        fire.settle()
    else:
        fire.service.kill()
    said = fire.service.log()[log:]
    fire.again(load)
    if not hit:
        raise Skip("under this load it did not come to that")
    return ended, said


def kill_at_start(fire, calls, when):
    """kill -9 of whichever process gets to its when-th such call first, while the service starts after
    an unclean end. Returns whether one did."""
    needs_root("strace")
    fire.ready()
    load = fire.load()
    fire.service.kill()
    lines = fire.gather(load)
    with open(fire.service.log_path, "ab") as log:
        process = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", "-e", "trace=" + calls, "-e",
             f"inject={calls}:signal=KILL:when={when}", fire.vouchd, "run", fire.service.folder],
            env=fire.lab.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
    pids, hit = set(), False
    end = time.monotonic() + 20
    while time.monotonic() < end:
        now = set(processes_of(fire.service.folder))
        hit = bool(pids - now) or process.poll() is not None
        pids |= now
        if hit or fire.service.is_ready():
            break
    fire.clear(process)
    fire.kills += hit
    fire.service.start()
    fire.book.judge(lines)
    return hit


def short_write(fire):
    """A write to the ledger that ends in the middle of a record: a limit on the size of files that lies
    within what the signer will write next."""
    needs_root("prlimit")
    fire.ready()
    reader = fire.service.ledger()
    reader.skip()
    pid = fire.service.roles()["signer"]
    limit = reader.offset + RAND.randint(2000, 60000)
    owner = os.stat(fire.service.join("ledger"))  # the signer's user, who may do this to it
    subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={limit}:{limit}"], check=True,
                   user=owner.st_uid, group=owner.st_gid, extra_groups=[])
    load = fire.load_any()
    expect(gone_within([pid], 20), "the signer goes on though its ledger cannot be written")
    fire.kills += 1
    fire.settle()
    fire.again(load)


def full_disk(fire):
    needs_root("mount", "umount")
    parent = fire.lab.folder("small")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0711", "none", parent], capture_output=True
    )
    if mounted.returncode != 0:
        raise Skip("cannot mount: " + mounted.stderr.decode().strip())
    try:
        fire.fresh(parent)
        ballast = os.path.join(parent, "ballast")
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\1" * 65536):
                pass
        pid = fire.service.roles()["signer"]
        load = fire.load_any()
        expect(gone_within([pid], 40), "the signer goes on though the disk is full")
        wait_for(lambda: "[V-1503]" in fire.service.log(), "word of a full disk", 5)  # the supervisor's
        fire.settle()
        lines = fire.gather(load)
        start_and_kill(fire.service)  # whether it gets ready or not, it may not make matters worse
        os.remove(ballast)
        fire.service.start()
        fire.book.judge(lines)
        fire.service.kill()
    finally:
        fire.end()
        unmount(parent)


def unmount(folder):
    """Roles work in the server's folder, and end a moment after their supervisor was killed."""
    end = time.monotonic() + 20
    while subprocess.run(["umount", folder], capture_output=True).returncode != 0:
        expect(time.monotonic() < end, f"{folder} cannot be unmounted")
        time.sleep(0.05)


def start_and_kill(service):
    service.start(wait=False)
    end = time.monotonic() + 2
    while time.monotonic() < end and service.process.poll() is None and not service.is_ready():
        time.sleep(0.01)
    service.kill()


def comes_back(fire):
    """The supervisor starts all again by itself, unless it was the first thing that happened."""
    fire.ready()
    time.sleep(FIRST_SECONDS)
    load = fire.load()
    before = fire.service.roles()
    os.kill(before["signer"], signal.SIGKILL)
    fire.kills += 1
    lines = fire.gather(load)
    wait_gone(before.values(), 30)
    fire.service.wait_ready(60)
    after = fire.service.roles()
    expect_equal(sorted(after), sorted(before), "roles")
    expect(not set(after.values()) & set(before.values()), "a role was not started anew")
    fire.book.judge(lines)


def restored(fire):
    """An older copy of ledger and database is put back: no serial that a later life gave comes again."""
    fire.fresh()
    fire.gather_some(200)
    expect_equal(fire.service.stop(), 0)
    saved = fire.lab.fresh("saved-")
    subprocess.run(["cp", "-a", fire.service.folder, saved], check=True)
    fire.service.start()
    lines = fire.gather_some(200)
    later = {read_cert(blob_of_line(line))["serial"] for line in lines}
    fire.service.stop()
    for part in ("ledger", "db"):
        shutil.rmtree(fire.service.join(part))
        subprocess.run(["cp", "-a", os.path.join(saved, part), fire.service.join(part)], check=True)
    shutil.rmtree(saved)
    fire.service.start()
    again = {read_cert(blob_of_line(line))["serial"] for line in fire.gather_some(200)}
    expect(again and not later & again, "serials of a later life were given again")
    fire.book = Book(fire.service)
    fire.book.read()
    expect_equal(fire.book.epochs[-1][1], "restored", "reason of the last epoch")
    expect_equal(fire.service.verify()["verdict"], "proven")


# --- Rows


def random_kills(tap, fire, count):
    ways = [*ROLES, "supervisor", "all"]
    for i in range(count):
        way = ways[i % len(ways)]
        with tap.row(f"kill -9 of {way} under load, {i + 1}"):
            kill_all(fire) if way == "all" else kill_role(fire, way)


def each_step(tap, fire, whens, end=float("inf")):
    for when in whens:
        for role, calls in [(role, calls) for role, steps in STEPS.items() for calls in steps]:
            if time.monotonic() > end:
                return
            with tap.row(f"kill -9 of {role} as it enters {calls}, time {when}"):
                if not kill_at_step(fire, role, calls, when):
                    raise Skip("under this load it did not come to that")


def each_start_step(tap, fire, whens, end=float("inf")):
    for when in whens:
        for calls in START_STEPS:
            if time.monotonic() > end:
                return
            with tap.row(f"kill -9 at start, as a process enters {calls}, time {when}"):
                if not kill_at_start(fire, calls, when):
                    raise Skip("it is ready before")


def failures(tap, fire, whens):
    for calls, error in FAILURES:
        for when in whens:
            with tap.row(f"the signer's {calls} fails with {error}, time {when}"):
                ended, said = fail_call(fire, "signer", calls, error, when)
                if calls == "fdatasync" or (calls == "pwrite64" and error != "half"):
                    # Room ahead of the records may be refused for want of it: it holds none of them.
                    expect(ended or error == "ENOSPC", "the signer goes on after a write or sync that failed")
                    # It is the supervisor who says it, as its own end (in brackets) or before it starts the
                    # parts again: the signer told it before its end.
                    words = re.search(r"\[V-1503\]|vouchd: .*signer: .*code=V-1503", said)
                    expect(words or not ended, "no word of the failure", said[-2000:])
    for calls, error in (("pwrite64", "ENOSPC"), ("fdatasync", "EIO")):
        with tap.row(f"the authority's {calls} fails with {error}"):
            fail_call(fire, "authority", calls, error, RAND.randint(1, 9))


def campaign(tap, fire, end):
    """As many blows as fit into the time, a row for each hundred."""
    blows = [
        lambda: kill_role(fire, RAND.choice([*ROLES, "supervisor"])),
        lambda: kill_all(fire),
        lambda: kill_at_step(fire, *step(), RAND.randint(1, 200)),
        lambda: kill_at_start(fire, RAND.choice(START_STEPS), RAND.randint(1, 80)),
        lambda: fail_call(fire, "signer", *RAND.choice(FAILURES), RAND.randint(1, 200)),
        lambda: short_write(fire),
        lambda: stop_cleanly(fire),
    ]
    while time.monotonic() < end:
        with tap.row(f"a hundred blows after {fire.kills} kills"):
            for _ in range(100):
                if time.monotonic() < end:
                    with contextlib.suppress(Skip):
                        RAND.choices(blows, weights=(6, 3, 4, 2, 2, 1, 1))[0]()


def step():
    role = RAND.choice(list(STEPS))
    return role, RAND.choice(STEPS[role])


def rows(tap, fire):
    random_kills(tap, fire, 10)
    with tap.row("SIGTERM under load is a clean end, and the epoch goes on"):
        stop_cleanly(fire)
    with tap.row("a write that falls short in the middle of a record"):
        short_write(fire)
    each_step(tap, fire, [RAND.randint(1, 12)])
    failures(tap, fire, [RAND.randint(1, 9)])
    each_start_step(tap, fire, [RAND.randint(1, 6)])
    with tap.row("after a role was killed the service comes back by itself"):
        comes_back(fire)
    with tap.row("a full disk"):
        full_disk(fire)
    with tap.row("an older copy that is put back gets an epoch of its own"):
        restored(fire)


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab() as lab:
        tap = Tap()
        fire = Fire(lab, vouchd, *sys.argv[1:3])
        rows(tap, fire)
        if LONG:
            now = time.monotonic()
            each_step(tap, fire, range(1, 41), now + BUDGET_S / 4)
            each_start_step(tap, fire, range(1, 41), now + BUDGET_S / 2)
            campaign(tap, fire, now + BUDGET_S)
        fire.end()
        note(f"{fire.kills} kills and failures, {fire.certificates} certificates, seed {SEED}")
        tap.done()


if __name__ == "__main__":
    main()
