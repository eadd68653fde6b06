/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes devices and who owns them: directories with their keys. */
#include "certificate.h"
#include "commands.h"
#include "material.h"

#include <securable/access_forms.h>

#include <fcntl.h>
#include <time.h>

/* A directory is made under another name and gets its own when all is in it. */
static int begin_dir(struct cli *cli, const char *dir, const char **ret_making)
{
    if (files_exists(dir))
        return cli_refused(dir, "make directory", "it is there already");
    const char *making = cli_format(cli, "%s.new", dir);
    CLI_TRY(files_make_dir(making, 0700));
    *ret_making = making;
    return CLI_DONE;
}

static int end_dir(const char *making, const char *dir, int code)
{
    if (code == CLI_DONE)
        code = files_rename_new(making, dir);
    if (code != CLI_DONE)
        files_remove_tree(making);
    return code;
}

static int new_in(struct cli *cli, const char *dir, const char *name, struct sec_private_key **ret_key)
{
    return material_new_key(cli, files_join(cli, dir, name), SEC_KEY_P256, ret_key);
}

static void tell_key(struct cli *cli, const char *dir, const char *name, const struct sec_private_key *key)
{
    printf("%s/%s: id %s\n", dir, name, material_key_id_text(cli, &key->key));
}

/* --- maker ----------------------------------------------------------------------------------------------- */

struct maker_keys {
    struct sec_private_key *keys[SEC_ROOT_ROLES_COUNT]; /* keys[n - 1] for role n */
};
static const char *const maker_files[SEC_ROOT_ROLES_COUNT] = {"root.pem", "release.pem", "voucher.pem",
                                                              "device-ca.pem"};

static int make_roots(struct cli *cli, const char *dir, const struct maker_keys *maker)
{
    struct sec_roots *roots = (struct sec_roots *)(void *)cli_room(cli, sizeof *roots).data;
    struct sec_bytes body;
    roots->version = 1;
    for (unsigned i = 0; i < SEC_ROOT_ROLES_COUNT; i++) {
        roots->roles[i].keys.count = 1;
        roots->roles[i].keys.keys[0] = maker->keys[i]->key;
        roots->roles[i].required = 1;
    }
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_STATEMENT_MAX_BYTES));
    sec_roots_encode(roots, &wr);
    CLI_TRY(cli_failed(dir, "roots", sec_wr_end(&wr, &body)));
    return material_sign(cli, SEC_STATEMENT_ROOTS, maker->keys[SEC_ROOT_ROOT - 1], body,
                         files_join(cli, dir, "roots.cose"));
}

static int make_ca(struct cli *cli, const char *dir, const struct maker_keys *maker, const char *name)
{
    struct sec_room room = cli_room(cli, SEC_CERTIFICATE_MAX_BYTES);
    size_t len = 0;
    sec_status status = sec_certificate_make_ca(maker->keys[SEC_ROOT_DEVICE_CA - 1], sec_bytes_of_str(name),
                                                (int64_t)time(NULL), room, &len);
    if (!sec_ok(status))
        return cli_failed(name, "name of the CA", status);
    CLI_TRY(files_write(files_join(cli, dir, "ca.der"), 0644, sec_bytes(room.data, len)));
    return cli_failed(dir, "ca.pem",
                      sec_certificate_save(sec_bytes(room.data, len), AT_FDCWD, files_join(cli, dir, "ca.pem")));
}

static int fill_maker(struct cli *cli, const char *dir, struct maker_keys *maker)
{
    const char *name = cli_get(cli, "name");
    for (unsigned i = 0; i < SEC_ROOT_ROLES_COUNT; i++)
        CLI_TRY(new_in(cli, dir, maker_files[i], &maker->keys[i]));
    CLI_TRY(make_ca(cli, dir, maker, name ? name : "Device CA"));
    return make_roots(cli, dir, maker);
}

int cmd_maker_new(struct cli *cli)
{
    const char *dir = cli->operands[0], *making;
    struct maker_keys maker = {{NULL}};
    CLI_TRY(begin_dir(cli, dir, &making));
    CLI_TRY(end_dir(making, dir, fill_maker(cli, making, &maker)));
    for (unsigned i = 0; i < SEC_ROOT_ROLES_COUNT; i++)
        tell_key(cli, dir, maker_files[i], maker.keys[i]);
    printf("%s/roots.cose: the four, signed by root.pem; goes into every device\n", dir);
    printf("%s/ca.pem, ca.der: certificate of device-ca.pem; give it to whoever checks devices\n", dir);
    return CLI_DONE;
}

/* --- owner ----------------------------------------------------------------------------------------------- */

int cmd_owner_new(struct cli *cli)
{
    const char *dir = cli->operands[0], *making;
    struct sec_private_key *owner = NULL, *recovery = NULL;
    CLI_TRY(begin_dir(cli, dir, &making));
    int code = new_in(cli, making, "owner.pem", &owner);
    if (code == CLI_DONE)
        code = new_in(cli, making, "recovery.pem", &recovery);
    CLI_TRY(end_dir(making, dir, code));
    tell_key(cli, dir, "owner.pem", owner);
    tell_key(cli, dir, "recovery.pem", recovery);
    puts("Keep recovery.pem offline: it alone can bring in new owner keys.");
    return CLI_DONE;
}
