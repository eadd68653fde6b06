/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "json_cbor.h"

#include <securable/configuration.h>

#include <string.h>

#define FACT_MAX_BYTES 128u

struct typed {
    struct sec_bytes key;
    struct sec_value value;
};

/* --- reading what was typed -------------------------------------------------------------------------------- */

static bool integer_of(const char *text, int64_t *ret_value)
{
    bool negative = text[0] == '-';
    uint64_t magnitude;
    if (!cli_number(negative ? &text[1] : text, &magnitude) || magnitude > INT64_MAX)
        return false;
    *ret_value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

static int value_of(const struct sec_product_setting *setting, const char *key, const char *text,
                    struct sec_value *ret_value)
{
    int64_t integer;
    switch (setting->type) {
    case SEC_SETTING_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return cli_refused(key, "value", "\"%s\" is neither true nor false (bad-value)", text);
        *ret_value = sec_value_bool(strcmp(text, "true") == 0);
        return CLI_DONE;
    case SEC_SETTING_INTEGER:
        if (!integer_of(text, &integer))
            return cli_refused(key, "value", "\"%s\" is no whole number (bad-value)", text);
        *ret_value = sec_value_integer(integer);
        return CLI_DONE;
    case SEC_SETTING_TEXT:
    case SEC_SETTING_ENUM:
        *ret_value = sec_value_text(sec_bytes_of_str(text));
        return CLI_DONE;
    default:
        return cli_refused(key, "type", "%s is not supported by this version (unsupported)",
                           sec_setting_type_word(setting->type));
    }
}

static int check(struct cli *cli, const struct sec_product_setting *setting, const char *key,
                 const struct sec_value *value)
{
    struct sec_room room = cli_room(cli, FACT_MAX_BYTES);
    struct sec_wr fact = sec_wr(sec_room(room.data, room.len - 1));
    sec_status status = sec_product_setting_check(setting, value, &fact);
    if (sec_ok(status))
        return CLI_DONE;
    return cli_refused(key, "value", "%s (%s)", fact.len ? (const char *)room.data : sec_status_text(status),
                       sec_status_word(status));
}

static int read_word(struct cli *cli, const struct sec_product *product, const char *word, struct typed *ret_typed)
{
    struct sec_product_setting setting;
    size_t len = strcspn(word, "=");
    if (word[len] != '=')
        return cli_usage(word, "setting", "name=value is wanted");
    const char *key = cli_format(cli, "%.*s", (int)len, word);
    ret_typed->key = sec_bytes_of_str(key);
    if (!sec_ok(sec_configuration_setting_find(product, ret_typed->key, &setting)))
        return cli_refused(key, "setting", "%s has none of this name (unknown-setting)",
                           cli_text(cli, product->facts.model));
    CLI_TRY(value_of(&setting, key, &word[len + 1], &ret_typed->value));
    return check(cli, &setting, key, &ret_typed->value);
}

/* --- the order of a deterministic map ------------------------------------------------------------------------ */

static int insert(struct typed *list, size_t count, struct typed one)
{
    size_t at = count;
    while (at > 0 && sec_bytes_order(one.key, list[at - 1].key) < 0) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = one;
    if (at > 0 && sec_bytes_equal(one.key, list[at - 1].key))
        return cli_usage((const char *)one.key.data, "setting", "given twice");
    return CLI_DONE;
}

struct sec_value settings_find(struct sec_bytes settings, struct sec_bytes key)
{
    struct sec_cbor rd = sec_cbor(settings);
    size_t count = settings.len ? sec_cbor_map(&rd) : 0;
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        struct sec_bytes name = sec_cbor_tstr(&rd);
        struct sec_value value = sec_value_read(&rd);
        if (sec_ok(rd.status) && sec_bytes_equal(name, key))
            return value;
    }
    return sec_value_none();
}

cJSON *settings_value_json(const struct sec_value *value)
{
    if (value->type == SEC_VALUE_BOOL)
        return cJSON_CreateBool(value->boolean);
    if (value->type == SEC_VALUE_INTEGER)
        return json_int(value->integer);
    return value->type == SEC_VALUE_TEXT ? json_text(value->text) : cJSON_CreateNull();
}

static void add_change(struct cli *cli, cJSON *changes, struct sec_bytes key, const struct sec_value *from,
                       const struct sec_value *to)
{
    cJSON *pair = cJSON_AddArrayToObject(changes, cli_text(cli, key));
    cJSON_AddItemToArray(pair, settings_value_json(from));
    cJSON_AddItemToArray(pair, settings_value_json(to));
}

int settings_encode(struct cli *cli, const struct sec_product *product, struct sec_bytes settings,
                    const char *const *words, size_t words_count, struct sec_wr *wr, cJSON *changes)
{
    struct typed *list = (struct typed *)(void *)cli_room(cli, (words_count + 1) * sizeof *list).data;
    if (words_count == 0)
        return cli_usage("configuration.set", "operands", "name=value is wanted");
    for (size_t i = 0; i < words_count; i++) {
        struct typed typed;
        CLI_TRY(read_word(cli, product, words[i], &typed));
        CLI_TRY(insert(list, i, typed));
    }
    sec_cbor_put_map(wr, words_count);
    for (size_t i = 0; i < words_count; i++) {
        struct sec_value old = settings_find(settings, list[i].key);
        sec_cbor_put_tstr(wr, list[i].key);
        sec_value_put(wr, &list[i].value);
        add_change(cli, changes, list[i].key, &old, &list[i].value);
    }
    return CLI_DONE;
}

void settings_add_reset(struct cli *cli, const struct sec_product *product, struct sec_bytes settings, cJSON *changes)
{
    struct sec_product_setting setting;
    for (size_t i = 0; i < product->settings.count && sec_ok(sec_product_setting_at(product, i, &setting)); i++) {
        struct sec_value old = settings_find(settings, setting.name);
        if (old.type != SEC_VALUE_NONE && !sec_value_equal(&old, &setting.safe))
            add_change(cli, changes, setting.name, &old, &setting.safe);
    }
}
