/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, whole: read, written by way of a synced temporary file and a rename; directories made or refused.
 *
 * Errors are told ("path: clause: fact") and given as exit codes: 3 for what the file system says, 1 for a file that is
 * too long or a thing that is there already. Memory: contents live as long as the subcommand. Threads: one.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cli.h"

#include <sys/types.h>

/** A statement, a certificate, a table: everything but an image. */
#define FILES_SMALL_MAX_BYTES (1u << 20)

/** Reads a whole file. */
int files_read(struct cli *cli, const char *path, size_t max, struct sec_bytes *ret_bytes);
/** Reads standard input to its end. */
int files_read_stdin(struct cli *cli, size_t max, struct sec_bytes *ret_bytes);
/** Writes a file, in place of one that is there. */
int files_write(const char *path, mode_t mode, struct sec_bytes bytes);
/** Makes a directory that must not exist. */
int files_make_dir(const char *path, mode_t mode);
/** Removes a directory of ours that could not be finished, with what is in it. */
void files_remove_tree(const char *path);
/** Renames, unless the new name is taken, and syncs the directory. */
int files_rename_new(const char *from, const char *to);
/** SHA-256 and length of a file of any size. */
int files_digest(struct cli *cli, const char *path, struct sec_digest *ret_digest, uint64_t *ret_bytes);
/** Copies a file of any size to a new one, synced. */
int files_copy(const char *from, const char *to, mode_t mode);
bool files_is_dir(const char *path);
bool files_exists(const char *path);
/** "DIR/NAME" */
const char *files_join(struct cli *cli, const char *dir, const char *name);

#endif
