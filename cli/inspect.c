/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include "inspect_kinds.h"
#include "json_cbor.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AAD_MAX_BYTES 4096u

struct kind {
    bool (*is)(struct sec_bytes file);
    void (*look)(struct sec_bytes file, struct inspection *in);
};

/* The first that says yes has the look. */
static const struct kind kinds[] = {
    {inspect_is_suit, inspect_suit},
    {inspect_is_cose, inspect_cose},
};

struct options {
    struct trust trust;
    uint8_t aad[AAD_MAX_BYTES];
    size_t aad_len;
    const char *file;
};

static void look(struct sec_bytes file, struct inspection *in)
{
    in->status = sec_cbor_check(file, SEC_CBOR_FOREIGN);
    if (!sec_ok(in->status))
        return;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].is(file)) {
            kinds[i].look(file, in);
            return;
        }
    }
    in->status = sec_st(SEC_MALFORMED);
}

/* Without keys nothing is asked of the signature. */
static sec_status judge_signature(const struct inspection *in)
{
    if (in->trust->count == 0 || in->signature == TRUST_VALID)
        return sec_st(SEC_OK);
    if (in->signature == TRUST_NONE)
        return sec_st(SEC_UNSIGNED);
    return sec_st(in->signature == TRUST_INVALID ? SEC_BAD_SIGNATURE : SEC_BAD_ALGORITHM);
}

static cJSON *assemble(struct inspection *in)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "kind", in->kind);
    cJSON_AddStringToObject(json, "signature", trust_word(in->signature));
    cJSON_AddItemToObject(json, "alg", inspect_alg(in->alg));
    if (!sec_ok(in->status)) {
        cJSON_AddStringToObject(json, "error", sec_status_word(in->status));
        cJSON_AddStringToObject(json, "error_text", sec_status_text(in->status));
    }
    while (in->details->child) {
        cJSON *item = cJSON_DetachItemViaPointer(in->details, in->details->child);
        cJSON_AddItemToObject(json, item->string, item);
    }
    cJSON_Delete(in->details);
    return json;
}

cJSON *inspect_bytes(const struct trust *trust, struct sec_bytes aad, struct sec_bytes file, bool *ret_good)
{
    struct inspection in = {.trust = trust, .aad = aad, .kind = "unknown", .alg = SEC_ALG_NONE};
    in.details = cJSON_CreateObject();
    look(file, &in);
    if (sec_ok(in.status))
        in.status = judge_signature(&in);
    *ret_good = sec_ok(in.status);
    return assemble(&in);
}

static int print_and_delete(cJSON *json, int exit_code)
{
    char *text = json ? cJSON_Print(json) : NULL;
    if (!text || !json_put(stdout, text) || fflush(stdout) != 0)
        exit_code = 3;
    cJSON_free(text);
    cJSON_Delete(json);
    return exit_code;
}

static int environment_failed(const char *object, sec_status status)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "kind", "unknown");
    cJSON_AddStringToObject(json, "signature", "none");
    cJSON_AddItemToObject(json, "alg", cJSON_CreateNull());
    cJSON_AddStringToObject(json, "error", sec_status_word(status));
    cJSON_AddStringToObject(json, "error_text", sec_status_text(status));
    fprintf(stderr, "%s: inspect: %s\n", object, sec_status_text(status));
    return print_and_delete(json, 3);
}

static void print_usage(FILE *to)
{
    fputs("usage: securable inspect [--trust KEY.pem]... [--aad HEX] FILE\n"
          "\n"
          "Prints one JSON object: kind, signature (valid, invalid, unchecked, none), alg, error, and what the file holds.\n"
          "Knows statements of Securable, SUIT envelopes, COSE_Sign1 and COSE_Sign.\n"
          "\n"
          "  --trust KEY.pem  a public key (PEM) that may have signed the file; may be given several times\n"
          "  --aad HEX        the external associated data that was signed with a COSE message\n"
          "\n"
          "Exit codes: 0 well-formed, all digests right, and, with --trust, signed by one of the keys; 1 not;\n"
          "2 usage; 3 environment.\n",
          to);
}

static int usage_failed(void)
{
    print_usage(stderr);
    return 2;
}

static bool take_aad(struct options *options, struct sec_bytes hex)
{
    size_t len = hex.len / 2;
    return hex.len % 2 == 0 && len <= sizeof options->aad &&
           sec_ok(sec_hex_parse(hex, sec_room(options->aad, len), &options->aad_len));
}

/* 0 to go on, or an exit code plus one. */
static int take_option(struct options *options, int option)
{
    sec_status status;
    switch (option) {
    case 't':
        status = trust_add_file(&options->trust, optarg);
        return sec_ok(status) ? 0 : environment_failed(optarg, status) + 1;
    case 'a':
        return take_aad(options, sec_bytes_of_str(optarg)) ? 0 : usage_failed() + 1;
    case 'h':
        print_usage(stdout);
        return 1;
    default:
        return usage_failed() + 1;
    }
}

static int take_options(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"trust", required_argument, NULL, 't'},
        {"aad", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        int stop = take_option(options, option);
        if (stop != 0)
            return stop;
    }
    if (optind + 1 != argc)
        return usage_failed() + 1;
    options->file = argv[optind];
    return 0;
}

static sec_status read_file(const char *path, uint8_t **ret_data, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return sec_st(SEC_NOT_FOUND);
    size_t size = 65536, len = 0;
    uint8_t *data = malloc(size);
    while (data && !feof(file) && !ferror(file) && len <= INSPECT_FILE_MAX_BYTES) {
        if (len == size) {
            uint8_t *larger = realloc(data, size *= 2);
            if (!larger)
                break;
            data = larger;
        }
        len += fread(&data[len], 1, size - len, file);
    }
    bool failed = !data || ferror(file) || (!feof(file) && len <= INSPECT_FILE_MAX_BYTES);
    fclose(file);
    if (failed || len > INSPECT_FILE_MAX_BYTES) {
        free(data);
        return sec_st(failed ? SEC_IO_FAILED : SEC_TOO_LARGE);
    }
    *ret_data = data;
    *ret_len = len;
    return sec_st(SEC_OK);
}

static int inspect_file(const struct options *options)
{
    uint8_t *data;
    size_t len;
    bool good = false;
    sec_status status = read_file(options->file, &data, &len);
    if (!sec_ok(status))
        return environment_failed(options->file, status);
    cJSON *json = inspect_bytes(&options->trust, sec_bytes(options->aad, options->aad_len), sec_bytes(data, len), &good);
    int exit_code = print_and_delete(json, good ? 0 : 1);
    free(data);
    return exit_code;
}

int cli_inspect(int argc, char **argv)
{
    static struct options options;
    options = (struct options){.file = NULL};
    int stop = take_options(&options, argc, argv);
    int exit_code = stop != 0 ? stop - 1 : inspect_file(&options);
    trust_done(&options.trust);
    return exit_code;
}
