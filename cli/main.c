/* SPDX-License-Identifier: Apache-2.0 */
/* securable: the command line for manufacturers, owners, operators and auditors. A table of contents; the table is
 * table.c. */
#include "cli.h"
#include "inspect.h"

#include <securable/version.h>

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

int main(int argc, char **argv)
{
    /* A file in /etc must not change what a tool trusts. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    if (argc < 2) {
        cli_print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("securable " SEC_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || (strcmp(argv[1], "help") == 0 && argc == 2)) {
        cli_print_help(stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "help") == 0 && strcmp(argv[2], "manual") == 0) {
        cli_print_manual(stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "inspect") == 0)
        return cli_inspect(argc - 1, &argv[1]);
    if (cli_has_noun(argv[1]))
        return cli_run(argc - 1, &argv[1]);
    fprintf(stderr, "securable: %s: no such subcommand; see securable --help\n", argv[1]);
    return CLI_USAGE;
}
