// SPDX-License-Identifier: ISC
// The contract of a store: what every driver must do, as one suite. A new driver's test is a main that
// sets test_driver and runs both parts as one group; nothing in them knows which database it is.
#pragma once

#include "store/test-fixture.h"

#define TEST_CONTRACT_MAX 160 // tests of all parts

// Each writes the tests of its part and returns how many they are.
size_t test_contract_index(struct CMUnitTest *ret_tests);
size_t test_contract_state(struct CMUnitTest *ret_tests);
size_t test_contract_access(struct CMUnitTest *ret_tests);
size_t test_contract_coverage(struct CMUnitTest *ret_tests);
size_t test_contract_devices(struct CMUnitTest *ret_tests);
size_t test_contract_hosts(struct CMUnitTest *ret_tests);
size_t test_contract_logins(struct CMUnitTest *ret_tests);
size_t test_contract_people(struct CMUnitTest *ret_tests);
size_t test_contract_reviews(struct CMUnitTest *ret_tests);
