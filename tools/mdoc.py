# SPDX-License-Identifier: ISC
"""What a manual page in mdoc(7) documents: commands, options, references, examples, error codes."""

import itertools
import re
import shlex
from collections import namedtuple

# One .Nm line of the SYNOPSIS with what follows it: the commands it stands for, and their options.
Synopsis = namedtuple("Synopsis", "line commands options")

_CALLABLE = set(
    "Ad An Ao Ap Aq Ar At Bo Bq Bro Brq Cd Cm Do Dq Dv Em Er Ev Fa Fl Fn Fr Ft Ic In Li Lk Ms Mt "
    "Nm No Ns Oo Op Pa Pf Po Pq Qo Ql Qq So Sq Sx Sy Ta Tn Va Vt Xo Xr Ac Bc Brc Dc Oc Pc Qc Sc "
    "Xc".split()
)
_CLOSING = set(".,:;)]?!")
_PUNCTUATION = _CLOSING | set("([|")


def _words(line):
    """The words of a macro line; quotes hold words together."""
    lexer = shlex.shlex(line[1:], posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.quotes = '"'
    lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        return line[1:].split()


class Page:
    """A page, read once. Lines are counted from 1."""

    def __init__(self, name, text):
        self.name = name
        self.title, self.section = name.rsplit("/", 1)[1].rsplit(".", 1)
        self.names = {self.title}  # what the page can be asked for
        self.flags = []  # (line, "--type")
        self.references = []  # (line, page, section)
        self.synopses = []
        self.examples = []  # (line, command line)
        self.codes = []  # (line, "V-1204", whether it heads an entry)
        self.words = set()  # every word that is an argument of Cm, Nm or Ic
        self._read(text.split("\n"))

    def _read(self, lines):
        heading, literal = "", False
        block = None
        for number, line in enumerate(lines, 1):
            self._codes_of(number, line)
            if not line.startswith("."):
                if literal:
                    self.examples.append((number, line))
                continue
            words = _words(line)
            if not words or words[0].startswith("\\"):
                continue
            if words[0] == "Sh":
                heading, block = " ".join(words[1:]), None
            elif words[0] == "Bd":
                literal = "-literal" in words or "-unfilled" in words
            elif words[0] == "Ed":
                literal = False
            elif words[0] in ("Dl", "D1"):
                self.examples.append((number, line[3:].strip()))
            if heading == "NAME" and words[0] == "Nm":
                self.names.update(words[1:])
            if heading == "SYNOPSIS" and words[0] == "Nm":
                block = [number, []]
                self.synopses.append(block)
            if block is not None:
                block[1].extend(words)
            self._macros_of(number, words)
        self.synopses = [self._synopsis(*b) for b in self.synopses]

    def _codes_of(self, number, line):
        for code in re.findall(r"\bV-\d{4}\b", line):
            self.codes.append((number, code, line.startswith(".It")))

    def _macros_of(self, number, words):
        foreign = False  # after the name of another program its options are not ours
        for macro, given in _calls(words):
            if macro == "Xr" and len(given) > 1:
                self.references.append((number, given[0], given[1]))
            if macro in ("Nm", "Xr", "Ic") and given:
                foreign = not given[0].startswith("vouch")
            if macro in ("Nm", "Cm", "Ic", "Xr"):
                self.words.update(w for g in given for w in re.split(r"[ -]", g))
            if macro == "Fl" and not foreign:
                self.flags.extend((number, "-" + g) for g in given)

    def _synopsis(self, line, words):
        """Reads `.Nm vouch sign`, `.Cm user | host`, `.Op Fl -ca Ar DIR`."""
        places, options, in_name, alternative = [], set(), True, False
        for macro, given in _calls(words):
            if macro == "Fl":
                options.update("-" + g for g in given)
            if macro == "Nm" and not given:
                given = [self.title]
            if macro == "Cm" and not given:  # .Cm a | Cm b
                continue
            if macro not in ("Nm", "Cm", "|") or not in_name:
                in_name = in_name and macro == "Nm"
                continue
            if macro == "|":
                alternative = True
                continue
            for word in [w for g in given for w in re.split(r"[ -]" if macro == "Nm" else " ", g)]:
                if alternative and places:
                    places[-1].append(word)
                else:
                    places.append([word])
                alternative = False
        if places and places[0] == ["vouch"]:
            places = places[1:]
        commands = {" ".join(choice) for choice in itertools.product(*places)}
        return Synopsis(line, commands, options)


def _calls(words):
    """(macro, its arguments) for each macro called in a line; a bar is a macro of its own.

    After a bar the macro before it goes on: `.Cm user | host`.
    """
    macro, given = None, []
    for word in words:
        if word == "|":
            if given:
                yield macro, given
            yield "|", []
            given = []
        elif word in _CALLABLE or (macro is None and word not in _PUNCTUATION):
            if macro is not None:
                yield macro, given
            macro, given = word, []
        elif word not in _PUNCTUATION:
            given.append(word)
    if macro is not None:
        yield macro, given


def command_lines(text):
    """The words of each call of vouch in a line of an example."""
    for part in re.split(r"[|;&]+|\$\(", text):
        words = part.split()
        while words and (words[0] in ("$", "#", "%", "sudo") or "=" in words[0]):
            words = words[1:]
        if words and words[0] == "vouch":
            yield words[1:]
