/* SPDX-License-Identifier: Apache-2.0 */
#include "file_keystore.h"

#include "file_call.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "key-"

struct file_name {
    char text[32];
};

static struct file_name name_of(uint64_t number, const char *suffix)
{
    struct file_name name;
    (void)snprintf(name.text, sizeof name.text, "%s%" PRIu64 "%s", PREFIX, number, suffix);
    return name;
}

static bool number_of(const char *name, uint64_t *ret_number)
{
    return sec_file_call_number(name, PREFIX, 1, "", ret_number);
}

static bool is_temporary(const char *name)
{
    uint64_t number = 0;
    return sec_file_call_number(name, PREFIX, 1, ".tmp", &number);
}

static sec_status key_read(const struct sec_file_keystore *keystore, uint64_t number, struct sec_aead_key *ret_key)
{
    struct file_name name = name_of(number, "");
    struct stat st;
    int fd = openat(keystore->dir_fd, name.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return sec_file_call_status();
    sec_status status = sec_st(SEC_IO_FAILED);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        status =
            st.st_size == SEC_AEAD_KEY_BYTES ? sec_file_call_read(fd, 0, SEC_ROOM(ret_key->b)) : sec_st(SEC_BAD_KEY);
    sec_file_call_close(fd);
    return status;
}

static sec_status key_write(const struct sec_file_keystore *keystore, int fd)
{
    struct sec_aead_key key;
    sec_status status = keystore->crypto->random(keystore->crypto->ctx, SEC_ROOM(key.b));
    if (sec_ok(status))
        status = sec_file_call_write(fd, 0, SEC_BYTES(key.b));
    sec_wipe(&key, sizeof key);
    return sec_ok(status) ? sec_file_call_sync(fd) : status;
}

/* --- the port ------------------------------------------------------------ */

static sec_status make(void *ctx, uint64_t number)
{
    const struct sec_file_keystore *keystore = ctx;
    struct file_name name = name_of(number, ""), temporary = name_of(number, ".tmp");
    if (faccessat(keystore->dir_fd, name.text, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return sec_file_call_sync(keystore->dir_fd); /* an earlier make may have failed between rename and sync */
    if (unlinkat(keystore->dir_fd, temporary.text, 0) != 0 && errno != ENOENT)
        return sec_st(SEC_IO_FAILED);
    int fd = openat(keystore->dir_fd, temporary.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sec_file_call_status();
    sec_status status = key_write(keystore, fd);
    sec_file_call_close(fd);
    if (sec_ok(status) && renameat(keystore->dir_fd, temporary.text, keystore->dir_fd, name.text) != 0)
        status = sec_file_call_status();
    if (!sec_ok(status)) {
        int kept = errno;
        (void)unlinkat(keystore->dir_fd, temporary.text, 0);
        errno = kept;
        return status;
    }
    return sec_file_call_sync(keystore->dir_fd);
}

static sec_status next(void *ctx, uint64_t after, uint64_t *ret_number)
{
    const struct sec_file_keystore *keystore = ctx;
    return sec_file_call_next(keystore->dir_fd, number_of, after, ret_number);
}

static sec_status destroy(void *ctx, uint64_t number, enum sec_destroy_grade *ret_grade)
{
    const struct sec_file_keystore *keystore = ctx;
    struct file_name name = name_of(number, "");
    int fd = openat(keystore->dir_fd, name.text, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        /* It may be gone by a destroy whose directory sync a cut prevented. */
        SEC_TRY(sec_file_call_sync(keystore->dir_fd));
        *ret_grade = SEC_DESTROY_NOT_COVERED;
        return sec_st(SEC_OK);
    }
    if (fd < 0)
        return sec_file_call_status();
    sec_status status = key_write(keystore, fd);
    sec_file_call_close(fd);
    SEC_TRY(status);
    if (unlinkat(keystore->dir_fd, name.text, 0) != 0)
        return sec_file_call_status();
    SEC_TRY(sec_file_call_sync(keystore->dir_fd));
    *ret_grade = SEC_DESTROY_OVERWRITTEN;
    return sec_st(SEC_OK);
}

static sec_status wrap(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_aead_key *key,
                       struct sec_wrapped_key *ret_wrapped)
{
    const struct sec_file_keystore *keystore = ctx;
    const struct sec_crypto *crypto = keystore->crypto;
    struct sec_aead_key slot;
    struct sec_aead_nonce nonce;
    struct sec_wrapped_key wrapped;
    size_t len = 0;
    SEC_TRY(key_read(keystore, number, &slot));
    sec_status status = crypto->random(crypto->ctx, SEC_ROOM(nonce.b));
    if (sec_ok(status)) {
        sec_copy(wrapped.b, nonce.b, sizeof nonce.b);
        status = crypto->seal(crypto->ctx, &slot, &nonce, aad, SEC_BYTES(key->b),
                              sec_room(&wrapped.b[sizeof nonce.b], sizeof wrapped.b - sizeof nonce.b), &len);
    }
    sec_wipe(&slot, sizeof slot);
    if (sec_ok(status))
        *ret_wrapped = wrapped;
    return status;
}

static sec_status unwrap(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_wrapped_key *wrapped,
                         struct sec_aead_key *ret_key)
{
    const struct sec_file_keystore *keystore = ctx;
    const struct sec_crypto *crypto = keystore->crypto;
    struct sec_aead_key slot, key;
    struct sec_aead_nonce nonce;
    size_t len = 0;
    SEC_TRY(key_read(keystore, number, &slot));
    sec_copy(nonce.b, wrapped->b, sizeof nonce.b);
    sec_status status =
        crypto->open(crypto->ctx, &slot, &nonce, aad,
                     sec_bytes_part(SEC_BYTES(wrapped->b), sizeof nonce.b, sizeof wrapped->b), SEC_ROOM(key.b), &len);
    sec_wipe(&slot, sizeof slot);
    if (sec_ok(status))
        *ret_key = key;
    sec_wipe(&key, sizeof key);
    return status;
}

sec_status sec_file_keystore_open(struct sec_file_keystore *keystore, int dir_fd, const struct sec_crypto *crypto,
                                  struct sec_signer identity)
{
    *keystore = (struct sec_file_keystore){dir_fd, crypto, identity};
    return sec_file_call_sweep(dir_fd, is_temporary);
}

struct sec_keystore sec_file_keystore_port(struct sec_file_keystore *keystore)
{
    return (struct sec_keystore){
        .ctx = keystore,
        .identity = keystore->identity,
        .make = make,
        .next = next,
        .destroy = destroy,
        .wrap = wrap,
        .unwrap = unwrap,
    };
}
