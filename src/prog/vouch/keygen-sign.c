// SPDX-License-Identifier: ISC
// `vouch keygen -s`: signs public keys with a CA key, a certificate for each file.
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen-load.h"

// One file to sign.
struct subject {
    struct vouch_keygen_public_key public_key;
    char *path;
    char *out; // where its certificate goes
};

// What all certificates of a run share, and the batch that is in hand.
struct job {
    const struct vouch_keygen *args;
    struct vouch_keygen_ca ca;
    struct vouch_keygen_limits limits;
    struct vouch_bytes principals[VOUCH_CERT_PRINCIPALS_MAX];
    size_t principal_count;
    uint64_t serial; // of the next one
    struct subject subjects[VOUCH_KEYGEN_BATCH_MAX];
    struct vouch_keygen_batch batch;
};

static void subject_done(struct subject *subject) {
    vouch_keygen_public_key_done(&subject->public_key);
    free(subject->path);
    free(subject->out);
    *subject = (struct subject){0};
}

static void job_free(struct job **job) {
    if (*job != NULL) {
        vouch_keygen_ca_close(&(*job)->ca);
        vouch_keygen_limits_done(&(*job)->limits);
        free(*job);
    }
}

#define autojob VOUCH_CLEANUP(job_free)

// A comma always divides; nothing is trimmed.
static int split_principals(struct job *job) {
    struct vouch_bytes rest = vouch_bytes_of(job->args->value['n']);
    size_t count = 0;
    if (job->args->value['n'] == NULL) {
        vouch_keygen_say("Warning: certificate will contain no principals (-n)");
        return VOUCH_OK;
    }
    while (rest.ptr != NULL) {
        struct vouch_bytes name = vouch_str_cut(&rest, ',');
        if (name.len == 0) {
            return vouch_keygen_fail("Empty principal name");
        }
        if (count < VOUCH_CERT_PRINCIPALS_MAX) {
            job->principals[count] = name;
        }
        count++;
    }
    if (count > VOUCH_CERT_PRINCIPALS_MAX) {
        return vouch_keygen_fail("Too many certificate principals specified");
    }
    job->principal_count = count;
    return VOUCH_OK;
}

// The name of the certificate's file: "-cert.pub" in place of ".pub".
static char *name_certificate(const char *path) {
    char *name = NULL;
    size_t len = strlen(path);
    if (len >= 4 && strcmp(path + len - 4, ".pub") == 0) {
        len -= 4;
    }
    return asprintf(&name, "%.*s-cert.pub", (int)len, path) < 0 ? NULL : name;
}

// 0, or VOUCH_KEYGEN_FAILED with *ret_why malloc'd (NULL when memory is short).
static int load_subject(const char *argument, struct subject *subject, char **ret_why) {
    subject->path = vouch_keygen_expand(argument);
    subject->out = subject->path != NULL ? name_certificate(subject->path) : NULL;
    if (subject->out == NULL) {
        return VOUCH_KEYGEN_FAILED;
    }
    int err = vouch_keygen_read_public(subject->path, &subject->public_key);
    int made = 0;
    if (err != VOUCH_OK) {
        made =
            asprintf(ret_why, "load pubkey \"%s\": %s", subject->path, vouch_keygen_why(err, NULL));
    } else if (subject->public_key.cert != NULL) {
        made = asprintf(ret_why, "do_ca_sign: key \"%s\" type %s cannot be certified",
                        subject->path, subject->public_key.label);
    } else {
        return VOUCH_OK;
    }
    if (made < 0) {
        *ret_why = NULL;
    }
    return VOUCH_KEYGEN_FAILED;
}

static void fill_spec(const struct job *job, size_t index, struct vouch_cert_spec *spec) {
    const struct vouch_keygen *args = job->args;
    *spec = (struct vouch_cert_spec){
        .type = args->count['h'] > 0 ? VOUCH_CERT_HOST : VOUCH_CERT_USER,
        .key = job->subjects[index].public_key.key,
        .serial = job->serial + index * args->serial_step,
        .key_id = vouch_bytes_of(args->value['I']),
        .principals = job->principals,
        .principal_count = job->principal_count,
        .valid_after = args->valid_after,
        .valid_before = args->valid_before,
        .critical = job->limits.critical,
        .critical_count = job->limits.critical_count,
        .extensions = job->limits.extensions,
        .extension_count = job->limits.extension_count,
    };
}

static int save(const struct subject *subject, struct vouch_bytes cert) {
    struct vouch_buf line;
    const char *comment = subject->public_key.comment;
    vouch_buf_init(&line, 2 * VOUCH_CERT_BLOB_MAX);
    vouch_cert_print(cert, NULL, &line);
    vouch_buf_put_text(&line, " ");
    // What OpenSSH's printf makes of a private key file, where no comment can be read.
    vouch_buf_put_text(&line, comment != NULL ? comment : "(null)");
    vouch_buf_put_text(&line, "\n");
    int err = line.err;
    if (err == VOUCH_OK) {
        const struct vouch_keygen_target target = {subject->out, 0644, VOUCH_KEYGEN_UNSYNCED};
        err = vouch_keygen_write(&target, vouch_buf_bytes(&line));
    }
    vouch_buf_done(&line);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_keygen_fail("Unable to save public key to %s: %s", subject->out,
                                               vouch_keygen_why(err, NULL));
}

static void report(const struct vouch_keygen *args, const struct subject *subject,
                   const struct vouch_cert_spec *spec) {
    char validity[VOUCH_KEYGEN_VALIDITY_MAX];
    const char *principals = args->value['n'];
    if (args->count['q'] > 0) {
        return;
    }
    vouch_keygen_validity_text(spec->valid_after, spec->valid_before, validity);
    vouch_keygen_say("Signed %s key %s: id \"%s\" serial %llu%s%s valid %s",
                     spec->type == VOUCH_CERT_HOST ? "host" : "user", subject->out,
                     args->value['I'], (unsigned long long)spec->serial,
                     principals != NULL ? " for " : "", principals != NULL ? principals : "",
                     validity);
}

// Signs the batch, then writes and reports each. What failed is said after those that went well.
static int sign_batch(struct job *job) {
    struct vouch_keygen_batch *batch = &job->batch;
    int status = VOUCH_OK;
    for (size_t i = 0; i < batch->count; i++) {
        fill_spec(job, i, &batch->specs[i]);
    }
    vouch_keygen_ca_sign(&job->ca, batch);
    for (size_t i = 0; i < batch->made && status == VOUCH_OK; i++) {
        status = save(&job->subjects[i], vouch_buf_bytes(&batch->certs[i]));
        if (status == VOUCH_OK) {
            report(job->args, &job->subjects[i], &batch->specs[i]);
        }
    }
    if (status == VOUCH_OK && batch->made < batch->count) {
        status = vouch_keygen_fail(job->ca.agent_key != NULL ? "Couldn't certify %s via agent: %s"
                                                             : "Couldn't certify key %s: %s",
                                   job->subjects[batch->made].path,
                                   batch->why != NULL ? batch->why : "");
    }
    job->serial += batch->count * job->args->serial_step;
    return status;
}

static void drop_batch(struct job *job) {
    for (size_t i = 0; i < job->batch.count; i++) {
        subject_done(&job->subjects[i]);
    }
    vouch_keygen_batch_done(&job->batch);
}

// Takes up files from argv[first] on until the batch is full or one cannot be signed.
static int run_batch(struct job *job, size_t first, size_t *ret_next) {
    const struct vouch_keygen *args = job->args;
    vouch_autofree char *why = NULL;
    int loaded = VOUCH_OK;
    size_t count = 0;
    while (first + count < (size_t)args->file_count && count < VOUCH_KEYGEN_BATCH_MAX) {
        loaded = load_subject(args->files[first + count], &job->subjects[count], &why);
        if (loaded != VOUCH_OK) {
            subject_done(&job->subjects[count]);
            break;
        }
        count++;
    }
    job->batch.count = count;
    int status = count > 0 ? sign_batch(job) : VOUCH_OK;
    drop_batch(job);
    if (status == VOUCH_OK && why != NULL) {
        vouch_keygen_say("%s", why);
    }
    *ret_next = first + count;
    return status != VOUCH_OK ? status : loaded;
}

int vouch_keygen_sign(const struct vouch_keygen *args) {
    if (args->value['I'] == NULL) {
        return vouch_keygen_fail("Must specify key id (-I) when certifying");
    }
    autojob struct job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        return vouch_keygen_fail("%s", vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
    }
    job->args = args;
    job->serial = args->serial;
    int status = vouch_keygen_limits_parse(args, &job->limits);
    if (status == VOUCH_OK) {
        status = vouch_keygen_ca_open(args, &job->ca);
    }
    if (status == VOUCH_OK) {
        status = split_principals(job);
    }
    for (size_t next = 0; status == VOUCH_OK && next < (size_t)args->file_count;) {
        status = run_batch(job, next, &next);
    }
    return status;
}
