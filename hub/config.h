/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration of a hub: lines of `key value` in securable-hub.conf, see securable-hub.conf(5).
 *
 * Every error is told as "file:line: object, clause: fact", all of them in one run. An unknown key, a key twice that may stand once, a value beyond its
 * range: the file is bad. No file: all defaults.
 * Memory: fixed, in the caller's struct. Limits: below; a line has at most 1023 bytes. Threads: one. Serves S40.
 */
#ifndef SECURABLE_HUB_CONFIG_H
#define SECURABLE_HUB_CONFIG_H

#include <securable/limits.h>
#include <securable/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HUB_LISTENS_MAX_COUNT 8u
#define HUB_SANS_MAX_COUNT 16u
#define HUB_SAN_MAX_BYTES 253u
#define HUB_PATH_MAX_BYTES 512u
#define HUB_THREADS_MAX_COUNT 64u

/** A numeric address, IPv4 or IPv6 (in brackets in the file), and a port; 0: any free one. */
struct hub_listen {
    char address[48];
    uint16_t port;
};

struct hub_config {
    char name[SEC_NAME_MAX_BYTES + 1];
    struct hub_listen device[HUB_LISTENS_MAX_COUNT];
    size_t device_count;
    struct hub_listen api[HUB_LISTENS_MAX_COUNT];
    size_t api_count;
    char san[HUB_SANS_MAX_COUNT][HUB_SAN_MAX_BYTES + 1];
    size_t san_count;
    char console_dir[HUB_PATH_MAX_BYTES]; /* empty: <exe>/../share/securable/console */
    uint64_t threads;
    uint64_t certificate_days;
    uint64_t interval_s;
    uint64_t connections_max;
    uint64_t unproven_max; /* connections of one address that no certificate has proven */
    uint64_t device_connections_max; /* connections of one device */
    uint64_t payload_max_mib;
};

/** Fills the defaults, then reads `path` if it is there. BAD_VALUE: the file is bad, every error was told on `errors_fd`; IO_FAILED. */
sec_status hub_config_read(const char *path, int errors_fd, struct hub_config *ret_config);

#endif
