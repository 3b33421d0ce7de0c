// SPDX-License-Identifier: ISC
// What restricts a certificate: the forced command, the networks, the check of the security key. Every
// restriction of every role holds; a wish can only add to them.
#include "policy/compose.h"
#include "policy/rule.h"

static const struct vouch_bytes nothing = {0};

struct network {
    struct vouch_bytes text;
    struct vouch_cidr cidr;
};

// Networks that are allowed; `bound` nonzero once anything restricts.
struct networks {
    struct network *items;
    size_t count; // at most VOUCH_POLICY_SOURCES_MAX
    int bound;
    int over; // nonzero: there are more
};

static void add_network(struct networks *to, const struct network *network) {
    for (size_t i = 0; i < to->count; i++) {
        if (vouch_bytes_equal(to->items[i].text, network->text)) {
            return;
        }
    }
    if (to->count < VOUCH_POLICY_SOURCES_MAX) {
        to->items[to->count++] = *network;
    } else {
        to->over = 1;
    }
}

// Of two networks one holds the other or they share nothing.
static void meet(const struct networks *a, const struct networks *b, struct networks *to) {
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            if (vouch_policy_network_has(&a->items[i].cidr, &b->items[k].cidr)) {
                add_network(to, &b->items[k]);
            } else if (vouch_policy_network_has(&b->items[k].cidr, &a->items[i].cidr)) {
                add_network(to, &a->items[i]);
            }
        }
    }
}

static struct networks networks_of(struct vouch_policy_judging *judging, uint32_t role) {
    const struct vouch_policy_names *sources = &judging->policy->content.roles[role].sources;
    struct networks result = {
        vouch_policy_take(judging, (sources->count + 1) * sizeof *result.items), sources->count,
        sources->count > 0, 0};
    for (size_t i = 0; i < sources->count && result.items != NULL; i++) {
        result.items[i] =
            (struct network){sources->items[i], judging->policy->roles[role].sources[i]};
    }
    result.count = result.items != NULL ? result.count : 0;
    return result;
}

static struct networks role_networks(struct vouch_policy_judging *judging) {
    struct networks all = {0};
    for (size_t i = 0; i < judging->role_count; i++) {
        const struct networks own = networks_of(judging, judging->roles[i]);
        if (!own.bound) {
            continue;
        }
        if (!all.bound) {
            all = own;
            continue;
        }
        struct networks shared = {
            vouch_policy_take(judging, VOUCH_POLICY_SOURCES_MAX * sizeof *shared.items), 0, 1,
            all.over};
        if (shared.items != NULL) {
            meet(&all, &own, &shared);
        }
        all = shared;
    }
    return all;
}

static int inside_one(const struct networks *networks, const struct vouch_cidr *cidr) {
    int inside = !networks->bound;
    for (size_t i = 0; i < networks->count && !inside; i++) {
        inside = vouch_policy_network_has(&networks->items[i].cidr, cidr);
    }
    return inside;
}

// What was asked for takes the place of what may be, if all of it lies within.
static struct networks chosen_networks(struct vouch_policy_judging *judging,
                                       const struct networks *allowed) {
    const struct vouch_policy_choice *chosen = &judging->ask->sources;
    struct networks result = {
        vouch_policy_take(judging, (chosen->count + 1) * sizeof *result.items), 0, 1, 0};
    if (chosen->count == 0) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_SOURCE_BAD, nothing, nothing);
    }
    for (size_t i = 0; i < chosen->count && result.items != NULL; i++) {
        struct network network = {.text = chosen->items[i]};
        if (vouch_policy_source_fault(network.text) != NULL ||
            vouch_cidr_parse(network.text, &network.cidr) != VOUCH_OK) {
            vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_SOURCE_BAD, nothing, network.text);
        } else if (!inside_one(allowed, &network.cidr)) {
            vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_SOURCE_OUTSIDE, nothing,
                                    network.text);
        } else {
            add_network(&result, &network);
        }
    }
    return result;
}

// A string of the wire format, with its value still to be written behind the length.
static uint8_t *begin_string(struct vouch_policy_judging *judging, size_t len,
                             struct vouch_bytes *ret_data) {
    uint8_t *data = vouch_policy_take(judging, 4 + len);
    if (data != NULL) {
        for (size_t i = 0; i < 4; i++) {
            data[i] = (uint8_t)(len >> (24 - 8 * i));
        }
        *ret_data = (struct vouch_bytes){data, 4 + len};
    }
    return data != NULL ? data + 4 : NULL;
}

static void add_option(struct vouch_policy_grant *grant, struct vouch_cert_option *options,
                       const char *name, struct vouch_bytes data) {
    options[grant->critical_count++] = (struct vouch_cert_option){vouch_bytes_of(name), data};
    grant->critical = options;
}

static void compose_command(struct vouch_policy_judging *judging, struct vouch_policy_grant *grant,
                            struct vouch_cert_option *options) {
    struct vouch_bytes command = judging->ask->force_command;
    if (command.len > 0 && vouch_policy_command_fault(command) != NULL) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_COMMAND_BAD, nothing, command);
    }
    for (size_t i = 0; i < judging->role_count; i++) {
        struct vouch_bytes own = vouch_policy_rule_of(judging, i)->force_command;
        if (own.len > 0 && command.len > 0 && !vouch_bytes_equal(own, command)) {
            vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_COMMAND_OTHER,
                                    vouch_policy_rule_of(judging, i)->name, own);
        }
        command = command.len > 0 ? command : own;
    }
    struct vouch_bytes data;
    uint8_t *value = command.len > 0 ? begin_string(judging, command.len, &data) : NULL;
    if (value != NULL) {
        memcpy(value, command.ptr, command.len);
        add_option(grant, options, "force-command", data);
    }
}

static void compose_sources(struct vouch_policy_judging *judging, struct vouch_policy_grant *grant,
                            struct vouch_cert_option *options) {
    struct networks networks = role_networks(judging);
    if (networks.bound && networks.count == 0 && judging->err == VOUCH_OK) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_SOURCE_NONE, nothing, nothing);
    }
    if (networks.over) {
        vouch_policy_add_limit(judging, VOUCH_POLICY_REASON_ASK_LARGE, nothing,
                               vouch_bytes_of("networks"), VOUCH_POLICY_SOURCES_MAX);
    }
    if (judging->ask->sources.chosen == VOUCH_POLICY_CHOSEN) {
        networks = chosen_networks(judging, &networks);
    }
    if (networks.count == 0) {
        return;
    }
    size_t len = networks.count - 1;
    for (size_t i = 0; i < networks.count; i++) {
        len += networks.items[i].text.len;
    }
    struct vouch_bytes data;
    uint8_t *at = begin_string(judging, len, &data);
    for (size_t i = 0; i < networks.count && at != NULL; i++) {
        struct vouch_bytes text = networks.items[i].text;
        if (i > 0) {
            *at++ = ',';
        }
        memcpy(at, text.ptr, text.len);
        at += text.len;
    }
    if (at != NULL) {
        add_option(grant, options, "source-address", data);
    }
}

static void compose_verify(const struct vouch_policy_judging *judging,
                           struct vouch_policy_grant *grant, struct vouch_cert_option *options) {
    int required = judging->ask->verify == VOUCH_POLICY_REQUIRED;
    for (size_t i = 0; i < judging->role_count; i++) {
        required |= vouch_policy_rule_of(judging, i)->verify == VOUCH_POLICY_REQUIRED;
    }
    if (required) {
        add_option(grant, options, "verify-required", nothing);
    }
}

void vouch_policy_compose_critical(struct vouch_policy_judging *judging,
                                   struct vouch_policy_grant *grant) {
    struct vouch_cert_option *critical = vouch_policy_take(judging, 3 * sizeof *critical);
    if (critical != NULL) { // in the order of their names
        compose_command(judging, grant, critical);
        compose_sources(judging, grant, critical);
        compose_verify(judging, grant, critical);
    }
}
