/* SPDX-License-Identifier: Apache-2.0 */
/* The last trial's end, told as a SUIT_Report. */
#include <securable/suit.h>
#include <securable/update.h>

/* The sequence of the manifest that a stage carries out. */
static int64_t section_of(enum sec_update_stage stage)
{
    switch (stage) {
    case SEC_UPDATE_STAGE_INSTALL:
    case SEC_UPDATE_STAGE_ACTIVATE:
        return SEC_SUIT_INSTALL;
    case SEC_UPDATE_STAGE_HEALTH:
    case SEC_UPDATE_STAGE_CONFIRM:
        break;
    }
    return SEC_SUIT_INVOKE;
}

sec_status sec_update_report_encode(const struct sec_update *update, struct sec_bytes nonce, struct sec_wr *wr)
{
    const struct sec_update_result *last = &update->last;
    if (!last->there)
        return sec_st(SEC_NOTHING_PENDING);
    struct sec_suit_report report = {
        .nonce = nonce,
        .manifest_digest = last->manifest,
        .success = sec_ok(last->status),
    };
    if (!report.success) {
        report.code = last->status.code;
        report.reason = sec_suit_reason_of(last->status);
        report.where.section = section_of(last->stage);
    }
    return sec_suit_report_encode(&report, wr);
}
