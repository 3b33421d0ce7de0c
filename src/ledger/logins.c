// SPDX-License-Identifier: ISC
// Logins with certificates, as sshd logs them, held against the ledger.
#include "ledger/logins.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"
#include "vouch/cert.h"

static const char publickey_mark[] = "Accepted publickey for ";
static const char certificate_mark[] = "Accepted certificate ID \"";

void vouch_logins_done(struct vouch_logins *logins) {
    free(logins->rows);
    *logins = (struct vouch_logins){NULL, 0, 0, 0};
}

// What follows the first `mark`; ptr is NULL if there is none. *ret_before is what stands before it.
static struct vouch_bytes after_first(struct vouch_bytes text, const char *mark,
                                      struct vouch_bytes *ret_before) {
    size_t len = strlen(mark);
    const uint8_t *at = text.len > 0 ? memmem(text.ptr, text.len, mark, len) : NULL;
    if (at == NULL) {
        return (struct vouch_bytes){0};
    }
    size_t before = (size_t)(at - text.ptr);
    *ret_before = (struct vouch_bytes){text.ptr, before};
    return (struct vouch_bytes){at + len, text.len - before - len};
}

// The same for the last `mark`: what a person chose stands before it, what sshd wrote behind it.
static struct vouch_bytes after_last(struct vouch_bytes text, const char *mark,
                                     struct vouch_bytes *ret_before) {
    struct vouch_bytes found = {0};
    struct vouch_bytes before;
    struct vouch_bytes rest = after_first(text, mark, &before);
    while (rest.ptr != NULL) {
        found = rest;
        *ret_before = (struct vouch_bytes){text.ptr, (size_t)(rest.ptr - text.ptr) - strlen(mark)};
        rest = after_first(rest, mark, &before);
    }
    return found;
}

// The next word, up to a blank or a comma; *rest is moved behind it.
static struct vouch_bytes word(struct vouch_bytes *rest) {
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != ',') {
        len++;
    }
    struct vouch_bytes found = {rest->ptr, len};
    size_t skip = len < rest->len ? len + 1 : len;
    *rest = (struct vouch_bytes){rest->ptr + skip, rest->len - skip};
    return found;
}

static int is_text(struct vouch_bytes word_, const char *text) {
    return vouch_bytes_equal(word_, vouch_bytes_of(text));
}

// "N) CA TYPE FP…": the end of an "Accepted publickey" line. Returns 0 if it is not that.
static int read_publickey_end(struct vouch_bytes rest, struct vouch_login *login) {
    struct vouch_bytes serial;
    struct vouch_bytes tail = after_first(rest, ") CA ", &serial);
    if (tail.ptr == NULL || vouch_str_to_u64(serial, &login->serial) != VOUCH_OK) {
        return 0;
    }
    (void)word(&tail);
    login->ca = word(&tail);
    return login->ca.len > 0;
}

// "USER from … ssh2: TYPE-CERT FP ID KEYID (serial " and the end above.
static int read_publickey(struct vouch_bytes rest, struct vouch_login *login) {
    struct vouch_bytes before = {0};
    struct vouch_bytes end = after_last(rest, " (serial ", &before);
    if (end.ptr == NULL || !read_publickey_end(end, login)) {
        return 0;
    }
    struct vouch_bytes left = {0};
    struct vouch_bytes key = after_first(before, "-CERT ", &left);
    if (key.ptr == NULL) {
        return 0;
    }
    login->user = word(&left);
    login->subject = word(&key);
    struct vouch_bytes mark = word(&key);
    login->key_id = key;
    return is_text(mark, "ID") && login->subject.len > 0;
}

// "KEYID" (serial N) signed by TYPE CA FP via FILE", or "signed by CA TYPE FP found at FILE".
static int read_certificate(struct vouch_bytes rest, struct vouch_login *login) {
    struct vouch_bytes serial;
    struct vouch_bytes end = after_last(rest, "\" (serial ", &login->key_id);
    if (end.ptr == NULL) {
        return 0;
    }
    struct vouch_bytes tail = after_first(end, ") signed by ", &serial);
    if (tail.ptr == NULL || vouch_str_to_u64(serial, &login->serial) != VOUCH_OK) {
        return 0;
    }
    struct vouch_bytes first = word(&tail);
    struct vouch_bytes second = word(&tail);
    login->ca = word(&tail);
    return (is_text(first, "CA") || is_text(second, "CA")) && login->ca.len > 0;
}

static int add(struct vouch_logins *logins, const struct vouch_login *login) {
    if (logins->count >= VOUCH_LOGINS_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    if (logins->count == logins->room) {
        size_t room = logins->room == 0 ? 64 : 2 * logins->room;
        struct vouch_login *rows = realloc(logins->rows, room * sizeof *rows);
        if (rows == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        logins->rows = rows;
        logins->room = room;
    }
    logins->rows[logins->count] = *login;
    logins->count++;
    return VOUCH_OK;
}

// "USER from … ssh2: TYPE FP", where the type is known not to be a certificate's.
static int is_plain(struct vouch_bytes rest) {
    struct vouch_bytes before;
    struct vouch_bytes key = after_first(rest, " ssh2: ", &before);
    if (key.ptr == NULL || after_first(rest, "-CERT", &before).ptr != NULL) {
        return 0;
    }
    (void)word(&key);
    return key.len > 0;
}

static int read_line(struct vouch_logins *logins, struct vouch_bytes line, uint64_t number,
                     struct vouch_findings *findings) {
    struct vouch_login login = {.line = number};
    struct vouch_bytes before;
    struct vouch_bytes certificate = after_first(line, certificate_mark, &before);
    struct vouch_bytes publickey = after_first(line, publickey_mark, &before);
    int complete = 0;
    if (publickey.ptr != NULL && is_plain(publickey)) {
        logins->plain++;
        return VOUCH_OK;
    }
    if (publickey.ptr != NULL) {
        complete = read_publickey(publickey, &login);
    } else if (certificate.ptr != NULL) {
        complete = read_certificate(certificate, &login);
    } else {
        return VOUCH_OK;
    }
    if (complete) {
        return add(logins, &login);
    }
    char where[VOUCH_WHERE_MAX];
    vouch_findings_add(findings, VOUCH_FINDING_LOGIN,
                       vouch_where_number(where, "sshd log line", number),
                       "is, or may be, about a certificate, but is not whole: its serial and CA "
                       "cannot be read");
    return VOUCH_OK;
}

static int compare(const void *a, const void *b) {
    const struct vouch_login *left = a;
    const struct vouch_login *right = b;
    if (left->serial != right->serial) {
        return left->serial < right->serial ? -1 : 1;
    }
    return (left->line > right->line) - (left->line < right->line);
}

int vouch_logins_read(struct vouch_logins *logins, struct vouch_bytes log,
                      struct vouch_findings *findings) {
    struct vouch_bytes rest = log;
    int err = VOUCH_OK;
    for (uint64_t number = 1; rest.ptr != NULL && rest.len > 0 && err == VOUCH_OK; number++) {
        struct vouch_bytes line = vouch_str_trim(vouch_str_cut(&rest, '\n'));
        err = read_line(logins, line, number, findings);
    }
    if (logins->count > 0) {
        qsort(logins->rows, logins->count, sizeof *logins->rows, compare);
    }
    return err;
}

// One character of a text that sshd escaped: \ooo, \n and the like, \\ ; *at is moved behind it.
static uint8_t unescape(struct vouch_bytes text, size_t *at) {
    static const char names[] = "nrtabvfs0";
    static const uint8_t values[] = "\n\r\t\a\b\v\f ";
    const uint8_t *p = text.ptr + *at;
    size_t left = text.len - *at;
    if (p[0] != '\\' || left < 2) {
        *at += 1;
        return p[0];
    }
    if (left >= 4 && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
        p[3] <= '7') {
        *at += 4;
        return (uint8_t)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
    }
    *at += 2;
    const char *name = memchr(names, p[1], sizeof names - 1);
    return name != NULL ? values[name - names] : p[1];
}

static int same_text(struct vouch_bytes logged, struct vouch_bytes text) {
    size_t at = 0;
    size_t i = 0;
    while (at < logged.len && i < text.len) {
        if (unescape(logged, &at) != text.ptr[i]) {
            return 0;
        }
        i++;
    }
    return at == logged.len && i == text.len;
}

static int is_fingerprint(struct vouch_bytes logged, const char *sha256, const char *md5) {
    return is_text(logged, sha256) || is_text(logged, md5);
}

// Whether the login's key is the one in the certificate; needs the whole certificate read.
static int same_subject(const struct vouch_login *login, struct vouch_bytes blob, int *ret_same) {
    char sha256[VOUCH_FINGERPRINT_MAX];
    char md5[VOUCH_FINGERPRINT_MAX];
    struct vouch_cert *cert = NULL;
    if (login->subject.len == 0) {
        *ret_same = 1;
        return VOUCH_OK;
    }
    int err = vouch_cert_parse(blob, &cert, NULL);
    if (err != VOUCH_OK) {
        *ret_same = 0; // a finding of its own elsewhere
        return vouch_is_failure(err) ? err : VOUCH_OK;
    }
    vouch_key_fingerprint(cert->key, VOUCH_HASH_SHA256, sha256);
    vouch_key_fingerprint(cert->key, VOUCH_HASH_MD5, md5);
    vouch_cert_free(cert);
    *ret_same = is_fingerprint(login->subject, sha256, md5);
    return VOUCH_OK;
}

static int judge(struct vouch_login *login, struct vouch_bytes blob,
                 const struct vouch_cert_view *cert, const struct vouch_authority *authority) {
    enum vouch_login_state state = VOUCH_LOGIN_OTHER_KEY_ID;
    if (login->state == VOUCH_LOGIN_RECORDED ||
        !is_fingerprint(login->ca, authority->sha256, authority->md5)) {
        return VOUCH_OK;
    }
    if (same_text(login->key_id, cert->key_id)) {
        int same = 0;
        int err = same_subject(login, blob, &same);
        if (err != VOUCH_OK) {
            return err;
        }
        state = same ? VOUCH_LOGIN_RECORDED : VOUCH_LOGIN_OTHER_KEY;
    }
    login->state = state > login->state ? state : login->state;
    return VOUCH_OK;
}

int vouch_logins_mark(struct vouch_logins *logins, struct vouch_bytes blob,
                      const struct vouch_cert_view *cert, const struct vouch_authority *authority) {
    size_t low = 0;
    size_t high = logins->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (logins->rows[middle].serial < cert->serial) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    int err = VOUCH_OK;
    for (; low < logins->count && logins->rows[low].serial == cert->serial && err == VOUCH_OK;
         low++) {
        err = judge(&logins->rows[low], blob, cert, authority);
    }
    return err;
}

static int knows_ca(const struct vouch_authorities *authorities, struct vouch_bytes ca) {
    for (size_t i = 0; i < authorities->count; i++) {
        if (is_fingerprint(ca, authorities->rows[i].sha256, authorities->rows[i].md5)) {
            return 1;
        }
    }
    return 0;
}

static const char *explain(const struct vouch_login *login,
                           const struct vouch_authorities *authorities) {
    switch (login->state) {
    case VOUCH_LOGIN_OTHER_KEY_ID:
        return "the ledger has this serial for another key ID";
    case VOUCH_LOGIN_OTHER_KEY:
        return "the ledger has this serial and key ID for another key";
    case VOUCH_LOGIN_UNKNOWN:
    case VOUCH_LOGIN_RECORDED:
        break;
    }
    return knows_ca(authorities, login->ca) ? "the ledger has no certificate with this serial"
                                            : "this CA is not of this ledger";
}

void vouch_logins_check(const struct vouch_logins *logins,
                        const struct vouch_authorities *authorities,
                        struct vouch_findings *findings) {
    for (size_t i = 0; i < logins->count; i++) {
        const struct vouch_login *login = &logins->rows[i];
        if (login->state == VOUCH_LOGIN_RECORDED) {
            continue;
        }
        char where[VOUCH_WHERE_MAX];
        char user[64];
        char key_id[96];
        char ca[64];
        vouch_str_escape_to(login->user, user, sizeof user);
        vouch_str_escape_to(login->key_id, key_id, sizeof key_id);
        vouch_str_escape_to(login->ca, ca, sizeof ca);
        vouch_findings_add(findings, VOUCH_FINDING_LOGIN,
                           vouch_where_number(where, "sshd log line", login->line),
                           "login%s%s with serial %" PRIu64 ", key ID \"%s\", CA %s: %s",
                           user[0] != '\0' ? " of " : "", user, login->serial, key_id, ca,
                           explain(login, authorities));
    }
}
