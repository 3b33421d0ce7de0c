// SPDX-License-Identifier: ISC
// A whole authority with a real signer, ledger and database in a temporary folder, for the tests of this
// module.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "authority/open.h"
#include "authority/serve.h"
#include "base/test-ok.h"
#include "identity/serve.h"
#include "signer/limits.h"
#include "signer/serve.h"

#define LAB_LANES_MAX 16
#define LAB_ORIGIN "ca.example.com"

struct lab {
    char root[64];
    char keys_dir[96], ledger_dir[96], db_dir[96], database[128];
    struct vouch_private_key *subject;
    struct vouch_signer_engine *engine;
    struct vouch_identity_engine *identity; // NULL: nobody can sign in
    const char *address; // of the server, as in its configuration; NULL: not known
    const struct vouch_signer_ceiling
        *ceiling; // from the next lab_open_signer() on; NULL: the default
    struct vouch_office *office;
    struct vouch_authority *admin; // comes in over the local socket
    // With lab_serve(): handles at the asking ends.
    struct vouch_authority *remotes[LAB_LANES_MAX];
    size_t lane_count;
    int lanes[LAB_LANES_MAX]; // the answering ends
    int signal_fd;
    pthread_t server;
    int serve_err;
};

// Makes folder, keys and ledger. For cmocka's setup and teardown.
int lab_begin(void **state);
int lab_end(void **state);

// Opens the signer; opens and begins the office; a handle for the admin.
void lab_open_signer(struct lab *lab);
void lab_open(struct lab *lab);
// Closes both, cleanly. lab_close_office leaves the signer as it is.
void lab_close(struct lab *lab);
void lab_close_office(struct lab *lab);
// Opens the office and expects a failure with that code, at whatever step.
void lab_open_fails(struct lab *lab, const char *code);

// From the next lab_open() on people can sign in; hashes cost little. So many are made at once, and as
// many may wait; 0: as many as usual.
void lab_open_identity(struct lab *lab, uint32_t at_once);

// Serves `count` lanes on a thread, with a handle at the end of each; and ends that.
void lab_serve(struct lab *lab, size_t count);
void lab_serve_end(struct lab *lab);

// Somebody local, somebody with a token, and somebody who is signed in.
struct vouch_caller lab_local(void);
struct vouch_caller lab_token(const char *secret);
struct vouch_caller lab_session(struct vouch_bytes secret);

// A profile and a token with that profile (NULL: none) and these scopes, parted by blanks; the secret.
void lab_profile(struct lab *lab, const char *name, const char *principals, const char *options,
                 uint64_t ttl_max_s);
void lab_new_token(struct lab *lab, const char *name, const char *profile, const char *scopes,
                   char ret_secret[static VOUCH_TOKEN_TEXT_MAX]);

// Texts parted by blanks as a list; good until the next call but seven.
struct vouch_text_list lab_list(const char *texts);

// A user certificate for "alice" with the lab's subject key.
struct vouch_ask_issue lab_ask(const struct lab *lab);

// Waits until the index has all that the ledger has.
void lab_settle(struct lab *lab);

// An answer whose verdict must be this.
#define lab_verdict(answer, wanted)                                                                \
    do {                                                                                           \
        if ((answer).reply.verdict != (wanted)) {                                                  \
            fail_msg("verdict %d (%s %s: %s), not %s", (answer).reply.verdict,                     \
                     (answer).reply.code, (answer).reply.field, (answer).reply.why, #wanted);      \
        }                                                                                          \
    } while (0)
