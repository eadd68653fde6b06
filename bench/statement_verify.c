/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command statement taken apart, verified and digested, against a bare verify of the same signature: processor microseconds each.
 * Usage: statement_verify ours|floor COUNT
 */
#include "bench_log.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sec_openssl openssl;
static struct sec_crypto crypto;
static struct sec_private_key key;
static uint8_t message[1024];
static size_t message_len;

static void prepare(void)
{
    static const uint8_t body[300] = {0};
    bench_must(sec_openssl_init(&openssl), "openssl");
    crypto = sec_openssl_crypto(&openssl);
    bench_must(sec_private_key_generate(&key, &openssl, SEC_KEY_P256), "key");
    struct sec_signer signer = sec_private_key_signer(&key);
    struct sec_wr wr = sec_wr(SEC_ROOM(message));
    bench_must(sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &crypto.hasher, SEC_BYTES(body), &wr), "sign");
    message_len = wr.len;
}

static double run_ours(unsigned count)
{
    double begin = bench_cpu_s();
    for (unsigned i = 0; i < count; i++) {
        struct sec_statement statement;
        struct sec_digest digest;
        bench_must(sec_statement_parse(sec_bytes(message, message_len), &statement), "parse");
        bench_must(sec_statement_verify(&statement, statement.msg.payload, &key.key, &crypto.verifier), "verify");
        bench_must(sec_statement_digest(&statement, statement.msg.payload, &crypto.hasher, &digest), "digest");
    }
    return bench_cpu_s() - begin;
}

/** The Sig_structure's hash and the signature as DER are made beforehand: the floor is the curve alone. */
static double run_floor(unsigned count)
{
    struct sec_statement statement;
    struct sec_digest digest;
    bench_must(sec_statement_parse(sec_bytes(message, message_len), &statement), "parse");
    bench_must(sec_statement_digest(&statement, statement.msg.payload, &crypto.hasher, &digest), "digest");
    ECDSA_SIG *sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_bin2bn(statement.msg.signature.data, 32, NULL), BN_bin2bn(statement.msg.signature.data + 32, 32, NULL));
    unsigned char *der = NULL;
    int der_len = i2d_ECDSA_SIG(sig, &der);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key.pkey, NULL);
    if (!ctx || der_len <= 0 || EVP_PKEY_verify_init(ctx) != 1)
        exit(3);
    double begin = bench_cpu_s();
    for (unsigned i = 0; i < count; i++) {
        if (EVP_PKEY_verify(ctx, der, (size_t)der_len, digest.b, sizeof digest.b) != 1)
            exit(3);
    }
    double seconds = bench_cpu_s() - begin;
    EVP_PKEY_CTX_free(ctx);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return seconds;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
    prepare();
    double seconds = strcmp(argv[1], "ours") == 0 ? run_ours(count) : run_floor(count);
    printf("%.3f\n", 1e6 * seconds / count);
    return 0;
}
