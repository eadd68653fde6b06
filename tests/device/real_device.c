/* SPDX-License-Identifier: Apache-2.0 */
#include "real_device.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void must(bool good, const char *what)
{
    if (!good) {
        printf("cannot: %s (errno %d)\n", what, errno);
        abort();
    }
}

static void must_ok(sec_status status, const char *what)
{
    if (!sec_ok(status))
        printf("%s: %s\n", what, sec_status_word(status));
    must(sec_ok(status), what);
}

static struct sec_bytes text(const char *str)
{
    return sec_bytes_of_str(str);
}

/* --- files --------------------------------------------------------------------------------------------- */

static void path_of(const struct real_device *d, const char *name, char *ret_path, size_t bytes)
{
    int n = snprintf(ret_path, bytes, "%s/%s", d->state, name);
    must(n > 0 && (size_t)n < bytes, "a path");
}

void real_write(const struct real_device *d, const char *name, struct sec_bytes content, unsigned mode)
{
    char path[512];
    path_of(d, name, path, sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    must(fd >= 0 && write(fd, content.data, content.len) == (ssize_t)content.len && fchmod(fd, mode) == 0, name);
    close(fd);
}

struct sec_bytes real_read(const struct real_device *d, const char *name)
{
    static uint8_t room_b[1u << 20];
    char path[512];
    path_of(d, name, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sec_bytes(NULL, 0);
    ssize_t n = read(fd, room_b, sizeof room_b);
    close(fd);
    return sec_bytes(room_b, n > 0 ? (size_t)n : 0);
}

static void make_dir(const struct real_device *d, const char *name)
{
    char path[512];
    path_of(d, name, path, sizeof path);
    must(mkdir(path, 0755) == 0, name);
}

/* --- statements ---------------------------------------------------------------------------------------- */

static struct sec_signer signer_of(struct real_device *d, enum real_person person)
{
    return sec_private_key_signer(&d->people[person]);
}

static void sign(struct real_device *d, enum real_person person, enum sec_statement_kind kind, const struct sec_wr *body,
                 struct real_statement *ret_statement)
{
    struct sec_signer signer = signer_of(d, person);
    struct sec_wr wr = sec_wr(SEC_ROOM(ret_statement->b));
    must(!body->bad, "a body");
    must_ok(sec_statement_sign(kind, &signer, &d->crypto.hasher, sec_wr_done(body), &wr), "sign");
    ret_statement->len = wr.len;
}

struct sec_bytes real_statement_bytes(const struct real_statement *statement)
{
    return sec_bytes(statement->b, statement->len);
}

static struct sec_product_setting integer_setting(const char *name, const char *hook)
{
    struct sec_product_setting setting = {0};
    setting.name = text(name);
    setting.type = SEC_SETTING_INTEGER;
    setting.max = 3000;
    setting.preset = sec_value_integer(1000);
    setting.safe = sec_value_integer(0);
    setting.meaning = text("a number of the test");
    setting.hook = text(hook);
    return setting;
}

static void make_product(struct real_device *d, const char *version, struct real_statement *ret_statement)
{
    static uint8_t body_b[8192];
    struct sec_product_component components[1] = {{text("firmware"), text("all of it"), SEC_LIT("\x61" "a" "\x61" "b"), 2}};
    struct sec_product_setting settings[2] = {integer_setting("speed", "apply"), integer_setting("pressure", "refuse")};
    struct sec_product_interface interfaces[1] = {
        {text("web"), SEC_INTERFACE_NETWORK, text("status for people"), SEC_DIRECTION_IN, text("tcp"), 80, false, false}};
    struct sec_product_element elements[1] = {{text("history"), text("what was pumped"), false, text("flash"), text("erase")}};
    struct sec_product_draft draft = {0};
    draft.facts.name = text("pump");
    draft.facts.vendor_name = text("Example Pumps");
    draft.facts.vendor_domain = text("pumps.example");
    draft.facts.vendor_contact = text("mailto:security@pumps.example");
    draft.facts.model = text("P100");
    draft.facts.hardware = text("rev 2");
    draft.facts.version = text(version);
    draft.facts.vendor_id = (struct sec_uuid){{1}};
    draft.facts.class_id = (struct sec_uuid){{2}};
    draft.facts.update_confirm = SEC_CONFIRM_AUTOMATIC;
    draft.facts.update_health_hook = text("health");
    draft.facts.update_health_timeout_s = 5;
    draft.facts.update_policy = SEC_POLICY_MANUAL;
    draft.facts.presence = SEC_PRESENCE_BUTTON;
    draft.facts.presence_meaning = text("held for ten seconds while power comes");
    draft.components = components;
    draft.components_count = 1;
    draft.settings = settings;
    draft.settings_count = 2;
    draft.interfaces = interfaces;
    draft.interfaces_count = 1;
    draft.elements = elements;
    draft.elements_count = 1;
    struct sec_wr body = sec_wr(SEC_ROOM(body_b));
    sec_product_encode(&draft, &body);
    sign(d, REAL_RELEASE, SEC_STATEMENT_PRODUCT, &body, ret_statement);
}

static void make_roots(struct real_device *d, struct real_statement *ret_statement)
{
    uint8_t body_b[2048];
    static struct sec_roots roots;
    roots = (struct sec_roots){.version = 1};
    for (size_t i = 0; i < SEC_ROOT_ROLES_COUNT; i++) {
        roots.roles[i].keys.count = 1;
        roots.roles[i].keys.keys[0] = d->people[REAL_ROOT + i].key;
        roots.roles[i].required = 1;
    }
    struct sec_wr body = sec_wr(SEC_ROOM(body_b));
    sec_roots_encode(&roots, &body);
    sign(d, REAL_ROOT, SEC_STATEMENT_ROOTS, &body, ret_statement);
}

void real_make_voucher(struct real_device *d, struct real_statement *ret_statement)
{
    uint8_t body_b[1024];
    struct sec_voucher voucher = {.epoch = d->epoch, .owners = {.count = 1}, .required = 1};
    sec_copy(voucher.device_id.b, d->id.b, sizeof voucher.device_id.b);
    voucher.owners.keys[0] = d->people[REAL_OWNER].key;
    struct sec_wr body = sec_wr(SEC_ROOM(body_b));
    sec_voucher_encode(&voucher, &body);
    sign(d, REAL_VOUCHER, SEC_STATEMENT_VOUCHER, &body, ret_statement);
}

void real_make_command(struct real_device *d, enum real_person signer, enum sec_action action, struct sec_bytes args,
                       struct real_statement *ret_statement)
{
    static uint8_t body_b[SEC_STATEMENT_MAX_BYTES];
    uint8_t audience_b[64];
    const struct sec_action_row *row = sec_action_row(action);
    struct sec_bytes id = sec_device_id_bytes(&d->id);
    struct sec_command command = {.topic = row->topic, .epoch = d->epoch, .action = action, .args = args};
    command.generation = ++d->generations[row->topic];
    struct sec_wr ids = sec_wr(SEC_ROOM(audience_b));
    sec_audience_encode_ids(&id, 1, &ids);
    must_ok(sec_audience_parse(sec_wr_done(&ids), &command.audience), "audience");
    struct sec_wr body = sec_wr(SEC_ROOM(body_b));
    sec_command_encode(&command, &body);
    sign(d, signer, SEC_STATEMENT_COMMAND, &body, ret_statement);
}

void real_make_roster(struct real_device *d, uint32_t application_uid, struct real_statement *ret_statement)
{
    static uint8_t args_b[SEC_ROSTER_MAX_BYTES];
    static struct sec_roster roster;
    roster = (struct sec_roster){.subjects_count = 2};
    roster.subjects[0] = (struct sec_subject){.name = text("otto"), .role = SEC_ROLE_OPERATOR, .has_key = true, .key = d->people[REAL_OPERATOR].key};
    roster.subjects[1] = (struct sec_subject){.name = text("pump-app"), .role = SEC_ROLE_APPLICATION, .uid = application_uid};
    for (unsigned right = SEC_RIGHT_EVENT; right <= SEC_RIGHT_NOTIFY; right++)
        roster.subjects[1].rights |= 1u << right;
    struct sec_wr wr = sec_wr(SEC_ROOM(args_b));
    sec_roster_encode(&roster, &wr);
    real_make_command(d, REAL_OWNER, SEC_ACTION_ACCESS_ROSTER, sec_wr_done(&wr), ret_statement);
}

void real_make_setting(struct real_device *d, const char *key, int64_t value, struct real_statement *ret_statement)
{
    uint8_t args_b[256];
    struct sec_wr wr = sec_wr(SEC_ROOM(args_b));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, text(key));
    sec_cbor_put_int(&wr, value);
    real_make_command(d, REAL_OPERATOR, SEC_ACTION_CONFIGURATION_SET, sec_wr_done(&wr), ret_statement);
}

void real_make_release(struct real_device *d, uint64_t sequence, const char *version, struct sec_bytes payload,
                       struct real_statement *ret_statement, struct sec_digest *ret_digest)
{
    static struct real_statement product;
    struct sec_suit_release release = {.sequence_number = sequence, .image_size_bytes = payload.len};
    struct sec_suit_release_envelope envelope;
    make_product(d, version, &product);
    release.vendor_id.b[0] = 1;
    release.class_id.b[0] = 2;
    must_ok(d->crypto.hasher.digest(d->crypto.hasher.ctx, &payload, 1, &release.image_digest), "hash");
    release.component = text("firmware");
    release.uri = text("firmware.squashfs");
    release.version = text(version);
    release.description = text("a release of the test");
    release.product_record = real_statement_bytes(&product);
    struct sec_wr wr = sec_wr(SEC_ROOM(ret_statement->b));
    struct sec_signer key = signer_of(d, REAL_RELEASE);
    must_ok(sec_suit_release_encode(&release, &key, &d->crypto.hasher, &wr), "release");
    ret_statement->len = wr.len;
    must_ok(sec_suit_release_open(real_statement_bytes(ret_statement), &envelope), "release");
    must_ok(sec_statement_digest(&envelope.statement, envelope.authentication.signed_bytes, &d->crypto.hasher, ret_digest), "digest");
}

int real_payload_fd(struct sec_bytes payload)
{
    int fd = memfd_create("payload", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, payload.data, payload.len) == (ssize_t)payload.len && lseek(fd, 0, SEEK_SET) == 0, "payload");
    return fd;
}

/* --- the factory --------------------------------------------------------------------------------------- */

static void make_identity(struct real_device *d)
{
    char path[512];
    uint8_t ca_b[SEC_CERTIFICATE_MAX_BYTES], device_b[SEC_CERTIFICATE_MAX_BYTES], id_b[65];
    size_t ca_len = 0, device_len = 0;
    static struct real_statement statement;
    path_of(d, "identity", path, sizeof path);
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must_ok(sec_private_key_save(&d->people[REAL_IDENTITY], dir, "identity-key.pem"), "key");
    close(dir);
    must_ok(sec_device_id_of_key(&d->people[REAL_IDENTITY].key, &d->crypto.hasher, &d->id), "id");
    struct sec_wr id = sec_wr(SEC_ROOM(id_b));
    sec_wr_hex(&id, sec_device_id_bytes(&d->id));
    sec_wr_bytes(&id, text("\n"));
    real_write(d, "identity/identity-id", sec_wr_done(&id), 0644);
    const struct sec_idevid idevid = {.device = d->people[REAL_IDENTITY].key, .serial_number = text("1"), .not_before_s = 1767225600};
    must_ok(sec_certificate_make_ca(&d->people[REAL_DEVICE_CA], text("test"), 1767225600, SEC_ROOM(ca_b), &ca_len), "ca");
    must_ok(sec_certificate_issue(&d->people[REAL_DEVICE_CA], sec_bytes(ca_b, ca_len), &idevid, SEC_ROOM(device_b), &device_len), "idevid");
    real_write(d, "identity/idevid.der", sec_bytes(device_b, device_len), 0644);
    make_roots(d, &statement);
    real_write(d, "identity/roots.cose", real_statement_bytes(&statement), 0644);
    make_product(d, "1.0", &statement);
    real_write(d, "identity/product.cose", real_statement_bytes(&statement), 0644);
}

static void make_configuration(const struct real_device *d)
{
    char conf[1024];
    int n = snprintf(conf, sizeof conf,
                     "# of the test\nlibexec %s\ndoor-user 64001\nkeeper-user 64002\ninstaller-user 64003\nlink-user 64004\n"
                     "segment-bytes 1048576\nhook-timeout-s 2\nwatch-interval-s 1\n",
                     d->libexec);
    real_write(d, "securabled.conf", sec_bytes(conf, (size_t)n), 0644);
}

void real_device_abandon(struct real_device *d)
{
    if (d->pid <= 0)
        return;
    struct sec_bytes said = real_read(d, "stderr");
    fprintf(stderr, "%.*s", (int)said.len, (const char *)said.data);
    (void)real_stop(d);
}

void real_device_make(struct real_device *d, const char *securabled, const char *libexec)
{
    static const char *const dirs[] = {"identity", "journal", "keys", "slots", "hooks"};
    real_device_abandon(d);
    sec_zero(d, sizeof *d);
    d->door.fd = -1;
    d->epoch = 1;
    d->securabled = securabled;
    d->libexec = libexec;
    snprintf(d->state, sizeof d->state, "/tmp/securable-device-XXXXXX");
    must(mkdtemp(d->state) != NULL && chmod(d->state, 0755) == 0, "a directory");
    snprintf(d->socket, sizeof d->socket, "%s/run/door.sock", d->state);
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
        make_dir(d, dirs[i]);
    must_ok(sec_openssl_init(&d->openssl), "libcrypto");
    d->crypto = sec_openssl_crypto(&d->openssl);
    for (size_t i = 0; i < REAL_PEOPLE_COUNT; i++)
        must_ok(sec_private_key_generate(&d->people[i], &d->openssl, SEC_KEY_P256), "a key");
    make_identity(d);
    make_configuration(d);
    real_write(d, "hooks/apply", text("#!/bin/sh\necho \"$@\" >> \"$SECURABLE_STATE/run/applied\"\nenv >> \"$SECURABLE_STATE/run/environment\"\nls /proc/self/fd > \"$SECURABLE_STATE/run/fds\"\n"), 0755);
    real_write(d, "hooks/refuse", text("#!/bin/sh\nexit 1\n"), 0755);
    real_write(d, "hooks/erase", text("#!/bin/sh\nexit 0\n"), 0755);
    real_write(d, "hooks/health", text("#!/bin/sh\ntest ! -e \"$SECURABLE_STATE/unwell\"\n"), 0755);
    real_write(d, "slots/a", text("the factory's"), 0644);
}

void real_device_remove(struct real_device *d)
{
    char command[512];
    sec_door_close(&d->door);
    snprintf(command, sizeof command, "rm -rf '%s'", d->state);
    must(system(command) == 0, "remove");
    for (size_t i = 0; i < REAL_PEOPLE_COUNT; i++)
        sec_private_key_done(&d->people[i]);
    sec_openssl_done(&d->openssl);
}

/* --- processes ----------------------------------------------------------------------------------------- */

pid_t real_spawn(const struct real_device *d, const char *argument, const char *value)
{
    char path[512];
    path_of(d, "stderr", path, sizeof path);
    fflush(stdout);
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
        (void)dup2(fd, STDERR_FILENO);
        (void)dup2(fd, STDOUT_FILENO);
        execl(d->securabled, "securabled", "-d", d->state, argument, value, (char *)NULL);
        _exit(126);
    }
    return pid;
}

int real_wait(pid_t pid)
{
    int wait_status;
    must(waitpid(pid, &wait_status, 0) == pid, "wait");
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

void real_connect(struct real_device *d)
{
    struct sec_bytes status;
    const struct timespec pause = {0, 50000000};
    for (int i = 0; i < 300; i++) {
        if (sec_ok(sec_door_open(&d->door, d->socket, 30))) {
            if (sec_ok(sec_door_device_status(&d->door, &status)))
                return;
            sec_door_close(&d->door);
        }
        nanosleep(&pause, NULL);
    }
    struct sec_bytes said = real_read(d, "stderr");
    printf("%.*s", (int)said.len, (const char *)said.data);
    must(false, "a door that answers");
}

void real_start(struct real_device *d)
{
    d->pid = real_spawn(d, NULL, NULL);
    real_connect(d);
}

int real_stop(struct real_device *d)
{
    sec_door_close(&d->door);
    must(kill(d->pid, SIGTERM) == 0, "stop");
    int code = real_wait(d->pid);
    d->pid = 0;
    return code;
}
