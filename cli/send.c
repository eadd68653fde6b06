/* SPDX-License-Identifier: Apache-2.0 */
/* Handing a statement to a device, and what it says about itself. */
#include "commands.h"
#include "hub_send.h"
#include "json_cbor.h"
#include "rebase.h"
#include "receipt.h"
#include "record.h"
#include "target.h"

#include <securable/suit.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* --- send ---------------------------------------------------------------------------------------------------- */

/* The digest by which the device knows the statement; false when the file is none: the device says so better. */
static bool digest_of(struct cli *cli, struct sec_bytes bytes, struct sec_digest *ret_digest)
{
    struct sec_suit_release_envelope release;
    struct sec_statement statement;
    if (sec_ok(sec_suit_release_open(bytes, &release)))
        return sec_ok(sec_statement_digest(&release.statement, release.authentication.signed_bytes, &cli->crypto.hasher,
                                           ret_digest));
    return sec_ok(sec_statement_parse(bytes, &statement)) &&
           sec_ok(sec_statement_digest(&statement, statement.msg.payload, &cli->crypto.hasher, ret_digest));
}

static int submit(struct cli *cli, struct target *target, struct sec_bytes bytes, sec_status *ret_verdict,
                  struct sec_bytes *ret_receipt)
{
    const char *payload = cli_get(cli, "payload");
    struct sec_bytes receipt = {NULL, 0};
    int fd = payload ? open(payload, O_RDONLY | O_CLOEXEC) : -1;
    if (payload && fd < 0)
        return cli_environment(payload, "open", "%s", strerror(errno));
    *ret_verdict = sec_door_submit(&target->door, bytes, sec_bytes(NULL, 0), fd, &receipt);
    if (fd >= 0)
        close(fd);
    if (!sec_door_answered(&target->door))
        return target_failed(target, "send", *ret_verdict);
    *ret_receipt = target_keep(cli, receipt);
    return CLI_DONE;
}

/* `ret_code` is what was decided on this statement, when the receipt says so. */
static int add_receipt(struct cli *cli, struct target *target, struct sec_bytes bytes, struct sec_bytes receipt_bytes,
                       cJSON *facts, sec_status *ret_code)
{
    struct sec_public_key key;
    struct sec_receipt receipt;
    struct sec_digest mine, told;
    sec_status code;
    const char *source, *out = cli_get(cli, "out");
    if (receipt_bytes.len == 0) {
        cJSON_AddStringToObject(facts, "receipt",
                                "none: what nobody known vouched for, or was not for this device, is counted only");
        return CLI_DONE;
    }
    if (out)
        CLI_TRY(files_write(out, 0644, receipt_bytes));
    CLI_TRY(target_key(cli, target, cli_get(cli, "trust"), &key, &source));
    CLI_TRY(receipt_check(cli, target->name, receipt_bytes, &key, &receipt));
    cJSON_AddStringToObject(facts, "receipt", "valid");
    cJSON_AddStringToObject(facts, "device_key_from", source);
    bool about =
        digest_of(cli, bytes, &mine) && record_decided(receipt.content, &code, &told) && sec_digest_equal(&mine, &told);
    cJSON_AddStringToObject(facts, "receipt_is_of",
                            about ? "this statement" : "another statement, which took the place of this one");
    cJSON_AddItemToObject(facts, "decision", receipt_json(cli, &receipt));
    if (about)
        *ret_code = code;
    return CLI_DONE;
}

static int exit_of(sec_status verdict)
{
    if (sec_ok(verdict) || sec_is(verdict, SEC_ALREADY_DECIDED) || sec_is(verdict, SEC_PENDING))
        return CLI_DONE;
    enum sec_status_class what = sec_status_class(verdict);
    return what == SEC_CLASS_IO || what == SEC_CLASS_INTERNAL ? CLI_ENVIRONMENT : CLI_REFUSED;
}

/* Somebody else's command came first: the person is shown what this one means now, and asked. */
static int send_again(struct cli *cli, struct target *target, struct sec_bytes *bytes, sec_status *ret_verdict, struct sec_bytes *ret_receipt)
{
    struct material_report *report;
    CLI_TRY(target_report(cli, target, sec_bytes(NULL, 0), cli_get(cli, "ca"), &report));
    CLI_TRY(rebase_command(cli, *bytes, report, cli_get(cli, "again"), bytes));
    return submit(cli, target, *bytes, ret_verdict, ret_receipt);
}

static int send_by_door(struct cli *cli, struct target *target, struct sec_bytes bytes)
{
    struct sec_bytes receipt;
    sec_status verdict;
    CLI_TRY(submit(cli, target, bytes, &verdict, &receipt));
    if (sec_is(verdict, SEC_GENERATION_USED) && cli_get(cli, "again"))
        CLI_TRY(send_again(cli, target, &bytes, &verdict, &receipt));
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "verdict", sec_status_word(verdict));
    cJSON_AddStringToObject(facts, "meaning", sec_status_text(verdict));
    sec_status decided = verdict;
    int code = add_receipt(cli, target, bytes, receipt, facts, &decided);
    int shown = cli_show(cli, facts, CLI_DONE);
    if (code == CLI_DONE)
        code = shown;
    /* Of a statement that comes again the first decision counts. */
    return code != CLI_DONE ? code : exit_of(sec_is(verdict, SEC_ALREADY_DECIDED) ? decided : verdict);
}

int cmd_send(struct cli *cli)
{
    struct target *target;
    struct sec_bytes bytes;
    if (cli_get(cli, "hub"))
        return hub_send(cli);
    if (cli->operands_count != 2)
        return cli_usage("securable", "send", "wanted: DEVICE FILE, or --hub URL FILE");
    CLI_TRY(files_read(cli, cli->operands[1], SEC_STATEMENT_MAX_BYTES, &bytes));
    if (bytes.len == 0)
        return cli_refused(cli->operands[1], "statement", "the file is empty");
    CLI_TRY(target_open(cli, cli->operands[0], TARGET_SUBMIT_TIMEOUT_S, &target));
    int code = send_by_door(cli, target, bytes);
    target_close(target);
    return code;
}

/* --- status -------------------------------------------------------------------------------------------------- */

int cmd_status(struct cli *cli)
{
    struct target *target;
    struct sec_bytes bytes;
    static const char *const names[] = {"door_api", "version", "device", "confinement", "state"};
    CLI_TRY(target_open(cli, cli->operands[0], TARGET_TIMEOUT_S, &target));
    CLI_TRY(target_failed(target, "status", sec_door_device_status(&target->door, &bytes)));
    cJSON *facts = cJSON_CreateObject();
    struct sec_cbor rd = sec_cbor(bytes);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    for (int64_t key; sec_cbor_map_next(&walk, &key);) {
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)key);
        const char *name = key >= 1 && key <= 5 ? names[key - 1] : number;
        cJSON_AddItemToObject(facts, name,
                              sec_cbor_peek(&rd) == SEC_CBOR_BSTR ? json_hex(sec_cbor_bstr(&rd)) : json_cbor_next(&rd));
    }
    target_close(target);
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(facts, "state"));
    bool tampered = state && strcmp(state, "tampered") == 0;
    return cli_show(cli, facts, tampered ? CLI_REFUSED : CLI_DONE);
}
