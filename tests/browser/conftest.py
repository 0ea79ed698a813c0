"""One server and one browser for all tests here."""

import shutil

import pytest
from playwright.sync_api import sync_playwright
from somebody import FLAGS, Person, serving


@pytest.fixture(scope="session")
def server():
    with serving() as address:
        yield address


@pytest.fixture
def fresh_server():
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "The browser tests need Chromium or Chrome on the PATH: run make test, or apt-get install chromium."
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=FLAGS)


@pytest.fixture
def person(browser, server):
    context = browser.new_context(viewport={"width": 1366, "height": 900}, accept_downloads=True)
    yield Person(context.new_page(), server)
    context.close()
