/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "../common/files.h"
#include "../common/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PREFIX "part-"
#define NAME_BYTES (sizeof PREFIX + 64u)
#define CHUNK_BYTES 65536u
/* Left for the journal and everybody else. */
#define SPARE_BYTES (UINT64_C(1) << 20)
/* What a hub may say about a payload that it does not give. */
#define PROBLEM_MAX_BYTES 65536u

struct download {
    struct link *link;
    int fd;
    uint64_t at;
    uint64_t size;
    bool checked; /* the head was looked at */
    unsigned status;
};

static void name_of(const struct sec_digest *digest, char ret_name[NAME_BYTES])
{
    struct sec_wr wr = sec_wr(sec_room(ret_name, NAME_BYTES - 1));
    sec_wr_bytes(&wr, SEC_LIT(PREFIX));
    sec_wr_hex(&wr, sec_digest_bytes(digest));
    ret_name[wr.len] = '\0';
}

void link_payload_clean(struct link *link, const struct sec_digest *keep)
{
    char kept[NAME_BYTES] = "";
    int fd = openat(link->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (keep)
        name_of(keep, kept);
    for (const struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0 && strcmp(entry->d_name, kept) != 0)
            (void)unlinkat(link->dir_fd, entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
}

/* "bytes 5-9/10": where the piece begins, which must be where we are. */
static bool goes_on(const struct download *d, const struct http_head *head)
{
    struct sec_bytes range = http_field_of(head, "Content-Range");
    uint64_t first = 0;
    size_t at = 6;
    if (!sec_bytes_equal(sec_bytes_part(range, 0, at), SEC_LIT("bytes ")))
        return false;
    while (at < range.len && range.data[at] >= '0' && range.data[at] <= '9' && first < UINT64_MAX / 16)
        first = first * 10 + (uint64_t)(range.data[at++] - '0');
    return at > 6 && at < range.len && range.data[at] == '-' && first == d->at;
}

static sec_status look_at_head(struct download *d, const struct http_head *head)
{
    d->checked = true;
    d->status = head->status;
    if (head->status == 206)
        return goes_on(d, head) ? sec_st(SEC_OK) : sec_st(SEC_MALFORMED);
    if (head->status != 200)
        return sec_st(SEC_OK); /* its body is no payload */
    d->at = 0; /* the hub gives the whole */
    return ftruncate(d->fd, 0) == 0 ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
}

static sec_status take_piece(void *ctx, const struct http_head *head, struct sec_bytes piece)
{
    struct download *d = ctx;
    if (!d->checked)
        SEC_TRY(look_at_head(d, head));
    if (d->status != 200 && d->status != 206)
        return sec_st(SEC_OK);
    if (piece.len > d->size - d->at)
        return sec_st(SEC_TOO_LARGE);
    for (size_t done = 0; done < piece.len;) {
        ssize_t n = pwrite(d->fd, &piece.data[done], piece.len - done, (off_t)d->at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return sec_st(errno == ENOSPC || errno == EDQUOT ? SEC_STORAGE_FULL : SEC_IO_FAILED);
        done += (size_t)n;
        d->at += (uint64_t)n;
    }
    return d->link->stopping ? sec_st(SEC_NOT_OPEN) : sec_st(SEC_OK);
}

static sec_status download(struct download *d, const struct sec_digest *digest)
{
    char path[16 + 64] = "/payload/", fields[64] = "";
    struct sec_wr wr = sec_wr(sec_room(&path[9], 64));
    struct link_response response;
    sec_wr_hex(&wr, sec_digest_bytes(digest));
    if (d->at > 0)
        snprintf(fields, sizeof fields, "Range: bytes=%llu-\r\n", (unsigned long long)d->at);
    const struct link_request request = {.method = "GET", .path = path, .fields = fields, 
        .body_max = d->size > PROBLEM_MAX_BYTES ? d->size : PROBLEM_MAX_BYTES, .piece = take_piece, .ctx = d};
    SEC_TRY(link_exchange(d->link, &request, &response));
    if (response.status == 404 || response.status == 503)
        return sec_st(SEC_NOT_FOUND);
    if (response.status != 200 && response.status != 206) {
        say("hub %s, payload: answered %u", d->link->host.name, response.status);
        return response.status == 416 && ftruncate(d->fd, 0) == 0 ? sec_st(SEC_DIGEST_MISMATCH) : sec_st(SEC_IO_FAILED);
    }
    return d->at == d->size ? sec_st(SEC_OK) : sec_st(SEC_TRUNCATED);
}

static sec_status hash_file(const struct link *link, int fd, uint64_t size, struct sec_digest *ret_digest)
{
    struct sec_room room = scratch_take(CHUNK_BYTES);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = room.data && md && EVP_DigestInit_ex2(md, link->openssl.sha256, NULL) == 1;
    for (uint64_t at = 0; good && at < size;) {
        ssize_t n = pread(fd, room.data, room.len, (off_t)at);
        good = n > 0 && EVP_DigestUpdate(md, room.data, (size_t)n) == 1;
        at += n > 0 ? (uint64_t)n : 0;
    }
    good = good && EVP_DigestFinal_ex(md, ret_digest->b, NULL) == 1;
    EVP_MD_CTX_free(md);
    scratch_drop(&room);
    return good ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
}

static sec_status check(struct link *link, int fd, const struct sec_digest *digest, uint64_t size)
{
    struct sec_digest made;
    SEC_TRY(hash_file(link, fd, size, &made));
    if (!sec_digest_equal(&made, digest))
        return sec_st(SEC_DIGEST_MISMATCH);
    if (fsync(fd) == 0)
        return sec_st(SEC_OK);
    return sec_st(errno == ENOSPC || errno == EDQUOT ? SEC_STORAGE_FULL : SEC_IO_FAILED);
}

/* A download that fills the disk to its last byte and is then thrown away would only be in everybody's way. */
static bool has_room(int fd, uint64_t bytes)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) != 0 || fs.f_bsize <= 0 || fs.f_blocks == 0)
        return true; /* writing tells */
    return (uint64_t)fs.f_bavail > (bytes + SPARE_BYTES) / (uint64_t)fs.f_bsize;
}

static sec_status fetch(struct link *link, int fd, const struct sec_digest *digest, uint64_t size, bool *ret_gained)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return sec_st(SEC_IO_FAILED);
    struct download d = {.link = link, .fd = fd, .at = (uint64_t)st.st_size, .size = size};
    if (d.at > size) {
        d.at = 0;
        if (ftruncate(fd, 0) != 0)
            return sec_st(SEC_IO_FAILED);
    }
    if (d.at > 0 && d.at < size)
        say("payload, download: going on at byte %llu of %llu", (unsigned long long)d.at, (unsigned long long)size);
    uint64_t before = d.at;
    if (!has_room(fd, size - d.at))
        return sec_st(SEC_STORAGE_FULL);
    if (d.at < size) {
        sec_status status = download(&d, digest);
        *ret_gained = d.at > before;
        SEC_TRY(status);
    }
    return check(link, fd, digest, size);
}

sec_status link_payload_fetch(struct link *link, const struct sec_digest *digest, uint64_t size, bool *ret_gained, int *ret_fd)
{
    char name[NAME_BYTES];
    *ret_gained = false;
    if (size > link->start.size)
        return sec_st(SEC_TOO_LARGE);
    link_payload_clean(link, digest);
    name_of(digest, name);
    int fd = openat(link->dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return sec_st(errno == ENOSPC || errno == EDQUOT ? SEC_STORAGE_FULL : SEC_IO_FAILED);
    sec_status status = fetch(link, fd, digest, size, ret_gained);
    close(fd);
    /* Wrong bytes are not worth keeping; and a full disk needs its room for the journal. */
    if (sec_is(status, SEC_DIGEST_MISMATCH) || sec_is(status, SEC_STORAGE_FULL) || sec_is(status, SEC_TOO_LARGE)) {
        (void)unlinkat(link->dir_fd, name, 0);
        *ret_gained = false;
    }
    if (!sec_ok(status))
        return status;
    *ret_fd = openat(link->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return *ret_fd >= 0 ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
}
