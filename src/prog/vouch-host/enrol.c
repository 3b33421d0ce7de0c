// SPDX-License-Identifier: ISC
// Enrolling, step by step: see enrol.h.
#include "prog/vouch-host/enrol.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define TOKEN_MAX 128
#define SETTLE_NS 700000000
#define SETTLE_TRIES 4

void vouch_enrol_done(struct vouch_enrol *enrol) {
    vouch_member_close(&enrol->member);
    vouch_secret_done(&enrol->token);
    vouch_arena_done(&enrol->arena);
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static void say_ok(const struct vouch_enrol *enrol, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say_ok(const struct vouch_enrol *enrol, const char *format, ...) {
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    vouch_host_say_step((void *)(uintptr_t)&enrol->cli->term, vouch_bytes_of(text));
}

// Reading the command line

static int read_token(const struct vouch_cli *cli, struct vouch_secret *ret_token,
                      struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret file = {0};
    const char *path = vouch_args_value(&cli->args, "token-file");
    if (path == NULL) {
        return 0;
    }
    int err = vouch_io_read_secret(path, TOKEN_MAX + 2, VOUCH_IO_PRIVATE, &file, fault);
    if (err != 0) {
        return err;
    }
    struct vouch_bytes line = vouch_str_trim(vouch_secret_bytes(&file));
    if (line.len <= 7 || line.len > TOKEN_MAX || memcmp(line.ptr, "vouchh_", 7) != 0) {
        vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_server_token,
                        "%s: holds no token of a host", path);
        return vouch_fault_next(fault,
                                "give the file with the line vouchh_... of vouch host token new");
    }
    if (vouch_secret_new(line.len, ret_token) != 0) {
        return no_memory(fault);
    }
    memcpy(ret_token->ptr, line.ptr, line.len);
    return 0;
}

// "https://HOST:PORT#PIN" is how a token's address is written.
static int read_server(const struct vouch_cli *cli, struct vouch_enrolled *enrolled,
                       struct vouch_fault *fault) {
    struct vouch_bytes rest = vouch_bytes_of(cli->args.operands[0]);
    const char *pin = vouch_args_value(&cli->args, "pin");
    const char *ca_file = vouch_args_value(&cli->args, "ca-file");
    vouch_autofree char *url = vouch_str_copy(vouch_str_cut(&rest, '#'));
    vouch_autofree char *behind = rest.ptr != NULL ? vouch_str_copy(rest) : NULL;
    vouch_autofree char *file = ca_file != NULL ? realpath(ca_file, NULL) : NULL;
    if (pin != NULL && behind != NULL && strcmp(pin, behind) != 0) {
        return vouch_usage(fault, "--pin is another one than the address has behind its #");
    }
    if (ca_file != NULL && file == NULL) {
        return vouch_usage(fault, "--ca-file %s: there is no such file", ca_file);
    }
    if (url == NULL || vouch_enrolled_set(&enrolled->url, url) != 0 ||
        vouch_enrolled_set(&enrolled->pin, pin != NULL ? pin : behind) != 0 ||
        vouch_enrolled_set(&enrolled->ca_file, file) != 0) {
        return no_memory(fault);
    }
    return 0;
}

static int read_list(const struct vouch_cli *cli, const char *option, char **list,
                     size_t *ret_count, struct vouch_fault *fault) {
    size_t cursor = 0;
    const char *value;
    while ((value = vouch_args_next(&cli->args, option, &cursor)) != NULL) {
        if (*ret_count == VOUCH_ENROLLED_NAMES_MAX) {
            return vouch_usage(fault, "--%s: more than %d", option, VOUCH_ENROLLED_NAMES_MAX);
        }
        if (vouch_enrolled_set(&list[*ret_count], value) != 0) {
            return no_memory(fault);
        }
        ++*ret_count;
    }
    return 0;
}

static int check_labels(const struct vouch_enrolled *enrolled, struct vouch_fault *fault) {
    for (size_t i = 0; i < enrolled->label_count; i++) {
        const char *equals = strchr(enrolled->labels[i], '=');
        if (equals == NULL || equals == enrolled->labels[i] || equals[1] == '\0') {
            vouch_usage(fault, "--label \"%s\" is not KEY=VALUE", enrolled->labels[i]);
            return vouch_fault_next(fault, "write --label tier=web");
        }
    }
    return 0;
}

int vouch_enrol_read(const struct vouch_cli *cli, struct vouch_enrol *enrol,
                     struct vouch_fault *fault) {
    struct vouch_enrolled *enrolled = &enrol->member.enrolled;
    enrol->cli = cli;
    int err = read_server(cli, enrolled, fault);
    if (err == 0 &&
        vouch_enrolled_set(&enrolled->name, vouch_args_value(&cli->args, "name")) != 0) {
        err = no_memory(fault);
    }
    if (err == 0) {
        err = read_list(cli, "alias", enrolled->aliases, &enrolled->alias_count, fault);
    }
    if (err == 0) {
        err = read_list(cli, "label", enrolled->labels, &enrolled->label_count, fault);
    }
    if (err == 0) {
        err = check_labels(enrolled, fault);
    }
    return err == 0 ? read_token(cli, &enrol->token, fault) : err;
}

// Opening

// What was there before stays if it is about the same server and name; WAITING goes on with its names.
static int take_over(struct vouch_enrol *enrol, struct vouch_enrolled *before, int *ret_is_done,
                     struct vouch_fault *fault) {
    struct vouch_enrolled *wish = &enrol->member.enrolled;
    int same = strcmp(before->url, wish->url) == 0 &&
               (wish->name == NULL || strcmp(before->name, wish->name) == 0);
    if (!same && before->state == VOUCH_ENROLLED_ACTIVE) {
        return vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_host_enrolled,
                               "this machine is %s at %s already", before->name, before->url);
    }
    if (same && before->state == VOUCH_ENROLLED_ACTIVE) {
        struct vouch_enrolled fresh = *wish;
        *wish = *before;
        *before = fresh;
        *ret_is_done = 1;
        return vouch_enrolled_secret_read(enrol->member.station.folder, &enrol->member.secret,
                                          fault);
    }
    if (same && before->state == VOUCH_ENROLLED_WAITING && wish->name == NULL &&
        vouch_enrolled_set(&wish->name, before->name) != 0) {
        return no_memory(fault);
    }
    return 0;
}

// An agent that was killed before its certificates were installed has lost them, and only enrolling gives
// the same ones again: renewing proves itself by one of them.
static int look_for_certs(struct vouch_enrol *enrol, int *ret_is_done, struct vouch_fault *fault) {
    struct vouch_apply_machine machine = {0};
    int has_cert = 0;
    int err = vouch_member_describe(&enrol->member, &machine, fault);
    for (size_t i = 0; i < machine.key_count; i++) {
        has_cert |= machine.keys[i].serial != 0;
    }
    *ret_is_done = has_cert;
    return err;
}

int vouch_enrol_open(struct vouch_enrol *enrol, int *ret_is_done, struct vouch_fault *fault) {
    struct vouch_enrolled before = {0};
    int err = vouch_host_station(enrol->cli, VOUCH_STATION_ALONE, &enrol->member.station, fault);
    *ret_is_done = 0;
    if (err != 0) {
        return err;
    }
    err = vouch_enrolled_read(enrol->member.station.folder, &before, fault);
    if (err == 0) {
        err = take_over(enrol, &before, ret_is_done, fault);
    } else if (err == VOUCH_ERR_NOT_FOUND || err == VOUCH_ERR_FORMAT) {
        err = 0; // nothing that could be lost
    }
    vouch_enrolled_done(&before);
    if (err == 0) {
        err = vouch_contact_open(&enrol->member.enrolled, vouch_secret_bytes(&enrol->member.secret),
                                 &enrol->member.api, fault);
    }
    return err == 0 && *ret_is_done ? look_for_certs(enrol, ret_is_done, fault) : err;
}

// Meeting

static int name_fault(const char *name, struct vouch_fault *fault) {
    vouch_usage(fault, "this machine calls itself \"%s\", which is no full name", name);
    return vouch_fault_next(fault, "add --name HOST.DOMAIN");
}

static int learn_machine(struct vouch_enrol *enrol, struct vouch_fault *fault) {
    struct vouch_apply_machine machine = {0};
    struct vouch_enrolled *enrolled = &enrol->member.enrolled;
    int err = vouch_member_describe(&enrol->member, &machine, fault);
    if (err != 0) {
        return err;
    }
    (void)snprintf(enrol->sshd, sizeof enrol->sshd, "%.*s", (int)machine.sshd.len,
                   (const char *)machine.sshd.ptr);
    if (machine.key_count == 0) {
        vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_host_install,
                        "sshd has no host key that could be certified");
        return vouch_fault_next(fault, "ssh-keygen -A makes host keys");
    }
    if (enrolled->name != NULL) {
        return 0;
    }
    vouch_autofree char *name = vouch_str_copy(machine.name);
    if (name == NULL || vouch_enrolled_set(&enrolled->name, name) != 0) {
        return no_memory(fault);
    }
    return strchr(name, '.') != NULL ? 0 : name_fault(name, fault);
}

int vouch_enrol_meet(struct vouch_enrol *enrol, struct vouch_fault *fault) {
    struct vouch_enrolled *enrolled = &enrol->member.enrolled;
    int err = learn_machine(enrol, fault);
    if (err == 0) {
        vouch_say(&enrol->cli->term, "Enrolling %s at %s", enrolled->name, enrolled->url);
        err = vouch_contact_ca(enrol->member.api, enrolled, fault);
    }
    if (err == 0) {
        say_ok(enrol, "%s: CA \"%s\"",
               enrolled->pin != NULL ? "server pinned" : "server known by its certificate",
               enrolled->ca_name);
    }
    return err;
}

// Asking

static int note_active(struct vouch_enrol *enrol, struct vouch_secret *secret,
                       struct vouch_fault *fault) {
    struct vouch_member *member = &enrol->member;
    struct vouch_enrolled *enrolled = &member->enrolled;
    enrolled->enrolled_s = enrolled->renewed_s = enrolled->contact_s = vouch_time_now_s();
    int err =
        vouch_enrolled_secret_write(member->station.folder, vouch_secret_bytes(secret), fault);
    if (err == 0) {
        err = vouch_enrolled_write(member->station.folder, enrolled, fault);
    }
    if (err == 0) {
        err = vouch_api_set_token(member->api, vouch_secret_bytes(secret), fault);
    }
    if (err == 0) {
        vouch_secret_done(&member->secret);
        member->secret = *secret;
        *secret = (struct vouch_secret){0};
    }
    return err;
}

int vouch_enrol_ask(struct vouch_enrol *enrol, struct vouch_fault *fault) {
    struct vouch_member *member = &enrol->member;
    vouch_autosecret struct vouch_secret secret = {0};
    struct vouch_apply_proofs proofs = {0};
    const struct vouch_apply_prove prove = {
        .purpose = VOUCH_HOST_PROOF_ENROL,
        .ca = vouch_bytes_of(member->enrolled.ca_name),
        .name = vouch_bytes_of(member->enrolled.name),
        .time_s = vouch_time_now_s(),
    };
    const struct vouch_contact_wish wish = {
        .purpose = VOUCH_HOST_PROOF_ENROL,
        .token = vouch_secret_bytes(&enrol->token),
        .time_s = prove.time_s,
        .proofs = &proofs,
        .sshd = enrol->sshd[0] != '\0' ? enrol->sshd : NULL,
    };
    int err =
        vouch_apply_prove(member->station.apply, &prove, vouch_member_deadline(), &proofs, fault);
    struct vouch_key *key = NULL;
    if (err == 0 && proofs.count > 0 && vouch_key_parse(proofs.rows[0].key, &key, NULL) == 0) {
        vouch_key_fingerprint(key, VOUCH_HASH_SHA256, enrol->fingerprint);
        vouch_key_free(key);
    }
    if (err == 0) {
        err = vouch_contact_enrol(member->api, &wish, &member->enrolled, &enrol->arena,
                                  &enrol->enrolment, &secret, fault);
    }
    if (err != 0) {
        return err;
    }
    member->enrolled.state = enrol->enrolment.state;
    return member->enrolled.state == VOUCH_ENROLLED_ACTIVE
               ? note_active(enrol, &secret, fault)
               : vouch_enrolled_write(member->station.folder, &member->enrolled, fault);
}

// Installing

// All that one install takes.
struct parcel {
    struct vouch_contact_state state;
    struct vouch_buf trust, krl, envelope;
    struct vouch_apply_cert certs[VOUCH_APPLY_KEYS_MAX];
};

static void parcel_done(struct parcel *parcel) {
    vouch_buf_done(&parcel->trust);
    vouch_buf_done(&parcel->krl);
    vouch_buf_done(&parcel->envelope);
}

static int fetch(struct vouch_enrol *enrol, struct parcel *parcel, struct vouch_fault *fault) {
    struct vouch_api *api = enrol->member.api;
    int err = vouch_contact_state(api, 0, &enrol->arena, &parcel->state, fault);
    if (err == 0) {
        err = vouch_contact_trust(api, &parcel->trust, fault);
    }
    return err == 0 ? vouch_contact_krl(api, &parcel->krl, &parcel->envelope, fault) : err;
}

static int hand_in(struct vouch_enrol *enrol, struct parcel *parcel, struct vouch_fault *fault) {
    struct vouch_member *member = &enrol->member;
    struct vouch_apply_done done = {0};
    for (size_t i = 0; i < enrol->enrolment.cert_count; i++) {
        parcel->certs[i].cert = enrol->enrolment.certs[i];
    }
    const struct vouch_apply_install what = {
        .ca = vouch_bytes_of(member->enrolled.ca_name),
        .checkpoint = vouch_key_blob(member->enrolled.checkpoint_key),
        .name = vouch_bytes_of(member->enrolled.name),
        .trust = vouch_buf_bytes(&parcel->trust),
        .krl = vouch_buf_bytes(&parcel->krl),
        .krl_envelope = vouch_buf_bytes(&parcel->envelope),
        .state_version = parcel->state.version,
        .by_login = parcel->state.by_login,
        .logins = parcel->state.logins,
        .login_count = parcel->state.login_count,
        .certs = parcel->certs,
        .cert_count = enrol->enrolment.cert_count,
    };
    int err =
        vouch_apply_install(member->station.apply, &what, vouch_member_deadline(), &done, fault);
    if (err == 0) {
        vouch_host_say_done(enrol->cli, &done, VOUCH_APPLY_DO);
    }
    return err;
}

int vouch_enrol_install(struct vouch_enrol *enrol, struct vouch_fault *fault) {
    struct parcel parcel = {0};
    int err = fetch(enrol, &parcel, fault);
    if (err == 0) {
        enrol->is_settled = parcel.state.by_login || parcel.state.login_count > 0;
        err = hand_in(enrol, &parcel, fault);
    }
    parcel_done(&parcel);
    return err;
}

int vouch_enrol_settle(struct vouch_enrol *enrol, struct vouch_fault *fault) {
    const struct timespec pause = {.tv_nsec = SETTLE_NS};
    const struct vouch_member_listener listener = {vouch_host_say_step,
                                                   (void *)(uintptr_t)&enrol->cli->term};
    struct vouch_apply_machine machine = {0};
    int err = vouch_member_describe(&enrol->member, &machine, fault);
    for (unsigned i = 0; err == 0 && !enrol->is_settled && i < SETTLE_TRIES; i++) {
        struct vouch_member_synced synced = {0};
        (void)nanosleep(&pause, NULL);
        err = vouch_member_sync(&enrol->member, &listener, &synced, fault);
        enrol->is_settled = synced.installed > 0;
    }
    return err;
}
