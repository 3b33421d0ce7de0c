// SPDX-License-Identifier: ISC
// The ceiling's checks, the cheapest first, and the rate.
#include "signer/limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "core/cert-options.h"
#include "ledger/record.h"

#define SECOND_NS UINT64_C(1000000000)
// Bytes of key, names and options: with them, the texts and a signature a record stays below its bound.
#define SPEC_BYTES_MAX (32u * 1024)
#define OPTIONS_MAX 16 // of each kind; sshd knows fewer
#define ALL_KEY_TYPES                                                                              \
    (UINT32_C(1) << VOUCH_KEY_RSA | UINT32_C(1) << VOUCH_KEY_ECDSA_P256 |                          \
     UINT32_C(1) << VOUCH_KEY_ECDSA_P384 | UINT32_C(1) << VOUCH_KEY_ECDSA_P521 |                   \
     UINT32_C(1) << VOUCH_KEY_ED25519 | UINT32_C(1) << VOUCH_KEY_SK_ED25519 |                      \
     UINT32_C(1) << VOUCH_KEY_SK_ECDSA_P256)

// The two kinds of options, as vouch_cert_spec_check() calls them.
static const char critical_field[] = "critical options";
static const char extensions_field[] = "extensions";

enum vouch_signer_outcome vouch_signer_refuse(struct vouch_signer_refusal *ret_refusal,
                                              const struct vouch_fault_kind *kind,
                                              const char *field, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)snprintf(ret_refusal->code, sizeof ret_refusal->code, "%s", kind->code);
    vouch_str_escape_to(vouch_bytes_of(field), ret_refusal->field, sizeof ret_refusal->field);
    vouch_str_escape_to(vouch_bytes_of(text), ret_refusal->why, sizeof ret_refusal->why);
    return VOUCH_SIGNER_REFUSED;
}

uint32_t vouch_ceiling_option_bit(struct vouch_bytes name) {
    const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(name);
    return kind == NULL ? 0 : UINT32_C(1) << (unsigned)(kind - vouch_cert_option_kinds);
}

static uint32_t all_options(void) {
    uint32_t bits = 0;
    for (size_t i = 0; vouch_cert_option_kinds[i].name != NULL; i++) {
        bits |= UINT32_C(1) << i;
    }
    return bits;
}

struct vouch_signer_ceiling vouch_signer_ceiling_default(void) {
    uint32_t untouched = vouch_ceiling_option_bit(vouch_bytes_of("no-touch-required"));
    return (struct vouch_signer_ceiling){
        .user = {.ttl_max_s = UINT64_C(24) * 3600,
                 .principals_max = 16,
                 .options = all_options() & ~untouched},
        .host = {.ttl_max_s = UINT64_C(90) * 24 * 3600, .principals_max = 16},
        .rate_per_s = 20000,
        .rsa_bits_min = VOUCH_CEILING_RSA_BITS_MIN,
        .key_types = ALL_KEY_TYPES,
    };
}

static int outside(uint64_t value, uint64_t least, uint64_t most) {
    return value < least || value > most;
}

const char *vouch_signer_ceiling_fault(const struct vouch_signer_ceiling *ceiling,
                                       const char **ret_why) {
    const struct {
        const char *field, *why;
        int broken;
    } rules[] = {
        {"user.ttl_max", "must be 1 minute to 10 years",
         outside(ceiling->user.ttl_max_s, VOUCH_CEILING_TTL_MIN_S, VOUCH_CEILING_TTL_MAX_S)},
        {"host.ttl_max", "must be 1 minute to 10 years",
         outside(ceiling->host.ttl_max_s, VOUCH_CEILING_TTL_MIN_S, VOUCH_CEILING_TTL_MAX_S)},
        {"user.principals_max", "must be 1 to 256",
         outside(ceiling->user.principals_max, 1, VOUCH_CERT_PRINCIPALS_MAX)},
        {"host.principals_max", "must be 1 to 256",
         outside(ceiling->host.principals_max, 1, VOUCH_CERT_PRINCIPALS_MAX)},
        {"user.options", "hold one that sshd does not know",
         (ceiling->user.options & ~all_options()) != 0},
        {"host.options", "must be none: ssh refuses or ignores them", ceiling->host.options != 0},
        {"rate.per_second", "must be at most 1000000; 0 is no limit",
         ceiling->rate_per_s > VOUCH_CEILING_RATE_MAX},
        {"keys.rsa_min_bits", "must be 2048 to 8192",
         outside(ceiling->rsa_bits_min, VOUCH_CEILING_RSA_BITS_MIN, VOUCH_CEILING_RSA_BITS_MAX)},
        {"keys.types", "must hold at least one type of key, and only such",
         ceiling->key_types == 0 || (ceiling->key_types & ~ALL_KEY_TYPES) != 0},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].broken) {
            *ret_why = rules[i].why;
            return rules[i].field;
        }
    }
    return NULL;
}

static int has_control(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return 1;
        }
    }
    return 0;
}

// What the ledger keeps about a request: an empty actor would be a record of nobody.
static enum vouch_signer_outcome check_texts(const struct vouch_signer_ask *ask,
                                             struct vouch_signer_refusal *ret_refusal) {
    const struct {
        const char *field;
        struct vouch_bytes text;
    } texts[] = {{"actor", ask->actor},     {"evidence", ask->evidence}, {"role", ask->role},
                 {"request", ask->request}, {"source", ask->source},     {"policy", ask->policy}};
    if (ask->actor.len == 0) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_spec, "actor", "is empty");
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text.len > VOUCH_SIGNER_TEXT_MAX) {
            return vouch_signer_refuse(ret_refusal, &vouch_fault_spec, texts[i].field,
                                       "is longer than %d bytes", VOUCH_SIGNER_TEXT_MAX);
        }
        if (has_control(texts[i].text)) {
            return vouch_signer_refuse(ret_refusal, &vouch_fault_spec, texts[i].field,
                                       "holds a control character");
        }
    }
    return VOUCH_SIGNER_DONE;
}

static size_t options_bytes(const struct vouch_cert_option *options, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count && bytes <= SPEC_BYTES_MAX; i++) {
        size_t data = options[i].data.len, name = options[i].name.len;
        bytes += 8 + (data < SPEC_BYTES_MAX ? data : SPEC_BYTES_MAX) +
                 (name < SPEC_BYTES_MAX ? name : SPEC_BYTES_MAX);
    }
    return bytes;
}

static size_t principals_bytes(const struct vouch_cert_spec *spec) {
    size_t bytes = 0;
    for (size_t i = 0; i < spec->principal_count && bytes <= SPEC_BYTES_MAX; i++) {
        size_t name = spec->principals[i].len;
        bytes += 4 + (name < SPEC_BYTES_MAX ? name : SPEC_BYTES_MAX);
    }
    return bytes;
}

// Counts and sizes, before anything walks over what they count.
static enum vouch_signer_outcome check_sizes(const struct vouch_signer_bounds *bounds,
                                             const struct vouch_cert_spec *spec,
                                             struct vouch_signer_refusal *ret_refusal) {
    if (spec->principal_count > bounds->principals_max) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, "principals",
                                   "are %zu; the signer allows %" PRIu64, spec->principal_count,
                                   bounds->principals_max);
    }
    if (spec->critical_count > OPTIONS_MAX || spec->extension_count > OPTIONS_MAX) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling,
                                   spec->critical_count > OPTIONS_MAX ? critical_field
                                                                      : extensions_field,
                                   "are more than %d", OPTIONS_MAX);
    }
    size_t bytes = options_bytes(spec->critical, spec->critical_count) +
                   options_bytes(spec->extensions, spec->extension_count) + principals_bytes(spec);
    if (bytes + vouch_key_blob(spec->key).len > SPEC_BYTES_MAX) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, "options",
                                   "principals and key are larger than %u bytes", SPEC_BYTES_MAX);
    }
    return VOUCH_SIGNER_DONE;
}

static enum vouch_signer_outcome check_validity(const struct vouch_signer_bounds *bounds,
                                                const struct vouch_cert_spec *spec, uint64_t now_s,
                                                struct vouch_signer_refusal *ret_refusal) {
    if (spec->valid_before <= now_s) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, "validity",
                                   "has ended already");
    }
    if (spec->valid_before - now_s > bounds->ttl_max_s) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, "validity",
                                   "ends more than %" PRIu64 " s from now, the signer's limit",
                                   bounds->ttl_max_s);
    }
    if (spec->valid_after < now_s && now_s - spec->valid_after > VOUCH_CEILING_BACKDATE_S) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, "validity",
                                   "begins more than %d s before now", VOUCH_CEILING_BACKDATE_S);
    }
    return VOUCH_SIGNER_DONE;
}

static enum vouch_signer_outcome check_options(uint32_t allowed, const char *field,
                                               const struct vouch_cert_option *options,
                                               size_t count,
                                               struct vouch_signer_refusal *ret_refusal) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bit = vouch_ceiling_option_bit(options[i].name);
        if ((bit & allowed) == 0) {
            char name[64];
            vouch_str_escape_to(options[i].name, name, sizeof name);
            return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, field,
                                       "hold \"%s\", which the signer does not allow here", name);
        }
    }
    return VOUCH_SIGNER_DONE;
}

static enum vouch_signer_outcome check_key(const struct vouch_signer_ceiling *ceiling,
                                           const struct vouch_key *key,
                                           struct vouch_signer_refusal *ret_refusal) {
    enum vouch_key_type type = vouch_key_type(key);
    if ((ceiling->key_types & UINT32_C(1) << type) == 0) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, "public key",
                                   "is of type %s, which the signer does not allow",
                                   vouch_key_type_name(type));
    }
    if (type == VOUCH_KEY_RSA && vouch_key_bits(key) < ceiling->rsa_bits_min) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, "public key",
                                   "has %u bits; the signer asks for %" PRIu64, vouch_key_bits(key),
                                   ceiling->rsa_bits_min);
    }
    return VOUCH_SIGNER_DONE;
}

// A star that is no wildcard's is for the careful rules to refuse.
static enum vouch_signer_outcome check_wildcards(const struct vouch_signer_ceiling *ceiling,
                                                 const struct vouch_cert_spec *spec,
                                                 struct vouch_signer_refusal *ret_refusal) {
    for (size_t i = 0; spec->type == VOUCH_CERT_HOST && i < spec->principal_count; i++) {
        struct vouch_bytes name = spec->principals[i];
        if (vouch_host_is_wildcard(name) && !vouch_host_domains_allow(&ceiling->wildcards, name)) {
            char shown[VOUCH_HOST_WILDCARD_MAX + 1];
            vouch_str_escape_to(name, shown, sizeof shown);
            return vouch_signer_refuse(ret_refusal, &vouch_fault_ceiling, "principals",
                                       "hold %s, which host.wildcards does not allow", shown);
        }
    }
    return VOUCH_SIGNER_DONE;
}

// The rules that hold for every certificate; wildcards were judged before. They want a serial, which is
// given later.
static enum vouch_signer_outcome check_rules(const struct vouch_cert_spec *spec,
                                             struct vouch_signer_refusal *ret_refusal) {
    struct vouch_cert_spec numbered = *spec;
    struct vouch_where where = {0};
    numbered.serial = 1;
    if (vouch_cert_spec_check_wildcards(&numbered, &where) == VOUCH_OK) {
        return VOUCH_SIGNER_DONE;
    }
    return vouch_signer_refuse(ret_refusal, &vouch_fault_spec, where.field, "%s", where.reason);
}

static enum vouch_signer_outcome check_bounds(const struct vouch_signer_bounds *bounds,
                                              const struct vouch_signer_ask *ask, uint64_t now_s,
                                              struct vouch_signer_refusal *ret_refusal) {
    const struct vouch_cert_spec *spec = &ask->spec;
    if (check_texts(ask, ret_refusal) != VOUCH_SIGNER_DONE ||
        check_sizes(bounds, spec, ret_refusal) != VOUCH_SIGNER_DONE ||
        check_validity(bounds, spec, now_s, ret_refusal) != VOUCH_SIGNER_DONE ||
        check_options(bounds->options, critical_field, spec->critical, spec->critical_count,
                      ret_refusal) != VOUCH_SIGNER_DONE) {
        return VOUCH_SIGNER_REFUSED;
    }
    return check_options(bounds->options, extensions_field, spec->extensions, spec->extension_count,
                         ret_refusal);
}

enum vouch_signer_outcome vouch_signer_ask_check(const struct vouch_signer_ceiling *ceiling,
                                                 const struct vouch_signer_ask *ask, uint64_t now_s,
                                                 struct vouch_signer_refusal *ret_refusal) {
    const struct vouch_cert_spec *spec = &ask->spec;
    if (spec->type != VOUCH_CERT_USER && spec->type != VOUCH_CERT_HOST) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_spec, "type",
                                   "is neither user nor host");
    }
    if (spec->key == NULL) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_spec, "public key", "is missing");
    }
    const struct vouch_signer_bounds *bounds =
        spec->type == VOUCH_CERT_USER ? &ceiling->user : &ceiling->host;
    if (check_bounds(bounds, ask, now_s, ret_refusal) != VOUCH_SIGNER_DONE ||
        check_key(ceiling, spec->key, ret_refusal) != VOUCH_SIGNER_DONE ||
        check_wildcards(ceiling, spec, ret_refusal) != VOUCH_SIGNER_DONE) {
        return VOUCH_SIGNER_REFUSED;
    }
    return check_rules(spec, ret_refusal);
}

static int is_name(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (memchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", text.ptr[i], 39) == NULL) {
            return 0;
        }
    }
    return text.len > 0 && text.len <= VOUCH_RECORD_TYPE_MAX;
}

static int is_reserved(struct vouch_bytes type) {
    static const char *const prefixes[] = {"ledger.", "ca.", "signer.", "krl.", "trust."};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct vouch_bytes prefix = vouch_bytes_of(prefixes[i]);
        if (type.len >= prefix.len && memcmp(type.ptr, prefix.ptr, prefix.len) == 0) {
            return 1;
        }
    }
    return 0;
}

static int are_details(struct vouch_bytes details) {
    struct vouch_bytes name, value;
    while (vouch_record_detail_next(&details, &name, &value)) {
        if (!is_name(name)) {
            return 0;
        }
    }
    return details.len == 0;
}

enum vouch_signer_outcome vouch_signer_event_check(const struct vouch_signer_event *event,
                                                   struct vouch_signer_refusal *ret_refusal) {
    const struct {
        const char *field, *why;
        int broken;
    } rules[] = {
        {"type", "is not a name of 1 to 64 of a-z 0-9 . - _", !is_name(event->type)},
        {"type", "is one that only the signer and the ledger write", is_reserved(event->type)},
        {"actor", "is empty", event->actor.len == 0},
        {"actor", "is longer than 1024 bytes", event->actor.len > VOUCH_SIGNER_TEXT_MAX},
        {"actor", "holds a control character", has_control(event->actor)},
        {"object", "is longer than 1024 bytes", event->object.len > VOUCH_SIGNER_TEXT_MAX},
        {"details", "are longer than 32768 bytes", event->details.len > VOUCH_SIGNER_DETAILS_MAX},
        {"details", "are not pairs of a name and a value", !are_details(event->details)},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].broken) {
            return vouch_signer_refuse(ret_refusal, &vouch_fault_event, rules[i].field, "%s",
                                       rules[i].why);
        }
    }
    return VOUCH_SIGNER_DONE;
}

void vouch_signer_rate_init(struct vouch_signer_rate *rate, uint64_t per_s, uint64_t now_ns) {
    *rate = (struct vouch_signer_rate){per_s, SECOND_NS, now_ns};
}

enum vouch_signer_outcome vouch_signer_rate_take(struct vouch_signer_rate *rate, uint64_t now_ns,
                                                 struct vouch_signer_refusal *ret_refusal) {
    if (rate->per_s == 0) {
        return VOUCH_SIGNER_DONE;
    }
    uint64_t passed_ns = now_ns > rate->last_ns ? now_ns - rate->last_ns : 0;
    uint64_t room_ns = SECOND_NS - rate->level_ns;
    rate->level_ns += passed_ns < room_ns ? passed_ns : room_ns;
    rate->last_ns = now_ns > rate->last_ns ? now_ns : rate->last_ns;
    uint64_t one_ns = SECOND_NS / rate->per_s;
    if (rate->level_ns < one_ns) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_rate, "",
                                   "more than %" PRIu64
                                   " certificates a second were asked for, the signer's limit",
                                   rate->per_s);
    }
    rate->level_ns -= one_ns;
    return VOUCH_SIGNER_DONE;
}
