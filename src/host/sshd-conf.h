// SPDX-License-Identifier: ISC
// sshd's configuration as text: what we write into it, and where. Pure.
//
// sshd keeps the first value that it reads, so ours stand in a file that the configuration includes, or
// in a marked block at its very top.
#pragma once

#include "host/apply-types.h"

// What the configuration shall say. Paths are those that sshd sees.
struct vouch_sshd_wish {
    const char *prefix;                // of the root; "" on the machine itself
    enum vouch_apply_log log;          // KEEP: no LogLevel
    uint64_t by_login;                 // nonzero: no AuthorizedPrincipalsFile
    struct vouch_text_list host_certs; // files
};

// Appends our settings. VOUCH_ERR_ARGUMENT: a path that sshd would read in another way.
VOUCH_MUST_USE int vouch_sshd_conf_build(const struct vouch_sshd_wish *wish, struct vouch_buf *out);

// Appends the lines of `sshd -T` that prove our settings, each "keyword value\n".
VOUCH_MUST_USE int vouch_sshd_conf_proof(const struct vouch_sshd_wish *wish, struct vouch_buf *out);

// Nonzero if the configuration includes the file, outside of every Match, before it sets one of our
// words.
int vouch_sshd_conf_includes(struct vouch_bytes config, const char *path);

// Appends the configuration with our block at its top, in place of the one it has.
void vouch_sshd_conf_put_block(struct vouch_bytes config, struct vouch_bytes block,
                               struct vouch_buf *out);

// Appends the configuration without our block. Nonzero if it had one.
int vouch_sshd_conf_take_block(struct vouch_bytes config, struct vouch_buf *out);
