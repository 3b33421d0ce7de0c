// SPDX-License-Identifier: ISC
// The folder of a demonstration: a server's, with purpose: demonstration in its settings, and demo.json
// with what those who come to look sign in by.
#pragma once

#include "prog/vouchd/demo-base.h"
#include "prog/vouchd/demo-story.h"

#define VOUCH_DEMO_FILE "demo.json"

struct vouch_demo_folder {
    const char *dir;
    const char *listen;
    struct vouch_demo_what what;
    vouch_demo_progress_fn *progress;
    void *progress_context;
};

enum vouch_demo_place { VOUCH_DEMO_PLACE_EMPTY = 0, VOUCH_DEMO_PLACE_FILLED };

// Whether the folder is empty or not there, or holds a demonstration; else V-2031.
VOUCH_MUST_USE int vouch_demo_folder_look(const char *dir, enum vouch_demo_place *ret_place,
                                          struct vouch_fault *fault);

// What was made up, for the time until the server runs.
struct vouch_demo_filled {
    struct vouch_demo_company *company;
    struct vouch_demo_plan plan;
    struct vouch_policy *policy;
    struct vouch_demo_mint *mint;
    struct vouch_demo_story *story;
    struct vouch_store *store;
    uint64_t records;
};

// Makes the server and fills it. The caller ends *ret_filled, also after a failure.
VOUCH_MUST_USE int vouch_demo_folder_fill(const struct vouch_demo_folder *folder,
                                          struct vouch_demo_filled *ret_filled,
                                          struct vouch_demo_visitors *ret_visitors,
                                          struct vouch_fault *fault);
void vouch_demo_filled_done(struct vouch_demo_filled *filled);

// Makes the company of a folder up once more, that was filled before, and reads what its visitors sign in
// by. The caller ends *ret_filled, also after a failure. V-2031 if demo.json is not what it was.
VOUCH_MUST_USE int vouch_demo_folder_read(const char *dir, struct vouch_demo_filled *ret_filled,
                                          struct vouch_demo_visitors *ret_visitors,
                                          struct vouch_fault *fault);

// Writes the hosts' reports: see vouch_demo_base_report().
VOUCH_MUST_USE int vouch_demo_folder_report(const char *dir, const struct vouch_demo_filled *filled,
                                            struct vouch_fault *fault);
