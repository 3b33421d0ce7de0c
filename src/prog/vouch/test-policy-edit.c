// SPDX-License-Identifier: ISC
// Tests of changes of a policy by the words of a command line: what comes of it is what is written.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/load.h"
#include "prog/vouch/policy-edit.h"

#define TEXT_MAX 65536
#define NOW_S 1795344000u // 2026-11-22T10:40:00Z

static const char text[] = "zones:\n"
                           "  - {name: prod, patterns: ['*.prod.example.com']}\n"
                           "  - {name: test, patterns: ['*.lab.example.com']}\n"
                           "users:\n"
                           "  - {name: alice}\n"
                           "  - {name: bob, until: 2027-01-01T00:00:00Z}\n"
                           "groups:\n"
                           "  - {name: eng, members: [alice, bob]}\n"
                           "  - {name: ops, members: [bob]}\n"
                           "roles:\n"
                           "  - name: dba\n"
                           "    zone: prod\n"
                           "    members: [group:eng, user:bob]\n"
                           "    hosts: [tier=db]\n"
                           "    logins: [postgres, root]\n"
                           "    max_ttl: 1h\n"
                           "    reason: required\n"
                           "    approval: {by: [group:ops, user:bob], count: 1}\n"
                           "hosts:\n"
                           "  - {name: db1.prod.example.com, zone: prod, labels: {tier: db}}\n";

#define GIVEN_MAX 12

// A change by the words "OPTION", "VALUE", ... ended by NULL, of the policy above.
struct run {
    struct vouch_policy_draft *draft;
    struct vouch_policy *before;
    struct vouch_policy *policy;
    struct vouch_arena arena;
    struct vouch_fault fault;
    struct vouch_option options[GIVEN_MAX];
    struct vouch_arg given[GIVEN_MAX];
    struct vouch_args args;
    struct vouch_buf out;
};

static void read_words(struct run *run, const char *const *words) {
    size_t count = 0;
    for (; words != NULL && *words != NULL; words += 2) {
        assert_true(count < GIVEN_MAX);
        run->options[count].name = words[0];
        run->given[count] = (struct vouch_arg){&run->options[count], words[1]};
        count++;
    }
    run->args = (struct vouch_args){.given = run->given, .given_count = count};
}

static void done(struct run *run) {
    vouch_policy_free(run->policy);
    vouch_policy_free(run->before);
    vouch_policy_draft_free(run->draft);
    vouch_arena_done(&run->arena);
    vouch_buf_done(&run->out);
}

// The code of the change, or of the policy that comes of it, whose text is in run->out.
static int change(struct run *run, const char *noun, enum vouch_amend_verb verb, const char *name,
                  const char *const *words) {
    *run = (struct run){.policy = NULL};
    vouch_buf_init(&run->out, TEXT_MAX);
    read_words(run, words);
    assert_int_equal(vouch_policy_draft_new(&run->draft, NULL), 0);
    assert_int_equal(vouch_policy_draft_read(run->draft, "test", vouch_bytes_of(text), &run->fault),
                     0);
    assert_int_equal(
        vouch_policy_new(vouch_policy_draft_content(run->draft), &run->before, &run->fault), 0);
    struct vouch_policy_content content = *vouch_policy_holds(run->before);
    const struct vouch_amend amend = {
        .kind = vouch_kind_named(noun), .verb = verb, .name = name, .args = &run->args, NOW_S};
    int err = vouch_amend(&amend, &run->arena, &content, &run->fault);
    if (err == 0) {
        err = vouch_policy_new(&content, &run->policy, &run->fault);
    }
    if (err == 0) {
        vouch_policy_write(run->policy, &run->out);
        vouch_buf_put(&run->out, (struct vouch_bytes){(const uint8_t *)"", 1});
        assert_int_equal(run->out.err, 0);
    }
    return err;
}

#define WORDS(...)                                                                                 \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }

static void says(const struct run *run, const char *line) {
    if (strstr((const char *)run->out.ptr, line) == NULL) {
        fail_msg("\"%s\" is missing in\n%s", line, (const char *)run->out.ptr);
    }
}

static void is_silent_about(const struct run *run, const char *line) {
    if (strstr((const char *)run->out.ptr, line) != NULL) {
        fail_msg("\"%s\" is in\n%s", line, (const char *)run->out.ptr);
    }
}

static void complains(const struct run *run, const char *words) {
    if (strstr(run->fault.text, words) == NULL) {
        fail_msg("\"%s\" is missing in: %s", words, run->fault.text);
    }
}

static void a_user_is_added_into_groups(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(change(&run, "user", VOUCH_AMEND_ADD, "carol",
                            WORDS("login", "caz", "group", "eng,ops", "until", "+1d")),
                     0);
    says(&run, "  - name: carol\n    login: caz\n    until: '2026-11-23T10:40:00Z'\n");
    says(&run, "members: [alice, bob, carol]");
    says(&run, "members: [bob, carol]");
    done(&run);
}

static void refuses_a_name_that_is_there(void **state) {
    (void)state;
    static const char *const nouns[][2] = {
        {"user", "bob"}, {"group", "eng"}, {"role", "dba"}, {"zone", "test"}};
    for (size_t i = 0; i < 4; i++) {
        struct run run;
        assert_int_equal(change(&run, nouns[i][0], VOUCH_AMEND_ADD, nouns[i][1], NULL),
                         VOUCH_ERR_EXISTS);
        complains(&run, nouns[i][1]);
        done(&run);
    }
}

static void refuses_a_name_that_is_not_there(void **state) {
    (void)state;
    static const enum vouch_amend_verb verbs[] = {VOUCH_AMEND_EDIT, VOUCH_AMEND_REMOVE,
                                                  VOUCH_AMEND_DISABLE, VOUCH_AMEND_ENABLE};
    for (size_t i = 0; i < 4; i++) {
        struct run run;
        assert_int_equal(change(&run, "user", verbs[i], "nobody", NULL), VOUCH_ERR_NOT_FOUND);
        complains(&run, "there is no user nobody");
        done(&run);
    }
}

static void refuses_a_group_that_is_not_there(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(change(&run, "user", VOUCH_AMEND_ADD, "carol", WORDS("group", "nope")),
                     VOUCH_ERR_NOT_FOUND);
    complains(&run, "there is no group nope");
    done(&run);
}

static void removing_a_user_takes_the_name_out_of_all_lists(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(change(&run, "user", VOUCH_AMEND_REMOVE, "bob", NULL), 0);
    is_silent_about(&run, "bob");
    says(&run, "members: [alice]");
    says(&run, "members: [group:eng]");
    says(&run, "by: [group:ops]");
    done(&run);
}

static void removing_a_group_takes_it_out_of_roles_and_leaves_the_users(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(change(&run, "group", VOUCH_AMEND_REMOVE, "eng", NULL), 0);
    is_silent_about(&run, "eng");
    says(&run, "name: alice");
    says(&run, "members: [user:bob]");
    done(&run);
}

static void refuses_to_remove_a_zone_that_is_used(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(change(&run, "zone", VOUCH_AMEND_REMOVE, "prod", NULL), VOUCH_ERR_FORMAT);
    complains(&run, "prod");
    done(&run);
    assert_int_equal(change(&run, "zone", VOUCH_AMEND_REMOVE, "test", NULL), 0);
    is_silent_about(&run, "name: test");
    done(&run);
}

static void a_user_is_disabled_and_enabled(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(change(&run, "user", VOUCH_AMEND_DISABLE, "bob", NULL), 0);
    says(&run, "state: disabled");
    done(&run);
    assert_int_equal(change(&run, "user", VOUCH_AMEND_ENABLE, "bob", NULL), 0);
    is_silent_about(&run, "disabled");
    done(&run);
}

static void members_of_a_group_come_and_go(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(
        change(&run, "group", VOUCH_AMEND_EDIT, "ops", WORDS("add", "alice,bob", "remove", "bob")),
        0);
    says(&run, "  - name: ops\n    members: [alice]\n");
    done(&run);
    assert_int_equal(change(&run, "group", VOUCH_AMEND_EDIT, "ops", WORDS("remove", "alice")),
                     VOUCH_ERR_NOT_FOUND);
    complains(&run, "\"alice\" is not in its members");
    done(&run);
    assert_int_equal(change(&run, "group", VOUCH_AMEND_EDIT, "eng", WORDS("member", "bob")), 0);
    says(&run, "  - name: eng\n    members: [bob]\n");
    done(&run);
}

static void thousands_of_names_fit_into_a_list(void **state) {
    (void)state;
    enum { COUNT = 8000, NAME = 8 };
    struct run run;
    vouch_autofree char *names = calloc(COUNT, NAME);
    assert_non_null(names);
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names + i * (NAME - 1), NAME, "n%05zu%s", i, i + 1 < COUNT ? "," : "");
    }
    assert_int_equal(change(&run, "group", VOUCH_AMEND_EDIT, "eng", WORDS("add", names)),
                     VOUCH_ERR_FORMAT);
    complains(&run, "n00000"); // nobody of that name: the list came to be
    done(&run);
}

static void every_option_of_a_role_is_in_it(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(
        change(&run, "role", VOUCH_AMEND_ADD, "dev",
               WORDS("zone", "prod", "member", "group:eng", "host", "tier=web,tier=app", "login",
                     "app", "login", "$user", "ttl", "8h", "source", "10.0.0.0/8",
                     "reason-required", NULL, "second-factor", "15m", "approve-by", "group:ops",
                     "from", "+1d")),
        0);
    says(&run, "  - name: dev\n    zone: prod\n    members: [group:eng]\n"
               "    hosts: [tier=web, tier=app]\n    logins: [app, $user]\n    max_ttl: 8h\n"
               "    extensions: [permit-pty]\n");
    says(&run, "source_address: ['10.0.0.0/8']");
    says(&run, "second_factor: 15m");
    says(&run, "by: [group:ops]");
    says(&run, "count: 1");
    done(&run);
    assert_int_equal(
        change(&run, "role", VOUCH_AMEND_ADD, "dev",
               WORDS("zone", "test", "host", "all", "login", "app", "ttl", "30m", "extension",
                     "permit-agent-forwarding", "key-type", "ssh-ed25519", "force-command",
                     "id, and more", "until", "2027-01-31T00:00:00Z")),
        0);
    is_silent_about(&run, "permit-pty");
    says(&run, "extensions: [permit-agent-forwarding]");
    says(&run, "key_types: [ssh-ed25519]");
    says(&run, "force_command: 'id, and more'");
    says(&run, "until: '2027-01-31T00:00:00Z'");
    done(&run);
}

static void lists_of_a_role_are_changed_by_name(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(change(&run, "role", VOUCH_AMEND_EDIT, "dba",
                            WORDS("add", "login=dump", "remove", "login=root", "add",
                                  "host=site=north", "ttl", "2h")),
                     0);
    says(&run, "logins: [postgres, dump]");
    says(&run, "hosts: [tier=db, site=north]");
    says(&run, "max_ttl: 2h");
    done(&run);
}

static void unset_gives_the_default_back(void **state) {
    (void)state;
    struct run run;
    assert_int_equal(
        change(&run, "role", VOUCH_AMEND_EDIT, "dba", WORDS("unset", "reason-required,approve-by")),
        0);
    is_silent_about(&run, "reason");
    is_silent_about(&run, "approval");
    done(&run);
    assert_int_equal(change(&run, "user", VOUCH_AMEND_EDIT, "bob", WORDS("unset", "until")), 0);
    is_silent_about(&run, "2027");
    done(&run);
}

static void what_is_not_touched_stays(void **state) {
    (void)state;
    struct run before, after;
    assert_int_equal(change(&before, "user", VOUCH_AMEND_EDIT, "alice", NULL), 0);
    assert_int_equal(change(&after, "user", VOUCH_AMEND_EDIT, "alice", WORDS("until", "+1h")), 0);
    says(&after, "    until: '2026-11-22T11:40:00Z'\n");
    char *line = strstr((char *)after.out.ptr, "    until: '2026-11-22T11:40:00Z'\n");
    char *rest = strchr(line, '\n') + 1;
    memmove(line, rest, strlen(rest) + 1);
    assert_string_equal((char *)after.out.ptr, (char *)before.out.ptr);
    done(&before);
    done(&after);
}

static void refuses_words_that_are_none(void **state) {
    (void)state;
    static const struct {
        const char *noun, *name, *option, *value, *complaint;
    } rows[] = {
        {"role", "dba", "ttl", "8x", "--ttl: \"8x\" is not a duration"},
        {"role", "dba", "until", "soon", "--until: \"soon\" is not a moment"},
        {"role", "dba", "approvals", "two", "--approvals"},
        {"role", "dba", "add", "root", "does not say to what"},
        {"role", "dba", "add", "ttl=8h", "--add: \"ttl\" is not one of"},
        {"role", "dba", "unset", "name", "--unset: \"name\" is not one of"},
        {"zone", "prod", "principals", "all", "--principals: \"all\" is not one of"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        assert_int_equal(change(&run, rows[i].noun, VOUCH_AMEND_EDIT, rows[i].name,
                                WORDS(rows[i].option, rows[i].value)),
                         VOUCH_ERR_ARGUMENT);
        complains(&run, rows[i].complaint);
        done(&run);
    }
}

static void values_are_judged_by_the_policy(void **state) {
    (void)state;
    static const struct {
        const char *noun, *name, *option, *value, *complaint;
    } rows[] = {
        {"role", "dba", "login", "Root!", "roles.dba.logins"},
        {"role", "dba", "host", "web1", "roles.dba.hosts"},
        {"role", "dba", "zone", "nope", "roles.dba.zone"},
        {"group", "eng", "member", "nobody", "groups.eng.members"},
        {"zone", "prod", "pattern", "*", "zones.prod.patterns"},
        {"user", "alice", "login", "bob", "bob"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        assert_int_equal(change(&run, rows[i].noun, VOUCH_AMEND_EDIT, rows[i].name,
                                WORDS(rows[i].option, rows[i].value)),
                         VOUCH_ERR_FORMAT);
        complains(&run, rows[i].complaint);
        assert_null(strstr(run.fault.text, "test:")); // the lines are nobody's
        done(&run);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_is_added_into_groups),
        cmocka_unit_test(refuses_a_name_that_is_there),
        cmocka_unit_test(refuses_a_name_that_is_not_there),
        cmocka_unit_test(refuses_a_group_that_is_not_there),
        cmocka_unit_test(removing_a_user_takes_the_name_out_of_all_lists),
        cmocka_unit_test(removing_a_group_takes_it_out_of_roles_and_leaves_the_users),
        cmocka_unit_test(refuses_to_remove_a_zone_that_is_used),
        cmocka_unit_test(a_user_is_disabled_and_enabled),
        cmocka_unit_test(members_of_a_group_come_and_go),
        cmocka_unit_test(thousands_of_names_fit_into_a_list),
        cmocka_unit_test(every_option_of_a_role_is_in_it),
        cmocka_unit_test(lists_of_a_role_are_changed_by_name),
        cmocka_unit_test(unset_gives_the_default_back),
        cmocka_unit_test(what_is_not_touched_stays),
        cmocka_unit_test(refuses_words_that_are_none),
        cmocka_unit_test(values_are_judged_by_the_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
