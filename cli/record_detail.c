/* SPDX-License-Identifier: Apache-2.0 */
#include "record_detail.h"

#include "../device/keeper/keeper_rooms.h"
#include "json_cbor.h"

#include <securable/protection.h>
#include <securable/statement.h>
#include <securable/update.h>

#include <stdio.h>

/* --- details: one reader a room ------------------------------------------------------------------------------ */

/* A member of a detail: its number, its name, and how it is shown. */
struct member {
    int64_t key;
    const char *name;
    cJSON *(*json)(struct sec_cbor *rd);
};

static cJSON *show_any(struct sec_cbor *rd)
{
    return json_cbor_next(rd);
}

static cJSON *show_bytes(struct sec_cbor *rd)
{
    return sec_cbor_peek(rd) == SEC_CBOR_BSTR ? json_hex(sec_cbor_bstr(rd)) : json_cbor_next(rd);
}

static cJSON *show_status(struct sec_cbor *rd)
{
    return cJSON_CreateString(sec_status_word((sec_status){(uint16_t)sec_cbor_uint(rd)}));
}

static cJSON *show_stage(struct sec_cbor *rd)
{
    static const char *const words[] = {"unknown", "install", "activate", "health", "confirm"};
    uint64_t stage = sec_cbor_uint(rd);
    return cJSON_CreateString(words[stage < 5 ? stage : 0]);
}

static cJSON *show_end(struct sec_cbor *rd)
{
    static const char *const words[] = {"command", "effect", "deadline", "boot"};
    uint64_t end = sec_cbor_uint(rd);
    return cJSON_CreateString(end < 4 ? words[end] : "unknown");
}

static cJSON *show_notify(struct sec_cbor *rd)
{
    static const char *const words[] = {"off", "applications", "owner", "all"};
    uint64_t notify = sec_cbor_uint(rd);
    return cJSON_CreateString(notify < 4 ? words[notify] : "unknown");
}

static const struct member access_voucher[] = {{1, "owner_keys", show_any}, {2, "epoch", show_any}, {0, NULL, NULL}};
static const struct member access_roster[] = {
    {1, "subjects_before", show_any}, {2, "subjects_after", show_any}, {0, NULL, NULL}};
static const struct member access_admitted[] = {{1, "purpose", show_any}, {2, "key", show_bytes}, {0, NULL, NULL}};
static const struct member access_site[] = {{1, "hub_before", show_any}, {2, "hub_after", show_any}, {0, NULL, NULL}};
static const struct member access_transfer[] = {{1, "next_owner_keys", show_any}, {2, "next_epoch", show_any}, {0, NULL, NULL}};
static const struct member access_beacon[] = {{1, "seconds_without_beacon", show_any}, {2, "keys_revoked_now", show_any}, {0, NULL, NULL}};
static const struct member access_recover[] = {{1, "next_owner_keys", show_any}, {2, "delay_s", show_any}, {0, NULL, NULL}};
static const struct member access_veto[] = {{1, "recovery", show_bytes}, {2, "seconds_that_were_left", show_any}, {0, NULL, NULL}};
static const struct member access_recovered[] = {{1, "recovery", show_bytes}, {2, "owner_keys", show_any}, {0, NULL, NULL}};
static const struct member access_approval[] = {{1, "statement", show_bytes}, {2, "approvals_waiting", show_any}, {0, NULL, NULL}};
static const struct member access_presence[] = {{1, "next_epoch", show_any}, {0, NULL, NULL}};
static const struct member configuration_done[] = {
    {1, "setting", show_any},      {2, "fact", show_any}, {3, "settings", show_any}, {4, "confirm_within_s", show_any},
    {5, "command", show_bytes},    {6, "why", show_end},  {7, "dropped", show_any},  {8, "fallen_back", show_any},
    {9, "new_defaults", show_any}, {0, NULL, NULL}};
static const struct member update_refused[] = {
    {1, "clause", show_any}, {2, "offered_and_bound", show_any}, {0, NULL, NULL}};
static const struct member update_done[] = {{1, "version", show_any},           {2, "sequence", show_any},
                                            {3, "image_bytes", show_any},       {4, "release", show_bytes},
                                            {5, "image", show_bytes},           {6, "settings_may_change", show_any},
                                            {7, "installed_version", show_any}, {8, "notify", show_notify},
                                            {9, "description", show_any},       {10, "slot", show_any},
                                            {11, "command", show_bytes},        {12, "stage", show_stage},
                                            {13, "why", show_status},           {14, "confirm_within_s", show_any},
                                            {15, "attempt", show_any},          {0, NULL, NULL}};
static const struct member protection_rotated[] = {{1, "secrets", show_any}, {0, NULL, NULL}};
static const struct member protection_secret[] = {{1, "secret", show_any}, {2, "grade", show_any}, {0, NULL, NULL}};
static const struct member refused[] = {{1, "object", show_any}, {2, "fact", show_any}, {0, NULL, NULL}};

static cJSON *members_json(struct sec_bytes detail, const struct member *members)
{
    struct sec_cbor rd = sec_cbor(detail);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    cJSON *json = cJSON_CreateObject();
    for (int64_t key; sec_cbor_map_next(&walk, &key);) {
        char number[24];
        const struct member *member = members;
        while (member->name && member->key != key)
            member++;
        snprintf(number, sizeof number, "%lld", (long long)key);
        cJSON_AddItemToObject(json, member->name ? member->name : number,
                              member->name ? member->json(&rd) : show_any(&rd));
    }
    return json;
}

/* What a wipe or a rotation left of each item. */
static cJSON *grades_json(struct sec_bytes detail)
{
    struct sec_wipe_items items;
    char name[SEC_NAME_MAX_BYTES + 1];
    cJSON *json = cJSON_CreateObject();
    if (!sec_ok(sec_wipe_items_parse(detail, &items)))
        return json;
    for (size_t i = 0; i < items.count; i++) {
        sec_zero(name, sizeof name);
        sec_bytes_copy(sec_room(name, sizeof name - 1), items.items[i].name);
        cJSON_AddStringToObject(json, name, sec_wipe_grade_word(items.items[i].grade));
    }
    return json;
}

/* The room that wrote the detail: said by what was asked, or else by the first change. */
static unsigned room_of(const struct keeper_record *record)
{
    if (record->kind == SEC_STATEMENT_VOUCHER || record->kind == SEC_STATEMENT_APPROVAL)
        return KEEPER_ROOM_ACCESS;
    if (record->kind == SEC_STATEMENT_RELEASE)
        return KEEPER_ROOM_UPDATE;
    const struct sec_action_row *row = sec_action_row(record->action);
    if (row && row->action == SEC_ACTION_PROTECTION_WIPE)
        return KEEPER_ROOM_PROTECTION;
    if (row && (row->topic == SEC_TOPIC_LIFECYCLE || row->topic == SEC_TOPIC_BEACON))
        return KEEPER_ROOM_ACCESS;
    if (row)
        return row->topic == SEC_TOPIC_UPDATE       ? KEEPER_ROOM_UPDATE
               : row->topic == SEC_TOPIC_PROTECTION ? KEEPER_ROOM_PROTECTION
                                                    : (unsigned)row->topic;
    struct sec_cbor rd = sec_cbor(record->changes);
    if (record->changes.len == 0 || sec_cbor_array(&rd) == 0)
        return 0;
    sec_cbor_array_of(&rd, 2);
    return (unsigned)sec_cbor_uint(&rd);
}

/* What the access room said of something done, by what was asked or by why the device acted itself. */
static const struct member *access_done(const struct keeper_record *record)
{
    static const struct {
        uint64_t action;
        const struct member *members;
    } rows[] = {{SEC_ACTION_ACCESS_ADMIT_KEY, access_admitted}, {SEC_ACTION_LIFECYCLE_SITE, access_site}, {SEC_ACTION_LIFECYCLE_TRANSFER, access_transfer},
                {SEC_ACTION_BEACON_RENEW, access_beacon},       {SEC_ACTION_LIFECYCLE_RECOVER, access_recover}, {SEC_ACTION_LIFECYCLE_VETO, access_veto}};
    if (record->kind == SEC_STATEMENT_VOUCHER)
        return access_voucher;
    if (record->kind == SEC_STATEMENT_APPROVAL)
        return access_approval;
    if (record->reason == KEEPER_RECOVERED)
        return access_recovered;
    if (record->reason == KEEPER_PRESENCE)
        return access_presence;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].action == record->action)
            return rows[i].members;
    }
    return access_roster;
}

cJSON *record_detail_json(const struct keeper_record *record)
{
    bool bad = record->code != SEC_OK && record->code != SEC_PENDING && record->code != SEC_REVERTED;
    struct sec_cbor rd = sec_cbor(record->detail);
    if (sec_cbor_peek(&rd) == SEC_CBOR_ARRAY)
        return grades_json(record->detail);
    switch (room_of(record)) {
    case KEEPER_ROOM_ACCESS:
        return members_json(record->detail, bad ? refused : access_done(record));
    case KEEPER_ROOM_CONFIGURATION:
        return members_json(record->detail, configuration_done);
    case KEEPER_ROOM_UPDATE:
        /* A refusal has no more than two members; what was done has at least seven. */
        return members_json(record->detail, sec_cbor_map(&rd) <= 2 ? update_refused : update_done);
    case KEEPER_ROOM_PROTECTION:
        return members_json(record->detail,
                            record->action == SEC_ACTION_PROTECTION_ROTATE ? protection_rotated : protection_secret);
    default:
        return json_cbor(record->detail);
    }
}

cJSON *record_seen_json(const struct keeper_record *record)
{
    static const struct member members[] = {{1, "name", show_any}, {2, "detail", show_any}, {0, NULL, NULL}};
    return members_json(record->content, members);
}
