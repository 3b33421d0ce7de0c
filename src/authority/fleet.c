// SPDX-License-Identifier: ISC
// The inventory of enrolled hosts: listed, with what each reported last and what is wrong with it.
#include "authority/fleet.h"

#include <stdio.h>

#include "authority/access.h"
#include "authority/host-wish.h"
#include "authority/issue.h"
#include "authority/row.h"
#include "base/str.h"
#include "base/time.h"
#include "core/host-wildcard.h"
#include "store/host-reports.h"

#define PROBLEMS_MAX 32
#define OWN_PROBLEMS_MAX 2
#define PROBLEM_TEXT_MAX 400

// --- a row

static int put_keys(struct vouch_local *authority, const struct vouch_store_host *host,
                    struct vouch_fleet_row *row) {
    struct vouch_fleet_key *keys =
        vouch_arena_alloc(&authority->arena, (host->key_count + 1) * sizeof *keys);
    int err = keys != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < host->key_count; i++) {
        const struct vouch_store_host_key *key = &host->keys[i];
        uint8_t room[VOUCH_FINGERPRINT_MAX];
        struct vouch_buf text;
        vouch_buf_init_fixed(&text, room, sizeof room);
        vouch_buf_put_text(&text, "SHA256:");
        vouch_str_base64((struct vouch_bytes){key->hash, sizeof key->hash}, 0, &text);
        keys[i] = (struct vouch_fleet_key){
            .type = key->type, .serial = key->serial, .valid_before_s = key->valid_before_s};
        err = vouch_arena_copy(&authority->arena, vouch_buf_bytes(&text), &keys[i].fingerprint);
    }
    row->keys = keys;
    row->key_count = host->key_count;
    return err;
}

static void put_report(const struct vouch_store_host_report *report, struct vouch_fleet_row *row) {
    row->reported_s = report->time_s;
    row->krl_version = report->krl_version;
    row->krl_generated_s = report->krl_generated_s;
    row->state_version = report->state_version;
    row->trust_version = report->trust_version;
    row->clock_ms = report->clock_ms;
    row->health = report->health;
    row->agent = report->agent.len > 0 ? report->agent : row->agent;
    row->sshd = report->sshd.len > 0 ? report->sshd : row->sshd;
}

// A wildcard that it was given and that its certificates do not have any more: the first one.
static int put_left_out(struct vouch_local *authority, const struct vouch_policy_zone *zone,
                        const struct vouch_fleet_row *row, struct vouch_bytes *items,
                        size_t *count) {
    char text[PROBLEM_TEXT_MAX];
    for (size_t i = 0; row->state == VOUCH_HOST_ACTIVE && i < row->aliases.count; i++) {
        const struct vouch_bytes name = row->aliases.items[i];
        const char *why = vouch_host_is_wildcard(name)
                              ? vouch_host_wildcard_fault(authority->office, zone, name)
                              : NULL;
        if (why != NULL) {
            (void)snprintf(text, sizeof text, "new certificates are without %.*s: it %s",
                           VOUCH_REPLY_TEXT(name), why);
            return vouch_arena_copy(&authority->arena, vouch_bytes_of(text), &items[(*count)++]);
        }
    }
    return VOUCH_OK;
}

// What the host says is wrong, and what the policy says.
static int put_problems(struct vouch_local *authority, const struct vouch_policy_content *content,
                        const struct vouch_store_host_report *report, struct vouch_fleet_row *row) {
    const struct vouch_policy_zone *zone =
        row->zone.len > 0 ? vouch_host_zone_named(content, row->zone) : NULL;
    size_t count = 0;
    struct vouch_bytes *items = vouch_arena_alloc(
        &authority->arena, (report->problem_count + OWN_PROBLEMS_MAX) * sizeof *items);
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (row->zone.len > 0 && zone == NULL) {
        items[count++] = vouch_bytes_of("the policy has no zone of this name: the host is in none");
    } else if (zone != NULL && !vouch_host_zone_has(zone, row->name)) {
        items[count++] = vouch_bytes_of("its name fits none of the patterns of its zone");
    }
    if (put_left_out(authority, zone, row, items, &count) != VOUCH_OK) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < report->problem_count && count < PROBLEMS_MAX; i++) {
        items[count++] = report->problems[i];
    }
    row->problems = (struct vouch_text_list){items, count};
    return VOUCH_OK;
}

// What the policy writes of a host holds.
static int put_policy(struct vouch_local *authority, const struct vouch_policy_content *content,
                      struct vouch_fleet_row *row) {
    const struct vouch_policy_host *named = vouch_host_named(content, row->name);
    row->in_policy = named != NULL && row->state != VOUCH_HOST_RETIRED;
    if (!row->in_policy) {
        return VOUCH_OK;
    }
    int err = vouch_arena_copy(&authority->arena, named->zone, &row->zone);
    return err == VOUCH_OK
               ? vouch_texts_keep(&authority->arena, named->labels.items, named->labels.count,
                                  named->labels.count, &row->labels)
               : err;
}

static struct vouch_fleet_row row_of(const struct vouch_store_host *host) {
    return (struct vouch_fleet_row){.id = host->id,
                                    .name = host->name,
                                    .zone = host->zone,
                                    .labels = {host->labels, host->label_count},
                                    .aliases = {host->aliases, host->alias_count},
                                    .state = (enum vouch_host_state)host->state,
                                    .why = host->why,
                                    .token = host->by,
                                    .source = host->source,
                                    .agent = host->agent,
                                    .sshd = host->sshd,
                                    .created_s = host->created_s,
                                    .seen_s = host->seen_s,
                                    .renewed_s = host->renewed_s,
                                    .generation = host->generation,
                                    .approvals = host->approver_count,
                                    .needed = host->needed,
                                    .approvers = {host->approvers, host->approver_count},
                                    .health = vouch_bytes_of("unknown")};
}

// What two people decide, while it is open.
static int put_wish(struct vouch_local *authority, const struct vouch_store_host *host,
                    struct vouch_fleet_row *row, struct vouch_fault *fault) {
    const uint64_t now_s = vouch_time_now_s();
    struct vouch_bytes text;
    row->adopt_until_s = vouch_host_open_until(host, now_s);
    int err = vouch_host_wish_text(authority, host, now_s, &text, fault);
    if (err != VOUCH_OK || row->adopt_until_s == 0) {
        return err;
    }
    row->why = text.len > 0 ? text : row->why;
    row->asker = host->asker;
    row->wished = host->state == VOUCH_STORE_HOST_ACTIVE
                      ? (struct vouch_text_list){host->wished, host->wished_count}
                      : row->wished;
    return VOUCH_OK;
}

int vouch_fleet_row_of(struct vouch_local *authority, struct vouch_store *store,
                       const struct vouch_policy_content *content,
                       const struct vouch_store_host *host, struct vouch_fleet_row *ret_row,
                       struct vouch_fault *fault) {
    struct vouch_store_host_report report = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    *ret_row = row_of(host);
    int err =
        vouch_store_host_report_find(store, host->id, &authority->arena, &outcome, &report, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome == VOUCH_STORE_DONE) {
        put_report(&report, ret_row);
    }
    err = put_wish(authority, host, ret_row, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    return put_keys(authority, host, ret_row) == VOUCH_OK &&
                   put_policy(authority, content, ret_row) == VOUCH_OK &&
                   put_problems(authority, content, &report, ret_row) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

// --- listing

struct wanted {
    const struct vouch_ask_fleet *ask;
    const struct vouch_policy_content *content;
};

static int has_label(const struct vouch_bytes *labels, size_t count, struct vouch_bytes wanted) {
    const struct vouch_bytes key = vouch_host_label_key(wanted);
    const struct vouch_bytes any = vouch_bytes_of("=*");
    int is_any =
        wanted.len == key.len + any.len && memcmp(wanted.ptr + key.len, any.ptr, any.len) == 0;
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(labels[i], wanted) ||
            (is_any && vouch_bytes_equal(vouch_host_label_key(labels[i]), key))) {
            return 1;
        }
    }
    return 0;
}

// By the zone and labels that hold.
static int fits(const struct vouch_store_host *host, const void *context) {
    const struct wanted *wanted = context;
    const struct vouch_ask_fleet *ask = wanted->ask;
    const struct vouch_policy_host *named = vouch_host_named(wanted->content, host->name);
    const struct vouch_bytes zone = named != NULL ? named->zone : host->zone;
    const struct vouch_bytes *labels = named != NULL ? named->labels.items : host->labels;
    const size_t count = named != NULL ? named->labels.count : host->label_count;
    if ((ask->zone.len > 0 && !vouch_bytes_equal(ask->zone, zone)) ||
        (ask->host.len > 0 && !vouch_host_fits(ask->host, host->name))) {
        return 0;
    }
    for (size_t i = 0; i < ask->labels.count; i++) {
        if (!has_label(labels, count, ask->labels.items[i])) {
            return 0;
        }
    }
    return 1;
}

static int put_rows(struct vouch_local *authority, struct vouch_store *store,
                    const struct vouch_policy_content *content, struct vouch_store_hosts *page,
                    struct vouch_answer_fleet *answer, struct vouch_fault *fault) {
    vouch_arena_adopt(authority, &page->arena);
    answer->rows = vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *answer->rows);
    if (answer->rows == NULL || vouch_arena_copy(&authority->arena, vouch_bytes_of(page->next),
                                                 &answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < page->count; i++) {
        err =
            vouch_fleet_row_of(authority, store, content, &page->rows[i], &answer->rows[i], fault);
    }
    answer->count = page->count;
    return err;
}

static int list(struct vouch_local *authority, const struct vouch_ask_fleet *ask,
                const struct vouch_policy_content *content, struct vouch_answer_fleet *answer,
                struct vouch_fault *fault) {
    const struct wanted wanted = {ask, content};
    const struct vouch_store_host_filter filter = {
        .state = (enum vouch_store_host_state)ask->state, .fits = fits, .context = &wanted};
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store_hosts found = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_hosts_list(store, &filter, &page, &found, fault);
    if (err == VOUCH_OK) {
        err = put_rows(authority, store, content, &found, answer, fault);
    } else if (vouch_cursor_is_bad(err, &answer->reply, fault)) {
        err = VOUCH_OK;
    }
    vouch_pool_give(&authority->office->slow, store);
    return err;
}

int vouch_local_fleet(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_ask_fleet *ask, struct vouch_answer_fleet *ret_answer,
                      struct vouch_fault *fault) {
    static const struct vouch_policy_content nothing;
    struct vouch_who who;
    uint64_t version = 0;
    int err = vouch_identify_reader(authority, caller, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    const struct vouch_policy *document = vouch_policy_document(authority, policy);
    err = list(authority, ask, document != NULL ? vouch_policy_holds(document) : &nothing,
               ret_answer, fault);
    vouch_policy_release(authority, policy);
    return err;
}
