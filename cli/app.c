/* SPDX-License-Identifier: Apache-2.0 */
/* What applications do at the door, for scripts and for trying out: the kernel tells the device who asks. */
#include "commands.h"
#include "target.h"

#include <string.h>

struct field {
    struct sec_bytes name;
    const char *value;
};

/* Whole numbers, true and false as what they are; the rest is text. */
static void put_value(const char *text, struct sec_wr *wr)
{
    uint64_t number;
    bool negative = text[0] == '-';
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        sec_cbor_put_bool(wr, strcmp(text, "true") == 0);
    else if (cli_number(negative ? &text[1] : text, &number) && number <= INT64_MAX)
        sec_cbor_put_int(wr, negative ? -(int64_t)number : (int64_t)number);
    else
        sec_cbor_put_tstr(wr, sec_bytes_of_str(text));
}

static int take_fields(struct cli *cli, struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = cli->operands[1 + i];
        size_t len = strcspn(word, "="), at = i;
        if (word[len] != '=' || len == 0)
            return cli_usage(word, "field", "NAME=VALUE is wanted");
        struct field field = {sec_bytes(word, len), &word[len + 1]};
        while (at > 0 && sec_bytes_order(field.name, fields[at - 1].name) < 0) {
            fields[at] = fields[at - 1];
            at--;
        }
        fields[at] = field;
        if (at > 0 && sec_bytes_equal(field.name, fields[at - 1].name))
            return cli_usage(word, "field", "given twice");
    }
    return CLI_DONE;
}

int cmd_app_event(struct cli *cli)
{
    struct target *target;
    size_t count = cli->operands_count - 1;
    struct field *fields = (struct field *)(void *)cli_room(cli, count * sizeof *fields).data;
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_EVENT_MAX_BYTES));
    CLI_TRY(take_fields(cli, fields, count));
    sec_cbor_put_map(&wr, count);
    for (size_t i = 0; i < count; i++) {
        sec_cbor_put_tstr(&wr, fields[i].name);
        put_value(fields[i].value, &wr);
    }
    if (wr.bad)
        return cli_refused("event", "length", "over %u bytes", SEC_EVENT_MAX_BYTES);
    CLI_TRY(target_open(cli, cli->operands[0], TARGET_TIMEOUT_S, &target));
    int code = target_failed(target, "event", sec_door_event(&target->door, sec_wr_done(&wr)));
    target_close(target);
    return code;
}

int cmd_app_secret_put(struct cli *cli)
{
    struct target *target;
    struct sec_bytes value;
    const char *name = cli->operands[1];
    CLI_TRY(files_read_stdin(cli, SEC_SECRET_MAX_BYTES, &value));
    CLI_TRY(target_open(cli, cli->operands[0], TARGET_TIMEOUT_S, &target));
    int code = target_failed(target, name, sec_door_secret_put(&target->door, sec_bytes_of_str(name), value));
    target_close(target);
    return code;
}

int cmd_app_secret_get(struct cli *cli)
{
    struct target *target;
    struct sec_bytes value = {NULL, 0};
    const char *name = cli->operands[1];
    CLI_TRY(target_open(cli, cli->operands[0], TARGET_TIMEOUT_S, &target));
    int code = target_failed(target, name, sec_door_secret_get(&target->door, sec_bytes_of_str(name), &value));
    if (code == CLI_DONE && fwrite(value.data, 1, value.len, stdout) != value.len)
        code = cli_environment("stdout", "write", "failed");
    target_close(target);
    return code;
}

int cmd_app_secret_delete(struct cli *cli)
{
    struct target *target;
    const char *name = cli->operands[1];
    CLI_TRY(target_open(cli, cli->operands[0], TARGET_TIMEOUT_S, &target));
    int code = target_failed(target, name, sec_door_secret_delete(&target->door, sec_bytes_of_str(name)));
    target_close(target);
    return code;
}

int cmd_app_settings(struct cli *cli)
{
    struct target *target;
    struct sec_bytes json = {NULL, 0};
    CLI_TRY(target_open(cli, cli->operands[0], TARGET_TIMEOUT_S, &target));
    int code = target_failed(target, "settings", sec_door_settings(&target->door, &json));
    if (code == CLI_DONE && fwrite(json.data, 1, json.len, stdout) != json.len)
        code = cli_environment("stdout", "write", "failed");
    target_close(target);
    return code;
}
