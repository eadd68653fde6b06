/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/status.h>

#include <stddef.h>

struct status_row {
    uint16_t code;
    const char *word;
    const char *text;
};

static const struct status_row status_rows[] = {
#define STATUS_ROW(name, number, word, text) {number, word, text},
    SEC_STATUS_TABLE(STATUS_ROW)
#undef STATUS_ROW
};

static const struct status_row *status_find(sec_status status)
{
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++)
        if (status_rows[i].code == status.code)
            return &status_rows[i];
    return NULL;
}

const char *sec_status_word(sec_status status)
{
    const struct status_row *row = status_find(status);
    return row ? row->word : "unknown-status";
}

const char *sec_status_text(sec_status status)
{
    const struct status_row *row = status_find(status);
    return row ? row->text : "this version does not know the status";
}
