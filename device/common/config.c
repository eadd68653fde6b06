/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 1023u

enum value_type {
    TYPE_PATH,
    TYPE_NAME,
    TYPE_OCTAL,
    TYPE_NUMBER,
    TYPE_HUB,
};

struct key {
    const char *name;
    enum value_type type;
    size_t at; /* the member's offset */
    uint64_t min;
    uint64_t max;
};

#define AT(member) offsetof(struct config, member)
static const struct key keys[] = {
    {"libexec", TYPE_PATH, AT(libexec), 0, 0},
    {"hooks", TYPE_PATH, AT(hooks), 0, 0},
    {"slots", TYPE_PATH, AT(slots), 0, 0},
    {"socket", TYPE_PATH, AT(socket), 0, 0},
    {"socket-mode", TYPE_OCTAL, AT(socket_mode), 0600, 0777},
    {"door-user", TYPE_NAME, AT(door_user), 0, 0},
    {"keeper-user", TYPE_NAME, AT(keeper_user), 0, 0},
    {"installer-user", TYPE_NAME, AT(installer_user), 0, 0},
    {"link-user", TYPE_NAME, AT(link_user), 0, 0},
    {"hub", TYPE_HUB, AT(hub), 0, 0},
    {"hook-user", TYPE_NAME, AT(hook_user), 0, 0},
    {"segment-bytes", TYPE_NUMBER, AT(segment_bytes), 64u * 4096u, UINT64_C(1) << 30},
    {"payload-max-bytes", TYPE_NUMBER, AT(payload_max_bytes), 1, UINT64_C(1) << 40},
    {"hook-timeout-s", TYPE_NUMBER, AT(hook_timeout_s), 1, 3600},
    {"install-timeout-s", TYPE_NUMBER, AT(install_timeout_s), 1, 86400},
    {"watch-interval-s", TYPE_NUMBER, AT(watch_interval_s), 1, 86400},
};
#define KEYS_COUNT (sizeof keys / sizeof keys[0])

/* One value read, before it is put in its place. */
struct parser {
    struct config *config;
    const struct config_errors *errors;
    unsigned line;
    bool bad;
};

static void fail(struct parser *parser, const char *object, const char *clause, const char *fact)
{
    parser->bad = true;
    parser->errors->tell(parser->errors->ctx, parser->line, object, clause, fact);
}

static bool put_path(const struct config *config, char *to, const char *path)
{
    char whole[2 * CONFIG_PATH_MAX_BYTES];
    bool absolute = path[0] == '/';
    int n = snprintf(whole, sizeof whole, "%s%s%s", absolute ? "" : config->state, absolute ? "" : "/", path);
    if (n <= 0 || (size_t)n >= CONFIG_PATH_MAX_BYTES)
        return false;
    sec_copy(to, whole, (size_t)n + 1);
    return true;
}

sec_status config_init(struct config *config, const char *state)
{
    sec_zero(config, sizeof *config);
    if (!put_path(config, config->state, state) || !put_path(config, config->file, "securabled.conf") ||
        !put_path(config, config->hooks, "hooks") || !put_path(config, config->slots, "slots") ||
        !put_path(config, config->socket, "run/door.sock"))
        return sec_st(SEC_TOO_LARGE);
    config->socket_mode = 0666; /* the roster, not the mode, says who may do what */
    snprintf(config->door_user, sizeof config->door_user, "_securable-door");
    snprintf(config->keeper_user, sizeof config->keeper_user, "_securable-keeper");
    snprintf(config->installer_user, sizeof config->installer_user, "_securable-installer");
    snprintf(config->link_user, sizeof config->link_user, "_securable-link");
    config->segment_bytes = 1u << 20;
    config->payload_max_bytes = 256u << 20;
    config->hook_timeout_s = 30;
    config->install_timeout_s = 600;
    config->watch_interval_s = 60;
    return sec_st(SEC_OK);
}

/* Digits of a base, nothing else; false beyond 64 bits. */
static bool read_number(const char *text, unsigned base, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text[0] == '\0')
        return false;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] < '0' || (unsigned)(text[i] - '0') >= base)
            return false;
        unsigned digit = (unsigned)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *ret_value = value;
    return true;
}

static void set_number(struct parser *parser, const struct key *key, const char *value)
{
    unsigned base = key->type == TYPE_OCTAL ? 8 : 10;
    uint64_t number = 0;
    char fact[96];
    if (!read_number(value, base, &number)) {
        fail(parser, key->name, "bad value", base == 8 ? "must be octal digits" : "must be decimal digits");
    } else if (number < key->min || number > key->max) {
        snprintf(fact, sizeof fact, base == 8 ? "must be %#llo to %#llo" : "must be %llu to %llu",
                 (unsigned long long)key->min, (unsigned long long)key->max);
        fail(parser, key->name, "out of range", fact);
    } else if (base == 8) {
        *(uint32_t *)(void *)&((uint8_t *)parser->config)[key->at] = (uint32_t)number;
    } else {
        *(uint64_t *)(void *)&((uint8_t *)parser->config)[key->at] = number;
    }
}

static void set_text(struct parser *parser, const struct key *key, const char *value)
{
    char *to = (char *)&((uint8_t *)parser->config)[key->at];
    if (key->type == TYPE_PATH) {
        if (!put_path(parser->config, to, value))
            fail(parser, key->name, "too long", "a path has at most 511 bytes");
    } else if (strlen(value) >= CONFIG_NAME_MAX_BYTES) {
        fail(parser, key->name, "too long", "a name has at most 63 bytes");
    } else {
        snprintf(to, CONFIG_NAME_MAX_BYTES, "%s", value);
    }
}

static void set_hub(struct parser *parser, const struct key *key, const char *value)
{
    struct hub_place *to = (struct hub_place *)(void *)&((uint8_t *)parser->config)[key->at];
    if (!sec_ok(hub_place_read(sec_bytes_of_str(value), to)))
        fail(parser, key->name, "bad value", "must be https://HOST:PORT, and after a blank the CA's digest as sha256:HEX, or nothing");
}

static void set_key(struct parser *parser, const char *name, const char *value)
{
    for (size_t i = 0; i < KEYS_COUNT; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        uint32_t bit = UINT32_C(1) << i;
        if (parser->config->seen & bit) {
            fail(parser, name, "given twice", "the file may say it once");
            return;
        }
        parser->config->seen |= bit;
        if (value[0] == '\0')
            fail(parser, name, "no value", "a line is `key value`");
        else if (keys[i].type == TYPE_PATH || keys[i].type == TYPE_NAME)
            set_text(parser, &keys[i], value);
        else if (keys[i].type == TYPE_HUB)
            set_hub(parser, &keys[i], value);
        else
            set_number(parser, &keys[i], value);
        return;
    }
    fail(parser, name, "unknown key", "see securabled.conf(5)");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits a line into key and value, blanks around them gone; comments and empty lines have no key. */
static void parse_line(struct parser *parser, char *line, size_t len)
{
    while (len > 0 && is_blank(line[len - 1]))
        len--;
    line[len] = '\0';
    size_t at = 0;
    while (is_blank(line[at]))
        at++;
    if (line[at] == '\0' || line[at] == '#')
        return;
    size_t end = at;
    while (line[end] && !is_blank(line[end]))
        end++;
    size_t value = end;
    while (is_blank(line[value]))
        value++;
    bool has_value = line[end] != '\0';
    line[end] = '\0';
    set_key(parser, &line[at], has_value ? &line[value] : "");
}

/* Copies the next line, without its end; false at the end of the text. */
static bool next_line(struct sec_bytes text, size_t *at, struct parser *parser, char *line, size_t *ret_len)
{
    if (*at >= text.len)
        return false;
    size_t len = 0;
    bool good = true;
    for (; *at < text.len && text.data[*at] != '\n'; (*at)++) {
        uint8_t c = text.data[*at];
        good = good && len < LINE_MAX_BYTES && (c >= ' ' || c == '\t') && c != 0x7f;
        if (good)
            line[len++] = (char)c;
    }
    (*at)++; /* behind the newline, or one beyond the end */
    parser->line++;
    if (!good) {
        fail(parser, "line", "malformed", "over 1023 bytes, or a control character");
        len = 0;
    }
    *ret_len = len;
    return true;
}

sec_status config_parse(struct config *config, struct sec_bytes text, const struct config_errors *errors)
{
    struct parser parser = {config, errors, 0, false};
    char line[LINE_MAX_BYTES + 1];
    size_t at = 0, len = 0;
    while (next_line(text, &at, &parser, line, &len))
        parse_line(&parser, line, len);
    return parser.bad ? sec_st(SEC_BAD_VALUE) : sec_st(SEC_OK);
}

sec_status config_user_find(const char *text, struct config_user *ret_user)
{
    uint64_t number = 0;
    struct config_user found;
    if (read_number(text, 10, &number)) {
        if (number > UINT32_MAX)
            return sec_st(SEC_BAD_VALUE);
        found = (struct config_user){(uint32_t)number, (uint32_t)number};
    } else {
        const struct passwd *account = getpwnam(text);
        if (!account)
            return sec_st(SEC_NOT_FOUND);
        found = (struct config_user){account->pw_uid, account->pw_gid};
    }
    /* 0 would keep every right, the overflow id is everybody's, and -1 means "unchanged" to the kernel. */
    if (found.user == 0 || found.group == 0 || found.user == 65534 || found.user == UINT32_MAX || found.group == UINT32_MAX)
        return sec_st(SEC_BAD_VALUE);
    *ret_user = found;
    return sec_st(SEC_OK);
}
