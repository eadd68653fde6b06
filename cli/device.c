/* SPDX-License-Identifier: Apache-2.0 */
/* The factory step: a device's state directory, and what its label says. */
#include "certificate.h"
#include "commands.h"
#include "release.h"

#include <securable/access_forms.h>

#include <fcntl.h>
#include <string.h>
#include <time.h>

#define LABEL_MAX_BYTES 1024u

static const char default_conf[] =
    "# Configuration of securabled; see securabled.conf(5). What stands here behind '#' is the default.\n"
    "#libexec            # empty: beside the program itself\n"
    "#hooks              hooks\n"
    "#slots              slots\n"
    "#socket             run/door.sock\n"
    "#socket-mode        0666\n"
    "#door-user          _securable-door\n"
    "#keeper-user        _securable-keeper\n"
    "#installer-user     _securable-installer\n"
    "#segment-bytes      1048576\n"
    "#payload-max-bytes  268435456\n"
    "#hook-timeout-s     30\n"
    "#install-timeout-s  600\n"
    "#watch-interval-s   60\n";

/* What the factory step puts together. */
struct making {
    const char *dir; /* under its temporary name */
    const char *maker;
    const char *image; /* null: the slot starts empty */
    struct sec_bytes roots_bytes;
    struct sec_roots roots;
    struct material_product *product;
    struct release *release; /* null: none */
    struct sec_private_key *identity;
    struct sec_device_id id;
    struct sec_bytes ca_der;
    struct sec_bytes idevid;
};

/* --- what comes in, checked before anything is made ------------------------------------------------------- */

static int load_roots(struct cli *cli, struct making *m)
{
    const char *path = files_join(cli, m->maker, "roots.cose");
    struct sec_statement statement;
    struct sec_public_key root;
    CLI_TRY(material_statement(cli, path, SEC_STATEMENT_ROOTS, &m->roots_bytes, &statement));
    CLI_TRY(cli_failed(path, "roots", sec_roots_parse(statement.msg.payload, &m->roots)));
    sec_status status = sec_roots_find(&m->roots, SEC_ROOT_ROOT, &statement.kid, &cli->crypto.hasher, &root);
    CLI_TRY(cli_failed(path, "root key", status));
    return material_verify(cli, path, &statement, &root);
}

static int load_product(struct cli *cli, struct making *m)
{
    const char *path = cli_get(cli, "product");
    struct sec_public_key key;
    CLI_TRY(material_product(cli, path, &m->product));
    sec_status status =
        sec_roots_find(&m->roots, SEC_ROOT_RELEASE, &m->product->statement.kid, &cli->crypto.hasher, &key);
    if (!sec_ok(status))
        return cli_failed(path, "release key of the roots", status);
    return material_verify(cli, path, &m->product->statement, &key);
}

static int load_release(struct cli *cli, struct making *m)
{
    const char *path = cli_get(cli, "release");
    struct sec_public_key key;
    struct sec_digest digest;
    uint64_t bytes = 0;
    m->image = cli_get(cli, "image");
    if (!path)
        return CLI_DONE;
    if (!m->image)
        return cli_usage("securable", "device make", "--release needs its --image");
    sec_status status =
        sec_roots_find(&m->roots, SEC_ROOT_RELEASE, &m->product->statement.kid, &cli->crypto.hasher, &key);
    CLI_TRY(cli_failed(path, "release key of the roots", status));
    CLI_TRY(release_load(cli, path, &key, &m->release));
    if (!sec_bytes_equal(m->release->release.product_record, m->product->bytes))
        return cli_refused(path, "product record", "is another than %s", cli_get(cli, "product"));
    CLI_TRY(files_digest(cli, m->image, &digest, &bytes));
    if (bytes != m->release->release.image_size_bytes || !sec_digest_equal(&digest, &m->release->release.image_digest))
        return cli_refused(m->image, "digest", "is not the image of %s (digest-mismatch)", path);
    return CLI_DONE;
}

/* --- what goes in ------------------------------------------------------------------------------------------ */

static int make_dirs(struct cli *cli, const struct making *m)
{
    static const struct {
        const char *name;
        mode_t mode;
    } dirs[] = {{"identity", 0755}, {"journal", 0700}, {"keys", 0700}, {"slots", 0755},
                {"spool", 0700},    {"run", 0755},     {"hooks", 0755}};
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
        CLI_TRY(files_make_dir(files_join(cli, m->dir, dirs[i].name), dirs[i].mode));
    return CLI_DONE;
}

static int put(struct cli *cli, const struct making *m, const char *name, struct sec_bytes bytes)
{
    return files_write(files_join(cli, m->dir, name), 0644, bytes);
}

static int issue_certificate(struct cli *cli, struct making *m)
{
    struct sec_private_key *ca;
    struct sec_room room = cli_room(cli, SEC_CERTIFICATE_MAX_BYTES);
    size_t len = 0;
    CLI_TRY(material_private_key(cli, files_join(cli, m->maker, "device-ca.pem"), SEC_KEY_P256, &ca));
    CLI_TRY(material_certificate(cli, files_join(cli, m->maker, "ca.der"), &m->ca_der));
    struct sec_idevid idevid = {.device = m->identity->key,
                                .serial_number = sec_bytes_of_str(material_hex(cli, SEC_BYTES(m->id.b))),
                                .not_before_s = (int64_t)time(NULL)};
    CLI_TRY(cli_failed(m->maker, "device certificate", sec_certificate_issue(ca, m->ca_der, &idevid, room, &len)));
    m->idevid = sec_bytes(room.data, len);
    return CLI_DONE;
}

static int make_identity(struct cli *cli, struct making *m)
{
    struct sec_private_key *key = &cli->keys[cli->keys_count++];
    CLI_TRY(cli_failed(m->dir, "identity key", sec_private_key_generate(key, &cli->openssl, SEC_KEY_P256)));
    m->identity = key;
    CLI_TRY(cli_failed(m->dir, "identity key",
                       sec_private_key_save(key, AT_FDCWD, files_join(cli, m->dir, "identity/identity-key.pem"))));
    CLI_TRY(cli_failed(m->dir, "device id", sec_device_id_of_key(&key->key, &cli->crypto.hasher, &m->id)));
    CLI_TRY(issue_certificate(cli, m));
    const char *id = material_hex(cli, SEC_BYTES(m->id.b));
    CLI_TRY(put(cli, m, "identity/identity-id", sec_bytes_of_str(cli_format(cli, "%s\n", id))));
    CLI_TRY(put(cli, m, "identity/idevid.der", m->idevid));
    CLI_TRY(put(cli, m, "identity/ca.der", m->ca_der));
    CLI_TRY(put(cli, m, "identity/roots.cose", m->roots_bytes));
    CLI_TRY(put(cli, m, "identity/product.cose", m->product->bytes));
    return m->release ? put(cli, m, "identity/release.suit", m->release->bytes) : CLI_DONE;
}

static const char *label_text(struct cli *cli, struct sec_bytes model, const struct sec_device_id *id)
{
    struct sec_room room = cli_room(cli, LABEL_MAX_BYTES);
    struct sec_wr wr = sec_wr(sec_room(room.data, room.len - 1));
    sec_label_encode(model, id, &wr);
    return (const char *)room.data;
}

static int fill(struct cli *cli, struct making *m)
{
    CLI_TRY(make_dirs(cli, m));
    CLI_TRY(make_identity(cli, m));
    const char *label = label_text(cli, m->product->product.facts.model, &m->id);
    CLI_TRY(put(cli, m, "identity/label.txt", sec_bytes_of_str(label)));
    CLI_TRY(put(cli, m, "slots/active", SEC_LIT("a\n")));
    CLI_TRY(put(cli, m, "slots/b", SEC_LIT("")));
    if (m->image)
        CLI_TRY(files_copy(m->image, files_join(cli, m->dir, "slots/a"), 0644));
    else
        CLI_TRY(put(cli, m, "slots/a", SEC_LIT("")));
    return put(cli, m, "securabled.conf", SEC_LIT(default_conf));
}

int cmd_device_make(struct cli *cli)
{
    struct making *m = (struct making *)(void *)cli_room(cli, sizeof *m).data;
    const char *dir = cli->operands[0];
    m->maker = cli_get(cli, "maker");
    if (files_exists(dir))
        return cli_refused(dir, "make directory", "it is there already");
    CLI_TRY(load_roots(cli, m));
    CLI_TRY(load_product(cli, m));
    CLI_TRY(load_release(cli, m));
    m->dir = cli_format(cli, "%s.new", dir);
    CLI_TRY(files_make_dir(m->dir, 0755));
    int code = fill(cli, m);
    if (code == CLI_DONE)
        code = files_rename_new(m->dir, dir);
    if (code != CLI_DONE) {
        files_remove_tree(m->dir);
        return code;
    }
    printf("%s: device %s\n", dir, material_hex(cli, SEC_BYTES(m->id.b)));
    fputs(label_text(cli, m->product->product.facts.model, &m->id), stdout);
    return CLI_DONE;
}

/* --- showing --------------------------------------------------------------------------------------------- */

int cmd_device_show(struct cli *cli)
{
    const char *dir = cli->operands[0];
    struct sec_device_id id;
    struct material_product *product;
    struct sec_bytes idevid, ca;
    struct sec_certificate_facts facts;
    uint8_t code_b[SEC_LABEL_CODE_BYTES];
    struct sec_wr label = sec_wr(SEC_ROOM(code_b));
    if (!files_is_dir(dir))
        return cli_environment(dir, "open", "no such directory");
    CLI_TRY(material_device_id(cli, dir, &id));
    CLI_TRY(material_product(cli, files_join(cli, dir, "identity/product.cose"), &product));
    CLI_TRY(material_certificate(cli, files_join(cli, dir, "identity/idevid.der"), &idevid));
    CLI_TRY(material_certificate(cli, files_join(cli, dir, "identity/ca.der"), &ca));
    sec_status checked = sec_certificate_check(idevid, ca, &facts);
    sec_label_code_encode(&id, &label);
    cJSON *json = cJSON_CreateObject();
    cli_add_hex(json, "device", SEC_BYTES(id.b));
    cli_add_text(json, "label", sec_wr_done(&label));
    cJSON_AddStringToObject(json, "certificate",
                            sec_ok(checked) ? "valid under identity/ca.der" : sec_status_word(checked));
    cli_add_text(json, "product", product->product.facts.name);
    cli_add_text(json, "model", product->product.facts.model);
    cli_add_text(json, "factory_version", product->product.facts.version);
    cJSON_AddBoolToObject(json, "factory_release", files_exists(files_join(cli, dir, "identity/release.suit")));
    return cli_show(cli, json, sec_ok(checked) ? CLI_DONE : CLI_REFUSED);
}

int cmd_device_label(struct cli *cli)
{
    const char *dir = cli->operands[0];
    struct sec_device_id id;
    struct material_product *product;
    if (!files_is_dir(dir))
        return cli_environment(dir, "open", "no such directory");
    CLI_TRY(material_device_id(cli, dir, &id));
    CLI_TRY(material_product(cli, files_join(cli, dir, "identity/product.cose"), &product));
    fputs(label_text(cli, product->product.facts.model, &id), stdout);
    return CLI_DONE;
}

int cmd_device_key(struct cli *cli)
{
    const char *dir = cli->operands[0], *out = cli_get(cli, "out");
    struct sec_public_key key;
    CLI_TRY(material_public_key(cli, files_join(cli, dir, "identity/idevid.der"), &key));
    sec_status status = sec_public_key_save(&key, AT_FDCWD, out);
    if (sec_is(status, SEC_EXISTS))
        return cli_refused(out, "public key", "it is there already; a key is never overwritten (exists)");
    CLI_TRY(cli_failed(out, "public key", status));
    printf("%s: device %s\n", out, material_key_id_text(cli, &key));
    return CLI_DONE;
}
