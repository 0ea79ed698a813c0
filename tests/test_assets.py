"""What the browser needs from elsewhere, and where it comes from."""

import gzip

from plotly.offline import get_plotlyjs_version

from rnnviz.ui.assets import HERE, STATIC, plotly_address


def test_both_libraries_are_of_one_version():
    [flat] = HERE.glob("plotly-cartesian-*.min.js.gz")
    version = get_plotlyjs_version()
    assert flat.name == f"plotly-cartesian-{version}.min.js.gz"
    head = gzip.decompress(flat.read_bytes())[:200].decode()
    assert f"plotly.js (cartesian - minified) v{version}" in head and "MIT license" in head


def test_what_is_served_unpacks_to_plotly():
    for address in plotly_address().values():
        assert b"Plotly" in gzip.decompress((STATIC / address.rpartition("/")[2]).read_bytes())[:1000]
