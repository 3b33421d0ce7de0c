// SPDX-License-Identifier: ISC
// The address in one-time links.
#include "prog/vouchd/address.h"

#include <netinet/in.h>
#include <string.h>

#include "prog/vouchd/tls-pair.h"

static int is_every_address(const struct vouch_config_address *address) {
    if (address->address.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->address;
        return v4->sin_addr.s_addr == htonl(INADDR_ANY);
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->address;
    return IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
}

static int is_host_name(const char *name) {
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] ==
           '\0';
}

// Leaves it empty where nothing says how the server is reached.
static void write_url(const struct vouch_config *config, char *ret_text, size_t size) {
    const struct vouch_config_address *listen = &config->listen[0];
    const char *colon = strrchr(listen->text, ':');
    if (config->url[0] != '\0') {
        (void)snprintf(ret_text, size, "%s", config->url);
    } else if (!is_every_address(listen)) {
        (void)snprintf(ret_text, size, "https://%s", listen->text);
    } else if (is_host_name(config->name)) {
        (void)snprintf(ret_text, size, "https://%s%s", config->name, colon);
    }
}

void vouch_server_address(const struct vouch_config *config,
                          char ret_text[static VOUCH_ADDRESS_TEXT_MAX]) {
    char url[2 * VOUCH_CONFIG_TEXT_MAX - VOUCH_PIN_TEXT_MAX] = "", pin[VOUCH_PIN_TEXT_MAX];
    struct vouch_fault fault = {0};
    ret_text[0] = '\0';
    if (vouch_tls_pin(config->tls_certificate, pin, &fault) == VOUCH_OK) {
        write_url(config, url, sizeof url);
        (void)snprintf(ret_text, VOUCH_ADDRESS_TEXT_MAX, "%s%s%s", url,
                       url[0] != '\0' && pin[0] != '\0' ? "#" : "", url[0] != '\0' ? pin : "");
    }
}
