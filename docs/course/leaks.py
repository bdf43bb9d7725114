"""What the rest of a tree tells of a solution: lines that were cut out of the library and stand elsewhere too."""

import re

from holes import CourseError

LOOP = re.compile(r"for \(\w+ \w+ = 0; \w+ < [\w.()]+; \+\+\w+\) \{?|\w+ \w+ = 0;")  # says nothing, nor does a sum's begin
LIBRARY = ("autograd/", "nn/", "lora/", "data/", "experiments/")


def plain(line):
    return " ".join(line.split())


def telling_lines(removed, texts):
    """Those of the removed {line: question} that say something, and that the library does not have elsewhere too, be it as a
    part of a line: a call that is broken into lines here may stand in one line there."""
    kept = "\n".join(plain(text) for file, text in texts.items() if file.startswith(LIBRARY))
    return {line: question for line, question in removed.items()
            if len(line) >= 12 and re.search(r"[A-Za-z]", line) and line not in kept and not LOOP.fullmatch(line)}


def removed_lines(before, after, question):
    """The lines of `before` that `after` does not have, with the question they belong to."""
    kept = {plain(line) for line in after.split("\n")}
    return {line: question for line in map(plain, before.split("\n")) if line and line not in kept}


def told(text, telling):
    """The (question, line) that a text gives away; None where it gives none."""
    text = plain(text)
    for line, question in telling.items():
        if line in text:
            return question, line
    return None


BLOCK = re.compile(r"(?:^<!-- (?:from ([^ ]+)|[^\n]*) -->\n)?^ *```[^\n]*\n(.*?)^ *```\n", re.DOTALL | re.MULTILINE)


def without_blocks(file, page, telling, changed, texts):
    """A page without its blocks of code that tell, or that are no longer in the file they are from."""
    def replaced(match):
        source, code = match.group(1), match.group(2)
        question = told(code, telling)
        question = question and question[0]
        if question is None and source in changed and _lines(code) not in _lines(texts[source]):
            question = changed[source]
        return match.group(0) if question is None else f"(left out: {question})\n"
    page = BLOCK.sub(replaced, page)
    found = told(page, telling)
    if found:
        raise CourseError(f"{found[0]}: {file} has \"{found[1]}\" of the solution outside a block of code; cut its section")
    return page


def _lines(code):
    return "\n" + "\n".join(line.strip() for line in code.strip("\n").split("\n")) + "\n"


def without_section(file, page, heading, question):
    """A page with nothing but a word under that heading."""
    pattern = re.compile(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#|\Z)", re.DOTALL | re.MULTILINE)
    page, count = pattern.subn(lambda match: f"{match.group(1)} {heading}\n\n(left out: {question})\n\n", page)
    if count != 1:
        raise CourseError(f"{question}: {file} has {count or 'no'} sections \"{heading}\"")
    return page


def without_text(file, text, edit, question):
    """A text with the one place replaced that `edit` names."""
    if text.count(edit["text"]) != 1:
        raise CourseError(f"{question}: {file} has {text.count(edit['text'])} places \"{plain(edit['text'])[:60]}\"")
    return text.replace(edit["text"], edit["instead"])
