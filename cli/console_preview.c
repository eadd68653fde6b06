/* SPDX-License-Identifier: Apache-2.0 */
/* What a command would do, shown from device-signed facts; and the signature over exactly the bytes that were shown. */
#include "console_inside.h"

#include "command_inside.h"
#include "json_cbor.h"
#include "release.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARGS_MAX_COUNT 64u

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

int console_statement(struct console_request *r, const char *digest, struct sec_bytes *ret_bytes)
{
    struct hub_client *hub;
    struct hub_answer answer;
    struct sec_digest told;
    if (strlen(digest) != 64 || strspn(digest, "0123456789abcdef") != 64)
        return cli_usage("preview", "statement", "a digest of 64 hex digits is wanted");
    CLI_TRY(console_hub(r, &hub));
    CLI_TRY(hub_client_ask(hub, "GET", cli_format(r->cli, "/api/v1/statements/%s/bytes", digest), "*/*", NULL, sec_bytes(NULL, 0), &answer));
    if (!hub_statement_digest(r->cli, answer.body, &told) || strcmp(material_hex(r->cli, sec_digest_bytes(&told)), digest) != 0)
        return cli_refused(digest, "statement", "the hub brought another one");
    *ret_bytes = answer.body;
    return CLI_DONE;
}

int console_keep(struct console_building *b, enum sec_statement_kind kind, struct sec_bytes body)
{
    if (b->count == CONSOLE_DEVICES_MAX_COUNT)
        return cli_refused("preview", "devices", "more than %u at once", CONSOLE_DEVICES_MAX_COUNT);
    sec_wr_bytes(&b->wr, body);
    b->bodies[b->count++] = (struct console_body){kind, body.len};
    return b->wr.bad ? cli_refused("preview", "size", "the statements are too long together") : CLI_DONE;
}

/* --- one device --------------------------------------------------------------------------------------------------- */

/* What the console carries out; the rest is for who types. */
static const struct offered {
    const char *word;
    const char *attached; /* the member that names a statement or release; null: none */
} offered[] = {
    {"configuration.set", NULL},    {"configuration.reset", NULL}, {"configuration.confirm", "statement"}, {"configuration.revert", "statement"},
    {"update.install", "release"}, {"update.confirm", NULL},     {"update.revert", NULL},                {"protection.rotate", NULL},
};

static const struct offered *find_offered(const char *word)
{
    for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++) {
        if (strcmp(offered[i].word, word) == 0)
            return &offered[i];
    }
    return NULL;
}

static int take_args(struct console_building *b, struct making *m, const char **words)
{
    const cJSON *one, *args = cJSON_GetObjectItemCaseSensitive(b->asked, "args");
    const struct offered *row = find_offered(m->row->word);
    if (row->attached) {
        words[0] = text_of(b->asked, row->attached);
        m->operands_count = 1;
        return console_statement(b->r, words[0], &m->attached);
    }
    cJSON_ArrayForEach(one, args)
    {
        const char *word = cJSON_GetStringValue(one);
        if (!word || m->operands_count == ARGS_MAX_COUNT)
            return cli_usage("preview", "args", "at most %u texts are wanted", ARGS_MAX_COUNT);
        words[m->operands_count++] = word;
    }
    return CLI_DONE;
}

/* Lines that were told on stderr: what the device will refuse, or what was not checked. */
static void add_warnings(struct console_request *r, cJSON *json)
{
    const char *at = console_said(r);
    cJSON *list = cJSON_AddArrayToObject(json, "warnings");
    while (*at) {
        size_t len = strcspn(at, "\n");
        cJSON_AddItemToArray(list, json_text(sec_bytes((const uint8_t *)at, len)));
        at = &at[len + (at[len] == '\n')];
    }
}

static void add_command(struct console_building *b, struct making *m, cJSON *json)
{
    const struct sec_command *command = &m->command;
    cJSON *settings = cJSON_DetachItemFromObjectCaseSensitive(m->will, "settings");
    cJSON_AddStringToObject(json, "action", m->row->word);
    cli_add_number(json, "epoch", command->epoch);
    cli_add_number(json, "generation", command->generation);
    if (command->confirm_within_s)
        cli_add_number(json, "confirm_within_s", command->confirm_within_s);
    if (settings)
        cJSON_AddItemToObject(json, "changes", console_changes_json(b->r, m->report, settings));
    cJSON_Delete(settings);
    cJSON_AddItemToObject(json, "will", m->will);
    command_add_signer(m, &b->r->console->operator_key, "your key", json);
    add_warnings(b->r, json);
}

static int build(struct console_building *b, struct making *m, cJSON *json)
{
    const char *words[ARGS_MAX_COUNT];
    struct sec_bytes body;
    m->operands = words;
    CLI_TRY(take_args(b, m, words));
    m->will = cJSON_CreateObject();
    int code = command_build(m, &body);
    if (code == CLI_DONE)
        code = console_keep(b, SEC_STATEMENT_COMMAND, body);
    if (code != CLI_DONE) {
        cJSON_Delete(m->will);
        return code;
    }
    add_command(b, m, json);
    return CLI_DONE;
}

static int add_device(struct console_building *b, const char *device, struct command_options *options)
{
    struct console_request *r = b->r;
    struct making m = {.cli = r->cli, .options = options, .report_path = device};
    CLI_TRY(command_find(text_of(b->asked, "action"), &m.row));
    CLI_TRY(console_report(r, device, &m.report));
    m.product = &m.report->product->product;
    cJSON *json = console_device_json(r, m.report);
    cJSON_AddItemToArray(b->devices, json);
    return build(b, &m, json);
}

static int build_commands(struct console_building *b)
{
    struct command_options options = {.trust = b->r->console->trust};
    const cJSON *one, *list = cJSON_GetObjectItemCaseSensitive(b->asked, "devices"), *confirm = cJSON_GetObjectItemCaseSensitive(b->asked, "confirm_within");
    if (!find_offered(text_of(b->asked, "action")))
        return cli_usage(text_of(b->asked, "action"), "action", "is not one of the console's; `securable command` has them all");
    if (cJSON_IsNumber(confirm) && confirm->valuedouble >= 1 && confirm->valuedouble <= 30.0 * 86400.0)
        options.confirm_within_s = (uint64_t)confirm->valuedouble;
    if (cJSON_GetArraySize(list) == 0)
        return cli_usage("preview", "devices", "none is named");
    cJSON_ArrayForEach(one, list)
    {
        struct sec_device_id id;
        const char *device = cJSON_GetStringValue(one);
        if (!device || !sec_ok(sec_device_id_parse(sec_bytes_of_str(device), &id)))
            return cli_usage("preview", "devices", "a device id is wanted");
        CLI_TRY(add_device(b, device, &options));
    }
    return CLI_DONE;
}

/* --- what was shown -------------------------------------------------------------------------------------------------- */

/* A free place, or the one whose time is over; null when so many previews are open. */
static struct console_preview *take_place(struct console_shared *shared)
{
    for (size_t i = 0; i < CONSOLE_PREVIEWS_MAX_COUNT; i++) {
        struct console_preview *preview = &shared->previews[i];
        unsigned state = CONSOLE_PREVIEW_FREE;
        if (atomic_compare_exchange_strong(&preview->state, &state, CONSOLE_PREVIEW_BUSY))
            return preview;
        if (state == CONSOLE_PREVIEW_SHOWN && preview->until_s < (int64_t)time(NULL) &&
            atomic_compare_exchange_strong(&preview->state, &state, CONSOLE_PREVIEW_BUSY))
            return preview;
    }
    return NULL;
}

static int remember(struct console_building *b, cJSON *json)
{
    struct sec_digest digest;
    struct sec_bytes bodies = sec_wr_done(&b->wr);
    struct sec_hasher *hasher = &b->r->cli->crypto.hasher;
    struct console_preview *preview = take_place(b->r->console->shared);
    if (!preview)
        return cli_refused("preview", "count", "more than %u are open; they end by themselves after %d s", CONSOLE_PREVIEWS_MAX_COUNT, CONSOLE_PREVIEW_S);
    int code = console_secret(b->r->cli, preview->id);
    if (code == CLI_DONE)
        code = cli_failed("preview", "digest", hasher->digest(hasher->ctx, &bodies, 1, &digest));
    if (code != CLI_DONE) {
        atomic_store(&preview->state, CONSOLE_PREVIEW_FREE);
        return code;
    }
    preview->until_s = (int64_t)time(NULL) + CONSOLE_PREVIEW_S;
    preview->count = b->count;
    sec_copy(preview->bodies, b->bodies, sizeof b->bodies);
    sec_copy(preview->b, bodies.data, bodies.len);
    cJSON_AddStringToObject(json, "id", preview->id);
    cJSON_AddNumberToObject(json, "ends_in_s", CONSOLE_PREVIEW_S);
    cli_add_hex(json, "digest", sec_digest_bytes(&digest));
    atomic_store(&preview->state, CONSOLE_PREVIEW_SHOWN);
    return CLI_DONE;
}

void console_preview(struct console_request *r)
{
    struct console_building b = {.r = r, .wr = sec_wr(cli_room(r->cli, CONSOLE_PREVIEW_BYTES))};
    cJSON *json = cJSON_CreateObject(), *asked = cJSON_ParseWithLength((const char *)r->body.data, r->body.len);
    b.asked = asked;
    b.devices = cJSON_AddArrayToObject(json, "devices");
    const char *action = text_of(asked, "action");
    cJSON_AddStringToObject(json, "action", action);
    int code = strcmp(action, "approve") == 0 ? console_build_approval(&b) : build_commands(&b);
    if (code == CLI_DONE)
        code = remember(&b, json);
    cJSON_Delete(asked);
    if (code == CLI_DONE) {
        console_json(r, 200, json);
        return;
    }
    cJSON_Delete(json);
    console_failed(r, code);
}

/* --- signing ----------------------------------------------------------------------------------------------------------- */

static int sign_one(struct console_request *r, enum sec_statement_kind kind, struct sec_bytes body, cJSON *list)
{
    struct cli *cli = r->cli;
    struct sec_private_key *key;
    struct hub_client *hub;
    const char *digest;
    cJSON *note;
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_STATEMENT_MAX_BYTES));
    CLI_TRY(material_private_key(cli, r->console->key, 0, &key));
    struct sec_signer signer = sec_private_key_signer(key);
    CLI_TRY(cli_failed(r->console->key, "sign", sec_statement_sign(kind, &signer, &cli->crypto.hasher, body, &wr)));
    CLI_TRY(hub_keep(cli, r->console->outbox, sec_wr_done(&wr), NULL, 0, NULL, &digest, &note));
    cJSON_AddItemToArray(list, note);
    /* From here on it is signed and kept: a hub that does not take it is told of, and asked again from the outbox. */
    int code = console_hub(r, &hub);
    if (code == CLI_DONE)
        code = hub_hand_in(cli, hub, r->console->outbox, sec_wr_done(&wr), NULL, 0, NULL, digest, note);
    const char *said = console_said(r);
    cJSON_AddStringToObject(note, "digest", digest);
    if (code != CLI_DONE)
        cJSON_AddStringToObject(note, "problem", said);
    return CLI_DONE;
}

static struct console_preview *find_preview(struct console_shared *shared, const char *id)
{
    for (size_t i = 0; i < CONSOLE_PREVIEWS_MAX_COUNT; i++) {
        struct console_preview *preview = &shared->previews[i];
        unsigned state = CONSOLE_PREVIEW_SHOWN;
        if (atomic_load(&preview->state) != CONSOLE_PREVIEW_SHOWN || !sec_bytes_equal_secret(sec_bytes_of_str(preview->id), sec_bytes_of_str(id)))
            continue;
        /* Who takes it has it alone: nothing is signed twice. */
        return atomic_compare_exchange_strong(&preview->state, &state, CONSOLE_PREVIEW_BUSY) ? preview : NULL;
    }
    return NULL;
}

static int sign_all(struct console_request *r, const struct console_preview *preview, cJSON *list)
{
    if (preview->until_s < (int64_t)time(NULL))
        return cli_refused("sign", "preview", "its time is over; look at what it means now");
    struct sec_bytes bodies = sec_bytes(preview->b, sizeof preview->b);
    size_t at = 0;
    for (size_t i = 0; i < preview->count; i++) {
        CLI_TRY(sign_one(r, preview->bodies[i].kind, sec_bytes_part(bodies, at, preview->bodies[i].len), list));
        at += preview->bodies[i].len;
    }
    return CLI_DONE;
}

void console_sign(struct console_request *r)
{
    cJSON *asked = cJSON_ParseWithLength((const char *)r->body.data, r->body.len);
    struct console_preview *preview = find_preview(r->console->shared, text_of(asked, "preview"));
    cJSON_Delete(asked);
    if (!preview) {
        console_problem(r, 409, "Refused", "There is no such preview: it was signed, its time is over, or it never was.");
        return;
    }
    cJSON *json = cJSON_CreateObject();
    int code = sign_all(r, preview, cJSON_AddArrayToObject(json, "sent"));
    atomic_store(&preview->state, CONSOLE_PREVIEW_FREE);
    if (code == CLI_DONE) {
        console_json(r, 200, json);
        return;
    }
    cJSON_Delete(json);
    console_failed(r, code);
}
