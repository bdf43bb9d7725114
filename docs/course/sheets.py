"""Marks as files: results.json for Gradescope, JUnit XML, and a sheet in Markdown.

Gradescope's format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass

VISIBLE, HIDDEN = "visible", "after_published"  # of Gradescope's four
VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")


@dataclass(frozen=True)
class Mark:
    """What one test of a question gave: points out of `most`, and what the student is told."""

    question: str  # "a1.q3"
    title: str
    points: float
    most: float
    says: str = ""
    hidden: bool = False  # its inputs are not in the student's tree
    seconds: float = 0

    @property
    def name(self):
        return f"{self.question} {self.title}{' (other inputs)' if self.hidden else ''}"

    @property
    def passed(self):
        return self.points == self.most


def total(marks):
    return round(sum(mark.points for mark in marks), 2), round(sum(mark.most for mark in marks), 2)


def gradescope(marks, notes=()):
    """The object of results.json. `notes` are lines for the student above the tests."""
    score, most = total(marks)
    return {
        "score": score,
        "execution_time": round(sum(mark.seconds for mark in marks)),
        "output": "\n".join([*notes, f"{score:g} of {most:g} points"]),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            {
                "name": mark.name,
                "number": f"{number}",
                "score": round(mark.points, 2),
                "max_score": mark.most,
                "status": "passed" if mark.passed else "failed",
                "output": mark.says,
                "visibility": HIDDEN if mark.hidden else VISIBLE,
            }
            for number, mark in enumerate(marks, 1)
        ],
    }


def faults_of(results):
    """What keeps an object from being results.json by Gradescope's description, a line each."""
    faults = []

    def want(what, value, kinds):
        if isinstance(value, bool) or not isinstance(value, kinds):
            faults.append(f"{what} is {value!r}")

    number, text = (int, float), str
    want("score", results.get("score"), number)
    want("execution_time", results.get("execution_time"), number)
    want("output", results.get("output"), text)
    tests = results.get("tests")
    if not isinstance(tests, list):
        return [*faults, "tests is no list"]
    for place, test in enumerate(tests):
        for key in ("score", "max_score"):
            want(f"tests[{place}].{key}", test.get(key), number)
        for key in ("name", "number", "output"):
            want(f"tests[{place}].{key}", test.get(key), text)
        if test.get("status") not in ("passed", "failed"):
            faults.append(f"tests[{place}].status is {test.get('status')!r}")
    for place, holder in enumerate([results, *tests]):
        if holder.get("visibility") not in VISIBILITIES:
            faults.append(f"visibility {place} is {holder.get('visibility')!r}")
    if not faults and abs(results["score"] - sum(test["score"] for test in tests)) > 0.005 * (len(tests) + 1):
        faults.append(f"score {results['score']} is not the sum of the tests")
    if not faults and any(not 0 <= test["score"] <= test["max_score"] for test in tests):
        faults.append("a test's score lies outside 0 to max_score")
    return faults


def junit(marks, title):
    """XML as build servers read it: a case for each test, those without full points as failures."""
    suite = ET.Element("testsuite", name=title, tests=f"{len(marks)}")
    suite.set("failures", f"{sum(not mark.passed for mark in marks)}")
    for mark in marks:
        case = ET.SubElement(suite, "testcase", classname=mark.question, name=mark.name)
        case.set("time", f"{mark.seconds:.2f}")
        if not mark.passed:
            failure = ET.SubElement(case, "failure", message=f"{mark.points:g} of {mark.most:g} points")
            failure.text = _for_xml(mark.says)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _for_xml(text):
    """Without the control characters that XML cannot hold."""
    return "".join(c for c in text if c in "\n\t" or ord(c) >= 32)


def markdown(marks, title, notes=(), by_hand=()):
    """A table of questions, those that are marked by hand at its end, and below it what is said of those without full points."""
    score, most = total(marks)
    lines = [f"# {title}", "", f"**{score:g} of {most:g} points.**", ""]
    for note in notes:
        lines += [note, ""]
    lines += ["| question | | points | of |", "|---|---|---|---|"]
    for mark in marks:
        kind = "other inputs" if mark.hidden else "public"
        lines.append(f"| {mark.question} {_for_table(mark.title)} | {kind} | {mark.points:g} | {mark.most:g} |")
    lines += [f"| {question['id']} {_for_table(question['title'])} | by hand | | {question['points']:g} |" for question in by_hand]
    for mark in marks:
        if not mark.passed:
            lines += ["", f"**{mark.name}.** {mark.says.strip()}".replace("\n", "  \n")]
    return "\n".join(lines) + "\n"


def _for_table(text):
    return text.replace("|", "\\|")


def write(folder, marks, title, notes=(), by_hand=()):
    """results.json, junit.xml and sheet.md in the folder; each whole or not at all."""
    texts = {
        "results.json": json.dumps(gradescope(marks, notes), indent=2, ensure_ascii=False) + "\n",
        "junit.xml": junit(marks, title),
        "sheet.md": markdown(marks, title, notes, by_hand),
    }
    for name, text in texts.items():
        partial = folder / (name + ".partial")
        partial.write_text(text, encoding="utf-8")
        partial.rename(folder / name)
