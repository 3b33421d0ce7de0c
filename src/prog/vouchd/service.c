// SPDX-License-Identifier: ISC
// The table of processes.
#include "prog/vouchd/service.h"

#include <stdio.h>

#define STOP_MS 15000 // for each, one after the other

void vouch_server_table_init(struct vouch_server_table *table, const char *dir, unsigned lanes,
                             const char *address, const char (*users)[VOUCH_CONFIG_TEXT_MAX]) {
    // Where the service manager puts the log tells how its lines begin.
    static const char *const keep_env[] = {"JOURNAL_STREAM", NULL};
    static const char *const names[] = {"web", "authority", "signer", "identity"};
    for (size_t i = 0; i < VOUCH_ROLE_COUNT; i++) {
        int has_secret = i == VOUCH_SIGNER || i == VOUCH_IDENTITY;
        table->roles[i] = (struct vouch_role){
            .name = names[i],
            .user = users != NULL ? users[i] : NULL,
            .gifts = has_secret ? 2 : 1,
            .gift_fds = i == VOUCH_IDENTITY ? table->identity_gifts : table->signer_gifts};
    }
    table->links[VOUCH_LINK_WEB] = (struct vouch_link){VOUCH_WEB, VOUCH_AUTHORITY, lanes + 1};
    table->links[VOUCH_LINK_SIGNER] = (struct vouch_link){VOUCH_AUTHORITY, VOUCH_SIGNER, lanes + 2};
    table->links[VOUCH_LINK_IDENTITY] =
        (struct vouch_link){VOUCH_AUTHORITY, VOUCH_IDENTITY, lanes + 1};
    (void)snprintf(table->lanes_text, sizeof table->lanes_text, "%u", lanes);
    table->args[0] = dir;
    table->args[1] = table->lanes_text;
    table->args[2] = address;
    table->args[3] = NULL;
    vouch_server_table_give(table, &(struct vouch_server_gifts){-1, -1, -1});
    table->service = (struct vouch_service){.program = "vouchd",
                                            .roles = table->roles,
                                            .role_count = VOUCH_ROLE_COUNT,
                                            .links = table->links,
                                            .link_count = VOUCH_LINK_COUNT,
                                            .args = table->args,
                                            .keep_env = keep_env,
                                            .times = {.stop_ms = STOP_MS}};
}

void vouch_server_table_give(struct vouch_server_table *table,
                             const struct vouch_server_gifts *gifts) {
    table->signer_gifts[VOUCH_GIFT_SETTINGS] = gifts->settings;
    table->signer_gifts[VOUCH_GIFT_UNLOCK] = gifts->unlock;
    table->identity_gifts[VOUCH_GIFT_SETTINGS] = gifts->settings;
    table->identity_gifts[VOUCH_GIFT_SEAL] = gifts->seal;
}
