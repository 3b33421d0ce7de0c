// SPDX-License-Identifier: ISC
// `vouch keygen -L`: what certificates say, in the form that scripts know from ssh-keygen.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen-load.h"

#define TEXT_MAX (4u * 1024 * 1024) // of one certificate; hexadecimal doubles its 256 KiB
#define INDENT "                "

#define autobuf VOUCH_CLEANUP(vouch_buf_done)

static void put(struct vouch_buf *out, const char *first, const char *second, const char *third) {
    vouch_buf_put_text(out, first);
    vouch_buf_put_text(out, second);
    vouch_buf_put_text(out, third);
}

static int is_in(struct vouch_bytes name, const char *const *names) {
    while (*names != NULL && !vouch_bytes_equal(name, vouch_bytes_of(*names))) {
        names++;
    }
    return *names != NULL;
}

static int has_zero(struct vouch_bytes text) {
    return text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL;
}

// OpenSSH's words for what its reader of a string makes of the bytes; NULL if it reads one.
static const char *judge_string(struct vouch_bytes data) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, data);
    uint32_t len = vouch_read_u32(&reader, "length");
    if (reader.err == VOUCH_OK && len > 0x8000000 - 4) {
        return "string is too large";
    }
    struct vouch_bytes text = vouch_read_bytes(&reader, len, "string");
    if (reader.err != VOUCH_OK) {
        return "incomplete message";
    }
    return has_zero(text) ? "invalid format" : NULL;
}

// An option whose value is a text.
static int put_value(struct vouch_bytes data, struct vouch_buf *out) {
    const char *bad = judge_string(data);
    if (bad != NULL) {
        return vouch_keygen_fail("show_options: parse critical: %s", bad);
    }
    struct vouch_reader reader;
    vouch_reader_init(&reader, data);
    vouch_buf_put_text(out, " ");
    vouch_buf_put(out, vouch_read_string(&reader, "value"));
    return vouch_reader_left(&reader) == 0 ? VOUCH_OK
                                           : vouch_keygen_fail("Option corrupt: extra data at end");
}

static int put_flag(struct vouch_bytes data) {
    return data.len == 0 ? VOUCH_OK : vouch_keygen_fail("Option corrupt: extra data at end");
}

static int put_unknown(struct vouch_bytes data, struct vouch_buf *out) {
    char len[48];
    if (data.len == 0) {
        vouch_buf_put_text(out, " UNKNOWN FLAG OPTION");
        return VOUCH_OK;
    }
    vouch_buf_put_text(out, " UNKNOWN OPTION: ");
    vouch_str_hex(data, out);
    (void)snprintf(len, sizeof len, " (len %zu)", data.len);
    vouch_buf_put_text(out, len);
    return VOUCH_OK;
}

// Which names are known as flags, and which with a value.
struct known {
    const char *const *flags;
    const char *const *values;
};

static int put_option(const struct vouch_cert_option *option, const struct known *known,
                      struct vouch_buf *out) {
    if (has_zero(option->name)) {
        return vouch_keygen_fail("show_options: parse option: invalid format");
    }
    vouch_buf_put_text(out, INDENT);
    vouch_buf_put(out, option->name);
    int status = VOUCH_OK;
    if (is_in(option->name, known->flags)) {
        status = put_flag(option->data);
    } else if (is_in(option->name, known->values)) {
        status = put_value(option->data, out);
    } else {
        status = put_unknown(option->data, out);
    }
    vouch_buf_put_text(out, "\n");
    return status;
}

static int put_options(const struct vouch_cert_option *options, size_t count,
                       const struct known *known, struct vouch_buf *out) {
    vouch_buf_put_text(out, count == 0 ? "(none)\n" : "\n");
    for (size_t i = 0; i < count; i++) {
        int status = put_option(&options[i], known, out);
        if (status != VOUCH_OK) {
            return status;
        }
    }
    return VOUCH_OK;
}

static void put_keys(const struct vouch_keygen *args, const struct vouch_keygen_public_key *shown,
                     struct vouch_buf *out) {
    const struct vouch_cert *cert = shown->cert;
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    put(out, "        Type: ", vouch_key_type_cert_name(vouch_key_type(cert->key)), " ");
    put(out, cert->type == VOUCH_CERT_USER ? "user" : "host", " certificate\n", "");
    vouch_key_fingerprint(cert->key, args->hash, fingerprint);
    put(out, "        Public key: ", shown->label, " ");
    put(out, fingerprint, "\n", "");
    vouch_key_fingerprint(cert->ca, args->hash, fingerprint);
    put(out, "        Signing CA: ", vouch_key_type_label(vouch_key_type(cert->ca)), " ");
    put(out, fingerprint, " (using ", "");
    vouch_buf_put(out, vouch_signature_algorithm(cert->signature));
    vouch_buf_put_text(out, ")\n");
}

static void put_principals(const struct vouch_cert *cert, struct vouch_buf *out) {
    vouch_buf_put_text(out, "        Principals: ");
    if (cert->principal_count == 0) {
        vouch_buf_put_text(out, "(none)");
    }
    for (size_t i = 0; i < cert->principal_count; i++) {
        vouch_buf_put_text(out, "\n" INDENT);
        vouch_buf_put(out, cert->principals[i]);
    }
    vouch_buf_put_text(out, "\n");
}

static int put_cert(const struct vouch_keygen *args, const struct vouch_keygen_public_key *shown,
                    struct vouch_buf *out) {
    static const char *const permissions[] = {"permit-X11-forwarding",
                                              "permit-agent-forwarding",
                                              "permit-port-forwarding",
                                              "permit-pty",
                                              "permit-user-rc",
                                              "no-touch-required",
                                              NULL};
    static const char *const required[] = {"verify-required", NULL};
    static const char *const limits[] = {"force-command", "source-address", NULL};
    static const char *const none[] = {NULL};
    const struct vouch_cert *cert = shown->cert;
    char text[VOUCH_KEYGEN_VALIDITY_MAX];
    put_keys(args, shown, out);
    vouch_buf_put_text(out, "        Key ID: \"");
    vouch_buf_put(out, cert->key_id);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)cert->serial);
    put(out, "\"\n        Serial: ", text, "\n");
    vouch_keygen_validity_text(cert->valid_after, cert->valid_before, text);
    put(out, "        Valid: ", text, "\n");
    put_principals(cert, out);
    vouch_buf_put_text(out, "        Critical Options: ");
    const struct known critical = {required, limits};
    int status = put_options(cert->critical, cert->critical_count, &critical, out);
    if (status != VOUCH_OK) {
        return status;
    }
    vouch_buf_put_text(out, "        Extensions: ");
    const struct known extensions = {permissions, none};
    return put_options(cert->extensions, cert->extension_count, &extensions, out);
}

// What was made out before an option turns out to be broken is shown as well.
static int print_cert(const struct vouch_keygen *args, const struct vouch_keygen_public_key *shown,
                      const char *place) {
    autobuf struct vouch_buf out;
    vouch_buf_init(&out, TEXT_MAX);
    put(&out, place, ":\n", "");
    int status = put_cert(args, shown, &out);
    if (status == VOUCH_OK && out.err != VOUCH_OK) {
        status = vouch_keygen_fail("%s: %s", place, vouch_keygen_why(out.err, NULL));
    }
    vouch_autofree char *text = vouch_str_copy(vouch_buf_bytes(&out));
    if (text == NULL) {
        return vouch_keygen_fail("%s: %s", place, vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
    }
    vouch_keygen_print(text);
    return status;
}

// GO_ON if the line holds no certificate, which it then says; 0 if it was printed.
static int print_line(const struct vouch_keygen *args, const char *line, const char *path,
                      unsigned long number) {
    struct vouch_keygen_public_key shown = {0};
    struct vouch_where where;
    char place[4200];
    (void)snprintf(place, sizeof place, "%s:%lu", path, number);
    int err = vouch_keygen_read_line(&line, &shown, &where);
    if (err != VOUCH_OK) {
        vouch_keygen_say("%s: invalid key: %s", place, vouch_keygen_why(err, &where));
        return VOUCH_KEYGEN_GO_ON;
    }
    int status = VOUCH_KEYGEN_GO_ON;
    if (shown.cert == NULL) {
        vouch_keygen_say("%s is not a certificate", place);
    } else {
        int only = number == 1 && strcmp(path, "(stdin)") != 0;
        status = print_cert(args, &shown, only ? path : place);
    }
    vouch_keygen_public_key_done(&shown);
    return status;
}

static int print_lines(const struct vouch_keygen *args, const char *path, FILE *file) {
    vouch_autofree char *line = NULL;
    size_t size = 0;
    int found = 0;
    for (unsigned long number = 1; getline(&line, &size, file) != -1; number++) {
        const char *at = line + strspn(line, " \t");
        if (*at == '#' || *at == '\0') {
            continue;
        }
        int status = print_line(args, at, path, number);
        if (status == VOUCH_KEYGEN_FAILED) {
            return status;
        }
        found |= status == 0;
    }
    return found ? 0 : 1;
}

int vouch_keygen_show(const struct vouch_keygen *args) {
    vouch_autofree char *path = NULL;
    struct stat st;
    int status = vouch_keygen_file(args, "Enter file in which the key is", &path);
    if (status != VOUCH_KEYGEN_GO_ON) {
        return status;
    }
    if (strcmp(path, "-") == 0) {
        return print_lines(args, "(stdin)", stdin);
    }
    if (stat(path, &st) != 0) {
        return vouch_keygen_fail("%s: %s: %s", args->name, path, strerror(errno));
    }
    vouch_autofclose FILE *file = fopen(path, "re");
    if (file == NULL) {
        return vouch_keygen_fail("fopen %s: %s", path, strerror(errno));
    }
    return print_lines(args, path, file);
}
