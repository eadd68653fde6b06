/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON at the hub: small helpers over cJSON to write answers, and a bounded, strict way to read requests.
 *
 * Writing: numbers whole (never rounded), bytes as lower-case hex, times as ISO 8601 UTC text. Reading: length, nesting and number of values are judged before a tree is
 * built; a key given twice, a member that nobody asked for, a NUL in a text, bytes behind the end are refused, each with its object, clause and fact.
 * Memory: trees are cJSON's; whoever makes one deletes it. Limits: below. Threads: pure functions. Serves S36, S38.
 */
#ifndef SECURABLE_HUB_JSON_H
#define SECURABLE_HUB_JSON_H

#include <securable/bytes.h>

#include <cjson/cJSON.h>

/** A request's body: keys, names and two base64 statements. */
#define HUB_JSON_MAX_BYTES 262144u
#define HUB_JSON_MAX_DEPTH 8u
#define HUB_JSON_MAX_VALUES 1024u
/** "2026-01-02T03:04:05Z" and its NUL; years to 9999. */
#define HUB_JSON_TIME_BYTES 24u

/** What is wrong with a request: `code` is OK when nothing is. Texts are constants or stand in `room`. */
struct hub_json_fault {
    sec_status status;
    const char *clause;
    char fact[128];
};

/** Writes a time as ISO 8601 UTC text. */
const char *hub_json_time_text(int64_t time_s, char ret_text[HUB_JSON_TIME_BYTES]);

void hub_json_add_number(cJSON *object, const char *name, uint64_t value);
void hub_json_add_int(cJSON *object, const char *name, int64_t value);
void hub_json_add_hex(cJSON *object, const char *name, struct sec_bytes bytes);
/** Text that others gave: what is not clean UTF-8 is shown as "h'..'". */
void hub_json_add_text(cJSON *object, const char *name, struct sec_bytes text);
void hub_json_add_time(cJSON *object, const char *name, int64_t time_s);
/** Text, time or null when the text is empty or the time 0. */
void hub_json_add_text_or_null(cJSON *object, const char *name, struct sec_bytes text);
void hub_json_add_time_or_null(cJSON *object, const char *name, int64_t time_s);

/**
 * Reads one JSON object. Null and `ret_fault`: TOO_LARGE, TOO_DEEP (nesting), MALFORMED, LEFTOVER, NOT_UTF8, DUPLICATE_KEY, UNEXPECTED_TYPE (no object),
 * UNKNOWN_FIELD (a member that is not in `members`, a list that ends in null).
 */
cJSON *hub_json_read(struct sec_bytes text, const char *const *members, struct hub_json_fault *ret_fault);
/** A member of an object: empty, and the fault set unless it was set before. MISSING_FIELD, UNEXPECTED_TYPE, TOO_LARGE (beyond `max` bytes), BAD_VALUE (empty). */
struct sec_bytes hub_json_text(const cJSON *object, const char *name, size_t max, struct hub_json_fault *fault);
/** A whole number of at most 2^53. MISSING_FIELD, UNEXPECTED_TYPE, BAD_VALUE (a fraction, negative, beyond `max`). */
uint64_t hub_json_number(const cJSON *object, const char *name, uint64_t max, struct hub_json_fault *fault);
/** Hex digits into `room`. As hub_json_text(); BAD_VALUE (no hex), TOO_LARGE. */
struct sec_bytes hub_json_bytes(const cJSON *object, const char *name, struct sec_room room, struct hub_json_fault *fault);
/** Sets a fault unless there is one. */
void hub_json_fail(struct hub_json_fault *fault, enum sec_status_code code, const char *clause, const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
