/* SPDX-License-Identifier: Apache-2.0 */
/* The functions behind the table of subcommands; each gives the program's exit code. One file a noun. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

struct cli;

int cmd_app_event(struct cli *cli);
int cmd_app_secret_delete(struct cli *cli);
int cmd_app_secret_get(struct cli *cli);
int cmd_app_secret_put(struct cli *cli);
int cmd_app_settings(struct cli *cli);
int cmd_approve(struct cli *cli);
int cmd_command(struct cli *cli);
int cmd_console(struct cli *cli);
int cmd_device_key(struct cli *cli);
int cmd_device_label(struct cli *cli);
int cmd_device_make(struct cli *cli);
int cmd_device_show(struct cli *cli);
int cmd_hub_admit(struct cli *cli);
int cmd_hub_device(struct cli *cli);
int cmd_hub_devices(struct cli *cli);
int cmd_hub_people(struct cli *cli);
int cmd_hub_revoke(struct cli *cli);
int cmd_hub_show(struct cli *cli);
int cmd_hub_statements(struct cli *cli);
int cmd_hub_token(struct cli *cli);
int cmd_hub_tokens(struct cli *cli);
int cmd_hub_trust_maker(struct cli *cli);
int cmd_key_new(struct cli *cli);
int cmd_key_show(struct cli *cli);
int cmd_log_head(struct cli *cli);
int cmd_log_show(struct cli *cli);
int cmd_log_verify(struct cli *cli);
int cmd_maker_new(struct cli *cli);
int cmd_outbox_check(struct cli *cli);
int cmd_outbox_drop(struct cli *cli);
int cmd_outbox_list(struct cli *cli);
int cmd_owner_new(struct cli *cli);
int cmd_product_check(struct cli *cli);
int cmd_product_compile(struct cli *cli);
int cmd_product_show(struct cli *cli);
int cmd_receipt_check(struct cli *cli);
int cmd_release_make(struct cli *cli);
int cmd_release_show(struct cli *cli);
int cmd_report(struct cli *cli);
int cmd_roster_make(struct cli *cli);
int cmd_roster_show(struct cli *cli);
int cmd_send(struct cli *cli);
int cmd_status(struct cli *cli);
int cmd_voucher_make(struct cli *cli);

#endif
