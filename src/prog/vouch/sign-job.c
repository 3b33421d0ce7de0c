// SPDX-License-Identifier: ISC
// One call of `vouch sign`: see sign-job.h.
#include "prog/vouch/sign-job.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/share.h"
#include "base/time.h"
#include "prog/vouch/load.h"
#include "signer/ca.h"

#define SHARE_LEAST 32 // keys to read and check that are worth a thread

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

const char *vouch_sign_type_word(enum vouch_cert_type type) {
    return type == VOUCH_CERT_HOST ? "host" : "user";
}

void vouch_sign_job_done(struct vouch_sign_job *job) {
    for (size_t i = 0; job->subjects != NULL && i < job->count; i++) {
        vouch_key_free(job->subjects[i].key);
        free(job->subjects[i].comment);
        free(job->subjects[i].out);
    }
    free(job->subjects);
    free(job->dir);
    vouch_sign_request_done(&job->request);
}

static int find_agent(struct vouch_sign_job *job, struct vouch_fault *fault) {
    const struct vouch_args *args = &job->cli->args;
    if (vouch_args_count(args, "agent") == 0) {
        if (vouch_args_value(args, "ca-key") != NULL) {
            vouch_usage(fault, "--ca-key names a key that an agent holds, and --agent is missing");
            return vouch_fault_next(fault,
                                    "add --agent; for a key in the CA's folder give --ca DIR");
        }
        return 0;
    }
    job->agent = getenv("SSH_AUTH_SOCK");
    if (job->agent == NULL || job->agent[0] == '\0') {
        vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_agent,
                        "ssh-agent: SSH_AUTH_SOCK is not set, so there is no agent to ask");
        return vouch_fault_next(fault,
                                "start one and add the CA key: eval $(ssh-agent); ssh-add FILE");
    }
    return 0;
}

// The CA's folder: --ca, or the one that holds --ca-key.
static int find_dir(struct vouch_sign_job *job, struct vouch_fault *fault) {
    const struct vouch_args *args = &job->cli->args;
    const char *dir = vouch_args_value(args, "ca");
    const char *key = vouch_args_value(args, "ca-key");
    if (dir == NULL && key == NULL) {
        vouch_usage(fault, "sign %s: --ca DIR is missing (the folder of the CA)",
                    vouch_sign_type_word(job->type));
        return vouch_fault_next(fault, "for example: %s", job->cli->command->examples[0]);
    }
    job->dir = strdup(dir != NULL ? dir : key);
    if (job->dir == NULL) {
        return no_memory(fault);
    }
    if (dir == NULL) {
        char *folder = strdup(dirname(job->dir));
        free(job->dir);
        job->dir = folder;
    }
    return job->dir != NULL ? 0 : no_memory(fault);
}

// --ca-key has to be the key that the folder uses for this type: else it signs with another than asked.
static int check_ca_key(const struct vouch_sign_job *job, struct vouch_fault *fault) {
    const char *path = vouch_args_value(&job->cli->args, "ca-key");
    struct vouch_key *given = NULL, *own = NULL;
    if (path == NULL) {
        return 0;
    }
    int err = vouch_load_key(path, &given, NULL, fault);
    if (err == 0) {
        err = vouch_ca_read_key(job->dir, job->type, &own, fault);
    }
    if (err == 0 && !vouch_key_equal(given, own)) {
        err = vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_ca_key,
                              "%s: is not the %s CA key of %s", path,
                              vouch_sign_type_word(job->type), job->dir);
    }
    vouch_key_free(given);
    vouch_key_free(own);
    return err;
}

// key.pub -> key-cert.pub, as ssh finds it beside the key.
static char *default_out(const char *path) {
    size_t len = strlen(path);
    char *out = NULL;
    if (len > 4 && strcmp(path + len - 4, ".pub") == 0) {
        len -= 4;
    }
    return asprintf(&out, "%.*s-cert.pub", (int)len, path) < 0 ? NULL : out;
}

static int is_same_file(const char *a, const char *b) {
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static int check_out(const struct vouch_sign_job *job, size_t at, struct vouch_fault *fault) {
    const char *out = job->subjects[at].out;
    struct stat status;
    if (strcmp(out, "-") == 0 || lstat(out, &status) != 0) {
        return 0; // there is nothing to replace
    }
    if (is_same_file(out, job->subjects[at].path)) {
        return vouch_usage(fault,
                           "--out %s: is the key itself, which the certificate would replace", out);
    }
    if (vouch_args_count(&job->cli->args, "force") == 0) {
        vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: exists already", out);
        return vouch_fault_next(fault, "add --force to replace it, or --out FILE for another name");
    }
    return 0;
}

static int read_subject(void *context, size_t at, struct vouch_fault *fault) {
    const struct vouch_sign_job *job = context;
    struct vouch_sign_subject *subject = &job->subjects[at];
    const char *out = vouch_args_value(&job->cli->args, "out");
    subject->path = job->cli->args.operands[at];
    if (strcmp(subject->path, "-") == 0 && out == NULL) {
        vouch_usage(fault, "the key comes from standard input, and --out FILE is missing");
        return vouch_fault_next(fault, "add --out FILE, or --out - for standard output");
    }
    int err = vouch_load_key(subject->path, &subject->key, &subject->comment, fault);
    if (err != 0) {
        return err;
    }
    subject->out = out != NULL ? strdup(out) : default_out(subject->path);
    if (subject->out == NULL) {
        return no_memory(fault);
    }
    err = vouch_sign_request_check(&job->request, subject->key, subject->path, fault);
    return err == 0 ? check_out(job, at, fault) : err;
}

static int compare_out(const void *a, const void *b) {
    const struct vouch_sign_subject *const *first = a, *const *second = b;
    return strcmp((*first)->out, (*second)->out);
}

// Two certificates in one file: the second would replace the first.
static int check_distinct(const struct vouch_sign_job *job, struct vouch_fault *fault) {
    const struct vouch_sign_subject **sorted = calloc(job->count, sizeof(void *));
    int err = sorted == NULL ? no_memory(fault) : 0;
    for (size_t i = 0; err == 0 && i < job->count; i++) {
        sorted[i] = &job->subjects[i];
    }
    if (err == 0) {
        qsort(sorted, job->count, sizeof(void *), compare_out);
    }
    for (size_t i = 1; err == 0 && i < job->count; i++) {
        if (strcmp(sorted[i - 1]->out, sorted[i]->out) == 0) {
            err = vouch_usage(fault, "%s and %s: both certificates would be %s",
                              sorted[i - 1]->path, sorted[i]->path, sorted[i]->out);
        }
    }
    free(sorted);
    return err;
}

static int read_subjects(struct vouch_sign_job *job, struct vouch_fault *fault) {
    const struct vouch_args *args = &job->cli->args;
    if (args->operand_count > 1 && vouch_args_value(args, "out") != NULL) {
        vouch_usage(fault, "--out: names one file, but %zu keys are given", args->operand_count);
        return vouch_fault_next(fault, "leave --out away: each certificate goes beside its key");
    }
    job->subjects = calloc(args->operand_count, sizeof *job->subjects);
    if (job->subjects == NULL) {
        return no_memory(fault);
    }
    job->count = args->operand_count;
    size_t bad = 0;
    int err = vouch_share_out(job->count, SHARE_LEAST, read_subject, job, &bad, fault);
    return err == 0 ? check_distinct(job, fault) : err;
}

static int prepare(struct vouch_sign_job *job, struct vouch_fault *fault) {
    int err = find_dir(job, fault);
    if (err == 0) {
        err = find_agent(job, fault);
    }
    if (err == 0) {
        err = vouch_sign_request_read(&job->cli->args, job->type, job->now_s, &job->request, fault);
    }
    if (err == 0) {
        err = read_subjects(job, fault);
    }
    return err == 0 ? check_ca_key(job, fault) : err;
}

int vouch_sign_job_read(const struct vouch_cli *cli, enum vouch_cert_type type,
                        struct vouch_sign_job *ret_job, struct vouch_fault *fault) {
    struct vouch_sign_job job = {.cli = cli, .type = type, .now_s = vouch_time_now_s()};
    int err = prepare(&job, fault);
    if (err != 0) {
        vouch_sign_job_done(&job);
        return err;
    }
    *ret_job = job;
    return 0;
}
