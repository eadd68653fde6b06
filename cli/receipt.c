/* SPDX-License-Identifier: Apache-2.0 */
#include "receipt.h"

#include "commands.h"
#include "record.h"

int receipt_check(struct cli *cli, const char *path, struct sec_bytes bytes, const struct sec_public_key *key,
                  struct sec_receipt *ret_receipt)
{
    CLI_TRY(cli_failed(path, "receipt", sec_receipt_parse(bytes, ret_receipt)));
    return cli_failed(path, "receipt", sec_receipt_check(ret_receipt, key, &cli->crypto));
}

cJSON *receipt_json(struct cli *cli, const struct sec_receipt *receipt)
{
    cJSON *json = record_content_json(cli, receipt->content);
    cli_add_number(json, "record", receipt->index);
    cJSON *head = cJSON_AddObjectToObject(json, "head");
    cli_add_hex(head, "device", sec_digest_bytes(&receipt->head.log_id));
    cli_add_number(head, "records", receipt->head.size);
    cli_add_number(head, "epoch", receipt->head.epoch);
    cli_add_time(cli, head, "time", receipt->head.time_s);
    return json;
}

int cmd_receipt_check(struct cli *cli)
{
    struct sec_bytes bytes;
    struct sec_public_key key;
    struct sec_receipt receipt;
    struct material_report *report;
    const char *path = cli->operands[0], *key_path = cli_get(cli, "key"), *report_path = cli_get(cli, "report");
    if ((key_path != NULL) == (report_path != NULL))
        return cli_usage("securable", "receipt check", "either --key or --report is wanted");
    if (key_path) {
        CLI_TRY(material_public_key(cli, key_path, &key));
    } else {
        CLI_TRY(material_report(cli, report_path, cli_get(cli, "ca"), &report));
        material_report_warn(report_path, report);
        key = report->key;
    }
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, &bytes));
    CLI_TRY(receipt_check(cli, path, bytes, &key, &receipt));
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "receipt", "valid");
    cJSON_AddItemToObject(facts, "decision", receipt_json(cli, &receipt));
    return cli_show(cli, facts, CLI_DONE);
}
