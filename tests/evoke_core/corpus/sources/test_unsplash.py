"""A release of Unsplash Lite, in whichever of its forms, becomes credited photos."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from evoke_core.config.collections import PictureSource
from evoke_core.config.loading import load_sources
from evoke_core.corpus.listed import Listed
from evoke_core.corpus.sources.unsplash import list_unsplash
from evoke_core.errors import SourceError
from tests.evoke_core.corpus.sources import releases

PHOTOS = "photo_id photo_image_url photo_submitted_at photo_description ai_description"
PEOPLE = "photographer_first_name photographer_last_name photographer_username"
KEYWORDS = (
    "photo_id keyword ai_service_1_confidence ai_service_2_confidence "
    "suggested_by_user user_suggestion_source suggested_by_ai_service_3 "
    "confirmed_by_ai_service_3"
)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "lite"
    folder.mkdir()
    return folder


def table(path: Path, header: str, *rows: str) -> None:
    """Write rows whose fields are set apart by bars."""
    lines = ["\t".join(header.split()), *(row.replace("|", "\t") for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def listed(location: Path | str | None, **settings: object) -> dict[str, Listed]:
    source = PictureSource(
        kind="unsplash",
        release="lite",
        licence="Unsplash",
        attribution="{title}",
        location=None if location is None else str(location),
        **settings,
    )
    found = list(list_unsplash(source))
    by_key = {one.source_key: one for one in found}
    assert len(by_key) == len(found)
    return by_key


def test_a_photo_is_credited_scaled_and_versioned(release: Path):
    table(
        release / "photos.tsv000",
        f"{PHOTOS} photo_url {PEOPLE}",
        "a1|https://images.example.org/x|2019-01-02|A lake||https://u.example.org/a1"
        "|Ada|Okoro|ada",
    )

    photo = listed(release)["a1"]

    assert photo.addresses == ("https://images.example.org/x?w=1080",)
    assert photo.attribution == "Photo by Ada Okoro on Unsplash"
    assert (photo.title, photo.artist) == ("A lake", "Ada Okoro")
    assert photo.url == "https://u.example.org/a1"
    assert photo.version == "2019-01-02-w1080"
    assert photo.licence is None


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://i.example.org/x", "https://i.example.org/x?w=640"),
        ("https://i.example.org/x?fm=jpg", "https://i.example.org/x?fm=jpg&w=640"),
        ("https://i.example.org/x?w=9&q=8", "https://i.example.org/x?q=8&w=640"),
        ("https://[broken/x", "https://[broken/x"),
    ],
)
def test_a_width_is_asked_for_beside_what_else_is(
    release: Path, address: str, asked: str
):
    table(release / "photos.tsv000", PHOTOS, f"a|{address}|||")

    assert listed(release, width_px=640)["a"].addresses == (asked,)


@pytest.mark.parametrize("name", ["photos.tsv000", "photos.csv000", "photos.tsv"])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_every_generation_of_names_is_read(
    release: Path, name: str, nested: bool, zipped: bool
):
    inner = release / "unsplash-lite" if nested else release
    inner.mkdir(exist_ok=True)
    table(inner / name, PHOTOS, "a|https://i.example.org/a|||")
    keywords = name.replace("photos", "keywords")
    table(inner / keywords, KEYWORDS, "a|Lake|90.5||f||||")
    location = release
    if zipped:
        location = Path(shutil.make_archive(str(release) + "-1", "zip", release))

    assert listed(location)["a"].keywords == ("lake",)


def test_parts_are_read_in_order_and_a_photo_is_listed_once(release: Path):
    table(release / "photos.tsv000", PHOTOS, "a||||", "b||||")
    # The second part has other columns in another order.
    table(release / "photos.tsv001", "photo_image_url photo_id", "|b", "u|c", "|")

    assert list(listed(release)) == ["a", "b", "c"]


def test_quoted_fields_may_hold_tabs_quotes_and_lines(release: Path):
    (release / "photos.tsv000").write_text(
        "photo_id\tphoto_image_url\tphoto_description\r\n"
        'a\tu\t"a ""blue""\thour\r\nby the sea"\r\nb\tu\r\n\r\n',
        newline="",
    )

    photos = listed(release)

    assert photos["a"].title == 'a "blue" hour by the sea'
    assert list(photos) == ["a", "b"]


def test_keywords_are_the_confident_ones_with_peoples_first(release: Path):
    table(release / "photos.tsv000", PHOTOS, "a|u|||")
    table(
        release / "keywords.tsv000",
        KEYWORDS,
        "a|sure|95.5|12.0|f||f|f",
        "a|unsure|12.0|29.9|f||f|f",
        "a|second|nonsense|60|f||f|f",
        "a|confirmed||||||t",
        "a|third|||f||t|f",
        "a|By Hand|31||t|exif|f|f",
        "a|alone|||t||f|f",
        "other|x|99||f||f|f",
    )

    photo = listed(release)["a"]

    assert photo.keywords == (
        "by hand", "alone", "confirmed", "sure", "second", "third",
    )  # fmt: skip
    assert photo.stratum == "confirmed"


def test_a_photo_keeps_a_bounded_number_of_words(release: Path):
    table(release / "photos.tsv000", PHOTOS, "a|u|||")
    rows = [f"a|k{n:03}|{n % 100}||f||f|f" for n in range(500)]
    table(release / "keywords.tsv000", KEYWORDS, *rows)
    header = "photo_id hex red green blue keyword coverage score"
    rows = [f"a|||||hue{n}|0.{n:02}|" for n in range(20)]
    table(release / "colors.tsv000", header, *rows)
    header = "photo_id collection_id collection_title"
    titles = [
        "Serene",
        "serene ",
        "My very own trip around all of the world",
        "A",
        "Sea",
    ]
    rows = [f"a|{n}|{title}" for n, title in enumerate(titles)]
    table(release / "collections.tsv000", header, *rows)

    words = listed(release)["a"].keywords

    assert words[:5] == ("k099", "k199", "k299", "k399", "k499")
    assert words[15:] == ("hue19", "hue18", "sea", "serene")


def test_wanted_keywords_choose_the_photos_and_their_strata(release: Path):
    table(
        release / "photos.tsv000", PHOTOS, *(f"p{n}|u|||" for n in range(40)), "q||||"
    )
    rows = [
        f"p{n}|{word}|{sure}||f||f|f"
        for n in range(40)
        for word, sure in (("lake", 40), ("fog", 50), ("tree", 99))
    ]
    table(release / "keywords.tsv000", KEYWORDS, *rows, "q|tree|99||f||f|f")

    photos = listed(release, only=("Lake", "fog"))

    assert "q" not in photos
    assert {photo.stratum for photo in photos.values()} == {"lake", "fog"}
    assert photos == listed(release, only=("fog", "lake"))


def test_a_photo_without_address_or_names_is_listed_all_the_same(release: Path):
    table(release / "photos.tsv000", f"{PHOTOS} {PEOPLE}", "a|||||||", "b|||||||ada")

    photos = listed(release)

    assert photos["a"].addresses == ()
    assert photos["a"].attribution == "Photo on Unsplash"
    assert photos["a"].version == "a-w1080"
    assert photos["a"].stratum is None
    assert photos["b"].attribution == "Photo by ada on Unsplash"


@pytest.mark.parametrize("where", [None, "missing", "empty", "text.zip"])
def test_no_release_names_the_remedy(tmp_path: Path, where: str | None):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")

    with pytest.raises(SourceError, match=r"unsplash\.com/data"):
        listed(None if where is None else tmp_path / where)


def test_a_part_without_its_header_or_torn_is_named(release: Path):
    (release / "photos.tsv000").write_text("a\thttps://x\n")
    with pytest.raises(SourceError, match=r"photos\.tsv000: no column 'photo_id'"):
        listed(release)

    table(release / "photos.tsv000", PHOTOS, *(f"a{n}|u|||" for n in range(500)))
    path = Path(shutil.make_archive(str(release) + "-1", "zip", release))
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("photos.tsv000").header_offset + 200
    torn = bytearray(path.read_bytes())
    torn[start : start + 60] = bytes(60)
    path.write_bytes(torn)
    with pytest.raises(SourceError, match="download the release anew"):
        listed(path)


def test_rows_of_real_photos_are_read(shared: Path, tmp_path: Path):
    formats = shared / "data" / "formats" / "unsplash"
    lines = (formats / "photos.constructed.tsv000").read_text().splitlines()
    (tmp_path / "photos.tsv000").write_text("\n".join(lines) + "\n")
    for name in ("keywords", "colors", "collections"):
        header = (formats / f"{name}.tsv000.header").read_text()
        (tmp_path / f"{name}.tsv000").write_text(header)

    photos = listed(tmp_path)

    assert len(photos) == len(lines) - 1
    assert photos["-RMY4j97SsM"].attribution == "Photo by Anita Austvika on Unsplash"
    assert photos["-RMY4j97SsM"].url == "https://unsplash.com/photos/-RMY4j97SsM"


def test_the_configured_source_says_what_to_put_there(assets_config: Path):
    source = load_sources(assets_config).pictures["unsplash"]

    with pytest.raises(SourceError, match="location"):
        list(list_unsplash(source))


def test_a_generated_release_is_a_release(tmp_path: Path):
    photos = listed(releases.write_unsplash(tmp_path, 30, keywords=9))

    assert len(photos) == 30
    assert all(photo.keywords and photo.stratum for photo in photos.values())


MEASURE = """
import sys
from evoke_core.config.collections import PictureSource
from evoke_core.corpus.quota import take
from evoke_core.corpus.sources.unsplash import list_unsplash
from tests.peak import peak_bytes
source = PictureSource(kind="unsplash", release="1", licence="x", attribution="",
                       location=sys.argv[1])
count = sum(1 for _ in take(list_unsplash(source), int(sys.argv[2]), 1))
print(count, peak_bytes() >> 20)
"""


@pytest.mark.slow
def test_all_of_lite_is_listed_in_little_memory(tmp_path: Path):
    path = releases.write_unsplash(tmp_path, 25_000)

    said = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), "8000"],
        check=True, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    count, peak_mib = map(int, said.stdout.split())
    assert count == 8000
    assert peak_mib < 400
