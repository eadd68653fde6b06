/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <sys/mman.h>

struct sec_room scratch_take(size_t bytes)
{
    void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return data == MAP_FAILED ? sec_room(NULL, 0) : sec_room(data, bytes);
}

void scratch_drop(struct sec_room *room)
{
    if (room->data)
        (void)munmap(room->data, room->len);
    *room = sec_room(NULL, 0);
}
