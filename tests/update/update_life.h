/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of policy and state share: a device with facts, releases to offer, and the steps of a trial. */
#ifndef TESTS_UPDATE_LIFE_H
#define TESTS_UPDATE_LIFE_H

#include "test.h"

#include <securable/update.h>

struct life {
    struct sec_update update;
    struct sec_update_facts facts;
    uint64_t index; /* of the next journal record */
    uint8_t change_room[SEC_UPDATE_CHANGE_MAX_BYTES];
    uint8_t detail_room[SEC_UPDATE_DETAIL_MAX_BYTES];
    struct sec_wr change;
    struct sec_wr detail;
    sec_status outcome;
};

static const struct sec_digest no_command = {{0}};

static inline struct sec_digest digest_of(uint8_t seed)
{
    struct sec_digest digest;
    for (size_t i = 0; i < sizeof digest.b; i++)
        digest.b[i] = seed;
    return digest;
}

/* A release that fits the device; everything about it derives from its sequence. */
static inline struct sec_update_release release_of(uint8_t sequence, const char *version)
{
    return (struct sec_update_release){
        .statement = digest_of(sequence),
        .manifest = digest_of((uint8_t)(sequence + 50)),
        .vendor_id = {{1, 2, 3}},
        .class_id = {{4, 5, 6}},
        .sequence = sequence,
        .version = sec_bytes_of_str(version),
        .image = digest_of((uint8_t)(sequence + 100)),
        .size_bytes = 4000u + sequence,
        .product = digest_of((uint8_t)(sequence + 150)),
        .description = SEC_LIT("clock drift repaired"),
    };
}

static inline struct sec_wr *fresh(struct sec_wr *wr, struct sec_room room)
{
    *wr = sec_wr(room);
    return wr;
}
#define CHANGE(life) fresh(&(life)->change, SEC_ROOM((life)->change_room))
#define DETAIL(life) fresh(&(life)->detail, SEC_ROOM((life)->detail_room))

/* A device as the factory made it: release 10 in slot A. */
static inline void life_begin(struct life *life)
{
    struct sec_update_release factory = release_of(10, "1.0");
    *life = (struct life){.index = 1};
    life->facts = (struct sec_update_facts){
        .vendor_id = {{1, 2, 3}},
        .class_id = {{4, 5, 6}},
        .mode = SEC_UPDATE_MODE_MANUAL,
        .notify = SEC_UPDATE_NOTIFY_ALL,
        .slot_size_bytes = 1u << 20,
    };
    sec_update_init(&life->update);
    CHECK_OK(sec_update_factory(&life->update, &factory, SEC_SLOT_A));
}

/* Folds the change just judged; and what the state writes, it reads. */
static inline void life_apply(struct life *life)
{
    uint8_t room[SEC_UPDATE_STATE_MAX_BYTES], again[SEC_UPDATE_STATE_MAX_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(room)), wr2 = sec_wr(SEC_ROOM(again));
    struct sec_update parsed;
    CHECK_OK(sec_cbor_check(sec_wr_done(&life->change), SEC_CBOR_OURS));
    CHECK_OK(sec_cbor_check(sec_wr_done(&life->detail), SEC_CBOR_OURS));
    CHECK_OK(sec_update_apply(&life->update, sec_wr_done(&life->change), life->index++));
    sec_update_encode(&life->update, &wr);
    CHECK(!wr.bad);
    CHECK_OK(sec_update_parse(sec_wr_done(&wr), &parsed));
    sec_update_encode(&parsed, &wr2);
    CHECK_BYTES(sec_wr_done(&wr2), sec_wr_done(&wr));
}

static inline sec_status life_judge(struct life *life, const struct sec_update_release *release)
{
    return sec_update_judge_release(&life->update, &life->facts, release, CHANGE(life), DETAIL(life));
}

static inline void life_offer(struct life *life, uint8_t sequence, const char *version)
{
    struct sec_update_release release = release_of(sequence, version);
    CHECK_OK(life_judge(life, &release));
    life_apply(life);
}

/* {1: digest}, the arguments of update.install. */
static inline struct sec_bytes install_args(struct sec_room room, uint8_t sequence)
{
    struct sec_wr wr = sec_wr(room);
    struct sec_digest statement = digest_of(sequence);
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_uint(&wr, 1);
    sec_cbor_put_bstr(&wr, sec_digest_bytes(&statement));
    return sec_wr_done(&wr);
}

static inline sec_status life_consent(struct life *life, uint8_t sequence, uint64_t confirm_within_s)
{
    uint8_t room[64];
    struct sec_digest command = digest_of(0xcc);
    return sec_update_judge_install(&life->update, &life->facts, install_args(SEC_ROOM(room), sequence), &command,
                                    confirm_within_s, CHANGE(life), DETAIL(life));
}

static inline void life_attempt(struct life *life)
{
    CHECK_OK(sec_update_judge_attempt(&life->update, CHANGE(life), DETAIL(life), &life->outcome));
    life_apply(life);
}

static inline sec_status life_tried(struct life *life, enum sec_update_stage stage, enum sec_status_code code)
{
    return sec_update_judge_tried(&life->update, &life->facts, stage, sec_st(code), CHANGE(life), DETAIL(life),
                                  &life->outcome);
}

/* From the factory's release to a trial of release 11 that is about to be tried. */
static inline void life_try(struct life *life, uint64_t confirm_within_s)
{
    life_offer(life, 11, "1.1");
    CHECK_OK(life_consent(life, 11, confirm_within_s));
    life_apply(life);
    life_attempt(life);
}

/* The value at an integer key of the detail, as its encoded item; empty when it is not there. */
static inline struct sec_bytes detail_item(const struct life *life, int64_t wanted)
{
    struct sec_cbor rd = sec_cbor(sec_wr_done(&life->detail));
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        struct sec_bytes item = sec_cbor_item(&rd);
        if (key == wanted)
            return item;
    }
    return (struct sec_bytes){NULL, 0};
}

static inline uint64_t detail_uint(const struct life *life, int64_t key)
{
    struct sec_cbor rd = sec_cbor(detail_item(life, key));
    uint64_t value = sec_cbor_uint(&rd);
    CHECK_OK(rd.status);
    return value;
}

static inline struct sec_bytes detail_text(const struct life *life, int64_t key)
{
    struct sec_cbor rd = sec_cbor(detail_item(life, key));
    struct sec_bytes text = sec_cbor_tstr(&rd);
    CHECK_OK(rd.status);
    return text;
}

#define CHECK_REFUSED(life, expr, code, clause)                                                    \
    do {                                                                                           \
        CHECK_STATUS(expr, code);                                                                  \
        CHECK_INT((life)->change.len, 0);                                                          \
        CHECK_OK(sec_cbor_check(sec_wr_done(&(life)->detail), SEC_CBOR_OURS));                     \
        CHECK_BYTES(detail_text(life, 1), SEC_LIT(clause));                                        \
    } while (0)

#endif
