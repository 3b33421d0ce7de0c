// SPDX-License-Identifier: ISC
// Gauntlet: weak and hostile subject keys, and signatures under a wrong name. Rows C19 C20 C21.
//
// Every hostile key is read and judged within 5 ms of processor time, refused or not.
#include "gauntlet/issuer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vouch/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIMIT_NS 5000000
#define RSA_BYTES 2049 // 16384 bits, and a sign byte

static uint64_t cpu_ns(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// What becomes of a blob: read and judged. The faster of three times, so that the machine's other
// work does not count.
struct judgement {
    int err;
    const char *weakness;
    uint64_t cpu_ns;
};

static struct judgement judge(struct vouch_bytes blob) {
    struct judgement best = {.cpu_ns = UINT64_MAX};
    for (int round = 0; round < 3; round++) {
        struct vouch_key *key = NULL;
        uint64_t begun = cpu_ns();
        struct judgement now = {.err = vouch_key_parse(blob, &key, NULL)};
        now.weakness = key != NULL ? vouch_key_weakness(key) : NULL;
        now.cpu_ns = cpu_ns() - begun;
        best = now.cpu_ns < best.cpu_ns ? now : best;
        vouch_key_free(key);
    }
    return best;
}

static void assert_hostile(struct vouch_buf *blob, const char *what) {
    assert_int_equal(blob->err, VOUCH_OK);
    struct judgement judgement = judge(vouch_buf_bytes(blob));
    if (judgement.err == VOUCH_OK && judgement.weakness == NULL) {
        fail_msg("%s: a good key", what);
    }
    if (judgement.cpu_ns > LIMIT_NS) {
        fail_msg("%s: %llu ns", what, (unsigned long long)judgement.cpu_ns);
    }
    vouch_buf_done(blob);
}

static void begin(struct vouch_buf *blob, const char *type) {
    vouch_buf_init(blob, 2 * VOUCH_KEY_BLOB_MAX);
    vouch_write_text(blob, type);
}

static void write_rsa(struct vouch_buf *blob, struct vouch_bytes e, struct vouch_bytes n) {
    begin(blob, "ssh-rsa");
    vouch_write_mpint(blob, e);
    vouch_write_mpint(blob, n);
}

static struct vouch_bytes hex(const char *text, uint8_t *memory) {
    size_t len = strlen(text) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        memory[i] = (uint8_t)byte;
    }
    return (struct vouch_bytes){memory, len};
}

// A modulus of `bits` bits: its first and last byte given, the rest noise.
static struct vouch_bytes noise(size_t bits, uint8_t *memory) {
    size_t len = bits / 8;
    uint32_t seed = 1;
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245u + 12345u;
        memory[i] = (uint8_t)(seed >> 16);
    }
    memory[0] |= 0x80;
    memory[len - 1] |= 1;
    return (struct vouch_bytes){memory, len};
}

static void C20_rsa_of_every_wrong_size_is_refused_quickly(void **state) {
    (void)state;
    static const size_t sizes[] = {8,    512,       768,   1016,  1024,  1536,  2040,
                                   8200, 8192 + 64, 12288, 16384, 16392, 32768, 65536};
    static uint8_t memory[65536 / 8];
    uint8_t e[] = {1, 0, 1};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char what[32];
        (void)snprintf(what, sizeof what, "RSA of %zu bits", sizes[i]);
        struct vouch_buf blob;
        write_rsa(&blob, (struct vouch_bytes){e, sizeof e}, noise(sizes[i], memory));
        assert_hostile(&blob, what);
    }
}

static void C20_rsa_exponents_outside_the_rules_are_refused_quickly(void **state) {
    (void)state;
    static const char *const exponents[] = {
        "", "01", "02", "03", "11", "010000", "00ffff", "010002", "0100000001", "ffffffffffffffff"};
    static uint8_t memory[RSA_BYTES], e_memory[RSA_BYTES];
    struct vouch_bytes n = noise(3072, memory);
    for (size_t i = 0; i < COUNT(exponents); i++) {
        struct vouch_buf blob;
        write_rsa(&blob, hex(exponents[i], e_memory), n);
        assert_hostile(&blob, exponents[i]);
    }
    // An exponent as long as the modulus is what makes others spend minutes (CVE-2026-39829).
    for (size_t bits = 3072; bits <= 16384; bits += 6656) {
        struct vouch_buf blob;
        write_rsa(&blob, noise(bits, e_memory), noise(bits, memory));
        assert_hostile(&blob, "an exponent as long as the modulus");
    }
}

// Factors close together give themselves away by Fermat's method; a square is the extreme of it.
static void C20_an_rsa_modulus_that_is_nearly_a_square_is_refused_quickly(void **state) {
    (void)state;
    // (2^1024 - 1)^2 = 2^2048 - 2^1025 + 1.
    static uint8_t n[256];
    memset(n, 0xff, 128);
    n[127] = 0xfe;
    n[255] = 1;
    uint8_t e[] = {1, 0, 1};
    struct vouch_buf blob;
    write_rsa(&blob, (struct vouch_bytes){e, sizeof e}, (struct vouch_bytes){n, sizeof n});
    assert_hostile(&blob, "a square");
}

static void C20_even_and_small_factor_moduli_are_refused_quickly(void **state) {
    (void)state;
    static const unsigned primes[] = {2, 3, 5, 7, 11, 13, 101, 257, 541, 743, 751};
    static uint8_t memory[3072 / 8];
    uint8_t e[] = {1, 0, 1};
    for (size_t i = 0; i < COUNT(primes); i++) {
        struct vouch_bytes n = noise(3072, memory);
        // Make n a multiple of the prime by lowering its last four bytes by the remainder.
        uint64_t rest = 0, last = 0;
        for (size_t k = 0; k < n.len; k++) {
            rest = (rest << 8 | memory[k]) % primes[i];
        }
        for (size_t k = n.len - 4; k < n.len; k++) {
            last = last << 8 | memory[k];
        }
        last -= rest;
        // Keep it odd where 2 is not the factor meant.
        last -= primes[i] != 2 && last % 2 == 0 ? primes[i] : 0;
        for (size_t k = 0; k < 4; k++) {
            memory[n.len - 1 - k] = (uint8_t)(last >> 8 * k);
        }
        char what[32];
        (void)snprintf(what, sizeof what, "a multiple of %u", primes[i]);
        struct vouch_buf blob;
        write_rsa(&blob, (struct vouch_bytes){e, sizeof e}, n);
        assert_hostile(&blob, what);
    }
}

// Canonical and not: the points whose order divides 8 (RFC 7748 6.1; y, then the sign of x).
static const char *const low_order[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    // the same in encodings that are not canonical (y + p, or a sign on x = 0)
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static void C20_ed25519_points_of_low_order_or_off_the_curve_are_refused_quickly(void **state) {
    (void)state;
    static const char *const types[] = {"ssh-ed25519", "sk-ssh-ed25519@openssh.com"};
    for (size_t t = 0; t < COUNT(types); t++) {
        for (size_t i = 0; i <= COUNT(low_order); i++) {
            uint8_t memory[64];
            // The last: y = 2 has no x on the curve.
            const char *point =
                i < COUNT(low_order)
                    ? low_order[i]
                    : "0200000000000000000000000000000000000000000000000000000000000000";
            struct vouch_buf blob;
            begin(&blob, types[t]);
            vouch_write_string(&blob, hex(point, memory));
            if (t == 1) {
                vouch_write_text(&blob, "ssh:");
            }
            assert_hostile(&blob, point);
        }
    }
}

static void C20_wrong_lengths_are_refused_quickly(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 31, 33, 64, 4096};
    static uint8_t memory[4096];
    noise(sizeof memory * 8, memory);
    static const char *const types[] = {"ssh-ed25519", "sk-ssh-ed25519@openssh.com"};
    for (size_t t = 0; t < COUNT(types); t++) {
        for (size_t i = 0; i < COUNT(lengths); i++) {
            struct vouch_buf blob;
            begin(&blob, types[t]);
            vouch_write_string(&blob, (struct vouch_bytes){memory, lengths[i]});
            if (t == 1) {
                vouch_write_text(&blob, "ssh:");
            }
            assert_hostile(&blob, types[t]);
        }
    }
}

static const struct {
    const char *type, *curve;
    size_t size;
} curves[] = {
    {"ecdsa-sha2-nistp256", "nistp256", 32},
    {"ecdsa-sha2-nistp384", "nistp384", 48},
    {"ecdsa-sha2-nistp521", "nistp521", 66},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", 32},
};

static void assert_point_hostile(size_t c, const char *curve, struct vouch_bytes point) {
    struct vouch_buf blob;
    begin(&blob, curves[c].type);
    vouch_write_text(&blob, curve);
    vouch_write_string(&blob, point);
    if (strncmp(curves[c].type, "sk-", 3) == 0) {
        vouch_write_text(&blob, "ssh:");
    }
    assert_hostile(&blob, curves[c].type);
}

static void C20_points_off_the_nist_curves_are_refused_quickly(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT(curves); c++) {
        static uint8_t point[1 + 2 * 66 + 1];
        size_t len = 1 + 2 * curves[c].size;
        memset(point, 1, sizeof point);
        point[0] = 4;
        assert_point_hostile(c, curves[c].curve, (struct vouch_bytes){point, len}); // off the curve
        memset(point + 1, 0, sizeof point - 1);
        assert_point_hostile(c, curves[c].curve, (struct vouch_bytes){point, len}); // (0, 0)
        memset(point + 1, 0xff, sizeof point - 1);
        assert_point_hostile(c, curves[c].curve,
                             (struct vouch_bytes){point, len}); // over the prime
        static const uint8_t infinity[1] = {0};
        assert_point_hostile(c, curves[c].curve, (struct vouch_bytes){infinity, 1});
        assert_point_hostile(c, curves[c].curve, (struct vouch_bytes){point, len - 1});
        assert_point_hostile(c, curves[c].curve, (struct vouch_bytes){point, len + 1});
        point[0] = 2; // compressed: SSH has none
        assert_point_hostile(c, curves[c].curve, (struct vouch_bytes){point, 1 + curves[c].size});
        assert_point_hostile(c, "nistp224", (struct vouch_bytes){point, len});
        assert_point_hostile(c, "", (struct vouch_bytes){point, len});
    }
}

// The point of a good key, under the name of each other curve.
static void C20_a_point_under_another_curves_name_is_refused(void **state) {
    (void)state;
    static const enum vouch_key_type types[] = {VOUCH_KEY_ECDSA_P256, VOUCH_KEY_ECDSA_P384,
                                                VOUCH_KEY_ECDSA_P521};
    for (size_t i = 0; i < COUNT(types); i++) {
        struct vouch_private_key *key = NULL;
        assert_int_equal(vouch_private_key_generate(types[i], 0, &key), VOUCH_OK);
        struct vouch_reader reader;
        vouch_reader_init(&reader, vouch_key_blob(vouch_private_key_public(key)));
        (void)vouch_read_string(&reader, "type");
        (void)vouch_read_string(&reader, "curve");
        struct vouch_bytes point = vouch_read_string(&reader, "point");
        assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
        for (size_t c = 0; c < COUNT(curves); c++) {
            if (curves[c].size != curves[i].size) {
                assert_point_hostile(c, curves[c].curve, point);
                assert_point_hostile(c, curves[i].curve, point);
            }
        }
        vouch_private_key_free(key);
    }
}

static void C20_good_keys_are_read_quickly_too(void **state) {
    (void)state;
    static const struct {
        enum vouch_key_type type;
        unsigned bits;
    } good[] = {{VOUCH_KEY_RSA, 2048},     {VOUCH_KEY_RSA, 3072},     {VOUCH_KEY_ECDSA_P256, 0},
                {VOUCH_KEY_ECDSA_P384, 0}, {VOUCH_KEY_ECDSA_P521, 0}, {VOUCH_KEY_ED25519, 0}};
    for (size_t i = 0; i < COUNT(good); i++) {
        struct vouch_private_key *key = NULL;
        assert_int_equal(vouch_private_key_generate(good[i].type, good[i].bits, &key), VOUCH_OK);
        struct judgement judgement = judge(vouch_key_blob(vouch_private_key_public(key)));
        assert_int_equal(judgement.err, VOUCH_OK);
        assert_null(judgement.weakness);
        assert_true(judgement.cpu_ns <= LIMIT_NS);
        vouch_private_key_free(key);
    }
}

// The most work that a key can ask for: the largest allowed size, and nothing wrong that is seen early.
static void C20_the_largest_rsa_key_is_judged_quickly(void **state) {
    (void)state;
    static uint8_t memory[8192 / 8];
    uint8_t e[] = {1, 0, 1};
    struct vouch_bytes n = noise(8192, memory);
    unsigned judged = 0;
    for (unsigned low = 1; low < 256; low += 2) {
        memory[n.len - 1] = (uint8_t)low;
        struct vouch_buf blob;
        write_rsa(&blob, (struct vouch_bytes){e, sizeof e}, n);
        struct judgement judgement = judge(vouch_buf_bytes(&blob));
        assert_int_equal(judgement.err, VOUCH_OK);
        assert_true(judgement.cpu_ns <= LIMIT_NS);
        judged += judgement.weakness == NULL;
        vouch_buf_done(&blob);
    }
    assert_true(judged > 5); // a random number without a small factor comes once in twelve
}

// Puts another algorithm's name before the body of a signature.
static void relabel(struct vouch_bytes signature, const char *name, struct vouch_buf *out) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, signature);
    (void)vouch_read_string(&reader, "algorithm");
    struct vouch_bytes body = vouch_read_bytes(&reader, vouch_reader_left(&reader), "body");
    assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
    vouch_write_text(out, name);
    vouch_buf_put(out, body);
}

static const char *const algorithms[] = {
    "ssh-rsa",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-dss",
    "",
};

// One signature, under its own name and under each other one.
static void check_names(const struct vouch_private_key *key, const char *own) {
    struct vouch_bytes message = vouch_bytes_of("message");
    struct vouch_buf signature;
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    assert_int_equal(vouch_private_key_sign(key, own, message, &signature), VOUCH_OK);
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        struct vouch_buf other;
        vouch_buf_init(&other, VOUCH_SIGNATURE_MAX);
        relabel(vouch_buf_bytes(&signature), algorithms[i], &other);
        int err = vouch_key_verify(vouch_private_key_public(key), vouch_buf_bytes(&other), message);
        assert_true(strcmp(algorithms[i], own) == 0 ? err == VOUCH_OK : err < 0);
        vouch_buf_done(&other);
    }
    vouch_buf_done(&signature);
}

static void C19_a_signature_counts_only_under_its_own_algorithm(void **state) {
    (void)state;
    static const struct {
        enum vouch_key_type type;
        const char *own;
    } rows[] = {{VOUCH_KEY_RSA, "rsa-sha2-256"},
                {VOUCH_KEY_RSA, "rsa-sha2-512"},
                {VOUCH_KEY_ECDSA_P256, "ecdsa-sha2-nistp256"},
                {VOUCH_KEY_ECDSA_P384, "ecdsa-sha2-nistp384"},
                {VOUCH_KEY_ECDSA_P521, "ecdsa-sha2-nistp521"},
                {VOUCH_KEY_ED25519, "ssh-ed25519"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct vouch_private_key *key = NULL;
        unsigned bits = rows[i].type == VOUCH_KEY_RSA ? 2048 : 0;
        assert_int_equal(vouch_private_key_generate(rows[i].type, bits, &key), VOUCH_OK);
        check_names(key, rows[i].own);
        vouch_private_key_free(key);
    }
}

static void C21_a_ca_key_is_never_its_own_subject(void **state) {
    (void)state;
    struct issuer issuer;
    issuer_init(&issuer, VOUCH_KEY_ED25519);
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.key = vouch_private_key_public(issuer.ca);
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(issuer_build(&issuer, &spec, issuer_sign, &out), VOUCH_ERR_ARGUMENT);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
    issuer_done(&issuer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C19_a_signature_counts_only_under_its_own_algorithm),
        cmocka_unit_test(C20_rsa_of_every_wrong_size_is_refused_quickly),
        cmocka_unit_test(C20_rsa_exponents_outside_the_rules_are_refused_quickly),
        cmocka_unit_test(C20_an_rsa_modulus_that_is_nearly_a_square_is_refused_quickly),
        cmocka_unit_test(C20_even_and_small_factor_moduli_are_refused_quickly),
        cmocka_unit_test(C20_ed25519_points_of_low_order_or_off_the_curve_are_refused_quickly),
        cmocka_unit_test(C20_wrong_lengths_are_refused_quickly),
        cmocka_unit_test(C20_points_off_the_nist_curves_are_refused_quickly),
        cmocka_unit_test(C20_a_point_under_another_curves_name_is_refused),
        cmocka_unit_test(C20_good_keys_are_read_quickly_too),
        cmocka_unit_test(C20_the_largest_rsa_key_is_judged_quickly),
        cmocka_unit_test(C21_a_ca_key_is_never_its_own_subject),
    };
    return cmocka_run_group_tests_name("gauntlet/keys", tests, NULL, NULL);
}
