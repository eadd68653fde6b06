/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox.h"

#include "commands.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST_HEX_BYTES 64u
#define ITEMS_MAX_COUNT 4096u
#define NOTE_MAX_BYTES (1u << 20)

/* --- folder and files --------------------------------------------------------------------------------------- */

static int make_dirs(struct cli *cli, const char *dir)
{
    struct sec_room room = cli_room(cli, strlen(dir) + 1);
    (void)sec_bytes_copy(room, sec_bytes_of_str(dir));
    char *path = (char *)room.data;
    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        (void)mkdir(path, 0700);
        path[i] = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return cli_environment(dir, "outbox", "%s", strerror(errno));
    return files_is_dir(dir) ? CLI_DONE : cli_environment(dir, "outbox", "is no directory");
}

int outbox_open(struct cli *cli, const char **ret_dir)
{
    const char *dir = cli_get(cli, "outbox"), *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (!dir)
        dir = getenv("SECURABLE_OUTBOX");
    if (!dir && state && state[0] == '/')
        dir = files_join(cli, state, "securable/outbox");
    if (!dir && home && home[0] == '/')
        dir = files_join(cli, home, ".local/state/securable/outbox");
    if (!dir)
        return cli_usage("securable", "outbox", "where? --outbox DIR, or $SECURABLE_OUTBOX");
    *ret_dir = dir;
    return make_dirs(cli, dir);
}

static const char *file_of(struct cli *cli, const char *dir, const char *digest, const char *ending)
{
    return cli_format(cli, "%s/%s%s", dir, digest, ending);
}

int outbox_write_note(struct cli *cli, const char *dir, const char *digest, const cJSON *note)
{
    char *text = cJSON_Print(note);
    if (!text)
        return cli_environment(digest, "outbox", "no memory");
    int code = files_write(file_of(cli, dir, digest, ".json"), 0600, sec_bytes_of_str(text));
    free(text);
    return code;
}

int outbox_put(struct cli *cli, const char *dir, const char *digest, struct sec_bytes statement, cJSON *note)
{
    CLI_TRY(files_write(file_of(cli, dir, digest, ".cose"), 0600, statement));
    if (files_exists(file_of(cli, dir, digest, ".json")))
        return CLI_DONE;
    return outbox_write_note(cli, dir, digest, note);
}

int outbox_write_receipt(struct cli *cli, const char *dir, const char *digest, const char *device, struct sec_bytes receipt)
{
    return files_write(cli_format(cli, "%s/%s.%s.receipt", dir, digest, device), 0600, receipt);
}

int outbox_statement(struct cli *cli, const char *dir, const char *digest, struct sec_bytes *ret_statement)
{
    return files_read(cli, file_of(cli, dir, digest, ".cose"), SEC_STATEMENT_MAX_BYTES, ret_statement);
}

int outbox_note(struct cli *cli, const char *dir, const char *digest, cJSON **ret_note)
{
    struct sec_bytes text;
    const char *path = file_of(cli, dir, digest, ".json");
    CLI_TRY(files_read(cli, path, NOTE_MAX_BYTES, &text));
    *ret_note = cJSON_ParseWithLength((const char *)text.data, text.len);
    return *ret_note ? CLI_DONE : cli_refused(path, "outbox", "no note of ours");
}

/* --- items ----------------------------------------------------------------------------------------------------- */

struct item {
    const char *digest;
    const char *handed_in;
};

static int by_time(const void *a, const void *b)
{
    const struct item *one = a, *other = b;
    int order = strcmp(one->handed_in, other->handed_in);
    return order != 0 ? order : strcmp(one->digest, other->digest);
}

static bool is_note(const char *name)
{
    return strlen(name) == DIGEST_HEX_BYTES + 5 && strspn(name, "0123456789abcdef") == DIGEST_HEX_BYTES &&
           strcmp(&name[DIGEST_HEX_BYTES], ".json") == 0;
}

static int add_item(struct cli *cli, const char *dir, const char *name, struct item *item)
{
    cJSON *note;
    item->digest = cli_text(cli, sec_bytes((const uint8_t *)name, DIGEST_HEX_BYTES));
    CLI_TRY(outbox_note(cli, dir, item->digest, &note));
    const char *time = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(note, "handed_in"));
    item->handed_in = cli_text(cli, sec_bytes_of_str(time ? time : ""));
    cJSON_Delete(note);
    return CLI_DONE;
}

int outbox_items(struct cli *cli, const char *dir, const char ***ret_digests, size_t *ret_count)
{
    struct item *items = (struct item *)(void *)cli_room(cli, ITEMS_MAX_COUNT * sizeof *items).data;
    size_t count = 0;
    DIR *folder = opendir(dir);
    if (!folder)
        return cli_environment(dir, "outbox", "%s", strerror(errno));
    int code = CLI_DONE;
    for (struct dirent *entry; code == CLI_DONE && (entry = readdir(folder));) {
        if (!is_note(entry->d_name))
            continue;
        code = count < ITEMS_MAX_COUNT ? add_item(cli, dir, entry->d_name, &items[count])
                                       : cli_refused(dir, "outbox", "over %u items; drop old ones", ITEMS_MAX_COUNT);
        count += code == CLI_DONE;
    }
    closedir(folder);
    CLI_TRY(code);
    qsort(items, count, sizeof *items, by_time);
    const char **digests = (const char **)(void *)cli_room(cli, (count + 1) * sizeof *digests).data;
    for (size_t i = 0; i < count; i++)
        digests[i] = items[i].digest;
    *ret_digests = digests;
    *ret_count = count;
    return CLI_DONE;
}

cJSON *outbox_device(cJSON *note, const char *device)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(note, "devices"), *one;
    if (!list)
        list = cJSON_AddArrayToObject(note, "devices");
    cJSON_ArrayForEach(one, list)
    {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "id"));
        if (id && strcmp(id, device) == 0)
            return one;
    }
    one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "id", device);
    cJSON_AddBoolToObject(one, "receipt", false);
    cJSON_AddItemToArray(list, one);
    return one;
}

unsigned outbox_missing(const cJSON *note)
{
    unsigned missing = 0;
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(note, "devices"))
        missing += !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "receipt")) &&
                   !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "superseded"));
    return missing;
}

/* --- subcommands --------------------------------------------------------------------------------------------------- */

int cmd_outbox_list(struct cli *cli)
{
    const char *dir, **digests;
    size_t count;
    bool all = cli_get(cli, "all");
    CLI_TRY(outbox_open(cli, &dir));
    CLI_TRY(outbox_items(cli, dir, &digests, &count));
    cJSON *list = cJSON_CreateArray();
    unsigned without = 0;
    for (size_t i = 0; i < count; i++) {
        cJSON *note;
        int code = outbox_note(cli, dir, digests[i], &note);
        if (code != CLI_DONE) {
            cJSON_Delete(list);
            return code;
        }
        bool missing = outbox_missing(note) != 0;
        without += missing;
        cJSON_AddStringToObject(note, "digest", digests[i]);
        cJSON_DeleteItemFromObjectCaseSensitive(note, "format");
        if (missing || all)
            cJSON_AddItemToArray(list, note);
        else
            cJSON_Delete(note);
    }
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "outbox", dir);
    cli_add_number(facts, "without_receipt", without);
    cJSON_AddItemToObject(facts, "items", list);
    return cli_show(cli, facts, without ? CLI_REFUSED : CLI_DONE);
}

int cmd_outbox_drop(struct cli *cli)
{
    const char *dir, *digest = cli->operands[0];
    CLI_TRY(outbox_open(cli, &dir));
    if (strlen(digest) != DIGEST_HEX_BYTES || strspn(digest, "0123456789abcdef") != DIGEST_HEX_BYTES)
        return cli_usage(digest, "digest", "64 hex digits are wanted");
    const char *note = file_of(cli, dir, digest, ".json"), *statement = file_of(cli, dir, digest, ".cose");
    if (!files_exists(note))
        return cli_refused(digest, "outbox", "there is no such item");
    if (unlink(statement) != 0 && errno != ENOENT)
        return cli_environment(statement, "remove", "%s", strerror(errno));
    return unlink(note) == 0 ? CLI_DONE : cli_environment(note, "remove", "%s", strerror(errno));
}
