/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define STRANGERS_PER_SECOND 10u

static struct {
    pthread_mutex_t lock;
    time_t second;
    unsigned said;
    uint64_t left_out;
    bool verbose;
} strangers = {.lock = PTHREAD_MUTEX_INITIALIZER};

__attribute__((format(printf, 1, 0))) static void say_list(const char *format, va_list list)
{
    char line[512];
    int len = snprintf(line, sizeof line, "securable-hub: ");
    int more = vsnprintf(&line[len], sizeof line - (size_t)len - 1, format, list);
    len = more < 0 ? len : len + more;
    len = len > (int)sizeof line - 2 ? (int)sizeof line - 2 : len;
    for (int i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[len] = '\n';
    (void)!write(STDERR_FILENO, line, (size_t)len + 1); /* nowhere to tell that telling failed */
}

void hub_say(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say_list(format, list);
    va_end(list);
}

void hub_say_of_strangers(const char *format, ...)
{
    va_list list;
    time_t now = time(NULL);
    pthread_mutex_lock(&strangers.lock);
    uint64_t left_out = 0;
    if (strangers.second != now) {
        left_out = strangers.left_out;
        strangers.second = now;
        strangers.said = 0;
        strangers.left_out = 0;
    }
    bool may = strangers.said < STRANGERS_PER_SECOND;
    strangers.said += may;
    strangers.left_out += !may;
    pthread_mutex_unlock(&strangers.lock);
    if (left_out > 0)
        hub_say("connections: %llu more such lines left out", (unsigned long long)left_out);
    if (!may)
        return;
    va_start(list, format);
    say_list(format, list);
    va_end(list);
}

void hub_say_verbose(bool verbose)
{
    strangers.verbose = verbose;
}

void hub_say_more(const char *format, ...)
{
    va_list list;
    if (!strangers.verbose)
        return;
    va_start(list, format);
    say_list(format, list);
    va_end(list);
}
