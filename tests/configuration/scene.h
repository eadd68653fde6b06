/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration with the sample product, and short words to judge and fold with.
 *
 * Memory: static rooms, one scene at a time.
 */
#ifndef SECURABLE_CONFIGURATION_SCENE_H
#define SECURABLE_CONFIGURATION_SCENE_H

#include "product/sample.h"

#include <securable/configuration.h>

static uint8_t scene_record[SEC_PRODUCT_MAX_BYTES], scene_change_room[SEC_CONFIGURATION_CHANGE_MAX_BYTES],
    scene_detail_room[SEC_CONFIGURATION_CHANGE_MAX_BYTES], scene_args_room[65536];

struct scene {
    struct sec_product product;
    struct sec_configuration conf;
    struct sec_configuration_facts facts;
    struct sec_wr change; /* of the last judge */
    struct sec_wr detail;
};

static struct scene scene;

__attribute__((unused)) static void scene_begin(void)
{
    CHECK_OK(sample_parse(sample_draft(), SEC_ROOM(scene_record), &scene.product));
    sec_configuration_init(&scene.conf);
    scene.facts = (struct sec_configuration_facts){.product = &scene.product, .role = 1};
    memset(scene.facts.command.b, 0xc1, 32);
}

static void scene_rooms(void)
{
    scene.change = sec_wr(SEC_ROOM(scene_change_room));
    scene.detail = sec_wr(SEC_ROOM(scene_detail_room));
}

__attribute__((unused)) static sec_status scene_set_raw(struct sec_bytes args)
{
    scene_rooms();
    return sec_configuration_judge_set(&scene.conf, &scene.facts, args, &scene.change, &scene.detail);
}

/* Judges a set of one key. */
__attribute__((unused)) static sec_status scene_set(const char *key, struct sec_value value)
{
    struct sec_wr args = sec_wr(SEC_ROOM(scene_args_room));
    sec_cbor_put_map(&args, 1);
    sec_cbor_put_tstr(&args, sec_bytes_of_str(key));
    sec_value_put(&args, &value);
    return scene_set_raw(sec_wr_done(&args));
}

__attribute__((unused)) static sec_status scene_reset(void)
{
    scene_rooms();
    return sec_configuration_judge_reset(&scene.conf, &scene.facts, SEC_LIT("\xa0"), &scene.change, &scene.detail);
}

__attribute__((unused)) static struct sec_bytes scene_named(uint8_t filler)
{
    struct sec_wr args = sec_wr(SEC_ROOM(scene_args_room));
    struct sec_digest digest;
    memset(digest.b, filler, 32);
    sec_cbor_put_map(&args, 1);
    sec_cbor_put_uint(&args, 1);
    sec_cbor_put_bstr(&args, sec_digest_bytes(&digest));
    return sec_wr_done(&args);
}

__attribute__((unused)) static sec_status scene_confirm(uint8_t filler)
{
    struct sec_bytes args = scene_named(filler);
    scene_rooms();
    return sec_configuration_judge_confirm(&scene.conf, &scene.facts, args, &scene.change, &scene.detail);
}

__attribute__((unused)) static sec_status scene_revert(uint8_t filler)
{
    struct sec_bytes args = scene_named(filler);
    scene_rooms();
    return sec_configuration_judge_revert(&scene.conf, &scene.facts, args, &scene.change, &scene.detail);
}

__attribute__((unused)) static sec_status scene_outcome(enum sec_status_code effect)
{
    scene_rooms();
    return sec_configuration_judge_outcome(&scene.conf, &scene.product, sec_st(effect), &scene.change, &scene.detail);
}

__attribute__((unused)) static sec_status scene_end(enum sec_configuration_end why)
{
    scene_rooms();
    return sec_configuration_judge_end(&scene.conf, &scene.product, why, &scene.change, &scene.detail);
}

/* Folds the last judge's change, by way of both wire forms. */
__attribute__((unused)) static void scene_fold(uint64_t index)
{
    static uint8_t first[65536], second[65536];
    struct sec_wr a = sec_wr(SEC_ROOM(first)), b = sec_wr(SEC_ROOM(second));
    static struct sec_configuration copy;
    CHECK_OK(sec_cbor_check(sec_wr_done(&scene.detail), SEC_CBOR_OURS));
    CHECK_OK(sec_configuration_apply(&scene.conf, sec_wr_done(&scene.change), index));
    sec_configuration_encode(&scene.conf, &a);
    CHECK_OK(sec_configuration_parse(sec_wr_done(&a), &copy));
    sec_configuration_encode(&copy, &b);
    CHECK_BYTES(sec_wr_done(&b), sec_wr_done(&a));
    scene.conf = copy;
}

/* Sets, folds and settles. */
__attribute__((unused)) static void scene_put(const char *key, struct sec_value value)
{
    CHECK_OK(scene_set(key, value));
    scene_fold(1);
    CHECK_OK(scene_outcome(SEC_OK));
    scene_fold(2);
}

__attribute__((unused)) static struct sec_value scene_value(const char *key)
{
    struct sec_value value = sec_value_none();
    CHECK_OK(sec_configuration_value(&scene.conf, &scene.product, sec_bytes_of_str(key), &value));
    return value;
}

/* The last refusal: nothing to fold, and the key and the fact in the detail. */
__attribute__((unused)) static void scene_check_refusal(const char *key, const char *fact)
{
    struct sec_cbor rd = sec_cbor(sec_wr_done(&scene.detail));
    CHECK_INT(scene.change.len, 0);
    CHECK_INT(sec_cbor_map(&rd), key ? 2 : 1);
    if (key) {
        CHECK_INT(sec_cbor_uint(&rd), 1);
        CHECK_BYTES(sec_cbor_tstr(&rd), sec_bytes_of_str(key));
    }
    CHECK_INT(sec_cbor_uint(&rd), 2);
    CHECK_BYTES(sec_cbor_tstr(&rd), sec_bytes_of_str(fact));
    CHECK_OK(sec_cbor_end(&rd));
}

#endif
