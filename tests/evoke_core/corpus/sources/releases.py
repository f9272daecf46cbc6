"""Releases of the three collections in their real formats, with as many rows as asked.

For tests and benchmarks that need a collection's size, not its pictures: headers,
separators, line ends and empty fields are those of the real releases, values are made
up and repeat at every run.
"""

import base64
import csv
import random
import zipfile
from pathlib import Path


def _words(text: str) -> list[str]:
    return text.split()


UNSPLASH_PHOTOS = _words(
    "photo_id photo_url photo_image_url photo_submitted_at photo_featured photo_width "
    "photo_height photo_aspect_ratio photo_description photographer_username "
    "photographer_first_name photographer_last_name exif_camera_make "
    "exif_camera_model exif_iso exif_aperture_value exif_focal_length "
    "exif_exposure_time photo_location_name photo_location_latitude "
    "photo_location_longitude photo_location_country photo_location_city stats_views "
    "stats_downloads ai_description ai_primary_landmark_name "
    "ai_primary_landmark_latitude ai_primary_landmark_longitude "
    "ai_primary_landmark_confidence blur_hash"
)
UNSPLASH_KEYWORDS = _words(
    "photo_id keyword ai_service_1_confidence ai_service_2_confidence "
    "suggested_by_user user_suggestion_source suggested_by_ai_service_3 "
    "confirmed_by_ai_service_3"
)
UNSPLASH_COLORS = _words("photo_id hex red green blue keyword coverage score")
UNSPLASH_COLLECTIONS = _words(
    "photo_id collection_id collection_title photo_collected_at collection_type"
)
OPEN_IMAGES = _words(
    "ImageID Subset OriginalURL OriginalLandingURL License AuthorProfileURL Author "
    "Title OriginalSize OriginalMD5 Thumbnail300KURL Rotation"
)
STYLES = _words(
    "Abstract_Expressionism Action_painting Analytical_Cubism Art_Nouveau Baroque "
    "Color_Field_Painting Contemporary_Realism Cubism Early_Renaissance Expressionism "
    "Fauvism High_Renaissance Impressionism Mannerism_Late_Renaissance Minimalism "
    "Naive_Art_Primitivism New_Realism Northern_Renaissance Pointillism Pop_Art "
    "Post_Impressionism Realism Rococo Romanticism Symbolism Synthetic_Cubism Ukiyo_e"
)
GENRES = _words(
    "abstract_painting cityscape genre_painting illustration landscape nude_painting "
    "portrait religious_painting sketch_and_study still_life"
)
PAINTERS = ("claude-monet", "vincent-van-gogh", "pablo-picasso", "rembrandt")
WORDS = 400  # keywords and labels to draw from


def write_unsplash(folder: Path, photos: int, *, keywords: int = 60) -> Path:
    """Write a release as a zip with one nested folder; photos lie in two parts."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(1)
    ids = [f"ph{n:09d}" for n in range(photos)]
    tables = {
        "photos.tsv000": (UNSPLASH_PHOTOS, (_photo(one) for one in ids[::2])),
        "photos.tsv001": (UNSPLASH_PHOTOS, (_photo(one) for one in ids[1::2])),
        "keywords.tsv000": (
            UNSPLASH_KEYWORDS,
            (_keyword(one, draw) for one in ids for _ in range(keywords)),
        ),
        "colors.tsv000": (
            UNSPLASH_COLORS,
            (_colour(one, draw) for one in ids for _ in range(10)),
        ),
        "collections.tsv000": (
            UNSPLASH_COLLECTIONS,
            (_collection(one, draw) for one in ids for _ in range(10)),
        ),
    }
    path = folder / "unsplash-research-dataset-lite.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, (header, rows) in tables.items():
            with archive.open(f"lite/{name}", "w") as raw:
                raw.write(_line(header))
                for row in rows:
                    raw.write(_line(row))
    return path


def write_wikiart(folder: Path, paintings: int, *, on_disk: int = 0) -> Path:
    """Write class files and split CSVs; the first `on_disk` pictures lie there."""
    draw = random.Random(2)
    rows = []
    for n in range(paintings):
        style, painter = n % len(STYLES), draw.randrange(len(PAINTERS))
        name = f"{STYLES[style]}/{PAINTERS[painter]}_work-no-{n}-{1850 + n % 50}.jpg"
        rows.append((name, style, n % len(GENRES), painter))
    for column, (kind, classes) in enumerate(
        {"Style": STYLES, "Genre": GENRES, "Artist": PAINTERS}.items(), start=1
    ):
        lists = folder / kind
        lists.mkdir(parents=True, exist_ok=True)
        comma, end = (",,", "\n") if kind == "Artist" else (",", "\r\n")
        text = "".join(f"{n} {name}\n" for n, name in enumerate(classes))
        (lists / f"{kind.lower()}_class.txt").write_text(text)
        for split, part in (("val", rows[::3]), ("train", rows[1::3] + rows[2::3])):
            lines = [f"{row[0]}{comma}{row[column]}{end}" for row in part]
            path = lists / f"{kind.lower()}_{split}.csv"
            path.write_text("".join(lines), newline="")
    for name, *_ in rows[:on_disk]:
        path = folder / "wikiart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff\xd8")
    return folder


def write_open_images(folder: Path, images: int, *, labels: int = 8) -> Path:
    """Write image lists of two splits, labels in their order, and class names."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(3)
    ids = sorted({f"{draw.getrandbits(64):016x}" for _ in range(images)})
    names = folder / "oidv7-class-descriptions.csv"
    with names.open("w", newline="") as handle:
        rows = [(f"/m/{n:05x}", f"Label {n}") for n in range(WORDS)]
        csv.writer(handle, lineterminator="\n").writerows(
            [("LabelName", "DisplayName"), *rows]
        )
    cut = len(ids) // 20
    for split, part in (("validation", ids[:cut]), ("train", ids[cut:])):
        path = folder / f"{split}-images-with-rotation.csv"
        with path.open("w", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(OPEN_IMAGES)
            writer.writerows(_image(one, split) for one in part)
        path = folder / f"oidv7-{split}-annotations-human-imagelabels.csv"
        with path.open("w") as handle:
            handle.write("ImageID,Source,LabelName,Confidence\n")
            for one in part:
                for label in draw.sample(range(WORDS), labels):
                    said = int(draw.random() < 0.5)
                    handle.write(f"{one},verification,/m/{label:05x},{said}\n")
    return folder


def _line(fields: list[str]) -> bytes:
    return ("\t".join(fields) + "\n").encode()


def _row(header: list[str], **values: str) -> list[str]:
    return [values.get(name, "") for name in header]


def _photo(one: str) -> list[str]:
    return _row(
        UNSPLASH_PHOTOS,
        photo_id=one,
        photo_url=f"https://unsplash.com/photos/{one}",
        photo_image_url=f"https://images.unsplash.com/{one}",
        photo_submitted_at="2019-01-02 03:04:05.678",
        photo_featured="t",
        photographer_first_name="Ada",
        photographer_last_name="Okoro",
        ai_description="brown mountain beside a lake",
    )


def _keyword(one: str, draw: random.Random) -> list[str]:
    return _row(
        UNSPLASH_KEYWORDS,
        photo_id=one,
        keyword=f"word {draw.randrange(WORDS)}",
        ai_service_1_confidence=f"{draw.uniform(0, 100):.14f}",
        suggested_by_user="t" if draw.random() < 0.1 else "f",
    )


def _colour(one: str, draw: random.Random) -> list[str]:
    return _row(
        UNSPLASH_COLORS,
        photo_id=one,
        hex="A0B0C0",
        keyword=f"colour{draw.randrange(140)}",
        coverage=f"{draw.random():.6f}",
    )


def _collection(one: str, draw: random.Random) -> list[str]:
    return _row(
        UNSPLASH_COLLECTIONS,
        photo_id=one,
        collection_id=str(draw.randrange(10**6)),
        collection_title=f"Mood {draw.randrange(10**5)}",
    )


def _image(one: str, split: str) -> list[str]:
    # One row in forty has no thumbnail, as in the real lists.
    thumbnail = "" if int(one, 16) % 40 == 0 else f"https://c1.example.org/{one}_z.jpg"
    return _row(
        OPEN_IMAGES,
        ImageID=one,
        Subset=split,
        OriginalURL=f"https://farm3.example.org/{one}_o.jpg",
        OriginalLandingURL=f"https://www.example.org/photos/{one}",
        License="https://creativecommons.org/licenses/by/2.0/",
        Author="Michael, Beat",
        Title=f'A "quoted" title {one}',
        OriginalSize="494555",
        OriginalMD5=base64.b64encode(bytes.fromhex(one) * 2).decode(),
        Thumbnail300KURL=thumbnail,
        Rotation="0.0",
    )
