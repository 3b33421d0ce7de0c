// SPDX-License-Identifier: ISC
// vouch setup admin NAME: the first administrator of a server, from the machine that it runs on.
//
// Adds the user and the group of administrators to the policy where they are missing, and makes the link
// by which the person sets password and second factor. There is no first visitor who becomes one.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/policy-remote.h"
#include "prog/vouch/query.h"
#include "prog/vouch/user-link.h"

#define GROUP_ADMINS "vouch-admins"

// The content that was there and what is put behind it; owned.
struct grown {
    struct vouch_policy_content content;
    struct vouch_policy_user *users;
    struct vouch_policy_group *groups;
    struct vouch_bytes *members;
    int changed;
};

static void grown_done(struct grown *grown) {
    free(grown->users);
    free(grown->groups);
    free(grown->members);
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static int add_user(struct grown *grown, struct vouch_bytes name, struct vouch_fault *fault) {
    size_t count = grown->content.user_count;
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(grown->content.users[i].name, name)) {
            return 0;
        }
    }
    grown->users = calloc(count + 1, sizeof *grown->users);
    if (grown->users == NULL) {
        return no_memory(fault);
    }
    if (count > 0) {
        memcpy(grown->users, grown->content.users, count * sizeof *grown->users);
    }
    grown->users[count] =
        (struct vouch_policy_user){.name = name, .state = VOUCH_POLICY_USER_ENABLED};
    grown->content.users = grown->users;
    grown->content.user_count = count + 1;
    grown->changed = 1;
    return 0;
}

// The place of the group among those of the copy, which has room for one more.
static size_t find_group(const struct grown *grown) {
    size_t at = 0;
    while (at < grown->content.group_count &&
           !vouch_bytes_equal(grown->groups[at].name, vouch_bytes_of(GROUP_ADMINS))) {
        at++;
    }
    return at;
}

static int copy_groups(struct grown *grown, struct vouch_fault *fault) {
    size_t count = grown->content.group_count;
    grown->groups = calloc(count + 1, sizeof *grown->groups);
    if (grown->groups == NULL) {
        return no_memory(fault);
    }
    if (count > 0) {
        memcpy(grown->groups, grown->content.groups, count * sizeof *grown->groups);
    }
    return 0;
}

static int add_member(struct grown *grown, struct vouch_bytes name, struct vouch_fault *fault) {
    int err = copy_groups(grown, fault);
    if (err != 0) {
        return err;
    }
    size_t at = find_group(grown);
    struct vouch_policy_group *group = &grown->groups[at];
    if (at == grown->content.group_count) {
        *group = (struct vouch_policy_group){.name = vouch_bytes_of(GROUP_ADMINS)};
        grown->content.group_count++;
    }
    size_t count = group->members.count;
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(group->members.items[i], name)) {
            return 0;
        }
    }
    grown->members = calloc(count + 1, sizeof *grown->members);
    if (grown->members == NULL) {
        return no_memory(fault);
    }
    if (count > 0) {
        memcpy(grown->members, group->members.items, count * sizeof *grown->members);
    }
    grown->members[count] = name;
    group->members = (struct vouch_policy_names){.items = grown->members, .count = count + 1};
    grown->content.groups = grown->groups;
    grown->changed = 1;
    return 0;
}

static int send(struct vouch_reach *reach, const struct grown *grown, const char *version,
                struct vouch_fault *fault) {
    struct vouch_policy *policy = NULL;
    json_t *diff = NULL;
    int err = vouch_policy_new(&grown->content, &policy, fault);
    if (err == 0) {
        err = vouch_remote_policy_send(reach, policy, version, &diff, fault);
    }
    if (err == 0) {
        vouch_say_mark(&reach->cli->term, VOUCH_MARK_OK,
                       "%s is in the policy, in the group " GROUP_ADMINS,
                       reach->cli->args.operands[0]);
    }
    json_decref(diff);
    vouch_policy_free(policy);
    return err;
}

static int see_to_policy(struct vouch_reach *reach, const char *name, struct vouch_fault *fault) {
    struct vouch_remote_policy now = {0};
    struct grown grown = {0};
    int err = vouch_remote_policy_get(reach, NULL, &now, fault);
    if (err == 0) {
        grown.content = *vouch_policy_holds(now.policy);
        err = add_user(&grown, vouch_bytes_of(name), fault);
    }
    if (err == 0) {
        err = add_member(&grown, vouch_bytes_of(name), fault);
    }
    if (err == 0 && grown.changed && vouch_args_count(&reach->cli->args, "dry-run") > 0) {
        vouch_say(&reach->cli->term, "would add %s to the policy, in the group " GROUP_ADMINS,
                  name);
    } else if (err == 0 && grown.changed) {
        err = send(reach, &grown, now.version, fault);
    }
    grown_done(&grown);
    vouch_remote_policy_done(&now);
    return err;
}

static int check_name(const char *name, struct vouch_fault *fault) {
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.@+-");
    return len > 0 && len <= 128 && name[len] == '\0'
               ? 0
               : vouch_usage(fault, "setup admin: \"%s\" is not a name: of a-z 0-9 _ . @ + -",
                             name);
}

static int run_admin(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    const char *name = cli->args.operands[0];
    *ret_exit = VOUCH_EXIT_OK;
    int err = check_name(name, fault);
    if (err == 0) {
        err = vouch_user_link_check(cli, fault);
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = see_to_policy(&reach, name, fault);
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") == 0) {
        err = vouch_user_link(&reach, name, 0, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option options[] = {
    VOUCH_USER_LINK_OUT_OPTION,
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be changed; change nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch setup admin alice --local /var/lib/vouchd",
    NULL,
};

const struct vouch_command vouch_cmd_setup_admin = {
    .noun = "setup",
    .verb = "admin",
    .summary = "make somebody an administrator, from the server's own machine; prints their link",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = options,
    .notes = "For the first one there is no other way. Run it again for a new link, or for "
             "somebody whose second factor is lost.",
    .examples = examples,
    .run = run_admin,
    .failed = vouch_reach_failed,
};
