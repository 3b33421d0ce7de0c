// SPDX-License-Identifier: ISC
// RSA keys that must not be certified: sizes, exponents, and moduli that can be factored.
#include <openssl/bn.h>

#include "core/key-pkey.h"

// The largest root with root^2 <= n, by Newton's iteration from above.
static int floor_root(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx) {
    BN_CTX_start(ctx);
    BIGNUM *next = BN_CTX_get(ctx);
    BN_zero(root);
    int good = next != NULL && BN_set_bit(root, (BN_num_bits(n) + 1) / 2);
    while (good) {
        good =
            BN_div(next, NULL, n, root, ctx) && BN_add(next, next, root) && BN_rshift1(next, next);
        if (!good || BN_cmp(next, root) >= 0) {
            break;
        }
        BN_swap(next, root);
    }
    BN_CTX_end(ctx);
    return good;
}

// Squares leave few residues: this lets 1 number in 60 through to the square root.
static int may_be_square(const BIGNUM *number) {
    static const unsigned moduli[] = {64, 63, 65};
    for (size_t i = 0; i < sizeof moduli / sizeof moduli[0]; i++) {
        unsigned residue = (unsigned)BN_mod_word(number, moduli[i]);
        int found = 0;
        for (unsigned x = 0; x < moduli[i] && !found; x++) {
            found = x * x % moduli[i] == residue;
        }
        if (!found) {
            return 0;
        }
    }
    return 1;
}

static int is_square(const BIGNUM *number, BN_CTX *ctx) {
    if (BN_is_negative(number) || !may_be_square(number)) {
        return 0;
    }
    BN_CTX_start(ctx);
    BIGNUM *root = BN_CTX_get(ctx);
    BIGNUM *square = BN_CTX_get(ctx);
    int is = square != NULL && floor_root(root, number, ctx) && BN_sqr(square, root, ctx) &&
             BN_cmp(square, number) == 0;
    BN_CTX_end(ctx);
    return is;
}

// Fermat's method: if p and q lie close together, some a just above sqrt(n) makes a^2 - n a square.
static int factors_are_close(const BIGNUM *n, BN_CTX *ctx) {
    BN_CTX_start(ctx);
    BIGNUM *a = BN_CTX_get(ctx);
    BIGNUM *rest = BN_CTX_get(ctx);
    int close = 0;
    int good = rest != NULL && floor_root(a, n, ctx);
    for (int round = 0; good && !close && round < 100; round++) {
        good = BN_add_word(a, 1) && BN_sqr(rest, a, ctx) && BN_sub(rest, rest, n);
        close = good && is_square(rest, ctx);
    }
    BN_CTX_end(ctx);
    return close;
}

static int has_small_factor(const BIGNUM *n) {
    for (BN_ULONG divisor = 3; divisor < 752; divisor += 2) {
        if (BN_mod_word(n, divisor) == 0) {
            return 1;
        }
    }
    return !BN_is_odd(n);
}

// Nonzero if `residue` is a power of 65537 modulo the prime.
static int is_power(unsigned residue, unsigned prime) {
    unsigned power = 1;
    do {
        if (power == residue) {
            return 1;
        }
        power = (unsigned)((uint64_t)power * 65537 % prime);
    } while (power != 1);
    return 0;
}

// Moduli of the broken Infineon generator are powers of 65537 modulo each of these primes (Nemec and
// others, CCS 2017); any other modulus is so with a chance of about 2^-27.
static int is_roca(const BIGNUM *n) {
    static const unsigned primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                      79, 97, 103, 107, 109, 127, 151, 157};
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        if (!is_power((unsigned)BN_mod_word(n, primes[i]), primes[i])) {
            return 0;
        }
    }
    return 1;
}

static const char *exponent_weakness(const BIGNUM *e) {
    if (!BN_is_odd(e)) {
        return "has an even RSA exponent";
    }
    if (BN_get_word(e) < 65537) {
        return "has an RSA exponent below 65537";
    }
    return BN_num_bits(e) > 32 ? "has an RSA exponent over 2^32" : NULL;
}

static const char *modulus_weakness(const BIGNUM *n, BN_CTX *ctx) {
    if (has_small_factor(n)) {
        return "has an RSA modulus with a small factor";
    }
    if (is_roca(n)) {
        return "has an RSA modulus of a broken generator (ROCA, CVE-2017-15361)";
    }
    return factors_are_close(n, ctx) ? "has an RSA modulus whose factors are too close" : NULL;
}

const char *vouch_rsa_weakness(const struct vouch_key *key) {
    if (key->bits < 2048) {
        return "is an RSA key of fewer than 2048 bits";
    }
    if (key->bits > 8192) {
        return "is an RSA key of more than 8192 bits";
    }
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *e = BN_bin2bn(key->rsa_e.ptr, (int)key->rsa_e.len, NULL);
    BIGNUM *n = BN_bin2bn(key->rsa_n.ptr, (int)key->rsa_n.len, NULL);
    const char *why = "could not be examined";
    if (ctx != NULL && e != NULL && n != NULL) {
        why = exponent_weakness(e);
        why = why != NULL ? why : modulus_weakness(n, ctx);
    }
    BN_free(e);
    BN_free(n);
    BN_CTX_free(ctx);
    return why;
}
