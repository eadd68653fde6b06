/* SPDX-License-Identifier: Apache-2.0 */
/* A release's payload, by its digest, for devices that were sent a release which names it. */
#include "device_routes.h"
#include "hub.h"

#include <securable/access_hub.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST_TEXT_BYTES 64u

static sec_status may_fetch(struct hub_exchange *x, const struct sec_digest *digest)
{
    struct hub_member member = {.revoked = true};
    (void)hub_fleet_get(x->hub->fleet, &x->who.device, &member);
    sec_status named = hub_payload_named(hub_reader(x), &x->who.device, digest);
    if (!sec_ok(named) && !sec_is(named, SEC_NOT_FOUND))
        return named;
    return sec_payload_judge(member.revoked, sec_ok(named));
}

/** Opens DIR/payloads/<hex>; -1 when it is not here. */
static int open_payload(const struct hub *hub, const char *name, uint64_t *ret_size)
{
    struct stat facts;
    int fd = openat(hub->place.payloads_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        *ret_size = (uint64_t)facts.st_size;
    return fd;
}

/** A range counts only for the very bytes that it was begun with: a payload's name is its digest, so the ETag never changes. */
static bool range_counts(const struct hub_exchange *x, const char *etag)
{
    struct sec_bytes asked = http_field_of(x->head, "If-Range");
    return asked.len == 0 || sec_bytes_equal(asked, sec_bytes_of_str(etag));
}

static void send_payload(struct hub_exchange *x, int fd, uint64_t size, const char *etag)
{
    uint64_t first = 0, count = size;
    sec_status status = sec_st(SEC_NOT_FOUND);
    if (range_counts(x, etag))
        status = http_range(http_field_of(x->head, "Range"), size, &first, &count);
    hub_field(x, "ETag", etag);
    hub_field(x, "Accept-Ranges", "bytes");
    if (sec_is(status, SEC_BAD_VALUE)) {
        close(fd);
        hub_field(x, "Content-Range", hub_format(x, "bytes */%llu", (unsigned long long)size));
        hub_problem(x, 416, "payload", "Range", "cannot be satisfied", sec_status_word(status));
        return;
    }
    hub_file(x, fd, first, count, sec_ok(status), size, "application/octet-stream");
}

void hub_payload_fetch(struct hub_exchange *x)
{
    struct sec_digest digest;
    char name[DIGEST_TEXT_BYTES + 1] = {0}, etag[DIGEST_TEXT_BYTES + 3];
    uint64_t size = 0;
    size_t len = 0;
    sec_status status = sec_hex_parse(hub_segment(x, 1), SEC_ROOM(digest.b), &len);
    if (sec_ok(status))
        status = may_fetch(x, &digest);
    if (!sec_ok(status)) {
        hub_problem_status(x, "payload", "digest", status);
        return;
    }
    struct sec_wr wr = sec_wr(sec_room(name, DIGEST_TEXT_BYTES));
    sec_wr_hex(&wr, sec_digest_bytes(&digest));
    snprintf(etag, sizeof etag, "\"%s\"", name);
    int fd = open_payload(x->hub, name, &size);
    if (fd < 0)
        hub_problem_status(x, "payload", "bytes", sec_st(SEC_NOT_FOUND));
    else
        send_payload(x, fd, size, etag);
}
