/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "material.h"

#include <securable/access_forms.h>

int cmd_voucher_make(struct cli *cli)
{
    struct sec_voucher *voucher = (struct sec_voucher *)(void *)cli_room(cli, sizeof *voucher).data;
    struct sec_device_id id;
    struct sec_private_key *key;
    struct sec_bytes body;
    const char *out = cli_get(cli, "out"), *owner, *recovery = cli_get(cli, "recovery");
    voucher->required = 1;
    CLI_TRY(material_device_id(cli, cli_get(cli, "device"), &id));
    sec_copy(voucher->device_id.b, id.b, sizeof id.b);
    CLI_TRY(cli_get_number(cli, "epoch", 1, INT64_MAX, &voucher->epoch));
    CLI_TRY(cli_get_number(cli, "required", 1, SEC_OWNERS_MAX_COUNT, &voucher->required));
    while ((owner = cli_get_at(cli, "owner", voucher->owners.count)) != NULL) {
        if (voucher->owners.count == SEC_OWNERS_MAX_COUNT)
            return cli_usage(owner, "owner", "at most %u owner keys", SEC_OWNERS_MAX_COUNT);
        CLI_TRY(material_public_key(cli, owner, &voucher->owners.keys[voucher->owners.count++]));
    }
    if (voucher->required > voucher->owners.count)
        return cli_usage(cli_get(cli, "required"), "required", "more than there are owner keys");
    voucher->has_recovery = recovery != NULL;
    if (recovery)
        CLI_TRY(material_public_key(cli, recovery, &voucher->recovery));
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_STATEMENT_MAX_BYTES));
    sec_voucher_encode(voucher, &wr);
    CLI_TRY(cli_failed(out, "voucher", sec_wr_end(&wr, &body)));
    struct sec_voucher checked;
    CLI_TRY(cli_failed(out, "voucher", sec_voucher_parse(body, &checked)));
    CLI_TRY(material_private_key(cli, cli_get(cli, "key"), 0, &key));
    CLI_TRY(material_sign(cli, SEC_STATEMENT_VOUCHER, key, body, out));
    printf("%s: device %s, epoch %llu, %zu owner keys of which %llu must sign\n", out,
           material_hex(cli, SEC_BYTES(id.b)), (unsigned long long)voucher->epoch, voucher->owners.count,
           (unsigned long long)voucher->required);
    return CLI_DONE;
}
