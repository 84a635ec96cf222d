# SPDX-License-Identifier: Apache-2.0
"""A server of NFS 3 (RFC 1813) with one empty file, as much of it as a mount, an open and an fsync ask for."""
import contextlib
import ctypes
import os
import signal
import socket
import struct
import tempfile

MOUNT, NFS = 100005, 100003
ROOT, FILE = struct.pack(">Q", 1), struct.pack(">Q", 2)
FILE_NAME = "file"
AUTH_SYS, ENOENT = 1, 2
REG, DIR = 1, 2
libc = ctypes.CDLL(None, use_errno=True)


def words(*values):
    return struct.pack(f">{len(values)}I", *values)


def opaque(data):
    return words(len(data)) + data + bytes(-len(data) % 4)


def attributes(handle):
    """fattr3."""
    kind, mode = (DIR, 0o755) if handle == ROOT else (REG, 0o644)
    number = struct.unpack(">Q", handle)[0]
    return words(kind, mode, 1, 0, 0) + struct.pack(">QQIIQQ", 0, 0, 0, 0, 1, number) + bytes(24)


def maybe_attributes(handle):
    return words(1) + attributes(handle)


def item(data, at=0):
    """An opaque of the arguments, and where it ends."""
    size = struct.unpack_from(">I", data, at)[0]
    end = at + 4 + size
    return data[at + 4:end], end + -size % 4


def mount_reply(procedure):
    return words(0) + opaque(ROOT) + words(1, AUTH_SYS) if procedure == 1 else b""


def nfs_reply(procedure, arguments):
    """None: no such procedure."""
    if procedure == 0:
        return b""
    handle, end = item(arguments)
    if procedure == 1:  # GETATTR
        return words(0) + attributes(handle)
    if procedure == 3:  # LOOKUP
        if item(arguments, end)[0].decode() != FILE_NAME:
            return words(ENOENT) + maybe_attributes(ROOT)
        return words(0) + opaque(FILE) + maybe_attributes(FILE) + maybe_attributes(ROOT)
    if procedure == 4:  # ACCESS
        return words(0) + maybe_attributes(handle) + arguments[end:end + 4]
    if procedure == 18:  # FSSTAT
        return words(0) + maybe_attributes(handle) + bytes(52)
    if procedure == 19:  # FSINFO
        sizes = words(65536, 65536, 4096, 65536, 65536, 4096, 4096)
        return words(0) + maybe_attributes(handle) + sizes + struct.pack(">Q", 1 << 40) + words(0, 1, 0x18)
    if procedure == 20:  # PATHCONF
        return words(0) + maybe_attributes(handle) + words(1, 255, 1, 1, 0, 1)
    return None


def reply(call):
    transaction, _, _, program, _, procedure = struct.unpack_from(">6I", call)
    _, at = item(call, 28)  # credentials, after their flavour
    _, at = item(call, at + 4)  # verifier
    result = mount_reply(procedure) if program == MOUNT else nfs_reply(procedure, call[at:])
    accepted = words(0) if result is not None else words(3)
    return words(transaction, 1, 0, 0, 0) + accepted + (result or b"")


def serve(connection):
    """Until the client has gone."""
    with connection, connection.makefile("rb") as stream:
        while len(head := stream.read(4)) == 4:
            size = struct.unpack(">I", head)[0] & 0x7FFFFFFF
            answer = reply(stream.read(size))
            connection.sendall(words(len(answer) | 1 << 31) + answer)


def server(listening):
    """Never returns: a child for each connection."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                serve(connection)
                os._exit(0)
            connection.close()
    finally:
        os._exit(1)


@contextlib.contextmanager
def mounted_nfs():
    """The path of its file, mounted by this kernel."""
    path = tempfile.mkdtemp(dir="/tmp")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        child = os.fork()
        if child == 0:
            server(listening)
    options = f"addr=127.0.0.1,mountaddr=127.0.0.1,vers=3,mountvers=3,proto=tcp,mountproto=tcp,port={port},mountport={port},nolock,soft,timeo=100"
    try:
        done = libc.mount(b"127.0.0.1:/", path.encode(), b"nfs", 0, options.encode())
        assert done == 0, f"mount of NFS: {os.strerror(ctypes.get_errno())}"
        try:
            yield f"{path}/{FILE_NAME}"
        finally:
            assert libc.umount(path.encode()) == 0, os.strerror(ctypes.get_errno())
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.rmdir(path)
