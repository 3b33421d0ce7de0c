// SPDX-License-Identifier: ISC
// Passkeys: what they are asked, whether they answered, and which ones there are.
//
// Nothing about a passkey can be guessed, so its answers are not counted as tries, and nobody can close an
// account to its owner's passkeys.
#include "authority/passkey.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/access.h"
#include "authority/issue.h"
#include "authority/session.h"
#include "base/time.h"
#include "identity/passkey.h"
#include "policy/rule.h"

#define DETAILS_MAX 4096
#define NOBODY UINT64_MAX // the account of a name that nobody has
#define SERVICE "vouchd"

// --- questions

static void no_passkeys(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_passkey_address, NULL,
                    "this server goes by an address that passkeys cannot be bound to");
}

int vouch_passkey_question_make(struct vouch_local *authority, struct vouch_challenge *challenge,
                                struct vouch_passkey_question *ret_question,
                                struct vouch_fault *fault) {
    const struct vouch_office *office = authority->office;
    struct vouch_passkey_question question = {
        .host = vouch_passkey_host(vouch_bytes_of(office->passkey_origin)),
        .ca = vouch_bytes_of(office->origin),
        .ttl_s = VOUCH_CHALLENGE_TTL_S};
    int err = VOUCH_OK;
    if (question.host.len == 0) {
        *ret_question = (struct vouch_passkey_question){0};
        return VOUCH_OK;
    }
    if (challenge->account != 0 && challenge->account != NOBODY) {
        err = vouch_person_id(authority, challenge->account, &question.handle, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_challenge_make(authority, challenge, &question.question, &question.challenge,
                                   fault);
    }
    if (err == VOUCH_OK) {
        *ret_question = question;
    }
    return err;
}

int vouch_passkey_about(struct vouch_local *authority, const struct vouch_store_request *request,
                        uint8_t ret_about[static VOUCH_STORE_HASH_LEN], struct vouch_fault *fault) {
    struct vouch_buf all;
    vouch_buf_init(&all, 3 * VOUCH_STORE_REQUEST_BYTES_MAX);
    vouch_write_u64(&all, request->id);
    vouch_write_string(&all, (struct vouch_bytes){request->key, sizeof request->key});
    vouch_write_string(&all, request->ask);
    vouch_write_string(&all, request->approved);
    int err = all.err == VOUCH_OK
                  ? vouch_hash_of(authority, vouch_buf_bytes(&all), ret_about, fault)
                  : vouch_no_memory(fault);
    vouch_buf_done(&all);
    return err;
}

static int find_all(struct vouch_local *authority, uint64_t account,
                    struct vouch_store_passkeys *ret_passkeys, struct vouch_fault *fault) {
    int err = vouch_store_passkeys_of(vouch_lease(authority), account, &authority->arena,
                                      ret_passkeys, fault);
    vouch_lease_end(authority);
    return err;
}

static int put_ids(struct vouch_local *authority, const struct vouch_store_passkeys *passkeys,
                   struct vouch_passkey_question *question, struct vouch_fault *fault) {
    struct vouch_bytes *ids =
        vouch_arena_alloc(&authority->arena, (passkeys->count + 1) * sizeof *ids);
    if (ids == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < passkeys->count; i++) {
        ids[i] = passkeys->rows[i].credential;
    }
    question->ids = (struct vouch_text_list){ids, passkeys->count};
    return VOUCH_OK;
}

// A stranger learns nothing of whether somebody has a passkey, or an account.
static int ask_stranger(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_ask_passkey_question *ask,
                        struct vouch_answer_passkey_question *ret_answer,
                        struct vouch_fault *fault) {
    struct vouch_person person = {0};
    struct vouch_challenge challenge = {.purpose = VOUCH_PASSKEY_FOR_SIGN_IN};
    int err = VOUCH_OK;
    if (!vouch_caller_is_plain(caller, &ret_answer->reply)) {
        return VOUCH_OK;
    }
    if (ask->user.len > 0) {
        err = vouch_person_find(authority, ask->user, &person, fault);
        vouch_lease_end(authority);
        challenge.account = person.account.id != 0 ? person.account.id : NOBODY;
    }
    if (err == VOUCH_OK) {
        vouch_reply_done(&ret_answer->reply);
        err = vouch_passkey_question_make(authority, &challenge, &ret_answer->question, fault);
        ret_answer->question.handle = (struct vouch_bytes){0};
    }
    return err;
}

// What the question is about and which passkeys it means.
static int prepare(struct vouch_local *authority, const struct vouch_ask_passkey_question *ask,
                   const struct vouch_who *who, struct vouch_challenge *challenge,
                   struct vouch_store_passkeys *ret_passkeys, struct vouch_reply *reply,
                   struct vouch_fault *fault) {
    struct vouch_store_request request;
    int err = find_all(authority, challenge->account, ret_passkeys, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (ask->purpose == VOUCH_PASSKEY_FOR_NEW) {
        if (vouch_fresh_factor(who, vouch_time_now_s(), reply) &&
            ret_passkeys->count == VOUCH_STORE_PASSKEYS_MAX) {
            vouch_passkey_taken(reply);
        }
        return VOUCH_OK;
    }
    if (ret_passkeys->count == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_passkey_answer, NULL,
                        "you have no passkey yet");
        return VOUCH_OK;
    }
    if (ask->request == 0) {
        return VOUCH_OK;
    }
    err = vouch_request_find(authority, who, ask->request, &request, reply, fault);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? vouch_passkey_about(authority, &request, challenge->about, fault)
               : err;
}

static int ask_session(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_passkey_question *ask,
                       struct vouch_answer_passkey_question *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_person person;
    struct vouch_store_passkeys passkeys;
    struct vouch_challenge challenge = {.purpose = ask->purpose};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_session_person(authority, caller, &who, &person, reply, fault);
    vouch_lease_end(authority);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    challenge.account = person.account.id;
    challenge.session = who.session_id;
    err = prepare(authority, ask, &who, &challenge, &passkeys, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_passkey_question_make(authority, &challenge, &ret_answer->question, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        ret_answer->question.user = who.user;
        err = put_ids(authority, &passkeys, &ret_answer->question, fault);
    }
    return err;
}

int vouch_local_passkey_question(struct vouch_local *authority, const struct vouch_caller *caller,
                                 const struct vouch_ask_passkey_question *ask,
                                 struct vouch_answer_passkey_question *ret_answer,
                                 struct vouch_fault *fault) {
    int err = VOUCH_OK;
    if (ask->purpose == VOUCH_PASSKEY_FOR_NOTHING) {
        vouch_reply_set(&ret_answer->reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "purpose",
                        "a passkey is asked for something");
        return VOUCH_OK;
    }
    err = ask->purpose == VOUCH_PASSKEY_FOR_SIGN_IN
              ? ask_stranger(authority, caller, ask, ret_answer, fault)
              : ask_session(authority, caller, ask, ret_answer, fault);
    if (err == VOUCH_OK && ret_answer->reply.verdict == VOUCH_VERDICT_DONE &&
        ret_answer->question.question.len == 0) {
        no_passkeys(&ret_answer->reply);
    }
    return err;
}

// --- events

int vouch_passkey_note(struct vouch_local *authority, const struct vouch_caller *caller,
                       struct vouch_bytes actor, const char *type,
                       const struct vouch_store_passkey *passkey, struct vouch_fault *fault) {
    struct vouch_buf details;
    char number[24];
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "name", passkey->name);
    if (passkey->id != 0) {
        (void)snprintf(number, sizeof number, "%" PRIu64, passkey->id);
        vouch_record_detail_put(&details, "passkey", vouch_bytes_of(number));
    }
    vouch_record_detail_put(&details, "request", caller->request);
    vouch_record_detail_put(&details, "source", caller->source);
    return vouch_people_note(authority, actor, type, passkey->user, &details, fault);
}

// --- answers

int vouch_passkey_person(struct vouch_local *authority, struct vouch_bytes id,
                         struct vouch_person *ret_person, struct vouch_fault *fault) {
    struct vouch_store_passkey passkey = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_passkey_find(vouch_lease(authority), id, &authority->arena, &outcome,
                                       &passkey, fault);
    return err == VOUCH_OK ? vouch_person_find(authority, passkey.user, ret_person, fault) : err;
}

static void refuse(struct vouch_reply *reply, const struct vouch_fault_kind *kind,
                   const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, kind, "credential", "the passkey was refused: %s",
                    why);
}

// What identity is to know of the passkey: all that is kept, if it is this person's.
static int put_stored(struct vouch_local *authority, const struct vouch_store_passkey *kept,
                      struct vouch_bytes *ret_stored, struct vouch_fault *fault) {
    struct vouch_buf out;
    struct vouch_passkey passkey = {.id = kept->credential,
                                    .algorithm = (int32_t)kept->algorithm,
                                    .key = kept->key,
                                    .count = (uint32_t)kept->answers,
                                    .backup = (uint32_t)kept->backup};
    memcpy(passkey.aaguid, kept->aaguid, sizeof passkey.aaguid);
    vouch_buf_init(&out, VOUCH_IDENTITY_STORED_MAX);
    vouch_passkey_write(&passkey, &out);
    int err = out.err == VOUCH_OK
                  ? vouch_arena_copy(&authority->arena, vouch_buf_bytes(&out), ret_stored)
                  : out.err;
    vouch_buf_done(&out);
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

static int ask_identity(struct vouch_local *authority, const struct vouch_person *person,
                        const struct vouch_passkey_given *given, struct vouch_bytes stored,
                        struct vouch_bytes challenge, struct vouch_identity_answer *ret_answer,
                        struct vouch_fault *fault) {
    const struct vouch_passkey_shown shown = {.id = given->id,
                                              .client_data = given->client_data,
                                              .authdata = given->authdata,
                                              .signature = given->signature,
                                              .handle = given->handle};
    struct vouch_buf bytes;
    vouch_buf_init(&bytes, VOUCH_IDENTITY_GIVEN_MAX);
    vouch_passkey_shown_write(&shown, &bytes);
    const struct vouch_identity_ask ask = {.method = VOUCH_METHOD_PASSKEY,
                                           .user = person->id,
                                           .name = person->name,
                                           .stored = stored,
                                           .given = vouch_buf_bytes(&bytes),
                                           .origin =
                                               vouch_bytes_of(authority->office->passkey_origin),
                                           .challenge = challenge};
    int err = bytes.err == VOUCH_OK
                  ? vouch_identity_do(authority, VOUCH_IDENTITY_DO_CHECK, &ask, ret_answer, fault)
                  : vouch_no_memory(fault);
    vouch_buf_done(&bytes);
    return err;
}

// What is to be kept of the answer.
static int take_answer(const struct vouch_identity_answer *answer,
                       const struct vouch_store_passkey *kept, struct vouch_proof *proof,
                       struct vouch_fault *fault) {
    struct vouch_passkey passkey;
    struct vouch_where where = {0};
    int err = vouch_passkey_read(answer->stored, &passkey, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, err, &vouch_fault_peer, "identity: a passkey", &where);
    }
    proof->passkey = kept->id;
    proof->passkey_use = (struct vouch_store_passkey_use){.before = kept->answers,
                                                          .answers = passkey.count,
                                                          .backup = passkey.backup,
                                                          .used_s = vouch_time_now_s()};
    return VOUCH_OK;
}

static int judge_answer(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_challenge *challenge,
                        const struct vouch_store_passkey *kept,
                        const struct vouch_identity_answer *answer, struct vouch_proof *proof,
                        struct vouch_fault *fault) {
    const struct vouch_identity_refusal *refusal = &answer->refusal;
    if (answer->verdict == VOUCH_IDENTITY_ACCEPTED) {
        vouch_challenge_use(authority, challenge, &proof->reply);
        return proof->reply.verdict == VOUCH_VERDICT_DONE ? take_answer(answer, kept, proof, fault)
                                                          : VOUCH_OK;
    }
    if (answer->verdict == VOUCH_IDENTITY_BUSY) {
        vouch_identity_refusal_take(answer, "", &proof->reply);
        return VOUCH_OK;
    }
    if (strcmp(refusal->code, vouch_fault_passkey_clone.code) != 0) {
        refuse(&proof->reply, &vouch_fault_passkey_answer, refusal->why);
        return VOUCH_OK;
    }
    refuse(&proof->reply, &vouch_fault_passkey_clone, refusal->why);
    return vouch_passkey_note(authority, caller, vouch_bytes_of(SERVICE),
                              VOUCH_EVENT_ACCOUNT_PASSKEY_CLONE, kept, fault);
}

int vouch_passkey_prove(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_person *person, const struct vouch_given *given,
                        struct vouch_proof *proof, struct vouch_fault *fault) {
    struct vouch_challenge challenge;
    struct vouch_bytes bytes, stored = {0};
    struct vouch_identity_answer answer;
    struct vouch_store_passkey kept = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_challenge wanted = {
        .purpose = given->session != 0 ? VOUCH_PASSKEY_FOR_FACTOR : VOUCH_PASSKEY_FOR_SIGN_IN,
        .account = person->account.id,
        .session = given->session};
    int err = vouch_challenge_read(authority, given->passkey->question, &wanted, &challenge, &bytes,
                                   &proof->reply, fault);
    if (err != VOUCH_OK || proof->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (challenge.account == 0 && given->passkey->handle.len == 0) {
        refuse(&proof->reply, &vouch_fault_passkey_answer, "it does not say whose it is");
        return VOUCH_OK;
    }
    memcpy(proof->about, challenge.about, sizeof proof->about);
    err = vouch_store_passkey_find(vouch_lease(authority), given->passkey->id, &authority->arena,
                                   &outcome, &kept, fault);
    vouch_lease_end(authority);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE && kept.account == person->account.id) {
        err = put_stored(authority, &kept, &stored, fault);
    }
    if (err == VOUCH_OK) {
        err = ask_identity(authority, person, given->passkey, stored, bytes, &answer, fault);
    }
    return err == VOUCH_OK
               ? judge_answer(authority, caller, &challenge, &kept, &answer, proof, fault)
               : err;
}

// --- new ones

void vouch_passkey_taken(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_passkey_new, "credential",
                    "it is registered already, or you have %d passkeys, and no more are kept",
                    VOUCH_STORE_PASSKEYS_MAX);
}

static int is_named(struct vouch_bytes name, struct vouch_reply *reply) {
    const char *why = vouch_policy_reason_fault(name);
    if (name.len == 0 || name.len > VOUCH_STORE_PASSKEY_NAME_MAX || why != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "name",
                        "name must be a text of 1 to %d bytes, such as \"office key\"",
                        VOUCH_STORE_PASSKEY_NAME_MAX);
        return 0;
    }
    return 1;
}

// From what identity says is to be kept.
static int take_new(const struct vouch_identity_answer *answer,
                    const struct vouch_passkey_new *made, uint64_t account,
                    struct vouch_store_passkey *ret_passkey, struct vouch_fault *fault) {
    struct vouch_passkey passkey;
    struct vouch_where where = {0};
    int err = vouch_passkey_read(answer->stored, &passkey, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, err, &vouch_fault_peer, "identity: a new passkey", &where);
    }
    *ret_passkey = (struct vouch_store_passkey){.account = account,
                                                .credential = passkey.id,
                                                .algorithm = passkey.algorithm,
                                                .key = passkey.key,
                                                .answers = passkey.count,
                                                .backup = passkey.backup,
                                                .name = made->name,
                                                .created_s = vouch_time_now_s()};
    memcpy(ret_passkey->aaguid, passkey.aaguid, sizeof passkey.aaguid);
    return VOUCH_OK;
}

static int make(struct vouch_local *authority, const struct vouch_passkey_new *made,
                uint64_t account, struct vouch_bytes challenge,
                struct vouch_identity_answer *ret_answer, struct vouch_fault *fault) {
    const struct vouch_passkey_made given = {
        .id = made->id, .client_data = made->client_data, .attestation = made->attestation};
    struct vouch_buf bytes;
    struct vouch_identity_ask ask = {.method = VOUCH_METHOD_PASSKEY,
                                     .origin = vouch_bytes_of(authority->office->passkey_origin),
                                     .challenge = challenge};
    vouch_buf_init(&bytes, VOUCH_IDENTITY_GIVEN_MAX);
    vouch_passkey_made_write(&given, &bytes);
    ask.given = vouch_buf_bytes(&bytes);
    int err = bytes.err == VOUCH_OK ? vouch_person_id(authority, account, &ask.user, fault)
                                    : vouch_no_memory(fault);
    if (err == VOUCH_OK) {
        err = vouch_identity_do(authority, VOUCH_IDENTITY_DO_MAKE, &ask, ret_answer, fault);
    }
    vouch_buf_done(&bytes);
    return err;
}

int vouch_passkey_judge_new(struct vouch_local *authority, const struct vouch_passkey_new *made,
                            const struct vouch_challenge *wanted,
                            struct vouch_store_passkey *ret_passkey, struct vouch_reply *reply,
                            struct vouch_fault *fault) {
    struct vouch_challenge challenge;
    struct vouch_bytes bytes;
    struct vouch_identity_answer answer;
    if (!is_named(made->name, reply)) {
        return VOUCH_OK;
    }
    int err =
        vouch_challenge_read(authority, made->question, wanted, &challenge, &bytes, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = make(authority, made, wanted->account, bytes, &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (answer.verdict != VOUCH_IDENTITY_ACCEPTED) {
        vouch_identity_refusal_take(&answer, "credential", reply);
        return VOUCH_OK;
    }
    vouch_challenge_use(authority, &challenge, reply);
    return reply->verdict == VOUCH_VERDICT_DONE
               ? take_new(&answer, made, wanted->account, ret_passkey, fault)
               : VOUCH_OK;
}
