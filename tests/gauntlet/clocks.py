#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: a clock that is wrong. Rows S1 and C17: a CA whose clock was put back does not sign, and
none of its certificates outlives what was asked for.

    clocks.py MODULE, the library built from lib/fake-clock.c
"""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Issuer, Lab
from tap import Tap, expect, expect_equal

HOUR = 3600


class Clock(Issuer):
    """A CA, and `vouch` run at another time of day."""

    def __init__(self, lab, module):
        super().__init__(lab)
        self.module = module

    def run(self, offset, *words):
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        env = dict(
            self.lab.env, LD_PRELOAD=self.module, FAKE_CLOCK=str(offset), ASAN_OPTIONS=options
        )
        return self.lab.vouch(*words, env=env)

    def sign(self, offset, *options):
        if os.path.exists(self.cert):
            os.unlink(self.cert)
        words = ("--ca", self.ca, "--id", "x", "--principals", "alice", *options)
        return self.run(offset, "sign", "user", *words, self.key + ".pub")

    def refused(self, done):
        expect(done.status != 0 and "[V-1306]" in done.err, done)
        expect(not os.path.exists(self.cert), "a certificate appeared")


def back(clock, tap):
    with tap.row("S1_the_false_clock_is_seen_at_all"):
        expect_equal(clock.sign(0).status, 0)
        done = clock.sign(HOUR)
        expect(done.status == 0, done)
        expect(abs(clock.read()["after"] - time.time() - HOUR + 60) < 30, clock.read()["after"])
    with tap.row("S1_a_clock_behind_the_last_record_signs_nothing"):
        # The record of an hour ahead is there: now, a day ago and 1970 all lie before it.
        for offset in (0, -86400, -int(time.time()) + 86400):
            clock.refused(clock.sign(offset))
    with tap.row("S1_the_same_by_keygen_in_the_folder_of_the_ca"):
        words = ("-s", clock.ca + "/user_ca", "-I", "x", "-n", "alice", "-V", "+1h", "-z", "5000")
        done = clock.run(-86400, "keygen", *words, clock.key + ".pub")
        expect(done.status == 255 and not os.path.exists(clock.cert), done)
    with tap.row("S1_a_few_seconds_back_are_borne_and_the_ledger_stays_in_order"):
        done = clock.sign(HOUR - 3)
        expect(done.status == 0, done)
        clock.lab.must_vouch("ledger", "verify", clock.ca)
    with tap.row("S1_when_the_clock_is_right_again_it_signs_again"):
        done = clock.sign(HOUR + 60)
        expect(done.status == 0, done)
        clock.lab.must_vouch("ledger", "verify", clock.ca, "--cert", clock.cert)


def spans(clock, tap):
    with tap.row("C17_a_certificate_is_as_long_as_asked_whatever_the_year"):
        for year in (2027, 2037, 2038, 2039, 2105, 2106, 2107):
            other = Clock(clock.lab, clock.module)
            moment = int((year - 1970) * 365.2425 * 86400)
            done = other.sign(moment - int(time.time()), "--valid", "1h")
            expect(done.status == 0, f"in {year}", done)
            cert = other.read()
            expect_equal(cert["before"] - cert["after"], HOUR + 60, f"seconds in {year}")
            expect(abs(cert["after"] + 60 - moment) < 60, f"in {year}: {cert['after']}")
    with tap.row("C17_the_last_day_of_the_32_bit_clock_is_crossed"):
        other = Clock(clock.lab, clock.module)
        done = other.sign(2**31 - 30 - int(time.time()), "--valid", "1m")
        expect(done.status == 0, done)
        cert = other.read()
        expect(cert["after"] < 2**31 < cert["before"], (cert["after"], cert["before"]))


def main():
    with Lab("ssh-keygen") as lab:
        tap = Tap()
        clock = Clock(lab, sys.argv[1])
        for part in (back, spans):
            part(clock, tap)
        tap.done()


if __name__ == "__main__":
    main()
