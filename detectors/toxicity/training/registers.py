"""Civil text in the registers that a model answers in: assistant prose, medicine, fiction, news, and code.

The prose is made from frames. The code is Python's own library, read where it is installed.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path
from random import Random

from detectors.toxicity.training.example import CIVIL, Example
from detectors.toxicity.training.templates import Batch, make

ASSISTANT = (
    "Sure! Here are three ways to get started with {topic}: read a short introduction, practise daily, and ask questions.",
    "To fix the {thing}, unplug it for thirty seconds, then plug it back in and wait for the light to turn green.",
    "I'm sorry to hear that your {thing} stopped working. Let's go through it step by step.",
    "{topic} can seem difficult at first, but a few simple ideas go a long way.",
    "Great question. The short answer is that {topic} depends on {topic}.",
    "As an AI language model, I don't have personal opinions, but I can summarise the main arguments about {topic}.",
    "1. Preheat the oven to 180 degrees. 2. Mix the flour, butter and sugar. 3. Bake for {one:20|25|40} minutes.",
    'You could say to your {relation}: "I appreciate your help, but I would like to decide this myself."',
    "I can't help with that request, but I'd be happy to talk about {topic} instead.",
    "In summary, {topic} is worth learning because it saves time and money.",
    "- **Cost**: low\n- **Time**: {one:two hours|a weekend|a month}\n- **Difficulty**: moderate",
    "Dear {name}, thank you for your letter about {topic}. I look forward to meeting you in {place}.",
    "If you feel overwhelmed, take a short break, drink some water and come back to {topic} later.",
    "Let me know if you would like more detail on {topic} or on {topic}.",
    "Here is a polite reply that you can send to your {job}.",
    "The capital is not {place}; that is a common misunderstanding.",
    "Could you tell me a little more about what you have tried with the {thing} so far?",
    "It depends on your budget: a simple {thing} costs less than fifty, a good one about two hundred.",
    "I understand that you're frustrated. You are right that the {thing} should not behave like that.",
    "No worries, everyone makes mistakes with {topic}.",
    "Stereotypes about a {job} are rarely true; look at the evidence instead.",
    "Your essay on {topic} is clear. Consider shortening the second paragraph and adding a source.",
    "Remember to back up your files before you change anything about {topic}.",
    "how do i learn {topic} in {one:a week|a month|a year}",
    "can you explain {topic} to a {relation} of mine who is a {job}?",
    "write a short poem about {topic} and {place}",
    "thanks, that was {one:really helpful|great|perfect|exactly what I needed}!",
    "what time does the museum in {place} open on Sundays",
    "Black holes form when massive stars collapse; white dwarfs are what smaller stars leave behind.",
    "The master bedroom faces the garden, and the dead wood under the old tree should be removed.",
)
MEDICAL = (
    "Take one tablet twice a day with food; do not exceed four tablets in 24 hours.",
    "The patient is a {one:34|58|71}-year-old {job} with chest pain and shortness of breath.",
    "Common side effects are nausea, headache and dry mouth. Call a doctor if you notice blood in the stool.",
    "The tumour was removed from the left breast, and the biopsy showed no malignant cells.",
    "Schizophrenia and bipolar disorder are treated with medicine and psychotherapy.",
    "An overdose of paracetamol can destroy the liver within three days; seek help at once.",
    "Chlamydia often has no symptoms; a urine test or a vaginal swab finds it.",
    "Autistic children may find loud noises painful; a quiet room can help.",
    "Obesity raises the risk of diabetes, but being overweight is not a moral failing.",
    "The wound on the {one:thigh|hand|scalp|buttock} was cleaned and closed with five stitches.",
    "Deaf patients have a right to an interpreter during the examination.",
    "The rectal exam is brief; the doctor uses a gloved, lubricated finger.",
    "Self-harm is often a way to cope with pain. Ask openly, listen, and do not judge.",
    "Bleeding after the miscarriage may last two weeks; the cramps usually ease sooner.",
    "The drug kills the bacteria by attacking their cell wall.",
    "Stroke: face drooping, arm weakness, slurred speech. Call the emergency number immediately.",
)
FICTION = (
    "{name} closed the door of the {thing} shop and walked home through the rain of {place}.",
    '"You are late," said {name}. "I know," said the {job}, and put the {thing} on the table.',
    "The old {job} had not spoken for years, and nobody in {place} dared to ask why.",
    "The dragon burned the village to the ground, and only {name} and a {relation} escaped.",
    "Blood ran from the knight's arm, but the sword did not leave the hand that held it.",
    "{name} hated the silence most of all; it sat in the kitchen like an uninvited {relation}.",
    "She kissed him on the cheek, laughed, and ran to catch the last train to {place}.",
    'The detective knelt beside the body. "Stabbed," {name} said, "and not by a stranger."',
    '"I\'m not afraid of you," whispered {name}, and the ghost, who was fond of {topic}, looked away.',
    "The witch was wicked, ugly and old, and the children of {place} loved her soup.",
    "When the war ended, the {job} returned to {place} and planted apple trees.",
    "{name} pulled the trigger, and the bottle on the wall burst into a thousand pieces.",
    "The prince, who was a fool, married the {job}, who was not.",
    '"Die, monster!" cried {name}, and the puppet fell off the stage, to great applause.',
    "He lay naked in the sun on the beach of {place}, and thought about {topic}.",
    "Nobody mourned the tyrant; they rang the bells and danced until morning.",
)
NEWS = (
    "{place} (Reuters) - Two people were killed and five injured when a bus left the road on Monday, police said.",
    "The minister denied that the government had misled parliament about {topic}.",
    "Protesters gathered in {place} after the killing of a {job}; the march was peaceful.",
    "Shares fell three percent as investors worried about {topic}.",
    "A court in {place} sentenced a {job} to four years in prison for assaulting a {relation}.",
    "Hundreds of refugees were rescued off the coast near {place} overnight.",
    "The report found that {people} were paid less than their colleagues for the same work.",
    "The mayor of {place}, {name}, opened a new library devoted to {topic}.",
    "Police are investigating the vandalism of a {one:mosque|synagogue|church|temple} in {place} as a hate crime.",
    'The senator called the bill "a terrible mistake" and vowed to fight it.',
    "A suspect who threatened passengers with a knife at {place} airport was arrested; no one was hurt.",
    "Scientists in {place} say a new vaccine against malaria protects eight in ten children.",
    "The club dismissed its coach, {name}, after a series of disastrous results.",
    "Rape and domestic violence are under-reported, according to a study published on Tuesday.",
    "The {identity} candidate won the election in {place} with 52 percent of the vote.",
    "An explosion destroyed a factory in {place}; the cause is not known.",
)
BATCHES = (
    Batch("made-assistant", ASSISTANT, CIVIL, 2600),
    Batch("made-medical", MEDICAL, CIVIL, 700),
    Batch("made-fiction", FICTION, CIVIL, 900),
    Batch("made-news", NEWS, CIVIL, 900),
)

CODE_MODULES = (
    "argparse.py",
    "ast.py",
    "asyncio/tasks.py",
    "collections/__init__.py",
    "csv.py",
    "datetime.py",
    "difflib.py",
    "email/message.py",
    "functools.py",
    "heapq.py",
    "http/client.py",
    "json/decoder.py",
    "logging/__init__.py",
    "pathlib.py",
    "random.py",
    "shutil.py",
    "statistics.py",
    "subprocess.py",
    "textwrap.py",
    "threading.py",
    "typing.py",
    "unittest/case.py",
    "urllib/parse.py",
    "zipfile.py",
)
CODE_LINES = (1, 12)
"""How many lines of code stand together in one text."""


def code(random: Random, count: int) -> list[Example]:
    """Return pieces of Python's own library (PSF licence): code, comments and documentation."""
    folder = Path(sysconfig.get_path("stdlib"))
    files = [path for name in CODE_MODULES if (path := folder / name).is_file()]
    pages = [path.read_text(encoding="utf-8").splitlines() for path in files]
    examples = []
    for _ in range(count if pages else 0):
        lines = random.choice(pages)
        start = random.randrange(len(lines))
        text = "\n".join(lines[start : start + random.randint(*CODE_LINES)]).strip()
        examples.append(Example(text, "python-library", CIVIL, weight=0.7, group="code"))
    return [example for example in examples if example.text]


def civil(random: Random) -> list[Example]:
    """Return civil text of every register."""
    return [example for batch in BATCHES for example in make(batch, random)] + code(random, 2200)
