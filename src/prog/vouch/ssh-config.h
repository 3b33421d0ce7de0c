// SPDX-License-Identifier: ISC
// ~/.ssh/vouch/config, which makes plain ssh use a zone's certificate, and the one line of ~/.ssh/config
// that includes it.
//
// The line goes in front of everything: in an earlier Host block it would be conditional. Taking it out
// again leaves the file as it was, byte for byte, or as it became by other hands.
#pragma once

#include "base/fault.h"
#include "prog/vouch/term.h"

// Writes ~/.ssh/vouch/config for the zones that have a folder; each gets two Match blocks, the second of
// which asks `vouch hook`. Makes the folder.
VOUCH_MUST_USE int vouch_ssh_config_write(struct vouch_fault *fault);

enum vouch_ssh_include { VOUCH_SSH_NOT_INCLUDED = 0, VOUCH_SSH_INCLUDED };

// The line, without its end; for messages.
VOUCH_MUST_USE int vouch_ssh_include_line(struct vouch_buf *out, struct vouch_fault *fault);

// Whether ~/.ssh/config has it where it counts.
VOUCH_MUST_USE int vouch_ssh_include_look(enum vouch_ssh_include *ret_state,
                                          struct vouch_fault *fault);

// Makes ~/.ssh where it is missing, and notes that down for the undoing.
VOUCH_MUST_USE int vouch_ssh_folder_make(struct vouch_fault *fault);

// Puts it in, making file and folder where they are missing, and noting that down for the undoing.
VOUCH_MUST_USE int vouch_ssh_include_add(struct vouch_fault *fault);

// Takes it out; file and folder go where they were made by us and hold nothing else.
VOUCH_MUST_USE int vouch_ssh_include_remove(struct vouch_fault *fault);

// Appends a path as it can stand in a line of ssh's: with ~ where ssh takes that for the same folder, in
// quotes where it needs them. V-1873 for one that cannot be written there.
VOUCH_MUST_USE int vouch_ssh_path(const char *path, struct vouch_buf *out,
                                  struct vouch_fault *fault);
