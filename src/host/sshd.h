// SPDX-License-Identifier: ISC
// The machine's own sshd: what it would do, whether it takes its configuration, having it read it again,
// and what it shows to who connects.
#pragma once

#include "host/host-conf.h"
#include "host/root.h"

// Borrowed.
struct vouch_sshd {
    const struct vouch_root *root;
    const struct vouch_host_conf *conf;
};

// "OpenSSH_9.2p1"; empty if it does not say.
VOUCH_MUST_USE int vouch_sshd_version(const struct vouch_sshd *sshd, struct vouch_arena *arena,
                                      struct vouch_bytes *ret_version, struct vouch_fault *fault);

// `sshd -t`; VOUCH_ERR_REFUSED (V-1909) with sshd's words.
VOUCH_MUST_USE int vouch_sshd_test(const struct vouch_sshd *sshd, struct vouch_fault *fault);

// `sshd -T`: a line "keyword value" for each setting. VOUCH_ERR_REFUSED (V-1909).
VOUCH_MUST_USE int vouch_sshd_settings(const struct vouch_sshd *sshd, struct vouch_arena *arena,
                                       struct vouch_text_list *ret_settings,
                                       struct vouch_fault *fault);

// The `index`th value of a keyword, followed by a NUL; empty if there is none.
struct vouch_bytes vouch_sshd_setting(const struct vouch_text_list *settings, const char *keyword,
                                      size_t index);

// Has the running sshd read its configuration again. *ret_how: a few words for a person. sshd may still
// be on its way when this returns. VOUCH_ERR_NOT_FOUND (V-1911): none was found.
VOUCH_MUST_USE int vouch_sshd_reload(const struct vouch_sshd *sshd,
                                     const struct vouch_text_list *settings, const char **ret_how,
                                     struct vouch_fault *fault);

// Connects to it and appends the certificates that it shows, a line "TYPE BASE64" each; none is no
// failure, no answer is (V-1911).
VOUCH_MUST_USE int vouch_sshd_shown(const struct vouch_sshd *sshd,
                                    const struct vouch_text_list *settings, struct vouch_buf *out,
                                    struct vouch_fault *fault);
