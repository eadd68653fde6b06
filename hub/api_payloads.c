/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"
#include "device_routes.h"

#include <openssl/evp.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of unfinished uploads; removed at start. */
#define PART_PREFIX "part-"

static const char *hex_name(const struct sec_digest *digest, char ret_name[65])
{
    struct sec_wr wr = sec_wr(sec_room(ret_name, 64));
    sec_wr_hex(&wr, sec_digest_bytes(digest));
    ret_name[64] = '\0';
    return ret_name;
}

bool hub_api_has_payload(struct hub_exchange *x, const struct sec_digest *digest)
{
    char name[65];
    return faccessat(x->hub->place.payloads_fd, hex_name(digest, name), F_OK, 0) == 0;
}

/* --- the list ---------------------------------------------------------------------------------------------------------------- */

static sec_status take_payload(void *ctx, const struct hub_payload *payload)
{
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "digest", sec_digest_bytes(&payload->digest));
    hub_json_add_number(json, "size", payload->size);
    hub_json_add_time(json, "since", payload->since_s);
    cJSON_AddItemToArray(ctx, json);
    return sec_st(SEC_OK);
}

void hub_api_payloads(struct hub_exchange *x)
{
    static const char *const names[] = {NULL};
    if (!hub_api_query(x, names))
        return;
    cJSON *items = cJSON_CreateArray();
    sec_status status = hub_payloads(hub_reader(x), take_payload, items);
    if (sec_ok(status)) {
        hub_api_json(x, 200, hub_api_list(items, 0));
        return;
    }
    cJSON_Delete(items);
    hub_api_refuse(x, "payloads", "store", status);
}

/* --- one that comes ------------------------------------------------------------------------------------------------------------ */

struct upload {
    struct hub *hub;
    struct sec_digest wanted;
    struct hub_payload row;
    EVP_MD_CTX *md;
    int fd;
    bool there;        /* it was here already: the bytes are let pass */
    sec_status status; /* the first failure; what follows is let pass */
    char part[32];
};

static void drop(struct upload *upload)
{
    if (upload->fd >= 0) {
        close(upload->fd);
        unlinkat(upload->hub->place.payloads_fd, upload->part, 0);
    }
    upload->fd = -1;
    EVP_MD_CTX_free(upload->md);
    upload->md = NULL;
}

static sec_status status_of_errno(void)
{
    return sec_st(errno == ENOSPC || errno == EDQUOT ? SEC_STORAGE_FULL : SEC_IO_FAILED);
}

static sec_status open_part(struct upload *upload)
{
    char random[17];
    SEC_TRY(hub_api_random_text(random, sizeof random));
    snprintf(upload->part, sizeof upload->part, PART_PREFIX "%s", random);
    upload->md = EVP_MD_CTX_new();
    if (!upload->md || EVP_DigestInit_ex(upload->md, EVP_sha256(), NULL) != 1)
        return sec_st(SEC_IO_FAILED);
    upload->fd = openat(upload->hub->place.payloads_fd, upload->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return upload->fd >= 0 ? sec_st(SEC_OK) : status_of_errno();
}

static sec_status take_bytes(struct upload *upload, struct sec_bytes piece)
{
    upload->row.size += piece.len;
    if (upload->row.size > upload->hub->config.payload_max_mib << 20)
        return sec_st(SEC_TOO_LARGE);
    if (EVP_DigestUpdate(upload->md, piece.data, piece.len) != 1)
        return sec_st(SEC_IO_FAILED);
    for (size_t at = 0; at < piece.len;) {
        struct sec_bytes rest = sec_bytes_part(piece, at, piece.len - at);
        ssize_t n = write(upload->fd, rest.data, rest.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return status_of_errno();
        at += (size_t)n;
    }
    return sec_st(SEC_OK);
}

static void gone(struct hub_exchange *x)
{
    drop(x->own);
    hub_problem(x, 400, "payload", "body", "the client went away", "truncated");
}

static void refuse(struct hub_exchange *x, sec_status status)
{
    if (sec_is(status, SEC_DIGEST_MISMATCH))
        hub_problem(x, 400, "payload", "digest", "the bytes do not have the digest of the path", "digest-mismatch");
    else if (sec_is(status, SEC_TOO_LARGE))
        hub_problem(x, 413, "payload", "body", "goes beyond payload-max-mib of the configuration", "too-large");
    else
        hub_api_refuse(x, "payload", "file", status);
}

/* False: answered. */
static bool begin(struct hub_exchange *x)
{
    struct upload *upload = hub_alloc(x, sizeof *upload);
    if (!upload) {
        hub_problem(x, 503, "payload", "memory", "there is no memory for it now", "table-full");
        return false;
    }
    upload->fd = -1;
    upload->hub = x->hub;
    if (!hub_api_digest(x, 3, "payload", &upload->wanted))
        return false;
    if (x->head && x->head->has_length && x->head->length > x->hub->config.payload_max_mib << 20) {
        refuse(x, sec_st(SEC_TOO_LARGE));
        return false;
    }
    upload->there = hub_api_has_payload(x, &upload->wanted);
    if (!upload->there)
        upload->status = open_part(upload);
    x->own = upload;
    x->gone = gone;
    return true;
}

void hub_api_payload_piece(struct hub_exchange *x)
{
    if (!x->own && !begin(x))
        return;
    struct upload *upload = x->own;
    if (upload->there || !sec_ok(upload->status))
        return;
    upload->status = take_bytes(upload, x->body);
    if (!sec_ok(upload->status))
        drop(upload);
}

/* --- its end ---------------------------------------------------------------------------------------------------------------------- */

/* The name is given when bytes and digest are safe; a name therefore means a whole payload. */
static sec_status finish(struct upload *upload)
{
    char name[65];
    unsigned len = 0;
    struct sec_digest digest;
    if (EVP_DigestFinal_ex(upload->md, digest.b, &len) != 1)
        return sec_st(SEC_IO_FAILED);
    if (!sec_digest_equal(&digest, &upload->wanted))
        return sec_st(SEC_DIGEST_MISMATCH);
    if (fsync(upload->fd) != 0)
        return status_of_errno();
    int dir = upload->hub->place.payloads_fd;
    if (renameat(dir, upload->part, dir, hex_name(&digest, name)) != 0 || fsync(dir) != 0)
        return status_of_errno();
    close(upload->fd);
    upload->fd = -1;
    return sec_st(SEC_OK);
}

/* A file whose row was lost to a power cut. */
static sec_status size_of_file(struct upload *upload)
{
    char name[65];
    struct stat st;
    if (fstatat(upload->hub->place.payloads_fd, hex_name(&upload->wanted, name), &st, 0) != 0)
        return status_of_errno();
    upload->row.size = (uint64_t)st.st_size;
    return sec_st(SEC_OK);
}

static sec_status put_payload(struct hub_store *store, void *arg)
{
    struct upload *upload = arg;
    upload->row.digest = upload->wanted;
    upload->row.since_s = hub_now_s();
    SEC_TRY(hub_payload_put(store, &upload->row));
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "digest", sec_digest_bytes(&upload->wanted));
    hub_json_add_number(json, "size", upload->row.size);
    return hub_api_tell(upload->hub, store, "payload", NULL, json);
}

static void answer(struct hub_exchange *x, const struct upload *upload, unsigned status)
{
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "digest", sec_digest_bytes(&upload->wanted));
    hub_json_add_number(json, "size", upload->row.size);
    hub_api_json(x, status, json);
}

static void stored(struct hub_exchange *x, void *arg, sec_status status)
{
    const struct upload *upload = arg;
    if (sec_ok(status)) {
        hub_sync_payload_came(x->hub);
        answer(x, upload, 201);
    } else {
        hub_api_refuse(x, "payload", "store", status);
    }
}

void hub_api_payload_put(struct hub_exchange *x)
{
    struct hub_payload row;
    if (!x->own && !begin(x))
        return;
    struct upload *upload = x->own;
    x->gone = NULL;
    if (upload->there && sec_ok(hub_payload_get(hub_reader(x), &upload->wanted, &row))) {
        upload->row.size = row.size;
        answer(x, upload, 200);
        return;
    }
    if (sec_ok(upload->status))
        upload->status = upload->there ? size_of_file(upload) : finish(upload);
    drop(upload);
    if (sec_ok(upload->status))
        hub_write(x, x->hub, put_payload, stored, upload);
    else
        refuse(x, upload->status);
}

/* --- start -------------------------------------------------------------------------------------------------------------------------- */

sec_status hub_api_payloads_clean(int payloads_fd)
{
    int fd = openat(payloads_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return sec_st(SEC_IO_FAILED);
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strncmp(entry->d_name, PART_PREFIX, sizeof PART_PREFIX - 1) == 0)
            unlinkat(payloads_fd, entry->d_name, 0);
    closedir(dir);
    return sec_st(SEC_OK);
}
