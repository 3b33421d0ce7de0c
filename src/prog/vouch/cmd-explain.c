// SPDX-License-Identifier: ISC
// vouch explain: whether a login would work, what sshd would check, and what to do where it would not.
#include <fnmatch.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/body.h"
#include "prog/vouch/load.h"
#include "prog/vouch/query.h"
#include "prog/vouch/zone-login.h"

#define PATH "/v1/explain"
#define CERT_LINE_MAX (64u * 1024)
#define REFUSED_SHOWN 5

// What is asked.
struct question {
    char login[128];
    const char *host;
    struct vouch_cert *cert; // owned; NULL: the server knows the newest
};

// "[LOGIN@]HOST" as ssh writes it; without LOGIN it is the name of whoever asks, as for ssh.
static int read_target(const char *text, struct question *question, struct vouch_fault *fault) {
    const char *at = strrchr(text, '@'); // a login may have one of its own
    const struct passwd *me = at == NULL ? getpwuid(getuid()) : NULL;
    const char *login = at != NULL ? text : me != NULL ? me->pw_name : "";
    int len = at != NULL ? (int)(at - text) : (int)strlen(login);
    question->host = at != NULL ? at + 1 : text;
    if (len == 0 || len >= (int)sizeof question->login || question->host[0] == '\0') {
        vouch_usage(fault, "explain: \"%s\" is not LOGIN@HOST", text);
        return vouch_fault_next(fault, "write it as for ssh: app@web3.prod.example.com");
    }
    (void)snprintf(question->login, sizeof question->login, "%.*s", len, login);
    return 0;
}

// Which certificate ssh would show

// As ssh_config has it: a "!" before a pattern takes its names out.
static int list_matches(struct vouch_bytes patterns, const char *host) {
    char pattern[256];
    int found = 0;
    while (patterns.ptr != NULL) {
        struct vouch_bytes part = vouch_str_cut(&patterns, ',');
        int no = part.len > 0 && part.ptr[0] == '!';
        (void)snprintf(pattern, sizeof pattern, "%.*s", (int)part.len - no,
                       (const char *)part.ptr + no);
        int match = part.len < sizeof pattern && fnmatch(pattern, host, FNM_NOESCAPE) == 0;
        if (match && no) {
            return 0;
        }
        found |= match;
    }
    return found;
}

static int look_in_zone(void *context, const struct vouch_zone_dir *dir,
                        struct vouch_fault *fault) {
    struct question *question = context;
    json_t *login = NULL;
    char patterns[VOUCH_ZONE_PATTERNS_MAX];
    struct vouch_buf text;
    struct vouch_fault unused;
    (void)fault;
    // A folder that cannot be read is for vouch status to report: the server answers without it too.
    if (question->cert != NULL || vouch_zone_login_read(dir, &login, &unused) != 0) {
        return 0;
    }
    vouch_buf_init_fixed(&text, patterns, sizeof patterns);
    if (vouch_zone_login_patterns(login, &text, &unused) == 0 &&
        list_matches(vouch_buf_bytes(&text), question->host)) {
        (void)!vouch_zone_dir_cert(dir, "id-cert.pub", &question->cert, &unused);
    }
    json_decref(login);
    return 0;
}

static int take_file(const char *path, struct question *question, struct vouch_fault *fault) {
    struct vouch_cert_list list = {0};
    int err = vouch_load_certs(path, &list, fault);
    if (err == 0 && list.count > 1) {
        vouch_usage(fault, "--cert: %s holds %zu certificates", path, list.count);
        err = vouch_fault_next(fault, "give the one that ssh would show");
    }
    if (err == 0) {
        question->cert = vouch_steal(list.certs[0].cert);
    }
    vouch_cert_list_done(&list);
    return err;
}

static int find_cert(const struct vouch_cli *cli, struct question *question,
                     struct vouch_fault *fault) {
    const char *path = vouch_args_value(&cli->args, "cert");
    struct vouch_fault unused;
    if (path != NULL) {
        return take_file(path, question, fault);
    }
    // What is here belongs to whoever is signed in here.
    if (vouch_args_value(&cli->args, "user") == NULL) {
        (void)!vouch_zone_each(look_in_zone, question, &unused);
    }
    return 0;
}

static int make_body(const struct vouch_cli *cli, const struct question *question, char **ret_text,
                     struct vouch_fault *fault) {
    struct vouch_body body;
    struct vouch_buf line;
    vouch_body_init(&body);
    vouch_buf_init(&line, CERT_LINE_MAX);
    vouch_body_text(&body, "user", vouch_args_value(&cli->args, "user"));
    vouch_body_text(&body, "login", question->login);
    vouch_body_text(&body, "host", question->host);
    vouch_body_text(&body, "source", vouch_args_value(&cli->args, "source"));
    if (question->cert != NULL) {
        vouch_cert_print(question->cert->blob, NULL, &line);
        vouch_buf_put(&line, (struct vouch_bytes){(const uint8_t *)"", 1});
        body.bad |= line.err != 0;
        vouch_body_text(&body, "certificate", line.err == 0 ? (const char *)line.ptr : NULL);
    }
    int err = vouch_body_end(&body, ret_text, fault);
    vouch_body_done(&body);
    vouch_buf_done(&line);
    return err;
}

// Showing

static const char *shown(const char *text, char *room, size_t size) {
    vouch_str_escape_to(vouch_bytes_of(text != NULL ? text : ""), room, size);
    return room;
}

static int is_word(const json_t *object, const char *member, const char *word) {
    const char *text = vouch_answer_text(object, member);
    return text != NULL && strcmp(text, word) == 0;
}

static const char *mark_of(const struct vouch_term *term, const json_t *check) {
    if (is_word(check, "state", "ok")) {
        return vouch_term_mark_out(term, VOUCH_MARK_OK);
    }
    if (is_word(check, "state", "fail")) {
        return vouch_term_mark_out(term, VOUCH_MARK_FAIL);
    }
    return is_word(check, "state", "warn") ? vouch_term_mark_out(term, VOUCH_MARK_WARN) : "?";
}

static void print_checks(const struct vouch_cli *cli, const json_t *answer) {
    const json_t *checks = json_object_get(answer, "checks");
    char text[1200];
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        (void)printf("  %s  %s\n", mark_of(&cli->term, check),
                     shown(vouch_answer_text(check, "text"), text, sizeof text));
    }
}

// Nonzero if an earlier check says to do the same.
static int is_said(const json_t *checks, size_t before, const char *next) {
    for (size_t i = 0; i < before; i++) {
        const json_t *check = json_array_get(checks, i);
        const char *earlier = vouch_answer_text(check, "next");
        if (earlier != NULL && strcmp(earlier, next) == 0 && !is_word(check, "state", "ok")) {
            return 1;
        }
    }
    return 0;
}

static void print_advice(const struct vouch_cli *cli, const json_t *answer) {
    const json_t *checks = json_object_get(answer, "checks");
    const json_t *instead = json_object_get(answer, "instead");
    const char *title = "\nYou can:\n", *host = vouch_answer_text(answer, "host");
    char text[1200], where[300];
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        const char *next = vouch_answer_text(check, "next");
        if (next != NULL && next[0] != '\0' && !is_word(check, "state", "ok") &&
            !is_said(checks, i, next)) {
            (void)printf("%s  %s%s%s\n", title, vouch_term_bold(&cli->term),
                         shown(next, text, sizeof text), vouch_term_plain(&cli->term));
            title = "";
        }
    }
    for (size_t i = 0; i < json_array_size(instead); i++) {
        const char *login = json_string_value(json_array_get(instead, i));
        (void)printf("%s  %sssh %s@%s%s   would work now\n", title, vouch_term_bold(&cli->term),
                     shown(login, text, sizeof text), shown(host, where, sizeof where),
                     vouch_term_plain(&cli->term));
        title = "";
    }
}

static void print_refused(const struct vouch_cli *cli, const json_t *answer) {
    static const char *const members[] = {"time", "source", "reason", "line"};
    const json_t *rows = json_object_get(answer, "refused");
    const char *title = "\nWhat sshd there said before:\n";
    for (size_t i = 0; i < json_array_size(rows) && i < REFUSED_SHOWN; i++) {
        (void)printf("%s", title);
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++) {
            const json_t *value = json_object_get(json_array_get(rows, i), members[k]);
            vouch_autofree char *text = vouch_item_json_text(members[k], value, &cli->term);
            (void)printf("  %s", text != NULL && text[0] != '\0' ? text : "-");
        }
        (void)printf("\n");
        title = "";
    }
}

static void print_answer(const struct vouch_cli *cli, const json_t *answer) {
    char login[300], host[300], user[300];
    const char *who = vouch_answer_text(answer, "user");
    const char *verdict = is_word(answer, "outcome", "yes")  ? "YES"
                          : is_word(answer, "outcome", "no") ? "NO"
                                                             : "NOT KNOWN";
    (void)printf("%s@%s   %s%s%s\n", shown(vouch_answer_text(answer, "login"), login, sizeof login),
                 shown(vouch_answer_text(answer, "host"), host, sizeof host),
                 vouch_term_bold(&cli->term), verdict, vouch_term_plain(&cli->term));
    if (vouch_args_value(&cli->args, "user") != NULL && who != NULL) {
        (void)printf("for %s\n", shown(who, user, sizeof user));
    }
    (void)printf("\n");
    print_checks(cli, answer);
    print_refused(cli, answer);
    print_advice(cli, answer);
}

static int show(const struct vouch_reach *reach, const json_t *answer, enum vouch_exit *ret_exit,
                struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    int yes = is_word(answer, "outcome", "yes"), no = is_word(answer, "outcome", "no");
    if (err == 0 && !yes && !no && !is_word(answer, "outcome", "unknown")) {
        err = vouch_api_bad_answer(reach->api, fault, PATH ": it says neither yes nor no");
    }
    if (err == 0 && form == VOUCH_FORM_TABLE) {
        print_answer(cli, answer);
    } else if (err == 0) {
        err = vouch_answer_object(cli, answer, NULL, fault);
    }
    *ret_exit = yes ? VOUCH_EXIT_OK : no ? VOUCH_EXIT_NO : VOUCH_EXIT_USAGE;
    return err;
}

static int ask(const struct vouch_cli *cli, const char *body, enum vouch_exit *ret_exit,
               struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *answer = NULL;
    const struct vouch_query_object what = {
        .ask = {.method = VOUCH_API_POST, .body = body}, .path = PATH, .schema = "vouch.explain/1"};
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_query_json(&reach, &what, &answer, fault);
    }
    if (err == 0) {
        err = show(&reach, answer, ret_exit, fault);
    }
    json_decref(answer);
    vouch_reach_done(&reach);
    return err;
}

static int run_explain(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    struct question question = {0};
    vouch_autofree char *body = NULL;
    int err = read_target(cli->args.operands[0], &question, fault);
    if (err == 0) {
        err = find_cert(cli, &question, fault);
    }
    if (err == 0) {
        err = make_body(cli, &question, &body, fault);
    }
    if (err == 0) {
        err = ask(cli, body, ret_exit, fault);
    }
    vouch_cert_free(question.cert);
    return err;
}

static const struct vouch_option options[] = {
    {"user", 0, VOUCH_OPTION_ONE, 0, "USER",
     "for this user, not for you; for administrators and auditors"},
    {"cert", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "with this certificate (default: the one that ssh would show)"},
    {"source", 0, VOUCH_OPTION_ONE, 0, "ADDRESS", "from this address (default: yours)"},
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch explain deploy@web3.prod.example.com",
    "vouch explain root@db1.prod.example.com --user alice@example.com",
    NULL,
};

const struct vouch_command vouch_cmd_explain = {
    .noun = "explain",
    .summary = "whether a login would work, every check of it, and what to do",
    .operands = "[LOGIN@]HOST",
    .operands_min = 1,
    .operands_max = 1,
    .options = options,
    .notes = "Exit status: 0 yes, 1 no, 2 or more where it is not known.",
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_explain,
    .failed = vouch_reach_failed,
};
