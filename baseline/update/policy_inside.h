/* SPDX-License-Identifier: Apache-2.0 */
/* What the judges of requests (policy.c) and of outcomes (outcome.c) share: how verdicts and their details are written. */
#ifndef UPDATE_POLICY_INSIDE_H
#define UPDATE_POLICY_INSIDE_H

#include "update_inside.h"

/** Keys of a refusal's detail. */
enum {
    SEC_UPDATE_DETAIL_CLAUSE = 1,
    SEC_UPDATE_DETAIL_FACT = 2,
};

/** Keys of the detail of what is done; the first seven are always there. */
enum {
    SEC_UPDATE_DETAIL_VERSION = 1,
    SEC_UPDATE_DETAIL_SEQUENCE = 2,
    SEC_UPDATE_DETAIL_SIZE = 3,
    SEC_UPDATE_DETAIL_STATEMENT = 4,
    SEC_UPDATE_DETAIL_IMAGE = 5,
    SEC_UPDATE_DETAIL_SETTINGS_MAY_ALTER = 6,
    SEC_UPDATE_DETAIL_INSTALLED = 7,
    SEC_UPDATE_DETAIL_NOTIFY = 8,
    SEC_UPDATE_DETAIL_DESCRIPTION = 9,
    SEC_UPDATE_DETAIL_SLOT = 10,
    SEC_UPDATE_DETAIL_COMMAND = 11,
    SEC_UPDATE_DETAIL_STAGE = 12,
    SEC_UPDATE_DETAIL_STATUS = 13,
    SEC_UPDATE_DETAIL_CONFIRM_WITHIN = 14,
    SEC_UPDATE_DETAIL_ATTEMPT = 15,
};
#define SEC_UPDATE_DETAIL_COMMON_COUNT 7u

/** Writes {1: clause} and gives the code. */
sec_status sec_update_refuse(struct sec_wr *detail, enum sec_status_code code, struct sec_bytes clause);

/** Writes the change; when it or the detail does not fit, nothing of it is left, and ROOM_FULL. */
sec_status sec_update_conclude(const struct sec_update_change *verdict, struct sec_wr *change, const struct sec_wr *detail);

/** Begins a detail about `image`: the common members of a map that has `more` besides. */
void sec_update_detail_begin(struct sec_wr *wr, size_t more, const struct sec_update *update,
                             const struct sec_update_image *image);
void sec_update_put_text(struct sec_wr *wr, unsigned key, struct sec_bytes text);
void sec_update_put_digest(struct sec_wr *wr, unsigned key, const struct sec_digest *digest);
void sec_update_put_number(struct sec_wr *wr, unsigned key, uint64_t number);
void sec_update_put_slot(struct sec_wr *wr, enum sec_slot slot);

/** The trial ends well, or is undone for `why`. */
sec_status sec_update_confirm(const struct sec_update *update, enum sec_update_stage stage, struct sec_wr *change,
                              struct sec_wr *detail);
sec_status sec_update_revert(const struct sec_update *update, enum sec_update_stage stage, sec_status why,
                             struct sec_wr *change, struct sec_wr *detail);

#endif
