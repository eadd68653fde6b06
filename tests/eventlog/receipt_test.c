/* SPDX-License-Identifier: Apache-2.0 */
#include "log_device.h"

static uint8_t room[4096];

static struct sec_bytes some_receipt(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    uint64_t index = 0;
    device_make(FAKE_STORAGE_PREALLOC, 512, 64 * 512, 1);
    device_begin();
    CHECK_OK(device_decide(1, "before", NULL));
    CHECK_OK(device_decide(1, "granted", &index));
    CHECK_OK(device_decide(1, "after", NULL));
    CHECK_OK(sec_journal_receipt(&device.journal, index, &wr));
    return sec_wr_done(&wr);
}

static sec_status check(struct sec_bytes bytes)
{
    struct sec_receipt receipt;
    SEC_TRY(sec_receipt_parse(bytes, &receipt));
    return sec_receipt_check(&receipt, &device.key.key, &device.crypto);
}

static void whoever_has_the_public_key_checks_a_receipt(void)
{
    struct sec_receipt receipt;
    struct sec_bytes bytes = some_receipt();
    CHECK_OK(check(bytes));
    CHECK_OK(sec_receipt_parse(bytes, &receipt));
    CHECK_BYTES(receipt.content, SEC_LIT("granted"));
    CHECK_INT(receipt.head.size, sec_journal_committed(&device.journal));
    SHOWS("F6.4");
}

static void a_receipt_comes_back_as_it_was_written(void)
{
    static uint8_t again[4096];
    struct sec_wr wr = sec_wr(SEC_ROOM(again));
    struct sec_receipt receipt;
    struct sec_bytes bytes = some_receipt();
    CHECK_OK(sec_receipt_parse(bytes, &receipt));
    sec_receipt_encode(&receipt, &wr);
    CHECK_BYTES(sec_wr_done(&wr), bytes);
}

static void each_bit_of_a_receipt_matters(void)
{
    struct sec_bytes bytes = some_receipt();
    size_t accepted = 0;
    for (size_t i = 0; i < bytes.len * 8; i++) {
        room[i / 8] ^= (uint8_t)(1u << i % 8);
        accepted += sec_ok(check(bytes));
        room[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    /* The fake's signature has a twin one bit away, as ECDSA has one further off; nothing hangs on a signature's bytes. */
    CHECK_INT(accepted, 1);
    CHECK_OK(check(bytes));
    for (size_t len = 0; len < bytes.len; len++)
        CHECK(!sec_ok(check(sec_bytes(room, len))));
}

static void each_fault_has_its_status(void)
{
    struct sec_receipt good, receipt;
    struct fake_key other;
    CHECK_OK(sec_receipt_parse(some_receipt(), &good));
    fake_key_init(&other, SEC_KEY_P256, 9);
    CHECK_STATUS(sec_receipt_check(&good, &other.key, &device.crypto), SEC_BAD_SIGNATURE);
    receipt = good;
    receipt.body_digest.b[0] ^= 1;
    CHECK_STATUS(sec_receipt_check(&receipt, &device.key.key, &device.crypto), SEC_PROOF_FAILED);
    receipt = good;
    receipt.index++;
    CHECK_STATUS(sec_receipt_check(&receipt, &device.key.key, &device.crypto), SEC_PROOF_FAILED);
    receipt = good;
    receipt.content = SEC_LIT("GRANTED");
    CHECK_STATUS(sec_receipt_check(&receipt, &device.key.key, &device.crypto), SEC_DIGEST_MISMATCH);
    struct sec_wr wr = sec_wr(sec_room(room, 64));
    CHECK_STATUS(sec_journal_receipt(&device.journal, good.index, &wr), SEC_ROOM_FULL);
    CHECK_STATUS(sec_journal_receipt(&device.journal, 0, &wr), SEC_WRONG_KIND);
    CHECK_STATUS(sec_journal_receipt(&device.journal, 1000, &wr), SEC_NOT_FOUND);
}

static const struct test tests[] = {
    TEST(whoever_has_the_public_key_checks_a_receipt),
    TEST(a_receipt_comes_back_as_it_was_written),
    TEST(each_bit_of_a_receipt_matters),
    TEST(each_fault_has_its_status),
};
TEST_MAIN(tests)
