/* SPDX-License-Identifier: Apache-2.0 */
#include "declaration.h"

/* Keys of the record's map; docs/formats/product.cddl. */
enum record_key {
    KEY_FORMAT = 0,
    KEY_NAME = 1,
    KEY_VENDOR = 2,
    KEY_MODEL = 3,
    KEY_HARDWARE = 4,
    KEY_VERSION = 5,
    KEY_VENDOR_ID = 6,
    KEY_CLASS_ID = 7,
    KEY_COMPONENTS = 8,
    KEY_SETTINGS = 9,
    KEY_INTERFACES = 10,
    KEY_ROLES = 11,
    KEY_ELEMENTS = 12,
    KEY_FUNCTIONS = 13,
    KEY_RESTRICTED = 14,
    KEY_PRESENCE = 15,
    KEY_UPDATE = 16,
    KEY_SUPPORT = 17,
    KEY_CONTACTS = 18,
};
#define BIT(key) (1u << (unsigned)(key))
#define KEYS_ALL ((1u << 19) - 1u)
#define KEYS_OPTIONAL (BIT(KEY_VERSION) | BIT(KEY_RESTRICTED))

#define FORMAT 1
#define DAYS_MAX 3650
#define CONFIRM_WITHIN_MAX_S 604800
#define HEALTH_TIMEOUT_MAX_S 3600

/* --- encoding ---------------------------------------------------------------------------------------- */

static void vendor_put(struct sec_wr *wr, const struct sec_product_facts *facts)
{
    sec_cbor_put_uint(wr, KEY_VENDOR);
    sec_cbor_put_map(wr, 2u + sec_product_one_if(facts->vendor_name));
    sec_product_put_optional(wr, 1, facts->vendor_name);
    sec_product_put_text(wr, 2, facts->vendor_domain);
    sec_product_put_text(wr, 3, facts->vendor_contact);
}

static void uuid_put(struct sec_wr *wr, enum record_key key, const struct sec_uuid *uuid)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_bstr(wr, SEC_BYTES(uuid->b));
}

static void restricted_put(struct sec_wr *wr, const struct sec_product_facts *facts)
{
    sec_cbor_put_uint(wr, KEY_RESTRICTED);
    sec_cbor_put_map(wr, 3);
    sec_product_put_text(wr, 1, facts->restricted_meaning);
    sec_product_put_integer(wr, 2, facts->restricted_after_days);
    sec_product_put_texts(wr, 3, facts->restricted_keep, facts->restricted_keep_count);
}

static void presence_put(struct sec_wr *wr, const struct sec_product_facts *facts)
{
    sec_cbor_put_uint(wr, KEY_PRESENCE);
    sec_cbor_put_map(wr, 2u + sec_product_one_if(facts->presence_meaning));
    sec_product_put_integer(wr, 1, (int64_t)facts->presence);
    sec_product_put_optional(wr, 2, facts->presence_meaning);
    sec_product_put_flag(wr, 3, facts->presence_claims);
}

static void update_put(struct sec_wr *wr, const struct sec_product_facts *facts)
{
    size_t health = sec_product_one_if(facts->update_health_hook);
    sec_cbor_put_uint(wr, KEY_UPDATE);
    sec_cbor_put_map(wr, 3u + 2u * health + sec_product_one_if(facts->update_meaning));
    sec_product_put_integer(wr, 1, (int64_t)facts->update_confirm);
    sec_product_put_integer(wr, 2, facts->update_confirm_within_s);
    sec_product_put_optional(wr, 3, facts->update_health_hook);
    if (health)
        sec_product_put_integer(wr, 4, facts->update_health_timeout_s);
    sec_product_put_integer(wr, 5, (int64_t)facts->update_policy);
    sec_product_put_optional(wr, 6, facts->update_meaning);
}

static void support_put(struct sec_wr *wr, const struct sec_product_facts *facts)
{
    sec_cbor_put_uint(wr, KEY_SUPPORT);
    sec_cbor_put_map(wr, sec_product_one_if(facts->support_until) + sec_product_one_if(facts->life_until) +
                             sec_product_one_if(facts->support_meaning));
    sec_product_put_optional(wr, 1, facts->support_until);
    sec_product_put_optional(wr, 2, facts->life_until);
    sec_product_put_optional(wr, 3, facts->support_meaning);
}

static void list_head_put(struct sec_wr *wr, enum record_key key, size_t count)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_array(wr, count);
}

static void lists_put(struct sec_wr *wr, const struct sec_product_draft *draft)
{
    list_head_put(wr, KEY_COMPONENTS, draft->components_count);
    for (size_t i = 0; i < draft->components_count; i++)
        sec_product_component_put(wr, &draft->components[i]);
    list_head_put(wr, KEY_SETTINGS, draft->settings_count);
    for (size_t i = 0; i < draft->settings_count; i++)
        sec_product_setting_put(wr, &draft->settings[i]);
    list_head_put(wr, KEY_INTERFACES, draft->interfaces_count);
    for (size_t i = 0; i < draft->interfaces_count; i++)
        sec_product_interface_put(wr, &draft->interfaces[i]);
    list_head_put(wr, KEY_ROLES, draft->roles_count);
    for (size_t i = 0; i < draft->roles_count; i++)
        sec_product_role_put(wr, &draft->roles[i]);
    list_head_put(wr, KEY_ELEMENTS, draft->elements_count);
    for (size_t i = 0; i < draft->elements_count; i++)
        sec_product_element_put(wr, &draft->elements[i]);
    list_head_put(wr, KEY_FUNCTIONS, draft->functions_count);
    for (size_t i = 0; i < draft->functions_count; i++)
        sec_product_function_put(wr, &draft->functions[i]);
}

void sec_product_encode(const struct sec_product_draft *draft, struct sec_wr *wr)
{
    const struct sec_product_facts *facts = &draft->facts;
    sec_cbor_put_map(wr, 17u + sec_product_one_if(facts->version) + (facts->restricted ? 1u : 0u));
    sec_product_put_integer(wr, KEY_FORMAT, FORMAT);
    sec_product_put_text(wr, KEY_NAME, facts->name);
    vendor_put(wr, facts);
    sec_product_put_text(wr, KEY_MODEL, facts->model);
    sec_product_put_text(wr, KEY_HARDWARE, facts->hardware);
    sec_product_put_optional(wr, KEY_VERSION, facts->version);
    uuid_put(wr, KEY_VENDOR_ID, &facts->vendor_id);
    uuid_put(wr, KEY_CLASS_ID, &facts->class_id);
    lists_put(wr, draft);
    if (facts->restricted)
        restricted_put(wr, facts);
    presence_put(wr, facts);
    update_put(wr, facts);
    support_put(wr, facts);
    list_head_put(wr, KEY_CONTACTS, draft->contacts_count);
    for (size_t i = 0; i < draft->contacts_count; i++)
        sec_product_contact_put(wr, &draft->contacts[i]);
}

/* --- parsing ----------------------------------------------------------------------------------------- */

static void vendor_read(struct sec_cbor *rd, struct sec_product_facts *facts)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            facts->vendor_name = sec_product_read_text(rd, SEC_NAME_MAX_BYTES);
        else if (key == 2)
            facts->vendor_domain = sec_product_read_checked(rd, sec_product_domain_check);
        else if (key == 3)
            facts->vendor_contact = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= key >= 1 && key <= 3 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(2) | BIT(3));
}

static void restricted_read(struct sec_cbor *rd, struct sec_product_facts *facts)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            facts->restricted_meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else if (key == 2)
            facts->restricted_after_days = (uint32_t)sec_product_read_integer(rd, 0, DAYS_MAX);
        else if (key == 3)
            facts->restricted_keep = sec_product_read_texts(rd, 0, SEC_PRODUCT_INTERFACES_MAX_COUNT, sec_product_name_check,
                                                            &facts->restricted_keep_count);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= key >= 1 && key <= 3 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(2) | BIT(3));
    facts->restricted = true;
}

static void presence_read(struct sec_cbor *rd, struct sec_product_facts *facts)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            facts->presence = (enum sec_product_presence)sec_product_read_integer(rd, SEC_PRESENCE_NONE, SEC_PRESENCE_CONSOLE);
        else if (key == 2)
            facts->presence_meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else if (key == 3)
            facts->presence_claims = sec_cbor_bool(rd);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= key >= 1 && key <= 3 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(3));
    sec_product_read_must(rd, facts->presence != SEC_PRESENCE_NONE || !facts->presence_claims);
}

static void update_field_read(struct sec_cbor *rd, int64_t key, struct sec_product_facts *facts)
{
    switch (key) {
    case 1:
        facts->update_confirm = (enum sec_product_confirm)sec_product_read_integer(rd, SEC_CONFIRM_AUTOMATIC, SEC_CONFIRM_OPERATOR);
        return;
    case 2:
        facts->update_confirm_within_s = (uint32_t)sec_product_read_integer(rd, 0, CONFIRM_WITHIN_MAX_S);
        return;
    case 3:
        facts->update_health_hook = sec_product_read_checked(rd, sec_product_hook_check);
        return;
    case 4:
        facts->update_health_timeout_s = (uint32_t)sec_product_read_integer(rd, 1, HEALTH_TIMEOUT_MAX_S);
        return;
    case 5:
        facts->update_policy = (enum sec_product_policy)sec_product_read_integer(rd, SEC_POLICY_DISABLED, SEC_POLICY_AUTOMATIC);
        return;
    case 6:
        facts->update_meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        return;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

static void update_read(struct sec_cbor *rd, struct sec_product_facts *facts)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        update_field_read(rd, key, facts);
        seen |= key >= 1 && key <= 6 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(2) | BIT(5));
    sec_product_read_need(rd, seen, seen & (BIT(3) | BIT(4)) ? BIT(3) | BIT(4) : 0u);
    /* A trial that nobody has to confirm by a time would stay a trial for ever. */
    sec_product_read_must(rd, facts->update_confirm != SEC_CONFIRM_OPERATOR || facts->update_confirm_within_s > 0);
}

static void support_read(struct sec_cbor *rd, struct sec_product_facts *facts)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            facts->support_until = sec_product_read_checked(rd, sec_product_date_check);
        else if (key == 2)
            facts->life_until = sec_product_read_checked(rd, sec_product_date_check);
        else if (key == 3)
            facts->support_meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

/* Reads one declaration to check it, and gives its name. */
typedef struct sec_bytes (*entry_read)(struct sec_cbor *rd);

#define ENTRY_READ(noun)                                                                                                         \
    static struct sec_bytes noun##_entry(struct sec_cbor *rd)                                                                    \
    {                                                                                                                            \
        struct sec_product_##noun entry;                                                                                         \
        sec_product_##noun##_read(rd, &entry);                                                                                   \
        return entry.name;                                                                                                       \
    }
ENTRY_READ(component)
ENTRY_READ(setting)
ENTRY_READ(interface)
ENTRY_READ(role)
ENTRY_READ(element)
ENTRY_READ(function)
ENTRY_READ(contact)
#undef ENTRY_READ

static void list_read(struct sec_cbor *rd, size_t max, entry_read read, struct sec_product_list *list)
{
    struct sec_bytes before = {NULL, 0};
    size_t count = sec_cbor_array(rd);
    if (count > max) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        list->at[i] = (uint16_t)rd->at;
        struct sec_bytes name = read(rd);
        sec_product_read_must(rd, sec_bytes_order(before, name) < 0);
        before = name;
    }
    list->count = (uint16_t)count;
}

static void format_read(struct sec_cbor *rd)
{
    if (sec_cbor_uint(rd) != FORMAT)
        sec_cbor_fail(rd, SEC_UNKNOWN_FORMAT);
}

static void record_list_read(struct sec_cbor *rd, int64_t key, struct sec_product *got)
{
    switch (key) {
    case KEY_COMPONENTS:
        list_read(rd, SEC_PRODUCT_LIST_MAX_COUNT, component_entry, &got->components);
        return;
    case KEY_SETTINGS:
        list_read(rd, SEC_PRODUCT_SETTINGS_MAX_COUNT, setting_entry, &got->settings);
        return;
    case KEY_INTERFACES:
        list_read(rd, SEC_PRODUCT_INTERFACES_MAX_COUNT, interface_entry, &got->interfaces);
        return;
    case KEY_ROLES:
        list_read(rd, SEC_PRODUCT_LIST_MAX_COUNT, role_entry, &got->roles);
        return;
    case KEY_ELEMENTS:
        list_read(rd, SEC_PRODUCT_LIST_MAX_COUNT, element_entry, &got->elements);
        return;
    case KEY_FUNCTIONS:
        list_read(rd, SEC_PRODUCT_LIST_MAX_COUNT, function_entry, &got->functions);
        return;
    case KEY_CONTACTS:
        list_read(rd, SEC_PRODUCT_LIST_MAX_COUNT, contact_entry, &got->contacts);
        return;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

static void record_field_read(struct sec_cbor *rd, int64_t key, struct sec_product *got)
{
    struct sec_product_facts *facts = &got->facts;
    switch (key) {
    case KEY_FORMAT:
        format_read(rd);
        return;
    case KEY_NAME:
        facts->name = sec_product_read_text(rd, SEC_NAME_MAX_BYTES);
        return;
    case KEY_VENDOR:
        vendor_read(rd, facts);
        return;
    case KEY_MODEL:
        facts->model = sec_product_read_text(rd, SEC_NAME_MAX_BYTES);
        return;
    case KEY_HARDWARE:
        facts->hardware = sec_product_read_text(rd, SEC_NAME_MAX_BYTES);
        return;
    case KEY_VERSION:
        facts->version = sec_product_read_text(rd, SEC_NAME_MAX_BYTES);
        return;
    case KEY_VENDOR_ID:
        sec_cbor_bstr_into(rd, SEC_ROOM(facts->vendor_id.b));
        return;
    case KEY_CLASS_ID:
        sec_cbor_bstr_into(rd, SEC_ROOM(facts->class_id.b));
        return;
    case KEY_RESTRICTED:
        restricted_read(rd, facts);
        return;
    case KEY_PRESENCE:
        presence_read(rd, facts);
        return;
    case KEY_UPDATE:
        update_read(rd, facts);
        return;
    case KEY_SUPPORT:
        support_read(rd, facts);
        return;
    default:
        record_list_read(rd, key, got);
    }
}

static sec_status restricted_check(const struct sec_product *product)
{
    const struct sec_product_facts *facts = &product->facts;
    struct sec_product_interface interface;
    for (size_t i = 0; i < facts->restricted_keep_count; i++)
        if (!sec_ok(sec_product_interface_find(product, sec_product_text_at(facts->restricted_keep, i), &interface)))
            return sec_st(SEC_BAD_VALUE);
    return sec_st(SEC_OK);
}

sec_status sec_product_parse(struct sec_bytes record, struct sec_product *ret_product)
{
    if (record.len > SEC_PRODUCT_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_cbor_check(record, SEC_CBOR_OURS));

    struct sec_product got = {.record = record};
    struct sec_cbor rd = sec_cbor(record);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        record_field_read(&rd, key, &got);
        seen |= key >= KEY_FORMAT && key <= KEY_CONTACTS ? BIT(key) : 0u;
    }
    sec_product_read_need(&rd, seen, KEYS_ALL & ~KEYS_OPTIONAL);
    sec_product_read_must(&rd, got.components.count > 0 || !sec_ok(rd.status));
    SEC_TRY(sec_cbor_end(&rd));
    SEC_TRY(restricted_check(&got));
    *ret_product = got;
    return sec_st(SEC_OK);
}

/* --- reading a parsed record -------------------------------------------------------------------------- */

static sec_status entry_at(const struct sec_product *product, const struct sec_product_list *list, size_t index, struct sec_cbor *ret_rd)
{
    if (index >= list->count)
        return sec_st(SEC_NOT_FOUND);
    *ret_rd = sec_cbor(sec_bytes_part(product->record, list->at[index], product->record.len));
    return sec_st(SEC_OK);
}

struct sec_bytes sec_product_name_at(const struct sec_product *product, const struct sec_product_list *list, size_t index)
{
    struct sec_cbor rd;
    if (!sec_ok(entry_at(product, list, index, &rd)))
        return (struct sec_bytes){NULL, 0};
    (void)sec_cbor_map(&rd);
    (void)sec_cbor_uint(&rd); /* the name has the lowest key in every declaration */
    return sec_cbor_tstr(&rd);
}

#define ENTRY_AT(noun, list)                                                                                                     \
    sec_status sec_product_##noun##_at(const struct sec_product *product, size_t index, struct sec_product_##noun *ret_##noun)   \
    {                                                                                                                            \
        struct sec_product_##noun entry;                                                                                         \
        struct sec_cbor rd;                                                                                                      \
        SEC_TRY(entry_at(product, &product->list, index, &rd));                                                                  \
        sec_product_##noun##_read(&rd, &entry);                                                                                  \
        if (sec_ok(rd.status))                                                                                                   \
            *ret_##noun = entry;                                                                                                 \
        return rd.status;                                                                                                        \
    }
ENTRY_AT(component, components)
ENTRY_AT(setting, settings)
ENTRY_AT(interface, interfaces)
ENTRY_AT(role, roles)
ENTRY_AT(element, elements)
ENTRY_AT(function, functions)
ENTRY_AT(contact, contacts)
#undef ENTRY_AT

/* The index of a name in its sorted list, or the list's count. */
static size_t index_of(const struct sec_product *product, const struct sec_product_list *list, struct sec_bytes name)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = sec_bytes_order(sec_product_name_at(product, list, middle), name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return list->count;
}

sec_status sec_product_setting_find(const struct sec_product *product, struct sec_bytes name, struct sec_product_setting *ret_setting)
{
    return sec_product_setting_at(product, index_of(product, &product->settings, name), ret_setting);
}

sec_status sec_product_interface_find(const struct sec_product *product, struct sec_bytes name,
                                      struct sec_product_interface *ret_interface)
{
    return sec_product_interface_at(product, index_of(product, &product->interfaces, name), ret_interface);
}

sec_status sec_product_element_find(const struct sec_product *product, struct sec_bytes name, struct sec_product_element *ret_element)
{
    return sec_product_element_at(product, index_of(product, &product->elements, name), ret_element);
}
