/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh store for one test, and rows for it. Nothing here knows which database is behind store.h. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "store.h"
#include "test.h"

#include <unistd.h>

struct store_room {
    char dir[64];
    char path[96];
    struct hub_store *store;
};

static inline struct store_room store_room_make(void)
{
    struct store_room room = {.dir = "/tmp/securable-store-XXXXXX"};
    CHECK(mkdtemp(room.dir) != NULL);
    (void)snprintf(room.path, sizeof room.path, "%s/hub.db", room.dir);
    CHECK_OK(hub_store_open(room.path, false, &room.store));
    return room;
}

static inline void store_room_remove(struct store_room *room)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".copy", ".copy-wal", ".copy-shm"};
    hub_store_close(room->store);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", room->path, ends[i]);
        (void)unlink(path);
    }
    CHECK(rmdir(room->dir) == 0);
}

static inline struct sec_digest digest_of(unsigned n)
{
    struct sec_digest digest;
    for (size_t i = 0; i < sizeof digest.b; i++)
        digest.b[i] = (uint8_t)((n >> (8 * (3 - i % 4))) & 0xff);
    return digest;
}

static inline struct sec_device_id id_of(unsigned n)
{
    struct sec_digest digest = digest_of(n);
    struct sec_device_id id;
    sec_copy(id.b, digest.b, sizeof id.b);
    return id;
}

static inline struct hub_device device_of(unsigned n)
{
    return (struct hub_device){.id = id_of(n), .first_seen_s = 1000, .last_seen_s = 2000, .epoch = 1};
}

static inline void put_device(struct hub_store *store, unsigned n)
{
    const struct hub_device device = device_of(n);
    CHECK_OK(hub_device_put(store, &device));
}

static inline uint64_t put_statement(struct hub_store *store, unsigned n, enum sec_statement_kind kind, const struct sec_digest *about)
{
    uint64_t number = 0;
    struct hub_statement statement = {.digest = digest_of(n), .kind = kind, .bytes = SEC_LIT("statement"), .by = SEC_LIT("ann"), .received_s = 5};
    if (about)
        statement.about = *about;
    CHECK_OK(hub_statement_put(store, &statement, &number));
    return number;
}

static inline sec_status put_delivery(struct hub_store *store, unsigned device, unsigned statement, enum hub_delivery_state state)
{
    const struct hub_delivery delivery = {.device = id_of(device), .statement = digest_of(statement), .state = state};
    return hub_delivery_put(store, &delivery);
}

#endif
