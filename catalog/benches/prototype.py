"""The plain bit-mask prototype that the proof is measured against (reference/service.md, "Proving a
questionnaire"): each situation a box of option masks. (1) Pairs must be disjoint; (2) then the
volumes must add up; (3) if they do not, a descent finds an answer that nothing covers.

Reads JSON {"options": n, "boxes": [[mask, ...], ...]} and prints
{"seconds": t, "overlap": [a, b] | null, "gap": [option, ...] | null}.
"""

import json
import sys
import time


def volume(box):
    product = 1
    for mask in box:
        product *= mask.bit_count()
    return product


def overlap(boxes):
    for b, second in enumerate(boxes):
        for a in range(b):
            if all(x & y for x, y in zip(boxes[a], second)):
                return [a, b]
    return None


def gap(boxes, options, questions):
    live = boxes
    point = []
    for question in range(questions):
        whole = options ** (questions - question - 1)
        for option in range(options):
            taking = [box for box in live if box[question] >> option & 1]
            if sum(volume(box[question + 1:]) for box in taking) < whole:
                point.append(option)
                live = taking
                break
        else:
            return None
    return point


def main():
    given = json.load(sys.stdin)
    boxes, options = given["boxes"], given["options"]
    questions = len(boxes[0])
    start = time.perf_counter()
    both = overlap(boxes)
    uncovered = None
    if both is None and sum(map(volume, boxes)) < options**questions:
        uncovered = gap(boxes, options, questions)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "overlap": both, "gap": uncovered}))


main()
