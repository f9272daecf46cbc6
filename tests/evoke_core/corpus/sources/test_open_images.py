"""Open Images' lists, however long, become credited images with their labels."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from evoke_core.config.collections import PictureSource
from evoke_core.config.loading import load_sources
from evoke_core.corpus.listed import Listed
from evoke_core.corpus.quota import take
from evoke_core.corpus.sources import open_images, open_images_labels
from evoke_core.corpus.sources.open_images import list_open_images
from evoke_core.errors import SourceError
from tests.evoke_core.corpus.sources import releases

IMAGES = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,"
    "Title,OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation\n"
)
LABELS = "ImageID,Source,LabelName,Confidence\n"
BY = "https://creativecommons.org/licenses/by/2.0/"
NAMES = 'LabelName,DisplayName\n/m/1,Tree\n/m/2,Sea\n/m/3,"Hat, straw"\n'


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "oidv7-class-descriptions.csv").write_text(NAMES)
    return folder


def put_images(release: Path, *ids: str, name: str = "train-images.csv") -> None:
    rows = "".join(f"{one},train,https://o/{one},,{BY},,Ada,T,1,,,\n" for one in ids)
    (release / name).write_text(IMAGES + rows)


def put_labels(release: Path, *rows: str, name: str = "train") -> None:
    text = LABELS + "".join(f"{row}\n" for row in rows)
    (release / f"{name}-annotations-human-imagelabels.csv").write_text(text)


def source_at(location: Path | str | None, **settings) -> PictureSource:
    return PictureSource(
        kind="open_images",
        release="v7",
        licence="CC-BY-2.0",
        attribution="{title}",
        location=None if location is None else str(location),
        **settings,
    )


def listed(location: Path | str | None, **settings) -> dict[str, Listed]:
    found = list(list_open_images(source_at(location, **settings)))
    by_key = {one.source_key: one for one in found}
    assert len(by_key) == len(found)
    return by_key


def test_an_image_is_credited_and_has_its_addresses_best_first(release: Path):
    (release / "validation-images-with-rotation.csv").write_text(
        f"{IMAGES}a1,validation,https://o/a1_o.jpg,https://page/a1,{BY},,"
        '"Beat, Michael","The ""fen""",9,KFukvivpCM5QXl5SqKe41g==,https://t/a1.jpg,0.0\n'
    )

    image = listed(release)["a1"]

    assert image.addresses == (
        "s3://open-images-dataset/validation/a1.jpg",
        "https://t/a1.jpg",
        "https://o/a1_o.jpg",
    )
    assert image.md5 == image.version == "KFukvivpCM5QXl5SqKe41g=="
    assert (image.licence, image.licence_url) == ("CC-BY-2.0", BY)
    assert image.attribution == 'The "fen" by Beat, Michael, CC BY 2.0'
    assert image.url == "https://page/a1"


def test_empty_fields_and_short_rows_leave_what_is_there(release: Path):
    (release / "test-images.csv").write_text(
        f"{IMAGES}a,,https://o/a,,,,,,,,,\nb,test\n,test,https://o/c\n\n"
    )

    images = listed(release)

    assert list(images) == ["a", "b"]
    assert images["a"].addresses == ("https://o/a",)
    assert images["a"].licence is None
    assert images["a"].attribution is None
    assert images["a"].version == "a"
    assert images["b"].addresses == ("s3://open-images-dataset/test/b.jpg",)


@pytest.mark.parametrize(
    ("deed", "licence", "terms"),
    [
        (BY, "CC-BY-2.0", "CC BY 2.0"),
        (
            "http://creativecommons.org/licenses/by-nc-sa/4.0",
            "CC-BY-NC-SA-4.0",
            "CC BY-NC-SA 4.0",
        ),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0", "CC0 1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "PDM-1.0", "PDM 1.0"),
        ("https://example.org/terms", None, None),
    ],
)
def test_a_licence_is_read_off_its_deed(
    release: Path, deed: str, licence: str | None, terms: str | None
):
    (release / "images.csv").write_text(f"{IMAGES}a,train,u,,{deed},,Ada,T,,,,\n")

    image = listed(release)["a"]

    assert image.licence == licence
    assert image.attribution == (f"T by Ada, {terms}" if terms else None)


def test_pictures_may_lie_in_another_bucket_or_a_folder(release: Path, tmp_path: Path):
    put_images(release, "a")

    mirrored = listed(release, pictures="s3://mirror/open/")["a"]
    local = listed(release, pictures=str(tmp_path))["a"]

    assert mirrored.addresses[0] == "s3://mirror/open/train/a.jpg"
    assert local.addresses[0] == f"file:{tmp_path}/train/a.jpg"


def test_keywords_are_the_names_of_positive_labels(release: Path):
    put_images(release, "a", "b")
    put_labels(
        release,
        "a,verification,/m/1,1",
        "a,verification,/m/2,0",
        "a,crowdsource-verification,/m/3,1.0",
        "a,verification,/m/unnamed,1",
        "b,verification,/m/2,0",
        "elsewhere,verification,/m/2,1",
        "torn",
        "a,verification,/m/2,much",
    )

    images = listed(release)

    assert images["a"].keywords == ("Hat, straw", "Tree")
    assert images["a"].stratum in {"Hat, straw", "Tree", "/m/unnamed"}
    assert images["b"].keywords == ()
    assert images["b"].stratum is None


def test_label_lists_may_have_the_line_ends_of_windows(release: Path):
    put_images(release, "a", "b")
    path = release / "train-annotations-human-imagelabels.csv"
    rows = "a,v,/m/1,1\nb,v,/m/2,0\nb,v,/m/3,1\n\n"
    path.write_bytes(("\ufeff" + LABELS + rows).replace("\n", "\r\n").encode())

    images = listed(release)

    assert images["a"].keywords == ("Tree",)
    assert images["b"].keywords == ("Hat, straw",)


def test_wanted_labels_choose_the_images_and_their_strata(release: Path):
    ids = [f"{n:016x}" for n in range(60)]
    put_images(release, *ids)
    rows = [f"{one},v,/m/{label},1" for one in ids[:50] for label in (1, 2, 3)]
    put_labels(release, *rows, *(f"{one},v,/m/3,1" for one in ids[50:]))

    images = listed(release, only=("tree", "/m/2"))

    assert list(images) == ids[:50]
    assert {image.stratum for image in images.values()} == {"Tree", "Sea"}
    with pytest.raises(SourceError, match="no image is labelled Treee"):
        listed(release, only=("Treee",))


def test_wanted_labels_need_a_label_list(release: Path):
    put_images(release, "a")

    with pytest.raises(SourceError, match="have label lists"):
        listed(release, only=("tree",))


def test_the_order_and_the_parts_of_the_lists_do_not_matter(
    release: Path, monkeypatch: pytest.MonkeyPatch
):
    ids = [f"{n:x}" for n in range(300)]
    put_images(release, *ids)
    rows = [
        f"{one},v,/m/{1 + n * k % 3},1" for n, one in enumerate(ids) for k in (1, 2)
    ]
    put_labels(release, *rows)
    whole = listed(release, quota=100)

    put_labels(release, *reversed(rows), name="again")
    put_images(release, *ids[::-1], name="validation-images.csv")
    monkeypatch.setattr(open_images_labels, "_BLOCK_BYTES", 64)
    monkeypatch.setattr(open_images, "_CHUNK", 7)

    assert listed(release, quota=100) == whole


def test_a_quota_is_even_grows_and_is_not_dealt_again(release: Path):
    ids = [f"{n:016x}" for n in range(300)]
    put_images(release, *ids)
    put_labels(release, *(f"{one},v,/m/{1 + n % 3},1" for n, one in enumerate(ids)))

    few, many = listed(release, quota=30, seed=5), listed(release, quota=90, seed=5)

    assert set(few) < set(many)
    assert Counter(image.stratum for image in few.values()) == {
        "Tree": 10, "Sea": 10, "Hat, straw": 10,
    }  # fmt: skip
    again = take(list_open_images(source_at(release, quota=30, seed=5)), 30, 5)
    assert {one.source_key for one in again} == set(few)
    assert set(listed(release, quota=30, seed=6)) != set(few)


@pytest.mark.parametrize("where", [None, "missing", "."])
def test_no_lists_name_the_remedy(release: Path, where: str | None):
    with pytest.raises(SourceError, match=r"storage\.googleapis\.com/openimages"):
        listed(None if where is None else release / where)


def test_lists_without_rows_or_columns_are_named(release: Path):
    put_images(release)
    with pytest.raises(SourceError, match="lists no image"):
        listed(release)

    put_images(release, "a")
    (release / "x-annotations-human-imagelabels.csv").write_text("ImageID,LabelName\n")
    with pytest.raises(SourceError, match="no column Confidence"):
        listed(release)


def test_real_rows_are_read(shared: Path, tmp_path: Path):
    folder = shared / "data" / "formats" / "openimages"

    images = listed(folder)

    assert len(images) == 3
    karen = images["b37f763ae67d0888"]
    assert karen.attribution == "Three boys on a hill by Karen, CC BY 2.0"
    assert karen.addresses[0] == "s3://open-images-dataset/train/b37f763ae67d0888.jpg"

    labels = "annotations-human-imagelabels.sample.csv"
    for name in (labels, "dict_v1_v3.csv"):
        shutil.copy(folder / name, tmp_path / name)
    put_images(tmp_path, "000026e7ee790996", "000002b66c9c498e")

    images = listed(tmp_path)

    assert len(images["000026e7ee790996"].keywords) == 4
    assert len(images["000002b66c9c498e"].keywords) == 1
    for image in images.values():
        assert image.stratum in image.keywords


def test_the_configured_source_says_what_to_put_there(assets_config: Path):
    source = load_sources(assets_config).pictures["open_images"]

    with pytest.raises(SourceError, match="location"):
        list(list_open_images(source))


def test_a_generated_release_is_a_release(tmp_path: Path):
    images = listed(releases.write_open_images(tmp_path, 200), quota=50)

    assert len(images) == 50
    assert all(image.stratum in image.keywords for image in images.values())
    assert {image.addresses[0].split("/")[3] for image in images.values()} <= {
        "train",
        "validation",
    }


MEASURE = """
import sys
from evoke_core.config.collections import PictureSource
from evoke_core.corpus.quota import take
from evoke_core.corpus.sources.open_images import list_open_images
from tests.peak import peak_bytes
source = PictureSource(kind="open_images", release="1", licence="x", attribution="",
                       location=sys.argv[1], quota=20_000, seed=1)
count = sum(1 for _ in take(list_open_images(source), 20_000, 1))
print(count, peak_bytes() >> 20)
"""


@pytest.mark.slow
def test_memory_stays_flat_however_many_labels_are_listed(tmp_path: Path):
    peaks_mib = []
    for labels in (2, 8):
        path = releases.write_open_images(
            tmp_path / str(labels), 500_000, labels=labels
        )
        said = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)],
            check=True, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        count, peak_mib = map(int, said.stdout.split())
        assert count == 20_000
        peaks_mib.append(peak_mib)

    assert peaks_mib[1] < 450
    assert peaks_mib[1] < 1.25 * peaks_mib[0]
