/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power cut search: the scripted life is cut at every operation of it, in several ways each, and again during recovery.
 *
 *     powercut [--distinct N] [--seed S] [--jobs J] [--case K]
 *
 * A round tells every operation of the life in several ways: in both storage modes, with and without a second cut; rounds go on with
 * further seeds until N distinct surviving states were seen, or until a round brings hardly anything new. Every hundredth case runs
 * the same cut with real cryptography. A case is named "p12.5.0.3": mode (p prealloc, a append, o prealloc with OpenSSL), step, operation,
 * operation of the recovery that is cut (0: none), telling. --case runs one and says what it does.
 */
#include "powercut_case.h"

#include <key_file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TELLINGS 16u     /* of each operation a round */
#define SAMPLE 16u       /* every sixteenth operation gets a second cut at each operation of its recovery */
#define RECOVERY_GUESS 10u /* operations, until one was counted */
#define REAL 100u        /* every hundredth case with real cryptography */
#define JOBS_MAX 16u
#define PAIRS_MAX 8192u
#define STATES_MAX 65536u /* of one job in one round */
#define FAULTS_TOLD 10u

struct options {
    uint64_t distinct;
    uint64_t seed;
    unsigned jobs;
    const char *one;
};

enum mode {
    MODE_PREALLOC,
    MODE_APPEND,
    MODE_REAL,
    MODES,
};
static const char mode_letters[MODES + 1] = "pao";

/** What a job tells its parent. */
struct job {
    uint64_t operations;
    uint64_t cases;
    uint64_t second_cuts;
    uint64_t real_cases;
    uint64_t bad;
    bool broken; /* the undisturbed life went wrong */
    size_t states_count;
    uint64_t states[STATES_MAX];
};

/* --- the three lives of a process ---------------------------------------------------------------------------------------- */

static struct world worlds[MODES];
static struct fake_pair pairs[MODES][PAIRS_MAX];
static uint32_t pairs_index[MODES][2 * PAIRS_MAX];
static struct fake_pair_log pair_logs[MODES];
static struct sec_openssl openssl;
static struct sec_private_key people[FAKE_PEOPLE_COUNT];

static bool begin_real(struct world *world, uint64_t seed)
{
    struct sec_signer signers[FAKE_PEOPLE_COUNT];
    if (!openssl.md && !sec_ok(sec_openssl_init(&openssl)))
        return false;
    struct sec_crypto crypto = sec_openssl_crypto(&openssl);
    for (size_t i = 0; i < FAKE_PEOPLE_COUNT; i++) {
        if (!people[i].pkey && !sec_ok(sec_private_key_generate(&people[i], &openssl, SEC_KEY_P256)))
            return false;
        signers[i] = sec_private_key_signer(&people[i]);
    }
    fake_device_init_crypto(&world->d, seed, FAKE_STORAGE_PREALLOC, &crypto, signers);
    return true;
}

static bool begin(enum mode mode, uint64_t seed)
{
    static const char *const names[MODES] = {"prealloc", "append", "prealloc, real cryptography"};
    struct world *world = &worlds[mode];
    world->name = names[mode];
    world->pairs = NULL;
    if (mode == MODE_REAL) {
        if (!begin_real(world, seed))
            return false;
    } else {
        world->pairs = &pair_logs[mode];
        fake_pair_log_init(world->pairs, pairs[mode], PAIRS_MAX, pairs_index[mode], 2 * PAIRS_MAX);
        fake_device_init(&world->d, seed, mode == MODE_APPEND ? FAKE_STORAGE_APPEND : FAKE_STORAGE_PREALLOC, world->pairs);
    }
    world_begin(world);
    return true;
}

/* --- one case --------------------------------------------------------------------------------------------------------------- */

struct case_name {
    enum mode mode;
    size_t step;
    uint64_t operation;
    uint64_t second;
    uint64_t telling;
};

static struct cut cut_of(const struct case_name *name, uint64_t seed, bool verbose)
{
    uint64_t mixed = fake_mix(seed, (uint64_t)name->mode);
    mixed = fake_mix(mixed, name->step);
    mixed = fake_mix(mixed, name->operation);
    mixed = fake_mix(mixed, name->second);
    mixed = fake_mix(mixed, name->telling);
    return (struct cut){name->operation, name->second, mixed, mixed % 8 == 0 ? 3 : 1, verbose};
}

static void tell_fault(const struct case_name *name, const struct world *world, const char *what)
{
    printf("bad: %c%zu.%llu.%llu.%llu \"%s\": %s\n", mode_letters[name->mode], name->step, (unsigned long long)name->operation,
           (unsigned long long)name->second, (unsigned long long)name->telling, life_steps[world->step].name, what);
    fflush(stdout);
}

static void run_case(struct job *job, const struct case_name *name, uint64_t seed, struct cut_result *ret_result)
{
    struct world *world = &worlds[name->mode];
    struct cut cut = cut_of(name, seed, false);
    job->cases++;
    if (!world_cut(world, &cut, ret_result) && job->bad++ < FAULTS_TOLD)
        tell_fault(name, world, world->fault);
    job->second_cuts += ret_result->second_came;
    if (name->mode == MODE_REAL)
        job->real_cases++;
    else if (job->states_count < STATES_MAX)
        job->states[job->states_count++] = fake_mix(ret_result->survivors, (uint64_t)name->mode);
    if (name->mode == MODE_PREALLOC && job->real_cases * REAL < job->cases && name->operation <= worlds[MODE_REAL].want.operations) {
        struct case_name real = *name;
        struct cut_result ignored;
        real.mode = MODE_REAL;
        run_case(job, &real, seed, &ignored);
    }
}

/* --- a round of one job -------------------------------------------------------------------------------------------------------- */

/** One operation, told in several ways. Every fourth telling has a second cut at a drawn operation of the recovery. */
static void tell_operation(struct job *job, struct case_name name, const struct options *options, unsigned round)
{
    /* Where a block is old or new and nothing else, there are fewer stories to tell. */
    const unsigned tellings = name.mode == MODE_APPEND ? TELLINGS / 2 : TELLINGS;
    struct cut_result result = {0};
    uint64_t recovery = RECOVERY_GUESS;
    bool several = false;
    for (unsigned i = 0; i < tellings; i++) {
        bool twice = i % 4 == 3;
        /* Without waiting writes there is little to draw. */
        if (i > 0 && !twice && !several)
            continue;
        name.telling = (uint64_t)round * TELLINGS + i;
        name.second = twice ? 1 + fake_mix(name.telling, name.operation + name.step) % recovery : 0;
        run_case(job, &name, options->seed, &result);
        if (result.recovery_operations)
            recovery = result.recovery_operations;
        several = several || result.waiting > 0;
    }
    bool sampled = (name.step + name.operation + round) % SAMPLE == 0;
    name.telling = (uint64_t)round * TELLINGS;
    for (name.second = 1; sampled && name.second <= recovery; name.second++)
        run_case(job, &name, options->seed, &result);
}

static void tell_step(struct job *job, unsigned number, const struct options *options, unsigned round)
{
    for (enum mode mode = MODE_PREALLOC; mode < MODE_REAL; mode++) {
        for (uint64_t operation = 1; operation <= worlds[mode].want.operations; operation++) {
            struct case_name name = {mode, worlds[mode].step, operation, 0, 0};
            if (mode == MODE_PREALLOC)
                job->operations++;
            if ((worlds[mode].step + operation) % options->jobs == number)
                tell_operation(job, name, options, round);
        }
    }
}

static bool each_world(bool (*what)(struct world *))
{
    for (enum mode mode = 0; mode < MODES; mode++) {
        if (!what(&worlds[mode])) {
            printf("bad: the undisturbed life (%s), step %zu: %s\n", worlds[mode].name, worlds[mode].step, worlds[mode].fault);
            return false;
        }
    }
    return true;
}

static void work(struct job *job, unsigned number, const struct options *options, unsigned round)
{
    bool good = true;
    for (enum mode mode = 0; mode < MODES; mode++)
        good = good && begin(mode, options->seed);
    for (size_t step = 0; good && step < life_steps_count; step++) {
        good = each_world(world_prepare);
        if (good)
            tell_step(job, number, options, round);
        good = good && each_world(world_advance);
    }
    job->broken = !good;
    fflush(stdout);
}

/* --- rounds ------------------------------------------------------------------------------------------------------------------------ */

struct states {
    uint64_t *places; /* 0: free */
    size_t places_count;
    uint64_t count;
};

static void states_add(struct states *states, uint64_t state)
{
    state = state ? state : 1;
    size_t place = (size_t)state & (states->places_count - 1);
    while (states->places[place] != 0 && states->places[place] != state)
        place = (place + 1) & (states->places_count - 1);
    if (states->places[place] == 0)
        states->count++;
    states->places[place] = state;
}

static bool states_grow(struct states *states)
{
    struct states next = {NULL, states->places_count ? 2 * states->places_count : 1u << 18, 0};
    next.places = calloc(next.places_count, sizeof next.places[0]);
    if (!next.places)
        return false;
    for (size_t i = 0; i < states->places_count; i++) {
        if (states->places[i])
            states_add(&next, states->places[i]);
    }
    free(states->places);
    *states = next;
    return true;
}

static bool run_round(struct job *jobs, const struct options *options, unsigned round)
{
    pid_t children[JOBS_MAX];
    bool good = true;
    fflush(stdout);
    for (unsigned i = 0; i < options->jobs; i++) {
        children[i] = fork();
        if (children[i] < 0)
            return false;
        if (children[i] == 0) {
            work(&jobs[i], i, options, round);
            _exit(0);
        }
    }
    for (unsigned i = 0; i < options->jobs; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !jobs[i].broken;
    }
    return good;
}

struct totals {
    uint64_t operations;
    uint64_t cases;
    uint64_t second_cuts;
    uint64_t real_cases;
    uint64_t bad;
};

/** Adds what the jobs of a round found; gives the number of states that are new. */
static uint64_t gather(struct job *jobs, const struct options *options, struct totals *totals, struct states *states)
{
    uint64_t before = states->count;
    for (unsigned i = 0; i < options->jobs; i++) {
        struct job *job = &jobs[i];
        totals->operations = job->operations;
        totals->cases += job->cases;
        totals->second_cuts += job->second_cuts;
        totals->real_cases += job->real_cases;
        totals->bad += job->bad;
        for (size_t k = 0; k < job->states_count; k++)
            states_add(states, job->states[k]);
        job->cases = job->second_cuts = job->real_cases = job->bad = job->operations = 0;
        job->states_count = 0;
    }
    return states->count - before;
}

static int search(const struct options *options)
{
    size_t bytes = options->jobs * sizeof(struct job);
    struct job *jobs = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct states states = {0};
    struct totals totals = {0};
    bool good = jobs != MAP_FAILED;
    bool tty = isatty(STDERR_FILENO);
    for (unsigned round = 0; good && states.count < options->distinct; round++) {
        uint64_t cases = totals.cases;
        if (states.count * 2 + (uint64_t)STATES_MAX * options->jobs > states.places_count && !states_grow(&states))
            break;
        good = run_round(jobs, options, round);
        uint64_t fresh = gather(jobs, options, &totals, &states);
        if (tty)
            fprintf(stderr, "\rround %u: %llu distinct, %llu bad ", round + 1, (unsigned long long)states.count,
                    (unsigned long long)totals.bad);
        if (fresh < (totals.cases - cases) / 50)
            break;
    }
    if (tty)
        fprintf(stderr, "\n");
    totals.bad += !good;
    printf("note: %llu cuts at %llu operations of %zu steps, %llu with a second cut, %llu with real cryptography, seed %llu\n",
           (unsigned long long)totals.cases, (unsigned long long)totals.operations, life_steps_count,
           (unsigned long long)totals.second_cuts, (unsigned long long)totals.real_cases, (unsigned long long)options->seed);
    printf("%llu distinct, %llu bad\n", (unsigned long long)states.count, (unsigned long long)totals.bad);
    printf("%d passed, %d failed, 0 skipped\n", totals.bad == 0, totals.bad != 0);
    free(states.places);
    return totals.bad == 0 ? 0 : 1;
}

/* --- one case alone ------------------------------------------------------------------------------------------------------------------ */

static bool parse_name(const char *text, struct case_name *ret_name)
{
    char letter;
    unsigned long long operation, second, telling;
    if (sscanf(text, "%c%zu.%llu.%llu.%llu", &letter, &ret_name->step, &operation, &second, &telling) != 5)
        return false;
    const char *at = strchr(mode_letters, letter);
    ret_name->mode = at ? (enum mode)(at - mode_letters) : MODES;
    ret_name->operation = operation;
    ret_name->second = second;
    ret_name->telling = telling;
    return ret_name->mode < MODES && ret_name->step < life_steps_count && operation > 0;
}

static int run_one(const struct options *options)
{
    struct case_name name;
    struct cut_result result;
    if (!parse_name(options->one, &name) || !begin(name.mode, options->seed)) {
        fprintf(stderr, "powercut: --case: \"%s\" is no case; the form is p12.5.0.3\n", options->one);
        return 2;
    }
    struct world *world = &worlds[name.mode];
    bool good = true;
    while (good && world->step < name.step)
        good = world_prepare(world) && world_advance(world);
    good = good && world_prepare(world);
    struct cut cut = cut_of(&name, options->seed, true);
    good = good && world_cut(world, &cut, &result);
    if (!good)
        tell_fault(&name, world, world->fault);
    printf("%d passed, %d failed, 0 skipped\n", good, !good);
    return good ? 0 : 1;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--distinct") == 0)
            options->distinct = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            options->seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--jobs") == 0)
            options->jobs = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--case") == 0)
            options->one = argv[i + 1];
        else
            return false;
    }
    return argc % 2 == 1 && options->jobs >= 1 && options->jobs <= JOBS_MAX && options->distinct > 0;
}

int main(int argc, char **argv)
{
    struct options options = {.distinct = 10000, .seed = 1, .jobs = 2};
    if (!parse_options(argc, argv, &options)) {
        fprintf(stderr, "usage: powercut [--distinct N] [--seed S] [--jobs J] [--case K]\n");
        return 2;
    }
    return options.one ? run_one(&options) : search(&options);
}
