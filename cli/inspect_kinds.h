/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of files that inspect knows: for each, whether bytes look like one, and the look itself. */
#ifndef CLI_INSPECT_KINDS_H
#define CLI_INSPECT_KINDS_H

#include "inspect.h"

#include <securable/cose.h>

bool inspect_is_suit(struct sec_bytes file);
void inspect_suit(struct sec_bytes file, struct inspection *in);
bool inspect_is_cose(struct sec_bytes file);
void inspect_cose(struct sec_bytes file, struct inspection *in);

/** A COSE message with signatures or a MAC, as a file or within another. */
struct cose_view {
    const char *kind; /* "cose-sign1", "cose-sign", "cose-mac0", "cose-mac" */
    int64_t alg;
    enum trust_verdict verdict;
    struct sec_bytes protected_header; /* content of the byte string */
    struct sec_bytes unprotected;      /* the encoded map */
    struct sec_bytes payload;
    bool detached;
    bool alg_protected;
    struct sec_bytes typ;
};

/**
 * Takes a message of one of the four kinds apart, and verifies its signature or signatures; a MAC stays unchecked.
 * `detached` stands in for a payload that is null; empty data means that nobody has it, and the verdict is UNCHECKED.
 * UNSUPPORTED for a critical header that we do not know.
 */
sec_status cose_view(const struct trust *trust, struct sec_bytes message, struct sec_bytes aad, struct sec_bytes detached,
                     struct cose_view *ret_view);

/** The algorithm's name, its number when it has no name, null when there is none. */
cJSON *inspect_alg(int64_t alg);
/** The better of two verdicts on the same bytes. */
enum trust_verdict inspect_better(enum trust_verdict a, enum trust_verdict b);

#endif
