// SPDX-License-Identifier: ISC
// Signing in by browser: see sign-in-browser.h. RFC 8252 with RFC 7636 where there is a browser here, RFC 8628
// where there is none.
#include "prog/vouch/sign-in-browser.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/browser.h"
#include "prog/vouch/prompt.h"
#include "prog/vouch/sign-in.h"

#define DEVICE_PATH "/v1/device"
#define SAID_MAX 128
#define RANDOM_BYTES 32
#define RANDOM_TEXT 43 // of base64url
#define CODE_MAX 64
#define INTERVAL_MAX_S 60
#define ELSEWHERE_S 20 // for a browser here to bring what it was told to bring
#define SECOND_NS UINT64_C(1000000000)
#define WORD_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// --- which way

enum vouch_sign_in_way vouch_sign_in_way(const struct vouch_cli *cli, int *ret_chosen) {
    static const char *const of_terminal[] = {
        "terminal", "user", "password-file", "code-file", "recovery", "no-input", NULL};
    const struct vouch_args *args = &cli->args;
    *ret_chosen = 1;
    if (vouch_args_count(args, "browser") > 0) {
        return VOUCH_SIGN_IN_LOOPBACK;
    }
    if (vouch_args_count(args, "device-code") > 0) {
        return VOUCH_SIGN_IN_DEVICE;
    }
    for (size_t i = 0; of_terminal[i] != NULL; i++) {
        if (vouch_args_count(args, of_terminal[i]) > 0) {
            return VOUCH_SIGN_IN_TERMINAL;
        }
    }
    *ret_chosen = 0;
    if (!vouch_prompt_has_terminal()) {
        return VOUCH_SIGN_IN_TERMINAL;
    }
    return vouch_browser_is_here() ? VOUCH_SIGN_IN_LOOPBACK : VOUCH_SIGN_IN_DEVICE;
}

// --- what is said and kept

struct asking {
    struct vouch_reach *reach;
    enum vouch_sign_in_way way;
    struct vouch_loopback loopback;
    char verifier[RANDOM_TEXT + 1], mark[RANDOM_TEXT + 1];
    struct vouch_secret secret; // device_code
    char code[CODE_MAX];        // that people compare
    char *address, *whole_address;
    uint64_t interval_s;
    uint64_t ends_ns;
    uint64_t
        approved_ns; // when it was heard that it is, and the browser has not come; 0: it was not
};

static void asking_done(struct asking *asking) {
    vouch_loopback_close(&asking->loopback);
    vouch_secret_done(&asking->secret);
    vouch_wipe(asking->verifier, sizeof asking->verifier);
    free(asking->address);
    free(asking->whole_address);
}

static int draw(char ret_text[static RANDOM_TEXT + 1], struct vouch_fault *fault) {
    uint8_t random[RANDOM_BYTES];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, ret_text, RANDOM_TEXT);
    vouch_random(random, sizeof random);
    vouch_str_base64url((struct vouch_bytes){random, sizeof random}, &text);
    vouch_wipe(random, sizeof random);
    ret_text[text.len] = '\0';
    return text.err == 0 ? 0 : no_memory(fault);
}

// S256 of the verifier.
static int challenge_of(const char *verifier, char ret_text[static RANDOM_TEXT + 1],
                        struct vouch_fault *fault) {
    uint8_t digest[VOUCH_HASH_MAX];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, ret_text, RANDOM_TEXT);
    size_t len = vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_bytes_of(verifier), digest);
    vouch_str_base64url((struct vouch_bytes){digest, len}, &text);
    ret_text[text.len] = '\0';
    return len != 0 && text.err == 0
               ? 0
               : vouch_fault_set(fault, VOUCH_ERR_CRYPTO, &vouch_fault_internal,
                                 "sign-in: libcrypto gave no SHA-256");
}

// Printable ASCII, and something.
static void make_plain(char text[static SAID_MAX + 1]) {
    for (char *c = text; *c != '\0'; c++) {
        *c = *c < 0x20 || *c > 0x7e ? '?' : *c;
    }
    if (text[0] == '\0') {
        (void)snprintf(text, SAID_MAX + 1, "unknown");
    }
}

// PRETTY_NAME of os-release(5), or what the kernel calls itself.
static void name_os(char ret_name[static SAID_MAX + 1]) {
    struct vouch_buf text;
    struct utsname kernel = {0};
    struct vouch_fault unused;
    (void)uname(&kernel);
    (void)snprintf(ret_name, SAID_MAX + 1, "%.60s %.60s", kernel.sysname, kernel.release);
    vouch_buf_init(&text, 65536);
    int err = vouch_io_read("/etc/os-release", 65536, &text, &unused);
    struct vouch_bytes rest = vouch_buf_bytes(&text);
    while (err == 0 && rest.ptr != NULL && rest.len > 0) {
        struct vouch_bytes line = vouch_str_cut(&rest, '\n');
        if (vouch_str_take(&line, "PRETTY_NAME=")) {
            int quoted = line.len >= 2 && line.ptr[0] == '"' && line.ptr[line.len - 1] == '"';
            line = quoted ? (struct vouch_bytes){line.ptr + 1, line.len - 2} : line;
            (void)snprintf(ret_name, SAID_MAX + 1, "%.*s",
                           (int)(line.len < SAID_MAX ? line.len : SAID_MAX),
                           (const char *)line.ptr);
        }
    }
    vouch_buf_done(&text);
    make_plain(ret_name);
}

static json_t *make_question(const struct asking *asking, const char *challenge) {
    char host[SAID_MAX + 1] = "", os[SAID_MAX + 1];
    (void)gethostname(host, sizeof host - 1);
    make_plain(host);
    name_os(os);
    json_t *json = json_pack("{s:{s:s, s:s, s:s}, s:s}", "client", "host", host, "os", os,
                             "version", "vouch " VOUCH_VERSION, "challenge", challenge);
    if (json != NULL && asking->way == VOUCH_SIGN_IN_LOOPBACK &&
        (json_object_set_new(json, "port", json_integer(asking->loopback.port)) != 0 ||
         json_object_set_new(json, "state", json_string(asking->mark)) != 0)) {
        json_decref(json);
        return NULL;
    }
    return json;
}

// --- asking for a code

static int is_word(const char *text) {
    return text != NULL && text[0] != '\0' && strspn(text, WORD_LETTERS) == strlen(text);
}

static int take_answer(struct asking *asking, const json_t *json, struct vouch_fault *fault) {
    const char *secret = vouch_answer_text(json, "device_code");
    const char *code = vouch_answer_text(json, "user_code");
    const char *address = vouch_answer_text(json, "verification_uri");
    const char *whole = vouch_answer_text(json, "verification_uri_complete");
    const char *expires = vouch_answer_text(json, "expires");
    json_int_t interval_s = json_integer_value(json_object_get(json, "interval"));
    uint64_t expires_s = 0, now_s = vouch_time_now_s();
    if (!is_word(secret) || strlen(secret) > CODE_MAX || !is_word(code) ||
        strlen(code) >= sizeof asking->code || address == NULL || whole == NULL ||
        expires == NULL || vouch_time_parse(vouch_bytes_of(expires), &expires_s) != 0 ||
        interval_s < 1 || interval_s > INTERVAL_MAX_S) {
        return vouch_api_bad_answer(asking->reach->api, fault, DEVICE_PATH ": it is not whole");
    }
    (void)snprintf(asking->code, sizeof asking->code, "%s", code);
    asking->address = strdup(address);
    asking->whole_address = strdup(whole);
    asking->interval_s = (uint64_t)interval_s;
    // The server says when it is over. Where the clocks differ this must not end it before.
    uint64_t wait_s = expires_s > now_s && expires_s - now_s < 3600 ? expires_s - now_s : 3600;
    asking->ends_ns = vouch_time_monotonic_ns() + (wait_s + 60) * SECOND_NS;
    if (asking->address == NULL || asking->whole_address == NULL ||
        vouch_secret_new(strlen(secret), &asking->secret) != 0) {
        return no_memory(fault);
    }
    memcpy(asking->secret.ptr, secret, asking->secret.len);
    return 0;
}

// A server that has no such path is older than this, or shows no pages.
static int say_old(struct vouch_fault *fault) {
    if (fault->err != VOUCH_ERR_NOT_FOUND) {
        return fault->err;
    }
    return vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_browser,
                           "the server offers no sign-in by browser");
}

static int ask_code(struct asking *asking, struct vouch_fault *fault) {
    char challenge[RANDOM_TEXT + 1];
    json_t *answer = NULL;
    int err = draw(asking->verifier, fault);
    if (err == 0) {
        err = draw(asking->mark, fault);
    }
    if (err == 0) {
        err = challenge_of(asking->verifier, challenge, fault);
    }
    if (err != 0) {
        return err;
    }
    json_t *question = make_question(asking, challenge);
    vouch_autofree char *body = question != NULL ? json_dumps(question, JSON_COMPACT) : NULL;
    json_decref(question);
    if (body == NULL) {
        return no_memory(fault);
    }
    const struct vouch_api_ask ask = {.method = VOUCH_API_POST, .path = DEVICE_PATH, .body = body};
    err = vouch_api_ask_json(asking->reach->api, &ask, "vouch.new-device/1", &answer, fault);
    err = err == 0 ? take_answer(asking, answer, fault) : say_old(fault);
    vouch_sign_in_wipe(answer, "device_code");
    json_decref(answer);
    return err;
}

// --- telling the person

static void say_code(const struct asking *asking) {
    const struct vouch_term *term = &asking->reach->cli->term;
    char shown[600], whole[700];
    struct vouch_fault unused = {0};
    vouch_str_escape_to(vouch_bytes_of(asking->address), shown, sizeof shown);
    vouch_str_escape_to(vouch_bytes_of(asking->whole_address), whole, sizeof whole);
    vouch_say_mark(term, VOUCH_MARK_WARN,
                   "Your code: %s        (check that the page shows the same)", asking->code);
    if (asking->way == VOUCH_SIGN_IN_DEVICE) {
        vouch_say(term, "Open %s in any browser and give the code, or open %s", shown, whole);
    } else if (vouch_browser_open(asking->whole_address, &unused) == 0) {
        vouch_say(term, "Your browser opens %s", whole);
    } else {
        vouch_say(term, "Open %s in a browser on this machine", whole);
    }
    vouch_say(term, "  waiting for you to approve it; Ctrl-C ends this and leaves nothing behind");
}

// --- fetching the session

static int fetch(struct asking *asking, const char *back, struct vouch_fault *fault) {
    struct vouch_sign_in_body body = {0};
    json_t *json = NULL;
    int err = vouch_sign_in_body_init(&body, fault);
    if (err == 0) {
        vouch_buf_put_text(&body.text, "\"device\":{\"device_code\":\"");
        vouch_buf_put(&body.text, vouch_secret_bytes(&asking->secret));
        vouch_buf_put_text(&body.text, "\",\"verifier\":\"");
        vouch_buf_put_text(&body.text, asking->verifier);
        if (back != NULL) {
            vouch_buf_put_text(&body.text, "\",\"code\":\"");
            vouch_buf_put_text(&body.text, back);
        }
        vouch_buf_put_text(&body.text, "\"}");
        err = vouch_sign_in_post(asking->reach, "/v1/sessions", &body, "vouch.session/1", &json,
                                 fault);
    }
    vouch_sign_in_body_done(&body);
    return err == 0 ? vouch_sign_in_finish(asking->reach, json, fault) : err;
}

// A browser that is told to bring a code and does not is on another machine.
static int is_lost(struct asking *asking) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (asking->approved_ns == 0) {
        asking->approved_ns = now_ns;
    }
    return now_ns - asking->approved_ns > ELSEWHERE_S * SECOND_NS;
}

// Nonzero if it is worth asking again: nobody has decided, or the server is away for a moment.
static int goes_on(struct asking *asking, const struct vouch_fault *fault) {
    if (vouch_time_monotonic_ns() > asking->ends_ns) {
        return 0;
    }
    if (fault->kind == &vouch_fault_device_elsewhere) {
        return !is_lost(asking);
    }
    return fault->kind == &vouch_fault_device_pending || fault->kind == &vouch_fault_device_slow ||
           fault->kind == &vouch_fault_sign_ins || fault->kind == &vouch_fault_server_unreachable ||
           fault->kind == &vouch_fault_at_work;
}

static void pause_s(uint64_t seconds) {
    struct timespec left = {.tv_sec = (time_t)seconds};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

// Until the next question. 0 and *ret_fetched 1: the browser came, and there is a session.
static int wait_once(struct asking *asking, int *ret_fetched, struct vouch_fault *fault) {
    char back[VOUCH_LOOPBACK_CODE_MAX + 1];
    if (asking->way == VOUCH_SIGN_IN_DEVICE) {
        pause_s(asking->interval_s);
        return 0;
    }
    int connection =
        vouch_loopback_await(&asking->loopback, asking->mark, asking->interval_s * 1000, back);
    if (connection < 0) {
        return 0;
    }
    int err = is_word(back) ? fetch(asking, back, fault)
                            : vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_browser,
                                              "what the browser brought back is no code");
    vouch_loopback_answer(connection, err == 0 ? asking->whole_address : NULL);
    *ret_fetched = err == 0;
    vouch_wipe(back, sizeof back);
    return err;
}

static int await(struct asking *asking, struct vouch_fault *fault) {
    int fetched = 0;
    for (;;) {
        int err = wait_once(asking, &fetched, fault);
        if (err != 0 || fetched) {
            return err;
        }
        err = fetch(asking, NULL, fault);
        if (err == 0 || !goes_on(asking, fault)) {
            return err;
        }
    }
}

int vouch_sign_in_browser(struct vouch_reach *reach, enum vouch_sign_in_way way,
                          struct vouch_fault *fault) {
    struct asking asking = {.reach = reach, .way = way, .loopback = {.fd = -1}};
    int err = way == VOUCH_SIGN_IN_LOOPBACK ? vouch_loopback_open(&asking.loopback, fault) : 0;
    if (err == 0) {
        err = ask_code(&asking, fault);
    }
    if (err == 0) {
        say_code(&asking);
        err = await(&asking, fault);
    }
    asking_done(&asking);
    return err;
}
