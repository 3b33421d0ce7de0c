// SPDX-License-Identifier: ISC
// The options of a certificate as `-O` and `-h` give them.
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen.h"

// What is either in the certificate or not. The defaults are those of a user's certificate.
static const struct flag {
    const char *add; // the words of -O
    const char *drop;
    const char *name; // in the certificate
    int critical;
    int by_default;
} flags[] = {
    {"permit-x11-forwarding", "no-x11-forwarding", "permit-X11-forwarding", 0, 1},
    {"permit-agent-forwarding", "no-agent-forwarding", "permit-agent-forwarding", 0, 1},
    {"permit-port-forwarding", "no-port-forwarding", "permit-port-forwarding", 0, 1},
    {"permit-pty", "no-pty", "permit-pty", 0, 1},
    {"permit-user-rc", "no-user-rc", "permit-user-rc", 0, 1},
    {"no-touch-required", "touch-required", "no-touch-required", 0, 0},
    {"verify-required", "no-verify-required", "verify-required", 1, 0},
};
#define FLAG_COUNT (sizeof flags / sizeof flags[0])

struct entry {
    struct vouch_bytes name;
    const char *value; // NULL: a flag
    int critical;
};

struct list {
    struct entry *entries;
    size_t count;
    unsigned char flagged[FLAG_COUNT];
    const char *command;
    const char *addresses;
};

static void list_done(struct list *list) {
    free(list->entries);
}

#define autolist VOUCH_CLEANUP(list_done)

static void append(struct list *list, struct vouch_bytes name, const char *value, int critical) {
    list->entries[list->count++] = (struct entry){name, value, critical};
}

static int is_all_zero(const uint8_t *bytes, size_t from_bit, size_t bits) {
    for (size_t i = from_bit; i < bits; i++) {
        if ((bytes[i / 8] & (0x80 >> (i % 8))) != 0) {
            return 0;
        }
    }
    return 1;
}

enum network { NETWORK_BAD = 0, NETWORK_BAD_LENGTH, NETWORK_GOOD };

// The bits of a numeric address, in network order; 0 if it is none.
static size_t read_address(const char *text, uint8_t out[static 16]) {
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    size_t bits = 0;
    if (getaddrinfo(text, NULL, &hints, &found) != 0 || found == NULL) {
        return 0;
    }
    if (found->ai_family == AF_INET) {
        memcpy(out, &((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr, 4);
        bits = 32;
    } else if (found->ai_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_addr, 16);
        bits = 128;
    }
    freeaddrinfo(found);
    return bits;
}

static enum network judge_network(const char *text) {
    char address[64];
    uint64_t length = 0;
    const char *slash = strchr(text, '/');
    size_t address_len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (address_len >= sizeof address) {
        return NETWORK_BAD;
    }
    memcpy(address, text, address_len);
    address[address_len] = '\0';
    if (slash != NULL &&
        (vouch_str_to_u64(vouch_bytes_of(slash + 1), &length) != VOUCH_OK || length > 128)) {
        return NETWORK_BAD;
    }
    uint8_t bytes[16] = {0};
    size_t bits = read_address(address, bytes);
    if (bits == 0) {
        return NETWORK_BAD;
    }
    if (slash == NULL) {
        return NETWORK_GOOD;
    }
    return length <= bits && is_all_zero(bytes, (size_t)length, bits) ? NETWORK_GOOD
                                                                      : NETWORK_BAD_LENGTH;
}

#define ENTRY_MAX (INET6_ADDRSTRLEN + 3) // an IPv6 address and a length behind it

// Judges one entry; `first` is the list's first, which ssh-keygen names as if it were the list.
static int check_network(const char *entry, const char *first, int *bad) {
    if (*entry == '\0') {
        return vouch_keygen_fail("addr_match_cidr_list: empty entry in list \"%.100s\"", first);
    }
    if (strlen(entry) > ENTRY_MAX) {
        return vouch_keygen_fail("addr_match_cidr_list: list entry \"%.100s\" too long", entry);
    }
    if (strspn(entry, "0123456789abcdefABCDEF.:/") != strlen(entry)) {
        vouch_keygen_say("addr_match_cidr_list: list entry \"%.100s\" contains invalid characters",
                         entry);
        *bad = 1;
    }
    switch (judge_network(entry)) {
    case NETWORK_BAD:
        return vouch_keygen_fail("Invalid network entry \"%.100s\"", entry);
    case NETWORK_BAD_LENGTH:
        return vouch_keygen_fail("Inconsistent mask length for network \"%.100s\"", entry);
    case NETWORK_GOOD:
        break;
    }
    return VOUCH_OK;
}

static int check_networks(const char *text) {
    vouch_autofree char *copy = vouch_str_copy(vouch_bytes_of(text));
    if (copy == NULL) {
        return vouch_keygen_fail("%s", vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
    }
    int bad = 0;
    char *rest = copy;
    for (char *entry; (entry = strsep(&rest, ",")) != NULL;) {
        if (check_network(entry, copy, &bad) != VOUCH_OK) {
            bad = 1;
            break;
        }
    }
    return bad ? vouch_keygen_fail("Invalid source-address list") : VOUCH_OK;
}

// The text behind a word such as "force-command=", or NULL.
static const char *behind(const char *text, const char *word) {
    size_t len = strlen(word);
    return strncasecmp(text, word, len) == 0 ? text + len : NULL;
}

static int set_once(const char *name, const char *value, const char **target) {
    if (*value == '\0') {
        return vouch_keygen_fail("Empty %s option", name);
    }
    if (*target != NULL) {
        return vouch_keygen_fail("%s already specified", name);
    }
    *target = value;
    return VOUCH_OK;
}

static void append_any(struct list *list, const char *text, int critical) {
    const char *equals = strchr(text, '=');
    size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    append(list, (struct vouch_bytes){(const uint8_t *)text, len},
           equals != NULL ? equals + 1 : NULL, critical);
}

static int read_flag(const char *text, struct list *list) {
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        int add = strcasecmp(text, flags[i].add) == 0;
        if (add || strcasecmp(text, flags[i].drop) == 0) {
            list->flagged[i] = add ? 1 : 0;
            return VOUCH_OK;
        }
    }
    return vouch_keygen_fail("Unsupported certificate option \"%s\"", text);
}

static int read_option(const char *text, struct list *list) {
    const char *value = NULL;
    if (strcasecmp(text, "clear") == 0) {
        memset(list->flagged, 0, sizeof list->flagged);
    } else if ((value = behind(text, "force-command=")) != NULL) {
        return set_once("force-command", value, &list->command);
    } else if ((value = behind(text, "source-address=")) != NULL) {
        int status = set_once("source-address", value, &list->addresses);
        return status == VOUCH_OK ? check_networks(value) : status;
    } else if ((value = behind(text, "extension:")) != NULL) {
        append_any(list, value, 0);
    } else if ((value = behind(text, "critical:")) != NULL) {
        append_any(list, value, 1);
    } else {
        return read_flag(text, list);
    }
    return VOUCH_OK;
}

static void append_known(struct list *list) {
    if (list->command != NULL) {
        append(list, vouch_bytes_of("force-command"), list->command, 1);
    }
    if (list->addresses != NULL) {
        append(list, vouch_bytes_of("source-address"), list->addresses, 1);
    }
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (list->flagged[i]) {
            append(list, vouch_bytes_of(flags[i].name), NULL, flags[i].critical);
        }
    }
}

// Extensions before critical options, by name, a flag before values, then by value.
static int compare(const void *left, const void *right) {
    const struct entry *a = left;
    const struct entry *b = right;
    if (a->critical != b->critical) {
        return a->critical < b->critical ? -1 : 1;
    }
    int order = vouch_bytes_compare(a->name, b->name);
    if (order != 0) {
        return order;
    }
    if (a->value == NULL || b->value == NULL) {
        return (a->value != NULL) - (b->value != NULL);
    }
    return strcmp(a->value, b->value);
}

#define DATA_MAX (4u * 1024 * 1024) // more than the system lets a command line hold

// The slices are taken when all is written, for the buffer moves as it grows.
static int encode(const struct list *list, struct vouch_keygen_limits *limits) {
    limits->critical = calloc(list->count + 1, sizeof *limits->critical);
    limits->extensions = calloc(list->count + 1, sizeof *limits->extensions);
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].value != NULL) {
            vouch_write_text(&limits->data, list->entries[i].value);
        }
    }
    if (limits->critical == NULL || limits->extensions == NULL || limits->data.err != VOUCH_OK) {
        return VOUCH_ERR_NO_MEMORY;
    }
    const uint8_t *at = limits->data.ptr;
    for (size_t i = 0; i < list->count; i++) {
        const struct entry *entry = &list->entries[i];
        size_t len = entry->value != NULL ? 4 + strlen(entry->value) : 0;
        struct vouch_cert_option option = {entry->name, {at, len}};
        at = len > 0 ? at + len : at;
        if (entry->critical) {
            limits->critical[limits->critical_count++] = option;
        } else {
            limits->extensions[limits->extension_count++] = option;
        }
    }
    return VOUCH_OK;
}

int vouch_keygen_limits_parse(const struct vouch_keygen *args,
                              struct vouch_keygen_limits *ret_limits) {
    autolist struct list list = {0};
    list.entries = calloc(args->option_count + FLAG_COUNT + 2, sizeof *list.entries);
    if (list.entries == NULL) {
        return vouch_keygen_fail("%s", vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
    }
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        list.flagged[i] = flags[i].by_default && args->count['h'] == 0 ? 1 : 0;
    }
    for (size_t i = 0; i < args->option_count; i++) {
        int status = read_option(args->options[i], &list);
        if (status != VOUCH_OK) {
            return status;
        }
    }
    append_known(&list);
    qsort(list.entries, list.count, sizeof *list.entries, compare);
    struct vouch_keygen_limits limits = {0};
    vouch_buf_init(&limits.data, DATA_MAX);
    int err = encode(&list, &limits);
    if (err != VOUCH_OK) {
        vouch_keygen_limits_done(&limits);
        return vouch_keygen_fail("%s", vouch_keygen_why(err, NULL));
    }
    *ret_limits = limits;
    return VOUCH_OK;
}

void vouch_keygen_limits_done(struct vouch_keygen_limits *limits) {
    if (limits == NULL) {
        return;
    }
    free(limits->critical);
    free(limits->extensions);
    vouch_buf_done(&limits->data);
    *limits = (struct vouch_keygen_limits){0};
}
