// SPDX-License-Identifier: ISC
// Passkeys: `make` takes what a browser brings back from making one, `check` from asking one.
//
// Whether the question was asked at all, to whom, when, and that it is answered once, is the authority's
// business; here is whether the answer is one to that question. The steps are WebAuthn 7.1 and 7.2.
#include "identity/passkey.h"

#include "identity/method.h"
#include "identity/passkey-parts.h"

static void refuse(struct vouch_identity_reply *reply, const struct vouch_fault_kind *kind,
                   const char *why) {
    vouch_identity_refuse(reply, kind, "credential", why);
}

// The host that the authority has passkeys bound to. An ask without one is a mistake of the authority's.
static int take_host(const struct vouch_identity_ask *ask, struct vouch_bytes *ret_host,
                     struct vouch_fault *fault) {
    *ret_host = vouch_passkey_host(ask->origin);
    if (ret_host->len == 0 || ask->challenge.len != VOUCH_PASSKEY_CHALLENGE_LEN) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_field,
                               "identity: passkey: %s",
                               ret_host->len == 0 ? "the origin is none that it can be bound to"
                                                  : "the challenge has not 32 bytes");
    }
    return VOUCH_OK;
}

// --- registering

// NULL if the passkey can be kept; it points into what was made, and `room`.
static const char *judge_new(const struct vouch_passkey_made *made, struct vouch_bytes host,
                             uint8_t *room, struct vouch_passkey *passkey) {
    struct vouch_bytes bytes;
    struct vouch_authdata data;
    const char *why = vouch_attestation_read(made->attestation, &bytes);
    if (why != NULL) {
        return why;
    }
    if (vouch_authdata_read(bytes, &data) != VOUCH_OK || !(data.flags & VOUCH_AUTHDATA_HAS_KEY)) {
        return "what it says is damaged";
    }
    why = vouch_authdata_judge(&data, host);
    if (why != NULL) {
        return why;
    }
    if (!vouch_bytes_equal(data.id, made->id)) {
        return "it has another ID than the browser says";
    }
    passkey->id = data.id;
    passkey->count = data.count;
    passkey->backup = vouch_authdata_backup(&data);
    memcpy(passkey->aaguid, data.aaguid, sizeof passkey->aaguid);
    return vouch_cose_key_read(data.key, room, passkey);
}

static int make(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                uint64_t deadline_ns, struct vouch_identity_reply *reply,
                struct vouch_fault *fault) {
    (void)engine;
    (void)deadline_ns;
    uint8_t room[VOUCH_PASSKEY_KEY_MAX];
    struct vouch_bytes host;
    struct vouch_passkey_made made;
    struct vouch_passkey passkey = {0};
    const char *why = NULL;
    int err = take_host(ask, &host, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (vouch_passkey_made_read(ask->given, &made, NULL) != VOUCH_OK) {
        refuse(reply, &vouch_fault_passkey_new, "what the browser says is damaged");
        return VOUCH_OK;
    }
    const struct vouch_passkey_wanted wanted = {
        .type = "webauthn.create", .challenge = ask->challenge, .origin = ask->origin};
    err = vouch_passkey_client_judge(made.client_data, &wanted, &why, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    why = why != NULL ? why : judge_new(&made, host, room, &passkey);
    if (why != NULL) {
        refuse(reply, &vouch_fault_passkey_new, why);
        return VOUCH_OK;
    }
    vouch_passkey_write(&passkey, &reply->stored);
    reply->answer.verdict = VOUCH_IDENTITY_ACCEPTED;
    return VOUCH_OK;
}

// --- asking

// NULL if the passkey answers for this user.
static const char *judge_answer(const struct vouch_identity_ask *ask,
                                const struct vouch_passkey *passkey,
                                const struct vouch_passkey_shown *shown,
                                struct vouch_authdata *data) {
    struct vouch_bytes host = vouch_passkey_host(ask->origin);
    if (!vouch_bytes_equal(shown->id, passkey->id) ||
        (shown->handle.len > 0 && !vouch_bytes_equal(shown->handle, ask->user))) {
        return "it is another's passkey";
    }
    if (vouch_authdata_read(shown->authdata, data) != VOUCH_OK ||
        (data->flags & VOUCH_AUTHDATA_HAS_KEY)) {
        return "what it says is damaged";
    }
    const char *why = vouch_authdata_judge(data, host);
    if (why != NULL) {
        return why;
    }
    if ((vouch_authdata_backup(data) ^ passkey->backup) & VOUCH_PASSKEY_MAY_BACK_UP) {
        return "it says otherwise than before whether it can be backed up";
    }
    return vouch_passkey_signed(passkey, shown, host) ? NULL : "its signature is wrong";
}

// A count that does not go up is a copy's, or that of a device that was put back. 0 and 0: it counts nothing.
static int is_behind(const struct vouch_passkey *passkey, const struct vouch_authdata *data) {
    return (data->count != 0 || passkey->count != 0) && data->count <= passkey->count;
}

static void accept(struct vouch_passkey *passkey, const struct vouch_authdata *data,
                   struct vouch_identity_reply *reply) {
    passkey->count = data->count;
    passkey->backup = vouch_authdata_backup(data);
    vouch_passkey_write(passkey, &reply->stored);
    reply->answer.verdict = VOUCH_IDENTITY_ACCEPTED;
}

static int judge(const struct vouch_identity_ask *ask, struct vouch_passkey *passkey,
                 struct vouch_identity_reply *reply, struct vouch_fault *fault) {
    struct vouch_passkey_shown shown;
    struct vouch_authdata data = {0};
    const char *why = NULL;
    if (vouch_passkey_shown_read(ask->given, &shown, NULL) != VOUCH_OK) {
        refuse(reply, &vouch_fault_passkey_answer, "what the browser says is damaged");
        return VOUCH_OK;
    }
    const struct vouch_passkey_wanted wanted = {
        .type = "webauthn.get", .challenge = ask->challenge, .origin = ask->origin};
    int err = vouch_passkey_client_judge(shown.client_data, &wanted, &why, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    why = why != NULL ? why : judge_answer(ask, passkey, &shown, &data);
    if (why != NULL) {
        refuse(reply, &vouch_fault_passkey_answer, why);
    } else if (is_behind(passkey, &data)) {
        refuse(reply, &vouch_fault_passkey_clone, "its count of answers did not go up");
    } else {
        accept(passkey, &data, reply);
    }
    return VOUCH_OK;
}

static int check(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                 uint64_t deadline_ns, struct vouch_identity_reply *reply,
                 struct vouch_fault *fault) {
    (void)engine;
    (void)deadline_ns;
    struct vouch_bytes host;
    struct vouch_passkey passkey;
    struct vouch_where where = {0};
    int err = take_host(ask, &host, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (ask->stored.len == 0) {
        refuse(reply, &vouch_fault_passkey_answer, "it is not known here");
        return VOUCH_OK;
    }
    err = vouch_passkey_read(ask->stored, &passkey, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, VOUCH_ERR_CORRUPT, &vouch_fault_stored,
                                 "identity: passkey: what is stored for the user", &where);
    }
    return judge(ask, &passkey, reply, fault);
}

const struct vouch_method vouch_method_passkey = {.name = "passkey", .make = make, .check = check};
