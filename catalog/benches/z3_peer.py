"""The same questions to Z3: is there an answer that no situation takes, and is there one that two
take? Each answer is a number below the number of options. Reads and prints what `prototype.py`
does; `{"absent": why}` without z3-solver (PyPI)."""

import json
import sys
import time


def main():
    given = json.load(sys.stdin)
    try:
        import z3
    except ImportError as why:
        print(json.dumps({"absent": str(why)}))
        return
    boxes, options = given["boxes"], given["options"]
    full = (1 << options) - 1
    start = time.perf_counter()
    # One variable for each option of a question; exactly one of them holds.
    taken = [[z3.Bool(f"q{q}o{o}") for o in range(options)] for q in range(len(boxes[0]))]
    solver = z3.SolverFor("QF_FD")
    solver.set("timeout", 1000 * given.get("timeout", 60))
    for question in taken:
        solver.add(z3.PbEq([(option, 1) for option in question], 1))
    applies = []
    for b, box in enumerate(boxes):
        inside = z3.Bool(f"s{b}")
        parts = [
            z3.Or([taken[q][o] for o in range(options) if mask >> o & 1])
            for q, mask in enumerate(box)
            if mask != full
        ]
        solver.add(inside == z3.And(parts))
        applies.append(inside)

    def ask(claim):
        solver.push()
        solver.add(claim)
        answer = solver.check()
        found = None
        if answer == z3.sat:
            model = solver.model()
            found = [next(o for o, v in enumerate(question) if model.eval(v, model_completion=True)) for question in taken]
        solver.pop()
        return str(answer), found

    none, gap = ask(z3.Not(z3.Or(applies)))
    two, overlap = ask(z3.PbGe([(inside, 1) for inside in applies], 2))
    print(json.dumps({
        "seconds": time.perf_counter() - start,
        "gap": gap,
        "overlap": overlap,
        "answers": [none, two],
    }))


main()
