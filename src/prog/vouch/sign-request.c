// SPDX-License-Identifier: ISC
// What `vouch sign` is asked to issue: see sign-request.h.
#include "prog/vouch/sign-request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/cert-options.h"
#include "vouch/wire.h"

#define USER_VALID "8h"
#define HOST_VALID "30d"
#define PERMIT "permit-"
#define VALUE_MAX (64u * 1024)

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static size_t count_parts(const char *text) {
    size_t count = 1;
    for (; *text != '\0'; text++) {
        count += *text == ',';
    }
    return count;
}

static int read_principals(const struct vouch_args *args, struct vouch_sign_request *request,
                           struct vouch_fault *fault) {
    size_t cursor = 0, room = 0;
    const char *value;
    while ((value = vouch_args_next(args, "principals", &cursor)) != NULL) {
        room += count_parts(value);
    }
    request->principals = calloc(room + 1, sizeof *request->principals);
    if (request->principals == NULL) {
        return no_memory(fault);
    }
    cursor = 0;
    while ((value = vouch_args_next(args, "principals", &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (rest.ptr != NULL) {
            request->principals[request->principal_count++] = vouch_str_cut(&rest, ',');
        }
    }
    return 0;
}

static void add_critical(struct vouch_sign_request *request, const char *name,
                         struct vouch_bytes data) {
    request->critical[request->critical_count++] =
        (struct vouch_cert_option){vouch_bytes_of(name), data};
}

// In the order of names, as a certificate has them.
static int read_critical(const struct vouch_args *args, struct vouch_sign_request *request,
                         struct vouch_fault *fault) {
    const char *command = vouch_args_value(args, "force-command");
    if (command != NULL) {
        vouch_write_text(&request->force_command, command);
        add_critical(request, "force-command", vouch_buf_bytes(&request->force_command));
    }
    size_t cursor = 0;
    const char *address = vouch_args_next(args, "source-address", &cursor);
    if (address != NULL) {
        struct vouch_buf *data = &request->source_address;
        size_t mark = vouch_write_string_begin(data);
        for (const char *before = ""; address != NULL; before = ",") {
            vouch_buf_put_text(data, before);
            vouch_buf_put_text(data, address);
            address = vouch_args_next(args, "source-address", &cursor);
        }
        vouch_write_string_end(data, mark);
        add_critical(request, "source-address", vouch_buf_bytes(data));
    }
    if (vouch_args_count(args, "verify-required") > 0) {
        add_critical(request, "verify-required", (struct vouch_bytes){0});
    }
    if (request->force_command.err != 0 || request->source_address.err != 0) {
        return vouch_usage(fault, "--force-command or --source-address: longer than %u bytes",
                           VALUE_MAX);
    }
    return 0;
}

// The name without "permit-", as people say it.
static const char *short_name(const char *name) {
    return strncmp(name, PERMIT, strlen(PERMIT)) == 0 ? name + strlen(PERMIT) : name;
}

static int unknown_extension(const char *option, const char *value, struct vouch_fault *fault) {
    const char *names[VOUCH_SIGN_OPTIONS_MAX + 1] = {NULL};
    size_t count = 0;
    for (const struct vouch_cert_option_kind *k = vouch_cert_option_kinds; k->name != NULL; k++) {
        if (k->section == VOUCH_CERT_SECTION_EXTENSION && count < VOUCH_SIGN_OPTIONS_MAX) {
            names[count++] = short_name(k->name);
        }
    }
    return vouch_args_choice(option, short_name(value), names, fault) < 0 ? VOUCH_ERR_ARGUMENT : 0;
}

// The row of `value` in the table of options; -1 with the fault set.
static int find_extension(const char *option, const char *value, struct vouch_fault *fault) {
    for (int i = 0; vouch_cert_option_kinds[i].name != NULL; i++) {
        const struct vouch_cert_option_kind *kind = &vouch_cert_option_kinds[i];
        if (kind->section == VOUCH_CERT_SECTION_EXTENSION &&
            (strcasecmp(kind->name, value) == 0 ||
             strcasecmp(short_name(kind->name), value) == 0)) {
            return i;
        }
    }
    (void)unknown_extension(option, value, fault);
    return -1;
}

static int mark_extensions(const struct vouch_args *args, const char *option, int *marks,
                           struct vouch_fault *fault) {
    size_t cursor = 0;
    const char *value;
    while ((value = vouch_args_next(args, option, &cursor)) != NULL) {
        int row = find_extension(option, value, fault);
        if (row < 0) {
            return VOUCH_ERR_ARGUMENT;
        }
        marks[row] = 1;
    }
    return 0;
}

static int read_extensions(const struct vouch_args *args, struct vouch_sign_request *request,
                           struct vouch_fault *fault) {
    int wanted[VOUCH_SIGN_OPTIONS_MAX] = {0}, unwanted[VOUCH_SIGN_OPTIONS_MAX] = {0};
    int err = mark_extensions(args, "permit", wanted, fault);
    if (err == 0) {
        err = mark_extensions(args, "no-permit", unwanted, fault);
    }
    for (size_t i = 0; err == 0 && vouch_cert_option_kinds[i].name != NULL; i++) {
        const char *name = vouch_cert_option_kinds[i].name;
        if (wanted[i] && unwanted[i]) {
            return vouch_usage(fault, "--permit and --no-permit both name %s", name);
        }
        int usual = strcmp(name, "permit-pty") == 0 && !unwanted[i];
        if (wanted[i] || usual) {
            request->extensions[request->extension_count++].name = vouch_bytes_of(name);
        }
    }
    return err;
}

static int read_all(const struct vouch_args *args, uint64_t now_s,
                    struct vouch_sign_request *request, struct vouch_fault *fault) {
    const char *valid = vouch_args_value(args, "valid");
    int is_user = request->type == VOUCH_CERT_USER;
    if (valid == NULL) {
        valid = is_user ? USER_VALID : HOST_VALID;
    }
    request->key_id = vouch_bytes_of(vouch_args_value(args, "id"));
    int err = vouch_validity_parse(valid, now_s, &request->validity, fault);
    if (err == 0) {
        err = read_principals(args, request, fault);
    }
    if (err == 0 && is_user) {
        err = read_critical(args, request, fault);
    }
    if (err == 0 && is_user) {
        err = read_extensions(args, request, fault);
    }
    return err;
}

int vouch_sign_request_read(const struct vouch_args *args, enum vouch_cert_type type,
                            uint64_t now_s, struct vouch_sign_request *ret_request,
                            struct vouch_fault *fault) {
    struct vouch_sign_request request = {.type = type};
    vouch_buf_init(&request.force_command, VALUE_MAX);
    vouch_buf_init(&request.source_address, VALUE_MAX);
    int err = read_all(args, now_s, &request, fault);
    if (err != 0) {
        vouch_sign_request_done(&request);
        return err;
    }
    *ret_request = request;
    return 0;
}

void vouch_sign_request_done(struct vouch_sign_request *request) {
    if (request != NULL) {
        free(request->principals);
        vouch_buf_done(&request->force_command);
        vouch_buf_done(&request->source_address);
        *request = (struct vouch_sign_request){0};
    }
}

struct vouch_cert_spec vouch_sign_request_spec(const struct vouch_sign_request *request,
                                               const struct vouch_key *key) {
    return (struct vouch_cert_spec){
        .type = request->type,
        .key = key,
        .key_id = request->key_id,
        .principals = request->principals,
        .principal_count = request->principal_count,
        .valid_after = request->validity.after,
        .valid_before = request->validity.before,
        .critical = request->critical,
        .critical_count = request->critical_count,
        .extensions = request->extensions,
        .extension_count = request->extension_count,
    };
}

// Which option of the command line gives a field of the certificate.
static const char *const field_options[][2] = {
    {"key ID", "--id"},
    {"principals", "--principals"},
    {"validity", "--valid"},
    {"force-command", "--force-command"},
    {"source-address", "--source-address"},
    {"verify-required", "--verify-required"},
    {"critical options", "--force-command, --source-address or --verify-required"},
    {"extensions", "--permit"},
};

int vouch_sign_request_check(const struct vouch_sign_request *request, const struct vouch_key *key,
                             const char *name, struct vouch_fault *fault) {
    struct vouch_where where = {0};
    struct vouch_cert_spec spec = vouch_sign_request_spec(request, key);
    spec.serial = 1; // stands for the one that the ledger will give
    int err = vouch_cert_spec_check(&spec, &where);
    if (err == 0) {
        return 0;
    }
    int key_is_weak = where.field != NULL && strcmp(where.field, "public key") == 0;
    vouch_fault_where(fault, err, key_is_weak ? &vouch_fault_key_weak : &vouch_fault_spec, name,
                      &where);
    for (size_t i = 0; i < sizeof field_options / sizeof field_options[0]; i++) {
        if (where.field != NULL && strcmp(where.field, field_options[i][0]) == 0) {
            return vouch_fault_next(fault, "change %s", field_options[i][1]);
        }
    }
    return err;
}
