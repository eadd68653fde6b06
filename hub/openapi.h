/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenAPI: docs/api/openapi.json as bytes of the program, made at build by openapi.py.
 *
 * Memory: constant. Threads: any. Serves S36.
 */
#ifndef SECURABLE_HUB_OPENAPI_H
#define SECURABLE_HUB_OPENAPI_H

#include <securable/bytes.h>

struct sec_bytes hub_openapi(void);

#endif
