/* SPDX-License-Identifier: Apache-2.0 */
/* The report's body, both directions: an EAT (RFC 9711) whose private claim holds what is Securable's own. */
#include "report.h"

/* Claim keys of CWT (RFC 8392) and EAT (RFC 9711, 10.1). */
enum {
    CLAIM_IAT = 6,
    CLAIM_NONCE = 10,
    CLAIM_UEID = 256,
    CLAIM_PROFILE = 265,
    CLAIM_SECURABLE = -65537,
};
enum { MEMBERS_COUNT = 19 };

static const char *const clock_words[] = {"untrusted", "owner-time", "kept-power", "authenticated"};
static const char *const counter_words[] = {"none", "hardware"};

const char *sec_clock_quality_word(uint64_t quality)
{
    return quality < sizeof clock_words / sizeof clock_words[0] ? clock_words[quality] : "unknown";
}

const char *sec_counter_quality_word(uint64_t quality)
{
    return quality < sizeof counter_words / sizeof counter_words[0] ? counter_words[quality] : "unknown";
}

/* --- encode ---------------------------------------------------------------------------------------- */

static void put_generations(const struct sec_report *report, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, report->generations_count);
    for (size_t i = 0; i < report->generations_count; i++) {
        sec_cbor_put_uint(wr, report->generations[i].topic);
        sec_cbor_put_uint(wr, report->generations[i].generation);
    }
}

/* The interface whose name comes next behind `last` (null: the first of all); null at the end. */
static const struct sec_report_interface *interface_behind(const struct sec_report *report,
                                                           const struct sec_report_interface *last)
{
    const struct sec_report_interface *next = NULL;
    for (size_t i = 0; i < report->interfaces_count; i++) {
        const struct sec_report_interface *one = &report->interfaces[i];
        bool behind = !last || sec_bytes_order(one->name, last->name) > 0;
        if (behind && (!next || sec_bytes_order(one->name, next->name) < 0))
            next = one;
    }
    return next;
}

static void put_interfaces(const struct sec_report *report, struct sec_wr *wr)
{
    size_t written_count = 0;
    sec_cbor_put_map(wr, report->interfaces_count);
    const struct sec_report_interface *one = NULL;
    while ((one = interface_behind(report, one)) != NULL) {
        sec_cbor_put_tstr(wr, one->name);
        sec_cbor_put_bool(wr, one->enabled);
        written_count++;
    }
    if (written_count != report->interfaces_count)
        wr->bad = true; /* a name was given twice */
}

static void put_subjects(const struct sec_report *report, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, report->subjects_count);
    for (size_t i = 0; i < report->subjects_count; i++) {
        const struct sec_report_subject *subject = &report->subjects[i];
        sec_cbor_put_array(wr, 3);
        sec_cbor_put_tstr(wr, subject->name);
        sec_cbor_put_uint(wr, subject->role);
        if (subject->has_key)
            sec_cbor_put_bstr(wr, SEC_BYTES(subject->kid.b));
        else
            sec_cbor_put_uint(wr, subject->uid);
    }
}

static void put_release(const struct sec_report_release *release, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 4);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, release->sequence);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_tstr(wr, release->version);
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&release->image));
    sec_cbor_put_uint(wr, 4);
    sec_cbor_put_tstr(wr, release->slot);
}

static void put_state(const struct sec_report *report, struct sec_wr *wr)
{
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, report->epoch);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_bool(wr, report->owned);
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&report->product));
    sec_cbor_put_uint(wr, 4);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&report->configuration));
    sec_cbor_put_uint(wr, 5);
    put_generations(report, wr);
    sec_cbor_put_uint(wr, 6);
    put_interfaces(report, wr);
    sec_cbor_put_uint(wr, 7);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_uint(wr, (uint64_t)report->clock);
    sec_cbor_put_uint(wr, (uint64_t)report->counter);
}

static void put_evidence(const struct sec_report *report, struct sec_wr *wr)
{
    sec_cbor_put_uint(wr, 8);
    sec_cbor_put_bstr(wr, report->head);
    sec_cbor_put_uint(wr, 9);
    put_release(&report->release, wr);
    sec_cbor_put_uint(wr, 10);
    sec_cbor_put_bstr(wr, report->idevid);
    sec_cbor_put_uint(wr, 11);
    sec_cbor_put_bstr(wr, report->product_statement);
    sec_cbor_put_uint(wr, 12);
    if (report->settings.len == 0)
        sec_cbor_put_map(wr, 0);
    else
        sec_wr_bytes(wr, report->settings);
    sec_cbor_put_uint(wr, 13);
    put_subjects(report, wr);
    sec_cbor_put_uint(wr, 14);
    sec_cbor_put_tstr(wr, report->confinement);
}

static void put_lease(const struct sec_report_lease *lease, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 4);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, lease->quiet_s);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, lease->days);
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_int(wr, lease->beacon_time_s);
    sec_cbor_put_uint(wr, 4);
    sec_cbor_put_array(wr, lease->behind_count);
    for (size_t i = 0; i < lease->behind_count; i++)
        sec_cbor_put_uint(wr, lease->behind[i]);
}

static void put_approvals(const struct sec_report *report, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, report->approvals_count);
    for (size_t i = 0; i < report->approvals_count; i++) {
        sec_cbor_put_array(wr, 2);
        sec_cbor_put_bstr(wr, sec_digest_bytes(&report->approvals[i].statement));
        sec_cbor_put_bstr(wr, SEC_BYTES(report->approvals[i].kid.b));
    }
}

static void put_recovery(const struct sec_report_recovery *recovery, struct sec_wr *wr)
{
    if (!recovery->pending) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&recovery->statement));
    sec_cbor_put_uint(wr, recovery->left_s);
}

static void put_site(const struct sec_report_site *site, struct sec_wr *wr)
{
    if (site->address.len == 0) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_tstr(wr, site->address);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&site->ca));
}

static void put_standing(const struct sec_report *report, struct sec_wr *wr)
{
    sec_cbor_put_uint(wr, 15);
    put_lease(&report->lease, wr);
    sec_cbor_put_uint(wr, 16);
    sec_cbor_put_bool(wr, report->restricted);
    sec_cbor_put_uint(wr, 17);
    put_recovery(&report->recovery, wr);
    sec_cbor_put_uint(wr, 18);
    put_site(&report->site, wr);
    sec_cbor_put_uint(wr, 19);
    put_approvals(report, wr);
}

void sec_report_encode(const struct sec_report *report, struct sec_wr *wr)
{
    if (report->generations_count > SEC_REPORT_GENERATIONS_MAX_COUNT ||
        report->interfaces_count > SEC_REPORT_INTERFACES_MAX_COUNT ||
        report->subjects_count > SEC_REPORT_SUBJECTS_MAX_COUNT ||
        report->lease.behind_count > SEC_REPORT_GENERATIONS_MAX_COUNT ||
        report->approvals_count > SEC_APPROVALS_MAX_COUNT) {
        wr->bad = true;
        return;
    }
    struct sec_ueid ueid;
    sec_ueid_of(&report->device_id, &ueid);
    sec_cbor_put_map(wr, 5);
    sec_cbor_put_int(wr, CLAIM_IAT);
    sec_cbor_put_int(wr, report->time_s);
    sec_cbor_put_int(wr, CLAIM_NONCE);
    sec_cbor_put_bstr(wr, report->nonce);
    sec_cbor_put_int(wr, CLAIM_UEID);
    sec_cbor_put_bstr(wr, SEC_BYTES(ueid.b));
    sec_cbor_put_int(wr, CLAIM_PROFILE);
    sec_cbor_put_tstr(wr, SEC_LIT(SEC_REPORT_PROFILE));
    sec_cbor_put_int(wr, CLAIM_SECURABLE);
    sec_cbor_put_map(wr, MEMBERS_COUNT);
    put_state(report, wr);
    put_evidence(report, wr);
    put_standing(report, wr);
}

/* --- parse ----------------------------------------------------------------------------------------- */

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_report *report)
{
    switch (key) {
    case 1:
        report->epoch = sec_cbor_uint(rd);
        break;
    case 2:
        report->owned = sec_cbor_bool(rd);
        break;
    case 3:
        sec_cbor_bstr_into(rd, SEC_ROOM(report->product.b));
        break;
    case 4:
        sec_cbor_bstr_into(rd, SEC_ROOM(report->configuration.b));
        break;
    case 5:
        sec_report_generations_read(rd, report);
        break;
    case 6:
        sec_report_interfaces_read(rd, report);
        break;
    case 7:
        sec_report_qualities_read(rd, report);
        break;
    case 8:
        report->head = sec_cbor_bstr(rd);
        break;
    case 9:
        sec_report_release_read(rd, &report->release);
        break;
    case 10:
        report->idevid = sec_cbor_bstr(rd);
        break;
    case 11:
        report->product_statement = sec_cbor_bstr(rd);
        break;
    case 12:
        report->settings = sec_report_settings_read(rd);
        break;
    case 13:
        sec_report_subjects_read(rd, report);
        break;
    case 14:
        report->confinement = sec_cbor_tstr(rd);
        break;
    case 15:
        sec_report_lease_read(rd, &report->lease);
        break;
    case 16:
        report->restricted = sec_cbor_bool(rd);
        break;
    case 17:
        sec_report_recovery_read(rd, &report->recovery);
        break;
    case 18:
        sec_report_site_read(rd, &report->site);
        break;
    case 19:
        sec_report_approvals_read(rd, report);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

static void read_members(struct sec_cbor *rd, struct sec_report *report)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    size_t members_count = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(rd, key, report);
        members_count++;
    }
    /* Keys are distinct and known, so their number tells whether all are there. */
    if (members_count != MEMBERS_COUNT)
        sec_cbor_fail(rd, SEC_MISSING_FIELD);
}

static void read_ueid(struct sec_cbor *rd, struct sec_report *report)
{
    sec_status status = sec_ueid_parse(sec_cbor_bstr(rd), &report->device_id);
    if (!sec_ok(status))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_claim(struct sec_cbor *rd, int64_t key, struct sec_report *report)
{
    switch (key) {
    case CLAIM_IAT:
        report->time_s = sec_cbor_int(rd);
        break;
    case CLAIM_NONCE:
        report->nonce = sec_cbor_bstr(rd);
        if (report->nonce.len < SEC_REPORT_NONCE_MIN_BYTES || report->nonce.len > SEC_REPORT_NONCE_MAX_BYTES)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        break;
    case CLAIM_UEID:
        read_ueid(rd, report);
        break;
    case CLAIM_PROFILE:
        if (!sec_bytes_equal(sec_cbor_tstr(rd), SEC_LIT(SEC_REPORT_PROFILE)))
            sec_cbor_fail(rd, SEC_UNKNOWN_FORMAT);
        break;
    case CLAIM_SECURABLE:
        read_members(rd, report);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_report_parse(struct sec_bytes body, struct sec_report *ret_report)
{
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct sec_report report;
    sec_zero(&report, sizeof report);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    size_t claims_count = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_claim(&rd, key, &report);
        claims_count++;
    }
    SEC_TRY(sec_cbor_end(&rd));
    if (claims_count != 5)
        return sec_st(SEC_MISSING_FIELD);
    *ret_report = report;
    return sec_st(SEC_OK);
}
