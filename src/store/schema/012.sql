-- SPDX-License-Identifier: ISC
-- What is counted as it comes, so that an overview counts no rows.
--
-- kind 1: certificates by the hour in which they were issued, and by `name`, their role, or their type where
-- there is none; 2: certificates that were refused, by the hour; 3: certificates by the hour in which they
-- end, the last there is for those that never do; 4: logins that hosts refused, by the hour. Hours are since
-- 1970. The first three can be made again from the records.
CREATE TABLE tallies (
    kind  INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
    hour  INTEGER NOT NULL,
    name  BLOB    NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, hour, name)
) STRICT, WITHOUT ROWID;
INSERT INTO tallies (kind, hour, name, count) SELECT 1, time_ms / 3600000,
    CASE WHEN length(role) > 0 THEN role WHEN type = 1 THEN x'75736572' ELSE x'686f7374' END, COUNT(*)
    FROM certs GROUP BY 2, 3;
INSERT INTO tallies (kind, hour, name, count) SELECT 2, time_ms / 3600000, x'', COUNT(*)
    FROM events WHERE type = x'636572742e726566757365' GROUP BY 2;  -- cert.refuse
INSERT INTO tallies (kind, hour, name, count) SELECT 3,
    CASE WHEN valid_before < 0 THEN 9223372036854775807 ELSE valid_before / 3600 END, x'', COUNT(*)
    FROM certs GROUP BY 2;
INSERT INTO tallies (kind, hour, name, count) SELECT 4, id / 1048576 / 3600000, x'', COUNT(*)
    FROM logins WHERE outcome = 2 GROUP BY 2;

-- Revoked serials whose certificates have not ended.
CREATE INDEX revocations_by_end ON revocations (kind, until_s);

-- When a host first reported the list that it has: how long after the list was published.
ALTER TABLE host_reports ADD COLUMN krl_first_s INTEGER NOT NULL DEFAULT 0;  -- 0: before this was kept

-- How somebody wants their pages: a small object of JSON, by the keys that the API knows.
CREATE TABLE preferences (
    account INTEGER PRIMARY KEY REFERENCES accounts (id),
    value   BLOB    NOT NULL CHECK (length(value) <= 1024)
) STRICT;
