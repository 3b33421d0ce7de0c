// SPDX-License-Identifier: ISC
// /metrics, in the text format of Prometheus. Labels come from lists here, never from a request, so that
// nobody can make their number grow.
#include <stdio.h>

#include "api/resources.h"
#include "api/snapshot.h"
#include "base/mem.h"

// Upper bounds of the histogram's buckets; the last has none.
static const struct {
    uint64_t ns;
    const char *label;
} bounds[VOUCH_API_BUCKETS] = {
    {500000, "0.0005"},   {1000000, "0.001"},  {2500000, "0.0025"}, {5000000, "0.005"},
    {10000000, "0.01"},   {25000000, "0.025"}, {50000000, "0.05"},  {100000000, "0.1"},
    {250000000, "0.25"},  {500000000, "0.5"},  {1000000000, "1"},   {2500000000, "2.5"},
    {UINT64_MAX, "+Inf"},
};

void vouch_api_tally_issue(struct vouch_api_tally *tally, uint64_t duration_ns) {
    size_t i = 0;
    while (duration_ns > bounds[i].ns) {
        i++;
    }
    atomic_fetch_add_explicit(&tally->issue_buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&tally->issue_ns, duration_ns, memory_order_relaxed);
}

static void begin(struct vouch_buf *out, const char *name, const char *type, const char *help) {
    char line[256];
    (void)snprintf(line, sizeof line, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    vouch_buf_put_text(out, line);
}

static void put(struct vouch_buf *out, const char *name, const char *labels, uint64_t value) {
    char line[192];
    (void)snprintf(line, sizeof line, "%s%s %llu\n", name, labels, (unsigned long long)value);
    vouch_buf_put_text(out, line);
}

static void put_one(struct vouch_buf *out, const char *name, const char *type, const char *help,
                    uint64_t value) {
    begin(out, name, type, help);
    put(out, name, "", value);
}

static void put_two(struct vouch_buf *out, const char *name, const char *type, const char *help,
                    const char *const labels[2], const uint64_t values[2]) {
    begin(out, name, type, help);
    put(out, name, labels[0], values[0]);
    put(out, name, labels[1], values[1]);
}

static void put_status(struct vouch_buf *out, const struct vouch_answer_status *status) {
    static const char *const results[2] = {"{result=\"issued\"}", "{result=\"refused\"}"};
    const uint64_t counts[2] = {status->issued, status->refused};
    put_two(out, "vouch_certificates_issued_total", "counter",
            "Requests for certificates since the start, by what became of them.", results, counts);
    put_one(out, "vouch_revocations_total", "counter", "Revocations since the start.",
            status->revoked);
    put_one(out, "vouch_logins_total", "counter", "Logins that hosts reported since the start.",
            status->logins);
    put_one(out, "vouch_login_alarms_total", "counter",
            "Logins since the start that do not fit the certificate that was shown.",
            status->alarms);
    put_one(out, "vouch_breakglass_unreviewed", "gauge",
            "Certificates for emergencies that nobody has reviewed yet.", status->reviews_open);
    put_one(out, "vouch_ledger_records", "gauge", "Records in the ledger.", status->ledger_size);
    put_one(out, "vouch_ledger_checkpoint_records", "gauge",
            "Records that the latest checkpoint covers.", status->checkpoint_size);
    put_one(out, "vouch_ledger_indexed_records", "gauge", "Records that can be searched.",
            status->indexed);
    put_one(out, "vouch_serial_epoch", "gauge", "Epoch of the serials.", status->epoch);
}

static void put_krls(struct vouch_buf *out, const struct vouch_api_snapshot *snapshot) {
    static const char *const uses[2] = {"{use=\"user\"}", "{use=\"host\"}"};
    put_two(out, "vouch_krl_version", "gauge", "Version of the published revocation list.", uses,
            snapshot->krl_versions);
    put_two(out, "vouch_krl_published_timestamp_seconds", "gauge",
            "When the published revocation list was made.", uses, snapshot->krl_generated_s);
}

static void put_durations(struct vouch_buf *out, struct vouch_api_tally *tally) {
    static const char name[] = "vouch_sign_duration_seconds";
    uint64_t count = 0;
    char line[128];
    begin(out, name, "histogram", "Time from an accepted request to its certificate.");
    for (size_t i = 0; i < VOUCH_API_BUCKETS; i++) {
        char labels[32];
        count += atomic_load(&tally->issue_buckets[i]);
        (void)snprintf(labels, sizeof labels, "_bucket{le=\"%s\"}", bounds[i].label);
        put(out, name, labels, count);
    }
    uint64_t ns = atomic_load(&tally->issue_ns);
    (void)snprintf(line, sizeof line, "%s_sum %llu.%09llu\n", name,
                   (unsigned long long)(ns / 1000000000), (unsigned long long)(ns % 1000000000));
    vouch_buf_put_text(out, line);
    put(out, name, "_count", count);
}

static void put_callers(struct vouch_buf *out, struct vouch_api_tally *tally) {
    static const char name[] = "vouch_auth_attempts_total";
    begin(
        out, name, "counter",
        "Requests that showed an API token, a session or a host's secret, and requests refused for "
        "want of a good one.");
    put(out, name, "{method=\"token\",result=\"shown\"}", atomic_load(&tally->tokens_taken));
    put(out, name, "{method=\"token\",result=\"refused\"}", atomic_load(&tally->tokens_refused));
    put(out, name, "{method=\"session\",result=\"shown\"}", atomic_load(&tally->sessions_taken));
    put(out, name, "{method=\"session\",result=\"refused\"}",
        atomic_load(&tally->sessions_refused));
    put(out, name, "{method=\"host\",result=\"shown\"}", atomic_load(&tally->hosts_taken));
    put(out, name, "{method=\"host\",result=\"refused\"}", atomic_load(&tally->hosts_refused));
}

static void put_sign_ins(struct vouch_buf *out, struct vouch_api_tally *tally) {
    static const char name[] = "vouch_sign_ins_total";
    begin(
        out, name, "counter",
        "Sign-ins, set-ups and one-time links, by what became of them; put off: too many at once.");
    put(out, name, "{result=\"begun\"}", atomic_load(&tally->sign_ins_begun));
    put(out, name, "{result=\"refused\"}", atomic_load(&tally->sign_ins_refused));
    put(out, name, "{result=\"put-off\"}", atomic_load(&tally->sign_ins_put_off));
}

static void put_traffic(struct vouch_buf *out, const struct vouch_http_counts *counts) {
    static const char *const classes[6] = {"{class=\"none\"}", "{class=\"1xx\"}",
                                           "{class=\"2xx\"}",  "{class=\"3xx\"}",
                                           "{class=\"4xx\"}",  "{class=\"5xx\"}"};
    begin(out, "vouch_http_answers_total", "counter", "Answers, by class of status.");
    for (size_t i = 2; i < 6; i++) {
        put(out, "vouch_http_answers_total", classes[i], counts->answers[i]);
    }
    put_one(out, "vouch_http_connections_accepted_total", "counter", "Connections taken.",
            counts->accepted);
    put_one(out, "vouch_http_connections_refused_total", "counter", "Connections over a limit.",
            counts->refused);
    put_one(out, "vouch_http_listener_rests_total", "counter",
            "Times that accepting failed and rested.", counts->rests);
    put_one(out, "vouch_http_handshakes_failed_total", "counter", "TLS handshakes that failed.",
            counts->handshakes_failed);
    put_one(out, "vouch_http_timeouts_total", "counter", "Connections ended by a deadline.",
            counts->timeouts);
    put_one(out, "vouch_http_overloads_total", "counter", "Requests refused by a full queue.",
            counts->overloads);
    put_one(out, "vouch_http_connections", "gauge", "Connections now.", counts->connections);
    put_one(out, "vouch_http_requests_waiting", "gauge", "Requests that wait for news now.",
            counts->waiting);
}

static void drop_at_end(struct vouch_api_snapshot **snapshot) {
    vouch_api_snapshot_drop(*snapshot);
}

static int answer_metrics(struct vouch_api_call *call, const struct vouch_answer_status *status) {
    struct vouch_api *api = call->api;
    struct vouch_buf *out = &call->response->body;
    struct vouch_http_server *server = atomic_load(&api->server);
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_public_hold(api->config.files);
    call->response->status = 200;
    call->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    begin(out, "vouch_build_info", "gauge", "The version that runs.");
    put(out, "vouch_build_info", "{version=\"" VOUCH_VERSION "\"}", 1);
    put_one(out, "vouch_ready", "gauge", "1 while the service is ready.",
            vouch_api_public_is_fresh(api->config.files) != 0);
    if (status->reply.verdict == VOUCH_VERDICT_DONE) {
        put_status(out, status);
    }
    if (snapshot != NULL) {
        put_krls(out, snapshot);
    }
    put_durations(out, &api->tally);
    put_callers(out, &api->tally);
    put_sign_ins(out, &api->tally);
    if (server != NULL) {
        struct vouch_http_counts counts;
        vouch_http_server_counts(server, &counts);
        put_traffic(out, &counts);
    }
    return out->err;
}

// What everybody may have is in this process already: strangers cannot make the authority work, nor see
// anything else of its status. While it says nothing there are no figures of it.
static int answer_everybody(struct vouch_api_call *call) {
    struct vouch_answer_status status = {0};
    struct vouch_api_public *files = call->api->config.files;
    struct vouch_api_snapshot *snapshot = vouch_api_public_hold(files);
    if (snapshot != NULL && vouch_api_public_is_fresh(files)) {
        const struct vouch_public_counts counts = vouch_api_public_counts(files);
        status = (struct vouch_answer_status){.reply.verdict = VOUCH_VERDICT_DONE,
                                              .ledger_size = counts.ledger_size,
                                              .checkpoint_size = snapshot->checkpoint_size,
                                              .indexed = counts.indexed,
                                              .epoch = counts.epoch,
                                              .issued = counts.issued,
                                              .refused = counts.refused,
                                              .revoked = counts.revoked,
                                              .logins = counts.logins,
                                              .alarms = counts.alarms};
    }
    vouch_api_snapshot_drop(snapshot);
    return answer_metrics(call, &status);
}

int vouch_api_metrics_show(struct vouch_api_call *call) {
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_status status = {0};
    if (call->api->config.metrics == VOUCH_API_METRICS_PUBLIC) {
        return answer_everybody(call);
    }
    if (!vouch_api_identify(call, VOUCH_API_CALLERS)) {
        vouch_api_refuse_stranger(call);
        return VOUCH_OK;
    }
    int err = vouch_authority_status(call->authority, &call->caller, &ask, &status, &call->fault);
    return vouch_api_is_done(call, err, &status.reply) ? answer_metrics(call, &status) : VOUCH_OK;
}
