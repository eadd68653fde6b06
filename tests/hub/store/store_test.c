/* SPDX-License-Identifier: Apache-2.0 */
/* What every store must do, through store.h alone. */
#include "store_rows.h"

static struct store_room room;

static struct hub_store *begin(void)
{
    room = store_room_make();
    CHECK_OK(hub_store_begin(room.store));
    return room.store;
}

static void end(void)
{
    CHECK_OK(hub_store_commit(room.store));
    store_room_remove(&room);
}

/* --- devices ------------------------------------------------------------------------------------------------ */

static void check_device(const struct hub_device *got, const struct hub_device *want)
{
    CHECK(sec_device_id_equal(&got->id, &want->id) && got->maker == want->maker && got->epoch == want->epoch);
    CHECK(got->expected == want->expected && got->revoked == want->revoked && got->has_key == want->has_key);
    CHECK(!want->has_key || sec_key_equal(&got->key, &want->key));
    CHECK_BYTES(got->idevid, want->idevid);
    CHECK_BYTES(got->head, want->head);
    CHECK_BYTES(got->frontier, want->frontier);
    CHECK_BYTES(got->report, want->report);
    CHECK_BYTES(got->alarm_text, want->alarm_text);
    CHECK(sec_digest_equal(&got->root, &want->root) && got->size == want->size && got->boot == want->boot);
    CHECK(got->report_s == want->report_s && got->first_seen_s == want->first_seen_s && got->last_seen_s == want->last_seen_s);
    CHECK(got->alarm == want->alarm && got->alarm_s == want->alarm_s && got->certificate_until_s == want->certificate_until_s);
}

static struct hub_device full_device(void)
{
    struct hub_device device = device_of(7);
    device.maker = 3;
    device.epoch = UINT64_MAX;
    device.expected = device.revoked = device.has_key = true;
    device.key = (struct sec_public_key){.type = SEC_KEY_P256, .x = {1, 2}, .y = {3, 4}};
    device.idevid = SEC_LIT("idevid");
    device.head = SEC_LIT("head");
    device.size = 12;
    device.root = digest_of(99);
    device.frontier = SEC_LIT("frontier");
    device.boot = 4;
    device.report = SEC_LIT("report\0with a zero");
    device.report_s = 11;
    device.alarm = 2;
    device.alarm_text = SEC_LIT("an older state");
    device.alarm_s = -1;
    device.certificate_until_s = 99;
    return device;
}

static void a_device_comes_back_as_it_was_put(void)
{
    struct hub_store *store = begin();
    struct hub_device device = full_device(), got;
    CHECK_STATUS(hub_device_get(store, &device.id, &got), SEC_NOT_FOUND);
    CHECK_OK(hub_device_put(store, &device));
    CHECK_OK(hub_device_get(store, &device.id, &got));
    check_device(&got, &device);
    /* What was got may be changed and put again. */
    got.alarm_text = SEC_LIT("");
    device.alarm_text = SEC_LIT("");
    got.report = device.report = SEC_LIT("a newer report");
    CHECK_OK(hub_device_put(store, &got));
    CHECK_OK(hub_device_get(store, &device.id, &got));
    check_device(&got, &device);
    CHECK_OK(hub_device_seen(store, &device.id, 777));
    CHECK_OK(hub_device_get(store, &device.id, &got));
    CHECK_INT(got.last_seen_s, 777);
    struct sec_device_id stranger = id_of(8);
    CHECK_STATUS(hub_device_seen(store, &stranger, 1), SEC_NOT_FOUND);
    end();
}

struct walk {
    unsigned count;
    uint64_t last;
    uint64_t numbers[16];
    sec_status status;
};

static sec_status count_device(void *ctx, const struct hub_device *device)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count % 16] = device->id.b[3];
    walk->count++;
    return walk->status;
}

static void devices_are_listed_by_id_in_pages(void)
{
    struct hub_store *store = begin();
    uint64_t count = 0;
    for (unsigned n = 5; n > 0; n--)
        put_device(store, n);
    struct walk walk = {0};
    CHECK_OK(hub_devices(store, NULL, 3, count_device, &walk));
    CHECK(walk.count == 3 && walk.numbers[0] == 1 && walk.numbers[2] == 3);
    struct sec_device_id after = id_of(3);
    walk = (struct walk){0};
    CHECK_OK(hub_devices(store, &after, SIZE_MAX, count_device, &walk));
    CHECK(walk.count == 2 && walk.numbers[0] == 4);
    CHECK_OK(hub_devices_count(store, &count));
    CHECK_INT(count, 5);
    walk = (struct walk){.status = sec_st(SEC_BUSY)};
    CHECK_STATUS(hub_devices(store, NULL, 9, count_device, &walk), SEC_BUSY);
    CHECK_INT(walk.count, 1);
    end();
}

static sec_status count_certificate(void *ctx, const struct hub_certificate *certificate)
{
    struct walk *walk = ctx;
    walk->count++;
    walk->last += certificate->revoked;
    return sec_st(SEC_OK);
}

/** Of device 1, the third epoch's alone stands; of others, all. */
static sec_status check_epochs(void *ctx, const struct hub_certificate *certificate)
{
    struct sec_device_id id = id_of(1);
    CHECK_INT(certificate->revoked, sec_device_id_equal(&certificate->device, &id) && certificate->epoch < 3);
    return count_certificate(ctx, certificate);
}

static void certificates_belong_to_devices_and_are_revoked_together(void)
{
    struct hub_store *store = begin();
    struct hub_certificate certificate = {.fingerprint = digest_of(1), .device = id_of(1), .not_before_s = 0, .not_after_s = 100};
    CHECK_STATUS(hub_certificate_put(store, &certificate), SEC_NOT_FOUND);
    put_device(store, 1);
    CHECK_OK(hub_certificate_put(store, &certificate));
    certificate.fingerprint = digest_of(2);
    CHECK_OK(hub_certificate_put(store, &certificate));
    CHECK_OK(hub_certificates_revoke(store, &certificate.device));
    struct walk walk = {0};
    CHECK_OK(hub_certificates(store, count_certificate, &walk));
    CHECK(walk.count == 2 && walk.last == 2);
    certificate = (struct hub_certificate){.fingerprint = digest_of(3), .device = id_of(1), .not_before_s = 200000, .not_after_s = 300000};
    CHECK_OK(hub_certificate_put(store, &certificate));
    walk = (struct walk){0};
    CHECK_OK(hub_certificates(store, count_certificate, &walk));
    CHECK(walk.count == 1 && walk.last == 0);
    for (uint8_t i = 10; i < 100; i++) { /* who enrols again and again fills no table */
        certificate.fingerprint = digest_of(i);
        certificate.not_before_s++;
        CHECK_OK(hub_certificate_put(store, &certificate));
    }
    walk = (struct walk){0};
    CHECK_OK(hub_certificates(store, count_certificate, &walk));
    CHECK_INT(walk.count, HUB_CERTIFICATES_OF_DEVICE_COUNT);
    end();
}

static void a_newer_epoch_ends_the_certificates_of_those_before(void)
{
    struct hub_store *store = begin();
    put_device(store, 1);
    put_device(store, 2);
    for (uint8_t i = 0; i < 6; i++) {
        const struct hub_certificate certificate = {
            .fingerprint = digest_of(i), .device = id_of(i % 2 + 1u), .epoch = i / 2 + 1u, .not_before_s = 0, .not_after_s = 100};
        CHECK_OK(hub_certificate_put(store, &certificate));
    }
    struct sec_device_id id = id_of(1);
    CHECK_OK(hub_certificates_end(store, &id, 3));
    struct walk walk = {0};
    CHECK_OK(hub_certificates(store, check_epochs, &walk));
    CHECK(walk.count == 6 && walk.last == 2);
    end();
}

static sec_status take_maker(void *ctx, const struct hub_maker *maker)
{
    struct walk *walk = ctx;
    CHECK_BYTES(maker->name, SEC_LIT("Maker B"));
    walk->last = maker->id;
    walk->count++;
    return sec_st(SEC_OK);
}

static void a_maker_of_the_same_ca_is_replaced(void)
{
    struct hub_store *store = begin();
    struct hub_maker maker = {.name = SEC_LIT("Maker A"), .roots = SEC_LIT("roots"), .ca = SEC_LIT("ca"), .since_s = 1};
    uint64_t first = 0, second = 0;
    CHECK_OK(hub_maker_put(store, &maker, &first));
    maker.name = SEC_LIT("Maker B");
    CHECK_OK(hub_maker_put(store, &maker, &second));
    struct walk walk = {0};
    CHECK_OK(hub_makers(store, take_maker, &walk));
    CHECK(first != 0 && first == second && walk.count == 1 && walk.last == first);
    end();
}

/* --- statements --------------------------------------------------------------------------------------------- */

static sec_status take_statement(void *ctx, const struct hub_statement *statement)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count++ % 16] = statement->number;
    return sec_st(SEC_OK);
}

static void statements_have_numbers_in_order_of_arrival(void)
{
    struct hub_store *store = begin();
    struct hub_statement got, statement = {.digest = digest_of(1), .kind = SEC_STATEMENT_COMMAND, .bytes = SEC_LIT("bytes"), .beside = SEC_LIT("beside"),
                                           .signer = {{9}}, .topic = 2, .generation = 1u << 30, .action = 5, .has_payload = true, .payload = digest_of(50),
                                           .payload_bytes = 77, .received_s = 123, .by = SEC_LIT("ann")};
    uint64_t number = 0, again = 42;
    CHECK_OK(hub_statement_put(store, &statement, &number));
    CHECK_INT(number, 1);
    CHECK_STATUS(hub_statement_put(store, &statement, &again), SEC_EXISTS);
    CHECK_INT(again, 42);
    CHECK_INT(put_statement(store, 2, SEC_STATEMENT_COMMAND, NULL), 2);
    CHECK_OK(hub_statement_get(store, &statement.digest, &got));
    CHECK_BYTES(got.bytes, statement.bytes);
    CHECK_BYTES(got.beside, statement.beside);
    CHECK_BYTES(got.by, statement.by);
    CHECK(sec_digest_equal(&got.payload, &statement.payload) && got.has_payload && got.payload_bytes == 77 && got.generation == 1u << 30);
    CHECK(got.number == 1 && got.topic == 2 && got.action == 5 && got.received_s == 123 && sec_key_id_equal(&got.signer, &statement.signer));
    struct sec_digest unknown = digest_of(3);
    CHECK_STATUS(hub_statement_get(store, &unknown, &got), SEC_NOT_FOUND);
    put_statement(store, 3, SEC_STATEMENT_COMMAND, NULL);
    struct walk walk = {0};
    CHECK_OK(hub_statements(store, 0, 2, take_statement, &walk));
    CHECK(walk.count == 2 && walk.numbers[0] == 3 && walk.numbers[1] == 2);
    walk = (struct walk){0};
    CHECK_OK(hub_statements(store, 2, 9, take_statement, &walk));
    CHECK(walk.count == 1 && walk.numbers[0] == 1);
    end();
}

static sec_status take_waiting(void *ctx, const struct hub_delivery *delivery, const struct hub_statement *statement)
{
    struct walk *walk = ctx;
    CHECK(delivery->number == statement->number && sec_digest_equal(&delivery->statement, &statement->digest));
    walk->numbers[walk->count++ % 16] = statement->number;
    return sec_st(SEC_OK);
}

static void approvals_wait_before_what_they_are_about(void)
{
    struct hub_store *store = begin();
    put_device(store, 1);
    struct sec_digest second = digest_of(2);
    put_statement(store, 1, SEC_STATEMENT_COMMAND, NULL);
    put_statement(store, 2, SEC_STATEMENT_COMMAND, NULL);
    put_statement(store, 3, SEC_STATEMENT_COMMAND, NULL);
    put_statement(store, 4, SEC_STATEMENT_APPROVAL, &second);
    for (unsigned n = 4; n > 0; n--)
        CHECK_OK(put_delivery(store, 1, n, HUB_DELIVERY_WAITING));
    struct sec_device_id id = id_of(1);
    struct walk walk = {0};
    CHECK_OK(hub_waiting(store, &id, 9, take_waiting, &walk));
    CHECK_INT(walk.count, 4);
    CHECK(walk.numbers[0] == 1 && walk.numbers[1] == 4 && walk.numbers[2] == 2 && walk.numbers[3] == 3);
    CHECK_OK(put_delivery(store, 1, 1, HUB_DELIVERY_ANSWERED));
    CHECK_OK(put_delivery(store, 1, 3, HUB_DELIVERY_HELD));
    walk = (struct walk){0};
    CHECK_OK(hub_waiting(store, &id, 1, take_waiting, &walk));
    CHECK(walk.count == 1 && walk.numbers[0] == 4);
    end();
}

static sec_status take_delivery(void *ctx, const struct hub_delivery *delivery)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count++ % 16] = delivery->number;
    walk->last += delivery->device.b[3];
    return sec_st(SEC_OK);
}

static sec_status take_count(void *ctx, const struct sec_device_id *device, uint64_t count)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count++ % 16] = 100u * device->b[3] + count;
    return sec_st(SEC_OK);
}

static void a_delivery_is_answered_with_its_receipt(void)
{
    struct hub_store *store = begin();
    put_device(store, 1);
    put_device(store, 2);
    put_statement(store, 1, SEC_STATEMENT_COMMAND, NULL);
    put_statement(store, 2, SEC_STATEMENT_COMMAND, NULL);
    CHECK_OK(put_delivery(store, 1, 1, HUB_DELIVERY_WAITING));
    CHECK_OK(put_delivery(store, 2, 1, HUB_DELIVERY_WAITING));
    CHECK_OK(put_delivery(store, 2, 2, HUB_DELIVERY_WAITING));
    CHECK_STATUS(put_delivery(store, 2, 9, HUB_DELIVERY_WAITING), SEC_NOT_FOUND);
    CHECK_STATUS(put_delivery(store, 9, 2, HUB_DELIVERY_WAITING), SEC_NOT_FOUND);
    struct walk walk = {0};
    CHECK_OK(hub_waiting_counts(store, take_count, &walk));
    CHECK(walk.count == 2 && walk.numbers[0] == 101 && walk.numbers[1] == 202);
    struct hub_delivery got, delivery = {.device = id_of(1), .statement = digest_of(1), .state = HUB_DELIVERY_ANSWERED, .code = SEC_DOWNGRADE,
                                         .receipt = SEC_LIT("receipt"), .receipt_good = true, .answered_s = 88};
    CHECK_OK(hub_delivery_put(store, &delivery));
    CHECK_OK(hub_delivery_get(store, &delivery.device, &delivery.statement, &got));
    CHECK_BYTES(got.receipt, SEC_LIT("receipt"));
    CHECK(got.code == SEC_DOWNGRADE && got.receipt_good && got.answered_s == 88 && got.number == 1 && got.state == HUB_DELIVERY_ANSWERED);
    struct sec_digest second = digest_of(2);
    CHECK_STATUS(hub_delivery_get(store, &delivery.device, &second, &got), SEC_NOT_FOUND);
    walk = (struct walk){0};
    CHECK_OK(hub_deliveries_of_statement(store, &delivery.statement, take_delivery, &walk));
    CHECK(walk.count == 2 && walk.last == 3);
    walk = (struct walk){0};
    struct sec_device_id two = id_of(2);
    CHECK_OK(hub_deliveries_of_device(store, &two, 0, 9, take_delivery, &walk));
    CHECK(walk.count == 2 && walk.numbers[0] == 2 && walk.numbers[1] == 1);
    end();
}

static sec_status take_payload(void *ctx, const struct hub_payload *payload)
{
    struct walk *walk = ctx;
    walk->last = payload->size;
    walk->count++;
    return sec_st(SEC_OK);
}

static void a_payload_is_named_to_the_devices_that_were_sent_it(void)
{
    struct hub_store *store = begin();
    struct hub_payload got, payload = {.digest = digest_of(50), .size = 1234, .name = SEC_LIT("image.bin"), .since_s = 3};
    struct hub_statement statement = {.digest = digest_of(1), .kind = SEC_STATEMENT_RELEASE, .has_payload = true, .payload = payload.digest};
    struct sec_device_id one = id_of(1), two = id_of(2);
    uint64_t number;
    CHECK_OK(hub_payload_put(store, &payload));
    CHECK_OK(hub_payload_put(store, &payload));
    CHECK_OK(hub_payload_get(store, &payload.digest, &got));
    CHECK_BYTES(got.name, payload.name);
    CHECK(got.size == 1234 && got.since_s == 3);
    struct walk walk = {0};
    CHECK_OK(hub_payloads(store, take_payload, &walk));
    CHECK(walk.count == 1 && walk.last == 1234);
    put_device(store, 1);
    put_device(store, 2);
    CHECK_OK(hub_statement_put(store, &statement, &number));
    CHECK_OK(put_delivery(store, 1, 1, HUB_DELIVERY_ANSWERED));
    CHECK_OK(hub_payload_named(store, &one, &payload.digest));
    CHECK_STATUS(hub_payload_named(store, &two, &payload.digest), SEC_NOT_FOUND);
    end();
}

/* --- evidence ----------------------------------------------------------------------------------------------- */

static sec_status take_entry(void *ctx, const struct hub_entry *entry)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count++ % 16] = entry->index;
    walk->last = entry->salt.len;
    return sec_st(SEC_OK);
}

static void an_entry_is_replaced_by_the_same_leaf_alone(void)
{
    struct hub_store *store = begin();
    put_device(store, 1);
    struct sec_device_id id = id_of(1);
    struct hub_entry entry = {.index = 0, .header = SEC_LIT("header"), .body = digest_of(1), .salt = SEC_LIT("salt"), .content = SEC_LIT("content")};
    struct walk walk = {0};
    for (; entry.index < 5; entry.index++)
        CHECK_OK(hub_entry_put(store, &id, &entry));
    entry.index = 4;
    entry.salt = entry.content = SEC_LIT("");
    CHECK_OK(hub_entry_put(store, &id, &entry));
    CHECK_OK(hub_entries(store, &id, 4, 9, take_entry, &walk));
    CHECK(walk.count == 1 && walk.last == 4); /* what was disclosed stays */
    entry.body = digest_of(2);
    CHECK_STATUS(hub_entry_put(store, &id, &entry), SEC_EXISTS);
    entry.body = digest_of(1);
    entry.header = SEC_LIT("Header");
    CHECK_STATUS(hub_entry_put(store, &id, &entry), SEC_EXISTS);
    CHECK_OK(hub_entries_cut(store, &id, 3));
    walk = (struct walk){0};
    CHECK_OK(hub_entries(store, &id, 1, 9, take_entry, &walk));
    CHECK(walk.count == 2 && walk.numbers[0] == 1 && walk.numbers[1] == 2);
    walk = (struct walk){0};
    CHECK_OK(hub_entries(store, &id, UINT64_MAX, 9, take_entry, &walk));
    CHECK_INT(walk.count, 0);
    CHECK_OK(hub_evidence_put(store, &id, 5, SEC_LIT("head"), SEC_LIT("forked")));
    struct sec_device_id stranger = id_of(2);
    CHECK_STATUS(hub_entry_put(store, &stranger, &entry), SEC_NOT_FOUND);
    end();
}

/** Entries from `from` on, each with a salt when `disclosed`. */
static sec_status put_entries(struct hub_store *store, const struct sec_device_id *id, uint64_t from, size_t count, bool disclosed)
{
    struct hub_entry entries[64];
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct hub_entry){from + i, SEC_LIT("header"), digest_of((unsigned)(from + i)), disclosed ? SEC_LIT("salt") : SEC_LIT(""),
                                        disclosed ? SEC_LIT("content") : SEC_LIT("")};
    return hub_entries_put(store, id, entries, count);
}

static size_t entries_between(struct hub_store *store, const struct sec_device_id *id, uint64_t from, size_t limit, size_t *ret_salt)
{
    struct walk walk = {0};
    CHECK_OK(hub_entries(store, id, from, limit, take_entry, &walk));
    for (size_t i = 0; walk.count <= 16 && i < walk.count; i++)
        CHECK_INT(walk.numbers[i], from + i);
    *ret_salt = (size_t)walk.last;
    return walk.count;
}

static void entries_lie_in_runs_that_overlap_cut_and_open(void)
{
    struct hub_store *store = begin();
    put_device(store, 1);
    struct sec_device_id id = id_of(1), stranger = id_of(2);
    size_t salt = 0;
    CHECK_OK(put_entries(store, &id, 0, 0, false));
    CHECK_OK(put_entries(store, &id, 0, 10, false));
    CHECK_OK(put_entries(store, &id, 10, 1, false));
    CHECK_OK(put_entries(store, &id, 5, 9, false)); /* some are there, some are new */
    CHECK_INT(entries_between(store, &id, 0, 99, &salt), 14);
    CHECK_INT(entries_between(store, &id, 3, 4, &salt), 4);
    CHECK_INT(entries_between(store, &id, 9, 3, &salt), 3);
    CHECK_OK(put_entries(store, &id, 7, 1, true)); /* disclosed later, in the middle of a run */
    CHECK_INT(entries_between(store, &id, 7, 1, &salt), 1);
    CHECK_INT(salt, 4);
    CHECK_INT(entries_between(store, &id, 6, 1, &salt), 1);
    CHECK_INT(salt, 0);
    CHECK_INT(entries_between(store, &id, 8, 6, &salt), 6);
    CHECK_OK(hub_entries_cut(store, &id, 8)); /* in the middle of a run, too */
    CHECK_INT(entries_between(store, &id, 0, 99, &salt), 8);
    CHECK_INT(salt, 4);
    CHECK_OK(put_entries(store, &id, 20, 3, false)); /* a gap stays one until it is filled */
    CHECK_OK(put_entries(store, &id, 8, 12, false));
    CHECK_INT(entries_between(store, &id, 5, 99, &salt), 18);
    CHECK_OK(hub_entries_cut(store, &id, 0));
    CHECK_INT(entries_between(store, &id, 0, 99, &salt), 0);
    CHECK_OK(put_entries(store, &id, 0, 64, true));
    CHECK_INT(entries_between(store, &id, 0, 99, &salt), 64);
    CHECK_STATUS(put_entries(store, &stranger, 0, 3, false), SEC_NOT_FOUND);
    const struct hub_entry gapped[2] = {{.index = 70, .header = SEC_LIT("h")}, {.index = 72, .header = SEC_LIT("h")}};
    CHECK_STATUS(hub_entries_put(store, &id, gapped, 2), SEC_BAD_ARGUMENT);
    end();
}

static sec_status take_ask(void *ctx, const struct hub_ask *ask)
{
    struct walk *walk = ctx;
    walk->last += ask->nonce.len;
    walk->count++;
    return sec_st(SEC_OK);
}

static void an_ask_keeps_the_size_of_its_moment(void)
{
    struct hub_store *store = begin();
    struct hub_device device = device_of(1);
    struct hub_ask got, ask = {.device = id_of(1), .nonce = SEC_LIT("nonce-of-us"), .asked_s = 100};
    CHECK_STATUS(hub_ask_put(store, &ask), SEC_NOT_FOUND);
    device.size = 17;
    CHECK_OK(hub_device_put(store, &device));
    CHECK_OK(hub_ask_put(store, &ask));
    struct walk walk = {0};
    CHECK_OK(hub_asks_open(store, &ask.device, 99, take_ask, &walk));
    CHECK_OK(hub_asks_open(store, NULL, 99, take_ask, &walk));
    CHECK_INT(walk.count, 2);
    CHECK_OK(hub_asks_open(store, NULL, 100, take_ask, &walk));
    CHECK_INT(walk.count, 2);
    device.size = 20;
    CHECK_OK(hub_device_put(store, &device));
    ask.report = SEC_LIT("report");
    ask.answered_s = 120;
    CHECK_OK(hub_ask_put(store, &ask));
    CHECK_OK(hub_ask_get(store, &ask.device, ask.nonce, &got));
    CHECK_BYTES(got.report, ask.report);
    CHECK(got.size == 17 && got.asked_s == 100 && got.answered_s == 120);
    CHECK_OK(hub_asks_open(store, NULL, 0, take_ask, &walk));
    CHECK_INT(walk.count, 2);
    CHECK_OK(hub_asks_forget(store, 101));
    CHECK_STATUS(hub_ask_get(store, &ask.device, ask.nonce, &got), SEC_NOT_FOUND);
    end();
}

/* --- people and events ---------------------------------------------------------------------------------------- */

static sec_status take_person(void *ctx, const struct hub_person *person)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count++ % 16] = person->kid.b[3];
    return sec_st(SEC_OK);
}

static void people_of_an_older_roster_are_forgotten(void)
{
    struct hub_store *store = begin();
    struct hub_person got, person = {.key = {.type = SEC_KEY_ED25519, .x = {7}}, .role = 2, .name = SEC_LIT("ann"), .source = SEC_LIT("voucher"), .since_s = 4};
    struct sec_digest first = digest_of(1), second = digest_of(2);
    sec_copy(person.kid.b, first.b, sizeof first.b);
    CHECK_OK(hub_person_put(store, &person));
    struct sec_key_id owner = person.kid;
    sec_copy(person.kid.b, second.b, sizeof second.b);
    person.source = SEC_LIT("roster");
    CHECK_OK(hub_person_put(store, &person));
    struct walk walk = {0};
    CHECK_OK(hub_people(store, take_person, &walk));
    CHECK_INT(walk.count, 2);
    CHECK_OK(hub_people_forget_roster(store));
    CHECK_STATUS(hub_person_get(store, &person.kid, &got), SEC_NOT_FOUND);
    CHECK_OK(hub_person_get(store, &owner, &got));
    CHECK(sec_key_equal(&got.key, &person.key) && got.role == 2 && got.since_s == 4);
    CHECK_BYTES(got.source, SEC_LIT("voucher"));
    CHECK_OK(hub_person_remove(store, &owner));
    CHECK_STATUS(hub_person_remove(store, &owner), SEC_NOT_FOUND);
    end();
}

static sec_status take_token(void *ctx, const struct hub_token *token)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count++ % 16] = token->scope;
    return sec_st(SEC_OK);
}

static void tokens_end(void)
{
    struct hub_store *store = begin();
    struct hub_token got, token = {.hash = digest_of(1), .name = SEC_LIT("ci"), .scope = 5, .made_s = 1, .ends_s = 50, .by_login = true, .kid = {{8}}};
    CHECK_OK(hub_token_put(store, &token));
    CHECK_STATUS(hub_token_put(store, &token), SEC_EXISTS);
    CHECK_OK(hub_token_get(store, &token.hash, &got));
    CHECK_BYTES(got.name, token.name);
    CHECK(got.scope == 5 && got.ends_s == 50 && got.by_login && sec_key_id_equal(&got.kid, &token.kid));
    CHECK_OK(hub_tokens_forget(store, 50));
    struct walk walk = {0};
    CHECK_OK(hub_tokens(store, take_token, &walk));
    CHECK(walk.count == 1 && walk.numbers[0] == 5);
    CHECK_OK(hub_tokens_forget(store, 51));
    CHECK_STATUS(hub_token_remove(store, &token.hash), SEC_NOT_FOUND);
    end();
}

static sec_status take_event(void *ctx, const struct hub_event *event)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count++ % 16] = event->number;
    walk->last = event->has_device;
    return sec_st(SEC_OK);
}

static sec_status take_id(void *ctx, const struct sec_device_id *id)
{
    struct walk *walk = ctx;
    walk->numbers[walk->count++ % 16] = id->b[3];
    return sec_st(SEC_OK);
}

static void event_numbers_are_never_given_again(void)
{
    struct hub_store *store = begin();
    struct hub_event event = {.at_s = 1, .kind = SEC_LIT("lost"), .json = SEC_LIT("{}"), .has_device = true, .device = id_of(1)};
    uint64_t last = 99;
    CHECK_OK(hub_events_last(store, &last));
    CHECK_INT(last, 0);
    put_device(store, 1);
    put_device(store, 2);
    CHECK_OK(hub_event_put(store, &event));
    event.device = id_of(2);
    CHECK_OK(hub_event_put(store, &event));
    event.kind = SEC_LIT("back");
    CHECK_OK(hub_event_put(store, &event));
    CHECK_INT(event.number, 3);
    struct walk walk = {0};
    CHECK_OK(hub_devices_lost(store, take_id, &walk));
    CHECK(walk.count == 1 && walk.numbers[0] == 1);
    walk = (struct walk){0};
    CHECK_OK(hub_events(store, 1, NULL, 9, take_event, &walk));
    CHECK(walk.count == 2 && walk.numbers[0] == 2 && walk.last == 1);
    struct sec_device_id one = id_of(1);
    walk = (struct walk){0};
    CHECK_OK(hub_events(store, 0, &one, 9, take_event, &walk));
    CHECK(walk.count == 1 && walk.numbers[0] == 1);
    CHECK_OK(hub_events_forget(store, 1));
    walk = (struct walk){0};
    CHECK_OK(hub_events(store, 0, NULL, 9, take_event, &walk));
    CHECK(walk.count == 1 && walk.numbers[0] == 3);
    CHECK_OK(hub_events_forget(store, 0));
    event.has_device = false;
    CHECK_OK(hub_event_put(store, &event));
    CHECK_OK(hub_events_last(store, &last));
    CHECK(event.number == 4 && last == 4);
    end();
}

static void small_settings_are_replaced(void)
{
    struct hub_store *store = begin();
    struct sec_bytes value;
    CHECK_STATUS(hub_meta_get(store, "key", &value), SEC_NOT_FOUND);
    CHECK_OK(hub_meta_put(store, "key", SEC_LIT("one")));
    CHECK_OK(hub_meta_put(store, "key", SEC_LIT("two")));
    CHECK_OK(hub_meta_get(store, "key", &value));
    CHECK_BYTES(value, SEC_LIT("two"));
    end();
}

/* --- transactions --------------------------------------------------------------------------------------------- */

static void a_work_is_undone_alone(void)
{
    struct hub_store *store = begin();
    struct sec_bytes value;
    CHECK_OK(hub_store_save(store));
    CHECK_OK(hub_meta_put(store, "kept", SEC_LIT("1")));
    CHECK_OK(hub_store_save_end(store, true));
    CHECK_OK(hub_store_save(store));
    CHECK_OK(hub_meta_put(store, "undone", SEC_LIT("1")));
    CHECK_OK(hub_store_save_end(store, false));
    CHECK_OK(hub_store_commit(store));
    CHECK_OK(hub_meta_get(store, "kept", &value));
    CHECK_STATUS(hub_meta_get(store, "undone", &value), SEC_NOT_FOUND);
    CHECK_OK(hub_store_begin(store));
    CHECK_OK(hub_meta_put(store, "rolled back", SEC_LIT("1")));
    hub_store_rollback(store);
    CHECK_STATUS(hub_meta_get(store, "rolled back", &value), SEC_NOT_FOUND);
    store_room_remove(&room);
}

static void a_reader_sees_what_is_committed(void)
{
    struct hub_store *store = begin(), *reader = NULL;
    struct sec_bytes value;
    CHECK_OK(hub_store_open(room.path, true, &reader));
    CHECK_OK(hub_meta_put(store, "key", SEC_LIT("1")));
    CHECK_STATUS(hub_meta_get(reader, "key", &value), SEC_NOT_FOUND);
    CHECK_OK(hub_store_commit(store));
    CHECK_OK(hub_meta_get(reader, "key", &value));
    CHECK(!sec_ok(hub_meta_put(reader, "key", SEC_LIT("2"))));
    hub_store_close(reader);
    store_room_remove(&room);
}

static sec_status look_within(void *ctx, const struct hub_device *device)
{
    struct walk inner = {0};
    struct walk *walk = ctx;
    struct hub_device got;
    CHECK_OK(hub_device_get(room.store, &device->id, &got));
    CHECK_OK(hub_devices(room.store, NULL, 9, count_device, &inner));
    CHECK_INT(inner.count, 3);
    walk->count++;
    return sec_st(SEC_OK);
}

static void a_list_may_ask_for_the_same_list_within(void)
{
    struct hub_store *store = begin();
    struct walk walk = {0};
    for (unsigned n = 1; n <= 3; n++)
        put_device(store, n);
    CHECK_OK(hub_devices(store, NULL, 9, look_within, &walk));
    CHECK_INT(walk.count, 3);
    end();
}

static const struct test tests[] = {
    TEST(a_device_comes_back_as_it_was_put),
    TEST(devices_are_listed_by_id_in_pages),
    TEST(certificates_belong_to_devices_and_are_revoked_together),
    TEST(a_newer_epoch_ends_the_certificates_of_those_before),
    TEST(a_maker_of_the_same_ca_is_replaced),
    TEST(statements_have_numbers_in_order_of_arrival),
    TEST(approvals_wait_before_what_they_are_about),
    TEST(a_delivery_is_answered_with_its_receipt),
    TEST(a_payload_is_named_to_the_devices_that_were_sent_it),
    TEST(an_entry_is_replaced_by_the_same_leaf_alone),
    TEST(entries_lie_in_runs_that_overlap_cut_and_open),
    TEST(an_ask_keeps_the_size_of_its_moment),
    TEST(people_of_an_older_roster_are_forgotten),
    TEST(tokens_end),
    TEST(event_numbers_are_never_given_again),
    TEST(small_settings_are_replaced),
    TEST(a_work_is_undone_alone),
    TEST(a_reader_sees_what_is_committed),
    TEST(a_list_may_ask_for_the_same_list_within),
};
TEST_MAIN(tests)
