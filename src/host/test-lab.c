// SPDX-License-Identifier: ISC
// A machine and an authority for tests of the root part.
#include "host/test-lab.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key-signer.h"
#include "core/key.h"
#include "core/krl-canary.h"
#include "core/trust.h"
#include "host/run.h"
#include "vouch/krl.h"
#include "vouch/sshsig.h"

static void path_in(const struct lab *lab, const char *path, char ret_path[static 512]) {
    assert_true(snprintf(ret_path, 512, "%s/%s", lab->root, path) < 512);
}

void lab_write(const struct lab *lab, const char *path, const char *text) {
    char whole[512];
    path_in(lab, path, whole);
    const struct vouch_io_file file = {whole, 0644, VOUCH_IO_REPLACE};
    assert_int_equal(vouch_io_write(&file, vouch_bytes_of(text), NULL), VOUCH_OK);
}

char *lab_read(const struct lab *lab, const char *path) {
    char whole[512];
    struct vouch_buf file;
    path_in(lab, path, whole);
    vouch_buf_init(&file, 1024 * 1024);
    char *text = vouch_io_read(whole, 1024 * 1024, &file, NULL) == VOUCH_OK
                     ? vouch_str_copy(vouch_buf_bytes(&file))
                     : NULL;
    vouch_buf_done(&file);
    return text;
}

// --- the machine

static void make_folders(const struct lab *lab) {
    static const char *const folders[] = {
        "etc", "etc/ssh", "etc/ssh/sshd_config.d", "etc/vouch", "run", "var", "var/lib"};
    char path[512];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        path_in(lab, folders[i], path);
        assert_int_equal(mkdir(path, 0755), 0);
    }
}

static void make_host_key(struct lab *lab, size_t index) {
    static const char *const names[LAB_KEYS] = {"ed25519", "ecdsa"};
    static const enum vouch_key_type types[LAB_KEYS] = {VOUCH_KEY_ED25519, VOUCH_KEY_ECDSA_P256};
    const struct vouch_keyfile_options options = {.comment = "host"};
    char path[512];
    struct vouch_buf file;
    vouch_buf_init(&file, 65536);
    assert_int_equal(vouch_private_key_generate(types[index], 0, &lab->host_keys[index]), 0);
    assert_int_equal(vouch_keyfile_write(lab->host_keys[index], &options, &file), VOUCH_OK);
    (void)snprintf(path, sizeof path, "%s/etc/ssh/ssh_host_%s_key", lab->root, names[index]);
    const struct vouch_io_file secret = {path, 0600, VOUCH_IO_KEEP};
    assert_int_equal(vouch_io_write(&secret, vouch_buf_bytes(&file), NULL), VOUCH_OK);
    vouch_buf_clear(&file);
    vouch_key_print(vouch_private_key_public(lab->host_keys[index]), "host", &file);
    (void)snprintf(path, sizeof path, "%s/etc/ssh/ssh_host_%s_key.pub", lab->root, names[index]);
    const struct vouch_io_file open = {path, 0644, VOUCH_IO_KEEP};
    assert_int_equal(vouch_io_write(&open, vouch_buf_bytes(&file), NULL), VOUCH_OK);
    vouch_buf_done(&file);
}

static unsigned free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

static void write_config(const struct lab *lab, int include) {
    char text[2048], first[256] = "";
    if (include) {
        (void)snprintf(first, sizeof first, "Include %s/etc/ssh/sshd_config.d/*.conf\n", lab->root);
    }
    (void)snprintf(
        text, sizeof text,
        "%sPort %u\nListenAddress 127.0.0.1\nPidFile %s/run/sshd.pid\n"
        "HostKey %s/etc/ssh/ssh_host_ed25519_key\nHostKey %s/etc/ssh/ssh_host_ecdsa_key\n"
        "UsePAM no\nStrictModes no\nPasswordAuthentication no\n",
        first, lab->port, lab->root, lab->root, lab->root);
    lab_write(lab, "etc/ssh/sshd_config", text);
}

struct lab *lab_new(int include) {
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    (void)snprintf(lab->root, sizeof lab->root, "/tmp/vouch-host-XXXXXX");
    assert_non_null(mkdtemp(lab->root));
    assert_int_equal(chmod(lab->root, 0755), 0);
    make_folders(lab);
    lab->port = free_port();
    for (size_t i = 0; i < LAB_KEYS; i++) {
        make_host_key(lab, i);
    }
    write_config(lab, include);
    lab_write(lab, "etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    lab_write(lab, "etc/vouch/host.conf", "# as the test wants it\nlog none\n");
    struct vouch_private_key **keys[] = {&lab->checkpoint, &lab->user_ca, &lab->host_ca};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, keys[i]), 0);
    }
    lab_make(lab, 1);
    return lab;
}

static void end_made(struct lab *lab) {
    vouch_buf_done(&lab->trust);
    vouch_buf_done(&lab->krl);
    vouch_buf_done(&lab->envelope);
    for (size_t i = 0; i < LAB_KEYS; i++) {
        vouch_buf_done(&lab->certs[i]);
    }
}

static void run_program(const char *const *argv) {
    struct vouch_buf out;
    int status = 0;
    vouch_buf_init(&out, 65536);
    assert_int_equal(vouch_run(argv, 10000, &out, &status, NULL), VOUCH_OK);
    vouch_buf_done(&out);
}

void lab_free(struct lab *lab) {
    const char *const argv[] = {"rm", "-rf", "--", lab->root, NULL};
    vouch_apply_close(lab->apply);
    if (lab->sshd > 0) {
        (void)kill(lab->sshd, SIGTERM);
        (void)waitpid(lab->sshd, NULL, 0);
    }
    end_made(lab);
    vouch_private_key_free(lab->checkpoint);
    vouch_private_key_free(lab->user_ca);
    vouch_private_key_free(lab->host_ca);
    for (size_t i = 0; i < LAB_KEYS; i++) {
        vouch_private_key_free(lab->host_keys[i]);
    }
    run_program(argv);
    free(lab);
}

static int listens(const struct lab *lab) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)lab->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int is_open = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    (void)close(fd);
    return is_open;
}

void lab_start_sshd(struct lab *lab) {
    static const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    char config[512], log[512];
    path_in(lab, "etc/ssh/sshd_config", config);
    path_in(lab, "run/sshd.log", log);
    (void)mkdir("/run/sshd", 0755);
    lab->sshd = fork();
    assert_true(lab->sshd >= 0);
    if (lab->sshd == 0) {
        (void)execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-f", config, "-E", log,
                    (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && !listens(lab); i++) {
        (void)nanosleep(&pause, NULL);
    }
    assert_true(listens(lab));
}

void lab_open(struct lab *lab) {
    struct vouch_fault fault = {0};
    vouch_apply_close(lab->apply);
    lab->apply = NULL;
    int err = vouch_apply_open(lab->root, &lab->apply, &fault);
    if (err != VOUCH_OK) {
        print_error("%s\n", fault.text);
    }
    assert_int_equal(err, VOUCH_OK);
}

// --- the authority

static const struct vouch_key *public_of(const struct vouch_private_key *key) {
    return vouch_private_key_public(key);
}

static void make_trust(struct lab *lab, uint64_t version) {
    struct vouch_trust trust = {.version = version, .time_s = vouch_time_now_s(), .key_count = 2};
    (void)snprintf(trust.name, sizeof trust.name, "%s", LAB_CA);
    assert_int_equal(vouch_krl_canary(vouch_bytes_of(LAB_CA), VOUCH_KRL_CANARY_BAD, &trust.canary),
                     VOUCH_OK);
    trust.keys[0] = (struct vouch_trust_key){VOUCH_CERT_USER, VOUCH_TRUST_ACTIVE,
                                             vouch_key_copy(public_of(lab->user_ca))};
    trust.keys[1] = (struct vouch_trust_key){VOUCH_CERT_HOST, VOUCH_TRUST_ACTIVE,
                                             vouch_key_copy(public_of(lab->host_ca))};
    vouch_buf_init(&lab->trust, VOUCH_TRUST_MAX);
    assert_int_equal(vouch_trust_write(&trust, lab->checkpoint, &lab->trust), VOUCH_OK);
    vouch_trust_done(&trust);
}

static void make_list(struct lab *lab, uint64_t version) {
    struct vouch_krl *krl = vouch_krl_new();
    vouch_buf_init(&lab->krl, 65536);
    assert_int_equal(vouch_krl_canary_add(krl, vouch_bytes_of(LAB_CA)), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, public_of(lab->user_ca), 4711, 4711), VOUCH_OK);
    vouch_krl_set_header(krl, version, vouch_time_now_s(), "list");
    assert_int_equal(vouch_krl_write(krl, &lab->krl), VOUCH_OK);
    vouch_krl_free(krl);
}

static void make_envelope(struct lab *lab, uint64_t version) {
    uint8_t hash[VOUCH_HASH_MAX];
    char ca[VOUCH_FINGERPRINT_MAX], time[VOUCH_TIME_TEXT_MAX], line[512];
    struct vouch_buf text;
    vouch_buf_init(&text, 4096);
    vouch_key_fingerprint(public_of(lab->user_ca), VOUCH_HASH_SHA256, ca);
    vouch_time_utc(vouch_time_now_s(), time);
    (void)snprintf(line, sizeof line,
                   "vouch-krl/1\nca %s\nuse user\nversion %llu\nlength %zu\nsha256 ", ca,
                   (unsigned long long)version, lab->krl.len);
    vouch_buf_put_text(&text, line);
    assert_int_equal(vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_buf_bytes(&lab->krl), hash), 32);
    vouch_str_hex((struct vouch_bytes){hash, 32}, &text);
    (void)snprintf(line, sizeof line, "\ntime %s\n", time);
    vouch_buf_put_text(&text, line);
    const struct vouch_sshsig_signer signer = {vouch_key_blob(public_of(lab->checkpoint)),
                                               vouch_key_signs, lab->checkpoint, VOUCH_HASH_SHA512};
    vouch_buf_init(&lab->envelope, 65536);
    vouch_buf_put(&lab->envelope, vouch_buf_bytes(&text));
    vouch_buf_put_text(&lab->envelope, "\n");
    assert_int_equal(
        vouch_sshsig_sign(&signer, "vouch-krl", vouch_buf_bytes(&text), &lab->envelope), VOUCH_OK);
    vouch_buf_done(&text);
}

static void make_cert(struct lab *lab, size_t index, uint64_t version) {
    static const uint8_t nonce[VOUCH_CERT_NONCE_LEN] = {1};
    const struct vouch_bytes names[] = {vouch_bytes_of(LAB_HOST), vouch_bytes_of("web1")};
    const struct vouch_cert_spec spec = {.type = VOUCH_CERT_HOST,
                                         .key = public_of(lab->host_keys[index]),
                                         .serial = version * 100 + index,
                                         .key_id = vouch_bytes_of("host:" LAB_HOST),
                                         .principals = names,
                                         .principal_count = 2,
                                         .valid_after = vouch_time_now_s() - 60,
                                         .valid_before = vouch_time_now_s() + 86400};
    const struct vouch_cert_ca ca = {
        .key = public_of(lab->host_ca), .sign = vouch_key_signs, .context = lab->host_ca};
    vouch_buf_init(&lab->certs[index], VOUCH_CERT_BLOB_MAX);
    assert_int_equal(vouch_cert_build(&spec, &ca, nonce, &lab->certs[index], NULL), VOUCH_OK);
}

void lab_make(struct lab *lab, uint64_t version) {
    end_made(lab);
    make_trust(lab, version);
    make_list(lab, version);
    make_envelope(lab, version);
    for (size_t i = 0; i < LAB_KEYS; i++) {
        make_cert(lab, i, version);
    }
}

int lab_install(struct lab *lab, struct vouch_fault *fault) {
    struct vouch_apply_principal principal = {vouch_bytes_of("role:admin"),
                                              vouch_bytes_of("role admin")};
    struct vouch_apply_login login = {vouch_bytes_of("root"), &principal, 1};
    struct vouch_apply_cert certs[LAB_KEYS];
    struct vouch_apply_done done;
    for (size_t i = 0; i < LAB_KEYS; i++) {
        certs[i].cert = vouch_buf_bytes(&lab->certs[i]);
    }
    const struct vouch_apply_install ask = {
        .ca = vouch_bytes_of(LAB_CA),
        .checkpoint = vouch_key_blob(public_of(lab->checkpoint)),
        .name = vouch_bytes_of(LAB_HOST),
        .trust = vouch_buf_bytes(&lab->trust),
        .krl = vouch_buf_bytes(&lab->krl),
        .krl_envelope = vouch_buf_bytes(&lab->envelope),
        .state_version = 1,
        .logins = &login,
        .login_count = 1,
        .certs = certs,
        .cert_count = LAB_KEYS,
    };
    return vouch_apply_install(lab->apply, &ask, vouch_time_monotonic_ns() + 60000000000, &done,
                               fault);
}

int lab_apply(struct lab *lab, uint64_t confirm_within_s, struct vouch_apply_done *ret_done,
              struct vouch_fault *fault) {
    const struct vouch_apply_change ask = {.what = VOUCH_APPLY_DO,
                                           .confirm_within_s = confirm_within_s};
    return vouch_apply_apply(lab->apply, &ask, vouch_time_monotonic_ns() + 60000000000, ret_done,
                             fault);
}

// --- looking

static int is_named(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void draw(const char *folder, struct vouch_buf *out) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_named, alphasort);
    for (int i = 0; i < count; i++) {
        char path[1024], line[1200];
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        assert_int_equal(lstat(path, &st), 0);
        (void)snprintf(line, sizeof line, "%s %o %u:%u\n", path, (unsigned)st.st_mode,
                       (unsigned)st.st_uid, (unsigned)st.st_gid);
        vouch_buf_put_text(out, line);
        if (S_ISDIR(st.st_mode)) {
            draw(path, out);
        } else if (S_ISREG(st.st_mode)) {
            assert_int_equal(vouch_io_read(path, 1024 * 1024, out, NULL), VOUCH_OK);
            vouch_buf_put_text(out, "\n");
        }
        free(entries[i]);
    }
    free(entries);
}

char *lab_picture(const struct lab *lab, const char *path) {
    char whole[512];
    struct vouch_buf out;
    path_in(lab, path, whole);
    vouch_buf_init(&out, 16 * 1024 * 1024);
    draw(whole, &out);
    char *text = vouch_str_copy(vouch_buf_bytes(&out));
    vouch_buf_done(&out);
    return text;
}

int lab_shows_cert(const struct lab *lab) {
    char port[16];
    const char *const argv[] = {"ssh-keyscan", "-c", "-T", "5", "-p", port, "127.0.0.1", NULL};
    struct vouch_buf out;
    int status = 0;
    (void)snprintf(port, sizeof port, "%u", lab->port);
    vouch_buf_init(&out, 1024 * 1024);
    assert_int_equal(vouch_run(argv, 20000, &out, &status, NULL), VOUCH_OK);
    int shows = memmem(out.ptr, out.len, "-cert-v01@", 10) != NULL;
    vouch_buf_done(&out);
    return shows;
}
