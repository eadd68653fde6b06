/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/statement.h>

struct kind_row {
    enum sec_statement_kind kind;
    const char *word;
    struct sec_bytes typ;
};

static const struct kind_row kind_rows[] = {
#define KIND_ROW(name, number, word, typ) {SEC_STATEMENT_##name, word, {(const uint8_t *)typ, sizeof(typ) - 1}},
    SEC_STATEMENT_TABLE(KIND_ROW)
#undef KIND_ROW
};

#define KIND_ROWS_COUNT (sizeof kind_rows / sizeof kind_rows[0])

static const struct kind_row *kind_find(enum sec_statement_kind kind)
{
    for (size_t i = 0; i < KIND_ROWS_COUNT; i++)
        if (kind_rows[i].kind == kind)
            return &kind_rows[i];
    return NULL;
}

const char *sec_statement_word(enum sec_statement_kind kind)
{
    const struct kind_row *row = kind_find(kind);
    return row ? row->word : "unknown";
}

struct sec_bytes sec_statement_typ(enum sec_statement_kind kind)
{
    const struct kind_row *row = kind_find(kind);
    return row ? row->typ : (struct sec_bytes){NULL, 0};
}

enum sec_statement_kind sec_statement_kind_of(struct sec_bytes typ)
{
    for (size_t i = 0; i < KIND_ROWS_COUNT; i++)
        if (sec_bytes_equal(kind_rows[i].typ, typ))
            return kind_rows[i].kind;
    return SEC_STATEMENT_UNKNOWN;
}

sec_status sec_statement_parse(struct sec_bytes in, struct sec_statement *ret_statement)
{
    struct sec_statement statement;
    SEC_TRY(sec_cose_sign1_parse(in, true, &statement.msg));
    statement.kind = sec_statement_kind_of(statement.msg.typ);
    /* A release alone signs what stands elsewhere: the manifest beside it in its envelope. */
    if (statement.msg.detached && statement.kind != SEC_STATEMENT_RELEASE)
        return sec_st(SEC_MISSING_FIELD);
    if (!sec_bytes_copy(SEC_ROOM(statement.kid.b), statement.msg.kid))
        return sec_st(SEC_INTERNAL);
    *ret_statement = statement;
    return sec_st(SEC_OK);
}

/* A message that carries its payload is judged by that payload and no other. */
static sec_status tbs_of(const struct sec_statement *statement, struct sec_bytes payload, struct sec_cose_tbs *tbs)
{
    if (!statement->msg.detached && !sec_bytes_equal(payload, statement->msg.payload))
        return sec_st(SEC_BAD_ARGUMENT);
    sec_cose_tbs_init(tbs, statement->msg.protected_header, (struct sec_bytes){NULL, 0}, payload);
    return sec_st(SEC_OK);
}

sec_status sec_statement_digest(const struct sec_statement *statement, struct sec_bytes payload,
                                const struct sec_hasher *hasher, struct sec_digest *ret_digest)
{
    struct sec_cose_tbs tbs;
    struct sec_bytes parts[SEC_COSE_TBS_PARTS];
    SEC_TRY(tbs_of(statement, payload, &tbs));
    size_t parts_count = sec_cose_tbs_parts(&tbs, parts);
    return hasher->digest(hasher->ctx, parts, parts_count, ret_digest);
}

sec_status sec_statement_verify(const struct sec_statement *statement, struct sec_bytes payload,
                                const struct sec_public_key *key, const struct sec_verifier *verifier)
{
    struct sec_cose_tbs tbs;
    struct sec_bytes parts[SEC_COSE_TBS_PARTS];
    if (!sec_key_accepts(key->type, statement->msg.alg))
        return sec_st(SEC_BAD_ALGORITHM);
    SEC_TRY(tbs_of(statement, payload, &tbs));
    size_t parts_count = sec_cose_tbs_parts(&tbs, parts);
    return verifier->verify(verifier->ctx, key, statement->msg.alg, parts, parts_count, statement->msg.signature);
}

sec_status sec_statement_sign(enum sec_statement_kind kind, const struct sec_signer *signer, const struct sec_hasher *hasher,
                              struct sec_bytes body, struct sec_wr *wr)
{
    struct sec_key_id kid;
    if (!kind_find(kind))
        return sec_st(SEC_BAD_ARGUMENT);
    SEC_TRY(sec_key_id_of(&signer->key, hasher, &kid));
    return sec_cose_sign1_encode(sec_statement_typ(kind), &kid, signer, body, false, wr);
}
