/* SPDX-License-Identifier: Apache-2.0 */
#include "console_inside.h"

#include "../console/page_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAID_MAX_BYTES 8192u

static const struct page_file {
    const char *name;
    const char *type;
} page_files[] = {
#define PAGE_ROW(name, type) {name, type},
    PAGE_FILES(PAGE_ROW)
#undef PAGE_ROW
};

bool console_send(int fd, struct sec_bytes bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        ssize_t n = send(fd, &bytes.data[at], bytes.len - at, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

void console_answer(struct console_request *r, unsigned status, const char *content_type, const char *fields, struct sec_bytes body)
{
#define PAGE_FIELD(name, value) name ": " value "\r\n"
    const char *head = cli_format(r->cli,
                                  "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
                                  "X-Frame-Options: DENY\r\nX-Content-Type-Options: nosniff\r\n" PAGE_FIELDS(PAGE_FIELD) "%s\r\n",
                                  status, http_reason(status), content_type, body.len, fields ? fields : "");
#undef PAGE_FIELD
    if (console_send(r->fd, sec_bytes_of_str(head)))
        (void)console_send(r->fd, body);
}

static void answer_json(struct console_request *r, unsigned status, const char *content_type, cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    if (text)
        console_answer(r, status, content_type, NULL, sec_bytes_of_str(text));
    free(text);
}

void console_json(struct console_request *r, unsigned status, cJSON *json)
{
    answer_json(r, status, "application/json", json);
}

void console_problem(struct console_request *r, unsigned status, const char *title, const char *detail)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "type", "about:blank");
    cJSON_AddStringToObject(json, "title", title);
    cJSON_AddNumberToObject(json, "status", status);
    cJSON_AddStringToObject(json, "detail", detail);
    answer_json(r, status, "application/problem+json", json);
}

const char *console_said(struct console_request *r)
{
    fflush(stderr);
    struct sec_room room = cli_room(r->cli, SAID_MAX_BYTES + 1);
    ssize_t n = pread(r->said, room.data, SAID_MAX_BYTES, 0);
    if (ftruncate(r->said, 0) != 0 || lseek(r->said, 0, SEEK_SET) != 0)
        return "";
    while (n > 0 && room.data[n - 1] == '\n')
        room.data[--n] = '\0';
    return (const char *)room.data;
}

void console_failed(struct console_request *r, int code)
{
    const char *said = console_said(r);
    unsigned status = code == CLI_REFUSED ? 409 : code == CLI_USAGE ? 400 : 502;
    const char *title = code == CLI_REFUSED ? "Refused" : code == CLI_USAGE ? "Not understood" : "Not reached";
    console_problem(r, status, title, said);
}

/* --- the page's files -------------------------------------------------------------------------------------------- */

static bool read_file(struct console_request *r, const char *name, struct sec_bytes *ret_bytes)
{
    struct stat facts;
    int fd = open(files_join(r->cli, r->console->folder, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool good = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0 && facts.st_size <= (off_t)PAGE_FILE_MAX_BYTES;
    struct sec_room room = cli_room(r->cli, good ? (size_t)facts.st_size : 1);
    ssize_t n = good ? read(fd, room.data, room.len) : -1;
    close(fd);
    *ret_bytes = sec_bytes(room.data, room.len);
    return n >= 0 && (size_t)n == room.len;
}

void console_file(struct console_request *r, struct sec_bytes name)
{
    struct sec_bytes bytes;
    for (size_t i = 0; i < sizeof page_files / sizeof page_files[0]; i++) {
        if (!sec_bytes_equal(name, sec_bytes_of_str(page_files[i].name)))
            continue;
        if (read_file(r, page_files[i].name, &bytes))
            console_answer(r, 200, page_files[i].type, NULL, bytes);
        else
            console_problem(r, 500, "The page is not installed", r->console->folder);
        return;
    }
    console_problem(r, 404, "Not found", "There is no such page.");
}
