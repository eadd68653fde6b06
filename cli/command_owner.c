/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the owner's commands: site, transfer, beacon, recovery. */
#include "command_inside.h"
#include "commands.h"
#include "json_cbor.h"
#include "outbox.h"

#include <string.h>
#include <time.h>

/* "name=value": the value, when the word begins with this name; null otherwise. */
static const char *value_of(const char *word, const char *name)
{
    size_t len = strlen(name);
    return strncmp(word, name, len) == 0 && word[len] == '=' ? &word[len + 1] : NULL;
}

int command_args_site(struct making *m, struct sec_wr *args)
{
    struct sec_bytes der;
    struct sec_site site = {.address = sec_bytes_of_str(m->operands[0])};
    const struct sec_hasher *hasher = &m->cli->crypto.hasher;
    CLI_TRY(material_certificate(m->cli, m->operands[1], &der));
    CLI_TRY(cli_failed(m->operands[1], "digest", hasher->digest(hasher->ctx, &der, 1, &site.ca)));
    if (!sec_ok(sec_site_check(&site)))
        return cli_refused(m->operands[0], "address", "https://HOST or https://HOST:PORT is wanted (bad-value)");
    sec_site_encode(&site, args);
    cJSON *will = cJSON_AddObjectToObject(m->will, "hub");
    cli_add_text(will, "address", site.address);
    cli_add_hex(will, "ca_sha256", sec_digest_bytes(&site.ca));
    return CLI_DONE;
}

static int add_owner(struct making *m, struct sec_key_list *owners, const char *path, cJSON *told)
{
    if (owners->count == SEC_OWNERS_MAX_COUNT)
        return cli_usage("command", m->row->word, "at most %u owner keys", SEC_OWNERS_MAX_COUNT);
    struct sec_public_key *key = &owners->keys[owners->count++];
    CLI_TRY(material_public_key(m->cli, path, key));
    cJSON_AddItemToArray(told, cJSON_CreateString(material_key_id_text(m->cli, key)));
    return CLI_DONE;
}

int command_args_transfer(struct making *m, struct sec_wr *args)
{
    struct sec_transfer transfer = {.required = 1};
    struct sec_transfer checked;
    cJSON *owners = cJSON_AddArrayToObject(m->will, "next_owners");
    for (size_t i = 0; i < m->operands_count; i++) {
        const char *recovery = value_of(m->operands[i], "recovery"), *required = value_of(m->operands[i], "required");
        if (required && !cli_number(required, &transfer.required))
            return cli_usage(m->operands[i], "required", "a number is wanted");
        if (recovery) {
            CLI_TRY(material_public_key(m->cli, recovery, &transfer.recovery));
            transfer.has_recovery = true;
            cJSON_AddStringToObject(m->will, "next_recovery", material_key_id_text(m->cli, &transfer.recovery));
        }
        if (!recovery && !required)
            CLI_TRY(add_owner(m, &transfer.owners, m->operands[i], owners));
    }
    if (transfer.owners.count == 0)
        return cli_usage("command", m->row->word, "no owner key is named");
    cli_add_number(m->will, "owners_who_must_sign", transfer.required);
    cJSON_AddStringToObject(m->will, "transfer", "settings, secrets, roster and the readable log end as by a wipe; the next owner begins anew");
    sec_transfer_encode(&transfer, args);
    if (!sec_ok(sec_transfer_parse(sec_wr_done(args), &checked)))
        return cli_refused("command", m->row->word, "a key stands in it twice, or more must sign than there are (bad-value)");
    return CLI_DONE;
}

int command_args_recover(struct making *m, struct sec_wr *args)
{
    struct sec_recovery recovery = {0};
    struct sec_recovery checked;
    cJSON *owners = cJSON_AddArrayToObject(m->will, "next_owners");
    for (size_t i = 0; i < m->operands_count; i++)
        CLI_TRY(add_owner(m, &recovery.owners, m->operands[i], owners));
    cJSON_AddStringToObject(m->will, "recover", "after the announced delay, unless a present owner vetoes");
    sec_recovery_encode(&recovery, args);
    return sec_ok(sec_recovery_parse(sec_wr_done(args), &checked)) ? CLI_DONE
                                                                   : cli_refused("command", m->row->word, "a key stands in it twice (bad-value)");
}

static int add_revoked(struct making *m, struct sec_beacon *beacon, const char *path, cJSON *told)
{
    struct sec_public_key key;
    if (beacon->revoked_count == SEC_REVOKED_MAX_COUNT)
        return cli_usage("command", m->row->word, "at most %u keys", SEC_REVOKED_MAX_COUNT);
    CLI_TRY(material_public_key(m->cli, path, &key));
    CLI_TRY(material_key_id(m->cli, &key, &beacon->revoked[beacon->revoked_count++]));
    cJSON_AddItemToArray(told, cJSON_CreateString(material_key_id_text(m->cli, &key)));
    return CLI_DONE;
}

static int take_generation(struct sec_beacon *beacon, const char *word)
{
    enum sec_topic topic;
    const char *equals = strchr(word, '=');
    uint64_t generation = 0;
    bool good = equals && sec_ok(sec_topic_of_word(sec_bytes((const uint8_t *)word, (size_t)(equals - word)), &topic)) &&
                cli_number(&equals[1], &generation) && generation > 0;
    if (!good)
        return cli_usage(word, "beacon.renew", "TOPIC=GENERATION, revoke=KEY or time=TIME is wanted");
    beacon->heads[topic - 1] = generation;
    return CLI_DONE;
}

static void heads_of_report(const struct making *m, struct sec_beacon *beacon)
{
    for (size_t i = 0; m->report && i < m->report->report.generations_count; i++) {
        const struct sec_report_generation *reported = &m->report->report.generations[i];
        if (reported->topic >= 1 && reported->topic <= SEC_TOPICS_COUNT && beacon->heads[reported->topic - 1] == 0)
            beacon->heads[reported->topic - 1] = reported->generation;
    }
}

static bool shares_device(const struct sec_audience *one, const struct sec_audience *other)
{
    bool shared = one->by_match || other->by_match; /* who that is, is not known here */
    for (size_t i = 0; !shared && i < one->count; i++)
        for (size_t k = 0; !shared && k < other->count; k++)
            shared = sec_bytes_equal(sec_audience_id_at(one, i), sec_audience_id_at(other, k));
    return shared;
}

/* What a device reports it has; what was handed in and is held back on the way it cannot tell. A roster among that would bring a revoked key back. */
static int access_of_outbox(const struct making *m, struct sec_beacon *beacon)
{
    const char *dir, **digests;
    size_t count = 0;
    CLI_TRY(outbox_open(m->cli, &dir));
    CLI_TRY(outbox_items(m->cli, dir, &digests, &count));
    for (size_t i = 0; i < count; i++) {
        struct sec_bytes bytes;
        struct sec_statement statement;
        struct sec_command command;
        CLI_TRY(outbox_statement(m->cli, dir, digests[i], &bytes));
        if (!sec_ok(sec_statement_parse(bytes, &statement)) || statement.kind != SEC_STATEMENT_COMMAND ||
            !sec_ok(sec_command_parse(statement.msg.payload, &command)) || command.topic != SEC_TOPIC_ACCESS ||
            command.epoch != m->command.epoch || !shares_device(&command.audience, &m->command.audience))
            continue;
        if (command.generation > beacon->heads[SEC_TOPIC_ACCESS - 1])
            beacon->heads[SEC_TOPIC_ACCESS - 1] = command.generation;
    }
    return CLI_DONE;
}

int command_args_beacon(struct making *m, struct sec_wr *args)
{
    struct sec_beacon beacon = {.time_s = (int64_t)time(NULL)};
    struct sec_beacon checked;
    cJSON *revoked = cJSON_AddArrayToObject(m->will, "revoked"), *heads = cJSON_AddObjectToObject(m->will, "newest_generations");
    for (size_t i = 0; i < m->operands_count; i++) {
        const char *key = value_of(m->operands[i], "revoke"), *when = value_of(m->operands[i], "time");
        if (when && !cli_time_parse(when, &beacon.time_s))
            return cli_usage(when, "time", "a time as 2027-01-31T00:00:00Z is wanted");
        if (key)
            CLI_TRY(add_revoked(m, &beacon, key, revoked));
        else if (!when)
            CLI_TRY(take_generation(&beacon, m->operands[i]));
    }
    const bool typed = beacon.heads[SEC_TOPIC_ACCESS - 1] != 0;
    heads_of_report(m, &beacon);
    if (beacon.revoked_count > 0 && !typed)
        CLI_TRY(access_of_outbox(m, &beacon));
    if (beacon.revoked_count > 0 && beacon.heads[SEC_TOPIC_ACCESS - 1] == 0)
        return cli_usage("command", m->row->word, "access=GENERATION is wanted: of the newest roster that was signed, so that none before it brings the key back");
    for (unsigned topic = 1; topic <= SEC_TOPICS_COUNT; topic++) {
        if (beacon.heads[topic - 1])
            cli_add_number(heads, sec_topic_word(topic), beacon.heads[topic - 1]);
    }
    cli_add_time(m->cli, m->will, "owners_time", beacon.time_s);
    cJSON_AddStringToObject(m->will, "leases", "begin anew");
    sec_beacon_encode(&beacon, args);
    if (!sec_ok(sec_beacon_parse(sec_wr_done(args), &checked)))
        return cli_refused("command", m->row->word, "no generation is named, and there is no report to take them from (bad-value)");
    return CLI_DONE;
}
