/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR as JSON for people: integers whole (never rounded), byte strings as hex, keys as text.
 *
 * Memory: items are cJSON's; whoever receives one adds or deletes it. Null means that memory ran out.
 * Limits: nesting as sec_cbor_check() allows it.
 */
#ifndef CLI_JSON_CBOR_H
#define CLI_JSON_CBOR_H

#include <securable/cbor.h>

#include <cjson/cJSON.h>

#include <stdio.h>

/** A number without loss. */
cJSON *json_uint(uint64_t value);
cJSON *json_int(int64_t value);
/** Lower-case hex. */
cJSON *json_hex(struct sec_bytes bytes);
/** Text; what is not clean UTF-8 is shown as "h'..'". */
cJSON *json_text(struct sec_bytes text);
/** Any item: byte strings as "h'..'", tags as {"tag", "value"}, what has no JSON (undefined, NaN) as null. */
cJSON *json_cbor(struct sec_bytes item);
/** The item that is next, consumed. */
cJSON *json_cbor_next(struct sec_cbor *rd);

/**
 * Bytes of the character at `text` when a terminal might obey it or it would show a text in another order than it is:
 * C0, DEL and C1 controls, marks and overrides of direction, separators of lines. 0: it may be shown.
 */
size_t json_unsafe_bytes(const char *text);
/** Prints JSON and a line's end, such characters escaped. False when printing failed. */
bool json_put(FILE *to, const char *json);

#endif
