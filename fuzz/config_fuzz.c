/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file of securabled. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void tell(void *ctx, unsigned line, const char *object, const char *clause, const char *fact)
{
    unsigned *count = ctx;
    *count += line > 0 && strlen(object) + strlen(clause) + strlen(fact) > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct config config;
    unsigned count = 0;
    const struct config_errors errors = {&count, tell};
    if (!sec_ok(config_init(&config, "/var/lib/securable")))
        abort();
    /* A bad file has told why, a good one nothing. */
    if (sec_ok(config_parse(&config, sec_bytes(data, len), &errors)) != (count == 0))
        abort();
    return 0;
}
