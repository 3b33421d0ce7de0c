// SPDX-License-Identifier: ISC
// Making the folder of a server, beside its place, and moving it there when all of it is on the disk.
#include "prog/vouchd/server-dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ipc/user.h"
#include "prog/vouchd/seal-key.h"
#include "prog/vouchd/tree.h"
#include "prog/vouchd/yaml.h"
#include "signer/ca.h"
#include "store/store.h"

#define UNLOCK_BYTES 32
#define DB_WAIT_MS 1000

struct creation {
    const struct vouch_server_new *what;
    char dir[PATH_MAX]; // where it is made
    struct vouch_config config;
    struct vouch_user users[VOUCH_CONFIG_USERS];
    struct vouch_secret unlock;
    struct vouch_server_made made;
};

static int fail(const char *path, const char *step, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_write, "%s: %s: %s", path, step,
                           strerrordesc_np(errno));
}

static int check_place(const char *dir, struct vouch_fault *fault) {
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return errno == ENOENT ? VOUCH_OK : fail(dir, "cannot be looked at", fault);
    }
    int used = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        used |= strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(folder);
    if (!used) {
        return VOUCH_OK;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists,
                          vouch_server_check(dir, NULL) == VOUCH_OK ? "%s: holds a server already"
                                                                    : "%s: is not empty",
                          dir);
    return vouch_fault_next(fault, "Choose a folder that does not exist yet.");
}

// ----- the settings -----

// A text that YAML reads back as it is: in double quotes, where only these two are special.
static void put_quoted(struct vouch_buf *out, const char *text) {
    vouch_buf_put_text(out, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            vouch_buf_put_text(out, "\\");
        }
        vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)text, 1});
    }
    vouch_buf_put_text(out, "\"");
}

static void put_line(struct vouch_buf *out, const char *key, const char *value) {
    vouch_buf_put_text(out, key);
    vouch_buf_put_text(out, ": ");
    put_quoted(out, value);
    vouch_buf_put_text(out, "\n");
}

static void put_list(struct vouch_buf *out, const char *key, const char *values) {
    struct vouch_bytes rest = vouch_bytes_of(values);
    vouch_buf_put_text(out, key);
    vouch_buf_put_text(out, ":\n");
    while (rest.ptr != NULL) {
        char item[VOUCH_CONFIG_TEXT_MAX];
        struct vouch_bytes part = vouch_str_cut(&rest, ',');
        (void)snprintf(item, sizeof item, "%.*s", (int)part.len, (const char *)part.ptr);
        vouch_buf_put_text(out, "  - ");
        put_quoted(out, item);
        vouch_buf_put_text(out, "\n");
    }
}

static void put_users(struct vouch_buf *out, const char *const *users) {
    static const char *const keys[VOUCH_CONFIG_USERS] = {"  web", "  authority", "  signer",
                                                         "  identity"};
    if (users[0] != NULL) {
        vouch_buf_put_text(out, "users:\n");
        for (size_t i = 0; i < VOUCH_CONFIG_USERS; i++) {
            put_line(out, keys[i], users[i]);
        }
    }
}

static void describe(const struct vouch_server_new *what, struct vouch_buf *out) {
    vouch_buf_put_text(out,
                       "# What the server does: vouchd.yaml(5). vouchd check-config shows what "
                       "holds.\n# Every other key has a default.\n");
    put_line(out, "name", what->name);
    put_list(out, "listen", what->listen);
    if (what->purpose == VOUCH_PURPOSE_DEMONSTRATION) {
        put_line(out, "purpose", "demonstration");
    }
    put_users(out, what->users);
    if (what->unlock == VOUCH_UNLOCK_PASSPHRASE) {
        vouch_buf_put_text(out, "signer:\n  unlock: passphrase\n");
    } else if (what->unlock == VOUCH_UNLOCK_CREDENTIAL) {
        vouch_buf_put_text(out, "signer:\n  unlock: credential\n");
        put_line(out, "  credential", what->credential);
    }
}

static const char ceiling_text[] =
    "# What the signer never goes beyond, whatever the rest of the service asks of it: "
    "vouchd.yaml(5).\n"
    "# Only root may write this file. It is read when the server starts.\n"
    "user:\n  ttl_max: 24h\n  principals_max: 16\n"
    "host:\n  ttl_max: 2160h\n  principals_max: 16\n"
    "  # Domains below which a host may have a name such as *.web.example.com; none.\n"
    "  wildcards: []\n";

static int write_file(const struct creation *creation, const char *name, unsigned mode,
                      struct vouch_bytes content, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_path(creation->dir, name, path, fault);
    const struct vouch_io_file file = {path, mode, VOUCH_IO_KEEP};
    return err == VOUCH_OK ? vouch_io_write(&file, content, fault) : err;
}

// What is written is read back before anything else is made: so bad values are found by the same rules,
// in the same words, as in a file that somebody wrote.
static int check_settings(struct creation *creation, struct vouch_bytes text,
                          struct vouch_fault *fault) {
    int err = vouch_config_parse(creation->what->dir, VOUCH_CONFIG_FILE, text, &creation->config,
                                 NULL, fault);
    if (err == VOUCH_ERR_FORMAT) {
        fault->kind = &vouch_fault_usage;
        const char *what = strchr(fault->text, ' ');
        char rest[sizeof fault->text];
        (void)snprintf(rest, sizeof rest, "%s", what != NULL ? what + 1 : fault->text);
        memcpy(fault->text, rest, sizeof rest);
    }
    creation->made.separates = geteuid() == 0;
    for (size_t i = 0; i < VOUCH_CONFIG_USERS && err == VOUCH_OK && creation->made.separates; i++) {
        err = vouch_user_find(creation->config.users[i], &creation->users[i], fault);
    }
    return err;
}

static int make_settings(struct creation *creation, struct vouch_buf *ret_text,
                         struct vouch_fault *fault) {
    describe(creation->what, ret_text);
    if (ret_text->err != VOUCH_OK) {
        return vouch_fault_set(fault, ret_text->err, &vouch_fault_memory, "%s: no memory",
                               VOUCH_CONFIG_FILE);
    }
    return check_settings(creation, vouch_buf_bytes(ret_text), fault);
}

// ----- the parts -----

static int make_folder(const struct creation *creation, const char *name, mode_t mode,
                       struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_path(creation->dir, name, path, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    return mkdir(path, mode) == 0 && chmod(path, mode) == 0 ? VOUCH_OK
                                                            : fail(path, "cannot make it", fault);
}

static int make_unlock(struct creation *creation, struct vouch_fault *fault) {
    uint8_t bytes[UNLOCK_BYTES];
    vouch_random(bytes, sizeof bytes);
    int err = vouch_secret_new(2 * UNLOCK_BYTES, &creation->unlock);
    if (err == VOUCH_OK) {
        struct vouch_buf text;
        vouch_buf_init_fixed(&text, creation->unlock.ptr, creation->unlock.len);
        vouch_str_hex((struct vouch_bytes){bytes, sizeof bytes}, &text);
        err = text.err;
    }
    vouch_wipe(bytes, sizeof bytes);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_set(fault, err, &vouch_fault_memory,
                                             "%s: no locked memory", VOUCH_SERVER_UNLOCK);
}

static void name_actor(char *ret_actor, size_t size) {
    (void)snprintf(ret_actor, size, "local:uid:%u", (unsigned)getuid());
}

static int make_ca(struct creation *creation, struct vouch_fault *fault) {
    const struct vouch_server_new *what = creation->what;
    char keys_dir[PATH_MAX], ledger_dir[PATH_MAX], actor[32];
    name_actor(actor, sizeof actor);
    int err = vouch_server_path(creation->dir, VOUCH_SERVER_SIGNER, keys_dir, fault);
    if (err == VOUCH_OK) {
        err = vouch_server_path(creation->dir, VOUCH_SERVER_LEDGER, ledger_dir, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    int own = what->unlock == VOUCH_UNLOCK_KEY_FILE;
    err = own ? make_unlock(creation, fault) : VOUCH_OK;
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_ca_new ca = {
        .dir = keys_dir,
        .ledger_dir = ledger_dir,
        .name = what->name,
        .type = what->key_type,
        .bits = what->key_bits,
        .passphrase = own ? vouch_secret_bytes(&creation->unlock) : what->passphrase,
        .rounds = own ? VOUCH_SERVER_UNLOCK_ROUNDS : 0,
        .actor = actor,
        .time_ms = what->time_ms,
    };
    err = vouch_ca_create(&ca, fault);
    return err == VOUCH_OK && own ? write_file(creation, VOUCH_SERVER_UNLOCK, 0600,
                                               vouch_secret_bytes(&creation->unlock), fault)
                                  : err;
}

static int make_database(const struct creation *creation, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_path(creation->dir, VOUCH_SERVER_DATABASE, path, fault);
    const struct vouch_store_open what = {
        .where = path, .access = VOUCH_STORE_WRITE, .wait_ms = DB_WAIT_MS};
    struct vouch_store *store = NULL;
    if (err == VOUCH_OK) {
        err = vouch_store_open(&what, &store, fault);
    }
    vouch_store_close(store);
    return err;
}

// The IP addresses to listen on that are one machine's, for the certificate.
static size_t choose_addresses(const struct vouch_config *config,
                               char texts[VOUCH_CONFIG_LISTEN_MAX][VOUCH_CONFIG_ADDRESS_MAX],
                               const char *ret_addresses[VOUCH_CONFIG_LISTEN_MAX + 1]) {
    size_t count = 0;
    for (size_t i = 0; i < config->listen_count; i++) {
        const char *text = config->listen[i].text;
        size_t len = (size_t)(strrchr(text, ':') - text);
        int bare = text[0] == '[';
        (void)snprintf(texts[count], VOUCH_CONFIG_ADDRESS_MAX, "%.*s", (int)(len - (bare ? 2 : 0)),
                       text + (bare ? 1 : 0));
        const char *own = texts[count];
        if (strcmp(own, "*") != 0 && strcmp(own, "0.0.0.0") != 0 && strcmp(own, "::") != 0) {
            ret_addresses[count] = own;
            count++;
        }
    }
    ret_addresses[count] = NULL;
    return count;
}

static int make_tls(struct creation *creation, struct vouch_fault *fault) {
    char texts[VOUCH_CONFIG_LISTEN_MAX][VOUCH_CONFIG_ADDRESS_MAX];
    const char *addresses[VOUCH_CONFIG_LISTEN_MAX + 1];
    (void)choose_addresses(&creation->config, texts, addresses);
    struct vouch_tls_pair pair = {0};
    int err = vouch_tls_pair_new(creation->what->name, addresses, vouch_time_now_s(), &pair, fault);
    if (err == VOUCH_OK) {
        err = write_file(creation, "tls/cert.pem", 0644, vouch_buf_bytes(&pair.cert_pem), fault);
    }
    if (err == VOUCH_OK) {
        err = write_file(creation, "tls/key.pem", 0600, vouch_buf_bytes(&pair.key_pem), fault);
    }
    memcpy(creation->made.pin, pair.pin, sizeof pair.pin);
    vouch_tls_pair_done(&pair);
    return err;
}

static int read_fingerprint(const struct creation *creation, const char *name, char *ret_text,
                            struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_path(creation->dir, name, path, fault);
    struct vouch_buf line, blob;
    struct vouch_key *key = NULL;
    vouch_buf_init(&line, VOUCH_YAML_MAX);
    vouch_buf_init(&blob, VOUCH_YAML_MAX);
    if (err == VOUCH_OK) {
        err = vouch_io_read(path, VOUCH_YAML_MAX, &line, fault);
    }
    if (err == VOUCH_OK) {
        struct vouch_bytes comment;
        int bad = vouch_key_line_decode(vouch_str_trim(vouch_buf_bytes(&line)), &blob, &comment,
                                        NULL) != VOUCH_OK ||
                  vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL) != VOUCH_OK;
        err = bad ? vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_key_format,
                                    "%s: is no public key", path)
                  : VOUCH_OK;
    }
    if (err == VOUCH_OK) {
        vouch_key_fingerprint(key, VOUCH_HASH_SHA256, ret_text);
    }
    vouch_key_free(key);
    vouch_buf_done(&line);
    vouch_buf_done(&blob);
    return err;
}

static int make_parts(struct creation *creation, struct vouch_fault *fault) {
    static const struct {
        const char *name;
        mode_t mode;
    } folders[] = {{VOUCH_SERVER_SIGNER, 0700},
                   {VOUCH_SERVER_DB, 0700},
                   {VOUCH_SERVER_TLS, 0700},
                   {VOUCH_SERVER_RUN, 0700}};
    int err = VOUCH_OK;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && err == VOUCH_OK; i++) {
        err = make_folder(creation, folders[i].name, folders[i].mode, fault);
    }
    if (err == VOUCH_OK) {
        err = make_ca(creation, fault);
    }
    if (err == VOUCH_OK) {
        err = make_database(creation, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_seal_key_make(creation->dir, fault);
    }
    if (err == VOUCH_OK) {
        err = make_tls(creation, fault);
    }
    static const char *const keys[] = {"signer/user_ca.pub", "signer/host_ca.pub",
                                       "signer/checkpoint_key.pub"};
    for (size_t i = 0; i < 3 && err == VOUCH_OK; i++) {
        err = read_fingerprint(creation, keys[i], creation->made.fingerprints[i], fault);
    }
    return err;
}

int vouch_server_give(const char *dir, const struct vouch_config *config,
                      struct vouch_fault *fault) {
    enum { WEB = 0, AUTHORITY, SIGNER };
    static const struct {
        const char *name;
        size_t user;
    } parts[] = {{VOUCH_SERVER_TLS, WEB},
                 {VOUCH_SERVER_DB, AUTHORITY},
                 {VOUCH_SERVER_SIGNER, SIGNER},
                 {VOUCH_SERVER_LEDGER, SIGNER}};
    int err = VOUCH_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && err == VOUCH_OK && geteuid() == 0;
         i++) {
        struct vouch_user user;
        char path[PATH_MAX];
        err = vouch_user_find(config->users[parts[i].user], &user, fault);
        if (err == VOUCH_OK) {
            err = vouch_server_path(dir, parts[i].name, path, fault);
        }
        if (err == VOUCH_OK) {
            err = vouch_tree_give(path, user.uid, user.gid, fault);
        }
    }
    return err;
}

static int move_into_place(const struct creation *creation, struct vouch_fault *fault) {
    const char *dir = creation->what->dir;
    if (chmod(creation->dir, 0755) != 0 || rename(creation->dir, dir) != 0) {
        return fail(dir, "cannot be put in its place", fault);
    }
    if (vouch_io_sync_folder(dir) == VOUCH_OK) {
        return VOUCH_OK;
    }
    int err = fail(dir, "cannot be synced", fault);
    (void)rename(dir, creation->dir); // to be removed there
    return err;
}

static int make_all(struct creation *creation, struct vouch_bytes settings,
                    struct vouch_fault *fault) {
    int err = make_parts(creation, fault);
    if (err == VOUCH_OK) {
        err = write_file(creation, VOUCH_CONFIG_FILE, 0644, settings, fault);
    }
    if (err == VOUCH_OK) {
        err = write_file(creation, VOUCH_CEILING_FILE, 0644, vouch_bytes_of(ceiling_text), fault);
    }
    if (err == VOUCH_OK && creation->what->purpose == VOUCH_PURPOSE_SERVICE) {
        err = vouch_server_give(creation->dir, &creation->config, fault);
    }
    return err == VOUCH_OK ? move_into_place(creation, fault) : err;
}

// "DIR.new-XXXXXX" beside DIR, whatever slashes DIR ends with.
static int make_workshop(struct creation *creation, struct vouch_fault *fault) {
    const char *dir = creation->what->dir;
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    int made = snprintf(creation->dir, PATH_MAX, "%.*s.new-XXXXXX", (int)len, dir);
    if (made < 0 || made >= PATH_MAX - VOUCH_CONFIG_TEXT_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_usage,
                               "%s: the path is too long", dir);
    }
    return mkdtemp(creation->dir) != NULL ? VOUCH_OK : fail(dir, "cannot make a folder", fault);
}

int vouch_server_create(const struct vouch_server_new *what, struct vouch_server_made *ret_made,
                        struct vouch_fault *fault) {
    struct creation creation = {.what = what};
    struct vouch_buf settings;
    vouch_buf_init(&settings, VOUCH_YAML_MAX);
    (void)umask(
        027); // a narrower one would close the ledger to the authority, which is in its group
    int err = check_place(what->dir, fault);
    if (err == VOUCH_OK) {
        err = make_settings(&creation, &settings, fault);
    }
    if (err == VOUCH_OK) {
        err = make_workshop(&creation, fault);
    }
    if (err == VOUCH_OK) {
        err = make_all(&creation, vouch_buf_bytes(&settings), fault);
        if (err != VOUCH_OK) {
            vouch_tree_remove(creation.dir);
        }
    }
    vouch_secret_done(&creation.unlock);
    vouch_buf_done(&settings);
    if (err == VOUCH_OK) {
        *ret_made = creation.made;
    }
    return err;
}
