/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *program = "securable";

void say_program(const char *name)
{
    program = name;
}

void say(const char *format, ...)
{
    char line[512];
    int n = snprintf(line, sizeof line - 1, "%s: ", program);
    size_t len = n > 0 ? (size_t)n : 0;
    va_list args;
    va_start(args, format);
    n = vsnprintf(&line[len], sizeof line - 1 - len, format, args);
    va_end(args);
    size_t more = n > 0 ? (size_t)n : 0;
    len = more < sizeof line - 1 - len ? len + more : sizeof line - 2;
    for (size_t i = 0; i < len; i++)
        line[i] = (unsigned char)line[i] < ' ' || line[i] == 0x7f ? '?' : line[i];
    line[len++] = '\n';
    /* One write, so that lines of several processes do not mix. Nobody hears of a failure here. */
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
}
