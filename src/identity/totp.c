// SPDX-License-Identifier: ISC
// The second factor of an app: a sealed secret, six digits, and a step that only goes up.
//
// The arithmetic is in totp-code.c. Here is what is kept, and what is said.
#include "identity/totp.h"
#include "identity/method.h"

static int make(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                uint64_t deadline_ns, struct vouch_identity_reply *reply,
                struct vouch_fault *fault) {
    (void)deadline_ns;
    uint8_t memory[VOUCH_TOTP_SECRET_LEN];
    struct vouch_bytes secret = {memory, sizeof memory};
    if (ask->name.len == 0 || ask->issuer.len == 0) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_field,
                               "identity: TOTP: %s is empty",
                               ask->name.len == 0 ? "the user's name" : "the issuer");
    }
    vouch_random(memory, sizeof memory);
    vouch_seal(engine, VOUCH_SEAL_TOTP, ask->user, secret, &reply->stored);
    vouch_totp_uri(&(struct vouch_totp_label){ask->issuer, ask->name}, secret, &reply->shown);
    vouch_wipe(memory, sizeof memory);
    reply->answer.verdict = VOUCH_IDENTITY_ACCEPTED;
    return VOUCH_OK;
}

// The user's secret; for one who has none, a secret that is in nobody's app, so that the same is done.
static int take_secret(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                       uint8_t out[static VOUCH_TOTP_SECRET_LEN], struct vouch_fault *fault) {
    uint8_t memory[VOUCH_SEAL_EXTRA + VOUCH_TOTP_SECRET_LEN];
    uint8_t decoy[VOUCH_TOTP_SECRET_LEN];
    struct vouch_buf sealed;
    if (ask->stored.len > 0) {
        return vouch_unseal(engine, VOUCH_SEAL_TOTP, ask->user, ask->stored, out,
                            VOUCH_TOTP_SECRET_LEN, fault);
    }
    vouch_random(decoy, sizeof decoy);
    vouch_buf_init_fixed(&sealed, memory, sizeof memory);
    vouch_seal(engine, VOUCH_SEAL_TOTP, ask->user, (struct vouch_bytes){decoy, sizeof decoy},
               &sealed);
    return vouch_unseal(engine, VOUCH_SEAL_TOTP, ask->user, vouch_buf_bytes(&sealed), out,
                        VOUCH_TOTP_SECRET_LEN, fault);
}

static int check(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                 uint64_t deadline_ns, struct vouch_identity_reply *reply,
                 struct vouch_fault *fault) {
    (void)deadline_ns;
    uint8_t secret[VOUCH_TOTP_SECRET_LEN];
    uint64_t step = 0;
    int err = take_secret(engine, ask, secret, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_totp_question question = {
        .secret = {secret, sizeof secret},
        .given = ask->given,
        .time_s = ask->time_s,
        .last_step = ask->last_step,
    };
    err = vouch_totp_match(&question, &step);
    vouch_wipe(secret, sizeof secret);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_internal,
                               "identity: TOTP: libcrypto gave no HMAC");
    }
    if (step == 0 || ask->stored.len == 0) {
        vouch_identity_refuse_sign_in(reply);
        return VOUCH_OK;
    }
    reply->answer.verdict = VOUCH_IDENTITY_ACCEPTED;
    reply->answer.step = step;
    return VOUCH_OK;
}

const struct vouch_method vouch_method_totp = {.name = "TOTP", .make = make, .check = check};
