/* SPDX-License-Identifier: Apache-2.0 */
/* securable: the command line for manufacturers, owners, operators and auditors. A table of contents; the table is
 * table.c. */
#include "cli.h"
#include "inspect.h"

#include <securable/version.h>

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

/* Looking for leaks needs what this takes away: such builds go without. */
#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_LOOKED_FOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_LOOKED_FOR 1
#endif
#endif

/* Keys and secrets pass through: they must not end in a core file, nor be read by another process of the same user. */
static void keep_memory_private(void)
{
#ifndef LEAKS_ARE_LOOKED_FOR
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int main(int argc, char **argv)
{
    keep_memory_private();
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
