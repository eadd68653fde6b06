/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the keeper's tests share: one fake device, its usual first steps, and what must hold after each answer.
 *
 * kit_submit() checks every receipt it gets; kit_end() verifies the log. Memory: one static device. Threads: one.
 */
#ifndef TESTS_DEVICE_KIT_H
#define TESTS_DEVICE_KIT_H

#include "../test.h"

#include <fake_device.h>

static struct fake_device kit;
static struct fake_statement kit_statement;
static struct sec_receipt kit_receipt; /* of the last answer that had one; borrows from kit.receipt */
static struct keeper_record kit_decided; /* what it discloses */
static uint8_t kit_verify_work[SEC_JOURNAL_WORK_BYTES];
static uint8_t kit_args[SEC_ROSTER_MAX_BYTES + 256];
static const struct sec_peer kit_application = {FAKE_APPLICATION_UID, 4242};

static struct sec_public_key kit_identity(void)
{
    return fake_device_signer(&kit, FAKE_IDENTITY).key;
}

/** The receipt is one, of this device, and discloses a decision or its outcome. */
static void kit_check_receipt(void)
{
    struct sec_public_key key = kit_identity();
    CHECK_OK(sec_receipt_parse(sec_bytes(kit.receipt, kit.receipt_len), &kit_receipt));
    CHECK_OK(sec_receipt_check(&kit_receipt, &key, &kit.crypto_port));
    CHECK_OK(keeper_record_parse(kit_receipt.content, &kit_decided));
    CHECK(kit_decided.sort == KEEPER_DECISION || kit_decided.sort == KEEPER_OUTCOME);
}

static sec_status kit_submit_bytes(struct sec_bytes statement)
{
    CHECK_OK(fake_device_submit(&kit, statement));
    if (kit.receipt_len)
        kit_check_receipt();
    return kit.verdict;
}

static sec_status kit_submit(void)
{
    return kit_submit_bytes(fake_statement_bytes(&kit_statement));
}

__attribute__((unused)) static sec_status kit_command_within(enum fake_person signer, enum sec_action action, struct sec_bytes args,
                                                             uint64_t confirm_within_s)
{
    struct fake_command command = {.signer = signer, .action = action, .args = args, .confirm_within_s = confirm_within_s};
    fake_make_command(&kit, &command, &kit_statement);
    return kit_submit();
}

static sec_status kit_command(enum fake_person signer, enum sec_action action, struct sec_bytes args)
{
    return kit_command_within(signer, action, args, 0);
}

/** Who may set a key: reserved ones are the owner's, but for interfaces. */
static enum fake_person kit_setter(const char *key)
{
    bool reserved = strncmp(key, "securable.", 10) == 0 && strncmp(key, "securable.interface.", 20) != 0;
    return reserved ? FAKE_OWNER : FAKE_OPERATOR;
}

__attribute__((unused)) static sec_status kit_set(const char *key, int64_t value, uint64_t confirm_within_s)
{
    return kit_command_within(kit_setter(key), SEC_ACTION_CONFIGURATION_SET, fake_setting_args(key, value, SEC_ROOM(kit_args)),
                              confirm_within_s);
}

__attribute__((unused)) static sec_status kit_set_text(const char *key, const char *value)
{
    return kit_command(kit_setter(key), SEC_ACTION_CONFIGURATION_SET, fake_setting_text_args(key, value, SEC_ROOM(kit_args)));
}

/** {key: bool}. */
__attribute__((unused)) static sec_status kit_set_bool(const char *key, bool value)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(kit_args));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, sec_bytes_of_str(key));
    sec_cbor_put_bool(&wr, value);
    return kit_command(kit_setter(key), SEC_ACTION_CONFIGURATION_SET, sec_wr_done(&wr));
}

/** A device at its first start. */
static void kit_begin(void)
{
    fake_device_init(&kit, 7, FAKE_STORAGE_PREALLOC, NULL);
    kit.clock.wall_s = 1765000000;
    CHECK_OK(fake_device_start(&kit));
}

static sec_status kit_claim(uint64_t epoch)
{
    fake_make_voucher(&kit, FAKE_VOUCHER, epoch, &kit.id, &kit_statement);
    return kit_submit();
}

static sec_status kit_roster(bool with_revoked)
{
    return kit_command(FAKE_OWNER, SEC_ACTION_ACCESS_ROSTER, fake_roster_args(&kit, with_revoked, SEC_ROOM(kit_args)));
}

/** Claimed, and everybody is on the roster. */
__attribute__((unused)) static void kit_begin_owned(void)
{
    kit_begin();
    CHECK_OK(kit_claim(1));
    CHECK_OK(kit_roster(true));
}

/** A clean restart; time starts anew. */
static void kit_restart(void)
{
    CHECK_OK(sec_keeper_stop(&kit.keeper));
    kit.clock.steady_ms = 0;
    CHECK_OK(fake_device_start(&kit));
}

static void kit_expect_verdict(enum sec_verdict want)
{
    struct sec_verify_result result;
    struct sec_public_key key = kit_identity();
    CHECK_OK(sec_log_verify(&kit.storage_port, &key, &kit.crypto_port, NULL, SEC_ROOM(kit_verify_work), NULL, &result));
    if (result.verdict != want)
        printf("verdict %s: %s\n", sec_verdict_word(result.verdict), result.why ? result.why : "");
    CHECK_INT(result.verdict, want);
}

/** The end of each test: the log is whole, a restart folds the very same state, and the log is whole again. */
__attribute__((unused)) static void kit_end(void)
{
    kit_expect_verdict(SEC_VERDICT_INTACT);
    kit_restart();
    kit_expect_verdict(SEC_VERDICT_INTACT);
    CHECK_OK(sec_keeper_stop(&kit.keeper));
}

/** True when the settings file holds `part`. */
__attribute__((unused)) static bool kit_file_holds(const char *part)
{
    struct sec_bytes json = sec_bytes(kit.effects.json, kit.effects.json_len), want = sec_bytes_of_str(part);
    for (size_t i = 0; i + want.len <= json.len; i++) {
        if (sec_bytes_equal(sec_bytes_part(json, i, want.len), want))
            return true;
    }
    return false;
}

#endif
