// SPDX-License-Identifier: ISC
// Enrolling, renewing and leaving, and what is public: see contact.h.
#include "prog/vouch-host/contact.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/krl-envelope.h"
#include "core/trust.h"
#include "prog/vouch-host/contact-json.h"

#define KRL_MAX (64u * 1024 * 1024)
#define PAIR_TRIES 5 // a list may be replaced between the ask for it and for its envelope
#define CERT_LINE_MAX (4 * VOUCH_CERT_BLOB_MAX / 3 + 128)

int vouch_contact_open(const struct vouch_enrolled *enrolled, struct vouch_bytes secret,
                       struct vouch_api **ret_api, struct vouch_fault *fault) {
    const struct vouch_api_server server = {
        .url = enrolled->url, .pin = enrolled->pin, .ca_file = enrolled->ca_file, .token = secret};
    return vouch_api_open(&server, ret_api, fault);
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static int take_key(const json_t *json, struct vouch_key **ret_key) {
    const char *line =
        json_string_value(json_object_get(json_object_get(json, "checkpoint_key"), "public_key"));
    struct vouch_buf blob;
    struct vouch_bytes comment;
    if (line == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    int err = vouch_key_line_decode(vouch_bytes_of(line), &blob, &comment, NULL);
    if (err == 0) {
        err = vouch_key_parse(vouch_buf_bytes(&blob), ret_key, NULL);
    }
    vouch_buf_done(&blob);
    return err;
}

int vouch_contact_ca(struct vouch_api *api, struct vouch_enrolled *enrolled,
                     struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.path = "/v1/ca"};
    struct vouch_key *key = NULL;
    json_t *json = NULL;
    int err = vouch_api_ask_json(api, &ask, "vouch.ca/1", &json, fault);
    if (err != 0) {
        return err;
    }
    const char *name = json_string_value(json_object_get(json, "name"));
    err = name != NULL ? take_key(json, &key) : VOUCH_ERR_FORMAT;
    if (err == 0 && vouch_enrolled_set(&enrolled->ca_name, name) != 0) {
        err = VOUCH_ERR_NO_MEMORY;
    }
    json_decref(json);
    if (err != 0) {
        vouch_key_free(key);
        return err == VOUCH_ERR_NO_MEMORY
                   ? no_memory(fault)
                   : vouch_api_bad_answer(api, fault,
                                          "/v1/ca: name or checkpoint_key is missing or wrong");
    }
    vouch_key_free(enrolled->checkpoint_key);
    enrolled->checkpoint_key = key;
    return 0;
}

// Enrolling

static int put_list(json_t *body, const char *name, char *const *list, size_t count) {
    if (count == 0) {
        return 0; // an empty list is not taken
    }
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < count; i++) {
        bad |= json_array_append_new(array, json_string(list[i]));
    }
    return json_object_set_new(body, name, array) | bad;
}

static int put_labels(json_t *body, const struct vouch_enrolled *enrolled) {
    if (enrolled->label_count == 0) {
        return 0;
    }
    json_t *object = json_object();
    int bad = 0;
    for (size_t i = 0; i < enrolled->label_count; i++) {
        struct vouch_bytes value = vouch_bytes_of(enrolled->labels[i]);
        vouch_autofree char *key = vouch_str_copy(vouch_str_cut(&value, '='));
        bad |= key == NULL || value.ptr == NULL;
        bad |=
            key != NULL &&
            json_object_set_new(object, key, json_stringn((const char *)value.ptr, value.len)) != 0;
    }
    return json_object_set_new(body, "labels", object) | bad;
}

static json_t *key_line(struct vouch_bytes blob) {
    struct vouch_key *key = NULL;
    struct vouch_buf line;
    vouch_buf_init(&line, 2 * VOUCH_KEY_BLOB_MAX);
    if (vouch_key_parse(blob, &key, NULL) == 0) {
        vouch_key_print(key, NULL, &line);
        vouch_key_free(key);
    }
    json_t *text =
        line.err == 0 && line.len > 0 ? json_stringn((const char *)line.ptr, line.len) : NULL;
    vouch_buf_done(&line);
    return text;
}

static int put_keys(json_t *body, const struct vouch_contact_wish *wish) {
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < wish->proofs->count; i++) {
        const struct vouch_apply_proof *proof = &wish->proofs->rows[i];
        json_t *object = json_object();
        bad |= json_object_set_new(object, "public_key", key_line(proof->key));
        bad |= vouch_contact_put_bytes(object, "proof", proof->proof);
        if (wish->purpose == VOUCH_HOST_PROOF_RENEW) {
            bad |= vouch_contact_put_number(object, "serial", proof->serial);
        }
        bad |= json_array_append_new(array, object);
    }
    return json_object_set_new(body, "keys", array) | bad;
}

static json_t *make_body(const struct vouch_contact_wish *wish,
                         const struct vouch_enrolled *enrolled) {
    char machine[2 * VOUCH_HOST_PROOF_MACHINE_LEN + 1] = "";
    struct vouch_buf hex;
    json_t *body = json_object();
    int bad = 0;
    vouch_buf_init_fixed(&hex, machine, sizeof machine - 1);
    vouch_str_hex((struct vouch_bytes){wish->proofs->machine, sizeof wish->proofs->machine}, &hex);
    if (wish->purpose == VOUCH_HOST_PROOF_ENROL) {
        bad |= wish->token.len > 0 && vouch_contact_put_bytes(body, "token", wish->token) != 0;
        bad |= json_object_set_new(body, "name", json_string(enrolled->name));
        bad |= put_labels(body, enrolled);
    }
    bad |= put_list(body, "aliases", enrolled->aliases, enrolled->alias_count);
    bad |= put_keys(body, wish);
    bad |= vouch_contact_put_time(body, "time", wish->time_s * 1000);
    bad |= json_object_set_new(body, "machine", json_string(machine));
    bad |= json_object_set_new(body, "agent", json_string("vouch-host " VOUCH_VERSION));
    if (wish->sshd != NULL) {
        bad |= json_object_set_new(body, "sshd", json_string(wish->sshd));
    }
    if (bad != 0) {
        vouch_contact_forget(body, "token");
        return NULL;
    }
    return body;
}

static int take_secret(const json_t *json, struct vouch_secret *ret_secret) {
    const json_t *value = json_object_get(json, "secret");
    size_t len = json_string_length(value);
    if (!json_is_string(value) || len == 0) {
        return VOUCH_ERR_FORMAT;
    }
    int err = vouch_secret_new(len, ret_secret);
    if (err == 0) {
        memcpy(ret_secret->ptr, json_string_value(value), len);
    }
    return err;
}

static int take_cert(const char *line, struct vouch_arena *arena, struct vouch_bytes *ret_blob) {
    struct vouch_buf blob;
    struct vouch_bytes comment;
    if (line == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    int err = vouch_key_line_decode(vouch_bytes_of(line), &blob, &comment, NULL);
    if (err == 0) {
        err = vouch_arena_copy(arena, vouch_buf_bytes(&blob), ret_blob);
    }
    vouch_buf_done(&blob);
    return err;
}

static int take_enrolment(const json_t *json, struct vouch_enrolled *enrolled,
                          struct vouch_arena *arena, struct vouch_contact_enrolment *enrolment) {
    const json_t *certs = json_object_get(json, "certificates");
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *zone = json_string_value(json_object_get(json, "zone"));
    size_t count = json_array_size(certs);
    if (name == NULL || zone == NULL || count == 0 || count > VOUCH_APPLY_KEYS_MAX) {
        return VOUCH_ERR_FORMAT;
    }
    int err = vouch_contact_take_number(json, "generation", &enrolled->generation);
    for (size_t i = 0; err == 0 && i < count; i++) {
        err = take_cert(json_string_value(json_array_get(certs, i)), arena, &enrolment->certs[i]);
    }
    enrolment->cert_count = count;
    if (err == 0) {
        err = vouch_contact_take_texts(json, "names", arena, &enrolment->names);
    }
    if (err == 0 && (vouch_enrolled_set(&enrolled->name, name) != 0 ||
                     vouch_enrolled_set(&enrolled->zone, zone) != 0)) {
        err = VOUCH_ERR_NO_MEMORY;
    }
    return err;
}

static int take_answer(const json_t *json, struct vouch_enrolled *enrolled,
                       struct vouch_arena *arena, struct vouch_contact_enrolment *enrolment,
                       struct vouch_secret *ret_secret) {
    const char *state = json_string_value(json_object_get(json, "state"));
    if (state != NULL && strcmp(state, "waiting") == 0) {
        enrolment->state = VOUCH_ENROLLED_WAITING;
        return 0;
    }
    if (state == NULL || strcmp(state, "active") != 0) {
        return VOUCH_ERR_FORMAT;
    }
    int err = take_enrolment(json, enrolled, arena, enrolment);
    if (err == 0) {
        err = take_secret(json, ret_secret);
    }
    if (err == 0) {
        enrolment->state = VOUCH_ENROLLED_ACTIVE;
    }
    return err;
}

int vouch_contact_enrol(struct vouch_api *api, const struct vouch_contact_wish *wish,
                        struct vouch_enrolled *enrolled, struct vouch_arena *arena,
                        struct vouch_contact_enrolment *ret_enrolment,
                        struct vouch_secret *ret_secret, struct vouch_fault *fault) {
    int renews = wish->purpose == VOUCH_HOST_PROOF_RENEW;
    struct vouch_contact_enrolment enrolment = {0};
    json_t *answer = NULL, *body = make_body(wish, enrolled);
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    vouch_contact_forget(body, "token");
    if (text == NULL) {
        return no_memory(fault);
    }
    const struct vouch_api_ask ask = {.method = VOUCH_API_POST,
                                      .path = renews ? "/v1/host/renew" : "/v1/host/enrol",
                                      .body = text};
    int err = vouch_api_ask_json(api, &ask, "vouch.enrolment/1", &answer, fault);
    vouch_wipe(text, strlen(text));
    free(text);
    if (err != 0) {
        return err;
    }
    err = take_answer(answer, enrolled, arena, &enrolment, ret_secret);
    vouch_contact_forget(answer, "secret");
    if (err != 0) {
        return err == VOUCH_ERR_NO_MEMORY
                   ? no_memory(fault)
                   : vouch_api_bad_answer(api, fault, "%s: a member is missing or wrong", ask.path);
    }
    *ret_enrolment = enrolment;
    return 0;
}

int vouch_contact_leave(struct vouch_api *api, struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.method = VOUCH_API_DELETE, .path = "/v1/host"};
    json_t *json = NULL;
    int err = vouch_api_ask_json(api, &ask, "vouch.host-left/1", &json, fault);
    json_decref(json);
    return err;
}

// Public texts

static int ask_whole(struct vouch_api *api, const char *path, size_t max,
                     struct vouch_api_answer *ret_answer, struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.path = path, .answer_max = max};
    return vouch_api_ask(api, &ask, ret_answer, fault);
}

int vouch_contact_trust(struct vouch_api *api, struct vouch_buf *ret_bundle,
                        struct vouch_fault *fault) {
    struct vouch_api_answer answer = {0};
    int err = ask_whole(api, "/v1/trust", VOUCH_TRUST_MAX, &answer, fault);
    if (err == 0) {
        *ret_bundle = answer.body;
    }
    return err;
}

int vouch_contact_krl(struct vouch_api *api, struct vouch_buf *ret_krl,
                      struct vouch_buf *ret_envelope, struct vouch_fault *fault) {
    for (int tries = 0; tries < PAIR_TRIES; tries++) {
        struct vouch_api_answer krl = {0}, envelope = {0};
        int err = ask_whole(api, "/v1/krls/user", KRL_MAX, &krl, fault);
        if (err == 0) {
            err =
                ask_whole(api, "/v1/krls/user/envelope", VOUCH_KRL_ENVELOPE_MAX, &envelope, fault);
        }
        if (err == 0 && strcmp(krl.etag, envelope.etag) == 0) {
            *ret_krl = krl.body;
            *ret_envelope = envelope.body;
            return 0;
        }
        vouch_buf_done(&krl.body);
        vouch_buf_done(&envelope.body);
        if (err != 0) {
            return err;
        }
    }
    return vouch_api_bad_answer(api, fault,
                                "/v1/krls/user: the list and its envelope never were a pair");
}

int vouch_contact_is_final(const struct vouch_fault *fault) {
    return fault->err == VOUCH_ERR_PASSPHRASE || fault->err == VOUCH_ERR_REFUSED;
}
