/* SPDX-License-Identifier: Apache-2.0 */
/* The drafts' numbers, names and forms, as tables that one can read beside the drafts. */
#include "manifest_inside.h"

struct named {
    int64_t number;
    const char *name;
};

struct named_command {
    int64_t code;
    const char *name;
    enum suit_arg arg;
};

struct named_parameter {
    int64_t parameter;
    const char *name;
    enum suit_value value;
};

static const struct named members[] = {
    {1, "delegation"},
    {2, "authentication-wrapper"},
    {3, "manifest"},
    {7, "validate"},
    {8, "load"},
    {9, "invoke"},
    {14, "coswid"},
    {15, "dependency-resolution"},
    {16, "payload-fetch"},
    {18, "candidate-verification"},
    {20, "install"},
    {23, "text"},
    {24, "uninstall"},
};

static const struct named_command commands[] = {
    {1, "condition-vendor-identifier", SUIT_ARG_POLICY},
    {2, "condition-class-identifier", SUIT_ARG_POLICY},
    {3, "condition-image-match", SUIT_ARG_POLICY},
    {4, "condition-use-before", SUIT_ARG_POLICY},
    {5, "condition-component-slot", SUIT_ARG_POLICY},
    {6, "condition-check-content", SUIT_ARG_POLICY},
    {7, "condition-dependency-integrity", SUIT_ARG_POLICY},
    {8, "condition-is-dependency", SUIT_ARG_POLICY},
    {11, "directive-process-dependency", SUIT_ARG_POLICY},
    {12, "directive-set-component-index", SUIT_ARG_INDEX},
    {14, "condition-abort", SUIT_ARG_POLICY},
    {15, "directive-try-each", SUIT_ARG_TRY_EACH},
    {18, "directive-write", SUIT_ARG_POLICY},
    {19, "directive-set-parameters", SUIT_ARG_PARAMETERS},
    {20, "directive-override-parameters", SUIT_ARG_PARAMETERS},
    {21, "directive-fetch", SUIT_ARG_POLICY},
    {22, "directive-copy", SUIT_ARG_POLICY},
    {23, "directive-invoke", SUIT_ARG_POLICY},
    {24, "condition-device-identifier", SUIT_ARG_POLICY},
    {25, "condition-image-not-match", SUIT_ARG_POLICY},
    {26, "condition-minimum-battery", SUIT_ARG_POLICY},
    {27, "condition-update-authorized", SUIT_ARG_POLICY},
    {28, "condition-version", SUIT_ARG_POLICY},
    {29, "directive-wait", SUIT_ARG_POLICY},
    {31, "directive-swap", SUIT_ARG_POLICY},
    {32, "directive-run-sequence", SUIT_ARG_SEQUENCE},
    {33, "directive-unlink", SUIT_ARG_POLICY},
    {34, "directive-override-multiple", SUIT_ARG_MULTIPLE},
    {35, "directive-copy-params", SUIT_ARG_COPY},
};

static const struct named_parameter parameters[] = {
    {1, "vendor-identifier", SUIT_VALUE_VENDOR},
    {2, "class-identifier", SUIT_VALUE_UUID},
    {3, "image-digest", SUIT_VALUE_DIGEST},
    {4, "use-before", SUIT_VALUE_UINT},
    {5, "component-slot", SUIT_VALUE_UINT},
    {12, "strict-order", SUIT_VALUE_BOOL},
    {13, "soft-failure", SUIT_VALUE_BOOL},
    {14, "image-size", SUIT_VALUE_UINT},
    {18, "content", SUIT_VALUE_BYTES},
    {19, "encryption-info", SUIT_VALUE_CBOR},
    {21, "uri", SUIT_VALUE_TEXT},
    {22, "source-component", SUIT_VALUE_UINT},
    {23, "invoke-args", SUIT_VALUE_BYTES},
    {24, "device-identifier", SUIT_VALUE_UUID},
    {25, "fetch-arguments", SUIT_VALUE_BYTES},
    {26, "minimum-battery", SUIT_VALUE_UINT},
    {27, "update-priority", SUIT_VALUE_INT},
    {28, "version", SUIT_VALUE_CBOR},
    {29, "wait-info", SUIT_VALUE_CBOR},
    {30, "component-metadata", SUIT_VALUE_CBOR},
};

static const struct named hashes[] = {
    {SEC_SUIT_SHA256, "SHA-256"},   {SEC_SUIT_SHAKE128, "SHAKE128"}, {SEC_SUIT_SHA384, "SHA-384"},
    {SEC_SUIT_SHA512, "SHA-512"},   {SEC_SUIT_SHAKE256, "SHAKE256"},
};

static const struct named texts[] = {
    {1, "manifest-description"},
    {2, "update-description"},
    {3, "manifest-json-source"},
    {4, "manifest-yaml-source"},
};

static const struct named component_texts[] = {
    {1, "vendor-name"}, {2, "model-name"},          {3, "vendor-domain"},
    {4, "model-info"},  {5, "component-description"}, {6, "component-version"},
    {7, "version-required"}, {8, "current-version"},
};

static const struct named reasons[] = {
    {SEC_SUIT_REASON_OK, "ok"},
    {SEC_SUIT_REASON_CBOR_PARSE, "cbor-parse"},
    {SEC_SUIT_REASON_COSE_UNSUPPORTED, "cose-unsupported"},
    {SEC_SUIT_REASON_ALG_UNSUPPORTED, "alg-unsupported"},
    {SEC_SUIT_REASON_UNAUTHORISED, "unauthorised"},
    {SEC_SUIT_REASON_COMMAND_UNSUPPORTED, "command-unsupported"},
    {SEC_SUIT_REASON_COMPONENT_UNSUPPORTED, "component-unsupported"},
    {SEC_SUIT_REASON_COMPONENT_UNAUTHORISED, "component-unauthorised"},
    {SEC_SUIT_REASON_PARAMETER_UNSUPPORTED, "parameter-unsupported"},
    {SEC_SUIT_REASON_SEVERING_UNSUPPORTED, "severing-unsupported"},
    {SEC_SUIT_REASON_CONDITION_FAILED, "condition-failed"},
    {SEC_SUIT_REASON_OPERATION_FAILED, "operation-failed"},
    {SEC_SUIT_REASON_INVOKE_PENDING, "invoke-pending"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *find_name(const struct named *table, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].number == number)
            return table[i].name;
    return NULL;
}

static const struct named_command *find_command(int64_t code)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (commands[i].code == code)
            return &commands[i];
    return NULL;
}

static const struct named_parameter *find_parameter(int64_t parameter)
{
    for (size_t i = 0; i < COUNT(parameters); i++)
        if (parameters[i].parameter == parameter)
            return &parameters[i];
    return NULL;
}

const char *sec_suit_member_name(int64_t member)
{
    return find_name(members, COUNT(members), member);
}

const char *sec_suit_command_name(int64_t code)
{
    const struct named_command *found = find_command(code);
    return found ? found->name : NULL;
}

const char *sec_suit_parameter_name(int64_t parameter)
{
    const struct named_parameter *found = find_parameter(parameter);
    return found ? found->name : NULL;
}

const char *sec_suit_hash_name(int64_t alg)
{
    return find_name(hashes, COUNT(hashes), alg);
}

const char *sec_suit_text_name(int64_t key)
{
    return find_name(texts, COUNT(texts), key);
}

const char *sec_suit_component_text_name(int64_t key)
{
    return find_name(component_texts, COUNT(component_texts), key);
}

const char *sec_suit_reason_name(int64_t reason)
{
    return find_name(reasons, COUNT(reasons), reason);
}

enum suit_arg suit_arg_of(int64_t code)
{
    const struct named_command *found = find_command(code);
    return found ? found->arg : SUIT_ARG_ANY;
}

enum suit_value suit_value_of(int64_t parameter)
{
    const struct named_parameter *found = find_parameter(parameter);
    return found ? found->value : SUIT_VALUE_ANY;
}
