/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Place: the hub's directory, with its lock, keys and certificates.
 *
 * DIR (0700) holds securable-hub.conf, hub.db, keys/{ca.pem,ca-key.pem,tls.pem,tls-key.pem,journal-key.pem}, journal/, payloads/, run/ and lock. The first start
 * makes what is missing, each file whole and synced before it has its name. The TLS certificate is made anew by the same CA when less than 30 days of it are
 * left, or when its names are no longer those of the configuration. One hub at a time holds the lock.
 * Memory: descriptors and libcrypto objects until hub_place_close(); read only after hub_place_open(), so all threads may use them.
 * Status: BUSY (another hub holds the lock), IO_FAILED, STORAGE_FULL, BAD_KEY (key and certificate do not belong together), and those of key_file.h. Each is
 * told on standard error with its file. Serves S40, S80.
 */
#ifndef SECURABLE_HUB_PLACE_H
#define SECURABLE_HUB_PLACE_H

#include "config.h"

#include "key_file.h"

#include <securable/bytes.h>
#include <securable/port/crypto.h>

#include <openssl/types.h>

struct hub_place {
    char path[HUB_PATH_MAX_BYTES]; /* absolute */
    int dir_fd;
    int keys_fd;
    int journal_fd;
    int payloads_fd; /* payloads by hex digest, 0600 */
    int run_fd;
    int lock_fd; /* -1: opened without the lock */
    struct sec_openssl openssl; /* the main thread's; it came up before any other use of libcrypto */
    struct sec_private_key ca_key;
    struct sec_private_key tls_key;
    struct sec_private_key journal_key; /* the hub's own journal is signed by it */
    X509 *ca;
    X509 *tls;
    struct sec_bytes ca_der; /* of the heap; lives as long as the place */
    struct sec_digest ca_digest;
};

/** Opens the directory alone and makes it when it is missing; no lock, no keys. For -n, backup and check. */
sec_status hub_place_look(const char *path, struct hub_place *ret_place);
/** Opens everything, taking the lock; makes what is missing. */
sec_status hub_place_open(const char *path, const struct hub_config *config, struct hub_place *ret_place);
void hub_place_close(struct hub_place *place);
/** Writes a file of the directory whole, mode 0600: under another name, synced, renamed, directory synced. */
sec_status hub_place_write(int dir_fd, const char *name, struct sec_bytes bytes);

#endif
