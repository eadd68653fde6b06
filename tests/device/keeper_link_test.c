/* SPDX-License-Identifier: Apache-2.0 */
/* What the link gets from the keeper: a statement over its transport key, and the log as a hub follows it. */
#include "device_kit.h"

#include <securable/access_hub.h>
#include <securable/sync.h>

static uint8_t room[SEC_SYNC_MAX_BYTES];

/* --- the transport key ---------------------------------------------------------------------------------------------- */

static struct sec_transport stated(enum fake_person key)
{
    struct sec_transport transport = {0};
    struct sec_statement statement;
    struct sec_public_key identity = kit_identity(), wanted = fake_device_signer(&kit, key).key;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_keeper_transport(&kit.keeper, &wanted, &wr));
    CHECK_OK(sec_statement_parse(sec_wr_done(&wr), &statement));
    CHECK_INT(statement.kind, SEC_STATEMENT_TRANSPORT);
    CHECK_OK(sec_statement_verify(&statement, statement.msg.payload, &identity, &kit.crypto_port.verifier));
    CHECK_OK(sec_transport_parse(statement.msg.payload, &transport));
    return transport;
}

static void a_transport_key_is_stated_under_the_identity_key_and_recorded_once(void)
{
    SHOWS("S36");
    kit_begin_owned();
    uint64_t before = sec_journal_size(&kit.keeper.journal);
    struct sec_transport transport = stated(FAKE_STRANGER);
    struct sec_public_key key = fake_device_signer(&kit, FAKE_STRANGER).key;
    CHECK_BYTES(SEC_BYTES(transport.key.x), SEC_BYTES(key.x));
    CHECK_INT(transport.epoch, 1);
    CHECK(transport.time_s >= 1760000000);
    stated(FAKE_STRANGER);
    CHECK_INT(sec_journal_size(&kit.keeper.journal), before + 1);
    stated(FAKE_NEXT_OWNER);
    CHECK_INT(sec_journal_size(&kit.keeper.journal), before + 2);
    CHECK_STATUS(kit_submit_bytes(sec_bytes(room, 0)), SEC_TRUNCATED);
    kit_end();
}

static void a_link_that_changes_its_key_again_and_again_does_not_fill_the_log(void)
{
    const enum fake_person keys[] = {FAKE_STRANGER, FAKE_NEXT_OWNER};
    kit_begin_owned();
    uint64_t before = sec_journal_size(&kit.keeper.journal);
    sec_status status = sec_st(SEC_OK);
    for (unsigned i = 0; i < 201; i++) {
        struct sec_public_key key = fake_device_signer(&kit, keys[i % 2]).key;
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        status = sec_keeper_transport(&kit.keeper, &key, &wr);
        CHECK(sec_ok(status) == (wr.len > 0));
    }
    CHECK_STATUS(status, SEC_BUSY);
    CHECK(sec_journal_size(&kit.keeper.journal) <= before + 8);
    /* It passes: an honest link that was made anew is not shut out. */
    kit.clock.steady_ms += UINT64_C(3600000);
    stated(FAKE_STRANGER);
    stated(FAKE_NEXT_OWNER);
    kit_end();
}

static void what_the_identity_key_states_is_no_command(void)
{
    kit_begin_owned();
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    struct sec_public_key key = fake_device_signer(&kit, FAKE_STRANGER).key;
    CHECK_OK(sec_keeper_transport(&kit.keeper, &key, &wr));
    CHECK_STATUS(kit_submit_bytes(sec_wr_done(&wr)), SEC_UNKNOWN_KEY);
    kit_end();
}

/* --- following ------------------------------------------------------------------------------------------------------- */

struct follower {
    struct sec_merkle_frontier frontier;
    struct sec_head head;
    uint64_t first; /* of the last page */
    size_t count;   /* in the last page */
    size_t decisions;
    size_t disclosed;
};
static struct follower hub;

/** What a hub does with a page: each entry makes a leaf. */
static void read_page(struct sec_bytes content)
{
    struct sec_public_key key = kit_identity();
    struct sec_cbor rd = sec_cbor(content);
    struct sec_sync_entry entry;
    CHECK_OK(sec_cbor_check(content, SEC_CBOR_OURS));
    sec_cbor_array_of(&rd, 4);
    CHECK_OK(sec_head_check(sec_cbor_bstr(&rd), &key, &kit.crypto_port, &hub.head));
    hub.first = sec_cbor_uint(&rd);
    struct sec_sync_list list = {(size_t)sec_cbor_uint(&rd), {NULL, 0}};
    list.items = sec_cbor_bstr(&rd);
    CHECK_OK(sec_cbor_end(&rd));
    hub.count = list.count;
    while (sec_sync_entry_next(&list, &entry)) {
        struct sec_record_header header;
        struct sec_bytes header_bytes, body;
        struct sec_digest leaf;
        CHECK_OK(sec_record_parse(entry.header, &header, &header_bytes, &body));
        CHECK_INT(header.index, hub.frontier.size);
        hub.decisions += header.committed;
        hub.disclosed += entry.disclosed;
        CHECK(!entry.disclosed || header.committed);
        CHECK_OK(sec_record_leaf(&kit.crypto_port.hasher, entry.header, &entry.body, &leaf));
        CHECK_OK(sec_merkle_append(&hub.frontier, &kit.crypto_port.hasher, &leaf));
    }
    CHECK_INT(list.items.len, 0);
}

static void follow(size_t room_len, size_t most)
{
    struct sec_wr wr = sec_wr(sec_room(room, room_len));
    CHECK_OK(sec_keeper_entries(&kit.keeper, hub.frontier.size, most, &wr));
    read_page(sec_wr_done(&wr));
}

static void check_level(void)
{
    struct sec_digest root;
    CHECK_INT(hub.frontier.size, hub.head.size);
    CHECK_OK(sec_merkle_root(&hub.frontier, &kit.crypto_port.hasher, &root));
    CHECK(sec_digest_equal(&root, &hub.head.root));
    CHECK_INT(hub.disclosed, hub.decisions);
}

static void a_hub_follows_the_log_from_page_to_page_to_the_signed_root(void)
{
    SHOWS("S39");
    memset(&hub, 0, sizeof hub);
    kit_begin_owned();
    for (int i = 0; i < 40; i++) {
        CHECK_OK(kit_set("speed", 1000 + i, 0));
        CHECK_OK(sec_keeper_event(&kit.keeper, &kit_application, SEC_LIT("\xa1\x61" "n\x01")));
    }
    unsigned pages = 0;
    do {
        follow(8192, 1024);
        pages++;
    } while (hub.frontier.size < hub.head.size);
    CHECK(pages > 3);
    check_level();
    follow(sizeof room, 1024);
    CHECK_INT(hub.count, 0);
    CHECK_INT(hub.first, hub.head.size);
    CHECK_OK(kit_set("speed", 2000, 0));
    kit_restart();
    follow(sizeof room, 3);
    CHECK_INT(hub.count, 3);
    follow(sizeof room, 1024);
    check_level();
    kit_end();
}

static void events_that_wait_come_under_a_head_first(void)
{
    memset(&hub, 0, sizeof hub);
    kit_begin_owned();
    CHECK_OK(sec_keeper_event(&kit.keeper, &kit_application, SEC_LIT("\xa1\x61" "n\x01")));
    follow(sizeof room, 1024);
    CHECK_INT(hub.head.size, sec_journal_size(&kit.keeper.journal));
    check_level();
    kit_end();
}

static void a_secret_and_what_was_wiped_are_told_by_their_digests_alone(void)
{
    memset(&hub, 0, sizeof hub);
    kit_begin_owned();
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT("the pump's own password")));
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_keeper_entries(&kit.keeper, 0, 1024, &wr));
    for (size_t i = 0; i + 23 <= wr.len; i++)
        CHECK(!sec_bytes_equal(sec_bytes(&room[i], 23), SEC_LIT("the pump's own password")));
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)));
    follow(sizeof room, 1024);
    CHECK_INT(hub.frontier.size, hub.head.size);
    CHECK_INT(hub.disclosed, 1); /* the wipe's own outcome */
    CHECK(hub.decisions > 3);
    kit_end();
}

static void a_room_too_small_for_one_entry_says_so(void)
{
    kit_begin_owned();
    struct sec_wr wr = sec_wr(sec_room(room, 560));
    CHECK_STATUS(sec_keeper_entries(&kit.keeper, 0, 1024, &wr), SEC_ROOM_FULL);
    kit_end();
}

static const struct test tests[] = {
    TEST(a_transport_key_is_stated_under_the_identity_key_and_recorded_once),
    TEST(a_link_that_changes_its_key_again_and_again_does_not_fill_the_log),
    TEST(what_the_identity_key_states_is_no_command),
    TEST(a_hub_follows_the_log_from_page_to_page_to_the_signed_root),
    TEST(events_that_wait_come_under_a_head_first),
    TEST(a_secret_and_what_was_wiped_are_told_by_their_digests_alone),
    TEST(a_room_too_small_for_one_entry_says_so),
};
TEST_MAIN(tests)
