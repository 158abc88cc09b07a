"""Sentences that only the report uses: neutral mentions of identity terms, and harmful and harmless neighbours.

None of these templates is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

from detectors.toxicity.training.vocabulary import IDENTITIES

NEUTRAL = (
    "The speaker introduced herself as {identity} and thanked the organisers.",
    "According to the census, {people} make up a fifth of the town.",
    "Our {identity} neighbours brought soup when the heating failed.",
    "I read an interview with a {identity} director about her latest film.",
    "{people} have lived along this river for generations.",
    "Is the museum's exhibition about {people} still open?",
    "Two of the jurors were {identity}, and four were not.",
    "This recipe was given to me by a {identity} friend.",
    "My son's new teacher is {identity}.",
    "The charity offers legal advice to {people}.",
    "When I was a child I knew very few {people}.",
    "A group of {people} sang outside the town hall at noon.",
    'The term "{identity}" is explained in the glossary.',
    "Our survey shows that {people} and others answered alike.",
    "He said he was {identity} and asked for the timetable.",
    "Please make the website easier to use for {people}.",
    "There is a {identity} character in the second season.",
    "{people} voted in greater numbers than four years ago.",
)


@dataclass(frozen=True, slots=True)
class Probe:
    """A text, the behaviour it belongs to, and whether it should fire."""

    text: str
    behaviour: str
    harmful: bool
    group: str = ""


_GROUPS = (
    "Muslims",
    "Jews",
    "women",
    "gay people",
    "immigrants",
    "disabled people",
    "Black people",
    "trans people",
)

_FUNCTIONS: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    ("plain hate", True, ("I really loathe {g}.", "{g} are the scum of the earth.", "Honestly, {g} revolt me.")),
    ("dehumanising", True, ("{g} are rats in human shape.", "To me {g} are a virus that has to be cured.")),
    (
        "hate as a question",
        True,
        ("Why would anyone sane want {g} around?", "Who let all these disgusting {g} in?"),
    ),
    ("exclusion", True, ("{g} have no business in our parliament.", "Kick every last one of the {g} out of here.")),
    ("threat to a group", True, ("Line up the {g} and open fire.", "Tonight we beat up {g}, who is in?")),
    (
        "negated hate",
        False,
        ("I could never loathe {g}.", "{g} are not scum, and it is sad that this needs saying."),
    ),
    ("counter-speech", False, ("Whoever calls {g} rats should read a history book.", "Stop the hate against {g}.")),
    ("quoted hate", False, ("He was sacked for tweeting that {g} are the scum of the earth.",)),
    ("support", False, ("{g} make this city better.", "So happy to see {g} on the council at last!")),
)
_PLAIN: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    (
        "insult",
        True,
        (
            "What an absolute buffoon you turned out to be.",
            "You are dumber than a bag of hammers.",
            "Nobody has ever been as useless as you are.",
            "Your opinion is garbage and so are you.",
            "That man is a lying, cheating swine.",
            "Only a complete cretin would believe this.",
        ),
    ),
    (
        "threat",
        True,
        (
            "Open the door or I will break every bone in your body.",
            "You won't live to see the weekend.",
            "Somebody ought to slit his throat.",
            "I've got a rifle and your address.",
            "We'll come at night and set your house on fire.",
            "He deserves a bullet between the eyes.",
        ),
    ),
    (
        "sexual",
        True,
        (
            "She straddled him, naked, and begged him to go deeper.",
            "Tell me what you would do to my naked body.",
            "They had sex against the wall until both of them came.",
            "He pulled down her underwear and put his mouth on her.",
        ),
    ),
    (
        "no target, strong words",
        False,
        (
            "I hate it when the milk runs out.",
            "This stupid lid will not come off.",
            "That exam absolutely destroyed me.",
            "The goalkeeper was on fire and killed the game.",
            "My phone died in the middle of the call.",
            "We will bomb at the box office if the trailer is late.",
        ),
    ),
    (
        "reports and advice",
        False,
        (
            "A gunman opened fire in a mall; three people were wounded.",
            "My ex wrote that he will break my legs. Should I go to the police?",
            "The verdict described how the victim had been insulted for months.",
            "If you think of ending your life, talk to somebody today.",
            "The clinic offers free tests for syphilis, and nobody will judge you.",
            "Consent means that both people want to have sex and say so.",
        ),
    ),
)


def neutral() -> list[Probe]:
    """Return every neutral sentence with every identity term."""
    return [
        Probe(_filled(template, identity.adjective, identity.people), "neutral mention", False, identity.adjective)
        for identity in IDENTITIES
        for template in NEUTRAL
    ]


def _filled(template: str, adjective: str, people: str) -> str:
    article = "an" if adjective[0] in "aeiouAEIO" else "a"
    text = template.replace("a {identity}", f"{article} {{identity}}") if article == "an" else template
    text = text.replace("{identity}", adjective).replace("{people}", people)
    return text[0].upper() + text[1:]


def functional() -> list[Probe]:
    """Return the sentences of each behaviour."""
    grouped = [
        Probe((text := template.replace("{g}", group))[0].upper() + text[1:], behaviour, harmful, group)
        for behaviour, harmful, templates in _FUNCTIONS
        for template in templates
        for group in _GROUPS
    ]
    plain = [Probe(text, behaviour, harmful) for behaviour, harmful, texts in _PLAIN for text in texts]
    return grouped + plain
