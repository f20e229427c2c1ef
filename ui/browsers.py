"""Which browser it is that asks: a random name in a cookie, for what a visitor may begin."""

import ipaddress
import os
import secrets

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cu_core.files import TOKEN

COOKIE = "lethe_visitor"
KEPT_S = 30 * 86_400
NOBODY = "none"  # in the place of a token: everybody may come in
LIMITS = "LETHE_SESSION_"  # how the settings begin that count by visitor


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches it; "" stands for all addresses of the machine."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # a name, which may be anybody's
        return False


def is_shared() -> bool:
    """Whether other machines reach the address at which this server listens."""
    return not is_loopback(st.get_option("server.address") or "")


def wants_token() -> bool:
    """Whether a visitor has to give one before a page opens."""
    token = os.environ.get(TOKEN, "")
    return token != NOBODY and (is_shared() or bool(token))


class Named:
    """Gives each browser its name with the first page that it is sent, where visitors are counted.

    Only the browser and this server know it: no script reads it, and what is kept is a hash.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.counts = is_shared() or any(name.startswith(LIMITS) for name in os.environ)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = scope["type"] != "http" or COOKIE in HTTPConnection(scope).cookies

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", _cookie(scope["scheme"] == "https"))
            await send(message)

        await self.app(scope, receive, send if known or not self.counts else named)


def _cookie(encrypted: bool) -> str:
    said = f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; Max-Age={KEPT_S}; HttpOnly; SameSite=Lax"
    return f"{said}; Secure" if encrypted else said
