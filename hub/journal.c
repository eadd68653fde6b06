/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include "file_storage.h"
#include "journal_record.h"
#include "say.h"
#include "writer.h"

#include <securable/version.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/** Events copied under one hold of the lock and one head. */
#define BATCH_COUNT 64u
#define SIGNER_NAME "journal-key.pem"

struct hub_journal {
    struct hub *hub;
    struct sec_openssl openssl;
    struct sec_crypto crypto;
    struct sec_private_key key;
    struct sec_file_storage files;
    struct sec_storage storage;
    struct sec_keystore keystore;
    struct hub_store *store; /* reads alone */
    struct sec_room work;
    struct sec_journal_found found;

    pthread_mutex_t lock; /* around the journal and what follows */
    struct sec_journal journal;
    bool open;
    uint64_t last;        /* number of the last event that is in the journal */
    uint64_t last_staged; /* ... or on its way there */

    pthread_t thread;
    bool started;
    pthread_mutex_t wait_lock;
    pthread_cond_t wait;
    bool news;
    bool stopping;
};

/* --- no slot keys: bodies are clear ------------------------------------------------------------------------------ */

static sec_status no_make(void *ctx, uint64_t number)
{
    (void)ctx;
    (void)number;
    return sec_st(SEC_UNSUPPORTED);
}

static sec_status no_next(void *ctx, uint64_t after, uint64_t *ret_number)
{
    (void)ctx;
    (void)after;
    (void)ret_number;
    return sec_st(SEC_NOT_FOUND);
}

static sec_status no_destroy(void *ctx, uint64_t number, enum sec_destroy_grade *ret_grade)
{
    (void)ctx;
    (void)number;
    *ret_grade = SEC_DESTROY_NOT_COVERED;
    return sec_st(SEC_OK);
}

static sec_status no_wrap(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_aead_key *key, struct sec_wrapped_key *ret_wrapped)
{
    (void)ctx;
    (void)number;
    (void)aad;
    (void)key;
    (void)ret_wrapped;
    return sec_st(SEC_NOT_FOUND);
}

static sec_status no_unwrap(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_wrapped_key *wrapped, struct sec_aead_key *ret_key)
{
    (void)ctx;
    (void)number;
    (void)aad;
    (void)wrapped;
    (void)ret_key;
    return sec_st(SEC_NOT_FOUND);
}

/* --- folding and opening; the lock is held, or nobody else is there yet --------------------------------------------- */

static sec_status fold(void *ctx, const struct sec_journal_record *record)
{
    struct hub_journal *j = ctx;
    enum sec_record_class record_class = record->header.record_class;
    if (record_class != SEC_RECORD_SYSTEM && record_class != SEC_RECORD_SNAPSHOT)
        return sec_st(SEC_OK);
    return hub_journal_record_number(record->content, &j->last);
}

static sec_status check_root(void *ctx, const struct sec_head *head)
{
    struct hub_journal *j = ctx;
    struct sec_digest root;
    SEC_TRY(hub_journal_last_root(j->last, &j->crypto.hasher, &root));
    return sec_st(sec_digest_equal(&root, &head->state_root) ? SEC_OK : SEC_TAMPERED);
}

static sec_status facts_of(void *ctx, struct sec_journal_head_facts *ret_facts)
{
    struct hub_journal *j = ctx;
    struct sec_journal_head_facts facts = {.time_s = hub_now_s()};
    SEC_TRY(hub_journal_last_root(j->last, &j->crypto.hasher, &facts.state_root));
    *ret_facts = facts;
    return sec_st(SEC_OK);
}

static sec_status encode_last(void *ctx, struct sec_wr *wr)
{
    const struct hub_journal *j = ctx;
    hub_journal_last_encode(j->last, wr);
    return sec_st(wr->bad ? SEC_ROOM_FULL : SEC_OK);
}

/** The kept segments beyond the limit go, right after a new one was begun: then the record of it surely fits. */
static sec_status trim(struct hub_journal *j)
{
    struct sec_journal_segment segment = {0};
    struct sec_journal_head_facts facts;
    uint32_t newest = sec_journal_segment_number(&j->journal);
    SEC_TRY(sec_journal_segment_next(&j->journal, 0, &segment));
    if (newest - segment.number < HUB_JOURNAL_SEGMENTS_COUNT)
        return sec_st(SEC_OK);
    while (newest - segment.number >= HUB_JOURNAL_SEGMENTS_COUNT)
        SEC_TRY(sec_journal_segment_next(&j->journal, segment.number, &segment));
    SEC_TRY(facts_of(j, &facts));
    return sec_journal_trim(&j->journal, segment.first, &facts);
}

/** What is staged becomes durable under a head. */
static sec_status commit(struct hub_journal *j)
{
    const struct sec_journal_snapshot snapshot = {j, encode_last, facts_of};
    struct sec_journal_head_facts facts = {.time_s = hub_now_s()};
    uint32_t segment = sec_journal_segment_number(&j->journal);
    SEC_TRY(hub_journal_last_root(j->last_staged, &j->crypto.hasher, &facts.state_root));
    SEC_TRY(sec_journal_commit(&j->journal, &facts, &snapshot));
    j->last = j->last_staged;
    return sec_journal_segment_number(&j->journal) != segment ? trim(j) : sec_st(SEC_OK);
}

static sec_status stage(struct hub_journal *j, const struct hub_event *event)
{
    uint8_t bytes[HUB_JOURNAL_RECORD_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(bytes));
    SEC_TRY(hub_journal_record_encode(event, &j->crypto.hasher, &wr));
    sec_status status = sec_journal_stage(&j->journal, SEC_RECORD_SYSTEM, SEC_SEAL_CLEAR, false, sec_wr_done(&wr), NULL);
    if (sec_is(status, SEC_ROOM_FULL)) {
        SEC_TRY(commit(j));
        status = sec_journal_stage(&j->journal, SEC_RECORD_SYSTEM, SEC_SEAL_CLEAR, false, sec_wr_done(&wr), NULL);
    }
    if (sec_ok(status))
        j->last_staged = event->number;
    return status;
}

static sec_status begin(struct hub_journal *j)
{
    uint8_t bytes[32];
    struct sec_wr wr = sec_wr(SEC_ROOM(bytes));
    hub_journal_last_encode(j->last, &wr);
    SEC_TRY(sec_journal_stage(&j->journal, SEC_RECORD_SNAPSHOT, SEC_SEAL_CLEAR, false, sec_wr_done(&wr), NULL));
    return commit(j);
}

/** A database that was restored knows less than the journal, which then goes on from there and says so. */
static sec_status record_start(struct hub_journal *j)
{
    char json[256];
    uint64_t last = 0, before = j->last;
    SEC_TRY(hub_events_last(j->store, &last));
    if (j->found.fresh)
        SEC_TRY(begin(j));
    if (last > before)
        last = before;
    int len = snprintf(json, sizeof json, "{\"version\":\"%s\",\"last\":%llu,\"journal_last\":%llu,\"cut_bytes\":%llu,\"dropped\":%llu}", SEC_VERSION,
                       (unsigned long long)last, (unsigned long long)before, (unsigned long long)j->found.cut_bytes,
                       (unsigned long long)j->found.dropped_count);
    const struct hub_event started = {.number = last, .at_s = hub_now_s(), .kind = SEC_LIT("started"), .json = sec_bytes(json, (size_t)len)};
    SEC_TRY(stage(j, &started));
    return commit(j);
}

static void close_journal(struct hub_journal *j)
{
    if (!j->open)
        return;
    sec_journal_close(&j->journal);
    sec_file_storage_close(&j->files);
    j->open = false;
}

static sec_status open_journal(struct hub_journal *j)
{
    const struct sec_journal_visitor visitor = {j, fold, check_root};
    struct sec_device_id id;
    struct sec_journal_config config = {&j->storage, &j->keystore, &j->crypto, {{0}}, HUB_JOURNAL_SEGMENT_BYTES};
    SEC_TRY(sec_device_id_of_key(&j->key.key, &j->crypto.hasher, &id));
    sec_copy(config.log_id.b, id.b, sizeof config.log_id.b);
    j->last = j->last_staged = 0;
    SEC_TRY(sec_file_storage_open(&j->files, j->hub->place.journal_fd, false));
    j->storage = sec_file_storage_port(&j->files);
    sec_status status = sec_journal_open(&j->journal, &config, j->work, &visitor, &j->found);
    j->open = sec_ok(status);
    j->last_staged = j->last;
    if (!sec_ok(status)) {
        sec_file_storage_close(&j->files);
        return status;
    }
    status = record_start(j);
    if (!sec_ok(status))
        close_journal(j);
    return status;
}

/* --- copying events ------------------------------------------------------------------------------------------------- */

struct copying {
    struct hub_journal *j;
    size_t count;
};

static sec_status copy_event(void *ctx, const struct hub_event *event)
{
    struct copying *copying = ctx;
    copying->count++;
    return stage(copying->j, event);
}

static sec_status copy_batch(struct hub_journal *j, size_t *ret_count)
{
    struct copying copying = {j, 0};
    if (!j->open)
        SEC_TRY(open_journal(j));
    sec_status status = hub_events(j->store, j->last, NULL, BATCH_COUNT, copy_event, &copying);
    if (sec_ok(status) && copying.count)
        status = commit(j);
    if (!sec_ok(status))
        close_journal(j); /* opened anew: what is there then is what counts */
    *ret_count = copying.count;
    return status;
}

static sec_status copy_events(struct hub_journal *j)
{
    size_t count = 0;
    sec_status status;
    do {
        pthread_mutex_lock(&j->lock);
        status = copy_batch(j, &count);
        pthread_mutex_unlock(&j->lock);
    } while (sec_ok(status) && count == BATCH_COUNT);
    return status;
}

/* --- the thread ------------------------------------------------------------------------------------------------------- */

/** After each commit, on the writer's thread. */
static void look(struct hub *hub)
{
    struct hub_journal *j = hub->journal;
    pthread_mutex_lock(&j->wait_lock);
    bool first = !j->news;
    j->news = true;
    pthread_mutex_unlock(&j->wait_lock);
    if (first)
        pthread_cond_signal(&j->wait);
}

/** Until it is time to stop; the lock is held. */
static void pause_for(struct hub_journal *j, int64_t ms)
{
    struct timespec until;
    int timed_out = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000) + (until.tv_nsec + (long)(ms % 1000) * 1000000L) / 1000000000L;
    until.tv_nsec = (until.tv_nsec + (long)(ms % 1000) * 1000000L) % 1000000000L;
    while (!j->stopping && timed_out == 0)
        timed_out = pthread_cond_timedwait(&j->wait, &j->wait_lock, &until);
}

/** What comes within the wait shares a head. False: it is time to stop, and what is left is copied once more. */
static bool wait_for_news(struct hub_journal *j, bool failed)
{
    pthread_mutex_lock(&j->wait_lock);
    if (failed)
        pause_for(j, HUB_JOURNAL_AGAIN_S * 1000);
    while (!failed && !j->news && !j->stopping)
        pthread_cond_wait(&j->wait, &j->wait_lock);
    if (!failed)
        pause_for(j, HUB_JOURNAL_WAIT_MS);
    j->news = false;
    bool go_on = !j->stopping;
    pthread_mutex_unlock(&j->wait_lock);
    return go_on;
}

static void *run(void *arg)
{
    struct hub_journal *j = arg;
    sec_status told = sec_st(SEC_OK);
    hub_crypto_use(&j->crypto);
    for (bool go_on = true; go_on;) {
        go_on = wait_for_news(j, !sec_ok(told));
        sec_status status = copy_events(j);
        if (!sec_is(status, told.code))
            hub_say("journal: write: %s", sec_status_text(status));
        told = status;
    }
    return NULL;
}

/* --- starting and stopping ---------------------------------------------------------------------------------------------- */

static struct hub_journal *make(struct hub *hub)
{
    pthread_condattr_t attributes;
    struct hub_journal *j = calloc(1, sizeof *j);
    uint8_t *work = malloc(SEC_JOURNAL_WORK_BYTES);
    if (!j || !work) {
        free(j);
        free(work);
        return NULL;
    }
    j->hub = hub;
    j->work = sec_room(work, SEC_JOURNAL_WORK_BYTES);
    pthread_mutex_init(&j->lock, NULL);
    pthread_mutex_init(&j->wait_lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&j->wait, &attributes);
    pthread_condattr_destroy(&attributes);
    j->keystore = (struct sec_keystore){.make = no_make, .next = no_next, .destroy = no_destroy, .wrap = no_wrap, .unwrap = no_unwrap};
    return j;
}

static sec_status start(struct hub_journal *j)
{
    char path[HUB_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/hub.db", j->hub->place.path);
    SEC_TRY(sec_openssl_init(&j->openssl));
    j->crypto = sec_openssl_crypto(&j->openssl);
    SEC_TRY(sec_private_key_load(&j->key, &j->openssl, j->hub->place.keys_fd, SIGNER_NAME));
    j->keystore.identity = sec_private_key_signer(&j->key);
    SEC_TRY(hub_store_open(path, true, &j->store));
    SEC_TRY(open_journal(j));
    SEC_TRY(hub_writer_on_commit(j->hub, look));
    j->news = true; /* what a cut left behind */
    j->started = pthread_create(&j->thread, NULL, run, j) == 0;
    return sec_st(j->started ? SEC_OK : SEC_TABLE_FULL);
}

sec_status hub_journal_start(struct hub *hub)
{
    hub->journal = make(hub);
    if (!hub->journal)
        return sec_st(SEC_TABLE_FULL);
    sec_status status = start(hub->journal);
    if (!sec_ok(status))
        hub_say("journal: open: %s", sec_status_text(status));
    return status;
}

void hub_journal_stop(struct hub *hub)
{
    struct hub_journal *j = hub->journal;
    if (!j)
        return;
    pthread_mutex_lock(&j->wait_lock);
    j->stopping = true;
    pthread_mutex_unlock(&j->wait_lock);
    pthread_cond_signal(&j->wait);
    if (j->started)
        pthread_join(j->thread, NULL);
    close_journal(j);
    hub_store_close(j->store);
    sec_private_key_done(&j->key);
    sec_openssl_done(&j->openssl);
    pthread_cond_destroy(&j->wait);
    pthread_mutex_destroy(&j->wait_lock);
    pthread_mutex_destroy(&j->lock);
    free(j->work.data);
    free(j);
    hub->journal = NULL;
}

/* --- reading --------------------------------------------------------------------------------------------------------------- */

struct page {
    size_t left;
    bool full;
    sec_status (*each)(void *ctx, const struct sec_journal_record *record);
    void *ctx;
};

static sec_status take_record(void *ctx, const struct sec_journal_record *record)
{
    struct page *page = ctx;
    page->full = page->left == 0;
    if (page->full)
        return sec_st(SEC_ROOM_FULL); /* ends the walk */
    page->left--;
    return page->each(page->ctx, record);
}

sec_status hub_journal_entries(struct hub *hub, uint64_t from, size_t limit,
                               sec_status (*each)(void *ctx, const struct sec_journal_record *record), void *ctx)
{
    struct hub_journal *j = hub->journal;
    struct page page = {limit, false, each, ctx};
    const struct sec_journal_visitor visitor = {&page, take_record, NULL};
    pthread_mutex_lock(&j->lock);
    sec_status status = j->open ? sec_journal_walk(&j->journal, from, &visitor) : sec_st(SEC_IO_FAILED);
    pthread_mutex_unlock(&j->lock);
    return page.full ? sec_st(SEC_OK) : status;
}

sec_status hub_journal_head(struct hub *hub, struct sec_room room, size_t *ret_len)
{
    struct hub_journal *j = hub->journal;
    pthread_mutex_lock(&j->lock);
    struct sec_bytes head = j->open ? sec_journal_head(&j->journal) : sec_bytes(NULL, 0);
    sec_status status = sec_st(head.len == 0 ? SEC_IO_FAILED : sec_bytes_copy(room, head) ? SEC_OK : SEC_ROOM_FULL);
    size_t len = head.len;
    pthread_mutex_unlock(&j->lock);
    if (sec_ok(status))
        *ret_len = len;
    return status;
}

/* --- checking ---------------------------------------------------------------------------------------------------------------- */

static sec_status verify(int journal_fd, const struct sec_public_key *key, const struct sec_crypto *crypto, struct sec_room work,
                         struct sec_verify_result *ret_result)
{
    struct sec_file_storage files;
    SEC_TRY(sec_file_storage_open(&files, journal_fd, true));
    struct sec_storage storage = sec_file_storage_port(&files);
    sec_status status = sec_log_verify(&storage, key, crypto, NULL, work, NULL, ret_result);
    sec_file_storage_close(&files);
    return status;
}

sec_status hub_journal_check(int journal_fd, const struct sec_public_key *key, const struct sec_crypto *crypto, char *text, size_t text_bytes)
{
    struct sec_verify_result result;
    struct sec_room work = sec_room(malloc(SEC_JOURNAL_WORK_BYTES), SEC_JOURNAL_WORK_BYTES);
    if (!work.data)
        return sec_st(SEC_TABLE_FULL);
    sec_status status = verify(journal_fd, key, crypto, work, &result);
    free(work.data);
    if (!sec_ok(status)) {
        (void)snprintf(text, text_bytes, "journal: no verdict: %s", sec_status_text(status));
        return status;
    }
    bool intact = result.verdict == SEC_VERDICT_INTACT;
    (void)snprintf(text, text_bytes, "journal: %s, %llu records%s%s", sec_verdict_word(result.verdict), (unsigned long long)result.records,
                   intact ? "" : ": ", intact || !result.why ? "" : result.why);
    return sec_st(intact || result.verdict == SEC_VERDICT_TORN_TAIL ? SEC_OK : SEC_TAMPERED);
}
