/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "gate.h"
#include "pages.h"
#include "route.h"
#include "say.h"
#include "tls.h"
#include "writer.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/** Files, database and sockets beside the connections. */
#define DESCRIPTORS_BESIDE 512u

static struct sec_crypto main_crypto;
static sigset_t stop_signals;

/* --- beginning ------------------------------------------------------------------------------------------------------------- */

/** Signals reach the main thread alone; every thread inherits this mask. */
static void block_signals(void)
{
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    sigaddset(&stop_signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &stop_signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/** No more connections than there are descriptors for. */
static void fit_descriptors(struct hub_config *config)
{
    struct rlimit limit;
    rlim_t want = (rlim_t)config->connections_max + DESCRIPTORS_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_cur < want) {
        limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= want)
        return;
    config->connections_max = limit.rlim_cur > 2 * DESCRIPTORS_BESIDE ? limit.rlim_cur - DESCRIPTORS_BESIDE : limit.rlim_cur / 2;
    hub_say("connections-max: the system's limit of open files leaves room for %llu", (unsigned long long)config->connections_max);
}

struct revoked {
    struct hub_loop *loop;
    struct sec_device_id device;
    uint64_t epoch;
};

static void close_of_device(void *arg)
{
    struct revoked *revoked = arg;
    loop_close_device(revoked->loop, &revoked->device, revoked->epoch);
    free(revoked);
}

static void revoked_now(void *ctx, const struct sec_device_id *device, uint64_t epoch)
{
    struct hub *hub = ctx;
    for (size_t i = 0; i < hub->loops_count; i++) {
        struct revoked *revoked = malloc(sizeof *revoked);
        if (!revoked)
            continue; /* no memory: it stays connected; its next handshake is refused */
        *revoked = (struct revoked){hub->loops[i], *device, epoch};
        hub_post(hub->loops[i], close_of_device, revoked);
    }
}

static sec_status start_store(struct hub *hub)
{
    char path[HUB_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/hub.db", hub->place.path);
    return hub_store_open(path, false, &hub->first);
}

static sec_status start_fleet(struct hub *hub)
{
    SEC_TRY(hub_fleet_new(&hub->fleet));
    SEC_TRY(hub_fleet_load(hub->fleet, hub->first));
    hub_fleet_on_revoke(hub->fleet, revoked_now, hub);
    return hub_pages_new(&hub->pages);
}

static sec_status start_gate(struct hub *hub)
{
    hub->gate = gate_new(&hub->config);
    return sec_st(hub->gate ? SEC_OK : SEC_IO_FAILED);
}

static sec_status start_rooms(struct hub *hub)
{
    for (size_t i = 0; i < hub_rooms_count; i++)
        SEC_TRY(hub_rooms[i].start(hub));
    return sec_st(SEC_OK);
}

static const struct {
    const char *name;
    sec_status (*start)(struct hub *hub);
} starts[] = {
    {"store", start_store},        {"fleet", start_fleet},   {"gate", start_gate},
    {"tls", tls_open},             {"listen", hub_loops_open}, {"rooms", start_rooms},
    {"writer", hub_writer_start}, {"loops", hub_loops_start},
};

sec_status run_start(struct hub *hub, const char *directory)
{
    block_signals();
    (void)mallopt(M_ARENA_MAX, (int)hub->config.threads + 2);
    (void)mallopt(M_TRIM_THRESHOLD, 4 << 20); /* rooms of requests come and go; the tick gives the rest back */
    fit_descriptors(&hub->config);
    SEC_TRY(hub_place_open(directory, &hub->config, &hub->place));
    main_crypto = sec_openssl_crypto(&hub->place.openssl);
    hub_crypto_use(&main_crypto);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        sec_status status = starts[i].start(hub);
        if (!sec_ok(status)) {
            hub_say("%s: start: %s", starts[i].name, sec_status_text(status));
            return status;
        }
    }
    return sec_st(SEC_OK);
}

/* --- ready --------------------------------------------------------------------------------------------------------------------- */

/** Real addresses, as `"https://a:1","https://b:2"` (json) or with commas alone. */
static void put_urls(struct sec_wr *wr, const struct hub_listen *listens, size_t count, bool json)
{
    for (size_t i = 0; i < count; i++) {
        char text[80];
        bool six = strchr(listens[i].address, ':') != NULL;
        int len = snprintf(text, sizeof text, "%s%shttps://%s%s%s:%u%s", i ? "," : "", json ? "\"" : "", six ? "[" : "", listens[i].address,
                           six ? "]" : "", listens[i].port, json ? "\"" : "");
        sec_wr_bytes(wr, sec_bytes(text, (size_t)len));
    }
}

static void put_text(struct sec_wr *wr, const char *text)
{
    sec_wr_bytes(wr, sec_bytes_of_str(text));
}

static void put_json_path(struct sec_wr *wr, const char *path)
{
    for (; *path; path++) {
        if (*path == '"' || *path == '\\')
            sec_wr_u8(wr, '\\');
        sec_wr_u8(wr, (uint8_t)*path);
    }
}

static void write_facts(struct hub *hub)
{
    uint8_t room[4096];
    char pid[32];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    put_text(&wr, "{\"device\":[");
    put_urls(&wr, hub->config.device, hub->config.device_count, true);
    put_text(&wr, "],\"api\":[");
    put_urls(&wr, hub->config.api, hub->config.api_count, true);
    put_text(&wr, "],\"socket\":\"");
    put_json_path(&wr, hub->place.path);
    put_text(&wr, "/run/hub.sock\",\"ca_digest\":\"");
    sec_wr_hex(&wr, sec_digest_bytes(&hub->place.ca_digest));
    (void)snprintf(pid, sizeof pid, "\",\"pid\":%ld}\n", (long)getpid());
    put_text(&wr, pid);
    if (wr.bad || !sec_ok(hub_place_write(hub->place.run_fd, "hub.json", sec_wr_done(&wr))))
        hub_say("run/hub.json: write: it could not be written");
}

void run_ready(struct hub *hub)
{
    uint8_t room[4096];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    write_facts(hub);
    put_text(&wr, "READY");
    put_text(&wr, hub->config.device_count ? " device=" : "");
    put_urls(&wr, hub->config.device, hub->config.device_count, false);
    put_text(&wr, hub->config.api_count ? " api=" : "");
    put_urls(&wr, hub->config.api, hub->config.api_count, false);
    put_text(&wr, " socket=");
    put_text(&wr, hub->place.path);
    put_text(&wr, "/run/hub.sock\n");
    struct sec_bytes line = sec_wr_done(&wr);
    (void)!write(STDOUT_FILENO, line.data, line.len); /* nobody may be reading */
}

void run_until_signal(void)
{
    int number = 0;
    (void)sigwait(&stop_signals, &number);
    hub_say("stopping: signal %d", number);
}

/* --- end ------------------------------------------------------------------------------------------------------------------------- */

void run_stop(struct hub *hub)
{
    if (hub->place.run_fd >= 0 && hub->place.lock_fd >= 0) {
        (void)unlinkat(hub->place.run_fd, "hub.sock", 0);
        (void)unlinkat(hub->place.run_fd, "hub.json", 0);
    }
    hub_loops_stop(hub);
    hub_writer_stop(hub);
    for (size_t i = hub_rooms_count; i > 0; i--)
        if (hub_rooms[i - 1].stop && hub->first)
            hub_rooms[i - 1].stop(hub);
    hub_loops_close(hub);
    tls_done(hub);
    gate_free(hub->gate);
    hub_pages_free(hub->pages);
    hub_fleet_free(hub->fleet);
    hub_store_close(hub->first);
    hub_place_close(&hub->place);
}

bool run_console_dir(struct hub_config *config)
{
    char exe[HUB_PATH_MAX_BYTES];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    for (int parts = 0; len > 0 && parts < 2; len--)
        parts += exe[len - 1] == '/';
    if (len <= 0)
        return false;
    exe[len] = '\0';
    return snprintf(config->console_dir, sizeof config->console_dir, "%s/share/securable/console", exe) < (int)sizeof config->console_dir;
}
