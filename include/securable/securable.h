/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Securable: the portable core, and the conventions that every header follows.
 *
 * Status.    Functions that can fail return `sec_status`, a struct, so that a
 *            status is never mistaken for a length. `sec_ok(s)` asks. A refusal
 *            (class POLICY) is a status like any other.
 * Bytes.     `struct sec_bytes` is data to read, `struct sec_room` is space to
 *            write to; both go by value. Nothing is NUL-terminated unless a
 *            comment says so.
 * Output.    Results leave through parameters named `ret_...`; they are untouched
 *            when the call fails.
 * Memory.    The core allocates nothing and keeps no pointer to an argument
 *            beyond the call, unless the header says "borrows". Contexts are the
 *            caller's and may be moved by assignment while no call is under way.
 * Units.     Names carry them: _ms, _s, _bytes, _count. Times are seconds since
 *            1970-01-01 UTC as int64_t, unless named otherwise.
 * Threads.   No object may be used by two threads at once. There is no global
 *            mutable state.
 * Silence.   The core never logs, prints, aborts or asserts on outside data.
 * Life.      init/done (caller's memory), open/close (something outside),
 *            begin/next/end (walks), parse/encode (wire forms), check (asks),
 *            judge (policy: facts in, verdict out), apply (folds a change).
 */
#ifndef SECURABLE_SECURABLE_H
#define SECURABLE_SECURABLE_H

#include <securable/bytes.h>
#include <securable/cbor.h>
#include <securable/cose.h>
#include <securable/key.h>
#include <securable/limits.h>
#include <securable/merkle.h>
#include <securable/statement.h>
#include <securable/status.h>

#endif
