/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements: what a key says, in an envelope of fixed shape.
 *
 * A statement is a COSE_Sign1 of the device profile (cose.h) whose `typ` (RFC 9596) names its kind; the
 * body is deterministic CBOR and is not looked at before the signature is verified. The grammar
 * of every kind is in docs/formats/statements.cddl.
 * A statement's digest is SHA-256 of its Sig_structure, never of the message, because ECDSA signatures are malleable.
 * Limits: SEC_STATEMENT_MAX_BYTES whole.
 */
#ifndef SECURABLE_STATEMENT_H
#define SECURABLE_STATEMENT_H

#include <securable/cose.h>

/* clang-format off */
/** X(ENUM_NAME, "word", "typ"). Numbers are part of formats: append only. */
#define SEC_STATEMENT_TABLE(X)                                   \
    X(COMMAND,    1, "command",    "securable-command+cose")     \
    X(APPROVAL,   2, "approval",   "securable-approval+cose")    \
    X(VOUCHER,    3, "voucher",    "securable-voucher+cose")     \
    X(RELEASE,    4, "release",    "securable-release+cose")     \
    X(ROOTS,      5, "roots",      "securable-roots+cose")       \
    X(PRODUCT,    6, "product",    "securable-product+cose")     \
    X(DISCLOSURE, 7, "disclosure", "securable-disclosure+cose")  \
    X(HEAD,       8, "head",       "securable-head+cose")        \
    X(REPORT,     9, "report",     "securable-report+cose")      \
    X(LOGIN,     10, "login",      "securable-login+cose")       \
    X(TRANSPORT, 11, "transport",  "securable-transport+cose")
/* clang-format on */

enum sec_statement_kind {
    SEC_STATEMENT_UNKNOWN = 0,
#define SEC_STATEMENT_ENUM(name, number, word, typ) SEC_STATEMENT_##name = number,
    SEC_STATEMENT_TABLE(SEC_STATEMENT_ENUM)
#undef SEC_STATEMENT_ENUM
};

struct sec_statement {
    enum sec_statement_kind kind;
    struct sec_key_id kid;
    struct sec_cose_sign1 msg;
};

/** "command", "voucher" ...; "unknown" for any other number. NUL-terminated constant. */
const char *sec_statement_word(enum sec_statement_kind kind);
/** The `typ` of a kind; empty for UNKNOWN. */
struct sec_bytes sec_statement_typ(enum sec_statement_kind kind);
/** The kind of a `typ`; SEC_STATEMENT_UNKNOWN for any other text. */
enum sec_statement_kind sec_statement_kind_of(struct sec_bytes typ);

/** Parses the envelope, not the body. What sec_cose_sign1_parse() refuses; an unknown `typ` gives kind UNKNOWN, not a failure. */
sec_status sec_statement_parse(struct sec_bytes in, struct sec_statement *ret_statement);
/** The statement's digest. `payload` is the detached payload, or the message's own. */
sec_status sec_statement_digest(const struct sec_statement *statement, struct sec_bytes payload,
                                const struct sec_hasher *hasher, struct sec_digest *ret_digest);
/** OK, BAD_SIGNATURE, BAD_ALGORITHM (key and header disagree), BAD_KEY. */
sec_status sec_statement_verify(const struct sec_statement *statement, struct sec_bytes payload,
                                const struct sec_public_key *key, const struct sec_verifier *verifier);
/** Signs `body` as a statement of `kind` and writes it. ROOM_FULL, TOO_LARGE, or the signer's failure. */
sec_status sec_statement_sign(enum sec_statement_kind kind, const struct sec_signer *signer, const struct sec_hasher *hasher,
                              struct sec_bytes body, struct sec_wr *wr);

#endif
