/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version of programs and library. Stored and sent forms carry format versions of their own.
 */
#ifndef SECURABLE_VERSION_H
#define SECURABLE_VERSION_H

/** The same as in meson.build; `make check` compares. */
#define SEC_VERSION "0.1.0"

#endif
