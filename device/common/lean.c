/* SPDX-License-Identifier: Apache-2.0 */
#include "lean.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The whole pages inside the room. */
static struct sec_room pages_of(struct sec_room room, size_t page_bytes)
{
    size_t before = (page_bytes - (uintptr_t)room.data % page_bytes) % page_bytes;
    if (!room.data || room.len < before + page_bytes)
        return sec_room(NULL, 0);
    return sec_room(&room.data[before], (room.len - before) / page_bytes * page_bytes);
}

static void give_back(struct sec_room pages, size_t from, size_t to)
{
    if (to > from)
        (void)madvise(&pages.data[from], to - from, MADV_DONTNEED);
}

static bool is_zero(const uint8_t *page, size_t page_bytes)
{
    return page[0] == 0 && memcmp(page, &page[1], page_bytes - 1) == 0;
}

void lean_drop(struct sec_room room)
{
    struct sec_room pages = pages_of(room, (size_t)sysconf(_SC_PAGESIZE));
    give_back(pages, 0, pages.len);
}

void lean_sweep(struct sec_room room)
{
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    struct sec_room pages = pages_of(room, page_bytes);
    size_t from = 0;
    for (size_t at = 0; at < pages.len; at += page_bytes) {
        if (is_zero(&pages.data[at], page_bytes))
            continue;
        give_back(pages, from, at);
        from = at + page_bytes;
    }
    give_back(pages, from, pages.len);
}
