"""Settings of the publisher."""

from __future__ import annotations

import pickle

from events.publisher.settings import KafkaSettings


def test_settings_travel_to_another_process_and_never_show_a_password() -> None:
    settings = KafkaSettings(servers=("a:1",), client=(("sasl_plain_password", "zebra-47"),))
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert "zebra" not in repr(settings)
