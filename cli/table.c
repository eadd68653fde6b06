/* SPDX-License-Identifier: Apache-2.0 */
/* All subcommands and their options: parsed, shown by --help and made into securable(1) from here. */
#include "cli.h"
#include "commands.h"

#define OPTION_JSON                                                                                                    \
    {                                                                                                                  \
        "json", NULL, CLI_MAY, "print one JSON object"                                                                 \
    }
#define OPTION_OUT                                                                                                     \
    {                                                                                                                  \
        "out", "FILE", CLI_MUST, "the file to write"                                                                   \
    }
#define OPTION_CA                                                                                                      \
    {                                                                                                                  \
        "ca", "CA", CLI_MAY, "the manufacturer's CA certificate (PEM or DER), against which the device's is checked"   \
    }
#define OPTION_RELEASE_KEY                                                                                             \
    {                                                                                                                  \
        "key", "RELEASE.pem", CLI_MUST, "the manufacturer's release key"                                               \
    }

#define OPTION_HUB(use)                                                                                                \
    {"hub", "URL", use, "https://HOST:PORT, or a hub's directory or socket on this machine"}
#define OPTIONS_HUB_MORE                                                                                               \
    {"hub-ca", "CA.pem", CLI_MAY, "the hub's CA certificate; otherwise $SECURABLE_HUB_CA"},                            \
    {"login", "KEY.pem", CLI_MAY, "the key to sign in with; otherwise the token in $SECURABLE_HUB_TOKEN"}
#define OPTION_OUTBOX                                                                                                  \
    {"outbox", "DIR", CLI_MAY, "the outbox; otherwise $SECURABLE_OUTBOX or ~/.local/state/securable/outbox"}

/* clang-format off */
const struct cli_command cli_commands[] = {
    {"product", "check", "FILE.yaml", 1, 1, "check a product description and tell all its faults", cmd_product_check, {{0}}, NULL},
    {"product", "compile", "FILE.yaml", 1, 1, "compile a product description to a signed product record", cmd_product_compile,
     {OPTION_RELEASE_KEY, OPTION_OUT, {"version", "TEXT", CLI_MAY, "the version, in place of the file's"}}, NULL},
    {"product", "show", "FILE", 1, 1, "show a signed product record", cmd_product_show,
     {{"key", "KEY", CLI_MAY, "the public key that must have signed it"}, OPTION_JSON}, NULL},

    {"key", "new", "", 0, 0, "make a key pair", cmd_key_new,
     {{"type", "TYPE", CLI_MAY, "p256 (the default) or ed25519"},
      {"out", "KEY.pem", CLI_MUST, "the private key's file, mode 0600; the public half goes to KEY.pub.pem beside it"}},
     "An existing file is never overwritten. The file is not encrypted: passphrases are not supported in this version."},
    {"key", "show", "KEY", 1, 1, "show type and id of either half of a key", cmd_key_show, {OPTION_JSON},
     "The id is the COSE key thumbprint (RFC 9679). Of a certificate the key in it is shown."},

    {"maker", "new", "DIR", 1, 1, "make the manufacturer's keys: root, release, voucher and device CA", cmd_maker_new,
     {{"name", "TEXT", CLI_MAY, "the CA's common name"}},
     "The directory gets the four keys, roots.cose (the four public keys, signed by root.pem) and the CA's certificate."},

    {"device", "make", "DIR", 1, 1, "the factory step: make a device's state directory with its identity", cmd_device_make,
     {{"maker", "MAKERDIR", CLI_MUST, "the manufacturer's directory, made by maker new"},
      {"product", "product.cose", CLI_MUST, "the signed product record"},
      {"release", "FILE.suit", CLI_MAY, "the release that the device leaves the factory with"},
      {"image", "FILE", CLI_MAY, "its image, which goes into slot a"}},
     "The directory must not exist. It gets an identity key, a certificate, slots, and a securabled.conf with the defaults."},
    {"device", "show", "DIR", 1, 1, "show which device a state directory is", cmd_device_show, {OPTION_JSON}, NULL},
    {"device", "key", "DIR", 1, 1, "write a device's public key, to keep elsewhere for checking its log", cmd_device_key,
     {{"out", "KEY.pub.pem", CLI_MUST, "the file, which must not exist"}}, NULL},
    {"device", "label", "DIR", 1, 1, "print what the device's label says", cmd_device_label, {{0}}, NULL},

    {"voucher", "make", "", 0, 0, "vouch for the owner of a device in one ownership epoch", cmd_voucher_make,
     {{"device", "DEVICE", CLI_MUST, "a state directory or a device id"},
      {"epoch", "N", CLI_MUST, "the epoch: 1 for a new device, one more after each wipe"},
      {"owner", "KEY.pub.pem", CLI_SOME, "an owner's public key"},
      {"required", "N", CLI_MAY, "how many owners must sign; 1 when not given, and devices of this version take no other"},
      {"recovery", "KEY.pub.pem", CLI_MAY, "the public key that may bring in new owner keys"},
      {"key", "VOUCHER.pem", CLI_MUST, "the manufacturer's voucher key"}, OPTION_OUT}, NULL},

    {"release", "make", "", 0, 0, "make and sign a release: a SUIT envelope for one image", cmd_release_make,
     {{"product", "product.cose", CLI_MUST, "the signed product record of the new version, signed by the same key"},
      {"image", "FILE", CLI_MUST, "the image; it travels beside the envelope"},
      {"sequence", "N", CLI_MUST, "the sequence number, higher than that of any release before"},
      {"version", "TEXT", CLI_MUST, "the version for people"},
      {"description", "TEXT", CLI_MAY, "what changes, for people"},
      {"component", "NAME", CLI_MAY, "the component, when the product has more than one"},
      OPTION_RELEASE_KEY, OPTION_OUT},
     "The envelope holds the product record and a CoSWID tag (RFC 9393)."},
    {"release", "show", "FILE", 1, 1, "show a release", cmd_release_show,
     {{"key", "KEY", CLI_MAY, "the public key that must have signed it"}, OPTION_JSON}, NULL},

    {"owner", "new", "DIR", 1, 1, "make an owner's keys: owner and recovery", cmd_owner_new, {{0}}, NULL},

    {"roster", "make", "", 0, 0, "write a roster: who may do what on a device", cmd_roster_make,
     {{"subject", "WORDS", CLI_MANY, "a person or hub: \"name=anna role=operator key=anna.pub.pem\"; also scope=DEVICE or scope=group=G, and ends=TIME"},
      {"application", "WORDS", CLI_MANY, "a local program: \"name=pump uid=1000 rights=event,secret,settings-read\""},
      {"threshold", "ACTION=N[,M]", CLI_MANY, "how many keys an action needs: for named devices, and for devices told by a match"},
      {"lease-days", "N", CLI_MAY, "everyone but owners and applications ends after so many days of uptime without a beacon"}, OPTION_OUT},
     "Roles are administrator, operator and auditor; rights are event, settings-read, secret, log-read and notify. "
     "A roster replaces the one before whole; the owner stands above it."},
    {"roster", "show", "FILE", 1, 1, "show a roster", cmd_roster_show, {OPTION_JSON}, NULL},

    {"command", "", "ACTION [ARGUMENT...]", 1, CLI_OPERANDS_MAX_COUNT, "make and sign a command, after saying what it will do", cmd_command,
     {{"key", "KEY.pem", CLI_MUST, "the signer's key"},
      {"report", "REPORT", CLI_MAY, "a device's report: gives device, epoch, generation, types and present values"},
      OPTION_CA,
      {"device", "DEVICE", CLI_MANY, "a device that it is for: a state directory or a device id"},
      {"match", "TESTS", CLI_MAY, "devices that it is for: product=P,model=M,name=N,site=S,group=G,tag=T"},
      {"product", "product.cose", CLI_MAY, "types of settings, when there is no report"},
      {"epoch", "N", CLI_MAY, "the ownership epoch, in place of the report's"},
      {"generation", "N", CLI_MAY, "the generation, in place of one more than the report's"},
      {"confirm-within", "SECONDS", CLI_MAY, "the device takes the change back unless it is confirmed in time"},
      {"base", NULL, CLI_MAY, "refuse it on a device whose settings are no longer the report's"},
      {"not-before", "TIME", CLI_MAY, "refuse it before this time (2027-01-31T00:00:00Z, or seconds since 1970)"},
      {"expiry", "TIME", CLI_MAY, "refuse it after this time"},
      {"trust", "KEY", CLI_MAY, "the manufacturer's release key, for update.install"}, OPTION_OUT, OPTION_JSON},
     "Actions: configuration.set NAME=VALUE..., configuration.reset, configuration.confirm COMMANDFILE, configuration.revert COMMANDFILE, "
     "access.roster ROSTER, access.admit-key KEY PURPOSE, update.install RELEASE, update.confirm, update.revert, protection.rotate, "
     "protection.wipe, lifecycle.site URL HUB-CA, lifecycle.transfer OWNER.pub.pem... [recovery=KEY] [required=N], lifecycle.recover OWNER.pub.pem..., "
     "lifecycle.veto COMMANDFILE, beacon.renew [TOPIC=GENERATION...] [revoke=KEY...] [time=TIME]. Values are checked against the product record before anything is signed."},

    {"approve", "", "COMMANDFILE", 1, 1, "approve somebody else's command, after saying what it will do", cmd_approve,
     {{"key", "KEY.pem", CLI_MUST, "the approver's key"},
      {"signed-by", "KEY", CLI_MAY, "the public key that must have signed the command"}, OPTION_OUT, OPTION_JSON},
     "The roster says which actions need how many keys; the device counts them. Send the approval before the command."},

    {"send", "", "[DEVICE] FILE", 1, 2, "hand a statement to a device, or to a hub, and show its receipt", cmd_send,
     {{"payload", "FILE", CLI_MAY, "a release's image"},
      OPTION_HUB(CLI_MAY), OPTIONS_HUB_MORE, OPTION_OUTBOX,
      {"device", "DEVICE", CLI_MANY, "by a hub: a receiver that the statement does not name, as of a release"},
      {"wait", "SECONDS", CLI_MAY, "by a hub: how long to wait for receipts; 30 when not given"},
      {"again", "KEY.pem", CLI_MAY, "when somebody else's command took the generation: make it anew, show it, ask, and sign with this key"},
      {"yes", NULL, CLI_MAY, "with --again: do not ask"}, OPTION_CA,
      {"out", "FILE", CLI_MAY, "keep the receipt here"},
      {"trust", "KEY", CLI_MAY, "the device's public key or certificate; otherwise its certificate in DEVICE, or its own report, is taken"},
      OPTION_JSON},
     "Exit code 0: done, now or when it came before; 1: refused; 3: by a hub, no receipt yet. What a hub was given stays in the outbox until every receipt has come."},
    {"outbox", "list", "", 0, 0, "show what was handed to hubs and has no receipt yet; exit code 1 when there is such", cmd_outbox_list,
     {OPTION_OUTBOX, {"all", NULL, CLI_MAY, "also what has all receipts"}, OPTION_JSON}, NULL},
    {"outbox", "check", "", 0, 0, "hand in again what has no receipt, and take the receipts that came", cmd_outbox_check,
     {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, OPTION_OUTBOX, OPTION_JSON}, NULL},
    {"outbox", "drop", "DIGEST", 1, 1, "forget an item", cmd_outbox_drop, {OPTION_OUTBOX}, NULL},
    {"report", "", "DEVICE", 1, 1, "ask a device what it is and in which state, and verify its answer", cmd_report,
     {{"nonce", "HEX", CLI_MAY, "8 to 64 bytes, in place of fresh random ones"}, OPTION_CA,
      OPTION_HUB(CLI_MAY), OPTIONS_HUB_MORE,
      {"wait", "SECONDS", CLI_MAY, "by a hub: how long to wait for the answer; 75 when not given"},
      {"out", "FILE", CLI_MAY, "keep the signed report here"}, OPTION_JSON}, NULL},
    {"receipt", "check", "FILE", 1, 1, "verify a receipt and show what was decided", cmd_receipt_check,
     {{"key", "KEY", CLI_MAY, "the device's public key or certificate"},
      {"report", "REPORT", CLI_MAY, "a report of the device, whose key is taken"}, OPTION_CA, OPTION_JSON}, NULL},

    {"log", "show", "DEVICE", 1, 1, "show a device's log, from its files or through its door", cmd_log_show,
     {{"from", "N", CLI_MAY, "the first record"},
      {"key", "KEY", CLI_MAY, "the device's public key or certificate; otherwise the certificate beside the log"},
      {"door", NULL, CLI_MAY, "through the door, also when a directory is given"},
      {"json", NULL, CLI_MAY, "one JSON object a line"}},
     "Files are only read; what cannot be opened is shown as sealed. The door wants the right log-read. "
     "Values of secrets are never shown."},
    {"log", "verify", "DIR", 1, 1, "judge a log by public keys alone; the first word is the verdict", cmd_log_verify,
     {{"key", "KEY", CLI_MAY, "the device's public key or certificate; otherwise the certificate beside the log"}, OPTION_CA,
      {"head", "FILE", CLI_MANY, "a head from elsewhere (log head), or a report that holds one"},
      {"receipt", "FILE", CLI_MANY, "a receipt from elsewhere"},
      {"other", "DIR", CLI_MAY, "another copy of the log"}, OPTION_JSON},
     "DIR is a state directory or a directory of journal segments."},
    {"log", "head", "DEVICE", 1, 1, "take the newest head, to keep elsewhere as evidence", cmd_log_head, {OPTION_OUT}, NULL},

    {"inspect", "", "FILE", 1, 1, "say what a signed file is, who signed it and what it holds, as JSON", NULL,
     {{"trust", "KEY.pem", CLI_MANY, "a public key that may have signed it"},
      {"aad", "HEX", CLI_MAY, "the external associated data that was signed with a COSE message"}},
     "Knows statements of Securable, SUIT envelopes, COSE_Sign1 and COSE_Sign. Exit code 0: well-formed, all digests right, and, with "
     "keys, signed by one of them."},

    {"app", "event", "DEVICE NAME=VALUE...", 2, CLI_OPERANDS_MAX_COUNT, "record an application's event", cmd_app_event, {{0}}, NULL},
    {"app", "secret put", "DEVICE NAME", 2, 2, "keep a secret, read from standard input", cmd_app_secret_put, {{0}}, NULL},
    {"app", "secret get", "DEVICE NAME", 2, 2, "write a secret to standard output", cmd_app_secret_get, {{0}}, NULL},
    {"app", "secret delete", "DEVICE NAME", 2, 2, "forget a secret", cmd_app_secret_delete, {{0}}, NULL},
    {"app", "settings", "DEVICE", 1, 1, "print the effective settings as JSON", cmd_app_settings, {{0}}, NULL},

    {"console", "", "", 0, 0, "serve the signing console on this machine: see devices, make commands, sign, watch receipts", cmd_console,
     {OPTION_HUB(CLI_MUST), {"hub-ca", "CA.pem", CLI_MAY, "the hub's CA certificate; otherwise $SECURABLE_HUB_CA"},
      {"key", "KEY.pem", CLI_MUST, "the operator's key, which signs in at the hub and signs what was looked at"},
      {"ca", "CA", CLI_MUST, "the manufacturer's CA certificate (PEM or DER), against which devices' certificates are checked"},
      {"trust", "RELEASE.pub.pem", CLI_MAY, "the manufacturer's public release key: releases are checked before consent is given"},
      OPTION_OUTBOX, {"port", "N", CLI_MAY, "the port on 127.0.0.1; any free one when not given"}},
     "Prints an address that lets one browser in, once; then prints the next. The page is this program's own; the hub only carries. It listens on 127.0.0.1 alone. Ctrl-C ends it."},

    {"hub", "show", "", 0, 0, "say which hub it is", cmd_hub_show, {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, OPTION_JSON}, NULL},
    {"hub", "trust-maker", "MAKERDIR | ROOTS.cose CA.pem", 1, 2, "let a manufacturer's devices come to a hub", cmd_hub_trust_maker,
     {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, OPTION_JSON}, "From a manufacturer's directory only roots.cose and ca.pem are taken."},
    {"hub", "devices", "", 0, 0, "list the devices that a hub knows", cmd_hub_devices,
     {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, {"alarm", NULL, CLI_MAY, "only those with an alarm"}, OPTION_JSON}, "What a hub lists is its own word, not the devices'."},
    {"hub", "device", "DEVICE", 1, 1, "show what a hub knows of a device", cmd_hub_device, {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, OPTION_JSON}, NULL},
    {"hub", "revoke", "DEVICE", 1, 1, "close a hub's door to a device: its transport certificates end, open connections are cut", cmd_hub_revoke,
     {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, OPTION_JSON}, NULL},
    {"hub", "statements", "", 0, 0, "list the statements that a hub carries", cmd_hub_statements, {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, OPTION_JSON}, NULL},
    {"hub", "people", "", 0, 0, "list the keys that may sign in at a hub", cmd_hub_people, {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, OPTION_JSON}, NULL},
    {"hub", "admit", "KEY.pub.pem", 1, 1, "let a key sign in at a hub that knows no voucher or roster with it yet", cmd_hub_admit,
     {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, {"role", "ROLE", CLI_MUST, "owner, administrator, operator or auditor"},
      {"name", "NAME", CLI_MUST, "for people"}, OPTION_JSON}, "To sign in is to see and to hand in; what a device does is decided by its own roster."},
    {"hub", "token", "", 0, 0, "make a token for a program; it is shown once", cmd_hub_token,
     {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, {"name", "NAME", CLI_MUST, "what for"}, {"scope", "SCOPE", CLI_SOME, "read, send or admin"},
      {"days", "N", CLI_MAY, "how long it holds; 30 when not given"}, OPTION_JSON}, NULL},
    {"hub", "tokens", "", 0, 0, "list a hub's tokens", cmd_hub_tokens, {OPTION_HUB(CLI_MUST), OPTIONS_HUB_MORE, OPTION_JSON}, NULL},

    {"status", "", "DEVICE", 1, 1, "say whether a device runs, and how it is confined", cmd_status, {OPTION_JSON}, NULL},
};
/* clang-format on */
const size_t cli_commands_count = sizeof cli_commands / sizeof cli_commands[0];
