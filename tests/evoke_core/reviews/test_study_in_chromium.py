"""A study in a real browser: heard, judged by keyboard, saved, taken, counted."""

import json
import time
from datetime import UTC, datetime

import pytest

from evoke_core.reviews.curated import Names, curate, last_words
from evoke_core.reviews.dealing import StudyPlan
from evoke_core.reviews.inbox import INBOX, read_ballots, take_verdicts, waiting
from evoke_core.reviews.making import make_study
from evoke_core.reviews.summary import ab_summary
from tests.evoke_core.pages.visit import rest

pytestmark = pytest.mark.browser


class Sitting:
    """One open study, with all that it said and asked for."""

    def __init__(self, context, address):
        self.page = context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.page.wait_for_selector("#begin:not([disabled])")

    def begin(self, name="Ann", background="designer"):
        self.page.locator("#rater").fill(name)
        self.page.locator(f"[value={background}]").check(force=True)
        self.page.locator("#rater").press("Enter")
        self.settle()

    def settle(self):
        """Wait until a choice was shown and the next question stands."""
        rest(self.page, 300)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def listen(self):
        """Play by the space bar until one may judge."""
        if self.page.locator("#play").get_attribute("aria-label") == "Play":
            self.page.keyboard.press(" ")
        self.page.wait_for_selector("#trial:not(.is-waiting)")

    def sees(self, selector):
        return self.page.locator(selector).is_visible()

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def answer_all(self, study):
        for trial in study.trials:
            self.listen()
            self.press("y" if trial.real is None else trial.real[0].replace("f", "1")
                       .replace("s", "2"))  # fmt: skip

    def save(self):
        with self.page.expect_download() as waited:
            self.page.locator("#save").click()
        return waited.value


@pytest.fixture
def made(store):
    return make_study(store, [], StudyPlan(trials=4, seed=5), listen_s=0.1)


@pytest.fixture
def context(browser):
    opened = browser.new_context(viewport={"width": 1200, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def address(made, store):
    return f"file://{store.locate(made.page)}"


@pytest.fixture
def sitting(context, address):
    return Sitting(context, address)


def test_what_a_person_judged_by_keyboard_becomes_curated_pairs(
    sitting, made, store, drop
):
    sitting.begin("Ann <b>Lee</b>", "musician")
    sitting.answer_all(made.study)
    assert sitting.text("#end-title") == "Thank you, Ann <b>Lee</b>."
    saved = sitting.save()
    assert saved.suggested_filename == (
        f"verdict-{made.study.study_id}-ann-b-lee-b.json"
    )
    drop(saved.suggested_filename, saved.path().read_bytes())
    files = waiting(store.listing(INBOX), now_s=time.time())
    [taken] = take_verdicts(store, files, now=datetime.now(UTC))
    assert taken.message is None
    [ballot] = read_ballots(store)
    pairs = curate(last_words([ballot], Names(keepers={}, tracks={})))
    singles = {(t.track_id, t.first[0]) for t in made.study.trials if not t.real}
    assert {*pairs.select("track_id", "image_id").iter_rows()} == singles
    assert pairs["musicians"].to_list() == [1] * len(singles)
    [rate] = [rate for key, rate in ab_summary([ballot]).items() if key[2] == "all"]
    assert (rate.wins, rate.trials) == (2, 2), "the sides are those of the answer key"
    assert sitting.said == []
    assert {url.partition(":")[0] for url in sitting.asked} <= {"file", "data", "blob"}


def test_nobody_judges_what_they_have_not_heard(sitting, made, store, context):
    slow = make_study(store, [], StudyPlan(trials=4), listen_s=3)
    other = Sitting(context, f"file://{store.locate(slow.page)}")
    other.begin()
    assert "listen" in other.text("#hint").lower()
    other.press("1", "y")
    assert other.page.locator("#progress").get_attribute("aria-valuenow") == "0"
    assert "more seconds first" in other.text("#status")


def test_a_closed_tab_loses_nothing(sitting, context, address, made):
    sitting.begin("Ann")
    sitting.listen()
    sitting.press("0")
    sitting.page.close()
    again = Sitting(context, address)
    assert again.text("#begin") == "Continue"
    assert again.text("#resume") == "1 of 4 answered so far as Ann"
    assert again.page.locator("#rater").input_value() == "Ann"
    again.page.locator("#begin").click()
    assert again.sees("#back:not([disabled])"), "it goes on at the second question"


def test_who_comes_second_to_a_browser_takes_over_no_answers(
    sitting, context, address, made
):
    sitting.begin("Ann")
    sitting.listen()
    sitting.press("0")
    sitting.page.close()
    second = Sitting(context, address)
    second.page.locator("#rater").fill("Bo")
    assert second.text("#begin") == "Begin"
    assert not second.sees("#resume")
    second.page.locator("#rater").press("Enter")
    assert second.sees("#welcome"), "what Ann does says nothing of Bo"
    second.begin("Bo", "musician")
    assert second.page.locator("#progress").get_attribute("aria-valuenow") == "0"
    second.answer_all(made.study)
    saved = json.loads(second.save().path().read_bytes())
    assert saved["rater"] == {"name": "Bo", "background": "musician"}
    assert saved["answers"][0]["answer"] != "unsure"
    second.page.close()

    first = Sitting(context, address)
    assert first.text("#resume") == "4 of 4 answered so far as Bo"
    first.begin(" ann ")
    assert first.page.locator("#progress").get_attribute("aria-valuenow") == "1"
    first.page.locator("#back").click()
    first.settle()
    assert first.sees("[data-answer=unsure].is-chosen"), "Ann's own answer is kept"
    assert first.said == []


def test_where_the_browser_keeps_nothing_it_says_so_and_goes_on(context, address):
    refuse = "indexedDB.open = () => { throw new DOMException('', 'SecurityError'); }"
    context.add_init_script(refuse)
    sitting = Sitting(context, address)
    sitting.begin()
    assert "keeps nothing" in sitting.text("#status")
    sitting.listen()
    sitting.press("0")
    assert sitting.page.locator("#progress").get_attribute("aria-valuenow") == "1"
    assert sitting.said == []


def test_an_answer_can_be_looked_at_and_changed(sitting, made):
    sitting.begin()
    sitting.answer_all(made.study)
    sitting.page.locator("#look-back").click()
    last = made.study.trials[-1]
    chosen = "match" if last.real is None else last.real
    assert sitting.sees(f"[data-answer={chosen}].is-chosen")
    sitting.press("0")
    saved = json.loads(sitting.save().path().read_bytes())
    said = {one["trial"]: one["answer"] for one in saved["answers"]}
    assert said[last.number] == "unsure"
    assert len(said) == len(made.study.trials)


def test_keys_of_the_other_kind_of_question_do_nothing(sitting, made):
    sitting.begin()
    sitting.listen()
    wrong = "12" if made.study.trials[0].real is None else "yn"
    sitting.press(*wrong)
    assert sitting.page.locator("#progress").get_attribute("aria-valuenow") == "0"


@pytest.fixture
def lost(made, store):
    """The song of the first question, which is no longer where the page looks."""
    title = made.study.trials[0].board_id.removesuffix("-0")
    song = store.read(f"drops/{title}.wav")
    store.delete(f"drops/{title}.wav")
    return title, song


def test_without_the_song_it_says_so_and_takes_a_file(lost, sitting, tmp_path):
    title, song = lost
    own = tmp_path / "mine.wav"
    own.write_bytes(song)
    sitting.begin()
    sitting.page.wait_for_selector("#unplayable:not([hidden])")
    assert title.title() in sitting.text("#unplayable p:first-child")
    sitting.press("1", "y")
    assert "nothing to judge" in sitting.text("#status")
    sitting.page.locator("#own-file").set_input_files(own)
    sitting.listen()
    assert not sitting.sees("#unplayable")
    sitting.press("0")
    assert sitting.page.locator("#progress").get_attribute("aria-valuenow") == "1"


def test_a_question_without_its_song_can_be_skipped(lost, sitting):
    sitting.begin()
    sitting.page.wait_for_selector("#unplayable:not([hidden])")
    sitting.page.locator("#skip").click()
    sitting.settle()
    assert sitting.sees("#back:not([disabled])"), "it is the second question"
    assert sitting.page.locator("#progress").get_attribute("aria-valuenow") == "0"
    assert sitting.page.evaluate("document.getElementById('next').hidden"), (
        "the second question stands, unanswered"
    )


def test_every_control_has_a_name_and_the_question_has_the_focus(sitting, made):
    unnamed = (  # what is hidden gets its words when it is shown
        "[...document.querySelectorAll('button, input, [role=slider]')]"
        ".filter(e => !e.hidden &&"
        " !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length))"
        ".map(e => e.outerHTML)"
    )
    assert sitting.page.evaluate(unnamed) == []
    sitting.begin()
    assert sitting.page.evaluate(unnamed) == []
    assert sitting.page.evaluate("document.activeElement.id") == "question"


@pytest.mark.parametrize("width", [360, 820, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_runs_over_the_edge(browser, address, made, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    sitting = Sitting(context, address)
    for turn in range(3):
        assert sitting.page.evaluate("document.documentElement.scrollWidth") <= width
        if turn == 0:
            sitting.begin()
        elif turn == 1:
            sitting.listen()
            sitting.press("0")
    context.close()
