/* SPDX-License-Identifier: Apache-2.0 */
/* --help and the manual page, both made from the table of subcommands. */
#include "cli.h"

#include <string.h>

/* --- for the terminal ------------------------------------------------------------------------------------ */

static void put_name(FILE *to, const struct cli_command *command)
{
    fprintf(to, "%s%s%s", command->noun, command->verb[0] ? " " : "", command->verb);
}

static void put_usage(FILE *to, const struct cli_command *command)
{
    fputs("securable ", to);
    put_name(to, command);
    for (size_t i = 0; i < CLI_OPTIONS_MAX_COUNT && command->options[i].name; i++) {
        const struct cli_option *option = &command->options[i];
        bool must = option->use == CLI_MUST || option->use == CLI_SOME;
        bool many = option->use == CLI_MANY || option->use == CLI_SOME;
        fprintf(to, " %s--%s%s%s%s%s", must ? "" : "[", option->name, option->value ? " " : "",
                option->value ? option->value : "", must ? "" : "]", many ? "..." : "");
    }
    fprintf(to, "%s%s\n", command->operands[0] ? " " : "", command->operands);
}

void cli_print_command_help(FILE *to, const struct cli_command *command)
{
    char head[64];
    fputs("usage: ", to);
    put_usage(to, command);
    fprintf(to, "\n%s.\n", command->help);
    if (command->more)
        fprintf(to, "%s\n", command->more);
    fputs(command->options[0].name ? "\n" : "", to);
    for (size_t i = 0; i < CLI_OPTIONS_MAX_COUNT && command->options[i].name; i++) {
        const struct cli_option *option = &command->options[i];
        snprintf(head, sizeof head, "--%s %s", option->name, option->value ? option->value : "");
        fprintf(to, "  %-28s %s\n", head, option->help);
    }
    fputs("\nExit codes: 0 done, 1 refused, 2 usage, 3 environment. More: securable(1).\n", to);
}

void cli_print_noun_help(FILE *to, const char *noun)
{
    fputs("usage:\n", to);
    for (size_t i = 0; i < cli_commands_count; i++) {
        if (strcmp(cli_commands[i].noun, noun) != 0)
            continue;
        fputs("  ", to);
        put_usage(to, &cli_commands[i]);
        fprintf(to, "      %s\n", cli_commands[i].help);
    }
}

void cli_print_help(FILE *to)
{
    char head[64];
    fputs("usage: securable SUBCOMMAND [OPTION]... [OPERAND]...\n\n", to);
    for (size_t i = 0; i < cli_commands_count; i++) {
        const struct cli_command *command = &cli_commands[i];
        snprintf(head, sizeof head, "%s%s%s", command->noun, command->verb[0] ? " " : "", command->verb);
        fprintf(to, "  %-18s %s\n", head, command->help);
    }
    fputs("\nEach has --help. Exit codes: 0 done, 1 refused, 2 usage, 3 environment.\n", to);
}

/* --- the manual page ------------------------------------------------------------------------------------- */

/* Text of mdoc: a backslash is escaped, each sentence is on its own line. */
static void put_text(const char *text, FILE *to)
{
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == '\\')
            fputs("\\e", to);
        else if (text[i] == '\n' || (text[i] == ' ' && i > 0 && text[i - 1] == '.'))
            fputc('\n', to);
        else
            fputc(text[i], to);
    }
}

/* A line of it: a leading dot or quote would be a macro. */
static void put_prose(const char *text, FILE *to)
{
    if (text[0] == '.' || text[0] == '\'')
        fputs("\\&", to);
    put_text(text, to);
    fputc('\n', to);
}

/* Words of a macro line that would be read as macros or punctuation are kept as text. */
static void put_args(const char *text, FILE *to)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        fprintf(to, " \\&%.*s", (int)len, text);
        text = &text[len + (text[len] == ' ')];
    }
}

static void put_manual_usage(const struct cli_command *command, FILE *to)
{
    fprintf(to, ".Nm Cm %s", command->noun);
    if (command->verb[0])
        fprintf(to, " %s", command->verb);
    fputc('\n', to);
    for (size_t i = 0; i < CLI_OPTIONS_MAX_COUNT && command->options[i].name; i++) {
        const struct cli_option *option = &command->options[i];
        bool must = option->use == CLI_MUST || option->use == CLI_SOME;
        fprintf(to, "%s -%s", must ? ".Fl" : ".Op Fl", option->name);
        if (option->value) {
            fputs(" Ar", to);
            put_args(option->value, to);
        }
        fputs(option->use == CLI_MANY || option->use == CLI_SOME ? " ...\n" : "\n", to);
    }
    if (command->operands[0]) {
        fputs(".Ar", to);
        put_args(command->operands, to);
        fputc('\n', to);
    }
}

static void put_manual_options(const struct cli_command *command, FILE *to)
{
    if (!command->options[0].name)
        return;
    fputs(".Bl -tag -width Ds -compact\n", to);
    for (size_t i = 0; i < CLI_OPTIONS_MAX_COUNT && command->options[i].name; i++) {
        const struct cli_option *option = &command->options[i];
        fprintf(to, ".It Fl -%s", option->name);
        if (option->value) {
            fputs(" Ar", to);
            put_args(option->value, to);
        }
        fputc('\n', to);
        put_prose(option->help, to);
    }
    fputs(".El\n", to);
}

static void put_manual_command(const struct cli_command *command, FILE *to)
{
    fprintf(to, ".Ss %s%s%s\n", command->noun, command->verb[0] ? " " : "", command->verb);
    put_manual_usage(command, to);
    fputs(".Pp\n", to);
    char first[2] = {command->help[0], '\0'};
    if (first[0] >= 'a' && first[0] <= 'z')
        first[0] = (char)(first[0] - 'a' + 'A');
    fputs(first, to);
    put_text(&command->help[1], to);
    fputs(".\n", to);
    if (command->more)
        put_prose(command->more, to);
    put_manual_options(command, to);
}

static const char manual_before[] =
    ".\\\" SPDX-License-Identifier: Apache-2.0\n"
    ".\\\" Made by `securable help manual` from the table of subcommands.\n"
    ".Dd November 22, 2026\n"
    ".Dt SECURABLE 1\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm securable\n"
    ".Nd make, sign, carry and check the statements of a securable device\n"
    ".Sh SYNOPSIS\n"
    ".Nm\n"
    ".Ar subcommand\n"
    ".Op Ar option ...\n"
    ".Op Ar operand ...\n"
    ".Sh DESCRIPTION\n"
    "Whatever changes a device is a statement: a file, signed by a key that the device knows.\n"
    ".Nm\n"
    "makes such files on the signer's own machine, hands them to a device's local socket, and checks what the device "
    "answers.\n"
    "Nothing here uses a network.\n"
    ".Pp\n"
    "A\n"
    ".Ar DEVICE\n"
    "is a device's state directory or the path of its socket;\n"
    "an\n"
    ".Ar ID\n"
    "is a device id of 64 hex digits, or a state directory that holds one.\n"
    "Keys are PEM files.\n"
    "Private keys are written unencrypted with mode 0600; passphrases are not supported in this version, so keep them "
    "on an encrypted disk.\n"
    "No secret is taken from an argument.\n"
    "Files are written whole or not at all.\n"
    ".Pp\n"
    "With\n"
    ".Fl -json\n"
    "a subcommand that reports prints one JSON object, or one a line.\n"
    "With\n"
    ".Fl -help\n"
    "any subcommand says how it is used.\n"
    ".Sh SUBCOMMANDS\n";

static const char manual_after[] =
    ".Sh VERDICTS\n"
    "What\n"
    ".Cm log verify\n"
    "says first:\n"
    ".Bl -tag -width rolled-back -compact\n"
    ".It intact\n"
    "everything under the last head is proved; exit code 0\n"
    ".It torn-tail\n"
    "the end looks as a power cut leaves it; everything before is proved; exit code 0\n"
    ".It tampered\n"
    "damage that no power cut explains; exit code 1\n"
    ".It gap\n"
    "a segment is missing that no trim record explains; exit code 1\n"
    ".It truncated , rolled-back , missing\n"
    "a head or receipt from elsewhere proves more than is there, an older state is there, or nothing is; exit code 1\n"
    ".It forked\n"
    "another copy shares the beginning and then differs; exit code 1\n"
    ".El\n"
    ".Pp\n"
    "A key that lies beside the log proves less than one from elsewhere: who could replace the one could replace the "
    "other.\n"
    "The output says which evidence was used.\n"
    ".Sh EXIT STATUS\n"
    ".Bl -tag -width Ds -compact\n"
    ".It 0\n"
    "done\n"
    ".It 1\n"
    "refused: by the device, or because a file is not what it should be\n"
    ".It 2\n"
    "usage: the call itself is wrong\n"
    ".It 3\n"
    "environment: a file is missing, a device does not answer, the disk is full\n"
    ".El\n"
    ".Sh EXAMPLES\n"
    "A manufacturer makes a product, a device, and a voucher for its first owner:\n"
    ".Bd -literal -offset indent\n"
    "securable maker new maker\n"
    "securable product compile pump.yaml --key maker/release.pem --out product.cose\n"
    "securable device make pump-1 --maker maker --product product.cose\n"
    "securable owner new owner\n"
    "securable voucher make --device pump-1 --epoch 1 \\e\n"
    "    --owner owner/owner.pub.pem --recovery owner/recovery.pub.pem \\e\n"
    "    --key maker/voucher.pem --out claim.cose\n"
    ".Ed\n"
    ".Pp\n"
    "The owner asks the device, sets a setting and keeps the receipt:\n"
    ".Bd -literal -offset indent\n"
    "securable send pump-1 claim.cose\n"
    "securable report pump-1 --out report.cose\n"
    "securable command configuration.set pump.speed_max=60 \\e\n"
    "    --key owner/owner.pem --report report.cose --out set.cose\n"
    "securable send pump-1 set.cose --out set.receipt\n"
    "securable log verify --key pump-1.pub.pem --receipt set.receipt pump-1\n"
    ".Ed\n"
    ".Sh DIAGNOSTICS\n"
    "Errors go to the standard error as\n"
    ".Dq object: clause: fact ,\n"
    "those in a file of a person's as\n"
    ".Dq file:line: object, clause: fact .\n"
    ".Sh SEE ALSO\n"
    ".Xr product.yaml 5 ,\n"
    ".Xr securabled.conf 5 ,\n"
    ".Xr securabled 8\n";

void cli_print_manual(FILE *to)
{
    fputs(manual_before, to);
    for (size_t i = 0; i < cli_commands_count; i++)
        put_manual_command(&cli_commands[i], to);
    fputs(manual_after, to);
}
