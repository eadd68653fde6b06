/* SPDX-License-Identifier: Apache-2.0 */
/*
 * securable-hub: an owner's hub. See securable-hub(8).
 */
#include "backup.h"
#include "gate.h"
#include "run.h"
#include "say.h"

#include <securable/version.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY_DEFAULT "/var/lib/securable-hub"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

static struct hub hub; /* zero at start */

struct options {
    const char *directory;
    const char *command;
    const char *target;
    bool check;
    bool verbose;
    bool help;
    bool version;
};

struct option_row {
    const char *name;
    const char *argument; /* null: takes none */
    const char *meaning;
};
static const struct option_row option_rows[] = {
    {"-d", "DIR", "the hub's directory (default: " DIRECTORY_DEFAULT ")"},
    {"-n", NULL, "check the configuration, tell every error, and exit 0 or 1"},
    {"-v", NULL, "tell more"},
    {"--help", NULL, "show this help and exit"},
    {"--version", NULL, "show the version and exit"},
};

static int serve(const struct options *options);
static int backup(const struct options *options);
static int check(const struct options *options);

struct command_row {
    const char *name; /* null: the daemon itself */
    const char *argument;
    int (*run)(const struct options *options);
    const char *meaning;
};
static const struct command_row command_rows[] = {
    {NULL, NULL, serve, "serve"},
    {"backup", "TARGET", backup, "write a consistent copy to the directory TARGET, also while the hub runs"},
    {"check", NULL, check, "check the database and the hub's journal"},
};

static void print_help(void)
{
    printf("usage: securable-hub [-n] [-v] [-d DIR] [backup TARGET | check]\nServes an owner's devices and people; stays in the foreground.\n");
    for (size_t i = 0; i < sizeof option_rows / sizeof option_rows[0]; i++)
        printf("  %-9s %-7s %s\n", option_rows[i].name, option_rows[i].argument ? option_rows[i].argument : "", option_rows[i].meaning);
    for (size_t i = 1; i < sizeof command_rows / sizeof command_rows[0]; i++)
        printf("  %-9s %-7s %s\n", command_rows[i].name, command_rows[i].argument ? command_rows[i].argument : "", command_rows[i].meaning);
    printf("exit codes: 0 stopped in order, 1 refused (bad configuration, damage found), 2 usage, 3 environment (already running, ...)\n");
}

static void take_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "-d") == 0)
        options->directory = value;
    else if (strcmp(name, "-n") == 0)
        options->check = true;
    else if (strcmp(name, "-v") == 0)
        options->verbose = true;
    else if (strcmp(name, "--help") == 0)
        options->help = true;
    else
        options->version = true;
}

static const struct command_row *command_of(const char *name)
{
    for (size_t i = 1; name && i < sizeof command_rows / sizeof command_rows[0]; i++)
        if (strcmp(command_rows[i].name, name) == 0)
            return &command_rows[i];
    return name ? NULL : &command_rows[0];
}

static bool parse_words(int argc, char **argv, int at, struct options *options)
{
    options->command = argv[at];
    const struct command_row *row = command_of(argv[at]);
    if (!row || argc - at != (row->argument ? 2 : 1)) {
        hub_say("%s: command: %s", argv[at], row ? "takes other arguments; see --help" : "unknown; see --help");
        return false;
    }
    options->target = row->argument ? argv[at + 1] : NULL;
    return true;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    *options = (struct options){.directory = DIRECTORY_DEFAULT};
    for (int i = 1; i < argc; i++) {
        const struct option_row *row = NULL;
        if (argv[i][0] != '-')
            return parse_words(argc, argv, i, options);
        for (size_t k = 0; k < sizeof option_rows / sizeof option_rows[0]; k++)
            row = strcmp(argv[i], option_rows[k].name) == 0 ? &option_rows[k] : row;
        if (!row || (row->argument && i + 1 >= argc)) {
            hub_say("%s: option: %s", argv[i], row ? "needs an argument" : "unknown; see --help");
            return false;
        }
        const char *name = argv[i];
        take_option(options, name, row->argument ? argv[++i] : NULL);
    }
    return true;
}

/* --- commands ------------------------------------------------------------------------------------------------------------ */

static bool read_config(const char *directory)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/securable-hub.conf", directory);
    if (!sec_ok(hub_config_read(path, STDERR_FILENO, &hub.config)))
        return false;
    return hub.config.console_dir[0] != '\0' || run_console_dir(&hub.config);
}

static int serve(const struct options *options)
{
    sec_status status = run_start(&hub, options->directory);
    if (sec_ok(status)) {
        run_ready(&hub);
        run_until_signal();
    }
    run_stop(&hub);
    return sec_ok(status) ? EXIT_DONE : EXIT_ENVIRONMENT;
}

static int tell_result(const char *command, sec_status status, const char *text)
{
    if (text[0])
        hub_say("%s: %s", command, text);
    if (sec_ok(status))
        return EXIT_DONE;
    hub_say("%s: %s", command, sec_status_text(status));
    return sec_status_class(status) == SEC_CLASS_IO ? EXIT_ENVIRONMENT : EXIT_REFUSED;
}

static int backup(const struct options *options)
{
    char text[512] = "";
    sec_status status = hub_place_look(options->directory, &hub.place);
    if (sec_ok(status))
        status = hub_backup(&hub.place, options->target, text, sizeof text);
    hub_place_close(&hub.place);
    return tell_result("backup", status, text);
}

static int check(const struct options *options)
{
    char text[512] = "";
    sec_status status = hub_place_look(options->directory, &hub.place);
    if (sec_ok(status))
        status = hub_check(&hub.place, text, sizeof text);
    hub_place_close(&hub.place);
    return tell_result("check", status, text);
}

int main(int argc, char **argv)
{
    struct options options;
    if (!parse_options(argc, argv, &options))
        return EXIT_USAGE;
    if (options.help || options.version) {
        if (options.help)
            print_help();
        else
            printf("securable-hub %s\n", SEC_VERSION);
        return EXIT_DONE;
    }
    (void)umask(077);
    (void)prctl(PR_SET_DUMPABLE, 0); /* no core of a process with keys */
    hub_say_verbose(options.verbose);
    if (!read_config(options.directory))
        return EXIT_REFUSED;
    if (options.check)
        return EXIT_DONE;
    return command_of(options.command)->run(&options);
}
