// SPDX-License-Identifier: ISC
// The policy that a server has: see policy-remote.h.
#include "prog/vouch/policy-remote.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/answer.h"

#define PATH "/v1/policy"
#define YAML "application/yaml"
#define DRAFT_NAME "policy" // what messages call the server's own
#define NAMES_SHOWN 8       // of a list in a line
#define DIFF_LINE_MAX 4096

// Fetching

int vouch_remote_policy_text(struct vouch_reach *reach, const char *version,
                             struct vouch_remote_policy *ret_policy, struct vouch_fault *fault) {
    struct vouch_api_answer answer = {0};
    char text[128];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, PATH);
    vouch_api_query(&path, "version", version);
    if (path.err != 0) {
        return vouch_usage(fault, "--version: \"%s\" is not the number of a version", version);
    }
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.path = text, .answer_max = VOUCH_POLICY_FILE_MAX};
    int err = vouch_api_ask(reach->api, &ask, &answer, fault);
    if (err == 0 && answer.etag[0] == '\0') {
        err = vouch_api_bad_answer(reach->api, fault, PATH ": it does not say which version it is");
    }
    if (err != 0) {
        vouch_buf_done(&answer.body);
        return err;
    }
    *ret_policy = (struct vouch_remote_policy){.text = answer.body};
    (void)snprintf(ret_policy->version, sizeof ret_policy->version, "%s", answer.etag);
    return 0;
}

void vouch_remote_policy_done(struct vouch_remote_policy *policy) {
    if (policy != NULL) {
        vouch_policy_free(policy->policy);
        vouch_buf_done(&policy->text);
        *policy = (struct vouch_remote_policy){0};
    }
}

int vouch_remote_policy_get(struct vouch_reach *reach, const char *version,
                            struct vouch_remote_policy *ret_policy, struct vouch_fault *fault) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    struct vouch_remote_policy policy = {0};
    int err = vouch_remote_policy_text(reach, version, &policy, fault);
    if (err == 0) {
        err = vouch_policy_draft_new(&draft, fault);
    }
    if (err == 0) {
        err = vouch_policy_draft_read(draft, DRAFT_NAME, vouch_buf_bytes(&policy.text), fault);
    }
    if (err == 0) {
        err = vouch_policy_new(vouch_policy_draft_content(draft), &policy.policy, fault);
    }
    if (err != 0) {
        vouch_remote_policy_done(&policy);
        return err;
    }
    *ret_policy = policy;
    return 0;
}

// Sending

int vouch_remote_policy_send(struct vouch_reach *reach, const struct vouch_policy *policy,
                             const char *expect, struct json_t **ret_diff,
                             struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_POLICY_FILE_MAX);
    vouch_policy_write(policy, &text);
    // An empty policy is a text too: one that says nothing.
    vouch_buf_put(&text, (struct vouch_bytes){(const uint8_t *)"\n", 2});
    if (text.err != 0) {
        vouch_buf_done(&text);
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_input,
                               "policy: as one text it is longer than %u bytes",
                               VOUCH_POLICY_FILE_MAX);
    }
    const struct vouch_api_ask ask = {
        .method = expect != NULL ? VOUCH_API_PUT : VOUCH_API_POST,
        .path = expect != NULL ? PATH : PATH "/diff",
        .body = (const char *)text.ptr,
        .type = YAML,
        .match = expect,
    };
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.policy-diff/1", ret_diff, fault);
    vouch_buf_done(&text);
    if (err != 0 && fault->kind == &vouch_fault_policy_version) {
        return vouch_fault_next(fault, "look at it with vouch policy diff, and run it again");
    }
    return err;
}

// Showing

int vouch_policy_diff_is_empty(const struct json_t *diff) {
    return json_array_size(json_object_get(diff, "changes")) == 0 &&
           json_array_size(json_object_get(diff, "edits")) == 0;
}

__attribute__((format(printf, 3, 4))) static void put_line(const struct vouch_cli *cli,
                                                           enum vouch_policy_diff_to to,
                                                           const char *format, ...) {
    char line[DIFF_LINE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (to == VOUCH_DIFF_TALK) {
        vouch_say(&cli->term, "%s", line);
    } else {
        (void)printf("%s\n", line);
    }
}

// "web1, web2 and 46 more"
static void put_names(const json_t *change, const char *list, const char *count,
                      struct vouch_buf *out) {
    const json_t *names = json_object_get(change, list);
    size_t shown = json_array_size(names), more;
    json_int_t all = json_integer_value(json_object_get(change, count));
    char text[32];
    shown = shown > NAMES_SHOWN ? NAMES_SHOWN : shown;
    for (size_t i = 0; i < shown; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        vouch_buf_put_text(out, i > 0 ? ", " : "");
        vouch_str_escape(vouch_bytes_of(name), out);
    }
    more = all > (json_int_t)shown ? (size_t)all - shown : 0;
    if (more > 0) {
        (void)snprintf(text, sizeof text, " and %zu more", more);
        vouch_buf_put_text(out, text);
    }
}

static const char *how_text(const char *how) {
    return strcmp(how, "approval") == 0 ? "on approval" : how;
}

static void print_change(const struct vouch_cli *cli, const json_t *change,
                         enum vouch_policy_diff_to to) {
    const char *before = vouch_answer_text(change, "before");
    const char *after = vouch_answer_text(change, "after");
    const char *login = vouch_answer_text(change, "login");
    const char *verb = "changes";
    char users[DIFF_LINE_MAX / 2], hosts[DIFF_LINE_MAX / 2], name[100], how[80];
    struct vouch_buf text;
    if (before == NULL || after == NULL || login == NULL) {
        return;
    }
    (void)snprintf(how, sizeof how, "%.30s, was %.30s", how_text(after), how_text(before));
    if (strcmp(before, "none") == 0) {
        verb = "gains";
        (void)snprintf(how, sizeof how, "%.30s", how_text(after));
    } else if (strcmp(after, "none") == 0) {
        verb = "loses";
        (void)snprintf(how, sizeof how, "was %.30s", how_text(before));
    }
    vouch_buf_init_fixed(&text, users, sizeof users - 1);
    put_names(change, "users", "user_count", &text);
    users[text.len] = '\0';
    vouch_buf_init_fixed(&text, hosts, sizeof hosts - 1);
    put_names(change, "hosts", "host_count", &text);
    hosts[text.len] = '\0';
    vouch_str_escape_to(vouch_bytes_of(login), name, sizeof name);
    put_line(cli, to, "%-8s %s: %s on %s (%s)", verb, users, name, hosts, how);
}

static void print_edit(const struct vouch_cli *cli, const json_t *edit,
                       enum vouch_policy_diff_to to) {
    const char *what = vouch_answer_text(edit, "what"), *list = vouch_answer_text(edit, "list");
    const char *name = vouch_answer_text(edit, "name"), *key = vouch_answer_text(edit, "key");
    char shown[160];
    int has_key = key != NULL && key[0] != '\0';
    if (what != NULL && list != NULL && name != NULL) {
        vouch_str_escape_to(vouch_bytes_of(name), shown, sizeof shown);
        put_line(cli, to, "%-8s %s.%s%s%s", what, list, shown, has_key ? "." : "",
                 has_key ? key : "");
    }
}

static void print_rest(const struct vouch_cli *cli, const json_t *diff, const char *list,
                       const char *in_all, enum vouch_policy_diff_to to) {
    size_t shown = json_array_size(json_object_get(diff, list));
    json_int_t all = json_integer_value(json_object_get(diff, in_all));
    if (all > (json_int_t)shown) {
        put_line(cli, to, "%-8s %zu more %s", "and", (size_t)all - shown, list);
    }
}

void vouch_policy_diff_print(const struct vouch_cli *cli, const struct json_t *diff,
                             enum vouch_policy_diff_to to) {
    const json_t *changes = json_object_get(diff, "changes");
    const json_t *edits = json_object_get(diff, "edits");
    for (size_t i = 0; i < json_array_size(edits); i++) {
        print_edit(cli, json_array_get(edits, i), to);
    }
    print_rest(cli, diff, "edits", "edits_in_all", to);
    for (size_t i = 0; i < json_array_size(changes); i++) {
        print_change(cli, json_array_get(changes, i), to);
    }
    print_rest(cli, diff, "changes", "changes_in_all", to);
}

int vouch_policy_diff_show(const struct vouch_cli *cli, const struct json_t *diff,
                           struct vouch_fault *fault) {
    static const struct vouch_column no_lines[] = {{0}};
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0 || form != VOUCH_FORM_TABLE) {
        return err != 0 ? err : vouch_answer_object(cli, diff, no_lines, fault);
    }
    vouch_policy_diff_print(cli, diff, VOUCH_DIFF_DATA);
    if (vouch_policy_diff_is_empty(diff)) {
        vouch_say(&cli->term, "there is no difference");
    }
    return 0;
}

// Changing

static int make_next(const struct vouch_remote_policy *now, const struct vouch_amend *amend,
                     struct vouch_arena *arena, struct vouch_policy **ret_next,
                     struct vouch_fault *fault) {
    // Without places: the lines of the server's text say nothing to who has not written it.
    struct vouch_policy_content content = *vouch_policy_holds(now->policy);
    int err = vouch_amend(amend, arena, &content, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_policy_new(&content, ret_next, fault);
    return err == VOUCH_ERR_FORMAT
               ? vouch_fault_next(fault, "the change was not made; what hangs together can be "
                                         "changed at once: vouch policy export, and apply")
               : err;
}

static int send_next(struct vouch_reach *reach, const struct vouch_remote_amend *what,
                     const struct vouch_policy *next, const char *version, json_t **ret_diff,
                     struct vouch_fault *fault) {
    json_t *diff = NULL;
    int go = 1, err = 0;
    int is_dry = vouch_args_count(&reach->cli->args, "dry-run") > 0;
    if (is_dry) {
        return vouch_remote_policy_send(reach, next, NULL, ret_diff, fault);
    }
    if (what->may != NULL) {
        err = vouch_remote_policy_send(reach, next, NULL, &diff, fault);
        if (err == 0) {
            err = what->may(reach->cli, what->amend, diff, &go, fault);
        }
        json_decref(diff);
    }
    return err == 0 && go ? vouch_remote_policy_send(reach, next, version, ret_diff, fault) : err;
}

static int amend_once(struct vouch_reach *reach, const struct vouch_remote_amend *what,
                      json_t **ret_diff, struct vouch_fault *fault) {
    struct vouch_remote_policy now = {0};
    vouch_autopolicy struct vouch_policy *next = NULL;
    vouch_autoarena struct vouch_arena arena = {0};
    int err = vouch_remote_policy_get(reach, NULL, &now, fault);
    if (err == 0) {
        err = make_next(&now, what->amend, &arena, &next, fault);
    }
    if (err == 0) {
        err = send_next(reach, what, next, now.version, ret_diff, fault);
    }
    vouch_remote_policy_done(&now);
    return err;
}

int vouch_remote_policy_amend(struct vouch_reach *reach, const struct vouch_remote_amend *what,
                              struct json_t **ret_diff, struct vouch_fault *fault) {
    int err = amend_once(reach, what, ret_diff, fault);
    if (err == VOUCH_ERR_EXISTS && fault->kind == &vouch_fault_policy_version) {
        vouch_say_detail(&reach->cli->term, "the policy was changed meanwhile; once more");
        err = amend_once(reach, what, ret_diff, fault);
    }
    return err;
}
