/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"
#include "commands.h"
#include "log_source.h"
#include "receipt.h"

#include <string.h>

/* What the verdict rests on. */
struct evidence {
    struct sec_public_key key;
    const char *key_path;
    bool key_beside;    /* the key lay beside the log */
    bool key_certified; /* its certificate was checked against a CA */
    struct sec_head *heads;
    size_t heads_count;
    struct sec_receipt *receipts;
    size_t receipts_count;
    struct log_source *other; /* null: none */
};

/* --- gathering, each piece verified before it counts ----------------------------------------------------------- */

static int take_key(struct cli *cli, const struct log_source *source, struct evidence *evidence)
{
    const char *ca = cli_get(cli, "ca");
    struct sec_bytes der, ca_der;
    struct sec_certificate_facts facts;
    CLI_TRY(log_source_key(cli, source, cli_get(cli, "key"), &evidence->key, &evidence->key_path));
    evidence->key_beside = evidence->key_path == source->idevid;
    if (!ca)
        return CLI_DONE;
    CLI_TRY(material_certificate(cli, evidence->key_path, &der));
    CLI_TRY(material_certificate(cli, ca, &ca_der));
    CLI_TRY(cli_failed(evidence->key_path, "device certificate", sec_certificate_check(der, ca_der, &facts)));
    evidence->key_certified = true;
    return CLI_DONE;
}

/* A head as a file of its own, or the one within a report. */
static int take_head(struct cli *cli, const char *path, struct evidence *evidence)
{
    struct sec_bytes bytes;
    struct sec_statement statement;
    struct sec_report *report = (struct sec_report *)(void *)cli_room(cli, sizeof *report).data;
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, &bytes));
    CLI_TRY(cli_failed(path, "head", sec_statement_parse(bytes, &statement)));
    if (statement.kind == SEC_STATEMENT_REPORT) {
        CLI_TRY(material_verify(cli, path, &statement, &evidence->key));
        CLI_TRY(cli_failed(path, "report", sec_report_parse(statement.msg.payload, report)));
        bytes = report->head;
    }
    return cli_failed(path, "head",
                      sec_head_check(bytes, &evidence->key, &cli->crypto, &evidence->heads[evidence->heads_count++]));
}

static int take_receipt(struct cli *cli, const char *path, struct evidence *evidence)
{
    struct sec_bytes bytes;
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, &bytes));
    return receipt_check(cli, path, bytes, &evidence->key, &evidence->receipts[evidence->receipts_count++]);
}

static int gather(struct cli *cli, const struct log_source *source, struct evidence *evidence)
{
    size_t heads = cli_count(cli, "head"), receipts = cli_count(cli, "receipt");
    const char *other = cli_get(cli, "other");
    CLI_TRY(take_key(cli, source, evidence));
    evidence->heads = (struct sec_head *)(void *)cli_room(cli, (heads + 1) * sizeof *evidence->heads).data;
    evidence->receipts = (struct sec_receipt *)(void *)cli_room(cli, (receipts + 1) * sizeof *evidence->receipts).data;
    for (size_t i = 0; i < heads; i++)
        CLI_TRY(take_head(cli, cli_get_at(cli, "head", i), evidence));
    for (size_t i = 0; i < receipts; i++)
        CLI_TRY(take_receipt(cli, cli_get_at(cli, "receipt", i), evidence));
    return other ? log_source_open(cli, other, false, &evidence->other) : CLI_DONE;
}

/* --- telling ---------------------------------------------------------------------------------------------------- */

static cJSON *evidence_json(struct cli *cli, const struct evidence *evidence)
{
    cJSON *list = cJSON_CreateArray();
    const char *worth = evidence->key_certified ? "certificate checked against --ca"
                        : evidence->key_beside  ? "from beside the log, so it proves less than one from elsewhere"
                                                : "from elsewhere";
    cJSON_AddItemToArray(list, cJSON_CreateString(cli_format(cli, "device key %s of device %s (%s)", evidence->key_path,
                                                             material_key_id_text(cli, &evidence->key), worth)));
    for (size_t i = 0; i < evidence->heads_count; i++)
        cJSON_AddItemToArray(list,
                             cJSON_CreateString(cli_format(cli, "head %s over %llu records", cli_get_at(cli, "head", i),
                                                           (unsigned long long)evidence->heads[i].size)));
    for (size_t i = 0; i < evidence->receipts_count; i++)
        cJSON_AddItemToArray(
            list, cJSON_CreateString(cli_format(cli, "receipt %s of record %llu", cli_get_at(cli, "receipt", i),
                                                (unsigned long long)evidence->receipts[i].index)));
    if (evidence->other)
        cJSON_AddItemToArray(list, cJSON_CreateString(cli_format(cli, "another copy, %s", evidence->other->name)));
    return list;
}

static void add_place(cJSON *json, const struct sec_verify_result *result)
{
    cJSON *where = cJSON_AddObjectToObject(json, "where");
    cli_add_number(where, "record", result->index);
    if (result->segment == 0) /* not in a place of a file: something is not there */
        return;
    cli_add_number(where, "segment", result->segment);
    cli_add_number(where, "offset", result->offset);
}

/* A log's id is its device's, and that is its key's thumbprint: a key of another device is told as such. */
static void add_other_device(struct cli *cli, cJSON *json, const struct sec_verify_result *result,
                             const struct evidence *evidence)
{
    struct sec_device_id id;
    bool differs = result->has_log_id && sec_ok(sec_device_id_of_key(&evidence->key, &cli->crypto.hasher, &id)) &&
                   !sec_bytes_equal(sec_device_id_bytes(&id), sec_digest_bytes(&result->log_id));
    if (!differs)
        return;
    cJSON_AddStringToObject(json, "key_fits", "no: the log says that it is of another device than the key");
    cli_add_hex(json, "log_of_device", sec_digest_bytes(&result->log_id));
}

static int tell(struct cli *cli, const struct sec_verify_result *result, const struct evidence *evidence)
{
    bool good = result->verdict == SEC_VERDICT_INTACT || result->verdict == SEC_VERDICT_TORN_TAIL;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "verdict", sec_verdict_word(result->verdict));
    if (result->verdict != SEC_VERDICT_INTACT && result->verdict != SEC_VERDICT_MISSING)
        add_place(json, result);
    if (result->why && result->why[0])
        cJSON_AddStringToObject(json, "why", result->why);
    cJSON_AddItemToObject(json, "evidence", evidence_json(cli, evidence));
    add_other_device(cli, json, result, evidence);
    cli_add_number(json, "proved_records", result->intact_until);
    cli_add_number(json, "records", result->records);
    cli_add_number(json, "trimmed", result->trimmed);
    cli_add_number(json, "boots", result->boots);
    if (result->has_head) {
        cJSON *head = cJSON_AddObjectToObject(json, "last_head");
        cli_add_hex(head, "device", sec_digest_bytes(&result->last_head.log_id));
        cli_add_number(head, "records", result->last_head.size);
        cli_add_hex(head, "root", sec_digest_bytes(&result->last_head.root));
        cli_add_time(cli, head, "time", result->last_head.time_s);
    }
    if (!cli_get(cli, "json")) {
        puts(sec_verdict_word(result->verdict));
        cJSON_DeleteItemFromObjectCaseSensitive(json, "verdict");
    }
    return cli_show(cli, json, good ? CLI_DONE : CLI_REFUSED);
}

/* A device that runs writes while its log is read, so that early and late blocks may not fit each other. */
#define LOOKS_MAX_COUNT 5

static bool same_finding(const struct sec_verify_result *a, const struct sec_verify_result *b)
{
    return a->verdict == b->verdict && a->segment == b->segment && a->offset == b->offset && a->index == b->index;
}

/* What speaks against the log counts when a second look finds just the same. */
static sec_status look(struct cli *cli, const struct sec_storage *storage, const struct evidence *evidence,
                       const struct sec_verify_evidence *given, struct sec_verify_result *ret_result)
{
    struct sec_room work = cli_room(cli, SEC_JOURNAL_WORK_BYTES);
    sec_status status = sec_st(SEC_OK);
    for (unsigned i = 0; i < LOOKS_MAX_COUNT; i++) {
        const struct sec_verify_result before = *ret_result;
        const sec_status earlier = status;
        status = sec_log_verify(storage, &evidence->key, &cli->crypto, given, work, NULL, ret_result);
        bool against =
            !sec_ok(status) || ret_result->verdict == SEC_VERDICT_TAMPERED || ret_result->verdict == SEC_VERDICT_GAP;
        bool again = i > 0 && earlier.code == status.code && same_finding(&before, ret_result);
        if (!against || again)
            break;
    }
    return status;
}

int cmd_log_verify(struct cli *cli)
{
    struct log_source *source;
    struct evidence evidence = {.key_path = NULL};
    struct sec_verify_result result = {.why = ""};
    const char *dir = cli->operands[0];
    bool elsewhere = cli_get(cli, "head") || cli_get(cli, "receipt");
    CLI_TRY(log_source_open(cli, dir, elsewhere, &source));
    CLI_TRY(gather(cli, source, &evidence));
    const struct sec_verify_evidence given = {evidence.heads, evidence.heads_count, evidence.receipts,
                                              evidence.receipts_count,
                                              evidence.other ? &evidence.other->storage : NULL};
    const struct sec_storage *storage = source->there ? &source->storage : &source->looking;
    sec_status status = look(cli, storage, &evidence, &given, &result);
    if (!sec_ok(status))
        return cli_failed(dir, "verify", status);
    return tell(cli, &result, &evidence);
}
