/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation and wipe as one table of steps. */
#include <securable/protection.h>

static const struct {
    enum sec_protection_phase from;
    enum sec_protection_event event;
    enum sec_protection_phase to;
} steps[] = {
    {SEC_PROTECTION_IDLE, SEC_PROTECTION_ON_ROTATE, SEC_PROTECTION_RESEALING},
    {SEC_PROTECTION_RESEALING, SEC_PROTECTION_ON_RESEALED, SEC_PROTECTION_RETIRING},
    {SEC_PROTECTION_RETIRING, SEC_PROTECTION_ON_RETIRED, SEC_PROTECTION_IDLE},
    /* Written anew: under the new key by a rotation, under the same one before its segment is trimmed. */
    {SEC_PROTECTION_RESEALING, SEC_PROTECTION_ON_MOVED, SEC_PROTECTION_RESEALING},
    {SEC_PROTECTION_IDLE, SEC_PROTECTION_ON_MOVED, SEC_PROTECTION_IDLE},
    /* A wipe may come while a rotation is unfinished: it dooms both of its keys. */
    {SEC_PROTECTION_IDLE, SEC_PROTECTION_ON_WIPE, SEC_PROTECTION_WIPE},
    {SEC_PROTECTION_RESEALING, SEC_PROTECTION_ON_WIPE, SEC_PROTECTION_WIPE},
    {SEC_PROTECTION_RETIRING, SEC_PROTECTION_ON_WIPE, SEC_PROTECTION_WIPE},
    /* What survives may be written without a command too: presence at the device wipes. */
    {SEC_PROTECTION_WIPE, SEC_PROTECTION_ON_SURVIVE, SEC_PROTECTION_DESTROYING},
    {SEC_PROTECTION_IDLE, SEC_PROTECTION_ON_SURVIVE, SEC_PROTECTION_DESTROYING},
    {SEC_PROTECTION_RESEALING, SEC_PROTECTION_ON_SURVIVE, SEC_PROTECTION_DESTROYING},
    {SEC_PROTECTION_RETIRING, SEC_PROTECTION_ON_SURVIVE, SEC_PROTECTION_DESTROYING},
    {SEC_PROTECTION_DESTROYING, SEC_PROTECTION_ON_SURVIVE, SEC_PROTECTION_DESTROYING},
    {SEC_PROTECTION_DESTROYING, SEC_PROTECTION_ON_WIPED, SEC_PROTECTION_IDLE},
};

sec_status sec_protection_next(enum sec_protection_phase from, enum sec_protection_event event,
                               enum sec_protection_phase *ret_to)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].from == from && steps[i].event == event) {
            *ret_to = steps[i].to;
            return sec_st(SEC_OK);
        }
    }
    return sec_st(SEC_BUSY);
}

const char *sec_protection_phase_word(enum sec_protection_phase phase)
{
#define WORD(name, number, word) word,
    static const char *const words[] = {SEC_PROTECTION_PHASE_TABLE(WORD)};
#undef WORD
    return (unsigned)phase < sizeof words / sizeof words[0] ? words[phase] : "unknown";
}
