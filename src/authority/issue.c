// SPDX-License-Identifier: ISC
// The way of a request for a certificate, from top to bottom: identify, decide, have it signed and
// recorded, answer. The index follows by itself (clerk.c).
#include "authority/issue.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/review.h"
#include "authority/row.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"
#include "store/idempotency.h"
#include "store/sessions.h"

#define ONCE_S (24 * 3600) // how long an idempotency key is kept
#define REQUEST_MAX 512
#define BODY_MAX (128u * 1024)

// --- 3: the subject's key

static void key_refused(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_subject_key, "public_key", "%s",
                    why);
}

static int is_own_key(struct vouch_office *office, const struct vouch_key *key) {
    struct vouch_office_cas cas;
    vouch_cas_now(office, &cas);
    return vouch_cas_have(&cas, key) || vouch_key_equal(key, office->checkpoint_key);
}

int vouch_subject_key_judge(struct vouch_local *authority, const struct vouch_key *key,
                            uint8_t ret_hash[static VOUCH_STORE_HASH_LEN],
                            struct vouch_reply *reply, struct vouch_fault *fault) {
    int is_revoked = 0;
    if (is_own_key(authority->office, key)) {
        key_refused(reply, "it is one of the CA's own keys");
        return VOUCH_OK;
    }
    int err = vouch_hash_of(authority, vouch_key_blob(key), ret_hash, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_key_is_revoked(vouch_lease(authority), ret_hash, &is_revoked, fault);
    }
    if (err == VOUCH_OK && is_revoked) {
        key_refused(reply, "it was revoked");
    }
    return err;
}

// --- 4: signing and recording

struct work {
    const struct vouch_job *job;
    const struct vouch_once_key *once; // NULL: none
    const struct vouch_decision *decision;
    const struct vouch_key *key;
    uint8_t key_hash[VOUCH_STORE_HASH_LEN];
};

static void put_hex(struct vouch_buf *out, const char *name, const uint8_t *hash) {
    vouch_buf_put_text(out, name);
    vouch_str_hex((struct vouch_bytes){hash, VOUCH_STORE_HASH_LEN}, out);
}

// What the ledger keeps of the request, from which the index can be made again: doc/frames.md.
static void put_request(struct vouch_buf *out, const struct work *work, uint64_t now_s) {
    char until[40], session[40];
    vouch_buf_put(out, work->job->caller->request);
    if (work->job->who->session_id != 0) {
        (void)snprintf(session, sizeof session, " session=%" PRIu64, work->job->who->session_id);
        vouch_buf_put_text(out, session);
    }
    if (work->once != NULL) {
        put_hex(out, " once=", work->once->key);
        put_hex(out, " body=", work->once->body);
        (void)snprintf(until, sizeof until, " until=%" PRIu64, now_s + ONCE_S);
        vouch_buf_put_text(out, until);
    }
}

static int sign(struct vouch_local *authority, const struct work *work,
                struct vouch_signer_grant *ret_grant, struct vouch_signer_ask *ret_ask,
                struct vouch_fault *fault) {
    const struct vouch_decision *decision = work->decision;
    const struct vouch_who *who = work->job->who;
    uint64_t now_s = vouch_time_now_s();
    uint8_t room[REQUEST_MAX];
    struct vouch_buf request;
    vouch_buf_init_fixed(&request, room, sizeof room);
    put_request(&request, work, now_s);
    struct vouch_signer_ask ask = {
        .spec = {.type = decision->type,
                 .key = work->key,
                 .key_id = decision->key_id,
                 .principals = decision->principals.items,
                 .principal_count = decision->principals.count,
                 .valid_after = now_s - VOUCH_BACKDATE_S,
                 .valid_before = now_s + decision->ttl_s,
                 .critical = decision->critical,
                 .critical_count = decision->critical_count,
                 .extensions = decision->extensions,
                 .extension_count = decision->extension_count},
        .actor = who->actor,
        .evidence = who->evidence,
        .role = who->role,
        .request = vouch_buf_bytes(&request),
        .source = work->job->caller->source,
        .policy = who->policy,
    };
    const struct vouch_access *access = work->job->access;
    if (access != NULL && !vouch_policy_grant_is(&access->decision.grant, &ask.spec, now_s)) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_internal,
                               "authority: what was to be signed is not what the policy granted");
    }
    int err = vouch_seat_sign(authority, &ask, ret_grant, fault);
    *ret_ask = ask;
    return err;
}

// A rule of issuing that the request breaks is a wrong field; that the clock is wrong, or that there is
// too much to do, may be over in a moment.
static enum vouch_verdict verdict_of(const char *code) {
    static const struct {
        const char *code;
        enum vouch_verdict verdict;
    } verdicts[] = {{"V-1301", VOUCH_VERDICT_INVALID},
                    {"V-1206", VOUCH_VERDICT_INVALID},
                    {"V-1201", VOUCH_VERDICT_INVALID},
                    {"V-1306", VOUCH_VERDICT_BUSY},
                    {"V-1607", VOUCH_VERDICT_BUSY}};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        if (strcmp(verdicts[i].code, code) == 0) {
            return verdicts[i].verdict;
        }
    }
    return VOUCH_VERDICT_REFUSED;
}

// The asker's name for the field goes beside the signer's own words, which begin with the signer's.
void vouch_reply_signer(const struct vouch_signer_refusal *refusal, struct vouch_reply *reply) {
    *reply = (struct vouch_reply){.verdict = verdict_of(refusal->code)};
    memcpy(reply->code, refusal->code, sizeof reply->code);
    (void)snprintf(reply->field, sizeof reply->field, "%s",
                   vouch_wish_field(vouch_bytes_of(refusal->field)));
    (void)snprintf(reply->why, sizeof reply->why, "%.63s%s%.190s", refusal->field,
                   refusal->field[0] != '\0' ? " " : "", refusal->why);
}

// --- 5: the answer

// The answer outlives the ask, so what it borrows from it is copied.
static int keep_texts(struct vouch_local *authority, struct vouch_cert_row *row) {
    struct vouch_bytes *parts[] = {&row->key_id, &row->source};
    const struct vouch_text_list names = row->principals;
    struct vouch_bytes *items =
        vouch_arena_alloc(&authority->arena, (names.count + 1) * sizeof *items);
    int err = items != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < names.count; i++) {
        err = vouch_arena_copy(&authority->arena, names.items[i], &items[i]);
    }
    for (size_t i = 0; err == VOUCH_OK && i < sizeof parts / sizeof parts[0]; i++) {
        err = vouch_arena_copy(&authority->arena, *parts[i], parts[i]);
    }
    row->principals.items = items;
    return err;
}

// Which of its keys the signer took, the certificate says.
static int hash_ca_of(struct vouch_local *authority, struct vouch_bytes cert, uint8_t *ret_hash,
                      struct vouch_fault *fault) {
    struct vouch_cert_view view;
    if (vouch_own_cert_read(cert, &view) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_peer,
                               "signer: what it signed is no certificate");
    }
    return vouch_cas_hash(authority, view.ca, ret_hash, fault);
}

static int answer(struct vouch_local *authority, const struct work *work,
                  const struct vouch_signer_ask *ask, const struct vouch_signer_grant *grant,
                  struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    struct vouch_cert_row row = {
        .serial = grant->serial,
        .number = grant->number,
        .time_ms = grant->time_ms,
        .type = ask->spec.type,
        .key_id = ask->spec.key_id,
        .principals = {ask->spec.principals, ask->spec.principal_count},
        .valid_after = ask->spec.valid_after,
        .valid_before = ask->spec.valid_before,
        .actor = ask->actor,
        .role = ask->role,
        .source = ask->source,
        .cert = grant->cert,
    };
    memcpy(row.key, work->key_hash, sizeof row.key);
    int err = hash_ca_of(authority, grant->cert, row.ca, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (keep_texts(authority, &row) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    ret_answer->row = row;
    vouch_reply_done(&ret_answer->reply);
    return VOUCH_OK;
}

// --- top to bottom

// What a refused request was about, for the ledger.
static struct vouch_bytes object_of(const struct vouch_job *job) {
    if (job->access != NULL) {
        return job->access->ask->zone;
    }
    if (job->wish->key_id.len > 0) {
        return job->wish->key_id;
    }
    return job->wish->principals.count > 0 ? job->wish->principals.items[0] : job->who->name;
}

// Whoever ends a session and revokes what was got in it has not seen what is recorded later than that: it is
// not given out.
static int judge_session(struct vouch_local *authority, const struct vouch_who *who,
                         struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_store_session session;
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    int err = VOUCH_OK;
    if (who->session_id != 0) {
        err = vouch_store_session_by_id(vouch_lease(authority), who->session_id, &authority->arena,
                                        &outcome, &session, fault);
    }
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, &vouch_fault_caller, "token",
                        "the session has just ended: run vouch login");
    }
    return err;
}

static int sign_and_answer(struct vouch_local *authority, struct work *work,
                           struct vouch_answer_cert *ret_answer, enum vouch_once_end *ret_end,
                           struct vouch_fault *fault) {
    struct vouch_signer_grant grant = {0};
    struct vouch_signer_ask ask = {0};
    *ret_end = VOUCH_ONCE_UNKNOWN; // after a lost answer only the ledger can tell
    int err = sign(authority, work, &grant, &ask, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (grant.outcome != VOUCH_SIGNER_DONE) {
        *ret_end = VOUCH_ONCE_NOTHING;
        vouch_reply_signer(&grant.refusal, &ret_answer->reply);
        return VOUCH_OK;
    }
    atomic_fetch_add(&authority->office->issued, 1);
    atomic_store(&authority->office->serial, grant.serial);
    struct vouch_reply over = {.verdict = VOUCH_VERDICT_DONE};
    err = judge_session(authority, work->job->who, &over, fault);
    if (err != VOUCH_OK || over.verdict != VOUCH_VERDICT_DONE) {
        ret_answer->reply = over;
        return err;
    }
    *ret_end = VOUCH_ONCE_RECORD;
    return answer(authority, work, &ask, &grant, ret_answer, fault);
}

// One for an emergency has its review before it is there.
static int sign_reviewed(struct vouch_local *authority, struct work *work,
                         struct vouch_answer_cert *ret_answer, enum vouch_once_end *ret_end,
                         struct vouch_fault *fault) {
    const struct vouch_job *job = work->job;
    struct vouch_store_review review = {0};
    int err =
        vouch_review_open(authority, job->caller, job->access, work->key_hash, &review, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = sign_and_answer(authority, work, ret_answer, ret_end, fault);
    vouch_review_signed(authority, &review, job->who->actor, *ret_end, &ret_answer->row);
    return err;
}

// An approved request is good for one certificate: it is taken before, and given back if there is none.
static int sign_taken(struct vouch_local *authority, struct work *work,
                      struct vouch_answer_cert *ret_answer, enum vouch_once_end *ret_end,
                      struct vouch_fault *fault) {
    const struct vouch_access *access = work->job->access;
    if (access != NULL && access->glass != VOUCH_REVIEW_ANY) {
        return sign_reviewed(authority, work, ret_answer, ret_end, fault);
    }
    if (access == NULL || access->request == NULL) {
        return sign_and_answer(authority, work, ret_answer, ret_end, fault);
    }
    int err = vouch_request_take(authority, access->request, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = sign_and_answer(authority, work, ret_answer, ret_end, fault);
    vouch_request_taken(authority, access->request, *ret_end, ret_answer->row.serial);
    return err;
}

static int decide(struct vouch_local *authority, const struct vouch_job *job,
                  struct vouch_decision *ret_decision, struct vouch_fault *fault) {
    const struct vouch_who *who = job->who;
    if (who->user.len > 0) {
        vouch_reply_set(&ret_decision->reply, VOUCH_VERDICT_REFUSED, &vouch_fault_profile, "token",
                        "users get certificates by their roles: vouch login, or POST /v1/access");
        return VOUCH_OK;
    }
    const struct vouch_bounds bounds = {
        .profile = who->profile,
        .asker = who->name,
        .ttl_max_s = authority->office->ttl_max_s[vouch_ca_index(job->wish->type)],
    };
    if (who->profile == NULL && !who->is_local) {
        vouch_reply_set(&ret_decision->reply, VOUCH_VERDICT_REFUSED, &vouch_fault_profile, "token",
                        "the token %.*s has no profile", VOUCH_REPLY_TEXT(who->name));
        return VOUCH_OK;
    }
    return vouch_decide(&bounds, job->wish, &authority->arena, ret_decision) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

// Everything but idempotency. *ret_end says what became of it, also when this fails.
static int make(struct vouch_local *authority, struct work *work,
                struct vouch_answer_cert *ret_answer, enum vouch_once_end *ret_end,
                struct vouch_fault *fault) {
    struct vouch_decision decision = {0};
    struct vouch_key *key = NULL;
    struct vouch_where where = {0};
    *ret_end = VOUCH_ONCE_NOTHING;
    int err = vouch_key_parse(work->job->key, &key, &where);
    if (err != VOUCH_OK) {
        vouch_reply_set(&ret_answer->reply, VOUCH_VERDICT_INVALID, &vouch_fault_key_format,
                        "public_key", "public_key: %s",
                        where.reason != NULL ? where.reason : vouch_err_text(err));
        return err == VOUCH_ERR_NO_MEMORY ? vouch_no_memory(fault) : VOUCH_OK;
    }
    err = work->job->access != NULL ? vouch_access_decide(authority, work->job->access,
                                                          work->job->caller, key, &decision, fault)
                                    : decide(authority, work->job, &decision, fault);
    ret_answer->reply = decision.reply;
    if (err == VOUCH_OK && decision.reply.verdict == VOUCH_VERDICT_DONE) {
        err = vouch_subject_key_judge(authority, key, work->key_hash, &ret_answer->reply, fault);
    }
    if (err == VOUCH_OK && ret_answer->reply.verdict == VOUCH_VERDICT_DONE) {
        work->decision = &decision;
        work->key = key;
        err = sign_taken(authority, work, ret_answer, ret_end, fault);
    }
    vouch_key_free(key);
    return err;
}

// What waits for approvals is not refused.
static int is_pending(const struct vouch_job *job) {
    return job->access != NULL && job->access->decision.verdict == VOUCH_POLICY_PENDING &&
           job->access->ask->pending == VOUCH_PENDING_REQUEST;
}

static int make_and_note(struct vouch_local *authority, struct work *work,
                         struct vouch_answer_cert *ret_answer, enum vouch_once_end *ret_end,
                         struct vouch_fault *fault) {
    int err = make(authority, work, ret_answer, ret_end, fault);
    if (err == VOUCH_OK && ret_answer->reply.verdict == VOUCH_VERDICT_REFUSED &&
        !is_pending(work->job)) {
        err = vouch_refusal_note(authority, work->job->caller, work->job->who, object_of(work->job),
                                 &ret_answer->reply, fault);
    }
    return err;
}

// --- 2: asked before?

static int answer_again(struct vouch_local *authority, uint64_t number,
                        struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    struct vouch_record record;
    int err = vouch_record_fetch(authority, number, &record, fault);
    if (err == VOUCH_OK) {
        err = vouch_cert_row_of_record(authority, &record, &ret_answer->row, fault);
    }
    if (err == VOUCH_OK) {
        vouch_reply_done(&ret_answer->reply);
    }
    return err;
}

static int hash_once(struct vouch_local *authority, const struct vouch_job *job,
                     struct vouch_once_key *ret_once, struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init(&text, BODY_MAX);
    vouch_write_string(&text, job->who->actor);
    vouch_write_string(&text, job->once);
    int err = text.err != VOUCH_OK
                  ? vouch_no_memory(fault)
                  : vouch_hash_of(authority, vouch_buf_bytes(&text), ret_once->key, fault);
    vouch_buf_done(&text);
    return err == VOUCH_OK ? vouch_hash_of(authority, job->body, ret_once->body, fault) : err;
}

// What the database knows of the key: the state as in vouch_once_begin().
static int find_indexed(struct vouch_local *authority, const struct vouch_once_key *once,
                        enum vouch_once_state *ret_state, uint64_t *ret_number,
                        struct vouch_fault *fault) {
    struct vouch_store_once what = {0};
    memcpy(what.key, once->key, sizeof what.key);
    memcpy(what.request, once->body, sizeof what.request);
    struct vouch_store_once_result *result = vouch_arena_alloc(&authority->arena, sizeof *result);
    if (result == NULL) {
        return vouch_no_memory(fault);
    }
    int err =
        vouch_store_once_find(vouch_lease(authority), &what, vouch_time_now_s(), result, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    int is_made = result->match == VOUCH_STORE_ONCE_SAME && result->count > 0;
    *ret_number = is_made ? result->numbers[0] : 0;
    *ret_state = result->match == VOUCH_STORE_ONCE_OTHER ? VOUCH_ONCE_OTHER : VOUCH_ONCE_MINE;
    *ret_state = is_made ? VOUCH_ONCE_MADE : *ret_state;
    return VOUCH_OK;
}

static int answer_state(struct vouch_local *authority, enum vouch_once_state state, uint64_t number,
                        struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    if (state == VOUCH_ONCE_MADE) {
        return answer_again(authority, number, ret_answer, fault);
    }
    if (state == VOUCH_ONCE_OTHER) {
        vouch_reply_set(&ret_answer->reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_once,
                        "Idempotency-Key", "the key came before with another request");
    } else {
        vouch_reply_set(&ret_answer->reply, VOUCH_VERDICT_BUSY, &vouch_fault_at_work,
                        "Idempotency-Key", "the request is still at work");
    }
    return VOUCH_OK;
}

static int make_once(struct vouch_local *authority, struct work *work,
                     struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    struct vouch_once_table *table = &authority->office->once;
    enum vouch_once_state state = VOUCH_ONCE_AT_WORK;
    uint64_t number = 0;
    if (vouch_once_begin(table, work->once, &state, &number) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    if (state != VOUCH_ONCE_MINE) {
        return answer_state(authority, state, number, ret_answer, fault);
    }
    enum vouch_once_end end = VOUCH_ONCE_NOTHING;
    int err = find_indexed(authority, work->once, &state, &number, fault);
    if (err == VOUCH_OK && state == VOUCH_ONCE_MINE) {
        err = make_and_note(authority, work, ret_answer, &end, fault);
        number = ret_answer->row.number;
    } else if (err == VOUCH_OK) {
        err = answer_state(authority, state, number, ret_answer, fault);
    }
    vouch_once_end(table, work->once, end, number);
    return err;
}

int vouch_issue(struct vouch_local *authority, const struct vouch_job *job,
                struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    struct vouch_once_key once;
    struct work work = {.job = job};
    if (job->once.len == 0) {
        enum vouch_once_end end = VOUCH_ONCE_NOTHING;
        return make_and_note(authority, &work, ret_answer, &end, fault);
    }
    work.once = &once;
    int err = hash_once(authority, job, &once, fault);
    return err == VOUCH_OK ? make_once(authority, &work, ret_answer, fault) : err;
}

// --- 1: who asks, for what

int vouch_local_issue(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_ask_issue *ask, struct vouch_answer_cert *ret_answer,
                      struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_buf body;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ISSUE, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_wish wish = {.type = ask->type,
                                    .key_id = ask->key_id,
                                    .principals = ask->principals,
                                    .ttl_s = ask->ttl_s,
                                    .critical = ask->critical,
                                    .extensions = ask->extensions};
    vouch_buf_init(&body, BODY_MAX);
    if (ask->once.len > 0) {
        vouch_write_text(&body, "issue");
        vouch_codec_write(vouch_ops[VOUCH_OP_issue].ask, ask, &body);
    }
    const struct vouch_job job = {.caller = caller,
                                  .who = &who,
                                  .wish = &wish,
                                  .key = ask->key,
                                  .once = ask->once,
                                  .body = vouch_buf_bytes(&body)};
    err = body.err == VOUCH_OK ? vouch_issue(authority, &job, ret_answer, fault)
                               : vouch_no_memory(fault);
    vouch_buf_done(&body);
    return err;
}
