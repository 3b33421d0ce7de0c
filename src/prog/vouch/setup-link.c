// SPDX-License-Identifier: ISC
// One-time links: see setup-link.h.
#include "prog/vouch/setup-link.h"

#include "base/secret.h"

#define SCHEME "https://"
#define FOLDER "/setup/"
#define PREFIX "vouchl_"
#define SECRET_LEN (sizeof PREFIX - 1 + 43) // 32 bytes in base64url

static int is_word_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-';
}

// Takes the secret that stands at the begin of `text`; returns what follows, or NULL.
static const char *take_secret(const char *text, struct vouch_setup_link *link) {
    size_t len = 0;
    while (is_word_char(text[len])) {
        len++;
    }
    if (len != SECRET_LEN || memcmp(text, PREFIX, sizeof PREFIX - 1) != 0) {
        return NULL;
    }
    memcpy(link->secret, text, len);
    return text + len;
}

static const char *take_url(const char *text, struct vouch_setup_link *link) {
    const char *end = strstr(text, FOLDER);
    if (end == NULL || (size_t)(end - text) <= sizeof SCHEME - 1 ||
        (size_t)(end - text) >= sizeof link->url) {
        return NULL;
    }
    memcpy(link->url, text, (size_t)(end - text));
    return end + sizeof FOLDER - 1;
}

// The pin's own form is judged where the server is opened.
static int take_pin(const char *text, struct vouch_setup_link *link) {
    size_t len = strlen(text);
    if (len == 0 || len >= sizeof link->pin) {
        return 0;
    }
    memcpy(link->pin, text, len);
    return 1;
}

static int take_link(const char *text, struct vouch_setup_link *link) {
    const char *rest = text;
    int whole = strncmp(text, SCHEME, sizeof SCHEME - 1) == 0;
    if (whole) {
        rest = take_url(text, link);
    }
    rest = rest != NULL ? take_secret(rest, link) : NULL;
    if (rest == NULL) {
        return 0;
    }
    return *rest == '\0' || (whole && *rest == '#' && take_pin(rest + 1, link));
}

// What was given is not shown: it may be most of a secret.
int vouch_setup_link_parse(const char *text, struct vouch_setup_link *ret_link,
                           struct vouch_fault *fault) {
    struct vouch_setup_link link = {{0}, {0}, {0}};
    if (take_link(text, &link)) {
        *ret_link = link;
        vouch_setup_link_done(&link);
        return 0;
    }
    vouch_setup_link_done(&link);
    return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_setup_link,
                           "what was given is not a link (%zu characters)", strlen(text));
}

void vouch_setup_link_done(struct vouch_setup_link *link) {
    if (link != NULL) {
        vouch_wipe(link, sizeof *link);
    }
}

void vouch_setup_link_print(const char *url, const char *secret, const char *pin,
                            struct vouch_buf *out) {
    if (url != NULL) {
        size_t len = strlen(url);
        len -= len > 0 && url[len - 1] == '/';
        vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)url, len});
        vouch_buf_put_text(out, FOLDER);
    }
    vouch_buf_put_text(out, secret);
    if (url != NULL && pin != NULL) {
        vouch_buf_put_text(out, "#");
        vouch_buf_put_text(out, pin);
    }
}
