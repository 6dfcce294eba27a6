"""Probabilities of yes or no: logistic regression, and how good such probabilities are."""

from __future__ import annotations

import ctypes
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Type, TypeVar

import numpy as np

from . import _constants as c
from . import errors
from ._access import Access
from ._cf_data import number
from ._files import PathLike, Saved
from ._ids import numbers_of
from ._library import Handle, call, lib, pointer
from ._options import choice
from ._run import Progress, Running, threads_of, whole
from ._structs import (
    new,
    pmkt_binary_diagram,
    pmkt_binary_options,
    pmkt_binary_result,
    pmkt_logistic,
    pmkt_logistic_data,
    pmkt_logistic_facts,
    pmkt_logistic_options,
    pmkt_logistic_table,
)
from ._table import Table

_L = TypeVar("_L", bound="LogisticRegression")

CALIBRATIONS = {"platt": c.CALIBRATION_PLATT, "isotonic": c.CALIBRATION_ISOTONIC}


def calibration_of(name: Optional[str]) -> int:
    """The number of a way to calibrate; None is none."""
    return c.CALIBRATION_NONE if name is None else choice("calibration", name, CALIBRATIONS)


def calibration_name(code: int) -> Optional[str]:
    """Its name again."""
    return next((name for name, known in CALIBRATIONS.items() if known == code), None)


def penalty(l2: Any) -> float:
    """The option l2, whose 0 would be C's default."""
    found = number("l2", l2)
    if not 0 < found < np.inf:
        raise errors.InvalidInput(f"l2 is {l2!r}; expected a number above 0")
    return found


# ------------------------------------------------------------------------------ arrays


def _reals(name: str, values: Any, dimensions: int = 1) -> np.ndarray:
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise errors.InvalidInput(f"{name} does not hold numbers alone") from None
    if found.ndim != dimensions:
        expected = "[rows]" if dimensions == 1 else "[rows, columns]"
        raise errors.InvalidInput(f"{name} has the shape {found.shape}; expected {expected}")
    return np.require(found, np.float64, ["C", "A"])


def _outcomes(values: Any) -> np.ndarray:
    """[rows] uint8 of what is False or True, or 0 or 1."""
    found = np.asarray(values)
    if found.ndim != 1:
        raise errors.InvalidInput(f"y has the shape {found.shape}; expected [rows]")
    if found.dtype.kind == "b":
        return np.require(found.view(np.uint8), np.uint8, ["C", "A"])
    bad = np.asarray((found != 0) & (found != 1), bool)
    if bad.shape != found.shape or bad.any():
        row = int(np.argmax(bad)) if bad.shape == found.shape else 0
        what = found[row].item() if isinstance(found[row], np.generic) else found[row]
        raise errors.InvalidInput(
            f"row {row}: y is {what!r}; expected 0 or 1", where=row, where_kind="row"
        )
    return np.require(found.astype(np.uint8), np.uint8, ["C", "A"])


def _as_long(name: str, values: np.ndarray, rows: int) -> np.ndarray:
    if len(values) != rows:
        raise errors.InvalidInput(f"{name} has {len(values):,} rows; there are {rows:,}")
    return values


def _groups(values: Any, rows: int) -> Optional[np.ndarray]:
    return None if values is None else _as_long("groups", numbers_of(values, "groups"), rows)


def _names_of(table: Any) -> Optional[List[str]]:
    """The names of the columns of a dataframe."""
    columns = getattr(table, "columns", None)
    return None if columns is None else [str(name) for name in columns]


# -------------------------------------------------------------------------- regression


def coefficient_table(model: Any, names: Sequence[str]) -> Table:
    """The coefficients of a pmkt_logistic; the last row is the intercept."""
    columns = ("coefficient", "standard_error", "mean", "deviation")
    arrays = {name: np.empty(len(names) + 1, np.float64) for name in columns}
    places = {name: pointer(array) for name, array in arrays.items()}
    table = new(pmkt_logistic_table, **places)
    call(lib.pmkt_logistic_coefficients, model, ctypes.byref(table))
    formats: Dict[str, Callable[[Any], str]] = {"feature": str}
    formats.update(dict.fromkeys(columns, "{:.4g}".format))
    return Table({"feature": np.array([*names, "intercept"], object), **arrays}, formats)


@dataclass(frozen=True)
class LogisticInfo:
    """What a logistic model is, and what it was fitted to.

    Attributes:
        columns: of X.
        rows: it was fitted to; of them ``positives`` with y = 1, in ``clusters`` different groups.
        calibration: ``"platt"``, ``"isotonic"`` or None.
        steps: of Newton's method.
        l2: the penalty.
        log_loss: weighted mean of the fit, without the penalty, in nats.
        gradient: its largest component at the end, a share of the weights' sum.
        slope, shift: of Platt's sigmoid; else 1 and 0.
        curve_size: corners of the isotonic curve; else 0.
    """

    columns: int
    rows: int
    positives: int
    clusters: int
    calibration: Optional[str]
    steps: int
    l2: float
    log_loss: float
    gradient: float
    slope: float
    shift: float
    curve_size: int


def logistic_info(model: Any) -> LogisticInfo:
    """The facts of a pmkt_logistic."""
    facts = new(pmkt_logistic_facts)
    call(lib.pmkt_logistic_info, model, ctypes.byref(facts))
    names = [name for name in LogisticInfo.__dataclass_fields__ if name != "calibration"]
    return LogisticInfo(
        calibration=calibration_name(facts.calibration),
        **{name: getattr(facts, name) for name in names},
    )


_WORDS = {
    "data.x": "X",
    "data.y": "y",
    "data.weight": "sample_weight",
    "data.columns": "the number of columns of X",
    "data.rows": "the number of rows",
}


@contextmanager
def _in_words_of_python() -> Iterator[None]:
    """C names the fields of its struct; here they are arguments."""
    try:
        yield
    except errors.PmktError as error:
        text = re.sub(r"data\.\w+", lambda found: _WORDS.get(found[0], found[0]), str(error))
        error.args = (text, *error.args[1:])
        raise


class LogisticRegression(Saved):
    """Logistic regression with an L2 penalty, calibrated, with standard errors.

    >>> import numpy as np
    >>> x = np.arange(40.0).reshape(40, 1)
    >>> model = pmkt.LogisticRegression(calibration=None).fit(x, x[:, 0] > 20)
    >>> bool(model.predict_proba([[39.0]])[0, 1] > 0.9)
    True

    Columns are standardized for the penalty; ``coef_`` are in units of the columns as they came.
    logistic.h says what is minimized, how it is calibrated, and what the standard errors are.

    Args:
        l2: penalty of the standardized coefficients, above 0; the intercept has none.
        calibration: ``"platt"``: a sigmoid; ``"isotonic"``: any rising curve, for many thousands
            of rows of either outcome; None: the probabilities of the fit as they are.
        folds: that calibration learns from, 2 to 20; all rows of a group are in one.
        threads: for every call, at most; 0 = as many as this process may use.

    Attributes:
        coef_: [1, columns], ``intercept_``: [1], before calibration, as scikit-learn has them.
        standard_errors_: [columns + 1], the last of the intercept; clustered by ``groups``.
        classes_: 0 and 1, what the columns of :meth:`predict_proba` are of.
        n_features_in_: columns; ``feature_names_in_``: their names, if X was a dataframe.
    """

    _file = "logistic"
    _access: Access = Access("model")  # nobody ever writes: a fit makes a new model
    _fitted: Optional[Handle] = None
    _names: Optional[List[str]] = None

    def __init__(
        self,
        l2: float = 1.0,
        calibration: Optional[str] = "platt",
        folds: int = 5,
        *,
        threads: int = 0,
    ) -> None:
        self.l2, self.calibration, self.folds, self.threads = l2, calibration, folds, threads
        self._options()

    def get_params(self, deep: bool = True) -> Dict[str, Any]:
        """The parameters, by name."""
        del deep
        return {name: getattr(self, name) for name in ("l2", "calibration", "folds", "threads")}

    def set_params(self, **params: Any) -> "LogisticRegression":
        """Sets parameters, all or none; the next fit uses them. Returns the model."""
        before = self.get_params()
        unknown = set(params) - set(before)
        if unknown:
            raise errors.InvalidInput(f"there is no parameter {min(unknown)!r}")
        type(self)(**{**before, **params})  # says what is wrong
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _options(self) -> pmkt_logistic_options:
        threads_of(self.threads)
        return new(
            pmkt_logistic_options,
            calibration=calibration_of(self.calibration),
            l2=penalty(self.l2),
            folds=whole("folds", self.folds, 2, 20),
        )

    @property
    def _model(self) -> Handle:
        if self._fitted is None:
            raise errors.NotFitted("this LogisticRegression is not fitted yet; call fit first")
        return self._fitted

    @property
    def _handle(self) -> Handle:  # type: ignore[override]
        return self._model

    @property
    def _threads(self) -> int:  # type: ignore[override]
        return self.threads

    def _own(self, made: Any, threads: int) -> None:
        self._fitted = Handle(made, lib.pmkt_logistic_release)
        self.threads, info = threads_of(threads), self.info
        self.l2, self.calibration, self.folds = info.l2, info.calibration, 5
        self.n_features_in_ = info.columns

    @classmethod
    def load(
        cls: Type[_L],
        path: PathLike,
        *,
        map: bool = False,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> _L:
        """Reads a file that :meth:`save` wrote. The file has neither the names of columns nor
        ``folds``. ``map`` is refused: a model is a few numbers.

        Raises:
            FileError, BadFormat, Corrupt: as :meth:`RFM.load`.
        """
        if map:
            raise errors.InvalidInput("a logistic model cannot be mapped; load it")
        return super().load(path, max_bytes=max_bytes, threads=threads, progress=progress)

    def verify(self: _L, progress: Progress = None) -> _L:
        """Nothing to do: what was loaded has been verified. Returns the model."""
        del progress
        return self

    def __reduce__(self) -> Any:
        """Pickling and copying keep what a file has not: the parameters and the columns' names."""
        data = None if self._fitted is None else self.to_bytes()
        return _of_pickle, (type(self), self.get_params(), data, self._names)

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        *,
        progress: Progress = None,
    ) -> "LogisticRegression":
        """Fits the model. Returns it.

        Args:
            X: [rows, columns] finite numbers.
            y: [rows] truths, or 0 and 1; both occur.
            sample_weight: [rows] 0 or more.
            groups: [rows] ids, numbers or texts: rows that belong together, such as of one user.
        """
        options, names = self._options(), _names_of(X)
        x, outcomes = _reals("X", X, 2), _outcomes(y)
        rows, columns = x.shape
        _as_long("y", outcomes, rows)
        weight = None if sample_weight is None else _reals("sample_weight", sample_weight)
        cluster = _groups(groups, rows)
        data = new(pmkt_logistic_data, columns=columns, rows=rows)
        data.x, data.y = pointer(x), pointer(outcomes)
        if weight is not None:
            data.weight = pointer(_as_long("sample_weight", weight, rows))
        if cluster is not None:
            data.cluster = pointer(cluster)
        made = ctypes.POINTER(pmkt_logistic)()
        what = ctypes.byref(data), ctypes.byref(options)
        with Running(self.threads, progress, "fitting") as run, _in_words_of_python():
            call(lib.pmkt_logistic_fit, *what, run, ctypes.byref(made))
        self._fitted, self.n_features_in_ = Handle(made, lib.pmkt_logistic_release), columns
        self._name(names)
        return self

    def _name(self, names: Optional[List[str]]) -> None:
        self._names = names
        if names is not None:
            self.feature_names_in_ = np.array(names, object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def predict_proba(self, X: Any) -> np.ndarray:
        """[rows, 2] the probabilities of 0 and of 1, calibrated. A row with a number that is not
        finite has NaN."""
        model, x = self._model, _reals("X", X, 2)
        if x.shape[1] != self.n_features_in_:
            raise errors.InvalidInput(
                f"X has {x.shape[1]} columns; the model was fitted to {self.n_features_in_}"
            )
        p = np.empty(len(x), np.float64)
        with Running(self.threads, None, "predicting") as run:
            call(lib.pmkt_logistic_predict, model.pointer, pointer(x), len(x), run, pointer(p))
        return np.column_stack([1 - p, p])

    def predict(self, X: Any) -> np.ndarray:
        """[rows] 1 where the probability of 1 is a half or more, else 0."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.int64)

    def coefficients(self, names: Optional[Sequence[str]] = None) -> Table:
        """Feature, coefficient (log-odds a unit), standard_error, and mean and deviation of the
        column; the last row is the intercept.

        Args:
            names: of the columns; None: those of the dataframe, or x0, x1, and so on.
        """
        model, columns = self._model, self.n_features_in_
        if names is None:
            names = self._names or [f"x{k}" for k in range(columns)]
        if isinstance(names, str) or len(names) != columns:
            raise errors.InvalidInput(f"names does not name {columns} columns")
        return coefficient_table(model.pointer, [str(name) for name in names])

    @property
    def classes_(self) -> np.ndarray:
        """[2] 0 and 1."""
        return np.array([0, 1])

    @property
    def coef_(self) -> np.ndarray:
        """[1, columns] log-odds a unit of each column, before calibration."""
        return self.coefficients()["coefficient"][None, :-1]

    @property
    def intercept_(self) -> np.ndarray:
        """[1] the log-odds where all columns are 0, before calibration."""
        return self.coefficients()["coefficient"][-1:]

    @property
    def standard_errors_(self) -> np.ndarray:
        """[columns + 1] of the coefficients; the last of the intercept."""
        return self.coefficients()["standard_error"]

    @property
    def info(self) -> LogisticInfo:
        """What the model is, and what it was fitted to."""
        return logistic_info(self._model.pointer)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        state = ", not fitted" if self._fitted is None else f": {self.info.rows:,} rows"
        return f"LogisticRegression({given}){state}"


def _of_pickle(
    kind: Type[_L], params: Dict[str, Any], data: Optional[bytes], names: Optional[List[str]]
) -> _L:
    model = kind(**params) if data is None else kind.from_bytes(data)
    model.set_params(**params)
    model._name(names)
    return model


# -------------------------------------------------------------------------- evaluation

_FIGURES = ("auc", "ap", "brier", "log_loss", "ece", "ece_debiased")
_PAIRED = ("auc", "ap", "brier", "log_loss")


def _asked(y: Any, p: Any) -> "tuple[np.ndarray, np.ndarray]":
    outcomes, chances = _outcomes(y), _reals("p", p)
    return outcomes, _as_long("p", chances, len(outcomes))


def binary_metrics(
    y: Any,
    p: Any,
    groups: Any = None,
    rival: Any = None,
    bins: int = 10,
    resamples: int = 0,
    level: float = 0.95,
    seed: int = 0,
    *,
    threads: int = 0,
    progress: Progress = None,
) -> Table:
    """How good probabilities of yes or no are: figure, value, low, high.

    The figures are auc, ap (average precision), brier, log_loss, ece (the expected calibration
    error, in bins of equal count) and ece_debiased (less what chance alone would give). With a
    rival also its own (rival_auc and so on), and what ``p`` is better by (auc_gain and so on):
    above 0 is better, of losses too. binary.h defines them all.

    >>> table = pmkt.binary_metrics([0, 1, 1, 0], [0.1, 0.8, 0.6, 0.7])
    >>> table["figure"][0], float(table["value"][0])
    ('auc', 0.75)

    Args:
        y: [rows] truths, or 0 and 1.
        p: [rows] probabilities of 1.
        groups: [rows] ids, numbers or texts: rows that are resampled together, such as of a user.
        rival: [rows] probabilities of another model.
        bins: of ece, 2 to 1,000.
        resamples: of the bootstrap that ``low`` and ``high`` come from; 0: they are NaN.
        level: of these intervals.
    """
    outcomes, chances = _asked(y, p)
    rows, wanted = len(outcomes), number("level", level)
    if not 0 < wanted < 1:
        raise errors.InvalidInput(f"level is {level!r}; expected a number between 0 and 1")
    options = new(
        pmkt_binary_options,
        bins=whole("bins", bins, 2, 1000),
        resamples=whole("resamples", resamples, 0, 100_000),
        level=wanted,
        seed=whole("seed", seed, 0, 2**64 - 1),
    )
    cluster, other = _groups(groups, rows), None
    if cluster is not None:
        options.cluster = pointer(cluster)
    if rival is not None:
        other = _as_long("rival", _reals("rival", rival), rows)
        options.rival = pointer(other)
    result = new(pmkt_binary_result)
    given = pointer(outcomes), pointer(chances), rows, ctypes.byref(options)
    with Running(threads, progress, "evaluating") as run:
        call(lib.pmkt_binary_evaluate, *given, run, ctypes.byref(result))
    names = list(_FIGURES)
    if other is not None:
        names += [f"rival_{name}" for name in _PAIRED] + [f"{name}_gain" for name in _PAIRED]
    figures = [getattr(result, name) for name in names]
    data = {"figure": np.array(names, object)}
    for part in ("value", "low", "high"):
        data[part] = np.array([getattr(figure, part) for figure in figures], np.float64)
    title = f"{result.rows:,} rows, {result.positives:,} yes, {result.clusters:,} groups"
    shown: Dict[str, Callable[[Any], str]] = {"figure": str, "value": "{:.4f}".format}
    if options.resamples:
        shown.update(low="{:.4f}".format, high="{:.4f}".format)
    return Table(data, shown, title=title)


def reliability(y: Any, p: Any, bins: int = 10) -> Table:
    """Rows in order of p, in bins of equal count: predicted (their mean p), observed (the share of
    yes), low and high (Wilson's 95 % interval of it), n. What a calibration curve shows.

    >>> pmkt.reliability([0, 1, 1, 1], [0.1, 0.3, 0.8, 0.8], bins=2)["observed"].tolist()
    [0.5, 1.0]
    """
    outcomes, chances = _asked(y, p)
    size = whole("bins", bins, 1, 1000)
    names = ("predicted", "observed", "low", "high")
    data = {name: np.empty(size, np.float64) for name in names}
    data["n"] = np.empty(size, np.int64)
    out = new(pmkt_binary_diagram, bins=size)
    for name, array in data.items():
        setattr(out, name, pointer(array))
    given = pointer(outcomes), pointer(chances), len(outcomes)
    call(lib.pmkt_binary_reliability, *given, None, ctypes.byref(out))
    shown: Dict[str, Callable[[Any], str]] = dict.fromkeys(names, "{:.4f}".format)
    return Table(data, {**shown, "n": "{:,}".format})
