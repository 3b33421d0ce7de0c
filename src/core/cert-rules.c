// SPDX-License-Identifier: ISC
// The careful rules: what we do not issue although OpenSSH would read it.
//
// Each rule answers a failure of another system: principals that split or match everything, options
// that do not restrict, serials that cannot be revoked, key IDs that forge or hide lines in a log.
#include <arpa/inet.h>

#include "base/str.h"
#include "core/cert-options.h"
#include "core/cidr.h"
#include "core/host-wildcard.h"
#include "core/key.h"

static const char user_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "_.@:+-";
static const char host_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";

#define PRINCIPAL_MAX 255

static int has_only(struct vouch_bytes text, const char *allowed) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == 0 || strchr(allowed, text.ptr[i]) == NULL) {
            return 0;
        }
    }
    return 1;
}

static int has_double_dot(struct vouch_bytes text) {
    return text.len >= 2 && memmem(text.ptr, text.len, "..", 2) != NULL;
}

static const char *principal_fault(struct vouch_bytes name) {
    if (name.len == 0) {
        return "holds an empty name";
    }
    if (name.len > PRINCIPAL_MAX) {
        return "holds a name of more than 255 characters";
    }
    if (name.ptr[0] == '-') {
        return "holds a name that begins with a hyphen";
    }
    return has_double_dot(name) ? "holds a name with two dots in a row" : NULL;
}

static const char *user_principal_fault(struct vouch_bytes name) {
    const char *why = principal_fault(name);
    if (why != NULL) {
        return why;
    }
    return has_only(name, user_letters)
               ? NULL
               : "holds a name with a character other than letters, digits and _ . @ : + -";
}

// Canonical IPv6 text; IPv4 consists of host letters and needs no word of its own.
static int is_address(struct vouch_bytes name) {
    char text[INET6_ADDRSTRLEN] = "", canonical[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (name.len >= sizeof text || memchr(name.ptr, ':', name.len) == NULL) {
        return 0;
    }
    memcpy(text, name.ptr, name.len);
    return inet_pton(AF_INET6, text, &address) == 1 &&
           inet_ntop(AF_INET6, &address, canonical, sizeof canonical) != NULL &&
           strcmp(text, canonical) == 0;
}

// Without a word from the caller no name stands for more than one host.
enum wildcards { WILDCARDS_REFUSED = 0, WILDCARDS_JUDGED };

static const char *host_principal_fault(struct vouch_bytes name, enum wildcards wildcards) {
    const char *why = principal_fault(name);
    if (why != NULL || is_address(name) ||
        (wildcards == WILDCARDS_JUDGED && vouch_host_is_wildcard(name))) {
        return why;
    }
    if (memchr(name.ptr, '*', name.len) != NULL || memchr(name.ptr, '?', name.len) != NULL) {
        return "holds a wildcard, which would stand for hosts that nobody named";
    }
    if (!has_only(name, host_letters)) {
        return "holds a host name with a character other than a-z 0-9 . - _ (ssh looks for lower "
               "case), or an address not in its canonical form";
    }
    return name.ptr[0] == '.' || name.ptr[name.len - 1] == '.'
               ? "holds a host name that begins or ends with a dot"
               : NULL;
}

static const char *principals_fault(const struct vouch_cert_spec *spec, enum wildcards wildcards) {
    if (spec->principal_count == 0) {
        return "are empty, which some readers take for everyone";
    }
    for (size_t i = 0; i < spec->principal_count; i++) {
        struct vouch_bytes name = spec->principals[i];
        const char *why = spec->type == VOUCH_CERT_USER ? user_principal_fault(name)
                                                        : host_principal_fault(name, wildcards);
        for (size_t k = 0; k < i && why == NULL; k++) {
            why = vouch_bytes_equal(name, spec->principals[k]) ? "name the same one twice" : NULL;
        }
        if (why != NULL) {
            return why;
        }
    }
    return NULL;
}

static const char *key_id_fault(struct vouch_bytes key_id) {
    if (key_id.len == 0) {
        return "is empty";
    }
    if (key_id.len > VOUCH_CERT_KEY_ID_MAX) {
        return "is longer than 200 bytes, which would hide the serial in sshd's log";
    }
    for (size_t i = 0; i < key_id.len; i++) {
        uint8_t c = key_id.ptr[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return "holds a character other than printable ASCII, or a quote or backslash";
        }
    }
    return NULL;
}

static const char *validity_fault(const struct vouch_cert_spec *spec) {
    if (spec->valid_before <= spec->valid_after) {
        return "ends before it begins";
    }
    // Times that fit no 64-bit time_t are for ever to a reader; so is "always".
    if (spec->valid_before > INT64_MAX) {
        return "never ends";
    }
    return spec->valid_after == 0 ? "has no beginning" : NULL;
}

static const char *source_address_fault(struct vouch_bytes value) {
    return vouch_cidr_list_fault(value);
}

static const char *force_command_fault(struct vouch_bytes value) {
    if (value.len == 0) {
        return "is empty";
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == 0 || value.ptr[i] == '\n' || value.ptr[i] == '\r') {
            return "holds a NUL byte or a line end";
        }
    }
    return NULL;
}

static const char *value_fault(const struct vouch_cert_option_kind *kind,
                               const struct vouch_cert_option *option) {
    if (!kind->has_value) {
        return option->data.len > 0 ? "has a value but is a flag" : NULL;
    }
    struct vouch_bytes value;
    if (vouch_cert_option_value(option, &value) != VOUCH_OK) {
        return "has a value that is not one string";
    }
    return strcmp(kind->name, "source-address") == 0 ? source_address_fault(value)
                                                     : force_command_fault(value);
}

// Sets the field to the option's own name, which is a constant of the table.
static const char *options_fault(const struct vouch_cert_option *options, size_t count,
                                 enum vouch_cert_section section, const char **ret_field) {
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && vouch_bytes_compare(options[i - 1].name, options[i].name) >= 0) {
            return "are not sorted by name, or name one twice";
        }
        const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(options[i].name);
        if (kind == NULL || kind->section != section) {
            return "hold one that sshd does not know in that place";
        }
        const char *why = value_fault(kind, &options[i]);
        if (why != NULL) {
            *ret_field = kind->name;
            return why;
        }
    }
    return NULL;
}

static const char *all_options_fault(const struct vouch_cert_spec *spec, const char **ret_field) {
    if (spec->type == VOUCH_CERT_HOST) {
        *ret_field = spec->critical_count > 0 ? "critical options" : "extensions";
        return spec->critical_count + spec->extension_count > 0
                   ? "are not for host certificates: ssh refuses or ignores them"
                   : NULL;
    }
    *ret_field = "critical options";
    const char *why =
        options_fault(spec->critical, spec->critical_count, VOUCH_CERT_SECTION_CRITICAL, ret_field);
    if (why == NULL) {
        *ret_field = "extensions";
        why = options_fault(spec->extensions, spec->extension_count, VOUCH_CERT_SECTION_EXTENSION,
                            ret_field);
    }
    return why;
}

// verify-required and no-touch-required speak of a security key; on any other key the first would
// promise a check that never happens.
static const char *presence_fault(const struct vouch_cert_spec *spec) {
    enum vouch_key_type type = vouch_key_type(spec->key);
    int is_sk = type == VOUCH_KEY_SK_ED25519 || type == VOUCH_KEY_SK_ECDSA_P256;
    for (size_t i = 0; i < spec->critical_count && !is_sk; i++) {
        if (vouch_bytes_equal(spec->critical[i].name, vouch_bytes_of("verify-required"))) {
            return "has no effect on a key that is not a security key (sk-)";
        }
    }
    return NULL;
}

static int check(const struct vouch_cert_spec *spec, enum wildcards wildcards,
                 struct vouch_where *ret_where) {
    const char *option_field = NULL;
    const char *options_why = all_options_fault(spec, &option_field);
    const struct {
        const char *field;
        const char *why;
    } rules[] = {
        {"type", spec->type == VOUCH_CERT_USER || spec->type == VOUCH_CERT_HOST
                     ? NULL
                     : "is neither user nor host"},
        {"public key", vouch_key_weakness(spec->key)},
        {"serial", spec->serial == 0 ? "is 0, which can never be revoked" : NULL},
        {"key ID", key_id_fault(spec->key_id)},
        {"principals", principals_fault(spec, wildcards)},
        {"validity", validity_fault(spec)},
        {option_field, options_why},
        {"verify-required", presence_fault(spec)},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].why != NULL) {
            if (ret_where != NULL) {
                *ret_where = (struct vouch_where){0, rules[i].field, rules[i].why};
            }
            return VOUCH_ERR_ARGUMENT;
        }
    }
    return VOUCH_OK;
}

int vouch_cert_spec_check(const struct vouch_cert_spec *spec, struct vouch_where *ret_where) {
    return check(spec, WILDCARDS_REFUSED, ret_where);
}

int vouch_cert_spec_check_wildcards(const struct vouch_cert_spec *spec,
                                    struct vouch_where *ret_where) {
    return check(spec, WILDCARDS_JUDGED, ret_where);
}
