/* SPDX-License-Identifier: Apache-2.0 */
#include "audience.h"
#include "command_inside.h"
#include "json_cbor.h"
#include "release.h"
#include "roster.h"
#include "settings.h"

#include <string.h>

static struct sec_bytes current_settings(const struct making *m)
{
    return m->report ? m->report->report.settings : sec_bytes(NULL, 0);
}

/* --- arguments, one function an action ----------------------------------------------------------------------- */

static int args_empty(struct making *m, struct sec_wr *args)
{
    (void)m;
    sec_args_empty_encode(args);
    return CLI_DONE;
}

static int args_set(struct making *m, struct sec_wr *args)
{
    if (!m->product)
        return cli_usage("configuration.set", "product",
                         "the types of settings come from --report or --product; neither is given");
    return settings_encode(m->cli, m->product, current_settings(m), m->operands, m->operands_count, args,
                           cJSON_AddObjectToObject(m->will, "settings"));
}

static int args_reset(struct making *m, struct sec_wr *args)
{
    cJSON_AddStringToObject(m->will, "reset", "settings and interfaces of the product go to their safe defaults");
    if (m->product && m->report)
        settings_add_reset(m->cli, m->product, current_settings(m), cJSON_AddObjectToObject(m->will, "settings"));
    return args_empty(m, args);
}

/* confirm, revert and veto name the command that waits, by its digest. */
static int args_command(struct making *m, struct sec_wr *args)
{
    struct sec_bytes bytes;
    struct sec_statement statement;
    struct sec_command command;
    struct sec_digest digest;
    const char *path = m->operands[0];
    if (m->attached.data)
        CLI_TRY(material_statement_of(m->cli, path, m->attached, SEC_STATEMENT_COMMAND, &statement));
    else
        CLI_TRY(material_statement(m->cli, path, SEC_STATEMENT_COMMAND, &bytes, &statement));
    CLI_TRY(cli_failed(path, "command", sec_command_parse(statement.msg.payload, &command)));
    CLI_TRY(cli_failed(path, "digest",
                       sec_statement_digest(&statement, statement.msg.payload, &m->cli->crypto.hasher, &digest)));
    sec_args_digest_encode(&digest, args);
    const char *what = m->row->action == SEC_ACTION_CONFIGURATION_CONFIRM ? "confirm"
                       : m->row->action == SEC_ACTION_LIFECYCLE_VETO      ? "veto"
                                                                          : "revert";
    cJSON *target = cJSON_AddObjectToObject(m->will, what);
    cJSON_AddStringToObject(target, "command", sec_action_word(command.action));
    cli_add_number(target, "generation", command.generation);
    cli_add_hex(target, "digest", sec_digest_bytes(&digest));
    return CLI_DONE;
}

static bool same_subject(const struct sec_report_subject *old, const struct sec_subject *now,
                         const struct sec_key_id *kid)
{
    return sec_bytes_equal(old->name, now->name) && old->role == now->role && old->has_key == now->has_key &&
           (now->has_key ? sec_key_id_equal(&old->kid, kid) : old->uid == now->uid);
}

/* Who goes and who comes; somebody whose key or role changes does both. */
static int add_roster_changes(struct making *m, const struct sec_roster *roster)
{
    const struct sec_report *report = &m->report->report;
    cJSON *removed = cJSON_CreateArray(), *added = cJSON_CreateArray();
    bool *stays = (bool *)(void *)cli_room(m->cli, SEC_REPORT_SUBJECTS_MAX_COUNT * sizeof *stays).data;
    for (size_t i = 0; i < roster->subjects_count; i++) {
        struct sec_key_id kid = {{0}};
        bool known = false;
        if (roster->subjects[i].has_key)
            CLI_TRY(material_key_id(m->cli, &roster->subjects[i].key, &kid));
        for (size_t j = 0; j < report->subjects_count; j++) {
            bool same = same_subject(&report->subjects[j], &roster->subjects[i], &kid);
            stays[j] = stays[j] || same;
            known = known || same;
        }
        if (!known)
            cJSON_AddItemToArray(added, json_text(roster->subjects[i].name));
    }
    for (size_t j = 0; j < report->subjects_count; j++) {
        if (report->subjects[j].role > SEC_ROLE_OWNER && !stays[j])
            cJSON_AddItemToArray(removed, json_text(report->subjects[j].name));
    }
    cJSON_AddItemToObject(m->will, "removed", removed);
    cJSON_AddItemToObject(m->will, "added", added);
    return CLI_DONE;
}

static int args_roster(struct making *m, struct sec_wr *args)
{
    struct sec_bytes bytes;
    struct sec_roster *roster;
    CLI_TRY(roster_load(m->cli, m->operands[0], &bytes, &roster));
    CLI_TRY(cli_failed(m->operands[0], "roster", sec_roster_check(roster)));
    sec_wr_bytes(args, bytes);
    cJSON_AddItemToObject(m->will, "roster", roster_json(m->cli, roster));
    roster_add_rules(roster, m->will);
    return m->report ? add_roster_changes(m, roster) : CLI_DONE;
}

static int args_admit(struct making *m, struct sec_wr *args)
{
    struct sec_admission admission = {.purpose = sec_bytes_of_str(m->operands[1])};
    struct sec_admission checked;
    CLI_TRY(material_public_key(m->cli, m->operands[0], &admission.key));
    sec_admission_encode(&admission, args);
    CLI_TRY(cli_failed(m->operands[1], "purpose", sec_admission_parse(sec_wr_done(args), &checked)));
    cJSON_AddStringToObject(m->will, "admitted_release_key", material_key_id_text(m->cli, &admission.key));
    cJSON_AddStringToObject(m->will, "purpose", m->operands[1]);
    return CLI_DONE;
}

static int check_release(struct making *m, const struct release *release, const char *path)
{
    const struct sec_product_facts *mine = m->product ? &m->product->facts : NULL;
    const struct sec_suit_release *said = &release->release;
    if (mine && (!sec_bytes_equal(SEC_BYTES(mine->vendor_id.b), SEC_BYTES(said->vendor_id.b)) ||
                 !sec_bytes_equal(SEC_BYTES(mine->class_id.b), SEC_BYTES(said->class_id.b))))
        return cli_refused(path, "product", "is for %s, the device is %s (wrong-product)",
                           cli_text(m->cli, release->product->product.facts.model), cli_text(m->cli, mine->model));
    if (m->report && said->sequence_number <= m->report->report.release.sequence)
        fprintf(stderr, "%s: sequence: %llu is not above the installed %llu; the device will refuse it\n", path,
                (unsigned long long)said->sequence_number, (unsigned long long)m->report->report.release.sequence);
    return CLI_DONE;
}

static int args_install(struct making *m, struct sec_wr *args)
{
    struct release *release;
    struct sec_public_key key;
    const char *path = m->operands[0], *trust = m->options->trust;
    if (trust)
        CLI_TRY(material_public_key(m->cli, trust, &key));
    CLI_TRY(m->attached.data ? release_of(m->cli, path, m->attached, trust ? &key : NULL, &release)
                             : release_load(m->cli, path, trust ? &key : NULL, &release));
    CLI_TRY(check_release(m, release, path));
    sec_args_digest_encode(&release->digest, args);
    cJSON *will = cJSON_AddObjectToObject(m->will, "install");
    cli_add_text(will, "version", release->release.version);
    cli_add_number(will, "sequence", release->release.sequence_number);
    cli_add_number(will, "image_bytes", release->release.image_size_bytes);
    cli_add_text(will, "description", release->release.description);
    cJSON_AddStringToObject(will, "manufacturers_signature", trust ? "valid" : "unchecked here; the device checks it");
    if (m->report) {
        cli_add_text(will, "in_place_of", m->report->report.release.version);
        cJSON_AddBoolToObject(will, "settings_may_change",
                              !sec_bytes_equal(release->release.product_record, m->report->report.product_statement));
    }
    return CLI_DONE;
}

static int args_wipe(struct making *m, struct sec_wr *args)
{
    cJSON_AddStringToObject(m->will, "wipe",
                            "owner, roster, settings, secrets and the readable log end; keys are destroyed");
    cJSON *data = m->product ? cJSON_AddArrayToObject(m->will, "data_erased") : NULL;
    for (size_t i = 0; data && i < m->product->elements.count; i++)
        cJSON_AddItemToArray(data, json_text(sec_product_name_at(m->product, &m->product->elements, i)));
    return args_empty(m, args);
}

static int args_rotate(struct making *m, struct sec_wr *args)
{
    cJSON_AddStringToObject(
        m->will, "rotate",
        "living secrets are sealed under a new key; the old key, and deleted secrets with it, is destroyed");
    return args_empty(m, args);
}

static int args_update_confirm(struct making *m, struct sec_wr *args)
{
    cJSON_AddStringToObject(m->will, "confirm", "the release on trial becomes the installed one");
    return args_empty(m, args);
}

static int args_update_revert(struct making *m, struct sec_wr *args)
{
    cJSON_AddStringToObject(m->will, "revert", "the release on trial is given up; the one before it runs again");
    return args_empty(m, args);
}

static const struct action_args {
    enum sec_action action;
    unsigned operands_min;
    unsigned operands_max;
    const char *operands;
    int (*encode)(struct making *m, struct sec_wr *args);
} action_args[] = {
    {SEC_ACTION_ACCESS_ROSTER, 1, 1, "ROSTER", args_roster},
    {SEC_ACTION_ACCESS_ADMIT_KEY, 2, 2, "KEY.pub.pem PURPOSE", args_admit},
    {SEC_ACTION_CONFIGURATION_SET, 1, CLI_OPERANDS_MAX_COUNT, "NAME=VALUE...", args_set},
    {SEC_ACTION_CONFIGURATION_RESET, 0, 0, "", args_reset},
    {SEC_ACTION_CONFIGURATION_CONFIRM, 1, 1, "COMMANDFILE", args_command},
    {SEC_ACTION_CONFIGURATION_REVERT, 1, 1, "COMMANDFILE", args_command},
    {SEC_ACTION_UPDATE_INSTALL, 1, 1, "RELEASE", args_install},
    {SEC_ACTION_UPDATE_CONFIRM, 0, 0, "", args_update_confirm},
    {SEC_ACTION_UPDATE_REVERT, 0, 0, "", args_update_revert},
    {SEC_ACTION_PROTECTION_ROTATE, 0, 0, "", args_rotate},
    {SEC_ACTION_PROTECTION_WIPE, 0, 0, "", args_wipe},
    {SEC_ACTION_LIFECYCLE_SITE, 2, 2, "https://HOST:PORT HUB-CA.pem", command_args_site},
    {SEC_ACTION_LIFECYCLE_TRANSFER, 1, CLI_OPERANDS_MAX_COUNT, "OWNER.pub.pem... [recovery=KEY.pub.pem] [required=N]", command_args_transfer},
    {SEC_ACTION_BEACON_RENEW, 0, CLI_OPERANDS_MAX_COUNT, "[TOPIC=GENERATION...] [revoke=KEY.pub.pem...] [time=TIME]", command_args_beacon},
    {SEC_ACTION_LIFECYCLE_RECOVER, 1, SEC_OWNERS_MAX_COUNT, "OWNER.pub.pem...", command_args_recover},
    {SEC_ACTION_LIFECYCLE_VETO, 1, 1, "COMMANDFILE", args_command},
};

static int encode_args(struct making *m)
{
    struct sec_wr args = sec_wr(cli_room(m->cli, SEC_STATEMENT_MAX_BYTES));
    for (size_t i = 0; i < sizeof action_args / sizeof action_args[0]; i++) {
        const struct action_args *row = &action_args[i];
        if (row->action != m->row->action)
            continue;
        if (m->operands_count < row->operands_min || m->operands_count > row->operands_max)
            return cli_usage("command", m->row->word, "wanted: %s", row->operands[0] ? row->operands : "no operands");
        CLI_TRY(row->encode(m, &args));
        return cli_failed(m->row->word, "arguments", sec_wr_end(&args, &m->command.args));
    }
    return cli_refused("command", m->row->word, "devices of this version do not carry it out (unsupported)");
}

/* --- whom, which epoch, which generation ---------------------------------------------------------------------- */

/* Epoch and generation of one device say nothing of another. */
static int check_reported(const struct making *m)
{
    const struct sec_audience *audience = &m->command.audience;
    struct sec_bytes mine = sec_device_id_bytes(&m->report->report.device_id);
    for (size_t i = 0; i < audience->count; i++) {
        if (sec_bytes_equal(sec_audience_id_at(audience, i), mine))
            return CLI_DONE;
    }
    return cli_usage(m->report_path, "device", "the report is not of a device that the command is for");
}

static int encode_devices(struct making *m, struct sec_wr *wr)
{
    const char *reported;
    if (m->options->devices_count)
        return audience_encode_devices(m->cli, m->options->devices, m->options->devices_count, wr);
    if (!m->report)
        return cli_usage("securable", "command", "for whom? --device, --match or --report is wanted");
    reported = material_hex(m->cli, sec_device_id_bytes(&m->report->report.device_id));
    return audience_encode_devices(m->cli, &reported, 1, wr);
}

static int take_audience(struct making *m)
{
    struct sec_wr wr = sec_wr(cli_room(m->cli, SEC_STATEMENT_MAX_BYTES));
    struct sec_bytes item;
    const char *match = m->options->match;
    if (match && m->options->devices_count)
        return cli_usage("securable", "command", "--device or --match, not both");
    /* With device ids a forged report names no real device; with --match nothing but the certificate ties it to one. */
    if (match && m->report && !m->report->certified)
        return cli_usage("securable", "command", "--match with --report needs --ca: an unchecked report could be anybody's");
    CLI_TRY(match ? audience_encode_match(match, &wr) : encode_devices(m, &wr));
    CLI_TRY(cli_failed("audience", "encode", sec_wr_end(&wr, &item)));
    CLI_TRY(cli_failed("audience", "encode", sec_audience_parse(item, &m->command.audience)));
    return m->report && !match ? check_reported(m) : CLI_DONE;
}

static uint64_t reported_generation(const struct making *m)
{
    const struct sec_report *report = &m->report->report;
    for (size_t i = 0; i < report->generations_count; i++) {
        if (report->generations[i].topic == m->row->topic)
            return report->generations[i].generation;
    }
    return 0;
}

static int take_place(struct making *m)
{
    struct sec_command *command = &m->command;
    if (m->report) {
        command->epoch = m->report->report.epoch;
        command->generation = reported_generation(m) + 1;
        if (!m->report->report.owned)
            fprintf(stderr, "%s: ownership: this device has no owner yet and takes a voucher only\n", m->report_path);
    }
    if (m->options->epoch)
        command->epoch = m->options->epoch;
    if (m->options->generation)
        command->generation = m->options->generation;
    if (command->epoch == 0 || command->generation == 0)
        return cli_usage("securable", "command", "without --report both --epoch and --generation are wanted");
    return CLI_DONE;
}

/* --- optional members ------------------------------------------------------------------------------------------- */

static int take_time(struct making *m, const char *name, const char *text, unsigned member, int64_t *ret_time_s)
{
    if (!text)
        return CLI_DONE;
    if (!cli_time_parse(text, ret_time_s))
        return cli_usage(text, name, "a time as 2027-01-31T00:00:00Z is wanted");
    m->command.members |= member;
    return CLI_DONE;
}

static int take_members(struct making *m)
{
    struct sec_command *command = &m->command;
    CLI_TRY(take_time(m, "not-before", m->options->not_before, SEC_WITH_NOT_BEFORE, &command->not_before_s));
    CLI_TRY(take_time(m, "expiry", m->options->expiry, SEC_WITH_EXPIRY, &command->expiry_s));
    command->confirm_within_s = m->options->confirm_within_s;
    if (command->confirm_within_s)
        command->members |= SEC_WITH_CONFIRM;
    if (m->options->base) {
        if (!m->report)
            return cli_usage("securable", "command", "--base needs --report, which says what the state is");
        command->members |= SEC_WITH_BASE;
        command->base = m->report->report.configuration;
    }
    unsigned refused = command->members & ~(m->row->members | SEC_WITH_NOT_BEFORE | SEC_WITH_EXPIRY);
    if (refused)
        return cli_usage("command", m->row->word, "does not take %s",
                         refused & SEC_WITH_CONFIRM ? "--confirm-within" : "--base");
    return CLI_DONE;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

int command_find(const char *word, const struct sec_action_row **ret_row)
{
    enum sec_action action;
    if (!sec_ok(sec_action_of_word(sec_bytes_of_str(word), &action)))
        return cli_usage(word, "action", "there is none of this name; see securable command --help");
    *ret_row = sec_action_row(action);
    return CLI_DONE;
}

int command_build(struct making *m, struct sec_bytes *ret_body)
{
    struct sec_command checked;
    struct sec_bytes body;
    struct sec_wr wr = sec_wr(cli_room(m->cli, SEC_STATEMENT_MAX_BYTES));
    m->command.topic = m->row->topic;
    m->command.action = m->row->action;
    CLI_TRY(take_audience(m));
    CLI_TRY(take_place(m));
    CLI_TRY(take_members(m));
    CLI_TRY(encode_args(m));
    sec_command_encode(&m->command, &wr);
    CLI_TRY(cli_failed(m->row->word, "command", sec_wr_end(&wr, &body)));
    CLI_TRY(cli_failed(m->row->word, "command", sec_command_parse(body, &checked)));
    *ret_body = body;
    return CLI_DONE;
}

int command_sign(struct cli *cli, struct sec_private_key *key, struct sec_bytes body, struct sec_bytes *ret_statement, struct sec_digest *ret_digest)
{
    struct sec_statement statement;
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_STATEMENT_MAX_BYTES));
    struct sec_signer signer = sec_private_key_signer(key);
    sec_status status = sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &cli->crypto.hasher, body, &wr);
    if (sec_ok(status))
        status = sec_statement_parse(sec_wr_done(&wr), &statement);
    if (sec_ok(status))
        status = sec_statement_digest(&statement, statement.msg.payload, &cli->crypto.hasher, ret_digest);
    CLI_TRY(cli_failed("command", "sign", status));
    *ret_statement = sec_wr_done(&wr);
    return CLI_DONE;
}

/* A stranger is warned, not stopped: the roster may change before the command arrives. */
void command_add_signer(struct making *m, const struct sec_public_key *key, const char *name, cJSON *facts)
{
    cJSON *signer = cJSON_AddObjectToObject(facts, "signer");
    struct sec_key_id kid;
    if (!sec_ok(sec_key_id_of(key, &m->cli->crypto.hasher, &kid)))
        return;
    cli_add_hex(signer, "key", SEC_BYTES(kid.b));
    if (!m->report)
        return;
    const struct sec_report *report = &m->report->report;
    for (size_t i = 0; i < report->subjects_count; i++) {
        const struct sec_report_subject *subject = &report->subjects[i];
        if (!subject->has_key || !sec_key_id_equal(&subject->kid, &kid))
            continue;
        cli_add_text(signer, "name", subject->name);
        cJSON_AddStringToObject(signer, "role", sec_role_word(subject->role));
        if (subject->role > m->row->least_role ||
            (subject->role == SEC_ROLE_RECOVERY && m->row->least_role != SEC_ROLE_RECOVERY))
            fprintf(stderr, "%s: role: %s wants %s or above; the device will refuse it\n", name, m->row->word, sec_role_word(m->row->least_role));
        return;
    }
    fprintf(stderr, "%s: key: the device's roster does not know it; the device will refuse the command\n", name);
}
