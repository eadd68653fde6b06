/* SPDX-License-Identifier: Apache-2.0 */
#include "hub_send.h"

#include "certificate.h"
#include "commands.h"
#include "keeper_records.h"
#include "json_cbor.h"
#include "rebase.h"
#include "receipt.h"
#include "record.h"

#include <securable/access_forms.h>
#include <securable/suit.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLL_US 250000u
#define WAIT_DEFAULT_S 30u

int hub_open(struct cli *cli, struct hub_client **ret_client)
{
    const struct hub_login login = {cli_get(cli, "hub"), cli_get(cli, "hub-ca"), cli_get(cli, "login"), NULL};
    if (!login.url)
        return cli_usage("securable", "hub", "which? --hub URL");
    return hub_client_open(cli, &login, ret_client);
}

bool hub_statement_digest(struct cli *cli, struct sec_bytes bytes, struct sec_digest *ret_digest)
{
    struct sec_suit_release_envelope release;
    struct sec_statement statement;
    if (sec_ok(sec_suit_release_open(bytes, &release)))
        return sec_ok(sec_statement_digest(&release.statement, release.authentication.signed_bytes, &cli->crypto.hasher,
                                           ret_digest));
    return sec_ok(sec_statement_parse(bytes, &statement)) &&
           sec_ok(sec_statement_digest(&statement, statement.msg.payload, &cli->crypto.hasher, ret_digest));
}

int hub_device_key(struct cli *cli, struct hub_client *client, const char *device, struct sec_public_key *ret_key)
{
    struct hub_answer answer;
    struct sec_device_id id, proved;
    CLI_TRY(material_device_id(cli, device, &id));
    const char *path = cli_format(cli, "/api/v1/devices/%s/idevid", device);
    CLI_TRY(hub_client_ask(client, "GET", path, "application/pkix-cert", NULL, sec_bytes(NULL, 0), &answer));
    struct sec_public_key key;
    CLI_TRY(cli_failed(device, "device certificate", sec_certificate_key(answer.body, &key)));
    CLI_TRY(cli_failed(device, "device id", sec_device_id_of_key(&key, &cli->crypto.hasher, &proved)));
    if (!sec_device_id_equal(&id, &proved))
        return cli_refused(device, "device certificate", "the hub brought a key that is not this device's");
    *ret_key = key;
    return CLI_DONE;
}

/* --- handing in ------------------------------------------------------------------------------------------------ */

static int upload(struct cli *cli, struct hub_client *client, const char *payload)
{
    struct sec_digest digest;
    struct hub_answer answer;
    uint64_t size;
    CLI_TRY(files_digest(cli, payload, &digest, &size));
    int fd = open(payload, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_environment(payload, "open", "%s", strerror(errno));
    int code = hub_client_upload(client, cli_format(cli, "/api/v1/payloads/%s", material_hex(cli, sec_digest_bytes(&digest))), fd, size, &answer);
    close(fd);
    return code;
}

static cJSON *first_note(struct cli *cli, struct sec_bytes bytes, const char *payload)
{
    cJSON *note = cJSON_CreateObject();
    struct sec_statement statement;
    struct sec_command command;
    const char *hub = cli_get(cli, "hub");
    cli_add_number(note, "format", 1);
    cJSON_AddStringToObject(note, "hub", hub ? hub : "");
    bool plain = sec_ok(sec_statement_parse(bytes, &statement));
    cJSON_AddStringToObject(note, "kind", plain ? sec_statement_word(statement.kind) : "release");
    if (plain && statement.kind == SEC_STATEMENT_COMMAND && sec_ok(sec_command_parse(statement.msg.payload, &command))) {
        cJSON_AddStringToObject(note, "action", sec_action_word(command.action));
        cli_add_number(note, "generation", command.generation);
    }
    cli_add_time(cli, note, "handed_in", (int64_t)time(NULL));
    if (payload)
        cJSON_AddStringToObject(note, "payload", payload);
    return note;
}

static const char *post_path(struct cli *cli, const char *const *devices, size_t count)
{
    const char *path = "/api/v1/statements";
    for (size_t i = 0; i < count; i++)
        path = cli_format(cli, "%s%cdevice=%s", path, i ? '&' : '?', devices[i]);
    return path;
}

static int post(struct cli *cli, struct hub_client *client, struct sec_bytes bytes, const char *path, cJSON *note)
{
    struct hub_answer answer;
    bool release = bytes.len > 1 && bytes.data[0] == 0xd8 && bytes.data[1] == SEC_SUIT_TAG_ENVELOPE;
    CLI_TRY(hub_client_ask(client, "POST", path, NULL, release ? "application/suit-envelope+cbor" : "application/cose", bytes, &answer));
    const cJSON *one, *given = cJSON_GetObjectItemCaseSensitive(answer.json, "devices");
    cJSON_ArrayForEach(one, given)
    {
        struct sec_device_id id;
        const char *text = cJSON_GetStringValue(one);
        if (text && sec_ok(sec_device_id_parse(sec_bytes_of_str(text), &id)))
            (void)outbox_device(note, text);
    }
    if (cJSON_GetArraySize(given) == 0)
        fprintf(stderr, "%s: devices: the hub knows none that this is for\n", cli_get(cli, "hub") ? cli_get(cli, "hub") : "hub");
    return CLI_DONE;
}

/* Whom a command names is known without the hub, so that it cannot leave one out unnoticed. */
static void add_named(struct cli *cli, struct sec_bytes bytes, cJSON *note)
{
    struct sec_statement statement;
    struct sec_command command;
    if (!sec_ok(sec_statement_parse(bytes, &statement)) || statement.kind != SEC_STATEMENT_COMMAND ||
        !sec_ok(sec_command_parse(statement.msg.payload, &command)) || command.audience.by_match)
        return;
    for (size_t i = 0; i < command.audience.count; i++)
        (void)outbox_device(note, material_hex(cli, sec_audience_id_at(&command.audience, i)));
}

int hub_keep(struct cli *cli, const char *dir, struct sec_bytes bytes, const char *const *devices, size_t devices_count, const char *payload,
             const char **ret_digest, cJSON **ret_note)
{
    struct sec_digest digest;
    if (!hub_statement_digest(cli, bytes, &digest))
        return cli_refused("statement", "hand in", "the file is neither a statement nor a release");
    const char *hex = material_hex(cli, sec_digest_bytes(&digest));
    cJSON *note = first_note(cli, bytes, payload);
    add_named(cli, bytes, note);
    for (size_t i = 0; i < devices_count; i++)
        (void)outbox_device(note, devices[i]);
    int code = outbox_put(cli, dir, hex, bytes, note);
    if (code != CLI_DONE) {
        cJSON_Delete(note);
        return code;
    }
    *ret_digest = hex;
    *ret_note = note;
    return CLI_DONE;
}

int hub_hand_in(struct cli *cli, struct hub_client *client, const char *dir, struct sec_bytes bytes, const char *const *devices,
                size_t devices_count, const char *payload, const char *digest, cJSON *note)
{
    if (payload)
        CLI_TRY(upload(cli, client, payload));
    CLI_TRY(post(cli, client, bytes, post_path(cli, devices, devices_count), note));
    return outbox_write_note(cli, dir, digest, note);
}

/* --- what became of it --------------------------------------------------------------------------------------------- */

static void set(cJSON *object, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddItemToObject(object, name, value);
}

/* Whether the receipt shows that this command can no longer be taken: its generation, or a later one of its topic, is another's. */
static bool supersedes(struct cli *cli, const char *dir, const char *digest, struct sec_bytes content)
{
    struct sec_bytes bytes;
    struct sec_statement statement;
    struct sec_command command;
    struct keeper_record record;
    if (outbox_statement(cli, dir, digest, &bytes) != CLI_DONE || !sec_ok(sec_statement_parse(bytes, &statement)) ||
        statement.kind != SEC_STATEMENT_COMMAND || !sec_ok(sec_command_parse(statement.msg.payload, &command)))
        return false;
    return sec_ok(keeper_record_parse(content, &record)) && record.topic == command.topic && record.generation >= command.generation;
}

/* A receipt that says what was decided on this statement; of another one it is told, and counts only for what it supersedes. */
static int take_receipt(struct cli *cli, struct hub_client *client, const char *dir, const char *digest, const char *device, cJSON *entry)
{
    struct hub_answer answer;
    struct sec_public_key key;
    struct sec_receipt receipt;
    struct sec_digest told;
    sec_status code;
    const char *path = cli_format(cli, "/api/v1/statements/%s/receipts/%s", digest, device);
    CLI_TRY(hub_client_ask(client, "GET", path, "application/cbor", NULL, sec_bytes(NULL, 0), &answer));
    CLI_TRY(hub_device_key(cli, client, device, &key));
    CLI_TRY(receipt_check(cli, device, answer.body, &key, &receipt));
    bool about = record_decided(receipt.content, &code, &told) &&
                 strcmp(material_hex(cli, sec_digest_bytes(&told)), digest) == 0;
    CLI_TRY(outbox_write_receipt(cli, dir, digest, device, answer.body));
    set(entry, "decision", receipt_json(cli, &receipt));
    if (!about) {
        set(entry, "word", cJSON_CreateString("generation-used"));
        set(entry, "superseded", cJSON_CreateBool(supersedes(cli, dir, digest, receipt.content)));
        return CLI_DONE;
    }
    set(entry, "receipt", cJSON_CreateTrue());
    set(entry, "code", cJSON_CreateNumber(code.code));
    set(entry, "word", cJSON_CreateString(sec_status_word(code)));
    return CLI_DONE;
}

int hub_collect(struct cli *cli, struct hub_client *client, const char *dir, const char *digest, cJSON *note)
{
    struct hub_answer answer;
    CLI_TRY(hub_client_ask(client, "GET", cli_format(cli, "/api/v1/statements/%s", digest), NULL, NULL, sec_bytes(NULL, 0), &answer));
    cJSON *deliveries = cJSON_DetachItemFromObjectCaseSensitive(answer.json, "deliveries");
    const cJSON *one;
    int code = CLI_DONE;
    cJSON_ArrayForEach(one, deliveries)
    {
        struct sec_device_id id;
        const char *device = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "device"));
        const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "word"));
        if (!device || !sec_ok(sec_device_id_parse(sec_bytes_of_str(device), &id)))
            continue;
        cJSON *entry = outbox_device(note, device);
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(entry, "receipt")))
            continue;
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "receipt")))
            code = take_receipt(cli, client, dir, digest, device, entry);
        else if (word)
            set(entry, "hub_says", cJSON_CreateString(word));
        if (code != CLI_DONE)
            break;
    }
    cJSON_Delete(deliveries);
    return code != CLI_DONE ? code : outbox_write_note(cli, dir, digest, note);
}

/* --- subcommands ------------------------------------------------------------------------------------------------------ */

/* All receipts there, or a device's word by the hub that no receipt will follow. */
static bool settled(const cJSON *note)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(note, "devices"))
    {
        if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "receipt")) && !cJSON_GetObjectItemCaseSensitive(one, "hub_says") &&
            !cJSON_GetObjectItemCaseSensitive(one, "word"))
            return false;
    }
    return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(note, "devices")) > 0;
}

static int exit_of(const cJSON *note)
{
    int code = outbox_missing(note) || cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(note, "devices")) == 0 ? CLI_ENVIRONMENT : CLI_DONE;
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(note, "devices"))
    {
        const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "word"));
        const char *says = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "hub_says"));
        word = word ? word : says;
        if (word && strcmp(word, "ok") != 0 && strcmp(word, "already-decided") != 0 && strcmp(word, "pending") != 0)
            return CLI_REFUSED;
    }
    return code;
}

/* The one device that says the generation is used; null when there is none, or when there are several. */
static const char *beaten_by_another(const cJSON *note)
{
    const cJSON *one, *list = cJSON_GetObjectItemCaseSensitive(note, "devices");
    if (cJSON_GetArraySize(list) != 1)
        return NULL;
    one = list->child;
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "word"));
    const char *says = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "hub_says"));
    word = word ? word : says;
    return word && strcmp(word, "generation-used") == 0 ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "id")) : NULL;
}

struct sending {
    struct cli *cli;
    struct hub_client *client;
    const char *dir;
    const char *devices[CLI_VALUES_MAX_COUNT];
    size_t devices_count;
    uint64_t wait_s;
    const char *digest;
    cJSON *note;
};

/* In the outbox before anybody is asked: a hub that is away, or says no, is a reason to try again. */
static int keep(struct sending *s, struct sec_bytes bytes)
{
    cJSON_Delete(s->note);
    s->note = NULL;
    return hub_keep(s->cli, s->dir, bytes, s->devices, s->devices_count, cli_get(s->cli, "payload"), &s->digest, &s->note);
}

static int hand_in_and_wait(struct sending *s, struct sec_bytes bytes)
{
    CLI_TRY(hub_hand_in(s->cli, s->client, s->dir, bytes, s->devices, s->devices_count, cli_get(s->cli, "payload"), s->digest, s->note));
    for (time_t until = time(NULL) + (time_t)s->wait_s;;) {
        CLI_TRY(hub_collect(s->cli, s->client, s->dir, s->digest, s->note));
        if (settled(s->note) || time(NULL) >= until)
            return CLI_DONE;
        usleep(POLL_US);
    }
}

static int send_again(struct sending *s, struct sec_bytes bytes, const char *device)
{
    struct material_report *report;
    struct sec_bytes again;
    struct sec_room nonce = cli_room(s->cli, 32);
    const char *id = cli_text(s->cli, sec_bytes_of_str(device));
    CLI_TRY(cli_failed("random", "nonce", s->cli->crypto.random(s->cli->crypto.ctx, nonce)));
    CLI_TRY(hub_client_report(s->client, id, sec_bytes(nonce.data, nonce.len), cli_get(s->cli, "ca"), (unsigned)s->wait_s, &report));
    CLI_TRY(rebase_command(s->cli, bytes, report, cli_get(s->cli, "again"), &again));
    CLI_TRY(keep(s, again));
    return hand_in_and_wait(s, again);
}

static int take_devices(struct sending *s)
{
    s->devices_count = cli_count(s->cli, "device");
    for (size_t i = 0; i < s->devices_count; i++) {
        struct sec_device_id id;
        CLI_TRY(material_device_id(s->cli, cli_get_at(s->cli, "device", i), &id));
        s->devices[i] = material_hex(s->cli, SEC_BYTES(id.b));
    }
    return CLI_DONE;
}

int hub_send(struct cli *cli)
{
    struct sending *s = (struct sending *)(void *)cli_room(cli, sizeof *s).data;
    struct sec_bytes bytes;
    s->cli = cli;
    s->wait_s = WAIT_DEFAULT_S;
    if (cli->operands_count != 1)
        return cli_usage("securable", "send", "by a hub FILE alone is wanted; receivers are in it, or named by --device");
    CLI_TRY(take_devices(s));
    CLI_TRY(cli_get_number(cli, "wait", 0, 86400, &s->wait_s));
    CLI_TRY(files_read(cli, cli->operands[0], SEC_STATEMENT_MAX_BYTES, &bytes));
    CLI_TRY(outbox_open(cli, &s->dir));
    CLI_TRY(keep(s, bytes));
    int code = hub_open(cli, &s->client);
    if (code != CLI_DONE) {
        cJSON_Delete(s->note);
        fprintf(stderr, "%s: outbox: kept; `securable outbox check` hands it in\n", s->digest);
        return code;
    }
    code = hand_in_and_wait(s, bytes);
    const char *device = code == CLI_DONE && cli_get(cli, "again") ? beaten_by_another(s->note) : NULL;
    if (device)
        code = send_again(s, bytes, device);
    hub_client_close(s->client);
    if (code != CLI_DONE) {
        cJSON_Delete(s->note);
        return code;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(s->note, "format");
    cJSON_AddStringToObject(s->note, "digest", s->digest);
    code = exit_of(s->note);
    if (code == CLI_ENVIRONMENT)
        fprintf(stderr, "%s: receipt: none yet from %u device(s): away, or withheld; `securable outbox check` asks again\n", s->digest,
                outbox_missing(s->note));
    return cli_show(cli, s->note, code);
}

static int check_item(struct cli *cli, struct hub_client *client, const char *dir, const char *digest, unsigned *ret_missing)
{
    cJSON *note = NULL;
    struct sec_bytes bytes;
    CLI_TRY(outbox_note(cli, dir, digest, &note));
    if (outbox_missing(note) == 0) {
        cJSON_Delete(note);
        return CLI_DONE;
    }
    /* A hub that was restored from an older copy, or pretends to have forgotten, is handed the statement again. */
    const char *devices[CLI_VALUES_MAX_COUNT];
    size_t count = 0;
    const cJSON *one;
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(note, "kind"));
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(note, "devices"))
    {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "id"));
        if (id && kind && strcmp(kind, "release") == 0 && count < CLI_VALUES_MAX_COUNT)
            devices[count++] = cli_text(cli, sec_bytes_of_str(id));
    }
    const char *payload = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(note, "payload"));
    payload = payload && files_exists(payload) ? cli_text(cli, sec_bytes_of_str(payload)) : NULL;
    int code = outbox_statement(cli, dir, digest, &bytes);
    if (code == CLI_DONE)
        code = hub_hand_in(cli, client, dir, bytes, devices, count, payload, digest, note);
    if (code == CLI_DONE)
        code = hub_collect(cli, client, dir, digest, note);
    if (code == CLI_DONE)
        *ret_missing += outbox_missing(note) != 0;
    cJSON_Delete(note);
    return code;
}

int cmd_outbox_check(struct cli *cli)
{
    struct hub_client *client;
    const char *dir, **digests;
    size_t count;
    unsigned missing = 0;
    CLI_TRY(outbox_open(cli, &dir));
    CLI_TRY(outbox_items(cli, dir, &digests, &count));
    CLI_TRY(hub_open(cli, &client));
    int code = CLI_DONE;
    for (size_t i = 0; i < count && code == CLI_DONE; i++)
        code = check_item(cli, client, dir, digests[i], &missing);
    hub_client_close(client);
    CLI_TRY(code);
    cJSON *facts = cJSON_CreateObject();
    cli_add_number(facts, "items", count);
    cli_add_number(facts, "without_receipt", missing);
    return cli_show(cli, facts, missing ? CLI_REFUSED : CLI_DONE);
}
