/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <securable/statement.h>

static struct rules_hook hook_of(struct sec_bytes name)
{
    struct rules_hook hook = {{0}};
    /* The record's parser has checked the name; checked again, since it becomes a path. */
    if (name.len > 0 && sec_ok(sec_product_hook_check(name)) && name.len < sizeof hook.name)
        sec_copy(hook.name, name.data, name.len);
    return hook;
}

sec_status rules_load(struct rules *rules, struct sec_bytes statement)
{
    struct sec_statement parsed;
    struct sec_product product;
    if (statement.len > sizeof rules->statement_b)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_statement_parse(statement, &parsed));
    if (parsed.kind != SEC_STATEMENT_PRODUCT)
        return sec_st(SEC_WRONG_KIND);
    SEC_TRY(sec_product_parse(parsed.msg.payload, &product));
    sec_copy(rules->statement_b, statement.data, statement.len);
    rules->statement_len = statement.len;
    /* Parsed again from our own copy, from which it borrows; it succeeded before on the same bytes. */
    SEC_TRY(sec_statement_parse(sec_bytes(rules->statement_b, rules->statement_len), &parsed));
    SEC_TRY(sec_product_parse(parsed.msg.payload, &rules->product));
    for (size_t i = 0; i < rules->product.interfaces.count; i++) {
        struct sec_product_interface interface;
        rules->enabled[i] = sec_ok(sec_product_interface_at(&rules->product, i, &interface)) && interface.enabled;
    }
    return sec_st(SEC_OK);
}

sec_status rules_setting_hook(const struct rules *rules, struct sec_bytes key, struct rules_hook *ret_hook)
{
    struct sec_product_setting setting;
    struct sec_bytes reserved = SEC_LIT(SEC_PRODUCT_RESERVED_PREFIX);
    if (sec_bytes_equal(sec_bytes_part(key, 0, reserved.len), reserved)) {
        *ret_hook = hook_of(sec_bytes(NULL, 0));
        return sec_st(SEC_OK);
    }
    if (!sec_ok(sec_product_setting_find(&rules->product, key, &setting)))
        return sec_st(SEC_REFUSED_BY_PORT);
    *ret_hook = hook_of(setting.hook);
    return sec_st(SEC_OK);
}

sec_status rules_erase_hook(const struct rules *rules, struct sec_bytes element, struct rules_hook *ret_hook)
{
    struct sec_product_element found;
    if (!sec_ok(sec_product_element_find(&rules->product, element, &found)))
        return sec_st(SEC_REFUSED_BY_PORT);
    *ret_hook = hook_of(found.erase);
    return sec_st(SEC_OK);
}

struct rules_hook rules_health_hook(const struct rules *rules)
{
    return hook_of(rules->product.facts.update_health_hook);
}

sec_status rules_interface_set(struct rules *rules, struct sec_bytes name, bool enabled)
{
    for (size_t i = 0; i < rules->product.interfaces.count; i++) {
        if (sec_bytes_equal(sec_product_name_at(&rules->product, &rules->product.interfaces, i), name)) {
            rules->enabled[i] = enabled;
            return sec_st(SEC_OK);
        }
    }
    return sec_st(SEC_REFUSED_BY_PORT);
}

static void put_state(struct sec_bytes name, bool enabled, struct sec_wr *wr)
{
    sec_wr_bytes(wr, SEC_LIT("\""));
    sec_wr_bytes(wr, name); /* letters, digits, '_', '-' */
    sec_wr_bytes(wr, enabled ? SEC_LIT("\": true") : SEC_LIT("\": false"));
}

void rules_interfaces_json(const struct rules *rules, struct sec_wr *wr)
{
    sec_wr_bytes(wr, SEC_LIT("{\"securable_format\": 1, \"interfaces\": {"));
    for (size_t i = 0; i < rules->product.interfaces.count; i++) {
        if (i > 0)
            sec_wr_bytes(wr, SEC_LIT(", "));
        put_state(sec_product_name_at(&rules->product, &rules->product.interfaces, i), rules->enabled[i], wr);
    }
    sec_wr_bytes(wr, SEC_LIT("}}\n"));
}

static bool contains(struct sec_bytes text, struct sec_bytes part)
{
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (sec_bytes_equal(sec_bytes_part(text, at, part.len), part))
            return true;
    }
    return false;
}

void rules_interfaces_restore(struct rules *rules, struct sec_bytes json)
{
    for (size_t i = 0; i < rules->product.interfaces.count; i++) {
        uint8_t state_b[SEC_NAME_MAX_BYTES + 16];
        for (int enabled = 0; enabled < 2; enabled++) {
            struct sec_wr wr = sec_wr(SEC_ROOM(state_b));
            put_state(sec_product_name_at(&rules->product, &rules->product.interfaces, i), enabled != 0, &wr);
            if (!wr.bad && contains(json, sec_wr_done(&wr)))
                rules->enabled[i] = enabled != 0;
        }
    }
}

bool rules_listens(const struct rules *rules, const char *protocol, uint16_t port)
{
    for (size_t i = 0; i < rules->product.interfaces.count; i++) {
        struct sec_product_interface interface;
        if (sec_ok(sec_product_interface_at(&rules->product, i, &interface)) && rules->enabled[i] &&
            interface.kind == SEC_INTERFACE_NETWORK && interface.direction != SEC_DIRECTION_OUT &&
            interface.port == port && sec_bytes_equal(interface.protocol, sec_bytes_of_str(protocol)))
            return true;
    }
    return false;
}

bool rules_hook_at(const struct rules *rules, size_t index, struct rules_hook *ret_hook)
{
    size_t settings = rules->product.settings.count;
    struct sec_product_setting setting;
    struct sec_product_element element;
    if (index < settings) {
        ret_hook->name[0] = 0;
        if (sec_ok(sec_product_setting_at(&rules->product, index, &setting)))
            *ret_hook = hook_of(setting.hook);
        return true;
    }
    if (index - settings < rules->product.elements.count) {
        ret_hook->name[0] = 0;
        if (sec_ok(sec_product_element_at(&rules->product, index - settings, &element)))
            *ret_hook = hook_of(element.erase);
        return true;
    }
    if (index - settings == rules->product.elements.count) {
        *ret_hook = rules_health_hook(rules);
        return true;
    }
    return false;
}
