/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named limits of the core, each with its reason. They are checked before
 * anything is kept; going beyond one is a status, never a truncation.
 */
#ifndef SECURABLE_LIMITS_H
#define SECURABLE_LIMITS_H

/** A statement on the wire, release manifests included: what a small device can hold twice in RAM. */
#define SEC_STATEMENT_MAX_BYTES 65536u
/** Nesting of arrays, maps and tags in a CBOR item: SUIT with dependencies needs 12. */
#define SEC_CBOR_MAX_DEPTH 24u
/** A protected header of ours: alg, kid of 32 bytes, typ. */
#define SEC_PROTECTED_MAX_BYTES 256u
/** A name that people give (subject, device, site, group): fits a DNS label, a file name and a screen. */
#define SEC_NAME_MAX_BYTES 64u
/** A setting's key, dots included. */
#define SEC_SETTING_KEY_MAX_BYTES 96u
/** Settings of one product, reserved ones included. */
#define SEC_SETTINGS_MAX_COUNT 128u
/** The text of a setting: a URL fits. */
#define SEC_SETTING_TEXT_MAX_BYTES 256u
/** Subjects on one roster: owners, operators and applications of one device. */
#define SEC_SUBJECTS_MAX_COUNT 64u
/** Owner keys of one epoch. */
#define SEC_OWNERS_MAX_COUNT 8u
/** Decisions whose digests are remembered to answer a repetition with its receipt. */
#define SEC_DECIDED_MAX_COUNT 128u
/** Approvals that wait for their statement on one device: eight people with four each. */
#define SEC_APPROVALS_MAX_COUNT 32u
/** Secrets that applications may keep on one device. */
#define SEC_SECRETS_MAX_COUNT 64u
/** The value of one secret: a PEM key fits. */
#define SEC_SECRET_MAX_BYTES 4096u
/** One journal record's body before sealing. */
#define SEC_RECORD_MAX_BYTES 131072u
/** Fields of one application event, together. */
#define SEC_EVENT_MAX_BYTES 2048u

#endif
