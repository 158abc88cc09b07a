"""Ordinary English to measure with, cut into tokens as a model would send it.

The first passage is from "Alice's Adventures in Wonderland" (1865, public domain); the others were written for
this file in the manner of an assistant's answers. Nothing in them breaks a rule of the default policy, so a
proxy has to give them back byte for byte.
"""

from __future__ import annotations

import re
from itertools import pairwise

_ALICE = """\
Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: once \
or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it, \
"and what is the use of a book," thought Alice, "without pictures or conversations?"

So she was considering in her own mind (as well as she could, for the hot day made her feel very sleepy and \
stupid), whether the pleasure of making a daisy-chain would be worth the trouble of getting up and picking the \
daisies, when suddenly a White Rabbit with pink eyes ran close by her.

There was nothing so very remarkable in that; nor did Alice think it so very much out of the way to hear the \
Rabbit say to itself, "Oh dear! Oh dear! I shall be late!" But when the Rabbit actually took a watch out of its \
waistcoat-pocket, and looked at it, and then hurried on, Alice started to her feet, for it flashed across her \
mind that she had never before seen a rabbit with either a waistcoat-pocket, or a watch to take out of it, and \
burning with curiosity, she ran across the field after it, and fortunately was just in time to see it pop down \
a large rabbit-hole under the hedge.
"""

_BREAD = """\
A sourdough loaf rises slowly because wild yeast works at its own pace. Plan on about 12 hours from the first \
mix to a dough that is ready for the oven, and a little more when the kitchen is colder than 20 degrees.

1. Mix 500 g of flour with 350 g of water and let it rest for half an hour.
2. Add 100 g of active starter and 10 g of salt, then fold the dough four times over the next two hours.
3. Let it stand, covered, until it has grown by roughly three quarters.

You will know that it is ready when the surface is domed, the sides show bubbles, and the bowl trembles a bit \
if you shake it. Don't worry if that takes longer than the recipe says; flour differs, and so do kitchens. Bake \
it at 240 degrees with the lid on for 25 minutes, take the lid off, and give it another 20 until the crust is \
as dark as you like it.
"""

_TIDES = """\
The tide is the slow answer of the sea to the pull of the Moon and, to a lesser degree, of the Sun. The Moon \
draws the water on the near side a little more than it draws the Earth itself, and the Earth a little more than \
the water on the far side, so two bulges form. As the planet turns beneath them, most coasts see two high \
waters in a lunar day, which lasts about 24 hours and 50 minutes.

Why are they not the same everywhere? Because water cannot run through continents. A wide bay that narrows, \
such as the Bay of Fundy, gathers the rising water and can lift it by more than 15 metres, whereas a small \
closed sea hardly notices. Around the time of a new or full moon the two pulls line up and the range is large: \
sailors call these spring tides. A week later the pulls stand at right angles and partly cancel, and the range \
is small.

In short: the cause lies in the sky, but the size of what you see at the harbour wall is decided by the shape of \
the coast, the depth of the shelf, and, on some days, the wind.
"""

_LOOP = """\
The loop in your function visits every pair of items, which is why it becomes slow once the list has more than a \
few thousand entries: the work grows with the square of the length. You can avoid that by remembering what you \
have already seen.

```python
def first_repeat(items):
    seen = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None
```

A set answers "have I met this before?" in constant time on average, so the whole pass is linear. The price is \
memory: in the worst case the set holds every item. If the list is already sorted, you need neither; compare \
each item with its neighbour and stop at the first match. I'd start with the version above, measure it on your \
own data, and keep it unless memory turns out to be the limit.
"""

PROSE = f"{_ALICE}\n{_BREAD}\n{_TIDES}\n{_LOOP}"

_TOKEN = re.compile(r" ?[A-Za-z]{1,9}(?:'[a-z]{1,2})?| ?[0-9]{1,3}| ?[^\w\s]+|\n+| +")
"""Pieces much like a model's own: short words whole with the space before them, longer ones in two, digits by
threes, punctuation by itself."""


def tokens(text: str) -> list[str]:
    """Cut a text into tokens of about four and a half characters; joined, they are the text again."""
    starts = [match.start() for match in _TOKEN.finditer(text)]
    return [text[a:b] for a, b in pairwise([*starts, len(text)])]


def passage(variant: int, chars: int) -> str:
    """Return `chars` characters of the prose, from another place for each variant, going round at the end."""
    turned = variant * 397 % len(PROSE)
    start = PROSE.index(" ", turned) + 1 if " " in PROSE[turned:] else 0
    endless = PROSE[start:] + PROSE * (chars // len(PROSE) + 1)
    return endless[:chars]
