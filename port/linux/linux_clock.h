/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks by Linux: CLOCK_BOOTTIME counts suspend too; CLOCK_REALTIME is believed from 2020 on, and never trusted.
 *
 * The kernel cannot say whether its wall clock kept power or was authenticated; whoever knows raises trust elsewhere.
 * Memory: none. Threads: any. Demand: F6.2 (times of events).
 */
#ifndef SECURABLE_PORT_LINUX_CLOCK_H
#define SECURABLE_PORT_LINUX_CLOCK_H

#include <securable/port/clock.h>

struct sec_clock sec_linux_clock(void);

#endif
