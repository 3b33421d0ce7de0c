// SPDX-License-Identifier: ISC
// A dry run of access: see access-preview.h.
#include "prog/vouch/access-preview.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/load.h"

#define APPROVAL_MAX 600

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// The key

static int make_key(struct vouch_key **ret_key, struct vouch_fault *fault) {
    struct vouch_private_key *made = NULL;
    struct vouch_where where = {0};
    int err = vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &made);
    if (err == 0) {
        err = vouch_key_parse(vouch_key_blob(vouch_private_key_public(made)), ret_key, &where);
    }
    vouch_private_key_free(made);
    return err == 0
               ? 0
               : vouch_fault_set(fault, err, &vouch_fault_internal,
                                 "a key for the dry run cannot be made: %s", vouch_err_text(err));
}

int vouch_preview_key(const struct vouch_zone_dir *dir, const char *path,
                      struct vouch_key **ret_key, struct vouch_fault *fault) {
    char own[PATH_MAX];
    if (path != NULL) {
        return vouch_load_key(path, ret_key, NULL, fault);
    }
    int err = vouch_zone_dir_file(dir, "id", own, fault);
    if (err != 0) {
        return err;
    }
    return access(own, F_OK) == 0 ? vouch_zone_dir_key(dir, ret_key, fault)
                                  : make_key(ret_key, fault);
}

// Asking

static char *dry_body(const char *body) {
    json_t *json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    int bad = json == NULL || json_object_set_new(json, "dry_run", json_true()) != 0;
    char *text = bad ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(json);
    return text;
}

// A "no" by the policy, as a row. Anything else stays a failure.
static json_t *refusal(const struct vouch_fault *why) {
    return json_pack("{s:s, s:{s:s, s:s, s:s}}", "verdict", "refused", "refused", "code",
                     why->kind->code, "detail", why->text, "next",
                     why->next[0] != '\0' ? why->next : why->kind->fix);
}

static int is_no(int err) {
    return err == VOUCH_ERR_REFUSED || err == VOUCH_ERR_EXISTS;
}

static json_t *grant(const json_t *answer) {
    json_t *row = json_object();
    const char *verdict =
        json_integer_value(json_object_get(answer, "missing")) > 0 ? "pending" : "granted";
    if (json_object_set_new(row, "verdict", json_string(verdict)) != 0 ||
        json_object_update(row, (json_t *)(uintptr_t)answer) != 0 ||
        json_object_del(row, "schema") != 0) {
        json_decref(row);
        return NULL;
    }
    return row;
}

int vouch_preview_ask(struct vouch_reach *reach, const char *zone, const char *body,
                      struct json_t *rows, struct vouch_fault *fault) {
    struct vouch_fault why = {0};
    json_t *answer = NULL;
    vouch_autofree char *dry = dry_body(body);
    if (dry == NULL) {
        return no_memory(fault);
    }
    const struct vouch_api_ask ask = {.method = VOUCH_API_POST, .path = "/v1/access", .body = dry};
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.access-preview/1", &answer, &why);
    if (err != 0 && !is_no(err)) {
        *fault = why;
        return err;
    }
    json_t *row = err != 0 ? refusal(&why) : grant(answer);
    json_decref(answer);
    json_t *whole = json_pack("{s:s}", "zone", zone);
    int bad =
        row == NULL || json_object_update(whole, row) != 0 || json_array_append(rows, whole) != 0;
    json_decref(row);
    json_decref(whole);
    return bad ? no_memory(fault) : 0;
}

// Showing

static enum vouch_exit exit_of(const json_t *row) {
    const char *verdict = vouch_answer_text(row, "verdict");
    if (verdict != NULL && strcmp(verdict, "granted") == 0) {
        return VOUCH_EXIT_OK;
    }
    return verdict != NULL && strcmp(verdict, "pending") == 0 ? VOUCH_EXIT_WAITING
                                                              : VOUCH_EXIT_REFUSED;
}

// "role dba: 1 by group:leads": a line for each, as texts.
static json_t *approval_texts(const json_t *approvals) {
    json_t *texts = json_array();
    for (size_t i = 0; i < json_array_size(approvals); i++) {
        const json_t *approval = json_array_get(approvals, i);
        const json_t *by = json_object_get(approval, "by");
        const char *role = vouch_answer_text(approval, "role");
        char text[APPROVAL_MAX];
        size_t len =
            (size_t)snprintf(text, sizeof text, "%lld for role %.64s by",
                             (long long)json_integer_value(json_object_get(approval, "missing")),
                             role != NULL ? role : "");
        for (size_t k = 0; k < json_array_size(by) && len < sizeof text - 1; k++) {
            const char *who = json_string_value(json_array_get(by, k));
            len += (size_t)snprintf(text + len, sizeof text - len, "%s %.64s", k > 0 ? " or" : "",
                                    who != NULL ? who : "");
        }
        (void)json_array_append_new(texts, json_string(text));
    }
    return texts;
}

// As a person reads it: what is an object in JSON is a text.
static json_t *told(const json_t *row) {
    const json_t *no = json_object_get(row, "refused");
    json_t *shown = json_copy((json_t *)(uintptr_t)row);
    int bad = shown == NULL;
    if (!bad && json_object_get(row, "approvals") != NULL) {
        bad = json_object_set_new(shown, "approvals",
                                  approval_texts(json_object_get(row, "approvals"))) != 0;
    }
    if (!bad && no != NULL) {
        bad = json_object_set_new(shown, "refused",
                                  json_sprintf("%s  [%s]", vouch_answer_text(no, "detail"),
                                               vouch_answer_text(no, "code"))) != 0 ||
              json_object_set(shown, "next", json_object_get(no, "next")) != 0;
    }
    if (bad) {
        json_decref(shown);
        return NULL;
    }
    return shown;
}

static int print_row(const struct vouch_cli *cli, const json_t *row, struct vouch_fault *fault) {
    static const struct vouch_column lines[] = {
        {"zone", "zone", 0},
        {"verdict", "verdict", 0},
        {"refused", "why not", 0},
        {"next", "next", 0},
        {"key_id", "key ID", 0},
        {"roles", "roles", 0},
        {"principals", "principals", 0},
        {"valid_after", "from", 0},
        {"valid_before", "until", 0},
        {"critical_options", "critical options", 0},
        {"extensions", "extensions", 0},
        {"approvals", "approvals missing", 0},
        {0},
    };
    json_t *shown = told(row);
    int err = shown != NULL ? vouch_answer_object(cli, shown, lines, fault) : no_memory(fault);
    json_decref(shown);
    return err;
}

static int print_rows(const struct vouch_cli *cli, const json_t *rows, struct vouch_fault *fault) {
    int err = 0;
    for (size_t i = 0; i < json_array_size(rows) && err == 0; i++) {
        (void)fputs(i > 0 ? "\n" : "", stdout);
        err = print_row(cli, json_array_get(rows, i), fault);
    }
    return err;
}

static int print_json(const struct vouch_cli *cli, const json_t *rows, struct vouch_fault *fault) {
    json_t *whole = json_pack("{s:s, s:O}", "schema", VOUCH_PREVIEW_SCHEMA, "items", rows);
    int err = whole != NULL ? vouch_answer_object(cli, whole, NULL, fault) : no_memory(fault);
    json_decref(whole);
    return err;
}

int vouch_preview_print(const struct vouch_cli *cli, const struct json_t *rows,
                        enum vouch_exit *ret_exit, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    enum vouch_exit worst = VOUCH_EXIT_OK;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        enum vouch_exit one = exit_of(json_array_get(rows, i));
        worst = worst == VOUCH_EXIT_REFUSED || one == VOUCH_EXIT_OK ? worst : one;
    }
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err == 0) {
        err =
            form == VOUCH_FORM_TABLE ? print_rows(cli, rows, fault) : print_json(cli, rows, fault);
    }
    if (err == 0) {
        vouch_say(&cli->term, "a dry run: nothing was signed or asked for");
        *ret_exit = worst;
    }
    return err;
}
