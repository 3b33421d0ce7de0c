// SPDX-License-Identifier: ISC
// The names of the statements about what people decide: requests, reviews, proposals. Private to src/store.
#pragma once

#define VOUCH_SQL_OF_DECISIONS                                                                     \
    VOUCH_SQL_REQUEST_ADD, VOUCH_SQL_REQUEST_NEWEST, VOUCH_SQL_REQUEST_FIND,                       \
        VOUCH_SQL_REQUEST_CHANGE, VOUCH_SQL_REQUESTS_EXPIRE, VOUCH_SQL_REQUESTS_FORGET,            \
        VOUCH_SQL_REQUESTS_ALL, VOUCH_SQL_REQUESTS_BY_USER, VOUCH_SQL_REQUESTS_BY_STATE,           \
        VOUCH_SQL_REVIEW_ADD, VOUCH_SQL_REVIEW_NEWEST, VOUCH_SQL_REVIEW_FIND, VOUCH_SQL_REVIEW_OF, \
        VOUCH_SQL_REVIEW_CHANGE, VOUCH_SQL_REVIEWS_OPEN, VOUCH_SQL_REVIEWS_DRILL,                  \
        VOUCH_SQL_REVIEWS_LIST, VOUCH_SQL_PROPOSAL_ADD, VOUCH_SQL_PROPOSAL_NEWEST,                 \
        VOUCH_SQL_PROPOSAL_FIND, VOUCH_SQL_PROPOSAL_OPEN, VOUCH_SQL_PROPOSAL_CHANGE,               \
        VOUCH_SQL_PROPOSALS_LIST
