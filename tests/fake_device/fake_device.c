/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The harness' own calls cannot fail unless the harness is wrong. */
static void must(sec_status status, const char *what)
{
    if (!sec_ok(status)) {
        printf("fake device: %s: %s\n", what, sec_status_word(status));
        abort();
    }
}

struct sec_bytes fake_statement_bytes(const struct fake_statement *statement)
{
    return sec_bytes(statement->b, statement->len);
}

struct sec_signer fake_device_signer(struct fake_device *d, enum fake_person person)
{
    return d->signers[person];
}

void fake_make_statement(struct fake_device *d, enum fake_person signer, enum sec_statement_kind kind, struct sec_bytes body,
                         struct fake_statement *ret_statement)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(ret_statement->b));
    struct sec_signer key = fake_device_signer(d, signer);
    must(sec_statement_sign(kind, &key, &d->crypto_port.hasher, body, &wr), "sign");
    ret_statement->len = wr.len;
}

/* --- the product ------------------------------------------------------------------------------------------------ */

static struct sec_bytes text(const char *str)
{
    return sec_bytes_of_str(str);
}

static struct sec_product_setting integer_setting(const char *name, int64_t max, int64_t preset, const char *hook)
{
    struct sec_product_setting setting = {0};
    setting.name = text(name);
    setting.type = SEC_SETTING_INTEGER;
    setting.unit = text("1/min");
    setting.max = max;
    setting.preset = sec_value_integer(preset);
    setting.safe = sec_value_integer(0);
    setting.meaning = text("a number of the test");
    setting.hook = text(hook);
    return setting;
}

static void declare(const struct fake_device *d, struct sec_product_facts *facts)
{
    facts->restricted = d->restricted_after_days > 0;
    facts->restricted_meaning = facts->restricted ? text("nobody looks in from outside") : sec_bytes(NULL, 0);
    facts->restricted_after_days = d->restricted_after_days;
    facts->restricted_keep = facts->restricted ? SEC_LIT("\x66" "modbus") : sec_bytes(NULL, 0);
    facts->restricted_keep_count = facts->restricted ? 1 : 0;
    facts->presence = d->presence;
}

static void product_record(const struct fake_device *d, const char *version, struct sec_wr *wr)
{
    const enum sec_product_confirm confirm = d->confirm;
    struct sec_product_component components[1] = {{text("firmware"), text("all of it"), SEC_LIT("\x61" "a" "\x61" "b"), 2}};
    struct sec_product_setting settings[2] = {integer_setting("speed", 3000, 1000, "apply-speed"),
                                              integer_setting("pressure", 80, 20, "apply-pressure")};
    struct sec_product_interface interfaces[2] = {
        {text("web"), SEC_INTERFACE_NETWORK, text("status for people"), SEC_DIRECTION_IN, text("tcp"), 80, false, false},
        {text("modbus"), SEC_INTERFACE_NETWORK, text("control by the plant"), SEC_DIRECTION_IN, text("tcp"), 502, true, false}};
    struct sec_product_element elements[1] = {{text("history"), text("what was pumped"), false, text("flash"), text("erase-history")}};
    struct sec_product_draft draft = {0};
    draft.facts.name = text("pump");
    draft.facts.vendor_name = text("Example Pumps");
    draft.facts.vendor_domain = text("pumps.example");
    draft.facts.vendor_contact = text("mailto:security@pumps.example");
    draft.facts.model = text("P100");
    draft.facts.hardware = text("rev 2");
    draft.facts.version = text(version);
    draft.facts.vendor_id = (struct sec_uuid){{1}};
    draft.facts.class_id = (struct sec_uuid){{2}};
    draft.facts.update_confirm = confirm;
    draft.facts.update_confirm_within_s = confirm == SEC_CONFIRM_OPERATOR ? 600 : 0;
    draft.facts.update_health_hook = text("health");
    draft.facts.update_health_timeout_s = 5;
    draft.facts.update_policy = SEC_POLICY_MANUAL;
    declare(d, &draft.facts);
    draft.components = components;
    draft.components_count = 1;
    draft.settings = settings;
    draft.settings_count = 2;
    draft.interfaces = interfaces;
    draft.interfaces_count = 2;
    draft.elements = elements;
    draft.elements_count = 1;
    sec_product_encode(&draft, wr);
}

static void make_product(struct fake_device *d, enum fake_person signer, const char *version, struct fake_statement *ret_statement)
{
    uint8_t record[4096];
    struct sec_bytes bytes;
    struct sec_wr wr = sec_wr(SEC_ROOM(record));
    product_record(d, version, &wr);
    must(sec_wr_end(&wr, &bytes), "product record");
    fake_make_statement(d, signer, SEC_STATEMENT_PRODUCT, bytes, ret_statement);
}

/* --- the manufacturer --------------------------------------------------------------------------------------------- */

static void make_roots(struct fake_device *d)
{
    static const enum fake_person holders[SEC_ROOT_ROLES_COUNT] = {FAKE_ROOT, FAKE_RELEASE, FAKE_VOUCHER, FAKE_DEVICE_CA};
    uint8_t body[2048];
    struct sec_bytes bytes;
    struct sec_roots roots = {0};
    roots.version = 1;
    for (size_t i = 0; i < SEC_ROOT_ROLES_COUNT; i++) {
        roots.roles[i].keys.count = 1;
        roots.roles[i].keys.keys[0] = fake_device_signer(d, holders[i]).key;
        roots.roles[i].required = 1;
    }
    struct sec_wr wr = sec_wr(SEC_ROOM(body));
    sec_roots_encode(&roots, &wr);
    must(sec_wr_end(&wr, &bytes), "roots");
    fake_make_statement(d, FAKE_ROOT, SEC_STATEMENT_ROOTS, bytes, &d->roots);
}

struct sec_digest fake_image_digest(struct fake_device *d, uint8_t image)
{
    struct sec_digest digest;
    struct sec_bytes bytes = sec_bytes(&image, 1);
    must(d->crypto_port.hasher.digest(d->crypto_port.hasher.ctx, &bytes, 1, &digest), "hash");
    return digest;
}

void fake_make_release(struct fake_device *d, enum fake_person signer, uint64_t sequence, const char *version, uint8_t image,
                       struct fake_statement *ret_statement)
{
    static struct fake_statement product;
    struct sec_suit_release release = {0};
    make_product(d, signer, version, &product);
    release.sequence_number = sequence;
    release.vendor_id.b[0] = 1;
    release.class_id.b[0] = d->release_class;
    release.image_digest = fake_image_digest(d, image);
    release.image_size_bytes = 1;
    release.component = text("firmware");
    release.uri = text("firmware.squashfs");
    release.version = text(version);
    release.description = text("a release of the test");
    release.product_record = fake_statement_bytes(&product);
    struct sec_wr wr = sec_wr(SEC_ROOM(ret_statement->b));
    struct sec_signer key = fake_device_signer(d, signer);
    must(sec_suit_release_encode(&release, &key, &d->crypto_port.hasher, &wr), "release");
    ret_statement->len = wr.len;
}

void fake_make_voucher(struct fake_device *d, enum fake_person signer, uint64_t epoch, const struct sec_device_id *device,
                       struct fake_statement *ret_statement)
{
    uint8_t body[1024];
    struct sec_bytes bytes;
    struct sec_voucher voucher = {0};
    sec_copy(voucher.device_id.b, device->b, sizeof voucher.device_id.b);
    voucher.epoch = epoch;
    voucher.owners.count = 1;
    voucher.owners.keys[0] = fake_device_signer(d, FAKE_OWNER).key;
    voucher.required = 1;
    voucher.has_recovery = true;
    voucher.recovery = fake_device_signer(d, FAKE_RECOVERY).key;
    struct sec_wr wr = sec_wr(SEC_ROOM(body));
    sec_voucher_encode(&voucher, &wr);
    must(sec_wr_end(&wr, &bytes), "voucher");
    fake_make_statement(d, signer, SEC_STATEMENT_VOUCHER, bytes, ret_statement);
}

void fake_make_voucher_for_two(struct fake_device *d, uint64_t epoch, struct fake_statement *ret_statement)
{
    uint8_t body[1024];
    struct sec_bytes bytes;
    struct sec_voucher voucher = {0};
    sec_copy(voucher.device_id.b, d->id.b, sizeof voucher.device_id.b);
    voucher.epoch = epoch;
    voucher.owners.count = 2;
    voucher.owners.keys[0] = fake_device_signer(d, FAKE_OWNER).key;
    voucher.owners.keys[1] = fake_device_signer(d, FAKE_NEXT_OWNER).key;
    voucher.required = 2;
    struct sec_wr wr = sec_wr(SEC_ROOM(body));
    sec_voucher_encode(&voucher, &wr);
    must(sec_wr_end(&wr, &bytes), "voucher");
    fake_make_statement(d, FAKE_VOUCHER, SEC_STATEMENT_VOUCHER, bytes, ret_statement);
}

/* --- owner and people ------------------------------------------------------------------------------------------------ */

void fake_make_command(struct fake_device *d, const struct fake_command *wanted, struct fake_statement *ret_statement)
{
    static uint8_t body[SEC_STATEMENT_MAX_BYTES], audience[64];
    static const uint8_t no_args[] = {0xa0};
    const struct sec_action_row *row = sec_action_row(wanted->action);
    const struct sec_device_id *device = wanted->other_device ? wanted->other_device : &d->id;
    struct sec_bytes id = sec_device_id_bytes(device), bytes;
    struct sec_command command = {0};
    struct sec_wr ids = sec_wr(SEC_ROOM(audience));
    sec_audience_encode_ids(&id, 1, &ids);
    must(sec_audience_parse(wanted->audience.len ? wanted->audience : sec_wr_done(&ids), &command.audience), "audience");
    command.topic = row->topic;
    command.epoch = wanted->epoch ? wanted->epoch : d->keeper.rooms.access.epoch;
    command.generation = wanted->generation ? wanted->generation : d->keeper.rooms.access.topics[row->topic - 1].head + 1;
    command.action = wanted->action;
    command.args = wanted->args.len ? wanted->args : SEC_BYTES(no_args);
    if (wanted->confirm_within_s) {
        command.members |= SEC_WITH_CONFIRM;
        command.confirm_within_s = wanted->confirm_within_s;
    }
    if (wanted->base) {
        command.members |= SEC_WITH_BASE;
        command.base = *wanted->base;
    }
    if (wanted->expiry_s) {
        command.members |= SEC_WITH_EXPIRY;
        command.expiry_s = wanted->expiry_s;
    }
    struct sec_wr wr = sec_wr(SEC_ROOM(body));
    sec_command_encode(&command, &wr);
    must(sec_wr_end(&wr, &bytes), "command");
    fake_make_statement(d, wanted->signer, SEC_STATEMENT_COMMAND, bytes, ret_statement);
}

struct sec_bytes fake_recovery_args(struct fake_device *d, enum fake_person owner, struct sec_room room)
{
    struct sec_recovery recovery = {0};
    struct sec_wr wr = sec_wr(room);
    recovery.owners.count = 1;
    recovery.owners.keys[0] = fake_device_signer(d, owner).key;
    sec_recovery_encode(&recovery, &wr);
    return sec_wr_done(&wr);
}

struct sec_bytes fake_transfer_args(struct fake_device *d, enum fake_person owner, struct sec_room room)
{
    struct sec_transfer transfer = {0};
    struct sec_wr wr = sec_wr(room);
    transfer.owners.count = 1;
    transfer.owners.keys[0] = fake_device_signer(d, owner).key;
    transfer.required = 1;
    transfer.has_recovery = true;
    transfer.recovery = fake_device_signer(d, FAKE_RECOVERY).key;
    sec_transfer_encode(&transfer, &wr);
    return sec_wr_done(&wr);
}

struct sec_bytes fake_site_args(const char *address, struct sec_room room)
{
    struct sec_site site = {text(address), {{7}}};
    struct sec_wr wr = sec_wr(room);
    sec_site_encode(&site, &wr);
    return sec_wr_done(&wr);
}

struct sec_bytes fake_beacon_args(int64_t time_s, const struct sec_key_id *revoked, struct sec_room room)
{
    struct sec_beacon beacon = {.heads = {[SEC_TOPIC_ACCESS - 1] = 1}, .time_s = time_s};
    struct sec_wr wr = sec_wr(room);
    if (revoked)
        beacon.revoked[beacon.revoked_count++] = *revoked;
    sec_beacon_encode(&beacon, &wr);
    return sec_wr_done(&wr);
}

struct sec_key_id fake_key_id(struct fake_device *d, enum fake_person person)
{
    struct sec_key_id kid;
    must(sec_key_id_of(&d->signers[person].key, &d->crypto_port.hasher, &kid), "key id");
    return kid;
}

void fake_make_approval(struct fake_device *d, enum fake_person signer, const struct sec_digest *statement, uint64_t epoch,
                        struct fake_statement *ret_statement)
{
    uint8_t body[64];
    struct sec_approval approval = {*statement, epoch};
    struct sec_wr wr = sec_wr(SEC_ROOM(body));
    sec_approval_encode(&approval, &wr);
    fake_make_statement(d, signer, SEC_STATEMENT_APPROVAL, sec_wr_done(&wr), ret_statement);
}

struct sec_bytes fake_setting_args(const char *key, int64_t value, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, text(key));
    sec_cbor_put_int(&wr, value);
    return sec_wr_done(&wr);
}

struct sec_bytes fake_setting_text_args(const char *key, const char *value, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, text(key));
    sec_cbor_put_tstr(&wr, text(value));
    return sec_wr_done(&wr);
}

struct sec_bytes fake_digest_args(const struct sec_digest *digest, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_args_digest_encode(digest, &wr);
    return sec_wr_done(&wr);
}

struct sec_digest fake_statement_digest(struct fake_device *d, struct sec_bytes bytes)
{
    struct sec_digest digest;
    if (bytes.len > 2 && bytes.data[0] == 0xd8) {
        struct sec_suit_release_envelope envelope;
        must(sec_suit_release_open(bytes, &envelope), "release");
        must(sec_statement_digest(&envelope.statement, envelope.authentication.signed_bytes, &d->crypto_port.hasher, &digest), "digest");
        return digest;
    }
    struct sec_statement statement;
    must(sec_statement_parse(bytes, &statement), "statement");
    must(sec_statement_digest(&statement, statement.msg.payload, &d->crypto_port.hasher, &digest), "digest");
    return digest;
}

struct sec_digest fake_device_state_root(struct fake_device *d)
{
    struct sec_digest root;
    static uint8_t scratch[SEC_RECORD_MAX_BYTES];
    must(keeper_rooms_root(&d->keeper.rooms, &d->crypto_port.hasher, SEC_ROOM(scratch), &root), "state root");
    return root;
}

/* --- running ------------------------------------------------------------------------------------------------------------ */

static void init_storage(struct fake_device *d, enum fake_storage_mode mode, size_t segment_bytes)
{
    struct fake_storage_memory memory = FAKE_STORAGE_MEMORY_OF(d->memory);
    d->segment_bytes = segment_bytes;
    must(fake_storage_init(&d->storage, &d->power, &memory, mode, FAKE_DEVICE_BLOCK_BYTES, segment_bytes), "storage");
}

void fake_device_use_segments(struct fake_device *d, size_t segment_bytes)
{
    init_storage(d, d->storage.mode, segment_bytes);
}

/** Ports and papers of a device whose cryptography and signers are set. */
static void init_device(struct fake_device *d, uint64_t seed, enum fake_storage_mode mode)
{
    d->confirm = SEC_CONFIRM_AUTOMATIC;
    d->release_class = 2;
    fake_power_init(&d->power, seed);
    init_storage(d, mode, FAKE_DEVICE_SEGMENT_BYTES);
    struct sec_signer identity = d->signers[FAKE_IDENTITY];
    must(sec_device_id_of_key(&identity.key, &d->crypto_port.hasher, &d->id), "device id");
    fake_keystore_init(&d->keystore, &d->power, &d->crypto_port, identity);
    fake_clock_init(&d->clock);
    struct sec_digest image = fake_image_digest(d, 0);
    fake_effects_init(&d->effects, &d->power, &image);
    d->storage_port = fake_storage_port(&d->storage);
    d->keystore_port = fake_keystore_port(&d->keystore);
    d->clock_port = fake_clock_port(&d->clock);
    d->effects_port = fake_effects_port(&d->effects);
    make_roots(d);
    make_product(d, FAKE_RELEASE, "1.0", &d->product);
    fake_make_release(d, FAKE_RELEASE, 1, "1.0", 0, &d->release);
}

void fake_device_declare(struct fake_device *d, uint32_t restricted_after_days, enum sec_product_presence presence)
{
    d->restricted_after_days = restricted_after_days;
    d->presence = presence;
    make_product(d, FAKE_RELEASE, "1.0", &d->product);
    fake_make_release(d, FAKE_RELEASE, 1, "1.0", 0, &d->release);
}

void fake_device_init(struct fake_device *d, uint64_t seed, enum fake_storage_mode mode, struct fake_pair_log *pairs)
{
    memset(d, 0, sizeof *d);
    fake_crypto_init(&d->crypto, seed);
    d->crypto.pairs = pairs;
    d->crypto_port = fake_crypto_port(&d->crypto);
    for (uint64_t i = 0; i < FAKE_PEOPLE_COUNT; i++) {
        fake_key_init(&d->people[i], SEC_KEY_P256, seed * 100 + i);
        d->signers[i] = fake_key_signer(&d->people[i]);
    }
    init_device(d, seed, mode);
}

void fake_device_init_crypto(struct fake_device *d, uint64_t seed, enum fake_storage_mode mode, const struct sec_crypto *crypto,
                             const struct sec_signer signers[FAKE_PEOPLE_COUNT])
{
    memset(d, 0, sizeof *d);
    d->crypto_port = *crypto;
    for (size_t i = 0; i < FAKE_PEOPLE_COUNT; i++)
        d->signers[i] = signers[i];
    init_device(d, seed, mode);
}

/* Surroundings may give back the memory of what the keeper calls spare: here it comes back as rubbish, where each record room begins. */
static void spoil_spare_rooms(struct fake_device *d)
{
    struct sec_room rooms[SEC_KEEPER_SPARE_COUNT];
    sec_keeper_spare(&d->keeper, rooms);
    for (size_t i = 0; i < SEC_KEEPER_SPARE_COUNT; i++) {
        for (size_t at = 0; at < rooms[i].len; at += SEC_RECORD_MAX_BYTES)
            memset(&rooms[i].data[at], 0xa5, rooms[i].len - at < 4096 ? rooms[i].len - at : 4096);
    }
}

sec_status fake_device_start(struct fake_device *d)
{
    struct sec_keeper_config config = {0};
    config.storage = &d->storage_port;
    config.keystore = &d->keystore_port;
    config.crypto = &d->crypto_port;
    config.clock = &d->clock_port;
    config.effects = &d->effects_port;
    config.device_id = d->id;
    config.idevid = SEC_LIT("certificate of the test");
    config.roots = fake_statement_bytes(&d->roots);
    config.product = fake_statement_bytes(&d->product);
    config.release = fake_statement_bytes(&d->release);
    config.segment_bytes = d->segment_bytes;
    config.build_time_s = 1760000000;
    config.confinement = SEC_LIT("none: a test");
    config.presence = d->present;
    config.former_run_s = d->former_run_s;
    fake_crypto_raise_boot(&d->crypto);
    sec_status status = sec_keeper_start(&d->keeper, &config, SEC_ROOM(d->work));
    spoil_spare_rooms(d);
    return status;
}

void fake_device_power_on(struct fake_device *d)
{
    fake_storage_power_on(&d->storage);
}

sec_status fake_device_submit(struct fake_device *d, struct sec_bytes statement)
{
    d->receipt_len = 0;
    spoil_spare_rooms(d);
    sec_status status = sec_keeper_submit(&d->keeper, statement, sec_bytes(NULL, 0), SEC_ROOM(d->receipt), &d->receipt_len, &d->verdict);
    spoil_spare_rooms(d);
    return status;
}

static void add_person(struct fake_device *d, struct sec_roster *roster, const char *name, enum sec_role role, enum fake_person person)
{
    struct sec_subject *subject = &roster->subjects[roster->subjects_count++];
    subject->name = text(name);
    subject->role = role;
    subject->has_key = true;
    subject->key = fake_device_signer(d, person).key;
}

struct sec_bytes fake_roster_args(struct fake_device *d, bool with_revoked, struct sec_room room)
{
    const struct fake_roster wanted = {.with_revoked = with_revoked};
    return fake_wide_roster_args(d, &wanted, room);
}

struct sec_bytes fake_wide_roster_args(struct fake_device *d, const struct fake_roster *wanted, struct sec_room room)
{
    static struct sec_roster roster;
    static uint8_t thresholds[256];
    memset(&roster, 0, sizeof roster);
    add_person(d, &roster, "ada", SEC_ROLE_ADMINISTRATOR, FAKE_ADMINISTRATOR);
    add_person(d, &roster, "otto", SEC_ROLE_OPERATOR, FAKE_OPERATOR);
    add_person(d, &roster, "aud", SEC_ROLE_AUDITOR, FAKE_AUDITOR);
    if (wanted->with_second)
        add_person(d, &roster, "bea", SEC_ROLE_ADMINISTRATOR, FAKE_SECOND_ADMINISTRATOR);
    if (wanted->with_revoked)
        add_person(d, &roster, "rex", SEC_ROLE_OPERATOR, FAKE_REVOKED);
    struct sec_subject *application = &roster.subjects[roster.subjects_count++];
    application->name = text("pump-app");
    application->role = SEC_ROLE_APPLICATION;
    application->uid = FAKE_APPLICATION_UID;
    for (unsigned right = SEC_RIGHT_EVENT; right <= SEC_RIGHT_NOTIFY; right++)
        application->rights |= 1u << right;
    struct sec_subject *other = &roster.subjects[roster.subjects_count++];
    other->name = text("other-app");
    other->role = SEC_ROLE_APPLICATION;
    other->uid = FAKE_OTHER_UID;
    other->rights = 1u << SEC_RIGHT_SECRET;
    struct sec_wr bounds = sec_wr(SEC_ROOM(thresholds));
    if (wanted->thresholds_count)
        sec_thresholds_encode(wanted->thresholds, wanted->thresholds_count, &bounds);
    roster.thresholds = sec_wr_done(&bounds);
    roster.has_lease = wanted->lease_days > 0;
    roster.lease_days = wanted->lease_days;
    struct sec_wr wr = sec_wr(room);
    sec_roster_encode(&roster, &wr);
    return sec_wr_done(&wr);
}
