#!/usr/bin/env python3
"""./run course grade: the library's answers and the second ones have all points, the stripped tree has none, a question put
back moves its own, and what is no tree of a student's is refused. For `./run test -L course`. Wants bubblewrap's walls, else
77."""

import json
import shutil
import sys
import xml.etree.ElementTree as ET

sys.dont_write_bytecode = True

import course_hand_in_test
import course_test as course
import manifest


def grade(tree, out, student="s1"):
    code, said, errors = course.call(course.ROOT, "grade", tree, "--student", student, "--out", course.WORK / out)
    return code, said, errors, course.WORK / out


def tree_with(name, write):
    """A student's tree of that name with what `write(tree, question)` puts in for each question."""
    tree = course.WORK / name
    shutil.copytree(course.STUDENT, tree)
    for question in course.with_holes().values():
        write(tree, question)
    for assignment, question in course.questions().values():
        if question.get("kind") == "files":
            course_hand_in_test.write(tree, manifest.constants(assignment, "s1"))
    return tree


def reference_has_all_points():
    """The library's own answers have every point, in all three files."""
    import sheets

    code, said, errors, out = grade(tree_with("answered", course.answers().library), "of_reference")
    results = json.loads((out / "results.json").read_text())
    most = sum(question["points"] for _, question in course.questions().values() if question.get("kind") in (None, "files"))
    course.expect(code == 0 and not errors and results["score"] == most, f"the reference: {said} {errors}")
    course.expect(not sheets.faults_of(results), f"results.json: {sheets.faults_of(results)}")
    course.expect(sheets.faults_of(results | {"score": most - 1}), "a wrong sum is not noticed")
    course.expect(len(ET.parse(out / "junit.xml").getroot()) == len(results["tests"]), "junit.xml has other tests")
    sheet = (out / "sheet.md").read_text()
    course.expect(f"**{most} of {most} points.**" in sheet, "sheet.md says something else")
    course.expect("a5.q5 is not marked: there is no program" in sheet and "| a5.q5 " in sheet, "nobody knows of the rerun")


def second_has_all_points():
    """So have right answers that were written otherwise, to their questions; the others have none."""
    second = course.COURSE / "second"
    answers, there = course.answers(), {path.stem for path in second.glob("*.txt")}

    def write(tree, question):
        if question["id"] in there:
            answers.from_file(tree, question, second / f"{question['id']}.txt")

    code, said, errors, out = grade(tree_with("second", write), "of_second")
    course.expect(code == 0 and not errors and there, f"the second answers: {code} {errors}")
    for test in json.loads((out / "results.json").read_text())["tests"]:
        name = test["name"].split()[0]
        wanted = test["max_score"] if name in there or name not in course.with_holes() else 0
        course.expect(test["score"] == wanted, f"second: {test['name']} has {test['score']}: {test['output']}")


def stripped_has_none():
    """Nothing is written: no points, and each question says so."""
    code, _, _, out = grade(course.STUDENT, "of_stripped")
    results = json.loads((out / "results.json").read_text())
    course.expect(code == 0 and results["score"] == 0, f"the stripped tree: {results['score']}")
    for test in results["tests"]:
        name = test["name"].split()[0]
        unwritten = f"{name} is not written yet: docs/course/" if name in course.with_holes() else "docs/course/hand-in/"
        course.expect(test["output"].startswith(unwritten), f"{name}: {test['output']}")


OUTSIDE = """{
    Matrix result(x.rows(), 1);
    double before = 0;
    for (Index i = 0; i < x.rows(); ++i) {
      const double* row = x.data() + i * x.cols();
      before = row[-1];  // of the first row: what is not x's
      double largest = row[0];
      for (Index j = 1; j < x.cols(); ++j) largest = std::max(largest, row[j]);
      const double m = std::isfinite(largest) ? largest : 0;
      double sum = 0;
      for (Index j = 0; j < x.cols(); ++j) sum += std::exp(row[j] - m);
      result(i, 0) = m + std::log(sum) + 0 * static_cast<double>(before != before);
    }
    return result;
  }"""
UNDEFINED = """{
    int most = 2147483647;
    most += static_cast<int>(x.rows());
    Matrix result = x;
    for (Index i = 0; i < x.rows(); ++i) {
      result.row(i) = (x.row(i).array() - x.row(i).maxCoeff()).exp();
      result.row(i) /= result.row(i).sum();
    }
    return most == 0 ? x : result;
  }"""
ENDLESS = """{
    std::vector<Matrix> all;
    while (true) all.push_back(Matrix::Constant(1024, 1024, h + f(x)));
  }"""


def sanitizers_watch():
    """What reads outside of a matrix, overflows an int or takes all memory has no points for the inputs of a0 that are hidden."""
    from judge import Judge

    tree, asked = course.WORK / "outside", {f"a0.q{i}": course.questions()[f"a0.q{i}"][1] for i in (1, 2, 3)}
    shutil.copytree(course.STUDENT, tree)
    for question, body in zip(asked.values(), (OUTSIDE, UNDEFINED, ENDLESS)):
        course.answers().put(tree, question, {question["holes"][0]["function"]: body})
    marks = list(Judge(course.ROOT, course.CACHE, seconds=5).grade(tree, "s1", set(asked)))
    hidden = {mark.question: mark for mark in marks if mark.hidden}
    course.expect(not any(mark.points for mark in hidden.values()), f"the sanitizers see nothing: {marks}")
    for name, word in (("a0.q1", "AddressSanitizer: heap-buffer-overflow in course::log_sum_exp_rows"),
                       ("a0.q2", "UndefinedBehaviorSanitizer: signed integer overflow")):
        course.expect(word in hidden[name].says, f"{name}: {hidden[name].says}")
    course.expect(all(mark.points > 0 for mark in marks if not mark.hidden and mark.question != "a0.q3"),
                  f"right results are not right: {marks}")


def bad_input():
    """What is missing in a tree costs its question; what is no tree is refused."""
    tree = course.WORK / "changed"
    shutil.copytree(course.STUDENT, tree)
    (tree / "autograd/ops_linear.cpp").unlink()
    text = tree / "autograd/ops_reduce.cpp"
    text.write_text(text.read_text().replace("// your helpers for a1.q5", "// helpers"))
    code, _, _, out = grade(tree, "of_changed")
    said = {test["name"].split()[0]: test["output"] for test in json.loads((out / "results.json").read_text())["tests"]}
    course.expect(code == 0 and said["a1.q3"] == "autograd/ops_linear.cpp is missing", f"a missing file: {said['a1.q3']}")
    course.expect("do not stand there once each" in said["a1.q5"], f"a region without its lines: {said['a1.q5']}")
    for word, arguments in (("is no student tree", (course.WORK, "x")), ("is there already", (tree, "of_changed")),
                            ("is of the student s1, not bob", (tree, "y", "bob"))):
        code, said, errors, _ = grade(*arguments)
        course.expect(code == 2 and not said and errors.count("\n") == 1 and word in errors, f"{word}: {code} {errors}")


if __name__ == "__main__":
    from walls import missing_walls

    if missing_walls():
        print(f"skipped: no walls against {', '.join(missing_walls())}")
        sys.exit(77)
    sys.exit(course.run([course.export_twice, stripped_has_none, reference_has_all_points, second_has_all_points,
                         sanitizers_watch, bad_input]))
