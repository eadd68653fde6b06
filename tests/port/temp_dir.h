/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory for one test, removed with its files at its end.
 */
#ifndef TEMP_DIR_H
#define TEMP_DIR_H

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct temp_dir {
    char path[64];
    int fd;
};

static inline struct temp_dir temp_dir_make(void)
{
    struct temp_dir dir = {.path = "/tmp/securable-port-XXXXXX"};
    CHECK(mkdtemp(dir.path) != NULL);
    dir.fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dir.fd >= 0);
    return dir;
}

/* Counts the entries, and removes them when asked to. */
static inline unsigned temp_dir_walk(const struct temp_dir *dir, bool removing)
{
    unsigned count = 0;
    DIR *walk = opendir(dir->path);
    CHECK(walk != NULL);
    const struct dirent *entry;
    while ((entry = readdir(walk)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (removing)
            CHECK(unlinkat(dir->fd, entry->d_name, 0) == 0);
    }
    closedir(walk);
    return count;
}

static inline void temp_dir_remove(struct temp_dir *dir)
{
    (void)temp_dir_walk(dir, true);
    close(dir->fd);
    CHECK(rmdir(dir->path) == 0);
}

static inline void temp_dir_put(const struct temp_dir *dir, const char *name, const char *text)
{
    int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static inline long temp_dir_mode(const struct temp_dir *dir, const char *name)
{
    struct stat st;
    return fstatat(dir->fd, name, &st, 0) == 0 ? (long)(st.st_mode & 07777) : -1;
}

#endif
