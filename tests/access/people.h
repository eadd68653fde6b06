/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests' people: a device, its owner, administrator, operator, auditor and applications, with keys of the fake.
 */
#ifndef ACCESS_PEOPLE_H
#define ACCESS_PEOPLE_H

#include <securable/access.h>

#include "fake_crypto.h"
#include "strict.h"

enum person { OWNER = 1, RECOVERY, ADMINISTRATOR, OPERATOR, AUDITOR, STRANGER, VENDOR, SECOND_OWNER };

static const uint8_t device_id[32] = {0xd0, 1, 2, 3};
static const uint8_t other_id[32] = {0xd1, 1, 2, 3};

static struct fake_crypto people_fake;
static struct sec_crypto people_crypto;

__attribute__((unused)) static struct sec_public_key key_of(enum person person)
{
    struct fake_key key;
    fake_key_init(&key, person == AUDITOR ? SEC_KEY_ED25519 : SEC_KEY_P256, (uint64_t)person);
    return key.key;
}

static const struct sec_hasher *people_hasher(void)
{
    if (!people_crypto.hasher.digest) {
        fake_crypto_init(&people_fake, 1);
        people_crypto = fake_crypto_port(&people_fake);
    }
    return &people_crypto.hasher;
}

__attribute__((unused)) static struct sec_key_id kid_of(enum person person)
{
    struct sec_public_key key = key_of(person);
    struct sec_key_id kid;
    CHECK_OK(sec_key_id_of(&key, people_hasher(), &kid));
    return kid;
}

/** Facts of the device: product pump, group hall-3, tags "wet, north"; no trusted time. */
__attribute__((unused)) static struct sec_access_facts people_facts(void)
{
    return (struct sec_access_facts){
        .device = {.device_id = SEC_BYTES(device_id),
                   .product = SEC_LIT("pump"),
                   .model = SEC_LIT("p3"),
                   .name = SEC_LIT("pump-17"),
                   .group = SEC_LIT("hall-3"),
                   .tags = SEC_LIT("wet, north")},
        .hasher = people_hasher(),
    };
}

__attribute__((unused)) static struct sec_voucher people_voucher(void)
{
    struct sec_voucher voucher = {
        .epoch = 1,
        .owners = {.count = 1},
        .required = 1,
        .has_recovery = true,
        .recovery = key_of(RECOVERY),
        .has_made_at = true,
        .made_at_s = 1790000000,
    };
    sec_copy(voucher.device_id.b, device_id, 32);
    voucher.owners.keys[0] = key_of(OWNER);
    return voucher;
}

/** administrator ann, operator bob (scope: group hall-3), auditor cem, application logger (uid 1001), application idle
 * (uid 1002, no right). */
__attribute__((unused)) static void people_roster(struct sec_roster *roster)
{
    static uint8_t scope[64];
    struct sec_bytes texts[SEC_MATCHES_COUNT] = {{NULL, 0}};
    struct sec_wr wr = sec_wr(SEC_ROOM(scope));
    texts[SEC_MATCH_GROUP - 1] = SEC_LIT("hall-3");
    sec_audience_encode_match(texts, &wr);
    sec_zero(roster, sizeof *roster);
    roster->subjects_count = 5;
    roster->subjects[0] = (struct sec_subject){
        .name = SEC_LIT("ann"), .role = SEC_ROLE_ADMINISTRATOR, .has_key = true, .key = key_of(ADMINISTRATOR)};
    roster->subjects[1] = (struct sec_subject){.name = SEC_LIT("bob"),
                                               .role = SEC_ROLE_OPERATOR,
                                               .has_key = true,
                                               .key = key_of(OPERATOR),
                                               .scope = sec_wr_done(&wr),
                                               .has_end = true,
                                               .ends_at_s = 1800000000};
    roster->subjects[2] =
        (struct sec_subject){.name = SEC_LIT("cem"), .role = SEC_ROLE_AUDITOR, .has_key = true, .key = key_of(AUDITOR)};
    roster->subjects[3] = (struct sec_subject){.name = SEC_LIT("logger"),
                                               .role = SEC_ROLE_APPLICATION,
                                               .uid = 1001,
                                               .rights = 1u << SEC_RIGHT_EVENT | 1u << SEC_RIGHT_SECRET};
    roster->subjects[4] = (struct sec_subject){.name = SEC_LIT("idle"), .role = SEC_ROLE_APPLICATION, .uid = 1002};
}

/** Claims a fresh device by this voucher. */
__attribute__((unused)) static void people_claim(struct sec_access *state, const struct sec_voucher *voucher)
{
    static uint8_t body[8192], change[16384], detail[256];
    struct sec_access_facts facts = people_facts();
    struct sec_wr wr = sec_wr(SEC_ROOM(body)), to = sec_wr(SEC_ROOM(change)), say = sec_wr(SEC_ROOM(detail));
    sec_access_init(state);
    sec_voucher_encode(voucher, &wr);
    CHECK_OK(sec_access_judge_voucher(state, &facts, sec_wr_done(&wr), &to, &say));
    CHECK_OK(sec_access_apply(state, sec_wr_done(&to), 1));
}

/** Sets this roster, by a command of this generation. */
__attribute__((unused)) static void people_set(struct sec_access *state, const struct sec_roster *roster,
                                               uint64_t generation)
{
    static uint8_t body[16384], change[32768], detail[256];
    struct sec_access_facts facts = people_facts();
    struct sec_wr wr = sec_wr(SEC_ROOM(body)), to = sec_wr(SEC_ROOM(change)), say = sec_wr(SEC_ROOM(detail));
    facts.generation = generation;
    sec_roster_encode(roster, &wr);
    CHECK_OK(sec_access_judge_roster(state, &facts, sec_wr_done(&wr), &to, &say));
    CHECK_OK(sec_access_apply(state, sec_wr_done(&to), 2));
}

/** A claimed device with that roster. */
__attribute__((unused)) static void people_state(struct sec_access *state)
{
    static struct sec_roster roster;
    struct sec_voucher voucher = people_voucher();
    people_claim(state, &voucher);
    people_roster(&roster);
    people_set(state, &roster, 0);
}

/** A command for the tests' device. */
__attribute__((unused)) static struct sec_command people_command(enum sec_action action, uint64_t generation,
                                                                 bool by_match)
{
    static const uint8_t empty[] = {0xa0};
    static uint8_t ids_room[64], match_room[64];
    const struct sec_action_row *row = sec_action_row((uint64_t)action);
    struct sec_bytes id = SEC_BYTES(device_id), texts[SEC_MATCHES_COUNT] = {{NULL, 0}};
    struct sec_wr wr = by_match ? sec_wr(SEC_ROOM(match_room)) : sec_wr(SEC_ROOM(ids_room));
    texts[SEC_MATCH_PRODUCT - 1] = SEC_LIT("pump");
    if (by_match)
        sec_audience_encode_match(texts, &wr);
    else
        sec_audience_encode_ids(&id, 1, &wr);
    return (struct sec_command){
        .audience = {.item = sec_wr_done(&wr), .by_match = by_match, .count = 1},
        .topic = row ? row->topic : SEC_TOPIC_ACCESS,
        .epoch = 1,
        .generation = generation,
        .action = (uint64_t)action,
        .args = SEC_BYTES(empty),
    };
}

/** True when the state comes back from its stored form. */
__attribute__((unused)) static bool people_comes_back(const struct sec_access *state)
{
    static uint8_t once[SEC_ACCESS_ENCODED_MAX_BYTES], twice[SEC_ACCESS_ENCODED_MAX_BYTES];
    static struct sec_access back;
    struct sec_wr one = sec_wr(SEC_ROOM(once)), two = sec_wr(SEC_ROOM(twice));
    sec_access_encode(state, &one);
    if (one.bad || !sec_ok(sec_access_parse(sec_wr_done(&one), &back)))
        return false;
    sec_access_encode(&back, &two);
    return sec_bytes_equal(sec_wr_done(&one), sec_wr_done(&two));
}

#endif
