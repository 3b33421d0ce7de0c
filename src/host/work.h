// SPDX-License-Identifier: ISC
// One ask of the root part while it is worked on: what the machine is, what is held, and what has been
// done so far, for the answer. Private to src/host.
#pragma once

#include "core/trust.h"
#include "host/held.h"
#include "host/sshd.h"

#define VOUCH_WORK_USER_CA "etc/ssh/vouch/user_ca.pub"
#define VOUCH_WORK_KRL "etc/ssh/vouch/revoked.krl"
#define VOUCH_WORK_PRINCIPALS "etc/ssh/vouch/principals"
#define VOUCH_WORK_CONF "etc/ssh/sshd_config.d/50-vouch.conf"
#define VOUCH_WORK_CONF_MAX (1024u * 1024) // bytes of a file of sshd's configuration
#define VOUCH_WORK_LINES_MAX 256

// A host key that sshd uses.
struct vouch_host_key {
    const char *path;      // of its private half, below the root
    const char *cert_path; // where its certificate lies
    struct vouch_key *key; // owned
};

struct vouch_work {
    const struct vouch_root *root;
    struct vouch_arena *arena; // of the answer
    int lock_fd;
    uint64_t now_s;
    struct vouch_host_conf conf;
    struct vouch_sshd sshd;
    struct vouch_held held;
    struct vouch_trust trust; // the installed bundle, proven; key_count 0: none
    struct vouch_text_list settings;
    struct vouch_host_key keys[VOUCH_APPLY_KEYS_MAX];
    size_t key_count;
    struct vouch_bytes steps[VOUCH_WORK_LINES_MAX];
    size_t step_count;
    struct vouch_bytes problems[VOUCH_WORK_LINES_MAX];
    size_t problem_count;
    struct vouch_apply_file *files;
    size_t file_count, file_room;
};

// Takes the lock, so that no other life of the root part works meanwhile; reads what is held. `arena`
// and `root` stay the caller's.
VOUCH_MUST_USE int vouch_work_begin(const struct vouch_root *root, struct vouch_arena *arena,
                                    struct vouch_work *ret_work, struct vouch_fault *fault);
void vouch_work_end(struct vouch_work *work);

// Asks sshd for its settings and, by them, finds the host keys.
VOUCH_MUST_USE int vouch_work_ask_sshd(struct vouch_work *work, struct vouch_fault *fault);

// Notes, for the answer; what finds no room is left out.
void vouch_work_step(struct vouch_work *work, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vouch_work_problem(struct vouch_work *work, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A copy in the arena, followed by a NUL; NULL when memory is short.
const char *vouch_work_copy(struct vouch_work *work, struct vouch_bytes text);

// Makes a file hold `content`, unless it does, and notes it. What was there before the first change is
// saved first.
VOUCH_MUST_USE int vouch_work_put(struct vouch_work *work, const char *path,
                                  struct vouch_bytes content, struct vouch_fault *fault);
// The same for what is guarded: the record of it comes first, so that a kill in between leaves a record of
// what is new, which is put in place.
VOUCH_MUST_USE int vouch_work_put_guarded(struct vouch_work *work, const char *path,
                                          struct vouch_bytes content, struct vouch_fault *fault);

// Makes the folders that our files lie in.
VOUCH_MUST_USE int vouch_work_folders(struct vouch_work *work, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_work_drop(struct vouch_work *work, const char *path,
                                   struct vouch_fault *fault);

// Notes a file that changes, or would. `before` NULL: there is none; `after` NULL: it goes.
void vouch_work_note(struct vouch_work *work, const char *path, const struct vouch_bytes *before,
                     const struct vouch_bytes *after);

// Reads a file into the arena. VOUCH_ERR_NOT_FOUND.
VOUCH_MUST_USE int vouch_work_read(struct vouch_work *work, const char *path, size_t max,
                                   struct vouch_bytes *ret_content, struct vouch_fault *fault);

// The certificate that is installed for a key, read and with a signature that holds; NULL if there is
// none. The caller frees it.
struct vouch_cert *vouch_work_cert(struct vouch_work *work, const struct vouch_host_key *key);

// A certificate from its line "TYPE BASE64 ...", with a signature that holds; or NULL.
struct vouch_cert *vouch_work_cert_of(struct vouch_bytes line);

// The one that we installed last for it, whatever lies there now.
struct vouch_cert *vouch_work_own_cert(struct vouch_work *work, const struct vouch_host_key *key);

// The keys of a use that count, by the installed bundle.
size_t vouch_work_cas(const struct vouch_work *work, enum vouch_cert_type use,
                      const struct vouch_key *ret_cas[static VOUCH_TRUST_KEYS_MAX]);

// Whether a certificate is one for this host under this bundle, now; the reason is a constant.
int vouch_work_accepts(const struct vouch_work *work, const struct vouch_cert *cert,
                       struct vouch_bytes name, const char **ret_reason);
