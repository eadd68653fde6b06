/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <securable/bytes.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1023u

enum value_type { TYPE_NUMBER, TYPE_NAME, TYPE_PATH, TYPE_LISTEN, TYPE_SAN };

struct key {
    const char *name;
    enum value_type type;
    size_t at;       /* the member's offset */
    size_t count_at; /* lists: the count's offset; else 0 */
    uint64_t min, max;
};

#define AT(member) offsetof(struct hub_config, member)
static const struct key keys[] = {
    {"name", TYPE_NAME, AT(name), 0, 0, 0},
    {"device-listen", TYPE_LISTEN, AT(device), AT(device_count), 0, HUB_LISTENS_MAX_COUNT},
    {"api-listen", TYPE_LISTEN, AT(api), AT(api_count), 0, HUB_LISTENS_MAX_COUNT},
    {"san", TYPE_SAN, AT(san), AT(san_count), 0, HUB_SANS_MAX_COUNT},
    {"console-dir", TYPE_PATH, AT(console_dir), 0, 0, 0},
    {"threads", TYPE_NUMBER, AT(threads), 0, 1, HUB_THREADS_MAX_COUNT},
    {"certificate-days", TYPE_NUMBER, AT(certificate_days), 0, 1, 825},
    {"interval-s", TYPE_NUMBER, AT(interval_s), 0, 1, 3600},
    {"connections-max", TYPE_NUMBER, AT(connections_max), 0, 16, 1000000},
    {"unproven-max", TYPE_NUMBER, AT(unproven_max), 0, 1, 1000000},
    {"device-connections-max", TYPE_NUMBER, AT(device_connections_max), 0, 1, 1000000},
    {"payload-max-mib", TYPE_NUMBER, AT(payload_max_mib), 0, 1, 1048576},
};
#define KEYS_COUNT (sizeof keys / sizeof keys[0])

struct parser {
    struct hub_config *config;
    const char *path;
    int errors_fd;
    unsigned line;
    uint32_t seen; /* a bit per key */
    bool bad;
};

static void fail(struct parser *parser, const char *object, const char *clause, const char *fact)
{
    parser->bad = true;
    (void)dprintf(parser->errors_fd, "%s:%u: %s, %s: %s\n", parser->path, parser->line, object, clause, fact);
}

static void *member(struct parser *parser, size_t at)
{
    return &((uint8_t *)parser->config)[at];
}

static bool parse_number(const char *text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!*text || strlen(text) > 15)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
    }
    *ret_number = number;
    return true;
}

static bool copy_text(char *to, size_t to_bytes, const char *from, size_t len)
{
    if (len == 0 || len >= to_bytes)
        return false;
    sec_copy(to, from, len);
    to[len] = '\0';
    return true;
}

/** "127.0.0.1:8443" or "[::1]:8443". */
static bool parse_listen(const char *text, struct hub_listen *ret_listen)
{
    struct hub_listen at = {.port = 0};
    struct in6_addr address;
    uint64_t port = 0;
    const char *colon = strrchr(text, ':');
    if (!colon || !parse_number(&colon[1], &port) || port > 65535)
        return false;
    bool six = text[0] == '[';
    size_t len = (size_t)(colon - text);
    if (six && (len < 3 || text[len - 1] != ']'))
        return false;
    if (!copy_text(at.address, sizeof at.address, six ? &text[1] : text, six ? len - 2 : len) ||
        inet_pton(six ? AF_INET6 : AF_INET, at.address, &address) != 1)
        return false;
    at.port = (uint16_t)port;
    *ret_listen = at;
    return true;
}

static bool is_host(const char *text)
{
    for (size_t i = 0; text[i]; i++) {
        bool letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9');
        if (!letter && text[i] != '-' && text[i] != '.' && text[i] != ':' && text[i] != '*')
            return false;
    }
    return true;
}

static bool is_plain_text(const char *text)
{
    for (size_t i = 0; text[i]; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return sec_ok(sec_utf8_check(sec_bytes_of_str(text)));
}

static void take_listed(struct parser *parser, const struct key *key, const char *value)
{
    size_t *count = member(parser, key->count_at);
    if (*count == key->max) {
        fail(parser, key->name, "count", "more than there may be");
        return;
    }
    if (key->type == TYPE_LISTEN) {
        struct hub_listen *listens = member(parser, key->at);
        if (!parse_listen(value, &listens[*count])) {
            fail(parser, key->name, "value", "not ADDRESS:PORT with a numeric address (IPv6 in brackets)");
            return;
        }
    } else {
        char(*names)[HUB_SAN_MAX_BYTES + 1] = member(parser, key->at);
        if (!is_host(value) || !copy_text(names[*count], sizeof names[0], value, strlen(value))) {
            fail(parser, key->name, "value", "not a host name or address");
            return;
        }
    }
    ++*count;
}

static void take_value(struct parser *parser, const struct key *key, const char *value)
{
    uint64_t number = 0;
    if (key->type == TYPE_LISTEN || key->type == TYPE_SAN) {
        take_listed(parser, key, value);
    } else if (key->type == TYPE_NUMBER) {
        if (!parse_number(value, &number) || number < key->min || number > key->max)
            fail(parser, key->name, "value", "not a number in its range; see securable-hub.conf(5)");
        else
            *(uint64_t *)member(parser, key->at) = number;
    } else {
        size_t bytes = key->type == TYPE_NAME ? sizeof parser->config->name : sizeof parser->config->console_dir;
        if (!is_plain_text(value) || !copy_text(member(parser, key->at), bytes, value, strlen(value)))
            fail(parser, key->name, "value", key->type == TYPE_NAME ? "not a name of at most 64 bytes" : "not a path of at most 511 bytes");
    }
}

static void take_line(struct parser *parser, char *line)
{
    size_t len = strlen(line), key_len = 0;
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t'))
        line[--len] = '\0';
    line = &line[strspn(line, " \t")];
    if (!*line || *line == '#')
        return;
    key_len = strcspn(line, " \t");
    char *value = &line[key_len];
    value = &value[strspn(value, " \t")];
    line[key_len] = '\0';
    for (size_t i = 0; i < KEYS_COUNT; i++) {
        if (strcmp(keys[i].name, line) != 0)
            continue;
        if (!*value)
            fail(parser, line, "value", "missing");
        else if (keys[i].count_at == 0 && (parser->seen & (1u << i)))
            fail(parser, line, "key", "stands twice");
        else
            take_value(parser, &keys[i], value);
        parser->seen |= 1u << i;
        return;
    }
    fail(parser, line, "key", "unknown");
}

static void defaults(struct hub_config *config)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *config = (struct hub_config){
        .name = "hub",
        .threads = processors > 0 && processors <= (long)HUB_THREADS_MAX_COUNT ? (uint64_t)processors : 1,
        .certificate_days = 90,
        .interval_s = 60,
        .connections_max = 20000,
        .unproven_max = 64,
        .device_connections_max = 16,
        .payload_max_mib = 2048,
    };
}

sec_status hub_config_read(const char *path, int errors_fd, struct hub_config *ret_config)
{
    struct hub_config config;
    struct parser parser = {.config = &config, .path = path, .errors_fd = errors_fd};
    char line[LINE_MAX_BYTES + 2];
    defaults(&config);
    FILE *file = fopen(path, "re");
    if (!file && errno != ENOENT) {
        fail(&parser, "file", "open", strerror(errno));
        return sec_st(SEC_IO_FAILED);
    }
    while (file && fgets(line, sizeof line, file)) {
        parser.line++;
        if (!strchr(line, '\n') && strlen(line) == sizeof line - 1) {
            fail(&parser, "line", "length", "longer than 1023 bytes");
            break;
        }
        take_line(&parser, line);
    }
    bool whole = !file || !ferror(file);
    if (file)
        (void)fclose(file);
    if (!whole)
        fail(&parser, "file", "read", "cannot be read to its end");
    if (parser.bad)
        return sec_st(whole ? SEC_BAD_VALUE : SEC_IO_FAILED);
    *ret_config = config;
    return sec_st(SEC_OK);
}
