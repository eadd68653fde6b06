/* SPDX-License-Identifier: Apache-2.0 */
/*
 * API: what people and their programs ask of a hub under /api/v1, as handlers of exchanges.
 *
 * The contract is docs/api/openapi.json, compiled in and served. All that is shown is the hub's word except what stands in statements, receipts and reports, which are
 * given out byte for byte, so that whoever asks can verify them.
 * Memory: the exchange's; JSON trees are deleted by the helper that answers with them. Limits: below. Threads: handlers run on their exchange's loop; writing goes through
 * hub_write(). Serves S29, S36, S38.
 */
#ifndef SECURABLE_HUB_API_H
#define SECURABLE_HUB_API_H

#include "hub.h"
#include "json.h"

#include <securable/port/crypto.h>

/** Elements of one page of a list. */
#define HUB_API_LIMIT_DEFAULT 100u
#define HUB_API_LIMIT_MAX 500u
/** A sign-in ends after half a day: a working day with its ends. */
#define HUB_API_LOGIN_S 43200
#define HUB_API_NONCE_S 300

/** Once, when store, fleet and writer stand: listens to what is told, and removes what was left of unfinished uploads. */
sec_status hub_api_start(struct hub *hub);
/**
 * Who asks: fills scope and name of a local user (x->who.who and uid are set), or resolves the bearer token of a request by TLS. False: it has answered (401). Called
 * on the entrances API and LOCAL before the handler.
 */
bool hub_api_principal(struct hub_exchange *x);

/* --- helpers of the handlers -------------------------------------------------------------------------------- */

/** Answers with `json` and deletes it; a GET gets a strong ETag, and 304 when If-None-Match names it. Null: 503. */
void hub_api_json(struct hub_exchange *x, unsigned status, cJSON *json);
/** Answers with bytes, with ETag and 304 as above; 404 when they are empty. */
void hub_api_bytes(struct hub_exchange *x, const char *content_type, struct sec_bytes bytes, const char *object);
/** The problem of a request that was read with hub_json_*(). */
void hub_api_fault(struct hub_exchange *x, const struct hub_json_fault *fault);
/** The problem of a failed status, in the words of the status table. */
void hub_api_refuse(struct hub_exchange *x, const char *object, const char *clause, sec_status status);
/** The digest (device id, nonce ...) in a segment of the path: 64 hex digits. False: it has answered 404. */
bool hub_api_digest(struct hub_exchange *x, size_t segment, const char *object, struct sec_digest *ret_digest);
bool hub_api_device_id(struct hub_exchange *x, struct sec_device_id *ret_id);
/** The device of /devices/ID/...; false: it has answered. */
bool hub_api_device(struct hub_exchange *x, struct hub_device *ret_device);
/** ?limit= and a number in ?after=. False: it has answered 400. */
bool hub_api_page(struct hub_exchange *x, uint64_t *ret_limit, uint64_t *ret_after);
/** {"items": items, "next": cursor or null}. `next` 0: null. */
cJSON *hub_api_list(cJSON *items, uint64_t next);
/** Refuses all but the query's named parameters. False: it has answered 400. */
bool hub_api_query(struct hub_exchange *x, const char *const *names);
/** True when the request's content type is this one, whatever parameters follow. */
bool hub_api_content_is(const struct hub_exchange *x, const char *type);

/** JSON of stored things. */
cJSON *hub_api_device_json(struct hub_exchange *x, const struct hub_device *device, bool whole);
cJSON *hub_api_delivery_json(const struct hub_delivery *delivery, bool of_device);
cJSON *hub_api_statement_json(struct hub_exchange *x, const struct hub_statement *statement);
cJSON *hub_api_event_json(const struct hub_event *event);
/** What a disclosed record says, for people; null when it cannot be read. */
cJSON *hub_api_decision_json(struct sec_bytes content);
/** Scope bits as ["read", ...]. */
cJSON *hub_api_scope_json(unsigned scope);
/** The newest report's facts; false: there is none that can be read. Slices borrow from the device's row. */
struct sec_report;
bool hub_api_report(const struct hub_device *device, struct sec_report *ret_report);
/** What the audience of a command is tested against. */
bool hub_api_audience_facts(const struct hub_device *device, struct sec_audience_facts *ret_facts);
/** True when the payload of this digest lies at the hub. */
bool hub_api_has_payload(struct hub_exchange *x, const struct sec_digest *digest);
/** Fills the text with random base64url letters and its NUL. */
sec_status hub_api_random_text(char *ret_text, size_t text_bytes);

/** Tells an event and deletes its `json`. Inside a work of the writer. */
sec_status hub_api_tell(struct hub *hub, struct hub_store *store, const char *kind, const struct sec_device_id *device, cJSON *json);

/** A token of 256 random bits and its NUL. */
#define HUB_API_TOKEN_BYTES 44u
sec_status hub_api_token_make(char ret_token[HUB_API_TOKEN_BYTES], struct sec_digest *ret_hash);
/** Makes the key of this process's login nonces. */
sec_status hub_api_login_start(void);
/** Removes what was left of unfinished uploads. */
sec_status hub_api_payloads_clean(int payloads_fd);

/* --- who signed: api_signer.c ---------------------------------------------------------------------------------- */

struct hub_api_signer {
    bool known;
    struct sec_public_key key;
    uint64_t maker; /* of the voucher or release key; 0: a person, or a release key that an owner admitted */
    uint64_t role;  /* of a person */
};
/** Looks for the key that may sign a statement of this kind. */
sec_status hub_api_signer(struct hub_exchange *x, enum sec_statement_kind kind, const struct sec_key_id *kid, struct hub_api_signer *ret_signer);

/* --- handlers --------------------------------------------------------------------------------------------------- */

void hub_api_hub(struct hub_exchange *x);
void hub_api_openapi(struct hub_exchange *x);
void hub_api_login_nonce(struct hub_exchange *x);
void hub_api_login(struct hub_exchange *x);
void hub_api_devices(struct hub_exchange *x);
void hub_api_device_get(struct hub_exchange *x);
void hub_api_device_revoke(struct hub_exchange *x);
void hub_api_device_report(struct hub_exchange *x);
void hub_api_device_head(struct hub_exchange *x);
void hub_api_device_idevid(struct hub_exchange *x);
void hub_api_device_entries(struct hub_exchange *x);
void hub_api_device_statements(struct hub_exchange *x);
void hub_api_reports_ask(struct hub_exchange *x);
void hub_api_reports_get(struct hub_exchange *x);
void hub_api_statements(struct hub_exchange *x);
void hub_api_statements_post(struct hub_exchange *x);
void hub_api_statement_get(struct hub_exchange *x);
void hub_api_statement_bytes(struct hub_exchange *x);
void hub_api_statement_receipt(struct hub_exchange *x);
void hub_api_releases(struct hub_exchange *x);
void hub_api_payloads(struct hub_exchange *x);
void hub_api_payload_piece(struct hub_exchange *x);
void hub_api_payload_put(struct hub_exchange *x);
void hub_api_events(struct hub_exchange *x);
void hub_api_people(struct hub_exchange *x);
void hub_api_people_post(struct hub_exchange *x);
void hub_api_people_delete(struct hub_exchange *x);
void hub_api_tokens(struct hub_exchange *x);
void hub_api_tokens_post(struct hub_exchange *x);
void hub_api_tokens_delete(struct hub_exchange *x);
void hub_api_makers(struct hub_exchange *x);
void hub_api_makers_post(struct hub_exchange *x);
void hub_api_journal(struct hub_exchange *x);

/* clang-format off */
#define HUB_API_PEOPLE (HUB_ENTRANCE_API | HUB_ENTRANCE_LOCAL)
#define HUB_API_ROW(method, pattern, scope, body_max, handler) \
    {method, "/api/v1/" pattern, HUB_API_PEOPLE, scope, false, body_max, handler, NULL},
/** Rows of the table in routes.c. */
#define HUB_API_ROUTES \
    HUB_API_ROW("GET",    "hub",                      0,               0,                       hub_api_hub) \
    HUB_API_ROW("GET",    "openapi.json",             0,               0,                       hub_api_openapi) \
    HUB_API_ROW("POST",   "login/nonce",              0,               1024,                    hub_api_login_nonce) \
    HUB_API_ROW("POST",   "login",                    0,               2048,                    hub_api_login) \
    HUB_API_ROW("GET",    "devices",                  HUB_SCOPE_READ,  0,                       hub_api_devices) \
    HUB_API_ROW("GET",    "devices/*",                HUB_SCOPE_READ,  0,                       hub_api_device_get) \
    HUB_API_ROW("POST",   "devices/*/revoke",         HUB_SCOPE_ADMIN, 1024,                    hub_api_device_revoke) \
    HUB_API_ROW("GET",    "devices/*/report",         HUB_SCOPE_READ,  0,                       hub_api_device_report) \
    HUB_API_ROW("POST",   "devices/*/reports",        HUB_SCOPE_SEND,  1024,                    hub_api_reports_ask) \
    HUB_API_ROW("GET",    "devices/*/reports/*",      HUB_SCOPE_READ,  0,                       hub_api_reports_get) \
    HUB_API_ROW("GET",    "devices/*/head",           HUB_SCOPE_READ,  0,                       hub_api_device_head) \
    HUB_API_ROW("GET",    "devices/*/entries",        HUB_SCOPE_READ,  0,                       hub_api_device_entries) \
    HUB_API_ROW("GET",    "devices/*/idevid",         HUB_SCOPE_READ,  0,                       hub_api_device_idevid) \
    HUB_API_ROW("GET",    "devices/*/statements",     HUB_SCOPE_READ,  0,                       hub_api_device_statements) \
    HUB_API_ROW("GET",    "statements",               HUB_SCOPE_READ,  0,                       hub_api_statements) \
    HUB_API_ROW("POST",   "statements",               HUB_SCOPE_SEND,  SEC_STATEMENT_MAX_BYTES, hub_api_statements_post) \
    HUB_API_ROW("GET",    "statements/*",             HUB_SCOPE_READ,  0,                       hub_api_statement_get) \
    HUB_API_ROW("GET",    "statements/*/bytes",       HUB_SCOPE_READ,  0,                       hub_api_statement_bytes) \
    HUB_API_ROW("GET",    "statements/*/receipts/*",  HUB_SCOPE_READ,  0,                       hub_api_statement_receipt) \
    HUB_API_ROW("GET",    "releases",                 HUB_SCOPE_READ,  0,                       hub_api_releases) \
    HUB_API_ROW("GET",    "payloads",                 HUB_SCOPE_READ,  0,                       hub_api_payloads) \
    {"PUT", "/api/v1/payloads/*", HUB_API_PEOPLE, HUB_SCOPE_SEND, false, UINT64_MAX, hub_api_payload_put, hub_api_payload_piece}, \
    HUB_API_ROW("GET",    "events",                   HUB_SCOPE_READ,  0,                       hub_api_events) \
    HUB_API_ROW("GET",    "people",                   HUB_SCOPE_READ,  0,                       hub_api_people) \
    HUB_API_ROW("POST",   "people",                   HUB_SCOPE_ADMIN, 4096,                    hub_api_people_post) \
    HUB_API_ROW("DELETE", "people/*",                 HUB_SCOPE_ADMIN, 0,                       hub_api_people_delete) \
    HUB_API_ROW("GET",    "tokens",                   HUB_SCOPE_ADMIN, 0,                       hub_api_tokens) \
    HUB_API_ROW("POST",   "tokens",                   HUB_SCOPE_ADMIN, 4096,                    hub_api_tokens_post) \
    HUB_API_ROW("DELETE", "tokens/*",                 HUB_SCOPE_ADMIN, 0,                       hub_api_tokens_delete) \
    HUB_API_ROW("GET",    "makers",                   HUB_SCOPE_READ,  0,                       hub_api_makers) \
    HUB_API_ROW("POST",   "makers",                   HUB_SCOPE_ADMIN, HUB_JSON_MAX_BYTES,      hub_api_makers_post) \
    HUB_API_ROW("GET",    "journal",                  HUB_SCOPE_ADMIN, 0,                       hub_api_journal)
/* clang-format on */

#endif
