/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- errors ---------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 0))) static void say(const char *object, const char *clause, const char *format,
                                                      va_list args)
{
    fprintf(stderr, "%s: %s: ", object, clause);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

#define SAY_AND_GIVE(code)                                                                                             \
    do {                                                                                                               \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        say(object, clause, format, args);                                                                             \
        va_end(args);                                                                                                  \
        return code;                                                                                                   \
    } while (0)

int cli_refused(const char *object, const char *clause, const char *format, ...)
{
    SAY_AND_GIVE(CLI_REFUSED);
}

int cli_usage(const char *object, const char *clause, const char *format, ...)
{
    SAY_AND_GIVE(CLI_USAGE);
}

int cli_environment(const char *object, const char *clause, const char *format, ...)
{
    SAY_AND_GIVE(CLI_ENVIRONMENT);
}

int cli_failed(const char *object, const char *clause, sec_status status)
{
    if (sec_ok(status))
        return CLI_DONE;
    if (sec_status_class(status) == SEC_CLASS_IO || sec_is(status, SEC_STORAGE_FULL))
        return cli_environment(object, clause, "%s", sec_status_text(status));
    return cli_refused(object, clause, "%s (%s)", sec_status_text(status), sec_status_word(status));
}

/* --- memory ---------------------------------------------------------------------------------------------- */

struct cli_block {
    struct cli_block *next;
    size_t len;
    uint8_t b[];
};

struct sec_room cli_room(struct cli *cli, size_t len)
{
    struct cli_block *block = len < SIZE_MAX - sizeof *block ? calloc(1, sizeof *block + len) : NULL;
    if (!block) {
        fputs("securable: memory: none left\n", stderr);
        exit(CLI_ENVIRONMENT);
    }
    block->next = cli->blocks;
    block->len = len;
    cli->blocks = block;
    return sec_room(block->b, len);
}

const char *cli_text(struct cli *cli, struct sec_bytes text)
{
    struct sec_room room = cli_room(cli, text.len + 1);
    (void)sec_bytes_copy(room, text);
    return (const char *)room.data;
}

const char *cli_format(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    struct sec_room room = cli_room(cli, (size_t)(len < 0 ? 0 : len) + 1);
    va_start(args, format);
    (void)vsnprintf((char *)room.data, room.len, format, args);
    va_end(args);
    return (const char *)room.data;
}

static void free_all(struct cli *cli)
{
    for (size_t i = 0; i < cli->keys_count; i++)
        sec_private_key_done(&cli->keys[i]);
    while (cli->blocks) {
        struct cli_block *block = cli->blocks;
        cli->blocks = block->next;
        sec_wipe(block->b, block->len);
        free(block);
    }
    sec_openssl_done(&cli->openssl);
}

/* --- options --------------------------------------------------------------------------------------------- */

const char *cli_get_at(const struct cli *cli, const char *name, size_t at)
{
    for (size_t i = 0; i < cli->values_count; i++) {
        if (strcmp(cli->values[i].option->name, name) == 0 && at-- == 0)
            return cli->values[i].text;
    }
    return NULL;
}

const char *cli_get(const struct cli *cli, const char *name)
{
    return cli_get_at(cli, name, 0);
}

size_t cli_count(const struct cli *cli, const char *name)
{
    size_t count = 0;
    while (cli_get_at(cli, name, count))
        count++;
    return count;
}

bool cli_number(const char *text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text[0] == '\0')
        return false;
    for (size_t i = 0; text[i]; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

int cli_get_number(const struct cli *cli, const char *name, uint64_t min, uint64_t max, uint64_t *ret_value)
{
    const char *text = cli_get(cli, name);
    uint64_t value = 0;
    if (!text)
        return CLI_DONE;
    if (!cli_number(text, &value) || value < min || value > max)
        return cli_usage(text, name, "a whole number from %llu to %llu is wanted", (unsigned long long)min,
                         (unsigned long long)max);
    *ret_value = value;
    return CLI_DONE;
}

static const struct cli_option *find_option(const struct cli_command *command, const char *name, size_t len)
{
    for (size_t i = 0; i < CLI_OPTIONS_MAX_COUNT && command->options[i].name; i++) {
        const struct cli_option *option = &command->options[i];
        if (strlen(option->name) == len && strncmp(option->name, name, len) == 0)
            return option;
    }
    return NULL;
}

/* Takes the option at argv[*at], and its value. */
static int take_option(struct cli *cli, int argc, char **argv, int *at)
{
    const char *name = &argv[*at][2];
    size_t len = strcspn(name, "=");
    const struct cli_option *option = find_option(cli->command, name, len);
    const char *value = name[len] == '=' ? &name[len + 1] : NULL;
    if (!option)
        return cli_usage(argv[*at], "option", "unknown; see securable %s --help", cli->command->noun);
    if (!option->value && value)
        return cli_usage(argv[*at], "option", "takes no value");
    if (option->value && !value) {
        if (*at + 1 == argc)
            return cli_usage(argv[*at], "option", "its value %s is missing", option->value);
        value = argv[++*at];
    }
    bool once = option->use == CLI_MAY || option->use == CLI_MUST;
    if (once && cli_get(cli, option->name))
        return cli_usage(option->name, "option", "given twice");
    if (cli->values_count == CLI_VALUES_MAX_COUNT)
        return cli_usage(option->name, "option", "more than %u options", CLI_VALUES_MAX_COUNT);
    cli->values[cli->values_count++] = (struct cli_value){option, value ? value : ""};
    return CLI_DONE;
}

static int take_words(struct cli *cli, int argc, char **argv)
{
    bool options = true;
    for (int at = 0; at < argc; at++) {
        if (options && strcmp(argv[at], "--") == 0) {
            options = false;
        } else if (options && strncmp(argv[at], "--", 2) == 0) {
            CLI_TRY(take_option(cli, argc, argv, &at));
        } else {
            if (cli->operands_count == CLI_OPERANDS_MAX_COUNT)
                return cli_usage(argv[at], "operand", "more than %u operands", CLI_OPERANDS_MAX_COUNT);
            cli->operands[cli->operands_count++] = argv[at];
        }
    }
    return CLI_DONE;
}

static int check_words(const struct cli *cli)
{
    const struct cli_command *command = cli->command;
    const char *space = command->verb[0] ? " " : "";
    if (cli->operands_count < command->operands_min)
        return cli_usage("securable", command->noun, "wanted: %s%s%s; see --help", command->verb, space,
                         command->operands);
    if (cli->operands_count > command->operands_max)
        return cli_usage(cli->operands[command->operands_max], "operand", "one too many; see securable %s --help",
                         command->noun);
    for (size_t i = 0; i < CLI_OPTIONS_MAX_COUNT && command->options[i].name; i++) {
        const struct cli_option *option = &command->options[i];
        if ((option->use == CLI_MUST || option->use == CLI_SOME) && !cli_get(cli, option->name))
            return cli_usage("securable", command->noun, "--%s %s is missing", option->name, option->value);
    }
    return CLI_DONE;
}

/* --- finding and running --------------------------------------------------------------------------------- */

bool cli_has_noun(const char *noun)
{
    for (size_t i = 0; i < cli_commands_count; i++) {
        if (strcmp(cli_commands[i].noun, noun) == 0)
            return true;
    }
    return false;
}

/* How many words of `argv` the command's noun and verb are; 0: they are not these. */
static int words_match(const struct cli_command *command, int argc, char **argv)
{
    const char *verb = command->verb;
    int words = 1;
    if (strcmp(command->noun, argv[0]) != 0)
        return 0;
    while (*verb) {
        size_t len = strcspn(verb, " ");
        if (words == argc || strlen(argv[words]) != len || strncmp(argv[words], verb, len) != 0)
            return 0;
        verb = &verb[len + (verb[len] == ' ')];
        words++;
    }
    return words;
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return true;
    }
    return false;
}

static int run_command(const struct cli_command *command, int argc, char **argv)
{
    struct cli *cli = calloc(1, sizeof *cli);
    if (!cli)
        return cli_environment("securable", "memory", "none left");
    cli->command = command;
    int code = take_words(cli, argc, argv);
    if (code == CLI_DONE)
        code = check_words(cli);
    if (code == CLI_DONE && !sec_ok(sec_openssl_init(&cli->openssl)))
        code = cli_environment("libcrypto", "start", "it does not give the algorithms that are needed");
    if (code == CLI_DONE) {
        cli->crypto = sec_openssl_crypto(&cli->openssl);
        code = command->run(cli);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        code = cli_environment("stdout", "write", "failed");
    free_all(cli);
    sec_wipe(cli, sizeof *cli);
    free(cli);
    return code;
}

int cli_run(int argc, char **argv)
{
    const struct cli_command *found = NULL;
    int words = 0;
    for (size_t i = 0; i < cli_commands_count; i++) {
        int match = words_match(&cli_commands[i], argc, argv);
        if (match > words) {
            found = &cli_commands[i];
            words = match;
        }
    }
    if (asks_help(argc, argv)) {
        if (found)
            cli_print_command_help(stdout, found);
        else
            cli_print_noun_help(stdout, argv[0]);
        return CLI_DONE;
    }
    if (!found) {
        cli_print_noun_help(stderr, argv[0]);
        return CLI_USAGE;
    }
    return run_command(found, argc - words, &argv[words]);
}
