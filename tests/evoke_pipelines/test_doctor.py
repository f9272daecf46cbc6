"""What the doctor says of installations that are whole, bare or broken."""

import json
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.release import Release, publish
from evoke_core.storage.local import LocalStore
from evoke_pipelines import doctor, installed, reachable
from evoke_pipelines.environment import read_environment
from evoke_pipelines.installed import Finding

SECRET = "wJalrXUtnFEMI"
DAGSTER_YAML = "telemetry: {enabled: false}\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch) -> Path:
    """A bare installation, away from whatever this machine has."""
    for name in (
        "EVOKE_IMAGES", "EVOKE_PROFILE", "EVOKE_STORE", "EVOKE_MILVUS_URI",
        "EVOKE_WEIGHTS", "DAGSTER_HOME", "AWS_ENDPOINT_URL", "AWS_PROFILE",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return tmp_path / "home"


def told() -> list[Finding]:
    return doctor.examine(read_environment())


def findings() -> dict[str, Finding]:
    return {each.about: each for each in reversed(told())}


def released(image_encoder: str) -> Release:
    return Release(
        collection="images_1", projection="models/p.safetensors", kind="bridge",
        truth="planted", directions="models/d.safetensors", vocabulary="v",
        image_encoder=image_encoder,
        music_encoder=HandcraftedMusicEncoder().fingerprint, licence="MIT",
        pictures=320, sources=("painted",), made_at="2026-11-20T12:00:00+00:00",
        figures={},
    )  # fmt: skip


def test_a_bare_machine_lacks_nothing_and_is_left_as_it_was(home: Path, capsys) -> None:
    assert doctor.main([]) == 0
    said = capsys.readouterr().out
    assert "MISSING" not in said
    assert "ok      packages" in said
    assert "-> make demo" in said
    assert not home.exists()


def test_the_same_is_told_as_json(capsys) -> None:
    assert doctor.main(["--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"about": "profile", "standing": "ok", "remedy": ""}.items() <= told[
        0
    ].items()
    assert all(set(each) == {"about", "standing", "said", "remedy"} for each in told)


def test_an_unknown_word_is_refused(capsys) -> None:
    assert doctor.main(["--fix"]) == 2
    assert "--fix" in capsys.readouterr().err


def test_no_torch_is_imported() -> None:
    code = (
        "import sys; from evoke_pipelines import doctor; doctor.main([]); "
        "sys.exit(int('torch' in sys.modules))"
    )
    root = Path(__file__).parents[2]
    asked = [sys.executable, "-c", code]
    ended = subprocess.run(asked, cwd=root, check=False, capture_output=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_profile_that_is_not_there_is_said_with_its_remedy(
    monkeypatch, capsys
) -> None:
    monkeypatch.setenv("EVOKE_PROFILE", "dmeo")
    assert doctor.main([]) == 1
    assert "MISSING profile" in capsys.readouterr().out


def test_a_profile_without_its_weights_names_the_command(monkeypatch) -> None:
    monkeypatch.setenv("EVOKE_PROFILE", "local")
    found = [each for each in doctor.examine(read_environment()) if each.remedy]
    lacking = [each for each in found if each.about == "weights"]
    assert [each.standing for each in lacking] == ["missing", "missing"]
    assert {each.remedy for each in lacking} == {"make models PROFILE=local"}
    assert "ViT-B-32-laion2b_s34b_b79k" in lacking[0].said


def test_a_profile_that_draws_images_needs_its_extra_and_its_files(
    home: Path, monkeypatch
) -> None:
    monkeypatch.setenv("EVOKE_PROFILE", "memory")
    monkeypatch.setattr(installed, "_lacking", lambda wanted: wanted.name)
    found = findings()
    assert (found["memory"].standing, found["clip"].standing) == ("missing",) * 2
    assert found["ray"].standing == "note"
    assert "mutants" not in found
    [files] = [each for each in told() if "htdemucs.yaml" in each.said]
    assert files.standing == "missing"
    assert files.remedy == "make models PROFILE=memory"


def test_weights_are_found_and_one_without_a_record_is_noted(
    home: Path, monkeypatch
) -> None:
    monkeypatch.setenv("EVOKE_PROFILE", "local")
    clip = home / "weights/open_clip/ViT-B-32-laion2b_s34b_b79k"
    muq = home / "weights/muq/MuQ-large-msd-iter"
    for place in (clip.parent, muq):
        place.mkdir(parents=True)
    clip.with_suffix(".safetensors").touch()
    clip.with_suffix(".sha256.json").touch()
    found = doctor.examine(read_environment())
    told = [each.standing for each in found if each.about == "weights"]
    assert told == ["ok", "note"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("numpy>=1", None),
        ("no-such-package-of-ours>=1", "no-such-package-of-ours"),
        ("numpy>=999", "numpy>=999 (got "),
    ],
)
def test_a_package_that_is_absent_or_old_is_named(
    wanted: str, said: str | None
) -> None:
    told = installed._installed("packages", [wanted], is_needed=True)
    assert told.standing == ("missing" if said else "ok")
    assert (said or "as pyproject.toml asks") in told.said


def test_an_extra_that_nothing_asks_for_is_only_noted() -> None:
    wanted = ["no-such-package-of-ours"]
    told = installed._installed("ray", wanted, is_needed=False)
    assert told.standing == "note"
    assert told.remedy == "pip install -c constraints.txt -e '.[ray]'"


def test_a_store_that_is_written_keeps_nothing_of_the_doctors(home: Path) -> None:
    (home / "store").mkdir(parents=True)
    assert findings()["store"].standing == "ok"
    assert list((home / "store").iterdir()) == []


def test_a_store_that_is_a_file_is_missing(home: Path, monkeypatch) -> None:
    home.mkdir()
    (home / "store").touch()
    assert findings()["store"].standing == "missing"


def test_a_release_says_how_old_it_is_and_that_the_encoders_fit(home: Path) -> None:
    fitting = HandcraftedImageEncoder().fingerprint
    publish(LocalStore(home / "store"), released(fitting))
    told = findings()["release"]
    assert told.standing == "ok"
    assert "320 pictures" in told.said


def test_a_release_of_another_encoder_is_not_taken_for_ours(home: Path) -> None:
    publish(LocalStore(home / "store"), released("open_clip/another"))
    told = findings()["release"]
    assert told.standing == "missing"
    assert "open_clip/another" in told.said


def test_a_damaged_release_file_is_said(home: Path) -> None:
    LocalStore(home / "store").write("release.json", b"{}")
    assert "holds no release" in findings()["release"].said


def test_servers_that_are_away_cost_seconds_and_show_no_secret(
    monkeypatch, capsys
) -> None:
    monkeypatch.setenv("EVOKE_STORE", "s3://bucket/home")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://me:{SECRET}@127.0.0.1:1")
    monkeypatch.setenv("EVOKE_MILVUS_URI", f"http://root:{SECRET}@127.0.0.1:1")
    began = time.process_time()
    assert doctor.main([]) == 1
    assert time.process_time() - began < 3
    said = capsys.readouterr().out
    assert "MISSING store" in said
    assert "MISSING index" in said
    assert "AWS_ACCESS_KEY_ID" in said
    assert SECRET not in said
    assert "testing" not in said


def test_a_bucket_that_is_there_or_not_is_told_apart(aws: str, monkeypatch) -> None:
    monkeypatch.setattr(reachable, "_PATIENCE_S", 20.0)  # the endpoint may be busy
    absent = reachable.store("s3://evoke-doctor/home")
    client = boto3.client("s3")
    client.create_bucket(Bucket="evoke-doctor")
    there = reachable.store("s3://evoke-doctor/home")
    left = client.list_objects_v2(Bucket="evoke-doctor")
    client.close()
    assert absent.standing == "missing"
    assert absent.remedy == "make the bucket: aws s3 mb s3://evoke-doctor"
    assert there.standing == "ok"
    assert left["KeyCount"] == 0


def test_a_daemon_that_never_was_is_noted(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "dagster.yaml").write_text(DAGSTER_YAML)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    told = reachable.daemon()
    assert told.standing == "note"
    assert "never seen" in told.said


def test_telemetry_that_is_on_is_a_fault(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.delenv("DAGSTER_DISABLE_TELEMETRY", raising=False)
    assert reachable.daemon().said == "telemetry is on"


def test_a_storage_that_is_not_configured_shows_no_password(
    tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "dagster.yaml").write_text(
        f"storage: {{postgres: {{postgres_url: 'postgresql://u:{SECRET}@127.0.0.1:1'}}}}"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    told = reachable.daemon()
    assert told.standing == "missing"
    assert SECRET not in told.said + told.remedy
