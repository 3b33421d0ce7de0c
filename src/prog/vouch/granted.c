// SPDX-License-Identifier: ISC
// Granted is exactly what was asked: see granted.h.
#include "prog/vouch/granted.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

#define BLOB_MAX (512u * 1024)

__attribute__((format(printf, 3, 4))) static int differs(struct vouch_fault *fault,
                                                         const char *name, const char *format,
                                                         ...) {
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_not_asked,
                           "%s: the server granted something else: %s", name, text);
}

static int holds(const struct vouch_bytes *list, size_t count, struct vouch_bytes text) {
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(list[i], text)) {
            return 1;
        }
    }
    return 0;
}

// Equal as sets, and none twice: the same number, and each one is in the other.
static int same_principals(const struct vouch_cert *cert, const struct vouch_granted_wish *wish) {
    if (cert->principal_count != wish->principal_count || cert->principal_count == 0) {
        return 0;
    }
    for (size_t i = 0; i < cert->principal_count; i++) {
        if (!holds(wish->principals, wish->principal_count, cert->principals[i]) ||
            !holds(cert->principals, cert->principal_count, wish->principals[i])) {
            return 0;
        }
    }
    return 1;
}

// Certificates have their options sorted, and a wish need not.
static int has_option(const struct vouch_cert_option *list, size_t count,
                      const struct vouch_cert_option *wanted) {
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(list[i].name, wanted->name)) {
            return vouch_bytes_equal(list[i].data, wanted->data);
        }
    }
    return 0;
}

static int same_options(const struct vouch_cert_option *got, size_t got_count,
                        const struct vouch_cert_option *wanted, size_t wanted_count) {
    if (got_count != wanted_count) {
        return 0;
    }
    for (size_t i = 0; i < wanted_count; i++) {
        if (!has_option(got, got_count, &wanted[i])) {
            return 0;
        }
    }
    return 1;
}

static int check_body(const struct vouch_cert *cert, const struct vouch_granted_wish *wish,
                      const char *name, struct vouch_fault *fault) {
    char text[256];
    if (cert->type != wish->type) {
        return differs(fault, name, "a %s certificate",
                       cert->type == VOUCH_CERT_HOST ? "host" : "user");
    }
    if (!vouch_key_equal(cert->key, wish->key)) {
        return differs(fault, name, "it is for another key");
    }
    if (wish->key_id.ptr != NULL && !vouch_bytes_equal(cert->key_id, wish->key_id)) {
        vouch_str_escape_to(cert->key_id, text, sizeof text);
        return differs(fault, name, "key ID \"%s\"", text);
    }
    if (!same_principals(cert, wish)) {
        struct vouch_bytes first = {0};
        first = cert->principal_count > 0 ? cert->principals[0] : first;
        vouch_str_escape_to(first, text, sizeof text);
        return differs(fault, name, "%zu principals, the first is \"%s\"", cert->principal_count,
                       text);
    }
    if (!same_options(cert->critical, cert->critical_count, wish->critical, wish->critical_count)) {
        return differs(fault, name, "%zu critical options, not the %zu that were asked for",
                       cert->critical_count, wish->critical_count);
    }
    if (!wish->any_extensions && !same_options(cert->extensions, cert->extension_count,
                                               wish->extensions, wish->extension_count)) {
        return differs(fault, name, "%zu extensions, not the %zu that were asked for",
                       cert->extension_count, wish->extension_count);
    }
    return 0;
}

static int check_validity(const struct vouch_cert *cert, const struct vouch_granted_wish *wish,
                          const char *name, struct vouch_fault *fault) {
    if (cert->valid_before == VOUCH_CERT_FOREVER || cert->valid_before <= cert->valid_after) {
        return differs(fault, name, "it never ends, or was never valid");
    }
    uint64_t length_s = cert->valid_before - cert->valid_after;
    if (wish->ttl_s == 0) {
        return 0;
    }
    if (length_s < wish->ttl_s || length_s - wish->ttl_s > VOUCH_GRANTED_BACKDATE_S) {
        return differs(fault, name, "it is valid for %llu s, not for %llu s",
                       (unsigned long long)length_s, (unsigned long long)wish->ttl_s);
    }
    if (cert->valid_before > wish->now_s + wish->ttl_s + VOUCH_GRANTED_CLOCK_S) {
        return differs(fault, name, "it ends later than asked for, or the clocks differ");
    }
    return 0;
}

// As sshd would judge it now; a server whose clock is a little ahead is no reason to refuse.
static int check_signature(const struct vouch_cert *cert, const struct vouch_granted_wish *wish,
                           const char *name, struct vouch_fault *fault) {
    struct vouch_cert_result result = {0};
    uint64_t now_s = wish->now_s;
    if (cert->valid_after > now_s && cert->valid_after - now_s <= VOUCH_GRANTED_CLOCK_S) {
        now_s = cert->valid_after;
    }
    const struct vouch_cert_expect expect = {
        .type = wish->type,
        .now = now_s,
        .cas = &wish->ca,
        .ca_count = 1,
    };
    vouch_cert_check(cert, &expect, &result);
    if (result.verdict == VOUCH_CERT_ACCEPTED) {
        return 0;
    }
    enum vouch_cert_reason_code code =
        result.reason_count > 0 ? result.reasons[0].code : VOUCH_CERT_REASON_NONE;
    if (code == VOUCH_CERT_REASON_CA) {
        return differs(fault, name, "it is not signed by the CA key that is known for this server");
    }
    return differs(fault, name, "no host would accept it: %s (%s)", vouch_cert_reason_text(code),
                   result.reason_count > 0 ? result.reasons[0].value : "");
}

int vouch_granted_check(const struct vouch_cert *cert, const struct vouch_granted_wish *wish,
                        const char *name, struct vouch_fault *fault) {
    int err = check_body(cert, wish, name, fault);
    if (err == 0) {
        err = check_validity(cert, wish, name, fault);
    }
    return err == 0 ? check_signature(cert, wish, name, fault) : err;
}

struct vouch_granted_wish vouch_granted_same(const struct vouch_cert *cert,
                                             const struct vouch_key *ca, uint64_t now_s) {
    return (struct vouch_granted_wish){
        .type = cert->type,
        .key = cert->key,
        .ca = ca,
        .key_id = cert->key_id,
        .principals = cert->principals,
        .principal_count = cert->principal_count,
        .critical = cert->critical,
        .critical_count = cert->critical_count,
        .extensions = cert->extensions,
        .extension_count = cert->extension_count,
        .now_s = now_s,
    };
}

int vouch_granted_read(const char *text, uint64_t serial, const char *name,
                       struct vouch_cert **ret_cert, struct vouch_fault *fault) {
    struct vouch_buf blob;
    struct vouch_bytes comment;
    struct vouch_where where = {0};
    struct vouch_cert *cert = NULL;
    vouch_buf_init(&blob, BLOB_MAX);
    int err = text != NULL ? vouch_key_line_decode(vouch_bytes_of(text), &blob, &comment, &where)
                           : VOUCH_ERR_FORMAT;
    if (err == 0) {
        err = vouch_cert_parse(vouch_buf_bytes(&blob), &cert, &where);
    }
    vouch_buf_done(&blob);
    if (err == VOUCH_ERR_NO_MEMORY) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "out of memory");
    }
    if (err != 0) {
        return differs(fault, name, "not a certificate (%s)", vouch_err_text(err));
    }
    if (serial == 0 || cert->serial != serial) {
        vouch_cert_free(cert);
        return differs(fault, name, "its serial is not the one in the answer");
    }
    *ret_cert = cert;
    return 0;
}
