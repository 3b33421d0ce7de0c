// SPDX-License-Identifier: ISC
// vouch krl fetch: the newest revocation list, proven before it takes the old one's place.
//
// sshd reads the file on every login, and a missing or broken one locks everybody out: whatever goes
// wrong here leaves the old file as it is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/krl-envelope.h"
#include "prog/vouch/load.h"
#include "prog/vouch/out.h"
#include "prog/vouch/reach.h"
#include "prog/vouch/trust.h"

#define POLL_S 30    // how long one ask may be held back
#define PAIR_TRIES 5 // a list may be replaced between the ask for it and for its envelope
#define SECOND_NS UINT64_C(1000000000)
#define WAIT_MAX_S (7 * 24 * 3600)

struct fetch {
    const struct vouch_cli *cli;
    struct vouch_reach reach;
    const char *use; // "user" or "host"
    const char *out;
    struct vouch_krl_trust trust;
    struct vouch_key *given_key; // of --checkpoint-key
    struct vouch_loaded_krl old; // what is there; krl NULL: nothing, or no list
    uint64_t old_version;
    uint64_t wait_s;
    struct vouch_krl_statement statement;
    struct vouch_api_answer list;
};

static void fetch_done(struct fetch *fetch) {
    vouch_reach_done(&fetch->reach);
    vouch_key_free(fetch->given_key);
    vouch_loaded_krl_done(&fetch->old);
    vouch_buf_done(&fetch->list.body);
}

static int read_wait(struct fetch *fetch, struct vouch_fault *fault) {
    const char *text = vouch_args_value(&fetch->cli->args, "wait");
    if (text == NULL) {
        return 0;
    }
    if (vouch_duration_parse(vouch_bytes_of(text), &fetch->wait_s) != 0 ||
        fetch->wait_s > WAIT_MAX_S) {
        vouch_usage(fault, "--wait: \"%s\" is not a duration up to a week", text);
        return vouch_fault_next(fault, "write --wait 1h");
    }
    return 0;
}

static int read_use(struct fetch *fetch, struct vouch_fault *fault) {
    fetch->use = fetch->cli->args.operands[0];
    if (strcmp(fetch->use, "user") == 0 || strcmp(fetch->use, "host") == 0) {
        fetch->trust.use = fetch->use[0] == 'h' ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
        return 0;
    }
    vouch_usage(fault, "krl fetch: \"%s\" is neither user nor host", fetch->use);
    return vouch_fault_next(fault, "write vouch krl fetch user --out FILE");
}

// What is there now. A broken file is no reason to leave everybody locked out: it is replaced.
static int read_old(struct fetch *fetch, struct vouch_fault *fault) {
    struct stat status;
    struct vouch_fault why;
    if (stat(fetch->out, &status) != 0) {
        return 0;
    }
    int err = vouch_load_krl(fetch->out, VOUCH_KRL_FILE_KRL_ONLY, &fetch->old, &why);
    if (err == 0) {
        fetch->old_version = vouch_krl_header(fetch->old.krl).version;
    } else if (why.kind == &vouch_fault_krl_format) {
        vouch_say_mark(&fetch->cli->term, VOUCH_MARK_WARN, "%s; it will be replaced", why.text);
        err = 0;
    } else {
        *fault = why;
    }
    return err;
}

static void take_ca(struct fetch *fetch) {
    const struct vouch_settings *keys = &fetch->reach.settings;
    fetch->trust.ca = fetch->trust.use == VOUCH_CERT_HOST ? keys->host_ca : keys->user_ca;
}

// Whose word counts: --checkpoint-key, or what vouch server set noted down, or, on the server's own
// machine, what the server says.
static int find_trust(struct fetch *fetch, struct vouch_fault *fault) {
    const char *path = vouch_args_value(&fetch->cli->args, "checkpoint-key");
    struct vouch_reach *reach = &fetch->reach;
    int noted = reach->anchors == VOUCH_ANCHORS_NOTED;
    if (path == NULL && !noted && !reach->local) {
        vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_krl_unproven,
                        "%s: nothing was noted down about its keys, so nothing proves its lists",
                        vouch_api_name(reach->api));
        return vouch_fault_next(
            fault, "vouch server set URL --pin sha256:..., or give --checkpoint-key FILE.pub");
    }
    int err = path != NULL ? vouch_load_key(path, &fetch->given_key, NULL, fault) : 0;
    if (err == 0) {
        err = vouch_reach_keys(reach, fault);
    }
    if (err == 0) {
        const struct vouch_settings *keys = &reach->settings;
        fetch->trust.checkpoint_key = path != NULL ? fetch->given_key : keys->checkpoint_key;
        take_ca(fetch);
    }
    return err;
}

// *ret_found is 0 if nothing newer came within `wait_s`.
static int ask_list(struct fetch *fetch, uint64_t wait_s, int *ret_found,
                    struct vouch_fault *fault) {
    char path[80], etag[24];
    (void)snprintf(etag, sizeof etag, "%llu", (unsigned long long)fetch->old_version);
    (void)snprintf(path, sizeof path, wait_s > 0 ? "/v1/krls/%s?wait=%llu" : "/v1/krls/%s",
                   fetch->use, (unsigned long long)wait_s);
    const struct vouch_api_ask ask = {
        .path = path,
        .etag = fetch->old.krl != NULL ? etag : NULL,
        .answer_max = VOUCH_KRL_MAX,
        .wait_ms = wait_s * 1000,
    };
    vouch_buf_done(&fetch->list.body);
    int err = vouch_api_ask(fetch->reach.api, &ask, &fetch->list, fault);
    if (err == 0) {
        *ret_found = fetch->list.status != 304;
    }
    return err;
}

// A list that says nothing of the CA key that was noted down: it may have been replaced since. Nonzero if
// another one counts now; what was in the way of finding that out, the list's own fault says well enough.
static int renew_trust(struct fetch *fetch) {
    struct vouch_fault unused;
    struct vouch_trust trust = {0};
    struct vouch_key *copy = vouch_key_copy(fetch->trust.ca);
    if (copy == NULL || fetch->reach.anchors != VOUCH_ANCHORS_NOTED ||
        vouch_trust_fetch(&fetch->reach, &trust, &unused) != 0) {
        vouch_key_free(copy);
        take_ca(fetch);
        return 0;
    }
    vouch_trust_done(&trust);
    take_ca(fetch);
    int is_another = !vouch_key_equal(copy, fetch->trust.ca);
    vouch_key_free(copy);
    return is_another;
}

static int ask_envelope(struct fetch *fetch, struct vouch_fault *fault) {
    char path[80];
    struct vouch_api_answer answer = {0};
    (void)snprintf(path, sizeof path, "/v1/krls/%s/envelope", fetch->use);
    const struct vouch_api_ask ask = {.path = path, .answer_max = VOUCH_KRL_ENVELOPE_MAX};
    int err = vouch_api_ask(fetch->reach.api, &ask, &answer, fault);
    if (err != 0) {
        return err;
    }
    const struct vouch_bytes envelope = vouch_buf_bytes(&answer.body);
    err = vouch_krl_envelope_verify(envelope, &fetch->trust, path, &fetch->statement, fault);
    if (err == VOUCH_ERR_MISMATCH && renew_trust(fetch)) {
        err = vouch_krl_envelope_verify(envelope, &fetch->trust, path, &fetch->statement, fault);
    }
    vouch_buf_done(&answer.body);
    return err;
}

static int check_version(const struct fetch *fetch, struct vouch_fault *fault) {
    uint64_t version = fetch->statement.version;
    struct vouch_bytes krl = vouch_buf_bytes(&fetch->list.body);
    if (fetch->old.krl == NULL || version > fetch->old_version) {
        return 0;
    }
    if (version == fetch->old_version &&
        vouch_bytes_equal(krl, vouch_buf_bytes(&fetch->old.blob))) {
        return 0;
    }
    return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_krl_unproven,
                           "%s: the server offers version %llu in place of version %llu: %s",
                           fetch->out, (unsigned long long)version,
                           (unsigned long long)fetch->old_version,
                           version < fetch->old_version ? "a list never goes back"
                                                        : "another list of the same number");
}

// The list that counts now: what came, or what is there already.
static struct vouch_bytes list_of(const struct fetch *fetch, int found) {
    return vouch_buf_bytes(found ? &fetch->list.body : &fetch->old.blob);
}

// The list, and the envelope that is about just this list. That the old one is still the newest has to be
// proven as well.
static int fetch_pair(struct fetch *fetch, uint64_t wait_s, int *ret_found,
                      struct vouch_fault *fault) {
    int err = 0;
    for (int tries = 0; tries < PAIR_TRIES; tries++) {
        err = ask_list(fetch, tries == 0 ? wait_s : 0, ret_found, fault);
        if (err == 0) {
            err = ask_envelope(fetch, fault);
        }
        if (err != 0) {
            return err;
        }
        err = vouch_krl_statement_check(&fetch->statement, list_of(fetch, *ret_found), fetch->out,
                                        fault);
        if (err != VOUCH_ERR_MISMATCH) {
            break;
        }
    }
    return err == 0 && *ret_found ? check_version(fetch, fault) : err;
}

static int wait_for(struct fetch *fetch, int *ret_found, struct vouch_fault *fault) {
    uint64_t end_ns = vouch_time_monotonic_ns() + fetch->wait_s * SECOND_NS;
    for (;;) {
        uint64_t now_ns = vouch_time_monotonic_ns();
        uint64_t left_s = end_ns > now_ns ? (end_ns - now_ns + SECOND_NS - 1) / SECOND_NS : 0;
        int err = fetch_pair(fetch, left_s < POLL_S ? left_s : POLL_S, ret_found, fault);
        if (err != 0 || *ret_found || left_s == 0) {
            return err;
        }
    }
}

static int report(const struct fetch *fetch, int changed, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    const struct vouch_cli *cli = fetch->cli;
    uint64_t version = changed ? fetch->statement.version : fetch->old_version;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0) {
        return err;
    }
    vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s: %s, version %llu", fetch->out,
                   !changed                                      ? "is the newest"
                   : vouch_args_count(&cli->args, "dry-run") > 0 ? "would be replaced"
                                                                 : "replaced",
                   (unsigned long long)version);
    if (form == VOUCH_FORM_TABLE) {
        return 0;
    }
    struct vouch_item *item = vouch_item_new("vouch.krl-fetch/1");
    vouch_item_path(item, "path", fetch->out);
    vouch_item_word(item, "use", fetch->use);
    vouch_item_u64(item, "version", version);
    vouch_item_yes_no(item, "changed", changed);
    err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static int put_in_place(const struct fetch *fetch, int *ret_changed, struct vouch_fault *fault) {
    struct vouch_bytes krl = vouch_buf_bytes(&fetch->list.body);
    *ret_changed = 0;
    if (fetch->old.krl != NULL && vouch_bytes_equal(krl, vouch_buf_bytes(&fetch->old.blob))) {
        return 0;
    }
    *ret_changed = 1;
    if (vouch_args_count(&fetch->cli->args, "dry-run") > 0) {
        return 0;
    }
    const struct vouch_io_file file = {fetch->out, 0644, VOUCH_IO_REPLACE};
    return vouch_io_write(&file, krl, fault);
}

static int prepare(struct fetch *fetch, struct vouch_fault *fault) {
    int err = read_use(fetch, fault);
    if (err == 0) {
        err = read_wait(fetch, fault);
    }
    if (err == 0) {
        err = read_old(fetch, fault);
    }
    if (err == 0) {
        err = vouch_reach_open(fetch->cli, &fetch->reach, fault);
    }
    return err == 0 ? find_trust(fetch, fault) : err;
}

static int run_fetch(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct fetch fetch = {.cli = cli, .out = vouch_args_value(&cli->args, "out")};
    int found = 0, changed = 0;
    int err = prepare(&fetch, fault);
    if (err == 0) {
        err = wait_for(&fetch, &found, fault);
    }
    if (err == 0 && found) {
        err = put_in_place(&fetch, &changed, fault);
    }
    if (err == 0) {
        err = report(&fetch, changed, fault);
    }
    fetch_done(&fetch);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"out", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "FILE",
     "where it goes; the file that RevokedKeys or RevokedHostKeys names"},
    {"wait", 0, VOUCH_OPTION_ONE, 0, "SPAN", "wait so long for a newer one than is there"},
    {"checkpoint-key", 0, VOUCH_OPTION_ONE, 0, "FILE.pub",
     "who must have signed (default: the key that vouch server set noted down)"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "fetch and prove it; write nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch krl fetch user --out /etc/ssh/revoked_keys",
    "vouch krl fetch user --out revoked.krl --wait 1h",
    NULL,
};

const struct vouch_command vouch_cmd_krl_fetch = {
    .noun = "krl",
    .verb = "fetch",
    .summary = "get the server's revocation list, prove it, and put it in place of the old one",
    .operands = "user|host",
    .operands_min = 1,
    .operands_max = 1,
    .options = options,
    .notes =
        "The list has to be the one that its envelope speaks of, the envelope has to be signed by "
        "the checkpoint key, and the version never falls. Otherwise the old file stays.",
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_fetch,
    .failed = vouch_reach_failed,
};
