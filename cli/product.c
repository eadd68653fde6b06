/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "json_cbor.h"
#include "material.h"

#include "product_yaml.h"

#include <stdlib.h>
#include <string.h>

#define YAML_MAX_BYTES (1u << 20)

/* --- compiling ------------------------------------------------------------------------------------------- */

static void tell_fault(void *ctx, const struct sec_product_fault *fault)
{
    char text[1024];
    (void)ctx;
    (void)sec_product_fault_text(fault, text, sizeof text);
    cli_put_text(stderr, text);
    fputc('\n', stderr);
}

static int compile(struct cli *cli, const char *path, struct sec_bytes *ret_record, struct sec_product *ret_product)
{
    const struct sec_product_faults faults = {NULL, tell_fault};
    struct sec_bytes yaml;
    CLI_TRY(files_read(cli, path, YAML_MAX_BYTES, &yaml));
    sec_status status = sec_product_yaml_compile(yaml, path, &faults, cli_room(cli, SEC_PRODUCT_MAX_BYTES), ret_record);
    if (sec_is(status, SEC_BAD_VALUE) || sec_is(status, SEC_MALFORMED))
        return CLI_REFUSED; /* every fault was told */
    CLI_TRY(cli_failed(path, "compile", status));
    return cli_failed(path, "product record", sec_product_parse(*ret_record, ret_product));
}

int cmd_product_check(struct cli *cli)
{
    struct sec_product product;
    struct sec_bytes record;
    CLI_TRY(compile(cli, cli->operands[0], &record, &product));
    printf("%s: good: %zu settings, %zu interfaces, %zu data elements, %zu bytes compiled\n", cli->operands[0],
           (size_t)product.settings.count, (size_t)product.interfaces.count, (size_t)product.elements.count,
           record.len);
    return CLI_DONE;
}

/* A draft made of a parsed record, so that one fact of it can be replaced. */
struct whole {
    struct sec_product_draft draft;
    struct sec_product_component components[SEC_PRODUCT_LIST_MAX_COUNT];
    struct sec_product_setting settings[SEC_PRODUCT_SETTINGS_MAX_COUNT];
    struct sec_product_interface interfaces[SEC_PRODUCT_INTERFACES_MAX_COUNT];
    struct sec_product_role roles[SEC_PRODUCT_LIST_MAX_COUNT];
    struct sec_product_element elements[SEC_PRODUCT_LIST_MAX_COUNT];
    struct sec_product_function functions[SEC_PRODUCT_LIST_MAX_COUNT];
    struct sec_product_contact contacts[SEC_PRODUCT_LIST_MAX_COUNT];
};

static sec_status take_apart(const struct sec_product *product, struct whole *whole)
{
    whole->draft.facts = product->facts;
#define TAKE_LIST(list, one)                                                                                           \
    whole->draft.list = whole->list;                                                                                   \
    whole->draft.list##_count = product->list.count;                                                                   \
    for (size_t i = 0; i < product->list.count; i++)                                                                   \
        SEC_TRY(sec_product_##one##_at(product, i, &whole->list[i]));
    TAKE_LIST(components, component)
    TAKE_LIST(settings, setting)
    TAKE_LIST(interfaces, interface)
    TAKE_LIST(roles, role)
    TAKE_LIST(elements, element)
    TAKE_LIST(functions, function)
    TAKE_LIST(contacts, contact)
#undef TAKE_LIST
    return sec_st(SEC_OK);
}

/* The version is the one fact that changes with every release: it may be given at the call. */
static int with_version(struct cli *cli, const char *version, struct sec_product *product, struct sec_bytes *record)
{
    struct whole *whole = (struct whole *)(void *)cli_room(cli, sizeof *whole).data;
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_PRODUCT_MAX_BYTES));
    CLI_TRY(cli_failed("product record", "parts", take_apart(product, whole)));
    whole->draft.facts.version = sec_bytes_of_str(version);
    sec_product_encode(&whole->draft, &wr);
    CLI_TRY(cli_failed("product record", "encode", sec_wr_end(&wr, record)));
    sec_status status = sec_product_parse(*record, product);
    return sec_ok(status) ? CLI_DONE : cli_usage(version, "version", "%s", sec_status_text(status));
}

/* Protected header, signature and heads around a record. */
#define PRODUCT_ENVELOPE_BYTES 160u

int cmd_product_compile(struct cli *cli)
{
    struct sec_product product;
    struct sec_bytes record;
    struct sec_private_key *key;
    const char *version = cli_get(cli, "version");
    CLI_TRY(compile(cli, cli->operands[0], &record, &product));
    if (version)
        CLI_TRY(with_version(cli, version, &product, &record));
    CLI_TRY(material_private_key(cli, cli_get(cli, "key"), 0, &key));
    if (record.len + PRODUCT_ENVELOPE_BYTES > SEC_PRODUCT_STATEMENT_MAX_BYTES)
        return cli_refused(cli->operands[0], "size", "the record has %zu bytes, and devices keep signed records of at most %u: shorten its texts",
                           record.len, SEC_PRODUCT_STATEMENT_MAX_BYTES);
    CLI_TRY(material_sign(cli, SEC_STATEMENT_PRODUCT, key, record, cli_get(cli, "out")));
    printf("%s: %s, version %s, signed by %s\n", cli_get(cli, "out"), cli_text(cli, product.facts.name),
           cli_text(cli, product.facts.version), material_key_id_text(cli, &key->key));
    return CLI_DONE;
}

/* --- showing --------------------------------------------------------------------------------------------- */

static void add_value(cJSON *object, const char *name, const struct sec_value *value)
{
    if (value->type == SEC_VALUE_BOOL)
        cJSON_AddBoolToObject(object, name, value->boolean);
    else if (value->type == SEC_VALUE_INTEGER)
        cJSON_AddItemToObject(object, name, json_int(value->integer));
    else if (value->type == SEC_VALUE_TEXT)
        cli_add_text(object, name, value->text);
}

static void add_given(cJSON *object, const char *name, struct sec_bytes text)
{
    if (text.len)
        cli_add_text(object, name, text);
}

static cJSON *setting_json(const struct sec_product_setting *setting)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "type", sec_setting_type_word(setting->type));
    add_given(json, "unit", setting->unit);
    if (setting->type == SEC_SETTING_INTEGER || setting->type == SEC_SETTING_TEXT) {
        cJSON_AddItemToObject(json, "min", json_int(setting->min));
        cJSON_AddItemToObject(json, "max", json_int(setting->max));
    }
    cJSON *choices = setting->choices_count ? cJSON_AddArrayToObject(json, "choices") : NULL;
    for (size_t i = 0; i < setting->choices_count; i++)
        cJSON_AddItemToArray(choices, json_text(sec_product_text_at(setting->choices, i)));
    add_value(json, "default", &setting->preset);
    add_value(json, "safe_default", &setting->safe);
    add_given(json, "meaning", setting->meaning);
    add_given(json, "effect", setting->effect);
    return json;
}

static void add_settings(struct cli *cli, cJSON *facts, const struct sec_product *product)
{
    cJSON *settings = cJSON_AddObjectToObject(facts, "settings");
    struct sec_product_setting setting;
    for (size_t i = 0; i < product->settings.count && sec_ok(sec_product_setting_at(product, i, &setting)); i++)
        cJSON_AddItemToObject(settings, cli_text(cli, setting.name), setting_json(&setting));
}

static void add_interfaces(struct cli *cli, cJSON *facts, const struct sec_product *product)
{
    cJSON *interfaces = cJSON_AddObjectToObject(facts, "interfaces");
    struct sec_product_interface interface;
    for (size_t i = 0; i < product->interfaces.count && sec_ok(sec_product_interface_at(product, i, &interface)); i++) {
        cJSON *json = cJSON_AddObjectToObject(interfaces, cli_text(cli, interface.name));
        cJSON_AddStringToObject(json, "kind", interface.kind == SEC_INTERFACE_LOCAL ? "local" : "network");
        add_given(json, "purpose", interface.purpose);
        add_given(json, "protocol", interface.protocol);
        if (interface.port)
            cli_add_number(json, "port", interface.port);
        cJSON_AddBoolToObject(json, "default", interface.enabled);
    }
}

static void add_facts(cJSON *facts, const struct sec_product_facts *product)
{
    add_given(facts, "name", product->name);
    add_given(facts, "model", product->model);
    add_given(facts, "hardware", product->hardware);
    add_given(facts, "version", product->version);
    add_given(facts, "vendor", product->vendor_name);
    add_given(facts, "vendor_domain", product->vendor_domain);
    cli_add_hex(facts, "vendor_id", SEC_BYTES(product->vendor_id.b));
    cli_add_hex(facts, "class_id", SEC_BYTES(product->class_id.b));
    add_given(facts, "support_until", product->support_until);
    add_given(facts, "update_meaning", product->update_meaning);
}

int cmd_product_show(struct cli *cli)
{
    struct material_product *product;
    struct sec_public_key key;
    CLI_TRY(material_product(cli, cli->operands[0], &product));
    const char *trust = cli_get(cli, "key");
    if (trust) {
        CLI_TRY(material_public_key(cli, trust, &key));
        CLI_TRY(material_verify(cli, cli->operands[0], &product->statement, &key));
    }
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "signature", trust ? "valid" : "unchecked");
    cli_add_hex(facts, "signed_by", SEC_BYTES(product->statement.kid.b));
    add_facts(facts, &product->product.facts);
    add_settings(cli, facts, &product->product);
    add_interfaces(cli, facts, &product->product);
    return cli_show(cli, facts, CLI_DONE);
}
