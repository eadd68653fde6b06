/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed status: what every function that can fail returns.
 *
 * The high byte is the class, the low byte the fact. Numbers are part of the
 * wire and log formats (receipts carry them) and are never reused.
 * One table below makes the enum, the names and the manual's section.
 */
#ifndef SECURABLE_STATUS_H
#define SECURABLE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/** A status; compare with sec_is(), never by its number. */
typedef struct {
    uint16_t code;
} sec_status;

/** Classes: the high byte of a code. */
enum sec_status_class {
    SEC_CLASS_OK = 0x00,
    SEC_CLASS_USAGE = 0x01,
    SEC_CLASS_INPUT = 0x02,
    SEC_CLASS_POLICY = 0x03,
    SEC_CLASS_CRYPTO = 0x04,
    SEC_CLASS_STATE = 0x05,
    SEC_CLASS_SPACE = 0x06,
    SEC_CLASS_IO = 0x07,
    SEC_CLASS_INTERNAL = 0x08,
};

/* clang-format off */
/** X(ENUM_NAME, number, "word", "one sentence for people") */
#define SEC_STATUS_TABLE(X)                                                                        \
    X(OK,                     0x0000, "ok",                     "done")                            \
    X(BAD_ARGUMENT,           0x0101, "bad-argument",           "the caller broke the contract of the call") \
    X(TRUNCATED,              0x0201, "truncated",              "the input ends before the item does") \
    X(MALFORMED,              0x0202, "malformed",              "the bytes do not follow the grammar") \
    X(LEFTOVER,               0x0203, "leftover",               "bytes follow after the end of the item") \
    X(NOT_DETERMINISTIC,      0x0204, "not-deterministic",      "the encoding is not the deterministic one (RFC 8949, 4.2)") \
    X(DUPLICATE_KEY,          0x0205, "duplicate-key",          "a map holds a key twice")         \
    X(TOO_DEEP,               0x0206, "too-deep",               "nesting goes beyond the limit")   \
    X(TOO_LARGE,              0x0207, "too-large",              "a length or count goes beyond the limit") \
    X(UNEXPECTED_TYPE,        0x0208, "unexpected-type",        "an item has another type than the grammar says") \
    X(MISSING_FIELD,          0x0209, "missing-field",          "a required field is absent")      \
    X(UNKNOWN_FIELD,          0x020a, "unknown-field",          "a field is not in the grammar")   \
    X(BAD_VALUE,              0x020b, "bad-value",              "a value is outside its range or set") \
    X(UNSUPPORTED,            0x020c, "unsupported",            "this version does not implement a critical part") \
    X(NOT_UTF8,               0x020d, "not-utf8",               "a text string is not valid UTF-8") \
    X(UNREFERENCED,           0x020e, "unreferenced",           "a member is there that nothing refers to") \
    X(UNKNOWN_FORMAT,         0x020f, "unknown-format",         "the format version is not known") \
    X(UNSIGNED,               0x0301, "unsigned",               "the statement carries no signature") \
    X(UNKNOWN_KEY,            0x0302, "unknown-key",            "no key that may speak here has this id") \
    X(WRONG_KIND,             0x0303, "wrong-kind",             "the statement is of another kind than is accepted here") \
    X(WRONG_AUDIENCE,         0x0304, "wrong-audience",         "the statement is not for this device") \
    X(WRONG_EPOCH,            0x0305, "wrong-epoch",            "the statement is of another ownership epoch") \
    X(GENERATION_USED,        0x0306, "generation-used",        "a statement of this or a later generation was already decided") \
    X(GENERATION_TOO_FAR,     0x0307, "generation-too-far",     "the generation leaps further than 2^20") \
    X(ROLE_INSUFFICIENT,      0x0308, "role-insufficient",      "the signer's role does not permit the action") \
    X(UNKNOWN_ACTION,         0x0309, "unknown-action",         "no such action exists; unknown means no") \
    X(UNKNOWN_SETTING,        0x030a, "unknown-setting",        "no setting has this name")        \
    X(OUT_OF_RANGE,           0x030b, "out-of-range",           "the value is not one that the setting allows") \
    X(STALE_BASE,             0x030c, "stale-base",             "the state differs from the base that the statement names") \
    X(TRIAL_PENDING,          0x030d, "trial-pending",          "a trial release must be confirmed or reverted first") \
    X(EXPIRED,                0x030e, "expired",                "the statement's time is over")    \
    X(NOT_YET,                0x030f, "not-yet",                "the statement's time has not come") \
    X(ALREADY_DECIDED,        0x0310, "already-decided",        "this statement was decided before; its receipt stands") \
    X(NO_OWNER,               0x0311, "no-owner",               "the device has no owner and accepts a voucher only") \
    X(ALREADY_OWNED,          0x0312, "already-owned",          "the device has an owner in this epoch") \
    X(APPROVALS_MISSING,      0x0313, "approvals-missing",      "fewer keys have signed than the roster demands") \
    X(WRONG_PRODUCT,          0x0314, "wrong-product",          "vendor or class is not this device's") \
    X(DOWNGRADE,              0x0315, "downgrade",              "the sequence number is below what is installed or below the floor") \
    X(UPDATE_DISABLED,        0x0316, "update-disabled",        "updating is switched off")        \
    X(CONSENT_MISSING,        0x0317, "consent-missing",        "the owner has not consented to this release") \
    X(CONFIRM_PENDING,        0x0318, "confirm-pending",        "an earlier change waits for its confirmation") \
    X(NOT_PERMITTED,          0x0319, "not-permitted",          "the roster gives this application no such right") \
    X(UNKNOWN_SECRET,         0x031a, "unknown-secret",         "no secret has this name")         \
    X(REVERTED,               0x031b, "reverted",               "the change was taken back")       \
    X(EFFECT_FAILED,          0x031c, "effect-failed",          "the effect was tried and did not succeed") \
    X(HEALTH_FAILED,          0x031d, "health-failed",          "the release did not pass its health check") \
    X(NOTHING_PENDING,        0x031e, "nothing-pending",        "there is nothing to confirm or revert") \
    X(LOCKED_OUT,             0x031f, "locked-out",             "too many refusals; wait")         \
    X(INTERFACE_DISABLED,     0x0320, "interface-disabled",     "the interface is switched off")   \
    X(PENDING,                0x0321, "pending",                "the intent is recorded; the outcome is still to come") \
    X(LEASE_ENDED,            0x0322, "lease-ended",            "the signer's lease is over; the owner's beacon renews it") \
    X(BAD_SIGNATURE,          0x0401, "bad-signature",          "the signature does not verify")   \
    X(BAD_ALGORITHM,          0x0402, "bad-algorithm",          "the algorithm is not accepted here") \
    X(BAD_KEY,                0x0403, "bad-key",                "the key is not usable")           \
    X(DIGEST_MISMATCH,        0x0404, "digest-mismatch",        "the bytes do not have the digest that is claimed for them") \
    X(AEAD_FAILED,            0x0405, "aead-failed",            "the sealed bytes do not open under this key") \
    X(PROOF_FAILED,           0x0406, "proof-failed",           "the Merkle proof does not lead to the root") \
    X(NOT_OPEN,               0x0501, "not-open",               "the object is not open")          \
    X(BUSY,                   0x0502, "busy",                   "another operation is under way")  \
    X(BROKEN,                 0x0503, "broken",                 "an earlier failure made the object unusable until reopened") \
    X(NOT_FOUND,              0x0504, "not-found",              "there is no such thing")          \
    X(EXISTS,                 0x0505, "exists",                 "there is such a thing already")   \
    X(TAMPERED,               0x0506, "tampered",               "stored evidence contradicts its signature") \
    X(ROOM_FULL,              0x0601, "room-full",              "the caller's room is too small")  \
    X(TABLE_FULL,             0x0602, "table-full",             "a bounded table has no free place") \
    X(STORAGE_FULL,           0x0603, "storage-full",           "the storage has no space left")   \
    X(IO_FAILED,              0x0701, "io-failed",              "the surroundings reported a failure") \
    X(POWER_CUT,              0x0702, "power-cut",              "the simulated power was cut")     \
    X(REFUSED_BY_PORT,        0x0703, "refused-by-port",        "the surroundings refused the request") \
    X(INTERNAL,               0x0801, "internal",               "a promise inside the program was broken")
/* clang-format on */

enum sec_status_code {
#define SEC_STATUS_ENUM(name, number, word, text) SEC_##name = number,
    SEC_STATUS_TABLE(SEC_STATUS_ENUM)
#undef SEC_STATUS_ENUM
};

/** Makes a status of a code of the table. */
static inline sec_status sec_st(enum sec_status_code code)
{
    return (sec_status){(uint16_t)code};
}

/** True when the status says "done". */
static inline bool sec_ok(sec_status status)
{
    return status.code == SEC_OK;
}

/** True when the status is exactly `code`. */
static inline bool sec_is(sec_status status, enum sec_status_code code)
{
    return status.code == (uint16_t)code;
}

/** The status' class, its high byte. */
static inline enum sec_status_class sec_status_class(sec_status status)
{
    return (enum sec_status_class)(status.code >> 8);
}

/** The status' word ("generation-used"), a NUL-terminated constant; "unknown-status" for a foreign number. */
const char *sec_status_word(sec_status status);

/** One sentence for people, a NUL-terminated constant. */
const char *sec_status_text(sec_status status);

/** Leaves the calling function with the status of `expr` when it is not ok. */
#define SEC_TRY(expr)                                                                              \
    do {                                                                                           \
        sec_status sec_try_status = (expr);                                                        \
        if (!sec_ok(sec_try_status))                                                               \
            return sec_try_status;                                                                 \
    } while (0)

#endif
