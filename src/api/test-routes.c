// SPDX-License-Identifier: ISC
// Tests of the table of routes: what each takes from whom, whatever else a request says (gauntlet C5),
// and that doc/openapi.json describes these routes and no others.
#include "api/browser.h"
#include "api/routes.h"
#include "api/test-fixture.h"

// What stands for a capture.
static const char *sample_of(const char *capture) {
    static const char *const samples[][2] = {{"{serial}", "17592186044417"},
                                             {"{name}", "ci"},
                                             {"{level}", "0"},
                                             {"{id}", "21"},
                                             {"{user}", "bob"}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        if (strncmp(capture, samples[i][0], strlen(samples[i][0])) == 0) {
            return samples[i][1];
        }
    }
    return "000";
}

// Parameters without which a path answers 422.
static const char *query_of(const char *pattern) {
    if (strcmp(pattern, "/v1/access/diff") == 0) {
        return "?from=2026-11-22T10:45:38Z";
    }
    if (strcmp(pattern, "/v1/live") == 0) {
        return "?for=0";
    }
    return strcmp(pattern, "/v1/access/who") == 0 ? "?login=root&host=web1" : "";
}

// A path that fits a pattern.
static const char *path_of(const char *pattern) {
    static char path[256];
    size_t len = 0;
    while (*pattern != '\0') {
        size_t plain = strcspn(pattern, "{");
        const char *rest = pattern + plain;
        const char *sample = *rest == '{' ? sample_of(rest) : "";
        len +=
            (size_t)snprintf(path + len, sizeof path - len, "%.*s%s", (int)plain, pattern, sample);
        pattern = *rest == '{' ? strchr(rest, '}') + 1 : rest;
    }
    return path;
}

#define CODE "\"factor\":\"totp\",\"code\":\"123456\""
#define LINK "\"link\":\"" TEST_LINK "\""
#define MACHINE                                                                                    \
    "\"time\":\"2026-11-22T10:45:38Z\","                                                           \
    "\"machine\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\","            \
    "\"keys\":[{\"public_key\":\"" TEST_KEY "\",\"proof\":\"-----BEGIN\\n"
#define PASSWORD "\"password\":\"four words and then some\""

// A body that the route takes.
static const char *body_of(const struct vouch_http_route *route) {
    static const struct {
        const char *pattern;
        const char *body;
    } bodies[] = {
        {"/v1/certs",
         "{\"type\":\"user\",\"public_key\":\"" TEST_KEY "\",\"principals\":[\"root\"]}"},
        {"/v1/certs/{serial}/renew", "{}"},
        {"/v1/revocations", "{\"serial\":\"7\",\"reason\":\"lost\"}"},
        {"/v1/tokens", "{\"name\":\"ci\",\"scopes\":[\"metrics\"]}"},
        {"/v1/profiles/{name}",
         "{\"type\":\"user\",\"principals\":[\"deploy\"],\"ttl_max_s\":3600}"},
        {"/v1/sessions", "{\"user\":\"alice\"," PASSWORD "," CODE "}"},
        {"/v1/session/factor", "{" CODE "}"},
        {"/v1/session/challenge", "{}"},
        {"/v1/device", "{\"client\":{\"host\":\"h\",\"os\":\"o\",\"version\":\"v\"},"
                       "\"challenge\":\"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\"}"},
        {"/v1/device/{code}/approve", "{}"},
        {"/v1/device/{code}/deny", "{}"},
        {"/v1/device/{code}/undo", "{}"},
        {"/v1/passkeys/challenge", "{}"},
        {"/v1/account/passkeys/begin", "{}"},
        {"/v1/account/passkeys",
         "{\"challenge_id\":\"q\",\"name\":\"n\",\"credential\":{\"id\":\"SUQ\",\"rawId\":\"SUQ\","
         "\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"Y2Q\","
         "\"attestationObject\":\"YXQ\"}}}"},
        {"/v1/accounts/{user}/link", "{\"ttl_s\":60}"},
        {"/v1/account/preferences", "{\"theme\":\"dark\"}"},
        {"/v1/account/password",
         "{\"current\":\"one of old\",\"new\":\"four other words\",\"code\":\"123456\"}"},
        {"/v1/account/recovery", "{\"code\":\"123456\"}"},
        {"/v1/setup", "{" LINK "}"},
        {"/v1/setup/begin", "{" LINK "," PASSWORD "}"},
        {"/v1/setup/finish", "{" LINK ",\"code\":\"123456\"}"},
        {"/v1/host-tokens", "{\"match\":\"web*\",\"zone\":\"prod\"}"},
        {"/v1/host/enrol", "{\"name\":\"web1.example.com\"," MACHINE "\"}]}"},
        {"/v1/host/renew", "{" MACHINE "\",\"serial\":\"7\"}]}"},
        {"/v1/host/report", "{\"time\":\"2026-11-22T10:45:38Z\",\"health\":\"ok\"}"},
        {"/v1/host/logins", "{\"first\":\"1\",\"logins\":[{\"time\":\"2026-11-22T10:45:38.120Z\","
                            "\"outcome\":\"refused\",\"login\":\"root\"}]}"},
        {"/v1/explain", "{\"login\":\"root\",\"host\":\"web1\"}"},
        {"/v1/ca/rotation", "{\"use\":\"user\",\"verb\":\"advance\"}"},
        {"/v1/fleet/{name}/edit", "{\"zone\":\"prod\"}"},
        {"/v1/fleet/{name}/adopt",
         "{\"fingerprint\":\"SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"},
        {"/v1/fleet/{name}/refuse", "{}"},
        {"/v1/fleet/{name}/lock", "{\"reason\":\"odd\"}"},
        {"/v1/fleet/{name}/rename", "{\"name\":\"web2.example.com\"}"},
        {"/v1/fleet/{name}/retire", "{}"},
        {"/v1/access", "{\"zone\":\"prod\",\"public_key\":\"" TEST_KEY "\"}"},
        {"/v1/requests/{id}/approve", "{\"comment\":\"fine\"}"},
        {"/v1/requests/{id}/deny", "{}"},
        {"/v1/requests/{id}/cancel", "{}"},
        {"/v1/requests/{id}/cert", "{}"},
        {"/v1/reviews/{id}/done", "{\"note\":\"looked at it\"}"},
        {"/v1/seals", "{\"user\":\"alice\",\"role\":\"emergency\",\"public_key\":\"" TEST_KEY
                      "\",\"ttl_s\":86400,\"reason\":\"for the safe\"}"},
    };
    if (vouch_api_row_of(route)->body == VOUCH_API_NO_BODY) {
        return NULL;
    }
    if (vouch_api_row_of(route)->body == VOUCH_API_YAML) {
        return "zones: []\n";
    }
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        if (strcmp(bodies[i].pattern, route->pattern) == 0) {
            return bodies[i].body;
        }
    }
    fail_msg("no body for %s", route->pattern);
    return NULL;
}

static int is_for_hosts(const struct vouch_http_route *route) {
    return vouch_api_row_of(route)->access == VOUCH_API_HOSTS;
}

// The secret of a host that stands for a token, where only hosts may ask.
static const char *secret_for(const struct vouch_http_route *route, const char *token) {
    if (token == NULL || !is_for_hosts(route)) {
        return token;
    }
    if (strcmp(token, TEST_TOKEN_STRANGE) == 0) {
        return TEST_HOST_STRANGE;
    }
    return strcmp(token, TEST_TOKEN_NONE) == 0 ? TEST_HOST_NONE : TEST_HOST_SECRET;
}

static int asks_for_token(const struct vouch_http_route *route) {
    return vouch_api_row_of(route)->access == VOUCH_API_CALLERS || is_for_hosts(route) ||
           strcmp(route->pattern, "/metrics") == 0;
}

static const char *type_of(const struct vouch_http_route *route) {
    return vouch_api_row_of(route)->body == VOUCH_API_YAML ? "application/yaml" : NULL;
}

// Sends what the route takes, but for what is given; a path may stand in the place of the route's.
struct change {
    const char *token;
    const char *type;
    const char *headers;
    const char *path;
};
static unsigned ask(const struct vouch_http_route *route, const struct change *change) {
    char path[320];
    char headers[512];
    int put = vouch_api_row_of(route)->body == VOUCH_API_YAML && route->method == VOUCH_HTTP_PUT;
    (void)snprintf(path, sizeof path, "%s%s", path_of(route->pattern), query_of(route->pattern));
    (void)snprintf(headers, sizeof headers, "%s%s", put ? "If-Match: \"4\"\r\n" : "",
                   change->headers != NULL ? change->headers : "");
    const struct test_ask one = {.method = vouch_http_method_text(route->method),
                                 .path = change->path != NULL ? change->path : path,
                                 .token = secret_for(route, change->token),
                                 .type = change->type != NULL ? change->type : type_of(route),
                                 .headers = headers,
                                 .body = body_of(route)};
    return test_send(&one);
}

static unsigned ask_as(const struct vouch_http_route *route, const char *token) {
    return ask(route, &(struct change){.token = token});
}

// The certificate that paths name.
static void issue_one(void) {
    assert_int_equal(ask_as(&vouch_api_routes[0], TEST_TOKEN_ALL), 201);
}

static void answers_nothing_without_a_token_but_what_is_public(void **state) {
    (void)state;
    static const char *const types[] = {"application/json", "", "text/plain",
                                        "application/x-www-form-urlencoded", "multipart/form-data"};
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
            unsigned before = test_authority_asks();
            unsigned status = ask(route, &(struct change){.type = types[k]});
            int stranger = vouch_api_row_of(route)->access == VOUCH_API_STRANGERS;
            if (!asks_for_token(route)) {
                assert_int_equal(status / 100 == 2, !stranger || k == 0);
            } else {
                assert_int_equal(status, 401);
                assert_true(test_has_header(&answer, "WWW-Authenticate: Bearer realm=\"vouch\""));
                assert_string_equal(test_text(&answer, "code"), "V-1801");
                assert_int_equal(test_authority_asks(), before);
            }
        }
    }
}

static void takes_no_credential_that_is_none(void **state) {
    (void)state;
    static const char *const bad[] = {
        "Authorization: Bearer\r\n",
        "Authorization: Bearer \r\n",
        "Authorization: Basic dXNlcjpwYXNz\r\n",
        "Authorization: Bearer  " TEST_TOKEN_ALL "\r\n",
        "Authorization: Bearer " TEST_TOKEN_ALL ",\r\n",
        "Authorization: Bearer " TEST_TOKEN_ALL " x\r\n",
        "Authorization: Bearer " TEST_TOKEN_ALL TEST_TOKEN_ALL "\r\n",
        "Authorization: Bearer vouch_\r\n",
        "Authorization: Bearer VOUCH_AllScopes0123456789abcdefghijklmnopqrstuvwx\r\n",
        "Authorization: Token " TEST_TOKEN_ALL "\r\n",
        "Authorization: " TEST_TOKEN_ALL "\r\n",
        "X-Authorization: Bearer " TEST_TOKEN_ALL "\r\n",
        "Cookie: token=" TEST_TOKEN_ALL "\r\n",
        "Cookie: __Host-session=" TEST_SESSION "\r\n",
        "Cookie: __Host-vouch=" TEST_TOKEN_ALL "\r\n",
        "Authorization: Bearer " TEST_LINK "\r\n",
        "Authorization: Bearer vouchs_\r\n",
        "Authorization: Bearer vouchs" TEST_SESSION "\r\n",
        "Authorization: Bearer " TEST_SESSION "," TEST_TOKEN_ALL "\r\n",
    };
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        for (size_t k = 0; asks_for_token(route) && k < sizeof bad / sizeof bad[0]; k++) {
            assert_int_equal(ask(route, &(struct change){.headers = bad[k]}), 401);
            assert_null(memmem(answer.body.ptr, answer.body.len, "AllScopes", 9));
            assert_null(memmem(answer.body.ptr, answer.body.len, "Session0", 8));
        }
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void refuses_unknown_and_powerless_tokens_on_every_route(void **state) {
    (void)state;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        int needed = asks_for_token(route);
        unsigned strange = ask_as(route, TEST_TOKEN_STRANGE);
        unsigned powerless = ask_as(route, TEST_TOKEN_NONE);
        assert_int_equal(needed ? strange : 401, 401);
        assert_int_equal(needed ? powerless : 403, 403);
        assert_true(needed || (strange / 100 == 2 && powerless / 100 == 2));
        assert_null(memmem(answer.body.ptr, answer.body.len, "NoScopes", 8));
    }
}

// Gauntlet H8: what enrols a host, what a host shows and what anybody else shows are three things, and none
// passes for another.
static void takes_each_kind_of_secret_only_where_it_belongs(void **state) {
    (void)state;
    static const char *const others[] = {TEST_TOKEN_ALL, TEST_SESSION, TEST_HOST_TOKEN, TEST_LINK};
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        const char *header = "Authorization: Bearer " TEST_HOST_SECRET "\r\n";
        if (asks_for_token(route) && !is_for_hosts(route)) {
            assert_int_equal(ask(route, &(struct change){.headers = header}), 401);
        }
        for (size_t k = 0; is_for_hosts(route) && k < sizeof others / sizeof others[0]; k++) {
            char text[128];
            (void)snprintf(text, sizeof text, "Authorization: Bearer %s\r\n", others[k]);
            assert_int_equal(ask(route, &(struct change){.headers = text}), 401);
        }
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void lets_a_good_token_in(void **state) {
    (void)state;
    issue_one();
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        assert_in_range(ask_as(&vouch_api_routes[i], TEST_TOKEN_ALL), 200, 204);
        assert_in_range(ask_as(&vouch_api_routes[i], TEST_SESSION), 200, 204);
    }
    // RFC 9110 11.1: the scheme is in any case.
    const struct test_ask odd = {.method = "GET",
                                 .path = "/v1/certs",
                                 .headers = "Authorization: bEARER " TEST_TOKEN_ALL "\r\n"};
    assert_int_equal(test_status(&test, &odd), 200);
}

// --- sessions of browsers (gauntlet C5): what a page of another site can make a browser send is refused, by
// every route, before anybody is asked

#define COOKIE "Cookie: " VOUCH_API_COOKIE "=" TEST_SESSION "\r\n"
#define OWN "Sec-Fetch-Site: same-origin\r\n"

// X-Vouch-CSRF for a session, as a line.
static const char *proof_of(const char *session) {
    static char line[128];
    char proof[VOUCH_API_CSRF_LEN + 1];
    assert_int_equal(vouch_api_csrf(vouch_bytes_of(session), proof), VOUCH_OK);
    (void)snprintf(line, sizeof line, "X-Vouch-CSRF: %s\r\n", proof);
    return line;
}

static unsigned ask_by_cookie(const struct vouch_http_route *route, const char *more) {
    char headers[400];
    (void)snprintf(headers, sizeof headers, COOKIE "%s", more);
    return ask(route, &(struct change){.headers = headers});
}

static int is_for_browsers(const struct vouch_http_route *route) {
    return asks_for_token(route) && !is_for_hosts(route);
}

static void lets_a_page_of_its_own_in(void **state) {
    (void)state;
    char own[200], old[200];
    issue_one();
    (void)snprintf(own, sizeof own, OWN "%s", proof_of(TEST_SESSION));
    // A browser that does not say where a request comes from names at least the page's origin.
    (void)snprintf(old, sizeof old, "Origin: https://ca.example.com\r\n%s", proof_of(TEST_SESSION));
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        if (is_for_browsers(route)) {
            assert_in_range(ask_by_cookie(route, own), 200, 204);
            assert_in_range(ask_by_cookie(route, old), 200, 204);
        }
    }
}

static void refuses_what_another_site_lets_a_browser_send(void **state) {
    (void)state;
    static const char *const elsewhere[] = {
        "",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Sec-Fetch-Site: none\r\n",
        "Sec-Fetch-Site: \r\n",
        "Sec-Fetch-Site: same-origin, cross-site\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: https://ca.example.com\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: https://ca.example.com.evil.example\r\n",
        "Origin: https://ca.example.com:1\r\n",
        "Origin: http://127.0.0.1\r\n",
        "Origin: null\r\n",
        "Origin: \r\n",
        "Origin: https://\r\n",
    };
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        for (size_t k = 0; is_for_browsers(route) && k < sizeof elsewhere / sizeof elsewhere[0];
             k++) {
            char headers[300];
            (void)snprintf(headers, sizeof headers, "%s%s", elsewhere[k], proof_of(TEST_SESSION));
            assert_int_equal(ask_by_cookie(route, headers), 403);
            assert_string_equal(test_text(&answer, "code"), "V-2010");
        }
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void refuses_changes_without_the_proof_of_the_page(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "X-Vouch-CSRF: \r\n",
        "X-Vouch-CSRF: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
        "X-Vouch-CSRF: " TEST_SESSION "\r\n",
    };
    issue_one();
    unsigned before = test_authority_asks();
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        if (!is_for_browsers(route) || route->method == VOUCH_HTTP_GET) {
            continue;
        }
        char other[200];
        (void)snprintf(other, sizeof other, OWN "%s", proof_of(TEST_SESSION "x"));
        assert_int_equal(ask_by_cookie(route, other), 403);
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            char headers[200];
            (void)snprintf(headers, sizeof headers, OWN "%s", bad[k]);
            assert_int_equal(ask_by_cookie(route, headers), 403);
            assert_string_equal(test_text(&answer, "code"), "V-2011");
        }
    }
    assert_int_equal(test_authority_asks(), before);
}

static void refuses_a_cookie_beside_another_credential(void **state) {
    (void)state;
    char headers[400];
    (void)snprintf(headers, sizeof headers, COOKIE OWN "%s", proof_of(TEST_SESSION));
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        const struct change change = {.token = TEST_TOKEN_ALL, .headers = headers};
        if (is_for_browsers(route)) {
            assert_int_equal(ask(route, &change), 400);
            assert_string_equal(test_text(&answer, "code"), "V-2012");
        }
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void takes_no_cookie_that_is_no_session(void **state) {
    (void)state;
    static const struct {
        const char *line;
        unsigned status;
    } cases[] = {
        {"Cookie: " VOUCH_API_COOKIE "=" TEST_TOKEN_ALL "\r\n", 401},
        {"Cookie: " VOUCH_API_COOKIE "=" TEST_LINK "\r\n", 401},
        {"Cookie: " VOUCH_API_COOKIE "=" TEST_HOST_SECRET "\r\n", 401},
        {"Cookie: " VOUCH_API_COOKIE "=\r\n", 401},
        {"Cookie: " VOUCH_API_COOKIE "=vouchs_\r\n", 401},
        {"Cookie: __Host-other=" TEST_SESSION "\r\n", 401},
        {"Cookie: vouch=" TEST_SESSION "\r\n", 401},
        {"Cookie: " VOUCH_API_COOKIE "=" TEST_SESSION "; " VOUCH_API_COOKIE "=x\r\n", 400},
        {"Cookie: " VOUCH_API_COOKIE "=" TEST_SESSION ",x\r\n", 400},
    };
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        for (size_t k = 0; is_for_browsers(route) && k < sizeof cases / sizeof cases[0]; k++) {
            char headers[400];
            (void)snprintf(headers, sizeof headers, "%s" OWN "%s", cases[k].line,
                           proof_of(TEST_SESSION));
            assert_int_equal(ask(route, &(struct change){.headers = headers}), cases[k].status);
        }
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void takes_no_cookie_from_a_host_or_on_the_socket(void **state) {
    (void)state;
    char headers[400];
    int local = test.unix_fd >= 0;
    (void)snprintf(headers, sizeof headers, COOKIE OWN "%s", proof_of(TEST_SESSION));
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        if (is_for_hosts(route) || (local && is_for_browsers(route))) {
            assert_int_equal(ask(route, &(struct change){.headers = headers}), 401);
        }
    }
    assert_int_equal(test_authority_asks(), 0);
}

struct type_row {
    const char *type;
    int good;
};

// Sends the body of each route that takes this kind as each type.
static void try_types(enum vouch_api_body body, const struct type_row *types, size_t count) {
    issue_one();
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        for (size_t k = 0; vouch_api_row_of(route)->body == body && k < count; k++) {
            unsigned before = test_authority_asks();
            const struct change change = {.token = TEST_TOKEN_ALL, .type = types[k].type};
            unsigned status = ask(route, &change);
            assert_int_equal(status / 100 == 2, types[k].good);
            assert_true(types[k].good || status == 415);
            assert_int_equal(test_authority_asks() - before, types[k].good);
        }
    }
}

static void takes_bodies_only_as_json(void **state) {
    (void)state;
    static const struct type_row types[] = {
        {"application/json", 1},
        {"application/json; charset=utf-8", 1},
        {"Application/JSON", 1},
        {"", 0},
        {"text/plain", 0},
        {"application/jsonx", 0},
        {"application/problem+json", 0},
        {"application/x-www-form-urlencoded", 0},
        {"text/html, application/json", 0},
        {"application/json x", 0},
        {"application/json ;charset=utf-8", 1},
        {"application/jso", 0},
        {"application/yaml", 0},
    };
    try_types(VOUCH_API_JSON, types, sizeof types / sizeof types[0]);
}

static void takes_policies_only_as_yaml(void **state) {
    (void)state;
    static const struct type_row types[] = {
        {"application/yaml", 1},
        {"application/yaml; charset=utf-8", 1},
        {"Application/YAML", 1},
        {"", 0},
        {"text/plain", 0},
        {"text/yaml", 0},
        {"application/x-yaml", 0},
        {"application/json", 0},
        {"application/x-www-form-urlencoded", 0},
    };
    try_types(VOUCH_API_YAML, types, sizeof types / sizeof types[0]);
}

static void refuses_bodies_over_each_routes_bound(void **state) {
    (void)state;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        char length[64];
        (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", route->body_max + 1);
        const struct test_ask one = {.method = vouch_http_method_text(route->method),
                                     .path = path_of(route->pattern),
                                     .token = TEST_TOKEN_ALL,
                                     .headers = length};
        assert_int_equal(test_send(&one), 413);
        assert_string_equal(test_text(&answer, "code"), "V-1824");
    }
    assert_int_equal(test_authority_asks(), 0);
}

// Nonzero if what fits `pattern` fits `wide` too, which ends with a capture: "passkeys/begin", "passkeys/{id}".
static int covers(const char *wide, const char *pattern) {
    const char *last = strrchr(wide, '/');
    size_t len = (size_t)(last - wide) + 1;
    return last[1] == '{' && strncmp(wide, pattern, len) == 0 && strchr(pattern + len, '/') == NULL;
}

static unsigned methods_of(const char *pattern) {
    unsigned mask = 0;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const char *other = vouch_api_routes[i].pattern;
        if (strcmp(other, pattern) == 0 || covers(other, pattern)) {
            mask |= 1U << vouch_api_routes[i].method;
        }
    }
    return mask & 1U << VOUCH_HTTP_GET ? mask | 1U << VOUCH_HTTP_HEAD : mask;
}

static void refuses_every_other_method(void **state) {
    (void)state;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const char *pattern = vouch_api_routes[i].pattern;
        for (unsigned method = 0; method < VOUCH_HTTP_METHOD_COUNT; method++) {
            const struct test_ask one = {.method = vouch_http_method_text(method),
                                         .path = path_of(pattern),
                                         .token = TEST_TOKEN_ALL};
            if (methods_of(pattern) >> method & 1) {
                continue;
            }
            assert_int_equal(test_send(&one), 405);
            assert_non_null(strstr(answer.head, "\r\nAllow: "));
            if (method != VOUCH_HTTP_HEAD) {
                assert_string_equal(test_text(&answer, "code"), "V-1823");
            }
        }
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void refuses_parameters_that_a_path_does_not_have(void **state) {
    (void)state;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        char path[256];
        (void)snprintf(path, sizeof path, "%s?nonsense=1", path_of(route->pattern));
        const struct change change = {.token = TEST_TOKEN_ALL, .path = path};
        assert_int_equal(ask(route, &change), 422);
        assert_string_equal(test_text(&answer, "field"), "nonsense");
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void answers_head_without_a_body(void **state) {
    (void)state;
    const struct test_ask one = {.method = "HEAD", .path = "/v1/ca"};
    assert_int_equal(test_send(&one), 200);
    assert_int_equal(answer.body.len, 0);
    const struct test_ask other = {.method = "HEAD", .path = "/v1/certs"};
    assert_int_equal(test_status(&test, &other), 401);
}

static void tells_what_http_refuses_as_problems_too(void **state) {
    (void)state;
    static char large[70000];
    static char headers[20000];
    memset(large, ' ', sizeof large - 1);
    (void)snprintf(headers, sizeof headers, "X-Long: %019000d\r\n", 0);
    const struct {
        struct test_ask ask;
        unsigned status;
        const char *code;
    } cases[] = {
        {{"GET", "/v2/certs", NULL, NULL, NULL, NULL}, 404, "V-1822"},
        {{"GET", "/v1/certs/", NULL, NULL, NULL, NULL}, 404, "V-1822"},
        {{"GET", "/V1/certs", NULL, NULL, NULL, NULL}, 404, "V-1822"},
        {{"GET", "/v1/../v1/certs", NULL, NULL, NULL, NULL}, 400, "V-1826"},
        {{"GET", "/v1/ledger/tile/%2e%2e/x", NULL, NULL, NULL, NULL}, 400, "V-1826"},
        {{"DELETE", "/v1/openapi.json", NULL, NULL, NULL, NULL}, 405, "V-1823"},
        {{"POST", "/v1/certs", TEST_TOKEN_ALL, NULL, NULL, large}, 413, "V-1824"},
        {{"GET", "/v1/certs", TEST_TOKEN_ALL, NULL, NULL, "{}"}, 413, "V-1824"},
        {{"GET", "/v1/certs", NULL, NULL, headers, NULL}, 431, "V-1824"},
        {{"TRACE", "/v1/certs", NULL, NULL, NULL, NULL}, 501, "V-1826"},
        {{"POST", "/v1/certs", NULL, NULL, "Transfer-Encoding: chunked\r\n", NULL}, 501, "V-1826"},
        {{"GET", "/v1/ca", NULL, NULL, "Host: two.example.com\r\n", NULL}, 400, "V-1826"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(test_send(&cases[i].ask), cases[i].status);
        assert_string_equal(test_text(&answer, "code"), cases[i].code);
        assert_int_equal(strlen(test_text(&answer, "instance")), 24);
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void shows_metrics_to_everybody_only_where_it_may(void **state) {
    (void)state;
    const struct test_ask one = {.method = "GET", .path = "/metrics"};
    assert_int_equal(test_send(&one), 200);
    static const char *const lines[] = {
        "\nvouch_build_info",
        "\nvouch_certificates_issued_total{result=\"issued\"} 31\n",
        "\nvouch_certificates_issued_total{result=\"refused\"} 6\n",
        "\nvouch_revocations_total 4\n",
        "\nvouch_ledger_records 41\n",
        "\nvouch_ledger_indexed_records 39\n",
        "\nvouch_serial_epoch 3\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t skip = i == 0 ? 1 : 0;
        assert_non_null(
            memmem(answer.body.ptr, answer.body.len, lines[i] + skip, strlen(lines[i]) - skip));
    }
    assert_int_equal(test_authority_asks(), 0); // nobody makes the authority work by looking
    test_authority_fail(VOUCH_ERR_IO);
    assert_int_equal(test_status(&test, &one), 200);
    const struct test_ask status = {.method = "GET", .path = "/v1/status"};
    assert_int_equal(test_status(&test, &status), 401);
}

// The names of an operation's query parameters are the row's.
static void check_params(const json_t *operation, const struct vouch_api_row *row) {
    size_t count = 0;
    size_t index = 0;
    json_t *parameter = NULL;
    json_array_foreach(json_object_get(operation, "parameters"), index, parameter) {
        const char *in = json_string_value(json_object_get(parameter, "in"));
        const char *name = json_string_value(json_object_get(parameter, "name"));
        int known = 0;
        for (size_t i = 0; row->params != NULL && row->params[i] != NULL; i++) {
            known |= strcmp(row->params[i], name) == 0;
        }
        assert_int_equal(known, strcmp(in, "query") == 0);
        count += (size_t)known;
    }
    for (size_t i = 0; row->params != NULL && row->params[i] != NULL; i++) {
        assert_true(count > 0);
        count--;
    }
    assert_int_equal(count, 0);
}

static void describes_each_route_as_it_is(void **state) {
    (void)state;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        const struct vouch_api_row *row = vouch_api_row_of(route);
        const json_t *operation =
            test_schema_operation(test.doc, vouch_http_method_text(route->method), route->pattern);
        assert_non_null(operation);
        const json_t *security = json_object_get(operation, "security");
        size_t ways = row->access == VOUCH_API_EVERYBODY ? 3 : 2; // token, cookie, nothing
        ways = is_for_hosts(route) ? 1 : ways;
        assert_int_equal(json_array_size(security), asks_for_token(route) ? ways : 0);
        const json_t *way = json_array_get(security, 0);
        assert_int_equal(json_object_get(way, "host") != NULL, is_for_hosts(route));
        way = json_array_get(security, 1);
        assert_int_equal(json_object_get(way, "cookie") != NULL, is_for_browsers(route));
        static const char *const types[] = {NULL, "application/json", "application/yaml"};
        const json_t *body = json_object_get(operation, "requestBody");
        assert_int_equal(body != NULL, row->body != VOUCH_API_NO_BODY);
        assert_true(body == NULL ||
                    json_object_get(json_object_get(body, "content"), types[row->body]) != NULL);
        check_params(operation, row);
    }
}

static void describes_no_other_routes(void **state) {
    (void)state;
    size_t count = 0;
    const char *path = NULL;
    json_t *item = NULL;
    json_object_foreach(json_object_get(test.doc, "paths"), path, item) {
        count += json_object_size(item);
    }
    struct vouch_http_config http = {0};
    vouch_api_configure(test.api, &http);
    assert_int_equal(count, vouch_api_route_count + http.file_count);
}

static void serves_its_description(void **state) {
    (void)state;
    char headers[128];
    assert_int_equal(test_send(&(struct test_ask){.method = "GET", .path = "/v1/openapi.json"}),
                     200);
    assert_true(json_equal(answer.json, test.doc));
    (void)snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", vouch_api_openapi_etag);
    const struct test_ask again = {.method = "GET", .path = "/v1/openapi.json", .headers = headers};
    assert_int_equal(test_status(&test, &again), 304);
    const struct test_ask alive = {.method = "GET", .path = "/healthz"};
    assert_int_equal(test_status(&test, &alive), 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(answers_nothing_without_a_token_but_what_is_public),
        TEST(takes_no_credential_that_is_none),
        TEST(refuses_unknown_and_powerless_tokens_on_every_route),
        TEST(takes_each_kind_of_secret_only_where_it_belongs),
        TEST(lets_a_good_token_in),
        TEST(lets_a_page_of_its_own_in),
        TEST(refuses_what_another_site_lets_a_browser_send),
        TEST(refuses_changes_without_the_proof_of_the_page),
        TEST(refuses_a_cookie_beside_another_credential),
        TEST(takes_no_cookie_that_is_no_session),
        TEST(takes_no_cookie_from_a_host_or_on_the_socket),
        TEST_LOCAL(takes_no_cookie_from_a_host_or_on_the_socket),
        TEST(takes_bodies_only_as_json),
        TEST(takes_policies_only_as_yaml),
        TEST(refuses_bodies_over_each_routes_bound),
        TEST(refuses_every_other_method),
        TEST(refuses_parameters_that_a_path_does_not_have),
        TEST(answers_head_without_a_body),
        TEST(tells_what_http_refuses_as_problems_too),
        TEST_PUBLIC(shows_metrics_to_everybody_only_where_it_may),
        TEST(describes_each_route_as_it_is),
        TEST(describes_no_other_routes),
        TEST(serves_its_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
