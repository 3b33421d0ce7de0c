# SPDX-License-Identifier: ISC
"""Proves that check-sizes measures right, and fails over each of its limits."""

import sys

sys.dont_write_bytecode = True
import csource
import tap


def only(text):
    functions, _ = csource.parse(text)
    assert len(functions) == 1, [f.name for f in functions]
    return functions[0]


class Limits(tap.CheckCase):
    tool = "check-sizes"

    def c(self, text):
        self.write("src/base/x.c", text)

    def test_passes_a_small_file(self):
        self.c("int f(void) {\n    return 0;\n}\n")
        self.assert_clean()

    def test_passes_a_function_of_80_lines(self):
        self.c("int f(void) {\n" + "    g();\n" * 78 + "}\n")
        self.assert_clean()

    def test_finds_a_function_of_81_lines(self):
        self.c("\nint f(void) {\n" + "    g();\n" * 79 + "}\n")
        self.assert_finds("src/base/x.c:2:", "f has 81 lines")

    def test_counts_the_lines_of_a_head_over_many_lines(self):
        self.c("int f(int a,\n      int b) {\n" + "    g();\n" * 78 + "}\n")
        self.assert_finds("f has 81 lines")

    def test_passes_four_levels_of_braces(self):
        self.c("int f(void) {\nif (a) {\nfor (;;) {\nwhile (b) {\ng();\n}\n}\n}\n}\n")
        self.assert_clean()

    def test_finds_five_levels_of_braces(self):
        self.c("int f(void) {\nif (a) {\nfor (;;) {\nwhile (b) {\nif (c) {\n}\n}\n}\n}\n}\n")
        self.assert_finds("f has 5 levels of braces")

    def test_finds_nine_parameters(self):
        self.c("int f(int a, int b, int c, int d, int e, int g, int h, int i, int j) {\n}\n")
        self.assert_finds("f has 9 parameters")

    def test_finds_nine_parameters_of_a_declaration(self):
        self.write("include/x.h", "int f(int a, int b, int c, int d, int e, int, int, int, int);\n")
        self.assert_finds("include/x.h:1:", "f has 9 parameters")

    def test_passes_a_complexity_of_20(self):
        self.c("int f(void) {\n" + "    if (a) b();\n" * 19 + "}\n")
        self.assert_clean()

    def test_finds_a_complexity_of_21(self):
        self.c("int f(void) {\n" + "    if (a) b();\n" * 20 + "}\n")
        self.assert_finds("f has a cyclomatic complexity of 21")

    def test_finds_a_source_of_801_lines(self):
        self.c("int x;\n" * 801)
        self.assert_finds("file has 801 lines")

    def test_finds_a_header_of_201_lines(self):
        self.write("src/base/x.h", "int x;\n" * 201)
        self.assert_finds("src/base/x.h:1:", "file has 201 lines")

    def test_holds_tests_to_the_limits(self):
        self.write("src/base/test-x.c", "static void a(void **s) {\n" + "g();\n" * 80 + "}\n")
        self.assert_finds("test-x.c:1:", "a has 82 lines")

    def test_does_not_take_a_table_for_a_function(self):
        rows = "    {1, f(2), {3}},\n" * 200
        self.c("static const struct row table[MAX(2, 3)] = {\n" + rows + "};\n")
        self.assert_clean()


class Source(tap.unittest.TestCase):
    def test_is_not_misled_by_strings_and_comments(self):
        text = 'int f(void) {\n  a("}{ \\" {"); /* { if */ c(\'{\', \'\\\'\'); // if {\n  return 1;\n}\n'
        function = only(text)
        self.assertEqual((function.name, function.end), ("f", 4))
        self.assertEqual(csource.block_depth(function.body), 1)
        self.assertEqual(csource.complexity(function.body), 1)

    def test_is_not_misled_by_directives(self):
        text = '#define OPEN {\n  #define G "/*"\n#define M(x) \\\n  if (x) {\nint f(void) {\n}\n'
        self.assertEqual(only(text).line, 5)

    def test_follows_one_branch_of_a_conditional(self):
        text = "#ifdef A\nint f(int a) {\n#else\nint f(void) {\n#endif\n  return 0;\n}\n"
        self.assertEqual(only(text).params, 1)

    def test_leaves_out_what_if_0_leaves_out(self):
        text = "#if 0\nint g(void) {\n#else\nint f(void) {\n#endif\n}\n"
        self.assertEqual(only(text).name, "f")

    def test_does_not_count_braces_of_initialisers(self):
        text = (
            "int f(void) {\n  if (a) {\n    struct x y = {{1, {2}}, {3}};\n"
            "    g(&(struct x){.z = {1, {2}}});\n    return (struct x){{0}};\n  }\n}\n"
        )
        self.assertEqual(csource.block_depth(only(text).body), 2)

    def test_counts_the_block_of_a_macro_loop(self):
        text = "int f(void) {\n  list_foreach(a, b) {\n    g();\n  }\n}\n"
        self.assertEqual(csource.block_depth(only(text).body), 2)

    def test_counts_each_kind_of_decision(self):
        text = (
            "int f(int x) {\n  for (;;) { }\n  do { } while (x);\n  switch (x) {\n"
            "  case 1:\n  case 2:\n  default:\n    break;\n  }\n"
            "  return x && y || z ? 1 : 2;\n}\n"
        )
        self.assertEqual(csource.complexity(only(text).body), 8)

    def test_does_not_count_what_an_assertion_says(self):
        self.assertEqual(csource.complexity(only("int f(void) { assert(a && (b || c)); }").body), 1)

    def test_reads_heads_with_attributes(self):
        text = "__attribute__((format(printf, 1, 2))) PRINTF(1, 2) static int f(int a, ...) {\n}\n"
        function = only(text)
        self.assertEqual((function.name, function.params), ("f", 1))

    def test_reads_a_parameter_that_is_a_function(self):
        self.assertEqual(only("int f(int (*g)(int, int), void *h) {\n}\n").params, 2)

    def test_reads_a_function_that_returns_a_function(self):
        function = only("static int (*get(int a, int b))(void) {\n}\n")
        self.assertEqual((function.name, function.params), ("get", 2))

    def test_reads_declarations_after_their_attributes(self):
        text = (
            "struct a;\nstruct b { int (*call)(int); };\ntypedef int t(int);\nextern int v;\n"
            "MUST_USE API int f(const struct a *x,\n  int y) PRINTF(1, 2);\n"
            '_Static_assert(sizeof(int) == 4, "four");\n'
        )
        _, declarations = csource.parse(text)
        found = [(d.name, d.line, d.end, d.params) for d in declarations]
        self.assertEqual(found, [("f", 5, 6, 2)])


if __name__ == "__main__":
    tap.main()
