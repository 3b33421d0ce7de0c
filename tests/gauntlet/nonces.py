#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: the secret number of each ECDSA signature. Row K2.

PuTTY once made these numbers for P-521 with nine bits always zero, and sixty signatures gave the key
away (CVE-2024-31497). Here the key is known, so the numbers can be computed back from the signatures
and looked at themselves, not only what is seen of them from outside.
"""

import collections
import hashlib
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sshwire
from signing import ORDERS, signature_parts
from tap import Tap, expect, expect_equal, note

CURVES = (
    ("p256", "nistp256", hashlib.sha256, 100_000),
    ("p384", "nistp384", hashlib.sha384, 4_000),
    ("p521", "nistp521", hashlib.sha512, 10_000),
)
TOP_BITS = 6
# Chance of a false alarm: a chi-squared of 63 degrees of freedom over 160 comes once in 10^10.
CHI_SQUARED_LIMIT = 160


class Signatures:
    """A key and its signatures over 0, 1, 2 and so on."""

    def __init__(self, program, name, curve, hashing, count):
        done = subprocess.run([program, name, str(count)], capture_output=True, check=True)
        lines = done.stdout.decode().split()
        self.order = ORDERS[curve]
        self.hashing = hashing
        self.d = self._private(bytes.fromhex(lines[0]))
        self.pairs = [signature_parts(bytes.fromhex(line)) for line in lines[1:]]

    def _private(self, content):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            return sshwire.read_private(file.name)[1]["d"]

    def _digest(self, number):
        data = self.hashing(sshwire.u64(number)).digest()
        surplus = max(0, len(data) * 8 - self.order.bit_length())
        return int.from_bytes(data, "big") >> surplus

    def secret_numbers(self):
        """k = (h + r d) / s for each signature."""
        n = self.order
        return [
            (self._digest(i) + r * self.d) * pow(s, -1, n) % n for i, (r, s) in enumerate(self.pairs)
        ]


def chi_squared(values, order):
    """How far the top bits of numbers below `order` are from evenly spread."""
    buckets = 1 << TOP_BITS
    counts = collections.Counter(value * buckets // order for value in values)
    wanted = len(values) / buckets
    return sum((counts[b] - wanted) ** 2 / wanted for b in range(buckets))


def check_even(values, order, what):
    found = chi_squared(values, order)
    note(f"{what}: chi-squared {found:.1f} with {(1 << TOP_BITS) - 1} degrees of freedom")
    expect(found < CHI_SQUARED_LIMIT, f"the top bits of {what} are not evenly spread: {found:.1f}")
    low = chi_squared([(v % (1 << 32)) for v in values], 1 << 32)
    expect(low < CHI_SQUARED_LIMIT, f"the low bits of {what} are not evenly spread: {low:.1f}")


def curve(tap, program, row):
    name, curve_name, hashing, count = row
    signatures = None
    with tap.row(f"K2_{name}_{count}_signatures_are_all_different"):
        signatures = Signatures(program, name, curve_name, hashing, count)
        expect_equal(len(signatures.pairs), count)
        expect_equal(len({r for r, _ in signatures.pairs}), count, "different r")
    with tap.row(f"K2_{name}_r_and_s_are_evenly_spread"):
        check_even([r for r, _ in signatures.pairs], signatures.order, "r")
        check_even([s for _, s in signatures.pairs], signatures.order, "s")
    with tap.row(f"K2_{name}_the_secret_numbers_are_evenly_spread_over_the_whole_order"):
        numbers = signatures.secret_numbers()
        expect_equal(len(set(numbers)), count, "different k")
        check_even(numbers, signatures.order, "k")
        # The fault of CVE-2024-31497: no number ever in the upper part of the order.
        expect(max(numbers) > signatures.order - (signatures.order >> 8), "k never comes near n")
        expect(min(numbers) < signatures.order >> 8, "k never comes near 0")


def alarm(tap):
    """The test itself has to see a bias, or it proves nothing."""
    with tap.row("K2_the_measure_sees_a_bias_of_nine_bits"):
        order = ORDERS["nistp521"]
        import random

        generator = random.Random(1)
        good = [generator.randrange(order) for _ in range(4000)]
        bad = [k >> 9 for k in good]
        expect(chi_squared(good, order) < CHI_SQUARED_LIMIT, "an alarm without a cause")
        expect(chi_squared(bad, order) > CHI_SQUARED_LIMIT, "no alarm")


def main():
    tap = Tap()
    alarm(tap)
    for row in CURVES:
        curve(tap, sys.argv[1], row)
    tap.done()


if __name__ == "__main__":
    main()
