// SPDX-License-Identifier: ISC
// Key revocation lists: writing one in its canonical form, and walking it in the same order.
#include "core/krl.h"

static void write_header(const struct vouch_krl_header *header, struct vouch_buf *out) {
    vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)"SSHKRL\n", VOUCH_KRL_MAGIC_LEN});
    vouch_write_u32(out, VOUCH_KRL_FORMAT);
    vouch_write_u64(out, header->version);
    vouch_write_u64(out, header->generated);
    vouch_write_u64(out, 0);                          // flags
    vouch_write_string(out, (struct vouch_bytes){0}); // reserved
    vouch_write_string(out, header->comment);
}

// A section, or a piece of one, that is nothing but texts.
static void write_texts(unsigned type, const struct vouch_krl_set *texts, struct vouch_buf *out) {
    if (texts->count == 0) {
        return;
    }
    vouch_write_u8(out, (uint8_t)type);
    size_t mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < texts->count; i++) {
        vouch_krl_look_ahead(texts->records, texts->count, i);
        struct vouch_bytes text = vouch_krl_text(texts->records[i].text);
        vouch_buf_put(out, (struct vouch_bytes){text.ptr - 4, text.len + 4});
    }
    vouch_write_string_end(out, mark);
}

static int write_ca(const struct vouch_krl_ca *ca, struct vouch_buf *out) {
    if (ca->serials.count == 0 && ca->ids.count == 0) {
        return VOUCH_OK;
    }
    vouch_write_u8(out, VOUCH_KRL_CERTIFICATES);
    size_t mark = vouch_write_string_begin(out);
    vouch_write_string(out, ca->blob);
    vouch_write_string(out, (struct vouch_bytes){0}); // reserved
    int err = ca->serials.count > 0 ? vouch_krl_pack(&ca->serials, out) : VOUCH_OK;
    write_texts(VOUCH_KRL_KEY_ID, &ca->ids, out);
    vouch_write_string_end(out, mark);
    return err;
}

static int write_list(const struct vouch_krl *krl, struct vouch_buf *out) {
    write_header(&krl->header, out);
    for (size_t i = 0; i < krl->ca_count; i++) {
        int err = write_ca(krl->cas[i], out);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    write_texts(VOUCH_KRL_EXPLICIT_KEY, &krl->keys, out);
    write_texts(VOUCH_KRL_FINGERPRINT_SHA1, &krl->sha1s, out);
    write_texts(VOUCH_KRL_FINGERPRINT_SHA256, &krl->sha256s, out);
    return out->err;
}

// Takes room at once for the texts of the list: a large buffer that grows is moved page by page. As
// repeats are dropped it may be more than is needed, so that having none is no failure yet.
static void expect_texts(const struct vouch_krl *krl, struct vouch_buf *out) {
    size_t expected = krl->block_bytes + VOUCH_KRL_COMMENT_MAX;
    if (out->err == VOUCH_OK && expected < out->max - out->len) {
        if (vouch_buf_extend(out, expected) != NULL) {
            out->len -= expected;
        }
        out->err = VOUCH_OK;
    }
}

int vouch_krl_write(struct vouch_krl *krl, struct vouch_buf *out) {
    int err = vouch_krl_settle(krl);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t start = out->len;
    expect_texts(krl, out);
    err = write_list(krl, out);
    if (err == VOUCH_OK && out->len - start > VOUCH_KRL_WRITE_MAX) {
        err = VOUCH_ERR_LIMIT;
    }
    out->len = err == VOUCH_OK ? out->len : start;
    return err;
}

struct walk {
    vouch_krl_visit_fn *visit;
    void *context;
};

static int walk_runs(const struct walk *walk, const struct vouch_krl_ca *ca) {
    int answer = 0;
    for (size_t i = 0; i < ca->serials.count && answer == 0; i++) {
        const struct vouch_krl_record *run = &ca->serials.records[i];
        struct vouch_krl_entry entry = {
            .kind = VOUCH_KRL_ENTRY_SERIALS, .ca = ca->blob, .first = run->key, .last = run->last};
        answer = walk->visit(walk->context, &entry);
    }
    return answer;
}

static int walk_texts(const struct walk *walk, const struct vouch_krl_set *texts,
                      struct vouch_krl_entry entry) {
    int answer = 0;
    for (size_t i = 0; i < texts->count && answer == 0; i++) {
        entry.data = vouch_krl_text(texts->records[i].text);
        answer = walk->visit(walk->context, &entry);
    }
    return answer;
}

static int walk_ca(const struct walk *walk, const struct vouch_krl_ca *ca) {
    int answer = walk_runs(walk, ca);
    if (answer != 0) {
        return answer;
    }
    struct vouch_krl_entry entry = {.kind = VOUCH_KRL_ENTRY_KEY_ID, .ca = ca->blob};
    return walk_texts(walk, &ca->ids, entry);
}

int vouch_krl_walk(struct vouch_krl *krl, vouch_krl_visit_fn *visit, void *context) {
    int answer = vouch_krl_settle(krl);
    struct walk walk = {visit, context};
    for (size_t i = 0; i < krl->ca_count && answer == 0; i++) {
        answer = walk_ca(&walk, krl->cas[i]);
    }
    const struct vouch_krl_set *sets[] = {&krl->keys, &krl->sha1s, &krl->sha256s};
    const enum vouch_krl_entry_kind kinds[] = {VOUCH_KRL_ENTRY_KEY, VOUCH_KRL_ENTRY_SHA1,
                                               VOUCH_KRL_ENTRY_SHA256};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0] && answer == 0; i++) {
        answer = walk_texts(&walk, sets[i], (struct vouch_krl_entry){.kind = kinds[i]});
    }
    return answer;
}
