// SPDX-License-Identifier: ISC
// What we write into sshd's configuration.
#include "host/sshd-conf.h"

#include <ctype.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>

#include "base/str.h"

#define BLOCK_BEGIN "# >>> vouch-host: this block is its own, changes in it are lost\n"
#define BLOCK_END "# <<< vouch-host\n"
#define OUR_FOLDER "/etc/ssh/vouch"

// --- settings

// Nonzero if sshd reads the path as it stands, without quotes and percent signs.
static int is_plain_path(struct vouch_bytes path) {
    for (size_t i = 0; i < path.len; i++) {
        if (!isalnum(path.ptr[i]) &&
            (path.ptr[i] == '\0' || strchr("/._-+@,:", path.ptr[i]) == NULL)) {
            return 0;
        }
    }
    return 1;
}

static int is_plain(const struct vouch_sshd_wish *wish) {
    if (!is_plain_path(vouch_bytes_of(wish->prefix))) {
        return 0;
    }
    for (size_t i = 0; i < wish->host_certs.count; i++) {
        if (!is_plain_path(wish->host_certs.items[i])) {
            return 0;
        }
    }
    return 1;
}

static void put_path(const struct vouch_sshd_wish *wish, const char *word, const char *path,
                     struct vouch_buf *out) {
    vouch_buf_put_text(out, word);
    vouch_buf_put_text(out, " ");
    vouch_buf_put_text(out, wish->prefix);
    vouch_buf_put_text(out, OUR_FOLDER);
    vouch_buf_put_text(out, path);
    vouch_buf_put_text(out, "\n");
}

static void put_all(const struct vouch_sshd_wish *wish, const char *const words[static 5],
                    struct vouch_buf *out) {
    put_path(wish, words[0], "/user_ca.pub", out);
    if (wish->by_login == 0) {
        put_path(wish, words[1], "/principals/%u", out);
    }
    put_path(wish, words[2], "/revoked.krl", out);
    for (size_t i = 0; i < wish->host_certs.count; i++) {
        vouch_buf_put_text(out, words[3]);
        vouch_buf_put_text(out, " ");
        vouch_buf_put(out, wish->host_certs.items[i]);
        vouch_buf_put_text(out, "\n");
    }
    if (wish->log == VOUCH_APPLY_LOG_VERBOSE) {
        vouch_buf_put_text(out, words[4]);
        vouch_buf_put_text(out, " VERBOSE\n");
    }
}

int vouch_sshd_conf_build(const struct vouch_sshd_wish *wish, struct vouch_buf *out) {
    static const char *const words[5] = {"TrustedUserCAKeys", "AuthorizedPrincipalsFile",
                                         "RevokedKeys", "HostCertificate", "LogLevel"};
    if (!is_plain(wish)) {
        return VOUCH_ERR_ARGUMENT;
    }
    vouch_buf_put_text(out,
                       "# written by vouch-host; changes are lost. vouch-host leave undoes it\n");
    if (wish->log == VOUCH_APPLY_LOG_VERBOSE) {
        vouch_buf_put_text(out, "# LogLevel: so that a refused certificate is named in the log\n");
    }
    put_all(wish, words, out);
    return out->err;
}

int vouch_sshd_conf_proof(const struct vouch_sshd_wish *wish, struct vouch_buf *out) {
    static const char *const words[5] = {"trustedusercakeys", "authorizedprincipalsfile",
                                         "revokedkeys", "hostcertificate", "loglevel"};
    if (!is_plain(wish)) {
        return VOUCH_ERR_ARGUMENT;
    }
    put_all(wish, words, out);
    return out->err;
}

// --- where they go

static struct vouch_bytes take_word(struct vouch_bytes *line) {
    size_t len = 0;
    *line = vouch_str_trim(*line);
    int quoted = line->len > 0 && line->ptr[0] == '"';
    if (quoted) {
        line->ptr++;
        line->len--;
    }
    while (len < line->len &&
           (quoted ? line->ptr[len] != '"' : strchr(" \t=", line->ptr[len]) == NULL)) {
        len++;
    }
    struct vouch_bytes word = {line->ptr, len};
    size_t skip = len < line->len ? len + 1 : len;
    *line = (struct vouch_bytes){line->ptr + skip, line->len - skip};
    return word;
}

static int is_keyword(struct vouch_bytes word, const char *keyword) {
    return word.len == strlen(keyword) &&
           strncasecmp((const char *)word.ptr, keyword, word.len) == 0;
}

static int is_ours(struct vouch_bytes word) {
    return is_keyword(word, "trustedusercakeys") || is_keyword(word, "authorizedprincipalsfile") ||
           is_keyword(word, "revokedkeys") || is_keyword(word, "loglevel");
}

// Nonzero if one of the patterns of an Include covers the path. Relative ones lie in /etc/ssh.
static int covers(struct vouch_bytes patterns, const char *path) {
    while (patterns.len > 0) {
        char pattern[PATH_MAX];
        struct vouch_bytes word = take_word(&patterns);
        if (word.len == 0 || word.ptr[0] == '#') {
            continue;
        }
        const char *folder = word.ptr[0] == '/' ? "" : "/etc/ssh/";
        if (snprintf(pattern, sizeof pattern, "%s%.*s", folder, (int)word.len,
                     (const char *)word.ptr) < (int)sizeof pattern &&
            fnmatch(pattern, path, FNM_PATHNAME) == 0) {
            return 1;
        }
    }
    return 0;
}

int vouch_sshd_conf_includes(struct vouch_bytes config, const char *path) {
    while (config.ptr != NULL) {
        struct vouch_bytes line = vouch_str_trim(vouch_str_cut(&config, '\n'));
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        struct vouch_bytes word = take_word(&line);
        if (is_keyword(word, "match") || is_ours(word)) {
            return 0;
        }
        if (is_keyword(word, "include") && covers(line, path)) {
            return 1;
        }
    }
    return 0;
}

void vouch_sshd_conf_put_block(struct vouch_bytes config, struct vouch_bytes block,
                               struct vouch_buf *out) {
    vouch_buf_put_text(out, BLOCK_BEGIN);
    vouch_buf_put(out, block);
    vouch_buf_put_text(out, BLOCK_END);
    (void)vouch_sshd_conf_take_block(config, out);
}

static const uint8_t *find_text(struct vouch_bytes in, const char *text) {
    return in.len > 0 ? memmem(in.ptr, in.len, text, strlen(text)) : NULL;
}

int vouch_sshd_conf_take_block(struct vouch_bytes config, struct vouch_buf *out) {
    const uint8_t *begin = find_text(config, BLOCK_BEGIN);
    if (begin == NULL) {
        vouch_buf_put(out, config);
        return 0;
    }
    struct vouch_bytes before = {config.ptr, (size_t)(begin - config.ptr)};
    struct vouch_bytes rest = {begin, config.len - before.len};
    const uint8_t *end = find_text(rest, BLOCK_END);
    vouch_buf_put(out, before);
    // Without its end nobody knows how far the block goes: only its first line is taken away.
    const char *last = end != NULL ? BLOCK_END : BLOCK_BEGIN;
    size_t len = (size_t)((end != NULL ? end : begin) - begin) + strlen(last);
    vouch_buf_put(out, (struct vouch_bytes){begin + len, rest.len - len});
    return 1;
}
