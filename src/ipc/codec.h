// SPDX-License-Identifier: ISC
// Structs as bytes: one encoder and one decoder, driven by a table of fields for each struct.
//
// Every field has its bound, and both directions hold to it; a decoder takes the one encoding and no
// byte more. Pure.
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "vouch/wire.h"

enum vouch_field_kind {
    VOUCH_FIELD_END = 0,
    VOUCH_FIELD_U64,   // uint64_t
    VOUCH_FIELD_ENUM,  // an enum; `max`: the highest value
    VOUCH_FIELD_BYTES, // struct vouch_bytes; `max`: bytes
    VOUCH_FIELD_FIXED, // uint8_t[max]
    VOUCH_FIELD_TEXT,  // char[max], ended by NUL
    VOUCH_FIELD_LIST, // struct vouch_text_list; `max`: texts, each at most VOUCH_CODEC_TEXT_MAX bytes
    VOUCH_FIELD_PART, // a struct inside, of `part`
    VOUCH_FIELD_ROWS, // a pointer to structs of `part`, and their size_t at `count`; `max`: rows
};

#define VOUCH_CODEC_TEXT_MAX 4096

struct vouch_text_list {
    const struct vouch_bytes *items;
    size_t count;
};

struct vouch_fields;

struct vouch_field {
    enum vouch_field_kind kind;
    const char *name; // for faults and replies
    size_t offset;
    size_t max;
    size_t count; // ROWS: offset of the number of rows
    const struct vouch_fields *part;
};

struct vouch_fields {
    const struct vouch_field *fields; // ended by VOUCH_FIELD_END
    size_t size;                      // of the struct
};

// Nonzero if the object is within its bounds; else *ret_name is the first field that is not.
int vouch_codec_fits(const struct vouch_fields *fields, const void *object, const char **ret_name);

// Appends an object that fits. One that does not sets out->err to VOUCH_ERR_LIMIT.
void vouch_codec_write(const struct vouch_fields *fields, const void *object,
                       struct vouch_buf *out);

// Reads an object; errors stick in the reader. Slices point into its input, arrays into the arena.
void vouch_codec_read(const struct vouch_fields *fields, struct vouch_reader *reader,
                      struct vouch_arena *arena, void *ret_object);

// Rows of a table: members of `struct type`.
#define F_U64(type, member)                                                                        \
    { VOUCH_FIELD_U64, #member, offsetof(struct type, member), 0, 0, NULL }
#define F_ENUM(type, member, name, highest)                                                        \
    { VOUCH_FIELD_ENUM, name, offsetof(struct type, member), highest, 0, NULL }
#define F_BYTES(type, member, name, most)                                                          \
    { VOUCH_FIELD_BYTES, name, offsetof(struct type, member), most, 0, NULL }
#define F_FIXED(type, member)                                                                      \
    {                                                                                              \
        VOUCH_FIELD_FIXED, #member, offsetof(struct type, member),                                 \
            sizeof(((struct type *)0)->member), 0, NULL                                            \
    }
#define F_TEXT(type, member)                                                                       \
    {                                                                                              \
        VOUCH_FIELD_TEXT, #member, offsetof(struct type, member),                                  \
            sizeof(((struct type *)0)->member), 0, NULL                                            \
    }
#define F_LIST(type, member, name, most)                                                           \
    { VOUCH_FIELD_LIST, name, offsetof(struct type, member), most, 0, NULL }
#define F_PART(type, member, table)                                                                \
    { VOUCH_FIELD_PART, #member, offsetof(struct type, member), 0, 0, table }
#define F_END                                                                                      \
    { VOUCH_FIELD_END, NULL, 0, 0, 0, NULL }
