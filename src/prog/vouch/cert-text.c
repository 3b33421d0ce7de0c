// SPDX-License-Identifier: ISC
// A certificate in words: see cert-text.h.
#include "prog/vouch/cert-text.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/cert-options.h"
#include "prog/vouch/cert-warn.h"

#define INDENT "        "
#define TEXT_MAX (1024u * 1024)

// Escaped for the terminal; freed by the caller.
static char *shown(struct vouch_bytes text) {
    struct vouch_buf out;
    size_t len;
    vouch_buf_init(&out, TEXT_MAX);
    vouch_str_escape(text, &out);
    vouch_buf_put(&out, (struct vouch_bytes){(const uint8_t *)"", 1});
    char *escaped = (char *)vouch_buf_take(&out, &len);
    vouch_buf_done(&out);
    return escaped;
}

static void print_escaped(const char *before, struct vouch_bytes text, const char *after) {
    vouch_autofree char *escaped = shown(text);
    (void)printf("%s%s%s", before, escaped != NULL ? escaped : "(too long to show)", after);
}

static const char *type_word(enum vouch_cert_type type) {
    return type == VOUCH_CERT_HOST ? "host" : "user";
}

static int never_ends(const struct vouch_cert *cert) {
    return cert->valid_before == VOUCH_CERT_FOREVER;
}

void vouch_cert_validity_text(const struct vouch_cert *cert, const struct vouch_term *term,
                              char ret_text[static VOUCH_VALIDITY_TEXT_MAX]) {
    char from[VOUCH_TIME_TEXT_MAX], to[VOUCH_TIME_TEXT_MAX];
    vouch_term_time(term, cert->valid_after, from, sizeof from);
    vouch_term_time(term, cert->valid_before, to, sizeof to);
    if (cert->valid_after == 0 && never_ends(cert)) {
        (void)snprintf(ret_text, VOUCH_VALIDITY_TEXT_MAX, "forever");
    } else if (cert->valid_after == 0) {
        (void)snprintf(ret_text, VOUCH_VALIDITY_TEXT_MAX, "before %s", to);
    } else if (never_ends(cert)) {
        (void)snprintf(ret_text, VOUCH_VALIDITY_TEXT_MAX, "after %s", from);
    } else {
        (void)snprintf(ret_text, VOUCH_VALIDITY_TEXT_MAX, "from %s to %s", from, to);
    }
}

static void print_validity(const struct vouch_cert *cert, const struct vouch_term *term,
                           uint64_t now_s) {
    char text[VOUCH_VALIDITY_TEXT_MAX], span[VOUCH_TIME_TEXT_MAX];
    vouch_cert_validity_text(cert, term, text);
    (void)printf("Valid: %s", text);
    if (now_s < cert->valid_after) {
        vouch_duration_text(cert->valid_after - now_s, span);
        (void)printf("   (begins in %s)", span);
    } else if (now_s >= cert->valid_before) {
        vouch_duration_text(now_s - cert->valid_before, span);
        (void)printf("   (expired %s ago)", span);
    } else if (!never_ends(cert)) {
        vouch_duration_text(cert->valid_before - now_s, span);
        (void)printf("   (%s left)", span);
    }
    (void)fputc('\n', stdout);
}

static void print_principals(const struct vouch_cert *cert) {
    (void)printf("Principals:%s\n", cert->principal_count == 0 ? " (none)" : "");
    for (size_t i = 0; i < cert->principal_count; i++) {
        print_escaped(INDENT, cert->principals[i], "\n");
    }
}

// The value as sshd reads it, or the raw bytes in hexadecimal; freed by the caller. NULL for a flag.
static char *option_value(const struct vouch_cert_option *option, int *ret_raw) {
    struct vouch_bytes value = {0};
    const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(option->name);
    *ret_raw = 0;
    if (option->data.len == 0) {
        return NULL;
    }
    if ((kind == NULL || kind->has_value) && vouch_cert_option_value(option, &value) == 0) {
        return shown(value);
    }
    struct vouch_buf hex;
    size_t len;
    *ret_raw = 1;
    vouch_buf_init(&hex, TEXT_MAX);
    vouch_str_hex(option->data, &hex);
    vouch_buf_put(&hex, (struct vouch_bytes){(const uint8_t *)"", 1});
    char *text = (char *)vouch_buf_take(&hex, &len);
    vouch_buf_done(&hex);
    return text;
}

static void print_options(const char *title, const struct vouch_cert_option *options,
                          size_t count) {
    (void)printf("%s:%s\n", title, count == 0 ? " (none)" : "");
    for (size_t i = 0; i < count; i++) {
        int raw = 0;
        vouch_autofree char *value = option_value(&options[i], &raw);
        print_escaped(INDENT, options[i].name, "");
        if (value != NULL) {
            (void)printf(" %s%s", raw ? "data in hex: " : "", value);
        }
        (void)fputc('\n', stdout);
    }
}

static void print_signer(const struct vouch_cert *cert) {
    char fingerprint[VOUCH_FINGERPRINT_MAX], algorithm[80];
    vouch_key_fingerprint(cert->ca, VOUCH_HASH_SHA256, fingerprint);
    vouch_str_escape_to(vouch_signature_algorithm(cert->signature), algorithm, sizeof algorithm);
    (void)printf("Signing CA: %s %s", vouch_key_type_label(vouch_key_type(cert->ca)), fingerprint);
    if (cert->signature.len > 0) {
        (void)printf(" (using %s)", algorithm);
    }
    (void)fputc('\n', stdout);
}

void vouch_cert_text(const struct vouch_cert *cert, enum vouch_cert_stage stage,
                     const struct vouch_term *term, uint64_t now_s) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_warnings warnings;
    enum vouch_key_type type = vouch_key_type(cert->key);
    vouch_key_fingerprint(cert->key, VOUCH_HASH_SHA256, fingerprint);
    (void)printf("Type: %s %s certificate\n", vouch_key_type_cert_name(type),
                 type_word(cert->type));
    (void)printf("Public key: %s-CERT %s\n", vouch_key_type_label(type), fingerprint);
    print_signer(cert);
    print_escaped("Key ID: \"", cert->key_id, "\"\n");
    if (stage == VOUCH_CERT_STAGE_PLANNED) {
        (void)printf("Serial: (the ledger gives the next one)\n");
    } else {
        (void)printf("Serial: %llu\n", (unsigned long long)cert->serial);
    }
    print_validity(cert, term, now_s);
    print_principals(cert);
    print_options("Critical Options", cert->critical, cert->critical_count);
    print_options("Extensions", cert->extensions, cert->extension_count);
    vouch_cert_warnings(cert, now_s, &warnings);
    for (size_t i = 0; i < warnings.count; i++) {
        int not_yet = stage == VOUCH_CERT_STAGE_PLANNED && cert->serial == 0 &&
                      strcmp(warnings.list[i].code, "no-serial") == 0;
        if (!not_yet) {
            (void)printf("%s %s\n", vouch_term_mark_out(term, VOUCH_MARK_WARN),
                         warnings.list[i].text);
        }
    }
}

static void item_key(struct vouch_item *item, const char *type_key, const char *print_key,
                     const struct vouch_key *key) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    vouch_item_word(item, type_key, vouch_key_type_name(vouch_key_type(key)));
    vouch_item_word(item, print_key, fingerprint);
}

static void item_options(struct vouch_item *item, const char *key,
                         const struct vouch_cert_option *options, size_t count) {
    vouch_item_append(item, key, NULL);
    for (size_t i = 0; i < count; i++) {
        int raw = 0;
        vouch_autofree char *value = option_value(&options[i], &raw);
        struct vouch_bytes plain = {0};
        struct vouch_item *child = vouch_item_child(item, key);
        vouch_item_text(child, "name", options[i].name);
        if (value != NULL && raw) {
            vouch_item_word(child, "data_hex", value);
        } else if (value != NULL && vouch_cert_option_value(&options[i], &plain) == 0) {
            vouch_item_text(child, "value", plain);
        }
    }
}

static void item_validity(const struct vouch_cert *cert, uint64_t now_s, struct vouch_item *item) {
    // null would be one more case for every reader: a member that is not there says the same.
    if (cert->valid_after > 0) {
        vouch_item_time(item, "valid_after", cert->valid_after);
    }
    if (!never_ends(cert)) {
        vouch_item_time(item, "valid_before", cert->valid_before);
    }
    vouch_item_yes_no(item, "forever", never_ends(cert));
    vouch_item_yes_no(item, "valid_now", cert->valid_after <= now_s && now_s < cert->valid_before);
    if (!never_ends(cert) && cert->valid_before > now_s) {
        vouch_item_u64(item, "seconds_left", cert->valid_before - now_s);
    }
}

void vouch_cert_item(const struct vouch_cert *cert, uint64_t now_s, struct vouch_item *item) {
    struct vouch_warnings warnings;
    enum vouch_key_type type = vouch_key_type(cert->key);
    vouch_item_word(item, "type", type_word(cert->type));
    vouch_item_word(item, "cert_type", vouch_key_type_cert_name(type));
    item_key(item, "key_type", "key_fingerprint", cert->key);
    item_key(item, "ca_type", "ca_fingerprint", cert->ca);
    vouch_item_text(item, "signature_algorithm", vouch_signature_algorithm(cert->signature));
    vouch_item_text(item, "key_id", cert->key_id);
    vouch_item_u64(item, "serial", cert->serial);
    item_validity(cert, now_s, item);
    vouch_item_append(item, "principals", NULL);
    for (size_t i = 0; i < cert->principal_count; i++) {
        vouch_item_append(item, "principals", &cert->principals[i]);
    }
    if (!vouch_item_is_whole(item)) {
        return; // warnings cost more than all the rest, and no column shows them
    }
    item_options(item, "critical_options", cert->critical, cert->critical_count);
    item_options(item, "extensions", cert->extensions, cert->extension_count);
    vouch_item_append(item, "warnings", NULL);
    vouch_cert_warnings(cert, now_s, &warnings);
    for (size_t i = 0; i < warnings.count; i++) {
        struct vouch_item *child = vouch_item_child(item, "warnings");
        vouch_item_word(child, "code", warnings.list[i].code);
        vouch_item_word(child, "text", warnings.list[i].text);
    }
}
