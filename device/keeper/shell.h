/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell: what surrounds the keeper in its process: its files, its ports, the channels of parent, door and link.
 *
 * The keeper itself is free of the system (keeper.h). The shell loads what the factory made, gives up its rights, and then
 * carries requests in and answers out. It decides nothing; who asks, the kernel tells it.
 * Memory: one static struct. Threads: one. Demand: S40, S67-S72.
 */
#ifndef SECURABLE_DEVICE_SHELL_H
#define SECURABLE_DEVICE_SHELL_H

#include "keeper.h"

#include "../common/child.h"
#include "../common/door_api.h"

#include "file_keystore.h"
#include "file_storage.h"
#include "key_file.h"

#include <stdalign.h>

/** Rooms begin where a page does, so that all of their pages can be given back; with larger pages, most of them. */
#define SHELL_PAGE_BYTES 4096u
/** Connections that the door may hold: as many as its clients, and those whose end it has not told yet. */
#define SHELL_CONNECTIONS_MAX_COUNT 64u
/** Observations of the parent that wait until an effect is done. */
#define SHELL_OBSERVATIONS_MAX_COUNT 8u
#define SHELL_OBSERVATION_MAX_BYTES 256u
/** Topics that subscribers are still to be told. */
#define SHELL_TOPICS_MAX_COUNT 4u
#define SHELL_TOPIC_MAX_BYTES 32u
#define SHELL_CONFINEMENT_MAX_BYTES 1024u
#define SHELL_CERTIFICATE_MAX_BYTES 2048u
/** Entries of one answer to link; as many as a sync request may carry. */
#define SHELL_ENTRIES_MAX_COUNT 1024u

struct shell_connection {
    bool used;
    bool subscribed;
    uint32_t id;
    struct sec_peer peer;
};

struct shell_note {
    size_t len;
    uint8_t b[SHELL_OBSERVATION_MAX_BYTES];
};

/** A release that waits for its payload to be spooled. */
struct shell_submission {
    bool there;
    bool spooled; /* the parent has answered: the members below */
    bool of_link;        /* else of the door */
    uint32_t connection; /* or link's question */
    uint32_t request;
    uint16_t code;
    struct sec_digest digest;
    size_t statement_len;
    size_t beside_len;
    uint8_t statement_b[SEC_STATEMENT_MAX_BYTES];
    uint8_t beside_b[DOOR_BESIDE_MAX_BYTES];
};

struct shell {
    struct child_start start;
    struct ipc_channel door;
    struct ipc_channel link;
    struct confinement confinement;
    char confinement_text[SHELL_CONFINEMENT_MAX_BYTES];

    struct sec_openssl openssl;
    struct sec_private_key identity;
    struct sec_file_storage files;
    struct sec_file_keystore keys;
    struct sec_storage storage;
    struct sec_keystore keystore;
    struct sec_crypto crypto;
    struct sec_clock clock;
    struct sec_counter counter;
    struct sec_effects effects;
    int journal_fd;
    int keys_fd;
    uint8_t idevid_b[SHELL_CERTIFICATE_MAX_BYTES];
    uint8_t roots_b[SEC_STATEMENT_MAX_BYTES];
    uint8_t product_b[SEC_STATEMENT_MAX_BYTES];
    uint8_t release_b[SEC_STATEMENT_MAX_BYTES];
    struct sec_keeper_config config;
    struct sec_keeper keeper;
    bool tampered;

    /* what the parent said, to be done when no effect is under way */
    bool stop;
    int next_door_fd; /* -1: none */
    int next_link_fd; /* -1: none */
    bool news_told;   /* and link has asked nothing since */
    uint64_t news_size;
    struct shell_note observations[SHELL_OBSERVATIONS_MAX_COUNT];
    size_t observations_count;
    struct shell_submission submission;

    uint32_t last_request;
    struct sec_digest told_product; /* the product record that the parent has */
    bool told_any_product;
    struct shell_note topics[SHELL_TOPICS_MAX_COUNT];
    size_t topics_count;
    struct shell_connection connections[SHELL_CONNECTIONS_MAX_COUNT];
    bool trouble; /* the process must end and be started anew */
};

/** Reads DIR/identity and opens journal and keys; prepares libcrypto. False after saying what failed. */
bool shell_load(struct shell *shell);
/** Makes the ports over what was loaded, and the keeper's configuration. False after saying what failed. */
bool shell_ports(struct shell *shell);

/** The effects port through the parent. */
struct sec_effects shell_effects(struct shell *shell);
/** Asks the parent to forget every spooled payload that the keeper does not wait for. */
sec_status shell_keep_spool(struct shell *shell);
/** Sends a payload to be spooled; the answer comes as a message. */
sec_status shell_spool(struct shell *shell, int fd, uint32_t *ret_request);
/** Receives one message of the parent and notes it, or gives the answer to `request` (0: none is awaited). */
sec_status shell_take_parent(struct shell *shell, uint32_t request, bool *ret_answered, sec_status *ret_answer);

/** Receives one message of the door and carries it out. */
void shell_take_door(struct shell *shell);
/** Goes on with what was noted: topics for subscribers. */
void shell_door_go_on(struct shell *shell);
void shell_door_close(struct shell *shell);
/** Gives back the memory of what passed through; nothing may be under way. So do the other two. */
void shell_door_rest(void);
void shell_link_rest(void);
void shell_submit_rest(void);
/** Answers a client of the door; `id` 0: nobody. */
void shell_door_answer(struct shell *shell, uint32_t id, sec_status status, struct sec_bytes content);

/** Receives one question of link and answers it. */
void shell_take_link(struct shell *shell);
/** Tells link that more is committed than it has heard of. */
void shell_link_go_on(struct shell *shell);
void shell_link_close(struct shell *shell);
/** Answers link; `decided`: `status` is a verdict. */
void shell_link_answer(struct shell *shell, uint32_t id, sec_status status, bool decided, struct sec_bytes content);

/** Judges a statement for a client of the door, or for link; answers, at once or when its payload (`fd`, or -1) is spooled. */
void shell_submit(struct shell *shell, bool of_link, uint32_t id, const struct ipc_message *message, int fd);
/** Goes on with a release whose payload was spooled. */
void shell_submit_go_on(struct shell *shell);
/** A storage that failed serves again after a new start. */
void shell_look_at(struct shell *shell, sec_status status);

#endif
