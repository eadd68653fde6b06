/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers: how many connections there are, in all and of each address that has not proven itself by a certificate.
 *
 * One address cannot take all places: an IPv4 address, or the first 64 bits of an IPv6 one, counts as one peer. A connection that has proven itself is no longer
 * counted with its address, but with its device, of which there may be few. Memory: about 48 bytes a counted address. Threads: all. Serves S40.
 */
#ifndef SECURABLE_HUB_PEERS_H
#define SECURABLE_HUB_PEERS_H

#include <securable/identity.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct hub_peers;
struct hub_peer;

struct hub_peers *hub_peers_new(size_t unproven_max);
void hub_peers_free(struct hub_peers *peers);
/** Counts one more connection of this address. Null: it has as many as it may, or no memory is left. */
struct hub_peer *hub_peers_enter(struct hub_peers *peers, const struct sockaddr_storage *address);
/** As hub_peers_enter(), of this device, in a table of its own. */
struct hub_peer *hub_peers_enter_device(struct hub_peers *peers, const struct sec_device_id *device);
/** One fewer. Null is allowed. */
void hub_peers_leave(struct hub_peers *peers, struct hub_peer *peer);

#endif
