/* SPDX-License-Identifier: Apache-2.0 */
/* What was handed in and what became of it: a receipt counts when it verifies under the device's own key. */
#include "console_inside.h"

#define SENT_SHOWN_MAX_COUNT 100u

/* A hub that was restored from an older copy, or pretends to have forgotten, is handed the statement again. Releases go with their payload, by hand. */
static int hand_in_again(struct console_request *r, struct hub_client *hub, const char *digest, cJSON *note)
{
    struct sec_bytes bytes;
    if (cJSON_GetObjectItemCaseSensitive(note, "payload"))
        return CLI_REFUSED;
    CLI_TRY(outbox_statement(r->cli, r->console->outbox, digest, &bytes));
    CLI_TRY(hub_hand_in(r->cli, hub, r->console->outbox, bytes, NULL, 0, NULL, digest, note));
    (void)console_said(r);
    return CLI_DONE;
}

/* Asks for receipts that are missing. A hub that does not answer, or brings a false one, leaves the item as it was, and says why. */
static cJSON *item_json(struct console_request *r, const char *digest, bool ask)
{
    struct hub_client *hub = NULL;
    cJSON *note = NULL;
    if (outbox_note(r->cli, r->console->outbox, digest, &note) != CLI_DONE)
        return NULL;
    int code = CLI_DONE;
    if (ask && outbox_missing(note)) {
        code = console_hub(r, &hub);
        if (code == CLI_DONE)
            code = hub_collect(r->cli, hub, r->console->outbox, digest, note);
        if (code == CLI_REFUSED && hub && hand_in_again(r, hub, digest, note) == CLI_DONE)
            code = hub_collect(r->cli, hub, r->console->outbox, digest, note);
    }
    cJSON_AddStringToObject(note, "digest", digest);
    cJSON_AddNumberToObject(note, "missing", outbox_missing(note));
    const char *said = console_said(r);
    if (code != CLI_DONE)
        cJSON_AddStringToObject(note, "problem", said);
    return note;
}

void console_sent(struct console_request *r)
{
    const char **digests;
    size_t count;
    int code = outbox_items(r->cli, r->console->outbox, &digests, &count);
    if (code != CLI_DONE) {
        console_failed(r, code);
        return;
    }
    cJSON *json = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(json, "items");
    for (size_t i = count; i > 0 && count - i < SENT_SHOWN_MAX_COUNT; i--) {
        cJSON *item = item_json(r, digests[i - 1], true);
        if (item)
            cJSON_AddItemToArray(list, item);
    }
    cli_add_number(json, "count", count);
    console_json(r, 200, json);
}
