/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_storage.h"

/* What becomes of one waiting block. */
enum fate {
    FATE_WRITTEN,
    FATE_LOST,
    FATE_TORN,
    FATE_GARBAGE,
    FATE_COUNT,
};

/* How the fates of all waiting blocks are drawn together: plain stories come up as often as wild ones. */
enum story {
    STORY_ALL_LOST,
    STORY_ALL_WRITTEN,
    STORY_IN_ORDER, /* written up to one, that one damaged, the rest lost */
    STORY_SUBSET,   /* each written or lost */
    STORY_ALL_BUT_ONE,
    STORY_WILD,
    STORY_COUNT,
};

struct telling {
    enum story story;
    uint64_t one; /* the entry that STORY_IN_ORDER and STORY_ALL_BUT_ONE single out */
};

static uint8_t *content_of(const struct fake_storage *storage, size_t block)
{
    return &storage->memory.content[block * storage->block_bytes];
}

static uint8_t *pending_of(const struct fake_storage *storage, size_t slot)
{
    return &storage->memory.pending_content[slot * storage->block_bytes];
}

static bool place_of(const struct fake_storage *storage, uint32_t segment, size_t *ret_place)
{
    for (size_t i = 0; segment != 0 && i < storage->segments_max; i++) {
        if (storage->segments[i].number == segment) {
            *ret_place = i;
            return true;
        }
    }
    return false;
}

static bool in_place(const struct fake_storage *storage, size_t block, size_t place)
{
    return block / storage->segment_blocks == place;
}

/* --- waiting writes ------------------------------------------------------ */

static void block_write(struct fake_storage *storage, const struct fake_pending *entry, size_t from, size_t n)
{
    sec_copy(&content_of(storage, entry->block)[from], &pending_of(storage, entry->slot)[from], n);
    storage->memory.blocks[entry->block].changed = 1;
}

/* Garbage as flash shows it: noise, or the erased or cleared state, over any stretch of the block. */
static void block_spoil(struct fake_storage *storage, const struct fake_pending *entry)
{
    uint8_t *content = content_of(storage, entry->block);
    uint64_t sort = fake_power_draw(storage->power, 3);
    size_t from =
        fake_power_draw(storage->power, 2) == 0 ? 0 : (size_t)fake_power_draw(storage->power, storage->block_bytes);
    for (size_t i = from; i < storage->block_bytes; i++) {
        uint64_t noise = sort == 0 ? fake_power_draw(storage->power, 256) : sort == 1 ? 0xff : 0;
        content[i] = (uint8_t)noise;
    }
    storage->memory.blocks[entry->block].changed = 1;
}

static enum fate draw_damage(const struct fake_storage *storage)
{
    return (enum fate)(FATE_LOST + fake_power_draw(storage->power, FATE_COUNT - FATE_LOST));
}

static enum fate draw_fate(const struct fake_storage *storage, const struct telling *telling, uint64_t nth)
{
    switch (telling->story) {
    case STORY_ALL_LOST:
        return FATE_LOST;
    case STORY_ALL_WRITTEN:
        return FATE_WRITTEN;
    case STORY_IN_ORDER:
        return nth < telling->one ? FATE_WRITTEN : nth == telling->one ? draw_damage(storage) : FATE_LOST;
    case STORY_SUBSET:
        return (enum fate)fake_power_draw(storage->power, 2);
    case STORY_ALL_BUT_ONE:
        return nth == telling->one ? draw_damage(storage) : FATE_WRITTEN;
    case STORY_WILD:
    case STORY_COUNT:
        break;
    }
    return (enum fate)fake_power_draw(storage->power, FATE_COUNT);
}

static void entry_settle(struct fake_storage *storage, const struct fake_pending *entry, enum fate fate)
{
    if (storage->mode == FAKE_STORAGE_APPEND && fate > FATE_LOST)
        fate = (enum fate)fake_power_draw(storage->power, 2);
    if (fate == FATE_WRITTEN)
        block_write(storage, entry, 0, storage->block_bytes);
    else if (fate == FATE_TORN)
        block_write(storage, entry, 0, (size_t)fake_power_draw(storage->power, storage->block_bytes));
    else if (fate == FATE_GARBAGE)
        block_spoil(storage, entry);
}

/* The entry no longer stands for its block's newest content; its slot is free once the list is shorter. */
static void entry_forget(struct fake_storage *storage, const struct fake_pending *entry)
{
    struct fake_block *block = &storage->memory.blocks[entry->block];
    if (block->newest == entry->slot + 1)
        block->newest = 0;
}

/* Settles the waiting writes of the segment at `place` by `telling`, or writes them all when that is null. */
static void settle(struct fake_storage *storage, size_t place, const struct telling *telling)
{
    struct fake_pending *list = storage->memory.pending;
    size_t kept = 0;
    for (size_t i = 0; i < storage->pending_count; i++) {
        struct fake_pending entry = list[i];
        if (!in_place(storage, entry.block, place)) {
            list[i] = list[kept];
            list[kept++] = entry;
            continue;
        }
        entry_settle(storage, &entry, telling ? draw_fate(storage, telling, i) : FATE_WRITTEN);
        entry_forget(storage, &entry);
    }
    storage->pending_count = kept;
}

static struct telling draw_telling(const struct fake_storage *storage)
{
    struct telling telling = {.story = (enum story)fake_power_draw(storage->power, STORY_COUNT)};
    telling.one = fake_power_draw(storage->power, storage->pending_count == 0 ? 1 : storage->pending_count);
    return telling;
}

static void settle_all(struct fake_storage *storage)
{
    if (storage->pending_count == 0)
        return;
    struct telling telling = draw_telling(storage);
    for (size_t i = 0; i < storage->pending_count; i++) {
        const struct fake_pending *entry = &storage->memory.pending[i];
        entry_settle(storage, entry, draw_fate(storage, &telling, i));
        entry_forget(storage, entry);
    }
    storage->pending_count = 0;
}

static void push_out_oldest(struct fake_storage *storage)
{
    struct fake_pending *list = storage->memory.pending;
    struct fake_pending oldest = list[0];
    block_write(storage, &oldest, 0, storage->block_bytes);
    entry_forget(storage, &oldest);
    for (size_t i = 1; i < storage->pending_count; i++)
        list[i - 1] = list[i];
    list[--storage->pending_count] = oldest;
}

static void block_wait(struct fake_storage *storage, size_t block, struct sec_bytes bytes)
{
    if (storage->pending_count == storage->memory.pending_max)
        push_out_oldest(storage);
    struct fake_pending *entry = &storage->memory.pending[storage->pending_count++];
    entry->block = (uint32_t)block;
    sec_copy(pending_of(storage, entry->slot), bytes.data, storage->block_bytes);
    storage->memory.blocks[block].newest = entry->slot + 1;
}

/* --- the port ------------------------------------------------------------ */

/* True when this call is the one to refuse. */
static bool refused(struct fake_storage *storage, enum fake_storage_call call)
{
    if (storage->refuse_in == 0 || storage->refuse_call != call)
        return false;
    storage->refuse_in--;
    return storage->refuse_in == 0;
}

static sec_status next_segment(void *ctx, uint32_t after, uint32_t *ret_segment, uint64_t *ret_bytes)
{
    const struct fake_storage *storage = ctx;
    const struct fake_segment *best = NULL;
    if (storage->power->off)
        return sec_st(SEC_POWER_CUT);
    for (size_t i = 0; i < storage->segments_max; i++) {
        const struct fake_segment *segment = &storage->segments[i];
        if (segment->number > after && (!best || segment->number < best->number))
            best = segment;
    }
    if (!best)
        return sec_st(SEC_NOT_FOUND);
    *ret_segment = best->number;
    *ret_bytes = (uint64_t)best->blocks_count * storage->block_bytes;
    return sec_st(SEC_OK);
}

static void place_fill(struct fake_storage *storage, size_t place, uint32_t segment, size_t blocks_count)
{
    size_t first = place * storage->segment_blocks;
    sec_zero(content_of(storage, first), blocks_count * storage->block_bytes);
    for (size_t i = 0; i < blocks_count; i++)
        storage->memory.blocks[first + i] = (struct fake_block){0};
    storage->segments[place] = (struct fake_segment){segment, (uint32_t)blocks_count};
}

static sec_status create(void *ctx, uint32_t segment, uint64_t bytes)
{
    struct fake_storage *storage = ctx;
    size_t place = 0;
    if (storage->power->off)
        return sec_st(SEC_POWER_CUT);
    if (segment == 0 || bytes == 0 || bytes % storage->block_bytes != 0)
        return sec_st(SEC_BAD_ARGUMENT);
    if (place_of(storage, segment, &place))
        return sec_st(SEC_EXISTS);
    while (place < storage->segments_max && storage->segments[place].number != 0)
        place++;
    if (place == storage->segments_max || bytes / storage->block_bytes > storage->segment_blocks)
        return sec_st(SEC_STORAGE_FULL);
    enum fake_power_step step = fake_power_begin(storage->power);
    if (step == FAKE_POWER_GOES && refused(storage, FAKE_STORAGE_CREATE))
        return storage->refuse_status;
    if (step == FAKE_POWER_GOES || fake_power_draw(storage->power, 2) == 1)
        place_fill(storage, place, segment, (size_t)(bytes / storage->block_bytes));
    return sec_st(step == FAKE_POWER_GOES ? SEC_OK : SEC_POWER_CUT);
}

static sec_status remove_segment(void *ctx, uint32_t segment)
{
    struct fake_storage *storage = ctx;
    size_t place = 0;
    if (storage->power->off)
        return sec_st(SEC_POWER_CUT);
    if (!place_of(storage, segment, &place))
        return sec_st(SEC_NOT_FOUND);
    enum fake_power_step step = fake_power_begin(storage->power);
    if (step == FAKE_POWER_GOES || fake_power_draw(storage->power, 2) == 1) {
        settle(storage, place, NULL);
        storage->segments[place] = (struct fake_segment){0};
    }
    return sec_st(step == FAKE_POWER_GOES ? SEC_OK : SEC_POWER_CUT);
}

static sec_status read_bytes(void *ctx, uint32_t segment, uint64_t offset, struct sec_room to)
{
    struct fake_storage *storage = ctx;
    size_t place = 0;
    storage->reads++;
    if (storage->power->off)
        return sec_st(SEC_POWER_CUT);
    if (!place_of(storage, segment, &place))
        return sec_st(SEC_NOT_FOUND);
    size_t size = storage->segments[place].blocks_count * storage->block_bytes;
    if (offset > size || to.len > size - offset)
        return sec_st(SEC_TRUNCATED);
    for (size_t done = 0; done < to.len;) {
        size_t at = (size_t)offset + done, within = at % storage->block_bytes;
        size_t block = place * storage->segment_blocks + at / storage->block_bytes;
        size_t left = storage->block_bytes - within;
        size_t n = to.len - done < left ? to.len - done : left;
        uint32_t newest = storage->memory.blocks[block].newest;
        const uint8_t *from = newest != 0 ? pending_of(storage, newest - 1) : content_of(storage, block);
        sec_copy(&to.data[done], &from[within], n);
        done += n;
    }
    return sec_st(SEC_OK);
}

static sec_status write_bytes(void *ctx, uint32_t segment, uint64_t offset, struct sec_bytes bytes)
{
    struct fake_storage *storage = ctx;
    size_t place = 0, block_bytes = storage->block_bytes;
    if (storage->power->off)
        return sec_st(SEC_POWER_CUT);
    if (!place_of(storage, segment, &place))
        return sec_st(SEC_NOT_FOUND);
    if (offset % block_bytes != 0 || bytes.len % block_bytes != 0)
        return sec_st(SEC_BAD_ARGUMENT);
    uint64_t size = (uint64_t)storage->segments[place].blocks_count * block_bytes;
    if (offset > size || bytes.len > size - offset)
        return sec_st(SEC_STORAGE_FULL);
    enum fake_power_step step = fake_power_begin(storage->power);
    if (step == FAKE_POWER_GOES && refused(storage, FAKE_STORAGE_WRITE))
        return storage->refuse_status;
    for (size_t i = 0; i < bytes.len / block_bytes; i++)
        block_wait(storage, place * storage->segment_blocks + (size_t)(offset / block_bytes) + i,
                   sec_bytes_part(bytes, i * block_bytes, block_bytes));
    return sec_st(step == FAKE_POWER_GOES ? SEC_OK : SEC_POWER_CUT);
}

static sec_status sync_segment(void *ctx, uint32_t segment)
{
    struct fake_storage *storage = ctx;
    size_t place = 0;
    if (storage->power->off)
        return sec_st(SEC_POWER_CUT);
    if (!place_of(storage, segment, &place))
        return sec_st(SEC_NOT_FOUND);
    if (fake_power_begin(storage->power) != FAKE_POWER_GOES)
        return sec_st(SEC_POWER_CUT);
    if (refused(storage, FAKE_STORAGE_SYNC)) {
        struct telling telling = draw_telling(storage);
        settle(storage, place, &telling);
        return storage->refuse_status;
    }
    settle(storage, place, NULL);
    return sec_st(SEC_OK);
}

struct sec_storage fake_storage_port(struct fake_storage *storage)
{
    return (struct sec_storage){
        .ctx = storage,
        .block_bytes = storage->block_bytes,
        .next_segment = next_segment,
        .create = create,
        .remove = remove_segment,
        .read = read_bytes,
        .write = write_bytes,
        .sync = sync_segment,
    };
}

/* --- for the test -------------------------------------------------------- */

sec_status fake_storage_init(struct fake_storage *storage, struct fake_power *power,
                             const struct fake_storage_memory *memory, enum fake_storage_mode mode, size_t block_bytes,
                             size_t segment_bytes)
{
    bool power_of_two = block_bytes >= 512 && block_bytes <= 65536 && (block_bytes & (block_bytes - 1)) == 0;
    if (!power_of_two || segment_bytes == 0 || segment_bytes % block_bytes != 0 || memory->pending_max == 0 ||
        memory->content_bytes / block_bytes != memory->blocks_count || memory->content_bytes < segment_bytes)
        return sec_st(SEC_BAD_ARGUMENT);
    size_t places = memory->content_bytes / segment_bytes;
    *storage = (struct fake_storage){
        .power = power,
        .memory = *memory,
        .mode = mode,
        .block_bytes = block_bytes,
        .segment_blocks = segment_bytes / block_bytes,
        .segments_max = places < FAKE_STORAGE_SEGMENTS_MAX ? places : FAKE_STORAGE_SEGMENTS_MAX,
    };
    for (size_t i = 0; i < memory->pending_max; i++)
        memory->pending[i] = (struct fake_pending){.slot = (uint32_t)i};
    return sec_st(SEC_OK);
}

void fake_storage_power_on(struct fake_storage *storage)
{
    settle_all(storage);
    fake_power_restore(storage->power);
}

void fake_storage_refuse(struct fake_storage *storage, enum fake_storage_call call, uint64_t nth,
                         enum sec_status_code code)
{
    storage->refuse_call = call;
    storage->refuse_in = nth;
    storage->refuse_status = sec_st(code);
}

sec_status fake_storage_flip(struct fake_storage *storage, uint32_t segment, uint64_t offset, uint8_t mask)
{
    size_t place = 0;
    if (!place_of(storage, segment, &place))
        return sec_st(SEC_NOT_FOUND);
    if (offset >= (uint64_t)storage->segments[place].blocks_count * storage->block_bytes)
        return sec_st(SEC_TRUNCATED);
    size_t block = place * storage->segment_blocks + (size_t)offset / storage->block_bytes;
    content_of(storage, block)[(size_t)offset % storage->block_bytes] ^= mask;
    storage->memory.blocks[block].changed = 1;
    return sec_st(SEC_OK);
}

/* 0 for a block of zeros, so that fresh segments need not be read. */
static uint64_t block_digest(const uint8_t *content, size_t bytes)
{
    uint64_t digest = 0, any = 0;
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t word = 0;
        for (size_t k = 0; k < 8; k++)
            word |= (uint64_t)content[i + k] << (8 * k);
        any |= word;
        digest = fake_mix(digest, word);
    }
    return any == 0 ? 0 : digest;
}

uint64_t fake_storage_digest(struct fake_storage *storage)
{
    uint64_t sum = 0;
    for (size_t place = 0; place < storage->segments_max; place++) {
        const struct fake_segment *segment = &storage->segments[place];
        uint64_t digest = fake_mix(segment->number, segment->blocks_count);
        for (size_t i = 0; segment->number != 0 && i < segment->blocks_count; i++) {
            size_t at = place * storage->segment_blocks + i;
            struct fake_block *block = &storage->memory.blocks[at];
            if (block->changed)
                block->digest = block_digest(content_of(storage, at), storage->block_bytes);
            block->changed = 0;
            if (block->digest != 0)
                digest += fake_mix(block->digest, i);
        }
        sum += segment->number == 0 ? 0 : fake_mix(digest, segment->number);
    }
    return sum;
}
