/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tables of hash chains, members by device id and certificates by fingerprint, each cut into stripes with a lock of their own: ids and fingerprints are
 * digests, so that their bytes spread evenly as they are. No lock is held while another of this file is taken, nor while a caller's function runs.
 */
#include "fleet.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define STRIPES_COUNT 64u
#define CHAINS_MIN_COUNT 16u
/** Ended certificates are forgotten as the store forgets them: a day after. */
#define ENDED_KEPT_S 86400
/** As many as can be: an ask lives shorter, and who hands them out looks again. */
#define ASKS_SINCE_S INT64_MIN

/** A waiting exchange. Freed by its post once one is under way, else by unparking. */
struct parked {
    struct parked *next;
    struct hub_fleet *fleet;
    struct sec_device_id id;
    struct hub_exchange *x; /* null: gone while the post was under way */
    void (*wake)(struct hub_exchange *x);
    bool posted;
};

struct node {
    struct node *next;
    struct hub_member member;
    struct parked *parked;
    size_t certificates_count; /* at most so many: ended ones are forgotten without it */
};

struct known_certificate {
    struct known_certificate *next;
    struct hub_certificate row;
};

/** Only one of the two kinds of chain is used in a stripe. */
struct stripe {
    _Alignas(64) pthread_mutex_t lock;
    struct node **nodes;
    struct known_certificate **certificates;
    size_t chains_count; /* a power of two */
    size_t count;
};

struct hub_fleet {
    struct stripe members[STRIPES_COUNT];
    struct stripe certificates[STRIPES_COUNT];
    atomic_size_t count;
    void (*on_revoke)(void *ctx, const struct sec_device_id *device, uint64_t epoch);
    void *on_revoke_ctx;
};

/* --- chains ------------------------------------------------------------------------------------------------------ */

static size_t chain_of(const uint8_t digest[32], size_t chains_count)
{
    size_t hash = 0;
    for (size_t i = 1; i < 5; i++)
        hash = hash << 8 | digest[i];
    return hash & (chains_count - 1);
}

static struct stripe *lock_members(struct hub_fleet *fleet, const struct sec_device_id *id)
{
    struct stripe *stripe = &fleet->members[id->b[0] % STRIPES_COUNT];
    pthread_mutex_lock(&stripe->lock);
    return stripe;
}

static struct stripe *lock_certificates(struct hub_fleet *fleet, const struct sec_digest *fingerprint)
{
    struct stripe *stripe = &fleet->certificates[fingerprint->b[0] % STRIPES_COUNT];
    pthread_mutex_lock(&stripe->lock);
    return stripe;
}

static void unlock(struct stripe *stripe)
{
    pthread_mutex_unlock(&stripe->lock);
}

static struct node *find(const struct stripe *stripe, const struct sec_device_id *id)
{
    struct node *node = stripe->nodes[chain_of(id->b, stripe->chains_count)];
    while (node && !sec_device_id_equal(&node->member.id, id))
        node = node->next;
    return node;
}

/** Twice the chains. Without memory for them they only grow longer. */
static void grow_members(struct stripe *stripe)
{
    size_t count = stripe->chains_count * 2;
    struct node **nodes = calloc(count, sizeof *nodes);
    if (!nodes)
        return;
    for (size_t i = 0; i < stripe->chains_count; i++) {
        for (struct node *node = stripe->nodes[i], *next; node; node = next) {
            struct node **chain = &nodes[chain_of(node->member.id.b, count)];
            next = node->next;
            node->next = *chain;
            *chain = node;
        }
    }
    free(stripe->nodes);
    stripe->nodes = nodes;
    stripe->chains_count = count;
}

static void grow_certificates(struct stripe *stripe)
{
    size_t count = stripe->chains_count * 2;
    struct known_certificate **certificates = calloc(count, sizeof *certificates);
    if (!certificates)
        return;
    for (size_t i = 0; i < stripe->chains_count; i++) {
        for (struct known_certificate *known = stripe->certificates[i], *next; known; known = next) {
            struct known_certificate **chain = &certificates[chain_of(known->row.fingerprint.b, count)];
            next = known->next;
            known->next = *chain;
            *chain = known;
        }
    }
    free(stripe->certificates);
    stripe->certificates = certificates;
    stripe->chains_count = count;
}

/* --- life -------------------------------------------------------------------------------------------------------- */

sec_status hub_fleet_new(struct hub_fleet **ret_fleet)
{
    struct hub_fleet *fleet = aligned_alloc(_Alignof(struct hub_fleet), sizeof *fleet);
    bool good = fleet != NULL;
    if (!good)
        return sec_st(SEC_TABLE_FULL);
    sec_zero(fleet, sizeof *fleet);
    for (size_t i = 0; i < STRIPES_COUNT; i++) {
        struct stripe *members = &fleet->members[i], *certificates = &fleet->certificates[i];
        pthread_mutex_init(&members->lock, NULL);
        pthread_mutex_init(&certificates->lock, NULL);
        members->nodes = calloc(CHAINS_MIN_COUNT, sizeof(struct node *));
        certificates->certificates = calloc(CHAINS_MIN_COUNT, sizeof(struct known_certificate *));
        good = good && members->nodes && certificates->certificates;
        members->chains_count = members->nodes ? CHAINS_MIN_COUNT : 0;
        certificates->chains_count = certificates->certificates ? CHAINS_MIN_COUNT : 0;
    }
    if (!good) {
        hub_fleet_free(fleet);
        return sec_st(SEC_TABLE_FULL);
    }
    *ret_fleet = fleet;
    return sec_st(SEC_OK);
}

static void free_node(struct node *node)
{
    for (struct parked *parked = node->parked, *next; parked; parked = next) {
        next = parked->next;
        free(parked);
    }
    free(node);
}

static void free_stripe(struct stripe *stripe)
{
    for (size_t i = 0; stripe->nodes && i < stripe->chains_count; i++) {
        for (struct node *node = stripe->nodes[i], *next; node; node = next) {
            next = node->next;
            free_node(node);
        }
    }
    for (size_t i = 0; stripe->certificates && i < stripe->chains_count; i++) {
        for (struct known_certificate *known = stripe->certificates[i], *next; known; known = next) {
            next = known->next;
            free(known);
        }
    }
    free(stripe->nodes);
    free(stripe->certificates);
    pthread_mutex_destroy(&stripe->lock);
}

void hub_fleet_free(struct hub_fleet *fleet)
{
    if (!fleet)
        return;
    for (size_t i = 0; i < STRIPES_COUNT; i++) {
        free_stripe(&fleet->members[i]);
        free_stripe(&fleet->certificates[i]);
    }
    free(fleet);
}

/* --- filling ----------------------------------------------------------------------------------------------------- */

static sec_status load_device(void *ctx, const struct hub_device *device)
{
    const struct hub_member member = {.id = device->id,
                                      .revoked = device->revoked,
                                      .has_head = device->head.len > 0,
                                      .size = device->size,
                                      .root = device->root,
                                      .last_seen_s = device->last_seen_s,
                                      .last_written_s = device->last_seen_s,
                                      .alarm = device->alarm,
                                      .epoch = hub_device_head_epoch(device->head)};
    return hub_fleet_put(ctx, &member);
}

static sec_status load_waiting(void *ctx, const struct sec_device_id *device, uint64_t count)
{
    hub_fleet_add_waiting(ctx, device, (int64_t)count);
    return sec_st(SEC_OK);
}

static sec_status load_ask(void *ctx, const struct hub_ask *ask)
{
    hub_fleet_add_asks(ctx, &ask->device, 1);
    return sec_st(SEC_OK);
}

static sec_status load_lost(void *ctx, const struct sec_device_id *device)
{
    (void)hub_fleet_lost(ctx, device, true);
    return sec_st(SEC_OK);
}

static sec_status load_certificate(void *ctx, const struct hub_certificate *certificate)
{
    return hub_fleet_certificate_put(ctx, certificate);
}

sec_status hub_fleet_load(struct hub_fleet *fleet, struct hub_store *store)
{
    SEC_TRY(hub_devices(store, NULL, SIZE_MAX, load_device, fleet));
    SEC_TRY(hub_waiting_counts(store, load_waiting, fleet));
    SEC_TRY(hub_asks_open(store, NULL, ASKS_SINCE_S, load_ask, fleet));
    SEC_TRY(hub_devices_lost(store, load_lost, fleet));
    return hub_certificates(store, load_certificate, fleet);
}

/* --- members ----------------------------------------------------------------------------------------------------- */

bool hub_fleet_get(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_member *ret_member)
{
    struct stripe *stripe = lock_members(fleet, id);
    const struct node *node = find(stripe, id);
    if (node)
        *ret_member = node->member;
    unlock(stripe);
    return node != NULL;
}

static struct node *add_node(struct hub_fleet *fleet, struct stripe *stripe, const struct sec_device_id *id)
{
    struct node *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    if (stripe->count >= stripe->chains_count)
        grow_members(stripe);
    struct node **chain = &stripe->nodes[chain_of(id->b, stripe->chains_count)];
    node->next = *chain;
    *chain = node;
    stripe->count++;
    atomic_fetch_add(&fleet->count, 1);
    return node;
}

sec_status hub_fleet_put(struct hub_fleet *fleet, const struct hub_member *member)
{
    struct stripe *stripe = lock_members(fleet, &member->id);
    struct node *node = find(stripe, &member->id);
    if (!node)
        node = add_node(fleet, stripe, &member->id);
    if (node) {
        uint64_t waiting = node->member.waiting, asks = node->member.asks, epoch = node->member.epoch;
        node->member = *member;
        node->member.waiting = waiting;
        node->member.asks = asks;
        node->member.epoch = epoch > member->epoch ? epoch : member->epoch;
    }
    unlock(stripe);
    return sec_st(node ? SEC_OK : SEC_TABLE_FULL);
}

static uint64_t changed(uint64_t value, int64_t change)
{
    if (change >= 0)
        return value + (uint64_t)change;
    uint64_t less = (uint64_t)-change;
    return value > less ? value - less : 0;
}

void hub_fleet_add_waiting(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t change)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    if (node)
        node->member.waiting = changed(node->member.waiting, change);
    unlock(stripe);
}

void hub_fleet_add_asks(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t change)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    if (node)
        node->member.asks = changed(node->member.asks, change);
    unlock(stripe);
}

void hub_fleet_followed(struct hub_fleet *fleet, const struct sec_device_id *id, uint64_t size, const struct sec_digest *root)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    if (node) {
        node->member.has_head = true;
        node->member.size = size;
        node->member.root = *root;
    }
    unlock(stripe);
}

void hub_fleet_alarmed(struct hub_fleet *fleet, const struct sec_device_id *id, uint64_t alarm)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    if (node)
        node->member.alarm = alarm;
    unlock(stripe);
}

bool hub_fleet_lost(struct hub_fleet *fleet, const struct sec_device_id *id, bool lost)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    bool other = node && node->member.lost != lost;
    if (node)
        node->member.lost = lost;
    unlock(stripe);
    return other;
}

bool hub_fleet_seen(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t now_s, struct hub_member *ret_before)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    if (node) {
        *ret_before = node->member;
        node->member.last_seen_s = now_s;
        node->member.lost = false;
        if (now_s - node->member.last_written_s >= HUB_FLEET_WRITE_S)
            node->member.last_written_s = now_s;
    }
    unlock(stripe);
    return node != NULL;
}

/** A member that nothing is known of yet, unless it is there. */
static sec_status add_member(struct hub_fleet *fleet, const struct sec_device_id *id)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    bool there = node != NULL;
    if (!there)
        node = add_node(fleet, stripe, id);
    if (node && !there)
        node->member.id = *id;
    unlock(stripe);
    return sec_st(node ? SEC_OK : SEC_TABLE_FULL);
}

/* --- certificates ------------------------------------------------------------------------------------------------ */

bool hub_fleet_ended(struct hub_fleet *fleet, const struct sec_device_id *id, uint64_t epoch)
{
    struct hub_member member;
    return hub_fleet_get(fleet, id, &member) && (member.revoked || epoch < member.epoch);
}

bool hub_fleet_certificate(struct hub_fleet *fleet, const struct sec_digest *fingerprint, int64_t now_s, struct hub_certificate *ret_certificate)
{
    struct hub_certificate row;
    struct stripe *stripe = lock_certificates(fleet, fingerprint);
    const struct known_certificate *known = stripe->certificates[chain_of(fingerprint->b, stripe->chains_count)];
    while (known && !sec_digest_equal(&known->row.fingerprint, fingerprint))
        known = known->next;
    bool good = known && !known->row.revoked && now_s >= known->row.not_before_s && now_s <= known->row.not_after_s;
    if (good)
        row = known->row;
    unlock(stripe);
    if (!good || hub_fleet_ended(fleet, &row.device, row.epoch))
        return false;
    *ret_certificate = row;
    return true;
}

/** Gives back the certificate's own link in its chain, empty when it is not there; forgets the chain's long ended ones on the way. */
static struct known_certificate **find_or_end(struct stripe *stripe, const struct hub_certificate *certificate)
{
    struct known_certificate **link = &stripe->certificates[chain_of(certificate->fingerprint.b, stripe->chains_count)];
    while (*link && !sec_digest_equal(&(*link)->row.fingerprint, &certificate->fingerprint)) {
        struct known_certificate *known = *link;
        if (known->row.not_after_s + ENDED_KEPT_S <= certificate->not_before_s) {
            *link = known->next;
            stripe->count--;
            free(known);
        } else {
            link = &known->next;
        }
    }
    return link;
}

/** Counts a device's new certificate; true: it may have too many. */
static bool count_certificate(struct hub_fleet *fleet, const struct sec_device_id *id)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    bool surplus = node && ++node->certificates_count > HUB_CERTIFICATES_OF_DEVICE_COUNT;
    unlock(stripe);
    return surplus;
}

/** The device's oldest certificate but `keep`; false: there is no other. */
static bool oldest_of(struct hub_fleet *fleet, const struct hub_certificate *keep, size_t *ret_count, struct hub_certificate *ret_oldest)
{
    bool found = false;
    *ret_count = 0;
    for (size_t s = 0; s < STRIPES_COUNT; s++) {
        struct stripe *stripe = &fleet->certificates[s];
        pthread_mutex_lock(&stripe->lock);
        for (size_t i = 0; i < stripe->chains_count; i++)
            for (const struct known_certificate *known = stripe->certificates[i]; known; known = known->next) {
                if (!sec_device_id_equal(&known->row.device, &keep->device))
                    continue;
                ++*ret_count;
                if (sec_digest_equal(&known->row.fingerprint, &keep->fingerprint) || (found && known->row.not_before_s >= ret_oldest->not_before_s))
                    continue;
                *ret_oldest = known->row;
                found = true;
            }
        unlock(stripe);
    }
    return found;
}

static void forget_certificate(struct hub_fleet *fleet, const struct sec_digest *fingerprint)
{
    struct stripe *stripe = lock_certificates(fleet, fingerprint);
    struct known_certificate **link = &stripe->certificates[chain_of(fingerprint->b, stripe->chains_count)];
    while (*link && !sec_digest_equal(&(*link)->row.fingerprint, fingerprint))
        link = &(*link)->next;
    struct known_certificate *known = *link;
    if (known) {
        *link = known->next;
        stripe->count--;
        free(known);
    }
    unlock(stripe);
}

/** Looks through all of them: only a device that enrols again and again costs that, and an enrolment costs more. */
static void forget_surplus(struct hub_fleet *fleet, const struct hub_certificate *newest)
{
    struct hub_certificate oldest = {.not_before_s = 0};
    size_t count = 0;
    if (oldest_of(fleet, newest, &count, &oldest) && count > HUB_CERTIFICATES_OF_DEVICE_COUNT) {
        forget_certificate(fleet, &oldest.fingerprint);
        count--;
    }
    struct stripe *stripe = lock_members(fleet, &newest->device);
    struct node *node = find(stripe, &newest->device);
    if (node)
        node->certificates_count = count;
    unlock(stripe);
}

sec_status hub_fleet_certificate_put(struct hub_fleet *fleet, const struct hub_certificate *certificate)
{
    SEC_TRY(add_member(fleet, &certificate->device));
    struct stripe *stripe = lock_certificates(fleet, &certificate->fingerprint);
    if (stripe->count >= stripe->chains_count)
        grow_certificates(stripe);
    struct known_certificate **link = find_or_end(stripe, certificate);
    bool fresh = !*link;
    if (fresh && (*link = calloc(1, sizeof **link)) != NULL)
        stripe->count++;
    bool good = *link != NULL;
    if (good)
        (*link)->row = *certificate;
    unlock(stripe);
    if (fresh && good && count_certificate(fleet, &certificate->device))
        forget_surplus(fleet, certificate);
    if (good)
        hub_fleet_epoch(fleet, &certificate->device, certificate->epoch);
    return sec_st(good ? SEC_OK : SEC_TABLE_FULL);
}

static void revoke_certificates(struct stripe *stripe, const struct sec_device_id *id)
{
    pthread_mutex_lock(&stripe->lock);
    for (size_t i = 0; i < stripe->chains_count; i++)
        for (struct known_certificate *known = stripe->certificates[i]; known; known = known->next)
            known->row.revoked = known->row.revoked || sec_device_id_equal(&known->row.device, id);
    unlock(stripe);
}

void hub_fleet_revoke(struct hub_fleet *fleet, const struct sec_device_id *id)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    if (node)
        node->member.revoked = true;
    unlock(stripe);
    for (size_t i = 0; i < STRIPES_COUNT; i++)
        revoke_certificates(&fleet->certificates[i], id);
    if (fleet->on_revoke)
        fleet->on_revoke(fleet->on_revoke_ctx, id, UINT64_MAX);
}

void hub_fleet_epoch(struct hub_fleet *fleet, const struct sec_device_id *id, uint64_t epoch)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    bool newer = node && epoch > node->member.epoch;
    if (newer)
        node->member.epoch = epoch;
    unlock(stripe);
    if (newer && fleet->on_revoke)
        fleet->on_revoke(fleet->on_revoke_ctx, id, epoch);
}

void hub_fleet_on_revoke(struct hub_fleet *fleet, void (*call)(void *ctx, const struct sec_device_id *id, uint64_t epoch), void *ctx)
{
    fleet->on_revoke = call;
    fleet->on_revoke_ctx = ctx;
}

/* --- waiting ----------------------------------------------------------------------------------------------------- */

static void take_out(struct node *node, const struct parked *parked)
{
    struct parked **link = &node->parked;
    while (*link && *link != parked)
        link = &(*link)->next;
    if (*link)
        *link = parked->next;
}

/** Runs on the exchange's thread, where alone it is unparked: it lives when it is still named. */
static void wake_now(void *arg)
{
    struct parked *parked = arg;
    struct stripe *stripe = lock_members(parked->fleet, &parked->id);
    struct node *node = find(stripe, &parked->id); /* members are never removed */
    if (node)
        take_out(node, parked);
    unlock(stripe);
    if (parked->x)
        parked->wake(parked->x);
    free(parked);
}

/** The stripe's lock is held, so that the exchange cannot be let go before the post is under way. */
static void post_all(struct node *node)
{
    for (struct parked *parked = node->parked; parked; parked = parked->next) {
        if (parked->posted)
            continue;
        parked->posted = true;
        hub_post(parked->x->loop, wake_now, parked);
    }
}

void hub_fleet_park(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_exchange *x, void (*wake)(struct hub_exchange *x))
{
    struct parked *parked = malloc(sizeof *parked);
    if (!parked)
        return; /* it is answered when its time is over */
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    if (node) {
        post_all(node);
        *parked = (struct parked){node->parked, fleet, *id, x, wake, false};
        node->parked = parked;
    }
    unlock(stripe);
    if (!node)
        free(parked);
}

void hub_fleet_unpark(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_exchange *x)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    struct parked *parked = node ? node->parked : NULL;
    while (parked && parked->x != x)
        parked = parked->next;
    bool mine = parked && !parked->posted;
    if (mine)
        take_out(node, parked);
    else if (parked)
        parked->x = NULL;
    unlock(stripe);
    if (mine)
        free(parked);
}

void hub_fleet_wake(struct hub_fleet *fleet, const struct sec_device_id *id)
{
    struct stripe *stripe = lock_members(fleet, id);
    struct node *node = find(stripe, id);
    if (node)
        post_all(node);
    unlock(stripe);
}

/* --- all --------------------------------------------------------------------------------------------------------- */

/** Null: the stripe is empty, or there is no memory. */
static struct hub_member *copy_stripe(struct stripe *stripe, size_t *ret_count)
{
    size_t count = 0;
    pthread_mutex_lock(&stripe->lock);
    struct hub_member *members = stripe->count ? malloc(stripe->count * sizeof *members) : NULL;
    for (size_t i = 0; members && i < stripe->chains_count; i++)
        for (const struct node *node = stripe->nodes[i]; node; node = node->next)
            members[count++] = node->member;
    unlock(stripe);
    *ret_count = count;
    return members;
}

void hub_fleet_each(struct hub_fleet *fleet, void (*each)(void *ctx, const struct hub_member *member), void *ctx)
{
    for (size_t i = 0; i < STRIPES_COUNT; i++) {
        size_t count = 0;
        struct hub_member *members = copy_stripe(&fleet->members[i], &count);
        for (size_t k = 0; k < count; k++)
            each(ctx, &members[k]);
        free(members);
    }
}

size_t hub_fleet_count(struct hub_fleet *fleet)
{
    return atomic_load(&fleet->count);
}
