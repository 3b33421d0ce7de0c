// SPDX-License-Identifier: ISC
// Who follows the ledger just now: how many streams there are, in all and of each session. Private to src/api.
#pragma once

#include <pthread.h>
#include <stdint.h>

#define VOUCH_API_LIVE_MAX 1024      // streams in all
#define VOUCH_API_LIVE_SESSION_MAX 8 // of one session

struct vouch_api_live {
    pthread_mutex_t lock;
    unsigned count;
    uint64_t sessions[VOUCH_API_LIVE_MAX]; // whose each is: of the digest of its secret
};

// Why another stream is not begun; its zero value refuses.
enum vouch_api_live_room {
    VOUCH_API_LIVE_FULL = 0,
    VOUCH_API_LIVE_SESSION_FULL,
    VOUCH_API_LIVE_TAKEN,
};

// With nobody; and when there is nobody any more.
void vouch_api_live_init(struct vouch_api_live *live);
void vouch_api_live_done(struct vouch_api_live *live);

// Counts a stream of the session with this digest; what was TAKEN is given back by vouch_api_live_leave().
enum vouch_api_live_room vouch_api_live_enter(struct vouch_api_live *live, uint64_t session);
void vouch_api_live_leave(struct vouch_api_live *live, uint64_t session);
