"""Every widget on a page of its own, as saved for a lecture: opened from the disk."""

import pytest

from cnnlab.widgets import (
    ConvolutionExplorer,
    DigitsExplorer,
    DropoutExplorer,
    LedgerExplorer,
    PoolingExplorer,
    RemovalsExplorer,
    RunsExplorer,
    ShiftExplorer,
    StackExplorer,
    TrainingStepExplorer,
    quiz,
)

WIDGETS = {
    "digits": DigitsExplorer,
    "dropout": DropoutExplorer,
    "convolution": ConvolutionExplorer,
    "ledger": LedgerExplorer,
    "pooling": PoolingExplorer,
    "shift": ShiftExplorer,
    "removals": RemovalsExplorer,
    "records": lambda: RunsExplorer("removals_cifar", ("max", "stride")),
    "quiz": lambda: quiz("02-why-pool"),
    "stack": StackExplorer,
    "step": TrainingStepExplorer,
}


@pytest.fixture(params=WIDGETS)
def widget(request):
    return WIDGETS[request.param]()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1024, 375])
def test_the_page_is_drawn_without_network_and_without_errors(widget, show, theme, width):
    visit = show(widget, theme=theme, width=width)
    assert (visit.foreign, visit.missing, visit.errors) == ([], [], [])
    assert visit.page.locator(".cnnlab-widget").get_attribute("data-drawn") == "true"


def test_on_a_phone_nothing_has_to_be_moved_sideways(widget, show):
    page = show(widget, width=375).page
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 375


def test_without_scripts_the_first_state_is_there(widget, show):
    text = show(widget, javascript=False).page.locator("main").inner_text()
    assert len(text) > 40


def test_the_title_says_what_it_is(widget, show):
    assert show(widget).page.title() == repr(widget)
