// SPDX-License-Identifier: ISC
// Every key in the authorized_keys files of all accounts: see scan.h.
#include "host/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "vouch/key.h"

#define PATH_LEN 4096
#define PATTERNS_MAX 16

#define autobuf VOUCH_CLEANUP(vouch_buf_done)

// ----- a line

// The length of the options at the front: up to a blank outside of quotes.
static size_t options_len(struct vouch_bytes line) {
    int is_quoted = 0;
    size_t at = 0;
    while (at < line.len && (is_quoted || (line.ptr[at] != ' ' && line.ptr[at] != '\t'))) {
        if (line.ptr[at] == '\\' && at + 1 < line.len && line.ptr[at + 1] == '"') {
            at++;
        } else if (line.ptr[at] == '"') {
            is_quoted = !is_quoted;
        }
        at++;
    }
    return at;
}

static int has_cert_authority(struct vouch_bytes options) {
    static const char name[] = "cert-authority";
    int is_quoted = 0;
    size_t begin = 0;
    for (size_t at = 0; at <= options.len; at++) {
        if (at == options.len || (!is_quoted && options.ptr[at] == ',')) {
            if (at - begin == sizeof name - 1 &&
                strncasecmp((const char *)options.ptr + begin, name, sizeof name - 1) == 0) {
                return 1;
            }
            begin = at + 1;
        } else if (options.ptr[at] == '\\' && at + 1 < options.len && options.ptr[at + 1] == '"') {
            at++;
        } else if (options.ptr[at] == '"') {
            is_quoted = !is_quoted;
        }
    }
    return 0;
}

static void set_fingerprint(struct vouch_bytes blob, struct vouch_scan_row *row) {
    char text[VOUCH_FINGERPRINT_MAX];
    struct vouch_key *key = NULL;
    row->fingerprint[0] = '\0';
    if (vouch_key_parse(blob, &key, NULL) == VOUCH_OK) {
        vouch_key_fingerprint(key, VOUCH_HASH_SHA256, text);
        (void)snprintf(row->fingerprint, sizeof row->fingerprint, "%s", text);
        vouch_key_free(key);
    }
}

// "TYPE BASE64[ COMMENT]"
static int read_key(struct vouch_bytes line, struct vouch_scan_row *row) {
    autobuf struct vouch_buf blob = {0};
    struct vouch_bytes comment = {0};
    struct vouch_bytes rest = line;
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX * 2);
    if (vouch_key_line_decode(line, &blob, &comment, NULL) != VOUCH_OK) {
        return 0;
    }
    vouch_str_escape_to(vouch_str_cut(&rest, ' '), row->type, sizeof row->type);
    vouch_str_escape_to(comment, row->comment, sizeof row->comment);
    set_fingerprint(vouch_buf_bytes(&blob), row);
    return 1;
}

int vouch_scan_line(struct vouch_bytes line, struct vouch_scan_row *row, int *ret_is_odd) {
    line = vouch_str_trim(line);
    *ret_is_odd = 0;
    if (line.len == 0 || line.ptr[0] == '#') {
        return 0;
    }
    row->options[0] = '\0';
    row->is_ca = 0;
    if (read_key(line, row)) {
        return 1;
    }
    struct vouch_bytes options = {line.ptr, options_len(line)};
    struct vouch_bytes rest = {line.ptr + options.len, line.len - options.len};
    if (read_key(vouch_str_trim(rest), row)) {
        vouch_str_escape_to(options, row->options, sizeof row->options);
        row->is_ca = has_cert_authority(options);
        return 1;
    }
    *ret_is_odd = 1;
    return 0;
}

// ----- a file

__attribute__((format(printf, 2, 3))) static int tell(const struct vouch_scan *scan,
                                                      const char *format, ...) {
    char text[PATH_LEN + 256];
    char shown[PATH_LEN + 256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    vouch_str_escape_to(vouch_bytes_of(text), shown, sizeof shown);
    return scan->problem(scan->context, shown);
}

static int scan_text(const struct vouch_scan *scan, const char *account, const char *path,
                     struct vouch_bytes text) {
    struct vouch_scan_row row = {.account = account, .path = path};
    uint64_t odd = 0;
    while (text.ptr != NULL) {
        int is_odd = 0;
        row.line++;
        if (vouch_scan_line(vouch_str_cut(&text, '\n'), &row, &is_odd)) {
            row.used_s = vouch_login_used_s(scan->used, account, row.fingerprint);
            if (scan->row(scan->context, &row) != 0) {
                return 1;
            }
        }
        odd += is_odd != 0;
    }
    return odd > 0 ? tell(scan, "%s: %llu lines are no keys", path, (unsigned long long)odd) : 0;
}

// Of a user: no link, no pipe that waits for ever, no more than its bound. 0, or the number of the error.
static int read_regular(const char *path, struct vouch_buf *text) {
    uint8_t chunk[16384];
    struct stat stat;
    vouch_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &stat) != 0) {
        return errno;
    }
    if (!S_ISREG(stat.st_mode)) {
        return EINVAL;
    }
    for (;;) {
        ssize_t len = read(fd, chunk, sizeof chunk);
        if (len <= 0) {
            return len == 0 ? 0 : errno;
        }
        vouch_buf_put(text, (struct vouch_bytes){chunk, (size_t)len});
        if (text->err != VOUCH_OK) {
            return EFBIG;
        }
    }
}

static int scan_file(const struct vouch_scan *scan, const char *account, const char *path) {
    autobuf struct vouch_buf text = {0};
    char whole[PATH_LEN * 2];
    (void)snprintf(whole, sizeof whole, "%s%s", scan->root[1] == '\0' ? "" : scan->root, path);
    vouch_buf_init(&text, VOUCH_SCAN_FILE_MAX);
    int number = read_regular(whole, &text);
    if (number == ENOENT || number == ENOTDIR) {
        return 0;
    }
    if (number != 0) {
        return tell(scan, "%s: cannot be looked through: %s", path,
                    number == ELOOP ? "it is a link" : strerror(number));
    }
    return scan_text(scan, account, path, vouch_buf_bytes(&text));
}

// ----- accounts

struct patterns {
    char texts[PATTERNS_MAX][512];
    size_t count;
};

static void read_words(struct vouch_bytes line, struct patterns *patterns) {
    while (line.ptr != NULL) {
        struct vouch_bytes word = vouch_str_cut(&line, ' ');
        if (patterns->count < PATTERNS_MAX && word.len > 0 &&
            word.len < sizeof patterns->texts[0] &&
            !vouch_bytes_equal(word, vouch_bytes_of("none"))) {
            char *text = patterns->texts[patterns->count++];
            memcpy(text, word.ptr, word.len);
            text[word.len] = '\0';
        }
    }
}

// "authorizedkeysfile PATTERN PATTERN...", once for each pattern or with all of them.
static int read_patterns(const struct vouch_scan *scan, struct patterns *ret_patterns) {
    int is_over = 0;
    for (size_t i = 0; i < scan->setting_count; i++) {
        struct vouch_bytes line = vouch_str_trim(scan->settings[i]);
        char name[32];
        vouch_str_escape_to(vouch_str_cut(&line, ' '), name, sizeof name);
        if (strcasecmp(name, "authorizedkeysfile") == 0) {
            read_words(line, ret_patterns);
        } else if (strcasecmp(name, "authorizedkeyscommand") == 0 &&
                   !vouch_bytes_equal(line, vouch_bytes_of("none"))) {
            is_over |=
                tell(scan, "sshd also asks a program for keys (AuthorizedKeysCommand): those "
                           "are not in this list");
        }
    }
    return is_over;
}

// sshd's tokens; what does not begin with "/" is below the home. Nonzero if the path fits.
static int expand(const char *pattern, const struct passwd *account, char *ret_path) {
    struct vouch_buf path;
    char number[24];
    (void)snprintf(number, sizeof number, "%u", (unsigned)account->pw_uid);
    vouch_buf_init_fixed(&path, ret_path, PATH_LEN - 1);
    if (pattern[0] != '/' && strncmp(pattern, "%h", 2) != 0) {
        vouch_buf_put_text(&path, account->pw_dir);
        vouch_buf_put_text(&path, "/");
    }
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at != '%' || at[1] == '\0') {
            vouch_buf_put(&path, (struct vouch_bytes){(const uint8_t *)at, 1});
            continue;
        }
        at++;
        vouch_buf_put_text(&path, *at == 'h'   ? account->pw_dir
                                  : *at == 'u' ? account->pw_name
                                  : *at == 'U' ? number
                                               : "%");
    }
    ret_path[path.len] = '\0';
    return path.err == VOUCH_OK && ret_path[0] == '/';
}

static int scan_account(const struct vouch_scan *scan, const struct patterns *patterns,
                        const struct passwd *account) {
    for (size_t i = 0; i < patterns->count; i++) {
        char path[PATH_LEN];
        if (expand(patterns->texts[i], account, path) &&
            scan_file(scan, account->pw_name, path) != 0) {
            return 1;
        }
    }
    return 0;
}

static int scan_system(const struct vouch_scan *scan, const struct patterns *patterns) {
    int count = 0;
    int is_over = 0;
    setpwent();
    for (const struct passwd *account = getpwent();
         account != NULL && !is_over && count < VOUCH_SCAN_ACCOUNTS_MAX; account = getpwent()) {
        is_over = scan_account(scan, patterns, account);
        count++;
    }
    endpwent();
    return count;
}

static int scan_folder(const struct vouch_scan *scan, const struct patterns *patterns) {
    char path[PATH_LEN];
    int count = 0;
    (void)snprintf(path, sizeof path, "%s/etc/passwd", scan->root);
    vouch_autofclose FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    for (const struct passwd *account = fgetpwent(file);
         account != NULL && count < VOUCH_SCAN_ACCOUNTS_MAX; account = fgetpwent(file)) {
        count++;
        if (scan_account(scan, patterns, account)) {
            break;
        }
    }
    return count;
}

int vouch_scan_accounts(const struct vouch_scan *scan, struct vouch_fault *fault) {
    struct patterns patterns = {0};
    if (read_patterns(scan, &patterns) != 0) {
        return VOUCH_OK;
    }
    int count = scan->root[1] == '\0' ? scan_system(scan, &patterns) : scan_folder(scan, &patterns);
    return count > 0 ? VOUCH_OK
                     : vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_scan,
                                       "%s: no account was found", scan->root);
}
