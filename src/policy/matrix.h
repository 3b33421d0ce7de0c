// SPDX-License-Identifier: ISC
// Who reaches what, as a table: people or groups against hosts or the values of a label. A window of it,
// so that a company of any size can be looked at.
//
// Pure, as explaining is.
#pragma once

#include "policy/explain.h"

#define VOUCH_POLICY_WINDOW_MAX 200u     // rows, and columns, of a window
#define VOUCH_POLICY_CELL_LOGINS_MAX 64u // that a cell names

enum vouch_policy_matrix_rows { VOUCH_POLICY_ROWS_USERS = 0, VOUCH_POLICY_ROWS_GROUPS };

struct vouch_policy_matrix_ask {
    enum vouch_policy_matrix_rows rows;
    struct vouch_bytes label; // columns are its values; empty: columns are hosts
    struct vouch_bytes zone;  // of the hosts; empty: all
    size_t row_from, row_count;
    size_t column_from, column_count;
};

struct vouch_policy_matrix_cell {
    size_t row, column; // in the window
    struct vouch_policy_names standing;
    struct vouch_policy_names break_glass; // in an emergency, that do not stand besides
    struct vouch_policy_names approval;    // that are in neither
};

struct vouch_policy_matrix {
    struct vouch_policy_names rows, columns; // of the window
    size_t rows_in_all, columns_in_all;
    const struct vouch_policy_matrix_cell *cells; // that are not empty, row by row
    size_t cell_count;
};

// A window. A person's own login stands as it is, a group's as "$user". A cell of a label's value has what
// is reached on any host that has the value. VOUCH_ERR_NO_MEMORY; VOUCH_ERR_ARGUMENT for a window that is
// too large.
VOUCH_MUST_USE int vouch_policy_matrix(const struct vouch_policy_view *view,
                                       const struct vouch_policy_matrix_ask *ask,
                                       struct vouch_policy_matrix *ret_matrix);
