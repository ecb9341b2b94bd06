"""The report of a real workflow, in a real browser."""

import itertools
import json
import re
import shutil
from html.parser import HTMLParser

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import CLASSES, archive_files, write_archive

pytestmark = pytest.mark.slow

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def reported(finished, tmp_path_factory):
    """A project with a class whose name is a script, and three numbers of clusters."""
    project = finished.copy(tmp_path_factory.mktemp("report") / "project")
    names = [SCRIPT if name == "noise" else name for name in CLASSES]
    archive = archive_files() | {"batches.meta.txt": "\n".join(names).encode()}
    write_archive(project.path / "named.tar.gz", archive)
    project.targets = ["all"]
    project.configure(
        datasets={"tiny": {"source": "named.tar.gz", "sha256": None}},
        clustering={"n_clusters": [2, 3, 4]},
        evaluation={"gap_references": 2},
        report={"n_clusters": 3},
    )
    project.run()
    return project


@pytest.fixture(scope="module")
def page(reported, tmp_path_factory):
    """The report in headless Chromium, as wide as a phone."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("chromium and chromedriver are not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking"):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    phone = {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    driver.get("about:blank")
    driver.get_log("performance")  # the browser's own pages
    driver.get((reported.results / "report.html").as_uri())
    yield driver
    driver.quit()


def test_no_errors_and_no_requests(page, reported):
    assert page.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    assert {url for url in urls if not url.startswith("data:")} == {(reported.results / "report.html").as_uri()}


def test_all_images_load_and_say_what_they_show(page):
    images = page.execute_script(
        "return [...document.images].map(i => [i.complete && i.naturalWidth > 0, i.alt, i.getAttribute('width')])"
    )
    assert len(images) == 2 + 2 + 2 * 6
    assert all(loaded and len(alt) > 10 and int(width) > 100 for loaded, alt, width in images)


def test_begins_with_the_picture_of_the_answer(page):
    """Before the sentence, and large enough to be read on a phone."""
    order = page.execute_script(
        "return [...document.querySelectorAll('#main img, #main strong')].map(x => x.tagName).slice(0, 2)"
    )
    assert order == ["IMG", "STRONG"]
    natural, shown = page.execute_script(
        "return [document.images[0].naturalWidth / 200, document.images[0].width]"
    )
    assert 8 / 72 * shown / natural > 8  # text of 8 points, in pixels


def test_fits_a_phone(page):
    assert page.execute_script("return document.documentElement.scrollWidth") <= 375


def test_names_stay_text(page, reported):
    assert page.execute_script("return document.scripts.length") == 4  # tables and figures, data, D3, maps
    classes = page.execute_script(
        "return [...document.querySelectorAll('#data ~ details tbody th')].map(cell => cell.textContent)"
    )
    assert classes == [SCRIPT if name == "noise" else name for name in CLASSES]
    assert SCRIPT not in (reported.results / "report.html").read_text()


@pytest.mark.parametrize("by", ["click", "keyboard"])
def test_tables_sort_up_and_down(page, by):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    tables = page.find_elements(By.CSS_SELECTOR, "#scores ~ .wide table.sortable")
    head = tables[-1].find_elements(By.CSS_SELECTOR, "thead th")[3]
    assert head.text.startswith("difference")
    for direction, reverse in (("ascending", False), ("descending", True)):
        button = head.find_element(By.TAG_NAME, "button")
        if by == "click":
            page.execute_script("arguments[0].click()", button)
        else:
            button.send_keys(Keys.ENTER)
        assert head.get_attribute("aria-sort") == direction
        cells = tables[-1].find_elements(By.CSS_SELECTOR, "tbody tr td:nth-child(4)")
        values = [float(cell.get_attribute("data-value")) for cell in cells]
        assert len(values) > 5
        assert values == sorted(values, reverse=reverse)
    page.refresh()


def point_at_a_point(page):
    """Move the mouse to the first point of the map that is shown, whose place the script keeps to itself."""
    from selenium.webdriver.common.action_chains import ActionChains

    canvas = page.find_element("css selector", "#explorer .place > canvas")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    width, height = canvas.size["width"], canvas.size["height"]
    for x, y in itertools.product(
        range(-width // 2 + 15, width // 2, 15), range(-height // 2 + 15, height // 2, 15)
    ):
        ActionChains(page, duration=0).move_to_element_with_offset(canvas, x, y).perform()
        if page.find_element("css selector", "#explorer .tip").is_displayed():
            return canvas
    raise AssertionError("no point is near the pointer, wherever it is")


def test_map_shows_the_image_that_is_pointed_at(page, reported):
    point_at_a_point(page)
    lines = [line.text for line in page.find_elements("css selector", "#explorer .tip div div")]
    assert re.fullmatch(r"image \d+", lines[0])
    number = int(lines[0].removeprefix("image "))
    with h5py.File(reported.results / "clusters/pixels/test/k3/seed0.h5") as file:
        assert lines[1] == f"cluster {file['labels'][number]}"
    images = pd.read_csv(reported.results / "images.csv").query("split == 'test'").set_index("number")
    assert lines[2] == f"class {images.loc[number, 'class']}"
    with h5py.File(reported.results / "images.h5") as file:
        image = file["test/images"][number].astype(float)
    shown = page.execute_script(
        "const canvas = document.querySelector('#explorer .tip canvas');"
        "return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
    )
    assert np.abs(np.reshape(shown, (32, 32, 4))[..., 0] - image).mean() < 20  # as WebP has it


@pytest.mark.parametrize("by", ["click", "keyboard"])
def test_cluster_shows_its_images(page, reported, by):
    from selenium.webdriver.common.keys import Keys

    with h5py.File(reported.results / "clusters/pixels/test/k3/seed0.h5") as file:
        sizes = np.bincount(file["labels"][:])
    for cluster, button in enumerate(page.find_elements("css selector", "#explorer .groups button")):
        assert button.text == f"cluster {cluster} ({sizes[cluster]})"
        if by == "click":
            page.execute_script("arguments[0].click()", button)
        else:
            button.send_keys(Keys.ENTER)
        assert button.get_attribute("aria-pressed") == "true"
        images = page.find_elements("css selector", "#explorer .gallery button")
        assert len(images) == min(60, sizes[cluster])
        assert all(f", cluster {cluster}, class " in image.get_attribute("aria-label") for image in images)
    images[-1].send_keys(Keys.NULL)  # which gives it the focus
    tip = page.find_element("css selector", "#explorer .tip")
    assert tip.text.split("\n") == images[-1].get_attribute("aria-label").split(", ")
    button.send_keys(Keys.ENTER)
    assert page.find_elements("css selector", "#explorer .gallery button") == []


def test_one_clustering_is_shown_at_a_time_and_all_are_printed(page):
    from selenium.webdriver.support.select import Select

    heads = page.find_elements("css selector", ".clustering h3")
    maps = page.find_elements("css selector", "figure.map img")
    shown = Select(page.find_element("id", "shown"))
    for number, name in [
        (1, "autoencoder, test images, k = 3, seed 0, model 0"),
        (0, "pixels, test images, k = 3, seed 0"),
    ]:
        shown.select_by_index(number)
        assert shown.first_selected_option.text == name
        assert [head.text for head in heads if head.is_displayed()] == [name]
        assert not maps[number].is_displayed()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert all(element.is_displayed() for element in [*heads, *maps])
    assert not page.find_element("id", "explorer").is_displayed()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_without_scripts_the_maps_are_pictures(page):
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page.refresh()
    shown = page.find_elements("css selector", "figure.map img, .clustering h3")
    hidden = page.find_elements("css selector", "#explorer, #chooser, .larger")
    assert len(shown) == 4
    assert len(hidden) == 2
    assert all(element.is_displayed() for element in shown)
    assert not any(element.is_displayed() for element in hidden)
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    page.refresh()


def test_small_figures_can_be_made_larger(page):
    figure = page.find_element("css selector", "#scores ~ figure")
    widths = []
    for _ in range(3):
        widths.append(figure.find_element("tag name", "img").size["width"])
        page.execute_script("arguments[0].click()", figure.find_element("css selector", ".larger"))
    assert widths[0] == widths[2] < 375 < widths[1]
    page.refresh()


class Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_says_what_the_tables_say(reported):
    text = (reported.results / "report.html").read_text()
    compared = pd.read_csv(reported.results / "comparison.csv")
    row = compared[(compared["k"] == 3) & (compared["metric"] == "adjusted_rand")].iloc[0]
    assert (
        "<strong>Not known from one model of autoencoder: another may differ by more. Learn more models." in text
    )
    for mean in (row["mean_a"], row["mean_b"]):
        assert f'data-value="{mean}">{mean:.4f}</td>' in text
    assert len(text) < 10e6
    outline = Outline()
    outline.feed(text)
    links = [attrs[name] for _, attrs in outline.tags for name in ("href", "src") if name in attrs]
    ids = {attrs["id"] for _, attrs in outline.tags if "id" in attrs}
    for link in links:
        assert link.startswith("data:") or link.removeprefix("#") in ids
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_settings_that_matter_make_it_again(reported, tmp_path):
    project = reported.copy(tmp_path / "project")
    project.targets = ["all"]
    assert project.jobs() == set()
    project.configure(report={"n_clusters": 2})
    rules = ("draw_clusters", "draw_pictures", "draw_map")
    figures = {f"{rule} {space} test k2 seed0" for rule in rules for space in ("pixels", "autoencoder/seed0")}
    assert project.jobs() == figures | {
        "decode_centroids test k2 seed0",
        "write_report",
        "conclude",
        "list_assignments",
    }
    project.edit("scripts/templates/report.html", "Skip to the text", "Skip to text")
    assert "write_report" in project.jobs()
    path = project.path / "scripts/draw_scores.py"
    assert "draw_scores" not in project.jobs()
    path.write_text(path.read_text() + "\n\nNEW = 1\n")
    assert "draw_scores" in project.jobs()


def test_snakemakes_own_report(reported):
    """With figures and captions, and without a connection."""
    reported.run("--report", "report.html")
    assert (reported.path / "report.html").stat().st_size > 100_000
