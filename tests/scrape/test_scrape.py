"""A scrape of a real registry against what its exposition shows and what Prometheus would add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Metric, Summary, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from alerts.model import Labels
from alerts.scrape import Scrape, Scraper, Target
from alerts.store import Selector, Store, is_stale

TARGET = Target(job="training-exporter", instance="host:9101")
ABOUT = {
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
}


class Steps:
    """A clock that moves a quarter of a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.25
        return self.now


def values_of(scrape: Scrape) -> dict[Labels, float]:
    return {sample.labels: sample.value for sample in scrape.samples}


def named(scrape: Scrape, name: str) -> list[tuple[dict[str, str], int, float]]:
    return [(dict(s.labels), s.at_ms, s.value) for s in scrape.samples if ("__name__", name) in s.labels]


def about(scrape: Scrape, name: str) -> float:
    ((_, _, value),) = named(scrape, name)
    return value


def full_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Gauge("loss", "l", ["run"], registry=registry).labels("a").set(float("nan"))
    Counter("errors_total", "e", ["kind"], registry=registry).labels("oom").inc(3)
    Histogram("took_seconds", "t", registry=registry).observe(0.3)
    Summary("size_bytes", "s", registry=registry).observe(7)
    Info("build", "b", registry=registry).info({"version": "1"})
    return registry


def test_a_scrape_has_the_samples_of_the_exposition_with_the_targets_labels() -> None:
    registry = full_registry()
    text = generate_latest(registry).decode()
    expected = {
        (sample.name, *sorted({**sample.labels, "job": TARGET.job, "instance": TARGET.instance}.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    scraped = {
        (labels["__name__"], *sorted((k, v) for k, v in labels.items() if k != "__name__"))
        for labels in map(dict, values_of(Scraper(registry.collect, TARGET, Steps()).scrape(1000)))
        if labels["__name__"] not in ABOUT
    }
    assert scraped == expected
    assert any(name == "errors_total" for name, *_ in scraped)


def test_a_scrape_tells_about_itself() -> None:
    registry = full_registry()
    scraper = Scraper(registry.collect, TARGET, Steps())
    first, second = scraper.scrape(1000), scraper.scrape(2000)
    own = len(first.samples) - len(ABOUT)
    assert about(first, "up") == 1
    assert about(first, "scrape_duration_seconds") == 0.25
    assert about(first, "scrape_samples_scraped") == own
    assert (about(first, "scrape_series_added"), about(second, "scrape_series_added")) == (own, 0)
    assert all(sample.at_ms == 2000 for sample in second.samples)


def test_a_clashing_label_is_kept_under_another_name() -> None:
    def collect() -> Iterable[Metric]:
        family = GaugeMetricFamily("x", "x", labels=["job", "exported_job", "instance", "empty"])
        family.add_metric(["mine", "older", "", ""], 1.0)
        return [family]

    ((labels, _, _),) = named(Scraper(collect, TARGET, Steps()).scrape(0), "x")
    assert labels == {
        "__name__": "x",
        "job": TARGET.job,
        "instance": TARGET.instance,
        "exported_job": "older",
        "exported_exported_job": "mine",
    }


def test_a_series_that_vanished_gets_one_staleness_marker() -> None:
    registry = CollectorRegistry()
    gauge = Gauge("x", "x", ["run"], registry=registry)
    gauge.labels("a").set(1)
    gauge.labels("b").set(2)
    scraper = Scraper(registry.collect, TARGET, Steps())
    scraper.scrape(1000)
    gauge.remove("a")
    ended = [row for row in named(scraper.scrape(2000), "x") if is_stale(row[2])]
    assert [(labels["run"], at) for labels, at, _ in ended] == [("a", 2000)]
    assert len(named(scraper.scrape(3000), "x")) == 1


def test_a_failed_collection_ends_every_series_and_says_why() -> None:
    registry = full_registry()
    broken = False

    def collect() -> Iterator[Metric]:
        yield from registry.collect()
        if broken:
            raise OSError("no device")

    scraper = Scraper(collect, TARGET, Steps())
    first = scraper.scrape(1000)
    broken = True
    second = scraper.scrape(2000)
    assert (first.error, second.error) == (None, "OSError: no device")
    assert (about(second, "up"), about(second, "scrape_samples_scraped")) == (0, 0)
    others = {labels: value for labels, value in values_of(second).items() if dict(labels)["__name__"] not in ABOUT}
    assert set(others) == {labels for labels in values_of(first) if dict(labels)["__name__"] not in ABOUT}
    assert all(map(is_stale, others.values()))
    broken = False
    assert about(scraper.scrape(3000), "scrape_series_added") == len(first.samples) - len(ABOUT)


def test_a_sample_with_its_own_time_keeps_it_and_ends_without_a_marker() -> None:
    families: list[Metric] = [GaugeMetricFamily("x", "x")]
    families[0].add_sample("x", {}, 5.0, timestamp=1.5)
    scraper = Scraper(lambda: families, TARGET, Steps())
    ((_, at, value),) = named(scraper.scrape(9000), "x")
    assert (at, value) == (1500, 5.0)
    families.clear()
    assert named(scraper.scrape(10000), "x") == []


def test_the_end_of_a_target_ends_what_was_said_about_it_too() -> None:
    scraper = Scraper(full_registry().collect, TARGET, Steps())
    first = scraper.scrape(1000)
    end = scraper.end(2000)
    assert set(values_of(end)) == set(values_of(first))
    assert all(map(is_stale, values_of(end).values()))
    assert about(scraper.scrape(3000), "up") == 1


@given(st.lists(st.sets(st.sampled_from("abcde")), max_size=8))
def test_in_the_store_a_series_is_there_exactly_while_it_is_exposed(rounds: list[set[str]]) -> None:
    exposed: set[str] = set()

    def collect() -> Iterable[Metric]:
        family = GaugeMetricFamily("x", "x", labels=["run"])
        for run in sorted(exposed):
            family.add_metric([run], 1.0)
        return [family]

    scraper, store = Scraper(collect, TARGET, Steps()), Store()
    for number, exposed in enumerate(rounds):
        assert store.extend(scraper.scrape(number * 1000).samples) == 0
        alive = {dict(s.labels)["run"] for s in store.select(Selector("x")) if not is_stale(s.values[-1])}
        assert alive == exposed
