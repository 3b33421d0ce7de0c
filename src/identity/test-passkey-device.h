// SPDX-License-Identifier: ISC
// A passkey in software, for the tests: makes registrations and answers as browser and device together do,
// and, where it is told so, wrong ones that are signed all the same.
#pragma once

#include "identity/passkey.h"

#define DEVICE_ORIGIN "https://ca.example.com:8443"
#define DEVICE_HOST "ca.example.com"
#define DEVICE_PRESENT 0x01u
#define DEVICE_VERIFIED 0x04u
#define DEVICE_FLAGS (DEVICE_PRESENT | DEVICE_VERIFIED)

struct device {
    void *key; // an EVP_PKEY
    int32_t algorithm;
    uint8_t id[16];
    uint32_t count; // one more with each answer; stays 0 if it is 0
    char handle[VOUCH_PASSKEY_HANDLE_MAX + 1];
};

// What it is told. NULL, 0: what is right.
struct device_told {
    struct vouch_bytes challenge;
    const char *type, *origin, *host;
    const char *more;   // behind the other members of the client data: ",\"crossOrigin\":true"
    uint32_t flags;     // of the authenticator data, in place of DEVICE_FLAGS
    const char *format; // of the attestation
    struct vouch_bytes extra; // behind the authenticator data, signed like it
    int64_t algorithm;        // that its key is said to be of
};

// What it says; the slices point into the struct.
struct device_said {
    struct vouch_bytes id, handle;
    struct vouch_bytes client_data, authdata, attestation, signature;
    uint8_t client_data_room[2048], authdata_room[2048], attestation_room[4096];
    uint8_t signature_room[512];
};

// A new key of one of vouch_passkey_algorithms, with an ID of its own, for the user with that handle.
void device_begin(struct device *device, int32_t algorithm, const char *handle);
void device_end(struct device *device);

// A registration, and an answer.
void device_make(struct device *device, const struct device_told *told, struct device_said *said);
void device_answer(struct device *device, const struct device_told *told, struct device_said *said);

// As an ask of identity has them.
struct vouch_bytes device_made_bytes(const struct device_said *said, struct vouch_buf *out);
struct vouch_bytes device_shown_bytes(const struct device_said *said, struct vouch_buf *out);
