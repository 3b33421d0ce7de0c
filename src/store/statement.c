// SPDX-License-Identifier: ISC
// The table of statements. Each is a constant, and each that gives rows has an index to find them by.
#include "store/statement.h"

// A certificate with the hash of its CA, in the order that certs.c reads.
#define CERT_COLUMNS                                                                               \
    "SELECT c.number, c.time_ms, c.serial, a.hash, c.type, c.key_id, c.key, c.principals, "        \
    "c.valid_after, c.valid_before, c.actor, c.role, c.request, c.source, c.policy, c.ca "

// Listings go from the newest to the oldest, between two places of the ledger.
#define CERTS_FROM "FROM certs c JOIN cas a ON a.id = c.ca "
#define CERTS_RANGE                                                                                \
    "c.number < ?1 AND c.number >= ?2 "                                                            \
    "ORDER BY c.number DESC LIMIT ?3"
#define TERMS_RANGE "t.segment = ?5 AND t.term = ?4 AND t.number < ?1 AND t.number >= ?2 "

#define EVENT_COLUMNS "SELECT e.number, e.time_ms, e.type, e.actor, e.object, e.details "
// What a certificate looks like among the events.
#define CERT_AS_EVENT                                                                              \
    "SELECT c.number, c.time_ms, CAST('cert.issue' AS BLOB), c.actor, c.key_id, "                  \
    "CAST('' AS BLOB) "
#define EVENTS_BETWEEN "FROM events e WHERE e.number < ?1 AND e.number >= ?2 "
#define CERTS_BETWEEN "FROM certs c WHERE c.number < ?1 AND c.number >= ?2 "
#define NEWEST_FIRST "ORDER BY 1 DESC LIMIT ?3"

#define REVOCATION_COLUMNS                                                                         \
    "SELECT r.id, r.kind, r.value, a.hash, r.number, r.time_ms, r.actor, r.reason, r.until_s "     \
    "FROM revocations r JOIN cas a ON a.id = r.ca WHERE "
#define REVOCATION_PLACE "SELECT id, kind, number, time_ms, actor, reason FROM revocations WHERE "

#define PROFILE_COLUMNS                                                                            \
    "SELECT name, type, principals, options, max_ttl_s, updated_s, actor FROM profiles WHERE "
#define TOKEN_COLUMNS                                                                              \
    "SELECT id, name, scopes, profile, actor, created_s, expires_s, last_used_s, disabled_s "      \
    "FROM tokens WHERE "

const struct vouch_statement_row vouch_statements[VOUCH_SQL_COUNT] = {
    [VOUCH_SQL_META_GET] = {"SELECT node, origin, epoch, position FROM meta WHERE one = 1", 0, 4},
    [VOUCH_SQL_META_PLACES] = {"SELECT position, termed FROM meta WHERE one = 1", 0, 2},
    [VOUCH_SQL_META_TERMED] = {"UPDATE meta SET termed = ?1 WHERE one = 1", 1, 0},
    [VOUCH_SQL_META_INDEXED] = {"UPDATE meta SET origin = ?1, position = ?2 WHERE one = 1", 2, 0},
    [VOUCH_SQL_META_NODE] = {"UPDATE meta SET node = ?1 WHERE one = 1 AND node = ?2", 2, 0},
    [VOUCH_SQL_META_EPOCH] = {"UPDATE meta SET epoch = ?1 WHERE one = 1 AND epoch < ?1", 1, 0},

    [VOUCH_SQL_CA_FIND] = {"SELECT id FROM cas WHERE hash = ?1", 1, 1},
    [VOUCH_SQL_CA_ADD] = {"INSERT INTO cas (hash) VALUES (?1)", 1, 0},

    [VOUCH_SQL_MARK_ADD] = {"INSERT INTO marks (time_ms, number) VALUES (?1, ?2)", 2, 0},
    [VOUCH_SQL_MARK_BEFORE] = {"SELECT number FROM marks WHERE time_ms < ?1 "
                               "ORDER BY time_ms DESC, number DESC LIMIT 1",
                               1, 1},
    [VOUCH_SQL_MARK_FROM] = {"SELECT number FROM marks WHERE time_ms >= ?1 "
                             "ORDER BY time_ms, number LIMIT 1",
                             1, 1},

    [VOUCH_SQL_CERT_ADD] =
        {"INSERT INTO certs (number, time_ms, serial, ca, type, key_id, key, principals, "
         "valid_after, valid_before, actor, role, request, source, policy) "
         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
         15, 0},

    [VOUCH_SQL_TERM_ADD] = {"INSERT INTO terms (segment, term, number) VALUES (?1, ?2, ?3) "
                            "ON CONFLICT DO NOTHING",
                            3, 0},
    [VOUCH_SQL_TERMS_OF_CERTS] = {"SELECT number, key, key_id, actor, principals FROM certs "
                                  "WHERE number >= ?1 AND number < ?2 ORDER BY number",
                                  2, 5},
    [VOUCH_SQL_TERMS_OF_EVENTS] = {"SELECT number, type, actor, object FROM events "
                                   "WHERE number >= ?1 AND number < ?2 ORDER BY number",
                                   2, 4},

    [VOUCH_SQL_CERTS_ALL] = {CERT_COLUMNS CERTS_FROM "WHERE " CERTS_RANGE, 3, 16},
    [VOUCH_SQL_CERTS_BY_SERIAL] = {CERT_COLUMNS CERTS_FROM "WHERE c.serial = ?4 AND " CERTS_RANGE,
                                   4, 16},
    [VOUCH_SQL_CERTS_BY_TERM] = {CERT_COLUMNS
                                 "FROM terms t CROSS JOIN certs c CROSS JOIN cas a "
                                 "WHERE c.number = t.number AND a.id = c.ca AND " TERMS_RANGE
                                 "ORDER BY t.number DESC LIMIT ?3",
                                 5, 16},

    [VOUCH_SQL_EVENT_ADD] = {"INSERT INTO events (number, time_ms, type, actor, object, details) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                             6, 0},
    [VOUCH_SQL_AUDIT_ALL] = {EVENT_COLUMNS EVENTS_BETWEEN
                             "UNION ALL " CERT_AS_EVENT CERTS_BETWEEN NEWEST_FIRST,
                             3, 6},
    [VOUCH_SQL_AUDIT_BY_TERM] = {EVENT_COLUMNS "FROM terms t CROSS JOIN events e "
                                               "WHERE e.number = t.number AND " TERMS_RANGE
                                               "UNION ALL " CERT_AS_EVENT
                                               "FROM terms t CROSS JOIN certs c "
                                               "WHERE c.number = t.number AND " TERMS_RANGE
                                               "ORDER BY 1 DESC LIMIT ?3",
                                 5, 6},
    [VOUCH_SQL_AUDIT_CERTS] = {CERT_AS_EVENT CERTS_BETWEEN NEWEST_FIRST, 3, 6},

    [VOUCH_SQL_IDEMPOTENCY_ADD] = {"INSERT INTO idempotency (key, number, request, expires_s) "
                                   "VALUES (?1, ?2, ?3, ?4)",
                                   4, 0},
    [VOUCH_SQL_IDEMPOTENCY_FIND] = {"SELECT number, request FROM idempotency "
                                    "WHERE key = ?1 AND expires_s > ?2 ORDER BY number LIMIT ?3",
                                    3, 2},
    [VOUCH_SQL_IDEMPOTENCY_PRUNE] = {"DELETE FROM idempotency WHERE (key, number) IN "
                                     "(SELECT key, number FROM idempotency WHERE expires_s <= ?1 "
                                     "ORDER BY expires_s LIMIT ?2)",
                                     2, 0},

    [VOUCH_SQL_REVOCATION_ADD] = {"INSERT INTO revocations "
                                  "(kind, value, ca, number, time_ms, actor, reason, until_s) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
                                  8, 0},
    // The first that hits a certificate: its serial ?1, key ID ?2, key ?3, CA ?4 and its number ?5.
    [VOUCH_SQL_REVOCATION_OF] = {REVOCATION_PLACE "kind = 1 AND value = ?1 AND ca = ?5 "
                                                  "UNION ALL " REVOCATION_PLACE
                                                  "kind = 2 AND value = ?2 AND ca IN (0, ?5) "
                                                  "UNION ALL " REVOCATION_PLACE
                                                  "kind = 3 AND value = ?3 AND ca IN (0, ?5) "
                                                  "UNION ALL " REVOCATION_PLACE
                                                  "kind = 4 AND value = ?4 AND ca = 0 "
                                                  "ORDER BY 1 LIMIT 1",
                                 5, 6},
    [VOUCH_SQL_REVOCATION_OF_KEY] = {"SELECT id FROM revocations WHERE kind = 3 AND value = ?1 "
                                     "LIMIT 1",
                                     1, 1},
    [VOUCH_SQL_REVOCATIONS_ALL] = {REVOCATION_COLUMNS "r.id > ?1 AND (r.until_s = 0 OR "
                                                      "r.until_s > ?2) ORDER BY r.id LIMIT ?3",
                                   3, 9},
    [VOUCH_SQL_REVOCATIONS_BY_CA] = {REVOCATION_COLUMNS
                                     "r.ca = ?4 AND r.id > ?1 AND (r.until_s = 0 "
                                     "OR r.until_s > ?2) ORDER BY r.id LIMIT ?3",
                                     4, 9},

    [VOUCH_SQL_KRL_ADD] = {"INSERT INTO krls (ca, version, hash, generated_s, entries) "
                           "SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS "
                           "(SELECT 1 FROM krls WHERE ca = ?1 AND version >= ?2)",
                           5, 0},
    [VOUCH_SQL_KRL_NEWEST] = {"SELECT version, hash, generated_s, entries FROM krls WHERE ca = ?1 "
                              "ORDER BY version DESC LIMIT 1",
                              1, 4},

    [VOUCH_SQL_PROFILE_PUT] = {"INSERT INTO profiles "
                               "(name, type, principals, options, max_ttl_s, updated_s, actor) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO UPDATE "
                               "SET type = excluded.type, principals = excluded.principals, "
                               "options = excluded.options, max_ttl_s = excluded.max_ttl_s, "
                               "updated_s = excluded.updated_s, actor = excluded.actor",
                               7, 0},
    [VOUCH_SQL_PROFILE_FIND] = {PROFILE_COLUMNS "name = ?1", 1, 7},
    [VOUCH_SQL_PROFILE_REMOVE] = {"DELETE FROM profiles WHERE name = ?1", 1, 0},
    [VOUCH_SQL_PROFILES_ALL] = {PROFILE_COLUMNS "name > ?1 ORDER BY name LIMIT ?2", 2, 7},

    [VOUCH_SQL_TOKEN_ADD] = {"INSERT INTO tokens (name, secret, scopes, profile, actor, created_s, "
                             "expires_s, last_used_s, disabled_s) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0) ON CONFLICT DO NOTHING",
                             7, 0},
    [VOUCH_SQL_TOKEN_BY_SECRET] = {TOKEN_COLUMNS "secret = ?1", 1, 9},
    [VOUCH_SQL_TOKEN_BY_NAME] = {TOKEN_COLUMNS "name = ?1", 1, 9},
    [VOUCH_SQL_TOKENS_ALL] = {TOKEN_COLUMNS "id > ?1 ORDER BY id LIMIT ?2", 2, 9},
    [VOUCH_SQL_TOKEN_USED] = {"UPDATE tokens SET last_used_s = ?2 WHERE id = ?1 AND last_used_s < "
                              "?2",
                              2, 0},
    [VOUCH_SQL_TOKEN_DISABLE] = {"UPDATE tokens SET disabled_s = ?2 WHERE name = ?1 "
                                 "AND disabled_s = 0",
                                 2, 0},
    [VOUCH_SQL_TOKENS_OF_PROFILE] = {"SELECT id FROM tokens WHERE profile = ?1 LIMIT 1", 1, 1},

    [VOUCH_SQL_CLEAR_CERTS] = {"DELETE FROM certs", 0, 0},
    [VOUCH_SQL_CLEAR_TERMS] = {"DELETE FROM terms", 0, 0},
    [VOUCH_SQL_CLEAR_EVENTS] = {"DELETE FROM events", 0, 0},
    [VOUCH_SQL_CLEAR_MARKS] = {"DELETE FROM marks", 0, 0},
    [VOUCH_SQL_CLEAR_IDEMPOTENCY] = {"DELETE FROM idempotency", 0, 0},
    [VOUCH_SQL_CLEAR_META] = {"UPDATE meta SET origin = ?1, position = 0, termed = 0 WHERE one = 1",
                              1, 0},
};
