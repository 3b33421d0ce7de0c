# SPDX-License-Identifier: ISC
"""Turns the numbered migrations into C. usage: embed.py OUT.c 001.sql 002.sql ...

The files must be numbered from 001 without a gap, so that a forgotten one breaks the build.
"""

import os
import re
import sys


def literal(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def body(path):
    with open(path, encoding="ascii") as file:
        lines = [re.sub(r"\s*--.*$", "", line.rstrip("\n")) for line in file]
    return [line for line in lines if line]


def main():
    out, *paths = sys.argv[1:]
    text = [
        "// SPDX-License-Identifier: ISC",
        "// The migrations of the database. Made by embed.py from the .sql files.",
        '#include "store/driver.h"',
        "",
        "const struct vouch_schema vouch_schemas[] = {",
    ]
    for version, path in enumerate(paths, 1):
        if os.path.basename(path) != f"{version:03}.sql":
            sys.exit(f"embed.py: {path}: the migration number {version:03} is missing")
        text.append(f"    {{{version},")
        text.extend("     " + literal(line) for line in body(path))
        text.append("    },")
    text += ["};", f"const int64_t vouch_schema_newest = {len(paths)};", ""]
    with open(out, "w", encoding="ascii") as file:
        file.write("\n".join(text))


if __name__ == "__main__":
    main()
