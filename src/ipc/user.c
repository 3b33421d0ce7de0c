// SPDX-License-Identifier: ISC
// Users by name or number. Names are looked up in the supervisor only, before a role exists.
#include "ipc/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/str.h"

#define ENTRY_MAX 16384

static int fail(const char *text, int err, const char *why, struct vouch_fault *fault) {
    return vouch_fault_set(fault, err, &vouch_fault_user, "user %s: %s", text, why);
}

// (uid_t)-1 means "leave as it is" to setresuid(), so it is no user.
static int read_id(struct vouch_bytes text, uint32_t *ret_id) {
    uint64_t value = 0;
    int err = vouch_str_to_u64(text, &value);
    if (err == VOUCH_OK && value >= UINT32_MAX) {
        err = VOUCH_ERR_LIMIT;
    }
    if (err == VOUCH_OK) {
        *ret_id = (uint32_t)value;
    }
    return err;
}

static int find_number(const char *text, struct vouch_user *ret_user) {
    struct vouch_bytes rest = vouch_bytes_of(text);
    struct vouch_bytes uid = vouch_str_cut(&rest, ':');
    struct vouch_user user = {0};
    int err = read_id(uid, &user.uid);
    if (err != VOUCH_OK) {
        return err;
    }
    user.gid = user.uid;
    if (rest.ptr != NULL) {
        err = read_id(rest, &user.gid);
    } else {
        struct passwd entry, *found = NULL;
        char room[ENTRY_MAX];
        if (getpwuid_r(user.uid, &entry, room, sizeof room, &found) == 0 && found != NULL) {
            user.gid = entry.pw_gid;
        }
    }
    if (err == VOUCH_OK) {
        *ret_user = user;
    }
    return err;
}

static int find_name(const char *text, struct vouch_user *ret_user, struct vouch_fault *fault) {
    struct passwd entry, *found = NULL;
    char room[ENTRY_MAX];
    int number = getpwnam_r(text, &entry, room, sizeof room, &found);
    if (number != 0) {
        return fail(text, VOUCH_ERR_IO, strerrordesc_np(number), fault);
    }
    if (found == NULL) {
        (void)fail(text, VOUCH_ERR_NOT_FOUND, "there is no such user on this machine", fault);
        (void)vouch_fault_next(
            fault, "Make it with: useradd --system %s; or give numbers as UID:GID.", text);
        return VOUCH_ERR_NOT_FOUND;
    }
    *ret_user = (struct vouch_user){entry.pw_uid, entry.pw_gid};
    return VOUCH_OK;
}

int vouch_user_find(const char *text, struct vouch_user *ret_user, struct vouch_fault *fault) {
    if (text == NULL || text[0] == '\0') {
        return fail("(none)", VOUCH_ERR_ARGUMENT, "started as root, a role needs one", fault);
    }
    struct vouch_user user = {0};
    int err = VOUCH_OK;
    if (text[0] >= '0' && text[0] <= '9') {
        err = find_number(text, &user);
        if (err != VOUCH_OK) {
            return fail(text, VOUCH_ERR_ARGUMENT, "is neither UID nor UID:GID", fault);
        }
    } else {
        err = find_name(text, &user, fault);
    }
    if (err == VOUCH_OK && (user.uid == 0 || user.gid == 0)) {
        return fail(text, VOUCH_ERR_ARGUMENT, "is root, or in root's group: a role must not be",
                    fault);
    }
    if (err == VOUCH_OK) {
        *ret_user = user;
    }
    return err;
}

void vouch_user_drop_ambient(void) {
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int vouch_user_become(struct vouch_user user, struct vouch_fault *fault) {
    if (setgroups(0, NULL) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
        setresuid(user.uid, user.uid, user.uid) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_user,
                               "user %u:%u: cannot become it: %s", (unsigned)user.uid,
                               (unsigned)user.gid, strerrordesc_np(errno));
    }
    vouch_user_drop_ambient();
    // The way back must be shut, whatever capabilities this process came with.
    if (setresuid(0, 0, 0) == 0 || getuid() != user.uid || getegid() != user.gid) {
        return vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_user,
                               "user %u:%u: became it, but could become root again",
                               (unsigned)user.uid, (unsigned)user.gid);
    }
    return VOUCH_OK;
}
