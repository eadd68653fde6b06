/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a CBOR item (RFC 8949, 3): shared by the checker and the reader, private to base/.
 */
#ifndef SECURABLE_BASE_CBOR_HEAD_H
#define SECURABLE_BASE_CBOR_HEAD_H

#include <securable/cbor.h>

#define CBOR_INFO_ONE_BYTE 24u
#define CBOR_INFO_INDEFINITE 31u

enum cbor_simple {
    CBOR_FALSE = 20,
    CBOR_TRUE = 21,
    CBOR_NULL = 22,
};

struct sec_cbor_head {
    enum sec_cbor_type type;
    uint8_t info;   /* the low five bits of the first byte */
    uint64_t value; /* the argument; 0 for indefinite lengths and the break */
    size_t len;
};

/**
 * Reads the head at `at`, which is at most `in.len`. TRUNCATED; MALFORMED for reserved additional information, an
 * indefinite length where there is none, and a simple value below 32 in two bytes. The break is SIMPLE with
 * CBOR_INFO_INDEFINITE.
 */
sec_status sec_cbor_head_read(struct sec_bytes in, size_t at, struct sec_cbor_head *ret_head);

/** True when the argument could not be written in fewer bytes. */
bool sec_cbor_head_is_shortest(const struct sec_cbor_head *head);

/** The order of *ours* for map keys: bytewise, of the keys as encoded (RFC 8949, 4.2.1): -1, 0, 1. */
int sec_cbor_key_order(struct sec_bytes a, struct sec_bytes b);

#endif
