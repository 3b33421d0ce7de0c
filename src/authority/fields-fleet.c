// SPDX-License-Identifier: ISC
// The fields of the summary of a fleet.
#include "authority/fields.h"

#define TEXT_MAX 1024
#define PROBLEMS_MAX 32

#define TABLE(name, type)                                                                          \
    { name, sizeof(struct type) }

static const struct vouch_field ask_fields[] = {
    F_PART(vouch_ask_fleet_summary, what, &vouch_ask_fleet_fields),
    F_BYTES(vouch_ask_fleet_summary, label, "label", TEXT_MAX),
    F_END,
};
const struct vouch_fields vouch_ask_fleet_summary_fields =
    TABLE(ask_fields, vouch_ask_fleet_summary);

static const struct vouch_field counts_fields[] = {
    F_U64(vouch_fleet_counts, hosts),
    F_U64(vouch_fleet_counts, critical),
    F_U64(vouch_fleet_counts, locked),
    F_U64(vouch_fleet_counts, silent),
    F_U64(vouch_fleet_counts, attention),
    F_U64(vouch_fleet_counts, behind),
    F_U64(vouch_fleet_counts, waiting),
    F_U64(vouch_fleet_counts, ok),
    F_END,
};
static const struct vouch_fields counts_table = TABLE(counts_fields, vouch_fleet_counts);

static const struct vouch_field each_fields[] = {
    F_BYTES(vouch_fleet_each, host, "host", VOUCH_HOST_NAME_LEN_MAX),
    F_ENUM(vouch_fleet_each, condition, "condition", VOUCH_CONDITION_RETIRED),
    F_END,
};
static const struct vouch_fields each_table = TABLE(each_fields, vouch_fleet_each);

static const struct vouch_field group_fields[] = {
    F_BYTES(vouch_fleet_group, name, "name", TEXT_MAX),
    F_PART(vouch_fleet_group, counts, &counts_table),
    F_ROWS_OF(vouch_fleet_group, each, each_count, VOUCH_FLEET_EACH_GROUP_MAX, &each_table),
    F_END,
};
static const struct vouch_fields group_table = TABLE(group_fields, vouch_fleet_group);

static const struct vouch_field need_fields[] = {
    F_BYTES(vouch_fleet_need, host, "host", VOUCH_HOST_NAME_LEN_MAX),
    F_BYTES(vouch_fleet_need, zone, "zone", TEXT_MAX),
    F_ENUM(vouch_fleet_need, condition, "condition", VOUCH_CONDITION_RETIRED),
    F_U64(vouch_fleet_need, end_s),
    F_BYTES(vouch_fleet_need, why, "why", TEXT_MAX),
    F_LIST(vouch_fleet_need, problems, "problems", PROBLEMS_MAX),
    F_END,
};
static const struct vouch_fields need_table = TABLE(need_fields, vouch_fleet_need);

static const struct vouch_field label_fields[] = {
    F_BYTES(vouch_fleet_label, key, "key", TEXT_MAX),
    F_U64(vouch_fleet_label, hosts),
    F_END,
};
static const struct vouch_fields label_table = TABLE(label_fields, vouch_fleet_label);

static const struct vouch_field answer_fields[] = {
    F_PART(vouch_answer_fleet_summary, reply, &vouch_reply_fields),
    F_U64(vouch_answer_fleet_summary, now_s),
    F_PART(vouch_answer_fleet_summary, counts, &counts_table),
    F_ROWS_OF(vouch_answer_fleet_summary, groups, group_count, VOUCH_FLEET_GROUPS_MAX,
              &group_table),
    F_U64(vouch_answer_fleet_summary, groups_left),
    F_PART(vouch_answer_fleet_summary, left, &counts_table),
    F_ROWS_OF(vouch_answer_fleet_summary, needs, need_count, VOUCH_FLEET_NEEDS_MAX, &need_table),
    F_U64(vouch_answer_fleet_summary, needing),
    F_ROWS_OF(vouch_answer_fleet_summary, labels, label_count, VOUCH_FLEET_LABELS_MAX,
              &label_table),
    F_END,
};
const struct vouch_fields vouch_answer_fleet_summary_fields =
    TABLE(answer_fields, vouch_answer_fleet_summary);
