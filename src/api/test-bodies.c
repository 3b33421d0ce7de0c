// SPDX-License-Identifier: ISC
// Tests of what a body may be (gauntlet C4): each member of each body that doc/openapi.json describes is
// left out, null, of another type, empty, too large and doubled; and what is no JSON is no body.
#include "api/routes.h"
#include "api/test-fixture.h"

// A request whose body is put together from its members.
struct subject {
    const char *method;
    const char *path;
    const json_t *schema;
    const char *token;
    json_t *body; // one that is taken, with as many members as may be
};

// What stands for a member.
static const struct {
    const char *name;
    const char *json;
} members[] = {
    {"type", "\"user\""},
    {"public_key", "\"" TEST_KEY "\""},
    {"key_id", "\"alice\""},
    {"principals", "[\"root\",\"deploy\"]"},
    {"ttl_s", "60"},
    {"critical_options", "{\"force-command\":\"/bin/true\"}"},
    {"extensions", "{\"permit-pty\":\"\"}"},
    {"serial", "\"7\""},
    {"fingerprint", "\"SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""},
    {"ca", "\"SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""},
    {"reason", "\"lost\""},
    {"name", "\"ci\""},
    {"scopes", "[\"metrics\"]"},
    {"profile", "\"deploy\""},
    {"options", "[\"permit-pty\"]"},
    {"ttl_max_s", "60"},
    {"user", "\"alice\""},
    {"password", "\"four words and then some\""},
    {"current", "\"four words and then some\""},
    {"new", "\"four other words\""},
    {"factor", "\"totp\""},
    {"code", "\"123456\""},
    {"cookie", "false"}, // true is for pages alone
    {"link", "\"" TEST_LINK "\""},
    {"zone", "\"prod\""},
    {"roles", "[\"dev\"]"},
    {"logins", "[\"root\"]"},
    {"sources", "[\"10.0.0.0/8\"]"},
    {"force_command", "\"/bin/true\""},
    {"verify_required", "true"},
    {"request", "true"},
    {"comment", "\"fine\""},
    {"krl_version", "\"17592186044417\""},
    {"state_version", "\"7\""},
    {"trust_version", "\"17592186044417\""},
    {"krl_generated", "\"2026-11-22T10:45:38Z\""},
    {"health", "\"ok\""},
    {"problems", "[\"the clock is 3 s behind\"]"},
    {"ca_keys", "[\"SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]"},
    {"settings", "[\"revokedkeys /etc/ssh/vouch/revoked.krl\"]"},
    {"first", "\"1\""},
    {"outcome", "\"refused\""},
    {"login", "\"root\""},
    {"source", "\"192.0.2.7\""},
    {"method", "\"publickey\""},
    {"line", "\"Connection closed\""},
    {"host", "\"web1.example.com\""},
    {"certificate", "\"" TEST_KEY "\""},
    {"match", "\"web*.example.com\""},
    {"labels", "{\"tier\":\"web\"}"},
    {"networks", "[\"10.0.0.0/8\"]"},
    {"uses", "3"},
    {"token", "\"" TEST_HOST_TOKEN "\""},
    {"aliases", "[\"web1\"]"},
    {"time", "\"2026-11-22T10:45:38Z\""},
    {"machine", "\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\""},
    {"agent", "\"0.1.0\""},
    {"sshd", "\"OpenSSH_9.2p1\""},
    {"proof", "\"-----BEGIN SSH SIGNATURE-----\\n\""},
    {"without", "[\"tier\"]"},
    {"wildcards", "[\"*.web.example.com\"]"},
    {"without_wildcards", "[\"*.db.example.com\"]"},
    {"use", "\"user\""},
    {"verb", "\"advance\""},
    {"phase", "\"drain\""},
    {"now", "true"},
    {"challenge_id", "\"AQID\""},
    {"id", "\"AQID\""},
    {"rawId", "\"AQID\""},
    {"clientDataJSON", "\"AQID\""},
    {"authenticatorData", "\"AQID\""},
    {"signature", "\"AQID\""},
    {"userHandle", "\"AQID\""},
    {"attestationObject", "\"AQID\""},
    {"drill", "true"},
    {"theme", "\"dark\""},
    {"language", "\"de\""},
    {"role", "\"emergency\""},
    {"note", "\"looked at it\""},
    {"dry_run", "true"},
    {"device_code", "\"" TEST_DEVICE "\""},
    {"verifier", "\"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\""},
    {"challenge", "\"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\""},
    {"port", "40000"},
    {"state", "\"0123456789abcdef\""},
    {"os", "\"Debian GNU/Linux 12\""},
    {"version", "\"vouch 0.1.0\""},
};

static json_t *body_for(const json_t *schema, const char *looked_at);

static int holds_objects(const json_t *property) {
    return json_object_get(property, "x-items") != NULL;
}

// An object whose members are described, and not any names.
static int is_nested(const json_t *property) {
    return json_object_get(property, "properties") != NULL;
}

static json_t *sample_text(const char *name, const json_t *property) {
    const json_t *words = json_object_get(property, "enum");
    if (json_array_size(words) == 1) {
        return json_deep_copy(json_array_get(words, 0));
    }
    return strcmp(name, "request") == 0 ? json_string("21") : NULL;
}

// One of two kinds of extensions: an object in a certificate's body, an array of names in access's; and of
// requests: a flag, and the number of one. What is not looked at may be anything.
static json_t *sample(const char *name, const json_t *reference) {
    const json_t *property = test_schema_resolve(test.doc, reference);
    const char *type = json_string_value(json_object_get(property, "type"));
    if (is_nested(property)) {
        return body_for(property, "");
    }
    if (type == NULL && json_object_get(property, "anyOf") == NULL) {
        return json_object();
    }
    json_t *text = type != NULL && strcmp(type, "string") == 0 ? sample_text(name, property) : NULL;
    if (text != NULL) {
        return text;
    }
    if (holds_objects(property)) {
        const json_t *items = test_schema_resolve(test.doc, json_object_get(property, "items"));
        return json_pack("[o]", body_for(items, ""));
    }
    if (strcmp(name, "extensions") == 0 && strcmp(type, "array") == 0) {
        return json_pack("[s]", "permit-pty");
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(members[i].name, name) == 0) {
            return json_loads(members[i].json, JSON_DECODE_ANY, NULL);
        }
    }
    fail_msg("no sample of %s", name);
    return NULL;
}

static int is_in(const json_t *names, const char *name) {
    size_t index = 0;
    json_t *one = NULL;
    json_array_foreach(names, index, one) {
        if (strcmp(json_string_value(one), name) == 0) {
            return 1;
        }
    }
    return 0;
}

// Of members that exclude each other, the body has the one that is looked at, or the first.
static json_t *body_for(const json_t *schema, const char *looked_at) {
    json_t *body = json_object();
    const json_t *choices = json_object_get(schema, "x-one-of");
    const char *chosen = json_string_value(json_array_get(choices, 0));
    const char *name = NULL;
    json_t *property = NULL;
    chosen = is_in(choices, looked_at) ? looked_at : chosen;
    json_object_foreach(json_object_get(schema, "properties"), name, property) {
        if (!is_in(choices, name) || strcmp(name, chosen) == 0) {
            json_object_set_new(body, name, sample(name, property));
        }
    }
    return body;
}

static unsigned send_text(const struct subject *subject, const char *text) {
    return test_send(
        &(struct test_ask){.method = subject->method,
                           .path = subject->path,
                           .token = subject->token != NULL ? subject->token : TEST_TOKEN_ALL,
                           .body = text});
}

static unsigned send_body(const struct subject *subject, const json_t *body) {
    char *text = json_dumps(body, JSON_COMPACT);
    unsigned status = send_text(subject, text);
    free(text);
    return status;
}

// Puts a value in the place of a member; it must be refused for that member, and nobody asked.
static void assert_refused(const struct subject *subject, const char *name, json_t *take_value) {
    json_t *body = json_copy(subject->body);
    unsigned before = test_authority_asks();
    json_object_set_new(body, name, take_value);
    unsigned status = send_body(subject, body);
    if (status != 422 || strcmp(test_text(&answer, "field"), name) != 0) {
        fail_msg("%s %s: %s: %u: %.*s", subject->method, subject->path, name, status,
                 (int)answer.body.len, (const char *)answer.body.ptr);
    }
    assert_string_equal(test_text(&answer, "code"), "V-1805");
    assert_int_equal(test_authority_asks(), before);
    json_decref(body);
}

static void try_left_out(const struct subject *subject, const char *name) {
    json_t *body = json_copy(subject->body);
    json_object_del(body, name);
    int needed = is_in(json_object_get(subject->schema, "required"), name) ||
                 is_in(json_object_get(subject->schema, "x-one-of"), name);
    unsigned status = send_body(subject, body);
    assert_int_equal(status / 100, needed ? 4 : 2);
    json_decref(body);
}

static void try_other_types(const struct subject *subject, const char *name, const json_t *schema) {
    const char *type = json_string_value(json_object_get(schema, "type"));
    static const char *const values[] = {"null", "true", "1.5", "\"1\"", "7", "[7]", "{\"a\":7}"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        json_t *value = json_loads(values[i], JSON_DECODE_ANY, NULL);
        int fits = (json_is_object(value) && is_nested(schema)) ||
                   (json_is_string(value) && strcmp(type, "string") == 0) ||
                   (json_is_integer(value) && strcmp(type, "integer") == 0) ||
                   (json_is_boolean(value) && strcmp(type, "boolean") == 0);
        if (fits) {
            json_decref(value);
        } else {
            assert_refused(subject, name, value);
        }
    }
}

static json_t *text_of(size_t len) {
    char *text = calloc(1, len + 1);
    memset(text, 'a', len);
    json_t *value = json_string(text);
    free(text);
    return value;
}

static json_int_t bound(const json_t *property, const char *name) {
    const json_t *value = json_object_get(property, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void try_texts(const struct subject *subject, const char *name, const json_t *property) {
    static const char *const controls[] = {"a\nb", "a\x1b[31mb", "a\xc2\x85"};
    int is_secret = json_object_get(property, "format") != NULL; // a password: any bytes
    assert_refused(subject, name, json_string(""));
    for (size_t i = 0; !is_secret && i < sizeof controls / sizeof controls[0]; i++) {
        assert_refused(subject, name, json_string(controls[i]));
    }
    if (json_object_get(property, "enum") != NULL) {
        assert_refused(subject, name, json_string("User"));
        return;
    }
    assert_refused(subject, name, text_of((size_t)bound(property, "maxLength") + 1));
}

static void try_lists(const struct subject *subject, const char *name, const json_t *property) {
    const json_t *items = json_object_get(property, "items");
    size_t max = (size_t)bound(property, "maxItems");
    json_t *many = json_array();
    for (size_t i = 0; i < max; i++) {
        json_array_append_new(many, json_sprintf("n%zu", i));
    }
    json_t *body = json_copy(subject->body);
    json_object_set(body, name, many);
    assert_int_equal(send_body(subject, body) / 100, 2);
    json_decref(body);
    json_array_append_new(many, json_string("more"));
    assert_refused(subject, name, many);
    if (bound(property, "minItems") > 0) {
        assert_refused(subject, name, json_array());
    }
    assert_refused(subject, name, json_pack("[s]", ""));
    assert_refused(subject, name, json_pack("[sn]", "a"));
    assert_refused(subject, name, json_pack("[[s]]", "a"));
    assert_refused(subject, name,
                   json_pack("[so]", "a", text_of((size_t)bound(items, "maxLength") + 1)));
}

// The member of a list's first object is left out, null, or one too many stands beside it.
static void try_inside(const struct subject *subject, const char *list, const json_t *items,
                       const char *name) {
    char field[64];
    for (unsigned how = 0; how < 3; how++) {
        json_t *body = json_deep_copy(subject->body);
        json_t *object = json_array_get(json_object_get(body, list), 0);
        int needed = is_in(json_object_get(items, "required"), name);
        if (how == 0) {
            json_object_del(object, name);
        } else {
            json_object_set_new(object, how == 1 ? name : "nonsense", json_null());
        }
        unsigned status = send_body(subject, body);
        json_decref(body);
        if (how == 0 && !needed) {
            assert_int_equal(status / 100, 2);
            continue;
        }
        (void)snprintf(field, sizeof field, "%s[0].%s", list, how == 2 ? "nonsense" : name);
        test_assert_field(status, field);
    }
}

static void try_objects(const struct subject *subject, const char *name, const json_t *property) {
    const json_t *items = test_schema_resolve(test.doc, json_object_get(property, "items"));
    size_t max = (size_t)bound(property, "maxItems");
    json_t *many = json_array();
    for (size_t i = 0; i < max; i++) {
        json_array_append_new(many, body_for(items, ""));
    }
    json_t *body = json_copy(subject->body);
    json_object_set(body, name, many);
    assert_int_equal(send_body(subject, body) / 100, 2);
    json_decref(body);
    json_array_append_new(many, body_for(items, ""));
    assert_refused(subject, name, many);
    assert_refused(subject, name, json_array());
    assert_refused(subject, name, json_pack("[s]", "a"));
    assert_refused(subject, name, json_pack("[[s]]", "a"));
    assert_refused(subject, name, json_pack("[on]", body_for(items, "")));
    const char *member = NULL;
    json_t *inner = NULL;
    json_object_foreach(json_object_get(items, "properties"), member, inner) {
        try_inside(subject, name, items, member);
    }
}

// The object at a path, "passkey.credential".
static json_t *at_path(json_t *body, const char *path) {
    char name[64];
    size_t len = strcspn(path, ".");
    (void)snprintf(name, sizeof name, "%.*s", (int)len, path);
    json_t *inside = json_object_get(body, name);
    return path[len] == '.' ? at_path(inside, path + len + 1) : inside;
}

// What is not base64.
static int takes_any_text(const char *name) {
    static const char *const names[] = {"name",     "challenge_id", "device_code", "code",
                                        "verifier", "host",         "os",          "version"};
    int is_one = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        is_one = is_one || strcmp(name, names[i]) == 0;
    }
    return is_one;
}

// A member of the object at a path is left out, null or of another type; or one too many stands beside it.
static void try_inner(const struct subject *subject, const char *path, const json_t *schema,
                      const char *name, const json_t *inner) {
    static const char *const values[] = {NULL, "null", "7", "[\"a\"]", "\"\"", "\"not base64!\""};
    int is_looked_at = json_object_get(inner, "type") != NULL;
    int is_needed = is_in(json_object_get(schema, "required"), name);
    char field[128];
    (void)snprintf(field, sizeof field, "%s.%s", path, name);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        json_t *body = json_deep_copy(subject->body);
        json_t *object = at_path(body, path);
        if (values[i] == NULL) {
            json_object_del(object, name);
        } else {
            json_object_set_new(object, name, json_loads(values[i], JSON_DECODE_ANY, NULL));
        }
        unsigned status = send_body(subject, body);
        json_decref(body);
        int may_be = values[i] == NULL ? !is_needed : !is_looked_at;
        if (i == 5 && takes_any_text(name)) {
            may_be = 1;
        }
        if (may_be) {
            assert_int_equal(status / 100, 2);
        } else {
            test_assert_field(status, field);
        }
    }
}

static void try_nested(const struct subject *subject, const char *path, const json_t *schema) {
    char below[128], field[128];
    const char *name = NULL;
    json_t *property = NULL;
    json_object_foreach(json_object_get(schema, "properties"), name, property) {
        const json_t *inner = test_schema_resolve(test.doc, property);
        if (json_object_get(inner, "anyOf") != NULL) {
            continue; // may be null: test-passkeys.c
        }
        try_inner(subject, path, schema, name, inner);
        (void)snprintf(below, sizeof below, "%s.%s", path, name);
        if (is_nested(inner)) {
            try_nested(subject, below, inner);
        }
    }
    json_t *body = json_deep_copy(subject->body);
    json_object_set_new(at_path(body, path), "nonsense", json_true());
    (void)snprintf(field, sizeof field, "%s.nonsense", path);
    test_assert_field(send_body(subject, body), field);
    json_decref(body);
}

static void try_numbers(const struct subject *subject, const char *name, const json_t *property) {
    json_int_t max = bound(property, "maximum");
    assert_refused(subject, name, json_integer(0));
    assert_refused(subject, name, json_integer(-1));
    assert_refused(subject, name, json_integer(max + 1));
    assert_refused(subject, name, json_integer(INT64_MAX));
    assert_refused(subject, name, json_integer(INT64_MIN));
    assert_refused(subject, name, json_real(1.0));
    json_t *body = json_copy(subject->body);
    json_object_set_new(body, name, json_integer(max));
    assert_int_equal(send_body(subject, body) / 100, 2);
    json_decref(body);
}

static void try_options(const struct subject *subject, const char *name, const json_t *property) {
    size_t max = (size_t)bound(property, "maxProperties");
    size_t longest = (size_t)bound(json_object_get(property, "additionalProperties"), "maxLength");
    json_t *many = json_object();
    for (size_t i = 0; i <= max; i++) {
        char option[32];
        (void)snprintf(option, sizeof option, "n%zu", i);
        json_object_set_new(many, option, json_string(""));
    }
    assert_refused(subject, name, many);
    assert_refused(subject, name, json_object());
    assert_refused(subject, name, json_pack("{s:n}", "permit-pty"));
    assert_refused(subject, name, json_pack("{s:b}", "permit-pty", 1));
    assert_refused(subject, name, json_pack("{s:s}", "", ""));
    assert_refused(subject, name, json_pack("{s:s}", "force-command=x", ""));
    assert_refused(subject, name, json_pack("{s:s}", "a\nb", ""));
    assert_refused(subject, name, json_pack("{s:s}", "a", "b\n"));
    assert_refused(subject, name, json_pack("{s:o}", "a", text_of(longest + 1)));
}

// The member stands twice, with the same value: readers differ in which one they take.
static void try_twice(const struct subject *subject, const char *name) {
    char *text = json_dumps(subject->body, JSON_COMPACT);
    char *value = json_dumps(json_object_get(subject->body, name), JSON_COMPACT | JSON_ENCODE_ANY);
    size_t size = strlen(text) + strlen(value) + strlen(name) + 16;
    char *twice = malloc(size);
    unsigned before = test_authority_asks();
    (void)snprintf(twice, size, "{\"%s\":%s,%s", name, value, text + 1);
    assert_int_equal(send_text(subject, twice), 422);
    assert_string_equal(test_text(&answer, "field"), name);
    assert_int_equal(test_authority_asks(), before);
    free(twice);
    free(value);
    free(text);
}

static void try_member(const struct subject *subject, const char *name, const json_t *property) {
    const json_t *resolved = test_schema_resolve(test.doc, property);
    const char *type = json_string_value(json_object_get(resolved, "type"));
    try_left_out(subject, name);
    try_other_types(subject, name, resolved);
    try_twice(subject, name);
    if (strcmp(type, "string") == 0) {
        try_texts(subject, name, resolved);
    } else if (holds_objects(resolved)) {
        try_objects(subject, name, resolved);
    } else if (strcmp(type, "array") == 0) {
        try_lists(subject, name, resolved);
    } else if (strcmp(type, "integer") == 0) {
        try_numbers(subject, name, resolved);
    } else if (is_nested(resolved)) {
        try_nested(subject, name, resolved);
    } else if (strcmp(type, "object") == 0) {
        try_options(subject, name, resolved);
    } else {
        assert_string_equal(type, "boolean");
    }
}

static const json_t *schema_of(const struct vouch_http_route *route) {
    const json_t *operation =
        test_schema_operation(test.doc, vouch_http_method_text(route->method), route->pattern);
    const json_t *content = json_object_get(json_object_get(operation, "requestBody"), "content");
    const json_t *json = json_object_get(content, "application/json");
    return test_schema_resolve(test.doc, json_object_get(json, "schema"));
}

#define SUBJECTS_MAX 64

// The path of a route, with something in the place of its capture.
static const char *path_of(const char *pattern, char path[static 64]) {
    static const char *const samples[][2] = {{"{serial}", "17592186044417"},
                                             {"{name}", "ci"},
                                             {"{id}", "21"},
                                             {"{user}", "bob"},
                                             {"{code}", "BCDF-GHJK"}};
    (void)snprintf(path, 64, "%s", pattern);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *at = strstr(pattern, samples[i][0]);
        if (at != NULL) {
            (void)snprintf(path, 64, "%.*s%s%s", (int)(at - pattern), pattern, samples[i][1],
                           at + strlen(samples[i][0]));
        }
    }
    return path;
}

static void add_subject(const struct vouch_http_route *route, const char *path,
                        const json_t *schema, struct subject *ret_subjects, size_t *count) {
    assert_true(*count < SUBJECTS_MAX);
    ret_subjects[*count] = (struct subject){.method = vouch_http_method_text(route->method),
                                            .path = path,
                                            .schema = test_schema_resolve(test.doc, schema)};
    if (vouch_api_row_of(route)->access == VOUCH_API_HOSTS) {
        ret_subjects[*count].token = TEST_HOST_SECRET;
    }
    (*count)++;
}

// The routes that take a body of JSON, each with the forms that it may have; renewing needs a certificate,
// which is issued first.
static size_t subjects(struct subject *ret_subjects) {
    static char paths[SUBJECTS_MAX][64];
    size_t count = 0;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        if (vouch_api_row_of(route)->body != VOUCH_API_JSON) {
            continue;
        }
        assert_true(count < SUBJECTS_MAX);
        const char *path = path_of(route->pattern, paths[count]);
        const json_t *schema = schema_of(route);
        const json_t *forms = json_object_get(schema, "anyOf");
        for (size_t k = 0; k < json_array_size(forms); k++) {
            add_subject(route, path, json_array_get(forms, k), ret_subjects, &count);
        }
        if (forms == NULL) {
            add_subject(route, path, schema, ret_subjects, &count);
        }
    }
    return count;
}

static void refuses_each_member_in_each_wrong_form(void **state) {
    (void)state;
    struct subject all[SUBJECTS_MAX];
    size_t count = subjects(all);
    assert_int_equal(count, 45);
    for (size_t i = 0; i < count; i++) {
        const char *name = NULL;
        json_t *property = NULL;
        json_object_foreach(json_object_get(all[i].schema, "properties"), name, property) {
            all[i].body = body_for(all[i].schema, name);
            assert_int_equal(send_body(&all[i], all[i].body) / 100, 2);
            try_member(&all[i], name, property);
            json_decref(all[i].body);
        }
    }
}

static void refuses_members_that_nobody_knows(void **state) {
    (void)state;
    static const char *const names[] = {"Type",      "ttl",   "serials", "",
                                        "__proto__", "admin", "\xc3\xa9"};
    struct subject all[SUBJECTS_MAX];
    size_t count = subjects(all);
    for (size_t i = 0; i < count; i++) {
        all[i].body = body_for(all[i].schema, "");
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            json_t *body = json_copy(all[i].body);
            unsigned before = test_authority_asks();
            json_object_set_new(body, names[k], json_true());
            assert_int_equal(send_body(&all[i], body), 422);
            assert_int_equal(test_authority_asks(), before);
            json_decref(body);
        }
        json_decref(all[i].body);
    }
}

static void says_which_member_was_meant(void **state) {
    (void)state;
    const struct subject subject = {.method = "POST", .path = "/v1/certs"};
    assert_int_equal(send_text(&subject, "{\"principal\":[\"root\"]}"), 422);
    assert_string_equal(test_text(&answer, "field"), "principal");
    assert_non_null(strstr(test_text(&answer, "detail"), "is it principals?"));
}

static void refuses_what_is_no_json_object(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{",
        "}",
        "null",
        "7",
        "[]",
        "\"{}\"",
        "{} {}",
        "{}x",
        "{\"type\":\"user\",}",
        "{'type':'user'}",
        "{type:\"user\"}",
        "{\"type\":\"us\ner\"}",
        "{\"type\":\"\\u0000\"}",
        "{\"type\":\"\\ud800\"}",
        "{\"type\":\"\xff\"}",
        "{\"type\":\"\xc0\xaf\"}",
        "{\"ttl_s\":NaN}",
        "{\"ttl_s\":01}",
        "{\"ttl_s\":99999999999999999999}",
        "\xef\xbb\xbf{}",
        "/* */{}",
        "{\"type\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}",
    };
    struct subject all[SUBJECTS_MAX];
    size_t count = subjects(all);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            assert_int_equal(send_text(&all[i], bad[k]), 400);
            assert_string_equal(test_text(&answer, "code"), "V-1820");
        }
        assert_int_equal(send_text(&all[i], ""), 400);
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void refuses_depth_without_parsing_it(void **state) {
    (void)state;
    char deep[60000];
    const struct subject subject = {.method = "POST", .path = "/v1/certs"};
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(send_text(&subject, deep), 400);
    // Brackets in a string are none.
    assert_int_equal(send_text(&subject, "{\"reason\":\"[[[[[[[[[[[[[[[[[[[[[[\\\"{{{{\"}"), 422);
}

static void warns_who_sends_a_private_key(void **state) {
    (void)state;
    const struct subject subject = {.method = "POST", .path = "/v1/certs"};
    assert_int_equal(send_text(&subject,
                               "{\"type\":\"user\",\"principals\":[\"a\"],\"public_key\":"
                               "\"-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXk\\n\"}"),
                     422);
    assert_non_null(strstr(test_text(&answer, "detail"), "private key"));
    assert_null(memmem(answer.body.ptr, answer.body.len, "b3Blbn", 6));
    assert_int_equal(test_authority_asks(), 0);
}

static void takes_public_keys_as_files_have_them(void **state) {
    (void)state;
    static const struct {
        const char *key;
        unsigned status;
    } keys[] = {
        {TEST_KEY, 201},
        {TEST_KEY "\\n", 201},
        {"ssh-rsa"
         " AAAAC3NzaC1lZDI1NTE5AAAAIKDTKYNP7LEU3r93a+HBr4caADwyPa4nMIXwfIBE3sdV",
         422},
        {"ssh-ed25519", 422},
        {"ssh-ed25519 !!!!", 422},
        {"no-such-type AAAA", 422},
        {"restrict " TEST_KEY, 422},
    };
    const struct subject subject = {.method = "POST", .path = "/v1/certs"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char body[512];
        (void)snprintf(body, sizeof body,
                       "{\"type\":\"user\",\"principals\":[\"a\"],\"public_key\":\"%s\"}",
                       keys[i].key);
        assert_int_equal(send_text(&subject, body), keys[i].status);
    }
}

// Leaving a list out and leaving it empty are the same where nothing must be in it.
static void takes_an_empty_list_of_options(void **state) {
    (void)state;
    const struct subject subject = {.method = "PUT", .path = "/v1/profiles/deploy"};
    const char *good = "{\"type\":\"user\",\"principals\":[\"a\"],\"options\":[],\"ttl_max_s\":60}";
    const char *bad = "{\"type\":\"user\",\"principals\":[],\"options\":[],\"ttl_max_s\":60}";
    assert_int_equal(send_text(&subject, good), 200);
    assert_int_equal(send_text(&subject, bad), 422);
    assert_string_equal(test_text(&answer, "field"), "principals");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(refuses_each_member_in_each_wrong_form),
        TEST(refuses_members_that_nobody_knows),
        TEST(says_which_member_was_meant),
        TEST(refuses_what_is_no_json_object),
        TEST(refuses_depth_without_parsing_it),
        TEST(warns_who_sends_a_private_key),
        TEST(takes_public_keys_as_files_have_them),
        TEST(takes_an_empty_list_of_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
