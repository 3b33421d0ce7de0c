// SPDX-License-Identifier: ISC
// Policy files: what is read is what is meant, what is written reads back, and each mistake is named
// with its line.
#include "base/io.h"
#include "policy/test-fixture.h"

// Writes a policy into a fresh buffer.
static const char *write_policy(const struct vouch_policy *policy, struct vouch_buf *out) {
    vouch_buf_init(out, 1 << 20);
    vouch_policy_write(policy, out);
    return test_text_in(out);
}

static void reads_every_key(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *policy = test_policy(test_policy_text);
    const struct vouch_policy_content *content = vouch_policy_holds(policy);
    assert_int_equal(content->zone_count, 2);
    assert_int_equal(content->user_count, 10);
    assert_int_equal(content->group_count, 4);
    assert_int_equal(content->role_count, 6);
    assert_int_equal(content->host_count, 5);
    const struct vouch_policy_zone *lab = &content->zones[0], *prod = &content->zones[1];
    assert_true(vouch_bytes_equal(lab->name, text_of("lab")));
    assert_int_equal(lab->principals, VOUCH_POLICY_BY_LOGIN);
    assert_int_equal(prod->principals, VOUCH_POLICY_BY_ROLE);
    assert_int_equal(prod->max_ttl_s, 24 * HOUR);
    assert_true(vouch_bytes_equal(prod->patterns.items[1], text_of("10.20.*")));
    const struct vouch_policy_user *bob = &content->users[1];
    assert_true(vouch_bytes_equal(bob->login, text_of("bob"))); // the name, for want of another
    assert_int_equal(bob->state, VOUCH_POLICY_USER_ENABLED);
    assert_int_equal(bob->until_s, 1798761600);
    const struct vouch_policy_role *dba = &content->roles[0];
    assert_int_equal(dba->reason, VOUCH_POLICY_REQUIRED);
    assert_int_equal(dba->second_factor_age_s, 15 * 60);
    assert_int_equal(dba->approval_count, 2);
    assert_int_equal(dba->by.count, 2);
    assert_int_equal(dba->max_ttl_s, HOUR);
    assert_int_equal(dba->logins.count, 2);
    const struct vouch_policy_role *hardware = &content->roles[3];
    assert_int_equal(hardware->verify, VOUCH_POLICY_REQUIRED);
    assert_true(
        vouch_bytes_equal(hardware->key_types.items[0], text_of("sk-ssh-ed25519@openssh.com")));
    const struct vouch_policy_role *deployer = &content->roles[1];
    assert_true(vouch_bytes_equal(deployer->force_command, text_of("/usr/bin/deploy --now")));
    const struct vouch_policy_role *seasonal = &content->roles[4];
    assert_int_equal(seasonal->from_s, 1795305600);
    assert_int_equal(seasonal->until_s, 1795305600 + 24 * HOUR);
    const struct vouch_policy_host *web1 = &content->hosts[3];
    assert_true(vouch_bytes_equal(web1->labels.items[1], text_of("site=north")));
    assert_null(web1->place.file); // nothing is left of the file
}

static void what_is_written_reads_back_as_the_same(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *first = test_policy(test_policy_text);
    struct vouch_buf once, twice;
    const char *text = write_policy(first, &once);
    vouch_autopolicy struct vouch_policy *second = test_policy(text);
    assert_string_equal(text, write_policy(second, &twice));
    assert_non_null(strstr(text, "      count: 2\n"));
    assert_non_null(strstr(text, "    max_ttl: 8h\n"));
    assert_non_null(strstr(text, "'*.prod.example.com'"));
    vouch_buf_done(&once);
    vouch_buf_done(&twice);
}

static void texts_that_look_like_something_else_survive(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *policy =
        test_policy("zones: [{name: 'yes', patterns: ['*a', '10.*', '::1', 'fe80::*']}]\n"
                    "users: [{name: 'null'}, {name: '007'}, {name: n}, {name: 'true'}]\n"
                    "roles: [{name: '1e3', zone: 'yes', members: ['user:null'], hosts: [all],\n"
                    "  logins: ['no', 'off', '_x'], max_ttl: 90,\n"
                    "  force_command: \"it's # 'x': {y} [z] & *a \\\\ \\\"q\\\" %\"}]\n"
                    "hosts: [{name: '10.0.0.1', zone: 'yes', labels: {y: 'no', rack: '12'}}]\n");
    struct vouch_buf once;
    vouch_autopolicy struct vouch_policy *again = test_policy(write_policy(policy, &once));
    const struct vouch_policy_content *content = vouch_policy_holds(again);
    assert_true(vouch_bytes_equal(content->roles[0].force_command,
                                  text_of("it's # 'x': {y} [z] & *a \\ \"q\" %")));
    assert_int_equal(content->roles[0].max_ttl_s, 90);
    assert_true(vouch_bytes_equal(content->users[1].name, text_of("n")));
    assert_true(vouch_bytes_equal(content->hosts[0].labels.items[1], text_of("rack=12")));
    vouch_buf_done(&once);
}

static void several_files_are_one_policy(void **state) {
    (void)state;
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    vouch_autopolicy struct vouch_policy *policy = NULL;
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_policy_draft_new(&draft, &fault), VOUCH_OK);
    assert_int_equal(
        vouch_policy_draft_read(draft, "roles.yaml",
                                text_of("roles: [{name: dev, zone: prod, members: [user:ann],\n"
                                        "         hosts: [all], logins: [app], max_ttl: 1h}]\n"),
                                &fault),
        VOUCH_OK);
    assert_int_equal(vouch_policy_draft_read(draft, "empty.yaml", text_of(""), &fault), VOUCH_OK);
    assert_int_equal(vouch_policy_draft_read(draft, "comment.yaml", text_of("# none\n"), &fault),
                     VOUCH_OK);
    assert_int_equal(vouch_policy_draft_read(
                         draft, "zones.yaml",
                         text_of("zones: [{name: prod, patterns: [a.example.com]}]\n"), &fault),
                     VOUCH_OK);
    assert_int_equal(vouch_policy_new(vouch_policy_draft_content(draft), &policy, &fault),
                     VOUCH_ERR_FORMAT);
    assert_string_equal(fault.text, "roles.yaml:1: roles.dev.members: there is no user \"ann\"");
    assert_int_equal(
        vouch_policy_draft_read(draft, "people.yaml", text_of("users: [{name: ann}]\n"), &fault),
        VOUCH_OK);
    assert_int_equal(vouch_policy_new(vouch_policy_draft_content(draft), &policy, &fault),
                     VOUCH_OK);
    // The same name in two files: both places are said.
    assert_int_equal(
        vouch_policy_draft_read(draft, "more.yaml", text_of("\nusers:\n  - name: ann\n"), &fault),
        VOUCH_OK);
    struct vouch_policy *none = NULL;
    assert_int_equal(vouch_policy_new(vouch_policy_draft_content(draft), &none, &fault),
                     VOUCH_ERR_FORMAT);
    assert_null(none);
    assert_non_null(strstr(fault.text, "users.ann: is there twice, first in "));
}

// ----- mistakes -----

#define Z "zones: [{name: prod, patterns: [a.example.com]}]\n"
#define R "roles:\n  - name: dev\n    zone: prod\n    hosts: [all]\n    logins: [app]\n"
#define ROLE(line) Z R "    max_ttl: 8h\n    " line "\n"

struct mistake {
    const char *text;
    const char *fault; // how the message begins
    const char *next;  // NULL: nothing is said
};

static const struct mistake mistakes[] = {
    // the form of the file
    {"- a\n", "test.yaml:1: must hold zones:", NULL},
    {"just words\n", "test.yaml:1: must hold zones:", NULL},
    {"zone: []\n", "test.yaml:1: zone: there is no such key", "Did you mean zones?"},
    {"{}\n---\n{}\n", "test.yaml:2: a second document begins here", NULL},
    {"zones: [\n", "test.yaml:2: is not YAML: ", NULL},
    {"zones: {}\n", "test.yaml:1: zones: must be a list of entries", NULL},
    {"zones:\n", "test.yaml:1: zones: must be a list of entries", NULL},
    {"zones: [x]\n", "test.yaml:1: zones: each entry must be a group of keys", NULL},
    {"zones:\n  - patterns: [a]\n", "test.yaml:2: zones: an entry has no name", NULL},
    {"zones: []\nzones: []\n", "test.yaml:2: zones: is given twice, first in line 1", NULL},
    {"zones: &a []\n", "test.yaml:1: an anchor (&NAME) or tag (!NAME) is not allowed", NULL},
    {"zones: !!seq []\n", "test.yaml:1: an anchor (&NAME) or tag", NULL},
    {"zones: *a\n", "test.yaml:1: an alias (*NAME) is not allowed", NULL},
    {"zones: [[[[[[[[[x]]]]]]]]]\n", "test.yaml:1: lists and groups are nested too deeply", NULL},
    {"? [a]\n: b\n", "test.yaml:1: a key must be a plain word", NULL},
    {"zones:\n  - name: \"a\\0b\"\n", "test.yaml:2: a value holds a NUL byte", NULL},
    // keys
    {Z "roles:\n  - name: dev\n    member: [x]\n",
     "test.yaml:4: roles.dev.member: there is no such key", "Did you mean members?"},
    {Z "roles:\n  - name: dev\n    zone: prod\n    zone: prod\n",
     "test.yaml:5: zone: is given twice, first in line 4", NULL},
    {ROLE("logins: [x]"), "test.yaml:8: logins: is given twice", NULL},
    {ROLE("members: engineering"), "test.yaml:8: roles.dev.members: must be a list", NULL},
    {ROLE("members: [[a]]"),
     "test.yaml:8: roles.dev.members: holds something that is not one value", NULL},
    {ROLE("force_command: [x]"), "test.yaml:8: roles.dev.force_command: must be one value", NULL},
    {ROLE("force_command:"), "test.yaml:8: roles.dev.force_command: is empty", NULL},
    {ROLE("reason: maybe"),
     "test.yaml:8: roles.dev.reason: \"maybe\" is neither \"optional\" nor \"required\"", NULL},
    {ROLE("second_factor: soon"), "test.yaml:8: roles.dev.second_factor: \"soon\" is not a length",
     NULL},
    {ROLE("until: 2027-01-01"), "test.yaml:8: roles.dev.until: \"2027-01-01\" is not a time", NULL},
    {ROLE("until: 2027-01-01T00:00:00"), "test.yaml:8: roles.dev.until: ", NULL},
    {ROLE("until: 2027-01-01T00:00+02:00"), "test.yaml:8: roles.dev.until: ", NULL},
    {ROLE("until: 2027-13-01T00:00:00Z"), "test.yaml:8: roles.dev.until: ", NULL},
    {ROLE("approval: 1"), "test.yaml:8: roles.dev.approval: must be a group of keys", NULL},
    {ROLE("approval: {by: ['group:x'], cuont: 1}"),
     "test.yaml:8: roles.dev.approval.cuont: there is no such key", "Did you mean count?"},
    {ROLE("approval: {by: ['group:x'], count: many}"),
     "test.yaml:8: roles.dev.approval.count: \"many\" is not a number", NULL},
    {ROLE("approval: {count: 2}"), "test.yaml:8: roles.dev.approval: does not say by whom", NULL},
    {ROLE("approval: {by: ['user:x'], count: 0}"),
     "test.yaml:8: roles.dev.approval: names who approves, but a count of 0", NULL},
    {ROLE("approval: {by: ['user:x'], count: 17}"),
     "test.yaml:8: roles.dev.approval: asks for more than 16 approvals", NULL},
    // emergencies
    {ROLE("break_glass: maybe"),
     "test.yaml:8: roles.dev.break_glass: \"maybe\" is neither \"no\" nor \"yes\"", NULL},
    {ROLE("break_glass: yes"), "test.yaml:7: roles.dev.max_ttl: is longer than 1h", NULL},
    {Z R "    max_ttl: 1h\n    break_glass: yes\n",
     "test.yaml:3: roles.dev.reason: must be required with break_glass: yes", NULL},
    {Z R "    max_ttl: 1h\n    reason: required\n    break_glass: yes\n",
     "test.yaml:3: roles.dev.second_factor: must be 5m or less", NULL},
    {Z R "    max_ttl: 1h\n    reason: required\n    second_factor: 301\n    break_glass: yes\n",
     "test.yaml:9: roles.dev.second_factor: must be 5m or less", NULL},
    {"users: [{name: ann}]\n" Z R "    max_ttl: 1h\n    reason: required\n    second_factor: 5m\n"
     "    approval: {by: ['user:ann']}\n    break_glass: yes\n",
     "test.yaml:11: roles.dev.approval: must not be there with break_glass: yes", NULL},
    // values
    {Z R, "test.yaml:3: roles.dev.max_ttl: is missing or 0", NULL},
    {Z R "    max_ttl: 0\n", "test.yaml:7: roles.dev.max_ttl: \"0\" is not a length of time", NULL},
    {Z R "    max_ttl: 367d\n", "test.yaml:7: roles.dev.max_ttl: is longer than 366 days", NULL},
    {"zones: [{name: p, patterns: [a], max_ttl: 1h}]\nroles:\n- {name: r, zone: p, hosts: [all],\n"
     "   logins: [x], max_ttl: 3601}\n",
     "test.yaml:4: roles.r.max_ttl: is longer than the 1h that zone \"p\" allows", NULL},
    {"zones:\n  - name: Prod\n    patterns: [a]\n", "test.yaml:2: zones.Prod: the name must be",
     NULL},
    {"zones:\n  - name: a:b\n    patterns: [a]\n", "test.yaml:2: zones.a:b: the name must be",
     NULL},
    {"zones:\n  - name: a..b\n    patterns: [a]\n",
     "test.yaml:2: zones.a..b: the name has two dots", NULL},
    {"zones:\n  - name: prod\n", "test.yaml:2: zones.prod.patterns: is missing or empty", NULL},
    {"zones:\n  - name: prod\n    patterns:\n      - a\n      - '*'\n",
     "test.yaml:5: zones.prod.patterns: \"*\" stands for every host there is", NULL},
    {"zones:\n  - {name: prod, patterns: ['a b']}\n",
     "test.yaml:2: zones.prod.patterns: \"a b\" must be of", NULL},
    {"zones:\n  - {name: prod, patterns: [10.0.0.0/8]}\n",
     "test.yaml:2: zones.prod.patterns: ", NULL},
    {ROLE("extensions: [permit-pty, permit-root]"),
     "test.yaml:8: roles.dev.extensions: \"permit-root\" is not an extension", NULL},
    {ROLE("extensions: [force-command]"), "test.yaml:8: roles.dev.extensions: ", NULL},
    {ROLE("key_types: [ssh-dss]"), "test.yaml:8: roles.dev.key_types: \"ssh-dss\" is not a type",
     NULL},
    {ROLE("source_address: [0.0.0.0/0]"), "test.yaml:8: roles.dev.source_address: \"0.0.0.0/0\" ",
     NULL},
    {ROLE("source_address: [10.0.0.1/8]"), "test.yaml:8: roles.dev.source_address: ", NULL},
    {ROLE("source_address: ['10.0.0.0/8,192.0.2.0/24']"),
     "test.yaml:8: roles.dev.source_address: \"10.0.0.0/8,192.0.2.0/24\" holds a comma", NULL},
    {ROLE("force_command: \"a\\nb\""),
     "test.yaml:8: roles.dev.force_command: holds a character that is not printable", NULL},
    {ROLE("members: [ops]"), "test.yaml:8: roles.dev.members: \"ops\" must be written as user:NAME",
     NULL},
    {ROLE("members: ['role:dev']"), "test.yaml:8: roles.dev.members: \"role:dev\" must be", NULL},
    {ROLE("from: 2027-01-01T00:00:00Z\n    until: 2027-01-01T00:00:00Z"),
     "test.yaml:9: roles.dev.until: is not later than \"from\"", NULL},
    {ROLE("verify: required\n    key_types: [ssh-ed25519]"),
     "test.yaml:8: roles.dev.verify: key_types has no security key", NULL},
    // what belongs together
    {"roles: [{name: dev, zone: prud, hosts: [all], logins: [a], max_ttl: 1h}]\n" Z,
     "test.yaml:1: roles.dev.zone: there is no zone \"prud\"", "Did you mean prod?"},
    {Z "groups: [{name: ops}]\n" R "    max_ttl: 8h\n    members:\n      - group:ops\n"
       "      - group:opps\n",
     "test.yaml:11: roles.dev.members: there is no group \"opps\"", "Did you mean group:ops?"},
    {"users: [{name: alice}]\ngroups:\n  - name: ops\n    members:\n      - alice\n      - alcie\n",
     "test.yaml:6: groups.ops.members: there is no user \"alcie\"", "Did you mean alice?"},
    {ROLE("members: ['group:g', 'group:g']"),
     "test.yaml:8: roles.dev.members: \"group:g\" is named "
     "twice",
     NULL},
    {"users:\n  - {name: ann, login: x}\n  - {name: ben, login: x}\n",
     "test.yaml:3: users.ben.login: \"x\" is also the login of user \"ann\"", NULL},
    {"users:\n  - {name: ann}\n  - {name: ben, login: ann}\n",
     "test.yaml:3: users.ben.login: \"ann\" is also the login of user \"ann\"", NULL},
    {"users:\n  - {name: ann}\n  - {name: ann}\n",
     "test.yaml:3: users.ann: is there twice, first in test.yaml:2", NULL},
    {"users:\n  - {name: ann, login: 'a,root'}\n", "test.yaml:2: users.ann.login: must be of",
     NULL},
    {"users:\n  - {name: ann, login: $user}\n", "test.yaml:2: users.ann.login: must be of", NULL},
    {Z "hosts:\n  - {name: Web1, zone: prod}\n", "test.yaml:3: hosts.Web1: the name must be", NULL},
    {Z "hosts:\n  - {name: web1, zone: prod, labels: [a]}\n",
     "test.yaml:3: hosts.web1.labels: must be a group of KEY: VALUE", NULL},
    {Z "hosts:\n  - {name: web1, zone: prod, labels: {tier: 'a b'}}\n",
     "test.yaml:3: hosts.web1.labels: \"tier=a b\" must have a value", NULL},
    {Z "hosts:\n  - {name: web1, zone: prod, labels: {name: x}}\n",
     "test.yaml:3: hosts.web1.labels: \"name=x\" must not have the key", NULL},
    {Z "hosts:\n  - {name: web1, zone: prod, labels: {tier: '*'}}\n",
     "test.yaml:3: hosts.web1.labels: \"tier=*\" must have a value", NULL},
    {"zones: [{name: lab, patterns: [a], principals: login}]\nroles:\n  - name: r\n    zone: lab\n"
     "    hosts: [tier=web]\n    logins: [a]\n    max_ttl: 1h\n",
     "test.yaml:5: roles.r.hosts: zone \"lab\" issues plain logins", NULL},
    {Z "roles:\n  - {name: r, zone: prod, hosts: [all, tier=web], logins: [a], max_ttl: 1h}\n",
     "test.yaml:3: roles.r.hosts: \"all\" stands alone", NULL},
    {Z "roles:\n  - {name: r, zone: prod, hosts: [web], logins: [a], max_ttl: 1h}\n",
     "test.yaml:3: roles.r.hosts: \"web\" must be written as KEY=VALUE", NULL},
    {Z "roles:\n  - {name: r, zone: prod, hosts: [all], logins: [], max_ttl: 1h}\n",
     "test.yaml:3: roles.r.logins: is missing or empty", NULL},
    {Z "roles:\n  - {name: r, zone: prod, hosts: [all], logins: ['*'], max_ttl: 1h}\n",
     "test.yaml:3: roles.r.logins: \"*\" must be of", NULL},
};

static void names_each_mistake_with_its_line(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const struct vouch_fault fault = test_fault(mistakes[i].text);
        if (strncmp(fault.text, mistakes[i].fault, strlen(mistakes[i].fault)) != 0) {
            fail_msg("of\n%ssays\n  %s\nnot\n  %s", mistakes[i].text, fault.text,
                     mistakes[i].fault);
        }
        assert_string_equal(fault.next, mistakes[i].next != NULL ? mistakes[i].next : "");
    }
}

// C2: no byte that could split or widen a name gets into a login, wherever it stands.
static void no_byte_of_another_language_gets_into_a_login(void **state) {
    (void)state;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.@-";
    for (unsigned c = 1; c < 256; c++) {
        for (size_t at = 0; at < 4; at++) {
            char login[] = "abcd";
            login[at] = (char)c;
            const struct vouch_bytes logins[] = {text_of(login)};
            const struct vouch_bytes hosts[] = {text_of("all")};
            const struct vouch_bytes patterns[] = {text_of("a.example.com")};
            const struct vouch_policy_zone zone = {.name = text_of("prod"),
                                                   .patterns = {patterns, NULL, 1}};
            const struct vouch_policy_role role = {.name = text_of("dev"),
                                                   .zone = text_of("prod"),
                                                   .hosts = {hosts, NULL, 1},
                                                   .logins = {logins, NULL, 1},
                                                   .max_ttl_s = 60};
            const struct vouch_policy_content content = {
                .zones = &zone, .zone_count = 1, .roles = &role, .role_count = 1};
            vouch_autopolicy struct vouch_policy *policy = NULL;
            int good =
                strchr(allowed, (int)c) != NULL && (at > 0 || (c >= 'a' && c <= 'z') || c == '_');
            assert_int_equal(vouch_policy_new(&content, &policy, NULL) == VOUCH_OK, good);
        }
    }
}

static void says_nothing_of_files_where_there_is_none(void **state) {
    (void)state;
    const struct vouch_policy_zone zone = {.name = text_of("Prod")};
    const struct vouch_policy_content content = {.zones = &zone, .zone_count = 1};
    struct vouch_policy *policy = NULL;
    struct vouch_fault fault;
    assert_int_equal(vouch_policy_new(&content, &policy, &fault), VOUCH_ERR_FORMAT);
    assert_string_equal(fault.text,
                        "zones.Prod: the name must be of a-z 0-9 _ . - and begin with a "
                        "letter, digit or _");
}

// Whatever of a file is lost: it is refused or means what it then says; no memory is touched that is
// not its own.
static void survives_each_cut_and_each_flipped_bit(void **state) {
    (void)state;
    size_t len = strlen(test_policy_text), taken = 0;
    vouch_autofree char *copy = malloc(len);
    assert_non_null(copy);
    for (size_t i = 0; i < len; i += 3) {
        memcpy(copy, test_policy_text, len);
        copy[i] = (char)(copy[i] ^ 1 << i % 8);
        for (int cut = 0; cut < 2; cut++) {
            vouch_autodraft struct vouch_policy_draft *draft = NULL;
            vouch_autopolicy struct vouch_policy *policy = NULL;
            struct vouch_fault fault = {0};
            const struct vouch_bytes text = {(const uint8_t *)(cut ? test_policy_text : copy),
                                             cut ? i : len};
            assert_int_equal(vouch_policy_draft_new(&draft, NULL), VOUCH_OK);
            int err = vouch_policy_draft_read(draft, "test.yaml", text, &fault);
            if (err == VOUCH_OK) {
                err = vouch_policy_new(vouch_policy_draft_content(draft), &policy, &fault);
            }
            assert_true((err == VOUCH_OK) == (policy != NULL));
            assert_true(err == VOUCH_OK || (fault.err == err && fault.text[0] != '\0'));
            taken += err == VOUCH_OK;
        }
    }
    assert_true(taken > 0); // some flips only rename a label
}

static void refuses_what_is_larger_than_its_bound(void **state) {
    (void)state;
    static const uint8_t one = '#';
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_policy_draft_new(&draft, &fault), VOUCH_OK);
    const struct vouch_bytes large = {&one, VOUCH_POLICY_FILE_MAX + 1u}; // nobody looks inside
    assert_int_equal(vouch_policy_draft_read(draft, "big.yaml", large, &fault), VOUCH_ERR_LIMIT);
    assert_string_equal(fault.text, "big.yaml: is larger than 16 MiB");
}

// ----- what is written about it -----

static struct vouch_buf read_source(const char *path) {
    char full[512];
    const char *root = getenv("VOUCH_SRC");
    assert_non_null(root);
    struct vouch_buf text;
    struct vouch_fault fault = {0};
    vouch_buf_init(&text, 1 << 20);
    (void)snprintf(full, sizeof full, "%s/%s", root, path);
    assert_int_equal(vouch_io_read(full, 1 << 20, &text, &fault), VOUCH_OK);
    (void)test_text_in(&text);
    return text;
}

static void the_documents_example_is_a_policy(void **state) {
    (void)state;
    struct vouch_buf text = read_source("doc/policy.md");
    char *from = strstr((char *)text.ptr, "```yaml\n");
    assert_non_null(from);
    from += strlen("```yaml\n");
    char *to = strstr(from, "```");
    assert_non_null(to);
    *to = '\0';
    vouch_autopolicy struct vouch_policy *policy = test_policy(from);
    assert_int_equal(vouch_policy_holds(policy)->role_count, 2);
    vouch_buf_done(&text);
}

static void the_manual_knows_every_key(void **state) {
    (void)state;
    struct vouch_buf text = read_source("man/vouch-policy.5");
    static const char *const keys[] = {
        "name",          "patterns", "principals", "max_ttl",        "login",         "state",
        "until",         "members",  "zone",       "hosts",          "logins",        "extensions",
        "key_types",     "verify",   "reason",     "source_address", "force_command", "approval",
        "second_factor", "by",       "count",      "from",           "labels"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char item[64];
        (void)snprintf(item, sizeof item, "\n.It Cm %s", keys[i]);
        if (strstr((const char *)text.ptr, item) == NULL) {
            fail_msg("%s is not in the manual", keys[i]);
        }
    }
    vouch_buf_done(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(what_is_written_reads_back_as_the_same),
        cmocka_unit_test(texts_that_look_like_something_else_survive),
        cmocka_unit_test(several_files_are_one_policy),
        cmocka_unit_test(names_each_mistake_with_its_line),
        cmocka_unit_test(no_byte_of_another_language_gets_into_a_login),
        cmocka_unit_test(says_nothing_of_files_where_there_is_none),
        cmocka_unit_test(survives_each_cut_and_each_flipped_bit),
        cmocka_unit_test(refuses_what_is_larger_than_its_bound),
        cmocka_unit_test(the_documents_example_is_a_policy),
        cmocka_unit_test(the_manual_knows_every_key),
    };
    return cmocka_run_group_tests_name("policy/load", tests, NULL, NULL);
}
