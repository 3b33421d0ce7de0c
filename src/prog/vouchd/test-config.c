// SPDX-License-Identifier: ISC
// vouchd.yaml and ceiling.yaml: what holds without a file, every key, and every complaint with its line.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// cmocka wants those first
#include <cmocka.h>

#include "base/mem.h"
#include "prog/vouchd/config.h"

static int read_text(const char *text, struct vouch_config *config, struct vouch_fault *fault) {
    return vouch_config_parse("/srv/ca", "f.yaml", vouch_bytes_of(text), config, NULL, fault);
}

static void has_a_default_for_every_key_but_the_name(void **state) {
    (void)state;
    struct vouch_config config;
    assert_int_equal(read_text("name: ca.example.com\n", &config, NULL), VOUCH_OK);
    assert_string_equal(config.name, "ca.example.com");
    assert_int_equal(config.listen_count, 1);
    assert_string_equal(config.listen[0].text, "127.0.0.1:8443");
    assert_int_equal(config.lanes, 32);
    assert_string_equal(config.tls_certificate, "/srv/ca/tls/cert.pem");
    assert_string_equal(config.tls_key, "/srv/ca/tls/key.pem");
    assert_int_equal(config.proxy_count, 0);
    assert_int_equal(config.metrics, VOUCH_METRICS_TOKEN);
    assert_int_equal(config.sandbox, VOUCH_SANDBOXES_REQUIRED);
    assert_int_equal(config.unlock, VOUCH_UNLOCK_KEY_FILE);
    assert_int_equal(config.keys, VOUCH_KEYS_FILE);
    assert_string_equal(config.users[2], "64003:64010");
    assert_string_equal(config.users[3], "64004:64004");
    assert_int_equal(config.password_memory_kib, 65536);
    assert_int_equal(config.password_passes, 2);
    assert_int_equal(config.password_at_once, 2);
    assert_int_equal(config.password_waiting, 64);
    assert_int_equal(config.session_idle_s, 12 * 3600);
    assert_int_equal(config.session_longest_s, 7 * 86400);
    assert_int_equal(config.host_ttl_s, 30 * 86400);
    assert_int_equal(config.log_level, VOUCH_LOG_INFO);
    assert_int_equal(config.log_format, VOUCH_LOG_TEXT);
}

static void reads_every_key(void **state) {
    (void)state;
    static const char text[] =
        "name: x\nlisten: [\"[::1]:1\", '*:2', 10.0.0.1:3]\nlanes: 60\n"
        "tls: {certificate: /etc/c.pem, key: k.pem}\ntrusted_proxies: [10.0.0.0/8, \"::1\"]\n"
        "metrics: public\nsandbox: optional\n"
        "signer: {unlock: credential, credential: ca-key, keys: agent, agent_socket: /run/a}\n"
        "identity: {memory: 8192KiB, passes: 10, at_once: 16, waiting: 4096}\n"
        "sessions: {idle: 5m, longest: 90d}\n"
        "hosts: {ttl: 7d}\n"
        "users: {web: w, authority: a, signer: s, identity: i}\n"
        "log: {level: debug, format: json}\n";
    struct vouch_config config;
    assert_int_equal(read_text(text, &config, NULL), VOUCH_OK);
    assert_int_equal(config.listen_count, 3);
    assert_int_equal(config.listen[0].address.ss_family, AF_INET6);
    assert_int_equal(config.listen[1].address.ss_family, AF_INET6);
    assert_int_equal(config.listen[2].address.ss_family, AF_INET);
    assert_int_equal(config.lanes, 60);
    assert_string_equal(config.tls_certificate, "/etc/c.pem");
    assert_string_equal(config.tls_key, "/srv/ca/k.pem");
    assert_int_equal(config.proxy_count, 2);
    assert_int_equal(config.metrics, VOUCH_METRICS_PUBLIC);
    assert_int_equal(config.sandbox, VOUCH_SANDBOXES_OPTIONAL);
    assert_int_equal(config.unlock, VOUCH_UNLOCK_CREDENTIAL);
    assert_string_equal(config.credential, "ca-key");
    assert_int_equal(config.keys, VOUCH_KEYS_AGENT);
    assert_string_equal(config.agent_socket, "/run/a");
    assert_string_equal(config.users[0], "w");
    assert_string_equal(config.users[1], "a");
    assert_string_equal(config.users[2], "s");
    assert_string_equal(config.users[3], "i");
    assert_int_equal(config.password_memory_kib, 8192);
    assert_int_equal(config.password_passes, 10);
    assert_int_equal(config.password_at_once, 16);
    assert_int_equal(config.password_waiting, 4096);
    assert_int_equal(config.session_idle_s, 300);
    assert_int_equal(config.session_longest_s, 90 * 86400);
    assert_int_equal(config.host_ttl_s, 7 * 86400);
    assert_int_equal(config.log_level, VOUCH_LOG_DEBUG);
    assert_int_equal(config.log_format, VOUCH_LOG_JSON);
}

// Text of a file, and how the complaint about it begins.
static const char *const complaints[][2] = {
    {"", "f.yaml: name: is missing"},
    {"lanes: 3\n", "f.yaml: name: is missing"},
    {"name:\n", "f.yaml:1: name: is missing"},
    {"name: a b\n", "f.yaml:1: name: \"a b\" must be"},
    {"name: [x]\n", "f.yaml:1: name: must be one value"},
    {"name: x\n\nlanse: 3\n", "f.yaml:3: lanse: there is no such key"},
    {"name: x\nname: y\n", "f.yaml:2: name: is given twice, first in line 1"},
    {"name: x\nlanes: 0\n", "f.yaml:2: lanes: \"0\" must be a number from 1 to 60"},
    {"name: x\nlanes: 61\n", "f.yaml:2: lanes: \"61\""},
    {"name: x\nlanes: 010\n", "f.yaml:2: lanes: \"010\""},
    {"name: x\nlanes: 0x10\n", "f.yaml:2: lanes: \"0x10\""},
    {"name: x\nlanes: -1\n", "f.yaml:2: lanes: \"-1\""},
    {"name: x\nlanes:\n", "f.yaml:2: lanes: \"\""},
    {"name: x\nlanes: {a: b}\n", "f.yaml:2: lanes.a: there is no such key"},
    {"name: x\nlisten: 127.0.0.1:1\n", "f.yaml:2: listen: must be a list"},
    {"name: x\nlisten: []\n", "f.yaml:2: listen: is empty"},
    {"name: x\nlisten: [localhost:1]\n", "f.yaml:2: listen: \"localhost:1\" must be ADDRESS:PORT"},
    {"name: x\nlisten: ['127.0.0.1']\n", "f.yaml:2: listen: \"127.0.0.1\""},
    {"name: x\nlisten: ['1.2.3.4:65536']\n", "f.yaml:2: listen: \"1.2.3.4:65536\""},
    {"name: x\nlisten: ['[::1:5']\n", "f.yaml:2: listen: \"[::1:5\""},
    {"name: x\nlisten: ['::1:5']\n", "f.yaml:2: listen: \"::1:5\""},
    {"name: x\nlisten: ['*:1','*:2','*:3','*:4','*:5','*:6','*:7','*:8']\n",
     "f.yaml:2: listen: has more than 7 addresses"},
    {"name: x\nurl: http://a:1\n", "f.yaml:2: url: \"http://a:1\" must be https://HOST"},
    {"name: x\nurl: https://\n", "f.yaml:2: url: \"https://\" must be https://HOST"},
    {"name: x\nurl: https://a/ca\n", "f.yaml:2: url: \"https://a/ca\" must be https://HOST"},
    {"name: x\nurl: https://a#b\n", "f.yaml:2: url: \"https://a#b\" must be https://HOST"},
    {"name: x\nlisten: [{a: b}]\n", "f.yaml:2: listen: must be a list"},
    {"name: x\ntls: here\n", "f.yaml:2: tls: must be a group of keys"},
    {"name: x\ntls:\n  key: ''\n", "f.yaml:3: tls.key: is empty"},
    {"name: x\ntrusted_proxies: [10.0.0.0/33]\n", "f.yaml:2: trusted_proxies: \"10.0.0.0/33\""},
    {"name: x\ntrusted_proxies: [10.0.0.1/8]\n", "f.yaml:2: trusted_proxies: \"10.0.0.1/8\""},
    {"name: x\nmetrics: no\n", "f.yaml:2: metrics: \"no\" must be token or public"},
    {"name: x\nsandbox: off\n", "f.yaml:2: sandbox: \"off\" must be required or optional"},
    {"name: x\nsigner:\n  unlock: secret\n", "f.yaml:3: signer.unlock: \"secret\""},
    {"name: x\nsigner: {unlock: credential}\n", "f.yaml: signer.credential: is missing"},
    {"name: x\nsigner: {keys: agent}\n", "f.yaml: signer.agent_socket: is missing"},
    {"name: x\nidentity: {memory: 64}\n",
     "f.yaml:2: identity.memory: \"64\" must be a size such as"},
    {"name: x\nidentity: {memory: 64MB}\n", "f.yaml:2: identity.memory: \"64MB\""},
    {"name: x\nidentity: {memory: MiB}\n", "f.yaml:2: identity.memory: \"MiB\""},
    {"name: x\nidentity: {memory: 064MiB}\n", "f.yaml:2: identity.memory: \"064MiB\""},
    {"name: x\nidentity: {memory: 7MiB}\n", "f.yaml:2: identity.memory: \"7MiB\" must be a size"},
    {"name: x\nidentity: {memory: 257MiB}\n", "f.yaml:2: identity.memory: \"257MiB\""},
    {"name: x\nidentity: {memory: 18014398509481992MiB}\n", "f.yaml:2: identity.memory:"},
    {"name: x\nidentity: {passes: 0}\n",
     "f.yaml:2: identity.passes: \"0\" must be a number from 1"},
    {"name: x\nidentity: {at_once: 17}\n", "f.yaml:2: identity.at_once: \"17\""},
    {"name: x\nidentity: {waiting: 4097}\n", "f.yaml:2: identity.waiting: \"4097\""},
    {"name: x\nsessions: {idle: 59s}\n", "f.yaml:2: sessions.idle: \"59s\" must be a span"},
    {"name: x\nsessions: {idle: 31d}\n", "f.yaml:2: sessions.idle: \"31d\""},
    {"name: x\nsessions: {longest: 91d}\n", "f.yaml:2: sessions.longest: \"91d\""},
    {"name: x\nsessions: {idle: 2h, longest: 1h}\n", "f.yaml:2: sessions.idle: is longer than"},
    {"name: x\nsessions: {longest: 1h}\n", "f.yaml: sessions.idle: is longer than"},
    {"name: x\nhosts: {ttl: 59m}\n", "f.yaml:2: hosts.ttl: \"59m\" must be a span"},
    {"name: x\nhosts: {ttl: 401d}\n", "f.yaml:2: hosts.ttl: \"401d\""},
    {"name: x\nusers: {web: a b}\n", "f.yaml:2: users.web: \"a b\" must be printable"},
    {"name: x\nlog: {level: inof}\n", "f.yaml:2: log.level: \"inof\" must be error"},
    {"name: x\nlog:\n  levle: info\n", "f.yaml:3: log.levle: there is no such key"},
    {"name: &n x\nlanes: *n\n", "f.yaml:2: lanes: an alias"},
    {"name: x\n<<: {lanes: 3}\n", "f.yaml:2: <<: there is no such key"},
    {"name: x\n---\nname: y\n", "f.yaml:3: a second document begins"},
    {"- x\n", "f.yaml:1: must be lines of the form KEY: VALUE"},
    {"name: x\n? [y]\n: z\n", "f.yaml:2: a key must be a plain word"},
    {"name: x: y\n", "f.yaml:1: is not YAML"},
    {"name: x\n\ttls: y\n", "f.yaml:2: is not YAML"},
    {"name: {", "f.yaml:2: is not YAML"},
    {"name: \"\\0x\"\n", "f.yaml:1: name: is missing"},
};

static void names_the_line_and_key_of_whatever_is_wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++) {
        struct vouch_config config;
        struct vouch_fault fault = {0};
        int err = read_text(complaints[i][0], &config, &fault);
        if (err == VOUCH_OK ||
            strncmp(fault.text, complaints[i][1], strlen(complaints[i][1])) != 0) {
            fail_msg("%s: got \"%s\", expected \"%s\"", complaints[i][0], fault.text,
                     complaints[i][1]);
        }
        assert_ptr_equal(fault.kind, &vouch_fault_config);
    }
}

static void suggests_the_key_and_the_word_that_was_meant(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"name: x\nlanse: 3\n", "Did you mean lanes?"},
        {"name: x\nlog:\n  levle: info\n", "Did you mean log.level?"},
        {"name: x\nlog: {level: inof}\n", "Did you mean log.level: info?"},
        {"name: x\nsigner: {unlok: x}\n", "Did you mean signer.unlock?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_config config;
        struct vouch_fault fault = {0};
        assert_int_not_equal(read_text(rows[i][0], &config, &fault), VOUCH_OK);
        assert_string_equal(fault.next, rows[i][1]);
    }
}

static void refuses_a_text_with_a_nul_byte(void **state) {
    (void)state;
    static const uint8_t text[] = "name: x\0\nlanes: 3\n";
    struct vouch_config config;
    struct vouch_fault fault = {0};
    int err = vouch_config_parse("/", "f.yaml", (struct vouch_bytes){text, sizeof text - 1},
                                 &config, NULL, &fault);
    assert_int_equal(err, VOUCH_ERR_FORMAT);
    assert_string_equal(fault.text, "f.yaml: holds a NUL byte");
}

static void survives_every_cut_and_every_flipped_bit(void **state) {
    (void)state;
    static const char good[] =
        "name: x\nlisten: [\"[::1]:1\", '*:2']\ntls: {key: k}\n"
        "signer: {unlock: passphrase}\nidentity: {memory: 32MiB}\n# end\nlog:\n  level: warn\n";
    struct vouch_config config;
    for (size_t len = 0; len < sizeof good - 1; len++) {
        int err = vouch_config_parse("/", "f", (struct vouch_bytes){(const uint8_t *)good, len},
                                     &config, NULL, NULL);
        (void)err; // some cuts are good files
    }
    for (size_t bit = 0; bit < 8 * (sizeof good - 1); bit++) {
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        struct vouch_fault fault = {0};
        int err = vouch_config_parse("/", "f",
                                     (struct vouch_bytes){(const uint8_t *)text, sizeof good - 1},
                                     &config, NULL, &fault);
        assert_true(err == VOUCH_OK || fault.kind != NULL);
    }
}

static void explains_each_value_with_its_origin(void **state) {
    (void)state;
    char *shown = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&shown, &len);
    struct vouch_config config;
    assert_int_equal(vouch_config_parse("/", "f.yaml",
                                        vouch_bytes_of("name: x\nlog:\n  level: warn\n"), &config,
                                        out, NULL),
                     VOUCH_OK);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(shown, "name: x  # f.yaml:1\n"));
    assert_non_null(strstr(shown, "log.level: warn  # f.yaml:3\n"));
    assert_non_null(strstr(shown, "lanes: 32  # default\n"));
    assert_non_null(strstr(shown, "listen: [127.0.0.1:8443]  # default\n"));
    free(shown);
}

static void has_the_signers_own_ceiling_without_a_file(void **state) {
    (void)state;
    struct vouch_signer_ceiling ceiling;
    const struct vouch_signer_ceiling usual = vouch_signer_ceiling_default();
    assert_int_equal(vouch_ceiling_parse("c", (struct vouch_bytes){0}, &ceiling, NULL, NULL),
                     VOUCH_OK);
    assert_int_equal(ceiling.user.ttl_max_s, usual.user.ttl_max_s);
    assert_int_equal(ceiling.user.principals_max, usual.user.principals_max);
    assert_int_equal(ceiling.user.options, usual.user.options);
    assert_int_equal(ceiling.host.ttl_max_s, usual.host.ttl_max_s);
    assert_int_equal(ceiling.host.principals_max, usual.host.principals_max);
    assert_int_equal(ceiling.host.options, usual.host.options);
    assert_int_equal(ceiling.rate_per_s, usual.rate_per_s);
    assert_int_equal(ceiling.rsa_bits_min, usual.rsa_bits_min);
    assert_int_equal(ceiling.key_types, usual.key_types);
    assert_int_equal(ceiling.wildcards.count, 0);
}

static void reads_a_ceiling(void **state) {
    (void)state;
    static const char text[] =
        "user: {ttl_max: 8h, principals_max: 2, options: [permit-pty]}\n"
        "host: {ttl_max: 7d, principals_max: 3, wildcards: [web.example.com, a.b]}\n"
        "rate: {per_second: 50}\n"
        "keys: {rsa_min_bits: 4096, types: [ssh-ed25519, ssh-rsa]}\n";
    struct vouch_signer_ceiling ceiling;
    assert_int_equal(vouch_ceiling_parse("c", vouch_bytes_of(text), &ceiling, NULL, NULL),
                     VOUCH_OK);
    assert_int_equal(ceiling.user.ttl_max_s, 8 * 3600);
    assert_int_equal(ceiling.user.principals_max, 2);
    assert_int_equal(ceiling.user.options, vouch_ceiling_option_bit(vouch_bytes_of("permit-pty")));
    assert_int_equal(ceiling.host.ttl_max_s, 7 * 86400);
    assert_int_equal(ceiling.host.principals_max, 3);
    assert_int_equal(ceiling.rate_per_s, 50);
    assert_int_equal(ceiling.rsa_bits_min, 4096);
    assert_int_equal(ceiling.key_types, 1 << VOUCH_KEY_ED25519 | 1 << VOUCH_KEY_RSA);
    assert_int_equal(ceiling.wildcards.count, 2);
    assert_string_equal(ceiling.wildcards.items[0], "web.example.com");
    assert_string_equal(ceiling.wildcards.items[1], "a.b");
}

static void refuses_a_ceiling_that_is_wrong(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"user: {ttl_max: forever}\n", "c:1: user.ttl_max: \"forever\" must be a span"},
        {"user: {ttl_max: 0}\n", "c:1: user.ttl_max: \"0\""},
        {"user: {ttl_max: 11y}\n", "c:1: user.ttl_max: \"11y\""},
        {"user: {principals_max: 0}\n", "c:1: user.principals_max: \"0\""},
        {"user: {principals_max: 257}\n", "c:1: user.principals_max: \"257\""},
        {"user: {options: [permit-root]}\n", "c:1: user.options: \"permit-root\""},
        {"user: {options: permit-pty}\n", "c:1: user.options: must be a list"},
        {"host:\n  options: []\n", "c:2: host.options: there is no such key"},
        {"host: {wildcards: web.example.com}\n", "c:1: host.wildcards: must be a list"},
        {"host: {wildcards: [\"*.web.example.com\"]}\n",
         "c:1: host.wildcards: \"*.web.example.com\""},
        {"host: {wildcards: [\"*\"]}\n", "c:1: host.wildcards: \"*\" is no domain"},
        {"host: {wildcards: [com]}\n", "c:1: host.wildcards: \"com\" is no domain"},
        {"host: {wildcards: [\"\"]}\n", "c:1: host.wildcards: \"\" is no domain"},
        {"host: {wildcards: [a.a, a.a, a.a, a.a, a.a, a.a, a.a, a.a, a.a, a.a, a.a, a.a, a.a, a.a, "
         "a.a, a.a, a.a]}\n",
         "c:1: host.wildcards: holds more than 16 domains"},
        {"user: {wildcards: [a.b]}\n", "c:1: user.wildcards: there is no such key"},
        {"rate: {per_second: -1}\n", "c:1: rate.per_second: \"-1\""},
        {"keys: {rsa_min_bits: 1024}\n", "c:1: keys.rsa_min_bits: \"1024\""},
        {"keys: {types: [ssh-dss]}\n", "c:1: keys.types: \"ssh-dss\""},
        {"keys: {types: []}\n", "c:1: keys.types: "},
        {"keys:\n- a\n", "c:1: keys: must be a group of keys"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_signer_ceiling ceiling;
        struct vouch_fault fault = {0};
        int err = vouch_ceiling_parse("c", vouch_bytes_of(rows[i][0]), &ceiling, NULL, &fault);
        if (err == VOUCH_OK || strncmp(fault.text, rows[i][1], strlen(rows[i][1])) != 0) {
            fail_msg("%s: got \"%s\", expected \"%s\"", rows[i][0], fault.text, rows[i][1]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_default_for_every_key_but_the_name),
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(names_the_line_and_key_of_whatever_is_wrong),
        cmocka_unit_test(suggests_the_key_and_the_word_that_was_meant),
        cmocka_unit_test(refuses_a_text_with_a_nul_byte),
        cmocka_unit_test(survives_every_cut_and_every_flipped_bit),
        cmocka_unit_test(explains_each_value_with_its_origin),
        cmocka_unit_test(has_the_signers_own_ceiling_without_a_file),
        cmocka_unit_test(reads_a_ceiling),
        cmocka_unit_test(refuses_a_ceiling_that_is_wrong),
    };
    return cmocka_run_group_tests_name("vouchd/config", tests, NULL, NULL);
}
