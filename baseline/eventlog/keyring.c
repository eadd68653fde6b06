/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring.h"

#define WRAP_AAD_BYTES (32u + 8u)
#define SEAL_AAD_BYTES (32u + 128u)

void sec_keyring_init(struct sec_keyring *ring)
{
    sec_zero(ring, sizeof *ring);
}

void sec_keyring_done(struct sec_keyring *ring)
{
    sec_wipe(ring, sizeof *ring);
}

void sec_keyring_cut(struct sec_keyring *ring, size_t count)
{
    while (ring->count > count) {
        ring->count--;
        sec_wipe(&ring->keys[ring->count], sizeof ring->keys[0]);
    }
}

struct sec_journal_key *sec_keyring_find(struct sec_keyring *ring, uint64_t seal)
{
    for (size_t i = 0; i < ring->count; i++)
        if (ring->keys[i].seal == seal)
            return &ring->keys[i];
    return NULL;
}

static struct sec_bytes wrap_aad(const struct sec_journal_config *config, uint64_t seal, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_wr_bytes(&wr, sec_digest_bytes(&config->log_id));
    sec_wr_u64(&wr, seal);
    return sec_wr_done(&wr);
}

sec_status sec_keyring_make(struct sec_keyring *ring, const struct sec_journal_config *config, uint64_t seal)
{
    struct sec_journal_key *place = sec_keyring_find(ring, seal);
    uint8_t aad[WRAP_AAD_BYTES];
    struct sec_journal_key key = {.seal = seal, .opened = true};
    if (!place && ring->count == SEC_JOURNAL_KEYS_MAX)
        return sec_st(SEC_TABLE_FULL);
    SEC_TRY(config->crypto->random(config->crypto->ctx, SEC_ROOM(key.data.b)));
    sec_status status = config->keystore->wrap(config->keystore->ctx, seal, wrap_aad(config, seal, SEC_ROOM(aad)), &key.data,
                                               &key.wrapped);
    if (sec_ok(status)) {
        if (!place)
            place = &ring->keys[ring->count++];
        *place = key;
    }
    sec_wipe(&key, sizeof key);
    return status;
}

sec_status sec_keyring_take(struct sec_keyring *ring, struct sec_bytes key_record_content)
{
    struct sec_journal_key key = {0};
    SEC_TRY(sec_key_record_parse(key_record_content, &key.seal, &key.wrapped));
    struct sec_journal_key *place = sec_keyring_find(ring, key.seal);
    if (!place && ring->count < SEC_JOURNAL_KEYS_MAX)
        place = &ring->keys[ring->count++];
    if (!place) {
        place = &ring->keys[ring->oldest];
        ring->oldest = (ring->oldest + 1) % SEC_JOURNAL_KEYS_MAX;
    }
    *place = key;
    return sec_st(SEC_OK);
}

/* Unwrapping may ask a slow chip: done once a key, and only when a body needs it. */
static sec_status open_key(struct sec_journal_key *key, const struct sec_journal_config *config)
{
    uint8_t aad[WRAP_AAD_BYTES];
    if (key->opened)
        return sec_st(SEC_OK);
    SEC_TRY(config->keystore->unwrap(config->keystore->ctx, key->seal, wrap_aad(config, key->seal, SEC_ROOM(aad)),
                                     &key->wrapped, &key->data));
    key->opened = true;
    return sec_st(SEC_OK);
}

/* A key per class, so that a class can be given to a reader without the others. */
static sec_status class_key(struct sec_keyring *ring, const struct sec_journal_config *config,
                            const struct sec_record_header *header, const struct sec_aead_key **ret_key)
{
    uint8_t info[17];
    struct sec_journal_key *key = sec_keyring_find(ring, header->seal);
    if (!key)
        return sec_st(SEC_NOT_FOUND);
    SEC_TRY(open_key(key, config));
    if (key->record_class != (unsigned)header->record_class) {
        struct sec_wr wr = sec_wr(SEC_ROOM(info));
        sec_wr_bytes(&wr, SEC_LIT("securable class"));
        sec_wr_u8(&wr, (uint8_t)header->record_class);
        key->record_class = 0;
        SEC_TRY(config->crypto->derive(config->crypto->ctx, SEC_BYTES(key->data.b), sec_bytes("", 0), sec_wr_done(&wr),
                                       SEC_ROOM(key->class_key.b)));
        key->record_class = (unsigned)header->record_class;
    }
    *ret_key = &key->class_key;
    return sec_st(SEC_OK);
}

static struct sec_aead_nonce nonce_of(uint64_t index)
{
    struct sec_aead_nonce nonce;
    struct sec_wr wr = sec_wr(SEC_ROOM(nonce.b));
    sec_wr_u32(&wr, 0);
    sec_wr_u64(&wr, index);
    return nonce;
}

static sec_status seal_aad(const struct sec_journal_config *config, struct sec_bytes header_bytes, struct sec_room room,
                           struct sec_bytes *ret_aad)
{
    struct sec_wr wr = sec_wr(room);
    sec_wr_bytes(&wr, sec_digest_bytes(&config->log_id));
    sec_wr_bytes(&wr, header_bytes);
    return sec_wr_end(&wr, ret_aad);
}

sec_status sec_keyring_seal(struct sec_keyring *ring, const struct sec_journal_config *config,
                            const struct sec_record_header *header, struct sec_bytes header_bytes, struct sec_bytes body,
                            struct sec_wr *wr)
{
    uint8_t room[SEAL_AAD_BYTES];
    struct sec_bytes aad;
    const struct sec_aead_key *key;
    struct sec_aead_nonce nonce = nonce_of(header->index);
    size_t len = 0;
    SEC_TRY(seal_aad(config, header_bytes, SEC_ROOM(room), &aad));
    SEC_TRY(class_key(ring, config, header, &key));
    SEC_TRY(config->crypto->seal(config->crypto->ctx, key, &nonce, aad, body, sec_wr_rest(wr), &len));
    sec_wr_advance(wr, len);
    return sec_st(SEC_OK);
}

static sec_status open_sealed(struct sec_keyring *ring, const struct sec_journal_config *config,
                              const struct sec_record_header *header, struct sec_bytes header_bytes, struct sec_bytes body,
                              struct sec_room room, struct sec_bytes *ret_plain)
{
    uint8_t aad_room[SEAL_AAD_BYTES];
    struct sec_bytes aad;
    const struct sec_aead_key *key;
    struct sec_aead_nonce nonce = nonce_of(header->index);
    size_t len = 0;
    if (body.len < SEC_AEAD_TAG_BYTES)
        return sec_st(SEC_AEAD_FAILED);
    if (body.len - SEC_AEAD_TAG_BYTES > room.len)
        return sec_st(SEC_ROOM_FULL);
    SEC_TRY(seal_aad(config, header_bytes, SEC_ROOM(aad_room), &aad));
    SEC_TRY(class_key(ring, config, header, &key));
    SEC_TRY(config->crypto->open(config->crypto->ctx, key, &nonce, aad, body, room, &len));
    *ret_plain = sec_bytes(room.data, len);
    return sec_st(SEC_OK);
}

sec_status sec_keyring_open(struct sec_keyring *ring, const struct sec_journal_config *config,
                            const struct sec_record_header *header, struct sec_bytes header_bytes, struct sec_bytes body,
                            struct sec_room room, struct sec_bytes *ret_plain)
{
    struct sec_bytes plain = body;
    if (header->seal != SEC_SEAL_CLEAR)
        SEC_TRY(open_sealed(ring, config, header, header_bytes, body, room, &plain));
    if (header->committed && plain.len < SEC_SALT_BYTES)
        return sec_st(SEC_TRUNCATED);
    *ret_plain = plain;
    return sec_st(SEC_OK);
}

bool sec_keyring_shut(sec_status status)
{
    return sec_is(status, SEC_NOT_FOUND) || sec_status_class(status) == SEC_CLASS_CRYPTO || sec_is(status, SEC_TRUNCATED);
}
