/* SPDX-License-Identifier: Apache-2.0 */
#include "product_yaml.h"
#include "yaml_reader.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_NAME "a name: lower-case letters, digits, '_' and '-', a letter first, at most 64"
#define MUST_SETTING "names joined by dots, not beginning with 'securable', at most 96 bytes"
#define MUST_HOOK "a plain file name: lower-case letters, digits, '_', '-' and '.', at most 64"
#define MUST_DATE "a date like 2032-12-31"
#define MUST_DOMAIN "a domain name in lower case"

/* --- settings ---------------------------------------------------------------------------------------- */

static const struct sec_reader_word type_words[] = {
#define TYPE_WORD(name, number, word) {word, number},
    SEC_SETTING_TYPE_TABLE(TYPE_WORD)
#undef TYPE_WORD
};

static sec_status choice_check(struct sec_bytes text)
{
    return sec_product_text_check(text, SEC_SETTING_TEXT_MAX_BYTES);
}

/* A clause that the type has no use for would be a promise that nobody keeps. */
static void clause_refuse(const struct sec_reader_map *map, const char *key, enum sec_setting_type type)
{
    const struct sec_yaml_node *entry = sec_reader_entry(map, key, false);
    if (entry)
        sec_reader_fault(map->reader, entry->line, map->object, key, "has no meaning for type %s", sec_setting_type_word(type));
}

static void bounds_read(const struct sec_reader_map *map, struct sec_product_setting *setting)
{
    static const char *const keys[] = {"min", "max"};
    bool text = setting->type == SEC_SETTING_TEXT;
    int64_t low = text ? 0 : -SEC_PRODUCT_INTEGER_MAX;
    int64_t high = text ? (int64_t)SEC_SETTING_TEXT_MAX_BYTES : SEC_PRODUCT_INTEGER_MAX;
    const char *clause = text ? "length" : "range";
    struct sec_reader_map bounds = sec_reader_map_in(map, clause, false, keys, COUNT(keys));
    setting->min = sec_reader_integer(&bounds, "min", false, low, high, low);
    setting->max = sec_reader_integer(&bounds, "max", false, low, high, high);
    if (setting->min > setting->max) {
        sec_reader_fault(map->reader, bounds.node->line, map->object, clause, "min is above max");
        setting->max = high;
    }
}

static void form_read(const struct sec_reader_map *map, struct sec_product_setting *setting)
{
    enum sec_setting_type type = setting->type;
    if (type == SEC_SETTING_INTEGER || type == SEC_SETTING_TEXT)
        bounds_read(map, setting);
    if (type != SEC_SETTING_INTEGER)
        clause_refuse(map, "range", type);
    if (type != SEC_SETTING_TEXT)
        clause_refuse(map, "length", type);
    if (type == SEC_SETTING_ENUM)
        setting->choices = sec_reader_texts(map, "choices", true, SEC_PRODUCT_CHOICES_MAX_COUNT, choice_check,
                                            "a text of at most 256 bytes", &setting->choices_count);
    else
        clause_refuse(map, "choices", type);
}

static bool is_carried_as_text(enum sec_setting_type type)
{
    return type == SEC_SETTING_IP_ADDRESS || type == SEC_SETTING_DURATION;
}

static void value_check(const struct sec_reader_map *map, const struct sec_yaml_node *entry, const char *key,
                        const struct sec_product_setting *setting, const struct sec_value *value)
{
    uint8_t text[300];
    struct sec_wr fact = sec_wr(SEC_ROOM(text));
    if (!sec_product_setting_supported(setting->type)) {
        if (!sec_ok(choice_check(value->text)))
            sec_reader_fault(map->reader, entry->line, map->object, key, "must be a text of at most 256 bytes");
        return;
    }
    if (setting->type == SEC_SETTING_ENUM && setting->choices_count == 0)
        return; /* the choices' own fault is reported */
    if (sec_ok(sec_product_setting_check(setting, value, &fact)))
        return;
    struct sec_bytes done = sec_wr_done(&fact);
    sec_reader_fault(map->reader, entry->line, map->object, key, "%.*s", (int)done.len, (const char *)done.data);
}

static struct sec_value value_read(const struct sec_reader_map *map, const char *key, bool required, const struct sec_product_setting *setting)
{
    if (!sec_product_setting_supported(setting->type) && !is_carried_as_text(setting->type)) {
        clause_refuse(map, key, setting->type);
        return sec_value_none();
    }
    const struct sec_yaml_node *entry = sec_reader_entry(map, key, required);
    if (!entry)
        return sec_value_none();
    if (entry->kind != SEC_YAML_SCALAR) {
        sec_reader_fault(map->reader, entry->line, map->object, key, "must be one value");
        return sec_value_none();
    }
    struct sec_value value = sec_reader_value(entry, setting->type);
    value_check(map, entry, key, setting, &value);
    return value;
}

static void setting_read(const struct sec_reader_map *map, struct sec_product_setting *setting)
{
    static const char *const keys[] = {"type",    "unit",         "range",   "length", "choices",
                                       "default", "safe_default", "meaning", "effect", "apply"};
    struct sec_reader_map own = sec_reader_map_of(map->reader, map->node, map->object, keys, COUNT(keys));
    setting->type = (enum sec_setting_type)sec_reader_word(&own, "type", true, type_words, COUNT(type_words), 0);
    setting->unit = sec_reader_text(&own, "unit", false, SEC_NAME_MAX_BYTES);
    setting->meaning = sec_reader_text(&own, "meaning", true, SEC_PRODUCT_TEXT_MAX_BYTES);
    setting->effect = sec_reader_text(&own, "effect", false, SEC_PRODUCT_TEXT_MAX_BYTES);
    setting->hook = sec_reader_checked(&own, "apply", false, sec_product_hook_check, MUST_HOOK);
    if (setting->type == 0)
        return;
    form_read(&own, setting);
    bool default_needed = sec_product_setting_supported(setting->type) || sec_reader_entry(&own, "safe_default", false);
    setting->preset = value_read(&own, "default", default_needed, setting);
    setting->safe = value_read(&own, "safe_default", false, setting);
    if (setting->safe.type == SEC_VALUE_NONE)
        setting->safe = setting->preset;
}

/* --- the other lists ----------------------------------------------------------------------------------- */

static void component_read(const struct sec_reader_map *map, struct sec_product_component *component)
{
    static const char *const keys[] = {"meaning", "slots"};
    struct sec_reader_map own = sec_reader_map_of(map->reader, map->node, map->object, keys, COUNT(keys));
    component->meaning = sec_reader_text(&own, "meaning", true, SEC_PRODUCT_TEXT_MAX_BYTES);
    component->slots = sec_reader_texts(&own, "slots", true, SEC_PRODUCT_SLOTS_MAX_COUNT, sec_product_name_check, MUST_NAME,
                                        &component->slots_count);
}

static void interface_read(const struct sec_reader_map *map, struct sec_product_interface *interface)
{
    static const char *const keys[] = {"kind", "purpose", "direction", "protocol", "port", "default", "safe_default"};
    static const struct sec_reader_word kinds[] = {{"local", SEC_INTERFACE_LOCAL}, {"network", SEC_INTERFACE_NETWORK}};
    static const struct sec_reader_word directions[] = {
        {"in", SEC_DIRECTION_IN}, {"out", SEC_DIRECTION_OUT}, {"both", SEC_DIRECTION_BOTH}};
    struct sec_reader_map own = sec_reader_map_of(map->reader, map->node, map->object, keys, COUNT(keys));
    interface->kind = (enum sec_product_interface_kind)sec_reader_word(&own, "kind", true, kinds, COUNT(kinds), 0);
    interface->purpose = sec_reader_text(&own, "purpose", true, SEC_PRODUCT_TEXT_MAX_BYTES);
    interface->direction = (enum sec_product_direction)sec_reader_word(&own, "direction", true, directions, COUNT(directions), 0);
    interface->protocol = sec_reader_text(&own, "protocol", false, SEC_NAME_MAX_BYTES);
    interface->port = (uint16_t)sec_reader_integer(&own, "port", false, 1, UINT16_MAX, 0);
    interface->enabled = sec_reader_bool(&own, "default", true, false);
    interface->safe = sec_reader_bool(&own, "safe_default", false, interface->enabled);
}

static void role_read(const struct sec_reader_map *map, struct sec_product_role *role)
{
    static const char *const keys[] = {"as", "meaning"};
    static const struct sec_reader_word roles[] = {
        {"owner", 1}, {"administrator", 2}, {"operator", 3}, {"auditor", 4}, {"application", 5}};
    struct sec_reader_map own = sec_reader_map_of(map->reader, map->node, map->object, keys, COUNT(keys));
    role->role = (uint8_t)sec_reader_word(&own, "as", true, roles, COUNT(roles), 0);
    role->meaning = sec_reader_text(&own, "meaning", true, SEC_PRODUCT_TEXT_MAX_BYTES);
}

static void element_read(const struct sec_reader_map *map, struct sec_product_element *element)
{
    static const char *const keys[] = {"meaning", "personal", "kept", "erase"};
    struct sec_reader_map own = sec_reader_map_of(map->reader, map->node, map->object, keys, COUNT(keys));
    element->meaning = sec_reader_text(&own, "meaning", true, SEC_PRODUCT_TEXT_MAX_BYTES);
    element->personal = sec_reader_bool(&own, "personal", true, false);
    element->kept = sec_reader_text(&own, "kept", false, SEC_PRODUCT_TEXT_MAX_BYTES);
    element->erase = sec_reader_checked(&own, "erase", true, sec_product_hook_check, MUST_HOOK);
}

static void function_read(const struct sec_reader_map *map, struct sec_product_function *function)
{
    static const char *const keys[] = {"meaning", "needs_network", "after_support"};
    struct sec_reader_map own = sec_reader_map_of(map->reader, map->node, map->object, keys, COUNT(keys));
    function->meaning = sec_reader_text(&own, "meaning", true, SEC_PRODUCT_TEXT_MAX_BYTES);
    function->needs_network = sec_reader_bool(&own, "needs_network", true, false);
    function->after_support = sec_reader_bool(&own, "after_support", true, false);
}

static void name_check(const struct sec_reader_map *map, const struct sec_yaml_node *entry, bool is_setting)
{
    struct sec_bytes name = sec_bytes_of_str(entry->key);
    if (sec_ok(is_setting ? sec_product_setting_name_check(name) : sec_product_name_check(name)))
        return;
    sec_reader_fault(map->reader, entry->line, map->object, entry->key, "must be %s", is_setting ? MUST_SETTING : MUST_NAME);
}

/* The map under one entry of a list, named for faults; its keys are judged by who reads it. */
static struct sec_reader_map entry_map(const struct sec_reader_map *map, const struct sec_yaml_node *entry)
{
    struct sec_reader_map own = {map->reader, entry, ""};
    if (snprintf(own.object, sizeof own.object, "%s.%s", map->object, entry->key) < 0)
        own.object[0] = '\0';
    return own;
}

/*
 * LIST_READ(noun, section): reads the map `section` of the file into an array of sec_product_<noun>, sorted by name as the record wants it.
 */
#define LIST_READ(noun, section, max, is_setting)                                                                                \
    static int noun##_order(const void *a, const void *b)                                                                        \
    {                                                                                                                            \
        return sec_bytes_order(((const struct sec_product_##noun *)a)->name, ((const struct sec_product_##noun *)b)->name);      \
    }                                                                                                                            \
    static const struct sec_product_##noun *noun##_list_read(const struct sec_reader_map *file, size_t *ret_count)               \
    {                                                                                                                            \
        struct sec_reader_map map = sec_reader_map_in(file, section, false, NULL, 0);                                            \
        size_t count = sec_reader_count(&map, max), at = 0;                                                                      \
        struct sec_product_##noun *list = sec_reader_new(file->reader, count, sizeof *list);                                     \
        *ret_count = 0;                                                                                                          \
        if (!list || count == 0)                                                                                                 \
            return NULL;                                                                                                         \
        for (const struct sec_yaml_node *entry = map.node->first; entry; entry = entry->next, at++) {                            \
            struct sec_reader_map own = entry_map(&map, entry);                                                                  \
            name_check(&map, entry, is_setting);                                                                                 \
            list[at].name = sec_bytes_of_str(entry->key);                                                                        \
            noun##_read(&own, &list[at]);                                                                                        \
        }                                                                                                                        \
        qsort(list, count, sizeof *list, noun##_order);                                                                          \
        *ret_count = count;                                                                                                      \
        return list;                                                                                                             \
    }
LIST_READ(component, "components", SEC_PRODUCT_LIST_MAX_COUNT, false)
LIST_READ(setting, "settings", SEC_PRODUCT_SETTINGS_MAX_COUNT, true)
LIST_READ(interface, "interfaces", SEC_PRODUCT_INTERFACES_MAX_COUNT, false)
LIST_READ(role, "roles", SEC_PRODUCT_LIST_MAX_COUNT, false)
LIST_READ(element, "data", SEC_PRODUCT_LIST_MAX_COUNT, false)
LIST_READ(function, "functions", SEC_PRODUCT_LIST_MAX_COUNT, false)
#undef LIST_READ

static int contact_order(const void *a, const void *b)
{
    return sec_bytes_order(((const struct sec_product_contact *)a)->name, ((const struct sec_product_contact *)b)->name);
}

static const struct sec_product_contact *contact_list_read(const struct sec_reader_map *file, size_t *ret_count)
{
    struct sec_reader_map map = sec_reader_map_in(file, "contacts", false, NULL, 0);
    size_t count = sec_reader_count(&map, SEC_PRODUCT_LIST_MAX_COUNT), at = 0;
    struct sec_product_contact *list = sec_reader_new(file->reader, count, sizeof *list);
    *ret_count = 0;
    if (!list || count == 0)
        return NULL;
    for (const struct sec_yaml_node *entry = map.node->first; entry; entry = entry->next, at++) {
        name_check(&map, entry, false);
        list[at].name = sec_bytes_of_str(entry->key);
        list[at].address = sec_reader_text(&map, entry->key, true, SEC_PRODUCT_TEXT_MAX_BYTES);
    }
    qsort(list, count, sizeof *list, contact_order);
    *ret_count = count;
    return list;
}

/* --- what is there once -------------------------------------------------------------------------------- */

static void vendor_read(const struct sec_reader_map *file, struct sec_product_facts *facts)
{
    static const char *const keys[] = {"name", "domain", "contact"};
    struct sec_reader_map map = sec_reader_map_in(file, "vendor", true, keys, COUNT(keys));
    facts->vendor_name = sec_reader_text(&map, "name", false, SEC_NAME_MAX_BYTES);
    facts->vendor_domain = sec_reader_checked(&map, "domain", true, sec_product_domain_check, MUST_DOMAIN);
    facts->vendor_contact = sec_reader_text(&map, "contact", true, SEC_PRODUCT_TEXT_MAX_BYTES);
}

static void keep_check(const struct sec_reader_map *file, const struct sec_reader_map *map, const struct sec_product_facts *facts)
{
    const struct sec_yaml_node *interfaces = sec_reader_entry(file, "interfaces", false);
    const struct sec_yaml_node *keep = sec_reader_entry(map, "keep", false);
    struct sec_reader_map declared = {file->reader, interfaces && interfaces->kind == SEC_YAML_MAP ? interfaces : NULL, ""};
    for (size_t i = 0; i < facts->restricted_keep_count; i++) {
        struct sec_bytes name = sec_product_text_at(facts->restricted_keep, i);
        char key[SEC_NAME_MAX_BYTES + 1];
        snprintf(key, sizeof key, "%.*s", (int)name.len, (const char *)name.data);
        if (!sec_reader_entry(&declared, key, false))
            sec_reader_fault(file->reader, keep->line, map->object, "keep", "no interface is named %s", key);
    }
}

static void restricted_read(const struct sec_reader_map *file, struct sec_product_facts *facts)
{
    static const char *const keys[] = {"meaning", "after_days", "keep"};
    struct sec_reader_map map = sec_reader_map_in(file, "restricted_mode", false, keys, COUNT(keys));
    facts->restricted = map.node != NULL;
    facts->restricted_meaning = sec_reader_text(&map, "meaning", true, SEC_PRODUCT_TEXT_MAX_BYTES);
    facts->restricted_after_days = (uint32_t)sec_reader_integer(&map, "after_days", true, 0, 3650, 0);
    facts->restricted_keep = sec_reader_texts(&map, "keep", false, SEC_PRODUCT_INTERFACES_MAX_COUNT, sec_product_name_check,
                                              "the name of an interface", &facts->restricted_keep_count);
    keep_check(file, &map, facts);
}

static void presence_read(const struct sec_reader_map *file, struct sec_product_facts *facts)
{
    static const char *const keys[] = {"kind", "meaning", "claims"};
    static const struct sec_reader_word kinds[] = {{"none", SEC_PRESENCE_NONE},
                                                   {"button", SEC_PRESENCE_BUTTON},
                                                   {"jumper", SEC_PRESENCE_JUMPER},
                                                   {"console", SEC_PRESENCE_CONSOLE}};
    struct sec_reader_map map = sec_reader_map_in(file, "physical_presence", true, keys, COUNT(keys));
    facts->presence = (enum sec_product_presence)sec_reader_word(&map, "kind", true, kinds, COUNT(kinds), 0);
    facts->presence_meaning = sec_reader_text(&map, "meaning", false, SEC_PRODUCT_TEXT_MAX_BYTES);
    facts->presence_claims = sec_reader_bool(&map, "claims", false, false);
    if (map.node && facts->presence == SEC_PRESENCE_NONE && facts->presence_claims)
        sec_reader_fault(file->reader, map.node->line, map.object, "claims", "there is no presence that could claim");
}

static void health_read(const struct sec_reader_map *update, struct sec_product_facts *facts)
{
    static const char *const keys[] = {"hook", "timeout_s"};
    struct sec_reader_map map = sec_reader_map_in(update, "health_check", false, keys, COUNT(keys));
    facts->update_health_hook = sec_reader_checked(&map, "hook", true, sec_product_hook_check, MUST_HOOK);
    facts->update_health_timeout_s = (uint32_t)sec_reader_integer(&map, "timeout_s", true, 1, 3600, 0);
}

static void update_read(const struct sec_reader_map *file, struct sec_product_facts *facts)
{
    static const char *const keys[] = {"confirm", "confirm_within_s", "health_check", "policy", "meaning"};
    static const struct sec_reader_word confirms[] = {{"automatic", SEC_CONFIRM_AUTOMATIC}, {"operator", SEC_CONFIRM_OPERATOR}};
    static const struct sec_reader_word policies[] = {
        {"disabled", SEC_POLICY_DISABLED}, {"manual", SEC_POLICY_MANUAL}, {"automatic", SEC_POLICY_AUTOMATIC}};
    struct sec_reader_map map = sec_reader_map_in(file, "update", true, keys, COUNT(keys));
    facts->update_confirm = (enum sec_product_confirm)sec_reader_word(&map, "confirm", true, confirms, COUNT(confirms), 0);
    bool by_operator = facts->update_confirm == SEC_CONFIRM_OPERATOR;
    facts->update_confirm_within_s =
        (uint32_t)sec_reader_integer(&map, "confirm_within_s", by_operator, by_operator ? 1 : 0, 604800, 0);
    facts->update_policy = (enum sec_product_policy)sec_reader_word(&map, "policy", true, policies, COUNT(policies), 0);
    facts->update_meaning = sec_reader_text(&map, "meaning", false, SEC_PRODUCT_TEXT_MAX_BYTES);
    health_read(&map, facts);
}

static void support_read(const struct sec_reader_map *file, struct sec_product_facts *facts)
{
    static const char *const keys[] = {"until", "life_until", "meaning"};
    struct sec_reader_map map = sec_reader_map_in(file, "support", false, keys, COUNT(keys));
    facts->support_until = sec_reader_checked(&map, "until", false, sec_product_date_check, MUST_DATE);
    facts->life_until = sec_reader_checked(&map, "life_until", false, sec_product_date_check, MUST_DATE);
    facts->support_meaning = sec_reader_text(&map, "meaning", false, SEC_PRODUCT_TEXT_MAX_BYTES);
}

static void file_read(const struct sec_reader_map *file, struct sec_product_draft *draft)
{
    struct sec_product_facts *facts = &draft->facts;
    static const struct sec_reader_word formats[] = {{"1", 1}};
    (void)sec_reader_word(file, "format", true, formats, COUNT(formats), 1);
    facts->name = sec_reader_text(file, "name", true, SEC_NAME_MAX_BYTES);
    facts->model = sec_reader_text(file, "model", true, SEC_NAME_MAX_BYTES);
    facts->hardware = sec_reader_text(file, "hardware", true, SEC_NAME_MAX_BYTES);
    facts->version = sec_reader_text(file, "version", false, SEC_NAME_MAX_BYTES);
    vendor_read(file, facts);
    draft->components = component_list_read(file, &draft->components_count);
    draft->settings = setting_list_read(file, &draft->settings_count);
    draft->interfaces = interface_list_read(file, &draft->interfaces_count);
    draft->roles = role_list_read(file, &draft->roles_count);
    draft->elements = element_list_read(file, &draft->elements_count);
    draft->functions = function_list_read(file, &draft->functions_count);
    draft->contacts = contact_list_read(file, &draft->contacts_count);
    restricted_read(file, facts);
    presence_read(file, facts);
    update_read(file, facts);
    support_read(file, facts);
    const struct sec_yaml_node *components = sec_reader_entry(file, "components", true);
    if (components && components->kind == SEC_YAML_MAP && !components->first)
        sec_reader_fault(file->reader, components->line, "components", "", "at least one");
}

/* --- the whole ------------------------------------------------------------------------------------------- */

static const char *const file_keys[] = {"format",    "name",     "vendor",    "model",           "hardware",          "version",
                                        "components", "settings", "interfaces", "roles",           "data",              "functions",
                                        "contacts",  "support",  "update",    "restricted_mode", "physical_presence"};

static sec_status draft_encode(struct sec_reader *reader, struct sec_product_draft *draft, struct sec_room room, struct sec_bytes *ret_record)
{
    struct sec_product_facts *facts = &draft->facts;
    struct sec_wr wr = sec_wr(room);
    struct sec_bytes record;
    struct sec_product product;
    SEC_TRY(sec_product_ids(facts->vendor_domain, facts->model, &facts->vendor_id, &facts->class_id));
    sec_product_encode(draft, &wr);
    SEC_TRY(sec_wr_end(&wr, &record));
    sec_status status = sec_product_parse(record, &product);
    if (!sec_ok(status)) {
        sec_reader_fault(reader, 0, "product record", "", "%s", sec_status_text(status));
        return status;
    }
    *ret_record = record;
    return status;
}

static sec_status tree_compile(struct sec_reader *reader, const struct sec_yaml *yaml, struct sec_room room, struct sec_bytes *ret_record)
{
    struct sec_product_draft draft = {0};
    if (!yaml->root) {
        sec_reader_fault(reader, 1, "", "", "nothing is declared");
        return sec_st(SEC_BAD_VALUE);
    }
    struct sec_reader_map file = sec_reader_map_of(reader, yaml->root, "", file_keys, COUNT(file_keys));
    if (file.node)
        file_read(&file, &draft);
    if (reader->no_memory)
        return sec_st(SEC_INTERNAL);
    if (reader->faults_count > 0)
        return sec_st(SEC_BAD_VALUE);
    return draft_encode(reader, &draft, room, ret_record);
}

sec_status sec_product_yaml_compile(struct sec_bytes yaml, const char *file, const struct sec_product_faults *faults,
                                    struct sec_room room, struct sec_bytes *ret_record)
{
    struct sec_yaml tree;
    struct sec_yaml_problem problem;
    struct sec_reader reader;
    if (!sec_reader_init(&reader))
        return sec_st(SEC_INTERNAL);
    sec_status status = sec_yaml_load(yaml, &tree, &problem);
    if (!sec_ok(status) && problem.line + (unsigned)(problem.fact[0] != '\0') > 0)
        sec_reader_fault(&reader, problem.line, "", "", "%s", problem.fact);
    if (sec_ok(status))
        status = tree_compile(&reader, &tree, room, ret_record);
    sec_reader_report(&reader, file, faults);
    sec_yaml_done(&tree);
    sec_reader_done(&reader);
    return status;
}
