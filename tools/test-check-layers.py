# SPDX-License-Identifier: ISC
"""Proves that check-layers fails for each thing it forbids, and only for those."""

import sys

sys.dont_write_bytecode = True
import tap


class Layers(tap.CheckCase):
    tool = "check-layers"

    def include(self, name, *headers):
        self.write(name, "".join(f"#include {h}\n" for h in headers))

    def test_passes_what_the_table_allows(self):
        self.include("src/core/x.c", '"core/x.h"', '"base/mem.h"', '"vouch/key.h"', "<string.h>")
        self.include("src/ledger/x.c", '"vouch/key.h"', '"core/x.h"', '"base/io.h"')
        self.include("src/base/x.c", '"vouch/err.h"', '"vouch/buf.h"', "<sys/stat.h>")
        self.include("include/vouch/x.h", '"vouch/err.h"', "<stdint.h>")
        self.assert_clean()

    def test_finds_a_module_to_the_left(self):
        self.include("src/core/x.c", "<string.h>", '"ledger/tree.h"')
        self.assert_finds("src/core/x.c:2:", "core may not use ledger")

    def test_finds_base_that_knows_of_ssh(self):
        self.include("src/base/x.c", '"vouch/key.h"')
        self.assert_finds("base may not use core")

    def test_finds_it_in_tests_beside_the_code_too(self):
        self.include("src/core/test-x.c", '"ledger/tree.h"')
        self.assert_finds("src/core/test-x.c:1:", "core may not use ledger")

    def test_finds_it_in_a_branch_that_is_not_compiled(self):
        self.write("src/core/x.c", '#if 0\n#  include "ledger/tree.h"\n#endif\n')
        self.assert_finds("src/core/x.c:2:", "core may not use ledger")

    def test_finds_it_behind_angle_brackets(self):
        self.include("src/http/x.c", "<vouch/key.h>")
        self.assert_finds("http may not use core")

    def test_finds_a_module_without_a_row(self):
        self.include("src/plugin/x.c", '"base/io.h"')
        self.assert_finds("module plugin has no row")

    def test_finds_a_program_that_uses_too_much(self):
        self.include("src/prog/vouch/x.c", '"prog/vouch/x.h"', '"http/server.h"')
        self.assert_finds("x.c:2:", "prog/vouch may not use http")

    def test_passes_a_single_header_of_a_closed_module_and_no_other(self):
        self.include("src/prog/vouch/x.c", '"identity/qr.h"')
        self.assert_clean()
        self.include("src/prog/vouch/x.c", '"identity/qr.h"', '"identity/identity.h"')
        self.assert_finds("x.c:2:", "prog/vouch may not use identity")

    def test_finds_an_include_without_its_layer(self):
        self.include("src/core/x.c", '"x.h"')
        self.assert_finds("lacks its layer")

    def test_finds_a_way_up(self):
        self.include("src/core/x.c", '"core/../base/x.h"')
        self.assert_finds("lacks its layer")

    def test_finds_a_private_header_in_an_installed_one(self):
        self.include("include/vouch/x.h", '"core/x.h"')
        self.assert_finds("an installed header may not include")

    def test_finds_a_private_header_in_an_example(self):
        self.include("doc/example.c", "<vouch/key.h>", '"core/x.h"')
        self.assert_finds("doc/example.c:2:", "an example may include only vouch/*.h")

    def test_finds_a_library_outside_its_files(self):
        self.include("src/prog/vouch/x.c", "<openssl/evp.h>")
        self.assert_finds("OpenSSL (<openssl/evp.h>) is only for")

    def test_finds_a_test_library_in_the_program(self):
        self.include("src/core/x.c", "<cmocka.h>")
        self.assert_finds("cmocka (<cmocka.h>) is only for")

    def test_finds_a_library_that_nobody_chose(self):
        self.include("src/core/x.c", "<glib.h>")
        self.assert_finds("<glib.h> is of no library")

    def test_finds_an_include_by_macro(self):
        self.include("src/core/x.c", "HEADER")
        self.assert_finds("must name its file")

    def test_finds_a_clock_in_a_pure_module(self):
        self.write("src/core/x.c", "int f(void) {\n    return time(NULL);\n}\n")
        self.assert_finds("src/core/x.c:2:", "no call of time()")

    def test_passes_a_field_or_an_own_function_of_such_a_name(self):
        self.write("src/core/x.c", "static int read(int a) {\n    return a;\n}\n"
                   "int f(struct s *p) {\n    return p->open(1) + read(2);\n}\n")
        self.assert_clean()

    def test_passes_a_test_of_a_pure_module_that_prints(self):
        self.write("src/core/test-x.c", 'int f(void) {\n    printf("x");\n}\n')
        self.assert_clean()


if __name__ == "__main__":
    tap.main()
