// SPDX-License-Identifier: ISC
// What ssh reads for one zone: ~/.ssh/vouch/ZONE with key, certificates and the zone's hosts.
//
//   id, id.pub         a key of this folder's own, made once, never encrypted (0600)
//   id-cert.pub        the certificate of `vouch login`, renewed by `vouch renew` and `vouch hook`
//   request-cert.pub   the certificate of a request that was approved
//   known_hosts        the zone's patterns and the CA key of its hosts
//   hosts              the names of hosts, for programs that complete them
//   login.json         what was asked for at login, which the renewal asks for again
//   lock, failed       for `vouch hook`: one renewal at a time; when one has failed, and why
#pragma once

#include <limits.h>

#include "base/fault.h"
#include "vouch/cert.h"

struct vouch_zone_dir {
    char zone[72];
    char path[PATH_MAX]; // absolute
};

// ~/.ssh/vouch, by HOME. VOUCH_ERR_NOT_FOUND without a HOME.
VOUCH_MUST_USE int vouch_zone_root(char ret_path[static PATH_MAX], struct vouch_fault *fault);

// Names the folder; makes nothing. A zone's name that could lead elsewhere is refused.
VOUCH_MUST_USE int vouch_zone_dir_of(const char *zone, struct vouch_zone_dir *ret_dir,
                                     struct vouch_fault *fault);

// Makes the folder with mode 0700, and those above it that are missing.
VOUCH_MUST_USE int vouch_zone_dir_make(const struct vouch_zone_dir *dir, struct vouch_fault *fault);

// The path of one of its files.
VOUCH_MUST_USE int vouch_zone_dir_file(const struct vouch_zone_dir *dir, const char *name,
                                       char ret_path[static PATH_MAX], struct vouch_fault *fault);

// The zone's public key; the pair is made where there is none. The caller frees *ret_key.
VOUCH_MUST_USE int vouch_zone_dir_key(const struct vouch_zone_dir *dir, struct vouch_key **ret_key,
                                      struct vouch_fault *fault);

// Writes a certificate under `name` ("id-cert.pub", "request-cert.pub") by rename.
VOUCH_MUST_USE int vouch_zone_dir_put_cert(const struct vouch_zone_dir *dir, const char *name,
                                           const struct vouch_cert *cert,
                                           struct vouch_fault *fault);

// Reads one; VOUCH_ERR_NOT_FOUND if there is none. The caller frees *ret_cert.
VOUCH_MUST_USE int vouch_zone_dir_cert(const struct vouch_zone_dir *dir, const char *name,
                                       struct vouch_cert **ret_cert, struct vouch_fault *fault);

// Writes any other of its files by rename.
VOUCH_MUST_USE int vouch_zone_dir_put(const struct vouch_zone_dir *dir, const char *name,
                                      struct vouch_bytes text, struct vouch_fault *fault);

// Removes all that stands above from the folder, and then the folder if nothing else is in it.
VOUCH_MUST_USE int vouch_zone_dir_remove(const struct vouch_zone_dir *dir,
                                         struct vouch_fault *fault);

// Calls `each` for every zone that has a folder with a login.json, in the order of names; stops at a
// failure.
typedef int vouch_zone_fn(void *context, const struct vouch_zone_dir *dir,
                          struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_zone_each(vouch_zone_fn *each, void *context, struct vouch_fault *fault);
