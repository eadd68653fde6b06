/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include "connection.h"
#include "say.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct work {
    struct work *next;
    struct hub_exchange *x;
    hub_work work;
    hub_done done;
    void *arg;
    sec_status status;
};

struct hub_writer {
    struct hub *hub;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct work *first, *last;
    bool stopping;
    size_t taken_count; /* works of the last batch */
    struct sec_openssl openssl;
    struct sec_crypto crypto;
    void (*hooks[HUB_WRITER_HOOKS_COUNT])(struct hub *hub);
    size_t hooks_count;
};

/** Runs on the exchange's thread. */
static void tell_done(void *arg)
{
    struct work *work = arg;
    struct connection_request *r = request_of(work->x);
    r->writes--;
    work->done(work->x, work->arg, work->status);
    if (work->x->client_gone)
        loop_ready(work->x->connection);
    free(work);
}

static void answer(struct work *work)
{
    if (work->x) {
        hub_post(work->x->loop, tell_done, work);
        return;
    }
    if (work->done)
        work->done(NULL, work->arg, work->status);
    free(work);
}

/** What the whole batch is told when the transaction did not hold: a full disk by its name, anything else as a failure. */
static sec_status worst(sec_status status)
{
    return sec_is(status, SEC_STORAGE_FULL) ? status : sec_st(SEC_IO_FAILED);
}

static sec_status run_batch(struct hub_store *store, struct work *batch)
{
    SEC_TRY(hub_store_begin(store));
    for (struct work *work = batch; work; work = work->next) {
        sec_status status = hub_store_save(store);
        if (sec_ok(status)) {
            work->status = work->work(store, work->arg);
            status = hub_store_save_end(store, sec_ok(work->status));
        }
        if (sec_is(work->status, SEC_STORAGE_FULL))
            status = work->status; /* the database may have rolled back the whole transaction by itself */
        if (!sec_ok(status)) {
            hub_store_rollback(store);
            return status;
        }
    }
    sec_status status = hub_store_commit(store);
    if (!sec_ok(status))
        hub_store_rollback(store);
    return status;
}

static void run_and_answer(struct hub_writer *writer, struct work *batch)
{
    sec_status status = run_batch(writer->hub->first, batch);
    if (!sec_ok(status))
        hub_say_of_strangers("store: commit: %s", sec_status_text(status));
    for (size_t i = 0; sec_ok(status) && i < writer->hooks_count; i++)
        writer->hooks[i](writer->hub);
    for (struct work *work = batch, *next; work; work = next) {
        next = work->next;
        if (!sec_ok(status))
            work->status = worst(status);
        answer(work);
    }
}

/** Many write at once: a moment later there are more of them for the same sync. Holds the lock, and gives it back meanwhile. */
static void gather(struct hub_writer *writer)
{
    const struct timespec moment = {0, HUB_WRITER_GATHER_NS};
    if (writer->taken_count < HUB_WRITER_MANY_COUNT || writer->stopping)
        return;
    pthread_mutex_unlock(&writer->lock);
    (void)nanosleep(&moment, NULL);
    pthread_mutex_lock(&writer->lock);
}

/** Takes what waits, at most one batch; null: it is time to stop. */
static struct work *take(struct hub_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (!writer->first && !writer->stopping)
        pthread_cond_wait(&writer->more, &writer->lock);
    gather(writer);
    struct work *batch = writer->first, *end = batch;
    writer->taken_count = batch != NULL;
    for (; end && end->next && writer->taken_count < HUB_WRITER_BATCH_COUNT; writer->taken_count++)
        end = end->next;
    if (end) {
        writer->first = end->next;
        end->next = NULL;
    }
    pthread_mutex_unlock(&writer->lock);
    return batch;
}

static void *run(void *arg)
{
    struct hub_writer *writer = arg;
    hub_crypto_use(&writer->crypto);
    for (struct work *batch; (batch = take(writer)) != NULL;)
        run_and_answer(writer, batch);
    return NULL;
}

void hub_write(struct hub_exchange *x, struct hub *hub, hub_work work, hub_done done, void *arg)
{
    struct hub_writer *writer = hub->writer;
    struct work *one = malloc(sizeof *one);
    if (!one) {
        hub_say("memory: none left: stopped"); /* as in hub_post(): a lost work cannot be told to anybody */
        abort();
    }
    *one = (struct work){NULL, x, work, done, arg, sec_st(SEC_OK)};
    if (x)
        request_of(x)->writes++;
    pthread_mutex_lock(&writer->lock);
    bool first = !writer->first;
    if (first)
        writer->first = one;
    else
        writer->last->next = one;
    writer->last = one;
    pthread_mutex_unlock(&writer->lock);
    if (first)
        pthread_cond_signal(&writer->more);
}

static struct hub_writer *writer_of(struct hub *hub)
{
    if (hub->writer)
        return hub->writer;
    struct hub_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->hub = hub;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->more, NULL);
    hub->writer = writer;
    return writer;
}

sec_status hub_writer_on_commit(struct hub *hub, void (*call)(struct hub *hub))
{
    struct hub_writer *writer = writer_of(hub);
    if (!writer || writer->hooks_count == HUB_WRITER_HOOKS_COUNT)
        return sec_st(SEC_TABLE_FULL);
    writer->hooks[writer->hooks_count++] = call;
    return sec_st(SEC_OK);
}

sec_status hub_writer_start(struct hub *hub)
{
    struct hub_writer *writer = writer_of(hub);
    if (!writer)
        return sec_st(SEC_IO_FAILED);
    SEC_TRY(sec_openssl_init(&writer->openssl));
    writer->crypto = sec_openssl_crypto(&writer->openssl);
    return pthread_create(&writer->thread, NULL, run, writer) == 0 ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
}

void hub_writer_stop(struct hub *hub)
{
    struct hub_writer *writer = hub->writer;
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_mutex_unlock(&writer->lock);
    pthread_cond_signal(&writer->more);
    if (writer->thread)
        pthread_join(writer->thread, NULL);
    sec_openssl_done(&writer->openssl);
    free(writer);
    hub->writer = NULL;
}
