/* SPDX-License-Identifier: Apache-2.0 */
#include "log_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A commit may be half written while we read: then another look sees it whole. */
#define TRIES_MAX_COUNT 5

static int open_dir(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int log_source_open(struct cli *cli, const char *dir, bool may_miss, struct log_source **ret_source)
{
    struct log_source *source = (struct log_source *)(void *)cli_room(cli, sizeof *source).data;
    const char *inside = files_join(cli, dir, "journal");
    /* A state directory, also one whose journal is gone, has an identity; anything else is taken for a journal
     * directory. */
    bool state = files_is_dir(inside) || files_is_dir(files_join(cli, dir, "identity"));
    const char *around = state ? dir : files_join(cli, dir, "..");
    source->name = dir;
    source->journal = state ? inside : dir;
    source->keys = files_join(cli, around, "keys");
    source->idevid = files_join(cli, around, "identity/idevid.der");
    source->overlay.cli = cli;
    int fd = open_dir(source->journal);
    if (fd < 0 && !(may_miss && errno == ENOENT))
        return cli_environment(source->journal, "open", "%s", strerror(errno));
    source->there = fd >= 0;
    if (source->there) {
        CLI_TRY(cli_failed(source->journal, "open", sec_file_storage_open(&source->files, fd, true)));
        source->storage = sec_file_storage_port(&source->files);
        source->overlay.below = &source->storage;
    }
    source->looking = overlay_port(&source->overlay);
    *ret_source = source;
    return CLI_DONE;
}

int log_source_key(struct cli *cli, const struct log_source *source, const char *key, struct sec_public_key *ret_key,
                   const char **ret_path)
{
    *ret_path = key ? key : source->idevid;
    if (!key && !files_exists(source->idevid))
        return cli_environment(source->name, "key", "no %s; name the device's public key with --key", source->idevid);
    /* A hub's owner has its journal key as a whole; the public half of either is what counts. */
    bool is_private;
    return material_any_key(cli, *ret_path, ret_key, &is_private);
}

/* --- slot keys, for opening alone ------------------------------------------------------------------------------ */

static sec_status refuse_make(void *ctx, uint64_t number)
{
    (void)ctx;
    (void)number;
    return sec_st(SEC_REFUSED_BY_PORT);
}

static sec_status refuse_destroy(void *ctx, uint64_t number, enum sec_destroy_grade *ret_grade)
{
    (void)ctx;
    (void)number;
    (void)ret_grade;
    return sec_st(SEC_REFUSED_BY_PORT);
}

static sec_status refuse_sign(void *ctx, const struct sec_bytes *parts, size_t parts_count,
                              struct sec_signature *ret_signature)
{
    (void)ctx;
    (void)parts;
    (void)parts_count;
    (void)ret_signature;
    return sec_st(SEC_REFUSED_BY_PORT);
}

static sec_status no_unwrap(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_wrapped_key *wrapped,
                            struct sec_aead_key *ret_key)
{
    (void)ctx;
    (void)number;
    (void)aad;
    (void)wrapped;
    (void)ret_key;
    return sec_st(SEC_NOT_FOUND);
}

static void open_keys(struct cli *cli, struct log_source *source, const struct sec_public_key *key)
{
    struct sec_signer identity = {NULL, *key, refuse_sign};
    /* Not sec_file_keystore_open(): it clears away what a cut left, and nothing is changed here. */
    source->file_keys = (struct sec_file_keystore){open_dir(source->keys), &cli->crypto, identity};
    source->keystore = sec_file_keystore_port(&source->file_keys);
    source->keystore.make = refuse_make;
    source->keystore.destroy = refuse_destroy;
    if (source->file_keys.dir_fd < 0) {
        source->keystore.unwrap = no_unwrap;
        fprintf(stderr, "%s: slot keys: %s; sealed records stay closed\n", source->keys, strerror(errno));
    }
}

/* --- the journal ------------------------------------------------------------------------------------------------ */

static sec_status pass_record(void *ctx, const struct sec_journal_record *record)
{
    (void)ctx;
    (void)record;
    return sec_st(SEC_OK);
}

static sec_status open_once(struct cli *cli, struct log_source *source, const struct sec_public_key *key,
                            struct sec_room work)
{
    const struct sec_journal_visitor visitor = {NULL, pass_record, NULL};
    struct sec_journal_config config = {.storage = &source->looking,
                                        .keystore = &source->keystore,
                                        .crypto = &cli->crypto,
                                        .segment_bytes = 256u * source->looking.block_bytes};
    struct sec_device_id id;
    SEC_TRY(sec_device_id_of_key(key, &cli->crypto.hasher, &id));
    sec_copy(config.log_id.b, id.b, sizeof id.b);
    return sec_journal_open(&source->journal_state, &config, work, &visitor, &source->found);
}

int log_source_journal(struct cli *cli, struct log_source *source, const struct sec_public_key *key)
{
    struct sec_room work = cli_room(cli, SEC_JOURNAL_WORK_BYTES);
    sec_status status = sec_st(SEC_OK);
    open_keys(cli, source, key);
    for (unsigned try = 0; try < TRIES_MAX_COUNT; try++) {
        source->overlay.changes = NULL;
        source->overlay.newest = NULL;
        source->overlay.changes_count = 0;
        status = open_once(cli, source, key, work);
        if (!sec_is(status, SEC_TAMPERED))
            break;
    }
    if (sec_is(status, SEC_TAMPERED))
        return cli_refused(source->name, "journal", "%s; see securable log verify", sec_status_text(status));
    return cli_failed(source->name, "journal", status);
}
