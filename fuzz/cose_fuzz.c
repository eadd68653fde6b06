/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the COSE_Sign1 readers of both profiles, and of the statement's envelope.
 * Holds: what the device profile accepts, the foreign one reads alike, and writing it again gives the same bytes; slices
 * lie within the input.
 */
#include <securable/limits.h>
#include <securable/statement.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t room[SEC_STATEMENT_MAX_BYTES];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void must_lie_within(struct sec_bytes part, struct sec_bytes whole)
{
    if (part.len == 0)
        return;
    uintptr_t at = (uintptr_t)part.data, from = (uintptr_t)whole.data;
    must(at >= from && part.len <= whole.len && at - from <= whole.len - part.len);
}

static void check_slices(const struct sec_cose_sign1 *msg, struct sec_bytes in)
{
    must_lie_within(msg->protected_header, in);
    must_lie_within(msg->kid, in);
    must_lie_within(msg->typ, in);
    must_lie_within(msg->payload, in);
    must_lie_within(msg->signature, in);
    must(!msg->detached || msg->payload.len == 0);
}

static void must_read_alike(const struct sec_cose_sign1 *a, const struct sec_cose_sign1 *b)
{
    must(a->alg == b->alg && a->alg_protected == b->alg_protected && a->detached == b->detached);
    must(!a->crit_unknown && !b->crit_unknown);
    must(sec_bytes_equal(a->protected_header, b->protected_header));
    must(sec_bytes_equal(a->kid, b->kid) && sec_bytes_equal(a->typ, b->typ));
    must(sec_bytes_equal(a->payload, b->payload) && sec_bytes_equal(a->signature, b->signature));
}

/* The message again, from what was read of it. */
static struct sec_bytes write_again(const struct sec_statement *statement)
{
    const struct sec_cose_sign1 *msg = &statement->msg;
    uint8_t header[SEC_PROTECTED_MAX_BYTES];
    struct sec_wr header_wr = sec_wr(SEC_ROOM(header)), wr = sec_wr(SEC_ROOM(room));
    sec_cose_protected_encode(msg->alg, &statement->kid, msg->typ, &header_wr);
    sec_cbor_put_tag(&wr, SEC_COSE_TAG_SIGN1);
    sec_cbor_put_array(&wr, 4);
    sec_cbor_put_bstr(&wr, sec_wr_done(&header_wr));
    sec_cbor_put_map(&wr, 0);
    if (msg->detached)
        sec_cbor_put_null(&wr);
    else
        sec_cbor_put_bstr(&wr, msg->payload);
    sec_cbor_put_bstr(&wr, msg->signature);
    must(!header_wr.bad && !wr.bad);
    return sec_wr_done(&wr);
}

/* Head, protected, additional data and payload, read back from the joined parts. */
static void check_tbs(const struct sec_cose_sign1 *msg)
{
    struct sec_cose_tbs tbs;
    struct sec_bytes parts[SEC_COSE_TBS_PARTS];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_cose_tbs_init(&tbs, msg->protected_header, msg->kid, msg->payload);
    size_t count = sec_cose_tbs_parts(&tbs, parts);
    must(count <= SEC_COSE_TBS_PARTS);
    for (size_t i = 0; i < count; i++)
        sec_wr_bytes(&wr, parts[i]);
    if (wr.bad)
        return;
    struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
    must(sec_ok(sec_cbor_check(rd.in, SEC_CBOR_OURS)));
    sec_cbor_array_of(&rd, 4);
    must(sec_bytes_equal(sec_cbor_tstr(&rd), SEC_LIT("Signature1")));
    must(sec_bytes_equal(sec_cbor_bstr(&rd), msg->protected_header));
    must(sec_bytes_equal(sec_cbor_bstr(&rd), msg->kid));
    must(sec_bytes_equal(sec_cbor_bstr(&rd), msg->payload));
    must(sec_ok(sec_cbor_end(&rd)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_bytes in = sec_bytes(data, len);
    struct sec_cose_sign1 attached, device, foreign;
    struct sec_statement statement;
    bool foreign_ok = sec_ok(sec_cose_sign1_parse_foreign(in, &foreign));
    bool device_ok = sec_ok(sec_cose_sign1_parse(in, true, &device));
    bool attached_ok = sec_ok(sec_cose_sign1_parse(in, false, &attached));
    bool statement_ok = sec_ok(sec_statement_parse(in, &statement));
    must(foreign_ok || !device_ok);
    must(attached_ok == (device_ok && !device.detached));
    must(!statement_ok || device_ok);
    must(statement_ok || !attached_ok);
    if (foreign_ok) {
        check_slices(&foreign, in);
        check_tbs(&foreign);
    }
    if (device_ok) {
        check_slices(&device, in);
        must_read_alike(&device, &foreign);
    }
    if (statement_ok)
        must(sec_bytes_equal(write_again(&statement), in));
    return 0;
}
