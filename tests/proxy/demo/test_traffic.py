from __future__ import annotations

import pytest

from proxy.demo.model import running_model
from proxy.demo.script import SCENARIOS, Scenario
from proxy.demo.traffic import ask, make_client
from proxy.demo.verdict import wanted_texts


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if not one.fails], ids=lambda one: one.title)
async def test_the_client_hears_all_that_the_model_says(scenario: Scenario, stream: bool) -> None:
    """Asked directly, without a proxy: every text, whatever its kind and choice."""
    async with running_model(pace_s=0.0) as url, make_client(url) as client:
        heard = await ask(client, scenario, stream=stream)
    unedited = Scenario(scenario.title, scenario.prompt, scenario.answers)
    assert {key: heard.text(*key) for key in heard.texts} == wanted_texts(unedited)
    assert (heard.error, heard.request_id) == ("", "")
    assert len(heard.finish) == len(scenario.answers)
    assert bool(heard.tokens) is scenario.logprobs


@pytest.mark.parametrize(("stream", "error"), [(True, "APIError"), (False, "InternalServerError")])
async def test_an_error_of_the_api_is_part_of_what_is_heard(stream: bool, error: str) -> None:
    scenario = next(one for one in SCENARIOS if one.fails)
    async with running_model(pace_s=0.0) as url, make_client(url) as client:
        heard = await ask(client, scenario, stream=stream)
    assert heard.error == error
