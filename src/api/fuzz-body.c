// SPDX-License-Identifier: ISC
// Fuzzes the bodies of requests: whatever one holds, the answer is a problem or a success, whole, of
// described members, and in ASCII; and only what was taken reaches the authority.
#include <stdlib.h>

#include "api/routes.h"
#include "api/test-authority.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vouch_api api = {.config.way = VOUCH_CALLER_TOKEN};
static struct vouch_api_lane lane;

static void require(int holds) {
    if (!holds) {
        abort();
    }
}

// The route of the input's first byte, among those that take a body.
static const struct vouch_http_route *choose(uint8_t byte) {
    const struct vouch_http_route *takers[64];
    size_t count = 0;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        if (vouch_api_row_of(&vouch_api_routes[i])->body == VOUCH_API_JSON) {
            require(count < sizeof takers / sizeof takers[0]);
            takers[count++] = &vouch_api_routes[i];
        }
    }
    return takers[byte % count];
}

static void check_answer(const struct vouch_http_response *response) {
    json_t *answer = json_loadb((const char *)response->body.ptr, response->body.len,
                                JSON_REJECT_DUPLICATES, NULL);
    require(json_is_object(answer));
    int refused = response->status >= 400;
    require(refused || (response->status >= 200 && response->status <= 202));
    require((json_object_get(answer, "code") != NULL) == refused);
    require((json_object_get(answer, "schema") != NULL) == !refused);
    json_decref(answer);
    for (size_t i = 0; i < response->body.len; i++) {
        require(response->body.ptr[i] >= 0x20 && response->body.ptr[i] < 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vouch_http_response response = {0};
    if (size < 1 || size > VOUCH_API_BODY_MAX) {
        return 0;
    }
    if (lane.authority == NULL) {
        test_authority_begin();
        lane = (struct vouch_api_lane){.api = &api, .authority = test_authority_handle()};
    }
    uint8_t *copy = malloc(size - 1 + (size == 1)); // so that reading beyond the end is seen
    memcpy(copy, data + 1, size - 1);
    struct vouch_http_request request = {.route = choose(data[0]),
                                         .method = VOUCH_HTTP_POST,
                                         .id = "0123456789abcdef01234567",
                                         .body = {copy, size - 1}};
    request.captures[0] = vouch_bytes_of("17592186044417");
    int hosts = vouch_api_row_of(request.route)->access == VOUCH_API_HOSTS;
    request.headers[VOUCH_HTTP_AUTHORIZATION] =
        vouch_bytes_of(hosts ? "Bearer " TEST_HOST_SECRET : "Bearer " TEST_TOKEN_ALL);
    request.headers[VOUCH_HTTP_CONTENT_TYPE] = vouch_bytes_of("application/json");
    vouch_buf_init(&response.body, 1 << 20);
    vouch_buf_init(&response.fields, 16384);
    unsigned before = test_authority_asks();
    require(request.route->handler(&lane, &request, &response) == VOUCH_OK);
    check_answer(&response);
    require(test_authority_asks() - before <= 1);
    require(response.status >= 400 || test_authority_asks() == before + 1);
    vouch_buf_done(&response.body);
    vouch_buf_done(&response.fields);
    free(copy);
    return 0;
}
