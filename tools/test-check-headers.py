# SPDX-License-Identifier: ISC
"""Proves that check-headers fails for each thing that a header must have."""

import sys

sys.dont_write_bytecode = True
import tap

OPENING = "// SPDX-License-Identifier: ISC\n// Counts things that are worth counting, and no others.\n"
HEADER = OPENING + "#pragma once\n\n// How many there are.\nint vouch_thing_count(int kind);\n"
MAP = "LIBVOUCH_0 {\nglobal:\n    vouch_thing_count;\nlocal:\n    *;\n};\n"
MANUAL = ".Sh NAME\n.Nm vouch_thing_count\n"


class Headers(tap.CheckCase):
    tool = "check-headers"

    def library(self, header=HEADER, version_script=MAP, manual=MANUAL):
        self.write("include/vouch/thing.h", header)
        self.write("src/core/libvouch.map", version_script)
        self.write("man/vouch_thing.3", manual)

    def test_passes_a_whole_library(self):
        self.library()
        self.write("src/base/x.h", OPENING + "#pragma once\nstruct x;\n")
        self.assert_clean()

    def test_finds_a_missing_licence(self):
        self.library(HEADER.replace("ISC", "MIT", 1))
        self.assert_finds("include/vouch/thing.h:1:", "SPDX-License-Identifier: ISC")

    def test_finds_a_missing_paragraph(self):
        self.library(HEADER.replace("// Counts things that are worth counting, and no others.\n", ""))
        self.assert_finds("thing.h:2:", "a paragraph must say")

    def test_finds_a_missing_pragma(self):
        self.library(HEADER.replace("#pragma once", ""))
        self.assert_finds("#pragma once is missing")

    def test_finds_a_missing_contract(self):
        self.library(HEADER.replace("// How many there are.", ""))
        self.assert_finds("thing.h:6:", "vouch_thing_count has no contract")

    def test_finds_a_missing_contract_after_a_blank_line(self):
        self.library(HEADER.replace("there are.\n", "there are.\n\n"))
        self.assert_finds("thing.h:7:", "vouch_thing_count has no contract")

    def test_finds_a_missing_contract_of_an_inline_function(self):
        self.library(HEADER + "\nstatic inline int one(void) {\n    return 1;\n}\n")
        self.assert_finds("thing.h:8:", "one has no contract")

    def test_does_not_take_a_note_at_the_line_for_a_contract(self):
        self.library(HEADER.replace("// How many there are.", "").replace(";", "; // a note"))
        self.assert_finds("vouch_thing_count has no contract")

    def test_asks_no_contract_of_an_ender_inside_the_house(self):
        self.write("src/base/x.h", OPENING + "#pragma once\nvoid vouch_x_done(int *x);\n")
        self.assert_clean()
        self.library(HEADER + "\nvoid vouch_thing_done(int *x);\n")
        self.assert_finds("thing.h:8:", "vouch_thing_done has no contract")

    def test_passes_one_contract_for_a_group(self):
        self.write("src/base/x.h", OPENING + "#pragma once\n// Both.\nint a(void);\nint b(void);\n")
        self.assert_clean()

    def test_finds_a_header_that_needs_another(self):
        self.write("src/base/x.h", OPENING + "#pragma once\n// Size.\nsize_t a(void);\n")
        lines = self.assert_finds("src/base/x.h:5:", "does not compile alone with gcc")
        self.assertTrue(any("with clang-14" in line for line in lines), lines)

    def test_finds_an_include_that_does_not_exist(self):
        self.write("src/base/x.h", OPENING + '#pragma once\n#include "base/nothing.h"\n')
        self.assert_finds("src/base/x.h:4:", "does not compile alone")

    def test_finds_a_function_that_is_not_exported(self):
        self.library(version_script=MAP.replace("    vouch_thing_count;\n", ""))
        self.assert_finds("thing.h:6:", "vouch_thing_count is not in src/core/libvouch.map")

    def test_does_not_take_a_pattern_for_an_export(self):
        self.library(version_script=MAP.replace("thing_count", "*"))
        self.assert_finds("vouch_thing_count is not in src/core/libvouch.map")

    def test_does_not_take_a_local_name_or_a_comment_for_an_export(self):
        text = "V {\nglobal:\n    vouch_o;\n/* vouch_thing_count; */\nlocal:\n vouch_thing_count;\n};\n"
        self.library(version_script=text)
        self.assert_finds("vouch_thing_count is not in src/core/libvouch.map")

    def test_finds_an_export_that_no_header_declares(self):
        self.library(version_script=MAP.replace("local", "    vouch_gone;\nlocal"))
        self.assert_finds("src/core/libvouch.map:4:", "vouch_gone is declared in no header")

    def test_finds_a_missing_version_script(self):
        self.write("include/vouch/thing.h", HEADER)
        self.assert_finds("src/core/libvouch.map:1:", "missing")

    def test_finds_a_function_without_manual(self):
        self.library(manual=MANUAL.replace("vouch_thing_count", "vouch_thing_size"))
        self.assert_finds("thing.h:6:", "vouch_thing_count has no manual")

    def test_passes_a_function_in_a_synopsis(self):
        self.library(manual='.Ft int\n.Fn vouch_thing_count "int kind"\n')
        self.assert_clean()


if __name__ == "__main__":
    tap.main()
