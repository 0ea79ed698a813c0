#!/bin/sh
# Prints where a Chromium or Chrome is; installs Debian's where it may; otherwise says what is missing, and fails.
find() {
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		command -v "$name" && return 0
	done
	return 1
}
find && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
	echo "installing Debian's chromium for the browser tests" >&2
	apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core >/dev/null
	find && exit 0
fi
echo "The browser tests need Chromium or Chrome on the PATH, and found none." >&2
echo "Install it (Debian and Ubuntu: sudo apt-get install chromium), then run this again." >&2
exit 1
