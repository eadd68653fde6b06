/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access, the hub's half: who may enrol a transport key, sign in, and see what. Pure: facts in, verdict out.
 *
 * None of this opens anything on a device: a transport certificate opens a connection, a token a view.
 * Memory: none; slices of a parsed login borrow from the input. Threads: pure functions.
 * Status, of the parsers: what access_forms.h says of every parser. Serves S36, S38, S80.
 */
#ifndef SECURABLE_ACCESS_HUB_H
#define SECURABLE_ACCESS_HUB_H

#include <securable/access_forms.h>
#include <securable/identity.h>

/** The body of a `transport` statement: the device's transport key. */
struct sec_transport {
    struct sec_public_key key;
    uint64_t epoch;
    int64_t time_s; /* lower bound of the device's time */
};
void sec_transport_encode(const struct sec_transport *transport, struct sec_wr *wr);
sec_status sec_transport_parse(struct sec_bytes body, struct sec_transport *ret_transport);

/** The body of a `login` statement: nobody signs bytes that somebody else chose, so hub, time and nonce stand in it by name. */
struct sec_login {
    struct sec_bytes hub; /* the hub's name, 1 to SEC_SETTING_TEXT_MAX_BYTES bytes */
    int64_t time_s;
    struct sec_bytes nonce; /* the hub's, 16 to 64 bytes */
};
void sec_login_encode(const struct sec_login *login, struct sec_wr *wr);
sec_status sec_login_parse(struct sec_bytes body, struct sec_login *ret_login);

/** What is known when somebody asks for a transport certificate. */
struct sec_enrolment_facts {
    bool renewal;            /* simplereenroll */
    bool by_certificate;     /* the connection has a good transport certificate of `certificate_device` */
    struct sec_device_id certificate_device;
    uint64_t certificate_epoch; /* in which it was issued */
    bool by_statement;       /* a transport statement and an IDevID came along: the members below */
    bool idevid_good;        /* the IDevID chains to a maker that the owner trusts */
    bool statement_good;     /* the statement's signature verifies under the IDevID's key */
    struct sec_device_id statement_device; /* the thumbprint of that key */
    struct sec_public_key statement_key;
    uint64_t statement_epoch;
    bool proof_good;         /* the request is signed by the key in it */
    struct sec_public_key request_key;
    bool has_binding;        /* a challengePassword is there ... */
    bool binding_good;       /* ... and is this connection's */
    bool known;              /* the device is expected here: a voucher was handed in, or it came before */
    uint64_t known_epoch;    /* newest that the device itself has shown to be in; 0: none */
    bool revoked;
};
/**
 * OK, and whom the certificate is for; or: UNSIGNED (neither certificate nor statement), UNKNOWN_KEY (no maker that is trusted), BAD_SIGNATURE (statement or proof),
 * BAD_KEY (the request's key is not the statement's, or not P-256), DIGEST_MISMATCH (the binding is another connection's, or missing where there is no certificate),
 * NOT_FOUND (nobody expects this device), NOT_PERMITTED (revoked; or the certificate is another device's), WRONG_EPOCH (a statement of an earlier epoch, or a
 * certificate alone of one: what an earlier owner's time has issued ends with it).
 */
sec_status sec_enrolment_judge(const struct sec_enrolment_facts *facts, struct sec_device_id *ret_device);

/** What somebody with this role may do at a hub: bits of enum hub_scope (1 see, 2 hand in, 4 administer). Applications: nothing. */
unsigned sec_hub_scope_of_role(uint64_t role);
/** Judges a login: WRONG_AUDIENCE (another hub's name), EXPIRED (more than 5 minutes from the hub's time), NOT_FOUND (not a nonce that the hub gave), OK. */
sec_status sec_login_judge(const struct sec_login *login, struct sec_bytes hub, int64_t now_s, bool nonce_known);

/** How a device stands by when it was last heard of; `interval_s` is how often it should call. */
enum sec_contact {
    SEC_CONTACT_NEVER = 0,
    SEC_CONTACT_NOW = 1,  /* within two intervals */
    SEC_CONTACT_LATE = 2, /* within ten */
    SEC_CONTACT_LOST = 3,
};
enum sec_contact sec_contact_judge(int64_t last_seen_s, int64_t now_s, uint64_t interval_s);
/** "never", "now", "late", "lost"; "unknown" for a foreign number. NUL-terminated constants. */
const char *sec_contact_word(uint64_t contact);

/** What a hub does with a statement after the device has answered it. */
enum sec_delivery_next {
    SEC_DELIVERY_AGAIN = 1,    /* the refusal was of the moment (no space, a lock-out) and decided nothing: it is taken there again */
    SEC_DELIVERY_ANSWERED = 2, /* nothing more to do */
    SEC_DELIVERY_HELD = 3,     /* approvals are missing: it waits until one was taken over */
};
/** `decided`: the device sent a receipt along, so its decision is in its journal. */
enum sec_delivery_next sec_delivery_judge(uint16_t code, bool decided);
/** True when a proven answer stands that no later word changes: only "pending" is followed by an outcome. */
bool sec_delivery_settled(bool answered, bool decided, uint16_t code);

/** May a device fetch a payload? NOT_PERMITTED: it is revoked. NOT_FOUND: no statement that was sent to this device names it, whether the hub has it or not. */
sec_status sec_payload_judge(bool revoked, bool named);

#endif
