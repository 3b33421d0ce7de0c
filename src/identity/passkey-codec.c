// SPDX-License-Identifier: ISC
// Passkeys as bytes, and the host name that they are bound to.
#include <string.h>

#include "base/str.h"
#include "identity/passkey.h"

#define VERSION 1
#define SCHEME "https://"
#define USUAL_PORT ":443"

const int32_t vouch_passkey_algorithms[VOUCH_PASSKEY_ALGORITHMS] = {
    VOUCH_COSE_EDDSA, VOUCH_COSE_ES256, VOUCH_COSE_RS256};

// --- as bytes

static struct vouch_bytes read_bounded(struct vouch_reader *reader, const char *field, size_t min,
                                       size_t max) {
    struct vouch_bytes bytes = vouch_read_string(reader, field);
    if (bytes.len < min || bytes.len > max) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, field, "is outside its bounds");
    }
    return bytes;
}

void vouch_passkey_write(const struct vouch_passkey *passkey, struct vouch_buf *out) {
    vouch_write_u8(out, VERSION);
    vouch_write_u32(out, (uint32_t)passkey->algorithm);
    vouch_write_u32(out, passkey->count);
    vouch_write_u32(out, passkey->backup);
    vouch_buf_put(out, (struct vouch_bytes){passkey->aaguid, sizeof passkey->aaguid});
    vouch_write_string(out, passkey->id);
    vouch_write_string(out, passkey->key);
}

int vouch_passkey_read(struct vouch_bytes bytes, struct vouch_passkey *ret_passkey,
                       struct vouch_where *ret_where) {
    struct vouch_passkey passkey = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, bytes);
    if (vouch_read_u8(&reader, "version") != VERSION) {
        vouch_reader_fail(&reader, VOUCH_ERR_UNSUPPORTED, "version", "is not known here");
    }
    passkey.algorithm = (int32_t)vouch_read_u32(&reader, "algorithm");
    passkey.count = vouch_read_u32(&reader, "count");
    passkey.backup = vouch_read_u32(&reader, "backup");
    if (passkey.backup > (VOUCH_PASSKEY_MAY_BACK_UP | VOUCH_PASSKEY_BACKED_UP)) {
        vouch_reader_fail(&reader, VOUCH_ERR_LIMIT, "backup", "has unknown bits");
    }
    struct vouch_bytes aaguid = vouch_read_bytes(&reader, sizeof passkey.aaguid, "aaguid");
    if (aaguid.len == sizeof passkey.aaguid) {
        memcpy(passkey.aaguid, aaguid.ptr, aaguid.len);
    }
    passkey.id = read_bounded(&reader, "id", 1, VOUCH_PASSKEY_ID_MAX);
    passkey.key = read_bounded(&reader, "key", 1, VOUCH_PASSKEY_KEY_MAX);
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_passkey = passkey;
    }
    return err;
}

void vouch_passkey_made_write(const struct vouch_passkey_made *made, struct vouch_buf *out) {
    vouch_write_string(out, made->id);
    vouch_write_string(out, made->client_data);
    vouch_write_string(out, made->attestation);
}

int vouch_passkey_made_read(struct vouch_bytes bytes, struct vouch_passkey_made *ret_made,
                            struct vouch_where *ret_where) {
    struct vouch_passkey_made made = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, bytes);
    made.id = read_bounded(&reader, "id", 1, VOUCH_PASSKEY_ID_MAX);
    made.client_data = read_bounded(&reader, "clientDataJSON", 1, VOUCH_PASSKEY_CLIENT_DATA_MAX);
    made.attestation = read_bounded(&reader, "attestationObject", 1, VOUCH_PASSKEY_ATTESTATION_MAX);
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_made = made;
    }
    return err;
}

void vouch_passkey_shown_write(const struct vouch_passkey_shown *shown, struct vouch_buf *out) {
    vouch_write_string(out, shown->id);
    vouch_write_string(out, shown->client_data);
    vouch_write_string(out, shown->authdata);
    vouch_write_string(out, shown->signature);
    vouch_write_string(out, shown->handle);
}

int vouch_passkey_shown_read(struct vouch_bytes bytes, struct vouch_passkey_shown *ret_shown,
                             struct vouch_where *ret_where) {
    struct vouch_passkey_shown shown = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, bytes);
    shown.id = read_bounded(&reader, "id", 1, VOUCH_PASSKEY_ID_MAX);
    shown.client_data = read_bounded(&reader, "clientDataJSON", 1, VOUCH_PASSKEY_CLIENT_DATA_MAX);
    shown.authdata = read_bounded(&reader, "authenticatorData", 1, VOUCH_PASSKEY_AUTHDATA_MAX);
    shown.signature = read_bounded(&reader, "signature", 1, VOUCH_PASSKEY_SIGNATURE_MAX);
    shown.handle = read_bounded(&reader, "userHandle", 0, VOUCH_PASSKEY_HANDLE_MAX);
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_shown = shown;
    }
    return err;
}

// --- the name they are bound to

static int is_label(struct vouch_bytes label) {
    int good =
        label.len > 0 && label.len <= 63 && label.ptr[0] != '-' && label.ptr[label.len - 1] != '-';
    for (size_t i = 0; i < label.len && good; i++) {
        uint8_t c = label.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    return good;
}

// What a browser would take for the number of an IPv4 address, "10" or "0x0a", is no top-level domain.
static int is_number(struct vouch_bytes label) {
    int is_hex = label.len >= 2 && label.ptr[0] == '0' && label.ptr[1] == 'x';
    for (size_t i = is_hex ? 2 : 0; i < label.len; i++) {
        uint8_t c = label.ptr[i];
        if (!(c >= '0' && c <= '9') && !(is_hex && c >= 'a' && c <= 'f')) {
            return 0;
        }
    }
    return 1;
}

static int is_name(struct vouch_bytes host) {
    struct vouch_bytes rest = host, label = {0};
    while (rest.ptr != NULL) {
        label = vouch_str_cut(&rest, '.');
        if (!is_label(label)) {
            return 0;
        }
    }
    return host.len <= 253 && !is_number(label);
}

static int is_port(struct vouch_bytes port) {
    uint64_t number = 0;
    return vouch_str_to_u64(port, &number) == VOUCH_OK && port.ptr[0] != '0' &&
           number <= UINT16_MAX;
}

struct vouch_bytes vouch_passkey_host(struct vouch_bytes origin) {
    struct vouch_bytes rest = origin;
    if (!vouch_str_take(&rest, SCHEME) || rest.len == 0) {
        return (struct vouch_bytes){0};
    }
    struct vouch_bytes host = vouch_str_cut(&rest, ':');
    int is_good = is_name(host) && (rest.ptr == NULL || is_port(rest));
    return is_good ? host : (struct vouch_bytes){0};
}

int vouch_passkey_origin(struct vouch_bytes address,
                         char ret_origin[static VOUCH_PASSKEY_ORIGIN_MAX]) {
    struct vouch_bytes rest = address;
    struct vouch_bytes url = vouch_str_cut(&rest, '#');
    size_t end = sizeof USUAL_PORT - 1;
    ret_origin[0] = '\0';
    if (url.len > end && memcmp(url.ptr + url.len - end, USUAL_PORT, end) == 0) {
        url.len -= end;
    }
    if (url.len >= VOUCH_PASSKEY_ORIGIN_MAX) {
        return VOUCH_ERR_FORMAT;
    }
    for (size_t i = 0; i < url.len; i++) {
        uint8_t c = url.ptr[i];
        ret_origin[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    ret_origin[url.len] = '\0';
    if (vouch_passkey_host(vouch_bytes_of(ret_origin)).len == 0) {
        ret_origin[0] = '\0';
        return VOUCH_ERR_FORMAT;
    }
    return VOUCH_OK;
}
