// SPDX-License-Identifier: ISC
// sshd's log, a line at a time: see login-log.h.
#include "host/login-log.h"

#include "base/str.h"
#include "vouch/cert.h"

// ----- pieces of text

static int take_end(struct vouch_bytes *text, const char *tail) {
    size_t len = strlen(tail);
    if (text->len < len || memcmp(text->ptr + text->len - len, tail, len) != 0) {
        return 0;
    }
    text->len -= len;
    return 1;
}

// Cuts the word before the next blank off the front, and not the blank.
static struct vouch_bytes word(struct vouch_bytes *text) {
    const uint8_t *blank = text->len > 0 ? memchr(text->ptr, ' ', text->len) : NULL;
    struct vouch_bytes found = {text->ptr, blank != NULL ? (size_t)(blank - text->ptr) : text->len};
    *text = (struct vouch_bytes){text->ptr + found.len, text->len - found.len};
    return found;
}

// Cuts the word behind the last blank off the end, and the blank.
static struct vouch_bytes last_word(struct vouch_bytes *text) {
    const uint8_t *blank = text->len > 0 ? memrchr(text->ptr, ' ', text->len) : NULL;
    if (blank == NULL) {
        return (struct vouch_bytes){0};
    }
    size_t before = (size_t)(blank - text->ptr);
    struct vouch_bytes found = {blank + 1, text->len - before - 1};
    text->len = before;
    return found;
}

static int consists_of(struct vouch_bytes text, const char *alphabet) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0' || strchr(alphabet, text.ptr[i]) == NULL) {
            return 0;
        }
    }
    return text.len > 0;
}

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// sshd's own text, so its form is looked at to tell it from another, not to trust it. A link's name may
// follow an IPv6 address.
static int is_address(struct vouch_bytes text) {
    const uint8_t *zone = text.len > 0 ? memchr(text.ptr, '%', text.len) : NULL;
    size_t len = zone != NULL ? (size_t)(zone - text.ptr) : text.len;
    struct vouch_bytes address = {text.ptr, len};
    return (text.len < 64 && consists_of(address, DIGITS "abcdefABCDEF.:") &&
            (memchr(text.ptr, '.', len) != NULL || memchr(text.ptr, ':', len) != NULL)) ||
           vouch_bytes_equal(text, vouch_bytes_of("UNKNOWN"));
}

static int is_port(struct vouch_bytes text) {
    return text.len <= 5 && consists_of(text, DIGITS);
}

static int is_fingerprint(struct vouch_bytes text) {
    if (vouch_str_take(&text, "SHA256:")) {
        return text.len == 43 && consists_of(text, UPPER LOWER DIGITS "+/");
    }
    return vouch_str_take(&text, "MD5:") && text.len == 47 && consists_of(text, DIGITS "abcdef:");
}

// ----- reasons

struct wording {
    const char *text;
    const char *word; // NULL: core's for `code`
    enum vouch_cert_reason_code code;
};

// The whole of a line up to OpenSSH 10.0, the end of a line "Refusing certificate ID" from 10.1 on.
static const struct wording refusals[] = {
    {"Certificate invalid: expired", NULL, VOUCH_CERT_REASON_EXPIRED},
    {"Certificate invalid: not yet valid", NULL, VOUCH_CERT_REASON_NOT_YET_VALID},
    {"Certificate invalid: not a user certificate", NULL, VOUCH_CERT_REASON_TYPE},
    {"Certificate invalid: name is not a listed principal", NULL, VOUCH_CERT_REASON_PRINCIPAL},
    {"Certificate does not contain an authorized principal", NULL, VOUCH_CERT_REASON_PRINCIPAL},
    {"Certificate lacks principal list", NULL, VOUCH_CERT_REASON_NO_PRINCIPALS},
    {"Invalid certificate options", NULL, VOUCH_CERT_REASON_OPTION},
    {"Refused by certificate options", VOUCH_LOG_OPTIONS, VOUCH_CERT_REASON_NONE},
    {"Refused by certificate principals options", VOUCH_LOG_OPTIONS, VOUCH_CERT_REASON_NONE},
    {"forced command options do not match", VOUCH_LOG_FORCED, VOUCH_CERT_REASON_NONE},
};

// How a line begins. What follows may be the client's.
static const struct wording beginnings[] = {
    {"Certificate critical option \"", NULL, VOUCH_CERT_REASON_CRITICAL},
    {"Certificate option \"", NULL, VOUCH_CERT_REASON_OPTION},
    {"Certificate has multiple ", NULL, VOUCH_CERT_REASON_OPTION},
    {"Certificate source-address contents invalid", NULL, VOUCH_CERT_REASON_OPTION},
    {"Unable to parse certificate options", NULL, VOUCH_CERT_REASON_OPTION},
    {"Unable to parse \"", NULL, VOUCH_CERT_REASON_OPTION},
    {"Error checking authentication key ", VOUCH_LOG_KRL_UNREADABLE, VOUCH_CERT_REASON_NONE},
    {"WARNING: revoked key for ", NULL, VOUCH_CERT_REASON_REVOKED},
    {"userauth_pubkey: certificate signature algorithm ", NULL, VOUCH_CERT_REASON_ALGORITHM},
    {"userauth_pubkey: parse key: ", VOUCH_LOG_BAD_CERT, VOUCH_CERT_REASON_NONE},
    {"userauth_pubkey: could not parse key: ", VOUCH_LOG_BAD_CERT, VOUCH_CERT_REASON_NONE},
    {"refusing RSA key: Invalid key length", VOUCH_LOG_WEAK_KEY, VOUCH_CERT_REASON_NONE},
    {"refusing RSA-CERT key: Invalid key length", VOUCH_LOG_WEAK_KEY, VOUCH_CERT_REASON_NONE},
};

static void set_reason(const struct wording *wording, struct vouch_log_said *said) {
    said->kind = VOUCH_LOG_REASON;
    said->reason = wording->word != NULL ? wording->word : vouch_cert_reason_text(wording->code);
}

// The quoted key ID of "Refusing certificate" is the client's, as is a path behind it: only the end of a
// whole line counts.
static int read_refusal(struct vouch_bytes text, struct vouch_log_said *said) {
    struct vouch_bytes rest = text;
    int is_long_form = vouch_str_take(&rest, "Refusing certificate ID \"");
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct vouch_bytes head = text;
        if (text.len <= VOUCH_LOG_WHOLE_MAX && take_end(&head, refusals[i].text) &&
            (is_long_form ? take_end(&head, ": ") : head.len == 0)) {
            set_reason(&refusals[i], said);
            return 1;
        }
    }
    if (is_long_form) {
        said->kind = VOUCH_LOG_REASON;
        said->reason = VOUCH_LOG_UNSAID;
    }
    return is_long_form;
}

// "LOCATION: Authentication tried for LOGIN with ...": the location is sshd's own, the login an account.
static int read_address_refusal(struct vouch_bytes text, struct vouch_log_said *said) {
    static const char mark[] = ": Authentication tried for ";
    static const struct wording source = {"", NULL, VOUCH_CERT_REASON_SOURCE};
    const uint8_t *at = text.ptr != NULL ? memmem(text.ptr, text.len, mark, sizeof mark - 1) : NULL;
    if (at == NULL || memchr(text.ptr, ' ', (size_t)(at - text.ptr)) != NULL) {
        return 0;
    }
    struct vouch_bytes rest = {at + sizeof mark - 1,
                               text.len - (size_t)(at - text.ptr) - (sizeof mark - 1)};
    (void)word(&rest);
    if (!vouch_str_take(&rest,
                        " with valid certificate but not from a permitted source address (") &&
        !vouch_str_take(&rest, " with correct key but not from a permitted host (")) {
        return 0;
    }
    set_reason(&source, said);
    return 1;
}

// "Authentication key TYPE FINGERPRINT revoked by file PATH"
static int read_revoked(struct vouch_bytes text, struct vouch_log_said *said) {
    static const struct wording revoked = {"", NULL, VOUCH_CERT_REASON_REVOKED};
    if (!vouch_str_take(&text, "Authentication key ")) {
        return 0;
    }
    (void)word(&text);
    if (!vouch_str_take(&text, " ") || !is_fingerprint(word(&text)) ||
        !vouch_str_take(&text, " revoked by file ")) {
        return 0;
    }
    set_reason(&revoked, said);
    return 1;
}

// "User LOGIN[ from ADDRESS] not allowed because ...": an account, as others are "Invalid user".
static int read_not_allowed(struct vouch_bytes text, struct vouch_log_said *said) {
    if (!vouch_str_take(&text, "User ")) {
        return 0;
    }
    (void)word(&text);
    if (vouch_str_take(&text, " from ")) {
        (void)word(&text);
    }
    if (!vouch_str_take(&text, " not allowed because ")) {
        return 0;
    }
    said->kind = VOUCH_LOG_REASON;
    said->reason = VOUCH_LOG_NOT_ALLOWED;
    return 1;
}

static int read_reason(struct vouch_bytes text, struct vouch_log_said *said) {
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        struct vouch_bytes rest = text;
        if (vouch_str_take(&rest, beginnings[i].text)) {
            set_reason(&beginnings[i], said);
            return 1;
        }
    }
    return read_refusal(text, said) || read_revoked(text, said) ||
           read_address_refusal(text, said) || read_not_allowed(text, said);
}

// ----- attempts

// "SERIAL) CA TYPE FINGERPRINT" from the end of a line, and the key ID before it.
static void read_cert(struct vouch_bytes text, struct vouch_log_said *said) {
    struct vouch_bytes ca = last_word(&text);
    struct vouch_bytes type = last_word(&text);
    struct vouch_bytes serial = {0};
    uint64_t number = 0;
    if (!is_fingerprint(ca) || !consists_of(type, UPPER DIGITS "-") || !take_end(&text, ") CA")) {
        return;
    }
    serial = last_word(&text);
    if (!take_end(&text, " (serial") || vouch_str_to_u64(serial, &number) != VOUCH_OK) {
        return;
    }
    said->key_id = text;
    said->serial = number;
    said->ca = ca;
}

// "TYPE FINGERPRINT[ ID ...]"; other methods put other things here.
static void read_key(struct vouch_bytes text, int is_whole, struct vouch_log_said *said) {
    struct vouch_bytes type = word(&text);
    if (!consists_of(type, UPPER DIGITS "-") || !vouch_str_take(&text, " ")) {
        return;
    }
    struct vouch_bytes fingerprint = word(&text);
    if (!is_fingerprint(fingerprint)) {
        return;
    }
    said->fingerprint = fingerprint;
    said->is_cert = take_end(&type, "-CERT");
    if (said->is_cert && is_whole && vouch_str_take(&text, " ID ")) {
        read_cert(text, said);
    }
}

// "ADDRESS port PORT ssh2" at the front.
static int read_peer(struct vouch_bytes *text, struct vouch_log_said *said) {
    struct vouch_bytes source = word(text);
    if (!is_address(source) || !vouch_str_take(text, " port ") || !is_port(word(text)) ||
        !vouch_str_take(text, " ssh2")) {
        return 0;
    }
    said->source = source;
    return 1;
}

// "LOGIN from ADDRESS port PORT" up to the end: the login may hold anything.
static int read_stranger(struct vouch_bytes text, const char *mark, struct vouch_log_said *said) {
    struct vouch_bytes port = last_word(&text);
    if (!is_port(port) || !take_end(&text, " port")) {
        return 0;
    }
    struct vouch_bytes source = last_word(&text);
    if (!is_address(source) || !take_end(&text, mark)) {
        return 0;
    }
    said->login = text;
    said->source = source;
    return 1;
}

static int read_attempt(struct vouch_bytes text, struct vouch_log_said *said) {
    int is_whole = text.len <= VOUCH_LOG_WHOLE_MAX;
    struct vouch_bytes method = word(&text);
    if (!consists_of(method, LOWER DIGITS "-/") || !vouch_str_take(&text, " for ")) {
        return 0;
    }
    said->method = method;
    if (vouch_str_take(&text, "invalid user ")) {
        said->login_unknown = 1;
        return take_end(&text, " ssh2") && read_stranger(text, " from", said);
    }
    said->login = word(&text);
    if (said->login.len == 0 || !vouch_str_take(&text, " from ") || !read_peer(&text, said)) {
        return 0;
    }
    if (vouch_str_take(&text, ": ") && vouch_bytes_equal(method, vouch_bytes_of("publickey"))) {
        read_key(text, is_whole, said);
    }
    return 1;
}

// ----- begin and end of a connection

// "[authenticating |invalid ]user LOGIN ADDRESS port PORT[: ...]"; nothing is said before a login.
static void read_end(struct vouch_bytes text, struct vouch_log_said *said) {
    said->kind = VOUCH_LOG_END;
    if (vouch_str_take(&text, "invalid user ")) {
        said->login_unknown = read_stranger(text, "", said);
        return;
    }
    (void)vouch_str_take(&text, "authenticating ");
    if (!vouch_str_take(&text, "user ")) {
        return;
    }
    struct vouch_bytes login = word(&text);
    struct vouch_bytes source = vouch_str_take(&text, " ") ? word(&text) : (struct vouch_bytes){0};
    if (is_address(source) && vouch_str_take(&text, " port ")) {
        said->login = login;
        said->source = source;
    }
}

static const char *const endings[] = {"Connection closed by ", "Connection reset by ",
                                      "Disconnected from ", "Disconnecting ",
                                      "Timeout before authentication for "};

static int read_connection(struct vouch_bytes text, struct vouch_log_said *said) {
    if (vouch_str_take(&text, "Connection from ")) {
        said->kind = VOUCH_LOG_BEGIN;
        return 1;
    }
    if (vouch_str_take(&text, "Invalid user ")) {
        // 7.4 and 7.5 end with the address.
        said->kind = VOUCH_LOG_UNKNOWN_LOGIN;
        said->login_unknown = read_stranger(text, " from", said);
        return 1;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (vouch_str_take(&text, endings[i])) {
            read_end(text, said);
            return 1;
        }
    }
    return 0;
}

static void read_line(struct vouch_bytes text, struct vouch_log_said *said) {
    if (vouch_str_take(&text, "Accepted certificate ID ")) {
        said->kind = VOUCH_LOG_TRUSTED;
        return;
    }
    int is_accepted = vouch_str_take(&text, "Accepted ");
    if (is_accepted || vouch_str_take(&text, "Failed ")) {
        struct vouch_log_said found = {0};
        if (read_attempt(text, &found)) {
            *said = found;
            said->kind = is_accepted ? VOUCH_LOG_ACCEPTED : VOUCH_LOG_FAILED;
        }
        return;
    }
    if (!read_connection(text, said)) {
        (void)read_reason(text, said);
    }
}

void vouch_log_read(struct vouch_bytes text, struct vouch_log_said *ret_said) {
    struct vouch_log_said said = {0};
    // syslog is told the level in words, and the part that is not yet authenticated says that it is not.
    (void)(vouch_str_take(&text, "error: ") || vouch_str_take(&text, "fatal: "));
    (void)take_end(&text, " [preauth]");
    read_line(text, &said);
    *ret_said = said;
}
