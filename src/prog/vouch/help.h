// SPDX-License-Identifier: ISC
// Help texts, made from the table of commands and the catalogue of failures.
//
// Each writes to the given stream: standard output when help was asked for.
#pragma once

#include <stdio.h>

#include "prog/vouch/command.h"

// What the program is and all its commands.
void vouch_help_all(const struct vouch_term *term, FILE *out);

// The commands of one noun, which must exist.
void vouch_help_noun(const struct vouch_term *term, const char *noun, FILE *out);

// One command: usage, options, examples.
void vouch_help_command(const struct vouch_term *term, const struct vouch_command *command,
                        FILE *out);

// One row of the catalogue.
void vouch_help_fault(const struct vouch_term *term, const struct vouch_fault_kind *kind,
                      FILE *out);

// For tools: each command and option ("ca init<TAB>--type"; without a command: options that every
// command takes), and each code of the catalogue.
void vouch_help_dump(FILE *out);
void vouch_help_dump_codes(FILE *out);
