# SPDX-License-Identifier: ISC
"""Proves that run-tests counts right, and that no way of failing looks like success."""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
import tally
import tap


def entry(**more):
    return {"result": "OK", "returncode": 0, "stdout": "", "duration": 1.0, "command": ["x"], **more}


class Counting(tap.unittest.TestCase):
    def count(self, output, is_tap=True, **more):
        counted = tally.count_entry("x", entry(stdout=output, **more), is_tap)
        return counted.passed, len(counted.failed), len(counted.skipped)

    def test_counts_each_sub_test(self):
        self.assertEqual(self.count("1..2\nok 1 - a\nok 2 - b\n"), (2, 0, 0))

    def test_counts_a_failed_sub_test(self):
        said = "1..2\nok 1 - a\nnot ok 2 - b\n# why\n"
        self.assertEqual(self.count(said, result="FAIL", returncode=1), (1, 1, 0))

    def test_counts_skips_of_tap_and_of_cmocka(self):
        said = "1..3\nok 1 - a\nok 2 - b # SKIP no agent\nnot ok 3 # SKIP c\n"
        self.assertEqual(self.count(said, result="FAIL"), (1, 0, 2))

    def test_counts_a_program_that_skips_all(self):
        self.assertEqual(self.count("1..0 # SKIP no putty\n", result="SKIP"), (0, 0, 1))

    def test_fails_a_crash_after_good_sub_tests(self):
        self.assertEqual(self.count("1..1\nok 1 - a\n", result="ERROR", returncode=-6), (1, 1, 0))

    def test_fails_a_crash_before_the_plan_is_kept(self):
        counted = self.count("1..3\nok 1 - a\n", result="ERROR", returncode=-11)
        self.assertEqual(counted, (1, 2, 0))

    def test_fails_a_bad_exit_status_after_good_sub_tests(self):
        self.assertEqual(self.count("1..1\nok 1 - a\n", result="ERROR", returncode=1), (1, 1, 0))

    def test_fails_a_program_that_says_nothing(self):
        self.assertEqual(self.count(""), (0, 1, 0))

    def test_fails_too_few_and_too_many_sub_tests(self):
        self.assertEqual(self.count("1..2\nok 1 - a\n"), (1, 1, 0))
        self.assertEqual(self.count("1..1\nok 1 - a\nok 2 - b\n"), (2, 1, 0))

    def test_fails_a_timeout(self):
        self.assertEqual(self.count("1..1\nok 1\n", result="TIMEOUT", returncode=-15), (1, 1, 0))
        self.assertEqual(self.count("", is_tap=False, result="TIMEOUT"), (0, 1, 0))

    def test_fails_a_bail_out(self):
        self.assertEqual(self.count("1..1\nok 1\nBail out! no disk\n")[1], 1)

    def test_counts_programs_that_only_have_an_exit_status(self):
        self.assertEqual(self.count("", is_tap=False), (1, 0, 0))
        self.assertEqual(self.count("", is_tap=False, result="FAIL", returncode=1), (0, 1, 0))
        self.assertEqual(self.count("why\n", is_tap=False, result="SKIP"), (0, 0, 1))

    def test_ends_with_one_exact_line(self):
        total = tally.Tally()
        self.assertEqual((total.report().splitlines()[-1], total.status()), ("0 passed, 0 failed", 1))
        total.passed = 12
        self.assertEqual((total.report(), total.status()), ("12 passed, 0 failed", 0))
        total.skipped.append(("a", "b"))
        self.assertEqual(total.report().splitlines()[-1], "12 passed, 0 failed, 1 skipped")
        total.fail("a", "b", "log")
        last = "12 passed, 1 failed, 1 skipped"
        self.assertEqual((total.report().splitlines()[-1], total.status()), (last, 1))


MESON = """project('tiny')
test('good', files('good.sh'), protocol: 'tap', suite: 'unit')
test('bad', files('bad.sh'), protocol: 'tap', suite: 'house')
test('slow', files('slow.sh'), suite: 'system', timeout: 1)
"""
BUILD = """#!/bin/sh
cd "$(dirname "$0")/.." || exit 1
[ ! -e broken ] || exit 1
[ -d "build/$1" ] || meson setup "build/$1" >/dev/null
"""
TINY = {
    "good.sh": "#!/bin/sh\nprintf '1..2\\nok 1 - a\\nok 2 - b # SKIP no b\\n'\n",
    "bad.sh": "#!/bin/sh\necho '1..1'; echo 'not ok 1 - c'; echo why >&2; exit 1\n",
    "slow.sh": "#!/bin/sh\nsleep 20\n",
    "tools/build-tree": BUILD,
    "meson.build": MESON,
}


class Running(tap.CheckCase):
    """Over a tree of its own, whose tests are shell scripts."""

    def setUp(self):
        super().setUp()
        for name, text in TINY.items():
            self.write(name, text)
            os.chmod(os.path.join(self.root, name), 0o755)

    def run_tests(self, *options):
        command = [sys.executable, os.path.join(tap.TOOLS, "run-tests"), "--root", self.root]
        done = subprocess.run([*command, *options], capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()

    def test_passes_when_all_passed(self):
        status, lines = self.run_tests("good")
        self.assertEqual((status, lines[-1]), (0, "1 passed, 0 failed, 1 skipped"))
        self.assertIn("  good: b: no b", lines)

    def test_names_a_failed_test_and_its_log(self):
        status, lines = self.run_tests("--quick")
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed, 1 skipped"))
        self.assertIn("  bad: c: failed", lines)
        self.assertIn("    log: build/logs/asan/bad.log", lines)
        with open(os.path.join(self.root, "build/logs/asan/bad.log"), encoding="utf-8") as file:
            self.assertIn("why", file.read())

    def test_fails_a_test_that_does_not_end(self):
        status, lines = self.run_tests("slow")
        self.assertEqual((status, lines[-1]), (1, "0 passed, 1 failed"))

    def test_fails_when_nothing_ran(self):
        status, lines = self.run_tests("no-such-test")
        self.assertEqual((status, lines[-1]), (1, "0 passed, 0 failed"))

    def test_fails_when_there_is_no_fuzz_target(self):
        status, lines = self.run_tests()
        self.assertEqual(status, 1)
        self.assertIn("  fuzz: build/clang has no fuzz target", lines)

    def test_fails_when_it_breaks_off_itself(self):
        os.remove(os.path.join(self.root, "tools/build-tree"))
        status, lines = self.run_tests("--quick")
        self.assertEqual((status, lines[-1]), (1, "0 passed, 1 failed"))

    def test_fails_when_it_does_not_build(self):
        self.write("broken", "")
        status, lines = self.run_tests("--quick")
        self.assertEqual((status, lines[-1]), (1, "0 passed, 1 failed"))


class Fuzzing(tap.unittest.TestCase):
    def setUp(self):
        script = tap.load("run-tests")
        self.judge = script.judge_fuzz
        script.say = lambda text: None

    def count(self, status, output):
        counted = self.judge("fuzz-x", status, output, "log")
        return counted.passed, len(counted.failed)

    STATS = "#9 DONE cov: 4 ft: 4\nstat::number_of_executed_units: 9\nstat::average_exec_per_sec: 3\n"

    def test_passes_a_target_that_ran(self):
        self.assertEqual(self.count(0, self.STATS), (1, 0))

    def test_fails_a_finding(self):
        self.assertEqual(self.count(77, self.STATS + "Test unit written to ./crash-1\n"), (0, 1))

    def test_fails_a_target_that_ran_nothing(self):
        self.assertEqual(self.count(0, "INFO: hello\n"), (0, 1))
        self.assertEqual(self.count(0, self.STATS.replace("units: 9", "units: 0")), (0, 1))

    def test_fails_a_target_that_does_not_end(self):
        self.assertEqual(self.count(None, self.STATS), (0, 1))


if __name__ == "__main__":
    tap.main()
