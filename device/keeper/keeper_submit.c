/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

/** Who signed: somebody whom access knows, or a key of the manufacturer's. */
struct signer {
    bool maker;
    enum sec_root_role root_role;
    struct sec_access_subject subject; /* not maker */
    struct sec_public_key key;
    struct sec_key_id kid;
};

/** One statement under judgement. */
struct submission {
    struct sec_keeper *k;
    struct sec_bytes bytes;
    struct sec_statement statement;
    struct sec_bytes payload; /* what is signed: the body, or a release's detached digest */
    bool is_release;
    struct sec_suit_release_envelope envelope;
    struct sec_suit_release release; /* is_release, once its digests are checked */
    struct signer signer;
    struct sec_digest digest;
    struct sec_command command;
    struct sec_room receipt;
    size_t *ret_len;
    bool verified; /* a known key signed it */
};

/* --- who ---------------------------------------------------------------------------------------------------------- */

static sec_status find_signer(struct submission *s)
{
    struct sec_keeper *k = s->k;
    struct signer *signer = &s->signer;
    signer->kid = s->statement.kid;
    if (sec_ok(sec_access_find(&k->rooms.access, &signer->kid, &signer->subject)) && signer->subject.has_key) {
        signer->key = signer->subject.key.key;
        return sec_st(SEC_OK);
    }
    signer->maker = true;
    for (size_t i = 0; i < k->roots_count; i++) {
        if (sec_key_id_equal(&k->roots[i].kid, &signer->kid)) {
            signer->key = k->roots[i].key;
            signer->root_role = k->roots[i].role;
            return sec_st(SEC_OK);
        }
    }
    signer->root_role = SEC_ROOT_RELEASE;
    if (sec_ok(sec_access_release_key(&k->rooms.access, &signer->kid, &signer->key)))
        return sec_st(SEC_OK);
    /* The kind is a stranger's word here; it only chooses between two refusals. */
    bool command = s->statement.kind == SEC_STATEMENT_COMMAND || s->statement.kind == SEC_STATEMENT_APPROVAL;
    return sec_st(command && !k->rooms.access.owned ? SEC_NO_OWNER : SEC_UNKNOWN_KEY);
}

/** True when the manufacturer gives a key this role: one key may hold several. */
static bool holds_role(const struct submission *s, enum sec_root_role role)
{
    const struct sec_keeper *k = s->k;
    struct sec_public_key admitted;
    for (size_t i = 0; i < k->roots_count; i++) {
        if (k->roots[i].role == role && sec_key_id_equal(&k->roots[i].kid, &s->signer.kid))
            return true;
    }
    return role == SEC_ROOT_RELEASE && sec_ok(sec_access_release_key(&k->rooms.access, &s->signer.kid, &admitted));
}

/** Which kinds a house may speak: the manufacturer's keys and the owner's people speak different ones. */
static sec_status judge_kind(const struct submission *s)
{
    switch (s->statement.kind) {
    case SEC_STATEMENT_COMMAND:
    case SEC_STATEMENT_APPROVAL:
        return sec_st(s->signer.maker ? SEC_ROLE_INSUFFICIENT : SEC_OK);
    case SEC_STATEMENT_VOUCHER:
        return sec_st(s->signer.maker && holds_role(s, SEC_ROOT_VOUCHER) ? SEC_OK : SEC_ROLE_INSUFFICIENT);
    case SEC_STATEMENT_RELEASE:
        /* A release travels in its own envelope alone: as a plain statement it is none. */
        if (!s->is_release)
            return sec_st(SEC_WRONG_KIND);
        return sec_st(s->signer.maker && holds_role(s, SEC_ROOT_RELEASE) ? SEC_OK : SEC_ROLE_INSUFFICIENT);
    case SEC_STATEMENT_ROOTS:
        return sec_st(s->signer.maker && holds_role(s, SEC_ROOT_ROOT) ? SEC_OK : SEC_ROLE_INSUFFICIENT);
    default:
        return sec_st(SEC_WRONG_KIND);
    }
}

/* --- decisions ------------------------------------------------------------------------------------------------------ */

static void describe(const struct submission *s, struct keeper_record *record)
{
    record->sort = KEEPER_DECISION;
    record->digest = s->digest;
    record->kind = s->statement.kind;
    record->kid = s->signer.kid;
    record->has_role = !s->signer.maker;
    if (s->signer.maker) {
        record->signer = SEC_LIT("manufacturer");
    } else {
        record->signer = s->signer.subject.name;
        record->role = s->signer.subject.role;
    }
    record->trusted = s->k->config.clock->wall_trusted(s->k->config.clock->ctx);
    if (s->statement.kind == SEC_STATEMENT_COMMAND) {
        record->topic = s->command.topic;
        record->generation = s->command.generation;
        record->action = s->command.action;
    }
}

/**
 * Commits the decision `code` with what the draft holds, finishes its intent, and writes the receipt.
 * `consumes`: the command's generation is used up by it.
 */
static sec_status decide(struct submission *s, sec_status code, bool intent, sec_status *ret_verdict)
{
    struct sec_keeper *k = s->k;
    struct keeper_record record = {0};
    struct sec_access_decision decision = {s->digest, intent ? sec_st(SEC_PENDING) : code, SEC_TOPIC_NONE, 0, false};
    if (s->statement.kind == SEC_STATEMENT_COMMAND) {
        decision.topic = s->command.topic;
        decision.generation = s->command.generation;
        decision.by_owner = s->signer.subject.source == SEC_SUBJECT_OWNER;
    }
    sec_access_change_decided(&decision, keeper_change(k));
    keeper_add(k, KEEPER_ROOM_ACCESS);
    describe(s, &record);
    record.code = code.code;
    record.intended = intent;
    uint64_t index;
    sec_status status = keeper_commit(k, &record, &index);
    if (!sec_ok(status))
        return status;
    *ret_verdict = code;
    if (intent)
        SEC_TRY(keeper_finish_intent(k, false, ret_verdict));
    sec_status last;
    if (!sec_access_decided(&k->rooms.access, &s->digest, &index, &last))
        return sec_st(SEC_INTERNAL);
    return keeper_receipt(k, index, s->receipt, s->ret_len);
}

/** A refusal after access has let the statement through: recorded, with its receipt, and nothing else changes. */
static sec_status decide_refusal(struct submission *s, sec_status code, sec_status *ret_verdict)
{
    struct sec_wr detail = s->k->draft.detail;
    keeper_draft_begin(s->k);
    s->k->draft.detail = detail;
    return decide(s, code, false, ret_verdict);
}

/* --- voucher ---------------------------------------------------------------------------------------------------------- */

/** Room for the record of a claim: eight owners' keys, the recovery key, the words around them. */
#define CLAIM_RECORD_BYTES 4096u

/** The keys of the new epoch are made and durable before the one commit that holds voucher, owners and key numbers. */
static sec_status claim(struct submission *s, sec_status *ret_verdict)
{
    struct sec_keeper *k = s->k;
    const struct sec_keystore *keys = k->config.keystore;
    struct sec_protection_keys drawn;
    sec_status judged = sec_protection_judge_claim(&k->rooms.protection, &drawn, keeper_change(k));
    if (!sec_ok(judged))
        return decide_refusal(s, judged, ret_verdict);
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    SEC_TRY(keys->make(keys->ctx, drawn.epoch_key));
    SEC_TRY(keys->make(keys->ctx, drawn.secret_key));
    SEC_TRY(keeper_head(k));
    /* A segment that is begun for want of space is still sealed as before. */
    SEC_TRY(keeper_reserve(k, CLAIM_RECORD_BYTES));
    SEC_TRY(sec_journal_set_epoch(&k->journal, k->rooms.access.epoch, drawn.epoch_key));
    k->draft.seal = drawn.epoch_key;
    return decide(s, sec_st(SEC_OK), false, ret_verdict);
}

static sec_status submit_voucher(struct submission *s, sec_status *ret_refusal, sec_status *ret_verdict)
{
    struct sec_keeper *k = s->k;
    struct sec_access_facts facts;
    keeper_access_facts(k, &facts);
    keeper_draft_begin(k);
    *ret_refusal = sec_access_judge_voucher(&k->rooms.access, &facts, s->payload, keeper_change(k), &k->draft.detail);
    if (!sec_ok(*ret_refusal))
        return sec_st(SEC_OK);
    keeper_add(k, KEEPER_ROOM_ACCESS);
    return claim(s, ret_verdict);
}

/* --- command ---------------------------------------------------------------------------------------------------------- */

/** Restricted mode may have been ended, by a beacon or a roster; a start would bring the interfaces back as well. */
static sec_status decide_command(struct submission *s, sec_status judged, bool intent, sec_status *ret_verdict)
{
    struct sec_keeper *k = s->k;
    const bool restricted = k->rooms.access.restricted;
    SEC_TRY(decide(s, judged, intent, ret_verdict));
    if (k->rooms.access.restricted == restricted)
        return sec_st(SEC_OK);
    sec_status status = keeper_interfaces_effect(k);
    k->dead = k->dead || !sec_ok(status);
    return status;
}

static sec_status submit_command(struct submission *s, sec_status *ret_refusal, sec_status *ret_verdict)
{
    struct sec_keeper *k = s->k;
    struct sec_access_facts facts;
    bool intent = false;
    *ret_refusal = sec_command_parse(s->payload, &s->command);
    if (!sec_ok(*ret_refusal))
        return sec_st(SEC_OK);
    keeper_access_facts(k, &facts);
    keeper_draft_begin(k);
    *ret_refusal = sec_access_judge_command(&k->rooms.access, &facts, &s->signer.subject, &s->command, &s->digest,
                                            &k->draft.detail);
    if (sec_is(*ret_refusal, SEC_GENERATION_USED)) {
        /* The winner's receipt tells the signer what took the generation. */
        uint64_t index;
        sec_status code;
        const struct sec_digest *winner = &k->rooms.access.topics[s->command.topic - 1].winner;
        if (sec_access_decided(&k->rooms.access, winner, &index, &code))
            return keeper_receipt(k, index, s->receipt, s->ret_len);
    }
    if (!sec_ok(*ret_refusal))
        return sec_st(SEC_OK);
    keeper_draft_begin(k);
    sec_status judged = keeper_judge_action(k, &s->command, &s->digest, s->signer.subject.role, &intent);
    if (!sec_ok(judged) && !sec_access_refusal_consumes(&s->signer.subject)) {
        *ret_refusal = judged;
        return sec_st(SEC_OK);
    }
    if (!sec_ok(judged))
        return decide_refusal(s, judged, ret_verdict);
    k->recheck_update = true;
    return decide_command(s, judged, intent, ret_verdict);
}

/* --- approval --------------------------------------------------------------------------------------------------------- */

static sec_status submit_approval(struct submission *s, sec_status *ret_refusal, sec_status *ret_verdict)
{
    struct sec_keeper *k = s->k;
    struct sec_access_facts facts;
    keeper_access_facts(k, &facts);
    keeper_draft_begin(k);
    *ret_refusal = sec_access_judge_approval(&k->rooms.access, &facts, &s->signer.subject, s->payload, keeper_change(k), &k->draft.detail);
    if (!sec_ok(*ret_refusal))
        return sec_st(SEC_OK);
    keeper_add(k, KEEPER_ROOM_ACCESS);
    return decide(s, sec_st(SEC_OK), false, ret_verdict);
}

/* --- release ---------------------------------------------------------------------------------------------------------- */

/** The release's product record: signed by a release key as well, of this product, and small enough to be kept. */
static sec_status check_product_record(struct submission *s, const struct sec_suit_release *release)
{
    struct sec_statement statement;
    struct sec_product product;
    struct sec_keeper *k = s->k;
    if (release->product_record.len > SEC_PRODUCT_STATEMENT_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_statement_parse(release->product_record, &statement));
    if (statement.kind != SEC_STATEMENT_PRODUCT)
        return sec_st(SEC_WRONG_KIND);
    if (!sec_key_id_equal(&statement.kid, &s->signer.kid))
        return sec_st(SEC_UNKNOWN_KEY);
    SEC_TRY(sec_statement_verify(&statement, statement.msg.payload, &s->signer.key, &k->config.crypto->verifier));
    SEC_TRY(sec_product_parse(statement.msg.payload, &product));
    bool same = sec_bytes_equal(SEC_BYTES(product.facts.vendor_id.b), SEC_BYTES(k->product.facts.vendor_id.b)) &&
                sec_bytes_equal(SEC_BYTES(product.facts.class_id.b), SEC_BYTES(k->product.facts.class_id.b));
    return sec_st(same ? SEC_OK : SEC_WRONG_PRODUCT);
}

static sec_status release_facts(struct submission *s, const struct sec_suit_release *release, struct sec_update_release *ret_facts)
{
    const struct sec_hasher *hasher = &s->k->config.crypto->hasher;
    struct sec_update_release facts = {0};
    struct sec_bytes record = release->product_record;
    facts.statement = s->digest;
    if (s->envelope.authentication.digest.bytes.len != sizeof facts.manifest.b)
        return sec_st(SEC_UNSUPPORTED);
    sec_copy(facts.manifest.b, s->envelope.authentication.digest.bytes.data, sizeof facts.manifest.b);
    facts.vendor_id = release->vendor_id;
    facts.class_id = release->class_id;
    facts.sequence = release->sequence_number;
    facts.version = release->version;
    facts.image = release->image_digest;
    facts.size_bytes = release->image_size_bytes;
    facts.description = release->description;
    SEC_TRY(hasher->digest(hasher->ctx, &record, 1, &facts.product));
    *ret_facts = facts;
    return sec_st(SEC_OK);
}

static sec_status submit_release(struct submission *s, sec_status *ret_refusal, sec_status *ret_verdict)
{
    struct sec_keeper *k = s->k;
    struct sec_update_release facts;
    struct sec_update_facts device;
    *ret_refusal = sec_st(k->rooms.access.owned ? SEC_OK : SEC_NO_OWNER);
    if (sec_ok(*ret_refusal))
        *ret_refusal = release_facts(s, &s->release, &facts);
    if (!sec_ok(*ret_refusal))
        return sec_st(SEC_OK);
    keeper_draft_begin(k);
    keeper_update_facts(k, &device);
    sec_status judged = sec_update_judge_release(&k->rooms.update, &device, &facts, keeper_change(k), &k->draft.detail);
    if (sec_ok(judged)) {
        keeper_add(k, KEEPER_ROOM_UPDATE);
        judged = check_product_record(s, &s->release);
    }
    /* These two pass by themselves: the same release may come again then, so it is not remembered as decided. */
    if (sec_is(judged, SEC_UPDATE_DISABLED) || sec_is(judged, SEC_TRIAL_PENDING) || sec_is(judged, SEC_ALREADY_DECIDED)) {
        *ret_refusal = judged;
        return sec_st(SEC_OK);
    }
    if (!sec_ok(judged))
        return decide_refusal(s, judged, ret_verdict);
    keeper_product_change_pending(s->release.product_record, keeper_change(k));
    keeper_add(k, KEEPER_ROOM_PRODUCT);
    k->recheck_update = true;
    SEC_TRY(decide(s, judged, false, ret_verdict));
    if (device.notify & SEC_UPDATE_NOTIFY_APPLICATIONS)
        k->config.effects->notify(k->config.effects->ctx, SEC_LIT("update"));
    return sec_st(SEC_OK);
}

/* --- the way in --------------------------------------------------------------------------------------------------------- */

static sec_status open_envelope(struct submission *s)
{
    const uint8_t *b = s->bytes.data;
    s->is_release = s->bytes.len >= 2 && b[0] == 0xd8 && b[1] == SEC_SUIT_TAG_ENVELOPE;
    if (!s->is_release) {
        SEC_TRY(sec_statement_parse(s->bytes, &s->statement));
        s->payload = s->statement.msg.payload;
        return sec_st(SEC_OK);
    }
    SEC_TRY(sec_suit_release_open(s->bytes, &s->envelope));
    s->statement = s->envelope.statement;
    s->payload = s->envelope.authentication.signed_bytes;
    return sec_st(SEC_OK);
}

/**
 * After a wipe or a transfer the signer's key is gone, but the receipt is still owed: who sends the very statement again, which the digest tells
 * without any key, gets it, and nothing else happens.
 */
static bool is_last_word(struct submission *s)
{
    uint64_t index;
    sec_status code;
    if (!sec_ok(sec_statement_digest(&s->statement, s->payload, &s->k->config.crypto->hasher, &s->digest)))
        return false;
    return sec_access_decided(&s->k->rooms.access, &s->digest, &index, &code);
}

/** Envelope, key, signature, kind, digest. Nothing of the body is looked at before a known key has verified it. */
static sec_status admit(struct submission *s)
{
    const struct sec_crypto *crypto = s->k->config.crypto;
    SEC_TRY(open_envelope(s));
    sec_status signer = find_signer(s);
    if (!sec_ok(signer) && is_last_word(s))
        return sec_st(SEC_OK);
    SEC_TRY(signer);
    SEC_TRY(sec_statement_verify(&s->statement, s->payload, &s->signer.key, &crypto->verifier));
    s->verified = true;
    SEC_TRY(judge_kind(s));
    /* A release's signature covers a digest; the bytes behind it are checked before anything is said about it. */
    if (s->is_release)
        SEC_TRY(sec_suit_release_parse(&s->envelope, &s->signer.key, &crypto->verifier, &crypto->hasher, &s->release));
    return sec_statement_digest(&s->statement, s->payload, &crypto->hasher, &s->digest);
}

static sec_status dispatch(struct submission *s, sec_status *ret_refusal, sec_status *ret_verdict)
{
    uint64_t index;
    sec_status code;
    if (sec_access_decided(&s->k->rooms.access, &s->digest, &index, &code)) {
        *ret_verdict = sec_st(SEC_ALREADY_DECIDED);
        return keeper_receipt(s->k, index, s->receipt, s->ret_len);
    }
    switch (s->statement.kind) {
    case SEC_STATEMENT_COMMAND:
        return submit_command(s, ret_refusal, ret_verdict);
    case SEC_STATEMENT_APPROVAL:
        return submit_approval(s, ret_refusal, ret_verdict);
    case SEC_STATEMENT_VOUCHER:
        return submit_voucher(s, ret_refusal, ret_verdict);
    case SEC_STATEMENT_RELEASE:
        return submit_release(s, ret_refusal, ret_verdict);
    default:
        *ret_refusal = sec_st(SEC_UNSUPPORTED);
        return sec_st(SEC_OK);
    }
}

/** A refusal that consumes nothing: counted, answered, slowed down when it is a stranger's. */
static sec_status count_refusal(struct submission *s, sec_status refusal)
{
    struct sec_keeper *k = s->k;
    const struct sec_clock *clock = k->config.clock;
    uint64_t now_ms = clock->steady_ms(clock->ctx);
    sec_refusals_add(&k->refusals, refusal, now_ms, keeper_time_shown(k));
    if (s->verified)
        return refusal;
    struct sec_lockout_policy policy;
    keeper_lockout_policy(k, &policy);
    return sec_lockout_answer(&k->refusals, &policy, refusal, now_ms);
}

sec_status sec_keeper_vet(struct sec_keeper *keeper, struct sec_bytes statement)
{
    struct submission s = {0};
    if (keeper->tampered || keeper->dead)
        return sec_st(keeper->tampered ? SEC_TAMPERED : SEC_BROKEN);
    s.k = keeper;
    s.bytes = statement;
    SEC_TRY(statement.len > SEC_STATEMENT_MAX_BYTES ? sec_st(SEC_TOO_LARGE) : admit(&s));
    /* A last word is answered without any key. */
    return sec_st(s.verified ? SEC_OK : keeper->rooms.access.owned ? SEC_UNKNOWN_KEY : SEC_NO_OWNER);
}

sec_status sec_keeper_submit(struct sec_keeper *keeper, struct sec_bytes statement, struct sec_bytes beside,
                             struct sec_room receipt, size_t *ret_len, sec_status *ret_verdict)
{
    struct submission s = {0};
    sec_status verdict = sec_st(SEC_OK);
    size_t len = 0;
    if (keeper->tampered || keeper->dead)
        return sec_st(keeper->tampered ? SEC_TAMPERED : SEC_BROKEN);
    s.k = keeper;
    s.bytes = statement;
    s.receipt = receipt;
    s.ret_len = &len;
    sec_status refusal = statement.len > SEC_STATEMENT_MAX_BYTES ? sec_st(SEC_TOO_LARGE) : admit(&s);
    if (sec_ok(refusal) && beside.len)
        refusal = sec_st(SEC_UNSUPPORTED);
    if (sec_ok(refusal))
        SEC_TRY(dispatch(&s, &refusal, &verdict));
    if (!sec_ok(refusal))
        verdict = count_refusal(&s, refusal);
    *ret_len = len;
    *ret_verdict = verdict;
    return sec_st(SEC_OK);
}
