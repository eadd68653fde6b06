/* SPDX-License-Identifier: Apache-2.0 */
/* The state and its changes as bytes, both directions; docs/formats/update.cddl is their grammar. */
#include "update_inside.h"

#define STATE_FORMAT 1u
#define STATE_ITEMS 11u
#define IMAGE_ITEMS 7u /* and the index, in a state */
#define TRIAL_ITEMS 4u
#define RESULT_ITEMS 7u
#define COUNTS_ITEMS 4u

/* --- parts ------------------------------------------------------------------------------ */

static void put_digest(struct sec_wr *wr, const struct sec_digest *digest)
{
    sec_cbor_put_bstr(wr, sec_digest_bytes(digest));
}

static struct sec_digest get_digest(struct sec_cbor *rd)
{
    struct sec_digest digest = {{0}};
    sec_cbor_bstr_into(rd, SEC_ROOM(digest.b));
    return digest;
}

/* An unsigned integer within a bound; anything above is BAD_VALUE. */
static uint64_t get_uint(struct sec_cbor *rd, uint64_t max)
{
    uint64_t value = sec_cbor_uint(rd);
    if (value <= max)
        return value;
    sec_cbor_fail(rd, SEC_BAD_VALUE);
    return 0;
}

static enum sec_slot get_slot(struct sec_cbor *rd)
{
    return get_uint(rd, SEC_SLOT_B) == SEC_SLOT_B ? SEC_SLOT_B : SEC_SLOT_A;
}

static enum sec_update_stage get_stage(struct sec_cbor *rd)
{
    uint64_t stage = get_uint(rd, SEC_UPDATE_STAGE_CONFIRM);
    if (stage < SEC_UPDATE_STAGE_INSTALL)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return (enum sec_update_stage)stage;
}

static struct sec_update_version get_version(struct sec_cbor *rd)
{
    struct sec_update_version version = {0};
    struct sec_bytes text = sec_cbor_tstr(rd);
    if (sec_bytes_copy(SEC_ROOM(version.b), text))
        version.len = (uint8_t)text.len;
    else
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return version;
}

static void put_image(struct sec_wr *wr, const struct sec_update_image *image)
{
    sec_cbor_put_uint(wr, image->sequence);
    sec_cbor_put_tstr(wr, sec_update_version_bytes(&image->version));
    put_digest(wr, &image->image);
    sec_cbor_put_uint(wr, image->size_bytes);
    put_digest(wr, &image->product);
    put_digest(wr, &image->statement);
    put_digest(wr, &image->manifest);
}

static struct sec_update_image get_image(struct sec_cbor *rd)
{
    struct sec_update_image image = {0};
    image.sequence = sec_cbor_uint(rd);
    image.version = get_version(rd);
    image.image = get_digest(rd);
    image.size_bytes = sec_cbor_uint(rd);
    image.product = get_digest(rd);
    image.statement = get_digest(rd);
    image.manifest = get_digest(rd);
    return image;
}

/* --- state ------------------------------------------------------------------------------ */

static void put_kept_image(struct sec_wr *wr, bool there, const struct sec_update_image *image)
{
    if (!there) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, IMAGE_ITEMS + 1);
    put_image(wr, image);
    sec_cbor_put_uint(wr, image->index);
}

static bool get_kept_image(struct sec_cbor *rd, struct sec_update_image *image)
{
    if (sec_cbor_is_null(rd)) {
        sec_cbor_null(rd);
        return false;
    }
    sec_cbor_array_of(rd, IMAGE_ITEMS + 1);
    *image = get_image(rd);
    image->index = sec_cbor_uint(rd);
    return true;
}

static void put_trial(struct sec_wr *wr, bool there, const struct sec_update_trial *trial)
{
    if (!there) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, TRIAL_ITEMS);
    sec_cbor_put_uint(wr, trial->slot);
    put_digest(wr, &trial->command);
    sec_cbor_put_uint(wr, trial->attempts);
    sec_cbor_put_uint(wr, trial->confirm_within_s);
}

static bool get_trial(struct sec_cbor *rd, struct sec_update_trial *trial)
{
    if (sec_cbor_is_null(rd)) {
        sec_cbor_null(rd);
        return false;
    }
    sec_cbor_array_of(rd, TRIAL_ITEMS);
    trial->slot = get_slot(rd);
    trial->command = get_digest(rd);
    trial->attempts = (uint8_t)get_uint(rd, UINT8_MAX);
    trial->confirm_within_s = (uint32_t)get_uint(rd, UINT32_MAX);
    return true;
}

static void put_result(struct sec_wr *wr, const struct sec_update_result *result)
{
    if (!result->there) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, RESULT_ITEMS);
    put_digest(wr, &result->statement);
    put_digest(wr, &result->manifest);
    put_digest(wr, &result->command);
    sec_cbor_put_uint(wr, result->sequence);
    sec_cbor_put_uint(wr, result->stage);
    sec_cbor_put_uint(wr, result->status.code);
    sec_cbor_put_uint(wr, result->index);
}

static void get_result(struct sec_cbor *rd, struct sec_update_result *result)
{
    if (sec_cbor_is_null(rd)) {
        sec_cbor_null(rd);
        return;
    }
    sec_cbor_array_of(rd, RESULT_ITEMS);
    result->there = true;
    result->statement = get_digest(rd);
    result->manifest = get_digest(rd);
    result->command = get_digest(rd);
    result->sequence = sec_cbor_uint(rd);
    result->stage = get_stage(rd);
    result->status.code = (uint16_t)get_uint(rd, UINT16_MAX);
    result->index = sec_cbor_uint(rd);
}

static void put_counts(struct sec_wr *wr, const struct sec_update_counts *counts)
{
    sec_cbor_put_array(wr, COUNTS_ITEMS);
    sec_cbor_put_uint(wr, counts->available);
    sec_cbor_put_uint(wr, counts->attempted);
    sec_cbor_put_uint(wr, counts->confirmed);
    sec_cbor_put_uint(wr, counts->reverted);
}

static void get_counts(struct sec_cbor *rd, struct sec_update_counts *counts)
{
    sec_cbor_array_of(rd, COUNTS_ITEMS);
    counts->available = (uint32_t)get_uint(rd, UINT32_MAX);
    counts->attempted = (uint32_t)get_uint(rd, UINT32_MAX);
    counts->confirmed = (uint32_t)get_uint(rd, UINT32_MAX);
    counts->reverted = (uint32_t)get_uint(rd, UINT32_MAX);
}

void sec_update_encode(const struct sec_update *update, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, STATE_ITEMS);
    sec_cbor_put_uint(wr, STATE_FORMAT);
    put_kept_image(wr, true, &update->installed);
    sec_cbor_put_uint(wr, update->slot);
    put_kept_image(wr, update->has_previous, &update->previous);
    sec_cbor_put_uint(wr, update->floor);
    sec_cbor_put_uint(wr, update->phase);
    put_kept_image(wr, update->phase != SEC_UPDATE_IDLE, &update->candidate);
    sec_cbor_put_bool(wr, update->held);
    put_trial(wr, sec_update_in_trial(update), &update->trial);
    put_result(wr, &update->last);
    put_counts(wr, &update->counts);
}

sec_status sec_update_parse(struct sec_bytes in, struct sec_update *ret_update)
{
    struct sec_update update = {0};
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    size_t items = sec_cbor_array(&rd);
    uint64_t format = sec_cbor_uint(&rd);
    SEC_TRY(rd.status);
    if (format != STATE_FORMAT)
        return sec_st(SEC_UNKNOWN_FORMAT);
    if (items != STATE_ITEMS)
        return sec_st(SEC_BAD_VALUE);
    bool installed = get_kept_image(&rd, &update.installed);
    update.slot = get_slot(&rd);
    update.has_previous = get_kept_image(&rd, &update.previous);
    update.floor = sec_cbor_uint(&rd);
    update.phase = (enum sec_update_phase)get_uint(&rd, SEC_UPDATE_WAITING);
    bool candidate = get_kept_image(&rd, &update.candidate);
    update.held = sec_cbor_bool(&rd);
    bool trial = get_trial(&rd, &update.trial);
    get_result(&rd, &update.last);
    get_counts(&rd, &update.counts);
    SEC_TRY(sec_cbor_end(&rd));
    if (!installed || candidate != (update.phase != SEC_UPDATE_IDLE) || trial != sec_update_in_trial(&update) ||
        !sec_update_is_sound(&update))
        return sec_st(SEC_BAD_VALUE);
    *ret_update = update;
    return sec_st(SEC_OK);
}

/* --- changes ------------------------------------------------------------------------------ */

/* Keys of a change; key 1 is its kind. */
enum {
    KEY_KIND = 1,
    KEY_IMAGE = 2,
    KEY_SLOT = 3,
    KEY_COMMAND = 4,
    KEY_CONFIRM_WITHIN = 5,
    KEY_STAGE = 6,
    KEY_STATUS = 7,
};
#define HAS(key) (1u << (key))

/* Exactly these keys belong to a change of the kind at its place; 0: no such kind. */
static const unsigned change_keys[] = {
    [SEC_UPDATE_CHANGE_AVAILABLE] = HAS(KEY_KIND) | HAS(KEY_IMAGE),
    [SEC_UPDATE_CHANGE_INTENDED] = HAS(KEY_KIND) | HAS(KEY_SLOT) | HAS(KEY_COMMAND) | HAS(KEY_CONFIRM_WITHIN),
    [SEC_UPDATE_CHANGE_ATTEMPT] = HAS(KEY_KIND),
    [SEC_UPDATE_CHANGE_WAITING] = HAS(KEY_KIND) | HAS(KEY_CONFIRM_WITHIN),
    [SEC_UPDATE_CHANGE_CONFIRMED] = HAS(KEY_KIND) | HAS(KEY_STAGE),
    [SEC_UPDATE_CHANGE_REVERTED] = HAS(KEY_KIND) | HAS(KEY_STAGE) | HAS(KEY_STATUS),
};

static size_t bits(unsigned set)
{
    size_t n = 0;
    for (; set != 0; set &= set - 1)
        n++;
    return n;
}

static void put_member(struct sec_wr *wr, unsigned key, const struct sec_update_change *change)
{
    sec_cbor_put_uint(wr, key);
    switch (key) {
    case KEY_KIND:
        sec_cbor_put_uint(wr, change->kind);
        break;
    case KEY_IMAGE:
        sec_cbor_put_array(wr, IMAGE_ITEMS);
        put_image(wr, &change->image);
        break;
    case KEY_SLOT:
        sec_cbor_put_uint(wr, change->slot);
        break;
    case KEY_COMMAND:
        put_digest(wr, &change->command);
        break;
    case KEY_CONFIRM_WITHIN:
        sec_cbor_put_uint(wr, change->confirm_within_s);
        break;
    case KEY_STAGE:
        sec_cbor_put_uint(wr, change->stage);
        break;
    default:
        sec_cbor_put_uint(wr, change->status.code);
        break;
    }
}

static void get_member(struct sec_cbor *rd, int64_t key, struct sec_update_change *change)
{
    switch (key) {
    case KEY_KIND:
        change->kind = (enum sec_update_change_kind)get_uint(rd, SEC_UPDATE_CHANGE_REVERTED);
        break;
    case KEY_IMAGE:
        sec_cbor_array_of(rd, IMAGE_ITEMS);
        change->image = get_image(rd);
        break;
    case KEY_SLOT:
        change->slot = get_slot(rd);
        break;
    case KEY_COMMAND:
        change->command = get_digest(rd);
        break;
    case KEY_CONFIRM_WITHIN:
        change->confirm_within_s = (uint32_t)get_uint(rd, UINT32_MAX);
        break;
    case KEY_STAGE:
        change->stage = get_stage(rd);
        break;
    case KEY_STATUS:
        change->status.code = (uint16_t)get_uint(rd, UINT16_MAX);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        break;
    }
}

void sec_update_change_encode(const struct sec_update_change *change, struct sec_wr *wr)
{
    unsigned keys = change_keys[change->kind];
    sec_cbor_put_map(wr, bits(keys));
    for (unsigned key = KEY_KIND; key <= KEY_STATUS; key++) {
        if (keys & HAS(key))
            put_member(wr, key, change);
    }
}

sec_status sec_update_change_parse(struct sec_bytes in, struct sec_update_change *ret_change)
{
    struct sec_update_change change = {0};
    unsigned seen = 0;
    int64_t key;
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    while (sec_cbor_map_next(&walk, &key)) {
        get_member(&rd, key, &change);
        if (sec_ok(rd.status))
            seen |= HAS((unsigned)key);
    }
    SEC_TRY(sec_cbor_end(&rd));
    unsigned wanted = change_keys[change.kind];
    if (seen & ~wanted)
        return sec_st((seen & HAS(KEY_KIND)) && wanted != 0 ? SEC_UNKNOWN_FIELD : SEC_BAD_VALUE);
    if (wanted == 0 || seen != wanted)
        return sec_st(SEC_MISSING_FIELD);
    if (change.kind == SEC_UPDATE_CHANGE_REVERTED && sec_ok(change.status))
        return sec_st(SEC_BAD_VALUE);
    *ret_change = change;
    return sec_st(SEC_OK);
}
