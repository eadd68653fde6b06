/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access, carrying: which statements a hub takes from people to carry them to devices. Pure: facts in, verdict out.
 *
 * Carrying gives no authority: the device judges whatever comes. The rule keeps a hub from being an open drop box for anybody's bytes.
 * Memory: none. Threads: pure functions. Serves S38, promise 1.
 */
#ifndef SECURABLE_ACCESS_CARRY_H
#define SECURABLE_ACCESS_CARRY_H

#include <securable/access_forms.h>
#include <securable/statement.h>

/** What is known of a statement that is handed in. */
struct sec_carry_facts {
    enum sec_statement_kind kind;
    bool signer_known;    /* a person who may sign in; of vouchers and releases: a maker's key of that role, or a release key that an owner admitted */
    bool signature_good;  /* under that signer's key */
    bool body_good;       /* the body follows the grammar of its kind */
    bool subject_known;   /* approvals: the statement that is approved is here, or devices were named */
    size_t devices_count; /* whom it would be carried to */
};
/**
 * OK, or why not: WRONG_KIND (no kind that devices take from a hub), UNKNOWN_KEY, BAD_SIGNATURE, MALFORMED (the body; only told of a statement whose signature is
 * good), NOT_FOUND (no such device, or nothing that is approved). In this order.
 */
sec_status sec_carry_judge(const struct sec_carry_facts *facts);
/** True for kinds whose signer is a manufacturer. */
bool sec_carry_by_maker(enum sec_statement_kind kind);
/** True when a command of somebody with this role may admit a release key: an owner alone. */
bool sec_carry_admits(uint64_t role);
/**
 * True when the owners of a voucher may sign in as soon as somebody with this scope has handed it in. Vouchers are good for ever, also one of an earlier owner: others'
 * are believed when the device has taken them over.
 */
bool sec_carry_opens(unsigned scope);
/** What a user of the hub's own machine may do at its socket: the hub's user and root all, others nothing. Bits as sec_hub_scope_of_role(). */
unsigned sec_hub_scope_of_local(uint32_t uid, uint32_t hub_uid);

/** What is known of a manufacturer's anchors that an owner brings. */
struct sec_maker_facts {
    bool signer_is_root; /* the roots statement is signed by a root key that it names itself */
    bool signature_good;
    bool ca_named; /* it names the key of the certificate as device CA */
};
/** May they be trusted as one manufacturer's? UNKNOWN_KEY (signed by none of its roots, or a CA that it does not name), BAD_SIGNATURE. Whose they are is for the owner to know. */
sec_status sec_maker_judge(const struct sec_maker_facts *facts);

#endif
