// SPDX-License-Identifier: ISC
// Judging a certificate as OpenSSH would, with every reason and not only the first.
#include "base/str.h"
#include "core/cert-options.h"
#include "core/cidr.h"
#include "core/key.h"
#include "vouch/krl.h"

const struct vouch_cert_option_kind vouch_cert_option_kinds[] = {
    {"force-command", VOUCH_CERT_SECTION_CRITICAL, 1},
    {"source-address", VOUCH_CERT_SECTION_CRITICAL, 1},
    {"verify-required", VOUCH_CERT_SECTION_CRITICAL, 0},
    {"no-touch-required", VOUCH_CERT_SECTION_EXTENSION, 0},
    {"permit-X11-forwarding", VOUCH_CERT_SECTION_EXTENSION, 0},
    {"permit-agent-forwarding", VOUCH_CERT_SECTION_EXTENSION, 0},
    {"permit-port-forwarding", VOUCH_CERT_SECTION_EXTENSION, 0},
    {"permit-pty", VOUCH_CERT_SECTION_EXTENSION, 0},
    {"permit-user-rc", VOUCH_CERT_SECTION_EXTENSION, 0},
    {0},
};

const struct vouch_cert_option_kind *vouch_cert_option_kind_of(struct vouch_bytes name) {
    for (const struct vouch_cert_option_kind *kind = vouch_cert_option_kinds; kind->name != NULL;
         kind++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(kind->name))) {
            return kind;
        }
    }
    return NULL;
}

static const char *const reason_texts[] = {
    [VOUCH_CERT_REASON_NONE] = "none",
    [VOUCH_CERT_REASON_TYPE] = "wrong-type",
    [VOUCH_CERT_REASON_CA] = "unknown-ca",
    [VOUCH_CERT_REASON_ALGORITHM] = "disallowed-algorithm",
    [VOUCH_CERT_REASON_NOT_YET_VALID] = "not-yet-valid",
    [VOUCH_CERT_REASON_EXPIRED] = "expired",
    [VOUCH_CERT_REASON_NO_PRINCIPALS] = "no-principals",
    [VOUCH_CERT_REASON_PRINCIPAL] = "principal-not-listed",
    [VOUCH_CERT_REASON_CRITICAL] = "unsupported-critical-option",
    [VOUCH_CERT_REASON_OPTION] = "broken-option",
    [VOUCH_CERT_REASON_SOURCE] = "source-address",
    [VOUCH_CERT_REASON_REVOKED] = "revoked",
};

const char *vouch_cert_reason_text(enum vouch_cert_reason_code code) {
    return code < VOUCH_CERT_REASONS_MAX ? reason_texts[code] : "unknown";
}

static void add(struct vouch_cert_result *result, enum vouch_cert_reason_code code,
                const char *field, struct vouch_bytes value) {
    if (result->reason_count >= VOUCH_CERT_REASONS_MAX) {
        return;
    }
    struct vouch_cert_reason *reason = &result->reasons[result->reason_count++];
    reason->code = code;
    reason->field = field;
    vouch_str_escape_to(value, reason->value, sizeof reason->value);
}

static void add_number(struct vouch_cert_result *result, enum vouch_cert_reason_code code,
                       const char *field, uint64_t value) {
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    add(result, code, field, (struct vouch_bytes){(const uint8_t *)text + at, sizeof text - at});
}

static void check_type(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                       struct vouch_cert_result *result) {
    if (cert->type != expect->type || expect->type == VOUCH_CERT_NONE) {
        add(result, VOUCH_CERT_REASON_TYPE, "type",
            vouch_bytes_of(cert->type == VOUCH_CERT_USER ? "user" : "host"));
    }
}

static void check_ca(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                     struct vouch_cert_result *result) {
    for (size_t i = 0; i < expect->ca_count; i++) {
        if (vouch_key_equal(cert->ca, expect->cas[i])) {
            return;
        }
    }
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(cert->ca, VOUCH_HASH_SHA256, fingerprint);
    add(result, VOUCH_CERT_REASON_CA, "signature key", vouch_bytes_of(fingerprint));
}

// OpenSSH's CASignatureAlgorithms leaves out only SHA-1.
static void check_algorithm(const struct vouch_cert *cert, struct vouch_cert_result *result) {
    struct vouch_bytes algorithm = vouch_signature_algorithm(cert->signature);
    if (vouch_bytes_equal(algorithm, vouch_bytes_of("ssh-rsa"))) {
        add(result, VOUCH_CERT_REASON_ALGORITHM, "signature", algorithm);
    }
}

static void check_time(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                       struct vouch_cert_result *result) {
    if (expect->now < cert->valid_after) {
        add_number(result, VOUCH_CERT_REASON_NOT_YET_VALID, "valid after", cert->valid_after);
    }
    if (expect->now >= cert->valid_before) {
        add_number(result, VOUCH_CERT_REASON_EXPIRED, "valid before", cert->valid_before);
    }
}

// * and ? as in OpenSSH's match_pattern(); linear in the product of the lengths at worst.
static int match_wildcards(struct vouch_bytes name, struct vouch_bytes pattern) {
    size_t n = 0, p = 0, star = SIZE_MAX, retry = 0;
    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            retry = n;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == name.ptr[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++retry;
        } else {
            return 0;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

static void check_principal(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                            struct vouch_cert_result *result) {
    if (cert->principal_count == 0) {
        add(result, VOUCH_CERT_REASON_NO_PRINCIPALS, "valid principals", (struct vouch_bytes){0});
        return;
    }
    if (expect->name.len == 0) {
        return;
    }
    int wildcards = expect->type == VOUCH_CERT_HOST && expect->host_wildcards;
    for (size_t i = 0; i < cert->principal_count; i++) {
        if (vouch_bytes_equal(cert->principals[i], expect->name) ||
            (wildcards && match_wildcards(expect->name, cert->principals[i]))) {
            return;
        }
    }
    add(result, VOUCH_CERT_REASON_PRINCIPAL, "valid principals", expect->name);
}

static void check_source(const struct vouch_cert_option *option,
                         const struct vouch_cert_expect *expect, struct vouch_cert_result *result) {
    struct vouch_bytes list = {0};
    if (vouch_cert_option_value(option, &list) != VOUCH_OK) {
        return; // reported as broken already
    }
    if (expect->address.len > 0 && !vouch_cidr_list_has(list, expect->address)) {
        add(result, VOUCH_CERT_REASON_SOURCE, "source-address", list);
    }
}

// Nonzero if sshd could not read the option, or takes it for a repeat that it refuses.
static int is_broken(const struct vouch_cert_option *options, size_t i,
                     const struct vouch_cert_option_kind *kind) {
    struct vouch_bytes value;
    if (kind->has_value != (vouch_cert_option_value(&options[i], &value) == VOUCH_OK) ||
        (!kind->has_value && options[i].data.len > 0)) {
        return 1;
    }
    for (size_t k = 0; k < i && kind->has_value; k++) {
        if (vouch_bytes_equal(options[k].name, options[i].name)) {
            return 1;
        }
    }
    return strcmp(kind->name, "source-address") == 0 && !vouch_cidr_list_is(value);
}

static void check_critical(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                           struct vouch_cert_result *result) {
    for (size_t i = 0; i < cert->critical_count; i++) {
        const struct vouch_cert_option *option = &cert->critical[i];
        const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(option->name);
        if (kind == NULL || kind->section != VOUCH_CERT_SECTION_CRITICAL ||
            expect->type == VOUCH_CERT_HOST) {
            add(result, VOUCH_CERT_REASON_CRITICAL, "critical options", option->name);
        } else if (is_broken(cert->critical, i, kind)) {
            add(result, VOUCH_CERT_REASON_OPTION, "critical options", option->name);
        } else if (strcmp(kind->name, "source-address") == 0) {
            check_source(option, expect, result);
        }
    }
}

// Unknown extensions are ignored, by sshd as well; known ones must be flags.
static void check_extensions(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                             struct vouch_cert_result *result) {
    for (size_t i = 0; i < cert->extension_count && expect->type == VOUCH_CERT_USER; i++) {
        const struct vouch_cert_option_kind *kind =
            vouch_cert_option_kind_of(cert->extensions[i].name);
        if (kind != NULL && kind->section == VOUCH_CERT_SECTION_EXTENSION &&
            is_broken(cert->extensions, i, kind)) {
            add(result, VOUCH_CERT_REASON_OPTION, "extensions", cert->extensions[i].name);
        }
    }
}

static void check_revoked(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                          struct vouch_cert_result *result) {
    if (expect->krl == NULL) {
        return;
    }
    enum vouch_krl_verdict verdict = vouch_krl_check_cert(expect->krl, cert);
    if (verdict != VOUCH_KRL_GOOD) {
        add(result, VOUCH_CERT_REASON_REVOKED, "krl",
            vouch_bytes_of(vouch_krl_verdict_text(verdict)));
    }
}

void vouch_cert_check(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                      struct vouch_cert_result *ret_result) {
    *ret_result = (struct vouch_cert_result){0};
    check_type(cert, expect, ret_result);
    check_ca(cert, expect, ret_result);
    check_algorithm(cert, ret_result);
    check_time(cert, expect, ret_result);
    check_principal(cert, expect, ret_result);
    check_critical(cert, expect, ret_result);
    check_extensions(cert, expect, ret_result);
    check_revoked(cert, expect, ret_result);
    if (ret_result->reason_count == 0) {
        ret_result->verdict = VOUCH_CERT_ACCEPTED;
    }
}
