/* SPDX-License-Identifier: Apache-2.0 */
#include "pages.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 8192u

struct kept {
    struct kept *next;
    struct sec_device_id id;
    struct hub_handed handed;
    bool has_handed;
    struct hub_run *run; /* null: none */
};

struct hub_pages {
    pthread_mutex_t lock;
    size_t devices_count;
    size_t runs_count;
    struct kept *buckets[BUCKETS];
};

sec_status hub_pages_new(struct hub_pages **ret_pages)
{
    struct hub_pages *pages = calloc(1, sizeof *pages);
    if (!pages)
        return sec_st(SEC_TABLE_FULL);
    if (pthread_mutex_init(&pages->lock, NULL) != 0) {
        free(pages);
        return sec_st(SEC_TABLE_FULL);
    }
    *ret_pages = pages;
    return sec_st(SEC_OK);
}

void hub_pages_free(struct hub_pages *pages)
{
    if (!pages)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct kept *kept = pages->buckets[i], *next; kept; kept = next) {
            next = kept->next;
            free(kept->run);
            free(kept);
        }
    }
    pthread_mutex_destroy(&pages->lock);
    free(pages);
}

/** Where the device's entry is pointed to, or would be: an id is a hash already. */
static struct kept **place_of(struct hub_pages *pages, const struct sec_device_id *id)
{
    struct kept **at = &pages->buckets[((size_t)id->b[0] << 8 | id->b[1]) % BUCKETS];
    while (*at && !sec_bytes_equal(sec_device_id_bytes(&(*at)->id), sec_device_id_bytes(id)))
        at = &(*at)->next;
    return at;
}

/** The device's entry, made when it is missing; null when there is no room. */
static struct kept *entry_of(struct hub_pages *pages, const struct sec_device_id *id)
{
    struct kept **at = place_of(pages, id);
    if (*at || pages->devices_count == HUB_PAGES_DEVICES_MAX_COUNT)
        return *at;
    *at = calloc(1, sizeof **at);
    if (*at) {
        (*at)->id = *id;
        pages->devices_count++;
    }
    return *at;
}

static void tidy(struct hub_pages *pages, const struct sec_device_id *id)
{
    struct kept **at = place_of(pages, id), *kept = *at;
    if (!kept || kept->has_handed || kept->run)
        return;
    *at = kept->next;
    free(kept);
    pages->devices_count--;
}

bool hub_run_get(struct hub_pages *pages, const struct sec_device_id *id, struct hub_run *ret_run)
{
    pthread_mutex_lock(&pages->lock);
    const struct kept *kept = *place_of(pages, id);
    bool there = kept && kept->run;
    if (there)
        *ret_run = *kept->run;
    pthread_mutex_unlock(&pages->lock);
    return there;
}

void hub_run_put(struct hub_pages *pages, const struct sec_device_id *id, const struct hub_run *run)
{
    pthread_mutex_lock(&pages->lock);
    struct kept *kept = entry_of(pages, id);
    if (kept && !kept->run && pages->runs_count < HUB_PAGES_RUNS_MAX_COUNT) {
        kept->run = malloc(sizeof *kept->run);
        pages->runs_count += kept->run != NULL;
    }
    if (kept && kept->run)
        *kept->run = *run;
    tidy(pages, id);
    pthread_mutex_unlock(&pages->lock);
}

void hub_run_drop(struct hub_pages *pages, const struct sec_device_id *id)
{
    pthread_mutex_lock(&pages->lock);
    struct kept *kept = *place_of(pages, id);
    if (kept && kept->run) {
        free(kept->run);
        kept->run = NULL;
        pages->runs_count--;
        tidy(pages, id);
    }
    pthread_mutex_unlock(&pages->lock);
}

bool hub_handed_get(struct hub_pages *pages, const struct sec_device_id *id, struct hub_handed *ret_handed)
{
    pthread_mutex_lock(&pages->lock);
    const struct kept *kept = *place_of(pages, id);
    bool there = kept && kept->has_handed;
    if (there)
        *ret_handed = kept->handed;
    pthread_mutex_unlock(&pages->lock);
    return there;
}

void hub_handed_put(struct hub_pages *pages, const struct sec_device_id *id, const struct hub_handed *handed)
{
    pthread_mutex_lock(&pages->lock);
    struct kept *kept = entry_of(pages, id);
    if (kept) {
        kept->handed = *handed;
        kept->has_handed = true;
    }
    pthread_mutex_unlock(&pages->lock);
}

void hub_handed_drop(struct hub_pages *pages, const struct sec_device_id *id)
{
    pthread_mutex_lock(&pages->lock);
    struct kept *kept = *place_of(pages, id);
    if (kept) {
        kept->has_handed = false;
        tidy(pages, id);
    }
    pthread_mutex_unlock(&pages->lock);
}
