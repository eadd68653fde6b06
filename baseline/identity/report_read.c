/* SPDX-License-Identifier: Apache-2.0 */
/* The lists within a report. */
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
