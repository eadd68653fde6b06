/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONCE_BYTES 32u

/* securabled tells the faults of its configuration itself. */
static void ignore(void *ctx, unsigned line, const char *object, const char *clause, const char *fact)
{
    (void)ctx;
    (void)line;
    (void)object;
    (void)clause;
    (void)fact;
}

static int find_socket(struct cli *cli, const char *dir, const char **ret_socket)
{
    struct config *config = (struct config *)(void *)cli_room(cli, sizeof *config).data;
    const struct config_errors errors = {NULL, ignore};
    struct sec_bytes text = {NULL, 0};
    char *absolute = realpath(dir, NULL);
    sec_status status = absolute ? config_init(config, absolute) : sec_st(SEC_IO_FAILED);
    free(absolute);
    CLI_TRY(cli_failed(dir, "state directory", status));
    if (files_exists(config->file))
        CLI_TRY(files_read(cli, config->file, 65536, &text));
    (void)config_parse(config, text, &errors);
    *ret_socket = config->socket;
    return CLI_DONE;
}

int target_open(struct cli *cli, const char *name, unsigned timeout_s, struct target **ret_target)
{
    struct target *target = (struct target *)(void *)cli_room(cli, sizeof *target).data;
    target->name = name;
    target->socket = name;
    target->door.fd = -1;
    if (files_is_dir(name)) {
        target->state = name;
        CLI_TRY(find_socket(cli, name, &target->socket));
    }
    sec_status status = sec_door_open(&target->door, target->socket, timeout_s);
    if (sec_is(status, SEC_NOT_FOUND))
        return cli_environment(name, "connect", "there is no socket %s: the device is not running", target->socket);
    if (sec_is(status, SEC_NOT_OPEN))
        return cli_environment(name, "connect", "nobody listens at %s: the device is not running", target->socket);
    if (sec_is(status, SEC_TOO_LARGE))
        return cli_environment(name, "connect", "a socket's path has at most 107 bytes: %s", target->socket);
    if (!sec_ok(status))
        return cli_environment(name, "connect", "%s: %s", target->socket, strerror(errno));
    *ret_target = target;
    return CLI_DONE;
}

bool target_runs(struct cli *cli, const char *name)
{
    struct target *target = (struct target *)(void *)cli_room(cli, sizeof *target).data;
    target->socket = name;
    if (files_is_dir(name) && find_socket(cli, name, &target->socket) != CLI_DONE)
        return false;
    bool open = sec_ok(sec_door_open(&target->door, target->socket, TARGET_TIMEOUT_S));
    if (open)
        sec_door_close(&target->door);
    return open;
}

void target_close(struct target *target)
{
    sec_door_close(&target->door);
}

int target_failed(const struct target *target, const char *clause, sec_status status)
{
    if (sec_ok(status))
        return CLI_DONE;
    if (sec_door_answered(&target->door)) {
        /* The device's own trouble is its surroundings', not a refusal. */
        bool trouble = sec_status_class(status) == SEC_CLASS_IO || sec_status_class(status) == SEC_CLASS_INTERNAL;
        (void)cli_refused(target->name, clause, "%s (%s)", sec_status_text(status), sec_status_word(status));
        return trouble ? CLI_ENVIRONMENT : CLI_REFUSED;
    }
    if (sec_is(status, SEC_IO_FAILED))
        return cli_environment(target->name, clause, "no answer: %s", strerror(errno));
    return cli_environment(target->name, clause, "what it answered is no answer: %s", sec_status_text(status));
}

struct sec_bytes target_keep(struct cli *cli, struct sec_bytes bytes)
{
    struct sec_room room = cli_room(cli, bytes.len);
    (void)sec_bytes_copy(room, bytes);
    return sec_bytes(room.data, room.len);
}

int target_report(struct cli *cli, struct target *target, struct sec_bytes nonce, const char *ca,
                  struct material_report **ret_report)
{
    struct sec_bytes bytes;
    if (nonce.len == 0) {
        struct sec_room room = cli_room(cli, NONCE_BYTES);
        CLI_TRY(cli_failed("random", "nonce", cli->crypto.random(cli->crypto.ctx, room)));
        nonce = sec_bytes(room.data, room.len);
    }
    CLI_TRY(target_failed(target, "report", sec_door_report(&target->door, nonce, &bytes)));
    return material_report_of(cli, target->name, target_keep(cli, bytes), ca, nonce, ret_report);
}

int target_key(struct cli *cli, struct target *target, const char *trust, struct sec_public_key *ret_key,
               const char **ret_source)
{
    struct material_report *report;
    const char *idevid = target->state ? files_join(cli, target->state, "identity/idevid.der") : NULL;
    if (trust) {
        *ret_source = trust;
        return material_public_key(cli, trust, ret_key);
    }
    if (idevid && files_exists(idevid)) {
        *ret_source = idevid;
        return material_public_key(cli, idevid, ret_key);
    }
    CLI_TRY(target_report(cli, target, sec_bytes(NULL, 0), NULL, &report));
    *ret_key = report->key;
    *ret_source = "the device's own report";
    return CLI_DONE;
}
