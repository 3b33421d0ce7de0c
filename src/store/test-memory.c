// SPDX-License-Identifier: ISC
// The contract on SQLite in memory.
#include "store/test-contract.h"

int main(void) {
    struct CMUnitTest tests[TEST_CONTRACT_MAX] = {0};
    test_driver = &vouch_driver_sqlite_memory;
    size_t count = test_contract_index(tests);
    count += test_contract_state(tests + count);
    count += test_contract_access(tests + count);
    count += test_contract_coverage(tests + count);
    count += test_contract_devices(tests + count);
    count += test_contract_hosts(tests + count);
    count += test_contract_logins(tests + count);
    count += test_contract_people(tests + count);
    (void)test_contract_reviews(tests + count);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
