// SPDX-License-Identifier: ISC
// Failures of the API as faults: see api-fault.h.
#include "client/api-fault.h"

#include <curl/curl.h>
#include <jansson.h>
#include <string.h>

// What each code of libcurl comes to; all others: the connection broke.
struct row {
    CURLcode code;
    int err;
    const struct vouch_fault_kind *kind;
    const char *what; // NULL: libcurl's own words
    const char *next; // NULL: the kind's
};

static const struct row rows[] = {
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, VOUCH_ERR_SIGNATURE, &vouch_fault_server_unproven,
     "its key is not the one that is pinned", NULL},
    {CURLE_PEER_FAILED_VERIFICATION, VOUCH_ERR_SIGNATURE, &vouch_fault_server_unproven,
     "no trusted CA vouches for its certificate, or it is for another name",
     "give --pin sha256:... as vouchd init printed it, or --ca-file FILE"},
    {CURLE_SSL_CACERT_BADFILE, VOUCH_ERR_FORMAT, &vouch_fault_read,
     "the file of CA certificates cannot be read as PEM", "check --ca-file"},
    {CURLE_COULDNT_RESOLVE_HOST, VOUCH_ERR_IO, &vouch_fault_server_unreachable,
     "its name is not known here", "check the name in --server, and the resolver"},
    {CURLE_COULDNT_CONNECT, VOUCH_ERR_IO, &vouch_fault_server_unreachable, NULL, NULL},
    {CURLE_OPERATION_TIMEDOUT, VOUCH_ERR_TIMEOUT, &vouch_fault_server_unreachable,
     "no answer in time", "try again, or give it longer with --timeout 60s"},
    {CURLE_ABORTED_BY_CALLBACK, VOUCH_ERR_TIMEOUT, &vouch_fault_server_unreachable,
     "the question was called off", NULL},
    {CURLE_OUT_OF_MEMORY, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory", NULL},
};

int vouch_api_broken_fault(const struct vouch_api_broken *broken, struct vouch_fault *fault) {
    static const struct row otherwise = {CURLE_OK, VOUCH_ERR_IO, &vouch_fault_server_unreachable,
                                         NULL, NULL};
    const struct row *row = &otherwise;
    if (broken->overflow) {
        return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_server_answer,
                               "%s: the answer is larger than any can be", broken->server);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((int)rows[i].code == broken->code) {
            row = &rows[i];
        }
    }
    const char *what = row->what != NULL ? row->what : broken->detail;
    vouch_fault_set(fault, row->err, row->kind, "%s: %s", broken->server, what);
    return row->next != NULL ? vouch_fault_next(fault, "%s", row->next) : row->err;
}

// HTTP status -> our code, and the kind where the server names none that is known here.
static const struct {
    unsigned status;
    int err;
    const struct vouch_fault_kind *kind;
} statuses[] = {
    {400, VOUCH_ERR_ARGUMENT, &vouch_fault_server_refused},
    {401, VOUCH_ERR_PASSPHRASE, &vouch_fault_server_token},
    {403, VOUCH_ERR_REFUSED, &vouch_fault_server_refused},
    {404, VOUCH_ERR_NOT_FOUND, &vouch_fault_server_refused},
    {409, VOUCH_ERR_EXISTS, &vouch_fault_server_refused},
    {410, VOUCH_ERR_NOT_FOUND, &vouch_fault_server_refused},
    {412, VOUCH_ERR_EXISTS, &vouch_fault_server_refused},
    {413, VOUCH_ERR_LIMIT, &vouch_fault_server_refused},
    {422, VOUCH_ERR_ARGUMENT, &vouch_fault_server_refused},
    {429, VOUCH_ERR_LIMIT, &vouch_fault_server_failed},
};

static const char *member(const json_t *problem, const char *name) {
    const char *text = json_string_value(json_object_get(problem, name));
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static int say_problem(const char *server, unsigned status, const json_t *problem,
                       struct vouch_fault *fault) {
    int err = VOUCH_ERR_IO;
    const struct vouch_fault_kind *kind = &vouch_fault_server_failed;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].status == status) {
            err = statuses[i].err;
            kind = statuses[i].kind;
        }
    }
    const char *code = member(problem, "code");
    const struct vouch_fault_kind *named =
        code != NULL ? vouch_fault_kind_of(vouch_bytes_of(code)) : NULL;
    const char *detail = member(problem, "detail");
    const char *field = member(problem, "field");
    if (detail == NULL) {
        detail = member(problem, "title");
    }
    // A detail that names its field already need not be told twice.
    int tell_field = field != NULL && (detail == NULL || strstr(detail, field) == NULL);
    char where[120] = "", foreign[40] = "";
    if (tell_field) {
        (void)snprintf(where, sizeof where, "%.100s: ", field);
    }
    if (named == NULL && code != NULL) {
        (void)snprintf(foreign, sizeof foreign, " (%.30s)", code);
    }
    vouch_fault_set(fault, err, named != NULL ? named : kind, "%s: %s%s%s", server, where,
                    detail != NULL ? detail : "it gave no reason", foreign);
    const char *next = member(problem, "next");
    if (fault != NULL && next != NULL && strcmp(next, fault->kind->fix) != 0) {
        (void)vouch_fault_next(fault, "%s", next);
    }
    return err;
}

int vouch_api_problem_fault(const char *server, unsigned status, struct vouch_bytes body,
                            struct vouch_fault *fault) {
    json_t *problem =
        body.len == 0 ? NULL
                      : json_loadb((const char *)body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    int err;
    if (json_is_object(problem) && member(problem, "code") != NULL) {
        err = say_problem(server, status, problem, fault);
    } else if (status >= 400) {
        // Not one of ours: a proxy in front of it, or no Vouchsafe server at all.
        json_t *plain = json_object();
        err = say_problem(server, status, plain, fault);
        if (fault != NULL) {
            vouch_fault_set(fault, err, fault->kind, "%s: answered with status %u and no reason",
                            server, status);
        }
        json_decref(plain);
    } else {
        err = vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_server_answer,
                              "%s: answered with status %u, which no question of ours has", server,
                              status);
    }
    json_decref(problem);
    return err;
}
