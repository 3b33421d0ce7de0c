// SPDX-License-Identifier: ISC
// What the browser says it was asked: clientDataJSON.
//
// It is the browser's word for which page asked, and what. Members that are not known are passed over, as
// browsers add some; those that are known occur once.
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/str.h"
#include "identity/passkey-parts.h"

// Jansson calls some of its failed allocations a mistake of syntax. A lack of memory must not look like a wrong
// answer, so it is noted here.
static _Thread_local int is_short;

static void *take_memory(size_t len) {
    void *memory = malloc(len);
    is_short |= memory == NULL;
    return memory;
}

static void use_memory(void) {
    json_set_alloc_funcs(take_memory, free);
}

static int is_text(const json_t *object, const char *name, struct vouch_bytes wanted) {
    const json_t *member = json_object_get(object, name);
    if (!json_is_string(member)) {
        return 0;
    }
    const struct vouch_bytes text = {(const uint8_t *)json_string_value(member),
                                     json_string_length(member)};
    return vouch_bytes_equal(text, wanted);
}

static const char *judge(const json_t *object, const struct vouch_passkey_wanted *wanted) {
    uint8_t room[VOUCH_PASSKEY_CHALLENGE_LEN * 2];
    struct vouch_buf challenge;
    vouch_buf_init_fixed(&challenge, room, sizeof room);
    vouch_str_base64url(wanted->challenge, &challenge);
    if (!is_text(object, "type", vouch_bytes_of(wanted->type))) {
        return "it answers another kind of question than was asked";
    }
    if (challenge.err != VOUCH_OK || !is_text(object, "challenge", vouch_buf_bytes(&challenge))) {
        return "it answers another question than was asked";
    }
    if (!is_text(object, "origin", wanted->origin)) {
        return "it answers a page of another address than this server's";
    }
    const json_t *cross = json_object_get(object, "crossOrigin");
    if ((cross != NULL && !json_is_false(cross)) || json_object_get(object, "topOrigin") != NULL) {
        return "it answers a page that stands within another one";
    }
    return NULL;
}

int vouch_passkey_client_judge(struct vouch_bytes client_data,
                               const struct vouch_passkey_wanted *wanted, const char **ret_why,
                               struct vouch_fault *fault) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, use_memory);
    is_short = 0;
    json_t *object =
        json_loadb((const char *)client_data.ptr, client_data.len, JSON_REJECT_DUPLICATES, NULL);
    if (is_short) {
        json_decref(object);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: passkey: no memory for what the browser says");
    }
    *ret_why = json_is_object(object) ? judge(object, wanted) : "clientDataJSON is no JSON object";
    json_decref(object);
    return VOUCH_OK;
}
