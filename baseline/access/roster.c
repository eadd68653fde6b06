/* SPDX-License-Identifier: Apache-2.0 */
/* Roster, both directions, and its rules. */
#include "form.h"

/* --- encode ---------------------------------------------------------------------------------------- */

static void put_rights(unsigned rights, struct sec_wr *wr)
{
    size_t count = 0;
    for (unsigned right = SEC_RIGHT_EVENT; right <= SEC_RIGHT_NOTIFY; right++)
        count += (rights >> right) & 1u;
    sec_cbor_put_array(wr, count);
    for (unsigned right = SEC_RIGHT_EVENT; right <= SEC_RIGHT_NOTIFY; right++)
        if ((rights >> right) & 1u)
            sec_cbor_put_uint(wr, right);
}

static void put_subject(const struct sec_subject *subject, struct sec_wr *wr)
{
    size_t members_count = 3u + (subject->scope.len != 0) + (subject->rights != 0) + subject->has_end;
    sec_cbor_put_map(wr, members_count);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_tstr(wr, subject->name);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, (uint64_t)subject->role);
    if (subject->has_key) {
        sec_cbor_put_uint(wr, 3);
        sec_key_encode(&subject->key, wr);
    } else {
        sec_cbor_put_uint(wr, 4);
        sec_cbor_put_uint(wr, subject->uid);
    }
    if (subject->scope.len != 0) {
        sec_cbor_put_uint(wr, 5);
        sec_wr_bytes(wr, subject->scope);
    }
    if (subject->rights != 0) {
        sec_cbor_put_uint(wr, 6);
        put_rights(subject->rights, wr);
    }
    if (subject->has_end) {
        sec_cbor_put_uint(wr, 7);
        sec_cbor_put_int(wr, subject->ends_at_s);
    }
}

static void put_options(const struct sec_roster *roster, struct sec_wr *wr)
{
    if (roster->thresholds.len != 0) {
        sec_cbor_put_uint(wr, 2);
        sec_wr_bytes(wr, roster->thresholds);
    }
    if (roster->has_lease) {
        sec_cbor_put_uint(wr, 3);
        sec_cbor_put_uint(wr, roster->lease_days);
    }
    if (roster->has_reader) {
        sec_cbor_put_uint(wr, 4);
        sec_key_encode(&roster->reader, wr);
    }
    if (roster->reader_classes.len != 0) {
        sec_cbor_put_uint(wr, 5);
        sec_wr_bytes(wr, roster->reader_classes);
    }
}

void sec_roster_encode(const struct sec_roster *roster, struct sec_wr *wr)
{
    if (roster->subjects_count > SEC_SUBJECTS_MAX_COUNT) {
        wr->bad = true;
        return;
    }
    sec_cbor_put_map(wr, 1u + (roster->thresholds.len != 0) + roster->has_lease + roster->has_reader +
                             (roster->reader_classes.len != 0));
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_array(wr, roster->subjects_count);
    for (size_t i = 0; i < roster->subjects_count; i++)
        put_subject(&roster->subjects[i], wr);
    put_options(roster, wr);
}

/* --- parse: one subject ------------------------------------------------------------------------------ */

bool sec_uid_is_nobody(uint32_t uid)
{
    return uid == 65534u || uid == 65535u || uid == UINT32_MAX;
}

static unsigned read_rights(struct sec_cbor *rd)
{
    size_t count = sec_cbor_array(rd);
    uint64_t last = 0;
    unsigned rights = 0;
    if (count == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        uint64_t right = sec_cbor_uint(rd);
        if (right <= last || right > SEC_RIGHT_NOTIFY) {
            sec_cbor_fail(rd, SEC_BAD_VALUE);
            return 0;
        }
        rights |= 1u << right;
        last = right;
    }
    return rights;
}

static void read_subject_member(struct sec_cbor *rd, int64_t key, struct sec_subject *subject)
{
    struct sec_audience scope = {.count = 0};
    uint64_t number;
    switch (key) {
    case 1:
        subject->name = sec_form_name(rd);
        break;
    case 2:
        number = sec_cbor_uint(rd);
        if (number < SEC_ROLE_ADMINISTRATOR || number > SEC_ROLE_APPLICATION)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        else
            subject->role = (enum sec_role)number;
        break;
    case 3:
        sec_key_read(rd, &subject->key);
        subject->has_key = true;
        break;
    case 4:
        number = sec_cbor_uint(rd);
        if (number > UINT32_MAX || sec_uid_is_nobody((uint32_t)number))
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        subject->uid = (uint32_t)number;
        break;
    case 5:
        sec_audience_read(rd, &scope);
        subject->scope = scope.item;
        break;
    case 6:
        subject->rights = read_rights(rd);
        break;
    case 7:
        subject->ends_at_s = sec_cbor_int(rd);
        subject->has_end = true;
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

void sec_form_subject_read(struct sec_cbor *rd, struct sec_subject *ret_subject)
{
    struct sec_subject subject;
    sec_zero(&subject, sizeof subject);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_subject_member(rd, key, &subject);
        seen |= sec_form_bit(key);
    }
    sec_form_need(rd, seen, sec_form_bit(1) | sec_form_bit(2));
    bool has_uid = (seen & sec_form_bit(4)) != 0;
    bool application = subject.role == SEC_ROLE_APPLICATION;
    if (subject.has_key == has_uid || application != has_uid || (subject.rights != 0 && !application))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    *ret_subject = subject;
}

/* --- parse: the whole -------------------------------------------------------------------------------- */

static bool clash(const struct sec_subject *a, const struct sec_subject *b)
{
    if (sec_bytes_equal(a->name, b->name))
        return true;
    if (a->has_key != b->has_key)
        return false;
    return a->has_key ? sec_key_equal(&a->key, &b->key) : a->uid == b->uid;
}

static void read_subjects(struct sec_cbor *rd, struct sec_roster *roster)
{
    size_t count = sec_cbor_array(rd);
    if (count > SEC_SUBJECTS_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        sec_form_subject_read(rd, &roster->subjects[i]);
        for (size_t k = 0; k < i; k++)
            if (clash(&roster->subjects[k], &roster->subjects[i]))
                sec_cbor_fail(rd, SEC_BAD_VALUE);
        roster->subjects_count = i + 1;
    }
}

static struct sec_bytes read_classes(struct sec_cbor *rd)
{
    struct sec_bytes item = sec_cbor_item(rd);
    struct sec_cbor in = sec_cbor(item);
    size_t count = sec_cbor_array(&in);
    if (count == 0)
        sec_cbor_fail(&in, SEC_BAD_VALUE);
    for (size_t i = 0; i < count && sec_ok(in.status); i++)
        (void)sec_form_positive(&in);
    sec_form_join(rd, sec_cbor_end(&in));
    return item;
}

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_roster *roster)
{
    switch (key) {
    case 1:
        read_subjects(rd, roster);
        break;
    case 2:
        roster->thresholds = sec_form_thresholds_read(rd);
        break;
    case 3:
        roster->lease_days = sec_form_positive(rd);
        if (roster->lease_days > SEC_LEASE_MAX_DAYS)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        roster->has_lease = true;
        break;
    case 4:
        sec_key_read(rd, &roster->reader);
        roster->has_reader = true;
        break;
    case 5:
        roster->reader_classes = read_classes(rd);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_roster_parse(struct sec_bytes args, struct sec_roster *ret_roster)
{
    if (args.len > SEC_ROSTER_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_roster roster;
    sec_zero(&roster, sizeof roster);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &roster);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_roster = roster;
    return sec_st(SEC_OK);
}

sec_status sec_roster_check(const struct sec_roster *roster)
{
    if (roster->has_reader || roster->reader_classes.len != 0)
        return sec_st(SEC_UNSUPPORTED);
    return sec_st(SEC_OK);
}
