// SPDX-License-Identifier: ISC
// ceiling.yaml: what the signer never signs, whatever the rest of the service decides.
#include <cyaml/cyaml.h>
#include <string.h>

#include "prog/vouchd/config.h"
#include "prog/vouchd/setting.h"
#include "vouch/key.h"

// The file as it stands, in texts.
struct raw_bounds {
    char *ttl_max;
    char *principals_max;
    char **options;
    unsigned options_count;
};
struct raw_host {
    char *ttl_max;
    char *principals_max;
    char **wildcards;
    unsigned wildcards_count;
};
struct raw_rate {
    char *per_second;
};
struct raw_keys {
    char *rsa_min_bits;
    char **types;
    unsigned types_count;
};
struct raw {
    struct raw_bounds user;
    struct raw_host host;
    struct raw_rate rate;
    struct raw_keys keys;
};

#define OPTIONAL (CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER)
#define TEXT(type, member)                                                                         \
    CYAML_FIELD_STRING_PTR(#member, OPTIONAL, type, member, 0, VOUCH_YAML_ITEM_TEXT_MAX)
#define LIST(type, member)                                                                         \
    CYAML_FIELD_SEQUENCE(#member, OPTIONAL, type, member, &item, 0, VOUCH_YAML_ITEMS_MAX)
#define GROUP(member)                                                                              \
    CYAML_FIELD_MAPPING(#member, CYAML_FLAG_OPTIONAL, struct raw, member, member##_fields)

static const cyaml_schema_value_t item = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, VOUCH_YAML_ITEM_TEXT_MAX)};
static const cyaml_schema_field_t user_fields[] = {
    TEXT(struct raw_bounds, ttl_max), TEXT(struct raw_bounds, principals_max),
    LIST(struct raw_bounds, options), CYAML_FIELD_END};
static const cyaml_schema_field_t host_fields[] = {
    TEXT(struct raw_host, ttl_max), TEXT(struct raw_host, principals_max),
    LIST(struct raw_host, wildcards), CYAML_FIELD_END};
static const cyaml_schema_field_t rate_fields[] = {TEXT(struct raw_rate, per_second),
                                                   CYAML_FIELD_END};
static const cyaml_schema_field_t keys_fields[] = {TEXT(struct raw_keys, rsa_min_bits),
                                                   LIST(struct raw_keys, types), CYAML_FIELD_END};
static const cyaml_schema_field_t fields[] = {
    GROUP(user), GROUP(host), GROUP(rate), GROUP(keys), CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, fields)};

static int read_option(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    struct vouch_signer_ceiling *ceiling = text->into;
    uint32_t bit = vouch_ceiling_option_bit(vouch_bytes_of(text->text));
    if (bit == 0) {
        (void)vouch_setting_fault(text, fault, "\"%s\" is no option of a certificate", text->text);
        return vouch_fault_next(fault, "The names are in vouchd.yaml(5), such as permit-pty.");
    }
    ceiling->user.options |= bit;
    return VOUCH_OK;
}

static int read_domain(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    struct vouch_signer_ceiling *ceiling = text->into;
    int err = vouch_host_domains_add(&ceiling->wildcards, vouch_bytes_of(text->text));
    if (err == VOUCH_OK) {
        return VOUCH_OK;
    }
    if (err == VOUCH_ERR_LIMIT) {
        return vouch_setting_fault(text, fault, "holds more than %d domains",
                                   VOUCH_HOST_DOMAINS_MAX);
    }
    (void)vouch_setting_fault(text, fault, "\"%s\" is no domain of two labels or more", text->text);
    return vouch_fault_next(fault, "Write web.example.com, without a star, to allow "
                                   "*.web.example.com and what is below it.");
}

static int read_type(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    struct vouch_signer_ceiling *ceiling = text->into;
    enum vouch_key_type type = vouch_key_type_from_name(vouch_bytes_of(text->text));
    if (type == VOUCH_KEY_NONE) {
        (void)vouch_setting_fault(text, fault, "\"%s\" is no type of key", text->text);
        return vouch_fault_next(fault, "The names are in vouchd.yaml(5), such as ssh-ed25519.");
    }
    ceiling->key_types |= UINT32_C(1) << type;
    return VOUCH_OK;
}

#define RAW(member) .raw = offsetof(struct raw, member)
#define INTO(member) .into = offsetof(struct vouch_signer_ceiling, member)
#define TTL_BOUNDS .min = VOUCH_CEILING_TTL_MIN_S, .max = VOUCH_CEILING_TTL_MAX_S
#define NAME_BOUNDS .min = 1, .max = VOUCH_CERT_PRINCIPALS_MAX
#define NUMBER .read = vouch_setting_number
#define SPAN .read = vouch_setting_span

static const char user_options[] =
    "force-command source-address verify-required permit-X11-forwarding permit-agent-forwarding "
    "permit-port-forwarding permit-pty permit-user-rc";
static const char key_types[] =
    "ssh-rsa ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ssh-ed25519 "
    "sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com";

// What holds without the file is vouch_signer_ceiling_default(), said in texts.
static const struct vouch_setting settings[] = {
    {.path = "user", .kind = VOUCH_YAML_GROUP},
    {.path = "user.ttl_max",
     RAW(user.ttl_max),
     .otherwise = "24h",
     SPAN,
     INTO(user.ttl_max_s),
     TTL_BOUNDS},
    {.path = "user.principals_max",
     RAW(user.principals_max),
     .otherwise = "16",
     NUMBER,
     INTO(user.principals_max),
     NAME_BOUNDS},
    {.path = "user.options",
     .kind = VOUCH_YAML_LIST,
     RAW(user.options),
     .otherwise = user_options,
     .read = read_option},
    {.path = "host", .kind = VOUCH_YAML_GROUP},
    {.path = "host.ttl_max",
     RAW(host.ttl_max),
     .otherwise = "2160h",
     SPAN,
     INTO(host.ttl_max_s),
     TTL_BOUNDS},
    {.path = "host.principals_max",
     RAW(host.principals_max),
     .otherwise = "16",
     NUMBER,
     INTO(host.principals_max),
     NAME_BOUNDS},
    {.path = "host.wildcards",
     .kind = VOUCH_YAML_LIST,
     RAW(host.wildcards),
     .otherwise = "",
     .read = read_domain},
    {.path = "rate", .kind = VOUCH_YAML_GROUP},
    {.path = "rate.per_second",
     RAW(rate.per_second),
     .otherwise = "20000",
     NUMBER,
     INTO(rate_per_s),
     .max = VOUCH_CEILING_RATE_MAX},
    {.path = "keys", .kind = VOUCH_YAML_GROUP},
    {.path = "keys.rsa_min_bits",
     RAW(keys.rsa_min_bits),
     .otherwise = "2048",
     NUMBER,
     INTO(rsa_bits_min),
     .min = VOUCH_CEILING_RSA_BITS_MIN,
     .max = VOUCH_CEILING_RSA_BITS_MAX},
    {.path = "keys.types",
     .kind = VOUCH_YAML_LIST,
     RAW(keys.types),
     .otherwise = key_types,
     .read = read_type},
};
#define SETTING_COUNT (sizeof settings / sizeof settings[0])

int vouch_ceiling_parse(const char *name, struct vouch_bytes text,
                        struct vouch_signer_ceiling *ret_ceiling, FILE *explain,
                        struct vouch_fault *fault) {
    struct vouch_yaml_key keys[SETTING_COUNT];
    vouch_setting_keys(settings, SETTING_COUNT, keys);
    const struct vouch_yaml_form form = {&schema, keys, SETTING_COUNT};
    struct vouch_yaml yaml;
    int err = vouch_yaml_parse(&form, name, text, &yaml, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_signer_ceiling ceiling = {0};
    const struct vouch_setting_job job = {&yaml, "", settings, SETTING_COUNT, &ceiling, explain};
    err = vouch_settings_apply(&job, fault);
    const char *why = NULL;
    const char *field = err == VOUCH_OK ? vouch_signer_ceiling_fault(&ceiling, &why) : NULL;
    if (field != NULL) {
        err = vouch_yaml_fault(&yaml, field, fault, "%s", why);
    }
    if (err == VOUCH_OK) {
        *ret_ceiling = ceiling;
    }
    vouch_yaml_done(&yaml);
    return err;
}
