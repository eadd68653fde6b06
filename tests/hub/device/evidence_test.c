/* SPDX-License-Identifier: Apache-2.0 */
/* What devices show, against a real store: followed, paged, mixed up on the way, forked, put back; verdicts, reports, people. */
#include "../../eventlog/log_device.h"

#include "evidence.h"
#include "keeper_records.h"

#include <securable/access_hub.h>

#include <unistd.h>

#define NOW_S 1800000000

/* --- a hub without its loops: store, pages, and what was told ------------------------------------------------ */

static struct hub hub;
static struct hub_store *store;
static char folder[] = "/tmp/securable-evidence-XXXXXX", path[64];
static char told[16][32];
static size_t told_count;

const struct sec_crypto *hub_crypto(void)
{
    return &device.crypto;
}

sec_status hub_tell(struct hub *of, struct hub_store *in, const char *kind, const struct sec_device_id *device_id, const char *json)
{
    (void)of;
    (void)in;
    (void)device_id;
    CHECK(json[0] == '{' && told_count < 16);
    snprintf(told[told_count++], sizeof told[0], "%s", kind);
    return sec_st(SEC_OK);
}

static bool was_told(const char *kind)
{
    for (size_t i = 0; i < told_count; i++)
        if (strcmp(told[i], kind) == 0)
            return true;
    return false;
}

/* --- the device: a real journal on fake ports ---------------------------------------------------------------- */

static struct sec_device_id id;
static uint8_t entries_room[SEC_SYNC_MAX_BYTES], head_room[4096], verdict_room[65536], report_room[65536], body_room[SEC_SYNC_MAX_BYTES];
static struct hub_evidence shown;

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[80];
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static void log_begin(void)
{
    device_make(FAKE_STORAGE_PREALLOC, 512, DEVICE_SEGMENT_BYTES, 1);
    CHECK_OK(sec_device_id_of_key(&device.key.key, &device.crypto.hasher, &id));
    sec_copy(device.config.log_id.b, id.b, sizeof id.b);
    device_begin();
}

static void hub_begin(void)
{
    if (store)
        hub_store_close(store);
    if (!path[0]) {
        CHECK(mkdtemp(folder) != NULL);
        snprintf(path, sizeof path, "%s/hub.db", folder);
    }
    remove_files();
    hub_pages_free(hub.pages);
    CHECK_OK(hub_pages_new(&hub.pages));
    CHECK_OK(hub_store_open(path, false, &store));
    const struct hub_device row = {.id = id, .expected = true, .has_key = true, .key = device.key.key, .first_seen_s = NOW_S};
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_device_put(store, &row));
    CHECK_OK(hub_store_commit(store));
    told_count = 0;
}

static void begin(void)
{
    log_begin();
    hub_begin();
}

static void decide(size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_OK(device_decide(1, "decided", NULL));
}

struct carrying {
    struct sec_wr wr;
    size_t count;
    size_t most;
};

static sec_status carry(void *ctx, const struct sec_journal_entry *entry)
{
    struct carrying *carrying = ctx;
    const struct sec_sync_entry told_entry = {entry->header_bytes, entry->body, entry->disclosed, entry->salt, entry->content};
    if (carrying->count == carrying->most)
        return sec_st(SEC_TABLE_FULL);
    sec_sync_entry_encode(&told_entry, &carrying->wr);
    carrying->count++;
    return sec_st(SEC_OK);
}

/** A request with the newest head and at most `most` entries from `from` on. */
static struct sec_sync_request page(uint64_t from, size_t most)
{
    struct carrying carrying = {sec_wr(SEC_ROOM(entries_room)), 0, most};
    const struct sec_journal_follower follower = {&carrying, carry};
    struct sec_bytes head = sec_journal_head(&device.journal);
    (void)sec_journal_follow(&device.journal, from, &follower);
    sec_copy(head_room, head.data, head.len);
    CHECK(!carrying.wr.bad);
    return (struct sec_sync_request){.head = sec_bytes(head_room, head.len), .entries_first = from, .entries = {carrying.count, sec_wr_done(&carrying.wr)}};
}

static uint64_t known_epoch; /* of the hub's table */

/** Verifies and stores, as the hub's threads do it. */
static sec_status show(const struct sec_sync_request *request)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(body_room));
    sec_sync_request_encode(request, &wr);
    memset(&shown, 0, sizeof shown);
    CHECK_OK(sec_sync_request_parse(sec_wr_done(&wr), &shown.request));
    shown.hub = &hub;
    shown.device = id;
    shown.now_s = NOW_S;
    shown.known_epoch = known_epoch;
    SEC_TRY(hub_evidence_check(store, &shown));
    CHECK_OK(hub_store_begin(store));
    sec_status status = hub_evidence_store(store, &shown);
    if (sec_ok(status))
        status = hub_store_commit(store);
    else
        hub_store_rollback(store);
    if (sec_ok(status))
        hub_evidence_remember(&shown);
    return status;
}

static enum hub_shown_log show_all(uint64_t from)
{
    struct sec_sync_request request = page(from, 1000);
    CHECK_OK(show(&request));
    return shown.log;
}

static struct hub_device row(void)
{
    struct hub_device device_row;
    CHECK_OK(hub_device_get(store, &id, &device_row));
    return device_row;
}

static sec_status count(void *ctx, const struct hub_entry *entry)
{
    size_t *counted = ctx;
    CHECK_INT(entry->index, *counted);
    (*counted)++;
    return sec_st(SEC_OK);
}

static size_t entries_stored(void)
{
    size_t counted = 0;
    CHECK_OK(hub_entries(store, &id, 0, 10000, count, &counted));
    return counted;
}

/* --- the log -------------------------------------------------------------------------------------------------- */

static void a_log_is_followed_and_kept(void)
{
    begin();
    for (size_t round = 0; round < 4; round++) {
        decide(3 + round);
        CHECK_INT(show_all(row().size), HUB_LOG_FOLLOWED);
        CHECK_INT(row().size, sec_journal_size(&device.journal));
        CHECK_INT(entries_stored(), row().size);
    }
    CHECK_INT(show_all(row().size), HUB_LOG_NOTHING);
    CHECK_INT(row().alarm, SEC_FOLLOW_NONE);
    CHECK_INT(row().last_seen_s, NOW_S);
}

static void a_long_log_comes_in_pages(void)
{
    begin();
    decide(20);
    uint64_t size = sec_journal_size(&device.journal);
    for (uint64_t from = 0; from < size; from += 8) {
        struct sec_sync_request request = page(from, 8);
        CHECK_OK(show(&request));
        CHECK_INT(shown.log, from + 8 < size ? HUB_LOG_PAGE : HUB_LOG_FOLLOWED);
        CHECK_INT(row().size, from + 8 < size ? 0 : size);
    }
    CHECK_INT(entries_stored(), size);
}

static void a_page_that_was_forgotten_is_begun_again(void)
{
    begin();
    decide(20);
    struct sec_sync_request request = page(0, 8);
    CHECK_OK(show(&request));
    hub_run_drop(hub.pages, &id);
    request = page(8, 8);
    CHECK_OK(show(&request));
    CHECK_INT(shown.log, HUB_LOG_AGAIN);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
}

/** The entries of a page with one body changed, as a way that lies would carry it. */
static struct sec_sync_request lied(uint64_t from)
{
    struct sec_sync_request request = page(from, 1000);
    struct sec_sync_list list = request.entries;
    struct sec_sync_entry entry;
    struct sec_wr wr = sec_wr(SEC_ROOM(verdict_room));
    for (size_t i = 0; sec_sync_entry_next(&list, &entry); i++) {
        entry.body.b[0] ^= i == 1;
        sec_sync_entry_encode(&entry, &wr);
    }
    request.entries.items = sec_wr_done(&wr);
    return request;
}

static void a_way_that_lies_once_is_told_to_begin_again(void)
{
    begin();
    decide(4);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    decide(4);
    struct sec_sync_request request = lied(row().size);
    CHECK_OK(show(&request));
    CHECK_INT(shown.log, HUB_LOG_AGAIN);
    CHECK(row().alarm == SEC_FOLLOW_NONE && told_count == 0);
    CHECK_INT(show_all(row().size), HUB_LOG_FOLLOWED);
    CHECK_INT(entries_stored(), row().size);
}

static void pages_that_lied_make_way(void)
{
    begin();
    decide(4);
    struct sec_sync_request request = lied(0);
    decide(1);
    struct sec_sync_request later = page(0, 0);
    request.head = later.head; /* one entry is missing: a page, not yet judged */
    CHECK_OK(show(&request));
    CHECK_INT(shown.log, HUB_LOG_PAGE);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    CHECK_INT(entries_stored(), row().size);
}

/** As show(), up to the verifying alone. */
static void verify_only(struct hub_evidence *into, struct sec_room room, const struct sec_sync_request *request)
{
    struct sec_wr wr = sec_wr(room);
    sec_sync_request_encode(request, &wr);
    memset(into, 0, sizeof *into);
    CHECK_OK(sec_sync_request_parse(sec_wr_done(&wr), &into->request));
    into->hub = &hub;
    into->device = id;
    into->now_s = NOW_S;
    CHECK_OK(hub_evidence_check(store, into));
}

static sec_status take_body(void *ctx, const struct hub_entry *entry)
{
    if (entry->index == 1)
        *(uint8_t *)ctx = entry->body.b[0];
    return sec_st(SEC_OK);
}

static uint8_t stored_byte(void)
{
    uint8_t byte = 0;
    CHECK_OK(hub_entries(store, &id, 0, 100, take_body, &byte));
    return byte;
}

/** Two requests of one device at once, on two threads: what one of them wrote must not stand under a head that the other's way leads to. */
static void pages_of_two_runs_do_not_mix(void)
{
    static struct hub_evidence honest, forged;
    static uint8_t honest_room[SEC_SYNC_MAX_BYTES], forged_room[SEC_SYNC_MAX_BYTES];
    begin();
    decide(4);
    struct sec_sync_request lie = lied(0);
    uint64_t size = sec_journal_size(&device.journal);
    uint8_t *lie_items = verdict_room; /* outlives the next page */
    CHECK(lie.entries.items.data == lie_items);
    decide(4);
    struct sec_sync_request first = page(0, (size_t)size);
    lie.head = first.head;
    verify_only(&honest, SEC_ROOM(honest_room), &first);
    verify_only(&forged, SEC_ROOM(forged_room), &lie);
    CHECK(honest.log == HUB_LOG_PAGE && forged.log == HUB_LOG_PAGE);
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_evidence_store(store, &honest));
    uint8_t true_byte = stored_byte();
    CHECK_OK(hub_evidence_store(store, &forged));
    CHECK_OK(hub_store_commit(store));
    CHECK(stored_byte() != true_byte);
    hub_evidence_remember(&forged);
    hub_evidence_remember(&honest);
    struct sec_sync_request second = page(size, 1000);
    CHECK_OK(show(&second));
    CHECK_INT(shown.log, HUB_LOG_AGAIN);
    CHECK_INT(row().size, 0);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    CHECK_INT(stored_byte(), true_byte);
    CHECK_INT(entries_stored(), row().size);
}

static void a_lighter_alarm_does_not_hide_a_heavier(void)
{
    begin();
    decide(4);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    uint64_t size = row().size;
    struct hub_device forked = row();
    forked.alarm = SEC_FOLLOW_FORKED;
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_device_put(store, &forked));
    CHECK_OK(hub_store_commit(store));
    log_begin();
    CHECK_OK(device_decide(1, "never happened", NULL));
    decide(8);
    (void)show_all(size);
    (void)show_all(size);
    CHECK_INT(shown.alarm, SEC_FOLLOW_UNPROVEN);
    CHECK_INT(row().alarm, SEC_FOLLOW_FORKED);
    CHECK(!shown.alarmed && !was_told("alarm"));
}

static void a_fork_is_told_once_and_its_head_is_kept(void)
{
    begin();
    decide(4);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    uint64_t size = row().size;
    log_begin();
    CHECK_OK(device_decide(1, "never happened", NULL));
    decide(8);
    CHECK_INT(show_all(size), HUB_LOG_AGAIN);
    CHECK_INT(row().alarm, SEC_FOLLOW_NONE);
    (void)show_all(size);
    CHECK_INT(row().alarm, SEC_FOLLOW_UNPROVEN);
    CHECK(was_told("alarm") && shown.alarmed);
    CHECK_INT(row().size, size);
    (void)show_all(size);
    CHECK(!shown.alarmed);
    SHOWS("F6.4");
}

static void the_way_around_the_followed_head_does_not_pass(void)
{
    begin();
    decide(4);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    uint64_t size = row().size;
    log_begin();
    CHECK_OK(device_decide(1, "never happened", NULL));
    decide(8);
    CHECK_INT(show_all(size), HUB_LOG_AGAIN);
    /* All entries of the other history, from its beginning, lead to its head: but not by way of the one that was followed. */
    CHECK_INT(show_all(0), HUB_LOG_AGAIN);
    CHECK_INT(row().size, size);
}

static void a_strangers_head_and_another_log_are_refused(void)
{
    begin();
    decide(2);
    struct sec_sync_request request = page(0, 1000);
    head_room[request.head.len - 1] ^= 1;
    CHECK_STATUS(show(&request), SEC_BAD_SIGNATURE);
    request = (struct sec_sync_request){.entries = request.entries};
    CHECK_STATUS(show(&request), SEC_MISSING_FIELD);
    device_make(FAKE_STORAGE_PREALLOC, 512, DEVICE_SEGMENT_BYTES, 1);
    device_begin();
    request = page(0, 1000);
    CHECK_STATUS(show(&request), SEC_BAD_VALUE);
    CHECK_INT(entries_stored(), 0);
}

static void what_was_overtaken_changes_nothing(void)
{
    begin();
    decide(3);
    struct sec_sync_request request = page(0, 1000);
    struct sec_wr wr = sec_wr(SEC_ROOM(body_room));
    sec_sync_request_encode(&request, &wr);
    memset(&shown, 0, sizeof shown);
    CHECK_OK(sec_sync_request_parse(sec_wr_done(&wr), &shown.request));
    shown.hub = &hub;
    shown.device = id;
    shown.now_s = NOW_S;
    CHECK_OK(hub_evidence_check(store, &shown));
    /* Meanwhile another request of the same device was stored. */
    static struct hub_evidence late;
    late = shown;
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_evidence_store(store, &shown));
    CHECK_OK(hub_evidence_store(store, &late));
    CHECK_OK(hub_store_commit(store));
    CHECK(late.overtaken && !shown.overtaken);
    CHECK_INT(entries_stored(), row().size);
}

/* --- verdicts --------------------------------------------------------------------------------------------------- */

static struct sec_digest digest_of(uint8_t first)
{
    struct sec_digest digest = {{first}};
    return digest;
}

/** A statement on its way to the device. */
static void hand_in(uint8_t first, enum sec_statement_kind kind, uint8_t about, struct sec_bytes bytes)
{
    struct hub_statement statement = {.digest = digest_of(first), .kind = kind, .bytes = bytes, .received_s = NOW_S, .by = SEC_LIT("test")};
    struct hub_delivery delivery = {.device = id, .statement = digest_of(first), .state = HUB_DELIVERY_WAITING};
    if (about)
        statement.about = digest_of(about);
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_statement_put(store, &statement, &delivery.number));
    CHECK_OK(hub_delivery_put(store, &delivery));
    CHECK_OK(hub_store_commit(store));
}

/** The device decides about a statement; gives the receipt. */
static struct sec_bytes decided(uint8_t first, uint16_t code)
{
    static uint8_t receipts[4][8192];
    static size_t turn;
    uint8_t content[512];
    const struct keeper_record record = {.sort = KEEPER_DECISION, .digest = digest_of(first), .kind = SEC_STATEMENT_COMMAND, .code = code, .signer = SEC_LIT("bob"),
                                         .has_role = true, .role = SEC_ROLE_OPERATOR, .topic = SEC_TOPIC_CONFIGURATION, .generation = first,
                                         .action = SEC_ACTION_CONFIGURATION_SET, .time_s = NOW_S};
    struct sec_wr wr = sec_wr(SEC_ROOM(content));
    uint64_t index = 0;
    keeper_record_encode(&record, &wr);
    CHECK_OK(sec_journal_stage(&device.journal, SEC_RECORD_DECISION, 1, true, sec_wr_done(&wr), &index));
    CHECK_OK(device_commit(true));
    index += sec_journal_shift(&device.journal);
    wr = sec_wr(SEC_ROOM(receipts[turn++ % 4]));
    CHECK_OK(sec_journal_receipt(&device.journal, index, &wr));
    return sec_wr_done(&wr);
}

static void tell(uint8_t first, uint16_t code, struct sec_bytes receipt)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(verdict_room));
    const struct sec_sync_verdict verdict = {digest_of(first), code, receipt};
    sec_sync_verdict_encode(&verdict, &wr);
    const struct sec_sync_request request = {.verdicts = {1, sec_wr_done(&wr)}};
    CHECK_OK(show(&request));
}

static struct hub_delivery delivery_of(uint8_t first)
{
    struct hub_delivery delivery;
    const struct sec_digest digest = digest_of(first);
    CHECK_OK(hub_delivery_get(store, &id, &digest, &delivery));
    return delivery;
}

static void a_receipt_proves_a_verdict(void)
{
    begin();
    hand_in(1, SEC_STATEMENT_COMMAND, 0, SEC_LIT("command"));
    tell(1, SEC_ALREADY_DECIDED, decided(1, SEC_OK));
    CHECK_INT(delivery_of(1).state, HUB_DELIVERY_ANSWERED);
    CHECK(delivery_of(1).receipt_good && delivery_of(1).code == SEC_OK);
    CHECK_INT(shown.waiting_change, -1);
    CHECK(was_told("receipt"));
    /* What is proven is not unsaid. */
    tell(1, SEC_UNKNOWN_KEY, (struct sec_bytes){NULL, 0});
    CHECK(delivery_of(1).receipt_good && delivery_of(1).code == SEC_OK);
    CHECK_INT(shown.waiting_change, 0);
}

static void pending_is_followed_by_what_came_of_it(void)
{
    begin();
    hand_in(1, SEC_STATEMENT_COMMAND, 0, SEC_LIT("command"));
    tell(1, SEC_PENDING, decided(1, SEC_PENDING));
    CHECK_INT(delivery_of(1).code, SEC_PENDING);
    tell(1, SEC_EFFECT_FAILED, decided(1, SEC_EFFECT_FAILED));
    CHECK_INT(delivery_of(1).code, SEC_EFFECT_FAILED);
    CHECK(delivery_of(1).receipt_good);
}

static void another_statements_receipt_proves_nothing(void)
{
    begin();
    hand_in(1, SEC_STATEMENT_COMMAND, 0, SEC_LIT("command"));
    tell(1, SEC_OK, decided(2, SEC_OK));
    CHECK(!delivery_of(1).receipt_good);
    static uint8_t spoilt[8192];
    struct sec_bytes receipt = decided(1, SEC_OK);
    sec_copy(spoilt, receipt.data, receipt.len);
    spoilt[receipt.len - 1] ^= 1;
    tell(1, SEC_OK, sec_bytes(spoilt, receipt.len));
    CHECK(!delivery_of(1).receipt_good);
    tell(1, SEC_OK, receipt);
    CHECK(delivery_of(1).receipt_good);
    tell(9, SEC_OK, receipt); /* nobody handed that in */
}

static void what_lacks_approvals_is_held_until_one_came(void)
{
    begin();
    hand_in(1, SEC_STATEMENT_COMMAND, 0, SEC_LIT("command"));
    hand_in(2, SEC_STATEMENT_APPROVAL, 1, SEC_LIT("approval"));
    tell(1, SEC_APPROVALS_MISSING, (struct sec_bytes){NULL, 0});
    CHECK_INT(delivery_of(1).state, HUB_DELIVERY_HELD);
    CHECK_INT(shown.waiting_change, -1);
    tell(2, SEC_OK, decided(2, SEC_OK));
    CHECK_INT(delivery_of(1).state, HUB_DELIVERY_WAITING);
    CHECK_INT(shown.waiting_change, 0);
}

static void what_was_of_the_moment_waits_on(void)
{
    begin();
    hand_in(1, SEC_STATEMENT_COMMAND, 0, SEC_LIT("command"));
    tell(1, SEC_STORAGE_FULL, (struct sec_bytes){NULL, 0});
    CHECK_INT(delivery_of(1).state, HUB_DELIVERY_WAITING);
    CHECK(shown.put_off && shown.waiting_change == 0);
    size_t before = told_count;
    tell(1, SEC_STORAGE_FULL, (struct sec_bytes){NULL, 0}); /* again and again: one row, one event */
    CHECK(shown.put_off && told_count == before);
}

static void owners_of_a_voucher_that_was_taken_over_sign_and_open_nothing(void)
{
    struct sec_voucher voucher = {.device_id = digest_of(7), .epoch = 1, .required = 1, .owners = {.count = 1}};
    struct fake_key owner, maker;
    struct hub_person person;
    struct sec_key_id kid;
    uint8_t body[512], bytes[1024];
    begin();
    fake_key_init(&owner, SEC_KEY_P256, 21);
    fake_key_init(&maker, SEC_KEY_P256, 22);
    voucher.owners.keys[0] = owner.key;
    struct sec_signer signer = fake_key_signer(&maker);
    struct sec_wr wr = sec_wr(SEC_ROOM(body)), out = sec_wr(SEC_ROOM(bytes));
    sec_voucher_encode(&voucher, &wr);
    CHECK_OK(sec_statement_sign(SEC_STATEMENT_VOUCHER, &signer, &device.crypto.hasher, sec_wr_done(&wr), &out));
    CHECK_OK(sec_key_id_of(&owner.key, &device.crypto.hasher, &kid));
    hand_in(1, SEC_STATEMENT_VOUCHER, 0, sec_wr_done(&out));
    tell(1, SEC_OK, (struct sec_bytes){NULL, 0}); /* the way's word alone */
    CHECK_STATUS(hub_person_get(store, &kid, &person), SEC_NOT_FOUND);
    tell(1, SEC_OK, decided(1, SEC_OK));
    CHECK_OK(hub_person_get(store, &kid, &person));
    CHECK_INT(sec_hub_scope_of_role(person.role), 0);
}

static void know(const struct fake_key *key, uint64_t role)
{
    struct hub_person person = {.key = key->key, .role = role, .name = SEC_LIT("somebody"), .source = SEC_LIT("local"), .since_s = NOW_S};
    CHECK_OK(sec_key_id_of(&key->key, &device.crypto.hasher, &person.kid));
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_person_put(store, &person));
    CHECK_OK(hub_store_commit(store));
}

/** A device in foreign hands says yes to a roster that an operator signed for himself. */
static void a_roster_counts_here_under_an_owners_key_alone(void)
{
    static const uint8_t to[32] = {7};
    static struct sec_roster roster;
    struct fake_key signer_key, friend;
    struct hub_person person;
    struct sec_key_id kid;
    struct sec_bytes audience_ids[1] = {SEC_BYTES(to)};
    uint8_t args[1024], body[2048], bytes[4096], audience[64];
    begin();
    fake_key_init(&signer_key, SEC_KEY_P256, 21);
    fake_key_init(&friend, SEC_KEY_P256, 23);
    roster.subjects_count = 1;
    roster.subjects[0].name = SEC_LIT("friend");
    roster.subjects[0].role = SEC_ROLE_ADMINISTRATOR;
    roster.subjects[0].has_key = true;
    roster.subjects[0].key = friend.key;
    struct sec_wr wr = sec_wr(SEC_ROOM(args)), to_wr = sec_wr(SEC_ROOM(audience)), body_wr = sec_wr(SEC_ROOM(body)), out = sec_wr(SEC_ROOM(bytes));
    sec_roster_encode(&roster, &wr);
    sec_audience_encode_ids(audience_ids, 1, &to_wr);
    const struct sec_command command = {.audience = {.item = sec_wr_done(&to_wr), .count = 1}, .topic = SEC_TOPIC_ACCESS, .epoch = 1, .generation = 1,
                                        .action = SEC_ACTION_ACCESS_ROSTER, .args = sec_wr_done(&wr)};
    sec_command_encode(&command, &body_wr);
    struct sec_signer signer = fake_key_signer(&signer_key);
    CHECK_OK(sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &device.crypto.hasher, sec_wr_done(&body_wr), &out));
    struct hub_statement statement = {.digest = digest_of(1), .number = 1, .kind = SEC_STATEMENT_COMMAND, .action = SEC_ACTION_ACCESS_ROSTER,
                                      .bytes = sec_wr_done(&out)};
    CHECK_OK(sec_key_id_of(&friend.key, &device.crypto.hasher, &kid));
    know(&signer_key, SEC_ROLE_OPERATOR);
    CHECK_OK(hub_people_learn(store, &statement, NOW_S));
    CHECK_STATUS(hub_person_get(store, &kid, &person), SEC_NOT_FOUND);
    know(&signer_key, SEC_ROLE_OWNER);
    CHECK_OK(hub_people_learn(store, &statement, NOW_S));
    CHECK_OK(hub_person_get(store, &kid, &person));
    CHECK_INT(person.role, SEC_ROLE_ADMINISTRATOR);
}

static void who_buys_a_device_is_not_let_into_the_sellers_hub(void)
{
    static const uint8_t to[32] = {7};
    struct sec_transfer transfer = {.required = 1, .owners = {.count = 1}};
    struct fake_key owner, buyer;
    struct hub_person person;
    struct sec_key_id kid;
    struct sec_bytes audience_ids[1] = {SEC_BYTES(to)};
    uint8_t args[512], body[1024], bytes[2048], audience[64];
    begin();
    fake_key_init(&owner, SEC_KEY_P256, 21);
    fake_key_init(&buyer, SEC_KEY_P256, 23);
    transfer.owners.keys[0] = buyer.key;
    struct sec_wr wr = sec_wr(SEC_ROOM(args)), to_wr = sec_wr(SEC_ROOM(audience)), body_wr = sec_wr(SEC_ROOM(body)), out = sec_wr(SEC_ROOM(bytes));
    sec_transfer_encode(&transfer, &wr);
    sec_audience_encode_ids(audience_ids, 1, &to_wr);
    const struct sec_command command = {.audience = {.item = sec_wr_done(&to_wr), .count = 1}, .topic = SEC_TOPIC_LIFECYCLE, .epoch = 1, .generation = 1,
                                        .action = SEC_ACTION_LIFECYCLE_TRANSFER, .args = sec_wr_done(&wr)};
    sec_command_encode(&command, &body_wr);
    struct sec_signer signer = fake_key_signer(&owner);
    CHECK_OK(sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &device.crypto.hasher, sec_wr_done(&body_wr), &out));
    struct hub_statement statement = {.digest = digest_of(1), .kind = SEC_STATEMENT_COMMAND, .action = SEC_ACTION_LIFECYCLE_TRANSFER, .bytes = sec_wr_done(&out)};
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_people_learn(store, &statement, NOW_S));
    CHECK_OK(hub_store_commit(store));
    CHECK_OK(sec_key_id_of(&buyer.key, &device.crypto.hasher, &kid));
    CHECK_OK(hub_person_get(store, &kid, &person));
    CHECK_INT(sec_hub_scope_of_role(person.role), 0);
}

/* --- reports ------------------------------------------------------------------------------------------------------ */

static void ask(struct sec_bytes nonce)
{
    const struct hub_ask asked = {.device = id, .nonce = nonce, .asked_s = NOW_S};
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_ask_put(store, &asked));
    CHECK_OK(hub_store_commit(store));
}

/** The device's report under its newest head, of `report_epoch`. */
static uint64_t report_epoch = 1;
static struct sec_sync_request reported(struct sec_bytes nonce)
{
    static struct sec_report report;
    static uint8_t body[16384], statement[20480];
    struct sec_wr wr = sec_wr(SEC_ROOM(body)), out = sec_wr(SEC_ROOM(statement)), list = sec_wr(SEC_ROOM(report_room));
    struct sec_signer signer = fake_key_signer(&device.key);
    report = (struct sec_report){.nonce = nonce, .device_id = id, .epoch = report_epoch, .head = sec_journal_head(&device.journal), .idevid = SEC_LIT("idevid"),
                                 .product_statement = SEC_LIT("product"), .release = {.version = SEC_LIT("1"), .slot = SEC_LIT("a")}, .confinement = SEC_LIT("none")};
    sec_report_encode(&report, &wr);
    CHECK_OK(sec_statement_sign(SEC_STATEMENT_REPORT, &signer, &device.crypto.hasher, sec_wr_done(&wr), &out));
    sec_sync_bytes_encode(sec_wr_done(&out), &list);
    CHECK(!list.bad);
    return (struct sec_sync_request){.reports = {1, sec_wr_done(&list)}};
}

static void a_report_answers_who_asked(void)
{
    begin();
    decide(3);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    CHECK_INT(shown.asks_change, 1); /* the hub's own question, at first contact */
    ask(SEC_LIT("nonce-01"));
    struct sec_sync_request request = reported(SEC_LIT("nonce-01"));
    CHECK_OK(show(&request));
    struct hub_ask answered;
    CHECK_OK(hub_ask_get(store, &id, SEC_LIT("nonce-01"), &answered));
    CHECK(answered.report.len > 0 && row().report.len > 0 && was_told("report"));
    CHECK_INT(shown.asks_change, -1);
    CHECK_INT(row().alarm, SEC_FOLLOW_NONE);
    CHECK_OK(show(&request)); /* once is enough */
    CHECK_INT(shown.asks_change, 0);
    request = reported(SEC_LIT("nonce-nobody-gave"));
    CHECK_OK(show(&request));
    CHECK_INT(shown.reports_count, 0);
}

static void a_report_under_fewer_records_tells_that_the_log_was_put_back(void)
{
    begin();
    decide(6);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    uint64_t size = row().size;
    ask(SEC_LIT("nonce-01"));
    log_begin(); /* the same device with an older copy of its storage */
    decide(3);
    struct sec_sync_request request = reported(SEC_LIT("nonce-01"));
    CHECK_OK(show(&request));
    CHECK_INT(row().alarm, SEC_FOLLOW_ROLLED_BACK);
    CHECK_INT(row().size, size);
    CHECK(was_told("alarm"));
}

static void a_report_that_was_made_before_more_was_followed_accuses_nobody(void)
{
    static uint8_t kept[32768];
    begin();
    decide(2);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    ask(SEC_LIT("nonce-01"));
    struct sec_sync_request request = reported(SEC_LIT("nonce-01"));
    sec_copy(kept, request.reports.items.data, request.reports.items.len);
    request.reports.items.data = kept;
    decide(4);
    CHECK_INT(show_all(row().size), HUB_LOG_FOLLOWED);
    CHECK_OK(show(&request));
    CHECK_INT(row().alarm, SEC_FOLLOW_NONE);
    CHECK_INT(shown.reports_count, 1);
}

static sec_status count_open(void *ctx, const struct hub_certificate *certificate)
{
    size_t *open = ctx;
    *open += !certificate->revoked;
    return sec_st(SEC_OK);
}

static size_t certificates_open(void)
{
    size_t open = 0;
    CHECK_OK(hub_certificates(store, count_open, &open));
    return open;
}

static void certify(uint8_t first, uint64_t epoch)
{
    const struct hub_certificate certificate = {.fingerprint = {{first}}, .device = id, .epoch = epoch, .not_before_s = NOW_S, .not_after_s = NOW_S + 90};
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_certificate_put(store, &certificate));
    CHECK_OK(hub_store_commit(store));
}

/** Whoever has the transport key of the time before a wipe or transfer has nothing any more; the device's new one stands. */
static void a_head_of_a_newer_epoch_ends_the_certificates_before(void)
{
    begin();
    decide(2);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    struct hub_device known = row();
    uint64_t epoch = hub_device_head_epoch(known.head);
    certify(1, epoch);
    CHECK_OK(sec_journal_set_epoch(&device.journal, epoch + 1, SEC_SEAL_CLEAR));
    decide(1);
    certify(2, epoch + 1);
    CHECK_INT(show_all(row().size), HUB_LOG_FOLLOWED);
    CHECK_INT(shown.epoch, epoch + 1);
    known_epoch = epoch + 1;
    known = row();
    CHECK_INT(hub_device_head_epoch(known.head), epoch + 1);
    CHECK_INT(certificates_open(), 1);
    decide(1);
    CHECK_INT(show_all(row().size), HUB_LOG_FOLLOWED);
    CHECK_INT(shown.epoch, 0);
    CHECK_INT(certificates_open(), 1);
    known_epoch = 0;
}

static void a_report_of_a_newer_epoch_ends_them_too(void)
{
    begin();
    decide(2);
    CHECK_INT(show_all(0), HUB_LOG_FOLLOWED);
    certify(1, 4);
    ask(SEC_LIT("nonce-01"));
    report_epoch = 5;
    struct sec_sync_request request = reported(SEC_LIT("nonce-01"));
    CHECK_OK(show(&request));
    report_epoch = 1;
    CHECK_INT(shown.epoch, 5);
    CHECK_INT(certificates_open(), 0);
}

static void files_are_removed(void)
{
    hub_store_close(store);
    store = NULL;
    hub_pages_free(hub.pages);
    hub.pages = NULL;
    remove_files();
    CHECK(rmdir(folder) == 0);
}

static const struct test tests[] = {
    TEST(a_log_is_followed_and_kept),
    TEST(a_long_log_comes_in_pages),
    TEST(a_page_that_was_forgotten_is_begun_again),
    TEST(a_way_that_lies_once_is_told_to_begin_again),
    TEST(pages_that_lied_make_way),
    TEST(pages_of_two_runs_do_not_mix),
    TEST(a_lighter_alarm_does_not_hide_a_heavier),
    TEST(a_fork_is_told_once_and_its_head_is_kept),
    TEST(the_way_around_the_followed_head_does_not_pass),
    TEST(a_strangers_head_and_another_log_are_refused),
    TEST(what_was_overtaken_changes_nothing),
    TEST(a_receipt_proves_a_verdict),
    TEST(pending_is_followed_by_what_came_of_it),
    TEST(another_statements_receipt_proves_nothing),
    TEST(what_lacks_approvals_is_held_until_one_came),
    TEST(what_was_of_the_moment_waits_on),
    TEST(owners_of_a_voucher_that_was_taken_over_sign_and_open_nothing),
    TEST(a_roster_counts_here_under_an_owners_key_alone),
    TEST(who_buys_a_device_is_not_let_into_the_sellers_hub),
    TEST(a_report_answers_who_asked),
    TEST(a_report_under_fewer_records_tells_that_the_log_was_put_back),
    TEST(a_report_that_was_made_before_more_was_followed_accuses_nobody),
    TEST(a_head_of_a_newer_epoch_ends_the_certificates_before),
    TEST(a_report_of_a_newer_epoch_ends_them_too),
    TEST(files_are_removed),
};
TEST_MAIN(tests)
