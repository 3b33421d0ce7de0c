// SPDX-License-Identifier: ISC
// Proving who somebody is: the try is charged first, then everything that was given is looked at.
#include "authority/proof.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/passkey.h"
#include "authority/row.h"
#include "authority/tries-one.h"
#include "base/str.h"
#include "base/time.h"
#include "identity/tries.h"
#include "policy/rule.h"
#include "store/tries.h"

#define IDENTITY_WAIT_NS (UINT64_C(30) * 1000000000)
#define TRIES_KEPT_S 86400         // the longest that a try counts
#define CLOSED_KEPT_S (30 * 86400) // of names that nobody has and somebody tries again and again
#define FAILURES_MANY 10
#define CLOSED_RETRY_S 3600 // no wait helps
#define SOURCE_MAX VOUCH_STORE_TRIES_SOURCE_MAX
#define NOBODY_ID "u0"

// --- asking identity

static int no_identity(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_no_identity,
                           "authority: there is no identity role to ask");
}

// Slices of an answer live until the next question at the seat.
static int keep_answer(struct vouch_local *authority, struct vouch_identity_answer *answer,
                       struct vouch_fault *fault) {
    if (vouch_arena_copy(&authority->arena, answer->stored, &answer->stored) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    return answer->shown.len > 0 ? vouch_shown_keep(authority, answer->shown, &answer->shown, fault)
                                 : VOUCH_OK;
}

int vouch_identity_do(struct vouch_local *authority, enum vouch_identity_do what,
                      const struct vouch_identity_ask *ask,
                      struct vouch_identity_answer *ret_answer, struct vouch_fault *fault) {
    struct vouch_identity_answer answer = {0};
    struct vouch_identity_seat *seat = authority->identity;
    if (seat == NULL) {
        return no_identity(fault);
    }
    vouch_lease_end(authority);
    pthread_mutex_lock(&seat->lock);
    uint64_t deadline_ns = vouch_time_monotonic_ns() + IDENTITY_WAIT_NS;
    int err = what == VOUCH_IDENTITY_DO_MAKE
                  ? vouch_identity_make(seat->identity, ask, deadline_ns, &answer, fault)
                  : vouch_identity_check(seat->identity, ask, deadline_ns, &answer, fault);
    if (err == VOUCH_OK) {
        err = keep_answer(authority, &answer, fault);
    }
    pthread_mutex_unlock(&seat->lock);
    if (err == VOUCH_OK) {
        *ret_answer = answer;
    }
    return err;
}

void vouch_identity_refusal_take(const struct vouch_identity_answer *answer, const char *field,
                                 struct vouch_reply *reply) {
    *reply = (struct vouch_reply){.verdict = answer->verdict == VOUCH_IDENTITY_BUSY
                                                 ? VOUCH_VERDICT_BUSY
                                                 : VOUCH_VERDICT_INVALID};
    memcpy(reply->code, answer->refusal.code, sizeof reply->code);
    (void)snprintf(reply->field, sizeof reply->field, "%s", field);
    memcpy(reply->why, answer->refusal.why, sizeof reply->why);
}

// --- whom a name leads to

static int text_id(struct vouch_local *authority, const char *before, uint64_t account,
                   struct vouch_bytes *ret_text, struct vouch_fault *fault) {
    char text[32];
    (void)snprintf(text, sizeof text, "%s%" PRIu64, before, account);
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(text), ret_text) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

int vouch_person_id(struct vouch_local *authority, uint64_t account, struct vouch_bytes *ret_id,
                    struct vouch_fault *fault) {
    return text_id(authority, "u", account, ret_id, fault);
}

int vouch_person_tries(struct vouch_local *authority, uint64_t account,
                       struct vouch_bytes *ret_tries, struct vouch_fault *fault) {
    return text_id(authority, "#", account, ret_tries, fault);
}

// ASCII letters become small; nothing else is folded, trimmed or cut.
static int fold(struct vouch_local *authority, struct vouch_bytes given,
                struct vouch_bytes *ret_name, struct vouch_fault *fault) {
    uint8_t *text = vouch_arena_alloc(&authority->arena, given.len + 1);
    if (text == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < given.len; i++) {
        uint8_t byte = given.ptr[i];
        text[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
    }
    *ret_name = (struct vouch_bytes){text, given.len};
    return VOUCH_OK;
}

// What cannot be a name is counted under its hash, which no name is.
static int count_by_hash(struct vouch_local *authority, struct vouch_bytes given,
                         struct vouch_person *person, struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_buf text;
    int err = vouch_hash_of(authority, given, hash, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_buf_init(&text, 2 * sizeof hash + 1);
    vouch_buf_put_text(&text, "!");
    vouch_str_hex((struct vouch_bytes){hash, sizeof hash}, &text);
    err = text.err == VOUCH_OK
              ? vouch_arena_copy(&authority->arena, vouch_buf_bytes(&text), &person->tries)
              : text.err;
    vouch_buf_done(&text);
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

int vouch_person_find(struct vouch_local *authority, struct vouch_bytes given,
                      struct vouch_person *ret_person, struct vouch_fault *fault) {
    struct vouch_person person = {.id = vouch_bytes_of(NOBODY_ID)};
    struct vouch_bytes folded;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store *store = vouch_lease(authority);
    struct vouch_arena *arena = &authority->arena;
    int err = fold(authority, given, &folded, fault);
    int is_name = err == VOUCH_OK && vouch_policy_user_fault(folded) == NULL;
    if (err == VOUCH_OK) {
        err = is_name
                  ? vouch_store_account_find(store, folded, arena, &outcome, &person.account, fault)
                  : count_by_hash(authority, folded, &person, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_credentials(store, person.account.id, arena, &person.kept, fault);
    }
    if (err == VOUCH_OK && is_name) {
        person.name = folded;
        person.tries = folded;
    }
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = vouch_person_tries(authority, person.account.id, &person.tries, fault);
        err = err == VOUCH_OK ? vouch_person_id(authority, person.account.id, &person.id, fault)
                              : err;
    }
    if (err == VOUCH_OK) {
        *ret_person = person;
    }
    return err;
}

// --- tries

struct counters {
    struct vouch_store_tries_key keys[VOUCH_TRIES_COUNTS];
    struct vouch_tries tries;
    char source[SOURCE_MAX];
};

static void name_counters(const struct vouch_caller *caller, const struct vouch_person *person,
                          struct counters *counters) {
    struct vouch_bytes source = caller->source.len > 0
                                    ? vouch_source_fold(caller->source, counters->source)
                                    : vouch_bytes_of("unknown");
    counters->keys[VOUCH_TRIES_ACCOUNT] = (struct vouch_store_tries_key){.who = person->tries};
    counters->keys[VOUCH_TRIES_SOURCE] = (struct vouch_store_tries_key){.source = source};
    counters->keys[VOUCH_TRIES_PAIR] =
        (struct vouch_store_tries_key){.who = person->tries, .source = source};
}

static int read_counters(struct vouch_local *authority, struct counters *counters,
                         struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < VOUCH_TRIES_COUNTS; i++) {
        struct vouch_bytes state;
        err = vouch_store_tries_get(authority->office->desk, &counters->keys[i], &authority->arena,
                                    &state, fault);
        err = err == VOUCH_OK ? vouch_tries_read(state, &counters->tries.of[i], fault) : err;
    }
    return err;
}

// How long a state is kept. An account's failures stay; a name that nobody has is forgotten, but not
// before one could tell that by its never being closed.
static uint64_t kept_until(const struct vouch_person *person, size_t which,
                           const struct vouch_tries_state *state, uint64_t now_s) {
    if (which != VOUCH_TRIES_ACCOUNT) {
        return now_s + TRIES_KEPT_S;
    }
    if (person->account.id != 0) {
        return 0;
    }
    return now_s + (state->failures >= FAILURES_MANY ? CLOSED_KEPT_S : TRIES_KEPT_S);
}

static int write_counters(struct vouch_local *authority, const struct vouch_person *person,
                          const struct counters *counters, uint64_t now_s,
                          struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < VOUCH_TRIES_COUNTS; i++) {
        const struct vouch_tries_state *state = &counters->tries.of[i];
        uint8_t room[VOUCH_TRIES_STORED_MAX];
        struct vouch_buf text;
        vouch_buf_init_fixed(&text, room, sizeof room);
        vouch_tries_write(state, &text);
        err = vouch_store_tries_put(authority->office->desk, &counters->keys[i],
                                    vouch_buf_bytes(&text), kept_until(person, i, state, now_s),
                                    fault);
    }
    return err;
}

void vouch_tries_wait_take(const struct vouch_tries_outcome *outcome, uint64_t now_s,
                           struct vouch_reply *reply) {
    struct vouch_identity_answer answer = {.verdict = VOUCH_IDENTITY_BUSY};
    vouch_tries_explain(outcome, now_s, &answer.refusal);
    vouch_identity_refusal_take(&answer, "", reply);
    reply->retry_after_s =
        outcome->verdict == VOUCH_TRIES_CLOSED ? CLOSED_RETRY_S : outcome->wait_until_s - now_s;
}

static int charge(struct vouch_local *authority, const struct vouch_caller *caller,
                  const struct vouch_person *person, struct vouch_proof *proof,
                  struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct counters counters = {0};
    struct vouch_tries_outcome outcome = {0};
    uint64_t now_s = vouch_time_now_s();
    name_counters(caller, person, &counters);
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = read_counters(authority, &counters, fault);
        if (err == VOUCH_OK) {
            outcome = vouch_tries_begin(&counters.tries, now_s);
            err = write_counters(authority, person, &counters, now_s, fault);
        }
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome.verdict == VOUCH_TRIES_ALLOWED) {
        proof->charged_s = outcome.charged_s;
        vouch_reply_done(&proof->reply);
    } else {
        vouch_tries_wait_take(&outcome, now_s, &proof->reply);
    }
    return VOUCH_OK;
}

// In a work that the desk has begun.
static int take_back(struct vouch_local *authority, const struct vouch_caller *caller,
                     const struct vouch_person *person, const struct vouch_proof *proof,
                     enum vouch_proof_use use, struct vouch_fault *fault) {
    struct counters counters = {0};
    name_counters(caller, person, &counters);
    int err = read_counters(authority, &counters, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_tries_right(&counters.tries, proof->charged_s);
    if (use == VOUCH_PROOF_SIGN_IN) {
        vouch_tries_signed_in(&counters.tries);
    }
    return write_counters(authority, person, &counters, vouch_time_now_s(), fault);
}

// A passkey cannot be guessed, so it is no try.
static int can_be_guessed(enum vouch_asked asked, enum vouch_factor factor) {
    return asked == VOUCH_ASKED_PASSWORD_TOO || factor != VOUCH_FACTOR_PASSKEY;
}

int vouch_proof_drop(struct vouch_local *authority, const struct vouch_caller *caller,
                     const struct vouch_person *person, const struct vouch_proof *proof,
                     struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    if (!can_be_guessed(proof->asked, proof->factor)) {
        return VOUCH_OK;
    }
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = take_back(authority, caller, person, proof, VOUCH_PROOF_STEP, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_person_is_closed(struct vouch_store *store, struct vouch_arena *arena,
                           struct vouch_bytes tries, uint64_t *ret_closed,
                           struct vouch_fault *fault) {
    const struct vouch_store_tries_key key = {.who = tries};
    struct vouch_tries states = {0};
    struct vouch_bytes state;
    int err = vouch_store_tries_get(store, &key, arena, &state, fault);
    if (err == VOUCH_OK) {
        err = vouch_tries_read(state, &states.of[VOUCH_TRIES_ACCOUNT], fault);
    }
    if (err == VOUCH_OK) {
        *ret_closed =
            vouch_tries_begin(&states, vouch_time_now_s()).verdict == VOUCH_TRIES_CLOSED ? 1 : 0;
    }
    return err;
}

// --- looking

void vouch_proof_wrong(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, &vouch_fault_sign_in, NULL,
                    "the name, the password or the code is wrong");
}

// The worse of two verdicts: whoever is too busy did not look.
static void join(const struct vouch_identity_answer *answer, struct vouch_reply *reply) {
    if (answer->verdict == VOUCH_IDENTITY_BUSY) {
        vouch_identity_refusal_take(answer, "", reply);
    } else if (answer->verdict != VOUCH_IDENTITY_ACCEPTED && reply->verdict != VOUCH_VERDICT_BUSY) {
        vouch_proof_wrong(reply);
    }
}

static int look_at_password(struct vouch_local *authority, const struct vouch_person *person,
                            const struct vouch_given *given, struct vouch_proof *proof,
                            struct vouch_fault *fault) {
    struct vouch_identity_answer answer;
    struct vouch_bytes stored = person->kept.of[VOUCH_STORE_PASSWORD].stored;
    const struct vouch_identity_ask ask = {.method = VOUCH_METHOD_PASSWORD,
                                           .user = person->id,
                                           .name = person->name,
                                           .stored = stored,
                                           .given = given->password};
    int err = vouch_identity_do(authority, VOUCH_IDENTITY_DO_CHECK, &ask, &answer, fault);
    if (err == VOUCH_OK) {
        join(&answer, &proof->reply);
        proof->password = answer.stored.len > 0 ? answer.stored : stored;
    }
    return err;
}

static int look_at_code(struct vouch_local *authority, const struct vouch_person *person,
                        const struct vouch_given *given, struct vouch_proof *proof,
                        struct vouch_fault *fault) {
    struct vouch_identity_answer answer;
    int is_totp = given->factor == VOUCH_FACTOR_TOTP;
    proof->method = is_totp ? VOUCH_STORE_TOTP : VOUCH_STORE_RECOVERY;
    const struct vouch_store_credential *kept = &person->kept.of[proof->method];
    const struct vouch_identity_ask ask = {.method =
                                               is_totp ? VOUCH_METHOD_TOTP : VOUCH_METHOD_RECOVERY,
                                           .user = person->id,
                                           .name = person->name,
                                           .stored = kept->stored,
                                           .last_step = kept->step,
                                           .time_s = vouch_time_now_s(),
                                           .given = given->code};
    int err = vouch_identity_do(authority, VOUCH_IDENTITY_DO_CHECK, &ask, &answer, fault);
    if (err == VOUCH_OK) {
        join(&answer, &proof->reply);
        proof->code = (struct vouch_store_credential){
            .stored = answer.stored.len > 0 ? answer.stored : kept->stored,
            .step = answer.step,
            .left = answer.left};
    }
    return err;
}

// A question to a passkey is only used up if all else was right.
static int look(struct vouch_local *authority, const struct vouch_caller *caller,
                const struct vouch_person *person, const struct vouch_given *given,
                struct vouch_proof *proof, struct vouch_fault *fault) {
    int err = given->asked == VOUCH_ASKED_PASSWORD_TOO
                  ? look_at_password(authority, person, given, proof, fault)
                  : VOUCH_OK;
    if (err != VOUCH_OK || given->factor != VOUCH_FACTOR_PASSKEY) {
        return err == VOUCH_OK ? look_at_code(authority, person, given, proof, fault) : err;
    }
    return proof->reply.verdict == VOUCH_VERDICT_DONE
               ? vouch_passkey_prove(authority, caller, person, given, proof, fault)
               : VOUCH_OK;
}

int vouch_prove(struct vouch_local *authority, const struct vouch_caller *caller,
                const struct vouch_person *person, const struct vouch_given *given,
                struct vouch_proof *ret_proof, struct vouch_fault *fault) {
    struct vouch_proof proof = {.asked = given->asked, .factor = given->factor};
    int err = VOUCH_OK;
    if (authority->identity == NULL) {
        return no_identity(fault);
    }
    vouch_reply_done(&proof.reply);
    if (can_be_guessed(given->asked, given->factor)) {
        err = charge(authority, caller, person, &proof, fault);
    }
    if (err == VOUCH_OK && proof.reply.verdict == VOUCH_VERDICT_DONE) {
        err = look(authority, caller, person, given, &proof, fault);
        if (err == VOUCH_OK && proof.reply.verdict == VOUCH_VERDICT_BUSY) {
            err = vouch_proof_drop(authority, caller, person, &proof, fault);
        }
    }
    if (err == VOUCH_OK && proof.reply.verdict == VOUCH_VERDICT_DONE && person->account.id == 0) {
        vouch_proof_wrong(&proof.reply); // identity never accepts nobody; this does not rely on it
    }
    if (err == VOUCH_OK) {
        *ret_proof = proof;
    }
    return err;
}

// --- using it up

int vouch_proof_use(struct vouch_local *authority, const struct vouch_caller *caller,
                    const struct vouch_person *person, const struct vouch_proof *proof,
                    enum vouch_proof_use use, enum vouch_store_outcome *ret_outcome,
                    struct vouch_fault *fault) {
    struct vouch_store *desk = authority->office->desk;
    uint64_t account = person->account.id;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err =
        proof->factor == VOUCH_FACTOR_PASSKEY
            ? vouch_store_passkey_used(desk, proof->passkey, &proof->passkey_use, &outcome, fault)
            : vouch_store_credential_take(desk, account, proof->method,
                                          person->kept.of[proof->method].stored, &proof->code,
                                          &outcome, fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE &&
        proof->asked == VOUCH_ASKED_PASSWORD_TOO) {
        const struct vouch_store_credential next = {.stored = proof->password};
        err = vouch_store_credential_take(desk, account, VOUCH_STORE_PASSWORD,
                                          person->kept.of[VOUCH_STORE_PASSWORD].stored, &next,
                                          &outcome, fault);
    }
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE &&
        can_be_guessed(proof->asked, proof->factor)) {
        err = take_back(authority, caller, person, proof, use, fault);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
    }
    return err;
}
