/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device with real keys, files and processes: its state directory, its people, and securabled over it.
 *
 * The make_... functions write statements as their signers would. Memory: one static device. Threads: one.
 */
#ifndef TESTS_REAL_DEVICE_H
#define TESTS_REAL_DEVICE_H

#include <certificate.h>
#include <key_file.h>

#include <securable/access_forms.h>
#include <securable/identity.h>
#include <securable/product.h>
#include <securable/suit.h>

#include <door_client.h>

#include <sys/types.h>

enum real_person {
    REAL_ROOT,
    REAL_RELEASE,
    REAL_VOUCHER,
    REAL_DEVICE_CA,
    REAL_OWNER,
    REAL_OPERATOR,
    REAL_IDENTITY,
    REAL_PEOPLE_COUNT,
};

struct real_statement {
    size_t len;
    uint8_t b[SEC_STATEMENT_MAX_BYTES];
};

struct real_device {
    char state[256];
    char socket[300];
    const char *securabled; /* the program */
    const char *libexec;
    struct sec_openssl openssl;
    struct sec_crypto crypto;
    struct sec_private_key people[REAL_PEOPLE_COUNT];
    struct sec_device_id id;
    uint64_t epoch;          /* of what is signed */
    uint64_t generations[8]; /* by topic, last used */
    pid_t pid;
    struct sec_door door;
};

/** Makes keys and a state directory under /tmp, with hooks and a configuration. */
void real_device_make(struct real_device *d, const char *securabled, const char *libexec);
/** Stops what a failed test has left running, and shows what it said; its directory stays. */
void real_device_abandon(struct real_device *d);
/** Removes the directory. */
void real_device_remove(struct real_device *d);
/** Writes a file in the state directory. */
void real_write(const struct real_device *d, const char *name, struct sec_bytes content, unsigned mode);
/** Reads a file of the state directory; empty when there is none. Borrows static memory. */
struct sec_bytes real_read(const struct real_device *d, const char *name);

/** Starts securabled with more arguments (a null ends them), its standard error in DIR/stderr. */
pid_t real_spawn(const struct real_device *d, const char *argument, const char *value);
/** Starts it and waits until the door answers. */
void real_start(struct real_device *d);
/** Stops it in order; gives its exit code. */
int real_stop(struct real_device *d);
/** Waits for a process; its exit code, or -1 when a signal ended it. */
int real_wait(pid_t pid);
/** Connects anew, waiting until a new door listens. */
void real_connect(struct real_device *d);

struct sec_bytes real_statement_bytes(const struct real_statement *statement);
void real_make_voucher(struct real_device *d, struct real_statement *ret_statement);
void real_make_command(struct real_device *d, enum real_person signer, enum sec_action action, struct sec_bytes args,
                       struct real_statement *ret_statement);
void real_make_roster(struct real_device *d, uint32_t application_uid, struct real_statement *ret_statement);
void real_make_setting(struct real_device *d, const char *key, int64_t value, struct real_statement *ret_statement);
void real_make_release(struct real_device *d, uint64_t sequence, const char *version, struct sec_bytes payload,
                       struct real_statement *ret_statement, struct sec_digest *ret_digest);
/** A payload in a file that is open for reading. */
int real_payload_fd(struct sec_bytes payload);

#endif
