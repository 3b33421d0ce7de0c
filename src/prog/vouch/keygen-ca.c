// SPDX-License-Identifier: ISC
// The CA of `vouch keygen -s`: where its key is, and signing with it.
//
// A key that lies in a CA folder signs through that folder's ledger, however it was named: by path, by
// a link, or with -U while ssh-agent holds it. What the ledger cannot record is refused.
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "client/agent.h"
#include "prog/vouch/keygen-load.h"
#include "signer/ca.h"

static void key_done(struct vouch_key **key) {
    vouch_key_free(*key);
}

#define autokey VOUCH_CLEANUP(key_done)

static enum vouch_cert_type wanted_type(const struct vouch_keygen *args) {
    return args->count['h'] > 0 ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
}

// The CA folder in which a key file lies, links resolved, malloc'd; NULL if it is in none. With -U
// there may be the public file only.
static char *find_folder(const char *path) {
    char beside[PATH_MAX];
    vouch_autofree char *real = realpath(path, NULL);
    if (real == NULL && snprintf(beside, sizeof beside, "%s.pub", path) < (int)sizeof beside) {
        real = realpath(beside, NULL);
    }
    if (real == NULL) {
        return NULL;
    }
    const char *folder = dirname(real);
    return vouch_ca_is(folder) ? vouch_str_copy(vouch_bytes_of(folder)) : NULL;
}

int vouch_keygen_ca_is_folder(const char *path) {
    vouch_autofree char *folder = find_folder(path);
    return folder != NULL;
}

static int is_key_for(const char *folder, enum vouch_cert_type type, const struct vouch_key *key) {
    struct vouch_fault fault;
    autokey struct vouch_key *of_folder = NULL;
    return vouch_ca_read_key(folder, type, &of_folder, &fault) == VOUCH_OK &&
           vouch_key_equal(of_folder, key);
}

// Whether the folder's ledger is to be used: 1, 0 for a key of nobody's CA, or an exit status.
static int uses_folder(const struct vouch_keygen *args, const char *path, const char *folder) {
    vouch_autopublic struct vouch_keygen_public_key named = {0};
    enum vouch_cert_type wanted = wanted_type(args);
    enum vouch_cert_type other = wanted == VOUCH_CERT_USER ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
    if (folder == NULL || vouch_keygen_read_public(path, &named) != VOUCH_OK) {
        return 0;
    }
    if (is_key_for(folder, wanted, named.key)) {
        return 1;
    }
    if (is_key_for(folder, other, named.key)) {
        const char *names[] = {"user", "host"};
        int host = wanted == VOUCH_CERT_HOST;
        return vouch_keygen_fail("CA key %s signs %s certificates only: for a %s certificate use "
                                 "%s/%s_ca",
                                 path, names[!host], names[host], folder, names[host]);
    }
    return 0;
}

static int give_passphrase(void *context, const char *path, struct vouch_secret *ret_passphrase,
                           struct vouch_fault *fault) {
    int err = vouch_keygen_ask_for(context, path, ret_passphrase);
    return err == VOUCH_OK ? err
                           : vouch_fault_set(fault, err, &vouch_fault_passphrase,
                                             "%s: the passphrase could not be asked for", path);
}

static int say_fault(const struct vouch_fault *fault) {
    const char *next = fault->next[0] != '\0' ? fault->next : fault->kind->fix;
    vouch_keygen_say("%s", fault->text);
    return vouch_keygen_fail("%s [%s]", next, fault->kind->code);
}

static const char *agent_socket(void) {
    const char *socket = getenv("SSH_AUTH_SOCK");
    return socket != NULL && *socket != '\0' ? socket : NULL;
}

static int open_folder(const struct vouch_keygen *args, const char *path, const char *folder,
                       struct vouch_keygen_ca *ca) {
    struct vouch_fault fault;
    struct vouch_ca_open what = {.dir = folder,
                                 .type = wanted_type(args),
                                 .passphrase = {give_passphrase, (void *)(uintptr_t)args}};
    if (args->count['U'] > 0) {
        what.agent_socket = agent_socket();
        if (what.agent_socket == NULL) {
            return vouch_keygen_fail("Cannot use public key for CA signature: agent not present");
        }
    } else if (vouch_keygen_check_private(path) != VOUCH_OK) {
        return VOUCH_KEYGEN_FAILED;
    }
    vouch_secret_harden_process();
    int err = vouch_ca_open(&what, &ca->folder, &fault);
    if (err == VOUCH_ERR_PASSPHRASE) {
        return vouch_keygen_fail("Load key \"%s\": %s", path, vouch_keygen_why(err, NULL));
    }
    if (err != VOUCH_OK) {
        return say_fault(&fault);
    }
    ca->key = vouch_ca_key(ca->folder);
    return VOUCH_OK;
}

static int check_agent(const struct vouch_key *key, const char *path) {
    vouch_autolisting struct vouch_agent_listing listing = {0};
    const struct vouch_agent agent = {.socket_path = agent_socket()};
    struct vouch_fault fault;
    if (agent.socket_path == NULL) {
        return vouch_keygen_fail("Cannot use public key for CA signature: agent not present");
    }
    errno = 0;
    if (vouch_agent_list(&agent, &listing, &fault) != VOUCH_OK) {
        return errno != 0 ? vouch_keygen_fail("Cannot use public key for CA signature: %s",
                                              strerror(errno))
                          : vouch_keygen_fail("Retrieve agent key list: communication with agent "
                                              "failed");
    }
    return vouch_agent_listing_has(&listing, vouch_key_blob(key))
               ? VOUCH_OK
               : vouch_keygen_fail("CA key %s not found in agent", path);
}

static int open_agent(const char *path, struct vouch_keygen_ca *ca) {
    vouch_autopublic struct vouch_keygen_public_key named = {0};
    int err = vouch_keygen_read_public(path, &named);
    if (err != VOUCH_OK) {
        return vouch_keygen_fail("Cannot load CA public key %s: %s", path,
                                 vouch_keygen_why(err, NULL));
    }
    // A certificate is no CA: the agent would have to hold just that certificate, and sign as it.
    if (named.plain == NULL) {
        return vouch_keygen_fail("CA key %s not found in agent", path);
    }
    int status = check_agent(named.key, path);
    if (status == VOUCH_OK) {
        ca->key = ca->agent_key = vouch_steal(named.plain);
    }
    return status;
}

static int open_file(const struct vouch_keygen *args, const char *path,
                     struct vouch_keygen_ca *ca) {
    vouch_autofree char *comment = NULL;
    if (args->count['D'] > 0 || vouch_keygen_is_security_key(path)) {
        return vouch_keygen_hand_over(args, NULL);
    }
    int status = vouch_keygen_read_private(args, path, &ca->private_key, &comment);
    if (status == VOUCH_OK) {
        ca->key = vouch_private_key_public(ca->private_key);
    }
    return status;
}

static int open_any(const struct vouch_keygen *args, const char *path, struct vouch_keygen_ca *ca) {
    vouch_autofree char *folder = find_folder(path);
    int in_folder = uses_folder(args, path, folder);
    if (in_folder == VOUCH_KEYGEN_FAILED) {
        return in_folder;
    }
    if (in_folder && args->count['D'] > 0) {
        return vouch_keygen_fail("CA folder %s: signing with a PKCS#11 token would leave no record "
                                 "in its ledger; use -U with an agent that holds the token's key",
                                 folder);
    }
    if (in_folder) {
        return open_folder(args, path, folder, ca);
    }
    return args->count['U'] > 0 && args->count['D'] == 0 ? open_agent(path, ca)
                                                         : open_file(args, path, ca);
}

static int is_ecdsa(enum vouch_key_type type) {
    return type == VOUCH_KEY_ECDSA_P256 || type == VOUCH_KEY_ECDSA_P384 ||
           type == VOUCH_KEY_ECDSA_P521;
}

// -t names the CA's signature algorithm; that it is one of the key's type is checked here, and that it
// is a good one when it signs.
static int choose_algorithm(const struct vouch_keygen *args, struct vouch_keygen_ca *ca) {
    unsigned bits = 0;
    enum vouch_key_type type = vouch_key_type(ca->key);
    ca->algorithm = args->value['t'];
    if (ca->algorithm == NULL) {
        return VOUCH_OK;
    }
    enum vouch_key_type named = vouch_keygen_type(ca->algorithm, &bits);
    if (named == type || (is_ecdsa(named) && is_ecdsa(type))) {
        return VOUCH_OK;
    }
    return vouch_keygen_fail("CA key type %s doesn't match specified %s", vouch_key_type_name(type),
                             ca->algorithm);
}

int vouch_keygen_ca_open(const struct vouch_keygen *args, struct vouch_keygen_ca *ret_ca) {
    struct vouch_keygen_ca ca = {0};
    vouch_autofree char *path = vouch_keygen_expand(args->value['s']);
    if (path == NULL) {
        return VOUCH_KEYGEN_FAILED;
    }
    int status = open_any(args, path, &ca);
    if (status == VOUCH_OK) {
        status = choose_algorithm(args, &ca);
    }
    if (status != VOUCH_OK) {
        vouch_keygen_ca_close(&ca);
        return status;
    }
    *ret_ca = ca;
    return VOUCH_OK;
}

void vouch_keygen_ca_close(struct vouch_keygen_ca *ca) {
    vouch_private_key_free(ca->private_key);
    vouch_key_free(ca->agent_key);
    vouch_ca_close(ca->folder);
    *ca = (struct vouch_keygen_ca){0};
}

// OpenSSH's words for an algorithm of -t that is of the key's type, but no name of a signature; NULL
// if it is one.
static const char *judge_algorithm(const struct vouch_keygen_ca *ca) {
    static const char *const rsa[] = {"ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"};
    enum vouch_key_type type = vouch_key_type(ca->key);
    if (ca->algorithm == NULL) {
        return NULL;
    }
    if (type != VOUCH_KEY_RSA) {
        int is_own = strcmp(ca->algorithm, vouch_key_type_name(type)) == 0;
        return is_own ? NULL : "signature algorithm not supported";
    }
    for (size_t i = 0; i < sizeof rsa / sizeof rsa[0]; i++) {
        if (strcmp(ca->algorithm, rsa[i]) == 0) {
            return NULL;
        }
    }
    return "invalid argument";
}

static int sign_tbs(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    const struct vouch_keygen_ca *ca = context;
    if (ca->private_key != NULL) {
        return vouch_private_key_sign(ca->private_key, ca->algorithm, tbs, signature);
    }
    const struct vouch_agent agent = {.socket_path = agent_socket()};
    const struct vouch_agent_sign what = {.key = ca->key, .algorithm = ca->algorithm, .data = tbs};
    struct vouch_fault fault;
    return vouch_agent_sign(&agent, &what, signature, &fault);
}

static int sign_one(const struct vouch_keygen_ca *ca, const struct vouch_cert_spec *spec,
                    struct vouch_buf *cert) {
    const struct vouch_cert_ca by = {ca->key, sign_tbs, (void *)(uintptr_t)ca,
                                     VOUCH_CERT_RULES_OPENSSH};
    uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    struct vouch_where where;
    vouch_random(nonce, sizeof nonce);
    return vouch_cert_build(spec, &by, nonce, cert, &where);
}

static void who_asks(char *text, size_t size) {
    char host[256] = "";
    const struct passwd *who = getpwuid(getuid());
    (void)gethostname(host, sizeof host - 1);
    if (who != NULL) {
        (void)snprintf(text, size, "%s@%s", who->pw_name, host);
    } else {
        (void)snprintf(text, size, "uid:%lu@%s", (unsigned long)getuid(), host);
    }
}

// All or none, with one sync of the ledger.
static void sign_in_folder(const struct vouch_keygen_ca *ca, struct vouch_keygen_batch *batch) {
    struct vouch_issue issues[VOUCH_KEYGEN_BATCH_MAX];
    struct vouch_issued issued[VOUCH_KEYGEN_BATCH_MAX];
    struct vouch_fault fault;
    char actor[600];
    who_asks(actor, sizeof actor);
    for (size_t i = 0; i < batch->count; i++) {
        issues[i] = (struct vouch_issue){.spec = batch->specs[i],
                                         .keep_serial = 1,
                                         .rules = VOUCH_CERT_RULES_OPENSSH,
                                         .algorithm = ca->algorithm,
                                         .actor = vouch_bytes_of(actor),
                                         .evidence = vouch_bytes_of("local: holds the CA key"),
                                         .request = vouch_bytes_of("keygen -s")};
    }
    if (vouch_ca_issue(ca->folder, issues, batch->count, issued, NULL, &fault) != VOUCH_OK) {
        batch->why = vouch_str_copy(vouch_bytes_of(fault.text));
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        batch->certs[i] = issued[i].cert;
    }
    batch->made = batch->count;
}

static void sign_with_key(const struct vouch_keygen_ca *ca, struct vouch_keygen_batch *batch) {
    while (batch->made < batch->count) {
        struct vouch_buf *cert = &batch->certs[batch->made];
        vouch_buf_init(cert, VOUCH_CERT_BLOB_MAX);
        int err = sign_one(ca, &batch->specs[batch->made], cert);
        if (err != VOUCH_OK) {
            vouch_buf_done(cert);
            batch->why = vouch_str_copy(vouch_bytes_of(vouch_keygen_why(err, NULL)));
            return;
        }
        batch->made++;
    }
}

void vouch_keygen_ca_sign(const struct vouch_keygen_ca *ca, struct vouch_keygen_batch *batch) {
    const char *why = judge_algorithm(ca);
    if (why != NULL) {
        batch->why = vouch_str_copy(vouch_bytes_of(why));
    } else if (ca->folder != NULL) {
        sign_in_folder(ca, batch);
    } else {
        sign_with_key(ca, batch);
    }
}

void vouch_keygen_batch_done(struct vouch_keygen_batch *batch) {
    for (size_t i = 0; i < batch->made; i++) {
        vouch_buf_done(&batch->certs[i]);
    }
    free(batch->why);
    batch->why = NULL;
    batch->made = 0;
    batch->count = 0;
}
