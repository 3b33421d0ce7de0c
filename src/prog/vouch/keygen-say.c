// SPDX-License-Identifier: ISC
// What `vouch keygen` says, in the words and the form of ssh-keygen: scripts and people know them.
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/io.h"
#include "prog/vouch/keygen.h"

#define LINE_MAX_LEN 1023  // OpenSSH composes its lines in 1024 bytes,
#define SHOWN_MAX_LEN 1021 // and then adds CR LF within as many

const char vouch_keygen_words[] = "ssh-keygen";

// Backspace, bell and carriage return pass, as in OpenSSH: they are taken to be harmless.
static int passes(unsigned char c) {
    return isgraph(c) || strchr(" \t\n\b\a\r", c) != NULL;
}

static size_t octal(unsigned char c, char out[static 5]) {
    return (size_t)snprintf(out, 5, "\\%03o", c);
}

static size_t visible(const char *text, char *out, size_t size) {
    size_t len = 0;
    for (; *text != '\0'; text++) {
        char shown[5] = {*text, '\0'};
        size_t width = 1;
        if (*text == '\\') {
            shown[1] = '\\';
            width = 2;
        } else if (!passes((unsigned char)*text)) {
            width = octal((unsigned char)*text, shown);
        }
        if (len + width >= size) {
            break;
        }
        memcpy(out + len, shown, width);
        len += width;
    }
    return len;
}

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list values) {
    char line[LINE_MAX_LEN + 1];
    char shown[LINE_MAX_LEN + 3];
    (void)vsnprintf(line, sizeof line, format, values);
    size_t len = visible(line, shown, LINE_MAX_LEN + 1);
    len = len < SHOWN_MAX_LEN ? len : SHOWN_MAX_LEN;
    shown[len++] = '\r';
    shown[len++] = '\n';
    // One write a line, so that lines of several processes do not mix. Nobody can be told if it fails.
    int unused =
        vouch_io_write_all(STDERR_FILENO, (struct vouch_bytes){(const uint8_t *)shown, len});
    (void)unused;
}

void vouch_keygen_say(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
}

int vouch_keygen_fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
    return VOUCH_KEYGEN_FAILED;
}

void vouch_keygen_print_safe(const char *text, const char *blanks) {
    mbstate_t state = {0};
    while (*text != '\0') {
        wchar_t wide = L'\0';
        size_t len = mbrtowc(&wide, text, MB_CUR_MAX, &state);
        if (len == (size_t)-1 || len == (size_t)-2) {
            state = (mbstate_t){0};
            len = 0;
        }
        if (len > 0 && (wcwidth(wide) >= 0 || strchr(blanks, *text) != NULL)) {
            (void)fwrite(text, 1, len, stdout);
            text += len;
            continue;
        }
        char shown[5];
        (void)fwrite(shown, 1, octal((unsigned char)*text, shown), stdout);
        text++;
    }
}

void vouch_keygen_print(const char *text) {
    if (isatty(STDOUT_FILENO)) {
        vouch_keygen_print_safe(text, "\t\n");
    } else {
        (void)fputs(text, stdout);
    }
}

const char *vouch_keygen_why(int err, const struct vouch_where *where) {
    static const struct {
        int err;
        const char *text;
    } words[] = {
        {VOUCH_ERR_NO_MEMORY, "memory allocation failed"},
        {VOUCH_ERR_TRUNCATED, "invalid format"},
        {VOUCH_ERR_TRAILING, "invalid format"},
        {VOUCH_ERR_FORMAT, "invalid format"},
        {VOUCH_ERR_LIMIT, "invalid format"},
        {VOUCH_ERR_ARGUMENT, "invalid argument"},
        {VOUCH_ERR_UNSUPPORTED, "unknown or unsupported key type"},
        {VOUCH_ERR_SIGNATURE, "incorrect signature"},
        {VOUCH_ERR_KEY_LENGTH, "Invalid key length"},
        {VOUCH_ERR_CERT_TYPE, "unknown/unsupported certificate type"},
        {VOUCH_ERR_CERT_CA, "invalid certificate signing key"},
        {VOUCH_ERR_PASSPHRASE, "incorrect passphrase supplied to decrypt private key"},
        {VOUCH_ERR_MISMATCH, "key type does not match"},
        {VOUCH_ERR_CRYPTO, "error in libcrypto"},
        {VOUCH_ERR_REFUSED, "agent refused operation"},
    };
    if (where != NULL && where->field == vouch_keygen_words) {
        return where->reason;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].err == err) {
            return words[i].text;
        }
    }
    return strerror(errno);
}

#define TIME_MAX 32

static void time_text(uint64_t time_s, char out[static TIME_MAX]) {
    time_t time = time_s > INT64_MAX ? (time_t)INT64_MAX : (time_t)time_s;
    struct tm parts;
    if (localtime_r(&time, &parts) == NULL ||
        strftime(out, TIME_MAX, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        (void)snprintf(out, TIME_MAX, "UNKNOWN-TIME");
    }
}

void vouch_keygen_validity_text(uint64_t valid_after, uint64_t valid_before,
                                char ret_text[static VOUCH_KEYGEN_VALIDITY_MAX]) {
    char from[TIME_MAX];
    char to[TIME_MAX];
    time_text(valid_after, from);
    time_text(valid_before, to);
    size_t size = VOUCH_KEYGEN_VALIDITY_MAX;
    if (valid_after == 0 && valid_before == VOUCH_CERT_FOREVER) {
        (void)snprintf(ret_text, size, "forever");
    } else if (valid_after == 0) {
        (void)snprintf(ret_text, size, "before %s", to);
    } else if (valid_before == VOUCH_CERT_FOREVER) {
        (void)snprintf(ret_text, size, "after %s", from);
    } else {
        (void)snprintf(ret_text, size, "from %s to %s", from, to);
    }
}
