/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_inside.h"

/* A walk over what lies under the last head. */
struct following {
    struct sec_journal *journal;
    const struct sec_journal_follower *follower;
    struct sec_journal_cursor cursor;
    uint64_t next; /* the first record that was not shown yet */
    bool whole;    /* from a segment's start: every key record before was seen */
    bool shut;     /* a decision did not open, and its key record may lie before the walk's start */
};

/* The ring's keys as their records say them, not as opened: a key that was destroyed meanwhile does not open again. */
static void lend_keys(const struct sec_journal *journal, struct sec_keyring *ring)
{
    for (size_t i = 0; i < journal->keys.count; i++) {
        ring->keys[i].seal = journal->keys.keys[i].seal;
        ring->keys[i].wrapped = journal->keys.keys[i].wrapped;
    }
    ring->count = journal->keys.count;
}

/* Begins at the newest place known that is not behind `next`; else at the start of the segment that holds it. */
static sec_status begin_near(struct following *f)
{
    struct sec_journal *journal = f->journal;
    const uint32_t present = journal->end.segment;
    bool at_mark = journal->mark_segment == present && f->next >= journal->mark.size;
    bool at_followed = journal->followed_segment == present && f->next >= journal->followed;
    f->whole = false;
    if (at_followed && (!at_mark || journal->followed >= journal->mark.size))
        SEC_TRY(sec_cursor_open(&f->cursor, journal, present, &journal->followed_place, journal->followed));
    else if (at_mark)
        SEC_TRY(sec_cursor_open(&f->cursor, journal, present, &journal->mark_place, journal->mark.size));
    else
        f->whole = true;
    if (!f->whole)
        lend_keys(journal, &f->cursor.keys);
    return sec_st(SEC_OK);
}

static sec_status begin_whole(struct following *f)
{
    struct sec_merkle_frontier frontier;
    uint32_t segment = 0;
    f->whole = true;
    f->shut = false;
    sec_cursor_done(&f->cursor);
    SEC_TRY(sec_journal_find(f->journal, f->next, &segment, &frontier));
    return sec_cursor_open(&f->cursor, f->journal, segment, NULL, frontier.size);
}

/* Salt and content of a decision. One whose key is not known here is left closed: `shut` says that it may be known elsewhere. */
static sec_status disclose(struct following *f, const struct sec_raw_record *raw, struct sec_journal_entry *entry)
{
    struct sec_journal *journal = f->journal;
    struct sec_bytes plain;
    sec_status status = sec_keyring_open(&f->cursor.keys, &journal->config, &raw->header, raw->header_bytes, raw->body,
                                         journal->rooms.content, &plain);
    if (!sec_ok(status) && !sec_keyring_shut(status))
        return status;
    f->shut = !sec_ok(status) && !f->whole;
    entry->disclosed = sec_ok(status);
    if (entry->disclosed) {
        entry->salt = sec_bytes_part(plain, 0, SEC_SALT_BYTES);
        entry->content = sec_bytes_part(plain, SEC_SALT_BYTES, plain.len);
    }
    return sec_st(SEC_OK);
}

static sec_status show(struct following *f, const struct sec_raw_record *raw)
{
    const struct sec_hasher *hasher = &f->journal->config.crypto->hasher;
    struct sec_journal_entry entry = {.header = raw->header, .header_bytes = raw->header_bytes};
    if (raw->header.committed)
        SEC_TRY(disclose(f, raw, &entry));
    if (f->shut)
        return sec_st(SEC_OK);
    SEC_TRY(hasher->digest(hasher->ctx, &raw->body, 1, &entry.body));
    SEC_TRY(f->follower->entry(f->follower->ctx, &entry));
    f->next = raw->header.index + 1;
    return sec_st(SEC_OK);
}

/* The records of one frame; stops at the last head and where a key is missing. */
static sec_status show_frame(struct following *f)
{
    struct sec_raw_record raw;
    sec_status status;
    while (!f->shut && sec_ok(status = sec_cursor_record(&f->cursor, &raw))) {
        if (raw.header.index >= f->journal->head_size)
            return sec_st(SEC_OK);
        if (raw.header.index >= f->next)
            SEC_TRY(show(f, &raw));
    }
    return f->shut || sec_is(status, SEC_NOT_FOUND) ? sec_st(SEC_OK) : status;
}

static sec_status show_frames(struct following *f)
{
    struct sec_journal *journal = f->journal;
    sec_status status = sec_st(SEC_OK);
    while (sec_ok(status) && !f->shut) {
        journal->followed = f->cursor.next;
        journal->followed_place = sec_stream_tell(&f->cursor.stream);
        journal->followed_segment = f->cursor.stream.segment;
        if (f->next >= journal->head_size)
            return status;
        status = sec_cursor_frame(&f->cursor);
        if (sec_ok(status))
            status = show_frame(f);
        else if (sec_is(status, SEC_NOT_FOUND))
            return sec_st(SEC_TAMPERED); /* the journal ends before its last head */
    }
    return status;
}

sec_status sec_journal_follow(struct sec_journal *journal, uint64_t from, const struct sec_journal_follower *follower)
{
    struct following f = {.journal = journal, .follower = follower, .next = from};
    if (journal->state == SEC_JOURNAL_CLOSED)
        return sec_st(SEC_NOT_OPEN);
    if (from >= journal->head_size)
        return sec_st(SEC_OK);
    sec_status status = begin_near(&f);
    if (sec_ok(status) && f.whole)
        status = begin_whole(&f);
    if (sec_ok(status))
        status = show_frames(&f);
    if (sec_ok(status) && f.shut) {
        status = begin_whole(&f);
        if (sec_ok(status))
            status = show_frames(&f);
    }
    sec_cursor_done(&f.cursor);
    return status;
}
