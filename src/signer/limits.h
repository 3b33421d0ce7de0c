// SPDX-License-Identifier: ISC
// The signer's ceiling: what it never signs, whoever asks and whatever the authority decided.
//
// Pure: no file, no clock. The program reads the ceiling's file (ceiling.yaml) into this struct, before
// the signer is opened; the signer copies it. Beside the ceiling the careful rules of issuing hold
// always (vouch_cert_spec_check()).
#pragma once

#include "base/fault.h"
#include "core/host-wildcard.h"
#include "signer/signer.h"

#define VOUCH_CEILING_TTL_MIN_S 60 // bounds of ttl_max_s
#define VOUCH_CEILING_TTL_MAX_S (UINT64_C(10) * 366 * 86400)
#define VOUCH_CEILING_RATE_MAX 1000000  // bound of rate_per_s
#define VOUCH_CEILING_RSA_BITS_MIN 2048 // bounds of rsa_bits_min
#define VOUCH_CEILING_RSA_BITS_MAX 8192
#define VOUCH_CEILING_BACKDATE_S 3600 // how long before now a certificate may begin

// For one kind of certificate.
struct vouch_signer_bounds {
    uint64_t ttl_max_s;      // from now on, when it is signed
    uint64_t principals_max; // 1 to VOUCH_CERT_PRINCIPALS_MAX
    uint32_t
        options; // bits by vouch_ceiling_option_bit(): which options and extensions may be there
};

struct vouch_signer_ceiling {
    struct vouch_signer_bounds user;
    struct vouch_signer_bounds host; // options: none
    uint64_t rate_per_s;             // certificates of both CAs together; 0: no limit
    uint64_t rsa_bits_min;
    uint32_t key_types;                  // bits 1 << enum vouch_key_type: of subjects' keys
    struct vouch_host_domains wildcards; // below which a host's name may be a wildcard
};

// 24 h and 16 names for users, with every option but no-touch-required; 90 days and 16 names for hosts;
// 20,000 a second; every key type, RSA from 2048 bits; no wildcards.
struct vouch_signer_ceiling vouch_signer_ceiling_default(void);

// The bit of an option's name ("permit-pty"); 0 if sshd knows none of that name. The names in the order
// of their bits are vouch_cert_option_kinds[] of core/cert-options.h.
uint32_t vouch_ceiling_option_bit(struct vouch_bytes name);

// Whether a ceiling is one: NULL, or the first field over its bound as the file calls it ("user.ttl_max"),
// with *ret_why set.
const char *vouch_signer_ceiling_fault(const struct vouch_signer_ceiling *ceiling,
                                       const char **ret_why);

// VOUCH_SIGNER_DONE if the ceiling and the careful rules allow it; else REFUSED with the reason. The
// serial is not looked at. ask->spec.key may be NULL, which is refused. Cheap checks come first.
enum vouch_signer_outcome vouch_signer_ask_check(const struct vouch_signer_ceiling *ceiling,
                                                 const struct vouch_signer_ask *ask, uint64_t now_s,
                                                 struct vouch_signer_refusal *ret_refusal);

// The same for an event's type, texts and details.
enum vouch_signer_outcome vouch_signer_event_check(const struct vouch_signer_event *event,
                                                   struct vouch_signer_refusal *ret_refusal);

// A bucket that holds what one second may bring, filled as time goes by.
struct vouch_signer_rate {
    uint64_t per_s; // 0: no limit
    uint64_t level_ns;
    uint64_t last_ns;
};
void vouch_signer_rate_init(struct vouch_signer_rate *rate, uint64_t per_s, uint64_t now_ns);

// Takes one: DONE, or REFUSED with the reason. now_ns never goes back.
enum vouch_signer_outcome vouch_signer_rate_take(struct vouch_signer_rate *rate, uint64_t now_ns,
                                                 struct vouch_signer_refusal *ret_refusal);

// Fills in a refusal: code of `kind`, field, one printable line. Returns VOUCH_SIGNER_REFUSED.
enum vouch_signer_outcome vouch_signer_refuse(struct vouch_signer_refusal *ret_refusal,
                                              const struct vouch_fault_kind *kind,
                                              const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
