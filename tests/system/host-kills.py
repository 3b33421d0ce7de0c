#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""kill -9 of the agent of a host at its steps: of enrolling, of taking news, of renewing, of applying.

A host, a client and the CA, each a machine of its own, with a real sshd. Both parts of the agent are killed,
by strace, as they enter a call that somebody else could see the end of: a write, a sync, a rename, the start
of a program, a signal, a frame of the lane. After each kill, before anything else runs, people get in as
before and who is revoked does not; each file is whole, and is the old one or the new one. When the agent
starts again all is new, `vouch-host check` is content, and nothing is left behind.

usage: host-kills.py. Some fifteen kills; with VOUCH_LONG=1 every step of each, as far as VOUCH_KILLS_SECONDS
(default 3600) go. VOUCH_KILLS_SEED repeats a run's choices.
"""

import contextlib
import os
import random
import re
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from hosts import DOMAIN, POLICY, URL, Fleet, config_of_client
from lab import Lab, find_program, wait_for
from machines import HOME
from service import find_vouchd
from station import Station
from tap import Failure, Tap, expect, expect_equal, note, skip_all

LONG = os.environ.get("VOUCH_LONG") == "1"
BUDGET_S = int(os.environ.get("VOUCH_KILLS_SECONDS", "3600"))
SEED = int(os.environ.get("VOUCH_KILLS_SEED", str(time.time_ns() % 10**9)))
RAND = random.Random(SEED)
HOST = "web1"
NETWORK, ROOT = "the network part", "the root part"
# Those that a machine does not have are passed over.
CALLS = ("fsync", "?fdatasync", "?rename", "?renameat", "?renameat2", "?unlink", "?unlinkat", "?mkdir", "?mkdirat",
         "?rmdir", "write", "fchmod", "ftruncate", "kill", "clone", "?clone3", "?fork", "?vfork", "wait4",
         "sendto", "sendmsg", "recvmsg")
PLACES = ("/etc/ssh", "/var/lib/vouch-host")
CONF = "/etc/ssh/sshd_config.d/50-vouch.conf"
RENEWALS = 50  # of the 60 that a host may have in an hour

TRACED = """\
if test -f {folder}/trace; then
    export ASAN_OPTIONS=detect_leaks=0
    # Its two processes, and none of the programs that they start.
    exec strace -f -b execve $(cat {folder}/trace) {program} "$@"
fi
"""


class Agent(Station):
    """vouch-host of a machine, either part of which can be killed at a step."""

    def __init__(self, lab, machine, program):
        super().__init__(lab, program, TRACED)
        self.lab, self.machine = lab, machine
        lab.stack.callback(self._end_watchers)

    def run(self, *words, **more):
        return self.machine.run(self.program, *words, **more)

    def must(self, *words, **more):
        done = self.run(*words, **more)
        expect_equal(done.status, 0, str(done))
        return done

    @contextlib.contextmanager
    def _traced(self, part, strace):
        """What comes before the program's name."""
        if part == NETWORK:
            yield ["env", "ASAN_OPTIONS=detect_leaks=0", "strace", *strace]
            return
        path = self.lab.write("sbin/trace", " ".join(strace))
        os.chmod(path, 0o644)
        try:
            yield []
        finally:
            os.unlink(path)

    def steps_of(self, part, *words, **more):
        """[(call, the how many-th of a process)] of one run that nothing happens to."""
        out = self.lab.join("steps")
        with self._traced(part, ["-o", out, "-e", "trace=" + ",".join(CALLS)]) as before:
            done = self.machine.run(*before, self.program, *words, **more)
        expect_equal(done.status, 0, str(done))
        counts, steps = {}, []
        with open(out, encoding="utf-8", errors="replace") as file:
            for line in file:
                if found := re.match(r"(\d* *)(\w+)\(", line):
                    counts[found.groups()] = counts.get(found.groups(), 0) + 1
                    steps.append((found.group(2), counts[found.groups()]))
        return list(dict.fromkeys(steps))

    def killed_at(self, part, step, *words, **more):
        """Whether it came to that."""
        call, when = step
        watchers = self._processes()
        with self._traced(part, ["-o", "/dev/null", "-e", f"trace={call}", "-e",
                                 f"inject={call}:signal=KILL:when={when}"]) as before:
            done = self.machine.run(*before, self.program, *words, **more)
        if done.status == 0:
            return False
        # The other part ends by itself: the root part with what it does, the network part with an error.
        wait_for(lambda: not self._processes() - watchers, "the rest of the agent to end", 60)
        if part == NETWORK:
            expect(done.status in (-signal.SIGKILL, 128 + signal.SIGKILL), done)
        return True

    def _processes(self):
        """Of the agent, wherever they came from: watchers over a change that nobody confirmed, too."""
        found = set()
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if self.folder.encode() in file.read():
                        found.add(int(name))
        return found

    def _end_watchers(self):
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Stage:
    def __init__(self, fleet, agent):
        self.fleet, self.agent, self.lab = fleet, agent, fleet.lab
        self.host, self.client = fleet.machines[HOST], fleet.machines["client"]
        self.kills, self.version, self.renewals = 0, 1, 0
        self.ends_at = 0  # of what is interrupted now
        self.keep_log_level = False
        self.saved = {}
        self.token = fleet.found("host", "token", "new", "--zone", "lab", "--match", f"{HOST}.{DOMAIN}", "--label",
                                 "tier=web", "--uses", 1000)["secret"]
        self._own_key()
        self.member, self.revoked, self.coming = None, [], None

    def _own_key(self):
        """The way in of before there was a CA."""
        self.own = f"{HOME}/own"
        self.client.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.own)
        self.host.must("sh", "-ec", f"umask 077; mkdir -p ~app/.ssh; echo '{self.client.read(self.own + '.pub').strip()}'"
                       " > ~app/.ssh/authorized_keys; chown -R app: ~app/.ssh")

    def enrol_words(self):
        return ["enrol", URL, "--pin", self.fleet.office.pin, "--token-file", "-", "--name", f"{HOST}.{DOMAIN}"]

    def people(self):
        """One who may log in, and one who was revoked."""
        self.member, _ = self.fleet.person(["dev"])
        key, cert = self.fleet.person(["dev"], "revoked")
        self.fleet.vouch("cert", "revoke", "--serial", cert["serial"], "--reason", "a test")
        self.revoked = [key]

    # What the machine looks like

    def save(self, name):
        """A copy of all that the agent writes to."""
        for place in PLACES:
            copy = self.lab.join("saved-" + name + place.replace("/", "-"))
            self.host.must("sh", "-ec", f"rm -rf {copy}; test ! -e {place} || cp -a {place} {copy}")
        self.saved[name] = contents(self.host.path("/etc/ssh"))

    def put_back(self, name):
        for place in PLACES:
            copy = self.lab.join("saved-" + name + place.replace("/", "-"))
            self.host.must("sh", "-ec", f"rm -rf {place}; test ! -e {copy} || cp -a {copy} {place}")
        os.kill(int(self.host.read("/run/sshd.pid")), signal.SIGHUP)
        wait_for(self.host.answers, "sshd")

    def anew(self):
        """After a failure, for what comes next."""
        self.put_back("pristine")
        self.agent.must(*self.enrol_words(), stdin=self.token + "\n")
        self.agent.must("sync")
        self.keep_log_level = False

    def files(self):
        return contents(self.host.path("/etc/ssh"))

    def left_behind(self):
        found = []
        for place in PLACES:
            for top, _, names in os.walk(self.host.path(place)):
                found += [os.path.join(top, name) for name in names
                          if name.endswith((".new", ".vouch-new")) or name == "pending" or top.endswith("/undo")]
        return found

    # Who gets in

    def lets_in_as_before(self, before):
        """Right after a kill: whatever sshd reads now, it is not worse than what it read before."""
        if os.path.relpath(CONF, "/etc/ssh") in before:
            expect(self.fleet.lets_in(self.member, "app", HOST), "a certificate", self.host.log()[-2000:])
        else:
            self.lets_in_the_key_of_before()
        expect(not self.fleet.lets_in(RAND.choice(self.revoked), "app", HOST), "one that is revoked gets in")

    def lets_in_the_key_of_before(self):
        # Before the host is enrolled nobody vouches for its key.
        done = self.client.run("ssh", "-F", f"{HOME}/ssh_config", "-o", "StrictHostKeyChecking=no", "-o",
                               "UserKnownHostsFile=/dev/null", "-i", self.own, f"app@{HOST}.{DOMAIN}", "true", timeout=30)
        expect_equal(done.status, 0, f"the key of before: {done}\n{self.host.log()[-2000:]}")

    def is_whole(self):
        expect(os.path.exists(self.host.path(CONF)), "sshd is not configured")
        expect(self.fleet.lets_in(self.member, "app", HOST), "a certificate", self.host.log()[-2000:])
        expect(not self.fleet.lets_in(self.revoked[-1], "app", HOST), "one that is revoked gets in")
        done = self.agent.run("check")
        expect_equal(done.status, 0, str(done))
        expect_equal(self.left_behind(), [], "left behind")
        shown = self.fleet.found("host", "show", f"{HOST}.{DOMAIN}")
        expect_equal(shown["state"], "active")


def contents(folder):
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def is_certificate(stage, name, content):
    path = stage.lab.write("a-cert.pub", content)
    text = stage.lab.run("ssh-keygen", "-L", "-f", path)
    return name.endswith("-cert.pub") and text.status == 0 and f"host:{HOST}.{DOMAIN}" in text.out


def neither_cut_nor_mixed(stage, before, at, after):
    """Each file is the old one or the new one; certificates may be of a renewal in between."""
    for name in sorted({*before, *at, *after}):
        if name.endswith(".vouch-new"):
            continue  # beside the file, where nobody reads it
        was = at.get(name)
        good = was in (before.get(name), after.get(name))
        expect(good or (was is not None and is_certificate(stage, name, was)), f"{name} is neither old nor new", was)


# --- What is interrupted. Each: what comes before, the command, and how the agent starts again after a kill.


class Enrolling:
    name = "enrolling"

    def before(self, stage):
        stage.put_back("pristine")

    def words(self, stage):
        return stage.enrol_words(), {"stdin": stage.token + "\n"}

    def again(self, stage):
        stage.agent.must(*stage.enrol_words(), stdin=stage.token + "\n")


class News:
    """One more is revoked, and the logins change."""
    name = "taking news"

    def before(self, stage):
        key, cert = stage.fleet.person(["dev"], "to-be-revoked")
        stage.fleet.vouch("cert", "revoke", "--serial", cert["serial"], "--reason", "a test")
        stage.coming = key  # until the list is here, it gets in
        login = "deploy" if stage.version % 2 else "nobody"
        stage.fleet.apply(POLICY.replace("logins: [app]", f"logins: [app, {login}]"), stage.version)
        stage.version += 1
        # Hosts get their state once a second.
        time.sleep(1.1)

    def words(self, stage):
        return ["sync"], {}

    def again(self, stage):
        stage.agent.must("sync")
        stage.revoked.append(stage.coming)


class Renewing:
    name = "renewing"

    def before(self, stage):
        stage.renewals += 2
        if stage.renewals > RENEWALS:
            raise NoMore

    def words(self, stage):
        return ["renew"], {}

    def again(self, stage):
        serials = [cert["serial"] for cert in stage.fleet.found("host", "show", f"{HOST}.{DOMAIN}").get("keys", [])]
        stage.agent.must("renew")
        stage.agent.must("sync")
        now = [cert["serial"] for cert in stage.fleet.found("host", "show", f"{HOST}.{DOMAIN}").get("keys", [])]
        expect(not set(serials) & set(now) or not now, (serials, now))


class Applying:
    """sshd is to be configured in another way."""
    name = "applying"

    def before(self, stage):
        stage.keep_log_level = not stage.keep_log_level

    def words(self, stage):
        return ["apply", *(["--keep-log-level"] if stage.keep_log_level else [])], {}

    def again(self, stage):
        stage.agent.must(*self.words(stage)[0])


class Confirming(Applying):
    """What was applied for a time is confirmed."""
    name = "confirming"

    def before(self, stage):
        super().before(stage)
        stage.agent.must(*super().words(stage)[0], "--confirm-within", "10m")

    def words(self, stage):
        return ["confirm"], {}

    def again(self, stage):
        done = stage.agent.run("confirm")
        expect(done.status == 0 or "V-1917" in done.err, done)


class NoMore(Exception):
    """As often as the server lets a host do this."""


# What is done, to whom, and at how many steps of it in a short run.
ACTS = ((Enrolling(), NETWORK, 1), (Enrolling(), ROOT, 2), (News(), NETWORK, 1), (News(), ROOT, 3),
        (Renewing(), NETWORK, 1), (Renewing(), ROOT, 3), (Applying(), ROOT, 3), (Confirming(), ROOT, 1))


def chosen(steps, count):
    """All of them, in any order; or so many, spread over the whole."""
    if LONG or len(steps) <= count:
        return RAND.sample(steps, len(steps))
    size = len(steps) / count
    return [steps[int(RAND.uniform(i, i + 1) * size)] for i in range(count)]


def at_step(stage, part, what, step):
    """Whether it came to that."""
    words, more = what.words(stage)
    before = stage.files()
    hit = stage.agent.killed_at(part, step, *words, **more)
    at = stage.files()
    stage.lets_in_as_before(before)
    what.again(stage)
    neither_cut_nor_mixed(stage, before, at, stage.files())
    stage.is_whole()
    return hit


def each_step(stage, part, what, count):
    what.before(stage)
    words, more = what.words(stage)
    steps = stage.agent.steps_of(part, *words, **more)
    hits, tries, picked, failures = 0, 0, chosen(steps, count), []
    for step in picked:
        if time.monotonic() > stage.ends_at:
            break
        tries += 1
        try:
            what.before(stage)
            hits += at_step(stage, part, what, step)
        except NoMore:
            break
        except Failure as failure:
            failures.append(f"killed as it entered {step[0]} number {step[1]}, of {len(steps)} steps\n{failure}")
            stage.anew()
    stage.kills += hits
    expect(not failures, f"{len(failures)} of {tries}", *failures[:20])
    expect(hits >= tries // 2, f"{hits} kills at {tries} steps of {picked}")


def begin(tap, stage):
    with tap.row("a host that is enrolled, where a certificate gets in and one that is revoked does not"):
        stage.host.start_sshd()
        config_of_client(stage.fleet)
        stage.save("pristine")
        stage.people()
        stage.agent.must(*stage.enrol_words(), stdin=stage.token + "\n")
        stage.is_whole()


def main():
    if find_program("strace") is None:
        skip_all("strace is not installed")
    tap = Tap()
    with Lab("ssh", "sshd", "ssh-keygen", "ip", "unshare", "nsenter") as lab:
        fleet = Fleet(lab, find_vouchd(), {HOST: "web"})
        stage = Stage(fleet, Agent(lab, fleet.machines[HOST], fleet.agent))
        begin(tap, stage)
        end = time.monotonic() + BUDGET_S
        for i, (what, part, count) in enumerate(ACTS):
            stage.ends_at = time.monotonic() + (end - time.monotonic()) / (len(ACTS) - i)
            if tap.failed == 0 or LONG:
                with tap.row(f"kill -9 of {part} at the steps of {what.name}"):
                    each_step(stage, part, what, count)
        with tap.row("H2: sshd that starts before the agent does refuses who is revoked from its first connection on"):
            stage.host.stop_sshd()
            wait_for(lambda: not stage.host.answers(), "sshd to end")
            stage.host.start_sshd()
            expect(not fleet.lets_in(stage.revoked[-1], "app", HOST), "one that is revoked gets in")
            expect(fleet.lets_in(stage.member, "app", HOST), stage.host.log()[-2000:])
        with tap.row("the ledger is whole"):
            expect_equal(fleet.office.verify()["verdict"], "proven")
        note(f"{stage.kills} kills, seed {SEED}")
    tap.done()


if __name__ == "__main__":
    main()
