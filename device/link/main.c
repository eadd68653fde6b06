/* SPDX-License-Identifier: Apache-2.0 */
/*
 * securable-link: the device's network process. It reaches the owner's hub and carries; no key but its transport key, no files but its own.
 */
#include "link.h"

#include "../common/say.h"

#include <malloc.h>

static struct link the_link;

/* What libcrypto and libssl load late is loaded before there is nothing left to load from. */
static bool prepare(struct link *link)
{
    uint8_t random_b[16];
    struct sec_private_key trial;
    sec_openssl_untold();
    if (!sec_ok(sec_openssl_init(&link->openssl)))
        return false;
    link->crypto = sec_openssl_crypto(&link->openssl);
    if (!sec_ok(link->crypto.random(link->crypto.ctx, SEC_ROOM(random_b))) || !link_tls_init(link))
        return false;
    sec_status status = sec_private_key_generate(&trial, &link->openssl, SEC_KEY_P256);
    sec_private_key_done(&trial);
    return sec_ok(status);
}

static bool begin(struct link *link)
{
    sec_status status = child_begin(IPC_LINK, &link->start);
    if (sec_ok(status))
        status = hub_place_parse(sec_bytes(link->start.text, link->start.text_len), &link->place);
    if (sec_ok(status))
        status = hub_host_read(sec_bytes_of_str(link->place.address), &link->host);
    if (!sec_ok(status)) {
        say("start: %s", sec_status_text(status));
        return false;
    }
    link->keeper = (struct ipc_channel){-1, IPC_LINK, IPC_KEEPER};
    link->dir_fd = CHILD_FD_FIRST;
    link->start.plan.tree_fds[0] = link->dir_fd;
    link->start.plan.tree_count = 1;
    link->start.plan.connect_port = link->host.port;
    return true;
}

int main(void)
{
    struct link *link = &the_link;
    say_program("securable-link");
    if (!begin(link))
        return 1;
    /* A name that is not known now is resolved by a later start, whose back-off the parent knows. */
    if (!link_resolve(link))
        return 0;
    if (!prepare(link) || !sec_ok(child_confine(CONFINEMENT_LINK, &link->start, &link->confinement)) ||
        !sec_ok(child_ready(&link->start, &link->confinement)))
        return 1;
    (void)malloc_trim(0);
    return link_run(link);
}
