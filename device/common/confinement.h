/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confinement: how a process gives up every right that its row in device/RIGHTS.md denies.
 *
 * Called once, after everything was loaded and opened. In this order: own namespaces, empty root, user and group, no new privileges,
 * capabilities, limits, Landlock, not dumpable, seccomp (unknown calls EPERM, clone3 ENOSYS). What the kernel or the
 * starting user cannot give is left out and named in the text, which reports carry; what should have worked and did not is a failure.
 * Sanitizer builds run without seccomp and address limit, and say so.
 * Memory: the text is in the caller's struct; libseccomp uses its heap during the call. Threads: one, before others exist.
 * Demand: S31, S38, S40; the house plan's "Who runs what".
 */
#ifndef SECURABLE_DEVICE_CONFINEMENT_H
#define SECURABLE_DEVICE_CONFINEMENT_H

#include <securable/bytes.h>

#define CONFINEMENT_TEXT_MAX_BYTES 256u
#define CONFINEMENT_TREES_MAX_COUNT 2u

enum confinement_profile {
    CONFINEMENT_DOOR,
    CONFINEMENT_KEEPER,
    CONFINEMENT_INSTALLER,
    CONFINEMENT_LINK,   /* may connect by TCP, nothing else of the network */
    CONFINEMENT_PARENT, /* light: what hooks never need is denied to them too */
};

/** What the profile cannot know. */
struct confinement_plan {
    int empty_fd;      /* an empty directory, which becomes the root; -1: none */
    bool change_user;  /* to user and group below; when started as root */
    uint32_t user;
    uint32_t group;
    int tree_fds[CONFINEMENT_TREES_MAX_COUNT]; /* directories whose files may be made, read, written and removed */
    size_t tree_count;
    uint16_t connect_port; /* link: the one port that it connects to, where the kernel can tell ports apart */
};

/** Bits of what is in force. */
enum confinement_part {
    CONFINEMENT_ROOT = 1,
    CONFINEMENT_USER = 2,
    CONFINEMENT_NETWORK = 4, /* an empty network namespace */
    CONFINEMENT_NO_NEW_PRIVS = 8,
    CONFINEMENT_LANDLOCK = 16,
    CONFINEMENT_SECCOMP = 32,
};

struct confinement {
    unsigned parts;
    unsigned landlock_abi;
    const char *failed; /* the step that failed, a constant; errno is as it left it */
    size_t text_len;
    char text[CONFINEMENT_TEXT_MAX_BYTES]; /* "door: empty root, user 991, ..." */
};

/** Gives the rights up. IO_FAILED with `failed` named: the caller must exit. */
sec_status confinement_enter(enum confinement_profile profile, const struct confinement_plan *plan, struct confinement *ret_confinement);

/** True in builds with a sanitizer, which needs calls that seccomp would deny. */
bool confinement_sanitized(void);

#endif
