// SPDX-License-Identifier: ISC
// The rotation of a CA key in words: see ca-rotation.h.
#include "prog/vouch/ca-rotation.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/answer.h"

#define LINE_MAX_ 512

static const struct vouch_ca_step steps[] = {
    {"create",
     "a new key is made; hosts and clients trust it from then on, and it signs nothing yet",
     "a new key is made, and hosts and clients are told to trust it"},
    {"drop", "the new key is destroyed, which has signed nothing that counts",
     "the new key is gone"},
    {"switch", "the new key signs from then on; certificates by the old one stay good",
     "the new key signs from here on"},
    {"back",
     "the old key signs again; the other one waits, trusted, and certificates by it stay good",
     "the old key signs again"},
    {"remove", "hosts and clients trust the old key no more, and certificates by it open nothing",
     "the old key is trusted no more"},
    {"restore", "hosts and clients trust the old key again", "the old key is trusted again"},
    {"destroy", "the old key is overwritten and removed; nothing brings it back",
     "the old key is destroyed"},
};

const struct vouch_ca_step *vouch_ca_step_of(const char *name) {
    for (size_t i = 0; name != NULL && i < sizeof steps / sizeof steps[0]; i++) {
        if (strcmp(steps[i].name, name) == 0) {
            return &steps[i];
        }
    }
    return NULL;
}

int vouch_ca_rotation_get(struct vouch_reach *reach, const char *use, struct json_t **ret_answer,
                          struct vouch_fault *fault) {
    char text[128];
    json_t *answer = NULL;
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, VOUCH_CA_ROTATION_PATH);
    vouch_api_query(&path, "use", use);
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.path = text};
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.rotation/1", &answer, fault);
    if (err == 0 && json_array_size(json_object_get(answer, "items")) < (use != NULL ? 1 : 2)) {
        err = vouch_api_bad_answer(reach->api, fault,
                                   VOUCH_CA_ROTATION_PATH ": it does not say how far it is");
        json_decref(answer);
        answer = NULL;
    }
    if (err == 0) {
        *ret_answer = answer;
    }
    return err;
}

// --- saying

struct saying {
    const struct vouch_cli *cli;
    enum vouch_ca_rotation_to to;
};

static void say(const struct saying *saying, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct saying *saying, const char *format, ...) {
    char line[LINE_MAX_];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (saying->to == VOUCH_CA_ROTATION_OUT) {
        (void)printf("%s\n", line);
    } else {
        vouch_say(&saying->cli->term, "%s", line);
    }
}

static long long number(const json_t *object, const char *member) {
    return (long long)json_integer_value(json_object_get(object, member));
}

// A member as a person reads it; the empty text if it has none.
static void text_of(const struct saying *saying, const json_t *object, const char *member,
                    char *ret_text, size_t size) {
    vouch_autofree char *text =
        vouch_item_json_text(member, json_object_get(object, member), &saying->cli->term);
    (void)snprintf(ret_text, size, "%s", text != NULL ? text : "");
}

static void say_key(const struct saying *saying, const json_t *key) {
    char state[32], fingerprint[80], type[64], since[64], until[64];
    text_of(saying, key, "state", state, sizeof state);
    text_of(saying, key, "fingerprint", fingerprint, sizeof fingerprint);
    text_of(saying, key, "type", type, sizeof type);
    text_of(saying, key, "since", since, sizeof since);
    text_of(saying, key, "valid_until", until, sizeof until);
    say(saying, "  %-8s %s %s", state, fingerprint, type);
    say(saying, "           since %s; certificates: %lld signed, %lld valid%s%s",
        since[0] != '\0' ? since : "the beginning", number(key, "certs"), number(key, "valid"),
        until[0] != '\0' ? ", the last until " : "", until);
}

static void say_host(const struct saying *saying, const json_t *host) {
    char name[260], why[32], reported[64], agent[64], until[64];
    text_of(saying, host, "host", name, sizeof name);
    text_of(saying, host, "why", why, sizeof why);
    text_of(saying, host, "reported", reported, sizeof reported);
    text_of(saying, host, "agent", agent, sizeof agent);
    text_of(saying, host, "valid_until", until, sizeof until);
    const char *last = reported[0] != '\0' ? reported : "never";
    if (strcmp(why, "certificate") == 0) {
        say(saying, "    %s: its certificate is by the old key, until %s; last report %s", name,
            until, last);
    } else if (strcmp(why, "silent") == 0) {
        say(saying, "    %s: not waited for; last report %s", name, last);
    } else {
        say(saying, "    %s: has not the keys that this needs; last report %s, agent %s", name,
            last, agent[0] != '\0' ? agent : "unknown");
    }
}

static void say_hosts(const struct saying *saying, const json_t *item) {
    const json_t *hosts = json_object_get(item, "hosts");
    const json_t *named = json_object_get(hosts, "named");
    say(saying, "  hosts:   %lld enrolled; of %lld that report, %lld are ready; %lld silent",
        number(hosts, "active"), number(hosts, "reporting"), number(hosts, "covered"),
        number(hosts, "silent"));
    for (size_t i = 0; i < json_array_size(named); i++) {
        say_host(saying, json_array_get(named, i));
    }
    if (number(hosts, "blocking") > (long long)json_array_size(named)) {
        say(saying, "    and %lld more",
            number(hosts, "blocking") - (long long)json_array_size(named));
    }
}

static void say_next(const struct saying *saying, const json_t *item) {
    const char *next = vouch_answer_text(item, "next");
    const struct vouch_ca_step *step = vouch_ca_step_of(next);
    int is_ready = json_is_true(json_object_get(item, "ready"));
    char until[64];
    text_of(saying, item, "until", until, sizeof until);
    if (next == NULL) {
        say(saying, "  next:    nothing; no rotation is under way");
    } else if (is_ready) {
        say(saying, "  next:    %s, which is possible now: %s", next,
            step != NULL ? step->means : "");
    } else {
        say(saying, "  next:    %s, which has to wait%s%s: %s", next,
            until[0] != '\0' ? " until " : " for the hosts above", until,
            step != NULL ? step->means : "");
    }
}

void vouch_ca_rotation_say(const struct vouch_cli *cli, const struct json_t *item,
                           enum vouch_ca_rotation_to to) {
    const struct saying saying = {cli, to};
    const json_t *keys = json_object_get(item, "keys");
    char use[16], phase[32];
    text_of(&saying, item, "use", use, sizeof use);
    text_of(&saying, item, "phase", phase, sizeof phase);
    say(&saying, "%s CA: %s", strcmp(use, "host") == 0 ? "Host" : "User", phase);
    for (size_t i = 0; i < json_array_size(keys); i++) {
        say_key(&saying, json_array_get(keys, i));
    }
    if (vouch_answer_text(item, "next") != NULL) {
        say_hosts(&saying, item);
    }
    say_next(&saying, item);
}
