// SPDX-License-Identifier: ISC
// Gauntlet: whoever asks the signer is hostile. Row K9 (and C1 C2 C17 C18 C20 C21 C23 K5 behind it): frames
// of every valid shape with any field wrong, by a grammar, straight to the signer's lanes. Whatever is
// granted is inside the ceiling and in the ledger, and nothing else is. VOUCH_LONG in the environment
// makes it a hundred times as many; VOUCH_SEED repeats a run.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/cert-view.h"
#include "signer/frames.h"
#include "signer/test-fixture.h"

#define RUBBISH_LANES 40
#define NAMES_MAX 20
#define KEYS_MAX 16

static uint64_t seed;

static uint64_t roll(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

// One field in eight is hostile: then about one request in five has none.
static int is_hostile(void) {
    return roll(8) == 0;
}

struct world {
    struct fixture *fixture;
    struct vouch_signer_ceiling ceiling;
    struct vouch_bytes keys[KEYS_MAX]; // blobs; the first `good` may be certified
    struct vouch_key *own[3];          // user CA, host CA, checkpoint key
    size_t key_count, good_keys;
    struct vouch_buf memory[KEYS_MAX];
    uint64_t *granted; // serial, and a hash of the certificate behind it
    size_t grant_count;
    uint64_t noted, published, refused, krl_version;
    uint64_t wild; // names with a wildcard that were granted
    // By use: the key beside the active one, and the names of both; "" where there is none.
    enum vouch_ca_key_state other[2];
    char names[2][2][VOUCH_FINGERPRINT_MAX];
    uint64_t rotated, destroyed;
    struct vouch_signer_rotation asked; // the last step; its texts are not kept
};

static uint64_t hash_of(struct vouch_bytes bytes) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ bytes.ptr[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static void add_blob(struct world *world, struct vouch_bytes blob) {
    struct vouch_buf *memory = &world->memory[world->key_count];
    vouch_buf_init(memory, 64 * 1024);
    vouch_buf_put(memory, blob);
    world->keys[world->key_count++] = vouch_buf_bytes(memory);
}

static void add_made(struct world *world, enum vouch_key_type type, unsigned bits) {
    struct vouch_private_key *key = NULL;
    assert_int_equal(vouch_private_key_generate(type, bits, &key), VOUCH_OK);
    add_blob(world, vouch_key_blob(vouch_private_key_public(key)));
    vouch_private_key_free(key);
}

static void make_keys(struct world *world, struct vouch_bytes certificate) {
    static const uint8_t small_order[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20"
                                         "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    add_blob(world, vouch_key_blob(vouch_private_key_public(world->fixture->subject)));
    add_made(world, VOUCH_KEY_ED25519, 0);
    add_made(world, VOUCH_KEY_RSA, 2048);
    world->good_keys = world->key_count;
    add_made(world, VOUCH_KEY_RSA, 1024);
    add_made(world, VOUCH_KEY_ECDSA_P256, 0);
    for (size_t i = 0; i < 3; i++) {
        add_blob(world, vouch_key_blob(world->own[i]));
    }
    add_blob(world, (struct vouch_bytes){small_order, 51});
    add_blob(world, certificate);
    add_blob(world, (struct vouch_bytes){small_order, 30});
    add_blob(world, (struct vouch_bytes){0});
}

static const char *const good_names[] = {"alice", "bob", "role:dev", "web1.example.com", "x"};
static const char *const bad_names[] = {"",
                                        "a,b",
                                        "*",
                                        "-oProxyCommand=x",
                                        "a b",
                                        "root\n",
                                        "web?",
                                        "..",
                                        "\x80",
                                        "a\"b",
                                        "*.example.com",
                                        "*.theweb.example.com",
                                        "*.com",
                                        "w*.web.example.com",
                                        "*.*.web.example.com",
                                        "?.web.example.com",
                                        "!*.web.example.com",
                                        "*.web.example.com,*.org",
                                        "*.Web.example.com",
                                        "a\\b",
                                        "\t",
                                        "Alice$",
                                        "alice,root",
                                        "web1..example.com"};

// Below the only domain where the ceiling of this test lets hosts have a wildcard; users never.
static const char *const wildcards[] = {"*.web.example.com", "*.eu.web.example.com"};

#define PICK(list) (list)[roll(sizeof(list) / sizeof(list)[0])]

static size_t make_names(struct vouch_bytes *names, enum vouch_cert_type type) {
    static uint8_t long_name[300];
    memset(long_name, 'a', sizeof long_name);
    size_t count = is_hostile() ? roll(NAMES_MAX + 1) : 1;
    for (size_t i = 0; i < count; i++) {
        names[i] =
            vouch_bytes_of(type == VOUCH_CERT_HOST ? good_names[3] : good_names[(i + roll(2)) % 5]);
        if (roll(4) == 0 && (type == VOUCH_CERT_HOST || is_hostile())) {
            names[i] = vouch_bytes_of(PICK(wildcards));
        }
        if (is_hostile() && roll(3) == 0) {
            names[i] = roll(4) == 0 ? (struct vouch_bytes){long_name, 254 + roll(4)}
                                    : vouch_bytes_of(PICK(bad_names));
        }
    }
    return count;
}

static size_t make_options(struct vouch_cert_option *options, const char *const *pool,
                           size_t pool_count) {
    static const struct {
        const char *bytes;
        size_t len;
    } data[] = {
        {"", 0},
        {"\0\0\0\x0a"
         "10.0.0.0/8",
         14},
        {"\0\0\0\x09"
         "0.0.0.0/0",
         13},
        {"\0\0\0\4true", 8},
        {"\0\0\0\0", 4},
        {"\0\0\0\5true", 8},
        {"x", 1},
    };
    size_t count = is_hostile() ? roll(4) : roll(2);
    for (size_t i = 0; i < count; i++) {
        size_t at = is_hostile() ? roll(pool_count) : 0;
        size_t value = is_hostile() ? roll(7) : (strcmp(pool[at], "source-address") == 0);
        options[i] = (struct vouch_cert_option){
            .name = vouch_bytes_of(pool[at]),
            .data = {(const uint8_t *)data[value].bytes, data[value].len}};
    }
    return count;
}

static struct vouch_bytes make_text(const char *good) {
    static uint8_t filler[2048];
    static const char *const bad[] = {"", "\n", "a\x1b[2J", "\x7f", "a\tb"};
    memset(filler, 'x', sizeof filler);
    if (!is_hostile() || roll(3) != 0) {
        return vouch_bytes_of(good);
    }
    return roll(2) == 0 ? vouch_bytes_of(PICK(bad))
                        : (struct vouch_bytes){filler, 1020 + roll(1000)};
}

static uint64_t make_time(uint64_t now_s, uint64_t good_s) {
    static const int64_t offsets[] = {0,    1,    -1,   3600, 3601,  -3600,  -3601,  -3599,
                                      3599, 7199, 7200, 7201, 86400, -86400, 1 << 30};
    static const uint64_t absolute[] = {
        0, 1, UINT64_MAX, UINT64_MAX - 1, INT64_MAX, UINT64_C(1) << 32};
    if (!is_hostile()) {
        return good_s;
    }
    return roll(3) == 0 ? PICK(absolute) : now_s + (uint64_t)PICK(offsets);
}

struct request {
    struct vouch_signer_ask ask;
    struct vouch_bytes key;
    struct vouch_bytes names[NAMES_MAX];
    struct vouch_cert_option critical[4], extensions[4];
};

static void make_request(const struct world *world, struct request *request) {
    static const char *const critical[] = {"source-address", "force-command", "verify-required",
                                           "permit-pty", "x"};
    static const char *const extensions[] = {"permit-pty", "permit-X11-forwarding",
                                             "no-touch-required", "force-command", ""};
    static const uint32_t types[] = {0, 3, 256, UINT32_MAX};
    static char long_id[201];
    memset(long_id, 'k', sizeof long_id);
    uint64_t now_s = vouch_time_now_s();
    struct vouch_cert_spec *spec = &request->ask.spec;
    *request = (struct request){0};
    spec->type = is_hostile() ? (enum vouch_cert_type)PICK(types)
                              : (roll(3) == 0 ? VOUCH_CERT_HOST : VOUCH_CERT_USER);
    request->key = world->keys[is_hostile() ? roll(world->key_count) : roll(world->good_keys)];
    spec->key_id = make_text("alice@example.com");
    if (is_hostile()) {
        spec->key_id = (struct vouch_bytes){(const uint8_t *)long_id, 199 + roll(3)};
    }
    spec->principals = request->names;
    spec->principal_count = make_names(request->names, spec->type);
    spec->valid_after = make_time(now_s, now_s - 60);
    spec->valid_before = make_time(now_s, now_s + 1800);
    spec->critical = request->critical;
    spec->extensions = request->extensions;
    if (spec->type != VOUCH_CERT_HOST || is_hostile()) {
        spec->critical_count = make_options(request->critical, critical, 5);
        spec->extension_count = make_options(request->extensions, extensions, 5);
    }
    request->ask.actor = make_text("token:test");
    request->ask.evidence = make_text("api-token");
    request->ask.role = make_text("dev");
    request->ask.request = make_text("0123456789abcdef");
    request->ask.source = make_text("192.0.2.7");
    request->ask.policy = make_text("profile dev@1");
}

// Like vouch_signer_write_ask(), for a key that need be none.
static void write_request(struct vouch_buf *out, const struct request *request) {
    struct vouch_buf whole;
    vouch_buf_init(&whole, 256 * 1024);
    vouch_signer_write_ask(&whole, &request->ask);
    assert_int_equal(whole.err, VOUCH_OK);
    vouch_buf_put(out, (struct vouch_bytes){whole.ptr, 4});
    vouch_write_string(out, request->key);
    vouch_buf_put(out, (struct vouch_bytes){whole.ptr + 8, whole.len - 8});
    vouch_buf_done(&whole);
}

static int is_wildcard_below_web(struct vouch_bytes name) {
    return vouch_bytes_equal(name, vouch_bytes_of(wildcards[0])) ||
           vouch_bytes_equal(name, vouch_bytes_of(wildcards[1]));
}

static int is_name_of(struct vouch_bytes name, enum vouch_cert_type type) {
    static const char user[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@:+-";
    static const char host[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    int good = name.len > 0 && name.len <= 255 && name.ptr[0] != '-';
    for (size_t i = 0; good && i < name.len; i++) {
        good = name.ptr[i] != 0 && strchr(type == VOUCH_CERT_HOST ? host : user, name.ptr[i]);
    }
    return good;
}

static int is_among(struct vouch_bytes name, const char *a, const char *b) {
    return vouch_bytes_equal(name, vouch_bytes_of(a)) || vouch_bytes_equal(name, vouch_bytes_of(b));
}

// The ceiling of this test once more, in other words than the signer's.
static void assert_inside(const struct world *world, const struct vouch_cert *cert) {
    uint64_t now_s = vouch_time_now_s(), longest_s = cert->type == VOUCH_CERT_HOST ? 7200 : 3600;
    assert_true(cert->type == VOUCH_CERT_USER || cert->type == VOUCH_CERT_HOST);
    assert_true(vouch_key_equal(cert->ca, world->own[cert->type == VOUCH_CERT_HOST]));
    assert_true(cert->valid_before <= now_s + longest_s);
    assert_true(cert->valid_before > cert->valid_after);
    assert_true(cert->valid_after + 3600 + 60 >= now_s); // a minute for a slow machine
    assert_true(cert->principal_count >= 1 && cert->principal_count <= 4);
    for (size_t i = 0; i < cert->principal_count; i++) {
        int is_wildcard =
            cert->type == VOUCH_CERT_HOST && is_wildcard_below_web(cert->principals[i]);
        assert_true(is_wildcard || is_name_of(cert->principals[i], cert->type));
        for (size_t k = 0; k < i; k++) {
            assert_false(vouch_bytes_equal(cert->principals[i], cert->principals[k]));
        }
    }
    assert_true(cert->type == VOUCH_CERT_USER || cert->critical_count + cert->extension_count == 0);
    for (size_t i = 0; i < cert->critical_count; i++) {
        assert_true(is_among(cert->critical[i].name, "source-address", "force-command"));
        assert_true(cert->critical[i].data.len > 4);
        // A network of everyone restricts nothing; as a command it is only silly.
        assert_false(vouch_bytes_equal(cert->critical[i].name, vouch_bytes_of("source-address")) &&
                     cert->critical[i].data.len == 13);
    }
    for (size_t i = 0; i < cert->extension_count; i++) {
        assert_true(is_among(cert->extensions[i].name, "permit-pty", "permit-pty"));
        assert_int_equal(cert->extensions[i].data.len, 0);
    }
    enum vouch_key_type type = vouch_key_type(cert->key);
    assert_true(type == VOUCH_KEY_ED25519 ||
                (type == VOUCH_KEY_RSA && vouch_key_bits(cert->key) >= 2048));
    assert_null(vouch_key_weakness(cert->key));
    for (size_t i = 0; i < 3; i++) {
        assert_false(vouch_key_equal(cert->key, world->own[i]));
    }
    assert_true(cert->key_id.len >= 1 && cert->key_id.len <= 200);
    for (size_t i = 0; i < cert->key_id.len; i++) {
        assert_true(cert->key_id.ptr[i] >= 0x20 && cert->key_id.ptr[i] < 0x7f);
    }
}

static void take_grant(struct world *world, struct vouch_bytes body) {
    struct vouch_signer_grant grant = {0};
    struct vouch_cert *cert = NULL;
    assert_int_equal(vouch_signer_read_grant(body, &grant, NULL), VOUCH_OK);
    assert_int_equal(vouch_cert_parse(grant.cert, &cert, NULL), VOUCH_OK);
    assert_true(cert->serial == grant.serial);
    assert_inside(world, cert);
    for (size_t i = 0; i < cert->principal_count; i++) {
        world->wild += cert->principals[i].ptr[0] == '*';
    }
    vouch_cert_free(cert);
    world->granted[2 * world->grant_count] = grant.serial;
    world->granted[2 * world->grant_count + 1] = hash_of(grant.cert);
    world->grant_count++;
}

static void make_event(struct vouch_buf *out) {
    static const char *const types[] = {"cert.revoke", "token.new",   "ledger.new", "ca.key.new",
                                        "signer.stop", "krl.publish", "",           "A",
                                        "signer.",     "ledger.cut",  "x y"};
    static const uint8_t torn[] = {0, 0, 0, 1, 'a', 0, 0, 0, 9};
    struct vouch_signer_event event = fixture_event();
    event.actor = make_text("token:test");
    event.type = vouch_bytes_of(PICK(types));
    event.object = make_text("serial 7");
    if (is_hostile()) {
        event.details = (struct vouch_bytes){torn, roll(sizeof torn + 1)};
    }
    vouch_signer_write_event(out, &event);
}

static uint64_t make_list(const struct world *world, struct vouch_buf *out) {
    const uint64_t versions[] = {world->krl_version + 1, world->krl_version, 0, 1,
                                 world->krl_version + 5};
    struct vouch_signer_krl krl = fixture_krl(PICK(versions));
    krl.length = is_hostile() ? roll(2) * UINT64_MAX : 44;
    krl.actor = make_text("token:test");
    vouch_signer_write_krl(out, &krl);
    return krl.version;
}

static void make_rotation(struct world *world, struct vouch_buf *out) {
    static const uint32_t uses[] = {1, 2, 1, 2, 1, 2, 0, 3, 257};
    struct vouch_signer_rotation ask = {.use = (enum vouch_cert_type)PICK(uses),
                                        .verb = (enum vouch_rotation_verb)roll(9),
                                        .actor = make_text("user:mallory"),
                                        .is_hurried = (uint32_t)roll(2)};
    unsigned at = ask.use == VOUCH_CERT_HOST;
    if (roll(3) != 0) {
        ask.fingerprint = vouch_bytes_of(world->names[at][is_hostile()]);
    } else if (is_hostile()) {
        ask.fingerprint = vouch_bytes_of("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
    }
    if (is_hostile()) {
        ask.key = world->keys[roll(world->key_count)];
    }
    vouch_signer_write_rotation(out, &ask);
    world->asked = ask;
}

static void note_ca(struct world *world, const struct vouch_signer_ca *ca) {
    unsigned at = ca->use == VOUCH_CERT_HOST;
    struct vouch_key *key = NULL;
    assert_int_equal(vouch_key_parse(ca->key, &key, NULL), VOUCH_OK);
    int is_active = ca->state == VOUCH_CA_KEY_ACTIVE;
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, world->names[at][is_active]);
    if (is_active) {
        vouch_key_free(world->own[at]);
        world->own[at] = vouch_steal(key);
    } else {
        assert_int_equal(world->other[at], VOUCH_CA_KEY_NONE); // one other at most
        world->other[at] = ca->state;
    }
    vouch_key_free(key);
}

static void learn_keys(struct world *world, struct vouch_lane *lane) {
    struct vouch_message answer = {0};
    struct vouch_signer_state about = {0};
    (void)vouch_lane_begin(lane);
    assert_int_equal(vouch_lane_ask(lane, VOUCH_SIGNER_ASK_STATE, FIXTURE_DEADLINE, &answer, NULL),
                     VOUCH_OK);
    assert_int_equal(vouch_signer_read_state(answer.body, &about, NULL), VOUCH_OK);
    memset(world->other, 0, sizeof world->other);
    memset(world->names, 0, sizeof world->names);
    for (size_t i = 0; i < about.ca_count; i++) {
        note_ca(world, &about.cas[i]);
    }
    assert_true(world->names[0][1][0] != '\0' && world->names[1][1][0] != '\0');
}

// The steps once more, in other words than the signer's: what the other key was and is, and whether the
// two changed places.
static void assert_step(const struct world *before, const struct world *after) {
    static const struct {
        enum vouch_rotation_verb verb;
        enum vouch_ca_key_state was, is;
        int turned;
    } steps[] = {
        {VOUCH_ROTATE_CREATE, VOUCH_CA_KEY_NONE, VOUCH_CA_KEY_NEXT, 0},
        {VOUCH_ROTATE_DROP, VOUCH_CA_KEY_NEXT, VOUCH_CA_KEY_NONE, 0},
        {VOUCH_ROTATE_SWITCH, VOUCH_CA_KEY_NEXT, VOUCH_CA_KEY_OLD, 1},
        {VOUCH_ROTATE_BACK, VOUCH_CA_KEY_OLD, VOUCH_CA_KEY_NEXT, 1},
        {VOUCH_ROTATE_REMOVE, VOUCH_CA_KEY_OLD, VOUCH_CA_KEY_REMOVED, 0},
        {VOUCH_ROTATE_RESTORE, VOUCH_CA_KEY_REMOVED, VOUCH_CA_KEY_OLD, 0},
        {VOUCH_ROTATE_DESTROY, VOUCH_CA_KEY_REMOVED, VOUCH_CA_KEY_NONE, 0},
    };
    unsigned at = before->asked.use == VOUCH_CERT_HOST, found = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].verb != before->asked.verb) {
            continue;
        }
        const char *active = before->names[at][!steps[i].turned];
        assert_int_equal(before->other[at], steps[i].was);
        assert_int_equal(after->other[at], steps[i].is);
        assert_string_equal(after->names[at][1], active); // never is what signs destroyed
        found++;
    }
    assert_int_equal(found, 1);
    assert_int_equal(before->other[!at], after->other[!at]);
    assert_string_equal(before->names[!at][1], after->names[!at][1]);
    assert_int_equal(before->asked.key.len, 0); // nobody hands the signer a key
}

static void take_rotated(struct world *world, struct vouch_lane *lane) {
    struct world before = *world; // but for the keys, which learn_keys() frees
    learn_keys(world, lane);
    assert_step(&before, world);
    world->rotated++;
    world->destroyed +=
        world->asked.verb == VOUCH_ROTATE_DROP || world->asked.verb == VOUCH_ROTATE_DESTROY;
}

static void take_answer(struct world *world, const struct vouch_message *answer, uint64_t version) {
    switch (answer->type) {
    case VOUCH_SIGNER_ANSWER_GRANTED:
        take_grant(world, answer->body);
        break;
    case VOUCH_SIGNER_ANSWER_NOTED:
        world->noted++;
        break;
    case VOUCH_SIGNER_ANSWER_PUBLISHED:
        assert_true(version > world->krl_version);
        world->krl_version = version;
        world->published++;
        break;
    case VOUCH_SIGNER_ANSWER_REFUSED:
        world->refused++;
        break;
    default:
        assert_int_equal(answer->type, VOUCH_SIGNER_ANSWER_STATE);
    }
}

static void ask_one(struct world *world, struct vouch_lane *lane) {
    static struct request request;
    struct vouch_message answer = {0};
    struct vouch_fault fault = {0};
    uint64_t version = 0, dice = roll(40);
    uint16_t type = VOUCH_SIGNER_ASK_SIGN;
    struct vouch_buf *out = vouch_lane_begin(lane);
    if (roll(40) == 0) {
        type = VOUCH_SIGNER_ASK_ROTATE;
        make_rotation(world, out);
    } else if (dice == 0) {
        type = VOUCH_SIGNER_ASK_STATE;
    } else if (dice < 4) {
        type = VOUCH_SIGNER_ASK_NOTE;
        make_event(out);
    } else if (dice == 4) {
        type = VOUCH_SIGNER_ASK_PUBLISH;
        version = make_list(world, out);
    } else {
        make_request(world, &request);
        write_request(out, &request);
    }
    if (vouch_lane_ask(lane, type, FIXTURE_DEADLINE, &answer, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    if (answer.type == VOUCH_SIGNER_ANSWER_ROTATED) {
        take_rotated(world, lane);
    } else {
        take_answer(world, &answer, version);
    }
}

// A whole request with some of its bytes changed or cut, on a lane of its own, which may be hung up.
static void ask_rubbish(struct world *world, unsigned at) {
    static struct request request;
    struct vouch_lane lane;
    struct vouch_message answer = {0};
    vouch_lane_init(&lane, world->fixture->lanes[at], &vouch_signer_protocol, VOUCH_LANE_ASKS);
    world->fixture->lanes[at] = -1;
    for (unsigned i = 0; i < 200; i++) {
        struct vouch_buf *out = vouch_lane_begin(&lane);
        make_request(world, &request);
        write_request(out, &request);
        size_t body = out->len - VOUCH_FRAME_HEADER_LEN;
        for (uint64_t k = roll(4); k > 0; k--) {
            out->ptr[VOUCH_FRAME_HEADER_LEN + roll(body)] ^= (uint8_t)(1u << roll(8));
        }
        out->len -= roll(4) == 0 ? roll(body - 64) : 0;
        if (vouch_lane_ask(&lane, VOUCH_SIGNER_ASK_SIGN, FIXTURE_DEADLINE, &answer, NULL) !=
            VOUCH_OK) {
            break;
        }
        take_answer(world, &answer, 0);
    }
    vouch_lane_done(&lane);
}

struct walk {
    const struct world *world;
    uint64_t certs, last;
};

static int compare(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

// Certificates in the ledger and certificates that were granted are the same.
static void check_record(void *context, const struct vouch_record *record) {
    struct walk *walk = context;
    struct vouch_cert_view cert = {0};
    if (record->kind != VOUCH_RECORD_CERT) {
        return;
    }
    assert_int_equal(vouch_cert_view_read(record->cert, &cert, NULL), VOUCH_OK);
    const uint64_t *found = bsearch(&cert.serial, walk->world->granted, walk->world->grant_count,
                                    2 * sizeof(uint64_t), compare);
    assert_non_null(found);
    assert_true(found[1] == hash_of(record->cert));
    assert_true(walk->last == 0 || cert.serial == walk->last + 1);
    assert_true(record->actor.len > 0);
    walk->last = cert.serial;
    walk->certs++;
}

static uint64_t count_steps(const struct fixture *fixture) {
    static const char *const types[] = {"ca.key.new",    "ca.key.switch",  "ca.key.back",
                                        "ca.key.remove", "ca.key.restore", "ca.key.destroy"};
    uint64_t count = 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        count += fixture_count(fixture, types[i]);
    }
    return count;
}

static void set_ceiling(struct world *world) {
    struct vouch_signer_ceiling *ceiling = &world->ceiling;
    *ceiling = vouch_signer_ceiling_default();
    ceiling->user.ttl_max_s = 3600;
    ceiling->user.principals_max = ceiling->host.principals_max = 4;
    ceiling->user.options = vouch_ceiling_option_bit(vouch_bytes_of("permit-pty")) |
                            vouch_ceiling_option_bit(vouch_bytes_of("source-address")) |
                            vouch_ceiling_option_bit(vouch_bytes_of("force-command"));
    ceiling->host.ttl_max_s = 7200;
    assert_int_equal(vouch_host_domains_add(&ceiling->wildcards, vouch_bytes_of("web.example.com")),
                     VOUCH_OK);
    ceiling->rate_per_s = 0;
    ceiling->key_types = UINT32_C(1) << VOUCH_KEY_ED25519 | UINT32_C(1) << VOUCH_KEY_RSA;
}

static void begin_world(struct world *world, struct vouch_lane *lane) {
    struct vouch_message answer = {0};
    struct vouch_signer_state about = {0};
    set_ceiling(world);
    fixture_open_with(world->fixture, &world->ceiling);
    fixture_serve(world->fixture, RUBBISH_LANES + 1);
    vouch_lane_init(lane, world->fixture->lanes[RUBBISH_LANES], &vouch_signer_protocol,
                    VOUCH_LANE_ASKS);
    world->fixture->lanes[RUBBISH_LANES] = -1;
    learn_keys(world, lane);
    (void)vouch_lane_begin(lane);
    assert_int_equal(vouch_lane_ask(lane, VOUCH_SIGNER_ASK_STATE, FIXTURE_DEADLINE, &answer, NULL),
                     VOUCH_OK);
    assert_int_equal(vouch_signer_read_state(answer.body, &about, NULL), VOUCH_OK);
    assert_int_equal(vouch_key_parse(about.checkpoint_key, &world->own[2], NULL), VOUCH_OK);
    make_keys(world, about.host_ca);
}

static void end_world(struct world *world) {
    for (size_t i = 0; i < world->key_count; i++) {
        vouch_buf_done(&world->memory[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        vouch_key_free(world->own[i]);
    }
    free(world->granted);
}

static void K9_nothing_that_is_granted_is_outside_the_ceiling_or_unrecorded(void **state) {
    struct world world = {.fixture = *state};
    struct vouch_lane lane;
    size_t asks = getenv("VOUCH_LONG") != NULL ? 2000000 : 20000;
    const char *given = getenv("VOUCH_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) | 1 : vouch_time_monotonic_ns() | 1;
    print_message("# seed %" PRIu64 "\n", seed);
    world.granted = calloc(asks + RUBBISH_LANES * 200, 2 * sizeof *world.granted);
    assert_non_null(world.granted);
    begin_world(&world, &lane);
    for (size_t i = 0; i < asks; i++) {
        ask_one(&world, &lane);
    }
    for (unsigned i = 0; i < RUBBISH_LANES; i++) {
        ask_rubbish(&world, i);
    }
    vouch_lane_done(&lane);
    fixture_serve_end(world.fixture);
    print_message("# %zu granted, %" PRIu64 " refused, %" PRIu64 " noted, %" PRIu64
                  " published, %" PRIu64 " steps of rotations\n",
                  world.grant_count, world.refused, world.noted, world.published, world.rotated);
    assert_true(world.wild > asks / 1000); // what the ceiling allows does come out
    assert_true(world.grant_count > asks / 20 && world.refused > asks / 20);
    assert_true(world.noted > 0 && world.published > 0);
    qsort(world.granted, world.grant_count, 2 * sizeof *world.granted, compare);
    struct walk walk = {.world = &world};
    fixture_records(world.fixture, check_record, &walk);
    assert_int_equal(walk.certs, world.grant_count);
    assert_int_equal(fixture_count(world.fixture, "krl.publish"), world.published);
    assert_int_equal(fixture_count(world.fixture, "ledger.new"), 1);
    assert_int_equal(count_steps(world.fixture), 2 + world.rotated);
    assert_true(world.rotated > 0 && world.destroyed > 0);
    assert_int_equal(fixture_count(world.fixture, "signer.stop"), 1);
    assert_int_equal(fixture_count(world.fixture, "cert.revoke") +
                         fixture_count(world.fixture, "token.new"),
                     world.noted);
    assert_proven(world.fixture);
    end_world(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            K9_nothing_that_is_granted_is_outside_the_ceiling_or_unrecorded, fixture_begin,
            fixture_end),
    };
    return cmocka_run_group_tests_name("gauntlet/hostile-front-end", tests, NULL, NULL);
}
