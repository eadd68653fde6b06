/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole device over the fake port: manufacturer, owner, people, a product, and the keeper's own code.
 *
 * For tests of the keeper, the table of refusals and the power cut search. The maker_... functions write statements as their
 * signers would; the device_... functions run the keeper. Everything is deterministic for one seed.
 * Memory: one struct, large (some MiB): static or heap. A copy of it, put back to the same place, is a snapshot of a life.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include "fake_clock.h"
#include "fake_counter.h"
#include "fake_crypto.h"
#include "fake_effects.h"
#include "fake_keystore.h"
#include "fake_storage.h"

#include <keeper.h>

#define FAKE_DEVICE_SEGMENT_BYTES (256u * 1024u)
#define FAKE_DEVICE_SEGMENTS 6u
#define FAKE_DEVICE_BLOCK_BYTES 512u
#define FAKE_APPLICATION_UID 1001u /* may do everything at the door */
#define FAKE_OTHER_UID 1002u       /* may keep secrets, nothing else */
#define FAKE_RECEIPT_MAX_BYTES (SEC_RECORD_MAX_BYTES + 16384u)

/** Everybody who signs; each is a fake key of its own. */
enum fake_person {
    FAKE_ROOT,
    FAKE_RELEASE,
    FAKE_VOUCHER,
    FAKE_DEVICE_CA,
    FAKE_OWNER,
    FAKE_RECOVERY,
    FAKE_ADMINISTRATOR,
    FAKE_OPERATOR,
    FAKE_REVOKED, /* an operator whom the second roster leaves out */
    FAKE_AUDITOR,
    FAKE_IDENTITY, /* the device's */
    FAKE_OTHER_DEVICE,
    FAKE_STRANGER,
    FAKE_SECOND_ADMINISTRATOR, /* on rosters that ask for two */
    FAKE_NEXT_OWNER,
    FAKE_PEOPLE_COUNT,
};

struct fake_statement {
    size_t len;
    uint8_t b[SEC_STATEMENT_MAX_BYTES];
};

typedef FAKE_STORAGE_MEMORY(FAKE_DEVICE_SEGMENT_BYTES *FAKE_DEVICE_SEGMENTS, FAKE_DEVICE_BLOCK_BYTES, 1024) fake_device_memory;

struct fake_device {
    /* what lives through a restart */
    struct fake_power power;
    struct fake_storage storage;
    fake_device_memory memory;
    struct fake_keystore keystore;
    struct fake_crypto crypto;
    struct fake_clock clock;
    struct fake_effects effects;
    struct fake_key people[FAKE_PEOPLE_COUNT];
    struct sec_signer signers[FAKE_PEOPLE_COUNT];
    struct fake_statement roots;
    struct fake_statement product;
    struct fake_statement release; /* of the factory */
    struct sec_device_id id;
    size_t segment_bytes; /* of the journal; FAKE_DEVICE_SEGMENT_BYTES after init */
    uint8_t release_class; /* of releases made from now on; 2 after init, the device's own */
    uint32_t restricted_after_days;     /* of product records made from now on; 0 after init: no such mode. It keeps modbus on */
    enum sec_product_presence presence; /* of those; NONE after init */
    uint64_t former_run_s;              /* what the next start is told of the run before; 0 after init */
    bool present;                       /* somebody is at the device at its next starts */
    enum sec_product_confirm confirm; /* what product records made from now on say; AUTOMATIC after init */
    /* ports, made once */
    struct sec_crypto crypto_port;
    struct sec_storage storage_port;
    struct sec_keystore keystore_port;
    struct sec_clock clock_port;
    struct sec_effects effects_port;
    /* a run */
    struct sec_keeper keeper;
    uint8_t work[SEC_KEEPER_WORK_BYTES];
    uint8_t receipt[FAKE_RECEIPT_MAX_BYTES];
    size_t receipt_len;
    sec_status verdict;
};

/** A device fresh from its factory, not started. `pairs` may be null. */
void fake_device_init(struct fake_device *d, uint64_t seed, enum fake_storage_mode mode, struct fake_pair_log *pairs);
/** As init, but with other cryptography and keys than the fake's (real OpenSSL). */
void fake_device_init_crypto(struct fake_device *d, uint64_t seed, enum fake_storage_mode mode, const struct sec_crypto *crypto,
                             const struct sec_signer signers[FAKE_PEOPLE_COUNT]);
/** Smaller segments than usual, so that a short life begins several; before the first start. */
void fake_device_use_segments(struct fake_device *d, size_t segment_bytes);
/** What the factory's product says of restricted mode and physical presence; before the first start. */
void fake_device_declare(struct fake_device *d, uint32_t restricted_after_days, enum sec_product_presence presence);
struct sec_bytes fake_statement_bytes(const struct fake_statement *statement);
struct sec_signer fake_device_signer(struct fake_device *d, enum fake_person person);

/* --- running ----------------------------------------------------------------------------------------------- */

/** Starts the keeper (a new boot). */
sec_status fake_device_start(struct fake_device *d);
/** After a cut: what survived becomes current, power is on; the keeper is not started. */
void fake_device_power_on(struct fake_device *d);
/** Submits; `d->verdict`, `d->receipt` and `d->receipt_len` tell the answer. */
sec_status fake_device_submit(struct fake_device *d, struct sec_bytes statement);

/* --- writing statements -------------------------------------------------------------------------------------- */

/** What a command is to say; zero members are left out. */
struct fake_command {
    enum fake_person signer;
    enum sec_action action;
    struct sec_bytes args; /* empty: {} */
    uint64_t generation;   /* 0: the device's head + 1 */
    uint64_t epoch;        /* 0: the device's */
    uint64_t confirm_within_s;
    const struct sec_device_id *other_device; /* not null: in place of this device */
    struct sec_bytes audience; /* encoded; not empty: in place of any device */
    const struct sec_digest *base;
    int64_t expiry_s;
};
void fake_make_command(struct fake_device *d, const struct fake_command *command, struct fake_statement *ret_statement);
void fake_make_voucher(struct fake_device *d, enum fake_person signer, uint64_t epoch, const struct sec_device_id *device,
                       struct fake_statement *ret_statement);
/** A release with a product record of its own; `image` is any byte that stands for the payload. */
void fake_make_release(struct fake_device *d, enum fake_person signer, uint64_t sequence, const char *version, uint8_t image,
                       struct fake_statement *ret_statement);
/** The payload's digest that fake_make_release() names. */
struct sec_digest fake_image_digest(struct fake_device *d, uint8_t image);
/** Signs any body as any kind. */
void fake_make_statement(struct fake_device *d, enum fake_person signer, enum sec_statement_kind kind, struct sec_bytes body,
                         struct fake_statement *ret_statement);

/** The arguments of access.roster: administrator, operator, auditor, both applications, and the revoked one when `with_revoked`. */
struct sec_bytes fake_roster_args(struct fake_device *d, bool with_revoked, struct sec_room room);
/** The same with everybody, and what may be asked for besides. */
struct fake_roster {
    bool with_revoked;
    bool with_second;    /* the second administrator */
    uint64_t lease_days; /* 0: none */
    const struct sec_threshold *thresholds;
    size_t thresholds_count;
};
struct sec_bytes fake_wide_roster_args(struct fake_device *d, const struct fake_roster *wanted, struct sec_room room);
/** Owner keys alone; a recovery key in addition: the arguments of lifecycle.recover and lifecycle.transfer. */
struct sec_bytes fake_recovery_args(struct fake_device *d, enum fake_person owner, struct sec_room room);
struct sec_bytes fake_transfer_args(struct fake_device *d, enum fake_person owner, struct sec_room room);
struct sec_bytes fake_site_args(const char *address, struct sec_room room);
/** `revoked` may be null. */
struct sec_bytes fake_beacon_args(int64_t time_s, const struct sec_key_id *revoked, struct sec_room room);
struct sec_key_id fake_key_id(struct fake_device *d, enum fake_person person);
void fake_make_approval(struct fake_device *d, enum fake_person signer, const struct sec_digest *statement, uint64_t epoch,
                        struct fake_statement *ret_statement);
/** A voucher for two owners, FAKE_OWNER and FAKE_NEXT_OWNER, both of whom must agree. */
void fake_make_voucher_for_two(struct fake_device *d, uint64_t epoch, struct fake_statement *ret_statement);
/** {key: integer}, {key: text}, {1: digest}. */
struct sec_bytes fake_setting_args(const char *key, int64_t value, struct sec_room room);
struct sec_bytes fake_setting_text_args(const char *key, const char *value, struct sec_room room);
struct sec_bytes fake_digest_args(const struct sec_digest *digest, struct sec_room room);
/** The digest of a statement (a release's too). */
struct sec_digest fake_statement_digest(struct fake_device *d, struct sec_bytes statement);
/** The folded state's root. */
struct sec_digest fake_device_state_root(struct fake_device *d);

#endif
