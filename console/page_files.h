/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's files and how they are served: one list for the hub, which serves them read-only, and for `securable console`, which signs.
 *
 * A name that is not in the list is not served, whatever lies in the folder. Nothing in the page may come from elsewhere, run inline, be framed or
 * send a form: the policy says so to the browser. Memory: constants. Serves S38, promise 1.
 */
#ifndef CONSOLE_PAGE_FILES_H
#define CONSOLE_PAGE_FILES_H

#define PAGE_TYPE_SCRIPT "text/javascript; charset=utf-8"

/** X(name, content type) */
#define PAGE_FILES(X)                         \
    X("index.html", "text/html; charset=utf-8") \
    X("style.css", "text/css; charset=utf-8")   \
    X("icon.svg", "image/svg+xml")              \
    X("app.js", PAGE_TYPE_SCRIPT)               \
    X("api.js", PAGE_TYPE_SCRIPT)               \
    X("dom.js", PAGE_TYPE_SCRIPT)               \
    X("words.js", PAGE_TYPE_SCRIPT)             \
    X("fleet.js", PAGE_TYPE_SCRIPT)             \
    X("device.js", PAGE_TYPE_SCRIPT)            \
    X("journal.js", PAGE_TYPE_SCRIPT)           \
    X("statements.js", PAGE_TYPE_SCRIPT)        \
    X("compose.js", PAGE_TYPE_SCRIPT)

/** A file of the page: code and words for people. */
#define PAGE_FILE_MAX_BYTES (256u << 10)

#define PAGE_POLICY                                                                                                                   \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'"

/** X(field, value): what every answer with a file of the page carries besides its type and nosniff. */
#define PAGE_FIELDS(X)                                 \
    X("Content-Security-Policy", PAGE_POLICY)          \
    X("Referrer-Policy", "no-referrer")                \
    X("Cross-Origin-Resource-Policy", "same-origin")   \
    X("Cross-Origin-Opener-Policy", "same-origin")     \
    X("Cache-Control", "no-cache")

#endif
