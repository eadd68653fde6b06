/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between the device's processes: first byte chooses sender and receiver, the rest is the packet. */
#include <ipc.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum ipc_role roles[] = {IPC_PARENT, IPC_DOOR, IPC_KEEPER, IPC_INSTALLER, IPC_LINK};
    static uint8_t room_b[IPC_MAX_BYTES];
    struct ipc_message message;
    if (len == 0)
        return 0;
    struct sec_bytes packet = sec_bytes_part(sec_bytes(data, len), 1, len);
    if (!sec_ok(ipc_parse(packet, roles[data[0] >> 4 & 1 ? 4 : data[0] & 3], roles[data[0] >> 5 & 1 ? 4 : data[0] >> 2 & 3], &message)))
        return 0;
    /* What was read is written the same. */
    struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
    if (!sec_ok(ipc_encode(&message, &wr)) || !sec_bytes_equal(sec_wr_done(&wr), packet))
        abort();
    return 0;
}
