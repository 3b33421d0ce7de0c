// SPDX-License-Identifier: ISC
// The picture of a fingerprint: a bishop walks over a field by the bits of the hash, and each square
// shows how often he came by (D. Loss et al., "The drunken bishop", 2009).
#include <stdio.h>

#include "core/key.h"
#include "prog/vouch/keygen.h"

#define WIDTH 17
#define HEIGHT 9

// By the number of visits; the last two mark where he began and where he ended.
static const char squares[] = " .o+=*BOX@%&#/^SE";
#define VISITS_MAX 14
#define START 15
#define END 16

struct walk {
    unsigned char visits[HEIGHT][WIDTH];
    size_t row;
    size_t column;
};

static size_t move(size_t at, size_t length, int forwards) {
    if (forwards) {
        return at + 1 < length ? at + 1 : at;
    }
    return at > 0 ? at - 1 : at;
}

static void step(struct walk *walk, unsigned bits) {
    walk->column = move(walk->column, WIDTH, (bits & 1) != 0);
    walk->row = move(walk->row, HEIGHT, (bits & 2) != 0);
    unsigned char *visits = &walk->visits[walk->row][walk->column];
    if (*visits < VISITS_MAX) {
        ++*visits;
    }
}

static void frame(const char *title, struct vouch_buf *out) {
    char line[WIDTH + 3];
    size_t len = strlen(title);
    memset(line, '-', sizeof line);
    memcpy(line + 1 + (WIDTH - len) / 2, title, len);
    line[0] = line[WIDTH + 1] = '+';
    line[WIDTH + 2] = '\0';
    vouch_buf_put_text(out, line);
}

static const char *hash_name(enum vouch_hash hash) {
    switch (hash) {
    case VOUCH_HASH_MD5:
        return "[MD5]";
    case VOUCH_HASH_SHA1:
        return "[SHA1]";
    case VOUCH_HASH_SHA384:
        return "[SHA384]";
    case VOUCH_HASH_SHA512:
        return "[SHA512]";
    case VOUCH_HASH_SHA256:
        break;
    }
    return "[SHA256]";
}

static void draw(const struct walk *walk, struct vouch_buf *out) {
    for (size_t row = 0; row < HEIGHT; row++) {
        char line[WIDTH + 4] = "|";
        for (size_t column = 0; column < WIDTH; column++) {
            line[1 + column] = squares[walk->visits[row][column]];
        }
        memcpy(line + 1 + WIDTH, "|\n", 3);
        vouch_buf_put_text(out, line);
    }
}

void vouch_keygen_picture(const struct vouch_key *key, const char *label, enum vouch_hash hash,
                          struct vouch_buf *out) {
    struct walk walk = {.row = HEIGHT / 2, .column = WIDTH / 2};
    uint8_t digest[VOUCH_HASH_MAX];
    size_t len = vouch_hash_bytes(hash, vouch_key_blob(key), digest);
    for (size_t i = 0; i < len * 4; i++) {
        step(&walk, (unsigned)digest[i / 4] >> (2 * (i % 4)));
    }
    walk.visits[HEIGHT / 2][WIDTH / 2] = START;
    walk.visits[walk.row][walk.column] = END;

    char title[WIDTH];
    if (snprintf(title, sizeof title, "[%s %u]", label, vouch_key_bits(key)) > WIDTH) {
        (void)snprintf(title, sizeof title, "[%s]", label);
    }
    frame(title, out);
    vouch_buf_put_text(out, "\n");
    draw(&walk, out);
    frame(hash_name(hash), out);
}
