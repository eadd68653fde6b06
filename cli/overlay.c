/* SPDX-License-Identifier: Apache-2.0 */
#include "overlay.h"

/* One write, or (empty) the removal of a segment. */
struct overlay_change {
    struct overlay_change *next;
    uint32_t segment;
    uint64_t offset;
    struct sec_bytes bytes;
};

static bool removed(const struct overlay *overlay, uint32_t segment)
{
    for (const struct overlay_change *change = overlay->changes; change; change = change->next) {
        if (change->segment == segment && change->bytes.len == 0)
            return true;
    }
    return false;
}

static sec_status overlay_next(void *ctx, uint32_t after, uint32_t *ret_segment, uint64_t *ret_bytes)
{
    const struct overlay *overlay = ctx;
    if (!overlay->below)
        return sec_st(SEC_NOT_FOUND);
    uint32_t segment = after;
    do {
        SEC_TRY(overlay->below->next_segment(overlay->below->ctx, segment, &segment, ret_bytes));
    } while (removed(overlay, segment));
    *ret_segment = segment;
    return sec_st(SEC_OK);
}

static sec_status overlay_create(void *ctx, uint32_t segment, uint64_t bytes)
{
    (void)ctx;
    (void)segment;
    (void)bytes;
    return sec_st(SEC_REFUSED_BY_PORT);
}

static sec_status keep(struct overlay *overlay, uint32_t segment, uint64_t offset, struct sec_bytes bytes)
{
    if (overlay->changes_count == OVERLAY_CHANGES_MAX_COUNT)
        return sec_st(SEC_STORAGE_FULL);
    struct overlay_change *change = (struct overlay_change *)(void *)cli_room(overlay->cli, sizeof *change).data;
    struct sec_room copy = cli_room(overlay->cli, bytes.len);
    (void)sec_bytes_copy(copy, bytes);
    *change = (struct overlay_change){NULL, segment, offset, sec_bytes(copy.data, bytes.len)};
    if (overlay->newest)
        overlay->newest->next = change;
    else
        overlay->changes = change;
    overlay->newest = change;
    overlay->changes_count++;
    return sec_st(SEC_OK);
}

static sec_status overlay_remove(void *ctx, uint32_t segment)
{
    return keep(ctx, segment, 0, sec_bytes(NULL, 0));
}

static sec_status overlay_write(void *ctx, uint32_t segment, uint64_t offset, struct sec_bytes bytes)
{
    return bytes.len ? keep(ctx, segment, offset, bytes) : sec_st(SEC_OK);
}

/* In the order of writing, so that the newest stays. */
static void lay(const struct overlay *overlay, uint32_t segment, uint64_t offset, struct sec_room to)
{
    for (const struct overlay_change *change = overlay->changes; change; change = change->next) {
        for (size_t i = 0; change->segment == segment && i < change->bytes.len; i++) {
            uint64_t at = change->offset + i;
            if (at >= offset && at - offset < to.len)
                to.data[at - offset] = change->bytes.data[i];
        }
    }
}

static sec_status overlay_read(void *ctx, uint32_t segment, uint64_t offset, struct sec_room to)
{
    const struct overlay *overlay = ctx;
    if (!overlay->below || removed(overlay, segment))
        return sec_st(SEC_NOT_FOUND);
    SEC_TRY(overlay->below->read(overlay->below->ctx, segment, offset, to));
    lay(overlay, segment, offset, to);
    return sec_st(SEC_OK);
}

static sec_status overlay_sync(void *ctx, uint32_t segment)
{
    (void)ctx;
    (void)segment;
    return sec_st(SEC_OK);
}

struct sec_storage overlay_port(struct overlay *overlay)
{
    return (struct sec_storage){.ctx = overlay,
                                .block_bytes = overlay->below ? overlay->below->block_bytes : 4096u,
                                .next_segment = overlay_next,
                                .create = overlay_create,
                                .remove = overlay_remove,
                                .read = overlay_read,
                                .write = overlay_write,
                                .sync = overlay_sync};
}
