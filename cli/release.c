/* SPDX-License-Identifier: Apache-2.0 */
#include "release.h"

#include "commands.h"
#include "coswid.h"
#include "json_cbor.h"
#include "product_yaml.h"

#include <libgen.h>
#include <string.h>

#define COSWID_MAX_BYTES 2048u

/* --- reading --------------------------------------------------------------------------------------------- */

/* For looking without a key: digests and shape are checked all the same, and the caller says "unchecked". */
static sec_status accept_any(void *ctx, const struct sec_public_key *key, int64_t alg, const struct sec_bytes *parts,
                             size_t parts_count, struct sec_bytes signature)
{
    (void)ctx;
    (void)key;
    (void)alg;
    (void)parts;
    (void)parts_count;
    (void)signature;
    return sec_st(SEC_OK);
}

static sec_status parse(struct cli *cli, struct release *release, const struct sec_public_key *key)
{
    const struct sec_verifier nobody = {NULL, accept_any};
    bool ed25519 =
        release->envelope.statement.msg.alg == SEC_ALG_ED25519 || release->envelope.statement.msg.alg == SEC_ALG_EDDSA;
    const struct sec_public_key any = {.type = ed25519 ? SEC_KEY_ED25519 : SEC_KEY_P256};
    return sec_suit_release_parse(&release->envelope, key ? key : &any, key ? &cli->crypto.verifier : &nobody,
                                  &cli->crypto.hasher, &release->release);
}

int release_load(struct cli *cli, const char *path, const struct sec_public_key *key, struct release **ret_release)
{
    struct sec_bytes bytes;
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, &bytes));
    return release_of(cli, path, bytes, key, ret_release);
}

int release_of(struct cli *cli, const char *path, struct sec_bytes bytes, const struct sec_public_key *key, struct release **ret_release)
{
    struct release *release = (struct release *)(void *)cli_room(cli, sizeof *release).data;
    release->bytes = bytes;
    CLI_TRY(cli_failed(path, "release", sec_suit_release_open(release->bytes, &release->envelope)));
    CLI_TRY(cli_failed(path, "release", parse(cli, release, key)));
    CLI_TRY(cli_failed(path, "digest",
                       sec_statement_digest(&release->envelope.statement, release->envelope.authentication.signed_bytes,
                                            &cli->crypto.hasher, &release->digest)));
    CLI_TRY(material_product_of(cli, path, release->release.product_record, &release->product));
    if (key)
        CLI_TRY(material_verify(cli, path, &release->product->statement, key));
    *ret_release = release;
    return CLI_DONE;
}

/* --- making ---------------------------------------------------------------------------------------------- */

/* The component whose slots the image is for: the product's only one, or the one that is named. */
static int find_component(struct cli *cli, const struct sec_product *product, struct sec_bytes *ret_name)
{
    const char *wanted = cli_get(cli, "component");
    if (!wanted && product->components.count != 1)
        return cli_usage("securable", "release make", "the product has %zu components: name one with --component",
                         (size_t)product->components.count);
    for (size_t i = 0; i < product->components.count; i++) {
        struct sec_bytes name = sec_product_name_at(product, &product->components, i);
        if (!wanted || sec_bytes_equal(name, sec_bytes_of_str(wanted))) {
            *ret_name = name;
            return CLI_DONE;
        }
    }
    return cli_refused(wanted, "component", "the product has none of this name");
}

/* The tag's id follows from class, sequence number and image, so that making a release again gives the same tag. */
static int make_tag(struct cli *cli, const struct sec_product *product, struct sec_suit_release *release)
{
    struct coswid tag = {.software_name = product->facts.name,
                         .software_version = release->version,
                         .entity_name = product->facts.vendor_name,
                         .entity_domain = product->facts.vendor_domain,
                         .file_name = release->uri,
                         .file_size_bytes = release->image_size_bytes,
                         .file_digest = release->image_digest};
    uint8_t name_b[8 + 32];
    struct sec_uuid id;
    struct sec_wr name = sec_wr(SEC_ROOM(name_b));
    struct sec_wr wr = sec_wr(cli_room(cli, COSWID_MAX_BYTES));
    sec_wr_u64(&name, release->sequence_number);
    sec_wr_bytes(&name, sec_digest_bytes(&release->image_digest));
    CLI_TRY(cli_failed("CoSWID", "tag id", sec_product_uuid5(&product->facts.class_id, sec_wr_done(&name), &id)));
    sec_copy(tag.tag_id, id.b, sizeof tag.tag_id);
    coswid_encode(&tag, &wr);
    return cli_failed("CoSWID", "encode", sec_wr_end(&wr, &release->coswid));
}

static int describe(struct cli *cli, const struct material_product *product, struct sec_suit_release *release)
{
    const char *image = cli_get(cli, "image");
    const char *description = cli_get(cli, "description");
    char path[CLI_PATH_MAX_BYTES];
    if (strlen(image) >= sizeof path)
        return cli_usage(image, "image", "a path has at most %zu bytes", sizeof path - 1);
    CLI_TRY(cli_get_number(cli, "sequence", 0, INT64_MAX, &release->sequence_number));
    CLI_TRY(files_digest(cli, image, &release->image_digest, &release->image_size_bytes));
    if (release->image_size_bytes == 0)
        return cli_refused(image, "image", "is empty");
    CLI_TRY(find_component(cli, &product->product, &release->component));
    sec_copy(path, image, strlen(image) + 1);
    release->uri = sec_bytes_of_str(cli_format(cli, "%s", basename(path)));
    release->version = sec_bytes_of_str(cli_get(cli, "version"));
    release->description = sec_bytes_of_str(description ? description : "");
    sec_copy(release->vendor_id.b, product->product.facts.vendor_id.b, sizeof release->vendor_id.b);
    sec_copy(release->class_id.b, product->product.facts.class_id.b, sizeof release->class_id.b);
    release->product_record = product->bytes;
    return make_tag(cli, &product->product, release);
}

/* A device takes a release only when its product record was signed by the same key. */
static int check_signer(struct cli *cli, const struct material_product *product, const struct sec_private_key *key)
{
    struct sec_key_id id;
    CLI_TRY(material_key_id(cli, &key->key, &id));
    if (sec_key_id_equal(&id, &product->statement.kid))
        return material_verify(cli, cli_get(cli, "product"), &product->statement, &key->key);
    fprintf(stderr, "%s: signature: by another key than the release's; devices will refuse the release\n",
            cli_get(cli, "product"));
    return CLI_DONE;
}

int cmd_release_make(struct cli *cli)
{
    struct material_product *product;
    struct sec_private_key *key;
    struct sec_suit_release release = {0};
    CLI_TRY(material_product(cli, cli_get(cli, "product"), &product));
    CLI_TRY(material_private_key(cli, cli_get(cli, "key"), 0, &key));
    CLI_TRY(check_signer(cli, product, key));
    CLI_TRY(describe(cli, product, &release));
    struct sec_signer signer = sec_private_key_signer(key);
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_STATEMENT_MAX_BYTES));
    sec_status status = sec_suit_release_encode(&release, &signer, &cli->crypto.hasher, &wr);
    if (!sec_ok(status))
        return cli_failed(cli_get(cli, "out"), "release", status);
    CLI_TRY(files_write(cli_get(cli, "out"), 0644, sec_wr_done(&wr)));
    printf("%s: version %s, sequence %llu, image %s of %llu bytes travels beside it\n", cli_get(cli, "out"),
           cli_get(cli, "version"), (unsigned long long)release.sequence_number, cli_text(cli, release.uri),
           (unsigned long long)release.image_size_bytes);
    return CLI_DONE;
}

/* --- showing --------------------------------------------------------------------------------------------- */

int cmd_release_show(struct cli *cli)
{
    struct sec_public_key key;
    struct release *release;
    const char *trust = cli_get(cli, "key");
    if (trust)
        CLI_TRY(material_public_key(cli, trust, &key));
    CLI_TRY(release_load(cli, cli->operands[0], trust ? &key : NULL, &release));
    const struct sec_suit_release *said = &release->release;
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "signature", trust ? "valid" : "unchecked");
    cli_add_hex(facts, "signed_by", SEC_BYTES(release->envelope.statement.kid.b));
    cli_add_hex(facts, "digest", sec_digest_bytes(&release->digest));
    cli_add_text(facts, "version", said->version);
    cli_add_number(facts, "sequence", said->sequence_number);
    cli_add_text(facts, "description", said->description);
    cli_add_text(facts, "product", release->product->product.facts.name);
    cli_add_text(facts, "model", release->product->product.facts.model);
    cli_add_text(facts, "component", said->component);
    cli_add_text(facts, "image", said->uri);
    cli_add_number(facts, "image_bytes", said->image_size_bytes);
    cli_add_hex(facts, "image_digest", sec_digest_bytes(&said->image_digest));
    cli_add_hex(facts, "vendor_id", SEC_BYTES(said->vendor_id.b));
    cli_add_hex(facts, "class_id", SEC_BYTES(said->class_id.b));
    cJSON_AddStringToObject(facts, "coswid",
                            said->coswid.len       ? "present"
                            : said->coswid_severed ? "digest-only"
                                                   : "none");
    return cli_show(cli, facts, CLI_DONE);
}
