#!/usr/bin/env python3
"""Tells shortly what `go test -json` says, and writes a JUnit report if a file is named."""

import json
import sys
import xml.etree.ElementTree as tree


class Run:
    """The tests of all packages, in the order in which they ended."""

    def __init__(self):
        self.output = {}
        self.ended = []

    def take(self, event):
        key = (event.get("Package") or event.get("ImportPath", ""), event.get("Test"))
        action = event.get("Action", "")
        if action in ("output", "build-output"):
            self.output.setdefault(key, []).append(event["Output"])
        elif action in ("pass", "fail", "skip"):
            self.end(key, action, event.get("Elapsed", 0.0))
        elif action == "build-fail":
            print("".join(self.output.pop(key, [])), end="", file=sys.stderr)

    def end(self, key, action, seconds):
        package, test = key
        text = "".join(self.output.pop(key, []))
        if test is None:
            tests = [other for other, name, *_ in self.ended if other == package]
            print(f"{package}: {action}, {len(tests)} tests, {seconds:.1f} s")
        else:
            self.ended.append((package, test, action, seconds, text))
        if action == "fail":
            if test is None:  # a crash: its story stands under tests that never ended
                for other in [key for key in self.output if key[0] == package]:
                    print("".join(self.output.pop(other)), end="", file=sys.stderr)
            print(text, end="", file=sys.stderr)

    def count(self, action):
        return sum(1 for ended in self.ended if ended[2] == action)

    def report(self):
        root = tree.Element("testsuites")
        suite = tree.SubElement(root, "testsuite", name="go", tests=str(len(self.ended)),
                                failures=str(self.count("fail")), errors="0",
                                skipped=str(self.count("skip")))
        for package, test, action, seconds, text in self.ended:
            case = tree.SubElement(suite, "testcase", classname=package, name=test,
                                   time=str(seconds))
            if action != "pass":
                name = "failure" if action == "fail" else "skipped"
                shown = "".join(c for c in text if c.isprintable() or c == "\n")
                tree.SubElement(case, name).text = shown
        return root


def main():
    run = Run()
    for line in sys.stdin:
        try:
            event = json.loads(line)
        except ValueError:
            print(line, end="", file=sys.stderr)  # what go says besides
            continue
        run.take(event)
    passed, failed, skipped = (run.count(action) for action in ("pass", "fail", "skip"))
    print(f"go: {passed} passed, {failed} failed, {skipped} skipped")
    if len(sys.argv) > 1:
        tree.ElementTree(run.report()).write(sys.argv[1], encoding="utf-8", xml_declaration=True)
    return 1 if failed or not run.ended else 0


if __name__ == "__main__":
    sys.exit(main())
