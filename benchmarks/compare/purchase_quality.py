"""How good is the purchase probability: pmkt beside gradient boosting, counts and chains.

Taobao: 814 users, nine days. Models learn from the sessions that begin in the first 70 % of them and are
judged on every event of the others before the session's first order: does it order later in the session?
Intervals and differences are a paired bootstrap of whole users. Gradient boosting is scikit-learn's
HistGradientBoostingClassifier on the same information: every feature but the chains', as raw numbers, and
the last three actions, as they are; with its defaults, and with small trees against overfitting.

Online shoppers (UCI): one row a session, five folds; the same logistic regression, with PageValues,
which leak the answer, and without.

    purchase_quality.py --library build-bench/libpmkt.so --data DIR

Exit status 1 if, on Taobao, the AUC may be worse than the better boosting's by 0.02 or more (upper bound of
the loss), if the debiased calibration error is above 0.02, if it is not above counts and the order-1
chain, or if scikit-learn's figures are others.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, Dict, List, Tuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

import report

GAP_S = 1800
KINDS = {"pv": "view", "fav": "favorite", "cart": "cart", "buy": "order"}
PREFIXES = (2, 3, 5, 10)
CHAINS = ("evidence", "context")
ALERTS = 100  # of 1,000 sessions


# ------------------------------------------------------------------------------ Taobao


class Taobao:
    """The log, its sessions, and which of its rows are asked about."""

    def __init__(self, data: Path) -> None:
        import pmkt

        frame = pd.read_csv(data / "taobao_behaviour.csv.xz")
        frame = frame.sort_values(["user", "time"], kind="stable").reset_index(drop=True)
        begins = (frame.user != frame.user.shift()) | (frame.time.diff() > GAP_S)
        self.session = begins.cumsum().to_numpy() - 1
        start = frame.time.groupby(self.session).min().to_numpy()
        self.train = (start < np.quantile(start, 0.7))[self.session]
        order = frame.kind == "buy"
        by = order.groupby(self.session)
        self.y = by.transform("max").to_numpy()
        before = (by.cumsum() == 0).to_numpy()
        self.position = frame.groupby(self.session).cumcount().to_numpy() + 1
        self.test = before & ~self.train
        self.learn = before & self.train
        self.user = frame.user.to_numpy()
        self.time = frame.time.to_numpy()
        self.kind = frame.kind.map(KINDS).to_numpy()
        self.events = self._events(frame, pmkt)
        self.past = self._events(frame[self.train], pmkt)

    @staticmethod
    def _events(frame: pd.DataFrame, pmkt: Any) -> Any:
        return pmkt.Events(
            frame.user.to_numpy(),
            frame.time.to_numpy() * 1000,
            kind_column=frame.kind.to_numpy(),
            kinds=KINDS,
            item=frame["item"].to_numpy(),
            category=frame.category.to_numpy(),
        )

    def last_actions(self, n: int) -> np.ndarray:
        """[rows, n] numbers of the session's latest actions; 0 before it began."""
        code = pd.Categorical(self.kind).codes.astype(float) + 1
        out = np.zeros((len(code), n))
        for k in range(n):
            moved = np.roll(code, k)
            out[:, k] = np.where(self.position > k, moved, 0)
        return out


def contenders(log: Taobao) -> Dict[str, np.ndarray]:
    """What each thinks of every row of the log."""
    import pmkt
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = pmkt.IntentModel(order=3, session_gap="30m", tz=480).fit(log.past)
    found = model.explain_events(log.events)
    value = dict(zip(found.features, found.value.T))
    p: Dict[str, np.ndarray] = {"pmkt": np.asarray(model.score(log.events, next=False)["p_order"])}
    isotonic = pmkt.IntentModel(order=3, tz=480, calibration="isotonic").fit(log.past)
    p["pmkt, isotonic"] = np.asarray(isotonic.score(log.events, next=False)["p_order"])

    counts = np.column_stack([x for name, x in value.items() if name.startswith("count:")])
    plain = pmkt.LogisticRegression().fit(
        counts[log.learn], log.y[log.learn], groups=log.user[log.learn]
    )
    p["logistic on counts"] = np.full(len(log.y), np.nan)
    asked = log.test | log.learn
    p["logistic on counts"][asked] = plain.predict_proba(counts[asked])[:, 1]
    for order in (1, 3):
        chain = model if order == 3 else pmkt.IntentModel(order=order, tz=480).fit(log.past)
        context = dict(zip(chain.features, chain.explain_events(log.events).value.T))["context"]
        p[f"chain, order {order}"] = 1 / (1 + np.exp(-context))

    raw = np.column_stack(
        [log.last_actions(3), *(x for name, x in value.items() if name not in CHAINS)]
    )
    settings: Dict[str, Dict[str, Any]] = {
        "boosting": {},
        "boosting, small trees": {
            "max_iter": 60,
            "learning_rate": 0.05,
            "max_leaf_nodes": 8,
            "min_samples_leaf": 100,
        },
    }
    for name, more in settings.items():
        trees = HistGradientBoostingClassifier(random_state=0, **more)
        trees.fit(raw[log.learn], log.y[log.learn])
        p[name] = np.full(len(log.y), np.nan)
        p[name][asked] = trees.predict_proba(raw[asked])[:, 1]
    return p


def figures(y: np.ndarray, p: np.ndarray, **more: Any) -> Dict[str, Tuple[float, float, float]]:
    import pmkt

    t = pmkt.binary_metrics(y, p, **more)
    return dict(zip(t["figure"], zip(t["value"], t["low"], t["high"])))


def agrees(y: np.ndarray, p: np.ndarray) -> bool:
    """scikit-learn says the same."""
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    mine = figures(y, p)
    theirs = {
        "auc": roc_auc_score(y, p),
        "ap": average_precision_score(y, p),
        "brier": brier_score_loss(y, p),
    }
    return all(abs(mine[name][0] - value) < 1e-9 for name, value in theirs.items())


def alerts(log: Taobao, p: np.ndarray) -> Tuple[float, float, float]:
    """An alert for the sessions with the highest p at any event: precision, recall, and the median
    seconds from the first alert to the order."""
    rows = np.flatnonzero(log.test)
    best = pd.Series(p[rows]).groupby(log.session[rows]).max()
    bound = best.nlargest(round(len(best) * ALERTS / 1000)).iloc[-1]
    truth = pd.Series(log.y[rows]).groupby(log.session[rows]).first()
    alarmed = best >= bound
    order_time = (
        pd.Series(log.time[log.kind == "order"]).groupby(log.session[log.kind == "order"]).min()
    )
    first = rows[p[rows] >= bound]
    when = pd.Series(log.time[first]).groupby(log.session[first]).min()
    lead = (order_time.reindex(when.index) - when).dropna()
    hit = (alarmed & truth).sum()
    return hit / alarmed.sum(), hit / truth.sum(), float(lead.median())


def show_taobao(data: Path, resamples: int) -> bool:
    log = Taobao(data)
    everyone = contenders(log)
    y, users, mine = log.y[log.test], log.user[log.test], everyone["pmkt"][log.test]
    print(
        f"\nTaobao: {log.learn.sum():,} events to learn from, {log.test.sum():,} to judge on, of "
        f"{len(set(users)):,} users; {y.mean():.1%} of them in "
        f"{len(set(log.session[log.test & log.y])):,} sessions that order.\n"
    )
    rows: List[List[str]] = []
    gains: Dict[str, Tuple[float, float, float]] = {}
    good = True
    for name, p in everyone.items():
        own = p[log.test]
        f = figures(y, mine, groups=users, rival=own, resamples=resamples)
        gains[name] = f["auc_gain"]
        ece = figures(y, own)["ece_debiased"][0]
        cells = [
            figures(log.y[at], p[at])["auc"][0]
            for at in (log.test & (log.position == k) for k in PREFIXES)
        ]
        precision, recall, lead = alerts(log, p)
        rows.append(
            [
                name,
                f"{f['rival_auc'][0]:.3f}",
                *(f"{cell:.3f}" for cell in cells),
                f"{f['rival_ap'][0]:.3f}",
                f"{f['rival_brier'][0]:.4f}",
                f"{ece:.4f}",
                "–"
                if name == "pmkt"
                else f"{f['auc_gain'][0]:+.3f} ({f['auc_gain'][1]:+.3f} to {f['auc_gain'][2]:+.3f})",
                f"{precision:.0%} / {recall:.0%}",
                f"{lead / 60:.0f} min",
            ]
        )
        good = agrees(y, own) and good
    header = [
        "model",
        "AUC",
        *(f"of {k}" for k in PREFIXES),
        "AP",
        "Brier",
        "ECE debiased",
        "pmkt's AUC is above by",
        f"{ALERTS} alerts / 1,000: precision / recall",
        "lead",
    ]
    print(report.table(header, rows))
    boosting = min(
        (gains[name] for name in gains if name.startswith("boosting")), key=lambda g: g[0]
    )
    ece = figures(y, mine)["ece_debiased"][0]
    checks = {
        f"AUC's loss against the better boosting is below 0.02: at most {-boosting[1]:+.4f}": -boosting[
            1
        ]
        < 0.02,
        f"debiased calibration error at most 0.02: {ece:.4f}": ece <= 0.02,
        "above logistic on counts": gains["logistic on counts"][0] > 0,
        "above the order-1 chain": gains["chain, order 1"][0] > 0,
        "scikit-learn's AUC, AP and Brier are the same": good,
    }
    print()
    for what, holds in checks.items():
        print(f"- {'yes' if holds else 'NO'}: {what}")
    return all(checks.values())


# --------------------------------------------------------------------- online shoppers


def show_shoppers(data: Path) -> None:
    import pmkt
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold

    frame = pd.read_csv(data / "online_shoppers_intention.csv.xz")
    y = frame.Revenue.astype(str).str.upper().eq("TRUE").to_numpy()
    numbers = list(frame.columns[:10])
    labels = frame[
        ["Month", "VisitorType", "OperatingSystems", "Browser", "Region", "TrafficType"]
    ].astype(str)
    weekend = frame.Weekend.astype(str).str.upper().eq("TRUE")
    dummies = pd.get_dummies(labels).assign(Weekend=weekend).astype(float)
    rows = []
    for leak in (True, False):
        raw = frame[[c for c in numbers if leak or c != "PageValues"]].astype(float)
        flat = np.column_stack([np.log1p(raw), raw > 0, dummies]).astype(float)
        p = {name: np.empty(len(y)) for name in ("pmkt, Platt", "pmkt, isotonic", "boosting")}
        for learn, judge in StratifiedKFold(5, shuffle=True, random_state=0).split(raw, y):
            for how in ("platt", "isotonic"):
                model = pmkt.LogisticRegression(calibration=how).fit(flat[learn], y[learn])
                name = "pmkt, Platt" if how == "platt" else "pmkt, isotonic"
                p[name][judge] = model.predict_proba(flat[judge])[:, 1]
            both = np.column_stack([raw, dummies])
            trees = HistGradientBoostingClassifier(random_state=0).fit(both[learn], y[learn])
            p["boosting"][judge] = trees.predict_proba(both[judge])[:, 1]
        for name, own in p.items():
            f = figures(y, own)
            rows.append(
                [
                    "with PageValues" if leak else "without",
                    name,
                    *(f"{f[k][0]:.4f}" for k in ("auc", "ap", "brier", "ece_debiased")),
                ]
            )
    print("\nOnline shoppers, five folds:\n")
    print(report.table(["", "model", "AUC", "AP", "Brier", "ECE debiased"], rows, left=2))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    default = os.environ.get(
        "PMKT_DATA", str(Path(__file__).resolve().parents[3] / "shared" / "data")
    )
    p.add_argument(
        "--data", type=Path, default=Path(default), help="where the data are ($PMKT_DATA)"
    )
    p.add_argument("--resamples", type=int, default=2000, help="of the bootstrap (2000)")
    p.add_argument(
        "--library", type=Path, metavar="FILE", help="libpmkt.so to measure ($PMKT_LIBRARY)"
    )
    args = p.parse_args()
    report.use_library(args.library)
    machine = report.machine()
    print(
        f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}, Python {machine['python']}; "
        f"{report.versions('pmkt', 'sklearn', 'numpy')}; {machine['date']}"
    )
    good = show_taobao(args.data, args.resamples)
    show_shoppers(args.data)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
