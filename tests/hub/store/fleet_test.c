/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

/* --- a loop of our own: posts wait until they are run ---------------------------------------------------------- */

#define POSTS_MAX_COUNT 4096u

struct hub_loop {
    pthread_mutex_t lock;
    struct {
        void (*call)(void *arg);
        void *arg;
    } posts[POSTS_MAX_COUNT];
    size_t count;
};

static struct hub_loop loop = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct hub_fleet *fleet;

void hub_post(struct hub_loop *to, void (*call)(void *arg), void *arg)
{
    pthread_mutex_lock(&to->lock);
    if (to->count == POSTS_MAX_COUNT)
        abort();
    to->posts[to->count].call = call;
    to->posts[to->count++].arg = arg;
    pthread_mutex_unlock(&to->lock);
}

/* One at a time, as a post may post. */
static size_t run_posts(void)
{
    size_t done = 0;
    for (;; done++) {
        pthread_mutex_lock(&loop.lock);
        bool some = loop.count > 0;
        void (*call)(void *) = some ? loop.posts[0].call : NULL;
        void *arg = some ? loop.posts[0].arg : NULL;
        for (size_t i = 1; some && i < loop.count; i++)
            loop.posts[i - 1] = loop.posts[i];
        loop.count -= some;
        pthread_mutex_unlock(&loop.lock);
        if (!some)
            return done;
        call(arg);
    }
}

static unsigned woken;
static struct hub_exchange *woken_last;

static void wake(struct hub_exchange *x)
{
    woken++;
    woken_last = x;
    hub_fleet_unpark(fleet, &x->who.device, x);
}

/* --- what tests start from -------------------------------------------------------------------------------------- */

static struct sec_device_id id_of(unsigned number)
{
    struct sec_device_id id = {{0}};
    for (size_t i = 0; i < sizeof id.b; i++)
        id.b[i] = (uint8_t)(number * 167u + number / 256u * 13u + (unsigned)i * 31u);
    id.b[30] = (uint8_t)(number >> 8);
    id.b[31] = (uint8_t)number;
    return id;
}

static struct sec_digest fingerprint_of(unsigned number)
{
    struct sec_device_id id = id_of(number + 5000);
    struct sec_digest digest;
    memcpy(digest.b, id.b, sizeof digest.b);
    return digest;
}

static void begin(unsigned members)
{
    hub_fleet_free(fleet);
    loop.count = 0;
    woken = 0;
    woken_last = NULL;
    CHECK_OK(hub_fleet_new(&fleet));
    for (unsigned i = 0; i < members; i++) {
        const struct hub_member member = {.id = id_of(i), .size = i};
        CHECK_OK(hub_fleet_put(fleet, &member));
    }
}

static struct hub_member get(unsigned number)
{
    struct hub_member member;
    struct sec_device_id id = id_of(number);
    CHECK(hub_fleet_get(fleet, &id, &member));
    return member;
}

static struct hub_exchange exchange_of(unsigned number)
{
    return (struct hub_exchange){.loop = &loop, .who = {.who = HUB_DEVICE, .device = id_of(number)}};
}

/* --- members ------------------------------------------------------------------------------------------------------ */

static void every_member_is_found_among_many(void)
{
    struct hub_member member;
    struct sec_device_id stranger = id_of(9999);
    begin(5000);
    CHECK_INT(hub_fleet_count(fleet), 5000);
    for (unsigned i = 0; i < 5000; i++)
        CHECK_INT(get(i).size, i);
    CHECK(!hub_fleet_get(fleet, &stranger, &member));
}

static void put_again_keeps_what_is_counted(void)
{
    struct sec_device_id id = id_of(1);
    begin(2);
    hub_fleet_add_waiting(fleet, &id, 3);
    hub_fleet_add_asks(fleet, &id, 2);
    const struct hub_member member = {.id = id, .size = 77, .waiting = 99, .asks = 99};
    CHECK_OK(hub_fleet_put(fleet, &member));
    CHECK_INT(get(1).size, 77);
    CHECK_INT(get(1).waiting, 3);
    CHECK_INT(get(1).asks, 2);
    CHECK_INT(hub_fleet_count(fleet), 2);
}

static void counts_do_not_fall_below_zero(void)
{
    struct sec_device_id id = id_of(0), stranger = id_of(9);
    begin(1);
    hub_fleet_add_waiting(fleet, &id, 1);
    hub_fleet_add_waiting(fleet, &id, -4);
    hub_fleet_add_asks(fleet, &id, -1);
    hub_fleet_add_asks(fleet, &stranger, 1);
    CHECK_INT(get(0).waiting, 0);
    CHECK_INT(get(0).asks, 0);
    CHECK_INT(hub_fleet_count(fleet), 1);
}

static void contact_gives_what_was_before_and_notes_a_due_write(void)
{
    struct sec_device_id id = id_of(0), stranger = id_of(9);
    struct hub_member before;
    begin(1);
    CHECK(!hub_fleet_seen(fleet, &stranger, 1000, &before));
    CHECK(hub_fleet_seen(fleet, &id, 1000, &before));
    CHECK_INT(before.last_seen_s, 0);
    CHECK_INT(get(0).last_written_s, 1000);
    CHECK(hub_fleet_seen(fleet, &id, 1000 + HUB_FLEET_WRITE_S - 1, &before));
    CHECK_INT(before.last_seen_s, 1000);
    CHECK_INT(get(0).last_written_s, 1000);
    CHECK(hub_fleet_seen(fleet, &id, 1000 + HUB_FLEET_WRITE_S, &before));
    CHECK_INT(before.last_written_s, 1000);
    CHECK_INT(get(0).last_written_s, 1000 + HUB_FLEET_WRITE_S);
}

static void lost_contact_is_new_once_and_ends_with_contact(void)
{
    struct sec_device_id id = id_of(0), stranger = id_of(9);
    struct hub_member before;
    begin(1);
    CHECK(!hub_fleet_lost(fleet, &stranger, true));
    CHECK(hub_fleet_lost(fleet, &id, true));
    CHECK(!hub_fleet_lost(fleet, &id, true));
    CHECK(hub_fleet_seen(fleet, &id, 5, &before));
    CHECK(before.lost);
    CHECK(!get(0).lost);
}

static void heads_and_alarms_change_nothing_else(void)
{
    struct sec_device_id id = id_of(0);
    const struct sec_digest root = {{7}};
    begin(1);
    hub_fleet_followed(fleet, &id, 12, &root);
    hub_fleet_alarmed(fleet, &id, 3);
    CHECK(get(0).has_head);
    CHECK_INT(get(0).size, 12);
    CHECK_INT(get(0).alarm, 3);
    CHECK_BYTES(sec_digest_bytes(&(struct sec_digest){{7}}), SEC_BYTES(root.b));
    CHECK(!get(0).revoked);
}

static void count_one(void *ctx, const struct hub_member *member)
{
    size_t *sum = ctx;
    *sum += member->size;
    struct hub_member again;
    CHECK(hub_fleet_get(fleet, &member->id, &again)); /* no lock is held */
}

static void all_are_visited_without_a_lock(void)
{
    size_t sum = 0;
    begin(1000);
    hub_fleet_each(fleet, count_one, &sum);
    CHECK_INT(sum, 999u * 1000u / 2u);
}

/* --- certificates --------------------------------------------------------------------------------------------------- */

static void put_certificate(unsigned number, unsigned device, int64_t from_s, int64_t to_s)
{
    const struct hub_certificate row = {fingerprint_of(number), id_of(device), 1, from_s, to_s, false};
    CHECK_OK(hub_fleet_certificate_put(fleet, &row));
}

static bool opens(unsigned number, int64_t now_s)
{
    struct sec_digest fingerprint = fingerprint_of(number);
    struct hub_certificate row;
    return hub_fleet_certificate(fleet, &fingerprint, now_s, &row);
}

static void a_certificate_opens_in_its_time_alone(void)
{
    begin(1);
    put_certificate(1, 0, 100, 200);
    CHECK(!opens(1, 99));
    CHECK(opens(1, 100));
    CHECK(opens(1, 200));
    CHECK(!opens(1, 201));
    CHECK(!opens(2, 150));
}

static void a_certificate_makes_its_device_known(void)
{
    begin(0);
    put_certificate(1, 42, 100, 200);
    CHECK_INT(hub_fleet_count(fleet), 1);
    CHECK(!get(42).has_head);
    CHECK(opens(1, 150));
}

static struct sec_device_id told_revoked;
static uint64_t told_epoch;
static void note_revoked(void *ctx, const struct sec_device_id *id, uint64_t epoch)
{
    struct hub_member member;
    (*(unsigned *)ctx)++;
    told_revoked = *id;
    told_epoch = epoch;
    CHECK(hub_fleet_get(fleet, id, &member)); /* no lock is held */
}

static void revoking_closes_all_of_a_device_and_tells(void)
{
    struct sec_device_id id = id_of(0);
    unsigned told = 0;
    begin(2);
    hub_fleet_on_revoke(fleet, note_revoked, &told);
    for (unsigned i = 0; i < 2 * HUB_CERTIFICATES_OF_DEVICE_COUNT; i++)
        put_certificate(i, i % 2, 100, 200);
    hub_fleet_revoke(fleet, &id);
    CHECK(get(0).revoked);
    CHECK(told_epoch == UINT64_MAX);
    CHECK(sec_device_id_equal(&told_revoked, &id));
    for (unsigned i = 0; i < 2 * HUB_CERTIFICATES_OF_DEVICE_COUNT; i++)
        CHECK_INT(opens(i, 150), i % 2);
    /* What comes under the same device later opens nothing either, while it is revoked. */
    put_certificate(301, 0, 100, 200);
    CHECK(!opens(301, 150));
}

static void put_of_epoch(unsigned number, unsigned device, uint64_t epoch)
{
    const struct hub_certificate row = {fingerprint_of(number), id_of(device), epoch, 100, 200, false};
    CHECK_OK(hub_fleet_certificate_put(fleet, &row));
}

/** What the device shows, or enrols in, ends the epochs before; its own later certificates and those of others stand. */
static void a_newer_epoch_ends_what_was_issued_before(void)
{
    struct sec_device_id id = id_of(0);
    unsigned told = 0;
    begin(2);
    put_of_epoch(1, 0, 1);
    put_of_epoch(2, 1, 1);
    hub_fleet_on_revoke(fleet, note_revoked, &told);
    hub_fleet_epoch(fleet, &id, 1);
    CHECK(told == 0 && opens(1, 150));
    hub_fleet_epoch(fleet, &id, 2);
    CHECK(told == 1 && told_epoch == 2 && sec_device_id_equal(&told_revoked, &id));
    CHECK(!opens(1, 150) && opens(2, 150) && !get(0).revoked);
    CHECK(hub_fleet_ended(fleet, &id, 1) && !hub_fleet_ended(fleet, &id, 2));
    put_of_epoch(3, 0, 2);
    CHECK(told == 1 && opens(3, 150));
    put_of_epoch(4, 0, 3); /* enrolled before its head came */
    CHECK(told == 2 && told_epoch == 3 && opens(4, 150) && !opens(3, 150));
    struct hub_member member = get(0);
    member.epoch = 1;
    CHECK_OK(hub_fleet_put(fleet, &member));
    hub_fleet_epoch(fleet, &id, 2);
    CHECK(get(0).epoch == 3 && told == 2);
    put_of_epoch(5, 0, 2); /* a late one of an epoch that is over */
    CHECK(!opens(5, 150));
}

static void long_ended_certificates_do_not_pile_up(void)
{
    begin(1);
    for (unsigned i = 0; i < 4000; i++)
        put_certificate(i, 0, (int64_t)i * 100000, (int64_t)i * 100000 + 50);
    CHECK(opens(3999, 3999LL * 100000));
    CHECK(!opens(0, 20));
}

/** A device that enrols again and again fills no tables; its newest certificates and the others' stay. */
static void a_device_has_few_certificates(void)
{
    begin(2);
    put_certificate(1000, 1, 0, 1000);
    for (unsigned i = 0; i < 100; i++) {
        put_certificate(i, 0, i, 1000);
        put_certificate(i, 0, i, 1000); /* the same again counts once */
        CHECK(opens(i, 500));
    }
    for (unsigned i = 0; i < 100; i++)
        CHECK_INT(opens(i, 500), i >= 100 - HUB_CERTIFICATES_OF_DEVICE_COUNT);
    CHECK(opens(1000, 500));
}

/* --- parking -------------------------------------------------------------------------------------------------------- */

static void a_parked_exchange_is_woken_once_on_its_loop(void)
{
    struct hub_exchange x = exchange_of(0);
    begin(2);
    hub_fleet_park(fleet, &x.who.device, &x, wake);
    struct sec_device_id other = id_of(1);
    hub_fleet_wake(fleet, &other);
    CHECK_INT(run_posts(), 0);
    hub_fleet_wake(fleet, &x.who.device);
    hub_fleet_wake(fleet, &x.who.device);
    CHECK_INT(woken, 0); /* not before its loop comes to it */
    CHECK_INT(run_posts(), 1);
    CHECK_INT(woken, 1);
    hub_fleet_wake(fleet, &x.who.device);
    CHECK_INT(run_posts(), 0);
}

static void who_unparked_is_not_woken_though_the_post_is_under_way(void)
{
    struct hub_exchange x = exchange_of(0);
    begin(1);
    hub_fleet_park(fleet, &x.who.device, &x, wake);
    hub_fleet_wake(fleet, &x.who.device);
    hub_fleet_unpark(fleet, &x.who.device, &x);
    CHECK_INT(run_posts(), 1);
    CHECK_INT(woken, 0);
    hub_fleet_unpark(fleet, &x.who.device, &x);
}

static void the_same_memory_parked_again_is_not_woken_by_an_old_post(void)
{
    struct hub_exchange x = exchange_of(0);
    begin(1);
    hub_fleet_park(fleet, &x.who.device, &x, wake);
    hub_fleet_wake(fleet, &x.who.device);
    hub_fleet_unpark(fleet, &x.who.device, &x);
    hub_fleet_park(fleet, &x.who.device, &x, wake);
    CHECK_INT(run_posts(), 1);
    CHECK_INT(woken, 0);
    hub_fleet_wake(fleet, &x.who.device);
    CHECK_INT(run_posts(), 1);
    CHECK_INT(woken, 1);
}

static void a_second_poll_wakes_the_first(void)
{
    struct hub_exchange first = exchange_of(0), second = exchange_of(0);
    begin(1);
    hub_fleet_park(fleet, &first.who.device, &first, wake);
    hub_fleet_park(fleet, &second.who.device, &second, wake);
    CHECK_INT(run_posts(), 1);
    CHECK(woken_last == &first);
    hub_fleet_wake(fleet, &second.who.device);
    CHECK_INT(run_posts(), 1);
    CHECK(woken_last == &second);
}

static void strangers_are_not_parked_and_the_rest_is_freed(void)
{
    struct hub_exchange x = exchange_of(0), stranger = exchange_of(9);
    begin(1);
    hub_fleet_park(fleet, &stranger.who.device, &stranger, wake);
    hub_fleet_wake(fleet, &stranger.who.device);
    hub_fleet_unpark(fleet, &stranger.who.device, &stranger);
    CHECK_INT(run_posts(), 0);
    hub_fleet_park(fleet, &x.who.device, &x, wake);
    begin(0);
}

/* --- threads ---------------------------------------------------------------------------------------------------------- */

#define THREADS_COUNT 4u
#define TURNS_COUNT 4000u
#define SHARED_COUNT 32u

static atomic_bool failed_somewhere;

static void *work(void *arg)
{
    unsigned thread = *(unsigned *)arg;
    for (unsigned turn = 0; turn < TURNS_COUNT; turn++) {
        struct sec_device_id id = id_of(turn % SHARED_COUNT), own = id_of(100 + thread * TURNS_COUNT + turn);
        struct sec_digest fingerprint = fingerprint_of(100 + thread * TURNS_COUNT + turn);
        const struct hub_certificate row = {fingerprint, own, 1, 0, 100, false};
        struct hub_certificate found;
        struct hub_member member;
        hub_fleet_add_waiting(fleet, &id, 1);
        hub_fleet_add_asks(fleet, &id, 1);
        hub_fleet_add_asks(fleet, &id, -1);
        if (!hub_fleet_seen(fleet, &id, turn, &member) || !sec_ok(hub_fleet_certificate_put(fleet, &row)) ||
            !hub_fleet_certificate(fleet, &fingerprint, 50, &found) || !hub_fleet_get(fleet, &own, &member))
            failed_somewhere = true;
        if (turn % 16 == 0)
            hub_fleet_wake(fleet, &id);
    }
    return NULL;
}

static void threads_lose_nothing(void)
{
    pthread_t threads[THREADS_COUNT];
    unsigned numbers[THREADS_COUNT];
    struct hub_exchange x[SHARED_COUNT];
    begin(SHARED_COUNT);
    failed_somewhere = false;
    for (unsigned i = 0; i < THREADS_COUNT; i++) {
        numbers[i] = i;
        CHECK_INT(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
    }
    /* This thread is the loop: parks, lets go, and runs what was posted. */
    for (unsigned turn = 0; turn < TURNS_COUNT; turn++) {
        unsigned n = turn % SHARED_COUNT;
        x[n] = exchange_of(n);
        hub_fleet_park(fleet, &x[n].who.device, &x[n], wake);
        if (turn % 3 == 0)
            (void)run_posts();
        hub_fleet_unpark(fleet, &x[n].who.device, &x[n]);
    }
    for (unsigned i = 0; i < THREADS_COUNT; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    (void)run_posts();
    CHECK(!failed_somewhere);
    CHECK_INT(hub_fleet_count(fleet), SHARED_COUNT + THREADS_COUNT * TURNS_COUNT);
    for (unsigned i = 0; i < SHARED_COUNT; i++) {
        CHECK_INT(get(i).waiting, THREADS_COUNT * TURNS_COUNT / SHARED_COUNT);
        CHECK_INT(get(i).asks, 0);
    }
    hub_fleet_free(fleet);
    fleet = NULL;
}

static const struct test tests[] = {
    TEST(every_member_is_found_among_many),
    TEST(put_again_keeps_what_is_counted),
    TEST(counts_do_not_fall_below_zero),
    TEST(contact_gives_what_was_before_and_notes_a_due_write),
    TEST(lost_contact_is_new_once_and_ends_with_contact),
    TEST(heads_and_alarms_change_nothing_else),
    TEST(all_are_visited_without_a_lock),
    TEST(a_certificate_opens_in_its_time_alone),
    TEST(a_certificate_makes_its_device_known),
    TEST(revoking_closes_all_of_a_device_and_tells),
    TEST(a_newer_epoch_ends_what_was_issued_before),
    TEST(long_ended_certificates_do_not_pile_up),
    TEST(a_device_has_few_certificates),
    TEST(a_parked_exchange_is_woken_once_on_its_loop),
    TEST(who_unparked_is_not_woken_though_the_post_is_under_way),
    TEST(the_same_memory_parked_again_is_not_woken_by_an_old_post),
    TEST(a_second_poll_wakes_the_first),
    TEST(strangers_are_not_parked_and_the_rest_is_freed),
    TEST(threads_lose_nothing),
};
TEST_MAIN(tests)
