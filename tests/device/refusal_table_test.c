/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The carrier is the attacker: every statement that a device accepts, times everything that a carrier may do to it.
 *
 * Each cell starts from a device that waits for a valid statement of its row, does what its column says, and expects the code that stands in the
 * table; folded state and effects are as before, and the valid statement is still accepted. The device is in its second epoch, with a
 * roster that has left somebody out, so that every column has something to show.
 */
#include "device_kit.h"

/* --- columns ------------------------------------------------------------------------------------------------------------------ */

/** X(NAME, "words") */
#define COLUMN_TABLE(X)                     \
    X(UNSIGNED, "unsigned")                 \
    X(MAKERS_OTHER, "maker's other keys")   \
    X(OTHER_DEVICE, "another device")       \
    X(REVOKED, "revoked operator")          \
    X(STRANGER, "a stranger")               \
    X(TOO_LOW, "role too low")              \
    X(REPLAYED, "replayed")                 \
    X(DELAYED, "delayed")                   \
    X(ALTERED, "a field altered")           \
    X(AUDIENCE, "other audience")           \
    X(KIND, "other kind's typ")             \
    X(EPOCH, "earlier epoch")               \
    X(TWIN, "malleable twin")               \
    X(LEAP, "leap beyond 2^20")

enum column {
#define COLUMN_ENUM(name, words) COLUMN_##name,
    COLUMN_TABLE(COLUMN_ENUM)
#undef COLUMN_ENUM
    COLUMNS,
};
static const char *const column_words[COLUMNS] = {
#define COLUMN_WORDS(name, words) words,
    COLUMN_TABLE(COLUMN_WORDS)
#undef COLUMN_WORDS
};

/* --- rows and what is expected --------------------------------------------------------------------------------------------------- */

/* Cells that no carrier can fill: reviewed, each with its reason. */
#define NA 0xffffu
static const struct na {
    const char *row;
    enum column column;
    const char *reason;
} not_applicable[] = {
    {"voucher", COLUMN_TOO_LOW, "a device that waits for a voucher knows no roles; the maker's other keys have their own column"},
    {"voucher", COLUMN_LEAP, "a voucher names the one epoch that is due; it has no generation"},
    {"release", COLUMN_EPOCH, "a release is the manufacturer's word to all its devices; it belongs to no epoch"},
    {"release", COLUMN_LEAP, "a release may leave out any number of sequence numbers"},
    {"approval", COLUMN_AUDIENCE, "an approval names a statement, which has the audience"},
    {"approval", COLUMN_LEAP, "an approval has no generation"},
};
#define NA_COUNT (sizeof not_applicable / sizeof not_applicable[0])

enum setup {
    SETUP_NONE,
    SETUP_WIPED,
    SETUP_CHANGE_WAITS,
    SETUP_OFFERED,
    SETUP_ON_TRIAL,
    SETUP_SECRETS,
    SETUP_RECOVERING,
};

struct row {
    const char *name;
    enum sec_statement_kind kind;
    enum sec_action action;
    enum fake_person signer;
    enum setup setup;
    uint16_t want[COLUMNS];
};

/* What nobody may do with anything that people sign. */
#define EVERY_WORD                                                                                                                \
    [COLUMN_UNSIGNED] = SEC_UNSIGNED, [COLUMN_MAKERS_OTHER] = SEC_ROLE_INSUFFICIENT, [COLUMN_OTHER_DEVICE] = SEC_UNKNOWN_KEY,     \
    [COLUMN_REVOKED] = SEC_UNKNOWN_KEY, [COLUMN_STRANGER] = SEC_UNKNOWN_KEY, [COLUMN_TOO_LOW] = SEC_ROLE_INSUFFICIENT,            \
    [COLUMN_REPLAYED] = SEC_ALREADY_DECIDED, [COLUMN_ALTERED] = SEC_BAD_SIGNATURE, [COLUMN_KIND] = SEC_WRONG_KIND,                \
    [COLUMN_EPOCH] = SEC_WRONG_EPOCH, [COLUMN_TWIN] = SEC_ALREADY_DECIDED
#define EVERY_COMMAND EVERY_WORD, [COLUMN_AUDIENCE] = SEC_WRONG_AUDIENCE, [COLUMN_LEAP] = SEC_GENERATION_TOO_FAR
#define COMMAND(words, what, who, setup) \
    {words, SEC_STATEMENT_COMMAND, SEC_ACTION_##what, FAKE_##who, setup, {EVERY_COMMAND, [COLUMN_DELAYED] = SEC_GENERATION_USED}}

static const struct row rows[] = {
    {"voucher", SEC_STATEMENT_VOUCHER, SEC_ACTION_UNKNOWN, FAKE_VOUCHER, SETUP_WIPED,
     {[COLUMN_UNSIGNED] = SEC_UNSIGNED, [COLUMN_MAKERS_OTHER] = SEC_ROLE_INSUFFICIENT, [COLUMN_OTHER_DEVICE] = SEC_UNKNOWN_KEY,
      [COLUMN_REVOKED] = SEC_UNKNOWN_KEY, [COLUMN_STRANGER] = SEC_UNKNOWN_KEY, [COLUMN_TOO_LOW] = NA,
      [COLUMN_REPLAYED] = SEC_ALREADY_DECIDED, [COLUMN_DELAYED] = SEC_ALREADY_OWNED, [COLUMN_ALTERED] = SEC_BAD_SIGNATURE,
      [COLUMN_AUDIENCE] = SEC_WRONG_AUDIENCE, [COLUMN_KIND] = SEC_WRONG_KIND, [COLUMN_EPOCH] = SEC_WRONG_EPOCH,
      [COLUMN_TWIN] = SEC_ALREADY_DECIDED, [COLUMN_LEAP] = NA}},
    {"release", SEC_STATEMENT_RELEASE, SEC_ACTION_UNKNOWN, FAKE_RELEASE, SETUP_NONE,
     {[COLUMN_UNSIGNED] = SEC_UNSIGNED, [COLUMN_MAKERS_OTHER] = SEC_ROLE_INSUFFICIENT, [COLUMN_OTHER_DEVICE] = SEC_UNKNOWN_KEY,
      [COLUMN_REVOKED] = SEC_UNKNOWN_KEY, [COLUMN_STRANGER] = SEC_UNKNOWN_KEY, [COLUMN_TOO_LOW] = SEC_ROLE_INSUFFICIENT,
      [COLUMN_REPLAYED] = SEC_ALREADY_DECIDED, [COLUMN_DELAYED] = SEC_DOWNGRADE, [COLUMN_ALTERED] = SEC_BAD_SIGNATURE,
      [COLUMN_AUDIENCE] = SEC_WRONG_PRODUCT, [COLUMN_KIND] = SEC_WRONG_KIND, [COLUMN_EPOCH] = NA,
      [COLUMN_TWIN] = SEC_ALREADY_DECIDED, [COLUMN_LEAP] = NA}},
    COMMAND("access.roster", ACCESS_ROSTER, OWNER, SETUP_NONE),
    COMMAND("access.admit-key", ACCESS_ADMIT_KEY, OWNER, SETUP_NONE),
    COMMAND("configuration.set", CONFIGURATION_SET, OPERATOR, SETUP_NONE),
    COMMAND("configuration.reset", CONFIGURATION_RESET, ADMINISTRATOR, SETUP_NONE),
    COMMAND("configuration.confirm", CONFIGURATION_CONFIRM, OPERATOR, SETUP_CHANGE_WAITS),
    COMMAND("configuration.revert", CONFIGURATION_REVERT, OPERATOR, SETUP_CHANGE_WAITS),
    COMMAND("update.install", UPDATE_INSTALL, OPERATOR, SETUP_OFFERED),
    COMMAND("update.confirm", UPDATE_CONFIRM, OPERATOR, SETUP_ON_TRIAL),
    COMMAND("update.revert", UPDATE_REVERT, OPERATOR, SETUP_ON_TRIAL),
    COMMAND("protection.rotate", PROTECTION_ROTATE, ADMINISTRATOR, SETUP_SECRETS),
    COMMAND("lifecycle.site", LIFECYCLE_SITE, OWNER, SETUP_NONE),
    COMMAND("beacon.renew", BEACON_RENEW, OWNER, SETUP_NONE),
    COMMAND("lifecycle.recover", LIFECYCLE_RECOVER, RECOVERY, SETUP_NONE),
    COMMAND("lifecycle.veto", LIFECYCLE_VETO, OWNER, SETUP_RECOVERING),
    /* An approval that comes late meets a statement that is decided. */
    {"approval", SEC_STATEMENT_APPROVAL, SEC_ACTION_UNKNOWN, FAKE_ADMINISTRATOR, SETUP_NONE,
     {EVERY_WORD, [COLUMN_DELAYED] = SEC_ALREADY_DECIDED, [COLUMN_AUDIENCE] = NA, [COLUMN_LEAP] = NA}},
    /* A transfer, here to the same owner again, ends the epoch. */
    {"lifecycle.transfer", SEC_STATEMENT_COMMAND, SEC_ACTION_LIFECYCLE_TRANSFER, FAKE_OWNER, SETUP_SECRETS,
     {EVERY_COMMAND, [COLUMN_DELAYED] = SEC_WRONG_EPOCH}},
    /* A wipe ends the epoch and forgets its owners: a wipe that comes late meets a device without owner. */
    {"protection.wipe", SEC_STATEMENT_COMMAND, SEC_ACTION_PROTECTION_WIPE, FAKE_OWNER, SETUP_SECRETS,
     {EVERY_COMMAND, [COLUMN_DELAYED] = SEC_NO_OWNER}},
};
#define ROWS (sizeof rows / sizeof rows[0])
#define LIVE_CELLS (ROWS * COLUMNS - NA_COUNT)

/* Another kind's typ, over the same body, by the row's own signer: one code for each kind and each of the two houses. */
static const struct {
    enum sec_statement_kind kind;
    enum sec_status_code by_people;
    enum sec_status_code by_maker;
} kind_codes[] = {
    {SEC_STATEMENT_COMMAND, SEC_UNEXPECTED_TYPE, SEC_ROLE_INSUFFICIENT}, /* people may speak both: the body is not of the other's form */
    {SEC_STATEMENT_APPROVAL, SEC_UNEXPECTED_TYPE, SEC_ROLE_INSUFFICIENT},
    {SEC_STATEMENT_VOUCHER, SEC_ROLE_INSUFFICIENT, SEC_ROLE_INSUFFICIENT},
    {SEC_STATEMENT_RELEASE, SEC_WRONG_KIND, SEC_WRONG_KIND},
    {SEC_STATEMENT_ROOTS, SEC_ROLE_INSUFFICIENT, SEC_ROLE_INSUFFICIENT},
    {SEC_STATEMENT_PRODUCT, SEC_WRONG_KIND, SEC_WRONG_KIND},
    {SEC_STATEMENT_DISCLOSURE, SEC_WRONG_KIND, SEC_WRONG_KIND},
    {SEC_STATEMENT_HEAD, SEC_WRONG_KIND, SEC_WRONG_KIND},
    {SEC_STATEMENT_REPORT, SEC_WRONG_KIND, SEC_WRONG_KIND},
    {SEC_STATEMENT_LOGIN, SEC_WRONG_KIND, SEC_WRONG_KIND},
    {SEC_STATEMENT_TRANSPORT, SEC_WRONG_KIND, SEC_WRONG_KIND},
};

/* --- the device before a cell ------------------------------------------------------------------------------------------------------ */

static struct fake_device base;  /* owned, in its second epoch */
static struct fake_device ready; /* and waiting for the row's statement */
static struct fake_statement valid;
static struct fake_statement attack;
static struct sec_digest about; /* what confirm, revert and install speak of */
static uint8_t args_room[SEC_ROSTER_MAX_BYTES + 256];

static void make_base(void)
{
    kit_begin_owned();
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)));
    CHECK_OK(kit_claim(2));
    CHECK_OK(kit_roster(true));
    CHECK_OK(kit_roster(false));
    base = kit;
}

static void offer(uint64_t sequence, const char *version)
{
    struct sec_digest image = fake_image_digest(&kit, (uint8_t)sequence);
    fake_effects_spool(&kit.effects, &image);
    fake_make_release(&kit, FAKE_RELEASE, sequence, version, (uint8_t)sequence, &kit_statement);
}

static void set_up(enum setup setup)
{
    kit = base;
    switch (setup) {
    case SETUP_NONE:
        break;
    case SETUP_WIPED:
        CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)));
        break;
    case SETUP_CHANGE_WAITS:
        CHECK_OK(kit_set("speed", 2000, 3600));
        about = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
        break;
    case SETUP_OFFERED:
    case SETUP_ON_TRIAL:
        offer(2, "1.1");
        CHECK_OK(kit_submit());
        about = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
        if (setup == SETUP_ON_TRIAL)
            CHECK_STATUS(kit_command_within(FAKE_OPERATOR, SEC_ACTION_UPDATE_INSTALL, fake_digest_args(&about, SEC_ROOM(kit_args)), 3600),
                         SEC_PENDING);
        break;
    case SETUP_RECOVERING:
        CHECK_OK(kit_command(FAKE_RECOVERY, SEC_ACTION_LIFECYCLE_RECOVER, fake_recovery_args(&kit, FAKE_NEXT_OWNER, SEC_ROOM(kit_args))));
        about = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
        break;
    case SETUP_SECRETS:
        CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT("a password")));
        break;
    }
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    ready = kit;
}

static struct sec_bytes args_of(const struct row *row)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(args_room));
    struct sec_admission admission = {fake_device_signer(&kit, FAKE_STRANGER).key, SEC_LIT("our integrator")};
    switch (row->action) {
    case SEC_ACTION_ACCESS_ROSTER:
        return fake_roster_args(&kit, false, SEC_ROOM(args_room));
    case SEC_ACTION_ACCESS_ADMIT_KEY:
        sec_admission_encode(&admission, &wr);
        return sec_wr_done(&wr);
    case SEC_ACTION_CONFIGURATION_SET:
        return fake_setting_args("speed", 1500, SEC_ROOM(args_room));
    case SEC_ACTION_LIFECYCLE_SITE:
        return fake_site_args("https://hub.example", SEC_ROOM(args_room));
    case SEC_ACTION_LIFECYCLE_TRANSFER:
        return fake_transfer_args(&kit, FAKE_OWNER, SEC_ROOM(args_room));
    case SEC_ACTION_LIFECYCLE_RECOVER:
        return fake_recovery_args(&kit, FAKE_NEXT_OWNER, SEC_ROOM(args_room));
    case SEC_ACTION_BEACON_RENEW:
        return fake_beacon_args(1765000000, NULL, SEC_ROOM(args_room));
    case SEC_ACTION_LIFECYCLE_VETO:
    case SEC_ACTION_CONFIGURATION_CONFIRM:
    case SEC_ACTION_CONFIGURATION_REVERT:
    case SEC_ACTION_UPDATE_INSTALL:
        return fake_digest_args(&about, SEC_ROOM(args_room));
    default:
        return sec_bytes(NULL, 0);
    }
}

/** What a statement of the row may differ in. */
struct variant {
    enum fake_person signer;
    uint64_t leap;  /* generations beyond the next one */
    bool earlier;   /* epoch */
    bool elsewhere; /* audience */
};

/** What the row's approval speaks of: a command of an operator's. */
static void make_approved(struct fake_statement *ret_statement)
{
    struct fake_command command = {.signer = FAKE_OPERATOR, .action = SEC_ACTION_CONFIGURATION_SET,
                                   .args = fake_setting_args("speed", 1500, SEC_ROOM(args_room))};
    fake_make_command(&kit, &command, ret_statement);
}

static void make(const struct row *row, const struct variant *variant, struct fake_statement *ret_statement)
{
    struct sec_device_id other = kit.id;
    uint64_t epoch = kit.keeper.rooms.access.epoch - (variant->earlier ? 1 : 0);
    other.b[5] ^= 4;
    if (row->kind == SEC_STATEMENT_VOUCHER) {
        fake_make_voucher(&kit, variant->signer, epoch, variant->elsewhere ? &other : &kit.id, ret_statement);
    } else if (row->kind == SEC_STATEMENT_RELEASE) {
        kit.release_class = variant->elsewhere ? 9 : 2;
        fake_make_release(&kit, variant->signer, 2 + variant->leap, variant->leap ? "1.2" : "1.1", (uint8_t)(2 + variant->leap), ret_statement);
        kit.release_class = 2;
    } else if (row->kind == SEC_STATEMENT_APPROVAL) {
        static struct fake_statement approved;
        make_approved(&approved);
        struct sec_digest digest = fake_statement_digest(&kit, fake_statement_bytes(&approved));
        fake_make_approval(&kit, variant->signer, &digest, epoch, ret_statement);
    } else {
        uint64_t head = kit.keeper.rooms.access.topics[sec_action_row(row->action)->topic - 1].head;
        struct fake_command command = {.signer = variant->signer, .action = row->action, .args = args_of(row), .epoch = epoch,
                                       .generation = head + 1 + variant->leap, .other_device = variant->elsewhere ? &other : NULL};
        fake_make_command(&kit, &command, ret_statement);
    }
}

/* --- taking statements apart ---------------------------------------------------------------------------------------------------------- */

/** Where a part lies in a statement, which it borrows from. */
static size_t place_of(const struct fake_statement *statement, struct sec_bytes part)
{
    return (size_t)(part.data - statement->b);
}

/** The signed statement within, also of a release; gives what is signed. */
static void open_statement(const struct fake_statement *statement, struct sec_statement *ret_inner, struct sec_bytes *ret_payload)
{
    if (statement->b[0] == 0xd8) {
        struct sec_suit_release_envelope envelope;
        CHECK_OK(sec_suit_release_open(fake_statement_bytes(statement), &envelope));
        *ret_inner = envelope.statement;
        *ret_payload = envelope.authentication.signed_bytes;
        return;
    }
    CHECK_OK(sec_statement_parse(fake_statement_bytes(statement), ret_inner));
    *ret_payload = ret_inner->msg.payload;
}

static void make_twin(struct fake_statement *statement)
{
    struct sec_statement inner;
    struct sec_bytes payload;
    struct sec_signature signature;
    open_statement(statement, &inner, &payload);
    size_t at = place_of(statement, inner.msg.signature);
    sec_copy(signature.b, &statement->b[at], sizeof signature.b);
    fake_signature_twin(&signature);
    sec_copy(&statement->b[at], signature.b, sizeof signature.b);
}

/** A COSE_Sign1 with an empty signature: its last element, 58 40 and 64 bytes, becomes 40. */
static void put_unsigned(struct sec_bytes sign1, struct sec_wr *wr)
{
    sec_wr_bytes(wr, sec_bytes_part(sign1, 0, sign1.len - 66));
    sec_wr_u8(wr, 0x40);
}

/** The authentication wrapper of a release, [digest, block], with the block's signature taken out. */
static void put_unsigned_wrapper(struct sec_bytes wrapper, struct sec_wr *wr)
{
    struct sec_cbor rd = sec_cbor(wrapper);
    sec_cbor_array_of(&rd, 2);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_bstr(wr, sec_cbor_bstr(&rd));
    size_t mark = sec_cbor_put_bstr_begin(wr);
    put_unsigned(sec_cbor_bstr(&rd), wr);
    sec_cbor_put_bstr_end(wr, mark);
    CHECK_OK(sec_cbor_end(&rd));
}

static void make_unsigned(const struct fake_statement *from, struct fake_statement *to)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(to->b));
    if (from->b[0] != 0xd8) {
        put_unsigned(fake_statement_bytes(from), &wr);
    } else {
        struct sec_cbor rd = sec_cbor(fake_statement_bytes(from));
        sec_cbor_put_tag(&wr, sec_cbor_tag(&rd));
        size_t pairs = sec_cbor_map(&rd);
        sec_cbor_put_map(&wr, pairs);
        for (size_t i = 0; i < pairs; i++) {
            struct sec_bytes key = sec_cbor_item(&rd);
            sec_wr_bytes(&wr, key);
            if (key.len == 1 && key.data[0] == 2) {
                size_t mark = sec_cbor_put_bstr_begin(&wr);
                put_unsigned_wrapper(sec_cbor_bstr(&rd), &wr);
                sec_cbor_put_bstr_end(&wr, mark);
            } else {
                sec_wr_bytes(&wr, sec_cbor_item(&rd));
            }
        }
        CHECK_OK(sec_cbor_end(&rd));
    }
    CHECK(!wr.bad);
    to->len = wr.len;
}

/* --- cells --------------------------------------------------------------------------------------------------------------------------------- */

/** The state without the list of decided statements: a refusal that is itself recorded with a receipt adds to that alone. */
static struct sec_digest root_without_decided(void)
{
    static struct keeper_rooms rooms;
    static uint8_t scratch[SEC_RECORD_MAX_BYTES];
    struct sec_digest root = {{0}};
    rooms = kit.keeper.rooms;
    rooms.access.decided_count = 0;
    for (size_t i = 0; i < KEEPER_ROOMS_COUNT; i++)
        rooms.stale[i] = true;
    CHECK_OK(keeper_rooms_root(&rooms, &kit.crypto_port.hasher, SEC_ROOM(scratch), &root));
    return root;
}

/** Of the two refusals of releases that are decisions, with a receipt of their own. */
static bool is_recorded(const struct row *row, sec_status verdict)
{
    return row->kind == SEC_STATEMENT_RELEASE && (sec_is(verdict, SEC_DOWNGRADE) || sec_is(verdict, SEC_WRONG_PRODUCT));
}

/** Sends the attack; nothing may change. Lock-out is forgotten before: it has its own tests. */
static sec_status attempt(const struct row *row)
{
    struct sec_digest root = fake_device_state_root(&kit), bare = root_without_decided(), after;
    uint64_t effects = fake_effects_digest(&kit.effects);
    sec_refusals_init(&kit.keeper.refusals);
    sec_status verdict = kit_submit_bytes(fake_statement_bytes(&attack));
    after = is_recorded(row, verdict) ? root_without_decided() : fake_device_state_root(&kit);
    CHECK(sec_digest_equal(&after, is_recorded(row, verdict) ? &bare : &root));
    CHECK_INT(fake_effects_digest(&kit.effects), effects);
    return verdict;
}

static void expect(const struct row *row, enum column column)
{
    sec_status verdict = attempt(row);
    if (verdict.code != row->want[column])
        printf("%s, %s:\n", row->name, column_words[column]);
    CHECK_STATUS(verdict, row->want[column]);
}

static void accept_valid(void)
{
    CHECK_OK(kit_submit_bytes(fake_statement_bytes(&valid)));
    CHECK(kit.receipt_len > 0);
}

/** After the valid statement was decided: the next one, whatever it is, is accepted. */
static void accept_next(void)
{
    if (!kit.keeper.rooms.access.owned)
        CHECK_OK(kit_claim(kit.keeper.rooms.access.epoch));
    CHECK_OK(kit_roster(true));
}

static void signed_by(const struct row *row, enum column column, const enum fake_person *signers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct variant variant = {.signer = signers[i]};
        if (signers[i] == row->signer)
            continue;
        make(row, &variant, &attack);
        expect(row, column);
    }
    accept_valid();
}

static void cell_makers_other(const struct row *row)
{
    static const enum fake_person makers[] = {FAKE_ROOT, FAKE_RELEASE, FAKE_VOUCHER, FAKE_DEVICE_CA};
    signed_by(row, COLUMN_MAKERS_OTHER, makers, 4);
}

static void cell_too_low(const struct row *row)
{
    static const enum fake_person people[] = {FAKE_OWNER, FAKE_ADMINISTRATOR, FAKE_OPERATOR, FAKE_AUDITOR, FAKE_RECOVERY};
    const struct sec_action_row *action = sec_action_row(row->action);
    /* To a release every role of the owner's people is too low; to a command those below its own; operators may approve. */
    size_t first = row->kind == SEC_STATEMENT_RELEASE ? 0 : action ? (size_t)action->least_role : (size_t)SEC_ROLE_OPERATOR;
    signed_by(row, COLUMN_TOO_LOW, &people[first], 5 - first);
}

/** The decision in the answer is the very one of before: the same record, disclosed with the same salt. */
static void check_old_receipt(const struct row *row, enum column column)
{
    static uint8_t old[FAKE_RECEIPT_MAX_BYTES];
    struct sec_receipt before, after;
    size_t old_len = kit.receipt_len;
    sec_copy(old, kit.receipt, old_len);
    expect(row, column);
    CHECK(kit.receipt_len > 0);
    CHECK_OK(sec_receipt_parse(sec_bytes(old, old_len), &before));
    CHECK_OK(sec_receipt_parse(sec_bytes(kit.receipt, kit.receipt_len), &after));
    CHECK_INT(after.index, before.index);
    CHECK_BYTES(after.record_header, before.record_header);
    CHECK_BYTES(after.content, before.content);
    CHECK_BYTES(after.salt, before.salt);
    CHECK(sec_digest_equal(&after.body_digest, &before.body_digest));
}

static void cell_decided(const struct row *row, enum column column)
{
    accept_valid();
    attack = valid;
    if (column == COLUMN_TWIN) {
        make_twin(&attack);
        CHECK(!sec_bytes_equal(fake_statement_bytes(&attack), fake_statement_bytes(&valid)));
    }
    check_old_receipt(row, column);
    kit.clock.steady_ms = 0;
    CHECK_OK(fake_device_start(&kit)); /* and a restart does not make it forget */
    check_old_receipt(row, column);
    accept_next();
}

/** A newer one is decided first; the answer to the older one has the newer one's receipt, where it is a matter of generations. */
static void cell_delayed(const struct row *row)
{
    struct variant newer = {.signer = row->signer, .leap = 1};
    struct sec_signer owner = kit.signers[FAKE_OWNER];
    /* The manufacturer names another owner for the same epoch. */
    if (row->kind == SEC_STATEMENT_VOUCHER)
        kit.signers[FAKE_OWNER] = kit.signers[FAKE_STRANGER];
    if (row->kind == SEC_STATEMENT_APPROVAL)
        make_approved(&attack);
    else
        make(row, &newer, &attack);
    CHECK_OK(kit_submit_bytes(fake_statement_bytes(&attack)));
    uint64_t winner = kit_receipt.index;
    attack = valid;
    expect(row, COLUMN_DELAYED);
    if (row->want[COLUMN_DELAYED] == SEC_GENERATION_USED) {
        CHECK(kit.receipt_len > 0);
        CHECK_INT(kit_receipt.index, winner);
    }
    accept_next();
    kit.signers[FAKE_OWNER] = owner;
}

/** True when `at` lies in `part` of the valid statement. */
static bool within(size_t at, struct sec_bytes part)
{
    size_t first = place_of(&valid, part);
    return at >= first && at < first + part.len;
}

/** By where the altered byte lies: words and signature, the key's id, the frame around them. */
static bool refusal_fits(size_t at, sec_status verdict)
{
    bool release = valid.b[0] == 0xd8; /* its frame is read before the signature, and so is what it gives as digest */
    struct sec_statement inner;
    struct sec_bytes payload;
    open_statement(&valid, &inner, &payload);
    if (within(at, inner.msg.signature))
        return sec_is(verdict, SEC_BAD_SIGNATURE);
    if (within(at, payload))
        return sec_is(verdict, SEC_BAD_SIGNATURE) || (release && sec_status_class(verdict) == SEC_CLASS_INPUT);
    enum sec_status_class what = sec_status_class(verdict);
    return what == SEC_CLASS_INPUT || what == SEC_CLASS_CRYPTO || sec_is(verdict, SEC_UNKNOWN_KEY) || sec_is(verdict, SEC_WRONG_KIND);
}

/** Every byte of the statement in turn, one bit each. */
static void cell_altered(const struct row *row)
{
    struct sec_statement inner;
    struct sec_bytes payload;
    open_statement(&valid, &inner, &payload);
    for (size_t at = 0; at < valid.len; at++) {
        attack = valid;
        attack.b[at] ^= 0x01;
        sec_status verdict = attempt(row);
        bool fits = refusal_fits(at, verdict);
        if (!fits)
            printf("%s: byte %zu: %s\n", row->name, at, sec_status_word(verdict));
        CHECK(fits);
    }
    attack = valid;
    attack.b[place_of(&valid, inner.msg.signature) + 1] ^= 0x10;
    expect(row, COLUMN_ALTERED);
    accept_valid();
}

static void cell_kind(const struct row *row)
{
    struct sec_statement inner;
    struct sec_bytes payload;
    bool maker = row->kind == SEC_STATEMENT_VOUCHER || row->kind == SEC_STATEMENT_RELEASE;
    static uint8_t body[SEC_STATEMENT_MAX_BYTES];
    open_statement(&valid, &inner, &payload);
    sec_copy(body, payload.data, payload.len);
    for (size_t i = 0; i < sizeof kind_codes / sizeof kind_codes[0]; i++) {
        /* A release's own kind in a plain envelope is none, either; the others' own kind is the valid statement. */
        if (kind_codes[i].kind == row->kind && row->kind != SEC_STATEMENT_RELEASE)
            continue;
        fake_make_statement(&kit, row->signer, kind_codes[i].kind, sec_bytes(body, payload.len), &attack);
        sec_status verdict = attempt(row);
        if (!sec_is(verdict, maker ? kind_codes[i].by_maker : kind_codes[i].by_people))
            printf("%s as %s:\n", row->name, sec_statement_word(kind_codes[i].kind));
        CHECK_STATUS(verdict, maker ? kind_codes[i].by_maker : kind_codes[i].by_people);
    }
    accept_valid();
}

static void cell_variant(const struct row *row, enum column column, struct variant variant)
{
    variant.signer = row->signer;
    make(row, &variant, &attack);
    expect(row, column);
    accept_valid();
}

static void run_cell(const struct row *row, enum column column)
{
    static const enum fake_person other[] = {FAKE_OTHER_DEVICE}, revoked[] = {FAKE_REVOKED}, stranger[] = {FAKE_STRANGER};
    struct variant plain = {.signer = row->signer};
    kit = ready;
    make(row, &plain, &valid);
    switch (column) {
    case COLUMN_UNSIGNED:
        make_unsigned(&valid, &attack);
        expect(row, column);
        accept_valid();
        break;
    case COLUMN_MAKERS_OTHER:
        cell_makers_other(row);
        break;
    case COLUMN_OTHER_DEVICE:
        signed_by(row, column, other, 1);
        break;
    case COLUMN_REVOKED:
        signed_by(row, column, revoked, 1);
        break;
    case COLUMN_STRANGER:
        signed_by(row, column, stranger, 1);
        break;
    case COLUMN_TOO_LOW:
        cell_too_low(row);
        break;
    case COLUMN_REPLAYED:
    case COLUMN_TWIN:
        cell_decided(row, column);
        break;
    case COLUMN_DELAYED:
        cell_delayed(row);
        break;
    case COLUMN_ALTERED:
        cell_altered(row);
        break;
    case COLUMN_AUDIENCE:
        cell_variant(row, column, (struct variant){.elsewhere = true});
        break;
    case COLUMN_KIND:
        cell_kind(row);
        break;
    case COLUMN_EPOCH:
        cell_variant(row, column, (struct variant){.earlier = true, .leap = 5});
        break;
    case COLUMN_LEAP:
        cell_variant(row, column, (struct variant){.leap = SEC_GENERATION_LEAP_MAX});
        break;
    case COLUMNS:
        break;
    }
}

static const char *reason_of(const struct row *row, enum column column)
{
    for (size_t i = 0; i < NA_COUNT; i++) {
        if (not_applicable[i].column == column && strcmp(not_applicable[i].row, row->name) == 0)
            return not_applicable[i].reason;
    }
    return NULL;
}

/** Runs one cell and prints its line. True when it was a live one. */
static bool cell(const struct row *row, enum column column)
{
    const char *reason = reason_of(row, column);
    CHECK((reason != NULL) == (row->want[column] == NA));
    if (reason) {
        printf("%-22s %-20s n/a: %s\n", row->name, column_words[column], reason);
        return false;
    }
    run_cell(row, column);
    printf("%-22s %-20s %s\n", row->name, column_words[column], sec_status_word((sec_status){row->want[column]}));
    return true;
}

static void every_cell_is_refused_with_its_code_and_changes_nothing(void)
{
    SHOWS("F2.2");
    SHOWS("F5.3");
    size_t live = 0;
    make_base();
    for (size_t i = 0; i < ROWS; i++) {
        set_up(rows[i].setup);
        for (enum column column = 0; column < COLUMNS; column++)
            live += cell(&rows[i], column);
    }
    printf("live cells: %zu\n", live);
    CHECK_INT(live, LIVE_CELLS);
    CHECK_INT(live, 260);
}

static void every_action_that_is_carried_out_has_its_row(void)
{
    for (uint64_t action = 1; sec_action_row(action); action++) {
        bool found = false;
        for (size_t i = 0; i < ROWS; i++)
            found = found || rows[i].action == (enum sec_action)action;
        CHECK(found == sec_action_row(action)->carried_out);
    }
}

static const struct test tests[] = {
    TEST(every_cell_is_refused_with_its_code_and_changes_nothing),
    TEST(every_action_that_is_carried_out_has_its_row),
};
TEST_MAIN(tests)
