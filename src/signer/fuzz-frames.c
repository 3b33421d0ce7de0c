// SPDX-License-Identifier: ISC
// Fuzz target: bodies of frames as each end of the signer's lane reads them. The first byte says which.
//
// What is accepted says all that was in the body, so writing it again gives the same bytes; and a request
// that the ceiling lets through is inside it.
#include <stdlib.h>

#include "signer/frames.h"
#include "signer/limits.h"

#define NOW_S UINT64_C(1795344338)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition) {
    if (!condition) {
        abort();
    }
}

static void require_same(struct vouch_buf *again, struct vouch_bytes body) {
    require(again->err == VOUCH_OK && vouch_bytes_equal(vouch_buf_bytes(again), body));
}

static int is_wildcard_below_web(const struct vouch_cert_spec *spec, struct vouch_bytes name) {
    static const char end[] = ".web.example.com";
    const size_t len = sizeof end - 1;
    return spec->type == VOUCH_CERT_HOST && name.len > len && name.ptr[0] == '*' &&
           name.ptr[1] == '.' && memcmp(name.ptr + (name.len - len), end, len) == 0 &&
           memchr(name.ptr + 1, '*', name.len - 1) == NULL &&
           memchr(name.ptr, '?', name.len) == NULL;
}

static void check_inside(const struct vouch_signer_ask *ask) {
    const struct vouch_cert_spec *spec = &ask->spec;
    require(spec->type == VOUCH_CERT_USER || spec->type == VOUCH_CERT_HOST);
    uint64_t longest_s = spec->type == VOUCH_CERT_USER ? 86400 : 90 * 86400;
    require(spec->valid_before > NOW_S && spec->valid_before <= NOW_S + longest_s);
    require(spec->valid_after < spec->valid_before && spec->valid_after >= NOW_S - 3600);
    require(spec->principal_count >= 1 && spec->principal_count <= 16);
    require(spec->key_id.len >= 1 && spec->key_id.len <= 200);
    require(ask->actor.len >= 1 && ask->actor.len <= VOUCH_SIGNER_TEXT_MAX);
    for (size_t i = 0; i < spec->principal_count; i++) {
        require(spec->principals[i].len >= 1 && spec->principals[i].len <= 255);
        require(memchr(spec->principals[i].ptr, ',', spec->principals[i].len) == NULL);
        require(memchr(spec->principals[i].ptr, '*', spec->principals[i].len) == NULL ||
                is_wildcard_below_web(spec, spec->principals[i]));
    }
    for (size_t i = 0; i < spec->extension_count; i++) {
        require(!vouch_bytes_equal(spec->extensions[i].name, vouch_bytes_of("no-touch-required")));
    }
    require(spec->type == VOUCH_CERT_USER || spec->critical_count + spec->extension_count == 0);
    require(vouch_key_weakness(spec->key) == NULL);
}

static void check_ask(struct vouch_bytes body, struct vouch_buf *again) {
    static struct vouch_signer_read_ask read;
    struct vouch_signer_ceiling ceiling = vouch_signer_ceiling_default();
    struct vouch_signer_refusal refusal = {0};
    require(vouch_host_domains_add(&ceiling.wildcards, vouch_bytes_of("web.example.com")) == 0);
    if (vouch_signer_read_ask(body, &read, NULL) != VOUCH_OK) {
        return;
    }
    // The writer takes a key, not a blob: with the blob put in its place it is the same body.
    vouch_signer_write_ask(again, &read.ask);
    struct vouch_bytes head = {again->ptr, 4}, tail = {again->ptr + 8, again->len - 8};
    require(again->err == VOUCH_OK && body.len == again->len + read.key.len);
    require(vouch_bytes_equal(head, (struct vouch_bytes){body.ptr, 4}));
    require(vouch_bytes_equal(tail, (struct vouch_bytes){body.ptr + 8 + read.key.len, tail.len}));
    struct vouch_key *key = NULL;
    if (vouch_key_parse(read.key, &key, NULL) == VOUCH_OK) {
        read.ask.spec.key = key;
        if (vouch_signer_ask_check(&ceiling, &read.ask, NOW_S, &refusal) == VOUCH_SIGNER_DONE) {
            check_inside(&read.ask);
        } else {
            require(refusal.code[0] == 'V' && refusal.why[0] != '\0');
        }
    }
    vouch_key_free(key);
}

static void check_event(struct vouch_bytes body, struct vouch_buf *again) {
    struct vouch_signer_event event = {0};
    struct vouch_signer_refusal refusal = {0};
    if (vouch_signer_read_event(body, &event, NULL) == VOUCH_OK) {
        vouch_signer_write_event(again, &event);
        require_same(again, body);
        if (vouch_signer_event_check(&event, &refusal) == VOUCH_SIGNER_DONE) {
            require(event.type.len >= 1 && event.type.len <= 64 && event.actor.len >= 1);
            require(event.type.len < 7 || memcmp(event.type.ptr, "signer.", 7) != 0);
        }
    }
}

static void check_krl(struct vouch_bytes body, struct vouch_buf *again) {
    struct vouch_signer_krl krl = {0};
    if (vouch_signer_read_krl(body, &krl, NULL) == VOUCH_OK) {
        vouch_signer_write_krl(again, &krl);
        require_same(again, body);
    }
}

static void check_grant(struct vouch_bytes body, struct vouch_buf *again) {
    struct vouch_signer_grant grant = {0};
    if (vouch_signer_read_grant(body, &grant, NULL) == VOUCH_OK) {
        vouch_signer_write_grant(again, &grant);
        require_same(again, body);
    }
}

static void check_published(struct vouch_bytes body, struct vouch_buf *again) {
    struct vouch_signer_published published = {0};
    struct vouch_signer_noted noted = {0};
    if (vouch_signer_read_published(body, &published, NULL) == VOUCH_OK) {
        vouch_signer_write_published(again, &published);
        require_same(again, body);
    }
    vouch_buf_clear(again);
    if (vouch_signer_read_noted(body, &noted, NULL) == VOUCH_OK) {
        vouch_signer_write_noted(again, &noted);
        require_same(again, body);
    }
}

static void check_state(struct vouch_bytes body, struct vouch_buf *again) {
    struct vouch_signer_state state = {0};
    if (vouch_signer_read_state(body, &state, NULL) == VOUCH_OK) {
        vouch_signer_write_state(again, &state);
        require_same(again, body);
        require(state.ca_count <= VOUCH_SIGNER_KEYS_MAX);
        (void)vouch_rotation_phase_text(vouch_signer_phase(&state, VOUCH_CERT_USER));
    }
}

static void check_rotation(struct vouch_bytes body, struct vouch_buf *again) {
    struct vouch_signer_rotation rotation = {0};
    struct vouch_signer_rotated rotated = {0};
    if (vouch_signer_read_rotation(body, &rotation, NULL) == VOUCH_OK) {
        vouch_signer_write_rotation(again, &rotation);
        require_same(again, body);
        const struct vouch_rotation_step *step = vouch_rotation_step_of(rotation.verb);
        require(step == NULL || step->verb == rotation.verb);
    }
    vouch_buf_clear(again);
    if (vouch_signer_read_rotated(body, &rotated, NULL) == VOUCH_OK) {
        vouch_signer_write_rotated(again, &rotated);
        require_same(again, body);
    }
}

static void check_refusal(struct vouch_bytes body, struct vouch_buf *again) {
    struct vouch_signer_refusal refusal = {0};
    if (vouch_signer_read_refusal(body, &refusal, NULL) == VOUCH_OK) {
        vouch_signer_write_refusal(again, &refusal);
        require_same(again, body);
    }
}

static void check_fault(struct vouch_bytes body, struct vouch_buf *again) {
    struct vouch_fault fault = {0};
    (void)again;
    require(vouch_signer_read_fault(body, &fault) < 0);
    require(fault.kind != NULL && fault.err < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const checks[])(struct vouch_bytes, struct vouch_buf *) = {
        check_ask,   check_event,   check_krl,   check_grant,   check_published,
        check_state, check_refusal, check_fault, check_rotation};
    if (size < 1) {
        return 0;
    }
    struct vouch_buf again;
    vouch_buf_init(&again, 1024 * 1024);
    checks[data[0] % (sizeof checks / sizeof checks[0])]((struct vouch_bytes){data + 1, size - 1},
                                                         &again);
    vouch_buf_done(&again);
    return 0;
}
