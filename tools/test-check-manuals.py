# SPDX-License-Identifier: ISC
"""Proves that check-manuals fails for whatever the pages leave out or invent."""

import os
import sys

sys.dont_write_bytecode = True
import mdoc
import tap

PAGE = """.\\" SPDX-License-Identifier: ISC
.Dd January 2, 2026
.Dt {title} {section}
.Os
.Sh NAME
.Nm {name}
.Nd does a thing
{body}"""

MAIN = """.Sh SYNOPSIS
.Nm vouch
.Op Fl -color Ar when
.Ar command
.Nm vouch help
.Op Fl -dump
.Sh DESCRIPTION
.Bl -tag -width Ds
.It Fl -color Ar when
In colour.
.It Fl -dump
All.
.It Ic ca
See
.Xr vouch-ca 1 .
.El
"""

CA = """.Sh SYNOPSIS
.Nm vouch ca
.Cm init | renew
.Op Fl -type Ar T
.Ar DIR
.Nm vouch ca show
.Ar DIR
.Sh DESCRIPTION
.Bl -tag -width Ds
.It Fl -type Ar T
The type, as
.Nm ssh-keygen Fl t
takes it.
.El
.Sh EXAMPLES
.Dl $ vouch ca init --type ed25519 DIR
"""

ERRORS = """.Sh DESCRIPTION
.Bl -tag -width Ds
.It V-1001
Bad.
.It V-1002
Worse.
.El
"""

DUMP = ["\t--color", "help\t--dump", "ca init\t--type", "ca renew\t--type", "ca show"]


class Manuals(tap.CheckCase):
    tool = "check-manuals"

    def setUp(self):
        super().setUp()
        self.program = os.path.join(self.root, "vouch-fake")
        self.options = ("--vouch", self.program)
        self.page("vouch", 1, MAIN)
        self.page("vouch-ca", 1, CA)
        self.page("vouch-errors", 7, ERRORS)
        self.write("dist/completions/vouch.bash", "help ca init renew show\n")
        self.knows(DUMP, ["V-1001", "V-1002"])

    def page(self, name, section, body):
        text = PAGE.format(title=name.upper(), section=section, name=name, body=body)
        self.write(f"man/{name}.{section}", text)

    def knows(self, dump, codes):
        lines = "\n".join(("vouch " + line).replace(" \t", "\t") for line in dump)
        script = f"#!/bin/sh\nif [ $2 = --dump ]; then cat <<'E'\n{lines}\nE\n"
        script += "else printf '%s\\n' " + " ".join(codes) + "; fi\n"
        self.write("vouch-fake", script)
        os.chmod(self.program, 0o755)

    def test_passes_when_pages_and_program_agree(self):
        self.assert_clean()

    def test_finds_a_command_without_synopsis(self):
        self.knows([*DUMP, "ca drop"], ["V-1001", "V-1002"])
        self.assert_finds("man/vouch-ca.1:1:", "the SYNOPSIS lacks: vouch ca drop")

    def test_finds_a_command_that_the_main_page_does_not_name(self):
        self.knows([*DUMP, "krl show"], ["V-1001", "V-1002"])
        self.assert_finds("man/vouch.1:1:", "does not name the command: vouch krl")

    def test_finds_an_option_without_documentation(self):
        self.knows([*DUMP, "ca show\t--all"], ["V-1001", "V-1002"])
        self.assert_finds("man/vouch-ca.1:1:", "vouch ca show: --all is not documented")

    def test_finds_a_common_option_without_documentation(self):
        self.knows([*DUMP, "\t--quiet"], ["V-1001", "V-1002"])
        self.assert_finds("man/vouch.1:1:", "--quiet, which every command takes")

    def test_finds_an_option_that_does_not_exist(self):
        self.page("vouch-ca", 1, CA + "The option\n.Fl -twist\nturns.\n")
        self.assert_finds("man/vouch-ca.1:", "has an option --twist")

    def test_finds_an_option_at_the_wrong_command(self):
        self.page("vouch-ca", 1, CA.replace(".Nm vouch ca show\n", ".Nm vouch ca show\n.Op Fl -type\n"))
        self.assert_finds("vouch ca show has no option --type")

    def test_finds_a_command_that_does_not_exist(self):
        self.page("vouch-ca", 1, CA.replace("init | renew", "init | renew | sell"))
        self.assert_finds("there is no command: vouch ca sell")

    def test_finds_examples_that_no_longer_work(self):
        for line, what in (("vouch ca init --kind x", "--kind"), ("vouch make x", "vouch make"),
                           ("x | vouch ca show --type y", "--type")):
            self.page("vouch-ca", 1, CA + f".Bd -literal\n{line}\n.Ed\n")
            self.assert_finds("man/vouch-ca.1:", "example", what)

    def test_finds_an_error_without_entry(self):
        self.knows(DUMP, ["V-1001", "V-1002", "V-1003"])
        self.assert_finds("man/vouch-errors.7:1:", "V-1003 has no entry")

    def test_finds_an_entry_without_error(self):
        self.knows(DUMP, ["V-1001"])
        self.assert_finds("man/vouch-errors.7:12:", "the program has no error V-1002")

    def test_finds_a_completion_that_lacks_a_command(self):
        self.write("dist/completions/_vouch", "help ca init show\n")
        self.assert_finds("dist/completions/_vouch:1:", '"renew"')

    def test_finds_a_reference_to_no_page(self):
        self.page("vouch-ca", 1, CA + ".Xr vouch-moon 7 ,\n")
        self.assert_finds("there is no page vouch-moon(7)")

    def test_passes_a_reference_to_the_second_name_of_a_page(self):
        self.page("vouch_a", 3, "")
        self.write("man/vouch_a.3", PAGE.format(title="A", section=3, name="vouch_a ,\n.Nm vouch_b", body=""))
        self.page("vouch-ca", 1, CA + ".Xr vouch_b 3\n")
        self.assert_clean()

    def test_finds_what_the_lint_of_mandoc_finds(self):
        self.page("vouch-ca", 1, CA + ".Bl -tag -width Ds\n.It x\n")
        self.assert_finds("man/vouch-ca.1:24:", "missing end of block")

    def test_gives_up_when_the_program_does_not_answer(self):
        self.write("vouch-fake", "#!/bin/sh\nexit 1\n")
        status, out, err = self.run_tool()
        self.assertEqual((status, out), (2, ""), err)


class Reading(tap.unittest.TestCase):
    def test_reads_options_in_every_form(self):
        text = ".Op Fl -a Ns = Ns Ar x\n.It Fl q , Fl -quiet\n.Oo Fl -b | Fl c Oc\n.Fl -d .\n"
        page = mdoc.Page("man/x.1", text)
        self.assertEqual({f for _, f in page.flags}, {"--a", "-q", "--quiet", "--b", "-c", "--d"})

    def test_reads_commands_in_every_form(self):
        text = ".Sh SYNOPSIS\n.Nm\n.Cm init\n.Fl -x\n.Nm vouch sign\n.Cm user | host\n.Nm vouch-ca\n.Cm a | Cm b\n"
        page = mdoc.Page("man/vouch-ca.1", text)
        found = [s.commands for s in page.synopses]
        self.assertEqual(found, [{"ca init"}, {"sign user", "sign host"}, {"ca a", "ca b"}])


if __name__ == "__main__":
    tap.main()
