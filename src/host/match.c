// SPDX-License-Identifier: ISC
// Reading Match blocks: see match.h. A block goes up to the next Match or the end of its file; a file that
// is included from within a block counts as part of it.
#include "host/match.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <strings.h>

#include "base/str.h"

#define DEPTH_MAX 16 // as sshd has it
#define FILES_MAX 256

struct scan {
    struct vouch_work *work;
    struct vouch_matches *matches;
    size_t files;
    int depth;
    const char *path;            // of the file that is read
    struct vouch_bytes criteria; // of the block it is in; empty: in none
};

static void scan_file(struct scan *scan, const char *path, struct vouch_bytes criteria);

static struct vouch_bytes copy(struct scan *scan, struct vouch_bytes text) {
    const char *made = vouch_work_copy(scan->work, text);
    return made != NULL ? (struct vouch_bytes){(const uint8_t *)made, text.len}
                        : (struct vouch_bytes){0};
}

static int is_word(struct vouch_bytes word, const char *name) {
    return word.len == strlen(name) && strncasecmp((const char *)word.ptr, name, word.len) == 0;
}

// "Keyword value", "Keyword=value" and `"Keyword" value` alike.
static struct vouch_bytes take_keyword(struct vouch_bytes *line) {
    size_t len = 0;
    while (len < line->len && strchr(" \t=\"", line->ptr[len]) == NULL) {
        len++;
    }
    struct vouch_bytes word = {line->ptr, len};
    while (len < line->len && strchr(" \t=\"", line->ptr[len]) != NULL) {
        len++;
    }
    *line = vouch_str_trim((struct vouch_bytes){line->ptr + len, line->len - len});
    return word;
}

static const char *decides(struct vouch_bytes word) {
    static const char *const words[] = {"trustedusercakeys",        "revokedkeys",
                                        "authorizedprincipalsfile", "authorizedprincipalscommand",
                                        "authorizedkeyscommand",    "authenticationmethods",
                                        "pubkeyauthentication",     "pubkeyacceptedalgorithms",
                                        "casignaturealgorithms"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(word, words[i])) {
            return words[i];
        }
    }
    return NULL;
}

// What says the same as our own setting overrides nothing.
static int is_ours(const struct scan *scan, const char *keyword, struct vouch_bytes value) {
    static const struct {
        const char *keyword, *path;
    } ours[] = {{"trustedusercakeys", VOUCH_WORK_USER_CA},
                {"revokedkeys", VOUCH_WORK_KRL},
                {"authorizedprincipalsfile", VOUCH_WORK_PRINCIPALS "/%u"}};
    if (strcmp(keyword, "pubkeyauthentication") == 0) {
        return is_word(value, "yes");
    }
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        char real[PATH_MAX];
        if (strcmp(keyword, ours[i].keyword) == 0 &&
            vouch_root_path(scan->work->root, ours[i].path, real, NULL) == VOUCH_OK) {
            return vouch_bytes_equal(value, vouch_bytes_of(real));
        }
    }
    return 0;
}

static void note(struct scan *scan, uint64_t number, const char *keyword,
                 struct vouch_bytes value) {
    struct vouch_matches *matches = scan->matches;
    if (matches->count < VOUCH_MATCH_MAX && !is_ours(scan, keyword, value)) {
        matches->rows[matches->count++] = (struct vouch_match_found){
            .file = vouch_bytes_of(scan->path),
            .line = number,
            .criteria = scan->criteria,
            .keyword = vouch_bytes_of(keyword),
            .value = copy(scan, value),
        };
    }
}

// Relative patterns lie in /etc/ssh, as sshd has it.
static void include_one(struct scan *scan, struct vouch_bytes pattern) {
    char real[PATH_MAX];
    glob_t found = {0};
    const int is_absolute = pattern.len > 0 && pattern.ptr[0] == '/';
    int len = snprintf(real, sizeof real, "%s%s%.*s", is_absolute ? "" : scan->work->root->prefix,
                       is_absolute ? "" : "/etc/ssh/", (int)pattern.len, (const char *)pattern.ptr);
    if (pattern.len == 0 || len < 0 || len >= (int)sizeof real ||
        glob(real, 0, NULL, &found) != 0) {
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = vouch_root_within(scan->work->root, found.gl_pathv[i]);
        const char *kept = path != NULL ? vouch_work_copy(scan->work, vouch_bytes_of(path)) : NULL;
        if (kept != NULL) {
            scan_file(scan, kept, scan->criteria);
        }
    }
    globfree(&found);
}

static void include_all(struct scan *scan, struct vouch_bytes patterns) {
    while (patterns.len > 0) {
        include_one(scan, take_keyword(&patterns));
    }
}

static void scan_line(struct scan *scan, uint64_t number, struct vouch_bytes line) {
    line = vouch_str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#') {
        return;
    }
    struct vouch_bytes word = take_keyword(&line);
    const char *keyword = decides(word);
    if (is_word(word, "match")) {
        scan->criteria = copy(scan, line);
    } else if (is_word(word, "include")) {
        include_all(scan, line);
    } else if (keyword != NULL && scan->criteria.len > 0) {
        note(scan, number, keyword, line);
    }
}

static void scan_file(struct scan *scan, const char *path, struct vouch_bytes criteria) {
    struct vouch_bytes text = {0};
    struct scan own = *scan;
    own.path = path;
    own.criteria = criteria;
    own.depth++;
    own.files++;
    if (own.depth > DEPTH_MAX || own.files > FILES_MAX ||
        vouch_work_read(scan->work, path, VOUCH_WORK_CONF_MAX, &text, NULL) != VOUCH_OK) {
        return;
    }
    for (uint64_t number = 1; text.ptr != NULL; number++) {
        scan_line(&own, number, vouch_str_cut(&text, '\n'));
    }
    scan->files = own.files;
}

void vouch_match_scan(struct vouch_work *work, struct vouch_matches *ret_matches) {
    *ret_matches = (struct vouch_matches){0};
    struct scan scan = {.work = work, .matches = ret_matches};
    scan_file(&scan, work->conf.sshd_config, (struct vouch_bytes){0});
}
