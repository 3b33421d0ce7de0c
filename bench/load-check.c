// SPDX-License-Identifier: ISC
// What the load client checks when the clock has stopped: each certificate by libvouch, and that no
// serial came twice. It shares nothing with the service but the library.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/time.h"
#include "bench/load.h"

struct judge {
    const struct vouch_key *ca;
    struct vouch_cert_expect expect;
    struct load_verdict verdict;
    uint64_t *serials;
};

static struct vouch_key *key_of_line(struct vouch_bytes line, const char *what) {
    struct vouch_buf blob;
    struct vouch_bytes comment = {0};
    struct vouch_key *key = NULL;
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    if (vouch_key_line_decode(line, &blob, &comment, NULL) != VOUCH_OK ||
        vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL) != VOUCH_OK) {
        load_die("%s is not a public key", what);
    }
    vouch_buf_done(&blob);
    return key;
}

static struct vouch_key *read_ca(const char *path) {
    struct vouch_fault fault = {0};
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_KEY_BLOB_MAX);
    if (vouch_io_read(path, VOUCH_KEY_BLOB_MAX, &text, &fault) != VOUCH_OK) {
        load_die("%s", fault.text);
    }
    struct vouch_key *key = key_of_line(vouch_buf_bytes(&text), path);
    vouch_buf_done(&text);
    return key;
}

static const char *judge_cert(struct judge *judge, const struct vouch_cert *cert,
                              const struct load_subject *subject) {
    struct vouch_cert_result result = {0};
    struct vouch_key *key = key_of_line(vouch_bytes_of(subject->key), "a subject");
    int same = vouch_key_equal(key, cert->key);
    vouch_key_free(key);
    vouch_cert_check(cert, &judge->expect, &result);
    if (!same) {
        return "it is for another key";
    }
    if (result.verdict != VOUCH_CERT_ACCEPTED) {
        return vouch_cert_reason_text(result.reasons[0].code);
    }
    return cert->serial == 0 ? "its serial is 0" : NULL;
}

static void judge_line(struct judge *judge, const struct load_subject *subject) {
    struct vouch_buf blob;
    struct vouch_bytes comment = {0};
    struct vouch_cert *cert = NULL;
    struct vouch_where where = {0};
    const char *wrong = "it does not parse, or its signature is wrong";
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    if (vouch_key_line_decode(vouch_bytes_of(subject->line), &blob, &comment, &where) == VOUCH_OK &&
        vouch_cert_parse(vouch_buf_bytes(&blob), &cert, &where) == VOUCH_OK) {
        wrong = judge_cert(judge, cert, subject);
    }
    if (wrong == NULL) {
        judge->serials[judge->verdict.verified++] = cert->serial;
    } else if (judge->verdict.bad++ == 0) {
        (void)fprintf(stderr, "load-client: bad certificate: %s: %s\n", wrong, subject->line);
    }
    vouch_cert_free(cert);
    vouch_buf_done(&blob);
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

struct load_verdict load_check(const struct load *load) {
    struct vouch_key *ca = read_ca(load->options->ca_file);
    const struct vouch_key *cas[] = {ca};
    struct judge judge = {.ca = ca};
    judge.expect = (struct vouch_cert_expect){.type = VOUCH_CERT_USER,
                                              .now = vouch_time_now_s(),
                                              .cas = cas,
                                              .ca_count = 1,
                                              .name = vouch_bytes_of(load->options->principal)};
    judge.serials = calloc(load->options->count, sizeof *judge.serials);
    if (judge.serials == NULL) {
        load_die("no memory for the check");
    }
    for (size_t i = 0; i < load->options->count; i++) {
        if (load->subjects[i].line != NULL) {
            judge_line(&judge, &load->subjects[i]);
        }
    }
    qsort(judge.serials, judge.verdict.verified, sizeof *judge.serials, compare);
    for (size_t i = 1; i < judge.verdict.verified; i++) {
        judge.verdict.twice += judge.serials[i] == judge.serials[i - 1];
    }
    free(judge.serials);
    vouch_key_free(ca);
    return judge.verdict;
}
