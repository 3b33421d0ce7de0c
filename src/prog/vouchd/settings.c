// SPDX-License-Identifier: ISC
// Settings and secrets as sealed files in memory.
#include "prog/vouchd/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/secret.h"
#include "prog/vouchd/passphrase.h"
#include "prog/vouchd/yaml.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int fail(const char *name, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role, "%s: a file in memory: %s", name,
                           strerrordesc_np(errno));
}

int vouch_settings_hold(const char *name, struct vouch_bytes content, int *ret_fd,
                        struct vouch_fault *fault) {
    vouch_autoclose int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || vouch_io_write_all(fd, content) != VOUCH_OK) {
        return fail(name, fault);
    }
    if (fcntl(fd, F_ADD_SEALS, SEALS) != 0) {
        return fail(name, fault);
    }
    // Its pages stay in memory as long as it is mapped here, to the end of this process: what it holds
    // must not reach a swap disk. Where the limit of locked memory is reached, that is as good as it gets.
    void *pages = content.len > 0 ? mmap(NULL, content.len, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (pages == MAP_FAILED) {
        return fail(name, fault);
    }
    if (pages != NULL) {
        (void)mlock(pages, content.len);
    }
    *ret_fd = fd;
    fd = -1;
    return VOUCH_OK;
}

int vouch_settings_load(const char *dir, struct vouch_settings *ret_settings,
                        struct vouch_fault *fault) {
    struct vouch_settings settings = {.fd = -1};
    char path[PATH_MAX];
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_YAML_MAX);
    int err = vouch_server_path(dir, VOUCH_CONFIG_FILE, path, fault);
    if (err == VOUCH_OK) {
        err = vouch_settings_read(path, &text, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_config_parse(dir, path, vouch_buf_bytes(&text), &settings.config, NULL, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_settings_hold("settings", vouch_buf_bytes(&text), &settings.fd, fault);
    }
    vouch_buf_done(&text);
    if (err == VOUCH_OK) {
        *ret_settings = settings;
    }
    return err;
}

void vouch_settings_done(struct vouch_settings *settings) {
    if (settings != NULL && settings->fd >= 0) {
        close(settings->fd);
        settings->fd = -1;
    }
}

int vouch_settings_equal(const struct vouch_settings *a, const struct vouch_settings *b) {
    vouch_autofree char *first = malloc(VOUCH_YAML_MAX), *second = malloc(VOUCH_YAML_MAX);
    if (first == NULL || second == NULL) {
        return 0;
    }
    ssize_t first_len = pread(a->fd, first, VOUCH_YAML_MAX, 0);
    ssize_t second_len = pread(b->fd, second, VOUCH_YAML_MAX, 0);
    return first_len >= 0 && first_len == second_len &&
           memcmp(first, second, (size_t)first_len) == 0;
}

int vouch_unlock_open(const struct vouch_config *config, const char *passphrase_file, int *ret_fd,
                      struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret secret = {0};
    int err = VOUCH_OK;
    if (config->unlock == VOUCH_UNLOCK_CREDENTIAL) {
        err = vouch_passphrase_credential(config->credential, &secret, fault);
    } else if (config->unlock == VOUCH_UNLOCK_PASSPHRASE && passphrase_file != NULL) {
        err = vouch_passphrase_read(passphrase_file, &secret, fault);
    } else if (config->unlock == VOUCH_UNLOCK_PASSPHRASE) {
        char question[VOUCH_CONFIG_TEXT_MAX + 32];
        (void)snprintf(question, sizeof question, "Passphrase of %s", config->name);
        err = vouch_passphrase_ask(question, &secret, fault);
    }
    return err == VOUCH_OK
               ? vouch_settings_hold("unlock", vouch_secret_bytes(&secret), ret_fd, fault)
               : err;
}
