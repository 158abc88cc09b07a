"""Builds what guarding under a policy needs, before the first text pays for it: screens, sets, automata.

Their caches fill with use; here they are used on text such as people and models write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.types import ChannelKind, CostClass, Window
from policies.types import Direction
from proxy.guard.rules import channel_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.screening import FusedScreen
    from policies.types import Policy

_TAIL_CHARS = 24
"""How much of a text is looked at from each place: most threads of an automaton are dead before."""

_TEXT = """\
Of course! Here's a quick look at what happened in March, and why: the "new" plan (version 2.0) isn't final.
I'd say 3 of 12 teams have it; they'll decide by 14:30 on Monday, 2 June 2025 - or 2025-06-02 at the latest.
1. **Check** the settings & logs; 2. call Mr. Young at +1 (555) 010-0199, or write to jo.doe+info@mail.example.org.
Dear Ms. O'Neil, the total is $1,250.00 (about 1.100,50 EUR), 25% less than in 2019; see section 4.3.1, pages 17-19.
See https://www.example.com/docs/index.html?page=2#top, 192.0.2.17, 2001:db8::1 or C:\\Users\\name\\file_01.txt.
```python
def add_values(first: int, second: int = 0) -> dict[str, int]:
    return {"sum": first + second, "max_value": max(first, second)}  # Note: test_it(), x ** 2 != y
```
{"city":"Quito","units":"metric","days":[1,2,3],"key":"sk-test_0123","id":"call_a1B2c3D4","hash":"9f86d081884c7d65"}
| Name | Zip | Card |\n|---|---|---|\n| Zoe Vazquez | 90210-1234 | 4111 1111 1111 |
* EXPORT KEY=Value; <b>Just</b> 50/50? Yes.
Jusqu'ici tout va bien : \
\u00e7a co\u00fbte 3 \u20ac. Gr\u00fc\u00dfe aus K\u00f6ln! \u00bfQu\u00e9 tal? \u2014 \
\u201cfine\u201d \u2026 \u4f60\u597d\uff0c\u4e16\u754c\u3002
chatcmpl-Bq7Zk2vHc9Xw1TtYp4Lm gpt-4o-mini-2024-07-18 fp_44709d6fcb msg_01XFDUDYJgAACzvnptvVoYEL llama3.2:3b-instruct
"""

_WORDS = """\
the of and to in is you that it he was for on are as with his they at be this have from or one had by word but
not what all were we when your can said there use an each which she do how their if will up other about out many
then them these so some her would make like him into time has look two more write go see number no way could
people my than first water been call who oil its now find long down day did get come made may part over new
sound take only little work know place year live me back give most very after thing our just name good sentence
man think say great where help through much before line right too mean old any same tell boy follow came want
show also around form three small set put end does another well large must big even such because turn here why
ask went men read need land different home us move try kind hand picture again change off play spell air away
animal house point page letter mother answer found study still learn should world high every near between add
below country plant last school father keep trees never started city earth eyes light thought head under story
saw left few while along might close something seem next hard open example begin life always those both paper
together got group often run important until children side feet car miles night walked white sea began grow took
river four carry state once book hear stop without second later idea enough eat face watch far really almost
above girl sometimes mountains cut young talk soon list song being leave family function value error class
return type data file server request response string object model token user system memory information
development available question: however, therefore, including several possible according security
"""


def warm(policy: Policy, failed: Callable[[str, Exception], None]) -> None:
    """Build all that texts are looked at with under a policy. Takes up to two seconds: not for the event loop.

    `failed` hears of each detector that failed, by name. It will fail again at its first text, under `on_error`.
    """
    _scan_once(policy, failed)
    screens: dict[int, FusedScreen] = {}
    for direction in Direction:
        rules = channel_rules(policy, direction)
        for kind in ChannelKind:
            rules[kind].is_quiet(_TEXT)
            for bench in (rules[kind].holders, rules[kind].observers):
                if bench.screen is not None:
                    screens[id(bench.screen)] = bench.screen
    for screen in screens.values():
        screen.look(_TEXT)
        screen.held_from(_TEXT[:_TAIL_CHARS], 0)
        for text in (_TEXT, _WORDS):
            for end in range(_TAIL_CHARS, len(text) + 1):
                screen.held_from(text[end - _TAIL_CHARS : end], 1)


def _scan_once(policy: Policy, failed: Callable[[str, Exception], None]) -> None:
    """Let each detector that scans on the event loop scan once: it may build more when it does."""
    for detector in (*policy.detectors.values(), *(view for views in policy.viewing.values() for view in views)):
        if detector.cost_class is CostClass.INLINE:
            try:
                detector.scan(Window(min(detector.kinds), "", _TEXT, 0, final=True))
            except Exception as error:  # noqa: BLE001 - whatever a detector raises is a failed scan
                failed(detector.name, error)
