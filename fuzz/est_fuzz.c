/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request of EST: body and two fields, parted by a line of its own each ("\n--\n"), so that seeds can be read and written by hand.
 */
#include "strict_fuzz.h"

#include "est_request.h"

/** The part of `text` before the next mark; `text` becomes what follows it. */
static struct sec_bytes part(struct sec_bytes *text)
{
    static const struct sec_bytes mark = {(const uint8_t *)"\n--\n", 4};
    size_t at = 0;
    while (at < text->len && !sec_bytes_equal(sec_bytes_part(*text, at, mark.len), mark))
        at++;
    struct sec_bytes before = sec_bytes_part(*text, 0, at);
    *text = sec_bytes_part(*text, at + mark.len, text->len);
    return before;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct est_request request;
    struct sec_bytes text = sec_bytes(data, len);
    struct sec_bytes body = part(&text), transport = part(&text), idevid = part(&text);
    struct hub_csr csr;
    if (sec_ok(est_request_read(body, transport, idevid, &request)))
        fuzz_check(request.by_statement == (transport.len > 0) && request.csr.challenge_bytes <= HUB_CHALLENGE_MAX_BYTES);
    if (sec_ok(hub_csr_parse(sec_bytes(data, len), &csr)))
        fuzz_check(!csr.proof_good || csr.key.type == SEC_KEY_P256);
    return 0;
}
