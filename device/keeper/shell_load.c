/* SPDX-License-Identifier: Apache-2.0 */
#include "shell.h"

#include "../common/say.h"
#include "linux_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing that the device sees happened before this program was written. */
#define BUILD_TIME_S INT64_C(1767225600) /* 2026-01-01 */

static bool fault(const char *name, const char *clause, const char *fact)
{
    say("%s, %s: %s", name, clause, fact);
    return false;
}

static bool load_file(const char *name, struct sec_room room, bool may_miss, struct sec_bytes *ret_bytes)
{
    int fd = openat(CHILD_FD_FIRST, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && may_miss && errno == ENOENT) {
        *ret_bytes = sec_bytes(NULL, 0);
        return true;
    }
    if (fd < 0)
        return fault(name, "open", strerror(errno));
    size_t len = 0;
    ssize_t n = 1;
    while (n > 0 && len < room.len) {
        n = read(fd, &room.data[len], room.len - len);
        len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    if (n < 0)
        return fault(name, "read", strerror(errno));
    if (len == room.len)
        return fault(name, "read", "too large");
    *ret_bytes = sec_bytes(room.data, len);
    return true;
}

static bool load_id(struct shell *shell)
{
    uint8_t text_b[128];
    struct sec_bytes text;
    struct sec_device_id of_key;
    if (!load_file("identity/identity-id", SEC_ROOM(text_b), false, &text))
        return false;
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        text = sec_bytes_part(text, 0, text.len - 1);
    if (!sec_ok(sec_device_id_parse(text, &shell->config.device_id)))
        return fault("identity/identity-id", "parse", "not a device id");
    if (!sec_ok(sec_device_id_of_key(&shell->identity.key, &shell->crypto.hasher, &of_key)) ||
        !sec_device_id_equal(&of_key, &shell->config.device_id))
        return fault("identity/identity-id", "compare", "is not the id of identity-key.pem");
    return true;
}

static bool load_key(struct shell *shell)
{
    int dir = openat(CHILD_FD_FIRST, "identity", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return fault("identity", "open", strerror(errno));
    sec_status status = sec_private_key_load(&shell->identity, &shell->openssl, dir, "identity-key.pem");
    close(dir);
    return sec_ok(status) || fault("identity/identity-key.pem", "load", sec_status_text(status));
}

/* Once through everything, so that what libcrypto loads late is loaded before the process has nothing to load from. */
static bool prefetch(struct shell *shell)
{
    uint8_t random_b[32];
    struct sec_signature signature;
    struct sec_bytes part = SEC_BYTES(random_b);
    struct sec_signer signer = sec_private_key_signer(&shell->identity);
    sec_status status = shell->crypto.random(shell->crypto.ctx, SEC_ROOM(random_b));
    if (sec_ok(status))
        status = signer.sign(signer.ctx, &part, 1, &signature);
    if (sec_ok(status))
        status = shell->crypto.verifier.verify(shell->crypto.verifier.ctx, &signer.key, sec_key_alg(signer.key.type), &part, 1,
                                               SEC_BYTES(signature.b));
    return sec_ok(status) || fault("identity key", "try", sec_status_text(status));
}

static bool open_dir(const char *name, int *ret_fd)
{
    *ret_fd = openat(CHILD_FD_FIRST, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *ret_fd >= 0 || fault(name, "open", strerror(errno));
}

bool shell_load(struct shell *shell)
{
    struct sec_keeper_config *config = &shell->config;
    sec_openssl_untold();
    sec_status status = sec_openssl_init(&shell->openssl);
    if (!sec_ok(status))
        return fault("libcrypto", "init", sec_status_text(status));
    shell->crypto = sec_openssl_crypto(&shell->openssl);
    if (!load_key(shell) || !load_id(shell) || !prefetch(shell) ||
        !load_file("identity/idevid.der", SEC_ROOM(shell->idevid_b), false, &config->idevid) ||
        !load_file("identity/roots.cose", SEC_ROOM(shell->roots_b), false, &config->roots) ||
        !load_file("identity/product.cose", SEC_ROOM(shell->product_b), false, &config->product) ||
        !load_file("identity/release.suit", SEC_ROOM(shell->release_b), true, &config->release) ||
        !open_dir("journal", &shell->journal_fd) || !open_dir("keys", &shell->keys_fd))
        return false;
    shell->start.plan.tree_fds[0] = shell->journal_fd;
    shell->start.plan.tree_fds[1] = shell->keys_fd;
    shell->start.plan.tree_count = 2;
    return true;
}

static void join_confinement(struct shell *shell)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(shell->confinement_text));
    sec_wr_bytes(&wr, sec_bytes(shell->start.text, shell->start.text_len));
    sec_wr_bytes(&wr, SEC_LIT("; "));
    sec_wr_bytes(&wr, sec_bytes(shell->confinement.text, shell->confinement.text_len));
    shell->config.confinement = sec_wr_done(&wr);
}

bool shell_ports(struct shell *shell)
{
    sec_status status = sec_file_storage_open(&shell->files, shell->journal_fd, false);
    if (!sec_ok(status))
        return fault("journal", "open", sec_status_text(status));
    status = sec_file_keystore_open(&shell->keys, shell->keys_fd, &shell->crypto, sec_private_key_signer(&shell->identity));
    if (!sec_ok(status))
        return fault("keys", "open", sec_status_text(status));
    join_confinement(shell);
    shell->storage = sec_file_storage_port(&shell->files);
    shell->keystore = sec_file_keystore_port(&shell->keys);
    shell->clock = sec_linux_clock();
    shell->counter = (struct sec_counter){.quality = SEC_COUNTER_NONE};
    shell->effects = shell_effects(shell);
    shell->config.storage = &shell->storage;
    shell->config.keystore = &shell->keystore;
    shell->config.crypto = &shell->crypto;
    shell->config.clock = &shell->clock;
    shell->config.counter = &shell->counter;
    shell->config.effects = &shell->effects;
    shell->config.segment_bytes = shell->start.size;
    shell->config.build_time_s = BUILD_TIME_S;
    shell->config.presence = shell->start.flag;
    shell->config.former_run_s = shell->start.former_run_s;
    return true;
}
