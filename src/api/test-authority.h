// SPDX-License-Identifier: ISC
// A double of the authority for tests: the functions of authority.h over tables in memory, with scopes
// and real certificates, and with a memory of what it was asked.
#pragma once

#include "authority/authority.h"

// Secrets of tokens: one that may do everything, one that may do nothing, and one that nobody knows.
#define TEST_TOKEN_ALL "vouch_AllScopes0123456789abcdefghijklmnopqrstuvwx"
#define TEST_TOKEN_NONE "vouch_NoScopes00123456789abcdefghijklmnopqrstuvwx"
#define TEST_TOKEN_STRANGE "vouch_Strange000123456789abcdefghijklmnopqrstuvwx"

// The secret of a session that may do everything, and of a link.
#define TEST_SESSION "vouchs_Session0001234abcdefghijklmnopqrstuvwxyzABC"
// A password of an account under an address without passkeys.
#define TEST_NO_PASSKEYS "a password without passkeys"
#define TEST_LINK "vouchl_Link000000123456789abcdefghijklmnopqrstuvwx"

// What a program that signs in by browser asks with, and what the browser brings back.
#define TEST_DEVICE "vouchd_Device00000123456789abcdefghijklmnopqrstuvw"
#define TEST_DEVICE_BACK "vouchb_Back0000000123456789abcdefghijklmnopqrstuvw"

// What enrols hosts; and secrets of hosts, as of tokens above.
#define TEST_HOST_TOKEN "vouchh_HostToken00123456789abcdefghijklmnopqrstuv"
#define TEST_HOST_SECRET "vouchm_AllRights0123456789abcdefghijklmnopqrstuvw"
#define TEST_HOST_NONE "vouchm_NoRights00123456789abcdefghijklmnopqrstuvw"
#define TEST_HOST_STRANGE "vouchm_Strange000123456789abcdefghijklmnopqrstuvw"

#define TEST_KEY                                                                                   \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKDTKYNP7LEU3r93a+HBr4caADwyPa4nMIXwfIBE3sdV a@b"

// A fresh double with empty tables; ends it.
void test_authority_begin(void);
void test_authority_end(void);

// A handle on it. All handles share the tables.
struct vouch_authority *test_authority_handle(void);

// How often it was asked for anything but the public files; and the last ask, as text.
unsigned test_authority_asks(void);
const char *test_authority_last(void);

// Lets every ask but those for the public files fail, or be answered by a verdict, until told otherwise.
void test_authority_fail(int err);
void test_authority_say(enum vouch_verdict verdict, const char *code, const char *field);
void test_authority_say_busy(uint64_t retry_after_s); // V-1882

// Lets whoever signs in wait, until they are let go; and waits until so many do.
void test_authority_hold(void);
void test_authority_let_go(void);
void test_authority_await(unsigned count);

// Publishes the next revocation list of a CA (0: user, 1: host), or a longer checkpoint; lets the public
// files be answered with a failure or a verdict other than DONE.
void test_authority_publish(unsigned use);
void test_authority_grow(void);
void test_authority_rotate(void); // another trust bundle
// Something in the fleet changes: what a host is to install has this version now, as before or another.
void test_authority_change_fleet(uint64_t state_version);
void test_authority_silence(int err, enum vouch_verdict verdict);
