/* SPDX-License-Identifier: Apache-2.0 */
#include "../common/files.h"
#include "parent.h"

#include "../common/say.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Ports from here on are handed out by the kernel to programs that asked for any. */
#define EPHEMERAL_PORT 32768u
#define STATE_TCP_LISTEN 0x0au
#define STATE_UDP_UNCONNECTED 0x07u

void watch_observe(struct parent *parent, const char *name, const char *detail)
{
    say("%s, observed: %s", name, detail);
    if (parent->observations_count == OBSERVATIONS_MAX_COUNT)
        return;
    struct observation *observation = &parent->observations[parent->observations_count];
    struct sec_wr wr = sec_wr(SEC_ROOM(observation->b));
    sec_cbor_put_map(&wr, 2);
    sec_cbor_put_uint(&wr, 1);
    sec_cbor_put_tstr(&wr, sec_bytes_of_str(name));
    sec_cbor_put_uint(&wr, 2);
    sec_cbor_put_tstr(&wr, sec_bytes_of_str(detail));
    observation->len = wr.len;
    if (!wr.bad)
        parent->observations_count++;
}

static void send_observations(struct parent *parent)
{
    size_t sent = 0;
    while (sent < parent->observations_count) {
        const struct observation *observation = &parent->observations[sent];
        const struct ipc_message message = {.kind = IPC_OBSERVED, .a = sec_bytes(observation->b, observation->len)};
        if (!sec_ok(ipc_send(&parent->keeper.channel, &message, -1)))
            break; /* full, or gone: the next round tries again */
        sent++;
    }
    for (size_t i = sent; i < parent->observations_count; i++)
        parent->observations[i - sent] = parent->observations[i];
    parent->observations_count -= sent;
}

char watch_active_read(const struct parent *parent)
{
    uint8_t b[8];
    size_t len = 0;
    bool good = sec_ok(files_read(parent->slots_fd, "active", SEC_ROOM(b), &len)) && len >= 1 && (b[0] == 'a' || b[0] == 'b') &&
                (len == 1 || (len == 2 && b[1] == '\n'));
    return good ? (char)b[0] : 0;
}

static void look_at_active(struct parent *parent)
{
    char present = watch_active_read(parent);
    if (parent->active != 0 && present != parent->active)
        watch_observe(parent, "active-slot", present ? "switched by another" : "unreadable, or removed by another");
    parent->active = present;
}

/* The signed state says what the settings are, so the file is put back; the record says that it was not so. */
static void look_at_settings(struct parent *parent)
{
    static uint8_t present_b[IPC_A_MAX_BYTES];
    size_t len = 0;
    struct sec_bytes known = sec_bytes(parent->settings_b, parent->settings_len);
    if (!parent->settings_known)
        return;
    sec_status status = files_read(parent->run_fd, "settings.json", SEC_ROOM(present_b), &len);
    if (sec_ok(status) && sec_bytes_equal(sec_bytes(present_b, len), known))
        return;
    status = files_replace(parent->run_fd, "settings.json", known, 0644);
    watch_observe(parent, "settings-file", sec_ok(status) ? "changed by another; put back" : "changed by another; cannot be put back");
}

static bool seen_before(struct parent *parent, uint32_t listener)
{
    for (size_t i = 0; i < parent->listeners_count; i++) {
        if (parent->listeners[i] == listener)
            return true;
    }
    /* Whoever fills the table to hide behind it shows by that: each place was told of, and that there are more is told too. */
    if (parent->listeners_count == LISTENERS_MAX_COUNT) {
        if (!parent->listeners_more)
            watch_observe(parent, "undeclared-listeners", "more than are told one by one");
        parent->listeners_more = true;
        return true;
    }
    parent->listeners[parent->listeners_count++] = listener;
    return false;
}

static bool is_loopback(const char *address)
{
    /* /proc/net writes addresses as words in the machine's order: 127.0.0.1 and ::1. */
    return strcmp(address, "0100007F") == 0 || strcmp(address, "7F000001") == 0 ||
           strcmp(address, "00000000000000000000000001000000") == 0 || strcmp(address, "00000000000000000000000000000001") == 0;
}

static void look_at_line(struct parent *parent, const char *line, const char *protocol, unsigned number, unsigned listening)
{
    char address[40], detail[64];
    unsigned port, state;
    if (sscanf(line, " %*u: %39[0-9A-F]:%x %*39[0-9A-F]:%*x %x", address, &port, &state) != 3 || state != listening)
        return;
    if (is_loopback(address) || port == 0 || port >= EPHEMERAL_PORT || rules_listens(&parent->rules, protocol, (uint16_t)port))
        return;
    if (seen_before(parent, (number << 16) | port))
        return;
    snprintf(detail, sizeof detail, "%s port %u", protocol, port);
    watch_observe(parent, "undeclared-listener", detail);
}

static void look_at_listeners(struct parent *parent)
{
    static const struct {
        const char *path;
        const char *protocol;
        unsigned number;
        unsigned listening;
    } tables[] = {
        {"/proc/net/tcp", "tcp", 6, STATE_TCP_LISTEN},
        {"/proc/net/tcp6", "tcp", 6, STATE_TCP_LISTEN},
        {"/proc/net/udp", "udp", 17, STATE_UDP_UNCONNECTED},
        {"/proc/net/udp6", "udp", 17, STATE_UDP_UNCONNECTED},
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        FILE *file = fopen(tables[i].path, "re");
        char line[512];
        while (file && fgets(line, sizeof line, file))
            look_at_line(parent, line, tables[i].protocol, tables[i].number, tables[i].listening);
        if (file)
            fclose(file);
    }
}

void watch_tick(struct parent *parent, uint64_t now_ms)
{
    if (parent->keeper.state != CHILD_READY)
        return;
    if (now_ms >= parent->watch_due_ms) {
        parent->watch_due_ms = now_ms + parent->config.watch_interval_s * 1000;
        look_at_active(parent);
        if (parent->effect.kind == JOB_NONE)
            look_at_settings(parent);
        look_at_listeners(parent);
    }
    send_observations(parent);
}
