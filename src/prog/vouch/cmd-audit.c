// SPDX-License-Identifier: ISC
// vouch audit ls, search, tail: the events that the server recorded beside the certificates.
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/query.h"
#include "prog/vouch/serial-story.h"

#define PATH_TEXT_MAX 2048
#define POLL_S 1
#define TAIL_FIRST "10" // events that were before
#define TAIL_PAGE "200"
#define TAIL_PAGES_MAX 50 // of one second

static const struct vouch_column columns[] = {
    {"record", "RECORD", 0},
    {"time", "TIME", 0},
    {"type", "TYPE", 0},
    {"actor", "ACTOR", 0},
    {"object", "OBJECT", 0},
    {"details", "DETAILS", 1},
    {0},
};

static const struct vouch_query_part parts[] = {
    {"type", "type", VOUCH_QUERY_TEXT},     {"actor", "actor", VOUCH_QUERY_TEXT},
    {"object", "object", VOUCH_QUERY_TEXT}, {"from", "from", VOUCH_QUERY_MOMENT},
    {"until", "until", VOUCH_QUERY_MOMENT}, {0},
};

static const struct vouch_query_listing listing = {
    .path = "/v1/audit",
    .parts = parts,
    .spec = {.schema = "vouch.events/1", .member = "items", .columns = columns},
};

static const struct vouch_option options[] = {
    {"type", 0, VOUCH_OPTION_ONE, 0, "TYPE", "only events of this type, such as token.new"},
    {"actor", 0, VOUCH_OPTION_ONE, 0, "ACTOR", "only those of this actor, such as token:deploy"},
    {"object", 0, VOUCH_OPTION_ONE, 0, "TEXT", "only those about this"},
    {"from", 0, VOUCH_OPTION_ONE, 0, "TIME", "not before: RFC 3339, or -1d"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "before this moment"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch audit ls --from -1d",
    "vouch audit ls --type cert.revoke -o jsonl",
    NULL,
};

const struct vouch_command vouch_cmd_audit_ls = {
    .noun = "audit",
    .verb = "ls",
    .summary = "what happened on the server: tokens, profiles, revocations, refusals, starts",
    .operands = "",
    .options = options,
    .notes = "Certificates are listed by vouch cert ls; the proof is vouch ledger verify.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};

// vouch audit search

static const struct vouch_query_part search_parts[] = {
    {"type", "type", VOUCH_QUERY_TEXT},
    {"object", "object", VOUCH_QUERY_TEXT},
    {"since", "from", VOUCH_QUERY_MOMENT},
    {"until", "until", VOUCH_QUERY_MOMENT},
    {0},
};

// The path with the filters of search and tail; `path` is ended with a NUL.
static int put_filters(const struct vouch_cli *cli, const struct vouch_query_part *wanted,
                       char *text, struct vouch_buf *path, struct vouch_fault *fault) {
    const char *user = vouch_args_value(&cli->args, "user");
    const char *actor = vouch_args_value(&cli->args, "actor");
    vouch_autofree char *name = NULL;
    if (user != NULL && actor != NULL) {
        return vouch_usage(fault, "audit: --user and --actor exclude each other");
    }
    if (user != NULL && asprintf(&name, "user:%s", user) < 0) {
        name = NULL;
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    vouch_buf_put_text(path, listing.path);
    vouch_api_query(path, "actor", name != NULL ? name : actor);
    int err = vouch_query_put(&cli->args, wanted, path, fault);
    text[path->len] = '\0';
    return err;
}

// One certificate's whole story needs no other filter.
static int check_serial(const struct vouch_cli *cli, struct vouch_fault *fault) {
    static const char *const others[] = {"type",  "user",  "actor", "object",
                                         "since", "until", "limit", NULL};
    uint64_t number = 0;
    for (size_t i = 0; others[i] != NULL; i++) {
        if (vouch_args_value(&cli->args, others[i]) != NULL) {
            return vouch_usage(fault, "audit search: --serial and --%s exclude each other",
                               others[i]);
        }
    }
    return vouch_args_number("serial", vouch_args_value(&cli->args, "serial"), &number, fault);
}

static int run_story(const struct vouch_cli *cli, const char *serial, struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    int err = check_serial(cli, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_serial_story(&reach, serial, &listing.spec, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static int run_search(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    const char *serial = vouch_args_value(&cli->args, "serial");
    if (serial != NULL) {
        *ret_exit = VOUCH_EXIT_OK;
        return run_story(cli, serial, fault);
    }
    struct vouch_reach reach = {0};
    char text[PATH_TEXT_MAX];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    *ret_exit = VOUCH_EXIT_OK;
    int err = put_filters(cli, search_parts, text, &path, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_answer_list(&reach, text, &listing.spec, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

#define FILTER_OPTIONS                                                                             \
    {"type", 0, VOUCH_OPTION_ONE, 0, "TYPE", "only events of this type, such as session.begin"},   \
        {"user", 0, VOUCH_OPTION_ONE, 0, "NAME", "only what this user did"},                       \
        {"actor", 0, VOUCH_OPTION_ONE, 0, "ACTOR", "only those of this actor"}, {                  \
        "object", 0, VOUCH_OPTION_ONE, 0, "TEXT", "only those about this"                          \
    }

static const struct vouch_option search_options[] = {
    FILTER_OPTIONS,
    {"serial", 0, VOUCH_OPTION_ONE, 0, "N",
     "all about this certificate: when given, every login with it, when revoked"},
    {"since", 0, VOUCH_OPTION_ONE, 0, "TIME", "not before: RFC 3339, or -1d"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "before this moment"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const search_examples[] = {
    "vouch audit search --user alice@example.com --since -1d",
    "vouch audit search --type policy.apply -o wide",
    "vouch audit search --serial 4711",
    NULL,
};

const struct vouch_command vouch_cmd_audit_search = {
    .noun = "audit",
    .verb = "search",
    .summary = "what somebody did, and when: the events that were recorded",
    .operands = "",
    .options = search_options,
    .examples = search_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = run_search,
    .failed = vouch_reach_failed,
};

// vouch audit tail

struct tail {
    struct vouch_reach *reach;
    const char *filters; // the path with them
    uint64_t last;       // record that was shown
    char from[40];       // moment of the newest event when it began, by the server's clock
    enum vouch_form form;
};

static void print_line(const struct vouch_cli *cli, const json_t *event) {
    static const char *const members[] = {"time", "type", "actor", "object", "details", NULL};
    for (size_t i = 0; members[i] != NULL; i++) {
        const json_t *value = json_object_get(event, members[i]);
        vouch_autofree char *text =
            value != NULL ? vouch_item_json_text(members[i], value, &cli->term) : NULL;
        (void)printf("%s%s", i > 0 ? "  " : "", text != NULL && text[0] != '\0' ? text : "-");
    }
    (void)printf("\n");
}

static int print_event(const struct tail *tail, const json_t *event, struct vouch_fault *fault) {
    if (tail->form == VOUCH_FORM_TABLE) {
        print_line(tail->reach->cli, event);
        return 0;
    }
    struct vouch_item *item = vouch_item_new("vouch.event/1");
    vouch_answer_item(item, event);
    int err = vouch_item_print(item, tail->form, fault);
    vouch_item_free(item);
    return err;
}

// "2026-11-22T10:45:38Z" of a moment with or without parts of a second.
static void note_moment(struct tail *tail, const json_t *event) {
    const char *time = vouch_answer_text(event, "time");
    size_t len = time != NULL ? strcspn(time, ".Z") : 0;
    if (len > 0 && len + 2 < sizeof tail->from) {
        (void)snprintf(tail->from, sizeof tail->from, "%.*sZ", (int)len, time);
    }
}

static int ask_page(const struct tail *tail, const char *path_text, const char *limit,
                    const char *cursor, json_t **ret_page, struct vouch_fault *fault) {
    char text[PATH_TEXT_MAX + 200];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, path_text);
    vouch_api_query(&path, "from", tail->from[0] != '\0' ? tail->from : NULL);
    vouch_api_query(&path, "limit", limit);
    vouch_api_query(&path, "cursor", cursor);
    if (path.err != 0) {
        return vouch_usage(fault, "audit tail: the question is longer than a server takes");
    }
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.path = text};
    return vouch_api_ask_json(tail->reach->api, &ask, listing.spec.schema, ret_page, fault);
}

// All events behind the last one, the newest first, in `events`.
static int collect(const struct tail *tail, const char *limit, int pages_max, json_t *events,
                   struct vouch_fault *fault) {
    json_t *page = NULL;
    int err = 0, more = 1;
    for (int i = 0; i < pages_max && err == 0 && more; i++) {
        json_t *next = NULL;
        err = ask_page(tail, tail->filters, limit, vouch_answer_text(page, "next"), &next, fault);
        json_decref(page);
        page = next;
        const json_t *items = json_object_get(page, "items");
        more = err == 0 && vouch_answer_text(page, "next") != NULL;
        for (size_t k = 0; k < json_array_size(items); k++) {
            json_t *event = json_array_get(items, k);
            int fresh = vouch_answer_u64(event, "record") > tail->last;
            more = more && fresh;
            if (fresh) {
                (void)json_array_append(events, event);
            }
        }
    }
    json_decref(page);
    return err;
}

static int show_new(struct tail *tail, const char *limit, int pages_max,
                    struct vouch_fault *fault) {
    json_t *events = json_array();
    int err = collect(tail, limit, pages_max, events, fault);
    for (size_t i = json_array_size(events); err == 0 && i > 0; i--) {
        const json_t *event = json_array_get(events, i - 1);
        err = print_event(tail, event, fault);
        tail->last = vouch_answer_u64(event, "record");
    }
    if (json_array_size(events) > 0) {
        note_moment(tail, json_array_get(events, 0));
    }
    json_decref(events);
    return err;
}

// The newest event of all, from which on is looked: the server's clock counts, not the one here.
static int begin(struct tail *tail, struct vouch_fault *fault) {
    json_t *page = NULL;
    int err = ask_page(tail, listing.path, "1", NULL, &page, fault);
    const json_t *event = json_array_get(json_object_get(page, "items"), 0);
    if (err == 0) {
        err = show_new(tail, TAIL_FIRST, 1, fault);
    }
    if (err == 0 && event != NULL) {
        note_moment(tail, event);
    }
    json_decref(page);
    return err;
}

static int follow(struct tail *tail, struct vouch_fault *fault) {
    const struct timespec pause = {.tv_sec = POLL_S};
    const struct vouch_cli *cli = tail->reach->cli;
    int err = begin(tail, fault), away = 0;
    while (err == 0 && fflush(stdout) == 0) {
        (void)nanosleep(&pause, NULL);
        err = show_new(tail, TAIL_PAGE, TAIL_PAGES_MAX, fault);
        int gone = err != 0 && fault->kind == &vouch_fault_server_unreachable;
        if (gone && !away) {
            vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "%s; trying again", fault->text);
        }
        away = gone;
        err = gone ? 0 : err;
    }
    return err;
}

static int run_tail(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    static const struct vouch_query_part tail_parts[] = {
        {"type", "type", VOUCH_QUERY_TEXT}, {"object", "object", VOUCH_QUERY_TEXT}, {0}};
    struct vouch_reach reach = {0};
    struct tail tail = {.reach = &reach};
    char text[PATH_TEXT_MAX];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    *ret_exit = VOUCH_EXIT_OK;
    tail.filters = text;
    int err = vouch_form_of_item(&cli->args, &tail.form, fault);
    if (err == 0) {
        err = put_filters(cli, tail_parts, text, &path, fault);
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = follow(&tail, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option tail_options[] = {FILTER_OPTIONS, VOUCH_REACH_OPTIONS};

static const char *const tail_examples[] = {"vouch audit tail", "vouch audit tail -o jsonl", NULL};

const struct vouch_command vouch_cmd_audit_tail = {
    .noun = "audit",
    .verb = "tail",
    .summary = "the latest events, and each new one as it comes, until interrupted",
    .operands = "",
    .options = tail_options,
    .examples = tail_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_tail,
    .failed = vouch_reach_failed,
};
