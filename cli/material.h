/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What subcommands work with: keys, statements, certificates, device ids, products and reports, loaded from files and
 * checked.
 *
 * Errors are told and given as exit codes. Memory: the subcommand's. Threads: one.
 */
#ifndef CLI_MATERIAL_H
#define CLI_MATERIAL_H

#include "files.h"

#include <securable/identity.h>
#include <securable/product.h>
#include <securable/statement.h>

/** Loads a private key; it is wiped when the subcommand is over. `type` 0: any. */
int material_private_key(struct cli *cli, const char *path, unsigned type, struct sec_private_key **ret_key);
/** Makes a new key and saves it as `path` and its public half beside it; neither may exist. */
int material_new_key(struct cli *cli, const char *path, enum sec_key_type type, struct sec_private_key **ret_key);
/** "KEY.pub.pem" for "KEY.pem". */
const char *material_public_path(struct cli *cli, const char *path);
/** Loads a public key: a PEM public key, or a certificate (PEM or DER), whose key is taken. */
int material_public_key(struct cli *cli, const char *path, struct sec_public_key *ret_key);
/** Loads the public half of a file that is either half of a key. */
int material_any_key(struct cli *cli, const char *path, struct sec_public_key *ret_key, bool *ret_private);
int material_key_id(struct cli *cli, const struct sec_public_key *key, struct sec_key_id *ret_id);
/** 64 hex digits. */
const char *material_key_id_text(struct cli *cli, const struct sec_public_key *key);
const char *material_hex(struct cli *cli, struct sec_bytes bytes);
/** "p256" or "ed25519". */
const char *material_key_type_word(enum sec_key_type type);
/** Reads a certificate, PEM or DER, to DER. */
int material_certificate(struct cli *cli, const char *path, struct sec_bytes *ret_der);

/** Reads a statement of one kind; nothing is verified. */
int material_statement(struct cli *cli, const char *path, enum sec_statement_kind kind, struct sec_bytes *ret_bytes,
                       struct sec_statement *ret_statement);
/** The same from bytes; `path` is a name for errors. */
int material_statement_of(struct cli *cli, const char *path, struct sec_bytes bytes, enum sec_statement_kind kind, struct sec_statement *ret_statement);
/** Verifies a statement read from `path`. */
int material_verify(struct cli *cli, const char *path, const struct sec_statement *statement,
                    const struct sec_public_key *key);
/** Signs `body` and writes the statement to the file. */
int material_sign(struct cli *cli, enum sec_statement_kind kind, struct sec_private_key *key, struct sec_bytes body,
                  const char *out);

/** A device id from 64 hex digits or from a state directory. */
int material_device_id(struct cli *cli, const char *text, struct sec_device_id *ret_id);

/** A signed product record, its signature not yet verified; borrows. */
struct material_product {
    struct sec_bytes bytes; /* the statement */
    struct sec_statement statement;
    struct sec_product product;
};
int material_product(struct cli *cli, const char *path, struct material_product **ret_product);
/** The same from the bytes of a statement; `path` is a name for errors. */
int material_product_of(struct cli *cli, const char *path, struct sec_bytes bytes,
                        struct material_product **ret_product);

/** A device's report whose signature was verified with the key of its own certificate. */
struct material_report {
    struct sec_bytes bytes;
    struct sec_statement statement;
    struct sec_report report;
    struct sec_public_key key; /* the device's */
    bool certified;            /* the certificate was checked against a CA that the caller trusts */
    struct material_product *product;
};
/**
 * Reads and verifies a report: signature, that the device id belongs to the key, the certificate against `ca` (may be
 * null), the nonce against `nonce` (empty: any).
 */
int material_report_of(struct cli *cli, const char *path, struct sec_bytes bytes, const char *ca,
                       struct sec_bytes nonce, struct material_report **ret_report);
int material_report(struct cli *cli, const char *path, const char *ca, struct material_report **ret_report);
/** Says on stderr that a report proves itself alone when it is so. */
void material_report_warn(const char *path, const struct material_report *report);

#endif
