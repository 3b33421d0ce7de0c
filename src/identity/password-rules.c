// SPDX-License-Identifier: ISC
// Which passwords are too easy to guess.
//
// A list of leaked passwords alone would refuse few that have 12 characters, and would miss those that
// people make of its first hundred entries by adding a year. So a password is taken apart: a common word
// weighs as much as two characters, in whatever spelling; what only follows from the characters before it
// weighs nothing; and what is left must weigh something.
#include "base/secret.h"
#include "base/str.h"
#include "identity/password.h"

#define WEIGHT_MIN 8
#define WORD_WEIGHT 2
#define YEAR_WEIGHT 1
#define NAME_MIN 3
#define WEIGHED_MAX 256 // bytes

// The length of the UTF-8 character that begins here; 0: none does.
static size_t character(const uint8_t *at, size_t left) {
    static const struct {
        uint8_t mask, head;
        size_t len;
        uint32_t least;
    } forms[] = {
        {0x80, 0, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if ((at[0] & forms[i].mask) != forms[i].head || forms[i].len > left) {
            continue;
        }
        uint32_t point = at[0] & (uint8_t)~forms[i].mask;
        for (size_t j = 1; j < forms[i].len; j++) {
            if ((at[j] & 0xc0) != 0x80) {
                return 0;
            }
            point = point << 6 | (at[j] & 0x3f);
        }
        int is_surrogate = point >= 0xd800 && point <= 0xdfff;
        return point < forms[i].least || point > 0x10ffff || is_surrogate ? 0 : forms[i].len;
    }
    return 0;
}

// How many characters these bytes are; -1: they are not UTF-8.
static long characters(struct vouch_bytes text) {
    long count = 0;
    for (size_t i = 0; i < text.len; count++) {
        size_t len = character(text.ptr + i, text.len - i);
        if (len == 0) {
            return -1;
        }
        i += len;
    }
    return count;
}

static int is_blank(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != ' ' && (text.ptr[i] < '\t' || text.ptr[i] > '\r')) {
            return 0;
        }
    }
    return 1;
}

int vouch_password_is_text(struct vouch_bytes password) {
    return password.len <= VOUCH_PASSWORD_BYTES_MAX && !is_blank(password) &&
           memchr(password.ptr, 0, password.len) == NULL && characters(password) > 0;
}

static uint8_t lower(uint8_t c) {
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

// May `c` stand for the letter?
static int stands_for(uint8_t c, uint8_t letter) {
    static const char pairs[] = "0o1i1l!i|l3e4a@a5s$s7t+t8b9g6g2z(c";
    if (lower(c) == letter) {
        return 1;
    }
    for (size_t i = 0; i + 1 < sizeof pairs; i += 2) {
        if (c == (uint8_t)pairs[i] && letter == (uint8_t)pairs[i + 1]) {
            return 1;
        }
    }
    return 0;
}

static int begins_with(struct vouch_bytes text, struct vouch_bytes word) {
    if (text.len < word.len) {
        return 0;
    }
    for (size_t i = 0; i < word.len; i++) {
        if (!stands_for(text.ptr[i], lower(word.ptr[i]))) {
            return 0;
        }
    }
    return 1;
}

// Where a key lies: row times 16 and its place there; 0: nowhere.
static int key_place(uint8_t c) {
    static const char *const rows[] = {"`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./",
                                       "qwertzuiop"};
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        const char *at = c != 0 ? strchr(rows[row], c) : NULL;
        if (at != NULL) {
            return (int)(row * 16 + 1) + (int)(at - rows[row]);
        }
    }
    return 0;
}

// The step from one character to the next on the keyboard or in the alphabet; 99: none.
static int step(uint8_t from, uint8_t to) {
    int by_code = lower(to) - lower(from), by_key = key_place(lower(to)) - key_place(lower(from));
    if (by_code >= -1 && by_code <= 1) {
        return by_code;
    }
    return key_place(to) != 0 && (by_key == 1 || by_key == -1) ? 10 + by_key : 99;
}

// Does the character at `i` only go on as the two before it did?
static int follows(struct vouch_bytes text, size_t i) {
    if (i < 2) {
        return 0;
    }
    int now = step(text.ptr[i - 1], text.ptr[i]);
    return now != 99 && now == step(text.ptr[i - 2], text.ptr[i - 1]);
}

static int is_year(struct vouch_bytes text) {
    return text.len >= 4 && (memcmp(text.ptr, "19", 2) == 0 || memcmp(text.ptr, "20", 2) == 0) &&
           text.ptr[2] >= '0' && text.ptr[2] <= '9' && text.ptr[3] >= '0' && text.ptr[3] <= '9';
}

static void lower_to(uint16_t *weight, uint16_t value) {
    *weight = value < *weight ? value : *weight;
}

// Carries the weight of the first `at` characters over every piece that may come next.
static void go_on(struct vouch_bytes text, struct vouch_bytes name, size_t at, uint16_t *weights) {
    struct vouch_bytes rest = {text.ptr + at, text.len - at};
    uint16_t so_far = weights[at];
    // Of a character beyond ASCII only the first byte weighs.
    int weighs = !follows(text, at) && (rest.ptr[0] & 0xc0) != 0x80;
    lower_to(&weights[at + 1], (uint16_t)(so_far + weighs));
    if (is_year(rest)) {
        lower_to(&weights[at + 4], (uint16_t)(so_far + YEAR_WEIGHT));
    }
    if (name.len >= NAME_MIN && begins_with(rest, name)) {
        lower_to(&weights[at + name.len], (uint16_t)(so_far + WORD_WEIGHT));
    }
    struct vouch_bytes words = vouch_password_words;
    while (words.ptr != NULL) {
        struct vouch_bytes word = vouch_str_cut(&words, ' ');
        if (begins_with(rest, word)) {
            lower_to(&weights[at + word.len], (uint16_t)(so_far + WORD_WEIGHT));
        }
    }
}

// Without its repetitions: "abcabcab" is "abc".
static struct vouch_bytes period(struct vouch_bytes text) {
    for (size_t len = 1; len <= text.len / 2; len++) {
        if (memcmp(text.ptr, text.ptr + len, text.len - len) == 0) {
            return (struct vouch_bytes){text.ptr, len};
        }
    }
    return text;
}

// Of the beginning, that is; who needs more than that to weigh enough has not tried.
static unsigned weigh(struct vouch_bytes password, struct vouch_bytes name) {
    uint16_t weights[WEIGHED_MAX + 1];
    struct vouch_bytes text = period(password);
    text.len = text.len < WEIGHED_MAX ? text.len : WEIGHED_MAX;
    memset(weights, 0xff, sizeof weights);
    weights[0] = 0;
    for (size_t i = 0; i < text.len; i++) {
        go_on(text, name, i, weights);
    }
    unsigned weight = weights[text.len];
    vouch_wipe(weights, sizeof weights); // they tell its shape
    return weight;
}

// Weighed as it is, and without what people put between words.
static int is_easy(struct vouch_bytes password, struct vouch_bytes name) {
    uint8_t joined[VOUCH_PASSWORD_BYTES_MAX];
    size_t len = 0;
    for (size_t i = 0; i < password.len; i++) {
        if (memchr(" -_.,", password.ptr[i], 5) == NULL) {
            joined[len++] = password.ptr[i];
        }
    }
    int result = weigh(password, name) < WEIGHT_MIN ||
                 weigh((struct vouch_bytes){joined, len}, name) < WEIGHT_MIN;
    vouch_wipe(joined, sizeof joined);
    return result;
}

const char *vouch_password_objection(struct vouch_bytes password, struct vouch_bytes name) {
    if (password.len > VOUCH_PASSWORD_BYTES_MAX) {
        return "is longer than 1,024 bytes";
    }
    if (is_blank(password)) {
        return "is empty, or nothing but blanks";
    }
    if (memchr(password.ptr, 0, password.len) != NULL) {
        return "holds a NUL byte";
    }
    long count = characters(password);
    if (count < 0) {
        return "is not UTF-8";
    }
    if (count < VOUCH_PASSWORD_CHARS_MIN) {
        return "is shorter than 12 characters";
    }
    if (is_easy(password, name)) {
        return "is too easy to guess: made of common words, the account's name, years, or "
               "characters in a row. Four or more words that have nothing to do with each other "
               "are good";
    }
    return NULL;
}
