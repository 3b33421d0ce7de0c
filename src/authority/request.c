// SPDX-License-Identifier: ISC
// Requests: made of a question that waits for approvals, found by those whom they concern, taken once.
#include <inttypes.h>
#include <stdio.h>

#include "authority/access.h"
#include "authority/issue.h"
#include "authority/row.h"
#include "base/str.h"
#include "base/time.h"
#include "policy/explain.h"

#define EXPIRES_S (24 * 3600)
#define OPEN_MAX 20 // requests of one user that are not over
#define DETAILS_MAX 32768

// --- rows

enum vouch_request_state vouch_request_state_of(const struct vouch_store_request *request,
                                                uint64_t now_s) {
    int is_open = request->state == VOUCH_STORE_REQUEST_WAITING ||
                  request->state == VOUCH_STORE_REQUEST_APPROVED;
    return is_open && now_s >= request->expires_s ? VOUCH_REQUEST_EXPIRED
                                                  : (enum vouch_request_state)request->state;
}

static struct vouch_text_list list_of(struct vouch_store_texts texts) {
    return (struct vouch_text_list){texts.items, texts.count};
}

static struct vouch_store_texts texts_of(struct vouch_text_list list) {
    return (struct vouch_store_texts){list.items, list.count};
}

struct vouch_request_row vouch_request_row_of(const struct vouch_store_request *request,
                                              uint64_t now_s) {
    struct vouch_request_row row = {
        .id = request->id,
        .user = request->user,
        .zone = request->zone,
        .roles = list_of(request->roles),
        .principals = list_of(request->principals),
        .ttl_s = request->ttl_s,
        .reason = request->reason,
        .source = request->source,
        .created_s = request->created_s,
        .expires_s = request->expires_s,
        .state = vouch_request_state_of(request, now_s),
        .missing = request->missing,
        .approvers = list_of(request->approvers),
        .decided_by = request->decided_by,
        .comment = request->comment,
        .serial = request->serial,
    };
    memcpy(row.key, request->key, sizeof row.key);
    return row;
}

void vouch_reply_request_state(const struct vouch_store_request *request, uint64_t now_s,
                               struct vouch_reply *reply) {
    static const char *const words[] = {
        [VOUCH_REQUEST_NONE] = "is none",
        [VOUCH_REQUEST_WAITING] = "still waits for approval",
        [VOUCH_REQUEST_APPROVED] = "was approved",
        [VOUCH_REQUEST_DENIED] = "was denied",
        [VOUCH_REQUEST_CANCELLED] = "was cancelled",
        [VOUCH_REQUEST_EXPIRED] = "has expired",
        [VOUCH_REQUEST_TAKEN] = "was taken",
    };
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_request_state, "id",
                    "request %" PRIu64 " %s", request->id,
                    words[vouch_request_state_of(request, now_s)]);
}

static void put_options(const struct vouch_cert_option *options, size_t count,
                        struct vouch_buf *out) {
    vouch_write_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        vouch_write_string(out, options[i].name);
        vouch_write_string(out, options[i].data);
    }
}

void vouch_request_put_grant(const struct vouch_policy_grant *grant, struct vouch_buf *out) {
    vouch_write_u32(out, (uint32_t)grant->principal_count);
    for (size_t i = 0; i < grant->principal_count; i++) {
        vouch_write_string(out, grant->principals[i]);
    }
    vouch_write_u64(out, grant->ttl_s);
    put_options(grant->critical, grant->critical_count, out);
    put_options(grant->extensions, grant->extension_count, out);
}

int vouch_request_ask(struct vouch_local *authority, const struct vouch_store_request *request,
                      struct vouch_ask_access *ret_ask, struct vouch_fault *fault) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, request->ask);
    vouch_codec_read(vouch_ops[VOUCH_OP_access].ask, &reader, &authority->arena, ret_ask);
    return vouch_reader_end(&reader, NULL) == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad,
                                 "database: request %" PRIu64 " was kept by another version of the "
                                 "program; it has to be made anew",
                                 request->id);
}

// --- finding

int vouch_request_concerns(const struct vouch_policy *policy,
                           const struct vouch_store_request *request, struct vouch_bytes user) {
    int may = 0;
    for (size_t i = 0; i < request->roles.count && !may && policy != NULL; i++) {
        may = vouch_policy_approves(policy, request->roles.items[i], user);
    }
    return may && user.len > 0 && !vouch_bytes_equal(user, request->user);
}

int vouch_request_find(struct vouch_local *authority, const struct vouch_who *who, uint64_t id,
                       struct vouch_store_request *ret_request, struct vouch_reply *ret_reply,
                       struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t version = 0;
    struct vouch_pool *pool = &authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    int err = vouch_store_request_find(store, id, &authority->arena, &outcome, ret_request, fault);
    vouch_pool_give(pool, store);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    if (outcome != VOUCH_STORE_DONE ||
        !(vouch_who_is_reader(who) || vouch_bytes_equal(who->user, ret_request->user) ||
          vouch_request_concerns(policy, ret_request, who->user))) {
        vouch_reply_set(ret_reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "id",
                        "there is no request %" PRIu64 " that is for you to see", id);
    }
    vouch_policy_release(authority, policy);
    return VOUCH_OK;
}

// --- changing

int vouch_request_change(struct vouch_local *authority, const struct vouch_store_request *request,
                         struct vouch_reply *ret_reply, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_office *office = authority->office;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_request_change(office->desk, request, &outcome, fault);
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(ret_reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_request_state, "id",
                        "request %" PRIu64 " was changed at the same time", request->id);
    }
    return err;
}

int vouch_request_take(struct vouch_local *authority, const struct vouch_store_request *request,
                       struct vouch_reply *ret_reply, struct vouch_fault *fault) {
    struct vouch_store_request taken = *request;
    taken.state = VOUCH_STORE_REQUEST_TAKEN;
    return vouch_request_change(authority, &taken, ret_reply, fault);
}

// The certificate is out, or is not; if this cannot be written, the request stays taken.
void vouch_request_taken(struct vouch_local *authority, const struct vouch_store_request *request,
                         enum vouch_once_end end, uint64_t serial) {
    struct vouch_store_request taken = *request;
    struct vouch_reply reply = {0};
    struct vouch_fault fault = {0};
    taken.revision++;
    taken.state = end == VOUCH_ONCE_NOTHING ? request->state : VOUCH_STORE_REQUEST_TAKEN;
    taken.serial = end == VOUCH_ONCE_RECORD ? serial : 0;
    if (end != VOUCH_ONCE_UNKNOWN &&
        vouch_request_change(authority, &taken, &reply, &fault) != VOUCH_OK &&
        authority->office->report != NULL) {
        authority->office->report(&fault);
    }
}

// --- events

static void put_number(struct vouch_buf *details, const char *name, uint64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    vouch_record_detail_put(details, name, vouch_bytes_of(text));
}

static void put_texts(struct vouch_buf *details, const char *name,
                      const struct vouch_store_texts *texts) {
    for (size_t i = 0; i < texts->count; i++) {
        vouch_record_detail_put(details, name, texts->items[i]);
    }
}

static void put_request(struct vouch_buf *details, const struct vouch_store_request *request) {
    struct vouch_buf key;
    vouch_buf_init(&key, 128);
    vouch_buf_put_text(&key, "SHA256:");
    vouch_str_base64((struct vouch_bytes){request->key, sizeof request->key}, 0, &key);
    vouch_record_detail_put(details, "user", request->user);
    vouch_record_detail_put(details, "zone", request->zone);
    put_texts(details, "role", &request->roles);
    put_texts(details, "principal", &request->principals);
    put_number(details, "ttl", request->ttl_s);
    vouch_record_detail_put(details, "key", vouch_buf_bytes(&key));
    vouch_record_detail_put(details, "reason", request->reason);
    vouch_record_detail_put(details, "source", request->source);
    put_texts(details, "approver", &request->approvers);
    if (request->comment.len > 0) {
        vouch_record_detail_put(details, "comment", request->comment);
    }
    details->err = details->err == VOUCH_OK ? key.err : details->err;
    vouch_buf_done(&key);
}

int vouch_request_note(struct vouch_local *authority, struct vouch_bytes actor, const char *type,
                       const struct vouch_store_request *request, struct vouch_fault *fault) {
    struct vouch_signer_noted noted;
    struct vouch_buf details;
    char id[24];
    (void)snprintf(id, sizeof id, "%" PRIu64, request->id);
    vouch_buf_init(&details, DETAILS_MAX);
    put_request(&details, request);
    const struct vouch_signer_event event = {.actor = actor,
                                             .type = vouch_bytes_of(type),
                                             .object = vouch_bytes_of(id),
                                             .details = vouch_buf_bytes(&details)};
    int err = details.err != VOUCH_OK ? vouch_no_memory(fault)
                                      : vouch_seat_note(authority, &event, &noted, fault);
    vouch_buf_done(&details);
    return err;
}

// --- making

// What is to be approved: the question with what the policy made of it, so that nothing is left open.
static void put_ask(const struct vouch_access *access, struct vouch_buf *out) {
    struct vouch_ask_access ask = *access->ask;
    ask.roles = access->roles;
    ask.ttl_s = access->decision.proposal.ttl_s;
    ask.pending = VOUCH_PENDING_REFUSE;
    ask.once = (struct vouch_bytes){0};
    vouch_codec_write(vouch_ops[VOUCH_OP_access].ask, &ask, out);
}

static uint64_t count_missing(const struct vouch_policy_decision *decision) {
    uint64_t missing = 0;
    for (size_t i = 0; i < decision->awaited_count; i++) {
        missing += decision->awaited[i].missing;
    }
    return missing;
}

// What is looked for among the open requests of a user, and what was found.
struct search {
    struct vouch_store *store;
    const struct vouch_store_request *request;
    struct vouch_arena *arena;
    struct vouch_store_request same; // where is_found
    int is_found;
    size_t open; // how many there are
};

static int look_at(struct search *search, const struct vouch_store_request *row,
                   struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_store_request *request = search->request;
    enum vouch_request_state state = vouch_request_state_of(row, request->created_s);
    if (state != VOUCH_REQUEST_WAITING && state != VOUCH_REQUEST_APPROVED) {
        return VOUCH_OK;
    }
    search->open++;
    int err = vouch_store_request_find(search->store, row->id, search->arena, &outcome,
                                       &search->same, fault);
    search->is_found = err == VOUCH_OK && outcome == VOUCH_STORE_DONE &&
                       vouch_bytes_equal(search->same.ask, request->ask) &&
                       vouch_bytes_equal(search->same.approved, request->approved);
    return err;
}

static int look_at_page(struct search *search, char cursor[static VOUCH_STORE_CURSOR_MAX],
                        struct vouch_fault *fault) {
    const struct vouch_store_request_filter filter = {.user = search->request->user};
    const struct vouch_store_page page = {.limit = VOUCH_STORE_PAGE_MAX,
                                          .cursor = vouch_bytes_of(cursor)};
    struct vouch_store_requests list = {0};
    int err = vouch_store_requests_list(search->store, &filter, &page, &list, fault);
    for (size_t i = 0; err == VOUCH_OK && i < list.count && !search->is_found; i++) {
        err = look_at(search, &list.rows[i], fault);
    }
    memcpy(cursor, list.next, sizeof list.next);
    vouch_store_requests_done(&list);
    return err;
}

// Those that are over are between the others, and may be many.
static int find_open(struct search *search, struct vouch_fault *fault) {
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    int err;
    do {
        err = look_at_page(search, cursor, fault);
    } while (err == VOUCH_OK && cursor[0] != '\0' && !search->is_found);
    return err;
}

static int add(struct vouch_local *authority, const struct vouch_who *who,
               struct vouch_store_request *request, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_fault later = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_request_add(office->desk, request, &request->id, fault);
    pthread_mutex_unlock(&office->desk_lock);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_request_note(authority, who->actor, VOUCH_EVENT_REQUEST_NEW, request, fault);
    if (err != VOUCH_OK) { // what is not recorded is not asked
        request->state = VOUCH_STORE_REQUEST_CANCELLED;
        pthread_mutex_lock(&office->desk_lock);
        (void)!vouch_store_request_change(office->desk, request, &outcome, &later);
        pthread_mutex_unlock(&office->desk_lock);
    }
    return err;
}

// Finds the one that is the same, or adds it. requests_lock is taken.
static int find_or_add(struct vouch_local *authority, const struct vouch_who *who,
                       struct vouch_store_request *request, struct vouch_reply *reply,
                       struct vouch_fault *fault) {
    struct vouch_pool *pool = &authority->office->slow;
    struct search search = {
        .store = vouch_pool_take(pool), .request = request, .arena = &authority->arena};
    int err = find_open(&search, fault);
    vouch_pool_give(pool, search.store);
    if (err != VOUCH_OK || search.is_found) {
        *request = err == VOUCH_OK ? search.same : *request;
        return err;
    }
    if (search.open >= OPEN_MAX) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_request_state, NULL,
                        "%.*s has %zu open requests; cancel one first", VOUCH_REPLY_TEXT(who->user),
                        search.open);
        return VOUCH_OK;
    }
    return add(authority, who, request, fault);
}

// The answer outlives the question.
static int keep(struct vouch_local *authority, struct vouch_request_row *row,
                struct vouch_fault *fault) {
    struct vouch_bytes *texts[] = {&row->user, &row->zone, &row->reason, &row->source};
    struct vouch_text_list *lists[] = {&row->roles, &row->principals};
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = vouch_arena_copy(&authority->arena, *texts[i], texts[i]);
    }
    for (size_t i = 0; err == VOUCH_OK && i < sizeof lists / sizeof lists[0]; i++) {
        err = vouch_texts_keep(&authority->arena, lists[i]->items, lists[i]->count, lists[i]->count,
                               lists[i]);
    }
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

static int make(struct vouch_local *authority, const struct vouch_caller *caller,
                const struct vouch_access *access, const struct vouch_buf *ask,
                const struct vouch_buf *approved, struct vouch_answer_access *ret_answer,
                struct vouch_fault *fault) {
    const struct vouch_policy_grant *proposal = &access->decision.proposal;
    uint64_t now_s = vouch_time_now_s();
    struct vouch_store_request request = {
        .user = access->who->user,
        .zone = access->ask->zone,
        .created_s = now_s,
        .expires_s = now_s + EXPIRES_S,
        .ttl_s = proposal->ttl_s,
        .roles = texts_of(access->roles),
        .principals = {proposal->principals, proposal->principal_count},
        .reason = access->ask->reason,
        .source = caller->source,
        .ask = vouch_buf_bytes(ask),
        .approved = vouch_buf_bytes(approved),
        .state = VOUCH_STORE_REQUEST_WAITING,
        .missing = count_missing(&access->decision),
    };
    int err = vouch_hash_of(authority, access->ask->key, request.key, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_reply_done(&ret_answer->reply);
    pthread_mutex_lock(&authority->office->requests_lock);
    err = find_or_add(authority, access->who, &request, &ret_answer->reply, fault);
    pthread_mutex_unlock(&authority->office->requests_lock);
    ret_answer->request = vouch_request_row_of(&request, now_s);
    return err == VOUCH_OK ? keep(authority, &ret_answer->request, fault) : err;
}

int vouch_request_make(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_access *access, struct vouch_answer_access *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_buf ask, approved;
    vouch_buf_init(&ask, VOUCH_STORE_REQUEST_BYTES_MAX);
    vouch_buf_init(&approved, VOUCH_STORE_REQUEST_BYTES_MAX);
    put_ask(access, &ask);
    vouch_request_put_grant(&access->decision.proposal, &approved);
    int err = VOUCH_OK;
    if (ask.err == VOUCH_ERR_LIMIT || approved.err == VOUCH_ERR_LIMIT) {
        vouch_reply_set(&ret_answer->reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, NULL,
                        "the request as a whole is too long");
    } else if (ask.err != VOUCH_OK || approved.err != VOUCH_OK) {
        err = vouch_no_memory(fault);
    } else {
        err = make(authority, caller, access, &ask, &approved, ret_answer, fault);
    }
    vouch_buf_done(&ask);
    vouch_buf_done(&approved);
    return err;
}
