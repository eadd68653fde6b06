/* SPDX-License-Identifier: Apache-2.0 */
#include "audience.h"

#include <securable/access_forms.h>

#include <string.h>

static size_t word_index(const char *name, size_t len)
{
    static const char *const words[SEC_MATCHES_COUNT] = {"product", "model", "name", "site", "group", "tag"};
    size_t i = 0;
    while (i < SEC_MATCHES_COUNT && (strlen(words[i]) != len || strncmp(words[i], name, len) != 0))
        i++;
    return i;
}

int audience_encode_match(const char *text, struct sec_wr *wr)
{
    struct sec_bytes texts[SEC_MATCHES_COUNT] = {{NULL, 0}};
    const char *at = text;
    do {
        size_t name_len = strcspn(at, "=,");
        if (at[name_len] != '=')
            return cli_usage(text, "match", "tests are name=value, separated by commas");
        const char *value = &at[name_len + 1];
        size_t value_len = strcspn(value, ","), i = word_index(at, name_len);
        if (i == SEC_MATCHES_COUNT || value_len == 0)
            return cli_usage(text, "match", "tests are of product, model, name, site, group, tag, and none is empty");
        if (texts[i].len)
            return cli_usage(text, "match", "a test stands in it twice");
        texts[i] = sec_bytes(value, value_len);
        at = &value[value_len + (value[value_len] == ',')];
    } while (*at);
    sec_audience_encode_match(texts, wr);
    return CLI_DONE;
}

int audience_encode_devices(struct cli *cli, const char *const *devices, size_t count, struct sec_wr *wr)
{
    struct sec_device_id *ids = (struct sec_device_id *)(void *)cli_room(cli, count * sizeof *ids).data;
    struct sec_bytes *list = (struct sec_bytes *)(void *)cli_room(cli, count * sizeof *list).data;
    for (size_t i = 0; i < count; i++) {
        CLI_TRY(material_device_id(cli, devices[i], &ids[i]));
        list[i] = sec_device_id_bytes(&ids[i]);
    }
    sec_audience_encode_ids(list, count, wr);
    return CLI_DONE;
}
