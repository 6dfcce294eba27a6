"""Precision marketing for e-commerce: who is worth what, what they would like, and what they are
about to do.

- :class:`RFM`, :func:`migration`: value classes, lifecycle and tiers of customers.
- :class:`ALS`, :class:`ItemKNN`, :class:`Popularity`, :func:`evaluate`: recommendations.
- :class:`IntentModel`: chains of actions, and at every event a calibrated probability of an order.
- :class:`Rules`: what people are about to do in words, such as hesitating, and what to offer.
- :class:`Tracker`: both live, at every event of every user, with the evidence.
- :func:`funnel`, :func:`paths`: how far people come, where they leave, what sessions look like.
- :func:`attribution`: which channels brought the orders.
- :class:`LogisticRegression`, :func:`binary_metrics`, :func:`reliability`: probabilities of yes or
  no, and how good they are.
- :mod:`pmkt.plot`: pictures of all of it.

What goes in is :class:`Events`:

>>> import pmkt
>>> events = pmkt.Events(user=[1, 1, 2], time=[0, 86_400_000, 0], amount=[1999, 500, 30000])
>>> scores = pmkt.RFM().add(events).score("1970-01-10")
>>> scores.orders[scores.find([1, 2])].tolist()
[2, 1]
"""

from __future__ import annotations

from . import plot, rules
from ._attribution import (
    Attribution,
    AttributionOrder,
    AttributionPaths,
    attribution,
    attribution_models,
    attribution_order,
    attribution_paths,
)
from ._cf_answers import Answers
from ._cf_data import CFData, CFStats, default_weight
from ._cf_evaluate import (
    Evaluation,
    evaluate,
    evaluate_answers,
    metric_names,
    train_test_split,
)
from ._cf_fit import ALS, ItemKNN, Popularity
from ._cf_model import ModelInfo, Recommender
from ._dictionary import Forgotten, Ids, IdsStats
from ._events import Events
from ._files import FileInfo, inspect, verify
from ._funnel import Funnel, Paths, funnel, paths
from ._idset import IdSet
from ._intent import IntentAnswers, IntentInfo, IntentModel
from ._items import Items
from ._kinds import kind_names
from ._library import lib as _lib
from ._logistic import LogisticInfo, LogisticRegression, binary_metrics, reliability
from ._migration import Migration, Rates, migration
from ._purchase import Explained
from ._report import Report
from ._rfm import RFM, Stats
from ._scores import Cuts, RFMScores
from ._table import Table
from ._tracker import Tracker, TrackerStats
from ._tracker_answers import Evidence, Fired, Observed
from .errors import (
    BadFormat,
    BadRow,
    Canceled,
    Collision,
    Corrupt,
    FileError,
    FileMissing,
    Forked,
    InvalidInput,
    LimitReached,
    Mismatch,
    NotFitted,
    OutOfMemory,
    Overflow,
    ParseError,
    PmktError,
    Unsupported,
)
from .rules import Matches, Rules, RulesInfo

__version__: str = _lib.pmkt_version().decode()


def build_info() -> str:
    """How the library was built, in one line for bug reports."""
    return _lib.pmkt_build_info().decode()


def default_threads() -> int:
    """How many threads a call with ``threads=0`` would use now."""
    return int(_lib.pmkt_default_threads())


__all__ = [
    "ALS",
    "Answers",
    "Attribution",
    "AttributionOrder",
    "AttributionPaths",
    "BadFormat",
    "BadRow",
    "CFData",
    "CFStats",
    "Canceled",
    "Collision",
    "Corrupt",
    "Cuts",
    "Evaluation",
    "Events",
    "Evidence",
    "Explained",
    "FileError",
    "FileInfo",
    "FileMissing",
    "Fired",
    "Forgotten",
    "Forked",
    "Funnel",
    "IdSet",
    "Ids",
    "IdsStats",
    "IntentAnswers",
    "IntentInfo",
    "IntentModel",
    "InvalidInput",
    "ItemKNN",
    "Items",
    "LimitReached",
    "LogisticInfo",
    "LogisticRegression",
    "Matches",
    "Migration",
    "Mismatch",
    "ModelInfo",
    "NotFitted",
    "Observed",
    "OutOfMemory",
    "Overflow",
    "ParseError",
    "Paths",
    "PmktError",
    "Popularity",
    "RFM",
    "RFMScores",
    "Rates",
    "Recommender",
    "Report",
    "Rules",
    "RulesInfo",
    "Stats",
    "Table",
    "Tracker",
    "TrackerStats",
    "Unsupported",
    "attribution",
    "attribution_models",
    "attribution_order",
    "attribution_paths",
    "binary_metrics",
    "build_info",
    "default_threads",
    "default_weight",
    "evaluate",
    "evaluate_answers",
    "funnel",
    "inspect",
    "kind_names",
    "metric_names",
    "migration",
    "paths",
    "plot",
    "reliability",
    "rules",
    "train_test_split",
    "verify",
]
