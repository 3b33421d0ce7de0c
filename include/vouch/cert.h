// SPDX-License-Identifier: ISC
// OpenSSH certificates: read, print, build, check.
//
// Format: PROTOCOL.certkeys of OpenSSH, draft-ietf-sshm-cert. Times are seconds since 1970 UTC;
// `valid_after` is included and `valid_before` is not. Pure: the clock, randomness and the CA's
// signature come from the caller.
#pragma once

#include "vouch/key.h"

#define VOUCH_CERT_FOREVER UINT64_MAX
#define VOUCH_CERT_PRINCIPALS_MAX 256 // OpenSSH's SSHKEY_CERT_MAX_PRINCIPALS
#define VOUCH_CERT_KEY_ID_MAX 200     // longer ones hide serial and CA in sshd's log
#define VOUCH_CERT_BLOB_MAX (256 * 1024)
#define VOUCH_CERT_NONCE_LEN 32

enum vouch_cert_type { VOUCH_CERT_NONE = 0, VOUCH_CERT_USER = 1, VOUCH_CERT_HOST = 2 };

// One critical option or extension. `data` is the raw data field: empty for a flag, for a value
// "string value" (the second length prefix included).
struct vouch_cert_option {
    struct vouch_bytes name;
    struct vouch_bytes data;
};

// A certificate that was read. Every slice points into `blob`, which it owns.
struct vouch_cert {
    struct vouch_bytes blob;
    struct vouch_bytes tbs; // the part that is signed
    struct vouch_key *key;  // the subject's plain key
    struct vouch_key *ca;
    struct vouch_bytes nonce;
    uint64_t serial;
    enum vouch_cert_type type;
    struct vouch_bytes key_id;
    struct vouch_bytes *principals;
    size_t principal_count;
    uint64_t valid_after;
    uint64_t valid_before;
    struct vouch_cert_option *critical;
    size_t critical_count;
    struct vouch_cert_option *extensions;
    size_t extension_count;
    struct vouch_bytes reserved;
    struct vouch_bytes signature;
};

// Decodes a certificate and verifies its signature by the CA key inside. Accepts and refuses what
// OpenSSH does (any signature algorithm of the CA's type, also SHA-1: see the check). The caller
// frees *ret_cert with vouch_cert_free().
VOUCH_MUST_USE VOUCH_API int vouch_cert_parse(struct vouch_bytes blob, struct vouch_cert **ret_cert,
                                              struct vouch_where *ret_where);

// Frees a certificate; takes NULL.
VOUCH_API void vouch_cert_free(struct vouch_cert *cert);

// Appends "TYPE BASE64[ COMMENT]" without a line end.
VOUCH_API void vouch_cert_print(struct vouch_bytes blob, const char *comment,
                                struct vouch_buf *out);

// The value inside an option's data; VOUCH_ERR_FORMAT if it is not exactly one string.
VOUCH_MUST_USE VOUCH_API int vouch_cert_option_value(const struct vouch_cert_option *option,
                                                     struct vouch_bytes *ret_value);

// What to issue. All slices are borrowed. Options are given as in a certificate, sorted by name.
struct vouch_cert_spec {
    enum vouch_cert_type type;
    const struct vouch_key *key;
    uint64_t serial;
    struct vouch_bytes key_id;
    const struct vouch_bytes *principals;
    size_t principal_count;
    uint64_t valid_after;
    uint64_t valid_before;
    const struct vouch_cert_option *critical;
    size_t critical_count;
    const struct vouch_cert_option *extensions;
    size_t extension_count;
};

// Which rules an issued certificate must meet. The careful ones also refuse what OpenSSH would read
// but is dangerous; see vouch_cert_spec_check().
enum vouch_cert_rules { VOUCH_CERT_RULES_CAREFUL = 0, VOUCH_CERT_RULES_OPENSSH };

// The careful rules: serial not 0; key ID 1 to 200 printable ASCII characters without " and \;
// principals 1 to 256, none repeated, of allowed characters (user: letters digits _ . @ : + - not
// first -; host: lower-case names, addresses, no wildcards, no trailing dot); validity not empty, not
// for ever; options known, sorted, not repeated, well-formed and for users only; source-address
// canonical and not everyone; subject key (which must be set) not weak. 0, or VOUCH_ERR_ARGUMENT with
// the field.
VOUCH_MUST_USE VOUCH_API int vouch_cert_spec_check(const struct vouch_cert_spec *spec,
                                                   struct vouch_where *ret_where);

// Signs `tbs` with the CA's key: appends a signature blob and returns 0, or an error.
typedef int vouch_sign_fn(void *context, struct vouch_bytes tbs, struct vouch_buf *signature);

// A CA as the builder sees it. `sign` is called once a certificate.
struct vouch_cert_ca {
    const struct vouch_key *key;
    vouch_sign_fn *sign;
    void *context;
    enum vouch_cert_rules rules;
};

// Builds, signs, and verifies the signature before release; appends the blob to `out`, which is left
// as it was on any error. One spec, CA and nonce give one byte string. `nonce`: 32 fresh random bytes
// from the caller. VOUCH_ERR_SIGNATURE if what the callback made does not verify.
VOUCH_MUST_USE VOUCH_API int vouch_cert_build(const struct vouch_cert_spec *spec,
                                              const struct vouch_cert_ca *ca,
                                              const uint8_t nonce[static VOUCH_CERT_NONCE_LEN],
                                              struct vouch_buf *out, struct vouch_where *ret_where);

// A verdict on a certificate. The zero value refuses.
enum vouch_cert_verdict { VOUCH_CERT_REFUSED = 0, VOUCH_CERT_ACCEPTED = 1 };

enum vouch_cert_reason_code {
    VOUCH_CERT_REASON_NONE = 0,
    VOUCH_CERT_REASON_TYPE,      // a host certificate where a user's is asked, or the reverse
    VOUCH_CERT_REASON_CA,        // no trusted CA signed it
    VOUCH_CERT_REASON_ALGORITHM, // the CA signed with an algorithm that is not accepted
    VOUCH_CERT_REASON_NOT_YET_VALID,
    VOUCH_CERT_REASON_EXPIRED,
    VOUCH_CERT_REASON_NO_PRINCIPALS, // an empty list: refused, whatever is asked for
    VOUCH_CERT_REASON_PRINCIPAL,     // the name asked for is not listed
    VOUCH_CERT_REASON_CRITICAL, // a critical option that is not known, or on a host certificate
    VOUCH_CERT_REASON_OPTION,   // an option whose data is broken or that is repeated
    VOUCH_CERT_REASON_SOURCE,   // the address is not within source-address
    VOUCH_CERT_REASON_REVOKED,
    VOUCH_CERT_REASONS_MAX,
};

struct vouch_krl;

struct vouch_cert_reason {
    enum vouch_cert_reason_code code;
    const char *field; // a constant: the certificate's field
    char value[256];   // the offending value, printable ASCII, cut if longer
};

// What the certificate must be good for.
struct vouch_cert_expect {
    enum vouch_cert_type type;
    uint64_t now; // seconds since 1970
    const struct vouch_key *const *cas;
    size_t ca_count;             // none: refused
    struct vouch_bytes name;     // login or host; empty: any name is good, but there must be one
    int host_wildcards;          // nonzero: * and ? in host principals count (OpenSSH 10.3+)
    struct vouch_bytes address;  // the client's address, as text; empty: source-address not judged
    const struct vouch_krl *krl; // NULL: revocation is not judged
};

struct vouch_cert_result {
    enum vouch_cert_verdict verdict;
    size_t reason_count;
    struct vouch_cert_reason reasons[VOUCH_CERT_REASONS_MAX];
};

// Judges a parsed certificate (its signature has been verified by vouch_cert_parse). Fills in every
// reason for a refusal, in the order of the codes. Cannot fail.
VOUCH_API void vouch_cert_check(const struct vouch_cert *cert,
                                const struct vouch_cert_expect *expect,
                                struct vouch_cert_result *ret_result);

// A stable lower-case word for a reason, such as "expired". A constant.
VOUCH_API const char *vouch_cert_reason_text(enum vouch_cert_reason_code code);
