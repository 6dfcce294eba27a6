"""The same for rules.h."""

from __future__ import annotations

from ctypes import POINTER as P
from ctypes import c_char_p, c_int32, c_int64, c_size_t
from typing import List

from . import _structs as s
from ._signatures_cf import Signature

RULES_SIGNATURES: List[Signature] = [
    # ------------------------------------------------------------------ rules.h
    # pmkt_status pmkt_rules_parse(const char *text, size_t length, const pmkt_rules_options
    #                              *options, pmkt_rules **rules, pmkt_error *err);
    (
        "pmkt_rules_parse",
        c_int32,
        [c_char_p, c_size_t, P(s.pmkt_rules_options), P(P(s.pmkt_rules)), P(s.pmkt_error)],
    ),
    # const char *pmkt_rules_builtin(void);
    ("pmkt_rules_builtin", c_char_p, []),
    # pmkt_rules *pmkt_rules_retain(const pmkt_rules *rules);
    ("pmkt_rules_retain", P(s.pmkt_rules), [P(s.pmkt_rules)]),
    # void pmkt_rules_release(const pmkt_rules *rules);
    ("pmkt_rules_release", None, [P(s.pmkt_rules)]),
    # pmkt_status pmkt_rules_info(const pmkt_rules *rules, pmkt_rules_facts *out, pmkt_error *err);
    ("pmkt_rules_info", c_int32, [P(s.pmkt_rules), P(s.pmkt_rules_facts), P(s.pmkt_error)]),
    # pmkt_status pmkt_rules_rule(const pmkt_rules *rules, int64_t i, pmkt_rule *out, pmkt_error
    #                             *err);
    ("pmkt_rules_rule", c_int32, [P(s.pmkt_rules), c_int64, P(s.pmkt_rule), P(s.pmkt_error)]),
    # pmkt_status pmkt_rules_match(const pmkt_rules *rules, const pmkt_events *events, const
    #                              pmkt_rules_match_options *options, const pmkt_run *run,
    #                              pmkt_report *report, pmkt_rules_matches **matches, pmkt_error
    #                              *err);
    (
        "pmkt_rules_match",
        c_int32,
        [
            P(s.pmkt_rules),
            P(s.pmkt_events),
            P(s.pmkt_rules_match_options),
            P(s.pmkt_run),
            P(s.pmkt_report),
            P(P(s.pmkt_rules_matches)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_rules_matches_free(pmkt_rules_matches *matches);
    ("pmkt_rules_matches_free", None, [P(s.pmkt_rules_matches)]),
    # pmkt_status pmkt_rules_matches_columns_of(const pmkt_rules_matches *matches,
    #                                           pmkt_rules_matches_columns *out, pmkt_error *err);
    (
        "pmkt_rules_matches_columns_of",
        c_int32,
        [P(s.pmkt_rules_matches), P(s.pmkt_rules_matches_columns), P(s.pmkt_error)],
    ),
]
