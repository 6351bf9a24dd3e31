"""What expressions see of files: typed rows, spellings, texts, bytes, values, links; whose rule a fault is."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest

from unit.model.judge.memory import Link, judged, told

MD5 = "9dd4e461268c8034f5c8564e155c67a6"
"""Of `x`."""
UPPER = hashlib.sha256(b"x").hexdigest().upper()
CASES = {
    "cells of typed columns are values": (
        """
entries:
  - file: t.csv
    table: {columns: {n: {type: integer}, "m_*": {type: number}, on: {type: boolean}, s: {}}}
rules:
  - {id: A, foreach: {r: rows.t}, check: r.n > 9 && r.on && r.s == "10"}
  - {id: B, foreach: {r: rows.t}, check: r.m_x == null || r.m_x > 0.5}
  - {id: C, foreach: {r: rows.t}, check: previous.r == null || r.n > previous.r.n}
""",
        [
            ({"t.csv": "n,m_x,on,s\n10,,true,10\n11,0.6,true,10\n"}, []),
            ({"t.csv": "n,m_x,on,s\n10,,true,10\n9,,true,10\n"}, ["rule A t.csv#/1/n", "rule C t.csv#/1/n"]),
            ({"t.csv": "n,m_x,on,s\nx,,true,10\n"}, ["cell entries/t t.csv#/0/n"]),
            ({"t.csv": "n,m_x,on,s\n"}, ["vacuous A t.csv", "vacuous B t.csv", "vacuous C t.csv"]),
        ],
    ),
    "tables spelled otherwise": (
        """
entries:
  - {file: v.vcf, id: V, table: {delimiter: "\\t", comment: "##", columns: {"#CHROM": {}, POS: {type: integer}}}}
  - {file: d.dat, id: D, table: {delimiter: whitespace, comment: "#", header: false, columns: [t, p]}}
  - {file: s.csv, id: S, table: {delimiter: ";", columns: {a: {type: integer, maximum: 3}}}}
rules:
  - {id: R, check: "sum(rows.d.map(r, double(r.p))) == 3.0 && rows.v[0].POS == 7"}
""",
        [
            (
                {
                    "v.vcf": "##x=1\n#CHROM\tPOS\n1\t7\n",
                    "d.dat": "# t p\n 0.1   1\n\n 0.2\t2\n",
                    "s.csv": "a;b\n3;x\n",
                },
                [],
            ),
            (
                {"v.vcf": "#CHROM\tPOS\n1\t7\n2\tx\n", "d.dat": "0.1 1 9\n", "s.csv": "a;b\n4;x\n"},
                ["cell V v.vcf#/1/POS", "invalid-csv D d.dat#/0", "cell S s.csv#/0/a"],
            ),
        ],
    ),
    "forms of files made for an item": (
        """
entries:
  - {file: l.json, as: list}
  - {file: "{c}/d.dat", as: tables, foreach: {c: doc.list}, id: D, table: {delimiter: whitespace, header: false, columns: [n]}}
  - {files: "x*/n.dat", as: more, required: false, table: {delimiter: whitespace, header: false, columns: {n: {type: integer}}}}
rules:
  - {id: R, foreach: {t: files.tables}, check: "t.rows.all(r, int(r.n) > 0)"}
  - {id: S, when: size(files.more) > 0, foreach: {t: files.more}, check: "t.rows[0].n == 5"}
""",
        [
            ({"l.json": ["a"], "a/d.dat": "1\n2\n", "x1/n.dat": "5\n"}, []),
            (
                {"l.json": ["a"], "a/d.dat": "1\n0\n", "x1/n.dat": "6\n"},
                ["rule R a/d.dat", "rule S x1/n.dat#/0/n"],
            ),
        ],
    ),
    "texts and their lines": (
        """
entries:
  - {file: STATUS, as: status}
  - {files: "logs/*.log", as: logs, required: false}
  - {file: exit.txt, required: false}
rules:
  - {id: A, check: trim(text.status) == "ok"}
  - {id: B, foreach: {f: files.logs}, check: "sorted(caught(f.lines, 'Time = (.*)').map(t, double(t)))"}
  - {id: C, when: present.exit, check: "int(lines.exit[0]) == 0"}
  - {id: D, foreach: {f: files.logs}, check: "text_at(f.path).contains('End') && size(lines_at(f.path)) > 1"}
  - {id: E, foreach: {l: lines.status}, check: l != "bad"}
  - {id: F, check: "files.logs.all(f, f.text != '')"}
""",
        [
            ({"STATUS": "ok\n", "logs/a.log": "Time = 0.5\nTime = 10\nEnd\n", "exit.txt": "0\n"}, []),
            (
                {"STATUS": "bad\n", "logs/a.log": "Time = 2\nTime = 1\n", "exit.txt": "1\n"},
                [
                    "rule A STATUS",
                    "rule B logs/a.log",
                    "rule C exit.txt#/0",
                    "rule D logs/a.log",
                    "rule E STATUS#/0",
                ],
            ),
        ],
    ),
    "texts that are none": (
        """
entries: [{files: "*.bin", as: b}]
rules:
  - {id: A, foreach: {f: files.b}, check: f.text == ""}
  - {id: B, check: "text_at('a.bin') == ''"}
  - {id: C, foreach: {f: files.b}, check: "doc_at(f.path) == f.doc"}
""",
        [({"a.bin": b"\xff"}, ["undecided A a.bin", "undecided B a.bin", "undecided C a.bin"])],
    ),
    "bytes of a file": (
        """
entries: [{file: v.raw}]
rules:
  - {id: A, check: "hex_at('v.raw', 0, 4) == '4d414749'"}
  - {id: B, check: "number_at('v.raw', 4, '<u4') == 7 && number_at('v.raw', -2, '>u2') == 258"}
  - {id: C, check: "number_at('v.raw', 0, '<x9') == 1"}
  - {id: D, check: "hex_at('v.raw', 0, 100000) == ''"}
  - {id: E, check: "hex_at('v.raw', 0, 99) == ''"}
""",
        [
            (
                {"v.raw": b"MAGI" + struct.pack("<I", 7) + b"\x01\x02"},
                ["undecided C v.raw", "undecided D v.raw", "undecided E v.raw"],
            ),
            (
                {"v.raw": b"MAGX" + struct.pack("<I", 8) + b"\x01\x02"},
                ["rule A v.raw", "rule B v.raw"],
            ),
        ],
    ),
    "values of arrays": (
        """
entries: [{file: a.npz, as: a}, {file: a.json, as: side}]
rules:
  - {id: A, check: "least(array_at('a.npz', 'x')) == doc.side.least"}
  - {id: B, check: "array_at('a.npz', 'y') == []"}
""",
        [
            ({"a.npz": {"x": np.array([[2.0, 1.5]])}, "a.json": {"least": 1.5}}, ["undecided B a.npz"]),
            (
                {"a.npz": {"x": np.array([[2.0, 1.0]])}, "a.json": {"least": 1.5}},
                ["rule A a.json#/least", "undecided B a.npz"],
            ),
        ],
    ),
    "other digests": (
        """
entries: [{file: md5sums.txt}, {file: x}]
rules:
  - {id: A, check: "digest('x', 'md5').startsWith('md5:')"}
  - {id: B, check: "digest('x', 'crc') == ''"}
  - {id: C, check: "digest('no') == ''"}
inventories: [{of: md5sums, form: lines, algorithm: md5, covers: [x], id: M}]
""",
        [
            ({"md5sums.txt": f"{MD5}  ./x\n", "x": "x"}, ["undecided B x", "undecided C "]),
            (
                {"md5sums.txt": f"{MD5}  x\n", "x": "y"},
                ["digest-mismatch M x", "undecided C "],
            ),
            (
                {"md5sums.txt": f"{MD5}0  x\n", "x": "x"},
                ["checksum-line M md5sums.txt#/0", "undecided B x", "undecided C "],
            ),
        ],
    ),
    "digests in capitals": (
        (
            "entries: [{file: s.txt}, {file: l.json}, {file: x}]\n"
            "inventories: [{of: s, form: lines, id: M}, {of: l, id: N, algorithm: sha256}]"
        ),
        [
            ({"s.txt": f"{UPPER}  x\n", "l.json": {"x": UPPER}, "x": "x"}, []),
            (
                {"s.txt": f"{UPPER}  x\n", "l.json": {"x": f"md5:{UPPER}"}, "x": "x"},
                ["inventory N l.json#/x"],
            ),
        ],
    ),
    "links inside the run": (
        """
entries:
  - {files: "step_{n:int}.pt", as: steps}
  - {file: best, id: L}
  - {files: "via_*", as: via, required: false}
rules:
  - {id: A, check: "files.best[0].target == 'step_2.pt' && digest('best') == digest('step_2.pt')"}
  - {id: B, check: size(files.via) == 1}
""",
        [
            ({"step_1.pt": "a", "step_2.pt": "b", "best": Link("step_2.pt"), "via_x": Link("best")}, []),
            (
                {"step_1.pt": "a", "step_2.pt": "b", "best": Link("step_1.pt"), "via_x": Link("gone")},
                ["rule A best", "rule B via_*"],
            ),
            (
                {"step_1.pt": "a", "best": Link("/step")},
                ["wrong-sort L best", "escaping-link None best", "rule B via_*"],
            ),
        ],
    ),
    "files in the order of their numbers": (
        """
entries: [{files: "{k:int}.txt", as: fs}]
rules:
  - {id: A, foreach: {f: files.fs}, check: previous.f == null || int(f.k) == int(previous.f.k) + 1}
  - {id: B, foreach: {f: files.fs}, check: previous.f == null || previous.f.text <= f.text}
""",
        [
            ({f"{n}.txt": "x" for n in range(1, 12)}, []),
            ({"1.txt": "b", "2.txt": "a"}, ["rule B 2.txt"]),
        ],
    ),
    "when guards foreach": (
        (
            "entries: [{file: s.csv, as: s, required: false},"
            ' {file: "x/{r.n}.txt", id: R, when: present.s, foreach: {r: rows.s}},'
            ' {file: "y/{r.n}.txt", id: S, when: doc.nothing, foreach: {r: rows.s}}]'
        ),
        [
            ({}, ["undecided S y/{r.n}.txt"]),
            ({"s.csv": "n\n1\n"}, ["missing R x/1.txt", "undecided S y/{r.n}.txt"]),
        ],
    ),
    "paths that documents name": (
        """
entries:
  - {file: c.json, as: config, required: false}
  - {file: "{doc.config.model}.pt", id: M, when: present.config}
  - {files: "{doc.config.model}_{n}.log", id: L, required: false, count: {max: 1}}
  - {dir: "{run.id}", id: D}
rules: [{id: P, foreach: {d: files.config}, check: d.mode == "000"}]
""",
        [
            ({"c.json": {"model": "net"}, "net.pt": "", "a/x": "", "net_1.log": ""}, []),
            (
                {"c.json": {"model": "net"}, "net_1.log": "", "net_2.log": ""},
                ["missing M net.pt", "too-many L {doc.config.model}_{n}.log", "missing D a"],
            ),
            (
                {"c.json": {"model": "../x"}, "a/x": ""},
                ["undecided M {doc.config.model}.pt", "undecided L {doc.config.model}_{n}.log"],
            ),
            (
                {"c.json": {"model": "*"}, "a/x": ""},
                ["undecided M {doc.config.model}.pt", "undecided L {doc.config.model}_{n}.log"],
            ),
            ({"a/x": ""}, ["undecided L {doc.config.model}_{n}.log", "vacuous P "]),
        ],
    ),
    "places of what was worked out": (
        """
entries: [{file: m.json}, {files: "l/*.txt", as: l}, {file: q.jsonl}]
rules:
  - {id: A, foreach: {y: "doc.m.list.filter(q, q.k == 1)"}, check: y.v > 0}
  - {id: B, foreach: {m: doc.m.list, f: "files.l.filter(f, f.path != m.name)"}, check: f.text != "x"}
  - {id: C, foreach: {p: rows.q}, check: p.doc != "zz"}
  - {id: D, foreach: {p: rows.q}, at: '"l/" + p.doc + ".txt"', check: p.doc != "zz"}
  - {id: E, foreach: {p: rows.q}, at: '"/" + p.doc', check: p.doc != "zz"}
""",
        [
            (
                {
                    "m.json": {"list": [{"k": 1, "v": 0, "name": ""}]},
                    "l/a.txt": "x",
                    "q.jsonl": '{"doc": "zz"}\n',
                },
                [
                    "rule A m.json#/list",
                    "rule B l/a.txt",
                    "rule C q.jsonl#/0/doc",
                    "rule D l/zz.txt",
                    "rule E q.jsonl#/0/doc",
                ],
            ),
        ],
    ),
    "what follows from what": (
        """
entries:
  - {file: m.json}
  - {file: m.json, id: W, severity: warning, size: {min: 999}}
  - {file: l.json, as: list}
  - {file: "h/{c}.csv", as: parts, foreach: {c: doc.list}, id: P}
  - {file: no.txt, present: doc.m.x == 2, id: F, text: {each: "a"}}
rules:
  - {id: R, check: doc.m.nope == 1}
  - {id: S, foreach: {c: doc.list}, check: 'size(rows_at("h/" + c + ".csv")) == 1'}
""",
        [
            (
                {"m.json": {"x": 1}, "l.json": ["a"], "no.txt": "b\n"},
                ["size W m.json", "missing P h/a.csv", "forbidden F no.txt", "undecided R m.json#/nope"],
            ),
        ],
    ),
    "histories inside documents": (
        """
entries: [{file: s.json}]
states: {word: doc.s.state, moves: {a: [b], b: []}, history: doc.s.h, id: S}
""",
        [
            (
                {"s.json": {"state": "a", "h": [{"state": "b"}, {"state": "a"}]}},
                ["transition S s.json#/h/1/state"],
            )
        ],
    ),
    "bounds that are no numbers": (
        """
entries:
  - {file: n.csv, as: n}
  - {file: a.txt, id: A, size: {equals: "rows.n[0].v"}}
  - {files: "f/*", id: F, required: false, count: {min: "rows.n[0].v", max: doc.none}}
""",
        [
            ({"n.csv": "v\n2\n", "a.txt": "12"}, []),
            ({"n.csv": "v\n2\n", "a.txt": "123"}, ["size A a.txt"]),
            ({"n.csv": "v\nmany\n", "a.txt": "123"}, ["undecided A a.txt"]),
            ({"n.csv": "v\n2\n", "a.txt": "12", "f/x": ""}, ["undecided F f/*"]),
        ],
    ),
    "a bound that is a boolean": (
        "entries: [{file: d.json}, {file: a.txt, id: A, size: {max: doc.d.on}}, {file: b, id: B, size: {max: doc.d.n}}]",
        [
            ({"d.json": {"on": True, "n": 1}, "a.txt": "", "b": "x"}, ["undecided A a.txt"]),
            ({"d.json": {"on": 0, "n": None}, "a.txt": "", "b": "x"}, ["undecided B b"]),
        ],
    ),
    "one missing file of two entries": (
        "entries: [{file: m.json, id: R1}, {file: m.json, id: R2, schema: {type: object}}]",
        [({}, ["missing R1 m.json"]), ({"m.json": 1}, ["schema R2 m.json"])],
    ),
    "rules by finding code": (
        """
entries:
  - file: t.csv
    id: R1
    ids: {missing: R0, missing-column: R2, duplicate: R3}
    schema: {x-rule: R9, type: object, maxProperties: 3}
    table: {columns: {a: {}, b: {id: B, ids: {cell: BC}, type: integer}}, key: [a]}
  - {file: l.md, id: L, ids: {line: L1}, text: {each: "[a-z]*", lines: [{pattern: x, ids: {line: X}}]}}
  - {file: s.json}
states: {word: doc.s.w, moves: {a: []}, ids: {state: ST}}
rules: [{id: U, ids: {undecided: UU}, check: doc.s.q == 1}]
""",
        [
            (
                {"t.csv": "b,c\nx,1\n", "l.md": "A\n", "s.json": {"w": "b"}},
                [
                    "missing-column R2 t.csv#/a",
                    "cell BC t.csv#/0/b",
                    "line L1 l.md#/0",
                    "line X l.md",
                    "state ST s.json#/w",
                ],
            ),
            ({"l.md": "x\n", "s.json": {"w": "a", "q": 1}}, ["missing R0 t.csv"]),
            (
                {"t.csv": "a,b,c,d\n1,1,1,1\n1,1,1,1\n", "l.md": "x\n", "s.json": {"w": "a", "q": 1}},
                ["schema R9 t.csv#/0", "schema R9 t.csv#/1", "duplicate R3 t.csv#/1/a"],
            ),
        ],
    ),
    "patterns with what is bound": (
        """
entries:
  - {file: p.json}
  - file: "{p.id}.md"
    id: T
    foreach: {p: doc.p.all}
    text:
      sections: ["About {p.id}"]
      lines:
        - {pattern: "solver {p.solver};", id: S}
        - {pattern: "# About {p.id}", where: first, id: F}
        - {pattern: "End", where: last, id: E}
        - {pattern: "x{2}", count: {max: 0}, id: X}
  - {files: "c_{n}.csv", id: C, required: false, table: {columns: {who: {pattern: "sample-{n}"}}}}
  - {files: "e_{n}.txt", id: G, required: false, text: {each: "{n}"}}
""",
        [
            (
                {
                    "p.json": {"all": [{"id": "a.b", "solver": "i(c)o"}]},
                    "a.b.md": "# About a.b\nsolver i(c)o;\nEnd\n",
                    "c_1.csv": "who\nsample-1\n",
                    "e_1.txt": "1\n1\n",
                },
                [],
            ),
            (
                {
                    "p.json": {"all": [{"id": "a.b", "solver": "i(c)o"}]},
                    "a.b.md": "# About axb\nsolver ico;\nxx\nEnd \n",
                    "c_1.csv": "who\nsample-2\n",
                    "e_1.txt": "2\n",
                },
                [
                    "cell C c_1.csv#/0/who",
                    "missing-section T a.b.md",
                    "line S a.b.md",
                    "line F a.b.md#/0",
                    "line E a.b.md#/3",
                    "line X a.b.md#/2",
                    "line G e_1.txt#/0",
                ],
            ),
        ],
    ),
    "columns in order without a type": (
        "entries: [{file: t.csv, id: R, table: {columns: {a: {order: strictly_ascending}}}}]",
        [({"t.csv": "a\n9\n10\n"}, []), ({"t.csv": "a\n10\n9\n"}, ["cell R t.csv#/1/a"])],
    ),
    "columns in steps of decimals": (
        "entries: [{file: t.csv, id: R, table: {columns: {a: {type: number, first: 0.1, step: 0.1}}}}]",
        [({"t.csv": "a\n0.1\n0.2\n0.3\n0.4\n"}, []), ({"t.csv": "a\n0.1\n0.21\n"}, ["cell R t.csv#/1/a"])],
    ),
    "partners that spell numbers otherwise": (
        (
            "entries: [{file: t.csv}, {file: u.json}]\n"
            "rules: [{id: R, match: {each: rows.t, by: i, with: doc.u, on: i, equal: [v, w]}}]"
        ),
        [
            ({"t.csv": "i,v,w\n1,5,a\n", "u.json": [{"i": 1, "v": 5.0, "w": "a"}]}, []),
            ({"t.csv": "i,v,w\n1,5,a\n", "u.json": [{"i": 1, "v": 6, "w": "a"}]}, ["match R u.json#/0/v"]),
            (
                {"t.csv": "i,v,w\n1,x,1\n", "u.json": [{"i": 1, "v": 6, "w": True}]},
                ["match R u.json#/0/v", "match R u.json#/0/w"],
            ),
            ({"t.csv": "i,v,w\n1,5,a\n", "u.json": [{"i": 1, "v": 5, "w": "b"}]}, ["match R u.json#/0/w"]),
        ],
    ),
    "files of another format than their name": (
        """
entries:
  - {file: exit_code.txt, as: code, id: R, format: json, schema: {type: integer}}
  - {file: log.txt, id: L, format: text, required: false}
rules: [{id: C, check: doc.code == 0}]
""",
        [
            ({"exit_code.txt": "0\n", "log.txt": "[INFO] x"}, []),
            ({"exit_code.txt": '"x"'}, ["schema R exit_code.txt", "rule C exit_code.txt"]),
        ],
    ),
    "symbols of one file": (
        'entries: [{files: "*.npz", id: A, symbols: file, arrays: {x: {shape: [N]}, y: {shape: [N]}}}]',
        [
            (
                {
                    "a.npz": {"x": np.zeros(2), "y": np.zeros(2)},
                    "b.npz": {"x": np.zeros(3), "y": np.zeros(3)},
                },
                [],
            ),
            ({"a.npz": {"x": np.zeros(2), "y": np.zeros(3)}}, ["shape A a.npz#/y"]),
        ],
    ),
    "states that a history begins with": (
        (
            "entries: [{file: s.json}, {file: h.jsonl}]\n"
            "states: {word: doc.s.state, moves: {a: [b], b: []}, initial: [a], history: rows.h, id: S}"
        ),
        [
            ({"s.json": {"state": "b"}, "h.jsonl": '{"state": "a"}\n{"state": "b"}\n'}, []),
            ({"s.json": {"state": "b"}, "h.jsonl": '{"state": "b"}\n'}, ["transition S h.jsonl#/0/state"]),
        ],
    ),
    "numbers missing for an item": (
        "entries: [{file: l.json}, {files: '{c}/r-{n:int}.t', id: N, foreach: {c: doc.l}, numbering: contiguous}]",
        [({"l.json": ["b"], "b/r-1.t": "", "b/r-3.t": ""}, ["gap N b/r-2.t"])],
    ),
}


@pytest.mark.parametrize(
    ("kind", "files", "expected"),
    [(kind, files, expected) for kind, rows in CASES.values() for files, expected in rows],
)
def test_an_expression_sees_what_the_files_hold(
    kind: str, files: dict[str, object], expected: list[str]
) -> None:
    assert told(kind, files) == expected


def test_a_file_without_a_document_has_its_header() -> None:
    kind = "entries: [{files: '*.png', as: p}]\nrules: [{id: R, check: \"doc_at('a.png').width == 3\"}]"
    assert told(kind, {"a.png": ""}, header=lambda _path: {"width": 3}) == []


def test_a_message_names_what_is_bound() -> None:
    kind = """
entries: [{file: t.csv}]
rules: [{id: R, foreach: {b: "distinct(rows.t.map(r, r.batch))"}, check: b != "two", message: "batch {b} is bad"}]
"""
    (finding,) = judged(kind, {"t.csv": "batch\none\ntwo\ntwo\n"}).findings
    assert (finding.message, finding.got) == ("batch two is bad", "b = 'two'")
