// SPDX-License-Identifier: ISC
// The command line of `vouch keygen`: ssh-keygen's letters, read in its order, with its complaints.
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/time.h"
#include "prog/vouch/keygen.h"

const char vouch_keygen_letters[] = "CEILNOPQUVZabfhklmnqstuvyz";

// Options end at the first file, as in ssh-keygen ("+"); complaints are our own (":").
static const char letters[] = "+:ABHKLQUXceghiklopquvyC:D:E:F:I:M:N:O:P:R:V:Y:Z:"
                              "a:b:f:g:m:n:r:s:t:w:z:";

static const char usage[] =
    "usage: vouch keygen [-q] [-a rounds] [-b bits] [-C comment] [-f file] [-m format]\n"
    "                    [-N passphrase] [-t ecdsa | ed25519 | rsa] [-Z cipher]\n"
    "       vouch keygen -s ca_key -I key_id [-hqU] [-n principals] [-O option] [-P passphrase]\n"
    "                    [-t algorithm] [-V validity] [-z serial] file ...\n"
    "       vouch keygen -L [-E hash] [-f file]\n"
    "       vouch keygen -l [-v] [-E hash] [-f file]\n"
    "       vouch keygen -y [-P passphrase] [-f file]\n"
    "       vouch keygen -k -f krl [-qu] [-C comment] [-s ca_public] [-z version] [file ...]\n"
    "       vouch keygen -Q [-l] -f krl [file ...]\n"
    "Whatever else ssh-keygen does is handed to the system's ssh-keygen.\n";

int vouch_keygen_usage(const char *message) {
    vouch_keygen_say("%s", message);
    (void)fputs(usage, stderr);
    return 1;
}

// strtonum(3) of the BSDs, with its three words.
static const char *read_number(const char *text, long long max, long long *ret_value) {
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0') {
        return "invalid";
    }
    if (value < 1) {
        return "too small";
    }
    if (value > max) {
        return "too large";
    }
    *ret_value = value;
    return NULL;
}

static int read_bits(const char *text, struct vouch_keygen *args) {
    long long value = 0;
    const char *bad = read_number(text, UINT32_MAX, &value);
    if (bad != NULL) {
        return vouch_keygen_fail("Bits has bad value %s (%s)", text, bad);
    }
    args->bits = (unsigned)value;
    return VOUCH_OK;
}

static int read_rounds(const char *text, struct vouch_keygen *args) {
    long long value = 0;
    const char *bad = read_number(text, INT_MAX, &value);
    if (bad != NULL) {
        return vouch_keygen_fail("Invalid number: %s (%s)", text, bad);
    }
    args->rounds = (uint32_t)value;
    return VOUCH_OK;
}

static int read_hash(const char *text, struct vouch_keygen *args) {
    static const struct {
        const char *name;
        enum vouch_hash hash;
    } hashes[] = {
        {"MD5", VOUCH_HASH_MD5},       {"SHA1", VOUCH_HASH_SHA1},     {"SHA256", VOUCH_HASH_SHA256},
        {"SHA384", VOUCH_HASH_SHA384}, {"SHA512", VOUCH_HASH_SHA512},
    };
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        if (strcasecmp(text, hashes[i].name) == 0) {
            args->hash = hashes[i].hash;
            return VOUCH_OK;
        }
    }
    return vouch_keygen_fail("Invalid hash algorithm \"%s\"", text);
}

static int read_serial(const char *text, struct vouch_keygen *args) {
    char *end = NULL;
    if (*text == '+') {
        args->serial_step = 1;
        text++;
    }
    errno = 0;
    args->serial = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno == ERANGE) {
        return vouch_keygen_fail("Invalid serial number \"%s\"", text);
    }
    return VOUCH_OK;
}

static int is_one_of(const char *text, const char *const *words) {
    while (*words != NULL && strcasecmp(text, *words) != 0) {
        words++;
    }
    return *words != NULL;
}

static int read_format(const char *text, struct vouch_keygen *args) {
    static const char *const formats[] = {"RFC4716", "ssh2", "PKCS8", "PEM", NULL};
    (void)args;
    return is_one_of(text, formats)
               ? VOUCH_OK
               : vouch_keygen_fail("Unsupported conversion format \"%s\"", text);
}

static int read_cipher(const char *text, struct vouch_keygen *args) {
    static const char *const ciphers[] = {
        "3des-cbc",   "aes128-cbc", "aes192-cbc", "aes256-cbc",
        "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com",
        "none",       NULL,
    };
    static const char *const more[] = {"aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
                                       NULL};
    (void)args;
    return is_one_of(text, ciphers) || is_one_of(text, more)
               ? VOUCH_OK
               : vouch_keygen_fail("Invalid OpenSSH-format cipher '%s'", text);
}

static int read_moduli(const char *text, struct vouch_keygen *args) {
    (void)args;
    return strcmp(text, "generate") == 0 || strcmp(text, "screen") == 0
               ? VOUCH_OK
               : vouch_keygen_fail("Unsupported moduli option %s", text);
}

static int read_file(const char *text, struct vouch_keygen *args) {
    (void)args;
    return strlen(text) < PATH_MAX ? VOUCH_OK : vouch_keygen_fail("Identity filename too long");
}

static int read_validity(const char *text, struct vouch_keygen *args) {
    return vouch_keygen_validity_parse(text, vouch_time_now_s(), args);
}

static int read_option(const char *text, struct vouch_keygen *args) {
    args->options[args->option_count++] = text;
    return VOUCH_OK;
}

// The letters whose argument is judged where it stands.
static const struct {
    int letter;
    int (*read)(const char *text, struct vouch_keygen *args);
} readers[] = {
    {'a', read_rounds}, {'b', read_bits},   {'E', read_hash},   {'f', read_file},
    {'M', read_moduli}, {'m', read_format}, {'O', read_option}, {'V', read_validity},
    {'Z', read_cipher}, {'z', read_serial},
};

static int take(int letter, const char *text, struct vouch_keygen *args) {
    if (args->count[letter] < UCHAR_MAX) {
        args->count[letter]++;
    }
    args->value[letter] = text;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (readers[i].letter == letter) {
            return readers[i].read(text, args);
        }
    }
    return VOUCH_OK;
}

static int refuse(const char *what, int letter) {
    char text[64];
    (void)snprintf(text, sizeof text, "%s -- %c", what, letter);
    return vouch_keygen_usage(text);
}

static int read_letters(int argc, char **argv, struct vouch_keygen *args) {
    int letter;
    opterr = 0;
    optind = 0; // begins anew, for main() may have read options of its own
    while ((letter = getopt(argc, argv, letters)) != -1) {
        if (letter == '?') {
            return refuse("unknown option", optopt);
        }
        if (letter == ':') {
            return refuse("option requires an argument", optopt);
        }
        int status = take(letter, optarg, args);
        if (status != VOUCH_OK) {
            return status;
        }
    }
    return VOUCH_OK;
}

static const char *name_of(const char *argv0) {
    const char *slash = strrchr(argv0, '/');
    const char *name = slash != NULL ? slash + 1 : argv0;
    return strcmp(name, "keygen") == 0 ? "vouch keygen" : name;
}

int vouch_keygen_parse(int argc, char **argv, struct vouch_keygen *args) {
    *args = (struct vouch_keygen){.name = name_of(argv[0]),
                                  .argv = argv,
                                  .hash = VOUCH_HASH_SHA256,
                                  .valid_before = VOUCH_CERT_FOREVER};
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        return fputs(usage, stdout) >= 0 ? 0 : VOUCH_KEYGEN_FAILED;
    }
    args->options = calloc((size_t)argc, sizeof *args->options);
    if (args->options == NULL) {
        return vouch_keygen_fail("%s", vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
    }
    int status = read_letters(argc, argv, args);
    if (status != VOUCH_OK) {
        return status;
    }
    args->files = argv + optind;
    args->file_count = argc - optind;
    return VOUCH_KEYGEN_GO_ON;
}

void vouch_keygen_done(struct vouch_keygen *args) {
    free(args->options);
    args->options = NULL;
}
