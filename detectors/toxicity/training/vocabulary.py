"""Words that the templates are filled with: identity terms, people, places, topics. Lists, and nothing else."""

from __future__ import annotations

from typing import NamedTuple


class Identity(NamedTuple):
    """An identity term: as an adjective, as people, and the family it is compared within."""

    adjective: str
    people: str
    family: str


def _family(name: str, *pairs: tuple[str, str]) -> tuple[Identity, ...]:
    return tuple(Identity(adjective, people, name) for adjective, people in pairs)


IDENTITIES = (
    *_family(
        "religion",
        ("Muslim", "Muslims"),
        ("Jewish", "Jews"),
        ("Christian", "Christians"),
        ("Catholic", "Catholics"),
        ("Hindu", "Hindus"),
        ("Sikh", "Sikhs"),
        ("Buddhist", "Buddhists"),
        ("atheist", "atheists"),
        ("Mormon", "Mormons"),
    ),
    *_family(
        "origin",
        ("Black", "Black people"),
        ("white", "white people"),
        ("Asian", "Asians"),
        ("Chinese", "Chinese people"),
        ("Indian", "Indians"),
        ("African American", "African Americans"),
        ("Nigerian", "Nigerians"),
        ("Mexican", "Mexicans"),
        ("Latino", "Latinos"),
        ("Arab", "Arabs"),
        ("Iranian", "Iranians"),
        ("Turkish", "Turks"),
        ("Polish", "Poles"),
        ("Roma", "Roma"),
        ("Russian", "Russians"),
        ("Native American", "Native Americans"),
        ("Aboriginal", "Aboriginal people"),
        ("Pakistani", "Pakistanis"),
        ("American", "Americans"),
        ("Israeli", "Israelis"),
        ("Palestinian", "Palestinians"),
        ("immigrant", "immigrants"),
        ("refugee", "refugees"),
    ),
    *_family(
        "orientation",
        ("gay", "gay people"),
        ("lesbian", "lesbians"),
        ("bisexual", "bisexual people"),
        ("queer", "queer people"),
        ("straight", "straight people"),
        ("asexual", "asexual people"),
        ("LGBT", "LGBT people"),
        ("homosexual", "homosexuals"),
    ),
    *_family(
        "gender",
        ("female", "women"),
        ("male", "men"),
        ("trans", "trans people"),
        ("transgender", "transgender people"),
        ("non-binary", "non-binary people"),
        ("feminist", "feminists"),
    ),
    *_family(
        "disability",
        ("disabled", "disabled people"),
        ("deaf", "deaf people"),
        ("blind", "blind people"),
        ("autistic", "autistic people"),
        ("bipolar", "people with bipolar disorder"),
        ("schizophrenic", "people with schizophrenia"),
        ("dyslexic", "people with dyslexia"),
    ),
    *_family(
        "age and body",
        ("elderly", "old people"),
        ("young", "young people"),
        ("overweight", "overweight people"),
        ("homeless", "homeless people"),
    ),
)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


NAMES = _listed(
    "Anna|Omar|Wei|Fatima|James|Priya|Diego|Sofia|Kwame|Yuki|Lars|Maria|Ahmed|Grace|Ivan|Leila|Tom|Chloe|Hassan|Ruth|"
    "Pedro|Nadia|Sam|Ingrid|Jamal|Mei|Oscar|Zara|Patrick|Elena|Kofi|Hannah|Ravi|Julia|Noah|Amina"
)
RELATIONS = _listed(
    "neighbour|aunt|uncle|best friend|cousin|boss|teacher|doctor|roommate|sister-in-law|brother|grandmother|colleague|"
    "dentist|landlord|coach|daughter|partner|mother|classmate"
)
JOBS = _listed(
    "nurse|teacher|engineer|bus driver|baker|lawyer|carpenter|librarian|chef|student|electrician|pilot|farmer|"
    "accountant|journalist|violinist|cashier|plumber|scientist|designer|firefighter|poet|mechanic|pharmacist"
)
PLACES = _listed(
    "Leeds|Lagos|Toronto|Lima|Osaka|Warsaw|Nairobi|Chicago|Mumbai|Lisbon|Denver|Cairo|Oslo|Athens|Manila|Boston|"
    "Madrid|Accra|Dublin|Seoul"
)
TOPICS = _listed(
    "compound interest|sourdough bread|unit testing|the water cycle|jazz harmony|tax deductions|plate tectonics|"
    "meal planning|time zones|bicycle repair|photosynthesis|remote work|HTTP caching|container gardening|wedding toasts|"
    "interview preparation|database indexes|the French Revolution|running a marathon|learning Spanish|probability|"
    "home insulation|train travel|watercolour painting|regular expressions|chess openings|budgeting|solar panels|"
    "sleep hygiene|public speaking|supply chains|machine learning|coffee brewing|knitting patterns|cloud storage"
)
THINGS = _listed(
    "printer|laptop|dishwasher|car|phone|router|homework|weather|traffic|alarm clock|train|zipper|spreadsheet|update|"
    "parking meter|keyboard|wifi|queue|bus|vending machine|tent|lawnmower|remote|umbrella"
)
INSULTS = _listed(
    "idiot|moron|loser|fool|clown|imbecile|liar|coward|pig|rat|failure|disgrace|joke|waste of space|dumbass|"
    "piece of garbage|piece of trash|parasite|creep|jerk|scumbag|nobody|dimwit|halfwit|hypocrite|simpleton|"
    "airhead|degenerate|pathetic excuse for a human being|brainless sheep|crybaby|snake|lowlife|jackass"
)
SCORNS = _listed(
    "stupid|dumb|pathetic|worthless|disgusting|ugly|useless|ignorant|brainless|vile|filthy|clueless|spineless|"
    "laughable|repulsive|dense|crazy|incompetent|dim|rotten|nasty|hopeless|sick|moronic|idiotic|lazy|fat"
)
VILE = _listed(
    "animals|vermin|a disease|criminals|parasites|liars|a plague|subhuman|filth|savages|inferior|disgusting|scum|"
    "a cancer on society|rapists|thieves|stupid|evil|dirty|worthless|mentally ill|a threat to our children|trash|"
    "less than human|cockroaches|degenerates|lazy|leeches|terrorists|a mistake of nature"
)
HARMS = _listed(
    "kill|stab|shoot|strangle|hurt|beat|burn|bury|destroy|murder|choke|smash|cut|break|slap|poison|hang|attack|"
    "torture|crush|punch|hunt down|beat up|drown"
)
