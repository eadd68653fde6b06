/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request of EST: what body and fields say, read and checked in form; nothing is judged here.
 *
 * Memory: decoded bytes lie in the struct, slices of it point into it: it must not move. Threads: pure but for libcrypto's heap.
 * Serves S36, S80; RFC 7030, 4.2; docs/formats/sync.cddl.
 */
#ifndef SECURABLE_HUB_EST_REQUEST_H
#define SECURABLE_HUB_EST_REQUEST_H

#include "ca.h"

#include <securable/statement.h>

/** The body in base64 with line ends. */
#define EST_BODY_MAX_BYTES 8192u
#define EST_STATEMENT_MAX_BYTES 1024u
#define EST_IDEVID_MAX_BYTES 2048u
#define EST_BINDING_BYTES 32u

struct est_request {
    struct hub_csr csr;
    bool binding_readable; /* the challenge is the base64 of 32 bytes ... */
    uint8_t binding[EST_BINDING_BYTES]; /* ... these */
    bool by_statement;
    struct sec_statement statement; /* of kind transport; not verified, its body not read */
    struct sec_bytes idevid;
    uint8_t der_room[HUB_CA_MAX_BYTES];
    uint8_t statement_room[EST_STATEMENT_MAX_BYTES];
    uint8_t idevid_room[EST_IDEVID_MAX_BYTES];
};

/**
 * Reads the body (base64 of a PKCS#10 request) and the fields Securable-Transport and Securable-IDevID (base64url; both or none: MISSING_FIELD). WRONG_KIND: the
 * statement is none of transport. BAD_VALUE (no base64), TOO_LARGE; what hub_csr_parse() and sec_statement_parse() say.
 */
sec_status est_request_read(struct sec_bytes body, struct sec_bytes transport, struct sec_bytes idevid, struct est_request *request);

#endif
