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

#define REQUEST_COLUMNS                                                                            \
    "SELECT id, revision, state, user, zone, created_s, expires_s, ttl_s, key, missing, serial, "  \
    "roles, principals, approvers, reason, source, decided_by, comment, "
#define REQUEST_ROWS REQUEST_COLUMNS "CAST('' AS BLOB), CAST('' AS BLOB) FROM requests WHERE "
// Of waiting and approved requests, and of those that are over, up to ?2 that came to their time.
#define REQUESTS_DUE                                                                               \
    "WHERE id IN (SELECT id FROM requests WHERE state IN (1, 2) AND expires_s <= ?1 LIMIT ?2)"
#define REQUESTS_OLD                                                                               \
    "WHERE id IN (SELECT id FROM requests WHERE state IN (3, 4, 5, 6) AND expires_s <= ?1 "        \
    "LIMIT ?2)"

#define REVIEW_COLUMNS                                                                             \
    "SELECT id, revision, state, kind, is_drill, user, holder, role, zone, reason, source, key, "  \
    "opened_s, serial, ends_s, uses, used_s, done_by, note, done_s FROM reviews WHERE "

#define SESSION_COLUMNS                                                                            \
    "SELECT s.id, s.account, a.name, s.methods, s.source, s.created_s, s.used_s, s.factor_s, "     \
    "s.idle_s, s.ends_s, s.client FROM sessions s JOIN accounts a ON a.id = s.account WHERE "
#define DEVICE_COLUMNS                                                                             \
    "SELECT d.id, d.challenge, d.port, d.mark, d.machine, d.os, d.version, d.source, "             \
    "d.created_s, d.expires_s, d.state, d.account, d.approver, "                                   \
    "COALESCE(a.name, CAST('' AS BLOB)), d.methods, d.factor_s, d.back, d.session "                \
    "FROM devices d LEFT JOIN accounts a ON a.id = d.account WHERE "
#define ACCOUNT_CREDENTIAL "FROM credentials c WHERE c.account = a.id AND c.method = "
#define ACCOUNT_COLUMNS                                                                            \
    "SELECT a.id, a.name, a.created_s, a.signed_in_s, "                                            \
    "(SELECT COUNT(*) " ACCOUNT_CREDENTIAL "1), (SELECT COUNT(*) " ACCOUNT_CREDENTIAL "2), "       \
    "COALESCE((SELECT c.remaining " ACCOUNT_CREDENTIAL "3), 0), "                                  \
    "(SELECT COUNT(*) FROM sessions s WHERE s.account = a.id), "                                   \
    "(SELECT COUNT(*) FROM passkeys p WHERE p.account = a.id) FROM accounts a WHERE "
#define PASSKEY_COLUMNS                                                                            \
    "SELECT p.id, p.account, a.name, p.credential, p.algorithm, p.key, p.answers, p.backup, "      \
    "p.aaguid, p.name, p.created_s, p.used_s FROM passkeys p JOIN accounts a ON a.id = p.account " \
    "WHERE "

#define LOGIN_COLUMNS                                                                              \
    "SELECT id, host, outcome, login, user, key_id, serial, source, method, fingerprint, ca, "     \
    "reason, line, alarm FROM logins WHERE "
#define LOGINS_RANGE "id < ?1 AND id >= ?2 ORDER BY id DESC LIMIT ?3"

#define HOST_TOKEN_COLUMNS                                                                         \
    "SELECT id, match, zone, labels, networks, uses, uses_left, actor, created_s, expires_s "      \
    "FROM host_tokens WHERE "
#define HOST_COLUMNS                                                                               \
    "SELECT h.id, h.revision, h.state, h.name, h.former, h.zone, h.labels, h.aliases, "            \
    "h.approvers, h.needed, h.why, h.made_by, h.token, h.machine, h.keyset, h.generation, "        \
    "h.used, h.collect_s, h.renew, h.source, h.agent, h.sshd, h.created_s, h.seen_s, "             \
    "h.renewed_s, h.until_s, h.wished, h.asker, h.wish_until_s, h.approved, h.approved_s "
#define HOSTS_WHERE HOST_COLUMNS "FROM hosts h WHERE "
#define HOST_COLUMN_COUNT 31
// Behind the row with the ID ?1 (0: all), in the order of names.
#define HOSTS_AFTER                                                                                \
    "(h.name, h.id) > (COALESCE((SELECT name FROM hosts WHERE id = ?1), CAST('' AS BLOB)), ?1) "   \
    "ORDER BY h.name, h.id LIMIT ?2"
#define HOSTS_ENDED                                                                                \
    "(SELECT id FROM hosts WHERE state = 1 AND until_s > 0 AND until_s <= ?1 "                     \
    "ORDER BY until_s, id LIMIT ?2)"

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

    [VOUCH_SQL_CERTS_SIGNED] = {"SELECT COUNT(*) FROM certs WHERE ca = "
                                "(SELECT id FROM cas WHERE hash = ?1)",
                                1, 1},
    // One that never expires has the highest unsigned number, which is kept as it is.
    [VOUCH_SQL_CERTS_UNEXPIRED] = {CERT_COLUMNS CERTS_FROM
                                   "WHERE c.ca = (SELECT id FROM cas WHERE hash = ?1) AND "
                                   "(c.valid_before > ?2 OR c.valid_before < 0)",
                                   2, 16},
    [VOUCH_SQL_TALLY_ADD] = {"INSERT INTO tallies (kind, hour, name, count) "
                             "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, hour, name) "
                             "DO UPDATE SET count = tallies.count + excluded.count",
                             4, 0},
    [VOUCH_SQL_TALLY_SUM] = {"SELECT COALESCE(SUM(count), 0) FROM tallies "
                             "WHERE kind = ?1 AND hour >= ?2",
                             2, 1},
    [VOUCH_SQL_TALLY_LIST] = {"SELECT (hour - ?2) / ?3 AS place, name, SUM(count) FROM tallies "
                              "WHERE kind = ?1 AND hour >= ?2 GROUP BY place, name "
                              "ORDER BY place, name",
                              3, 3},
    // Of certificates: those that end between ?1 and ?2, and the first to end after ?1.
    [VOUCH_SQL_SUMMARY] =
        {"SELECT COALESCE((SELECT COUNT(*) FROM cas a CROSS JOIN certs c WHERE c.ca = a.id "
         "AND c.valid_before > ?1 AND c.valid_before < ?2), 0), "
         "COALESCE((SELECT MIN((SELECT c.valid_before FROM certs c WHERE c.ca = a.id "
         "AND c.valid_before > ?1 ORDER BY c.valid_before LIMIT 1)) FROM cas a), 0), "
         "(SELECT COUNT(*) FROM revocations WHERE kind = 1 AND until_s > ?1), "
         "(SELECT COUNT(*) FROM requests WHERE state = 1 AND expires_s > ?1), "
         "(SELECT COUNT(*) FROM hosts WHERE state = 1), "
         "(SELECT COUNT(*) FROM hosts WHERE state = 3)",
         2, 6},
    // Active hosts, and of them: critical; else no report since ?1; else with a warning; else without list
    // ?2; and whoever has that list.
    [VOUCH_SQL_SUMMARY_HOSTS] =
        {"SELECT COUNT(*), COALESCE(SUM(CASE WHEN how = 1 THEN 1 ELSE 0 END), 0), "
         "COALESCE(SUM(CASE WHEN how = 2 THEN 1 ELSE 0 END), 0), "
         "COALESCE(SUM(CASE WHEN how = 3 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN how = 4 "
         "THEN 1 ELSE 0 END), 0), COALESCE(SUM(current), 0) FROM "
         "(SELECT CASE WHEN r.health = x'637269746963616c' THEN 1 "
         "WHEN COALESCE(r.time_s, 0) < ?1 THEN 2 WHEN r.health = x'7761726e696e67' THEN 3 "
         "WHEN r.krl_version < ?2 THEN 4 ELSE 0 END AS how, "
         "CASE WHEN COALESCE(r.krl_version, 0) >= ?2 THEN 1 ELSE 0 END AS current "
         "FROM hosts h LEFT JOIN host_reports r ON r.host = h.id WHERE h.state = 2) health",
         2, 6},
    // The first ?2 to end after ?1, found for each CA key by its own index.
    [VOUCH_SQL_CERTS_ENDING] =
        {"SELECT c.serial, c.type, c.key_id, c.valid_before FROM cas a CROSS JOIN certs c "
         "WHERE c.number IN (SELECT e.number FROM certs e WHERE e.ca = a.id "
         "AND e.valid_before > ?1 ORDER BY e.valid_before LIMIT ?2) "
         "ORDER BY c.valid_before, c.number LIMIT ?2",
         2, 4},
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

    [VOUCH_SQL_POLICY_ADD] = {"INSERT INTO policies (version, time_s, actor, hash, number, text) "
                              "SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?1 = 1 + "
                              "COALESCE((SELECT MAX(version) FROM policies), 0)",
                              6, 0},
    [VOUCH_SQL_POLICY_NEWEST] = {"SELECT version, time_s, actor, hash, number, text FROM policies "
                                 "WHERE version >= ?1 ORDER BY version DESC LIMIT 1",
                                 1, 6},
    [VOUCH_SQL_POLICY_BY_VERSION] = {"SELECT version, time_s, actor, hash, number, text "
                                     "FROM policies WHERE version = ?1",
                                     1, 6},
    [VOUCH_SQL_POLICY_AT] = {"SELECT version, time_s, actor, hash, number, text FROM policies "
                             "WHERE time_s <= ?1 ORDER BY version DESC LIMIT 1",
                             1, 6},
    [VOUCH_SQL_POLICIES_ALL] = {"SELECT version, time_s, actor, hash, number FROM policies "
                                "WHERE version < ?1 ORDER BY version DESC LIMIT ?2",
                                2, 5},

    [VOUCH_SQL_REQUEST_ADD] =
        {"INSERT INTO requests (revision, state, user, zone, created_s, expires_s, ttl_s, key, "
         "missing, serial, roles, principals, approvers, reason, source, decided_by, comment, "
         "ask, approved) VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
         "?15, ?16, ?17, ?18)",
         18, 0},
    [VOUCH_SQL_REQUEST_NEWEST] = {"SELECT MAX(id) FROM requests", 0, 1},
    [VOUCH_SQL_REQUEST_FIND] = {REQUEST_COLUMNS "ask, approved FROM requests WHERE id = ?1", 1, 20},
    [VOUCH_SQL_REQUEST_CHANGE] =
        {"UPDATE requests SET revision = revision + 1, state = ?3, expires_s = ?4, missing = ?5, "
         "approvers = ?6, decided_by = ?7, comment = ?8, serial = ?9 "
         "WHERE id = ?1 AND revision = ?2",
         9, 0},
    [VOUCH_SQL_REQUESTS_EXPIRE] =
        {"UPDATE requests SET revision = revision + 1, state = 5 " REQUESTS_DUE, 2, 0},
    [VOUCH_SQL_REQUESTS_FORGET] = {"DELETE FROM requests " REQUESTS_OLD, 2, 0},
    [VOUCH_SQL_REQUESTS_ALL] = {REQUEST_ROWS "id < ?1 AND ?3 = 0 ORDER BY id DESC LIMIT ?2", 3, 20},
    [VOUCH_SQL_REQUESTS_BY_USER] = {REQUEST_ROWS "id < ?1 AND user = ?3 ORDER BY id DESC LIMIT ?2",
                                    3, 20},
    [VOUCH_SQL_REQUESTS_BY_STATE] = {REQUEST_ROWS
                                     "id < ?1 AND state = ?3 ORDER BY id DESC LIMIT ?2",
                                     3, 20},

    [VOUCH_SQL_REVIEW_ADD] =
        {"INSERT INTO reviews (revision, state, kind, is_drill, user, holder, role, zone, reason, "
         "source, key, opened_s, serial, ends_s, uses, used_s, done_by, note, done_s) "
         "VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
         "?18)",
         18, 0},
    [VOUCH_SQL_REVIEW_NEWEST] = {"SELECT MAX(id) FROM reviews", 0, 1},
    [VOUCH_SQL_REVIEW_FIND] = {REVIEW_COLUMNS "id = ?1", 1, 20},
    [VOUCH_SQL_REVIEW_OF] = {REVIEW_COLUMNS "serial = ?1 ORDER BY id DESC LIMIT 1", 1, 20},
    [VOUCH_SQL_REVIEW_CHANGE] =
        {"UPDATE reviews SET revision = revision + 1, state = ?3, serial = ?4, ends_s = ?5, "
         "uses = ?6, used_s = ?7, done_by = ?8, note = ?9, done_s = ?10 "
         "WHERE id = ?1 AND revision = ?2",
         10, 0},
    [VOUCH_SQL_REVIEWS_OPEN] = {"SELECT COUNT(*) FROM reviews WHERE state = 1", 0, 1},
    [VOUCH_SQL_REVIEWS_DRILL] = {"SELECT COALESCE(MAX(opened_s), 0) FROM reviews "
                                 "WHERE is_drill = 1 AND state < 3",
                                 0, 1},
    [VOUCH_SQL_REVIEWS_LIST] = {REVIEW_COLUMNS
                                "id < ?1 AND (?3 = 0 OR state = ?3) "
                                "AND (?4 = 0 OR kind = ?4) ORDER BY id DESC LIMIT ?2",
                                4, 20},

    [VOUCH_SQL_ACCOUNT_ADD] = {"INSERT INTO accounts (name, created_s, signed_in_s) "
                               "VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING",
                               2, 0},
    [VOUCH_SQL_ACCOUNT_FIND] = {ACCOUNT_COLUMNS "a.name = ?1", 1, 9},
    [VOUCH_SQL_ACCOUNTS_ALL] = {ACCOUNT_COLUMNS "a.id > ?1 ORDER BY a.id LIMIT ?2", 2, 9},
    [VOUCH_SQL_ACCOUNTS_NAMES] = {"SELECT id, name FROM accounts ORDER BY name LIMIT ?1", 1, 2},
    [VOUCH_SQL_ACCOUNTS_SEALED] = {"SELECT count(DISTINCT account) FROM credentials "
                                   "WHERE method IN (2, 3)",
                                   0, 1},
    [VOUCH_SQL_ACCOUNT_SIGNED_IN] = {"UPDATE accounts SET signed_in_s = ?2 WHERE id = ?1", 2, 0},
    [VOUCH_SQL_ACCOUNT_REMOVE] = {"DELETE FROM accounts WHERE id = ?1", 1, 0},

    [VOUCH_SQL_PREFERENCES_FIND] = {"SELECT value FROM preferences WHERE account = ?1", 1, 1},
    [VOUCH_SQL_PREFERENCES_PUT] = {"INSERT INTO preferences (account, value) VALUES (?1, ?2) "
                                   "ON CONFLICT (account) DO UPDATE SET value = excluded.value",
                                   2, 0},
    [VOUCH_SQL_PREFERENCES_REMOVE] = {"DELETE FROM preferences WHERE account = ?1", 1, 0},
    [VOUCH_SQL_CREDENTIALS_OF] = {"SELECT method, stored, step, remaining FROM credentials "
                                  "WHERE account = ?1 ORDER BY method",
                                  1, 4},
    [VOUCH_SQL_CREDENTIAL_PUT] = {"INSERT INTO credentials (account, method, stored, step, "
                                  "remaining) SELECT id, ?2, ?3, ?4, ?5 FROM accounts "
                                  "WHERE id = ?1 ON CONFLICT (account, method) DO UPDATE "
                                  "SET stored = excluded.stored, step = excluded.step, "
                                  "remaining = excluded.remaining",
                                  5, 0},
    // What was kept is ?6. A step goes up, where there are steps.
    [VOUCH_SQL_CREDENTIAL_TAKE] = {"UPDATE credentials SET stored = ?3, step = ?4, remaining = ?5 "
                                   "WHERE account = ?1 AND method = ?2 AND stored = ?6 "
                                   "AND (method <> 2 OR step < ?4)",
                                   6, 0},
    [VOUCH_SQL_CREDENTIALS_REMOVE] = {"DELETE FROM credentials WHERE account = ?1", 1, 0},

    [VOUCH_SQL_PASSKEY_FIND] = {PASSKEY_COLUMNS "p.credential = ?1", 1, 12},
    [VOUCH_SQL_PASSKEYS_OF] = {PASSKEY_COLUMNS "p.account = ?1 ORDER BY p.id LIMIT ?2", 2, 12},
    [VOUCH_SQL_PASSKEY_ADD] =
        {"INSERT INTO passkeys (account, credential, algorithm, key, answers, "
         "backup, aaguid, name, created_s, used_s) "
         "SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0 FROM accounts "
         "WHERE id = ?1 AND ?10 > (SELECT COUNT(*) FROM passkeys "
         "WHERE account = ?1) ON CONFLICT DO NOTHING",
         10, 0},
    [VOUCH_SQL_PASSKEY_ACCOUNT] = {"SELECT id FROM accounts WHERE id = ?1", 1, 1},
    [VOUCH_SQL_PASSKEY_USED] = {"UPDATE passkeys SET answers = ?3, backup = ?4, used_s = ?5 "
                                "WHERE id = ?1 AND answers = ?2",
                                5, 0},
    [VOUCH_SQL_PASSKEY_REMOVE] = {"DELETE FROM passkeys WHERE account = ?1 AND id = ?2", 2, 0},
    [VOUCH_SQL_PASSKEYS_REMOVE] = {"DELETE FROM passkeys WHERE account = ?1", 1, 0},

    [VOUCH_SQL_TRIES_GET] = {"SELECT state FROM tries WHERE who = ?1 AND source = ?2", 2, 1},
    [VOUCH_SQL_TRIES_PUT] = {"INSERT INTO tries (who, source, state, until_s) "
                             "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (who, source) DO UPDATE "
                             "SET state = excluded.state, until_s = excluded.until_s",
                             4, 0},
    [VOUCH_SQL_TRIES_FORGET] = {"DELETE FROM tries WHERE who = ?1", 1, 0},
    [VOUCH_SQL_TRIES_PRUNE] = {"DELETE FROM tries WHERE (who, source) IN "
                               "(SELECT who, source FROM tries WHERE until_s > 0 "
                               "AND until_s <= ?1 ORDER BY until_s LIMIT ?2)",
                               2, 0},

    [VOUCH_SQL_SESSION_ADD] = {"INSERT INTO sessions (secret, account, methods, source, created_s, "
                               "used_s, factor_s, idle_s, ends_s, until_s, client) "
                               "SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM accounts "
                               "WHERE id = ?2 ON CONFLICT DO NOTHING",
                               11, 0},
    [VOUCH_SQL_SESSION_BY_SECRET] = {SESSION_COLUMNS "s.secret = ?1", 1, 11},
    [VOUCH_SQL_SESSION_BY_ID] = {SESSION_COLUMNS "s.id = ?1", 1, 11},
    [VOUCH_SQL_SESSIONS_OF] = {SESSION_COLUMNS "a.name = ?1 AND s.id > ?2 AND s.until_s > ?4 "
                                               "ORDER BY s.id LIMIT ?3",
                               4, 11},
    [VOUCH_SQL_SESSION_USED] = {"UPDATE sessions SET used_s = ?2, until_s = "
                                "CASE WHEN idle_s < ends_s - ?2 THEN ?2 + idle_s ELSE ends_s END "
                                "WHERE id = ?1 AND used_s < ?2",
                                2, 0},
    [VOUCH_SQL_SESSION_FACTOR] = {"UPDATE sessions SET methods = ?2, factor_s = ?3 WHERE id = ?1",
                                  3, 0},
    [VOUCH_SQL_SESSION_TRUST] = {"UPDATE sessions SET trust_version = ?2 "
                                 "WHERE id = ?1 AND trust_version <> ?2",
                                 2, 0},
    [VOUCH_SQL_SESSIONS_TRUST] = {"SELECT COUNT(*), COALESCE(SUM(CASE WHEN trust_version >= ?2 "
                                  "THEN 1 ELSE 0 END), 0) FROM sessions WHERE until_s > ?1",
                                  2, 2},
    [VOUCH_SQL_SESSION_END] = {"DELETE FROM sessions WHERE id = ?1", 1, 0},
    [VOUCH_SQL_SESSIONS_END] = {"DELETE FROM sessions WHERE account = ?1 AND id <> ?2", 2, 0},
    // All but the ?2 that were used last.
    [VOUCH_SQL_SESSIONS_TRIM] = {"DELETE FROM sessions WHERE account = ?1 AND id NOT IN "
                                 "(SELECT id FROM sessions WHERE account = ?1 "
                                 "ORDER BY used_s DESC, id DESC LIMIT ?2)",
                                 2, 0},
    [VOUCH_SQL_SESSIONS_PRUNE] = {"DELETE FROM sessions WHERE id IN (SELECT id FROM sessions "
                                  "WHERE until_s <= ?1 ORDER BY until_s LIMIT ?2)",
                                  2, 0},

    [VOUCH_SQL_LINK_PUT] = {"INSERT INTO links (account, secret, actor, expires_s, password, totp) "
                            "SELECT id, ?2, ?3, ?4, CAST('' AS BLOB), CAST('' AS BLOB) "
                            "FROM accounts WHERE id = ?1 ON CONFLICT (account) DO UPDATE "
                            "SET secret = excluded.secret, actor = excluded.actor, "
                            "expires_s = excluded.expires_s, password = excluded.password, "
                            "totp = excluded.totp",
                            4, 0},
    [VOUCH_SQL_LINK_FIND] = {"SELECT l.account, a.name, l.actor, l.expires_s, l.password, l.totp "
                             "FROM links l JOIN accounts a ON a.id = l.account "
                             "WHERE l.secret = ?1",
                             1, 6},
    [VOUCH_SQL_LINK_BEGIN] = {"UPDATE links SET password = ?2, totp = ?3 WHERE secret = ?1", 3, 0},
    [VOUCH_SQL_LINK_TAKE] = {"DELETE FROM links WHERE secret = ?1 AND totp = ?2", 2, 0},
    [VOUCH_SQL_LINK_REMOVE] = {"DELETE FROM links WHERE account = ?1", 1, 0},
    [VOUCH_SQL_LINKS_PRUNE] = {"DELETE FROM links WHERE account IN (SELECT account FROM links "
                               "WHERE expires_s <= ?1 ORDER BY expires_s LIMIT ?2)",
                               2, 0},

    [VOUCH_SQL_DEVICE_BY_SECRET] = {DEVICE_COLUMNS "d.secret = ?1", 1, 18},
    [VOUCH_SQL_DEVICE_BY_CODE] = {DEVICE_COLUMNS "d.code = ?1", 1, 18},
    [VOUCH_SQL_DEVICES_WAITING] = {"SELECT COUNT(*) FROM devices WHERE state = 1 "
                                   "AND expires_s > ?1",
                                   1, 1},
    [VOUCH_SQL_DEVICE_ADD] =
        {"INSERT INTO devices (secret, code, challenge, port, mark, machine, os, version, source, "
         "created_s, expires_s, asked_ms, state, account, approver, methods, factor_s, back, "
         "session) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 1, 0, 0, "
         "CAST('' AS BLOB), 0, CAST('' AS BLOB), 0) ON CONFLICT DO NOTHING",
         11, 0},
    [VOUCH_SQL_DEVICE_ASKED] = {"UPDATE devices SET asked_ms = ?2 WHERE id = ?1 "
                                "AND (asked_ms < ?3 OR asked_ms > ?2)",
                                3, 0},
    [VOUCH_SQL_DEVICE_DECIDE] = {"UPDATE devices SET state = ?2, expires_s = ?3, account = ?4, "
                                 "approver = ?5, methods = ?6, factor_s = ?7, back = ?8 "
                                 "WHERE id = ?1 AND state = 1",
                                 8, 0},
    [VOUCH_SQL_DEVICE_TAKE] = {"UPDATE devices SET state = 4, session = ?3 WHERE id = ?1 "
                               "AND state = 2 AND back = ?2 "
                               "AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = approver)",
                               3, 0},
    [VOUCH_SQL_DEVICE_UNDO] = {"UPDATE devices SET state = 5 WHERE id = ?1 AND state IN (2, 4)", 1,
                               0},
    [VOUCH_SQL_DEVICES_PRUNE] = {"DELETE FROM devices WHERE id IN (SELECT id FROM devices "
                                 "WHERE expires_s <= ?1 ORDER BY expires_s LIMIT ?2)",
                                 2, 0},

    [VOUCH_SQL_HOST_STATE_FIND] = {"SELECT version, hash FROM host_states WHERE host = ?1", 1, 2},
    [VOUCH_SQL_HOST_STATE_PUT] = {"INSERT INTO host_states (host, version, hash) "
                                  "VALUES (?1, ?2, ?3) ON CONFLICT (host) DO UPDATE "
                                  "SET version = excluded.version, hash = excluded.hash",
                                  3, 0},
    [VOUCH_SQL_HOST_REPORT_FIND] =
        {"SELECT host, time_s, clock_ms, krl_version, krl_generated_s, state_version, "
         "trust_version, health, agent, sshd, problems, ca_keys, settings FROM host_reports "
         "WHERE host = ?1",
         1, 13},
    [VOUCH_SQL_HOST_REPORT_PUT] =
        {"INSERT INTO host_reports (host, time_s, clock_ms, krl_version, krl_generated_s, "
         "state_version, trust_version, health, agent, sshd, problems, ca_keys, settings, "
         "krl_first_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?2) "
         "ON CONFLICT (host) DO UPDATE SET time_s = excluded.time_s, "
         "clock_ms = excluded.clock_ms, krl_version = excluded.krl_version, "
         "krl_generated_s = excluded.krl_generated_s, state_version = excluded.state_version, "
         "trust_version = excluded.trust_version, health = excluded.health, "
         "agent = excluded.agent, sshd = excluded.sshd, problems = excluded.problems, "
         "ca_keys = excluded.ca_keys, settings = excluded.settings, "
         "krl_first_s = CASE WHEN host_reports.krl_version = excluded.krl_version "
         "THEN host_reports.krl_first_s ELSE excluded.krl_first_s END",
         13, 0},

    [VOUCH_SQL_HOST_LISTS] =
        {"SELECT h.name, COALESCE(r.krl_version, 0), COALESCE(r.krl_generated_s, 0), "
         "COALESCE(r.time_s, 0), COALESCE(r.krl_first_s, 0), h.created_s "
         "FROM hosts h LEFT JOIN host_reports r ON r.host = h.id "
         "WHERE h.state = 2 ORDER BY h.name",
         0, 6},
    // With the keys whose newest certificate has not expired at ?2 and is by another CA than ?1.
    [VOUCH_SQL_HOSTS_TRUST] =
        {"SELECT h.name, h.agent, COALESCE(r.trust_version, 0), COALESCE(r.time_s, 0), "
         "COUNT(k.host), COALESCE(MAX(k.valid_before_s), 0) FROM hosts h "
         "LEFT JOIN host_reports r ON r.host = h.id "
         "LEFT JOIN host_keys k ON length(?1) > 0 AND k.host = h.id AND k.valid_before_s > ?2 "
         "AND NOT EXISTS "
         // By the serial: a CA key has signed as many as there are, and the plus keeps its index out.
         "(SELECT 1 FROM certs c WHERE c.serial = k.serial "
         "AND +c.ca = (SELECT a.id FROM cas a WHERE a.hash = ?1)) "
         "WHERE h.state = 2 GROUP BY h.id, h.name, h.agent, r.trust_version, r.time_s "
         "ORDER BY h.name",
         2, 6},
    [VOUCH_SQL_LOGIN_PLACE_FIND] = {"SELECT next FROM host_login_places WHERE host = ?1", 1, 1},
    [VOUCH_SQL_LOGIN_PLACE_PUT] = {"INSERT INTO host_login_places (host, next) VALUES (?1, ?2) "
                                   "ON CONFLICT (host) DO UPDATE SET next = excluded.next",
                                   2, 0},
    [VOUCH_SQL_LOGIN_BEFORE] = {"SELECT id FROM logins WHERE id < ?1 ORDER BY id DESC LIMIT 1", 1,
                                1},
    [VOUCH_SQL_LOGIN_ADD] = {"INSERT INTO logins (id, host, outcome, login, user, key_id, serial, "
                             "source, method, fingerprint, ca, reason, line, alarm) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                             14, 0},
    [VOUCH_SQL_LOGINS_ALL] = {LOGIN_COLUMNS LOGINS_RANGE, 3, 14},
    [VOUCH_SQL_LOGINS_BY_HOST] = {LOGIN_COLUMNS "host = ?4 AND " LOGINS_RANGE, 4, 14},
    [VOUCH_SQL_LOGINS_BY_LOGIN] = {LOGIN_COLUMNS "login = ?4 AND " LOGINS_RANGE, 4, 14},
    [VOUCH_SQL_LOGINS_BY_USER] = {LOGIN_COLUMNS "user = ?4 AND " LOGINS_RANGE, 4, 14},
    [VOUCH_SQL_LOGINS_BY_KEY_ID] = {LOGIN_COLUMNS "key_id = ?4 AND " LOGINS_RANGE, 4, 14},
    [VOUCH_SQL_LOGINS_BY_SERIAL] = {LOGIN_COLUMNS "serial = ?4 AND " LOGINS_RANGE, 4, 14},
    [VOUCH_SQL_LOGINS_WITH_ALARM] = {LOGIN_COLUMNS "alarm <> x'' AND " LOGINS_RANGE, 3, 14},
    [VOUCH_SQL_LOGINS_PRUNE] = {"DELETE FROM logins WHERE id IN (SELECT id FROM logins "
                                "WHERE id < ?1 ORDER BY id LIMIT ?2)",
                                2, 0},

    [VOUCH_SQL_HOST_TOKEN_ADD] =
        {"INSERT INTO host_tokens (secret, match, zone, labels, networks, uses, uses_left, actor, "
         "created_s, expires_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9) "
         "ON CONFLICT DO NOTHING",
         9, 0},
    [VOUCH_SQL_HOST_TOKEN_BY_SECRET] = {HOST_TOKEN_COLUMNS "secret = ?1", 1, 10},
    [VOUCH_SQL_HOST_TOKEN_BY_ID] = {HOST_TOKEN_COLUMNS "id = ?1", 1, 10},
    [VOUCH_SQL_HOST_TOKENS_ALL] = {HOST_TOKEN_COLUMNS "id > ?1 ORDER BY id LIMIT ?2", 2, 10},
    [VOUCH_SQL_HOST_TOKEN_TAKE] = {"UPDATE host_tokens SET uses_left = uses_left - 1 "
                                   "WHERE id = ?1 AND uses_left > 0 AND expires_s > ?2",
                                   2, 0},
    [VOUCH_SQL_HOST_TOKEN_REMOVE] = {"DELETE FROM host_tokens WHERE id = ?1", 1, 0},
    [VOUCH_SQL_HOST_TOKENS_PRUNE] = {"DELETE FROM host_tokens WHERE id IN (SELECT id "
                                     "FROM host_tokens WHERE expires_s <= ?1 "
                                     "ORDER BY expires_s LIMIT ?2)",
                                     2, 0},

    [VOUCH_SQL_HOST_ADD] =
        {"INSERT INTO hosts (revision, state, name, former, zone, labels, aliases, approvers, "
         "needed, why, made_by, token, machine, keyset, generation, used, collect_s, renew, "
         "source, agent, sshd, created_s, seen_s, renewed_s, until_s, wished, asker, wish_until_s, "
         "approved, approved_s) "
         "VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, ?15, ?16, "
         "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)",
         28, 0},
    [VOUCH_SQL_HOST_PUT] =
        {"UPDATE hosts SET revision = revision + 1, state = ?1, name = ?2, former = ?3, zone = ?4, "
         "labels = ?5, aliases = ?6, approvers = ?7, needed = ?8, why = ?9, made_by = ?10, "
         "token = ?11, machine = ?12, keyset = ?13, generation = ?14, collect_s = ?15, "
         "renew = ?16, source = ?17, agent = ?18, sshd = ?19, created_s = ?20, seen_s = ?21, "
         "renewed_s = ?22, until_s = ?23, wished = ?24, asker = ?25, wish_until_s = ?26, "
         "approved = ?27, approved_s = ?28 WHERE id = ?29 AND revision = ?30",
         30, 0},
    [VOUCH_SQL_HOST_NEWEST] = {"SELECT MAX(id) FROM hosts", 0, 1},
    [VOUCH_SQL_HOST_BY_ID] = {HOSTS_WHERE "h.id = ?1", 1, HOST_COLUMN_COUNT},
    [VOUCH_SQL_HOST_BY_NAME] = {HOST_COLUMNS "FROM host_names n JOIN hosts h ON h.id = n.host "
                                             "WHERE n.name = ?1 AND h.name = ?1",
                                1, HOST_COLUMN_COUNT},
    [VOUCH_SQL_HOST_BY_ANY_NAME] = {HOST_COLUMNS "FROM host_names n JOIN hosts h ON h.id = n.host "
                                                 "WHERE n.name = ?1",
                                    1, HOST_COLUMN_COUNT},
    [VOUCH_SQL_HOST_IN_STATE] = {HOSTS_WHERE "h.name = ?1 AND h.state = ?2 AND "
                                             "(length(?3) = 0 OR h.keyset = ?3) "
                                             "ORDER BY h.id DESC LIMIT 1",
                                 3, HOST_COLUMN_COUNT},
    [VOUCH_SQL_HOST_BY_KEY] = {HOST_COLUMNS "FROM host_keys k JOIN hosts h ON h.id = k.host "
                                            "WHERE k.hash = ?1 AND h.state IN (2, 3) "
                                            "ORDER BY h.id LIMIT 1",
                               1, HOST_COLUMN_COUNT},
    [VOUCH_SQL_HOST_BY_SECRET] = {HOST_COLUMNS ", s.generation FROM host_secrets s "
                                               "JOIN hosts h ON h.id = s.host WHERE s.secret = ?1",
                                  1, HOST_COLUMN_COUNT + 1},
    [VOUCH_SQL_HOSTS_ALL] = {HOSTS_WHERE "h.state < 4 AND ?3 = 0 AND " HOSTS_AFTER, 3,
                             HOST_COLUMN_COUNT},
    [VOUCH_SQL_HOSTS_BY_STATE] = {HOSTS_WHERE "h.state = ?3 AND " HOSTS_AFTER, 3,
                                  HOST_COLUMN_COUNT},
    [VOUCH_SQL_HOSTS_ACTIVE] = {HOSTS_WHERE "h.state = 2 ORDER BY h.name, h.id", 0,
                                HOST_COLUMN_COUNT},
    [VOUCH_SQL_HOSTS_COUNT] = {"SELECT COUNT(*) FROM hosts WHERE state = 2", 0, 1},
    [VOUCH_SQL_HOSTS_WAITING] = {"SELECT COUNT(*) FROM hosts WHERE state = 1 AND until_s > ?1", 1,
                                 1},
    [VOUCH_SQL_HOSTS_WAITING_FROM] = {"SELECT COUNT(*) FROM hosts WHERE state = 1 "
                                      "AND until_s > ?1 AND source = ?2",
                                      2, 1},
    [VOUCH_SQL_HOST_KEY_ADD] = {"INSERT INTO host_keys (host, place, hash, type, serial, "
                                "valid_before_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                6, 0},
    [VOUCH_SQL_HOST_KEYS_OF] = {"SELECT hash, type, serial, valid_before_s FROM host_keys "
                                "WHERE host = ?1 ORDER BY place LIMIT ?2",
                                2, 4},
    [VOUCH_SQL_HOST_KEY_CERT] = {"UPDATE host_keys SET serial = ?3, valid_before_s = ?4 "
                                 "WHERE host = ?1 AND hash = ?2",
                                 4, 0},
    [VOUCH_SQL_HOST_NAME_ADD] = {"INSERT INTO host_names (name, host) VALUES (?1, ?2) "
                                 "ON CONFLICT DO NOTHING",
                                 2, 0},
    [VOUCH_SQL_HOST_NAMES_END] = {"DELETE FROM host_names WHERE host = ?1", 1, 0},
    [VOUCH_SQL_HOST_SECRET_ADD] = {"INSERT INTO host_secrets (secret, host, generation) "
                                   "VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                                   3, 0},
    // Those after generation ?2, and those before ?3.
    [VOUCH_SQL_HOST_SECRETS_TRIM] = {"DELETE FROM host_secrets WHERE host = ?1 "
                                     "AND (generation > ?2 OR generation < ?3)",
                                     3, 0},
    [VOUCH_SQL_HOST_SECRETS_END] = {"DELETE FROM host_secrets WHERE host = ?1", 1, 0},
    [VOUCH_SQL_HOST_USED] = {"UPDATE hosts SET used = ?2, collect_s = 0 WHERE id = ?1 "
                             "AND used < ?2",
                             2, 0},
    [VOUCH_SQL_HOST_SEEN] = {"UPDATE hosts SET seen_s = ?2, source = ?3 WHERE id = ?1 "
                             "AND seen_s < ?2",
                             3, 0},
    [VOUCH_SQL_HOST_KEYS_FORGET] = {"DELETE FROM host_keys WHERE host IN "
                                    "(SELECT id FROM hosts WHERE id = ?1 AND state = 1)",
                                    1, 0},
    [VOUCH_SQL_HOST_FORGET] = {"DELETE FROM hosts WHERE id = ?1 AND state = 1", 1, 0},
    [VOUCH_SQL_HOSTS_KEYS_PRUNE] = {"DELETE FROM host_keys WHERE host IN " HOSTS_ENDED, 2, 0},
    [VOUCH_SQL_HOSTS_PRUNE] = {"DELETE FROM hosts WHERE id IN " HOSTS_ENDED, 2, 0},

    [VOUCH_SQL_CLEAR_TALLIES] = {"DELETE FROM tallies WHERE kind <= 3", 0, 0}, // of records
    [VOUCH_SQL_CLEAR_CERTS] = {"DELETE FROM certs", 0, 0},
    [VOUCH_SQL_CLEAR_TERMS] = {"DELETE FROM terms", 0, 0},
    [VOUCH_SQL_CLEAR_EVENTS] = {"DELETE FROM events", 0, 0},
    [VOUCH_SQL_CLEAR_MARKS] = {"DELETE FROM marks", 0, 0},
    [VOUCH_SQL_CLEAR_IDEMPOTENCY] = {"DELETE FROM idempotency", 0, 0},
    [VOUCH_SQL_CLEAR_META] = {"UPDATE meta SET origin = ?1, position = 0, termed = 0 WHERE one = 1",
                              1, 0},
};
