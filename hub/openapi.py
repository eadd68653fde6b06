#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes C of the OpenAPI document: openapi.py FROM.json TO.c"""
import json
import sys

source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    data = json.dumps(json.load(file), separators=(",", ":"), ensure_ascii=True).encode()
lines = [", ".join(str(byte) for byte in data[at:at + 24]) for at in range(0, len(data), 24)]
with open(target, "w", encoding="utf-8") as file:
    file.write('#include "openapi.h"\n\nstatic const uint8_t document[] = {\n' + ",\n".join(lines) + "};\n\n"
               "struct sec_bytes hub_openapi(void)\n{\n    return SEC_BYTES(document);\n}\n")
