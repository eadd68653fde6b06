/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parent: what securabled's files share: its configuration, directories, children, and the effect under way.
 *
 * One loop (main.c) waits for signals, messages and times. Door, keeper and (where there is a hub) link are children that are
 * restarted when they die; an effect of the keeper that needs a program (a hook, the installer) is a job. There are two: the effect that the keeper
 * waits for, and a payload that is spooled meanwhile.
 * Memory: one static struct. Threads: one. Demand: S38, S40, F4.1; the house plan's "Who runs what".
 */
#ifndef SECURABLE_DEVICE_PARENT_H
#define SECURABLE_DEVICE_PARENT_H

#include "../common/config.h"
#include "../common/confinement.h"
#include "../common/ipc_channel.h"
#include "rules.h"

#include <sys/types.h>

/** Exit codes of the programs. */
enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_ENVIRONMENT = 3,
};

/** Observations that wait for the keeper; more are dropped, the watch finds them again. */
#define OBSERVATIONS_MAX_COUNT 8u
#define OBSERVATION_MAX_BYTES 192u
/** Listeners that were reported already. */
#define LISTENERS_MAX_COUNT 64u

enum child_state {
    CHILD_DOWN,     /* starts when due */
    CHILD_STARTING, /* runs, has not said ready; killed when due */
    CHILD_READY,
    CHILD_STOPPING, /* was told to stop; killed when due */
    CHILD_GONE,     /* stopped for good */
};

struct child {
    enum ipc_role role;
    const char *name;
    pid_t pid; /* 0: none */
    enum child_state state;
    struct ipc_channel channel;
    uint64_t started_ms;
    uint64_t due_ms;
    unsigned failures; /* deaths in a row, each before a minute was over */
    bool ever_ready;
    bool died; /* its last end was none in order */
    uint32_t former_run_s; /* how long the one before ran, rounded up; 0: there was none */
    char text[CONFINEMENT_TEXT_MAX_BYTES]; /* its confinement */
};

enum job_kind {
    JOB_NONE,
    JOB_HOOK,     /* one hook; its failure has its code */
    JOB_SETTINGS, /* the apply hooks of changed keys, one after the other */
    JOB_INSTALL,  /* installer: copies to a slot, or verifies it */
    JOB_SPOOL,    /* installer: copies a client's payload */
    JOB_PRODUCT,  /* installer: verifies a product record */
};

struct job {
    enum job_kind kind;
    bool orphan; /* its keeper is gone: nobody waits for the answer */
    bool timed_out;
    uint32_t id;
    pid_t pid;
    uint64_t due_ms;
    struct ipc_channel channel;
    enum sec_status_code failure; /* what a failed hook means */
    size_t next_key;              /* settings */
    uint64_t size;                /* install */
    struct sec_digest digest;     /* install */
};

struct observation {
    size_t len;
    uint8_t b[OBSERVATION_MAX_BYTES];
};

struct parent {
    struct config config;
    struct rules rules;
    bool as_root;
    struct config_user door_user;
    struct config_user keeper_user;
    struct config_user installer_user;
    struct config_user link_user;
    bool has_link_user;
    struct config_user hook_user;
    bool present; /* somebody stands at the device: the keeper's first start is told */
    struct confinement confinement;

    int pid_fd;
    int signal_fd;
    int state_fd;
    int run_fd;
    int empty_fd;
    int spool_fd;
    int link_fd; /* -1: link cannot be started */
    int slots_fd;
    int hooks_fd; /* -1: there is no hooks directory */
    int listen_fd;

    struct child door;
    struct child keeper;
    struct child link;
    struct hub_place hub; /* where link goes; address empty: it is not started */
    bool link_erase;      /* what link kept is to be erased before it starts again */
    struct job effect;
    struct job spool;
    bool announced;
    bool stopping;
    int exit_code;

    /* settings.json as last written, and the keys whose hooks are running */
    uint8_t settings_b[IPC_A_MAX_BYTES];
    size_t settings_len;
    bool settings_known;
    uint8_t keys_b[IPC_B_MAX_BYTES];
    size_t keys_len;

    uint64_t watch_due_ms;
    char active; /* the slot that we believe active: 'a', 'b', 0 unknown */
    uint32_t listeners[LISTENERS_MAX_COUNT]; /* protocol << 16 | port */
    size_t listeners_count;
    bool listeners_more; /* there were more, and that was told */
    struct observation observations[OBSERVATIONS_MAX_COUNT];
    size_t observations_count;
};

/** Milliseconds of the steady clock. */
uint64_t parent_now_ms(void);

/* check.c: before anything is started */

/** Reads the configuration file (`file` null: the state directory's, which may miss) and finds users and programs. All errors are told. */
bool check_config(struct parent *parent, const char *state, const char *file);
/** Checks what the configuration names: directories, the product record, its hooks, the programs. All errors are told. */
bool check_surroundings(struct parent *parent);

/* place.c: the state directory */

/** Takes the pid file's lock; on failure tells who holds it. */
bool place_lock(struct parent *parent);
/** Opens and makes directories, gives keeper and link their own, removes leftovers, listens at the socket. Failures are told. */
bool place_prepare(struct parent *parent);
void place_leave(struct parent *parent);

/* children.c */

void children_init(struct parent *parent);
/** Starts, kills and gives up what is due. */
void children_tick(struct parent *parent, uint64_t now_ms);
/** The earliest time at which tick has something to do. */
uint64_t children_due_ms(const struct parent *parent);
/** Receives what a child has sent. */
void children_receive(struct parent *parent, struct child *child);
/** A process ended; false when it was none of these. */
bool children_ended(struct parent *parent, pid_t pid, int wait_status);
/** Begins the ordered stop: door and link, then keeper. */
void children_stop(struct parent *parent);
bool children_all_gone(const struct parent *parent);
/** Ends a child that broke the form of messages. */
void children_kill(struct child *child, const char *why);

/* effects.c: what the keeper asks for, each request checked against configuration and product record */

/** Carries out a request, or starts its job. `fd` (or -1) is closed. */
void effects_request(struct parent *parent, const struct ipc_message *message, int fd);
/** A process ended; false when it was no job's. */
bool effects_ended(struct parent *parent, pid_t pid, int wait_status);
void effects_tick(struct parent *parent, uint64_t now_ms);
uint64_t effects_due_ms(const struct parent *parent);
/** The keeper is gone: jobs are killed, nobody is answered. */
void effects_abandon(struct parent *parent);
bool effects_idle(const struct parent *parent);
/** Writes run/interfaces.json. */
sec_status effects_interfaces_write(struct parent *parent);

/* link.c: where the hub is */

/** The keeper's word on the owner's site: link ends when it is another than before, and starts for the new one. */
void link_site(struct parent *parent, const struct ipc_message *message);
/** Erases what link kept, when that is due and link has ended. */
void link_tick(struct parent *parent);

/* hook.c */

/** Checks that a hook is a file that only its administrator can write, and starts it. NOT_FOUND, NOT_PERMITTED, IO_FAILED. */
sec_status hook_start(const struct parent *parent, const char *name, char *const *args, pid_t *ret_pid);
sec_status hook_check(const struct parent *parent, const char *name);

/* watch.c: what changed by another way */

/** Notes something for the keeper: {1: name, 2: detail}. */
void watch_observe(struct parent *parent, const char *name, const char *detail);
/** Sends what waits, and looks at files and listeners when it is time. */
void watch_tick(struct parent *parent, uint64_t now_ms);
/** The content of slots/active: 'a', 'b', or 0. */
char watch_active_read(const struct parent *parent);

#endif
