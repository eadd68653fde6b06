/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the two halves of inspect's look at SUIT envelopes: judgement and JSON. */
#ifndef CLI_INSPECT_SUIT_H
#define CLI_INSPECT_SUIT_H

#include "trust.h"

#include <securable/suit.h>

#include <cjson/cJSON.h>

/** The verdict on an envelope's authentication blocks together, and the algorithm that it rests on. */
struct suit_look {
    int64_t alg;
    enum trust_verdict signature;
};

struct suit_files {
    const struct sec_suit_envelope *envelope;
    const struct sec_suit_manifest *manifest;
};

/** {"alg", "bytes"} */
cJSON *suit_json_digest(const struct sec_suit_digest *digest);
/** Adds `manifest`, `severed`, `text` and `coswid` to `json`. */
void suit_json_manifest(const struct suit_files *files, cJSON *json);

#endif
