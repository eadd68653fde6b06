/* SPDX-License-Identifier: Apache-2.0 */
#include "peers.h"

#include <securable/bytes.h>

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

#define BUCKETS_COUNT 1024u

struct hub_peer {
    struct hub_peer *next;
    uint64_t key;
    size_t count;
};

struct hub_peers {
    pthread_mutex_t lock;
    size_t max;
    struct hub_peer *buckets[BUCKETS_COUNT];
};

struct hub_peers *hub_peers_new(size_t unproven_max)
{
    struct hub_peers *peers = calloc(1, sizeof *peers);
    if (!peers)
        return NULL;
    pthread_mutex_init(&peers->lock, NULL);
    peers->max = unproven_max;
    return peers;
}

void hub_peers_free(struct hub_peers *peers)
{
    for (size_t i = 0; peers && i < BUCKETS_COUNT; i++)
        while (peers->buckets[i]) {
            struct hub_peer *peer = peers->buckets[i];
            peers->buckets[i] = peer->next;
            free(peer);
        }
    free(peers);
}

/** IPv4 as it is, IPv6 by its first half, IPv4 in IPv6 as IPv4; apart by the highest bits, which no global unicast address sets so. */
static uint64_t key_of(const struct sockaddr_storage *address)
{
    uint64_t key = 0;
    if (address->ss_family == AF_INET)
        return UINT64_C(0xff00000000000000) | ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(six)) {
        uint32_t four = 0;
        sec_copy(&four, &six->s6_addr[12], 4);
        return UINT64_C(0xff00000000000000) | four;
    }
    sec_copy(&key, six->s6_addr, 8);
    return key & UINT64_C(0x7fffffffffffffff);
}

static size_t bucket_of(uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 54);
}

static struct hub_peer *enter(struct hub_peers *peers, uint64_t key)
{
    pthread_mutex_lock(&peers->lock);
    struct hub_peer **at = &peers->buckets[bucket_of(key)], *peer = *at;
    while (peer && peer->key != key)
        peer = peer->next;
    if (!peer && (peer = calloc(1, sizeof *peer)) != NULL) {
        peer->key = key;
        peer->next = *at;
        *at = peer;
    }
    if (peer && peer->count >= peers->max)
        peer = NULL;
    if (peer)
        peer->count++;
    pthread_mutex_unlock(&peers->lock);
    return peer;
}

struct hub_peer *hub_peers_enter(struct hub_peers *peers, const struct sockaddr_storage *address)
{
    return enter(peers, key_of(address));
}

struct hub_peer *hub_peers_enter_device(struct hub_peers *peers, const struct sec_device_id *device)
{
    uint64_t key = 0;
    sec_copy(&key, device->b, sizeof key); /* an id is a digest */
    return enter(peers, key);
}

void hub_peers_leave(struct hub_peers *peers, struct hub_peer *peer)
{
    if (!peer)
        return;
    pthread_mutex_lock(&peers->lock);
    if (--peer->count == 0) {
        struct hub_peer **at = &peers->buckets[bucket_of(peer->key)];
        while (*at != peer)
            at = &(*at)->next;
        *at = peer->next;
        free(peer);
    }
    pthread_mutex_unlock(&peers->lock);
}
