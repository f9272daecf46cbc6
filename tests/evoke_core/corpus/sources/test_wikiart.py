"""WikiArt's lists, with all their oddities, become paintings of known painters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evoke_core.config.collections import PictureSource
from evoke_core.config.loading import load_sources
from evoke_core.corpus.listed import Listed
from evoke_core.corpus.sources.wikiart import list_wikiart
from evoke_core.errors import SourceError
from tests.evoke_core.corpus.sources import releases

YEARS = {"claude-monet": 1926, "pablo-picasso": 1973, "yayoi-kusama": None}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "wikiart"
    folder.mkdir()
    return folder


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def listed(
    location: Path | str | None, painters: dict[str, int | None] = YEARS, **settings
) -> dict[str, Listed]:
    source = PictureSource(
        kind="wikiart",
        release="artgan",
        licence="Research use only",
        attribution="{title}",
        location=None if location is None else str(location),
        **settings,
    )
    found = list(list_wikiart(source, painters))
    by_key = {one.source_key: one for one in found}
    assert len(by_key) == len(found)
    return by_key


def test_the_union_of_the_lists_is_taken_with_its_classes(release: Path):
    put(release / "Style" / "style_class.txt", "0 Cubism\n12 Impressionism\n")
    put(release / "Genre" / "genre_class.txt", "4 landscape\n")
    put(
        release / "Style" / "style_train.csv",
        "Impressionism/claude-monet_water-lilies-6.jpg,12\r\n"
        "Cubism/pablo-picasso_still-life-1912.jpg,0\r\n",
    )
    put(
        release / "Genre" / "genre_val.csv",
        "Impressionism/claude-monet_water-lilies-6.jpg,4\r\n",
    )
    put(
        release / "Artist" / "artist_train.csv",
        "(Path to image),, (Groundtruth class) \n\n"
        "Realism/claude-monet_the-road.jpg,,4\n",
    )

    paintings = listed(release)

    assert list(paintings) == [
        "Cubism/pablo-picasso_still-life-1912.jpg",
        "Impressionism/claude-monet_water-lilies-6.jpg",
        "Realism/claude-monet_the-road.jpg",
    ]
    lilies = paintings["Impressionism/claude-monet_water-lilies-6.jpg"]
    assert lilies.stratum == "Impressionism"
    assert lilies.keywords == (
        "impressionism", "landscape", "Claude Monet", "water", "lilies",
    )  # fmt: skip
    assert lilies.version == "absent"
    assert lilies.addresses == (f"file:{release}/{lilies.source_key}",)


def test_flat_paths_have_the_style_of_the_list(release: Path):
    put(release / "style_class.txt", "12 Impressionism\n")
    put(release / "style_train.csv", "claude-monet_lilies.jpg,12\n")

    assert listed(release)["claude-monet_lilies.jpg"].stratum == "Impressionism"


@pytest.mark.parametrize(
    ("name", "artist", "title"),
    [
        (
            "vincent-van-gogh_pine-trees-in-the-fen-1884",
            "Vincent van Gogh",
            "Pine trees in the fen, 1884",
        ),
        ("edgar-degas_landscape-on-the-orne", "Edgar Degas", "Landscape on the orne"),
        ("gene-davis_untitled-1979(3)", "Gene Davis", "Untitled, 1979"),
        ("theodor-kittelsen_king-1912-2", "Theodor Kittelsen", "King, 1912"),
        ("clyfford-still_ph-1033-1976", "Clyfford Still", "Ph 1033, 1976"),
        ("marc-chagall_in-artist-s-studio", "Marc Chagall", "In artist's studio"),
        ("claude-monet_not_detected_212144", "Claude Monet", "Untitled"),
        ("joan-miro_1924", "Joan Miro", "Untitled, 1924"),
        ("joaquã\xadn-sorolla_peppers-1903", "Joaquin Sorolla", "Peppers, 1903"),
        ("leonardo-da-vinci_", None, "Leonardo da vinci"),
        ("nameless", None, "Nameless"),
    ],
)
def test_artist_title_and_year_are_read_off_the_file_name(
    release: Path, name: str, artist: str | None, title: str
):
    put(release / "style_train.csv", f"Realism/{name}.jpg,21\r\n")

    (painting,) = listed(release).values()

    assert (painting.artist, painting.title) == (artist, title)


def test_pictures_that_no_list_names_are_taken_too(release: Path, tmp_path: Path):
    put(release / "style_train.csv", "Realism/claude-monet_a.jpg,21\r\n")
    pictures = tmp_path / "pictures"
    for name in ("Realism/claude-monet_a.jpg", "Cubism/pablo-picasso_b.jpg", "c.txt"):
        put(pictures / "nested" / name, "x")

    paintings = listed(release, pictures=str(pictures))

    assert list(paintings) == [
        "Cubism/pablo-picasso_b.jpg",
        "Realism/claude-monet_a.jpg",
    ]
    for key, painting in paintings.items():
        assert painting.addresses == (f"file:{pictures}/nested/{key}",)
        assert painting.version != "absent"


def test_only_works_of_painters_long_dead_pass_as_public_domain(release: Path):
    names = ("claude-monet_a", "pablo-picasso_b", "yayoi-kusama_c", "unknown_d", "e")
    rows = "".join(f"Realism/{name}.jpg,21\r\n" for name in names)
    put(release / "style_train.csv", rows)

    passed = listed(release, died_before=1956)
    everything = listed(release)

    assert list(passed) == ["Realism/claude-monet_a.jpg"]
    assert passed["Realism/claude-monet_a.jpg"].licence == "PDM-1.0"
    assert len(everything) == 5
    assert {one.licence for one in everything.values()} == {None}


def test_a_painter_who_died_in_the_year_itself_is_left_out(release: Path):
    put(release / "style_train.csv", "Realism/claude-monet_a.jpg,21\r\n")

    assert listed(release, died_before=1927)
    assert not listed(release, died_before=1926)


def test_only_wanted_styles_are_listed_however_they_are_spelled(release: Path):
    rows = "Ukiyo_e/a_b.jpg,26\r\nPop_Art/a_b.jpg,19\r\nRealism/a_b.jpg,21\r\n"
    put(release / "style_train.csv", rows)

    paintings = listed(release, only=("pop art", "Ukiyo_e"))

    assert [one.stratum for one in paintings.values()] == ["Pop_Art", "Ukiyo_e"]


def test_odd_encodings_and_paths_crash_nothing(release: Path):
    rows = (
        b"\xef\xbb\xbfRealism/claude-monet_caf\xe9.jpg,21\r\n"
        b"Realism/claude-monet_b\xc2\x85c.jpg,21\r\n"
        b"../claude-monet_d.jpg,21\r\n/e.jpg,21\n,,\n,\nno comma\n\x00.jpg,3\n"
    )
    (release / "style_train.csv").write_bytes(rows)
    picture = release / "Realism" / os.fsdecode(b"claude-monet_caf\xe9.jpg")
    put(picture, "x")

    paintings = listed(release)

    assert list(paintings) == [
        "Realism/claude-monet_b\x85c.jpg",
        "Realism/claude-monet_caf\\udce9.jpg",
    ]
    assert paintings["Realism/claude-monet_caf\\udce9.jpg"].version != "absent"
    for painting in paintings.values():
        assert repr(painting).encode()
        assert painting.title.encode()


@pytest.mark.parametrize("where", [None, "missing", "."])
def test_no_lists_name_the_remedy(release: Path, where: str | None):
    with pytest.raises(SourceError, match=r"github\.com/cs-chan/ArtGAN"):
        listed(None if where is None else release / where)


def test_the_real_lists_are_read_whole(shared: Path, assets_config: Path):
    folder = shared / "data" / "formats" / "wikiart"
    painters = load_sources(assets_config).painters

    everything = listed(folder)
    free = listed(folder, painters, died_before=1956)

    text = "".join(
        path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.csv"))
    )
    rows = {line.split(",")[0] for line in text.split("\n") if "/" in line}
    assert {f"{key}" for key in everything} == rows
    assert len(free) > 0.8 * len(everything)
    assert not {one.artist for one in free.values()} & {"Pablo Picasso", "Andy Warhol"}
    assert "Joaquin Sorolla" in {one.artist for one in free.values()}
    genres = {"landscape", "portrait", "genre painting", "still life"}
    assert genres <= {word for one in everything.values() for word in one.keywords}


def test_every_painter_of_the_class_list_has_a_year(shared: Path, assets_config: Path):
    painters = load_sources(assets_config).painters
    classes = shared / "data" / "formats" / "wikiart" / "artist_class.txt"

    names = [line.split()[1] for line in classes.read_text().splitlines()]

    assert len(names) == 23
    for name in names:
        assert painters[name.lower().replace("_", "-")] is not None


def test_the_configured_source_says_what_to_put_there(assets_config: Path):
    source = load_sources(assets_config).pictures["wikiart"]

    assert source.died_before == 1956
    with pytest.raises(SourceError, match="location"):
        list(list_wikiart(source, YEARS))


def test_a_generated_release_is_a_release(tmp_path: Path):
    paintings = listed(releases.write_wikiart(tmp_path, 60, on_disk=5))

    assert len(paintings) == 60
    assert {one.stratum for one in paintings.values()} == set(releases.STYLES)
    assert sum(one.version != "absent" for one in paintings.values()) == 5


MEASURE = """
import sys
from evoke_core.config.collections import PictureSource
from evoke_core.corpus.quota import take
from evoke_core.corpus.sources.wikiart import list_wikiart
from tests.peak import peak_bytes
source = PictureSource(kind="wikiart", release="1", licence="x", attribution="",
                       location=sys.argv[1])
count = sum(1 for _ in take(list_wikiart(source, {}), None, 1))
print(count, peak_bytes() >> 20)
"""


@pytest.mark.slow
def test_all_of_wikiart_is_listed_in_little_memory(tmp_path: Path):
    path = releases.write_wikiart(tmp_path, 80_000, on_disk=1_000)

    said = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        check=True, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    count, peak_mib = map(int, said.stdout.split())
    assert count == 80_000
    assert peak_mib < 500
