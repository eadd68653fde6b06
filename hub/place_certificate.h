/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub's TLS certificate: made by the hub's CA, over its name, its addresses and the names of the configuration.
 *
 * Memory: rooms are the caller's. Threads: one. Serves S80.
 */
#ifndef SECURABLE_HUB_PLACE_CERTIFICATE_H
#define SECURABLE_HUB_PLACE_CERTIFICATE_H

#include "place.h"

#define PLACE_CERTIFICATE_DAYS 800

/** True when the certificate names all that the configuration says. */
bool place_certificate_names(X509 *certificate, const struct hub_config *config);
/** Issues one for place->tls_key. IO_FAILED, ROOM_FULL. */
sec_status place_certificate_make(struct hub_place *place, const struct hub_config *config, struct sec_room to, size_t *ret_len);

#endif
