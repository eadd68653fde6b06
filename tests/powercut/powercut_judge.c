/* SPDX-License-Identifier: Apache-2.0 */
#include "powercut_judge.h"

#include "powercut_life.h"

static struct keeper_rooms masked;
static uint8_t encoded[2 * SEC_RECORD_MAX_BYTES];
static uint8_t value[SEC_RECORD_MAX_BYTES];
static uint8_t verify_work[SEC_JOURNAL_WORK_BYTES];

/** Takes out what two good histories of the same state may differ in. */
static void mask(struct keeper_rooms *rooms)
{
    for (size_t i = 0; i < rooms->access.decided_count; i++)
        rooms->access.decided[i].index = 0;
    /* A cut charges the hour that it may have cost. */
    rooms->access.lease.quiet_s = 0;
    rooms->access.recovering.elapsed_s = 0;
    rooms->configuration.index = 0;
    for (size_t i = 0; i < rooms->protection.secrets_count; i++)
        rooms->protection.secrets[i].index = 0;
    rooms->update.installed.index = 0;
    rooms->update.previous.index = 0;
    rooms->update.candidate.index = 0;
    rooms->update.last.index = 0;
    rooms->update.counts.attempted = 0;
    rooms->update.trial.attempts = 0;
}

static sec_status look_at_secret(struct fake_device *d, const struct sec_protection_secret *secret)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(value));
    struct sec_bytes name = sec_bytes(secret->name, secret->name_len);
    const struct sec_peer peer = {secret->uid, 77};
    SEC_TRY(sec_keeper_secret_get(&d->keeper, &peer, name, &wr));
    struct sec_bytes got = sec_wr_done(&wr);
    return sec_st(got.len == secret->length && life_secret_is(name, got) ? SEC_OK : SEC_INTERNAL);
}

static bool interfaces_agree(const struct fake_device *d)
{
    for (size_t i = 0; i < d->effects.interfaces_count; i++) {
        const struct fake_interface *interface = &d->effects.interfaces[i];
        struct sec_bytes name = sec_bytes(interface->name, interface->name_len);
        if (interface->enabled != sec_configuration_interface_enabled(&d->keeper.rooms.configuration, &d->keeper.product, name,
                                                                      d->keeper.rooms.access.restricted))
            return false;
    }
    return d->effects.interfaces_count == d->keeper.product.interfaces.count;
}

static bool site_agrees(const struct fake_device *d)
{
    struct sec_site site = {0};
    sec_access_site(&d->keeper.rooms.access, &site);
    return sec_bytes_equal(site.address, sec_bytes(d->effects.site, d->effects.site_len)) && sec_digest_equal(&site.ca, &d->effects.site_ca);
}

bool judge_effects_agree(struct fake_device *d)
{
    const struct sec_update *update = &d->keeper.rooms.update;
    const struct sec_update_image *image = update->phase == SEC_UPDATE_WAITING ? &update->candidate : &update->installed;
    struct sec_wr wr = sec_wr(SEC_ROOM(encoded));
    sec_configuration_json(&d->keeper.rooms.configuration, &d->keeper.product, &wr);
    return sec_digest_equal(&d->effects.slots[d->effects.active], &image->image) &&
           sec_bytes_equal(sec_wr_done(&wr), sec_bytes(d->effects.json, d->effects.json_len)) && interfaces_agree(d) &&
           site_agrees(d);
}

sec_status judge_look(struct fake_device *d, struct outlook *ret_outlook)
{
    struct sec_bytes bytes;
    struct sec_digest digest;
    masked = d->keeper.rooms;
    for (size_t i = 0; i < masked.protection.secrets_count; i++)
        SEC_TRY(look_at_secret(d, &masked.protection.secrets[i]));
    mask(&masked);
    struct sec_wr wr = sec_wr(SEC_ROOM(encoded));
    keeper_rooms_encode(&masked, &wr);
    SEC_TRY(sec_wr_end(&wr, &bytes));
    SEC_TRY(d->crypto_port.hasher.digest(d->crypto_port.hasher.ctx, &bytes, 1, &digest));
    ret_outlook->state = 0;
    for (size_t i = 0; i < 8; i++)
        ret_outlook->state = ret_outlook->state << 8 | digest.b[i];
    ret_outlook->effects = fake_effects_digest(&d->effects);
    return sec_st(SEC_OK);
}

bool judge_same(const struct outlook *a, const struct outlook *b)
{
    return a->state == b->state && a->effects == b->effects;
}

static sec_status count_event(void *ctx, const struct sec_journal_record *record)
{
    uint64_t *events = ctx;
    *events += record->header.record_class == SEC_RECORD_APPLICATION;
    return sec_st(SEC_OK);
}

sec_status judge_log(struct fake_device *d, struct judge_log *ret_log)
{
    struct sec_verify_result result;
    uint64_t events = 0;
    struct sec_journal_visitor visitor = {&events, count_event, NULL};
    struct sec_public_key key = fake_device_signer(d, FAKE_IDENTITY).key;
    SEC_TRY(sec_log_verify(&d->storage_port, &key, &d->crypto_port, NULL, SEC_ROOM(verify_work), &visitor, &result));
    ret_log->verdict = result.verdict;
    ret_log->why = result.why ? result.why : "";
    ret_log->events = events;
    ret_log->trimmed = result.trimmed;
    return sec_st(SEC_OK);
}

uint64_t judge_survivors(struct fake_device *d)
{
    return fake_mix(fake_storage_digest(&d->storage), fake_keystore_digest(&d->keystore));
}
