// SPDX-License-Identifier: ISC
// Reading a certificate's fields without verifying it.
#include "core/cert-view.h"

#include "core/key.h"

static void read_key(struct vouch_reader *reader, struct vouch_cert_view *view) {
    struct vouch_bytes name = vouch_read_string(reader, "cert");
    const struct vouch_key_impl *impl = vouch_key_impl_of(vouch_key_type_from_cert_name(name));
    if (impl == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "cert", "is not of a known certificate type");
        return;
    }
    (void)vouch_read_string(reader, "cert nonce");
    const uint8_t *start = reader->pos;
    for (unsigned i = 0; i < impl->public_strings; i++) {
        (void)vouch_read_string(reader, "cert key");
    }
    view->key_type = impl->type;
    view->key_fields = (struct vouch_bytes){start, (size_t)(reader->pos - start)};
}

static enum vouch_cert_type read_type(struct vouch_reader *reader) {
    uint32_t type = vouch_read_u32(reader, "cert type");
    return type == VOUCH_CERT_USER || type == VOUCH_CERT_HOST ? (enum vouch_cert_type)type
                                                              : VOUCH_CERT_NONE;
}

int vouch_cert_view_read(struct vouch_bytes blob, struct vouch_cert_view *ret_view,
                         struct vouch_where *ret_where) {
    struct vouch_cert_view view = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, blob);
    read_key(&reader, &view);
    view.serial = vouch_read_u64(&reader, "cert serial");
    view.type = read_type(&reader);
    view.key_id = vouch_read_string(&reader, "cert key id");
    view.principals = vouch_read_string(&reader, "cert principals");
    view.valid_after = vouch_read_u64(&reader, "cert valid after");
    view.valid_before = vouch_read_u64(&reader, "cert valid before");
    view.critical = vouch_read_string(&reader, "cert critical options");
    view.extensions = vouch_read_string(&reader, "cert extensions");
    (void)vouch_read_string(&reader, "cert reserved");
    view.ca = vouch_read_string(&reader, "cert signature key");
    (void)vouch_read_string(&reader, "cert signature");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_view = view;
    }
    return err;
}

void vouch_cert_view_key(const struct vouch_cert_view *view, struct vouch_buf *out) {
    vouch_write_text(out, vouch_key_type_name(view->key_type));
    vouch_buf_put(out, view->key_fields);
}
