// SPDX-License-Identifier: ISC
// Fuzzing of core/agent-msg.h: whatever an agent answers is read within bounds, a list that is
// accepted says all that was in the answer, and no signature is accepted that the key did not make.
#include <stdlib.h>

#include "core/agent-msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition) {
    if (!condition) {
        abort();
    }
}

static void check_list(struct vouch_bytes answer) {
    vouch_autolisting struct vouch_agent_listing listing = {0};
    if (vouch_agent_msg_read_list(answer, &listing, NULL) != VOUCH_OK) {
        require(listing.keys == NULL);
        return;
    }
    struct vouch_buf again;
    vouch_buf_init(&again, VOUCH_AGENT_MESSAGE_MAX);
    vouch_write_u8(&again, 12);
    vouch_write_u32(&again, (uint32_t)listing.count);
    for (size_t i = 0; i < listing.count; i++) {
        vouch_write_string(&again, listing.keys[i].blob);
        vouch_write_string(&again, listing.keys[i].comment);
    }
    // One NUL at the end of a comment is dropped in reading; nothing else may be lost or added.
    require(again.len == answer.len ? memcmp(again.ptr, answer.ptr, again.len) == 0
                                    : again.len + listing.count >= answer.len);
    vouch_buf_done(&again);
}

static void check_signature(struct vouch_bytes answer) {
    static const uint8_t blob[] =
        "\0\0\0\x0bssh-ed25519\0\0\0\x20"
        "\x03\xa1\x07\xbf\xf3\xce\x10\xbe\x1d\x70\xdd\x18\xe7\x4b\xc0\x99"
        "\x67\xe4\xd6\x30\x9b\xa5\x0d\x5f\x1d\xdc\x86\x64\x12\x55\x31\xb8";
    static struct vouch_key *key;
    if (key == NULL) {
        require(vouch_key_parse((struct vouch_bytes){blob, sizeof blob - 1}, &key, NULL) == 0);
    }
    const struct vouch_agent_sign what = {.key = key, .data = vouch_bytes_of("never signed")};
    struct vouch_bytes signature = {0};
    require(vouch_agent_msg_read_signature(answer, &what, &signature, NULL) != VOUCH_OK);
    require(signature.ptr == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vouch_bytes answer = {data, size};
    check_list(answer);
    check_signature(answer);
    int is_success = size == 1 && data[0] == 6;
    require((vouch_agent_msg_read_done(answer, NULL) == VOUCH_OK) == is_success);
    return 0;
}
