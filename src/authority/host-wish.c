// SPDX-License-Identifier: ISC
// Names with a wildcard, and the two people who adopt them.
#include "authority/host-wish.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "authority/access.h"
#include "authority/people.h"
#include "base/str.h"
#include "core/host-wildcard.h"
#include "core/key.h"

#define APPROVED_BYTES_MAX (64 * 1024)
#define TEXT_MAX 1000

// --- names

int vouch_host_has_wildcard(const struct vouch_bytes *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (vouch_host_is_wildcard(names[i])) {
            return 1;
        }
    }
    return 0;
}

int vouch_host_has_name(const struct vouch_bytes *names, size_t count, struct vouch_bytes name) {
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(names[i], name)) {
            return 1;
        }
    }
    return 0;
}

int vouch_host_aliases_of(struct vouch_local *authority, const struct vouch_store_host *host,
                          const struct vouch_text_list *asked, struct vouch_text_list *ret_aliases,
                          struct vouch_fault *fault) {
    const size_t most = VOUCH_HOST_NAMES_MAX - 2;
    size_t count = 0;
    struct vouch_bytes *items = vouch_arena_alloc(
        &authority->arena, (asked->count + host->alias_count + 1) * sizeof *items);
    if (items == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < asked->count; i++) {
        if (!vouch_host_is_wildcard(asked->items[i])) {
            items[count++] = asked->items[i];
        }
    }
    for (size_t i = 0; i < host->alias_count && count < most; i++) {
        if (vouch_host_is_wildcard(host->aliases[i])) {
            items[count++] = host->aliases[i];
        }
    }
    *ret_aliases = (struct vouch_text_list){items, count};
    return VOUCH_OK;
}

// --- what is open

// Among these are the wildcards that people decide about.
static struct vouch_text_list open_names(const struct vouch_store_host *host) {
    return host->state == VOUCH_STORE_HOST_ACTIVE
               ? (struct vouch_text_list){host->wished, host->wished_count}
               : (struct vouch_text_list){host->aliases, host->alias_count};
}

uint64_t vouch_host_open_until(const struct vouch_store_host *host, uint64_t now_s) {
    uint64_t until_s = 0;
    if (host->state == VOUCH_STORE_HOST_WAITING) {
        until_s = host->until_s;
    } else if ((host->state == VOUCH_STORE_HOST_ACTIVE && host->wished_count > 0) ||
               (host->state == VOUCH_STORE_HOST_LOCKED && host->approved.len > 0)) {
        until_s = host->wish_until_s;
    }
    return until_s > now_s ? until_s : 0;
}

void vouch_host_approvals_end(struct vouch_store_host *host) {
    host->approvers = NULL;
    host->approver_count = 0;
    host->approved = (struct vouch_bytes){0};
    host->approved_s = 0;
}

void vouch_host_wish_end(struct vouch_store_host *host) {
    vouch_host_approvals_end(host);
    host->wished = NULL;
    host->wished_count = 0;
    host->wish_until_s = 0;
    host->asker = (struct vouch_bytes){0};
}

// --- approving

static void put_list(struct vouch_buf *out, const struct vouch_bytes *items, size_t count) {
    size_t mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < count; i++) {
        vouch_write_string(out, items[i]);
    }
    vouch_write_string_end(out, mark);
}

static int compare_texts(const void *a, const void *b) {
    return vouch_bytes_compare(*(const struct vouch_bytes *)a, *(const struct vouch_bytes *)b);
}

// In whatever order somebody wrote them.
static void put_labels(struct vouch_buf *out, const struct vouch_store_host *host) {
    struct vouch_bytes sorted[VOUCH_HOST_LABELS_MAX];
    size_t count = 0;
    for (; count < host->label_count && count < VOUCH_HOST_LABELS_MAX; count++) {
        sorted[count] = host->labels[count];
    }
    qsort(sorted, count, sizeof sorted[0], compare_texts);
    put_list(out, sorted, count);
}

static int hash_row(const struct vouch_store_host *host, uint8_t ret_hash[static VOUCH_HASH_MAX],
                    struct vouch_fault *fault) {
    struct vouch_buf row;
    vouch_buf_init(&row, APPROVED_BYTES_MAX);
    vouch_write_text(&row, "vouch-host-wish/1");
    vouch_write_string(&row, host->name);
    vouch_write_string(&row, (struct vouch_bytes){host->keyset, sizeof host->keyset});
    vouch_write_string(&row, host->zone);
    put_labels(&row, host);
    put_list(&row, host->aliases, host->alias_count);
    int is_whole = row.err == VOUCH_OK && vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_buf_bytes(&row),
                                                           ret_hash) == VOUCH_STORE_HASH_LEN;
    vouch_buf_done(&row);
    return is_whole ? VOUCH_OK : vouch_no_memory(fault);
}

static void not_yours(struct vouch_reply *reply, enum vouch_verdict verdict, const char *why) {
    vouch_reply_set(reply, verdict, &vouch_fault_host_approver, "name", "%s", why);
}

static int is_person(const struct vouch_host_approval *approval,
                     const struct vouch_store_host *host, struct vouch_reply *reply) {
    if (approval->who->user.len == 0) {
        not_yours(reply, VOUCH_VERDICT_REFUSED,
                  "a host with a wildcard is adopted by people who sign in");
        return 0;
    }
    if (vouch_bytes_equal(approval->who->actor, host->asker)) {
        not_yours(reply, VOUCH_VERDICT_REFUSED,
                  "whoever asked for the wildcard, or made the token that did, does not adopt it");
        return 0;
    }
    return 1;
}

static void put_wildcards(struct vouch_buf *out, const struct vouch_store_host *host) {
    const struct vouch_text_list names = open_names(host);
    for (size_t i = 0, shown = 0; i < names.count; i++) {
        if (vouch_host_is_wildcard(names.items[i])) {
            vouch_buf_put_text(out, shown++ > 0 ? " " : "");
            vouch_buf_put(out, names.items[i]);
        }
    }
}

// Exactly those that are to be decided.
static int names_them(const struct vouch_host_approval *approval,
                      const struct vouch_store_host *host, struct vouch_reply *reply) {
    char text[TEXT_MAX];
    struct vouch_buf wanted;
    const struct vouch_text_list *given = &approval->names;
    const struct vouch_text_list asked = open_names(host);
    size_t missing = 0, strange = 0;
    for (size_t i = 0; i < asked.count; i++) {
        missing += vouch_host_is_wildcard(asked.items[i]) &&
                   !vouch_host_has_name(given->items, given->count, asked.items[i]);
    }
    for (size_t i = 0; i < given->count; i++) {
        strange += !vouch_host_is_wildcard(given->items[i]) ||
                   !vouch_host_has_name(asked.items, asked.count, given->items[i]);
    }
    if (missing + strange == 0) {
        return 1;
    }
    vouch_buf_init_fixed(&wanted, text, sizeof text);
    put_wildcards(&wanted, host);
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_host_wish, "wildcards",
                    "wildcards: the host asks for %.*s",
                    VOUCH_REPLY_TEXT(vouch_buf_bytes(&wanted)));
    return 0;
}

// Whoever is no administrator any more has approved nothing.
static int still_counts(const struct vouch_host_approval *approval, struct vouch_bytes actor) {
    struct vouch_bytes user = actor;
    return vouch_str_take(&user, "user:") &&
           vouch_policy_has_active(approval->policy, user, approval->now_s) &&
           vouch_policy_group_has(approval->policy, vouch_bytes_of(VOUCH_GROUP_ADMINS), user);
}

static int is_approved(const struct vouch_store_host *host, const uint8_t *hash, uint64_t now_s) {
    return host->approved.len == VOUCH_STORE_HASH_LEN &&
           memcmp(host->approved.ptr, hash, VOUCH_STORE_HASH_LEN) == 0 &&
           vouch_host_open_until(host, now_s) > 0;
}

static int add_approver(struct vouch_local *authority, const struct vouch_host_approval *approval,
                        const uint8_t *hash, struct vouch_store_host *host,
                        struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct vouch_bytes actor = approval->who->actor;
    size_t count = 0;
    struct vouch_bytes *items =
        vouch_arena_alloc(&authority->arena, (host->approver_count + 1) * sizeof *items);
    if (items == NULL ||
        vouch_arena_copy(&authority->arena, (struct vouch_bytes){hash, VOUCH_STORE_HASH_LEN},
                         &host->approved) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < host->approver_count; i++) {
        if (vouch_bytes_equal(host->approvers[i], actor)) {
            not_yours(reply, VOUCH_VERDICT_CONFLICT,
                      "you have adopted it already: another administrator has to");
            return VOUCH_OK;
        }
        if (still_counts(approval, host->approvers[i])) {
            items[count++] = host->approvers[i];
        }
    }
    if (count == 0 && host->state == VOUCH_STORE_HOST_LOCKED) {
        host->wish_until_s = approval->now_s + VOUCH_HOST_WISH_S;
    }
    items[count++] = actor;
    host->approvers = items;
    host->approver_count = count;
    host->needed = VOUCH_HOST_APPROVALS;
    host->approved_s = approval->now_s;
    return VOUCH_OK;
}

int vouch_host_approve(struct vouch_local *authority, const struct vouch_host_approval *approval,
                       struct vouch_store_host *host, int *ret_is_enough, struct vouch_reply *reply,
                       struct vouch_fault *fault) {
    uint8_t hash[VOUCH_HASH_MAX];
    if (!is_person(approval, host, reply) || !names_them(approval, host, reply)) {
        return VOUCH_OK;
    }
    int err = hash_row(host, hash, fault);
    if (err == VOUCH_OK && !is_approved(host, hash, approval->now_s)) {
        vouch_host_approvals_end(host);
    }
    if (err == VOUCH_OK) {
        err = add_approver(authority, approval, hash, host, reply, fault);
    }
    *ret_is_enough = err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE &&
                     host->approver_count >= VOUCH_HOST_APPROVALS;
    return err;
}

// --- in words

static void put_approvers(struct vouch_buf *out, const struct vouch_store_host *host) {
    for (size_t i = 0; i < host->approver_count; i++) {
        struct vouch_bytes name = host->approvers[i];
        (void)vouch_str_take(&name, "user:");
        vouch_buf_put_text(out, i == 0 ? ", by " : " and ");
        vouch_buf_put(out, name);
    }
}

int vouch_host_wish_text(struct vouch_local *authority, const struct vouch_store_host *host,
                         uint64_t now_s, struct vouch_bytes *ret_text, struct vouch_fault *fault) {
    char room[TEXT_MAX], number[32];
    struct vouch_buf text;
    *ret_text = (struct vouch_bytes){0};
    if (vouch_host_open_until(host, now_s) == 0 || host->needed < VOUCH_HOST_APPROVALS) {
        return VOUCH_OK;
    }
    vouch_buf_init_fixed(&text, room, sizeof room);
    if (host->state == VOUCH_STORE_HOST_LOCKED && host->why.len > 0) {
        vouch_buf_put(&text, host->why);
        vouch_buf_put_text(&text, "; ");
    }
    (void)snprintf(number, sizeof number, "%zu of %" PRIu64 " approvals", host->approver_count,
                   host->needed);
    vouch_buf_put_text(&text, number);
    put_approvers(&text, host);
    vouch_buf_put_text(&text, ": ");
    put_wildcards(&text, host);
    return vouch_arena_copy(&authority->arena, vouch_buf_bytes(&text), ret_text) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}
