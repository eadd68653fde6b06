/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPC: the closed set of messages between the device's processes, both directions of their wire form.
 *
 * One table says everything: who may send a kind to whom, and which fields it has. A message is one packet:
 * {u8 version, u8 kind, u16 zero, u32 length of what follows}, then the kind's fields in the table's order,
 * big-endian. An unknown kind, a wrong length, a leftover byte, a kind from the wrong side: the receiver ends the peer.
 * docs/formats/ipc.md has the same in prose.
 * Memory: none; a parsed message borrows from the packet. Limits: below, each with its reason.
 * Threads: any. Demand: S40, S67; the house plan's "Who runs what".
 */
#ifndef SECURABLE_DEVICE_IPC_H
#define SECURABLE_DEVICE_IPC_H

#include <securable/bytes.h>

#define IPC_VERSION 1u
#define IPC_HEADER_BYTES 8u
/** One statement, settings file or answer, whole. Linux takes such a packet with its default socket buffers. */
#define IPC_A_MAX_BYTES 98304u
/** What travels beside: a sealed secret in its envelope, a list of keys. */
#define IPC_B_MAX_BYTES 16384u
#define IPC_MAX_BYTES (IPC_HEADER_BYTES + 64u + 8u + IPC_A_MAX_BYTES + IPC_B_MAX_BYTES)

/** Who speaks. A bit each, so that sets of receivers can be said. */
enum ipc_role {
    IPC_PARENT = 1,
    IPC_DOOR = 2,
    IPC_KEEPER = 4,
    IPC_INSTALLER = 8,
    IPC_LINK = 16,
};

/** Fields, in the order in which they stand in a packet. */
enum ipc_field {
    IPC_USER = 1,       /* u32 user id, u32 group id */
    IPC_ID = 2,         /* u32: a connection's or a request's number */
    IPC_CODE = 4,       /* u16: an operation, or a status */
    IPC_FLAG = 8,       /* u8: 0 or 1 */
    IPC_SIZE = 16,      /* u64 */
    IPC_DIGEST = 32,    /* 32 bytes */
    IPC_A = 64,         /* u32 length, bytes */
    IPC_B = 128,        /* u32 length, bytes */
    IPC_FD = 256,       /* exactly one descriptor accompanies the packet */
    IPC_FD_MAY = 512,   /* one descriptor, or none */
};

/* clang-format off */
/** X(NAME, number, "word", senders, receivers, fields). Numbers are never reused. */
#define IPC_TABLE(X)                                                                                                    \
    X(START,      1, "start",     IPC_PARENT, IPC_DOOR | IPC_KEEPER | IPC_INSTALLER | IPC_LINK,                         \
      IPC_USER | IPC_ID | IPC_FLAG | IPC_SIZE | IPC_A)                                                                  \
    X(STOP,       2, "stop",      IPC_PARENT, IPC_DOOR | IPC_KEEPER | IPC_LINK, 0)                                      \
    X(READY,      3, "ready",     IPC_DOOR | IPC_KEEPER | IPC_LINK, IPC_PARENT, IPC_A)                                  \
    X(CHANNEL,    4, "channel",   IPC_PARENT, IPC_DOOR | IPC_KEEPER | IPC_LINK, IPC_CODE | IPC_FD)                      \
    X(CONNECTED, 16, "connected", IPC_DOOR, IPC_KEEPER, IPC_ID | IPC_FD)                                                \
    X(REQUEST,   17, "request",   IPC_DOOR, IPC_KEEPER, IPC_ID | IPC_CODE | IPC_SIZE | IPC_A | IPC_B | IPC_FD_MAY)      \
    X(GONE,      18, "gone",      IPC_DOOR, IPC_KEEPER, IPC_ID)                                                         \
    X(ANSWER,    19, "answer",    IPC_KEEPER, IPC_DOOR, IPC_ID | IPC_CODE | IPC_A)                                      \
    X(TELL,      20, "tell",      IPC_KEEPER, IPC_DOOR, IPC_ID | IPC_A)                                                 \
    X(SETTINGS,  32, "settings",  IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_A | IPC_B)                                       \
    X(INTERFACE, 33, "interface", IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_FLAG | IPC_A)                                    \
    X(INSTALL,   34, "install",   IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_FLAG | IPC_SIZE | IPC_DIGEST)                    \
    X(ACTIVATE,  35, "activate",  IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_FLAG)                                            \
    X(HEALTH,    36, "health",    IPC_KEEPER, IPC_PARENT, IPC_ID)                                                       \
    X(DISCARD,   37, "discard",   IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_DIGEST)                                          \
    X(ERASE,     38, "erase",     IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_A)                                               \
    X(SPOOL,     39, "spool",     IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_FD)                                              \
    X(DONE,      40, "done",      IPC_PARENT, IPC_KEEPER, IPC_ID | IPC_CODE)                                            \
    X(SPOOLED,   41, "spooled",   IPC_PARENT, IPC_KEEPER, IPC_ID | IPC_CODE | IPC_FLAG | IPC_SIZE | IPC_DIGEST)         \
    X(OBSERVED,  42, "observed",  IPC_PARENT, IPC_KEEPER, IPC_A)                                                        \
    X(PRODUCT,   43, "product",   IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_A)                                               \
    X(KEEP,      44, "keep",      IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_A)                                               \
    X(SITE,      45, "site",      IPC_KEEPER, IPC_PARENT, IPC_ID | IPC_DIGEST | IPC_A)                                  \
    X(COPIED,    48, "copied",    IPC_INSTALLER, IPC_PARENT, IPC_CODE | IPC_SIZE | IPC_DIGEST)         \
    X(ASK,       64, "ask",       IPC_LINK, IPC_KEEPER, IPC_ID | IPC_CODE | IPC_SIZE | IPC_A | IPC_B | IPC_FD_MAY)      \
    X(TOLD,      65, "told",      IPC_KEEPER, IPC_LINK, IPC_ID | IPC_CODE | IPC_FLAG | IPC_A)                           \
    X(NEWS,      66, "news",      IPC_KEEPER, IPC_LINK, IPC_SIZE)
/* clang-format on */

enum ipc_kind {
#define IPC_ENUM(name, number, word, senders, receivers, fields) IPC_##name = number,
    IPC_TABLE(IPC_ENUM)
#undef IPC_ENUM
};

/** What link may ask of the keeper: the code of an ASK. Its answer's status says whether the keeper could; flag: `code` is its verdict. */
enum ipc_ask {
    IPC_ASK_SUBMIT = 1,    /* a: statement, b: what travels beside, fd: a release's payload. The answer: receipt, or nothing */
    IPC_ASK_REPORT = 2,    /* a: nonce. The answer: the report */
    IPC_ASK_ENTRIES = 3,   /* size: first record. The answer: [head bstr, first uint, count uint, entries bstr] */
    IPC_ASK_TRANSPORT = 4, /* a: COSE_Key. The answer: the transport statement over it */
    IPC_ASK_VET = 5,       /* a: statement. No answer but the status */
    IPC_ASK_FACTS = 6,     /* The answer: [device id bstr, epoch uint, owned bool, IDevID bstr, committed records uint] */
};

/** A message; members that its kind does not have are zero. The descriptor travels beside (ipc_channel.h). */
struct ipc_message {
    enum ipc_kind kind;
    uint32_t user;
    uint32_t group;
    uint32_t id;
    uint16_t code;
    bool flag;
    uint64_t size;
    struct sec_digest digest;
    struct sec_bytes a; /* borrowed */
    struct sec_bytes b; /* borrowed */
};

/** A kind's row of the table. */
struct ipc_rule {
    enum ipc_kind kind;
    const char *word;
    unsigned senders;
    unsigned receivers;
    unsigned fields;
};

/** The rule of a number; null for an unknown one. */
const struct ipc_rule *ipc_rule_of(unsigned kind);

/** Writes a message. TOO_LARGE (a, b), BAD_ARGUMENT (unknown kind), ROOM_FULL. */
sec_status ipc_encode(const struct ipc_message *message, struct sec_wr *wr);

/**
 * Reads a packet that came from `from` to `to`. UNKNOWN_FORMAT (version), WRONG_KIND (unknown, or not between these two), TRUNCATED, LEFTOVER,
 * BAD_VALUE (length, reserved bytes, flag), TOO_LARGE.
 */
sec_status ipc_parse(struct sec_bytes packet, enum ipc_role from, enum ipc_role to, struct ipc_message *ret_message);

#endif
