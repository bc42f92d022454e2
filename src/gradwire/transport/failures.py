"""What can go wrong between this process and a server, in words for people."""

from __future__ import annotations

import socket
import ssl

from gradwire.errors import (
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    ConnectTimeout,
    DeadlineExceededError,
    ProtocolError,
    shown_url,
)


def lost(url: str, reason: str) -> ConnectionLostError:
    """Return the error for a connection that broke."""
    return ConnectionLostError(
        f"The connection to {shown_url(url)} broke: {reason}. Whether the request arrived is "
        "unknown.",
        url=url,
        reason=reason,
    )


def silent(url: str) -> DeadlineExceededError:
    """Return the error for a server that said nothing for too long."""
    return DeadlineExceededError(
        f"{shown_url(url)} stayed silent for longer than Timeout.read allows.", url=url
    )


def late(url: str) -> DeadlineExceededError:
    """Return the error for a deadline that was not about silence."""
    return DeadlineExceededError(
        f"The deadline passed while waiting for {shown_url(url)}.", url=url
    )


def closed() -> ClientClosedError:
    """Return the error for what was under way when the client was closed."""
    return ClientClosedError("The client was closed during the call.")


def not_connected_in_time(url: str) -> ConnectTimeout:
    """Return the error for a connection that was not there in time."""
    return ConnectTimeout(
        f" to {shown_url(url)} within the connect deadline. Is the address right, and is the app "
        "running?",
        url=url,
    )


def not_connected(url: str, error: Exception) -> ConnectError:
    """Return the error for a connection that could not be opened."""
    return ConnectError(f" to {shown_url(url)}: {_why(error)}", url=url)


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "no such host. Is the address right?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return untrusted(error)
    if isinstance(error, ssl.SSLError):
        return no_tls(error)
    return f"{error}. Is the app running there?"


def untrusted(error: object) -> str:
    """Say that a certificate is not trusted."""
    return (
        f"its TLS certificate is not trusted ({error}). "
        "For a private CA pass verify='/path/to/ca.pem'."
    )


def no_tls(error: object) -> str:
    """Say that TLS does not work."""
    return f"{error}. Does the app speak https, or is its address http://…?"


def too_long(url: str, limit: int, status: int) -> ProtocolError:
    """Return the error for an answer that is longer than the limit."""
    return ProtocolError(
        f"{shown_url(url)} answered with more than {limit:,} bytes (Limits.answer). "
        "To take it, connect with limits=Limits(answer=...).",
        url=url,
        status=status,
    )


def what_broke(error: BaseException | None) -> str | None:
    """Say how a connection broke, if the operating system has said so."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return None
