/* SPDX-License-Identifier: Apache-2.0 */
#include "est_request.h"

#include "http.h"

static sec_status decode(struct sec_bytes text, bool url, struct sec_room room, struct sec_bytes *ret_bytes)
{
    sec_status status = http_base64_decode(text, url, room, ret_bytes);
    return sec_is(status, SEC_ROOM_FULL) ? sec_st(SEC_TOO_LARGE) : status;
}

static void read_binding(struct est_request *request)
{
    uint8_t room[HUB_CHALLENGE_MAX_BYTES];
    struct sec_bytes bytes;
    if (!request->csr.has_challenge)
        return;
    struct sec_bytes text = sec_bytes(request->csr.challenge, request->csr.challenge_bytes);
    if (!sec_ok(http_base64_decode(text, false, SEC_ROOM(room), &bytes)) || bytes.len != EST_BINDING_BYTES)
        return;
    sec_copy(request->binding, bytes.data, EST_BINDING_BYTES);
    request->binding_readable = true;
}

static sec_status read_statement(struct sec_bytes transport, struct sec_bytes idevid, struct est_request *request)
{
    struct sec_bytes bytes;
    if (transport.len == 0 && idevid.len == 0)
        return sec_st(SEC_OK);
    if (transport.len == 0 || idevid.len == 0)
        return sec_st(SEC_MISSING_FIELD);
    SEC_TRY(decode(idevid, true, SEC_ROOM(request->idevid_room), &request->idevid));
    SEC_TRY(decode(transport, true, SEC_ROOM(request->statement_room), &bytes));
    SEC_TRY(sec_statement_parse(bytes, &request->statement));
    if (request->statement.kind != SEC_STATEMENT_TRANSPORT)
        return sec_st(SEC_WRONG_KIND);
    request->by_statement = true;
    return sec_st(SEC_OK);
}

sec_status est_request_read(struct sec_bytes body, struct sec_bytes transport, struct sec_bytes idevid, struct est_request *request)
{
    struct sec_bytes der;
    sec_zero(request, sizeof *request);
    SEC_TRY(decode(body, false, SEC_ROOM(request->der_room), &der));
    SEC_TRY(hub_csr_parse(der, &request->csr));
    read_binding(request);
    return read_statement(transport, idevid, request);
}
