/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_effects.h"

void fake_effects_init(struct fake_effects *effects, struct fake_power *power, const struct sec_digest *image)
{
    sec_zero(effects, sizeof *effects);
    effects->power = power;
    effects->slots[SEC_SLOT_A] = *image;
}

/** Begins a replacement that a cut leaves done or not done. True: do it; `*ret_status` is what to answer. */
static bool replaces(struct fake_effects *effects, sec_status *ret_status)
{
    enum fake_power_step step = fake_power_begin(effects->power);
    *ret_status = sec_st(step == FAKE_POWER_GOES ? SEC_OK : SEC_POWER_CUT);
    return step == FAKE_POWER_GOES || (step == FAKE_POWER_CUTS && fake_power_draw(effects->power, 2) == 0);
}

static bool holds(struct sec_bytes text, struct sec_bytes part)
{
    for (size_t i = 0; part.len && i + part.len <= text.len; i++) {
        if (sec_bytes_equal(sec_bytes_part(text, i, part.len), part))
            return true;
    }
    return false;
}

static sec_status effects_settings(void *ctx, struct sec_bytes json, struct sec_bytes changed_keys)
{
    struct fake_effects *effects = ctx;
    sec_status status;
    bool hooks = !(changed_keys.len == 1 && changed_keys.data[0] == 0x80);
    if (json.len > sizeof effects->json)
        return sec_st(SEC_TOO_LARGE);
    if (replaces(effects, &status)) {
        sec_copy(effects->json, json.data, json.len);
        effects->json_len = json.len;
    }
    if (sec_ok(status) && hooks && holds(json, effects->failing))
        return sec_st(SEC_EFFECT_FAILED);
    return status;
}

static sec_status effects_interface(void *ctx, struct sec_bytes name, bool enabled)
{
    struct fake_effects *effects = ctx;
    sec_status status;
    if (!replaces(effects, &status))
        return status;
    for (size_t i = 0; i < effects->interfaces_count; i++) {
        struct fake_interface *interface = &effects->interfaces[i];
        if (sec_bytes_equal(sec_bytes(interface->name, interface->name_len), name)) {
            interface->enabled = enabled;
            return status;
        }
    }
    if (effects->interfaces_count == FAKE_EFFECTS_INTERFACES_MAX || name.len > sizeof effects->interfaces[0].name)
        return sec_st(SEC_REFUSED_BY_PORT);
    struct fake_interface *interface = &effects->interfaces[effects->interfaces_count++];
    sec_copy(interface->name, name.data, name.len);
    interface->name_len = name.len;
    interface->enabled = enabled;
    return status;
}

static sec_status effects_install(void *ctx, enum sec_slot slot, const struct sec_digest *digest, uint64_t size_bytes)
{
    (void)size_bytes;
    struct fake_effects *effects = ctx;
    sec_status status;
    bool spooled = false;
    for (size_t i = 0; i < effects->spool_count; i++)
        spooled = spooled || sec_digest_equal(&effects->spool[i], digest);
    if (!spooled)
        return sec_st(effects->power->off ? SEC_POWER_CUT : SEC_NOT_FOUND);
    if (replaces(effects, &status))
        effects->slots[slot] = *digest;
    else if (!effects->power->off || sec_is(status, SEC_POWER_CUT))
        sec_zero(&effects->slots[slot], sizeof effects->slots[slot]);
    return status;
}

static sec_status effects_activate(void *ctx, enum sec_slot slot)
{
    struct fake_effects *effects = ctx;
    sec_status status;
    if (replaces(effects, &status))
        effects->active = slot;
    return status;
}

static sec_status effects_health(void *ctx)
{
    struct fake_effects *effects = ctx;
    if (effects->power->off)
        return sec_st(SEC_POWER_CUT);
    for (size_t i = 0; i < effects->unhealthy_count; i++) {
        if (sec_digest_equal(&effects->unhealthy[i], &effects->slots[effects->active]))
            return sec_st(SEC_HEALTH_FAILED);
    }
    return sec_st(SEC_OK);
}

static sec_status effects_discard(void *ctx, const struct sec_digest *digest)
{
    struct fake_effects *effects = ctx;
    sec_status status;
    if (!replaces(effects, &status))
        return status;
    for (size_t i = 0; i < effects->spool_count; i++) {
        if (sec_digest_equal(&effects->spool[i], digest))
            effects->spool[i--] = effects->spool[--effects->spool_count];
    }
    return status;
}

static sec_status effects_erase(void *ctx, struct sec_bytes element)
{
    (void)element;
    struct fake_effects *effects = ctx;
    sec_status status;
    if (replaces(effects, &status))
        effects->erased++;
    return status;
}

static void effects_notify(void *ctx, struct sec_bytes topic)
{
    (void)topic;
    struct fake_effects *effects = ctx;
    effects->notified++;
}

static sec_status effects_site(void *ctx, struct sec_bytes address, const struct sec_digest *ca)
{
    struct fake_effects *effects = ctx;
    sec_status status;
    if (address.len > sizeof effects->site)
        return sec_st(SEC_REFUSED_BY_PORT);
    if (replaces(effects, &status)) {
        sec_copy(effects->site, address.data, address.len);
        effects->site_len = address.len;
        effects->site_ca = *ca;
    }
    return status;
}

struct sec_effects fake_effects_port(struct fake_effects *effects)
{
    return (struct sec_effects){effects,         effects_settings, effects_interface, effects_install, effects_activate,
                                effects_health,  effects_discard,  effects_erase,     effects_notify,  effects_site};
}

void fake_effects_spool(struct fake_effects *effects, const struct sec_digest *image)
{
    for (size_t i = 0; i < effects->spool_count; i++) {
        if (sec_digest_equal(&effects->spool[i], image))
            return;
    }
    if (effects->spool_count == FAKE_EFFECTS_SPOOL_MAX) {
        for (size_t i = 1; i < effects->spool_count; i++)
            effects->spool[i - 1] = effects->spool[i];
        effects->spool_count--;
    }
    effects->spool[effects->spool_count++] = *image;
}

static uint64_t mix_bytes(uint64_t state, struct sec_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        state = fake_mix(state, bytes.data[i]);
    return state;
}

uint64_t fake_effects_digest(const struct fake_effects *effects)
{
    uint64_t state = mix_bytes(0, sec_bytes(effects->json, effects->json_len));
    state = mix_bytes(state, sec_digest_bytes(&effects->slots[effects->active]));
    state = mix_bytes(state, sec_bytes(effects->site, effects->site_len));
    state = mix_bytes(state, sec_digest_bytes(&effects->site_ca));
    for (size_t i = 0; i < effects->interfaces_count; i++) {
        const struct fake_interface *interface = &effects->interfaces[i];
        state = mix_bytes(state, sec_bytes(interface->name, interface->name_len));
        state = fake_mix(state, interface->enabled);
    }
    return state;
}
