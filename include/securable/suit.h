/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUIT: manifests of releases (draft-ietf-suit-manifest) and reports on them (draft-ietf-suit-report).
 *
 * Three layers.
 *  1. Reading any envelope without copying: sec_suit_envelope_parse(), sec_suit_manifest_parse(), walks over
 *     authentication blocks, integrated payloads, command sequences and parameters. Names are those of the drafts'
 *     grammars (manifest, update-management, trust-domains, firmware-encryption) without the leading "suit-".
 *  2. sec_suit_check(): every digest that the manifest gives, and nothing in the envelope that nothing refers to.
 *     Who signed is not its matter.
 *  3. Our own releases, both directions: exactly one shape, see sec_suit_release_encode().
 * Memory: none; all slices borrow from the input.
 * Limits: below; a device refuses envelopes beyond SEC_STATEMENT_MAX_BYTES, the reader itself does not.
 * Threads: no state at all.
 * Serves F5.1 to F5.3, S71, S86, S94.
 */
#ifndef SECURABLE_SUIT_H
#define SECURABLE_SUIT_H

#include <securable/statement.h>

#define SEC_SUIT_TAG_ENVELOPE 107u
/** Components of one manifest; one bit each in a set. */
#define SEC_SUIT_COMPONENTS_MAX_COUNT 64u
/** Integrated payloads of one envelope: each is looked for in the whole manifest. */
#define SEC_SUIT_PAYLOADS_MAX_COUNT 64u
/** Pairs of one map of parameters or text. */
#define SEC_SUIT_PAIRS_MAX_COUNT 256u
/** Sequences within sequences. */
#define SEC_SUIT_NESTING_MAX 8u
/** Envelopes within envelopes. */
#define SEC_SUIT_DEPENDENCY_MAX_DEPTH 4u
/** The longest digest of the COSE hash algorithms that SUIT names (SHA-512, SHAKE256). */
#define SEC_SUIT_DIGEST_MAX_BYTES 64u

/** COSE hash algorithms (RFC 9054). */
enum sec_suit_hash {
    SEC_SUIT_SHA256 = -16,
    SEC_SUIT_SHAKE128 = -18,
    SEC_SUIT_SHA384 = -43,
    SEC_SUIT_SHA512 = -44,
    SEC_SUIT_SHAKE256 = -45,
};

/** Members of envelope and manifest; both use the same numbers. */
enum sec_suit_member {
    SEC_SUIT_DELEGATION = 1,     /* envelope */
    SEC_SUIT_AUTHENTICATION = 2, /* envelope */
    SEC_SUIT_MANIFEST = 3,       /* envelope */
    SEC_SUIT_VALIDATE = 7,
    SEC_SUIT_LOAD = 8,
    SEC_SUIT_INVOKE = 9,
    SEC_SUIT_COSWID = 14,
    SEC_SUIT_DEPENDENCY_RESOLUTION = 15,
    SEC_SUIT_PAYLOAD_FETCH = 16,
    SEC_SUIT_CANDIDATE_VERIFICATION = 18,
    SEC_SUIT_INSTALL = 20,
    SEC_SUIT_TEXT = 23,
    SEC_SUIT_UNINSTALL = 24,
};

/** Commands whose arguments this reader understands; all others carry a reporting policy or belong to others. */
enum sec_suit_command_code {
    SEC_SUIT_CONDITION_VENDOR = 1,
    SEC_SUIT_CONDITION_CLASS = 2,
    SEC_SUIT_CONDITION_IMAGE_MATCH = 3,
    SEC_SUIT_SET_COMPONENT_INDEX = 12,
    SEC_SUIT_TRY_EACH = 15,
    SEC_SUIT_SET_PARAMETERS = 19,
    SEC_SUIT_OVERRIDE_PARAMETERS = 20,
    SEC_SUIT_FETCH = 21,
    SEC_SUIT_RUN_SEQUENCE = 32,
    SEC_SUIT_OVERRIDE_MULTIPLE = 34,
    SEC_SUIT_COPY_PARAMS = 35,
};

enum sec_suit_parameter {
    SEC_SUIT_VENDOR_ID = 1,
    SEC_SUIT_CLASS_ID = 2,
    SEC_SUIT_IMAGE_DIGEST = 3,
    SEC_SUIT_VERSION = 28,
    SEC_SUIT_IMAGE_SIZE = 14,
    SEC_SUIT_ENCRYPTION_INFO = 19,
    SEC_SUIT_URI = 21,
    SEC_SUIT_SOURCE_COMPONENT = 22,
};

/** SUIT_Digest: an algorithm and its bytes. */
struct sec_suit_digest {
    int64_t alg;
    struct sec_bytes bytes;
};

/**
 * What sec_suit_check() hashes with. A device has SHA-256 alone (sec_suit_hasher_of()); a tool for people may offer more.
 * `digest` writes the digest of the joined parts; UNSUPPORTED for an algorithm that it does not have.
 */
struct sec_suit_hasher {
    const void *ctx;
    sec_status (*digest)(const void *ctx, int64_t alg, const struct sec_bytes *parts, size_t parts_count,
                         struct sec_room to, size_t *ret_len);
};

/** A hasher with SHA-256 alone. Borrows `hasher`. */
struct sec_suit_hasher sec_suit_hasher_of(const struct sec_hasher *hasher);

/* --- names ------------------------------------------------------------------------ */

/** Names from the drafts, NUL-terminated constants; null for a number that they do not give. */
const char *sec_suit_member_name(int64_t member);
const char *sec_suit_command_name(int64_t code);
const char *sec_suit_parameter_name(int64_t parameter);
const char *sec_suit_hash_name(int64_t alg);
const char *sec_suit_text_name(int64_t key);
const char *sec_suit_component_text_name(int64_t key);

/* --- envelope --------------------------------------------------------------------- */

/** An envelope taken apart. `authentication`, `delegation` and `manifest` are contents of their byte strings. */
struct sec_suit_envelope {
    bool tagged;
    bool delegated; /* a delegation member is there */
    struct sec_bytes delegation;
    struct sec_bytes authentication;
    struct sec_bytes manifest;
    struct sec_bytes manifest_wrapped; /* the byte string with its CBOR head: what the digest covers */
    struct sec_bytes pairs;            /* keys and values of the whole map */
    size_t pairs_count;
};

/**
 * Takes an envelope apart, tag 107 or no tag.
 * UNEXPECTED_TYPE for another tag or type, DUPLICATE_KEY, UNKNOWN_FIELD for a member that the drafts do not name,
 * MISSING_FIELD without authentication or manifest, TOO_LARGE, and what sec_cbor_check() (foreign) refuses.
 */
sec_status sec_suit_envelope_parse(struct sec_bytes in, struct sec_suit_envelope *ret_envelope);

/** A severed member: content, and the byte string with its head. False when the envelope does not carry it. */
bool sec_suit_envelope_member(const struct sec_suit_envelope *envelope, int64_t member, struct sec_bytes *ret_content,
                              struct sec_bytes *ret_wrapped);

/** A walk over integrated payloads: members with a text key. */
struct sec_suit_payload {
    struct sec_bytes name;
    struct sec_bytes content;
};
struct sec_suit_payload_walk {
    struct sec_cbor rd;
    size_t left;
};
struct sec_suit_payload_walk sec_suit_payload_begin(const struct sec_suit_envelope *envelope);
bool sec_suit_payload_next(struct sec_suit_payload_walk *walk, struct sec_suit_payload *ret_payload);

/** SUIT_Authentication. `signed_bytes` is what the blocks sign: the encoded SUIT_Digest. */
struct sec_suit_authentication {
    struct sec_suit_digest digest;
    struct sec_bytes signed_bytes;
    struct sec_bytes blocks; /* byte strings, one after another */
    size_t blocks_count;
};

/** UNEXPECTED_TYPE, MISSING_FIELD for an empty array, what the digest's grammar refuses. */
sec_status sec_suit_authentication_parse(struct sec_bytes in, struct sec_suit_authentication *ret_authentication);
/** The block at `index`: one well-formed item with tag 17, 18, 97 or 98. NOT_FOUND, UNEXPECTED_TYPE. */
sec_status sec_suit_authentication_block(const struct sec_suit_authentication *authentication, size_t index,
                                         struct sec_bytes *ret_block);

/* --- manifest --------------------------------------------------------------------- */

/** One member of a manifest that may be a byte string or, when severable, a digest. */
struct sec_suit_part {
    bool present;
    bool by_digest;
    struct sec_bytes content; /* when not by_digest */
    struct sec_suit_digest digest;
};

#define SEC_SUIT_PARTS_COUNT 10u

struct sec_suit_manifest {
    uint64_t sequence_number;
    struct sec_bytes reference_uri; /* text; empty when absent */
    struct sec_bytes component_id;  /* encoded array; empty when absent */
    struct sec_bytes set_version;   /* content of the byte string; empty when absent */
    struct sec_bytes components;    /* encoded array; empty when absent */
    size_t components_count;
    struct sec_bytes dependencies; /* encoded map; empty when absent */
    uint64_t dependencies_set;     /* bit i: component i is a dependency */
    bool shared_present;
    struct sec_bytes shared_sequence;
    struct sec_suit_part parts[SEC_SUIT_PARTS_COUNT]; /* see sec_suit_part_member() */
};

/** Which member `parts[index]` holds; 0 beyond the end. */
int64_t sec_suit_part_member(size_t index);
/** The part of a member; null for a number that no part has. */
const struct sec_suit_part *sec_suit_part_of(const struct sec_suit_manifest *manifest, int64_t member);
/** True for members that are command sequences. */
bool sec_suit_is_sequence(int64_t member);

/**
 * Parses a manifest (the content of its byte string) and all its sequences that it holds itself.
 * UNKNOWN_FORMAT for another version than 1; UNKNOWN_FIELD, DUPLICATE_KEY, MISSING_FIELD, BAD_VALUE, UNEXPECTED_TYPE, TOO_LARGE.
 */
sec_status sec_suit_manifest_parse(struct sec_bytes in, struct sec_suit_manifest *ret_manifest);

/** Reads a SUIT_Digest; a digest with further parameters is UNSUPPORTED. */
void sec_suit_digest_read(struct sec_cbor *rd, struct sec_suit_digest *ret_digest);

/* --- sequences -------------------------------------------------------------------- */

struct sec_suit_command {
    int64_t code;
    struct sec_bytes arg; /* one encoded item */
};
struct sec_suit_walk {
    struct sec_cbor rd;
    size_t left;
};
/** Starts at a sequence (content of its byte string). */
struct sec_suit_walk sec_suit_sequence_begin(struct sec_bytes sequence);
/** False at the end and after a failure, which sec_suit_sequence_end() tells. */
bool sec_suit_sequence_next(struct sec_suit_walk *walk, struct sec_suit_command *ret_command);
sec_status sec_suit_sequence_end(const struct sec_suit_walk *walk);

/**
 * Checks a sequence and those within it: grammar of all arguments and parameters that the drafts name, component
 * indices below `components_count`. Commands and parameters of others (numbers that the drafts do not name) pass.
 */
sec_status sec_suit_sequence_check(struct sec_bytes sequence, size_t components_count);

/* --- integrity -------------------------------------------------------------------- */

/** DIGEST_MISMATCH, UNSUPPORTED for an algorithm that the hasher lacks, BAD_VALUE for a wrong length. */
sec_status sec_suit_digest_check(const struct sec_suit_digest *digest, struct sec_bytes bytes,
                                 const struct sec_suit_hasher *hasher);

enum sec_suit_payload_state {
    SEC_SUIT_PAYLOAD_MATCHES,    /* has the image digest of a component that it is fetched or copied to */
    SEC_SUIT_PAYLOAD_UNCHECKED,  /* referred to, but the manifest gives no digest of these bytes (it is encrypted, say) */
    SEC_SUIT_PAYLOAD_DEPENDENCY, /* an envelope; its manifest has the digest */
};

/**
 * Judges one integrated payload: UNREFERENCED when no `uri` of the manifest names it, DIGEST_MISMATCH when it has none of
 * the digests that the manifest gives for it. Which branch of a try-each a device takes is not known here, so any
 * digest of the component is good. Severed sequences count only when the envelope carries them.
 */
sec_status sec_suit_payload_check(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                                  const struct sec_suit_payload *payload, const struct sec_suit_hasher *hasher,
                                  enum sec_suit_payload_state *ret_state);

/** A part's content, its own or the envelope's. False when it is absent or severed and not carried. */
bool sec_suit_part_content(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                           int64_t member, struct sec_bytes *ret_content);

/**
 * Checks everything that needs no key: the authentication digest, digests of severed members, integrated payloads,
 * envelopes within this one, and that nothing is carried that nothing refers to (UNREFERENCED).
 */
sec_status sec_suit_check(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                          const struct sec_suit_hasher *hasher);

/* --- our releases ----------------------------------------------------------------- */

/** The path segment of the component that holds the product record, and its name in the envelope. */
#define SEC_SUIT_PRODUCT_COMPONENT "product"
#define SEC_SUIT_PRODUCT_URI "#product"
/** Room that the frame of a release needs besides `coswid`, `product_record`, `uri` and the texts. */
#define SEC_SUIT_RELEASE_FRAME_BYTES 1536u

/** What a release says of its changes. */
#define SEC_SUIT_DESCRIPTION_MAX_BYTES 2048u

/** What a release says. `component` is the name of a slot set; `uri` names the payload's file, never a part of the envelope. */
struct sec_suit_release {
    uint64_t sequence_number;
    struct sec_uuid vendor_id;
    struct sec_uuid class_id;
    struct sec_digest image_digest;
    uint64_t image_size_bytes;
    struct sec_bytes component;
    struct sec_bytes uri;
    struct sec_bytes version;        /* text for people: "1.1" */
    struct sec_bytes description;    /* text for people: what changes; may be empty */
    struct sec_bytes product_record; /* the signed product record that the release was built from */
    struct sec_bytes coswid;         /* RFC 9393; empty when the release has none or it was severed */
    /* What follows is found by parsing and not looked at when encoding. */
    bool coswid_severed;                /* the manifest names a CoSWID that the envelope does not carry */
    struct sec_digest statement_digest; /* of the release statement: what owners consent to */
    struct sec_digest manifest_digest;  /* as the authentication gives it: what a SUIT_Report refers to */
    struct sec_digest product_digest;   /* SHA-256 of `product_record` */
};

/**
 * Writes a signed release.
 * Shape: two components. [component] is the image; its bytes travel beside the envelope as the file `uri`. ["product"] is
 * the signed product record, an integrated payload under "#product": so SUIT's own rules (image-digest, image-size,
 * image-match) bind it to the manifest, any SUIT tool shows and checks it, and it is not a private extension.
 * CoSWID and text are severable, bound by digest. The authentication block is a statement of kind RELEASE with
 * detached payload.
 * BAD_VALUE for an empty component, uri, version or record, a `uri` that is no plain file name, a component named
 * "product", or a text beyond its limit; NOT_UTF8; what sec_cbor_check() (foreign) refuses of `coswid`; ROOM_FULL;
 * TOO_LARGE beyond SEC_STATEMENT_MAX_BYTES; the signer's and hasher's failures.
 */
sec_status sec_suit_release_encode(const struct sec_suit_release *release, const struct sec_signer *signer,
                                   const struct sec_hasher *hasher, struct sec_wr *wr);

/** A release whose signer is named but not yet verified. */
struct sec_suit_release_envelope {
    struct sec_suit_envelope envelope;
    struct sec_suit_authentication authentication;
    struct sec_statement statement; /* kind RELEASE; kid tells which key to verify with */
};

/**
 * First step: takes the fixed-shape frame apart; nothing of the manifest is looked at.
 * TOO_LARGE, UNSIGNED without a block, WRONG_KIND for another statement, and what the frame's grammar refuses.
 */
sec_status sec_suit_release_open(struct sec_bytes in, struct sec_suit_release_envelope *ret_envelope);

/**
 * Second step: verifies signature and digests, then reads the manifest, which must be exactly of our shape.
 * BAD_SIGNATURE, BAD_ALGORITHM, BAD_KEY, DIGEST_MISMATCH, UNREFERENCED, and what the grammar refuses: BAD_VALUE,
 * UNEXPECTED_TYPE, UNKNOWN_FIELD, MISSING_FIELD, NOT_DETERMINISTIC, LEFTOVER.
 */
sec_status sec_suit_release_parse(const struct sec_suit_release_envelope *envelope, const struct sec_public_key *key,
                                  const struct sec_verifier *verifier, const struct sec_hasher *hasher,
                                  struct sec_suit_release *ret_release);

/* --- SUIT_Report ------------------------------------------------------------------ */

/** Why a procedure failed, for every reader of the format. */
enum sec_suit_reason {
    SEC_SUIT_REASON_OK = 0,
    SEC_SUIT_REASON_CBOR_PARSE = 1,
    SEC_SUIT_REASON_COSE_UNSUPPORTED = 2,
    SEC_SUIT_REASON_ALG_UNSUPPORTED = 3,
    SEC_SUIT_REASON_UNAUTHORISED = 4,
    SEC_SUIT_REASON_COMMAND_UNSUPPORTED = 5,
    SEC_SUIT_REASON_COMPONENT_UNSUPPORTED = 6,
    SEC_SUIT_REASON_COMPONENT_UNAUTHORISED = 7,
    SEC_SUIT_REASON_PARAMETER_UNSUPPORTED = 8,
    SEC_SUIT_REASON_SEVERING_UNSUPPORTED = 9,
    SEC_SUIT_REASON_CONDITION_FAILED = 10,
    SEC_SUIT_REASON_OPERATION_FAILED = 11,
    SEC_SUIT_REASON_INVOKE_PENDING = 12,
};

#define SEC_SUIT_REPORT_RECORDS_MAX_COUNT 8u

/** SUIT_Record: one place in a manifest. Our manifests have no dependencies, so there is no path to one. */
struct sec_suit_record {
    int64_t section;            /* a member: SEC_SUIT_INSTALL ... */
    uint64_t offset_bytes;      /* of the command within the sequence */
    uint64_t component_index;
    struct sec_bytes properties; /* an encoded map of parameters as measured; empty is written as an empty map */
};

/** SUIT_Report without capability report. `nonce` may be empty; `manifest_uri` too when the manifest has none. */
struct sec_suit_report {
    struct sec_bytes nonce;
    struct sec_bytes manifest_uri;
    struct sec_digest manifest_digest;
    struct sec_suit_record records[SEC_SUIT_REPORT_RECORDS_MAX_COUNT];
    size_t records_count;
    bool success;
    int64_t code;                 /* on failure: our sec_status code */
    enum sec_suit_reason reason;  /* on failure */
    struct sec_suit_record where; /* on failure */
};

/** The reason that others understand for a status of ours. */
enum sec_suit_reason sec_suit_reason_of(sec_status status);
/** "condition-failed" ...; null for a number outside the list. */
const char *sec_suit_reason_name(int64_t reason);

/** BAD_VALUE when records_count is beyond its limit, a failure's reason is OK or unknown, or properties are no map; ROOM_FULL. */
sec_status sec_suit_report_encode(const struct sec_suit_report *report, struct sec_wr *wr);
/**
 * Parses a deterministic report of the members above.
 * UNSUPPORTED for a path to a dependency, property claims, another digest than SHA-256; TOO_LARGE; what the grammar refuses.
 */
sec_status sec_suit_report_parse(struct sec_bytes in, struct sec_suit_report *ret_report);

#endif
