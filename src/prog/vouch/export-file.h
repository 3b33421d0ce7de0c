// SPDX-License-Identifier: ISC
// An export on this machine: a file of records, and the manifest beside it.
#pragma once

#include "core/export-manifest.h"

// FILE with ".manifest" behind it; the caller frees it. NULL when memory is short.
char *vouch_export_manifest_path(const char *file);

// Holds the file behind `fd`, from its beginning to its end, against a statement that was proven: length,
// hash, and how many records it has. `name` is how it is called in the fault (V-2057).
VOUCH_MUST_USE int vouch_export_check_file(int fd, const struct vouch_export_statement *statement,
                                           const char *name, struct vouch_fault *fault);
