"""Ordinary English to measure and to hide things in: plain text with nothing in it that a detector should find."""

from __future__ import annotations

PROSE = (
    "The harbour wakes before the town does. By five the first boats are already past the breakwater, and the men "
    "who stayed behind are mending nets under the yellow lamps. Nobody says much. A kettle is always on, and there "
    "is bread if you know whom to ask. When the fog lifts, usually around seven, you can see the lighthouse and, "
    "on good days, the long grey line of the islands.\n\n"
    "It was not always like this. Forty years ago the fleet had sixty boats; today it has nine, and two of them "
    "carry tourists. The old cannery became a museum, then a café, then a place where people sit with laptops and "
    "drink expensive coffee. Some of the fishermen's children work there. They don't mind, they say: it's warm, "
    "it's steady, and the tips are better than the herring ever was.\n\n"
    "To cook the stew, start with two onions and a little butter. Let them go soft, not brown; that takes ten "
    "minutes. Add the potatoes, cut small, then water to cover. Salt it less than you think. After twenty minutes "
    "put in the fish, skin side down, and take the pot off the heat. Serve with dark bread. In Python you could "
    "write the recipe as a list: `steps = [soften, add, simmer, rest]`, and loop over it with `for step in steps`. "
    "The function returns a number between 0 and 1, where 0.5 means that the model is not sure.\n\n"
    "Questions people ask: does the ferry run in winter? It does, twice a day, weather allowing. Is there a bank? "
    "There was. Can you swim? You can, but the water is never above 16 degrees, even in August; most visitors "
    "put one foot in, laugh, and go back to the café.\n\n"
)
"""About 1,700 characters, with accents, quotes, numbers and a little code."""


def prose(chars: int) -> str:
    """Return that many characters of ordinary text."""
    return (PROSE * (chars // len(PROSE) + 1))[:chars]
