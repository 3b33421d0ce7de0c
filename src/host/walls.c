// SPDX-License-Identifier: ISC
// The walls around the root part: see walls.h.
#include "host/walls.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define STATE_FOLDER "var/lib/vouch-host"
#define NOWHERE "/dev/null"

// Folders and not the programs in them: an upgrade puts new files in their place.
static const char *const program_folders[] = {"/usr",   "/bin",   "/sbin",      "/lib",
                                              "/lib32", "/lib64", "/etc/init.d"};
#define PROGRAM_FOLDERS (sizeof program_folders / sizeof program_folders[0])

// --- planning

static void add_folder(struct vouch_walls *walls, const struct vouch_root *root,
                       const char *folder) {
    struct stat st;
    struct vouch_walls_folder *row = &walls->folders[walls->folder_count];
    if (walls->folder_count == VOUCH_WALLS_FOLDERS_MAX || folder[0] == '\0' ||
        !vouch_root_is_folder(root, folder) ||
        vouch_root_path(root, folder, row->path, NULL) != VOUCH_OK || stat(row->path, &st) != 0) {
        return;
    }
    for (size_t i = 0; i < walls->folder_count; i++) {
        if (strcmp(walls->folders[i].path, row->path) == 0) {
            return;
        }
    }
    row->device = st.st_dev;
    row->inode = st.st_ino;
    walls->folder_count++;
}

// The folder of a file. A file at the root itself has none: there is no wall around everything.
static void add_folder_of(struct vouch_walls *walls, const struct vouch_root *root,
                          const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) : 0;
    if (len > 0 && len < sizeof folder) {
        memcpy(folder, path, len);
        folder[len] = '\0';
        add_folder(walls, root, folder);
    }
}

static void add_port(struct vouch_walls *walls, struct vouch_bytes text) {
    uint64_t port = 0;
    if (walls->port_count == VOUCH_WALLS_PORTS_MAX || vouch_str_to_u64(text, &port) != VOUCH_OK ||
        port == 0 || port > UINT16_MAX) {
        return;
    }
    for (size_t i = 0; i < walls->port_count; i++) {
        if (walls->ports[i] == port) {
            return;
        }
    }
    walls->ports[walls->port_count++] = (uint16_t)port;
}

static void add_ports(struct vouch_walls *walls, const struct vouch_work *work) {
    struct vouch_bytes value;
    add_port(walls, vouch_bytes_of(work->conf.port));
    for (size_t i = 0; (value = vouch_sshd_setting(&work->settings, "port", i)).len > 0; i++) {
        add_port(walls, value);
    }
    // "ADDRESS:PORT"
    for (size_t i = 0; (value = vouch_sshd_setting(&work->settings, "listenaddress", i)).len > 0;
         i++) {
        const uint8_t *colon = memrchr(value.ptr, ':', value.len);
        size_t at = colon != NULL ? (size_t)(colon + 1 - value.ptr) : value.len;
        add_port(walls, (struct vouch_bytes){value.ptr + at, value.len - at});
    }
    if (walls->port_count == 0) {
        add_port(walls, vouch_bytes_of("22"));
    }
}

void vouch_walls_plan(const struct vouch_work *work, struct vouch_walls *ret_walls) {
    const char *sshd = work->conf.sshd, *slash = strrchr(sshd, '/');
    memset(ret_walls, 0, sizeof *ret_walls);
    ret_walls->is_off = strcmp(work->conf.walls, "no") == 0;
    add_folder(ret_walls, work->root, STATE_FOLDER);
    add_folder(ret_walls, work->root, "etc/ssh");
    add_folder_of(ret_walls, work->root, work->conf.sshd_config);
    for (size_t i = 0; i < work->key_count; i++) {
        add_folder_of(ret_walls, work->root, work->keys[i].path);
    }
    if (sshd[0] == '/' && slash > sshd) {
        memcpy(ret_walls->programs, sshd, (size_t)(slash - sshd));
    }
    add_ports(ret_walls, work);
}

static int is_same_folder(const struct vouch_walls_folder *a, const struct vouch_walls_folder *b) {
    return strcmp(a->path, b->path) == 0 && a->device == b->device && a->inode == b->inode;
}

int vouch_walls_equal(const struct vouch_walls *a, const struct vouch_walls *b) {
    int is_same = a->folder_count == b->folder_count && a->port_count == b->port_count &&
                  a->is_off == b->is_off && strcmp(a->programs, b->programs) == 0 &&
                  memcmp(a->ports, b->ports, a->port_count * sizeof a->ports[0]) == 0;
    for (size_t i = 0; is_same && i < a->folder_count; i++) {
        is_same = is_same_folder(&a->folders[i], &b->folders[i]);
    }
    return is_same;
}

// --- entering

int vouch_walls_enter(const struct vouch_walls *walls, struct vouch_sandbox_report *ret_report,
                      struct vouch_fault *fault) {
    static const char *const everything[] = {"/"};
    const char *writable[VOUCH_WALLS_FOLDERS_MAX + 1];
    const char *executable[PROGRAM_FOLDERS + 1];
    size_t writables = 0, executables = 0;
    for (size_t i = 0; i < walls->folder_count; i++) {
        writable[writables++] = walls->folders[i].path;
    }
    writable[writables++] = NOWHERE; // programs that are started have it for what nobody reads
    for (size_t i = 0; i < PROGRAM_FOLDERS; i++) {
        if (access(program_folders[i], F_OK) == 0) {
            executable[executables++] = program_folders[i];
        }
    }
    if (walls->programs[0] != '\0' && access(walls->programs, F_OK) == 0) {
        executable[executables++] = walls->programs;
    }
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_HOST_ROOT,
                                          .network = VOUCH_SANDBOX_CONNECT,
                                          .need = VOUCH_SANDBOX_OPTIONAL,
                                          .readable = {everything, 1},
                                          .writable = {writable, writables},
                                          .executable = {executable, executables},
                                          .ports = walls->ports,
                                          .port_count = walls->port_count};
    return vouch_sandbox_enter(&sandbox, ret_report, fault);
}
