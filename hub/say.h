/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Say: what the hub tells people, one line on standard error: "securable-hub: object: clause: fact". Never a secret, never a body.
 *
 * Memory: none; lines over 511 bytes are cut; a control character becomes '?'. Threads: all.
 */
#ifndef SECURABLE_HUB_SAY_H
#define SECURABLE_HUB_SAY_H

#include <stdbool.h>

/** printf(3)'s format, without the newline. */
__attribute__((format(printf, 1, 2))) void hub_say(const char *format, ...);
/** The same for what strangers can cause: at most ten lines a second, then a count of those left out. */
__attribute__((format(printf, 1, 2))) void hub_say_of_strangers(const char *format, ...);
/** The same for what only -v wants to hear. */
__attribute__((format(printf, 1, 2))) void hub_say_more(const char *format, ...);
void hub_say_verbose(bool verbose);

#endif
