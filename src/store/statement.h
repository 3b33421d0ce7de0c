// SPDX-License-Identifier: ISC
// Every statement that the store ever runs, as constants: no SQL is made from pieces.
//
// Written in the SQL that SQLite and PostgreSQL share, with ?1, ?2 for parameters: a driver for
// PostgreSQL turns them into $1, $2 when it prepares.
#pragma once

#include <stddef.h>

#include "store/statement-names.h"

struct vouch_statement_row {
    const char *sql;
    size_t params;
    size_t columns;
};
extern const struct vouch_statement_row vouch_statements[VOUCH_SQL_COUNT];
