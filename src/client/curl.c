// SPDX-License-Identifier: ISC
// Loading libcurl: see curl.h.
#include "client/curl.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

static int no_library(struct vouch_fault *fault, const char *why) {
    vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_server_unreachable,
                    LIBRARY ": cannot be loaded: %s", why != NULL ? why : "unknown reason");
    return vouch_fault_next(fault, "install libcurl 7.86 or later (libcurl4)");
}

static int find_all(void *library, struct vouch_curl *curl, struct vouch_fault *fault) {
    const struct {
        const char *name;
        void *slot; // of a pointer to a function
    } rows[] = {
        {"curl_global_init", &curl->global_init},   {"curl_easy_init", &curl->easy_init},
        {"curl_easy_cleanup", &curl->easy_cleanup}, {"curl_easy_setopt", &curl->easy_setopt},
        {"curl_easy_perform", &curl->easy_perform}, {"curl_easy_getinfo", &curl->easy_getinfo},
        {"curl_easy_header", &curl->easy_header},   {"curl_easy_strerror", &curl->easy_strerror},
        {"curl_slist_append", &curl->slist_append}, {"curl_slist_free_all", &curl->slist_free_all},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        void *found = dlsym(library, rows[i].name);
        if (found == NULL) {
            return no_library(fault, dlerror());
        }
        // POSIX promises that the two kinds of pointers have one form; C has no cast for it.
        memcpy(rows[i].slot, &found, sizeof found);
    }
    return 0;
}

int vouch_curl_load(const struct vouch_curl **ret_curl, struct vouch_fault *fault) {
    static struct vouch_curl curl;
    static void *library;
    if (library == NULL) {
        void *opened = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
        if (opened == NULL) {
            return no_library(fault, dlerror());
        }
        int err = find_all(opened, &curl, fault);
        if (err == 0 && curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
            err = no_library(fault, "it cannot be set up");
        }
        if (err != 0) {
            (void)dlclose(opened);
            return err;
        }
        library = opened;
    }
    *ret_curl = &curl;
    return 0;
}
