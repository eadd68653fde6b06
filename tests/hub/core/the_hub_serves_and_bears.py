#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real hub process with test rows: what it serves, and what it bears from clients that are slow, broken or hostile.

Usage: the_hub_serves_and_bears.py CORE_SERVER [ONLY]. Last line: N passed, N failed, N skipped.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

SERVER = pathlib.Path(sys.argv[1]).resolve()
DEVICE = "ab" * 32
OTHER = "cd" * 32


class Hub:
    def __init__(self, folder, more=""):
        self.folder = pathlib.Path(folder)
        self.config = "device-listen 127.0.0.1:0\napi-listen 127.0.0.1:0\nunproven-max 200\n" + more
        if "device-connections-max" not in more:
            self.config += "device-connections-max 4000\n"
        self.process = None

    def issue(self, name, device=DEVICE, days=90):
        subprocess.run([SERVER, self.folder, "issue", name, device, str(days)], check=True)
        return self.folder / f"{name}.pem"

    def start(self, more=""):
        self.folder.mkdir(exist_ok=True, mode=0o700)
        (self.folder / "securable-hub.conf").write_text(self.config + more)
        self.log = open(self.folder / "log", "a", encoding="utf-8")
        self.process = subprocess.Popen([SERVER, self.folder], stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        assert line.startswith("READY "), f"not ready: {line!r} {self.said()}"
        self.device = int(re.search(r"device=https://127\.0\.0\.1:(\d+)", line).group(1))
        self.api = int(re.search(r"api=https://127\.0\.0\.1:(\d+)", line).group(1))
        return self

    def stop(self, how=signal.SIGTERM):
        if not self.process:
            return None
        self.process.send_signal(how)
        code = self.process.wait(10)
        self.process.stdout.close()
        self.log.close()
        self.process = None
        return code

    def said(self):
        return (self.folder / "log").read_text()

    def context(self, cert=None, tls12=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.folder / "keys" / "ca.pem")
        if cert:
            context.load_cert_chain(cert)
        if tls12:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    def plain(self, port):
        return socket.create_connection(("127.0.0.1", port), timeout=20)

    def tls(self, cert=None, port=None, session=None, context=None):
        context = context or self.context(cert)
        return context.wrap_socket(self.plain(port or self.device), server_hostname="127.0.0.1", session=session)

    def local(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(str(self.folder / "run" / "hub.sock"))
        return client

    def private_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))


def read_answer(client, had=b""):
    """One answer: (status, fields, body, what came behind it)."""
    data = had
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            raise EOFError(data)
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    if fields.get("transfer-encoding") == "chunked":
        while not rest.endswith(b"0\r\n\r\n"):
            piece = client.recv(65536)
            if not piece:
                raise EOFError(rest)
            rest += piece
        return int(lines[0].split()[1]), fields, rest, b""
    want = int(fields.get("content-length", 0))
    while len(rest) < want:
        piece = client.recv(65536)
        if not piece:
            raise EOFError(rest)
        rest += piece
    return int(lines[0].split()[1]), fields, rest[:want], rest[want:]


def ask(client, method, path, body=b"", more=""):
    client.sendall(f"{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)
    return read_answer(client)


def raw(client, data):
    """Status of the answer to these bytes; 0 when the hub only closed."""
    client.sendall(data)
    try:
        return read_answer(client)[0]
    except (EOFError, ConnectionError, ssl.SSLError):
        return 0


def closed(client, seconds):
    """Seconds until the hub closed; fails when it did not."""
    begun = time.monotonic()
    client.settimeout(seconds)
    try:
        while client.recv(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        pass
    return time.monotonic() - begun


# --- serving ----------------------------------------------------------------------------------------------------------

def a_connection_serves_many_requests(hub):
    with hub.tls(hub.cert) as client:
        for i in range(50):
            status, fields, body, rest = ask(client, "POST", "/echo", b"x" * i)
            assert (status, body, rest) == (200, b"x" * i, b""), (status, body)
            assert fields["x-content-type-options"] == "nosniff" and "date" in fields


def a_request_may_come_in_any_pieces(hub):
    message = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789"
    with hub.local() as client:
        for cut in range(1, len(message)):
            client.sendall(message[:cut])
            time.sleep(0.001)
            client.sendall(message[cut:])
            assert read_answer(client)[2] == b"0123456789"
    with hub.tls(hub.cert) as client:
        for byte in message:
            client.sendall(bytes([byte]))
        assert read_answer(client)[2] == b"0123456789"


def a_second_request_waits_for_the_first_answer(hub):
    one, two = b"GET /park?ms=300 HTTP/1.1\r\nHost: h\r\n\r\n", b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"
    with hub.tls(hub.cert) as client:
        client.sendall(one + two * 3)
        status, _, body, rest = read_answer(client)
        assert body == b"waited\n"
        for _ in range(3):
            status, _, body, rest = read_answer(client, rest)
            assert (status, body) == (200, b"a")


def large_bodies_pass_where_the_row_allows_them(hub):
    with hub.tls(hub.cert) as client:
        body = os.urandom(65536)
        assert ask(client, "POST", "/echo", body)[2] == body
        assert ask(client, "PUT", "/pieces", b"p" * 5_000_000)[2] == b"5000000\n"
        assert ask(client, "PUT", "/pieces", b"")[2] == b"0\n"


def a_client_that_expects_is_told_to_continue(hub):
    with hub.local() as client:
        client.sendall(b"PUT /pieces HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert read_answer(client)[2] == b"3\n"


def a_file_is_sent_whole(hub):
    for client in (hub.local(), hub.tls(hub.cert)):
        with client:
            status, fields, body, _ = ask(client, "GET", "/file?size=3000000")
            assert status == 206 and len(body) == 2_999_999 and fields["content-range"] == "bytes 1-2999999/3000000"
            assert ask(client, "POST", "/echo", b"on")[2] == b"on"


def a_stream_comes_in_chunks_and_ends(hub):
    with hub.tls(hub.cert) as client:
        status, fields, body, _ = ask(client, "GET", "/stream")
        assert status == 200 and body.count(b"data: x") == 3 and fields["content-type"] == "text/event-stream"
        assert ask(client, "POST", "/echo", b"on")[2] == b"on"


def what_is_written_is_answered_after_the_commit(hub):
    def put(i):
        with hub.local() as client:
            return ask(client, "PUT", "/value", f"v{i}".encode())[0]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(put, range(64))) == {201}
    with hub.local() as client:
        assert ask(client, "PUT", "/value", b"fail")[0] == 400  # one work that fails is undone alone
        assert ask(client, "GET", "/value")[2].startswith(b"v")


def who_asks_is_known_by_entrance(hub):
    with hub.local() as client:
        body = ask(client, "GET", "/who/some")[2].decode()
        assert f"who=2 uid={os.getuid()} " in body and "segment=some" in body and "exporter=0" in body
        assert ask(client, "GET", "/admin")[0] == 200
        assert ask(client, "GET", "/device")[0] == 404  # not of this entrance
    with hub.tls(hub.cert) as client:
        assert "who=1" in ask(client, "GET", "/device")[2].decode()
        assert "device=abab" in ask(client, "GET", "/who/x")[2].decode()
        status, fields, body, _ = ask(client, "GET", "/admin")
        assert status == 403 and fields["content-type"] == "application/problem+json"
        assert json.loads(body)["code"] == "not-permitted"
    with hub.tls() as client:
        assert ask(client, "GET", "/device")[0] == 401
    with hub.tls(port=hub.api) as client:
        status, fields, _, _ = ask(client, "GET", "/admin")
        assert status == 401 and fields["www-authenticate"] == "Bearer"


def paths_and_methods_are_exact(hub):
    with hub.local() as client:
        assert ask(client, "GET", "/files/a/b.c")[2].decode().split("rest=")[1].startswith("a/b.c ")
        for path in ("/files/../x", "/files/a/../b", "/files/%2e%2e/x", "/files/a//b", "/files/./a", "/who/", "/who", "/who/a/b", "/nothing", "/who/%41"):
            assert ask(client, "GET", path)[0] == 404, path
        assert ask(client, "DELETE", "/echo")[0] == 405
        _, fields, _, _ = ask(client, "GET", "/who/x")
        assert "injected" not in fields and fields["x-evil"] == "aInjected: b"


# --- TLS ----------------------------------------------------------------------------------------------------------------

def older_tls_is_refused(hub):
    try:
        hub.tls(context=hub.context(hub.cert, tls12=True)).close()
    except (ssl.SSLError, ConnectionError):
        return
    raise AssertionError("TLS 1.2 was spoken")


def certificates_of_others_are_refused(hub):
    stranger = Hub(tempfile.mkdtemp(dir=hub.folder))
    refused = 0
    for cert in (stranger.issue("dev"), hub.expired, hub.nameless):
        try:
            with hub.tls(cert) as client:
                ask(client, "GET", "/who/x")
        except (ssl.SSLError, ConnectionError, EOFError):
            refused += 1
    assert refused == 3, refused


def a_session_is_resumed_and_keeps_its_device(hub):
    context = hub.context(hub.cert)
    with hub.tls(context=context) as client:
        assert not client.session_reused
        ask(client, "GET", "/who/x")
        session = client.session
    for i in range(3):
        with hub.tls(context=context, session=session) as client:
            assert "device=abab" in ask(client, "GET", "/device")[2].decode()
            assert client.session_reused, i
            session = client.session
    nobody = hub.context()
    with hub.tls(context=nobody) as client:
        ask(client, "GET", "/who/x")
        session = client.session
    with hub.tls(context=nobody, session=session) as client:
        assert ask(client, "GET", "/device")[0] == 401 and client.session_reused


def a_session_of_one_entrance_opens_no_other(hub):
    context = hub.context(hub.cert)
    with hub.tls(context=context) as client:
        ask(client, "GET", "/who/x")
        session = client.session
    with hub.tls(context=context, session=session, port=hub.api) as client:
        assert "who=0" in ask(client, "GET", "/who/x")[2].decode() and not client.session_reused


def a_revoked_device_is_out_at_once(hub):
    cert = hub.revoked
    context = hub.context(cert)
    with hub.tls(context=context) as client, hub.local() as admin:
        ask(client, "GET", "/device")
        session = client.session
        client.sendall(b"GET /park?ms=15000 HTTP/1.1\r\nHost: h\r\n\r\n")
        time.sleep(0.1)
        assert ask(admin, "POST", f"/revoke/{OTHER}")[0] == 204
        assert closed(client, 5) < 2
    for again in (session, None):
        try:
            with hub.tls(context=context, session=again) as client:
                status = ask(client, "GET", "/device")[0]
        except (ssl.SSLError, ConnectionError, EOFError):
            continue
        raise AssertionError(f"a revoked device was answered {status}")


# --- what is refused ------------------------------------------------------------------------------------------------------

def broken_messages_are_refused_and_end_the_connection(hub):
    cases = [
        (400, b"GET / HTTP/1.1\nHost: h\n\n"), (400, b"GET / HTTP/1.1\r\nHost: h\r\n x\r\n\r\n"), (400, b"GET / HTTP/1.1\r\nHost : h\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n\r\n"), (501, b"GET / HTTP/1.0\r\nHost: h\r\n\r\n"), (501, b"GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
        (400, b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
        (501, b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, b"GET http://h/who/x HTTP/1.1\r\nHost: h\r\n\r\n"), (400, b"GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 20000 + b"\r\n\r\n"), (431, b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\nHost: h\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: h\r\n" + b"".join(b"A%d: b\r\n" % i for i in range(40)) + b"\r\n"),
        (413, b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n"),
        (413, b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999999\r\n\r\n" + b"x" * 100000),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    ]
    for want, data in cases:
        with hub.local() as client:
            got = raw(client, data)
            assert got == want, (got, want, data[:60])
            closed(client, 5)
        with hub.tls(hub.cert) as client:
            got = raw(client, data)
            assert got == want, ("tls", got, want, data[:60])


def half_requests_leave_nothing_behind(hub):
    message = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234"
    for cut in (1, 5, 30, len(message)):
        for client in (hub.local(), hub.tls(hub.cert)):
            client.sendall(message[:cut])
            client.close()
    with hub.tls(hub.cert) as client:
        client.sendall(b"PUT /pieces HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 50000)
    time.sleep(0.3)
    works(hub)


def a_client_that_leaves_is_noticed(hub):
    with hub.local() as client:
        before = int(ask(client, "GET", "/gone")[2])
    for path in ("/park?ms=20000", "/stream"):
        for client in (hub.local(), hub.tls(hub.cert)):
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            time.sleep(0.1)
            client.close()
    time.sleep(0.5)
    with hub.local() as client:
        after = int(ask(client, "GET", "/gone")[2])
    assert after == before + 4, (before, after)


def works(hub):
    with hub.tls(hub.cert) as client:
        assert ask(client, "POST", "/echo", b"well")[2] == b"well"


def slow_clients_are_closed_in_time(hub):
    """All deadlines at once, each client in its own thread."""
    def silent_handshake():
        with hub.plain(hub.device) as client:
            return closed(client, 20)

    def silent_after_handshake():
        with hub.tls() as client:
            return closed(client, 20)

    def slow_head():
        with hub.tls(hub.cert) as client:
            begun = time.monotonic()
            client.settimeout(0.5)
            try:
                for byte in b"GET /who/x HTTP/1.1\r\nHost: h\r\n" + b"A" * 100:
                    client.sendall(bytes([byte]))
                    time.sleep(0.5)
            except OSError:
                pass
            return time.monotonic() - begun

    def slow_body():
        with hub.local() as client:
            begun = time.monotonic()
            client.sendall(b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n")
            try:
                while time.monotonic() - begun < 30:
                    client.sendall(b"x" * 100)
                    time.sleep(0.4)
            except OSError:
                pass
            return time.monotonic() - begun

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = {job.__name__: pool.submit(job) for job in (silent_handshake, silent_after_handshake, slow_head, slow_body)}
        for name, job in jobs.items():
            took = job.result()
            assert 9 <= took < 16, (name, took)
    works(hub)


def clients_that_do_not_read_are_closed(hub):
    def descriptors():
        return len(os.listdir(f"/proc/{hub.process.pid}/fd"))
    time.sleep(0.5)
    before, begun, clients = descriptors(), time.monotonic(), []
    for _ in range(5):
        clients.append(hub.tls(hub.cert))
        clients[-1].sendall(b"GET /file?size=50000000 HTTP/1.1\r\nHost: h\r\n\r\n")
    time.sleep(1)
    assert descriptors() >= before + 5
    while descriptors() > before and time.monotonic() - begun < 40:
        time.sleep(0.2)
    took = time.monotonic() - begun
    for client in clients:
        client.close()
    assert 9 <= took < 30, took
    works(hub)


def a_flood_from_one_address_leaves_room(hub):
    flood = []
    for _ in range(400):
        try:
            flood.append(hub.plain(hub.device))
        except OSError:
            break
    time.sleep(0.3)
    open_now = 0
    for client in flood:
        client.setblocking(False)
        try:
            open_now += client.recv(1) != b""
        except BlockingIOError:
            open_now += 1
        except ConnectionError:
            pass
    assert open_now <= 200, open_now
    with hub.local() as client:
        assert ask(client, "POST", "/echo", b"on")[2] == b"on"
    for client in flood:
        client.close()
    time.sleep(0.3)
    works(hub)


def one_device_cannot_take_all_places(hub):
    few = Hub(hub.folder / "of-a-device", "device-connections-max 4\n").start()
    try:
        few.stop()
        certs = few.issue("hostile"), few.issue("honest", device=OTHER)
        few.start()
        clients, answered = [], 0
        for _ in range(12):
            try:
                clients.append(few.tls(certs[0]))
                answered += ask(clients[-1], "POST", "/echo", b"me")[2] == b"me"
            except (OSError, EOFError):
                pass
        assert answered == 4, answered
        with few.tls(certs[1]) as client:
            assert ask(client, "POST", "/echo", b"and me")[2] == b"and me"
        clients.pop(0).close()
        time.sleep(0.3)
        with few.tls(certs[0]) as client:
            assert ask(client, "POST", "/echo", b"again")[2] == b"again"
    finally:
        few.stop()


def idle_connections_cost_little(hub):
    works(hub)
    time.sleep(0.2)
    before = hub.private_kib()
    context = hub.context(hub.cert)
    clients = [hub.tls(context=context) for _ in range(1000)]
    for client in clients:
        assert ask(client, "POST", "/echo", b"x" * 300)[0] == 200
    time.sleep(17)  # the hub gives memory back by the clock
    each = (hub.private_kib() - before) / len(clients)
    print(f"  idle connection: {each:.1f} KiB")
    for client in clients:
        client.sendall(b"GET /park?ms=60000 HTTP/1.1\r\nHost: h\r\n\r\n")
    time.sleep(1)
    parked = (hub.private_kib() - before) / len(clients)
    print(f"  parked connection: {parked:.1f} KiB")
    for client in clients:
        client.close()
    if b"__asan_init" not in SERVER.read_bytes():
        assert each < 32 and parked < 36, (each, parked)


def places_are_few_and_the_unproven_go_first(hub):
    few = Hub(hub.folder / "few", "connections-max 40\n").start()
    try:
        few.stop()
        cert = few.issue("dev")
        few.start()
        proven = [few.tls(cert) for _ in range(10)]
        for client in proven:
            ask(client, "GET", "/who/x")
        strangers = []
        for _ in range(60):
            strangers.append(few.plain(few.device))
        time.sleep(0.3)
        for client in proven:
            assert ask(client, "POST", "/echo", b"still")[2] == b"still"
        with few.tls(cert) as client:
            assert ask(client, "POST", "/echo", b"new")[2] == b"new"
    finally:
        few.stop()


# --- life -------------------------------------------------------------------------------------------------------------------

def a_second_hub_is_refused(hub):
    second = subprocess.run([SERVER, hub.folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    assert second.returncode == 3 and f"process {hub.process.pid}" in second.stderr.decode(), second.stderr
    works(hub)


def a_hub_killed_comes_back_the_same(hub):
    with hub.local() as client:
        assert ask(client, "PUT", "/value", b"kept")[0] == 201
    ca = (hub.folder / "keys" / "ca.pem").read_bytes()
    hub.stop(signal.SIGKILL)
    hub.start()
    works(hub)
    assert ca == (hub.folder / "keys" / "ca.pem").read_bytes()
    with hub.local() as client:
        status, _, body, _ = ask(client, "GET", "/value")
        assert (status, body) == (200, b"kept"), (status, body)
    facts = json.loads((hub.folder / "run" / "hub.json").read_text())
    assert facts["pid"] == hub.process.pid and facts["device"] == [f"https://127.0.0.1:{hub.device}"]


def a_new_name_gets_a_new_certificate_of_the_same_ca(hub):
    ca, tls = (hub.folder / "keys" / "ca.pem").read_bytes(), (hub.folder / "keys" / "tls.pem").read_bytes()
    assert hub.stop() == 0
    hub.start("san hub.example\n")
    assert ca == (hub.folder / "keys" / "ca.pem").read_bytes() and tls != (hub.folder / "keys" / "tls.pem").read_bytes()
    context = hub.context(hub.cert)
    with context.wrap_socket(hub.plain(hub.device), server_hostname="hub.example") as client:
        assert ask(client, "GET", "/who/x")[0] == 200


def a_stop_answers_who_waits(hub):
    with hub.tls(hub.cert) as client:
        client.sendall(b"GET /park?ms=30000 HTTP/1.1\r\nHost: h\r\n\r\n")
        time.sleep(0.2)
        begun = time.monotonic()
        assert hub.stop() == 0
        assert read_answer(client)[2] == b"waited\n"
        assert time.monotonic() - begun < 4
    for path in (hub.folder / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    hub.start()


def a_bad_configuration_is_told_line_by_line(hub):
    folder = pathlib.Path(tempfile.mkdtemp(dir=hub.folder))
    (folder / "securable-hub.conf").write_text("nme x\nthreads 0\ndevice-listen host:1\ninterval-s 5\ninterval-s 6\nname\napi-listen 127.0.0.1:99999\n")
    done = subprocess.run([SERVER, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    told = done.stderr.decode().splitlines()
    assert done.returncode == 1 and [int(line.split(":")[1]) for line in told] == [1, 2, 3, 5, 6, 7], told


TESTS = [
    a_connection_serves_many_requests, a_request_may_come_in_any_pieces, a_second_request_waits_for_the_first_answer,
    large_bodies_pass_where_the_row_allows_them, a_client_that_expects_is_told_to_continue, a_file_is_sent_whole, a_stream_comes_in_chunks_and_ends,
    what_is_written_is_answered_after_the_commit, who_asks_is_known_by_entrance, paths_and_methods_are_exact, older_tls_is_refused,
    certificates_of_others_are_refused, a_session_is_resumed_and_keeps_its_device, a_session_of_one_entrance_opens_no_other,
    a_revoked_device_is_out_at_once, broken_messages_are_refused_and_end_the_connection, half_requests_leave_nothing_behind,
    a_client_that_leaves_is_noticed, a_flood_from_one_address_leaves_room, places_are_few_and_the_unproven_go_first, one_device_cannot_take_all_places, idle_connections_cost_little,
    slow_clients_are_closed_in_time, clients_that_do_not_read_are_closed, a_second_hub_is_refused, a_hub_killed_comes_back_the_same, a_new_name_gets_a_new_certificate_of_the_same_ca,
    a_stop_answers_who_waits, a_bad_configuration_is_told_line_by_line,
]


def main():
    only = sys.argv[2:]
    passed = failed = 0
    folder = tempfile.mkdtemp(prefix="securable-core-")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    hub = Hub(pathlib.Path(folder) / "hub")
    try:
        hub.cert, hub.expired = hub.issue("dev"), hub.issue("expired", days=-1)
        hub.nameless, hub.revoked = hub.issue("nameless", device="nobody"), hub.issue("revoked", device=OTHER)
        hub.start()
        for test in TESTS:
            if only and test.__name__ not in only:
                continue
            try:
                test(hub)
                assert hub.process.poll() is None, f"the hub ended: {hub.process.returncode}"
                print(f"ok {test.__name__}", flush=True)
                passed += 1
            except Exception:
                traceback.print_exc(file=sys.stdout)
                print(f"FAILED {test.__name__}\n{hub.said()[-2000:]}", flush=True)
                failed += 1
                if not hub.process or hub.process.poll() is not None:
                    hub.process = None
                    hub.start()
        assert hub.stop() == 0
    finally:
        if hub.process:
            hub.process.kill()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
