// SPDX-License-Identifier: ISC
// `vouch keygen`: ssh-keygen's command line, for all that a CA does with it.
//
// Messages, files and exit statuses are those of ssh-keygen (0 done; 1 wrong use, or a "no" of -L and
// -Q; 255 failed), so that scripts need not change; the careful rules are those of `vouch sign`. What
// is not a CA's business is handed to the system's ssh-keygen. Only keygen*.c use this header beyond
// its first function.
#pragma once

#include "base/secret.h"
#include "vouch/cert.h"

// Runs with argv[0] as the name we were called by, and returns the exit status.
int vouch_keygen_main(int argc, char **argv);

// The letters that mean something in what is not handed over.
extern const char vouch_keygen_letters[];

#define VOUCH_KEYGEN_FAILED 255 // the exit status of a failure
#define VOUCH_KEYGEN_GO_ON (-1) // no exit status yet

// The command line. Texts are argv's.
struct vouch_keygen {
    const char *name; // of the program, for messages
    char **argv;
    unsigned char count[128]; // how often each letter was given
    const char *value[128];   // its last argument
    const char **options;     // the arguments of all -O, in order
    size_t option_count;
    char **files;
    int file_count;
    enum vouch_hash hash; // -E
    unsigned bits;        // -b, 0: not given
    uint32_t rounds;      // -a, 0: not given
    uint64_t serial;      // -z
    uint64_t serial_step; // 1 for -z +N, else 0
    uint64_t valid_after; // -V
    uint64_t valid_before;
};

// Reads the command line. VOUCH_KEYGEN_GO_ON, or the exit status after saying what is wrong. The
// caller ends *args with vouch_keygen_done() in either case.
int vouch_keygen_parse(int argc, char **argv, struct vouch_keygen *args);
void vouch_keygen_done(struct vouch_keygen *args);

// Says `message`, prints the usage on standard error, and returns 1.
int vouch_keygen_usage(const char *message);

// What each invocation does; returns its exit status.
int vouch_keygen_sign(const struct vouch_keygen *args);        // -s
int vouch_keygen_show(const struct vouch_keygen *args);        // -L
int vouch_keygen_fingerprint(const struct vouch_keygen *args); // -l
int vouch_keygen_public(const struct vouch_keygen *args);      // -y
int vouch_keygen_generate(const struct vouch_keygen *args);
int vouch_keygen_krl_build(const struct vouch_keygen *args); // -k
int vouch_keygen_krl_check(const struct vouch_keygen *args); // -Q

// Becomes the system's ssh-keygen (VOUCH_SSH_KEYGEN, or the first on PATH that is not this program)
// with the same arguments, after `-t type` if `type` is not NULL. Returns only on failure.
int vouch_keygen_hand_over(const struct vouch_keygen *args, const char *type);

// --- what is said -------------------------------------------------------------------------------

// Prints a line on standard error as OpenSSH does: what is unprintable as \ooo, ended by CR LF.
void vouch_keygen_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The same, and returns VOUCH_KEYGEN_FAILED.
int vouch_keygen_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Prints text on standard output with what the locale cannot print as \ooo, save for the characters of
// `blanks`.
void vouch_keygen_print_safe(const char *text, const char *blanks);

// Prints text on standard output as it stands, byte for byte, for programs; where a terminal reads it,
// safely, for what a certificate says must not drive one.
void vouch_keygen_print(const char *text);

// OpenSSH's words for an error of core, or errno's for one of the system. `where` may be NULL.
const char *vouch_keygen_why(int err, const struct vouch_where *where);

// In a where, `field` is this when `reason` is OpenSSH's words already.
extern const char vouch_keygen_words[];

// OpenSSH's words for a key or certificate that core refused with `err`: it names some faults by what
// it read first, others by the field. A constant.
const char *vouch_keygen_explain(struct vouch_bytes blob, int err);

#define VOUCH_KEYGEN_VALIDITY_MAX 96

// "forever", "after T", "before T" or "from T to T" in local time.
void vouch_keygen_validity_text(uint64_t valid_after, uint64_t valid_before,
                                char ret_text[static VOUCH_KEYGEN_VALIDITY_MAX]);

// The fingerprint with its picture ("randomart"), without a line end.
void vouch_keygen_picture(const struct vouch_key *key, const char *label, enum vouch_hash hash,
                          struct vouch_buf *out);

// --- what is read from the command line ---------------------------------------------------------

// Reads -V as of `now` and sets both times; 0, or VOUCH_KEYGEN_FAILED after saying what is wrong.
VOUCH_MUST_USE int vouch_keygen_validity_parse(const char *text, uint64_t now,
                                               struct vouch_keygen *args);

// The options of a certificate. Slices point into argv and into `data`.
struct vouch_keygen_limits {
    struct vouch_cert_option *critical;
    size_t critical_count;
    struct vouch_cert_option *extensions;
    size_t extension_count;
    struct vouch_buf data;
};

// Reads all -O and -h. 0, or VOUCH_KEYGEN_FAILED after saying what is wrong. The caller ends
// *ret_limits with vouch_keygen_limits_done().
VOUCH_MUST_USE int vouch_keygen_limits_parse(const struct vouch_keygen *args,
                                             struct vouch_keygen_limits *ret_limits);
void vouch_keygen_limits_done(struct vouch_keygen_limits *limits);

// The key type that a name of -t means ("rsa", "ssh-rsa", "rsa-sha2-256"; for "ecdsa" P-256), or
// VOUCH_KEY_NONE. *ret_bits: the size that the name itself fixes, or 0.
enum vouch_key_type vouch_keygen_type(const char *name, unsigned *ret_bits);
