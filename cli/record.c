/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "json_cbor.h"
#include "keeper_records.h"
#include "record_detail.h"

#include <securable/protection.h>

#include <string.h>

/* --- sorts of records ------------------------------------------------------------------------------------------ */

static void add_status(cJSON *json, const struct keeper_record *record)
{
    cJSON_AddStringToObject(json, "code", sec_status_word((sec_status){(uint16_t)record->code}));
}

static void add_detail(cJSON *json, const struct keeper_record *record)
{
    if (record->detail.len)
        cJSON_AddItemToObject(json, "detail", record_detail_json(record));
}

static void add_who(cJSON *json, const struct keeper_record *record)
{
    cJSON *who = cJSON_AddObjectToObject(json, "who");
    cli_add_text(who, "name", record->signer);
    if (record->has_role)
        cJSON_AddStringToObject(who, "role", sec_role_word(record->role));
    cli_add_hex(who, "key", SEC_BYTES(record->kid.b));
}

static void add_decision(cJSON *json, const struct keeper_record *record)
{
    add_who(json, record);
    cJSON_AddStringToObject(json, "what",
                            record->action ? sec_action_word(record->action)
                                           : sec_statement_word((enum sec_statement_kind)record->kind));
    if (record->generation)
        cli_add_number(json, "generation", record->generation);
    add_status(json, record);
    cJSON_AddBoolToObject(json, "outcome_follows", record->intended);
    cJSON_AddBoolToObject(json, "time_trusted", record->trusted);
    add_detail(json, record);
    cli_add_hex(json, "statement", sec_digest_bytes(&record->digest));
}

static void add_outcome(cJSON *json, const struct keeper_record *record)
{
    static const struct sec_digest own = {{0}};
    if (record->has_origin)
        add_who(json, record);
    cJSON_AddStringToObject(json, "what", sec_action_word(record->action));
    if (record->has_origin)
        cli_add_number(json, "generation", record->generation);
    cli_add_number(json, "outcome_of", record->index);
    add_status(json, record);
    if (record->has_origin && record->intended_detail.len) {
        struct keeper_record asked = *record;
        asked.detail = record->intended_detail;
        asked.code = SEC_OK;
        cJSON_AddItemToObject(json, "asked", record_detail_json(&asked));
    }
    add_detail(json, record);
    if (!sec_digest_equal(&record->digest, &own))
        cli_add_hex(json, "statement", sec_digest_bytes(&record->digest));
}

static void add_internal(cJSON *json, const struct keeper_record *record)
{
    cJSON_AddStringToObject(json, "what", keeper_reason_word(record->reason));
    add_status(json, record);
    add_detail(json, record);
}

static void add_event(cJSON *json, const struct keeper_record *record)
{
    cJSON *who = cJSON_AddObjectToObject(json, "who");
    cli_add_text(who, "name", record->name);
    cli_add_number(who, "uid", record->uid);
    cli_add_number(json, "steady_ms", record->steady_ms);
    cJSON_AddItemToObject(json, "fields", json_cbor(record->content));
}

static void add_observation(cJSON *json, const struct keeper_record *record)
{
    cJSON_AddItemToObject(json, "seen", record_seen_json(record));
}

static void add_refusals(struct cli *cli, cJSON *json, const struct keeper_record *record)
{
    struct sec_cbor rd = sec_cbor(record->refusals);
    size_t count = sec_cbor_array(&rd);
    cJSON *list = cJSON_AddArrayToObject(json, "refusals");
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        cJSON *one = cJSON_CreateObject();
        sec_cbor_array_of(&rd, 4);
        cJSON_AddItemToObject(one, "code", cJSON_CreateString(sec_status_word((sec_status){(uint16_t)sec_cbor_uint(&rd)})));
        cli_add_number(one, "count", sec_cbor_uint(&rd));
        cli_add_time(cli, one, "first", sec_cbor_int(&rd));
        cli_add_time(cli, one, "last", sec_cbor_int(&rd));
        cJSON_AddItemToArray(list, one);
    }
}

static void add_start(cJSON *json, const struct keeper_record *record)
{
    cli_add_text(json, "version", record->version);
    cli_add_text(json, "confinement", record->confinement);
    if (record->repaired) {
        cJSON *repair = cJSON_AddObjectToObject(json, "repair");
        cli_add_number(repair, "cut_bytes", record->cut_bytes);
        cli_add_hex(repair, "cut_digest", sec_digest_bytes(&record->cut_digest));
        cli_add_number(repair, "kept_records", record->kept_count);
        cli_add_number(repair, "dropped_records", record->dropped_count);
    }
    if (record->destroyed.len)
        cJSON_AddItemToObject(json, "destroyed_unnamed_keys", json_cbor(record->destroyed));
}

static void add_content(struct cli *cli, cJSON *json, const struct keeper_record *record)
{
    cJSON_AddStringToObject(json, "sort", keeper_sort_word(record->sort));
    cli_add_time(cli, json, "time", record->time_s);
    switch (record->sort) {
    case KEEPER_DECISION:
        add_decision(json, record);
        break;
    case KEEPER_OUTCOME:
        add_outcome(json, record);
        break;
    case KEEPER_INTERNAL:
        add_internal(json, record);
        break;
    case KEEPER_EVENT:
        add_event(json, record);
        break;
    case KEEPER_OBSERVATION:
        add_observation(json, record);
        break;
    case KEEPER_REFUSALS:
        add_refusals(cli, json, record);
        break;
    case KEEPER_START:
        add_start(json, record);
        break;
    default:
        break;
    }
}

/* --- records --------------------------------------------------------------------------------------------------- */

static bool parse(struct sec_bytes content, struct keeper_record *ret_record)
{
    return sec_ok(sec_cbor_check(content, SEC_CBOR_OURS)) && sec_ok(keeper_record_parse(content, ret_record));
}

cJSON *record_content_json(struct cli *cli, struct sec_bytes content)
{
    struct keeper_record record;
    cJSON *json = cJSON_CreateObject();
    if (parse(content, &record))
        add_content(cli, json, &record);
    else
        cli_add_hex(json, "unknown_content", content);
    return json;
}

bool record_decided(struct sec_bytes content, sec_status *ret_code, struct sec_digest *ret_digest)
{
    struct keeper_record record;
    if (!parse(content, &record) || (record.sort != KEEPER_DECISION && record.sort != KEEPER_OUTCOME))
        return false;
    *ret_code = (sec_status){(uint16_t)record.code};
    *ret_digest = record.digest;
    return true;
}

/* The value of a secret is for nobody who reads a log. */
static void add_secret(cJSON *json, struct sec_bytes content)
{
    struct sec_secret_value secret;
    cJSON_AddStringToObject(json, "sort", "secret");
    if (!sec_ok(sec_secret_value_parse(content, &secret)))
        return;
    cli_add_text(json, "secret", secret.name);
    cli_add_number(json, "uid", secret.uid);
    cli_add_number(json, "bytes", secret.value.len);
}

cJSON *record_json(struct cli *cli, const struct record_place *place, bool opened, struct sec_bytes content)
{
    struct keeper_record record;
    cJSON *json = cJSON_CreateObject();
    cli_add_number(json, "index", place->index);
    cli_add_number(json, "boot", place->boot);
    cli_add_number(json, "epoch", place->epoch);
    cJSON_AddStringToObject(json, "class", sec_record_class_word((enum sec_record_class)place->record_class));
    if (place->record_class == SEC_RECORD_SNAPSHOT || place->record_class == SEC_RECORD_KEY ||
        place->record_class == SEC_RECORD_TRIM) {
        cJSON_AddStringToObject(json, "sort", sec_record_class_word((enum sec_record_class)place->record_class));
        if (opened)
            cli_add_number(json, "bytes", content.len);
    } else if (!opened) {
        cJSON_AddStringToObject(json, "sort", "sealed");
    } else if (place->record_class == SEC_RECORD_PROTECTION) {
        add_secret(json, content);
    } else if (parse(content, &record)) {
        add_content(cli, json, &record);
    } else {
        cJSON_AddStringToObject(json, "sort", "unknown");
        cli_add_hex(json, "content", content);
    }
    return json;
}

/* --- one line ---------------------------------------------------------------------------------------------------- */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void put_item(FILE *to, const cJSON *item)
{
    if (cJSON_IsString(item)) {
        cli_put_text(to, item->valuestring);
        return;
    }
    char *text = cJSON_PrintUnformatted(item);
    cli_put_text(to, text ? text : "?");
    cJSON_free(text);
}

/* "pump.speed 80 -> 60, ..." of {"pump.speed": [80, 60]} */
static void put_changes(FILE *to, const cJSON *changes)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, changes)
    {
        fputs(item == changes->child ? " " : ", ", to);
        cli_put_text(to, item->string);
        fputc(' ', to);
        put_item(to, cJSON_GetArrayItem(item, 0));
        fputs(" -> ", to);
        put_item(to, cJSON_GetArrayItem(item, 1));
    }
}

/* Digests are for programs. */
static void put_detail(FILE *to, const cJSON *detail)
{
    const cJSON *item;
    bool any = false;
    cJSON_ArrayForEach(item, detail)
    {
        if (cJSON_IsString(item) && strlen(item->valuestring) == 64)
            continue;
        fputc(any ? ';' : ':', to);
        any = true;
        if (strcmp(item->string, "settings") == 0) {
            put_changes(to, item);
            continue;
        }
        fputc(' ', to);
        cli_put_text(to, item->string);
        fputc(' ', to);
        put_item(to, item);
    }
}

static void put_who(FILE *to, const cJSON *record)
{
    const cJSON *who = cJSON_GetObjectItemCaseSensitive(record, "who");
    if (!who)
        return;
    fputs("  ", to);
    cli_put_text(to, text_of(who, "name"));
    if (text_of(who, "role")[0])
        fprintf(to, " (%s)", text_of(who, "role"));
}

/* Members of other sorts, as they stand. */
static void put_rest(FILE *to, const cJSON *record)
{
    static const char *const shown[] = {"fields", "seen",  "refusals", "version", "repair", "destroyed_unnamed_keys",
                                        "secret", "bytes", "content"};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(record, shown[i]);
        if (!item)
            continue;
        fprintf(to, "  %s ", shown[i]);
        put_item(to, item);
    }
}

void record_put_line(FILE *to, const cJSON *record)
{
    const char *time = text_of(record, "time"), *code = text_of(record, "code");
    const cJSON *what = cJSON_GetObjectItemCaseSensitive(record, "what");
    const cJSON *of = cJSON_GetObjectItemCaseSensitive(record, "outcome_of");
    const cJSON *follows = cJSON_GetObjectItemCaseSensitive(record, "outcome_follows");
    put_item(to, cJSON_GetObjectItemCaseSensitive(record, "index"));
    fprintf(to, "  %s  %s", time[0] ? time : "-", text_of(record, "sort"));
    if (strcmp(text_of(record, "sort"), "sealed") == 0)
        fprintf(to, " %s", text_of(record, "class"));
    if (of) {
        fputs(" of ", to);
        put_item(to, of);
    }
    put_who(to, record);
    if (what) {
        fputs("  ", to);
        put_item(to, what);
    }
    if (code[0])
        fprintf(to, "  %s", cJSON_IsTrue(follows) && strcmp(code, "ok") == 0 ? "intended" : code);
    put_detail(to, cJSON_GetObjectItemCaseSensitive(record, "detail"));
    put_rest(to, record);
    fputc('\n', to);
}
