/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet make DIR MAKERDIR OWNERDIR N       keys and IDevIDs of N devices, and their vouchers
 * fleet expect DIR HUBDIR                  hands the vouchers to the hub
 * fleet enrol DIR HUBDIR                   every device comes by EST
 * fleet storm DIR HUBDIR full|resumed      all connect and level; then, after a line on standard input, all again at once: "STORM seconds connected resumed lost"
 * fleet play DIR HUBDIR OWNER.pem SECONDS EVENTS/S [LIARS]   events, vanishing, lagging; and commands by the owner; ends with "PLAYED ..." and what was lost
 *                                          SECONDS 0: until standard input ends
 * fleet pem DIR HUBDIR                     certificate and key of the first device as files
 * fleet idle-body DIR HUBDIR               the body of a sync with nothing new, as a file
 * fleet evidence DIR HUBDIR SECONDS        heads with ten entries each, as fast as they are taken, after "LEVEL n" and a line on standard input: "HEADS n"
 * fleet evidence-floor DIR HUBDIR DB       one verification and those rows by SQLite alone: "FLOOR microseconds"
 * fleet idle DIR HUBDIR                    all connect and wait in their long poll: "HOLDING n", until standard input ends
 *
 * Exit: 0 nothing that was acknowledged was lost, 1 otherwise or when something failed.
 */
#include "fleet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX_COUNT 65536u

uint64_t fleet_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

double fleet_chance(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

void fleet_die(const char *what)
{
    fprintf(stderr, "fleet: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static const char *in_dir(const char *dir, const char *name)
{
    static char path[2][1024];
    static unsigned turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

/* --- made once --------------------------------------------------------------------------------------------------- */

void fleet_save(const struct fleet *fleet)
{
    FILE *file = fopen(in_dir(fleet->dir, "members"), "wb");
    if (!file)
        fleet_die("members");
    for (size_t i = 0; i < fleet->count; i++)
        member_save(&fleet->members[i], file);
    fclose(file);
}

static void load(struct fleet *fleet)
{
    FILE *file = fopen(in_dir(fleet->dir, "members"), "rb");
    if (!file)
        fleet_die("members");
    size_t room = 0;
    for (struct member m = {0};; memset(&m, 0, sizeof m)) {
        if (!member_load(&m, fleet, file))
            break;
        if (fleet->count == room) {
            room = 2 * room + 64;
            fleet->members = realloc(fleet->members, room * sizeof m);
        }
        m.number = fleet->count;
        m.fd = -1;
        m.wake_ms = UINT64_MAX;
        fleet->members[fleet->count++] = m;
    }
    fclose(file);
}

static void write_voucher(struct member *m, const struct sec_public_key *owner, struct sec_private_key *key, FILE *file)
{
    struct sec_voucher voucher = {.epoch = 1, .owners = {.count = 1}, .required = 1};
    uint8_t body[512], statement[1024];
    struct sec_bytes encoded;
    memcpy(voucher.device_id.b, m->id.b, sizeof m->id.b);
    voucher.owners.keys[0] = *owner;
    struct sec_wr wr = sec_wr(SEC_ROOM(body)), out = sec_wr(SEC_ROOM(statement));
    sec_voucher_encode(&voucher, &wr);
    struct sec_signer signer = sec_private_key_signer(key);
    if (!sec_ok(sec_wr_end(&wr, &encoded)) ||
        !sec_ok(sec_statement_sign(SEC_STATEMENT_VOUCHER, &signer, &m->fleet->crypto.hasher, encoded, &out)))
        fleet_die("voucher");
    uint32_t len = (uint32_t)sec_wr_done(&out).len;
    fwrite(&len, sizeof len, 1, file);
    fwrite(statement, 1, len, file);
}

static int make(struct fleet *fleet, const char *maker, const char *owner_dir, size_t count)
{
    static uint8_t ca_der[SEC_CERTIFICATE_MAX_BYTES];
    struct sec_private_key ca, voucher;
    struct sec_public_key owner;
    size_t ca_len = 0;
    if (!sec_ok(sec_private_key_load(&ca, &fleet->openssl, AT_FDCWD, in_dir(maker, "device-ca.pem"))) ||
        !sec_ok(sec_private_key_load(&voucher, &fleet->openssl, AT_FDCWD, in_dir(maker, "voucher.pem"))) ||
        !sec_ok(sec_public_key_load(AT_FDCWD, in_dir(owner_dir, "owner.pub.pem"), &owner)) ||
        !sec_ok(sec_certificate_load(AT_FDCWD, in_dir(maker, "ca.pem"), SEC_ROOM(ca_der), &ca_len)))
        fleet_die("maker or owner");
    FILE *vouchers = fopen(in_dir(fleet->dir, "vouchers"), "wb");
    if (!vouchers)
        fleet_die("vouchers");
    fleet->count = count;
    fleet->members = calloc(count, sizeof *fleet->members);
    for (size_t i = 0; i < count; i++) {
        struct member *m = &fleet->members[i];
        m->fleet = fleet;
        m->number = i;
        member_make(m, &ca, sec_bytes(ca_der, ca_len));
        write_voucher(m, &owner, &voucher, vouchers);
    }
    fclose(vouchers);
    fleet_save(fleet);
    printf("MADE %zu\n", count);
    return 0;
}

/* --- with a hub -------------------------------------------------------------------------------------------------- */

static void find_hub(struct fleet *fleet, const char *hub)
{
    char text[4096] = "";
    FILE *file = fopen(in_dir(hub, "run/hub.json"), "rb");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    char *port = len ? strstr(text, "\"device\"") : NULL;
    port = port ? strstr(port, "127.0.0.1:") : NULL;
    if (!port)
        fleet_die("hub.json");
    fclose(file);
    fleet->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(&port[10], NULL, 10)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    snprintf(fleet->hub_socket, sizeof fleet->hub_socket, "%s", in_dir(hub, "run/hub.sock"));
}

/* Several voices, so that the hub's group commit has something to group. */
struct handing {
    struct fleet *fleet;
    FILE *file;
    pthread_mutex_t lock;
    size_t handed, failed;
};

static void *hand_over(void *arg)
{
    struct handing *h = arg;
    char answer[16384];
    for (;;) {
        uint8_t statement[2048];
        uint32_t len;
        pthread_mutex_lock(&h->lock);
        bool got = fread(&len, sizeof len, 1, h->file) == 1 && len <= sizeof statement && fread(statement, 1, len, h->file) == len;
        pthread_mutex_unlock(&h->lock);
        if (!got)
            return NULL;
        unsigned status = hub_call(h->fleet, "POST", "/api/v1/statements", "application/cose", sec_bytes(statement, len), answer, sizeof answer);
        pthread_mutex_lock(&h->lock);
        h->handed += status == 200 || status == 201;
        if (status != 200 && status != 201 && h->failed++ == 0)
            fprintf(stderr, "fleet: voucher: %u %s\n", status, answer);
        pthread_mutex_unlock(&h->lock);
    }
}

static int expect(struct fleet *fleet)
{
    struct handing h = {.fleet = fleet, .file = fopen(in_dir(fleet->dir, "vouchers"), "rb"), .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[32];
    if (!h.file)
        fleet_die("vouchers");
    for (size_t i = 0; i < 32; i++)
        pthread_create(&threads[i], NULL, hand_over, &h);
    for (size_t i = 0; i < 32; i++)
        pthread_join(threads[i], NULL);
    printf("EXPECTED %zu failed %zu\n", h.handed, h.failed);
    return h.failed ? 1 : 0;
}

static uint64_t wait_rested(struct fleet *fleet, size_t count, uint64_t limit_ms)
{
    uint64_t begin = fleet_now_ms();
    while (fleet->rested < count && fleet_now_ms() < begin + limit_ms)
        wire_run(fleet, fleet_now_ms() + 10);
    return fleet_now_ms() - begin;
}

static void wake_all(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++)
        fleet->members[i].wake_ms = 0;
}

static int enrol(struct fleet *fleet)
{
    size_t missing = 0;
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->members[i].certificate)
            continue;
        fleet->members[i].wake_ms = 0;
        missing++;
    }
    uint64_t took = wait_rested(fleet, missing, 600000);
    fleet_save(fleet);
    printf("ENROLLED %zu of %zu in %.1f s\n", fleet->rested - (size_t)fleet->counts.refused, missing, (double)took / 1000.0);
    return fleet->rested == missing && !fleet->counts.refused ? 0 : 1;
}

static int storm(struct fleet *fleet, bool resume)
{
    char line[16];
    fleet->once = true;
    fleet->resume = resume;
    wake_all(fleet);
    wait_rested(fleet, fleet->count, 600000);
    printf("LEVEL %zu\n", fleet->rested);
    fflush(stdout);
    for (size_t i = 0; i < fleet->count; i++)
        wire_close(&fleet->members[i], UINT64_MAX);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    struct counts before = fleet->counts;
    fleet->rested = 0;
    wake_all(fleet);
    uint64_t took = wait_rested(fleet, fleet->count, 300000);
    printf("STORM %.2f connected %zu resumed %llu failures %llu lost %llu\n", (double)took / 1000.0, fleet->rested,
           (unsigned long long)(fleet->counts.resumed - before.resumed), (unsigned long long)(fleet->counts.failures - before.failures),
           (unsigned long long)fleet->counts.lost);
    fleet_save(fleet);
    return fleet->rested == fleet->count && !fleet->counts.lost ? 0 : 1;
}

static int idle(struct fleet *fleet)
{
    fleet->once = true;
    wake_all(fleet);
    wait_rested(fleet, fleet->count, 600000);
    printf("HOLDING %zu\n", fleet->rested);
    fflush(stdout);
    for (struct pollfd input = {0, POLLIN, 0}; poll(&input, 1, 0) == 0;)
        wire_run(fleet, fleet_now_ms() + 200);
    return 0;
}

/* --- the owner ------------------------------------------------------------------------------------------------------ */

struct owner {
    struct fleet *fleet;
    struct sec_private_key key;
    struct sec_openssl openssl;
    struct sec_crypto crypto;
    struct sec_digest *taken; /* statements that the hub acknowledged */
    size_t taken_count, tried;
    size_t liars;
};

/* A beacon: an action that every device knows, with a body of some size. */
static bool make_command(struct owner *owner, const struct member *m, uint64_t generation, struct sec_wr *out, struct sec_digest *ret_digest)
{
    uint8_t audience[64], args[128], body[512];
    struct sec_bytes item, encoded, id = SEC_BYTES(m->id.b);
    struct sec_statement statement;
    const struct sec_beacon beacon = {.heads = {generation}, .time_s = (int64_t)time(NULL)};
    struct sec_command command = {.topic = SEC_TOPIC_BEACON, .epoch = 1, .generation = generation, .action = SEC_ACTION_BEACON_RENEW};
    struct sec_wr a = sec_wr(SEC_ROOM(audience)), b = sec_wr(SEC_ROOM(args)), c = sec_wr(SEC_ROOM(body));
    sec_audience_encode_ids(&id, 1, &a);
    sec_beacon_encode(&beacon, &b);
    if (!sec_ok(sec_wr_end(&a, &item)) || !sec_ok(sec_audience_parse(item, &command.audience)) || !sec_ok(sec_wr_end(&b, &command.args)))
        return false;
    sec_command_encode(&command, &c);
    struct sec_signer signer = sec_private_key_signer(&owner->key);
    return sec_ok(sec_wr_end(&c, &encoded)) && sec_ok(sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &owner->crypto.hasher, encoded, out)) &&
           sec_ok(sec_statement_parse(sec_wr_done(out), &statement)) &&
           sec_ok(sec_statement_digest(&statement, statement.msg.payload, &owner->crypto.hasher, ret_digest));
}

static void *command_on(void *arg)
{
    struct owner *owner = arg;
    char answer[16384];
    for (uint64_t n = 1; !owner->fleet->over && owner->taken_count < COMMANDS_MAX_COUNT; n++) {
        uint8_t statement[1024];
        struct sec_digest digest;
        struct sec_wr out = sec_wr(SEC_ROOM(statement));
        const struct member *m = &owner->fleet->members[owner->liars + (n * 7919u) % (owner->fleet->count - owner->liars)];
        if (!make_command(owner, m, n, &out, &digest))
            fleet_die("command");
        owner->tried++;
        unsigned status = hub_call(owner->fleet, "POST", "/api/v1/statements", "application/cose", sec_wr_done(&out), answer, sizeof answer);
        if (status == 200 || status == 201)
            owner->taken[owner->taken_count++] = digest;
        else
            usleep(100000);
        usleep(20000);
    }
    return NULL;
}

/* Every statement that the hub acknowledged is there, and was answered with a receipt that the hub found good. */
static size_t check_commands(struct owner *owner)
{
    size_t missing = 0;
    for (size_t i = 0; i < owner->taken_count; i++) {
        char path[128], hex[65] = "", answer[16384];
        struct sec_wr wr = sec_wr(sec_room((uint8_t *)hex, 64));
        sec_wr_hex(&wr, sec_digest_bytes(&owner->taken[i]));
        snprintf(path, sizeof path, "/api/v1/statements/%s", hex);
        unsigned status = hub_call(owner->fleet, "GET", path, NULL, sec_bytes(NULL, 0), answer, sizeof answer);
        bool good = status == 200 && strstr(answer, "\"state\":\"answered\"") && strstr(answer, "\"receipt_good\":true");
        if (!good && missing++ < 3)
            fprintf(stderr, "fleet: statement %s: %u %s\n", hex, status, answer);
    }
    return missing;
}

/* Devices that the hub raised an alarm about: liars, and nobody else. False when it accuses an honest one or overlooks a liar. */
static bool check_alarms(const struct fleet *fleet, size_t liars)
{
    static char answer[1 << 20];
    size_t accused = 0, framed = 0;
    if (hub_call(fleet, "GET", "/api/v1/devices?alarm=1&limit=500", NULL, sec_bytes(NULL, 0), answer, sizeof answer) != 200)
        return false;
    for (size_t i = 0; i < fleet->count; i++) {
        char hex[65] = "";
        struct sec_wr wr = sec_wr(sec_room((uint8_t *)hex, 64));
        sec_wr_hex(&wr, SEC_BYTES(fleet->members[i].id.b));
        bool named = strstr(answer, hex) != NULL;
        accused += named && i < liars;
        framed += named && i >= liars;
    }
    printf("ALARMS of %zu liars %zu, of honest devices %zu\n", liars, accused, framed);
    return accused == liars && framed == 0;
}

/* Devices whose newest head the hub has not acknowledged. */
static size_t count_behind(const struct fleet *fleet)
{
    size_t behind = 0;
    for (size_t i = 0; i < fleet->count; i++)
        behind += fleet->members[i].head_len && fleet->members[i].acknowledged < fleet->members[i].head_size && !fleet->members[i].lies;
    return behind;
}

static int play(struct fleet *fleet, const char *owner_key, double seconds, double events_per_s, size_t liars)
{
    struct owner owner = {.fleet = fleet, .liars = liars, .taken = calloc(COMMANDS_MAX_COUNT, sizeof(struct sec_digest))};
    pthread_t thread;
    fleet->wait_s = 5;
    fleet->events_per_s = events_per_s;
    fleet->vanish = 0.02;
    fleet->lag = 0.02;
    fleet->resume = true;
    for (size_t i = 0; i < liars && i < fleet->count; i++)
        fleet->members[i].lies = true;
    if (!sec_ok(sec_openssl_init(&owner.openssl)) || !sec_ok(sec_private_key_load(&owner.key, &owner.openssl, AT_FDCWD, owner_key)))
        fleet_die(owner_key);
    owner.crypto = sec_openssl_crypto(&owner.openssl);
    wake_all(fleet);
    pthread_create(&thread, NULL, command_on, &owner);
    if (seconds > 0)
        wire_run(fleet, fleet_now_ms() + (uint64_t)(seconds * 1000.0));
    for (struct pollfd input = {0, POLLIN, 0}; seconds <= 0 && poll(&input, 1, 0) == 0;)
        wire_run(fleet, fleet_now_ms() + 200);
    fleet->over = true;
    pthread_join(thread, NULL);
    /* The last ones still get through, then everything must be level. */
    fleet->over = false;
    fleet->events_per_s = 0;
    fleet->vanish = fleet->lag = 0;
    fleet->wait_s = 1;
    size_t missing = 1, behind = 1;
    for (uint64_t end = fleet_now_ms() + 60000; (missing || behind) && fleet_now_ms() < end;) {
        wake_all(fleet);
        wire_run(fleet, fleet_now_ms() + 3000);
        missing = check_commands(&owner);
        behind = count_behind(fleet);
    }
    const struct counts *c = &fleet->counts;
    printf("PLAYED connects %llu resumed %llu syncs %llu entries %llu failures %llu refused %llu commands %zu of %zu\n", (unsigned long long)c->connects,
           (unsigned long long)c->resumed, (unsigned long long)c->syncs, (unsigned long long)c->entries, (unsigned long long)c->failures,
           (unsigned long long)c->refused, owner.taken_count, owner.tried);
    printf("LOST heads %llu statements %zu behind %zu\n", (unsigned long long)c->lost, missing, behind);
    fleet_save(fleet);
    bool fair = check_alarms(fleet, liars);
    return c->lost || missing || behind || !fair ? 1 : 0;
}

int main(int argc, char **argv)
{
    static struct fleet fleet;
    struct rlimit files;
    if (argc < 4)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    fleet.dir = argv[2];
    fleet.log_failures = getenv("FLEET_VERBOSE") != NULL;
    if (!sec_ok(sec_openssl_init(&fleet.openssl)))
        return 1;
    fleet.crypto = sec_openssl_crypto(&fleet.openssl);
    if (strcmp(argv[1], "make") == 0 && argc == 6)
        return make(&fleet, argv[3], argv[4], strtoul(argv[5], NULL, 10));
    load(&fleet);
    find_hub(&fleet, argv[3]);
    wire_prepare(&fleet);
    if (strcmp(argv[1], "expect") == 0)
        return expect(&fleet);
    if (strcmp(argv[1], "enrol") == 0)
        return enrol(&fleet);
    if (strcmp(argv[1], "pem") == 0)
        return evidence_pem(&fleet);
    if (strcmp(argv[1], "idle-body") == 0)
        return evidence_idle_body(&fleet);
    if (strcmp(argv[1], "evidence") == 0 && argc == 5)
        return evidence_push(&fleet, strtod(argv[4], NULL));
    if (strcmp(argv[1], "evidence-floor") == 0 && argc == 5)
        return evidence_floor(&fleet, argv[4]);
    if (strcmp(argv[1], "idle") == 0)
        return idle(&fleet);
    if (strcmp(argv[1], "storm") == 0 && argc == 5)
        return storm(&fleet, strcmp(argv[4], "resumed") == 0);
    if (strcmp(argv[1], "play") == 0 && (argc == 7 || argc == 8))
        return play(&fleet, argv[4], strtod(argv[5], NULL), strtod(argv[6], NULL), argc == 8 ? strtoul(argv[7], NULL, 10) : 0);
    return 2;
}
