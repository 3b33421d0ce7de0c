#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: what the sources and the API's description promise. Rows W9 and W12.

Elsewhere a name was put into the text of a statement (CVE-2026-39946), and a path that the API set became
a program that ran (CVE-2025-6000). Here the text of every statement is a constant and its values are
bound; and there is no member of any request that names a file.
"""

import json
import os
import re
import sys

sys.dont_write_bytecode = True
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
sys.path.append(os.path.join(ROOT, "tools"))

import csource
from tap import Tap, expect, expect_equal

VERB = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|DROP\s+TABLE)\b", re.DOTALL)
CONVERSION = re.compile(r"%[-+ #0-9.*]*(?:hh|h|ll|l|j|z|t)?[diouxXeEfgGcsp]")
# What hands text to the database, all of it in one file, and what each is given there.
DOORS = {"sqlite3_prepare_v2", "sqlite3_prepare_v3", "sqlite3_prepare", "sqlite3_exec"}
GIVEN = {"sql", "row->sql", "migration->sql", "mark"}
FILE_WORDS = {"path", "file", "filename", "folder", "dir", "directory", "destination", "log", "output",
              "url", "uri", "webhook", "command", "exec"}


def sources():
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in names:
            if name.endswith((".c", ".h")) and not name.startswith(("test-", "fuzz-")) and "node_modules" not in folder:
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, ROOT), file.read()


def joined_strings(text):
    """Each run of string literals that the compiler joins, as one text."""
    run = []
    for token in csource.tokens(text):
        if token.kind == "string":
            run.append(token.text[token.text.index('"') + 1:-1])
        elif token.kind not in ("comment", "name") or not run:
            if run:
                yield "".join(run)
            run = []
    if run:
        yield "".join(run)


def built_statements(text):
    """Statements with a hole in them that printf fills."""
    return [joined for joined in joined_strings(text) if VERB.search(joined) and CONVERSION.search(joined)]


def given(text):
    """What each call that takes a statement is given."""
    for call in re.finditer(r"\b(sqlite3_(?:prepare\w*|exec))\s*\(\s*[^,]+,\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+|[^,]+?)\s*,", text):
        yield call.group(1), call.group(2).strip()


def members(document):
    """The names of all members that requests may have, from the OpenAPI document."""
    found = set()

    def walk(schema, seen):
        reference = schema.get("$ref")
        if reference:
            if reference not in seen:
                target = document
                for step in reference[2:].split("/"):
                    target = target[step]
                walk(target, seen | {reference})
            return
        for name, inner in schema.get("properties", {}).items():
            found.add(name)
            walk(inner, seen)
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                walk(schema[key], seen)
        for key in ("allOf", "oneOf", "anyOf"):
            for inner in schema.get(key, []):
                walk(inner, seen)

    for operations in document["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {}) if isinstance(operation, dict) else {}
            for content in body.get("content", {}).values():
                walk(content.get("schema", {}), frozenset())
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                found.add(parameter.get("name", ""))
    return found


def main():
    tap = Tap()
    files = dict(sources())
    with tap.row("W9: a statement that is put together would be seen"):
        expect_equal(len(built_statements('f("SELECT x FROM t " "WHERE name = \'%s\'", name);')), 1)
        expect_equal(built_statements('f("SELECT x FROM t WHERE name = ?1"); g("%s", name);'), [])
        expect_equal(list(given("sqlite3_exec(db, text_of(name), NULL, NULL, NULL);")),
                     [("sqlite3_exec", "text_of(name)")])
    with tap.row("W9: no statement has a hole for text, its values are bound"):
        wrong = [(path, text[:80]) for path, content in files.items() for text in built_statements(content)]
        expect_equal(wrong, [])
    with tap.row("W9: statements reach the database in one file, which is given constants"):
        seen = {}
        for path, content in files.items():
            for door, what in given(content):
                seen.setdefault(path, []).append(what)
                expect(what.startswith('"') or what in GIVEN, f"{path}: {door}: {what}")
        expect_equal(sorted(seen), ["src/store/sqlite.c"])
        expect(len(seen["src/store/sqlite.c"]) >= 4, seen)
    with open(os.path.join(ROOT, "doc", "openapi.json"), encoding="utf-8") as file:
        names = members(json.load(file))
    with tap.row("W12: no request has a member that names a file, a command or an address"):
        expect("principals" in names and "serial" in names and len(names) > 50, names)
        expect_equal(sorted(name for name in names if FILE_WORDS & set(re.split(r"[_\-]", name.lower()))),
                     ["force_command"])
    tap.done()


if __name__ == "__main__":
    main()
