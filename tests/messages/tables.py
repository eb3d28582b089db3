"""Tables, time series and text that cannot be read."""

from __future__ import annotations

from typing import Any

import geonets as gn
from messages.readers import read, written

TABLE = "place,day,t,word\na,2020-01-01,1,x\na,2020-01-02,2,y\nb,2020-01-01,3,x\n"


def csv(text: str = TABLE, **options: Any) -> Any:
    return gn.read(written("a.csv", text), **options)


def ts(*cases: str, head: str = "@classLabel true a b\n", **options: Any) -> Any:
    return gn.read(written("a.ts", head + "@data\n" + "\n".join(cases)), **options)


EQUAL = "@univariate true\n@equalLength true\n@seriesLength 2\n"

CASES = [
    ("`missing` must be a number or one of raise, drop, keep; got 'skip'", lambda: csv(missing="skip")),
    ("must have a column heat; got place, day, t, word .*line 1", lambda: csv(columns=("heat",))),
    ("must be well quoted; got .*line 2", lambda: csv('a,b\n"1"2,3\n')),
    ("must have a row; got none", lambda: csv("\n")),
    ("must name every column once; got 'a' twice", lambda: csv("a,a\n1,2\n")),
    ("must have the names of its columns in the first line; got '1,2'", lambda: csv("1,2\n3,4\n")),
    ("must have 2 entries a row, as line 1 has; got 3 .*record 2, line 3", lambda: csv("a,b\n1,2\n1,2,3\n")),
    ("must have a known value; got 'NA' .*record 2, line 3, column b", lambda: csv("a,b\n1,2\n1,NA\n")),
    ("must have a finite number; got 'inf' .*line 2, column a", lambda: csv("a,b\ninf,2\n")),
    ("must have a finite number; got '1_0'", lambda: csv("a\n1_0\n")),
    ("must have one of x; got 'y' .*line 3, column word", lambda: csv(columns=("t",), categories={"word": ["x"]})),
    ("must have a number or an ISO date; got 'now'", lambda: csv("t\nnow\n", time="t")),
    ("must have each time of an item once; got that of line 2 again .*line 4", lambda: csv(columns=("t",), time="day")),
    ("must have numbers below 3.4e38; got 1e.300 .*line 2", lambda: csv("a\n1e300\n", columns=("a",))),
    ("must have one column that becomes time; got another", lambda: csv("day,time\n1,2\n", time="day")),
    ("must have one column that becomes y; got another", lambda: csv("y,z\n1,2\n", y="z")),
    ("must be sampled evenly; got time stamps", lambda: ts("(0,1):a", head="@timeStamps true\n")),
    ("must describe itself before @data; got '1,2' .*line 1", lambda: ts("1,2:a", head="1,2\n")),
    ("must have a line @data; got none", lambda: read("a.ts", "@classLabel false\n")),
    ("must have a case; got none", ts),
    ("`missing` must be a number or one of raise, keep; got 'drop'", lambda: ts("1:a", missing="drop")),
    ("must have 1 dimensions; got 2 .*line 5", lambda: ts("1,2:3,4", head=EQUAL)),
    ("must have 1 dimensions; got 0 .*line 3", lambda: ts("a")),
    ("must have 2 values in each dimension; got 3 .*line 5", lambda: ts("1,2,3", head=EQUAL)),
    ("must have equally many values in each dimension; got 1 and 2 .*line 3", lambda: ts("1,2:3:a")),
    ("must have a case; got none that can be read", lambda: ts("x:a", on_error="skip")),
    ("must have one of the classes a b; got 'c' .*line 4", lambda: ts("1:a", "2:c")),
    ("must have a number there; got '.' .*line 3, dimension 0", lambda: ts("1,?:a")),
    ("must have a number there; got 'high' .*line 3", lambda: ts("1:high", head="@targetLabel true\n")),
    (
        "must be made of the alphabet; got 'c' .*line 2, character 2",
        lambda: read("a", "a\nc", format="text", alphabet="a\n"),
    ),
]
