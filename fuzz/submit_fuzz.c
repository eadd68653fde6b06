/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything at all, handed to a claimed device: nobody's bytes change its state. The first byte chooses what else is tried with the rest: 0 submits it,
 * 1 submits it signed by the operator as a command, 2 as an event, 3 as a nonce, 4 signed by the administrator as an approval, 5 and 6 by the owner and
 * the recovery key as a command. What is signed may be carried out; then its receipt must be right.
 */
#include "fake_device.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct fake_device device, fresh;
static struct fake_statement statement;
static uint8_t room[SEC_RECORD_MAX_BYTES];
static bool made;

static void must(bool good)
{
    if (!good)
        abort();
}

/** One claimed device, kept aside: each input meets it as it was. */
static void make_device(void)
{
    fake_device_init(&device, 11, FAKE_STORAGE_PREALLOC, NULL);
    must(sec_ok(fake_device_start(&device)));
    fake_make_voucher(&device, FAKE_VOUCHER, 1, &device.id, &statement);
    must(sec_ok(fake_device_submit(&device, fake_statement_bytes(&statement))));
    struct fake_command roster = {.signer = FAKE_OWNER, .action = SEC_ACTION_ACCESS_ROSTER, .args = fake_roster_args(&device, false, SEC_ROOM(room))};
    fake_make_command(&device, &roster, &statement);
    must(sec_ok(fake_device_submit(&device, fake_statement_bytes(&statement))) && sec_ok(device.verdict));
    fresh = device;
    made = true;
}

static void submit_raw(struct sec_bytes in)
{
    struct sec_digest before = fake_device_state_root(&device);
    must(sec_ok(fake_device_submit(&device, in)));
    struct sec_digest after = fake_device_state_root(&device);
    must(sec_digest_equal(&before, &after));
    must(!sec_ok(device.verdict));
}

static void submit_signed(enum fake_person signer, enum sec_statement_kind kind, struct sec_bytes in)
{
    if (in.len > sizeof statement.b - 512)
        return;
    fake_make_statement(&device, signer, kind, in, &statement);
    must(sec_ok(fake_device_submit(&device, fake_statement_bytes(&statement))));
    if (device.receipt_len == 0)
        return;
    struct sec_receipt receipt;
    struct sec_public_key key = fake_device_signer(&device, FAKE_IDENTITY).key;
    must(sec_ok(sec_receipt_parse(sec_bytes(device.receipt, device.receipt_len), &receipt)));
    must(sec_ok(sec_receipt_check(&receipt, &key, &device.crypto_port)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct sec_peer application = {FAKE_APPLICATION_UID, 100};
    if (!made)
        make_device();
    if (len == 0)
        return 0;
    device = fresh;
    struct sec_bytes rest = sec_bytes_part(sec_bytes(data, len), 1, len - 1);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    switch (data[0]) {
    case 1:
        submit_signed(FAKE_OPERATOR, SEC_STATEMENT_COMMAND, rest);
        break;
    case 4:
        submit_signed(FAKE_ADMINISTRATOR, SEC_STATEMENT_APPROVAL, rest);
        break;
    case 5:
        submit_signed(FAKE_OWNER, SEC_STATEMENT_COMMAND, rest);
        break;
    case 6:
        submit_signed(FAKE_RECOVERY, SEC_STATEMENT_COMMAND, rest);
        break;
    case 2:
        sec_keeper_event(&device.keeper, &application, rest);
        must(sec_ok(sec_keeper_stop(&device.keeper)));
        break;
    case 3:
        sec_keeper_report(&device.keeper, rest, &wr);
        break;
    default:
        submit_raw(rest);
    }
    return 0;
}
