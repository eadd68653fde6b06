/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of the factory: a device CA, and IDevID certificates (IEEE 802.1AR) that it issues.
 *
 * Certificates pass through here as DER; load and save turn them from and to PEM files. All are P-256 with
 * ECDSA-SHA256 and never expire (notAfter 99991231235959Z, as 802.1AR asks of an IDevID). Checking therefore judges
 * no time: the checker's clock may be the one thing that is wrong.
 * Memory: rooms are the caller's; SEC_CERTIFICATE_MAX_BYTES always suffices. libcrypto uses its heap.
 * Limits: names are UTF-8, serial numbers PrintableString (letters, digits, "-", ".", ...), 1 to SEC_NAME_MAX_BYTES
 * bytes; BAD_VALUE otherwise. Threads: one. Demand: F1.1.
 */
#ifndef SECURABLE_PORT_OPENSSL_CERTIFICATE_H
#define SECURABLE_PORT_OPENSSL_CERTIFICATE_H

#include "key_file.h"

#include <securable/limits.h>

#define SEC_CERTIFICATE_MAX_BYTES 2048u

/** What an IDevID says. */
struct sec_idevid {
    struct sec_public_key device;
    struct sec_bytes serial_number; /* subject serialNumber */
    int64_t not_before_s;
    /** hardwareModuleName (RFC 4108): a dotted OID and a serial number of bytes; absent when hardware_type is null. */
    const char *hardware_type;
    struct sec_bytes hardware_serial;
};

/** What a checked certificate says. */
struct sec_certificate_facts {
    struct sec_public_key key;
    char serial_number[SEC_NAME_MAX_BYTES + 1]; /* NUL-terminated */
};

/** Makes a self-signed CA (path length 0: it issues devices only). BAD_KEY unless `ca` is P-256; BAD_VALUE; ROOM_FULL.
 */
sec_status sec_certificate_make_ca(const struct sec_private_key *ca, struct sec_bytes common_name, int64_t not_before_s,
                                   struct sec_room to, size_t *ret_len);
/** Issues an IDevID. BAD_KEY when `ca_der` is not the certificate of `ca`; BAD_VALUE;
 * MALFORMED (`ca_der` is no certificate); ROOM_FULL. */
sec_status sec_certificate_issue(const struct sec_private_key *ca, struct sec_bytes ca_der,
                                 const struct sec_idevid *idevid, struct sec_room to, size_t *ret_len);
/**
 * Checks that `der` is a device's certificate issued by the CA of `ca_der`, and gives what it says.
 * MALFORMED or LEFTOVER (no certificate, or bytes behind it), UNKNOWN_KEY (another issuer), BAD_SIGNATURE, BAD_VALUE (a
 * CA's certificate in the device's place, or the reverse; a forbidden use; no serial number), BAD_ALGORITHM (not
 * ECDSA-SHA256), UNSUPPORTED (key of another type).
 */
sec_status sec_certificate_check(struct sec_bytes der, struct sec_bytes ca_der,
                                 struct sec_certificate_facts *ret_facts);
/** The public key of a certificate, nothing checked: for showing, and for a CA that is trusted by hand. */
sec_status sec_certificate_key(struct sec_bytes der, struct sec_public_key *ret_key);
/** Reads a PEM file to DER. As loading in key_file.h; ROOM_FULL. */
sec_status sec_certificate_load(int dir_fd, const char *name, struct sec_room to, size_t *ret_len);
/** Writes DER as a PEM file, mode 0644, that must not exist. */
sec_status sec_certificate_save(struct sec_bytes der, int dir_fd, const char *name);

#endif
