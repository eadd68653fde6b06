/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_head.h"

#include <securable/cose.h>
#include <securable/limits.h>

/* --- device profile ------------------------------------------------------ */

static sec_status parse_protected(struct sec_cose_sign1 *msg)
{
    if (msg->protected_header.len == 0)
        return sec_st(SEC_MISSING_FIELD);
    if (msg->protected_header.len > SEC_PROTECTED_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_cbor_check(msg->protected_header, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(msg->protected_header);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    for (int64_t label; sec_cbor_map_next(&walk, &label);) {
        if (label == SEC_COSE_HEADER_ALG)
            msg->alg = sec_cbor_int(&rd);
        else if (label == SEC_COSE_HEADER_KID)
            msg->kid = sec_cbor_bstr(&rd);
        else if (label == SEC_COSE_HEADER_TYP)
            msg->typ = sec_cbor_tstr(&rd);
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    }
    SEC_TRY(sec_cbor_end(&rd));
    if (msg->alg == SEC_ALG_NONE || msg->kid.len == 0 || msg->typ.len == 0)
        return sec_st(SEC_MISSING_FIELD);
    if (msg->kid.len != sizeof(struct sec_key_id))
        return sec_st(SEC_BAD_VALUE);
    msg->alg_protected = true;
    return sec_st(SEC_OK);
}

static sec_status check_signature(struct sec_bytes signature)
{
    if (signature.len == 0)
        return sec_st(SEC_UNSIGNED);
    return sec_st(signature.len == sizeof(struct sec_signature) ? SEC_OK : SEC_BAD_VALUE);
}

static void read_payload(struct sec_cbor *rd, struct sec_cose_sign1 *msg)
{
    msg->detached = sec_cbor_is_null(rd);
    if (msg->detached)
        sec_cbor_null(rd);
    else
        msg->payload = sec_cbor_bstr(rd);
}

sec_status sec_cose_sign1_parse(struct sec_bytes in, bool detached_ok, struct sec_cose_sign1 *ret_msg)
{
    if (in.len > SEC_STATEMENT_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cose_sign1 msg = {.alg = SEC_ALG_NONE};
    struct sec_cbor rd = sec_cbor(in);
    if (sec_cbor_tag(&rd) != SEC_COSE_TAG_SIGN1)
        sec_cbor_fail(&rd, SEC_UNEXPECTED_TYPE);
    sec_cbor_array_of(&rd, 4);
    msg.protected_header = sec_cbor_bstr(&rd);
    if (sec_cbor_map(&rd) != 0)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    read_payload(&rd, &msg);
    if (msg.detached && !detached_ok)
        sec_cbor_fail(&rd, SEC_MISSING_FIELD);
    msg.signature = sec_cbor_bstr(&rd);
    SEC_TRY(sec_cbor_end(&rd));
    SEC_TRY(parse_protected(&msg));
    SEC_TRY(check_signature(msg.signature));
    *ret_msg = msg;
    return sec_st(SEC_OK);
}

/* --- foreign profile ----------------------------------------------------- */

/* Both headers together; far beyond what anybody sends, and it keeps the search for duplicates short. */
#define FOREIGN_LABELS_MAX 64u

struct label {
    enum sec_cbor_type type; /* UINT, NINT or TSTR */
    uint64_t value;
    struct sec_bytes text;
};

struct foreign {
    struct sec_cose_sign1 msg;
    struct label labels[FOREIGN_LABELS_MAX];
    size_t labels_count;
    size_t protected_count; /* how many of them stand in the protected header */
    struct sec_bytes crit;  /* the encoded array; empty when absent */
};

/* An array or map whose length may be indefinite. `rd` is over bytes that are checked to be well-formed. */
struct sequence {
    struct sec_cbor *rd;
    bool indefinite;
    size_t left;
};

static struct sequence sequence_begin(struct sec_cbor *rd, enum sec_cbor_type type)
{
    struct sequence seq = {rd, false, 0};
    seq.indefinite = sec_cbor_peek(rd) == type && (rd->in.data[rd->at] & 31) == CBOR_INFO_INDEFINITE;
    if (seq.indefinite)
        rd->at++;
    else
        seq.left = type == SEC_CBOR_ARRAY ? sec_cbor_array(rd) : sec_cbor_map(rd);
    return seq;
}

/* True when an element (of a map, a pair) follows. Consumes the break that ends an indefinite length. */
static bool sequence_next(struct sequence *seq)
{
    struct sec_cbor *rd = seq->rd;
    if (!sec_ok(rd->status))
        return false;
    if (!seq->indefinite && seq->left == 0)
        return false;
    if (!seq->indefinite) {
        seq->left--;
        return true;
    }
    if (sec_cbor_peek(rd) == SEC_CBOR_NOTHING)
        sec_cbor_fail(rd, SEC_TRUNCATED);
    else if (rd->in.data[rd->at] != 0xff)
        return true;
    else
        rd->at++;
    return false;
}

static struct label label_read(struct sec_cbor *rd)
{
    struct label label = {sec_cbor_peek(rd), 0, {NULL, 0}};
    struct sec_cbor_head head;
    if (label.type == SEC_CBOR_TSTR) {
        label.text = sec_cbor_tstr(rd);
    } else if (label.type != SEC_CBOR_UINT && label.type != SEC_CBOR_NINT) {
        sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
    } else if (sec_ok(sec_cbor_head_read(rd->in, rd->at, &head))) {
        label.value = head.value;
        rd->at += head.len;
    } else {
        sec_cbor_fail(rd, SEC_MALFORMED);
    }
    return label;
}

static bool label_is(const struct label *label, uint64_t value)
{
    return label->type == SEC_CBOR_UINT && label->value == value;
}

static bool label_among(const struct label *label, const struct label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (labels[i].type == label->type && labels[i].value == label->value &&
            sec_bytes_equal(labels[i].text, label->text))
            return true;
    return false;
}

static void foreign_remember(struct foreign *foreign, struct sec_cbor *rd, const struct label *label)
{
    if (label_among(label, foreign->labels, foreign->labels_count))
        sec_cbor_fail(rd, SEC_DUPLICATE_KEY);
    else if (foreign->labels_count == FOREIGN_LABELS_MAX)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    else
        foreign->labels[foreign->labels_count++] = *label;
}

/* An algorithm may be a text, or an integer that no int64_t holds: both are none that we know. */
static int64_t foreign_alg(struct sec_cbor *rd)
{
    enum sec_cbor_type type = sec_cbor_peek(rd);
    if (type != SEC_CBOR_UINT && type != SEC_CBOR_NINT && type != SEC_CBOR_TSTR)
        sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
    struct sec_cbor value = sec_cbor(sec_cbor_item(rd));
    return type == SEC_CBOR_TSTR ? SEC_ALG_NONE : sec_cbor_int(&value);
}

static void foreign_header_value(struct foreign *foreign, struct sec_cbor *rd, const struct label *label, bool is_protected)
{
    struct sec_cose_sign1 *msg = &foreign->msg;
    if (label_is(label, SEC_COSE_HEADER_ALG)) {
        msg->alg = foreign_alg(rd);
        msg->alg_protected = is_protected;
    } else if (label_is(label, SEC_COSE_HEADER_KID)) {
        msg->kid = sec_cbor_bstr(rd);
    } else if (label_is(label, SEC_COSE_HEADER_TYP) && sec_cbor_peek(rd) == SEC_CBOR_TSTR) {
        msg->typ = sec_cbor_tstr(rd);
    } else if (label_is(label, SEC_COSE_HEADER_CRIT)) {
        if (!is_protected)
            sec_cbor_fail(rd, SEC_MALFORMED);
        foreign->crit = sec_cbor_item(rd);
    } else {
        sec_cbor_item(rd);
    }
}

static void foreign_header(struct foreign *foreign, struct sec_cbor *rd, bool is_protected)
{
    struct sequence seq = sequence_begin(rd, SEC_CBOR_MAP);
    while (sequence_next(&seq)) {
        struct label label = label_read(rd);
        foreign_remember(foreign, rd, &label);
        foreign_header_value(foreign, rd, &label, is_protected);
    }
}

static bool label_is_known(const struct label *label)
{
    return label_is(label, SEC_COSE_HEADER_ALG) || label_is(label, SEC_COSE_HEADER_CRIT) ||
           label_is(label, SEC_COSE_HEADER_KID) || label_is(label, SEC_COSE_HEADER_TYP);
}

/* RFC 9052, 3.1: `crit` names one label at least, and only such as stand in the protected header. */
static sec_status foreign_crit(struct foreign *foreign)
{
    if (foreign->crit.len == 0)
        return sec_st(SEC_OK);
    struct sec_cbor rd = sec_cbor(foreign->crit);
    struct sequence seq = sequence_begin(&rd, SEC_CBOR_ARRAY);
    size_t count = 0;
    while (sequence_next(&seq)) {
        struct label label = label_read(&rd);
        if (!label_among(&label, foreign->labels, foreign->protected_count))
            sec_cbor_fail(&rd, SEC_MALFORMED);
        if (!label_is_known(&label))
            foreign->msg.crit_unknown = true;
        count++;
    }
    if (count == 0)
        sec_cbor_fail(&rd, SEC_MALFORMED);
    return sec_cbor_end(&rd);
}

/* An empty string stands for an empty map (RFC 9052, 3). */
static sec_status foreign_protected(struct foreign *foreign)
{
    struct sec_bytes header = foreign->msg.protected_header;
    if (header.len == 0)
        return sec_st(SEC_OK);
    SEC_TRY(sec_cbor_check(header, SEC_CBOR_FOREIGN));
    struct sec_cbor rd = sec_cbor(header);
    foreign_header(foreign, &rd, true);
    SEC_TRY(sec_cbor_end(&rd));
    foreign->protected_count = foreign->labels_count;
    return foreign_crit(foreign);
}

static void foreign_element(struct sequence *seq)
{
    if (!sequence_next(seq))
        sec_cbor_fail(seq->rd, SEC_MALFORMED);
}

static sec_status foreign_message(struct foreign *foreign, struct sec_cbor *rd)
{
    struct sec_cose_sign1 *msg = &foreign->msg;
    if (sec_cbor_peek(rd) == SEC_CBOR_TAG && sec_cbor_tag(rd) != SEC_COSE_TAG_SIGN1)
        sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
    struct sequence seq = sequence_begin(rd, SEC_CBOR_ARRAY);
    foreign_element(&seq);
    msg->protected_header = sec_cbor_bstr(rd);
    SEC_TRY(rd->status);
    SEC_TRY(foreign_protected(foreign));
    foreign_element(&seq);
    foreign_header(foreign, rd, false);
    foreign_element(&seq);
    read_payload(rd, msg);
    foreign_element(&seq);
    msg->signature = sec_cbor_bstr(rd);
    if (sequence_next(&seq))
        sec_cbor_fail(rd, SEC_MALFORMED);
    return sec_cbor_end(rd);
}

sec_status sec_cose_sign1_parse_foreign(struct sec_bytes in, struct sec_cose_sign1 *ret_msg)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_FOREIGN));
    struct foreign foreign = {.msg = {.alg = SEC_ALG_NONE}};
    struct sec_cbor rd = sec_cbor(in);
    sec_status status = foreign_message(&foreign, &rd);
    /* A string in chunks is well-formed, but there is no slice that could give it. */
    if (sec_is(status, SEC_NOT_DETERMINISTIC))
        return sec_st(SEC_UNSUPPORTED);
    SEC_TRY(status);
    *ret_msg = foreign.msg;
    return sec_st(SEC_OK);
}

/* --- making -------------------------------------------------------------- */

static void tbs_bstr_head(struct sec_cose_tbs *tbs, size_t which, struct sec_bytes content)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(tbs->heads[which]));
    sec_cbor_put_bstr_head(&wr, content.len);
    tbs->heads_len[which] = wr.len;
}

void sec_cose_tbs_init(struct sec_cose_tbs *tbs, struct sec_bytes protected_header, struct sec_bytes aad,
                       struct sec_bytes payload)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(tbs->heads[0]));
    sec_cbor_put_array(&wr, 4);
    sec_cbor_put_tstr(&wr, SEC_LIT("Signature1"));
    tbs->heads_len[0] = wr.len;
    tbs_bstr_head(tbs, 1, protected_header);
    tbs_bstr_head(tbs, 2, aad);
    tbs_bstr_head(tbs, 3, payload);
    tbs->protected_header = protected_header;
    tbs->aad = aad;
    tbs->payload = payload;
}

size_t sec_cose_tbs_parts(const struct sec_cose_tbs *tbs, struct sec_bytes parts[SEC_COSE_TBS_PARTS])
{
    const struct sec_bytes all[SEC_COSE_TBS_PARTS] = {
        sec_bytes(tbs->heads[0], tbs->heads_len[0]),
        sec_bytes(tbs->heads[1], tbs->heads_len[1]),
        tbs->protected_header,
        sec_bytes(tbs->heads[2], tbs->heads_len[2]),
        tbs->aad,
        sec_bytes(tbs->heads[3], tbs->heads_len[3]),
        tbs->payload,
    };
    size_t count = 0;
    for (size_t i = 0; i < SEC_COSE_TBS_PARTS; i++)
        if (all[i].len > 0)
            parts[count++] = all[i];
    return count;
}

void sec_cose_protected_encode(int64_t alg, const struct sec_key_id *kid, struct sec_bytes typ, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 3);
    sec_cbor_put_int(wr, SEC_COSE_HEADER_ALG);
    sec_cbor_put_int(wr, alg);
    sec_cbor_put_int(wr, SEC_COSE_HEADER_KID);
    sec_cbor_put_bstr(wr, SEC_BYTES(kid->b));
    sec_cbor_put_int(wr, SEC_COSE_HEADER_TYP);
    sec_cbor_put_tstr(wr, typ);
}

static void put_message(struct sec_wr *wr, struct sec_bytes protected_header, struct sec_bytes payload, bool detached,
                        const struct sec_signature *signature)
{
    sec_cbor_put_tag(wr, SEC_COSE_TAG_SIGN1);
    sec_cbor_put_array(wr, 4);
    sec_cbor_put_bstr(wr, protected_header);
    sec_cbor_put_map(wr, 0);
    if (detached)
        sec_cbor_put_null(wr);
    else
        sec_cbor_put_bstr(wr, payload);
    sec_cbor_put_bstr(wr, SEC_BYTES(signature->b));
}

/* Whether the whole message would go beyond the limit. */
static bool message_too_large(struct sec_bytes protected_header, struct sec_bytes payload)
{
    uint8_t heads[16];
    struct sec_wr wr = sec_wr(SEC_ROOM(heads));
    sec_cbor_put_bstr_head(&wr, protected_header.len);
    sec_cbor_put_bstr_head(&wr, payload.len);
    sec_cbor_put_bstr_head(&wr, sizeof(struct sec_signature));
    size_t fixed = 3 + wr.len + protected_header.len + sizeof(struct sec_signature); /* 3: tag, array, empty map */
    return payload.len > SEC_STATEMENT_MAX_BYTES - fixed;
}

sec_status sec_cose_sign1_encode(struct sec_bytes typ, const struct sec_key_id *kid, const struct sec_signer *signer,
                                 struct sec_bytes payload, bool detached, struct sec_wr *wr)
{
    uint8_t room[SEC_PROTECTED_MAX_BYTES];
    struct sec_wr header_wr = sec_wr(SEC_ROOM(room));
    sec_cose_protected_encode(sec_key_alg(signer->key.type), kid, typ, &header_wr);
    struct sec_bytes header = sec_wr_done(&header_wr);
    if (header_wr.bad || (!detached && message_too_large(header, payload)))
        return sec_st(SEC_TOO_LARGE);
    if (wr->bad)
        return sec_st(SEC_ROOM_FULL);

    struct sec_cose_tbs tbs;
    struct sec_bytes parts[SEC_COSE_TBS_PARTS];
    struct sec_signature signature;
    sec_cose_tbs_init(&tbs, header, (struct sec_bytes){NULL, 0}, payload);
    SEC_TRY(signer->sign(signer->ctx, parts, sec_cose_tbs_parts(&tbs, parts), &signature));
    put_message(wr, header, payload, detached, &signature);
    return sec_st(wr->bad ? SEC_ROOM_FULL : SEC_OK);
}
