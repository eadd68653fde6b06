/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a process, it lets four hours of uptime pass each second: leases end while one waits. The wall clock stays as it is. */
#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

#define HURRY 14400

typedef int (*clock_call)(clockid_t, struct timespec *);
static clock_call real_call;
static struct timespec begin;

__attribute__((constructor)) static void find_real(void)
{
    void *symbol = dlsym(RTLD_NEXT, "clock_gettime");
    real_call = *(clock_call *)(void *)&symbol;
    (void)real_call(CLOCK_BOOTTIME, &begin);
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int result = real_call(clock, ret_time);
    if (clock != CLOCK_BOOTTIME)
        return result;
    long long ns = (ret_time->tv_sec - begin.tv_sec) * 1000000000LL + (ret_time->tv_nsec - begin.tv_nsec);
    ns = ns * HURRY;
    ret_time->tv_sec = begin.tv_sec + (time_t)(ns / 1000000000LL);
    ret_time->tv_nsec = (long)(ns % 1000000000LL);
    return result;
}
