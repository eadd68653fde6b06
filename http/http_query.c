/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

/** The part of `text` up to `until`; `text` becomes what follows it. */
static struct sec_bytes cut(struct sec_bytes *text, uint8_t until)
{
    size_t i = 0;
    while (i < text->len && text->data[i] != until)
        i++;
    struct sec_bytes part = sec_bytes_part(*text, 0, i);
    *text = sec_bytes_part(*text, i + 1, text->len);
    return part;
}

static sec_status unescape(struct sec_bytes text, struct sec_room room, struct sec_bytes *ret_value)
{
    struct sec_wr wr = sec_wr(room);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            size_t len = 0;
            if (!sec_ok(sec_hex_parse(sec_bytes_part(text, i + 1, 2), sec_room(&c, 1), &len)) || len != 1)
                return sec_st(SEC_BAD_VALUE);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        sec_wr_u8(&wr, c);
    }
    return sec_wr_end(&wr, ret_value);
}

static bool find(struct sec_bytes query, const char *name, struct sec_bytes *ret_text)
{
    while (query.len > 0) {
        struct sec_bytes value = cut(&query, '&');
        struct sec_bytes key = cut(&value, '=');
        if (sec_bytes_equal(key, sec_bytes_of_str(name))) {
            *ret_text = value;
            return true;
        }
    }
    return false;
}

sec_status http_query(struct sec_bytes query, const char *name, struct sec_room room, struct sec_bytes *ret_value)
{
    struct sec_bytes text = {0};
    return find(query, name, &text) ? unescape(text, room, ret_value) : sec_st(SEC_NOT_FOUND);
}

static sec_status number_of(struct sec_bytes text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (text.len == 0 || text.len > 19)
        return sec_st(SEC_BAD_VALUE);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return sec_st(SEC_BAD_VALUE);
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_number = number;
    return sec_st(SEC_OK);
}

sec_status http_query_number(struct sec_bytes query, const char *name, uint64_t otherwise, uint64_t *ret_number)
{
    struct sec_bytes text = {0};
    if (find(query, name, &text))
        return number_of(text, ret_number);
    *ret_number = otherwise;
    return sec_st(SEC_OK);
}

sec_status http_range(struct sec_bytes value, uint64_t size, uint64_t *ret_first, uint64_t *ret_count)
{
    struct sec_bytes last_text = value;
    if (!sec_bytes_equal(cut(&last_text, '='), SEC_LIT("bytes")) || last_text.len == 0)
        return sec_st(SEC_NOT_FOUND);
    struct sec_bytes first_text = cut(&last_text, '-');
    uint64_t first = 0, last = size - 1;
    if (size == 0)
        return sec_st(SEC_BAD_VALUE);
    if (first_text.len == 0) {
        SEC_TRY(number_of(last_text, &last)); /* "-5": the last five */
        if (last == 0)
            return sec_st(SEC_BAD_VALUE);
        first = last < size ? size - last : 0;
        last = size - 1;
    } else {
        SEC_TRY(number_of(first_text, &first));
        if (last_text.len > 0)
            SEC_TRY(number_of(last_text, &last));
        if (first >= size || last < first)
            return sec_st(SEC_BAD_VALUE);
        last = last < size ? last : size - 1;
    }
    *ret_first = first;
    *ret_count = last - first + 1;
    return sec_st(SEC_OK);
}

const char *http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } table[] = {
        {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"}, {206, "Partial Content"},
        {304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
        {405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"}, {412, "Precondition Failed"},
        {413, "Content Too Large"}, {415, "Unsupported Media Type"}, {416, "Range Not Satisfiable"},
        {421, "Misdirected Request"}, {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"}, {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].status == status)
            return table[i].reason;
    return "Status";
}
