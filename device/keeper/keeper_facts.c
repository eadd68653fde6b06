/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

int64_t keeper_time_lower(const struct sec_keeper *k)
{
    const struct sec_clock *clock = k->config.clock;
    uint64_t passed_ms = clock->steady_ms(clock->ctx) - k->time_steady_ms;
    int64_t lower = k->time_lower_s + (int64_t)(passed_ms / 1000u);
    int64_t wall = clock->wall_s(clock->ctx);
    return clock->wall_trusted(clock->ctx) && wall > lower ? wall : lower;
}

void keeper_raise_time(struct sec_keeper *k)
{
    int64_t told = k->rooms.access.lease.time_s;
    if (told <= keeper_time_lower(k))
        return;
    k->time_lower_s = told;
    k->time_steady_ms = k->config.clock->steady_ms(k->config.clock->ctx);
}

uint64_t keeper_uptime_s(const struct sec_keeper *k)
{
    uint64_t now_ms = k->config.clock->steady_ms(k->config.clock->ctx);
    return k->uptime_carry_s + (now_ms > k->uptime_from_ms ? (now_ms - k->uptime_from_ms) / 1000u : 0);
}

bool keeper_interface_on(const struct sec_keeper *k, struct sec_bytes name)
{
    return sec_configuration_interface_enabled(&k->rooms.configuration, &k->product, name, k->rooms.access.restricted);
}

int64_t keeper_time_shown(const struct sec_keeper *k)
{
    int64_t lower = keeper_time_lower(k);
    int64_t wall = k->config.clock->wall_s(k->config.clock->ctx);
    return wall > lower ? wall : lower;
}

struct sec_bytes keeper_setting_text(const struct sec_keeper *k, struct sec_bytes key)
{
    struct sec_value value;
    sec_status status = sec_configuration_value(&k->rooms.configuration, &k->product, key, &value);
    return sec_ok(status) && value.type == SEC_VALUE_TEXT ? value.text : sec_bytes(NULL, 0);
}

static int64_t setting_integer(const struct sec_keeper *k, struct sec_bytes key)
{
    struct sec_value value;
    sec_status status = sec_configuration_value(&k->rooms.configuration, &k->product, key, &value);
    return sec_ok(status) && value.type == SEC_VALUE_INTEGER && value.integer > 0 ? value.integer : 0;
}

static bool setting_bool(const struct sec_keeper *k, struct sec_bytes key)
{
    struct sec_value value;
    sec_status status = sec_configuration_value(&k->rooms.configuration, &k->product, key, &value);
    return sec_ok(status) && value.type == SEC_VALUE_BOOL && value.boolean;
}

static void time_facts(const struct sec_keeper *k, struct sec_access_time *ret_time)
{
    const struct sec_clock *clock = k->config.clock;
    ret_time->lower_s = keeper_time_lower(k);
    ret_time->trusted = clock->wall_trusted(clock->ctx);
    ret_time->now_s = keeper_time_shown(k); /* a clock that stands before the lower bound is known to be wrong */
}

void keeper_access_facts(const struct sec_keeper *k, struct sec_access_facts *ret_facts)
{
    struct sec_audience_facts *device = &ret_facts->device;
    device->device_id = sec_device_id_bytes(&k->config.device_id);
    device->product = k->product.facts.name;
    device->model = k->product.facts.model;
    device->name = keeper_setting_text(k, SEC_LIT("securable.device.name"));
    device->site = keeper_setting_text(k, SEC_LIT("securable.device.site"));
    device->group = keeper_setting_text(k, SEC_LIT("securable.device.group"));
    device->tags = keeper_setting_text(k, SEC_LIT("securable.device.tags"));
    time_facts(k, &ret_facts->time);
    ret_facts->hasher = &k->config.crypto->hasher;
    ret_facts->uptime_s = keeper_uptime_s(k);
    ret_facts->generation = 0;
}

void keeper_update_facts(const struct sec_keeper *k, struct sec_update_facts *ret_facts)
{
    struct sec_access_time time;
    struct sec_update_facts facts = {0};
    time_facts(k, &time);
    facts.vendor_id = k->product.facts.vendor_id;
    facts.class_id = k->product.facts.class_id;
    /* An unreadable setting leaves the safe answers: updating off, nobody told. */
    sec_update_mode_parse(keeper_setting_text(k, SEC_LIT("securable.update.mode")), &facts.mode);
    sec_update_notify_parse(keeper_setting_text(k, SEC_LIT("securable.update.notify")), &facts.notify);
    facts.window = keeper_setting_text(k, SEC_LIT("securable.update.window"));
    facts.now_s = time.now_s;
    facts.time_trusted = time.trusted;
    facts.confirm = k->product.facts.update_confirm == SEC_CONFIRM_OPERATOR ? SEC_UPDATE_CONFIRM_OPERATOR
                                                                           : SEC_UPDATE_CONFIRM_AUTOMATIC;
    facts.confirm_within_s = k->product.facts.update_confirm_within_s;
    *ret_facts = facts;
}

bool keeper_release_vouched(const struct sec_keeper *k)
{
    struct sec_statement record;
    struct sec_public_key admitted;
    if (k->rooms.pending.len == 0)
        return true; /* there is none */
    /* A release's product record is signed by its own signer. */
    if (!sec_ok(sec_statement_parse(sec_bytes(k->rooms.pending.b, k->rooms.pending.len), &record)))
        return false;
    for (size_t i = 0; i < k->roots_count; i++)
        if (k->roots[i].role == SEC_ROOT_RELEASE && sec_key_id_equal(&k->roots[i].kid, &record.kid))
            return true;
    return sec_ok(sec_access_release_key(&k->rooms.access, &record.kid, &admitted));
}

uint64_t keeper_log_keep_mib(const struct sec_keeper *k)
{
    return (uint64_t)setting_integer(k, SEC_LIT("securable.log.keep_mib"));
}

void keeper_lockout_policy(const struct sec_keeper *k, struct sec_lockout_policy *ret_policy)
{
    ret_policy->enabled = setting_bool(k, SEC_LIT("securable.access.lockout.enabled"));
    ret_policy->limit = (uint64_t)setting_integer(k, SEC_LIT("securable.access.lockout.limit"));
    ret_policy->seconds = (uint64_t)setting_integer(k, SEC_LIT("securable.access.lockout.seconds"));
}
