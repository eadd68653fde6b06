/* SPDX-License-Identifier: Apache-2.0 */
#include "material.h"

#include "certificate.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>

/* --- keys ------------------------------------------------------------------------------------------------ */

static int key_failed(const char *path, const char *clause, sec_status status)
{
    if (sec_is(status, SEC_NOT_FOUND))
        return cli_environment(path, clause, "there is no such file");
    if (sec_is(status, SEC_MALFORMED))
        return cli_refused(path, clause, "no such key in the file (malformed)");
    if (sec_is(status, SEC_UNSUPPORTED))
        return cli_refused(path, clause, "neither P-256 nor Ed25519, or encrypted (unsupported)");
    if (sec_is(status, SEC_EXISTS))
        return cli_refused(path, clause, "it is there already; a key is never overwritten (exists)");
    return cli_failed(path, clause, status);
}

static int new_place(struct cli *cli, struct sec_private_key **ret_key)
{
    if (cli->keys_count == CLI_KEYS_MAX_COUNT)
        return cli_environment("keys", "memory", "no more than %u keys at once", CLI_KEYS_MAX_COUNT);
    *ret_key = &cli->keys[cli->keys_count++];
    return CLI_DONE;
}

int material_private_key(struct cli *cli, const char *path, unsigned type, struct sec_private_key **ret_key)
{
    struct sec_private_key *key = NULL;
    CLI_TRY(new_place(cli, &key));
    sec_status status = sec_private_key_load(key, &cli->openssl, AT_FDCWD, path);
    if (!sec_ok(status))
        return key_failed(path, "private key", status);
    if (type && key->key.type != type)
        return cli_refused(path, "private key", "is %s, wanted is %s", material_key_type_word(key->key.type),
                           material_key_type_word((enum sec_key_type)type));
    *ret_key = key;
    return CLI_DONE;
}

const char *material_public_path(struct cli *cli, const char *path)
{
    size_t len = strlen(path);
    bool pem = len > 4 && strcmp(&path[len - 4], ".pem") == 0;
    return cli_format(cli, "%.*s.pub.pem", (int)(pem ? len - 4 : len), path);
}

int material_new_key(struct cli *cli, const char *path, enum sec_key_type type, struct sec_private_key **ret_key)
{
    struct sec_private_key *key = NULL;
    const char *public_path = material_public_path(cli, path);
    CLI_TRY(new_place(cli, &key));
    if (files_exists(public_path))
        return key_failed(public_path, "public key", sec_st(SEC_EXISTS));
    sec_status status = sec_private_key_generate(key, &cli->openssl, type);
    if (!sec_ok(status))
        return key_failed(path, "generate", status);
    status = sec_private_key_save(key, AT_FDCWD, path);
    if (!sec_ok(status))
        return key_failed(path, "private key", status);
    status = sec_public_key_save(&key->key, AT_FDCWD, public_path);
    if (!sec_ok(status))
        return key_failed(public_path, "public key", status);
    *ret_key = key;
    return CLI_DONE;
}

/* A certificate in PEM or DER, to DER; empty when it is neither. */
static struct sec_bytes certificate_der(struct cli *cli, struct sec_bytes file)
{
    struct sec_public_key key;
    if (sec_ok(sec_certificate_key(file, &key)))
        return file;
    struct sec_bytes der = {NULL, 0};
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
    if (bio && PEM_read_bio(bio, &name, &header, &data, &len) == 1 && strcmp(name, "CERTIFICATE") == 0 && len > 0) {
        struct sec_room room = cli_room(cli, (size_t)len);
        (void)sec_bytes_copy(room, sec_bytes(data, (size_t)len));
        der = sec_bytes(room.data, room.len);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    BIO_free(bio);
    return der;
}

int material_certificate(struct cli *cli, const char *path, struct sec_bytes *ret_der)
{
    struct sec_bytes file;
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, &file));
    *ret_der = certificate_der(cli, file);
    if (ret_der->len == 0)
        return cli_refused(path, "certificate", "neither PEM nor DER of one");
    return CLI_DONE;
}

int material_public_key(struct cli *cli, const char *path, struct sec_public_key *ret_key)
{
    struct sec_bytes file;
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, &file));
    sec_status status = sec_public_key_parse(file, ret_key);
    struct sec_bytes der = {NULL, 0};
    if (sec_is(status, SEC_MALFORMED) || sec_is(status, SEC_TOO_LARGE))
        der = certificate_der(cli, file);
    if (der.len)
        status = sec_certificate_key(der, ret_key);
    if (!sec_ok(status))
        return key_failed(path, "public key", status);
    return CLI_DONE;
}

int material_any_key(struct cli *cli, const char *path, struct sec_public_key *ret_key, bool *ret_private)
{
    struct sec_private_key *key = NULL;
    CLI_TRY(new_place(cli, &key));
    *ret_private = sec_ok(sec_private_key_load(key, &cli->openssl, AT_FDCWD, path));
    if (*ret_private) {
        *ret_key = key->key;
        return CLI_DONE;
    }
    return material_public_key(cli, path, ret_key);
}

const char *material_key_type_word(enum sec_key_type type)
{
    return type == SEC_KEY_P256 ? "p256" : "ed25519";
}

int material_key_id(struct cli *cli, const struct sec_public_key *key, struct sec_key_id *ret_id)
{
    return cli_failed("key", "thumbprint", sec_key_id_of(key, &cli->crypto.hasher, ret_id));
}

const char *material_hex(struct cli *cli, struct sec_bytes bytes)
{
    struct sec_room room = cli_room(cli, 2 * bytes.len + 1);
    struct sec_wr wr = sec_wr(room);
    sec_wr_hex(&wr, bytes);
    return (const char *)room.data;
}

const char *material_key_id_text(struct cli *cli, const struct sec_public_key *key)
{
    struct sec_key_id id = {{0}};
    (void)sec_key_id_of(key, &cli->crypto.hasher, &id);
    return material_hex(cli, SEC_BYTES(id.b));
}

/* --- statements ------------------------------------------------------------------------------------------ */

int material_statement(struct cli *cli, const char *path, enum sec_statement_kind kind, struct sec_bytes *ret_bytes,
                       struct sec_statement *ret_statement)
{
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, ret_bytes));
    return material_statement_of(cli, path, *ret_bytes, kind, ret_statement);
}

int material_statement_of(struct cli *cli, const char *path, struct sec_bytes bytes, enum sec_statement_kind kind, struct sec_statement *ret_statement)
{
    (void)cli;
    sec_status status = sec_statement_parse(bytes, ret_statement);
    if (!sec_ok(status))
        return cli_failed(path, sec_statement_word(kind), status);
    if (ret_statement->kind != kind)
        return cli_refused(path, "kind", "is %s, wanted is %s (wrong-kind)", sec_statement_word(ret_statement->kind),
                           sec_statement_word(kind));
    return CLI_DONE;
}

int material_verify(struct cli *cli, const char *path, const struct sec_statement *statement,
                    const struct sec_public_key *key)
{
    struct sec_key_id id;
    CLI_TRY(material_key_id(cli, key, &id));
    if (!sec_key_id_equal(&id, &statement->kid))
        return cli_refused(path, "signature", "by key %s, not by %s (unknown-key)",
                           material_hex(cli, SEC_BYTES(statement->kid.b)), material_hex(cli, SEC_BYTES(id.b)));
    return cli_failed(path, "signature",
                      sec_statement_verify(statement, statement->msg.payload, key, &cli->crypto.verifier));
}

int material_sign(struct cli *cli, enum sec_statement_kind kind, struct sec_private_key *key, struct sec_bytes body,
                  const char *out)
{
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_STATEMENT_MAX_BYTES));
    struct sec_signer signer = sec_private_key_signer(key);
    sec_status status = sec_statement_sign(kind, &signer, &cli->crypto.hasher, body, &wr);
    if (!sec_ok(status))
        return cli_failed(out, "sign", status);
    return files_write(out, 0644, sec_wr_done(&wr));
}

/* --- devices --------------------------------------------------------------------------------------------- */

int material_device_id(struct cli *cli, const char *text, struct sec_device_id *ret_id)
{
    struct sec_bytes digits = sec_bytes_of_str(text);
    if (files_is_dir(text)) {
        CLI_TRY(files_read(cli, files_join(cli, text, "identity/identity-id"), 128, &digits));
        while (digits.len && digits.data[digits.len - 1] == '\n')
            digits.len--;
    }
    if (!sec_ok(sec_device_id_parse(digits, ret_id)))
        return cli_usage(text, "device", "neither 64 hex digits nor a state directory");
    return CLI_DONE;
}

/* --- products -------------------------------------------------------------------------------------------- */

int material_product_of(struct cli *cli, const char *path, struct sec_bytes bytes,
                        struct material_product **ret_product)
{
    struct material_product *product = (struct material_product *)(void *)cli_room(cli, sizeof *product).data;
    product->bytes = bytes;
    sec_status status = sec_statement_parse(bytes, &product->statement);
    if (!sec_ok(status))
        return cli_failed(path, "product record", status);
    if (product->statement.kind != SEC_STATEMENT_PRODUCT)
        return cli_refused(path, "kind", "is %s, wanted is product (wrong-kind)",
                           sec_statement_word(product->statement.kind));
    status = sec_product_parse(product->statement.msg.payload, &product->product);
    if (!sec_ok(status))
        return cli_failed(path, "product record", status);
    *ret_product = product;
    return CLI_DONE;
}

int material_product(struct cli *cli, const char *path, struct material_product **ret_product)
{
    struct sec_bytes bytes;
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, &bytes));
    return material_product_of(cli, path, bytes, ret_product);
}

/* --- reports --------------------------------------------------------------------------------------------- */

/* The identity key is the device's name: its thumbprint is the id. */
static int check_identity(struct cli *cli, const char *path, struct material_report *report, const char *ca)
{
    struct sec_device_id id;
    struct sec_certificate_facts facts;
    struct sec_bytes ca_der;
    sec_status status = sec_certificate_key(report->report.idevid, &report->key);
    if (!sec_ok(status))
        return cli_failed(path, "device certificate", status);
    CLI_TRY(material_verify(cli, path, &report->statement, &report->key));
    CLI_TRY(cli_failed(path, "device id", sec_device_id_of_key(&report->key, &cli->crypto.hasher, &id)));
    if (!sec_device_id_equal(&id, &report->report.device_id))
        return cli_refused(path, "device id", "is not that of the key which signed (bad-value)");
    if (!ca)
        return CLI_DONE;
    CLI_TRY(material_certificate(cli, ca, &ca_der));
    status = sec_certificate_check(report->report.idevid, ca_der, &facts);
    if (!sec_ok(status))
        return cli_failed(path, "device certificate", status);
    report->certified = true;
    return CLI_DONE;
}

int material_report_of(struct cli *cli, const char *path, struct sec_bytes bytes, const char *ca,
                       struct sec_bytes nonce, struct material_report **ret_report)
{
    struct material_report *report = (struct material_report *)(void *)cli_room(cli, sizeof *report).data;
    report->bytes = bytes;
    sec_status status = sec_statement_parse(bytes, &report->statement);
    if (!sec_ok(status))
        return cli_failed(path, "report", status);
    if (report->statement.kind != SEC_STATEMENT_REPORT)
        return cli_refused(path, "kind", "is %s, wanted is report (wrong-kind)",
                           sec_statement_word(report->statement.kind));
    status = sec_report_parse(report->statement.msg.payload, &report->report);
    if (!sec_ok(status))
        return cli_failed(path, "report", status);
    CLI_TRY(check_identity(cli, path, report, ca));
    if (nonce.len && !sec_bytes_equal(nonce, report->report.nonce))
        return cli_refused(path, "nonce", "is not the one that was asked with: an old report, or another's");
    CLI_TRY(material_product_of(cli, path, report->report.product_statement, &report->product));
    *ret_report = report;
    return CLI_DONE;
}

int material_report(struct cli *cli, const char *path, const char *ca, struct material_report **ret_report)
{
    struct sec_bytes bytes;
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, &bytes));
    return material_report_of(cli, path, bytes, ca, sec_bytes(NULL, 0), ret_report);
}

void material_report_warn(const char *path, const struct material_report *report)
{
    if (!report->certified)
        fprintf(stderr, "%s: device certificate: not checked; name the manufacturer's CA with --ca\n", path);
}
