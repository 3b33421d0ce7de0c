// SPDX-License-Identifier: ISC
// The API as its owner sees it: made, given to an HTTP server, freed.
#include "api/api.h"

#include <malloc.h>
#include <stdlib.h>

#include "api/routes.h"
#include "base/mem.h"
#include "base/secret.h"

static void free_wiped(void *ptr) {
    if (ptr != NULL) {
        vouch_wipe(ptr, malloc_usable_size(ptr));
        free(ptr);
    }
}

// Bodies hold passwords and codes, so what Jansson frees is wiped. Its tables are seeded before the first of
// them is made: it would otherwise open a file to get a seed, which no sandbox lets it.
static void prepare_json(void) {
    size_t seed = 0;
    json_set_alloc_funcs(malloc, free_wiped);
    vouch_random(&seed, sizeof seed);
    json_object_seed(seed | 1);
}

static int make_lanes(struct vouch_api *api) {
    unsigned count = api->config.workers;
    api->lanes = calloc(count, sizeof *api->lanes);
    api->contexts = calloc(count, sizeof *api->contexts);
    if (api->lanes == NULL || api->contexts == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (unsigned i = 0; i < count; i++) {
        api->lanes[i] =
            (struct vouch_api_lane){.api = api, .authority = api->config.authorities[i]};
        api->contexts[i] = &api->lanes[i];
    }
    return VOUCH_OK;
}

static int unpack_openapi(struct vouch_api *api) {
    api->openapi = malloc(vouch_api_openapi.plain_len);
    return api->openapi != NULL ? vouch_packed_open(&vouch_api_openapi, api->openapi)
                                : VOUCH_ERR_NO_MEMORY;
}

int vouch_api_new(const struct vouch_api_config *config, struct vouch_api **ret_api,
                  struct vouch_fault *fault) {
    if (config->way == VOUCH_CALLER_UNKNOWN || config->workers == 0 ||
        config->authorities == NULL || config->files == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                               "the API was given no way in, workers or files");
    }
    struct vouch_api *api = calloc(1, sizeof *api);
    if (api != NULL) {
        api->config = *config;
        vouch_api_live_init(&api->live);
    }
    if (api == NULL || make_lanes(api) != VOUCH_OK || unpack_openapi(api) != VOUCH_OK) {
        vouch_api_free(api);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no memory for the API of %u workers", config->workers);
    }
    prepare_json();
    *ret_api = api;
    return VOUCH_OK;
}

void vouch_api_free(struct vouch_api *api) {
    if (api != NULL) {
        free(api->lanes);
        free(api->contexts);
        free(api->openapi);
        vouch_api_live_done(&api->live);
        free(api);
    }
}

// The API's description, and that this process is alive.
static void fill_files(const struct vouch_api *api, struct vouch_http_file files[2]) {
    static const char alive[] = "{\"schema\":\"vouch.health/1\",\"status\":\"alive\"}";
    files[0] = (struct vouch_http_file){.path = "/v1/openapi.json",
                                        .content = {api->openapi, vouch_api_openapi.plain_len},
                                        .gzip = vouch_api_openapi.gzip,
                                        .content_type = "application/json",
                                        .etag = vouch_api_openapi_etag};
    files[1] = (struct vouch_http_file){.path = "/healthz",
                                        .content = {(const uint8_t *)alive, sizeof alive - 1},
                                        .content_type = "application/json",
                                        .etag = "\"alive\"",
                                        .cache_control = "no-store"};
}

void vouch_api_configure(struct vouch_api *api, struct vouch_http_config *http) {
    http->routes = vouch_api_routes;
    http->route_count = vouch_api_route_count;
    fill_files(api, api->files);
    http->files = api->files;
    http->file_count = sizeof api->files / sizeof api->files[0];
    http->workers = api->config.workers;
    http->limits.body_max = VOUCH_POLICY_TEXT_MAX;
    http->worker_contexts = api->contexts;
    http->describe = vouch_api_describe;
}

void vouch_api_attach(struct vouch_api *api, struct vouch_http_server *server) {
    atomic_store(&api->server, server);
}
