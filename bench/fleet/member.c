/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include "keeper_records.h"

#include <securable/access_hub.h>

#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ENTRIES_OF_PAGE 512u

static void must(sec_status status, const char *what)
{
    if (!sec_ok(status)) {
        fprintf(stderr, "fleet: %s: %s\n", what, sec_status_text(status));
        exit(1);
    }
}

void member_make(struct member *m, struct sec_private_key *ca, struct sec_bytes ca_der)
{
    struct fleet *fleet = m->fleet;
    char serial[32];
    must(sec_private_key_generate(&m->identity, &fleet->openssl, SEC_KEY_P256), "identity key");
    must(sec_private_key_generate(&m->transport, &fleet->openssl, SEC_KEY_P256), "transport key");
    must(sec_device_id_of_key(&m->identity.key, &fleet->crypto.hasher, &m->id), "device id");
    snprintf(serial, sizeof serial, "PLAYED-%06zu", m->number);
    const struct sec_idevid idevid = {m->identity.key, sec_bytes_of_str(serial), (int64_t)time(NULL), NULL, {NULL, 0}};
    must(sec_certificate_issue(ca, ca_der, &idevid, SEC_ROOM(m->idevid), &m->idevid_len), "IDevID");
}

/* --- the log ------------------------------------------------------------------------------------------------- */

uint64_t member_record(struct member *m, enum sec_record_class record_class, struct sec_bytes content)
{
    const struct sec_hasher *hasher = &m->fleet->crypto.hasher;
    if (m->records_count == m->records_room) {
        m->records_room = 2 * m->records_room + 16;
        m->records = realloc(m->records, m->records_room * sizeof *m->records);
    }
    struct record *record = &m->records[m->records_count];
    memset(record, 0, sizeof *record);
    struct sec_record_header header = {m->base + m->records_count, 1, 1, record_class, 1, content.len != 0, {{0}}};
    RAND_bytes(record->body.b, sizeof record->body.b);
    if (content.len) {
        RAND_bytes(record->salt, sizeof record->salt);
        const struct sec_bytes parts[2] = {SEC_BYTES(record->salt), content};
        must(hasher->digest(hasher->ctx, parts, 2, &header.commitment), "commitment");
        record->content = malloc(content.len);
        memcpy(record->content, content.data, content.len);
        record->content_len = content.len;
    }
    struct sec_wr wr = sec_wr(SEC_ROOM(record->header));
    sec_record_header_encode(&header, &wr);
    record->header_len = (uint8_t)sec_wr_done(&wr).len;
    struct sec_digest leaf, body = record->body;
    if (m->lies && m->acknowledged > 0 && fleet_chance() < 0.2) /* of a first head nobody can tell */
        body.b[0] ^= 1;
    must(sec_record_leaf(hasher, sec_bytes(record->header, record->header_len), &body, &leaf), "leaf");
    must(sec_merkle_append(&m->frontier, hasher, &leaf), "append");
    return m->base + m->records_count++;
}

void member_head(struct member *m)
{
    const struct sec_hasher *hasher = &m->fleet->crypto.hasher;
    struct sec_head head = {.size = m->frontier.size, .boot = 1, .epoch = 1, .time_s = (int64_t)time(NULL)};
    uint8_t body[512];
    struct sec_bytes encoded;
    memcpy(head.log_id.b, m->id.b, sizeof head.log_id.b);
    must(sec_merkle_root(&m->frontier, hasher, &head.root), "root");
    struct sec_wr wr = sec_wr(SEC_ROOM(body)), out = sec_wr(SEC_ROOM(m->head));
    sec_head_encode(&head, &wr);
    must(sec_wr_end(&wr, &encoded), "head");
    struct sec_signer signer = sec_private_key_signer(&m->identity);
    must(sec_statement_sign(SEC_STATEMENT_HEAD, &signer, hasher, encoded, &out), "head");
    m->head_len = sec_wr_done(&out).len;
    m->head_size = head.size;
    m->head_root = head.root;
}

static sec_status leaf_of(void *ctx, uint64_t index, struct sec_digest *ret_digest)
{
    struct member *m = ctx;
    const struct record *record = &m->records[index - m->base];
    return sec_record_leaf(&m->fleet->crypto.hasher, sec_bytes(record->header, record->header_len), &record->body, ret_digest);
}

static void make_receipt(struct member *m, uint64_t index, struct verdict *verdict)
{
    const struct record *record = &m->records[index - m->base];
    const struct sec_merkle_leaves leaves = {m, leaf_of};
    struct sec_receipt receipt = {.head_statement = sec_bytes(m->head, m->head_len), .index = index, .record_header = sec_bytes(record->header, record->header_len),
                                  .body_digest = record->body, .salt = SEC_BYTES(record->salt), .content = sec_bytes(record->content, record->content_len)};
    uint8_t *room = malloc(16384);
    must(sec_merkle_inclusion(&leaves, &m->fleet->crypto.hasher, m->base ? &m->base_frontier : NULL, index, m->head_size, &receipt.proof), "proof");
    struct sec_wr wr = sec_wr(sec_room(room, 16384));
    sec_receipt_encode(&receipt, &wr);
    verdict->receipt = room;
    verdict->receipt_len = sec_wr_done(&wr).len;
}

/* --- statements ------------------------------------------------------------------------------------------------- */

static void decide(struct member *m, const struct sec_statement *statement, const struct sec_digest *digest, struct verdict *verdict)
{
    static const uint8_t no_changes[] = {0x80};
    struct keeper_record record = {.sort = KEEPER_DECISION, .digest = *digest, .kind = statement->kind, .kid = statement->kid, .signer = SEC_LIT("owner"),
                                   .has_role = statement->kind == SEC_STATEMENT_COMMAND, .role = SEC_ROLE_OWNER, .changes = SEC_BYTES(no_changes), .time_s = (int64_t)time(NULL)};
    struct sec_command command;
    uint8_t content[1024];
    if (statement->kind == SEC_STATEMENT_COMMAND && sec_ok(sec_command_parse(statement->msg.payload, &command))) {
        record.topic = command.topic;
        record.generation = command.generation;
        record.action = command.action;
        if (command.generation <= m->generations[command.topic])
            record.code = SEC_GENERATION_USED;
        else
            m->generations[command.topic] = command.generation;
    }
    struct sec_wr wr = sec_wr(SEC_ROOM(content));
    keeper_record_encode(&record, &wr);
    uint64_t index = member_record(m, SEC_RECORD_DECISION, sec_wr_done(&wr));
    member_head(m);
    verdict->code = (uint16_t)record.code;
    make_receipt(m, index, verdict);
}

void member_take(struct member *m, struct sec_bytes bytes)
{
    struct sec_statement statement;
    struct sec_digest digest;
    if (m->verdicts_count == FLEET_VERDICTS_MAX_COUNT || !sec_ok(sec_statement_parse(bytes, &statement)) ||
        !sec_ok(sec_statement_digest(&statement, statement.msg.payload, &m->fleet->crypto.hasher, &digest)))
        return;
    for (size_t i = 0; i < m->verdicts_count; i++) {
        if (sec_digest_equal(&m->verdicts[i].statement, &digest))
            return;
    }
    struct verdict *verdict = &m->verdicts[m->verdicts_count++];
    memset(verdict, 0, sizeof *verdict);
    verdict->statement = digest;
    decide(m, &statement, &digest, verdict);
    m->fleet->counts.statements++;
}

sec_status member_transport_statement(struct member *m, struct sec_wr *wr)
{
    const struct sec_transport transport = {m->transport.key, 1, (int64_t)time(NULL)};
    uint8_t body[256];
    struct sec_bytes encoded;
    struct sec_wr inner = sec_wr(SEC_ROOM(body));
    sec_transport_encode(&transport, &inner);
    SEC_TRY(sec_wr_end(&inner, &encoded));
    struct sec_signer signer = sec_private_key_signer(&m->identity);
    return sec_statement_sign(SEC_STATEMENT_TRANSPORT, &signer, &m->fleet->crypto.hasher, encoded, wr);
}

/* --- sync ---------------------------------------------------------------------------------------------------------- */

bool member_sync_body(struct member *m, struct sec_wr *wr)
{
    static uint8_t entries[SEC_SYNC_MAX_BYTES], verdicts[SEC_SYNC_MAX_BYTES];
    struct sec_sync_request request = {.has_known = m->told && m->hub_has_head, .known = m->hub_root};
    bool says = false;
    if (m->told && m->head_len && (!m->hub_has_head || m->hub_size < m->head_size)) {
        struct sec_wr list = sec_wr(SEC_ROOM(entries));
        request.entries_first = m->hub_has_head && m->hub_size > m->base ? m->hub_size : m->base;
        uint64_t end = m->head_size < request.entries_first + ENTRIES_OF_PAGE ? m->head_size : request.entries_first + ENTRIES_OF_PAGE;
        for (uint64_t i = request.entries_first; i < end; i++, request.entries.count++) {
            const struct record *record = &m->records[i - m->base];
            const struct sec_sync_entry entry = {sec_bytes(record->header, record->header_len), record->body, record->content != NULL, SEC_BYTES(record->salt),
                                                 sec_bytes(record->content, record->content_len)};
            sec_sync_entry_encode(&entry, &list);
        }
        request.entries.items = sec_wr_done(&list);
        request.head = sec_bytes(m->head, m->head_len);
        m->fleet->counts.entries += request.entries.count;
        says = true;
    }
    m->verdicts_sent = m->told ? m->verdicts_count : 0;
    struct sec_wr list = sec_wr(SEC_ROOM(verdicts));
    for (size_t i = 0; i < m->verdicts_sent; i++) {
        const struct sec_sync_verdict verdict = {m->verdicts[i].statement, m->verdicts[i].code, sec_bytes(m->verdicts[i].receipt, m->verdicts[i].receipt_len)};
        sec_sync_verdict_encode(&verdict, &list);
    }
    request.verdicts.count = m->verdicts_sent;
    request.verdicts.items = sec_wr_done(&list);
    says = says || m->verdicts_sent;
    request.wait_s = says || !m->told ? 0 : m->fleet->wait_s;
    sec_sync_request_encode(&request, wr);
    return says || !m->told;
}

void member_sync_answer(struct member *m, struct sec_bytes body)
{
    struct sec_sync_answer answer;
    struct sec_sync_delivery delivery;
    struct counts *counts = &m->fleet->counts;
    if (!sec_ok(sec_sync_answer_parse(body, &answer))) {
        counts->failures++;
        return;
    }
    counts->syncs++;
    m->told = true;
    m->hub_has_head = answer.has_head;
    m->hub_size = answer.size;
    m->hub_root = answer.root;
    uint64_t size = answer.has_head ? answer.size : 0;
    if (size < m->acknowledged) {
        counts->lost++;
        fprintf(stderr, "fleet: device %zu: the hub acknowledged %llu records and now has %llu\n", m->number, (unsigned long long)m->acknowledged, (unsigned long long)size);
    }
    if (size > m->acknowledged)
        m->acknowledged = size;
    m->away_ms = answer.away_s * 1000u;
    for (size_t i = 0; i < m->verdicts_sent; i++)
        free(m->verdicts[i].receipt);
    memmove(m->verdicts, &m->verdicts[m->verdicts_sent], (m->verdicts_count - m->verdicts_sent) * sizeof m->verdicts[0]);
    m->verdicts_count -= m->verdicts_sent;
    m->verdicts_sent = 0;
    while (sec_sync_delivery_next(&answer.deliveries, &delivery))
        member_take(m, delivery.statement);
}

/* --- kept between runs ------------------------------------------------------------------------------------------------ */

static void put_block(FILE *file, const void *data, size_t len)
{
    uint32_t size = (uint32_t)len;
    if (fwrite(&size, sizeof size, 1, file) != 1 || (len && fwrite(data, 1, len, file) != len))
        fleet_die("write");
}

static size_t get_block(FILE *file, void *data, size_t room)
{
    uint32_t size;
    if (fread(&size, sizeof size, 1, file) != 1 || size > room || fread(data, 1, size, file) != size)
        return 0;
    return size;
}

static void put_key(FILE *file, const struct sec_private_key *key)
{
    unsigned char *der = NULL;
    int len = i2d_PrivateKey(key->pkey, &der);
    put_block(file, der, (size_t)len);
    OPENSSL_free(der);
}

void member_save(const struct member *m, FILE *file)
{
    unsigned char *der = NULL;
    int len = m->certificate ? i2d_X509(m->certificate, &der) : 0;
    put_key(file, &m->identity);
    put_key(file, &m->transport);
    put_block(file, m->idevid, m->idevid_len);
    put_block(file, der, (size_t)len);
    put_block(file, m->id.b, sizeof m->id.b);
    put_block(file, &m->frontier, sizeof m->frontier);
    put_block(file, m->head, m->head_len);
    put_block(file, m->generations, sizeof m->generations);
    OPENSSL_free(der);
}

static bool get_key(FILE *file, struct sec_private_key *key, struct fleet *fleet)
{
    uint8_t der[512];
    size_t len = get_block(file, der, sizeof der);
    const unsigned char *at = der;
    key->openssl = &fleet->openssl;
    key->pkey = len ? d2i_AutoPrivateKey(NULL, &at, (long)len) : NULL;
    if (!key->pkey || !sec_ok(sec_openssl_key_read(key->pkey, &key->key)))
        return false;
    key->sign = EVP_PKEY_CTX_new(key->pkey, NULL);
    return key->sign && EVP_PKEY_sign_init(key->sign) == 1;
}

bool member_load(struct member *m, struct fleet *fleet, FILE *file)
{
    uint8_t der[4096];
    m->fleet = fleet;
    if (!get_key(file, &m->identity, fleet) || !get_key(file, &m->transport, fleet))
        return false;
    m->idevid_len = get_block(file, m->idevid, sizeof m->idevid);
    size_t len = get_block(file, der, sizeof der);
    const unsigned char *at = der;
    m->certificate = len ? d2i_X509(NULL, &at, (long)len) : NULL;
    if (get_block(file, m->id.b, sizeof m->id.b) != sizeof m->id.b || get_block(file, &m->frontier, sizeof m->frontier) != sizeof m->frontier)
        return false;
    m->base_frontier = m->frontier;
    m->base = m->head_size = m->frontier.size;
    m->head_len = get_block(file, m->head, sizeof m->head);
    return get_block(file, m->generations, sizeof m->generations) == sizeof m->generations;
}
