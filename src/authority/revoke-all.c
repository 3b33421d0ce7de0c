// SPDX-License-Identifier: ISC
// Revoking all that somebody has, or that was got in one session, as far as it is still valid.
#include <inttypes.h>
#include <stdio.h>

#include "authority/decide.h"
#include "authority/people.h"
#include "authority/review.h"
#include "base/str.h"
#include "policy/rule.h"

// The ID of a request has the session after it, where there was one: doc/frames.md.
static int is_of_session(struct vouch_bytes request, uint64_t session) {
    char wanted[40];
    struct vouch_bytes rest = request;
    (void)snprintf(wanted, sizeof wanted, "session=%" PRIu64, session);
    (void)vouch_str_cut(&rest, ' ');
    struct vouch_bytes word = rest.ptr != NULL ? vouch_str_cut(&rest, ' ') : rest;
    return vouch_bytes_equal(word, vouch_bytes_of(wanted));
}

static int revoke_page(struct vouch_local *authority, const struct vouch_revoke_all *what,
                       const struct vouch_store_certs *page, uint64_t *count,
                       struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < page->count; i++) {
        const struct vouch_store_cert *cert = &page->rows[i];
        if (cert->revoked.by == VOUCH_STORE_REVOKE_NONE &&
            (what->session == 0 || is_of_session(cert->request, what->session)) &&
            (what->sealed_for.len == 0 || vouch_glass_of(cert->policy) == VOUCH_REVIEW_SEALED)) {
            err = vouch_revoke_cert(authority, what->by, cert, what->reason, fault);
            *count += err == VOUCH_OK;
        }
    }
    return err;
}

static int list_page(struct vouch_local *authority, const struct vouch_revoke_all *what,
                     const struct vouch_store_page *page, struct vouch_store_certs *ret_certs,
                     struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    // The CA may have given longer ones, once; no policy ever could.
    const uint64_t longest_s = VOUCH_POLICY_TTL_MAX_S + VOUCH_BACKDATE_S;
    const struct vouch_store_cert_filter filter = {
        .actor = what->sealed_for.len > 0 ? (struct vouch_bytes){0} : what->of,
        .key_id = what->sealed_for.len > 0 ? what->sealed_for : (struct vouch_bytes){0},
        .valid_at_s = what->now_s,
        .from_ms = what->now_s > longest_s ? (what->now_s - longest_s) * 1000 : 0,
    };
    struct vouch_store *store = vouch_pool_take(&office->slow);
    int err = vouch_store_certs_list(store, &filter, page, ret_certs, fault);
    vouch_pool_give(&office->slow, store);
    return err;
}

int vouch_revoke_all(struct vouch_local *authority, const struct vouch_revoke_all *what,
                     uint64_t *ret_count, struct vouch_fault *fault) {
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    uint64_t count = 0;
    int err = VOUCH_OK;
    int has_more = 1;
    while (err == VOUCH_OK && has_more) {
        const struct vouch_store_page page = {.limit = VOUCH_STORE_PAGE_MAX,
                                              .cursor = vouch_bytes_of(cursor)};
        struct vouch_store_certs found = {0};
        err = list_page(authority, what, &page, &found, fault);
        if (err == VOUCH_OK) {
            memcpy(cursor, found.next, sizeof cursor);
            has_more = cursor[0] != '\0';
            err = revoke_page(authority, what, &found, &count, fault);
        }
        vouch_store_certs_done(&found);
    }
    if (err == VOUCH_OK) {
        *ret_count = count;
    }
    return err;
}
