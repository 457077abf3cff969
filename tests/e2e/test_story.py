"""One day at the desk: three people report by three ways and are answered by the way they came."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.people import Chat, Correspondent, number_and_code


def test_x(desk, open_window):
    w = open_window(user="agen")
    w.go("/kerja/")
    w.page.screenshot(path="/tmp/e2e-h/q.png")
