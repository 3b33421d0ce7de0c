# SPDX-License-Identifier: ISC
"""Proves that check-text and check-format fail for each thing they forbid."""

import os
import shutil
import sys

sys.dont_write_bytecode = True
import tap

OPENING = "// SPDX-License-Identifier: ISC\n// Does one thing.\n"


class Text(tap.CheckCase):
    tool = "check-text"

    def c(self, text, name="src/core/x.c"):
        self.write(name, OPENING + text)

    def test_passes_a_good_tree(self):
        self.c("int f(void) {\n    return snprintf(a, 2, \"strcpy(\");\n}\n")
        self.write("README.md", "# A tree\n")
        self.write("tool", "#!/bin/sh\n# SPDX-License-Identifier: ISC\n")
        self.assert_clean()

    def test_finds_a_missing_licence_in_each_kind_of_file(self):
        names = ["src/core/x.c", "src/core/x.h", "tools/x.py", "meson.build", "man/x.1",
                 "dist/completions/x.bash", "src/core/x.map", "src/web/x.mjs", "src/web/x.ts",
                 "src/web/x.tsx", "src/web/x.css"]
        for name in [*names, "script"]:
            self.write(name, "#!/bin/sh\n" if name == "script" else "x\n")
        lines = self.assert_finds("script:1:", "the licence line is missing")
        self.assertEqual(len(lines), len(names) + 1)

    def test_finds_a_source_without_its_paragraph(self):
        self.write("src/core/x.c", "// SPDX-License-Identifier: ISC\n#include <a.h>\n")
        self.assert_finds("src/core/x.c:2:", "a paragraph must say")

    def test_finds_blanks_at_the_end_of_a_line(self):
        self.write("README.md", "one\ntwo \n")
        self.assert_finds("README.md:2:", "at the end of the line")

    def test_finds_carriage_returns(self):
        self.write("README.md", "one\r\n")
        self.assert_finds("README.md:1:", "carriage return")

    def test_finds_a_file_without_its_last_line_end(self):
        self.write("README.md", "one\ntwo")
        self.assert_finds("README.md:2:", "no line end")

    def test_finds_notes_to_self(self):
        for word in ("TO" + "DO", "FIX" + "ME", "X" * 3):
            self.write("README.md", f"one\n{word}: later\n")
            self.assert_finds("README.md:2:", word)

    def test_passes_a_template_of_mkstemp(self):
        self.write("README.md", "file." + "X" * 6 + "\n")
        self.assert_clean()

    def test_finds_paths_of_one_machine(self):
        for path in ("/wo" + "rk/main", "/ho" + "me/me/x"):
            self.write("README.md", f"cd {path}\n")
            self.assert_finds("README.md:1:", "a path of one machine")

    def test_leaves_test_data_as_it_is(self):
        self.write("tests/data/x.c", "TO" + "DO \r\n")
        self.assert_clean()

    def test_finds_names_that_say_nothing(self):
        for name in ("src/core/util.md", "src/core/str-utils.md", "common/x.md"):
            self.write(name, "x\n")
            self.assert_finds(name + ":1:", "says nothing")

    def test_finds_each_unsafe_function(self):
        for call in "strcpy strcat sprintf gets strtok atoi".split():
            self.c(f"void f(void) {{\n    {call}(a, b);\n}}\n")
            self.assert_finds("src/core/x.c:4:", f"{call}() is not used here")

    def test_finds_an_unsafe_function_in_a_dead_branch(self):
        self.c("#if 0\nint a = atoi(b);\n#endif\n", "src/base/x.c")
        self.assert_finds("src/base/x.c:4:", "atoi()")

    def test_passes_longer_names_of_unsafe_functions(self):
        self.c("void f(void) {\n    fgets(a);\n    strtok_r(b);\n    a.strcpy = 1;\n}\n")
        self.assert_clean()

    def test_finds_a_typedef_of_a_struct(self):
        self.c("typedef struct a {\n    int b;\n} a;\n")
        self.assert_finds("src/core/x.c:3:", "no typedef of a struct")

    def test_passes_a_typedef_of_a_function(self):
        self.c("typedef int vouch_sign_fn(void *, struct a *);\n")
        self.assert_clean()

    def test_finds_conditionals_outside_base(self):
        self.c("#ifdef A\n#endif\n")
        self.assert_finds("src/core/x.c:3:", "#ifdef only in base/")

    def test_passes_conditionals_in_base_and_the_sandboxes(self):
        self.c("#if A\n#endif\n", "src/base/x.c")
        self.c("#if A\n#endif\n", "src/ipc/sandbox-x.c")
        self.assert_clean()

    def test_finds_goto_beside_cleanup(self):
        self.c("#define vouch_autothing VOUCH_CLEANUP(vouch_thing_at_end)\n", "src/base/x.h")
        self.c("void f(void) {\n    vouch_autothing int a = 1;\n    goto end;\nend:\n    return;\n}\n")
        self.assert_finds("src/core/x.c:3:", "f uses goto beside a cleanup")

    def test_passes_goto_in_another_function(self):
        self.c("void f(void) {\n    VOUCH_CLEANUP(x) int a = 1;\n}\n"
               "void g(void) {\n    goto end;\nend:\n    return;\n}\n")
        self.assert_clean()


class Format(tap.CheckCase):
    tool = "check-format"

    def setUp(self):
        super().setUp()
        style = os.path.join(os.path.dirname(tap.TOOLS), ".clang-format")
        shutil.copy(style, self.root)

    def test_passes_the_layout(self):
        self.write("src/core/x.c", "int f(char *a) {\n    return a[0];\n}\n")
        self.assert_clean()

    def test_finds_another_layout(self):
        self.write("src/core/x.c", "int f(char *a) {\n    return a[0];\n}\nint g(char* a);\n")
        self.assert_finds("src/core/x.c:4:", "not in the layout")

    def test_finds_it_in_a_header(self):
        self.write("include/x.h", "int  x;\n")
        self.assert_finds("include/x.h:1:", "not in the layout")


if __name__ == "__main__":
    tap.main()
