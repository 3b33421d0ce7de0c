-- SPDX-License-Identifier: ISC
-- Names of hosts with a wildcard, which two people have to adopt: what an enrolled host is to have beside
-- its names, who asked, and what the first of the two saw.

ALTER TABLE hosts ADD COLUMN wished       BLOB    NOT NULL DEFAULT x'';  -- string*
ALTER TABLE hosts ADD COLUMN asker        BLOB    NOT NULL DEFAULT x'';  -- an actor
ALTER TABLE hosts ADD COLUMN wish_until_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN approved     BLOB    NOT NULL DEFAULT x'';  -- SHA-256; empty: nothing is
ALTER TABLE hosts ADD COLUMN approved_s   INTEGER NOT NULL DEFAULT 0;
