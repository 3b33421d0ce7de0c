// SPDX-License-Identifier: ISC
// Questions to passkeys: their names, and which were answered.
#include "authority/challenge.h"

#include "authority/office.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"

#define VERSION 1
#define BODY_MAX 128
#define KEY_LEN 32
#define MAC_LEN 32 // HMAC-SHA256
#define CONTEXT "vouch-passkey/1\n"
#define ANSWERED_BITS 16
#define ANSWERED_SLOTS (1u << ANSWERED_BITS)
#define ANSWERED_MAX (ANSWERED_SLOTS / 4 * 3)
#define STEPS_MAX 1024

// The nonces of what was answered, by their first bytes; those that are zero are free. Nonces are ours, so
// nobody can choose where they come to lie.
struct answered {
    uint64_t since_s; // when it began to be filled
    size_t count;
    uint8_t slots[ANSWERED_SLOTS][VOUCH_CHALLENGE_NONCE_LEN];
};

struct step {
    uint64_t session;
    uint64_t until_s;
    uint8_t about[VOUCH_STORE_HASH_LEN];
};

struct vouch_challenges {
    pthread_mutex_t lock;
    uint8_t key[KEY_LEN];
    struct answered *now, *before; // what is in neither has expired
    struct step steps[STEPS_MAX];
    size_t next_step;
};

// Questions end with the process, so they need no clock that others set.
static uint64_t seconds(void) {
    return vouch_time_monotonic_ns() / 1000000000;
}

struct vouch_challenges *vouch_challenges_new(void) {
    struct vouch_challenges *challenges = calloc(1, sizeof *challenges);
    if (challenges == NULL) {
        return NULL;
    }
    challenges->now = calloc(1, sizeof *challenges->now);
    challenges->before = calloc(1, sizeof *challenges->before);
    if (challenges->now == NULL || challenges->before == NULL) {
        free(challenges->now);
        free(challenges->before);
        free(challenges);
        return NULL;
    }
    pthread_mutex_init(&challenges->lock, NULL);
    vouch_random(challenges->key, sizeof challenges->key);
    return challenges;
}

void vouch_challenges_free(struct vouch_challenges *challenges) {
    if (challenges == NULL) {
        return;
    }
    pthread_mutex_destroy(&challenges->lock);
    free(challenges->now);
    free(challenges->before);
    vouch_wipe(challenges, sizeof *challenges);
    free(challenges);
}

// --- names

static int mac(struct vouch_local *authority, struct vouch_bytes body,
               uint8_t ret_mac[static VOUCH_HASH_MAX], struct vouch_fault *fault) {
    const struct vouch_bytes key = {authority->office->challenges->key, KEY_LEN};
    return vouch_hash_hmac(VOUCH_HASH_SHA256, key, body, ret_mac) == MAC_LEN
               ? VOUCH_OK
               : vouch_fault_set(fault, VOUCH_ERR_CRYPTO, &vouch_fault_internal,
                                 "passkeys: libcrypto gave no HMAC");
}

// What the passkey signs: everybody who knows what it was about can compute it again.
static int hash(struct vouch_local *authority, struct vouch_bytes body,
                struct vouch_bytes *ret_challenge, struct vouch_fault *fault) {
    uint8_t room[sizeof CONTEXT + BODY_MAX];
    uint8_t *result = vouch_arena_alloc(&authority->arena, VOUCH_CHALLENGE_LEN);
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, room, sizeof room);
    vouch_buf_put_text(&text, CONTEXT);
    vouch_buf_put(&text, body);
    if (result == NULL || text.err != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    *ret_challenge = (struct vouch_bytes){result, VOUCH_CHALLENGE_LEN};
    return vouch_hash_of(authority, vouch_buf_bytes(&text), result, fault);
}

static void write_body(const struct vouch_challenge *challenge, struct vouch_buf *out) {
    vouch_write_u8(out, VERSION);
    vouch_write_u8(out, (uint8_t)challenge->purpose);
    vouch_write_u64(out, challenge->expires_s);
    vouch_write_u64(out, challenge->account);
    vouch_write_u64(out, challenge->session);
    vouch_buf_put(out, (struct vouch_bytes){challenge->about, sizeof challenge->about});
    vouch_buf_put(out, (struct vouch_bytes){challenge->nonce, sizeof challenge->nonce});
}

static int read_body(struct vouch_bytes body, struct vouch_challenge *ret_challenge) {
    struct vouch_challenge challenge = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, body);
    uint8_t version = vouch_read_u8(&reader, "version");
    challenge.purpose = (enum vouch_passkey_purpose)vouch_read_u8(&reader, "purpose");
    challenge.expires_s = vouch_read_u64(&reader, "expires");
    challenge.account = vouch_read_u64(&reader, "account");
    challenge.session = vouch_read_u64(&reader, "session");
    struct vouch_bytes about = vouch_read_bytes(&reader, sizeof challenge.about, "about");
    struct vouch_bytes nonce = vouch_read_bytes(&reader, sizeof challenge.nonce, "nonce");
    if (vouch_reader_end(&reader, NULL) != VOUCH_OK || version != VERSION) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(challenge.about, about.ptr, about.len);
    memcpy(challenge.nonce, nonce.ptr, nonce.len);
    *ret_challenge = challenge;
    return VOUCH_OK;
}

int vouch_challenge_make(struct vouch_local *authority, struct vouch_challenge *challenge,
                         struct vouch_bytes *ret_name, struct vouch_bytes *ret_challenge,
                         struct vouch_fault *fault) {
    uint8_t room[BODY_MAX + MAC_LEN], tag[VOUCH_HASH_MAX];
    char text_room[VOUCH_PASSKEY_QUESTION_MAX];
    struct vouch_buf body, text;
    challenge->expires_s = seconds() + VOUCH_CHALLENGE_TTL_S;
    vouch_random(challenge->nonce, sizeof challenge->nonce);
    vouch_buf_init_fixed(&body, room, sizeof room);
    vouch_buf_init_fixed(&text, text_room, sizeof text_room);
    write_body(challenge, &body);
    int err = mac(authority, vouch_buf_bytes(&body), tag, fault);
    if (err == VOUCH_OK) {
        err = hash(authority, vouch_buf_bytes(&body), ret_challenge, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_buf_put(&body, (struct vouch_bytes){tag, MAC_LEN});
    vouch_str_base64url(vouch_buf_bytes(&body), &text);
    return body.err == VOUCH_OK && text.err == VOUCH_OK &&
                   vouch_arena_copy(&authority->arena, vouch_buf_bytes(&text), ret_name) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

// --- answers

static void over(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_passkey_challenge, "challenge_id",
                    "%s", why);
}

static size_t slot_of(const struct answered *answered, const uint8_t *nonce) {
    static const uint8_t none[VOUCH_CHALLENGE_NONCE_LEN];
    size_t at = ((size_t)nonce[0] << 8 | nonce[1]) % ANSWERED_SLOTS;
    while (memcmp(answered->slots[at], nonce, VOUCH_CHALLENGE_NONCE_LEN) != 0 &&
           memcmp(answered->slots[at], none, sizeof none) != 0) {
        at = (at + 1) % ANSWERED_SLOTS;
    }
    return at;
}

static int has(const struct answered *answered, const uint8_t *nonce) {
    size_t at = slot_of(answered, nonce);
    return memcmp(answered->slots[at], nonce, VOUCH_CHALLENGE_NONCE_LEN) == 0;
}

// What was answered longer ago than a question is good for can be forgotten.
static void turn(struct vouch_challenges *challenges, uint64_t now_s) {
    struct answered *old = challenges->before;
    if (now_s < challenges->now->since_s + VOUCH_CHALLENGE_TTL_S + 1) {
        return;
    }
    memset(old, 0, sizeof *old);
    old->since_s = now_s;
    challenges->before = challenges->now;
    challenges->now = old;
}

static int was_answered(struct vouch_challenges *challenges, const uint8_t *nonce) {
    pthread_mutex_lock(&challenges->lock);
    int was = has(challenges->now, nonce) || has(challenges->before, nonce);
    pthread_mutex_unlock(&challenges->lock);
    return was;
}

void vouch_challenge_use(struct vouch_local *authority, const struct vouch_challenge *challenge,
                         struct vouch_reply *reply) {
    struct vouch_challenges *challenges = authority->office->challenges;
    pthread_mutex_lock(&challenges->lock);
    turn(challenges, seconds());
    if (has(challenges->now, challenge->nonce) || has(challenges->before, challenge->nonce)) {
        over(reply, "this question was answered before: ask for a new one");
    } else if (challenges->now->count == ANSWERED_MAX) {
        vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_sign_in_busy, NULL,
                        "too many people sign in with passkeys just now");
    } else {
        size_t at = slot_of(challenges->now, challenge->nonce);
        memcpy(challenges->now->slots[at], challenge->nonce, VOUCH_CHALLENGE_NONCE_LEN);
        challenges->now->count++;
        vouch_reply_done(reply);
    }
    pthread_mutex_unlock(&challenges->lock);
}

// NULL if the question was asked for this.
static const char *judge(const struct vouch_challenge *challenge,
                         const struct vouch_challenge *wanted, uint64_t now_s) {
    if (challenge->purpose != wanted->purpose || challenge->session != wanted->session ||
        (challenge->account != 0 && challenge->account != wanted->account)) {
        return "this question was asked for something else";
    }
    // What a factor is for is known by the question alone.
    if (challenge->purpose != VOUCH_PASSKEY_FOR_FACTOR &&
        memcmp(challenge->about, wanted->about, sizeof challenge->about) != 0) {
        return "this question was asked for something else";
    }
    if (challenge->expires_s <= now_s) {
        return "this question is older than five minutes: ask for a new one";
    }
    return NULL;
}

// The body of a name with a good MAC; 0 bytes if it has none.
static int open_name(struct vouch_local *authority, struct vouch_bytes name, uint8_t *room,
                     size_t size, struct vouch_bytes *ret_body, struct vouch_fault *fault) {
    struct vouch_buf bytes;
    uint8_t tag[VOUCH_HASH_MAX];
    vouch_buf_init_fixed(&bytes, room, size);
    *ret_body = (struct vouch_bytes){0};
    if (vouch_str_unbase64url(name, &bytes) != VOUCH_OK || bytes.len <= MAC_LEN ||
        bytes.len - MAC_LEN > BODY_MAX) {
        return VOUCH_OK;
    }
    const struct vouch_bytes body = {bytes.ptr, bytes.len - MAC_LEN};
    int err = mac(authority, body, tag, fault);
    if (err == VOUCH_OK && vouch_secret_equal(tag, body.ptr + body.len, MAC_LEN)) {
        *ret_body = body;
    }
    return err;
}

int vouch_challenge_read(struct vouch_local *authority, struct vouch_bytes name,
                         const struct vouch_challenge *wanted,
                         struct vouch_challenge *ret_challenge, struct vouch_bytes *ret_bytes,
                         struct vouch_reply *reply, struct vouch_fault *fault) {
    uint8_t room[BODY_MAX + MAC_LEN];
    struct vouch_bytes body;
    struct vouch_challenge challenge;
    int err = open_name(authority, name, room, sizeof room, &body, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (body.len == 0 || read_body(body, &challenge) != VOUCH_OK) {
        over(reply, "this question was not asked by this server, or before its last start");
        return VOUCH_OK;
    }
    const char *why = judge(&challenge, wanted, seconds());
    if (why == NULL && was_answered(authority->office->challenges, challenge.nonce)) {
        why = "this question was answered before: ask for a new one";
    }
    if (why != NULL) {
        over(reply, why);
        return VOUCH_OK;
    }
    err = hash(authority, body, ret_bytes, fault);
    if (err == VOUCH_OK) {
        *ret_challenge = challenge;
        vouch_reply_done(reply);
    }
    return err;
}

// --- one request's second factor

void vouch_challenge_step(struct vouch_local *authority, uint64_t session,
                          const uint8_t about[static VOUCH_STORE_HASH_LEN]) {
    struct vouch_challenges *challenges = authority->office->challenges;
    pthread_mutex_lock(&challenges->lock);
    struct step *step = &challenges->steps[challenges->next_step];
    challenges->next_step = (challenges->next_step + 1) % STEPS_MAX;
    step->session = session;
    step->until_s = seconds() + VOUCH_CHALLENGE_TTL_S;
    memcpy(step->about, about, sizeof step->about);
    pthread_mutex_unlock(&challenges->lock);
}

int vouch_challenge_is_stepped(struct vouch_local *authority, uint64_t session,
                               const uint8_t about[static VOUCH_STORE_HASH_LEN]) {
    struct vouch_challenges *challenges = authority->office->challenges;
    uint64_t now_s = seconds();
    int is = 0;
    pthread_mutex_lock(&challenges->lock);
    for (size_t i = 0; i < STEPS_MAX && session != 0; i++) {
        const struct step *step = &challenges->steps[i];
        is |= step->session == session && now_s < step->until_s &&
              memcmp(step->about, about, sizeof step->about) == 0;
    }
    pthread_mutex_unlock(&challenges->lock);
    return is;
}
