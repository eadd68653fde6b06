/* SPDX-License-Identifier: Apache-2.0 */
#include "landlock.h"

#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's interface (include/uapi/linux/landlock.h); build hosts may have older headers than devices have kernels. */
#define CALL_CREATE_RULESET 444
#define CALL_ADD_RULE 445
#define CALL_RESTRICT_SELF 446
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2
#define NET_ABI 4u

struct ruleset_attr {
    uint64_t handled_fs;
    uint64_t handled_net; /* from version 4 */
    uint64_t scoped;      /* from version 6 */
};
struct path_beneath_attr {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));
struct net_port_attr {
    uint64_t allowed;
    uint64_t port;
};

enum {
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_REG = 1 << 8,
    FS_TRUNCATE = 1 << 14, /* from version 3 */
};
enum {
    NET_BIND_TCP = 1 << 0,
    NET_CONNECT_TCP = 1 << 1,
};
#define TREE_RIGHTS (FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_FILE | FS_MAKE_REG | FS_TRUNCATE)

/* How many file system rights each version knows. */
static unsigned fs_rights_count(unsigned abi)
{
    static const unsigned counts[] = {0, 13, 14, 15, 15, 16};
    return abi < sizeof counts / sizeof counts[0] ? counts[abi] : 16;
}

static size_t attr_bytes(unsigned abi)
{
    return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

unsigned landlock_abi(void)
{
    long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
    return abi > 0 ? (unsigned)abi : 0;
}

static sec_status allow_port(int ruleset, uint16_t port)
{
    struct net_port_attr attr = {NET_CONNECT_TCP, port};
    return syscall(CALL_ADD_RULE, ruleset, RULE_NET_PORT, &attr, 0) == 0 ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
}

static sec_status restrict_self(int ruleset, uint64_t handled, const int *tree_fds, size_t tree_count)
{
    for (size_t i = 0; i < tree_count; i++) {
        struct path_beneath_attr beneath = {(uint64_t)TREE_RIGHTS & handled, tree_fds[i]};
        if (syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &beneath, 0) != 0)
            return sec_st(SEC_IO_FAILED);
    }
    return syscall(CALL_RESTRICT_SELF, ruleset, 0) == 0 ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
}

sec_status landlock_enter(unsigned abi, const int *tree_fds, size_t tree_count, uint16_t connect_port)
{
    struct ruleset_attr attr = {
        .handled_fs = (UINT64_C(1) << fs_rights_count(abi)) - 1,
        .handled_net = NET_BIND_TCP | NET_CONNECT_TCP,
        .scoped = 3,      /* abstract sockets and signals */
    };
    int ruleset = (int)syscall(CALL_CREATE_RULESET, &attr, attr_bytes(abi), 0);
    if (ruleset < 0)
        return sec_st(SEC_IO_FAILED);
    sec_status status = connect_port && abi >= NET_ABI ? allow_port(ruleset, connect_port) : sec_st(SEC_OK);
    if (sec_ok(status))
        status = restrict_self(ruleset, attr.handled_fs, tree_fds, tree_count);
    close(ruleset);
    return status;
}
