/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keystore in files: each slot key is a file `key-<number>`, mode 0600, of 32 random bytes, in one directory.
 *
 * Destroying overwrites with random bytes, syncs, removes, syncs the directory: grade OVERWRITTEN, since flash may
 * retain the old block. Keys are read for each use and wiped after it. The identity signer is the caller's. Memory: the
 * struct is the caller's and must not move while a port made from it is in use. Statuses beyond the port's:
 * STORAGE_FULL, IO_FAILED, BAD_KEY (a key file of another length). Threads: one. Demand: F3.3, S69.
 */
#ifndef SECURABLE_PORT_LINUX_FILE_KEYSTORE_H
#define SECURABLE_PORT_LINUX_FILE_KEYSTORE_H

#include <securable/port/keystore.h>

struct sec_file_keystore {
    int dir_fd;
    const struct sec_crypto *crypto;
    struct sec_signer identity;
};

/** Takes a directory and removes what a cut left of a making; borrows all. IO_FAILED. */
sec_status sec_file_keystore_open(struct sec_file_keystore *keystore, int dir_fd, const struct sec_crypto *crypto,
                                  struct sec_signer identity);
/** The port's functions; borrows `keystore`. */
struct sec_keystore sec_file_keystore_port(struct sec_file_keystore *keystore);

#endif
