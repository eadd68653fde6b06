/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include "certificate.h"
#include "place_certificate.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/** Renewed at a start with less than this left. */
#define TLS_LEFT_MIN_S (30 * 86400)

static sec_status tell(const char *object, const char *clause, sec_status status)
{
    hub_say("%s: %s: %s%s%s", object, clause, sec_status_text(status), sec_status_class(status) == SEC_CLASS_IO ? ": " : "",
            sec_status_class(status) == SEC_CLASS_IO ? strerror(errno) : "");
    return status;
}

static sec_status of_errno(void)
{
    return sec_st(errno == ENOSPC || errno == EDQUOT ? SEC_STORAGE_FULL : SEC_IO_FAILED);
}

/* --- files ------------------------------------------------------------------------------------------------------------- */

static sec_status write_synced(int fd, struct sec_bytes bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        ssize_t put = write(fd, &bytes.data[at], bytes.len - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return of_errno();
        at += (size_t)put;
    }
    return fsync(fd) == 0 ? sec_st(SEC_OK) : of_errno();
}

/** Gives a finished file its name for good. */
static sec_status settle(int dir_fd, const char *from, const char *to)
{
    if (renameat(dir_fd, from, dir_fd, to) != 0 || fsync(dir_fd) != 0)
        return of_errno();
    return sec_st(SEC_OK);
}

sec_status hub_place_write(int dir_fd, const char *name, struct sec_bytes bytes)
{
    char fresh[NAME_MAX + 1];
    (void)snprintf(fresh, sizeof fresh, "%.200s.new", name);
    int fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return of_errno();
    sec_status status = write_synced(fd, bytes);
    close(fd);
    return sec_ok(status) ? settle(dir_fd, fresh, name) : status;
}

static sec_status open_folder(int dir_fd, const char *name, int *ret_fd)
{
    if (mkdirat(dir_fd, name, 0700) == 0)
        (void)fsync(dir_fd);
    else if (errno != EEXIST)
        return tell(name, "make", of_errno());
    *ret_fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return *ret_fd >= 0 ? sec_st(SEC_OK) : tell(name, "open", of_errno());
}

static sec_status open_directory(const char *path, struct hub_place *place)
{
    struct stat info;
    char full[PATH_MAX];
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return tell(path, "make", of_errno());
    if (!realpath(path, full) || strlen(full) >= sizeof place->path)
        return tell(path, "path", sec_st(SEC_IO_FAILED));
    (void)snprintf(place->path, sizeof place->path, "%s", full);
    place->dir_fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->dir_fd < 0 || fstat(place->dir_fd, &info) != 0)
        return tell(full, "open", of_errno());
    if ((info.st_mode & 077) != 0 && fchmod(place->dir_fd, 0700) != 0)
        return tell(full, "close to others", of_errno());
    return sec_st(SEC_OK);
}

/** One hub a directory. The file keeps the holder's process id, for people. */
static sec_status take_lock(struct hub_place *place)
{
    char text[24] = "";
    place->lock_fd = openat(place->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (place->lock_fd < 0)
        return tell("lock", "open", of_errno());
    if (flock(place->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t got = pread(place->lock_fd, text, sizeof text - 1, 0);
        text[got > 0 ? got : 0] = '\0';
        text[strcspn(text, "\n")] = '\0';
        hub_say("%s: lock: a hub runs here already: process %s", place->path, text);
        return sec_st(SEC_BUSY);
    }
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(place->lock_fd, 0) != 0 || pwrite(place->lock_fd, text, (size_t)len, 0) != len)
        return tell("lock", "write", of_errno());
    return sec_st(SEC_OK);
}

/* --- keys and certificates ------------------------------------------------------------------------------------------------ */

static sec_status make_key(struct hub_place *place, const char *name, struct sec_private_key *key)
{
    char fresh[64];
    (void)snprintf(fresh, sizeof fresh, "%.40s.new", name);
    (void)unlinkat(place->keys_fd, fresh, 0); /* of a start that was cut */
    SEC_TRY(sec_private_key_generate(key, &place->openssl, SEC_KEY_P256));
    SEC_TRY(sec_private_key_save(key, place->keys_fd, fresh));
    return settle(place->keys_fd, fresh, name);
}

static sec_status load_or_make_key(struct hub_place *place, const char *name, bool may_make, struct sec_private_key *key)
{
    sec_status status = sec_private_key_load(key, &place->openssl, place->keys_fd, name);
    if (sec_is(status, SEC_NOT_FOUND) && may_make)
        status = make_key(place, name, key);
    return sec_ok(status) ? status : tell(name, "key", status);
}

static sec_status save_certificate(struct hub_place *place, const char *name, struct sec_bytes der)
{
    char fresh[64];
    (void)snprintf(fresh, sizeof fresh, "%.40s.new", name);
    (void)unlinkat(place->keys_fd, fresh, 0);
    SEC_TRY(sec_certificate_save(der, place->keys_fd, fresh));
    return settle(place->keys_fd, fresh, name);
}

static sec_status parse_certificate(struct sec_bytes der, X509 **ret_certificate)
{
    const uint8_t *at = der.data;
    *ret_certificate = d2i_X509(NULL, &at, (long)der.len);
    return sec_st(*ret_certificate ? SEC_OK : SEC_MALFORMED);
}

static sec_status open_ca(struct hub_place *place, const struct hub_config *config)
{
    static uint8_t room[SEC_CERTIFICATE_MAX_BYTES];
    char name[SEC_NAME_MAX_BYTES + 1];
    size_t len = 0;
    sec_status status = sec_certificate_load(place->keys_fd, "ca.pem", SEC_ROOM(room), &len);
    bool fresh = sec_is(status, SEC_NOT_FOUND);
    if (!sec_ok(status) && !fresh)
        return tell("ca.pem", "load", status);
    SEC_TRY(load_or_make_key(place, "ca-key.pem", fresh, &place->ca_key)); /* a certificate whose key is lost is not replaced silently */
    if (fresh) {
        (void)snprintf(name, sizeof name, "%.*s CA", (int)(sizeof name - 4), config->name);
        status = sec_certificate_make_ca(&place->ca_key, sec_bytes_of_str(name), (int64_t)time(NULL) - 3600, SEC_ROOM(room), &len);
        if (sec_ok(status))
            status = save_certificate(place, "ca.pem", sec_bytes(room, len));
        if (!sec_ok(status))
            return tell("ca.pem", "make", status);
    }
    uint8_t *der = malloc(len);
    if (!der)
        return tell("ca.pem", "load", sec_st(SEC_IO_FAILED));
    (void)sec_bytes_copy(sec_room(der, len), sec_bytes(room, len));
    place->ca_der = sec_bytes(der, len);
    SEC_TRY(parse_certificate(place->ca_der, &place->ca));
    if (X509_check_private_key(place->ca, place->ca_key.pkey) != 1)
        return tell("ca.pem", "key", sec_st(SEC_BAD_KEY));
    struct sec_crypto crypto = sec_openssl_crypto(&place->openssl);
    return crypto.hasher.digest(crypto.hasher.ctx, &place->ca_der, 1, &place->ca_digest);
}

/** True when the certificate can serve on: this CA's, this key's, these names', and not at its end. */
static bool tls_serves(const struct hub_place *place, const struct hub_config *config)
{
    time_t soon = time(NULL) + TLS_LEFT_MIN_S;
    return place->tls && X509_check_private_key(place->tls, place->tls_key.pkey) == 1 && X509_verify(place->tls, place->ca_key.pkey) == 1 &&
           X509_cmp_time(X509_get0_notAfter(place->tls), &soon) > 0 && place_certificate_names(place->tls, config);
}

static sec_status open_tls(struct hub_place *place, const struct hub_config *config)
{
    static uint8_t room[SEC_CERTIFICATE_MAX_BYTES * 4]; /* many names */
    size_t len = 0;
    SEC_TRY(load_or_make_key(place, "tls-key.pem", true, &place->tls_key));
    sec_status status = sec_certificate_load(place->keys_fd, "tls.pem", SEC_ROOM(room), &len);
    if (sec_ok(status))
        (void)parse_certificate(sec_bytes(room, len), &place->tls);
    if (sec_ok(status) && tls_serves(place, config))
        return status;
    X509_free(place->tls);
    place->tls = NULL;
    status = place_certificate_make(place, config, SEC_ROOM(room), &len);
    if (sec_ok(status))
        status = save_certificate(place, "tls.pem", sec_bytes(room, len));
    if (sec_ok(status))
        status = parse_certificate(sec_bytes(room, len), &place->tls);
    return sec_ok(status) ? status : tell("tls.pem", "make", status);
}

/* --- opening and closing ---------------------------------------------------------------------------------------------------- */

sec_status hub_place_look(const char *path, struct hub_place *ret_place)
{
    sec_zero(ret_place, sizeof *ret_place);
    ret_place->dir_fd = ret_place->keys_fd = ret_place->journal_fd = ret_place->payloads_fd = ret_place->run_fd = ret_place->lock_fd = -1;
    SEC_TRY(sec_openssl_init(&ret_place->openssl));
    return open_directory(path, ret_place);
}

sec_status hub_place_open(const char *path, const struct hub_config *config, struct hub_place *ret_place)
{
    SEC_TRY(hub_place_look(path, ret_place));
    SEC_TRY(take_lock(ret_place));
    SEC_TRY(open_folder(ret_place->dir_fd, "keys", &ret_place->keys_fd));
    SEC_TRY(open_folder(ret_place->dir_fd, "journal", &ret_place->journal_fd));
    SEC_TRY(open_folder(ret_place->dir_fd, "payloads", &ret_place->payloads_fd));
    SEC_TRY(open_folder(ret_place->dir_fd, "run", &ret_place->run_fd));
    SEC_TRY(open_ca(ret_place, config));
    SEC_TRY(open_tls(ret_place, config));
    return load_or_make_key(ret_place, "journal-key.pem", true, &ret_place->journal_key);
}

void hub_place_close(struct hub_place *place)
{
    const int fds[] = {place->run_fd, place->payloads_fd, place->journal_fd, place->keys_fd, place->lock_fd, place->dir_fd};
    sec_private_key_done(&place->ca_key);
    sec_private_key_done(&place->tls_key);
    sec_private_key_done(&place->journal_key);
    X509_free(place->ca);
    X509_free(place->tls);
    free((void *)(uintptr_t)place->ca_der.data);
    sec_openssl_done(&place->openssl);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}
