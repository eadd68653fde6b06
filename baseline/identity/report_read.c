/* SPDX-License-Identifier: Apache-2.0 */
/* The lists and inner maps within a report. */
#include "report.h"

static struct sec_bytes read_name(struct sec_cbor *rd)
{
    struct sec_bytes name = sec_cbor_tstr(rd);
    if (name.len == 0 || name.len > SEC_NAME_MAX_BYTES)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return name;
}

/* A count that a table of `max` places holds; 0 after failing the reader otherwise. */
static size_t bounded(struct sec_cbor *rd, size_t count, size_t max)
{
    if (count <= max)
        return count;
    sec_cbor_fail(rd, SEC_TOO_LARGE);
    return 0;
}

void sec_report_generations_read(struct sec_cbor *rd, struct sec_report *report)
{
    size_t count = bounded(rd, sec_cbor_map(rd), SEC_REPORT_GENERATIONS_MAX_COUNT);
    for (size_t i = 0; i < count; i++) {
        report->generations[i].topic = sec_cbor_uint(rd);
        report->generations[i].generation = sec_cbor_uint(rd);
    }
    report->generations_count = count;
}

void sec_report_interfaces_read(struct sec_cbor *rd, struct sec_report *report)
{
    size_t count = bounded(rd, sec_cbor_map(rd), SEC_REPORT_INTERFACES_MAX_COUNT);
    for (size_t i = 0; i < count; i++) {
        report->interfaces[i].name = read_name(rd);
        report->interfaces[i].enabled = sec_cbor_bool(rd);
    }
    report->interfaces_count = count;
}

void sec_report_qualities_read(struct sec_cbor *rd, struct sec_report *report)
{
    sec_cbor_array_of(rd, 2);
    uint64_t clock = sec_cbor_uint(rd);
    uint64_t counter = sec_cbor_uint(rd);
    if (clock > SEC_CLOCK_AUTHENTICATED || counter > SEC_COUNTER_HARDWARE) {
        sec_cbor_fail(rd, SEC_BAD_VALUE);
        return;
    }
    report->clock = (enum sec_clock_quality)clock;
    report->counter = (enum sec_counter_quality)counter;
}

void sec_report_release_read(struct sec_cbor *rd, struct sec_report_release *release)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    size_t members_count = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        members_count++;
        switch (key) {
        case 1:
            release->sequence = sec_cbor_uint(rd);
            break;
        case 2:
            release->version = sec_cbor_tstr(rd);
            break;
        case 3:
            sec_cbor_bstr_into(rd, SEC_ROOM(release->image.b));
            break;
        case 4:
            release->slot = sec_cbor_tstr(rd);
            break;
        default:
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        }
    }
    if (members_count != 4)
        sec_cbor_fail(rd, SEC_MISSING_FIELD);
}

static void read_value(struct sec_cbor *rd)
{
    switch (sec_cbor_peek(rd)) {
    case SEC_CBOR_UINT:
    case SEC_CBOR_NINT:
        (void)sec_cbor_int(rd);
        break;
    case SEC_CBOR_TSTR:
        (void)sec_cbor_tstr(rd);
        break;
    default:
        (void)sec_cbor_bool(rd);
    }
}

struct sec_bytes sec_report_settings_read(struct sec_cbor *rd)
{
    struct sec_bytes item = sec_cbor_item(rd);
    struct sec_cbor in = sec_cbor(item);
    size_t count = bounded(&in, sec_cbor_map(&in), SEC_SETTINGS_MAX_COUNT);
    for (size_t i = 0; i < count; i++) {
        (void)sec_cbor_tstr(&in);
        read_value(&in);
    }
    if (!sec_ok(sec_cbor_end(&in)))
        sec_cbor_fail(rd, (enum sec_status_code)sec_cbor_end(&in).code);
    return item;
}

static void read_subject(struct sec_cbor *rd, struct sec_report_subject *subject)
{
    sec_cbor_array_of(rd, 3);
    subject->name = read_name(rd);
    subject->role = sec_cbor_uint(rd);
    subject->has_key = sec_cbor_peek(rd) == SEC_CBOR_BSTR;
    if (subject->has_key) {
        sec_cbor_bstr_into(rd, SEC_ROOM(subject->kid.b));
        return;
    }
    uint64_t uid = sec_cbor_uint(rd);
    if (uid > UINT32_MAX)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    subject->uid = (uint32_t)uid;
}

void sec_report_subjects_read(struct sec_cbor *rd, struct sec_report *report)
{
    size_t count = bounded(rd, sec_cbor_array(rd), SEC_REPORT_SUBJECTS_MAX_COUNT);
    for (size_t i = 0; i < count; i++)
        read_subject(rd, &report->subjects[i]);
    report->subjects_count = count;
}

/* --- how things stand between owner and device ------------------------------------------------------- */

static void read_behind(struct sec_cbor *rd, struct sec_report_lease *lease)
{
    size_t count = bounded(rd, sec_cbor_array(rd), SEC_REPORT_GENERATIONS_MAX_COUNT);
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        lease->behind[i] = sec_cbor_uint(rd);
        if (lease->behind[i] <= last)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        last = lease->behind[i];
    }
    lease->behind_count = count;
}

void sec_report_lease_read(struct sec_cbor *rd, struct sec_report_lease *lease)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    size_t members_count = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        members_count++;
        switch (key) {
        case 1:
            lease->quiet_s = sec_cbor_uint(rd);
            break;
        case 2:
            lease->days = sec_cbor_uint(rd);
            break;
        case 3:
            lease->beacon_time_s = sec_cbor_int(rd);
            break;
        case 4:
            read_behind(rd, lease);
            break;
        default:
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        }
    }
    if (members_count != 4)
        sec_cbor_fail(rd, SEC_MISSING_FIELD);
}

static bool absent(struct sec_cbor *rd)
{
    if (!sec_cbor_is_null(rd))
        return false;
    sec_cbor_null(rd);
    return true;
}

void sec_report_recovery_read(struct sec_cbor *rd, struct sec_report_recovery *recovery)
{
    if (absent(rd))
        return;
    sec_cbor_array_of(rd, 2);
    sec_cbor_bstr_into(rd, SEC_ROOM(recovery->statement.b));
    recovery->left_s = sec_cbor_uint(rd);
    recovery->pending = true;
}

void sec_report_site_read(struct sec_cbor *rd, struct sec_report_site *site)
{
    if (absent(rd))
        return;
    sec_cbor_array_of(rd, 2);
    site->address = sec_cbor_tstr(rd);
    sec_cbor_bstr_into(rd, SEC_ROOM(site->ca.b));
    if (site->address.len == 0 || site->address.len > SEC_SETTING_TEXT_MAX_BYTES)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

void sec_report_approvals_read(struct sec_cbor *rd, struct sec_report *report)
{
    size_t count = bounded(rd, sec_cbor_array(rd), SEC_APPROVALS_MAX_COUNT);
    for (size_t i = 0; i < count; i++) {
        sec_cbor_array_of(rd, 2);
        sec_cbor_bstr_into(rd, SEC_ROOM(report->approvals[i].statement.b));
        sec_cbor_bstr_into(rd, SEC_ROOM(report->approvals[i].kid.b));
    }
    report->approvals_count = count;
}
