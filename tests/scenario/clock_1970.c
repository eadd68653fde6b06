/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a process, it shows a wall clock that was never set: it began in 1970 when the machine started. */
#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

typedef int (*clock_call)(clockid_t, struct timespec *);
static clock_call real_call;

__attribute__((constructor)) static void find_real(void)
{
    void *symbol = dlsym(RTLD_NEXT, "clock_gettime");
    real_call = *(clock_call *)(void *)&symbol;
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    return real_call(clock == CLOCK_REALTIME ? CLOCK_BOOTTIME : clock, ret_time);
}
