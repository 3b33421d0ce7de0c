# SPDX-License-Identifier: ISC
"""Proves that check-web fails for each thing that it is there to find."""

import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
import tap

PACKAGES = {"": {"name": "x"}, "node_modules/a": {"version": "1", "integrity": "sha512-x"}}

# Stand for npm and node: packages come at once, types are good, and the build copies a file.
NPM = "#!/bin/sh\nexit %d\n"
NODE = """#!/bin/sh
case "$1" in
*/tsc) %s ;;
build.mjs) mkdir -p dist && cp app/main.tsx dist/app.js ;;
esac
"""


class Web(tap.CheckCase):
    tool = "check-web"

    def setUp(self):
        super().setUp()
        programs = tempfile.TemporaryDirectory(prefix="house-bin-")
        self.addCleanup(programs.cleanup)
        self.programs = programs.name
        self.path = os.environ["PATH"]
        os.environ["PATH"] = self.programs + ":" + self.path
        self.addCleanup(os.environ.__setitem__, "PATH", self.path)
        self.program("npm", NPM % 0)
        self.program("node", NODE % ":")
        self.write("src/web/package-lock.json", json.dumps({"packages": PACKAGES}))
        self.write("src/web/app/main.tsx", "one\n")
        self.write("src/web/dist/app.js", "one\n")

    def program(self, name, text):
        path = os.path.join(self.programs, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def test_passes_what_is_built_from_its_sources(self):
        self.assert_clean()

    def test_finds_other_bytes(self):
        self.write("src/web/app/main.tsx", "two\n")
        self.assert_finds("src/web/dist/app.js:1:", "differs")

    def test_finds_a_file_that_is_left_over(self):
        self.write("src/web/dist/old.js", "one\n")
        self.assert_finds("src/web/dist/old.js:1:", "is left over")

    def test_finds_a_file_that_is_missing(self):
        os.remove(os.path.join(self.root, "src/web/dist/app.js"))
        self.assert_finds("src/web/dist/app.js:1:", "is missing")

    def test_finds_types_that_do_not_fit(self):
        self.program("node", NODE % "echo \"app/main.tsx(3,7): error TS1: no\"; exit 2")
        self.assert_finds("src/web/app/main.tsx:3:", "error TS1: no")

    def test_finds_a_lock_file_that_names_a_registry_or_no_hash(self):
        for facts, word in (({"integrity": "sha512-x", "resolved": "https://a/b"}, "https://a/b"), ({}, "no integrity")):
            for name in ("src/web/package-lock.json", "tests/browser/package-lock.json"):
                self.write(name, json.dumps({"packages": {**PACKAGES, "node_modules/b": facts}}))
                self.assert_finds(name + ":1:", word)
                self.write(name, json.dumps({"packages": PACKAGES}))

    def test_does_not_take_a_registry_that_is_away_for_a_good_build(self):
        self.program("npm", NPM % 1)
        status, _, err = self.run_tool()
        self.assertEqual(status, 2, err)
        self.assertIn("npm ci: exit 1", err)


if __name__ == "__main__":
    tap.main()
