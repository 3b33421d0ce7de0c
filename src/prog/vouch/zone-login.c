// SPDX-License-Identifier: ISC
// What was asked for at login: see zone-login.h.
#include "prog/vouch/zone-login.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/cert-out.h"
#include "prog/vouch/granted.h"
#include "prog/vouch/load.h"
#include "prog/vouch/once.h"
#include "prog/vouch/trust.h"

#define LOGIN_MAX 65536
#define KEY_LINE_MAX 32768
#define CERT_LINE_MAX (512u * 1024)
#define HOOK_RENEWS_S 600

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// login.json

static int parse(struct vouch_bytes text, const char *path, json_t **ret_login,
                 struct vouch_fault *fault) {
    json_t *json = text.len == 0
                       ? NULL
                       : json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    const char *schema = vouch_answer_text(json, "schema");
    if (schema == NULL || strcmp(schema, VOUCH_ZONE_LOGIN_SCHEMA) != 0 ||
        vouch_answer_text(json, "zone") == NULL) {
        json_decref(json);
        vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                        "%s: does not say how the login was asked for", path);
        return vouch_fault_next(fault, "vouch login");
    }
    *ret_login = json;
    return 0;
}

int vouch_zone_login_read(const struct vouch_zone_dir *dir, struct json_t **ret_login,
                          struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_buf text;
    int err = vouch_zone_dir_file(dir, "login.json", path, fault);
    vouch_buf_init(&text, LOGIN_MAX);
    if (err == 0) {
        err = vouch_io_read(path, LOGIN_MAX, &text, fault);
    }
    if (err == 0) {
        err = parse(vouch_buf_bytes(&text), path, ret_login, fault);
    }
    vouch_buf_done(&text);
    return err;
}

int vouch_zone_login_write(const struct vouch_zone_dir *dir, const struct json_t *login,
                           struct vouch_fault *fault) {
    vouch_autofree char *text = json_dumps(login, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    vouch_autofree char *line = NULL;
    if (text == NULL || asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
        return no_memory(fault);
    }
    return vouch_zone_dir_put(dir, "login.json", vouch_bytes_of(line), fault);
}

static int is_pattern(const char *text) {
    size_t len = strlen(text);
    return len > 0 && len < 256 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:*?") ==
               len &&
           text[0] != '-' && strspn(text, "*?.") < len;
}

int vouch_zone_login_patterns(const struct json_t *login, struct vouch_buf *out,
                              struct vouch_fault *fault) {
    const json_t *list = json_object_get(login, "patterns");
    const char *zone = vouch_answer_text(login, "zone");
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++) {
        const char *pattern = json_string_value(json_array_get(list, i));
        if (pattern == NULL || !is_pattern(pattern)) {
            return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_server_answer,
                                   "zone %s: its pattern \"%s\" is not one that may stand in "
                                   "ssh's files",
                                   zone, pattern != NULL ? pattern : "");
        }
        vouch_buf_put_text(out, i > 0 ? "," : "");
        vouch_buf_put_text(out, pattern);
    }
    if (count == 0 || out->err != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_server_answer,
                               "zone %s: it has %s", zone,
                               count == 0 ? "no patterns" : "too many patterns");
    }
    return 0;
}

// Asking

static int copy_member(json_t *body, const char *member, const json_t *from) {
    json_t *value = json_object_get(from, member);
    return value == NULL ? 0 : json_object_set(body, member, value);
}

char *vouch_zone_login_body(const struct json_t *login, const struct vouch_key *key,
                            uint64_t trust_version) {
    struct vouch_buf line;
    json_t *body = json_object();
    vouch_buf_init(&line, KEY_LINE_MAX);
    vouch_key_print(key, NULL, &line);
    int bad = line.err != 0 || copy_member(body, "zone", login) != 0 ||
              copy_member(body, "roles", login) != 0 || copy_member(body, "ttl_s", login) != 0 ||
              copy_member(body, "reason", login) != 0 ||
              json_object_set_new(body, "public_key",
                                  json_stringn((const char *)line.ptr, line.len)) != 0;
    if (!bad && trust_version != 0) {
        bad = json_object_set_new(body, "trust_version",
                                  json_sprintf("%llu", (unsigned long long)trust_version)) != 0;
    }
    char *text = bad ? NULL : json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII);
    vouch_buf_done(&line);
    json_decref(body);
    return text;
}

int vouch_zone_login_check(struct vouch_reach *reach, const struct vouch_cert *cert,
                           const struct vouch_key *key, uint64_t ttl_s, struct vouch_fault *fault) {
    const struct vouch_key *ca = NULL;
    int err = vouch_trust_issuer(reach, cert, &ca, fault);
    if (err != 0) {
        return err;
    }
    // Logins, options and a shorter time are the policy's to choose.
    struct vouch_granted_wish wish = vouch_granted_same(cert, ca, vouch_time_now_s());
    wish.type = VOUCH_CERT_USER;
    wish.key = key;
    wish.key_id = vouch_bytes_of(reach->session.user);
    err = vouch_granted_check(cert, &wish, "certificate", fault);
    if (err == 0 && ttl_s != 0 &&
        cert->valid_before - cert->valid_after > ttl_s + VOUCH_GRANTED_BACKDATE_S) {
        err = vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_not_asked,
                              "certificate: the server granted something else: it is valid for "
                              "longer than the %llu s that were asked for",
                              (unsigned long long)ttl_s);
    }
    return err;
}

static int load_key(const struct vouch_zone_dir *dir, const json_t *login,
                    struct vouch_key **ret_key, struct vouch_fault *fault) {
    const char *path = vouch_answer_text(login, "key");
    return path != NULL ? vouch_load_key(path, ret_key, NULL, fault)
                        : vouch_zone_dir_key(dir, ret_key, fault);
}

// Nonzero if the file holds a certificate that may be replaced: one by a key of this server's.
static int is_ours(struct vouch_reach *reach, const char *path) {
    struct vouch_cert_list list = {0};
    struct vouch_fault unused;
    const struct vouch_key *ca = NULL;
    int is_it = vouch_load_certs(path, &list, &unused) == 0 &&
                vouch_trust_issuer(reach, list.certs[0].cert, &ca, &unused) == 0 &&
                vouch_key_equal(list.certs[0].cert->ca, ca);
    vouch_cert_list_done(&list);
    return is_it;
}

// Beside a key of the person's own: where `ssh -i KEY` finds it. A certificate by another CA that is
// there already stays.
static int put_beside(struct vouch_reach *reach, const char *key_path,
                      const struct vouch_cert *cert, struct vouch_fault *fault) {
    struct stat status;
    vouch_autofree char *path = vouch_cert_out_path(key_path);
    struct vouch_buf line;
    if (path == NULL) {
        return no_memory(fault);
    }
    if (lstat(path, &status) == 0 && !is_ours(reach, path)) {
        vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists,
                        "%s: exists already, and is not of this CA", path);
        return vouch_fault_next(fault, "move it away, or take another key with --key");
    }
    vouch_buf_init(&line, CERT_LINE_MAX);
    vouch_cert_print(cert->blob, NULL, &line);
    vouch_buf_put_text(&line, "\n");
    const struct vouch_io_file file = {.path = path, .mode = 0644, .existing = VOUCH_IO_REPLACE};
    int err =
        line.err != 0 ? no_memory(fault) : vouch_io_write(&file, vouch_buf_bytes(&line), fault);
    vouch_buf_done(&line);
    return err;
}

static int take(struct vouch_reach *reach, const struct vouch_zone_dir *dir, const json_t *login,
                const struct vouch_key *key, const json_t *answer, struct vouch_cert **ret_cert,
                struct vouch_fault *fault) {
    struct vouch_cert *cert = NULL;
    const char *beside = vouch_answer_text(login, "key");
    json_int_t ttl_s = json_integer_value(json_object_get(login, "ttl_s"));
    int err = vouch_granted_read(vouch_answer_text(answer, "certificate"),
                                 vouch_answer_u64(answer, "serial"), dir->zone, &cert, fault);
    if (err == 0) {
        err = vouch_zone_login_check(reach, cert, key, ttl_s > 0 ? (uint64_t)ttl_s : 0, fault);
    }
    if (err == 0 && beside != NULL) {
        err = put_beside(reach, beside, cert, fault);
    }
    if (err == 0) {
        err = vouch_zone_dir_put_cert(dir, "id-cert.pub", cert, fault);
    }
    if (err != 0) {
        vouch_cert_free(cert);
        return err;
    }
    *ret_cert = cert;
    return 0;
}

static int ask_for(struct vouch_reach *reach, const json_t *login, const struct vouch_key *key,
                   json_t **ret_answer, struct vouch_fault *fault) {
    char once[VOUCH_ONCE_MAX];
    vouch_autofree char *body = vouch_zone_login_body(login, key, vouch_trust_kept(reach));
    if (body == NULL) {
        return no_memory(fault);
    }
    vouch_once_make(once);
    const struct vouch_api_ask ask = {
        .method = VOUCH_API_POST, .path = "/v1/access", .body = body, .once = once};
    return vouch_api_ask_json(reach->api, &ask, "vouch.cert/1", ret_answer, fault);
}

int vouch_zone_login_get(struct vouch_reach *reach, const struct vouch_zone_dir *dir,
                         const struct json_t *login, struct vouch_cert **ret_cert,
                         struct json_t **ret_answer, struct vouch_fault *fault) {
    struct vouch_key *key = NULL;
    json_t *answer = NULL;
    if (reach->by != VOUCH_BY_SESSION) {
        return vouch_session_signed_out(dir->zone, NULL, fault);
    }
    int err = vouch_reach_keys(reach, fault);
    if (err == 0) {
        err = load_key(dir, login, &key, fault);
    }
    if (err == 0) {
        err = ask_for(reach, login, key, &answer, fault);
    }
    if (err == 0) {
        err = take(reach, dir, login, key, answer, ret_cert, fault);
    }
    if (err == 0 && ret_answer != NULL) {
        *ret_answer = vouch_steal(answer);
    }
    json_decref(answer);
    vouch_key_free(key);
    return err;
}

enum vouch_zone_freshness vouch_zone_login_freshness(const struct vouch_cert *cert,
                                                     uint64_t now_s) {
    if (cert == NULL || now_s < cert->valid_after || now_s >= cert->valid_before) {
        return VOUCH_ZONE_NONE;
    }
    uint64_t left_s = cert->valid_before - now_s;
    uint64_t third_s = (cert->valid_before - cert->valid_after) / 3;
    if (left_s >= third_s) {
        return VOUCH_ZONE_FRESH;
    }
    return left_s < HOOK_RENEWS_S ? VOUCH_ZONE_LATE : VOUCH_ZONE_DUE;
}
