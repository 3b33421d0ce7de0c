// SPDX-License-Identifier: ISC
// The table of the signer's lane, and its bodies.
#include "signer/frames.h"

#include <stdio.h>

#include "vouch/wire.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

#define TEXT_BODY_MAX (16u * 1024)
#define LARGE_BODY_MAX (96u * 1024)

static const struct vouch_frame_rule asks[] = {
    {.type = VOUCH_SIGNER_ASK_SIGN, .body_min = 64, .body_max = LARGE_BODY_MAX, .name = "sign"},
    {.type = VOUCH_SIGNER_ASK_NOTE, .body_min = 16, .body_max = LARGE_BODY_MAX, .name = "note"},
    {.type = VOUCH_SIGNER_ASK_PUBLISH,
     .body_min = 56,
     .body_max = TEXT_BODY_MAX,
     .name = "publish"},
    {.type = VOUCH_SIGNER_ASK_STATE, .name = "state"},
    {.type = VOUCH_SIGNER_ASK_ROTATE, .body_min = 24, .body_max = TEXT_BODY_MAX, .name = "rotate"},
};

static const struct vouch_frame_rule answers[] = {
    {.type = VOUCH_SIGNER_ANSWER_GRANTED,
     .body_min = 28,
     .body_max = LARGE_BODY_MAX,
     .name = "granted"},
    {.type = VOUCH_SIGNER_ANSWER_NOTED, .body_min = 16, .body_max = 16, .name = "noted"},
    {.type = VOUCH_SIGNER_ANSWER_PUBLISHED,
     .body_min = 20,
     .body_max = TEXT_BODY_MAX + 64,
     .name = "published"},
    {.type = VOUCH_SIGNER_ANSWER_STATE,
     .body_min = 88,
     .body_max = LARGE_BODY_MAX,
     .name = "state answer"},
    {.type = VOUCH_SIGNER_ANSWER_REFUSED, .body_min = 12, .body_max = 1024, .name = "refused"},
    {.type = VOUCH_SIGNER_ANSWER_FAILED, .body_min = 16, .body_max = 2048, .name = "failed"},
    {.type = VOUCH_SIGNER_ANSWER_ROTATED, .body_min = 16, .body_max = 16, .name = "rotated"},
};

const struct vouch_frame_protocol vouch_signer_protocol = {"signer", asks, ROWS(asks), answers,
                                                           ROWS(answers)};

static void write_options(struct vouch_buf *out, const struct vouch_cert_option *options,
                          size_t count) {
    size_t mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < count; i++) {
        vouch_write_string(out, options[i].name);
        vouch_write_string(out, options[i].data);
    }
    vouch_write_string_end(out, mark);
}

void vouch_signer_write_ask(struct vouch_buf *out, const struct vouch_signer_ask *ask) {
    const struct vouch_cert_spec *spec = &ask->spec;
    vouch_write_u32(out, (uint32_t)spec->type);
    vouch_write_string(out,
                       spec->key != NULL ? vouch_key_blob(spec->key) : (struct vouch_bytes){0});
    vouch_write_string(out, spec->key_id);
    size_t mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < spec->principal_count; i++) {
        vouch_write_string(out, spec->principals[i]);
    }
    vouch_write_string_end(out, mark);
    vouch_write_u64(out, spec->valid_after);
    vouch_write_u64(out, spec->valid_before);
    write_options(out, spec->critical, spec->critical_count);
    write_options(out, spec->extensions, spec->extension_count);
    const struct vouch_bytes texts[] = {ask->actor,   ask->evidence, ask->role,
                                        ask->request, ask->source,   ask->policy};
    for (size_t i = 0; i < ROWS(texts); i++) {
        vouch_write_string(out, texts[i]);
    }
}

static size_t read_principals(struct vouch_reader *reader, struct vouch_bytes *principals) {
    struct vouch_reader list;
    size_t count = 0;
    vouch_reader_init(&list, vouch_read_string(reader, "principals"));
    while (vouch_reader_left(&list) > 0 && count < VOUCH_CERT_PRINCIPALS_MAX) {
        principals[count++] = vouch_read_string(&list, "principals");
    }
    if (vouch_reader_end(&list, NULL) != VOUCH_OK) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "principals", "are not a list of strings");
    }
    return count;
}

static size_t read_options(struct vouch_reader *reader, struct vouch_cert_option *options,
                           const char *field) {
    struct vouch_reader list;
    size_t count = 0;
    vouch_reader_init(&list, vouch_read_string(reader, field));
    while (vouch_reader_left(&list) > 0 && count < VOUCH_SIGNER_OPTIONS_ROOM) {
        options[count].name = vouch_read_string(&list, field);
        options[count].data = vouch_read_string(&list, field);
        count++;
    }
    if (vouch_reader_end(&list, NULL) != VOUCH_OK) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, field, "are not a list of names and data");
    }
    return count;
}

int vouch_signer_read_ask(struct vouch_bytes body, struct vouch_signer_read_ask *ret,
                          struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_cert_spec *spec = &ret->ask.spec;
    ret->ask = (struct vouch_signer_ask){0};
    vouch_reader_init(&reader, body);
    spec->type = (enum vouch_cert_type)vouch_read_u32(&reader, "type");
    ret->key = vouch_read_string(&reader, "public key");
    spec->key_id = vouch_read_string(&reader, "key ID");
    spec->principal_count = read_principals(&reader, ret->principals);
    spec->principals = ret->principals;
    spec->valid_after = vouch_read_u64(&reader, "valid after");
    spec->valid_before = vouch_read_u64(&reader, "valid before");
    spec->critical_count = read_options(&reader, ret->critical, "critical options");
    spec->critical = ret->critical;
    spec->extension_count = read_options(&reader, ret->extensions, "extensions");
    spec->extensions = ret->extensions;
    ret->ask.actor = vouch_read_string(&reader, "actor");
    ret->ask.evidence = vouch_read_string(&reader, "evidence");
    ret->ask.role = vouch_read_string(&reader, "role");
    ret->ask.request = vouch_read_string(&reader, "request");
    ret->ask.source = vouch_read_string(&reader, "source");
    ret->ask.policy = vouch_read_string(&reader, "policy");
    return vouch_reader_end(&reader, ret_where);
}

void vouch_signer_write_event(struct vouch_buf *out, const struct vouch_signer_event *event) {
    vouch_write_string(out, event->actor);
    vouch_write_string(out, event->type);
    vouch_write_string(out, event->object);
    vouch_write_string(out, event->details);
}

int vouch_signer_read_event(struct vouch_bytes body, struct vouch_signer_event *ret_event,
                            struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_event event = {0};
    vouch_reader_init(&reader, body);
    event.actor = vouch_read_string(&reader, "actor");
    event.type = vouch_read_string(&reader, "type");
    event.object = vouch_read_string(&reader, "object");
    event.details = vouch_read_string(&reader, "details");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_event = event;
    }
    return err;
}

void vouch_signer_write_krl(struct vouch_buf *out, const struct vouch_signer_krl *krl) {
    vouch_write_u32(out, (uint32_t)krl->ca);
    vouch_write_u64(out, krl->version);
    vouch_write_u64(out, krl->length);
    vouch_buf_put(out, (struct vouch_bytes){krl->sha256, sizeof krl->sha256});
    vouch_write_string(out, krl->actor);
}

int vouch_signer_read_krl(struct vouch_bytes body, struct vouch_signer_krl *ret_krl,
                          struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_krl krl = {0};
    vouch_reader_init(&reader, body);
    krl.ca = (enum vouch_cert_type)vouch_read_u32(&reader, "CA");
    krl.version = vouch_read_u64(&reader, "version");
    krl.length = vouch_read_u64(&reader, "length");
    struct vouch_bytes hash = vouch_read_bytes(&reader, sizeof krl.sha256, "hash");
    krl.actor = vouch_read_string(&reader, "actor");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        memcpy(krl.sha256, hash.ptr, sizeof krl.sha256);
        *ret_krl = krl;
    }
    return err;
}

void vouch_signer_write_rotation(struct vouch_buf *out,
                                 const struct vouch_signer_rotation *rotation) {
    vouch_write_u32(out, (uint32_t)rotation->use);
    vouch_write_u32(out, (uint32_t)rotation->verb);
    vouch_write_string(out, rotation->actor);
    vouch_write_string(out, rotation->key);
    vouch_write_string(out, rotation->fingerprint);
    vouch_write_u32(out, rotation->is_hurried);
}

int vouch_signer_read_rotation(struct vouch_bytes body, struct vouch_signer_rotation *ret_rotation,
                               struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_rotation rotation = {0};
    vouch_reader_init(&reader, body);
    rotation.use = (enum vouch_cert_type)vouch_read_u32(&reader, "use");
    rotation.verb = (enum vouch_rotation_verb)vouch_read_u32(&reader, "verb");
    rotation.actor = vouch_read_string(&reader, "actor");
    rotation.key = vouch_read_string(&reader, "key");
    rotation.fingerprint = vouch_read_string(&reader, "fingerprint");
    rotation.is_hurried = vouch_read_u32(&reader, "is hurried");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_rotation = rotation;
    }
    return err;
}

void vouch_signer_write_rotated(struct vouch_buf *out, const struct vouch_signer_rotated *rotated) {
    vouch_write_u64(out, rotated->number);
    vouch_write_u64(out, rotated->time_ms);
}

int vouch_signer_read_rotated(struct vouch_bytes body, struct vouch_signer_rotated *ret_rotated,
                              struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_rotated rotated = {.outcome = VOUCH_SIGNER_DONE};
    vouch_reader_init(&reader, body);
    rotated.number = vouch_read_u64(&reader, "number");
    rotated.time_ms = vouch_read_u64(&reader, "time");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_rotated = rotated;
    }
    return err;
}

void vouch_signer_write_grant(struct vouch_buf *out, const struct vouch_signer_grant *grant) {
    vouch_write_u64(out, grant->serial);
    vouch_write_u64(out, grant->number);
    vouch_write_u64(out, grant->time_ms);
    vouch_write_string(out, grant->cert);
}

int vouch_signer_read_grant(struct vouch_bytes body, struct vouch_signer_grant *ret_grant,
                            struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_grant grant = {.outcome = VOUCH_SIGNER_DONE};
    vouch_reader_init(&reader, body);
    grant.serial = vouch_read_u64(&reader, "serial");
    grant.number = vouch_read_u64(&reader, "number");
    grant.time_ms = vouch_read_u64(&reader, "time");
    grant.cert = vouch_read_string(&reader, "certificate");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_grant = grant;
    }
    return err;
}

void vouch_signer_write_noted(struct vouch_buf *out, const struct vouch_signer_noted *noted) {
    vouch_write_u64(out, noted->number);
    vouch_write_u64(out, noted->time_ms);
}

int vouch_signer_read_noted(struct vouch_bytes body, struct vouch_signer_noted *ret_noted,
                            struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_noted noted = {.outcome = VOUCH_SIGNER_DONE};
    vouch_reader_init(&reader, body);
    noted.number = vouch_read_u64(&reader, "number");
    noted.time_ms = vouch_read_u64(&reader, "time");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_noted = noted;
    }
    return err;
}

void vouch_signer_write_published(struct vouch_buf *out,
                                  const struct vouch_signer_published *published) {
    vouch_write_u64(out, published->number);
    vouch_write_u64(out, published->time_ms);
    vouch_write_string(out, published->envelope);
}

int vouch_signer_read_published(struct vouch_bytes body,
                                struct vouch_signer_published *ret_published,
                                struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_published published = {.outcome = VOUCH_SIGNER_DONE};
    vouch_reader_init(&reader, body);
    published.number = vouch_read_u64(&reader, "number");
    published.time_ms = vouch_read_u64(&reader, "time");
    published.envelope = vouch_read_string(&reader, "envelope");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_published = published;
    }
    return err;
}

void vouch_signer_write_state(struct vouch_buf *out, const struct vouch_signer_state *state) {
    vouch_write_string(out, state->origin);
    vouch_write_string(out, state->user_ca);
    vouch_write_string(out, state->host_ca);
    vouch_write_string(out, state->checkpoint_key);
    const uint64_t numbers[] = {state->epoch,           state->serial,       state->size,
                                state->checkpoint_size, state->ttl_max_s[0], state->ttl_max_s[1]};
    for (size_t i = 0; i < ROWS(numbers); i++) {
        vouch_write_u64(out, numbers[i]);
    }
    size_t mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < state->wildcards.count; i++) {
        vouch_write_text(out, state->wildcards.items[i]);
    }
    vouch_write_string_end(out, mark);
    vouch_write_u64(out, state->trust_version);
    vouch_write_string(out, state->trust);
    mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < state->ca_count; i++) {
        vouch_write_u32(out, (uint32_t)state->cas[i].use);
        vouch_write_u32(out, (uint32_t)state->cas[i].state);
        vouch_write_string(out, state->cas[i].key);
        vouch_write_u64(out, state->cas[i].since_ms);
        vouch_write_u32(out, state->cas[i].has_signed);
    }
    vouch_write_string_end(out, mark);
}

// A domain that is none would only be one that is not there; the list is held to its form all the same.
static void read_domains(struct vouch_reader *reader, struct vouch_host_domains *domains) {
    struct vouch_reader list;
    int err = VOUCH_OK;
    vouch_reader_init(&list, vouch_read_string(reader, "wildcards"));
    while (vouch_reader_left(&list) > 0 && err == VOUCH_OK) {
        err = vouch_host_domains_add(domains, vouch_read_string(&list, "wildcard"));
    }
    if (err != VOUCH_OK || vouch_reader_end(&list, NULL) != VOUCH_OK) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "wildcards", "are not a list of domains");
    }
}

static size_t read_cas(struct vouch_reader *reader, struct vouch_signer_ca *cas) {
    struct vouch_reader list;
    size_t count = 0;
    vouch_reader_init(&list, vouch_read_string(reader, "CA keys"));
    while (vouch_reader_left(&list) > 0 && count < VOUCH_SIGNER_KEYS_MAX) {
        cas[count].use = (enum vouch_cert_type)vouch_read_u32(&list, "use");
        cas[count].state = (enum vouch_ca_key_state)vouch_read_u32(&list, "state");
        cas[count].key = vouch_read_string(&list, "key");
        cas[count].since_ms = vouch_read_u64(&list, "since");
        cas[count].has_signed = vouch_read_u32(&list, "has signed");
        count++;
    }
    if (vouch_reader_end(&list, NULL) != VOUCH_OK) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "CA keys", "are not a list of CA keys");
    }
    return count;
}

enum vouch_rotation_phase vouch_signer_phase(const struct vouch_signer_state *state,
                                             enum vouch_cert_type use) {
    enum vouch_ca_key_state other = VOUCH_CA_KEY_NONE;
    size_t active = 0;
    for (size_t i = 0; i < state->ca_count; i++) {
        if (state->cas[i].use == use && state->cas[i].state == VOUCH_CA_KEY_ACTIVE) {
            active++;
        } else if (state->cas[i].use == use) {
            other = state->cas[i].state;
        }
    }
    return active == 1 ? vouch_rotation_phase_of(other) : VOUCH_ROTATION_NONE;
}

int vouch_signer_read_state(struct vouch_bytes body, struct vouch_signer_state *ret_state,
                            struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_state state = {0};
    vouch_reader_init(&reader, body);
    state.origin = vouch_read_string(&reader, "origin");
    state.user_ca = vouch_read_string(&reader, "user CA");
    state.host_ca = vouch_read_string(&reader, "host CA");
    state.checkpoint_key = vouch_read_string(&reader, "checkpoint key");
    state.epoch = vouch_read_u64(&reader, "epoch");
    state.serial = vouch_read_u64(&reader, "serial");
    state.size = vouch_read_u64(&reader, "size");
    state.checkpoint_size = vouch_read_u64(&reader, "checkpoint size");
    state.ttl_max_s[0] = vouch_read_u64(&reader, "longest validity");
    state.ttl_max_s[1] = vouch_read_u64(&reader, "longest validity");
    read_domains(&reader, &state.wildcards);
    state.trust_version = vouch_read_u64(&reader, "trust version");
    state.trust = vouch_read_string(&reader, "trust bundle");
    state.ca_count = read_cas(&reader, state.cas);
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_state = state;
    }
    return err;
}

// A text of the other side that goes into an array here. It must fit, and hold no NUL.
static void read_into(struct vouch_reader *reader, const char *field, char *out, size_t out_size) {
    struct vouch_bytes text = vouch_read_string(reader, field);
    if (text.len == 0) {
        out[0] = '\0';
    } else if (text.len >= out_size || memchr(text.ptr, 0, text.len) != NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, field, "is too long or holds a NUL byte");
    } else {
        memcpy(out, text.ptr, text.len);
        out[text.len] = '\0';
    }
}

void vouch_signer_write_refusal(struct vouch_buf *out, const struct vouch_signer_refusal *refusal) {
    vouch_write_text(out, refusal->code);
    vouch_write_text(out, refusal->field);
    vouch_write_text(out, refusal->why);
}

int vouch_signer_read_refusal(struct vouch_bytes body, struct vouch_signer_refusal *ret_refusal,
                              struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_signer_refusal refusal = {0};
    vouch_reader_init(&reader, body);
    read_into(&reader, "code", refusal.code, sizeof refusal.code);
    read_into(&reader, "field", refusal.field, sizeof refusal.field);
    read_into(&reader, "reason", refusal.why, sizeof refusal.why);
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_refusal = refusal;
    }
    return err;
}

void vouch_signer_write_fault(struct vouch_buf *out, const struct vouch_fault *why) {
    vouch_write_u32(out, (uint32_t)-why->err);
    vouch_write_text(out, why->kind->code);
    vouch_write_text(out, why->text);
    vouch_write_text(out, why->next);
}

// A code that is none counts as the other end's own failure.
static const struct vouch_fault_kind *kind_of(const char *code) {
    const struct vouch_fault_kind *kind = vouch_fault_kind_of(vouch_bytes_of(code));
    return kind != NULL ? kind : &vouch_fault_peer;
}

int vouch_signer_read_fault(struct vouch_bytes body, struct vouch_fault *ret_fault) {
    struct vouch_reader reader;
    char code[8] = "", text[512] = "", next[256] = "";
    vouch_reader_init(&reader, body);
    uint32_t number = vouch_read_u32(&reader, "error");
    read_into(&reader, "code", code, sizeof code);
    read_into(&reader, "text", text, sizeof text);
    read_into(&reader, "next", next, sizeof next);
    struct vouch_where where = {0};
    int err = vouch_reader_end(&reader, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(ret_fault, err, &vouch_fault_peer, "signer: failure", &where);
    }
    err = number > 0 && number <= -VOUCH_ERR_CORRUPT ? -(int)number : VOUCH_ERR_IO;
    (void)vouch_fault_set(ret_fault, err, kind_of(code), "%s", text);
    if (next[0] != '\0') {
        (void)vouch_fault_next(ret_fault, "%s", next);
    }
    return err;
}
