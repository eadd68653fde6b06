/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"
#include "temp_dir.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define NOW 1760000000

static struct sec_openssl openssl;

/* A CA with its certificate, and a device with the one it issued. */
struct factory {
    struct sec_private_key ca, device;
    uint8_t ca_room[SEC_CERTIFICATE_MAX_BYTES], device_room[SEC_CERTIFICATE_MAX_BYTES];
    struct sec_bytes ca_der, device_der;
};

static void factory_make(struct factory *f, const char *name, const char *serial, const char *hardware)
{
    size_t len = 0;
    if (!openssl.sha256)
        CHECK_OK(sec_openssl_init(&openssl));
    CHECK_OK(sec_private_key_generate(&f->ca, &openssl, SEC_KEY_P256));
    CHECK_OK(sec_private_key_generate(&f->device, &openssl, SEC_KEY_P256));
    CHECK_OK(sec_certificate_make_ca(&f->ca, sec_bytes_of_str(name), NOW, SEC_ROOM(f->ca_room), &len));
    f->ca_der = sec_bytes(f->ca_room, len);
    struct sec_idevid idevid = {f->device.key, sec_bytes_of_str(serial), NOW, hardware, SEC_LIT("\x01\x02\x03")};
    CHECK_OK(sec_certificate_issue(&f->ca, f->ca_der, &idevid, SEC_ROOM(f->device_room), &len));
    f->device_der = sec_bytes(f->device_room, len);
}

static void factory_done(struct factory *f)
{
    sec_private_key_done(&f->ca);
    sec_private_key_done(&f->device);
}

static void an_issued_certificate_checks_and_tells_key_and_serial(void)
{
    struct factory f;
    struct sec_certificate_facts facts;
    struct sec_public_key key;
    factory_make(&f, "Acme Device CA", "ACME-0001", "1.3.6.1.4.1.32473.1");
    CHECK_OK(sec_certificate_check(f.device_der, f.ca_der, &facts));
    CHECK(sec_key_equal(&facts.key, &f.device.key));
    CHECK(strcmp(facts.serial_number, "ACME-0001") == 0);
    CHECK_OK(sec_certificate_key(f.ca_der, &key));
    CHECK(sec_key_equal(&key, &f.ca.key));
    CHECK_INT(ERR_peek_error(), 0);
    factory_done(&f);
}

static void it_is_shaped_as_802_1ar_asks(void)
{
    struct factory f;
    factory_make(&f, "Acme Device CA", "ACME-0001", "1.3.6.1.4.1.32473.1");
    const uint8_t *at = f.device_der.data;
    X509 *cert = d2i_X509(NULL, &at, (long)f.device_der.len);
    CHECK(cert != NULL);
    CHECK_INT(X509_get_version(cert), X509_VERSION_3);
    struct sec_bytes end = sec_bytes(X509_get0_notAfter(cert)->data, (size_t)X509_get0_notAfter(cert)->length);
    CHECK_BYTES(end, SEC_LIT("99991231235959Z"));
    CHECK_INT(X509_get_signature_nid(cert), NID_ecdsa_with_SHA256);
    CHECK_INT(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    CHECK(names && sk_GENERAL_NAME_num(names) == 1);
    ASN1_OBJECT *type = NULL;
    ASN1_TYPE *value = NULL;
    CHECK_INT(GENERAL_NAME_get0_otherName(sk_GENERAL_NAME_value(names, 0), &type, &value), 1);
    char text[64];
    OBJ_obj2txt(text, sizeof text, type, 1);
    CHECK(strcmp(text, "1.3.6.1.5.5.7.8.4") == 0);
    struct sec_bytes sequence = sec_bytes(value->value.sequence->data, (size_t)value->value.sequence->length);
    CHECK_BYTES(sequence, SEC_LIT("\x30\x10\x06\x09\x2b\x06\x01\x04\x01\x81\xfd\x59\x01\x04\x03\x01\x02\x03"));
    GENERAL_NAMES_free(names);
    X509_free(cert);
    factory_done(&f);
}

static void another_ca_is_no_issuer(void)
{
    struct factory f, other, twin;
    struct sec_certificate_facts facts = {0};
    factory_make(&f, "Acme Device CA", "ACME-0001", NULL);
    factory_make(&other, "Other CA", "ACME-0001", NULL);
    factory_make(&twin, "Acme Device CA", "ACME-0001", NULL); /* the same name, another key */
    CHECK_STATUS(sec_certificate_check(f.device_der, other.ca_der, &facts), SEC_UNKNOWN_KEY);
    CHECK_STATUS(sec_certificate_check(f.device_der, twin.ca_der, &facts), SEC_UNKNOWN_KEY);
    CHECK_INT(facts.key.type, 0);
    struct sec_idevid idevid = {f.device.key, SEC_LIT("X"), NOW, NULL, {NULL, 0}};
    uint8_t room[SEC_CERTIFICATE_MAX_BYTES];
    size_t len = 0;
    CHECK_STATUS(sec_certificate_issue(&other.ca, f.ca_der, &idevid, SEC_ROOM(room), &len), SEC_BAD_KEY);
    factory_done(&f);
    factory_done(&other);
    factory_done(&twin);
}

static void any_flipped_bit_is_refused(void)
{
    struct factory f;
    struct sec_certificate_facts facts;
    factory_make(&f, "Acme Device CA", "ACME-0001", "1.2.3");
    for (size_t bit = 0; bit < f.device_der.len * 8; bit++) {
        f.device_room[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK(!sec_ok(sec_certificate_check(f.device_der, f.ca_der, &facts)));
        f.device_room[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    f.device_room[f.device_der.len - 1] ^= 1;
    CHECK_STATUS(sec_certificate_check(f.device_der, f.ca_der, &facts), SEC_BAD_SIGNATURE);
    f.device_room[f.device_der.len - 1] ^= 1;
    CHECK_STATUS(sec_certificate_check(sec_bytes(f.device_room, f.device_der.len + 1), f.ca_der, &facts), SEC_LEFTOVER);
    CHECK_STATUS(sec_certificate_check(sec_bytes(f.device_room, f.device_der.len - 1), f.ca_der, &facts),
                 SEC_MALFORMED);
    CHECK_STATUS(sec_certificate_check(sec_bytes(NULL, 0), f.ca_der, &facts), SEC_MALFORMED);
    CHECK_INT(ERR_peek_error(), 0);
    factory_done(&f);
}

static void a_ca_is_no_device_and_a_device_no_ca(void)
{
    struct factory f;
    struct sec_certificate_facts facts;
    factory_make(&f, "Acme Device CA", "ACME-0001", NULL);
    CHECK_STATUS(sec_certificate_check(f.ca_der, f.ca_der, &facts), SEC_BAD_VALUE);
    CHECK_STATUS(sec_certificate_check(f.device_der, f.device_der, &facts), SEC_BAD_VALUE);
    /* What a device signs as if it were a CA. */
    struct sec_private_key victim;
    uint8_t room[SEC_CERTIFICATE_MAX_BYTES];
    size_t len = 0;
    CHECK_OK(sec_private_key_generate(&victim, &openssl, SEC_KEY_P256));
    struct sec_idevid idevid = {victim.key, SEC_LIT("ACME-0002"), NOW, NULL, {NULL, 0}};
    CHECK_OK(sec_certificate_issue(&f.device, f.device_der, &idevid, SEC_ROOM(room), &len));
    CHECK_STATUS(sec_certificate_check(sec_bytes(room, len), f.device_der, &facts), SEC_BAD_VALUE);
    CHECK(!sec_ok(sec_certificate_check(sec_bytes(room, len), f.ca_der, &facts)));
    sec_private_key_done(&victim);
    factory_done(&f);
}

static void bad_names_and_keys_are_refused(void)
{
    struct factory f;
    struct sec_private_key ed;
    uint8_t room[SEC_CERTIFICATE_MAX_BYTES], small[64];
    size_t len = 0;
    char long_name[SEC_NAME_MAX_BYTES + 2] = "";
    memset(long_name, 'a', sizeof long_name - 1);
    factory_make(&f, "Acme Device CA", "ACME-0001", NULL);
    struct sec_bytes serials[] = {SEC_LIT(""), sec_bytes_of_str(long_name), SEC_LIT("\xff"), SEC_LIT("a\nb")};
    for (size_t i = 0; i < 4; i++) {
        struct sec_idevid idevid = {f.device.key, serials[i], NOW, NULL, {NULL, 0}};
        CHECK_STATUS(sec_certificate_issue(&f.ca, f.ca_der, &idevid, SEC_ROOM(room), &len), SEC_BAD_VALUE);
    }
    struct sec_idevid idevid = {f.device.key, SEC_LIT("A"), NOW, "no oid", SEC_LIT("1")};
    CHECK_STATUS(sec_certificate_issue(&f.ca, f.ca_der, &idevid, SEC_ROOM(room), &len), SEC_BAD_VALUE);
    idevid.hardware_type = NULL;
    CHECK_STATUS(sec_certificate_issue(&f.ca, f.ca_der, &idevid, SEC_ROOM(small), &len), SEC_ROOM_FULL);
    idevid.device.y[0] ^= 1;
    CHECK_STATUS(sec_certificate_issue(&f.ca, f.ca_der, &idevid, SEC_ROOM(room), &len), SEC_BAD_KEY);
    CHECK_OK(sec_private_key_generate(&ed, &openssl, SEC_KEY_ED25519));
    CHECK_STATUS(sec_certificate_make_ca(&ed, SEC_LIT("A"), NOW, SEC_ROOM(room), &len), SEC_BAD_KEY);
    sec_private_key_done(&ed);
    CHECK_INT(ERR_peek_error(), 0);
    factory_done(&f);
}

static void a_certificate_keeps_in_a_file(void)
{
    struct factory f;
    struct temp_dir dir = temp_dir_make();
    uint8_t room[SEC_CERTIFICATE_MAX_BYTES];
    size_t len = 0;
    factory_make(&f, "Acme Device CA", "ACME-0001", NULL);
    CHECK_OK(sec_certificate_save(f.ca_der, dir.fd, "ca.pem"));
    CHECK_STATUS(sec_certificate_save(f.ca_der, dir.fd, "ca.pem"), SEC_EXISTS);
    CHECK_OK(sec_certificate_load(dir.fd, "ca.pem", SEC_ROOM(room), &len));
    CHECK_BYTES(sec_bytes(room, len), f.ca_der);
    CHECK_STATUS(sec_certificate_load(dir.fd, "ca.pem", sec_room(room, 10), &len), SEC_ROOM_FULL);
    temp_dir_put(&dir, "text", "no certificate\n");
    CHECK_STATUS(sec_certificate_load(dir.fd, "text", SEC_ROOM(room), &len), SEC_MALFORMED);
    CHECK_STATUS(sec_certificate_load(dir.fd, "absent", SEC_ROOM(room), &len), SEC_NOT_FOUND);
    temp_dir_remove(&dir);
    factory_done(&f);
}

static const struct test tests[] = {
    TEST(an_issued_certificate_checks_and_tells_key_and_serial),
    TEST(it_is_shaped_as_802_1ar_asks),
    TEST(another_ca_is_no_issuer),
    TEST(any_flipped_bit_is_refused),
    TEST(a_ca_is_no_device_and_a_device_no_ca),
    TEST(bad_names_and_keys_are_refused),
    TEST(a_certificate_keeps_in_a_file),
};
TEST_MAIN(tests)
