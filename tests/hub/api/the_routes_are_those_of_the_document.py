#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of the table of routes stands in the OpenAPI document with its scope, and every operation of the document in the table; the document holds together."""
import json
import re
import sys

from contract import DOCUMENT, ROOT, faults

ROW = re.compile(r'HUB_API_ROW\("(\w+)",\s*"([^"]+)",\s*(\w+),|\{"(\w+)", "/api/v1/([^"]+)", HUB_API_PEOPLE, (\w+),')


def rows():
    table = (ROOT / "hub" / "api.h").read_text().split("#define HUB_API_ROUTES", 1)[1]
    for match in ROW.finditer(table):
        method, pattern, scope = match.groups()[:3] if match.group(1) else match.groups()[3:]
        yield method.lower(), "/api/v1/" + pattern, scope.replace("HUB_SCOPE_", "").lower().replace("0", "none")


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method, re.sub(r"\{\w+\}", "*", path), operation["x-scope"]


def check_operation(name, operation, ids):
    if operation["operationId"] in ids:
        yield f"{name}: operationId twice"
    ids.add(operation["operationId"])
    names = {parameter.get("name") or parameter["$ref"].split("/")[-1] for parameter in operation.get("parameters", [])}
    wanted = set(re.findall(r"\{(\w+)\}", name))
    declared = {DOCUMENT["components"]["parameters"].get(n, {"name": n})["name"] for n in names}
    for missing in wanted - declared:
        yield f"{name}: {missing} is not declared"
    if operation["x-scope"] != "none" and operation["security"] != [{"bearer": []}]:
        yield f"{name}: scope without security"
    bodies = list(operation["responses"].values()) + [operation.get("requestBody", {})]
    for content in (content for body in bodies for content in body.get("content", {}).values()):
        if "example" in content and content["schema"].get("type") != "string":
            yield from (f"{name}: example: {fault}" for fault in faults(content["example"], content["schema"]))


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def check_components():
    used = set(references(DOCUMENT))
    for room, items in DOCUMENT["components"].items():
        for name, item in items.items():
            if room != "securitySchemes" and f"#/components/{room}/{name}" not in used:
                yield f"{room}/{name} is used by nothing"
            if room == "responses":
                content = item["content"]["application/problem+json"]
                yield from (f"{name}: {fault}" for fault in faults(content["example"], content["schema"]))
    for reference in used:
        node = DOCUMENT
        for part in reference.lstrip("#/").split("/"):
            node = node.get(part, {})
        if not node:
            yield f"{reference} leads nowhere"


def main():
    table, document = sorted(rows()), sorted(operations())
    wrong = [f"only in the table: {row}" for row in table if row not in document]
    wrong += [f"only in the document: {row}" for row in document if row not in table]
    ids = set()
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            wrong += check_operation(path, operation, ids)
    wrong += check_components()
    print(json.dumps(wrong, indent=1) if wrong else f"{len(table)} routes, {len(DOCUMENT['components']['schemas'])} schemas agree")
    print(f"{len(table) if not wrong else 0} passed, {len(wrong)} failed, 0 skipped")
    return 1 if wrong or not table else 0


if __name__ == "__main__":
    sys.exit(main())
