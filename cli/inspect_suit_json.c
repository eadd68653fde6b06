/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest in the drafts' words. The manifest was parsed before, so its sequences follow the grammar. */
#include "inspect_suit.h"

#include "json_cbor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 32 };

static const char *name_or_number(const char *name, int64_t number, char room[NAME_BYTES])
{
    snprintf(room, NAME_BYTES, "%" PRId64, number);
    return name ? name : room;
}

cJSON *suit_json_digest(const struct sec_suit_digest *digest)
{
    cJSON *json = cJSON_CreateObject();
    const char *name = sec_suit_hash_name(digest->alg);
    cJSON_AddItemToObject(json, "alg", name ? cJSON_CreateString(name) : json_int(digest->alg));
    cJSON_AddItemToObject(json, "bytes", json_hex(digest->bytes));
    return json;
}

/* [* bstr] as an array of hex. */
static cJSON *json_component(struct sec_cbor *rd)
{
    cJSON *array = cJSON_CreateArray();
    size_t count = sec_cbor_array(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++)
        cJSON_AddItemToArray(array, json_hex(sec_cbor_bstr(rd)));
    return array;
}

static cJSON *json_components(struct sec_bytes components)
{
    struct sec_cbor rd = sec_cbor(components);
    cJSON *array = cJSON_CreateArray();
    size_t count = components.len > 0 ? sec_cbor_array(&rd) : 0;
    for (size_t i = 0; i < count && sec_ok(rd.status); i++)
        cJSON_AddItemToArray(array, json_component(&rd));
    return array;
}

static cJSON *json_wrapped(struct sec_bytes content, bool is_digest)
{
    struct sec_cbor rd = sec_cbor(content);
    struct sec_suit_digest digest;
    if (!is_digest)
        return json_cbor(content);
    sec_suit_digest_read(&rd, &digest);
    return sec_ok(rd.status) ? suit_json_digest(&digest) : json_cbor(content);
}

static bool is_wrapped_item(int64_t parameter)
{
    return parameter == SEC_SUIT_VERSION || parameter == SEC_SUIT_ENCRYPTION_INFO || parameter == SEC_SUIT_IMAGE_DIGEST ||
           parameter == 29 || parameter == 30; /* wait-info, component-metadata */
}

/* Byte strings of named parameters as plain hex: their type is known by the name. */
static cJSON *json_parameter(int64_t parameter, struct sec_bytes value)
{
    struct sec_cbor rd = sec_cbor(value);
    if (!sec_suit_parameter_name(parameter) || sec_cbor_peek(&rd) != SEC_CBOR_BSTR)
        return json_cbor(value);
    struct sec_bytes bytes = sec_cbor_bstr(&rd);
    return is_wrapped_item(parameter) ? json_wrapped(bytes, parameter == SEC_SUIT_IMAGE_DIGEST) : json_hex(bytes);
}

static cJSON *json_parameters(struct sec_cbor *rd)
{
    char room[NAME_BYTES];
    cJSON *object = cJSON_CreateObject();
    size_t count = sec_cbor_map(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        int64_t parameter = sec_cbor_int(rd);
        struct sec_bytes value = sec_cbor_item(rd);
        const char *name = name_or_number(sec_suit_parameter_name(parameter), parameter, room);
        cJSON_AddItemToObject(object, name, json_parameter(parameter, value));
    }
    return object;
}

static cJSON *json_sequence(struct sec_bytes sequence);

static cJSON *json_branches(struct sec_cbor *rd)
{
    cJSON *array = cJSON_CreateArray();
    size_t count = sec_cbor_array(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        bool nothing = sec_cbor_is_null(rd);
        if (nothing)
            sec_cbor_null(rd);
        cJSON_AddItemToArray(array, nothing ? cJSON_CreateNull() : json_sequence(sec_cbor_bstr(rd)));
    }
    return array;
}

static cJSON *json_multiple(struct sec_cbor *rd)
{
    char room[NAME_BYTES];
    cJSON *object = cJSON_CreateObject();
    size_t count = sec_cbor_map(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        const char *index = name_or_number(NULL, sec_cbor_int(rd), room);
        cJSON_AddItemToObject(object, index, json_parameters(rd));
    }
    return object;
}

static cJSON *json_arg(const struct sec_suit_command *command)
{
    struct sec_cbor rd = sec_cbor(command->arg);
    switch (command->code) {
    case SEC_SUIT_OVERRIDE_PARAMETERS:
    case SEC_SUIT_SET_PARAMETERS:
        return json_parameters(&rd);
    case SEC_SUIT_OVERRIDE_MULTIPLE:
        return json_multiple(&rd);
    case SEC_SUIT_RUN_SEQUENCE:
        return json_sequence(sec_cbor_bstr(&rd));
    case SEC_SUIT_TRY_EACH:
        return json_branches(&rd);
    default:
        return json_cbor(command->arg);
    }
}

static cJSON *json_sequence(struct sec_bytes sequence)
{
    cJSON *array = cJSON_CreateArray();
    struct sec_suit_walk walk = sec_suit_sequence_begin(sequence);
    struct sec_suit_command command;
    while (sec_suit_sequence_next(&walk, &command)) {
        const char *name = sec_suit_command_name(command.code);
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToObject(object, "code", json_int(command.code));
        cJSON_AddStringToObject(object, "name", name ? name : command.code < 0 ? "command-custom" : "unknown");
        cJSON_AddItemToObject(object, "arg", json_arg(&command));
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

/* --- text ----------------------------------------------------------------------------- */

static void add_text(cJSON *object, const char *name, struct sec_cbor *rd)
{
    cJSON_AddItemToObject(object, name, json_cbor_next(rd));
}

static cJSON *json_component_text(struct sec_cbor *rd)
{
    char room[NAME_BYTES];
    cJSON *object = cJSON_CreateObject();
    size_t count = sec_cbor_peek(rd) == SEC_CBOR_MAP ? sec_cbor_map(rd) : 0;
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        int64_t key = sec_cbor_int(rd);
        add_text(object, name_or_number(sec_suit_component_text_name(key), key, room), rd);
    }
    return object;
}

/* {"id": [hex], texts} for each component; texts of the manifest beside them. */
static cJSON *json_language(struct sec_cbor *rd)
{
    char room[NAME_BYTES];
    cJSON *object = cJSON_CreateObject();
    cJSON *components = NULL;
    size_t count = sec_cbor_peek(rd) == SEC_CBOR_MAP ? sec_cbor_map(rd) : 0;
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        if (sec_cbor_peek(rd) == SEC_CBOR_ARRAY) {
            cJSON *id = json_component(rd);
            cJSON *component = json_component_text(rd);
            if (!components)
                components = cJSON_AddArrayToObject(object, "components");
            cJSON_AddItemToObject(component, "id", id);
            cJSON_AddItemToArray(components, component);
        } else {
            int64_t key = sec_cbor_int(rd);
            add_text(object, name_or_number(sec_suit_text_name(key), key, room), rd);
        }
    }
    return object;
}

/* {language: texts}. A map that begins without language tag, as older drafts had it, is shown as it is. */
static cJSON *json_texts(struct sec_bytes text)
{
    struct sec_cbor rd = sec_cbor(text);
    if (sec_cbor_peek(&rd) != SEC_CBOR_MAP)
        return json_cbor(text);
    struct sec_cbor inside = rd;
    size_t count = sec_cbor_map(&inside);
    if (count > 0 && sec_cbor_peek(&inside) != SEC_CBOR_TSTR)
        return json_language(&rd);
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < count && sec_ok(inside.status); i++) {
        cJSON *language = json_cbor_next(&inside);
        const char *name = cJSON_IsString(language) ? language->valuestring : "?";
        cJSON_AddItemToObject(object, name, json_language(&inside));
        cJSON_Delete(language);
    }
    return object;
}

/* --- manifest ------------------------------------------------------------------------- */

static void add_sequences(const struct suit_files *files, cJSON *manifest)
{
    cJSON *sequences = cJSON_AddObjectToObject(manifest, "sequences");
    if (files->manifest->shared_present)
        cJSON_AddItemToObject(sequences, "shared-sequence", json_sequence(files->manifest->shared_sequence));
    for (size_t i = 0; i < SEC_SUIT_PARTS_COUNT; i++) {
        int64_t member = sec_suit_part_member(i);
        struct sec_bytes content;
        if (!sec_suit_is_sequence(member) || !sec_suit_part_content(files->envelope, files->manifest, member, &content))
            continue;
        /* A severed one with a wrong digest was not looked at before; its nesting is not bounded yet. */
        if (sec_ok(sec_suit_sequence_check(content, files->manifest->components_count)))
            cJSON_AddItemToObject(sequences, sec_suit_member_name(member), json_sequence(content));
    }
}

static void add_severed(const struct suit_files *files, cJSON *json)
{
    cJSON *severed = cJSON_AddObjectToObject(json, "severed");
    for (size_t i = 0; i < SEC_SUIT_PARTS_COUNT; i++) {
        int64_t member = sec_suit_part_member(i);
        struct sec_bytes content, wrapped;
        if (!files->manifest->parts[i].by_digest)
            continue;
        bool carried = sec_suit_envelope_member(files->envelope, member, &content, &wrapped);
        cJSON_AddStringToObject(severed, sec_suit_member_name(member), carried ? "present" : "digest-only");
    }
}

static void add_dependencies(const struct sec_suit_manifest *manifest, cJSON *json)
{
    struct sec_cbor rd = sec_cbor(manifest->dependencies);
    cJSON *array = cJSON_AddArrayToObject(json, "dependencies");
    size_t count = sec_cbor_map(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToObject(object, "component", json_uint(sec_cbor_uint(&rd)));
        if (sec_cbor_map(&rd) > 0) {
            (void)sec_cbor_int(&rd);
            cJSON_AddItemToObject(object, "prefix", json_component(&rd));
        }
        cJSON_AddItemToArray(array, object);
    }
}

void suit_json_manifest(const struct suit_files *files, cJSON *json)
{
    const struct sec_suit_manifest *manifest = files->manifest;
    struct sec_bytes content;
    cJSON *object = cJSON_AddObjectToObject(json, "manifest");
    cJSON_AddItemToObject(object, "version", json_uint(1));
    cJSON_AddItemToObject(object, "sequence_number", json_uint(manifest->sequence_number));
    if (manifest->reference_uri.data)
        cJSON_AddItemToObject(object, "reference_uri", json_text(manifest->reference_uri));
    if (manifest->component_id.len > 0) {
        struct sec_cbor rd = sec_cbor(manifest->component_id);
        cJSON_AddItemToObject(object, "component_id", json_component(&rd));
    }
    if (manifest->set_version.len > 0)
        cJSON_AddItemToObject(object, "set_version", json_cbor(manifest->set_version));
    cJSON_AddItemToObject(object, "components", json_components(manifest->components));
    if (manifest->dependencies.len > 0)
        add_dependencies(manifest, object);
    add_sequences(files, object);
    add_severed(files, json);
    if (sec_suit_part_content(files->envelope, manifest, SEC_SUIT_TEXT, &content))
        cJSON_AddItemToObject(json, "text", json_texts(content));
    if (sec_suit_part_content(files->envelope, manifest, SEC_SUIT_COSWID, &content))
        cJSON_AddItemToObject(json, "coswid", json_cbor(content));
}
