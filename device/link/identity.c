/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "../common/files.h"
#include "../common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEY_NAME "transport-key.pem"
#define KEY_NEW_NAME ".transport-key.new"
#define CERTIFICATE_NAME "transport.crt"
#define PLACE_NAME "place"
#define CERTIFICATE_MAX_BYTES 8192u

/* --- whose they are: [place bstr, epoch] ---------------------------------------------------------------- */

static struct sec_bytes write_place(const struct link *link, struct sec_room room)
{
    uint8_t place_b[512];
    struct hub_place place = link->place;
    struct sec_wr inner = sec_wr(SEC_ROOM(place_b)), wr = sec_wr(room);
    place.failures = 0;
    hub_place_encode(&place, &inner);
    sec_cbor_put_array(&wr, 2);
    sec_cbor_put_bstr(&wr, sec_wr_done(&inner));
    sec_cbor_put_uint(&wr, link->epoch);
    return sec_wr_done(&wr);
}

static bool is_ours(const struct link *link)
{
    uint8_t want_b[640], got_b[640];
    size_t len = 0;
    return sec_ok(files_read(link->dir_fd, PLACE_NAME, SEC_ROOM(got_b), &len)) &&
           sec_bytes_equal(sec_bytes(got_b, len), write_place(link, SEC_ROOM(want_b)));
}

/* Key and certificate first: what is left after a cut does not belong to the place that is written last. */
static sec_status begin_anew(const struct link *link)
{
    uint8_t place_b[640];
    SEC_TRY(files_remove(link->dir_fd, CERTIFICATE_NAME));
    SEC_TRY(files_remove(link->dir_fd, KEY_NAME));
    return files_replace(link->dir_fd, PLACE_NAME, write_place(link, SEC_ROOM(place_b)), 0600);
}

/* --- the key -------------------------------------------------------------------------------------------- */

static sec_status make_key(struct link *link)
{
    SEC_TRY(sec_private_key_generate(&link->identity.key, &link->openssl, SEC_KEY_P256));
    SEC_TRY(files_remove(link->dir_fd, KEY_NEW_NAME));
    SEC_TRY(sec_private_key_save(&link->identity.key, link->dir_fd, KEY_NEW_NAME));
    if (renameat(link->dir_fd, KEY_NEW_NAME, link->dir_fd, KEY_NAME) != 0 || fsync(link->dir_fd) != 0)
        return sec_st(SEC_IO_FAILED);
    return sec_st(SEC_OK);
}

static sec_status load_key(struct link *link)
{
    sec_status status = sec_private_key_load(&link->identity.key, &link->openssl, link->dir_fd, KEY_NAME);
    if (sec_ok(status) && link->identity.key.key.type == SEC_KEY_P256)
        return status;
    /* A key that cannot be read is worth nothing; its certificate neither. */
    SEC_TRY(files_remove(link->dir_fd, CERTIFICATE_NAME));
    SEC_TRY(files_remove(link->dir_fd, KEY_NAME));
    sec_private_key_done(&link->identity.key);
    return make_key(link);
}

/* --- the certificate ------------------------------------------------------------------------------------ */

static bool read_time(const ASN1_TIME *time, int64_t *ret_s)
{
    /* By differences from a fixed day: no time zone comes in. */
    int days = 0, seconds = 0;
    ASN1_TIME *zero = ASN1_TIME_set(NULL, 0);
    bool good = zero && time && ASN1_TIME_diff(&days, &seconds, zero, time) == 1;
    ASN1_TIME_free(zero);
    *ret_s = (int64_t)days * 86400 + seconds;
    return good;
}

static bool fits(const struct link *link, X509 *certificate)
{
    return X509_check_private_key(certificate, link->identity.key.pkey) == 1;
}

static sec_status put(struct link *link, X509 *certificate)
{
    struct link_identity *identity = &link->identity;
    int64_t from_s = 0, until_s = 0;
    if (!fits(link, certificate) || !read_time(X509_get0_notBefore(certificate), &from_s) ||
        !read_time(X509_get0_notAfter(certificate), &until_s) || until_s <= from_s) {
        ERR_clear_error();
        return sec_st(SEC_BAD_KEY);
    }
    X509_free(identity->certificate);
    identity->certificate = certificate;
    identity->from_s = from_s;
    identity->until_s = until_s;
    identity->got_ms = link_now_ms();
    link_tls_forget(link); /* a session would carry the certificate of before */
    return sec_st(SEC_OK);
}

static void load_certificate(struct link *link)
{
    struct sec_room room = scratch_take(CERTIFICATE_MAX_BYTES);
    size_t len = 0;
    BIO *bio = room.data && sec_ok(files_read(link->dir_fd, CERTIFICATE_NAME, room, &len)) ? BIO_new_mem_buf(room.data, (int)len) : NULL;
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    if (certificate && !sec_ok(put(link, certificate)))
        X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    scratch_drop(&room);
}

sec_status link_identity_take(struct link *link, X509 *certificate)
{
    char *data = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    long len = bio && PEM_write_bio_X509(bio, certificate) == 1 ? BIO_get_mem_data(bio, &data) : 0;
    sec_status status = len > 0 ? put(link, certificate) : sec_st(SEC_IO_FAILED);
    if (!sec_ok(status))
        X509_free(certificate);
    else /* one that cannot be kept serves until the next start */
        status = files_replace(link->dir_fd, CERTIFICATE_NAME, sec_bytes(data, (size_t)len), 0600);
    BIO_free(bio);
    return status;
}

void link_identity_drop(struct link *link)
{
    X509_free(link->identity.certificate);
    link->identity.certificate = NULL;
    link_tls_forget(link);
    (void)files_remove(link->dir_fd, CERTIFICATE_NAME);
}

bool link_identity_due(const struct link *link)
{
    const struct link_identity *identity = &link->identity;
    uint64_t life_ms = (uint64_t)(identity->until_s - identity->from_s) * 1000, now_ms = link_now_ms();
    int64_t now_s = (int64_t)time(NULL);
    /* A clock that is wrong must not make it ask again and again. */
    if (identity->renewed_ms != 0 && now_ms - identity->renewed_ms < life_ms / 10)
        return false;
    bool by_clock = now_s >= identity->from_s && (uint64_t)(now_s - identity->from_s) * 1000 >= life_ms / 3 * 2;
    return by_clock || now_ms - identity->got_ms >= life_ms / 3 * 2;
}

bool link_identity_load(struct link *link)
{
    sec_status status = sec_st(SEC_OK);
    X509_free(link->identity.certificate);
    sec_private_key_done(&link->identity.key);
    link->identity = (struct link_identity){.epoch = link->epoch};
    if (!is_ours(link))
        status = begin_anew(link);
    if (sec_ok(status))
        status = load_key(link);
    if (!sec_ok(status)) {
        say("link/" KEY_NAME ", make: %s", sec_status_text(status));
        return false;
    }
    load_certificate(link);
    return true;
}
