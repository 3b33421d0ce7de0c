// SPDX-License-Identifier: ISC
// The file of a person's session: see session.h.
#include "prog/vouch/session.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "prog/vouch/home.h"

#define SESSION_MAX 8192
#define SECRET_MAX 128
#define SCHEMA "vouch.signed-in/1"

void vouch_session_done(struct vouch_session *session) {
    if (session != NULL) {
        free(session->url);
        free(session->user);
        vouch_secret_done(&session->secret);
        *session = (struct vouch_session){0};
    }
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

int vouch_session_path(char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    return vouch_home_path(&vouch_home_state, "/vouch/session", ret_path, fault);
}

// Reading

static const char *member(const json_t *json, const char *name) {
    return json_string_value(json_object_get(json, name));
}

static int is_secret(const char *text) {
    size_t len = strlen(text);
    return len > 7 && len <= SECRET_MAX && strncmp(text, "vouchs_", 7) == 0;
}

static int take_secret(const char *text, struct vouch_session *session) {
    if (text == NULL || text[0] == '\0') {
        return 0;
    }
    if (!is_secret(text)) {
        return VOUCH_ERR_FORMAT;
    }
    size_t len = strlen(text);
    int err = vouch_secret_new(len, &session->secret);
    if (err == 0) {
        memcpy(session->secret.ptr, text, len);
    }
    return err;
}

static int take(const json_t *json, struct vouch_session *session) {
    const char *schema = member(json, "schema"), *url = member(json, "url");
    const char *user = member(json, "user"), *ends = member(json, "ends");
    if (schema == NULL || strcmp(schema, SCHEMA) != 0 || url == NULL || user == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    session->url = strdup(url);
    session->user = strdup(user);
    if (session->url == NULL || session->user == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (ends != NULL && vouch_time_parse(vouch_bytes_of(ends), &session->ends_s) != 0) {
        return VOUCH_ERR_FORMAT;
    }
    return take_secret(member(json, "secret"), session);
}

// What jansson holds of the secret lies in the common heap: it is wiped before it goes back.
static void forget_json(json_t *json) {
    json_t *secret = json_object_get(json, "secret");
    if (json_is_string(secret)) {
        vouch_wipe((void *)(uintptr_t)json_string_value(secret), json_string_length(secret));
    }
    json_decref(json);
}

static int parse(const char *path, struct vouch_bytes text, struct vouch_session *session,
                 struct vouch_fault *fault) {
    json_t *json = text.len == 0
                       ? NULL
                       : json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    int err = take(json, session);
    forget_json(json);
    if (err == 0 || err == VOUCH_ERR_NO_MEMORY) {
        return err == 0 ? 0 : no_memory(fault);
    }
    vouch_fault_set(fault, err, &vouch_fault_input, "%s: is not the file of a session", path);
    return vouch_fault_next(fault, "remove it, and sign in again: vouch login");
}

int vouch_session_read(struct vouch_session *ret_session, struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_session session = {0};
    vouch_autosecret struct vouch_secret text = {0};
    int err = vouch_session_path(path, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_io_read_secret(path, SESSION_MAX, VOUCH_IO_PRIVATE, &text, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        (void)vouch_session_signed_out("any server", NULL, fault);
        return VOUCH_ERR_NOT_FOUND;
    }
    if (err == 0) {
        err = parse(path, vouch_secret_bytes(&text), &session, fault);
    }
    if (err != 0) {
        vouch_session_done(&session);
        return err;
    }
    *ret_session = session;
    return 0;
}

// Writing

// Quotes and backslashes are in none of the values: the URL was checked, the name is one of the policy.
static int is_plain(const char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x21 || (unsigned char)*text > 0x7e || *text == '"' ||
            *text == '\\') {
            return 0;
        }
    }
    return 1;
}

// In locked memory, which jansson's printing is not.
static int print(const struct vouch_session *session, struct vouch_buf *out) {
    char ends[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(session->ends_s, ends);
    if (!is_plain(session->url) || !is_plain(session->user)) {
        return VOUCH_ERR_FORMAT;
    }
    vouch_buf_put_text(out, "{\n  \"schema\": \"" SCHEMA "\",\n  \"url\": \"");
    vouch_buf_put_text(out, session->url);
    vouch_buf_put_text(out, "\",\n  \"user\": \"");
    vouch_buf_put_text(out, session->user);
    if (session->secret.len > 0) {
        vouch_buf_put_text(out, "\",\n  \"ends\": \"");
        vouch_buf_put_text(out, ends);
        vouch_buf_put_text(out, "\",\n  \"secret\": \"");
        vouch_buf_put(out, vouch_secret_bytes(&session->secret));
    }
    vouch_buf_put_text(out, "\"\n}\n");
    return out->err;
}

int vouch_session_write(const struct vouch_session *session, struct vouch_fault *fault) {
    char path[PATH_MAX];
    vouch_autosecret struct vouch_secret memory = {0};
    struct vouch_buf text;
    int err = vouch_session_path(path, fault);
    if (err == 0) {
        err = vouch_home_make_folders(path, fault);
    }
    if (err != 0) {
        return err;
    }
    if (vouch_secret_new(SESSION_MAX, &memory) != 0) {
        return no_memory(fault);
    }
    vouch_buf_init_fixed(&text, memory.ptr, memory.len);
    if (print(session, &text) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                               "%s: the server's address or the name cannot be written there",
                               path);
    }
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    return vouch_io_write(&file, vouch_buf_bytes(&text), fault);
}

int vouch_session_forget(struct vouch_fault *fault) {
    struct vouch_session session = {0};
    struct vouch_fault unused;
    int err = vouch_session_read(&session, &unused);
    if (err == 0 && session.secret.len > 0) {
        vouch_secret_done(&session.secret);
        err = vouch_session_write(&session, fault);
    } else if (err == VOUCH_ERR_FORMAT) {
        char path[PATH_MAX];
        err = vouch_session_path(path, fault);
        err = err == 0 && unlink(path) != 0 ? vouch_io_write_fault(path, fault) : err;
    } else if (err == VOUCH_ERR_NOT_FOUND) {
        err = 0;
    } else if (err != 0 && fault != NULL) {
        *fault = unused;
    }
    vouch_session_done(&session);
    return err;
}

int vouch_session_signed_out(const char *where, const char *why, struct vouch_fault *fault) {
    vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_signed_out, "not signed in to %s%s%s",
                    where, why != NULL ? ": " : "", why != NULL ? why : "");
    (void)vouch_fault_next(fault, "vouch login");
    return VOUCH_ERR_PASSPHRASE;
}
