// SPDX-License-Identifier: ISC
// The rules of single values: narrow alphabets, so that no name can split, match more than itself or
// look like another, in any of the files and certificates that it reaches.
#include "policy/rule.h"

#include "base/str.h"
#include "core/cert-options.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define NAME_MAX_LEN 64u
#define USER_MAX_LEN 128u
#define HOST_MAX_LEN 253u
#define LABEL_MAX_LEN 63u
#define PATTERN_MAX_LEN 255u
#define TEXT_MAX_LEN 1000u

static int is_of(uint8_t c, const char *allowed) {
    return c != 0 && strchr(allowed, c) != NULL;
}

static int has_only(struct vouch_bytes text, const char *allowed) {
    for (size_t i = 0; i < text.len; i++) {
        if (!is_of(text.ptr[i], allowed)) {
            return 0;
        }
    }
    return 1;
}

static int has_double_dot(struct vouch_bytes text) {
    return text.len >= 2 && memmem(text.ptr, text.len, "..", 2) != NULL;
}

// One kind of name.
struct alphabet {
    size_t max;
    const char *first;
    const char *others;
    const char *too_long;
    const char *wrong; // what it must look like
};

static const char *word_fault(struct vouch_bytes text, const struct alphabet *alphabet) {
    if (text.len == 0) {
        return "is empty";
    }
    if (text.len > alphabet->max) {
        return alphabet->too_long;
    }
    if (!is_of(text.ptr[0], alphabet->first) || !has_only(text, alphabet->others)) {
        return alphabet->wrong;
    }
    return has_double_dot(text) ? "has two dots in a row" : NULL;
}

const char *vouch_policy_name_fault(struct vouch_bytes name) {
    static const struct alphabet alphabet = {
        NAME_MAX_LEN, LOWER DIGITS "_", LOWER DIGITS "_.-", "is longer than 64 characters",
        "must be of a-z 0-9 _ . - and begin with a letter, digit or _"};
    return word_fault(name, &alphabet);
}

const char *vouch_policy_user_fault(struct vouch_bytes name) {
    static const struct alphabet alphabet = {
        USER_MAX_LEN, LOWER DIGITS "_", LOWER DIGITS "_.@+-", "is longer than 128 characters",
        "must be of a-z 0-9 _ . @ + - and begin with a letter, digit or _"};
    return word_fault(name, &alphabet);
}

const char *vouch_policy_login_fault(struct vouch_bytes login) {
    static const struct alphabet alphabet = {
        NAME_MAX_LEN, LOWER "_", LOWER DIGITS "_.@-", "is longer than 64 characters",
        "must be of a-z 0-9 _ . @ - and begin with a letter or _"};
    return word_fault(login, &alphabet);
}

const char *vouch_policy_role_login_fault(struct vouch_bytes login) {
    return vouch_bytes_equal(login, vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN))
               ? NULL
               : vouch_policy_login_fault(login);
}

struct vouch_bytes vouch_policy_before(struct vouch_bytes text, char mark,
                                       struct vouch_bytes *ret_after) {
    struct vouch_bytes rest = text;
    struct vouch_bytes before = text.len > 0 ? vouch_str_cut(&rest, mark) : text;
    *ret_after = text.len > 0 ? rest : (struct vouch_bytes){0};
    return before;
}

const char *vouch_policy_member_fault(struct vouch_bytes member) {
    struct vouch_bytes name;
    struct vouch_bytes kind = vouch_policy_before(member, ':', &name);
    if (vouch_bytes_equal(kind, vouch_bytes_of("group"))) {
        return vouch_policy_name_fault(name);
    }
    return vouch_bytes_equal(kind, vouch_bytes_of("user"))
               ? vouch_policy_user_fault(name)
               : "must be written as user:NAME or group:NAME";
}

const char *vouch_policy_host_fault(struct vouch_bytes name) {
    static const struct alphabet alphabet = {HOST_MAX_LEN, LOWER DIGITS, LOWER DIGITS ".:_-",
                                             "is longer than 253 characters",
                                             "must be a host name in lower case, or an address"};
    const char *why = word_fault(name, &alphabet);
    return why == NULL && name.ptr[name.len - 1] == '.' ? "must not end with a dot" : why;
}

static const char *label_key_fault(struct vouch_bytes key) {
    static const struct alphabet alphabet = {
        LABEL_MAX_LEN, LOWER, LOWER DIGITS "_.-", "has a key of more than 63 characters",
        "must be written as KEY=VALUE, the key of a-z 0-9 _ . - beginning with a letter"};
    return key.len == 0 ? alphabet.wrong : word_fault(key, &alphabet);
}

const char *vouch_policy_label_fault(struct vouch_bytes label) {
    static const struct alphabet alphabet = {
        LABEL_MAX_LEN, LOWER UPPER DIGITS, LOWER UPPER DIGITS "_./-",
        "has a value of more than 63 characters",
        "must have a value of letters, digits and _ . / - that begins with a letter or digit"};
    struct vouch_bytes value;
    struct vouch_bytes key = vouch_policy_before(label, '=', &value);
    if (vouch_bytes_equal(key, vouch_bytes_of("name"))) {
        return "must not have the key \"name\", which stands for the host's name";
    }
    const char *why = label_key_fault(key);
    if (why != NULL) {
        return why;
    }
    return value.len == 0 ? label_key_fault(value) : word_fault(value, &alphabet);
}

const char *vouch_policy_selector_fault(struct vouch_bytes selector) {
    if (vouch_bytes_equal(selector, vouch_bytes_of("all"))) {
        return NULL;
    }
    struct vouch_bytes value;
    struct vouch_bytes key = vouch_policy_before(selector, '=', &value);
    if (vouch_bytes_equal(key, vouch_bytes_of("name"))) {
        return vouch_policy_host_fault(value);
    }
    return vouch_bytes_equal(value, vouch_bytes_of("*")) ? label_key_fault(key)
                                                         : vouch_policy_label_fault(selector);
}

const char *vouch_policy_pattern_fault(struct vouch_bytes pattern) {
    if (pattern.len == 0) {
        return "is empty";
    }
    if (pattern.len > PATTERN_MAX_LEN) {
        return "is longer than 255 characters";
    }
    if (!has_only(pattern, LOWER DIGITS ".:_-*?")) {
        return "must be of a-z 0-9 . : _ - * ?";
    }
    return has_only(pattern, "*?.:") ? "stands for every host there is" : NULL;
}

const char *vouch_policy_extension_name(size_t at, uint32_t *ret_bit) {
    const char *name = NULL;
    size_t seen = 0;
    for (const struct vouch_cert_option_kind *kind = vouch_cert_option_kinds;
         kind->name != NULL && name == NULL; kind++) {
        name = kind->section == VOUCH_CERT_SECTION_EXTENSION && seen == at ? kind->name : NULL;
        seen += kind->section == VOUCH_CERT_SECTION_EXTENSION;
    }
    *ret_bit = name != NULL ? 1u << at : 0;
    return name;
}

uint32_t vouch_policy_extension_bit(struct vouch_bytes name) {
    uint32_t bit = 0;
    const char *known = vouch_policy_extension_name(0, &bit);
    for (size_t i = 1; known != NULL && !vouch_bytes_equal(name, vouch_bytes_of(known)); i++) {
        known = vouch_policy_extension_name(i, &bit);
    }
    return bit;
}

const char *vouch_policy_extension_fault(struct vouch_bytes name) {
    return vouch_policy_extension_bit(name) != 0 ? NULL : "is not an extension that sshd knows";
}

const char *vouch_policy_key_type_fault(struct vouch_bytes name) {
    return vouch_key_type_from_name(name) != VOUCH_KEY_NONE ? NULL
                                                            : "is not a type of key, such as "
                                                              "ssh-ed25519";
}

const char *vouch_policy_source_fault(struct vouch_bytes source) {
    if (source.len > 0 && memchr(source.ptr, ',', source.len) != NULL) {
        return "holds a comma: write each network as an item of the list";
    }
    return vouch_cidr_list_fault(source);
}

const char *vouch_policy_command_fault(struct vouch_bytes command) {
    if (command.len == 0 || command.len > TEXT_MAX_LEN) {
        return command.len == 0 ? "is empty" : "is longer than 1000 characters";
    }
    for (size_t i = 0; i < command.len; i++) {
        if (command.ptr[i] < 0x20 || command.ptr[i] > 0x7e) {
            return "holds a character that is not printable ASCII";
        }
    }
    return NULL;
}

// The length of the UTF-8 sequence at the beginning, or 0: shortest forms only, no surrogates.
static size_t utf8_len(struct vouch_bytes text) {
    uint8_t c = text.ptr[0];
    size_t len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (len == 0 || len > text.len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((text.ptr[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    uint8_t second = len > 1 ? text.ptr[1] : 0;
    int bad = (c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
              (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f);
    return bad ? 0 : len;
}

const char *vouch_policy_reason_fault(struct vouch_bytes reason) {
    if (reason.len == 0 || reason.len > TEXT_MAX_LEN) {
        return reason.len == 0 ? "is empty" : "is longer than 1000 bytes";
    }
    for (size_t i = 0; i < reason.len;) {
        struct vouch_bytes rest = {reason.ptr + i, reason.len - i};
        size_t len = utf8_len(rest);
        // C1 controls are two bytes of UTF-8, and steer terminals as escapes do.
        int is_control = rest.ptr[0] < 0x20 || rest.ptr[0] == 0x7f ||
                         (len == 2 && rest.ptr[0] == 0xc2 && rest.ptr[1] < 0xa0);
        if (len == 0 || is_control) {
            return "holds a control character, or is not UTF-8";
        }
        i += len;
    }
    return NULL;
}

// Accounts that systems and their services make for themselves.
static const char *const reserved_logins[] = {
    "_apt",     "adm",    "admin",     "apache",   "backup",  "bin",     "chrony",   "daemon",
    "dbus",     "ftp",    "games",     "gdm",      "git",     "gnats",   "halt",     "http",
    "irc",      "kmem",   "list",      "lp",       "lxd",     "mail",    "man",      "messagebus",
    "mongodb",  "munin",  "mysql",     "named",    "network", "news",    "nginx",    "nobody",
    "nogroup",  "ntp",    "nfsnobody", "operator", "polkitd", "postfix", "postgres", "proxy",
    "rabbitmq", "redis",  "root",      "rpc",      "rpcuser", "rtkit",   "saslauth", "shutdown",
    "sshd",     "sssd",   "staff",     "sudo",     "sync",    "sys",     "syslog",   "tape",
    "tcpdump",  "tomcat", "toor",      "tss",      "tty",     "unbound", "uucp",     "uuidd",
    "vcsa",     "vouch",  "wheel",     "www",      "www-data"};

int vouch_policy_login_is_reserved(struct vouch_bytes login) {
    struct vouch_bytes rest = login;
    if (vouch_str_take(&rest, "systemd-") || vouch_str_take(&rest, "vouch-") ||
        vouch_str_take(&rest, "_")) {
        return 1;
    }
    for (size_t i = 0; i < sizeof reserved_logins / sizeof reserved_logins[0]; i++) {
        if (vouch_bytes_equal(login, vouch_bytes_of(reserved_logins[i]))) {
            return 1;
        }
    }
    return 0;
}

int vouch_policy_network_has(const struct vouch_cidr *outer, const struct vouch_cidr *inner) {
    if (outer->address_len != inner->address_len || outer->mask_bits > inner->mask_bits) {
        return 0;
    }
    size_t whole = outer->mask_bits / 8;
    unsigned rest = outer->mask_bits % 8;
    if (memcmp(outer->address, inner->address, whole) != 0) {
        return 0;
    }
    return rest == 0 || ((outer->address[whole] ^ inner->address[whole]) >> (8 - rest)) == 0;
}
