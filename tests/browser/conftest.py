"""One server and one browser for all tests here."""

import shutil
from functools import partial

import pytest
from playwright.sync_api import sync_playwright
from somebody import FLAGS, Person, serving

WIDE = {"width": 1366, "height": 900}


@pytest.fixture(scope="session")
def server():
    with serving() as address:
        yield address


@pytest.fixture
def fresh_server():
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "The browser tests need Chromium or Chrome on the PATH: run make test, or apt-get install chromium."
    with sync_playwright() as playwright:
        yield (
            partial(playwright.chromium.launch, executable_path=found, args=FLAGS),
            partial(playwright.chromium.launch_persistent_context, executable_path=found, args=FLAGS),
        )


@pytest.fixture(scope="session")
def browser(chromium):
    return chromium[0]()


@pytest.fixture(scope="session")
def used_browser(chromium, tmp_path_factory):
    """A window that keeps what it has loaded, as somebody's own does: pages open a third faster."""
    return chromium[1](tmp_path_factory.mktemp("profile"), viewport=WIDE, accept_downloads=True)


@pytest.fixture
def person(used_browser, server):
    page = used_browser.new_page()
    page.set_viewport_size(WIDE)
    yield Person(page, server)
    used_browser.set_offline(False)
    if page.url.startswith(server):
        page.evaluate("localStorage.clear()")
    page.close()


@pytest.fixture
def newcomer(browser, server):
    """A person whose browser has loaded nothing yet."""
    context = browser.new_context(viewport=WIDE)
    yield Person(context.new_page(), server)
    context.close()
