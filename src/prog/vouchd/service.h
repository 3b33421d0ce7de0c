// SPDX-License-Identifier: ISC
// The table of this server's processes, the same in the supervisor and in every role.
//
//   web ──lanes + 1──► authority ──lanes + 2──► signer
//                                └─lanes + 1──► identity
//
// Lane i goes from worker i of web through thread i of authority to thread i of signer and of identity.
// web's last lane belongs to the thread that watches the public files; authority's last two to the thread
// that indexes (which asks no identity) and to the socket for administration.
#pragma once

#include "ipc/spawn.h"
#include "prog/vouchd/config.h"

enum { VOUCH_WEB = 0, VOUCH_AUTHORITY, VOUCH_SIGNER, VOUCH_IDENTITY, VOUCH_ROLE_COUNT };
enum { VOUCH_LINK_WEB = 0, VOUCH_LINK_SIGNER, VOUCH_LINK_IDENTITY, VOUCH_LINK_COUNT };

// What every role is given: the settings as the supervisor checked them. The signer also gets what
// opens its keys, or an empty file where it reads that itself; identity also gets its key.
enum { VOUCH_GIFT_SETTINGS = 0, VOUCH_GIFT_UNLOCK, VOUCH_GIFT_SEAL = VOUCH_GIFT_UNLOCK };

struct vouch_server_table {
    struct vouch_role roles[VOUCH_ROLE_COUNT];
    struct vouch_link links[VOUCH_LINK_COUNT];
    char lanes_text[16];
    const char *args[4];
    int signer_gifts[2];
    int identity_gifts[2];
    struct vouch_service service;
};

// `address` (address.h) and `users` (web, authority, signer, identity) may be NULL in a role. Everything
// is borrowed.
void vouch_server_table_init(struct vouch_server_table *table, const char *dir, unsigned lanes,
                             const char *address, const char (*users)[VOUCH_CONFIG_TEXT_MAX]);

// What the supervisor hands over; the descriptors stay the caller's.
struct vouch_server_gifts {
    int settings;
    int unlock;
    int seal;
};
void vouch_server_table_give(struct vouch_server_table *table,
                             const struct vouch_server_gifts *gifts);
