/* SPDX-License-Identifier: Apache-2.0 */
/*
 * securable-installer: short-lived; copies one payload and says what digest it has, or verifies a product record.
 *
 * It has two descriptors and no other right. What it says is compared by the parent; it decides nothing.
 * Modes: "spool" (copy at most `size` bytes), "install" (copy exactly `size` bytes, then read them back from the medium),
 * "verify" (read `size` bytes), "product" (is the statement at the source signed by a release key of the roots at the target?).
 */
#include "../common/child.h"
#include "../common/say.h"

#include <securable/access_forms.h>
#include <securable/statement.h>

#include "openssl_crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES 65536u

static struct sec_openssl openssl;
static uint8_t chunk[CHUNK_BYTES];

struct copied {
    uint64_t size;
    struct sec_digest digest;
};

static sec_status io_status(void)
{
    return sec_st(errno == ENOSPC || errno == EDQUOT ? SEC_STORAGE_FULL : SEC_IO_FAILED);
}

/* At most `most` bytes; 0 at the end. */
static sec_status read_some(int fd, uint64_t most, size_t *ret_len)
{
    size_t want = most < sizeof chunk ? (size_t)most : sizeof chunk;
    ssize_t n;
    do
        n = read(fd, chunk, want);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return io_status();
    *ret_len = (size_t)n;
    return sec_st(SEC_OK);
}

static sec_status write_all(int fd, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = write(fd, &chunk[at], len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return io_status();
        at += (size_t)n;
    }
    return sec_st(SEC_OK);
}

/* Reads from `source` to its end or `most` bytes, hashing; writes to `target` unless it is -1. */
static sec_status pass(EVP_MD_CTX *md, int source, int target, uint64_t most, uint64_t *ret_size)
{
    uint64_t size = 0;
    for (size_t len = 1; len > 0 && size < most; size += len) {
        SEC_TRY(read_some(source, most - size, &len));
        if (len > 0 && EVP_DigestUpdate(md, chunk, len) != 1)
            return sec_st(SEC_IO_FAILED);
        if (target >= 0)
            SEC_TRY(write_all(target, len));
    }
    *ret_size = size;
    return sec_st(SEC_OK);
}

static sec_status hash_pass(int source, int target, uint64_t most, struct copied *ret_copied)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    struct copied copied = {0};
    sec_status status = md && EVP_DigestInit_ex2(md, openssl.sha256, NULL) == 1 ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
    if (sec_ok(status))
        status = pass(md, source, target, most, &copied.size);
    if (sec_ok(status) && EVP_DigestFinal_ex(md, copied.digest.b, NULL) != 1)
        status = sec_st(SEC_IO_FAILED);
    EVP_MD_CTX_free(md);
    if (sec_ok(status))
        *ret_copied = copied;
    return status;
}

static sec_status spool(int source, int target, uint64_t most, struct copied *ret_copied)
{
    /* One byte more than allowed tells a payload that is too large from one that just fits. */
    SEC_TRY(hash_pass(source, target, most + 1, ret_copied));
    if (ret_copied->size > most)
        return sec_st(SEC_TOO_LARGE);
    return fsync(target) == 0 ? sec_st(SEC_OK) : io_status();
}

static sec_status verify(int target, uint64_t size, struct copied *ret_copied)
{
    if (lseek(target, 0, SEEK_SET) != 0)
        return io_status();
    return hash_pass(target, -1, size, ret_copied);
}

static sec_status install(int source, int target, uint64_t size, struct copied *ret_copied)
{
    struct stat st;
    if (fstat(target, &st) != 0)
        return io_status();
    SEC_TRY(hash_pass(source, target, size, ret_copied));
    if (S_ISREG(st.st_mode) && ftruncate(target, (off_t)size) != 0)
        return io_status();
    if (fsync(target) != 0)
        return io_status();
    /* Reading back must come from the medium, not from the pages just written. */
    (void)posix_fadvise(target, 0, 0, POSIX_FADV_DONTNEED);
    return verify(target, size, ret_copied);
}

static sec_status read_statement(int fd, uint8_t *room, struct sec_statement *ret_statement)
{
    size_t at = 0;
    for (size_t len = 1; len > 0 && at < SEC_STATEMENT_MAX_BYTES; at += len) {
        SEC_TRY(read_some(fd, SEC_STATEMENT_MAX_BYTES - at, &len));
        sec_copy(&room[at], chunk, len);
    }
    return sec_statement_parse(sec_bytes(room, at), ret_statement);
}

static sec_status product(int source, int target)
{
    static uint8_t product_b[SEC_STATEMENT_MAX_BYTES + CHUNK_BYTES], roots_b[SEC_STATEMENT_MAX_BYTES + CHUNK_BYTES];
    struct sec_statement statement, roots_statement;
    struct sec_roots roots;
    struct sec_public_key key;
    const struct sec_crypto crypto = sec_openssl_crypto(&openssl);
    SEC_TRY(read_statement(source, product_b, &statement));
    SEC_TRY(read_statement(target, roots_b, &roots_statement));
    if (statement.kind != SEC_STATEMENT_PRODUCT || roots_statement.kind != SEC_STATEMENT_ROOTS)
        return sec_st(SEC_WRONG_KIND);
    SEC_TRY(sec_roots_parse(roots_statement.msg.payload, &roots));
    SEC_TRY(sec_roots_find(&roots, SEC_ROOT_RELEASE, &statement.kid, &crypto.hasher, &key));
    return sec_statement_verify(&statement, statement.msg.payload, &key, &crypto.verifier);
}

static sec_status work(const struct child_start *start, struct copied *ret_copied)
{
    if (strcmp(start->text, "spool") == 0)
        return spool(CHILD_FD_FIRST, CHILD_FD_SECOND, start->size, ret_copied);
    if (strcmp(start->text, "install") == 0)
        return install(CHILD_FD_FIRST, CHILD_FD_SECOND, start->size, ret_copied);
    if (strcmp(start->text, "verify") == 0)
        return verify(CHILD_FD_SECOND, start->size, ret_copied);
    return strcmp(start->text, "product") == 0 ? product(CHILD_FD_FIRST, CHILD_FD_SECOND) : sec_st(SEC_UNSUPPORTED);
}

int main(void)
{
    struct child_start start;
    struct confinement confinement;
    struct copied copied = {0};
    say_program("securable-installer");
    sec_status status = child_begin(IPC_INSTALLER, &start);
    if (sec_ok(status))
        status = sec_openssl_init(&openssl);
    if (sec_ok(status))
        status = child_confine(CONFINEMENT_INSTALLER, &start, &confinement);
    if (!sec_ok(status)) {
        say("start: %s", sec_status_text(status));
        return 1;
    }
    status = work(&start, &copied);
    const struct ipc_message message = {.kind = IPC_COPIED, .code = status.code, .size = copied.size, .digest = copied.digest};
    return sec_ok(ipc_send(&start.parent, &message, -1)) ? 0 : 1;
}
