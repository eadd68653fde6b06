/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port: a monotonic counter outside the storage (a TPM's NV counter, an RPMB write counter).
 *
 * With quality NONE nothing is counted, and a rollback of the whole storage is noticed by others only; reports say
 * which quality a device has.
 */
#ifndef SECURABLE_PORT_COUNTER_H
#define SECURABLE_PORT_COUNTER_H

#include <securable/status.h>

enum sec_counter_quality {
    SEC_COUNTER_NONE = 0,
    SEC_COUNTER_HARDWARE = 1,
};

struct sec_counter {
    void *ctx;
    enum sec_counter_quality quality;
    /** The present value. */
    sec_status (*read)(void *ctx, uint64_t *ret_value);
    /** Adds one, durable when it returns. Once a boot and for each decision, never for an event: chips wear out. */
    sec_status (*raise)(void *ctx, uint64_t *ret_value);
};

#endif
