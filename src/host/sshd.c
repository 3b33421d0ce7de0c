// SPDX-License-Identifier: ISC
// Asking the machine's sshd, and telling it to read its configuration again.
#include "host/sshd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/str.h"
#include "host/run.h"

#define ASK_MS 15000
#define RELOAD_MS 30000
#define SCAN_S "5"
#define SETTINGS_MAX 4096

// --- asking

// Runs the program with the configuration behind an option, and with more words if there are any.
static int ask(const struct vouch_sshd *sshd, const char *option, const char *with,
               struct vouch_buf *out, int *ret_status, struct vouch_fault *fault) {
    char config[PATH_MAX];
    int err = vouch_root_path(sshd->root, sshd->conf->sshd_config, config, fault);
    const char *const argv[] = {sshd->conf->sshd,           option, "-f", config,
                                with != NULL ? "-C" : NULL, with,   NULL};
    return err == VOUCH_OK ? vouch_run(argv, ASK_MS, out, ret_status, fault) : err;
}

// sshd's last line, which says what is wrong.
static int refused(struct vouch_bytes words, struct vouch_fault *fault) {
    char shown[384] = "";
    while (words.ptr != NULL) {
        struct vouch_bytes line = vouch_str_trim(vouch_str_cut(&words, '\n'));
        if (line.len > 0) {
            vouch_str_escape_to(line, shown, sizeof shown);
        }
    }
    return vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_host_test, "sshd says: %s",
                           shown[0] != '\0' ? shown : "nothing, but it failed");
}

int vouch_sshd_version(const struct vouch_sshd *sshd, struct vouch_arena *arena,
                       struct vouch_bytes *ret_version, struct vouch_fault *fault) {
    const char *const argv[] = {sshd->conf->sshd, "-V", NULL};
    struct vouch_buf out;
    struct vouch_bytes version = {0};
    int status = 0;
    vouch_buf_init(&out, 16384);
    // Versions that do not know -V say who they are while they complain.
    int err = vouch_run(argv, ASK_MS, &out, &status, fault);
    const uint8_t *at =
        err == VOUCH_OK && out.len > 0 ? memmem(out.ptr, out.len, "OpenSSH_", 8) : NULL;
    if (at != NULL) {
        version.ptr = at;
        while (at + version.len < out.ptr + out.len && strchr(" ,\r\n", at[version.len]) == NULL) {
            version.len++;
        }
        err = vouch_arena_copy(arena, version, ret_version);
    } else if (err == VOUCH_OK) {
        *ret_version = (struct vouch_bytes){0};
    }
    vouch_buf_done(&out);
    return err;
}

int vouch_sshd_test(const struct vouch_sshd *sshd, struct vouch_fault *fault) {
    struct vouch_buf out;
    int status = 0;
    vouch_buf_init(&out, VOUCH_RUN_OUTPUT_MAX);
    int err = ask(sshd, "-t", NULL, &out, &status, fault);
    if (err == VOUCH_OK && status != 0) {
        err = refused(vouch_buf_bytes(&out), fault);
    }
    vouch_buf_done(&out);
    return err;
}

// The lines as they are kept: each followed by a NUL.
static int keep_lines(struct vouch_bytes text, struct vouch_arena *arena,
                      struct vouch_text_list *ret_settings) {
    struct vouch_bytes *items = vouch_arena_alloc(arena, SETTINGS_MAX * sizeof *items);
    size_t count = 0;
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    while (text.ptr != NULL && count < SETTINGS_MAX) {
        struct vouch_bytes line = vouch_str_trim(vouch_str_cut(&text, '\n'));
        uint8_t *copy = line.len > 0 ? vouch_arena_alloc(arena, line.len + 1) : NULL;
        if (copy != NULL) {
            memcpy(copy, line.ptr, line.len);
            items[count++] = (struct vouch_bytes){copy, line.len};
        } else if (line.len > 0) {
            return VOUCH_ERR_NO_MEMORY;
        }
    }
    *ret_settings = (struct vouch_text_list){items, count};
    return VOUCH_OK;
}

int vouch_sshd_settings(const struct vouch_sshd *sshd, struct vouch_arena *arena,
                        struct vouch_text_list *ret_settings, struct vouch_fault *fault) {
    struct vouch_buf out;
    int status = 0;
    vouch_buf_init(&out, VOUCH_RUN_OUTPUT_MAX);
    int err = ask(sshd, "-T", NULL, &out, &status, fault);
    if (err == VOUCH_OK && status != 0) {
        // Older ones want to know whom a Match would be about.
        vouch_buf_clear(&out);
        err = ask(sshd, "-T", "user=root,host=localhost,addr=127.0.0.1", &out, &status, fault);
    }
    if (err == VOUCH_OK && status != 0) {
        err = refused(vouch_buf_bytes(&out), fault);
    }
    if (err == VOUCH_OK) {
        err = keep_lines(vouch_buf_bytes(&out), arena, ret_settings);
        err = err == VOUCH_OK ? err
                              : vouch_fault_set(fault, err, &vouch_fault_memory,
                                                "sshd -T: no memory for what it says");
    }
    vouch_buf_done(&out);
    return err;
}

struct vouch_bytes vouch_sshd_setting(const struct vouch_text_list *settings, const char *keyword,
                                      size_t index) {
    size_t len = strlen(keyword);
    for (size_t i = 0; i < settings->count; i++) {
        struct vouch_bytes line = settings->items[i];
        // Newer versions print keywords in mixed case.
        if (line.len > len && line.ptr[len] == ' ' &&
            strncasecmp((const char *)line.ptr, keyword, len) == 0 && index-- == 0) {
            return (struct vouch_bytes){line.ptr + len + 1, line.len - len - 1};
        }
    }
    return (struct vouch_bytes){0};
}

// --- reloading

static int not_running(const char *why, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_host_reload,
                           "sshd could not be told to read its configuration: %s", why);
}

static int run_quietly(const char *const *argv, int *ret_status) {
    struct vouch_buf out;
    vouch_buf_init(&out, 65536);
    int err = vouch_run(argv, RELOAD_MS, &out, ret_status, NULL);
    vouch_buf_done(&out);
    return err;
}

// Nonzero if the service is active and was reloaded.
static int reload_service(const char *service) {
    const char *const is_active[] = {"systemctl", "is-active", "--quiet", service, NULL};
    const char *const reload[] = {"systemctl", "reload", service, NULL};
    int status = 0;
    if (run_quietly(is_active, &status) != VOUCH_OK || status != 0) {
        return 0;
    }
    return run_quietly(reload, &status) == VOUCH_OK && status == 0;
}

// By its name: which program another process runs is not to be seen from inside the walls. Whoever is not
// root cannot have root's processes, and what root wrote into the pid file is root's.
static int is_sshd(uint64_t pid) {
    char path[64];
    struct stat st;
    struct vouch_buf name;
    (void)snprintf(path, sizeof path, "/proc/%llu", (unsigned long long)pid);
    int is_ours = stat(path, &st) == 0 && st.st_uid == geteuid();
    (void)snprintf(path, sizeof path, "/proc/%llu/comm", (unsigned long long)pid);
    vouch_buf_init(&name, 4096);
    int is_named = is_ours && vouch_io_read(path, 128, &name, NULL) == VOUCH_OK && name.len >= 4 &&
                   memcmp(name.ptr, "sshd", 4) == 0;
    vouch_buf_done(&name);
    return is_named;
}

// The pid in a file below the root; 0 if there is none of an sshd.
static uint64_t pid_of(const struct vouch_root *root, const char *path) {
    struct vouch_buf text;
    uint64_t pid = 0;
    vouch_buf_init(&text, 64);
    if (vouch_root_read(root, path, 64, &text, NULL, NULL) != VOUCH_OK ||
        vouch_str_to_u64(vouch_str_trim(vouch_buf_bytes(&text)), &pid) != VOUCH_OK || pid <= 1 ||
        pid > INT32_MAX || !is_sshd(pid)) {
        pid = 0;
    }
    vouch_buf_done(&text);
    return pid;
}

static const char *pid_file(const struct vouch_sshd *sshd, const struct vouch_text_list *settings) {
    struct vouch_bytes path = vouch_sshd_setting(settings, "pidfile", 0);
    if (sshd->conf->pid_file[0] != '\0') {
        return sshd->conf->pid_file;
    }
    return path.len > 0 ? vouch_root_within(sshd->root, (const char *)path.ptr) : NULL;
}

static int reload_by_init(void) {
    static const char *const scripts[] = {"/etc/init.d/ssh", "/etc/init.d/sshd"};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        const char *const argv[] = {scripts[i], "reload", NULL};
        int status = 0;
        if (access(scripts[i], X_OK) == 0) {
            return run_quietly(argv, &status) == VOUCH_OK && status == 0;
        }
    }
    return 0;
}

static int has_systemd(void) {
    struct stat st;
    return stat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

// On the machine itself: by its own service manager.
static const char *reload_by_manager(void) {
    return has_systemd() && (reload_service("ssh.service") || reload_service("sshd.service"))
               ? "systemctl reload"
               : NULL;
}

int vouch_sshd_reload(const struct vouch_sshd *sshd, const struct vouch_text_list *settings,
                      const char **ret_how, struct vouch_fault *fault) {
    const char *how = NULL;
    const char *file = pid_file(sshd, settings);
    int is_machine = sshd->root->prefix[0] == '\0' && sshd->conf->pid_file[0] == '\0';
    if (sshd->conf->service[0] != '\0') {
        how = reload_service(sshd->conf->service) ? "systemctl reload" : NULL;
    } else if (is_machine) {
        how = reload_by_manager();
    }
    uint64_t pid = how == NULL && file != NULL ? pid_of(sshd->root, file) : 0;
    if (pid != 0 && kill((pid_t)pid, SIGHUP) == 0) {
        how = "SIGHUP";
    }
    // Last: it looks for the process as this does, and inside the walls with less luck.
    if (how == NULL && is_machine && !has_systemd() && reload_by_init()) {
        how = "init script";
    }
    if (how == NULL) {
        return not_running("no service of it is active, and no pid file names it", fault);
    }
    *ret_how = how;
    return VOUCH_OK;
}

// --- what it shows

// The address and port that it listens on, as somebody on this machine reaches them.
static void find_listener(const struct vouch_sshd *sshd, const struct vouch_text_list *settings,
                          char address[static VOUCH_HOST_CONF_VALUE_MAX], char port[static 8]) {
    struct vouch_bytes listen = vouch_sshd_setting(settings, "listenaddress", 0);
    const uint8_t *colon = listen.len > 0 ? memrchr(listen.ptr, ':', listen.len) : NULL;
    struct vouch_bytes host = {listen.ptr, colon != NULL ? (size_t)(colon - listen.ptr) : 0};
    struct vouch_bytes number = {colon != NULL ? colon + 1 : NULL,
                                 colon != NULL ? listen.len - host.len - 1 : 0};
    if (host.len > 2 && host.ptr[0] == '[') {
        host = (struct vouch_bytes){host.ptr + 1, host.len - 2};
    }
    if (vouch_bytes_equal(host, vouch_bytes_of("::"))) {
        host = vouch_bytes_of("::1");
    } else if (host.len == 0 || vouch_bytes_equal(host, vouch_bytes_of("0.0.0.0"))) {
        host = vouch_bytes_of("127.0.0.1");
    }
    if (sshd->conf->address[0] != '\0') {
        host = vouch_bytes_of(sshd->conf->address);
    }
    if (sshd->conf->port[0] != '\0' || number.len == 0 || number.len > 5) {
        number = vouch_bytes_of(sshd->conf->port[0] != '\0' ? sshd->conf->port : "22");
    }
    (void)snprintf(address, VOUCH_HOST_CONF_VALUE_MAX, "%.*s", (int)host.len,
                   (const char *)host.ptr);
    (void)snprintf(port, 8, "%.*s", (int)number.len, (const char *)number.ptr);
}

// A line is "[HOST ]TYPE BASE64"; whether the host stands there is up to the version.
static void put_cert(struct vouch_bytes line, struct vouch_buf *out) {
    const uint8_t *mark = line.len > 0 ? memmem(line.ptr, line.len, "-cert-v01@", 10) : NULL;
    if (mark == NULL) {
        return;
    }
    while (mark > line.ptr && mark[-1] != ' ') {
        mark--;
    }
    vouch_buf_put(out, (struct vouch_bytes){mark, line.len - (size_t)(mark - line.ptr)});
    vouch_buf_put_text(out, "\n");
}

int vouch_sshd_shown(const struct vouch_sshd *sshd, const struct vouch_text_list *settings,
                     struct vouch_buf *out, struct vouch_fault *fault) {
    char address[VOUCH_HOST_CONF_VALUE_MAX], port[8];
    struct vouch_buf words;
    int status = 0, has_banner = 0;
    find_listener(sshd, settings, address, port);
    const char *const argv[] = {"ssh-keyscan", "-c", "-T", SCAN_S, "-p", port, "--", address, NULL};
    vouch_buf_init(&words, VOUCH_RUN_OUTPUT_MAX);
    int err = vouch_run(argv, ASK_MS, &words, &status, fault);
    struct vouch_bytes rest = vouch_buf_bytes(&words);
    while (err == VOUCH_OK && rest.ptr != NULL) {
        struct vouch_bytes line = vouch_str_trim(vouch_str_cut(&rest, '\n'));
        int is_note = line.len > 0 && line.ptr[0] == '#';
        has_banner |= is_note;
        if (!is_note) {
            put_cert(line, out);
        }
    }
    vouch_buf_done(&words);
    if (err == VOUCH_OK && !has_banner) {
        err = vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_host_reload,
                              "sshd does not answer at %s port %s", address, port);
    }
    return err == VOUCH_OK ? out->err : err;
}
