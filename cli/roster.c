/* SPDX-License-Identifier: Apache-2.0 */
#include "roster.h"

#include "audience.h"
#include "commands.h"
#include "json_cbor.h"

#include <stdlib.h>
#include <string.h>

/* --- one subject: words "name=anna role=operator key=anna.pub.pem" ----------------------------------------- */

struct words {
    struct cli *cli;
    const char *option; /* "subject" or "application" */
    const char *whole;
    char *rest;
};

/* Takes the next word "name=value" off; false at the end. */
static bool next_word(struct words *words, const char **ret_name, const char **ret_value)
{
    char *at = words->rest;
    at = &at[strspn(at, " \t")];
    if (*at == '\0')
        return false;
    size_t len = strcspn(at, " \t");
    words->rest = &at[len + (at[len] != '\0')];
    at[len] = '\0';
    char *equals = strchr(at, '=');
    if (equals)
        *equals = '\0';
    *ret_name = at;
    *ret_value = equals ? &equals[1] : NULL;
    return true;
}

static int take_rights(struct words *words, const char *value, unsigned *ret_rights)
{
    struct sec_bytes rest = sec_bytes_of_str(value);
    while (rest.len) {
        size_t len = 0;
        while (len < rest.len && rest.data[len] != ',')
            len++;
        enum sec_right right;
        struct sec_bytes word = sec_bytes_part(rest, 0, len);
        if (!sec_ok(sec_right_of_word(word, &right)))
            return cli_usage(words->whole, "rights",
                             "%s is none; known are event, settings-read, secret, log-read, notify",
                             cli_text(words->cli, word));
        *ret_rights |= 1u << right;
        rest = sec_bytes_part(rest, len + 1, rest.len);
    }
    return CLI_DONE;
}

/* A device, or tests as --match of a command has them. */
static int take_scope(struct words *words, const char *value, struct sec_bytes *ret_scope)
{
    struct sec_wr wr = sec_wr(cli_room(words->cli, 1024));
    CLI_TRY(strchr(value, '=') ? audience_encode_match(value, &wr)
                               : audience_encode_devices(words->cli, &value, 1, &wr));
    return cli_failed(words->whole, "scope", sec_wr_end(&wr, ret_scope));
}

static int take_uid(struct words *words, const char *value, uint32_t *ret_uid)
{
    uint64_t uid = 0;
    if (!cli_number(value, &uid) || uid > UINT32_MAX || sec_uid_is_nobody((uint32_t)uid))
        return cli_usage(words->whole, "uid", "%s is no user id of one program", value);
    *ret_uid = (uint32_t)uid;
    return CLI_DONE;
}

static int take_end(struct words *words, const char *value, struct sec_subject *subject)
{
    subject->has_end = cli_time_parse(value, &subject->ends_at_s);
    return subject->has_end ? CLI_DONE : cli_usage(words->whole, "ends", "a time as 2027-01-31T00:00:00Z is wanted");
}

static int take_word(struct words *words, const char *name, const char *value, struct sec_subject *subject)
{
    bool application = strcmp(words->option, "application") == 0;
    if (!value)
        return cli_usage(words->whole, words->option, "%s has no value; words are name=value", name);
    if (strcmp(name, "name") == 0)
        subject->name = sec_bytes_of_str(value);
    else if (strcmp(name, "role") == 0 && !application)
        return sec_ok(sec_role_of_word(sec_bytes_of_str(value), &subject->role)) &&
                       subject->role >= SEC_ROLE_ADMINISTRATOR && subject->role <= SEC_ROLE_AUDITOR
                   ? CLI_DONE
                   : cli_usage(words->whole, "role", "%s is none; known are administrator, operator, auditor", value);
    else if (strcmp(name, "key") == 0 && !application) {
        subject->has_key = true;
        return material_public_key(words->cli, value, &subject->key);
    } else if (strcmp(name, "uid") == 0 && application)
        return take_uid(words, value, &subject->uid);
    else if (strcmp(name, "rights") == 0 && application)
        return take_rights(words, value, &subject->rights);
    else if (strcmp(name, "scope") == 0)
        return take_scope(words, value, &subject->scope);
    else if (strcmp(name, "ends") == 0)
        return take_end(words, value, subject);
    else
        return cli_usage(words->whole, words->option, "%s is not known here", name);
    return CLI_DONE;
}

static int take_subject(struct cli *cli, const char *option, const char *text, struct sec_subject *subject)
{
    struct sec_room copy = cli_room(cli, strlen(text) + 1);
    (void)sec_bytes_copy(copy, sec_bytes_of_str(text));
    struct words words = {cli, option, text, (char *)copy.data};
    const char *name, *value;
    bool application = strcmp(option, "application") == 0;
    subject->role = application ? SEC_ROLE_APPLICATION : SEC_ROLE_RECOVERY;
    subject->uid = UINT32_MAX;
    while (next_word(&words, &name, &value))
        CLI_TRY(take_word(&words, name, value, subject));
    if (subject->name.len == 0)
        return cli_usage(text, option, "name= is missing");
    if (application && subject->uid == UINT32_MAX)
        return cli_usage(text, option, "uid= is missing");
    if (!application && (!subject->has_key || subject->role == SEC_ROLE_RECOVERY))
        return cli_usage(text, option, "role= or key= is missing");
    if (!application)
        subject->uid = 0;
    return CLI_DONE;
}

/* --- the roster ------------------------------------------------------------------------------------------ */

static int take_subjects(struct cli *cli, const char *option, struct sec_roster *roster)
{
    for (size_t i = 0; i < cli_count(cli, option); i++) {
        if (roster->subjects_count == SEC_SUBJECTS_MAX_COUNT)
            return cli_usage("securable", "roster make", "at most %u subjects", SEC_SUBJECTS_MAX_COUNT);
        CLI_TRY(take_subject(cli, option, cli_get_at(cli, option, i), &roster->subjects[roster->subjects_count++]));
    }
    return CLI_DONE;
}

/* "ACTION=N" or "ACTION=N,M": keys when devices are named one by one, and when they are told by a match. */
static int take_threshold(const char *text, struct sec_threshold *threshold)
{
    const char *equals = strchr(text, '=');
    char number[8] = "";
    if (!equals || !sec_ok(sec_action_of_word(sec_bytes((const uint8_t *)text, (size_t)(equals - text)), &threshold->action)))
        return cli_usage(text, "threshold", "ACTION=N or ACTION=N,M is wanted");
    size_t len = strcspn(&equals[1], ",");
    if (len > 0 && len < sizeof number)
        (void)sec_bytes_copy(sec_room((uint8_t *)number, sizeof number), sec_bytes((const uint8_t *)&equals[1], len));
    if (!cli_number(number, &threshold->by_ids))
        return cli_usage(text, "threshold", "a number of keys is wanted");
    threshold->by_match = threshold->by_ids;
    if (equals[1 + len] == ',' && !cli_number(&equals[2 + len], &threshold->by_match))
        return cli_usage(text, "threshold", "a number of keys is wanted");
    return CLI_DONE;
}

static int by_action(const void *a, const void *b)
{
    const struct sec_threshold *one = a, *other = b;
    return one->action < other->action ? -1 : one->action > other->action;
}

static int take_thresholds(struct cli *cli, struct sec_roster *roster)
{
    struct sec_threshold thresholds[SEC_THRESHOLDS_MAX_COUNT];
    size_t count = cli_count(cli, "threshold");
    if (count > SEC_THRESHOLDS_MAX_COUNT)
        return cli_usage("securable", "roster make", "at most %u thresholds", SEC_THRESHOLDS_MAX_COUNT);
    if (count == 0)
        return CLI_DONE;
    for (size_t i = 0; i < count; i++)
        CLI_TRY(take_threshold(cli_get_at(cli, "threshold", i), &thresholds[i]));
    qsort(thresholds, count, sizeof thresholds[0], by_action);
    struct sec_wr wr = sec_wr(cli_room(cli, 512));
    sec_thresholds_encode(thresholds, count, &wr);
    return cli_failed("roster", "thresholds", sec_wr_end(&wr, &roster->thresholds));
}

int cmd_roster_make(struct cli *cli)
{
    struct sec_roster *roster = (struct sec_roster *)(void *)cli_room(cli, sizeof *roster).data;
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_ROSTER_MAX_BYTES));
    struct sec_bytes args;
    const char *out = cli_get(cli, "out");
    CLI_TRY(take_subjects(cli, "subject", roster));
    CLI_TRY(take_subjects(cli, "application", roster));
    CLI_TRY(take_thresholds(cli, roster));
    CLI_TRY(cli_get_number(cli, "lease-days", 1, SEC_LEASE_MAX_DAYS, &roster->lease_days));
    roster->has_lease = roster->lease_days != 0;
    sec_roster_encode(roster, &wr);
    sec_status status = sec_wr_end(&wr, &args);
    if (sec_ok(status))
        status = sec_roster_parse(args, roster);
    if (sec_is(status, SEC_BAD_VALUE))
        return cli_refused(out, "roster", "a name, key, user id or threshold stands in it twice, or a threshold is outside 1 to %u (bad-value)",
                           SEC_THRESHOLD_MAX);
    CLI_TRY(cli_failed(out, "roster", status));
    CLI_TRY(files_write(out, 0644, args));
    printf("%s: %zu subjects; everyone else but the owner has no right\n", out, roster->subjects_count);
    return CLI_DONE;
}

int roster_load(struct cli *cli, const char *path, struct sec_bytes *ret_args, struct sec_roster **ret_roster)
{
    struct sec_roster *roster = (struct sec_roster *)(void *)cli_room(cli, sizeof *roster).data;
    CLI_TRY(files_read(cli, path, FILES_SMALL_MAX_BYTES, ret_args));
    CLI_TRY(cli_failed(path, "roster", sec_roster_parse(*ret_args, roster)));
    *ret_roster = roster;
    return CLI_DONE;
}

static void add_rights(cJSON *object, unsigned rights)
{
    cJSON *list = cJSON_AddArrayToObject(object, "rights");
    for (unsigned right = SEC_RIGHT_EVENT; right <= SEC_RIGHT_NOTIFY; right++) {
        if (rights & 1u << right)
            cJSON_AddItemToArray(list, cJSON_CreateString(sec_right_word(right)));
    }
}

cJSON *roster_json(struct cli *cli, const struct sec_roster *roster)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < roster->subjects_count; i++) {
        const struct sec_subject *subject = &roster->subjects[i];
        cJSON *json = cJSON_CreateObject();
        cli_add_text(json, "name", subject->name);
        cJSON_AddStringToObject(json, "role", sec_role_word(subject->role));
        if (subject->has_key) {
            cJSON_AddStringToObject(json, "key", material_key_id_text(cli, &subject->key));
        } else {
            cli_add_number(json, "uid", subject->uid);
            add_rights(json, subject->rights);
        }
        if (subject->scope.len)
            cJSON_AddItemToObject(json, "scope", json_cbor(subject->scope));
        if (subject->has_end)
            cli_add_time(cli, json, "ends", subject->ends_at_s);
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

void roster_add_rules(const struct sec_roster *roster, cJSON *facts)
{
    struct sec_threshold threshold;
    if (roster->has_lease)
        cli_add_number(facts, "lease_days", roster->lease_days);
    if (roster->thresholds.len == 0)
        return;
    cJSON *list = cJSON_AddObjectToObject(facts, "keys_needed");
    for (size_t n = 0; sec_threshold_at(roster->thresholds, n, &threshold); n++) {
        cJSON *one = cJSON_AddObjectToObject(list, sec_action_word(threshold.action));
        cli_add_number(one, "for_named_devices", threshold.by_ids);
        cli_add_number(one, "for_a_match", threshold.by_match);
    }
}

int cmd_roster_show(struct cli *cli)
{
    struct sec_bytes args;
    struct sec_roster *roster;
    CLI_TRY(roster_load(cli, cli->operands[0], &args, &roster));
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddItemToObject(facts, "subjects", roster_json(cli, roster));
    roster_add_rules(roster, facts);
    return cli_show(cli, facts, CLI_DONE);
}
