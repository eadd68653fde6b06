/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Say: what the device's programs tell people, one line on standard error: "program: object, clause: fact".
 *
 * Memory: none; lines over 511 bytes are cut. A control character becomes '?'. Threads: one.
 */
#ifndef SECURABLE_DEVICE_SAY_H
#define SECURABLE_DEVICE_SAY_H

/** Begins every line from now on; a constant. */
void say_program(const char *name);
/** printf(3)'s format, without the newline. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#endif
