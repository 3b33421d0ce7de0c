// SPDX-License-Identifier: ISC
// What looks wrong with a certificate: see cert-warn.h.
#include "prog/vouch/cert-warn.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "core/cert-options.h"

#define DAY_S ((uint64_t)86400)
#define LONG_USER_S (90 * DAY_S)
#define LONG_HOST_S (2 * 366 * DAY_S)
#define SHOWN_MAX 80 // characters of a name that a warning shows

__attribute__((format(printf, 3, 4))) static void warn(struct vouch_warnings *warnings,
                                                       const char *code, const char *format, ...) {
    if (warnings->count == VOUCH_WARNINGS_MAX) {
        return;
    }
    struct vouch_warning *warning = &warnings->list[warnings->count++];
    va_list arguments;
    va_start(arguments, format);
    warning->code = code;
    (void)vsnprintf(warning->text, sizeof warning->text, format, arguments);
    va_end(arguments);
}

struct shown {
    char text[SHOWN_MAX];
};

static struct shown show(struct vouch_bytes text) {
    struct shown shown;
    vouch_str_escape_to(text, shown.text, sizeof shown.text);
    return shown;
}

static int is(struct vouch_bytes text, const char *word) {
    return vouch_bytes_equal(text, vouch_bytes_of(word));
}

static int has_byte_below(struct vouch_bytes text, uint8_t limit) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < limit || text.ptr[i] == 0x7f) {
            return 1;
        }
    }
    return 0;
}

static int has_any(struct vouch_bytes text, const char *letters) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != 0 && strchr(letters, text.ptr[i]) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void warn_validity(const struct vouch_cert *cert, uint64_t now, struct vouch_warnings *out) {
    uint64_t long_s = cert->type == VOUCH_CERT_USER ? LONG_USER_S : LONG_HOST_S;
    if (cert->valid_before <= cert->valid_after) {
        warn(out, "never-valid", "it ends before it begins, so it is never valid");
    } else if (now >= cert->valid_before) {
        warn(out, "expired", "it has expired");
    } else if (now < cert->valid_after) {
        warn(out, "not-yet-valid", "it is not valid yet; is a clock wrong?");
    }
    if (cert->valid_before > INT64_MAX) {
        warn(out, "forever", "it never expires: only a revocation list ends it");
    } else if (cert->valid_before > cert->valid_after && cert->valid_after > 0 &&
               cert->valid_before - cert->valid_after > long_s) {
        warn(out, "long-lived", "it is valid for more than %llu days",
             (unsigned long long)(long_s / DAY_S));
    }
}

static void warn_identity(const struct vouch_cert *cert, struct vouch_warnings *out) {
    if (cert->serial == 0) {
        warn(out, "no-serial", "its serial is 0, so it cannot be revoked by serial");
    }
    if (cert->key_id.len == 0) {
        warn(out, "no-key-id", "its key ID is empty, so sshd's log does not say who it is");
    }
    if (cert->key_id.len > VOUCH_CERT_KEY_ID_MAX) {
        warn(out, "long-key-id",
             "its key ID has %zu bytes; from %d on, it can hide the serial in "
             "sshd's log",
             cert->key_id.len, VOUCH_CERT_KEY_ID_MAX);
    }
    if (has_byte_below(cert->key_id, 0x20)) {
        warn(out, "control-characters",
             "its key ID holds control characters, which can forge lines "
             "in a log");
    }
}

static void warn_keys(const struct vouch_cert *cert, struct vouch_warnings *out) {
    const char *weakness = vouch_key_weakness(cert->key);
    const char *ca_weakness = vouch_key_ca_weakness(cert->ca);
    if (weakness != NULL) {
        warn(out, "weak-key", "its key is weak: %s", weakness);
    }
    if (ca_weakness != NULL) {
        warn(out, "weak-ca", "the key of its CA is not fit for one: %s", ca_weakness);
    }
    if (is(vouch_signature_algorithm(cert->signature), "ssh-rsa")) {
        warn(out, "sha1",
             "its CA signed with SHA-1 (ssh-rsa), which OpenSSH has refused since 8.2");
    }
    if (vouch_key_equal(cert->key, cert->ca)) {
        warn(out, "self-signed", "it certifies its own CA's key");
    }
}

static void warn_host_principal(struct vouch_bytes name, struct vouch_warnings *out) {
    if (has_any(name, "*?")) {
        warn(out, "wildcard",
             "the name \"%s\" stands for many hosts (OpenSSH 10.3 and later) or for "
             "none (before)",
             show(name).text);
    }
    if (has_any(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        warn(out, "upper-case", "the name \"%s\" is never matched: ssh looks for lower case",
             show(name).text);
    }
}

static void warn_principals(const struct vouch_cert *cert, struct vouch_warnings *out) {
    if (cert->principal_count == 0) {
        warn(out, "no-principals",
             "it names no principal: OpenSSH 10.3 and later refuse it, older "
             "ones may take it for everyone");
    }
    for (size_t i = 0; i < cert->principal_count; i++) {
        struct vouch_bytes name = cert->principals[i];
        if (name.len == 0) {
            warn(out, "empty-principal", "one of its principals is empty");
        }
        if (has_any(name, ",")) {
            warn(out, "comma",
                 "the principal \"%s\" holds a comma: OpenSSH before 10.3 may read two",
                 show(name).text);
        }
        if (has_byte_below(name, 0x21)) {
            warn(out, "blank", "the principal \"%s\" holds a blank or control character",
                 show(name).text);
        }
        if (cert->type == VOUCH_CERT_HOST) {
            warn_host_principal(name, out);
        } else if (has_any(name, "*?")) {
            warn(out, "wildcard",
                 "the principal \"%s\" is no pattern: sshd compares it as it stands",
                 show(name).text);
        }
    }
}

static int is_sk(const struct vouch_key *key) {
    enum vouch_key_type type = vouch_key_type(key);
    return type == VOUCH_KEY_SK_ED25519 || type == VOUCH_KEY_SK_ECDSA_P256;
}

static void warn_value(const struct vouch_cert_option *option,
                       const struct vouch_cert_option_kind *kind, struct vouch_warnings *out) {
    struct vouch_bytes value = {0};
    int broken =
        kind->has_value ? vouch_cert_option_value(option, &value) != 0 : option->data.len > 0;
    if (broken) {
        warn(out, "broken-option", "%s has data that sshd cannot read: login is refused",
             kind->name);
    } else if (kind->has_value && value.len == 0) {
        warn(out, "empty-option", "%s is empty: some servers take that for no restriction",
             kind->name);
    }
}

static void warn_critical(const struct vouch_cert *cert, const struct vouch_cert_option *option,
                          struct vouch_warnings *out) {
    const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(option->name);
    if (cert->type == VOUCH_CERT_HOST) {
        warn(out, "critical-on-host",
             "critical option \"%s\" on a host certificate: ssh refuses it",
             show(option->name).text);
        return;
    }
    if (kind == NULL || kind->section != VOUCH_CERT_SECTION_CRITICAL) {
        warn(out, "unknown-critical",
             "critical option \"%s\" is not known to sshd: login is refused",
             show(option->name).text);
        return;
    }
    warn_value(option, kind, out);
    if (is(option->name, "verify-required") && !is_sk(cert->key)) {
        warn(out, "no-effect", "verify-required has no effect on a key that is not a security key");
    }
}

static void warn_extension(const struct vouch_cert *cert, const struct vouch_cert_option *option,
                           struct vouch_warnings *out) {
    const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(option->name);
    if (kind != NULL && kind->section == VOUCH_CERT_SECTION_CRITICAL) {
        warn(out, "not-a-restriction",
             "%s stands under extensions, where sshd ignores it: nothing "
             "is restricted",
             kind->name);
    } else if (cert->type == VOUCH_CERT_HOST) {
        warn(out, "extension-on-host", "extension \"%s\" means nothing on a host certificate",
             show(option->name).text);
    } else if (kind == NULL && !has_any(option->name, "@")) {
        warn(out, "unknown-extension", "extension \"%s\" is not known to sshd and ignored",
             show(option->name).text);
    } else if (kind != NULL) {
        warn_value(option, kind, out);
    }
    if (is(option->name, "no-touch-required")) {
        warn(out, "no-touch", "no-touch-required: the security key signs without being touched");
    }
}

static void warn_order(const struct vouch_cert_option *options, size_t count, const char *section,
                       struct vouch_warnings *out) {
    int unsorted = 0;
    for (size_t i = 1; i < count; i++) {
        int order = vouch_bytes_compare(options[i - 1].name, options[i].name);
        if (order == 0) {
            warn(out, "repeated-option", "%s \"%s\" stands there twice", section,
                 show(options[i].name).text);
        }
        unsorted |= order > 0;
    }
    if (unsorted) {
        warn(out, "unsorted", "the %ss are not sorted, which some servers refuse", section);
    }
}

static void warn_options(const struct vouch_cert *cert, struct vouch_warnings *out) {
    int has_pty = 0, has_command = 0;
    for (size_t i = 0; i < cert->critical_count; i++) {
        warn_critical(cert, &cert->critical[i], out);
        has_command |= is(cert->critical[i].name, "force-command");
    }
    for (size_t i = 0; i < cert->extension_count; i++) {
        warn_extension(cert, &cert->extensions[i], out);
        has_pty |= is(cert->extensions[i].name, "permit-pty");
    }
    warn_order(cert->critical, cert->critical_count, "critical option", out);
    warn_order(cert->extensions, cert->extension_count, "extension", out);
    if (cert->type == VOUCH_CERT_USER && !has_pty && !has_command) {
        warn(out, "no-pty", "it has no permit-pty: an interactive login gets no terminal");
    }
}

void vouch_cert_warnings(const struct vouch_cert *cert, uint64_t now_s,
                         struct vouch_warnings *ret_warnings) {
    ret_warnings->count = 0;
    warn_validity(cert, now_s, ret_warnings);
    warn_identity(cert, ret_warnings);
    warn_keys(cert, ret_warnings);
    warn_principals(cert, ret_warnings);
    warn_options(cert, ret_warnings);
    if (cert->reserved.len > 0) {
        warn(ret_warnings, "reserved", "its reserved field is not empty");
    }
}
