// SPDX-License-Identifier: ISC
// Makes routes and files ready, and looks paths up in them.
#include "http/site.h"

#include <stdlib.h>

#include "base/str.h"

#define SECOND 1000000000ULL

// Nothing is cached, framed, sniffed, loaded or referred to unless an answer says so itself.
static const char careful_headers[] =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Strict-Transport-Security: max-age=31536000\r\n"
    "X-Content-Type-Options: nosniff\r\n";

static int bad(struct vouch_fault *fault, const char *what, const char *name, const char *why) {
    return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal, "HTTP %s %s: %s", what,
                           name, why);
}

static void fill_deadline(uint64_t *deadline_ns, uint64_t standard_ns) {
    *deadline_ns = *deadline_ns != 0 ? *deadline_ns : standard_ns;
}

static void fill_size(size_t *size, size_t standard) {
    *size = *size != 0 ? *size : standard;
}

static void fill_count(uint32_t *count, uint32_t standard) {
    *count = *count != 0 ? *count : standard;
}

static void fill_defaults(struct vouch_http_config *config) {
    struct vouch_http_deadlines *deadlines = &config->deadlines;
    fill_deadline(&deadlines->handshake_ns, 10 * SECOND);
    fill_deadline(&deadlines->header_ns, 10 * SECOND);
    fill_deadline(&deadlines->body_ns, 30 * SECOND);
    fill_deadline(&deadlines->idle_ns, 60 * SECOND);
    fill_deadline(&deadlines->write_ns, 30 * SECOND);
    struct vouch_http_limits *limits = &config->limits;
    fill_size(&limits->header_max, 16 * 1024);
    fill_size(&limits->body_max, 64 * 1024);
    fill_size(&limits->response_max, 16 * 1024 * 1024);
    fill_count(&limits->connections_max, 10000);
    fill_count(&limits->per_address_max, 256);
    fill_count(&limits->queue_max, 256);
    fill_count(&limits->large_max, 4);
    fill_count(&limits->retry_after_s, 1);
    config->io_threads = config->io_threads != 0 ? config->io_threads : 1;
    config->workers = config->workers != 0 ? config->workers : 8;
    config->headers = config->headers != NULL ? config->headers : careful_headers;
}

static int check_limits(const struct vouch_http_config *config, struct vouch_fault *fault) {
    const struct vouch_http_limits *limits = &config->limits;
    if (config->io_threads > VOUCH_HTTP_IO_THREADS_MAX) {
        return bad(fault, "setting", "io_threads", "is over 16");
    }
    if (config->workers > VOUCH_HTTP_WORKERS_MAX) {
        return bad(fault, "setting", "workers", "is over 1024");
    }
    if (config->listener_count > VOUCH_HTTP_LISTENERS_MAX) {
        return bad(fault, "setting", "listeners", "are more than 8");
    }
    if (limits->header_max < 512 || limits->header_max > 1024 * 1024) {
        return bad(fault, "limit", "header_max", "is not between 512 bytes and 1 MiB");
    }
    if (limits->body_max > 1024 * 1024 * 1024 || limits->response_max > 1024 * 1024 * 1024) {
        return bad(fault, "limit", "body_max or response_max", "is over 1 GiB");
    }
    if (limits->connections_max > 1000000 || limits->queue_max > 1000000) {
        return bad(fault, "limit", "connections_max or queue_max", "is over 1,000,000");
    }
    return VOUCH_OK;
}

// Whole lines, each "Name: value" and CRLF.
static int check_headers(const char *text, const char *what, struct vouch_fault *fault) {
    size_t scanned = 0;
    struct vouch_bytes all = vouch_bytes_of(text);
    if (all.len == 0) {
        return VOUCH_OK;
    }
    int whole =
        vouch_http_head_scan(all, &scanned) == VOUCH_HTTP_SCAN_MORE && text[all.len - 1] == '\n';
    return whole ? VOUCH_OK : bad(fault, "headers of", what, "are not lines that end with CRLF");
}

// A segment that is captured loses its text; -1 if its braces do not match.
static int open_braces(struct vouch_bytes *segment) {
    if (segment->len == 0 || segment->ptr[0] != '{') {
        return 0;
    }
    int closed = segment->ptr[segment->len - 1] == '}';
    *segment = (struct vouch_bytes){0};
    return closed ? 1 : -1;
}

static int compile(const char *text, struct vouch_http_pattern *pattern) {
    int captures = 0;
    struct vouch_bytes rest = vouch_bytes_of(text);
    if (rest.len == 0 || rest.ptr[0] != '/') {
        return VOUCH_ERR_FORMAT;
    }
    rest = (struct vouch_bytes){rest.ptr + 1, rest.len - 1};
    while (rest.ptr != NULL && (rest.len > 0 || pattern->count > 0)) {
        struct vouch_bytes segment = vouch_str_cut(&rest, '/');
        if (segment.len == 0 || pattern->count == VOUCH_HTTP_SEGMENTS_MAX) {
            return VOUCH_ERR_FORMAT;
        }
        int captured = open_braces(&segment);
        captures += captured;
        if (captured < 0 || captures > VOUCH_HTTP_CAPTURES_MAX) {
            return VOUCH_ERR_FORMAT;
        }
        pattern->segments[pattern->count++].text = segment;
    }
    return VOUCH_OK;
}

static int compile_routes(struct vouch_http_site *site, struct vouch_fault *fault) {
    const struct vouch_http_config *config = &site->config;
    site->patterns = calloc(config->route_count + config->file_count + 1, sizeof *site->patterns);
    site->large = calloc(1, sizeof *site->large);
    if (site->patterns == NULL || site->large == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no memory for %zu HTTP routes", config->route_count);
    }
    for (size_t i = 0; i < config->route_count; i++) {
        const struct vouch_http_route *route = &config->routes[i];
        site->patterns[i].route = route;
        if (route->pattern == NULL || route->handler == NULL ||
            route->method >= VOUCH_HTTP_METHOD_COUNT || route->method == VOUCH_HTTP_HEAD ||
            compile(route->pattern, &site->patterns[i]) != VOUCH_OK) {
            return bad(fault, "route", route->pattern != NULL ? route->pattern : "(none)",
                       "is not a method, a pattern like /a/{b}, and a handler");
        }
        if (route->body_max > config->limits.body_max) {
            return bad(fault, "route", route->pattern, "takes a body over the server's body_max");
        }
    }
    return VOUCH_OK;
}

// An ETag that has room for what tells the compressed form from the other.
static int is_quoted(const char *etag) {
    size_t len = strlen(etag);
    return len > 2 && len + sizeof VOUCH_HTTP_GZIP_MARK <= VOUCH_HTTP_ETAG_MAX && etag[0] == '"' &&
           etag[len - 1] == '"';
}

static int compile_files(struct vouch_http_site *site, struct vouch_fault *fault) {
    const struct vouch_http_config *config = &site->config;
    for (size_t i = 0; i < config->file_count; i++) {
        const struct vouch_http_file *file = &config->files[i];
        struct vouch_http_pattern *pattern = &site->patterns[config->route_count + i];
        pattern->file = file;
        if (file->path == NULL || compile(file->path, pattern) != VOUCH_OK ||
            file->content_type == NULL || file->etag == NULL || !is_quoted(file->etag)) {
            return bad(fault, "file", file->path != NULL ? file->path : "(none)",
                       "lacks a path, a content type or a quoted ETag");
        }
        int err = check_headers(file->headers, file->path, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    return VOUCH_OK;
}

int vouch_http_site_init(struct vouch_http_site *site, const struct vouch_http_config *config,
                         struct vouch_fault *fault) {
    *site = (struct vouch_http_site){.config = *config};
    fill_defaults(&site->config);
    site->headers = vouch_bytes_of(site->config.headers);
    int err = check_limits(&site->config, fault);
    if (err == VOUCH_OK) {
        err = check_headers(site->config.headers, "the server", fault);
    }
    if (err == VOUCH_OK) {
        err = compile_routes(site, fault);
    }
    if (err == VOUCH_OK) {
        err = compile_files(site, fault);
    }
    if (err != VOUCH_OK) {
        vouch_http_site_done(site);
    }
    return err;
}

void vouch_http_site_done(struct vouch_http_site *site) {
    if (site != NULL) {
        free(site->patterns);
        free(site->large);
        *site = (struct vouch_http_site){0};
    }
}

static int fits(const struct vouch_http_pattern *pattern, const struct vouch_http_target *target) {
    if (pattern->count != target->segment_count) {
        return 0;
    }
    for (size_t i = 0; i < pattern->count; i++) {
        const struct vouch_bytes *text = &pattern->segments[i].text;
        if (text->ptr != NULL && !vouch_bytes_equal(*text, target->segments[i])) {
            return 0;
        }
    }
    return 1;
}

static void capture(const struct vouch_http_pattern *pattern,
                    const struct vouch_http_target *target, struct vouch_http_match *match) {
    size_t count = 0;
    for (size_t i = 0; i < pattern->count; i++) {
        if (pattern->segments[i].text.ptr == NULL) {
            match->captures[count++] = target->segments[i];
        }
    }
}

static unsigned methods_of(const struct vouch_http_route *route) {
    unsigned mask = 1U << route->method;
    return route->method == VOUCH_HTTP_GET ? mask | 1U << VOUCH_HTTP_HEAD : mask;
}

void vouch_http_site_find(const struct vouch_http_site *site, enum vouch_http_method method,
                          const struct vouch_http_target *target,
                          struct vouch_http_match *ret_match) {
    const unsigned reading = 1U << VOUCH_HTTP_GET | 1U << VOUCH_HTTP_HEAD;
    *ret_match = (struct vouch_http_match){0};
    for (size_t i = 0; i < site->config.route_count; i++) {
        const struct vouch_http_pattern *pattern = &site->patterns[i];
        if (!fits(pattern, target)) {
            continue;
        }
        unsigned methods = methods_of(pattern->route);
        ret_match->allowed |= methods;
        if (methods >> method & 1) {
            ret_match->route = pattern->route;
            capture(pattern, target, ret_match);
            return;
        }
    }
    for (size_t i = 0; i < site->config.file_count; i++) {
        const struct vouch_http_pattern *pattern = &site->patterns[site->config.route_count + i];
        if (fits(pattern, target)) {
            ret_match->allowed |= reading;
            ret_match->file = reading >> method & 1 ? pattern->file : NULL;
            return;
        }
    }
}
