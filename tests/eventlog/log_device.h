/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal on fake ports, and a fold that is a list of what was decided: the tests' device.
 */
#ifndef TESTS_EVENTLOG_LOG_DEVICE_H
#define TESTS_EVENTLOG_LOG_DEVICE_H

#include "../test.h"

#include "fake_crypto.h"
#include "fake_keystore.h"
#include "fake_power.h"
#include "fake_storage.h"

#include <securable/eventlog.h>

#define DEVICE_SEGMENTS 24u
#define DEVICE_SEGMENT_BYTES (256u * 1024u)
#define DEVICE_NOTES_MAX 4096u

struct note {
    uint64_t index;
    enum sec_record_class record_class;
    uint64_t digest;
};

/* Everything that the fold saw, in order; a snapshot does not reset it. */
struct notes {
    struct note list[DEVICE_NOTES_MAX];
    size_t count;
    size_t heads;
    struct sec_head head;
    size_t unopened;
};

static FAKE_STORAGE_MEMORY(DEVICE_SEGMENTS * DEVICE_SEGMENT_BYTES, 512, 1024) device_memory_512;
static FAKE_STORAGE_MEMORY(DEVICE_SEGMENTS * DEVICE_SEGMENT_BYTES, 4096, 1024) device_memory_4096;

struct device {
    struct fake_power power;
    struct fake_storage fake_storage;
    struct fake_keystore fake_keystore;
    struct fake_crypto fake_crypto;
    struct fake_key key;
    struct sec_storage storage;
    struct sec_keystore keystore;
    struct sec_crypto crypto;
    struct sec_journal journal;
    struct sec_journal_config config;
    struct sec_journal_found found;
    struct notes notes;
    struct sec_journal_head_facts facts;
    size_t snapshot_bytes;
};

static uint8_t device_work[SEC_JOURNAL_WORK_BYTES];
static struct device device;

static uint64_t digest64(struct sec_bytes bytes)
{
    uint64_t mix = bytes.len;
    for (size_t i = 0; i < bytes.len; i++)
        mix = fake_mix(mix, bytes.data[i]);
    return mix;
}

static sec_status note_record(void *ctx, const struct sec_journal_record *record)
{
    struct notes *notes = ctx;
    notes->unopened += !record->opened;
    if (notes->count == DEVICE_NOTES_MAX)
        return sec_st(SEC_TABLE_FULL);
    notes->list[notes->count++] =
        (struct note){record->header.index, record->header.record_class, digest64(record->content)};
    return sec_st(SEC_OK);
}

static sec_status note_head(void *ctx, const struct sec_head *head)
{
    struct notes *notes = ctx;
    notes->heads++;
    notes->head = *head;
    return sec_st(SEC_OK);
}

__attribute__((unused)) static struct sec_journal_visitor device_visitor(void)
{
    device.notes.count = 0;
    device.notes.heads = 0;
    device.notes.unopened = 0;
    return (struct sec_journal_visitor){&device.notes, note_record, note_head};
}

static sec_status snapshot_encode(void *ctx, struct sec_wr *wr)
{
    (void)ctx;
    for (size_t i = 0; i < device.snapshot_bytes; i++)
        sec_wr_u8(wr, (uint8_t)i);
    return sec_st(SEC_OK);
}

static sec_status snapshot_facts(void *ctx, struct sec_journal_head_facts *ret_facts)
{
    (void)ctx;
    *ret_facts = device.facts;
    return sec_st(SEC_OK);
}

static const struct sec_journal_snapshot device_snapshot = {NULL, snapshot_encode, snapshot_facts};

__attribute__((unused)) static void device_make(enum fake_storage_mode mode, size_t block_bytes, uint64_t segment_bytes,
                                                uint64_t seed)
{
    struct fake_storage_memory small = FAKE_STORAGE_MEMORY_OF(device_memory_512);
    struct fake_storage_memory large = FAKE_STORAGE_MEMORY_OF(device_memory_4096);
    memset(&device, 0, sizeof device);
    fake_power_init(&device.power, seed);
    fake_crypto_init(&device.fake_crypto, seed);
    device.crypto = fake_crypto_port(&device.fake_crypto);
    fake_key_init(&device.key, SEC_KEY_P256, 7);
    CHECK_OK(fake_storage_init(&device.fake_storage, &device.power, block_bytes == 512 ? &small : &large, mode, block_bytes,
                               DEVICE_SEGMENT_BYTES));
    device.storage = fake_storage_port(&device.fake_storage);
    fake_keystore_init(&device.fake_keystore, &device.power, &device.crypto, fake_key_signer(&device.key));
    device.keystore = fake_keystore_port(&device.fake_keystore);
    device.config = (struct sec_journal_config){
        .storage = &device.storage,
        .keystore = &device.keystore,
        .crypto = &device.crypto,
        .segment_bytes = segment_bytes,
    };
    memset(device.config.log_id.b, 0x11, sizeof device.config.log_id.b);
    memset(device.facts.state_root.b, 0x22, sizeof device.facts.state_root.b);
    device.facts.time_s = 1700000000;
    device.snapshot_bytes = 300;
}

__attribute__((unused)) static sec_status device_open(void)
{
    struct sec_journal_visitor visitor = device_visitor();
    return sec_journal_open(&device.journal, &device.config, SEC_ROOM(device_work), &visitor, &device.found);
}

/* A start: open, and set the epoch's seal when there is one. */
__attribute__((unused)) static sec_status device_start(uint64_t seal)
{
    SEC_TRY(device_open());
    if (seal != 0)
        SEC_TRY(sec_journal_set_epoch(&device.journal, 1, seal));
    return sec_st(SEC_OK);
}

__attribute__((unused)) static sec_status device_restart(uint64_t seal)
{
    sec_journal_close(&device.journal);
    fake_crypto_raise_boot(&device.fake_crypto);
    return device_start(seal);
}

__attribute__((unused)) static sec_status device_stage(enum sec_record_class record_class, uint64_t seal, const char *text,
                                                       uint64_t *ret_index)
{
    return sec_journal_stage(&device.journal, record_class, seal, record_class == SEC_RECORD_DECISION,
                             sec_bytes_of_str(text), ret_index);
}

__attribute__((unused)) static sec_status device_commit(bool head)
{
    return sec_journal_commit(&device.journal, head ? &device.facts : NULL, &device_snapshot);
}

__attribute__((unused)) static sec_status device_decide(uint64_t seal, const char *text, uint64_t *ret_index)
{
    SEC_TRY(device_stage(SEC_RECORD_DECISION, seal, text, ret_index));
    SEC_TRY(device_commit(true));
    if (ret_index)
        *ret_index += sec_journal_shift(&device.journal);
    return sec_st(SEC_OK);
}

__attribute__((unused)) static sec_status device_event(uint64_t seal, const char *text)
{
    SEC_TRY(device_stage(SEC_RECORD_SYSTEM, seal, text, NULL));
    return device_commit(false);
}

/* A fresh journal with its first snapshot, and slot key 1 in use. */
__attribute__((unused)) static void device_begin(void)
{
    CHECK_OK(device.keystore.make(device.keystore.ctx, 1));
    CHECK_OK(device_open());
    CHECK(device.found.fresh);
    CHECK_OK(device_stage(SEC_RECORD_SNAPSHOT, 0, "first snapshot", NULL));
    CHECK_OK(device_commit(true));
    CHECK_OK(sec_journal_set_epoch(&device.journal, 1, 1));
}

/* --- copies ------------------------------------------------------------------- */

/* A copy of the storage as it is, with its own content; changes to it reach nothing else. */
struct frozen {
    struct fake_power power;
    struct fake_storage fake_storage;
    struct sec_storage storage;
    uint8_t *content;
};

__attribute__((unused)) static void freeze(struct frozen *frozen)
{
    frozen->power = device.power;
    frozen->power.off = false;
    frozen->fake_storage = device.fake_storage;
    frozen->fake_storage.power = &frozen->power;
    size_t bytes = device.fake_storage.memory.content_bytes;
    frozen->content = malloc(bytes);
    CHECK(frozen->content != NULL);
    memcpy(frozen->content, device.fake_storage.memory.content, bytes);
    frozen->fake_storage.memory.content = frozen->content;
    frozen->storage = fake_storage_port(&frozen->fake_storage);
}

__attribute__((unused)) static void thaw(struct frozen *frozen)
{
    free(frozen->content);
    frozen->content = NULL;
}

/* The bytes of a segment. */
__attribute__((unused)) static uint8_t *frozen_segment(const struct frozen *frozen, uint32_t number)
{
    const struct fake_storage *storage = &frozen->fake_storage;
    for (size_t i = 0; i < storage->segments_max; i++)
        if (storage->segments[i].number == number)
            return &frozen->content[i * storage->segment_blocks * storage->block_bytes];
    printf("no segment %u\n", (unsigned)number);
    test_stop(TEST_FAILED);
}

static uint8_t verify_work[SEC_JOURNAL_WORK_BYTES];

__attribute__((unused)) static struct sec_verify_result verify_storage(const struct sec_storage *storage,
                                                                       const struct sec_verify_evidence *evidence)
{
    struct sec_verify_result result = {0};
    CHECK_OK(sec_log_verify(storage, &device.key.key, &device.crypto, evidence, SEC_ROOM(verify_work), NULL, &result));
    return result;
}

__attribute__((unused)) static struct sec_verify_result verify_device(const struct sec_verify_evidence *evidence)
{
    return verify_storage(&device.storage, evidence);
}

__attribute__((unused)) static struct sec_head last_head(void)
{
    struct sec_head head = {0};
    CHECK_OK(sec_head_check(sec_journal_head(&device.journal), &device.key.key, &device.crypto, &head));
    return head;
}

#define CHECK_VERDICT(result, want)                                                                                    \
    do {                                                                                                               \
        struct sec_verify_result check_r = (result);                                                                   \
        if (check_r.verdict != (want)) {                                                                               \
            printf("%s:%d: got %s (%s; segment %u offset %llu), want %s\n", __FILE__, __LINE__,                        \
                   sec_verdict_word(check_r.verdict), check_r.why, (unsigned)check_r.segment,                          \
                   (unsigned long long)check_r.offset, sec_verdict_word(want));                                        \
            test_stop(TEST_FAILED);                                                                                    \
        }                                                                                                              \
    } while (0)

#endif
