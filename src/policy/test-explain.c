// SPDX-License-Identifier: ISC
// Explaining: what it shows is what deciding grants; and comparing shows all that changes, for whom.
#include "policy/explain.h"
#include "policy/test-fixture.h"

// "USER LOGIN HOST ROLE GROUP HOW TTL" of each path, in a line each.
static void print_paths(const struct vouch_policy_paths *paths, struct vouch_buf *out) {
    static const char *const hows[] = {"no", "approval", "break-glass", "standing"};
    for (size_t i = 0; i < paths->count; i++) {
        const struct vouch_policy_path *path = &paths->items[i];
        const struct vouch_bytes parts[] = {path->user, path->login, path->host, path->role,
                                            path->group};
        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
            vouch_buf_put(out, parts[k].len > 0 ? parts[k] : text_of("-"));
            vouch_buf_put_text(out, " ");
        }
        char rest[64];
        (void)snprintf(rest, sizeof rest, "%s %llu\n", hows[path->how],
                       (unsigned long long)path->ttl_s);
        vouch_buf_put_text(out, rest);
    }
}

static void assert_paths(const struct vouch_policy_paths *paths, const char *expected) {
    struct vouch_buf out;
    vouch_buf_init(&out, 65536);
    print_paths(paths, &out);
    assert_string_equal(test_text_in(&out), expected);
    vouch_buf_done(&out);
}

static void shows_all_that_a_person_reaches(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {sample, NOW, &arena};
    struct vouch_policy_paths paths = {0};
    assert_int_equal(vouch_policy_reach(&view, text_of("carol@example.com"), &paths), VOUCH_OK);
    assert_paths(&paths, "carol@example.com postgres db1.prod.example.com dba ops approval 3600\n"
                         "carol@example.com root db1.prod.example.com dba ops approval 3600\n");
    assert_int_equal(vouch_policy_reach(&view, text_of("bob"), &paths), VOUCH_OK);
    assert_paths(&paths, "bob deploy db1.prod.example.com deployer engineering standing 7200\n"
                         "bob deploy web1.prod.example.com deployer engineering standing 7200\n"
                         "bob deploy web2.prod.example.com deployer engineering standing 7200\n"
                         "bob bob web1.prod.example.com dev engineering standing 28800\n"
                         "bob app web1.prod.example.com dev engineering standing 28800\n"
                         "bob bob web2.prod.example.com dev engineering standing 28800\n"
                         "bob app web2.prod.example.com dev engineering standing 28800\n"
                         "bob bob lab1.lab.example.com student engineering standing 28800\n"
                         "bob lab lab1.lab.example.com student engineering standing 28800\n"
                         "bob demo lab1.lab.example.com student engineering standing 28800\n");
    const struct vouch_policy_view later = {sample, 1798761600, &arena};
    assert_int_equal(vouch_policy_reach(&later, text_of("bob"), &paths), VOUCH_OK);
    assert_int_equal(paths.count, 0); // whose time is over
    static const char *const nobodies[] = {"dan@example.com", "nobody", "", "lead3"};
    for (size_t i = 0; i < sizeof nobodies / sizeof nobodies[0]; i++) {
        assert_int_equal(vouch_policy_reach(&view, text_of(nobodies[i]), &paths), VOUCH_OK);
        assert_int_equal(paths.count, 0);
    }
}

static void shows_who_reaches_a_login_on_a_host(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {sample, NOW, &arena};
    struct vouch_policy_paths paths = {0};
    const struct vouch_bytes db1 = text_of("db1.prod.example.com");
    const struct vouch_bytes web1 = text_of("web1.prod.example.com");
    assert_int_equal(vouch_policy_who_can(&view, text_of("root"), db1, &paths), VOUCH_OK);
    assert_paths(&paths, "alice@example.com root db1.prod.example.com dba - approval 3600\n"
                         "carol@example.com root db1.prod.example.com dba ops approval 3600\n"
                         "lead1 root db1.prod.example.com dba ops approval 3600\n");
    // eve's own login would be root, which is nobody's own.
    assert_int_equal(vouch_policy_who_can(&view, text_of("root"), web1, &paths), VOUCH_OK);
    assert_paths(&paths, "");
    assert_int_equal(vouch_policy_who_can(&view, text_of("bob"), web1, &paths), VOUCH_OK);
    assert_paths(&paths, "bob bob web1.prod.example.com dev engineering standing 28800\n");
    assert_int_equal(vouch_policy_who_can(&view, text_of("bob"), text_of("none"), &paths),
                     VOUCH_OK);
    assert_paths(&paths, "");
}

static void lists_roles_also_of_groups_that_a_provider_names(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {sample, NOW, &arena};
    struct vouch_policy_paths paths = {0};
    const struct vouch_bytes names[] = {text_of("unheard-of"), text_of("guests")};
    const struct vouch_policy_names groups = {names, NULL, 2};
    const struct vouch_bytes carol = text_of("carol@example.com"), prod = text_of("prod");
    assert_int_equal(vouch_policy_roles_of(&view, carol, prod, NULL, &paths), VOUCH_OK);
    assert_paths(&paths, "carol@example.com - - dba ops approval 3600\n");
    assert_int_equal(vouch_policy_roles_of(&view, carol, prod, &groups, &paths), VOUCH_OK);
    assert_paths(&paths, "carol@example.com - - dba ops approval 3600\n"
                         "carol@example.com - - deployer guests standing 7200\n");
    assert_int_equal(vouch_policy_roles_of(&view, carol, text_of("none"), &groups, &paths),
                     VOUCH_OK);
    assert_int_equal(paths.count, 0);
}

// ----- what hosts accept -----

// Nonzero if a certificate with these principals opens the login.
static int opens(const struct vouch_policy_view *view, const struct vouch_policy_grant *grant,
                 struct vouch_bytes login, const struct vouch_policy_host *host) {
    struct vouch_policy_names accepted = {0};
    int found = 0;
    assert_int_equal(vouch_policy_accepted(view, login, host->name, &accepted), VOUCH_OK);
    for (size_t i = 0; i < accepted.count; i++) {
        for (size_t k = 0; k < grant->principal_count; k++) {
            found |= vouch_bytes_equal(accepted.items[i], grant->principals[k]);
        }
    }
    return found;
}

static int is_shown(const struct vouch_policy_paths *paths, const struct vouch_policy_role *role,
                    struct vouch_bytes login, const struct vouch_policy_host *host) {
    int shown = 0;
    for (size_t i = 0; i < paths->count; i++) {
        shown |= vouch_bytes_equal(paths->items[i].host, host->name) &&
                 vouch_bytes_equal(paths->items[i].login, login) &&
                 vouch_bytes_equal(paths->items[i].role, role->name);
    }
    return shown;
}

// All logins on all hosts of the role's zone, whose CA the certificate is of.
static size_t compare_with_hosts(const struct vouch_policy_user *user,
                                 const struct vouch_policy_role *role) {
    static const char *const logins[] = {"alice", "bob", "app",   "deploy", "postgres",
                                         "root",  "lab", "demo",  "shop",   "backup",
                                         "carol", "dan", "grace", "lead1"};
    const struct vouch_policy_content *content = vouch_policy_holds(sample);
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {sample, NOW, &arena};
    const struct vouch_bytes approvers[] = {text_of("lead2"), text_of("bob")};
    struct vouch_policy_ask ask = test_ask();
    ask.user = user->name;
    ask.zone = role->zone;
    ask.roles = &role->name;
    ask.reason = text_of("test");
    ask.approvers = approvers;
    ask.approver_count = role->approval_count > 0 ? 2 : 0;
    ask.key_type = VOUCH_KEY_SK_ED25519;
    const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    struct vouch_policy_paths paths = {0};
    size_t reached = 0;
    assert_int_equal(vouch_policy_reach(&view, user->name, &paths), VOUCH_OK);
    for (size_t h = 0; h < content->host_count; h++) {
        const struct vouch_policy_host *host = &content->hosts[h];
        for (size_t l = 0; l < sizeof logins / sizeof logins[0]; l++) {
            const struct vouch_bytes login = text_of(logins[l]);
            int open = vouch_bytes_equal(host->zone, role->zone) &&
                       opens(&view, &decision.grant, login, host);
            assert_int_equal(open, is_shown(&paths, role, login, host));
            reached += (size_t)open;
        }
    }
    return reached;
}

// A host accepts a login from a certificate if and only if the explanation shows it.
static void hosts_accept_what_is_granted_and_nothing_else(void **state) {
    (void)state;
    const struct vouch_policy_content *content = vouch_policy_holds(sample);
    size_t reached = 0;
    for (size_t u = 0; u < content->user_count; u++) {
        for (size_t r = 0; r < content->role_count; r++) {
            reached += compare_with_hosts(&content->users[u], &content->roles[r]);
        }
    }
    assert_true(reached > 20);
}

static void a_host_accepts_these_and_no_others(void **state) {
    (void)state;
    static const struct {
        const char *host;
        const char *login;
        const char *accepted[2]; // all that is, up to a NULL
    } rows[] = {
        {"web1.prod.example.com", "alice", {"role:dev:alice"}},
        {"web1.prod.example.com", "app", {"role:dev"}},
        {"web1.prod.example.com", "deploy", {"role:deployer"}},
        {"web1.prod.example.com", "shop", {"role:seasonal"}},
        {"web2.prod.example.com", "shop", {NULL}},
        {"web1.prod.example.com", "root", {NULL}},
        {"db1.prod.example.com", "root", {"role:dba"}},
        {"db1.prod.example.com", "alice", {NULL}},
        {"bare.prod.example.com", "backup", {"role:hardware"}},
        {"bare.prod.example.com", "app", {NULL}},
        {"lab1.lab.example.com", "alice", {"alice"}},
        {"lab1.lab.example.com", "demo", {"demo"}},
        {"lab1.lab.example.com", "app", {"app"}}, // frank's own: no role names it in this zone
        {"lab1.lab.example.com", "deploy", {NULL}},
        {"lab1.lab.example.com", "root", {NULL}},
        {"elsewhere.example.com", "app", {NULL}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vouch_autoarena struct vouch_arena arena = {0};
        const struct vouch_policy_view view = {sample, NOW, &arena};
        struct vouch_policy_names accepted = {0};
        assert_int_equal(
            vouch_policy_accepted(&view, text_of(rows[i].login), text_of(rows[i].host), &accepted),
            VOUCH_OK);
        size_t expected = 0;
        while (expected < 2 && rows[i].accepted[expected] != NULL) {
            assert_true(test_has(accepted.items, accepted.count, rows[i].accepted[expected]));
            expected++;
        }
        assert_int_equal(accepted.count, expected);
    }
}

// ----- comparing -----

#define HEAD                                                                                       \
    "zones: [{name: prod, patterns: [a.example.com]}]\n"                                           \
    "users: [{name: ann}, {name: ben}, {name: cid}]\n"                                             \
    "hosts: [{name: web1, zone: prod, labels: {tier: web}},\n"                                     \
    "        {name: web2, zone: prod, labels: {tier: web}},\n"                                     \
    "        {name: db1, zone: prod, labels: {tier: db}}]\n"                                       \
    "roles:\n"
#define DEV(members, hosts, rest)                                                                  \
    "  - {name: dev, zone: prod, members: " members ", hosts: " hosts ",\n"                        \
    "     logins: [$user, app], max_ttl: 1h" rest "}\n"

// "LOGIN BEFORE>AFTER USERS @ HOSTS" and "LIST.NAME.KEY" of a comparison.
static void assert_diff(const char *old_text, const char *new_text, const char *expected) {
    static const char *const hows[] = {"no", "approval", "break-glass", "standing"};
    static const char *const kinds[] = {"~", "+", "-"};
    vouch_autopolicy struct vouch_policy *old = test_policy(old_text);
    vouch_autopolicy struct vouch_policy *new = test_policy(new_text);
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {old, NOW, &arena};
    struct vouch_policy_diff diff = {0};
    assert_int_equal(vouch_policy_compare(&view, new, &diff), VOUCH_OK);
    struct vouch_buf out;
    vouch_buf_init(&out, 65536);
    for (size_t i = 0; i < diff.change_count; i++) {
        const struct vouch_policy_change *change = &diff.changes[i];
        vouch_buf_put(&out, change->login);
        vouch_buf_put_text(&out, " ");
        vouch_buf_put_text(&out, hows[change->before]);
        vouch_buf_put_text(&out, ">");
        vouch_buf_put_text(&out, hows[change->after]);
        for (size_t k = 0; k < change->users.count; k++) {
            vouch_buf_put_text(&out, " ");
            vouch_buf_put(&out, change->users.items[k]);
        }
        vouch_buf_put_text(&out, " @");
        for (size_t k = 0; k < change->hosts.count; k++) {
            vouch_buf_put_text(&out, " ");
            vouch_buf_put(&out, change->hosts.items[k]);
        }
        vouch_buf_put_text(&out, "\n");
    }
    for (size_t i = 0; i < diff.edit_count; i++) {
        vouch_buf_put_text(&out, kinds[diff.edits[i].kind]);
        vouch_buf_put_text(&out, diff.edits[i].list);
        vouch_buf_put_text(&out, ".");
        vouch_buf_put(&out, diff.edits[i].name);
        vouch_buf_put_text(&out, diff.edits[i].key[0] != '\0' ? "." : "");
        vouch_buf_put_text(&out, diff.edits[i].key);
        vouch_buf_put_text(&out, "\n");
    }
    assert_string_equal(test_text_in(&out), expected);
    vouch_buf_done(&out);
}

static void the_same_policy_changes_nothing(void **state) {
    (void)state;
    assert_diff(test_policy_text, test_policy_text, "");
}

static void a_new_member_gains_and_an_old_one_loses(void **state) {
    (void)state;
    assert_diff(HEAD DEV("[user:ann]", "[tier=web]", ""),
                HEAD DEV("[user:ann, user:ben, user:cid]", "[tier=web]", ""),
                "$user no>standing ben cid @ web1 web2\n"
                "app no>standing ben cid @ web1 web2\n"
                "~roles.dev.members\n");
    assert_diff(HEAD DEV("[user:ann, user:ben]", "[tier=web]", ""),
                HEAD DEV("[user:ben]", "[tier=web]", ""),
                "$user standing>no ann @ web1 web2\n"
                "app standing>no ann @ web1 web2\n"
                "~roles.dev.members\n");
}

static void other_hosts_are_gained_and_lost_by_every_member(void **state) {
    (void)state;
    assert_diff(HEAD DEV("[user:ann, user:cid]", "[tier=web]", ""),
                HEAD DEV("[user:ann, user:cid]", "[tier=db, name=web1]", ""), // both: none
                "$user standing>no ann cid @ web1 web2\n"
                "app standing>no ann cid @ web1 web2\n"
                "~roles.dev.hosts\n");
    assert_diff(HEAD DEV("[user:ann, user:cid]", "[tier=web]", ""),
                HEAD DEV("[user:ann, user:cid]", "[tier=web, tier=db]", ""),
                "$user no>standing ann cid @ db1\n"
                "app no>standing ann cid @ db1\n"
                "~roles.dev.hosts\n");
}

static void approval_instead_of_standing_access_is_a_change(void **state) {
    (void)state;
    assert_diff(HEAD DEV("[user:ann]", "[tier=db]", ""),
                HEAD DEV("[user:ann]", "[tier=db]", ", approval: {by: [user:ben]}"),
                "$user standing>approval ann @ db1\n"
                "app standing>approval ann @ db1\n"
                "~roles.dev.approval.by\n"
                "~roles.dev.approval.count\n");
}

static void terms_without_access_are_edits_alone(void **state) {
    (void)state;
    assert_diff(HEAD DEV("[user:ann]", "[tier=db]", ", verify: required"),
                HEAD DEV("[user:ann]", "[tier=db]", ", reason: required, second_factor: 5m"),
                "~roles.dev.verify\n"
                "~roles.dev.reason\n"
                "~roles.dev.second_factor\n");
}

static void a_second_way_hides_neither_gain_nor_loss(void **state) {
    (void)state;
#define OPS                                                                                        \
    "  - {name: ops, zone: prod, members: [user:ann], hosts: [tier=web], logins: [app],\n"         \
    "     max_ttl: 1h, approval: {by: [user:ben]}}\n"
    assert_diff(HEAD DEV("[user:ann]", "[tier=web]", "") OPS, HEAD DEV("[]", "[tier=web]", "") OPS,
                "$user standing>no ann @ web1 web2\n"
                "app standing>approval ann @ web1 web2\n"
                "~roles.dev.members\n");
    assert_diff(HEAD DEV("[user:ann]", "[tier=web]", "") OPS,
                HEAD DEV("[user:ann]", "[tier=web]", ""), "-roles.ops\n");
    // The same by a role that comes first by its name.
#define ADM                                                                                        \
    "  - {name: adm, zone: prod, members: [user:ann], hosts: [tier=web], logins: [app],\n"         \
    "     max_ttl: 1h, approval: {by: [user:ben]}}\n"
    assert_diff(HEAD DEV("[user:ann]", "[tier=web]", ""),
                HEAD DEV("[user:ann]", "[tier=web]", "") ADM, "+roles.adm\n");
}

static void another_own_login_is_a_loss_and_a_gain(void **state) {
    (void)state;
#define PEOPLE(user)                                                                               \
    "zones: [{name: prod, patterns: [a.example.com]}]\n"                                           \
    "users: [{name: ann, " user "}, {name: ben}]\n"                                                \
    "hosts: [{name: web1, zone: prod}]\n"                                                          \
    "roles:\n" DEV("[user:ann, user:ben]", "[all]", "")
    assert_diff(PEOPLE("login: ann"), PEOPLE("login: anna"),
                "ann standing>no ann @ web1\n"
                "anna no>standing ann @ web1\n"
                "~users.ann.login\n");
    assert_diff(PEOPLE("login: ann"), PEOPLE("login: root"),
                "ann standing>no ann @ web1\n"
                "app standing>no ann @ web1\n"
                "~users.ann.login\n");
    assert_diff(PEOPLE("state: enabled"), PEOPLE("state: disabled"),
                "$user standing>no ann @ web1\n"
                "app standing>no ann @ web1\n"
                "~users.ann.state\n");
}

// Nonzero if the path is among them.
static int is_among(const struct vouch_policy_paths *paths, const struct vouch_policy_path *path) {
    int is_there = 0;
    for (size_t i = 0; i < paths->count && !is_there; i++) {
        const struct vouch_policy_path *other = &paths->items[i];
        is_there = vouch_bytes_equal(other->host, path->host) &&
                   vouch_bytes_equal(other->login, path->login) &&
                   vouch_bytes_equal(other->role, path->role) && other->how == path->how;
    }
    return is_there;
}

// Host by host it comes to the same as all at once.
static void assert_same_by_host(const struct vouch_policy_view *view, struct vouch_bytes user) {
    const struct vouch_policy_content *content = vouch_policy_holds(view->policy);
    struct vouch_policy_paths all, roles, here;
    size_t count = 0;
    assert_int_equal(vouch_policy_reach(view, user, &all), VOUCH_OK);
    assert_int_equal(vouch_policy_roles_of(view, user, text_of(""), NULL, &roles), VOUCH_OK);
    for (size_t h = 0; h < content->host_count; h++) {
        assert_int_equal(vouch_policy_reach_host(view, &roles, content->hosts[h].name, &here),
                         VOUCH_OK);
        for (size_t i = 0; i < here.count; i++) {
            assert_true(is_among(&all, &here.items[i]));
        }
        count += here.count;
    }
    assert_int_equal(count, all.count);
    assert_int_equal(vouch_policy_reach_host(view, &roles, text_of("nowhere"), &here), VOUCH_OK);
    assert_int_equal(here.count, 0);
}

static void a_host_alone_is_reached_as_among_all(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {sample, NOW, &arena};
    const struct vouch_policy_content *content = vouch_policy_holds(sample);
    for (size_t u = 0; u < content->user_count; u++) {
        assert_same_by_host(&view, content->users[u].name);
    }
}

static void approvers_and_members_are_those_that_are_named(void **state) {
    (void)state;
    static const struct {
        const char *role, *user;
        int approves;
    } rows[] = {
        {"dba", "lead1", 1},
        {"dba", "lead3", 1}, // disabled, but named
        {"dba", "bob", 1},
        {"dba", "carol@example.com", 1},
        {"dba", "alice@example.com", 0},
        {"dev", "lead1", 0},
        {"nothing", "lead1", 0},
        {"dba", "nobody", 0},
        {"dba", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(
            vouch_policy_approves(sample, text_of(rows[i].role), text_of(rows[i].user)),
            rows[i].approves);
    }
    assert_true(vouch_policy_group_has(sample, text_of("ops-leads"), text_of("lead3")));
    assert_false(vouch_policy_group_has(sample, text_of("ops-leads"), text_of("bob")));
    assert_false(vouch_policy_group_has(sample, text_of("nothing"), text_of("bob")));
    assert_false(vouch_policy_group_has(sample, text_of("ops-leads"), text_of("nobody")));
    assert_false(vouch_policy_group_has(sample, text_of(""), text_of("")));
    assert_true(
        vouch_bytes_equal(vouch_policy_user_named(sample, text_of("bob"))->name, text_of("bob")));
    assert_null(vouch_policy_user_named(sample, text_of("Bob")));
    assert_non_null(vouch_policy_role_named(sample, text_of("dba")));
    assert_null(vouch_policy_role_named(sample, text_of("db")));
}

static void only_users_who_are_enabled_and_have_not_ended_are_active(void **state) {
    (void)state;
    static const uint64_t end_s = 1798761600; // of bob
    assert_true(vouch_policy_has_active(sample, text_of("bob"), end_s - 1));
    assert_false(vouch_policy_has_active(sample, text_of("bob"), end_s));
    assert_true(vouch_policy_has_active(sample, text_of("lead1"), end_s));
    assert_false(vouch_policy_has_active(sample, text_of("lead3"), end_s));
    assert_false(vouch_policy_has_active(sample, text_of("nobody"), end_s));
    assert_false(vouch_policy_has_active(sample, text_of(""), end_s));
    assert_false(vouch_policy_has_active(NULL, text_of("lead1"), end_s));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_users_who_are_enabled_and_have_not_ended_are_active),
        cmocka_unit_test(shows_all_that_a_person_reaches),
        cmocka_unit_test(a_host_alone_is_reached_as_among_all),
        cmocka_unit_test(approvers_and_members_are_those_that_are_named),
        cmocka_unit_test(shows_who_reaches_a_login_on_a_host),
        cmocka_unit_test(lists_roles_also_of_groups_that_a_provider_names),
        cmocka_unit_test(hosts_accept_what_is_granted_and_nothing_else),
        cmocka_unit_test(a_host_accepts_these_and_no_others),
        cmocka_unit_test(the_same_policy_changes_nothing),
        cmocka_unit_test(a_new_member_gains_and_an_old_one_loses),
        cmocka_unit_test(other_hosts_are_gained_and_lost_by_every_member),
        cmocka_unit_test(approval_instead_of_standing_access_is_a_change),
        cmocka_unit_test(terms_without_access_are_edits_alone),
        cmocka_unit_test(a_second_way_hides_neither_gain_nor_loss),
        cmocka_unit_test(another_own_login_is_a_loss_and_a_gain),
    };
    return cmocka_run_group_tests_name("policy/explain", tests, test_load, test_unload);
}
