/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

static void report_generations(const struct sec_keeper *k, struct sec_report *report)
{
    for (unsigned topic = 1; topic <= SEC_TOPICS_COUNT; topic++) {
        struct sec_report_generation *generation = &report->generations[report->generations_count++];
        generation->topic = topic;
        generation->generation = k->rooms.access.topics[topic - 1].head;
    }
}

static sec_status report_interfaces(const struct sec_keeper *k, struct sec_report *report)
{
    for (size_t i = 0; i < k->product.interfaces.count; i++) {
        struct sec_product_interface declared;
        SEC_TRY(sec_product_interface_at(&k->product, i, &declared));
        struct sec_report_interface *interface = &report->interfaces[report->interfaces_count++];
        interface->name = declared.name;
        interface->enabled = keeper_interface_on(k, declared.name);
    }
    return sec_st(SEC_OK);
}

static void report_subjects(const struct sec_keeper *k, struct sec_report *report)
{
    struct sec_access_subject subject;
    for (size_t n = 0; n < SEC_REPORT_SUBJECTS_MAX_COUNT && sec_access_subject_at(&k->rooms.access, n, &subject); n++) {
        struct sec_report_subject *told = &report->subjects[report->subjects_count++];
        told->name = subject.name;
        told->role = subject.source == SEC_SUBJECT_RECOVERY ? 0 : subject.role;
        told->has_key = subject.has_key;
        told->kid = subject.key.kid;
        told->uid = subject.uid;
    }
}

static void report_release(const struct sec_keeper *k, struct sec_report *report)
{
    const struct sec_update *update = &k->rooms.update;
    bool waiting = update->phase == SEC_UPDATE_WAITING;
    const struct sec_update_image *image = waiting ? &update->candidate : &update->installed;
    report->release.sequence = image->sequence;
    report->release.version = sec_update_version_bytes(&image->version);
    report->release.image = image->image;
    report->release.slot = sec_update_slot(update) == SEC_SLOT_A ? SEC_LIT("a") : SEC_LIT("b");
}

/** What the owner's silence and word have led to. */
static void report_owner(const struct sec_keeper *k, struct sec_report *report)
{
    const struct sec_access *access = &k->rooms.access;
    const uint64_t uptime_s = keeper_uptime_s(k);
    struct sec_site site;
    report->restricted = access->restricted;
    report->recovery.pending = access->recovering.pending;
    report->recovery.statement = access->recovering.statement;
    report->recovery.left_s = sec_access_recovery_left_s(access, uptime_s);
    if (sec_access_site(access, &site)) {
        report->site.address = site.address;
        report->site.ca = site.ca;
    }
    for (size_t i = 0; i < access->approvals_count; i++) {
        struct sec_report_approval *told = &report->approvals[report->approvals_count++];
        told->statement = access->approvals[i].statement;
        told->kid = access->approvals[i].kid;
    }
    if (!access->owned)
        return;
    report->lease.quiet_s = access->lease.quiet_s + uptime_s;
    report->lease.days = sec_access_lease_days(access);
    report->lease.beacon_time_s = access->lease.time_s;
    for (unsigned topic = 1; topic <= SEC_TOPICS_COUNT; topic++) {
        if (sec_access_behind(access, (enum sec_topic)topic))
            report->lease.behind[report->lease.behind_count++] = topic;
    }
}

static sec_status report_fill(struct sec_keeper *k, struct sec_report *report)
{
    const struct sec_hasher *hasher = &k->config.crypto->hasher;
    const struct sec_clock *clock = k->config.clock;
    struct sec_statement product;
    struct sec_bytes settings;
    report->device_id = k->config.device_id;
    report->time_s = keeper_time_lower(k);
    report->epoch = k->rooms.access.epoch;
    report->owned = k->rooms.access.owned;
    report->product_statement = sec_bytes(k->rooms.product.b, k->rooms.product.len);
    SEC_TRY(sec_statement_parse(report->product_statement, &product));
    SEC_TRY(sec_statement_digest(&product, product.msg.payload, hasher, &report->product));
    SEC_TRY(sec_configuration_digest(&k->rooms.configuration, &k->product, hasher, k->work.scratch, &report->configuration));
    struct sec_wr wr = sec_wr(k->work.json);
    sec_configuration_values_encode(&k->rooms.configuration, &k->product, &wr);
    SEC_TRY(sec_wr_end(&wr, &settings));
    report->settings = settings;
    report_generations(k, report);
    SEC_TRY(report_interfaces(k, report));
    report_subjects(k, report);
    report_release(k, report);
    report_owner(k, report);
    report->clock = clock->wall_trusted(clock->ctx) ? SEC_CLOCK_KEPT_POWER : SEC_CLOCK_UNTRUSTED;
    report->counter = k->config.counter ? k->config.counter->quality : SEC_COUNTER_NONE;
    report->head = sec_journal_head(&k->journal);
    report->idevid = k->config.idevid;
    report->confinement = k->config.confinement;
    return sec_st(SEC_OK);
}

sec_status sec_keeper_report(struct sec_keeper *keeper, struct sec_bytes nonce, struct sec_wr *wr)
{
    struct sec_report report = {0};
    struct sec_bytes body;
    if (keeper->tampered || keeper->dead)
        return sec_st(keeper->tampered ? SEC_TAMPERED : SEC_BROKEN);
    if (nonce.len < SEC_REPORT_NONCE_MIN_BYTES || nonce.len > SEC_REPORT_NONCE_MAX_BYTES)
        return sec_st(SEC_BAD_VALUE);
    SEC_TRY(keeper_head(keeper));
    report.nonce = nonce;
    SEC_TRY(report_fill(keeper, &report));
    struct sec_wr encoded = sec_wr(keeper->work.content);
    sec_report_encode(&report, &encoded);
    SEC_TRY(sec_wr_end(&encoded, &body));
    return sec_statement_sign(SEC_STATEMENT_REPORT, &keeper->config.keystore->identity, &keeper->config.crypto->hasher, body, wr);
}
