/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report's inner readers: the parts of its private claim that are lists. Used by report.c alone.
 *
 * Memory: slices borrow from the reader's input. Each fails the reader with TOO_LARGE (more than the table holds),
 * BAD_VALUE (a name's length, a number outside its set), UNKNOWN_FIELD, MISSING_FIELD or UNEXPECTED_TYPE. Serves S67.
 */
#ifndef SECURABLE_BASELINE_IDENTITY_REPORT_H
#define SECURABLE_BASELINE_IDENTITY_REPORT_H

#include <securable/identity.h>

void sec_report_generations_read(struct sec_cbor *rd, struct sec_report *report);
void sec_report_interfaces_read(struct sec_cbor *rd, struct sec_report *report);
void sec_report_qualities_read(struct sec_cbor *rd, struct sec_report *report);
void sec_report_release_read(struct sec_cbor *rd, struct sec_report_release *release);
/** Walks the map of settings to see that it is one, and gives it encoded. */
struct sec_bytes sec_report_settings_read(struct sec_cbor *rd);
void sec_report_subjects_read(struct sec_cbor *rd, struct sec_report *report);
/** Also BAD_VALUE when the topics do not ascend. */
void sec_report_lease_read(struct sec_cbor *rd, struct sec_report_lease *lease);
void sec_report_recovery_read(struct sec_cbor *rd, struct sec_report_recovery *recovery);
void sec_report_site_read(struct sec_cbor *rd, struct sec_report_site *site);
void sec_report_approvals_read(struct sec_cbor *rd, struct sec_report *report);

#endif
