// SPDX-License-Identifier: ISC
// What to run on a machine that is to be enrolled: see enrol-text.h.
#include "prog/vouch/enrol-text.h"

#include <assert.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define SECRET_PREFIX "vouchh_"
#define SECRET_LEN 43
#define ADDRESS_MAX 512

int vouch_enrol_text_is_plain(const struct vouch_enrol_text *text) {
    static const char *const scheme = "https://";
    const char *address = text->address, *secret = text->secret;
    size_t prefix = strlen(SECRET_PREFIX);
    if (strncmp(address, scheme, strlen(scheme)) != 0 || strlen(address) > ADDRESS_MAX ||
        strspn(address, LETTERS ":/.-[]#_=+") != strlen(address) ||
        strncmp(secret, SECRET_PREFIX, prefix) != 0) {
        return 0;
    }
    return strlen(secret) == prefix + SECRET_LEN &&
           strspn(secret + prefix, LETTERS "-_") == SECRET_LEN;
}

// Each piece after "%": u the address, p " --pin PIN" or nothing, q the same as two items of a list of
// YAML, s the secret.
static void put_pieces(const char *text, const struct vouch_enrol_text *what,
                       struct vouch_buf *out) {
    const char *hash = strchr(what->address, '#');
    size_t url_len = hash != NULL ? (size_t)(hash - what->address) : strlen(what->address);
    for (; *text != '\0'; text++) {
        if (*text != '%') {
            vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)text, 1});
            continue;
        }
        text++;
        if (*text == 'u') {
            vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)what->address, url_len});
        } else if (*text == 's') {
            vouch_buf_put_text(out, what->secret);
        } else if (hash != NULL && *text == 'p') {
            vouch_buf_put_text(out, " --pin ");
            vouch_buf_put_text(out, hash + 1);
        } else if (hash != NULL && *text == 'q') {
            vouch_buf_put_text(out, "--pin, '");
            vouch_buf_put_text(out, hash + 1);
            vouch_buf_put_text(out, "', ");
        }
    }
}

static const char shell[] = "sudo vouch-host enrol '%u'%p --token-file - <<'END'\n"
                            "%s\n"
                            "END\n";

static const char cloud_init[] = "#cloud-config\n"
                                 "write_files:\n"
                                 "  - path: /run/vouch-enrol.token\n"
                                 "    permissions: '0600'\n"
                                 "    content: |\n"
                                 "      %s\n"
                                 "runcmd:\n"
                                 "  - [vouch-host, enrol, '%u', %q--token-file, "
                                 "/run/vouch-enrol.token]\n"
                                 "  - [rm, -f, /run/vouch-enrol.token]\n";

static const char ansible[] = "- name: enrol the host with the SSH certificate authority\n"
                              "  become: true\n"
                              "  no_log: true\n"
                              "  ansible.builtin.command:\n"
                              "    argv: [vouch-host, enrol, '%u', %q--token-file, '-']\n"
                              "    stdin: '%s'\n"
                              "    creates: /var/lib/vouch-host/agent/agent.json\n";

void vouch_enrol_text_put(const struct vouch_enrol_text *text, enum vouch_enrol_form form,
                          struct vouch_buf *out) {
    static const char *const texts[] = {
        [VOUCH_ENROL_SHELL] = shell,
        [VOUCH_ENROL_CLOUD_INIT] = cloud_init,
        [VOUCH_ENROL_ANSIBLE] = ansible,
        [VOUCH_ENROL_TOKEN] = "%s\n",
    };
    assert(vouch_enrol_text_is_plain(text));
    put_pieces(texts[form], text, out);
}
