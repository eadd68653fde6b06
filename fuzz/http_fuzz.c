/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP framing: the first byte says request or response and where to cut. However a message is cut, the reader must come to the same end, take the
 * same bytes and hand on the same body; what it hands on must lie inside its limits.
 */
#include "http.h"

#include <stdlib.h>

#define BODY_MAX 3000u

struct outcome {
    uint16_t code;
    size_t taken, body;
    uint32_t sum;
    unsigned messages;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

static void look_at(const struct http_head *head)
{
    uint8_t room[64];
    uint64_t number = 0, count = 0;
    struct sec_bytes value = {0};
    require(head->fields_count <= HTTP_FIELDS_MAX_COUNT && head->path.len <= HTTP_PATH_MAX_BYTES);
    (void)http_query(head->query, "a", SEC_ROOM(room), &value);
    (void)http_query_number(head->query, "n", 1, &number);
    if (sec_ok(http_range(http_field_of(head, "Range"), 1000, &number, &count)))
        require(count > 0 && number + count <= 1000);
    (void)http_base64_decode(http_field_of(head, "A"), false, SEC_ROOM(room), &value);
    (void)http_base64_decode(http_field_of(head, "A"), true, SEC_ROOM(room), &value);
}

static struct outcome run(struct sec_bytes in, bool responses, size_t piece)
{
    static uint8_t room[HTTP_HEAD_MAX_BYTES], small[64];
    bool in_head = true, grown = false; /* a head outgrows its first room, as in the hub */
    struct http_reader reader;
    struct outcome outcome = {0};
    size_t at = 0, end = piece < in.len ? piece : in.len;
    http_reader_init(&reader, responses, SEC_ROOM(small), BODY_MAX);
    for (unsigned steps = 0;; steps++) {
        size_t used = 0;
        enum http_event event = HTTP_NEED_MORE;
        if (in_head && !grown && reader.used + (end - at) > sizeof small) {
            http_reader_move(&reader, SEC_ROOM(room));
            grown = true;
        }
        sec_status status = http_feed(&reader, sec_bytes_part(in, at, end - at), &used, &event);
        outcome.code = status.code;
        if (!sec_ok(status))
            return outcome;
        require(used <= end - at && steps < 20000);
        at += used;
        if (event == HTTP_GOT_HEAD)
            look_at(&reader.head);
        in_head = in_head && event != HTTP_GOT_HEAD;
        for (size_t i = 0; event == HTTP_GOT_BODY && i < reader.body.len; i++)
            outcome.sum = outcome.sum * 31 + reader.body.data[i];
        outcome.body += event == HTTP_GOT_BODY ? reader.body.len : 0;
        if (event == HTTP_GOT_END) {
            outcome.taken = at;
            outcome.messages++;
            http_next(&reader);
            in_head = true;
        }
        if (event == HTTP_NEED_MORE && end == in.len)
            return outcome;
        if (event == HTTP_NEED_MORE)
            end = end + piece < in.len ? end + piece : in.len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 40000)
        return 0;
    struct sec_bytes in = sec_bytes_part(sec_bytes(data, size), 1, size);
    bool responses = data[0] & 1u;
    struct outcome whole = run(in, responses, in.len + 1), cut = run(in, responses, (size_t)(data[0] >> 1) + 1);
    require(whole.code == cut.code && whole.messages == cut.messages && whole.taken == cut.taken);
    if (whole.code == SEC_OK)
        require(whole.body == cut.body && whole.sum == cut.sum);
    return 0;
}
