/* SPDX-License-Identifier: Apache-2.0 */
/* Showing the log, and taking its head away as evidence. */
#include "commands.h"
#include "json_cbor.h"
#include "log_source.h"
#include "record.h"
#include "target.h"

struct showing {
    struct cli *cli;
    bool json;
    bool failed;
};

static void show(struct showing *showing, const struct record_place *place, bool opened, struct sec_bytes content)
{
    cJSON *record = record_json(showing->cli, place, opened, content);
    char *text = showing->json ? cJSON_PrintUnformatted(record) : NULL;
    if (text)
        (void)json_put(stdout, text);
    else
        record_put_line(stdout, record);
    cJSON_free(text);
    cJSON_Delete(record);
    showing->failed = showing->failed || ferror(stdout);
}

/* --- from files ----------------------------------------------------------------------------------------------- */

static sec_status show_record(void *ctx, const struct sec_journal_record *record)
{
    struct showing *showing = ctx;
    const struct sec_record_header *header = &record->header;
    struct record_place place = {header->index, header->boot, header->epoch, header->record_class, header->seal};
    show(showing, &place, record->opened, record->content);
    return sec_st(showing->failed ? SEC_IO_FAILED : SEC_OK);
}

static int show_files(struct cli *cli, const char *dir, uint64_t from)
{
    struct log_source *source;
    struct sec_public_key key;
    const char *path;
    struct showing showing = {cli, cli_get(cli, "json") != NULL, false};
    const struct sec_journal_visitor visitor = {&showing, show_record, NULL};
    CLI_TRY(log_source_open(cli, dir, false, &source));
    CLI_TRY(log_source_key(cli, source, cli_get(cli, "key"), &key, &path));
    CLI_TRY(log_source_journal(cli, source, &key));
    if (source->found.fresh) {
        fprintf(stderr, "%s: journal: is empty\n", dir);
        return CLI_DONE;
    }
    if (source->found.cut_bytes)
        fprintf(stderr, "%s: journal: %llu bytes behind the last good record are not shown; see securable log verify\n",
                dir, (unsigned long long)source->found.cut_bytes);
    return cli_failed(dir, "journal", sec_journal_walk(&source->journal_state, from, &visitor));
}

/* --- through the door ------------------------------------------------------------------------------------------ */

/* Shows a page; `from` becomes the index behind it. */
static sec_status show_page(struct showing *showing, struct sec_bytes entries, uint64_t *from, size_t *ret_count)
{
    struct sec_cbor rd = sec_cbor(entries);
    size_t count = sec_cbor_array(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        struct record_place place = {0};
        struct sec_bytes content = {NULL, 0};
        sec_cbor_array_of(&rd, 5);
        place.index = sec_cbor_uint(&rd);
        place.boot = sec_cbor_uint(&rd);
        place.epoch = sec_cbor_uint(&rd);
        place.record_class = sec_cbor_uint(&rd);
        bool opened = !sec_cbor_is_null(&rd);
        if (opened)
            content = sec_cbor_bstr(&rd);
        else
            sec_cbor_null(&rd);
        if (sec_ok(rd.status) && place.index < *from)
            sec_cbor_fail(&rd, SEC_BAD_VALUE); /* a page that goes backwards would never end */
        if (!sec_ok(rd.status))
            break;
        show(showing, &place, opened, content);
        *from = place.index + 1;
    }
    *ret_count = count;
    return sec_cbor_end(&rd);
}

static int show_door(struct cli *cli, const char *name, uint64_t from)
{
    struct target *target;
    struct sec_bytes entries;
    struct showing showing = {cli, cli_get(cli, "json") != NULL, false};
    size_t count = 0;
    CLI_TRY(target_open(cli, name, TARGET_TIMEOUT_S, &target));
    do {
        CLI_TRY(target_failed(target, "log", sec_door_log_read(&target->door, from, &entries)));
        CLI_TRY(cli_failed(name, "log", show_page(&showing, entries, &from, &count)));
    } while (count > 0 && !showing.failed);
    target_close(target);
    return CLI_DONE;
}

int cmd_log_show(struct cli *cli)
{
    uint64_t from = 0;
    const char *name = cli->operands[0];
    CLI_TRY(cli_get_number(cli, "from", 0, INT64_MAX, &from));
    if (files_is_dir(name) && !cli_get(cli, "door"))
        return show_files(cli, name, from);
    if (!files_exists(name))
        return cli_environment(name, "open", "there is neither a directory nor a socket of this name");
    return show_door(cli, name, from);
}

/* --- head ------------------------------------------------------------------------------------------------------ */

static int head_of_files(struct cli *cli, const char *dir, struct sec_bytes *ret_head, struct sec_public_key *ret_key)
{
    struct log_source *source;
    const char *path;
    CLI_TRY(log_source_open(cli, dir, false, &source));
    CLI_TRY(log_source_key(cli, source, NULL, ret_key, &path));
    CLI_TRY(log_source_journal(cli, source, ret_key));
    *ret_head = sec_journal_head(&source->journal_state);
    return CLI_DONE;
}

static int head_of_door(struct cli *cli, struct target *target, struct sec_bytes *ret_head,
                        struct sec_public_key *ret_key)
{
    struct material_report *report;
    CLI_TRY(target_report(cli, target, sec_bytes(NULL, 0), NULL, &report));
    target_close(target);
    *ret_head = report->report.head;
    *ret_key = report->key;
    return CLI_DONE;
}

int cmd_log_head(struct cli *cli)
{
    const char *name = cli->operands[0], *out = cli_get(cli, "out");
    struct target *target;
    struct sec_bytes bytes;
    struct sec_public_key key;
    struct sec_head head;
    /* A device that runs is asked, so that what it has not written out yet is under the head. */
    if (target_runs(cli, name)) {
        CLI_TRY(target_open(cli, name, TARGET_TIMEOUT_S, &target));
        CLI_TRY(head_of_door(cli, target, &bytes, &key));
    } else if (files_is_dir(name)) {
        CLI_TRY(head_of_files(cli, name, &bytes, &key));
    } else {
        return cli_environment(name, "open", "neither a directory nor a socket that somebody listens at");
    }
    if (bytes.len == 0)
        return cli_refused(name, "head", "there is none yet");
    CLI_TRY(cli_failed(name, "head", sec_head_check(bytes, &key, &cli->crypto, &head)));
    CLI_TRY(files_write(out, 0644, bytes));
    printf("%s: %llu records, boot %u, epoch %llu\n", out, (unsigned long long)head.size, head.boot,
           (unsigned long long)head.epoch);
    return CLI_DONE;
}
