/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include "json_cbor.h"

#include <string.h>
#include <time.h>

void cli_put_text(FILE *to, const char *text)
{
    for (size_t i = 0; text[i];) {
        size_t unsafe = json_unsafe_bytes(&text[i]);
        fputc(unsafe ? '?' : (unsigned char)text[i], to);
        i += unsafe ? unsafe : 1;
    }
}

static bool is_plain(const cJSON *item)
{
    return !cJSON_IsObject(item) && !cJSON_IsArray(item);
}

static void put_value(FILE *to, const cJSON *item)
{
    if (cJSON_IsString(item)) {
        cli_put_text(to, item->valuestring);
        return;
    }
    char *text = cJSON_PrintUnformatted(item);
    cli_put_text(to, text ? text : "?");
    cJSON_free(text);
}

static void put_indent(FILE *to, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        fputs("  ", to);
}

static bool all_plain(const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!is_plain(item))
            return false;
    }
    return true;
}

/* "80 -> 60" for a change of a setting, "a, b, c" for any other list. */
static void put_list(FILE *to, const cJSON *list, bool change)
{
    const cJSON *part;
    cJSON_ArrayForEach(part, list)
    {
        fputs(part == list->child ? " " : change ? " -> " : ", ", to);
        put_value(to, part);
    }
    fputs(list->child ? "\n" : " none\n", to);
}

static void put_members(FILE *to, const cJSON *object, unsigned depth)
{
    bool changes = object->string && strcmp(object->string, "settings") == 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        put_indent(to, depth);
        if (item->string)
            cli_put_text(to, item->string);
        else
            fputc('-', to);
        fputs(item->string ? ":" : "", to);
        if (is_plain(item)) {
            fputc(' ', to);
            put_value(to, item);
            fputc('\n', to);
        } else if (cJSON_IsArray(item) && all_plain(item)) {
            put_list(to, item, changes && cJSON_GetArraySize(item) == 2);
        } else {
            fputs(item->child ? "\n" : " none\n", to);
            put_members(to, item, depth + 1);
        }
    }
}

int cli_show(const struct cli *cli, cJSON *facts, int exit_code)
{
    if (!facts)
        return cli_environment("securable", "memory", "none left");
    if (cli_get(cli, "json")) {
        char *text = cJSON_Print(facts);
        if (!text || !json_put(stdout, text))
            exit_code = CLI_ENVIRONMENT;
        cJSON_free(text);
    } else {
        put_members(stdout, facts, 0);
    }
    cJSON_Delete(facts);
    return exit_code;
}

const char *cli_time(struct cli *cli, int64_t time_s)
{
    char text[40];
    time_t moment = (time_t)time_s;
    struct tm tm;
    if (time_s >= 0 && time_s < INT64_C(253402300800) && gmtime_r(&moment, &tm) &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        return cli_format(cli, "%s", text);
    return cli_format(cli, "%lld", (long long)time_s);
}

bool cli_time_parse(const char *text, int64_t *ret_time_s)
{
    struct tm tm = {0};
    uint64_t seconds;
    if (cli_number(text, &seconds) && seconds <= INT64_MAX) {
        *ret_time_s = (int64_t)seconds;
        return true;
    }
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (!end || *end != '\0')
        return false;
    *ret_time_s = (int64_t)timegm(&tm);
    return true;
}

void cli_add_text(cJSON *object, const char *name, struct sec_bytes text)
{
    cJSON_AddItemToObject(object, name, json_text(text));
}

void cli_add_hex(cJSON *object, const char *name, struct sec_bytes bytes)
{
    cJSON_AddItemToObject(object, name, json_hex(bytes));
}

void cli_add_number(cJSON *object, const char *name, uint64_t value)
{
    cJSON_AddItemToObject(object, name, json_uint(value));
}

void cli_add_time(struct cli *cli, cJSON *object, const char *name, int64_t time_s)
{
    cJSON_AddStringToObject(object, name, cli_time(cli, time_s));
}
