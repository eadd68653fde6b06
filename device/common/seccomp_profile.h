/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp profiles: which system calls each process may make.
 *
 * Children have a list of what they may; everything else answers EPERM, clone3 ENOSYS (so that libc falls back). Memory never
 * becomes executable. The parent has a list of what it and its hooks may not.
 * Threads: one. Demand: S31, S40.
 */
#ifndef SECURABLE_DEVICE_SECCOMP_PROFILE_H
#define SECURABLE_DEVICE_SECCOMP_PROFILE_H

#include "confinement.h"

/** Loads the profile's filter for good. IO_FAILED, errno says why. */
sec_status seccomp_profile_enter(enum confinement_profile profile);

#endif
